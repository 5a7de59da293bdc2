"""An edition on a program's standard input. No shell, a bare environment, and an end in time."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from typing import IO, TYPE_CHECKING

from crawler.text import clean_line
from jobs.delivery.outcome import Ending, deferred, of_exit, uncertain
from jobs.exits import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jobs.delivery.parcel import Parcel
    from jobs.settings import Channel

KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")  # of our own environment, which holds secrets
SAID = 2_000  # bytes of its standard error that are looked at, from the end


def check_command(channel: Channel) -> None:
    """Raises `ConfigError` where there is nothing to run."""
    if not channel.command or not channel.command[0]:
        raise ConfigError('[channel] command is empty; write a list such as ["/usr/local/bin/deliver"]')


def pipe_to(channel: Channel, parcel: Parcel, begin: Callable[[], bool], *, folder: Path) -> Ending | None:
    """Run the command in the folder of the settings. Whatever it prints to standard output is thrown away.

    Raises `ConfigError` where there is none.
    """
    check_command(channel)
    text = parcel.write(channel.form).encode("utf-8", "replace")
    if not begin():
        return None
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(  # noqa: S603 - the operator's own command
                list(channel.command),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                cwd=folder,
                env=_environment(parcel, channel),
                start_new_session=True,
            )
        except OSError as error:
            return deferred(f"cannot run {channel.command[0]}: {error.strerror}; see [channel] command")
        try:
            process.communicate(text, timeout=channel.timeout)
        except subprocess.TimeoutExpired:
            _kill(process)
            return uncertain(f"{channel.command[0]} did not end within {channel.timeout:g} s, and was killed")
        return of_exit(process.returncode, _last_words(errors))


def _environment(parcel: Parcel, channel: Channel) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {
        "SPYWIRE_PROFILE": parcel.profile,
        "SPYWIRE_KIND": parcel.kind,
        "SPYWIRE_NUMBER": str(parcel.number),
        "SPYWIRE_SUBJECT": parcel.subject,
        "SPYWIRE_FORM": channel.form,
        "SPYWIRE_MESSAGE_ID": parcel.message_id,
    }


def _kill(process: subprocess.Popen[bytes]) -> None:
    """With everything that it started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _last_words(errors: IO[bytes]) -> str:
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - SAID))
    lines = errors.read().decode("utf-8", "replace").strip().splitlines()
    return clean_line(lines[-1]) if lines else ""
