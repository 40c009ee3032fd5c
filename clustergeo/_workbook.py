"""A workbook as XLSX bytes: typed cells, a sheet a table; text is text, whatever it starts with."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clustergeo import _digits, _extras
from clustergeo._crate import run_time
from clustergeo._formats import line
from clustergeo._widths import columns
from clustergeo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Office has it on Windows and macOS with every Hangul syllable; LibreOffice takes another Korean font in its place.
FONT = "Malgun Gothic"

# What a cell shows; the cell itself holds the whole number. Text stays text even when somebody edits it.
_FORMATS = {
    "text": "@",
    "count": "#,##0",
    "area": "#,##0.00#",
    "share": "0.0%",
    "distance": "#,##0.0",
    "number": "General",
    "date": "yyyy-mm-dd",
    "link": "@",
}
# Of numbers that the format of their column would show as nothing, or as all.
_FINE = ("#,##0.00##", "#,##0.00###", "#,##0.00####", "#,##0.0#", "#,##0.0##", "0.0###%", "0.0E+00")
# Kinds that stand at the left, a little off the number before them.
_WORDED = ("text", "date", "link")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_NAME_LENGTH, _CELL_LENGTH, _ADDRESS_LENGTH, _LINKS = 31, 32_767, 2_000, 50_000
_ROWS, _COLUMNS = 1_048_576, 16_384
# The calendar of a spreadsheet; an earlier day is text.
_FIRST_YEAR = 1900
# Characters: above the most a cell is wrapped; a sheet of few columns has broad ones.
_NARROWEST, _USUAL, _WIDEST, _SHEET_WIDTH = 7, 18, 80, 150
# Points of a line; a spreadsheet shows no row of more than 409. Words leave some of a line empty.
_LINE, _MOST_LINES, _LOOSE = 14.0, 29, 1.08
# Rows that are measured for the widths of columns.
_MEASURED = 1000
# Columns that fit on the width of a paper and can still be read.
_PRINTABLE = 15


@dataclass(frozen=True)
class Sheet:
    """One sheet: its name, the headers with the kinds of their cells, the rows, and sentences under them.

    A kind is `text`, `count`, `area`, `share` (0 to 1, shown as percent), `distance`, `number`, `date` (a whole day
    becomes a date, a month or a year stays text) or `link`. A cell of None is empty.
    """

    name: str
    columns: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Any]]
    notes: Sequence[str] = ()
    # How many columns stay in sight when one scrolls to the right.
    frozen: int = 1


def kind_of(column: str) -> str:
    """Return the kind of a column by its name: every measured one ends in its unit.

    Examples
    --------
    >>> kind_of("area_km2"), kind_of("rdz_share"), kind_of("status_as_of"), kind_of("owner")
    ('area', 'share', 'date', 'text')
    """
    if column.endswith("_as_of"):
        return "date"
    if column.endswith("_source"):
        return "link"
    if column.endswith(("_share", "_share_low", "_share_high")):
        return "share"
    if column.endswith("_km2"):
        return "area"
    if column.endswith("_km"):
        return "distance"
    return "count" if column.endswith(("_m", "_m2")) else "text"


def workbook_bytes(sheets: Iterable[Sheet], *, title: str, run_at: str | None = None) -> bytes:
    """Return sheets as an XLSX workbook; the same sheets and time give the same bytes.

    Parameters
    ----------
    sheets
        At least one; what a sheet's name may not hold is taken out, and names are made different.
    title
        Of the whole, for its properties.
    run_at
        The time of the run; `run_time()` by default.

    Returns
    -------
    bytes
        The file: frozen and filterable headers, A4 landscape.

    Raises
    ------
    InputError
        XlsxWriter is not installed, or a sheet has more rows or columns than a spreadsheet can hold.

    Examples
    --------
    >>> workbook_bytes([Sheet("면적", [("km²", "area")], [[7.28]])], title="면적")[:2]
    b'PK'
    """
    xlsxwriter = _extras.needed("xlsxwriter", package="XlsxWriter", makes="XLSX")
    out = io.BytesIO()
    moment = dt.datetime.strptime(run_at or run_time(), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=None)  # noqa: DTZ007
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "default_format_properties": {"font_name": FONT, "font_size": 10}}
    )
    book.set_properties({"title": line(title), "author": "clustergeo", "created": moment})
    looks = {
        kind: book.add_format(
            {"num_format": code, "valign": "top"}
            | ({"text_wrap": kind == "text", "align": "left", "indent": 1} if kind in _WORDED else {})
        )
        for kind, code in _FORMATS.items()
    }
    looks["link"].set_font_color("#0b5394")
    looks["link"].set_underline(1)
    head = {"bold": True, "bg_color": "#e4eaef", "bottom": 1, "text_wrap": True, "valign": "vcenter", "num_format": "@"}
    looks["head"] = book.add_format(head | {"align": "left", "indent": 1})
    looks["number head"] = book.add_format(head | {"align": "right"})
    looks["worded number"] = book.add_format({"valign": "top", "align": "left", "indent": 1})
    looks["note"] = book.add_format({"font_color": "#52606d", "num_format": "@"})
    for code in _FINE:
        looks[code] = book.add_format({"valign": "top", "num_format": code})
    taken: set[str] = set()
    for sheet in sheets:
        _write(book.add_worksheet(_name(sheet.name, taken)), sheet, looks)
    book.close()
    return out.getvalue()


def _name(wanted: str, taken: set[str]) -> str:
    """Return a name that a sheet may have and none has yet."""
    plain = _FORBIDDEN.sub(" ", line(wanted)).strip().strip("'")[:_NAME_LENGTH].strip().strip("'") or "Sheet"
    # A name that Excel keeps for itself.
    plain = "History " if plain.lower() == "history" else plain
    name, number = plain, 1
    while name.lower() in taken:
        number += 1
        name = f"{plain[: _NAME_LENGTH - len(str(number)) - 1]} {number}"
    taken.add(name.lower())
    return name


def _write(page: Any, sheet: Sheet, looks: dict[str, Any]) -> None:
    """Fill one sheet."""
    rows = list(sheet.rows)
    if len(rows) + len(sheet.notes) + 2 > _ROWS or len(sheet.columns) > _COLUMNS:
        msg = (
            f"A sheet of a workbook holds {_ROWS:,} rows and {_COLUMNS:,} columns at most; here are {len(rows):,} rows "
            f"and {len(sheet.columns):,} columns. Write GeoParquet, GeoPackage or CSV instead."
        )
        raise InputError(msg)
    # Far more links than this make a spreadsheet slow, and Excel refuses 65,531 of them.
    linked = len(rows) <= _LINKS
    widths = _widths(sheet, rows)
    for across, wide in enumerate(widths):
        page.set_column(across, across, wide)
    # Not every spreadsheet works out by itself how high a row of broken lines is. The arrows of a filter take room.
    page.set_row(0, _height((header, wide - 2) for (header, _), wide in zip(sheet.columns, widths, strict=True)))
    for across, (header, kind) in enumerate(sheet.columns):
        look = looks["head" if kind in _WORDED else "number head"]
        page.write_string(0, across, line(header)[:_CELL_LENGTH], look)
    for down, row in enumerate(rows, start=1):
        kinds = [kind for _, kind in sheet.columns]
        # An address is there to be followed, and stands on one line.
        told = (
            (_sample(one, kind), wide) for one, kind, wide in zip(row, kinds, widths, strict=True) if kind != "link"
        )
        page.set_row(down, _height(told))
        for across, (value, (_, kind)) in enumerate(zip(row, sheet.columns, strict=True)):
            _put(page, (down, across), value, kind, looks, linked=linked)
    for below, note in enumerate(sheet.notes, start=len(rows) + 2):
        page.write_string(below, 0, line(note)[:_CELL_LENGTH], looks["note"])
    page.freeze_panes(1, min(sheet.frozen, len(sheet.columns)))
    if sheet.columns and rows:
        page.autofilter(0, 0, len(rows), len(sheet.columns) - 1)
    page.set_paper(9)
    page.set_landscape()
    page.fit_to_pages(max(1, math.ceil(len(sheet.columns) / _PRINTABLE)), 0)
    page.repeat_rows(0)
    if len(sheet.columns) > _PRINTABLE and sheet.frozen:
        # On a further page a row is known by its name.
        page.repeat_columns(0, sheet.frozen - 1)
    page.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    page.set_footer("&L&A&R&P / &N")


def _put(page: Any, at: tuple[int, int], value: Any, kind: str, looks: dict[str, Any], *, linked: bool) -> None:
    """Write one cell by what its value is: a number as a number, a flag as a flag, a whole day as a date, else text."""
    look = looks[kind]
    if value is None or value == "":
        page.write_blank(*at, None, look)
    elif isinstance(value, bool):
        page.write_boolean(*at, value, looks["number"])
    elif isinstance(value, int | float):
        if math.isfinite(value):
            fine = _digits.spreadsheet_format(value, kind)
            look = looks["worded number" if kind in _WORDED else fine or kind]
            page.write_number(*at, value, look)
        else:
            page.write_blank(*at, None, look)
    else:
        text = line(str(value))
        day = _date(text) if kind == "date" else None
        if day is not None:
            page.write_datetime(*at, day, look)
        elif kind == "link" and linked and text.startswith(("https://", "http://")) and len(text) <= _ADDRESS_LENGTH:
            page.write_url(*at, text, look, text)
        else:
            shown = text if len(text) <= _CELL_LENGTH else text[: _CELL_LENGTH - 1] + "…"
            page.write_string(*at, shown, looks["text"])


def _date(text: str) -> dt.datetime | None:
    """Return the day of an ISO text, None where it is no whole day or one before the calendar of spreadsheets."""
    if not _DAY.fullmatch(text):
        return None
    try:
        day = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year > _FIRST_YEAR else None


def _widths(sheet: Sheet, rows: list[Sequence[Any]]) -> list[float]:
    """Return a width for each column, in characters, that its cells fit; Hangul is twice as wide as a digit."""
    most = min(_WIDEST, max(_USUAL, _SHEET_WIDTH // max(1, len(sheet.columns))))
    widths = []
    for across, (header, kind) in enumerate(sheet.columns):
        widest = max((columns(_sample(row[across], kind)) for row in rows[:_MEASURED]), default=0)
        # A header breaks between its words, never within one.
        word = max(map(columns, header.split()), default=0)
        widths.append(min(max(widest, word, min(columns(header), _NARROWEST)), most) + 3.0)
    return widths


def _height(cells: Iterable[tuple[str, float]]) -> float:
    """Return the height of a row, in points, that shows every line of its cells."""
    taken = ((columns(text), wide) for text, wide in cells)
    lines = max((1 if text <= wide - 2 else math.ceil(text * _LOOSE / (wide - 1)) for text, wide in taken), default=1)
    return _LINE * min(max(lines, 1), _MOST_LINES) + 2


def _sample(value: Any, kind: str) -> str:
    """Return about what a cell shows."""
    if value is None:
        return ""
    if isinstance(value, float):
        return _digits.area(value, least=3) if kind in ("area", "distance") else f"{value:g}"
    return str(value)
