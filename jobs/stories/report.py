"""What the grouping knows of an article: who, whom, where, how many, and which words are rare."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.actors import entities
from storage.records import EntityKind, Role
from storage.tokens import paired, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from storage.records import Mention, StoredArticle

LEAD = 900  # code points of the text that say what an article is about
BODY = 2500  # code points in which names are read
MANY_ACTORS = 5  # of them in one article: it tells of many events
_NUMBER = re.compile(r"(?<![\w.,])\d{1,3}(?:[.,\u00a0\u202f ]\d{3})+(?![\w])|(?<![\w.,])\d{2,9}(?![\w])")
_DIGIT = re.compile(r"\d")
_YEAR = re.compile(r"(?:19|20)\d\d")
_ROUNDUP = re.compile(
    r"round-?up|week in (?:review|security)|weekly (?:digest|recap|brief|threat|news|update)|in brief\b|news in short|"
    r"this week in|month in review|newsletter|top stories|wochenr[uü]ckblick|r[eé]sum[eé] de la semaine|"
    r"revue de presse|rassegna|la settimana|resumen semanal|weekoverzicht|resumo da semana|przegl[aą]d tygodnia|"
    r"итоги недели|дайджест|підсумки тижня|一周|周报|週報|今週の|주간|نشرة أسبوعية|حصاد الأسبوع",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Report:
    """An article as one telling of an event. Names are ids of `crawler.actors`."""

    id: int
    at: datetime  # first seen
    language: str
    family: int  # of texts that are copies of one another; its own id when nobody copied it
    actors: frozenset[str]  # groups that the article is about; of an ambiguous name all it may stand for
    accused: frozenset[str]  # states that are said to stand behind it
    homes: frozenset[str]  # states that its actors are said to work for
    victims: frozenset[str]  # countries
    names: frozenset[str]  # everybody else: malware, companies, agencies, organisations, persons
    places: frozenset[str]
    naming: frozenset[tuple[str, str]]  # actors and names, each with what it is called there
    numbers: frozenset[str]  # amounts; no years
    title: frozenset[str]
    words: frozenset[str]  # of title and lead
    marks: frozenset[str]  # all actors, accused, victims, names and numbers: what two reports may have in common
    roundup: bool


def report_of(stored: StoredArticle, family: int | None = None) -> Report:
    """What one article says, in short."""
    article = stored.article
    near = [mention for mention in stored.findings.mentions if mention.start < len(article.title) + BODY]
    title = frozenset(_words(article.title))
    actors, names, victims = (
        set(_actors(near)),
        {m.entity for m in near if m.entity and m.kind in _OTHERS},
        set(_victims(stored)),
    )
    accused = {m.entity for m in near if m.kind is EntityKind.STATE and m.role is Role.ATTACKER}
    numbers = set(_numbers(f"{article.title}\n{article.text[:BODY]}"))
    everywhere = {mention.entity for mention in stored.findings.mentions if mention.kind is EntityKind.ACTOR}
    return Report(
        id=stored.id,
        at=stored.first_seen,
        language=article.language or "",
        family=family or stored.id,
        actors=frozenset(actors),
        homes=frozenset(_homes(near)),
        accused=frozenset(accused),
        victims=frozenset(victims),
        names=frozenset(names),
        places=frozenset(_places(stored, near)),
        naming=frozenset([(m.entity, m.text) for m in near]),
        numbers=frozenset(numbers),
        title=title,
        words=title.union(_words(article.text[:LEAD])),
        marks=frozenset(actors | accused | victims | names | numbers),
        roundup=bool(_ROUNDUP.search(article.title)) or len(everywhere - {""}) >= MANY_ACTORS,
    )


_OTHERS = {
    EntityKind.MALWARE,
    EntityKind.COMPANY,
    EntityKind.AGENCY,
    EntityKind.ORGANISATION,
    EntityKind.PERSON,
}


def _actors(near: list[Mention]) -> Iterator[str]:
    for mention in near:
        if mention.kind is EntityKind.ACTOR:
            yield from mention.candidates or (mention.entity,)


def _homes(near: list[Mention]) -> Iterator[str]:
    for actor in _actors(near):
        known = entities().get(actor)
        if known is not None and known.country:
            yield known.country.lower()


def _victims(stored: StoredArticle) -> Iterator[str]:
    for claim in stored.findings.claims:
        if claim.victim_country:
            yield claim.victim_country.lower()
    for mention in stored.findings.mentions:
        if mention.kind is EntityKind.STATE and mention.role is Role.VICTIM and mention.entity:
            yield mention.entity


def _places(stored: StoredArticle, near: list[Mention]) -> Iterator[str]:
    yield from (mention.entity for mention in near if mention.kind is EntityKind.STATE and mention.entity)
    dateline = stored.article.dateline
    if dateline and dateline.place:
        yield dateline.place.casefold()


def _numbers(text: str) -> Iterator[str]:
    for match in _matches(text):
        if not _YEAR.fullmatch(match.group()):
            yield re.sub(r"\D", "", match.group())


def _matches(text: str) -> Iterator[re.Match[str]]:
    """What `_NUMBER` finds, looked for only where a digit stands."""
    digit = _DIGIT.search(text)
    while digit:
        match = _NUMBER.match(text, digit.start())
        if match:
            yield match
        digit = _DIGIT.search(text, match.end() if match else digit.end())


def _words(text: str) -> list[str]:
    return [token for token in tokens(text) if len(token) > 2 or paired(token)]  # noqa: PLR2004 - "of", "la", "в"
