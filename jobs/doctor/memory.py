"""The database, the clock that its times come from, and the model it says is in office."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from crawler.errors import ModelError
from jobs.doctor.finding import fail, ok, warn
from jobs.exits import Exit
from jobs.runs import OLDEST
from storage.database import COPYING, HEAD, Database
from storage.errors import StorageError
from storage.upkeep import NEEDED, look, newest_time, owners, searches, version_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobs.doctor.finding import Finding, Subject

SKEW = timedelta(minutes=5)
CLOCK = "set the clock, best by NTP: timedatectl set-ntp true"


def schema(subject: Subject) -> Iterator[Finding]:
    """Whether the database opens, and with which schema."""
    try:
        revision = look(subject.settings.storage.url)
    except StorageError as error:
        what, _, cure = str(error).rpartition("; ")
        yield fail("database", what or str(error), cure, Exit.STORAGE)
        return
    if revision is None:
        yield ok("database", "not there yet: the first crawl makes it")
    elif revision.startswith(COPYING):
        remedy = "run the same `spywire db copy` or `db restore` again"
        yield fail("database", "a copy into it was not finished", remedy, Exit.STORAGE)
    elif revision > HEAD:
        found = f"its schema {revision} is newer than this spywire, which knows up to {HEAD}"
        yield fail("database", found, "install the newer spywire", Exit.STORAGE)
    elif revision < HEAD:
        remedy = "run `spywire db upgrade`; any other command does it, too"
        yield warn("database", f"schema {revision}, the newest is {HEAD}", remedy)
    else:
        yield ok("database", f"schema {revision}")
        yield from _others(subject)


def engine(subject: Subject) -> Iterator[Finding]:
    """Whether the server, or the SQLite library of this Python, has what the code asks of it."""
    try:
        name, version = version_of(subject.settings.storage.url)
    except StorageError:  # `schema` tells why
        return
    yield graded_engine(name, version, searching=name != "SQLite" or searches())


def graded_engine(name: str, version: tuple[int, ...], *, searching: bool = True) -> Finding:
    """Whether an engine of this version will do, and what to do if it will not."""
    needed, shown = NEEDED[name], f"{name} {'.'.join(map(str, version))}"
    newer = {
        "PostgreSQL": "upgrade the server, or move to another one with `spywire db copy`",
        "SQLite": "run spywire with a Python whose SQLite is newer, as in deploy/Dockerfile, or use PostgreSQL",
    }
    if version < needed:
        wanted = ".".join(map(str, needed)).removesuffix(".0")
        return fail("engine", f"{shown}, and {wanted} or newer is needed", newer[name], Exit.STORAGE)
    if not searching:
        return fail("engine", f"{shown} was built without FTS5, which search needs", newer[name], Exit.STORAGE)
    return ok("engine", shown)


def _others(subject: Subject) -> Iterator[Finding]:
    """Homes that share the database: each works, but sources that both name are polled twice."""
    from jobs.crawl import owner

    with _opened(subject) as database:
        others = [name for name in owners(database) if name != owner(subject.home)] if database else []
    if others:
        remedy = "let only one of them crawl, or give each its own sources; leases of a dead one end by themselves"
        yield warn("database", f"links are leased by another home: {', '.join(others)}", remedy)


def clock(subject: Subject) -> Iterator[Finding]:
    """Whether it is later than what was written last."""
    if subject.now < OLDEST:
        yield fail("clock", f"it says {_said(subject.now)}", CLOCK)
        return
    newest = None
    if subject.configuration is not None:
        with _opened(subject) as database:
            newest = newest_time(database) if database else None
    if newest is not None and newest > subject.now + SKEW:
        found = f"it says {_said(subject.now)}, and something was stored at {_said(newest)}"
        yield fail("clock", found, f"{CLOCK}; what was stored in the future is read when its time comes")
    else:
        yield ok("clock", _said(subject.now))


def model(subject: Subject) -> Iterator[Finding]:
    """Whether who judges is there and whole."""
    from crawler.classify.correction import load_any
    from jobs.teaching.judges import judges

    with _opened(subject) as database:
        chosen = judges(subject.settings, subject.home, database)
    for path, what in ((chosen.model, f"model, {chosen.origin}"), (chosen.shadow, "model in the shadow")):
        if path is None:
            continue
        try:
            yield ok("model", f"{load_any(path).version} ({what}), its hash is right")
        except ModelError as error:
            found, _, cure = str(error).rpartition("; ")
            yield fail("model", found or str(error), cure or "`spywire model list` names those there are")


@contextmanager
def _opened(subject: Subject) -> Iterator[Database | None]:
    """The database, if it has this version's schema: an older one is not upgraded here."""
    url, database = subject.settings.storage.url, None
    try:
        if look(url) == HEAD:
            database = Database.open(url, patience=0)
    except StorageError:
        database = None  # `schema` tells why
    try:
        yield database
    finally:
        if database is not None:
            database.close()


def _said(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
