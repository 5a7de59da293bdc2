"""`spywire sources`: what is written into the catalogue, what comes out of it, and what a trial shows."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discover import SourceKind
from crawler.sources import Source
from crawler.text import clean_line
from jobs.catalogue import known_sources, mistake
from jobs.exits import ConfigError, UsageError
from jobs.sources.add import checked_url
from jobs.sources.edit import Entry, append, toml_of
from jobs.sources.lists import MAX_FILE, read_rows, write_csv
from jobs.sources.names import KEBAB, MAX_NAME, pick_name
from jobs.sources.opml import write_opml
from jobs.sources.plan import plan_import
from jobs.sources.rows import Row
from jobs.sources.trial import latest, pace
from storage.records import FOREVER, Link
from tests.web import Site, rss, story

if TYPE_CHECKING:
    from tests.newsdesk import Desk

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SPIES = "State-backed hackers spent a year inside a foreign ministry"
TEXT = (
    "Hackers working for a foreign intelligence service broke into the network of the foreign ministry and read the "
    "mail of its diplomats for a year, the national cyber agency said on Friday. The espionage group planted a "
    "backdoor on the mail servers and copied cables about sanctions, investigators wrote in their report."
)
CATALOGUE = """\
# A comment on top.

[one]   # beside a table
url = 'https://one.example/feed'    # quoted in another way
tags = [
    "a",  # in an array
]
# the last words
"""
SOURCES = (
    Source(name="the-record", url="https://record.example/feed", tags=("press", "Threat Intel"), why="=1+1 & <b>"),
    Source(name="norvia", url="https://cert.example/news/", kind=SourceKind.SECTION, language="en", render=True),
    Source(
        name="map",
        url="https://map.example/news.xml",
        kind=SourceKind.SITEMAP,
        every=timedelta(hours=36),
        expect_per_day=2.5,
    ),
    Source(name="past", url="file:///data/*.warc.gz", kind=SourceKind.ARCHIVE),
    Source(name="news", url="https://news.example/?a=1&b=2", every=timedelta(minutes=90), tags=("@home",)),
)


@pytest.mark.parametrize(
    ("title", "url", "name"),
    [
        ("The Record", "https://therecord.example/feed", "the-record"),
        ("Example Times - Security", "https://example.org/feed", "example-times"),
        ("Krebs’s Blog", "https://example.org/feed", "krebss-blog"),
        ("Société générale", "https://example.org/feed", "societe-generale"),
        ("Home | Example", "https://www.example.co.uk/", "example"),
        ("All the news that we could find to print today", "https://news.example.gov.au/rss", "news-example"),
        ("云听新闻", "https://yunting.example/feed", "yunting"),
        ("RSS", "http://127.0.0.1:8700/feed", "127-0-0-1"),
        (None, "https://feeds.example.org/x", "example"),
        ("\x1b[31mRed\x07 Alert\u202e", "https://example.org/feed", "31mred-alert"),
        ("news", "https://example.org/feed", "news"),
    ],
)
def test_a_name_is_the_title_if_that_says_something_and_else_the_host(title: str | None, url: str, name: str) -> None:
    assert pick_name(title, url, ()) == name


@given(title=st.text(max_size=80), taken=st.sets(st.sampled_from(["example", "example-2", "a", "b"])))
def test_a_name_is_short_kebab_case_and_new(title: str, taken: set[str]) -> None:
    name = pick_name(title, "https://example.org/feed", taken)
    assert KEBAB.fullmatch(name)
    assert len(name) <= MAX_NAME + 2
    assert name not in taken


@pytest.mark.parametrize("before", ["", CATALOGUE, CATALOGUE.rstrip("\n"), CATALOGUE.replace("\n", "\r\n")])
def test_a_table_is_added_and_not_a_byte_is_touched(before: str, tmp_path: Path) -> None:
    path = tmp_path / "home" / "sources.toml"
    if before:
        path.parent.mkdir()
        path.write_bytes(before.encode())
        path.chmod(0o640)
    remark = "found at https://two.example/"
    two = Entry(
        name="two", url="https://two.example/feed", every="30m", tags=("a", "b"), why='Says "no".', remark=remark
    )
    append(path, [two, Entry(name="three", url="https://three.example/")])
    written = path.read_bytes().decode()
    assert written.startswith(before)
    assert ("\r\n" in written) == ("\r\n" in before)
    assert 'url = "https://two.example/feed" # found at https://two.example/' in written
    sources = known_sources(path)
    assert [source.name for source in sources][-2:] == ["two", "three"]
    assert sources[-2].why == 'Says "no".'
    assert sources[-2].every == timedelta(minutes=30)
    assert not before or path.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in path.parent.iterdir()] == ["sources.toml"]


def test_a_catalogue_that_cannot_be_written_is_said_so() -> None:
    path = Path("/proc/nowhere/sources.toml")
    with pytest.raises(ConfigError, match=f"cannot write {path}"):
        append(path, [Entry(name="a", url="https://a.example/")])


@given(why=st.text(max_size=50), tag=st.text(min_size=1, max_size=20))
def test_whatever_is_said_of_a_source_reads_back_as_toml(why: str, tag: str) -> None:
    why, tag = clean_line(why), clean_line(tag) or "t"
    entry = Entry(name="a", url="https://a.example/", why=why, tags=(tag,))
    assert tomllib.loads(toml_of(entry)) == {"a": entry.values}


EVERYTHING = {
    "name": "whole",
    "url": "https://whole.example/feed",
    "kind": SourceKind.FEED,
    "every": timedelta(minutes=45),
    "language": "nb",
    "expect_per_day": 0.25,
    "render": True,
    "tags": ("press", "Threat Intel"),
    "why": 'Says "everything", always.',
    "keep_flagged": FOREVER,
    "keep_rejected": timedelta(days=10),
    "excerpt": 0,
    "family": "whole-press",
}


@pytest.mark.parametrize("form", ["opml", "csv"])
def test_every_key_of_a_source_comes_back_from_an_export(form: str, tmp_path: Path) -> None:
    names = [field.name for field in fields(Source)]
    assert sorted(EVERYTHING) == sorted(names), "a new key of a source: export it, and give it a value here"
    assert not [field.name for field in fields(Source) if EVERYTHING[field.name] == field.default]
    source = Source(**EVERYTHING)  # type: ignore[arg-type]
    body = write_opml([source], at=NOW) if form == "opml" else write_csv([source]).encode()
    append(tmp_path / "sources.toml", plan_import(read_rows(body), ()).entries)
    assert known_sources(tmp_path / "sources.toml") == (source,)
    bare = Source(name="bare", url="https://bare.example/feed")
    body = write_opml([bare], at=NOW) if form == "opml" else write_csv([bare]).encode()
    append(tmp_path / "bare.toml", plan_import(read_rows(body), ()).entries)
    assert known_sources(tmp_path / "bare.toml") == (bare,)


def test_terms_that_cannot_be_used_are_named() -> None:
    lines = "url,excerpt,keep_flagged,family", "https://a.example/,some,,", "https://b.example/,,soon,"
    plan = plan_import(read_rows("\n".join([*lines, "https://c.example/,,,A B"]).encode()), ())
    assert [(row.place, why.partition(":")[0]) for row, why in plan.unusable] == [
        ("line 2", "excerpt"),
        ("line 3", "keep_flagged"),
        ("line 4", "family"),
    ]


@pytest.mark.parametrize("form", ["opml", "csv"])
def test_what_is_exported_comes_back(form: str) -> None:
    body = write_opml(SOURCES, at=NOW) if form == "opml" else write_csv(SOURCES).encode()
    plan = plan_import(read_rows(body), ())
    assert [(entry.name, entry.url, entry.tags, entry.why) for entry in plan.entries] == [
        (source.name, source.url, source.tags, source.why)
        for source in SOURCES
        if form == "csv" or source.kind is not SourceKind.ARCHIVE
    ]
    if form == "csv":
        assert [(entry.kind, entry.every) for entry in plan.entries] == [
            (None, None),
            ("section", None),
            ("sitemap", "36h"),
            ("archive", None),
            (None, "90m"),
        ]
        assert [(entry.render, entry.expect_per_day) for entry in plan.entries[1:3]] == [(True, None), (False, 2.5)]
    assert plan_import(read_rows(body), SOURCES).entries == ()


def test_nothing_in_an_exported_table_makes_a_spreadsheet_calculate() -> None:
    cells = [cell for line in write_csv(SOURCES).splitlines() for cell in line.split(",")]
    assert "'=1+1 & <b>" in cells
    assert "'@home" in cells
    assert not [cell for cell in cells if cell[:1] in {"=", "+", "-", "@"}]


def test_the_folders_of_a_feed_reader_become_tags() -> None:
    opml = """<?xml version="1.0"?><opml version="1.0"><head><title>x</title></head><body>
    <outline text="Press"><outline text="Security & more">
      <outline text="Example Times" xmlUrl=" https://example.org/feed " type="rss" language="en-GB"/>
    </outline></outline>
    <outline title="Loose" xmlurl="https://loose.example/rss" category="/Tech/Cyber,press"/>
    <outline text="A page" type="link" url="https://page.example/news"/>
    </body></opml>"""
    assert [(row.name, row.url, row.tags, row.language) for row in read_rows(opml.encode())] == [
        ("Example Times", "https://example.org/feed", ("Press", "Security & more"), "en"),
        ("Loose", "https://loose.example/rss", ("Tech", "Cyber", "press"), None),
        ("A page", "https://page.example/news", (), None),
    ]


def test_a_hostile_opml_reads_no_file_and_expands_nothing() -> None:
    opml = """<?xml version="1.0"?><!DOCTYPE opml [<!ENTITY a SYSTEM "file:///etc/hostname">
    <!ENTITY b "&a;&a;"> <!ENTITY % c SYSTEM "http://127.0.0.1:1/dtd"> %c;]>
    <opml><body><outline text="&a;&b;\u202eevil\x1b[31m&#10;[table]" xmlUrl="https://example.org/feed?a=1&b=2"/>
    <outline text="script" xmlUrl="javascript:alert(1)"/><outline text="inside" xmlUrl="file:///etc/passwd"/>
    </body></opml>"""
    plan = plan_import(read_rows(opml.encode()), ())
    assert [entry.url for entry in plan.entries] == ["https://example.org/feed?a=1&b=2"]
    assert KEBAB.fullmatch(plan.entries[0].name)
    assert len(plan.unusable) == 2
    deep = "<outline text='x'>" * 5000 + "<outline xmlUrl='https://example.org/'/>"
    assert [row.wrong for row in read_rows(f"<opml><body>{deep}".encode())] == [
        "what it holds is more than 20 folders deep"
    ]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"<html><body>no</body></html>", "not OPML: its root is html"),
        (b"<", "not OPML"),
        (b"x" * (MAX_FILE + 1), "longer than 5 MB"),
        (b"name,url,colour\na,https://a.example/,red\n", "unknown column colour; allowed are name, url"),
        (b"url,why\nhttps://a.example/,one, two\n", "line 2 has more cells than the header"),
    ],
)
def test_a_file_that_is_no_list_of_sources_is_refused(body: bytes, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        read_rows(body)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_may_come_from_any_spreadsheet(delimiter: str) -> None:
    lines = [("Name", "URL", "Tags", "every"), ("A b", "https://a.example/", "press|cert", "6h"), ("", "", "", "")]
    body = "\r\n".join(delimiter.join(cells) for cells in lines).encode("utf-8-sig")
    assert read_rows(body) == [
        Row(place="line 2", url="https://a.example/", name="A b", tags=("press", "cert"), every="6h")
    ]


def test_a_plain_list_is_one_url_a_line() -> None:
    body = b"# mine\nhttps://a.example/feed\n\n  https://b.example/?x=1,2  \n"
    assert [row.url for row in read_rows(body)] == ["https://a.example/feed", "https://b.example/?x=1,2"]
    assert read_rows(b"") == []


@given(body=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: f"url,why\n{text}".encode())))
def test_every_row_of_any_file_ends_in_one_place(body: bytes) -> None:
    try:
        rows = read_rows(body)
    except UsageError:
        return
    plan = plan_import(rows, SOURCES)
    assert len(plan.entries) + len(plan.known) + len(plan.unusable) == len(rows)
    assert all(mistake(entry.values) is None for entry in plan.entries)


def test_an_import_counts_what_is_there_and_names_what_cannot_be_used() -> None:
    rows = [
        Row(place="line 1", url="http://www.record.example/feed/?utm_source=x"),
        Row(place="line 2", url="https://new.example/feed", name="News"),
        Row(place="line 3", url="https://new.example/feed/"),
        Row(place="line 4", url="https://new.example/other", name="The Record"),
        Row(place="line 5", url="https://bad.example/", every="soon"),
        Row(place="line 6", url="not a url"),
    ]
    plan = plan_import(rows, SOURCES)
    assert [(row.place, name) for row, name in plan.known] == [("line 1", "the-record"), ("line 3", "new")]
    assert [entry.name for entry in plan.entries] == ["new", "the-record-2"]
    assert [(row.place, why.partition(":")[0]) for row, why in plan.unusable] == [
        ("line 5", "every"),
        ("line 6", "url"),
    ]


def links(*hours: int | None) -> list[Link]:
    return [
        Link(key=str(n), url=f"https://a.example/{n}", source="a", published=None if h is None else NOW - h * HOUR)
        for n, h in enumerate(hours)
    ]


HOUR = timedelta(hours=1)


def test_the_pace_comes_from_the_dates_of_the_items() -> None:
    rate = pace(links(0, None, 6, 12, 48))
    assert rate is not None
    assert (rate.items, rate.per_day, rate.median_gap, rate.since) == (4, 1.5, 6 * HOUR, NOW - 48 * HOUR)
    assert pace(links(1, None)) is None
    assert pace(links(1, 1, 1)) is None
    assert [link.url[-1] for link in latest(links(None, 5, 1, None), 3)] == ["2", "1", "0"]


def test_a_url_without_a_scheme_is_taken_for_https() -> None:
    assert checked_url("example.org/news") == "https://example.org/news"
    with pytest.raises(UsageError, match=r"ftp://example\.org: a source is an http or https URL"):
        checked_url("ftp://example.org")


def home(title: str, *feeds: str) -> str:
    named = "".join(f"<link rel='alternate' type='application/rss+xml' href='{feed}'>" for feed in feeds)
    return f"<html><head><title>{title}</title>{named}</head><body><p>Nothing here.</p></body></html>"


def newspaper(site: Site) -> str:
    """A home page with a feed, and a robots.txt."""
    now = datetime.now(UTC)
    site.add("/robots.txt", "User-agent: *\nDisallow: /closed\nCrawl-delay: 0.01", Content_Type="text/plain")
    site.add("/spies", story(SPIES, TEXT, TEXT.replace("mail", "post"), TEXT.replace("year", "month")))
    items = [(f"Older story {n}", f"{site.url}/old-{n}", now - n * timedelta(hours=12)) for n in range(1, 8)]
    site.add("/feed", rss([(SPIES, f"{site.url}/spies", now), *items], title="Example Times"))
    return site.add("/", home("Home", "/comments/feed", "/feed"))


def test_a_trial_shows_everything_on_one_screen_and_stores_nothing(site: Site, desk: Desk) -> None:
    url = newspaper(site)
    desk.configure(site)
    result = desk.run("sources", "test", url)
    assert result.code == 0, result.err
    assert "robots.txt allows it, with 0.01 s between requests" in result.out
    assert f"found      feed  {site.url}/feed  Example Times" in result.out
    assert "because    The page announces this feed with 8 links." in result.out
    assert f"not        {site.url}/comments/feed  carries comments, not articles" in result.out
    assert "2.0 a day, median gap 12 h" in result.out
    assert result.out.count("Older story") == 4
    assert f"Newest article: {SPIES}" in result.out
    assert "(from feed) · language en" in result.out
    assert "verdict    flag, score 0." in result.out
    assert len(result.out.splitlines()) <= 40
    assert not (desk.folder / "spywire.db").exists()
    assert not (desk.folder / "sources.toml").exists()

    shown = desk.run("sources", "test", f"{site.url}/feed", "--json").json
    assert (shown["kind"], shown["why"]) == ("feed", "The address itself is a feed with 8 links.")
    assert (shown["per_day"], shown["median_gap_minutes"]) == (2.0, 720)
    assert shown["newest"]["verdict"]["verdict"] == "flag"
    assert shown["newest"]["article"]["date_source"] == "feed"


def test_a_trial_that_finds_nothing_says_so_by_its_exit_code(site: Site, desk: Desk) -> None:
    newspaper(site)
    with Site() as gone:
        dead = gone.url
    desk.configure(site, gone)
    closed = desk.run("sources", "test", f"{site.url}/closed/", "--json")
    assert (closed.code, closed.json["robots"], closed.json["why"]) == (69, "disallows it", "robots.txt disallows it")
    assert desk.run("sources", "test", dead).code == 69
    site.pages.pop("/feed")
    nothing = desk.run("sources", "test", site.add("/bare", home("Bare")))
    assert nothing.code == 1
    assert "not there" in nothing.out
    assert "no feed or sitemap was found" in nothing.err
    guesses = [path for path in site.paths() if path != "/bare"]
    assert len(guesses) == len(set(guesses)) <= 12


def test_a_source_is_added_found_listed_and_exported(site: Site, desk: Desk, tmp_path: Path) -> None:
    url = newspaper(site)
    desk.configure(site)
    (desk.folder / "sources.toml").write_text(CATALOGUE)
    added = desk.run("sources", "add", url, "--tag", "press", "--why", "First.", "--every", "6h")
    assert added.code == 0, added.err
    table = (
        f'[example-times]\nurl = "{site.url}/feed" # found at {url}\nkind = "feed"\nevery = "6h"\n'
        f'tags = ["press"]\nwhy = "First."\n'
    )
    assert added.out.endswith(table)
    assert (desk.folder / "sources.toml").read_text() == f"{CATALOGUE}\n{table}"

    again = desk.run("sources", "add", f"{site.url}/feed/")
    assert (again.code, again.err) == (
        2,
        f"spywire: {site.url}/feed/ is there already: it is the source example-times\n",
    )
    assert desk.crawl("--source", "example-times").code == 0
    listed = {one["name"]: one for one in desk.run("sources", "list", "--json").json}
    assert listed["one"]["polled_at"] is None
    assert (listed["example-times"]["state"], listed["example-times"]["tags"]) == ("ok", ["press"])

    out = tmp_path / "sources.opml"
    assert desk.run("sources", "export", "--out", str(out)).code == 0
    other = out.read_text().replace("</body>", "<outline xmlUrl='https://new.example/'/></body>")
    dry = desk.run("sources", "import", "-", "--dry-run", stdin=other.encode())
    assert dry.code == 0, dry.err
    assert dry.out.startswith('[new]\nurl = "https://new.example/"\n')
    assert "# would add 1 to" in dry.out
    assert "2 are there already, 0 are unusable" in dry.out
    assert "https://new.example/" not in (desk.folder / "sources.toml").read_text()
