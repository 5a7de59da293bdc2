"""From the labels in force to a candidate on the shelf: a correction of a model, or a model trained anew with them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from crawler.assess import judge
from crawler.classify.corpus import CorpusError, Document
from crawler.classify.correction import FORMAT, load_any, pack
from crawler.classify.fit import TrainingError
from crawler.classify.golden import Score, examine, golden, tally
from crawler.classify.model import META, PACKAGED, WEIGHTS, load
from crawler.classify.teach import STRENGTH, correction, study, taught, unseen
from crawler.classify.train import LABEL_VERSION, train
from jobs.exits import ConfigError, NothingThereError, UsageError
from jobs.teaching.shelf import Shelf, card_of
from storage.labels import Labels
from storage.records import Word
from storage.verdicts import Verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from crawler.classify.correction import Background, Correction
    from crawler.classify.model import Model
    from crawler.classify.teach import Lesson
    from jobs.teaching.judges import Judges
    from storage.database import Database
    from storage.records import Article, Taught, Verdict

BACKGROUND = 2_000  # articles from which a word's rarity is known
AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A model that was fitted, and where it lies."""

    version: str
    path: Path
    card: dict[str, Any]


def labelled(database: Database) -> Iterator[Taught]:
    """Every labelled article, by its number."""
    after = 0
    while some := Labels(database).taught(after=after, limit=AT_ONCE):
        yield from some
        after = some[-1].stored.id


def truths(database: Database) -> list[tuple[Article, bool]]:
    """The labelled articles and whether they are espionage, in the order of their URLs."""
    found = [(each.stored.article, each.label.word is Word.FLAG) for each in labelled(database)]
    return sorted(found, key=lambda pair: pair[0].url)


def examined(model: Model, labels: Sequence[tuple[Article, bool]]) -> Score:
    """How a model does on labelled articles, judged as a crawl would judge them."""
    return tally((espionage, judge(article, model).decision) for article, espionage in labels)


def fit_correction(database: Database, shelf: Shelf, judges: Judges, *, progress: Callable[[str], None]) -> Candidate:
    """Fit a correction of the model in force to the labels. A correction is never corrected: its parent is, anew."""
    labels = _some(truths(database))
    folder = parent_folder(judges.model)
    parent = load(folder)
    progress(f"{len(labels)} labels; judging their articles with {parent.version}")
    archive = [_document(stored.article) for stored in Verdicts(database).latest(limit=BACKGROUND)]
    judged = [(_document(article, espionage=espionage), judge(article, parent)) for article, espionage in labels]
    lessons, usual = study(judged, archive)
    learnt = correction(lessons, usual)
    weights = pack(learnt, parent=parent.version)
    if folder != PACKAGED and not shelf.path(parent.version).is_dir():
        shelf.copy(folder, parent.version)
    progress("measuring on the golden set, and on each fifth of the labels with a correction that never saw it")
    card = {
        "format": FORMAT,
        "parent": parent.version,
        "parent_sha256": card_of(folder).get("sha256"),
        "label": LABEL_VERSION,
        "strength": STRENGTH,
        "background": len(archive),
        "labels": _counts(labels),
        "not_used": len(labels) - len(lessons),
        "figures": _on_labels(lessons, usual, learnt),
    }
    return _shelve(shelf, weights, card)


def retrain(
    database: Database,
    shelf: Shelf,
    corpora: Sequence[Path],
    dev: Sequence[Path],
    *,
    seed: int,
    progress: Callable[[str], None],
) -> Candidate:
    """Train a whole model on corpora with the labelled articles added. Needs the extra `train`."""
    labels = _some(truths(database))
    with TemporaryDirectory(prefix="spywire-train-") as folder:
        lines, out = Path(folder) / "labels.jsonl", Path(folder) / "model"
        lines.write_text("".join(map(_line, labels)), "utf-8")
        try:
            card = asdict(train([*corpora, lines], dev, out, seed=seed, progress=progress))
        except CorpusError as error:
            raise UsageError(str(error)) from error
        except TrainingError as error:
            raise ConfigError(str(error)) from error
        progress("measuring on the golden set")
        model = load(out)
        figures = {"golden": _figures(examine(model, golden())), "labels": _figures(examined(model, labels))}
        card |= {"labels": _counts(labels), "figures": figures}
        path = shelf.add(model.version, (out / WEIGHTS).read_bytes(), card)
    return Candidate(version=model.version, path=path, card=card)


def parent_folder(model: Path) -> Path:
    """The folder of the whole model that stands behind one; itself, unless it is a correction."""
    card = card_of(model)
    if card.get("format") != FORMAT:
        return model
    beside = model.parent / str(card.get("parent"))
    return beside if (beside / META).exists() else PACKAGED


def _on_labels(lessons: Sequence[Lesson], usual: Background, learnt: Correction) -> dict[str, Any]:
    """How the model did on the labels before, how it does corrected, and by corrections that never saw them."""

    def figures(said: Iterable[tuple[Lesson, Verdict]]) -> dict[str, Any]:
        return _figures(tally((lesson.document.espionage, verdict.decision) for lesson, verdict in said))

    return {
        "labels": figures((each, taught(each, learnt)) for each in lessons),
        "labels_before": figures((each, each.own) for each in lessons),
        "labels_unseen": figures(unseen(lessons, usual)),
    }


def _shelve(shelf: Shelf, weights: bytes, card: dict[str, Any]) -> Candidate:
    digest = sha256(weights).hexdigest()
    card |= {"version": f"taught-{LABEL_VERSION}-{digest[:8]}", "sha256": digest}
    path = shelf.add(card["version"], weights, card)
    card["figures"]["golden"] = _figures(examine(load_any(path), golden()))
    return Candidate(version=card["version"], path=shelf.add(card["version"], weights, card), card=card)


def _some(labels: list[tuple[Article, bool]]) -> list[tuple[Article, bool]]:
    if not labels:
        raise NothingThereError("there are no labels to learn from; give some with `spywire label URL flag|reject`")
    return labels


def _document(article: Article, *, espionage: bool = False) -> Document:
    return Document(
        id=article.url,
        source="labels",
        title=article.title,
        text=article.text,
        language=article.language,
        espionage=espionage,
    )


def _line(pair: tuple[Article, bool]) -> str:
    article, espionage = pair
    fields = {"id": article.url, "source": "labels", "title": article.title, "text": article.text}
    label = {"label": "espionage" if espionage else "other", "label_kind": "hand"}
    return json.dumps(fields | {"lang": article.language} | label, ensure_ascii=False) + "\n"


def _counts(labels: Sequence[tuple[Article, bool]]) -> dict[str, Any]:
    lines = "\n".join(f"{article.url}\t{espionage}" for article, espionage in labels)
    flags = sum(espionage for _, espionage in labels)
    return {"flag": flags, "reject": len(labels) - flags, "sha256": sha256(lines.encode()).hexdigest()}


def _figures(score: Score) -> dict[str, Any]:
    shares = {"precision": round(float(score.precision), 4), "recall": round(float(score.recall), 4)}
    return shares | asdict(score)
