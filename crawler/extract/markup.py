"""One parsed tree for everything that reads a page, and the scripts that are taken out before it is built."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from lxml import etree, html

from crawler.errors import UnextractableError

MAX_MARKUP = 3_000_000  # code points, scripts not counted
MAX_ELEMENTS = 20_000  # the extractor is quadratic in siblings: 20,000 take it 2 s, 40,000 already 8 s
LONG = 50_000
LONG_TAG = 20_000
HEAD = 150_000  # of a page too large to parse, this much is parsed for its metadata

_OPENING = re.compile(r"<(script|style|svg|noscript|template)(?=[\s/>])", re.IGNORECASE)
_CLOSING = {
    name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in ("script", "style", "svg", "noscript", "template")
}
_LONG_TAG = re.compile(rf"<([a-zA-Z][\w-]*)[^<>]{{{LONG_TAG},}}")
_ATTRIBUTES = 1_000
_LD_JSON = re.compile(r"""type\s*=\s*["']?\s*application/(?:ld\+json|settings\+json)""", re.IGNORECASE)
# One class for every element: `lxml.html` asks a Python function for each, a tenth of the time of an extraction.
_ELEMENT_CLASS = etree.ElementDefaultClassLookup(element=html.HtmlElement)
_INVALID = bytes({*range(1, 32), 0x7F} - {*b"\t\n\r"})


@dataclass(frozen=True, kw_only=True)
class Markup:
    """A page, parsed once. `whole` is false when it was too large: `tree` then holds its head only."""

    tree: html.HtmlElement
    source: str  # without scripts and styles
    json_ld: tuple[str, ...]
    whole: bool

    def reparsed(self) -> html.HtmlElement:
        """The tree as it was before anybody changed it."""
        return _tree(self.source)[0]


def parse(source: str) -> Markup:
    """The tree of a page and its JSON-LD blocks. Raises `UnextractableError("not HTML")`."""
    if "<" not in source:
        raise UnextractableError("not HTML")
    source, json_ld = _without_scripts(source)
    if max(map(len, source.split("<"))) > LONG_TAG:
        source = _LONG_TAG.sub(_bounded, source)
    whole = len(source) <= MAX_MARKUP and source.count("<") <= 4 * MAX_ELEMENTS
    tree, complete = _tree(source if whole else source[:HEAD])
    whole = whole and complete and tree.xpath("count(.//*)") <= MAX_ELEMENTS
    return Markup(tree=tree, source=source, json_ld=json_ld, whole=whole)


def _bounded(tag: re.Match[str]) -> str:
    """A tag without its attributes when it may have very many: the parser compares each with all."""
    return f"<{tag[1]} " if sum(map(tag[0].count, " \n\t/=")) > _ATTRIBUTES else tag[0]


def text_length(element: html.HtmlElement) -> int:
    """Code points of an element's text, white space folded; that of a very long one is taken as it is, to save time."""
    text = element.text_content()
    return len(text) if len(text) > LONG else len(" ".join(text.split()))


def _without_scripts(source: str) -> tuple[str, tuple[str, ...]]:
    """The source without what is never text, and the JSON-LD found on the way. One pass, linear."""
    kept: list[str] = []
    json_ld: list[str] = []
    unclosed: set[str] = set()
    at = 0
    while opening := _OPENING.search(source, at):
        name, start = opening[1].lower(), source.find(">", opening.end()) + 1
        attributes = source[opening.end() : start]
        if not start or name in unclosed:
            break
        closing = None if attributes.endswith("/>") else _CLOSING[name].search(source, start)
        if closing is None:
            unclosed |= set() if attributes.endswith("/>") else {name}
        elif name == "script" and _LD_JSON.search(attributes):
            json_ld.append(source[start : closing.start()])
        kept.append(source[at : opening.start() if closing else start])
        at = closing.end() if closing else start
    kept.append(source[at:])
    return "".join(kept), tuple(json_ld)


def _tree(source: str) -> tuple[html.HtmlElement, bool]:
    """The tree, and whether the parser read to the end: it stops at 256 levels, which protects all who recurse."""
    parser = etree.HTMLParser(
        encoding="utf-8", collect_ids=False, default_doctype=False, remove_comments=True, remove_pis=True
    )
    parser.set_element_class_lookup(_ELEMENT_CLASS)
    try:
        tree = html.document_fromstring(source.encode("utf-8", "ignore").translate(None, _INVALID), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise UnextractableError("not HTML") from error
    too_deep = any("depth" in entry.message.lower() for entry in parser.error_log)
    return cast("html.HtmlElement", tree), not too_deep
