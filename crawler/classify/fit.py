"""The numeric half of training: fits the linear model and the trees. Needs the `train` extra."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crawler.classify.linear import TITLE_SHARE, Linear, Terms
from crawler.classify.rows import FOLDS, TrainingError, chosen, library
from crawler.classify.trees import nodes, score, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crawler.classify.rows import Rows

__all__ = ["TrainingError", "fit_linear", "fit_trees", "out_of_fold", "undisputed", "unseen"]

STRENGTH = 8.0  # C of the logistic regression
KEPT = {"title": 12_000, "body": 50_000}  # terms
STORED = {"title": 8_000, "body": 25_000}  # of those the heaviest: half of them cost time and change nothing
TREES = {
    "objective": "binary",
    "learning_rate": 0.08,
    "num_leaves": 12,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
ROUNDS = 120

_DENIED = (-2.75, 1.75)  # log-odds below which espionage, above which other is disputed


def out_of_fold(rows: Rows, *, seed: int, progress: Callable[[str], None]) -> Any:
    """Each row's linear score from a model that has not seen its source."""
    numpy = library("numpy")
    scores = numpy.zeros(len(rows.labels))
    for fold in range(FOLDS):
        inside, outside = numpy.flatnonzero(rows.folds != fold), numpy.flatnonzero(rows.folds == fold)
        if len(outside) and len(set(rows.labels[inside])) > 1:
            fitted = _fit_pruned(rows, inside, seed=seed)
            scores[outside] = fitted.decide(rows, outside)
        progress(f"linear model, fold {fold + 1} of {FOLDS}")
    return scores


def fit_linear(rows: Rows, *, seed: int) -> Linear:
    """The linear model over all rows, rounded as it is stored."""
    fitted = _fit_pruned(rows, library("numpy").arange(len(rows.labels)), seed=seed)
    tables = {name: _heaviest(rows.names[name], fitted, name) for name in ("title", "body")}
    return Linear(title=tables["title"], body=tables["body"], bias=round(fitted.bias, 4))


def _heaviest(names: Sequence[str], fitted: _Fitted, name: str) -> Terms:
    columns, idf, weights = fitted.columns[name], fitted.idf[name], fitted.weights[name]
    order = library("numpy").argsort(-abs(weights) * idf, kind="stable")[: STORED[name]]
    pairs = {names[columns[at]]: (round(float(idf[at]), 1), round(float(weights[at]), 2)) for at in order}
    return {term: (rarity, weight) for term, (rarity, weight) in pairs.items() if weight}


def undisputed(rows: Rows, *, seed: int) -> list[int]:
    """The rows whose label the trees do not strongly deny when they have not seen its outlet.

    Labels by pattern are wrong in one of twenty; trees learn such errors by heart.
    """
    numpy = library("numpy")
    log_odds = unseen(rows, seed=seed)
    denied = numpy.where(rows.labels > 0, log_odds < _DENIED[0], log_odds > _DENIED[1])
    return [int(at) for at in numpy.flatnonzero(~denied)]


def unseen(rows: Rows, *, seed: int) -> Any:
    """Each row's log-odds from trees that have not seen its source."""
    numpy = library("numpy")
    log_odds = numpy.zeros(len(rows.labels))
    for fold in range(FOLDS):
        inside, outside = numpy.flatnonzero(rows.folds != fold), numpy.flatnonzero(rows.folds == fold)
        if len(outside) and len(set(rows.labels[inside])) > 1:
            trees = nodes(fit_trees(chosen(rows, inside), seed=seed))
            log_odds[outside] = [score(trees, row)[0] for row in rows.dense[outside].tolist()]
    return log_odds


def fit_trees(rows: Rows, *, seed: int) -> list[Any]:
    """Boosted trees in their stored form; their sum is the log-odds."""
    lightgbm = library("lightgbm")
    data = lightgbm.Dataset(rows.dense, rows.labels, weight=rows.weights, free_raw_data=False)
    booster = lightgbm.train({**TREES, "seed": seed}, data, num_boost_round=ROUNDS)
    return [stored(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]


@dataclass(slots=True)
class _Fitted:
    columns: dict[str, Any]
    idf: dict[str, Any]
    weights: dict[str, Any]
    bias: float

    def decide(self, rows: Rows, chosen: Any) -> Any:
        fields = [
            _weigh(rows.fields[name][chosen][:, self.columns[name]], self.idf[name], name) for name in ("title", "body")
        ]
        return fields[0] @ self.weights["title"] + fields[1] @ self.weights["body"] + self.bias


def _fit_pruned(rows: Rows, chosen: Any, *, seed: int) -> _Fitted:
    """Fit, keep the terms that weigh most, fit again on those alone."""
    numpy = library("numpy")
    everything = {name: numpy.arange(len(rows.names[name])) for name in rows.names}
    first = _fit(rows, chosen, everything, seed=seed)
    heaviest = {
        name: numpy.sort(numpy.argsort(-numpy.abs(first.weights[name]) * first.idf[name], kind="stable")[: KEPT[name]])
        for name in rows.names
    }
    return _fit(rows, chosen, heaviest, seed=seed)


def _fit(rows: Rows, chosen: Any, columns: dict[str, Any], *, seed: int) -> _Fitted:
    sparse, linear_model = library("scipy.sparse"), library("sklearn.linear_model")
    matrices, idf = [], {}
    for name in ("title", "body"):
        matrix = rows.fields[name][chosen][:, columns[name]]
        idf[name] = _idf(matrix)
        matrices.append(_weigh(matrix, idf[name], name))
    model = linear_model.LogisticRegression(C=STRENGTH, solver="liblinear", random_state=seed, tol=1e-3, max_iter=200)
    model.fit(sparse.hstack(matrices).tocsr(), rows.labels[chosen], sample_weight=rows.weights[chosen])
    split = len(columns["title"])
    weights = {"title": model.coef_[0][:split], "body": model.coef_[0][split:]}
    return _Fitted(columns=columns, idf=idf, weights=weights, bias=float(model.intercept_[0]))


def _idf(matrix: Any) -> Any:
    numpy = library("numpy")
    seen = numpy.bincount(matrix.indices, minlength=matrix.shape[1])
    return numpy.log((1 + matrix.shape[0]) / (1 + seen)) + 1


def _weigh(matrix: Any, idf: Any, name: str) -> Any:
    numpy, sparse = library("numpy"), library("scipy.sparse")
    weighed = (matrix @ sparse.diags(idf)).tocsr()
    lengths = numpy.sqrt(numpy.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
    lengths[lengths == 0] = 1
    share = TITLE_SHARE if name == "title" else 1.0
    return (sparse.diags(share / lengths) @ weighed).tocsr()
