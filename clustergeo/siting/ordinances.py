"""Values of a rule by jurisdiction and date, each with the law and the article that sets it."""

from __future__ import annotations

import datetime as dt
import io
import re
import tomllib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from clustergeo import datasets, schema
from clustergeo._files import native, shown
from clustergeo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

COLUMNS = ("jurisdiction", "value", "law", "article", "since")
_MORE = ("until", "source")
# Stands between the citations of rows of which it is not decided which holds.
BESIDE = " / "
EVERYWHERE = "*"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# A municipality, a city of several gu, a province, everywhere: the narrower rule goes before the wider.
_LEVELS = ("municipality", "city", "province")


class Ordinances:
    """A cited table of values by jurisdiction, such as how far from houses a site must be.

    Parameters
    ----------
    table
        A row a rule: `jurisdiction`, `value`, `law`, `article` and `since`; `until` and `source` if it has them.

        `jurisdiction` is a KOSTAT code of 2018 (`"33"`, `"33042"`), a name in Korean (`"충청북도"`, `"충청북도
        청주시"`, `"충청북도 청주시 흥덕구"`) or `"*"` for everywhere; a narrower one goes before a wider. `value` is a
        number; blank says that no such rule holds there. `since` and `until` are days, ISO text; `until` is the first
        day on which the row holds no more. Of rows of one jurisdiction the latest that has begun holds. A province has
        the municipalities that belong to it on the day that is asked of.
    name
        How refusals call it.

    Raises
    ------
    InputError
        Columns or citations are missing, or a row is wrong: with every problem, its row and the cure.

    Examples
    --------
    >>> rows = [("충청북도 청주시", 300, "조례", "제1조", "2020-01-01"), ("*", None, "법", "제2조", "2019-01-01")]
    >>> Ordinances(pd.DataFrame(rows, columns=["jurisdiction", "value", "law", "article", "since"]))
    <Ordinances: 2 rows, 300 or no rule, since 2019-01-01>
    """

    def __init__(self, table: pd.DataFrame, *, name: str = "the table of ordinances") -> None:
        missing = [column for column in COLUMNS if column not in getattr(table, "columns", ())]
        if missing:
            msg = f"{name} has no column {', '.join(map(repr, missing))}; expected {', '.join(COLUMNS)}. Add them."
            raise InputError(msg)
        held = [*COLUMNS, *(column for column in _MORE if column in table.columns)]
        frame = table[held].reset_index(drop=True).astype(object)
        self.frame = frame.where(frame.notna(), None)
        problems: list[str] = []
        problems += [
            f"row {row}, jurisdiction: {text!r} is no municipality, city or province of 2018; write a KOSTAT code such "
            "as 33042, a name such as 충청북도 청주시 흥덕구, or * for everywhere."
            for row, text in enumerate(self.frame["jurisdiction"])
            if not _places(text, None)[1]
        ]
        self._check(problems)
        if problems:
            more = f"\n- and {len(problems) - schema.SHOWN} more" if len(problems) > schema.SHOWN else ""
            msg = f"{name} cannot be used; rows are counted from 0:\n- " + "\n- ".join(problems[: schema.SHOWN]) + more
            raise InputError(msg)
        self.numbers = np.array([np.nan if one is None else float(one) for one in self.frame["value"]])
        # As `citations` writes each row beside others; every sentence of a site between two laws asks for all of them.
        self._parts = [f"{self.citation(row)}: {self._number(row)}" for row in range(len(self.frame))]

    def on(self, day: str) -> dict[str, int]:
        """Return the row that holds in each municipality on a day, by KOSTAT code; those without one are left out.

        Examples
        --------
        >>> rows = [("33", 100, "a", "1", "2020-01-01"), ("충청북도 청주시", 300, "b", "2", "2022-01-01")]
        >>> held = Ordinances(pd.DataFrame(rows, columns=["jurisdiction", "value", "law", "article", "since"]))
        >>> held.on("2021-01-01")["33041"], held.on("2023-01-01")["33041"], held.on("2023-01-01")["33020"]
        (0, 1, 0)
        """
        given = checked_day(day)
        best: dict[str, tuple[int, str, int]] = {}
        for row, text in enumerate(self.frame["jurisdiction"]):
            since, until = str(self.frame["since"][row]), self._until(row)
            if since <= given and (until is None or given < until):
                level, codes = _places(text, given)
                for code in codes:
                    best[code] = max(best.get(code, (-1, "", -1)), (level, since, row))
        return {code: row for code, (_, _, row) in best.items()}

    def citation(self, row: int) -> str:
        """Return the law, the article and the day since when of a row.

        Examples
        --------
        >>> table = pd.DataFrame([("*", 1, "법", "제2조", "2019-01-01")], columns=list(COLUMNS))
        >>> Ordinances(table).citation(0)
        '법 제2조 (2019-01-01~)'
        """
        one = self.frame.iloc[row]
        return f"{one['law']} {one['article']} ({one['since']}~{self._until(row) or ''})"

    def citations(self, rows: Sequence[int]) -> str:
        """Return the citations of several rows, each with its value where these differ; `-` where no rule holds.

        Examples
        --------
        >>> rows = [("33", 300, "a", "1", "2020-01-01"), ("29", None, "b", "2", "2020-01-01")]
        >>> Ordinances(pd.DataFrame(rows, columns=list(COLUMNS))).citations([0, 1])
        'a 1 (2020-01-01~): 300 / b 2 (2020-01-01~): -'
        """
        differ = len({self._number(row) for row in rows}) > 1
        return BESIDE.join(dict.fromkeys(self._parts[row] if differ else self.citation(row) for row in rows))

    def cited_in(self, text: str) -> list[int]:
        """Return the rows that a text of `citations` names, one each value.

        Examples
        --------
        >>> rows = [("33", 300, "a", "1", "2020-01-01"), ("29", 100, "b", "2", "2020-01-01")]
        >>> held = Ordinances(pd.DataFrame(rows, columns=list(COLUMNS)))
        >>> held.cited_in(held.citations([0, 1]))
        [0, 1]
        """
        out, rest = [], text + BESIDE
        for row, part in enumerate(self._parts):
            if rest.startswith(part + BESIDE):
                out.append(row)
                rest = rest.removeprefix(part + BESIDE)
        return out

    def _number(self, row: int) -> str:
        return "-" if np.isnan(self.numbers[row]) else f"{self.numbers[row]:.12g}"

    def _until(self, row: int) -> str | None:
        return self.frame["until"][row] if "until" in self.frame.columns else None

    def _check(self, problems: list[str]) -> None:
        """Note what is wrong with values, citations and days."""
        for row, one in enumerate(self.frame.to_dict("records")):
            blank = [column for column in ("law", "article") if not str(one[column] or "").strip()]
            problems += [f"row {row}, {column}: is blank; expected what sets the value. Cite it." for column in blank]
            for column in ("since", "until"):
                if one.get(column) is not None or column == "since":
                    found = _day(one.get(column))
                    self.frame.loc[row, column] = found
                    if found is None:
                        problems.append(f"row {row}, {column}: {one.get(column)!r} is no day; write it as 2026-01-01.")
            try:
                number = None if one["value"] in (None, "") else float(one["value"])
            except (TypeError, ValueError):
                number = np.inf
            if number is not None and not np.isfinite(number):
                problems.append(f"row {row}, value: {one['value']!r} is no number; blank says that no rule holds.")
            self.frame.loc[row, "value"] = number
        twice = self.frame.duplicated(["jurisdiction", "since"])
        problems += [
            f"row {row}: {self.frame['jurisdiction'][row]!r} has two rows since {self.frame['since'][row]}; keep one."
            for row in np.flatnonzero(twice)
        ]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.frame)

    def __repr__(self) -> str:
        """Return one line."""
        known = sorted(set(self.numbers[np.isfinite(self.numbers)].tolist()))
        told = [f"{known[0]:g}" if len(known) == 1 else f"{known[0]:g} to {known[-1]:g}"] if known else []
        told += ["no rule"] * bool(np.isnan(self.numbers).any())
        first = f", since {min(self.frame['since'])}" if len(self) else ""
        return f"<Ordinances: {len(self)} rows, {' or '.join(told)}{first}>"

    def _repr_html_(self) -> str:
        """Return the rows as a table for notebooks."""
        return str(self.frame.to_html(index=False))


def read_ordinances(path: str | Path) -> Ordinances:
    r"""Return the ordinances of a file.

    Parameters
    ----------
    path
        CSV in UTF-8 with the columns of `Ordinances`, or TOML with a `[[ordinances]]` table a row.

    Raises
    ------
    InputError
        The file cannot be read, or is wrong: with every problem, its row and the cure.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "distances.csv"
    >>> _ = path.write_text("jurisdiction,value,law,article,since\n33,200,조례,제3조,2020-01-01\n", encoding="utf-8")
    >>> read_ordinances(path)
    <Ordinances: 1 rows, 200, since 2020-01-01>
    """
    file = native(path)
    try:
        text = file.read_bytes().decode("utf-8-sig")
        if file.suffix.lower() == ".toml":
            table = pd.DataFrame(tomllib.loads(text).get("ordinances", []))
        else:
            table = pd.read_csv(io.StringIO(text), dtype="str", keep_default_na=False)
            table = table.astype(object).where(table != "", None)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        msg = f"{shown(file)} cannot be read as CSV or TOML in UTF-8: {error}. Check the name and how it was saved."
        raise InputError(msg) from error
    return Ordinances(table, name=shown(file))


class By(NamedTuple):
    """An option that a table sets by jurisdiction, and the row that holds in each municipality on a day."""

    option: str
    table: Ordinances
    rows: Mapping[str, int]


class Holding(NamedTuple):
    """The rows of a table that hold for sites.

    Attributes
    ----------
    least, most
        Shape (n,), the row by which least and most falls out; -1 where no row is known for a place in which a part of
        the site may lie.
    cited
        Shape (n,), which of the texts says what holds; -1 as above.
    texts
        Citations, several of them joined by `BESIDE`, each with its value where these differ.
    """

    least: NDArray[np.int64]
    most: NDArray[np.int64]
    cited: NDArray[np.int64]
    texts: list[str]


def holding(
    by: By,
    strict: NDArray[np.float64],
    count: int,
    near: tuple[NDArray[np.int64], NDArray[np.object_]],
) -> Holding:
    """Return which rows hold for sites.

    Parameters
    ----------
    by
        The table.
    strict
        A number for each row of the table; of a greater one more falls out.
    count
        How many sites there are.
    near
        Rows of sites, sorted, and the codes of the municipalities in which they may lie.
    """
    sites, codes = near
    rows = np.array([by.rows.get(code, -1) for code in codes], dtype=np.int64)
    out = np.full((3, count), -1, dtype=np.int64)
    texts = [by.table.citation(row) for row in range(len(by.table))]
    order = np.lexsort((rows, np.append(strict, -np.inf)[rows], sites))
    sites, rows = sites[order], rows[order]
    first = np.flatnonzero(np.diff(sites, prepend=-1))
    last = np.append(first[1:], len(sites)) - 1
    mine = sites[first]
    out[0, mine], out[1, mine], out[2, mine] = rows[first], rows[last], rows[first]
    several: dict[tuple[int, ...], int] = {}
    open_ = last > first
    for start, end, site in zip(first[open_].tolist(), last[open_].tolist(), mine[open_].tolist(), strict=True):
        some = set(rows[start : end + 1].tolist())
        if -1 in some:
            out[:, site] = -1
        elif len(some) > 1:
            out[2, site] = several.setdefault(tuple(sorted(some)), len(texts) + len(several))
    texts += [by.table.citations(some) for some in several]
    return Holding(out[0], out[1], out[2], texts)


def checked_day(given: Any) -> str:
    """Return the day that a table is asked of as ISO text.

    Raises
    ------
    InputError
        It is no day.

    Examples
    --------
    >>> checked_day("2026-01-01")
    '2026-01-01'
    """
    day = _day(given)
    if day is None:
        msg = f"on={given!r} is no day; expected ISO text such as '2026-01-01'."
        raise InputError(msg)
    return day


def _day(given: Any) -> str | None:
    """Return a day as ISO text, or None if it is none; a workbook has days as midnights."""
    if isinstance(given, dt.datetime):
        return given.date().isoformat() if given == given.replace(hour=0, minute=0, second=0, microsecond=0) else None
    text = str(given) if isinstance(given, dt.date | np.datetime64) else given
    try:
        return text if isinstance(text, str) and _DAY.fullmatch(text) and dt.date.fromisoformat(text) else None
    except ValueError:
        return None


def _places(text: Any, day: str | None) -> tuple[int, list[str]]:
    """Return how narrow a jurisdiction is, from 0, and the codes of its municipalities on a day; none if it is none."""
    owners = datasets.municipality_owners(day)
    codes = np.array(list(owners), dtype=object)
    name = " ".join(str(text or "").split())
    if name == EVERYWHERE:
        return 0, codes.tolist()
    if name.isdigit() and len(name) == 2:  # noqa: PLR2004
        return 1, [code for code in codes if owners[code] == name]
    if name.isdigit():
        return 3, [code for code in codes if code == name]
    # A province that has another name or is no more is meant as it was; a municipality keeps its place.
    for on in (day, "2018-12-31", None):
        part = datasets.municipalities_on(on)
        province = part["province"].astype(str)
        for number, kind in enumerate(_LEVELS):
            full = province if kind == "province" else province + " " + part[kind].astype(str)
            met = part.index[full == name]
            if len(met):
                return 3 - number, met.tolist()
    return 0, []
