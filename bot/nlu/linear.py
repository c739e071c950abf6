"""The cheap model of the cascade, linear over named features and scored with numpy alone, and how sure scores are.

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
        machine = LinearSVC(C=1.0, tol=1e-2, random_state=0).fit(table, labels)
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
