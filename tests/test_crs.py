"""True areas, distances and datums, held against pyproj.Geod."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from shapely import Point, box
from squares import LONLAT, PLANE

import clustergeo as cg
from clustergeo import crs

GEOD = pyproj.Geod(ellps="GRS80")


def geodesic(shape: Any) -> float:
    return abs(float(GEOD.geometry_area_perimeter(shape)[0]))


def test_the_areas_of_the_15_agree_with_the_geodesic_ones_and_with_their_figures() -> None:
    sites = cg.load_sites()
    found = crs.areas_m2(sites.geometry)
    assert found == pytest.approx([geodesic(shape) for shape in sites.geometry], rel=1e-6)
    assert found == pytest.approx(sites["area_km2"].to_numpy() * 1e6, rel=1e-9)


@pytest.mark.parametrize("kilometres", [0.01, 1, 10, 30])
def test_areas_of_squares_across_the_country_agree_with_the_geodesic_ones(kilometres: float) -> None:
    corners = [(124.7, 37.9), (126.3, 33.2), (127.1, 36.9), (129.4, 35.8), (131.8, 37.2)]
    step = kilometres / 100
    squares = gpd.GeoSeries([box(x, y, x + step, y + step) for x, y in corners], crs=LONLAT)
    assert crs.areas_m2(squares) == pytest.approx([geodesic(s) for s in squares], rel=1e-6)


@pytest.mark.parametrize("corner", [(2.3, 48.8), (-70.5, -33.4), (18.0, 69.6), (150.9, -33.8)])
def test_areas_abroad_agree_with_the_geodesic_ones(corner: tuple[float, float]) -> None:
    x, y = corner
    square = gpd.GeoSeries([box(x, y, x + 0.05, y + 0.05)], crs=LONLAT)
    assert crs.areas_m2(square) == pytest.approx([geodesic(square.iloc[0])], rel=1e-6)


def test_the_area_of_a_site_does_not_depend_on_the_sites_beside_it() -> None:
    squares = gpd.GeoSeries([box(127, 37, 127.05, 37.05), box(-3.8, 40.4, -3.7, 40.5)], crs=LONLAT)
    assert crs.areas_m2(squares) == pytest.approx([geodesic(s) for s in squares], rel=1e-6)


@pytest.mark.parametrize("code", ["EPSG:5174", "EPSG:5179", "EPSG:5186", "EPSG:32652", "EPSG:4737", "EPSG:4162"])
def test_twins_in_other_systems_have_the_same_area_and_place(code: str) -> None:
    drawn = gpd.GeoSeries([box(127.0, 37.0, 127.03, 37.02), box(129.0, 35.5, 129.02, 35.53)], crs=LONLAT)
    twin = drawn.to_crs(code)
    assert crs.areas_m2(twin) == pytest.approx(crs.areas_m2(drawn), rel=1e-6)
    apart = crs.to_lonlat(twin).to_crs(PLANE).hausdorff_distance(drawn.to_crs(PLANE))
    assert apart.max() < 1.0


def test_the_datum_of_the_bessel_system_is_not_dropped_on_the_plane() -> None:
    """A plane without a datum is 350 m off for EPSG:5174; the way there is the one through longitude and latitude."""
    spots = gpd.GeoSeries([Point(127.0, 37.5), Point(129.1, 35.1), Point(126.5, 33.4)], crs=LONLAT)
    bessel = spots.to_crs("EPSG:5174")
    direct = crs.transform(np.asarray(bessel.values, dtype=object), "EPSG:5174", crs.KOREA_PLANE)
    through = crs.transform(np.asarray(spots.values, dtype=object), LONLAT, crs.KOREA_PLANE)
    assert shapely.distance(direct, through).max() < 1.0


def test_discs_have_exactly_the_area_asked_for_and_lie_round_their_position() -> None:
    spots = gpd.GeoSeries([Point(127.2, 37.15), Point(124.7, 37.95), Point(131.86, 37.24)], crs=LONLAT)
    areas = np.array([7.28e6, 636_000.0, 100.0])
    drawn = crs.discs(spots, areas)
    assert [geodesic(shape) for shape in drawn] == pytest.approx(areas.tolist(), rel=1e-6)
    centres = shapely.centroid(drawn)
    apart = GEOD.inv(spots.x, spots.y, shapely.get_x(centres), shapely.get_y(centres))[2]
    assert max(apart) < 0.5
    assert shapely.is_valid(drawn).all()


def test_a_disc_without_an_area_or_a_position_is_none() -> None:
    spots = gpd.GeoSeries([Point(127, 37), Point(127, 37), None, Point(), Point(127, 37)], crs=LONLAT)
    drawn = crs.discs(spots, np.array([np.nan, 0.0, 1e6, 1e6, 1e6]))
    assert [shape is None for shape in drawn] == [True, True, True, True, False]


def test_points_null_and_empty_shapes_have_no_area() -> None:
    mixed = gpd.GeoSeries([Point(127, 37), None, box(127, 37, 127.01, 37.01)], crs=LONLAT)
    assert np.isnan(crs.areas_m2(mixed)).tolist() == [True, True, False]


def test_distances_are_geodesic() -> None:
    one, other = (np.array([126.9]), np.array([37.5])), (np.array([129.1]), np.array([35.1]))
    assert crs.geodesic_distances_m(*one, *other) == pytest.approx([GEOD.inv(126.9, 37.5, 129.1, 35.1)[2]], rel=1e-12)


def test_the_plane_is_equal_area_and_carries_a_datum() -> None:
    assert "+proj=laea" in crs.KOREA_PLANE
    assert pyproj.CRS(crs.KOREA_PLANE).is_bound
    assert "+towgs84" in crs.plane_for((2, 48, 3, 49))


def test_coordinates_that_are_nowhere_do_not_break_the_choice_of_plane() -> None:
    assert crs.plane_for((np.nan, np.nan, np.nan, np.nan)) == crs.KOREA_PLANE


def test_a_frame_without_a_crs_is_refused_with_the_ways_to_name_one() -> None:
    with pytest.raises(cg.ClusterGeoError, match=r"my layer.*set_crs\(\"EPSG:4326\"\)"):
        crs.require_crs(gpd.GeoSeries([Point(0, 0)]), what="my layer")
