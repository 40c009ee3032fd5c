"""Vector tiles hold every site with its columns, or are refused with the cure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from clustergeo import tiling
from clustergeo.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    "w" not in pyogrio.list_drivers().get("PMTiles", ""), reason="this GDAL cannot write PMTiles"
)


def points(count: int, **columns: list[Any]) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(1)
    return gpd.GeoDataFrame(
        columns, geometry=list(shapely.points(rng.uniform(127, 128, (count, 2)) - [0, 90])), crs=4326
    )


def test_each_site_is_in_the_tiles_of_the_last_zoom_with_its_columns(tmp_path: Path) -> None:
    sites = points(40, name=[f"부지 {at}" for at in range(40)], sectors=[["bio", "rail"]] * 40, share=[0.25] * 40)
    path = tiling.save_pmtiles(sites, tmp_path / "deep" / "a.pmtiles", min_zoom=4, max_zoom=8)
    back = pyogrio.read_dataframe(path, ZOOM_LEVEL="8")
    assert sorted(set(back["name"])) == sorted(sites["name"])
    assert set(back["sectors"]) == {"bio;rail"}
    assert set(back["share"]) == {0.25}
    assert len(set(zip(back["name"], back.geometry.to_wkb(), strict=True))) >= 40


def test_a_second_geometry_and_missing_shapes_are_left_out_and_the_frame_is_not_changed(tmp_path: Path) -> None:
    sites = points(3, name=["a", "b", "c"])
    sites["within"] = gpd.GeoSeries([shapely.box(127, 37, 128, 38)] * 3, crs=4326)
    sites.loc[1, "geometry"] = None
    before = sites.copy(deep=True)
    path = tiling.save_pmtiles(sites, tmp_path / "a.pmtiles", min_zoom=5, max_zoom=5)
    assert set(pyogrio.read_dataframe(path)["name"]) == {"a", "c"}
    assert sites.equals(before)


def test_a_projected_frame_lands_where_its_twin_does(tmp_path: Path) -> None:
    sites = points(5, name=list("abcde"))
    one = tiling.save_pmtiles(sites, tmp_path / "a.pmtiles", min_zoom=9, max_zoom=9)
    other = tiling.save_pmtiles(sites.to_crs(5179), tmp_path / "b.pmtiles", min_zoom=9, max_zoom=9)
    here, there = (pyogrio.read_dataframe(path).to_crs(5179).set_index("name").sort_index() for path in (one, other))
    assert here.geometry.distance(there.geometry).max() < 50


@pytest.mark.parametrize(
    ("given", "options", "told"),
    [
        ("sites.gpkg", {}, "read_sites"),
        (points(1), {"min_zoom": 9, "max_zoom": 3}, "min_zoom"),
        (points(1).set_crs(None, allow_override=True), {}, "set_crs"),
    ],
)
def test_what_cannot_be_tiled_is_refused_with_the_cure(
    tmp_path: Path, given: Any, options: dict[str, int], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        tiling.save_pmtiles(given, tmp_path / "a.pmtiles", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_gdal_without_the_driver_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyogrio, "list_drivers", dict)
    with pytest.raises(InputError, match=r"cannot write PMTiles.*pip install pyogrio"):
        tiling.save_pmtiles(points(1), tmp_path / "a.pmtiles")
