"""The laws of the overlay, one section each; law 6 has a file of its own."""

from __future__ import annotations

import warnings
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from shapely import Point, Polygon, box
from squares import LONLAT, PLANE, layer, sites, square

import clustergeo as cg

GEOD = pyproj.Geod(ellps="GRS80")
SITE = square(0, 0, 1000)


def zone(frame: gpd.GeoDataFrame, shapes: list[Any], crs: Any = PLANE, **options: Any) -> gpd.GeoDataFrame:
    return cg.tag(frame, zones={"rdz": layer(shapes, crs, **options)})


# Law 1: dissolved before intersected.


def test_overlapping_identical_and_nested_zones_count_once() -> None:
    left = square(-10, -10, 510, 1020)
    tagged = zone(sites([SITE]), [left, left, square(100, 100, 300), square(200, -10, 300, 1020)])
    assert tagged["rdz_share_low"].iloc[0] == pytest.approx(0.5, abs=1e-12)
    assert tagged["rdz_share"].iloc[0] == pytest.approx(0.5, abs=1e-12)
    assert tagged["rdz_area_m2"].iloc[0] == pytest.approx(0.5 * geodesic_area(SITE, PLANE), rel=1e-6)


def test_a_site_covered_twice_has_a_share_of_exactly_one() -> None:
    tagged = zone(sites([SITE]), [square(-5, -5, 800, 1010), square(300, -5, 800, 1010)])
    assert tagged["rdz_share"].tolist() == [1.0]
    assert tagged["rdz_share_low"].tolist() == [1.0]


def test_a_partial_overlap_of_a_measured_site_always_has_a_share_and_an_area() -> None:
    """A share is a figure, whatever its binary digits: neither bound nor share depends on how a subtraction rounds."""
    widths = [1, 7, 33.3, 123.456, 333.1, 500.01, 777.7, 999]
    shapes = [square(i * 2000 + 0.7, 3.1 * i, 1000.3, 700.9) for i in range(len(widths))]
    parts = [square(i * 2000 + 0.7, 3.1 * i, w, 700.9) for i, w in enumerate(widths)]
    tagged = zone(sites(shapes), parts)
    assert tagged["rdz_share_low"].tolist() == tagged["rdz_share_high"].tolist()
    assert tagged["rdz_share"].tolist() == pytest.approx([w / 1000.3 for w in widths], rel=1e-9)
    assert tagged["rdz_area_m2"].notna().all()


# Law 2: touching is not overlapping.


@pytest.mark.parametrize(
    "neighbour",
    [square(1000, 0, 500), square(1000, 1000, 500), square(-300, 200, 300, 100), square(250, -77, 13, 77)],
    ids=["edge", "corner", "part of an edge", "below"],
)
def test_a_zone_that_only_touches_takes_nothing(neighbour: Any) -> None:
    tagged = zone(sites([SITE]), [neighbour])
    assert tagged[["rdz_share", "rdz_share_low", "rdz_share_high", "rdz_area_m2"]].to_numpy().tolist() == [[0.0] * 4]
    assert tagged["rdz_present"].tolist() == [False]


def test_a_long_narrow_site_that_touches_in_degrees_does_not_overlap() -> None:
    """A corridor of 44 km by 111 m: the straight line of longitude and latitude must not bend into its neighbour."""
    corridor, below, above = box(127, 37, 127.5, 37.001), box(127.2, 36.9, 127.3, 37), box(127.2, 37.001, 127.3, 37.1)
    tagged = zone(sites([corridor], LONLAT), [below, above], LONLAT)
    assert tagged["rdz_present"].tolist() == [False]
    assert tagged["rdz_share_high"].tolist() == [0.0]


def test_a_long_narrow_site_in_degrees_has_the_share_of_its_degrees() -> None:
    corridor, fifth = box(127, 37, 127.5, 37.001), box(127.2, 36.9, 127.3, 37.1)
    tagged = zone(sites([corridor], LONLAT), [fifth], LONLAT)
    assert tagged["rdz_share_low"].iloc[0] == pytest.approx(0.2, abs=1e-3)


def test_a_zone_in_degrees_that_shares_vertices_with_the_site_takes_nothing() -> None:
    tagged = zone(sites([box(127, 37, 127.01, 37.01)], LONLAT), [box(127.01, 37, 127.02, 37.01)], LONLAT)
    assert tagged["rdz_share_high"].tolist() == [0.0]


def test_a_zone_that_touches_is_no_evidence_that_the_layer_was_drawn_there() -> None:
    with pytest.warns(cg.ClusterGeoWarning, match="coverage"):
        tagged = zone(sites([SITE]), [square(1000, 0, 500)], coverage=None)
    assert tagged["rdz_present"].isna().all()
    assert tagged["rdz_basis"].tolist() == ["unknown"]


# Law 3: true areas.


def geodesic_area(shape: Any, crs: Any) -> float:
    """The oracle: edges cut into short pieces where they are straight, then the geodesic polygon."""
    drawn = gpd.GeoSeries([shapely.segmentize(shape, shape.length / 400)], crs=crs).to_crs(LONLAT).iloc[0]
    return abs(float(GEOD.geometry_area_perimeter(drawn)[0]))


@pytest.mark.parametrize("crs", [PLANE, "EPSG:5179", "EPSG:5174", "EPSG:3857"])
def test_the_area_of_a_zone_is_its_share_of_the_true_area_in_any_shared_projection(crs: str) -> None:
    projected = gpd.GeoSeries([SITE], crs=PLANE).to_crs(crs)
    west, south, east, north = projected.total_bounds
    whole, half = box(west, south, east, north), box(west, south, (west + east) / 2, north)
    tagged = zone(sites([whole], crs), [half], crs)
    assert tagged["rdz_share_low"].iloc[0] == pytest.approx(0.5, abs=1e-12)
    assert tagged["rdz_area_m2"].iloc[0] == pytest.approx(geodesic_area(whole, crs) / 2, rel=2e-6)


def test_the_layer_in_another_datum_lands_within_a_metre_of_its_twin() -> None:
    drawn = gpd.GeoSeries([square(-50, -50, 555.5, 2000)], crs=PLANE)
    systems = {f"z{number}": crs for number, crs in enumerate([LONLAT, PLANE, "EPSG:5179", "EPSG:5174", "EPSG:32652"])}
    zones = {name: layer(drawn.to_crs(crs), crs, name=name) for name, crs in systems.items()}
    row = cg.tag(sites([SITE]).to_crs(LONLAT), zones=zones).iloc[0]
    assert [row[f"{name}_share_low"] for name in zones] == pytest.approx([0.5055] * 5, abs=0.001)


@pytest.mark.parametrize(
    "other",
    [box(2.3, 48.8, 2.31, 48.81), box(-56, -34, -55.99, -33.99), box(-73, 40, -72.99, 40.01)],
    ids=["France", "Uruguay", "New York"],
)
def test_what_is_said_of_a_site_does_not_depend_on_the_sites_beside_it(other: Any) -> None:
    mine = box(127.20, 37.14, 127.21, 37.15)
    alone, together = cg.tag(sites([mine], LONLAT)), cg.tag(sites([mine, other], LONLAT))
    assert together["municipality"].iloc[0] == alone["municipality"].iloc[0]
    assert together["capital_border_km"].iloc[0] == pytest.approx(alone["capital_border_km"].iloc[0], abs=0.01)
    assert together["in_capital_region"].iloc[1] is pd.NA


@pytest.mark.parametrize("centre", [(-52.5, -37.3), (-58.5, -34.6), (2.3, 48.8)], ids=["antipode", "Plate", "Paris"])
def test_a_site_anywhere_on_earth_is_answered_with_unknown(centre: tuple[float, float]) -> None:
    tagged = cg.tag(sites([Point(centre).buffer(0.05)], LONLAT))
    assert tagged[["province", "municipality", "locality"]].isna().all(axis=None)
    assert tagged["in_capital_region"].isna().all()


# Laws 4 and 5: nothing made up, no silent zero.


def test_without_a_layer_or_a_figure_everything_is_null_and_unknown() -> None:
    tagged = cg.tag(sites([SITE, Point(SITE.centroid), None]))
    columns = [c for c in tagged.columns if c.startswith("rdz_") and c != "rdz_basis"]
    assert tagged[columns].isna().all(axis=None)
    assert tagged["rdz_basis"].tolist() == ["unknown"] * 3


def test_an_empty_layer_that_is_complete_says_none_and_one_of_unknown_coverage_says_nothing() -> None:
    nothing = gpd.GeoDataFrame(geometry=gpd.GeoSeries([], crs=PLANE))
    complete = cg.tag(sites([SITE]), zones={"rdz": cg.Layer(nothing, name="rdz", coverage="everywhere")})
    assert complete["rdz_share"].tolist() == [0.0]
    assert complete["rdz_basis"].tolist() == ["measured"]
    with pytest.warns(cg.ClusterGeoWarning, match="coverage"):
        silent = cg.tag(sites([SITE]), zones={"rdz": nothing})
    assert silent["rdz_basis"].tolist() == ["unknown"]


def test_one_warning_says_how_to_declare_the_coverage() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        zone(sites([square(2000 * i, 0, 100) for i in range(4)]), [square(90_000, 0, 10)], coverage=None)
    texts = [str(w.message) for w in caught if issubclass(w.category, cg.ClusterGeoWarning)]
    assert len(texts) == 1
    assert "4 site(s)" in texts[0]
    assert 'coverage="everywhere"' in texts[0]


def test_a_layer_of_a_province_after_a_municipality_left_it_says_nothing_there() -> None:
    """Gunwi left Gyeongbuk on 2023-07-01: an RDZ file of Gyeongbuk of 2025 does not hold Gunwi."""
    gunwi = cg.load_regions("municipality").set_index("municipality_code_kostat").geometry["37310"]
    spot = gunwi.representative_point()
    frame = sites([box(spot.x, spot.y, spot.x + 0.004, spot.y + 0.004)], LONLAT)
    far = [box(129.30, 36.0, 129.31, 36.01)]
    before = zone(frame, far, LONLAT, coverage="mois:47", as_of="2022-01-01")
    assert before["rdz_share"].tolist() == [0.0]
    with pytest.warns(cg.ClusterGeoWarning, match="coverage"):
        after = zone(frame, far, LONLAT, coverage="mois:47", as_of="2025-01-01")
    assert after["rdz_basis"].tolist() == ["unknown"]


def test_a_zone_at_the_edge_of_where_a_disc_may_lie_proves_nothing_when_the_coverage_is_unknown() -> None:
    """Gwangju, 0.956 by the city: a shape of 0.3 ha in a corner of its address proves no upper bound of 0.001."""
    loaded = cg.load_sites()
    gwangju = loaded[loaded["site_id"] == "gwangju"]
    corner = gwangju["within"].iloc[0].boundary.interpolate(0.1).buffer(0.0005)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.ClusterGeoWarning)
        tagged = zone(gwangju, [corner], LONLAT, coverage=None)
    high = tagged["rdz_share_high"].iloc[0]
    assert pd.isna(high) or high == 1.0
    assert tagged["rdz_share"].iloc[0] == 0.956


# Law 7: a reported figure stays beside.


def test_a_measured_share_does_not_replace_the_reported_one_nor_the_other_way_round() -> None:
    frame = sites(
        [SITE, square(5000, 0, 1000)],
        rdz_reported_present=[True, True],
        rdz_reported_share=[0.9, 0.8],
        rdz_reported_basis=["reported", "reported"],
        rdz_reported_as_of=["2020", "2021-05"],
        rdz_reported_source=["a", "b"],
    )
    covered = gpd.GeoSeries([square(-100, -100, 1200)], crs=PLANE).to_crs(LONLAT).iloc[0]
    with pytest.warns(cg.ClusterGeoWarning, match="1 site"):
        tagged = zone(frame, [square(0, 0, 250, 1000)], coverage=covered, as_of="2025-01-01", source="s")
    assert tagged["rdz_share"].tolist() == [0.25, 0.8]
    assert tagged["rdz_reported_share"].tolist() == [0.9, 0.8]
    assert tagged["rdz_basis"].tolist() == ["measured", "reported"]
    assert tagged["rdz_as_of"].tolist() == ["2025-01-01", "2021-05"]
    assert tagged["rdz_source"].tolist() == ["s", "b"]


def test_a_reported_area_is_never_divided_by_an_area_of_another_day() -> None:
    tagged = cg.tag(cg.load_sites()).set_index("site_id")
    assert tagged.loc["daejeon", "rdz_area_m2"] == 3.64e6
    assert pd.isna(tagged.loc["daejeon", "rdz_share"])
    assert pd.isna(tagged.loc["daegu", "rdz_share"])


# Law 8: the caller's frame.


@pytest.mark.parametrize(
    "index",
    [
        [7, 7, 7],
        ["b", "a", "b"],
        pd.MultiIndex.from_tuples([(1, "x"), (0, "x"), (1, "x")]),
        pd.DatetimeIndex(["2020-01-02", "2020-01-01", "2020-01-02"], name="day"),
        [np.nan, 2.0, np.nan],
    ],
    ids=["one label", "text", "multi", "days", "nan"],
)
def test_index_order_and_length_are_kept_and_the_frame_is_not_changed(index: Any) -> None:
    shapes = [square(0, 0, 1000), Point(square(3000, 0, 10).centroid), square(9000, 0, 1000)]
    frame = gpd.GeoDataFrame(
        {
            "note": ["one", "two", "three"],
            "sectors": [["bio"], ["robot", "bio"], None],
            "rdz_reported_share": [None, 0.5, None],
            "rdz_reported_basis": [None, "reported", None],
        },
        geometry=gpd.GeoSeries(shapes, crs=PLANE).values,
        index=index,
    )
    before, kept = frame.copy(deep=True), frame
    tagged = cg.tag(frame, zones={"rdz": layer([square(-1, -1, 501, 1002)])})
    pd.testing.assert_frame_equal(kept, before)
    assert tagged.index.equals(before.index)
    assert tagged.index.names == before.index.names
    assert tagged["note"].tolist() == ["one", "two", "three"]
    assert tagged["sectors"].tolist() == [["bio"], ["robot", "bio"], None]
    assert tagged.geometry.geom_equals(before.geometry).all()
    assert tagged.crs == before.crs
    assert tagged["rdz_share_low"].fillna(-1).tolist() == pytest.approx([0.5, -1, 0.0], abs=1e-9)


def test_a_list_in_the_answer_is_not_the_callers_list() -> None:
    frame = sites([SITE], sectors=[["bio"]])
    tagged = cg.tag(frame)
    tagged["sectors"].iloc[0].append("robot")
    assert frame["sectors"].iloc[0] == ["bio"]


def test_heights_another_geometry_name_and_own_columns_come_back_untouched() -> None:
    high = shapely.force_3d(SITE, 55.0)
    frame = gpd.GeoDataFrame({0: [1], "shape": gpd.GeoSeries([high], crs=PLANE)}, geometry="shape")
    tagged = cg.tag(frame, zones={"rdz": layer([shapely.force_3d(square(0, 0, 500, 1000), 9.0)])})
    assert tagged.geometry.name == "shape"
    assert tagged.geometry.iloc[0].has_z
    assert tagged[0].tolist() == [1]
    assert tagged["rdz_share"].tolist() == [0.5]


def test_a_frame_without_rows_gets_every_column() -> None:
    none = sites([SITE]).iloc[:0]
    tagged = cg.tag(none, zones={"water": layer([SITE], name="water")})
    assert len(tagged) == 0
    assert {"in_capital_region", "rdz_basis", "water_share_high", "municipality"} <= set(tagged.columns)
    assert str(tagged["water_present"].dtype) == "boolean"


# Law 9: refused with the remedy.


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({"rdz_reported_present": ["yes"]}, "rdz_reported_present"),
        ({"rdz_reported_share": ["95%"]}, "rdz_reported_share"),
        ({"rdz_reported_area_m2": ["1.2 ha"]}, "rdz_reported_area_m2"),
        ({"rdz_reported_share": [0.5], "rdz_reported_basis": ["official"]}, "rdz_reported_basis"),
        ({"rdz_reported_share": [95.0]}, "0 to 1"),
        ({"footprint_basis": ["surveyed"]}, "footprint_basis"),
    ],
)
def test_evidence_that_cannot_be_read_is_refused_not_dropped(columns: dict[str, Any], word: str) -> None:
    frame = sites([SITE], **({"rdz_reported_basis": ["reported"]} | columns))
    with pytest.raises(cg.ClusterGeoError, match=word):
        cg.tag(frame)


@pytest.mark.parametrize(
    "within",
    [
        Polygon([(127, 37), (127.3, 37.3), (127.3, 37), (127, 37.3)]),
        "POLYGON((127 37,127.3 37,127.3 37.3,127 37))",
        Point(127.2, 37.14),
    ],
    ids=["bow tie", "text", "point"],
)
def test_a_containing_area_that_is_no_valid_polygon_is_refused(within: Any) -> None:
    frame = sites([Point(127.2, 37.14)], LONLAT, footprint_basis=["point"])
    frame["within"] = pd.Series([within], dtype=object)
    with pytest.raises(cg.ClusterGeoError, match="within"):
        cg.tag(frame)


def test_a_polygon_declared_a_point_is_never_believed_as_a_measured_footprint() -> None:
    frame = sites([SITE], footprint_basis=["point"])
    try:
        tagged = zone(frame, [square(0, 0, 500, 1000)])
    except cg.ClusterGeoError:
        return
    assert tagged["rdz_basis"].tolist() != ["measured"]


def test_no_crs_no_geometry_and_wrong_kinds_are_refused_with_the_cure() -> None:
    with pytest.raises(cg.ClusterGeoError, match=r"set_crs"):
        cg.tag(gpd.GeoDataFrame(geometry=[SITE]))
    with pytest.raises(cg.ClusterGeoError, match=r"GeoDataFrame"):
        cg.tag(pd.DataFrame({"a": [1]}))
    with pytest.raises(cg.ClusterGeoError, match=r"LineString"):
        cg.tag(sites([shapely.LineString([(0, 0), (1, 1)])]))
    with pytest.raises(cg.ClusterGeoError, match=r"(?i)self-intersection"):
        cg.tag(sites([Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])]))
    with pytest.raises(cg.ClusterGeoError, match=r"set_geometry"):
        cg.tag(gpd.GeoDataFrame({"a": [1]}))


def test_a_long_edge_of_a_zone_in_degrees_is_straight_in_degrees() -> None:
    zone = layer([box(126, 36, 128, 38)], LONLAT)
    near = [Point(127, 36.002), Point(127, 38.002), box(126.9999, 36.0015, 127.0001, 36.002), Point(127, 36)]
    tagged = cg.tag(sites(near, LONLAT), zones={"rdz": zone})
    assert tagged["rdz_present"].tolist() == [True, False, True, True]
    assert tagged["rdz_share"].iloc[2] == 1.0


def test_a_point_on_the_edge_of_a_zone_is_in_it_in_the_crs_they_share() -> None:
    for crs, shape, spot in (
        (LONLAT, box(127.2, 37.1, 127.25, 37.2), Point(127.2, 37.14)),
        (PLANE, square(0, 0, 1000), Point(200_000, 500_300)),
    ):
        tagged = cg.tag(sites([spot], crs), zones={"rdz": layer([shape], crs)})
        assert tagged["rdz_present"].tolist() == [True]


def test_columns_of_several_levels_are_refused() -> None:
    frame = sites([square(0, 0, 1000)])
    frame.columns = pd.MultiIndex.from_tuples([("a", "geometry")])
    with pytest.raises(cg.ClusterGeoError):
        cg.tag(frame)
