"""Law 6: bounds are proved. They are compared with every way a site can lie."""

from __future__ import annotations

import itertools
import math
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, Polygon, box
from squares import LONLAT, PLANE, layer, sites, square

import clustergeo as cg
from clustergeo import footprints

LAEA = "+proj=laea +lat_0=36 +lon_0=127.75 +ellps=GRS80 +towgs84=0,0,0,0,0,0,0 +units=m +no_defs"


def bounds(inside: float, unknown: float, container: float, size: float) -> tuple[float, float]:
    arrays = (np.array([value], dtype=float) for value in (inside, unknown, container, size))
    low, high = footprints.bounds(*arrays)
    return float(low[0]), float(high[0])


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_no_way_of_placing_a_site_breaks_a_bound_and_some_way_meets_each(data: st.DataObject) -> None:
    """U is a row of cells, Z some of them, the site any k of them: every choice is tried."""
    cells = data.draw(st.integers(1, 9))
    zone = set(data.draw(st.lists(st.integers(0, cells - 1), unique=True)))
    size = data.draw(st.integers(1, cells))
    shares = [len(zone & set(chosen)) / size for chosen in itertools.combinations(range(cells), size)]
    low, high = bounds(len(zone), 0, cells, size)
    assert low == pytest.approx(min(shares), abs=1e-12)
    assert high == pytest.approx(max(shares), abs=1e-12)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_where_part_of_the_ground_is_not_covered_every_filling_of_it_stays_within_the_bounds(
    data: st.DataObject,
) -> None:
    cells = data.draw(st.integers(1, 8))
    kinds = data.draw(st.lists(st.sampled_from("zn?"), min_size=cells, max_size=cells))
    size = data.draw(st.integers(1, cells))
    hidden = [i for i, kind in enumerate(kinds) if kind == "?"]
    shares = []
    for filling in itertools.product((False, True), repeat=len(hidden)):
        zone = {i for i, kind in enumerate(kinds) if kind == "z"} | set(itertools.compress(hidden, filling))
        shares += [len(zone & set(chosen)) / size for chosen in itertools.combinations(range(cells), size)]
    low, high = bounds(kinds.count("z"), len(hidden), cells, size)
    assert low == pytest.approx(min(shares), abs=1e-12)
    assert high == pytest.approx(max(shares), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    corner=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    shape=st.tuples(st.floats(0.05, 1), st.floats(0.05, 1)),
    zones=st.lists(st.tuples(*[st.floats(-2, 12)] * 2, *[st.floats(0.1, 9)] * 2), min_size=1, max_size=4),
)
def test_no_rectangle_within_a_square_breaks_the_bounds(
    corner: tuple[float, float], shape: tuple[float, float], zones: list[tuple[float, float, float, float]]
) -> None:
    container = box(0, 0, 10, 10)
    width, height = 10 * shape[0], 10 * shape[1]
    x, y = corner[0] * (10 - width), corner[1] * (10 - height)
    site = box(x, y, x + width, y + height)
    zone = shapely.union_all([box(a, b, a + w, b + h) for a, b, w, h in zones])
    low, high = bounds(zone.intersection(container).area, 0, container.area, site.area)
    share = zone.intersection(site).area / site.area
    assert low - 1e-9 <= share <= high + 1e-9
    assert 0 <= low <= high <= 1


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((0, 0, 4, 2), (0, 0)),
        ((4, 0, 4, 2), (1, 1)),
        ((1, 0, 4, 2), (0, 0.5)),
        ((3, 0, 4, 2), (0.5, 1)),
        ((0, 1, 4, 2), (0, 0.5)),
        ((2, 2, 4, 2), (0, 1)),
        ((3, 0, 4, 4), (0.75, 0.75)),
        ((0, 0, 4, 0), (0, 0)),
        ((4, 0, 4, 0), (1, 1)),
        ((1, 0, 4, 0), (0, 1)),
        ((0, 1, 4, 0), (0, 1)),
    ],
)
def test_bounds_known_by_hand(numbers: tuple[float, ...], expected: tuple[float, float]) -> None:
    assert bounds(*numbers) == pytest.approx(expected, abs=1e-15)


@given(inside=st.floats(0, 1e10), size=st.floats(1e-3, 1e10))
def test_the_bounds_of_a_measured_footprint_are_the_same_number(inside: float, size: float) -> None:
    """Container and site are one; the two bounds are equal, not nearly equal."""
    low, high = bounds(min(inside, size), 0, size, size)
    assert low == high


@given(size=st.floats(1e-3, 1e10), container=st.floats(1e-3, 1e10))
def test_an_exact_nought_or_one_of_the_ground_is_one_of_the_bounds(size: float, container: float) -> None:
    container = max(size, container)
    assert bounds(0, 0, container, size) == (0, 0)
    assert bounds(container, 0, container, size) == (1, 1)


def test_nothing_known_gives_no_bounds() -> None:
    assert all(math.isnan(value) for value in bounds(0, 0, math.nan, 1))


@pytest.mark.parametrize("crs", [LAEA, LONLAT, PLANE, "EPSG:5179", "EPSG:3857"])
def test_the_bounds_of_a_disc_hold_in_any_projection(crs: str) -> None:
    """A site of 4 km2 in 5 km2 of which 4 lie in the zone: at least three quarters; areas are true ones."""
    # A vertex where the zone ends: in degrees a longer edge is another line than the zone's part of it.
    around = Polygon([(0, 0), (2000, 0), (2500, 0), (2500, 2000), (2000, 2000), (0, 2000)])
    ground = gpd.GeoSeries([around, box(0, 0, 2000, 2000), Point(1250, 1000).buffer(500)], crs=LAEA)
    within, zone, disc = ground.translate(-60_000, 100_000).to_crs(crs)
    frame = sites([disc], crs, footprint_basis=["disc"], area_km2=[4.0])
    frame["within"] = gpd.GeoSeries([within], crs=crs)
    tagged = cg.tag(frame, zones={"rdz": layer([zone], crs)}).iloc[0]
    assert tagged["rdz_share_low"] == pytest.approx(0.75, abs=1e-5)
    assert tagged["rdz_share_high"] == pytest.approx(1.0, abs=1e-9)
    assert tagged["rdz_share_low"] <= tagged["rdz_share"] <= tagged["rdz_share_high"]


def beside_the_border(distances: list[float]) -> gpd.GeoSeries:
    """Return points north of Cheonan at distances from the inland border, negative inside the capital region."""
    capital = cg.load_capital_region().to_crs(PLANE).geometry.iloc[0]
    farm = gpd.GeoSeries([Point(127.1195, 36.946)], crs=LONLAT).to_crs(PLANE).iloc[0]
    near = shapely.get_point(shapely.shortest_line(capital, farm), 0)
    length = near.distance(farm)
    step = np.array([farm.x - near.x, farm.y - near.y]) / length
    return gpd.GeoSeries([Point(near.x + d * step[0], near.y + d * step[1]) for d in distances], crs=PLANE)


def test_a_measured_footprint_is_judged_only_beyond_the_error_of_the_boundary() -> None:
    points = beside_the_border([60, 150, 195, 205, 400])
    tagged = cg.tag(sites(list(points.buffer(20)), PLANE))
    assert tagged["in_capital_region"].isna().tolist() == [True, True, True, False, False]
    assert tagged["in_capital_region"].iloc[3:].tolist() == [False, False]
    assert tagged["capital_border_km"].tolist() == pytest.approx([0.06, 0.15, 0.195, 0.205, 0.4], abs=0.001)
    assert tagged["capital_share_high"].tolist() == [0.0] * 5


def test_a_bare_point_is_judged_only_beyond_the_error_of_the_boundary() -> None:
    tagged = cg.tag(sites(list(beside_the_border([50, 195, 205, 400])), PLANE))
    assert tagged["in_capital_region"].isna().tolist() == [True, True, False, False]


def test_a_position_with_an_error_is_judged_no_more_boldly_than_one_without() -> None:
    """The disc of the error ends 130 m from a border that is itself good to 200 m: not decidable."""
    points = list(beside_the_border([150, -50]))
    tagged = cg.tag(sites(points, PLANE, footprint_basis=["point"] * 2, position_error_m=[20.0, 20.0]))
    assert tagged["in_capital_region"].isna().all()


def test_a_container_across_the_border_decides_nothing_unless_both_bounds_lie_on_one_side() -> None:
    points = list(beside_the_border([0, 0]))
    frame = sites(points, PLANE, footprint_basis=["point", "point"], position_error_m=[3000.0, 30.0])
    tagged = cg.tag(frame)
    assert tagged["in_capital_region"].isna().all()
    assert tagged["capital_share_low"].tolist() == [0.0, 0.0]
    assert tagged["capital_share_high"].tolist() == [1.0, 1.0]
    assert tagged["municipality"].isna().all()
    assert tagged["municipality_alternatives"].str.contains(";").all()


def test_a_site_larger_than_what_contains_it_proves_nothing_and_says_so() -> None:
    frame = sites([square(0, 0, 2000)], footprint_basis=["disc"], area_km2=[4.0], position_error_m=[100.0])
    with pytest.warns(cg.ClusterGeoWarning, match="larger than the area"):
        tagged = cg.tag(frame)
    assert tagged[["capital_share_low", "capital_share_high"]].isna().all(axis=None)


def test_a_site_of_unknown_area_in_a_known_place_is_still_proved() -> None:
    """Wherever and however large, it lies in Idong-eup and Namsa-eup: its share of the capital region is 1."""
    tagged = cg.tag(cg.load_sites(as_of="2022-12-31")).set_index("site_id")
    assert tagged["area_km2"].isna().all()
    assert tagged.loc["yongin", ["capital_share_low", "capital_share_high"]].tolist() == [1.0, 1.0]
    assert tagged.loc["daegu", ["capital_share_low", "capital_share_high"]].tolist() == [0.0, 0.0]


def test_the_verdict_of_each_of_the_15_is_proved() -> None:
    tagged = cg.tag(cg.load_sites())
    yongin = tagged["site_id"] == "yongin"
    assert tagged["in_capital_region"].tolist() == yongin.tolist()
    for column in ("capital_share", "capital_share_low", "capital_share_high"):
        assert tagged[column].tolist() == yongin.astype(float).tolist()


def test_a_measured_site_partly_covered_by_a_layer_gets_bounds_and_no_share() -> None:
    covered: Any = gpd.GeoSeries([square(-10, -10, 760, 1020)], crs=PLANE).to_crs(LONLAT).iloc[0]
    zone = layer([square(0, 0, 250, 1000)], coverage=covered)
    tagged = cg.tag(sites([square(0, 0, 1000)]), zones={"rdz": zone}).iloc[0]
    assert pd.isna(tagged["rdz_share"])
    assert tagged["rdz_present"]
    assert tagged["rdz_share_low"] == pytest.approx(0.25, abs=1e-6)
    assert tagged["rdz_share_high"] == pytest.approx(0.5, abs=1e-6)


def somewhere(**columns: Any) -> gpd.GeoDataFrame:
    """A site of a hundredth of a square kilometre somewhere in a square of one, half of it in a zone."""
    frame = sites([None], footprint_basis=["disc"], area_km2=[0.01], **columns)
    return frame.assign(within=gpd.GeoSeries([square(0, 0, 1000)], crs=PLANE, index=frame.index))


def test_what_contains_a_site_proves_the_same_in_the_crs_of_the_layer_and_in_another() -> None:
    zone = layer([square(-10, -10, 1020)], coverage="everywhere")
    frame = somewhere()
    moved = frame.to_crs(LONLAT).assign(within=frame["within"].to_crs(LONLAT))
    for row in (cg.tag(one, zones={"rdz": zone}).iloc[0] for one in (frame, moved)):
        assert row[["rdz_present", "rdz_share", "rdz_share_low", "rdz_share_high"]].tolist() == [True, 1.0, 1.0, 1.0]


def test_a_layer_that_knows_the_ground_and_leaves_it_open_is_named_with_the_bounds_0_and_1() -> None:
    zone = layer([square(0, 0, 500, 1000)], coverage="everywhere", as_of="2025-01-01", source="the gazette")
    row = cg.tag(somewhere(), zones={"rdz": zone}).iloc[0]
    assert pd.isna(row["rdz_present"])
    assert pd.isna(row["rdz_share"])
    assert row[["rdz_share_low", "rdz_share_high"]].tolist() == [0.0, 1.0]
    assert row[["rdz_basis", "rdz_as_of", "rdz_source"]].tolist() == ["estimated", "2025-01-01", "the gazette"]


def test_a_layer_that_does_not_know_all_of_the_ground_and_leaves_it_open_says_nothing() -> None:
    half: Any = gpd.GeoSeries([square(-10, -10, 520, 1020)], crs=PLANE).to_crs(LONLAT).iloc[0]
    zone = layer([square(0, 0, 400, 1000)], coverage=half, as_of="2025-01-01", source="the gazette")
    row = cg.tag(somewhere(), zones={"rdz": zone}).iloc[0]
    assert row["rdz_basis"] == "unknown"
    assert row[["rdz_share_low", "rdz_share_high", "rdz_as_of", "rdz_source"]].isna().all()


def test_what_was_reported_stands_where_a_layer_leaves_it_open() -> None:
    zone = layer([square(0, 0, 500, 1000)], coverage="everywhere", as_of="2025-01-01", source="the gazette")
    said = {"present": [True], "share": [0.9], "basis": ["reported"], "as_of": ["2024-05-01"], "source": ["a paper"]}
    row = cg.tag(
        somewhere(**{f"rdz_reported_{name}": value for name, value in said.items()}), zones={"rdz": zone}
    ).iloc[0]
    assert row[["rdz_present", "rdz_share"]].tolist() == [True, 0.9]
    assert row[["rdz_basis", "rdz_as_of", "rdz_source"]].tolist() == ["reported", "2024-05-01", "a paper"]


def test_a_container_of_the_size_of_the_site_leaves_nothing_open_but_for_rounding() -> None:
    for size in (1 + 3e-10, 1 - 3e-10):
        low, high = bounds(0.3, 0, 1, size)
        assert low <= high
        assert high - low == pytest.approx(0, abs=1e-9)
