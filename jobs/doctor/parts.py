"""What was written down, and what is installed."""

from __future__ import annotations

import platform
import re
import sqlite3
import stat
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from importlib.util import find_spec
from typing import TYPE_CHECKING

from jobs.doctor.finding import fail, ok, warn
from jobs.exits import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobs.doctor.finding import Finding, Subject

SHOWN = ("scrapy", "trafilatura", "sqlalchemy")
PINNED = re.compile(r"([A-Za-z0-9._-]+)==([^;\s]+)")
EXTRA = re.compile(r"""^([A-Za-z0-9._-]+).*;.*\bextra\s*==\s*['"]([\w-]+)['"]""")
SECRETS = (("mail", "password"), ("storage", "url"))
OFFERED = ("chat", "misp", "render", "stix", "train")


def settings(subject: Subject) -> Iterator[Finding]:
    """Whether they can be read, and by whom."""
    from jobs.settings import load_settings

    file = subject.home.settings_file
    try:
        configuration = load_settings(subject.home, subject.environment)
    except ConfigError as error:
        yield fail(
            "settings", str(error), f"correct that line; `spywire init` into an empty folder writes a whole {file.name}"
        )
        return
    if not file.exists():
        yield warn("settings", f"there is no {file}: every setting is its default", "run `spywire init`")
    else:
        yield ok("settings", f"{file}, {len(configuration.origins)} set")
    secret = [keys for keys in SECRETS if configuration.origin(*keys).startswith(f"{file}:")]
    holds = any(keys[1] == "password" or "@" in configuration.settings.storage.url for keys in secret)
    if holds and file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        yield warn("settings", f"others may read {file}, which holds a password", f"chmod 600 {file}")
    if not configuration.settings.fetch.contact:
        remedy = 'write contact = "you@example.org" into [fetch]: publishers ask before they block'
        yield warn("settings", "[fetch] contact is empty", remedy)


def sources(subject: Subject) -> Iterator[Finding]:
    """Whether the sources can be read, and what they need."""
    from jobs.catalogue import read_sources

    try:
        found = read_sources(subject.home.sources_file)
    except ConfigError as error:
        yield fail("sources", str(error), "correct that line, or run `spywire init` where there is none")
        return
    yield ok("sources", f"{subject.home.sources_file}, {len(found)} sources")
    rendered = [source.name for source in found if source.render]
    if rendered and find_spec("scrapy_playwright") is None:
        found_out = f"{', '.join(rendered)}: render = true, and the extra `render` is not installed"
        yield fail("sources", found_out, "pip install 'spywire[render]', or take render out")


def profiles(subject: Subject) -> Iterator[Finding]:
    """Whether each team's digest could be made and has a way to its readers."""
    from jobs.digest.profiles import addresses, mistakes, unserved

    settings, told = subject.settings, set[str]()
    for name in sorted(settings.profile):
        wrong = [str(error) for error in mistakes(settings, [name], subject.sources or ())]
        for mistake in wrong:
            if mistake not in told:  # two profiles may share a channel
                yield fail("profile", mistake, "correct that, or nobody gets this digest")
        told.update(wrong)
        if wrong:
            continue
        if unserved(settings, [name]):
            yield warn("profile", f"{name}: nobody gets it", f"write `to` or `channels` into [profile.{name}]")
        else:
            yield ok("profile", f"{name}: {len(addresses(settings, name))} to be served")


def libraries(_: Subject) -> Iterator[Finding]:
    """Which versions there are."""
    shown = [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    shown += [f"{name} {version(name)}" for name in SHOWN]
    yield ok("versions", ", ".join([f"spywire {version('spywire')}", *shown]))
    for name, wanted, there in _unpinned():
        remedy = f"pip install {name}=={wanted}: the model's thresholds were set with that one"
        yield warn("versions", f"{name} is {there}, and {wanted} is wanted", remedy)


def extras(_: Subject) -> Iterator[Finding]:
    """Which of the optional parts are installed; none has to be."""
    parts: dict[str, list[str]] = {}
    for requirement in requires("spywire") or []:
        if match := EXTRA.match(requirement):
            parts.setdefault(match[2], []).append(match[1])
    offered = [name for name in OFFERED if name in (metadata("spywire").get_all("Provides-Extra") or [])]
    there = [name for name in offered if all(map(_installed, parts.get(name, [])))]
    missing = [name for name in offered if name not in there]
    words = [f"installed: {', '.join(there) or 'none'}"]
    words += [f"not installed, and needed only by who uses them: {', '.join(missing)}"] if missing else []
    yield ok("extras", "; ".join(words))


def _unpinned() -> Iterator[tuple[str, str, str]]:
    for requirement in requires("spywire") or []:
        match = PINNED.match(requirement)
        if match and "extra" not in requirement and (there := version(match[1])) != match[2]:
            yield match[1], match[2], there


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
