"""A STIX 2.1 bundle (OASIS): a report for each article, the actors and victims it names, and who is said to do what.

Needs the extra `stix`; every object is checked by that library before it is written.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crawler.text import clean_line
from jobs.exits import ConfigError
from jobs.export.item import Tlp, address, derived, excerpt
from storage.records import EntityKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from storage.records import Claim, Mention, StoredArticle

TLP_2 = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
MARKINGS = {  # OASIS, TLP 2.0 marking definitions for STIX 2.1
    Tlp.CLEAR: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    Tlp.GREEN: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    Tlp.AMBER: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    Tlp.AMBER_STRICT: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    Tlp.RED: "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
TLP_PUBLISHED = "2022-10-01T00:00:00.000Z"
ALWAYS = datetime(2026, 1, 1, tzinfo=UTC)  # of what is not news: names and identities

Object = dict[str, Any]


def as_stix(articles: Iterable[StoredArticle], *, tlp: Tlp) -> Iterator[bytes]:
    """One bundle. An actor or victim that several articles name is one object."""
    check = _checker()
    yield (f'{{"type": "bundle", "id": "bundle--{derived("bundle", tlp)}", "objects": [\n').encode()
    yield _written(check(_marking(tlp)))
    known = {MARKINGS[tlp]}
    for stored in articles:
        for thing in _objects(stored, tlp):
            if thing["id"] not in known:
                known.add(thing["id"])
                yield b",\n" + _written(check(thing))
    yield b"\n]}\n"


def _checker() -> Any:
    try:
        import stix2
    except ImportError as error:
        raise ConfigError("STIX needs the extra `stix`: pip install 'spywire[stix]'") from error
    return lambda thing: stix2.parse(thing, allow_custom=False, version="2.1")


def _written(checked: Any) -> bytes:
    return json.dumps(json.loads(checked.serialize()), ensure_ascii=False, sort_keys=True).encode()


def _objects(stored: StoredArticle, tlp: Tlp) -> Iterator[Object]:
    us = _identity("spywire", tlp, identity_class="system")
    named = [name for name in stored.findings.mentions if name.kind is EntityKind.ACTOR and name.entity]
    actors = {name.entity: _actor(name, tlp) for name in named}
    parts = [us, *actors.values()]
    for claim in stored.findings.claims:
        parts += _claimed(claim, actors, stored, tlp)
    once = {part["id"]: part for part in parts}
    yield from once.values()
    yield _report(stored, list(once), us["id"], tlp)


def _report(stored: StoredArticle, refs: list[str], by: str, tlp: Tlp) -> Object:
    article, verdict = stored.article, stored.verdict
    report = _common("report", article.url, stored.first_seen, tlp) | {
        "created_by_ref": by,
        "name": clean_line(article.title, limit=500) or address(stored),
        "description": excerpt(stored),
        "published": _time(article.published or stored.first_seen),
        "report_types": ["threat-actor"],
        "object_refs": refs,
        "labels": [f"verdict:{verdict.decision}"],
        "external_references": [
            {"source_name": clean_line(article.outlet or stored.source), "url": address(stored)},
        ],
    }
    if verdict.score is not None:
        report["confidence"] = round(verdict.score * 100)
    return report | ({"lang": article.language} if article.language else {})


def _claimed(claim: Claim, actors: dict[str, Object], stored: StoredArticle, tlp: Tlp) -> Iterator[Object]:
    accused = actors.get(claim.accused_entity) or _identity(claim.accused, tlp)
    yield accused
    if claim.claimant:
        yield _identity(claim.claimant, tlp)
    if claim.victim:
        victim = _identity(claim.victim, tlp)
        yield victim
        yield _targets(accused, victim, claim, stored, tlp)


def _targets(accused: Object, victim: Object, claim: Claim, stored: StoredArticle, tlp: Tlp) -> Object:
    kind = "targets" if accused["type"] == "threat-actor" else "related-to"
    key = f"{accused['id']} {kind} {victim['id']} {stored.article.url}"
    hedge = f"{claim.hedge}: {claim.hedge_text}" if claim.hedge_text else claim.hedge
    return _common("relationship", key, stored.first_seen, tlp) | {
        "relationship_type": kind,
        "source_ref": accused["id"],
        "target_ref": victim["id"],
        "description": f"{claim.claimant or 'unnamed'} ({hedge}): {clean_line(claim.quote, limit=300)}",
        "external_references": [{"source_name": clean_line(stored.source), "url": address(stored)}],
    }


def _actor(mention: Mention, tlp: Tlp) -> Object:
    return _common("threat-actor", mention.entity, ALWAYS, tlp) | {
        "name": clean_line(mention.name),
        "threat_actor_types": ["unknown"],
    }


def _identity(name: str, tlp: Tlp, *, identity_class: str = "unknown") -> Object:
    return _common("identity", name.casefold(), ALWAYS, tlp) | {
        "name": clean_line(name),
        "identity_class": identity_class,
    }


def _common(kind: str, key: str, at: datetime, tlp: Tlp) -> Object:
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{derived(kind, key)}",
        "created": _time(at),
        "modified": _time(at),
        "object_marking_refs": [MARKINGS[tlp]],
    }


def _marking(tlp: Tlp) -> Object:
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": MARKINGS[tlp],
        "created": TLP_PUBLISHED,
        "name": f"TLP:{tlp.upper()}",
        "extensions": {TLP_2: {"extension_type": "property-extension", "tlp_2_0": str(tlp)}},
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
