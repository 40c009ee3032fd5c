"""The engine against plain shapely on hand-made and random shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box

from clustergeo import overlap

UNIT = box(0, 0, 1, 1)
RING = Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(3, 3), (6, 3), (6, 6), (3, 6)]])


def array(*shapes: Any) -> np.ndarray[Any, Any]:
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out


def total_areas(sites: Any, zones: Any) -> np.ndarray[Any, Any]:
    return overlap.ZoneIndex(zones, method="plain", checked=True).inside(sites, checked=True)


def total(site: Any, *zones: Any) -> float:
    return float(total_areas(array(site), array(*zones))[0])


@st.composite
def shape(draw: st.DrawFn, *, low: float = -5, high: float = 5) -> Any:
    """A triangle, a rectangle, one with a hole, or two parts."""
    number = st.floats(low, high, allow_nan=False, width=32)
    x, y = draw(number), draw(number)
    width, height = draw(st.floats(0.125, 6, width=32)), draw(st.floats(0.125, 6, width=32))
    kind = draw(st.sampled_from(["box", "triangle", "ring", "two"]))
    if kind == "triangle":
        return Polygon([(x, y), (x + width, y), (x, y + height)])
    outer = box(x, y, x + width, y + height)
    if kind == "ring":
        return outer.difference(box(x + width / 4, y + height / 4, x + width / 2, y + height / 2))
    return outer if kind == "box" else MultiPolygon([outer, box(x + width + 1, y, x + width + 2, y + height)])


@settings(max_examples=120, deadline=None)
@given(st.lists(shape(), min_size=1, max_size=4), st.lists(shape(), min_size=0, max_size=6))
def test_areas_agree_with_the_union_of_all_zones(sites: list[Any], zones: list[Any]) -> None:
    found = total_areas(array(*sites), overlap.dissolve(array(*zones)))
    together = shapely.union_all(zones) if zones else Polygon()
    expected = [site.intersection(together).area for site in sites]
    assert found.tolist() == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert (found <= shapely.area(array(*sites))).all()


@settings(max_examples=80, deadline=None)
@given(st.lists(shape(), min_size=1, max_size=4), st.lists(shape(), min_size=1, max_size=5))
def test_pairs_agree_with_every_intersection_and_are_sorted(sites: list[Any], zones: list[Any]) -> None:
    rows, columns, areas = overlap.pair_areas(array(*sites), array(*zones))
    found = dict(zip(zip(rows.tolist(), columns.tolist(), strict=True), areas.tolist(), strict=True))
    assert list(found) == sorted(found)
    for row, site in enumerate(sites):
        for column, zone in enumerate(zones):
            assert found.get((row, column), 0.0) == pytest.approx(site.intersection(zone).area, rel=1e-9, abs=1e-8)


@settings(max_examples=60, deadline=None)
@given(st.lists(shape(), min_size=0, max_size=7))
def test_dissolved_parts_cover_the_same_ground_once(zones: list[Any]) -> None:
    parts = overlap.dissolve(array(*zones))
    together = shapely.union_all(zones) if zones else Polygon()
    assert shapely.area(parts).sum() == pytest.approx(together.area, rel=1e-9)
    assert all(a.intersection(b).area <= 1e-9 for i, a in enumerate(parts) for b in parts[:i])


@pytest.mark.parametrize("zone", [box(1, 0, 2, 1), box(1, 1, 2, 2), box(-1, 0.25, 0, 0.5), box(0, -3, 1, 0)])
def test_touching_is_no_pair(zone: Any) -> None:
    rows, _, _ = overlap.pair_areas(array(UNIT), array(zone))
    assert rows.tolist() == []
    assert total(UNIT, zone) == 0.0


def test_identical_nested_and_overlapping_zones_count_once() -> None:
    assert total(UNIT, UNIT, UNIT, UNIT) == 1.0
    assert total(UNIT, box(0, 0, 0.5, 1), box(0.25, 0, 0.75, 1), box(0.3, 0.3, 0.4, 0.4)) == pytest.approx(0.75)


def test_a_hole_of_the_zone_and_of_the_site_is_not_counted() -> None:
    assert total(box(0, 0, 9, 9), RING) == 72.0
    assert total(RING, box(0, 0, 9, 9)) == 72.0
    assert total(box(3, 3, 6, 6), RING) == 0.0
    assert total(RING, box(3, 3, 6, 6)) == 0.0
    assert total(box(2, 2, 7, 7), RING) == pytest.approx(16.0)


def test_points_lines_null_and_empty_shapes_overlap_nothing() -> None:
    sites = array(None, Point(0.5, 0.5), Polygon(), Point(), UNIT)
    zones = array(None, Polygon(), UNIT)
    assert total_areas(sites, overlap.dissolve(zones)).tolist()[-1] == 1.0
    rows, _, _ = overlap.pair_areas(sites, overlap.dissolve(zones))
    assert rows.tolist() == [4]


def test_no_sites_and_no_zones_are_answered() -> None:
    none = np.empty(0, dtype=object)
    assert total_areas(none, array(UNIT)).tolist() == []
    assert total_areas(array(UNIT), none).tolist() == [0.0]
    assert len(overlap.dissolve(none)) == 0


def test_heights_change_nothing() -> None:
    assert total(shapely.force_3d(UNIT, 7.0), shapely.force_3d(box(0.5, 0, 2, 1), -3.0)) == pytest.approx(0.5)


def test_a_site_within_a_zone_has_exactly_its_own_area() -> None:
    rng = np.random.default_rng(1)
    corners = rng.uniform(100_000, 600_000, (200, 2))
    spots = array(*[Point(x, y).buffer(float(r)) for (x, y), r in zip(corners, rng.uniform(1, 900, 200), strict=True)])
    found = total_areas(spots, overlap.dissolve(array(box(0, 0, 400_000, 1e6), box(390_000, 0, 1e6, 1e6))))
    assert (found == shapely.area(spots)).all()


def test_slivers_of_rounding_are_not_ground_but_a_real_sliver_is() -> None:
    site = box(200_000, 500_000, 201_000, 501_000)
    rounding = box(201_000 - 1e-10, 500_000, 202_000, 501_000)
    real = box(201_000 - 0.01, 500_000, 202_000, 501_000)
    assert total(site, rounding) == 0.0
    assert total(site, real) == pytest.approx(10.0, rel=1e-6)


def test_a_small_zone_in_a_very_large_container_is_not_lost() -> None:
    """A house of 100 m2 in a province of 15,000 km2, and a thousand of them."""
    province = box(0, 0, 150_000, 100_000)
    assert total(province, box(5, 5, 15, 15)) == pytest.approx(100.0, rel=1e-6)
    houses = [box(100.0 * i, 50, 100.0 * i + 3, 53) for i in range(1000)]
    assert total(province, *houses) == pytest.approx(9000.0, rel=1e-6)
