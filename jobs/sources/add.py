"""`spywire sources add`: look, name, write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.errors import FetchError
from crawler.text import clean_line
from crawler.urls import url_key
from jobs.catalogue import known_sources, mistake
from jobs.exits import NothingThereError, UsageError
from jobs.sources.edit import Entry, append, editing, named_by_url, toml_of
from jobs.sources.names import KEBAB, pick_name
from jobs.sources.rows import tags_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.discover.auto import Discovery
    from crawler.hosts import HostMemory
    from crawler.run import Manners
    from crawler.sources import Source
    from crawler.workers import Workers
    from jobs.home import Home


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What an operator asked for."""

    url: str
    name: str | None = None
    tags: tuple[str, ...] = ()
    why: str = ""
    every: str | None = None


def checked_url(url: str) -> str:
    """The URL, with a scheme where a person left it out. Raises `UsageError` for what is no http(s) URL."""
    if "://" not in url:
        url = f"https://{url}"
    wrong = mistake({"url": url})
    if wrong:
        raise UsageError(f"{url}: {wrong.removeprefix('url: ')}")
    return url


def add_source(wish: Wish, home: Home, *, manners: Manners | None, hosts: HostMemory, workers: Workers) -> str:
    """Write the best source behind the wished URL into the home's catalogue; gives the table as written.

    Without `manners` nobody is asked and the URL is written as it is. Raises `UsageError` for a name or URL that is
    there already, `FetchError` when the URL cannot be had, `BusyError` while somebody else writes.
    """
    url = checked_url(wish.url)
    _new(url, known_sources(home.sources_file))
    found = _discovered(url, manners, hosts, workers) if manners else None
    with editing(home) as path:
        sources = known_sources(path)
        _new(found.url if found else url, sources)
        entry = _entry(wish, url, found, sources)
        append(path, [entry])
    return toml_of(entry)


def _entry(wish: Wish, url: str, found: Discovery | None, sources: Sequence[Source]) -> Entry:
    entry = Entry(
        name=_name(wish.name, found, url, {source.name for source in sources}),
        url=found.url if found else url,
        kind=str(found.kind) if found else None,
        every=wish.every,
        tags=tags_of(wish.tags),
        why=clean_line(wish.why, limit=1000),
        remark=f"found at {url}" if found and found.url != url else "",
    )
    wrong = mistake(entry.values)
    if wrong:
        raise UsageError(wrong)
    return entry


def _new(url: str, sources: Sequence[Source]) -> None:
    name = named_by_url(sources).get(url_key(url))
    if name is not None:
        raise UsageError(f"{url} is there already: it is the source {name}")


def _discovered(url: str, manners: Manners, hosts: HostMemory, workers: Workers) -> Discovery:
    from crawler.run import probe

    discovery = probe(url, manners=manners, hosts=hosts, workers=workers).discovery
    if discovery.found is not None:
        return discovery
    if not discovery.reached:
        raise FetchError(f"{url}: {discovery.why}")
    raise NothingThereError(f"{url}: {discovery.why} `--no-probe` adds it all the same.")


def _name(wished: str | None, found: Discovery | None, url: str, taken: set[str]) -> str:
    if wished is None:
        return pick_name(found.found.title if found and found.found else None, found.url if found else url, taken)
    if not KEBAB.fullmatch(wished):
        raise UsageError(f"{wished!r} is no name: use small letters, digits and hyphens, such as example-times")
    if wished in taken:
        raise UsageError(f"there is a source {wished} already")
    return wished
