"""Extraction against stock trafilatura and newspaper4k on labelled pages.

    python -m tests.bench.extract [--worst FIELD] [--passes N] [CORPUS ...]

Text: P, R, F1 of 4-gram shingles, macro-averaged over pages, as in the article-extraction-benchmark
(https://github.com/scrapinghub/article-extraction-benchmark), Chinese, Japanese and Thai split per character.
Title: equal or one inside the other, letters and digits only. Date: same day, in UTC or in the truth's own zone.
Author: share of the truth's name tokens found. CPU: of each page the best of some passes, the systems in turn, so that
all meet the same machine. Pages come without a link: nothing is known but the URL.
"pooled" is all pages of aeb and fundus-a together, each counting once. "refused" is what a system says is no article;
listings are those of other pages, of whatever kind, and collections of goods.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any, TypeAlias

from crawler.errors import NotAnArticleError, UnextractableError
from crawler.extract import extract, warm_up
from crawler.page import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    System: TypeAlias = "Callable[[bytes, str], Outcome]"

SHARED = Path(os.environ.get("SPYWIRE_SHARED", Path(__file__).parents[3] / "shared"))
CORPORA = ("aeb", "fundus-a", "postlight", "wcxb-dev")
POOLED = {"aeb", "fundus-a"}
STOCK = "trafilatura"
NO_NEWSPAPER = (
    "newspaper4k is not installed, so it has no row. It asks for an older python-dateutil than we have; beside ours:\n"
    "pip install --target DIR --no-deps newspaper4k PyYAML beautifulsoup4 pillow soupsieve\n"
    "PYTHONPATH=DIR make bench-extract"
)

_TOKEN = re.compile(
    r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+"
)

Truth = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one system made of one page."""

    text: str = ""
    title: str = ""
    days: frozenset[str] = frozenset()
    authors: str = ""
    refused: str = ""
    cpu: float = 0.0


@dataclass(kw_only=True)
class Scores:
    """Measures of one system on one corpus, a value per page that has a truth for it."""

    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    ids: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, measure: str, page: str, value: float) -> None:
        self.values[measure].append(value)
        self.ids[measure].append(page)

    def of(self, measure: str) -> float | None:
        return mean(self.values[measure]) if self.values[measure] else None


def ours(body: bytes, url: str) -> Outcome:
    page = Page(url=url, body=body, fetched_at=datetime.now(UTC))
    try:
        article = extract(page)
    except (NotAnArticleError, UnextractableError) as error:
        return Outcome(refused=str(error))
    days = frozenset({article.published.date().isoformat()}) if article.published else frozenset()
    return Outcome(text=article.text, title=article.title, days=days, authors=", ".join(article.authors))


def stock(body: bytes, url: str, *, comments: bool = True) -> Outcome:
    from trafilatura import bare_extraction

    found: Any = bare_extraction(body, url=url, include_comments=comments, with_metadata=True)
    if found is None:
        return Outcome()
    days = frozenset({found.date}) if found.date else frozenset()
    return Outcome(text=found.text or "", title=found.title or "", days=days, authors=found.author or "")


def newspaper(body: bytes, url: str) -> Outcome:
    import newspaper as newspaper4k

    article = newspaper4k.Article(url, fetch_images=False)
    article.download(input_html=body.decode("utf-8", "replace"))
    try:
        article.parse()
    except Exception:  # noqa: BLE001 - whatever it breaks on, it found nothing
        return Outcome()
    days = frozenset({article.publish_date.date().isoformat()}) if article.publish_date else frozenset()
    return Outcome(text=article.text, title=article.title, days=days, authors=", ".join(article.authors))


def timed(systems: dict[str, System], body: bytes, url: str, passes: int) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    for _ in range(passes):
        for name, system in systems.items():
            start = time.process_time()
            outcome = system(body, url)
            cpu = time.process_time() - start
            found[name] = replace(outcome, cpu=min(cpu, found[name].cpu if name in found else cpu))
    return found


def pages(corpus: str) -> Iterator[tuple[Truth, bytes]]:
    folder = SHARED / "data" / "pages" / corpus
    for line in (folder / "truth.jsonl").read_text("utf-8").splitlines():
        truth = json.loads(line)
        yield truth, gzip.decompress((folder / "pages" / f"{truth['id']}.html.gz").read_bytes())


def shingles(text: str) -> Counter[tuple[str, ...]]:
    tokens = _TOKEN.findall(text.replace("\xad", ""))
    return Counter(tuple(tokens[i : i + 4]) for i in range(max(1, len(tokens) - 3))) if tokens else Counter()


def precision_recall(truth: str, found: str) -> tuple[float | None, float]:
    """Precision is None when nothing was found."""
    wanted, got = shingles(truth), shingles(found)
    hit = (wanted & got).total()
    return (hit / got.total() if got else None), hit / max(1, wanted.total())


def squashed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def same_title(truth: str, found: str) -> bool:
    a, b = squashed(truth), squashed(found)
    return bool(a and b) and (a in b or b in a)


def true_days(truth: Truth) -> frozenset[str]:
    days = {truth["date"][:10]}
    if truth.get("datetime"):
        moment = datetime.fromisoformat(truth["datetime"])
        days |= {moment.date().isoformat()}
        days |= {moment.astimezone(UTC).date().isoformat()} if moment.tzinfo else set()
    return frozenset(days)


def author_recall(truth: str, found: str) -> float:
    wanted = set(_TOKEN.findall(truth.casefold()))
    return len(wanted & set(_TOKEN.findall(found.casefold()))) / max(1, len(wanted))


def score(scores: Scores, truth: Truth, outcome: Outcome) -> None:
    page = truth["id"]
    scores.add("cpu", page, outcome.cpu * 1000)
    kind = truth.get("kind", "article")
    if kind != "article":
        scores.add("listings refused", page, bool(outcome.refused))
        return
    scores.add("articles refused", page, bool(outcome.refused))
    if truth.get("text"):
        precision, recall = precision_recall(truth["text"], outcome.text)
        scores.add("R", page, recall)
        if precision is not None:
            scores.add("P", page, precision)
    if truth.get("title"):
        scores.add("title", page, same_title(truth["title"], outcome.title))
    if truth.get("date"):
        scores.add("date", page, bool(outcome.days & true_days(truth)))
        scores.add("date wrong", page, bool(outcome.days) and not outcome.days & true_days(truth))
    if truth.get("author"):
        scores.add("author", page, author_recall(truth["author"], outcome.authors))


def f1(scores: Scores) -> float | None:
    p, r = scores.of("P"), scores.of("R")
    return 2 * p * r / (p + r) if p and r else None


def shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def table(results: dict[tuple[str, str], Scores]) -> Iterator[str]:
    columns = ("P", "R", "F1", "title", "date", "date wrong", "author", "listings refused", "articles refused")
    yield f"{'corpus':10}{'system':24}" + "".join(f"{column:>18}" for column in columns) + f"{'ms':>8}{'x stock':>9}"
    for (corpus, system), scores in results.items():
        values = [f1(scores) if column == "F1" else scores.of(column) for column in columns]
        cpu, stock_cpu = scores.of("cpu") or 0.0, results[corpus, STOCK].of("cpu") or 1.0
        yield (
            f"{corpus:10}{system:24}"
            + "".join(f"{shown(value):>18}" for value in values)
            + f"{cpu:8.1f}{cpu / stock_cpu:9.2f}"
        )


def contestants() -> dict[str, System]:
    systems: dict[str, System] = {
        "spywire": ours,
        STOCK: stock,
        f"{STOCK}, no comments": partial(stock, comments=False),
    }
    return systems | ({"newspaper4k": newspaper} if find_spec("newspaper") else {})


def run(corpora: Iterable[str], passes: int) -> dict[tuple[str, str], Scores]:
    systems = contestants()
    groups = [*corpora, "pooled", "all"]
    results: dict[tuple[str, str], Scores] = {}
    for corpus in corpora:
        for truth, body in pages(corpus):
            for name, outcome in timed(systems, body, truth["url"], passes).items():
                for group in (corpus, "all", *(["pooled"] if corpus in POOLED else [])):
                    score(results.setdefault((group, name), Scores()), truth, outcome)
    return dict(sorted(results.items(), key=lambda item: groups.index(item[0][0])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="*", default=CORPORA)
    parser.add_argument("--worst", help="list the ten pages on which ours does worst in a measure: P, R, title, ...")
    parser.add_argument("--passes", type=int, default=2, help="of each system over each page (default 2)")
    options = parser.parse_args()
    if not (SHARED / "data" / "pages").is_dir():
        raise SystemExit(f"no labelled pages at {SHARED}: set SPYWIRE_SHARED")
    warm_up()
    results = run(options.corpora, options.passes)
    print("\n".join(table(results)))
    if not find_spec("newspaper"):
        print(NO_NEWSPAPER)
    if options.worst:
        scores = results["all", "spywire"]
        for value, page in sorted(zip(scores.values[options.worst], scores.ids[options.worst], strict=True))[:10]:
            print(f"{value:.3f} {page}")


if __name__ == "__main__":
    main()
