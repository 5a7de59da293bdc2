"""Atom feeds of the editions and the stories (RFC 4287), with tag: URIs that stay the same for ever (RFC 4151)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from jobs.digest.plain import web_url
from jobs.digest.render import phrases
from jobs.site.book import strictest
from storage.records import EditionKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jobs.digest.edition import Edition
    from jobs.site.book import Book, Page, Tale

NAMESPACE = "http://www.w3.org/2005/Atom"
NOWHERE = "spywire.invalid"  # the authority of the ids of a site without an address of its own
SINCE = "2026"  # the year in which the authority is taken for ours
MOST = 100  # entries
TLP = "https://www.first.org/tlp/"  # the scheme of the labels' category
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry, in Atom's words. `label` is `TLP:AMBER`, or empty."""

    id: str
    title: str
    updated: datetime
    published: datetime
    link: str
    summary: str
    label: str
    source: str = ""  # the report it goes back to


def editions(book: Book, *, title: str, base_url: str) -> bytes:
    """The latest editions and alerts."""
    entries = [_edition(page, book.whole(page), base_url) for page in book.pages[:MOST]]
    return _feed("editions", f"{title}: editions", entries, base_url, label=_label(book.pages))


def stories(book: Book, *, title: str, base_url: str) -> bytes:
    """The stories that something was added to last."""
    entries = [_story(tale, base_url) for tale in book.tales[:MOST]]
    return _feed("stories", f"{title}: stories", entries, base_url, label=_label(book.pages))


def _edition(page: Page, edition: Edition, base_url: str) -> Entry:
    figures = ". ".join(f"{label}: {value}" for label, value in phrases.figures(edition))
    alert = page.kind is EditionKind.ALERT
    return Entry(
        id=_tag(base_url, f"{page.path.removesuffix('.html')}"),
        title=f"{edition.title}: {phrases.alert(edition) if alert else phrases.name(edition)}",
        updated=edition.composed_at,
        published=edition.composed_at,
        link=base_url + page.path,
        summary=f"{phrases.teaser(edition)} · {figures}.",
        label=phrases.tlp(edition),
    )


def _story(tale: Tale, base_url: str) -> Entry:
    said = [phrases.parties(tale.item), phrases.crowd(tale.item), *(s.text for s in tale.item.sentences[:1])]
    return Entry(
        id=_tag(base_url, f"stories/{tale.public}"),
        title=tale.item.title,
        updated=tale.updated,
        published=tale.first_seen,
        link=base_url + tale.path,
        summary=" · ".join(filter(None, said)),
        label=_label(page for page, _ in tale.told),
        source=web_url(tale.item.url) or "",
    )


def _label(pages: Iterable[Page]) -> str:
    """The label that holds for what says something of all of them."""
    edition = strictest(pages)
    return phrases.tlp(edition) if edition else ""


def _feed(name: str, title: str, entries: Sequence[Entry], base_url: str, *, label: str) -> bytes:
    feed = Element("feed", {"xmlns": NAMESPACE, "xml:lang": "en"})
    _text(feed, "id", _tag(base_url, name))
    _titled(feed, title, label)
    _text(feed, "updated", _moment(max((entry.updated for entry in entries), default=NEVER)))
    _text(SubElement(feed, "author"), "name", "spywire")
    _text(feed, "generator", "spywire")
    SubElement(feed, "link", {"rel": "self", "type": "application/atom+xml", "href": f"{base_url}{name}.atom"})
    SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": f"{base_url}index.html"})
    for entry in entries:
        _entry(SubElement(feed, "entry"), entry)
    indent(feed)
    written: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _entry(element: Element, entry: Entry) -> None:
    _text(element, "id", entry.id)
    _titled(element, entry.title, entry.label)
    _text(element, "updated", _moment(entry.updated))
    _text(element, "published", _moment(entry.published))
    SubElement(element, "link", {"rel": "alternate", "type": "text/html", "href": entry.link})
    if entry.source:
        SubElement(element, "link", {"rel": "related", "href": entry.source})
    _text(element, "summary", entry.summary)


def _titled(parent: Element, title: str, label: str) -> None:
    """A title that begins with the TLP label, where every reader shows it, and the label for programs."""
    _text(parent, "title", f"[{label}] {title}" if label else title)
    if label:
        SubElement(parent, "category", {"term": label, "scheme": TLP})


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text


def _tag(base_url: str, name: str) -> str:
    return f"tag:{urlsplit(base_url).hostname or NOWHERE},{SINCE}:{name}"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
