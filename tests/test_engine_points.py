"""Which labels hold a point: exact on every edge and corner, by either method."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPoint, Point, Polygon, box

from clustergeo.overlap import Polygons, ZoneIndex

RING = Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(3, 3), (6, 3), (6, 6), (3, 6)]])
METHODS = pytest.mark.parametrize("method", ["grid", "plain"])


def array(*shapes: Any) -> Any:
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out


def wished(zones: Any, numbers: Any, points: Any) -> tuple[list[int], list[int]]:
    held = [sorted({int(numbers[z]) for z in np.flatnonzero(shapely.intersects(zones, p))}) for p in points]
    return [labels[0] if labels else -1 for labels in held], [len(labels) for labels in held]


def held(index: ZoneIndex, points: Any) -> tuple[list[int], list[int]]:
    labels, counts = index.holders(points)
    assert labels.dtype == counts.dtype == np.int64
    return labels.tolist(), counts.tolist()


@METHODS
@pytest.mark.parametrize("cell", [None, 1.0, 3.0, 16.0])
def test_the_boundary_belongs_to_a_zone(method: Any, cell: Any) -> None:
    index = ZoneIndex(array(RING), method=method, cell=cell)
    inside = [(1, 1), (0, 0), (9, 9), (4.5, 0), (0, 4.5), (9, 4.5), (4.5, 9), (3, 3), (6, 6), (4, 3), (6, 5), (8, 8)]
    outside = [(4, 4), (4.5, 4.5), (-1, 0), (10, 9), (9.5, 9.5), (1e9, 1), (1, -1e9), (np.nextafter(9, 10), 4)]
    assert held(index, shapely.points(inside)) == ([0] * len(inside), [1] * len(inside))
    assert held(index, shapely.points(outside)) == ([-1] * len(outside), [0] * len(outside))


@METHODS
def test_of_several_labels_the_first_counts(method: Any) -> None:
    zones = array(box(2, 0, 9, 9), box(0, 0, 2, 9), box(1, 1, 3, 3), box(2, 2, 4, 4))
    index = ZoneIndex(zones, ["east", "west", "mid", "mid"], method=method)
    points = [Point(5, 8), Point(1, 8), Point(2, 8), Point(2, 2), Point(1.5, 1.5), Point(2.5, 2.5), Point(3.5, 3.5)]
    labels, counts = held(index, array(*points))
    assert [index.labels[label] for label in labels] == ["east", "west", "east", "east", "mid", "east", "east"]
    assert counts == [1, 1, 2, 3, 2, 2, 2]


@METHODS
def test_what_is_no_point_is_held_by_nothing(method: Any) -> None:
    index = ZoneIndex(array(RING), method=method)
    others = array(None, Point(), box(1, 1, 2, 2), MultiPoint([(1, 1)]), Point(1, 1))
    assert held(index, others) == ([-1, -1, -1, -1, 0], [0, 0, 0, 0, 1])
    assert held(index, array()) == ([], [])
    assert held(ZoneIndex(array(), method=method), array(Point(1, 1))) == ([-1], [0])


@METHODS
@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([None, 1.0, 2.0, 8.0]),
    st.sampled_from([0.0, 1e6, -3e5 - 0.1]),
    st.sampled_from([1.0, 0.1, 1 / 3]),
)
def test_holders_agree_with_shapely_on_a_lattice(
    method: Any, seed: int, cell: float | None, place: float, size: float
) -> None:
    rng = np.random.default_rng(seed)
    found = shapely.polygons(rng.integers(0, 9, (60, 4, 2)).astype(float))
    zones = shapely.transform(found[shapely.is_valid(found)][:12], lambda xy: xy * size + place)
    numbers = np.arange(len(zones))
    lattice = np.stack(np.meshgrid(np.arange(-0.5, 9.5, 0.5), np.arange(-0.5, 9.5, 0.5)), axis=-1).reshape(-1, 2)
    points = shapely.points(lattice * size + place)
    index = ZoneIndex(zones, numbers, method=method, cell=None if cell is None else cell * size)
    assert held(index, points) == wished(zones, numbers, points)


def test_points_on_the_edges_of_a_rough_zone_are_held_as_shapely_says() -> None:
    rng = np.random.default_rng(8)
    angles = np.linspace(0, 2 * np.pi, 4000, endpoint=False)
    radius = 1000 + rng.uniform(-5, 5, 4000)
    zone = Polygon(np.column_stack([3e5 + radius * np.cos(angles), 5e5 + radius * np.sin(angles)]))
    corners = shapely.get_coordinates(zone)
    between = corners[:-1] + rng.uniform(0, 1, (4000, 1)) * np.diff(corners, axis=0)
    near = between + rng.choice([-1, 1], (4000, 1)) * 10.0 ** rng.uniform(-12, 1, (4000, 2))
    points = np.concatenate([corners, between, near, rng.uniform([298_800, 498_800], [301_200, 501_200], (4000, 2))])
    index = ZoneIndex(array(zone), method="grid")
    exact = shapely.intersects_xy(zone, points[:, 0], points[:, 1])
    labels, counts = index.holders(Polygons.from_points(points))
    np.testing.assert_array_equal(labels, np.where(exact, 0, -1))
    np.testing.assert_array_equal(counts, exact)


def test_holders_are_the_same_in_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    x, y = rng.uniform(0, 90, (2, 300))
    index = ZoneIndex(shapely.box(x, y, x + 9, y + 7), np.arange(300) % 7, method="grid")
    points = Polygons.from_points(rng.uniform(0, 100, (3000, 2)))
    whole = index.holders(points, threads=1)
    monkeypatch.setattr("clustergeo.overlap.summing.CHUNK", 256)
    for threads in (1, 3):
        np.testing.assert_array_equal(index.holders(points, threads=threads), whole)


@METHODS
def test_the_largest_label_of_a_point_is_the_first_that_holds_it(method: Any) -> None:
    index = ZoneIndex(array(box(0, 0, 2, 2), box(2, 0, 4, 2)), ["west", "east"], method=method)
    found = index.largest(array(Point(2, 1), box(0, 0, 3, 1), Point(9, 9), Point(1, 1)))
    assert found["label"].fillna("").tolist() == ["east", "west", "", "west"]
    assert found["labels"].tolist() == [2, 2, 0, 1]
    assert found["share"].isna().tolist() == [True, False, True, True]
