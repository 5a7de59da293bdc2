"""The edition as Markdown (CommonMark), for wikis, chats and repositories."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jobs.digest import words
from jobs.digest.edition import Standing
from jobs.digest.plain import host, web_url
from jobs.digest.render import phrases

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jobs.digest.edition import Count, Edition, Item

# Whatever starts emphasis, code, links, images, HTML, entities, tables, mentions or formulas inside a line; what
# starts a block at its beginning; and bare addresses, which GitHub's dialect would turn into links.
_INLINE = re.compile(r"[\\`*_\[\]<>|~&!@$]")
_BLOCK = re.compile(r"^([#+=-]|\d+(?=[.)](?:\s|$)))")
_BARE = re.compile(r"(?i)(?<=www)\.|:(?=//)")


def as_markdown(edition: Edition) -> str:
    """The edition under one first-level heading. Headlines and names are escaped, whatever they contain."""
    return "\n\n".join(filter(None, _blocks(edition))) + "\n"


def as_markdown_alert(edition: Edition) -> str:
    """The one story of an alert, and nothing else."""
    return "\n\n".join(filter(None, _alert(edition))) + "\n"


def escaped(text: str) -> str:
    """Text that every Markdown dialect shows as it is written."""
    inline = _BARE.sub(lambda found: "\\" + found.group(), _INLINE.sub(r"\\\g<0>", text))
    return _BLOCK.sub(lambda found: _block(found.group()), inline)


def _block(start: str) -> str:
    return f"&#{ord(start[0])};{start[1:]}" if start.isdigit() else "\\" + start


def _blocks(edition: Edition) -> Iterator[str]:
    yield _label(edition)
    yield f"# {escaped(edition.title)}"
    yield "  \n".join(escaped(line) for line in (phrases.name(edition), *phrases.window(edition)))
    yield "  \n".join(f"**{label}:** {escaped(value)}" for label, value in phrases.figures(edition))
    yield f"**{words.DAYS[edition.coverage.day]}** {escaped(phrases.coverage(edition.coverage))}"
    yield "## Bottom line"
    yield _bottom_line(edition)
    yield from _stories(edition)
    yield from _held(edition)
    yield from _questions(edition)
    yield from _counts(edition)
    yield from _notes(edition)
    yield f"## {phrases.account(edition)}" if edition.fates else ""
    yield _list(f"{fate.count:,} {escaped(phrases.fate(fate))}" for fate in edition.fates)
    yield from _foot(edition)


def _alert(edition: Edition) -> Iterator[str]:
    yield _label(edition)
    yield f"# ALERT: {escaped(edition.title)}"
    yield escaped(phrases.alert(edition))
    for item in edition.flagged.items:
        yield f"## {escaped(item.title)}"
        yield from _story(item, edition.zone)
    yield from _foot(edition)


def _label(edition: Edition) -> str:
    return f"**{escaped(phrases.tlp(edition))}**" if edition.tlp else ""


def _bottom_line(edition: Edition) -> str:
    lines = (
        f"- {_linked(item)} ({number}. below, {phrases.weight(item)})"
        for number, item in phrases.bottom_line(edition.flagged)
    )
    return "\n".join(lines) or phrases.nothing(edition)


def _linked(item: Item) -> str:
    safe = web_url(item.url)
    return f"[{escaped(item.title)}](<{_target(safe)}>)" if safe else escaped(item.title)


def _stories(edition: Edition) -> Iterator[str]:
    for standing, items in phrases.groups(edition.flagged):
        yield f"## {phrases.heading(standing, edition.flagged)}"
        if standing is Standing.ONGOING:
            yield _list(f"{number}\\. {escaped(phrases.briefly(item))} {_link(item.url)}" for number, item in items)
            continue
        for number, item in items:
            yield f"### {number}. {escaped(item.title)}"
            yield from _story(item, edition.zone)
    yield escaped(phrases.left(edition))


def _story(item: Item, zone: str) -> Iterator[str]:
    yield f"**{escaped(phrases.parties(item))}**" if phrases.parties(item) else ""
    yield "  \n".join(escaped(line) for line in phrases.facts(item, zone))
    yield _list(f"**{phrases.news(item)}:** {escaped(change)}" for change in item.changes)
    yield from (f"> “{escaped(sentence.text)}” ({escaped(sentence.outlet)})" for sentence in item.sentences)
    yield "  \n".join(f"**{label}:** {escaped(text)}" for label, text in phrases.reasons(item, zone))
    yield _link(item.url)
    copies = [f"also at {escaped(copy.outlet)}: {_link(copy.url)}" for copy in item.copies]
    yield _list([*copies, *filter(None, [phrases.folded(item)])])
    yield f"`{item.id}`"


def _held(edition: Edition) -> Iterator[str]:
    held = edition.held
    if not held.stories:
        return
    yield f"## Held for review ({held.stories:,})"
    yield _list(
        f"{words.score(item.score)} {escaped(item.title)} ({escaped(_printed(item, edition.zone))}). "
        f"{escaped(item.why)} {_link(item.url)} `{item.id}`"
        for item in held.items
    )
    yield words.more(held.more, "story", "stories") if held.more else ""
    yield phrases.deciding(held)


def _printed(item: Item, zone: str) -> str:
    return ", ".join(filter(None, [words.listed(item.outlets, 2), phrases.late(item, zone)]))


def _questions(edition: Edition) -> Iterator[str]:
    if not edition.questions:
        return
    yield f"## Check us ({len(edition.questions):,})"
    yield phrases.asking(edition)
    yield _list(
        f"{words.score(question.score)} {escaped(question.title)} ({escaped(question.outlet)}) "
        f"{_link(question.url)} `{question.id}`"
        for question in edition.questions
    )


def _counts(edition: Edition) -> Iterator[str]:
    for title, counts in phrases.counted(edition):
        yield f"## {title}"
        yield _list(f"{escaped(count.name)}: **{count.stories:,}**{_usual(count)}" for count in counts)


def _usual(count: Count) -> str:
    usual = phrases.usual(count)
    return f" ({usual})" if usual else ""


def _notes(edition: Edition) -> Iterator[str]:
    notes = phrases.troubles(edition.coverage)
    if not notes:
        return
    yield f"## Source notes ({len(notes):,})"
    yield _list(
        f"{escaped(note.source)}: {escaped(phrases.note(note, edition.zone))}" for note in notes[: words.MOST_NOTES]
    )
    if len(notes) > words.MOST_NOTES:
        yield words.more(len(notes) - words.MOST_NOTES, "source", "sources")


def _foot(edition: Edition) -> Iterator[str]:
    card = phrases.card(edition).removesuffix(".")
    yield f"*{escaped(card)}. {escaped(phrases.colophon(edition))}*"
    yield _label(edition)


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _link(url: str) -> str:
    """The real host, linked; an address that is not the web's as text."""
    safe = web_url(url)
    return escaped(words.no_link(url)) if safe is None else f"[{escaped(host(url) or '')}](<{_target(safe)}>)"


def _target(url: str) -> str:
    return url.replace("(", "%28").replace(")", "%29").replace("[", "%5B").replace("]", "%5D")
