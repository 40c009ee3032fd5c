"""Read, tag, export, read: ids, Korean text, system and shapes come back from every format."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely
from koreafiles import LONLAT, parts_of
from shapely import box

import clustergeo as cg

if TYPE_CHECKING:
    from pathlib import Path

SHAPES = [box(127.20, 37.14, 127.21, 37.15), box(127.30, 37.14, 127.31, 37.15)]
IDS, NAMES = ["007", "나-2"], ["똠방각하", "용인 처인구"]
READ = [".gpkg", ".fgb", ".shp", ".zip", ".geojson", ".geojsonl", ".parquet", ".topojson"]
WRITTEN = ["gpkg", "geojson", "parquet"]


def written(path: Path, crs: int) -> Path:
    frame = gpd.GeoDataFrame({"site_id": IDS, "이름": NAMES}, geometry=SHAPES, crs=LONLAT).to_crs(crs)
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix in {".geojson", ".geojsonl"}:
        frame.to_crs(LONLAT).to_file(path, driver="GeoJSON" if path.suffix == ".geojson" else "GeoJSONSeq")
    elif path.suffix == ".topojson":
        _topojson(frame.to_crs(LONLAT), path)
    elif path.suffix == ".zip":
        frame.to_file(path.with_suffix(".shp"), encoding="cp949")
        with zipfile.ZipFile(path, "w") as archive:
            for part, name in parts_of(path.with_suffix(".shp"), "후보지"):
                archive.write(part, name)
    else:
        frame.to_file(path, encoding="utf-8")
    return path


def _topojson(frame: gpd.GeoDataFrame, path: Path) -> None:
    arcs = [shapely.get_coordinates(shape).tolist() for shape in frame.geometry]
    held = [
        {"type": "Polygon", "arcs": [[at]], "properties": dict(frame.drop(columns="geometry").iloc[at])}
        for at in range(len(frame))
    ]
    objects = {"sites": {"type": "GeometryCollection", "geometries": held}}
    path.write_text(json.dumps({"type": "Topology", "arcs": arcs, "objects": objects}, ensure_ascii=False), "utf-8")


def expect_same(frame: gpd.GeoDataFrame) -> None:
    frame = frame.sort_values("site_id", ignore_index=True)
    assert frame["site_id"].tolist() == IDS
    assert frame["이름"].tolist() == NAMES
    # GeoPackage keeps every polygon as one of several parts.
    found, given = (
        shapely.normalize(shapely.get_parts(np.asarray(one, dtype=object)))
        for one in (frame.to_crs(LONLAT).geometry, SHAPES)
    )
    # Seven decimals of a degree, a centimetre: what RFC 7946 advises and the writers keep.
    assert shapely.equals_exact(found, given, 2e-7).all()


@pytest.mark.filterwarnings("ignore:.*TopoJSON names no CRS")
@pytest.mark.parametrize("out", WRITTEN)
@pytest.mark.parametrize("ending", READ)
@pytest.mark.parametrize("crs", [5186, 5174])
def test_a_round_trip_keeps_ids_text_system_and_shapes(tmp_path: Path, ending: str, out: str, crs: int) -> None:
    sites = cg.read_sites(written(tmp_path / f"s{ending}", crs))
    lonlat = ending in {".geojson", ".geojsonl", ".topojson"}
    assert sites.crs.to_epsg() == (4326 if lonlat else crs)
    expect_same(sites)
    tagged = cg.tag(sites)
    (path,) = cg.export(tagged, tmp_path / "out", format=out)[:1]
    again = cg.read_layer(path, name="zones").frame
    expect_same(again)
    # GeoJSON is in longitude and latitude, by RFC 7946, and names no system.
    assert again.crs.to_epsg() == 4326 or out != "geojson"
    assert again["municipality"].tolist() == tagged["municipality"].tolist()
