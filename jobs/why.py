"""`spywire why URL`: the ledger's story of a link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.text import clean_line
from jobs.filters import article_json, verdict_json
from jobs.show import article_notes

if TYPE_CHECKING:
    from datetime import datetime

    from storage.records import LinkHistory, StoredArticle


def history_json(history: LinkHistory) -> dict[str, Any]:
    """The story as plain data."""
    stored = history.stored
    return {
        "key": history.link.key,
        "url": history.link.url,
        "source": history.link.source,
        "title": history.link.title,
        "state": str(history.state),
        "reason": history.reason,
        "discovered_at": _iso(history.discovered_at),
        "fetched_at": _iso(history.fetched_at),
        "settled_at": _iso(history.settled_at),
        "http_status": history.http_status,
        "final_url": history.final_url,
        "attempts": history.attempts,
        "retry_at": _iso(history.retry_at),
        "article": article_json(stored.article) if stored else None,
        "purged_at": _iso(stored.purged_at) if stored else None,
        "verdict": verdict_json(stored.verdict) if stored else None,
    }


def history_text(history: LinkHistory) -> str:
    """The story as a person reads it."""
    lines = [
        history.link.url,
        f"  discovered {_utc(history.discovered_at)} by source {history.link.source}",
        *_feed_said(history),
        *_fetched(history),
        f"  state      {history.state}" + (f": {clean_line(history.reason)}" if history.reason else ""),
        *_next(history),
    ]
    if history.stored:
        lines += _verdict(history.stored)
    return "\n".join(lines)


def _feed_said(history: LinkHistory) -> list[str]:
    link = history.link
    said = [clean_line(link.title)] if link.title else []
    said += [_utc(link.published)] if link.published else []
    return [f"  announced  {' · '.join(said)}"] if said else []


def _fetched(history: LinkHistory) -> list[str]:
    if history.settled_at is None:
        return ["  fetched    not yet"]
    if history.fetched_at is None and not history.attempts:
        return [f"  asked for  not yet, last considered {_utc(history.settled_at)}"]
    if history.fetched_at is None:
        return [f"  tried      {_utc(history.settled_at)} (attempt {history.attempts}), no answer"]
    moved = history.final_url if history.final_url != history.link.url else None
    status = f"HTTP {history.http_status}" if history.http_status else "no answer the last time"
    return [f"  fetched    {_utc(history.fetched_at)}, {status}" + (f", at {moved}" if moved else "")]


def _next(history: LinkHistory) -> list[str]:
    if history.retry_at is None:
        return []
    return [f"  next try   {_utc(history.retry_at)}, after {history.attempts} so far"]


def _verdict(stored: StoredArticle) -> list[str]:
    article, verdict = stored.article, stored.verdict
    published = f"{_utc(article.published)} (from {article.date_source})" if article.published else "no date"
    score = "none" if verdict.score is None else f"{verdict.score:.3f}"
    length = f"text purged {_utc(stored.purged_at)}" if stored.purged_at else f"{len(article.text)} characters"
    size = f"{length} · language {article.language or 'unknown'}"
    bounds = f"flag from {verdict.threshold:.2f}, reject below {verdict.reject_below:.3f}"
    return [
        f"  article    {clean_line(article.title)}",
        f"             {article.outlet or 'unknown outlet'} · {published} · {size}",
        *(f"  {name:<10} {said}" for name, said in article_notes(article)),
        f"  verdict    {verdict.decision}, score {score} ({bounds}), model {verdict.model}",
        *(f"  {piece.weight:+9.2f}  {clean_line(piece.text, limit=160)}" for piece in verdict.evidence),
    ]


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
