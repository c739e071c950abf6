"""A text as a bag of terms: its words, its characters and its pairs of characters (pure)."""

from __future__ import annotations

from functools import lru_cache

from bot.text.normalise import plain, spelling
from bot.text.words import words


@lru_cache(maxsize=256)
def cleaned(text: str) -> str:
    """The plain form of *text*, known slips mended: what is encoded and cut."""
    return spelling(plain(text).text)


def letters_of(text: str) -> str:
    """A cleaned text without spaces and punctuation: two that differ in nothing else are one question."""
    return "".join(letter for letter in text if letter.isalnum())


def terms(text: str) -> frozenset[str]:
    """The terms of a cleaned text; punctuation has none."""
    letters = letters_of(text)
    pairs = (letters[start : start + 2] for start in range(len(letters) - 1))
    return frozenset((*letters, *pairs, *words(letters)))
