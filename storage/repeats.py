"""Soft 404s: pages that answer 200 and say the same whatever was asked for."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from sqlalchemy import bindparam, select, update

from storage.findings import write_findings
from storage.likeness import forget as forget_sketch
from storage.records import NO_FINDINGS, DateSource, Extent, LinkState
from storage.rows import text_hash
from storage.search import forget
from storage.tables import ArticleRow, LinkRow, PrintRow, VerdictRow
from storage.verdicts import labelled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from storage.lines import Print
    from storage.records import Article, Judged, Settled

SOFT_404 = "soft 404"
LINKS = 3  # of a host with the same text, before it can be a soft 404
FULL_TEXT = 1000  # code points; what is shorter may be all that a paywall shows
MOST_ALIKE = 20  # links that are looked at
WORD = 4  # letters of a word that says something
ABOUT = 0.5  # share of a title's words that stand in a text about it
FROM_ELSEWHERE = {None, DateSource.FEED, DateSource.URL}  # dates that a page need not have itself
STORED = {LinkState.FLAGGED, LinkState.HELD, LinkState.REJECTED}

_SAYING = re.compile(rf"[^\W\d_]{{{WORD},}}")
_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+")

_ALIKE = (
    select(PrintRow.title, LinkRow.url)
    .join(LinkRow, LinkRow.id == PrintRow.link_id)
    .where(PrintRow.host == bindparam("host"), PrintRow.text == bindparam("text"))
    .where(PrintRow.link_id != bindparam("link"))
    .order_by(PrintRow.link_id)
    .limit(MOST_ALIKE)
)


def is_soft_404(article: Article, link: str, others: Sequence[tuple[str, str]]) -> bool:
    """Whether a text that several links of a host have is no article; `others` are titles and URLs of the other links.

    It is when three different stories are announced and the text is about none of them. Under fewer titles the same
    text is one article under several addresses, unless it is short, unsigned and undated, and all addresses name
    different things of which it says nothing.
    """
    if len(others) + 1 < LINKS or article.extent is not Extent.FULL:
        return False
    titles = {_folded(title) for title in (article.title, *(title for title, _ in others))}
    if len(titles) >= LINKS:
        return not any(_about(article.text, title) for title in titles)
    slugs = [_slug(url) for url in (link, *(url for _, url in others))]
    signed = article.authors or article.date_source not in FROM_ELSEWHERE
    said = f"{article.title}\n{article.text}"
    return (
        len(article.text) < FULL_TEXT
        and not signed
        and len(set(slugs)) == len(slugs)
        and not any(_about(said, slug) for slug in slugs)
    )


def alike(session: Session, page: Print) -> list[tuple[str, str]]:
    """Titles and URLs of the host's other links whose pages had this text, oldest first."""
    found = session.execute(_ALIKE, {"host": page.lines.host, "text": page.text, "link": page.link_id})
    return [(title, url) for title, url in found]


def soft_404(outcome: Settled, host: str, links: int) -> Settled:
    """The outcome of a link whose page says what `links` others say."""
    return replace(
        outcome,
        state=LinkState.NOT_AN_ARTICLE,
        reason=f"{SOFT_404}: the same text as {links} other pages of {host}",
    )


def withdraw(session: Session, page: Print, outcome: Settled, *, run: int) -> None:
    """Settle the links of the host whose pages had this text like the soft 404 they are.

    Their articles are kept, their verdicts stand no more. What a person has labelled stays.
    """
    again = LinkRow.state.in_([*STORED, LinkState.DUPLICATE])
    query = select(LinkRow, ArticleRow.id).join(PrintRow, PrintRow.link_id == LinkRow.id).outerjoin(ArticleRow)
    same = PrintRow.host == page.lines.host, PrintRow.text == page.text
    query = query.where(*same, again).order_by(LinkRow.id)
    for link, article_id in session.execute(query).all():
        if article_id is not None and labelled(session, article_id):
            continue
        if article_id is not None:
            retract(session, article_id, at=outcome.at)
        was = f"; was {link.state}" if link.state in STORED else ""
        link.state, link.reason = outcome.state, outcome.reason + was
        link.settled_at, link.settled_by = outcome.at, run


def retract(session: Session, article_id: int, *, at: datetime) -> None:
    """Let no verdict on an article stand, and let nothing find it. It is kept."""
    standing = VerdictRow.article_id == article_id, VerdictRow.superseded_at.is_(None)
    session.execute(update(VerdictRow).where(*standing).values(superseded_at=at))
    write_findings(session, article_id, NO_FINDINGS)
    forget(session, article_id)
    forget_sketch(session, article_id)


def not_there(session: Session, judged: Judged, link_id: int) -> bool:
    """Whether a page says what its host says of pages that are not there, as far as that is known."""
    text = text_number(judged.article.text)
    same = PrintRow.host == judged.lines.host, PrintRow.text == text, PrintRow.link_id != link_id
    settled = LinkRow.state == LinkState.NOT_AN_ARTICLE, LinkRow.reason.startswith(SOFT_404)
    query = select(PrintRow.link_id).join(LinkRow, LinkRow.id == PrintRow.link_id).where(*same, *settled)
    return bool(judged.lines.host) and session.scalar(query.limit(1)) is not None


def text_number(text: str) -> int:
    """A text as prints remember it."""
    return int.from_bytes(bytes.fromhex(text_hash(text)[:16]), signed=True)


def _about(text: str, subject: str) -> bool:
    """At least half of the words that the subject is made of stand in the text."""
    words = _words(subject)
    return bool(words) and len(words & _words(text)) >= ABOUT * len(words)


def _words(text: str) -> set[str]:
    """Words of four letters and more, of scripts without spaces pairs of characters."""
    text = text.casefold()
    pairs = (run[at : at + 2] for run in _UNSPACED.findall(text) for at in range(len(run) - 1))
    return {*_SAYING.findall(_UNSPACED.sub(" ", text)), *pairs}


def _folded(title: str) -> str:
    return " ".join(title.casefold().split())


def _slug(url: str) -> str:
    """What an address calls its page: the last part of its path with its query, words apart."""
    parts = urlsplit(url)
    last = parts.path.rstrip("/").rpartition("/")[2]
    return re.sub(r"[-_+.]", " ", unquote(f"{last} {parts.query}".strip()))
