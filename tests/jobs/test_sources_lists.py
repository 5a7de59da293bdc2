"""Lists of sources from other programs: each line is added or told; and several writers at once lose nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discover import SourceKind
from crawler.sources import Source
from jobs.catalogue import known_sources
from jobs.exits import BusyError, UsageError
from jobs.home import Home, locked
from jobs.sources import edit
from jobs.sources.edit import Entry, append, editing
from jobs.sources.lists import read_rows, write_csv
from jobs.sources.opml import write_opml
from jobs.sources.plan import plan_import

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OPML = """<?xml version="1.0"?>
<!-- exported -->
<opml version="2.0"><body>
<outline text="Sec"><outline text="Vendors"><outline text="V" type="rss" xmlUrl="https://v.example/feed"/></outline></outline>
<outline text="Page only" type="rss" htmlUrl="https://page.example/"/>
<outline text="Link" type="link" url="https://link.example/"/>
<outline text="No type" url="https://x.example/"/>
<outline text="Both" xmlUrl="https://both.example/feed"><outline text="Child" xmlUrl="https://child.example/feed"/></outline>
<outline text="Feed protocol" xmlUrl="feed://f.example/feed"/>
<outline text="No address"/>
<outline text="More" type="include" url="https://more.example/list.opml"/>
</body></opml>"""


def test_every_outline_is_added_or_told() -> None:
    plan = plan_import(read_rows(OPML.encode()), ())
    assert [(entry.url, entry.tags) for entry in plan.entries] == [
        ("https://v.example/feed", ("Sec", "Vendors")),
        ("https://page.example/", ()),
        ("https://link.example/", ()),
        ("https://x.example/", ()),
        ("https://both.example/feed", ()),
        ("https://child.example/feed", ("Both",)),
    ]
    assert [(row.place, why) for row, why in plan.unusable] == [
        ("line 9", "url: a source is an http or https URL"),
        ("line 10", "it has no address: no xmlUrl, url or htmlUrl"),
        ("line 11", "it includes another OPML file: import that one"),
    ]


urls = st.sampled_from(
    ("https://a.example/", "https://b.example/feed/", "https://c.example/news", "https://d.example/x.xml")
)


@given(url=urls, kind=st.sampled_from((None, SourceKind.FEED, SourceKind.SECTION, SourceKind.SITEMAP)))
def test_what_is_exported_is_imported_as_the_same(url: str, kind: SourceKind | None) -> None:
    source = Source(name="one", url=url, kind=kind)
    for body in (write_opml([source], at=NOW), write_csv([source]).encode()):
        (entry,) = plan_import(read_rows(body), ()).entries
        assert (entry.name, entry.url, entry.kind) == (source.name, source.url, source.kind)


@pytest.mark.parametrize(
    ("url", "kind", "subscribed"),
    [
        ("https://a.example/", None, False),
        ("https://a.example/security/news", None, False),
        ("https://feeds.a.example/security", None, True),
        ("https://a.example/?format=RSS", None, True),
        ("https://a.example/", SourceKind.FEED, True),
        ("https://a.example/feed", SourceKind.SECTION, False),
    ],
)
def test_a_page_is_exported_as_a_link_and_a_feed_as_a_subscription(
    url: str, kind: SourceKind | None, *, subscribed: bool
) -> None:
    written = write_opml([Source(name="one", url=url, kind=kind)], at=NOW).decode()
    assert ('type="rss" xmlUrl=' in written, 'type="link" url=' in written) == (subscribed, not subscribed)


@pytest.mark.parametrize(
    "heading",
    ["Title,Feed URL,Tags", "name;feedurl;Category", "TITLE\tXmlUrl\ttag", "Name, RSS ,folder", "title,Link,tags"],
)
def test_the_headings_of_other_programs_are_known(heading: str) -> None:
    sign = next(sign for sign in ";\t," if sign in heading)
    line = sign.join(("Foo", "https://foo.example/rss", "press"))
    (row,) = read_rows(f"{heading}\n{line}\n".encode())
    assert (row.place, row.name, row.url, row.tags) == ("line 2", "Foo", "https://foo.example/rss", ("press",))


def test_of_two_addresses_the_feed_is_taken() -> None:
    body = b"title,htmlUrl,xmlUrl\nA,https://a.example/,https://a.example/feed\nB,https://b.example/,\n"
    assert [row.url for row in read_rows(body)] == ["https://a.example/feed", "https://b.example/"]


@pytest.mark.parametrize("first", ["Titel,Adresse", "Foo,https://foo.example/rss", "a;b"])
def test_a_table_without_a_known_heading_says_which_are(first: str) -> None:
    with pytest.raises(UsageError, match="line 1 has no heading for the URL, such as url, feed url, xml url"):
        read_rows(f"{first}\nFoo,https://foo.example/rss\n".encode())


def home_at(folder: Path) -> Home:
    return Home(config=folder, data=folder, state=folder)


def test_who_writes_waits_for_who_writes(tmp_path: Path) -> None:
    def add(number: int) -> None:
        with editing(home_at(tmp_path)) as path:
            known = len(known_sources(path))
            append(path, [Entry(name=f"s{number}-{known}", url=f"https://s{number}.example/")])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(6)))
    assert sorted(source.name[-1] for source in known_sources(tmp_path / "sources.toml")) == list("012345")


def test_who_waits_too_long_is_told_who_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edit, "PATIENCE", timedelta())
    with (
        locked(home_at(tmp_path), "sources"),
        pytest.raises(BusyError, match="in use by `spywire sources`"),
        editing(home_at(tmp_path)),
    ):
        pass
