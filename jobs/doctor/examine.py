"""The examination: a list of checks, each a function of the installation. To add one, write it and name it here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jobs.doctor import memory, network, parts, place
from jobs.doctor.finding import Finding, Grade, Subject, exit_code, warn
from jobs.exits import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Check = Callable[[Subject], Iterator[Finding]]

ALWAYS: tuple[Check, ...] = (parts.settings, parts.sources, place.writable, place.locks, parts.libraries, parts.extras)
WITH_SETTINGS: tuple[Check, ...] = (
    parts.profiles,
    place.room,
    place.file_system,
    memory.engine,
    memory.schema,
    memory.clock,
    memory.model,
    network.hosts,
    network.mail,
)
WIDTH = 12  # of a check's name


def examine(subject: Subject) -> list[Finding]:
    """Make every check. One that finds settings broken does not stop the others that can do without."""
    subject = _read(subject)
    findings = [finding for check in ALWAYS for finding in check(subject)]
    if subject.configuration is None:
        findings += [*place.room(subject), *memory.clock(subject)]
        findings.append(warn("the rest", "not looked at, since the settings cannot be read", "correct them first"))
        return findings
    return findings + [finding for check in WITH_SETTINGS for finding in check(subject)]


def report_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings as plain data."""
    return {
        "ok": not any(finding.grade is Grade.FAIL for finding in findings),
        "exit_code": int(exit_code(findings)),
        "findings": [
            {"check": each.check, "grade": each.grade, "found": each.found, "remedy": each.remedy} for each in findings
        ],
    }


def report_text(findings: Sequence[Finding]) -> str:
    """A line for each finding, and one for what to do."""
    lines = []
    for each in findings:
        lines.append(f"{each.grade:<5} {each.check:<{WIDTH}} {each.found}")
        if each.remedy:
            lines.append(f"{'':<5} {'':<{WIDTH}} -> {each.remedy}")
    counts = [sum(each.grade is grade for each in findings) for grade in Grade]
    return "\n".join([*lines, f"{counts[0]} ok, {counts[1]} to look at, {counts[2]} failed"])


def _read(subject: Subject) -> Subject:
    """What the checks need; why it cannot be read is told by checks of its own."""
    from jobs.catalogue import read_sources
    from jobs.settings import load_settings

    try:
        subject = replace(subject, configuration=load_settings(subject.home, subject.environment))
    except ConfigError:
        return subject
    try:
        return replace(subject, sources=read_sources(subject.home.sources_file))
    except ConfigError:
        return subject
