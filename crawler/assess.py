"""What a worker process does with a page: extract the article, judge it, say in one value what came of it.

Everything here runs where it can be killed. A gate that fails holds the article: it is never accepted unjudged, and
never lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.errors import ModelError, NotAnArticleError, UnextractableError
from crawler.urls import host_of, url_key
from storage.archive import NO_MODEL, STATE
from storage.records import Article, Decision, Judged, LinkState, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.classify.model import Model
    from crawler.page import Page


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """What came of a page. `judged` is there exactly when the state is flagged, held or rejected."""

    state: LinkState
    reason: str
    judged: Judged | None = None


def assess(page: Page, model: Model | ModelError) -> Assessment:
    """Extract and judge a page."""
    article = read(page)
    if isinstance(article, Assessment):
        return article
    verdict = judge(article, model)
    return Assessment(
        state=STATE[verdict.decision],
        reason=verdict.why,
        judged=Judged(key=article_key(article), article=article, verdict=verdict),
    )


def read(page: Page) -> Article | Assessment:
    """The article of a page, or what the page is instead."""
    from crawler.extract import extract

    try:
        return extract(page)
    except NotAnArticleError as error:
        return Assessment(state=LinkState.NOT_AN_ARTICLE, reason=str(error))
    except UnextractableError as error:
        return Assessment(state=LinkState.UNEXTRACTABLE, reason=error.reason)


def judge(article: Article, model: Model | ModelError) -> Verdict:
    """The model's verdict, or a hold that says why there is none."""
    if isinstance(model, ModelError):
        return held(f"not judged: {model}")
    try:
        return model.judge(title=article.title, text=article.text, language=article.language)
    except Exception as error:  # noqa: BLE001 - fail closed: whatever breaks in the gate, a person looks at the article
        return held(f"not judged: the gate failed with {type(error).__name__}: {error}")


def held(why: str) -> Verdict:
    """The verdict when nothing could judge."""
    return Verdict(decision=Decision.HOLD, score=None, threshold=1.0, reject_below=0.0, model=NO_MODEL, why=why)


def article_key(article: Article) -> str:
    """The identity a page claims: its canonical URL if that stays on the host, else where it was found."""
    if article.canonical_url and host_of(article.canonical_url) == host_of(article.url):
        return url_key(article.canonical_url)
    return url_key(article.url)


def load_model(path: Path) -> Model | ModelError:
    """The model, or the reason why there is none."""
    from crawler.classify.model import load

    try:
        return load(path)
    except ModelError as error:
        return error
