"""The edition for programs: the document that is stored, with its strings made harmless (docs/forms.md)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from jobs.digest.document import to_document

if TYPE_CHECKING:
    from jobs.digest.edition import Edition


def as_json(edition: Edition) -> str:
    """Times in RFC 3339, UTC. An address that is not the web's is null."""
    return json.dumps(to_document(edition), ensure_ascii=False, indent=2) + "\n"
