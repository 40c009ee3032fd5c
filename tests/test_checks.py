"""Every problem at once: where it is, what was found, what was expected, the cure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import MultiPolygon, Point, Polygon, box
from squares import LONLAT, PLANE, square

import clustergeo as cg
from clustergeo.reading import problems

HERE = (127.2, 37.15)
BOW = Polygon([(200_000, 500_000), (200_002, 500_002), (200_002, 500_000), (200_000, 500_002)])


def frame(shapes: list[Any], crs: Any = PLANE, **columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(shapes, crs=crs))


def found(data: Any, problem: str, **options: Any) -> pd.DataFrame:
    """Return the rows of one problem, by a part of its words."""
    whole = cg.check(data, **options)
    return whole[whole["problem"].str.contains(problem)]


def test_a_clean_layer_has_no_problem_and_an_empty_table_of_the_same_columns() -> None:
    clean = cg.check(frame([square(0, 0, 10), square(10, 0, 10), square(0, 10, 10)], site_id=["a", "b", "c"]))
    assert list(clean.columns) == ["row", "column", "problem", "found", "expected", "cure", "severity"]
    assert clean.empty


def test_the_frame_is_not_changed() -> None:
    given = frame([square(0, 0, 10), square(5, 0, 10)], site_id=["a", "a"])
    before = given.copy()
    cg.check(given)
    pd.testing.assert_frame_equal(given, before)


def test_everything_is_told_at_once() -> None:
    shapes = [square(100, 0, 10), square(100, 0, 10), square(105, 0, 10), None, Polygon(), BOW, Point(200_000, 500_000)]
    told = cg.check(frame(shapes, site_id=["a", "a", "", None, "e", "f", "g"]))
    rows = [None if pd.isna(row) else int(row) for row in told["row"]]
    assert set(zip(rows, told["problem"], strict=True)) == {
        (0, "the id stands more than once"),
        (1, "the id stands more than once"),
        (2, "the id is missing"),
        (3, "the id is missing"),
        (1, "the same geometry stands in another row"),
        (0, "it overlaps the geometry of another row"),
        (3, "there is no geometry"),
        (4, "the geometry is empty"),
        (5, "the geometry is invalid"),
        (None, "there are geometries of several kinds"),
    }


def test_an_invalid_geometry_is_told_with_reason_and_place() -> None:
    told = found(frame([BOW]), "invalid").iloc[0]
    assert told["found"] == "Self-intersection[200001 500001]"
    assert told["severity"] == "error"


# Overlaps


def test_touching_is_no_overlap() -> None:
    shapes = [square(0, 0, 10), square(10, 0, 10), square(20, 10, 10), square(0, 10, 10, 5)]
    assert cg.check(frame(shapes)).empty
    assert cg.check(frame(shapes).to_crs(LONLAT)).empty


def test_an_overlap_names_both_rows_once_and_its_area() -> None:
    told = found(frame([square(0, 0, 10), square(50, 0, 10), square(8, 0, 10)]), "overlaps")
    assert told[["row", "found"]].to_numpy().tolist() == [[0, "row 2, 20 m2"]]


@pytest.mark.parametrize("count", [4, 900])
def test_overlaps_are_those_that_shapely_finds(count: int) -> None:
    random = np.random.default_rng(7)
    corners = random.uniform(0, 12 * np.sqrt(count), (count, 2))
    shapes = [square(x, y, 10) for x, y in corners]
    told = found(frame(shapes), "overlaps")
    others = told["found"].str.extract(r"row (\d+)")[0].astype(int)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    assert set(zip(told["row"], others, strict=True)) == {
        (a, b) for a, b in zip(one, other, strict=True) if a < b and shapes[a].intersection(shapes[b]).area > 1e-3
    }
    assert len(told) > 0


def test_a_hole_that_is_filled_by_another_is_no_overlap() -> None:
    ring = square(0, 0, 30).difference(square(10, 10, 10))
    assert cg.check(frame([ring, square(10, 10, 10)])).empty


def test_the_same_geometry_from_another_corner_is_a_duplicate_and_no_overlap() -> None:
    one = square(0, 0, 10)
    turned = Polygon(list(one.exterior.coords)[2:] + list(one.exterior.coords)[1:3])
    told = cg.check(frame([one, turned, MultiPolygon([square(50, 0, 5)])]))
    expected = [[1, "the same geometry stands in another row", "row 0"]]
    assert told[["row", "problem", "found"]].to_numpy().tolist() == expected


def test_a_sliver_is_told_with_its_width() -> None:
    told = found(frame([square(0, 0, 100, 0.05), square(0, 10, 100, 1)]), "sliver")
    assert told["row"].tolist() == [0]
    assert told["found"].iloc[0] == "0.05 m wide, 5 m2"


# Places


def test_swapped_axes_are_an_error_with_the_cure() -> None:
    told = cg.check(frame([Point(37.15, 127.2), Point(37.16, 127.2)], crs=LONLAT))
    assert told[["row", "severity"]].to_numpy().tolist() == [[0, "error"], [1, "error"]]
    assert "swap_xy=True" in told["cure"].iloc[0]
    told = cg.check(frame([Point(37.15, 127.2), Point(127.2, 37.15)], crs=LONLAT))
    assert told[["row", "severity"]].to_numpy().tolist() == [[0, "error"]]
    assert "swap_xy" not in told["cure"].iloc[0]


def test_metres_labelled_degrees_name_the_planes_that_fit() -> None:
    told = cg.check(frame([box(1_000_000, 2_000_000, 1_000_100, 2_000_100)], crs=LONLAT))
    assert told["problem"].tolist() == ["metres are labelled longitude and latitude"]
    assert "EPSG:5179" in told["cure"].iloc[0]
    assert "EPSG:5186" not in told["cure"].iloc[0]


def test_degrees_labelled_metres_are_told() -> None:
    told = cg.check(frame([box(127, 37, 127.1, 37.1)]))
    assert told["problem"].tolist() == ["degrees are labelled metres of a plane"]


def test_a_place_outside_korea_is_a_warning() -> None:
    told = cg.check(frame([box(2.0, 48.0, 2.1, 48.1), box(127, 37, 127.1, 37.1)], crs=LONLAT))
    assert told[["row", "severity"]].to_numpy().tolist() == [[0, "warning"]]
    assert told["problem"].iloc[0] == "it lies outside Korea"


def test_coordinates_that_are_not_finite_are_an_error() -> None:
    told = cg.check(frame([Point(np.inf, np.inf), Point(127, 37)], crs=LONLAT))
    assert told[["row", "problem"]].to_numpy().tolist() == [[0, "coordinates are not finite"]]


# The datum


def municipalities(crs: Any, said: Any) -> gpd.GeoDataFrame:
    held = cg.load_regions("municipality").iloc[:25].to_crs(crs)
    return held[["municipality", "geometry"]].set_crs(said, allow_override=True)


@pytest.mark.parametrize(("said", "metres"), [("EPSG:5181", 313), ("EPSG:2097", 256)])
def test_a_wrong_datum_is_measured_against_the_shipped_borders(said: str, metres: int) -> None:
    told = found(municipalities("EPSG:5174", said), "off the shipped ones").iloc[0]
    assert float(told["found"].split(" m")[0]) == pytest.approx(metres, abs=10)
    assert told["cure"].endswith("end the offset: EPSG:5174.")
    assert told["severity"] == "warning"


@pytest.mark.parametrize("crs", ["EPSG:5174", "EPSG:5179", "EPSG:5186", LONLAT])
def test_the_right_datum_is_left_alone(crs: str) -> None:
    assert found(municipalities(crs, crs), "off the shipped ones").empty


def test_areas_that_are_no_administrative_ones_prove_no_datum() -> None:
    random = np.random.default_rng(3)
    shapes = [square(x, y, 3000) for x, y in random.uniform(-40_000, 40_000, (60, 2))]
    assert found(frame(shapes), "off the shipped").empty


def test_the_datum_that_a_real_file_drops_is_noticed() -> None:
    named = os.environ.get("CLUSTERGEO_SHARED")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    file = folder / "data" / "kostat2013-seoul-cp949" / "seoul_municipalities.shp"
    if not file.is_file():
        pytest.skip("the real file of 2013 is not here: set CLUSTERGEO_SHARED to the folder that holds it")
    raw = gpd.read_file(file, encoding="cp949")
    told = found(raw, "off the shipped ones").iloc[0]
    assert 300 < float(told["found"].split(" m")[0]) < 400
    assert "EPSG:5174" in told["cure"]
    assert found(raw.set_crs("EPSG:5174", allow_override=True), "off the shipped ones").empty


# Columns


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("강남구".encode().decode("latin-1"), "강남구"),
        ("ê°•ë‚¨êµ¬", "강남구"),
        ("강남구".encode("cp949").decode("latin-1"), "강남구"),
        ("서울특별시".encode("cp949").decode("latin-1"), "서울특별시"),
        ("강남".encode().decode("cp949"), "강남"),
        ("강남구".encode().decode("cp949", "replace"), "강남…"),
        ("강남\ufffd", "-"),
    ],
)
def test_garbled_korean_is_told_with_what_it_says(text: str, better: str) -> None:
    told = found(frame([Point(*HERE)], crs=LONLAT, name=[text]), "garbled")
    assert told[["row", "expected", "severity"]].to_numpy().tolist() == [[0, better, "error"]]


@pytest.mark.parametrize(
    "text", ["강남구", "똠방각하", "Café Münch", "東京", "Zürich ß", "123", "…", "北京市 강남", "Bullo·Bongmu-dong"]
)
def test_good_text_is_left_alone(text: str) -> None:
    assert cg.check(frame([Point(*HERE)], crs=LONLAT, name=[text])).empty


def test_a_garbled_header_is_told() -> None:
    header = "면적".encode("cp949").decode("latin-1")
    told = found(frame([Point(*HERE)], crs=LONLAT, **{header: ["1"]}), "garbled").iloc[0]
    assert (told["column"], told["expected"]) == (header, "면적")


def test_question_marks_where_letters_were_are_a_warning() -> None:
    told = found(frame([Point(*HERE)] * 2, crs=LONLAT, name=["??? 1", "why?"]), "question marks")
    assert told[["row", "severity"]].to_numpy().tolist() == [[0, "warning"]]


def test_parcel_numbers_are_validated_and_repeated_ones_told() -> None:
    numbers = ["4146125626100120003", "4146125626100120003", "4146125626", None]
    told = cg.check(frame([Point(127 + i / 100, 37) for i in range(4)], crs=LONLAT, PNU=numbers))
    assert told[["row", "severity"]].to_numpy().tolist() == [[2, "error"], [0, "warning"], [1, "warning"]]
    assert "10 digits" in told["found"].iloc[0]


def test_codes_of_the_other_scheme_are_told_by_their_provinces() -> None:
    told = found(frame([Point(*HERE)] * 2, crs=LONLAT, SIG_CD=["39010", "21010"]), "scheme").iloc[0]
    assert (told["column"], told["severity"]) == ("SIG_CD", "error")
    assert "the ministry (mois)" in told["expected"]


def test_codes_that_mean_a_province_in_both_schemes_are_told_by_where_they_lie() -> None:
    # 31 is Ulsan for the ministry and Gyeonggi for Statistics Korea; these squares lie in Gyeonggi.
    shapes = [square(100 * i, 0, 50) for i in range(4)]
    assert len(found(frame(shapes, SIG_CD=["31191"] * 4), "scheme")) == 1
    assert found(frame(shapes, SIG_CD=["41461"] * 4), "scheme").empty
    assert found(frame(shapes, adm_cd=["31191"] * 4), "scheme").empty


@pytest.mark.parametrize(
    ("column", "factor", "seen"),
    [
        ("면적(㎡)", 121 / 400, "평"),
        ("면적(㎡)", 1e-4, "ha"),
        ("면적(㎡)", 1.0, None),
        ("면적(평)", 1.0, "m2"),
        ("면적(평)", 121 / 400, None),
        ("area_km2", 1.0, "m2"),
        ("area_ha", 1e-4, None),
        ("AREA", 121 / 400, "평"),
        ("AREA", 1.0, None),
        ("연면적", 121 / 400, None),
    ],
)
def test_an_area_column_is_held_against_the_polygons(column: str, factor: float, seen: str | None) -> None:
    shapes = [square(1000 * i, 0, 100 + 10 * i) for i in range(6)]
    values = [shape.area * factor for shape in shapes]
    told = found(frame(shapes, **{column: values}), "unit of the area")
    assert len(told) == (seen is not None)
    if seen:
        assert f"look like {seen}:" in told["cure"].iloc[0]


def test_areas_that_have_nothing_to_do_with_the_polygons_say_nothing_of_a_unit() -> None:
    shapes = [square(1000 * i, 0, 100) for i in range(5)]
    assert cg.check(frame(shapes, **{"면적(㎡)": [1.0, 900.0, 20.0, 3e5, 44.0]})).empty


def test_evidence_that_cannot_be_used_is_told_with_its_row() -> None:
    told = found(frame([Point(*HERE)] * 2, crs=LONLAT, area_km2=[1.0, -1.0]), "evidence")
    assert told[["row", "severity"]].to_numpy().tolist() == [[1, "error"]]


def test_columns_of_one_name_are_told() -> None:
    twice = frame([Point(*HERE)], crs=LONLAT, a=[1], b=[2]).rename(columns={"b": "a"})
    told = cg.check(twice)
    assert told[["column", "found", "severity"]].to_numpy().tolist() == [["a", "2", "error"]]


def test_lines_and_collections_are_told_by_their_row() -> None:
    shapes = [
        shapely.GeometryCollection([square(0, 0, 5)]),
        shapely.LineString([(2e5, 5e5), (2e5, 6e5)]),
        square(50, 0, 5),
    ]
    told = found(frame(shapes), "no polygon and no point")
    assert told[["row", "found"]].to_numpy().tolist() == [[0, "GeometryCollection"], [1, "LineString"]]


def test_the_shipped_layers_have_no_problem() -> None:
    for data in (
        cg.load_sites(),
        cg.load_regions("municipality"),
        cg.load_regions("locality"),
        cg.tag(cg.load_sites()),
    ):
        assert cg.check(data).empty


# Files, languages, the command


def test_a_file_is_checked_where_reading_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("lon,lat\n37.1,127.2\n36.5,128.0\n")
    with pytest.raises(cg.ClusterGeoError, match="swapped"):
        cg.read_sites(path)
    assert len(found(path, "swapped")) == 2


def test_a_spreadsheet_of_addresses_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("소재지\n어딘가\n고성군\n경기도 용인시 처인구 남사읍\n", encoding="utf-8")
    told = cg.check(path)
    assert told.loc[told["column"] == "address_status", "row"].tolist() == [0, 1]
    assert "경상남도 고성군" in told["cure"].str.cat()


def test_a_layer_is_checked() -> None:
    layer = cg.Layer(frame([square(0, 0, 10), square(5, 0, 10)]), name="rdz")
    assert len(found(layer, "overlaps")) == 1


def test_every_kind_is_said_in_korean_and_english() -> None:
    for name, kind in problems.KINDS.items():
        for korean, english in (kind.problem, kind.expected, kind.cure):
            assert korean == english or any("가" <= sign <= "힣" for sign in korean), name
            assert english.isascii(), name


def test_the_two_languages_say_the_same_rows() -> None:
    given = frame([square(0, 0, 10), square(5, 0, 10), None], site_id=["a", "a", "b"])
    english, korean = cg.check(given), cg.check(given, lang="ko")
    same = ["row", "column", "severity"]
    pd.testing.assert_frame_equal(english[same], korean[same])
    assert "다른 행의 도형과 겹침" in korean["problem"].tolist()


@pytest.mark.parametrize(
    ("data", "options", "match"),
    [
        (pd.DataFrame(), {}, "not a GeoDataFrame"),
        (gpd.GeoDataFrame(geometry=[Point(0, 0)]), {}, "no coordinate reference system"),
        (gpd.GeoDataFrame(geometry=[Point(0, 0)], crs=LONLAT), {"lang": "fr"}, "not a language"),
        ("no-such-file.gpkg", {}, "no file"),
        (gpd.GeoDataFrame(geometry=[Point(0, 0)], crs='LOCAL_CS["mine",UNIT["metre",1]]'), {}, "no place on the earth"),
    ],
)
def test_what_cannot_be_checked_is_refused(data: Any, options: dict[str, Any], match: str) -> None:
    with pytest.raises(cg.ClusterGeoError, match=match):
        cg.check(data, **options)


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "clustergeo", "check", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_lists_problems_and_its_exit_code_says_if_one_is_an_error(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.gpkg", tmp_path / "bad.gpkg"
    frame([square(0, 0, 10), square(5, 0, 10)]).to_file(good)
    frame([square(0, 0, 10), square(50, 0, 10)], site_id=["a", "a"]).to_file(bad)
    warned = run(str(good))
    assert warned.returncode == 0
    assert "warning: row 0, geometry: it overlaps" in warned.stdout
    assert warned.stdout.splitlines()[-1] == "0 errors, 1 warning"
    failed = run(str(bad), "--lang", "ko")
    assert failed.returncode == 1
    assert "오류: 행 0, site_id: 식별자가 중복됨" in failed.stdout
    table = run(str(bad), "--format", "csv")
    assert table.stdout.splitlines()[0] == "row,column,problem,found,expected,cure,severity"
    assert [one["row"] for one in json.loads(run(str(bad), "--format", "json").stdout)] == [0, 1]


def test_the_command_refuses_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    path.write_bytes(b"rubbish")
    refused = run(str(path))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "cannot be read" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(("drawn", "labelled"), [(5174, 5186), (5186, 5181)])
def test_areas_a_hundred_kilometres_off_are_known_by_the_plane_in_which_they_fit(drawn: int, labelled: int) -> None:
    from clustergeo import datasets

    frame = datasets.load_regions("municipality").head(25).to_crs(drawn)[["municipality", "geometry"]]
    found = cg.check(frame.set_crs(labelled, allow_override=True))
    cures = " ".join(found["cure"])
    assert f"EPSG:{drawn}" in cures
