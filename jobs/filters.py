"""`extract` and `judge`: the crawler's own code as Unix filters, for people, for scripts, for measuring.

JSON lines stream: any number of them in constant memory, answers in the order of the questions, on all cores.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
import zlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from crawler.assess import Assessment, held
from crawler.page import Page
from crawler.text import clean_text
from crawler.workers import KILLED, Workers, in_order, killed_because
from jobs.exits import Exit, UsageError
from jobs.terminal import say
from storage.archive import NO_MODEL
from storage.records import Article, Dateline, LinkState, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future

T = TypeVar("T")
R = TypeVar("R")

JUDGED_AT_ONCE = 16  # an article takes a millisecond: a task of one would cost as much to send as to do
HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|article)\b", re.IGNORECASE)
NOWHERE = "about:blank"
TITLE_WORDS = 3
LONGEST = 64 * 1024 * 1024  # bytes of a packed file, unpacked


@dataclass(frozen=True, kw_only=True)
class Question(Generic[T]):
    """One line of input: what to answer with, and what to answer."""

    id: Any
    subject: T


@dataclass
class Lines:
    """JSON lines as they come. A bad one is reported with its number and left out."""

    bad: int = 0

    def read(self, lines: Iterable[bytes], parse: Callable[[dict[str, Any]], T]) -> Iterator[Question[T]]:
        """The questions that could be read."""
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise TypeError("not an object")  # noqa: TRY301
                yield Question(id=record.get("id"), subject=parse(record))
            except (ValueError, TypeError, KeyError, OSError) as error:
                self.bad += 1
                print(f"spywire: line {number}: {_mistake(error)}", file=sys.stderr)  # noqa: T201


def extract_lines(lines: Iterable[bytes], workers: Workers) -> Exit:
    """`{id, html | path, url}` in, `{id, state, title, text, authors, date, ...}` out."""
    source = Lines()
    questions = source.read(lines, _page)
    for question, answer in _answers(questions, workers.read_all, workers, size=1, killed=_unextractable):
        _write({"id": question.id, **article_json(answer)})
    return Exit.PARTIAL if source.bad else Exit.OK


def judge_lines(lines: Iterable[bytes], workers: Workers) -> Exit:
    """`{id, title, text, lang?, url?}` in, `{id, verdict, score, threshold, evidence}` out."""
    source = Lines()
    unjudged = False
    questions = source.read(lines, _article)
    for question, verdict in _answers(questions, workers.judge_all, workers, size=JUDGED_AT_ONCE, killed=held):
        unjudged = unjudged or verdict.model == NO_MODEL
        _write({"id": question.id, **verdict_json(verdict)})
    if unjudged:
        return Exit.CONFIG
    return Exit.PARTIAL if source.bad else Exit.OK


def page_of(target: str, *, url: str | None, fetched: Callable[[str], Page]) -> Page:
    """The page a person names: a URL, a file, or `-` for standard input. Raises `UsageError`, and what `fetched` does.

    `fetched` is called for a URL.
    """
    if re.match("https?://", target):
        return fetched(target)
    try:
        body = sys.stdin.buffer.read() if target == "-" else _unpacked(Path(target).read_bytes())
    except ValueError as error:
        raise UsageError(f"cannot read {target}: {error}") from error
    except OSError as error:
        raise UsageError(
            f"cannot read {target}: {error.strerror}; name a file, a URL, or - for standard input"
        ) from error
    return Page(url=url or NOWHERE, body=body, fetched_at=datetime.now(UTC))


def extract_one(page: Page, workers: Workers) -> Article | Assessment:
    """One page, in a worker that can be killed."""
    try:
        return workers.read_all([page]).result()[0]
    except KILLED as error:
        return _unextractable(killed_because(error, workers.deadline))


def article_of(page: Page, workers: Workers) -> Article | Assessment:
    """What a person wants judged: HTML is extracted; in plain text the first real line is the title."""
    if HTML.search(page.body[:4096]):
        return extract_one(page, workers)
    title, text = split_title(clean_text(page.body.decode("utf-8", "replace")))
    return Article(url=page.url, title=title, text=text)


def split_title(text: str) -> tuple[str, str]:
    """The first line of at least three words among the first ten, and what follows it; no title if there is none."""
    lines = text.strip().splitlines()
    for number, line in enumerate(lines[:10]):
        if len(line.split()) >= TITLE_WORDS and len(lines) > number + 1:
            return line.strip(), "\n".join(lines[number + 1 :]).strip()
    return "", text.strip()


def article_json(answer: Article | Assessment) -> dict[str, Any]:
    """An article, or what there is instead, as plain data. `state` is `article` or a state of the ledger."""
    if isinstance(answer, Assessment):
        return {"state": str(answer.state), "reason": answer.reason}
    return {
        "state": "article",
        "url": answer.url,
        "title": answer.title,
        "text": answer.text,
        "authors": list(answer.authors),
        "date": answer.published.isoformat() if answer.published else None,
        "date_source": answer.date_source,
        "language": answer.language,
        "outlet": answer.outlet,
        "canonical_url": answer.canonical_url,
        "summary": answer.summary,
        "dateline": _dateline_json(answer.dateline),
        "extent": answer.extent,
        "extent_reason": answer.extent_reason,
        "paywalled": answer.paywalled,
        "quality": answer.quality,
        "signs": list(answer.signs),
        "dropped_lines": answer.dropped_lines,
    }


def _dateline_json(dateline: Dateline | None) -> dict[str, Any] | None:
    if dateline is None:
        return None
    date = dateline.date.isoformat() if dateline.date else None
    return {"place": dateline.place, "date": date, "agency": dateline.agency}


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain data."""
    return {
        "verdict": str(verdict.decision),
        "score": verdict.score,
        "threshold": verdict.threshold,
        "reject_below": verdict.reject_below,
        "why": verdict.why,
        "signs": list(verdict.signs),
        "model": verdict.model,
        "evidence": [asdict(piece) for piece in verdict.evidence],
    }


def _answers(
    questions: Iterator[Question[T]],
    work: Callable[[Sequence[T]], Future[list[R]]],
    workers: Workers,
    *,
    size: int,
    killed: Callable[[str], R],
) -> Iterator[tuple[Question[T], R]]:
    def submit(chunk: Sequence[Question[T]]) -> Future[list[R]]:
        return work([question.subject for question in chunk])

    for chunk, future in in_order(submit, _chunks(questions, size), window=2 * workers.processes + 2):
        error = future.exception()
        if error is None:
            yield from zip(chunk, future.result(), strict=True)
        elif not isinstance(error, KILLED):
            raise error
        elif len(chunk) == 1:
            yield chunk[0], killed(killed_because(error, workers.deadline))
        else:  # one of them did it: each on its own
            yield from _answers(iter(chunk), work, workers, size=1, killed=killed)


def _chunks(items: Iterator[T], size: int) -> Iterator[list[T]]:
    chunk: list[T] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _page(record: dict[str, Any]) -> Page:
    url = str(record.get("url") or NOWHERE)
    now = datetime.now(UTC)
    if "html" in record:
        body = str(record["html"]).encode("utf-8", "replace")
        return Page(url=url, body=body, charset="utf-8", fetched_at=now)
    if "path" not in record:
        raise KeyError("html or path")
    return Page(url=url, body=_unpacked(Path(str(record["path"])).read_bytes()), fetched_at=now)


def _article(record: dict[str, Any]) -> Article:
    if "text" not in record and "title" not in record:
        raise KeyError("title or text")
    return Article(
        url=str(record.get("url") or NOWHERE),
        title=str(record.get("title") or ""),
        text=str(record.get("text") or ""),
        language=str(record["lang"]) if record.get("lang") else None,
    )


def _unextractable(reason: str) -> Article | Assessment:
    return Assessment(state=LinkState.UNEXTRACTABLE, reason=reason)


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        with gzip.GzipFile(fileobj=BytesIO(body)) as packed:
            whole = packed.read(LONGEST + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"not a whole gzip file: {error}") from error
    if len(whole) > LONGEST:
        raise ValueError(f"unpacks to more than {LONGEST:,} bytes")
    return whole


def _mistake(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError | TypeError):
        return f"not a JSON object: {error}"
    if isinstance(error, KeyError):
        return f"has no {error.args[0]}"
    return str(error)


def _write(record: dict[str, Any]) -> None:
    say(json.dumps(record, ensure_ascii=False), flush=False)
