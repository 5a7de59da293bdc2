"""Stories: which articles report one event, why, and what changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.records import StoryChange
from storage.tables.columns import Table


class StoryRow(Table):
    """One event. `public` is its name for people, by the day it was first seen; it never changes."""

    __tablename__ = "stories"
    __table_args__ = (UniqueConstraint("public"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public: Mapped[str] = mapped_column(String(20))
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime] = mapped_column(index=True)
    roundup: Mapped[bool]  # tells of many events; nothing joins it
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("stories.id"))


class MemberRow(Table):
    """An article in its story, the report it goes back to, and why each."""

    __tablename__ = "members"

    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), primary_key=True)
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id"), index=True)
    joined_at: Mapped[datetime] = mapped_column(index=True)
    why: Mapped[str]
    like_id: Mapped[int | None]  # the article that drew it in
    refused: Mapped[list[Any]]  # stories it might have joined and did not: [public, why]
    origin_id: Mapped[int]  # the article whose reporting it repeats; its own id when it is an origin
    origin_why: Mapped[str]


class StoryChangeRow(Table):
    """What became known of a story after it began."""

    __tablename__ = "story_changes"
    __table_args__ = (Index(None, "story_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id"))
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[StoryChange]
    what: Mapped[str]


class WordOfHandRow(Table):
    """A person's word on what belongs together. It holds for ever, for articles that come later too."""

    __tablename__ = "story_words"

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    together: Mapped[bool]
    by: Mapped[str]
    at: Mapped[datetime]
