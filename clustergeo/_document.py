"""A report as a DOCX document: captions that count themselves, sources as footnotes, A4, for Word and LibreOffice."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import re
import zipfile
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from clustergeo import _extras, labels, sources
from clustergeo._brief import LAYER_COLUMNS, UNBROKEN_ROWS, addressed
from clustergeo._formats import line
from clustergeo._widths import least, shares
from clustergeo._workbook import FONT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clustergeo._brief import Brief
    from clustergeo._table import Table
    from clustergeo.timeline import Dated

# A figure and its percent sign stay on one line.
_FIGURE = re.compile(r"(?<=\d) %")
_UNIT = re.compile(r"\s*(?=\([^()]*\)$)")
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_FOOTNOTES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
_FOOTNOTES_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
_THUMBNAIL = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/thumbnail"

# The first day that a zip archive can hold: every entry gets it, or two runs would differ.
_ZIP_DAY = (1980, 1, 1, 0, 0, 0)
# A document with more rows in a table is read by nobody; the workbook has them all.
_MOST_ROWS = 200
# Places in the row of a layer; so much of a hash tells two layers apart.
_SOURCE, _HASH, _HASH_SHOWN = LAYER_COLUMNS.index("source"), LAYER_COLUMNS.index("sha256"), 12
_MARGIN_MM, _PAPER_MM = 20, (210, 297)
_WIDE_MARGIN_MM = 14
# How wide a digit is, as a part of the size of the letters, and the smallest size that is read.
_DIGIT, _SMALLEST = 0.56, 5.5
# So many rows stay with the notes under a table, which would else be alone on a page.
_KEPT_ROWS = 3
_DEEP, _QUIET, _SHADE = "0B3D66", "52606D", "E4EAEF"

_WORDS = {
    "figure": ("그림", "Figure"),
    "table": ("표", "Table"),
    "map": ("부지의 위치와 근거", "Where the sites lie, and what that rests on"),
    "boundaries": ("행정 경계 {text}", "Boundaries: {text}"),
    "sites": ("부지", "The sites"),
    "summaries": ("요약", "Summaries"),
    "evidence": ("각 답의 근거", "What each answer rests on"),
    "timeline": ("연표", "Timeline"),
    "layers": ("쓰인 자료", "Layers used"),
    "more": ("나머지 {n}행은 통합 문서(XLSX)에 있습니다.", "The other {n} rows are in the workbook (XLSX)."),
    "rests": ("답이 근거로 삼은 자료: {text}.", "The answers rest on: {text}."),
}


def document_bytes(said: Brief, *, picture: bytes) -> bytes:
    """Return a report as a DOCX document; the same report gives the same bytes.

    Parameters
    ----------
    said
        What the report says.
    picture
        The static map, PNG.

    Raises
    ------
    InputError
        python-docx is not installed.
    """
    docx = _extras.needed("docx", package="python-docx", makes="DOCX")
    paper = _Paper(docx.Document(), said)
    paper.front(picture)
    paper.tables()
    paper.evidence()
    paper.layers()
    return _packed(paper.finished())


class _Paper:
    """A document in the making: python-docx's own, and the footnotes it has no words for."""

    def __init__(self, document: Any, said: Brief) -> None:
        self.document = document
        self.said = said
        self.words = {name: pair[labels.check_lang(said.lang)] for name, pair in _WORDS.items()}
        self.notes: list[str] = []
        self.counted = {"figure": 0, "table": 0}
        self._styles()
        self._page(document.sections[0], landscape=False)
        self._foot(document.sections[0])

    def front(self, picture: bytes) -> None:
        """Write title, answer, key figures and map."""
        from docx.shared import Mm  # noqa: PLC0415 - an extra

        said, words = self.said, self.words
        self.document.add_heading(line(said.title), level=0)
        for at, sentence in enumerate(said.headline):
            told = self.document.add_paragraph(style="Intense Quote" if at == 0 else "Normal")
            self._run(told, sentence, bold=at == 0, size=None if at == 0 else 11)
        self._run(self.document.add_paragraph(), f"{said.as_of}. {said.note}", colour=_QUIET)
        table = self.document.add_table(rows=2, cols=len(said.key))
        for across, (number, word) in enumerate(said.key):
            for down, (text, size) in enumerate(((number, 18), (word, 8.5))):
                self._run(table.cell(down, across).paragraphs[0], text, bold=down == 0, size=size)
        shown = self.document.add_paragraph()
        shown.paragraph_format.keep_with_next = True
        shown.paragraph_format.space_before = Mm(4)
        drawn = shown.add_run().add_picture(io.BytesIO(picture), width=Mm(_PAPER_MM[0] - 2 * _MARGIN_MM))
        about = drawn._inline.docPr  # noqa: SLF001 - python-docx has no words for the text that stands for a picture
        about.set("descr", line(" ".join(said.headline)))
        about.set("title", line(words["map"]))
        # The boundaries are drawn on it: their terms ask to be named beside it.
        note = words["boundaries"].format(text=sources.boundary_attribution(said.lang))
        self._caption("figure", words["map"], note)

    def tables(self) -> None:
        """Write the table of the sites on a broad page, and the summaries."""
        from docx.enum.section import WD_SECTION  # noqa: PLC0415 - an extra

        note = self.words["rests"].format(text=", ".join(str(row[0]) for row in self.said.layers))
        self._page(self.document.add_section(WD_SECTION.NEW_PAGE), landscape=True)
        self.document.add_heading(self.words["sites"], level=1)
        self._table(self.said.sites, size=6.5, note=note if self.said.layers else None)
        self._page(self.document.add_section(WD_SECTION.NEW_PAGE), landscape=False)
        self.document.add_heading(self.words["summaries"], level=1)
        for _, shown in self.said.summaries:
            self._table(shown, size=6.5, whole=True)

    def evidence(self) -> None:
        """Write each site's sentences and its timeline; an address becomes a footnote."""
        self.document.add_heading(self.words["evidence"], level=1)
        if self.said.too_many:
            self._run(self.document.add_paragraph(), self.said.too_many)
        for (name, sentences), past in zip(self.said.evidence, self.said.timeline, strict=True):
            self.document.add_heading(line(name), level=2)
            for sentence in sentences:
                told = self.document.add_paragraph()
                for at, part in enumerate(addressed(sentence)):
                    if at % 2:
                        self._note(told, part)
                    else:
                        self._run(told, part)
            self._timeline(past)

    def _timeline(self, past: Sequence[Dated]) -> None:
        """Write what is known of a site by day; the sources of a day are one footnote."""
        if past:
            self.document.add_heading(self.words["timeline"], level=3)
        for day, dated in itertools.groupby(past, key=lambda one: one.day):
            facts = list(dated)
            told = self.document.add_paragraph(style="List Bullet")
            told.paragraph_format.space_after = 0
            self._run(told, f"{day} ", bold=True, size=8)
            self._run(told, " ".join(one.said for one in facts), size=8)
            cited = [*" ".join(one.urls for one in facts).split(), *(one.named for one in facts if one.named)]
            self._note(told, " ".join(dict.fromkeys(cited)))

    def layers(self) -> None:
        """Write what the answers rest on; where it comes from becomes a footnote. The workbook has the whole hashes."""
        self.document.add_heading(self.words["layers"], level=1)
        heads, rows = [*self.said.layer_heads], [[cell or "–" for cell in row] for row in self.said.layers]
        del heads[_SOURCE]
        cells = [[*row[:_SOURCE], row[_HASH][:_HASH_SHOWN]] for row in rows]
        table = self._grid(heads, cells, set(), size=8)
        for down, row in enumerate(rows, start=1):
            self._note(table.cell(down, 0).paragraphs[0], row[_SOURCE])
        for decided in self.said.decided:
            self._run(self.document.add_paragraph(), f"{self.said.decided_head}: {decided}", size=8.5)
        self._run(self.document.add_paragraph(), self.said.made, colour=_QUIET, size=8.5)

    def finished(self) -> bytes:
        """Return the document as python-docx saves it, with the footnotes and the properties."""
        from docx.opc.packuri import PackURI  # noqa: PLC0415 - an extra
        from docx.opc.part import Part  # noqa: PLC0415

        main = self.document.part
        content = _footnotes(self.notes).encode("utf-8")
        part = Part(PackURI("/word/footnotes.xml"), _FOOTNOTES_TYPE, content, main.package)
        main.relate_to(part, _FOOTNOTES)
        # The picture of the template that everything of python-docx carries is none of this document.
        for key, link in list(main.package.rels.items()):
            if link.reltype == _THUMBNAIL:
                del main.package.rels[key]
        moment = dt.datetime.strptime(self.said.run_at, "%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007 - UTC by its Z
        told = self.document.core_properties
        told.title, told.author, told.last_modified_by = line(self.said.title), "clustergeo", "clustergeo"
        told.created = told.modified = moment
        told.comments, told.subject = line(self.said.as_of), line(" ".join(self.said.headline))[:255]
        told.language, told.revision = "ko-KR" if self.said.lang == "ko" else "en-GB", 1
        out = io.BytesIO()
        self.document.save(out)
        return out.getvalue()

    def _styles(self) -> None:
        """Give every style a font with Hangul and the document its language."""
        from docx.enum.style import WD_STYLE_TYPE  # noqa: PLC0415 - an extra
        from docx.shared import Pt, RGBColor  # noqa: PLC0415

        styles = self.document.styles
        styles.add_style("footnote text", WD_STYLE_TYPE.PARAGRAPH).font.size = Pt(8)
        styles.add_style("footnote reference", WD_STYLE_TYPE.CHARACTER).font.superscript = True
        for style in styles:
            if style.type in (WD_STYLE_TYPE.PARAGRAPH, WD_STYLE_TYPE.CHARACTER):
                _set_font(style.element.get_or_add_rPr())
        _set_font(styles.element.xpath("w:docDefaults/w:rPrDefault/w:rPr")[0], lang=self.said.lang)
        looks: dict[str, tuple[float, str | None]] = {
            "Normal": (9.5, None),
            "Title": (20, _DEEP),
            "Heading 1": (14, _DEEP),
            "Heading 2": (10.5, "1D2733"),
            "Heading 3": (9, _QUIET),
        }
        for name, (size, colour) in looks.items():
            styles[name].font.size = Pt(size)
            if colour:
                styles[name].font.color.rgb = RGBColor.from_string(colour)
        styles["Normal"].paragraph_format.space_after = Pt(4)
        styles["Heading 2"].paragraph_format.space_before = Pt(8)
        quote, caption = styles["Intense Quote"], styles["Caption"]
        quote.font.size, quote.font.italic = Pt(13), False
        quote.font.color.rgb = RGBColor.from_string(_DEEP)
        quote.paragraph_format.left_indent = quote.paragraph_format.right_indent = Pt(0)
        quote.paragraph_format.space_before, quote.paragraph_format.space_after = Pt(4), Pt(8)
        caption.font.size, caption.font.bold = Pt(9), True
        caption.font.color.rgb = RGBColor.from_string("1D2733")
        caption.paragraph_format.space_before, caption.paragraph_format.space_after = Pt(8), Pt(3)

    def _page(self, section: Any, *, landscape: bool) -> None:
        """Make a section A4."""
        from docx.enum.section import WD_ORIENT  # noqa: PLC0415 - an extra
        from docx.shared import Mm  # noqa: PLC0415

        section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
        width, height = _PAPER_MM[::-1] if landscape else _PAPER_MM
        section.page_width, section.page_height = Mm(width), Mm(height)
        margin = _WIDE_MARGIN_MM if landscape else _MARGIN_MM
        section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(margin)
        section.header_distance = section.footer_distance = Mm(margin * 0.45)

    def _foot(self, section: Any) -> None:
        """Write what stands on every page: the title and the day above, the number below."""
        self._run(section.header.paragraphs[0], f"{self.said.title} · {self.said.as_of}", colour=_QUIET, size=8)
        foot = section.footer.paragraphs[0]
        foot.alignment = 1
        _field(foot, "PAGE", "1")
        self._run(foot, " / ", size=8)
        _field(foot, "NUMPAGES", "1")

    def _run(
        self, paragraph: Any, text: str, *, bold: bool = False, size: float | None = None, colour: str | None = None
    ) -> None:
        """Add a text to a paragraph."""
        from docx.shared import Pt, RGBColor  # noqa: PLC0415 - an extra

        # A figure and its percent sign stay on one line.
        run = paragraph.add_run(_FIGURE.sub("\N{NO-BREAK SPACE}%", line(text)))
        run.bold = bold or None
        if size is not None:
            run.font.size = Pt(size)
        if colour is not None:
            run.font.color.rgb = RGBColor.from_string(colour)

    def _note(self, paragraph: Any, text: str) -> None:
        """Add a footnote to a paragraph."""
        from docx.oxml import parse_xml  # noqa: PLC0415 - an extra

        self.notes.append(text)
        mark = f'<w:rPr><w:rStyle w:val="footnotereference"/></w:rPr><w:footnoteReference w:id="{len(self.notes)}"/>'
        paragraph._p.append(parse_xml(f'<w:r xmlns:w="{_W}">{mark}</w:r>'))  # noqa: SLF001

    def _caption(self, kind: str, text: str, note: str | None = None) -> None:
        """Write a numbered caption; Word numbers it anew where a table is added."""
        self.counted[kind] += 1
        told = self.document.add_paragraph(style="Caption")
        told.paragraph_format.keep_with_next = kind == "table"
        self._run(told, f"{self.words[kind]} ")
        _field(told, f"SEQ {kind.capitalize()} \\* ARABIC", str(self.counted[kind]), size=None)
        self._run(told, f". {text}")
        if note:
            self._note(told, note)

    def _table(self, shown: Table, *, size: float, note: str | None = None, whole: bool = False) -> None:
        """Write a table with its caption and notes."""
        self._caption("table", shown.title, note)
        cells = shown.shown()
        numbers = {at for at, column in enumerate(shown.columns) if column.kind != "text"}
        self._grid(
            [column.header for column in shown.columns],
            cells[:_MOST_ROWS],
            numbers,
            size=size,
            whole=whole and len(cells) <= UNBROKEN_ROWS,
            noted=bool(shown.notes) or len(cells) > _MOST_ROWS,
        )
        more = [self.words["more"].format(n=f"{len(cells) - _MOST_ROWS:,}")] if len(cells) > _MOST_ROWS else []
        # One paragraph: the last of several lines would stand alone on a page where the table just fits.
        if said := " ".join([*more, *shown.notes]):
            self._run(self.document.add_paragraph(), said, colour=_QUIET, size=8)

    def _grid(
        self,
        heads: Sequence[str],
        rows: Sequence[Sequence[str]],
        numbers: set[int],
        *,
        size: float,
        whole: bool = False,
        noted: bool = False,
    ) -> Any:
        """Write cells under headers that every page repeats; a row is never torn."""
        from docx.oxml import parse_xml  # noqa: PLC0415 - an extra
        from docx.shared import Emu, Pt  # noqa: PLC0415

        table = self.document.add_table(rows=1 + len(rows), cols=len(heads))
        table.autofit = False
        looks = table._tbl.tblPr  # noqa: SLF001
        rules = "".join(f'<w:{side} w:val="single" w:sz="6" w:color="9AA7B2"/>' for side in ("top", "bottom"))
        rules += '<w:insideH w:val="single" w:sz="4" w:color="DDE4EA"/>'
        room = "".join(f'<w:{side} w:w="55" w:type="dxa"/>' for side in ("left", "right"))
        # The schema wants the parts in its own order.
        layout = looks.xpath("w:tblLayout")[0]
        layout.addprevious(parse_xml(f'<w:tblBorders xmlns:w="{_W}">{rules}</w:tblBorders>'))
        layout.addnext(parse_xml(f'<w:tblCellMar xmlns:w="{_W}">{room}</w:tblCellMar>'))
        section = self.document.sections[-1]
        whole_width = Emu(section.page_width - section.left_margin - section.right_margin)
        # A unit has a line of its own: LibreOffice breaks `면적(km²)` before its ².
        parts = [_UNIT.split(line(head), maxsplit=1) for head in heads]
        cells = [[" ".join(part) for part in parts], *rows]
        # A table of many columns is set smaller before a word is broken.
        size = max(min(size, whole_width.pt / (least(cells) * _DIGIT)), _SMALLEST)
        widths = [int(whole_width * share) for share in shares(cells, room=whole_width.pt / (size * _DIGIT))]
        for column, wide in zip(table.columns, widths, strict=True):
            column.width = wide
        for down, (row, texts) in enumerate(zip(table.rows, [heads, *rows], strict=True)):
            traits = row._tr.get_or_add_trPr()  # noqa: SLF001
            traits.append(parse_xml(f'<w:cantSplit xmlns:w="{_W}"/>'))
            if down == 0:
                traits.append(parse_xml(f'<w:tblHeader xmlns:w="{_W}"/>'))
            for across, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
                cell.width = widths[across]
                told = cell.paragraphs[0]
                told.paragraph_format.space_after = Pt(0)
                told.paragraph_format.keep_with_next = (whole and down < len(rows)) or (
                    noted and down > len(rows) - _KEPT_ROWS
                )
                if across in numbers:
                    told.alignment = 2
                self._run(told, parts[across][0] if down == 0 else text, bold=down == 0, size=size)
                if not down:
                    for unit in parts[across][1:]:
                        told.runs[-1].add_break()
                        self._run(told, unit, bold=True, size=size)
                    shade = f'<w:shd xmlns:w="{_W}" w:val="clear" w:color="auto" w:fill="{_SHADE}"/>'
                    cell._tc.get_or_add_tcPr().append(parse_xml(shade))  # noqa: SLF001
        return table


def _set_font(properties: Any, lang: str | None = None) -> None:
    """Give run properties a font with Hangul, in place of a theme's, and a language."""
    from docx.oxml import parse_xml  # noqa: PLC0415 - an extra

    for found in properties.xpath("w:rFonts" + ("|w:lang" if lang else "")):
        properties.remove(found)
    names = " ".join(f'w:{script}="{FONT}"' for script in ("ascii", "hAnsi", "eastAsia", "cs"))
    # A style's name comes before everything else; the font follows it.
    first = 1 if properties.xpath("w:rStyle") else 0
    properties.insert(first, parse_xml(f'<w:rFonts xmlns:w="{_W}" {names}/>'))
    if lang:
        main = "ko-KR" if lang == "ko" else "en-GB"
        properties.append(parse_xml(f'<w:lang xmlns:w="{_W}" w:val="{main}" w:eastAsia="ko-KR" w:bidi="ar-SA"/>'))


def _field(paragraph: Any, code: str, shown: str, *, size: int | None = 8) -> None:
    """Add a field: a text that Word works out itself."""
    from docx.oxml import parse_xml  # noqa: PLC0415 - an extra

    look = f'<w:rPr><w:sz w:val="{2 * size}"/></w:rPr>' if size else ""
    field = f'<w:fldSimple xmlns:w="{_W}" w:instr=" {code} "><w:r>{look}<w:t>{shown}</w:t></w:r></w:fldSimple>'
    paragraph._p.append(parse_xml(field))  # noqa: SLF001


def _footnotes(notes: Iterable[str]) -> str:
    """Return the part of the footnotes: the two lines that part them from the text, and each note."""
    parts = [
        f'<w:footnote w:type="{kind}" w:id="{number}"><w:p><w:pPr><w:spacing w:after="0"/></w:pPr>'
        f"<w:r><w:{line_}/></w:r></w:p></w:footnote>"
        for number, kind, line_ in (
            (-1, "separator", "separator"),
            (0, "continuationSeparator", "continuationSeparator"),
        )
    ]
    for number, note in enumerate(notes, start=1):
        parts.append(
            f'<w:footnote w:id="{number}"><w:p><w:pPr><w:pStyle w:val="footnotetext"/><w:spacing w:after="0"/></w:pPr>'
            '<w:r><w:rPr><w:rStyle w:val="footnotereference"/></w:rPr><w:footnoteRef/></w:r>'
            f'<w:r><w:t xml:space="preserve"> {escape(line(note))}</w:t></w:r></w:p></w:footnote>'
        )
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    return f'{head}<w:footnotes xmlns:w="{_W}">{"".join(parts)}</w:footnotes>'


def _packed(saved: bytes) -> bytes:
    """Return a zip archive again, every entry of the same day."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved)) as found, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in found.namelist():
            entry = zipfile.ZipInfo(name, _ZIP_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(entry, found.read(name))
    return out.getvalue()
