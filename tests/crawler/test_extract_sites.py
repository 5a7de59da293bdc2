"""Frozen pages in the markup of well-known publishing systems: a folder under tests/sites is a test."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crawler.extract import extract
from crawler.page import Page

if TYPE_CHECKING:
    from storage.records import Article, Dateline

SITES = Path(__file__).parents[1] / "sites"


@pytest.mark.parametrize("site", sorted(folder.name for folder in SITES.iterdir() if (folder / "page.html").exists()))
def test_a_frozen_page_gives_what_lies_beside_it(site: str) -> None:
    expected = json.loads((SITES / site / "expected.json").read_text("utf-8"))
    page = frozen(site, expected.pop("page"))
    found = told(extract(page))
    wrong = {name: (value, found[name]) for name, value in expected.items() if found[name] != value}
    assert not wrong, "\n".join(f"{site}.{name}:\n  expected {a!r}\n  found    {b!r}" for name, (a, b) in wrong.items())


def frozen(site: str, about: dict[str, str]) -> Page:
    """The page as it came; `encoding` turns it into what its own meta element claims."""
    source = (SITES / site / "page.html").read_text("utf-8")
    return Page(
        url=about["url"],
        body=source.encode(about.get("encoding", "utf-8")),
        fetched_at=datetime.fromisoformat(about["fetched_at"]),
    )


def told(article: Article) -> dict[str, Any]:
    """An article as `expected.json` writes it."""
    return {
        "title": article.title,
        "published": article.published.isoformat() if article.published else None,
        "date_source": article.date_source,
        "authors": list(article.authors),
        "outlet": article.outlet,
        "language": article.language,
        "canonical_url": article.canonical_url,
        "summary": article.summary,
        "image": article.image,
        "tags": list(article.tags),
        "paywalled": article.paywalled,
        "dateline": written(article.dateline),
        "text": article.text.split("\n"),
    }


def written(dateline: Dateline | None) -> dict[str, str | None] | None:
    """A dateline as `expected.json` writes it."""
    if dateline is None:
        return None
    day = dateline.date.isoformat() if dateline.date else None
    return {"place": dateline.place, "date": day, "agency": dateline.agency}
