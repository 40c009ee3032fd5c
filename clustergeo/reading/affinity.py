"""Types of a GeoPackage: cells that are none of their column's, and columns of types of which GDAL makes nothing."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from clustergeo.errors import InputError
from clustergeo.reading.days import is_day
from clustergeo.reading.opening import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_TEXT = 40
# The types of GeoPackage, what is true of a cell of a column {0} that is none of the type, and what is expected. In the
# order of SQLite texts stand behind all numbers; to compare is half the work of asking for the type. Null is neither.
_BROKEN = "{0} <> cast({0} as integer)"
_LONG = f"{{0}} not between -{2**53} and {2**53}"
# Most are days to SQLite, which knows neither the length of months nor year 0; `is_day` judges the others one by one.
_DOUBTFUL = (
    "date({0}) is not substr({0}, 1, 10) or substr({0}, 9, 2) > '28' or substr({0}, 1, 4) = '0000' "
    "or substr({0}, 12, 2) = '24'"
)
_NO_DAY = f"({_DOUBTFUL}) and not is_day({{0}})"
_ODD = {
    "BOOLEAN": ("{0} not in (0, 1)", "0 or 1"),
    "TINYINT": (f"{{0}} not between -128 and 127 or {_BROKEN}", "a whole number of one byte"),
    "SMALLINT": (f"{{0}} not between -32768 and 32767 or {_BROKEN}", "a whole number of two bytes"),
    "MEDIUMINT": (f"{{0}} not between -2147483648 and 2147483647 or {_BROKEN}", "a whole number of four bytes"),
    **dict.fromkeys(("INT", "INTEGER"), (f"{{0}} >= '' or {_BROKEN}", "a whole number")),
    **dict.fromkeys(("FLOAT", "DOUBLE", "REAL"), ("{0} >= ''", "a number")),
    # GDAL makes a float of it.
    "NUMERIC": (f"{{0}} >= '' or (typeof({{0}}) = 'integer' and {_LONG})", "a number of at most 15 digits"),
    "DATE": (_NO_DAY, "a day such as 2026-01-02"),
    "DATETIME": (_NO_DAY, "a day and a time such as 2026-01-02T03:04:05Z"),
}
_NUMBERS = ("rowid", "_rowid_", "oid")
_NONE = "null"
# How the number of a row is called where it is nothing but that.
_COUNTED = ("fid", "ogc_fid")
# What the cells of a column are to SQLite, null left out, as a type and in words.
_HELD = {
    (): (pa.string(), "text"),
    ("text",): (pa.string(), "text"),
    ("integer",): (pa.int64(), "whole numbers"),
    ("real",): (pa.float64(), "numbers"),
    ("integer", "real"): (pa.float64(), "numbers"),
}


class Unread(NamedTuple):
    """Columns that GDAL does not give, with the types of what their cells hold; what is told; what counts the rows."""

    types: dict[str, pa.DataType]
    report: list[str]
    number: str = _NUMBERS[0]


def database(file: Path) -> contextlib.closing[sqlite3.Connection]:
    """Open the database of a GeoPackage for reading only, as GDAL does.

    With what another program has written and not yet put in, unless that cannot be read where it lies.
    """
    held = _with_journal(file)
    # As one that never changes it is opened without a file beside it, but its journal is not looked at then.
    return contextlib.closing(held or sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True))


def _journal(file: Path) -> Path | None:
    """Return the file of what was written to a GeoPackage and not yet put in; None where there is nothing of it."""
    beside = file.with_name(f"{file.name}-wal")
    return beside if beside.exists() and beside.stat().st_size else None


def _with_journal(file: Path) -> sqlite3.Connection | None:
    """Return a GeoPackage opened with its journal; None where it has none, or none that can be read."""
    if _journal(file) is None:
        return None
    held = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    try:
        held.execute("select 1 from sqlite_master limit 1").fetchall()
    except sqlite3.Error:
        # In a folder that cannot be written to SQLite has no place for what it notes of the journal.
        held.close()
        return None
    return held


def _passed_over(file: Path) -> list[str]:
    """Return what is told of a journal that cannot be read."""
    journal = _journal(file)
    if journal is None:
        return []
    held = _with_journal(file)
    if held is not None:
        held.close()
        return []
    cure = "copy both to a folder that can be written to"
    return [f"what {shown(journal.name)} beside it holds cannot be read where it lies, and is left out: {cure}"]


def check_types(file: Path, *, driver: str, layer: str | None, name: str | Path) -> None:
    """Refuse a GeoPackage with a cell of another type than its column: a text among numbers would be read as 0.

    Parameters
    ----------
    file, driver, layer
        Any file, GDAL's name of its format, and the layer that is read.
    name
        How to name the file in a refusal.

    Raises
    ------
    InputError
        With the row, the column, what was found and what was expected.
    """
    if driver != "GPKG" or layer is None:
        return
    with database(file) as held:
        # Whatever bytes a text has are shown.
        held.text_factory = lambda data: data.decode("utf-8", "replace")
        held.create_function("is_day", 1, is_day, deterministic=True)
        table = quoted(layer)
        try:
            found = _odd_cell(held, table, list(_columns(held, layer)), row_number(held, layer))
        except sqlite3.Error:
            # A view of what is not there, or a damaged file: GDAL judges it.
            return
    if found is None:
        return
    row, column, value, kind = found
    where, counted = ("", "") if row is None else (f", row {row}", " (rows are counted from 0)")
    msg = (
        f"{shown(name)}{where}, column {column!r}: {repr(value)[:_TEXT]} stands where {_ODD[kind][1]} is "
        f"expected{counted}. Another value would be read in its place. Correct it, or change the column's type."
    )
    raise InputError(msg)


def unread_columns(file: Path, *, driver: str, layer: str | None, info: Mapping[str, Any], name: str | Path) -> Unread:
    """Return the columns of a GeoPackage that GDAL leaves out: of types such as VARCHAR(20), and a named row number.

    Parameters
    ----------
    file, driver, layer, name
        As for `check_types`.
    info
        What pyogrio tells of the layer.

    Raises
    ------
    InputError
        The cells of one are not all of one kind, or the rows of a view have no order that is known.
    """
    types, report = dict[str, pa.DataType](), list[str]()
    if driver != "GPKG" or layer is None:
        return Unread(types, report)
    report += _passed_over(file)
    number, given = str(info.get("fid_column") or ""), {*map(str, info["fields"]), str(info["geometry_name"])}
    table = quoted(layer)
    with database(file) as held:
        try:
            told = {column: kind for column, kind, _ in _columns(held, layer)}
            counted = row_number(held, layer)
        except sqlite3.Error:
            return Unread(types, report)
        for column, kind in told.items():
            if column in given or (column == number and column.lower() in _COUNTED):
                continue
            if column == number and counted == _NONE:
                report.append(f"its column {column!r}, which numbers the rows of a view, is left out")
                continue
            with _whole(name):
                kinds, why = _kinds(held, table, column, counted)
            if kinds == ("blob",):
                report.append(f"its column {column!r} of type {kind} holds bytes and is left out")
            elif kinds in _HELD:
                types[column], words = _HELD[kinds]
                if column != number:
                    report.append(f"its column {column!r} of type {kind}, which no GeoPackage has, is read as {words}")
            else:
                msg = (
                    f"{shown(name)}: its column {column!r} is of type {kind!r}, which no GeoPackage has, and {why}: "
                    "it would be left out. Make it TEXT, INTEGER or REAL, or export the file without it."
                )
                raise InputError(msg)
    return Unread(types, report, counted)


@contextlib.contextmanager
def unread_cells(
    file: Path, layer: str | None, unread: Unread, name: str | Path
) -> Iterator[Callable[[int], list[pa.Array]]]:
    """Yield what returns the cells of such columns for the next so many rows, in the order in which GDAL gives them."""
    if layer is None or not unread.types:
        yield lambda _: []
        return
    with database(file) as held:
        # Texts are judged with those of the other columns.
        held.text_factory = bytes
        columns = ", ".join(map(quoted, unread.types))
        with _whole(name):
            found = held.execute(f"select {columns} from {quoted(layer)} order by {unread.number}")  # noqa: S608 - quoted

        def take(rows: int) -> list[pa.Array]:
            with _whole(name):
                part = found.fetchmany(rows)
            if len(part) < rows:
                msg = f"{shown(name)} was changed while it was read. Read it again, once nobody writes to it."
                raise InputError(msg)
            return [_array([row[at] for row in part], kind) for at, kind in enumerate(unread.types.values())]

        yield take


@contextlib.contextmanager
def _whole(name: str | Path) -> Iterator[None]:
    """Turn what SQLite cannot read into a refusal."""
    try:
        yield
    except sqlite3.Error as error:
        msg = f"{shown(name)} cannot be read: {error}. Check that it is whole: copy or export it again."
        raise InputError(msg) from error


def _array(cells: list[Any], kind: pa.DataType) -> pa.Array:
    """Return cells as SQLite gives them in a type, the bytes of texts as they are."""
    return pa.array(cells, pa.binary()).cast(kind, safe=False) if kind == pa.string() else pa.array(cells, kind)


def _kinds(held: sqlite3.Connection, table: str, column: str, number: str) -> tuple[tuple[str, ...], str]:
    """Return what the cells of a column are to SQLite, and what is wrong with them where they are of several kinds."""
    cell = quoted(column)
    none = ("?",), "its rows have no numbers to find them by"
    try:
        if held.execute(f"select 1 from {table} where {number} is null limit 1").fetchone():  # noqa: S608 - quoted
            # Of a view.
            return none
        found = held.execute(f"select distinct typeof({cell}) from {table} where {cell} is not null")  # noqa: S608
        kinds = tuple(sorted(str(one[0]) for one in found))
        long = f"select 1 from {table} where typeof({cell}) = 'integer' and {_LONG.format(cell)} limit 1"  # noqa: S608
        if kinds == ("integer", "real") and held.execute(long).fetchone():
            return ("long", *kinds), "holds long whole numbers beside broken ones"
    except sqlite3.OperationalError:
        return none
    return kinds, f"holds {' and '.join(kinds)}"


def _odd_cell(
    held: sqlite3.Connection, table: str, columns: list[tuple[str, str, bool]], number: str
) -> tuple[int | None, str, Any, str] | None:
    """Return the row, column, value and type of the first cell that is not of its type; views have no row numbers."""
    typed = [(column, kind) for column, told, key in columns if not key and (kind := _known(told)) in _ODD]
    if not typed:
        return None
    wrong = [f"({_ODD[kind][0].format(quoted(column))})" for column, kind in typed]
    values = [quoted(column) for column, _ in typed]
    query = f"{', '.join([*wrong, *values])} from {table} where {' or '.join(wrong)} limit 1"
    try:
        found = held.execute(f"select {number}, {query}").fetchone()
    except sqlite3.OperationalError:
        # A table without row numbers.
        found = held.execute(f"select null, {query}").fetchone()
    if found is None:
        return None
    at = next(at for at in range(len(typed)) if found[1 + at])
    row = None
    if found[0] is not None:
        row = held.execute(f"select count(*) from {table} where {number} < ?", found[:1]).fetchone()[0]  # noqa: S608 - quoted
    return row, typed[at][0], found[1 + len(typed) + at], typed[at][1]


def _known(told: str) -> str:
    """Return a type as GeoPackage names it: GDAL takes all that begin with INT, such as INT8, for INT."""
    kind = re.sub(r"\(.*", "", told).strip().upper()
    return "INT" if kind.startswith("INT") else kind


def row_number(held: sqlite3.Connection, layer: str) -> str:
    """Return what SQLite calls the number of a row beside the columns of a table; null for a view, which has none.

    Not every SQLite refuses to tell the number of a view's row: those that do not sort its rows by nothing.
    """
    kind = "select 1 from sqlite_master where type = 'view' and name = ? collate nocase"
    if held.execute(kind, (layer,)).fetchone():
        return _NONE
    taken = {column.lower() for column, _, _ in _columns(held, layer)}
    return next((one for one in _NUMBERS if one not in taken), _NONE)


def _columns(held: sqlite3.Connection, layer: str) -> Iterator[tuple[str, str, bool]]:
    """Yield the columns of a table, those that are computed too: name, type, whether one is its key."""
    # Of a virtual table some are hidden.
    for _, column, kind, _, _, key, hidden in held.execute(f"pragma table_xinfo({quoted(layer)})"):
        if hidden != 1:
            yield str(column), str(kind), bool(key)


def quoted(name: str) -> str:
    """Return a name as SQLite writes it."""
    return '"' + name.replace('"', '""') + '"'
