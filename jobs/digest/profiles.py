"""A profile of the settings as an edition needs it: what it asks for, its title, and to whom it is owed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.digest.compose import Team
from jobs.digest.wanted import wanted
from jobs.exits import ConfigError, UsageError
from storage.records import Address

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from crawler.sources import Source
    from jobs.settings import Profile, Settings

MAIL = "mail"  # the channel of mail addresses; no [channel.NAME] is called so


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
        most_items=profile.max_stories,
        excerpt=profile.excerpt,
    )


def mistakes(settings: Settings, names: Iterable[str], sources: Collection[Source]) -> list[ConfigError]:
    """What keeps these profiles from having editions: told at once, and not only when one is missed."""
    found: list[ConfigError] = []
    for name in names:
        try:
            team(settings, name, sources)
            addresses(settings, name)
        except ConfigError as error:
            found.append(error)
    return found


def addresses(settings: Settings, name: str) -> tuple[Address, ...]:
    """To whom a profile's editions are owed, each once. Raises `ConfigError` where there is no way to them."""
    profile = profile_named(settings, name)
    for channel in profile.channels:
        if channel not in settings.channel:
            there = ", ".join(sorted(settings.channel)) or "none"
            raise ConfigError(f"[profile.{name}] channels: there is no [channel.{channel}]; there is {there}")
    if profile.to and not settings.mail.host:
        raise ConfigError(f"[profile.{name}] to: mail needs a server; set [mail] host and sender")
    by_mail = [Address(channel=MAIL, recipient=recipient) for recipient in profile.to]
    return tuple(dict.fromkeys([*by_mail, *(Address(channel=channel) for channel in profile.channels)]))
