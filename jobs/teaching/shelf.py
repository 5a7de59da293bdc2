"""The models of an installation: one folder each, beside the database, none of them ever changed."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from crawler.classify.correction import Corrected, load_any
from crawler.classify.model import META, PACKAGED, WEIGHTS
from crawler.errors import ModelError
from jobs.exits import ConfigError, UsageError

if TYPE_CHECKING:
    from jobs.home import Home

CURE = "`spywire model list` names those there are"


@dataclass(frozen=True, kw_only=True)
class Shelved:
    """A model's folder with its card. `trouble` says why it cannot be used, if so."""

    version: str
    path: Path
    card: dict[str, Any]
    trouble: str = ""


class Shelf:
    """The folder of models, and the one that came with the program."""

    def __init__(self, home: Home) -> None:
        self.folder = home.data / "models"

    def path(self, version: str) -> Path:
        """Where a model lies, or would lie; the packaged one under its own version."""
        return PACKAGED if version == packaged_version() else self.folder / version

    def find(self, version: str) -> Shelved:
        """A model that is there. Raises `UsageError`."""
        path = self.path(version)
        if Path(version).name != version or not path.is_dir():
            raise UsageError(f"there is no model {version} in {self.folder}; {CURE}")
        return _look(path)

    def at(self, path: Path) -> Shelved:
        """The model in any folder."""
        return _look(path)

    def all(self) -> list[Shelved]:
        """Every model, the packaged one first."""
        folders = sorted(path.parent for path in self.folder.glob(f"*/{META}"))
        return [_look(path) for path in (PACKAGED, *folders)]

    def add(self, version: str, weights: bytes, card: dict[str, Any]) -> Path:
        """Put a model on the shelf; it appears there whole or not at all. The same model again changes nothing."""
        folder = self._begin()
        (folder / WEIGHTS).write_bytes(weights)
        (folder / META).write_text(json.dumps(card, indent=2, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
        return self._finish(folder, version)

    def copy(self, path: Path, version: str) -> Path:
        """Put a copy of a model's folder on the shelf."""
        folder = self._begin()
        for name in (WEIGHTS, META):
            shutil.copyfile(path / name, folder / name)
        return self._finish(folder, version)

    def _begin(self) -> Path:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            return Path(mkdtemp(prefix=".new-", dir=self.folder))
        except OSError as error:
            raise ConfigError(f"cannot write {self.folder}: {error.strerror}; choose a home you may write") from error

    def _finish(self, folder: Path, version: str) -> Path:
        place = self.folder / version
        folder.chmod(0o755)
        if place.exists():
            shutil.rmtree(place)
        folder.rename(place)
        return place


def packaged_version() -> str:
    """The version of the model that came with the program. Raises `ModelError`."""
    return str(card_of(PACKAGED).get("version"))


def taught_words(model: Shelved) -> list[tuple[str, float]]:
    """What a correction says of words, the strongest first; of a whole model nothing."""
    loaded = None if model.trouble else load_any(model.path)
    words = loaded.words if isinstance(loaded, Corrected) else {}
    return sorted(words.items(), key=lambda item: (-abs(item[1]), item[0]))


def card_of(path: Path) -> dict[str, Any]:
    """What a model says of itself; empty where nothing can be read."""
    try:
        card = json.loads((path / META).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return card if isinstance(card, dict) else {}


def _look(path: Path) -> Shelved:
    card = card_of(path)
    try:
        load_any(path)
    except ModelError as error:
        return Shelved(version=path.name, path=path, card=card, trouble=str(error))
    return Shelved(version=str(card["version"]), path=path, card=card)
