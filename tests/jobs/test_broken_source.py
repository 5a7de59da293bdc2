"""One source that is written wrongly, or cannot be crawled here: it is named, spared, and stops nobody else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from crawler.sources import SourceKind
from jobs.catalogue import guarded_sources, pollable_sources
from jobs.exits import ConfigError, Exit
from jobs.home import Home
from jobs.log import secrets_of
from jobs.retention import Records, agreed, retain
from jobs.schedule.children import arguments
from jobs.schedule.configured import Configuring
from jobs.schedule.plan import Job
from jobs.settings import Backup, Settings, Storage
from jobs.settings import Retention as Terms
from storage.records import FOREVER
from storage.runs import Runs
from tests.jobs.digest_archive import SEVEN, newsroom, text_of
from tests.jobs.test_digest_send import NIGHT
from tests.jobs.test_retention import NOW, PURGED, stocked
from tests.web import rss

if TYPE_CHECKING:
    from pathlib import Path

    from tests.newsdesk import Desk
    from tests.web import Site

WIRE = '[wire]\nurl = "https://wire.example/"\n'
BROKEN = '[broken]\nurll = "https://broken.example/"\ntags = ["allies"]\n'
TAGGED = '[profile.daily]\nchannels = []\ntags = ["allies"]\n'


def test_a_digest_is_made_of_the_sources_that_are_well_and_names_the_other_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    room = newsroom(tmp_path / "home", sources=WIRE + BROKEN)
    with closing(room.database):
        room.report(1, at=NIGHT)
        posted = room.send(SEVEN)
        assert (len(posted.made), posted.exit) == (1, Exit.PARTIAL)
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "sources.toml:4: unknown key urll in [broken]" in said
        (edition,) = room.editions()
        assert [note.source for note in edition.coverage.failed] == ["broken"], "and whoever reads it is told"
        (run,) = Runs(room.database).recent(limit=1)
        assert (run.job, run.exit_code, run.sources["broken"]["state"]) == ("digest", 1, "broken")
        assert room.send(SEVEN).exit is Exit.OK, "where nothing is made nothing is missed"
        assert capsys.readouterr().err == ""


def test_nothing_is_quoted_of_a_source_whose_terms_cannot_be_read(tmp_path: Path) -> None:
    room = newsroom(tmp_path / "home", TAGGED, sources=WIRE + BROKEN)
    with closing(room.database):
        room.report(1, at=NIGHT, source="broken")
        (stored,) = room.send(SEVEN).made
    assert "Report 1 about APT29" in str(stored.body), "its tags are believed"
    assert text_of(1, "APT29")[40:] not in str(stored.body)


def test_retention_spares_the_texts_of_a_source_that_it_cannot_read(desk: Desk) -> None:
    stocked(desk.folder, 3, source="broken").close()
    (desk.folder / "sources.toml").write_text(WIRE + BROKEN)
    result = desk.run("retain")
    assert (result.code, result.out, result.err.count("\n")) == (1, "", 1)
    assert "unknown key urll in [broken]" in result.err
    assert "the text of its articles is spared" in result.err
    with closing(sqlite3.connect(desk.folder / "spywire.db")) as connection:
        assert connection.execute(PURGED).fetchone() == (0,)
        assert connection.execute("SELECT job, exit_code FROM runs ORDER BY id DESC").fetchone() == ("retain", 1)
    (desk.folder / "sources.toml").write_text(WIRE)
    assert desk.run("retain").code == 0
    with closing(sqlite3.connect(desk.folder / "spywire.db")) as connection:
        assert connection.execute(PURGED).fetchone() == (3,), "out of the catalogue, it has the terms of all"


def test_no_job_is_started_again_and_again_because_of_it(desk: Desk, site: Site) -> None:
    desk.configure(site)
    wire = f'[wire]\nurl = "{site.add("/feed.xml", rss([]), Content_Type="application/xml")}"\n'
    (desk.folder / "sources.toml").write_text(wire + BROKEN)
    first = desk.run("schedule", "--once")
    assert (first.code, first.out, first.err.count("unknown key urll in [broken]")) == (1, "", 2)
    second = desk.run("schedule", "--once")
    assert (second.code, second.out, second.err) == (0, "", "")
    codes = [(run["job"], run["exit_code"]) for run in desk.run("runs", "list", "--json").json]
    assert sorted(codes) == [("crawl", 1), ("health", 0), ("retain", 1)]


def test_what_is_sound_is_purged_beside_it(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(WIRE + BROKEN)
    with closing(stocked(tmp_path, 3)) as database:
        terms = Terms()
        done = retain(
            database,
            lambda: agreed(tmp_path / "sources.toml", terms),
            Records.of(terms),
            clock=lambda: NOW,
            dry_run=False,
        )
    assert (done.articles.total(), done.exit, list(done.broken)) == (3, Exit.PARTIAL, ["broken"])


@pytest.mark.parametrize("text", [None, "", "# nothing yet\n", "[wire\n"])
def test_without_a_catalogue_nothing_is_purged_and_that_is_on_record(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "sources.toml").write_text(text)
    with closing(stocked(tmp_path, 1)) as database:
        with pytest.raises(ConfigError, match=r"sources\.toml"):
            retain(
                database,
                lambda: agreed(tmp_path / "sources.toml", Terms()),
                Records.of(Terms()),
                clock=lambda: NOW,
                dry_run=False,
            )
        history = Runs(database).histories()["retain"]
    assert (history.exit_code, history.failures, history.done_at) == (78, 1, None), "so it is left alone for a while"


@pytest.mark.parametrize("table", ["urll = 1", 'url = "x"', 'kind = "archive"\nurl = 1', 'tags = "one"', "tags = [1]"])
def test_a_stand_in_has_the_strictest_terms(tmp_path: Path, table: str) -> None:
    (tmp_path / "sources.toml").write_text(f"stray = 1\n{WIRE}[odd]\n{table}\n")
    sources, broken = guarded_sources(tmp_path / "sources.toml")
    assert [source.name for source in sources] == ["wire", "stray", "odd"]
    assert set(broken) == {"stray", "odd"}
    for source in sources[1:]:
        assert (source.keep_flagged, source.keep_rejected, source.excerpt) == (FOREVER, FOREVER, 0)
        assert all(isinstance(tag, str) for tag in source.tags)


def test_a_source_that_needs_a_browser_where_there_is_none_is_not_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.catalogue.find_spec", lambda _: None)
    home = Home(config=tmp_path, data=tmp_path, state=tmp_path)
    app = '[app]\nurl = "https://app.example/"\nrender = true\n'
    home.sources_file.write_text(WIRE + app)
    configured = Configuring(home, {}).read()
    assert {source.name for source in configured.sources} == {"wire"}, "or it were looked at again and again"
    assert "needs the extra `render`" in configured.broken["app"]
    assert agreed(home.sources_file, Terms()).broken == {}, "what was agreed with it can be read"
    home.sources_file.write_text(app)
    with pytest.raises(ConfigError, match="needs the extra `render`"):
        Configuring(home, {}, steadfast=False).read()
    assert pollable_sources(tmp_path / "nowhere.toml") == ((), {})


def test_a_broken_archive_stays_one_by_its_address(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text('[old]\nurl = "file:///srv/news.warc.gz"\nkind = "archve"\n')
    sources, broken = guarded_sources(tmp_path / "sources.toml")
    assert [source.kind for source in sources] == [SourceKind.ARCHIVE]
    assert list(broken) == ["old"]


def test_a_folder_that_nobody_knows_stops_only_the_backup(tmp_path: Path) -> None:
    home = Home(config=tmp_path, data=tmp_path, state=tmp_path)
    settings = Settings(backup=Backup(folder="~nosuchuser/b"))
    assert "crawl" in arguments(Job.CRAWL, home, settings, seconds=600)
    with pytest.raises(ConfigError, match="nobody knows where ~nosuchuser/b is"):
        arguments(Job.BACKUP, home, settings, seconds=600)


def test_secrets_of_a_database_are_known_wherever_they_stand() -> None:
    settings = Settings(storage=Storage(url="postgresql://u:one@h/db?password=two&sslpassword=three"))
    assert {"one", "two", "three"} <= set(secrets_of(settings))
