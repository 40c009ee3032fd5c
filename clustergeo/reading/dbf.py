"""The table of a shapefile as the bytes it holds: GDAL reads other numbers where it does not understand them."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from clustergeo.errors import InputError
from clustergeo.reading.opening import companion, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

ASCII_END = 0x80

_ROWS = 65_536
_HEADER = 32
_DELETED = ord("*")
_BLANK = np.isin(np.arange(256), np.frombuffer(b" \0", dtype=np.uint8))
_PLAIN = np.isin(np.arange(256), np.frombuffer(b"0123456789-. \0", dtype=np.uint8))
# What GDAL reads as the number that is written; Microsoft's C writes 1.#QNAN. Stars in front stand for no value.
_WHOLE = re.compile(rb"[+-]?\d+(\.0*)?|\*.*", re.DOTALL)
_REAL = re.compile(
    rb"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(nan|inf(inity)?|1\.#(qnan|snan|ind|inf)0*)|\*.*",
    re.DOTALL | re.IGNORECASE,
)
# Wider whole numbers are floats to GDAL.
_WIDEST = 18
# Fewer digits are exact in a float.
_LONG = 16
# How a day that is not known is written, and a flag, blanks left out.
_NO_DAY = (b"", b"0", b"00000000")
_FLAGS = (b"", *(b"%c" % one for one in b"TtYyFfNn?"))
_UNKNOWN = ord("?")
# The types of dBASE 7 and FoxPro whose cells are no text, and those that point into another file.
_BINARY, _ELSEWHERE = b"IBYTO@+", b"MGP"


class Field(NamedTuple):
    """A column: its name and type (`C` text, `N` and `F` numbers ...) as written, its place in a row, its number."""

    name: bytes
    kind: bytes
    place: slice
    number: int
    decimals: int = 0


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
    heads = []
    for place in range(0, len(data) - 1, 32):
        one = data[place : place + 32]
        if one[:1] == b"\r" or len(one) < 32:  # noqa: PLR2004
            break
        heads.append(one)
    # A text of more than 255 bytes keeps the rest of its width where numbers keep decimals; else that byte is idle.
    long = 1 + sum(one[16] for one in heads) != width
    at = 1
    for number, one in enumerate(heads):
        text = one[11:12] == b"C"
        size = one[16] + (256 * one[17] if long and text else 0)
        if at + size <= width:
            yield Field(one[:11].split(b"\0")[0], one[11:12], slice(at, at + size), number, 0 if text else one[17])
        at += size


def _misread(field: Field, piece: NDArray[np.uint8], alive: NDArray[np.bool_]) -> tuple[int, bytes] | None:
    """Return the first row of numbers, and its text, that GDAL would read as another number."""
    blank = _BLANK[piece]
    starts = ~blank & np.column_stack([np.ones(len(piece), dtype=bool), blank[:, :-1]])
    signs, dots = piece == ord("-"), piece == ord(".")
    whole = not field.decimals
    plain = _PLAIN[piece].all(axis=1) & (starts.sum(axis=1) <= 1) & ~(signs & ~starts).any(axis=1)
    plain &= blank.all(axis=1) | (~blank & ~signs & ~dots).any(axis=1)
    plain &= dots.sum(axis=1) <= (0 if whole else 1)
    nul = piece == 0
    if nul.any():
        # To GDAL a text ends there.
        plain &= ~(nul & np.logical_or.accumulate(~blank[:, ::-1], axis=1)[:, ::-1]).any(axis=1)
    form = _REAL if field.decimals or _wide(field) else _WHOLE
    known: set[bytes] = set()
    for row in np.flatnonzero(alive & ~plain):
        held = piece[row].tobytes().rstrip(b" \0").lstrip(b" ")
        if held and held not in known and form.fullmatch(held) is None:
            return int(row), held
        known.add(held)
    return None


def _wide(field: Field) -> bool:
    """Say whether a column of numbers is one of floats to GDAL though it may hold long whole ones."""
    return field.kind in b"NF" and field.place.stop - field.place.start > _WIDEST


def _rounded(piece: NDArray[np.uint8]) -> bool:
    """Say whether a whole number of more digits than a float holds is among cells."""
    blank, dots = _BLANK[piece], piece == ord(".")
    end = np.where(dots.any(axis=1), dots.argmax(axis=1), piece.shape[1] - blank[:, ::-1].argmin(axis=1))
    held = {one.tobytes().strip(b" \0") for one in piece[end - blank.argmin(axis=1) >= _LONG]}
    return any(_WHOLE.fullmatch(one) and one[:1] != b"*" and int(float(one)) != int(one.split(b".")[0]) for one in held)


def _no_day(text: bytes) -> bool:
    """Say whether a cell holds neither a day nor nothing."""
    if text in _NO_DAY:
        return False
    try:
        dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return True
    return len(text) != len("20260102") or not text.isdigit()


def _odd(field: Field, piece: NDArray[np.uint8], alive: NDArray[np.bool_]) -> tuple[int, bytes, str] | None:
    """Return the first row, its text, and as what else GDAL would read it."""
    if field.kind in b"NF":
        found = _misread(field, piece, alive)
        return None if found is None else (*found, "another number")
    rows = np.flatnonzero(alive)
    cells = np.ascontiguousarray(piece[rows])
    if not cells.size:
        return None
    _, first = np.unique(cells.view(f"S{cells.shape[1]}").ravel(), return_index=True)
    for at in np.sort(first):
        text = cells[at].tobytes()
        held = text.strip(b" \0")
        if field.kind == b"D" and _no_day(held):
            return int(rows[at]), held, "another day"
        if field.kind == b"L" and held not in _FLAGS:
            return int(rows[at]), held, "false"
        if field.kind in _BINARY or (field.kind in _ELSEWHERE and held):
            return int(rows[at]), text, f"a text, for its type {field.kind.decode()!r} is none of shapefiles'"
    return None


class Checked(NamedTuple):
    """What is told of a table, how many of its rows are marked as deleted, and what has to be read otherwise.

    `texts` are the numbers of the columns to be read as texts, `flags` those of flags that are blank where not known.
    """

    report: list[str]
    deleted: int
    texts: tuple[int, ...] = ()
    flags: tuple[int, ...] = ()


def check_table(file: Path, name: str | Path, *, encoding: str | None = None) -> Checked:
    """Refuse a shapefile whose table is cut short or has cells not of their type, and return what is told of others.

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
        It tells how many rows are marked as deleted, and which columns `mend` has to change before GDAL reads them.

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
    texts, flags = dict[int, str](), set[int]()
    for first, field, piece in table.pieces(b"NFDL" + _BINARY + _ELSEWHERE):
        alive = ~deleted[first : first + len(piece)]
        column = field.name.decode(encoding or "ascii", "replace")
        found = _odd(field, piece, alive)
        if found is not None:
            msg = (
                f"{shown(name)}, row {first + found[0]}, column {column!r}: {found[1]!r} would be read as {found[2]} "
                "(rows are counted from 0). Correct it, or make the column one of text."
            )
            raise InputError(msg)
        if _wide(field) and field.number not in texts and _rounded(piece[alive]):
            texts[field.number] = column
        if field.kind == b"L" and _BLANK[piece].all(axis=1).any():
            flags.add(field.number)
    report += [f"its column {one!r} has numbers too long to be exact and is read as text" for one in texts.values()]
    return Checked(report, count, tuple(texts), tuple(flags))


def mend(copy: Path, checked: Checked) -> None:
    """Change the copy of a table so that GDAL reads what it holds: long numbers as text, flags not known as such."""
    with copy.open("r+b") as stream:
        for number in checked.texts:
            stream.seek(_HEADER + 32 * number + 11)
            stream.write(b"C")
    table = Table(copy, write=True)
    for field in table.fields:
        cells = table.cells[:, field.place]
        if field.number in checked.flags:
            cells[_BLANK[cells].all(axis=1), 0] = _UNKNOWN
        elif field.number in checked.texts:
            # Stars are no value.
            cells[(cells == ord("*")).any(axis=1)] = ord(" ")
