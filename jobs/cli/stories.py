"""`spywire story ...`: the articles of one event, and a person's word on them."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from jobs.cli.options import AsJson, since_of
from jobs.exits import UsageError
from jobs.terminal import right_now, say, stored_database


class StoryGroup(TyperGroup):
    """`story S-20261122-01` means `story show S-20261122-01`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the first argument names, or the one that shows the story it names."""
        named = bool(args) and args[0].startswith("S-")
        return super().resolve_command(ctx, ["show", *args] if named else args)


stories = typer.Typer(cls=StoryGroup, help="The articles of one event.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="STORY", help="Such as S-20261122-01.")]


@stories.command("show")
def show(
    context: typer.Context,
    name: Name,
    why: Annotated[bool, typer.Option("--why", help="Why each article is in it, and what it did not join.")] = False,
    as_json: AsJson = False,
) -> None:
    """The tree of origins: who reported it, who repeated whom, what became known."""
    from jobs.stories.view import story_json, story_text
    from storage.stories import Stories

    with stored_database(context) as database:
        story = Stories(database).named(name)
    if story is None:
        raise UsageError(f"there is no story {name}; `spywire story list` shows the latest")
    say(json.dumps(story_json(story), ensure_ascii=False) if as_json else story_text(story, why=why))


@stories.command("list")
def show_list(
    context: typer.Context,
    since: Annotated[str, typer.Option(help="Stories that something was added to since then.")] = "7d",
    as_json: AsJson = False,
) -> None:
    """The latest stories, a line each."""
    from jobs.stories.view import list_text, story_json
    from storage.stories import Stories

    with stored_database(context) as database:
        found = Stories(database).open(since=since_of(since, datetime.now(UTC)))
    if as_json:
        say(json.dumps([story_json(story) for story in found], ensure_ascii=False))
    elif found:
        say(list_text(found))


@stories.command("merge")
def merge(context: typer.Context, one: Name, other: Name) -> None:
    """Say that two stories are one event. It holds for ever."""
    from jobs.stories import hand
    from jobs.stories.view import story_text

    with stored_database(context) as database:
        story = hand.merge(database, one, other, by=getpass.getuser(), at=right_now())
    say(story_text(story))


@stories.command("split")
def split(
    context: typer.Context,
    name: Name,
    article: Annotated[list[int], typer.Argument(help="The number behind # in `story show`. May be repeated.")],
) -> None:
    """Say that articles are another event. They never join the rest again."""
    from jobs.stories import hand
    from jobs.stories.view import story_text

    with stored_database(context) as database:
        story = hand.split(database, name, article, by=getpass.getuser(), at=right_now())
    say(story_text(story))
