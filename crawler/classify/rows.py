"""Documents as rows of numbers, for training. Needs the `train` extra."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from random import Random
from typing import TYPE_CHECKING, Any
from zlib import crc32

from crawler.classify.features import FEATURES, vector
from crawler.classify.linear import damped, terms
from crawler.classify.reading import read, thinned

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from crawler.classify.corpus import Document

FOLDS = 5

_THIN_WEIGHT = 0.6
LOST, LOST_ELSEWHERE = (0.0, 0.8), (0.3, 0.7)  # share of the cues, in training and where other languages are expected
_LARGE = 2_000  # documents; below, every term counts
_FEWEST_DOCUMENTS, _FEWEST_SOURCES = 4, 2


class TrainingError(RuntimeError):
    """Training cannot be done: says what is missing and what to do."""


def library(name: str) -> Any:
    """A module that only training needs."""
    try:
        return import_module(name)
    except ImportError as error:
        raise TrainingError(
            f"training needs {name.split('.', maxsplit=1)[0]}; install it with: pip install 'spywire[train]'"
        ) from error


@dataclass(slots=True)
class Field:
    """Term counts of one field for every row, in compressed rows."""

    index: dict[str, int] = field(default_factory=dict)
    starts: array[int] = field(default_factory=lambda: array("q", [0]))
    columns: array[int] = field(default_factory=lambda: array("i"))
    values: array[float] = field(default_factory=lambda: array("f"))

    def add(self, counts: Mapping[str, int]) -> None:
        index = self.index
        self.columns.extend([index.setdefault(term, len(index)) for term in counts])
        self.values.extend([damped(count) for count in counts.values()])
        self.starts.append(len(self.columns))


@dataclass(slots=True)
class Rows:
    """What the models are fitted to: one row a document."""

    dense: Any  # rows x features
    fields: dict[str, Any]  # field -> sparse rows x terms, damped counts
    names: dict[str, list[str]]  # field -> terms
    labels: Any
    weights: Any
    folds: Any


def prepare(
    documents: Sequence[Document], *, common: AbstractSet[str], weights: Sequence[float], lexical: bool = True
) -> Rows:
    """Read every document once and keep its numbers."""
    numpy = library("numpy")
    dense = numpy.zeros((len(documents), len(FEATURES)))
    fields = {"title": Field(), "body": Field()}
    for at, document in enumerate(documents):
        reading = read(document.title, document.text, common=common, language=document.language)
        dense[at] = vector(reading)
        if lexical:
            fields["title"].add(terms([reading.title.words]))
            fields["body"].add(terms(segment.words for segment in reading.body))
    sources = [document.source for document in documents]
    kept = {name: _frequent(counts, sources) for name, counts in fields.items()} if lexical else {}
    return Rows(
        dense=dense,
        fields={name: matrix for name, (matrix, _) in kept.items()},
        names={name: found for name, (_, found) in kept.items()},
        labels=numpy.array([document.espionage for document in documents], dtype=float),
        weights=numpy.array(weights),
        folds=numpy.array(fold_of(sources)),
    )


def fold_of(sources: Sequence[str]) -> list[int]:
    """A fold for each row, whole sources together, so that no outlet's habits are learned and tested at once."""
    sizes = Counter(sources)
    if len(sizes) < FOLDS:
        return [at % FOLDS for at in range(len(sources))]
    loads = [0] * FOLDS
    chosen: dict[str, int] = {}
    for source, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        chosen[source] = loads.index(min(loads))
        loads[chosen[source]] += size
    return [chosen[source] for source in sources]


def with_scores(rows: Rows, scores: Any) -> Rows:
    """The rows with the linear score as a last feature."""
    return replace(rows, dense=library("numpy").column_stack([rows.dense, scores]))


def thin(
    documents: Sequence[Document],
    at: Iterable[int],
    rows: Rows,
    *,
    common: AbstractSet[str],
    seed: int,
    lost: tuple[float, float] = LOST,
) -> Rows:
    """Rows of documents read with part of the lexicon: other languages know fewer cues than English does."""
    numpy, random = library("numpy"), Random(seed + 1)  # noqa: S311 - a shuffle, not a secret
    taken, (least, most) = list(at), lost
    dense = numpy.zeros((len(taken), len(FEATURES)))
    for row, index in enumerate(taken):
        document, missing = documents[index], random.uniform(least, most)
        reading = read(document.title, document.text, common=common, language=document.language)
        dense[row] = vector(thinned(reading, partial(_survives, str(index), missing)))
    return replace(chosen(rows, taken), dense=dense, weights=rows.weights[taken] * _THIN_WEIGHT)


def chosen(rows: Rows, at: Sequence[int]) -> Rows:
    """Some of the rows, for the trees."""
    return Rows(rows.dense[at], {}, {}, rows.labels[at], rows.weights[at], rows.folds[at])


def joined(one: Rows, other: Rows) -> Rows:
    """The rows of both, for the trees."""
    pair, stack = (one, other), library("numpy").concatenate
    return Rows(
        stack([rows.dense for rows in pair]),
        {},
        {},
        stack([rows.labels for rows in pair]),
        stack([rows.weights for rows in pair]),
        stack([rows.folds for rows in pair]),
    )


def _survives(salt: str, lost: float, words: Sequence[str]) -> bool:
    """Whether a cue is in the poorer lexicon of this row: the same cue always or never."""
    return crc32(f"{salt} {' '.join(words)}".encode()) / 2**32 >= lost


def _frequent(counts: Field, sources: Sequence[str]) -> tuple[Any, list[str]]:
    """The rows over the terms that enough documents of enough sources hold: an outlet's own phrases are no evidence."""
    numpy, sparse = library("numpy"), library("scipy.sparse")
    shape = (len(sources), len(counts.index))
    arrays = (numpy.array(counts.values, dtype=numpy.float64), numpy.array(counts.columns), numpy.array(counts.starts))
    matrix = sparse.csr_matrix(arrays, shape=shape)
    names = list(counts.index)
    if len(sources) < _LARGE:
        return matrix, names
    enough = numpy.bincount(matrix.indices, minlength=shape[1]) >= _FEWEST_DOCUMENTS
    column = matrix.tocsc()
    numbers: dict[str, int] = defaultdict(lambda: len(numbers))
    origin = numpy.array([numbers[source] for source in sources])
    kept = [
        at
        for at in numpy.flatnonzero(enough)
        if _spread(origin[column.indices[column.indptr[at] : column.indptr[at + 1]]])
    ]
    return matrix[:, kept].tocsr(), [names[at] for at in kept]


def _spread(origins: Any) -> bool:
    return len(set(origins.tolist())) >= _FEWEST_SOURCES
