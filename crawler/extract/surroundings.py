"""What stands on a page beside the article, taken out of the tree before anything is read from it."""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.extract.elsewhere import LINKED, card_rows, is_card, linked, lists_stories, points_on
from crawler.extract.layout import drop_unseen, frame_body, unfold_tables, wrap_lines
from crawler.extract.markup import text_length

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from lxml.html import HtmlElement

# The extractor drops these too, but only after it has copied the tree twice.
_NEVER_TEXT = {
    "nav", "aside", "footer", "iframe", "button", "select", "svg", "noscript", "style", "script", "template", "video",
    "audio", "canvas", "object", "embed", "dialog", "menu", "textarea", "input", "label", "link",
}  # fmt: skip
_VERBATIM = {"pre", "code", "p", "table"}
_LEADING = {  # to other stories
    **dict.fromkeys(("ul", "ol"), lists_stories),
    **dict.fromkeys(("p", "h2", "h3", "h4", "h5"), points_on),
    "article": is_card,
}
_BLOCKS = {*_LEADING, "details", "div", "section", "figcaption", "blockquote", "header"}

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
# Never the article, however long: what readers wrote, and the stories that come after it when one scrolls on.
_AFTER = re.compile(
    r"(?:^|\s)(?:comment(?!ary)|comol|disqus_thread|dsq-comments)|(?:article|post)-comments|"
    r"mvp-post-add-(?:box|wrap)|infinite-?scroll",
    re.IGNORECASE,
)
_HIDDEN = re.compile(
    r"(?:^|\s)(?:hidden|hide|d-none|is-hidden|visually-?hidden|sr-only|screen-reader-text|u-hidden|print-only|"
    r"(?:d|u)-print(?:-only)?)(?=$|\s)"
)
_SHOWN_SOMEWHERE = re.compile(r"(?:sm|md|lg|xl|tablet|desktop)[:_-]\w|d-(?:sm|md|lg|xl|print)-(?:block|flex|inline)")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

SMALL = 0.12  # of the page's text: what names itself a side block and holds no more than this is one


def cut_surroundings(tree: HtmlElement, url: str) -> HtmlElement:
    """Take out navigation, asides, forms, hidden blocks and the links to other stories, in place; gives the tree."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    unfold_tables(tree)
    for card in [card for cards in card_rows(tree, host) for card in cards]:
        card.drop_tree()
    total = text_length(tree)
    _cut(tree, _NEVER_TEXT, lambda element: len(element) == 0 or text_length(element) <= total / 2)
    _cut(tree, _BLOCKS, lambda element: _is_beside(element, host, total))
    drop_unseen(tree)
    wrap_lines(tree)
    frame_body(tree)
    return tree


def _cut(tree: HtmlElement, tags: Collection[str], beside: Callable[[HtmlElement], bool]) -> None:
    gone: set[HtmlElement] = set()
    for element in list(tree.iter(*tags)):
        if element not in gone and beside(element) and next(element.iterancestors(*_VERBATIM), None) is None:
            gone.update(element.iter(*tags))
            element.drop_tree()


def _is_beside(element: HtmlElement, host: str, total: int) -> bool:
    name = f"{element.get('class') or ''} {element.get('id') or ''}"
    place = _placed(name) if name != " " else None
    if place is _Place.AFTER and element.find(".//h1") is None:
        return True
    if place is _Place.BESIDE or _is_hidden(element):
        length = text_length(element)
        if length <= SMALL * total or (length <= total / 2 and linked(element, length) > LINKED):
            return True
    known = _LEADING.get(element.tag)
    return known is not None and known(element, host)


class _Place(Enum):
    """Where a block stands, as its name says."""

    BESIDE = auto()
    AFTER = auto()  # the article, and however long


@lru_cache(maxsize=4096)  # a site repeats its class names on every page
def _placed(name: str) -> _Place | None:
    if _AFTER.search(name):
        return _Place.AFTER
    hidden = _HIDDEN.search(name) and not _SHOWN_SOMEWHERE.search(name)
    return _Place.BESIDE if hidden or _BESIDE.search(_CAMEL.sub("-", name)) else None


def _is_hidden(element: HtmlElement) -> bool:
    return "display:none" in (element.get("style") or "").replace(" ", "").lower()
