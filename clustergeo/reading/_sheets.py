"""The cells of a CSV or Excel file as text, a row each under one line of headers."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

import pandas as pd

from clustergeo import _extras
from clustergeo.errors import InputError
from clustergeo.reading.opening import no_rows, refuse_layer, shown

if TYPE_CHECKING:
    from pathlib import Path

EXCEL = (".xlsx", ".xlsm")
_SHOWN = 5
# An .xlsx is a zip: a small one may unpack to more than a machine holds.
_MOST_BYTES = 1 << 30
# A cell left behind at the end of a sheet makes all before it part of the table.
_MOST_CELLS = 20_000_000
_ZEROS = re.compile(r"0+")
_WHOLE = 1e15


def cells(file: Path, layer: str | None, encoding: str | None, name: str | Path) -> tuple[pd.DataFrame, list[str]]:
    """Return the cells of a table as text, indexed by their line, and what was decided while reading.

    Raises
    ------
    InputError
        The text, the workbook or its header cannot be read rightly; with line or cell and the cure.
    """
    if file.suffix.lower() in EXCEL:
        return _from_excel(file, layer, name)
    refuse_layer(name, layer)
    text, told = _decoded(file, encoding, name)
    return _from_csv(text, name), told


def _decoded(file: Path, encoding: str | None, name: str | Path) -> tuple[str, list[str]]:
    """Return the text of a file: by the encoding named, its byte order mark, strict UTF-8, then cp949."""
    data = file.read_bytes()
    marked = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    for kind in (encoding,) if encoding else (marked, "cp949"):
        try:
            return data.decode(kind), [f"read as {kind} text, for it is not UTF-8"] if kind == "cp949" else []
        except UnicodeDecodeError:
            continue
        except LookupError as error:
            msg = f"encoding={encoding!r} is no encoding. Write for example 'utf-8' or 'cp949'."
            raise InputError(msg) from error
    tried = encoding or "UTF-8 nor cp949"
    msg = f"{shown(name)} is {'not' if encoding else 'neither'} {tried} text. Save it as CSV UTF-8."
    raise InputError(msg)


def _from_csv(text: str, name: str | Path) -> pd.DataFrame:
    """Return the rows of a CSV; a row with more or fewer cells than the header is refused."""
    reader = csv.reader(io.StringIO(text, newline=""))
    rows, lines, bad = [], [], []
    # A municipality as text is longer than what Python takes for a cell.
    usual = csv.field_size_limit(max(len(text), 1) + 1)
    try:
        header = [one.strip() for one in next(reader, [])]
        for row in reader:
            if len(row) == len(header):
                rows.append(row)
                lines.append(reader.line_num)
            elif row:
                bad.append(f"line {reader.line_num}: {len(row)} cells under {len(header)} headers")
    except csv.Error as error:
        msg = f"{shown(name)} is no CSV in line {reader.line_num}: {error}. Export it again."
        raise InputError(msg) from error
    finally:
        csv.field_size_limit(usual)
    if bad:
        msg = f"{shown(name)} has rows that do not fit its header:\n- " + "\n- ".join(bad[:_SHOWN])
        msg += "\nQuote cells that hold a comma."
        raise InputError(msg)
    return _framed(header, rows, lines, name)


def _framed(header: list[str], rows: list[list[str]], lines: list[int], name: str | Path) -> pd.DataFrame:
    """Return rows under their header; columns without a header and a cell are left out."""
    twice = sorted({name for name in header if name and header.count(name) > 1})
    table = pd.DataFrame(rows, columns=range(len(header)), index=pd.Index(lines), dtype=object)
    kept = [at for at, name in enumerate(header) if name or (table[at] != "").any()]
    nameless = [at + 1 for at in kept if not header[at]]
    if twice or nameless:
        what = f"two columns {twice[0]!r}" if twice else f"cells in column {nameless[0]}, which has no header"
        msg = f"{shown(name)} has {what}. Give each column a name of its own in the first line."
        raise InputError(msg)
    table = table[kept]
    table.columns = pd.Index([header[at] for at in kept], dtype=object)
    return table


def _from_excel(file: Path, layer: str | None, name: str | Path) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows of a sheet of a workbook."""
    openpyxl = _extras.needed("openpyxl", package="openpyxl", makes="An Excel file", done="read", extra="excel")
    _check_size(file, name)
    try:
        book = openpyxl.load_workbook(file, data_only=True)
        sheet, told = _sheet(book, layer, name)
        formulas = _uncomputed(openpyxl, file, sheet)
    except InputError:
        raise
    except Exception as error:
        # openpyxl lets every fault of a file through as it comes.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        msg = f"{shown(name)} cannot be read as an Excel workbook: {reason}. Save it again as .xlsx."
        raise InputError(msg) from error
    if formulas:
        msg = (
            f"{shown(name)}, sheet {sheet.title!r}: the formula in {formulas[0]} has no value. "
            "Open the file in Excel and save it, or paste the values."
        )
        raise InputError(msg)
    merged = sorted(str(area) for area in sheet.merged_cells.ranges)
    if merged:
        msg = (
            f"{shown(name)}, sheet {sheet.title!r} has merged cells ({', '.join(merged[:_SHOWN])}): which rows and "
            "columns they speak for is not said. Unmerge them, keep one line of headers, and fill each cell."
        )
        raise InputError(msg)
    found = [(line, [_text(cell) for cell in row]) for line, row in enumerate(sheet.iter_rows(), start=1)]
    filled = [(line, row) for line, row in found if any(row)]
    if not filled:
        raise no_rows(name)
    header = [name.strip() for name in filled[0][1]]
    return _framed(header, [row for _, row in filled[1:]], [line for line, _ in filled[1:]], name), told


def _check_size(file: Path, name: str | Path) -> None:
    """Refuse a workbook that unpacks to more than can be held."""
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        msg = f"{shown(name)} is no Excel workbook (.xlsx): {error}. Save it again as .xlsx."
        raise InputError(msg) from error
    if size > _MOST_BYTES:
        msg = f"{shown(name)} unpacks to {size:,} bytes, more than {_MOST_BYTES:,}. Save it as CSV UTF-8."
        raise InputError(msg)


def _sheet(book: Any, layer: str | None, name: str | Path) -> tuple[Any, list[str]]:
    """Return the sheet asked for, or the only one that holds anything."""
    names = [sheet.title for sheet in book.worksheets]
    for one in book.worksheets:
        if one.max_row * one.max_column > _MOST_CELLS:
            msg = (
                f"{shown(name)}, sheet {one.title!r} reaches to row {one.max_row:,} and column {one.max_column:,}: a "
                "cell far outside the table is in use. Delete the empty rows and columns behind the table, or save CSV."
            )
            raise InputError(msg)
    if layer is not None:
        if layer not in names:
            msg = f"{shown(name)} has no sheet {layer!r}; it holds {', '.join(names)}."
            raise InputError(msg)
        return book[layer], []
    held = [
        sheet
        for sheet in book.worksheets
        if any(cell is not None for row in sheet.iter_rows(values_only=True) for cell in row)
    ]
    if not held:
        raise no_rows(name)
    if len(held) > 1:
        names = [sheet.title for sheet in held]
        msg = (
            f"{shown(name)} holds {len(names)} sheets: {', '.join(names)}. "
            f"Name one: layer={names[0]!r} (--layer {names[0]} on the command line)."
        )
        raise InputError(msg)
    told = [f"sheet {held[0].title!r} was read, the only one that holds anything"] if len(names) > 1 else []
    return held[0], told


def _uncomputed(openpyxl: Any, file: Path, sheet: Any) -> list[str]:
    """Return the cells whose formula has no stored value: a reader would take them for empty."""
    with zipfile.ZipFile(file) as archive:
        if not any(b"<f" in archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/")):
            return []
    written = openpyxl.load_workbook(file)[sheet.title]
    return [
        cell.coordinate
        for row in written.iter_rows()
        for cell in row
        if cell.data_type == "f" and sheet[cell.coordinate].value is None
    ]


def _text(cell: Any) -> str:
    """Return what a cell shows: dates in ISO, whole numbers without a fraction, the zeros of a format kept."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and _ZEROS.fullmatch(str(cell.number_format)):
        return str(value).zfill(len(cell.number_format))
    return str(value)
