"""Puts new articles into stories: one batch at the end of a run, in one order, whatever the order they came in."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from jobs.stories.changes import changes
from jobs.stories.grouping import Opinion, opinion
from jobs.stories.origins import Texts, origin
from jobs.stories.rarity import Rarity
from jobs.stories.report import report_of
from storage.records import Membership, NewStory
from storage.stories import Stories

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jobs.stories.report import Report
    from storage.database import Database
    from storage.records import Change, HandWord, StoredArticle, StoredStory

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
WINDOW = timedelta(days=5)  # since a story's last article
BATCH = 500  # articles; the rest comes in the next one
COMPARED = 10  # members of a story that a report is compared with: the first few and the last few
QUORUM = 0.25  # of those compared that must agree
CANDIDATES = 12  # stories that a report is held against
FAMILY = 100.0  # weight of being the same text
TOLD = 5  # refusals that are kept
NEAR = 0.1  # cosine from which a refusal is worth telling


@dataclass(kw_only=True)
class _Story:
    """A story while articles are joining."""

    id: int | None
    name: str
    reports: list[Report]
    articles: list[StoredArticle]
    origins: dict[int, int]
    joined: list[Membership] = field(default_factory=list)
    last_seen: datetime = BEGINNING


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known besides the articles themselves."""

    texts: Texts
    words: Sequence[HandWord] = ()


def assign_all(database: Database, *, houses: Mapping[str, str], at: datetime) -> int:
    """Put every flagged or held article into a story; gives how many there were. Stopped, it goes on where it was."""
    store, count = Stories(database), 0
    while articles := store.unassigned(limit=BATCH):
        since = min(stored.first_seen for stored in articles) - WINDOW
        there = store.open(since=since)
        ids = [stored.id for stored in articles]
        everybody = [*ids, *(stored.id for story in there for stored in story.articles)]
        texts = Texts(families=store.families(everybody), shares=store.likenesses(ids), houses=houses)
        known = Known(texts=texts, words=store.words_of_hand())
        store.record(assign(articles, there, known), at=at)
        count += len(articles)
    return count


def assign(articles: Iterable[StoredArticle], there: Sequence[StoredStory], known: Known) -> list[NewStory]:
    """The stories that these articles begin or go on with. The order of `articles` makes no difference."""
    ordered = sorted(articles, key=lambda a: (a.first_seen, a.article.url))
    table = _Table(there, ordered, known)
    for stored in ordered:
        table.place(stored)
    return [_decided(story) for story in table.stories if story.joined]


class _Table:
    """All stories in sight, found by what their reports name."""

    def __init__(self, there: Sequence[StoredStory], new: Sequence[StoredArticle], known: Known) -> None:
        self.stories: list[_Story] = []
        self._known = known
        told = [stored for story in there for stored in story.articles] + list(new)
        self._reports = {stored.id: report_of(stored, known.texts.families.get(stored.id)) for stored in told}
        self._rarity = Rarity(self._reports.values())
        self._by_family: defaultdict[int, set[int]] = defaultdict(set)
        self._by_term: defaultdict[str, set[int]] = defaultdict(set)
        self._talked_of: defaultdict[int, list[tuple[int, bool]]] = defaultdict(list)
        for word in known.words:
            self._talked_of[word.article].append((word.other, word.together))
            self._talked_of[word.other].append((word.article, word.together))
        for story in there:
            self._open(story)

    def place(self, stored: StoredArticle) -> None:
        report = self._reports[stored.id]
        told = [(self._opinion(report, self.stories[at]), at) for at in self._candidates(report)]
        fitting = [(given.sure, -at) for given, at in told if given.together]
        best = -max(fitting)[1] if fitting else None
        refusals = ((given, at) for given, at in told if at != best and given.sure >= NEAR)
        refused = [(self.stories[at].name, given.why) for given, at in islice(refusals, TOLD)]
        if best is None:
            story = _Story(id=None, name=f"new story {len(self.stories) + 1}", reports=[], articles=[], origins={})
            self.stories.append(story)
            why, best = "the first report", len(self.stories) - 1
        else:
            why = next(given.why for given, at in told if at == best)
        self._join(best, stored, report, why, refused)

    def _open(self, story: StoredStory) -> None:
        origins = {member.article: member.origin for member in story.members}
        articles = list(story.articles)
        self.stories.append(_Story(id=story.id, name=story.public, reports=[], articles=articles, origins=origins))
        for stored in articles:
            self._add(len(self.stories) - 1, self._reports[stored.id])

    def _add(self, at: int, report: Report) -> None:
        story = self.stories[at]
        story.reports.append(report)
        story.last_seen = max(story.last_seen, report.at)
        self._by_family[report.family].add(at)
        for term in self._rarity.rare(report):
            self._by_term[term].add(at)

    def _join(self, at: int, stored: StoredArticle, report: Report, why: str, refused: list[tuple[str, str]]) -> None:
        story = self.stories[at]
        first, origin_why = origin(stored, story.articles, self._known.texts)
        story.origins[stored.id] = story.origins.get(first, first)
        story.joined.append(
            Membership(
                article=stored.id,
                why=why,
                refused=tuple(refused),
                origin=story.origins[stored.id],
                origin_why=origin_why,
            )
        )
        story.articles.append(stored)
        self._add(at, report)

    def _candidates(self, report: Report) -> list[int]:
        """The stories in the window that have most in common with the report, by the weight of what they share."""
        shared = [0.0] * len(self.stories)
        for at in self._by_family.get(report.family, ()):
            shared[at] += FAMILY
        for term, weight in self._rarity.rare(report).items():
            for at in self._by_term.get(term, ()):
                shared[at] += weight
        first, last = report.at - WINDOW, report.at + WINDOW
        some = [at for at, weight in enumerate(shared) if weight]
        some.sort(key=shared.__getitem__, reverse=True)  # stays in order where the weights are equal
        best = list(islice((at for at in some if first <= self.stories[at].last_seen <= last), CANDIDATES))
        said = {other for other, _ in self._talked_of.get(report.id, ())}
        forced = [at for at, story in enumerate(self.stories) if said & story.origins.keys()] if said else []
        return sorted({*best, *forced})

    def _opinion(self, report: Report, story: _Story) -> Opinion:
        said = self._hand(report, story)
        if said is not None:
            return Opinion(together=said, sure=1.0, said="a person said so")
        some = _some_of(story.reports)
        given = [opinion(report, other, self._rarity, shared_text=self._shared(report, other)) for other in some]
        vetoes = [one for one in given if not one.together and one.sure == 1.0]
        best = max(given, key=lambda one: (one.together, one.sure))
        if best.together and best.sure < 1.0 and vetoes:
            return vetoes[0]
        if best.together and sum(one.together for one in given) < QUORUM * len(given):
            return Opinion(together=False, sure=best.sure, said=f"like too few of its reports: {best.why}")
        return best

    def _shared(self, report: Report, other: Report) -> float:
        return max(self._known.texts.shares.get((report.id, other.id), (0.0, 0.0)))

    def _hand(self, report: Report, story: _Story) -> bool | None:
        said = [together for other, together in self._talked_of.get(report.id, ()) if other in story.origins]
        return None if not said else all(said)


def _some_of(reports: Sequence[Report]) -> list[Report]:
    """One report of each text family, the first few and the last few."""
    once = list({report.family: report for report in reversed(reports)}.values())[::-1]
    return once if len(once) <= COMPARED else [*once[: COMPARED // 2], *once[-COMPARED // 2 :]]


def _decided(story: _Story) -> NewStory:
    new = {member.article for member in story.joined}
    old = [stored for stored in story.articles if stored.id not in new]
    told: list[Change] = []
    for at, stored in enumerate(story.articles):
        if old and stored.id in new:
            told += changes(stored, story.articles[:at])
    return NewStory(
        id=story.id,
        first_seen=min(report.at for report in story.reports),
        last_seen=story.last_seen,
        roundup=any(report.roundup for report in story.reports),
        members=tuple(story.joined),
        changes=tuple(told),
    )
