"""Exclusions: what each rule takes, what it alone takes, what stays, what is not decidable, and what is refused."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from squares import LONLAT, PLANE, layer, sites, square

import clustergeo as cg
from clustergeo import crs

SITE = square(0, 0, 100)
GEOD = Geod(ellps="GRS80")


def frame(*shapes: Any, crs: Any = PLANE) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=list(shapes), crs=crs)


def applied(rules: cg.Exclusions, *shapes: Any, remainder: bool = False, **columns: Any) -> Any:
    return rules.apply(sites(shapes or [SITE], **columns), remainder=remainder)


# What a rule takes


def test_a_site_falls_out_where_a_rule_takes_more_than_it_may_and_not_where_it_takes_just_that() -> None:
    wet = layer([square(0, 0, 30, 100)], name="wet")
    for limit, kept in ((0.29, False), (0.3, True), (0.31, True)):
        out = applied(cg.Exclusions().add("wet", wet, max_share=limit))
        assert out["kept"].tolist() == [kept]
        assert out["excluded_by"].tolist() == ["" if kept else "wet"]
        assert out["excluded_wet_share"].tolist() == [0.3]


def test_an_area_may_be_the_limit() -> None:
    wet = layer([square(0, 0, 30, 100)], name="wet")
    areas = applied(cg.Exclusions().add("wet", wet))["excluded_wet_area_m2"]
    assert areas.iloc[0] == pytest.approx(3000, rel=1e-3)
    for limit, kept in ((areas.iloc[0] - 1, False), (areas.iloc[0], True)):
        assert applied(cg.Exclusions().add("wet", wet, max_area_m2=limit))["kept"].tolist() == [kept]


def test_a_rule_that_only_touches_takes_nothing() -> None:
    out = applied(cg.Exclusions().add("wet", layer([square(100, 0, 50)], name="wet")))
    assert out["kept"].tolist() == [True]
    assert out["excluded_share"].tolist() == [0.0]


def test_a_long_shared_edge_in_degrees_is_a_touch_whatever_the_other_layers_are() -> None:
    site = frame(shapely.box(127, 37, 127.5, 37.5), crs=LONLAT)
    beside = cg.Layer(frame(shapely.box(127, 37.5, 127.5, 38), crs=LONLAT), name="beside", coverage="everywhere")
    rules = cg.Exclusions().add("beside", beside).add("far", layer([square(0, 0, 1)], name="far"), max_share=0.5)
    out = rules.apply(site)
    assert out["excluded_beside_share"].tolist() == [0.0]
    assert out["excluded_share"].tolist() == out["excluded_far_share"].tolist()
    assert out["kept"].tolist() == [True]


def test_no_sites_give_no_rows_with_every_column() -> None:
    rules = cg.Exclusions().add("wet", layer([SITE], name="wet"))
    none = rules.apply(sites([SITE]).iloc[:0], remainder=True)
    assert none.columns.tolist() == rules.apply(sites([SITE]), remainder=True).columns.tolist()
    assert len(none) == 0


def test_each_rule_has_its_share_what_it_alone_takes_and_all_have_a_total() -> None:
    left, right = layer([square(0, 0, 50, 100)], name="left"), layer([square(25, 0, 50, 100)], name="right")
    out = applied(cg.Exclusions().add("left", left).add("right", right))
    row = out.iloc[0]
    assert [row["excluded_left_share"], row["excluded_right_share"], row["excluded_share"]] == [0.5, 0.5, 0.75]
    assert [row["excluded_left_own_share"], row["excluded_right_own_share"]] == [0.25, 0.25]
    assert row["excluded_by"] == "left;right"
    assert row["eligible_area_m2"] == pytest.approx(2500, rel=1e-3)


def test_what_a_rule_alone_takes_can_be_left_out() -> None:
    rules = cg.Exclusions().add("wet", layer([square(0, 0, 50, 100)], name="wet"))
    out = rules.apply(sites([SITE]), own=False)
    assert "excluded_wet_own_share" not in out.columns
    assert rules.explain(out, "1") == "Site 1 is excluded: wet takes 50.0 % of it (none is allowed)."


boxes = st.tuples(*[st.integers(-4, 10)] * 2, *[st.integers(1, 8)] * 2)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(boxes, min_size=1, max_size=2), min_size=1, max_size=4))
def test_reasons_add_up_as_sets_do(grounds: list[list[tuple[int, ...]]]) -> None:
    site = square(0, 0, 10)
    drawn = [[square(*box) for box in ground] for ground in grounds]
    rules = cg.Exclusions()
    for number, shapes in enumerate(drawn):
        rules = rules.add(f"r{number}", layer(shapes, name=f"r{number}"))
    row = applied(rules, site).iloc[0]
    merged = [shapely.union_all(shapes) for shapes in drawn]
    total = 0.0
    for size in range(1, len(merged) + 1):
        for some in itertools.combinations(merged, size):
            both = shapely.intersection_all([site, *some])
            total += (-1) ** (size + 1) * both.area / site.area
    assert row["excluded_share"] == pytest.approx(total, abs=1e-9)
    for number, one in enumerate(merged):
        others = shapely.union_all([other for at, other in enumerate(merged) if at != number])
        own = shapely.difference(shapely.intersection(site, one), others).area / site.area
        assert row[f"excluded_r{number}_share"] == pytest.approx(site.intersection(one).area / site.area, abs=1e-9)
        assert row[f"excluded_r{number}_own_share"] == pytest.approx(own, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.lists(boxes, min_size=1, max_size=2), st.sampled_from([0.25, 0.5, 1.0])), max_size=4))
def test_what_weighted_rules_leave_of_a_spot_is_multiplied(grounds: list[tuple[list[tuple[int, ...]], float]]) -> None:
    cells = np.zeros((len(grounds) + 1, 10, 10))
    rules = cg.Exclusions().add("none", layer([square(500, 0, 1)], name="none"))
    for number, (shapes, weight) in enumerate(grounds):
        name = f"r{number}"
        rules = rules.add(name, layer([square(*box) for box in shapes], name=name), weight=weight, max_share=0.5)
        for x, y, width, height in shapes:
            cells[number, max(x, 0) : max(x + width, 0), max(y, 0) : max(y + height, 0)] = weight
    row = rules.apply(sites([square(0, 0, 10)]), remainder=True).iloc[0]

    def taken(*left_out: int) -> float:
        return float(1 - np.prod(1 - np.delete(cells, left_out, axis=0), axis=0).mean())

    assert row["excluded_share"] == pytest.approx(taken(), abs=1e-9)
    assert row["eligible_area_m2"] == pytest.approx(100 * (1 - taken()), rel=1e-3, abs=1e-6)
    for number in range(len(grounds)):
        assert row[f"excluded_r{number}_share"] == pytest.approx(cells[number].mean(), abs=1e-9)
        assert row[f"excluded_r{number}_own_share"] == pytest.approx(taken() - taken(number), abs=1e-9)
    # Ground of which something is left stays in the remainder.
    wholly = (cells == 1).any(axis=0).mean()
    assert row["eligible"].area == pytest.approx(100 * (1 - wholly), rel=1e-6, abs=1e-6)


def test_a_weighted_include_layer_is_not_told_as_ground_outside_it() -> None:
    rules = cg.Exclusions().add("plan", layer([square(0, 0, 20, 100)], name="plan"), include=True, weight=0.5)
    out = applied(rules)
    # 80 % of the site lie outside, and half of that counts.
    assert rules.explain(out, "1") == (
        "Site 1 is excluded: what lies outside plan (of which 50 % counts) takes 40.0 % of it (none is allowed)."
    )
    assert "plan (50 %만 반영) 밖 저촉 비율 40.0 %" in rules.explain(out, "1", lang="ko")


def test_weighted_rules_that_have_all_of_a_site_need_no_more_than_their_weights() -> None:
    rules = cg.Exclusions()
    for name, width, weight in (("a", 100, 0.5), ("b", 100, 0.2), ("c", 50, 0.4)):
        rules = rules.add(name, layer([square(0, 0, width, 100)], name=name), weight=weight)
    row = applied(rules).iloc[0]
    # Half of the site keeps 0.5 x 0.8 and half 0.5 x 0.8 x 0.6.
    assert row["excluded_share"] == pytest.approx(1 - 0.32)
    own = [row[f"excluded_{name}_own_share"] for name in "abc"]
    assert own == pytest.approx([0.64 - 0.32, 0.4 - 0.32, 0.4 - 0.32])


@pytest.mark.parametrize("partial", [3, 9])
def test_many_weighted_rules_take_of_each_spot_what_their_weights_say(partial: int) -> None:
    # Strips of 30 m, each 10 m further, over six grounds that have all of the site: terms must not double with each.
    weights = [0.1 + 0.05 * number for number in range(partial)]
    kept = np.ones((partial + 6, 100))
    rules = cg.Exclusions()
    for number, weight in enumerate([*weights, *[0.05] * 6]):
        start, width = (10 * number, min(30, 100 - 10 * number)) if number < partial else (0, 100)
        kept[number, start : start + width] = 1 - weight
        rules = rules.add(f"r{number}", layer([square(start, 0, width, 100)], name=f"r{number}"), weight=weight)
    row = applied(rules).iloc[0]
    assert row["excluded_share"] == pytest.approx(1 - np.prod(kept, axis=0).mean(), abs=1e-9)
    for number in range(len(kept)):
        own = (np.prod(np.delete(kept, number, axis=0), axis=0) - np.prod(kept, axis=0)).mean()
        assert row[f"excluded_r{number}_own_share"] == pytest.approx(own, abs=1e-9)


def test_a_rule_takes_the_true_of_numpy() -> None:
    rules = cg.Exclusions().add("plan", layer([SITE], name="plan"), include=np.True_)
    assert "plan (only inside" in repr(rules)
    assert applied(rules)["kept"].tolist() == [True]


def test_a_weight_bounds_what_a_rule_takes_where_little_is_known() -> None:
    rules = cg.Exclusions().add("wet", layer([square(0, 0, 50, 100)], name="wet"), weight=0.4, max_share=0.3)
    out = applied(rules, SITE, shapely.Point(200010, 500010), shapely.Point(200090, 500010))
    assert out["excluded_wet_share"].tolist() == pytest.approx([0.2, 0.4, 0.0])
    assert out["excluded_share"].tolist() == pytest.approx([0.2, 0.4, 0.0])
    assert out["kept"].tolist() == [True, False, True]
    # The site is half of what contains it, so that all or nothing of it may lie in the layer.
    held = sites([square(25, 25, 50)], footprint_basis=["disc"], area_km2=[0.005], within=[SITE])
    row = rules.add("dry", layer([square(0, 0, 100)], name="dry"), weight=0.5).apply(held).iloc[0]
    assert [row["excluded_wet_share_low"], row["excluded_wet_share_high"]] == pytest.approx([0.0, 0.4], abs=1e-3)
    assert [row["excluded_dry_share_low"], row["excluded_dry_share_high"]] == pytest.approx([0.5, 0.5])
    assert row["excluded_share_low"] <= 0.5 + 1e-9
    assert row["excluded_share_high"] == pytest.approx(0.7, abs=1e-3)
    silent = cg.Exclusions().add("wet", layer([square(900, 0, 1)], name="wet", coverage=None), weight=0.4)
    with pytest.warns(cg.ClusterGeoWarning):
        assert applied(silent)["excluded_share_high"].tolist() == pytest.approx([0.4])


def test_a_weight_is_told_in_the_table_and_the_sentence() -> None:
    rules = cg.Exclusions().add("wet", layer([SITE], name="wet"), weight=0.4)
    assert rules.table()["weight"].tolist() == [0.4]
    assert "weight 0.4" in repr(rules)
    out = applied(rules)
    assert "wet (of which 40 % counts) takes 40.0 % of it" in rules.explain(out, "1")
    assert "40 %만 반영" in rules.explain(out, "1", lang="ko")


def test_real_municipalities_less_real_localities_are_what_shapely_leaves() -> None:
    regions = cg.load_regions("municipality").to_crs(PLANE)
    localities = cg.load_regions("locality").to_crs(PLANE)
    some = regions[regions["municipality_code_kostat"].isin(["31191", "33043", "36040"])][["geometry"]]
    some.geometry = some.geometry.make_valid()
    ground = localities.iloc[::3][["geometry"]].copy()
    ground.geometry = ground.geometry.make_valid().buffer(0)
    rules = cg.Exclusions().add("ground", ground, coverage="everywhere")
    out = rules.apply(some, remainder=True)
    merged = ground.geometry.union_all()
    expected = some.geometry.difference(merged)
    assert np.allclose(out["eligible"].area, expected.area, rtol=1e-9)
    assert np.allclose(1 - out["excluded_share"], expected.area / some.area, rtol=1e-9)
    assert out["eligible"].symmetric_difference(expected).area.max() < 1


# Buffers


@pytest.mark.parametrize("place", [(127.0, 37.0), (126.5, 33.3), (131.87, 37.24)])
@pytest.mark.parametrize("distance", [50.0, 20_000.0])
def test_a_buffer_is_round_and_true_by_the_geodesic(place: tuple[float, float], distance: float) -> None:
    road = frame(shapely.Point(place), crs=LONLAT)
    rules = cg.Exclusions().add("road", road, buffer_m=distance, coverage="everywhere")
    angles = np.arange(0, 360, 17.0)
    for factor, inside in ((0.999, True), (1.001, False)):
        starts = (np.full(len(angles), at) for at in place)
        east, north, _ = GEOD.fwd(*starts, angles, np.full(len(angles), distance * factor))
        spots = gpd.GeoDataFrame(geometry=shapely.points(east, north), crs=LONLAT)
        assert (rules.apply(spots)["kept"] == (not inside)).all()


def test_every_kind_of_rule_together_is_what_plain_set_operations_leave_on_real_boundaries() -> None:
    places = cg.load_regions("locality").to_crs(PLANE).geometry
    places = places[places.intersects(shapely.box(210_000, 430_000, 240_000, 460_000))].reset_index(drop=True)
    found = {
        name: places.iloc[start::step] for name, start, step in (("a", 0, 5), ("b", 1, 4), ("c", 2, 3), ("d", 3, 9))
    }
    whole = {name: shapely.union_all(shapes.to_numpy()) for name, shapes in found.items()}
    made = {name: layer(shapes, name=name) for name, shapes in found.items()}
    road = shapely.LineString([(211_000, 431_000), (228_000, 447_000), (239_000, 434_000)])
    rules = (
        cg.Exclusions()
        .add("a", made["a"], max_share=0.3)
        .add("inner", made["b"], buffer_m=-400)
        .add("road", frame(road), buffer_m=250, coverage="everywhere")
        .add("plan", made["c"], include=True, weight=0.3)
        .add("cond", made["a"], buffer_m=300, where=found["b"], weight=0.6)
        .add("port", made["d"], forced=True)
    )
    drawn = [
        shapely.Point(x, y).buffer(900) for x in range(212_000, 240_000, 7_000) for y in range(432_000, 460_000, 7_000)
    ]
    out = rules.apply(sites(drawn), remainder=True)
    ground = {
        "a": whole["a"],
        "inner": whole["b"].buffer(-400, quad_segs=128),
        "road": road.buffer(250, quad_segs=128),
        "plan": shapely.box(150_000, 380_000, 300_000, 520_000).difference(whole["c"]),
        "cond": whole["a"].buffer(300, quad_segs=128).intersection(whole["b"]),
    }
    left = {name: 1 - {"plan": 0.3, "cond": 0.6}.get(name, 1.0) for name in ground}
    for row, site in enumerate(drawn):
        # The site cut by every ground in turn, each part with what is left of it.
        parts = [(site.intersection(whole["d"]), 1.0), (site.difference(whole["d"]), 1.0)]
        for name, shape in ground.items():
            free = shape.difference(whole["d"])
            share = (1 - left[name]) * site.intersection(free).area / site.area
            assert out[f"excluded_{name}_share"].iloc[row] == pytest.approx(share, abs=2e-4), name
            parts = [(part.intersection(free), much * left[name]) for part, much in parts] + [
                (part.difference(free), much) for part, much in parts
            ]
        eligible = sum(part.area * much for part, much in parts) / site.area
        assert 1 - out["excluded_share"].iloc[row] == pytest.approx(eligible, abs=2e-4)
        hard = site.difference(
            shapely.union_all([ground[name] for name in ("a", "inner", "road")]).difference(whole["d"])
        )
        assert out["eligible"].iloc[row].area == pytest.approx(hard.area, abs=2e-4 * site.area)
    assert (out["excluded_share"] > 0.1).sum() > 5


@pytest.mark.parametrize("km", [5, 60])
def test_a_buffer_is_as_wide_in_a_crs_whose_metres_are_none(km: float) -> None:
    # In Web Mercator, which maps of the web come in, 80 m of Korea are some 100 m.
    mast = frame(shapely.Point(127, 37), crs=LONLAT).to_crs("EPSG:3857")
    near, far = (GEOD.fwd(127, 37, 90, 1000 * km * part)[:2] for part in (0.998, 1.002))
    spots = [shapely.Point(place).buffer(1e-6) for place in (near, far)]
    out = cg.Exclusions().add("mast", mast, buffer_m=1000 * km, coverage="everywhere")
    assert out.apply(frame(*spots, crs=LONLAT).to_crs("EPSG:3857"))["kept"].tolist() == [False, True]


def test_a_buffer_narrows_what_is_known_by_its_true_width_in_any_crs() -> None:
    known = shapely.box(126, 36, 128, 38)
    mast = frame(shapely.Point(126.1, 36.1), crs=LONLAT).to_crs("EPSG:3857")
    rules = cg.Exclusions().add("mast", mast, buffer_m=20_000, coverage=known)
    near, far = (GEOD.fwd(128, 37, 270, metres)[:2] for metres in (19_990, 20_500))
    spots = frame(*(shapely.Point(place).buffer(1e-6) for place in (near, far)), crs=LONLAT).to_crs("EPSG:3857")
    with pytest.warns(cg.ClusterGeoWarning, match="says nothing about 1 site"):
        assert rules.apply(spots)["kept"].isna().tolist() == [True, False]
    # To the north the scale of Web Mercator is another than to the east.
    near, far = (GEOD.fwd(127, 38, 180, metres)[:2] for metres in (19_990, 20_500))
    spots = frame(*(shapely.Point(place).buffer(1e-6) for place in (near, far)), crs=LONLAT).to_crs("EPSG:3857")
    with pytest.warns(cg.ClusterGeoWarning, match="says nothing about 1 site"):
        assert rules.apply(spots)["kept"].isna().tolist() == [True, False]


def test_a_buffer_of_a_line_is_a_strip_with_round_ends() -> None:
    road = frame(shapely.LineString([square(0, 0, 1).exterior.coords[3], square(1000, 0, 1).exterior.coords[3]]))
    out = applied(cg.Exclusions().add("road", road, buffer_m=50, coverage="everywhere"), square(-500, -500, 2000, 1000))
    assert out["excluded_road_area_m2"].iloc[0] == pytest.approx(1000 * 100 + np.pi * 50**2, rel=1e-3)


def test_a_setback_leaves_the_edge_of_the_dissolved_layer_alone() -> None:
    halves = layer([square(0, 0, 50, 100), square(50, 0, 50, 100)], name="halves")
    out = applied(cg.Exclusions().add("halves", halves, buffer_m=-10))
    assert out["excluded_halves_share"].iloc[0] == pytest.approx(0.64, rel=1e-3)


def test_long_lines_are_cut_and_lose_nothing() -> None:
    line = shapely.LineString([(126.8, 36.0), (128.3, 37.5)])
    rules = cg.Exclusions().add("line", frame(line, crs=LONLAT), buffer_m=1000, coverage="everywhere")
    spots = [line.interpolate(at, normalized=True) for at in np.linspace(0, 1, 200)]
    assert not rules.apply(frame(*spots, crs=LONLAT))["kept"].any()


# Include, forced and conditional layers


def test_only_ground_in_an_include_layer_is_eligible() -> None:
    zone = layer([square(0, 0, 60, 100)], name="zone")
    out = applied(cg.Exclusions().add("zone", zone, include=True, max_share=0.5), remainder=True)
    assert out["excluded_zone_share"].tolist() == [pytest.approx(0.4)]
    assert out["kept"].tolist() == [True]
    assert out["eligible"].iloc[0].equals(square(0, 0, 60, 100))


def test_forced_ground_is_eligible_whatever_comes_before_or_after() -> None:
    wet, plan = layer([SITE], name="wet"), layer([square(0, 0, 40, 100)], name="plan")
    for rules in (
        cg.Exclusions().add("wet", wet).add("plan", plan, forced=True),
        cg.Exclusions().add("plan", plan, forced=True).add("wet", wet),
    ):
        assert applied(rules)["excluded_share"].tolist() == [pytest.approx(0.6)]


def test_a_conditional_rule_takes_ground_only_where_it_holds() -> None:
    wet = layer([square(0, 0, 100, 50)], name="wet")
    rules = cg.Exclusions().add("wet", wet, where=frame(square(0, 0, 50, 100)))
    assert applied(rules)["excluded_wet_share"].tolist() == [pytest.approx(0.25)]
    beyond = cg.Exclusions().add("wet", wet, where=frame(square(500, 0, 50, 100)))
    assert applied(beyond)["kept"].tolist() == [True]


# What stays


def test_the_remainder_and_its_largest_part_are_given_on_request() -> None:
    stripe = layer([square(30, -10, 10, 200)], name="stripe")
    rules = cg.Exclusions().add("stripe", stripe, max_share=0.5)
    assert "eligible" not in applied(rules).columns
    out = applied(rules, SITE, square(31, 0, 5), square(500, 0, 10), remainder=True)
    assert [shape.geom_type for shape in out["eligible"]] == ["MultiPolygon", "Polygon", "Polygon"]
    assert out["eligible"].is_empty.tolist() == [False, True, False]
    assert out["eligible_area_m2"].tolist() == [pytest.approx(9000, rel=1e-3), 0.0, pytest.approx(100, rel=1e-3)]
    assert out["eligible_largest_m2"].tolist() == [pytest.approx(6000, rel=1e-3), 0.0, pytest.approx(100, rel=1e-3)]
    assert out["kept"].tolist() == [True, False, True]


def test_the_remainder_of_sites_that_nothing_meets_is_the_sites() -> None:
    rules = cg.Exclusions().add("wet", layer([square(500, 0, 10)], name="wet"))
    out = applied(rules, SITE, SITE.centroid, remainder=True)
    assert out["eligible"].iloc[0].equals(SITE)
    assert out["eligible"].iloc[1] is None
    assert out["eligible_largest_m2"].isna().tolist() == [False, True]


def test_shipped_sites_are_excluded_only_where_their_addresses_prove_it() -> None:
    capital = cg.load_capital_region()[["geometry"]]
    rules = cg.Exclusions().add("seoul_area", capital, coverage="everywhere", max_share=0.5)
    out = rules.apply(cg.load_sites(), remainder=True).set_index("site_id")
    assert out.index[~out["kept"]].tolist() == ["yongin"]
    assert out["kept"].notna().all()
    assert out["eligible"].isna().all()


def test_the_sites_stay_as_they_were_and_so_do_the_rules() -> None:
    given_sites = sites([SITE], note=["mine"]).set_index(np.array([7]))
    before = given_sites.copy()
    none, wet = cg.Exclusions(), layer([SITE], name="wet")
    out = none.add("wet", wet).apply(given_sites)
    assert given_sites.equals(before)
    assert len(none) == 0
    assert out.index.tolist() == [7]
    assert out["note"].tolist() == ["mine"]


def test_a_tagged_frame_is_taken_as_it_is() -> None:
    wet = layer([SITE], name="rdz")
    out = cg.Exclusions().add("rdz", wet).apply(cg.tag(sites([SITE]), zones={"rdz": wet}))
    assert out["excluded_rdz_share"].tolist() == out["rdz_share"].tolist() == [1.0]


# What is not known


def test_outside_the_coverage_a_site_is_not_kept_but_undecided() -> None:
    wet = layer([square(500, 0, 10)], name="wet", coverage=None)
    with pytest.warns(cg.ClusterGeoWarning, match="says nothing about 1 site"):
        out = applied(cg.Exclusions().add("wet", wet))
    assert out["kept"].isna().all()
    assert out["undecided_by"].tolist() == ["wet"]
    assert out[["excluded_share", "excluded_wet_share", "eligible_area_m2"]].isna().all(axis=None)
    assert out[["excluded_wet_share_low", "excluded_wet_share_high"]].values.tolist() == [[0.0, 1.0]]


def test_forced_ground_beside_the_edge_of_what_is_known_makes_no_polygon_that_crosses_itself() -> None:
    places = cg.load_regions("locality").set_index("locality_code_kostat").geometry
    inside = places[places.index.str.startswith("33")]
    rdz = cg.Layer(gpd.GeoDataFrame(geometry=inside.iloc[::5]), name="rdz", coverage=["kostat:33"])
    port = cg.Layer(gpd.GeoDataFrame(geometry=places.loc[["2505058"]]), name="port")
    box = shapely.box(-38000.001033195156, 53116.22381086148, -2000.00000021848, 85447.83890210652)
    rules = cg.Exclusions().add("rdz", rdz, max_share=0.3).add("port", port, forced=True)
    with pytest.warns(cg.ClusterGeoWarning, match="says nothing about 1 site"):
        out = rules.apply(sites([box], crs=crs.KOREA_PLANE))
    assert out["excluded_rdz_share_low"].iloc[0] < out["excluded_rdz_share_high"].iloc[0]


def test_a_site_far_from_where_the_layer_is_known_is_undecided_beside_forced_ground_too() -> None:
    near = gpd.GeoSeries([square(0, 0, 100)], crs=PLANE).to_crs("EPSG:4326").iloc[0]
    wet = layer([square(0, 0, 50, 100)], name="wet", coverage=near)
    rules = cg.Exclusions().add("wet", wet).add("port", layer([square(0, 0, 1)], name="port"), forced=True)
    with pytest.warns(cg.ClusterGeoWarning, match="says nothing about 1 site"):
        out = applied(rules, square(90_000, 0, 100))
    assert out["kept"].isna().tolist() == [True]
    assert [out["excluded_wet_share_low"].iloc[0], out["excluded_wet_share_high"].iloc[0]] == [0.0, 1.0]


def test_what_is_known_decides_where_it_is_enough() -> None:
    half = gpd.GeoSeries([square(0, 0, 50, 100)], crs=PLANE)
    wet = layer([square(0, 0, 40, 100)], name="wet", coverage=gpd.GeoDataFrame(geometry=half))
    with pytest.warns(cg.ClusterGeoWarning):
        out = applied(cg.Exclusions().add("wet", wet, max_share=0.3))
    assert out["kept"].tolist() == [False]
    assert out[["excluded_wet_share_low", "excluded_wet_share_high"]].iloc[0].tolist() == [
        pytest.approx(0.4),
        pytest.approx(0.9),
    ]
    with pytest.warns(cg.ClusterGeoWarning):
        assert applied(cg.Exclusions().add("wet", wet, max_share=0.95))["kept"].tolist() == [True]


def test_a_site_known_by_what_contains_it_has_proved_bounds() -> None:
    wet = layer([square(-500, -500, 2000, 500)], name="wet")
    near = square(-500, -500, 1000)
    out = applied(
        cg.Exclusions().add("wet", wet, max_share=0.9),
        SITE,
        footprint_basis=["disc"],
        area_km2=[0.75],
        within=[near],
    )
    assert out["kept"].tolist() == [True]
    low, high = out.iloc[0][["excluded_wet_share_low", "excluded_wet_share_high"]]
    assert low == pytest.approx(1 / 3, rel=1e-3)
    assert high == pytest.approx(2 / 3, rel=1e-3)


def test_a_missing_footprint_decides_nothing() -> None:
    out = applied(cg.Exclusions().add("wet", layer([SITE], name="wet")), SITE, None)
    assert out["kept"].isna().tolist() == [False, True]
    assert out["excluded_wet_share"].isna().tolist() == [False, True]


def test_a_point_is_in_or_out_but_has_no_area() -> None:
    wet = layer([SITE], name="wet")
    spots = [square(50, 50, 1).centroid, square(500, 50, 1).centroid]
    assert applied(cg.Exclusions().add("wet", wet), *spots)["kept"].tolist() == [False, True]
    by_area = applied(cg.Exclusions().add("wet", wet, max_area_m2=10), *spots)["kept"]
    assert by_area.isna().tolist() == [True, False]


# The sentences


def test_every_site_is_explained_in_one_sentence_in_both_languages() -> None:
    wet = layer([square(0, 0, 50, 100)], name="wet")
    road = frame(square(25, 0, 50, 100))
    rules = cg.Exclusions().add("wet", wet, max_share=0.3).add("road", road, coverage="everywhere")
    out = applied(rules, SITE, square(500, 0, 10))
    assert rules.explain(out, "1") == (
        "Site 1 is excluded: wet takes 50.0 % of it, 25.0 % by it alone (at most 30.0 % is allowed); "
        "road takes 50.0 % of it, 25.0 % by it alone (none is allowed); together all rules take 75.0 %."
    )
    assert rules.explain(out, "2") == ("Site 2 is kept: no rule takes anything of it.")
    assert rules.explain(out, "1", lang="ko") == (
        "부지 1은(는) 제외됩니다: wet 저촉 비율 50.0 %, 이 규칙에만 저촉 25.0 %(허용 30.0 % 이하); "
        "road 저촉 비율 50.0 %, 이 규칙에만 저촉 25.0 %(허용하지 않음); 모든 규칙을 합치면 75.0 %."
    )
    assert rules.explain(out, "2", lang="ko") == "부지 2은(는) 유지됩니다: 어느 규칙에도 저촉되지 않습니다."
    silent = cg.Exclusions().add("wet", layer([square(900, 0, 1)], name="wet", coverage=None))
    with pytest.warns(cg.ClusterGeoWarning):
        unknown = applied(silent)
    assert "not decidable" in silent.explain(unknown, "1")
    assert "판정할 수 없습니다: wet 저촉 비율 0.0 %에서 100.0 % 사이(허용하지 않음)" in silent.explain(
        unknown, "1", lang="ko"
    )
    with pytest.raises(cg.ClusterGeoError, match="no site '9'"):
        rules.explain(out, "9")
    with pytest.raises(cg.ClusterGeoError, match="no column 'kept'"):
        rules.explain(sites([SITE], site_id=["1"]), "1")


def test_each_kind_of_rule_is_told_as_what_it_is() -> None:
    def told(*shapes: Any, **options: Any) -> list[str]:
        rules = cg.Exclusions().add("wet", layer([square(0, 0, 60, 100)], name="wet"), **options)
        out = applied(rules, *(shapes or [SITE]))
        return [rules.explain(out, "1", lang=lang).partition(": ")[2] for lang in ("en", "ko")]

    assert told(max_area_m2=100) == [
        "wet takes 60.0 % of it, 6,000 m² (at most 100 m² is allowed).",
        "wet 저촉 비율 60.0 %, 6,000 m²(허용 100 m² 이하).",
    ]
    assert told(include=True, max_share=0.1) == [
        "40.0 % of it lies outside wet (at most 10.0 % is allowed).",
        "wet 밖의 비율 40.0 %(허용 10.0 % 이하).",
    ]
    assert told(buffer_m=-10, max_share=0.1) == [
        "wet (set back 10 m) takes 32.0 % of it (at most 10.0 % is allowed).",
        "wet (경계 안쪽 10 m는 뺌) 저촉 비율 32.0 %(허용 10.0 % 이하).",
    ]
    assert told(where=gpd.GeoSeries([square(0, 0, 10, 100)], crs=PLANE)) == [
        "wet (where it holds) takes 10.0 % of it (none is allowed).",
        "wet (적용 지역 안에서만) 저촉 비율 10.0 %(허용하지 않음).",
    ]
    point = shapely.Point(200010, 500010)
    assert told(point) == ["it lies in wet (none is allowed).", "wet 안에 있음(허용하지 않음)."]


def test_the_table_says_what_each_rule_rests_on() -> None:
    wet = layer([SITE], name="wet", as_of="2025-01-01", source="somewhere")
    table = cg.Exclusions().add("wet", wet, max_area_m2=5, buffer_m=20).table()
    assert table[["rule", "kind", "max_area_m2", "buffer_m", "as_of", "source"]].values.tolist() == [
        ["wet", "exclude", 5, 20.0, "2025-01-01", "somewhere"]
    ]


# Refusals

POINTS = frame(shapely.Point(200000, 500000))
WET = frame(SITE)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"layer": POINTS, "buffer_m": -5}, "buffer_m=-5, but row 0 of its layer is a Point"),
        ({"layer": POINTS}, "has no area"),
        ({"layer": gpd.GeoDataFrame(geometry=[SITE])}, "no coordinate reference system"),
        ({"layer": WET, "max_share": 1.0}, "max_share is 1.0"),
        ({"layer": WET, "max_share": float("nan")}, "max_share is nan"),
        ({"layer": WET, "max_area_m2": -1}, "max_area_m2 is -1"),
        ({"layer": WET, "max_share": 0.1, "max_area_m2": 1}, "both given"),
        ({"layer": WET, "buffer_m": float("nan")}, "buffer_m is nan"),
        ({"layer": WET, "buffer_m": 200_000}, "at most 100,000"),
        ({"layer": WET, "include": True, "forced": True}, "include and forced"),
        ({"layer": WET, "forced": True, "max_share": 0.1}, "excludes nothing"),
        ({"layer": WET, "where": POINTS}, "`where` of rule 'wet'"),
        ({"layer": layer([SITE], name="wet"), "coverage": "everywhere"}, "beside a Layer"),
    ],
)
def test_a_wrong_rule_is_refused_by_name(options: dict[str, Any], match: str) -> None:
    with pytest.raises(cg.ClusterGeoError, match=match):
        cg.Exclusions().add("wet", **options)


def test_options_and_shapes_of_the_wrong_kind_are_refused_by_name() -> None:
    for key in ("max_share", "max_area_m2", "buffer_m", "weight"):
        with pytest.raises(cg.ClusterGeoError, match=f"Rule 'wet' cannot be used: {key} is 'much'; expected a number"):
            cg.Exclusions().add("wet", WET, **{key: "much"})
    for weight in (0, 1.5, -1):
        with pytest.raises(cg.ClusterGeoError, match="more than 0 and at most 1"):
            cg.Exclusions().add("wet", WET, weight=weight)
    with pytest.raises(cg.ClusterGeoError, match="takes nothing, so it has no weight"):
        cg.Exclusions().add("wet", WET, forced=True, weight=0.5)
    for key in ("include", "forced"):
        with pytest.raises(cg.ClusterGeoError, match=f"{key} is 'no'; expected True or False"):
            cg.Exclusions().add("wet", WET, **{key: "no"})
    with np.errstate(invalid="ignore"):
        nowhere = frame(shapely.LineString([(200000, 500000), (np.nan, 500000)]))
    with pytest.raises(cg.ClusterGeoError, match="row 0: Invalid Coordinate"):
        cg.Exclusions().add("road", nowhere, buffer_m=5, coverage="everywhere")
    with pytest.raises(cg.ClusterGeoError, match="row 0: Invalid Coordinate"):
        cg.Criteria().distance("road", nowhere, value=cg.Value.linear(worst=9, best=0), coverage="everywhere")


def test_a_second_rule_of_a_name_and_an_empty_set_are_refused() -> None:
    with pytest.raises(cg.ClusterGeoError, match="'wet' already"):
        cg.Exclusions().add("wet", WET).add("wet", WET)
    with pytest.raises(cg.ClusterGeoError, match="nothing to exclude by"):
        applied(cg.Exclusions().add("plan", WET, forced=True))


@pytest.mark.parametrize("options", [{"include": True}, {"where": WET}])
def test_a_coverage_is_needed_where_the_rest_of_the_ground_counts(options: dict[str, Any]) -> None:
    with pytest.raises(cg.ClusterGeoError, match=r"coverage of rule 'wet' is not known.*Declare"):
        applied(cg.Exclusions().add("wet", WET, **options))


def test_a_column_that_would_be_overwritten_is_refused() -> None:
    with pytest.raises(cg.ClusterGeoError, match="'kept' would be overwritten by the result"):
        applied(cg.Exclusions().add("wet", layer([SITE], name="wet")), kept=[True])


def test_nothing_warns_when_everything_is_known() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # An old pyproj beside a newer numpy speaks of its own inside.
        warnings.simplefilter("ignore", DeprecationWarning)
        applied(cg.Exclusions().add("wet", layer([SITE], name="wet")), SITE, remainder=True)
