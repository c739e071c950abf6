"""How well entities are read: precision, recall and F1 by kind over `tests/sentences` (`python -m bench.entities`).

Shapes come from `bot.text.patterns.find`, products and goods from `bot.nlu.linker.Index` over the demo shop's
catalogue. Counted are sentences with an `entities` key only: in the others a date or a product often stands
unlabelled, so neither a find nor a silence there says anything.

A find is right if its kind is the label's and its stretch of the shopper's own text is the label's, units and currency
signs apart (`42` and `42码`, `两百` and `两百块`), and a stamp may be labelled by its day. What stands twice in a
sentence counts once. A product label is right as

* a link, if the label is a name of the catalogue (`PRODUCT_LINK` counts these alone): the linked products must bear it;
* a link or a goods word, if the demo shop has nothing of that name.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import yaml

from bot.nlu.asked import phone_tail_asked
from bot.nlu.linker import Index, names_of, tight
from bot.settings import ROOT
from bot.shop.demo.catalogue import catalogue
from bot.text.normalise import plain
from bot.text.patterns import find

Score = tuple[float, float, float, int]  #: precision, recall, F1, labels
PRODUCT, PRODUCT_LINK = "product", "product (link)"
_DAY = date(2026, 11, 22)
_UNITS = {
    "size": re.compile(r"码$|号$"),
    "amount": re.compile(r"^[¥￥]|元$|块钱?$"),
    "points": re.compile(r"积?分$"),
    "courier": re.compile(r"快递$|速运$|速递$|物流$"),
    "coupon": re.compile(r"的$|券$|的券$"),
    "weight": re.compile(r"(?:斤|kg|公斤)$"),
    "height": re.compile(r"(?:cm|厘米|公分)$"),
    "foot_length": re.compile(r"(?:cm|厘米|mm|毫米)$"),
    "date": re.compile(r"[ t]\d{1,2}:\d{2}(?::\d{2})?$|(?<=.)[\d一二三四五六七八九十]{1,2}点半?$"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Labelled:
    """A test sentence, the lines before it and its labels as (kind, stretch)."""

    text: str
    before: tuple[str, ...]
    labels: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Read:
    """One thing found, by its kind and stretch, with the products it is linked to."""

    kind: str
    stretch: str
    product_ids: tuple[str, ...] = ()


@dataclass(slots=True)
class Tally:
    """Hits, misses and false alarms of every kind, with the sentences in which they were made."""

    hits: Counter[str]
    misses: list[tuple[str, str, str]]  #: kind, label, sentence
    alarms: list[tuple[str, str, str]]  #: kind, stretch, sentence

    def scores(self) -> dict[str, Score]:
        """The score of every kind; `all` is the micro average without products, `everything` with them."""
        missed, alarmed = Counter(row[0] for row in self.misses), Counter(row[0] for row in self.alarms)
        kinds = sorted({*self.hits, *missed, *alarmed})
        found = {kind: _score(self.hits[kind], missed[kind], alarmed[kind]) for kind in kinds}
        others = [kind for kind in kinds if kind not in (PRODUCT, PRODUCT_LINK)]
        for name, chosen in (("all", others), ("everything", [*others, PRODUCT])):
            found[name] = _score(*(sum(count[kind] for kind in chosen) for count in (self.hits, missed, alarmed)))
        return found


def entity_scores() -> dict[str, Score]:
    """(precision, recall, F1, labels) by kind; `all` is every kind but products, `everything` all of them."""
    return tally(sentences()).scores()


def tally(rows: Iterable[Labelled]) -> Tally:
    """What is found in *rows*, compared with their labels."""
    count = Tally(Counter(), [], [])
    for row in rows:
        found = {(read.kind, _core(read.kind, read.stretch)): read for read in reads(row)}
        wanted = {(kind, _core(kind, label)): label for kind, label in row.labels}
        for (kind, core), label in wanted.items():
            right = (kind, core) in found and _links(label, found[kind, core])
            for counted in _counted_as(kind, label):
                if right:
                    count.hits[counted] += 1
                else:
                    count.misses.append((counted, label, row.text))
        count.alarms += [
            (kind, read.stretch, row.text) for (kind, core), read in found.items() if (kind, core) not in wanted
        ]
    return count


def sentences() -> Iterator[Labelled]:
    """Every test sentence whose row has an `entities` key."""
    for path in sorted((ROOT / "tests" / "sentences").glob("*.yml")):
        yield from _rows(path)


def reads(row: Labelled) -> list[Read]:
    """What is found in a sentence; kinds without labels (`product_id`) are left out, goods count as products."""
    shapes = find(row.text, phone_tail_asked=phone_tail_asked(row.before))
    found = [Read(hit.kind, row.text[hit.start : hit.end]) for hit in shapes if hit.kind != "product_id"]
    links, goods = _index().read(row.text)
    found += [Read(PRODUCT, row.text[link.start : link.end], link.product_ids) for link in links]
    found += [Read(PRODUCT, row.text[word.start : word.end]) for word in goods]
    return found


def _rows(path: Path) -> Iterator[Labelled]:
    for row in yaml.safe_load(path.read_text(encoding="utf-8")):
        if row.get("entities"):
            labels = frozenset(
                (kind, str(label))
                for kind, given in row["entities"].items()
                for label in (given if isinstance(given, list) else [given])
            )
            yield from (Labelled(str(text), tuple(row.get("before", ())), labels) for text in row["say"])


def _core(kind: str, stretch: str) -> str:
    text = plain(stretch).text
    return _UNITS[kind].sub("", text) if kind in _UNITS else tight(plain(stretch)).text


def _links(label: str, read: Read) -> bool:
    """Whether the link of *read* is the one its label asks for."""
    bearers = _bearers().get(tight(plain(label)).text)
    return read.kind != PRODUCT or bearers is None or bool(bearers & set(read.product_ids))


def _counted_as(kind: str, label: str) -> tuple[str, ...]:
    return (PRODUCT, PRODUCT_LINK) if kind == PRODUCT and tight(plain(label)).text in _bearers() else (kind,)


def _score(hits: int, misses: int, alarms: int) -> Score:
    precision = hits / (hits + alarms) if hits + alarms else 1.0
    recall = hits / (hits + misses) if hits + misses else 1.0
    f1 = 2 * hits / (2 * hits + misses + alarms) if hits + misses + alarms else 1.0
    return precision, recall, f1, hits + misses


@cache
def _index() -> Index:
    return Index(catalogue(_DAY))


@cache
def _bearers() -> dict[str, set[str]]:
    """The products that bear each name."""
    bearers: dict[str, set[str]] = {}
    for product in catalogue(_DAY):
        for name in names_of(product):
            bearers.setdefault(name, set()).add(product.id)
    return bearers


def main() -> None:
    """Print the table, then misses and false alarms."""
    begun = datetime.now(UTC)
    count = tally(sentences())
    print(f"{'kind':<16} {'prec.':>6} {'recall':>6} {'F1':>6} {'labels':>6}")
    for kind, (precision, recall, f1, labels) in count.scores().items():
        print(f"{kind:<16} {precision:6.3f} {recall:6.3f} {f1:6.3f} {labels:6}")
    for name, rows in (("missed", count.misses), ("false alarm", count.alarms)):
        for kind, stretch, text in sorted(rows):
            print(f"{name}: {kind} {stretch!r} in {text}")
    print(f"{(datetime.now(UTC) - begun).total_seconds():.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
