"""Labels in files, and what files of other people may try."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.text import clean_line
from jobs.exits import UsageError
from jobs.teaching.labelfiles import BadRow, Row, disarmed, read_labels, rearmed, write_csv, write_lines
from storage.records import Label, Word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

AT = datetime(2026, 11, 22, 8, 0, 0, 123456, tzinfo=UTC)
FORMS = [pytest.param(write_csv, id="csv"), pytest.param(write_lines, id="jsonl")]
LINE = st.text().map(clean_line)


def label(url: str = "https://example.org/1", *, note: str = "", by: str = "Ada", title: str = "A title") -> Label:
    return Label(article_id=1, url=url, title=title, word=Word.FLAG, by=by, at=AT, note=note)


def rows(data: bytes) -> list[Row]:
    found = read_labels(data, "file")
    assert not [row for row in found if isinstance(row, BadRow)], found
    return [row for row in found if isinstance(row, Row)]


def bad(data: bytes) -> list[tuple[str, str]]:
    return [(row.place, row.why) for row in read_labels(data, "file") if isinstance(row, BadRow)]


def mail(body: str, *, headers: str = "From: a@example.org\nSubject: Re: Espionage watch\n") -> bytes:
    return f"From a@example.org Sun Nov 22 08:00:00 2026\n{headers}\n{body}\n".encode()


@pytest.mark.parametrize("write", FORMS)
@given(note=LINE, by=LINE, title=LINE)
def test_what_goes_out_comes_in_as_it_was(
    write: Callable[[Iterable[Label]], str], note: str, by: str, title: str
) -> None:
    given_labels = [label(f"https://example.org/{n}?q=a,b", note=note, by=by, title=title) for n in range(2)]
    for row, sent in zip(rows(write(given_labels).encode()), given_labels, strict=True):
        assert (row.subject, row.word, row.note, row.by, row.at) == (sent.url, sent.word, note, by, AT)


@pytest.mark.parametrize("note", ["=HYPERLINK(A1)", "+1", "-1", "@SUM(A1)", "'tis", "'=1", "''"])
def test_no_cell_is_a_formula_and_each_comes_back(note: str) -> None:
    written = write_csv([label(note=note, by=note, title=note)])
    cells = written.splitlines()[1].replace('"', "").split(",")
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert rows(written.encode())[0].note == note


@given(st.text())
def test_disarming_is_undone_exactly(cell: str) -> None:
    assert rearmed(disarmed(cell)) == cell


def test_a_table_by_hand_needs_two_columns() -> None:
    (row,) = rows(b"\xef\xbb\xbfurl,label\r\nhttps://example.org/1, FLAG \r\n\r\n")
    assert row == Row(place="line 2", subject="https://example.org/1", word=Word.FLAG)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"url,label,colour\n", r"file:1: unknown column 'colour'; known are url, label"),
        (b"url;label\n", r"file:1: unknown column 'url;label'"),
        (b"url,note\n", r"file:1: each of url, label must be a column, once"),
        (b"url,label,url\n", "must be a column, once"),
        (b"", "must be a column"),
        (b"url,label\n\xff\xfe", "not UTF-8 text: byte 10"),
    ],
)
def test_a_table_that_is_none_is_refused_with_its_line(data: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_labels(data, "file")


def test_bad_lines_are_named_and_the_others_read() -> None:
    data = b"url,label,at\nhttps://a.org,maybe,\nhttps://b.org\nhttps://c.org,flag,2026-11-22\nhttps://d.org,reject,\n"
    assert [place for place, _ in bad(data)] == ["line 2", "line 3", "line 4"]
    assert [why for _, why in bad(data)] == [
        "'maybe' is no label; there are flag, reject, none",
        "1 cells under 3 columns",
        "at '2026-11-22' has no time zone; write it as 2026-11-22T08:00:00+00:00",
    ]
    assert [row.subject for row in read_labels(data, "f") if isinstance(row, Row)] == ["https://d.org"]


def test_bad_json_lines_are_named_and_the_others_read() -> None:
    good = {"url": "https://a.org", "label": "reject", "note": "no state in it"}
    lines = [
        json.dumps(good), "{", "[1]", json.dumps(good | {"color": 1}), json.dumps({"label": "flag"}), "{" * 20_000,
    ]  # fmt: skip
    data = "\n".join(lines).encode()
    assert [place for place, _ in bad(data)] == [f"line {n}" for n in range(2, 7)]
    assert bad(data)[2][1].startswith("unknown column 'color'")
    assert [row.note for row in read_labels(data, "f") if isinstance(row, Row)] == ["no state in it"]


def test_answers_to_a_digest_are_read_from_a_mailbox() -> None:
    body = "Morning!\n\nS-20261122-01 flag\n  s-20261122-02: Reject.\n\n> S-20261122-03 flag\nAda"
    assert rows(mail(body) + mail("S-20261122-04 none")) == [
        Row(place="mail 1", subject="S-20261122-01", word=Word.FLAG, by="a@example.org"),
        Row(place="mail 1", subject="S-20261122-02", word=Word.REJECT, by="a@example.org"),
        Row(place="mail 2", subject="S-20261122-04", word=Word.NONE, by="a@example.org"),
    ]


def test_an_answer_is_found_in_every_encoding_of_a_mail() -> None:
    packed = base64.b64encode("Grüße\nS-20261122-01 flag\n".encode()).decode()
    parts = (
        "--x\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + packed + "\n"
        "--x\nContent-Type: text/html\n\n<p>S-20261122-09 flag</p>\nS-20261122-08 flag\n--x--\n"
    )
    found = rows(mail(parts, headers='Content-Type: multipart/alternative; boundary="x"\n'))
    assert [row.subject for row in found] == ["S-20261122-01"], "what only an HTML part says is not read"


@pytest.mark.parametrize(
    "body",
    [
        "S-20261122-01 flag officer visits the port",
        "please S-20261122-01 flag",
        "S-20261122-01 flag https://evil.example/",
        "S-20261122-01\nflag",
        "https://example.org/1 flag",
        "12 flag",
        "S-20261122-01 drop table",
        "On Sunday the watch wrote:\n> S-20261122-01 flag\n>> S-20261122-02 reject",
    ],
)
def test_only_an_id_and_a_word_alone_on_a_line_are_an_answer(body: str) -> None:
    assert rows(mail(body)) == []


def test_hostile_mail_costs_nothing_but_itself() -> None:
    nested = "".join(f'--{n}\nContent-Type: multipart/mixed; boundary="{n + 1}"\n\n' for n in range(3000))
    hostile = [
        mail(nested, headers='Content-Type: multipart/mixed; boundary="0"\n'),
        mail("x" * 3_000_000),
        mail("S-20261122-01 flag\n" * 5_000),
        mail("body", headers="Content-Type: text/plain; charset=nonesuch\nContent-Transfer-Encoding: nonesuch\n"),
        mail("=", headers="Content-Type: \xff;;;=\nContent-Transfer-Encoding: base64\n"),
        mail("S-20261122-02 flag"),
    ]
    found = read_labels(b"".join(hostile), "box")
    assert isinstance(found[-1], Row)
    assert found[-1].subject == "S-20261122-02"
    assert "larger than" in [row.why for row in found if isinstance(row, BadRow)][-1]
    assert len(found) < 1_100
