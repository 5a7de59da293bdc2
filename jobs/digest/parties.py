"""Who is said to have done it, to whom, and who says so: drawn from what was recognised in a story's articles.

Nothing is concluded here. Each name stands in some article, and an attribution is one outlet's or one claimant's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.digest.edition import Attribution
from jobs.digest.named import country_name
from jobs.digest.plain import short
from jobs.stories.origins import outlet
from storage.records import EntityKind, Hedge, Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from storage.records import Claim, Mention, StoredArticle

MOST_ACTORS, MOST_VICTIMS, MOST_ATTRIBUTIONS = 4, 4, 4
_NAME, _WORDS = 80, 60  # columns
_SURENESS = tuple(Hedge)  # from stated to alleged; what is denied comes last
_SUFFERERS = {EntityKind.ORGANISATION, EntityKind.COMPANY, EntityKind.AGENCY, EntityKind.PERSON}

_Said = tuple["StoredArticle", "Claim"]


def actors(articles: Sequence[StoredArticle]) -> tuple[str, ...]:
    """Who is said to have done it, each once: the surest claims first, then whoever is shown as an attacker."""
    names = _usual_names(articles)
    found: dict[str, str] = {}
    for _, claim in sorted(_claims(articles), key=_sureness):
        if claim.hedge is not Hedge.DENIED:
            found.setdefault(_accused(claim), names.get(claim.accused_entity, claim.accused))
    for mention in _mentions(articles, Role.ATTACKER):
        if mention.kind is EntityKind.ACTOR:
            found.setdefault(mention.entity or mention.text.casefold(), mention.name)
    return _short(found.values())[:MOST_ACTORS]


def victims(articles: Sequence[StoredArticle]) -> tuple[str, ...]:
    """To whom it is said to have been done, each once, with its country where that is told."""
    found: dict[str, str] = {}
    for _, claim in sorted(_claims(articles), key=_sureness):
        if claim.hedge is Hedge.DENIED or not (claim.victim or claim.victim_country):
            continue
        name = claim.victim or country_name(claim.victim_country or "")
        beside = f" ({claim.victim_country})" if claim.victim and claim.victim_country else ""
        found.setdefault(name.casefold(), name + beside)
    for mention in _mentions(articles, Role.VICTIM):
        if mention.kind in _SUFFERERS and not any(mention.text.casefold() in told for told in found):
            found.setdefault(mention.name.casefold(), mention.name)
    return _short(found.values())[:MOST_VICTIMS]


def attributions(articles: Sequence[StoredArticle]) -> tuple[Attribution, ...]:
    """Who says that who did it, each claimant's surest word about each accused, the surest first."""
    names = _usual_names(articles)
    best: dict[tuple[str, str], _Said] = {}
    for said in sorted(_claims(articles), key=_sureness):
        stored, claim = said
        by = claim.claimant.casefold() if claim.claimant else f"@{outlet(stored)}"
        best.setdefault((_accused(claim), by), said)
    return tuple(
        Attribution(
            claimant=short(claim.claimant or "", _NAME),
            accused=short(names.get(claim.accused_entity, claim.accused), _NAME),
            hedge=str(claim.hedge),
            words=short(claim.hedge_text or "", _WORDS),
            outlet=short(outlet(stored), _WORDS),
        )
        for stored, claim in list(best.values())[:MOST_ATTRIBUTIONS]
    )


def _claims(articles: Iterable[StoredArticle]) -> Iterator[_Said]:
    return ((stored, claim) for stored in articles for claim in stored.findings.claims)


def _mentions(articles: Iterable[StoredArticle], role: Role) -> Iterator[Mention]:
    return (mention for stored in articles for mention in stored.findings.mentions if mention.role is role)


def _sureness(said: _Said) -> int:
    return _SURENESS.index(said[1].hedge)


def _accused(claim: Claim) -> str:
    return claim.accused_entity or claim.accused.casefold()


def _usual_names(articles: Iterable[StoredArticle]) -> dict[str, str]:
    """What groups and offices are usually called; a state's hackers are told as they were printed."""
    return {
        mention.entity: mention.name
        for stored in articles
        for mention in stored.findings.mentions
        if mention.entity and mention.kind is not EntityKind.STATE
    }


def _short(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (short(name, _NAME) for name in names))))
