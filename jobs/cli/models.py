"""`spywire model ...`: who judges, who is tried, and changing it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli.options import AsJson, since_of
from jobs.exits import Exit
from jobs.terminal import (
    complain,
    configuration_of,
    database_if_any,
    home_of,
    judges_of,
    leave,
    opened_database,
    right_now,
    say,
)

if TYPE_CHECKING:
    from crawler.workers import Workers
    from jobs.teaching.judges import Judges
    from storage.database import Database
    from storage.records import Flip

models = typer.Typer(help="The models behind the gate.", no_args_is_help=True)

Version = Annotated[str, typer.Argument(metavar="ID", help="A model's version, as `model list` shows it.")]
By = Annotated[str, typer.Option(metavar="NAME", help="Who says so; your login name when left out.")]
SHOWN = 50  # differences


@models.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """Every model there is, and which of them judges."""
    from jobs.teaching.shelf import Shelf
    from jobs.teaching.view import list_json, list_text

    with database_if_any(context) as database:
        judges = judges_of(context, database)
    models, shadow = Shelf(home_of(context)).all(), judges.shadow.name if judges.shadow else None
    say(json.dumps(list_json(models, judges, shadow)) if as_json else list_text(models, judges, shadow))


@models.command()
def show(
    context: typer.Context,
    version: Annotated[str, typer.Argument(metavar="[ID]", help="The active one when left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """What a model was made of, what its labels taught it, and when it was in office."""
    from jobs.teaching.shelf import Shelf, taught_words
    from jobs.teaching.view import model_text
    from storage.models import Models

    with database_if_any(context) as database:
        judges, history = judges_of(context, database), Models(database).appointments() if database else []
    shelf = Shelf(home_of(context))
    model = shelf.find(version) if version else shelf.at(judges.model)
    words = taught_words(model)
    say(
        json.dumps({"model": model.version, "card": model.card, "words": dict(words), "trouble": model.trouble or None})
        if as_json
        else model_text(model, words, history)
    )
    leave(Exit.CONFIG if model.trouble else Exit.OK)


@models.command()
def shadow(
    context: typer.Context,
    version: Annotated[str, typer.Argument(metavar="[ID|off]", help="Left out: where the two differ.")] = "",
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Let a model judge what comes beside the active one; its verdicts are kept apart and decide nothing."""
    from jobs.teaching.labelling import who
    from jobs.teaching.promotion import leave_shadow, shadow
    from jobs.teaching.shelf import Shelf

    now = right_now()
    with opened_database(context) as database:
        judges = judges_of(context, database)
        if not version:
            say(_differences(database, judges, as_json=as_json))
        elif version == "off":
            say("no model is in the shadow now" if leave_shadow(database, at=now) else "no model was in the shadow")
        else:
            shadow(database, Shelf(home_of(context)), judges, version, by=by or who(), at=now)
            say(f"{version} now judges every new article beside {judges.version}, which alone decides.")
            say("Each is judged twice, a few milliseconds more; `spywire model shadow` shows where they differ.")


@models.command()
def promote(
    context: typer.Context,
    version: Version,
    since: Annotated[str, typer.Option(help="Which stored articles to look at for flips: 30d, or a date.")] = "30d",
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without, say what would change, and end with 1.")] = False,
    force: Annotated[str, typer.Option(metavar="REASON", help="Do it though it is worse; the reason is kept.")] = "",
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Put a model into office: examined against the active one, with a list of what it would judge otherwise."""
    from jobs.teaching.archive import workers_of
    from jobs.teaching.labelling import who
    from jobs.teaching.promotion import examination, needs, promote
    from jobs.teaching.shelf import Shelf
    from jobs.teaching.view import examination_text, promotion_json, promotion_text

    now, shelf = right_now(), Shelf(home_of(context))
    with opened_database(context) as database:
        judges = judges_of(context, database)
        needs(version, judges)
        candidate = shelf.find(version)
        report = examination(database, judges.model, candidate.path)
        if not as_json:
            say(examination_text(report))
        with workers_of(configuration_of(context).settings, candidate.path) as workers:
            flips = _flips(database, workers, version, since_of(since, now), quiet=as_json)
        done = yes and (not report.dropped or bool(force))
        if done:
            promote(database, shelf, report, by=by or who(), note=force, flips=len(flips), at=now)
    say(promotion_json(report, flips, done=done) if as_json else promotion_text(report, flips, done=done, forced=force))
    _warn_of_setting(judges)
    leave(Exit.OK if done else Exit.PARTIAL)


@models.command()
def rollback(context: typer.Context, by: By = "") -> None:
    """Put the model back that the active one replaced."""
    from jobs.teaching.labelling import who
    from jobs.teaching.promotion import rollback

    with opened_database(context) as database:
        back = rollback(database, by=by or who(), at=right_now())
        judges = judges_of(context, database)
    say(f"{back} is active again. Stored verdicts stay: `spywire reclassify --since DATE` judges them again with it.")
    _warn_of_setting(judges)


def _warn_of_setting(judges: Judges) -> None:
    from jobs.teaching.judges import Origin

    if judges.origin is Origin.SETTING:
        complain(f"[gate] model in the settings names {judges.model}, which goes on judging until that line is gone")


def _flips(database: Database, workers: Workers, version: str, since: datetime, *, quiet: bool) -> list[Flip]:
    """Every stored verdict that a model would change, told as they are found."""
    from jobs.teaching.archive import Progress, flips, judged_again
    from jobs.teaching.view import flip_text, progress_text
    from storage.verdicts import Verdicts

    found: list[Flip] = []
    progress = Progress(total=Verdicts(database).count_others(version, since=since))
    for pairs in judged_again(database, workers, model=version, since=since, progress=progress):
        new = flips(pairs)
        found += new
        for flip in () if quiet else new:
            say(flip_text(flip))
    if progress.failed or not quiet:
        complain(progress_text(progress))
    return found


def _differences(database: Database, judges: Judges, *, as_json: bool) -> str:
    from jobs.exits import NothingThereError
    from jobs.teaching.view import shadow_json, shadow_text
    from storage.models import Models

    if judges.shadow is None:
        raise NothingThereError("no model is in the shadow; put one there with `spywire model shadow ID`")
    version, store = judges.shadow.name, Models(database)
    compared, failed = store.compared(version), store.failures(version)
    differences = store.differences(version, limit=SHOWN)
    if as_json:
        return json.dumps(shadow_json(version, compared, failed, differences), ensure_ascii=False)
    return shadow_text(version, compared, failed, differences)
