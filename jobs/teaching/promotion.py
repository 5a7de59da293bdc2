"""Changing who judges: an examination first, a list of what would change, and a way back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from crawler.classify.correction import load_any
from crawler.classify.golden import Score, examine, golden
from jobs.exits import NothingThereError, UsageError
from jobs.teaching.lessons import examined, truths
from jobs.teaching.shelf import card_of, packaged_version
from storage.models import Models
from storage.records import Appointment, Seat

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from jobs.teaching.judges import Judges
    from jobs.teaching.shelf import Shelf
    from storage.database import Database


@dataclass(frozen=True, kw_only=True)
class Sitting:
    """How two models did on the same articles."""

    name: str
    active: Score
    candidate: Score

    @property
    def dropped(self) -> list[str]:
        """What is worse with the candidate: precision, recall."""
        return [f"{what} on {self.name}" for what in self.candidate.worse_than(self.active)]


@dataclass(frozen=True, kw_only=True)
class Examination:
    """The active model and a candidate, on the golden set and on the labels."""

    active: str
    candidate: str
    sittings: tuple[Sitting, ...]

    @property
    def dropped(self) -> list[str]:
        """Why the candidate may not take over; empty when it may."""
        return [drop for sitting in self.sittings for drop in sitting.dropped]

    def as_json(self) -> dict[str, Any]:
        """The figures as plain data."""
        named = {
            each.name: {"active": asdict(each.active), "candidate": asdict(each.candidate)} for each in self.sittings
        }
        return {"active": self.active, "candidate": self.candidate, "dropped": self.dropped, "on": named}


def examination(database: Database, active: Path, candidate: Path) -> Examination:
    """Let both judge the golden set and every labelled article. Raises `ModelError` where one cannot be loaded."""
    ours, theirs = load_any(active), load_any(candidate)
    set_pieces, labels = golden(), truths(database)
    sittings = (
        Sitting(name="the golden set", active=examine(ours, set_pieces), candidate=examine(theirs, set_pieces)),
        Sitting(name="the labels", active=examined(ours, labels), candidate=examined(theirs, labels)),
    )
    return Examination(active=ours.version, candidate=theirs.version, sittings=sittings)


def promote(
    database: Database, shelf: Shelf, report: Examination, *, by: str, note: str, flips: int, at: datetime
) -> None:
    """Put the candidate into office. Whoever starts to judge from now on judges with it."""
    standing = Models(database).holder(Seat.ACTIVE)
    Models(database).appoint(
        Appointment(
            seat=Seat.ACTIVE,
            model=report.candidate,
            sha256=str(card_of(shelf.path(report.candidate)).get("sha256")),
            at=at,
            by=by,
            note=note,
            before=standing.model if standing else None,
            report=report.as_json() | {"flips": flips},
        )
    )
    shadow = Models(database).holder(Seat.SHADOW)
    if shadow and shadow.model == report.candidate:
        Models(database).vacate(Seat.SHADOW, at=at)


def rollback(database: Database, *, by: str, at: datetime) -> str:
    """Put the model back that the active one replaced; gives its version. Raises `NothingThereError`."""
    models = Models(database)
    standing = models.holder(Seat.ACTIVE)
    if standing is None:
        raise NothingThereError("there is nothing to roll back: the model that came with the program is in force")
    if standing.before is None:
        models.vacate(Seat.ACTIVE, at=at)
        return packaged_version()
    earlier = [each for each in models.appointments() if each.seat is Seat.ACTIVE and each.model == standing.before]
    note = f"rolled back from {standing.model}"
    models.appoint(replace(earlier[-1], at=at, by=by, note=note, ended_at=None))
    return standing.before


def shadow(database: Database, shelf: Shelf, judges: Judges, version: str, *, by: str, at: datetime) -> Path:
    """Let a model judge every new article beside the active one. Raises `CommandError` where it could not."""
    model = shelf.find(version)
    if model.trouble:
        raise UsageError(model.trouble)
    if version == judges.version:
        raise UsageError(f"{version} is the active model; only another one can be its shadow")
    digest = str(model.card.get("sha256"))
    Models(database).appoint(Appointment(seat=Seat.SHADOW, model=version, sha256=digest, at=at, by=by))
    return model.path


def leave_shadow(database: Database, *, at: datetime) -> bool:
    """Let only the active model judge; gives whether there was a shadow."""
    return Models(database).vacate(Seat.SHADOW, at=at)


def needs(version: str, judges: Judges) -> None:
    """Refuse to promote what is active already."""
    if version == judges.version:
        raise UsageError(f"{version} is the active model already ({judges.origin})")
