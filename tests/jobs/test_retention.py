"""`spywire retain`: by the command itself, on a home with sources of their own terms."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import TYPE_CHECKING

import pytest

from crawler.sources import Source
from jobs.excerpts import bounded
from jobs.exits import ConfigError
from jobs.retention import Agreed, Records, Retained, check_leap, contracts, retain
from jobs.settings import Retention as Terms
from jobs.spans import kept
from storage.archive import Archive
from storage.database import Database
from storage.polls import Polls
from storage.records import (
    FOREVER,
    Article,
    Claim,
    Decision,
    Evidence,
    Findings,
    Hedge,
    Judged,
    Link,
    LinkState,
    Poll,
    PollState,
    Settled,
    StoredArticle,
    Verdict,
)
from storage.runs import Runs
from tests.web import rss, story

if TYPE_CHECKING:
    from pathlib import Path

    from tests.newsdesk import Desk
    from tests.web import Site

GARDEN = "The roses are out early this year, and the gate of the garden stands open until the evening bell. " * 5
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
YEAR_AGO = NOW - timedelta(days=365)
HALF = "SELECT count(*) FROM articles WHERE (text = '') != (purged_at IS NOT NULL)"
PURGED = "SELECT count(*) FROM articles WHERE purged_at IS NOT NULL"
INDEXED = "SELECT count(*) FROM search WHERE search MATCH 'body : roses'"


def stocked(folder: Path, count: int, *, source: str = "wire") -> Database:
    """A database with this many articles of a year ago, all rejected."""
    folder.mkdir(exist_ok=True)
    database = Database.open(f"sqlite:///{folder / 'spywire.db'}")
    run = Runs(database).start("crawl", version="0", at=YEAR_AGO)
    links = tuple(Link(key=f"example.org/{n}", url=f"https://example.org/{n}", source=source) for n in range(count))
    poll = Poll(source=source, url="https://example.org/feed", at=YEAR_AGO, state=PollState.OK, links=links)
    Polls(database).record(poll, run=run)
    for link in links:
        article = Article(url=link.url, title=link.key, text=f"{GARDEN} {link.key}", outlet="Wire")
        verdict = Verdict(
            decision=Decision.REJECT, score=0.0, threshold=0.6, reject_below=0.1, model="m", why="no espionage"
        )
        outcome = Settled(key=link.key, state=LinkState.REJECTED, reason="", at=YEAR_AGO, http_status=200)
        Archive(database).add(Judged(key=link.key, article=article, verdict=verdict), outcome, run=run)
    return database


def retained(database: Database, *sources: Source, dry_run: bool = False) -> Retained:
    agreed = Agreed(contracts=contracts(sources, Terms()))
    return retain(database, lambda: agreed, Records.of(Terms()), clock=lambda: NOW, dry_run=dry_run)


def test_text_goes_by_the_terms_of_its_source_and_is_never_fetched_again(desk: Desk, site: Site) -> None:
    page = site.add("/roses", story("The garden opens on Sunday", GARDEN, GARDEN))
    site.add("/feed.xml", rss([("The garden opens on Sunday", page, YEAR_AGO)]), Content_Type="application/rss+xml")
    desk.configure(site)
    (desk.folder / "sources.toml").write_text(f'[garden]\nurl = "{site.url}/feed.xml"\nkeep_rejected = "0d"\n')
    assert desk.crawl().code == 0
    would = desk.run("retain", "--dry-run").out
    assert "would purge the text of 1 articles" in would
    done = desk.run("retain", "--json").json
    assert [(of["source"], of["class"], of["articles"]) for of in done["sources"]] == [("garden", "rejected", 1)]
    assert "text purged" in desk.run("why", page).out
    assert desk.crawl().code == 0
    assert site.paths().count("/roses") == 1


def test_a_clock_that_leapt_ahead_purges_nothing() -> None:
    check_leap(None, now=NOW)
    check_leap(NOW - timedelta(days=399), now=NOW)
    with pytest.raises(ConfigError, match=r"nothing is purged: the clock says .*; set the clock"):
        check_leap(NOW - timedelta(days=401), now=NOW)


def test_a_dry_run_says_what_would_go_and_changes_nothing(tmp_path: Path) -> None:
    with closing(stocked(tmp_path, 3)) as database:
        first = retained(database, dry_run=True)
        assert first == retained(database, dry_run=True)
        assert first.articles.total() == 3
        assert all(run.job != "retain" for run in Runs(database).recent(limit=9))


def test_a_source_that_keeps_longer_keeps_its_text(tmp_path: Path) -> None:
    wire = Source(name="wire", url="https://example.org/", keep_rejected=FOREVER)
    with closing(stocked(tmp_path, 3)) as database:
        assert retained(database, wire).articles.total() == 0
        assert retained(database).articles.total() == 3, "out of the catalogue, its terms are those of all"


def test_the_run_is_on_record(tmp_path: Path) -> None:
    with closing(stocked(tmp_path, 3)) as database:
        retained(database)
        run = Runs(database).recent(limit=1)[0]
    assert (run.job, run.exit_code, run.ended_at) == ("retain", 0, NOW)
    assert run.counts == {"articles.purged": 3, "polls.thinned": 0, "runs.thinned": 0}


def test_old_runs_keep_their_row_and_lose_their_counts_and_the_newest_1000_lose_nothing(tmp_path: Path) -> None:
    with closing(stocked(tmp_path, 1)) as database:
        runs, first = Runs(database), Runs(database).newest()["crawl"]
        for minute in range(1003):
            at = NOW - timedelta(500) + timedelta(minutes=minute)
            run = runs.start("crawl", version="0", at=at)
            failed = {"wire": {"state": "http-error"}}
            runs.end(run, at=at, exit_code=1, counts={"polls.ok": 7}, sources=failed, error="no answer")
        thinned = [retained(database, dry_run=dry).runs for dry in (True, False, False)]
        assert thinned == [3, 4, 1], "a run of its own is the newest, too"
        old, kept_whole = runs.named(first + 1), runs.named(first + 6)
    assert old is not None
    assert kept_whole is not None
    assert (old.counts, old.sources, old.error) == ({}, {}, "")
    assert (old.job, old.exit_code, old.ended_at) == ("crawl", 1, old.started_at)
    assert (kept_whole.counts, kept_whole.error) == ({"polls.ok": 7}, "no answer")


def test_runs_are_kept_whole_for_400_days(tmp_path: Path) -> None:
    with closing(stocked(tmp_path, 0)) as database:
        for _ in range(1002):
            run = Runs(database).start("crawl", version="0", at=NOW - timedelta(399))
            Runs(database).end(run, at=NOW, exit_code=0, counts={"polls.ok": 7})
        assert retained(database, dry_run=True).runs == 0


def test_without_a_catalogue_nothing_is_purged(desk: Desk) -> None:
    desk.configure()
    stocked(desk.folder, 1).close()
    result = desk.run("retain")
    assert result.code == 78
    assert "spywire init" in result.err


def test_a_kill_leaves_every_article_whole_or_purged_and_the_next_run_goes_on(desk: Desk) -> None:
    desk.configure()
    desk.sources(wire="https://example.org/")
    stocked(desk.folder, 500).close()
    with closing(sqlite3.connect(desk.folder / "spywire.db", timeout=20)) as database:
        with desk.started("retain") as process:
            until = monotonic() + 60
            while process.poll() is None and monotonic() < until and not database.execute(PURGED).fetchone()[0]:
                sleep(0.002)
            process.kill()
        assert database.execute(HALF).fetchone() == (0,)
        left = 500 - database.execute(PURGED).fetchone()[0]
        assert database.execute(INDEXED).fetchone() == (left,)
        assert desk.run("retain", "--json").json["articles"] == left
        assert database.execute(INDEXED).fetchone() == (0,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_an_excerpt_is_all_of_a_text_that_leaves_the_house(desk: Desk) -> None:
    desk.configure()
    stocked(desk.folder, 1).close()
    (desk.folder / "sources.toml").write_text('[wire]\nurl = "https://example.org/"\nexcerpt = 9\n')
    exported = desk.run("export", "--verdict", "all").out
    assert "The roses" in exported
    assert "The roses are" not in exported


def test_what_is_quoted_from_beyond_the_excerpt_is_left_out() -> None:
    claim = Claim(
        claimant=None, accused="A", accused_entity="a", hedge=Hedge.STATED, hedge_text=None, victim=None,
        victim_country=None, sector=None, quote="far", start=20, end=23,
    )  # fmt: skip
    evidence = (Evidence(text="near", weight=1, start=2, end=6), Evidence(text="far", weight=1, start=20, end=23))
    verdict = Verdict(
        decision=Decision.FLAG, score=1, threshold=0.6, reject_below=0.1, model="m", why="", evidence=evidence
    )
    article = Article(url="https://example.org/", title="T", text="near and much further far", summary="near and far")
    stored = StoredArticle(
        id=1, source="s", first_seen=YEAR_AGO, article=article, verdict=verdict, findings=Findings(claims=(claim,))
    )
    shown = bounded(stored, 4)
    assert shown.article == Article(url="https://example.org/", title="T", text="near")
    assert shown.verdict.evidence == evidence[:1]
    assert [claim.quote for claim in shown.findings.claims] == [""]


@pytest.mark.parametrize(
    ("written", "span"), [("30d", timedelta(30)), ("2y", timedelta(730)), ("8w", timedelta(56)), ("forever", FOREVER)]
)
def test_spans_are_read_as_written(written: str, span: timedelta) -> None:
    assert kept(written) == span


@pytest.mark.parametrize("written", ["", "30", "1h", "-3d", "for ever", "1.5y", 30, None])
def test_what_is_no_span_is_a_mistake(written: object) -> None:
    with pytest.raises(ValueError, match="forever"):
        kept(written)


def test_a_mistaken_contract_is_named_with_its_key_and_spares_its_source(desk: Desk) -> None:
    stocked(desk.folder, 3).close()
    (desk.folder / "sources.toml").write_text('[wire]\nurl = "https://example.org/"\nkeep_flagged = "2 years"\n')
    result = desk.run("retain", "--json")
    assert (result.code, result.json["articles"]) == (1, 0)
    assert "keep_flagged" in result.err
    assert '"30d"' in result.err
