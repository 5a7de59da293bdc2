"""A post office for every test of this folder."""

from __future__ import annotations

from shutil import copy
from typing import TYPE_CHECKING

import pytest

from storage.database import Database
from tests.jobs.delivery.office import Office

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its schema and nothing in it; copying it is faster than making it."""
    path = tmp_path_factory.mktemp("empty") / "spywire.db"
    Database.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def office(empty: Path, tmp_path: Path) -> Iterator[Office]:
    (tmp_path / "home").mkdir()
    copy(empty, tmp_path / "home" / "spywire.db")
    office = Office(tmp_path / "home")
    yield office
    office.database.close()
