"""What a person may ask the archive: words, "phrases", prefix*, title:word, AND, OR, NOT, and parentheses.

One tree, written out for FTS5 and for PostgreSQL. Words become tokens before they are written out, and tokens hold
nothing but letters and digits: no text can break out into either syntax.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from storage.errors import QueryError
from storage.tokens import paired, tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 2000  # characters
DEEPEST = 20  # parentheses in one another
SHORTEST_PREFIX = 2  # letters before a *
_LEXEME = re.compile(
    r"\s*(?:(?P<sign>[()])|(?P<minus>-+)(?=[^\s)-])|"
    r'(?P<title>title:)?(?:"(?P<phrase>[^"]*)"|(?P<open>")|(?P<word>[^\s()"]+)))'
)
_WORDS = ("AND", "OR", "NOT")


@dataclass(frozen=True, kw_only=True)
class Term:
    """Tokens in a row. With `prefix` the last one only begins the word that is looked for."""

    tokens: tuple[str, ...]
    prefix: bool = False
    title: bool = False


@dataclass(frozen=True, kw_only=True)
class All:
    """Every one of `wanted`, none of `unwanted`."""

    wanted: tuple[Query, ...]
    unwanted: tuple[Query, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Any:
    """At least one of them."""

    of: tuple[Query, ...]


Query = Term | All | Any


@dataclass(frozen=True, kw_only=True)
class _Lexeme:
    kind: str  # "(", ")", "AND", "OR", "NOT", "term" or "end"
    at: int
    term: Term | None = None


def parse(text: str) -> Query:
    """The query that a person wrote. Raises `QueryError` with the place that cannot be understood."""
    if len(text) > LONGEST:
        raise QueryError(f"a query may have {LONGEST} characters, this one has {len(text)}")
    return _Parser(_lexemes(text)).query()


def terms(query: Query) -> list[Term]:
    """The terms that a hit may hold: those that are not excluded."""
    match query:
        case Term():
            return [query]
        case All():
            return [term for part in query.wanted for term in terms(part)]
        case Any():
            return [term for part in query.of for term in terms(part)]


def anywhere(query: Query) -> Query:
    """The query without the places of its words: whatever holds the query holds this, too."""
    match query:
        case Term():
            *rest, last = (Term(tokens=(token,)) for token in query.tokens)
            last = replace(last, prefix=query.prefix)
            return All(wanted=(*rest, last)) if rest else last
        case All():
            unwanted = tuple(part for part in query.unwanted if anywhere(part) == part)
            return All(wanted=tuple(anywhere(part) for part in query.wanted), unwanted=unwanted)
        case Any():
            return Any(of=tuple(anywhere(part) for part in query.of))


def as_fts5(query: Query) -> str:
    """The query as FTS5 reads it, on the columns `title` and `body`."""
    match query:
        case Term():
            columns = "{title}" if query.title else "{title body}"
            phrase = " + ".join(f'"{token}"' for token in query.tokens)
            return f"({columns} : {phrase}{' *' if query.prefix else ''})"
        case All():
            wanted = _joined([as_fts5(part) for part in query.wanted], " AND ")
            unwanted = "".join(f" NOT {as_fts5(part)}" for part in query.unwanted)
            return f"({wanted}{unwanted})"
        case Any():
            return _joined([as_fts5(part) for part in query.of], " OR ")


def as_tsquery(query: Query) -> str:
    """The query as a PostgreSQL `tsquery` literal; titles have weight A."""
    match query:
        case Term():
            *rest, last = query.tokens
            weight = "A" if query.title else ""
            marked = [_lexeme_of(token, weight) for token in rest] + [_lexeme_of(last, "*" * query.prefix + weight)]
            return _joined(marked, " <-> ")
        case All():
            unwanted = [f"!{as_tsquery(part)}" for part in query.unwanted]
            return _joined([*(as_tsquery(part) for part in query.wanted), *unwanted], " & ")
        case Any():
            return _joined([as_tsquery(part) for part in query.of], " | ")


def _lexeme_of(token: str, marks: str) -> str:
    return f"'{token}':{marks}" if marks else f"'{token}'"


def _joined(parts: Sequence[str], sign: str) -> str:
    return "(" + sign.join(parts) + ")"


def _lexemes(text: str) -> list[_Lexeme]:
    found: list[_Lexeme] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _LEXEME.match(text, at)
        assert match is not None, "every character begins a lexeme"
        found.append(_lexeme(match))
        at = match.end()
    return [*found, _Lexeme(kind="end", at=end)]


def _lexeme(match: re.Match[str]) -> _Lexeme:
    at = match.end() - len(match.group().lstrip())
    if match["sign"]:
        return _Lexeme(kind=match["sign"], at=at)
    if match["minus"]:
        return _Lexeme(kind="NOT", at=at)
    if match["open"]:
        raise QueryError(f'character {at + 1}: the quotation mark " is never closed')
    word = match["word"]
    if word in _WORDS and not match["title"]:
        return _Lexeme(kind=word, at=at)
    said = match["phrase"] if word is None else word
    return _Lexeme(kind="term", at=at, term=_term(said, at=at, title=bool(match["title"]), quoted=word is None))


def _term(said: str, *, at: int, title: bool = False, quoted: bool = False) -> Term:
    prefix = said.endswith("*") and not quoted
    cut = tuple(tokens(said))
    if not cut:
        raise QueryError(f"character {at + 1}: {said[:40]!r} has no letter or digit to look for")
    if prefix and len(cut[-1]) < SHORTEST_PREFIX and not paired(cut[-1]):
        raise QueryError(f"character {at + 1}: write at least {SHORTEST_PREFIX} letters before the *")
    alone = len(cut) == 1 and len(cut[0]) == 1 and paired(cut[0])
    return Term(tokens=cut, prefix=prefix or alone, title=title)


class _Parser:
    """Recursive descent: OR binds least, then AND (which may be left out), then NOT."""

    def __init__(self, lexemes: Sequence[_Lexeme]) -> None:
        self._lexemes = lexemes
        self._next = 0
        self._depth = 0

    def query(self) -> Query:
        found = self._any()
        if self._peek.kind != "end":
            raise QueryError(f"character {self._peek.at + 1}: this ) closes nothing")
        return found

    @property
    def _peek(self) -> _Lexeme:
        return self._lexemes[self._next]

    def _take(self, *kinds: str) -> bool:
        taken = self._peek.kind in kinds
        self._next += taken
        return taken

    def _any(self) -> Query:
        parts = [self._all()]
        while self._take("OR"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Any(of=tuple(parts))

    def _all(self) -> Query:
        at = self._peek.at
        wanted: list[Query] = []
        unwanted: list[Query] = []
        while True:
            (unwanted if self._take("NOT") else wanted).append(self._one())
            self._take("AND")
            if self._peek.kind in {"end", ")", "OR"} and self._lexemes[self._next - 1].kind != "AND":
                break
        if not wanted:
            raise QueryError(f"character {at + 1}: say what to look for, not only what to leave out")
        return wanted[0] if len(wanted) == 1 and not unwanted else All(wanted=tuple(wanted), unwanted=tuple(unwanted))

    def _one(self) -> Query:
        here = self._peek
        if self._take("("):
            self._depth += 1
            if self._depth > DEEPEST:
                raise QueryError(f"character {here.at + 1}: more than {DEEPEST} parentheses in one another")
            found = self._any()
            if not self._take(")"):
                raise QueryError(f"character {here.at + 1}: this ( is never closed")
            self._depth -= 1
            return found
        if self._take("term") and here.term is not None:
            return here.term
        missing = "the query ends where a word should stand"
        wrong = missing if here.kind == "end" else f"a word should stand before this {here.kind}"
        raise QueryError(f"character {here.at + 1}: {wrong}")
