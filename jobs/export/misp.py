"""MISP events, one for each article, as the JSON that MISP imports. Needs the extra `misp`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from crawler.text import clean_line
from jobs.exits import ConfigError
from jobs.export.item import Tlp, address, derived, excerpt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from storage.records import StoredArticle

THREAT_LEVEL_UNDEFINED = 4
ANALYSIS_INITIAL = 0
DISTRIBUTION_ORGANISATION = 0


def as_misp(articles: Iterable[StoredArticle], *, tlp: Tlp) -> Iterator[bytes]:
    """`{"response": [{"Event": ...}, ...]}`, checked by PyMISP. No attribute is for detection: news is no indicator."""
    event_class = _event_class()
    yield b'{"response": [\n'
    between = b""
    for stored in articles:
        event = event_class()
        event.from_dict(**_event(stored, tlp))
        yield between + json.dumps({"Event": json.loads(event.to_json())}, ensure_ascii=False, sort_keys=True).encode()
        between = b",\n"
    yield b"\n]}\n"


def _event_class() -> Any:
    try:
        from pymisp import MISPEvent
    except ImportError as error:
        raise ConfigError("MISP needs the extra `misp`: pip install 'spywire[misp]'") from error
    return MISPEvent


def _event(stored: StoredArticle, tlp: Tlp) -> dict[str, Any]:
    article = stored.article
    actors = sorted({name.name for name in stored.findings.mentions if name.kind == "actor" and name.entity})
    return {
        "uuid": str(derived("event", article.url)),
        "info": clean_line(article.title, limit=500) or address(stored),
        "date": f"{(article.published or stored.first_seen):%Y-%m-%d}",
        "timestamp": int(stored.first_seen.timestamp()),
        "threat_level_id": THREAT_LEVEL_UNDEFINED,
        "analysis": ANALYSIS_INITIAL,
        "distribution": DISTRIBUTION_ORGANISATION,
        "Attribute": list(_attributes(stored)),
        "Tag": [
            {"name": f"tlp:{tlp}"},
            {"name": f'spywire:verdict="{stored.verdict.decision}"'},
            *({"name": f'misp-galaxy:threat-actor="{actor}"'} for actor in actors),
        ],
    }


def _attributes(stored: StoredArticle) -> Iterator[dict[str, Any]]:
    yield _attribute(stored, "link", address(stored), clean_line(stored.article.outlet or stored.source))
    yield _attribute(stored, "text", excerpt(stored), "excerpt")
    yield _attribute(stored, "comment", clean_line(stored.verdict.why), "why it was flagged")
    for claim in stored.findings.claims:
        said = f"{claim.claimant or 'unnamed'}: {claim.accused} ({claim.hedge})"
        yield _attribute(stored, "text", clean_line(claim.quote, limit=300), clean_line(said))


def _attribute(stored: StoredArticle, kind: str, value: str, comment: str) -> dict[str, Any]:
    return {
        "uuid": str(derived("attribute", f"{stored.article.url} {kind} {value}")),
        "type": kind,
        "category": "External analysis" if kind != "comment" else "Internal reference",
        "value": value or "(empty)",
        "comment": comment,
        "to_ids": False,
        "timestamp": int(stored.first_seen.timestamp()),
    }
