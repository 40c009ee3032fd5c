"""Cells of a GeoPackage that are not of the type of their column: SQLite keeps them, and GDAL gives other values."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from typing import TYPE_CHECKING, Any

from clustergeo.errors import InputError
from clustergeo.reading.opening import shown

if TYPE_CHECKING:
    from pathlib import Path

_TEXT = 40
# The types of GeoPackage, what is true of a cell of a column {0} that is none of the type, and what is expected. In the
# order of SQLite texts stand behind all numbers; to compare is half the work of asking for the type. Null is neither.
_BROKEN = "{0} <> cast({0} as integer)"
_NO_DAY = "{0} not glob '[0-9][0-9][0-9][0-9][-/][0-9]*[-/][0-9]*'"
_ODD = {
    "BOOLEAN": ("{0} not in (0, 1)", "0 or 1"),
    "TINYINT": (f"{{0}} not between -128 and 127 or {_BROKEN}", "a whole number of one byte"),
    "SMALLINT": (f"{{0}} not between -32768 and 32767 or {_BROKEN}", "a whole number of two bytes"),
    "MEDIUMINT": (f"{{0}} not between -2147483648 and 2147483647 or {_BROKEN}", "a whole number of four bytes"),
    **dict.fromkeys(("INT", "INTEGER"), (f"{{0}} >= '' or {_BROKEN}", "a whole number")),
    **dict.fromkeys(("FLOAT", "DOUBLE", "REAL"), ("{0} >= ''", "a number")),
    "DATE": (_NO_DAY, "a day such as 2026-01-02"),
    "DATETIME": (_NO_DAY, "a day and a time such as 2026-01-02T03:04:05Z"),
}
_NUMBERS = ("rowid", "_rowid_", "oid")


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
    with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as held:
        # Whatever bytes a text has are shown.
        held.text_factory = lambda data: data.decode("utf-8", "replace")
        table = _quoted(layer)
        try:
            columns = [(str(one[1]), str(one[2]), bool(one[5])) for one in held.execute(f"pragma table_info({table})")]
            found = _odd_cell(held, table, columns)
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


def _odd_cell(
    held: sqlite3.Connection, table: str, columns: list[tuple[str, str, bool]]
) -> tuple[int | None, str, Any, str] | None:
    """Return the row, column, value and type of the first cell that is not of its type; views have no row numbers."""
    typed = [
        (column, kind)
        for column, told, key in columns
        if not key and (kind := re.sub(r"\(.*", "", told).strip().upper()) in _ODD
    ]
    if not typed:
        return None
    taken = {column.lower() for column, _, _ in columns}
    number = next((one for one in _NUMBERS if one not in taken), "null")
    wrong = [f"({_ODD[kind][0].format(_quoted(column))})" for column, kind in typed]
    values = [_quoted(column) for column, _ in typed]
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


def _quoted(name: str) -> str:
    """Return a name as SQLite writes it."""
    return '"' + name.replace('"', '""') + '"'
