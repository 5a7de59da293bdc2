"""Archive sources: the pages of local WARC files, on the way that the pages of the web take.

No reactor, no network. What is known is not judged again, so a reading that was killed loses nothing and repeats
nothing; the marks that its polls leave only save it from reading what it has read.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawler.discover.archives import ArchivedPage, Dropped
from crawler.files import Item, Mark, UnreadableFileError, archive_files, read_file, read_on
from crawler.judging import assessment_of
from crawler.memory import note
from crawler.page import Page
from crawler.polling import failed_poll
from crawler.report import OF_STORED, Trouble
from crawler.urls import url_key
from storage.archive import NO_MODEL
from storage.records import Link, Poll, PollState, Rhythm, Settled, SourceState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from crawler.assess import Assessment
    from crawler.memory import Memory
    from crawler.report import Tracker
    from crawler.sources import Source
    from crawler.workers import Workers

NO_LIMIT = 10**9  # links of one batch
DUPLICATE = "duplicate"
NAMED = 3  # files that failed, in the words of a poll


async def read_archives(
    sources: Sequence[Source], *, memory: Memory, workers: Workers, tracker: Tracker, max_pages: int
) -> None:
    """Judge and store what the sources hold and the ledger does not know, at most `max_pages` pages.

    A file that cannot be read is part of the report. SIGINT and SIGTERM end the reading with all it did kept. Raises
    `StorageError` if the database fails.
    """
    reading = _Reading(memory=memory, workers=workers, tracker=tracker, left=max_pages)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, reading.stop, number)
    tracker.sources += len(sources)
    try:
        await memory.start()
        for source in sources:
            await reading.source(source)
    finally:
        workers.close()
        await memory.close()


@dataclass(kw_only=True)
class _Reading:
    memory: Memory
    workers: Workers
    tracker: Tracker
    left: int  # pages that may still be judged
    waiting: dict[str, Link] = field(default_factory=dict)  # leased, and their page not yet come by
    stopped: bool = False

    def stop(self, number: int) -> None:
        self.stopped = True
        self.tracker.signalled(number)
        self.tracker.stopped()

    @property
    def over(self) -> bool:
        return self.stopped or self.left <= 0

    async def source(self, source: Source) -> None:
        """Read the files of a source. One that fails does not stop the others; the source's last poll names it."""
        failures: list[UnreadableFileError] = []
        self.waiting = {}
        try:
            files = archive_files(source.url)
        except UnreadableFileError as error:
            files, failures = [], [error]
        for path in files:
            if self.over:
                break
            try:
                await self.file(source, path)
            except UnreadableFileError as error:
                failures.append(UnreadableFileError(error.state, f"{path.name}: {error.detail}"))
        if failures:
            await self.note(failed_poll(source, source.url, failures[0].state, _named(failures), at=_now()))
        elif source.name not in self.tracker.polls and not self.over:
            state = PollState.UNCHANGED if files else PollState.EMPTY
            await self.note(failed_poll(source, source.url, state, "", at=_now()))
        if not self.over:
            at = _now()
            await self.memory.keep(
                SourceState(name=source.name, url=source.url, rhythm=Rhythm(polled_at=at, next_at=at))
            )

    async def file(self, source: Source, path: Path) -> None:
        """Read a file on from its mark, batch by batch."""
        known = Mark.read(await self.memory.validators(source.name, path.as_uri()))
        mark = read_on(path, known)
        if mark.offset is None:
            return
        last: Item | None = None
        pages = 0
        for batch in read_file(path, mark.offset):
            await self.batch(source, path, Mark(file=mark.file, offset=batch[0].offset), batch)
            if self.over:
                return
            last = batch[-1]
            pages += sum(isinstance(item, ArchivedPage) for item in batch)
        if isinstance(last, Dropped) and last.broken:
            detail = f"unreadable from byte {last.offset} to its end: {last.reason}"
            raise UnreadableFileError(PollState.MALFORMED, detail)
        state = PollState.OK if pages or mark.offset else PollState.EMPTY
        await self.note(_poll(source, path, Mark(file=mark.file, offset=None), state=state))

    async def batch(self, source: Source, path: Path, mark: Mark, items: Sequence[Item]) -> None:
        """Enter a batch's links into the ledger together with where it begins, then judge those that wait.

        Those are the new ones, and what a run that was killed or had reached its limit left behind.
        """
        pages, dropped = _sorted_out(items)
        links = tuple(Link(key=key, url=page.url, source=source.name) for key, page in pages.items())
        await self.note(_poll(source, path, mark, links=links, dropped=dropped))
        at = _now()
        self.waiting |= {link.key: link for link in await self.memory.lease(source.name, at=at, limit=NO_LIMIT)}
        known = [key for key in pages if key in self.waiting][: self.left]
        mine = [_page(pages[key], self.waiting.pop(key), at) for key in known]
        self.left -= len(mine)
        self.tracker.leased(len(mine))
        under_way: deque[tuple[Page, asyncio.Task[Assessment]]] = deque()
        try:
            for page in mine:
                if self.stopped:
                    break
                under_way.append(await self.begin(page))
                if len(under_way) > 2 * self.workers.processes:  # what comes later knows what this one teaches
                    await self.finish(*under_way.popleft())
            while under_way and not self.stopped:
                await self.finish(*under_way.popleft())
        finally:
            for _, task in under_way:  # else it would meet workers that are closed, and take that for a bug
                task.cancel()

    async def begin(self, page: Page) -> tuple[Page, asyncio.Task[Assessment]]:
        page = replace(page, repeated=await self.memory.repeated(page.host))
        return page, asyncio.create_task(assessment_of(page, workers=self.workers, tracker=self.tracker))

    async def finish(self, page: Page, task: asyncio.Task[Assessment]) -> None:
        if self.stopped:
            task.cancel()
        else:
            await self.settle(page, await task)

    async def settle(self, page: Page, assessment: Assessment) -> None:
        """Store what came of a page."""
        outcome = _outcome(page, assessment)
        if assessment.judged is None:
            await self.memory.settle(outcome)
            self.tracker.settled(outcome.state, reason=outcome.reason, url=page.url)
            return
        if assessment.judged.verdict.model == NO_MODEL:
            self.tracker.trouble(Trouble.GATE, assessment.reason)
        state = await self.memory.store(assessment.judged, outcome)
        reason, title = OF_STORED.get(state, ""), assessment.judged.article.title
        self.tracker.settled(
            state, reason=reason, source=page.link.source if page.link else "", title=title, url=page.url
        )

    async def note(self, poll: Poll) -> None:
        """Note a poll and its links."""
        await note(poll, memory=self.memory, tracker=self.tracker)


def _sorted_out(items: Iterable[Item]) -> tuple[dict[str, ArchivedPage], Counter[str]]:
    pages: dict[str, ArchivedPage] = {}
    dropped: Counter[str] = Counter()
    for item in items:
        if isinstance(item, Dropped):
            dropped[str(item.reason)] += 1
        elif (key := url_key(item.url)) in pages:
            dropped[DUPLICATE] += 1
        else:
            pages[key] = item
    return pages, dropped


def _poll(
    source: Source,
    path: Path,
    mark: Mark,
    *,
    state: PollState = PollState.OK,
    links: tuple[Link, ...] = (),
    dropped: Counter[str] | None = None,
) -> Poll:
    return Poll(
        source=source.name,
        url=path.as_uri(),
        at=_now(),
        state=state,
        links=links,
        dropped=tuple(sorted((dropped or {}).items())),
        etag=mark.file,
        last_modified=mark.place,
    )


def _page(page: ArchivedPage, link: Link, at: datetime) -> Page:
    return Page(url=page.url, body=page.body, charset=page.charset, link=link, fetched_at=min(page.fetched_at, at))


def _outcome(page: Page, assessment: Assessment) -> Settled:
    assert page.link is not None
    return Settled(
        key=page.link.key,
        state=assessment.state,
        reason=assessment.reason,
        at=_now(),
        fetched_at=page.fetched_at,
        final_url=page.url,
        http_status=200,
    )


def _named(failures: Sequence[UnreadableFileError]) -> str:
    more = len(failures) - NAMED
    return "; ".join(error.detail for error in failures[:NAMED]) + (f"; and {more} more files" if more > 0 else "")


def _now() -> datetime:
    return datetime.now(UTC)
