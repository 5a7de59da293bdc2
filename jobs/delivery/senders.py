"""Which way a delivery takes: the mail server, or the channel of the settings that it names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.delivery.addresses import mailbox
from jobs.delivery.chat import say_in
from jobs.delivery.command import pipe_to
from jobs.delivery.folder import put_into
from jobs.delivery.mail import envelope
from jobs.delivery.outcome import Ending, deferred, failed
from jobs.delivery.smtp import send_mail
from jobs.delivery.webhook import post
from jobs.exits import CommandError, ConfigError
from jobs.settings import Channel, ChannelKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from jobs.delivery.parcel import Parcel
    from jobs.home import Home
    from jobs.settings import Settings
    from storage.records import Address

OWN_FOLDER = "digests"  # where a folder without a path is: beside the settings


@dataclass(frozen=True, kw_only=True)
class Senders:
    """Everything that can be sent with."""

    settings: Settings
    home: Home

    def send(self, address: Address, parcel: Parcel, begin: Callable[[], bool], *, at: datetime) -> Ending | None:
        """Try once. `begin` is asked before anything may arrive; None where it says no.

        A mistake in the settings is no bug and no loss: it is told, and the delivery waits until it is mended.
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
        try:
            match channel.kind:
                case ChannelKind.FOLDER:
                    return put_into(self.home.config / Path(channel.path or OWN_FOLDER), parcel, channel.form)
                case ChannelKind.COMMAND:
                    return pipe_to(channel, parcel, begin, folder=self.home.config)
                case ChannelKind.WEBHOOK:
                    return post(channel, parcel, begin, at=at)
                case ChannelKind.CHAT:
                    return say_in(channel, parcel, begin)
        except ConfigError as error:
            raise ConfigError(str(error).replace("[channel]", f"[channel.{name}]")) from error

    def _named(self, name: str) -> Channel:
        channel = self.settings.channel.get(name)
        if channel is None:
            there = ", ".join(sorted(self.settings.channel)) or "none"
            raise ConfigError(f"there is no [channel.{name}] in spywire.toml any more; there are {there}")
        if channel.kind is ChannelKind.COMMAND and not channel.command:
            raise ConfigError('[channel] command is empty; write a list such as ["/usr/local/bin/deliver"]')
        return channel
