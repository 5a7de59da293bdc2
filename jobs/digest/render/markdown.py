"""The edition as Markdown (CommonMark), for wikis, chats and repositories."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jobs.digest import words
from jobs.digest.plain import host, web_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jobs.digest.edition import Edition, Item, Section

# Whatever starts emphasis, code, links, images, HTML, entities, tables, mentions or formulas inside a line; what
# starts a block at its beginning; and bare addresses, which GitHub's dialect would turn into links.
_INLINE = re.compile(r"[\\`*_\[\]<>|~&!@$]")
_BLOCK = re.compile(r"^([#+=-]|\d+(?=[.)]))")
_BARE = re.compile(r"(?i)(?<=www)\.|:(?=//)")


def as_markdown(edition: Edition) -> str:
    """The edition under one first-level heading. Headlines and names are escaped, whatever they contain."""
    return "\n\n".join(_blocks(edition)) + "\n"


def escaped(text: str) -> str:
    """Text that every Markdown dialect shows as it is written."""
    inline = _BARE.sub(lambda found: "\\" + found.group(), _INLINE.sub(r"\\\g<0>", text))
    return _BLOCK.sub(lambda found: _block(found.group()), inline)


def _block(start: str) -> str:
    return f"&#{ord(start[0])};{start[1:]}" if start.isdigit() else "\\" + start


def _blocks(edition: Edition) -> Iterator[str]:
    yield f"# {escaped(edition.title)}"
    yield words.window(edition)
    yield " · ".join(f"**{label}** {value}" for label, value in words.figures(edition))
    yield f"**{words.DAYS[edition.coverage.day]}** {escaped(words.coverage(edition.coverage))}"
    yield "## Bottom line"
    yield _bottom_line(edition.flagged)
    yield from _flagged(edition.flagged)
    yield from _held(edition.held)
    yield f"## {words.account(edition)}"
    yield _list(f"{fate.count:,} {escaped(words.fate(fate))}" for fate in edition.fates) or "None."
    yield from _sources(edition)
    yield f"*{escaped(words.colophon(edition))}*"


def _bottom_line(section: Section) -> str:
    lines = (f"{escaped(item.title)} ({words.score(item.score)})" for item in section.items[: words.BOTTOM_LINES])
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1)) or words.NOTHING_FLAGGED


def _flagged(section: Section) -> Iterator[str]:
    if section.stories:
        yield f"## Flagged ({section.stories:,})"
    for number, item in enumerate(section.items, 1):
        yield f"### {number}. {escaped(item.title)}"
        yield from _story(item)
    yield from _more(section)


def _story(item: Item) -> Iterator[str]:
    yield f"{escaped(words.attribution(item, between=' · '))}  \n{escaped(words.dated(item))}"
    for sentence in item.sentences:
        yield f"> “{escaped(sentence.text)}” ({escaped(sentence.outlet)})"
    yield from (f"**New:** {escaped(change)}" for change in item.changes)
    yield f"**Why flagged:** {escaped(item.why)}"
    yield _link(item.url)
    copies = [f"also at {escaped(copy.outlet)}: {_link(copy.url)}" for copy in item.copies]
    yield from filter(None, [_list([*copies, *filter(None, [words.folded(item)])])])
    yield f"`{item.id}`"


def _held(section: Section) -> Iterator[str]:
    if not section.stories:
        return
    yield f"## Held for review ({section.stories:,})"
    yield _list(
        f"{words.score(item.score)} {escaped(item.title)} ({escaped(words.listed(item.outlets, 2))}). "
        f"{escaped(item.why)} {_link(item.url)}"
        for item in section.items
    )
    yield from _more(section)


def _sources(edition: Edition) -> Iterator[str]:
    failed = edition.coverage.failed
    if not failed:
        return
    yield f"## Sources that gave nothing ({len(failed):,})"
    yield _list(f"{escaped(note.source)}: {escaped(words.note(note))}" for note in failed[: words.MOST_NOTES])
    if len(failed) > words.MOST_NOTES:
        yield words.more(len(failed) - words.MOST_NOTES, "source", "sources")


def _more(section: Section) -> Iterator[str]:
    if section.more:
        yield words.more(section.more, "story", "stories")


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _link(url: str) -> str:
    """The real host, linked; an address that is not the web's as text."""
    safe = web_url(url)
    if safe is None:
        return escaped(words.no_link(url))
    target = safe.replace("(", "%28").replace(")", "%29").replace("[", "%5B").replace("]", "%5D")
    return f"[{escaped(host(url) or '')}](<{target}>)"
