"""A story as an item of an edition: every string made harmless, and no more quoted than was agreed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from jobs.digest.columns import cut
from jobs.digest.edition import Copy, Item, Sentence, Standing
from jobs.digest.parties import actors, attributions, victims
from jobs.digest.plain import LONGEST_URL, plain, short
from jobs.digest.sentences import SHORTEST, pick
from jobs.stories.origins import outlet
from storage.records import DateSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from jobs.digest.told import Told
    from storage.records import StoredArticle

# Columns that a string may take, so that no headline can push the others off the page.
_TITLE, _WHY, _NAME, _CODE = 200, 300, 60, 12
_MOST_CHANGES = 4
_MOST_COPIES = 6  # links to other outlets that a story shows
_MOST_LANGUAGES = 8
_DAY_ONLY = {DateSource.URL, DateSource.GUESSED}


def item(story: Told, *, late_before: datetime | None, excerpt: int) -> Item:
    """The story in the words of the article that tells it best, with at most `excerpt` characters quoted.

    A new one is late when all of it was published before `late_before`.
    """
    lead, article = story.lead, story.lead.article
    ordered = [lead, *(stored for stored in story.articles if stored is not lead)]
    return Item(
        id=story.public,
        story=story.id,
        title=headline(lead),
        url=address(article.url),
        outlets=tuple(short(name, _NAME) for name in story.outlets),
        first_seen=second(story.first_seen),
        published=second(article.published) if article.published else None,
        date_source=article.date_source,
        authors=tuple(short(author, _NAME) for author in article.authors),
        language=_language(article.language),
        score=story.score,
        why=short(lead.verdict.why, _WHY),
        sentences=tuple(_sentences(lead, excerpt)),
        copies=tuple(
            Copy(outlet=printed_by(stored), url=address(stored.article.url)) for stored in ordered[1 : _MOST_COPIES + 1]
        ),
        articles=len(story.articles),
        origins=story.origins,
        changes=tuple(short(change, _WHY) for change in story.changes[:_MOST_CHANGES]),
        standing=story.standing,
        actors=actors(ordered),
        victims=victims(ordered),
        languages=_languages(ordered),
        attributions=attributions(ordered),
        late=story.standing is Standing.NEW and late_before is not None and old(story.articles, late_before),
    )


def headline(stored: StoredArticle) -> str:
    """Its title, or a word in its place."""
    return short(stored.article.title, _TITLE) or "(no title)"


def address(url: str) -> str:
    """An address on one line. Whether it may be followed is each form's to say; one that had to be cut may not."""
    line = plain(url[: 4 * LONGEST_URL])
    return line if len(line) <= LONGEST_URL else line[: LONGEST_URL + 1]


def printed_by(stored: StoredArticle) -> str:
    """The outlet's name."""
    return short(outlet(stored), _NAME)


def second(at: datetime) -> datetime:
    """A time to the second, which is what documents hold."""
    return at.replace(microsecond=0)


def _language(code: str | None) -> str | None:
    return short(code, _CODE) if code else None


def _languages(articles: Sequence[StoredArticle]) -> tuple[str, ...]:
    codes = (_language(stored.article.language) for stored in articles)
    return tuple(dict.fromkeys(filter(None, codes)))[:_MOST_LANGUAGES]


def _sentences(stored: StoredArticle, room: int) -> Iterator[Sentence]:
    """The sentences that there is room for; the last one may be cut, but not to a stump."""
    for text in pick(stored.article, stored.verdict.evidence):
        quoted = text if len(text) <= room else cut(text, room) if room >= SHORTEST else ""
        if quoted:
            yield Sentence(text=quoted, outlet=printed_by(stored))
        room -= len(text)
        if room <= 0:
            return


def old(articles: Sequence[StoredArticle], before: datetime) -> bool:
    """Whether all of them were published before then. What has no date may be of today."""
    dates = [_latest(stored) for stored in articles]
    return all(at is not None and at < before for at in dates)


def _latest(stored: StoredArticle) -> datetime | None:
    """The last moment at which it may have been published."""
    published = stored.article.published
    day_only = stored.article.date_source in _DAY_ONLY
    return published + timedelta(days=1) if published and day_only else published
