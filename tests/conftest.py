"""What every test stands on: no network but loopback, and databases that are real."""

from __future__ import annotations

import gc
import os
import socket
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from storage.database import Database
from tests import empty
from tests.newsdesk import Desk
from tests.web import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

# The same examples every time, and no deadline: a test that depends on the machine's mood says nothing.
settings.register_profile("spywire", deadline=None, derandomize=True)
settings.load_profile("spywire")

# Files that take long, the longest first.
LONGEST = (
    "test_contract.py",
    "test_crawl.py",
    "test_zoo.py",
    "test_crash.py",
    "test_models.py",
    "test_manners.py",
    "test_databases.py",
    "test_schedule_daemon.py",
    "test_archives.py",
    "test_looks.py",
    "test_cli.py",
    "test_revisits.py",
    "test_copy.py",
    "test_render.py",
    "test_pages.py",
    "test_runs.py",
    "test_digest_send.py",
    "test_retention.py",
    "test_site.py",
    "test_runtime.py",
    "test_smtp.py",
    "test_upkeep.py",
    "test_quality.py",
    "test_doctor.py",
    "test_digest_render.py",
    "test_lock.py",
)
LOCAL_POSTGRES = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Nothing of what is imported now is garbage: do not look for it while it grows, nor ever after."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: whoever has only the last one left to do leaves the other processor idle."""
    order = {file: number for number, file in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else "127.0.0.1"
        if not str(host).startswith("127.") and host not in {"localhost", "::1"}:
            raise RuntimeError(f"a test tried to reach {address}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep every test out of the user's own home and settings."""
    for name in [name for name in os.environ if name.startswith("SPYWIRE_") and not name.startswith("SPYWIRE_TEST_")]:
        if name != "SPYWIRE_SHARED":
            monkeypatch.delenv(name)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Third-party text for measuring; no part of the repository."""
    path = Path(os.environ.get("SPYWIRE_SHARED", Path(__file__).parents[2] / "shared")) / "data"
    if not path.is_dir():
        pytest.skip("needs the shared corpora: name their folder in SPYWIRE_SHARED")
    return path


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The URL of a PostgreSQL server to make databases on. Named and unreachable is a failure, not a skip."""
    named = os.environ.get("SPYWIRE_TEST_POSTGRES")
    url = named or LOCAL_POSTGRES
    try:
        psycopg.connect(plain(url), connect_timeout=3).close()
    except psycopg.OperationalError as error:
        if named:
            pytest.fail(f"SPYWIRE_TEST_POSTGRES names {url}, which does not answer: {error}")
        pytest.skip("needs PostgreSQL at 127.0.0.1:5432, or one named in SPYWIRE_TEST_POSTGRES")
    return url


@pytest.fixture(scope="session")
def served(postgres_server: str) -> Iterator[Callable[[], str]]:
    """Gives the URL of a database on the server with its schema and nothing in it: always the same, emptied."""
    with ExitStack() as stack:
        server = stack.enter_context(_served(postgres_server))

        def emptied() -> str:
            nonlocal server
            if not server.empty():
                server = stack.enter_context(_served(postgres_server))
            return server.url

        yield emptied


@contextmanager
def _served(server: str) -> Iterator[empty.Served]:
    with made_database(server) as url, closing(empty.Served(url)) as served:
        yield served


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, once for each engine; with its schema where `database` is asked for, too."""
    migrated = "database" in request.fixturenames
    if request.param == "sqlite":
        path = tmp_path / "spywire.db"
        if migrated:
            path.write_bytes(empty.file())
        yield f"sqlite:///{path}"
    elif migrated:
        yield request.getfixturevalue("served")()
    else:
        with made_database(request.getfixturevalue("postgres_server")) as url:
            yield url


@contextmanager
def made_database(server: str) -> Iterator[str]:
    """The URL of an empty database on a PostgreSQL server, for a while."""
    name = f"spywire_test_{uuid4().hex[:12]}"
    named = sql.Identifier(name)
    with psycopg.connect(plain(server), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(named))
        # no test crashes this server: `tests.postgres` has others for that
        connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(named))
    yield server.rsplit("/", 1)[0] + "/" + name
    with psycopg.connect(plain(server), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(named))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database.open(database_url)
    yield database
    database.close()


def plain(url: str) -> str:
    """The URL as libpq reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://")


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    folder = tmp_path / "home"
    folder.mkdir()
    return Desk(folder)
