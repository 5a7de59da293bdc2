"""What an edition costs to render, and a year of them as a site.

    python -m tests.bench.forms

One edition of 200 stories, as long as they come, in every form; and 365 editions of 20 stories each out of an SQLite
archive, built twice: into an empty folder, and when nothing is new.
"""

from __future__ import annotations

import random
import resource
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import perf_counter, process_time

from sqlalchemy import insert

from jobs.digest.render import Form, render
from jobs.settings.sections import Settings
from jobs.site.build import build
from storage.database import Database
from storage.records import EditionKind
from storage.runs import Runs
from storage.tables import Table
from tests.bench.archive import NOW, _row
from tests.jobs.digest_edition import MINISTRY, flood, quiet
from tests.jobs.site.desk import add, edition_of

STORIES, DAYS, EACH = 200, 365, 20


def _forms() -> None:
    for form in Form:
        render(quiet(), form)  # templates are compiled once a process
    whole, total = flood(STORIES, 5_000), 0.0
    for form in Form:
        start = process_time()
        size = len(render(whole, form).encode())
        took = process_time() - start
        total += took
        print(f"{form:<10} {size / 1000:7,.0f} kB  {1000 * took:6.0f} ms")
    print(f"all forms of {STORIES} stories: {total:.2f} s of CPU")


def _fill(database: Database) -> None:
    Runs(database).start("crawl", version="1", at=NOW)
    rows = [_row(50 * number, 50 * DAYS * EACH, random.Random(number)) for number in range(DAYS * EACH)]
    with database.write() as session:
        for name in ("links", "articles", "verdicts", "stories", "members"):
            session.execute(insert(Table.metadata.tables[name]), [one for row in rows for one in row[name]])
    for day in range(DAYS):
        until = NOW - timedelta(days=DAYS - day)
        some = rows[day * EACH : (day + 1) * EACH]
        items = tuple(
            replace(
                MINISTRY,
                id=row["stories"][0]["public"],
                story=row["articles"][0]["id"],
                title=row["articles"][0]["title"],
                url=row["articles"][0]["url"],
            )
            for row in some
        )
        add(database, edition_of(items, until=until, profile="cert"), kind=EditionKind.DIGEST)


def _site() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(f"sqlite:///{folder}/spywire.db")
        _fill(database)
        for what in ("first build", "nothing new"):
            wall, cpu = perf_counter(), process_time()
            book, written = build(database, Settings(), Path(folder) / "www")
            wall, cpu = perf_counter() - wall, process_time() - cpu
            print(
                f"{what}: {len(book.pages)} editions, {len(book.tales):,} stories, {written.files:,} files, "
                f"{written.bytes / 1e6:.0f} MB, {written.written:,} written: {wall:.1f} s, {cpu:.1f} s of CPU"
            )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"peak resident memory, the filling included: {peak:,} MiB")
        database.close()


if __name__ == "__main__":
    _forms()
    _site()
