"""The stories of `stories.toml`, by language."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple


class Story(NamedTuple):
    """A title and its text."""

    title: str
    text: str


_FILE = tomllib.loads((Path(__file__).parent / "stories.toml").read_text(encoding="utf-8"))

ESPIONAGE: dict[str, Story] = {code: Story(**story) for code, story in _FILE["espionage"].items()}
NEAR_MISSES: dict[str, Story] = {code: Story(**story) for code, story in _FILE["near_misses"].items()}
MORE: list[tuple[str, str, Story]] = [  # kind, language, story
    (entry["kind"], entry["language"], Story(entry["title"], entry["text"])) for entry in _FILE["more"]
]
