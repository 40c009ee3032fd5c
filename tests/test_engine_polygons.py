"""Parts of polygons, polygons elsewhere, and their centroids, in either form."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import GeometryCollection, LineString, MultiPoint, MultiPolygon, Point, Polygon, box

from clustergeo.errors import InputError
from clustergeo.overlap import Polygons, ZoneIndex, areas_of, bounds_of, centroids, only, shapes
from clustergeo.overlap.kinds import MISSING

RING = Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(3, 3), (6, 3), (6, 6), (3, 6)]])
SHAPES = [
    RING,
    None,
    MultiPolygon([box(20, 0, 21, 1), box(30, 0, 32, 1)]),
    Polygon(),
    Point(3, 4),
    LineString([(0, 0), (1, 1)]),
    GeometryCollection([box(0, 0, 1, 1)]),
    MultiPoint([(0, 0)]),
    box(7, 7, 8, 9),
]


def array(*shapes: Any) -> Any:
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out


def same(one: Polygons, other: Polygons) -> None:
    for name in ("xy", "rings", "polygons", "holes", "kinds", "turns"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
        assert getattr(one, name).dtype == getattr(other, name).dtype, name
    np.testing.assert_array_equal(one.areas(), other.areas())
    np.testing.assert_array_equal(one.bounds(), other.bounds())


ROWS = st.lists(st.integers(-len(SHAPES), len(SHAPES) - 1), max_size=20)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(ROWS, st.integers(0, 5), st.integers(5, len(SHAPES)))
def test_entries_are_taken_in_any_order_and_as_often_as_wished(rows: list[int], first: int, last: int) -> None:
    whole = Polygons.from_shapely(array(*SHAPES))
    same(whole.take(rows), Polygons.from_shapely(array(*SHAPES)[np.array(rows, dtype=int)]))
    part = whole[first:last]
    inside = [row for row in rows if -len(part) <= row < len(part)]
    same(part.take(inside), Polygons.from_shapely(array(*SHAPES)[first:last][np.array(inside, dtype=int)]))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.booleans(), min_size=len(SHAPES), max_size=len(SHAPES)), st.integers(0, 4))
def test_a_mask_takes_entries_or_leaves_the_others_missing(mask: list[bool], first: int) -> None:
    keep = np.array(mask)[first:]
    part, shapes = Polygons.from_shapely(array(*SHAPES))[first:], array(*SHAPES)[first:]
    same(part.take(keep), Polygons.from_shapely(shapes[keep]))
    missing = only(part, keep)
    assert (missing.kinds[~keep] == MISSING).all()
    if not keep.all():
        same(missing, Polygons.from_shapely(only(shapes, keep)))
    assert (only(shapes, keep) == np.where(keep, shapes, None)).all()


def test_what_was_taken_holds_no_other_coordinates_and_shares_none() -> None:
    whole = Polygons.from_shapely(shapely.box(0, 0, np.arange(1.0, 1001.0), 1))
    few = whole.take([3, 5])
    assert few.xy.shape == (10, 2)
    assert not np.shares_memory(few.xy, whole.xy)


def test_rows_that_are_not_there_are_refused() -> None:
    with pytest.raises(IndexError):
        Polygons.from_shapely(array(*SHAPES)).take([len(SHAPES)])
    with pytest.raises(IndexError):
        Polygons.from_shapely(array(*SHAPES)).take(np.array([True, False]))


def test_a_pickled_slice_carries_its_own_coordinates_only() -> None:
    whole = Polygons.from_shapely(shapely.box(0, 0, np.arange(1.0, 10_001.0), 1))
    binary = pickle.dumps(whole[50:60], protocol=5)
    assert len(binary) < 5_000
    same(pickle.loads(binary), whole.take(np.arange(50, 60)))  # noqa: S301 - its own bytes
    mixed = Polygons.from_shapely(array(*SHAPES))
    same(pickle.loads(pickle.dumps(mixed)), mixed)  # noqa: S301


def test_points_from_their_coordinates() -> None:
    xy = np.array([[1.0, 2.0], [np.nan, 0.0], [3.0, np.inf], [-0.0, 5.0]])
    found = Polygons.from_points(xy)
    same(found, Polygons.from_shapely(array(Point(1, 2), None, None, Point(-0.0, 5))))
    assert found.pointed.tolist() == [True, False, False, True]
    assert len(Polygons.from_points(np.empty((0, 2)))) == 0


def turned(xy: Any) -> Any:
    return np.column_stack([2 * xy[:, 1] + 100, xy[:, 0] - 7])


@pytest.mark.parametrize("cut", [slice(None), slice(1, 7), slice(4, 5), slice(3, 3)])
def test_moved_polygons_are_measured_again(monkeypatch: pytest.MonkeyPatch, cut: slice) -> None:
    moved = Polygons.from_shapely(array(*SHAPES))[cut].moved(turned)
    kept = only(array(*SHAPES)[cut], np.isin(shapely.get_type_id(array(*SHAPES)[cut]), [0, 3, 6]))
    wished = Polygons.from_shapely(shapely.transform(kept, turned))
    np.testing.assert_array_equal(moved.xy, wished.xy)
    np.testing.assert_array_equal(moved.areas(), wished.areas())
    np.testing.assert_array_equal(moved.bounds(), wished.bounds())
    np.testing.assert_array_equal(moved.turns, wished.turns)
    monkeypatch.setattr("clustergeo.overlap.rings._VERTICES", 3)
    for threads in (1, 3):
        same(Polygons.from_shapely(array(*SHAPES))[cut].moved(turned, threads=threads), moved)


def test_rings_stay_closed_under_a_change_that_rounds_by_place() -> None:
    found = Polygons.from_shapely(array(box(0, 0, 1, 1), RING)).moved(
        lambda xy: xy + 1e-9 * np.arange(len(xy))[:, None]
    )
    np.testing.assert_array_equal(found.xy[found.rings[:-1]], found.xy[found.rings[1:] - 1])


def test_a_vertex_that_goes_nowhere_is_refused_with_its_row() -> None:
    boxes = Polygons.from_shapely(shapely.box(0, 0, np.arange(1.0, 9.0), 1))
    with pytest.raises(InputError, match="Row 6 has a coordinate that is not finite"):
        boxes.moved(lambda xy: np.where(xy == 7.0, np.inf, xy))


def test_areas_and_bounds_in_either_form() -> None:
    rows, polygons = array(*SHAPES), Polygons.from_shapely(array(*SHAPES))
    assert areas_of(rows).tolist() == areas_of(polygons).tolist() == [72, 0, 3, 0, 0, 0, 0, 0, 2]
    known = [0, 2, 4, 8]
    np.testing.assert_array_equal(bounds_of(rows)[known], bounds_of(polygons)[known])
    assert areas_of(array()).shape == (0,)
    assert bounds_of(array()).shape == (0, 4)


def test_known_centroids() -> None:
    wished = [[4.5, 4.5], [np.nan] * 2, [27.5, 0.5], [np.nan] * 2, [3, 4], *[[np.nan] * 2] * 3, [7.5, 8]]
    for form in (array(*SHAPES), Polygons.from_shapely(array(*SHAPES))):
        np.testing.assert_allclose(centroids(form), wished, rtol=1e-15)
    # a slice counts from its own first entry
    np.testing.assert_allclose(centroids(Polygons.from_shapely(array(*SHAPES))[2:5]), wished[2:5], rtol=1e-15)
    assert centroids(array()).shape == centroids(Polygons.from_shapely(array())).shape == (0, 2)


def test_the_centroid_of_what_has_no_area_is_that_of_its_line() -> None:
    flat = array(Polygon([(0, 0), (4, 0), (2, 0), (0, 0)]), Polygon([(1, 1), (1, 1), (1, 1), (1, 1)]))
    for form in (flat, Polygons.from_shapely(flat)):
        assert centroids(form).tolist() == [[2.0, 0.0], [1.0, 1.0]]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1e6, -4e7]), st.booleans())
def test_centroids_agree_with_shapely(seed: int, place: float, reverse: bool) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 100, (2, 30)) + place
    wide, high = rng.uniform(0.1, 9, (2, 30))
    outer = shapely.box(x, y, x + wide, y + high)
    inner = shapely.box(x + wide / 3, y + high / 4, x + wide / 2, y + high / 2)
    sites = np.concatenate([outer, shapely.difference(outer, inner), shapely.multipolygons([[outer[0], outer[1]]])])
    sites = shapely.reverse(sites) if reverse else sites
    wished = np.column_stack([shapely.get_x(shapely.centroid(sites)), shapely.get_y(shapely.centroid(sites))])
    np.testing.assert_allclose(
        centroids(Polygons.from_shapely(sites)), wished, rtol=0, atol=1e-13 * 100 + 1e-15 * abs(place)
    )


def test_centroids_are_the_same_to_the_bit_in_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    polygons = Polygons.from_shapely(shapely.points(rng.uniform(0, 1e6, (500, 2))).tolist())
    polygons = Polygons.from_shapely(shapely.buffer(polygons.to_shapely(), rng.uniform(1, 9, 500)))
    whole = centroids(polygons, threads=1)
    monkeypatch.setattr(shapes, "CHUNK", 37)
    for threads in (1, 3):
        np.testing.assert_array_equal(centroids(polygons, threads=threads), whole)


@pytest.mark.parametrize("method", ["plain", "grid"])
@pytest.mark.parametrize("size", [1e-140, 1e-9, 1e9, 1e140])
def test_coordinates_of_any_size_give_the_share_that_they_have(method: str, size: float) -> None:
    index = ZoneIndex(np.array([box(0, 0, size, size)]), method=method)
    assert index.shares(np.array([box(size / 2, 0, 1.5 * size, size)])).tolist() == pytest.approx([0.5], abs=1e-12)


@pytest.mark.parametrize("method", ["plain", "grid"])
@pytest.mark.parametrize("size", [1e-160, 1e200])
def test_an_area_that_double_precision_cannot_hold_is_refused(method: str, size: float) -> None:
    odd = np.array([box(0, 0, size, size)])
    with pytest.raises(InputError, match=r"zones have an area of .* too large or too small"):
        ZoneIndex(odd, method=method)
    with pytest.raises(InputError, match="too large"):
        ZoneIndex(np.array([box(0, 0, 1, 1)]), method=method).shares(odd)


def test_labels_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(InputError, match="texts or numbers"):
        ZoneIndex(np.array([box(0, 0, 1, 1), box(1, 0, 2, 1)]), [["a"], ["b"]])


def test_shapes_come_back_with_the_vertices_that_they_had() -> None:
    triangle, holed = Polygon([(0, 0), (1, 0), (0, 1)]), box(0, 0, 9, 9).difference(box(1, 1, 2, 2))
    back = Polygons.from_shapely(np.array([triangle, holed, MultiPolygon([triangle, holed])])).to_shapely()
    assert shapely.get_num_coordinates(back).tolist() == [4, 10, 14]
