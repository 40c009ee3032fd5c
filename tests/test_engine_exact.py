"""The engine against exact arithmetic and against shapely, on shapes of every kind and size."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, affinity, box

from clustergeo.overlap import ZoneIndex

EPS = float(np.finfo(float).eps)


def array(shapes: Any) -> Any:
    out = np.empty(len(shapes), dtype=object)
    out[:] = list(shapes)
    return out


def allowed(sites: Any, largest: float = 0.0) -> Any:
    """The error of a share that is promised."""
    coordinate = np.maximum(np.abs(shapely.bounds(sites)).max(axis=1), largest)
    return np.maximum(1e-9, EPS * coordinate * shapely.length(sites) / shapely.area(sites))


def star(rng: np.random.Generator, corners: int, radius: float, centre: Any) -> Polygon:
    """A polygon with integer corners, sorted by angle round its centre."""
    x, y = rng.integers(-radius, radius + 1, (2, corners))
    order = np.argsort(np.arctan2(y, x), kind="stable")
    return Polygon(np.column_stack([x, y])[order] + np.asarray(centre))


def stars(rng: np.random.Generator, number: int, corners: int, radius: int, extent: int) -> Any:
    found: list[Any] = []
    while len(found) < number:
        shape = star(rng, int(rng.integers(3, corners + 1)), radius, rng.integers(0, extent + 1, 2))
        if shape.is_valid and shape.area > 0:
            found.append(shape)
    return array(found)


def edges(shape: Polygon) -> list[tuple[int, int, int, int, int]]:
    """Edges x1, y1, x2, y2 with x1 < x2, and 1 where the inside lies below."""
    out = []
    for (x1, y1), (x2, y2) in pairwise(shapely.orient_polygons(shape, exterior_cw=True).exterior.coords):
        a = (int(x1), int(y1), int(x2), int(y2), 1)
        if x1 != x2:
            out.append(a if x1 < x2 else (a[2], a[3], a[0], a[1], -1))
    return out


def exact_by_trapezoids(first: list[Any], second: list[Any]) -> Fraction:
    """The signed sum over pairs of edges, in whole numbers and fractions."""
    total = Fraction(0)
    for a1, b1, a2, b2, s in first:
        for c1, d1, c2, d2, t in second:
            left, right = max(a1, c1), min(a2, c2)
            if left >= right:
                continue

            def heights(x: Any, e: Any = (a1, b1, a2, b2), f: Any = (c1, d1, c2, d2)) -> Any:
                return tuple(Fraction(g[3] - g[1], g[2] - g[0]) * (x - g[0]) + g[1] for g in (e, f))

            (e1, f1), (e2, f2) = heights(left), heights(right)
            # the floor lies below everything: heights are positive
            area = (min(e1, f1) + min(e2, f2)) * (right - left) / 2
            if (e1 - f1) * (e2 - f2) < 0:
                area += abs(e1 - f1) * abs(e2 - f2) / (abs(e1 - f1) + abs(e2 - f2)) * (right - left) / 2
            total += s * t * area
    return total


def twice_signed(points: list[Any]) -> Fraction:
    return sum((a[0] * b[1] - b[0] * a[1] for a, b in zip(points, points[1:] + points[:1], strict=True)), Fraction(0))


def clipped(points: list[Any], a: Any, b: Any) -> list[Any]:
    """The part of a convex polygon left of the line from a to b."""
    out = []
    for p, q in zip(points, points[1:] + points[:1], strict=True):
        side_p = (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
        side_q = (b[0] - a[0]) * (q[1] - a[1]) - (b[1] - a[1]) * (q[0] - a[0])
        if side_p >= 0:
            out.append(p)
        if side_p * side_q < 0:
            t = Fraction(side_p, side_p - side_q)
            out.append((p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])))
    return out


def exact_by_fans(first: Polygon, second: Polygon) -> Fraction:
    """The signed sum over pairs of triangles of two fans: another method, to hold the first one against."""
    total = Fraction(0)
    fans = []
    for shape in (first, second):
        points = [(Fraction(int(x)), Fraction(int(y))) for x, y in shape.exterior.coords[:-1]]
        fans.append([[points[0], p, q] for p, q in pairwise(points[1:])])
    whole = 1
    for shape in (first, second):
        points = [(Fraction(int(x)), Fraction(int(y))) for x, y in shape.exterior.coords[:-1]]
        whole *= 1 if twice_signed(points) > 0 else -1
    for one in fans[0]:
        for other in fans[1]:
            sign = whole
            triangles = []
            for triangle in (one, other):
                turn = twice_signed(triangle)
                sign *= (turn > 0) - (turn < 0)
                triangles.append(triangle if turn > 0 else triangle[::-1])
            if sign == 0:
                continue
            points, corners = triangles
            for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
                points = clipped(points, a, b) if points else points
            total += sign * (twice_signed(points) / 2 if points else 0)
    return total


def test_ten_thousand_integer_polygons_have_their_exact_shares() -> None:
    rng = np.random.default_rng(20230315)
    for _ in range(100):
        radius = int(rng.choice([3, 8, 50, 1000]))
        zone = stars(rng, 1, 9, int(radius * rng.choice([1, 2])), 2 * radius)
        zone = affinity.translate(zone[0], 10 * radius, 10 * radius)
        sites = array([affinity.translate(s, 10 * radius, 10 * radius) for s in stars(rng, 100, 6, radius, 2 * radius)])
        below = edges(zone)
        exact = [exact_by_trapezoids(edges(site), below) for site in sites]
        whole = [exact_by_trapezoids(edges(site), edges(box(*site.bounds))) for site in sites]
        wished = np.array([float(area / full) for area, full in zip(exact, whole, strict=True)])
        for cell in (None, float(rng.choice([1, 4, 16])) * radius / 8):
            shares = ZoneIndex(array([zone]), method="grid", cell=cell).shares(sites)
            assert (np.abs(shares - wished) <= allowed(sites)).all()
            assert (shares[wished == 0] == 0).all()
            assert (shares[wished == 1] == 1).all()


def test_the_exact_sum_over_pairs_is_the_area_that_triangles_give() -> None:
    rng = np.random.default_rng(7)
    for one, other in zip(stars(rng, 60, 6, 8, 10), stars(rng, 60, 6, 8, 10), strict=True):
        moved = [affinity.translate(shape, 50, 50) for shape in (one, other)]
        assert exact_by_trapezoids(edges(moved[0]), edges(moved[1])) == exact_by_fans(*moved)


@st.composite
def shape(draw: st.DrawFn, *, lattice: bool) -> Any:
    """A polygon of up to 9 corners round a centre, some with a hole, a second part, or written the other way round."""
    number = st.integers(-12, 12).map(float) if lattice else st.floats(-12, 12, width=32)
    x, y = draw(number), draw(number)
    corners = draw(st.lists(st.tuples(number, number), min_size=3, max_size=9, unique=True))
    points = sorted(((a / 2, b / 2) for a, b in corners), key=lambda p: math.atan2(p[1], p[0]))
    if lattice:
        points = [(float(round(a)), float(round(b))) for a, b in points]
    solid = affinity.translate(Polygon(points), x, y)
    if not solid.is_valid or solid.area < 0.25:
        solid = box(x, y, x + 3, y + 2)
    if draw(st.booleans()):
        hole = affinity.scale(box(*solid.bounds), 0.25, 0.25)
        holed = solid.difference(hole)
        solid = holed if holed.geom_type in ("Polygon", "MultiPolygon") and holed.area > 0.25 else solid
    if draw(st.booleans()):
        left, bottom, right, _ = solid.bounds
        parts = [*shapely.get_parts(solid), box(right + 1, bottom, right + 1 + (right - left), bottom + 2)]
        solid = MultiPolygon(parts)
    return solid.reverse() if draw(st.booleans()) else solid


@pytest.mark.parametrize("lattice", [True, False])
def test_shares_agree_with_shapely(lattice: bool) -> None:
    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(
        st.lists(shape(lattice=lattice), min_size=1, max_size=6),
        st.lists(shape(lattice=lattice), min_size=1, max_size=6),
        st.sampled_from([None, 0.5, 1.0, 4.0, 64.0]),
        st.sampled_from([(0.0, 1.0), (1e6, 1.0), (-3e5, 250.0), (1e9, 100.0), (0.5, 2.0**-20)]),
    )
    def holds(sites: list[Any], zones: list[Any], cell: float | None, place: tuple[float, float]) -> None:
        where, size = place

        def put(shapes: list[Any]) -> Any:
            scaled = [affinity.scale(s, size, size, origin=(0, 0)) for s in shapes]
            moved = array([affinity.translate(s, where, where) for s in scaled])
            return moved[shapely.is_valid(moved)]

        placed, under = put(sites), put(zones)
        index = ZoneIndex(under, method="grid", cell=None if cell is None else cell * size)
        union = shapely.union_all(under)
        wished = shapely.area(shapely.intersection(placed, union)) / shapely.area(placed)
        # both we and shapely round
        largest = float(np.abs(union.bounds).max()) if len(under) else 0.0
        assert (np.abs(index.shares(placed) - wished) <= 2 * allowed(placed, largest)).all()

    holds()


@pytest.mark.parametrize("turn", [0.0, 0.3, 45.0, 89.9])
@pytest.mark.parametrize("width", [1e-3, 1e-6])
def test_slivers_keep_the_error_that_is_promised(turn: float, width: float) -> None:
    rng = np.random.default_rng(3)
    zone = box(0, 0, 100, 100)
    sites = array(
        [affinity.rotate(box(x, y, x + 80, y + width), turn, origin=(x, y)) for x, y in rng.uniform(-20, 100, (50, 2))]
    )
    exact = shapely.area(shapely.intersection(sites, zone)) / shapely.area(sites)
    shares = ZoneIndex(array([zone]), method="grid").shares(sites)
    assert (np.abs(shares - exact) <= 2 * allowed(sites, 100.0)).all()


def test_a_coverage_adds_up_to_one() -> None:
    rng = np.random.default_rng(11)
    seeds = shapely.MultiPoint(rng.uniform(0, 1000, (300, 2)))
    frame = box(0, 0, 1000, 1000)
    zones = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=frame)), frame)
    sites = stars(rng, 300, 8, 60, 800)
    sites = shapely.intersection(sites, frame)
    sites = sites[shapely.area(sites) > 0]
    found = ZoneIndex(zones, np.arange(len(zones)), method="grid").areas(sites)
    sums = found.groupby("row")["area"].sum().to_numpy() / shapely.area(sites)
    assert np.abs(sums - 1).max() < 1e-12
