"""The programmes that rules hang on: their tree, their budgets, and the contradictions among their sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from clustergeo import datasets, facts
from clustergeo.errors import DataError, InputError
from clustergeo.policy import conditions, places
from clustergeo.policy.rulefiles import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from clustergeo.policy.rules import Rule

# The tables that the rules rest on, with the columns that hold dates and codes of a closed list.
TABLES = (
    "designations",
    "designation_rounds",
    "capital_zones",
    "support_tiers",
    "programmes",
    "budgets",
    "benchmarks",
    "complex_counts",
    "contradictions",
)
_DATES = ("designated", "valid_from", "valid_to", "from_date", "period_from", "period_to", "as_of")
_WORDS = {
    ("designations", "kind"): places.KINDS,
    ("designation_rounds", "kind"): places.KINDS,
    ("capital_zones", "zone"): conditions.ZONES,
    ("support_tiers", "tier"): (*conditions.TIERS, *conditions.SUBSIDY_TIERS),
    ("support_tiers", "scheme"): ("support_tier", "subsidy_tier"),
    ("contradictions", "followed"): ("yes", "no", "open"),
}


class Programme(NamedTuple):
    """One programme: its id, its names, how deep it hangs in the tree, and the ids of its rules."""

    id: str
    name_ko: str
    name_en: str
    depth: int
    rules: tuple[str, ...]


def programme_tree(rules: Iterable[Rule] | None = None) -> tuple[Programme, ...]:
    """Return the programmes, each after the one it belongs to, with the rules that hang on it.

    Parameters
    ----------
    rules
        The rules; the shipped ones by default.

    Examples
    --------
    >>> [programme.depth for programme in programme_tree() if programme.id == "specialised-complex-infrastructure"]
    [2]
    """
    table = datasets.load_table("programmes")
    held = tuple(shipped() if rules is None else rules)

    def below(parent: str, depth: int) -> list[Programme]:
        found = []
        for row in table[table["parent"] == parent].itertuples(index=False):
            mine = tuple(rule.id for rule in held if rule.programme == row.id)
            found += [Programme(row.id, row.name_ko, row.name_en, depth, mine), *below(row.id, depth + 1)]
        return found

    return tuple(below("", 0))


def load_budgets(*, year: int | None = None, sector: str | None = None) -> pd.DataFrame:
    """Return the budgets of the programmes.

    Parameters
    ----------
    year
        Only budgets whose period is known to touch this year.
    sector
        Only budgets of this sector.

    Returns
    -------
    pandas.DataFrame
        `id, programme, name_ko, name_en, amount` (a whole number of `currency`)`, period_from, period_to` (the first
        day after)`, sector, source, confidence, note_ko, note_en`; null where the sources do not say.

    Raises
    ------
    InputError
        No budget names the sector.

    Examples
    --------
    >>> load_budgets(year=2024)["amount"].tolist()
    [400000000000]
    """
    table = datasets.load_table("budgets")
    if sector is not None and sector not in set(table["sector"]):
        named = ", ".join(sorted(set(table["sector"]) - {""}))
        msg = f"No budget names the sector {sector!r}. The sectors named are {named}."
        raise InputError(msg)
    if sector is not None:
        table = table[table["sector"] == sector]
    if year is not None:
        begun = [bool(text) and facts.first_day(text).year <= year for text in table["period_from"]]
        ended = [not text or facts.first_day(text).year > year for text in table["period_to"]]
        known = [
            bool(text) or facts.first_day(start).year == year
            for text, start in zip(table["period_to"], table["period_from"].replace("", "9999"), strict=True)
        ]
        table = table[[a and b and c for a, b, c in zip(begun, ended, known, strict=True)]]
    out = table.astype(object).where(table != "", None).reset_index(drop=True)
    return out.assign(amount=[int(text) for text in out["amount"]])


def load_benchmarks() -> pd.DataFrame:
    """Return figures of places to compare a cluster with.

    Returns
    -------
    pandas.DataFrame
        `id, place_ko, place_en, measure, value` (text, as the source gives it)`, unit, as_of, source, confidence,
        note_ko, note_en` and `per_km2`, the count divided by the place's area; null where that area is not known. As a
        count that is said to be over a figure, so is its density.

    Examples
    --------
    >>> held = load_benchmarks()
    >>> held[held["measure"] == "area"][["value", "confidence"]].values.tolist()
    [['2.59', 'stated'], ['2.9', 'contradicted']]
    >>> held.set_index("id")["per_km2"].round(1)[["kendall-businesses", "cambridge-biotech"]].tolist()
    [772.2, nan]
    """
    held = datasets.load_table("benchmarks")
    areas = held[(held["measure"] == "area") & (held["confidence"] == "stated")].set_index("place_en")["value"]
    area = held["place_en"].map(areas.astype(float)).where(held["unit"] == "count")
    return held.assign(per_km2=held["value"].astype(float) / area)


def load_contradictions() -> pd.DataFrame:
    """Return what sources say against each other: `topic, said_*, source, followed` (yes, no, open) and why.

    Examples
    --------
    >>> bool((load_contradictions()["followed"] == "yes").any())
    True
    """
    return datasets.load_table("contradictions")


def check_tables(folder: Path, rules: Iterable[Rule], *, sources: frozenset[str]) -> None:
    """Refuse tables that break their rules, or rules and facts that name what no table has.

    Parameters
    ----------
    folder
        The raw tables.
    rules
        The rules of the same folder.
    sources
        The ids of `sources.toml`.

    Raises
    ------
    DataError
        With every problem: file, line, what was found and what was expected.
    """
    problems = []
    tables = {name: pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False) for name in TABLES}
    for name, table in tables.items():
        for number, row in enumerate(table.to_dict("records"), start=2):
            where = f"{folder / name}.csv, line {number}: "
            problems += [where + problem for problem in _row_problems(name, row, sources)]
    known = set(tables["programmes"]["id"])
    problems += [
        f"{rule.where}: rule {rule.id!r}: programme {rule.programme!r} is not in programmes.csv."
        for rule in rules
        if rule.programme not in known
    ]
    for name, column in (("programmes", "parent"), ("budgets", "programme")):
        for number, value in enumerate(tables[name][column], start=2):
            if value and value not in known:
                problems.append(f"{folder / name}.csv, line {number}: {column} {value!r} is not in programmes.csv.")
    problems += _undesignated(folder, tables)
    if problems:
        msg = f"{len(problems)} problem(s) in the tables of the rules:\n" + "\n".join(problems)
        raise DataError(msg)


def _undesignated(folder: Path, tables: dict[str, pd.DataFrame]) -> list[str]:
    """Return where rounds and facts name a designation that no table has."""
    kinds, ids = tables["designations"]["kind"], tables["designations"]["id"]
    named = {f"{kind}:{one}" for kind, one in zip(kinds, ids, strict=True)}
    problems = [
        f"{folder / 'designation_rounds'}.csv, line {number}: about {about!r} is not in designations.csv."
        for number, about in enumerate(tables["designation_rounds"]["about"], start=2)
        if about and about not in named
    ]
    held = pd.read_csv(folder / "facts.csv", dtype=str, keep_default_na=False)
    for number, (attribute, value) in enumerate(zip(held["attribute"], held["value"], strict=True), start=2):
        kind, _, one = value.partition(":")
        if attribute == "designation" and not (value in named or (one == "none" and kind in places.KINDS)):
            problems.append(
                f"{folder / 'facts.csv'}, line {number}: the designation {value!r} is not in designations.csv."
            )
    return problems


def _row_problems(name: str, row: dict[str, str], sources: frozenset[str]) -> list[str]:
    """Return what is wrong with a row, in words."""
    found = [f"source {one!r} is not in sources.toml." for one in row["source"].split() if one not in sources]
    if not row["source"]:
        found.append("source is empty.")
    if row.get("confidence", "stated") not in facts.CONFIDENCES:
        found.append(f"confidence is {row['confidence']!r}; expected one of {', '.join(facts.CONFIDENCES)}.")
    for column in _DATES:
        if row.get(column):
            try:
                facts.last_day(row[column])
            except InputError as error:
                found.append(f"{column}: {error}")
    for (table, column), words in _WORDS.items():
        if table == name and row[column] not in words:
            found.append(f"{column} is {row[column]!r}; expected one of {', '.join(words)}.")
    named = filter(None, row.get("sectors", row.get("sector", "")).split(";"))
    return found + [f"sector {one!r} is not in sectors.csv." for one in named if one not in conditions.SECTORS]
