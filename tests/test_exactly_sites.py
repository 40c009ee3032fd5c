"""Sites at exact places: bounds that are equal, coverage that just suffices, sizes and distances at their limits."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from shapely import Point, Polygon, box
from squares import EAST, LONLAT, NORTH, PLANE, layer, sites, square

import clustergeo as cg
from clustergeo import _regions, _zones, crs, footprints, overlap
from clustergeo.errors import InputError

KOREA = crs.KOREA_PLANE


def array(*shapes: Any) -> Any:
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out


def prints_of(*shapes: Any, source: Any = KOREA, **columns: Any) -> footprints.Footprints:
    evidence = gpd.GeoDataFrame({"site_id": [f"s{row}" for row in range(len(shapes))]})
    for name, values in columns.items():
        evidence[name] = gpd.GeoSeries(values, crs=source) if name == "within" else values
    return footprints.of(evidence, array(*shapes), pyproj.CRS(source), KOREA)


def bounds(inside: float, unknown: float, container: float, size: float) -> tuple[float, float]:
    low, high = footprints.bounds(*(np.array([value], dtype=float) for value in (inside, unknown, container, size)))
    return float(low[0]), float(high[0])


# Footprints


def test_a_square_of_two_kilometres_has_the_area_of_the_plane_and_a_longer_one_the_geodesic_one() -> None:
    found = prints_of(box(0, 0, 2000, 2000), box(0, 0, 2001, 1000), box(0, 0, 1000, 2001), Point(0, 0), None)
    assert found.true_areas[0] == 4e6
    for row in (1, 2):
        assert found.true_areas[row] != 2_001_000.0
        assert found.true_areas[row] == pytest.approx(2_001_000.0, rel=1e-6)
    assert np.isnan(found.true_areas[3:]).all()
    assert prints_of().true_areas.shape == (0,)


def test_the_size_of_a_disc_is_the_reported_one_if_it_is_positive() -> None:
    discs = [Point(0, 0).buffer(100)] * 4
    found = prints_of(*discs, footprint_basis=["disc"] * 4, area_km2=[2.0, 5e-7, 0.0, np.nan])
    np.testing.assert_array_equal(found.sizes, [2e6, 0.5, np.nan, np.nan])
    assert found.disc.all()
    assert not (found.measured | found.point | found.contained | found.bare).any()
    assert np.isnan(prints_of(discs[0], footprint_basis=["disc"]).sizes).all()


def test_what_each_site_is() -> None:
    ground = box(-10, -10, 10, 10)
    found = prints_of(
        box(0, 0, 1, 2), Point(0, 0).buffer(1), Point(3, 4), Point(5, 6), None,
        footprint_basis=["measured", "disc", "point", None, "disc"],
        within=[ground, ground, ground, Polygon(), ground], position_error_m=[np.nan, 5.0, 5.0, 7.0, 5.0],
    )  # fmt: skip
    assert found.measured.tolist() == [True, False, False, False, False]
    assert found.disc.tolist() == [False, True, False, False, False]
    assert found.point.tolist() == [False, False, True, True, False]
    # an empty `within` says nothing: there the position error counts
    assert found.whole[[0, 1, 2, 4]].tolist() == pytest.approx([2, 400, 400, 400], rel=1e-9)
    assert found.whole[3] == pytest.approx(np.pi * 49, rel=1e-2)
    np.testing.assert_array_equal(found.errors, [0, np.nan, np.nan, 7, np.nan])
    np.testing.assert_array_equal(found.sizes, [2, np.nan, 0, 0, np.nan])
    assert found.contained.all()
    assert len(found) == 5


def test_a_containing_area_may_have_a_crs_of_its_own() -> None:
    ground = gpd.GeoSeries([box(-10, -10, 10, 10)], crs=KOREA).to_crs(LONLAT)
    evidence = gpd.GeoDataFrame({"within": ground})
    found = footprints.of(evidence, array(Point(0, 0)), pyproj.CRS(KOREA), KOREA)
    assert found.whole.tolist() == pytest.approx([400.0], rel=1e-6)


def test_without_a_containing_area_a_point_is_bare_and_has_no_error() -> None:
    found = prints_of(Point(3, 4), Point(5, 6), position_error_m=[np.nan, 30.0])
    assert found.bare.tolist() == [True, False]
    assert found.errors.tolist() == [0.0, 30.0]
    assert prints_of(Point(3, 4)).bare.tolist() == [True]
    assert prints_of(Point(3, 4)).errors.tolist() == [0.0]


def test_a_site_as_large_as_its_containing_area_is_believed_and_a_larger_one_refuted() -> None:
    ground, disc = box(0, 0, 1000, 1000), Point(500, 500).buffer(10)
    sizes = [1.0, 1 + 1e-9, 1 + 2e-9, 2.0]
    found = prints_of(*[disc] * 4, footprint_basis=["disc"] * 4, area_km2=sizes, within=[ground] * 4)
    assert found.refuted.tolist() == [False, False, True, True]
    np.testing.assert_array_equal(found.whole, [1e6, 1e6, np.nan, np.nan])
    assert [shape is None for shape in overlap.as_array(found.containers)] == [False, False, True, True]
    larger = prints_of(box(0, 0, 10, 10), within=[box(0, 0, 1, 1)])
    assert (larger.refuted.tolist(), larger.whole.tolist()) == ([False], [100.0])


def test_sites_left_out_count_as_missing_and_the_drawn_ones_keep_their_areas() -> None:
    found = prints_of(box(0, 0, 1, 2), Point(0, 0).buffer(1), Point(3, 4), footprint_basis=["measured", "disc", None])
    few = found.only(np.array([False, True, True]))
    assert (few.measured.tolist(), few.disc.tolist()) == ([False] * 3, [False, True, False])
    assert few.point.tolist() == [False, False, True]
    assert [overlap.as_array(some)[0] for some in (few.shapes, few.containers, few.drawn)] == [None] * 3
    assert np.isnan(few.whole[0])
    drawn = found.as_drawn
    np.testing.assert_array_equal(drawn.whole, [2, np.nan, np.nan])
    np.testing.assert_array_equal(drawn.sizes, [2, np.nan, np.nan])
    assert not (drawn.disc | drawn.point).any()
    assert drawn.plane == found.crs
    assert overlap.as_array(drawn.shapes)[1] is None


def test_bounds_at_the_edge_of_what_is_rounding() -> None:
    assert bounds(1 - 0.9e-9, 0, 1, 0.5) == (1.0, 1.0)
    assert bounds(1 - 1.1e-9, 0, 1, 0.5)[0] < 1.0
    assert bounds(0.9e-13, 0, 1, 0.5) == (0.0, 0.0)
    assert bounds(1.1e-13, 0, 1, 0.5)[1] > 0.0
    assert bounds(0, 0.9e-13, 1, 0.5) == (0.0, 0.0)
    assert bounds(0, 1.1e-13, 1, 0.5)[1] > 0.0
    assert bounds(0.5, 0, 1, np.nan) == bounds(0.5, 0, 1, 0) == (0.0, 1.0)
    assert bounds(0.25, 0.25, 1, 0.5) == (0.0, 1.0)
    assert bounds(0.25, 0.125, 1, 0.5) == (0.0, 0.75)
    assert bounds(0.75, 0, 1, 0.5) == (0.5, 1.0)


def test_flags_are_known_where_a_bound_decides() -> None:
    nan = np.nan
    found = footprints.flags(np.array([0.5, 0.0, 0.0, 1.0, nan]), np.array([1.0, 0.0, 1.0, 1.0, nan]))
    assert found.tolist() == [True, False, pd.NA, True, pd.NA]


# Zones


def zone_of(frame: gpd.GeoDataFrame, zone: cg.Layer, name: str = "rdz") -> pd.DataFrame:
    found = cg.tag(frame, zones={name: zone})
    return pd.DataFrame(found)[[column for column in found.columns if column.startswith(f"{name}_")]]


def test_a_layer_is_complete_over_a_site_only_within_rounding() -> None:
    """Coverage to a part of a thousand million of the site is all of it; a metre less is not."""
    site = square(0, 0, 1000)
    frame = sites([site])
    zone = [square(0, 0, 250, 1000)]

    def covered(width: float) -> pd.Series:
        ground = gpd.GeoSeries([square(-5, -5, width + 5, 1010)], crs=PLANE).to_crs(LONLAT).iloc[0]
        return zone_of(frame, layer(zone, coverage=ground)).iloc[0]

    assert covered(1001)["rdz_share"] == 0.25
    part = covered(999)
    assert pd.isna(part["rdz_share"])
    assert part["rdz_share_low"] == pytest.approx(0.25, abs=1e-6)
    assert part["rdz_share_high"] == pytest.approx(0.251, abs=1e-4)
    assert part["rdz_present"]
    assert part["rdz_basis"] == "measured"


def test_a_layer_of_unknown_coverage_shows_of_a_container_only_its_own_ground() -> None:
    ground = square(0, 0, 1000)
    frame = sites([Point(ground.centroid).buffer(10)] * 2, footprint_basis=["disc"] * 2, area_km2=[0.5, 0.9])
    frame["within"] = gpd.GeoSeries([ground] * 2, crs=PLANE)
    found = zone_of(frame, layer([square(0, 0, 600, 1000)], coverage=None))
    assert found["rdz_share_low"].tolist() == pytest.approx([0.2, 5 / 9], abs=1e-4)
    assert found["rdz_share_high"].tolist() == [1.0, 1.0]
    assert found["rdz_present"].tolist() == [True, True]
    known = zone_of(frame, layer([square(0, 0, 600, 1000)]))
    assert known["rdz_share_high"].tolist() == pytest.approx([1.0, 6 / 9], abs=1e-4)
    assert known["rdz_share"].tolist() == pytest.approx([1.0, 6 / 9], abs=1e-4)
    assert known["rdz_basis"].tolist() == ["estimated"] * 2
    assert known["rdz_area_m2"].tolist() == pytest.approx([5e5, 6e5], rel=1e-3)


def test_a_point_of_which_more_is_known_has_bounds_and_no_share() -> None:
    frame = sites([Point(EAST, NORTH)] * 3, footprint_basis=["point"] * 3, position_error_m=[100.0, 100.0, np.nan])
    for zone, present, low, high in (
        (square(-500, -500, 1000), True, 1.0, 1.0),
        (square(0, -500, 1000), None, 0.0, 1.0),
        (square(5000, 0, 100), False, 0.0, 0.0),
    ):
        found = zone_of(frame.iloc[:1], layer([zone])).iloc[0]
        assert found["rdz_present"] is pd.NA if present is None else found["rdz_present"] == present
        assert pd.isna(found["rdz_share"])
        assert [found["rdz_share_low"], found["rdz_share_high"]] == [low, high]
        assert found["rdz_basis"] == "estimated"
    bare = zone_of(frame, layer([square(-500, -500, 1000)]))
    assert bare["rdz_basis"].tolist() == ["estimated", "estimated", "measured"]
    assert np.isnan(bare["rdz_share_low"].iloc[2])


def test_a_bare_point_is_judged_by_coverage_and_by_the_zone_that_holds_it() -> None:
    ground = gpd.GeoSeries([square(-100, -100, 200)], crs=PLANE).to_crs(LONLAT).iloc[0]
    frame = sites([Point(EAST, NORTH), Point(EAST + 50, NORTH), Point(EAST + 500, NORTH)])
    zone = [square(-10, -10, 20)]
    with pytest.warns(cg.ClusterGeoWarning, match="1 site.*outside its coverage"):
        found = zone_of(frame, layer(zone, coverage=ground))
    assert found["rdz_present"].tolist() == [True, False, pd.NA]
    assert found["rdz_basis"].tolist() == ["measured", "measured", "unknown"]
    assert found["rdz_source"].tolist()[2] is None
    with pytest.warns(cg.ClusterGeoWarning, match="2 site.*coverage is not known"):
        assert zone_of(frame, layer(zone, coverage=None))["rdz_present"].tolist() == [True, pd.NA, pd.NA]
    assert zone_of(frame, layer(zone))["rdz_present"].tolist() == [True, False, False]


def test_zones_are_prepared_once_in_each_crs() -> None:
    zones = _zones.Zones([layer([square(0, 0, 10)])])
    assert zones.index(PLANE) is zones.index(PLANE)
    assert zones.index(PLANE) is not zones.index(KOREA)
    assert zones.share(PLANE)
    assert not zones.share(KOREA)
    ground = gpd.GeoSeries([square(0, 0, 10)], crs=PLANE).to_crs(LONLAT).iloc[0]
    covered = _zones.Zones([layer([square(0, 0, 10)], coverage=ground)])
    assert covered.ground(KOREA) is covered.ground(KOREA)
    assert covered.ground(KOREA).inside(array(None)).tolist() == [0.0]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("99", "no province code"),
        ("31999", "no KOSTAT municipality code"),
        ("mois:31191", "no KOSTAT municipality code"),
        ("kostat:41", "no province code"),
    ],
)
def test_a_coverage_that_means_no_place_is_refused(code: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        _zones.coverage_shape(layer([square(0, 0, 1)], coverage=code))


def test_a_code_that_means_two_provinces_is_refused_and_said_with_its_scheme_it_is_not() -> None:
    def area(code: str) -> float:
        shape = _zones.coverage_shape(layer([square(0, 0, 1)], coverage=code, as_of="2018-12-31"))
        return float(shapely.area(crs.transform(array(shape), LONLAT, KOREA))[0]) / 1e6

    assert area("kostat:31") == pytest.approx(area("mois:41"), rel=1e-12)
    assert 9_500 < area("kostat:31") < 11_000  # Gyeonggi
    assert area("mois:31") == pytest.approx(area("kostat:26"), rel=1e-12)  # Ulsan
    assert 950 < area("mois:31") < 1_150
    with pytest.raises(InputError, match="different provinces"):
        area("31")
    assert area("41") == pytest.approx(area("mois:41"), rel=1e-12)
    assert 500 < area("31191") + area("kostat:31192") + area("31193") < 650  # Yongin


def test_silence_is_told_once_with_its_reason_and_only_where_there_is_any() -> None:
    # a warning would be an error here; of a layer that is complete everywhere there is no more to declare
    _zones.warn_silent(layer([square(0, 0, 1)], coverage=None), 0)
    _zones.warn_silent(layer([square(0, 0, 1)]), 3)
    with pytest.warns(cg.ClusterGeoWarning, match=r"nothing about 3 site.*no zone touches them"):
        _zones.warn_silent(layer([square(0, 0, 1)], coverage=None), 3)
    with pytest.warns(cg.ClusterGeoWarning, match=r"nothing about 1 site.*outside its coverage"):
        _zones.warn_silent(layer([square(0, 0, 1)], coverage="kostat:31"), 1)


# Regions


def held(*rows: tuple[int, int, float]) -> _regions._Held:
    row, area, size = (np.array(column) for column in zip(*rows, strict=True))
    return _regions._Held(row.astype(np.int64), area.astype(np.int64), size.astype(float))


def test_the_area_with_most_of_a_site_counts_and_of_equals_the_first() -> None:
    found = held((0, 4, 2.0), (2, 1, 1.0), (2, 3, 5.0), (2, 6, 5.0), (3, 0, 1.0), (3, 2, 1.0))
    best, size, number = found.best(5)
    assert best.tolist() == [4, -1, 3, 0, -1]
    np.testing.assert_array_equal(size, [2, np.nan, 5, 1, np.nan])
    assert number.tolist() == [1, 0, 3, 2, 0]
    best, _, _ = held((1, 3, 2.0), (1, 5, 7.0)).best(2)
    assert best.tolist() == [-1, 5]


def test_overlaps_are_summed_by_row_and_by_the_larger_area() -> None:
    found = held((0, 0, 1.0), (0, 1, 2.0), (0, 2, 4.0), (1, 2, 8.0), (1, 3, 16.0)).summed(np.array([0, 0, 1, 1]))
    assert found.row.tolist() == [0, 0, 1]
    assert found.area_of.tolist() == [0, 1, 1]
    assert found.size.tolist() == [3.0, 4.0, 24.0]


def test_a_doubt_about_the_border_ends_at_200_metres_and_the_position_error() -> None:
    """Points beside the inland border of the capital region: 200 m belong to the doubt, one step more does not."""
    capital = cg.load_capital_region().to_crs(PLANE).geometry.iloc[0]
    farm = gpd.GeoSeries([Point(127.1195, 36.946)], crs=LONLAT).to_crs(PLANE).iloc[0]
    near = shapely.get_point(shapely.shortest_line(capital, farm), 0)
    step = np.array([farm.x - near.x, farm.y - near.y]) / near.distance(farm)

    def tagged(distance: float, **columns: Any) -> pd.Series:
        return cg.tag(sites([Point(near.x + distance * step[0], near.y + distance * step[1])], **columns)).iloc[0]

    assert pd.isna(tagged(199)["in_capital_region"])
    assert tagged(202)["in_capital_region"] == False  # noqa: E712 - a missing value is none of both
    assert pd.isna(tagged(-199)["in_capital_region"])
    error = {"footprint_basis": ["point"], "position_error_m": [300.0]}
    assert pd.isna(tagged(499, **error)["in_capital_region"])
    assert tagged(502, **error)["in_capital_region"] == False  # noqa: E712
    assert tagged(502, **error)["capital_border_km"] == pytest.approx(0.502, abs=0.001)
    assert tagged(-30)["capital_border_km"] == pytest.approx(-0.03, abs=0.005)


def test_alternatives_stand_in_the_order_of_their_codes_and_a_shared_province_is_named() -> None:
    regions = cg.load_regions("municipality").set_index("municipality_code_kostat")
    near = shapely.intersection(regions.geometry["32010"].boundary, regions.geometry["32310"].boundary)
    spot = near.interpolate(0.5, normalized=True)
    inner = shapely.point_on_surface(regions.geometry["11010"])
    frame = sites(
        [inner, spot, inner], LONLAT, footprint_basis=["point"] * 3, position_error_m=[np.nan, 500.0, 20_000.0]
    )
    found = cg.tag(frame)
    assert found["municipality_alternatives"].tolist()[:2] == [None, "32010;32310"]
    codes = found["municipality_alternatives"].iloc[2].split(";")
    assert codes == sorted(set(codes))
    assert {code[:2] for code in codes} == {"11", "23", "31"}
    assert found["province"].tolist() == ["서울특별시", "강원특별자치도", None]
    assert found["province_code_kostat"].tolist() == ["11", "32", None]
    assert found["municipality"].tolist()[1:] == [None, None]
    assert np.isnan(found["region_share"].iloc[1:]).all()


def test_names_agree_without_spaces_and_a_reported_name_stands() -> None:
    assert _regions._plain(" 용인시  처인구 ") == "용인시처인구"
    spots, basis = [Point(127.205, 37.145)] * 2, ["point", "point"]
    found = cg.tag(sites(spots, LONLAT, footprint_basis=basis, municipality=["용인시처인구", None]))
    assert found["municipality"].tolist() == ["용인시처인구", "용인시 처인구"]
    with pytest.raises(InputError, match=r"site 's2': municipality is '수원시', but it lies in 용인시"):
        cg.tag(sites(spots, LONLAT, site_id=["s1", "s2"], footprint_basis=basis, municipality=["용인시", "수원시"]))


# Overlaps


def test_overlaps_of_a_layer_with_itself_leave_nothing_that_is_its_own() -> None:
    frame = sites([square(0, 0, 4, 1), square(10, 0, 4, 1), Point(EAST, NORTH)])
    left, right = layer([square(0, 0, 2, 1)], name="left"), layer([square(1, 0, 2, 1)], name="right")
    found = cg.overlaps(frame, zones={"left": left, "right": right})
    assert found["layer"].tolist() == ["left", "right", "any"] * 3
    assert found["share"].tolist()[:6] == [0.5, 0.5, 0.75, 0.0, 0.0, 0.0]
    assert found["own_share"].tolist()[:6] == [0.25, 0.25, 0.75, 0.0, 0.0, 0.0]
    assert found[["share", "own_share", "area_m2"]].iloc[6:].isna().all(axis=None)
    twice = cg.overlaps(frame.iloc[:1], zones={"one": left, "two": left})
    assert twice["own_share"].tolist() == [0.0, 0.0, 0.5]
    alone = cg.overlaps(frame.iloc[:1], zones={"one": left})
    assert alone["own_share"].tolist() == [0.5, 0.5]
    none = cg.overlaps(frame.iloc[:1], zones={})
    assert none["layer"].tolist() == ["any"]
    assert overlap.areal(array(square(0, 0, 1))).all()


def test_a_disc_beside_a_measured_footprint_is_judged_in_the_plane_by_what_contains_it() -> None:
    """Sites and zones share a system: the measured one is intersected there, and the disc is not forgotten."""
    shapes = [square(0, 0, 1000), Point(EAST + 500, NORTH + 500).buffer(300)]
    frame = sites(shapes, PLANE, footprint_basis=["measured", "disc"], area_km2=[1.0, 0.25])
    frame["within"] = gpd.GeoSeries([None, square(0, 0, 1000)], crs=PLANE)
    tagged = cg.tag(frame, zones={"rdz": layer([square(0, 0, 1000, 900)])})
    assert tagged["rdz_share_low"].tolist() == pytest.approx([0.9, 0.6], abs=1e-6)
    assert tagged["rdz_share_high"].tolist() == pytest.approx([0.9, 1.0], abs=1e-6)
    assert tagged["rdz_basis"].tolist() == ["measured", "estimated"]


def test_a_position_on_the_border_of_two_localities_has_a_municipality_and_no_locality() -> None:
    places = cg.load_regions("locality").to_crs(PLANE)
    own = places[places["municipality_code_kostat"] == places["municipality_code_kostat"].iloc[0]].geometry
    first = own.iloc[0]
    shared = max((first.boundary.intersection(one.boundary) for one in own.iloc[1:]), key=shapely.length)
    spot = shapely.line_interpolate_point(shapely.line_merge(shared), 0.5, normalized=True)
    inside = shapely.point_on_surface(first)
    tagged = cg.tag(sites([spot, inside], PLANE, footprint_basis=["point"] * 2, position_error_m=[20.0, 5.0]))
    assert tagged["municipality"].notna().all()
    assert tagged["locality"].isna().tolist() == [True, False]


def test_a_site_has_the_macro_region_of_its_province_unless_its_frame_says_one() -> None:
    spots = [Point(127.0, 37.1), Point(128.6, 35.87), Point(2.0, 48.0)]
    assert cg.tag(sites(spots, LONLAT))["macro_region"].fillna("-").tolist() == ["gyeonggi", "daegyeong", "-"]
    told = sites(spots, LONLAT, macro_region=["jeju", "honam", None])
    assert cg.tag(told)["macro_region"].fillna("-").tolist() == ["jeju", "honam", "-"]
