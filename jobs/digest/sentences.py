"""Two or three sentences of an article that show what happened and why the gate cared.

Nothing is written here: every sentence is the outlet's own, and they stand in the order in which it printed them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from jobs.digest.columns import ELLIPSIS, columns, cut
from jobs.digest.plain import LONGEST, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from storage.records import Article, Evidence

SHORTEST = 30  # columns; a byline or a dateline is shorter, a sentence worth quoting is not

_LOOKED_AT = 60_000  # characters of a text
_CLOSERS = "\"'”’»›)\\]」』】）》〉"
# Full stops that no space follows (Chinese, Japanese), then those that one does (Latin, Arabic, Urdu, Devanagari,
# Armenian, Ethiopic, Burmese, Khmer).
_END = re.compile(rf"[。！？｡]+[{_CLOSERS}]*|[.!?…؟۔।։።။។]+[{_CLOSERS}]*(?=\s)")
_LAST_WORD = re.compile(r"[\w.’'-]*\Z")
_NEXT_WORD = re.compile(r"\s*[\"'“‘«‹(\[]*([\w’'-]*)")
_INITIALS = re.compile(r"\w|(?:\w{1,2}\.)+\w{1,2}|\d{1,2}")  # J. / U.S. / z.B. / the German ordinal of "3. Mai"

# What stands before a name or a number, and so never ends a sentence.
_BEFORE_NAMES = frozenset(
    "adm amb brig capt cf cmdr col cpl dept dr dra excmo fig fr gen gov hon hr inkl lt maj mlle mme mr mrs ms mt núm "
    "pp prof rep rev sen sgt sog sra srta st supt usw vgl vs г им проф ул".split()
)
# What may end one; it does when the next word is one that opens sentences.
_ABBREVIATIONS = frozenset(
    "al apr aug av ave bd bros bzw ca co corp dec ed eds est et etc feb inc jan jr jul jun ltd mfg nos no nov oct op "
    "ops sep sept sr str tel ud uds vol zzgl др млн млрд обл руб стр тыс".split()
)
_OPENERS = frozenset(
    "a after an and as at but for he her his however i if in it its on one she since that the their there these they "
    "this those we what when where while with you das der die er es sie el ella la los las le les il elle il в но он "
    "она они это".split()
)


class Span(NamedTuple):
    """A sentence's place in its text: `text[start:end]`."""

    start: int
    end: int


def split(text: str) -> tuple[Span, ...]:
    """The sentences of a text that has one paragraph per line. No sentence crosses a line."""
    spans = (span for line in re.finditer(r"[^\n]+", text) for span in _line(line.group(), line.start()))
    return tuple(span for span in spans if not text[span.start : span.end].isspace())


def pick(article: Article, evidence: Sequence[Evidence], *, at_most: int = 3) -> tuple[str, ...]:
    """The lead and the sentences with the strongest evidence for the flag, in their order in the text.

    With no evidence in the text, the lead and the sentence after it. Fewer where the text has fewer.
    """
    text = article.text[:_LOOKED_AT]
    spans = [span for span in split(text) if _worth_quoting(text, span, article.title)]
    focus = _focus(spans, _in_text(article, evidence))
    by_weight = sorted(focus, key=lambda span: (-focus[span].weight, span))
    chosen = dict.fromkeys([*spans[:1], *by_weight][:at_most])
    if len(chosen) < 2:  # noqa: PLR2004 - one sentence alone says too little
        chosen = dict.fromkeys(spans[:2])
    quotes = (_quote(text, span, focus.get(span)) for span in sorted(chosen))
    return tuple(dict.fromkeys(quotes))


class _Focus(NamedTuple):
    """What a sentence is shown for: its evidence's weight in all, and the place of the strongest piece."""

    weight: float
    start: int
    end: int


def _line(line: str, offset: int) -> Iterator[Span]:
    start = 0
    for stop in _END.finditer(line):
        if _ends(line, start, stop):
            yield _trimmed(line, start, stop.end(), offset)
            start = stop.end()
    if line[start:].strip():
        yield _trimmed(line, start, len(line), offset)


def _trimmed(line: str, start: int, end: int, offset: int) -> Span:
    part = line[start:end]
    return Span(offset + end - len(part.lstrip()), offset + start + len(part.rstrip()))


def _ends(line: str, start: int, stop: re.Match[str]) -> bool:
    """Whether the full stop is one: not part of an abbreviation, an initial, or a quotation that goes on."""
    following = _NEXT_WORD.match(line, stop.end())
    word = following.group(1) if following else ""
    if stop.group()[0] not in ".!?…":
        return True
    if word[:1].islower():
        return False
    if stop.group() != ".":
        return True
    last = _LAST_WORD.search(line[start : stop.start()])
    before = (last.group() if last else "").casefold()
    if before in _BEFORE_NAMES:
        return False
    shortened = before in _ABBREVIATIONS or _INITIALS.fullmatch(before) is not None
    return not shortened or word.casefold() in _OPENERS


def _worth_quoting(text: str, span: Span, title: str) -> bool:
    sentence = plain(text[span.start : span.end])
    return columns(sentence) >= SHORTEST and sentence.casefold() != plain(title).casefold()


def _in_text(article: Article, evidence: Sequence[Evidence]) -> Iterator[_Focus]:
    """Evidence for the flag, its place counted from the start of the text instead of the title."""
    shift = len(article.title) + 1
    for piece in evidence:
        if piece.weight > 0 and piece.start is not None and piece.end is not None and piece.start >= shift:
            yield _Focus(piece.weight, piece.start - shift, piece.end - shift)


def _focus(spans: Sequence[Span], evidence: Iterator[_Focus]) -> dict[Span, _Focus]:
    starts = [span.start for span in spans]
    weights: defaultdict[Span, float] = defaultdict(float)
    strongest: dict[Span, _Focus] = {}
    for piece in sorted(evidence, key=lambda piece: (-piece.weight, piece.start)):
        place = bisect_right(starts, piece.start) - 1
        if place >= 0 and piece.start < spans[place].end:
            weights[spans[place]] += piece.weight
            strongest.setdefault(spans[place], piece)
    return {span: piece._replace(weight=weights[span]) for span, piece in strongest.items()}


def _quote(text: str, span: Span, focus: _Focus | None) -> str:
    """The sentence, cut to length so that the evidence in it is still read."""
    whole = plain(text[span.start : span.end])
    if columns(whole) <= LONGEST or focus is None:
        return cut(whole, LONGEST)
    upto = plain(text[span.start : min(focus.end, span.end)])
    if columns(upto) < LONGEST:
        return cut(whole, LONGEST)
    start = text.rfind(" ", span.start, max(focus.start - LONGEST // 4, span.start)) + 1 or focus.start
    return cut(ELLIPSIS + plain(text[start : span.end]), LONGEST)
