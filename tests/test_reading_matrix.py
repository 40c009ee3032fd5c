"""Every way in which a file may say where it lies: each is read right within a metre, or refused."""

from __future__ import annotations

import json
import re
import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from shapely import box

import clustergeo as cg
from clustergeo.crs import geodesic_distances_m

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "똠방각하 처인구"
LONLAT = "EPSG:4326"
SEOUL, WEST_SEA, ULSAN, ULLEUNG = (126.98, 37.55), (124.66, 37.95), (129.28, 35.54), (130.85, 37.49)
# Each plane with a place of its own belt; of many places of the middle belt swapped axes give land as well.
PLACES = {
    4326: SEOUL,
    5174: SEOUL,
    5178: SEOUL,
    5179: SEOUL,
    5181: SEOUL,
    5185: WEST_SEA,
    5186: SEOUL,
    5187: ULSAN,
    5188: ULLEUNG,
    2097: SEOUL,
}
BESSEL = (5174, 5178, 2097)
STATES = ("code", "esri", "custom", "no datum", "missing")
TEXTS = (("utf-8", "cpg"), ("cp949", "none"), ("utf-8", "0xF0"), ("cp949", "cpg"), ("cp949", "0x4E"))
# FlatGeobuf keeps a system as GeoPackage does: some planes show it.
OTHERS = [
    *((code, ending) for code in PLACES for ending in (".gpkg", ".parquet")),
    *((code, ".fgb") for code in (4326, 5174, 5179, 5186)),
]
# GDAL takes a tenth of a second to find no code for a system: one plane is crossed with every encoding, all with two.
CROSSED = 5174


def placed(code: int, *, turned: bool) -> gpd.GeoDataFrame:
    west, south = PLACES[code]
    frame = gpd.GeoDataFrame({"이름": [NAME]}, geometry=[box(west, south, west + 0.01, south + 0.01)], crs=LONLAT)
    frame = frame.to_crs(code)
    if turned:
        frame = frame.set_geometry(gpd.GeoSeries(shapely.transform(frame.geometry.values, lambda p: p[:, ::-1])))
    return frame.set_crs(code, allow_override=True)


def wkt(code: int, state: str) -> str:
    text = str(pyproj.CRS(code).to_wkt("WKT1_ESRI"))
    if state in {"custom", "no datum"}:
        text = re.sub(r'^(PROJCS|GEOGCS)\["[^"]*"', r'\1["Their_Own_System"', text)
    if state == "no datum":
        ellipsoid = re.search(r'SPHEROID\["([^"]*)"', text)
        assert ellipsoid
        text = re.sub(r'DATUM\["[^"]*"', f'DATUM["D_{ellipsoid[1]}"', text)
        text = re.sub(r'GEOGCS\["[^"]*"', f'GEOGCS["GCS_{ellipsoid[1]}"', text)
    return text


def off_m(read: gpd.GeoDataFrame, code: int) -> float:
    """Return how far the farthest corner lies from where it should."""
    truth = placed(code, turned=False).to_crs(LONLAT)
    found, given = (np.sort(shapely.get_coordinates(one.geometry.values)[:-1], axis=0) for one in (read, truth))
    return float(geodesic_distances_m(*found.T, *given.T).max())


def judged(path: Path, code: int, **options: Any) -> str:
    """Return `right`, `refused` or how far off the place lies and how the name reads."""
    try:
        layer = cg.read_layer(path, name="zones", **options)
    except cg.ClusterGeoError as refusal:
        assert "crs=" in str(refusal) or "swap_xy=" in str(refusal)  # noqa: PT017
        return "refused"
    metres, name = off_m(layer.frame.to_crs(LONLAT), code), layer.frame["이름"].tolist()[0]
    return "right" if metres < 1 and name == NAME else f"{metres:.0f} m off, {name}"


def shapefiles(folder: Path, code: int, *, turned: bool) -> Iterator[tuple[str, str, Path]]:
    """Yield a shapefile in every encoding, each without a `.prj`."""
    for text, told in TEXTS if code == CROSSED else TEXTS[:2]:
        path = folder / f"{text}-{told}-{turned}.shp"
        placed(code, turned=turned).to_file(path, encoding=text)
        path.with_suffix(".prj").unlink()
        if told != "cpg":
            path.with_suffix(".cpg").unlink(missing_ok=True)
            table = bytearray(path.with_suffix(".dbf").read_bytes())
            table[29] = int(told, 16) if told != "none" else 0
            path.with_suffix(".dbf").write_bytes(table)
        yield text, told, path


@pytest.mark.parametrize("code", PLACES)
@pytest.mark.parametrize("turned", [False, True], ids=["x y", "y x"])
def test_a_shapefile_is_right_within_a_metre_or_refused(tmp_path: Path, code: int, turned: bool) -> None:
    for text, told, path in shapefiles(tmp_path, code, turned=turned):
        for state in STATES:
            prj = path.with_suffix(".prj")
            if state == "missing":
                prj.unlink()
            else:
                prj.write_text(f"EPSG:{code}" if state == "code" else wkt(code, state), encoding="ascii")
            expected = "refused" if turned or state == "missing" else "right"
            assert (state, judged(path, code)) == (state, expected), (text, told)
        # Without a .prj it is as right as the system that is named; the axes are still held against it.
        assert judged(path, code, crs=code) == ("refused" if turned else "right")
        if turned:
            assert judged(path, code, crs=code, swap_xy=True) == "right"


@pytest.mark.parametrize(("code", "ending"), OTHERS)
@pytest.mark.parametrize("turned", [False, True], ids=["x y", "y x"])
def test_other_formats_are_right_within_a_metre_or_refused(
    tmp_path: Path, code: int, turned: bool, ending: str
) -> None:
    for state in STATES:
        path = tmp_path / f"{state}{ending}"
        system = None if state == "missing" else code if state == "code" else wkt(code, state)
        frame = placed(code, turned=turned).set_crs(system, allow_override=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a file without a system is meant
            (frame.to_parquet if ending == ".parquet" else frame.to_file)(path)
        expected = "refused" if turned or state == "missing" else "right"
        assert (state, judged(path, code)) == (state, expected)
        if turned and state != "missing":
            assert judged(path, code, swap_xy=True) == "right"


@pytest.mark.parametrize("code", PLACES)
@pytest.mark.parametrize("turned", [False, True], ids=["x y", "y x"])
@pytest.mark.parametrize("ending", [".geojson", ".geojsonl"])
def test_json_in_metres_is_refused_until_its_system_is_named(
    tmp_path: Path, code: int, turned: bool, ending: str
) -> None:
    shape = placed(code, turned=turned).geometry[0]
    feature = {"type": "Feature", "properties": {"이름": NAME}, "geometry": shapely.geometry.mapping(shape)}
    path = tmp_path / f"zones{ending}"
    whole = {"type": "FeatureCollection", "features": [feature]} if ending == ".geojson" else feature
    path.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
    expected = "right" if code == 4326 and not turned else "refused"
    assert judged(path, code) == expected
    assert judged(path, code, crs=code) == ("refused" if turned else "right")
    assert judged(path, code, crs=code, swap_xy=turned or None) == "right"


def test_each_plane_without_a_code_is_told_in_the_report(tmp_path: Path) -> None:
    for code in PLACES:
        if code == 4326:
            continue
        path = tmp_path / f"{code}.shp"
        placed(code, turned=False).to_file(path)
        path.with_suffix(".prj").write_text(wkt(code, "no datum"), encoding="ascii")
        report = " ".join(cg.read_layer(path, name="zones").report)
        assert f"EPSG:{code}" in report
        assert ("overrode the datum" in report) == (code in BESSEL)
