"""A presentation table: an immutable value that writes itself as HTML, Markdown, CSV, XLSX and LaTeX."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from clustergeo import _digits
from clustergeo._formats import csv_rows, line
from clustergeo._latex import latex_document, latex_table
from clustergeo._widths import DATE
from clustergeo._workbook import Sheet, workbook_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Kind = Literal["text", "count", "area", "share", "distance"]
Cell = str | int | float | None

DASH = "–"
DASH_NOTE = {"ko": "–: 알 수 없음.", "en": "–: unknown."}
"""The note under cells that are shown as a dash."""

# A sheet leaves them empty: a dash in a column of numbers would be a text.
_EMPTY = {"ko": "빈칸: 알 수 없음.", "en": "Empty cell: unknown."}

_SHOWN: dict[str, Callable[[float], str]] = {
    "area": lambda km2: _digits.area(km2, least=2),
    "share": lambda share: _digits.percent(share, least=1),
    "distance": lambda km: _digits.distance(km, least=1),
}

# A date, and bounds with their percent sign, stay on one line.
_WHOLE = re.compile(rf"{DATE.pattern}|[0-9.]+–[0-9.]+ %")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]#|~$])")


@dataclass(frozen=True)
class Column:
    """A header and how the cells under it are shown."""

    header: str
    kind: Kind


@dataclass(frozen=True, repr=False)
class Table:
    """A presentation table.

    Parameters
    ----------
    columns
        Headers and kinds.
    rows
        Cells: texts, numbers in the unit of the header (shares are 0 to 1), or None for what is not known.
    title
        The caption.
    notes
        Sentences under the table.
    lang
        The language of the words, for screen readers and fonts.

    Examples
    --------
    >>> shown = Table.of([Column("Name", "text"), Column("Area (km²)", "area")], [["<b>", 1.5]], title="Sites")
    >>> shown
    <Table 'Sites': 1 rows, 2 columns>
    >>> print(shown.markdown())
    **Sites**
    <BLANKLINE>
    | Name | Area (km²) |
    | :--- | ---: |
    | &lt;b&gt; | 1.50 |
    <BLANKLINE>
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str
    notes: tuple[str, ...]
    lang: str

    @classmethod
    def of(
        cls,
        columns: Iterable[Column],
        rows: Iterable[Sequence[Cell]],
        *,
        title: str,
        notes: Iterable[str] = (),
        lang: str = "en",
    ) -> Table:
        """Make a table of any iterables; the parts are copied."""
        return cls(tuple(columns), tuple(tuple(row) for row in rows), title, tuple(notes), lang)

    @property
    def frame(self) -> pd.DataFrame:
        """The cells under their headers as a new DataFrame: numbers stay numbers, None is not known."""
        data = [pd.Series([row[place] for row in self.rows], dtype=object) for place in range(len(self.columns))]
        out = pd.DataFrame(dict(enumerate(data)), index=pd.RangeIndex(len(self.rows)), columns=range(len(self.columns)))
        return out.set_axis([column.header for column in self.columns], axis=1)

    def html(self) -> str:
        """Return a `<table>` with caption and notes; every text in it is escaped."""
        head = "".join(f'<th scope="col"{_aligned(column)}>{_html(column.header)}</th>' for column in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td{_aligned(c)}>{t}</td>" for c, t in zip(self.columns, row, strict=True)) + "</tr>\n"
            for row in self.shown(_html)
        )
        notes = "<br>".join(_html(note) for note in self.notes)
        foot = f'<tfoot><tr><td colspan="{len(self.columns)}"><span>{notes}</span></td></tr></tfoot>\n' if notes else ""
        return (
            f'<table class="clustergeo-table" lang="{_html(self.lang)}">\n<caption>{_html(self.title)}</caption>\n'
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n{foot}</table>\n"
        )

    def __repr__(self) -> str:
        """Return one line: the caption and the size."""
        return f"<Table {self.title!r}: {len(self.rows):,} rows, {len(self.columns)} columns>"

    def _repr_html_(self) -> str:
        """Show the table in a notebook."""
        return self.html()

    def markdown(self) -> str:
        """Return a GitHub-flavoured Markdown table with its title and notes."""
        lines = [f"**{_markdown(self.title)}**", "", _piped(_markdown(column.header) for column in self.columns)]
        lines.append(_piped(":---" if column.kind == "text" else "---:" for column in self.columns))
        lines += [_piped(row) for row in self.shown(_markdown)]
        for note in self.notes:
            lines += ["", _markdown(note)]
        return "\n".join(lines) + "\n"

    def csv(self) -> bytes:
        """Return CSV for a spreadsheet: UTF-8 with a byte order mark, CRLF, raw numbers, unknown cells empty.

        A text that a spreadsheet would take for a formula gets a leading apostrophe.
        """
        return csv_rows([column.header for column in self.columns], self.rows)

    @property
    def sheet(self) -> Sheet:
        """The table as a sheet of a workbook, where unknown cells are empty."""
        notes = [note.replace(DASH_NOTE[self.lang], _EMPTY[self.lang]) for note in self.notes]
        return Sheet(self.title, [(column.header, column.kind) for column in self.columns], self.rows, notes)

    def xlsx(self) -> bytes:
        """Return an XLSX workbook of one sheet: numbers as numbers, unknown cells empty, text never a formula.

        XlsxWriter must be installed: `pip install "clustergeo[documents]"`.
        """
        return workbook_bytes([self.sheet], title=self.title)

    def latex(self, *, document: bool = False) -> str:
        """Return LaTeX: a table for the packages `array` and `booktabs`, or a whole document.

        Parameters
        ----------
        document
            A document that xelatex compiles, with whatever font of the machine has Hangul. The table alone, in a
            document of one's own, needs `kotex` or `fontspec` with such a font where it has Korean.
        """
        heads = [(column.header, column.kind != "text") for column in self.columns]
        rows = self.shown()
        made = latex_table(heads, rows, title=self.title, notes=self.notes, long=document)
        if not document:
            return made
        return latex_document(made, [[head for head, _ in heads], *rows], lang=self.lang)

    def shown(self, escape: Callable[[str], str] = line) -> list[list[str]]:
        """Return the cells as text, each escaped by a function."""
        return [
            [escape(_shown(one, column.kind)) for one, column in zip(row, self.columns, strict=True)]
            for row in self.rows
        ]


def _shown(value: Cell, kind: Kind) -> str:
    """Return a cell as text: a dash for what is not known, shares in percent, no digit that its source did not give."""
    if value is None or value == "":
        return DASH
    if isinstance(value, str):
        return value
    return _SHOWN[kind](value) if kind in _SHOWN else f"{value:,.0f}"


def _aligned(column: Column) -> str:
    """Return the alignment of a column as an attribute: numbers to the right."""
    return "" if column.kind == "text" else ' style="text-align:right"'


def _html(text: str) -> str:
    """Return a text that HTML shows as it is."""
    return _WHOLE.sub(r'<span style="white-space:nowrap">\g<0></span>', html.escape(line(text), quote=True))


def _markdown(text: str) -> str:
    """Return a text that Markdown shows as it is, whether or not the reader allows HTML in it."""
    marked = _MARKDOWN.sub(r"\\\1", line(text))
    return marked.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _piped(cells: Iterable[str]) -> str:
    """Return a row of a Markdown table."""
    return "| " + " | ".join(cells) + " |"
