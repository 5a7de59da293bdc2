"""The recall audit: today's draw, and what all answers come to."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from crawler.text import clean_line
from jobs.teaching.labelling import give, label_of
from jobs.teaching.recall import answers, estimate, sample
from storage.audits import Audits
from storage.records import Stratum, Word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from jobs.teaching.recall import Estimate
    from storage.database import Database
    from storage.records import Draw, StoredArticle

DRAWN_FROM = timedelta(days=7)  # rejects of the last week
LEAD = 400  # code points of the text that are shown
NOTE = "recall audit"
WHERE = {Stratum.NEAR: "near it", Stratum.MIDDLE: "well below it", Stratum.FAR: "far below it"}
WORDS = {"f": Word.FLAG, "r": Word.REJECT}

Drawn = tuple["Draw", "StoredArticle"]


def draw(database: Database, *, n: int, at: datetime) -> list[Drawn]:
    """Today's rejects to ask about. They are drawn once a day (UTC); asked again, it gives the same ones."""
    audits, day = Audits(database), at.astimezone(UTC).date()
    if not audits.of_day(day):
        audits.keep(sample(audits.rejects(since=at - DRAWN_FROM), n, day))
    return audits.of_day(day)


def ask(
    database: Database, drawn: Sequence[Drawn], *, by: str, answers: Iterable[str], tell: Callable[[str], None]
) -> None:
    """Put each before a person: f(lag), r(eject), s(kip) or q(uit). An answer is a label, and in force at once."""
    said = iter(answers)
    for number, pair in enumerate(drawn, 1):
        tell(drawn_text(pair, number, len(drawn)))
        answer = _answer(said, tell)
        if answer is None:
            return
        if answer in WORDS:
            now = datetime.now(UTC)
            label = label_of(pair[1], WORDS[answer], by=by, note=NOTE, at=now)
            give(database, pair[1], label, now=now)


def _answer(said: Iterator[str], tell: Callable[[str], None]) -> str | None:
    """The first letter of what is asked for, asked until it is one; None at the end."""
    while True:
        tell("  espionage? [f]lag, [r]eject, [s]kip, [q]uit")
        letter = next(said, "q").strip().lower()[:1]
        if letter in {*WORDS, "s"}:
            return letter
        if letter == "q":
            return None


def report(database: Database, *, since: datetime) -> Estimate:
    """What the answers say of the rejects since then."""
    audits = Audits(database)
    return estimate(answers(audits.rejects(since=since), audits.draws(since=since)))


def open_ones(drawn: Sequence[Drawn]) -> list[Drawn]:
    """Those without an answer."""
    return [pair for pair in drawn if pair[0].answer in {None, Word.NONE}]


def draw_json(drawn: Sequence[Drawn]) -> str:
    """Today's draw for programs."""
    return json.dumps([drawn_json(pair) for pair in drawn], ensure_ascii=False)


def draw_text(drawn: Sequence[Drawn]) -> str:
    """Today's draw for people."""
    if not drawn:
        return "nothing was rejected in the last week that was not looked at already"
    return "\n\n".join(drawn_text(pair, number, len(drawn)) for number, pair in enumerate(drawn, 1))


def drawn_json(pair: Drawn) -> dict[str, Any]:
    """A drawn reject as plain data."""
    asked, stored = pair
    return {
        "id": stored.id,
        "url": stored.article.url,
        "title": stored.article.title,
        "outlet": stored.article.outlet or stored.source,
        "lead": lead(stored),
        "stratum": str(asked.stratum),
        "of": asked.size,
        "score": asked.reject.score,
        "reject_below": asked.reject.reject_below,
        "why": stored.verdict.why,
        "answer": None if asked.answer in {None, Word.NONE} else str(asked.answer),
    }


def drawn_text(pair: Drawn, number: int, of: int) -> str:
    """A drawn reject as it is put before a person."""
    asked, stored = pair
    article = stored.article
    return "\n".join(
        [
            f"[{number}/{of}]  {clean_line(article.title, limit=200) or '(no title)'}",
            f"  {clean_line(article.outlet or stored.source, limit=60)} · article {stored.id} · {article.url}",
            f"  score {asked.reject.score:.4f}, rejected below {asked.reject.reject_below:.3f}: {WHERE[asked.stratum]}",
            f"  {clean_line(stored.verdict.why, limit=300)}",
            f"  {lead(stored)}",
            *([f"  answered: {asked.answer}"] if asked.answer not in {None, Word.NONE} else []),
        ]
    )


def lead(stored: StoredArticle) -> str:
    """How the text begins, on one line."""
    return clean_line(" ".join(stored.article.text.split()), limit=LEAD)


def report_json(result: Estimate) -> dict[str, Any]:
    """An estimate as plain data."""
    return {
        "rejects": result.rejects,
        "asked": sum(each.asked for each in result.strata),
        "missed": sum(each.missed for each in result.strata),
        "share": result.share,
        "low": result.low,
        "high": result.high,
        "strata": [
            {"stratum": str(each.stratum), "rejects": each.size, "asked": each.asked, "missed": each.missed}
            for each in result.strata
        ],
    }


def report_text(result: Estimate) -> str:
    """An estimate as a person reads it."""
    asked = Counter(asked=sum(each.asked for each in result.strata), missed=sum(each.missed for each in result.strata))
    if result.share is None:
        return f"{result.rejects} rejects, none of them asked about yet: run `spywire audit`"
    lines = [
        f"Of {result.rejects} rejects {asked['asked']} were looked at, and {asked['missed']} should not have been.",
        (
            f"Missed share of the rejects: {_percent(result.share)} (95 % interval {_percent(result.low)} to "
            f"{_percent(result.high)}), about {round(result.share * result.rejects)} articles."
        ),
        f"  {'stratum':<8} {'rejects':>8} {'looked at':>10} {'missed':>7}",
        *(f"  {each.stratum:<8} {each.size:>8} {each.asked:>10} {each.missed:>7}" for each in result.strata),
    ]
    if result.unasked:
        lines.append(f"Nothing is known of {' and '.join(result.unasked)}; the interval allows for anything there.")
    return "\n".join(lines)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
