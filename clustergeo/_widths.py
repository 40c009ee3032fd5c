"""How wide texts are, and how the columns of a table share a width."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# A date is one word: a break at its hyphens makes it unreadable.
DATE = re.compile(r"\b[0-9]{4}-[0-9]{2}(-[0-9]{2})?\b")

# An address may break anywhere; a word of a name need not.
_LONGEST_WORD = 18
# What a column takes beside its text, and how much wider than a digit letters are.
_GAP, _LETTER = 2.5, 1.1
# How wide a digit or letter is, by its height; a column of a page has half a height of it free on each side.
_EM = 0.56
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


def shares(rows: Sequence[Sequence[str]]) -> list[float]:
    """Return the share of a width that each column of a table gets: by what it holds, and by its longest word.

    Examples
    --------
    >>> [round(share, 2) for share in shares([["site", "km²"], ["Cheongju Osong rail cluster", "0.99"]])]
    [0.64, 0.36]
    """
    needs = []
    for cells in zip(*rows, strict=True):
        longest = max(map(columns, cells), default=1)
        needs.append(max(_LETTER * _word(cells) + _GAP, _SPREAD * longest**0.5))
    return [need / sum(needs) for need in needs]


def room(rows: Sequence[Sequence[str]]) -> float:
    """Return how wide a table must be, in heights of its letters, so that no column cuts its longest word.

    Examples
    --------
    >>> round(room([["site", "km²"], ["Cheongju Osong rail cluster", "0.99"]]), 1)
    8.7
    """
    words = (_EM * _word(cells) + 1 for cells in zip(*rows, strict=True))
    return max((word / share for word, share in zip(words, shares(rows), strict=True)), default=0)


def _word(cells: Sequence[str]) -> int:
    """Return the width of the longest word of a column."""
    return min(max((columns(word) for text in cells for word in text.split()), default=1), _LONGEST_WORD)
