"""Which product of the live catalogue a line speaks of: by name, alias, model number, or nearly so; and which goods."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import spacy
from spacy.matcher import PhraseMatcher

from bot.errors import ShopUnavailable
from bot.nlu.goods import GoodsWords
from bot.nlu.slips import Slips
from bot.shop.facts import Product, Shop
from bot.text.normalise import Plain, plain

#: Longer names are titles, pasted if they come at all: spaCy would keep 6 kB for each.
_LONGEST_TYPED = 12
_BATCH = 500
#: Last signs of words for what belongs to a product: 手机壳, 牙刷头.
_PARTS = frozenset("壳膜套架带头盖垫线盒罩芯柜袋")
_SPACES = re.compile(r"[\s\-_·]+")
#: Words that point at the product of the page.
_POINTS = re.compile(r"[这那]个?(?:款|件|双|条|只|台|部|瓶|罐|盒|包|套|把|张|本)?(?:商品|产品|宝贝|东西)?")


@dataclass(frozen=True, slots=True)
class Link:
    """A product named in a line; several products if the name fits several."""

    product_ids: tuple[str, ...]
    start: int
    end: int
    nearly: bool


@dataclass(frozen=True, slots=True)
class Goods:
    """A word for goods that is no product's name: 空气炸锅 where the shop sells two of another name."""

    word: str
    start: int
    end: int


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
        self.titles: dict[str, list[str]] = {}  #: how a title begins -> the titles
        typed = [name for name in self.ids if len(name) <= _LONGEST_TYPED]
        for name in self.ids.keys() - set(typed):
            self.titles.setdefault(name[:_LONGEST_TYPED], []).append(name)
        for start in range(0, len(typed), _BATCH):
            self.matcher.add("product", [self.nlp.make_doc(name) for name in typed[start : start + _BATCH]])
        self.slips = Slips(list(self.ids))
        self.words = GoodsWords(typed)
        self.wrong_words = Slips(sorted(word for word in self.words.goods if len(word) > 1))

    def links(self, text: str) -> list[Link]:
        """Products named in *text*, longest name first where names overlap; slips only if no name is there."""
        form = tight(plain(text))
        exact = [self._link(form, *hit, name=form.text[slice(*hit)]) for hit in _longest(self._named(form.text))]
        if exact:
            return exact
        slip = self._slip(self.slips, form)
        return [] if slip is None else [Link(tuple(self.ids[slip[2]]), *slip[:2], nearly=True)]

    def goods(self, text: str, links: Sequence[Link]) -> list[Goods]:
        """Words for goods in *text* beside the products named there (*links*)."""
        form = tight(plain(text))
        found = [Goods(form.text[start:end], *form.span(start, end)) for start, end in self.words.places(form.text)]
        if not found and not links and (slip := self._slip(self.wrong_words, form, by_likeness=False)):
            return [Goods(slip[2], *slip[:2])]
        return [word for word in found if all(word.end <= link.start or word.start >= link.end for link in links)]

    def read(self, text: str) -> tuple[list[Link], list[Goods]]:
        """Products and goods named in *text*; where one word holds a product's name, the whole word is meant.

        婴儿安全座椅 is the shop's 安全座椅, but 手机壳 is no 手机.
        """
        links = self.links(text)
        for word in self.goods(text, ()) if links else ():
            around = [link for link in links if word.start <= link.start and link.end <= word.end]
            if around and (around[0].nearly or (word.end > around[0].end and word.word[-1] in _PARTS)):
                links = [
                    link for link in links if link not in around or (link.start, link.end) == (word.start, word.end)
                ]
            elif around:
                links = [replace(link, start=word.start, end=word.end) if link in around else link for link in links]
        return links, self.goods(text, links)

    def _slip(self, slips: Slips, form: Plain, *, by_likeness: bool = True) -> tuple[int, int, str] | None:
        """A name of *slips* that *form* (tight) misspells, with its place in the original."""
        found = slips.heard(form.text)
        if found and _SPACES.search(form.original, *form.span(*found[:2])):
            found = None
        if found is None and by_likeness:
            found = slips.alike(form.text)
        if found is None:
            form = plain(form.original)
            found = slips.spelt(form.text)
        return found and (*form.span(*found[:2]), found[2])

    def _named(self, text: str) -> list[tuple[int, int]]:
        doc = self.nlp.make_doc(text)
        hits = [(doc[start:end].start_char, doc[start:end].end_char) for _, start, end in self.matcher(doc)]
        return [*hits, *self._titles(text)]

    def _titles(self, text: str) -> Iterator[tuple[int, int]]:
        for start in range(len(text) - _LONGEST_TYPED):
            for title in self.titles.get(text[start : start + _LONGEST_TYPED], ()):
                if text.startswith(title, start):
                    yield start, start + len(title)

    def _link(self, form: Plain, start: int, end: int, *, name: str, nearly: bool = False) -> Link:
        return Link(tuple(self.ids[name]), *form.span(start, end), nearly)


class Linker:
    """Links lines to the shop's live catalogue; the index is made anew when the catalogue changed."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.version = ""
        self.index = Index(())

    def entities(
        self, text: str, found: Sequence[dict[str, Any]], page: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Product and goods entities of *text* in Rasa's form; *found* are the entities read by shape.

        The product of the *page* comes first where a name fits several, and is what 这款 means where none is named.
        """
        self._refresh()
        here = str((page or {}).get("product_id") or "")
        named, goods = self.index.read(text)
        links = [_first(link, here) for link in named]
        numbers = [_by_number(entity) for entity in found if self._is_product(entity)]
        if not links and not numbers and here in self.index.known:
            links = list(_pointed_at(text, here))
        return [*map(_entity, links), *numbers, *map(_goods_entity, goods)]

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
    closed = (tight(plain(name)).text for name in names)
    return dict.fromkeys(name for name in closed if len(name) >= 2)


def tight(form: Plain) -> Plain:
    """*form* without spaces and dashes: people write iphone15 and iPhone 15 alike."""
    kept = [index for index, letter in enumerate(form.text) if not _SPACES.fullmatch(letter)]
    return Plain("".join(form.text[i] for i in kept), tuple(form.at[i] for i in kept), form.original)


def _longest(hits: list[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for start, end in sorted(hits, key=lambda hit: (hit[0] - hit[1], hit[0])):
        if all(end <= other[0] or start >= other[1] for other in kept):
            kept.append((start, end))
    return sorted(kept)


def _first(link: Link, product_id: str) -> Link:
    """*link* with *product_id* first, if it is among its products."""
    if product_id not in link.product_ids:
        return link
    others = tuple(each for each in link.product_ids if each != product_id)
    return replace(link, product_ids=(product_id, *others))


def _pointed_at(text: str, product_id: str) -> Iterator[Link]:
    form = plain(text)
    match = _POINTS.search(form.text)
    if match:
        yield Link((product_id,), *form.span(*match.span()), nearly=False)


def _entity(link: Link) -> dict[str, Any]:
    return {
        "entity": "product", "value": link.product_ids[0], "start": link.start, "end": link.end,
        "extractor": "Linker", "also": list(link.product_ids[1:]), "nearly": link.nearly,
    }  # fmt: skip


def _by_number(entity: dict[str, Any]) -> dict[str, Any]:
    return {**entity, "entity": "product", "extractor": "Linker", "also": [], "nearly": False}


def _goods_entity(goods: Goods) -> dict[str, Any]:
    return {"entity": "goods", "value": goods.word, "start": goods.start, "end": goods.end, "extractor": "Linker"}
