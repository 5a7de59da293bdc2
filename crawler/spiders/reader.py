"""Reads what a source answers, or what is found behind its page; leafs on; and now and then puts a 304 to the proof."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from crawler.discover import Found, MalformedFeedError, NotAFeedError, SourceKind, discover
from crawler.discover.auto import Look, Via, Worth, next_place, why_not, with_child, worth
from crawler.discover.paging import Leafed, Turn, turn
from crawler.follow import followed, searched, unworthy
from crawler.memory import note
from crawler.middlewares.refusal import StoppedError
from crawler.outcomes import Failure
from crawler.polling import body_hash, failed_poll, read_poll, status_state, unread
from crawler.robots import read_robots
from crawler.spiders.answers import asked_url, charset_of, conditions, header, validators_of
from crawler.spiders.ask import ask
from crawler.urls import url_key
from crawler.visits import DISPROVED, Visit, claims_unchanged
from crawler.workers import KILLED, killed_because
from storage.records import NO_VALIDATORS, Link, Poll, PollState, Validators

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.discover.auto import Place
    from crawler.sources import Source
    from crawler.spiders.job import Job

    Reading: TypeAlias = tuple[Response, Poll, Found | None]

INDEX_DEPTH = 2
WHY = {
    Via.ANNOUNCED: "announced by {}",
    Via.ROBOTS: "named in robots.txt, found from {}",
    Via.COMMON: "at a common place, found from {}",
}


class SourceReader:
    """One for a crawl. It asks and remembers; what an answer means is decided elsewhere, in pure functions."""

    def __init__(self, crawler: Crawler, job: Job) -> None:
        self._crawler = crawler
        self._job = job
        self._leafed: dict[str, list[Poll]] = {}  # by source: pages whose links the first one's poll has

    async def read(self, response: Response, source: Source, depth: int, known: Validators, visit: Visit) -> Reading:
        """The poll that an answer comes to, with what it offers; the response is the feed's where one was followed.

        With a section page the pages after it are read, and the poll has the links of all: in one transaction, for
        nothing leads to those pages again once the first is known. If the crawl ends before they are read, the poll is
        empty and the visit does not end: the next crawl begins anew.
        """
        own = depth == 0 and (source.kind is not None or url_key(asked_url(response)) == url_key(source.url))
        poll, found = await self._read(response, source, known, kind=source.kind if own else None, pages=own)
        if own and source.kind is None and found and found.kind is SourceKind.SECTION:
            response, poll, found = await self._through_better(source, response, poll, found)
        poll = await self._audited(poll, response, visit)
        if found and found.kind is SourceKind.SECTION:
            try:
                after = await self._after(source, response, found, visit)
            except StoppedError:
                return response, failed_poll(source, poll.url, PollState.UNCHANGED, "", at=poll.at), None
            poll = replace(poll, links=tuple(chain(poll.links, *(page.links for page in after))))
            self._leafed[source.name] = [replace(page, links=()) for page in after]
        return response, poll, found

    async def leaf(self, source: Source) -> None:
        """Note the pages after a section page, whose own poll, with all their links, is noted."""
        for poll in self._leafed.pop(source.name, ()):
            await note(poll, memory=self._job.memory, tracker=self._job.tracker)

    async def _after(self, source: Source, page: Response, found: Found, visit: Visit) -> list[Poll]:
        """The pages after a section page, one by one while they bring news; each with the links that are its own.

        StoppedError if the crawl ends before they are read.
        """
        leafed, polls = Leafed(first=visit.before.rhythm.read_at is None), list[Poll]()
        leafed = await self._with(leafed, page, found)
        while found.next_page and (decided := turn(leafed, found.next_page)) is not Turn.LEFT:
            if decided is Turn.CUT:
                self._job.tracker.counts["paging.cut"] += 1
                break
            page, poll, upcoming = await self._next(source, page, found.next_page, visit)
            if upcoming is None or page.url in leafed.pages:
                break
            if upcoming.links:
                polls.append(replace(poll, links=_own(upcoming, leafed)))
            leafed, found = await self._with(leafed, page, upcoming), upcoming
        return polls

    async def _with(self, leafed: Leafed, page: Response, found: Found) -> Leafed:
        """With one page more; none of the look is noted yet."""
        new = await self._job.memory.unknown(_own(found, leafed)) if found.next_page else 0
        return leafed.after(found, asked_url(page), page.url, new=new)

    async def _next(self, source: Source, page: Response, url: str, visit: Visit) -> Reading:
        """The next page; one that cannot be had is counted, it is no failure of its source."""
        known = visit.asks(url, await self._job.memory.validators(source.name, url))
        asked = await self._asked(url, source, kind=SourceKind.SECTION, known=known)
        if isinstance(asked, Failure):
            if not self._crawler.crawling:  # the visit has not ended, and leaves no state behind
                raise StoppedError("the crawl is ending")
            asked = page, failed_poll(source, url, PollState.UNREACHABLE, asked.reason, at=datetime.now(UTC)), None
        visit.answered(None)  # the first page speaks for the source
        answer, poll, found = asked
        self._job.tracker.counts["paging.followed"] += 1
        if not (poll.state.succeeded or poll.state is PollState.NO_LINKS):
            self._job.tracker.counts["paging.failed"] += 1
        return answer, poll, found if urlsplit(answer.url).netloc == urlsplit(url).netloc else None

    async def _through_better(self, source: Source, page: Response, poll: Poll, found: Found) -> Reading:
        """The first good feed or news sitemap behind a page, read and remembered; else the page as it came.

        The steps are those of `sources test`, but no address is guessed for a page that links to articles.
        """
        if not searched(await self._job.memory.feed(source.name, source.url), at=datetime.now(UTC)):
            return page, poll, found
        start, looks = Look(url=page.url, via=Via.ASKED, found=found), list[Look]()
        sitemaps = await self._sitemaps(page.url)
        while place := next_place(start, sitemaps, looks, at=datetime.now(UTC)):
            if place.via is Via.COMMON and found.links:
                break
            asked = await self._asked(place.url, source)
            looks.append(await self._look(place, asked, source))
            if not isinstance(asked, Failure) and worth(looks[-1], page.url, at=datetime.now(UTC)) > Worth.PAGE:
                feed = followed(place.url, why=WHY[place.via].format(page.url), at=datetime.now(UTC))
                await self._job.memory.follow(source.name, source.url, feed)
                self._job.tracker.counts["feeds.followed"] += 1
                return asked
        if looks and self._crawler.crawling:  # a crawl that ends has not looked everywhere
            tried = {look.url: why_not(look, page.url, at=datetime.now(UTC)) for look in looks}
            await self._job.memory.follow(source.name, source.url, unworthy(tried, at=datetime.now(UTC)))
        return page, poll, found

    async def _sitemaps(self, url: str) -> tuple[str, ...]:
        """Those that the robots.txt of a page's origin names."""
        parts = urlsplit(url)
        file = await self._job.hosts.robots(f"{parts.scheme}://{parts.netloc}", at=datetime.now(UTC))
        agent = str(self._crawler.settings["USER_AGENT"])
        return read_robots(file.status, file.body, user_agent=agent).sitemaps if file else ()

    async def _look(self, place: Place, asked: Reading | Failure, source: Source) -> Look:
        """What a place is worth looking at for; an index together with what its newest sitemap offers."""
        if isinstance(asked, Failure):
            return Look(url=place.url, via=place.via, trouble=asked.reason)
        _, poll, found = asked
        look = Look(url=place.url, via=place.via, found=found, trouble=poll.detail or str(poll.state))
        for _ in range(INDEX_DEPTH):
            if found is None or not found.children:
                break
            child = await self._asked(found.children[0], source, kind=SourceKind.SITEMAP)
            found = None if isinstance(child, Failure) else child[2]
            look = with_child(look, found) if found else look
        return look

    async def _asked(
        self, url: str, source: Source, *, kind: SourceKind | None = None, known: Validators = NO_VALIDATORS
    ) -> Reading | Failure:
        answer = await ask(self._crawler, url, kind=kind, headers=conditions(known))
        if isinstance(answer, Failure):
            return answer
        poll, found = await self._read(answer, source, known, kind=kind)
        return answer, poll, found

    async def _read(
        self, response: Response, source: Source, known: Validators, *, kind: SourceKind | None, pages: bool = True
    ) -> tuple[Poll, Found | None]:
        at = datetime.now(UTC)
        state = status_state(response.status, conditional=bool(conditions(known)))
        if state is None and response.body and body_hash(response.body) == known.body_hash:
            state = PollState.UNCHANGED
        if state is not None:
            detail = f"HTTP {response.status}" if state is PollState.HTTP_ERROR else ""
            return failed_poll(source, asked_url(response), state, detail, at=at), None
        return await self._discover(response, source, at, kind=kind, pages=pages)

    async def _discover(
        self, response: Response, source: Source, at: datetime, *, kind: SourceKind | None, pages: bool
    ) -> tuple[Poll, Found | None]:
        url = asked_url(response)
        future = self._job.workers.submit(
            discover,
            response.body,
            url=response.url,
            source=source.name,
            content_type=header(response, "Content-Type"),
            charset=charset_of(response),
            kind=kind,
            pages=pages,
            at=at,
        )
        try:
            found = await asyncio.wrap_future(future)
        except (NotAFeedError, MalformedFeedError) as error:
            return failed_poll(source, url, *unread(error), at=at), None
        except KILLED as error:
            detail = killed_because(error, self._job.workers.deadline)
            return failed_poll(source, url, PollState.MALFORMED, detail, at=at), None
        except Exception as error:  # noqa: BLE001 - it is a bug; the source still gets its state
            return failed_poll(source, url, PollState.MALFORMED, self._job.tracker.bug(error), at=at), None
        return read_poll(source, url, found, response=validators_of(response), at=at), found

    async def _audited(self, poll: Poll, response: Response, visit: Visit) -> Poll:
        """The poll, with a note if it found new links that the server, asked with validators, would have hidden."""
        withheld = visit.withheld.get(poll.url, Validators())
        if not conditions(withheld) or not await self._job.memory.unknown(poll.links):
            return poll
        if not claims_unchanged(withheld, validators_of(response)):
            answer = await ask(self._crawler, poll.url, headers=conditions(withheld))
            if isinstance(answer, Failure) or status_state(answer.status, conditional=True) is not PollState.UNCHANGED:
                return poll
        visit.lied = True
        self._job.tracker.counts["polls.304-disproved"] += 1
        return replace(poll, detail=DISPROVED)


def _own(found: Found, leafed: Leafed) -> tuple[Link, ...]:
    """The links of a page that no page before it offers."""
    return tuple(link for link in found.links if link.key not in leafed.links)
