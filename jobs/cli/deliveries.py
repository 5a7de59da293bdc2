"""`spywire digest resend|test-delivery|outbox`: how editions reach people."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli.digests import OfProfile, digests, whose
from jobs.cli.options import AsJson, Wait, locked_for, span_of
from jobs.exits import NothingThereError, UsageError
from jobs.terminal import complain, configuration_of, home_of, leave, right_now, say, stored_database

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.records import Address, Delivery, StoredEdition

__all__ = ["digests"]


@digests.command("resend")
def digest_resend(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="An edition's number; `digest list` tells them.")],
    profile: OfProfile = None,
    alert: Annotated[bool, typer.Option("--alert", help="The alert of this number, not the digest.")] = False,
    to: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS|CHANNEL", help="Only to this one. May be repeated.")
    ] = None,
    wait: Wait = "0s",
) -> None:
    """Send an edition again, to all who got it or to some of them. It is never sent again without being asked to."""
    from jobs.delivery.outbox import deliver
    from jobs.home import alone
    from storage.editions import Editions
    from storage.outbox import Outbox
    from storage.records import EditionKind

    settings, home, now = configuration_of(context).settings, home_of(context), right_now()
    kind, patience = EditionKind.ALERT if alert else EditionKind.DIGEST, span_of(wait, "--wait")
    with (
        locked_for(home, "digest", wait=patience),
        alone(home, settings.storage.url, "digest", wait=patience),
        stored_database(context) as database,
    ):
        name = whose(database, settings, profile)
        stored = Editions(database).named(name, number, kind)
        if stored is None:
            raise NothingThereError(f"there is no {kind} {number} of {name}; `spywire digest list` names them")
        chosen = _chosen(stored, Outbox(database).of(stored.id), to or [])
        if not Outbox(database).requeue(stored.id, at=now, addresses=chosen):
            raise NothingThereError(f"{kind} {number} of {name} is on its way: `spywire digest outbox` tells more")
        sent = deliver(database, settings, home, at=now)
    for failure in sent.failures:
        complain(failure)
    say(", ".join(f"{count} {state}" for state, count in sorted(sent.counts.items())))
    leave(sent.exit)


@digests.command("test-delivery")
def digest_test_delivery(
    context: typer.Context,
    profile: OfProfile = None,
    to: Annotated[str, typer.Option(metavar="ADDRESS", help="Mail it to this address, and to nobody else.")] = "",
) -> None:
    """Send a short test through every channel of the profiles, and say what happened. Nothing is kept of it."""
    from jobs.delivery.addresses import mailbox
    from jobs.delivery.trial import exit_of, tried
    from jobs.delivery.view import tried_text
    from jobs.digest.profiles import addresses, profile_named
    from jobs.settings import MAIL
    from storage.records import Address

    settings, home, now = configuration_of(context).settings, home_of(context), datetime.now(UTC)
    if profile is not None:
        profile_named(settings, profile)
    if to:
        try:
            mailbox(to)
        except ValueError as error:
            raise UsageError(f"--to {error}") from error
    names = [profile] if profile else sorted(settings.profile)[: 1 if to else None]
    meant = {name: [Address(channel=MAIL, recipient=to)] if to else addresses(settings, name) for name in names}
    found = [each for name, some in meant.items() for each in tried(settings, home, name, some, at=now)]
    if not found:
        raise NothingThereError("nobody gets a digest: give a profile `to` or `channels` in spywire.toml")
    say(tried_text(found))
    leave(exit_of(found))


@digests.command("outbox")
def digest_outbox(context: typer.Context, as_json: AsJson = False) -> None:
    """What is still to be delivered, and what could not be."""
    from jobs.delivery.view import outbox_json, outbox_text
    from storage.editions import Editions
    from storage.outbox import Outbox

    with stored_database(context) as database:
        outbox, editions = Outbox(database), Editions(database)
        rows = [(stored, each) for each in outbox.unsettled() if (stored := editions.with_id(each.edition))]
        counts = outbox.counts()
    say(json.dumps(outbox_json(rows, counts), ensure_ascii=False) if as_json else outbox_text(rows, counts))


def _chosen(stored: StoredEdition, there: Sequence[Delivery], named: Sequence[str]) -> list[Address]:
    """The addresses that are meant. Only who was to have the edition can have it again."""
    known = {each.address.recipient or each.address.channel: each.address for each in there}
    if not known:
        raise NothingThereError(f"{stored.kind} {stored.number} of {stored.profile} was owed to nobody")
    for name in named:
        if name not in known:
            raise UsageError(f"--to {name}: that edition is not for it; it is for {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(named)] or list(known.values())
