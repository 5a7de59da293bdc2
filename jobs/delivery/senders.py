"""Which way a delivery takes: the mail server, or the channel of the settings that it names."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.delivery.addresses import mailbox
from jobs.delivery.chat import check_chat, say_in
from jobs.delivery.command import check_command, pipe_to
from jobs.delivery.folder import folder_of, put_into
from jobs.delivery.mail import envelope, sender_of
from jobs.delivery.outcome import Ending, deferred, failed
from jobs.delivery.smtp import check_server, send_mail
from jobs.delivery.webhook import check_webhook, post
from jobs.exits import CommandError, ConfigError
from jobs.settings import Channel, ChannelKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from jobs.delivery.parcel import Parcel
    from jobs.home import Home
    from jobs.settings import Mail, Settings
    from storage.records import Address


@dataclass(frozen=True, kw_only=True)
class Senders:
    """Everything that can be sent with."""

    settings: Settings
    home: Home

    def send(self, address: Address, parcel: Parcel, begin: Callable[[], bool], *, at: datetime) -> Ending | None:
        """Try once. `begin` is asked before anything may arrive; None where it says no.

        A mistake in the settings is no bug and no loss: it is told, and the delivery is deferred.
        """
        try:
            if address.recipient:
                return self._mail(address.recipient, parcel, begin)
            return self._channel(address.channel, parcel, begin, at=at)
        except CommandError as error:
            return deferred(str(error))

    def _mail(self, recipient: str, parcel: Parcel, begin: Callable[[], bool]) -> Ending | None:
        try:
            mailbox(recipient)
        except ValueError as error:
            return failed(str(error))
        return send_mail(envelope(parcel, recipient, self.settings.mail), self.settings.mail, begin)

    def _channel(self, name: str, parcel: Parcel, begin: Callable[[], bool], *, at: datetime) -> Ending | None:
        channel = self._named(name)
        with _naming(name):
            ending = self._over(channel, parcel, begin, at=at)
        return ending and replace(ending, words=_with_name(ending.words, name))

    def _over(self, channel: Channel, parcel: Parcel, begin: Callable[[], bool], *, at: datetime) -> Ending | None:
        match channel.kind:
            case ChannelKind.FOLDER:
                return put_into(folder_of(channel.path, self.home.config), parcel, channel.form)
            case ChannelKind.COMMAND:
                return pipe_to(channel, parcel, begin, folder=self.home.config)
            case ChannelKind.WEBHOOK:
                return post(channel, parcel, begin, at=at)
            case ChannelKind.CHAT:
                return say_in(channel, parcel, begin)

    def _named(self, name: str) -> Channel:
        channel = self.settings.channel.get(name)
        if channel is None:
            there = ", ".join(sorted(self.settings.channel)) or "none"
            raise ConfigError(f"there is no [channel.{name}] in spywire.toml any more; there are {there}")
        return channel


def check_channel(name: str, channel: Channel) -> None:
    """Raises `ConfigError` where nothing can ever go over a channel, as far as its settings tell. Nobody is asked."""
    with _naming(name):
        match channel.kind:
            case ChannelKind.FOLDER:
                folder_of(channel.path, Path())
            case ChannelKind.COMMAND:
                check_command(channel)
            case ChannelKind.WEBHOOK:
                check_webhook(channel)
            case ChannelKind.CHAT:
                check_chat(channel)


def check_mail(settings: Mail) -> None:
    """The same of mail."""
    check_server(settings)
    sender_of(settings)


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """What is wrong with a channel is told with its name."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(_with_name(str(error), name)) from error


def _with_name(words: str, name: str) -> str:
    return words.replace("[channel]", f"[channel.{name}]")
