"""An edition as text, HTML, Markdown or JSON: pure, and the same bytes every time."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from jobs.digest.plain import disarm
from jobs.digest.render.html import as_html, as_html_alert
from jobs.digest.render.json import as_json, as_json_alert
from jobs.digest.render.markdown import as_markdown, as_markdown_alert
from jobs.digest.render.text import as_text, as_text_alert
from storage.records import EditionKind

if TYPE_CHECKING:
    from jobs.digest.edition import Edition


class Form(StrEnum):
    """What an edition can be rendered as."""

    TEXT = "text"  # 78 columns, for mail's plain part and terminals
    HTML = "html"  # one file below 100 kB: mail clients clip longer ones
    MARKDOWN = "markdown"
    JSON = "json"  # documented in docs/forms.md


_DIGESTS = {Form.TEXT: as_text, Form.HTML: as_html, Form.MARKDOWN: as_markdown, Form.JSON: as_json}
_ALERTS = {
    Form.TEXT: as_text_alert,
    Form.HTML: as_html_alert,
    Form.MARKDOWN: as_markdown_alert,
    Form.JSON: as_json_alert,
}
_RENDERERS = {EditionKind.DIGEST: _DIGESTS, EditionKind.ALERT: _ALERTS}


def render(edition: Edition, form: Form | str, *, kind: EditionKind = EditionKind.DIGEST) -> str:
    """The edition in one form, ending in a line feed. ValueError for a form that there is not."""
    return _RENDERERS[kind][Form(form)](disarm(edition))
