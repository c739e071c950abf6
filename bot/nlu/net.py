"""Small nets over sentence vectors, learned and scored with numpy alone.

Several nets, each having left out a part of the examples: together they judge better than one, and the scores of what
each left out tell how far they are to be trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

#: Nets and, of each: hidden units, rounds over the examples, examples a step.
NETS, HIDDEN, ROUNDS, STEP = 3, 768, 24, 128
#: Adam: step size at its height, share of the old means kept, weight decay. Steps to full height.
_PACE, _KEPT, _KEPT_SQUARE, _DECAY, _WARM_UP = 3e-3, 0.9, 0.98, 0.05, 200
#: Shares of inputs and of hidden units left out at random while learning; share of the truth spread over all labels.
_DROP_INPUT, _DROP_HIDDEN, _SPREAD = 0.05, 0.4, 0.05

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Nets:
    """`NETS` nets with one hidden layer: inputs (i,), hidden (i, NETS·h), outputs (NETS, h, labels), all float32."""

    mean: np.ndarray
    scale: np.ndarray
    first: np.ndarray
    first_bias: np.ndarray
    last: np.ndarray
    last_bias: np.ndarray

    def scores(self, vector: np.ndarray) -> np.ndarray:
        """The mean logarithm of the share each net gives a label, shape (labels,)."""
        hidden = np.maximum((vector - self.mean) * self.scale @ self.first + self.first_bias, 0)
        nets = hidden.reshape(len(self.last), 1, -1) @ self.last
        mean: np.ndarray = log_shares(nets[:, 0] + self.last_bias).mean(axis=0)
        return mean

    @classmethod
    def fit(cls, vectors: np.ndarray, truth: np.ndarray, labels: int, fold: np.ndarray) -> tuple[Nets, np.ndarray]:
        """The nets, and of each example the log shares, shape (n, labels), by the net that left it out.

        *vectors* (n, i); *truth* (n,), 0 to *labels* - 1; *fold* (n,), 0 to `NETS` - 1: which net leaves it out.
        """
        mean, scale = vectors.mean(axis=0), 1 / np.maximum(vectors.std(axis=0), 1e-6)
        inputs = ((vectors - mean) * scale).astype(np.float32)
        left_out = np.zeros((len(truth), labels), np.float32)
        nets = []
        for number in range(NETS):
            seen = fold != number
            net = _Net(inputs.shape[1], labels, number)
            net.learn(inputs[seen], truth[seen])
            left_out[~seen] = log_shares(net.outputs(inputs[~seen]))
            nets.append(net)
        first, first_bias = (np.concatenate([net.layers[at] for net in nets], axis=-1) for at in (0, 1))
        last, last_bias = (np.stack([net.layers[at] for net in nets]) for at in (2, 3))
        return cls(mean, scale, first, first_bias, last, last_bias), left_out

    def save(self, path: Path) -> None:
        """Write the nets to *path* as npz, in half precision."""
        np.savez_compressed(path, **{name: getattr(self, name).astype(np.float16) for name in self.__slots__})

    @classmethod
    def load(cls, path: Path) -> Nets:
        """The nets that `save` wrote to *path*."""
        with np.load(path, allow_pickle=False) as kept:
            return cls(*(kept[name].astype(np.float32) for name in cls.__slots__))


class _Net:
    """One net while it learns: softmax over a hidden layer of rectified units; Adam with a cosine pace."""

    def __init__(self, inputs: int, labels: int, seed: int) -> None:
        self.chance = np.random.default_rng(seed)
        self.labels = labels
        self.layers = [
            self._drawn(inputs, HIDDEN), np.zeros(HIDDEN, np.float32),
            self._drawn(HIDDEN, labels), np.zeros(labels, np.float32),
        ]  # fmt: skip
        self.mean = [np.zeros_like(layer) for layer in self.layers]
        self.square = [np.zeros_like(layer) for layer in self.layers]

    def _drawn(self, ins: int, outs: int) -> np.ndarray:
        return self.chance.normal(0, (2 / ins) ** 0.5, (ins, outs)).astype(np.float32)

    def outputs(self, inputs: np.ndarray) -> np.ndarray:
        """Scores, shape (n, labels)."""
        first, first_bias, last, last_bias = self.layers
        found: np.ndarray = np.maximum(inputs @ first + first_bias, 0) @ last + last_bias
        return found

    def learn(self, inputs: np.ndarray, truth: np.ndarray) -> None:
        """`ROUNDS` rounds over the examples."""
        step = min(STEP, len(truth))
        in_all = ROUNDS * (len(truth) // step)
        for number, some in enumerate(self._batches(len(truth), step), 1):
            pace = _PACE * min(1, number / _WARM_UP) * 0.5 * (1 + np.cos(np.pi * number / in_all))
            self._follow(self._slopes(inputs[some], truth[some]), number, float(pace))

    def _batches(self, size: int, step: int) -> Iterator[np.ndarray]:
        for _ in range(ROUNDS):
            order = self.chance.permutation(size)
            yield from (order[start : start + step] for start in range(0, size - step + 1, step))

    def _kept(self, shape: tuple[int, ...], drop: float) -> np.ndarray:
        return (self.chance.random(shape, dtype=np.float32) >= drop) * np.float32(1 / (1 - drop))

    def _slopes(self, inputs: np.ndarray, truth: np.ndarray) -> list[np.ndarray]:
        """The slope of the loss for each layer."""
        first, first_bias, last, last_bias = self.layers
        inputs = inputs * self._kept(inputs.shape, _DROP_INPUT)
        hidden = np.maximum(inputs @ first + first_bias, 0)
        alive = (hidden > 0) * self._kept(hidden.shape, _DROP_HIDDEN)
        hidden *= alive
        missed = np.exp(log_shares(hidden @ last + last_bias)) - np.float32(_SPREAD / self.labels)
        missed[np.arange(len(truth)), truth] -= 1 - _SPREAD
        missed /= len(truth)
        behind = (missed @ last.T) * alive
        return [inputs.T @ behind, behind.sum(axis=0), hidden.T @ missed, missed.sum(axis=0)]

    def _follow(self, slopes: list[np.ndarray], number: int, pace: float) -> None:
        for layer, mean, square, slope in zip(self.layers, self.mean, self.square, slopes, strict=True):
            mean += (1 - _KEPT) * (slope - mean)
            square += (1 - _KEPT_SQUARE) * (slope * slope - square)
            length = np.sqrt(square / (1 - _KEPT_SQUARE**number)) + 1e-8
            if layer.ndim == 2:
                layer *= 1 - pace * _DECAY
            layer -= pace / (1 - _KEPT**number) * mean / length


def log_shares(scores: np.ndarray) -> np.ndarray:
    """Logarithms of the shares that *scores* give along the last axis."""
    low = scores - scores.max(axis=-1, keepdims=True)
    found: np.ndarray = low - np.log(np.exp(low).sum(axis=-1, keepdims=True))
    return found
