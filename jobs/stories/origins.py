"""How many independent reports stand behind a story: which article repeats which, and how that is known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.urls import host_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from storage.records import StoredArticle

CONTAINED = 0.7  # share of a text that stands in an earlier one
CREDITED = 4000  # code points in which a report credits another
_CREDIT = re.compile(
    r"(?:\bfirst (?:reported|published|broken) by|\b(?:was|were) first reported (?:by|in)|\bciting|\bas reported by|"
    r"\breported earlier by|\b(?:seen|obtained) by|"
    r"\bzuerst berichtete|\bunter berufung auf|\bselon|\brapporté par|\brévélé par|\bd'après|"
    r"\bsegún (?:informó|reveló|publicó)|\bcitando a|\bsecondo quanto (?:riportato|riferito) da|\bcitando|\bvolgens|"
    r"\bsegundo|\bconforme|\bjak (?:podał|podaje|poinformował)[aoy]?|\bсо ссылкой на|\bсообщает|\bсообщил[ао]?|"
    r"\bяк повідомля[єло]+|\bз посиланням на|据|援引|نقلا عن|بحسب)\s*(?:the |la |le |il |der |die |das |el )?",
    re.IGNORECASE,
)
_SHORTEST_NAME = 3


@dataclass(frozen=True, kw_only=True)
class Texts:
    """What is known of texts and who prints them."""

    families: Mapping[int, int]  # of articles: copies of one text
    shares: Mapping[tuple[int, int], tuple[float, float]]  # of an article's text in an earlier one's, and back
    houses: Mapping[str, str]  # of sources: publishers


def origin(stored: StoredArticle, before: Sequence[StoredArticle], texts: Texts) -> tuple[int, str]:
    """The article whose reporting this one repeats, and how that is known; itself when it reports on its own.

    `before` are the earlier articles of its story, oldest first. The first rule that holds decides.
    """
    for rule in (_same_text, _canonical, _same_agency, _contained, _same_house, _credited):
        for earlier in before:
            why = rule(stored, earlier, texts)
            if why:
                return earlier.id, why
    return stored.id, "reports on its own"


def outlet(stored: StoredArticle) -> str:
    """Who printed it: the outlet its page names, else the name of the source that led there."""
    return stored.article.outlet or stored.source


def _same_text(one: StoredArticle, earlier: StoredArticle, texts: Texts) -> str:
    same = texts.families.get(one.id, one.id) == texts.families.get(earlier.id, earlier.id)
    return f"the same text as at {outlet(earlier)}" if same else ""


def _canonical(one: StoredArticle, earlier: StoredArticle, _: Texts) -> str:
    claimed = one.article.canonical_url
    if claimed is None or host_of(claimed) == host_of(one.article.url):
        return ""
    same = _bare(claimed) == _bare(earlier.article.url)
    return f"its page names that of {outlet(earlier)} as the original" if same else ""


def _same_agency(one: StoredArticle, earlier: StoredArticle, _: Texts) -> str:
    agency, other = (stored.article.dateline and stored.article.dateline.agency for stored in (one, earlier))
    if agency and agency == other:
        return f"both carry {agency}"
    return f"carries {agency}" if agency and agency.casefold() == outlet(earlier).casefold() else ""


def _contained(one: StoredArticle, earlier: StoredArticle, texts: Texts) -> str:
    share, _ = texts.shares.get((one.id, earlier.id), (0.0, 0.0))
    return f"{share:.0%} of it stands at {outlet(earlier)}" if share >= CONTAINED else ""


def _same_house(one: StoredArticle, earlier: StoredArticle, texts: Texts) -> str:
    if outlet(one).casefold() == outlet(earlier).casefold() or one.source == earlier.source:
        return f"both by {outlet(earlier)}"
    house = texts.houses.get(one.source)
    return f"both of {house}" if house and house == texts.houses.get(earlier.source) else ""


def _credited(one: StoredArticle, earlier: StoredArticle, _: Texts) -> str:
    name = outlet(earlier)
    if len(name) < _SHORTEST_NAME:
        return ""
    text = one.article.text[:CREDITED]
    credited = any(text[match.end() :].casefold().startswith(name.casefold()) for match in _CREDIT.finditer(text))
    return f"credits {name}" if credited else ""


def _bare(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}{parts.path}".rstrip("/")
