"""Who is named in an article, and who is said to have done what to whom."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EntityKind(StrEnum):
    """What a name stands for."""

    ACTOR = "actor"
    MALWARE = "malware"
    AGENCY = "agency"
    COMPANY = "company"
    STATE = "state"
    SECTOR = "sector"
    PERSON = "person"
    ORGANISATION = "organisation"


class Role(StrEnum):
    """What a named one does in the sentence."""

    ATTACKER = "attacker"
    VICTIM = "victim"
    SOURCE = "source"  # says so
    NAMED = "named"


class Hedge(StrEnum):
    """How sure the claimant is, by its own words."""

    STATED = "stated"
    ASSESSED = "assessed"
    SUSPECTED = "suspected"
    ALLEGED = "alleged"
    DENIED = "denied"


@dataclass(frozen=True, kw_only=True)
class Mention:
    r"""A name in the text. `start` and `end` are offsets in code points into `title + "\n" + text`.

    An ambiguous name has no `entity`, and all it may stand for in `candidates`.
    """

    kind: EntityKind
    name: str  # as it is usually written
    entity: str  # a stable id: "apt41"
    text: str  # as it stands
    start: int
    end: int
    role: Role = Role.NAMED
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One sentence that says who did it."""

    claimant: str | None
    accused: str
    accused_entity: str
    hedge: Hedge
    hedge_text: str | None  # "with moderate confidence"
    victim: str | None
    victim_country: str | None  # ISO 3166-1 alpha-2
    sector: str | None
    quote: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Everything that was recognised in one article."""

    mentions: tuple[Mention, ...] = ()
    claims: tuple[Claim, ...] = ()


NO_FINDINGS = Findings()
