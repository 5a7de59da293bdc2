"""The files of a site, as a pure function of its editions and stories: the same bytes every time."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from hashlib import sha256
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from jobs.digest import words
from jobs.digest.render import looks, phrases
from jobs.digest.render.html import environment
from jobs.site import atom, charts
from jobs.site.book import strictest
from storage.records import EditionKind

if TYPE_CHECKING:
    from jinja2 import Environment

    from jobs.digest.edition import Item
    from jobs.site.book import Book, Page, Tale

_STYLE = """
.top{margin:0 0 20px;font-size:14px}
.chart{display:block;width:100%;height:110px;margin:0 0 4px}
.small{margin:0 0 8px}.small .chart{height:28px;margin:0}.small td{padding:3px 12px 3px 0;vertical-align:bottom}
.ends{display:flex;justify-content:space-between;margin:0 0 8px;color:#57606a;font-size:14px}
.ink{fill:#0b5087}.amber{fill:#b57600}.red{fill:#b3261e}.ground{fill:#8b949e}
.key{display:inline-block;width:12px;height:12px;margin:0 4px 0 12px;vertical-align:-1px}
.key:first-child{margin-left:0}
.tree{margin:0 0 10px;padding:0 0 0 20px}.tree li{margin:0 0 8px}
details{margin:0 0 12px;font-size:14px}summary{cursor:pointer}
:focus-visible{outline:3px solid #b57600;outline-offset:2px}
"""
_DARK = """
.ends{color:#a5adb5}.ink{fill:#8cbcf0}.amber{fill:#e3b341}.red{fill:#f2837b}
"""


class Front(NamedTuple):
    """What an operator says of a site."""

    title: str
    base_url: str = ""
    noindex: bool = True


class Files(Mapping[str, bytes]):
    """Files by their path, each written when it is asked for and not kept."""

    def __init__(self, writers: dict[str, Callable[[], bytes]]) -> None:
        self._writers = writers

    def __getitem__(self, path: str) -> bytes:
        return self._writers[path]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._writers)

    def __len__(self) -> int:
        return len(self._writers)


def files(book: Book, front: Front) -> Files:
    """Every file by its path. What others lead to comes before what leads there."""
    neighbours = _neighbours(book)
    base = front.base_url and front.base_url.rstrip("/") + "/"
    writers: dict[str, Callable[[], bytes]] = {tale.path: partial(_story, tale, front) for tale in book.tales}
    for page in book.pages:
        writers[page.path] = partial(_edition, page, book, front, neighbours.get(page.path, {}))
    writers["stories.atom"] = partial(atom.stories, book, title=front.title, base_url=base)
    writers["editions.atom"] = partial(atom.editions, book, title=front.title, base_url=base)
    writers["index.html"] = partial(_index, book, front)
    return Files(writers)


def _story(tale: Tale, front: Front) -> bytes:
    label = strictest(page for page, _ in tale.told)
    return _render("story.html", "../", front, title=tale.item.title, tale=tale, strictest=label)


def _edition(page: Page, book: Book, front: Front, beside: dict[str, Page]) -> bytes:
    root = "../" * page.path.count("/")

    def story_page(item: Item) -> str:
        path = book.story_of(item)
        return path and root + path

    return _render(
        "alert.html" if page.kind is EditionKind.ALERT else "edition.html",
        root,
        front,
        title=f"{page.edition.title}: {_name(page)}",
        edition=book.whole(page),
        story_page=story_page,
        full=10**6,
        lines=10**6,
        beside=beside,
    )


def _index(book: Book, front: Front) -> bytes:
    digests = [page for page in book.pages if page.kind is EditionKind.DIGEST]
    latest = {page.edition.profile: page for page in reversed(digests)}
    months = groupby(book.pages, key=lambda page: words.day(page.edition.until).partition(" ")[2])
    return _render(
        "index.html",
        "",
        front,
        title=front.title,
        book=book,
        strictest=strictest(book.pages),
        weeks_to=words.day(max((page.edition.until for page in book.pages), default=atom.NEVER)),
        latest=[(latest[profile], book.whole(latest[profile])) for profile in sorted(latest)],
        months=[(month, list(pages)) for month, pages in months],
        per_day=charts.per_day(book),
        actors=charts.actors(book),
        health=charts.health(book),
        troubled=charts.troubled(book),
    )


def _neighbours(book: Book) -> dict[str, dict[str, Page]]:
    """The edition before and after each, of its own profile and kind."""
    found: dict[str, dict[str, Page]] = {}
    last: dict[tuple[str, EditionKind], Page] = {}
    for page in reversed(book.pages):
        row = page.edition.profile, page.kind
        if row in last:
            found.setdefault(page.path, {})["before"] = last[row]
            found.setdefault(last[row].path, {})["after"] = page
        last[row] = page
    return found


def _name(page: Page) -> str:
    return phrases.alert(page.edition) if page.kind is EditionKind.ALERT else phrases.name(page.edition)


def _render(content: str, root: str, front: Front, **values: Any) -> bytes:
    page = _templates().get_template("page.html").render(content=content, root=root, front=front, **values)
    return page.encode()


@cache
def _templates() -> Environment:
    made = environment(inline=False, package="jobs.site")
    style = "".join(_style())
    digest = b64encode(sha256(style.encode()).digest()).decode()
    made.globals.update(style=style, style_hash=f"sha256-{digest}", name_of=_name)
    return made


def _style() -> Iterator[str]:
    yield ":root{color-scheme:light dark}"
    yield looks.light()
    yield _STYLE.replace("\n", "")
    yield f"@media (prefers-color-scheme:dark){{{looks.dark()}{_DARK}}}".replace("\n", "")
