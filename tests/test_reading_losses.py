"""What GDAL loses in silence: a part of a geometry, or all of it; refused by its row, and named by check."""

from __future__ import annotations

import functools
import json
import sqlite3
import struct
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
from shapely import MultiPolygon, box

import clustergeo as cg
from clustergeo import reading, streaming

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[Path, list[Any]], Path]


def ring(west: float) -> list[list[float]]:
    return [[west, 37.0], [west + 0.1, 37.0], [west + 0.1, 37.1], [west, 37.1], [west, 37.0]]


GOOD = {"type": "MultiPolygon", "coordinates": [[ring(127)], [ring(128)]]}
# Each is a second row of which GDAL gives a part or nothing, and what the refusal says of it.
BROKEN = {
    "a second part of texts": (
        {"type": "MultiPolygon", "coordinates": [[ring(127)], [[["128", "37"], ["128", "38"], ["129", "37"]]]]},
        'coordinates[1][0][0] = ["128", "37"]',
    ),
    "a second part that is null": ({"type": "MultiPolygon", "coordinates": [[ring(127)], None]}, "coordinates[1] ="),
    "a second part of a list too few": (
        {"type": "MultiPolygon", "coordinates": [[ring(127)], ring(128)]},
        "coordinates[1][0][0] = 128",
    ),
    "a hole with no position": (
        {"type": "Polygon", "coordinates": [ring(127), [[127.02, 37.02], None, [127.04, 37.04], [127.02, 37.02]]]},
        "coordinates[1][1] = null",
    ),
    "a position of one number": ({"type": "Polygon", "coordinates": [[[127.0], *ring(127)]]}, "coordinates[0][0] ="),
    "a collection of one kind that is none": (
        {"type": "GeometryCollection", "geometries": [GOOD, {"type": "Curve", "coordinates": [ring(128)]}]},
        'geometry.geometries[1].type = "Curve"',
    ),
    "a kind that is none": ({"type": "Curve", "coordinates": [ring(127)]}, 'geometry.type = "Curve"'),
    "no coordinates": ({"type": "Polygon"}, "geometry ="),
    "a text": ("POLYGON ((127 37, 128 37, 128 38, 127 37))", "geometry ="),
}


def geojson(path: Path, geometries: list[Any]) -> Path:
    features = [{"type": "Feature", "properties": {"n": n}, "geometry": one} for n, one in enumerate(geometries)]
    if path.suffix == ".geojson":
        path.write_text(json.dumps({"type": "FeatureCollection", "name": "구역", "features": features}))
    else:
        path.write_text("".join(json.dumps(one) + "\n" for one in features))
    return path


@pytest.mark.parametrize("ending", [".geojson", ".geojsonl"])
@pytest.mark.parametrize(("geometry", "told"), BROKEN.values(), ids=BROKEN)
def test_a_geometry_that_is_read_in_part_only_is_refused_by_its_row(
    tmp_path: Path, ending: str, geometry: Any, told: str
) -> None:
    path = geojson(tmp_path / f"a{ending}", [GOOD, geometry])
    for read in (functools.partial(cg.read_layer, name="rdz"), cg.read_sites, reading.read_shapes):
        with pytest.raises(cg.ClusterGeoError) as refused:
            read(path)
        assert f"row 1: {told}" in str(refused.value)


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_check_names_the_row_of_a_geometry_that_is_read_in_part_only(tmp_path: Path, lang: str) -> None:
    geometry, told = BROKEN["a second part of texts"]
    found = cg.check(geojson(tmp_path / "a.geojson", [GOOD, geometry]), lang=lang)
    one = found[found["row"] == 1].iloc[0]
    assert one["found"] == told
    assert one["severity"] == "error"
    assert (
        one["problem"]
        == {
            "en": "the geometry cannot be read, or in part only",
            "ko": "도형을 읽을 수 없거나 일부만 읽힘",
        }[lang]
    )


@pytest.mark.parametrize("ending", [".geojson", ".geojsonl"])
def test_whole_geometries_of_any_dimension_are_read(tmp_path: Path, ending: str) -> None:
    mixed = [[[127, 37], [127.1, 37, 9], [127.1, 37.1], [127, 37]]]
    path = geojson(tmp_path / f"a{ending}", [GOOD, {"type": "Polygon", "coordinates": mixed}])
    layer = cg.read_layer(path, name="rdz")
    assert layer.frame.geometry.iloc[0].equals(MultiPolygon([box(127, 37, 127.1, 37.1), box(128, 37, 128.1, 37.1)]))
    assert len(layer) == 2


def test_a_feature_without_a_geometry_is_told_by_its_row(tmp_path: Path) -> None:
    path = geojson(tmp_path / "a.geojson", [GOOD, None, {"type": "MultiPolygon", "coordinates": []}])
    with pytest.warns(cg.ClusterGeoWarning, match=r"2 of 3 rows have no geometry \(row 1, 2, counted from 0\)"):
        sites = cg.read_sites(path)
    assert len(sites) == 3
    with pytest.warns(cg.ClusterGeoWarning, match=r"2 of 3 rows have no geometry \(row 1, 2, counted from 0\)"):
        reading.read_shapes(path)


def test_text_behind_the_features_is_refused(tmp_path: Path) -> None:
    path = geojson(tmp_path / "a.geojson", [GOOD])
    path.write_text(path.read_text() + '{"error": "quota"}')
    with pytest.raises(cg.ClusterGeoError, match=r"a\.geojson"):
        cg.read_layer(path, name="rdz")


def test_a_topojson_polygon_of_an_arc_that_is_not_there_is_refused(tmp_path: Path) -> None:
    parts = [
        {"type": "Polygon", "arcs": [[0]]},
        {"type": "MultiPolygon", "arcs": [[[0]], [[7]]]},
    ]
    held = {
        "type": "Topology",
        "objects": {"zones": {"type": "GeometryCollection", "geometries": parts}},
        "arcs": [ring(127)],
    }
    path = tmp_path / "a.topojson"
    path.write_text(json.dumps(held))
    with pytest.raises(cg.ClusterGeoError, match=r"row 1: arcs\[1\]\[0\]\[0\] = 7"):
        cg.read_layer(path, name="rdz")


def test_an_esri_json_with_a_ring_that_is_none_is_refused(tmp_path: Path) -> None:
    rings = [{"rings": [ring(127)]}, {"rings": [ring(127), [["128", 37], [128, 38], [129, 37], ["128", 37]]]}]
    held = {
        "geometryType": "esriGeometryPolygon",
        "spatialReference": {"wkid": 4326},
        "fields": [{"name": "n", "type": "esriFieldTypeInteger"}],
        "features": [{"attributes": {"n": n}, "geometry": one} for n, one in enumerate(rings)],
    }
    path = tmp_path / "a.json"
    path.write_text(json.dumps(held))
    with pytest.raises(cg.ClusterGeoError, match=r"row 1: rings\[1\]\[0\]"):
        cg.read_layer(path, name="rdz")


def sites() -> gpd.GeoDataFrame:
    two = MultiPolygon([box(127, 37, 127.1, 37.1), box(128, 37, 128.1, 37.1)])
    return gpd.GeoDataFrame({"n": [1, 2]}, geometry=[two, two], crs="EPSG:4326")


def geopackage(path: Path, change: str) -> Path:
    sites().to_file(path, layer="zones")
    base = sqlite3.connect(path)
    for (name,) in base.execute("select name from sqlite_master where type = 'trigger'").fetchall():
        base.execute(f'drop trigger "{name}"')
    base.execute(f"update zones set geom = {change} where n = 2")  # noqa: S608 - of the test
    base.commit()
    base.close()
    return path


def shapefile(path: Path, at: int, value: int) -> Path:
    """Write a shapefile whose second record has another number at a place: its kind, parts or points."""
    sites().to_file(path)
    data = bytearray(path.read_bytes())
    first = 100
    second = first + 8 + 2 * struct.unpack(">I", data[first + 4 : first + 8])[0] + 8
    data[second + at : second + at + 4] = struct.pack("<I", value)
    path.write_bytes(data)
    return path


LOST = {
    "a GeoPackage geometry of another mark": lambda folder: geopackage(folder / "a.gpkg", "X'7878' || substr(geom, 3)"),
    "a GeoPackage geometry of a head only": lambda folder: geopackage(folder / "a.gpkg", "substr(geom, 1, 10)"),
    "a shape of an unknown kind": lambda folder: shapefile(folder / "a.shp", 0, 77),
    "a shape whose second part lies beyond it": lambda folder: shapefile(folder / "a.shp", 48, 99),
    "a shape of more points than it holds": lambda folder: shapefile(folder / "a.shp", 40, 99_999),
}


@pytest.mark.parametrize("write", LOST.values(), ids=LOST)
def test_a_row_whose_geometry_gdal_gives_as_none_is_refused(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    path = write(tmp_path)
    with pytest.raises(cg.ClusterGeoError, match=r"1 geometries that cannot be read.*\n- row 1: "):
        cg.read_sites(path)
    with pytest.raises(cg.ClusterGeoError, match="row 1: "):
        streaming.tag_file(path, tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()
    assert cg.check(path)["row"].tolist()[0] == 1


@pytest.mark.parametrize(
    "write",
    [lambda folder: geopackage(folder / "a.gpkg", "null"), lambda folder: shapefile(folder / "a.shp", 0, 0)],
    ids=["GeoPackage", "shapefile"],
)
def test_a_row_without_a_geometry_in_the_file_is_read_as_such_and_told(
    tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    with pytest.warns(cg.ClusterGeoWarning, match=r"1 of 2 rows have no geometry \(row 1, counted from 0\)"):
        held = cg.read_sites(write(tmp_path))
    assert held.geometry.isna().tolist() == [False, True]


@pytest.mark.parametrize("extra", [1, 3, 7])
def test_the_whole_entries_of_a_damaged_index_count(tmp_path: Path, extra: int) -> None:
    file = tmp_path / "zones.shp"
    frame = gpd.GeoDataFrame({"n": [1, 2]}, geometry=[box(127, 37, 127.1, 37.1), None], crs="EPSG:4326")
    frame.to_file(file)
    index = file.with_suffix(".shx")
    index.write_bytes(index.read_bytes() + bytes(extra))
    with pytest.warns(cg.ClusterGeoWarning, match="1 of 2 rows have no geometry"):
        assert cg.read_sites(file).geometry.isna().tolist() == [False, True]
