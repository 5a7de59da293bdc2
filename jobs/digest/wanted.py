"""What a profile asks for, and whether an article or a story is that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.digest.named import slug
from jobs.exits import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawler.sources import Source
    from jobs.digest.named import Named
    from jobs.settings import Profile
    from storage.records import StoredArticle


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Articles by language and source, stories by what they name and how sure the gate is. Empty means any."""

    actors: frozenset[str] = frozenset()  # ids, of every kind of entity
    countries: frozenset[str] = frozenset()
    sectors: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    sources: frozenset[str] | None = None  # by name; None means any
    threshold: float = 0.0

    def article(self, source: str, language: str | None) -> bool:
        """Whether an article from this source in this language is wanted."""
        spoken = not self.languages or (language or "").partition("-")[0].lower() in self.languages
        return spoken and (self.sources is None or source in self.sources)

    def those(self, articles: Iterable[StoredArticle]) -> list[StoredArticle]:
        """The articles that are wanted."""
        return [stored for stored in articles if self.article(stored.source, stored.article.language)]

    def story(self, of: Named, score: float | None) -> bool:
        """Whether a story that names these, with this score at best, is wanted. One without a score is not below."""
        return (
            (score is None or score >= self.threshold)
            and _one_of(self.actors, of.entities)
            and _one_of(self.countries, of.countries)
            and _one_of(self.sectors, of.sectors)
        )


ANYTHING = Wanted()


def wanted(profile: Profile, name: str, sources: Iterable[Source]) -> Wanted:
    """What a profile asks for. Raises `ConfigError` for what nothing can have: an actor, a country, a sector, a tag."""
    return Wanted(
        actors=_actors(profile, name),
        countries=_countries(profile, name),
        sectors=_sectors(profile, name),
        languages=frozenset(profile.languages),
        sources=_sources(profile, name, sources),
        threshold=profile.threshold,
    )


def unheard_of(country: str) -> str | None:
    """Why no story is ever found to name a country, with the cure; None for one that some language has a word for."""
    from crawler.actors.vocabulary import country_codes

    if country in country_codes():
        return None
    there = ", ".join(sorted(country_codes()))
    return f"{country} is in no word list, so no story is ever found to name it; leave it out; there are {there}"


def _one_of(asked: frozenset[str], there: Iterable[str]) -> bool:
    return not asked or not asked.isdisjoint(there)


def _actors(profile: Profile, name: str) -> frozenset[str]:
    if not profile.actors:
        return frozenset()
    from crawler.actors import findings, resolve
    from crawler.actors.names import alike

    ids: set[str] = set()
    for actor in profile.actors:
        found = resolve(actor) or {each.entity for each in findings(title="", text=actor, language="en").mentions}
        if not found - {""}:
            like = alike(actor)
            cure = f"did you mean {' or '.join(like)}?" if like else "no name is written much like it; leave it out"
            raise ConfigError(f"[profile.{name}] actors: no actor is known as {actor!r}; {cure}")
        ids |= found - {""}
    return frozenset(ids)


def _countries(profile: Profile, name: str) -> frozenset[str]:
    for country in profile.countries:
        if said := unheard_of(country):
            raise ConfigError(f"[profile.{name}] countries: {said}")
    return frozenset(profile.countries)


def _sectors(profile: Profile, name: str) -> frozenset[str]:
    if not profile.sectors:
        return frozenset()
    from crawler.actors.vocabulary import sector_names

    known = {slug(sector) for sector in sector_names()}
    for sector in profile.sectors:
        if slug(sector) not in known:
            raise ConfigError(f"[profile.{name}] sectors: there is no {sector!r}; there are {', '.join(sorted(known))}")
    return frozenset(map(slug, profile.sectors))


def _sources(profile: Profile, name: str, sources: Iterable[Source]) -> frozenset[str] | None:
    if not profile.tags:
        return None
    asked, tags = set(profile.tags), {source.name: set(source.tags) for source in sources}
    there = set[str]().union(*tags.values())
    if missing := sorted(asked - there):
        said = f"there are {', '.join(sorted(there))}" if there else "none has any"
        raise ConfigError(f"[profile.{name}] tags: no source has the tag {missing[0]!r}; {said}")
    return frozenset(source for source, its in tags.items() if its & asked)
