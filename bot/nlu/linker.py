"""Which product of the live catalogue a line speaks of: by name, alias, model number, or nearly so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import spacy
from rapidfuzz import fuzz, process
from spacy.matcher import PhraseMatcher

from bot.errors import ShopUnavailable
from bot.shop.facts import Product, Shop
from bot.text.normalise import Plain, plain

#: How alike (0 to 100) a stretch of text must be to a name to count as a slip of it.
NEARLY = 83
_SHORTEST_SLIP = 4
_SPACES = re.compile(r"[\s\-_·]+")


@dataclass(frozen=True, slots=True)
class Link:
    """A product named in a line; several products if the name fits several."""

    product_ids: tuple[str, ...]
    start: int
    end: int
    nearly: bool


class Index:
    """The names of one state of the catalogue."""

    def __init__(self, products: Sequence[Product]) -> None:
        self.nlp = spacy.blank("zh")  # its tokens are characters: a name is found wherever words are cut
        self.matcher = PhraseMatcher(self.nlp.vocab)
        self.ids: dict[str, list[str]] = {}
        for product in products:
            for name in names_of(product):
                self.ids.setdefault(name, []).append(product.id)
        self.known = frozenset(product.id for product in products)
        self.matcher.add("product", [self.nlp.make_doc(name) for name in self.ids])
        self.long_names = [name for name in self.ids if len(name) >= _SHORTEST_SLIP]

    def links(self, text: str) -> list[Link]:
        """Products named in *text*, longest name first where names overlap; slips only if no name is there."""
        form = _tight(plain(text))
        doc = self.nlp.make_doc(form.text)
        hits = [(doc[start:end].start_char, doc[start:end].end_char) for _, start, end in self.matcher(doc)]
        exact = [self._link(form, *hit, name=form.text[hit[0] : hit[1]]) for hit in _longest(hits)]
        return exact or self._nearly(form)

    def _link(self, form: Plain, start: int, end: int, *, name: str, nearly: bool = False) -> Link:
        return Link(tuple(self.ids[name]), *form.span(start, end), nearly)

    def _nearly(self, form: Plain) -> list[Link]:
        if len(form.text) < _SHORTEST_SLIP or not self.long_names:
            return []
        best = process.extractOne(form.text, self.long_names, scorer=fuzz.partial_ratio, score_cutoff=NEARLY)
        if best is None or len(best[0]) > len(form.text):
            return []
        place = fuzz.partial_ratio_alignment(best[0], form.text)
        if place is None or place.dest_end <= place.dest_start:
            return []
        return [self._link(form, place.dest_start, place.dest_end, name=best[0], nearly=True)]


class Linker:
    """Links lines to the shop's live catalogue; the index is made anew when the catalogue changed."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.version = ""
        self.index = Index(())

    def entities(self, text: str, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Product entities of *text* in Rasa's form; *found* are the entities read by shape."""
        self._refresh()
        named = [_entity(link) for link in self.index.links(text)]
        return named + [_by_number(entity) for entity in found if self._is_product(entity)]

    def _is_product(self, entity: dict[str, Any]) -> bool:
        return entity["entity"] == "product_id" and entity["value"] in self.index.known

    def _refresh(self) -> None:
        try:
            version = self.shop.catalogue_version()
            if version != self.version:
                self.index = Index(self.shop.products())
                self.version = version
        except ShopUnavailable:
            return  # the names known so far serve until the shop is back


def names_of(product: Product) -> Iterable[str]:
    """What a product may be called, in tight plain form, each once."""
    names = (product.short_name, product.name, *product.aliases, product.model or "")
    tight = (_tight(plain(name)).text for name in names)
    return dict.fromkeys(name for name in tight if len(name) >= 2)


def _tight(form: Plain) -> Plain:
    """*form* without spaces and dashes: people write iphone15 and iPhone 15 alike."""
    kept = [index for index, letter in enumerate(form.text) if not _SPACES.fullmatch(letter)]
    return Plain("".join(form.text[i] for i in kept), tuple(form.at[i] for i in kept), form.original)


def _longest(hits: list[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for start, end in sorted(hits, key=lambda hit: (hit[0] - hit[1], hit[0])):
        if all(end <= other[0] or start >= other[1] for other in kept):
            kept.append((start, end))
    return sorted(kept)


def _entity(link: Link) -> dict[str, Any]:
    return {
        "entity": "product", "value": link.product_ids[0], "start": link.start, "end": link.end,
        "extractor": "Linker", "also": list(link.product_ids[1:]), "nearly": link.nearly,
    }  # fmt: skip


def _by_number(entity: dict[str, Any]) -> dict[str, Any]:
    return {**entity, "entity": "product", "extractor": "Linker", "also": [], "nearly": False}
