"""A trial of a source as a person reads it, and as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.discover.auto import Via
from crawler.page import Page
from crawler.text import clean_line
from jobs.filters import article_json, verdict_json
from jobs.show import article_notes
from jobs.sources.trial import latest, pace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from crawler.assess import Assessment
    from crawler.discover.auto import Alternative, Discovery
    from jobs.sources.trial import Trial
    from storage.records import Judged, Link

ITEMS_SHOWN = 5
EXCERPT = 300
EVIDENCE_SHOWN = 5


def trial_json(trial: Trial) -> dict[str, Any]:
    """Everything that was found, as plain data."""
    discovery = trial.probe.discovery
    links = discovery.found.links if discovery.found else ()
    rate = pace(links)
    return {
        "asked": trial.probe.asked,
        "exit_code": int(trial.exit),
        "robots": trial.probe.robots,
        "found": discovery.found is not None,
        "url": discovery.url,
        "kind": discovery.kind,
        "why": discovery.why,
        "title": discovery.found.title if discovery.found else None,
        "alternatives": [_alternative_json(alternative) for alternative in discovery.alternatives],
        "links": len(links),
        "dropped": dict(discovery.found.dropped) if discovery.found else {},
        "items": [_item_json(link) for link in latest(links, ITEMS_SHOWN)],
        "per_day": round(rate.per_day, 2) if rate else None,
        "median_gap_minutes": round(rate.median_gap.total_seconds() / 60) if rate else None,
        "newest": _newest_json(trial) if trial.newest else None,
    }


def trial_text(trial: Trial) -> str:
    """One screen."""
    discovery = trial.probe.discovery
    lines = [
        trial.probe.asked,
        f"  robots.txt {clean_line(trial.probe.robots)}",
        *_chosen(discovery),
        *_others(discovery),
    ]
    if discovery.found is not None:
        lines += [f"  pace       {_pace(discovery.found.links)}", *_items(discovery.found.links)]
    if trial.newest is not None:
        lines += ["", *_newest(trial.newest, trial.probe.page)]
    return "\n".join(lines)


def _chosen(discovery: Discovery) -> Iterator[str]:
    if discovery.found is None:
        yield f"  found      nothing: {clean_line(discovery.why)}"
        return
    title = f"  {clean_line(discovery.found.title, limit=60)}" if discovery.found.title else ""
    yield f"  found      {discovery.kind}  {discovery.url}{title}"
    yield f"  because    {clean_line(discovery.why)}"


def _others(discovery: Discovery) -> Iterator[str]:
    guessed = [other for other in discovery.alternatives if other.via is Via.COMMON and other.kind is None]
    for other in discovery.alternatives:
        if other not in guessed:
            yield f"  not        {other.url}  {clean_line(other.why_not, limit=120)}"
    if guessed:
        yield f"  not there  {'  '.join(other.url for other in guessed)}"


def _pace(links: tuple[Link, ...]) -> str:
    rate = pace(links)
    count = f"{len(links)} item{'' if len(links) == 1 else 's'}"
    if rate is None:
        return f"{count}, without dates to tell how often it publishes"
    often = f"{rate.per_day:.1f} a day" if rate.per_day >= 1 else f"one in {1 / rate.per_day:.1f} days"
    return f"{count} back to {rate.since:%Y-%m-%d}: {often}, median gap {_span(rate.median_gap)}"


def _span(gap: timedelta) -> str:
    minutes = gap.total_seconds() / 60
    if minutes < 120:  # noqa: PLR2004 - two hours
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 2 * 1440 else f"{minutes / 1440:.1f} days"


def _items(links: tuple[Link, ...]) -> Iterator[str]:
    for link in latest(links, ITEMS_SHOWN):
        yield f"  {_utc(link.published)}  {clean_line(link.title or '(no title)', limit=100)}"
        yield f"  {'':16}  {link.url}"


def _newest(newest: Assessment, page: Page | str | None) -> Iterator[str]:
    if newest.judged is None:
        url = f"{page.url}: " if isinstance(page, Page) else ""
        yield f"Newest article: {newest.state}: {url}{clean_line(newest.reason)}"
        return
    yield from _article(newest.judged)
    verdict = newest.judged.verdict
    score = "no score" if verdict.score is None else f"score {verdict.score:.3f}"
    yield f"  verdict    {verdict.decision}, {score}: {clean_line(verdict.why)}"
    yield from (
        f"  {piece.weight:+9.2f}  {clean_line(piece.text, limit=120)}" for piece in verdict.evidence[:EVIDENCE_SHOWN]
    )


def _article(judged: Judged) -> Iterator[str]:
    article = judged.article
    dated = f"{_utc(article.published)} (from {article.date_source})" if article.published else "no date"
    outlet, by = article.outlet or "unknown outlet", ", ".join(article.authors) or "no author"
    yield f"Newest article: {clean_line(article.title)}"
    yield f"  {clean_line(outlet)} · {clean_line(by)} · {dated} · language {article.language or 'unknown'}"
    yield from (f"  {name:<10} {said}" for name, said in article_notes(article))
    yield f"  {clean_line(article.text, limit=EXCERPT)}"


def _alternative_json(other: Alternative) -> dict[str, Any]:
    return {
        "url": other.url,
        "via": str(other.via),
        "kind": other.kind,
        "links": other.links,
        "why_not": other.why_not,
    }


def _item_json(link: Link) -> dict[str, Any]:
    return {"title": link.title, "date": link.published.isoformat() if link.published else None, "url": link.url}


def _newest_json(trial: Trial) -> dict[str, Any]:
    assert trial.newest is not None
    judged = trial.newest.judged
    said = {"state": str(trial.newest.state), "reason": trial.newest.reason}
    if judged is None:
        return said
    return said | {"article": article_json(judged.article), "verdict": verdict_json(judged.verdict)}


def _utc(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else f"{'no date':16}"
