"""What an operator can set, section by section."""

from __future__ import annotations

import re
from importlib.metadata import version
from ipaddress import IPv4Network, IPv6Network  # noqa: TC003 - pydantic reads it
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from jobs.settings.section import Section, listed
from jobs.settings.teams import MAIL, Channel, Mail, Profile, Words
from jobs.spans import kept_text, span_text


def _served_at(value: str) -> str:
    """A host and a port, or nothing."""
    found = re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[^\s:]+):(\d{1,5})", value, re.ASCII)
    if value and (found is None or int(found[2]) > 65_535):  # noqa: PLR2004 - ports end there
        raise ValueError("write a host and a port with a colon between them, such as 127.0.0.1:9464")
    return value


def _base_url(value: str) -> str:
    """A web address, or nothing."""
    if value and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", value):
        raise ValueError("write the whole web address, such as https://example.org/digest/")
    return value


def _name(value: str) -> str:
    """What a profile or a channel may be called: files, List-Id and environment variables are named after it."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,59}", value, re.ASCII):
        raise ValueError(
            f"a name has at most 60 small letters, digits, - and _, and begins with a letter or digit{_nearest(value)}"
        )
    return value


def _nearest(value: str) -> str:
    near = re.sub(r"[^a-z0-9_-]+", "-", value.lower())[:60].strip("-_")
    return f"; write {near}" if near else ""


def _channel_name(value: str) -> str:
    if value == MAIL:
        raise ValueError(
            "no channel is called mail, since that is the way to the addresses in `to`; give it another name, here and "
            "in `channels`"
        )
    return _name(value)


class Fetch(Section):
    """How pages are fetched."""

    contact: str = Field("", description="An e-mail address or URL, sent with every request: who to ask about it.")
    user_agent: str = Field(
        "", description="Sent with every request. Empty: spywire/VERSION, with the contact if there is one."
    )
    delay: float = Field(2.0, ge=0, le=3600, description="Seconds between two requests to the same host.")
    timeout: float = Field(30.0, gt=0, le=600, description="Seconds until a request is given up.")
    concurrency: int = Field(32, ge=1, le=1000, description="Requests under way at once, to different hosts.")
    max_bytes: int = Field(16 * 1024 * 1024, ge=1024, description="Longest answer that is read, in bytes, unpacked.")
    pages_per_source: int = Field(
        500, ge=1, le=100_000, description="Pages of one source that a crawl fetches; the rest waits for the next one."
    )
    patience: Annotated[str, AfterValidator(span_text)] = Field(
        "5m", description="How long a crawl asks for pages of one source; the rest waits for the next one. 0s: no end."
    )
    allow_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(listed)] = Field(
        (), description="Networks that may be reached though they are not public, such as 10.0.0.0/8."
    )
    allow_ports: Annotated[tuple[Annotated[int, Field(ge=1, le=65535)], ...], BeforeValidator(listed)] = Field(
        (80, 443), description="Ports that may be reached."
    )
    browser: str = Field(
        "", description="Path of a Chromium, for sources with `render = true`. Empty: the one Playwright brings."
    )

    @property
    def agent(self) -> str:
        """The user agent as it is sent."""
        contact = f" (+{self.contact})" if self.contact else ""
        return self.user_agent or f"spywire/{version('spywire')}{contact}"


class Storage(Section):
    """Where everything is remembered."""

    url: str = Field(
        "",
        description="sqlite:///FILE (relative to the settings) or postgresql+psycopg://HOST/NAME. Empty: spywire.db.",
    )


class Gate(Section):
    """Who judges."""

    model: str = Field("", description="The folder of a model of your own. Empty: the one that came with the program.")
    processes: int = Field(0, ge=0, le=256, description="Worker processes. 0: one per core.")
    deadline: float = Field(10.0, gt=0, le=600, description="Seconds until a page's extraction and judging is killed.")
    memory_mb: int = Field(1536, ge=512, description="Memory a worker may have, in MiB.")


class Digest(Section):
    """What the digest shows."""

    title: str = Field("Espionage watch", description="Its headline.")
    max_stories: int = Field(60, ge=1, le=1000, description="Stories shown in full; the rest is counted.")


class Retention(Section):
    """How long what is stored is kept."""

    keep_flagged: Annotated[str, AfterValidator(kept_text)] = Field(
        "forever",
        description="Text of articles that were flagged, held or labelled: 2y, 30d, forever. A source may differ.",
    )
    keep_rejected: Annotated[str, AfterValidator(kept_text)] = Field(
        "30d", description="Text of rejected articles. Their metadata and verdicts always stay."
    )
    keep_polls: Annotated[str, AfterValidator(kept_text)] = Field(
        "90d", description="Records of polls that brought nothing."
    )
    keep_runs: Annotated[str, AfterValidator(kept_text)] = Field(
        "400d", description="Counts, sources and errors of runs. The newest 1,000 keep theirs."
    )


class Schedule(Section):
    """How `spywire schedule` starts the jobs that are due."""

    tick: float = Field(30.0, ge=1, le=3600, description="Seconds between two looks at what is due.")
    deadline: Annotated[str, AfterValidator(span_text)] = Field(
        "2h", description="The longest a job may take (2m or more): then it is ended, and killed if it does not end."
    )
    memory_mb: int = Field(4096, ge=512, description="Address space a job may have, in MiB; workers have their own.")


class Backup(Section):
    """A copy of the database, every day."""

    folder: str = Field("", description="Where it is written, relative to the settings. Empty: none is made.")
    keep: int = Field(7, ge=1, le=10_000, description="Backups that are kept; the oldest go.")


class Watch(Section):
    """Who is told how things stand, besides people."""

    max_age: Annotated[str, AfterValidator(span_text)] = Field(
        "26h", description="`spywire status --check` is critical when the last crawl is older (30m, 26h, 2d)."
    )
    textfile: str = Field(
        "", description="Prometheus figures are written there after each job, relative to the settings. Name it *.prom."
    )
    metrics: Annotated[str, AfterValidator(_served_at)] = Field(
        "", description="Where `spywire schedule` serves /metrics, such as 127.0.0.1:9464. Empty: nowhere."
    )
    heartbeat: str = Field(
        "", description="A file that is touched after each crawl and digest, and by `spywire schedule`."
    )
    ping_url: SecretStr = Field(
        SecretStr(""), description="An address to call when a crawl starts and ends, in the way of healthchecks.io."
    )


class Site(Section):
    """The archive as files for a web server."""

    folder: str = Field("", description="Where `spywire site build` writes, relative to the settings.")
    title: str = Field("", description="Its headline. Empty: that of [digest].")
    base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        "", description="The address it is served at; the feeds' links and ids begin with it."
    )
    profiles: Words = Field((), description="Only the editions of these profiles. Empty: all.")
    editions: int = Field(1000, ge=1, le=100_000, description="Editions shown, the latest ones.")
    noindex: bool = Field(default=True, description="Ask search engines to keep away.")


class Settings(Section):
    """Everything an operator can set."""

    fetch: Fetch = Field(default_factory=Fetch)
    storage: Storage = Field(default_factory=Storage)
    gate: Gate = Field(default_factory=Gate)
    digest: Digest = Field(default_factory=Digest)
    retention: Retention = Field(default_factory=Retention)
    schedule: Schedule = Field(default_factory=Schedule)
    backup: Backup = Field(default_factory=Backup)
    mail: Mail = Field(default_factory=Mail)
    watch: Watch = Field(default_factory=Watch)
    site: Site = Field(default_factory=Site)
    profile: dict[Annotated[str, AfterValidator(_name)], Profile] = Field(default_factory=dict)  # one for each team
    channel: dict[Annotated[str, AfterValidator(_channel_name)], Channel] = Field(default_factory=dict)
