"""Write the golden editions anew, after looking at what changed: `python -m tests.jobs.editions.regold`."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from storage.editions import Editions
from tests.jobs.editions.newsdesk import GOLD, opened, printed

if __name__ == "__main__":
    GOLD.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        desk = opened(Path(folder) / "home", f"sqlite:///{folder}/week.db")
        desk.week()
        for stored in Editions(desk.database).listed():
            (GOLD / f"{stored.number}.txt").write_text(printed(stored), encoding="utf-8")
            print(GOLD / f"{stored.number}.txt")
        desk.database.close()
