"""What a worker process does with a page: extract the article, judge it, say in one value what came of it.

Everything here runs where it can be killed. A gate that fails holds the article: it is never accepted unjudged, and
never lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crawler.errors import ModelError, NotAnArticleError, PageKind, UnextractableError
from crawler.shingles import sketch
from crawler.urls import host_of, url_key
from storage.records import (
    NO_FINDINGS,
    NO_LINES,
    NO_MODEL,
    STATE,
    Article,
    DateSource,
    Decision,
    Extent,
    Judged,
    LinkState,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crawler.classify.model import Model
    from crawler.page import Page
    from storage.records import Findings, PageLines, Standing


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """What came of a page. `judged` is there exactly when the state is flagged, held or rejected."""

    state: LinkState
    reason: str
    judged: Judged | None = None


@dataclass(frozen=True, kw_only=True)
class Shadow:
    """A model that is tried beside the one that decides: its version, and itself or why it is not there."""

    version: str
    model: Model | ModelError


def assess(page: Page, model: Model | ModelError, shadow: Shadow | None = None) -> Assessment:
    """Extract and judge a page, without the lines that its host repeats."""
    from crawler.extract.fingerprints import page_lines, without_repeated

    article = read(page)
    if isinstance(article, Assessment):
        return article
    if article.extent is not Extent.FULL:
        return assessed(article, model, shadow)
    lines = article.text.split("\n")
    kept, dropped = without_repeated(lines, page.repeated)
    article = replace(article, text="\n".join(kept), dropped_lines=len(dropped))
    return assessed(article, model, shadow, lines=page_lines(page.host, lines))


def describe(page: Page, because: str, model: Model | ModelError, shadow: Shadow | None = None) -> Assessment:
    """Judge a page on what its head says of it, where `because` names why it could not be read."""
    from crawler.extract import described

    article = described(page)
    if article is None:
        return Assessment(state=LinkState.UNEXTRACTABLE, reason=because)
    reason = f"killed: {because}; judged on its description"
    return assessed(replace(article, extent=Extent.SUMMARY, extent_reason=reason), model, shadow)


def assessed(
    article: Article, model: Model | ModelError, shadow: Shadow | None = None, *, lines: PageLines = NO_LINES
) -> Assessment:
    """An article with the verdict on it."""
    verdict = judge(article, model)
    judged = Judged(
        key=article_key(article),
        article=article,
        verdict=verdict,
        findings=named(article) if verdict.decision is not Decision.REJECT else NO_FINDINGS,
        lines=lines,
        sketch=sketch(article.text),
        shadow=shadowed(article, shadow),
    )
    return Assessment(state=STATE[verdict.decision], reason=verdict.why, judged=judged)


def named(article: Article) -> Findings:
    """Who is named in an article, and who is said to have done it."""
    from crawler.actors import findings

    return findings(title=article.title, text=article.text, language=article.language)


def read(page: Page) -> Article | Assessment:
    """The article of a page, or what the page is instead. Of what is paid for, what the feed says."""
    from crawler.extract import extract

    try:
        return extract(page)
    except NotAnArticleError as error:
        teaser = announced(page) if error.kind is PageKind.PAYWALL else None
        return teaser or Assessment(state=LinkState.NOT_AN_ARTICLE, reason=str(error))
    except UnextractableError as error:
        return Assessment(state=LinkState.UNEXTRACTABLE, reason=error.reason)


def announced(page: Page) -> Article | None:
    """The article that a feed announces, of which the page shows no more; None where the feed says too little."""
    from crawler.extract.described import TEASER, described
    from crawler.language import language_of
    from crawler.text import clean_line, clean_text

    link = page.link
    summary = clean_text(link.summary) if link and link.summary else ""
    if link is None or not link.title or len(summary) < TEASER:
        return None
    source = DateSource.FEED if link.published else None
    plain = Article(url=page.url, title="", text="", authors=link.authors, published=link.published, date_source=source)
    return replace(
        described(page) or plain,
        title=clean_line(link.title),
        text=summary,
        summary=summary,
        language=language_of(summary),
        paywalled=True,
        extent=Extent.SUMMARY,
        extent_reason="paywall; judged on the feed's summary",
    )


def regard(article: Article, standing: Sequence[Standing]) -> Article:
    """The article, marked if it is stitched together from others. For the process that stores: it imports late."""
    if len(standing) < 2:  # noqa: PLR2004 - nothing can be stitched from less
        return article
    from crawler.extract.quality import regard

    return regard(article, standing)


def judge(article: Article, model: Model | ModelError) -> Verdict:
    """The model's verdict, or a hold that says why there is none."""
    if isinstance(model, ModelError):
        return held(f"not judged: {model}")
    try:
        teaser = True if article.extent is Extent.SUMMARY else None  # else its length tells
        return model.judge(title=article.title, text=article.text, language=article.language, teaser=teaser)
    except Exception as error:  # noqa: BLE001 - fail closed: whatever breaks in the gate, a person looks at the article
        return held(f"not judged: the gate failed with {type(error).__name__}: {error}")


def shadowed(article: Article, shadow: Shadow | None) -> Verdict | None:
    """What the shadow says; where it fails, a hold without a score under its name, so that the failure is counted."""
    return None if shadow is None else replace(judge(article, shadow.model), model=shadow.version)


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
    from crawler.classify.correction import load_any

    try:
        return load_any(path)
    except ModelError as error:
        return error
