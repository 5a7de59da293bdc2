"""What stands on a page beside the article, taken out of the tree before anything is read from it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.extract.markup import text_length

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# The extractor drops these too, but only after it has copied the tree twice.
_NEVER_TEXT = {
    "nav", "aside", "footer", "iframe", "button", "select", "svg", "noscript", "style", "script", "template", "video",
    "audio", "canvas", "object", "embed", "dialog", "menu", "textarea", "input", "label", "link",
}  # fmt: skip
_VERBATIM = {"pre", "code", "p", "table"}
_BLOCKS = {"div", "section", "ul", "ol", "p", "article", "figcaption", "blockquote", "h2", "h3", "h4", "h5", "header"}

# Words in class or id that name a block of other stories, of offers or of tools.
_BESIDE = re.compile(
    r"(?:^|[\s_-])(?:related|recommend(?:ed|ation)?s?|recirc\w*|most-?(?:read|popular|viewed)|must-?read|trending|popular|"
    r"(?:latest|recent|more|other|top|next)-?(?:news|stories|articles|posts|headlines|topics?)|read-?(?:more|next|also)|"
    r"also-?read|you-?may-?like|see-?also|further-?reading|teasers?|promos?|"
    r"news-?letters?(?:-\w+)*|sign-?ups?|singup|subscri(?:be|ption)|cta|register-?wall|access-?wall|paywall-(?:offer|cta|banner)|"
    r"share(?:-\w+)?|sharing(?:-\w+)?|social(?:-\w+)?|modal(?:-\w+)*|dialog|popover|pop-?up|toast|lightbox|scrim|"
    r"gallery-?overlay\w*|print-?(?:header|footer|only)|disclosure|disclaimer|cite(?:wrapper)?|"
    r"captions?|photo-?credits?|image-?credits?|img-?description|author-?(?:bio|box|info|card)|bio(?:graphy)?|"
    r"reading-?time|read-?time|estimated-?read-?time|post-?info|taboola|outbrain|adsbygoogle|advert(?:isement)?s?|"
    r"breadcrumbs?|comments?(?:-\w+)?|respond|pagination|tags?(?:-list|-links|s)?|label-items?)(?=$|[\s_-])",
    re.IGNORECASE,
)
_HIDDEN = re.compile(
    r"(?:^|\s)(?:hidden|hide|d-none|is-hidden|visually-?hidden|sr-only|screen-reader-text|u-hidden|print-only|"
    r"(?:d|u)-print(?:-only)?)(?=$|\s)"
)
_SHOWN_SOMEWHERE = re.compile(r"(?:sm|md|lg|xl|tablet|desktop)[:_-]\w|d-(?:sm|md|lg|xl|print)-(?:block|flex|inline)")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

SMALL = 0.12  # of the page's text: what names itself a side block and holds no more than this is one
LINKED = 0.6  # share of an element's text in links that makes it a block of links
WHOLLY = 0.9
MIN_ITEMS = 2
MIN_HEADLINE = 20  # code points
MAX_CARD = 400


def cut_surroundings(tree: HtmlElement, url: str) -> None:
    """Take out navigation, asides, forms, hidden blocks and the links to other stories, in place."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    total = text_length(tree)
    standing = [tree]
    while standing:
        for child in list(standing.pop()):
            if _is_beside(child, host, total):
                child.drop_tree()
            elif child.tag not in _VERBATIM:
                standing.append(child)


def _is_beside(element: HtmlElement, host: str, total: int) -> bool:
    if element.tag in _NEVER_TEXT:
        return len(element) == 0 or text_length(element) <= total / 2
    if element.tag not in _BLOCKS:
        return False
    name = f"{element.get('class') or ''} {element.get('id') or ''}"
    if (name != " " and _names_a_side_block(name)) or _is_hidden(element):
        length = text_length(element)
        if length <= SMALL * total or (length <= total / 2 and _linked(element, length) > LINKED):
            return True
    if element.tag in {"ul", "ol"}:
        return _lists_stories(element, host)
    return element.tag == "article" and _is_card(element)


@lru_cache(maxsize=4096)  # a site repeats its class names on every page
def _names_a_side_block(name: str) -> bool:
    if _HIDDEN.search(name) and not _SHOWN_SOMEWHERE.search(name):
        return True
    return _BESIDE.search(_CAMEL.sub("-", name)) is not None


def _is_hidden(element: HtmlElement) -> bool:
    return "display:none" in (element.get("style") or "").replace(" ", "").lower()


def _lists_stories(element: HtmlElement, host: str) -> bool:
    """Every item is one link to another page of the same host, with a text as long as a headline."""
    items = [item for item in element.iterchildren("li") if text_length(item)]
    if len(items) < MIN_ITEMS:
        return False
    for item in items:
        links = [link for link in item.iter("a") if _leads_on(link.get("href") or "", host)]
        length = text_length(item)
        if length < MIN_HEADLINE or sum(map(text_length, links)) < WHOLLY * length:
            return False
    return True


def _leads_on(href: str, host: str) -> bool:
    if href.startswith("#") or not href:
        return False
    try:
        target = urlsplit(href).hostname
    except ValueError:
        return False
    return target is None or target.removeprefix("www.").endswith(host)


def _is_card(article: HtmlElement) -> bool:
    """A small article inside another or beside it that is mostly one link."""
    length = text_length(article)
    return length <= MAX_CARD and (_linked(article, length) > LINKED or article.getparent().tag == "a")


def _linked(element: HtmlElement, length: int) -> float:
    return sum(text_length(link) for link in element.iter("a")) / max(1, length)
