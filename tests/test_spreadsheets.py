"""The usual spreadsheet: coordinates, geometry as text, or only an address and an area."""

from __future__ import annotations

import datetime as dt
import re
import sys
import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from shapely import Point, box

import clustergeo as cg

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl (clustergeo[excel]) is not installed")

ADDRESS = "경기도 용인시 처인구 남사읍 완장리 산 12-3"


def workbook(path: Path, rows: Sequence[Sequence[Any]], *, change: Callable[[Any], None] | None = None) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    if change is not None:
        change(book)
    book.save(path)
    return path


def table(path: Path, rows: Sequence[Sequence[Any]]) -> Path:
    """Write rows as the format that the name of the file says."""
    if path.suffix == ".xlsx":
        return workbook(path, rows)
    pd.DataFrame(rows[1:], columns=rows[0]).to_csv(path, index=False)
    return path


def read(path: Path, match: str | None = None, **options: Any) -> gpd.GeoDataFrame:
    """Read sites that are told something, and check that it is told."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        sites = cg.read_sites(path, **options)
    assert any(re.search(match or "", str(one.message)) for one in told)
    return sites


def zone(shape: Any) -> cg.Layer:
    return cg.Layer(gpd.GeoDataFrame(geometry=[shape], crs="EPSG:4326"), name="rdz", coverage="everywhere")


# The usual spreadsheet, end to end


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_an_address_and_an_area_in_pyeong_give_proved_bounds(tmp_path: Path, ending: str) -> None:
    path = table(tmp_path / f"s{ending}", [["이름", "소재지", "면적(평)"], ["가", ADDRESS, "1,210,000"]])
    sites = read(path, match=r"1 of 1 rows have no coordinates.*1 exact")
    assert sites["area_km2"].tolist() == [4.0]
    assert sites.geometry.isna().all()
    namsa = cg.load_regions("locality").set_index("locality_code_kostat").geometry["3119132"]
    assert sites["within"].iloc[0].equals(namsa)
    # A zone of all Namsa but 1.8 km2 in the west: its share of a site somewhere inside is bounded by law 6.
    west, south, east, north = namsa.bounds
    ground = box(west + 0.01, south - 0.1, east + 0.1, north + 0.1)
    tagged = cg.tag(sites, zones={"rdz": zone(ground)}).iloc[0]
    plane = gpd.GeoSeries([namsa, namsa.intersection(ground)], crs="EPSG:4326").to_crs("EPSG:5179").area / 1e6
    assert tagged["rdz_share_low"] == pytest.approx(max(0.0, plane[1] + 4 - plane[0]) / 4, abs=1e-3)
    assert 0 < tagged["rdz_share_low"] < 1
    assert tagged["rdz_share_high"] == 1.0
    assert tagged["rdz_present"]
    assert tagged["in_capital_region"]
    assert (tagged["capital_share_low"], tagged["capital_share_high"]) == (1.0, 1.0)
    assert (tagged["municipality"], tagged["locality"]) == ("용인시 처인구", "남사면")
    assert pd.isna(tagged["capital_border_km"])


def test_a_zone_that_misses_the_municipality_is_proved_to_miss_the_site(tmp_path: Path) -> None:
    sites = read(table(tmp_path / "s.csv", [["소재지"], ["서울 강남구 역삼동 1"]]), match="1 municipality")
    tagged = cg.tag(sites, zones={"rdz": zone(box(127.2, 37.1, 127.3, 37.2))}).iloc[0]
    assert not tagged["rdz_present"]
    assert tagged["rdz_share_high"] == 0.0


@pytest.mark.parametrize("level", ["locality", "municipality"])
def test_a_shipped_region_as_within_is_never_doubted_for_its_neighbours(level: str) -> None:
    regions = cg.load_regions(level).iloc[::7].reset_index(drop=True)
    nowhere = gpd.GeoSeries([None] * len(regions), crs="EPSG:4326")
    sites = gpd.GeoDataFrame({"footprint_basis": "disc", "area_km2": 0.01}, geometry=nowhere, index=regions.index)
    sites["within"] = regions.geometry
    tagged = cg.tag(sites)
    assert tagged["municipality_code_kostat"].tolist() == regions["municipality_code_kostat"].tolist()
    assert tagged["in_capital_region"].notna().all()


def test_every_row_is_kept_whether_or_not_its_address_is_known(tmp_path: Path) -> None:
    rows = [["소재지", "비고"], [ADDRESS, "a"], ["어딘가", "b"], ["고성군", "c"], ["", "d"]]
    with pytest.warns(cg.ClusterGeoWarning) as told:
        sites = cg.read_sites(table(tmp_path / "s.xlsx", rows))
    assert sites["비고"].tolist() == ["a", "b", "c", "d"]
    assert sites["address_status"].tolist() == ["exact", "unknown", "ambiguous", "unknown"]
    assert sites["address_candidates"].iloc[2] == "강원특별자치도 고성군; 경상남도 고성군"
    assert sites["within"].isna().tolist() == [False, True, False, True]
    assert any("line 3, 5" in str(one.message) for one in told)
    tagged = cg.tag(sites)
    assert tagged["municipality_alternatives"].iloc[2] == "32400;38340"
    assert not tagged["in_capital_region"].iloc[2]
    assert pd.isna(tagged["in_capital_region"].iloc[1])


def test_columns_of_province_municipality_and_eup_are_an_address(tmp_path: Path) -> None:
    rows = [["시도", "시군구", "읍면동", "리"], ["경기도", "용인시 처인구", "남사면", "완장리"]]
    assert read(table(tmp_path / "s.csv", rows))["address_status"].tolist() == ["exact"]


def test_an_address_that_leaves_out_its_province_takes_it_from_its_column(tmp_path: Path) -> None:
    rows = [["시도", "소재지"], ["경상남도", "고성군 고성읍"], ["강원도", "고성군"]]
    assert read(table(tmp_path / "s.csv", rows))["address_status"].tolist() == ["exact", "municipality"]


def test_a_column_of_administrative_dongs_is_taken_at_its_word(tmp_path: Path) -> None:
    rows = [["시도", "시군구", "행정동"], ["서울특별시", "관악구", "신림동"]]
    assert read(table(tmp_path / "s.csv", rows))["address_status"].tolist() == ["exact"]


def test_a_parcel_number_or_legal_code_alone_proves_the_province(tmp_path: Path) -> None:
    for name, code in (("PNU", "4146125626200120003"), ("법정동코드", "4146125626")):
        sites = read(table(tmp_path / "s.csv", [[name], [code], ["9" * len(code)]]))
        assert sites["address_status"].tolist() == ["province", "unknown"]
        assert sites[name].tolist()[0] == code
        assert cg.tag(sites)["in_capital_region"].tolist()[0]


def test_a_row_with_a_position_keeps_it_and_only_the_others_are_matched(tmp_path: Path) -> None:
    rows = [["lon", "lat", "소재지"], ["127.2", "37.15", ADDRESS], ["", "", ADDRESS]]
    sites = read(table(tmp_path / "s.csv", rows), match="1 of 2 rows")
    assert sites.geometry.tolist() == [Point(127.2, 37.15), None]
    assert sites["within"].isna().tolist() == [True, False]
    assert cg.tag(sites)["municipality"].tolist() == ["용인시 처인구"] * 2


def test_a_table_that_says_nothing_of_the_place_is_refused_with_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError, match=r"소재지.*Its columns are 이름"):
        cg.read_sites(table(tmp_path / "s.csv", [["이름"], ["가"]]))


def test_a_layer_needs_polygons_and_an_address_is_none(tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError, match="no geometry in any row"):
        cg.read_layer(table(tmp_path / "s.csv", [["소재지"], [ADDRESS]]), name="rdz")


# Areas, names, industries


@pytest.mark.parametrize(
    ("header", "cell", "km2"),
    [
        ("면적(㎡)", "1,000,000", 1.0),
        ("면적(평)", "302500", 1.0),
        ("면적(만평)", "121", 4.0),
        ("면적_ha", "100", 1.0),
        ("부지 면적 (ha)", "250.5", 2.505),
        ("area_m2", "5e5", None),
        ("area_m2", "500000", 0.5),
        ("면적(km2)", "7.28", 7.28),
        ("면적", "300평", 300 * 400 / 121 / 1e6),
        ("면적", "12,000㎡", 0.012),
        ("단지면적[천㎡]", "7,280", 7.28),
    ],
)
def test_an_area_is_read_in_the_unit_that_is_written(tmp_path: Path, header: str, cell: str, km2: float | None) -> None:
    path = table(tmp_path / "s.csv", [["lon", "lat", header], ["127", "37", cell]])
    if km2 is None:
        with pytest.raises(cg.ClusterGeoError, match=r"line 2.*5e5"):
            cg.read_sites(path)
    else:
        assert read(path, match="area_km2 was made from")["area_km2"].tolist() == [pytest.approx(km2, rel=1e-12)]


@pytest.mark.parametrize("header", ["면적", "area", "면적(abc)"])
def test_an_area_without_a_unit_is_left_as_it_is_and_told(tmp_path: Path, header: str) -> None:
    path = table(tmp_path / "s.csv", [["lon", "lat", header], ["127", "37", "500"]])
    sites = read(path, match="says no unit")
    assert "area_km2" not in sites.columns
    assert sites[header].tolist() == [500]


@pytest.mark.parametrize("header", ["연면적(㎡)", "건축면적(㎡)", "전용면적(㎡)", "area_code", "area_source"])
def test_the_area_of_a_building_is_none_of_the_site(tmp_path: Path, header: str) -> None:
    sites = cg.read_sites(table(tmp_path / "s.csv", [["lon", "lat", header], ["127", "37", "500"]]))
    assert "area_km2" not in sites.columns


def test_two_columns_of_one_area_agree_and_of_two_areas_are_left(tmp_path: Path) -> None:
    header = ["lon", "lat", "면적(㎡)", "면적(평)"]
    agree = read(table(tmp_path / "a.csv", [header, ["127", "37", "3306", "1000"]]))
    assert agree["area_km2"].tolist() == [0.003306]
    differ = read(table(tmp_path / "b.csv", [header, ["127", "37", "3306", "5000"]]), match="different areas")
    assert "area_km2" not in differ.columns


def test_an_area_that_is_not_known_is_null(tmp_path: Path) -> None:
    rows = [
        ["lon", "lat", "면적(ha)"],
        ["127", "37", "1"],
        ["127", "37", "미정"],
        ["127", "37", "-"],
        ["127", "37", ""],
    ]
    assert read(table(tmp_path / "s.csv", rows))["area_km2"].fillna(-1).tolist() == [0.01, -1, -1, -1]


def test_names_and_industries_become_columns_of_the_house(tmp_path: Path) -> None:
    rows = [["lon", "lat", "단지명", "업종"], ["127", "37", "가", "반도체, 이차전지"], ["127", "37", "나", "제과"]]
    sites = read(table(tmp_path / "s.csv", rows), match="'제과' is in no sector")
    assert sites["name_ko"].tolist() == ["가", "나"]
    assert sites["sectors"].tolist() == [["semiconductor", "battery"], None]
    assert sites["업종"].tolist() == ["반도체, 이차전지", "제과"]


@pytest.mark.parametrize("header", ["시설명", "시 설 명", "부지명", "공장명(국문)"])
def test_a_column_of_facilities_or_plants_names_the_sites(tmp_path: Path, header: str) -> None:
    sites = cg.read_sites(table(tmp_path / "s.csv", [["lon", "lat", header], ["127", "37", "가"]]))
    assert sites["name_ko"].tolist() == ["가"]


# Geometry as text


@pytest.mark.parametrize("name", ["wkt", "WKT", "geometry", "the_geom"])
@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_a_column_of_wkt_is_the_geometry(tmp_path: Path, name: str, ending: str) -> None:
    shape = box(127, 37, 127.1, 37.1)
    path = table(tmp_path / f"s{ending}", [["site_id", name], ["a", shape.wkt], ["b", ""]])
    sites = read(path, r"1 of 2 rows have no position \(line 3\)")
    assert sites.geometry.iloc[0].equals(shape)
    assert sites.geometry.iloc[1] is None
    assert name not in sites.columns or name == "geometry"


@pytest.mark.parametrize("name", ["wkb", "geometry"])
def test_a_column_of_hexadecimal_wkb_is_the_geometry(tmp_path: Path, name: str) -> None:
    shape = box(200_000, 500_000, 200_100, 500_100)
    path = table(tmp_path / "s.csv", [["site_id", name], ["a", shape.wkb_hex]])
    sites = cg.read_sites(path, crs="EPSG:5186")
    assert sites.geometry.iloc[0].equals(shape)
    assert sites.crs.to_epsg() == 5186
    assert len(cg.read_layer(path, name="rdz", crs="EPSG:5186")) == 1


def test_what_is_no_geometry_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError, match=r"line 3: 'POLYGON \(\(1'"):
        cg.read_sites(table(tmp_path / "s.csv", [["wkt"], ["POINT (127 37)"], ["POLYGON ((1"]]))


# Excel


def test_ids_zeros_dates_and_long_codes_of_a_workbook_are_kept(tmp_path: Path) -> None:
    def padded(book: Any) -> None:
        book.active["D2"].number_format = "00000"

    day = dt.datetime(2024, 5, 1)  # noqa: DTZ001  (a spreadsheet knows no zones)
    rows = [
        ["site_id", "lon", "lat", "우편", "지정일", "코드", "비율", "PNU"],
        [7, 127, 37, 123, day, "00123", 0.5, "4146125626200120003"],
        [8.0, 127.5, 37, 45678, day.replace(hour=9), "01000", 1, "4146125626200120004"],
    ]
    sites = cg.read_sites(workbook(tmp_path / "s.xlsx", rows, change=padded))
    assert sites["site_id"].tolist() == ["7", "8"]
    assert sites["우편"].tolist() == ["00123", "45678"]
    assert sites["지정일"].tolist() == ["2024-05-01", "2024-05-01 09:00:00"]
    assert sites["코드"].tolist() == ["00123", "01000"]
    assert sites["비율"].tolist() == [0.5, 1.0]
    assert sites["PNU"].tolist() == ["4146125626200120003", "4146125626200120004"]


def test_a_parcel_number_that_a_spreadsheet_has_cut_is_not_believed(tmp_path: Path) -> None:
    sites = read(workbook(tmp_path / "s.xlsx", [["PNU"], [4.14612562620012e18]]))
    assert sites["address_status"].tolist() == ["unknown"]


def test_one_of_several_sheets_has_to_be_named(tmp_path: Path) -> None:
    def second(book: Any) -> None:
        book.active.title = "후보지"
        book.create_sheet("빈 시트")
        other = book.create_sheet("둘째")
        other.append(["lon", "lat"])
        other.append([128, 36])

    path = workbook(tmp_path / "s.xlsx", [["lon", "lat"], [127, 37]], change=second)
    with pytest.raises(cg.ClusterGeoError, match=r"2 sheets: 후보지, 둘째.*layer='후보지'"):
        cg.read_sites(path)
    assert cg.read_sites(path, layer="둘째").geometry.tolist() == [Point(128, 36)]
    with pytest.raises(cg.ClusterGeoError, match="no sheet '셋째'"):
        cg.read_sites(path, layer="셋째")


def test_the_only_sheet_that_holds_anything_is_read_and_told(tmp_path: Path) -> None:
    path = workbook(tmp_path / "s.xlsx", [["lon", "lat"], [127, 37]], change=lambda book: book.create_sheet("빈"))
    assert len(read(path, match="the only one that holds anything")) == 1


@pytest.mark.parametrize("cells", ["A1:B1", "A2:A3"])
def test_merged_cells_are_refused(tmp_path: Path, cells: str) -> None:
    rows = [["lon", "lat"], [127, 37], [128, 36]]
    path = workbook(tmp_path / "s.xlsx", rows, change=lambda book: book.active.merge_cells(cells))
    with pytest.raises(cg.ClusterGeoError, match=rf"merged cells \({cells}\).*Unmerge"):
        cg.read_sites(path)


def test_a_formula_without_a_value_is_refused_with_its_cell(tmp_path: Path) -> None:
    path = workbook(tmp_path / "s.xlsx", [["lon", "lat"], ["=126+1", 37]])
    with pytest.raises(cg.ClusterGeoError, match=r"formula in A2 has no value"):
        cg.read_sites(path)


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ([["lon", "lat", "lat"], [127, 37, 37]], "two columns 'lat'"),
        ([["lon", "lat", None], [127, 37, "x"]], "column 3, which has no header"),
        ([["lon", "lat"]], "no rows"),
        ([], "no rows"),
    ],
)
def test_a_header_that_cannot_be_right_is_refused(tmp_path: Path, rows: list[list[Any]], match: str) -> None:
    with pytest.raises(cg.ClusterGeoError, match=match):
        cg.read_sites(workbook(tmp_path / "s.xlsx", rows))


def test_rubbish_and_a_zip_that_is_no_workbook_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.xlsx"
    path.write_bytes(b"rubbish")
    with pytest.raises(cg.ClusterGeoError, match="no Excel workbook"):
        cg.read_sites(path)
    whole = workbook(tmp_path / "t.xlsx", [["lon", "lat"], [127, 37]]).read_bytes()
    for cut in range(0, len(whole), 517):
        path.write_bytes(whole[:cut] + b"\x00" * 7 + whole[cut + 7 :])
        try:
            cg.read_sites(path)
        except cg.ClusterGeoError:
            continue


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clustergeo.reading._sheets._MOST_BYTES", 1000)
    with pytest.raises(cg.ClusterGeoError, match="unpacks to"):
        cg.read_sites(workbook(tmp_path / "s.xlsx", [["lon", "lat"], [127, 37]]))


def test_a_cell_left_behind_far_away_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    def far(book: Any) -> None:
        book.active.cell(1_048_576, 16_384, "x")

    with pytest.raises(cg.ClusterGeoError, match=r"reaches to row 1,048,576"):
        cg.read_sites(workbook(tmp_path / "s.xlsx", [["lon", "lat"], [127, 37]], change=far))


def test_without_openpyxl_the_refusal_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path / "s.xlsx", [["lon", "lat"], [127, 37]])
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(cg.ClusterGeoError, match=r"pip install 'clustergeo\[excel\]'"):
        cg.read_sites(path)


def test_an_area_stands_in_whichever_column_of_a_unit_is_filled(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("lon,lat,면적(㎡),면적(평)\n127,37,1000000,\n127.1,37,,302500\n", encoding="utf-8")
    with pytest.warns(cg.ClusterGeoWarning, match="면적"):
        assert cg.read_sites(path)["area_km2"].tolist() == pytest.approx([1.0, 1.0])


def test_an_amount_with_a_blank_among_its_digits_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("lon,lat,면적(㎡)\n127,37,300 500\n", encoding="utf-8")
    with pytest.raises(cg.ClusterGeoError, match="300 500"):
        cg.read_sites(path)


def test_a_cell_may_be_longer_than_python_takes_by_itself(tmp_path: Path) -> None:
    ring = shapely.Point(127, 37).buffer(0.1, quad_segs=2000)
    assert len(ring.wkt) > 131_072
    (tmp_path / "a.csv").write_text(f'site_id,wkt\na,"{ring.wkt}"\n', encoding="utf-8")
    assert cg.read_sites(tmp_path / "a.csv").geometry.iloc[0].equals(ring)


def test_what_a_geometry_says_of_its_crs_is_taken_and_held_against_the_callers(tmp_path: Path) -> None:
    shape = shapely.set_srid(shapely.box(200000, 500000, 200100, 500100), 5186)
    (tmp_path / "a.csv").write_text(f"site_id,wkb\na,{shapely.to_wkb(shape, hex=True, include_srid=True)}\n")
    with pytest.warns(cg.ClusterGeoWarning, match="EPSG:5186"):
        assert cg.read_sites(tmp_path / "a.csv").crs.to_epsg() == 5186
    with pytest.raises(cg.ClusterGeoError, match=r"say EPSG:5186, not EPSG:5181"):
        cg.read_sites(tmp_path / "a.csv", crs="EPSG:5181")


def test_a_day_that_no_calendar_has_is_no_day() -> None:
    from clustergeo.reading.vocabulary import _iso

    assert _iso("20230230") is None
    assert _iso("20240229") == "2024-02-29"
