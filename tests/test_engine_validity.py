"""Invalid polygons are found, refused with their reasons, or repaired and counted; never a wrong area."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box

from clustergeo.errors import ClusterGeoWarning, InputError
from clustergeo.overlap import Polygons, ZoneIndex, areas_of, forms, invalid_rows, repaired, validity

BOW = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
SQUARE = [(0, 0), (9, 0), (9, 9), (0, 9)]
INVALID = {
    "bow tie": BOW,
    "spike": Polygon([(0, 0), (4, 0), (4, 4), (2, 4), (2, 9), (2, 4), (0, 4)]),
    "spike along its edge": Polygon([(0, 0), (6, 0), (4, 0), (4, 4), (0, 4)]),
    "collapsed": Polygon([(0, 0), (3, 3), (6, 6), (0, 0)]),
    "one place": Polygon([(1, 1), (1, 1), (1, 1), (1, 1)]),
    "two places": Polygon([(1, 1), (2, 2), (1, 1), (2, 2), (1, 1)]),
    "ring that touches itself": Polygon([(0, 0), (9, 0), (9, 9), (4, 0), (0, 9)]),
    "ring that passes a corner twice": Polygon([(0, 0), (4, 4), (8, 0), (8, 8), (4, 4), (0, 8)]),
    "hole outside": Polygon(SQUARE, [[(10, 1), (11, 1), (11, 2)]]),
    "hole across": Polygon(SQUARE, [[(8, 1), (11, 1), (11, 2)]]),
    "hole round the exterior": Polygon([(4, 4), (5, 4), (5, 5)], [SQUARE]),
    "hole equal to the exterior": Polygon(SQUARE, [SQUARE]),
    "hole along an edge": Polygon(SQUARE, [[(0, 2), (3, 3), (0, 5)]]),
    "hole that touches at two corners": Polygon(SQUARE, [[(0, 4), (4, 0), (4, 4)]]),
    "hole in a hole": Polygon(SQUARE, [[(1, 1), (8, 1), (8, 8), (1, 8)], [(3, 3), (4, 3), (4, 4)]]),
    "hole twice": Polygon(SQUARE, [[(1, 1), (8, 1), (8, 8)], [(1, 1), (8, 1), (8, 8)]]),
    "bow tie as a hole": Polygon(SQUARE, [[(1, 1), (3, 3), (3, 1), (1, 3)]]),
    "parts that overlap": MultiPolygon([box(0, 0, 4, 4), box(3, 3, 6, 6)]),
    "part in a part": MultiPolygon([box(0, 0, 9, 9), box(3, 3, 6, 6)]),
    "part round a part": MultiPolygon([box(3, 3, 6, 6), box(0, 0, 9, 9)]),
    "part twice": MultiPolygon([box(0, 0, 4, 4), box(0, 0, 4, 4)]),
    "parts that share an edge": MultiPolygon([box(0, 0, 4, 4), box(4, 0, 6, 4)]),
    "part in the hole of another, across": MultiPolygon([Polygon(SQUARE, [box(2, 2, 5, 5).exterior]), box(3, 3, 6, 6)]),
    "hole in the hole of a part": MultiPolygon(
        [Polygon(SQUARE, [box(1, 1, 8, 8).exterior, box(3, 3, 4, 4).exterior]), box(2, 2, 5, 5)]
    ),
}
VALID = {
    "box": box(0, 0, 1, 1),
    "clockwise": box(0, 0, 1, 1).reverse(),
    "triangle": Polygon([(0, 0), (5, 1), (2, 7)]),
    "corner repeated": Polygon([(0, 0), (0, 0), (4, 0), (4, 0), (4, 0), (4, 4), (0, 0)]),
    "level corner": Polygon([(0, 0), (2, 0), (4, 0), (4, 4)]),
    "hollow": Polygon([(0, 0), (9, 0), (9, 9), (8, 1), (1, 1), (0, 9)]),
    "hole": Polygon(SQUARE, [[(3, 3), (6, 3), (6, 6), (3, 6)]]),
    "hole that touches at a corner": Polygon(SQUARE, [[(0, 4), (4, 2), (4, 6)]]),
    "two holes": Polygon(SQUARE, [[(1, 1), (2, 1), (2, 2)], [(5, 5), (7, 5), (7, 7)]]),
    "parts": MultiPolygon([box(0, 0, 1, 1), box(5, 5, 6, 6)]),
    "parts that touch at a corner": MultiPolygon([box(0, 0, 1, 1), box(1, 1, 2, 2)]),
    "part in a hole": MultiPolygon([Polygon(SQUARE, [box(2, 2, 7, 7).exterior]), box(3, 3, 4, 4)]),
    "part round a hole": MultiPolygon([box(3, 3, 4, 4), Polygon(SQUARE, [box(2, 2, 7, 7).exterior])]),
    "part with a hole in a hole": MultiPolygon(
        [Polygon(SQUARE, [box(1, 1, 8, 8).exterior]), Polygon(box(2, 2, 7, 7).exterior, [box(3, 3, 4, 4).exterior])]
    ),
}
OTHERS: list[Any] = [None, Polygon(), MultiPolygon(), Point(1, 1), shapely.LineString([(0, 0), (1, 1)])]
METHODS = pytest.mark.parametrize("method", ["grid", "plain"])


def array(*shapes: Any) -> Any:
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out


def ring(*points: tuple[float, float]) -> bytes:
    """A polygon in well-known binary whose ring need not have four points."""
    return (
        b"\x01\x03\x00\x00\x00\x01\x00\x00\x00" + np.uint32(len(points)).tobytes() + np.array(points, float).tobytes()
    )


@pytest.fixture(params=["array", "polygons", "large polygons"])
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Either form of shapes; and rings that are checked as if they had many vertices."""
    if request.param == "large polygons":
        monkeypatch.setattr(validity, "_FEW", 0)
        monkeypatch.setattr(validity, "_MUCH", 0)
    return Polygons.from_shapely if request.param != "array" else lambda shapes: shapes


@pytest.mark.parametrize("name", INVALID)
def test_every_kind_of_invalid_polygon_is_found(form: Any, name: str) -> None:
    assert not INVALID[name].is_valid
    assert invalid_rows(form(array(box(0, 0, 1, 1), INVALID[name], None))).tolist() == [1]


@pytest.mark.parametrize("name", VALID)
def test_valid_polygons_are_let_through(form: Any, name: str) -> None:
    assert VALID[name].is_valid
    assert invalid_rows(form(array(VALID[name]))).tolist() == []


def test_what_is_no_polygon_is_not_invalid(form: Any) -> None:
    found = invalid_rows(form(array(*OTHERS)))
    assert found.tolist() == []
    assert found.dtype == np.int64


def lattice_rings(rng: np.random.Generator, number: int, corners: int, size: int, low: int = 0) -> Any:
    xy = rng.integers(low, low + size, (number, corners, 2)).astype(float)
    return shapely.linearrings(xy)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    st.integers(0, 2**32 - 1), st.sampled_from([2, 3, 5, 7]), st.sampled_from([0.0, 1e6]), st.sampled_from([1.0, 0.1])
)
def test_nothing_is_called_valid_that_geos_calls_invalid(seed: int, size: int, place: float, scale: float) -> None:
    """On a small lattice everything that can be degenerate is so."""
    rng = np.random.default_rng(seed)
    outer = [lattice_rings(rng, 60, corners, size) for corners in (3, 4, 5, 6, 8)]
    solid = [shapely.polygons(rings) for rings in outer]
    big = lattice_rings(rng, 60, 4, 8)
    holed = shapely.polygons(big, np.column_stack([lattice_rings(rng, 60, 3, 4, 2), lattice_rings(rng, 60, 3, 3, 1)]))
    square = shapely.polygons(np.full(60, shapely.linearrings(SQUARE)), outer[1][:, None])
    parts = [shapely.multipolygons(np.column_stack([one, other])) for one, other in pairwise([*solid, holed, square])]
    found = np.concatenate([*solid, holed, square, *parts])
    found = shapely.transform(found, lambda xy: xy * scale + place)
    wished = np.flatnonzero(~shapely.is_valid(found))
    np.testing.assert_array_equal(invalid_rows(Polygons.from_shapely(found)), wished)
    np.testing.assert_array_equal(invalid_rows(found), wished)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(validity, "_FEW", 0)
        patch.setattr(validity, "_MUCH", 0)
        np.testing.assert_array_equal(invalid_rows(Polygons.from_shapely(found)), wished)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_large_polygons_are_judged_as_geos_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(12):
        angles = np.linspace(0, 2 * np.pi, int(rng.integers(70, 400)), endpoint=False)
        radius = 100 + rng.uniform(0, 20, len(angles))
        if rng.random() < 0.5:
            at = rng.integers(0, len(angles) - 3)
            angles[[at, at + int(rng.integers(1, 3))]] = angles[[at + 1, at]]
        corners = np.column_stack([radius * np.cos(angles), radius * np.sin(angles)])
        spots = [Point(*rng.uniform(-90, 90, 2)).buffer(float(rng.uniform(1, 20))) for _ in range(rng.integers(0, 6))]
        found.append(Polygon(corners, [spot.exterior for spot in spots]))
        found.append(MultiPolygon([Polygon(corners), *(spot for spot in spots)]))
        found.append(MultiPolygon([shapely.transform(found[-2], lambda xy: xy * 3), found[-2]]))
    rows = invalid_rows(array(*found))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(validity, "_MUCH", 0)
        np.testing.assert_array_equal(invalid_rows(Polygons.from_shapely(array(*found))), rows)


@pytest.mark.parametrize("points", [[(1, 1)], [(1, 1), (1, 1)], [(0, 0), (1, 0), (0, 0)]])
def test_a_ring_of_fewer_than_four_points_is_invalid(points: Any) -> None:
    polygons = Polygons.from_wkb(pa.array([shapely.to_wkb(box(0, 0, 1, 1)), ring(*points)]))
    assert invalid_rows(polygons).tolist() == [1]
    with pytest.raises(InputError, match=r"1 sites are invalid \(row 1: Too few points"):
        ZoneIndex(array(box(0, 0, 1, 1))).shares(polygons)
    assert repaired(polygons, np.array([1])).areas().tolist() == [1.0, 0.0]


def test_a_check_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    polygons = Polygons.from_shapely(array(box(0, 0, 1, 1), BOW, None, box(0, 0, 2, 2)))
    assert invalid_rows(polygons).tolist() == [1]

    def never(*_: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(validity, "_by_geos", never)
    monkeypatch.setattr(validity, "in_threads", never)
    assert invalid_rows(polygons).tolist() == [1]
    assert invalid_rows(polygons[1:3]).tolist() == [0]
    assert invalid_rows(polygons.take([3, 1, 1])).tolist() == [1, 2]
    assert invalid_rows(polygons.only(np.array([True, False, True, True]))).tolist() == []


def test_moved_polygons_are_checked_anew() -> None:
    polygons = Polygons.from_shapely(array(box(0, 0, 1, 1)))
    assert invalid_rows(polygons).tolist() == []
    assert invalid_rows(polygons.moved(lambda xy: xy * [1.0, 0.0])).tolist() == [0]


def winding_area(shape: Any) -> float:
    """The area of what the ring goes round at all: the faces of its lines whose winding number is not 0."""
    points = shapely.get_coordinates(shape)
    total = 0.0
    for face in shapely.get_parts(shapely.polygonize([shapely.node(shapely.LineString(points))])):
        x, y = face.representative_point().coords[0]
        number = 0
        for (x1, y1), (x2, y2) in pairwise(points):
            side = (x2 - x1) * (y - y1) - (x - x1) * (y2 - y1)
            number += int(y1 <= y < y2 and side > 0) - int(y2 <= y < y1 and side < 0)
        total += face.area * (number != 0)
    return total


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.sampled_from([3, 4, 5, 6, 7, 9]))
def test_a_repaired_ring_has_all_that_it_goes_round(seed: int, corners: int) -> None:
    rng = np.random.default_rng(seed)
    shapes = shapely.polygons(lattice_rings(rng, 20, corners, 7))
    for form in (shapes, Polygons.from_shapely(shapes)):
        found = repaired(form, np.arange(len(shapes)))
        assert invalid_rows(found).tolist() == []
        np.testing.assert_allclose(areas_of(found), [winding_area(shape) for shape in shapes], atol=1e-9)


def test_known_repairs(form: Any) -> None:
    known = {"bow tie": 2, "spike": 16, "collapsed": 0, "hole outside": 81, "hole in a hole": 32, "hole twice": 56.5}
    known |= {"parts that overlap": 24, "part in a part": 81, "part twice": 16, "parts that share an edge": 24}
    shapes = array(box(0, 0, 3, 1), *(INVALID[name] for name in known), None)
    before = shapely.to_wkb(shapes).tolist()
    given_shapes = form(shapes)
    found = repaired(given_shapes, invalid_rows(given_shapes))
    assert type(found) is type(given_shapes)
    assert areas_of(found).tolist() == pytest.approx([3, *known.values(), 0])
    assert shapely.to_wkb(shapes).tolist() == before
    assert invalid_rows(found).tolist() == []


@METHODS
def test_invalid_sites_are_refused_with_count_reasons_and_cure(method: Any) -> None:
    index = ZoneIndex(array(box(0, 0, 9, 9)), method=method)
    sites = array(box(0, 0, 1, 1), BOW, None, *[INVALID["hole outside"]] * 4)
    message = (
        r"5 sites are invalid \(row 1: Self-intersection.*; row 3: Hole.*; row 4: Hole.*; and 2 more\).*repair=True"
    )
    for ask in (index.shares, index.inside, index.areas, index.overlaps, index.largest, index.distance):
        with pytest.raises(InputError, match=message):
            ask(sites)


@METHODS
def test_invalid_sites_are_repaired_on_request_and_counted(method: Any) -> None:
    index = ZoneIndex(array(box(0, 0, 1, 9)), method=method)
    sites = array(box(0, 0, 2, 1), BOW, None)
    with pytest.warns(ClusterGeoWarning, match=r"1 sites were invalid and are repaired \(row 1: Self-intersection"):
        assert index.shares(sites, repair=True).tolist() == pytest.approx([0.5, 0.5, np.nan], nan_ok=True)
    with pytest.warns(ClusterGeoWarning, match="repaired"):
        assert index.inside(sites, repair=True).tolist() == pytest.approx([1.0, 1.0, 0.0])


@METHODS
def test_sites_that_the_caller_knows_are_not_checked(method: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    index = ZoneIndex(array(box(0, 0, 9, 9)), method=method)

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(validity, "invalid_rows", never)
    sites = array(box(0, 0, 1, 1))
    for ask in (index.shares, index.inside, index.areas, index.overlaps, index.largest, index.distance):
        ask(sites, checked=True)


@METHODS
def test_invalid_zones_are_repaired_on_request_and_counted(method: Any) -> None:
    with pytest.raises(InputError, match=r"2 zones are invalid \(row 1: Self-intersection"):
        ZoneIndex(array(box(5, 5, 6, 6), BOW, BOW), method=method)
    with pytest.warns(ClusterGeoWarning, match="2 zones were invalid and are repaired"):
        index = ZoneIndex(array(box(5, 5, 6, 6), BOW, BOW), method=method, repair=True)
    assert index.inside(array(box(-1, -1, 9, 9))).tolist() == pytest.approx([3.0])


def test_checks_are_the_same_in_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    shapes = shapely.polygons(lattice_rings(rng, 500, 5, 6))
    rows = np.flatnonzero(~shapely.is_valid(shapes))
    monkeypatch.setattr(validity, "CHUNK", 64)
    monkeypatch.setattr(validity, "_VERTICES", 100)
    for threads in (1, 3):
        for form in (shapes, Polygons.from_shapely(shapes)):
            np.testing.assert_array_equal(invalid_rows(form, threads=threads), rows)


@pytest.mark.parametrize("much", [0, 10**9])
@pytest.mark.parametrize("take", [lambda z: z, lambda z: pa.array(shapely.to_wkb(z)), Polygons.from_shapely])
def test_zones_of_any_size_and_form_are_checked(monkeypatch: pytest.MonkeyPatch, much: int, take: Any) -> None:
    monkeypatch.setattr(forms, "_MUCH", much)
    monkeypatch.setattr(validity, "_MUCH", much)
    zones = array(box(5, 5, 6, 6), BOW, None, Polygon())
    with pytest.raises(InputError, match=r"1 zones are invalid \(row 1: Self-intersection"):
        ZoneIndex(take(zones))
    with pytest.warns(ClusterGeoWarning, match="1 zones were invalid and are repaired"):
        index = ZoneIndex(take(zones), ["a", "b", "c", "d"], repair=True)
    assert index.overlaps(array(box(-1, -1, 9, 9))).areas.tolist() == pytest.approx([1.0, 2.0])
    with pytest.raises(InputError, match=r"1 zones are no polygons but (Point|LineString)"):
        ZoneIndex(take(array(box(5, 5, 6, 6), Point(1, 1))))
    assert ZoneIndex(take(zones[[0, 2]])).inside(array(box(-1, -1, 9, 9))).tolist() == [1.0]
