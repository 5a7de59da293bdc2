"""The reason for a verdict in one line that a person reads in five seconds."""

from __future__ import annotations

from collections import defaultdict
from math import floor
from typing import TYPE_CHECKING

from crawler.classify.cues import AGAINST, GROUPS, LANGUAGES
from crawler.classify.gazetteer import everyday_names, gazetteer
from crawler.classify.trace import MASK
from storage.records import Decision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.classify.quotes import Quotes
    from crawler.classify.reading import Reading
    from crawler.classify.trace import Trace, Where, Words

_HEADLINE = 2  # terms of each side
_CYBER = sum(MASK[group] for group in ("intrusion", "spyware", "tooling", "malware", "crime", "vulnerability", "flood"))
_STATE = sum(MASK[group] for group in ("state", "sponsor", "agency", "actor", "spyware"))
_OPPOSED = frozenset({"crime", "vulnerability", "flood", "surveillance", "humint", "criminal", "general", "partisan"})


def why(decision: Decision, quotes: Quotes, found: Trace, probability: float) -> str:
    """The line for a decision."""
    if decision is Decision.FLAG:
        return flag_line(quotes, found, probability)
    if decision is Decision.REJECT:
        return reject_line(quotes, probability)
    if quotes.reading.language not in LANGUAGES:
        named = quotes.reading.language or "unknown"
        return f"language {named} is not covered: a person must read it · {shown(probability)}"
    return hold_line(quotes, found, probability)


def flag_line(quotes: Quotes, found: Trace, probability: float) -> str:
    """`state-linked intrusion: "Chinese hackers" + "foreign ministry" · actor APT41 (CN) · p=.97`."""
    named = actors(quotes.reading)
    terms = _headline_terms(quotes, found, without=named[0].split(" (")[0] if named else "")
    subject = _subject(found) + (": " + _quoted(terms) if terms else "")
    return " · ".join([subject, *(f"actor {name}" for name in named[:1]), shown(probability)])


def hold_line(quotes: Quotes, found: Trace, probability: float) -> str:
    """`unsure: "hackers" + "embassy"; against it ransomware · p=.22`."""
    terms, against = _headline_terms(quotes, found, without=""), _against(quotes)
    sides = [_quoted(terms) if terms else "little to go by", *([f"against it {', '.join(against)}"] if against else [])]
    return " · ".join(["unsure: " + "; ".join(sides), shown(probability)])


def reject_line(quotes: Quotes, probability: float) -> str:
    """`no state link: ransomware, data breach · p<.01`."""
    seen = quotes.reading.title.mask
    for segment in quotes.reading.body:
        seen |= segment.mask
    if not seen & _CYBER:
        reason = "spying, and no network in it" if seen & MASK["espionage"] else "nothing of hacking or spying"
    elif not seen & _STATE:
        reason = "no state link"
    else:
        reason = "a state link is not its subject"
    against = _against(quotes)
    return " · ".join([reason + (": " + ", ".join(against) if against else ""), shown(probability)])


def actors(reading: Reading) -> list[str]:
    """Named state-linked actors of the title and main thread, most named first, with their country."""
    counts: dict[str, int] = defaultdict(int)
    for segment in (reading.title, *reading.thread):
        for at, size, group in segment.hits:
            words = tuple(segment.words[at : at + size])
            if GROUPS[group] == "actor" and (name := gazetteer().get(words) or everyday_names().get(words)):
                counts[name.name + (f" ({name.country})" if name.country else "")] += 1
    return sorted(counts, key=lambda name: (-counts[name], name))


def shown(probability: float) -> str:
    """A probability as it is read: p=.97, p<.01, p>.99."""
    if probability < 0.01:  # noqa: PLR2004 - two decimals are shown
        return "p<.01"
    if probability > 0.99:  # noqa: PLR2004
        return "p>.99"
    return f"p={floor(100 * probability) / 100:.2f}".replace("0.", ".")  # .4999 is not yet .50


def _headline_terms(quotes: Quotes, found: Trace, *, without: str) -> list[str]:
    """Two terms that speak for it, with no word in common, the strongest first."""
    weights, first = found.terms()
    chosen: list[Words] = []
    for words in sorted(weights, key=lambda words: (-weights[words], words)):
        if len(chosen) == _HEADLINE or weights[words] <= 0:
            break
        overlapping = any(set(words) & set(other) for other in chosen) or " ".join(words) == without.lower()
        if not overlapping and not _speaks_against(found, first[words]):
            chosen.append(words)
    return [quotes.shown(quotes.term(*first[words])) for words in chosen]


def _speaks_against(found: Trace, where: Where) -> bool:
    at, token, size = where
    return all(
        GROUPS[group] in AGAINST for begin, length, group in found.segments[at].hits if (begin, length) == (token, size)
    )


def _subject(found: Trace) -> str:
    totals: dict[str, float] = defaultdict(float)
    for (_, group), weight in found.cues.items():
        totals[group] += weight
    if totals["spyware"] > max(totals["state"], totals["sponsor"], totals["actor"]):
        return "spyware"
    return (
        "espionage by network"
        if totals["espionage"] > max(totals["state"], totals["intrusion"])
        else "state-linked intrusion"
    )


def _against(quotes: Quotes) -> list[str]:
    """The two cues against it that the title and main thread repeat most."""
    index = {id(segment): at for at, segment in enumerate(quotes.segments)}
    counts: dict[Words, int] = defaultdict(int)
    first: dict[Words, Where] = {}
    for segment in (quotes.reading.title, *quotes.reading.thread):
        for token, size, group in segment.hits:
            if GROUPS[group] in _OPPOSED:
                words = tuple(segment.words[token : token + size])
                counts[words] += 1
                first.setdefault(words, (index[id(segment)], token, size))
    most = sorted(counts, key=lambda words: (-counts[words], words))[:_HEADLINE]
    return [quotes.shown(quotes.term(*first[words])).lower() for words in most]


def _quoted(terms: Sequence[str]) -> str:
    return " + ".join(f'"{term}"' for term in terms)
