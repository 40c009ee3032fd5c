"""Points counted in measured footprints, by category."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
import shapely
from squares import LONLAT, PLANE, sites, square

import clustergeo as cg

if TYPE_CHECKING:
    import pandas as pd


def firms(*places: tuple[float, float], kinds: list[str | None] | None = None) -> gpd.GeoDataFrame:
    shapes = [shapely.centroid(square(x - 0.5, y - 0.5, 1)) for x, y in places]
    return gpd.GeoDataFrame({"kind": kinds} if kinds else None, geometry=shapes, crs=PLANE)


def counted(found: pd.DataFrame) -> dict[tuple[str, str], int]:
    return {(row.site_id, row.category): row.points for row in found.itertuples()}


def test_points_are_counted_in_each_site_by_category_and_per_km2() -> None:
    two = sites([square(0, 0, 1000), square(5000, 0, 2000)], site_id=["a", "b"])
    points = firms((10, 10), (20, 20), (5500, 500), (9000, 9000), kinds=["firm", "lab", "firm", "firm"])
    found = cg.density(two, points, category="kind")
    assert counted(found) == {("a", "firm"): 1, ("a", "lab"): 1, ("b", "firm"): 1, ("b", "lab"): 0}
    row = found[(found["site_id"] == "b") & (found["category"] == "firm")].iloc[0]
    assert row["area_km2"] == pytest.approx(4.0, rel=1e-3)
    assert row["per_km2"] == pytest.approx(0.25, rel=1e-3)


def test_a_point_on_a_border_counts_in_both_and_one_in_overlapping_sites_in_each() -> None:
    three = sites([square(0, 0, 1000), square(1000, 0, 1000), square(0, 0, 500)], site_id=["a", "b", "c"])
    assert counted(cg.density(three, firms((1000, 500), (100, 100)))) == {
        ("a", "all"): 2,
        ("b", "all"): 1,
        ("c", "all"): 1,
    }


def test_points_in_another_crs_and_a_category_that_is_not_known() -> None:
    one = sites([square(0, 0, 1000)], site_id=["a"])
    points = firms((10, 10), (20, 20), kinds=["firm", None]).to_crs(LONLAT)
    with pytest.warns(cg.ClusterGeoWarning, match=r"1 point\(s\) have no category \(the first is row 1\): not counted"):
        assert counted(cg.density(one, points, category="kind")) == {("a", "firm"): 1}


def test_points_without_a_place_are_told_of() -> None:
    one = sites([square(0, 0, 1000)], site_id=["a"])
    points = firms((10, 10), (20, 20), (30, 30))
    points.loc[1, "geometry"] = None
    points.loc[2, "geometry"] = shapely.Point()
    with pytest.warns(cg.ClusterGeoWarning, match=r"2 point\(s\) have no place"):
        assert counted(cg.density(one, points)) == {("a", "all"): 1}


def test_kendall_square_is_one_square_mile_in_km2_and_what_has_no_area_has_no_density() -> None:
    held = cg.load_benchmarks().set_index("id")
    assert held["per_km2"]["kendall-jobs"] == pytest.approx(50_000 / 2.59)
    assert (
        held["per_km2"][["kendall-area", "kendall-area-note", "kendall-biotech-zip", "cambridge-biotech"]].isna().all()
    )
    assert "international-mile" in held["source"]["kendall-area"]


def test_nothing_is_counted_in_a_drawn_disc() -> None:
    with pytest.warns(cg.ClusterGeoWarning, match="15 site"):
        found = cg.density(cg.load_sites(), firms((0, 0)))
    assert found["points"].isna().all()
    assert found["per_km2"].isna().all()


def test_no_points_give_zero_and_what_are_no_points_are_refused() -> None:
    one = sites([square(0, 0, 1000)], site_id=["a"])
    empty = gpd.GeoDataFrame({"kind": []}, geometry=[], crs=PLANE)
    assert counted(cg.density(one, empty)) == {("a", "all"): 0}
    with pytest.raises(cg.ClusterGeoError, match="Row 0 of the points is a Polygon"):
        cg.density(one, one)
    with pytest.raises(cg.ClusterGeoError, match="The points are a DataFrame"):
        cg.density(one, empty.drop(columns="geometry"))
    with pytest.raises(cg.ClusterGeoError, match="no column 'geometry'"):
        cg.density(one, empty, category="geometry")
    with pytest.raises(cg.ClusterGeoError, match="'kind'"):
        cg.density(one, firms((0, 0)), category="kind")
    with pytest.raises(cg.ClusterGeoError, match="'kind' of the points holds something that is no single word"):
        cg.density(one, firms((0, 0)).assign(kind=[["bio"]]), category="kind")
