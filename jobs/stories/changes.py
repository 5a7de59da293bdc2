"""What an article adds to a story that is already told, and how a story tells what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.stories.origins import outlet
from storage.records import Change, EntityKind, StoryChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from storage.records import StoredArticle, StoredStory


def changes(stored: StoredArticle, before: Sequence[StoredArticle]) -> tuple[Change, ...]:
    """An actor that nobody named, a victim that nobody named, another one accused. Nothing for a story's first."""
    if not before:
        return ()
    found = (*_actors(stored, before), *_victims(stored, before), *_attribution(stored, before))
    return tuple(Change(at=stored.first_seen, article=stored.id, kind=kind, what=what) for kind, what in found)


def said(change: Change, story: StoredStory) -> str:
    """A change in words; of an edit or a removal with the outlet whose report it was."""
    if change.kind not in {StoryChange.REVISED, StoryChange.REMOVED}:
        return change.what
    names = (outlet(stored) for stored in story.articles if stored.id == change.article)
    return " ".join([change.what, *(f"({name})" for name in names)])


def _actors(stored: StoredArticle, before: Sequence[StoredArticle]) -> Iterator[tuple[StoryChange, str]]:
    known = {entity for earlier in before for entity in _named(earlier)}
    for entity, name in sorted(_named(stored).items()):
        if entity not in known:
            yield StoryChange.ACTOR, f"{name} is named"


def _victims(stored: StoredArticle, before: Sequence[StoredArticle]) -> Iterator[tuple[StoryChange, str]]:
    known = {claim.victim_country for earlier in before for claim in earlier.findings.claims}
    new = {claim.victim_country: claim.victim for claim in stored.findings.claims if claim.victim_country not in known}
    for country, victim in sorted((c, v) for c, v in new.items() if c and v):
        yield StoryChange.VICTIM, f"a victim is named: {victim} ({country})"


def _attribution(stored: StoredArticle, before: Sequence[StoredArticle]) -> Iterator[tuple[StoryChange, str]]:
    accused = {claim.accused_entity for earlier in before for claim in earlier.findings.claims if claim.accused_entity}
    told: set[str] = set()
    for claim in stored.findings.claims:
        if claim.accused_entity and claim.accused_entity not in accused | told:
            told.add(claim.accused_entity)
            by = f"{claim.claimant} names" if claim.claimant else "now attributed to"
            verb = f"{by} {claim.accused} ({claim.hedge})"
            yield StoryChange.ATTRIBUTION, verb + (", attributed to others before" if accused else "")


def _named(stored: StoredArticle) -> dict[str, str]:
    return {
        mention.entity: mention.name
        for mention in stored.findings.mentions
        if mention.kind is EntityKind.ACTOR and mention.entity
    }
