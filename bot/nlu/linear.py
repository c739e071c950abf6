"""Linear models: a score for each label from named features and, if there is one, a sentence vector.

Learned with scikit-learn; scored with numpy alone, which is all that is there when the bot runs.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Features = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Linear:
    """`weights` has a row a feature name and a column a label; `dense` a row a number of the sentence vector."""

    rows: dict[str, int]
    weights: np.ndarray  # (names, labels)
    bias: np.ndarray  # (labels,)
    dense: np.ndarray  # (width of a vector, or 0, labels)
    centre: np.ndarray  # (width of a vector, or 0,)

    def scores(self, features: Features, vector: np.ndarray | None = None) -> np.ndarray:
        """A score for each label, shape (labels,); names never learned count nothing."""
        rows = self.rows
        known = [(rows[name], weight) for name, weight in features.items() if name in rows]
        total = self.bias.copy()
        if known:
            places, values = zip(*known, strict=True)
            total += np.array(values, np.float32) @ self.weights[list(places)]
        if vector is not None and len(self.dense):
            total += (vector - self.centre) @ self.dense
        return total

    def save(self, folder: Path, name: str) -> None:
        """Write `<name>.npz` and `<name>.json` into *folder*."""
        np.savez_compressed(
            folder / f"{name}.npz",
            weights=self.weights.astype(np.float16),
            bias=self.bias,
            dense=self.dense,
            centre=self.centre,
        )
        (folder / f"{name}.json").write_text(json.dumps(list(self.rows), ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, name: str) -> Linear:
        names = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        with np.load(folder / f"{name}.npz", allow_pickle=False) as kept:
            weights, bias, dense, centre = (kept[part] for part in ("weights", "bias", "dense", "centre"))
        return cls({name: row for row, name in enumerate(names)}, weights.astype(np.float32), bias, dense, centre)


def fit(
    features: Sequence[Features],
    labels: np.ndarray,
    vectors: np.ndarray | None = None,
    *,
    strength: float = 1.0,
    at_least: int = 2,
    scale: float = 4.0,
) -> Linear:
    """A linear support vector machine for each label against the rest.

    Parameters
    ----------
    features, labels, vectors
        n rows each; labels are 0 to k - 1, each seen; vectors has shape (n, width) or is None.
    strength
        The cost of an example on the wrong side (scikit-learn's `C`).
    at_least
        In how many examples a name must stand to be learned.
    scale
        What the centred sentence vector is multiplied by, so that it weighs about what the named features do.
    """
    from scipy.sparse import csr_matrix, hstack
    from sklearn.svm import LinearSVC

    rows = _rows(features, at_least)
    table = _table(features, rows)
    width = 0 if vectors is None else vectors.shape[1]
    centre = np.zeros(0, np.float32)
    if vectors is not None:
        centre = vectors.mean(axis=0)
        table = hstack([table, csr_matrix((vectors - centre) * scale)]).tocsr()
    machine = LinearSVC(C=strength, random_state=0).fit(table, labels)
    learned = _both_ways(machine.coef_, len(machine.classes_)).T.astype(np.float32)
    bias = _both_ways(machine.intercept_, len(machine.classes_)).ravel().astype(np.float32)
    return Linear(rows, _half(learned[: len(rows)]), bias, learned[len(rows) : len(rows) + width] * scale, centre)


def _rows(features: Sequence[Features], at_least: int) -> dict[str, int]:
    seen = Counter(name for each in features for name in each)
    return {name: row for row, name in enumerate(name for name, often in seen.items() if often >= at_least)}


def _table(features: Sequence[Features], rows: Mapping[str, int]) -> csr_matrix:  # type: ignore[name-defined]  # noqa: F821
    from scipy.sparse import csr_matrix

    known = [[(rows[name], weight) for name, weight in each.items() if name in rows] for each in features]
    ends = np.cumsum([0, *map(len, known)])
    places = np.array([row for each in known for row, _ in each], np.int32)
    values = np.array([weight for each in known for _, weight in each], np.float32)
    return csr_matrix((values, places, ends), shape=(len(features), len(rows)))


def _both_ways(learned: np.ndarray, labels: int) -> np.ndarray:
    """Of two labels scikit-learn keeps one row, for the second; here each label has its own."""
    return np.concatenate([-learned, learned]) if labels == 2 else learned


def _half(weights: np.ndarray) -> np.ndarray:
    """*weights* as they will be after they were stored in half precision."""
    return weights.astype(np.float16).astype(np.float32)


def shares(scores: np.ndarray, sharpness: float) -> np.ndarray:
    """Scores as confidences that sum to 1 along the last axis."""
    lifted = np.exp((scores - scores.max(axis=-1, keepdims=True)) * sharpness)
    return lifted / lifted.sum(axis=-1, keepdims=True)


def sharpness(scores: np.ndarray, truth: np.ndarray) -> float:
    """The factor on *scores*, shape (n, k), under which the true labels are likeliest (inverse temperature)."""
    tried = np.geomspace(0.3, 30, 60)
    rows = np.arange(len(truth))
    likely = [np.log(shares(scores, factor)[rows, truth] + 1e-12).mean() for factor in tried]
    return float(tried[int(np.argmax(likely))])
