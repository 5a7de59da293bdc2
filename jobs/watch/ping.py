"""Calling home: an address that expects to be called, as healthchecks.io and those like it have it.

It is told and never asked: no job waits longer than ten seconds for a call, or fails because of it. What goes wrong is
told without the address, which is a secret.
"""

from __future__ import annotations

import re
import threading
import urllib.error
import urllib.request
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.settings import Watch

SECONDS = 10.0
WORKED = (0, 1)  # exit codes: a broken source is what alarms are for


class Event(StrEnum):
    """What is told."""

    START = "start"
    SUCCESS = "success"
    FAIL = "fail"


def ended(exit_code: int) -> Event:
    """How a job ended, for whoever waits for its call."""
    return Event.SUCCESS if exit_code in WORKED else Event.FAIL


def ping(watch: Watch, event: Event, *, rid: str = "", exit_code: int | None = None, note: str = "") -> str:
    """Call the address that the settings name, if they do. Gives what went wrong, without the address: it is a secret.

    `rid` ties the calls of one run together. A failure is told with its exit code, if that is given.
    """
    url = watch.ping_url.get_secret_value()
    if not url:
        return ""
    if not re.fullmatch(r"https?://[!-~]+", url):
        return "[watch] ping_url is no http address: copy the whole of it, without a space"
    wrong: list[str] = []
    caller = threading.Thread(target=_call, args=(_address(url, event, rid, exit_code), note, wrong), daemon=True)
    caller.start()
    caller.join(SECONDS)  # the whole of it: a server that sends a byte now and then is not waited for
    if caller.is_alive():
        return f"[watch] ping_url did not answer in {SECONDS:.0f} seconds"
    return wrong[0] if wrong else ""


def _address(url: str, event: Event, rid: str, exit_code: int | None) -> str:
    base, mark, query = url.partition("?")
    said = {Event.START: "/start", Event.SUCCESS: "", Event.FAIL: f"/{exit_code}" if exit_code else "/fail"}[event]
    words = [query] if mark else []
    words += [f"rid={rid}"] if rid else []
    return base.rstrip("/") + said + ("?" + "&".join(words) if words else "")


def _call(address: str, note: str, wrong: list[str]) -> None:
    try:
        request = urllib.request.Request(address, data=note.encode()[:10_000], method="POST")  # noqa: S310 - http only
        with urllib.request.urlopen(request, timeout=SECONDS):  # noqa: S310
            pass
    except urllib.error.HTTPError as error:
        wrong.append(f"[watch] ping_url answered HTTP {error.code}")
    except Exception as error:  # noqa: BLE001 - whatever a server answers, and never a traceback: it shows the address
        reason = getattr(error, "reason", error)
        wrong.append(f"[watch] ping_url cannot be reached: {type(reason).__name__}")
