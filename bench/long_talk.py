"""Whether a talk grows dearer the longer it lasts: the 10,000th message of one conversation against the 100th."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.figures import Figure, machine_ms, show
from bench.turn import Bench
from bot.settings import settings
from bot.shop.demo import DEMO_BUYERS

EARLY, LATE, AROUND = 100, 10_000, 40
_TARGET = 1.2
#: Said over and over, so that both stretches hold the same words: words alone, actions, an order, a product.
SAID = (
    "在吗",
    "这个多少钱",
    "有货吗",
    "谢谢",
    "我的快递到哪了",
    "有什么优惠",
    "保修多久",
    "哈哈",
    "什么时候发货",
    "你是机器人吗",
)


def measure() -> Iterator[Figure]:
    """One signed-in shopper says ten sentences a thousand times."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), settings())
        conversation_id = bench.conversation(DEMO_BUYERS[0][0])
        product_id = bench.shop.products()[0].id
        costs_ms, speeds_ms = [], {}
        for number in range(1, LATE + AROUND + 1):
            begun = time.process_time()
            bench.turn_ms(conversation_id, SAID[number % len(SAID)], number, product_id)
            costs_ms.append((time.process_time() - begun) * 1000)
            if number in (EARLY + AROUND, LATE + AROUND):
                speeds_ms[number] = machine_ms()
        early, late = (median(costs_ms[at - AROUND : at + AROUND]) for at in (EARLY, LATE))
        early_speed, late_speed = speeds_ms.values()
        ratio = (late / late_speed) / (early / early_speed)
        how = (
            f"medians of {2 * AROUND} messages, accepted and answered, each over the machine's speed at the time: "
            f"{early:.1f} ms (machine {early_speed:.1f}) and {late:.1f} ms (machine {late_speed:.1f})"
        )
        yield Figure("10,000th message against the 100th", ratio, "times", _TARGET, how, late_speed)


if __name__ == "__main__":
    show(measure)
