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

_HOLDERS = (
    "a", "span", "div", "p", "address", "li", "strong", "em", "b", "i", "small", "h3", "h4", "h5", "h6", "cite", "dt",
    "dd", "button",
)  # fmt: skip

MAX_AUTHORS = 20
MAX_NAME = 60
MAX_WORDS = 6
MIN_KEY = 6  # letters of a name that others are compared with
MAX_BYLINE = 200
ENOUGH = 6  # elements of one kind
MAX_CLAIMS = 100
MAX_CANDIDATES = 500  # elements of a page that are looked at closely
MAX_PIECES = 12  # texts in one byline
MAX_TEXTS = 40
MAX_TEXT = 1_000
NAME_WORDS = range(2, 5)  # of a name that stands alone
MAX_STANDFIRST = 80  # code points; a longer paragraph is the text

_LEAD = re.compile(
    r"^\W*(?:(?:(?:this|the) (?:post|article|story|report) (?:was|is) )?"
    r"(?:(?:written|authored|posted|published|reported|submitted|created|added|story|article|text|words|report|analysis|"
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
    r"writing|report|news|online|editorial|all posts|head of|founder|manager|marketing|expert|specialist|fellow|"
    r"researcher|producer|consultant|president|officer|login|account|award)\b",
    re.IGNORECASE,
)
_NOBODY = {
    "admin", "administrator", "webmaster", "author", "authors", "guest", "user", "unknown", "none", "null", "undefined",
    "editor", "editorial", "staff", "by", "anonymous", "root", "press", "home", "website", "web", "the", "jr", "phd",
    "powered", "see all", "agencies", "publisher", "blogger", "moderator", "contributor", "default", "nan", "n a",
    "see full bio", "mehr", "autor", "written by", "written", "create account", "sign up", "sign in", "log in", "login",
    "member login", "read more", "more", "menu", "search", "contributors", "team", "created", "posted",
    "published", "updated",
}  # fmt: skip
_HAN_TAIL = re.compile(r"(?:\s*(?:著|記者|记者|編集|监译|監訳|訳|기자|특파원|特派員|編輯|编辑|氏|さん))+$")
_DATED = re.compile(r"\b(?:19|20)\d\d\b|\d:\d\d")
_CALLS = re.compile(r"(?:follow|subscribe|sign|log|read|share|see|view|more)\b", re.IGNORECASE)
_POSSESSIVE = re.compile(r"\w['’]s\s")
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
_BY = r"(?:(?:written|posted|reported|story|words|text|authored|article) by|by|von|par|por|door|av|af|di|oleh)"
_OPENING = re.compile(rf"\s*{_BY}(?=[\sA-Z]|$)", re.IGNORECASE)
_BY_AT_START = re.compile(rf"^\W*{_BY}\s+", re.IGNORECASE)
LABEL = 14  # code points that hold the first word of a label
MAX_LABEL = 40  # code points of a whole one
_LABEL_WORDS = frozenset(
    "by von par por door av af di oleh written posted reported story words text authored article author authors "
    "author(s) contributor contributors writer writers autor autoren autores autora autore autori auteur auteurs "
    "autrice redactie автор авторы автори 作者 記者 记者 文 글 기자 الكاتب بقلم".split()
)
_LABEL = re.compile(
    rf"\s*(?:{_BY}|authors?(?:\(s\))?|contributors?|writers?|autor(?:en|es|a|e|i)?|auteurs?|autrice|redactie|"
    r"автор(?:ы|и)?|作者|記者|记者|文|글|기자|الكاتب|بقلم)\s*[:：]?\s*$",
    re.IGNORECASE,
)
_OPENS = re.compile(
    r"(?:(?:Written|WRITTEN|Posted|Story|Words|Text) (?:by|By|BY)|By|BY|Von|VON|Par|PAR|Por|POR|Door|Av|Af|Di|Oleh)\s*"
    r"[A-ZÀ-Þ][\w.'’-]+(?:\s(?:[a-z]{1,3}\s)?[A-ZÀ-Þ][\w.'’-]*){1,3}"
    r"(?:$|\s*[,|•·–-]|\s(?:and|und|et|y|e|on|in|am|le|el)\s|\s*\d)"
)
_WORD = re.compile(r"[^\W\d_]{3,}")
_HEADINGS = frozenset(
    "analysis background bulletin conclusion editorial executive findings immediate introduction key news opinion "
    "overview press release report special statement summary takeaways update new york san los city".split()
)
_NAME_WORD = re.compile(r"[^\W\d_][^\W\d_.'’-]*(?:[.'’-][^\W\d_]*)*")
_ELSEWHERE = re.compile(r"comment|related|recommend|teaser|sidebar|promo|popular|trending|most-?read", re.IGNORECASE)


def people(claims: Iterable[str], outlets: frozenset[str] = frozenset(), *, roles: bool = False) -> tuple[str, ...]:
    """The persons that bylines name, each once, in order. Outlets, addresses and placeholders are nobody.

    Roles such as "staff writer" are nobody either, unless `roles` says that each claim opens with a name.
    """
    names: dict[str, str] = {}
    for claim in islice(claims, MAX_CLAIMS):
        if _POSSESSIVE.search(claim):
            continue  # a phrase
        for at, part in enumerate(_SPLIT.split(_ADDRESS.sub(", ", claim[:1000]))):
            name = _name(part, roles=roles and at == 0) or ""
            if at == 0 and _key(name) in outlets:
                break  # what follows is its address
            if person := _without_outlet(name, outlets):
                names.setdefault(_key(person), person)
    alone = [name for key, name in names.items() if not any(_repeats(key, other) for other in names)]
    return tuple(alone[:MAX_AUTHORS])


def _without_outlet(name: str, outlets: frozenset[str]) -> str:
    """Kevin Roe of "Kevin Roe QUAY HERALD"; nothing of the outlet alone. One word may be a surname: Oskar Lind."""
    words = name.split()
    starts = [0, *range(2, len(words) - 1)]
    end = next((at for at in starts if _key(" ".join(words[at:])) in outlets), len(words))
    return " ".join(words[:end])


def _repeats(name: str, other: str) -> bool:
    """It is the other name with something behind it."""
    return len(other) >= MIN_KEY and name != other and name.startswith(other)


class Kind(IntEnum):
    """How a page shows a byline, the surest first."""

    RELATION = 0  # rel or itemprop says author
    NAME = 1  # the element is called author-name or the like
    BLOCK = 2  # byline, author
    PROFILE = 3  # a link to /author/somebody
    WORDING = 4  # it reads "By Somebody"


def bylines(tree: HtmlElement) -> Iterator[tuple[Kind, list[str]]]:
    """What a page shows as bylines, and how.

    The surest kind goes first, and of each kind what follows the headline. What reads as more than names comes once
    more, piece by piece.
    """
    heading = next(tree.iter("h1"), None)
    frame = set() if heading is None else set(heading.iterancestors())
    before, after = _Shown(), _Shown()
    shown = before if heading is not None else after
    left = MAX_CANDIDATES
    for element in tree.iter("h1", *_HOLDERS):
        if element is heading:
            shown = after
        elif (kind := _kind(element)) is not None and left and not shown.has_enough(kind, element):
            left -= 1
            if (pieces := _pieces(element, kind)) and not _is_elsewhere(element, frame):
                shown.add(kind, element, pieces)
    for kind in Kind:
        for place in (after, before):
            yield kind, [" ".join(pieces) for pieces in place.found[kind]]
            yield from ((kind, [piece]) for pieces in place.found[kind] if len(pieces) > 1 for piece in pieces)


def opening_names(tree: HtmlElement) -> list[str]:
    """A paragraph of names in bold between headline and text: how many newsrooms sign whose system names only them."""
    heading = next(tree.iter("h1"), None)
    begun = heading is None
    for element in islice(tree.iter("h1", "p"), MAX_CANDIDATES):
        if element is heading:
            begun = True
        elif begun and element.tag == "p":
            text, bold = (" ".join(islice(texts, MAX_TEXTS)) for texts in (element.itertext(), _bold(element)))
            text, bold = clean_line(text[:MAX_TEXT]), clean_line(bold[:MAX_TEXT])
            if text == bold and all(map(_is_full_name, _SPLIT.split(text))):
                return [text] if _only_names(text, tree) else []
            if len(text) > MAX_STANDFIRST:
                break
    return []


def _only_names(text: str, tree: HtmlElement) -> bool:
    """None of the words is an ordinary one: those of a heading stand in small letters elsewhere on the page."""
    wanted = {word.casefold() for word in _WORD.findall(text)}
    if wanted & _HEADINGS:
        return False
    return not any(wanted & set(_WORD.findall(part)) for part in tree.itertext())


def _is_full_name(text: str) -> bool:
    words = text.split()
    return len(words) in NAME_WORDS and all(word[0].isupper() and _NAME_WORD.fullmatch(word) for word in words)


def _bold(element: HtmlElement) -> Iterator[str]:
    return (text for child in element.iterchildren("b", "strong") for text in child.itertext())


class _Shown:
    """Bylines in one part of a page. The first group of a kind is the byline, later ones belong to other stories."""

    def __init__(self) -> None:
        self.found: dict[Kind, list[list[str]]] = {kind: [] for kind in Kind}
        self._near: set[HtmlElement] = set()

    def has_enough(self, kind: Kind, element: HtmlElement) -> bool:
        if not self.found[kind]:
            return False
        return len(self.found[kind]) >= ENOUGH or self._near.isdisjoint({element, element.getparent()})

    def add(self, kind: Kind, element: HtmlElement, pieces: list[str]) -> None:
        self.found[kind].append(pieces)
        self._near |= {element, element.getparent()}


def _pieces(element: HtmlElement, kind: Kind) -> list[str]:
    """The texts of a byline; of a mere label such as "By" those that follow it. Empty when it is none."""
    pieces = _texts(element) or _microdata(element, kind)
    if pieces and _LABEL.match(pieces[-1]):
        pieces = _following(element)
    elif kind == Kind.WORDING and not (pieces and (_LABEL.match(pieces[0]) or _OPENS.match(" ".join(pieces)))):
        return []
    return pieces if 0 < sum(map(len, pieces)) <= MAX_BYLINE and len(pieces) <= MAX_PIECES else []


def _texts(element: HtmlElement) -> list[str]:
    texts = (text.strip()[:MAX_TEXT] for text in islice(element.itertext(), MAX_TEXTS))
    return [line for text in texts if (line := clean_line(text, limit=MAX_BYLINE + 1))]


def _microdata(element: HtmlElement, kind: Kind) -> list[str]:
    """The name that an element without text tells machines (https://html.spec.whatwg.org/#microdata)."""
    names = element.iter("meta") if kind is Kind.RELATION else ()
    return [clean_line(meta.get("content") or "") for meta in names if meta.get("itemprop") == "name"][:1]


def _following(element: HtmlElement) -> list[str]:
    if tail := clean_line((element.tail or "").strip()[:MAX_TEXT], limit=MAX_BYLINE + 1):
        return [tail]
    after = element.getnext()
    return [] if after is None else _texts(after)


def signatures(claims: Iterable[str]) -> tuple[str, ...]:
    """Whoever signs, person or desk: what is left when `people` finds nobody."""
    plain = (_BY_AT_START.sub("", _ADDRESS.sub(" ", claim)) for claim in claims if "://" not in claim)
    names = (clean_line(claim, limit=MAX_NAME + 1).strip(" ,;|") for claim in plain)
    signed = (
        name for name in names if 1 < len(name) <= MAX_NAME and not _DATED.search(name) and not _CALLS.match(name)
    )
    return tuple(dict.fromkeys(name for name in signed if name.casefold() not in _NOBODY))


def is_byline_label(text: str) -> bool:
    """The text says no more than that an author follows: "By", "Written by", "Autor:"."""
    return _LABEL.match(text) is not None


def _is_elsewhere(element: HtmlElement, frame: set[HtmlElement]) -> bool:
    """The element belongs to a comment, to another story or to the page's furniture, not only to its `frame`."""
    return any(
        above not in frame
        and (
            above.tag in {"aside", "footer", "nav"}
            or _ELSEWHERE.search(f"{above.get('class') or ''} {above.get('id') or ''}")
        )
        for above in element.iterancestors("div", "section", "ul", "ol", "li", "article", "aside", "footer", "nav")
    )


def _kind(element: HtmlElement) -> Kind | None:
    if told := dict(element.items()):
        if "author" in told.get("rel", "") or "author" in told.get("itemprop", ""):
            return Kind.RELATION
        named = _named(told["class"]) if "class" in told else None
        if named is None and "id" in told:
            named = _named(told["id"])
        if named is not None:
            return named
    if element.tag == "a":
        return _linked(element) if _PROFILE.search(told.get("href", "")) else None
    return Kind.WORDING if element.text and _may_be_label(element.text) else None


def _linked(profile: HtmlElement) -> Kind:
    """What follows "By" is a byline, and no mere link to somebody."""
    parent = profile.getparent()
    labelled = parent is not None and profile.getprevious() is None and _is_label(parent.text or "")
    return Kind.BLOCK if labelled else Kind.PROFILE


def _is_label(text: str) -> bool:
    """Only a short text can be one, and a pattern may take long over many blanks."""
    words = text.strip()
    return 0 < len(words) <= MAX_LABEL and _LABEL.match(words) is not None


def _may_be_label(text: str) -> bool:
    """The text begins with "By" or the like: the first word tells, and is cheaper than a pattern."""
    word = text.lstrip()[:LABEL].split(" ", 1)[0].rstrip(":： \n\t").casefold()
    return word in _LABEL_WORDS and (_OPENING.match(text) is not None or _is_label(text))


@lru_cache(maxsize=4096)  # a site repeats its class names on every page
def _named(name: str) -> Kind | None:
    dashed = _CAMEL.sub("-", name)
    if _BY_NAME.search(dashed):
        return Kind.NAME
    return Kind.BLOCK if _BY_BLOCK.search(dashed) else None


def _key(name: str) -> str:
    return _MARKS.sub("", name).casefold()


def _name(part: str, *, roles: bool) -> str | None:
    lead = _BY_CAPITAL.sub("", _WHEN.sub("", part.strip()))
    name = clean_line(_LEAD.sub("", _LEAD.sub("", lead)), limit=MAX_NAME + 1)
    name = _PLACE.sub("", name)
    name = _HAN_TAIL.sub("", name.strip(" .:-–—*\"'“”[]《》●"))
    if not 1 < len(name) <= MAX_NAME or name.casefold() in _NOBODY or not any(map(str.isalpha, name)):
        return None
    return None if (not roles and _ROLE.search(name)) or len(name.split()) > MAX_WORDS else name
