"""A story as a person reads it: its origins as a tree, what changed, and why each article is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.text import clean_line
from jobs.stories.changes import said
from jobs.stories.origins import outlet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from storage.records import Membership, StoredArticle, StoredStory


def counted(story: StoredStory) -> str:
    """`14 articles, 3 origins`."""
    articles, origins = len(story.articles), story.origins
    return f"{articles} article{'s' * (articles != 1)}, {origins} origin{'s' * (origins != 1)}"


def primary(story: StoredStory) -> StoredArticle:
    """The article that tells it best: an origin before a copy, sound text before spun, then score, then age.

    Of copies the one is the origin that the others give as their author or agency, whichever of them we saw first.
    """
    outlets = {outlet(stored).casefold() for stored in story.articles}
    reprints = {stored.id for stored in story.articles if _credits(stored) & outlets - {outlet(stored).casefold()}}
    origins = {
        member.article
        for member in story.members
        if member.article not in reprints and (member.article == member.origin or member.origin in reprints)
    }

    def rank(stored: StoredArticle) -> tuple[bool, float, float, datetime, int]:
        score = stored.verdict.score or 0.0
        return stored.id not in origins, -round(stored.article.quality, 1), -score, stored.first_seen, stored.id

    return min(story.articles, key=rank)


def _credits(stored: StoredArticle) -> set[str]:
    agency = stored.article.dateline.agency if stored.article.dateline else None
    return {name.casefold() for name in (*stored.article.authors, agency) if name}


def story_text(story: StoredStory, *, why: bool = False) -> str:
    """One screen: the tree of origins, then what changed."""
    kind = "  (round-up)" if story.roundup else ""
    lines = [
        f"{story.public}  {clean_line(primary(story).article.title, limit=160)}{kind}",
        f"  {counted(story)}, {story.first_seen:%Y-%m-%d %H:%MZ} to {story.last_seen:%Y-%m-%d %H:%MZ}",
        "",
        *_tree(story, why=why),
    ]
    if story.changes:
        lines += ["", "What became known"]
        lines += [f"  {change.at:%Y-%m-%d %H:%MZ}  {clean_line(said(change, story))}" for change in story.changes]
    return "\n".join(lines)


def story_json(story: StoredStory) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "id": story.public,
        "title": primary(story).article.title,
        "first_seen": story.first_seen.isoformat(),
        "last_seen": story.last_seen.isoformat(),
        "roundup": story.roundup,
        "articles": [_member_json(stored, member) for stored, member in _pairs(story)],
        "origins": story.origins,
        "changes": [
            {"at": change.at.isoformat(), "article": change.article, "kind": change.kind, "what": change.what}
            for change in story.changes
        ],
    }


def list_text(stories: Sequence[StoredStory]) -> str:
    """A line for each."""
    return "\n".join(
        f"{story.public}  {story.last_seen:%m-%d %H:%MZ}  {counted(story):<24}  "
        f"{clean_line(primary(story).article.title, limit=100)}"
        for story in stories
    )


def _tree(story: StoredStory, *, why: bool) -> Iterator[str]:
    copies: dict[int, list[tuple[StoredArticle, Membership]]] = {}
    for stored, member in _pairs(story):
        copies.setdefault(member.origin, []).append((stored, member))
    for told in copies.values():
        for depth, (stored, member) in enumerate(sorted(told, key=lambda pair: pair[1].origin != pair[0].id)):
            yield from _line(stored, member, indent="  " if depth == 0 else "    └ ", why=why)


def _line(stored: StoredArticle, member: Membership, *, indent: str, why: bool) -> Iterator[str]:
    title = clean_line(stored.article.title, limit=90)
    yield f"{indent}{stored.first_seen:%m-%d %H:%MZ}  {clean_line(outlet(stored), limit=30)}: {title}  #{stored.id}"
    pad = " " * len(indent)
    if member.origin != stored.id or why:
        yield f"{pad}{member.origin_why}"
    if why:
        yield f"{pad}joined: {clean_line(member.why, limit=200)}"
        yield from (f"{pad}not {public}: {clean_line(reason, limit=160)}" for public, reason in member.refused)


def _pairs(story: StoredStory) -> Iterator[tuple[StoredArticle, Membership]]:
    return zip(story.articles, story.members, strict=True)


def _member_json(stored: StoredArticle, member: Membership) -> dict[str, Any]:
    return {
        "id": stored.id,
        "url": stored.article.url,
        "title": stored.article.title,
        "outlet": outlet(stored),
        "language": stored.article.language,
        "first_seen": stored.first_seen.isoformat(),
        "origin": member.origin,
        "origin_why": member.origin_why,
        "why": member.why,
        "refused": [{"story": public, "why": reason} for public, reason in member.refused],
    }
