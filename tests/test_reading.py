"""Files: read rightly, or refused with the cure."""

from __future__ import annotations

import contextlib
import json
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import Point, Polygon, box
from squares import LONLAT, PLANE, square

import clustergeo as cg

if TYPE_CHECKING:
    from pathlib import Path

SHAPES = [box(127.20, 37.14, 127.21, 37.15), box(127.30, 37.14, 127.31, 37.15)]
ENDINGS = [".gpkg", ".geojson", ".json", ".fgb", ".parquet", ".geoparquet", ".shp", ".zip"]


def frame(crs: Any = LONLAT, **columns: Any) -> gpd.GeoDataFrame:
    data = {"site_id": ["007", "b"], "code": ["00123", "01000"], "size": [1.5, 2.0]} | columns
    return gpd.GeoDataFrame(data, geometry=SHAPES, crs=LONLAT).to_crs(crs)


def write(held: gpd.GeoDataFrame, path: Path) -> Path:
    if path.suffix in {".parquet", ".geoparquet"}:
        held.to_parquet(path)
    elif path.suffix == ".zip":
        folder = path.parent / "inside"
        folder.mkdir()
        held.to_file(folder / "s.shp", encoding="utf-8")
        with zipfile.ZipFile(path, "w") as archive:
            for part in folder.iterdir():
                archive.write(part, part.name)
    elif path.suffix in {".geojson", ".json"}:
        held.to_file(path, driver="GeoJSON")
    else:
        held.to_file(path)
    return path


def same(read: gpd.GeoDataFrame, tolerance: float) -> bool:
    """Say whether the shapes are those written, wherever a format starts their rings."""
    found, given = (shapely.normalize(np.asarray(shapes, dtype=object)) for shapes in (read.geometry, SHAPES))
    return bool(shapely.equals_exact(found, given, tolerance).all())


def csv(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "sites.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("folder", ["plain", "출력 폴더"])
def test_every_format_comes_back_with_ids_columns_zeros_and_places(tmp_path: Path, ending: str, folder: str) -> None:
    (tmp_path / folder).mkdir()
    # FlatGeobuf keeps its rows in the order of its index.
    read = cg.read_sites(write(frame(), tmp_path / folder / f"s{ending}")).sort_values("site_id")
    assert read["site_id"].tolist() == ["007", "b"]
    assert read["code"].tolist() == ["00123", "01000"]
    assert read["size"].tolist() == [1.5, 2.0]
    assert read.crs == LONLAT
    assert same(read, 1e-9)


@pytest.mark.parametrize("ending", [".gpkg", ".fgb", ".parquet", ".shp"])
def test_a_projected_file_keeps_its_system(tmp_path: Path, ending: str) -> None:
    read = cg.read_sites(write(frame("EPSG:5186"), tmp_path / f"s{ending}")).sort_values("site_id")
    assert read.crs.to_epsg() == 5186
    assert same(read.to_crs(LONLAT), 1e-6)


@pytest.mark.parametrize("ending", [".geojson", ".parquet", ".fgb"])
def test_sectors_come_back_as_lists(tmp_path: Path, ending: str) -> None:
    held = frame(sectors=[["bio", "robot"], ["bio"]])
    if ending == ".fgb":
        held["sectors"] = held["sectors"].str.join(";")
    read = cg.read_sites(write(held, tmp_path / f"s{ending}")).sort_values("site_id")
    assert read["sectors"].tolist() == [["bio", "robot"], ["bio"]]


def test_a_second_geometry_and_null_flags_survive_parquet(tmp_path: Path) -> None:
    held = cg.load_sites()
    path = tmp_path / "s.parquet"
    held.to_parquet(path)
    read = cg.read_sites(path)
    assert isinstance(read["within"], gpd.GeoSeries)
    columns = ["site_id", "in_capital_region", "rdz_share", "rdz_basis", "municipality"]
    one, other = (pd.DataFrame(cg.tag(sites)[columns]) for sites in (held, read))
    pd.testing.assert_frame_equal(one, other, check_dtype=False)


# CSV


@pytest.mark.parametrize("header", ["lon,lat", "LON,LAT", "longitude,latitude", "lng,lat", "경도,위도", " lon , lat "])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_a_table_with_longitude_and_latitude_is_read(tmp_path: Path, header: str, encoding: str) -> None:
    path = csv(tmp_path, f"site_id,이름,{header},법정동코드\n007,똠방각하,127.2,37.15,0012345678\n", encoding)
    told = pytest.warns(cg.ClusterGeoWarning, match="cp949") if encoding == "cp949" else contextlib.nullcontext()
    with told:
        read = cg.read_sites(path)
    assert read["site_id"].tolist() == ["007"]
    assert read["이름"].tolist() == ["똠방각하"]
    assert read["법정동코드"].tolist() == ["0012345678"]
    assert read.geometry.tolist() == [Point(127.2, 37.15)]
    assert read.crs == LONLAT


def test_long_codes_stay_text_and_numbers_become_numbers(tmp_path: Path) -> None:
    read = cg.read_sites(
        csv(tmp_path, "PNU,jobs,share,lon,lat\n4146110000100010000,120,0.5,127,37\n4146110000100010001,,1,127,37\n")
    )
    assert read["PNU"].tolist() == ["4146110000100010000", "4146110000100010001"]
    assert read["jobs"].fillna(-1).tolist() == [120, -1]
    assert read["share"].tolist() == [0.5, 1]
    assert read["site_id"].tolist() == ["1", "2"]


def test_plane_coordinates_are_read_with_their_system(tmp_path: Path) -> None:
    path = csv(tmp_path, "x,y\n200000,500000\n")
    assert cg.read_sites(path, crs=PLANE).to_crs(LONLAT).geometry.x.tolist() == pytest.approx([127.0], abs=1e-6)
    with pytest.raises(cg.ClusterGeoError, match=r'crs="EPSG:5186"'):
        cg.read_sites(path)


def test_swapped_columns_are_told(tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError, match="swapped"):
        cg.read_sites(csv(tmp_path, "lon,lat\n37.1,127.2\n36.5,128.0\n"))


def test_one_swapped_row_among_right_ones_is_refused(tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError):
        cg.read_sites(csv(tmp_path, "lon,lat\n37.1,127.2\n128.0,36.5\n"))


def test_coordinates_that_are_no_numbers_are_refused_by_line(tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError, match=r"line 3.*37° 5"):
        cg.read_sites(csv(tmp_path, "lon,lat\n127,37\n127,37° 5'\n"))


def test_half_a_position_is_refused_by_line(tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError, match="line 3"):
        cg.read_sites(csv(tmp_path, "lon,lat\n127,37\n127,\n"))


def test_a_row_without_a_position_is_a_site_without_a_geometry(tmp_path: Path) -> None:
    with pytest.warns(cg.ClusterGeoWarning, match=r"1 of 2 rows have no position \(line 3\)"):
        read = cg.read_sites(csv(tmp_path, "site_id,lon,lat\na,127,37\nb,,\n"))
    assert read.geometry.isna().tolist() == [False, True]


def test_a_comma_without_quotes_does_not_shift_the_columns(tmp_path: Path) -> None:
    """One cell too many in every row: the ids must not become an index and the names the ids."""
    path = csv(tmp_path, "site_id,name,lon,lat\na,Seoul, Korea,127,37\nb,Busan, Korea,129,35\n")
    with pytest.raises(cg.ClusterGeoError):
        cg.read_sites(path)


def test_a_row_with_one_cell_too_many_or_too_few_is_refused(tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError, match="line 3"):
        cg.read_sites(csv(tmp_path, "site_id,lon,lat\na,127,37\nb,127,37,9\n"))


@pytest.mark.parametrize("text", ["one,b\n1,2\n", "lon\n127\n", "lat,name\n37,x\n"])
def test_a_table_without_both_columns_has_no_geometry_and_the_message_lists_its_columns(
    tmp_path: Path, text: str
) -> None:
    with pytest.raises(cg.ClusterGeoError, match=rf"no geometry.*{text[:3]}"):
        cg.read_sites(csv(tmp_path, text))


def test_a_crs_that_is_none_is_refused_for_every_format(tmp_path: Path) -> None:
    for path in (csv(tmp_path, "lon,lat\n127,37\n"), write(frame(), tmp_path / "s.gpkg")):
        with pytest.raises(cg.ClusterGeoError, match="nonsense"):
            cg.read_sites(path, crs="nonsense")


# Refusals


@pytest.mark.parametrize("ending", [".gpkg", ".geojson", ".csv", ".parquet", ".shp", ".zip", ".fgb"])
def test_no_such_file_an_empty_one_and_one_of_rubbish_are_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"s{ending}"
    with pytest.raises(cg.ClusterGeoError, match="no file"):
        cg.read_sites(path)
    path.write_bytes(b"")
    with pytest.raises(cg.ClusterGeoError, match="empty"):
        cg.read_sites(path)
    path.write_bytes(b"\x00\xff\xfe rubbish \x81" * 20)
    with pytest.raises(cg.ClusterGeoError):
        cg.read_sites(path)


def test_a_folder_and_an_unknown_ending_are_refused(tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError, match="no file"):
        cg.read_sites(tmp_path)
    (tmp_path / "a.xls").write_bytes(b"x")
    with pytest.raises(cg.ClusterGeoError, match=r"unknown format.*\.gpkg"):
        cg.read_sites(tmp_path / "a.xls")


@pytest.mark.parametrize("ending", [".gpkg", ".geojson", ".parquet", ".csv"])
def test_a_file_without_rows_is_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"s{ending}"
    if ending == ".csv":
        path.write_text("site_id,lon,lat\n", encoding="utf-8")
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write(frame().iloc[:0], path)
    with pytest.raises(cg.ClusterGeoError, match="no rows"):
        cg.read_sites(path)


def test_a_table_or_a_layer_without_geometry_is_refused(tmp_path: Path) -> None:
    plain = tmp_path / "p.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(plain)
    with pytest.raises(cg.ClusterGeoError, match="GeoParquet"):
        cg.read_sites(plain)
    empty = write(gpd.GeoDataFrame({"a": [1]}, geometry=[None], crs=LONLAT), tmp_path / "s.parquet")
    with pytest.raises(cg.ClusterGeoError, match="no geometry"):
        cg.read_sites(empty)


def test_a_shapefile_without_a_prj_needs_a_named_system(tmp_path: Path) -> None:
    path = write(frame("EPSG:5186"), tmp_path / "s.shp")
    path.with_suffix(".prj").unlink()
    with pytest.raises(cg.ClusterGeoError, match=r"CRS.*crs="):
        cg.read_sites(path)
    assert cg.read_sites(path, crs=5186).crs.to_epsg() == 5186


def test_metres_labelled_degrees_are_refused_with_the_systems_to_try(tmp_path: Path) -> None:
    shapes = [square(0, 0, 100).__geo_interface__]
    features = [{"type": "Feature", "properties": {}, "geometry": shape} for shape in shapes]
    path = tmp_path / "s.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    with pytest.raises(cg.ClusterGeoError, match=r"plane coordinates.*EPSG:5186"):
        cg.read_sites(path)
    assert cg.read_sites(path, crs="EPSG:5186").crs.to_epsg() == 5186


def test_swapped_axes_of_polygons_are_told(tmp_path: Path) -> None:
    swapped = gpd.GeoDataFrame(geometry=[box(37.14, 127.20, 37.15, 127.21)], crs=LONLAT)
    with pytest.raises(cg.ClusterGeoError, match="swapped"):
        cg.read_sites(write(swapped, tmp_path / "s.gpkg"))


def test_every_double_id_is_named(tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError, match=r"'a' stands 2 times"):
        cg.read_sites(csv(tmp_path, "site_id,lon,lat\na,127,37\na,127,37\nb,127,37\n"))


def test_a_column_that_a_tag_would_overwrite_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError, match="'rdz_share'"):
        cg.read_sites(csv(tmp_path, "site_id,rdz_share,lon,lat\na,0.5,127,37\n"))


def test_invalid_shapes_are_refused_with_row_and_reason(tmp_path: Path) -> None:
    bow = gpd.GeoDataFrame(
        geometry=[SHAPES[0], Polygon([(127, 37), (127.1, 37.1), (127.1, 37), (127, 37.1)])], crs=LONLAT
    )
    with pytest.raises(cg.ClusterGeoError, match=r"row 1.*Self-intersection"):
        cg.read_sites(write(bow, tmp_path / "s.gpkg"))


# Layers


def test_an_official_file_covers_the_province_of_its_name_and_says_so(tmp_path: Path) -> None:
    layer = cg.read_layer(write(frame("EPSG:5186"), tmp_path / "LSMD_CONT_UD801_41_202501.gpkg"), name="rdz")
    assert layer.coverage == ("mois:41",)
    assert any("mois:41" in line for line in layer.report)
    assert layer.source == "LSMD_CONT_UD801_41_202501.gpkg"
    assert len(layer.sha256 or "") == 64


def test_a_coverage_that_is_given_goes_before_the_name_of_the_file(tmp_path: Path) -> None:
    path = write(frame(), tmp_path / "LSMD_CONT_UD801_29.gpkg")
    assert cg.read_layer(path, name="rdz", coverage="everywhere").coverage == "everywhere"
    assert cg.read_layer(write(frame(), tmp_path / "zones.gpkg"), name="rdz").coverage is None


def test_a_system_that_is_overridden_is_told_in_the_report(tmp_path: Path) -> None:
    layer = cg.read_layer(write(frame("EPSG:5186"), tmp_path / "z.gpkg"), name="rdz", crs="EPSG:5181")
    assert any("overridden" in line for line in layer.report)


def test_a_layer_of_points_is_refused(tmp_path: Path) -> None:
    points = gpd.GeoDataFrame(geometry=[Point(127, 37)], crs=LONLAT)
    with pytest.raises(cg.ClusterGeoError, match="Point"):
        cg.read_layer(write(points, tmp_path / "z.gpkg"), name="rdz")


def test_the_layer_of_a_file_of_several_is_chosen_by_name(tmp_path: Path) -> None:
    path = tmp_path / "two.gpkg"
    frame().to_file(path, layer="one")
    frame().iloc[:1].to_file(path, layer="two")
    assert len(cg.read_sites(path, layer="two")) == 1
    with pytest.raises(cg.ClusterGeoError, match=r"no layer 'three'; it holds one, two"):
        cg.read_sites(path, layer="three")
    with pytest.raises(cg.ClusterGeoError, match=r"no layer 'three'; it holds one, two"):
        cg.tag_file(path, tmp_path / "out.parquet", layer="three")


def test_a_layer_asked_of_a_format_without_layers_is_refused(tmp_path: Path) -> None:
    path = write(frame(), tmp_path / "s.parquet")
    with pytest.raises(cg.ClusterGeoError, match="one table only"):
        cg.read_sites(path, layer="one")
    with pytest.raises(cg.ClusterGeoError, match="one table only"):
        cg.tag_file(path, tmp_path / "out.parquet", layer="one")
    with pytest.raises(cg.ClusterGeoError, match="one table only"):
        cg.read_sites(csv(tmp_path, "lon,lat\n127,37\n"), layer="one")


def test_degrees_that_are_labelled_metres_are_told(tmp_path: Path) -> None:
    path = write(frame().to_crs(LONLAT).set_crs("EPSG:5186", allow_override=True), tmp_path / "s.gpkg")
    with pytest.raises(cg.ClusterGeoError, match=r"longitudes and latitudes.*EPSG:4326"):
        cg.read_sites(path)
    with pytest.raises(cg.ClusterGeoError, match=r"longitudes and latitudes.*EPSG:4326"):
        cg.tag_file(path, tmp_path / "out.parquet")
    with pytest.warns(cg.ClusterGeoWarning, match="overridden by WGS 84"):
        assert cg.read_sites(path, crs=LONLAT).crs == LONLAT


def test_a_shapefile_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    path = write(frame(), tmp_path / "s.shp")
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    with pytest.raises(cg.ClusterGeoError, match="cut short"):
        cg.read_sites(path)


def test_a_file_of_several_layers_is_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "two.gpkg"
    frame().to_file(path, layer="one")
    frame().iloc[:1].to_file(path, layer="two")
    with pytest.raises(cg.ClusterGeoError, match=r"one.*two"):
        cg.read_sites(path)
