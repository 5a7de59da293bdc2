"""The archive as files: built from a real database, looked at as a web server's visitor would."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from itertools import cycle
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING
from urllib.parse import unquote

import feedparser
import pytest
from lxml import etree, html
from typer.testing import CliRunner

from jobs.cli import app
from jobs.digest.document import from_document
from jobs.digest.edition import Section
from jobs.digest.plain import web_url
from jobs.exits import UsageError
from jobs.settings.sections import Settings
from jobs.site.atom import NAMESPACE
from jobs.site.book import bind, page_of, strictest
from jobs.site.build import build, read
from jobs.site.folder import LOCK, MANIFEST, publish
from jobs.site.pages import Front, files
from storage.database import Database
from storage.editions import Editions
from storage.records import EditionKind
from storage.stories import Stories
from tests.jobs.digest_edition import MINISTRY, SINCE, edition, flood, hostile, quiet
from tests.jobs.site.desk import DAY, add, fill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jobs.site.book import Book
    from tests.newsdesk import Desk

ATOM = f"{{{NAMESPACE}}}"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{tmp_path_factory.mktemp('archive') / 'spywire.db'}")
    fill(database)
    yield database
    database.close()


@pytest.fixture(scope="module")
def book(archive: Database) -> Book:
    return read(archive, Settings())


@pytest.fixture(scope="module")
def site(book: Book) -> dict[str, bytes]:
    return dict(files(book, Front(title="Espionage watch")))


def pages(site: dict[str, bytes]) -> dict[str, html.HtmlElement]:
    return {path: html.document_fromstring(content) for path, content in site.items() if path.endswith(".html")}


def settings(**site: object) -> Settings:
    return Settings.model_validate({"site": site})


def test_every_edition_and_every_story_has_a_page(archive: Database, book: Book, site: dict[str, bytes]) -> None:
    editions = Editions(archive).listed(limit=100)
    assert len(book.pages) == len(editions) > 5
    assert {f"editions/{e.profile}/{e.number}.html" for e in editions if e.kind is EditionKind.DIGEST} <= set(site)
    assert "editions/cert/alert-1.html" in site
    told = {item.id for page in book.pages for item in book.whole(page).flagged.items}
    assert {f"stories/{public}.html" for public in told if public.startswith("S-")} <= set(site)
    assert not [path for path in site if "A-999999" in path]


def test_every_link_of_the_site_leads_somewhere_from_any_folder(site: dict[str, bytes]) -> None:
    anchors = {path: {element.get("id") for element in page.xpath("//*[@id]")} for path, page in pages(site).items()}
    for path, page in pages(site).items():
        for target in [element.get("href") for element in page.xpath("//*[@href]")]:
            if target.startswith(("http://", "https://")):
                continue
            assert not target.startswith("/")
            there, _, anchor = target.partition("#")
            found = normpath(join(dirname(path), unquote(there)))
            assert found in site, (path, target)
            assert not anchor or anchor in anchors[found], (path, target)


def test_a_story_page_tells_who_repeats_whom_what_became_known_and_where_it_was_told(
    archive: Database, site: dict[str, bytes]
) -> None:
    told = {path for path in site if path.startswith("stories/")}
    stories = [story for story in Stories(archive).of(range(1, 200)) if f"stories/{story.public}.html" in told]
    assert any(story.changes for story in stories)
    assert any(len(story.articles) > story.origins for story in stories)
    for story in stories:
        page = pages(site)[f"stories/{story.public}.html"]
        shown = " ".join(page.text_content().split())
        assert {web_url(stored.article.url) for stored in story.articles} <= {a.get("href") for a in page.iter("a")}
        assert all(change.what in shown for change in story.changes)
        assert len(page.xpath("//ol[@class='tree']/li")) == story.origins
        assert len(page.xpath("//ul[@class='tree']/li")) == len(story.articles) - story.origins
        assert "Told in" in shown
        assert "TLP:AMBER" in shown


def test_the_front_page_draws_what_it_also_says(book: Book, site: dict[str, bytes]) -> None:
    page = pages(site)["index.html"]
    charts = page.xpath("//*[local-name()='svg' and @role='img']")
    assert all(chart.xpath("*[local-name()='title']")[0].text for chart in charts)
    shown = " ".join(page.text_content().split())
    assert f"{len(book.tales)} stories in 84 days" in shown
    assert "Sources' health" in shown
    assert f"{len(book.tales)} stories Stories of each week that name them, to 29 Nov 2026." in shown
    assert [row[0].text_content() for row in page.xpath("//table[@class='table small']//tr")] == ["APT28"]
    assert "signal-and-noise: failed on 7 of 8 days" in shown
    rows = page.xpath("//details[1]//tr")
    assert sum(int(row[1].text) for row in page.xpath("(//details)[1]//tr")) == len(book.tales)
    assert rows


def test_the_list_of_editions_says_what_came_of_each_and_no_day_of_an_alert() -> None:
    headline = replace(MINISTRY, title="Intruders <b>read</b> the ministry's mail")
    pages = [
        page_of(edition(number=7, flagged=Section(items=(headline,), stories=1, articles=1)), EditionKind.ALERT),
        page_of(replace(quiet(), number=6, left_out=14), EditionKind.DIGEST),
        page_of(edition(number=5), EditionKind.DIGEST),
    ]
    page = html.document_fromstring(files(bind(pages, lambda _: []), Front(title="x"))["index.html"])
    told = [" ".join(entry.text_content().split()) for entry in page.xpath("//p[a[contains(@href, 'editions/')]]")]
    assert told == [
        "Alert 7 for cert, 22 Nov 2026 07:01 CET, 3 origins · 0.94 Intruders <b>read</b> the ministry's mail",
        "Edition 6 for cert, Sun 22 Nov 2026 Quiet day. 0 stories flagged, 14 not for this profile, 0 held",
        "Edition 5 for cert, Sun 22 Nov 2026 Normal day. 4 stories flagged, 1 held",
    ]


def test_every_page_forbids_itself_everything_but_its_own_style(site: dict[str, bytes]) -> None:
    for path, page in pages(site).items():
        policy = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
        assert policy.startswith("default-src 'none'; style-src 'sha256-"), path
        assert not page.xpath("//script | //img | //iframe | //form | //*[@style] | //link[@rel='stylesheet']"), path
        assert page.xpath("//meta[@name='robots']/@content") == ["noindex, nofollow"], path


def test_search_engines_may_come_where_the_operator_says_so(book: Book) -> None:
    assert b'name="robots"' not in files(book, Front(title="x", noindex=False))["index.html"]


def test_only_the_profiles_that_are_named_are_shown(archive: Database) -> None:
    shown = read(archive, settings(profiles=["embassies"]))
    assert {page.edition.profile for page in shown.pages} == {"embassies"}
    assert {page.edition.profile for tale in shown.tales for page, _ in tale.told} == {"embassies"}


def test_the_same_archive_gives_the_same_bytes_in_another_process(archive: Database, tmp_path: Path) -> None:
    url = archive._engine.url.render_as_string()
    program = (
        "import sys; from pathlib import Path; from jobs.settings.sections import Settings; "
        "from jobs.site.build import build; from storage.database import Database; "
        f"build(Database.open({url!r}), Settings(), Path(sys.argv[1]))"
    )
    build(archive, Settings(), tmp_path / "one")
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "two")], check=True)
    one, two = (
        {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (tmp_path / "one", tmp_path / "two")
    )
    assert one == two


def test_only_files_that_changed_are_written_and_only_ours_are_removed(archive: Database, tmp_path: Path) -> None:
    folder = tmp_path / "www"
    _, first = build(archive, Settings(), folder)
    assert first.written == first.files > 10
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*.html")}
    (folder / "favicon.ico").write_bytes(b"theirs")
    _, again = build(archive, Settings(), folder)
    assert (again.written, again.removed) == (0, 0)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.html")} == times
    _, fewer = build(archive, settings(profiles=["embassies"]), folder)
    assert fewer.removed > 0
    assert not (folder / "editions" / "cert").exists()
    assert len(list((folder / "stories").iterdir())) == len(read(archive, settings(profiles=["embassies"])).tales)
    assert (folder / "favicon.ico").read_bytes() == b"theirs"
    assert not [path for path in folder.rglob(".*") if path.name != LOCK]


def test_a_build_that_was_cut_off_is_put_right_by_the_next(tmp_path: Path) -> None:
    class CutError(Exception):
        """The power is gone."""

    class Half(dict[str, bytes]):
        def items(self) -> Iterator[tuple[str, bytes]]:  # type: ignore[override]
            yield "a/one.html", b"1"
            raise CutError

    with pytest.raises(CutError):
        publish(tmp_path, Half({"a/one.html": b"1", "b/two.html": b"2"}))
    done = publish(tmp_path, {"b/two.html": b"2"})
    assert (done.written, done.removed) == (1, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == [LOCK, "b", MANIFEST]


def test_a_folder_with_somebodys_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.odt").write_text("years of work")
    with pytest.raises(UsageError, match=r"holds files that are not ours; name an empty folder"):
        publish(tmp_path, {"index.html": b""})


@pytest.mark.parametrize("names", [["../thesis.odt"], ["/etc/passwd"], ["a/../../thesis.odt"], [7, None]])
def test_a_manifest_that_was_tampered_with_removes_nothing_outside(tmp_path: Path, names: list[object]) -> None:
    (tmp_path / "thesis.odt").write_text("years of work")
    folder = tmp_path / "www"
    publish(folder, {"index.html": b"x"})
    (folder / MANIFEST).write_text(json.dumps({"files": names}))
    publish(folder, {"index.html": b"x"})
    assert (tmp_path / "thesis.odt").exists()


def test_a_damaged_manifest_is_named_with_the_cure(tmp_path: Path) -> None:
    publish(tmp_path, {"index.html": b"x"})
    (tmp_path / MANIFEST).write_text("{")
    with pytest.raises(UsageError, match=r"is damaged .* empty the folder and build it again"):
        publish(tmp_path, {"index.html": b"x"})


@pytest.mark.parametrize("name", ["stories.atom", "editions.atom"])
def test_the_feeds_are_what_rfc_4287_asks_for(book: Book, name: str) -> None:
    content = files(book, Front(title="Espionage watch", base_url="https://cert.example/watch"))[name]
    feed = etree.fromstring(content)
    entries = feed.findall(f"{ATOM}entry")
    assert entries
    for element in (feed, *entries):
        for once in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{once}")) == 1
        assert re.fullmatch(r"tag:cert\.example,2026:[\w/-]+", element.findtext(f"{ATOM}id"))
        assert re.fullmatch(r"\d{4}(-\d\d){2}T\d\d(:\d\d){2}Z", element.findtext(f"{ATOM}updated"))
        assert element.findtext(f"{ATOM}title")
    assert feed.findtext(f"{ATOM}author/{ATOM}name")
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(set(ids)) == len(ids)
    assert feed.findtext(f"{ATOM}updated") == max(entry.findtext(f"{ATOM}updated") for entry in entries)
    assert feed.find(f"{ATOM}link[@rel='self']").get("href") == f"https://cert.example/watch/{name}"
    links = [entry.find(f"{ATOM}link[@rel='alternate']").get("href") for entry in entries]
    assert all(link.startswith("https://cert.example/watch/") for link in links)
    assert not feedparser.parse(content).bozo


def labels(feed: etree._Element) -> list[str]:
    """What the feed and each of its entries are labelled, in words and for programs."""
    found = []
    for element in (feed, *feed.findall(f"{ATOM}entry")):
        label = element.find(f"{ATOM}category[@scheme='https://www.first.org/tlp/']")
        found.append("" if label is None else label.get("term"))
        title = element.findtext(f"{ATOM}title")
        assert title.startswith(f"[{found[-1]}] ") if found[-1] else "TLP:" not in title
    return found


@pytest.mark.parametrize("name", ["stories.atom", "editions.atom"])
def test_each_entry_of_a_feed_carries_its_tlp_label_and_the_feed_the_strictest(archive: Database, name: str) -> None:
    stored = Editions(archive).listed(limit=100)
    given = zip(stored, cycle(["GREEN", "", "RED", "AMBER+STRICT"]))
    labelled = [page_of(replace(from_document(one.body), tlp=label), one.kind) for one, label in given]
    book = bind(labelled, lambda ids: Stories(archive).of(ids))
    first, *entries = labels(etree.fromstring(files(book, Front(title="Espionage watch"))[name]))
    told = [[page for page, _ in tale.told] for tale in book.tales]
    strict = [strictest(some) for some in (told if name == "stories.atom" else [[page] for page in labelled])]
    assert first == "TLP:RED"
    assert entries == [f"TLP:{edition.tlp}" if edition and edition.tlp else "" for edition in strict]
    assert len(set(entries)) > 1


def test_the_feeds_of_editions_without_a_label_have_none() -> None:
    page = page_of(edition(tlp=""), EditionKind.DIGEST)
    site = files(bind([page], lambda _: []), Front(title="Espionage watch"))
    assert labels(etree.fromstring(site["editions.atom"])) == ["", ""]


def test_a_feed_without_a_base_has_relative_links_and_ids_all_the_same(site: dict[str, bytes]) -> None:
    feed = etree.fromstring(site["stories.atom"])
    entry = feed.find(f"{ATOM}entry")
    assert entry.find(f"{ATOM}link[@rel='alternate']").get("href") in site
    assert entry.findtext(f"{ATOM}id").startswith("tag:spywire.invalid,2026:stories/S-")


def test_hostile_editions_stay_text_in_every_file() -> None:
    whole = hostile()
    page = page_of(whole, EditionKind.DIGEST)
    assert re.fullmatch(r"editions/profile-[0-9a-f]{12}/312\.html", page.path)
    site = files(bind([page], lambda _: []), Front(title="<script>"))
    for path, content in site.items():
        assert b"<script" not in content
        assert b"<img" not in content
        if path.endswith(".atom"):
            etree.fromstring(content)


def test_an_archive_without_an_edition_is_a_site_that_says_so() -> None:
    site = files(bind([], lambda _: []), Front(title="Espionage watch"))
    assert sorted(site) == ["editions.atom", "index.html", "stories.atom"]
    assert b"There is no edition yet." in site["index.html"]
    assert etree.fromstring(site["stories.atom"]).findtext(f"{ATOM}updated") == "1970-01-01T00:00:00Z"


def test_an_edition_on_the_web_is_not_cut() -> None:
    whole = flood(300)
    page = page_of(whole, EditionKind.DIGEST)
    content = files(bind([page], lambda _: []), Front(title="x"))["editions/cert/312.html"]
    assert content.count(b'<div class="story"') == 300


def test_more_editions_take_hardly_more_memory(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'spywire.db'}")
    for day in range(8):
        until = SINCE + (day + 1) * DAY
        add(database, replace(flood(30), since=until - DAY, until=until, composed_at=until))
    peaks: list[int] = []
    for editions in (1, 1, 8):  # the first one pays for what is there once
        tracemalloc.start()
        build(database, settings(editions=editions), tmp_path / f"site-{len(peaks)}")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    database.close()
    _, few, many = peaks
    assert many < 2.5 * few


def test_the_command_builds_where_it_is_told_and_says_what_it_did(desk: Desk, tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{desk.folder / 'spywire.db'}")
    add(database, edition())
    database.close()
    done = desk.run("site", "build", str(tmp_path / "www"), "--json")
    assert done.json == {
        "folder": str(tmp_path / "www"), "editions": 1, "stories": 0, "files": 4, "written": 4, "removed": 0,
        "bytes": sum((tmp_path / "www" / name).stat().st_size
                     for name in ("index.html", "stories.atom", "editions.atom", "editions/cert/1.html")),
    }  # fmt: skip
    assert done.err == ""


def test_the_command_says_what_is_missing(tmp_path: Path) -> None:
    nowhere = CliRunner().invoke(app, ["--home", str(tmp_path), "site", "build"])
    assert "put the folder into [site] folder" in str(nowhere.exception)
    nothing = CliRunner().invoke(app, ["--home", str(tmp_path), "site", "build", str(tmp_path / "www")])
    assert "nothing was ever stored here: run `spywire crawl` first" in str(nothing.exception)
    assert not (tmp_path / "www").exists()
