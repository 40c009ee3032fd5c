"""Two results side by side: which sites moved in or out, how places and scores differ, and which settings do."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clustergeo import labels
from clustergeo._files import native, shown
from clustergeo._formats import cell, unguarded
from clustergeo._table import Column, Table
from clustergeo.errors import InputError
from clustergeo.siting._located import decoded
from clustergeo.siting.scenario import Scenario, read_scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_RESULT = ("sites.csv", "scenario.toml")
_FIGURES = {"kept": "boolean", "excluded_by": "str", "score": "float64", "rank": "Int64"}
# Which table of a scenario makes which of them; without it a column of that name is the caller's.
_MADE_BY = {"exclusions": ("kept", "excluded_by"), "criteria": ("score", "rank")}
_WORDS = {
    "sites": ("후보지 비교: {} → {}", "Sites: {} → {}"),
    "settings": ("다른 설정: {} → {}", "Settings that differ: {} → {}"),
    "same": ("두 시나리오의 설정은 같음", "The two scenarios have the same settings"),
    "moved": ("변화", "Change"),
    "first": ("앞", "first"),
    "second": ("뒤", "second"),
    "change": ("차이", "change"),
    "setting": ("설정", "Setting"),
    "of": ("{}({})", "{} ({})"),
}
_MOVES = {
    "in": ("들어옴", "moved in"),
    "out": ("빠짐", "moved out"),
    "stays": ("그대로 유지", "stays in"),
    "stays_out": ("그대로 제외", "stays out"),
    "undecided": ("판정 불가", "undecided"),
    "only_first": ("앞에만 있음", "only in the first"),
    "only_second": ("뒤에만 있음", "only in the second"),
}


@dataclass(frozen=True, repr=False)
class Comparison:
    """Two results side by side.

    Attributes
    ----------
    names
        What the two are called.
    sites
        A row a site of either: `site_id`; `moved`: `in`, `out`, `stays`, `stays_out`, `undecided` (in one of them),
        `only_first` or `only_second`; `kept`, `excluded_by`, `score` and `rank` of each with `_first` and `_second`;
        `score_change` and `rank_change` (negative is better), null where one of the two is not known.
    settings
        A row a setting that differs: `setting`, `first` and `second`, null where a scenario does not have it. Files of
        one name and other content differ in their sha256.
    """

    names: tuple[str, str]
    sites: pd.DataFrame
    settings: pd.DataFrame

    def table(self, lang: str = "en") -> Table:
        """Return the sites as a presentation table, those that moved first.

        Examples
        --------
        >>> none = pd.DataFrame(columns=["site_id", "moved", "score_first", "rank_first"])
        >>> Comparison(("a", "b"), none, pd.DataFrame(columns=["setting", "first", "second"])).table("en")
        <Table 'Sites: a → b': 0 rows, 4 columns>
        """
        place = labels.check_lang(lang)
        columns, cells = [], []
        order = self.sites["moved"].map({name: at for at, name in enumerate(("in", "out", "only_first"))}).fillna(9)
        frame = self.sites.loc[order.sort_values(kind="stable").index]
        for name in frame.columns:
            stem, _, end = str(name).rpartition("_")
            known = end in ("first", "second", "change")
            head = _WORDS["of"][place].format(labels.column(stem, lang), _WORDS[end][place]) if known else name
            head = _WORDS["moved"][place] if name == "moved" else labels.column(str(head), lang)
            values = [_shown(stem if known else str(name), cell(one), lang) for one in frame[name]]
            columns.append(Column(head, "count" if stem == "rank" else "text"))
            cells.append(values)
        title = _WORDS["sites"][place].format(*self.names)
        return Table.of(columns, zip(*cells, strict=True), title=title, lang=lang)

    def settings_table(self, lang: str = "en") -> Table:
        """Return the settings that differ as a presentation table.

        Examples
        --------
        >>> same = pd.DataFrame(columns=["setting", "first", "second"])
        >>> Comparison(("a", "b"), pd.DataFrame(), same).settings_table("en").notes
        ('The two scenarios have the same settings',)
        """
        place = labels.check_lang(lang)
        columns = [Column(_WORDS["setting"][place], "text"), *(Column(name, "text") for name in self.names)]
        rows = self.settings.astype(object).where(self.settings.notna(), None).to_numpy().tolist()
        notes = [] if rows else [_WORDS["same"][place]]
        return Table.of(columns, rows, title=_WORDS["settings"][place].format(*self.names), notes=notes, lang=lang)

    def __repr__(self) -> str:
        """Return one line."""
        counts = self.sites["moved"].value_counts()
        told = ", ".join(f"{counts.get(name, 0)} {_MOVES[name][1]}" for name in ("in", "out"))
        return f"<Comparison of {self.names[0]} and {self.names[1]}: {told}; {len(self.settings)} settings differ>"

    def _repr_html_(self) -> str:
        """Return both tables for notebooks."""
        return self.table().html() + self.settings_table().html()


def compare(first: str | Path | Scenario, second: str | Path | Scenario) -> Comparison:
    r"""Lay two scenarios or their results side by side.

    Parameters
    ----------
    first, second
        Each a scenario file, a `Scenario`, or the folder of a result, which is read and not run again.

    Returns
    -------
    Comparison
        The sites of both, the settings that differ, and tables of them in Korean and English.

    Raises
    ------
    InputError
        A file is no scenario, or a folder holds no result.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "spots.csv").write_text("site_id,lon,lat,price,flat\na,127,37,10,0\nb,128,37,90,1\n")
    >>> text = '''
    ... [sites]
    ... file = "spots.csv"
    ... [[criteria]]
    ... name = "price"
    ... measure = "attribute"
    ... value = { kind = "linear", worst = 100, best = 0 }
    ... weight = 3
    ... [[criteria]]
    ... name = "flat"
    ... measure = "attribute"
    ... value = { kind = "linear", worst = 0, best = 1 }
    ... weight = 1
    ... '''
    >>> _ = (folder / "cheap.toml").write_text(text)
    >>> _ = (folder / "flat.toml").write_text(text.replace("weight = 1", "weight = 9"))
    >>> found = compare(folder / "cheap.toml", folder / "flat.toml")
    >>> found.sites[["site_id", "rank_first", "rank_second"]].values.tolist()
    [['a', 1, 2], ['b', 2, 1]]
    >>> found.settings.values.tolist()
    [['criteria.flat.weight', '1', '9']]
    """
    one, other = (_Side.of(given) for given in (first, second))
    names = (one.name, other.name)
    if names[0] == names[1]:
        names = (f"{names[0]} (1)", f"{names[1]} (2)")
    ids = list(dict.fromkeys([*one.sites.index, *other.sites.index]))
    sites: dict[str, Any] = {"site_id": ids, "moved": _moved(one.sites, other.sites, ids)}
    for column, kind in _FIGURES.items():
        if column in one.sites.columns or column in other.sites.columns:
            pair = [_column(side.sites, column, kind, ids) for side in (one, other)]
            sites |= {f"{column}_first": pair[0], f"{column}_second": pair[1]}
            if column in ("score", "rank"):
                sites[f"{column}_change"] = pair[1] - pair[0]
    settings = [
        (name, one.settings.get(name), other.settings.get(name))
        for name in dict.fromkeys([*one.settings, *other.settings])
        if one.settings.get(name) != other.settings.get(name)
    ]
    told = pd.DataFrame(settings, columns=["setting", "first", "second"], dtype=object)
    return Comparison(names, pd.DataFrame(sites), told)


@dataclass(frozen=True)
class _Side:
    """One of the two: its name, its sites by id, and its settings in one level."""

    name: str
    sites: pd.DataFrame
    settings: Mapping[str, str]

    @classmethod
    def of(cls, given: str | Path | Scenario) -> _Side:
        """Return a side of a scenario or of the folder of a result."""
        if not isinstance(given, Scenario) and native(given).is_dir():
            return cls._read(native(given))
        scenario = given if isinstance(given, Scenario) else read_scenario(given)
        flat = _flat(scenario.settings) | {f"sha256 of {name}": digest for name, digest in scenario.inputs.items()}
        sites = pd.DataFrame(scenario.result()).set_index("site_id")
        return cls(scenario.title, sites[_made(scenario.settings)], flat)

    @classmethod
    def _read(cls, folder: Path) -> _Side:
        """Return the side of a folder that a run wrote."""
        gone = [name for name in (*_RESULT, "manifest.json") if not (folder / name).is_file()]
        if gone:
            msg = (
                f"{shown(folder)} holds no result of a scenario: {gone[0]} is missing. Give a scenario file, or a "
                "folder that `clustergeo site` wrote."
            )
            raise InputError(msg)
        try:
            settings = tomllib.loads(decoded((folder / "scenario.toml").read_bytes()))
            inputs: dict[str, str] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["inputs"]
            flat = _flat(settings) | {f"sha256 of {name}": digest for name, digest in inputs.items()}
            made = _made(settings)
            kinds: Any = {name: _FIGURES[name] for name in made} | {"site_id": "str"}
            blank = {name: [""] for name in made if name != "excluded_by"}
            sites = pd.read_csv(folder / "sites.csv", dtype=kinds, keep_default_na=False, na_values=blank)
            sites = sites.set_index(sites["site_id"].map(unguarded))[made]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged(folder, error) from error
        if not sites.index.is_unique:
            raise _damaged(folder, "a site_id comes twice")
        return cls(str(settings.get("title", folder.name)), sites, flat)


def _damaged(folder: Path, why: object) -> InputError:
    """Return the refusal of a folder whose files are not those that a run wrote."""
    return InputError(f"{shown(folder)} holds a result that was changed or damaged ({why}). Run its scenario again.")


def _made(settings: Mapping[str, Any]) -> list[str]:
    """Return the columns that a scenario makes and that are compared."""
    return [name for table, names in _MADE_BY.items() if table in settings for name in names]


def _column(sites: pd.DataFrame, column: str, kind: str, ids: list[str]) -> pd.Series:
    """Return a column for sites of both sides, null where a side does not have it."""
    values = sites[column] if column in sites.columns else pd.Series(None, index=sites.index, dtype=object)
    return values.astype(kind).reindex(ids).reset_index(drop=True)


def _moved(one: pd.DataFrame, other: pd.DataFrame, ids: list[str]) -> list[str]:
    """Return what became of each site from one result to the other."""
    # Where nothing excludes, every site is kept.
    sides = [
        _column(side if "kept" in side else side.assign(kept=True), "kept", "boolean", ids) for side in (one, other)
    ]
    out = []
    for name, before, after in zip(ids, *sides, strict=True):
        if name not in other.index or name not in one.index:
            out.append("only_first" if name in one.index else "only_second")
        elif pd.isna(before) or pd.isna(after):
            out.append("undecided")
        else:
            out.append(("stays" if after else "out") if before else ("in" if after else "stays_out"))
    return out


def _flat(tree: Any, above: str = "") -> dict[str, str]:
    """Return settings in one level: `criteria.rail.weight`; parts of a list are named by their name or layer."""
    if isinstance(tree, dict):
        parts = [(str(key), value) for key, value in tree.items()]
    elif isinstance(tree, list) and all(isinstance(one, dict) for one in tree):
        parts = [(str(one.get("name", one.get("layer", at))), one) for at, one in enumerate(tree)]
    else:
        return {above: str(tree)}
    out: dict[str, str] = {}
    for key, value in parts:
        out |= _flat(value, f"{above}.{key}" if above else key)
    return out


def _shown(name: str, value: Any, lang: str) -> Any:
    """Return a cell as the table shows it."""
    place = labels.LANGS.index(lang)
    formats: dict[str, Callable[[Any], Any]] = {
        "moved": lambda one: _MOVES[one][place],
        "kept": lambda one: labels.value("kept", one, lang),
        "score": lambda one: None if np.isnan(one) else f"{one:.3f}",
        "excluded_by": lambda one: ", ".join(labels.zone_name(part, lang) for part in one.split(";")) or None,
    }
    return value if value is None or name not in formats else formats[name](value)
