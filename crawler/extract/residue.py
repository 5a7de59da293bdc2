"""Lines of the page around an article that extraction takes for its text: known by what they say, as a whole."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LINE = 200  # weight; a longer line is a paragraph and stays, whatever it says
MAX_CALL = 400  # of one that opens with a long call: consent to embedded content and the like is wordy
LONG_CALL = 4  # words
MAX_FOLLOWERS = 10  # headlines that go with the heading above them
HEAD_LINES = 4  # among which a title may stand with a kicker or an outlet
TAIL_LINES = 4  # among which a paragraph that opens with the author's name is about the author
MIN_TITLE = 12  # letters
MAX_BYLINE = 120
MAX_BESIDE_NAME = 8  # letters that a byline has beside its names
MAX_LABEL = 60
MAX_STAMP, MAX_STAMP_WORDS = 60, 7
MAX_SHARE = 0.25  # of the text; where more would go, the rules have misread the page and nothing goes

_EDGE = re.compile(r"^[\W_]+|[\W_]+$")
_DIGITS = re.compile(r"\d+")
_SPACE = re.compile(r"\s+")
_WIDE = re.compile("[\u2e80-\U0010ffff]")
_WORD = re.compile(r"[^\W\d_]+")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_CLOCK = re.compile(r"(?<!\d)[0-2]?\d[:h時][0-5]\d(?!\d)")
_POINTS = re.compile(r"\s*[:：|›»>→►▶–—-]")
_SENTENCE_END = (".", "!", "。", "”.", '."', ".”", "؟", "।")
_BARE = re.compile(
    r"(?:\S+@\S+\.\w+|(?:pic\.)?twitter\.com/\S+|@\w+)\s*$"  # an address and nothing else
    r"|(?!\|)[\d\s.,:/|-]{6,}(?:uhr|h|ist|utc|gmt|et|am|pm|cet|cest)?\s*$"  # a time stamp, and no row of a table
    r"|\W*\d+\W*(?:comments?|kommentare?|commentaires?|comentarios?|comentários|commenti|reacties|kommentarer|"
    r"комментари\w+|コメント|条评论|則留言)\W*$"
    r"|\d+\s*(?:min|mins|minutes?|minuten|minutos?|minuti)\b\.?(?:\s*(?:read|de lectura|de lecture|lesezeit))?\s*$"
    r"|\W*(?:copyright\s*)?(?:©|ⓒ|\(c\)).{0,160}$|copyright(?:\s[^.]{0,120})?\.?(?: all rights reserved\W*.{0,60})?$"
    r"|\(?(?:additional )?(?:reporting|writing|editing) by\b.{0,300}$"
    r"|.{3,250} contributed (?:reporting|to this (?:report|story|article)).{0,60}$"
    r"|[^.!?]{3,60} reported from [^.!?]{3,80}\.$"
    r"|(?:last )?(?:updated|published|posted|modified|aktualisiert|veröffentlicht|erstellt|stand|publié|mis à jour|"
    r"actualizado|publicado|atualizado|aggiornato|pubblicato|bijgewerkt|gepubliceerd|uppdaterad|publicerad|oppdatert|"
    r"publisert|opdateret|päivitetty|aktualizacja|обновлено|опубликовано|оновлено)\b[^!?]{0,24}\d[^!?]{0,40}$"
    r"|.{0,200}click to tweet\W*$|[^.!?]{0,80}\bclick(?:ing)? here\W*$"
    r"|follow .{2,80} on (?:twitter|x|facebook|instagram|threads|bluesky|telegram|youtube|whatsapp|google news)\b"
    r".{0,120}$"
    r"|e-?mail .{2,60} at \S+@\S+.{0,120}$|also on \w[\w.-]*\.\w{2,6}\b.{0,150}$"
    r"|(?:more (?:from|in|on)|most (?:read|popular|viewed) (?:in|on)|read more (?:from|on)|latest (?:in|on|from))\s"
    r"[^.!?:]{2,40}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Phrases:
    """What residue says, as keys (see `line_key`)."""

    headings: frozenset[str]
    lines: frozenset[str]
    pointers: frozenset[str]
    calls: re.Pattern[str]
    long_calls: re.Pattern[str]


def without_residue(lines: list[str], *, titles: Iterable[str] = (), authors: Iterable[str] = ()) -> list[str]:
    """The lines of an article without its repeated title and byline, and without residue."""
    lines = _without_title(lines, [key for title in titles if (key := _squashed(title))])
    authors = [author for author in authors if author]
    signed = [key for author in authors if (key := _squashed(author))]
    marks = zip(_marked(lines, signed), _biographies(lines, tuple(authors)), strict=True)
    kept = [line for line, mark in zip(lines, marks, strict=True) if not any(mark)]
    while kept and len(kept[-1]) < MAX_LABEL and kept[-1].endswith((":", "：")):  # a label of something cut
        kept.pop()
    lost = sum(map(len, lines)) - sum(map(len, kept))
    return kept if lost <= MAX_SHARE * sum(map(len, lines)) else lines


def announces_others(line: str) -> bool:
    """The line is a heading over other stories, such as "Read also"."""
    return line_key(line) in phrases().headings


def line_key(line: str) -> str:
    """A line for comparing: no case, no marks at its ends, digits as 0, single spaces."""
    return _SPACE.sub(" ", _DIGITS.sub("0", _EDGE.sub("", line.casefold().replace("’", "'"))))


def weight(line: str) -> int:
    """Length in letters of an alphabet; an ideograph or syllable block says as much as three."""
    return len(line) if line.isascii() else len(line) + 2 * len(_WIDE.findall(line))


@cache
def phrases() -> Phrases:
    """The phrases of all languages; the file is read once."""
    read = tomllib.loads(files(__package__).joinpath("residue.toml").read_text("utf-8"))
    keys = {
        kind: [line_key(p) for listed in by_language.values() for p in listed] for kind, by_language in read.items()
    }
    return Phrases(
        headings=frozenset(keys["headings"]),
        lines=frozenset(keys["lines"]) | frozenset(keys["headings"]),
        pointers=frozenset(keys["pointers"]),
        calls=_any_of(keys["calls"]),
        long_calls=_any_of([call for call in keys["calls"] if len(call.split()) >= LONG_CALL]),
    )


def _any_of(openings: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(each) + (r"(?!\w)" if each[-1] < "\u2e80" else "") for each in openings))


def _marked(lines: list[str], signed: list[str]) -> list[bool]:
    """For each line whether it is residue."""
    marks = [_is_residue(line) or _is_byline(line, signed) for line in lines]
    for at, line in enumerate(lines):
        if marks[at] and announces_others(line):
            for follower in range(at + 1, min(at + 1 + MAX_FOLLOWERS, len(lines))):
                if not _is_headline(lines[follower]):
                    break
                marks[follower] = True
    return marks


def _biographies(lines: list[str], authors: tuple[str, ...]) -> list[bool]:
    """For each line whether it closes the article with a word about who wrote it."""
    people = tuple(author for author in authors if " " in author)
    last = len(lines) - TAIL_LINES
    return [at >= last and len(line) <= MAX_CALL and line.startswith(people) for at, line in enumerate(lines)]


def _is_residue(line: str) -> bool:
    if len(line) > MAX_CALL:
        return False
    known = phrases()
    if len(line) > MAX_LINE:
        return known.long_calls.match(line_key(line[:MAX_LABEL])) is not None
    key = line_key(line)
    if known.calls.match(key):
        return True
    return weight(line) <= MAX_LINE and (
        not key
        or key in known.lines
        or _BARE.match(line) is not None
        or _is_stamp(line)
        or _points_elsewhere(line, known.pointers)
    )


def _is_stamp(line: str) -> bool:
    """Hardly more than a date with its time, in whatever language."""
    if len(line) > MAX_STAMP or not _YEAR.search(line) or not _CLOCK.search(line):
        return False
    return len(_WORD.findall(line)) <= MAX_STAMP_WORDS and not line.endswith(_SENTENCE_END)


def _points_elsewhere(line: str, pointers: frozenset[str]) -> bool:
    """The line opens with a pointer and a mark: "Read also: ..."."""
    opening = _POINTS.search(line, 2)
    return bool(opening) and line_key(line[: opening.start()]) in pointers  # type: ignore[union-attr]


def _is_byline(line: str, signed: list[str]) -> bool:
    """The line names an author and says hardly more than "by" and a date."""
    if not signed or len(line) > MAX_BYLINE or weight(line) > MAX_BYLINE:
        return False
    rest = _squashed(_DIGITS.sub("", line))
    for name in signed:
        rest = rest.replace(name, "|")
    return "|" in rest and len(rest.replace("|", "")) <= MAX_BESIDE_NAME


def _is_headline(line: str) -> bool:
    return weight(line) <= MAX_LINE * 0.7 and not line.rstrip(" ”\"'»)").endswith(_SENTENCE_END)


def _without_title(lines: list[str], titles: list[str]) -> list[str]:
    """Without the lines that repeat a title; among the first four also where a kicker or an outlet stands with it."""
    kept = []
    longest = 2 * max(map(len, titles), default=0) + MAX_LINE  # a line has marks and spaces beside its letters
    for at, line in enumerate(lines):
        key = _squashed(line) if len(line) <= longest else ""
        near = at < HEAD_LINES and len(key) >= MIN_TITLE
        if key in titles or (near and any(_same(key, title) for title in titles)):
            continue
        kept.append(line)
    return kept


def _same(line: str, title: str) -> bool:
    return len(line) <= 1.6 * len(title) and (line.startswith(title) or line.endswith(title) or line in title)


def _squashed(line: str) -> str:
    return re.sub(r"[\W_]+", "", line).casefold()
