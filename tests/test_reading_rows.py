"""Single rows whose position cannot be right, in files of any format: refused, told, and named by check."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import geopandas as gpd
import pyarrow.parquet as pq
import pytest
from shapely import Point, box

import clustergeo as cg

if TYPE_CHECKING:
    from pathlib import Path

ENDINGS = [".gpkg", ".geojson", ".parquet", ".shp", ".fgb"]


def written(folder: Path, shapes: list[object], crs: int, ending: str) -> Path:
    frame = gpd.GeoDataFrame({"n": range(len(shapes))}, geometry=shapes, crs=crs)
    path = folder / f"s{ending}"
    if ending == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_file(path, **({"SPATIAL_INDEX": "NO"} if ending == ".fgb" else {}))
    return path


@pytest.mark.parametrize("ending", ENDINGS)
def test_one_swapped_row_among_right_ones_is_refused_by_its_number(tmp_path: Path, ending: str) -> None:
    path = written(tmp_path, [Point(127, 37), Point(37.1, 127.1), Point(127.2, 37)], 4326, ending)
    with pytest.raises(cg.ClusterGeoError, match=r"are swapped.*counted from 0:\n- row 1: x=37.1, y=127.1"):
        cg.read_sites(path)
    found = cg.check(path)
    assert found["row"].tolist() == [1]
    assert "swapping all would spoil the others" in found["cure"].iloc[0]


@pytest.mark.parametrize("ending", [".gpkg", ".shp", ".parquet"])
def test_one_swapped_row_of_a_plane_is_refused_by_its_number(tmp_path: Path, ending: str) -> None:
    turned = box(1_950_000, 950_000, 1_950_100, 950_100)
    path = written(tmp_path, [box(950_000, 1_950_000, 950_100, 1_950_100), turned], 5179, ending)
    with pytest.raises(cg.ClusterGeoError, match=r"row 1: x=1.95005e\+06"):
        cg.read_layer(path, name="rdz")
    found = cg.check(path)
    assert found["row"].tolist() == [1]
    assert found["problem"].tolist() == ["the coordinates of this row are swapped, those of others are not"]


def test_one_row_of_degrees_in_a_plane_is_refused_though_it_would_lie_in_the_sea_of_korea(tmp_path: Path) -> None:
    path = written(tmp_path, [Point(200_000, 500_000), Point(127, 37)], 5186, ".gpkg")
    with pytest.raises(cg.ClusterGeoError, match=r"longitude and latitude, not .*\n- row 1: x=127, y=37"):
        cg.read_sites(path)
    found = cg.check(path)
    assert found[["row", "problem"]].to_numpy().tolist() == [[1, "this row holds degrees among metres of a plane"]]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_whose_rows_are_all_swapped_is_still_swapped_as_a_whole(tmp_path: Path, ending: str) -> None:
    path = written(tmp_path, [Point(37, 127), Point(37.1, 127.1)], 4326, ending)
    with pytest.raises(cg.ClusterGeoError, match="swap_xy=True"):
        cg.read_sites(path)
    with pytest.warns(cg.ClusterGeoWarning, match="x and y swapped, as asked"):
        assert cg.read_sites(path, swap_xy=True).geometry.iloc[0] == Point(127, 37)


@pytest.mark.parametrize(
    ("ending", "crs"), [(one, crs) for one in ENDINGS for crs in (4326, 5186) if (one, crs) != (".geojson", 5186)]
)
def test_a_point_at_zero_is_read_as_no_position_and_told(tmp_path: Path, ending: str, crs: int) -> None:
    right = Point(127, 37) if crs == 4326 else Point(200_000, 500_000)
    path = written(tmp_path, [right, Point(0, 0)], crs, ending)
    with pytest.warns(cg.ClusterGeoWarning) as told:
        sites = cg.read_sites(path)
    assert any("row 1 (counted from 0) lies at 0, 0: read as no position" in str(one.message) for one in told)
    assert sites.geometry.isna().tolist() == [False, True]
    found = cg.check(path)
    assert found[["row", "problem"]].to_numpy().tolist() == [[1, "the position is 0, 0"]]


def test_rows_abroad_are_no_swapped_ones(tmp_path: Path) -> None:
    path = written(tmp_path, [Point(127, 37), Point(139.7, 35.7), Point(-74, 40.7)], 4326, ".gpkg")
    assert len(cg.read_sites(path)) == 3
    assert cg.check(path)["row"].tolist() == [1, 2]


def test_a_definition_of_a_crs_that_is_damaged_is_refused_unless_the_caller_names_it(tmp_path: Path) -> None:
    file = tmp_path / "sites.parquet"
    gpd.GeoDataFrame(geometry=[box(200_000, 550_000, 200_010, 550_010)], crs="EPSG:5174").to_parquet(file)
    table = pq.read_table(file)
    geo = json.loads(table.schema.metadata[b"geo"])
    for axis in geo["columns"]["geometry"]["crs"]["coordinate_system"]["axis"]:
        del axis["unit"]
    pq.write_table(table.replace_schema_metadata({b"geo": json.dumps(geo).encode()}), file)
    with pytest.raises(cg.ClusterGeoError, match=r"CRS that cannot be read.*EPSG:5174"):
        cg.read_sites(file)
    assert cg.read_sites(file, crs="EPSG:5174").crs.to_epsg() == 5174
