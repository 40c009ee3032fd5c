"""tag() and overlaps() of many sites, by the kernels: the same answers as of few, by plain shapely."""

from __future__ import annotations

import warnings
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import box
from squares import LONLAT, PLANE, layer

import clustergeo as cg
from clustergeo.overlap import choosing

COUNT, MANY = 3_000, 1_000


@pytest.fixture(autouse=True)
def _thousands_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "MANY", MANY)


def parcels(rng: np.random.Generator, count: int) -> Any:
    """Return squares, rectangles and some odd sites anywhere in and round Korea, in EPSG:5186."""
    x, y = rng.uniform(100_000, 480_000, count), rng.uniform(150_000, 640_000, count)
    wide, high = rng.uniform(20, 400, count), rng.uniform(20, 400, count)
    wide[::997], high[::997] = 4_000, 3_000  # edges so long that they bend
    shapes = np.asarray(shapely.box(x, y, x + wide, y + high), dtype=object)
    shapes[::11] = shapely.points(x[::11], y[::11])
    shapes[::501], shapes[7::1001] = None, shapely.Polygon()
    holed = shapely.difference(shapes[1::13], shapely.box(x + 5, y + 5, x + 10, y + 10)[1::13])
    shapes[1::13] = np.where(shapely.get_type_id(shapes[1::13]) == 3, holed, shapes[1::13])
    return shapes


@pytest.fixture(scope="module")
def frame() -> gpd.GeoDataFrame:
    shapes = parcels(np.random.default_rng(7), COUNT)
    return gpd.GeoDataFrame({"note": np.arange(COUNT)}, geometry=shapes, crs=PLANE)


@pytest.fixture(scope="module")
def zones() -> dict[str, Any]:
    stripes = [box(x, 100_000, x + 500, 700_000) for x in range(100_000, 480_000, 1_500)]
    patch = [shapely.Point(200_000, 500_000).buffer(40_000), shapely.Point(230_000, 500_000).buffer(40_000)]
    lonlat = gpd.GeoSeries(patch, crs=PLANE).to_crs(LONLAT)
    return {
        "rdz": layer(stripes, as_of="2025-01-01", source="stripes"),
        "water": layer(lonlat, LONLAT, name="water", coverage=["kostat:31", "kostat:11"]),
        "farm": layer(patch[:1], name="farm", coverage=None),
    }


def in_small_parts(work: Any, frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return what plain shapely says, a few thousand sites at a time."""
    size = MANY - 100
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.ClusterGeoWarning)
        return pd.concat([work(frame.iloc[at : at + size]) for at in range(0, len(frame), size)])


def same(large: pd.DataFrame, small: pd.DataFrame) -> None:
    """Hold two frames against each other: numbers to 1e-9, all else exactly."""
    assert large.columns.tolist() == small.columns.tolist()
    for name in large.columns:
        one, other = large[name], small[name]
        if one.dtype == "float64":
            scale = 1.0 if name.endswith(("share", "low", "high")) else np.maximum(np.nan_to_num(other.abs()), 1.0)
            assert one.isna().tolist() == other.isna().tolist(), name
            assert np.nan_to_num((one - other).abs() / scale).max() <= 1e-9, name
        elif str(one.dtype) == "geometry":
            assert one.geom_equals(other).all() or shapely.is_missing(np.asarray(one)).any()
        else:
            assert one.astype(object).where(one.notna(), None).tolist() == (
                other.astype(object).where(other.notna(), None).tolist()
            ), name


def test_many_sites_get_the_tags_that_few_get(frame: gpd.GeoDataFrame, zones: dict[str, Any]) -> None:
    with pytest.warns(cg.ClusterGeoWarning, match="says nothing about"):
        large = cg.tag(frame.assign(site_id=np.arange(COUNT)), zones=zones)
    small = in_small_parts(lambda part: cg.tag(part, zones=zones), frame.assign(site_id=np.arange(COUNT)))
    same(large, small)
    # the load is not so easy that the two could agree by saying nothing
    assert large["rdz_share"].between(0.01, 0.99).sum() > 100
    assert (large["region_share"] < 1).sum() > 10
    assert large["in_capital_region"].isna().sum() > 100
    assert (large["water_basis"] == "unknown").any()
    assert (large["water_basis"] == "measured").any()


def test_many_sites_in_degrees_get_the_tags_that_few_get(frame: gpd.GeoDataFrame, zones: dict[str, Any]) -> None:
    degrees = frame.to_crs(LONLAT).assign(site_id=np.arange(COUNT))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.ClusterGeoWarning)
        large = cg.tag(degrees, zones=zones)
    same(large, in_small_parts(lambda part: cg.tag(part, zones=zones), degrees))


@pytest.mark.parametrize("count", [1, MANY])
def test_a_wide_site_in_degrees_that_is_a_zone_lies_in_it_wholly(count: int) -> None:
    """Edges of half a degree are straight in degrees, for the site as for the zone."""
    wide, small = box(127.0, 36.0, 127.5, 36.5), box(127.2, 35.999, 127.201, 36.001)
    rest = [box(127.0, 35.0, 127.001, 35.001)] * (count - 1)
    frame = gpd.GeoDataFrame(geometry=[*rest, wide, small], crs=LONLAT)
    tagged = cg.tag(frame, zones={"rdz": layer([wide], LONLAT)})["rdz_share"]
    assert tagged.iloc[-2] == pytest.approx(1.0, abs=1e-12)
    assert tagged.iloc[-1] == pytest.approx(0.5, abs=1e-3)
    assert not tagged.iloc[:-2].any()


def test_many_sites_known_by_position_only_get_the_bounds_that_few_get(zones: dict[str, Any]) -> None:
    rng = np.random.default_rng(3)
    x, y = rng.uniform(126.2, 129.2, COUNT), rng.uniform(34.8, 38.2, COUNT)
    about = {
        "site_id": np.arange(COUNT),
        "footprint_basis": np.where(np.arange(COUNT) % 3 == 0, "point", "disc"),
        "position_error_m": np.where(np.arange(COUNT) % 5 == 0, np.nan, 2_000.0),
        "area_km2": np.where(np.arange(COUNT) % 7 == 0, np.nan, 0.5),
    }
    frame = gpd.GeoDataFrame(about, geometry=shapely.points(x, y), crs=LONLAT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.ClusterGeoWarning)
        large = cg.tag(frame, zones=zones)
    same(large, in_small_parts(lambda part: cg.tag(part, zones=zones), frame))
    assert large["municipality_alternatives"].notna().sum() > 100


def test_overlaps_of_many_sites_are_those_of_few(frame: gpd.GeoDataFrame, zones: dict[str, Any]) -> None:
    known = frame.assign(site_id=np.arange(COUNT).astype(str))
    everywhere = {"rdz": zones["rdz"], "hills": layer([box(150_000, 300_000, 400_000, 600_000)], name="hills")}
    large = cg.overlaps(known, zones=everywhere)
    same(large, in_small_parts(lambda part: cg.overlaps(part, zones=everywhere), known).reset_index(drop=True))
    assert len(large) == 3 * COUNT
    assert large["own_share"].between(0.01, 0.99).sum() > 50
    many = large.pivot_table(index="site_id", columns="layer", values="share")
    assert (many["any"] <= many["rdz"] + many["hills"] + 1e-12).all()


def test_sites_abroad_among_many_keep_a_plane_of_their_own(frame: gpd.GeoDataFrame, zones: dict[str, Any]) -> None:
    abroad = [box(2.0, 48.0, 2.01, 48.01), shapely.Point(-70, -30)]
    home = frame.to_crs(LONLAT).geometry.tolist()
    mixed = gpd.GeoDataFrame(geometry=[*abroad, *home], crs=LONLAT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.ClusterGeoWarning)
        tagged = cg.tag(mixed, zones={"water": zones["water"]})
    assert tagged["province"].iloc[:2].isna().all()
    assert tagged["province"].iloc[2:].notna().sum() > COUNT / 3
    assert tagged.index.tolist() == mixed.index.tolist()
