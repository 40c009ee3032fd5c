"""What the kernels of the validity check decide by themselves, and what they leave to GEOS."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, Point, Polygon, box

from clustergeo.overlap import Polygons, validity
from clustergeo.overlap.crossing import MOST


def array(*shapes: Any) -> Any:
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out


def regular(corners: int, radius: float = 1.0, turn: float = 0.1) -> Any:
    at = np.arange(corners) * 2 * np.pi / corners + turn
    return Polygon(np.column_stack([radius * np.cos(at), radius * np.sin(at)]))


def star(corners: int) -> Any:
    at, radii = np.arange(corners) * 2 * np.pi / corners + 0.05, np.where(np.arange(corners) % 2, 1.0, 0.3)
    return Polygon(np.column_stack([radii * np.cos(at), radii * np.sin(at)]))


SPIRAL = Polygon([(0, 0), (9, 0), (9, 9), (1, 9), (1, 3), (5, 3), (5, 6), (3, 6), (3, 7), (7, 7), (7, 1), (0, 1)])
COMB = Polygon([(0, 0), *[(x / 2, 4 if x % 2 else 1) for x in range(1, 20)], (10, 0)])
BOW = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
REPEATED = Polygon([(0, 0), (0, 0), (3, 0), (3, 0), (3, 3), (0, 3), (0, 3)])
THIN = Polygon([(0, 0), (4, 0), (8, 0), (8, 1), (0, 1)])  # a corner on a straight side
SMALL = {"triangle": regular(3), "box": box(0, 0, 1, 1), "star": star(20), "spiral": SPIRAL, "comb": COMB, "thin": THIN}
NOTCHED = Polygon([(0, 0), (5, 0), (6, 5), (6.2, 0), (10, 0), (10, 10)])  # a side that points to another one
SMALL |= {"notched": NOTCHED, "repeated": REPEATED, "63 corners": regular(63), "star of 62": star(62)}
TURNS = (lambda one: one, shapely.reverse, lambda one: shapely.transform(one, lambda xy: xy[:, ::-1].copy()))
SCALES = (1.0, 1e-9, 1e6)


@pytest.mark.parametrize("name", [*SMALL])
@pytest.mark.parametrize("turn", TURNS)
def test_a_small_valid_ring_is_not_left_to_geos_wherever_it_begins(name: str, turn: Any) -> None:
    xy = shapely.get_coordinates(turn(SMALL[name]))[:-1]
    begins = range(0, len(xy), max(len(xy) // 8, 1))
    for scale in SCALES:
        rings = array(*[Polygon(scale * np.roll(xy, begin, axis=0)) for begin in begins])
        for mirrored in (rings, shapely.transform(rings, lambda xy: -xy)):
            assert validity._not_small(Polygons.from_shapely(mirrored), None).tolist() == []


def test_what_is_no_polygon_is_settled_and_large_rings_and_holes_are_left() -> None:
    holed = Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(1, 1), (2, 1), (2, 2)]])
    shapes = array(None, Point(1, 1), Polygon(), box(0, 0, 1, 1), regular(MOST), holed, BOW, regular(MOST - 1))
    assert validity._not_small(Polygons.from_shapely(shapes), None).tolist() == [4, 5, 6]


TOUCHING = [
    BOW,
    Polygon([(0, 0), (4, 0), (4, 4), (2, 0), (0, 4)]),  # a corner on another side
    Polygon([(0, 0), (4, 0), (4, 4), (4, 0), (0, 4)]),  # back along a side
    Polygon([(0, 0), (2, 0), (1, 0), (1, 3)]),  # back along the first
    Polygon([(0, 0), (3, 0), (3, 3), (1, 1), (0, 3), (1, 1)]),  # twice at a corner
    Polygon([(0, 0), (1, 0), (0, 0), (1, 0)]),  # there and back again
    Polygon([(0, 0), (1, 1), (2, 2)]),  # no area
    Polygon([(1, 0), (3, 0), (3, 3), (0, 3), (0, 0), (2, 0), (2, 1), (1, 1)]),  # along a part of a side
    Polygon([(0, 0), (8, 0), (8, 1), (4, 1), (4, -1), (3, -1), (3, 1), (0, 1)]),  # two sides crossed
]


@pytest.mark.parametrize("shape", TOUCHING)
def test_a_ring_that_meets_itself_is_left_to_geos_wherever_it_begins(shape: Any) -> None:
    xy = shapely.get_coordinates(shape)[:-1]
    for one in (xy, xy[::-1], xy[:, ::-1], -xy):
        rings = Polygons.from_shapely(array(*[Polygon(np.roll(one, begin, axis=0)) for begin in range(len(xy))]))
        assert len(validity._not_small(rings, None)) == len(xy)
        assert len(validity._not_large(rings, np.arange(len(xy)), None)) == len(xy)


HOLE = [(1, 1), (2, 1), (2, 2), (1, 2)]


def with_hole(x: float, y: float, size: float = 9.0) -> Any:
    return Polygon([(x, y), (x + size, y), (x + size, y + size), (x, y + size)], [[(x + a, y + b) for a, b in HOLE]])


NESTED = [
    with_hole(0, 0),
    Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [HOLE, [(4, 4), (5, 4), (5, 5)], [(7, 1), (8, 1), (8, 2)]]),
    MultiPolygon([with_hole(0, 0), with_hole(20, 0), box(40, 0, 41, 1)]),
    MultiPolygon([with_hole(0, 0, 30), box(1.25, 1.25, 1.75, 1.75)]),  # an island in a hole
    MultiPolygon([box(0, at, 1, at + 0.5) for at in range(9)]),
    regular(200),
    star(300),
    Polygon(shapely.get_coordinates(regular(100, 9.0)), [shapely.get_coordinates(regular(90, 3.0))]),
    *SMALL.values(),
]


@pytest.mark.parametrize("turn", TURNS)
def test_large_polygons_that_are_valid_are_not_left_to_geos(turn: Any) -> None:
    for scale in SCALES:
        shapes = shapely.transform(array(*[turn(one) for one in NESTED]), lambda xy, scale=scale: scale * xy)
        assert shapely.is_valid(shapes).all()
        rows = np.arange(len(shapes))
        assert validity._not_large(Polygons.from_shapely(shapes), rows, None).tolist() == []
        assert validity._not_large(Polygons.from_shapely(shapes)[2:], rows[:2], None).tolist() == []


WRONG = [
    Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(20, 1), (21, 1), (21, 2)]]),  # a hole outside
    Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(1, 1), (8, 1), (8, 8), (1, 8)], [(3, 3), (4, 3), (4, 4)]]),
    Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(-1, 1), (3, 1), (3, 2)]]),  # a hole across the exterior
    Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(-1, -1), (10, -1), (10, 10), (-1, 10)]]),  # a hole round it
    MultiPolygon([box(0, 0, 9, 9), box(2, 2, 3, 3)]),  # a part in a part
    MultiPolygon([box(2, 2, 3, 3), box(0, 0, 9, 9)]),
    MultiPolygon([box(0, 0, 9, 9), box(8, 8, 12, 12)]),
    MultiPolygon([box(0, 0, 9, 9), box(9, 0, 12, 9)]),  # a side in common
    MultiPolygon([with_hole(0, 0, 30), with_hole(0.5, 0.5, 31)]),
    MultiPolygon([box(20, 0, 21, 1), *[box(0, at, 1, at + 0.5) for at in range(9)], BOW]),
]


@pytest.mark.parametrize("turn", TURNS)
def test_large_polygons_whose_rings_meet_or_are_nested_wrongly_are_left_to_geos(turn: Any) -> None:
    shapes = array(*[turn(one) for one in WRONG])
    assert not shapely.is_valid(shapes).any()
    given = Polygons.from_shapely(shapes)
    assert validity._not_large(given, np.arange(len(shapes)), None).tolist() == [*range(len(shapes))]
    assert validity.invalid_rows(given).tolist() == [*range(len(shapes))]


@pytest.mark.parametrize("away", [(0, 0), (1_000, 0), (0, 1_000), (-1_000, 0), (0, -1_000)])
@pytest.mark.parametrize("corners", [70, 129, 200])
def test_a_large_ring_with_a_corner_where_it_should_not_be_is_left_to_geos(
    corners: int, away: tuple[float, float]
) -> None:
    """Each corner in turn is put onto or across a side on the far side of the ring, in either direction."""
    xy = shapely.get_coordinates(regular(corners, radius=10.0))[:-1]
    shapes = []
    for at in range(0, corners, 3):
        over = (at + corners // 2) % corners
        for share, beyond in ((0.0, 1.0), (0.5, 1.0), (0.5, 1.01)):
            put = xy.copy()
            put[at] = beyond * ((1 - share) * xy[over] + share * xy[(over + 1) % corners])
            shapes += [Polygon(put + away), Polygon(put[::-1] + away), Polygon(np.roll(put, at, axis=0) + away)]
    rings = Polygons.from_shapely(array(*shapes))
    left = validity._not_large(rings, np.arange(len(rings)), None)
    assert set(np.flatnonzero(~shapely.is_valid(shapes)).tolist()) <= set(left.tolist())
    assert len(left) > len(shapes) / 2


@pytest.mark.parametrize("toward", [(1, 0), (-1, 0), (0, 1), (0, -1)])
def test_parts_that_touch_at_one_corner_are_left_to_geos(toward: tuple[int, int]) -> None:
    """Their boxes share a point only."""
    one = shapely.transform(regular(40, turn=0.0), lambda xy: np.round(xy, 6) + 0.0)
    at = np.argmax(shapely.get_coordinates(one) @ np.array(toward))
    step = 2 * shapely.get_coordinates(one)[at]
    near, far = (shapely.transform(one, lambda xy, away=away: xy + away) for away in (step, 1.001 * step))
    rings = Polygons.from_shapely(array(MultiPolygon([one, near]), MultiPolygon([near, one]), MultiPolygon([one, far])))
    assert validity._not_large(rings, np.arange(3), None).tolist() == [0, 1]
