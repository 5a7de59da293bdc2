"""`spywire label`, `labels import|export`: telling the gate what an article is."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli.options import AsJson
from jobs.exits import Exit, UsageError
from jobs.terminal import (
    complain,
    configuration_of,
    judges_of,
    leave,
    opened_database,
    right_now,
    say,
    stored_database,
    write_file,
)

if TYPE_CHECKING:
    from jobs.teaching.transfer import Transfer

app = typer.Typer()
labels = typer.Typer(help="Labels in and out in bulk.", no_args_is_help=True)

By = Annotated[str, typer.Option(metavar="NAME", help="Who says so; your login name when left out.")]


@app.command()
def label(
    context: typer.Context,
    article: Annotated[str, typer.Argument(metavar="URL|ID", help="A link, an article's number, or a digest item.")],
    word: Annotated[
        str,
        typer.Argument(metavar="[flag|reject|none]", help="none takes a label back; left out: what was said so far."),
    ] = "",
    note: Annotated[str, typer.Option(help="Why, in a sentence.")] = "",
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Say what an article is. It is so at once, whatever a model says, and the next model learns from it."""
    from jobs.teaching.labelling import label_of, put, who, word_of
    from jobs.teaching.subject import subject
    from jobs.teaching.view import history_text, label_json, labelled_json, labelled_text
    from storage.labels import Labels
    from storage.records import NO_MODEL

    now, said = right_now(), word_of(word) if word else None
    with stored_database(context) as database:
        stored = subject(article, database)
        if said is None:
            given = Labels(database).history(stored.id)
            say(json.dumps([label_json(each) for each in given]) if as_json else history_text(stored, given))
            return
        new = label_of(stored, said, by=by or who(), note=note, at=now)
        done = put(database, stored, new, model=judges_of(context, database).model, now=now)
    say(json.dumps(labelled_json(done), ensure_ascii=False) if as_json else labelled_text(done))
    leave(Exit.CONFIG if done.model == NO_MODEL else Exit.OK)


@labels.command("import")
def import_(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV, JSON lines or a mailbox; - for standard input.")],
    by: By = "",
    anyone: Annotated[bool, typer.Option("--anyone", help="Take mail from senders that get no digest, too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, do nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give the labels of a file. A line that cannot be used is named, and the others are given."""
    from jobs.delivery.addresses import mailbox
    from jobs.teaching.labelfiles import read_labels
    from jobs.teaching.labelling import who
    from jobs.teaching.transfer import import_rows

    settings = configuration_of(context).settings
    readers = {mailbox(to).address for profile in settings.profile.values() for to in profile.to}
    rows = read_labels(_read(file), file, senders=None if anyone else readers)
    with opened_database(context) as database:
        model = judges_of(context, database).model
        transfer = import_rows(database, rows, by=by or who(), model=model, now=right_now(), write=not dry_run)
    for row in transfer.unusable:
        complain(f"{file}: {row.place}: {row.why}")
    say(json.dumps(_transfer_json(transfer), ensure_ascii=False) if as_json else _transfer_text(transfer, dry_run))
    leave(Exit.PARTIAL if transfer.unusable else Exit.OK)


@labels.command("export")
def export(
    context: typer.Context,
    form: Annotated[str, typer.Option("--format", help="csv or jsonl.")] = "csv",
    out: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> None:
    """The labels in force, as `labels import` reads them."""
    from jobs.teaching.labelfiles import write_csv, write_lines
    from storage.labels import Labels

    if form not in {"csv", "jsonl"}:
        raise UsageError(f"there is no format {form}; there are csv, jsonl")
    with stored_database(context) as database:
        standing = Labels(database).all()
    written = write_csv(standing) if form == "csv" else write_lines(standing)
    if out is None:
        say(written, end="")
    else:
        write_file(out, written)


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error


def _transfer_text(transfer: Transfer, dry_run: bool) -> str:  # noqa: FBT001 - a switch of the command line
    done = "would give" if dry_run else "gave"
    lines = [f"  {each.before} -> {each.label.word}  {each.label.url}" for each in transfer.changes]
    words = Counter(str(each.label.word) for each in transfer.changes)
    told = ", ".join(f"{count} {word}" for word, count in sorted(words.items())) or "none"
    rest = f"{transfer.same} stand already, {transfer.newer} are older than what stands"
    return "\n".join([*lines, f"{done} {told}; {rest}, {len(transfer.unusable)} are unusable"])


def _transfer_json(transfer: Transfer) -> dict[str, object]:
    from jobs.teaching.view import label_json

    return {
        "given": [label_json(each.label) | {"before": str(each.before)} for each in transfer.changes],
        "same": transfer.same,
        "newer": transfer.newer,
        "unusable": [{"place": row.place, "why": row.why} for row in transfer.unusable],
    }
