"""How sure it is that an entry answers a question: a logistic model over how near it is, and how near the others (pure).

Made by `python -m bench.knowledge --fit` from the shop's own questions, each looked for without itself, and one half of
`tests/knowledge`.
"""

from __future__ import annotations

import numpy as np

#: An entry this sure is served: set so that nine in ten questions without an answer get none (`tests/knowledge`, the
#: half that was not tuned on). A wrong answer costs more than an offer to choose from.
SURE = 0.5
#: An entry this sure is worth offering by title.
LIKELY = 0.1
#: How near the nearest refused row is, by column, where a shop has none.
_USUAL_REFUSED = np.array([0.372, 0.441, 0.093, 0.107, 0.212, 0.163, 0.165, 0.184])
_NEAR = (-1.151, 4.334, -2.016, -0.459, -4.132, 2.235, 2.541, -1.943)
_LEADING = (3.913, 2.52, -1.713, -0.425, 7.477, 0.281, 3.432, 2.11)
_OVER_REFUSED = (0.017, 2.789, 1.639, -0.511, 0.006, -0.095, 2.332, -1.251)
_LENGTH = 1.721
_BIAS = -3.616
_WEIGHTS = np.array([*_NEAR, *_LEADING, *_OVER_REFUSED, _LENGTH])


def evidence(near: np.ndarray, refused: np.ndarray, length: int) -> np.ndarray:
    """What the model weighs, shape (entries, 25).

    Parameters
    ----------
    near
        `Index.nearness` of the entries that may be served, shape (entries, 8), at least one.
    refused
        The same of refused rows, shape (rows, 8), may be empty.
    length
        Characters of the question.

    Returns
    -------
    The eight columns; by how much each entry leads the best other one (negative: by how much it trails the best); by
    how much it leads the nearest refused row; the length in units of twenty characters, at most three.
    """
    ordered = np.sort(near, axis=0)
    best = ordered[-1]
    second = ordered[-2] if len(near) > 1 else np.zeros_like(best)
    leads = np.where(near >= best, near - second, near - best)
    nearest_refused = refused.max(axis=0) if len(refused) else _USUAL_REFUSED
    lengths = np.full((len(near), 1), min(length / 20, 3))
    return np.hstack([near, leads, near - nearest_refused, lengths])


def sureness(near: np.ndarray, refused: np.ndarray, length: int) -> np.ndarray:
    """The probability that each entry answers, shape (entries,)."""
    odds = evidence(near, refused, length) @ _WEIGHTS + _BIAS
    probability: np.ndarray = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
    return probability
