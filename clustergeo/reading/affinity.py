"""Cells of a GeoPackage that are not of the type of their column: SQLite keeps them, and GDAL gives other values."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from typing import TYPE_CHECKING

from clustergeo.errors import InputError
from clustergeo.reading.opening import shown

if TYPE_CHECKING:
    from pathlib import Path

_TEXT = 40
# The types of GeoPackage, what is true of a cell of a column {0} that is none of the type, and what is expected. In the
# order of SQLite texts stand behind all numbers; to compare is half the work of asking for the type. Null is neither.
_BROKEN = "{0} <> cast({0} as integer)"
_ODD = {
    "BOOLEAN": ("{0} not in (0, 1)", "0 or 1"),
    "TINYINT": (f"{{0}} not between -128 and 127 or {_BROKEN}", "a whole number of one byte"),
    "SMALLINT": (f"{{0}} not between -32768 and 32767 or {_BROKEN}", "a whole number of two bytes"),
    "MEDIUMINT": (f"{{0}} not between -2147483648 and 2147483647 or {_BROKEN}", "a whole number of four bytes"),
    **dict.fromkeys(("INT", "INTEGER"), (f"{{0}} >= '' or {_BROKEN}", "a whole number")),
    **dict.fromkeys(("FLOAT", "DOUBLE", "REAL"), ("{0} >= ''", "a number")),
    "DATETIME": ("{0} is not null and datetime({0}) is null", "a day and a time such as 2026-01-02T03:04:05Z"),
}


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
            typed = [
                (str(column), kind)
                for _, column, told, _, _, key in held.execute(f"pragma table_info({table})")
                if not key and (kind := re.sub(r"\(.*", "", str(told)).strip().upper()) in _ODD
            ]
            odd = {column: f"({_ODD[kind][0].format(_quoted(column))})" for column, kind in typed}
            if not odd:
                return
            query = f"select rowid, {', '.join(odd.values())} from {table} where {' or '.join(odd.values())} limit 1"  # noqa: S608 - quoted
            found = held.execute(query).fetchone()
            if found is None:
                return
            column, kind = typed[next(at for at, wrong in enumerate(found[1:]) if wrong)]
            row = held.execute(f"select count(*) from {table} where rowid < ?", found[:1]).fetchone()[0]  # noqa: S608
            query = f"select {_quoted(column)} from {table} where rowid = ?"  # noqa: S608 - quoted
            value = held.execute(query, found[:1]).fetchone()[0]
        except sqlite3.Error:
            # A view, or a table without row numbers.
            return
    msg = (
        f"{shown(name)}, row {row}, column {column!r}: {repr(value)[:_TEXT]} stands where {_ODD[kind][1]} is expected "
        "(rows are counted from 0). Another value would be read in its place. Correct it, or change the column's type."
    )
    raise InputError(msg)


def _quoted(name: str) -> str:
    """Return a name as SQLite writes it."""
    return '"' + name.replace('"', '""') + '"'
