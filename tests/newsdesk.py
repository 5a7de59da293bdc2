"""An installation of its own for a test: a home folder, and the real command in a process of its own."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from storage.database import Database
from storage.ledger import Ledger
from tests import forked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from storage.records import LinkHistory
    from tests.web import Site


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, read."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Desk:
    """`spywire` with its home in `folder`."""

    folder: Path

    def configure(self, *sites: Site, storage: str = "", **fetch: object) -> None:
        """Settings that let the crawler reach these sites on loopback."""
        ports = [80, 443, *(site.port for site in sites)]
        settings = {"delay": 0, "timeout": 5, "allow_networks": ["127.0.0.0/8"], "allow_ports": ports} | fetch
        lines = ["[fetch]", *(f"{key} = {json.dumps(value)}" for key, value in settings.items())]
        lines += ["[storage]", f"url = {json.dumps(storage)}"] if storage else []
        self.folder.mkdir(exist_ok=True)
        (self.folder / "spywire.toml").write_text("\n".join(lines) + "\n")

    def sources(self, **urls: str) -> None:
        """A source a URL."""
        tables = (f'[{name.replace("_", "-")}]\nurl = "{url}"\n' for name, url in urls.items())
        (self.folder / "sources.toml").write_text("\n".join(tables))

    def run(self, *arguments: str, stdin: bytes = b"", **environment: str) -> Result:
        """Run `spywire ARGUMENTS` and wait for it."""
        code, out, err = forked.run(
            ["--home", str(self.folder), *arguments],
            stdin=stdin,
            environment={**os.environ, **environment},
            timeout=100,
        )
        return Result(code, out.decode(), err.decode())

    @contextmanager
    def started(self, *arguments: str, first: str = "") -> Iterator[forked.Running]:
        """`spywire ARGUMENTS` under way, after `first`, which is Python."""
        words = ["--home", str(self.folder), *arguments]
        with forked.started(words, environment=os.environ, first=first) as running:
            yield running

    def crawl(self, *arguments: str, due: bool = False, **environment: str) -> Result:
        """Crawl every source, or only those that are due; with the report as JSON."""
        which = () if due else ("--all",)
        return self.run("crawl", "--json", *which, *arguments, stdin=b"", **environment)

    def history(self, key: str, storage: str = "") -> LinkHistory:
        """What the ledger knows of a link."""
        database = Database.open(storage or f"sqlite:///{self.folder / 'spywire.db'}")
        try:
            history = Ledger(database).history(key)
        finally:
            database.close()
        assert history is not None, f"{key} was never seen"
        return history
