"""The nearest point of a border, for few points and for many."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, Point, Polygon, box

from clustergeo.errors import InputError
from clustergeo.overlap import Border, ZoneIndex, border

RING = Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(3, 3), (6, 3), (6, 6), (3, 6)]])
NAN = [np.nan, np.nan]


def array(*shapes: Any) -> Any:
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out


@pytest.fixture(params=["few", "many"])
def many(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """The method of few points (shapely) and of many (the tree), for any number."""
    if request.param == "many":
        monkeypatch.setattr(border, "_MANY_POINTS", 0)
    return bool(request.param == "many")


def test_known_points(many: bool) -> None:
    outline = Border(shapely.boundary(array(RING)))
    known = {(10, 5): (9, 5), (12, 13): (9, 9), (4, 4.9): (3, 4.9), (1, 5): (0, 5), (9, 3): (9, 3), (4.5, 2): (4.5, 3)}
    found = outline.nearest(np.array(list(known)))
    assert found.tolist() == [list(map(float, wished)) for wished in known.values()]


def test_points_without_a_place_have_no_nearest(many: bool) -> None:
    outline = Border(array(LineString([(0, 0), (10, 0)])))
    found = outline.nearest(np.array([[3.0, 4.0], [np.nan, 1.0], [np.inf, 0.0], [-5.0, 2.0]]))
    np.testing.assert_array_equal(found, [[3, 0], NAN, NAN, [0, 0]])
    assert outline.nearest(np.empty((0, 2))).shape == (0, 2)


@pytest.mark.parametrize("lines", [array(), array(None, LineString(), MultiLineString())])
def test_without_a_border_nothing_is_near(many: bool, lines: Any) -> None:
    np.testing.assert_array_equal(Border(lines).nearest(np.array([[1.0, 2.0]])), [NAN])


def test_a_border_of_a_single_place(many: bool) -> None:
    assert Border(array(LineString([(5, 5), (5, 5)]))).nearest(np.array([[1.0, 2.0]])).tolist() == [[5.0, 5.0]]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1e6]), st.booleans())
def test_both_methods_find_a_point_of_the_border_as_near_as_the_nearest(seed: int, place: float, whole: bool) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, 20, (12, 5, 2)) + (0.0 if whole else rng.uniform(0, 1, (12, 5, 2))) + place
    lines = np.append(shapely.linestrings(corners[1:]), shapely.multilinestrings(shapely.linestrings(corners[:1, :2])))
    points = rng.integers(-10, 30, (60, 2)) + place
    together = shapely.union_all(lines)
    wished = shapely.distance(shapely.points(points), together)
    tree = Border(lines)
    few = tree.nearest(points)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(border, "_MANY_POINTS", 0)
        found = tree.nearest(points)
    for nearest in (few, found):
        apart = np.hypot(*(nearest - points).T)
        np.testing.assert_allclose(apart, wished, rtol=0, atol=1e-12 + 4e-16 * place)
        assert shapely.distance(shapely.points(nearest), together).max() <= 1e-12 + 1e-15 * place


def test_many_points_are_the_same_to_the_bit_in_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    lines = shapely.boundary(shapely.buffer(shapely.points(rng.uniform(0, 100, (40, 2))), 5))
    points = rng.uniform(-50, 150, (21_000, 2))
    whole = Border(lines).nearest(points, threads=1)
    assert np.abs(whole[:500] - Border(lines).nearest(points[:500])).max() < 1e-12
    order = rng.permutation(len(points))
    np.testing.assert_array_equal(Border(lines).nearest(points[order]), whole[order])
    monkeypatch.setattr(border, "CHUNK", 1000)
    for threads in (1, 3):
        np.testing.assert_array_equal(Border(lines).nearest(points, threads=threads), whole)


def test_what_is_no_line_is_refused() -> None:
    with pytest.raises(InputError, match=r"Row 1 is a Polygon.*shapely.boundary"):
        Border(array(LineString([(0, 0), (1, 1)]), box(0, 0, 1, 1)))
    with pytest.raises(InputError, match="1 vertices of the border are not finite"):
        Border(array(LineString([(0, 0), (1, np.inf)])))
    with pytest.raises(InputError, match=r"shape \(2,\); expected x and y of each"):
        Border(array()).nearest(np.array([1.0, 2.0]))
    with pytest.raises(InputError, match=r"shape \(1, 3\)"):
        Border(array()).nearest(np.array([[1.0, 2.0, 3.0]]))


def test_a_pickled_border_answers_to_the_bit(many: bool) -> None:
    rng = np.random.default_rng(5)
    outline = Border(shapely.boundary(shapely.buffer(shapely.points(rng.uniform(0, 100, (40, 2))), 5)))
    points = rng.uniform(-50, 150, (300, 2))
    whole = outline.nearest(points)
    for ready in (outline, outline.prepare()):
        copy = pickle.loads(pickle.dumps(ready))  # noqa: S301 - its own bytes
        np.testing.assert_array_equal(copy.nearest(points), whole)
    assert repr(outline) == f"Border({40 * 32} segments)"


@pytest.mark.parametrize("method", ["grid", "plain"])
def test_the_border_of_zones_is_the_outline_of_all_together(method: Any) -> None:
    index = ZoneIndex(array(box(0, 0, 5, 9), box(5, 0, 9, 9)), ["west", "east"], method=method)
    assert index.border is index.border
    assert index.border.nearest(np.array([[5.0, 4.0], [-3.0, 4.0]])).tolist()[1] == [0.0, 4.0]
    # the line between the two is no border
    assert np.hypot(*(index.border.nearest(np.array([[5.0, 4.5]])) - [5.0, 4.5]).T) == 4.0
    assert np.isnan(ZoneIndex(array(), method=method).border.nearest(np.array([[1.0, 2.0]]))).all()


def test_points_do_not_change() -> None:
    points = np.array([[3.0, 4.0], [1.0, 1.0]])
    points.setflags(write=False)
    assert Border(array(LineString([(0, 0), (10, 0)]))).nearest(points).tolist() == [[3, 0], [1, 0]]
    assert Border(array(LineString([(0, 0), (10, 0)]))).nearest([Point(3, 4).coords[0]]).tolist() == [[3, 0]]
