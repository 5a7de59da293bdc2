"""Results as a person reads them, and as plain data for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.text import clean_line, clean_text
from storage.records import Extent
from storage.troubles import shown_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crawler.report import CrawlReport
    from jobs.home import Home
    from jobs.settings import Configuration
    from storage.records import Article, Verdict

NAMES_SHOWN = 20


def settings_json(configuration: Configuration) -> dict[str, Any]:
    """Every key with its value and origin."""
    return {
        f"{section}.{key}": {"value": value, "origin": origin}
        for section, key, value, origin in _settings(configuration)
    }


def settings_text(configuration: Configuration, home: Home) -> str:
    """One line a key: name, value, origin."""
    lines = [f"# settings {home.settings_file}", f"# sources  {home.sources_file}"]
    rows = [(f"{section}.{key}", repr(value), origin) for section, key, value, origin in _settings(configuration)]
    names, values = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "\n".join([*lines, *(f"{name:<{names}} = {value:<{values}}  # {origin}" for name, value, origin in rows)])


def report_json(report: CrawlReport, code: int) -> dict[str, Any]:
    """A crawl as plain data."""
    return {
        "started": report.started.isoformat(),
        "ended": report.ended.isoformat(),
        "exit_code": int(code),
        "sources": [
            {
                "source": poll.source,
                "state": str(poll.state),
                "detail": poll.detail,
                "found": poll.found,
                "new": poll.new,
            }
            for poll in report.sources
        ],
        "counts": report.counts,
        "troubles": {str(kind): message for kind, message in report.troubles.items()},
        "flagged": [each._asdict() for each in report.flagged],
    }


def report_text(report: CrawlReport, *, names: bool) -> str:
    """A crawl in one line, and the headlines it flagged."""
    lines = [_summary(report)]
    if names:
        lines += [
            f"  flagged  {clean_line(title, limit=100)}\n           {url}"
            for _, title, url in report.flagged[:NAMES_SHOWN]
        ]
        more = len(report.flagged) - NAMES_SHOWN
        lines += [f"  and {more} more: `spywire digest preview` shows them"] if more > 0 else []
    return "\n".join(lines)


def article_text(article: Article) -> str:
    """An article with its metadata on top."""
    date = f"{article.published:%Y-%m-%d %H:%M} UTC (from {article.date_source})" if article.published else "no date"
    outlet, authors = article.outlet or "unknown outlet", ", ".join(article.authors) or "no author"
    head = f"{outlet} · {date} · {authors} · language {article.language or 'unknown'}"
    notes = (f"{name}: {said}" for name, said in article_notes(article))
    return "\n".join([clean_line(article.title), head, *notes, "", clean_text(article.text)])


def article_notes(article: Article) -> Iterator[tuple[str, str]]:
    """What a reader should know of the text before believing it, a name and a line each; nothing if all is plain."""
    if article.dateline is not None:
        place, date, agency = article.dateline.place, article.dateline.date, article.dateline.agency
        yield "dateline", clean_line(" · ".join(str(part) for part in (place, date, agency) if part))
    if article.extent is not Extent.FULL:
        yield "extent", clean_line(f"{article.extent}: {article.extent_reason}".strip(": "))
    elif article.paywalled:
        yield "extent", f"{article.extent}, and the page says that it is paid for"
    if article.signs:
        yield "quality", f"{article.quality:.2f}: {clean_line(', '.join(article.signs))}"
    if article.dropped_lines:
        lines = "1 line" if article.dropped_lines == 1 else f"{article.dropped_lines} lines"
        yield "dropped", f"{lines} that the host repeats"


def verdict_text(article: Article, verdict: Verdict) -> str:
    """A verdict with its evidence, strongest first."""
    score = "no score" if verdict.score is None else f"{verdict.score:.3f}"
    lines = [
        f"{verdict.decision}  {score}  (flag from {verdict.threshold:.2f}, reject below {verdict.reject_below:.3f})",
        clean_line(article.title) or "(no title)",
        clean_line(verdict.why),
        *(f"{piece.weight:+7.2f}  {clean_line(piece.text, limit=160)}" for piece in verdict.evidence),
        f"model {verdict.model}",
    ]
    return "\n".join(lines)


def _settings(configuration: Configuration) -> Iterator[tuple[str, str, Any, str]]:
    for section, table in configuration.settings.model_dump(mode="json").items():
        named = section in {"profile", "channel"}
        for path, keys in [((section, name), keys) for name, keys in table.items()] if named else [((section,), table)]:
            for key, value in keys.items():
                shown = shown_text(value) if (section, key) == ("storage", "url") else value
                yield ".".join(path), key, shown, configuration.origin(*path, key)


def _looked_again(counts: Mapping[str, int]) -> list[str]:
    looked = counts.get("revisits.requested", 0)
    found = [f"{counts[f'revisits.{what}']} {what}" for what in ("changed", "gone") if counts.get(f"revisits.{what}")]
    return [f"{looked} looked at again" + (f" ({', '.join(found)})" if found else "")] if looked else []


def _summary(report: CrawlReport) -> str:
    counts = report.counts
    answered = len(report.sources) - len(report.failed)
    again = _looked_again(counts)
    if not report.sources and not again:
        return "no source is due yet; `--all` polls them all the same, `spywire sources list` says when each is"
    parts = [
        f"{answered} of {len(report.sources)} sources answered",
        f"{counts.get('links.new', 0)} new links",
        f"{counts.get('pages.settled', 0)} pages settled",
    ]
    states = sorted(key for key in counts if key.startswith("pages.") and key.count(".") == 1)
    parts += [
        f"{counts[key]} {key.removeprefix('pages.')}"
        for key in states
        if key not in {"pages.settled", "pages.requested"}
    ]
    parts += again
    parts += [f"{counts['links.waiting']} links wait"] if counts.get("links.waiting") else []
    seconds = (report.ended - report.started).total_seconds()
    return f"{' · '.join(parts)} · {seconds:.1f} s"
