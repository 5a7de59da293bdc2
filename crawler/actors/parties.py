"""Who is who in a sentence that says who did it: the accused, who says so, the victim."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.actors.rules import Grammar, Needs, Rule
from storage.records import EntityKind

if TYPE_CHECKING:
    from crawler.actors.spots import Spot
    from crawler.actors.tagging import Tagged

Span = tuple[int, int]  # of tags

_BEHIND = 12  # tags before a verb in which its subject begins
_ACCUSING = re.compile("[rbB]")
_NAMES = re.compile("[A-Z]")
_SILENT = ".e9p4&3"  # tags at either end of a span that name nobody
_OFFICES = {EntityKind.AGENCY, EntityKind.COMPANY, EntityKind.ORGANISATION}


@dataclass(frozen=True, slots=True)
class Parties:
    """Finds them by the patterns of the sentence's language."""

    sentence: Tagged
    rules: Grammar
    speakers: tuple[Span, ...]

    def accused(self, span: Span) -> Spot | None:
        """The name by which the accused are told: a group's, else an office's, else a state's."""
        spots = [spot for spot in self.sentence.spots[slice(*span)] if spot and spot.entities[0].suspect]
        groups = [spot for spot in spots if spot.kind is EntityKind.ACTOR]
        offices = [spot for spot in reversed(spots) if spot.kind in _OFFICES]
        return next(iter([*groups, *offices, *spots]), None)

    def claimant(self, rule: Rule, match: re.Match[str], accused: Span) -> Span | None:
        """Who says so: the subject of the accusing verb, else the nearest one who says something."""
        if Needs.DENIAL in rule.needs:
            return self._trimmed(accused)
        if "c" in match.re.groupindex:
            return match.span("c")
        if subject := self._subject(match, accused):
            return self._trimmed(subject)
        # "APT1, which X says is Chinese, hacked Y": X does not say the latter.
        inside = match.span() if Needs.PARTY in rule.needs else accused
        others = [span for span in self.speakers if not overlap(span, inside)]
        nearest = min(others, key=lambda span: (self._nameless(span), abs(span[0] - match.start())), default=None)
        return self._trimmed(nearest) if nearest else None

    def victim(self, rule: Rule, match: re.Match[str], others: list[Span]) -> Span | None:
        """To whom it was done, as far as they are none of the others."""
        if Needs.DENIAL in rule.needs:
            return None
        for found in self._victims(rule, match):
            span = self._trimmed(group(found, "v")) if found else None
            if span and not any(overlap(span, other) for other in others):
                return span
        return None

    def _subject(self, match: re.Match[str], accused: Span) -> Span | None:
        verb = _ACCUSING.search(match[0])
        if verb is None:
            return None
        at, tags = match.start() + verb.start(), self.sentence.tags
        found = self.rules.subject.search(tags, max(0, at - _BEHIND), at)
        passive = tags[at - 1 : at] == "8"
        return group(found, "c") if found and not passive and not overlap(group(found, "c"), accused) else None

    def _nameless(self, span: Span) -> bool:
        return not _NAMES.search(self.sentence.tags, *span)

    def _victims(self, rule: Rule, match: re.Match[str]) -> list[re.Match[str] | None]:
        tags, rules = self.sentence.tags, self.rules
        start, end = match.span()
        if "v" in match.re.groupindex:
            return [match]
        if Needs.NARROW in rule.needs:
            return [*rules.wronged.finditer(tags, tags.rfind(",", 0, start) + 1, end)]
        return [
            rules.robbed.match(tags, end) if tags[end - 1] in "vs" else None,
            rules.object.match(tags, end) if tags[end - 1] in "vuV24" else None,
            rules.sufferer.search(tags, 0, start) if tags[start] in "vsuV1" else None,
            *rules.wronged.finditer(tags),
        ]

    def _trimmed(self, span: Span) -> Span | None:
        start, end = span
        while start < end and self.sentence.tags[start] in _SILENT:
            start += 1
        while end > start and self.sentence.tags[end - 1] in _SILENT:
            end -= 1
        return (start, end) if start < end else None


def parties(sentence: Tagged, rules: Grammar) -> Parties:
    """The parties of a sentence."""
    return Parties(sentence, rules, tuple(group(match, "c") for match in rules.speakers.finditer(sentence.tags)))


def group(match: re.Match[str], name: str) -> Span:
    """The span of the group that matched of those whose name begins with a letter; of all if there is none."""
    return next((match.span(key) for key, value in match.groupdict().items() if value and key[0] == name), match.span())


def overlap(one: Span, other: Span) -> bool:
    """Whether two spans share a tag."""
    return one[0] < other[1] and other[0] < one[1]
