"""Zones of one label are made to overlap nowhere; what only touches stays as it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, Polygon, box

from clustergeo.overlap import ZoneIndex, dissolving
from clustergeo.overlap.dissolving import disjoint, united

RING = Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(3, 3), (6, 3), (6, 6), (3, 6)]])


def array(*shapes: Any) -> Any:
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out


def test_zones_that_only_touch_or_lie_in_a_hole_stay_as_they_are() -> None:
    for zones in (array(box(0, 0, 1, 1), box(1, 0, 2, 1)), array(RING, box(3, 3, 6, 6)), array(RING, box(4, 4, 5, 5))):
        shapes, numbers = disjoint(zones, np.array([0, 0]))
        assert shapely.equals_exact(shapes, zones).all()
        assert numbers.tolist() == [0, 0]


def test_zones_that_overlap_become_one_and_others_stay() -> None:
    zones = array(box(0, 0, 2, 2), box(1, 1, 3, 3), box(8, 8, 9, 9), box(2.5, 2.5, 4, 4))
    shapes, numbers = disjoint(zones, np.array([0, 0, 0, 0]))
    assert sorted(shapely.area(shapes)) == [1.0, 9.0]
    assert numbers.tolist() == [0, 0]


def test_zones_of_other_labels_may_overlap() -> None:
    zones = array(box(0, 0, 2, 2), box(1, 1, 3, 3), box(1, 1, 2, 2))
    shapes, numbers = disjoint(zones, np.array([0, 1, 0]))
    found = dict(zip(numbers.tolist(), shapely.area(shapes), strict=True))
    assert found == {0: 4.0, 1: 4.0}


def test_the_parts_of_zones_are_taken_apart() -> None:
    shapes, numbers = disjoint(array(shapely.MultiPolygon([box(0, 0, 1, 1), box(5, 5, 6, 6)])), np.array([3]))
    assert shapely.get_type_id(shapes).tolist() == [3, 3]
    assert numbers.tolist() == [3, 3]


def test_nothing_is_dissolved_into_nothing() -> None:
    shapes, numbers = disjoint(array(), np.empty(0, dtype=np.int64))
    assert len(shapes) == len(numbers) == len(united(array())) == 0


def test_what_is_united_has_no_edge_in_common() -> None:
    assert shapely.area(united(array(box(0, 0, 1, 1), box(1, 0, 2, 1), box(5, 0, 6, 1)))).tolist() == [2.0, 1.0]
    assert shapely.equals(united(array(RING, box(3, 3, 6, 6)))[0], box(0, 0, 9, 9))
    # a corner of one on an edge of another
    assert shapely.equals(united(array(box(0, 0, 4, 4), box(4, 0, 6, 2), box(4, 2, 6, 4)))[0], box(0, 0, 6, 4))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.sampled_from([50, 400, 100_000]), st.sampled_from([0, 8]), st.integers(1, 3))
def test_dissolved_zones_cover_the_same_ground_once(seed: int, vertices: int, crowd: int, labels: int) -> None:
    """Whatever the size of the pieces, and whether pairs are looked at or not."""
    rng = np.random.default_rng(seed)
    found = shapely.polygons(rng.integers(0, 30, (80, 4, 2)) + rng.integers(0, 2) * rng.uniform(0, 1, (80, 4, 2)))
    zones = np.concatenate([found[shapely.is_valid(found)], shapely.buffer(shapely.points([[5, 5], [9, 5]]), 3)])
    numbers = rng.integers(0, labels, len(zones))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dissolving, "_VERTICES", vertices)
        patch.setattr(dissolving, "_CROWD", crowd)
        shapes, owners = disjoint(zones, numbers)
        outline = united(shapes)
    for label in range(labels):
        own, together = shapes[owners == label], shapely.union_all(zones[numbers == label])
        assert shapely.area(own).sum() == pytest.approx(together.area, rel=1e-9)
        assert shapely.symmetric_difference(shapely.union_all(own), together).area < 1e-9 * max(together.area, 1)
    assert shapely.area(outline).sum() == pytest.approx(shapely.union_all(zones).area, rel=1e-9)


def test_a_coverage_is_united_as_any_other_polygons_are(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = (side.ravel().astype(float) for side in np.meshgrid(np.arange(30), np.arange(20)))
    squares = np.delete(shapely.box(x, y, x + 1, y + 1), [205, 206, 236])
    monkeypatch.setattr(dissolving, "_VERTICES", 500)
    assert shapely.equals(shapely.union_all(united(squares)), shapely.union_all(squares))


def test_a_hundred_thousand_squares_of_one_label() -> None:
    x, y = (side.ravel().astype(float) for side in np.meshgrid(np.arange(400), np.arange(250)))
    squares = shapely.box(x, y, x + 1, y + 1)
    index = ZoneIndex(squares, method="grid")
    assert len(index._prepared.zones) == 100_000
    assert index.inside(array(box(10.5, 10.5, 12.5, 11.5), box(-1, -1, 1, 1), Point(5, 5))).tolist() == [2.0, 1.0, 0.0]
    # each half a step on: every square overlaps its neighbours
    crowd = ZoneIndex(shapely.box(x[:2000], y[:2000], x[:2000] + 1.5, y[:2000] + 1.5), method="grid")
    assert crowd.inside(array(box(-1, -1, 500, 500)))[0] == pytest.approx(400.5 * 5.5)
