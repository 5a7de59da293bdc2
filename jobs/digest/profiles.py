"""A profile of the settings as an edition needs it: what it asks for, its title, and to whom it is owed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jobs.delivery.addresses import mailbox
from jobs.digest.compose import Team
from jobs.digest.wanted import wanted
from jobs.exits import ConfigError, UsageError
from jobs.settings import MAIL
from storage.records import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from crawler.sources import Source
    from jobs.settings import Profile, Settings


def profile_named(settings: Settings, name: str) -> Profile:
    """The profile of this name. Raises `UsageError`."""
    if name not in settings.profile:
        raise UsageError(f"there is no profile {name}; there are {', '.join(sorted(settings.profile))}")
    return settings.profile[name]


def only_profile(settings: Settings, name: str | None) -> str:
    """The profile that is meant: the one that was named, or the only one there is. Raises `UsageError`."""
    if name is not None:
        profile_named(settings, name)
        return name
    if len(settings.profile) == 1:
        return next(iter(settings.profile))
    raise UsageError(f"which profile? Name one with --profile: {', '.join(sorted(settings.profile))}")


def team(settings: Settings, name: str, sources: Iterable[Source]) -> Team:
    """For whom a profile's editions are made. Raises `ConfigError` for what nothing can fulfil."""
    profile = profile_named(settings, name)
    return Team(
        profile=name,
        title=profile.title or settings.digest.title,
        tlp=profile.tlp,
        zone=profile.zone,
        wanted=wanted(profile, name, sources),
        most_items=profile.max_stories or settings.digest.max_stories,
        excerpt=profile.excerpt,
    )


def mistakes(settings: Settings, names: Iterable[str], sources: Collection[Source]) -> list[ConfigError]:
    """What keeps these profiles from having editions, or an edition from going out; each mistake once.

    As far as the settings tell, due or not: nobody is asked.
    """
    found: dict[str, ConfigError] = {}
    for name in names:
        checks: list[Callable[[], object]] = [
            partial(team, settings, name, sources),
            partial(addresses, settings, name),
        ]
        for check in [*checks, *_ways(settings, name)]:
            try:
                check()
            except ConfigError as error:
                found.setdefault(str(error), error)
    return list(found.values())


def unserved(settings: Settings, names: Iterable[str]) -> list[str]:
    """Those whose editions nobody gets, unless they say so themselves by `channels = []`."""
    profiles = {name: profile_named(settings, name) for name in names}
    return [name for name, profile in profiles.items() if not profile.model_fields_set & {"to", "channels"}]


def addresses(settings: Settings, name: str) -> tuple[Address, ...]:
    """To whom a profile's editions are owed, each once, however often and in whatever ways the settings name it.

    Raises `ConfigError` where there is no way to them.
    """
    profile = profile_named(settings, name)
    for channel in profile.channels:
        if channel not in settings.channel:
            there = ", ".join(sorted(settings.channel)) or "none"
            raise ConfigError(f"[profile.{name}] channels: there is no [channel.{channel}]; there is {there}")
    if profile.to and not settings.mail.host:
        raise ConfigError(f"[profile.{name}] to: mail needs a server; set [mail] host and sender")
    first: dict[str, str] = {}
    for recipient in profile.to:
        first.setdefault(mailbox(recipient).key, recipient)
    by_mail = [Address(channel=MAIL, recipient=recipient) for recipient in first.values()]
    return tuple(dict.fromkeys([*by_mail, *(Address(channel=channel) for channel in profile.channels)]))


def _ways(settings: Settings, name: str) -> Iterator[Callable[[], None]]:
    """What tells whether something can go the ways that a profile names."""
    from jobs.delivery.senders import check_channel, check_mail

    profile = profile_named(settings, name)
    if profile.to and settings.mail.host:
        yield partial(check_mail, settings.mail)
    for channel in profile.channels:
        if channel in settings.channel:
            yield partial(check_channel, channel, settings.channel[channel])
