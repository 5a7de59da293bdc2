"""Young articles are looked at again; what changed is told, and nothing that was good is overwritten."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.revisits import believed, change, missing
from crawler.urls import url_key
from storage.records import NO_FINDINGS, Article, Claim, Extent, Findings, Hedge, LinkState
from storage.revisions import LOOKS, next_look
from tests.web import rss, story

if TYPE_CHECKING:
    from tests.newsdesk import Desk
    from tests.web import Site

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TITLE = "Hackers linked to Russia's GRU spied on foreign ministry for months"
PARAGRAPHS = tuple(
    """\
The state-backed hacking group APT28 broke into the mail servers of the foreign ministry of Norway and stole \
diplomatic cables over several months, the national intelligence service said on Sunday.
The cyber-espionage campaign used spear-phishing mails with a new backdoor, and the attackers exfiltrated classified \
documents from the accounts of diplomats, according to the report of the security service.
Investigators found the malware on eleven machines. The ministry has told its staff to change all passwords and said \
that the embassy in Moscow had summoned nobody so far.""".split("\n")
)
MORE = "Late on Sunday the ministry of defence of Sweden confirmed that its own servers had been breached as well."
OLD = Article(url="https://example.org/1", title=TITLE, text="\n".join(PARAGRAPHS))
NOTHING = (NO_FINDINGS, NO_FINDINGS)
DUE = "UPDATE revisits SET next_at = '2020-01-01 00:00:00.000000'"  # what time does, done to the database


def told(new: Article) -> str | None:
    return change(OLD, new, found=NOTHING)


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=20)))
def test_the_next_look_is_the_first_step_that_lies_ahead(age: timedelta) -> None:
    found = next_look(NOON, at=NOON + age)
    assert found == min((NOON + step for step in LOOKS if step > age), default=None)


def test_spacing_case_and_stamps_are_no_change() -> None:
    again = "\n".join(["Updated: 22 November 2026, 14:05", *PARAGRAPHS]).replace(" the ", "  THE ")
    assert told(replace(OLD, text=again)) is None


def test_paragraphs_in_another_order_are_no_change() -> None:
    assert told(replace(OLD, text="\n".join(reversed(PARAGRAPHS)))) is None


def test_a_change_counts_its_words() -> None:
    assert told(replace(OLD, text=f"{OLD.text}\n{MORE}")) == f"text changed (+{len(MORE.split())} -0 words)"


def test_a_new_headline_is_a_change() -> None:
    assert told(replace(OLD, title="Ministry was spied on")) == "headline changed"


def claim(hedge: Hedge, victim: str | None = None) -> Claim:
    return Claim(
        claimant=None, accused="APT28", accused_entity="apt28", hedge=hedge, hedge_text=None, victim=victim,
        victim_country=None, sector=None, quote="", start=0, end=0,
    )  # fmt: skip


def test_what_was_recognised_says_what_the_change_means() -> None:
    before, after = Findings(claims=(claim(Hedge.SUSPECTED),)), Findings(claims=(claim(Hedge.STATED, "Norway"),))
    new = replace(OLD, text=f"{OLD.text}\n{MORE}")
    said = change(OLD, new, found=(before, after))
    assert said is not None
    assert said.startswith("attribution changed, victim named, text changed (+")


@pytest.mark.parametrize(
    "page",
    [
        replace(OLD, text="Please log in to go on reading. We value your privacy and our 900 partners do too."),
        replace(OLD, text=PARAGRAPHS[0], extent=Extent.SUMMARY),
        replace(OLD, paywalled=True),
    ],
)
def test_a_page_that_shows_no_more_than_a_wall_is_not_believed(page: Article) -> None:
    assert not believed(OLD, page)


@pytest.mark.parametrize(
    ("reason", "says_so"),
    [
        ("error: Page not found", True),
        ("error: 404", True),
        ("error: Seite nicht gefunden - Beispiel", True),
        ("error: Service unavailable", False),
        ("error: Just a moment", False),
        ("login: Page not found? Log in", False),
        ("listing: score 4", False),
    ],
)
def test_only_a_page_that_says_that_it_is_missing_is(reason: str, *, says_so: bool) -> None:
    assert missing(reason) is says_so


def publish(site: Site, *paragraphs: str, title: str = TITLE, etag: str = "") -> str:
    page = site.add("/spies", story(title, *paragraphs), ETag=etag)
    site.add("/feed.xml", rss([(title, page, datetime.now(UTC))]), Content_Type="application/rss+xml")
    return page


def again(desk: Desk) -> dict[str, int]:
    """Crawl when the article is due once more."""
    with closing(sqlite3.connect(desk.folder / "spywire.db")) as database:
        database.execute(DUE)
        database.commit()
    result = desk.crawl()
    assert result.code == 0, result.err
    return {name: count for name, count in result.json["counts"].items() if name.startswith("revisits")}


def opened(desk: Desk, site: Site) -> None:
    desk.configure(site)
    desk.sources(wire=f"{site.url}/feed.xml")
    result = desk.crawl()
    assert result.code == 0, result.err


def test_a_changed_article_becomes_a_revision_and_never_a_second_item(desk: Desk, site: Site) -> None:
    page = publish(site, *PARAGRAPHS, etag='"1"')
    opened(desk, site)
    assert desk.history(url_key(page)).state in {LinkState.FLAGGED, LinkState.HELD}
    publish(site, *PARAGRAPHS, MORE, title=f"{TITLE}, then on Sweden", etag='"2"')
    assert again(desk)["revisits.changed"] == 1
    why = desk.run("why", page, "--diff").out
    assert "updated" in why
    assert "{+" in why
    assert "Sweden" in why
    with closing(sqlite3.connect(desk.folder / "spywire.db")) as database:
        assert database.execute("SELECT count(*) FROM articles").fetchone() == (1,)
        assert database.execute("SELECT count(*) FROM verdicts WHERE superseded_at IS NULL").fetchone() == (1,)
        assert database.execute("SELECT count(*) FROM verdicts").fetchone() == (2,)
        assert database.execute("SELECT instr(text, 'Sweden') > 0 FROM articles").fetchone() == (1,)
        assert database.execute("SELECT instr(text, 'Sweden') FROM revisions").fetchone() == (0,)


def test_an_unchanged_page_costs_a_conditional_request_and_a_wall_overwrites_nothing(desk: Desk, site: Site) -> None:
    page = publish(site, *PARAGRAPHS, etag='"1"')
    opened(desk, site)
    assert again(desk) == {"revisits.requested": 1, "revisits.unchanged": 1}
    assert site.requests[-1][1]["if-none-match"] == '"1"'
    publish(site, "Please log in to go on reading. " * 9, "We value your privacy, and so do our partners. " * 9)
    assert "revisits.changed" not in again(desk)
    stored = desk.history(url_key(page)).stored
    assert stored is not None
    assert stored.article.text.startswith("The state-backed")


def test_a_story_tells_what_was_edited_and_what_was_removed(desk: Desk, site: Site) -> None:
    publish(site, *PARAGRAPHS)
    opened(desk, site)
    publish(site, *PARAGRAPHS, MORE)
    assert again(desk)["revisits.changed"] == 1
    site.add("/spies", story("Page not found", "Sorry, there is nothing here."))
    assert again(desk) == {"revisits.requested": 1, "revisits.gone": 1}
    assert again(desk) == {"revisits.requested": 1, "revisits.gone": 1}
    (public,) = (found["id"] for found in desk.run("story", "list", "--json").json)
    shown = desk.run("story", public).out
    assert "updated: " in shown
    assert "text changed (+" in shown
    assert "removed by its publisher (" in shown
    assert '"kind": "removed"' in desk.run("story", public, "--json").out


def test_an_article_that_moves_with_an_edit_stays_one_item(desk: Desk, site: Site) -> None:
    publish(site, *PARAGRAPHS)
    opened(desk, site)
    title = f"{TITLE}, then on Sweden"
    page = site.add("/spies-in-sweden", story(title, *PARAGRAPHS, MORE))
    site.add("/spies", status=301, Location=page)
    site.add("/feed.xml", rss([(title, page, datetime.now(UTC))]), Content_Type="application/rss+xml")
    assert again(desk)["revisits.requested"] == 1
    (found,) = desk.run("story", "list", "--json").json
    assert [(one["url"], one["title"]) for one in found["articles"]] == [(page, title)]
    assert desk.history(url_key(page)).state is LinkState.DUPLICATE
    assert "moved to another address" in desk.run("story", found["id"]).out


def test_a_page_that_is_gone_twice_is_marked_as_removed_and_kept(desk: Desk, site: Site) -> None:
    page = publish(site, *PARAGRAPHS)
    opened(desk, site)
    site.add("/spies", "gone", status=404)
    assert again(desk) == {"revisits.requested": 1, "revisits.gone": 1}
    assert "removed" not in desk.run("why", page).out
    assert again(desk) == {"revisits.requested": 1, "revisits.gone": 1}
    why = desk.run("why", page).out
    assert "its page is gone" in why
    assert "APT28" in desk.run("why", page, "--json").out
