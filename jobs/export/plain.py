"""JSON lines, CSV and Atom: no library, no network, one article at a time."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from crawler.text import clean_line
from jobs.export.item import Tlp, address, derived, excerpt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from storage.records import StoredArticle

COLUMNS = (
    "id", "url", "title", "source", "outlet", "language", "published", "first_seen",
    "verdict", "score", "model", "why", "actors", "victims", "countries", "excerpt",
)  # fmt: skip
_FORMULA = re.compile(r"\s*[=+\-@\t\r]")  # what makes a spreadsheet calculate a cell (CWE-1236)


def as_jsonl(articles: Iterable[StoredArticle], *, tlp: Tlp) -> Iterator[bytes]:
    """Everything that is stored of an article, its full text included, one object a line."""
    for stored in articles:
        yield (json.dumps({"tlp": tlp, **_everything(stored)}, ensure_ascii=False, default=str) + "\n").encode()


def as_csv(articles: Iterable[StoredArticle], *, tlp: Tlp) -> Iterator[bytes]:
    """A table that a spreadsheet opens without calculating anything in it (UTF-8 with a byte order mark)."""
    yield b"\xef\xbb\xbf" + _line([*COLUMNS, "tlp"])
    for stored in articles:
        yield _line([*(_cell(value) for value in _row(stored)), tlp])


def as_atom(articles: Iterable[StoredArticle], *, tlp: Tlp, at: datetime) -> Iterator[bytes]:
    """An Atom feed (RFC 4287). `at` is the feed's own time."""
    yield (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"  <id>urn:uuid:{derived('feed', 'export')}</id>\n  <title>spywire ({_tlp(tlp)})</title>\n"
        f"  <updated>{at.isoformat()}</updated>\n  <generator>spywire</generator>\n"
    ).encode()
    for stored in articles:
        yield _entry(stored).encode()
    yield b"</feed>\n"


def _entry(stored: StoredArticle) -> str:
    article = stored.article
    summary = excerpt(stored) + f" [{stored.verdict.decision}: {clean_line(stored.verdict.why)}]"
    author = escape(clean_line(", ".join(article.authors) or article.outlet or stored.source))
    published = article.published or stored.first_seen
    return (
        f"  <entry>\n    <id>urn:uuid:{derived('article', article.url)}</id>\n"
        f"    <title>{escape(clean_line(article.title))}</title>\n    <link href={quoteattr(address(stored))}/>\n"
        f"    <updated>{stored.first_seen.isoformat()}</updated>\n    <published>{published.isoformat()}</published>\n"
        f"    <author><name>{author}</name></author>\n    <summary>{escape(summary)}</summary>\n  </entry>\n"
    )


def _everything(stored: StoredArticle) -> dict[str, Any]:
    article, verdict, findings = (asdict(part) for part in (stored.article, stored.verdict, stored.findings))
    return {
        "id": stored.id,
        "source": stored.source,
        "first_seen": stored.first_seen.isoformat(),
        "article": article | {"published": stored.article.published and stored.article.published.isoformat()},
        "verdict": verdict,
        "findings": findings,
    }


def _row(stored: StoredArticle) -> tuple[object, ...]:
    article, verdict = stored.article, stored.verdict
    actors = {mention.name for mention in stored.findings.mentions if mention.kind == "actor"}
    claims = stored.findings.claims
    return (
        stored.id,
        address(stored),
        article.title,
        stored.source,
        article.outlet,
        article.language,
        article.published.isoformat() if article.published else None,
        stored.first_seen.isoformat(),
        verdict.decision,
        None if verdict.score is None else f"{verdict.score:.4f}",
        verdict.model,
        verdict.why,
        "; ".join(sorted(actors)),
        "; ".join(sorted({claim.victim for claim in claims if claim.victim})),
        "; ".join(sorted({claim.victim_country for claim in claims if claim.victim_country})),
        excerpt(stored),
    )


def _cell(value: object) -> str:
    text = "" if value is None else clean_line(str(value))
    return f"'{text}" if _FORMULA.match(text) else text


def _line(cells: Iterable[str]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerow(cells)
    return out.getvalue().encode()


def _tlp(tlp: Tlp) -> str:
    return f"TLP:{tlp.upper()}"
