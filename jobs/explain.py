"""`judge --explain`: the article with what pushed the verdict marked in place, as a terminal shows it.

Each marked stretch stands in brackets that carry its weight, so that both directions can be told without colour:
`[+1.20 hackers]` pushed towards flag, `[-0.80 ransom]` away from it. What is no plain character is written out as its
code: an article cannot steer the terminal it is shown on.
"""

from __future__ import annotations

import unicodedata
from io import StringIO
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from crawler.classify.text import TEXT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from storage.records import Article, Evidence, Verdict

FOR, AGAINST = "yellow", "cyan"  # told apart by every kind of eye
STRONG = 1.0  # log-odds; from here on a stretch is bold
LEGEND = "[+weight …] pushed towards flag, [-weight …] away from it; weights are log-odds, the strong ones bold."


def explained(article: Article, verdict: Verdict, *, colour: bool) -> str:
    """Verdict, why, the marked text, and a legend. Without `colour` there is no escape sequence in it."""
    whole = f"{article.title}\n{article.text[:TEXT_LIMIT]}"
    shown = Text("\n").join(
        [*_head(verdict), Text(), _marked(whole, verdict.evidence), *_rest(article), Text(), *_foot(verdict)]
    )
    out = StringIO()
    console = Console(
        file=out, force_terminal=colour, color_system="standard" if colour else None, highlight=False, soft_wrap=True
    )
    console.print(shown)
    return out.getvalue().rstrip("\n")


def colourful(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether a stream is a terminal that shows colours, and its owner wants them (https://no-color.org)."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def visible(text: str) -> str:
    """Text in which nothing can move the cursor, turn the line round or hide: such characters become their codes."""
    return "".join(char if char == "\n" or _harmless(char) else _code(char) for char in text)


def _head(verdict: Verdict) -> list[Text]:
    score = "no score" if verdict.score is None else f"score {verdict.score:.3f}"
    bars = f"flag from {verdict.threshold:.3f}, reject below {verdict.reject_below:.3f}"
    signs = [Text("signs: " + visible(", ".join(verdict.signs)), style="bold")] if verdict.signs else []
    return [Text(f"{verdict.decision}  {score}  ({bars})", style="bold"), Text(visible(verdict.why)), *signs]


def _marked(whole: str, evidence: Sequence[Evidence]) -> Text:
    """The text with a bracket at both ends of each stretch, the inner ones inside the outer."""
    placed = [(piece.start, piece.end, piece.weight) for piece in evidence if piece.start is not None and piece.end]
    cuts = sorted({0, len(whole), *(cut for start, end, _ in placed for cut in (start, end) if cut <= len(whole))})
    marked = Text()
    for start, end in zip(cuts, [*cuts[1:], len(whole)], strict=True):
        marked.append("]" * sum(stop == start for _, stop, _ in placed))
        for _, weight in sorted(((stop, weight) for begin, stop, weight in placed if begin == start), reverse=True):
            marked.append(f"[{weight:+.2f} ", style=_style(weight))
        over = [(stop - begin, weight) for begin, stop, weight in placed if begin <= start and end <= stop]
        marked.append(visible(whole[start:end]), style=_style(min(over)[1]) if over else "")
    return marked


def _rest(article: Article) -> list[Text]:
    unread = len(article.text) - TEXT_LIMIT
    return [Text(f"… {unread:,} more characters were not read", style="dim")] if unread > 0 else []


def _foot(verdict: Verdict) -> list[Text]:
    absent = [piece for piece in verdict.evidence if piece.start is None]
    lines = [Text(f"{piece.weight:+.2f}  {visible(piece.text)}", style=_style(piece.weight)) for piece in absent]
    return [*lines, Text(LEGEND, style="dim"), Text(f"model {verdict.model}", style="dim")]


def _style(weight: float) -> str:
    colour = FOR if weight > 0 else AGAINST
    return f"bold {colour}" if abs(weight) >= STRONG else colour


def _harmless(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def _code(char: str) -> str:
    return " " if char == "\t" else f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}"  # noqa: PLR2004
