"""Datelines in Chinese, Japanese and Korean: 新华社北京11月3日电, （ワシントン＝共同）, (서울=연합뉴스)."""

from __future__ import annotations

import re

from crawler.extract.dateline.agencies import agency_among, agency_named, lexicon
from crawler.extract.dateline.opening import Day, Opening

MAX_PLACE = 14  # code points
MAX_UNKNOWN_PLACE = 5  # of a Chinese name that is on no list
MAX_AGENCY = 8

_SENT = re.compile(
    r"[（(【［\[]?(?P<before>[^\d\s（(【［\[，。,]{0,24}?)\s*(?:(?P<year>20\d\d)年)?(?:(?P<month>\d{1,2})月)?(?P<day>\d{1,2})日"
    r"(?:\d{1,2}[时時])?(?:[专專]?[电電讯訊]|[綜综]合外[電电])(?:[^（(]{0,3}[（(](?P<source>[^）)]{1,40})[)）])?"
)
_BRACKETS = re.compile(r"[（(【［\[](?P<inside>[^（）()【】［］\[\]]{2,40})[）)】］\]]")
_GAP = re.compile(r"[=＝:：\s　/／]+")
_DAY = re.compile(r"(?:(?P<month>\d{1,2})月)?(?P<day>\d{1,2})日")
_HAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_NAME = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3・·ー]+")
_REPORTER = re.compile(r"[记記]者")


def han_opening(line: str) -> Opening | None:
    """The dateline with which a line opens, None without one."""
    if not _HAN.search(line[:40]):
        return None
    return _sent(line) or _bracketed(line)


def _sent(line: str) -> Opening | None:
    """新华社北京11月3日电, 北京11月3日电（新华社）, （中央社記者王小明台北3日電）."""
    if (found := _SENT.match(line)) is None:
        return None
    before = found["before"]
    size = next((size for size in range(min(MAX_AGENCY, len(before)), 1, -1) if agency_named(before[:size])), 0)
    agency = agency_named(before[:size]) or agency_among(found["source"] or "")
    return Opening(place=_chinese_place(before[size:]), day=_day(found), agency=agency)


def _chinese_place(name: str) -> str | None:
    """The place at the end of what stands before the date: after an outlet or a reporter only one that is known."""
    known = next((place for place in lexicon().chinese_places if name.endswith(place)), None)
    if known or _REPORTER.search(name) or name.endswith(lexicon().outlet_endings):
        return known
    return name if 1 < len(name) <= MAX_UNKNOWN_PLACE and _NAME.fullmatch(name) else None


def _bracketed(line: str) -> Opening | None:
    """（ワシントン＝共同）, [ソウル 3日 ロイター], 【パリAFP＝時事】, (서울=연합뉴스); None without a known agency."""
    found = _BRACKETS.match(line)
    tokens = [token for token in _GAP.split(found["inside"]) if token] if found else []
    place = agency = day = None
    for at, token in enumerate(tokens):
        if token in lexicon().not_places:
            return None  # a picture's credit
        when = _DAY.fullmatch(token)
        before, named = ("", None) if when else _split(token)
        day, agency = day or (_day(when) if when else None), agency or named
        if at == 0 and before and len(before) <= MAX_PLACE and _NAME.fullmatch(before):
            place = before
    return Opening(place=place, day=day, agency=agency) if agency else None


def _split(token: str) -> tuple[str, str | None]:
    """A place and the agency written right behind it: "ワシントン共同"."""
    if agency := agency_named(token):
        return "", agency
    sizes = range(min(MAX_AGENCY, len(token) - 2), 1, -1)
    size = next((size for size in sizes if agency_named(token[-size:])), 0)
    return (token[:-size], agency_named(token[-size:])) if size else (token, None)


def _day(found: re.Match[str]) -> Day | None:
    parts = found.groupdict()
    month, year = (int(parts[name]) if parts.get(name) else None for name in ("month", "year"))
    return Day(day=int(parts["day"]), month=month, year=year)
