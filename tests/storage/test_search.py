"""What a search finds, the same on every engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.archive import Archive
from storage.errors import QueryError
from storage.polls import Polls
from storage.queries import as_fts5, as_tsquery, parse
from storage.records import (
    Article,
    Claim,
    Decision,
    EntityKind,
    Findings,
    Hedge,
    Judged,
    Link,
    LinkState,
    Mention,
    Poll,
    PollState,
    Settled,
    Verdict,
)
from storage.runs import Runs
from storage.search import CANDIDATES, Narrowed, Search
from storage.tokens import tokens

if TYPE_CHECKING:
    from storage.database import Database

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ANY = Narrowed()
FINDINGS = Findings(
    mentions=(Mention(kind=EntityKind.ACTOR, name="APT41", entity="apt41", text="Winnti", start=0, end=6),),
    claims=(
        Claim(
            claimant="the agency",
            accused="APT41",
            accused_entity="apt41",
            hedge=Hedge.STATED,
            hedge_text=None,
            victim="the ministry",
            victim_country="NO",
            sector=None,
            quote="the agency said APT41 was in the ministry",
            start=0,
            end=10,
        ),
    ),
)


class Shelf:
    """An archive that is filled a story at a time."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.archive = Archive(database)
        self.run = Runs(database).start("crawl", version="1", at=NOON)
        self.count = 0

    def add(
        self,
        title: str,
        text: str = "",
        *,
        decision: Decision = Decision.FLAG,
        at: datetime = NOON,
        source: str = "wire",
        language: str = "en",
        findings: Findings | None = None,
    ) -> None:
        self.count += 1
        url = f"https://example.org/{self.count}"
        link = Link(key=url, url=url, source=source, title=title)
        poll = Poll(source=source, url="https://example.org/feed", at=at, state=PollState.OK, links=(link,))
        Polls(self.database).record(poll, run=self.run)
        judged = Judged(
            key=url,
            article=Article(url=url, title=title, text=text or f"{title} {self.count}", language=language),
            verdict=Verdict(decision=decision, score=0.9, threshold=0.6, reject_below=0.1, model="m1", why="because"),
            findings=findings or Findings(),
        )
        outcome = Settled(key=url, state=LinkState.FLAGGED, reason="", at=at, http_status=200)
        self.archive.add(judged, outcome, run=self.run)

    def titles(self, query: str, narrowed: Narrowed = ANY, *, limit: int = 20) -> list[str]:
        hits = Search(self.database).find(parse(query), narrowed, limit=limit)
        return [stored.article.title for stored in hits.articles]


@pytest.fixture
def shelf(database: Database) -> Shelf:
    return Shelf(database)


def test_words_phrases_prefixes_and_their_combinations_find_what_they_say(shelf: Shelf) -> None:
    shelf.add("Spies read a ministry's mail", "State-backed hackers stayed for a year.")
    shelf.add("Ransomware gang hits a bakery", "The hackers wanted money, not state secrets.")
    assert shelf.titles("hackers") == ["Ransomware gang hits a bakery", "Spies read a ministry's mail"]
    assert shelf.titles("hackers ministry") == ["Spies read a ministry's mail"]
    assert shelf.titles('"state-backed hackers"') == ["Spies read a ministry's mail"]
    assert shelf.titles('"hackers state"') == []
    assert shelf.titles("hackers NOT money") == ["Spies read a ministry's mail"]
    assert shelf.titles("hackers -money") == ["Spies read a ministry's mail"]
    assert shelf.titles("ministr* OR baker*") == ["Ransomware gang hits a bakery", "Spies read a ministry's mail"]
    assert shelf.titles("(bakery OR ministry) AND year") == ["Spies read a ministry's mail"]
    assert shelf.titles("title:hackers") == []
    assert shelf.titles("title:spies") == ["Spies read a ministry's mail"]


def test_places_count_in_phrases_and_titles_wherever_they_stand_in_a_query(shelf: Shelf) -> None:
    shelf.add("Mail was read", "The ministry was told by spies of their own.", at=NOON - 3 * DAY)
    shelf.add("Told by spies", "Somebody read the mail that was for a ministry.")
    assert shelf.titles('"told by spies"') == ["Told by spies", "Mail was read"]
    assert shelf.titles('title:"told by spies"') == ["Told by spies"]
    assert shelf.titles('"mail that" OR "ministry was"') == ["Told by spies", "Mail was read"]
    assert shelf.titles('mail NOT "ministry was told"') == ["Told by spies"]
    assert shelf.titles("mail NOT (spies title:told)") == ["Mail was read"]
    assert shelf.titles('read -"was mail"') == ["Mail was read", "Told by spies"]
    assert shelf.titles('"by spies"', Narrowed(since=NOON - DAY)) == ["Told by spies"]
    assert shelf.titles('"spies by"') == []


def test_case_accents_and_width_do_not_matter(shelf: Shelf) -> None:
    shelf.add("L'espionnage à l'Élysée")
    shelf.add("Шпионаж в министерстве: Ёлкин")
    shelf.add("ＡＰＴ４１ returns")
    assert shelf.titles("elysee") == ["L'espionnage à l'Élysée"]
    assert shelf.titles("ШПИОНАЖ елкин") == ["Шпионаж в министерстве: Ёлкин"]
    assert shelf.titles("apt41") == ["ＡＰＴ４１ returns"]


def test_scripts_without_spaces_are_found_from_one_character_on(shelf: Shelf) -> None:
    shelf.add("黑客攻击外交部", language="zh")
    shelf.add("攻撃者は外務省に侵入した", language="ja")
    shelf.add("해커들이 외교부를 공격했다", language="ko")
    assert shelf.titles("黑客") == ["黑客攻击外交部"]
    assert shelf.titles("外交部") == ["黑客攻击外交部"]
    assert shelf.titles("外") == ["攻撃者は外務省に侵入した", "黑客攻击外交部"]
    assert shelf.titles("외교부") == ["해커들이 외교부를 공격했다"]
    assert shelf.titles("交外") == []


def test_hits_can_be_narrowed(shelf: Shelf) -> None:
    shelf.add("Spies one", source="wire", at=NOON - 40 * DAY)
    shelf.add("Spies two", source="the-record", language="fr", findings=FINDINGS)
    shelf.add("Spies three", decision=Decision.REJECT)
    assert shelf.titles("spies", Narrowed(verdicts=frozenset({Decision.FLAG}))) == ["Spies two", "Spies one"]
    assert shelf.titles("spies", Narrowed(verdicts=frozenset({Decision.REJECT}))) == ["Spies three"]
    assert shelf.titles("spies", Narrowed(source="the-record")) == ["Spies two"]
    assert shelf.titles("spies", Narrowed(language="fr")) == ["Spies two"]
    assert shelf.titles("spies", Narrowed(entities=frozenset({"apt41", "apt40"}))) == ["Spies two"]
    assert shelf.titles("spies", Narrowed(country="NO")) == ["Spies two"]
    assert shelf.titles("spies", Narrowed(since=NOON - DAY)) == ["Spies three", "Spies two"]
    assert shelf.titles("spies", Narrowed(since=NOON - 50 * DAY, until=NOON - DAY)) == ["Spies one"]


def test_a_title_counts_more_than_the_beginning_and_that_more_than_the_rest(shelf: Shelf) -> None:
    shelf.add("Nothing here", "Filler. " * 200 + "espionage")
    shelf.add("Nothing there", "espionage. " + "Filler. " * 200)
    shelf.add("Espionage in a title", "Filler. " * 200)
    shelf.add("Nothing at all", "Filler. " * 210 + "espionage")
    assert shelf.titles("espionage") == ["Espionage in a title", "Nothing there", "Nothing at all", "Nothing here"]


def test_a_new_verdict_moves_an_article_to_another_shelf(shelf: Shelf) -> None:
    shelf.add("Spies", decision=Decision.REJECT)
    (stored,) = Search(shelf.database).find(parse("spies"), ANY, limit=5).articles
    shelf.archive.rejudge(stored.id, replace(stored.verdict, decision=Decision.FLAG), at=NOON + DAY)
    assert shelf.titles("spies", Narrowed(verdicts=frozenset({Decision.FLAG}))) == ["Spies"]
    assert shelf.titles("spies", Narrowed(verdicts=frozenset({Decision.REJECT}))) == []


def test_more_hits_than_are_ranked_are_owned_up_to(shelf: Shelf) -> None:
    for number in range(CANDIDATES + 1):
        shelf.add(f"Spies {number}")
    hits = Search(shelf.database).find(parse("spies"), ANY, limit=3)
    assert hits.more
    assert [stored.article.title for stored in hits.articles] == [f"Spies {CANDIDATES - n}" for n in range(3)]


def test_a_megabyte_of_text_is_found_by_its_first_ten_thousand_words(shelf: Shelf) -> None:
    shelf.add("Long", "first " + "word " * 200_000 + "last")
    assert shelf.titles("first") == ["Long"]
    assert shelf.titles("last") == []


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("", "character 1: the query ends where a word should stand"),
        ("spies AND", "character 10: the query ends"),
        ("(spies", "character 1: this ( is never closed"),
        ("spies)", "character 6: this ) closes nothing"),
        ('"spies', "character 1: the quotation mark"),
        ("-spies", "character 1: say what to look for"),
        ("a OR NOT b", "character 6: say what to look for"),
        ("OR", "character 1: a word should stand before this OR"),
        ("a*", "character 1: write at least 2 letters before the *"),
        ("...", "character 1: '...' has no letter or digit"),
        ("x" * 2001, "a query may have 2000 characters"),
        ("(" * 21 + "a" + ")" * 21, "character 21: more than 20 parentheses"),
    ],
)
def test_a_query_that_cannot_be_understood_says_where(query: str, wrong: str) -> None:
    with pytest.raises(QueryError) as error:
        parse(query)
    assert str(error.value).startswith(wrong)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\"()*:-&|!<>'\\ {}^+ANDORTitle网")), max_size=60))
def test_whatever_is_typed_gives_hits_or_an_error_that_says_where(shelf: Shelf, typed: str) -> None:
    try:
        query = parse(typed)
    except QueryError:
        return
    shelf.titles(typed)
    assert as_fts5(query)
    assert as_tsquery(query)


@given(st.text(st.characters(max_codepoint=127)))
def test_plain_text_is_cut_the_same_among_other_letters(text: str) -> None:
    assert tokens(f"{text} é") == [*tokens(text), "e"]


@given(st.text())
def test_tokens_hold_nothing_but_letters_and_digits_and_are_their_own_tokens(text: str) -> None:
    for token in tokens(text):
        assert not set(token) & set("/'\"\\ :*&|!()<>-_")
        assert tokens(token)[:1] == [token]
