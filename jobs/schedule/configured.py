"""The settings and sources in force. A daemon goes on with the last good ones while the files are broken."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING

from jobs.catalogue import pollable_sources, read_sources
from jobs.exits import ConfigError
from jobs.log import LOG, secrets_of
from jobs.settings import load_settings
from jobs.spans import span

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from crawler.sources import Source
    from jobs.home import Home
    from jobs.settings import Configuration, Settings

SHORTEST = timedelta(minutes=2)  # in less a crawl, which ends a minute earlier, gets nothing done
FILES = ("spywire.toml", "sources.toml")


@dataclass(frozen=True, kw_only=True)
class Configured:
    """What is in force. `kept` is the folder that jobs have to read it from, while the files are broken.

    `broken` says by name what is wrong with the sources that are left out.
    """

    settings: Settings
    sources: tuple[Source, ...]
    broken: Mapping[str, str] = field(default_factory=dict)
    kept: Path | None = None


def check_deadline(configuration: Configuration) -> None:
    """Raises `ConfigError` for a deadline in which no crawl does anything."""
    deadline = configuration.settings.schedule.deadline
    if span(deadline) < SHORTEST:
        place = configuration.origin("schedule", "deadline")
        raise ConfigError(f'{place}: [schedule] deadline: {deadline} is too short for a crawl; write "2m" or more')


class Configuring:
    """Reads the files again at every look. One that is not steadfast takes them as they are, and keeps no copy."""

    def __init__(self, home: Home, environment: Mapping[str, str], *, steadfast: bool = True) -> None:
        self._home, self._environment, self._steadfast = home, environment, steadfast
        self._folder = home.state / "last-good"
        self._good: Configured | None = None
        self._wrong = self._lost = ""
        self._reading = Lock()  # who asks for /metrics reads beside the daemon

    def read(self) -> Configured:
        """What is in force. Raises `ConfigError` where the files are broken and there was never anything good."""
        if not self._steadfast:
            return self._read(self._home)
        with self._reading:
            return self._steadily()

    def _steadily(self) -> Configured:
        try:
            good = self._read(self._home)
        except ConfigError as error:
            return self._last_good(str(error))
        if self._wrong:
            LOG.event("configuration.restored", "the settings and sources can be read again", level="warning")
        self._good, self._wrong = good, ""
        try:
            self._keep()
        except OSError as error:  # a full disk: they are in force all the same
            self._unkept(str(error))
        else:
            self._unkept("")
        return good

    def _read(self, home: Home) -> Configured:
        configuration = load_settings(home, self._environment)
        settings = configuration.settings
        LOG.hide(secrets_of(settings))
        check_deadline(configuration)
        sources, broken = pollable_sources(home.sources_file)
        if not (sources or broken):
            read_sources(home.sources_file)  # which says what is missing
        if not sources:
            raise ConfigError(next(iter(broken.values())))
        return Configured(settings=settings, sources=sources, broken=broken)

    def _last_good(self, wrong: str) -> Configured:
        if self._good is None and self._folder.is_dir():  # of the daemon before this one
            self._good = self._read(replace(self._home, kept=self._folder))
        if self._good is None:
            raise ConfigError(wrong)
        if wrong != self._wrong:
            LOG.event("configuration.broken", f"{wrong}; the last good settings stay in force", level="error")
        self._wrong = wrong
        return replace(self._good, kept=self._folder)

    def _unkept(self, why: str) -> None:
        """Say it when it changes, not at every look."""
        if why and why != self._lost:
            LOG.event("configuration.unkept", f"the good settings cannot be kept: {why}", level="warning")
        self._lost = why

    def _keep(self) -> None:
        """Copy the files if they have changed; secrets in them are for nobody else to read."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in FILES:
            file, copy = self._home.config / name, self._folder / name
            if not file.exists():
                copy.unlink(missing_ok=True)
            elif not copy.exists() or copy.read_bytes() != file.read_bytes():
                shutil.copyfile(file, copy.with_suffix(".new"))
                os.chmod(copy.with_suffix(".new"), 0o600)  # noqa: PTH101 - beside its neighbours
                copy.with_suffix(".new").replace(copy)
