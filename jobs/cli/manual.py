"""The manual page, made from the commands themselves: `python -m jobs.cli.manual > spywire.1`."""

from __future__ import annotations

import re
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from jobs.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator

EXITS = {
    Exit.OK: "Done; nothing new is also done.",
    Exit.PARTIAL: "Done, but some sources or inputs failed, or there was nothing to be had.",
    Exit.USAGE: "The command line is wrong, or names something that does not exist.",
    Exit.UNREACHABLE: "No source answered.",
    Exit.BUG: "A bug; run it again with SPYWIRE_DEBUG=1 and report it.",
    Exit.STORAGE: "The database or a file cannot be read or written.",
    Exit.BUSY: "Another run is at work.",
    Exit.CONFIG: "Settings, sources or model are missing or wrong.",
    Exit.OUT_OF_TIME: "The time that was given is over; the rest waits for the next run.",
    Exit.STOPPED: "Stopped by SIGINT, with its state saved.",
    Exit.PIPE: "Whoever read the output has had enough.",
    Exit.TERMINATED: "Stopped by SIGTERM, with its state saved.",
}
ENVIRONMENT = {
    "SPYWIRE_HOME": "The home, as with --home.",
    "SPYWIRE_SECTION__KEY": "Overrides a key of a section of the settings: SPYWIRE_FETCH__DELAY=5.",
    "SPYWIRE_SECTION__KEY_FILE": "Names a file that holds the value, for secrets.",
    "SPYWIRE_LOG": "What standard error is written as, as with --log-format.",
    "SPYWIRE_DEBUG": "Shows the traceback of a bug.",
}
FILES = {
    "spywire.toml": "The settings; `spywire init` writes it with every key and its default.",
    "sources.toml": "The sources.",
    "spywire.db": "The database, unless [storage] url names another.",
}
HELP = ("--help", "--install-completion", "--show-completion")


def page() -> str:
    """The page as man(7) reads it."""
    from typer.main import get_command

    from jobs.cli import app

    root = get_command(app)
    lines = [
        f'.TH SPYWIRE 1 "" "spywire {version("spywire")}" "User Commands"',
        ".SH NAME",
        r"spywire \- a news monitor that flags cyber\-espionage stories before it stores them",
        ".SH SYNOPSIS",
        r".B spywire\fR [\fB\-\-home\fR \fIDIR\fR] \fICOMMAND\fR [\fIARGUMENTS\fR]",
        ".SH DESCRIPTION",
        _text(root.help or ""),
        ".SH OPTIONS",
        *_options(root),
        ".SH COMMANDS",
        *(line for name, command in _walk(root, ("spywire",)) for line in _command(name, command)),
        *_table("EXIT STATUS", {str(int(code)): words for code, words in EXITS.items()}),
        *_table("ENVIRONMENT", ENVIRONMENT),
        *_table("FILES", FILES),
        ".SH SHELL COMPLETION",
        _text("`spywire --install-completion` sets it up for the shell it is run in: bash, zsh or fish."),
    ]
    return "\n".join(lines) + "\n"


def commands() -> dict[str, list[str]]:
    """Every command by its full name, with its options."""
    from typer.main import get_command

    from jobs.cli import app

    return {
        " ".join(name): [name for option in command.params for name in _names(option)]
        for name, command in _walk(get_command(app), ("spywire",))
    }


def _walk(group: Any, name: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for word, command in group.commands.items():
        if command.hidden:
            continue
        if hasattr(command, "commands"):
            yield from _walk(command, (*name, word))
        else:
            yield (*name, word), command


def _command(name: tuple[str, ...], command: Any) -> Iterator[str]:
    arguments = [option for option in command.params if option.param_type_name == "argument"]
    shown = " ".join(rf"\fI{_safe(str(argument.name).upper())}\fR" for argument in arguments)
    yield f".SS {' '.join(_safe(word) for word in name)} {shown}".rstrip()
    yield _text(command.help or "")
    for argument in arguments:
        if getattr(argument, "help", None):
            yield from _entry(str(argument.name).upper(), argument.help)
    yield from _options(command)


def _options(command: Any) -> Iterator[str]:
    for option in command.params:
        names = _names(option)
        if not names or names[0] in HELP or getattr(option, "hidden", False):
            continue
        value = "" if option.is_flag else f" {option.metavar or 'VALUE'}"
        yield from _entry(", ".join(names) + value, option.help or "")


def _names(option: Any) -> list[str]:
    return [name for name in (*option.opts, *option.secondary_opts) if name.startswith("-")]


def _table(title: str, entries: dict[str, str]) -> Iterator[str]:
    yield f".SH {title}"
    for name, words in entries.items():
        yield from _entry(name, words)


def _entry(name: str, words: str) -> tuple[str, str, str]:
    return ".TP", rf"\fB{_safe(name)}\fR", _text(words)


def _text(words: str) -> str:
    """Paragraphs; no line of them may look like a request."""
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", words.strip())]
    return "\n.PP\n".join(_safe(paragraph) for paragraph in paragraphs)


def _safe(words: str) -> str:
    words = words.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{words}" if words.startswith((".", "'")) else words


if __name__ == "__main__":
    sys.stdout.write(page())
