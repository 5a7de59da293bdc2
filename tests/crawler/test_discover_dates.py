from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discover import dates
from crawler.discover.dates import first_plausible, parse_date

AT = datetime(2026, 11, 22, 6, tzinfo=UTC)
MORNING = datetime(2026, 11, 3, 8, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Tue, 03 Nov 2026 08:05:00 GMT",
        "Tue, 3 Nov 2026 03:05:00 EST",
        "3 November 2026 09:05 +0100",
        "03 Nov 26 08:05:00 Z",
        "Tuesday, 03-Nov-26 08:05:00 UTC",
        "Tue Nov  3 08:05:00 2026",
        "Nov 3, 2026 8:05 AM",
        "November 3rd, 2026, 8:05 a.m.",
        "2026-11-03T08:05:00Z",
        "2026-11-03T09:05:00.123+01:00",
        "2026-11-03 08:05",
        "20261103T080500Z",
        "2026-11-03T13:35:00+0530",
        "2026/11/03 08:05:00",
        "03.11.2026 08:05",
        "Di, 03 Nov 2026 09:05:00 MEZ",
        "mar., 3 nov. 2026 08:05:00 GMT",
        "3 de noviembre de 2026 08:05",
        "Вт, 03 ноя 2026 11:05:00 MSK",
        "Τρι, 03 Νοέ 2026 08:05:00 GMT",
        "2026年11月3日 08:05",
        "2026-11-03 오전 8:05:00",
        "  Tue, 03 Nov 2026 08:05:00 GMT\n",
    ],
)
def test_one_moment_in_many_spellings(text: str) -> None:
    assert parse_date(text) == MORNING


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-03", datetime(2026, 11, 3, tzinfo=UTC)),
        ("2026-11", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-03T24:00:00Z", datetime(2026, 11, 4, tzinfo=UTC)),
        ("2026-12-31T23:59:60Z", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("3 juin 2026", datetime(2026, 6, 3, tzinfo=UTC)),
        ("3 juillet 2026", datetime(2026, 7, 3, tzinfo=UTC)),
        ("2026-11-03 오후 8:05", datetime(2026, 11, 3, 20, 5, tzinfo=UTC)),
        ("Nov 3, 2026 12:30 AM", datetime(2026, 11, 3, 0, 30, tzinfo=UTC)),
        ("Sun, 01 Jan 95 00:00:00 GMT", datetime(1995, 1, 1, tzinfo=UTC)),
        ("Tue, 03 Nov 2026 08:05:00 XYZ", MORNING),  # a zone nobody knows is UTC
    ],
)
def test_dates_at_the_edges(text: str, moment: datetime) -> None:
    assert parse_date(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-02-30",
        "03/11/2026",
        "99999",
        "2026-11-03T25:00:00Z",
        "0000-00-00 00:00:00",
        "32 Foo 2026",
        "1" * 500,
    ],
)
def test_what_names_no_day_without_doubt_is_no_date(text: str) -> None:
    assert parse_date(text) is None


days = st.one_of(
    st.builds(
        "{}{} {} {}".format,
        st.sampled_from(["Tue, ", "Tue ", "", "Tuesday,", "mar., ", "Tue,  ", "Tue,\n" + " " * 70]),
        st.sampled_from(["3", "03", "31", "0", "３", "003"]),
        st.sampled_from(["Nov", "nov.", "November", "févr", "Foo", "ſep", "Nov "]),
        st.sampled_from(["2026", "26", "0000", "9999", "0001", "２０２６"]),
    ),
    st.sampled_from(["2026-11-03", "0000-00-00", "9999-12-31", "0001-01-01", "2026-1-3", "2026-11", "20261103"]),
)
times = st.sampled_from(
    "08:05:00|08:05|8:05:00|24:00:00|24:00:01|23:59:60|25:00:00|08:05:00.123|08:05:00,1||08:05:0+|08:+0530|08-05-00"
    "|０８:05:00|08:05:00.1234567890123|+8:05:00| 8:05:00|08:05:0Z".split("|")
)
zones = st.sampled_from(
    ["GMT", "gmt", "Z", "EST", "XYZ", "ABCDEF", "+0100", "-0530", "+01:00", "+01", "+9900", "-99:59", "", "+01:00:30"]
)
stamps = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["", "", " ", "\n"]),
    days,
    st.sampled_from([" ", " ", "T", "t", "  ", "\t"]),
    times,
    st.sampled_from([" ", " ", "", "  "]),
    zones,
)


@given(st.one_of(stamps, st.tuples(stamps, st.sampled_from([" ", "\n", " (UTC)"])).map("".join)))
def test_what_machines_write_is_read_quickly_as_it_is_read_closely(text: str) -> None:
    assert parse_date(text) == dates._read_closely(text.strip()[:80])


@given(st.text())
def test_parsing_never_raises_and_always_gives_utc(text: str) -> None:
    moment = parse_date(text)
    assert moment is None or moment.utcoffset() == timedelta(0)


@given(st.datetimes(min_value=datetime(1995, 1, 2), max_value=datetime(2026, 11, 22)))  # noqa: DTZ001
def test_what_we_write_we_read(moment: datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    assert parse_date(moment.isoformat()) == moment
    assert parse_date(moment.strftime("%a, %d %b %Y %H:%M:%S +0000")) == moment


def test_a_date_is_believed_up_to_a_day_ahead_and_back_to_1995() -> None:
    assert first_plausible(["2026-11-23T06:00:00Z"], at=AT) == AT + timedelta(days=1)
    assert first_plausible(["2026-11-23T06:00:01Z"], at=AT) is None
    assert first_plausible(["1994-12-31T23:59:59Z", "", "never", "1995-01-01"], at=AT) == datetime(
        1995, 1, 1, tzinfo=UTC
    )
