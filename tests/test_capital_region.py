"""The capital region: its border, its holes, its islands, and the points that show them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from shapely import Point
from squares import LONLAT, boundary_file, sites

import clustergeo as cg

LAEA = "+proj=laea +lat_0=36 +lon_0=127.75 +ellps=GRS80 +towgs84=0,0,0,0,0,0,0 +units=m +no_defs"
GEOD = pyproj.Geod(ellps="GRS80")
OUTSIDE, INSIDE = (127.1195, 36.9460), (126.75, 37.12)
ISLANDS = {
    "Dokdo": ((131.866, 37.242), "37430", False),
    "Marado": ((126.269, 33.118), "39020", False),
    "Baengnyeongdo": ((124.70, 37.95), "23320", True),
    "Ulleungdo": ((130.87, 37.50), "37430", False),
}


@pytest.fixture(scope="module")
def capital() -> gpd.GeoDataFrame:
    return cg.load_capital_region()


@pytest.fixture(scope="module")
def full() -> gpd.GeoDataFrame:
    """The provinces dissolved from the source in full resolution, metres; an oracle of its own."""
    frame = gpd.read_file(boundary_file()).set_crs(LONLAT, allow_override=True).to_crs(LAEA)
    # The capital region and its neighbours: Gangwon, Chungbuk and Chungnam.
    frame = frame[frame["code"].str[:2].isin(["11", "23", "31", "32", "33", "34"])]
    # A buffer of nothing keeps the polygons of a repaired shape and drops its stray lines.
    parts = shapely.buffer(shapely.make_valid(frame.geometry.to_numpy()), 0)
    capital = frame["code"].str[:2].isin(["11", "23", "31"]).to_numpy()
    shapes = [shapely.union_all(parts[chosen]) for chosen in (capital, ~capital)]
    return gpd.GeoDataFrame({"capital": [True, False]}, geometry=shapes, crs=LAEA)


def test_the_named_points_are_outside_and_inside(capital: gpd.GeoDataFrame) -> None:
    shape = capital.geometry.iloc[0]
    assert not shape.covers(Point(OUTSIDE))
    assert shape.covers(Point(INSIDE))
    tagged = cg.tag(sites([Point(OUTSIDE), Point(INSIDE)], LONLAT))
    assert tagged["in_capital_region"].tolist() == [False, True]
    assert (tagged["capital_border_km"] > 0).tolist() == [True, False]


def test_small_measured_sites_at_the_named_points_get_the_same_verdict() -> None:
    tagged = cg.tag(sites([Point(spot).buffer(0.001) for spot in (OUTSIDE, INSIDE)], LONLAT))
    assert tagged["in_capital_region"].tolist() == [False, True]
    assert tagged["capital_share"].tolist() == [0.0, 1.0]


def test_there_is_no_interior_hole(capital: gpd.GeoDataFrame) -> None:
    parts = shapely.get_parts(capital.geometry.iloc[0])
    assert shapely.get_num_interior_rings(parts).sum() == 0


def test_its_area_is_the_credible_one(capital: gpd.GeoDataFrame) -> None:
    area = abs(GEOD.geometry_area_perimeter(capital.geometry.iloc[0])[0]) / 1e6
    assert area == pytest.approx(12_027, rel=1e-3)


def test_the_inland_border_lies_within_25_m_of_the_one_in_full_resolution(
    capital: gpd.GeoDataFrame, full: gpd.GeoDataFrame
) -> None:
    inner, outer = full.geometry
    shipped = capital.to_crs(LAEA).geometry.iloc[0]
    land = cg.load_regions("province").to_crs(LAEA)
    beside = shapely.union_all(land[~land["province_code_kostat"].isin(["11", "23", "31"])].geometry.to_numpy())
    whole = shapely.intersection(inner.boundary, outer.buffer(1.0))
    drawn = shapely.intersection(shipped.boundary, beside.buffer(1.0))
    assert whole.length > 300_000
    for one, other in ((whole, shipped.boundary), (drawn, inner.boundary)):
        vertices = shapely.points(shapely.get_coordinates(shapely.segmentize(one, 50.0)))
        shapely.prepare(other)
        assert float(shapely.distance(vertices, other).max()) <= 25.0


def test_no_ground_of_the_full_resolution_changed_sides_by_more_than_the_tolerance(
    capital: gpd.GeoDataFrame, full: gpd.GeoDataFrame
) -> None:
    inner, outer = full.geometry
    shipped = capital.to_crs(LAEA).geometry.iloc[0]
    assert shipped.intersection(outer.buffer(-26)).area == 0.0
    assert shapely.difference(inner.buffer(-30), shipped).area == 0.0


def test_cheonan_is_outside_by_one_kilometre_and_three_tenths() -> None:
    row = cg.tag(cg.load_sites()).set_index("site_id").loc["cheonan"]
    assert row["capital_border_km"] == pytest.approx(1.3, abs=0.05)
    assert not row["in_capital_region"]
    assert row[["capital_share_low", "capital_share_high"]].tolist() == [0.0, 0.0]


def test_the_distance_is_that_of_the_nearest_point_of_the_border_on_the_ellipsoid(capital: gpd.GeoDataFrame) -> None:
    spots = [(127.2, 37.15), (127.1195, 36.946), (129.39, 37.06), (126.67, 35.16), (131.866, 37.242)]
    tagged = cg.tag(sites([Point(spot) for spot in spots], LONLAT))
    border = shapely.get_coordinates(shapely.segmentize(capital.geometry.iloc[0].boundary, 0.0005))
    for (lon, lat), found in zip(spots, tagged["capital_border_km"].abs(), strict=True):
        near = border[np.argsort(np.hypot((border[:, 0] - lon) * 0.8, border[:, 1] - lat))[:4000]]
        every = GEOD.inv(np.full(len(near), lon), np.full(len(near), lat), near[:, 0], near[:, 1])[2]
        assert found * 1000 == pytest.approx(min(every), rel=1e-4, abs=5)


@pytest.mark.parametrize("name", list(ISLANDS))
def test_the_far_islands_are_in_every_layer(name: str) -> None:
    (lon, lat), code, inside = ISLANDS[name]
    near = Point(lon, lat).buffer(0.02)
    for level in ("province", "municipality", "locality"):
        found = cg.load_regions(level)
        assert found.intersects(near).any(), level
    assert cg.load_capital_region().intersects(near).tolist() == [inside]
    held = cg.load_regions("municipality")
    assert held[held.intersects(near)]["municipality_code_kostat"].tolist() == [code]


def test_an_island_of_the_capital_region_is_inside_and_the_shore_makes_nothing_doubtful() -> None:
    """Only a neighbour's border makes a verdict doubtful; a small site on a shore is decided."""
    held = cg.load_regions("municipality").set_index("municipality_code_kostat").geometry["23320"]
    largest = max(shapely.get_parts(held), key=lambda part: part.area if part.bounds[0] < 125 else 0)
    shore = shapely.buffer(Point(largest.exterior.coords[0]), 0.0004).intersection(largest)
    tagged = cg.tag(sites([shore], LONLAT))
    assert tagged["in_capital_region"].tolist() == [True]
    assert tagged["municipality"].tolist() == ["옹진군"]


def test_a_site_half_in_the_region_is_not_decided_and_its_share_is_measured() -> None:
    border = shapely.intersection(
        cg.load_capital_region().geometry.iloc[0].boundary,
        cg.load_regions("province").set_index("province_code_kostat").geometry["34"].boundary,
    )
    land = max(shapely.get_parts(shapely.line_merge(border)), key=lambda part: part.length)
    row = cg.tag(sites([land.interpolate(0.5, normalized=True).buffer(0.01)], LONLAT)).iloc[0]
    assert row["in_capital_region"] is pd.NA
    assert 0.1 < row["capital_share_low"] < 0.9
    assert row["capital_share"] == row["capital_share_low"] == row["capital_share_high"]
