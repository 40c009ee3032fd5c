"""Criteria: what is measured, how good it is, and how what is not known widens the bounds."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from squares import LONLAT, PLANE, layer, sites, square

import clustergeo as cg
from clustergeo.siting.values import Value

GEOD = Geod(ellps="GRS80")
KM = Value.linear(worst=100_000, best=0, unit="m")


def spots(*places: tuple[float, float], **columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns or None, geometry=[shapely.Point(place) for place in places], crs=LONLAT)


def distance_to(shape: Any, place: tuple[float, float], coverage: Any = "everywhere") -> Any:
    frame = gpd.GeoDataFrame(geometry=[shape], crs=LONLAT)
    return cg.Criteria().distance("x", frame, value=KM, coverage=coverage).measure(spots(place)).iloc[0]


# Measures


def test_the_distance_is_the_geodesic_to_the_nearest_point() -> None:
    rng = np.random.default_rng(4)
    targets, froms = (np.column_stack([rng.uniform(126, 129, 60), rng.uniform(34, 38, 60)]) for _ in range(2))
    criteria = cg.Criteria().distance("x", spots(*targets), value=KM, coverage="everywhere")
    found = criteria.measure(spots(*froms))["criterion_x_m"]
    every = [GEOD.inv(*np.broadcast_to(at, targets.shape).T, *targets.T)[2].min() for at in froms]
    assert np.allclose(found, every, rtol=1e-9)


def test_the_distance_to_a_line_is_that_to_its_nearest_spot() -> None:
    line = shapely.LineString([(126, 36), (129, 36.5)])
    found = distance_to(line, (127.3, 37.2))["criterion_x_m"]
    along = shapely.get_coordinates(line.interpolate(np.linspace(0, 1, 20_001), normalized=True))
    expected = GEOD.inv(*np.broadcast_to((127.3, 37.2), along.shape).T, *along.T)[2].min()
    assert found == pytest.approx(expected, rel=1e-6)


def test_inside_a_polygon_the_distance_is_0() -> None:
    assert distance_to(shapely.box(127, 37, 128, 38), (127.5, 37.5))["criterion_x_m"] == 0
    assert distance_to(shapely.box(127, 37, 128, 38), (127.5, 37.5))["value_x"] == 1


def test_shapes_within_a_distance_are_counted() -> None:
    firms = spots((127, 37), (127, 37.01), (127, 37.2))
    firms_near = cg.Criteria().count(
        "firms", firms, within_m=2000, value=Value.linear(worst=0, best=4), coverage="everywhere"
    )
    assert firms_near.measure(spots((127, 37)))[["criterion_firms_count", "value_firms"]].values.tolist() == [[2, 0.5]]


def test_the_share_is_that_of_an_overlay() -> None:
    flat = layer([square(0, 0, 25, 100)], name="flat")
    out = cg.Criteria().share("flat", flat, value=Value.linear(worst=0, best=0.5)).measure(sites([square(0, 0, 100)]))
    assert out[["criterion_flat_share", "value_flat"]].values.tolist() == [[0.25, 0.5]]


def test_a_column_counts_as_it_is_given_and_null_stays_null() -> None:
    cheap = cg.Criteria().attribute("price", column="won", value=Value.linear(worst=10, best=0, unit="won"))
    out = cheap.measure(spots((127, 37), (127, 37), won=[4, None]))
    assert out["criterion_price_won"].isna().tolist() == [False, True]
    assert out["value_price"].iloc[0] == pytest.approx(0.6)
    assert out["value_price"].isna().tolist() == [False, True]
    assert out[["value_price_low", "value_price_high"]].iloc[1].tolist() == [0, 1]


# What is not known


def test_a_position_error_bounds_the_distance_both_ways() -> None:
    rail = spots((127, 37))
    near = cg.Criteria().distance("rail", rail, value=KM, coverage="everywhere")
    out = near.measure(spots((127, 37.2), position_error_m=[1000.0])).iloc[0]
    true = GEOD.inv(127, 37, 127, 37.2)[2]
    assert np.isnan(out["criterion_rail_m"])
    assert out["value_rail_low"] == pytest.approx(KM([true + 1000])[0], abs=1e-4)
    assert out["value_rail_high"] == pytest.approx(KM([true - 1000])[0], abs=1e-4)


def test_beyond_the_coverage_something_nearer_may_be() -> None:
    known = shapely.box(126.9, 36.9, 127.1, 37.1)
    far = distance_to(shapely.Point(127, 37.09), (127, 36.91), coverage=known)
    assert np.isnan(far["criterion_x_m"])
    edge = GEOD.inv(127, 36.91, 127, 36.9)[2]
    assert far["value_x_high"] == pytest.approx(KM([edge])[0], abs=1e-4)
    near = distance_to(shapely.Point(127, 37.001), (127, 37), coverage=known)
    assert near["criterion_x_m"] == pytest.approx(GEOD.inv(127, 37.001, 127, 37)[2])


def test_a_count_that_reaches_beyond_the_coverage_has_no_upper_bound() -> None:
    known = shapely.box(126.9, 36.9, 127.1, 37.1)
    many = Value.linear(worst=0, best=4)
    criteria = cg.Criteria().count("x", spots((127, 37)), within_m=50_000, value=many, coverage=known)
    row = criteria.measure(spots((127, 37))).iloc[0]
    assert row[["value_x_low", "value_x_high"]].tolist() == [0.25, 1.0]


def test_a_site_without_a_geometry_has_no_distance() -> None:
    gone = gpd.GeoDataFrame(geometry=[None], crs=LONLAT)
    row = cg.Criteria().distance("x", spots((127, 37)), value=KM, coverage="everywhere").measure(gone).iloc[0]
    assert np.isnan(row["criterion_x_m"])
    assert row[["value_x_low", "value_x_high"]].tolist() == [0.0, 1.0]


# Value functions

FUNCTIONS = [
    KM,
    Value.ideal(3, minimum=-2, maximum=9),
    Value.step([(0, 0.2), (5, 1.0), (7, 0.4)]),
    Value.logistic(middle=2, width=-3),
    Value.piecewise([(0, 1), (2, 0.1), (8, 0.7)]),
]


@given(st.sampled_from(FUNCTIONS), st.lists(st.floats(-20, 20), min_size=3, max_size=3))
def test_the_bounds_of_a_value_hold_every_value_between(function: Value, figures: list[float]) -> None:
    low, middle, high = sorted(figures)
    least, most = function.bounds(np.array([low]), np.array([high]))
    assert least[0] - 1e-12 <= function([middle])[0] <= most[0] + 1e-12
    assert 0 <= least[0] <= most[0] <= 1


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Value.linear(worst=5, best=5), "ends are equal"),
        (lambda: Value.linear(worst=0, best=float("inf")), "not finite"),
        (lambda: Value.linear(worst=float("-inf"), best=0), "not finite"),
        (lambda: Value.piecewise([(float("-inf"), 0), (1, 1)]), "not finite"),
        (lambda: Value.ideal(5, minimum=5, maximum=9), "ends are equal"),
        (lambda: Value.piecewise([(0, 0)]), "two points or more"),
        (lambda: Value.piecewise([(0, 0), (1, 1.5)]), "outside 0 to 1"),
        (lambda: Value.piecewise([(0, 1), (1, 1)]), "tells no site from another"),
        (lambda: Value.step([(1, 0)]), "tells no site from another"),
        (lambda: Value.logistic(middle=0, width=0), "width not 0"),
    ],
)
def test_a_value_function_that_says_nothing_is_refused(make: Any, match: str) -> None:
    with pytest.raises(cg.ClusterGeoError, match=match):
        make()


# Refusals


def test_what_cannot_be_measured_is_refused() -> None:
    rail = spots((127, 37))
    with pytest.raises(cg.ClusterGeoError, match=r"coverage of the layer of criterion 'rail'.*Declare"):
        cg.Criteria().distance("rail", rail, value=KM)
    with pytest.raises(cg.ClusterGeoError, match="is of 'm', but a count is measured in 'count'"):
        cg.Criteria().count("rail", rail, within_m=1, value=KM, coverage="everywhere")
    with pytest.raises(cg.ClusterGeoError, match="'rail' already"):
        cg.Criteria().attribute("rail", value=KM).attribute("rail", value=KM)
    with pytest.raises(cg.ClusterGeoError, match="no criterion"):
        cg.Criteria().measure(rail)
    with pytest.raises(cg.ClusterGeoError, match="needs a column 'price'"):
        cg.Criteria().attribute("price", value=KM).measure(rail)
    with pytest.raises(cg.ClusterGeoError, match="holds 'dear' in row 1"):
        cg.Criteria().attribute("price", value=KM).measure(spots((127, 37), (127, 37), price=["1", "dear"]))
    days = spots((127, 37), price=np.array(["2026-01-01"], dtype="datetime64[s]"))
    with pytest.raises(cg.ClusterGeoError, match=r"'price' of criterion 'price' holds times \(datetime64"):
        cg.Criteria().attribute("price", value=KM).measure(days)
    with pytest.raises(
        cg.ClusterGeoError, match=r"'rail' is a share in polygons, but row 0 of its layer is a Point\. Give"
    ):
        cg.Criteria().share("rail", rail, value=Value.linear(worst=0, best=1), coverage="everywhere")
    with pytest.raises(cg.ClusterGeoError, match="'가격' cannot name a criterion"):
        cg.Criteria().attribute("가격", value=KM)
    with pytest.raises(cg.ClusterGeoError, match="has no shapes"):
        cg.Criteria().distance("rail", rail.iloc[:0], value=KM, coverage="everywhere")
    with pytest.raises(cg.ClusterGeoError, match="within_m=0"):
        cg.Criteria().count("rail", rail, within_m=0, value=KM, coverage="everywhere")


def test_the_frame_of_the_caller_is_not_changed() -> None:
    mine = sites([square(0, 0, 10)], crs=PLANE, price=[1.0])
    before = mine.copy()
    cg.Criteria().attribute("price", value=KM).measure(mine)
    assert mine.equals(before)


def test_a_long_edge_drawn_in_web_mercator_is_as_far_as_it_was_drawn() -> None:
    line = gpd.GeoSeries([shapely.LineString([(127.0, 36.0), (127.4, 36.3)])], crs="EPSG:4326").to_crs("EPSG:3857")
    middle = line.interpolate(0.5, normalized=True).to_crs("EPSG:4326").iloc[0]
    east, north, _ = Geod(ellps="GRS80").fwd(middle.x, middle.y, 315, 100.0)
    spot = gpd.GeoDataFrame(geometry=[shapely.Point(east, north)], crs="EPSG:4326")
    drawn = gpd.GeoDataFrame(geometry=line)
    near = cg.Criteria().distance("line", drawn, value=cg.Value.linear(worst=200, best=0), coverage="everywhere")
    # The straight line of a plane between its ends passes 25 m away.
    assert near.measure(spot)["criterion_line_m"].tolist() == pytest.approx([99.92], abs=0.05)
    for width, kept in ((99.0, True), (101.0, False)):
        rules = cg.Exclusions().add("line", drawn, buffer_m=width, coverage="everywhere")
        assert rules.apply(spot)["kept"].tolist() == [kept]
