"""What a spreadsheet says twice, or says in a way that may be read twice, is not decided in silence."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest

import clustergeo as cg

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

YONGIN = "경기도 용인시 처인구 남사읍 완장리 1"


def table(folder: Path, *lines: str) -> Path:
    path = folder / "s.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def read(path: Path, **options: Any) -> tuple[gpd.GeoDataFrame, str]:
    """Read sites, and what was told of them."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        sites = cg.read_sites(path, **options)
    return sites, " ".join(str(one.message) for one in told)


@pytest.mark.parametrize(
    "lines",
    [
        ("PNU,소재지", "4146125626200120003,충남 천안시 서북구 성환읍 대홍리 1"),
        ("시도,시군구,주소", f"서울,강남구,{YONGIN}"),
        ("지번주소,도로명주소", f"{YONGIN},충남 천안시 서북구 성환읍 성환로 1"),
        ("시도,시군구,주소", "경기,용인시 처인구,처인구 남사읍 ~ 평택시 진위면"),
    ],
)
def test_columns_that_contradict_each_other_leave_the_row_unknown_and_told(
    tmp_path: Path, lines: tuple[str, ...]
) -> None:
    row = read(table(tmp_path, *lines))[0].iloc[0]
    assert (row["address_status"], row["within"]) == ("unknown", None)
    assert "contradict each other" in row["address_assumed"]
    assert "용인시" in row["address_candidates"] or "경기도" in row["address_candidates"]


@pytest.mark.parametrize(
    "lines",
    [
        ("시도,시군구", "부산,김해시"),
        ("PNU,소재지", "4146125626200120003,용인시 남사읍 외 1개 시"),
        ("시군구,소재지", "용인시,용인시 인근"),
    ],
)
def test_what_an_address_leaves_open_is_not_closed_by_another_column(tmp_path: Path, lines: tuple[str, ...]) -> None:
    row = read(table(tmp_path, *lines))[0].iloc[0]
    assert (row["address_status"], row["within"]) == ("unknown", None)
    assert row["address_assumed"]


def test_columns_that_agree_prove_what_the_finest_of_them_says(tmp_path: Path) -> None:
    header = "PNU,시도,시군구,소재지,도로명주소"
    row = f"4146125626200120003,경기도,경기도 용인시,{YONGIN},경기도 용인시 처인구 처인성로 1"
    assert read(table(tmp_path, header, row))[0]["address_status"].tolist() == ["exact"]


def test_single_swapped_rows_are_named_by_their_line(tmp_path: Path) -> None:
    path = table(tmp_path, "lon,lat", "127.2,37.15", "37.2,127.1", "", "128,36")
    with pytest.raises(cg.ClusterGeoError, match=r"1 of its rows are swapped.*\n- line 3: x=37.2, y=127.1"):
        cg.read_sites(path)
    with pytest.raises(cg.ClusterGeoError, match=r"3 of its rows are longitude and latitude"):
        cg.read_sites(path, crs="EPSG:5186")


def test_a_longitude_among_plane_coordinates_is_named(tmp_path: Path) -> None:
    path = table(tmp_path, "x,y", "200000,500000", "127.1,37.2")
    with pytest.raises(cg.ClusterGeoError, match=r"line 3: x=127.1, y=37.2"):
        cg.read_sites(path, crs="EPSG:5186")


def test_x_of_a_survey_table_is_north_or_east_as_the_caller_says(tmp_path: Path) -> None:
    path = table(tmp_path, "X좌표,Y좌표", "350000,250000")
    with pytest.raises(cg.ClusterGeoError, match=r"X is north.*swap_xy=False.*swap_xy=True"):
        cg.read_sites(path, crs="EPSG:5186")
    for swap, x in ((False, 350000), (True, 250000)):
        assert read(path, crs="EPSG:5186", swap_xy=swap)[0].geometry.x.tolist() == [x]
    plain = table(tmp_path, "x,y", "350000,250000")
    assert cg.read_sites(plain, crs="EPSG:5186").geometry.x.tolist() == [350000]
    degrees = table(tmp_path, "X좌표,Y좌표", "127.2,37.15")
    assert len(cg.read_sites(degrees)) == 1


def test_a_survey_table_that_is_land_in_one_order_only_is_read(tmp_path: Path) -> None:
    path = table(tmp_path, "X좌표,Y좌표", "953000,1952000")
    assert cg.read_sites(path, crs="EPSG:5179").geometry.x.tolist() == [953000]


@pytest.mark.parametrize("header", ["AREA_KM2", "Area_km2", "area_km2"])
def test_an_area_in_km2_is_read_in_any_case_of_its_header(tmp_path: Path, header: str) -> None:
    assert read(table(tmp_path, f"lon,lat,{header}", "127,37,2.5"))[0]["area_km2"].tolist() == [2.5]


@pytest.mark.parametrize("header", ["면적(㎡)", "area_km2", "AREA_KM2"])
def test_an_area_of_nothing_is_not_known_and_told(tmp_path: Path, header: str) -> None:
    sites, told = read(table(tmp_path, f"lon,lat,{header}", "127,37,0", "127,37,1000000"))
    assert sites["area_km2"].isna().tolist() == [True, False]
    assert "is 0 in line 2" in told


def test_a_position_of_zeros_is_none_and_told(tmp_path: Path) -> None:
    sites, told = read(table(tmp_path, "lon,lat,소재지", f"0,0,{YONGIN}", f"127.2,37.15,{YONGIN}"))
    assert sites.geometry.isna().tolist() == [True, False]
    assert sites["address_status"].iloc[0] == "exact"
    assert "are 0 in line 2: read as no position" in told
