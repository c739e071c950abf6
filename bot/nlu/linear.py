"""The two models of the cascade, scored with numpy alone: `Linear` over named features, `Near` with sentence vectors.

Learned with scikit-learn and scipy, which are imported only to learn: when the bot runs they are not there.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Features = Mapping[str, float]
#: In how many examples a feature must stand to be learned.
AT_LEAST = 2
#: `Near`: how fast likeness falls with distance, what it weighs beside the features, how strongly weights are held down.
FALL, LIKENESS, RIDGE = 4.0, 4.0, 0.5
_BLOCK = 1024


@dataclass(frozen=True, slots=True)
class Row:
    """A line as the models see it: places among the known names and the values there, both of shape (names,)."""

    places: np.ndarray
    values: np.ndarray


class Names:
    """The names of features that are known, each with its place."""

    def __init__(self, names: Iterable[str]) -> None:
        self.place = {name: place for place, name in enumerate(dict.fromkeys(names))}

    @classmethod
    def seen(cls, rows: Iterable[Features], at_least: int = AT_LEAST) -> Names:
        """The names that stand in at least *at_least* of *rows*."""
        often = Counter(name for row in rows for name in row)
        return cls(name for name, times in often.items() if times >= at_least)

    def row(self, features: Features) -> Row:
        """*features* without the unknown ones."""
        place = self.place
        known = [(place[name], value) for name, value in features.items() if name in place]
        return Row(np.array([at for at, _ in known], np.int32), np.array([value for _, value in known], np.float32))

    def table(self, rows: Sequence[Row]) -> Any:
        """*rows* as a sparse matrix, shape (n, names)."""
        from scipy.sparse import csr_matrix

        ends = np.cumsum([0, *(len(row.places) for row in rows)])
        places = np.concatenate([row.places for row in rows])
        values = np.concatenate([row.values for row in rows])
        return csr_matrix((values, places, ends), shape=(len(rows), len(self.place)))

    def save(self, path: Path) -> None:
        """Write the names to *path* as json."""
        path.write_text(json.dumps(list(self.place), ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Names:
        """The names that `save` wrote to *path*."""
        return cls(json.loads(path.read_text(encoding="utf-8")))


@dataclass(frozen=True, slots=True)
class Linear:
    """A weight for each name and label, shape (names, labels), half precision; a bias for each label."""

    weights: np.ndarray
    bias: np.ndarray

    def scores(self, row: Row) -> np.ndarray:
        """A score for each label, shape (labels,)."""
        total: np.ndarray = row.values @ self.weights[row.places].astype(np.float32) + self.bias
        return total

    @classmethod
    def fit(cls, table: Any, labels: np.ndarray, labels_in_all: int) -> Linear:
        """A linear support vector machine for each label against the rest.

        *labels*, shape (n,), are 0 to *labels_in_all* - 1; one that no row of *table* has always scores -1.
        """
        from sklearn.svm import LinearSVC

        weights = np.zeros((table.shape[1], labels_in_all), np.float16)
        bias = np.full(labels_in_all, -1.0, np.float32)
        if len(np.unique(labels)) == 1:
            bias[labels[0]] = 1.0
            return cls(weights, bias)
        machine = LinearSVC(C=1.0, random_state=0).fit(table, labels)
        weights[:, machine.classes_] = _each(machine.coef_, machine.classes_).T
        bias[machine.classes_] = _each(machine.intercept_, machine.classes_).ravel()
        return cls(weights, bias)

    def save(self, path: Path) -> None:
        """Write the weights to *path* as npz."""
        np.savez_compressed(path, weights=self.weights, bias=self.bias)

    @classmethod
    def load(cls, path: Path) -> Linear:
        """The weights that `save` wrote to *path*."""
        with np.load(path, allow_pickle=False) as kept:
            return cls(kept["weights"], kept["bias"])


def _each(learned: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """A row for each class; of two classes scikit-learn gives one row, for the second."""
    return np.concatenate([-learned, learned]) if len(classes) == 2 else learned


@dataclass(frozen=True, slots=True)
class Near:
    """Linear over named features, and near to known sentences: kernel ridge regression on the sum of both likenesses.

    Two lines are as alike as the product of their rows plus `LIKENESS`·exp(-`FALL`·d²), d the distance of their
    sentence vectors. The first part is kept as weights, shape (names, labels); of the second, the m known vectors,
    shape (m, 384), and what each says, shape (m, labels).
    """

    weights: np.ndarray
    known: np.ndarray
    says: np.ndarray

    def scores(self, row: Row, vector: np.ndarray) -> np.ndarray:
        """A score for each label, shape (labels,)."""
        total: np.ndarray = row.values @ self.weights[row.places].astype(np.float32)
        total += likeness(self.known @ vector) @ self.says
        return total

    @classmethod
    def fit(
        cls, table: Any, vectors: np.ndarray, has: np.ndarray, wanted: np.ndarray, parts: Sequence[np.ndarray]
    ) -> tuple[Near, np.ndarray]:
        """The model, and the scores that the examples of *parts* had got had each part been left out, one after the other.

        Parameters
        ----------
        table, vectors, wanted
            n rows each: features; sentence vectors; 1 for the label and -1 for all others.
        has
            Which examples have a sentence vector, shape (n,). The others count by their features alone.
        parts
            Places of the examples to be left out together.
        """
        from scipy.linalg import cho_factor, cho_solve

        alike = _alike(table, vectors, has)
        alike[np.diag_indices_from(alike)] += RIDGE
        factor = cho_factor(alike, lower=True, overwrite_a=True, check_finite=False)
        says = cho_solve(factor, wanted, check_finite=False).astype(np.float32)
        left_out = np.concatenate([wanted[part] - _missed(factor[0], says, part) for part in parts])
        return cls((table.T @ says).astype(np.float16), vectors[has], says[has]), left_out

    def save(self, path: Path) -> None:
        """Write the model to *path* as npz."""
        np.savez_compressed(path, weights=self.weights, known=self.known.astype(np.float16), says=self.says)

    @classmethod
    def load(cls, path: Path) -> Near:
        """The model that `save` wrote to *path*."""
        with np.load(path, allow_pickle=False) as kept:
            return cls(kept["weights"], kept["known"].astype(np.float32), kept["says"])


def likeness(cosines: np.ndarray) -> np.ndarray:
    """How alike sentences are by the cosines of their vectors, all of length 1."""
    found: np.ndarray = LIKENESS * np.exp(-2 * FALL * (1 - cosines))
    return found


def _alike(table: Any, vectors: np.ndarray, has: np.ndarray) -> np.ndarray:
    """How alike all examples are, shape (n, n), float32, in the column order that LAPACK wants."""
    size = table.shape[0]
    alike = np.empty((size, size), np.float32, order="F")
    turned = table.T.tocsc()
    for start in range(0, size, _BLOCK):
        part = slice(start, start + _BLOCK)
        rows = (table[part] @ turned).toarray()
        rows += likeness(vectors[part] @ vectors.T) * (has[part, None] & has)
        alike[:, part] = rows.T
    return alike


def _missed(lower: np.ndarray, says: np.ndarray, part: np.ndarray) -> np.ndarray:
    """By how much each example of *part* is missed when the part is left out, shape (part, labels).

    That is (K⁻¹)_PP⁻¹ times the part's rows of *says*, with K = L·Lᵀ and L in *lower*.
    """
    from scipy.linalg import solve_triangular

    columns = np.zeros((len(lower), len(part)), np.float32, order="F")
    columns[part, np.arange(len(part))] = 1.0
    columns = solve_triangular(lower, columns, lower=True, overwrite_b=True, check_finite=False)
    missed: np.ndarray = np.linalg.solve(columns.T @ columns, says[part])
    return missed


@dataclass(frozen=True, slots=True)
class Calibration:
    """How sure a model is, from its scores: sharpened, and the greatest share read off a rising curve."""

    sharpness: float
    shares: tuple[float, ...]
    right: tuple[float, ...]

    def confidences(self, scores: np.ndarray) -> np.ndarray:
        """A confidence for each label, shape (labels,), in the order of *scores*; they sum to at most 1."""
        found = shares(scores, self.sharpness)
        first = int(found.argmax())
        sure = float(np.interp(found[first], self.shares, self.right))
        found[first] = 0.0
        found *= (1 - sure) / max(float(found.sum()), 1e-30)
        np.minimum(found, sure, out=found)
        found[first] = sure
        return found

    @classmethod
    def fit(cls, scores: np.ndarray, truth: np.ndarray) -> Calibration:
        """From scores, shape (n, labels), of examples not learned from; the curve by isotonic regression."""
        from sklearn.isotonic import IsotonicRegression

        sharp = sharpness(scores, truth)
        likely = shares(scores, sharp)
        curve = IsotonicRegression(y_min=0.02, y_max=0.99, out_of_bounds="clip")
        curve.fit(likely.max(axis=1), likely.argmax(axis=1) == truth)
        places = np.linspace(0, 1, 21)
        return cls(sharp, tuple(places.tolist()), tuple(_smooth(curve.predict(places)).tolist()))


def _smooth(steps: np.ndarray) -> np.ndarray:
    """A curve of steps with its corners rounded, still rising."""
    wide = np.pad(steps, 1, mode="edge")
    smooth: np.ndarray = (wide[:-2] + wide[1:-1] + wide[2:]) / 3
    return smooth


def shares(scores: np.ndarray, sharpness: float) -> np.ndarray:
    """Scores as confidences that sum to 1 along the last axis."""
    lifted = np.exp((scores - scores.max(axis=-1, keepdims=True)) * sharpness)
    total: np.ndarray = lifted / lifted.sum(axis=-1, keepdims=True)
    return total


def sharpness(scores: np.ndarray, truth: np.ndarray) -> float:
    """The factor on *scores*, shape (n, k), under which the true labels are likeliest (inverse temperature)."""
    tried = np.geomspace(0.3, 30, 60)
    rows = np.arange(len(truth))
    likely = [np.log(shares(scores, factor)[rows, truth] + 1e-12).mean() for factor in tried]
    return float(tried[int(np.argmax(likely))])
