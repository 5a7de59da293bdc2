"""Who judges: the model that the settings name, else the one that was promoted, else the one that came along."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.classify.model import PACKAGED
from jobs.teaching.shelf import Shelf, card_of
from storage.models import Models
from storage.records import Seat

if TYPE_CHECKING:
    from jobs.home import Home
    from jobs.settings import Settings
    from storage.database import Database


class Origin(StrEnum):
    """Why this model and no other."""

    SETTING = "named in the settings"
    PROMOTED = "promoted"
    PACKAGED = "came with the program"


@dataclass(frozen=True, kw_only=True)
class Judges:
    """The folder of the model in force, and of the one in its shadow. Neither need be there or be whole."""

    model: Path
    origin: Origin
    shadow: Path | None = None

    @property
    def version(self) -> str:
        """The version that the active model claims."""
        return str(card_of(self.model).get("version") or self.model.name)


def judges(settings: Settings, home: Home, database: Database | None) -> Judges:
    """Look at the settings, then at what the database remembers of promotions."""
    models, shelf = (None if database is None else Models(database)), Shelf(home)
    seated = {seat: models.holder(seat) for seat in Seat} if models else dict.fromkeys(Seat)
    active, shadow = seated[Seat.ACTIVE], seated[Seat.SHADOW]
    beside = None if shadow is None else shelf.path(shadow.model)
    if settings.gate.model:
        return Judges(model=Path(settings.gate.model), origin=Origin.SETTING, shadow=beside)
    if active is None:
        return Judges(model=PACKAGED, origin=Origin.PACKAGED, shadow=beside)
    return Judges(model=shelf.path(active.model), origin=Origin.PROMOTED, shadow=beside)
