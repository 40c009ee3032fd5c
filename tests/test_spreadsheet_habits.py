"""What offices do to their tables: totals, hidden rows, notes in headers, other delimiters, formats of numbers."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest

import clustergeo as cg

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import geopandas as gpd

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl (clustergeo[excel]) is not installed")

YONGIN = "경기도 용인시 처인구 남사읍 완장리"


def workbook(
    path: Path, rows: Sequence[Sequence[Any]], change: Callable[[Any], None] | None = None, *, form: str | None = None
) -> Path:
    """Write rows; `form` is the number format of the first column."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    for cell in book.active["A"] if form else ():
        cell.number_format = form
    if change is not None:
        change(book.active)
    book.save(path)
    return path


def text(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def read(path: Path, **options: Any) -> tuple[gpd.GeoDataFrame, str]:
    """Return the sites of a file and all that was told."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        sites = cg.read_sites(path, **options)
    return sites, "\n".join(str(one.message) for one in told)


# Rows of totals


@pytest.mark.parametrize(
    "word", ["합계", "합 계", "소계", "총계", "계", "누계", "Total", "SUM", "Subtotal", "합계(2개소)"]
)
def test_a_row_of_totals_is_set_aside_and_named_by_its_line(tmp_path: Path, word: str) -> None:
    path = text(tmp_path / "s.csv", f"명칭,lon,lat,면적(㎡)\n가,127,37,100\n나,127.1,37,200\n{word},,,300\n")
    sites, told = read(path)
    assert sites["명칭"].tolist() == ["가", "나"]
    assert f"line 4 ({word}) adds up other rows and was set aside" in told


def test_a_subtotal_behind_its_province_is_set_aside_in_a_table_of_addresses(tmp_path: Path) -> None:
    path = text(tmp_path / "s.csv", f"시도,명칭,주소,면적(㎡)\n경기도,가,{YONGIN},100\n경기도,소계,,100\n총계,,,100\n")
    sites, told = read(path)
    assert len(sites) == 1
    assert "line 3 (소계), line 4 (총계) adds up" in told


def test_a_site_with_a_position_is_one_whatever_it_is_called(tmp_path: Path) -> None:
    sites, told = read(text(tmp_path / "s.csv", "명칭,lon,lat,비고\n계,127,37,\n나,,,합계에 포함\n"))
    assert len(sites) == 2
    assert "adds up" not in told


def test_a_table_of_totals_alone_has_no_rows(tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError, match="has no rows"):
        read(text(tmp_path / "s.csv", "명칭,lon,lat\n합계,,\n"))


@pytest.mark.parametrize(("lang", "problem"), [("en", "the row adds up other rows"), ("ko", "합계 행으로 보임")])
def test_check_names_a_row_of_totals(tmp_path: Path, lang: str, problem: str) -> None:
    found = cg.check(text(tmp_path / "s.csv", "명칭,lon,lat,면적(㎡)\n가,127,37,100\n합계,,,100\n"), lang=lang)
    one = found[found["problem"].str.contains(problem)].iloc[0]
    assert (one["row"], one["found"]) == (1, "합계")


# Hidden rows and columns


def test_hidden_and_filtered_rows_are_told_by_their_line(tmp_path: Path) -> None:
    def filtered(sheet: Any) -> None:
        sheet.auto_filter.ref = "A1:C4"
        sheet.row_dimensions[3].hidden = True

    rows = [["명칭", "lon", "lat"], ["가", 127, 37], ["나", 127.1, 37], ["다", 127.2, 37]]
    sites, told = read(workbook(tmp_path / "s.xlsx", rows, filtered))
    assert len(sites) == 3
    assert "1 rows are hidden by a filter or by hand (line 3) and were read too" in told


def test_hidden_columns_are_told_by_their_header(tmp_path: Path) -> None:
    def hidden(sheet: Any) -> None:
        sheet.column_dimensions["D"].hidden = True

    _, told = read(workbook(tmp_path / "s.xlsx", [["명칭", "lon", "lat", "속내"], ["가", 127, 37, "x"]], hidden))
    assert "columns '속내' are hidden and were read too" in told


def test_a_sheet_with_nothing_hidden_is_told_nothing(tmp_path: Path) -> None:
    assert read(workbook(tmp_path / "s.xlsx", [["명칭", "lon", "lat"], ["가", 127, 37]]))[1] == ""


# Headers with notes


@pytest.mark.parametrize(
    "header", ["면적(단위:㎡)", "면적(단위 : ㎡)", "면적[㎡]", "면적 [단위: ㎡]", "부지면적(㎡)", "면적(㎡)"]
)
def test_the_unit_is_read_from_the_header_however_it_is_written(tmp_path: Path, header: str) -> None:
    sites, _ = read(text(tmp_path / "s.csv", f"명칭,lon,lat,{header}\n가,127,37,1000000\n"))
    assert sites["area_km2"].tolist() == [1.0]


@pytest.mark.parametrize(
    ("header", "place"),
    [("위도(WGS84),경도(WGS84)", "37,127"), ("위도[도],경도[도]", "37,127"), ("Lat (N),Lon (E)", "37,127")],
)
def test_coordinates_are_found_under_headers_with_a_note(tmp_path: Path, header: str, place: str) -> None:
    sites, _ = read(text(tmp_path / "s.csv", f"명칭,{header}\n가,{place}\n"))
    assert (sites.geometry.iloc[0].x, sites.geometry.iloc[0].y) == (127, 37)


def test_degrees_and_minutes_in_columns_of_their_own_are_refused(tmp_path: Path) -> None:
    path = text(tmp_path / "s.csv", "명칭,경도(도),경도(분),위도(도),위도(분)\n가,127,30,37,10\n")
    with pytest.raises(cg.ClusterGeoError, match=r"several columns of one coordinate: '경도\(도\)', '경도\(분\)'"):
        read(path)


@pytest.mark.parametrize("header", ["소재지(지번)", "소재지\n(지번)", "소재지(도로명)", "주소[지번]", "PNU(19자리)"])
def test_a_place_is_found_under_a_header_with_a_note(tmp_path: Path, header: str) -> None:
    cell = "4146125626200120003" if header.startswith("PNU") else YONGIN
    sites, _ = read(workbook(tmp_path / "s.xlsx", [["명칭", header], ["가", cell]]))
    assert sites["address_status"].tolist() == ["province" if header.startswith("PNU") else "exact"]


def test_of_two_columns_with_notes_the_filled_one_is_asked(tmp_path: Path) -> None:
    path = text(tmp_path / "s.csv", f"명칭,소재지(지번),소재지(도로명)\n가,,{YONGIN}\n나,{YONGIN},\n")
    assert read(path)[0]["address_status"].tolist() == ["exact", "exact"]


# Delimiters


@pytest.mark.parametrize(("sign", "word"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_another_delimiter_than_a_comma_is_found_and_told(tmp_path: Path, sign: str, word: str) -> None:
    rows = [["명칭", "lon", "lat", "비고"], ["가", "127", "37", "하나, 둘"], ["나", "127.1", "37", ""]]
    sites, told = read(text(tmp_path / "s.csv", "\n".join(sign.join(row) for row in rows) + "\n"))
    assert sites["비고"].tolist()[0] == "하나, 둘"
    assert f"parted by {word}, not by commas" in told


def test_lists_in_cells_do_not_make_a_table_of_semicolons(tmp_path: Path) -> None:
    sites, told = read(text(tmp_path / "s.csv", "site_id,lon,lat,sectors\na,127,37,bio;robot\n"))
    assert sites["sectors"].tolist() == [["bio", "robot"]]
    assert told == ""


def test_a_table_that_two_delimiters_fit_is_refused(tmp_path: Path) -> None:
    path = text(tmp_path / "s.csv", "명칭;lon;lat, 비고\n가;127;37, 없음\n")
    with pytest.raises(cg.ClusterGeoError, match="commas or by semicolons: nothing says which"):
        read(path)


# Formats of numbers


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("000-000", "001-234"),
        ('"A"0000', "A1234"),
        ('"A-"000000', "A-001234"),
        ("00000;-00000", "01234"),
        ("000000", "001234"),
        (r"\K00000", "K01234"),
        ("General", "1234"),
        ("#,##0", "1234"),
        ("0", "1234"),
        ('0"평"', "1234"),
        ("0.00", "1234"),
    ],
)
def test_an_id_is_what_the_cell_shows(tmp_path: Path, form: str, shown: str) -> None:
    path = workbook(tmp_path / "s.xlsx", [["site_id", "lon", "lat"], [1234, 127, 37]], form=form)
    assert read(path)[0]["site_id"].tolist() == [shown]


@pytest.mark.parametrize(
    "number", [12345678901234567890, 12345678901234567000, 1.2345678901234567e19, 1234567890123450]
)
def test_an_id_of_more_digits_than_excel_keeps_is_refused_by_its_cell(tmp_path: Path, number: float) -> None:
    path = workbook(tmp_path / "s.xlsx", [["site_id", "lon", "lat"], [number, 127, 37]])
    with pytest.raises(cg.ClusterGeoError, match=r"cell A2 holds more than 15 digits.*Format the column as text"):
        read(path)


def test_a_number_of_more_digits_than_excel_keeps_is_told_elsewhere(tmp_path: Path) -> None:
    path = workbook(tmp_path / "s.xlsx", [["PNU", "lon", "lat"], [4.146125626200120e18, 127, 37]])
    sites, told = read(path)
    assert "cell A2 holds more than 15 digits" in told
    assert cg.check(sites)["problem"].tolist() == ["the parcel number (PNU) is not valid"]


# Addresses


@pytest.mark.parametrize(
    "before",
    ["(17161) ", "17161 ", "[17161]", "우)449-884 ", "(우)17161 ", "대한민국 ", "대한민국 17161 ", "17161, 대한민국 "],
)
def test_a_postcode_and_the_country_may_stand_before_an_address(before: str) -> None:
    found = cg.match_addresses([before + YONGIN])
    assert found["status"].tolist() == ["exact"]


def test_a_gu_set_up_since_is_named_once() -> None:
    told = cg.match_addresses(["부천시 원미구 상동 12"])["assumed"].iloc[0]
    assert told.startswith("원미구 was set up after the boundary of 2018")


@pytest.mark.parametrize("sign", ["(", "[", "()", "가", "시", "경기 ", "용인시 ", "남사읍 완장리 ", "1", "시·"])
def test_a_text_of_twenty_thousand_letters_is_no_address(sign: str) -> None:
    found = cg.match_addresses([(sign * 20_000)[:20_000]])
    assert found["status"].tolist() == ["unknown"]
    assert "20,000 letters" in found["assumed"].iloc[0]


def test_brackets_within_brackets_are_read() -> None:
    assert cg.match_addresses([f"{YONGIN} 12 (가동(나))"])["status"].tolist() == ["exact"]
    assert cg.match_addresses(["(" * 900 + YONGIN])["status"].notna().all()
