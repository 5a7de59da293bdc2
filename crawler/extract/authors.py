"""Bylines as a list of people."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from crawler.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.html import HtmlElement

_HOLDERS = ("a", "span", "div", "p", "address", "li", "strong", "em", "h3", "h4", "h5", "cite", "dd")

MAX_AUTHORS = 20
MAX_NAME = 60
MAX_WORDS = 6
MAX_BYLINE = 200
ENOUGH = 6  # elements of one kind

_LEAD = re.compile(
    r"^\W*(?:(?:(?:written|posted|published|reported|submitted|created|added|story|article|text|words|report|analysis|"
    r"von|par) )?by|von|vom|par|por|di|da|door|av|af|fra|tekijä|autor(?:en|es|a|e|i|zy|ka)?|auteurs?|autrice|authors?|"
    r"redaktion|quelle|source|przez|автор(?:ы|и)?|от|yazan|haber|penulis|oleh|reporter|著者|筆者|作者|文|撰文|翻訳者?|訳|記者|记者|글|기자)"
    r"(?:\s*[:：/|●]\s*|\s+)",
    re.IGNORECASE,
)
_BY_CAPITAL = re.compile(r"^\W*[Bb]y(?=[A-Z][a-z])")
_SPLIT = re.compile(
    r"\s*(?:[,;|/、，；·•\n\t]|(?<=\s)(?:and|und|et|y|e|och|og|en|with|mit|avec|con|и|i|ve|dan|та|και)(?=\s)|"
    r"(?<=\s)[&–—-](?=\s))\s*",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\S+@\S+|https?://\S+|www\.\S+|@\w+|\([^)]*\)|（[^）]*）|\[[^\]]*\]")
_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec|mai|juin|juil|août|okt|dez|ene|abr|ago|dic)[a-zé]*\.?"
)
_WHEN = re.compile(
    rf"(?:\b(?:on|at|am|le|el|den)\s+)?(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?(?:{_MONTH}\s*)?\d.*"
    r"|\b(?:updated|published|posted|last modified|aktualisiert|veröffentlicht|stand|publié|mis à jour|see full bio|"
    r"view (?:full )?(?:bio|profile)|read more|follow|more stories|special to|for the)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_ROLE = re.compile(
    r"\b(?:staff|writers?|editors?|editor-in-chief|reporters?|correspondents?|contributors?|columnists?|journalists?|"
    r"bureau|desk|team|chief|analyst|redakt\w*|korrespondent\w*|rédact\w*|journaliste|redacci[óo]n|redazione|redactie|"
    r"redakcj\w*|redacteur|редакц\w*|min|minutes?|ago|about|author|subscribe|photo\w*|getty|images|senior|director|"
    r"professor|phd|md|ceo|cto|guest|special|contributing|newsletter|bio|profile|comments?|share|email|twitter|facebook|"
    r"writing|report|news|online|editorial|all posts)\b",
    re.IGNORECASE,
)
_NOBODY = {
    "admin", "administrator", "webmaster", "author", "authors", "guest", "user", "unknown", "none", "null", "undefined",
    "editor", "editorial", "staff", "by", "anonymous", "root", "press", "home", "website", "web", "the", "jr", "phd",
    "powered", "see all", "agencies", "publisher", "blogger", "moderator", "contributor", "default", "nan", "n a",
    "see full bio", "mehr", "autor",
}  # fmt: skip
_HAN_TAIL = re.compile(r"(?:\s*(?:著|記者|记者|編集|监译|監訳|訳|기자|특파원|特派員|編輯|编辑|氏|さん))+$")
_PLACE = re.compile(r"\s+(?:in|à|aus)\s+[A-ZÀ-Þ][\w-]+(?:\s[A-ZÀ-Þ][\w-]+)?$")
_MARKS = re.compile(r"[\W_]+")

_PERSON = r"(?:author|autor|auteur|writer|reporter|journalist|contributor)"
_BY_NAME = re.compile(rf"(?:^|[\s_-]){_PERSON}s?[-_]{{0,2}}(?:name|link)s?(?:$|[\s_-])", re.IGNORECASE)
_BY_BLOCK = re.compile(
    rf"(?:^|[\s_-])(?:by-?lines?|byl|{_PERSON}(?:s|en|es)?|signature|writtenby|posted-by|zuozhe|vcard)(?:$|[\s_-])",
    re.IGNORECASE,
)
_PROFILE = re.compile(
    r"/(?:authors?|autor(?:en|es|a)?|auteurs?|people|profiles?|staff|writers?|journalists?|contributors?|by|signataires|"
    r"reporters?|columnists?|editors|team|user|users|bloggers?)/[^/?#]+",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OPENING = re.compile(r"\s*(?:by|von|par|por|door|av|af|di|oleh)(?=[\sA-Z]|$)", re.IGNORECASE)
_OPENS = re.compile(
    r"(?:By|BY|Von|VON|Par|PAR|Por|POR|Door|Av|Af|Di|Oleh)\s*[A-ZÀ-Þ][\w.'’-]+(?:\s(?:[a-z]{1,3}\s)?[A-ZÀ-Þ][\w.'’-]*){1,3}"
    r"(?:$|\s*[,|•·–-]|\s(?:and|und|et|y|e|on|in|am|le|el)\s|\s*\d)"
)
_ELSEWHERE = re.compile(r"comment|related|recommend|teaser|sidebar|promo|popular|trending|most-?read", re.IGNORECASE)


def people(claims: Iterable[str], outlets: frozenset[str] = frozenset(), *, roles: bool = False) -> tuple[str, ...]:
    """The persons that bylines name, each once, in order. Outlets, addresses and placeholders are nobody.

    Roles such as "staff writer" are nobody either, unless `roles` says that each claim opens with a name.
    """
    names: dict[str, str] = {}
    for claim in claims:
        for at, part in enumerate(_SPLIT.split(_ADDRESS.sub(", ", claim[:1000]))):
            name = _name(part, roles=roles and at == 0)
            if name and (key := _MARKS.sub("", name).casefold()) not in outlets:
                names.setdefault(key, name)
    return tuple(names.values())[:MAX_AUTHORS]


class _Kind(IntEnum):
    """How a page shows a byline, the surest first."""

    RELATION = 0  # rel or itemprop says author
    NAME = 1  # the element is called author-name or the like
    BLOCK = 2  # byline, author
    PROFILE = 3  # a link to /author/somebody
    WORDING = 4  # it reads "By Somebody"


def bylines(tree: HtmlElement) -> Iterator[list[str]]:
    """What a page shows as bylines, kind by kind, the surest first."""
    found: dict[_Kind, list[str]] = {kind: [] for kind in _Kind}
    near: set[HtmlElement] = set()
    for element in tree.iter(*_HOLDERS):
        kind = _kind(element)
        if kind is None or len(found[kind]) >= ENOUGH:
            continue
        group = {element, *islice(element.iterancestors(), 1)}
        if found[kind] and near.isdisjoint(group):
            continue  # the first group is the byline, later ones belong to other stories
        line = clean_line(" ".join(element.itertext()), limit=MAX_BYLINE + 1)
        if 0 < len(line) <= MAX_BYLINE and (kind != _Kind.WORDING or _OPENS.match(line)) and not _is_elsewhere(element):
            found[kind].append(line)
            near |= group
    yield from filter(None, found.values())


def signatures(claims: Iterable[str]) -> tuple[str, ...]:
    """Whoever signs, person or desk: what is left when `people` finds nobody."""
    names = (clean_line(_ADDRESS.sub(" ", claim), limit=MAX_NAME + 1).strip(" ,;|") for claim in claims)
    return tuple(dict.fromkeys(name for name in names if 1 < len(name) <= MAX_NAME and name.casefold() not in _NOBODY))


def _is_elsewhere(element: HtmlElement) -> bool:
    """The element belongs to a comment, to another story or to the frame of the page."""
    return any(
        above.tag in {"aside", "footer", "nav"}
        or _ELSEWHERE.search(f"{above.get('class') or ''} {above.get('id') or ''}")
        for above in element.iterancestors("div", "section", "ul", "ol", "li", "article", "aside", "footer", "nav")
    )


def _kind(element: HtmlElement) -> _Kind | None:
    if "author" in (element.get("rel") or "") or "author" in (element.get("itemprop") or ""):
        return _Kind.RELATION
    name = f"{element.get('class') or ''} {element.get('id') or ''}"
    if name != " " and (named := _named(name)) is not None:
        return named
    if element.tag == "a":
        return _Kind.PROFILE if _PROFILE.search(element.get("href") or "") else None
    return _Kind.WORDING if element.text and _OPENING.match(element.text) else None


@lru_cache(maxsize=4096)  # a site repeats its class names on every page
def _named(name: str) -> _Kind | None:
    dashed = _CAMEL.sub("-", name)
    if _BY_NAME.search(dashed):
        return _Kind.NAME
    return _Kind.BLOCK if _BY_BLOCK.search(dashed) else None


def _name(part: str, *, roles: bool) -> str | None:
    lead = _BY_CAPITAL.sub("", _WHEN.sub("", part.strip()))
    name = clean_line(_LEAD.sub("", _LEAD.sub("", lead)), limit=MAX_NAME + 1)
    name = _PLACE.sub("", name)
    name = _HAN_TAIL.sub("", name.strip(" .:-–—*\"'“”[]《》●"))
    if not 1 < len(name) <= MAX_NAME or name.casefold() in _NOBODY or not any(map(str.isalpha, name)):
        return None
    return None if (not roles and _ROLE.search(name)) or len(name.split()) > MAX_WORDS else name
