"""Links to articles on a section or home page, told from its navigation without knowing the site.

A link counts as an article's by what editors cannot help doing: the URL of an article carries a date, a number or a
headline in words, its anchor is a headline, and it does not stand in a menu, a footer or a side column. Rules score;
`_ENOUGH` decides. Everything left out is counted by name.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache, lru_cache
from html import escape
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from lxml import etree
from lxml import html as lxml_html
from w3lib.encoding import html_to_unicode

from crawler.discover.errors import MalformedFeedError
from crawler.discover.kinds import Drop, Found, SourceKind
from crawler.discover.offers import Offer, gather
from crawler.text import clean_line
from crawler.urls import absolute_url, host_of, url_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from lxml.html import HtmlElement
    from tldextract import TLDExtract

MAX_PAGE = 8_000_000  # bytes of HTML looked at
MAX_ANCHORS = 20_000
MAX_HEADLINE = 300
_ENOUGH = 5
_BUSY = 5  # headlines
# The weight of 0, 1, 2, ... words.
_SLUG = (0, 0, 0, 2, 2, 3)  # of a URL's last segment
_HEADLINE = (-2, -1, 0, 1, 2, 2, 3)  # of an anchor
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"})

_CHROME_TAGS = frozenset({"nav", "footer", "aside", "dialog", "template"})
_CHROME_ROLES = frozenset(
    {"navigation", "contentinfo", "complementary", "search", "menu", "menubar", "dialog", "banner"}
)
_CHROME_CLASS = re.compile(
    r"(?:^|\s)(?:(?:site|page|main|global|top|mobile|primary|secondary|sub)[-_]?)?"
    r"(?:nav|navbar|navigation|menu|footer|breadcrumbs?|pagination|pager|social|share|sharing|cookies?|sidebar)"
    r"(?:[-_]?(?:list|links|wrapper|container|bar|menu))?(?=\s|$)",
    re.IGNORECASE,
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5"})

# No article's URL has one of these among its folders,
_NEVER = frozenset(
    """
    about-us account accounts advertise advertising agb author authors autor autoren autores auteur auteurs bookmarks
    byline cart checkout comments contact contact-us contributors cookie-policy cookies copyright datenschutz donate faq
    feed feeds impressum imprint kontakt licensing login logout masthead membership mentions-legales my-account
    newsletter newsletters preferences privacy privacy-policy profile profiles register registration rss search sign-in
    sign-up signin signup sitemap subscribe subscription subscriptions suche tag tags tagged terms terms-of-service
    terms-of-use user users wp-admin wp-login.php wp-content
    """.split()
)
# and few have one of these: more has to speak for it.
_LISTS = frozenset(
    """
    about archive archives careers categories category categorie event events help hilfe jobs kategorie legal page pages
    people podcast podcasts press rubric rubrik section sections series shop staff store team tema temas thema themen
    theme themes topic topics webinars whitepapers
    """.split()
)
_FILES = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|avif|pdf|mp[34]|m3u8|zip|xml|json|docx?|xlsx?|pptx?|css|js|ics|apk|exe)$",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:^|/|-)(?:19|20)\d\d(?:[/-]?(?:0?[1-9]|1[0-2]|[a-z]{3})(?:[/-]?(?:[0-3]?\d))?)(?=/|-|_|$|\.)", re.IGNORECASE
)
_NUMBER = re.compile(r"\d{5,}")
_QUERY_NUMBER = re.compile(r"(?:^|&)(?:\w*id|p|article|story|news)=\d{3,}", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2,}")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_PAGE_FILE = re.compile(r"\.(?:s?html?|php|aspx?|ece|cms|story|do)$", re.IGNORECASE)


class _Anchor(NamedTuple):
    url: str
    key: str
    text: str
    in_chrome: bool
    in_heading: bool  # a heading holds the anchor, or the anchor holds one


def read_section(body: bytes, *, url: str, source: str, at: datetime, charset: str | None = None) -> Found:
    """The article links of an HTML page, in document order, each once, with its headline. No date is claimed.

    MalformedFeedError if there is no HTML in the body.
    """
    root, over = _tree(body, charset)
    base = _base(root, url)
    dropped: Counter[str] = Counter({Drop.OVER_SIZE: int(over)}) if over else Counter()
    groups = _grouped(_anchors(root, base, dropped))
    busy = _busy_folders(groups.values())
    offers = []
    for anchors in groups.values():
        reason = _why_not(anchors, url, busy)
        if reason is None:
            offers.append(Offer(href=anchors[0].url, base=base, title=_headline(anchors)))
        else:
            dropped[reason] += 1
    gathered = gather(offers, source=source, at=at)
    return Found(
        kind=SourceKind.SECTION,
        links=gathered.links,
        feeds=_announced(root, base),
        next_page=_next_page(root, base, url),
        dropped=dropped + gathered.dropped,
        title=clean_line(root.findtext(".//title") or "") or None,
    )


def same_site(host: str, other: str) -> bool:
    """Whether two hosts belong to one registered domain."""
    host, other = host.removeprefix("www."), other.removeprefix("www.")
    if host == other or host.split(".")[-2:] != other.split(".")[-2:]:
        return host == other
    return _registrable(host) == _registrable(other)


def _announced(root: HtmlElement, base: str) -> tuple[str, ...]:
    links = [link for link in root.iter("link") if _names_a_feed(link)]
    links.sort(key=lambda link: "comment" in f"{link.get('href')} {link.get('title')}".lower())
    feeds = (absolute_url(base, link.get("href", "")) for link in links)
    return tuple(dict.fromkeys(feed for feed in feeds if feed))


def _next_page(root: HtmlElement, base: str, page: str) -> str | None:
    """Where the first `rel="next"` leads that stays on the page's host; None if none does."""
    named = (link for link in root.iter("link", "a") if "next" in (link.get("rel") or "").lower().split())
    hrefs = ((link.get("href") or "").partition("#")[0].strip() for link in named)
    urls = (absolute_url(base, href) for href in hrefs if href)
    host = urlsplit(page).netloc
    return next((url for url in urls if url and url != page and urlsplit(url).netloc == host), None)


def _names_a_feed(link: HtmlElement) -> bool:
    media = link.get("type", "").partition(";")[0].strip().lower()
    rels = link.get("rel", "").lower().split()
    return bool(link.get("href")) and media in _FEED_TYPES and bool({"alternate", "feed"} & set(rels))


def _tree(body: bytes, charset: str | None) -> tuple[HtmlElement, bool]:
    _, text = html_to_unicode(f"text/html; charset={charset}" if charset else None, body[:MAX_PAGE])
    parser = lxml_html.HTMLParser(encoding="utf-8", huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        root = lxml_html.document_fromstring(text.replace("\0", "").encode("utf-8", "replace"), parser=parser)
    except etree.LxmlError as error:
        raise MalformedFeedError(f"no HTML can be read: {error}") from error
    return root, len(body) > MAX_PAGE


def _base(root: HtmlElement, url: str) -> str:
    base = root.find(".//base[@href]")
    return (absolute_url(url, base.get("href", "")) if base is not None else None) or url


def _grouped(anchors: Iterable[_Anchor]) -> dict[str, list[_Anchor]]:
    """A card has an anchor on its picture, one on its headline and one that says "more": one link, judged as one."""
    groups: dict[str, list[_Anchor]] = {}
    for anchor in anchors:
        groups.setdefault(anchor.key, []).append(anchor)
    return groups


def _anchors(root: HtmlElement, base: str, dropped: Counter[str]) -> Iterator[_Anchor]:
    for count, element in enumerate(root.iter("a")):
        href = (element.get("href") or "").strip()
        if not href or href.startswith("#"):
            continue
        url = absolute_url(base, href)
        if url is None:
            dropped[Drop.NOT_HTTP] += 1
        elif count >= MAX_ANCHORS:
            dropped[Drop.OVER_CAP] += 1
        else:
            yield _anchor(element, url)


def _anchor(element: HtmlElement, url: str) -> _Anchor:
    heading = next(element.iter(*_HEADINGS), None)
    in_heading = heading is not None or any(parent.tag in _HEADINGS for parent in element.iterancestors())
    text = clean_line(_text(element if heading is None else heading), limit=MAX_HEADLINE)
    return _Anchor(url, url_key(url), text or _label(element), _in_chrome(element), in_heading)


def _text(element: HtmlElement) -> str:
    return " ".join(element.itertext())


def _label(element: HtmlElement) -> str:
    """What an anchor without text shows instead: its own label, or that of its picture."""
    image = next(element.iter("img"), None)
    label = element.get("aria-label") or element.get("title") or ("" if image is None else image.get("alt"))
    return clean_line(label or "", limit=MAX_HEADLINE)


def _in_chrome(element: HtmlElement) -> bool:
    in_header = False
    for parent in element.iterancestors():
        if parent.tag in _CHROME_TAGS or parent.get("role") in _CHROME_ROLES:
            return True
        if parent.tag in {"div", "ul", "ol", "section"} and _CHROME_CLASS.search(parent.get("class") or ""):
            return True
        if parent.tag in {"article", "main"}:  # an article's header holds its headline
            return _in_chrome(parent) if parent.tag == "article" else False
        in_header = in_header or parent.tag == "header"
    return in_header


def _busy_folders(groups: Iterable[list[_Anchor]]) -> frozenset[str]:
    """The folders that several headlines link into: where a site without dates and slugs keeps its articles."""
    counts = Counter(
        _folder(anchors[0].url)
        for anchors in groups
        if any(_weight_of_text(anchor.text) > 1 and not anchor.in_chrome for anchor in anchors)
    )
    return frozenset(folder for folder, count in counts.items() if count >= _BUSY)


def _folder(url: str) -> str:
    return urlsplit(url).path.rstrip("/").rpartition("/")[0]


def _why_not(anchors: list[_Anchor], page: str, busy: frozenset[str]) -> Drop | None:
    """Why these anchors of one URL do not lead to an article of the page's site; None if they do."""
    url = urlsplit(anchors[0].url)
    segments = [unquote(segment) for segment in url.path.lower().split("/") if segment]
    if not same_site(host_of(anchors[0].url), host_of(page)):
        return Drop.OFF_SITE
    if anchors[0].key == url_key(page) or not (segments or url.query) or _NEVER.intersection(segments):
        return Drop.NOT_AN_ARTICLE
    if all(anchor.in_chrome for anchor in anchors):
        return Drop.NAVIGATION
    if _FILES.search(url.path):
        return Drop.NOT_AN_ARTICLE
    headline = max(_weight_of_text(anchor.text) + anchor.in_heading for anchor in anchors)
    weight = _weight_of_url(segments, url.query) + headline + (_folder(anchors[0].url) in busy)
    return None if weight >= _ENOUGH else Drop.NOT_AN_ARTICLE


def _weight_of_url(segments: list[str], query: str) -> int:
    last = segments[-1] if segments else ""
    words = len(_WORD.findall(_PAGE_FILE.sub("", last)))
    return (
        3 * bool(_DATE.search("/".join(segments)))
        + (_SLUG[-1] if _WIDE.search(last) else _graded(words, _SLUG))
        + 2 * bool(_NUMBER.search(last) or _QUERY_NUMBER.search(query))
        + bool(_PAGE_FILE.search(last))
        + (len(segments) > 1)
        - 3 * bool(_LISTS.intersection(segments))
    )


def _weight_of_text(text: str) -> int:
    return _graded(len(_WORD.findall(text)) + len(_WIDE.findall(text)) // 2, _HEADLINE)


def _graded(words: int, weights: tuple[int, ...]) -> int:
    return weights[min(words, len(weights) - 1)]


def _headline(anchors: list[_Anchor]) -> str:
    best = max(anchors, key=lambda anchor: (anchor.in_heading and _weight_of_text(anchor.text) > 0, len(anchor.text)))
    return escape(best.text, quote=False)


@lru_cache(maxsize=1024)
def _registrable(host: str) -> str:
    domain: str = _suffixes()(host).top_domain_under_public_suffix
    return domain or ".".join(host.split(".")[-2:])


@cache
def _suffixes() -> TLDExtract:
    from tldextract import TLDExtract

    return TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)
