"""Dated tables of places that rules speak of: designated complexes, legal zones and tiers."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from clustergeo import datasets, facts
from clustergeo.policy.conditions import NO, UNKNOWN, YES

if TYPE_CHECKING:
    import datetime as dt

KINDS = ("specialised_complex", "parts_complex", "strategic_project", "national_complex")

_KIND_WORDS = {
    "specialised_complex": ("특화단지", "specialised complex"),
    "parts_complex": ("소부장 특화단지", "materials-parts-equipment complex"),
    "strategic_project": ("전략사업", "strategic project"),
    "national_complex": ("국가산단 후보지", "national complex"),
}


class Membership(NamedTuple):
    """Whether a site lies in a complex of a kind, on what that rests, and the sectors of each it can lie in."""

    truth: int
    detail: tuple[str, str]
    sectors: tuple[frozenset[str], ...]


class Designated(NamedTuple):
    """One designated complex or project."""

    kind: str
    id: str
    names: tuple[str, str]
    sectors: frozenset[str]
    municipalities: tuple[str, ...]
    designated: str


def load_designations() -> pd.DataFrame:
    """Return the designated complexes and projects.

    Returns
    -------
    pandas.DataFrame
        One row each: `kind` (`specialised_complex`, `parts_complex`, `strategic_project`, `national_complex`), `id`,
        names, `sectors` (joined by `;`), `municipalities_kostat` (codes of 2018 or the digits they begin with),
        `designated` (as precise as the source), `source`, `confidence` and notes.

    Examples
    --------
    >>> load_designations()["kind"].value_counts().to_dict()["specialised_complex"]
    12
    """
    return datasets.load_table("designations")


class Round(NamedTuple):
    """A round of designations that was due and whose result is not known: of which sectors, from when, in words.

    `about` is a designation: the round is of the sites that have it, and of any site where it is empty.
    """

    sectors: frozenset[str]
    about: str
    begun: str
    notes: tuple[str, str]


@functools.cache
def _rounds(kind: str) -> tuple[Round, ...]:
    """Return the rounds of a kind whose results are not known."""
    table = datasets.load_table("designation_rounds")
    return tuple(
        Round(frozenset(filter(None, row.sectors.split(";"))), row.about, row.from_date, (row.note_ko, row.note_en))
        for row in table[table["kind"] == kind].itertuples(index=False)
    )


@functools.cache
def _designated(kind: str) -> tuple[Designated, ...]:
    """Return the designated complexes of a kind."""
    table = load_designations()
    return tuple(
        Designated(
            row.kind,
            row.id,
            (row.name_ko, row.name_en),
            frozenset(filter(None, row.sectors.split(";"))),
            tuple(row.municipalities_kostat.split()),
            row.designated,
        )
        for row in table[(table["kind"] == kind) & (table["confidence"] != "contradicted")].itertuples(index=False)
    )


def named(entry: str, lang: str) -> str:
    """Return a designation, `KIND:ID` or `KIND:none`, in words, `ko` or `en`; one that is not known as it is.

    Examples
    --------
    >>> named("specialised_complex:gumi", "en"), named("strategic_project:none", "en")
    ('specialised complex Gumi', 'no strategic project')
    """
    place = 0 if lang == "ko" else 1
    kind, _, one = entry.partition(":")
    if kind not in _KIND_WORDS:
        return entry
    noun = _KIND_WORDS[kind][place]
    if one == "none":
        return f"{noun} 아님" if place == 0 else f"no {noun}"
    names = [held.names[place] for held in _designated(kind) if held.id == one]
    return entry if not names else f"{names[0]} {noun}" if place == 0 else f"{noun} {names[0]}"


def _come(text: str, day: dt.date) -> int:
    """Return whether a date of any precision has come by a day; an empty one always has."""
    if not text or day >= facts.last_day(text):
        return YES
    return UNKNOWN if day >= facts.first_day(text) else NO


def membership(kind: str, day: dt.date, *, said: Any, drawn: Any, municipality: Any, alternatives: Any) -> Membership:
    """Return whether a site lies in a complex of a kind on a day.

    Parameters
    ----------
    kind
        One of `KINDS`.
    day
        The day.
    said
        The site's `designations`: `KIND:ID` or `KIND:none`, joined by `;`; None for unknown.
    drawn
        What a layer of the complexes says, given to `tag` as a zone of the kind's name; None for unknown.
    municipality, alternatives
        The site's municipality code of 2018, or the possible ones joined by `;`.

    Examples
    --------
    >>> import datetime as dt
    >>> place = {"drawn": None, "municipality": "37050", "alternatives": None}
    >>> membership("specialised_complex", dt.date(2024, 1, 1), said=None, **place).truth
    0
    >>> membership("specialised_complex", dt.date(2023, 1, 1), said=None, **place).truth
    -1
    """
    noun_ko, noun_en = _KIND_WORDS[kind]
    named = [entry.partition(":")[2] for entry in str(said or "").split(";") if entry.partition(":")[0] == kind]
    for one in _designated(kind):
        if one.id in named and _come(one.designated, day) == YES:
            name_ko, name_en = one.names
            return Membership(
                YES,
                (f"{name_ko} {noun_ko}, {one.designated} 지정", f"{noun_en} {name_en}, designated {one.designated}"),
                (one.sectors,),
            )
    possible = [str(municipality)] if municipality else [code for code in str(alternatives or "").split(";") if code]
    near = [
        one
        for one in _designated(kind)
        if _come(one.designated, day) != NO
        and (one.id in named or any(code.startswith(prefix) for code in possible for prefix in one.municipalities))
    ]
    if drawn is not None and not pd.isna(drawn):
        truth = YES if drawn else NO
        if truth == NO or any(_come(one.designated, day) == YES for one in near):
            return Membership(
                truth, ("도면으로 확인", "by the layer given"), tuple(one.sectors for one in near) or (frozenset(),)
            )
        if possible and not any(code.startswith(one.municipalities) for one in _designated(kind) for code in possible):
            # The layer knows of a place that the table does not, and not since when.
            return Membership(
                UNKNOWN,
                (
                    f"도면 안에 있으나 그 시군구의 {noun_ko} 지정은 알려지지 않음",
                    f"inside the layer given, but no {noun_en} of its municipality is known",
                ),
                (frozenset(),),
            )
    due = [one for one in _rounds(kind) if _come(one.begun, day) != NO]
    reviewed = [one for one in due if one.about and one.about in str(said or "").split(";")]
    if reviewed:
        # A new review may have changed what was known.
        return Membership(UNKNOWN, reviewed[0].notes, (reviewed[0].sectors,))
    if "none" in named:
        return Membership(NO, (f"{noun_ko}에 들지 않음이 알려짐", f"known to be in no {noun_en}"), ())
    return _elsewhere(kind, day, near, [one for one in due if not one.about], placed=bool(possible))


def _elsewhere(kind: str, day: dt.date, near: list[Designated], due: list[Round], *, placed: bool) -> Membership:
    """Return what is known of a site of which nothing says that it lies in a complex.

    `near` are the complexes in reach, `due` the rounds whose results are not known.
    """
    noun_ko, noun_en = _KIND_WORDS[kind]
    later = tuple(one.sectors for one in due)
    if near:
        names = [", ".join(one.names[place] for one in near) for place in (0, 1)]
        return Membership(
            UNKNOWN,
            (
                f"시군구만 {names[0]} {noun_ko}와 같음. 그 구역의 경계가 있어야 판정할 수 있음",
                f"it only shares a municipality with the {noun_en} {names[1]}; the boundary of that would decide",
            ),
            (*(one.sectors for one in near), *later),
        )
    if not placed:
        every = [one.sectors for one in _designated(kind) if _come(one.designated, day) != NO]
        return Membership(
            UNKNOWN,
            ("시군구를 알 수 없음", "its municipality is not known"),
            (*every, *later) or (frozenset(),),
        )
    if due:
        return Membership(
            UNKNOWN,
            (
                f"그 시군구에 알려진 {noun_ko} 없음. 다만 {due[0].notes[0]}",
                f"no {noun_en} is known in its municipality, but {due[0].notes[1]}",
            ),
            later,
        )
    return Membership(
        NO,
        (f"이날까지 그 시군구에 지정된 {noun_ko} 없음", f"no {noun_en} was designated in its municipality by that day"),
        (),
    )


@functools.cache
def _tiers() -> tuple[tuple[str, tuple[str, ...], str, str, str], ...]:
    """Return the rows of the table of tiers."""
    table = datasets.load_table("support_tiers")
    return tuple(
        (row.scheme, tuple(row.municipalities_kostat.split()), row.tier, row.valid_from, row.valid_to)
        for row in table[table["confidence"] != "contradicted"].itertuples(index=False)
    )


def tier_of(scheme: str, municipality: Any, day: dt.date) -> str | None:
    """Return the tier of a municipality on a day; None where no list at hand says.

    Examples
    --------
    >>> import datetime as dt
    >>> tier_of("support_tier", "37040", dt.date(2026, 3, 1)), tier_of("support_tier", "37040", dt.date(2025, 3, 1))
    ('preferential', None)
    """
    for name, prefixes, tier, begun, ended in _tiers():
        held = _come(begun, day) == YES and (not ended or _come(ended, day) == NO)
        if name == scheme and held and municipality and str(municipality).startswith(prefixes):
            return tier
    return None


@functools.cache
def _zones() -> dict[tuple[str, str], list[tuple[str, str, str]]]:
    """Return the zones by municipality code and name of the locality."""
    out: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for row in datasets.load_table("capital_zones").itertuples(index=False):
        for name in row.locality_names.split(";"):
            out.setdefault((row.municipality_code_kostat, name), []).append((row.zone, row.valid_from, row.valid_to))
    return out


@functools.cache
def _named() -> frozenset[str]:
    """Return every name of a locality that the table of zones has."""
    return frozenset(name for _, name in _zones())


def listed(locality: Any) -> str | None:
    """Return the localities of a site if the table of zones names all of them, else None.

    Examples
    --------
    >>> listed("이동읍·남사읍"), listed("이동읍·어딘가")
    ('이동읍·남사읍', None)
    """
    return str(locality) if _named().issuperset(str(locality).split("·")) else None


def zone_of(municipality: Any, locality: Any, day: dt.date) -> str | None:
    """Return the legal zone of the localities of a site on a day; None where it is not known or they differ.

    Examples
    --------
    >>> import datetime as dt
    >>> zone_of("31191", "이동읍·남사읍", dt.date(2026, 3, 1))
    'growth_management'
    """
    if not municipality or not locality:
        return None
    found: set[str | None] = set()
    for name in str(locality).split("·"):
        rows = _zones().get((str(municipality), name), [])
        zones = {
            zone for zone, begun, ended in rows if _come(begun, day) == YES and (not ended or _come(ended, day) == NO)
        }
        found.add(zones.pop() if len(zones) == 1 else None)
    return found.pop() if len(found) == 1 else None
