"""`spywire digest ...`: what a team reads in the morning."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli.options import AsJson, Busy, IfBusy, Wait, locked_for, since_of, span_of
from jobs.exits import Exit, NothingThereError, UsageError
from jobs.terminal import complain, configuration_of, home_of, leave, say, stored_database, write_file

if TYPE_CHECKING:
    from crawler.sources import Source
    from jobs.digest.edition import Edition
    from jobs.settings import Settings
    from storage.database import Database
    from storage.records import Delivery, EditionKind

digests = typer.Typer(help="What a team reads in the morning.", no_args_is_help=True)

InForm = Annotated[str, typer.Option("--format", help="text, html, markdown or json.")]
Out = Annotated[Path | None, typer.Option(help="Write to this file.")]
Open = Annotated[bool, typer.Option("--open", help="Show it in the browser.")]
NOBODY = "nobody gets its editions: write `to` or `channels`, or channels = [] if that is meant"
OfProfile = Annotated[str | None, typer.Option("--profile", metavar="NAME", help="The [profile.NAME] of the settings.")]


@digests.command("preview")
def digest_preview(
    context: typer.Context,
    since: Annotated[
        str | None,
        typer.Option(help="How far back: 90m, 24h, 7d, or a date. Left out: 24h, or what a profile is owed."),
    ] = None,
    profile: OfProfile = None,
    form: InForm = "text",
    out: Out = None,
    in_browser: Open = False,
) -> None:
    """Show the digest of a window that ends now: of everything, or as a profile would get it. Nothing is kept."""
    now = datetime.now(UTC)
    start = since_of(since, now) if since else None
    _check(form, out)
    settings = configuration_of(context).settings
    with stored_database(context) as database:
        if profile is None:
            edition = _of_everything(context, database, settings, start or now - timedelta(hours=24), now)
        else:
            edition = _of_profile(context, database, settings, profile, start, now)
    _show(edition, form, out, in_browser=in_browser)


@digests.command("send")
def digest_send(
    context: typer.Context,
    profile: Annotated[
        list[str] | None,
        typer.Option("--profile", metavar="NAME", help="Make digests of this profile only. May be repeated."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what is due and owed; make and send nothing.")
    ] = False,
    now: Annotated[bool, typer.Option("--now", help="Make a digest of what is new, due or not.")] = False,
    wait: Wait = "0s",
    if_busy: IfBusy = Busy.FAIL,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say what was done even when all is well.")] = False,
) -> None:
    """Make the digests and alerts that are due, and send what is owed."""
    from jobs.digest.profiles import profile_named

    at, home, patience = datetime.now(UTC), home_of(context), span_of(wait, "--wait")
    settings = configuration_of(context).settings
    for name in profile or ():
        profile_named(settings, name)
    if dry_run:
        _say_what_is_due(context, settings, profile or [], at)
        return
    with locked_for(home, "digest", wait=patience, if_busy=if_busy, verbose=verbose):
        from jobs.digest.profiles import unserved
        from jobs.digest.send import SendJob, send
        from jobs.digest.view import posted_text, short_notices

        posted = send(SendJob(home=home, settings=settings, at=at, only=profile or (), now=now, wait=patience))
    for trouble in posted.troubles:
        complain(str(trouble), event="digest.failed")
    for notice in short_notices(posted.made) if now else ():
        complain(notice, event="digest.short")
    for name in unserved(settings, dict.fromkeys(stored.profile for stored in posted.made)):
        complain(f"[profile.{name}] {NOBODY}", event="digest.unserved")
    for failure in posted.sent.failures if posted.sent else ():
        complain(failure, event="delivery.failed")
    if verbose or sys.stdout.isatty():
        with stored_database(context) as database:
            say(posted_text(posted, _owed(database), at=at))
    leave(posted.exit)


@digests.command("list")
def digest_list(
    context: typer.Context,
    profile: OfProfile = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The latest so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """The editions that were made, the newest first, and what became of them."""
    from jobs.digest.profiles import profile_named
    from jobs.digest.view import list_json, list_text
    from storage.editions import Editions
    from storage.outbox import Outbox

    with stored_database(context) as database:
        rows = [(stored, Outbox(database).of(stored.id)) for stored in Editions(database).listed(profile, limit=limit)]
    if as_json:
        say(json.dumps(list_json(rows), ensure_ascii=False))
        return
    if not rows:
        if profile is not None:
            profile_named(configuration_of(context).settings, profile)
        raise NothingThereError(
            "no edition was made yet; `spywire digest send --dry-run` says when the next one is due"
        )
    say(list_text(rows))


@digests.command("show")
def digest_show(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="An edition's number; `digest list` tells them.")],
    profile: OfProfile = None,
    alert: Annotated[bool, typer.Option("--alert", help="The alert of this number, not the digest.")] = False,
    form: InForm = "text",
    out: Out = None,
    in_browser: Open = False,
) -> None:
    """Show an edition as it was sent: the same bytes as then."""
    from jobs.digest.document import from_document
    from storage.editions import Editions
    from storage.records import EditionKind

    _check(form, out)
    settings = configuration_of(context).settings
    kind = EditionKind.ALERT if alert else EditionKind.DIGEST
    with stored_database(context) as database:
        name = whose(database, settings, profile)
        stored = Editions(database).named(name, number, kind)
    if stored is None:
        raise NothingThereError(f"there is no {kind} {number} of {name}; `spywire digest list` names those there are")
    _show(from_document(stored.body), form, out, kind=kind, in_browser=in_browser)


def _of_everything(
    context: typer.Context, database: Database, settings: Settings, since: datetime, until: datetime
) -> Edition:
    from jobs.digest.preview import preview

    return preview(database, settings, sources=_sources(context), since=since, until=until)


def _of_profile(
    context: typer.Context, database: Database, settings: Settings, name: str, since: datetime | None, at: datetime
) -> Edition:
    from jobs.digest.agenda import agenda
    from jobs.digest.editions import Desk, draft
    from jobs.digest.profiles import profile_named

    profile_named(settings, name)
    home, at = home_of(context), at.replace(microsecond=0)
    desk = Desk(database=database, home=home, settings=settings, sources=_sources(context))
    entry = next(entry for entry in agenda(database, settings, at=at) if entry.profile == name)
    edition, _ = draft(desk, entry, at=at, since=since)
    return edition


def _say_what_is_due(context: typer.Context, settings: Settings, names: list[str], at: datetime) -> None:
    from jobs.digest.agenda import agenda
    from jobs.digest.profiles import mistakes, unserved
    from jobs.digest.view import agenda_text, owed_text

    with stored_database(context) as database:
        entries = [entry for entry in agenda(database, settings, at=at) if not names or entry.profile in names]
        owed = _owed(database)
    say(agenda_text(entries))
    say(owed_text(owed, at=at))
    shown = [entry.profile for entry in entries]
    wrong = mistakes(settings, shown, _sources(context))
    for mistake in wrong:
        complain(str(mistake), event="digest.failed")
    for name in unserved(settings, shown):
        complain(f"[profile.{name}] {NOBODY}", event="digest.unserved")
    leave(wrong[0].exit if wrong else Exit.OK)


def _sources(context: typer.Context) -> tuple[Source, ...]:
    """Those there are. One that is broken is named, and nothing of it is quoted."""
    from jobs.catalogue import guarded_sources, read_sources

    path = home_of(context).sources_file
    sources, broken = guarded_sources(path)
    if not sources:
        read_sources(path)  # which says what is missing: without them nobody knows how much may be quoted
    for mistake in broken.values():
        complain(mistake, event="source.broken")
    return sources


def _owed(database: Database) -> list[Delivery]:
    """What is neither sent nor given up."""
    from storage.outbox import Outbox
    from storage.records import DeliveryState

    return [each for each in Outbox(database).unsettled() if each.state is not DeliveryState.FAILED]


def whose(database: Database, settings: Settings, profile: str | None) -> str:
    """The profile whose edition is meant. One that is no longer in the settings can still be named."""
    from jobs.digest.profiles import only_profile
    from storage.editions import Editions

    if profile is not None and Editions(database).listed(profile, limit=1):
        return profile
    return only_profile(settings, profile)


def _check(form: str, out: Path | None) -> None:
    from jobs.digest.render import Form

    if form not in list(Form):
        raise UsageError(f"there is no format {form}; there are {', '.join(Form)}")
    if out is not None and not out.parent.is_dir():
        raise UsageError(f"cannot write {out}: there is no folder {out.parent}")


def _show(edition: Edition, form: str, out: Path | None, *, in_browser: bool, kind: EditionKind | None = None) -> None:
    from jobs.digest.render import Form, render
    from storage.records import EditionKind

    of_kind = kind or EditionKind.DIGEST
    if in_browser:
        _open(render(edition, Form.HTML, kind=of_kind), out)
    elif out is None:
        say(render(edition, form, kind=of_kind), end="")
    else:
        write_file(out, render(edition, form, kind=of_kind))


def _open(page: str, out: Path | None) -> None:
    import webbrowser
    from tempfile import mkdtemp

    path = out or Path(mkdtemp(prefix="spywire-")) / "digest.html"
    write_file(path, page)
    if not webbrowser.open(path.absolute().as_uri()):
        complain(f"no browser can be opened from here; the page is {path}")
