"""tag() and overlaps(): columns, places of every kind, evidence, and what is refused."""

from __future__ import annotations

import itertools
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, affinity, box
from squares import LONLAT, PLANE, layer, sites, square

import clustergeo as cg

ZONE_TAGS = ["present", "share", "share_low", "share_high", "area_m2", "basis", "as_of", "source"]
TAGS = [
    *("province_code_mois", "province_code_kostat", "province", "city", "municipality_code_kostat", "municipality"),
    *("municipality_alternatives", "locality", "region_share", "in_capital_region", "capital_share"),
    *("capital_share_low", "capital_share_high", "capital_border_km", "sectors"),
    *(f"rdz_{tag}" for tag in ZONE_TAGS),
]
SITE = square(0, 0, 1000)


@pytest.fixture(scope="module")
def regions() -> gpd.GeoDataFrame:
    return cg.load_regions("municipality").set_index("municipality_code_kostat")


@pytest.fixture(scope="module")
def tagged15() -> gpd.GeoDataFrame:
    return cg.tag(cg.load_sites()).set_index("site_id")


def lonlat(shape: Any) -> Any:
    return gpd.GeoSeries([shape], crs=PLANE).to_crs(LONLAT).iloc[0]


# Columns


def test_a_bare_frame_gets_every_column_of_the_contract_in_its_type() -> None:
    tagged = cg.tag(sites([SITE], note=["x"]), zones={"water": layer([SITE], name="water")})
    water = [name.replace("rdz", "water") for name in TAGS if name.startswith("rdz")]
    assert set(TAGS) | set(water) | {"site_id", "note", "geometry"} <= set(tagged.columns)
    for flag in ("in_capital_region", "rdz_present", "water_present"):
        assert str(tagged[flag].dtype) == "boolean"
    for number in [name for name in tagged.columns if name.endswith(("_share", "_low", "_high", "_m2", "_km"))]:
        assert tagged[number].dtype == "float64", number


def test_the_15_keep_their_evidence_and_gain_the_tags(tagged15: gpd.GeoDataFrame) -> None:
    loaded = cg.load_sites()
    assert tagged15.index.tolist() == loaded["site_id"].tolist()
    for column in loaded.columns.drop(["site_id", "geometry", "within"]):
        pd.testing.assert_series_equal(tagged15[column].reset_index(drop=True), loaded[column])
    assert set(TAGS) <= set(tagged15.columns)


# Places


def test_a_site_at_sea_or_abroad_has_no_region_and_no_verdict() -> None:
    spots = [Point(125.0, 36.0).buffer(0.01), Point(130.9, 33.6).buffer(0.01), Point(126.6, 38.3), Point(131.0, 36.5)]
    tagged = cg.tag(sites(spots, LONLAT))
    assert tagged[["province", "municipality", "locality", "region_share"]].isna().all(axis=None)
    assert tagged[["in_capital_region", "capital_share", "capital_share_high"]].isna().all(axis=None)


def test_a_measured_site_belongs_to_the_municipality_that_holds_most_of_it(regions: gpd.GeoDataFrame) -> None:
    osan, pyeongtaek = (
        gpd.GeoSeries([regions.geometry[code]], crs=LONLAT).to_crs(PLANE).iloc[0] for code in ("31140", "31070")
    )
    middle = shapely.intersection(osan.buffer(1), pyeongtaek.boundary).interpolate(0.5, normalized=True)
    corner = box(middle.x - 2000, middle.y - 2000, middle.x + 2000, middle.y + 2000)
    row = cg.tag(sites([corner])).iloc[0]
    shares = {
        code: shape.intersection(corner).area / corner.area
        for code, shape in regions.to_crs(PLANE).geometry.items()
        if shape.intersects(corner)
    }
    best = max(shares, key=lambda code: shares[code])
    assert row["municipality_code_kostat"] == best
    assert row["region_share"] == pytest.approx(shares[best], rel=1e-4)
    assert 0 < row["region_share"] < 1
    assert row["municipality_alternatives"] is None


def test_every_municipality_is_found_by_a_point_and_by_a_small_square_in_it(regions: gpd.GeoDataFrame) -> None:
    spots = shapely.point_on_surface(regions.geometry.to_numpy())
    for shapes in (spots, shapely.buffer(spots, 1e-5)):
        tagged = cg.tag(sites(list(shapes), LONLAT))
        assert tagged["municipality_code_kostat"].tolist() == regions.index.tolist()
        assert tagged["province"].tolist() == regions["province"].tolist()
    assert tagged["region_share"].tolist() == [1.0] * 250


def test_a_site_across_two_municipalities_that_is_not_measured_lists_both_and_keeps_their_province(
    regions: gpd.GeoDataFrame,
) -> None:
    border = shapely.intersection(regions.geometry["32010"].boundary, regions.geometry["32310"].boundary)
    spot = border.interpolate(0.5, normalized=True)
    row = cg.tag(sites([spot], LONLAT, footprint_basis=["point"], position_error_m=[500.0])).iloc[0]
    assert row["municipality_alternatives"] == "32010;32310"
    assert row["municipality"] is None
    assert row["province"] == "강원특별자치도"


def test_the_same_sites_in_another_system_have_the_same_tags() -> None:
    spots = [box(127.20, 37.14, 127.21, 37.15), box(129.1, 35.2, 129.12, 35.21)]
    zone = layer([box(127.205, 37.1, 127.3, 37.2)], LONLAT)
    frames = [
        gpd.GeoDataFrame(geometry=gpd.GeoSeries(spots, crs=LONLAT).to_crs(c))
        for c in (LONLAT, "EPSG:5174", "EPSG:5179")
    ]
    one, *others = (cg.tag(frame, zones={"rdz": zone}) for frame in frames)
    assert one["rdz_share_low"].iloc[0] == pytest.approx(0.5, abs=1e-4)
    for other in others:
        assert other["municipality_code_kostat"].tolist() == one["municipality_code_kostat"].tolist()
        assert other["in_capital_region"].tolist() == one["in_capital_region"].tolist()
        assert other["capital_border_km"].tolist() == pytest.approx(one["capital_border_km"].tolist(), abs=0.001)
        assert other["rdz_share_low"].tolist() == pytest.approx(one["rdz_share_low"].tolist(), abs=1e-3)


def test_a_point_in_a_zone_is_present_without_a_share() -> None:
    tagged = cg.tag(
        sites([Point(SITE.centroid), affinity.translate(Point(SITE.centroid), 5000)]), zones={"rdz": layer([SITE])}
    )
    assert tagged["rdz_present"].tolist() == [True, False]
    assert tagged[["rdz_share", "rdz_area_m2"]].isna().all(axis=None)
    assert tagged["rdz_basis"].tolist() == ["measured", "measured"]


# Coverage


def test_a_layer_of_one_province_leaves_the_others_their_evidence(tagged15: gpd.GeoDataFrame) -> None:
    zone = layer([box(126.60, 35.10, 126.75, 35.25)], LONLAT, coverage="mois:29", as_of="2025-01-01")
    with pytest.warns(cg.ClusterGeoWarning, match="14 site"):
        held = cg.tag(cg.load_sites(), zones={"rdz": zone}).set_index("site_id")
    others = held.index != "gwangju"
    columns = [name for name in TAGS if name.startswith("rdz")]
    here, there = (pd.DataFrame(frame.loc[others, columns]) for frame in (held, tagged15))
    pd.testing.assert_frame_equal(here, there, check_dtype=False)
    row = held.loc["gwangju"]
    assert row["rdz_basis"] == "estimated"
    assert 0 <= row["rdz_share_low"] <= row["rdz_share"] <= row["rdz_share_high"] <= 1
    assert row["rdz_area_m2"] == pytest.approx(row["rdz_share"] * 3.38e6)
    assert row["rdz_reported_share"] == 0.956
    assert row["rdz_as_of"] == "2025-01-01"


def test_unknown_coverage_answers_where_a_zone_overlaps_and_is_silent_elsewhere() -> None:
    frame = sites([SITE, square(5000, 0, 1000)])
    with pytest.warns(cg.ClusterGeoWarning, match="1 site"):
        tagged = cg.tag(frame, zones={"rdz": layer([square(0, 0, 250, 1000)], coverage=None)})
    assert tagged["rdz_basis"].tolist() == ["measured", "unknown"]
    assert tagged["rdz_share"].iloc[0] == 0.25
    assert pd.isna(tagged["rdz_share"].iloc[1])


def test_a_source_that_was_not_given_is_not_left_empty() -> None:
    tagged = cg.tag(sites([SITE]), zones={"rdz": layer([SITE])})
    assert "rdz" in tagged["rdz_source"].iloc[0]


# Evidence


def test_evidence_travels_in_the_columns_and_not_with_the_id() -> None:
    loaded = cg.load_sites()
    plain = cg.tag(loaded)
    renamed = loaded.assign(site_id=[f"k{37 * i % 101}" for i in range(15)])
    tagged = cg.tag(renamed)
    columns = [name for name in TAGS if name != "sectors"]
    pd.testing.assert_frame_equal(pd.DataFrame(tagged[columns]), pd.DataFrame(plain[columns]))


def test_the_ids_of_the_15_bring_no_evidence_to_other_ground() -> None:
    tagged = cg.tag(sites([SITE, square(3000, 0, 500)], site_id=["gwangju", "yongin"]))
    assert tagged["rdz_basis"].tolist() == ["unknown", "unknown"]
    assert tagged["sectors"].tolist() == [None, None]


def test_no_value_stands_without_a_basis_a_date_and_a_source(tagged15: gpd.GeoDataFrame) -> None:
    figures = (
        tagged15[["rdz_present", "rdz_share", "rdz_share_low", "rdz_share_high", "rdz_area_m2"]].notna().any(axis=1)
    )
    assert figures.all()
    assert tagged15["rdz_basis"].isin(["reported", "inferred"]).all()
    assert tagged15[["rdz_as_of", "rdz_source"]].notna().all(axis=None)
    assert tagged15["rdz_source"].str.startswith("http").all()


def test_the_rdz_evidence_of_the_15(tagged15: gpd.GeoDataFrame) -> None:
    assert tagged15.index[tagged15["rdz_present"]].tolist() == ["daejeon", "gwangju", "changwon", "daegu"]
    assert tagged15.loc["gwangju", ["rdz_share", "rdz_as_of", "rdz_basis"]].tolist() == [
        0.956,
        "2025-02-25",
        "reported",
    ]
    assert tagged15["rdz_share"].notna().sum() == 1
    assert pd.isna(tagged15.loc["changwon", "rdz_area_m2"])
    assert tagged15.loc[["yongin", "osong"], "rdz_basis"].tolist() == ["inferred", "inferred"]


def test_a_figure_in_the_evidence_columns_fills_any_zone_by_name() -> None:
    frame = sites(
        [SITE],
        water_reported_share=[0.25],
        water_reported_basis=["reported"],
        water_reported_as_of=["2024"],
        water_reported_source=["w"],
    )
    with pytest.warns(cg.ClusterGeoWarning, match="water"):
        row = cg.tag(frame, zones={"water": layer([square(9e4, 0, 1)], name="water", coverage=None)}).iloc[0]
    assert row[["water_share", "water_basis", "water_as_of", "water_source"]].tolist() == [
        0.25,
        "reported",
        "2024",
        "w",
    ]


@pytest.mark.parametrize(
    ("code", "columns"),
    [
        ("23050", {"municipality": "동구"}),  # 남동구 ends with the name of another gu of Incheon
        ("21120", {"municipality": "서구"}),  # 강서구 and 서구 are both in Busan
        ("31191", {"province": "충청남도"}),
        ("31191", {"city": "수원시"}),
        ("31191", {"municipality": "용인시 수지구"}),
    ],
)
def test_a_reported_region_that_the_geometry_contradicts_is_refused(
    code: str, columns: dict[str, str], regions: gpd.GeoDataFrame
) -> None:
    spot = regions.geometry[code].representative_point().buffer(0.001)
    frame = sites([spot], LONLAT, footprint_basis=["measured"], **{key: [value] for key, value in columns.items()})
    with pytest.raises(cg.ClusterGeoError, match="disagree"):
        cg.tag(frame)


@pytest.mark.parametrize(
    ("code", "columns"),
    [
        ("31191", {"province": "경기도", "city": "용인시", "municipality": "용인시 처인구"}),
        ("31191", {"municipality": "용인시처인구", "city": "용인시"}),
        ("31191", {"municipality": "처인구"}),
        ("32010", {"province": "강원도"}),
        ("35011", {"province": "전라북도"}),
        ("24050", {"province": "광주광역시"}),
        ("37310", {"province": "대구광역시"}),
    ],
)
def test_a_reported_region_under_an_older_name_or_spelling_agrees(
    code: str, columns: dict[str, str], regions: gpd.GeoDataFrame
) -> None:
    spot = regions.geometry[code].representative_point().buffer(0.001)
    frame = sites([spot], LONLAT, footprint_basis=["measured"], **{key: [value] for key, value in columns.items()})
    row = cg.tag(frame).iloc[0]
    assert {key: row[key] for key in columns} == columns
    assert row["municipality_code_kostat"] == code


def undecided(regions: gpd.GeoDataFrame, **columns: str) -> gpd.GeoDataFrame:
    border = shapely.intersection(regions.geometry["32010"].boundary, regions.geometry["32310"].boundary)
    spot = border.interpolate(0.5, normalized=True)
    more = {key: [value] for key, value in columns.items()}
    return sites([spot], LONLAT, footprint_basis=["point"], position_error_m=[500.0], **more)


def test_an_older_province_name_agrees_where_only_the_province_is_known(regions: gpd.GeoDataFrame) -> None:
    assert cg.tag(undecided(regions, province="강원도"))["province"].tolist() == ["강원도"]


def test_a_reported_municipality_that_is_none_of_the_alternatives_is_refused(regions: gpd.GeoDataFrame) -> None:
    with pytest.raises(cg.ClusterGeoError, match="종로구"):
        cg.tag(undecided(regions, municipality="종로구"))


# overlaps


def test_overlaps_say_what_each_layer_alone_removes() -> None:
    found = cg.overlaps(
        sites([SITE, square(5000, 0, 1000), None], site_id=["a", "b", "c"]),
        zones={
            "left": layer([square(0, 0, 500, 1000)], name="left"),
            "right": layer([square(250, 0, 500, 1000)], name="right"),
        },
    )
    assert found["site_id"].tolist() == ["a"] * 3 + ["b"] * 3 + ["c"] * 3
    assert found["layer"].tolist() == ["left", "right", "any"] * 3
    assert found["share"].fillna(-1).tolist() == pytest.approx([0.5, 0.5, 0.75, 0, 0, 0, -1, -1, -1])
    assert found["own_share"].fillna(-1).tolist() == pytest.approx([0.25, 0.25, 0.75, 0, 0, 0, -1, -1, -1])
    assert found["area_m2"].iloc[:3].tolist() == pytest.approx([5e5, 5e5, 7.5e5], rel=1e-3)


def test_overlaps_are_null_where_a_layer_is_silent_and_so_is_what_hangs_on_it() -> None:
    found = cg.overlaps(
        sites([SITE]),
        zones={
            "known": layer([square(0, 0, 500, 1000)], name="known"),
            "silent": layer([square(9e4, 0, 1)], name="silent", coverage=None),
        },
    ).set_index("layer")
    assert found.loc["known", "share"] == pytest.approx(0.5)
    assert found.loc["silent"].drop("site_id").isna().all()
    assert pd.isna(found.loc["any", "share"])
    assert pd.isna(found.loc["known", "own_share"])


def test_overlaps_of_layers_in_two_systems_agree_with_one() -> None:
    shapes = {"left": square(0, 0, 500, 1000), "right": square(250, 0, 500, 1000)}
    one = {name: layer([shape], name=name) for name, shape in shapes.items()}
    two = one | {"right": layer([lonlat(shapes["right"])], LONLAT, name="right")}
    columns = ["share", "own_share", "area_m2"]
    first, second = (cg.overlaps(sites([SITE]), zones=zones)[columns].to_numpy() for zones in (one, two))
    assert second == pytest.approx(first, rel=1e-3)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(0, 15), min_size=1, max_size=8), min_size=1, max_size=4))
def test_shares_of_overlaps_keep_inclusion_and_exclusion(chosen: list[list[int]]) -> None:
    """A site of 4 x 4 cells, layers of some of them: every figure is a count of cells."""
    cells = [square(10 * i, 10 * j, 10) for i, j in itertools.product(range(4), range(4))]
    names = [f"z{number}" for number in range(len(chosen))]
    zones = {name: layer([cells[i] for i in picked], name=name) for name, picked in zip(names, chosen, strict=True)}
    found = cg.overlaps(sites([square(0, 0, 40)]), zones=zones).set_index("layer")
    sets = {name: set(picked) for name, picked in zip(names, chosen, strict=True)}
    for name in names:
        others = set().union(*(held for other, held in sets.items() if other != name))
        assert found.loc[name, "share"] == pytest.approx(len(sets[name]) / 16, abs=1e-9)
        assert found.loc[name, "own_share"] == pytest.approx(len(sets[name] - others) / 16, abs=1e-9)
    everything = len(set().union(*sets.values())) / 16
    assert found.loc["any", "share"] == pytest.approx(everything, abs=1e-9)
    assert np.isclose(found.loc["any", "own_share"], everything, atol=1e-9)
