"""The credit with which a text ends: "(Reporting by ...; Editing by ...)", "© AFP", "With inputs from PTI", "(PAP)"."""

from __future__ import annotations

import re

from crawler.extract.dateline.agencies import agencies_only, agency_among, agency_named, lexicon

TAIL = 400  # code points of the end that are read
MAX_LINES = 6
MAX_CREDIT = 90  # code points of a line that is a credit and nothing else
MAX_NAMES = 60
MAX_DESK = 40

_COPYRIGHT = re.compile(
    r"\W*(?:copyright|©|ⓒ|\(c\)|저작권자|版权|版權|著作権|riproduzione riservata|alle rechte|tous droits)"
    r"(?P<names>.{2,80})",
    re.IGNORECASE,
)
_NOT_NAMES = re.compile(
    r"\b(?:copyright|by|the|all|rights?|reserved|riproduzione|riservata|news agency)\b|\(c\)|[©ⓒ]|"
    r"\b(?:19|20)\d\d(?:-\d{2,4})?\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"\s*[.,;|<>]\s*|\s{2,}|\s[-–—]\s")
_DESK = re.compile(r"[\w./ -]{2,20}\s?\((?P<names>[^()]{2,40})\)")  # jw/rc (AFP, dpa)
_OUTLET_WITH = re.compile(
    r"[\w .'’-]{2,30}\s(?:avec(?: l['’])?|with|mit|con|com|met|et|and|und|/)\s*(?P<names>[^\s].{1,30})"
)
_STOPS = tuple(".!?…。！？»”\"’'】」)]")
_EDGES = " ()[]（）【】<>–—-*•/"
_AT_END = re.compile(
    r"[.!?…。！？»”\"’'】」]\s*"
    r"(?:[(\[（【](?P<bracket>[^()（）\[\]【】]{2,60})[)\]）】]|/(?P<slash>[^/]{2,20})/|"
    r"\s?[-–—]{1,2}\s?(?P<dash>[\w. ]{2,20})|\s(?P<bare>[^\W\d_]{3,6}))\.?$"
)


def agency_credited(text: str) -> str | None:
    """The agency that the end of a text credits, None without one."""
    tail = text[-TAIL:]
    if "(" in tail and lexicon().reuters.search(tail):
        return "Reuters"
    lines = tail.split("\n")[-MAX_LINES:]
    pairs = list(zip(("", *lines), lines, strict=False))
    if len(text) > TAIL:
        pairs[0] = ("", "")  # its line is cut
    found = (_credit(line) or _signed(line, before) for before, line in reversed(pairs))
    return next(filter(None, (*found, *map(_ending, reversed(lines)))), None)


def _credit(line: str) -> str | None:
    """Of a line that is nothing but a credit."""
    if len(line) > MAX_CREDIT:
        return None
    plain = line.strip(_EDGES)
    if agency := _introduced(plain):
        return agency
    if found := _COPYRIGHT.match(line):
        clauses = _CLAUSE.split(_NOT_NAMES.sub(" ", found["names"]).strip())
        return next(filter(None, map(agency_named, clauses)), None)
    found = _DESK.fullmatch(line) or (_OUTLET_WITH.fullmatch(plain) if len(plain) <= MAX_DESK else None)
    return agencies_only(found["names"], as_printed=True) if found else None


def _signed(line: str, before: str) -> str | None:
    """Of a line that is nothing but an agency's name, after a sentence."""
    signs = line and len(line) <= MAX_CREDIT and before.rstrip().endswith(_STOPS)
    return agencies_only(line.strip(_EDGES).rstrip("."), as_printed=True) if signs else None


def _introduced(text: str) -> str | None:
    """Source: Xinhua; with inputs from PTI."""
    found = lexicon().credits.match(text)
    return agency_among(found["names"].strip(" .")) if found and len(found["names"]) <= MAX_NAMES else None


def _ending(line: str) -> str | None:
    """Of a paragraph, after its last sentence."""
    found = _AT_END.search(line[-MAX_NAMES - MAX_DESK :])
    if found is None:
        return None
    if inside := found["bracket"] or found["slash"]:
        return agencies_only(inside) or _introduced(inside)
    return agency_named(found["dash"] or found["bare"], as_printed=True)
