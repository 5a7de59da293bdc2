"""How a command ends. The codes follow sysexits.h where it has a word for it; docs/exit-codes.md is the contract."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the operator's scheduler reads."""

    OK = 0
    PARTIAL = 1  # done, but some sources or inputs failed
    USAGE = 2
    UNREACHABLE = 69  # no source answered
    BUG = 70
    STORAGE = 74
    BUSY = 75
    CONFIG = 78  # settings, sources or model
    OUT_OF_TIME = 124  # `--max-runtime` is over, with its state saved; timeout(1) has the same
    STOPPED = 130  # by SIGINT, with its state saved
    PIPE = 141  # whoever read the output has had enough
    TERMINATED = 143  # by SIGTERM, with its state saved

    @property
    def done(self) -> bool:
        """What was to be done is done, or as much of it as could be; the rest is tried again by itself."""
        return self in {Exit.OK, Exit.PARTIAL, Exit.UNREACHABLE, Exit.OUT_OF_TIME}


class CommandError(Exception):
    """A command cannot go on; its message names the thing, the cause and the cure."""

    exit = Exit.BUG


class ConfigError(CommandError):
    """Settings or sources are missing or wrong."""

    exit = Exit.CONFIG


class UsageError(CommandError):
    """The command was asked for something that does not exist."""

    exit = Exit.USAGE


class BusyError(CommandError):
    """Another run holds this home."""

    exit = Exit.BUSY


class NothingThereError(CommandError):
    """What was asked for was looked at, and there is nothing to be had."""

    exit = Exit.PARTIAL


def exit_of(error: BaseException) -> int:
    """The code that an error ends a command with."""
    from typer import Exit as Leaving

    from crawler.errors import FetchError, ModelError
    from storage.errors import BadUrlError, StorageError

    if isinstance(error, CommandError):
        return error.exit
    if isinstance(error, KeyboardInterrupt):
        return Exit.STOPPED
    if isinstance(error, Leaving):
        return error.exit_code
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else Exit.BUG
    known: dict[type[Exception], Exit] = {
        BadUrlError: Exit.CONFIG,
        FetchError: Exit.UNREACHABLE,
        ModelError: Exit.CONFIG,
        StorageError: Exit.STORAGE,
        OSError: Exit.STORAGE,  # whatever else a disk refuses
    }
    return next((code for kind, code in known.items() if isinstance(error, kind)), Exit.BUG)
