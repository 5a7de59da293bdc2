"""The demo's outlets as data: what each is called, what it publishes and where. Reads files, decides nothing.

An outlet is a folder with an `outlet.toml`, the templates of its publishing system and its articles; `press` prints it.
An article is a text file: TOML between two `+++` lines, then paragraphs with an empty line between them.
`<slug>.edition-2.txt` replaces `<slug>.txt` from the second edition on.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Expect: TypeAlias = Literal["flag", "reject", "any", "not-an-article", "blocked", "gone", "failed"]

FOLDER = Path(__file__).parent / "outlets"
_TAGS = {"## ": "h2", "> ": "blockquote", "": "p"}


@dataclass(frozen=True, kw_only=True)
class Block:
    """A paragraph, subheading or quotation: the HTML element's name and its text."""

    tag: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Story:
    """One article as its newsroom wrote it. Ages are hours before the newsroom's `at`."""

    slug: str
    title: str
    age_hours: float
    expect: Expect  # what the production gate must make of its page
    blocks: tuple[Block, ...]
    author: str | None = None
    section: str = "news"
    tags: tuple[str, ...] = ()
    updated_hours: float | None = None
    path: str | None = None  # instead of the outlet's pattern
    queries: tuple[str, ...] = ("",)  # its source offers it once with each of these behind the URL
    template: str = "page.html"
    encoding: str | None = None  # of the page's bytes, whatever its header claims
    shares_text_with: tuple[str, ...] = ()  # slugs: reprints of one wire story, and what was spun from it

    @property
    def summary(self) -> str:
        """The first paragraph, as most systems put it into their feeds."""
        return self.blocks[0].text


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A broken link that stands in an outlet's source beside its articles, and the status it answers with."""

    path: str
    title: str
    status: int
    expect: Expect


@dataclass(frozen=True, kw_only=True)
class Teaser:
    """A headline in the margin of every page of an outlet."""

    path: str
    title: str


@dataclass(frozen=True, kw_only=True)
class SourceEntry:
    """How an outlet is named in sources.toml, and which of `formats/` its source is printed in."""

    path: str
    format: str
    why: str
    kind: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outlet:
    """One publisher: an origin of its own."""

    slug: str
    name: str
    language: str
    tagline: str
    pattern: str  # of an article's path: {slug}, {section}, {number}
    source: SourceEntry
    stories: tuple[Story, ...]
    encoding: str = "utf-8"
    charset_header: bool = True
    robots: str = "User-agent: *\nDisallow: /search\n"
    offers: tuple[Offer, ...] = ()
    teasers: tuple[Teaser, ...] = ()


def outlets(*, edition: int = 1, folder: Path = FOLDER) -> tuple[Outlet, ...]:
    """Every outlet in the order of its name, with the articles of that edition. A damaged file raises ValueError."""
    return tuple(_outlet(path.parent, edition=edition) for path in sorted(folder.glob("*/outlet.toml")))


def story(slug: str, text: str) -> Story:
    """One article out of its file's text."""
    match text.split("+++\n", 2):
        case "", matter, prose:
            fields = _frozen(tomllib.loads(matter))
            return Story(slug=slug, blocks=_blocks(prose), **fields)
        case _:
            raise ValueError(f"{slug}: no front matter between two +++ lines")


def _outlet(folder: Path, *, edition: int) -> Outlet:
    fields = tomllib.loads((folder / "outlet.toml").read_text("utf-8"))
    return Outlet(
        slug=folder.name,
        source=SourceEntry(**_frozen(fields.pop("source"))),
        offers=tuple(Offer(**each) for each in fields.pop("offers", [])),
        teasers=tuple(Teaser(**each) for each in fields.pop("teasers", [])),
        stories=_stories(folder / "articles", edition=edition),
        **fields,
    )


def _stories(folder: Path, *, edition: int) -> tuple[Story, ...]:
    """Newest first, as feeds have them. A later edition of a file takes the place of the earlier."""
    texts: dict[str, tuple[int, Path]] = {}
    for path in folder.glob("*.txt"):
        slug, _, number = path.stem.partition(".edition-")
        version = int(number or 1)
        if version <= edition:
            texts[slug] = max(texts.get(slug, (0, path)), (version, path))
    found = [story(slug, path.read_text("utf-8")) for slug, (_, path) in texts.items()]
    return tuple(sorted(found, key=lambda each: (each.age_hours, each.slug)))


def _blocks(prose: str) -> tuple[Block, ...]:
    return tuple(_block(" ".join(part.split("\n"))) for part in prose.strip().split("\n\n"))


def _block(text: str) -> Block:
    mark = next(mark for mark in _TAGS if text.startswith(mark))
    return Block(tag=_TAGS[mark], text=text.removeprefix(mark))


def _frozen(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
