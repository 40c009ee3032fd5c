"""How far a site lies from the border of the zones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPoint, MultiPolygon, Point, Polygon, affinity, box

from clustergeo.overlap import ZoneIndex

RING = Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(3, 3), (6, 3), (6, 6), (3, 6)]])
METHODS = pytest.mark.parametrize("method", ["grid", "plain"])


def array(*shapes: Any) -> Any:
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out


@METHODS
def test_known_distances(method: Any) -> None:
    index = ZoneIndex(array(RING), method=method)
    known = [
        (box(12, 0, 13, 1), 3.0),
        (box(12, 13, 13, 14), 5.0),
        (box(1, 1, 2, 2), -1.0),
        (box(4, 4, 5, 5), 1.0),
        (box(8, 8, 10, 10), 0.0),
        (box(9, 2, 11, 3), 0.0),
        (box(-1, -1, 10, 10), 0.0),
        (Point(1.5, 4), -1.5),
        (Point(4.5, 4.5), 1.5),
        (Point(9, 9), 0.0),
        (Point(-3, -4), 5.0),
        (MultiPolygon([box(1, 1, 2, 2), box(11, 0, 12, 1)]), 1.0),
        (RING, 0.0),
    ]
    assert index.distance(array(*(shape for shape, _ in known[:11]))).tolist() == [wished for _, wished in known[:11]]
    assert abs(index.distance(array(known[11][0]))[0]) == 1.0
    assert index.distance(array(RING))[0] == 0.0


@METHODS
def test_borders_between_labels_are_no_border(method: Any) -> None:
    index = ZoneIndex(array(box(0, 0, 5, 9), box(5, 0, 9, 9)), ["west", "east"], method=method)
    assert index.distance(array(box(4, 4, 6, 5))).tolist() == [-3.0]


@METHODS
def test_what_has_no_place_has_no_distance(method: Any) -> None:
    found = ZoneIndex(array(RING), method=method).distance(array(None, Polygon(), MultiPoint([(0, 0)]), Point()))
    assert np.isnan(found).all()


@METHODS
def test_a_site_round_a_whole_zone_is_at_the_border(method: Any) -> None:
    index = ZoneIndex(array(box(0, 0, 1, 1), box(50, 50, 51, 51)), method=method)
    assert index.distance(array(box(-5, -5, 5, 5))).tolist() == [0.0]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1e6]))
def test_distances_agree_with_shapely(seed: int, place: float) -> None:
    rng = np.random.default_rng(seed)

    def boxes(number: int, size: float, extent: float) -> Any:
        x, y = rng.uniform(0, extent, (2, number)) + place
        wide, high = rng.uniform(0.1, size, (2, number))
        turned = zip(shapely.box(x, y, x + wide, y + high), rng.uniform(0, 90, number), strict=True)
        return array(*(affinity.rotate(shape, angle) for shape, angle in turned))

    zones = boxes(int(rng.integers(1, 40)), 20, 100)
    sites = np.concatenate([boxes(40, 8, 150), shapely.points(rng.uniform(0, 150, (20, 2)) + place)])
    union = shapely.union_all(zones)
    wished = shapely.distance(sites, shapely.boundary(union)) * np.where(shapely.covers(union, sites), -1, 1)
    found = ZoneIndex(zones, method="grid").distance(sites)
    assert np.abs(found - wished).max() <= 1e-12 * max(place, 1000.0)
