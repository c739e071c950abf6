"""When and for what each entry holds, as arrays (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from bot.store.knowledge import APPROVED, REFUSED, Content


class Scope:
    """The windows and limits of entries, in their order."""

    def __init__(self, contents: Sequence[Content]) -> None:
        self.served = np.array([content.state == APPROVED for content in contents], bool)
        self.refused = np.array([content.state == REFUSED for content in contents], bool)
        self.from_s = np.array([_seconds(content.valid_from, -np.inf) for content in contents])
        self.until_s = np.array([_seconds(content.valid_until, np.inf) for content in contents])
        self.product = np.array([content.product_id or "" for content in contents], object)
        self.category = np.array([content.category or "" for content in contents], object)

    def holds(self, now: datetime, product: str | None, category: str | None) -> np.ndarray:
        """Which entries hold *now* for what is meant, shape (entries,).

        An entry for one product holds only where that product is meant; one for a category, where no other category
        is known to be meant.
        """
        at = now.timestamp()
        open_now = (self.from_s <= at) & (at < self.until_s)
        for_product = (self.product == "") | (self.product == (product or ""))
        for_category = True if category is None else (self.category == "") | (self.category == category)
        holding: np.ndarray = open_now & for_product & for_category
        return holding


def _seconds(time: datetime | None, always: float) -> float:
    return always if time is None else time.timestamp()
