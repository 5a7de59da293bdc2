"""Who gets a digest, of what, when, and over what: profiles, channels, and the mail server."""

from __future__ import annotations

import re
from datetime import time
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from jobs.delivery.addresses import mailbox_if_any, mailboxes, unsubscribe_link
from jobs.settings.section import Section, listed

MAIL = "mail"  # the channel of mail addresses; no [channel.NAME] is called so


class Weekday(StrEnum):
    """A day on which a digest is due."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Form(StrEnum):
    """How an edition is written."""

    TEXT = "text"
    HTML = "html"
    MARKDOWN = "markdown"
    JSON = "json"


class Security(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class ChannelKind(StrEnum):
    """What a channel is."""

    FOLDER = "folder"
    COMMAND = "command"
    WEBHOOK = "webhook"
    CHAT = "chat"


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no such time zone; write one such as Europe/Vienna, or UTC") from error
    return value


def _hour(value: Any) -> Any:
    """A local time such as 07:00, as text or as TOML has it."""
    if isinstance(value, str) and re.fullmatch(r"\d\d:\d\d(:00)?", value):
        return value
    if isinstance(value, time) and value.tzinfo is None and not value.second and not value.microsecond:
        return value
    raise ValueError('write hours and minutes in quotes, such as "07:00"')


def quiet(value: str) -> tuple[time, time] | None:
    """The beginning and the end of hours such as 22:00-06:00; None for none. Raises `ValueError`."""
    if not value:
        return None
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", value, re.ASCII):
        raise ValueError('write two times of day with a dash between them, such as "22:00-06:00"')
    start, end = (time.fromisoformat(part) for part in value.split("-"))
    if start == end:
        raise ValueError("begin and end are the same; leave it empty for no quiet hours")
    return start, end


def _quiet(value: str) -> str:
    quiet(value)
    return value


# Codes that are often written and that no article is ever found to name: the digest would be empty for ever.
_NO_COUNTRIES = {"UK": "the United Kingdom is GB", "EL": "Greece is GR", "EU": "name its members"}


def country_code(value: str) -> str:
    """A country as ISO 3166-1 writes it: NO for no. Raises `ValueError` for what is no code of a country."""
    if not re.fullmatch("[A-Za-z]{2}", value):
        raise ValueError(f"{value} is no country code; write two letters such as DE (ISO 3166-1)")
    if cure := _NO_COUNTRIES.get(value.upper()):
        raise ValueError(f"no country has the code {value} in ISO 3166-1; {cure}")
    return value.upper()


def _language(value: str) -> str:
    if not re.fullmatch("[A-Za-z]{2,3}", value):
        raise ValueError(f"{value} is no language code; write two letters such as de (ISO 639-1)")
    return value.lower()


def _day(value: Any) -> Any:
    """A day by its first three letters, whatever the case."""
    if not isinstance(value, str) or value.lower() not in set(Weekday):
        raise ValueError(f"write days by their first three letters: {', '.join(Weekday)}")
    return value.lower()


def _some_day(value: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
    if not value:
        raise ValueError("a digest is due on one day of the week at least; name it, such as mon")
    return value


def _server(value: str) -> str:
    """The name or address of a mail server, and nothing beside it."""
    if found := re.fullmatch(r"(?P<name>[^\s/@:]+|\[[0-9A-Fa-f:.]+\]):(?P<port>\d{1,5})", value, re.ASCII):
        raise ValueError(f'write host = "{found["name"].strip("[]")}" and port = {found["port"]}')
    if value and not re.fullmatch(r"[^\s/@:\[\]]+", value) and not _is_address(value):
        raise ValueError("write the name of a mail server and nothing else, such as mail.example.org")
    return value


def _is_address(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True


Words = Annotated[tuple[str, ...], BeforeValidator(listed)]
OneMailbox = Annotated[str, AfterValidator(mailbox_if_any)]
Countries = Annotated[tuple[Annotated[str, AfterValidator(country_code)], ...], BeforeValidator(listed)]
Languages = Annotated[tuple[Annotated[str, AfterValidator(_language)], ...], BeforeValidator(listed)]


class Mail(Section):
    """The mail server that digests go through."""

    host: Annotated[str, AfterValidator(_server)] = Field("", description="The server. Empty: no mail is sent.")
    port: int = Field(0, ge=0, le=65535, description="0: 587 with starttls, 465 with tls, 25 with none.")
    security: Security = Field(
        Security.STARTTLS, description="starttls, tls or none. A server that lacks it is refused, never worked around."
    )
    user: str = Field("", description="Who logs in. Empty: nobody does.")
    password: SecretStr = Field(
        SecretStr(""), description="Its password; better in SPYWIRE_MAIL__PASSWORD_FILE than in this file."
    )
    sender: OneMailbox = Field("", description="The From address: spywire <digest@example.org>.")
    reply_to: OneMailbox = Field("", description="Where answers go. Empty: to the sender.")
    unsubscribe: Annotated[str, AfterValidator(unsubscribe_link)] = Field(
        "", description="A mailto: or https: address for List-Unsubscribe. Empty: the sender."
    )
    timeout: float = Field(30.0, gt=0, le=600, description="Seconds until the server is given up.")


class Channel(Section):
    """A way to deliver that is not mail."""

    kind: ChannelKind = Field(ChannelKind.FOLDER, description="folder, command, webhook or chat.")
    form: Form = Field(Form.HTML, description="text, html, markdown or json; a chat always gets its own short text.")
    path: str = Field("", description="folder: where the files are written, relative to the settings, or ~/...")
    command: Words = Field((), description="command: a program and its arguments; it reads the edition from its stdin.")
    url: SecretStr = Field(
        SecretStr(""), description="webhook: an https address. chat: an apprise address (slack://, msteams://, ...)."
    )
    secret: SecretStr = Field(SecretStr(""), description="webhook: signs the body with HMAC-SHA256.")
    timeout: float = Field(30.0, gt=0, le=600, description="Seconds until it is given up.")


class Profile(Section):
    """One team's digest. One crawl serves all of them."""

    title: str = Field("", description="Its headline. Empty: that of [digest].")
    at: Annotated[time, BeforeValidator(_hour)] = Field(
        time(7, 0), description="When the digest is due, by the clock of the zone: 07:00."
    )
    zone: Annotated[str, AfterValidator(_zone)] = Field("UTC", description="Its time zone: Europe/Vienna.")
    weekdays: Annotated[
        tuple[Annotated[Weekday, BeforeValidator(_day)], ...], BeforeValidator(listed), AfterValidator(_some_day)
    ] = Field(tuple(Weekday), description="Days on which it is due.")
    to: Annotated[Words, AfterValidator(mailboxes)] = Field((), description="Mail addresses; each gets a mail.")
    channels: Words = Field((), description="Channels that get it, by name: [channel.NAME].")
    tlp: Literal["", "CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"] = Field(
        "", description="The Traffic Light Protocol label (FIRST, TLP 2.0) on every page."
    )
    actors: Words = Field((), description="Only stories that name one of these actors (any of its names). Empty: all.")
    countries: Countries = Field(
        (), description="Only stories that name one of these countries (ISO 3166 codes: DE, TW)."
    )
    sectors: Words = Field((), description="Only stories about one of these sectors: energy, telecoms.")
    languages: Languages = Field((), description="Only articles in these languages (en, de).")
    tags: Words = Field((), description="Only articles of sources with one of these tags.")
    threshold: float = Field(0.0, ge=0, le=1, description="Flagged stories below this score are left out. 0: none.")
    max_stories: int = Field(
        0, ge=0, le=1000, description="Stories shown in full; the rest is counted. 0: as many as [digest] says."
    )
    excerpt: int = Field(600, ge=0, le=5000, description="Characters quoted of a story; a source may allow fewer.")
    check: int = Field(3, ge=0, le=20, description="Rejected articles that a reader is asked about in each edition.")
    alert_score: float = Field(0.0, ge=0, le=1, description="A story with this score is sent at once. 0: never.")
    alert_origins: int = Field(2, ge=1, le=50, description="... when this many independent reports stand behind it.")
    alert_cap: int = Field(3, ge=1, le=50, description="Alerts a day at most; the digest tells the others.")
    quiet_hours: Annotated[str, AfterValidator(_quiet)] = Field(
        "", description="No alert in these hours of the zone: 22:00-06:00. They wait for the morning."
    )
