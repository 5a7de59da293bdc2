"""Letting a model judge what is already stored, batch by batch, in workers that can be killed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.assess import held
from crawler.workers import KILLED, Workers, in_order, killed_because
from jobs.teaching.findings import findings_after
from storage.records import NO_MODEL, Flip
from storage.verdicts import Verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from jobs.settings import Settings
    from storage.database import Database
    from storage.records import StoredArticle, Verdict

BATCH = 256  # articles in memory, and in one transaction
AT_ONCE = 16  # articles in one task


def workers_of(settings: Settings, model: Path) -> Workers:
    """A pool that judges with a model of one's choice."""
    gate = settings.gate
    return Workers(model, processes=gate.processes, deadline=gate.deadline, memory_mb=gate.memory_mb)


Pairs = list[tuple["StoredArticle", "Verdict"]]


@dataclass
class Progress:
    """How far it is: of `total` articles `done` were judged, `failed` could not be, `flips` change their decision."""

    total: int
    done: int = 0
    failed: int = 0
    flips: int = 0


def judged_again(
    database: Database, workers: Workers, *, model: str, since: datetime, progress: Progress
) -> Iterator[Pairs]:
    """What the workers' model says of everything that it has not judged and no person has, in batches, oldest first.

    `model` is its version. Articles that it could not judge are counted and left out.
    """
    verdicts, after = Verdicts(database), 0
    while some := verdicts.others(model, since=since, after=after, limit=BATCH):
        after = some[-1].id
        pairs = [(stored, said) for stored, said in _judge(workers, some) if said.model != NO_MODEL]
        progress.done += len(pairs)
        progress.failed += len(some) - len(pairs)
        progress.flips += sum(stored.verdict.decision is not said.decision for stored, said in pairs)
        yield pairs


def reclassify(
    database: Database,
    workers: Workers,
    *,
    model: str,
    since: datetime,
    write: bool,
    clock: Callable[[], datetime],
    watch: Callable[[Progress, list[Flip]], None],
) -> Progress:
    """Judge the archive again, and let the new verdicts stand if `write`. What a kill interrupts goes on at a rerun."""
    verdicts = Verdicts(database)
    progress = Progress(total=verdicts.count_others(model, since=since))
    for pairs in judged_again(database, workers, model=model, since=since, progress=progress):
        if write:
            changed = [
                (stored.id, said, findings_after(stored.article, stored.verdict.decision, said.decision))
                for stored, said in pairs
            ]
            verdicts.reclassify(changed, at=clock())
        watch(progress, flips(pairs))
    return progress


def flips(pairs: Pairs) -> list[Flip]:
    """Those whose decision is another."""
    return [flip(stored, said) for stored, said in pairs if stored.verdict.decision is not said.decision]


def flip(stored: StoredArticle, said: Verdict) -> Flip:
    """The old decision beside the new."""
    return Flip(
        article_id=stored.id,
        url=stored.article.url,
        title=stored.article.title,
        old=stored.verdict.decision,
        new=said.decision,
        old_score=stored.verdict.score,
        new_score=said.score,
        why=said.why,
    )


def _judge(workers: Workers, some: Sequence[StoredArticle]) -> Iterator[tuple[StoredArticle, Verdict]]:
    tasks = [some[at : at + AT_ONCE] for at in range(0, len(some), AT_ONCE)]
    window = 2 * workers.processes + 2
    for task, future in in_order(lambda task: workers.judge_all([s.article for s in task]), tasks, window=window):
        error = future.exception()
        if error is None:
            yield from zip(task, future.result(), strict=True)
        elif not isinstance(error, KILLED):
            raise error
        elif len(task) == 1:
            yield task[0], held(killed_because(error, workers.deadline))
        else:  # one of them did it: each on its own
            for stored in task:
                yield from _judge(workers, [stored])
