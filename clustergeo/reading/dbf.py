"""The table of a shapefile as the bytes it holds: GDAL gives what it cannot read of them as 0 or as nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from clustergeo.errors import InputError
from clustergeo.reading.opening import companion, shown, some

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

ASCII_END = 0x80

_ROWS = 65_536
_HEADER = 32
_DELETED, _OVERFLOW = ord("*"), ord("*")
# What a number is written with; stars stand for one that did not fit.
_NUMBER = np.isin(np.arange(256), np.frombuffer(b"0123456789+-.,eE* \0", dtype=np.uint8))


class Field(NamedTuple):
    """A column: its name as it is written, its type (`C` text, `N` and `F` numbers ...) and its place in a row."""

    name: bytes
    kind: bytes
    place: slice


class Table:
    """The rows of a `.dbf` as bytes, read a piece at a time.

    Attributes
    ----------
    language
        The byte of the header that may say how texts are encoded.
    told
        How many rows the header says there are.
    rows
        How many there are.
    fields
        The columns.
    """

    def __init__(self, file: Path, *, write: bool = False) -> None:
        with file.open("rb") as stream:
            head = stream.read(_HEADER)
            head += bytes(_HEADER - len(head))
            start, self._width = int.from_bytes(head[8:10], "little"), int.from_bytes(head[10:12], "little")
            fields = stream.read(max(start - _HEADER, 0))
        self.language = head[29]
        self.fields = list(_fields(fields, self._width))
        held = max(file.stat().st_size - start, 0) // self._width if self._width else 0
        self.told = int.from_bytes(head[4:8], "little")
        self.rows = min(self.told, held)
        self.cells: NDArray[np.uint8] = np.zeros((0, 0), dtype=np.uint8)
        if self.rows:
            shape = (self.rows, self._width)
            self.cells = np.memmap(file, np.uint8, "r+" if write else "r", offset=start, shape=shape)

    def deleted(self) -> NDArray[np.bool_]:
        """Say which rows are marked as deleted, which GDAL leaves out."""
        return np.asarray(self.cells[:, 0] == _DELETED, dtype=bool) if self.rows else np.zeros(0, dtype=bool)

    def pieces(self, kinds: bytes = b"C") -> Iterator[tuple[int, Field, NDArray[Any]]]:
        """Yield the first row, a column of some types, and its bytes, so many rows at a time."""
        wanted = [field for field in self.fields if field.kind in kinds]
        for first in range(0, len(self.cells) if wanted else 0, _ROWS):
            block = np.array(self.cells[first : first + _ROWS])
            for field in wanted:
                yield first, field, block[:, field.place]


def _fields(data: bytes, width: int) -> Iterator[Field]:
    """Yield the columns that a header describes."""
    at = 1
    for place in range(0, len(data) - 1, 32):
        one = data[place : place + 32]
        if one[:1] == b"\r" or len(one) < 32:  # noqa: PLR2004
            return
        kind = one[11:12]
        # A text of more than 255 bytes keeps the rest of its width where numbers keep their decimals.
        size = one[16] + 256 * one[17] if kind == b"C" else one[16]
        if at + size <= width:
            yield Field(one[:11].split(b"\0")[0], kind, slice(at, at + size))
        at += size


def _is_number(text: bytes) -> bool:
    """Say whether a text is a number that is written in letters: `inf`, `nan`."""
    try:
        float(text)
    except ValueError:
        return False
    return True


class Checked(NamedTuple):
    """What is told of a table, one sentence each, and how many of its rows are marked as deleted."""

    report: list[str]
    deleted: int


def check_table(file: Path, name: str | Path, *, encoding: str | None = None) -> Checked:
    """Refuse a shapefile whose table is cut short or has numbers that are none, and return what is told of others.

    Parameters
    ----------
    file
        Any file; only shapefiles are looked at.
    name
        How to name it in a refusal.
    encoding
        Of the names of the columns.

    Returns
    -------
    Checked
        It tells how many rows are marked as deleted, and how many numbers did not fit their column.

    Raises
    ------
    InputError
        With the row, the column and the cure.
    """
    beside = companion(file, ".dbf") if file.suffix.lower() == ".shp" else None
    if beside is None:
        return Checked([], 0)
    table = Table(beside)
    if table.rows < table.told:
        msg = (
            f"{shown(name)}: its .dbf is cut short: it says that it has {table.told:,} rows, but has {table.rows:,}. "
            "Copy all its parts again."
        )
        raise InputError(msg)
    deleted = table.deleted()
    count = int(deleted.sum())
    report = [f"{count} rows are marked as deleted in its .dbf and were left out"] if count else []
    lost: dict[str, int] = {}
    for first, field, piece in table.pieces(b"NF"):
        column = field.name.decode(encoding or "ascii", "replace")
        alive = ~deleted[first : first + len(piece)]
        for row in np.flatnonzero(~_NUMBER[piece].all(axis=1) & alive):
            held = piece[row].tobytes().strip(b" \0")
            if _is_number(held):
                continue
            msg = (
                f"{shown(name)}, row {first + row}, column {column!r}: {held!r} stands where a number is "
                "expected (rows are counted from 0). It would be read as 0. Correct it, or make the column one of text."
            )
            raise InputError(msg)
        stars = int(((piece == _OVERFLOW).any(axis=1) & alive).sum())
        if stars:
            lost[column] = lost.get(column, 0) + stars
    if lost:
        told = some(f"{count} of column {column!r}" for column, count in lost.items())
        report.append(f"numbers that did not fit their column stand in its .dbf as stars, so they are unknown: {told}")
    return Checked(report, count)
