"""What a frame of tagged sites, and an applicant, say to each condition on a day: yes, no or unknown, and on what."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from clustergeo import facts, labels
from clustergeo.errors import InputError
from clustergeo.policy import places
from clustergeo.policy.applicant import Applicant
from clustergeo.policy.conditions import NO, SECTORS, UNKNOWN, WORDS, YES

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from numpy.typing import NDArray

    from clustergeo.policy.conditions import Leaf

# Korean and English words on what an answer rests on.
Detail = tuple[str, str]
NOTHING: Detail = ("", "")

_NUMBERS = {"capital_border_km": "capital_border_km", "rdz_area_m2": "rdz_area_m2", "area_m2": "area_km2"}
_M2 = 1e6
_FLAGS = {
    *("in_capital_region", "rdz_present", "industrial_crisis_area"),
    *(f"{kind}_present" for kind in places.KINDS),
}
# A word outside these would never match, and so say no.
_CHOICES = {name: WORDS[name].choices for name in ("capital_zone", "support_tier", "subsidy_tier")}


class Answers(NamedTuple):
    """What each site says to a condition: `truth` -1, 0 or 1, and `detail`, a number into `details`; length n or 1."""

    truth: NDArray[np.int8]
    detail: NDArray[np.int64]
    details: list[Detail]


class Evidence:
    """The sites of a tagged frame and an applicant on a day.

    Parameters
    ----------
    tagged
        A frame from `tag`.
    day
        The day that is asked about.
    applicant
        The applicant, or None.

    Raises
    ------
    InputError
        The frame is not tagged.
    """

    def __init__(self, tagged: pd.DataFrame, day: dt.date, applicant: Applicant | None) -> None:
        if "site_id" not in tagged.columns or "in_capital_region" not in tagged.columns:
            msg = "This frame is not tagged. Call clustergeo.tag(sites) first."
            raise InputError(msg)
        if tagged["site_id"].isna().any():
            msg = f"{int(tagged['site_id'].isna().sum())} row(s) have no site_id. Give each site a name of its own."
            raise InputError(msg)
        self.frame, self.day, self.applicant = tagged, day, applicant or Applicant()
        self._columns: dict[str, tuple[NDArray[np.int64], list[Any]]] = {}

    def __len__(self) -> int:
        """Return the number of sites."""
        return len(self.frame)

    def answers(self, leaf: Leaf) -> Answers:
        """Return what each site says to a condition."""
        if not leaf.stated:
            return Answers(np.zeros(1, dtype=np.int8), np.zeros(1, dtype=np.int64), [NOTHING])
        if WORDS[leaf.word].applicant:
            held, detail = self._of_applicant(leaf)
            return Answers(np.array([held], dtype=np.int8), np.zeros(1, dtype=np.int64), [detail])
        if leaf.word in _NUMBERS:
            return self._of_number(leaf)
        columns, judge = _JUDGES[leaf.word]
        codes, distinct = self._distinct(columns)
        judged = [judge(leaf, dict(zip(columns, values, strict=True)), self.day) for values in distinct]
        details = list(dict.fromkeys(detail for _, detail in judged)) or [NOTHING]
        places_of = {detail: number for number, detail in enumerate(details)}
        truth = np.array([value for value, _ in judged], dtype=np.int8)
        number = np.array([places_of[detail] for _, detail in judged], dtype=np.int64)
        return Answers(truth[codes], number[codes], details)

    def values(self, column: str) -> list[Any]:
        """Return the distinct values of a column, None for null; only None where there is no such column."""
        return self._column(column)[1]

    def _of_applicant(self, leaf: Leaf) -> tuple[int, Detail]:
        """Return what the applicant says to a condition."""
        value = getattr(self.applicant, leaf.word)
        if value is None:
            return UNKNOWN, ("신청자 정보 없음", "not known of the applicant")
        if leaf.op in {"any_of", "none_of"}:
            return (YES if (value in leaf.value) == (leaf.op == "any_of") else NO), (
                f"신청자: {labels.value(leaf.word, value, 'ko')}",
                f"it is {labels.value(leaf.word, value, 'en')}",
            )
        return (YES if _compared(leaf.op, value, leaf.value) else NO), (f"신청자: {value:,}", f"it is {value:,}")

    def _of_number(self, leaf: Leaf) -> Answers:
        """Return what a column of numbers says to a condition."""
        column = _NUMBERS[leaf.word]
        missing: Detail = (f"값을 알 수 없음({column})", f"not known ({column})")
        if column not in self.frame.columns:
            return Answers(np.zeros(1, dtype=np.int8), np.zeros(1, dtype=np.int64), [missing])
        try:
            numbers = self.frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
        except (ValueError, TypeError) as error:
            msg = f"{column} holds something that is no number: {error}. Make it numbers or null."
            raise InputError(msg) from error
        if leaf.word == "area_m2":
            # 2.01 km2 times a million is a hair less than 2,010,000.
            numbers = np.round(numbers * _M2, 3)
        held = _compared(leaf.op, numbers, float(leaf.value))
        truth = np.where(np.isnan(numbers), UNKNOWN, np.where(held, YES, NO)).astype(np.int8)
        return Answers(truth, (truth == UNKNOWN).astype(np.int64), [NOTHING, missing])

    def _distinct(self, columns: tuple[str, ...]) -> tuple[NDArray[np.int64], list[tuple[Any, ...]]]:
        """Return the number of each site's combination of values, and the combinations; None for null or no column."""
        codes: NDArray[np.int64] = np.zeros(len(self), dtype=np.int64)
        for column in columns:
            numbers, values = self._column(column)
            codes = codes * (len(values) + 1) + numbers
        if len(columns) == 1:
            return codes, [(value,) for value in self._column(columns[0])[1]]
        numbers, found = pd.factorize(codes)
        combinations = []
        for code in found:
            rest, values_of = int(code), []
            for column in reversed(columns):
                values = self._column(column)[1]
                rest, at = divmod(rest, len(values) + 1)
                values_of.append(values[at])
            combinations.append(tuple(reversed(values_of)))
        return numbers.astype(np.int64), combinations

    def _column(self, name: str) -> tuple[NDArray[np.int64], list[Any]]:
        """Return the number of each site's value in a column, and the values; null is the last."""
        if name not in self._columns:
            self._columns[name] = self._numbered(name)
        return self._columns[name]

    def _numbered(self, name: str) -> tuple[NDArray[np.int64], list[Any]]:
        """Return a column as numbers and the values they stand for."""
        if name not in self.frame.columns:
            return np.zeros(len(self), dtype=np.int64), [None]
        column = self.frame[name]
        if name == "sectors":
            column = pd.Series(_all_joined(column.to_numpy(dtype=object)), dtype=object)
        try:
            numbers, values = pd.factorize(column.array, use_na_sentinel=True)
        except TypeError as error:
            msg = f"{name} holds something that is no single value: {error}. Make it text or null."
            raise InputError(msg) from error
        known = [bool(value) if pd.api.types.is_bool(value) else value for value in values]
        if name in _FLAGS and not all(isinstance(value, bool) for value in known):
            strange = next(value for value in known if not isinstance(value, bool))
            msg = f"{name} holds {strange!r}; expected true, false or null. Make it pandas boolean."
            raise InputError(msg)
        if name in _CHOICES and not set(known) <= set(_CHOICES[name]):
            strange = next(value for value in known if value not in _CHOICES[name])
            msg = f"{name} holds {strange!r}; expected one of {', '.join(_CHOICES[name])}, or null."
            raise InputError(msg)
        if name == "locality":
            # Localities that no table names are all one: thousands of them would make as many combinations.
            again, kept = pd.factorize(np.array([places.listed(text) for text in known], dtype=object))
            numbers, known = np.append(again, -1)[numbers], list(kept)
        return np.where(numbers < 0, len(known), numbers).astype(np.int64), [*known, None]


def _all_joined(values: NDArray[np.object_]) -> list[str | None]:
    """Return lists of codes as texts; null stays null."""
    if set(map(type, values)) <= {list, type(None)}:
        # A million sites have a list each, and a call for each would take as long as all else.
        with contextlib.suppress(TypeError):
            return [None if one is None else ";".join(one) for one in values]
    return [_joined(one) for one in values]


def _joined(value: Any) -> str | None:
    """Return a list of codes as one text; null stays null."""
    if value is None or type(value) is str:
        return value
    if not isinstance(value, list | tuple | set | np.ndarray):
        return None if pd.isna(value) else str(value)
    try:
        return ";".join(value)
    except TypeError as error:
        msg = f"sectors holds {value!r}; expected a list of codes, or null where they are not known."
        raise InputError(msg) from error


def _compared(op: str, value: Any, bound: Any) -> Any:
    """Return whether a number keeps to a bound."""
    if op == "at_least":
        return value >= bound
    if op == "at_most":
        return value <= bound
    return value > bound if op == "above" else value < bound


def _chosen(leaf: Leaf, held: frozenset[str] | set[str], detail: Detail) -> tuple[int, Detail]:
    """Return whether any of what is held is among the choices."""
    meets = bool(set(leaf.value) & held)
    return (YES if meets == (leaf.op == "any_of") else NO), detail


def _told(korean: str, english: str, column: str, value: Any) -> Detail:
    """Return whose value it is, and the value in words."""
    return f"{korean}: {labels.value(column, value, 'ko')}", f"{english}: {labels.value(column, value, 'en')}"


def _flag(leaf: Leaf, given: dict[str, Any], _: dt.date) -> tuple[int, Detail]:
    """Judge a flag that stands in a column of its own name."""
    value = given[leaf.word]
    if value is None:
        return UNKNOWN, (f"값을 알 수 없음({leaf.word})", f"not known ({leaf.word})")
    return (YES if bool(value) == leaf.value else NO), NOTHING


def _status(leaf: Leaf, given: dict[str, Any], _: dt.date) -> tuple[int, Detail]:
    """Judge the status of a site; what a word of the caller's own stands for is not known."""
    value = given["status"]
    if value is None:
        return UNKNOWN, ("값을 알 수 없음", "not known")
    detail = _told("부지", "it is", leaf.word, value)
    return _chosen(leaf, {str(value)}, detail) if value in facts.STATUSES else (UNKNOWN, detail)


def _sector(leaf: Leaf, given: dict[str, Any], _: dt.date) -> tuple[int, Detail]:
    """Judge the sectors of a site; it may have several."""
    value = given["sectors"]
    if not value:
        return UNKNOWN, ("업종을 알 수 없음", "its sector is not known")
    held = frozenset(filter(None, (one.strip() for one in value.split(";"))))
    detail = (f"부지: {_sectors(held, 'ko')}", f"the site: {_sectors(held, 'en')}")
    if not set(leaf.value) & held and not held <= set(SECTORS):
        # What a code outside the taxonomy stands for is not known, so it may be one of these.
        return UNKNOWN, detail
    return _chosen(leaf, held, detail)


def _sectors(codes: frozenset[str], lang: str) -> str:
    """Return sectors in words."""
    return ", ".join(labels.value("sectors", one, lang) for one in sorted(codes))


def _codes(leaf: Leaf, given: dict[str, Any], _: dt.date) -> tuple[int, Detail]:
    """Judge municipality codes; a code with fewer digits means all that begin with it."""
    code, others = given["municipality_code_kostat"], given["municipality_alternatives"]
    possible = [code] if code else (others or "").split(";")
    if not possible or not possible[0]:
        return UNKNOWN, ("시군구를 알 수 없음", "its municipality is not known")
    found = {any(str(one).startswith(prefix) for prefix in leaf.value) for one in possible}
    if len(found) > 1:
        return UNKNOWN, (f"가능한 시군구: {others}", f"possible municipalities: {others}")
    return (YES if found.pop() == (leaf.op == "any_of") else NO), (f"부지: {possible[0]}", f"the site: {possible[0]}")


def _tier(leaf: Leaf, given: dict[str, Any], day: dt.date) -> tuple[int, Detail]:
    """Judge a tier by the caller's column, or by the table of the day."""
    if given[leaf.word] is not None:
        return _chosen(leaf, {str(given[leaf.word])}, _told("부지", "the site", leaf.word, given[leaf.word]))
    found = places.tier_of(leaf.word, given["municipality_code_kostat"], day)
    if found is None:
        return UNKNOWN, (
            f"이 시군구와 날짜의 목록이 없음({leaf.word} 열로 줄 수 있음)",
            f"no list at hand names its municipality for that day (give a column {leaf.word})",
        )
    return _chosen(leaf, {found}, _told("시군구", "its municipality", leaf.word, found))


def _zone(leaf: Leaf, given: dict[str, Any], day: dt.date) -> tuple[int, Detail]:
    """Judge the legal zone of the capital region."""
    if given["capital_zone"] is not None:
        return _chosen(leaf, {str(given["capital_zone"])}, _told("부지", "the site", leaf.word, given["capital_zone"]))
    if given["in_capital_region"] is False:
        return (NO if leaf.op == "any_of" else YES), ("수도권 밖", "outside the capital region")
    found = places.zone_of(given["municipality_code_kostat"], given["locality"], day)
    if found is None:
        return UNKNOWN, (
            "읍면동의 권역을 알 수 없음(capital_zone 열로 줄 수 있음)",
            "the zone of its locality is not known (give a column capital_zone)",
        )
    return _chosen(leaf, {found}, _told("읍면동", "its locality", leaf.word, found))


def _member(leaf: Leaf, given: dict[str, Any], day: dt.date) -> tuple[int, Detail]:
    """Judge whether a site lies in a designated complex or project."""
    found = places.membership(
        leaf.word,
        day,
        said=given["designations"],
        drawn=given[f"{leaf.word}_present"],
        municipality=given["municipality_code_kostat"],
        alternatives=given["municipality_alternatives"],
    )
    return (found.truth if leaf.value else -found.truth), found.detail


def _member_sector(leaf: Leaf, given: dict[str, Any], day: dt.date) -> tuple[int, Detail]:
    """Judge the sector of the complex that a site lies in."""
    kind = leaf.word.removesuffix("_sector")
    found = places.membership(
        kind,
        day,
        said=given["designations"],
        drawn=given[f"{kind}_present"],
        municipality=given["municipality_code_kostat"],
        alternatives=given["municipality_alternatives"],
    )
    if found.truth == NO:
        return NO, found.detail
    meets = {bool(set(leaf.value) & sectors) == (leaf.op == "any_of") for sectors in found.sectors}
    if len(meets) != 1:
        return UNKNOWN, found.detail
    # Every complex that the site can lie in agrees: a no is sure, a yes as sure as the membership.
    if meets.pop():
        return found.truth, found.detail
    named: frozenset[str] = frozenset().union(*found.sectors)
    return NO, (
        f"들 수 있는 단지의 업종: {_sectors(named, 'ko')}",
        f"any complex it can lie in is of: {_sectors(named, 'en')}",
    )


_PLACE = ("municipality_code_kostat", "municipality_alternatives")
_Judge = tuple[tuple[str, ...], "Callable[[Leaf, dict[str, Any], dt.date], tuple[int, Detail]]"]


@functools.cache
def _membership(kind: str) -> tuple[str, ...]:
    """Return the columns that tell whether a site lies in a complex of a kind."""
    return ("designations", f"{kind}_present", *_PLACE)


_JUDGES: dict[str, _Judge] = {
    "in_capital_region": (("in_capital_region",), _flag),
    "rdz_present": (("rdz_present",), _flag),
    "industrial_crisis_area": (("industrial_crisis_area",), _flag),
    "status": (("status",), _status),
    "province": (_PLACE, _codes),
    "municipality": (_PLACE, _codes),
    "sector": (("sectors",), _sector),
    "support_tier": (("support_tier", "municipality_code_kostat"), _tier),
    "subsidy_tier": (("subsidy_tier", "municipality_code_kostat"), _tier),
    "capital_zone": (("capital_zone", "in_capital_region", "municipality_code_kostat", "locality"), _zone),
    **{kind: (_membership(kind), _member) for kind in places.KINDS},
    "specialised_complex_sector": (_membership("specialised_complex"), _member_sector),
}


def day_of(on: str) -> dt.date:
    """Return the day that is asked about.

    Raises
    ------
    InputError
        It is no day: a month or a year could mean days with different rules.

    Examples
    --------
    >>> day_of("2024-06-01")
    datetime.date(2024, 6, 1)
    """
    day = facts.last_day(on)
    if day != facts.first_day(on):
        msg = f"on={on!r} is not one day; rules can differ within it. Write it as YYYY-MM-DD."
        raise InputError(msg)
    return day
