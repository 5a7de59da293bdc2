"""An edition in a few lines to a chat, through apprise, which knows more than a hundred of them (extra `chat`)."""

from __future__ import annotations

import importlib
import logging
import re
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from crawler.text import clean_line
from jobs.delivery.outcome import Ending, deferred, of_status, sent, uncertain
from jobs.digest.plain import host, plain, web_url
from jobs.digest.words import count, score
from jobs.exits import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jobs.delivery.parcel import Parcel
    from jobs.digest.edition import Item
    from jobs.settings import Channel

STORIES = 10  # that are named; a chat is no place for more
LONGEST = 2_000  # units of UTF-16 of a message, where a chat does not say what it takes
HEADLINE = 200  # characters
OUTLET = 60

# What chats take for markup or a mention, as signs that look alike and mean nothing. Each chat has rules of its own,
# and the libraries do not escape for all of them: what is not there cannot be misread.
_HARMLESS = str.maketrans("<>@*_`[]~|\\", "‹›＠∗＿ˋ()∼¦＼")
_SCHEME = re.compile(r":(?=//)")  # of an address
_DOMAIN = re.compile(r"(?<=\w)\.(?=[^\W\d_])")  # chats make links of evil.example and www.evil.example too
_ENTITY = re.compile(r"&(?=#?\w+;)")
# An address holds them as numbers (RFC 3986, 2.1). Only an underscore stays: within a word it marks up nothing.
_NUMBERED = {ord(sign): f"%{ord(sign):02X}" for sign in "!'()*@[]~"}
_AFTER_HOST = re.compile(r"(?<=[^:/])[/?#].*")
_STATUS = re.compile(r"\berror=(\d{3})\b")
_NEVER_CONNECTED = re.compile(r"NewConnectionError|NameResolutionError|ConnectTimeout|Connection refused")
_TALKATIVE = ("apprise", "urllib3", "requests")  # their logs hold whole addresses, tokens and all


@dataclass(frozen=True, kw_only=True)
class Markup:
    """How a chat is written for: apprise turns each of these into the chat's own dialect."""

    text: Callable[[str], str]  # of a harmless one
    link: Callable[[str, str], str]  # of an address and the host it leads to
    line_end: str


PLAIN = Markup(text=str, link=lambda url, _: url, line_end="\n")
MARKUPS = {
    "text": PLAIN,
    "markdown": Markup(text=str, link=lambda url, at: f"[{at}]({url})", line_end="  \n"),
    "html": Markup(text=escape, link=lambda url, at: f'<a href="{escape(url)}">{at}</a>', line_end="<br/>"),
}


def say_in(channel: Channel, parcel: Parcel, begin: Callable[[], bool]) -> Ending | None:
    """Send an edition's short text. Raises `ConfigError` where apprise is missing or does not know the address."""
    apprise = _apprise()
    with _overheard() as log:
        plugin = _plugin(apprise, channel)
        plugin.socket_connect_timeout = plugin.socket_read_timeout = channel.timeout
        chat = apprise.Apprise()
        chat.add(plugin)
        form = plugin.resolve_format()
        text = brief(parcel, room=plugin.body_maxlen or LONGEST, markup=MARKUPS[form.value])
        if not begin():
            return None
        done = chat.notify(body=text, body_format=form)
    return of_log(str(plugin.service_name), "\n".join(log), done=bool(done))


def check_chat(channel: Channel) -> None:
    """Raises `ConfigError` where apprise is missing or does not know the address. Nobody is asked."""
    apprise = _apprise()
    with _overheard():
        _plugin(apprise, channel)


def brief(parcel: Parcel, *, room: int, markup: Markup = PLAIN) -> str:
    """The heading, each story with its link, then how many more there are; at most `room` long."""
    text = ""
    for text in _tellings(parcel, markup):
        if units(text) <= room:
            break
    return text


def units(text: str) -> int:
    """How long chats say a text is: Telegram counts UTF-16, none counts more, and Slack counts `&amp;`."""
    return len(text.encode("utf-16-le", "replace")) // 2 + 4 * text.count("&")


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


def _tellings(parcel: Parcel, markup: Markup) -> Iterator[str]:
    """The same from the fullest to the barest: fewer stories, none with a link, the subject alone, its first words."""
    heading, told = markup.text(_line(parcel.heading or parcel.subject, HEADLINE)), parcel.stories[:STORIES]
    total = len(parcel.stories) + parcel.more
    for shown in range(len(told), 0, -1):
        rest = [f"and {total - shown:,} more"] if total > shown else []
        for linked in (True, False) if shown == 1 else (True,):
            stories = [_story(item, markup, linked=linked) for item in told[:shown]]
            yield markup.line_end.join([heading, *stories, *rest])
    subject = markup.text(_line(parcel.subject, HEADLINE))
    if total and parcel.kind == "digest":
        yield markup.line_end.join([subject, f"{total:,} in the digest"])
    for limit in range(HEADLINE, 0, -1):
        yield markup.text(_line(parcel.subject, limit))


def _story(item: Item, markup: Markup, *, linked: bool) -> str:
    """Its id and headline, and below it how far it can be believed, who tells it, and where."""
    believed = [count(item.articles, "article"), count(item.origins, "origin")]
    believed.append("no score" if item.score is None else f"score {score(item.score)}")
    told_by = [_line(outlet, OUTLET) for outlet in item.outlets[:1]]
    facts = markup.text(", ".join([*believed, *told_by]))
    url, leads_to = web_url(item.url), host(item.url)
    if linked and url and leads_to:
        facts += f": {markup.link(_numbered(url), leads_to.translate(_HARMLESS))}"
    return f"{item.id}  {markup.text(_line(item.title, HEADLINE))}{markup.line_end}{facts}"


def _numbered(url: str) -> str:
    """The address without signs that a chat may act on, but for the host, which is named by them (IPv6)."""
    return _AFTER_HOST.sub(lambda found: found[0].translate(_NUMBERED), url)


def _line(text: str, limit: int) -> str:
    """What others wrote, on a line in which no chat finds markup, a mention, a link or an entity."""
    line = plain(clean_line(text, limit=4 * limit)).translate(_HARMLESS)
    line = _ENTITY.sub("＆", _DOMAIN.sub("․", _SCHEME.sub(": ", line)))
    return clean_line(line, limit=limit)


def _apprise() -> Any:
    try:
        return importlib.import_module("apprise")
    except ImportError as error:
        raise ConfigError("[channel] kind: a chat needs apprise: pip install 'spywire[chat]'") from error


def _plugin(apprise: Any, channel: Channel) -> Any:
    plugin = apprise.Apprise.instantiate(channel.url.get_secret_value(), asset=_asset(apprise))
    if not plugin:
        raise ConfigError(
            "[channel] url is no address that apprise knows; write one such as slack://... or mmosts://..., "
            "see https://github.com/caronc/apprise/wiki"
        )
    return plugin


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
