"""`spywire search` and `export`: what the archive holds, for people and for programs."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli.options import AsJson, since_of
from jobs.exits import Exit, UsageError
from jobs.export.item import Format, Tlp
from jobs.terminal import complain, home_of, leave, say, stored_database
from storage.records import Decision

if TYPE_CHECKING:
    from collections.abc import Iterable

    from storage.search import Narrowed

app = typer.Typer()

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Shelf(StrEnum):
    """Which articles are searched."""

    KEPT = "kept"  # flagged and held
    FLAG = "flag"
    HOLD = "hold"
    REJECT = "reject"
    ALL = "all"


@app.command()
def search(
    context: typer.Context,
    query: Annotated[list[str], typer.Argument(help='Words, "a phrase", pre*, title:word, OR, NOT, parentheses.')],
    since: Annotated[str | None, typer.Option(help="First seen since then: 24h, 7d, or a date.")] = None,
    until: Annotated[str | None, typer.Option(help="First seen before then.")] = None,
    source: Annotated[str | None, typer.Option(help="Only from this source.")] = None,
    actor: Annotated[str | None, typer.Option(help="Only where this actor is named, under any of its names.")] = None,
    country: Annotated[str | None, typer.Option(help="Only about this country: NO, de.")] = None,
    lang: Annotated[str | None, typer.Option(help="Only in this language: en, zh.")] = None,
    verdict: Annotated[Shelf, typer.Option(help="kept is flagged and held.")] = Shelf.KEPT,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    as_json: AsJson = False,
) -> None:
    """Search the archive, best hits first. Ends with 1 when there are none."""
    from rich.console import Console

    from jobs.search import hits_json, hits_text
    from storage.errors import QueryError
    from storage.queries import parse
    from storage.search import Narrowed, Search

    now = datetime.now(UTC)
    try:
        asked = parse(" ".join(query))
    except QueryError as error:
        raise UsageError(str(error)) from error
    narrowed = Narrowed(
        verdicts=_verdicts(verdict),
        source=source,
        language=lang.lower() if lang else None,
        entities=_entities(actor),
        country=_country(country) if country else None,
        since=since_of(since, now) if since else None,
        until=since_of(until, now) if until else None,
    )
    with stored_database(context) as database:
        hits = Search(database).find(asked, _bounded(narrowed, now), limit=limit)
    if not hits.articles:
        complain("nothing was found" + ("" if verdict is Shelf.ALL else "; --verdict all searches the rejected too"))
        leave(Exit.PARTIAL)
    if as_json:
        say(json.dumps(hits_json(hits, asked), ensure_ascii=False))
    else:
        Console(file=sys.stdout, highlight=False, soft_wrap=True).print(hits_text(hits, asked), end="")


@app.command()
def export(
    context: typer.Context,
    form: Annotated[Format, typer.Option("--format", help="opml is the list of sources.")] = Format.JSONL,
    since: Annotated[str | None, typer.Option(help="Judged since then: 24h, 7d, or a date.")] = None,
    until: Annotated[str | None, typer.Option(help="Judged before then.")] = None,
    verdict: Annotated[Shelf, typer.Option(help="kept is flagged and held.")] = Shelf.FLAG,
    tlp: Annotated[Tlp, typer.Option(help="How far the export may travel.")] = Tlp.CLEAR,
    out: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> None:
    """Write articles with verdicts, names and claims for other programs. Exporting twice gives the same bytes."""
    from jobs.catalogue import guarded_sources, read_sources
    from jobs.excerpts import within_contract
    from jobs.export.write import chosen, exported
    from jobs.sources.opml import write_opml

    now = datetime.now(UTC)
    end = since_of(until, now) if until else now
    if form is Format.OPML:
        _write([write_opml(read_sources(home_of(context).sources_file), at=now)], out)
        return
    with stored_database(context) as database:
        start = since_of(since, now) if since else BEGINNING
        articles = chosen(database, _verdicts(verdict) or frozenset(Decision), since=start, until=end)
        sources, broken = guarded_sources(home_of(context).sources_file)
        for mistake in broken.values():
            complain(mistake, event="source.broken")
        excerpts = {source.name: source.excerpt for source in sources}
        _write(exported(within_contract(articles, excerpts), form, tlp=tlp, at=end), out)


def _write(pieces: Iterable[bytes], out: Path | None) -> None:
    """Piece by piece; a file appears whole or not at all."""
    if out is None:
        for piece in pieces:
            say(piece.decode(), end="", flush=False)
        say("", end="")
        return
    part = out.with_name(f".{out.name}.part")
    try:
        with part.open("wb") as file:
            file.writelines(pieces)
        part.replace(out)
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def _verdicts(shelf: Shelf) -> frozenset[Decision]:
    kept = {Shelf.KEPT: {Decision.FLAG, Decision.HOLD}, Shelf.ALL: set()}
    return frozenset(kept.get(shelf) or ({Decision(shelf)} if shelf is not Shelf.ALL else ()))


def _entities(actor: str | None) -> frozenset[str]:
    from crawler.actors import resolve

    if actor is None:
        return frozenset()
    found = resolve(actor)
    if not found:
        raise UsageError(f"no actor is known as {actor}; search for the word itself instead")
    return frozenset(found)


def _country(written: str) -> str:
    from jobs.digest.wanted import unheard_of
    from jobs.settings.teams import country_code

    try:
        code = country_code(written)
    except ValueError as error:
        raise UsageError(f"--country: {error}") from error
    if said := unheard_of(code):
        raise UsageError(f"--country: {said}")
    return code


def _bounded(narrowed: Narrowed, now: datetime) -> Narrowed:
    """With a beginning and no end, the end is now: both together narrow the index by month."""
    from dataclasses import replace

    return replace(narrowed, until=now) if narrowed.since and narrowed.until is None else narrowed
