"""Saving entries: looked over first, refused whole with every reason, numbered and kept so that it can be taken back."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot.errors import BadEntry, EntryNotFound
from bot.shop.facts import Product
from bot.store import knowledge
from bot.store.knowledge import APPROVED, REFUSED, STATES, Content, Entry

_LONGEST_TITLE = 120
_LONGEST_ID = 64
_LONGEST_QUESTION = 200
_LONGEST_ANSWER = 1000
_MOST_QUESTIONS = 60
_LIVE = (APPROVED, REFUSED)

#: question in bare form, category, product: what only one live entry may have
Ask = tuple[str, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Scopes:
    """What an entry may be limited to."""

    categories: frozenset[str]
    product_ids: frozenset[str]

    @classmethod
    def of(cls, products: Iterable[Product]) -> Scopes:
        """The categories and products of a catalogue."""
        products = list(products)
        return cls(frozenset(product.category for product in products), frozenset(product.id for product in products))


def save(session: Session, content: Content, author: str, *, known: Scopes, now: datetime) -> Entry:
    """Keep *content* as the next version of its entry; live in every brain at its next look.

    Raises
    ------
    BadEntry
        Something is wrong with it; nothing was saved.
    """
    knowledge.lock(session)
    content = tidy(content)
    taken = asks_of(entry.content for entry in knowledge.changed_since(session, 0))
    reasons = faults(content, known, taken)
    if reasons:
        raise BadEntry(content.id, reasons)
    return knowledge.put(session, content, author, now=now)


def roll_back(session: Session, entry_id: str, version: int, author: str, *, known: Scopes, now: datetime) -> Entry:
    """Bring an older version back, as a new one; it must still make sense today.

    Raises
    ------
    EntryNotFound
        There is no such entry or it never had this version.
    BadEntry
        Meanwhile its question belongs to another entry, or what it is limited to is gone.
    """
    for old in knowledge.versions(session, entry_id):
        if old.version == version:
            return save(session, old.content, author, known=known, now=now)
    raise EntryNotFound(entry_id, version)


def set_state(session: Session, entry_id: str, state: str, author: str, *, known: Scopes, now: datetime) -> Entry:
    """Approve, retire or refuse an entry as it stands; raises as `roll_back` does."""
    entry = knowledge.current(session, entry_id)
    if entry is None:
        raise EntryNotFound(entry_id)
    return save(session, replace(entry.content, state=state), author, known=known, now=now)


def tidy(content: Content) -> Content:
    """Spaces at the ends taken off, empty questions and those that stand twice left out."""
    questions = {bare(question): question.strip() for question in reversed(content.questions) if question.strip()}
    questions.pop(bare(content.title), None)
    return replace(
        content,
        title=content.title.strip(),
        answer=content.answer.strip(),
        questions=tuple(reversed(questions.values())),
    )


def asks_of(contents: Iterable[Content]) -> dict[Ask, Content]:
    """Whose each question of the live entries is."""
    return {ask: content for content in contents if content.state in _LIVE for ask in _asks(content)}


def faults(content: Content, known: Scopes, taken: Mapping[Ask, Content]) -> list[str]:
    """Why a tidy *content* cannot be kept, in Chinese; empty if it can. *taken*: `asks_of` what is kept."""
    return [*_wrong_words(content), *_wrong_scope(content, known), *_wrong_window(content), *_doubled(content, taken)]


def bare(text: str) -> str:
    """A question without spaces, punctuation and case: two that differ in nothing else are one."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return "".join(letter for letter in folded if letter.isalnum())


def _asks(content: Content) -> Iterator[Ask]:
    for question in (content.title, *content.questions):
        yield bare(question), content.category, content.product_id


def _wrong_words(content: Content) -> Iterator[str]:
    if not content.id or len(content.id) > _LONGEST_ID or not all(c.isalnum() or c in "-_." for c in content.id):
        yield f"编号只能用字母、数字和连字符，1到{_LONGEST_ID}个字"
    if not bare(content.title):
        yield "没有标题问题"
    if len(content.title) > _LONGEST_TITLE:
        yield f"标题超过{_LONGEST_TITLE}个字"
    if not content.questions:
        yield "没有顾客的问法"
    if len(content.questions) > _MOST_QUESTIONS:
        yield f"问法超过{_MOST_QUESTIONS}个"
    if any(len(question) > _LONGEST_QUESTION or not bare(question) for question in content.questions):
        yield f"有的问法只有标点，或超过{_LONGEST_QUESTION}个字"
    if content.state not in STATES:
        yield f"没有“{content.state}”这种状态"
    if not content.answer and content.state != REFUSED:
        yield "没有答案"
    if len(content.answer) > _LONGEST_ANSWER:
        yield f"答案超过{_LONGEST_ANSWER}个字"


def _wrong_scope(content: Content, known: Scopes) -> Iterator[str]:
    if content.category is not None and content.category not in known.categories:
        yield f"没有“{content.category}”这个品类"
    if content.product_id is not None and content.product_id not in known.product_ids:
        yield f"没有编号为{content.product_id}的商品"


def _wrong_window(content: Content) -> Iterator[str]:
    times = [time for time in (content.valid_from, content.valid_until) if time is not None]
    if any(time.tzinfo is None for time in times):
        yield "有效期的时间没有时区"
    elif len(times) == 2 and times[0] >= times[1]:
        yield "有效期的结束不晚于开始"


def _doubled(content: Content, taken: Mapping[Ask, Content]) -> Iterator[str]:
    if content.state not in _LIVE:
        return
    others = Counter(taken[ask].title for ask in _asks(content) if ask in taken and taken[ask].id != content.id)
    for title, times in others.items():
        yield f"有{times}个问法和条目《{title}》重复（适用范围相同）"
