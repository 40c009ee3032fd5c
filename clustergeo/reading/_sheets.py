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
from clustergeo.reading.opening import no_rows, refuse_layer, shown, some

if TYPE_CHECKING:
    from pathlib import Path

EXCEL = (".xlsx", ".xlsm")
_SHOWN = 5
# An .xlsx is a zip: a small one may unpack to more than a machine holds.
_MOST_BYTES = 1 << 30
# A cell left behind at the end of a sheet makes all before it part of the table.
_MOST_CELLS = 20_000_000
# Excel keeps this many digits of a number and makes the others 0.
_DIGITS = 15
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_LOOKED_AT = 1 << 20
# The parts of a number format: a quoted or escaped literal, what leaves or fills room, a colour or locale, a sign.
_PART = re.compile(r'"([^"]*)"|\\(.)|_.|\*.|\[\$[^\]]*\]|\[[A-Z][A-Za-z]*\]|(.)')
_PLAIN_SIGNS = frozenset("-() +")


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
    table, said = _from_csv(text, name)
    return table, [*told, *said]


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


def _from_csv(text: str, name: str | Path) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows of a CSV, and what was decided; a row with more or fewer cells than the header is refused."""
    rows, lines, bad = [], [], []
    # A municipality as text is longer than what Python takes for a cell.
    usual = csv.field_size_limit(max(len(text), 1) + 1)
    try:
        delimiter = _delimiter(text, name)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
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
    told = [] if delimiter == "," else [f"its cells are parted by {_DELIMITERS[delimiter]}, not by commas"]
    return _framed(header, rows, lines, name), told


def _delimiter(text: str, name: str | Path) -> str:
    """Return what parts the cells: a comma, or the one other sign by which all of the first rows fit the header."""
    fitting = [sign for sign in _DELIMITERS if _fits(text, sign)]
    if len(fitting) > 1:
        signs = " or by ".join(_DELIMITERS[sign] for sign in fitting)
        msg = f"{shown(name)} can be parted by {signs}: nothing says which. Save it as CSV UTF-8 with commas, quoted."
        raise InputError(msg)
    return fitting[0] if fitting else ","


def _fits(text: str, delimiter: str) -> bool:
    """Say whether a delimiter makes two columns or more, and as many cells in each of the first rows."""
    head = io.StringIO(text[:_LOOKED_AT], newline="")
    try:
        rows = list(csv.reader(head, delimiter=delimiter))
    except csv.Error:
        return False
    if len(text) > _LOOKED_AT and len(rows) > 1:
        del rows[-1]
    return bool(rows) and len(rows[0]) > 1 and all(len(row) in (0, len(rows[0])) for row in rows)


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
    lines = [line for line, _ in filled[1:]]
    told += [*_hidden(sheet, header, lines), *_rounded(sheet, header, name)]
    return _framed(header, [row for _, row in filled[1:]], lines, name), told


def _hidden(sheet: Any, header: list[str], lines: list[int]) -> list[str]:
    """Return what is said of rows and columns that whoever looks at the sheet does not see: they are read too."""
    held = set(lines)
    rows = [str(line) for line, one in sorted(sheet.row_dimensions.items()) if one.hidden and line in held]
    columns = [
        repr(header[at - 1])
        for one in sheet.column_dimensions.values()
        if one.hidden
        for at in range(one.min, min(one.max, len(header)) + 1)
        if header[at - 1]
    ]
    out = []
    if rows:
        why = "hidden by a filter or by hand" if sheet.auto_filter.ref else "hidden"
        out.append(
            f"{len(rows)} rows are {why} (line {some(rows)}) and were read too: delete them if they are not meant"
        )
    if columns:
        out.append(f"columns {some(columns)} are hidden and were read too: delete them if they are not meant")
    return out


def _rounded(sheet: Any, header: list[str], name: str | Path) -> list[str]:
    """Return what is said of numbers longer than Excel keeps; refuse them as ids, of which two may be one now."""
    cells = [cell for row in sheet.iter_rows() for cell in row if _is_rounded(cell.value)]
    if not cells:
        return []
    where = some(cell.coordinate for cell in cells)
    fault = f"cell {where} holds more than {_DIGITS} digits, of which Excel keeps {_DIGITS}: the others are lost"
    ids = [cell for cell in cells if cell.column <= len(header) and header[cell.column - 1].lower() == "site_id"]
    if ids:
        msg = f"{shown(name)}, sheet {sheet.title!r}: {fault}. Format the column as text, then enter the ids again."
        raise InputError(msg)
    return [f"{fault}; format the column as text, then enter them again"]


def _is_rounded(value: Any) -> bool:
    """Say whether a number has lost digits in Excel: those behind the 15th are 0, or it is a broken number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) >= 10**_DIGITS:
        return False
    return isinstance(value, float) or value % 10 ** (len(str(abs(value))) - _DIGITS) == 0


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
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**_DIGITS:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return _as_formatted(value, str(cell.number_format))
    return str(value)


def _as_formatted(value: int, form: str) -> str:
    """Return a whole number as its format shows it, where that is a code: with zeros in front or letters within.

    A format for amounts (a comma of thousands, decimals, a unit behind) leaves the number as it is.

    Examples
    --------
    >>> _as_formatted(1234, "000-000"), _as_formatted(7, '"A"000'), _as_formatted(7, "#,##0"), _as_formatted(7, '0"평"')
    ('001-234', 'A007', '7', '7')
    """
    parts = [] if value < 0 or form == "General" else _parts(form.split(";", maxsplit=1)[0])
    places = [at for at, (place, _) in enumerate(parts) if place]
    zeros = sum(sign == "0" for place, sign in parts if place)
    within = "".join(sign for place, sign in parts[: places[-1]] if not place) if places else ""
    if not places or (zeros < 2 and not re.search(r"[\w-]", within)):  # noqa: PLR2004 - a single 0 shows no zeros
        return str(value)
    digits, out = list(str(value).zfill(zeros)), []
    for at in range(len(parts) - 1, -1, -1):
        place, sign = parts[at]
        if not place:
            out.append(sign)
        elif at == places[0]:
            out.append("".join(digits))
        elif digits:
            out.append(digits.pop())
    return "".join(reversed(out))


def _parts(form: str) -> list[tuple[bool, str]]:
    """Return the places of digits and the literals of a number format; nothing where it is not of these alone."""
    out = []
    for found in _PART.finditer(form):
        quoted, escaped, sign = found.groups()
        if sign is None:
            out += [(False, quoted or escaped)] if quoted or escaped else []
        elif sign in "0#":
            out.append((True, sign))
        elif sign in _PLAIN_SIGNS:
            out.append((False, sign))
        else:
            return []
    return out
