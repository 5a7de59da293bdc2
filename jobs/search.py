"""`spywire search`: the hits as a person reads them, with the words that were looked for."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.text import Text

from crawler.text import clean_line
from storage.queries import terms
from storage.search import CANDIDATES
from storage.tokens import placed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from storage.queries import Query, Term
    from storage.records import StoredArticle
    from storage.search import Hits

WIDTH = 220  # characters of a snippet
LOOKED_AT = 20_000  # characters of a text in which its snippet is sought
MATCH = "bold reverse"


@dataclass(frozen=True, kw_only=True)
class Snippet:
    """A piece of a text and the places of the words in it, in code points."""

    text: str
    matches: tuple[tuple[int, int], ...]


def snippet(text: str, query: Query) -> Snippet:
    """The piece of the text that holds the most of what was asked for; its beginning when that holds nothing."""
    line = clean_line(text, limit=LOOKED_AT)
    found = matches(line, terms(query))
    start = _best_start([place for place, _ in found])
    piece = _piece(line, start)
    shift = piece.find(line[start : start + 20]) - start
    inside = ((a + shift, b + shift) for a, b in found if a >= start and b + shift <= len(piece))
    return Snippet(text=piece, matches=tuple(inside))


def matches(text: str, wanted: Sequence[Term]) -> list[tuple[int, int]]:
    """Where the terms stand in the text, in order, without overlaps."""
    cut = list(placed(text))
    found = sorted(span for term in wanted for span in _places(cut, term))
    kept: list[tuple[int, int]] = []
    for start, end in found:
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def hits_text(hits: Hits, query: Query) -> Text:
    """One block an article. What is in colour on a terminal reads as well without."""
    out = Text()
    for stored in hits.articles:
        out.append_text(_block(stored, query))
    if hits.more:
        out.append(f"The best of the newest {CANDIDATES} hits; for older ones add words, --since or --until.\n")
    return out


def hits_json(hits: Hits, query: Query) -> dict[str, Any]:
    """The same as plain data. Matches are offsets into the snippet, in code points."""
    return {"more": hits.more, "hits": [_hit_json(stored, query) for stored in hits.articles]}


def _hit_json(stored: StoredArticle, query: Query) -> dict[str, Any]:
    article, verdict = stored.article, stored.verdict
    shown = snippet(article.text, query)
    return {
        "id": stored.id,
        "url": article.url,
        "title": article.title,
        "source": stored.source,
        "outlet": article.outlet,
        "language": article.language,
        "published": article.published.isoformat() if article.published else None,
        "first_seen": stored.first_seen.isoformat(),
        "verdict": verdict.decision,
        "score": verdict.score,
        "why": verdict.why,
        "snippet": shown.text,
        "matches": [list(place) for place in shown.matches],
    }


def _block(stored: StoredArticle, query: Query) -> Text:
    article, verdict = stored.article, stored.verdict
    title = clean_line(article.title, limit=200)
    block = Text(title, style="bold")
    _mark(block, matches(title, terms(query)))
    score = "" if verdict.score is None else f" {verdict.score:.2f}"
    seen = f"{stored.first_seen:%Y-%m-%d %H:%MZ}"
    facts = (seen, f"{verdict.decision}{score}", clean_line(article.outlet or stored.source), article.language or "")
    block.append("\n  " + "  ".join(fact for fact in facts if fact) + f"  #{stored.id}\n", style="not bold dim")
    shown = snippet(article.text, query)
    line = Text(shown.text)
    _mark(line, shown.matches)
    return block.append_text(Text("  ")).append_text(line).append(f"\n  {article.url}\n\n")


def _mark(line: Text, places: Sequence[tuple[int, int]]) -> None:
    for start, end in places:
        line.stylize(MATCH, start, end)


def _places(cut: Sequence[tuple[str, int, int]], term: Term) -> Iterator[tuple[int, int]]:
    count = len(term.tokens)
    for at in range(len(cut) - count + 1):
        words = tuple(token for token, _, _ in cut[at : at + count])
        same = words[:-1] == term.tokens[:-1]
        last = words[-1].startswith(term.tokens[-1]) if term.prefix else words[-1] == term.tokens[-1]
        if same and last:
            yield cut[at][1], cut[at + count - 1][2]


def _best_start(starts: Sequence[int]) -> int:
    """Where a window of `WIDTH` holds the most matches."""
    if not starts or starts[0] < WIDTH // 2:
        return 0
    return max(starts, key=lambda start: (bisect_left(starts, start + WIDTH) - bisect_left(starts, start), -start))


def _piece(line: str, start: int) -> str:
    end = min(len(line), start + WIDTH)
    cut = line.rfind(" ", start + WIDTH // 2, end) if end < len(line) else -1
    end = cut if cut > 0 else end
    return ("… " if start else "") + line[start:end] + (" …" if end < len(line) else "")
