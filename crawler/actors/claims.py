"""What one sentence says of who did it: claims, and what each name does in it.

Only what the sentence says counts. One that asks, negates or leaves open is no claim; a denial is one of its own kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawler.actors.parties import Parties, Span, group, parties
from crawler.actors.rules import Needs, grammar
from storage.records import Claim, EntityKind, Hedge, Role

if TYPE_CHECKING:
    from crawler.actors.rules import Grammar, Rule
    from crawler.actors.spots import Spot
    from crawler.actors.tagging import Tagged
    from crawler.actors.vocabulary import Vocabulary

QUOTE_LIMIT = 300  # code points
NAME_LIMIT = 120  # code points of a claimant, an accused, a victim

_TRIGGER = re.compile("[rbBlwcvsVumnd]")
_DEED = re.compile("[nvsVMAh]")
_HACKERS = re.compile("[Ah]")
_SOMEBODY = re.compile("[ho]")
_SECTOR = re.compile("i(?=[,&.]{0,2}(?:i[,&.]{0,2}){0,4}x|[io])")  # "energy, water and transport sectors"
_OPENING = 2  # words of a sentence among which "if" or "no" undoes all that follows
_SHIELD = 4  # words before a pattern among which "not", "whether" or "refused" undoes it
_BEFORE, _AFTER = 8, 6  # words around a claim that may hedge it
_APART = 3  # words by which the hedges of one phrase part


@dataclass(frozen=True, slots=True)
class Told:
    """What a sentence told: its claims, the roles of names by where they start, those of sectors by their tag."""

    claims: list[Claim] = field(default_factory=list)
    roles: dict[int, Role] = field(default_factory=dict)
    sectors: dict[int, Role] = field(default_factory=dict)


def told(text: str, sentence: Tagged, words: Vocabulary) -> Told:
    """The claims and roles of a sentence."""
    found, rules = Told(), grammar(words.options)
    for match in rules.attackers.finditer(sentence.tags):
        _mark(sentence, match.span(), Role.ATTACKER, found)
    found.sectors.update((match.start(), Role.NAMED) for match in _SECTOR.finditer(sentence.tags))
    if not _TRIGGER.search(sentence.tags):
        return found
    who = parties(sentence, rules)
    teller = _Teller(text, sentence, words, who, found)
    if text[sentence.end - 1] not in "?؟？":
        teller.read(rules)
    for span in who.speakers:
        _mark(sentence, span, Role.SOURCE, found)
    return found


def quote(text: str, start: int, end: int) -> str:
    """The sentence, cut at a word where it is long."""
    if end - start <= QUOTE_LIMIT:
        return text[start:end]
    cut = text.rfind(" ", start + 1, start + QUOTE_LIMIT)
    return text[start : cut if cut > 0 else start + QUOTE_LIMIT]


def _mark(sentence: Tagged, span: Span, role: Role, found: Told) -> None:
    for spot in sentence.spots[slice(*span)]:
        if spot and not (role is Role.ATTACKER and spot.kind is EntityKind.PERSON):
            found.roles.setdefault(spot.start, role)


@dataclass(frozen=True, slots=True)
class _Teller:
    text: str
    sentence: Tagged
    words: Vocabulary
    who: Parties
    found: Told

    def read(self, rules: Grammar) -> None:
        """Add the claims of all rules."""
        present = set(self.sentence.tags)
        for rule in rules.rules:
            if not rule.verbs.isdisjoint(present):
                for match in rule.pattern.finditer(self.sentence.tags):
                    self.take(rule, match)

    def take(self, rule: Rule, match: re.Match[str]) -> None:
        """Add the claim of a pattern, unless it says none, or the sentence has accused the same one already."""
        accused = group(match, "a")
        spot = self.who.accused(accused)
        if spot is None or self._undone(rule, match, accused):
            return
        if any(claim.accused_entity == _id(spot) for claim in self.found.claims):
            return
        claimant = self.who.claimant(rule, match, accused)
        victim = self.who.victim(rule, match, [accused, *([claimant] if claimant else [])])
        if Needs.PARTY in rule.needs and not (victim or (claimant and self._does(match, accused))):
            return
        denied = Needs.DENIAL in rule.needs
        self._mark(accused, None if denied else claimant, victim)
        self.found.claims.append(
            self._claim(
                spot,
                claimant=self._slice(claimant),
                accused=spot.entity.name if denied and spot.entity else self._accused(accused, spot),
                hedged=self._denial(match) if denied else self._hedge(match),
                victim=victim,
            )
        )

    def _claim(
        self, spot: Spot, *, claimant: str | None, accused: str, hedged: tuple[Hedge, str | None], victim: Span | None
    ) -> Claim:
        return Claim(
            claimant=claimant,
            accused=accused,
            accused_entity=_id(spot),
            hedge=hedged[0],
            hedge_text=hedged[1],
            victim=self._slice(victim),
            victim_country=self._country(victim),
            sector=self._sector(victim),
            quote=quote(self.text, self.sentence.start, self.sentence.end),
            start=self.sentence.start,
            end=self.sentence.end,
        )

    def _undone(self, rule: Rule, match: re.Match[str], accused: Span) -> bool:
        tags = self.sentence.tags
        if "z" in tags[max(0, match.start() - _SHIELD) : match.end()] or "z" in tags[:_OPENING]:
            return True
        if Needs.DEED not in rule.needs:
            return False
        return not (_DEED.search(tags, 0, accused[0]) or _DEED.search(tags, accused[0]))

    def _does(self, match: re.Match[str], accused: Span) -> bool:
        """Whether more is said than that an office uses something: for hackers that is enough."""
        return match[0][-1] != "m" or bool(_HACKERS.search(self.sentence.tags, *accused))

    def _mark(self, accused: Span, claimant: Span | None, victim: Span | None) -> None:
        for span, role in ((accused, Role.ATTACKER), (victim, Role.VICTIM), (claimant, Role.SOURCE)):
            if span:
                _mark(self.sentence, span, role, self.found)
        for at in range(*victim) if victim else ():
            self.found.sectors[at] = Role.VICTIM

    def _accused(self, span: Span, spot: Spot) -> str:
        """As it stands; a state by its name, unless it is its hackers that are accused."""
        if spot.kind is not EntityKind.STATE:
            written = self.text[spot.start : spot.end]
            return spot.entity.name if spot.entity and ")" in written else written  # "the APT) group 41"
        if spot.entity and not _SOMEBODY.search(self.sentence.tags[slice(*span)]):
            return spot.entity.name
        return self._slice(span) or ""

    def _denial(self, match: re.Match[str]) -> tuple[Hedge, str | None]:
        at = self.sentence.tags.rindex("d", 0, match.end())
        return Hedge.DENIED, self._slice((at, at + 1))

    def _hedge(self, match: re.Match[str]) -> tuple[Hedge, str | None]:
        """The first words that hedge, with those that follow close by: "assesses with moderate confidence"."""
        words, meaning = self.sentence.words, self.words.hedges
        around = range(max(0, match.start() - _BEFORE), min(len(words), match.end() + _AFTER))
        doubts = [at for at in around if meaning[words[at]] is not Hedge.STATED]
        if not doubts:
            return Hedge.STATED, None
        last = doubts[0]
        for at in doubts[1:]:
            last = at if at - last <= _APART else last
        return meaning[words[doubts[0]]], self._slice((doubts[0], last + 1))

    def _country(self, victim: Span | None) -> str | None:
        """The country that the victim's own words name: a state, a people, else a national office."""
        spots = self.sentence.spots[slice(*victim)] if victim else []
        named = [spot.entity for spot in spots if spot and spot.entity and spot.entity.country]
        for kind in (EntityKind.STATE, EntityKind.AGENCY):
            for entity in named:
                if entity.kind is kind:
                    return entity.country
        return None

    def _sector(self, victim: Span | None) -> str | None:
        words = self.sentence.words[slice(*victim)] if victim else []
        return next((sector for sector in map(self.words.sectors.__getitem__, words) if sector), None)

    def _slice(self, span: Span | None) -> str | None:
        if span is None:
            return None
        written = self.text[self.sentence.starts[span[0]] : self.sentence.ends[span[1] - 1]]
        return (self.words.particle.sub("", written) if self.words.particle else written)[:NAME_LIMIT]


def _id(spot: Spot) -> str:
    return spot.entity.id if spot.entity else ""
