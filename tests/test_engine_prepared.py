"""An index that is prepared and shipped: everything is built once, and the copy answers to the bit."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import shapely
from shapely import Point, Polygon, affinity, box

from clustergeo.overlap import Border, Polygons, ZoneIndex
from clustergeo.overlap import border as border_room
from clustergeo.overlap import grid as grid_room
from clustergeo.overlap import zones as zones_room

METHODS = pytest.mark.parametrize("method", ["grid", "plain"])


def array(*shapes: Any) -> Any:
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out


def scattered(number: int, seed: int, size: float = 9.0) -> Any:
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 100, (2, number))
    wide, high = rng.uniform(0.1, size, (2, number))
    turned = zip(shapely.box(x, y, x + wide, y + high), rng.uniform(0, 90, number), strict=True)
    return array(*(affinity.rotate(shape, angle) for shape, angle in turned))


def answers(index: ZoneIndex, sites: Any) -> list[Any]:
    points = shapely.points(np.random.default_rng(9).uniform(0, 110, (300, 2)))
    return [
        index.shares(sites),
        index.inside(sites),
        *index.overlaps(sites),
        index.largest(sites)["share"].to_numpy(),
        index.largest(sites)["label"].fillna(-1).to_numpy(dtype=float),
        index.distance(sites),
        *index.holders(points),
        index.border.nearest(shapely.get_coordinates(points)),
    ]


@METHODS
@pytest.mark.parametrize("labels", [None, np.arange(150) % 4])
@pytest.mark.parametrize("ready", [True, False])
def test_a_pickled_index_answers_to_the_bit(method: Any, labels: Any, ready: bool) -> None:
    index = ZoneIndex(scattered(150, 1), labels, method=method)
    if ready:
        assert index.prepare() is index
    copy = pickle.loads(pickle.dumps(index, protocol=5))  # noqa: S301 - its own bytes
    for form in (scattered(300, 2, 5.0), Polygons.from_shapely(scattered(300, 2, 5.0))):
        for one, other in zip(answers(index, form), answers(copy, form), strict=True):
            np.testing.assert_array_equal(one, other)
    again = pickle.loads(pickle.dumps(copy, protocol=5))  # noqa: S301
    np.testing.assert_array_equal(again.shares(scattered(300, 2, 5.0)), index.shares(scattered(300, 2, 5.0)))


def test_what_is_prepared_is_not_built_again(monkeypatch: pytest.MonkeyPatch) -> None:
    index = ZoneIndex(scattered(150, 1), np.arange(150) % 4).prepare()
    binary = pickle.dumps(index, protocol=5)

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError

    for room, name in (
        (grid_room, "build"),
        (zones_room, "disjoint"),
        (zones_room, "united"),
        (zones_room.Zones, "__init__"),
        (border_room, "_sorted_along"),
        (Border, "_with_hints"),
    ):
        monkeypatch.setattr(room, name, never)
    sites, copy = Polygons.from_shapely(scattered(300, 2, 5.0)), pickle.loads(binary)  # noqa: S301
    monkeypatch.setattr(border_room, "_MANY_POINTS", 0)
    for one, other in zip(answers(index, sites), answers(copy, sites), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_pickled_is_about_as_large_as_the_arrays() -> None:
    angles = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)
    zone = Polygon(np.column_stack([1000 * np.cos(angles), 1000 * np.sin(angles)]))
    index = ZoneIndex(array(zone), method="grid")
    # the coordinates twice: as well-known binary, and as the segments of the border
    assert len(pickle.dumps(index, protocol=5)) < 1.01 * 16 * 20_000 + 3_000
    index.prepare()
    held, border = index._prepared.grid.held, index.border
    arrays = [held.cells, held.pieces, held.weights, held.owners, border.segments, *vars(border.tree).values()]
    assert len(pickle.dumps(index, protocol=5)) < 1.01 * (sum(a.nbytes for a in arrays) + 16 * 20_000) + 10_000


@METHODS
def test_a_caller_who_knows_that_zones_are_dissolved_says_so(method: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(zones_room, "disjoint", never)
    coverage = array(box(0, 0, 5, 9), box(5, 0, 9, 9), None, Polygon())
    index = ZoneIndex(coverage, [1, 0, 0, 1], method=method, dissolved=True)
    assert index.overlaps(array(box(4, 0, 7, 1))).areas.tolist() == [2.0, 1.0]
    with pytest.raises(AssertionError):
        ZoneIndex(coverage, [1, 0, 0, 1], method=method)


@METHODS
def test_inside_is_the_area_in_any_zone(method: Any) -> None:
    index = ZoneIndex(array(box(0, 0, 6, 6), box(3, 0, 9, 6), box(20, 0, 21, 1)), ["a", "b", "a"], method=method)
    sites = array(box(4, 1, 5, 2), box(0, 0, 9, 9), box(6, 6, 8, 8), None, Point(1, 1), Polygon(), box(19, 0, 22, 1))
    assert index.inside(sites).tolist() == pytest.approx([1, 54, 0, 0, 0, 0, 1])
    assert index.inside(sites)[[0, 2]].tolist() == [1.0, 0.0]
    assert index.inside(array()).tolist() == []


@METHODS
@pytest.mark.parametrize("place", [0.0, 3e5])
def test_a_site_wholly_inside_has_exactly_its_own_area(method: Any, place: float) -> None:
    rng = np.random.default_rng(5)
    zones = shapely.transform(array(box(0, 0, 50, 90), box(50, 0, 90, 90), box(20, 20, 70, 80)), lambda xy: xy + place)
    spots = shapely.buffer(shapely.points(rng.uniform(10, 80, (200, 2)) + place), rng.uniform(0.1, 9, 200))
    for labels in (None, [0, 1, 2]):
        assert (ZoneIndex(zones, labels, method=method).inside(spots) == shapely.area(spots)).all()


def test_overlaps_are_numbers_into_the_labels() -> None:
    index = ZoneIndex(array(box(0, 0, 2, 2), box(2, 0, 4, 2)), ["west", "east"])
    found = index.overlaps(array(box(1, 0, 4, 1), box(9, 9, 10, 10), box(0, 0, 1, 1)))
    assert found.rows.tolist() == [0, 0, 2]
    assert index.labels[found.labels].tolist() == ["east", "west", "west"]
    assert found.areas.tolist() == [2.0, 1.0, 1.0]


def test_polygons_go_to_the_grid_whatever_their_number() -> None:
    index = ZoneIndex(array(box(0, 0, 1, 1)))
    sites = array(box(0, 0, 2, 1))
    assert not index._many(1)
    index.shares(sites)
    assert "grid" not in vars(index._prepared)
    index.shares(Polygons.from_shapely(sites))
    assert "grid" in vars(index._prepared)
    plain = ZoneIndex(array(box(0, 0, 1, 1)), method="plain")
    plain.shares(Polygons.from_shapely(sites))
    assert "grid" not in vars(plain._prepared)
