"""What one sends (workbook, document, print of the front page, LaTeX), opened by what others open it with."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import docx
import geopandas as gpd
import openpyxl
import pypdf
import pytest
import shapely
from household import MANIFEST, contents, needed, run, shipped_report
from test_hostile import NAMES, hostile_sites

import clustergeo as cg
from clustergeo import _brief, _document, _front, _spreadsheet, datasets
from clustergeo._latex import escaped
from clustergeo._table import Column, Table
from clustergeo._workbook import Sheet, workbook_bytes

if TYPE_CHECKING:
    from pathlib import Path

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
SUFFIXES = ("", ".ko")
RUN_AT = "2026-11-24T01:02:03Z"
# The smallest picture: one white dot.
DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff3f0005fe02fe0def46b8"
    "0000000049454e44ae426082"
)
SUMMARY_SHEETS = {
    "By sector": "sector",
    "By macro-region": "macro_region",
    "Capital region": "in_capital_region",
    "RDZ basis": "rdz_basis",
    "Status": "status",
}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shipped_report(tmp_path_factory)


@pytest.fixture(scope="module")
def hostile() -> tuple[gpd.GeoDataFrame, _brief.Brief]:
    tagged = cg.tag(hostile_sites())
    return tagged, _brief.brief(tagged, [], lang="ko", told=_brief.Told(None, False, RUN_AT))


def book_of(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data))


def rows_of(sheet: Any) -> list[tuple[Any, ...]]:
    return [tuple(cell.value for cell in row) for row in sheet.iter_rows()]


# The workbook.


def test_each_summary_is_a_sheet_with_the_figures_of_its_csv_as_numbers(shipped: Path) -> None:
    book = openpyxl.load_workbook(shipped / "report.xlsx")
    for name, key in SUMMARY_SHEETS.items():
        text = (shipped / f"tables/summary-by-{key}.csv").read_bytes().decode("utf-8-sig")
        header, *rows = list(csv.reader(io.StringIO(text, newline="")))
        found_header, *found = rows_of(book[name])
        assert list(found_header) == header
        for mine, theirs in zip(found[: len(rows)], rows, strict=True):
            assert mine[0] == theirs[0]
            assert [None if one is None else float(one) for one in mine[1:]] == [
                float(one) if one else None for one in theirs[1:]
            ]
            assert all(one is None or isinstance(one, int | float) for one in mine[1:])


def test_a_share_is_a_number_shown_as_percent_and_an_area_has_its_decimals(shipped: Path) -> None:
    sheet = openpyxl.load_workbook(shipped / "report.ko.xlsx")["부지"]
    heads = [cell.value for cell in sheet[1]]
    rows = {row[0].value: row for row in sheet.iter_rows(min_row=2)}
    share = rows["미래자동차"][heads.index("개발제한구역: 비율")]
    area = rows["수소특화"][heads.index("면적(km²)")]
    assert (share.value, share.number_format, share.data_type) == (0.956, "0.0%", "n")
    assert (area.value, area.number_format, area.data_type) == (0.636, "#,##0.00#", "n")
    # Not known is an empty cell, not 0 and not a dash, and the notes of the sheets say so.
    assert rows["수소특화"][heads.index("개발제한구역: 비율")].value is None
    assert any("빈칸: 알 수 없음." in str(name) for name in rows)


@pytest.mark.parametrize(
    ("name", "dash", "empty"), [("report.xlsx", "dash", "empty cell"), ("report.ko.xlsx", "줄표", "빈칸")]
)
def test_a_workbook_never_speaks_of_dashes_for_its_unknown_cells_are_empty(
    shipped: Path, name: str, dash: str, empty: str
) -> None:
    told = [
        str(cell)
        for sheet in openpyxl.load_workbook(shipped / name)
        for row in sheet.iter_rows(values_only=True)
        for cell in row
    ]
    assert not [one for one in told if one.startswith("–") or one.endswith("–: unknown.") or dash in one.lower()]
    assert len([one for one in told if empty in one.lower()]) > 3


def test_designations_and_sources_without_an_address_stand_in_words(shipped: Path) -> None:
    for name, sheet, told, words in (
        ("report.ko.xlsx", "모든 열", "첨단시스템반도체클러스터 국가산단 후보지", "용인 산단(코드 141060)의 내부점"),
        ("report.xlsx", "All columns", "national complex Yongin", "an interior point of the Yongin complex"),
    ):
        book = openpyxl.load_workbook(shipped / name)
        cells = [str(cell) for row in rows_of(book[sheet]) for cell in row]
        assert not [cell for cell in cells if "national_complex" in cell or "strategic_project" in cell]
        assert [cell for cell in cells if cell.startswith(told)]
        assert [cell for cell in cells if cell == "complex-layer-202512"] == []
        assert [cell for cell in cells if cell.startswith(words)]


def test_a_number_that_its_format_would_show_as_nothing_gets_a_finer_one() -> None:
    kinds = ["area", "area", "area", "area", "distance", "share", "share", "count"]
    numbers = [0.0, 7.28, 0.0003, 1e-7, -0.03, 0.0002, 0.9999, 0.3]
    sheet = book_of(workbook_bytes([Sheet("t", [(kind, kind) for kind in kinds], [numbers])], title="t")).active
    assert [cell.value for cell in sheet[2]] == numbers
    assert [cell.number_format for cell in sheet[2]] == [
        "#,##0.00#",
        "#,##0.00#",
        "#,##0.00###",
        "0.0E+00",
        "#,##0.0#",
        "0.0###%",
        "0.0###%",
        "0.0E+00",
    ]


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_no_word_of_a_header_is_wider_than_its_column_in_the_document(lang: str) -> None:
    from clustergeo._widths import longest_word

    zone = gpd.GeoDataFrame(geometry=[shapely.box(126.9, 36, 127.3, 37.3)], crs="EPSG:4326")
    layer = cg.Layer(zone, name="rdz", coverage="everywhere")
    tagged = cg.tag(cg.load_sites(), zones={"rdz": layer})
    said = _brief.brief(tagged, [layer], lang=lang, told=_brief.Told(None, True, RUN_AT))
    document = docx.Document(io.BytesIO(_document.document_bytes(said, picture=DOT)))
    for table in document.tables[1:]:
        head = table.rows[0].cells
        assert len(head) > 1
        (size,) = {run.font.size.pt for cell in head for run in cell.paragraphs[0].runs}
        assert size >= 5
        for cell in head:
            if cell.text.isascii():
                assert max(longest_word([word]) for word in cell.text.split()) * size * 0.56 <= cell.width.pt
    # The last rows stay with the notes under them, which would else stand alone on a page.
    rows = document.tables[1].rows
    assert [row.cells[0].paragraphs[0].paragraph_format.keep_with_next or False for row in rows][-4:] == [
        False,
        True,
        True,
        True,
    ]


def test_a_name_is_not_broken_within_a_word_on_the_front_page() -> None:
    tagged = cg.tag(cg.load_sites().head(1))
    said = _brief.brief(tagged, [], lang="ko", told=_brief.Told(None, True, RUN_AT))
    page = _front.front_page(said, picture=DOT, names=[])
    width = float(re.search(r'class="scroll sites"[^>]*--name:([0-9.]+)em', page)[1])  # type: ignore[index]
    # 첨단시스템반도체클러스터 is twelve syllables wide.
    assert 12 <= width <= 14


def test_the_key_figures_are_numbers_under_the_answer(shipped: Path) -> None:
    rows = dict(rows_of(openpyxl.load_workbook(shipped / "report.ko.xlsx")["개요"])[1:7])
    assert rows["답"].startswith("개발제한구역에는 걸친 부지가 4곳")
    assert (rows["부지"], rows["수도권 안"], rows["개발제한구역 있음"], rows["km² (알려진 면적 합계)"]) == (
        15,
        1,
        4,
        36.82,
    )


def test_a_whole_day_is_a_date_and_a_year_or_a_month_stays_text(shipped: Path) -> None:
    sheet = openpyxl.load_workbook(shipped / "report.xlsx")["All columns"]
    heads = [cell.value for cell in sheet[1]]
    cells = [row[heads.index("RDZ: as of")] for row in sheet.iter_rows(min_row=2)]
    days = {str(cell.value)[:10] for cell in cells if cell.is_date}
    texts = {cell.value for cell in cells if not cell.is_date}
    assert "2025-02-25" in days
    assert {"2002", "2019"} <= texts


def test_the_sheet_of_sources_names_the_address_of_every_answer_and_the_hash_of_every_layer(shipped: Path) -> None:
    book = openpyxl.load_workbook(shipped / "report.xlsx")
    told = {str(value) for row in rows_of(book["Sources"]) for value in row}
    parquet = gpd.read_parquet(shipped / "sites.parquet")
    for column in ("rdz_source", "area_source", "status_source"):
        assert {url for cell in parquet[column].dropna() for url in cell.split()} <= told
    hashes = {str(value) for row in rows_of(book["Layers"]) for value in row if len(str(value)) == 64}
    listed = cg.catalogue()
    # No tag rests on the tables of the rules.
    assert hashes == set(listed[listed["kind"] != "policy"]["sha256"])


def test_a_sheet_prints_on_broad_a4_and_its_header_stays_in_sight(shipped: Path) -> None:
    for sheet in openpyxl.load_workbook(shipped / "report.ko.xlsx"):
        assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
        assert sheet.freeze_panes == ("C2" if sheet.title == "모든 열" else "B2")
        assert sheet.auto_filter.ref
        assert sheet["A1"].font.name == "Malgun Gothic"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "{=1}", '=HYPERLINK("http://x",1)'])
def test_text_stays_text_whatever_it_starts_with(text: str) -> None:
    data = workbook_bytes([Sheet(text, [(text, "text"), ("n", "count")], [(text, text)], [text])], title=text)
    for row in book_of(data).active.iter_rows():
        for cell in row:
            assert cell.value is None or cell.data_type == "s"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_hostile_names_arrive_as_they_are_in_every_sheet(hostile: tuple[gpd.GeoDataFrame, _brief.Brief]) -> None:
    tagged, said = hostile
    data = _spreadsheet.report_workbook(said, tagged)
    book = book_of(data)
    plain = ["".join(sign if sign.isprintable() else " " for sign in name) for name in NAMES]
    assert [row[0] for row in rows_of(book["부지"])[1:16]] == plain
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = b"".join(archive.read(name) for name in archive.namelist())
    assert b"<f>" not in parts
    # An address that is none of the web leads nowhere.
    assert b'Target="javascript' not in parts


def test_only_web_addresses_are_links() -> None:
    rows = [("https://a.kr/b?c=1&d=2",), ("javascript:alert(1)",), ("file:///etc/passwd",), ("\\\\host\\share",)]
    sheet = book_of(workbook_bytes([Sheet("x", [("at", "link")], rows)], title="x")).active
    assert [cell.hyperlink is not None for (cell,) in sheet.iter_rows(min_row=2)] == [True, False, False, False]
    assert [cell.value for (cell,) in sheet.iter_rows(min_row=2)] == [row[0] for row in rows]


def test_names_of_sheets_are_made_fit_and_different() -> None:
    sheets = [
        Sheet(name, [("a", "text")], []) for name in ("[x]:*?/\\", "가" * 40, "가" * 41, "History", "'", "x", "X")
    ]
    names = book_of(workbook_bytes(sheets, title="x")).sheetnames
    assert len({name.lower() for name in names}) == 7
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)


def test_more_than_a_sheet_can_hold_is_refused_with_the_cure_and_a_long_text_is_cut() -> None:
    class Many(list[tuple[int]]):
        def __len__(self) -> int:
            return 2_000_000

        def __iter__(self) -> Any:
            return iter([(1,)] * 2_000_000)

    with pytest.raises(cg.ClusterGeoError, match=r"1,048,576 rows .* Write GeoParquet"):
        workbook_bytes([Sheet("x", [("a", "count")], Many())], title="x")
    cell = book_of(workbook_bytes([Sheet("x", [("a", "text")], [("가" * 40_000,)])], title="x")).active["A2"]
    assert (len(cell.value), cell.value[-1]) == (32_767, "…")


def test_numbers_that_are_none_are_empty() -> None:
    rows = [(float("nan"),), (float("inf"),), (None,), ("",), (0,)]
    sheet = book_of(workbook_bytes([Sheet("x", [("a", "share")], rows)], title="x")).active
    assert [cell.value for (cell,) in sheet.iter_rows(min_row=2)] == [None, None, None, None, 0]


# The document.


def part_of(path: Path, name: str) -> Any:
    from xml.etree import ElementTree as ET

    with zipfile.ZipFile(path) as archive:
        return ET.fromstring(archive.read(name))  # noqa: S314 - our own file


@pytest.mark.parametrize(("suffix", "words"), [("", ("Figure", "Table")), (".ko", ("그림", "표"))])
def test_captions_count_figures_and_tables_by_fields(shipped: Path, suffix: str, words: tuple[str, str]) -> None:
    tree = part_of(shipped / f"report{suffix}.docx", "word/document.xml")
    told = ["".join(one.itertext()) for one in tree.iter(f"{W}p")]
    captions = [text for text in told if re.match(rf"({'|'.join(words)}) \d", text)]
    assert [text.split(". ")[0] for text in captions] == [f"{words[0]} 1", *(f"{words[1]} {n}" for n in range(1, 7))]
    codes = [one.get(f"{W}instr", "").split()[1] for one in tree.iter(f"{W}fldSimple")]
    assert codes == ["Figure"] + ["Table"] * 6


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_source_is_a_footnote_and_every_footnote_has_its_mark(shipped: Path, suffix: str) -> None:
    path = shipped / f"report{suffix}.docx"
    notes = {one.get(f"{W}id"): "".join(one.itertext()) for one in part_of(path, "word/footnotes.xml")}
    marks = [one.get(f"{W}id") for one in part_of(path, "word/document.xml").iter(f"{W}footnoteReference")]
    assert [*map(str, range(1, len(marks) + 1))] == marks
    assert set(notes) == {"-1", "0", *marks}
    told = {text.strip() for text in notes.values()}
    sources = {url for cell in gpd.read_parquet(shipped / "sites.parquet")["rdz_source"] for url in cell.split()}
    assert {url for url in sources if url.startswith("http")} <= told
    assert {str(source) for source in cg.catalogue()["source"]} <= told
    assert [relation.reltype for relation in docx.Document(str(path)).part.rels.values()].count(
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    ) == 1


def test_the_document_is_a4_names_a_korean_font_and_its_language_and_describes_its_picture(shipped: Path) -> None:
    document = docx.Document(str(shipped / "report.ko.docx"))
    sizes = [(round(part.page_width.mm), round(part.page_height.mm)) for part in document.sections]
    assert sizes == [(210, 297), (297, 210), (210, 297)]
    styles = part_of(shipped / "report.ko.docx", "word/styles.xml")
    # Styles of tables are not used.
    used = [one for one in styles if one.get(f"{W}type") != "table"]
    fonts = [font for one in used for font in one.iter(f"{W}rFonts")]
    assert len(fonts) > 30
    assert {one.get(f"{W}eastAsia") for one in fonts} == {"Malgun Gothic"}
    assert not any(name.endswith("Theme") for one in fonts for name in one.attrib)
    lang = next(styles.iter(f"{W}lang"))
    assert (lang.get(f"{W}val"), lang.get(f"{W}eastAsia")) == ("ko-KR", "ko-KR")
    about = document.inline_shapes[0]._inline.docPr
    assert "수도권 안에 1곳" in about.get("descr")
    told = document.core_properties
    assert (told.author, told.language, told.revision) == ("clustergeo", "ko-KR", 1)
    assert str(told.created)[:19] == str(told.modified)[:19] == "2025-10-09 08:53:20"


def test_the_tables_of_the_document_hold_every_cell_and_repeat_their_headers(shipped: Path) -> None:
    document = docx.Document(str(shipped / "report.docx"))
    header, *rows = [[cell.text.replace("\n", " ") for cell in row.cells] for row in document.tables[1].rows]
    shown = cg.table(cg.tag(cg.load_sites()), lang="en")
    assert header == [column.header for column in shown.columns]
    # A figure and its percent sign stay on one line.
    assert rows == shown.shown(lambda text: text.replace(" %", "\N{NO-BREAK SPACE}%"))
    for table in document.tables[1:]:
        assert table.rows[0]._tr.xpath("w:trPr/w:tblHeader")
        assert all(row._tr.xpath("w:trPr/w:cantSplit") for row in table.rows)


@pytest.mark.parametrize(("lang", "head"), [("en", "Timeline"), ("ko", "연표")])
def test_each_site_has_its_timeline_in_the_document_with_a_footnote_a_line(lang: str, head: str) -> None:
    tagged = cg.tag(cg.load_sites()).query("site_id in ['wanju', 'changwon']")
    held = datasets.load_facts()
    told = _brief.Told(None, False, RUN_AT, held)
    said = _brief.brief(tagged, [], lang=lang, told=told)
    document = docx.Document(io.BytesIO(_document.document_bytes(said, picture=DOT)))
    assert [one.text for one in document.paragraphs].count(head) == 2
    lines = [one for one in document.paragraphs if one.style.name == "List Bullet"]
    days = held[held["site_id"].isin(tagged["site_id"])].drop_duplicates(["site_id", "as_of"])
    assert len(lines) == len(days)
    assert any(one.text.startswith("2025-12-24 ") and "0.636" in one.text and "AHP" in one.text for one in lines)
    assert all(one._p.xpath("count(.//w:footnoteReference)") == 1 for one in lines)
    bare = _brief.brief(tagged, [], lang=lang, told=told._replace(history=None))
    document = docx.Document(io.BytesIO(_document.document_bytes(bare, picture=DOT)))
    assert head not in [one.text for one in document.paragraphs]


def test_hostile_names_do_no_harm_in_the_document(hostile: tuple[gpd.GeoDataFrame, _brief.Brief]) -> None:
    _, said = hostile
    document = docx.Document(io.BytesIO(_document.document_bytes(said, picture=DOT)))
    plain = ["".join(sign if sign.isprintable() else " " for sign in name) for name in NAMES]
    assert [row.cells[0].text for row in document.tables[1].rows][1:] == plain
    assert "https://x.example" not in [relation._target for relation in document.part.rels.values()]


def test_a_long_table_is_cut_in_the_document_and_says_so() -> None:
    sites = gpd.GeoDataFrame(geometry=[shapely.Point(127 + n / 1000, 37) for n in range(210)], crs="EPSG:4326")
    said = _brief.brief(cg.tag(sites), [], lang="en", told=_brief.Told(None, False, RUN_AT))
    document = docx.Document(io.BytesIO(_document.document_bytes(said, picture=DOT)))
    assert len(document.tables[1].rows) == 201
    assert any("The other 10 rows" in one.text for one in document.paragraphs)
    assert any("More than 60 sites" in one.text for one in document.paragraphs)


# The same bytes, and what is there when the packages are not.


@pytest.mark.parametrize("name", ["report.xlsx", "report.ko.docx"])
def test_no_entry_of_an_archive_has_a_day_of_its_own(shipped: Path, name: str) -> None:
    with zipfile.ZipFile(shipped / name) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not [one for one in archive.namelist() if "thumbnail" in one.lower()]


def test_the_same_report_gives_the_same_workbook_and_document_at_any_hour(
    hostile: tuple[gpd.GeoDataFrame, _brief.Brief],
) -> None:
    tagged, said = hostile
    code = (
        "import sys, time; later = time.time() + 86400 * 99; time.time = lambda: later; "
        "sys.path.insert(0, 'tests'); import test_sending as t; tagged = t.cg.tag(t.hostile_sites()); "
        "said = t._brief.brief(tagged, [], lang='ko', told=t._brief.Told(None, False, t.RUN_AT)); import hashlib; "
        "print(*(hashlib.sha256(b).hexdigest() for b in (t._spreadsheet.report_workbook(said, tagged), "
        "t._document.document_bytes(said, picture=t.DOT))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    import hashlib

    mine = (_spreadsheet.report_workbook(said, tagged), _document.document_bytes(said, picture=DOT))
    assert done.stdout.split() == [hashlib.sha256(one).hexdigest() for one in mine]


def test_without_the_packages_a_report_has_neither_and_still_verifies(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sites = gpd.GeoDataFrame({"site_id": ["a"]}, geometry=[shapely.box(127, 37, 127.01, 37.01)], crs="EPSG:4326")
    with monkeypatch.context() as absent:
        for name in ("xlsxwriter", "docx"):
            absent.setitem(sys.modules, name, None)
        folder = cg.report(tmp_path / "bare", sites=sites)
        assert not [name for name in contents(folder) if name.startswith("report")]
        assert "report.docx" not in (folder / "index.html").read_text(encoding="utf-8")
        with pytest.raises(cg.ClusterGeoError, match=r"pip install 'clustergeo\[documents\]'"):
            cg.export(sites, tmp_path / "x", format="xlsx")
        with pytest.raises(cg.ClusterGeoError, match=r"pip install 'clustergeo\[documents\]'"):
            _document.document_bytes(_said_of(sites), picture=DOT)
    assert cg.verify(folder).empty
    whole = cg.report(tmp_path / "whole", sites=sites)
    with monkeypatch.context() as absent:
        for name in ("xlsxwriter", "docx"):
            absent.setitem(sys.modules, name, None)
        assert cg.verify(whole).empty


def test_the_sheet_of_every_column_tells_like_headers_apart_and_puts_the_state_of_an_address_in_words() -> None:
    sites = gpd.GeoDataFrame(
        {"site_id": ["a"], "업종": ["제과"], "sectors": [["bio"]], "address_status": ["exact"]},
        geometry=[shapely.box(127, 37, 127.01, 37.01)],
        crs="EPSG:4326",
    )
    sheet = _spreadsheet._every_column(cg.tag(sites), "모든 열", "ko")
    told = dict(zip([head for head, _ in sheet.columns], next(iter(sheet.rows)), strict=True))
    assert (told["업종"], told["업종 (sectors)"], told["주소로 안 위치"]) == ("제과", "바이오", "읍면동까지 확실")
    assert len(told) == len(sheet.columns)


def test_a_report_sums_up_nothing_that_its_sites_never_had_and_explains_discs_only_where_one_is_drawn() -> None:
    plain = gpd.GeoDataFrame({"site_id": ["a"]}, geometry=[shapely.box(127, 37, 127.01, 37.01)], crs="EPSG:4326")
    said = _said_of(plain)
    assert [key for key, _ in said.summaries] == ["macro_region", "in_capital_region", "rdz_basis"]
    assert said.note == "Unknown is a dash, never 0."
    heads = [column.header for column in said.sites.columns]
    assert [one for one in ("Area as of", "Status", "Area (km²)", "RDZ: share") if one in heads] == [
        "Area (km²)", "RDZ: share",
    ]  # fmt: skip
    assert all(len(row) == len(heads) for row in said.sites.rows)
    rich = plain.assign(sectors=[["bio"]], status=["candidate"], area_km2=[1.0], footprint_basis=["disc"])
    said = _said_of(rich)
    assert [key for key, _ in said.summaries] == ["sector", "macro_region", "in_capital_region", "rdz_basis", "status"]
    assert said.note.startswith("Discs draw the reported area")
    assert "Status" in [column.header for column in said.sites.columns]


def _said_of(sites: gpd.GeoDataFrame) -> _brief.Brief:
    return _brief.brief(cg.tag(sites), [], lang="en", told=_brief.Told(None, False, RUN_AT))


@pytest.mark.parametrize(
    ("place", "change", "where"),
    [
        (("report.xlsx", "xl/worksheets/sheet2.xml"), (b"<v>7.28</v>", b"<v>7.82</v>"), "7.82"),
        (("report.ko.xlsx", "xl/sharedStrings.xml"), ("미래자동차".encode(), "미래자전거".encode()), "미래자전거"),
        (("report.docx", "word/document.xml"), (b">7.28<", b">7.82<"), "7.82"),
        (("report.ko.docx", "word/footnotes.xml"), (b"newsbox.co.kr", b"newsfox.co.kr"), "newsfox"),
    ],
)
def test_a_changed_figure_or_source_is_named_even_if_the_manifest_was_mended(
    shipped: Path, tmp_path: Path, place: tuple[str, str], change: tuple[bytes, bytes], where: str
) -> None:
    (name, part), (old, new) = place, change
    import hashlib
    import json
    import shutil

    copy = tmp_path / "out"
    shutil.copytree(shipped, copy)
    out = io.BytesIO()
    with zipfile.ZipFile(copy / name) as found, zipfile.ZipFile(out, "w") as made:
        for one in found.namelist():
            data = found.read(one)
            if one == part:
                assert old in data
                data = data.replace(old, new)
            made.writestr(one, data)
    (copy / name).write_bytes(out.getvalue())
    manifest = json.loads((copy / MANIFEST).read_bytes())
    next(one for one in manifest["@graph"] if one["@id"] == name)["sha256"] = hashlib.sha256(out.getvalue()).hexdigest()
    (copy / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    problems = cg.verify(copy)
    assert set(problems["file"]) == {name}
    assert where in " ".join(problems["problem"])


# Exports and tables.


def test_an_export_is_a_workbook_of_the_columns_of_the_csv(tmp_path: Path) -> None:
    tagged = cg.tag(cg.load_sites())
    paths = cg.export(tagged, tmp_path, by="sector", format="xlsx", layers=[])
    assert [path.suffix for path in paths[:-1]] == [".xlsx"] * 12
    header, *rows = rows_of(openpyxl.load_workbook(tmp_path / "sites.xlsx").active)
    (tmp_path / "csv").mkdir()
    cg.export(tagged, tmp_path / "csv", format="csv", layers=[])
    text = (tmp_path / "csv" / "sites.csv").read_bytes().decode("utf-8-sig")
    assert list(header) == next(csv.reader(io.StringIO(text, newline="")))
    assert rows[0][header.index("area_km2")] == 7.28
    assert len(rows) == 15


def test_a_table_is_a_workbook_of_one_sheet() -> None:
    shown = Table.of([Column("이름", "text"), Column("비율", "share")], [["=1", 0.5], ["b", None]], title="표 [1]")
    sheet = book_of(shown.xlsx()).active
    assert rows_of(sheet) == [("이름", "비율"), ("=1", 0.5), ("b", None)]
    assert sheet["A2"].data_type == "s"


# What others open them with.


def test_libreoffice_opens_the_workbook_with_its_korean_and_its_figures(shipped: Path, tmp_path: Path) -> None:
    office = needed("soffice")
    # -1: every sheet into a file of its own.
    form = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    _converted(office, form, shipped / "report.ko.xlsx", tmp_path)
    sites = (tmp_path / "report.ko-부지.csv").read_text(encoding="utf-8")
    rows = {row[0]: row for row in csv.reader(io.StringIO(sites))}
    assert rows["첨단시스템반도체클러스터"][4] == "7.28"
    assert "95.6%" in rows["미래자동차"]
    assert "0.636" in rows["수소특화"]
    macro = (tmp_path / "report.ko-권역별.csv").read_text(encoding="utf-8")
    assert [row[1] for row in csv.reader(io.StringIO(macro))][1:7] == ["1", "4", "4", "1", "4", "1"]


def test_libreoffice_opens_the_document_with_its_korean_its_figures_and_its_footnotes(
    shipped: Path, tmp_path: Path
) -> None:
    office = needed("soffice")
    _converted(office, "txt:Text (encoded):UTF8", shipped / "report.ko.docx", tmp_path)
    text = (tmp_path / "report.ko.txt").read_text(encoding="utf-8").replace("\xa0", " ")
    for words in (
        "부지 15곳 가운데 수도권 안에 1곳(첨단시스템반도체클러스터), 밖에 14곳입니다.",
        "7.28",
        "0.636",
        "95.6 %",
        "36.82",
    ):
        assert words in text
    _converted(office, "pdf", shipped / "report.ko.docx", tmp_path)
    pages = pypdf.PdfReader(tmp_path / "report.ko.pdf").pages
    assert len(pages) <= 13
    # No page of either holds but the last line of what stands before it.
    _converted(office, "pdf", shipped / "report.docx", tmp_path)
    both = [*pages, *pypdf.PdfReader(tmp_path / "report.pdf").pages]
    assert min(len(page.extract_text()) for page in both) > 200
    # No unit of a header is broken.
    lines = [row.strip() for page in pages for row in page.extract_text().splitlines()]
    assert not [row for row in lines if row.endswith("(km") or row.startswith("²")]
    # Older readers of PDF see spaces where letters stand a little apart.
    assert "newsbox.co.kr" in "".join("".join(page.extract_text().split()) for page in pages)


def _converted(office: str, form: str, path: Path, folder: Path) -> None:
    home = f"-env:UserInstallation={(folder / 'office-home').as_uri()}"
    subprocess.run(
        [office, home, "--headless", "--convert-to", form, "--outdir", str(folder), str(path)],
        check=True,
        capture_output=True,
        timeout=150,
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_front_page_prints_whole_on_a4(shipped: Path, tmp_path: Path, suffix: str) -> None:
    chromium = needed("chromium")
    out = tmp_path / "page.pdf"
    subprocess.run(
        [
            *(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"),
            *(f"--print-to-pdf={out}", f"--user-data-dir={tmp_path / 'profile'}"),
            (shipped / f"index{suffix}.html").as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=150,
    )
    pages = pypdf.PdfReader(out).pages
    sizes = [tuple(round(float(side) / 72 * 25.4) for side in page.mediabox[2:]) for page in pages]
    assert set(sizes) == {(210, 297), (297, 210)}
    # One broad page holds the whole table of the 15: first and last column, first and last row.
    assert sizes.count((297, 210)) == 1
    broad = pages[sizes.index((297, 210))].extract_text()
    names = gpd.read_parquet(shipped / "sites.parquet")["name_ko" if suffix else "name_en"].tolist()
    squeezed = re.sub(r"\s+", "", broad)
    assert all(name.replace(" ", "") in squeezed for name in (names[0], names[-1]))
    assert squeezed.count("2002") >= 3
    # The evidence is folded on a screen, never on paper.
    text = re.sub(r"\s+", "", "".join(page.extract_text() for page in pages))
    assert "https://newsbox.co.kr/contents/6237b0a9f71d0169cbc1054a" in text
    assert ("내려받기" if suffix else "Downloads") not in text


TEX = [
    cg.table(cg.tag(cg.load_sites()), lang="ko"),
    cg.table(cg.tag(cg.load_sites()), by="status", lang="en"),
    Table.of(
        [Column("[0pt] 가", "text"), Column("*n", "count")],
        [
            ["[a] & b", 1],
            ["*", None],
            [r"\input{x} $x^2$ 50% a_b ~ ^ # {} 'q' \"w\" -- `", 3],
            *[["x", n] for n in range(99)],
        ],
        title=r"\end{document} [1]",
        notes=["[1] %"],
    ),
]


@pytest.mark.parametrize("shown", TEX, ids=["sites", "status", "hostile"])
def test_the_latex_of_a_table_compiles_and_shows_its_text(shown: Table, tmp_path: Path) -> None:
    engine = needed("xelatex")
    (tmp_path / "table.tex").write_text(shown.latex(document=True), encoding="utf-8")
    done = subprocess.run(
        [engine, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "table.tex"],
        cwd=tmp_path,
        capture_output=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode("utf-8", "replace")[-600:]
    assert "Missing character" not in (tmp_path / "table.log").read_text(encoding="utf-8", errors="replace")
    text = re.sub(r"\s+", "", "".join(page.extract_text() for page in pypdf.PdfReader(tmp_path / "table.pdf").pages))
    for row in (shown.shown()[0], shown.shown()[-1]):
        for cell in row[:2]:
            assert re.sub(r"\s+", "", cell) in text.replace("–", "-").replace("—", "-") or cell == "–"


def test_a_table_too_wide_for_its_paper_takes_a_larger_one_and_cuts_no_word(tmp_path: Path) -> None:
    engine = needed("xelatex")
    heads = [Column(f"column{at}", "text") for at in range(12)]
    rows = [["Chungcheongnam-do"] * 12]
    wide, narrow = (Table.of(heads[:n], [row[:n] for row in rows], title="T") for n in (12, 3))
    assert "a3paper" in wide.latex(document=True)
    assert "a4paper" in narrow.latex(document=True)
    (tmp_path / "wide.tex").write_text(wide.latex(document=True), encoding="utf-8")
    subprocess.run([engine, "-interaction=nonstopmode", "wide.tex"], cwd=tmp_path, capture_output=True, check=True)
    assert "Overfull" not in (tmp_path / "wide.log").read_text(encoding="utf-8", errors="replace")


def test_latex_of_a_cell_ends_no_row_early_and_keeps_hyphens() -> None:
    assert escaped("[x]*") == "{[}x{]}{*}"
    assert escaped("a--b---c") == "a-{}-b-{}-{}-c"
    assert escaped("2025-08 and 2025-08-11") == r"\mbox{2025-08} and \mbox{2025-08-11}"


# The answer in a sentence.


def of_verdicts(capital: list[bool | None], present: list[bool | None], basis: str = "measured") -> Any:
    import pandas as pd

    frame = pd.DataFrame({"site_id": [f"s{n}" for n in range(len(capital))]})
    return frame.assign(
        in_capital_region=pd.array(capital, dtype="boolean"),
        rdz_present=pd.array(present, dtype="boolean"),
        # An open verdict of a layer rests on the layer; without any evidence the basis is unknown.
        rdz_basis=["unknown" if one is None and basis == "inferred" else basis for one in present],
    )


@pytest.mark.parametrize(
    ("capital", "present", "basis", "words"),
    [
        (
            [True, False],
            [True, False],
            "measured",
            [
                "1 of 2 sites lies in the capital region (s0); 1 lies outside it.",
                "1 lies on a restricted development zone (RDZ): s0; 1 does not.",
                "부지 2곳 가운데 수도권 안에 1곳(s0), 밖에 1곳입니다.",
                "개발제한구역에는 걸친 부지가 1곳(s0), 걸치지 않은 부지가 1곳입니다.",
            ],
        ),
        (
            [False, None],
            [None, False],
            "inferred",
            [
                "None of 2 sites is known to lie in the capital region; 1 lies outside it; 1 cannot be decided.",
                (
                    "None is known to lie on a restricted development zone (RDZ); 1 does not, by inference; "
                    "for 1 it is unknown."
                ),
                "부지 2곳 가운데 수도권 안으로 확인된 곳은 없고, 밖에 1곳, 판정할 수 없는 곳이 1곳입니다.",
                (
                    "개발제한구역에는 걸친 것으로 확인된 부지는 없고, 걸치지 않은 부지가 1곳(추론), "
                    "알 수 없는 부지가 1곳입니다."
                ),
            ],
        ),
        (
            [None, None],
            [None, None],
            "inferred",
            [
                "Whether any of the 2 sites lies in the capital region cannot be decided.",
                "Whether any of the 2 sites lies on a restricted development zone (RDZ) is unknown.",
                "부지 2곳이 수도권 안인지는 판정할 수 없습니다.",
                "부지 2곳이 개발제한구역에 걸쳤는지는 알 수 없습니다.",
            ],
        ),
        (
            [False, False],
            [None, None],
            "estimated",
            [
                "None of 2 sites lies in the capital region; 2 lie outside it.",
                "Whether any of the 2 sites lies on a restricted development zone (RDZ) cannot be decided.",
                "부지 2곳 가운데 수도권 안에 0곳, 밖에 2곳입니다.",
                "부지 2곳이 개발제한구역에 걸쳤는지는 판정할 수 없습니다.",
            ],
        ),
        (
            [False, False],
            [True, None],
            "estimated",
            [
                "None of 2 sites lies in the capital region; 2 lie outside it.",
                "1 lies on a restricted development zone (RDZ): s0; for 1 it cannot be decided.",
                "부지 2곳 가운데 수도권 안에 0곳, 밖에 2곳입니다.",
                "개발제한구역에는 걸친 부지가 1곳(s0), 판정할 수 없는 부지가 1곳입니다.",
            ],
        ),
        ([], [], "measured", ["There are no sites.", "부지가 없습니다."]),
        (
            [True] * 5,
            [True] * 5,
            "measured",
            [
                "5 of 5 sites lie in the capital region.",
                "5 lie on a restricted development zone (RDZ).",
                "부지 5곳 가운데 수도권 안에 5곳입니다.",
                "개발제한구역에는 걸친 부지가 5곳입니다.",
            ],
        ),
    ],
)
def test_the_headline_counts_every_verdict_and_names_a_few(
    capital: list[bool | None], present: list[bool | None], basis: str, words: list[str]
) -> None:
    from clustergeo.tables import site_figures

    frame = of_verdicts(capital, present, basis)
    figures = site_figures(frame)
    told = [_brief._headline(frame, figures, _brief._names(frame, lang), lang) for lang in ("en", "ko")]
    assert [sentence for sentences in told for sentence in sentences] == words


def test_of_what_is_not_known_the_key_figure_is_a_dash_and_never_0() -> None:
    from clustergeo.tables import site_figures

    words = {name: pair[1] for name, pair in _brief._WORDS.items()}
    # What evidence leaves open is called so on the map too; unknown is what nothing is known of.
    for basis, word in (("inferred", "RDZ unknown"), ("estimated", "RDZ not decidable")):
        told = _brief._key_figures(site_figures(of_verdicts([None], [None], basis)), words)
        figures = {shown: number for number, shown in told}
        assert figures["in the capital region"] == figures["with restricted zone (RDZ)"] == "–"
        assert figures["site"] == figures[word] == "1"
        assert {"RDZ unknown", "RDZ not decidable"} & set(figures) == {word}


def test_a_report_calls_sites_by_the_callers_own_names() -> None:
    import pandas as pd

    frame = pd.DataFrame({"site_id": ["1", "2", "3"], "name": ["Alpha", None, " "], "name_ko": ["가", "나", None]})
    assert _brief._names(frame, "en") == ["Alpha", "나", "3"]
    assert _brief._names(frame, "ko") == ["가", "나", "3"]


# Objects that show themselves.


def test_public_objects_say_what_they_are_in_one_line_and_in_a_notebook() -> None:
    hostile = "<b>x</b>"
    zone = gpd.GeoDataFrame({"k": [hostile]}, geometry=[shapely.box(127, 37, 127.1, 37.1)], crs="EPSG:5186")
    layer = cg.Layer(zone.set_crs("EPSG:4326", allow_override=True), name="rdz", licence=hostile)
    from clustergeo.tags import Tagger

    shown = Table.of([Column(hostile, "text")], [["a"]], title=hostile)
    for thing in (layer, shown, cg.ZoneIndex(zone, [hostile]), Tagger({"rdz": layer})):
        assert "\n" not in repr(thing)
        assert " at 0x" not in repr(thing)
        assert "1 " in repr(thing)
        page = thing._repr_html_()
        assert hostile not in page
    figure = cg.plot(cg.tag(cg.load_sites().head(1)))
    assert repr(figure) == "<Drawing: 11 x 8.2 inches, 2 maps>"
    assert figure._repr_png_()[1:4] == b"PNG"


def test_a_table_cannot_be_changed_by_its_workbook() -> None:
    shown = Table.of([Column("a", "text")], [["b"]], title="t")
    with pytest.raises(dataclasses.FrozenInstanceError):
        shown.sheet.name = "x"  # type: ignore[misc]


def test_the_command_writes_a_workbook_or_a_document_to_a_file_and_prints_neither_without_one(tmp_path: Path) -> None:
    sites = gpd.GeoDataFrame({"site_id": ["가"]}, geometry=[shapely.box(127, 37, 127.01, 37.01)], crs="EPSG:4326")
    sites.to_file(tmp_path / "in.gpkg")
    refused = run("table", "in.gpkg", "--format", "xlsx", cwd=tmp_path)
    assert (refused.returncode, b"-o FILE.xlsx" in refused.stderr) == (2, True)
    done = run("table", "in.gpkg", "--format", "xlsx", "-o", "out.xlsx", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").active["A2"].value == "가"
    done = run("table", "in.gpkg", "--format", "latex", "--document", "-o", "out.tex", cwd=tmp_path)
    assert (tmp_path / "out.tex").read_text(encoding="utf-8").startswith("% Compile with xelatex")
    lost = run("table", "in.gpkg", "-o", "in.gpkg", cwd=tmp_path)
    assert (lost.returncode, b"would be lost" in lost.stderr) == (1, True)


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_columns_of_a_broad_latex_table_do_not_print_over_one_another(tmp_path: Path, lang: str) -> None:
    zone = gpd.GeoDataFrame(geometry=[shapely.box(126.9, 36, 127.3, 37.3)], crs="EPSG:4326")
    layer = cg.Layer(zone, name="rdz", coverage="everywhere", as_of="2025-01-01")
    shown = cg.table(cg.tag(cg.load_sites(), zones={"rdz": layer}), lang=lang)
    (tmp_path / "t.tex").write_text(shown.latex(document=True), encoding="utf-8")
    made = [needed("xelatex"), "-interaction=nonstopmode", "t.tex"]
    subprocess.run(made, cwd=tmp_path, check=True, capture_output=True, timeout=170)
    told = (tmp_path / "t.log").read_text(encoding="utf-8", errors="replace")
    # A few points run into the gap between two columns, no further.
    assert [over for over in map(float, re.findall(r"Overfull \\hbox \(([0-9.]+)pt", told)) if over > 4] == []
