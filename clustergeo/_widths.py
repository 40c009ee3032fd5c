"""How wide texts are, and how the columns of a table share a width."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# A date is one word: a break at its hyphens makes it unreadable.
DATE = re.compile(r"\b[0-9]{4}-[0-9]{2}(-[0-9]{2})?\b")

# An address may break anywhere, a word of Hangul between its syllables if it must; a word of a name need not.
_LONGEST_WORD, _LONGEST_HANGUL = 16, 13
# What a column takes beside its text, and how much wider than a digit bold letters are, and half of a syllable is.
_GAP, _LETTER, _SYLLABLE = 2.5, 1.22, 0.95
# A text of four times the length needs about twice the width, for it takes lines.
_SPREAD = 2.4


def columns(text: str) -> int:
    """Return how many columns of a typewriter a text takes: a wide character takes two.

    Examples
    --------
    >>> columns("km²"), columns("용인")
    (3, 4)
    """
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def shares(rows: Sequence[Sequence[str]], *, room: float | None = None) -> list[float]:
    """Return the share of a width that each column of a table gets: by what it holds, and by its longest word.

    Parameters
    ----------
    rows
        The cells as they are shown, the headers first.
    room
        How many digits fit into the whole width: no word is broken where they all have room (`least`).

    Examples
    --------
    >>> [round(share, 2) for share in shares([["site", "km²"], ["Cheongju Osong rail cluster", "0.99"]])]
    [0.63, 0.37]
    >>> [round(share, 2) for share in shares([["a " * 90, "undecidable"]], room=20)]
    [0.2, 0.8]
    """
    floors = [_floor(cells) for cells in zip(*rows, strict=True)]
    needs = [
        max(floor, _SPREAD * max(map(columns, cells), default=1) ** 0.5)
        for floor, cells in zip(floors, zip(*rows, strict=True), strict=True)
    ]
    if room is not None and sum(needs) > room:
        # What is over after every word has its room goes to the columns that hold most.
        more = sum(needs) - sum(floors)
        part = max(room - sum(floors), 0.0) / more if more > 0 else 0.0
        needs = [floor + part * (need - floor) for floor, need in zip(floors, needs, strict=True)]
    return [need / sum(needs) for need in needs]


def least(rows: Sequence[Sequence[str]]) -> float:
    """Return how many digits wide a table must be at least for no word of it to be broken.

    Examples
    --------
    >>> round(least([["present", "km²"]]), 1)
    17.2
    """
    return sum(_floor(cells) for cells in zip(*rows, strict=True))


def longest_word(texts: Iterable[str]) -> float:
    """Return how many digits wide the longest word of texts is, in bold letters; a hyphen parts words too.

    Examples
    --------
    >>> round(longest_word(["system-semiconductor cluster", "용인"]), 1)
    15.9
    """
    words = (word for text in texts for word in text.replace("-", " ").split())
    return max(map(_width, words), default=_LETTER)


def _floor(cells: Iterable[str]) -> float:
    """Return how many digits wide a column must be for its longest word, one that may be broken apart."""
    return max((_unbroken(word) for text in cells for word in text.split()), default=_LETTER) + _GAP


def _unbroken(word: str) -> float:
    """Return how many digits wide the part of a word is that must not be broken."""
    hangul = columns(word) > len(word)
    return min(_width(word), _SYLLABLE * _LONGEST_HANGUL if hangul else _LETTER * _LONGEST_WORD)


def _width(word: str) -> float:
    """Return how many digits wide a word is, in bold letters."""
    wide = columns(word) - len(word)
    return _LETTER * (len(word) - wide) + _SYLLABLE * 2 * wide
