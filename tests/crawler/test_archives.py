"""Archives as sources: WARC files written here, whole and broken, and what the ledger says of them afterwards."""

from __future__ import annotations

import gzip
import json
import signal
import time
import zlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.discover import MalformedFeedError, NotAFeedError
from crawler.discover.archives import MAX_BODY, ArchivedPage, Dropped, read_archive
from crawler.discover.warc import MAX_BLOCK, MAX_BROKEN, MAX_SKIPPED, Broken, Record, is_start, read_records
from crawler.files import UnreadableFileError, archive_files, batches
from crawler.urls import url_key
from jobs.catalogue import read_sources
from jobs.exits import ConfigError
from storage.database import Database
from storage.ledger import Ledger
from storage.polls import Polls
from storage.records import LinkState, PollState
from tests.crawler.test_crawl import GARDEN, SPIES
from tests.web import rss, story

if TYPE_CHECKING:
    from pathlib import Path

    from tests.newsdesk import Desk
    from tests.web import Site

PAGE = b"<!doctype html><html><body><p>The tide was high.</p></body></html>"
CAPTURED = datetime(2026, 3, 1, 6, 30, tzinfo=UTC)
HTML = "text/html; charset=utf-8"


def http(body: bytes = PAGE, *, status: str = "200 OK", **headers: str) -> bytes:
    """An HTTP response; `Content_Type` becomes `Content-Type`."""
    named = {"Content-Type": HTML} | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in named.items() if value)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def record(
    url: str = "https://example.org/a",
    block: bytes | None = None,
    *,
    kind: str = "response",
    wrong: int = 0,
    **more: str,
) -> bytes:
    """One WARC record. `wrong` is added to its length; `WARC_Date` and the like replace headers, empty ones go."""
    block = http() if block is None else block
    headers = {
        "WARC-Type": kind,
        "WARC-Record-ID": "<urn:uuid:00000000-0000-4000-8000-000000000000>",
        "WARC-Target-URI": url,
        "WARC-Date": "2026-03-01T06:30:00Z",
        "Content-Type": f"application/http; msgtype={kind}",
        "Content-Length": str(len(block) + wrong),
    } | {name.replace("_", "-"): value for name, value in more.items()}
    lines = ["WARC/1.0", *(f"{name}: {value}" for name, value in headers.items() if value)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def named(number: int, *, wrong: int = 0) -> bytes:
    return record(f"https://example.org/{number}", wrong=wrong)


def plain(*records: bytes) -> bytes:
    return b"".join(records)


def packed(*records: bytes) -> bytes:
    """A gzip member a record, as Common Crawl writes it."""
    return b"".join(gzip.compress(one, mtime=0) for one in records)


def read(data: bytes, start: int = 0) -> list[ArchivedPage | Dropped]:
    return list(read_archive(BytesIO(data), start=start))


def short(items: list[ArchivedPage | Dropped]) -> list[str]:
    """The last segment of each page's address, and the reason of each drop."""
    return [item.url.rsplit("/", 1)[1] if isinstance(item, ArchivedPage) else str(item.reason) for item in items]


def one(block: bytes | None = None, **more: str) -> ArchivedPage | str:
    """What a single response gives."""
    (item,) = read(record("https://example.org/a", block, kind="response", wrong=0, **more))
    return item if isinstance(item, ArchivedPage) else str(item.reason)


@pytest.mark.parametrize("pack", [plain, packed])
def test_a_page_comes_as_it_was_once_received(pack: object) -> None:
    assert callable(pack)
    data = pack(
        record(kind="warcinfo", block=b"software: hand\r\n"), record(kind="request", block=b"GET / HTTP/1.1"), record()
    )
    (page,) = read(data)
    assert isinstance(page, ArchivedPage)
    assert (page.url, page.body, page.charset) == ("https://example.org/a", PAGE, "utf-8")
    assert page.fetched_at == CAPTURED
    assert page.fetched_at.tzinfo is UTC


@pytest.mark.parametrize("pack", [plain, packed])
def test_reading_is_taken_up_at_the_offset_of_any_page(pack: object) -> None:
    assert callable(pack)
    data = pack(*(named(number) for number in range(5)))
    pages = read(data)
    for number, page in enumerate(pages):
        assert is_start(BytesIO(data), page.offset)
        assert short(read(data, page.offset)) == short(pages[number:])
    assert not is_start(BytesIO(data), pages[2].offset + 1)
    assert not is_start(BytesIO(data), len(data) + 10)


def test_a_whole_file_in_one_gzip_member_is_read_too() -> None:
    pages = read(gzip.compress(plain(*(named(number) for number in range(4)))))
    assert short(pages) == ["0", "1", "2", "3"]
    assert {page.offset for page in pages} == {0}, "the one place where it can be taken up"


CHUNKED = b"".join(b"%x;note=1\r\n%b\r\n" % (len(part), part) for part in (PAGE[:30], PAGE[30:])) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (CHUNKED, {"Transfer_Encoding": "chunked"}),
        (PAGE, {"Transfer_Encoding": "chunked"}),  # unpacked by the archiver, who kept the header
        (gzip.compress(PAGE, mtime=0), {"Content_Encoding": "gzip"}),
        (PAGE, {"Content_Encoding": "gzip"}),
        (zlib.compress(PAGE), {"Content_Encoding": "deflate"}),
        (zlib.compress(PAGE)[2:-4], {"Content_Encoding": "deflate"}),
        (brotli.compress(PAGE), {"Content_Encoding": "br"}),
        (zlib.compress(gzip.compress(PAGE, mtime=0)), {"Content_Encoding": "gzip, deflate"}),
        (PAGE, {"Content_Type": "Application/XHTML+XML"}),
        (PAGE, {"Content_Encoding": "identity"}),
    ],
)
def test_codings_are_undone(body: bytes, headers: dict[str, str]) -> None:
    page = one(http(body, **headers))
    assert isinstance(page, ArchivedPage)
    assert page.body == PAGE


def test_a_chunk_that_lies_about_its_size_loses_nothing_else() -> None:
    page = one(http(b"5\r\n<html\r\nzz\r\n> and more text", Transfer_Encoding="chunked"))
    assert isinstance(page, ArchivedPage)
    assert page.body.startswith(b"<html")
    assert b"and more text" in page.body


@pytest.mark.parametrize(
    ("reason", "block", "more"),
    [
        ("redirect", http(status="301 Moved Permanently", Location="/b"), {}),
        ("http-status", http(status="404 Not Found"), {}),
        ("not-html", http(Content_Type="application/pdf"), {}),
        ("not-html", http(Content_Type=""), {}),
        ("not-http", b"\x16\x03\x01 something else", {}),
        ("not-http", b"", {}),
        ("not-http", None, {"WARC_Target_URI": "dns:example.org"}),
        ("not-http", None, {"WARC_Target_URI": "http://[broken"}),
        ("not-http", None, {"WARC_Target_URI": ""}),
        ("no-date", None, {"WARC_Date": "last Tuesday"}),
        ("no-date", None, {"WARC_Date": ""}),
        ("no-date", None, {"WARC_Date": "0001-01-01T00:00:00+14:00"}),
        ("bad-coding", http(b"\x00\x01", Content_Encoding="gzip"), {}),
        ("bad-coding", http(Content_Encoding="gzip, gzip, gzip"), {}),
        ("bad-coding", http(Content_Encoding="rot13"), {}),
        ("over-size", http(gzip.compress(bytes(MAX_BODY + 1), 1, mtime=0), Content_Encoding="gzip"), {}),
        ("over-size", http(brotli.compress(bytes(MAX_BODY + 1), quality=1), Content_Encoding="br"), {}),
        ("revisit", http(b""), {"WARC_Type": "revisit"}),
        ("not-a-response", b"text", {"WARC_Type": "resource"}),
        ("not-a-response", b"text", {"WARC_Type": ""}),
        ("not-a-record", None, {"Content_Length": "many"}),
        ("not-a-record", None, {"Content_Length": ""}),
        ("not-a-record", None, {"X_Long": "x" * 100_000}),
    ],
)
def test_what_is_no_page_is_dropped_by_name(reason: str, block: bytes | None, more: dict[str, str]) -> None:
    assert one(block, **more) == reason


def test_the_oddities_of_known_writers_are_read() -> None:
    wget = one(WARC_Target_URI="<https://example.org/a>")
    assert isinstance(wget, ArchivedPage)
    assert wget.url == "https://example.org/a"
    zoned = one(WARC_Date="2026-03-01T08:30:00.123456789+02:00")
    assert isinstance(zoned, ArchivedPage)
    assert zoned.fetched_at.replace(microsecond=0) == CAPTURED
    told = one(http(Content_Type=""), WARC_Identified_Payload_Type="text/html")
    assert isinstance(told, ArchivedPage)
    unended = plain(named(1)[:-4], named(2)[:-4], named(3)[:-4])
    assert short(read(unended)) == ["1", "2", "3"]
    assert short(read(packed(named(1), named(2)) + bytes(512))) == ["1", "2"], "filled up with zeros"
    folded = named(1).replace(b"WARC-Date: ", b"WARC-Date:\r\n  ")
    assert short(read(folded)) == ["1"]


@pytest.mark.parametrize("pack", [plain, packed])
@pytest.mark.parametrize("wrong", [-30, -7, 7, 300, 10**14])
def test_a_wrong_length_costs_its_own_record_and_no_other(pack: object, wrong: int) -> None:
    assert callable(pack)
    items = read(pack(named(0), named(1, wrong=wrong), named(2), named(3)))
    assert short(items)[0] == "0"
    assert short(items)[2:] == ["2", "3"]
    assert isinstance(items[1], Dropped)
    assert items[1].broken


def test_damaged_gzip_costs_its_own_member_and_no_other() -> None:
    members = [packed(named(number)) for number in range(4)]
    middle = len(members[1]) // 2
    members[1] = members[1][:middle] + b"\xff\xff\xff\xff" + members[1][middle + 4 :]
    assert short(read(b"".join(members))) == ["0", "bad-gzip", "2", "3"]
    members[1] = members[1][:middle]
    assert short(read(b"".join(members)))[2:] == ["2", "3"]


@pytest.mark.parametrize("pack", [plain, packed])
def test_a_file_that_ends_too_early_gives_what_it_has(pack: object) -> None:
    assert callable(pack)
    data = pack(named(0), named(1))
    assert short(read(data[:-40])) == ["0", "cut-short"]


def test_a_record_too_large_is_passed_over() -> None:
    large = record("https://example.org/large", http(bytes(MAX_BLOCK)))
    assert short(read(plain(named(0), large, named(2)))) == ["0", "over-size", "2"]
    assert short(read(packed(named(0), large, named(2)))) == ["0", "over-size", "2"]
    bomb = record("https://example.org/bomb", b"", Content_Length=str(MAX_SKIPPED + 1))
    assert short(read(packed(named(0), bomb, named(2)))) == ["0", "over-size", "2"]


def test_a_file_of_nothing_but_damage_is_given_up() -> None:
    items = read(plain(*[named(0).replace(b"Content-Length", b"Content-Breadth")] * (MAX_BROKEN + 10)))
    assert Counter(short(items)) == {"not-a-record": MAX_BROKEN, "too-damaged": 1}


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        (b"", MalformedFeedError, "empty"),
        (b"filedesc://old.arc 0.0.0.0 20060101000000 text/plain 76\n", NotAFeedError, "an ARC file"),
        (gzip.compress(b"filedesc://old.arc 0.0.0.0 20060101000000", mtime=0), NotAFeedError, "an ARC file"),
        (b"\x28\xb5\x2f\xfd1234", NotAFeedError, "Zstandard"),
        (b"<html>not at all</html>", NotAFeedError, "something that starts with"),
        (gzip.compress(b"a diary", mtime=0), NotAFeedError, "a diary"),
        (b"\x1f\x8b\x08 nothing", NotAFeedError, "something"),
    ],
)
def test_what_is_no_warc_file_is_refused_by_name(data: bytes, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        read(data)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_raises_or_invents_a_page(data: st.DataObject) -> None:
    pack = data.draw(st.sampled_from([plain, packed]))
    whole = bytearray(pack(*(named(number) for number in range(4))))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(whole) - 1))
        match data.draw(st.sampled_from(["change", "cut", "insert"])):
            case "change":
                whole[place] = data.draw(st.integers(0, 255))
            case "cut":
                del whole[place : place + data.draw(st.integers(1, 200))]
            case _:
                whole[place:place] = data.draw(st.binary(min_size=1, max_size=40))
        whole = whole or bytearray(b"?")
    try:
        items = read(bytes(whole))
    except (NotAFeedError, MalformedFeedError):
        return
    assert len(items) <= 4 + 3 * 2
    offsets = [item.offset for item in items]
    assert offsets == sorted(offsets)


@given(st.binary(max_size=300))
def test_noise_around_a_record_does_not_hide_it(noise: bytes) -> None:
    found = [
        item
        for item in read_records(BytesIO(named(0) + noise + b"\r\n\r\n" + named(1)))
        if isinstance(item, Record) and item.headers["warc-target-uri"].endswith("/1")
    ]
    assert len(found) == 1 or any(
        isinstance(item, Broken) for item in read_records(BytesIO(named(0) + noise + b"\r\n\r\n" + named(1)))
    )


def test_batches_are_bounded_in_number_and_bytes() -> None:
    items = read(plain(*(named(number) for number in range(10))))
    assert [len(batch) for batch in batches(items, count=4)] == [4, 4, 2]
    assert [len(batch) for batch in batches(items, size=2 * len(PAGE))] == [2] * 5
    assert [item for batch in batches(items, count=3) for item in batch] == items


def test_a_url_stands_for_a_file_a_folder_or_a_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "years gone" / "2026"
    folder.mkdir(parents=True)
    for name in ("b.warc.gz", "a.warc", "old.arc.gz", "notes.txt"):
        (folder / name).touch()
    quoted = (tmp_path / "years gone").as_uri()
    assert [file.name for file in archive_files(quoted)] == ["a.warc", "b.warc.gz", "old.arc.gz"]
    assert [file.name for file in archive_files(f"{quoted}/**/*.warc*")] == ["a.warc", "b.warc.gz"]
    assert [file.name for file in archive_files(f"{quoted}/2026/notes.txt")] == ["notes.txt"]
    for missing in (f"{quoted}/2025", f"{quoted}/*.warc"):
        with pytest.raises(UnreadableFileError, match="there is no file"):
            archive_files(missing)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('url = "file:///data/a.warc"', "a source is an http or https URL"),
        ('kind = "archive"\nurl = "https://example.org/a.warc"', "an archive is a file, a folder or a pattern"),
        ('kind = "archive"\nurl = "file://data/a.warc"', "an archive is a file, a folder or a pattern"),
    ],
)
def test_only_an_archive_may_lie_in_a_file(tmp_path: Path, table: str, says: str) -> None:
    (tmp_path / "sources.toml").write_text(f"[old]\n{table}\n")
    with pytest.raises(ConfigError, match=says):
        read_sources(tmp_path / "sources.toml")


def archive(desk: Desk, name: str, path: Path) -> None:
    """One more source of the desk."""
    desk.folder.mkdir(exist_ok=True)
    with (desk.folder / "sources.toml").open("a") as file:
        file.write(f'\n[{name}]\nkind = "archive"\nurl = {json.dumps(path.as_uri())}\n')


def test_an_archive_is_read_once_judged_and_refused_where_it_must_be(site: Site, desk: Desk, tmp_path: Path) -> None:
    """The command, three times: with news beside it, again, and after a file has changed."""
    folder = tmp_path / "warc"
    folder.mkdir()
    (folder / "good.warc.gz").write_bytes(
        packed(
            record("https://ministry.example/spies", http(SPIES.encode())),
            record("https://ministry.example/garden?utm_source=x", http(GARDEN.encode())),
            record("https://ministry.example/garden", http(GARDEN.encode())),
            record("https://ministry.example/login", http(story("Sign in", "Enter your password.").encode())),
            record("https://ministry.example/moved", http(status="302 Found")),
            named(1, wrong=9),
            record(f"{site.url}/known", http(GARDEN.encode())),
        )
    )
    (folder / "old.arc").write_bytes(b"filedesc://old.arc 0.0.0.0 20060101000000 text/plain 76\n")
    cut = packed(record("https://other.example/garden", http(GARDEN.replace("Sunday", "Monday").encode())), named(2))
    (tmp_path / "cut.warc.gz").write_bytes(cut[:-20])
    site.add("/known", GARDEN)
    site.add("/feed.xml", rss([("The rose garden", f"{site.url}/known", datetime.now(UTC))]))
    desk.configure(site)
    desk.sources(news=f"{site.url}/feed.xml")
    archive(desk, "years", folder)
    archive(desk, "cut", tmp_path / "cut.warc.gz")
    archive(desk, "lost", tmp_path / "lost.warc.gz")

    first = desk.crawl()
    assert first.code == 1, first.err
    told = {source["source"]: (source["state"], source["new"]) for source in first.json["sources"]}
    assert told == {"news": ("ok", 1), "years": ("not-a-feed", 3), "cut": ("malformed", 1), "lost": ("unreachable", 0)}
    assert "spywire: source years: not-a-feed: old.arc: expected a WARC file, got an ARC file" in first.err
    assert "spywire: source cut: malformed: cut.warc.gz: unreadable from byte" in first.err
    assert "Traceback" not in first.err
    counts = first.json["counts"]
    assert counts["links.dropped.duplicate"] == counts["links.dropped.redirect"] == 1
    assert counts["links.dropped.wrong-length"] == counts["links.dropped.cut-short"] == 1
    assert counts["pages.settled"] == 5
    assert [entry["url"] for entry in first.json["flagged"]] == ["https://ministry.example/spies"]
    spies = desk.history(url_key("https://ministry.example/spies"))
    assert (spies.link.source, spies.state, spies.fetched_at) == ("years", LinkState.FLAGGED, CAPTURED)
    assert spies.stored is not None
    assert datetime.now(UTC) - spies.stored.first_seen < timedelta(minutes=5), "found now, whenever it was captured"
    assert desk.history(url_key("https://ministry.example/login")).state is LinkState.NOT_AN_ARTICLE
    assert desk.history(url_key(f"{site.url}/known")).link.source == "news", "the news came first"

    (folder / "old.arc").unlink()
    (tmp_path / "cut.warc.gz").write_bytes(cut)
    (tmp_path / "lost.warc.gz").write_bytes(packed(record("https://lost.example/a", http(GARDEN.encode()))))
    second = desk.crawl("--source", "years", "--source", "cut", "--source", "lost")
    assert second.code == 0, second.err
    told = {source["source"]: (source["state"], source["new"]) for source in second.json["sources"]}
    assert told == {"years": ("unchanged", 0), "cut": ("ok", 1), "lost": ("ok", 1)}
    assert second.json["counts"]["pages.settled"] == 2


PAGES = 260  # two batches


def long_archive(path: Path) -> list[str]:
    """A file of many pages that all differ; gives their keys."""
    urls = [f"https://example.org/2026/story-{number}" for number in range(PAGES)]
    with path.open("wb") as file:
        for number, url in enumerate(urls):
            page = GARDEN.replace("a hundred", f"{number} and some").replace("ninety years", f"{number} years")
            file.write(packed(record(url, kind="request", block=b"GET / HTTP/1.1"), record(url, http(page.encode()))))
    return [url_key(url) for url in urls]


def settled(database: Database, keys: list[str]) -> dict[str, tuple[LinkState, int]]:
    histories = [Ledger(database).history(key) for key in keys]
    return {
        history.link.key: (history.state, history.attempts)
        for history in histories
        if history is not None and history.settled_at is not None
    }


def far(database: Database, *, until: int) -> bool:
    """Whether so many pages are done. Cheap, so that the run is not over before the answer."""
    open_states = {LinkState.DISCOVERED, LinkState.LEASED}
    tallies = Ledger(database).tallies(since=CAPTURED, until=datetime.now(UTC))
    return sum(tally.count for tally in tallies if tally.state not in open_states) >= until


def test_a_reading_that_is_killed_loses_nothing_and_repeats_nothing(desk: Desk, tmp_path: Path) -> None:
    keys = long_archive(tmp_path / "long.warc.gz")
    desk.configure()
    archive(desk, "long", tmp_path / "long.warc.gz")
    limited = desk.crawl("--max-pages", "30")
    assert limited.code == 0, limited.err
    database = Database.open(f"sqlite:///{desk.folder / 'spywire.db'}")
    before = settled(database, keys)
    assert len(before) == 30
    with desk.started("crawl") as process:
        deadline = time.monotonic() + 60
        while not far(database, until=60) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.kill()
    killed = settled(database, keys)
    assert 60 <= len(killed) < PAGES, "it was killed in the middle"
    last = desk.crawl()
    assert last.code == 0, last.err
    assert last.json["counts"]["pages.settled"] == PAGES - len(killed)
    done = settled(database, keys)
    assert {attempts for _, attempts in done.values()} == {1}, "none is judged twice"
    assert len(done) == PAGES, "none is lost"
    assert {state for state, _ in done.values()} <= {LinkState.REJECTED, LinkState.DUPLICATE}
    mark = Polls(database).validators("long", (tmp_path / "long.warc.gz").as_uri())
    assert mark.last_modified == "end"
    states = [poll.state for poll in Polls(database).latest(since=CAPTURED, until=datetime.now(UTC))]
    database.close()
    assert states == [PollState.OK]


def test_a_reading_that_is_stopped_says_so_and_keeps_what_it_has(desk: Desk, tmp_path: Path) -> None:
    keys = long_archive(tmp_path / "long.warc.gz")
    desk.configure()
    archive(desk, "long", tmp_path / "long.warc.gz")
    database = Database.open(f"sqlite:///{desk.folder / 'spywire.db'}")
    with desk.started("crawl") as process:
        deadline = time.monotonic() + 60
        while not far(database, until=10) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        code, (_, said) = process.wait(30), process.said()
    assert code == 143, said
    assert b"stopped by SIGTERM" in said
    history = [history for key in keys if (history := Ledger(database).history(key))]
    database.close()
    assert 10 <= sum(one.settled_at is not None for one in history) < PAGES
    assert {one.state for one in history} == {LinkState.REJECTED, LinkState.DISCOVERED}, "nothing stays leased"


def test_every_file_of_the_wild_ends_in_named_results(shared: Path) -> None:
    folder = shared / "warc"
    if not folder.is_dir():
        pytest.skip("needs the shared WARC files")
    for path in sorted(folder.iterdir()):
        started = time.monotonic()
        with path.open("rb") as file:
            if ".arc" in path.name:
                with pytest.raises(NotAFeedError, match="an ARC file"):
                    list(read_archive(file))
                continue
            items = list(read_archive(file))
        for item in items:
            assert isinstance(item, ArchivedPage) or item.reason, path.name
        assert time.monotonic() - started < 2, path.name
