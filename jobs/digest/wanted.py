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

    @property
    def every_article(self) -> bool:
        """Whether it asks for articles from any source in any language."""
        return self.sources is None and not self.languages

    def source(self, name: str) -> bool:
        """Whether articles from this source are wanted."""
        return self.sources is None or name in self.sources

    def article(self, source: str, language: str | None) -> bool:
        """Whether an article from this source in this language is wanted."""
        spoken = not self.languages or (language or "").partition("-")[0].lower() in self.languages
        return spoken and self.source(source)

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

# What `crawler.language` tells apart: an article is in one of these, or in none.
LANGUAGES = frozenset(
    "af am an ar as az ba be bg bn br bs ca cs cy da de dz el en eo es et eu fa fi fo fr fy ga gd gl gu ha he hi hr ht "
    "hu hy id ig is it ja jv ka kk km kn ko ku ky la lb lg ln lo lt lv mg mk ml mn mr ms mt my ne nl no oc om or pa pl "
    "ps pt qu ro ru rw sa se si sk sl sn so sq sr st sv sw ta te tg th tk tl tr tt ug uk ur uz vi vo wa xh yo zh "
    "zu".split()
)
# What is often written instead: a country's code, a code with three letters, a standard of Norwegian, a code of old.
MEANT = {
    "jp": "ja", "cn": "zh", "tw": "zh", "ua": "uk", "cz": "cs", "gr": "el", "dk": "da", "kr": "ko", "ir": "fa",
    "il": "he", "iw": "he", "nb": "no", "nn": "no", "gb": "en", "us": "en", "at": "de", "ee": "et",
    "ara": "ar", "ces": "cs", "cze": "cs", "dan": "da", "deu": "de", "ger": "de", "ell": "el", "gre": "el", "eng": "en",
    "spa": "es", "est": "et", "fas": "fa", "per": "fa", "fin": "fi", "fra": "fr", "fre": "fr", "heb": "he", "hin": "hi",
    "hun": "hu", "ind": "id", "ita": "it", "jpn": "ja", "kor": "ko", "lit": "lt", "lav": "lv", "nld": "nl", "dut": "nl",
    "nor": "no", "nob": "no", "nno": "no", "pol": "pl", "por": "pt", "ron": "ro", "rum": "ro", "rus": "ru", "swe": "sv",
    "tur": "tr", "ukr": "uk", "vie": "vi", "zho": "zh", "chi": "zh",
}  # fmt: skip


def wanted(profile: Profile, name: str, sources: Iterable[Source]) -> Wanted:
    """What a profile asks for.

    Raises `ConfigError` for what nothing can have: an actor, a country, a sector, a language, a tag.
    """
    return Wanted(
        actors=_actors(profile, name),
        countries=_countries(profile, name),
        sectors=_sectors(profile, name),
        languages=_languages(profile, name),
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


def _languages(profile: Profile, name: str) -> frozenset[str]:
    for language in profile.languages:
        if language not in LANGUAGES:
            meant = MEANT.get(language)
            cure = f"did you mean {meant}?" if meant else f"there are {', '.join(sorted(LANGUAGES))}"
            raise ConfigError(f"[profile.{name}] languages: no article is ever found to be in {language!r}; {cure}")
    return frozenset(profile.languages)


def _sources(profile: Profile, name: str, sources: Iterable[Source]) -> frozenset[str] | None:
    if not profile.tags:
        return None
    asked, tags = set(profile.tags), {source.name: set(source.tags) for source in sources}
    there = set[str]().union(*tags.values())
    if missing := sorted(asked - there):
        said = f"there are {', '.join(sorted(there))}" if there else "none has any"
        raise ConfigError(f"[profile.{name}] tags: no source has the tag {missing[0]!r}; {said}")
    return frozenset(source for source, its in tags.items() if its & asked)
