"""Candidates: grids whose cells tile a region, and parcels put together without using one twice."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from squares import PLANE, layer, sites, square

import clustergeo as cg
from clustergeo import crs


@pytest.mark.parametrize("shape", ["square", "hexagon"])
def test_the_cells_tile_a_real_region(shape: Any) -> None:
    regions = cg.load_regions("municipality")
    region = regions[regions["municipality_code_kostat"] == "33043"]
    cells = cg.grid(region, size_m=2000, shape=shape)
    assert (cells["area_m2"] * cells["inside_share"]).sum() == pytest.approx(crs.areas_m2(region.geometry)[0], rel=1e-6)
    assert crs.areas_m2(cells.geometry) == pytest.approx(cells["area_m2"], rel=1e-6)
    assert cells["site_id"].is_unique
    plane = cells.to_crs(crs.KOREA_PLANE).geometry
    rows, others = plane.sindex.query(plane, predicate="intersects")
    shared = plane.iloc[rows].reset_index(drop=True).intersection(plane.iloc[others].reset_index(drop=True)).area
    assert shared[rows != others].max() < 1


def test_a_cell_does_not_depend_on_the_region() -> None:
    small, large = (cg.grid(layer([square(0, 0, side)]), size_m=500).set_index("site_id") for side in (2000, 5000))
    both = small.index.intersection(large.index)
    assert len(both) == len(small)
    assert small.geometry.geom_equals_exact(large.geometry[small.index], 1e-6).all()


def test_cells_can_be_tagged_and_tell_their_share_inside() -> None:
    cells = cg.grid(layer([square(0, 0, 700)]), size_m=500)
    tagged = cg.tag(cells)
    assert tagged["province"].eq("경기도").all()
    assert tagged["inside_share"].tolist() == cells["inside_share"].tolist()
    assert cells["inside_share"].lt(1).any()


def test_a_hole_of_the_region_has_no_cell() -> None:
    ring = square(0, 0, 5000).difference(square(1000, 1000, 3000))
    cells = cg.grid(layer([ring]), size_m=500)
    assert not cells.within(square(1001, 1001, 2998)).any()
    assert cells["inside_share"].between(0, 1).all()


def test_what_exclusions_leave_can_be_a_region() -> None:
    rules = cg.Exclusions().add("wet", layer([square(0, 0, 500, 1000)], name="wet"))
    left = rules.apply(sites([square(0, 0, 1000)]), remainder=True).set_geometry("eligible")
    cells = cg.grid(left, size_m=100)
    assert (cells["area_m2"] * cells["inside_share"]).sum() == pytest.approx(500_000, rel=1e-3)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"size_m": 0}, "size_m is 0"),
        ({"size_m": 1}, "Take a larger size_m"),
        ({"size_m": 100, "shape": "round"}, "shape is 'round'"),
    ],
)
def test_a_wrong_grid_is_refused(options: Any, match: str) -> None:
    with pytest.raises(cg.ClusterGeoError, match=match):
        cg.grid(layer([square(0, 0, 5000)]), **options)


def test_an_empty_region_is_refused() -> None:
    with pytest.raises(cg.ClusterGeoError, match="no polygons"):
        cg.grid(gpd.GeoDataFrame(geometry=[None], crs=PLANE), size_m=100)


# Assemblies


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=20, unique=True), st.integers(1, 6)
)
@pytest.mark.filterwarnings("ignore:.*parcels are in no assembly:clustergeo.ClusterGeoWarning")
def test_assemblies_are_contiguous_large_enough_and_share_no_parcel(cells: list[tuple[int, int]], least: int) -> None:
    parcels = sites([square(x * 10, y * 10, 10) for x, y in cells])
    true = crs.areas_m2(parcels.geometry)
    out = cg.assemblies(parcels, min_area_m2=least * true.min() * 0.999)
    used = [name for names in out["parcels"] for name in names.split(";")]
    assert len(used) == len(set(used)) == out["parcel_count"].sum()
    assert (out["parcel_count"] >= least).all()
    assert all(shape.geom_type == "Polygon" for shape in out.geometry)
    # what is left over cannot make one more
    rest = [square(x * 10, y * 10, 10) for row, (x, y) in enumerate(cells) if str(row + 1) not in used]
    clumps = shapely.get_parts(shapely.union_all(rest)) if rest else []
    assert all(clump.area < least * 100 * 0.999 for clump in clumps)


def test_a_corner_is_no_border_and_what_is_left_is_told() -> None:
    parcels = sites([square(0, 0, 10), square(10, 10, 10)])
    with pytest.warns(cg.ClusterGeoWarning, match="2 of 2 parcels are in no assembly"):
        out = cg.assemblies(parcels, min_area_m2=150)
    assert len(out) == 0
    assert out.columns.tolist() == ["site_id", "parcels", "parcel_count", "area_m2", "geometry"]


def test_the_longest_border_is_taken_first() -> None:
    parcels = sites([square(0, 0, 10), square(10, 8, 10), square(-10, 1, 10)], site_id=["a", "b", "c"])
    with pytest.warns(cg.ClusterGeoWarning, match="1 of 3"):
        out = cg.assemblies(parcels, min_area_m2=190)
    assert out["parcels"].tolist() == ["a;c"]


def test_no_assembly_is_larger_than_it_may_be() -> None:
    parcels = sites([square(0, 0, 10), square(10, 0, 10, 50), square(0, 10, 10)])
    with pytest.warns(cg.ClusterGeoWarning, match="1 of 3"):
        out = cg.assemblies(parcels, min_area_m2=190, max_area_m2=300)
    assert out["parcels"].tolist() == ["1;3"]
    with pytest.raises(cg.ClusterGeoError, match="min_area_m2 is 5 and max_area_m2 2"):
        cg.assemblies(parcels, min_area_m2=5, max_area_m2=2)


def test_points_are_no_parcels() -> None:
    with pytest.raises(cg.ClusterGeoError, match="a Point, expected a Polygon"):
        cg.assemblies(sites([shapely.Point(0, 0)]), min_area_m2=1)
    assert np.isfinite(cg.assemblies(sites([square(0, 0, 10)]), min_area_m2=1)["area_m2"]).all()


# What files do to coordinates


@pytest.mark.parametrize("crs_", ["EPSG:5186", "EPSG:4326"])
def test_a_corner_on_the_middle_of_a_slanted_edge_is_a_border_whatever_rounding_does(crs_: str) -> None:
    start = np.array([230000.0, 480000.0])
    for number in range(1, 30):
        along = np.array([np.cos(0.2 * number), np.sin(0.2 * number)])
        across = np.array([-along[1], along[0]])
        # Corners at odd parts of the edge lie on it only to the last digit.
        first, last = start + number * 1.37 * along, start + (40 + number * 1.73) * along
        upper = shapely.Polygon([start, start + 100 * along, start + 100 * along + 40 * across, start + 40 * across])
        lower = shapely.Polygon([first, last, last - 30 * across, first - 30 * across])
        parcels = gpd.GeoDataFrame(geometry=[upper, lower], crs=PLANE).to_crs(crs_)
        out = cg.assemblies(parcels, min_area_m2=4_500)
        assert out["parcels"].tolist() == ["1;2"]
        assert out.geometry.iloc[0].geom_type == "Polygon"
        assert out["area_m2"].iloc[0] == pytest.approx(crs.areas_m2(out.geometry)[0], rel=1e-5)


@pytest.mark.parametrize(("gap", "together"), [(0.009, True), (0.02, False)])
def test_a_gap_of_less_than_a_centimetre_is_none(gap: float, together: bool) -> None:
    parcels = sites([square(0, 0, 10), square(10 + gap, 0, 10)])
    if together:
        out = cg.assemblies(parcels, min_area_m2=150)
        assert out["parcels"].tolist() == ["1;2"]
        assert out.geometry.iloc[0].geom_type == "Polygon"
    else:
        with pytest.warns(cg.ClusterGeoWarning, match="2 of 2"):
            assert len(cg.assemblies(parcels, min_area_m2=150)) == 0


def test_ground_in_two_parcels_counts_once() -> None:
    # Two of the same 100 m² are 100 m²; half on half of another are 150.
    with pytest.warns(cg.ClusterGeoWarning, match="2 of 2"):
        assert len(cg.assemblies(sites([square(0, 0, 10), square(0, 0, 10)]), min_area_m2=110)) == 0
    out = cg.assemblies(sites([square(0, 0, 10), square(5, 0, 10)]), min_area_m2=140)
    assert out["parcels"].tolist() == ["1;2"]
    assert out["area_m2"].iloc[0] == pytest.approx(crs.areas_m2(out.geometry)[0])
    assert out["area_m2"].iloc[0] == pytest.approx(150, rel=1e-3)


def test_the_longest_border_is_the_longest_on_the_ground() -> None:
    # 1.1 thousandths of a degree to the east are shorter than 1 to the north.
    middle, above = shapely.box(127, 37, 127.0011, 37.001), shapely.box(127, 37.001, 127.0011, 37.0015)
    beside = shapely.box(127.0011, 37, 127.0016, 37.001)
    parcels = gpd.GeoDataFrame({"site_id": ["m", "above", "beside"]}, geometry=[middle, above, beside], crs=4326)
    least = crs.areas_m2(parcels.geometry)[0] * 1.1
    with pytest.warns(cg.ClusterGeoWarning, match="1 of 3"):
        assert cg.assemblies(parcels, min_area_m2=least)["parcels"].tolist() == ["m;beside"]


def test_corners_on_a_long_parallel_are_borders_and_the_longest_is_taken_first() -> None:
    # On the plane the edge of 1.8 km is bent by some centimetres; the neighbour below shares all of it.
    whole, below = shapely.box(127, 37, 127.02, 37.01), shapely.box(127.005, 36.99, 127.015, 37)
    parcels = gpd.GeoDataFrame(geometry=[whole, below], crs=4326)
    assert cg.assemblies(parcels, min_area_m2=2.5e6)["parcels"].tolist() == ["1;2"]
    all_of_it, above = shapely.box(127, 36.99, 127.02, 37), shapely.box(127.004, 37.01, 127.016, 37.02)
    parcels = gpd.GeoDataFrame(geometry=[whole, all_of_it, above], crs=4326)
    with pytest.warns(cg.ClusterGeoWarning, match="1 of 3"):
        assert cg.assemblies(parcels, min_area_m2=2.5e6)["parcels"].tolist() == ["1;2"]


def test_a_gap_to_the_east_in_degrees_is_closed() -> None:
    gap = 0.0095 / 88_800
    shapes = [shapely.box(127, 37, 127.001, 37.001), shapely.box(127.001 + gap, 37, 127.002, 37.001)]
    out = cg.assemblies(gpd.GeoDataFrame(geometry=shapes, crs=4326), min_area_m2=1.5e4)
    assert out.geometry.geom_type.tolist() == ["Polygon"]


def test_many_parcels_with_gaps_become_one_polygon() -> None:
    shapes = [square(10.005 * column, 10.005 * row, 10) for column in range(12) for row in range(12)]
    parcels = sites(shapes)
    out = cg.assemblies(parcels, min_area_m2=float(crs.areas_m2(parcels.geometry).sum()) - 1)
    assert out["parcel_count"].tolist() == [144]
    assert out.geometry.geom_type.tolist() == ["Polygon"]
    assert out.geometry.is_valid.all()


def test_a_region_round_the_earth_is_refused() -> None:
    with pytest.raises(cg.ClusterGeoError, match="reaches round the earth"):
        cg.grid(shapely.box(-180, -80, 180, 80), size_m=1000)
