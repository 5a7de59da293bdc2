"""The edition for programs: the document that is stored, with its kind, its strings made harmless (docs/forms.md)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from jobs.digest.document import to_document
from storage.records import EditionKind

if TYPE_CHECKING:
    from typing import Any

    from jobs.digest.edition import Edition


def as_json(edition: Edition) -> str:
    """Times in RFC 3339, UTC. An address that is not the web's is null."""
    return _written(EditionKind.DIGEST, to_document(edition))


def as_json_alert(edition: Edition) -> str:
    """The same, without a verdict on a day: an alert has none."""
    document = to_document(edition)
    return _written(EditionKind.ALERT, document | {"coverage": document["coverage"] | {"day": None}})


def _written(kind: EditionKind, document: dict[str, Any]) -> str:
    return json.dumps({"schema": document["schema"], "kind": kind, **document}, ensure_ascii=False, indent=2) + "\n"
