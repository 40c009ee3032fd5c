"""Conditions as data: a small closed vocabulary, and logic with a third value, unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from clustergeo import facts, labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

# Kleene's three values in an order in which "and" is the least of them and "or" the greatest.
NO, UNKNOWN, YES = -1, 0, 1
NOT_STATED = "not_stated"

SIZES = ("large", "mid", "sme")
ZONES = ("overconcentration_control", "growth_management", "nature_conservation")
TIERS = ("special", "preferential", "general")
SUBSIDY_TIERS = ("upper", "middle", "lower")
TECHNOLOGIES = (
    *("semiconductor", "display", "battery", "bio", "robot", "defence", "hydrogen", "nuclear"),
    *("future_mobility", "ai", "future_transport", "other"),
)
SECTORS = (
    *("semiconductor", "display", "battery", "bio", "future_mobility", "robot", "defence", "hydrogen", "nuclear"),
    *("rail", "food", "aerospace"),
)


@dataclass(frozen=True)
class Word:
    """A word of the vocabulary: what kind of value it has, which choices, whether it is the applicant's, its names."""

    kind: str
    ko: str
    en: str
    choices: tuple[str, ...] = ()
    applicant: bool = False


WORDS: dict[str, Word] = {
    "in_capital_region": Word("flag", "수도권 안", "in the capital region"),
    "capital_zone": Word("choice", "수도권의 권역", "legal zone of the capital region", ZONES),
    "capital_border_km": Word("number", "수도권 경계까지의 거리(km)", "distance to the capital region (km)"),
    "sector": Word("choice", "업종", "sector", SECTORS),
    "province": Word("codes", "시도", "province"),
    "municipality": Word("codes", "시군구", "municipality"),
    "support_tier": Word("choice", "지원 등급", "support tier", TIERS),
    "subsidy_tier": Word("choice", "보조금의 지역 구분", "tier of the subsidy", SUBSIDY_TIERS),
    "industrial_crisis_area": Word("flag", "산업위기지역", "industrial-crisis area"),
    "rdz_present": Word("flag", "개발제한구역 저촉", "restricted development zone on the site"),
    "rdz_area_m2": Word("number", "개발제한구역 면적(㎡)", "area of restricted development zone (m2)"),
    "area_m2": Word("number", "부지 면적(㎡)", "area of the site (m2)"),
    "status": Word("choice", "추진 단계", "status", facts.STATUSES),
    "specialised_complex": Word("flag", "국가첨단전략산업 특화단지 안", "inside a specialised complex"),
    "specialised_complex_sector": Word("choice", "특화단지의 업종", "sector of the specialised complex", SECTORS),
    "parts_complex": Word("flag", "소부장 특화단지 안", "inside a materials-parts-equipment complex"),
    "strategic_project": Word("flag", "국가·지역전략사업", "one of the strategic projects"),
    "national_complex": Word("flag", "국가산단 후보지 15곳의 하나", "one of the 15 national complexes"),
    "investment_krw": Word("number", "투자액(원)", "investment (KRW)", applicant=True),
    "additional_investment_krw": Word("number", "추가 투자액(원)", "additional investment (KRW)", applicant=True),
    "size": Word("choice", "기업 규모", "size of the firm", SIZES, applicant=True),
    "technology": Word("choice", "기술", "technology", TECHNOLOGIES, applicant=True),
    "unstated": Word("unstated", "출처에 없는 조건", "a condition that no source states"),
}

# The table of labels that a word's choices are told by, where it is not of the word's own name.
_TOLD_AS = {"sector": "sectors", "specialised_complex_sector": "sectors", "municipality": "code", "province": "code"}


@dataclass(frozen=True)
class Leaf:
    """One word held against a value: `op` is a key of the word's kind, `value` a flag, a tuple of texts or a number."""

    word: str
    op: str
    value: Any

    @property
    def stated(self) -> bool:
        """Whether a source gives the value to hold against."""
        return self.value != NOT_STATED and self.word != "unstated"


@dataclass(frozen=True)
class Group:
    """Conditions joined by `all`, `any` or `not` (of one)."""

    op: str
    parts: tuple[Leaf | Group, ...]


Condition = Leaf | Group


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Return every leaf of a tree, in the order in which it is written."""
    if isinstance(condition, Leaf):
        yield condition
    else:
        for part in condition.parts:
            yield from leaves(part)


def kleene(condition: Condition, truth: Callable[[Leaf], NDArray[np.int8]], size: int) -> NDArray[np.int8]:
    """Return what a tree of conditions comes to: -1 no, 0 unknown, 1 yes.

    Parameters
    ----------
    condition
        The tree.
    truth
        Gives the truth of a leaf, shape (size,).
    size
        How many cases there are; a group of nothing is true for each.

    Examples
    --------
    >>> leaf = Leaf("in_capital_region", "is", True)
    >>> kleene(Group("not", (leaf,)), lambda _: np.array([1, 0, -1], dtype=np.int8), 3)
    array([-1,  0,  1], dtype=int8)
    """
    if isinstance(condition, Leaf):
        return truth(condition)
    parts = [kleene(part, truth, size) for part in condition.parts]
    if condition.op == "any":
        return np.asarray(np.maximum.reduce(parts), dtype=np.int8)
    out = np.minimum.reduce([np.full(size, YES, dtype=np.int8), *parts])
    return np.asarray(-out if condition.op == "not" else out, dtype=np.int8)


def bare(condition: Condition) -> Leaf:
    """Return the leaf of a leaf, or of a leaf that is denied."""
    return condition if isinstance(condition, Leaf) else bare(condition.parts[0])


def _denied(condition: Condition) -> Condition:
    """Return a leaf with a "not" before it; one that is denied twice as it is."""
    return Group("not", (condition,)) if isinstance(condition, Leaf) else condition.parts[0]


def decisive(condition: Condition, truth: Callable[[Leaf], int]) -> tuple[int, list[Condition]]:
    """Return what a tree comes to for one case, and the leaves that decided it, each under a "not" if denied.

    For a no these are the first that forbids, for an unknown all that are open, for a yes all that hold.

    Examples
    --------
    >>> inside, bio = Leaf("in_capital_region", "is", True), Leaf("sector", "any_of", ("bio",))
    >>> decisive(Group("all", (inside, bio)), lambda leaf: 1 if leaf is inside else -1) == (-1, [bio])
    True
    """
    if isinstance(condition, Leaf):
        return truth(condition), [condition]
    parts = [decisive(part, truth) for part in condition.parts]
    if condition.op == "not":
        value, found = parts[0]
        return -value, [_denied(leaf) for leaf in found]
    if not parts:
        return YES, []
    values = [value for value, _ in parts]
    whole = max(values) if condition.op == "any" else min(values)
    decided = [found for value, found in parts if value == whole]
    alone = (condition.op == "all" and whole == NO) or (condition.op == "any" and whole == YES)
    return whole, decided[0] if alone else [leaf for found in decided for leaf in found]


def in_words(leaf: Leaf, lang: str) -> str:
    """Return a leaf in words, `ko` or `en`.

    Examples
    --------
    >>> in_words(Leaf("investment_krw", "at_least", 10**12), "en")
    'investment (KRW) at least 1,000,000,000,000'
    """
    korean = lang == "ko"
    word = WORDS[leaf.word]
    name = word.ko if korean else word.en
    if leaf.word == "unstated":
        return f"출처에 없음: {leaf.value[0]}" if korean else f"not stated in the sources: {leaf.value[1]}"
    if leaf.value == NOT_STATED:
        return f"{name}: 기준이 출처에 없음" if korean else f"{name}: the threshold is not stated in the sources"
    if leaf.op == "is":
        return name if leaf.value else f"{name} 아님" if korean else f"not {name}"
    if word.kind == "number":
        signs = {
            "at_least": ("이상", "at least"),
            "at_most": ("이하", "at most"),
            "above": ("초과", "above"),
            "below": ("미만", "below"),
        }[leaf.op]
        return f"{name} {leaf.value:,} {signs[0]}" if korean else f"{name} {signs[1]} {leaf.value:,}"
    said = ", ".join(labels.value(_TOLD_AS.get(leaf.word, leaf.word), one, lang) for one in leaf.value)
    if leaf.op == "none_of":
        return f"{name}: {said} 제외" if korean else f"{name}: none of {said}"
    return f"{name}: {said}"


def sentence(condition: Condition, lang: str) -> str:
    """Return a tree of conditions in words, `ko` or `en`.

    Examples
    --------
    >>> outside = Leaf("in_capital_region", "is", False)
    >>> sentence(Group("any", (outside, Leaf("size", "any_of", ("sme",)))), "en")
    '(not in the capital region or size of the firm: SME)'
    """
    if isinstance(condition, Leaf):
        return in_words(condition, lang)
    parts = [sentence(part, lang) for part in condition.parts]
    if condition.op != "all":
        # What holds together within an "or" is one of its choices.
        joint = [isinstance(part, Group) and part.op == "all" and len(part.parts) > 1 for part in condition.parts]
        parts = [f"[{text}]" if whole else text for text, whole in zip(parts, joint, strict=True)]
    if condition.op == "not":
        return f"({parts[0]}) 아님" if lang == "ko" else f"not ({parts[0]})"
    if condition.op == "any":
        return f"({(' 또는 ' if lang == 'ko' else ' or ').join(parts)})"
    return "; ".join(parts)
