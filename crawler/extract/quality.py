"""Signs that a text was spun or stitched together by a machine. They lower its rank, and never delete it.

Each is something that newsrooms do not print, in the words of `quality.toml`. A text may carry none and still be
worthless: this finds carelessness, not lies.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from crawler.extract.fingerprints import paragraphs
from crawler.extract.headline import registrable
from crawler.extract.residue import line_key, weight
from crawler.urls import host_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.records import Article, Standing


class Sign(StrEnum):
    """What is odd about a text."""

    LOST_NUMBERS = "numbers lost after a month"
    CUT_SENTENCES = "sentences cut at abbreviations"
    PLAYER = "another outlet's player"
    INTERFACE = "foreign interface words at the end"
    STITCHED = "paragraphs of two other outlets"
    ANONYMOUS = "no author and no date"  # counts only beside another one


WEIGHTS = {
    Sign.LOST_NUMBERS: 0.4,
    Sign.CUT_SENTENCES: 0.3,
    Sign.PLAYER: 0.3,
    Sign.INTERFACE: 0.2,
    Sign.STITCHED: 0.4,
    Sign.ANONYMOUS: 0.1,
}

AROUND = 24  # characters that are looked at before and after a month
CUTS = 2  # sentences; one may be the fault of whoever read the page
PLAYERS = 2  # different strings that any player may say, one of which stands alone
IN_PROSE = 80  # characters beside such a string that make it a part of the text
LAST = 3  # lines
WORDS = 60  # weight of a line of an interface, at most
TELLING = 8  # letters
ANYWHERE = 3  # languages; a word that so many have is one of all
COMMON = "en"  # interfaces are in English anywhere
STITCHES = 2  # paragraphs that stand elsewhere
SHARED = 1 / 3  # of the text that they are, at least
COPIED = 1 / 2  # of the text that stands in one article: then it is a copy


@dataclass(frozen=True, kw_only=True)
class Patterns:
    """What `quality.toml` says, ready to use."""

    months: dict[str, re.Pattern[str]]  # by language
    dates: dict[str, re.Pattern[str]]
    cuts: dict[str, dict[str, re.Pattern[str]]]  # by language and abbreviation
    outlets: dict[str, tuple[str, ...]]  # string -> registrable hosts that may say it
    players: tuple[str, ...]
    interface: dict[str, frozenset[str]]  # word -> languages


def graded(article: Article, read: Sequence[str] = ()) -> Article:
    """The article with the signs it carries and what they leave of its quality.

    `read` are the lines as they were read, before residue was taken out.
    """
    found = [sign for sign, carried in _SIGNS.items() if carried(article, read or article.text.split("\n"))]
    return marked(article, *found) if found else article


def marked(article: Article, *signs: Sign) -> Article:
    """The article with these signs besides those it has."""
    found = dict.fromkeys([*map(Sign, article.signs), *signs])
    if found and not article.authors and article.published is None:
        found[Sign.ANONYMOUS] = None
    lost = sum(WEIGHTS[sign] for sign in found)
    return replace(article, signs=tuple(map(str, found)), quality=round(max(1.0 - lost, 0.0), 2))


def regard(article: Article, standing: Sequence[Standing]) -> Article:
    """The article, marked where paragraphs of it stand in articles of two other outlets.

    A copy of one article is none of these, be it a wire report that ten outlets print; nor is a report that names its
    agency, nor one that quotes: what is shared must be a third of the text, and none of the others hold half of it.
    """
    if article.dateline is not None and article.dateline.agency:
        return article
    home = registrable(host_of(article.url))
    others = [place for place in standing if registrable(place.host) != home and place.outlet != article.outlet]
    enough = len({place.line for place in others}) >= STITCHES
    if not enough or len({registrable(place.host) for place in others}) < STITCHES:
        return article
    return marked(article, Sign.STITCHED) if _is_stitched(article, others) else article


def _is_stitched(article: Article, others: Sequence[Standing]) -> bool:
    sizes = paragraphs(article.text.split("\n"))
    held: Counter[int] = Counter()
    for place in others:
        held[place.article_id] += sizes.get(place.line, 0)
    shared = sum(sizes.get(line, 0) for line in {place.line for place in others})
    total = sum(sizes.values())
    return shared >= SHARED * total and max(held.values()) <= COPIED * total


@cache
def patterns() -> Patterns:
    """The patterns of all languages; the file is read once."""
    read = tomllib.loads(files(__package__).joinpath("quality.toml").read_text("utf-8"))
    residue = tomllib.loads(files(__package__).joinpath("residue.toml").read_text("utf-8"))
    interface: dict[str, set[str]] = {}
    for kind in (residue["lines"], residue["headings"], read["interface"]):
        for language, words in kind.items():
            for word in words:
                interface.setdefault(_word(word), set()).add(language)
    return Patterns(
        months={language: re.compile("|".join(months)) for language, months in read["months"].items()},
        dates={
            language: re.compile(said.replace("MONTH", f"(?:{'|'.join(read['months'][language])})"), re.MULTILINE)
            for language, said in read["dates"].items()
        },
        cuts={
            language: {short: _cut(short, read["openers"].get(language, [])) for short in listed}
            | {half: _cut(half, [r"[A-Z][a-z]{2}\w*"]) for half in read["halves"].get(language, [])}
            for language, listed in read["abbreviations"].items()
        },
        outlets={said: tuple(hosts.split()) for hosts, strings in read["outlets"].items() for said in strings},
        players=tuple(read["players"]["any"]),
        interface={word: frozenset(said) for word, said in interface.items() if word and len(said) < ANYWHERE},
    )


def _cut(short: str, openers: Sequence[str]) -> re.Pattern[str]:
    follows = rf"| (?:{'|'.join(openers)})\b" if openers else ""
    return re.compile(rf"{re.escape(short)}(?<![\w.]{'.' * len(short)})(?=$|\n{follows})")


def _loses_numbers(article: Article, _: Sequence[str]) -> bool:
    language, text = article.language or "", article.text
    if language not in patterns().months:
        return False
    return any(_is_lost(month, patterns().dates[language]) for month in patterns().months[language].finditer(text))


def _is_lost(month: re.Match[str], date: re.Pattern[str]) -> bool:
    found = date.search(month.string, max(month.start() - AROUND, 0), month.end() + AROUND)
    return found is not None and found.start() <= month.start() < found.end()


def _is_cut(article: Article, _: Sequence[str]) -> bool:
    cuts = patterns().cuts.get(article.language or "", {})
    return sum(len(cut.findall(article.text)) for short, cut in cuts.items() if short in article.text) >= CUTS


def _has_a_player(article: Article, _: Sequence[str]) -> bool:
    text = article.text.casefold()
    home = registrable(host_of(article.url)) if "://" in article.url else ""
    if any(said in text and home not in hosts for said, hosts in patterns().outlets.items()):
        return True
    said_so = [said for said in patterns().players if said in text]
    return len(said_so) >= PLAYERS or any(_in_prose(text, said) for said in said_so)


def _in_prose(text: str, said: str) -> bool:
    return any(said in line and len(line) >= len(said) + IN_PROSE for line in text.split("\n"))


def _ends_abroad(article: Article, read: Sequence[str]) -> bool:
    """One of the last lines is a word of an interface in another language than the text's."""
    if article.language is None:
        return False
    at_home = {article.language, COMMON}
    said = (_word(line) for line in read[-LAST:] if weight(line) <= WORDS)
    spoken = (patterns().interface.get(word, at_home) for word in said if _is_telling(word))
    return any(languages.isdisjoint(at_home) for languages in spoken)


def _is_telling(word: str) -> bool:
    """No "AD", no "Info": a short word without accents may belong to any language."""
    return not word.isascii() or len(word) >= TELLING


def _word(line: str) -> str:
    """A word of an interface without the number beside it: "0 comments"."""
    return line_key(line).strip("0 ()[]")


_SIGNS = {
    Sign.LOST_NUMBERS: _loses_numbers,
    Sign.CUT_SENTENCES: _is_cut,
    Sign.PLAYER: _has_a_player,
    Sign.INTERFACE: _ends_abroad,
}
