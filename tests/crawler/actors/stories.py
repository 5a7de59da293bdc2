"""The stories of `stories.toml`, by language."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple


class Story(NamedTuple):
    """An article, the entities that are named in it, and its claims written in one line each."""

    title: str
    text: str
    named: list[str]
    claims: list[str]


STORIES = {
    language: Story(**story)
    for language, story in tomllib.loads((Path(__file__).parent / "stories.toml").read_text(encoding="utf-8")).items()
}
