"""What a check found, and who is examined."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from jobs.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from crawler.sources import Source
    from jobs.home import Home
    from jobs.settings import Configuration, Settings

GRAVEST = (Exit.STORAGE, Exit.CONFIG, Exit.UNREACHABLE)


class Grade(StrEnum):
    """How well it looks."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the report. What is not well has a remedy; what fails has the code that jobs would end with."""

    check: str
    grade: Grade
    found: str
    remedy: str = ""
    exit: Exit = Exit.OK


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The installation. `configuration` and `sources` are None where they cannot be read."""

    home: Home
    environment: Mapping[str, str]
    now: datetime
    offline: bool = False
    configuration: Configuration | None = None
    sources: tuple[Source, ...] | None = None

    @property
    def settings(self) -> Settings:
        """For checks that are made only where there are settings."""
        assert self.configuration is not None
        return self.configuration.settings


def ok(check: str, found: str) -> Finding:
    """All is well."""
    return Finding(check=check, grade=Grade.OK, found=found)


def warn(check: str, found: str, remedy: str) -> Finding:
    """It works, and might not for long."""
    return Finding(check=check, grade=Grade.WARN, found=found, remedy=remedy)


def fail(check: str, found: str, remedy: str, code: Exit = Exit.CONFIG) -> Finding:
    """It does not work."""
    return Finding(check=check, grade=Grade.FAIL, found=found, remedy=remedy, exit=code)


def exit_code(findings: Iterable[Finding]) -> Exit:
    """The code of what fails most gravely; 0 where nothing fails."""
    codes = {finding.exit for finding in findings}
    return next((code for code in GRAVEST if code in codes), Exit.OK)
