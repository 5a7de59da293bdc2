"""An edition in a few lines to a chat, through apprise, which knows more than a hundred of them (extra `chat`)."""

from __future__ import annotations

import importlib
import logging
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from crawler.text import clean_line
from jobs.delivery.outcome import Ending, deferred, of_status, sent, uncertain
from jobs.exits import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jobs.delivery.parcel import Parcel
    from jobs.settings import Channel

STORIES = 10  # that are named; a chat is no place for more
LONGEST = 2_000  # units of UTF-16 of a message, whatever the chat would take
HEADLINE = 200  # characters

# What chats take for markup, a mention or a link, as signs that look alike and mean nothing. Each chat has rules of its
# own, and the libraries do not escape for all of them: what is not there cannot be misread.
_HARMLESS = str.maketrans("<>@*_`[]~|\\", "‹›＠∗＿ˋ()∼¦＼")
_STATUS = re.compile(r"\berror=(\d{3})\b")
_NEVER_CONNECTED = re.compile(r"NewConnectionError|NameResolutionError|ConnectTimeout|Connection refused")
_TALKATIVE = ("apprise", "urllib3", "requests")  # their logs hold whole addresses, tokens and all


def say_in(channel: Channel, parcel: Parcel, begin: Callable[[], bool]) -> Ending | None:
    """Send an edition's short text. Raises `ConfigError` where apprise is missing or does not know the address."""
    apprise = _apprise()
    with _overheard() as log:
        plugin = apprise.Apprise.instantiate(channel.url.get_secret_value(), asset=_asset(apprise))
        if not plugin:
            raise ConfigError(
                "[channel] url is no address that apprise knows; write one such as slack://... or mmosts://..., "
                "see https://github.com/caronc/apprise/wiki"
            )
        plugin.socket_connect_timeout = plugin.socket_read_timeout = channel.timeout
        chat = apprise.Apprise()
        chat.add(plugin)
        text = brief(parcel, room=min(plugin.body_maxlen or LONGEST, LONGEST))
        if not begin():
            return None
        done = chat.notify(body=text, body_format=apprise.NotifyFormat.TEXT)
    return of_log(str(plugin.service_name), "\n".join(log), done=bool(done))


def brief(parcel: Parcel, *, room: int) -> str:
    """The subject, then a line for each story with its id, then how many more there are; at most `room` long."""
    lines = [_line(parcel.subject, HEADLINE)]
    total = len(parcel.stories) + parcel.more
    named = [f"{item}  {_line(title, HEADLINE)}" for item, title in parcel.stories[:STORIES]]
    for shown in range(len(named), -1, -1):
        left = total - shown
        rest = [f"and {left:,} more"] if left and shown else [f"{left:,} in the digest"] if left else []
        text = "\n".join([*lines, *named[:shown], *rest])
        if units(text) <= room:
            return text
    return _line(parcel.subject, max(2, room // 2))


def units(text: str) -> int:
    """How long chats say a text is: Telegram counts UTF-16, and none counts more."""
    return len(text.encode("utf-16-le", "replace")) // 2


def of_log(service: str, log: str, *, done: bool) -> Ending:
    """What apprise's yes or no, and what it says beside it, mean. Nothing of the log is kept."""
    if done:
        return sent(service)
    if found := _STATUS.search(log):
        ending = of_status(int(found[1]))
        return Ending(state=ending.state, words=f"{service}: {ending.words}", down=ending.down)
    if _NEVER_CONNECTED.search(log):
        return deferred(f"{service} cannot be reached", down=True)
    return uncertain(f"{service} did not say whether it took it")


def _line(text: str, limit: int) -> str:
    return clean_line(text, limit=limit).translate(_HARMLESS).replace("://", ": //")[:limit]


def _apprise() -> Any:
    try:
        return importlib.import_module("apprise")
    except ImportError as error:
        raise ConfigError("a channel of kind chat needs apprise: pip install 'spywire[chat]'") from error


def _asset(apprise: Any) -> Any:
    return apprise.AppriseAsset(app_id="spywire", app_desc="spywire", async_mode=False)


@contextmanager
def _overheard() -> Iterator[list[str]]:
    """What the libraries log meanwhile, kept from every other handler."""
    heard: list[str] = []

    class _Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    ear, loggers = _Ear(), [logging.getLogger(name) for name in _TALKATIVE]
    before = [(logger, logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.addHandler(ear)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
    try:
        yield heard
    finally:
        for logger, level, propagate in before:
            logger.removeHandler(ear)
            logger.setLevel(level)
            logger.propagate = propagate
