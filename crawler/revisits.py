"""What another look at a young article gave: the same, a revision, or a page that is not believed. Pure decisions."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from storage.records import EntityKind, Extent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.records import Article, Findings, HostLines, Judged, StoredArticle

FEWEST = 3  # words that come or go before a text counts as changed
STAYS = 0.4  # of the old text's words: a page with less of them is another page (a login, a consent form, an error)

_WORD = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\\W_]+")
_STAMP = re.compile(
    r"\W*(last |first )?(updated|modified|published|posted|aktualisiert|stand|veröffentlicht|actualizado|publicado|"
    r"mis à jour|publié|aggiornato|bijgewerkt|обновлено|опубликовано|оновлено|更新|发布|發布|수정|입력)\b.{0,80}",
    re.IGNORECASE,
)
_NOT_FOUND = re.compile(
    r"error: .*(?:\b404\b|\bnot found|no longer (?:available|exists)|nicht gefunden|introuvable|no encontrad[ao]|"
    r"non trovat[ao]|não encontrad[ao]|niet gevonden|nie znaleziono|не найден|не знайден|bulunamadı|见つかりません|"
    r"見つかりません|未找到|不存在|찾을 수 없)",
    re.IGNORECASE,
)


def believed(old: Article, new: Article) -> bool:
    """Whether a page is the article that was there before, and not what a login, a consent form or an error leaves."""
    if (new.paywalled and not old.paywalled) or (new.extent is not Extent.FULL and old.extent is Extent.FULL):
        return False
    before, now = _words(old.text.split("\n")), _words(new.text.split("\n"))
    return (before & now).total() >= STAYS * before.total()


def edited(old: StoredArticle, new: Judged) -> str | None:
    """What a page at another address says anew of an article, empty if nothing; None if it is another article."""
    if not believed(old.article, new.article):
        return None
    return change(old.article, new.article, found=(old.findings, new.findings)) or ""


def missing(reason: str) -> bool:
    """Whether the reason why a page is no article is that it says that there is none, though it answered 200."""
    return _NOT_FOUND.match(reason) is not None


def change(
    old: Article, new: Article, *, found: tuple[Findings, Findings], repeated: HostLines | None = None
) -> str | None:
    """What changed, in words; None if nothing did. `found` is what was recognised in the old text and the new.

    A text has changed when at least three words came or went. Where they stand, line breaks, marks, case, and lines
    that say when a page was updated do not count, nor do lines that the host is known to repeat now.
    """
    added, removed = _difference(_lines(old, repeated), _lines(new, repeated))
    text = added + removed >= FEWEST
    titled = _words([old.title]) != _words([new.title])
    if not text and not titled:
        return None
    said = ["headline changed"] if titled else []
    said += _recognised(*found) if text else []
    return ", ".join([*said, f"text changed (+{added} -{removed} words)"] if text else said)


def _lines(article: Article, repeated: HostLines | None) -> list[str]:
    lines = [line for line in article.text.split("\n") if not _STAMP.fullmatch(line.strip())]
    if repeated is None or not repeated.known or not lines:
        return lines
    from crawler.extract.fingerprints import without_repeated

    return without_repeated([line for line in lines if line], repeated)[0]


def _difference(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    before, now = _words(old), _words(new)
    return (now - before).total(), (before - now).total()


def _words(lines: Sequence[str]) -> Counter[str]:
    return Counter(word for line in lines for word in _WORD.findall(line.casefold()))


def _recognised(old: Findings, new: Findings) -> list[str]:
    said = []
    if {(c.accused_entity, c.hedge) for c in old.claims} != {(c.accused_entity, c.hedge) for c in new.claims}:
        said.append("attribution changed")
    if {m.entity for m in new.mentions if m.kind is EntityKind.ACTOR} - {m.entity for m in old.mentions}:
        said.append("actor named")
    if {c.victim for c in new.claims if c.victim} - {c.victim for c in old.claims}:
        said.append("victim named")
    return said
