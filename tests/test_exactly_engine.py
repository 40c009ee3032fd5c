"""The engine at exact places: on a line of the grid, at the last number that is still in bounds, one step beyond."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon, box

from clustergeo.errors import ClusterGeoWarning, InputError
from clustergeo.overlap import Border, Polygons, ZoneIndex, choosing, plain, shapes, threads
from clustergeo.overlap.curve import along
from clustergeo.overlap.dissolving import disjoint, united
from clustergeo.overlap.grid import NOTHING, PIECES, build, cell_side, lattice, power_below
from clustergeo.overlap.zones import Zones

METHODS = ("plain", "grid")


def array(*shapes: Any) -> Any:
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out


def index(zones: Any, labels: Any = None, method: Any = "grid", **options: Any) -> ZoneIndex:
    return ZoneIndex(zones, labels, method=method, **options)


def boxes_of(*corners: tuple[float, ...]) -> Any:
    return array(*[box(*corner) for corner in corners])


def boxes(*corners: tuple[float, ...]) -> Any:
    return np.array(corners, dtype=float)


# How wide a cell is: the limits are about one cell for two edges, from 4096 to four million, 64 windows a cell and four
# a polygon, and 65536 pieces and four an edge.


@pytest.mark.parametrize(
    ("bounds", "edges", "length", "wished", "side"),
    [
        (boxes((0, 0, 62, 62)), 0, 0.0, None, 1.0),  # 64 x 64 cells, those beyond the edges included
        (boxes((0, 0, 63, 62)), 0, 0.0, None, 2.0),
        (boxes((0, 0, 98, 98)), 20_000, 0.0, None, 1.0),  # 100 x 100
        (boxes((0, 0, 99, 98)), 20_000, 0.0, None, 2.0),
        (boxes((0, 0, 2046, 2046)), 2**25, 0.0, None, 1.0),  # 2048 x 2048
        (boxes((0, 0, 2047, 2046)), 2**25, 0.0, None, 2.0),
        (boxes((0, 0, 2046, 2046)), 4, 0.0, 1.0, 1.0),
        (boxes((0, 0, 2047, 2046)), 4, 0.0, 1.0, 2.0),
        (boxes((0, 0, 31, 62), (40, 3, 62, 9)), 0, 0.0, None, 1.0),
        (boxes((0, 0, 62, 62)), 0, 65_536.0, None, 1.0),
        (boxes((0, 0, 62, 62)), 0, 65_537.0, None, 2.0),
        (boxes((0, 0, 62, 62)), 100, 65_936.0, None, 1.0),
        (boxes((0, 0, 62, 62)), 100, 65_937.0, None, 2.0),
        (boxes((0, 0, 62, 60), *[(0, 0, 2, 2)] * 51_661), 0, 0.0, None, 1.0),
        (boxes((0, 0, 62, 60), *[(0, 0, 2, 2)] * 51_662), 0, 0.0, None, 2.0),
        (boxes((1000, 2000, 1062, 2062)), 0, 0.0, None, 1.0),  # wherever it is
        (boxes((0, 0, 1, 1), (61, 61, 62, 62)), 0, 0.0, None, 1.0),
        (boxes((0, 0, 1, 1), (62, 61, 63, 62)), 0, 0.0, None, 2.0),
        (boxes(*[(1000, 2000, 1002, 2002)] * 51_662, (1000, 2000, 1062, 2060)), 0, 0.0, None, 2.0),
        (boxes(*[(1000, 2000, 1002, 2002)] * 51_661, (1000, 2000, 1062, 2060)), 0, 0.0, None, 1.0),
        (boxes((0, 0, 9, 9)), 4, 36.0, 3.9, 2.0),  # rounded down to a power of two
        (boxes((-(2.0**40), 0, 1 - 2.0**40, 1)), 4, 4.0, 0.25, 1.0),  # columns are numbers below 2**40
        (boxes((-(2.0**40), 0, 1 - 2.0**40, 1)), 4, 4.0, None, 1.0),
        (boxes((0, 0, 0, 0)), 4, 0.0, None, 2.0**-1000),
        (np.empty((0, 4)), 0, 0.0, None, 1.0),
        (np.empty((0, 4)), 0, 0.0, 7.0, 1.0),
    ],
)
def test_how_wide_a_cell_is(bounds: Any, edges: int, length: float, wished: float | None, side: float) -> None:
    assert cell_side(bounds, edges, length, wished) == side


def test_a_lattice_counts_a_left_line_to_the_right_and_an_upper_line_below() -> None:
    found = lattice(boxes((0, 0, 4, 4), (2, 2, 2, 2), (1.5, 3.5, 1.9, 3.9), (-4, -4, -2, -2)), 2.0)
    assert found.tolist() == [[0, -1, 3, 3], [1, 0, 1, 1], [0, 1, 1, 1], [-2, -3, 2, 2]]
    assert (power_below(1.0), power_below(np.nextafter(1.0, 0.0)), power_below(3.0)) == (1.0, 0.5, 2.0)


def test_a_grid_says_its_window_its_longest_step_and_its_largest_coordinate() -> None:
    two = MultiPolygon([box(-7, 2, -5, 3), box(20, 0, 21, 1)])
    grid = build(Polygons.from_shapely(array(box(0.5, 0.5, 3.5, 1.5), None, two)), 1.0)
    assert (grid.side, grid.labels, grid.window.tolist()) == (1.0, 3, [-7, -1, 29, 4])
    assert (grid.reach, grid.largest) == (3.0, 21.0)  # the way from one ring to the next is no step
    tiny = build(Polygons.from_shapely(array(box(0.25, 0.25, 0.5, 0.5))), 8.0)
    assert (tiny.side, tiny.reach, tiny.largest) == (8.0, 8.0, 0.5)
    nothing = build(Polygons.from_shapely(array(None)), 1.0)
    assert (nothing.side, nothing.window.tolist(), nothing.largest, len(nothing.cover)) == (1.0, [0, 0, 0, 0], 0.0, 0)


def test_a_cell_is_whole_only_where_one_label_covers_all_of_it() -> None:
    zones = Polygons.from_shapely(array(box(0, 0, 3, 3), box(2, 0, 5, 3), box(6.5, 0, 7, 3), box(7, 0.5, 8, 3)))
    grid = build(zones, 1.0)
    row = {}
    for line in range(int(grid.window[3])):
        first = line * int(grid.window[2])
        row[int(grid.window[1]) + line] = grid.cover[first : first + int(grid.window[2])].tolist()
    # a level edge on a line belongs to the cell below, an upright one to the cell on its right
    assert row[1] == [PIECES, 0, PIECES, PIECES, 1, PIECES, PIECES, PIECES, PIECES]
    assert row[0] == [PIECES, 0, PIECES, PIECES, 1, PIECES, PIECES, PIECES, PIECES]
    assert row[-1][0] == PIECES
    lone = build(Polygons.from_shapely(array(box(0.5, 0.5, 1.5, 1.5), box(6.5, 0.5, 7.5, 1.5))), 1.0)
    assert lone.cover[:8].tolist() == [PIECES, PIECES, NOTHING, NOTHING, NOTHING, NOTHING, PIECES, PIECES]
    starts = np.diff(lone.held.start)
    assert starts[2:6].tolist() == [0, 0, 0, 0]
    assert lone.held.start[-1] == len(lone.held.pieces) == len(lone.held.weights) == len(lone.held.owners)


def test_a_cell_holds_the_edges_in_it_and_covers_for_those_above() -> None:
    held = build(Polygons.from_shapely(array(box(0.5, 0.5, 1.5, 1.5))), 1.0).held
    # below: the level edge, the upright one, a cover beside it and on the right one over the whole cell; above: edges
    assert (held.middle - held.start[:-1]).tolist() == [2, 2, 2, 2]
    assert (held.start[1:] - held.middle).tolist() == [1, 2, 0, 0]
    covers = [held.pieces[at].tolist() for at in range(held.middle[1], held.start[2])]
    assert sorted(covers) == [[0.0, 1.0, 1.0, 1.0], [0.5, 1.0, 1.0, 1.0]]


# Areas on the lines of the grid, by either method


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("cell", [0.5, 1.0, 4.0])
def test_areas_at_the_lines_of_the_grid(method: Any, cell: float) -> None:
    zones = array(box(0, 0, 2, 2), box(2, 0, 4, 2), Polygon([(0, 2), (4, 2), (2, 4)]))
    found = index(zones, [7, 3, 5], method, cell=cell)
    sites = array(
        box(1, 0, 3, 2), box(0, 0, 4, 2), box(0, 1, 4, 3), box(-2, -2, 0, 0), box(4, 0, 6, 2),
        box(0.25, 0.25, 0.5, 0.5),
        Polygon([(0, 2), (2, 0), (4, 2), (2, 4)]), box(-9, -9, 9, 9), box(1, 3.5, 3, 5),
    )  # fmt: skip
    table = found.areas(sites)
    rows = [(int(row), int(label), float(area)) for row, label, area in table.itertuples(index=False)]
    wished = [
        (0, 3, 2), (0, 7, 2), (1, 3, 4), (1, 7, 4), (2, 3, 2), (2, 5, 3), (2, 7, 2), (5, 7, 0.0625), (6, 3, 2),
        (6, 5, 4), (6, 7, 2), (7, 3, 4), (7, 5, 4), (7, 7, 4), (8, 5, 0.25),
    ]  # fmt: skip
    assert [row[:2] for row in rows] == [row[:2] for row in wished]
    assert [row[2] for row in rows] == pytest.approx([row[2] for row in wished], rel=1e-12)
    inside = found.inside(sites)
    assert inside.tolist() == pytest.approx([4, 8, 7, 0, 0, 0.0625, 8, 12, 0.25], rel=1e-12)
    assert inside[[0, 1, 3, 4, 5, 6]].tolist() == [4, 8, 0, 0, 0.0625, 8]


@pytest.mark.parametrize("cell", [1.0, 2.0, 8.0])
@pytest.mark.parametrize("reach", [0.25, 1.0, 20.0])
def test_a_site_beyond_the_grid_has_only_what_lies_in_the_zone(cell: float, reach: float) -> None:
    """The zone ends on the lines of the grid, so that all cells of it are whole."""
    found = index(boxes_of((0, 0, 8, 8)), cell=cell).overlaps(
        boxes_of(
            (6, 2, 8 + reach, 3), (-reach, 2, 2, 3), (2, 6, 3, 8 + reach), (2, -reach, 3, 2), (-reach, -reach, 9, 9)
        )
    )
    assert found.rows.tolist() == [0, 1, 2, 3, 4]
    assert found.areas.tolist() == [2.0, 2.0, 2.0, 2.0, 64.0]


@pytest.mark.parametrize("method", METHODS)
def test_a_site_of_one_step_beside_a_zone_has_nothing_and_one_within_has_all(method: Any) -> None:
    zones = index(array(box(1, 1, 2, 2)), None, method)
    wide = np.nextafter(2.0, 3.0)
    shares = zones.shares(array(box(2, 1, 3, 2), box(wide, 1, 3, 2), box(1, 1, wide, 2), box(1.5, 1.5, 2, 2)))
    assert shares.tolist() == [0.0, 0.0, 1.0, 1.0]
    assert zones.shares(array(box(1, 1, 2 + 1e-6, 2)))[0] < 1.0
    assert zones.shares(array(box(2 - 1e-6, 1, 3, 2)))[0] > 0.0


@pytest.mark.parametrize("method", METHODS)
def test_of_equal_areas_the_first_label_counts(method: Any) -> None:
    zones = index(array(box(0, 0, 1, 1), box(1, 0, 2, 1), box(2, 0, 4, 1)), ["b", "a", "c"], method)
    found = zones.largest(array(box(0, 0, 2, 1), box(1, 0, 3, 1), box(1, 0, 4, 1), box(9, 9, 10, 10), None))
    values = [list(found.iloc[row]) for row in range(len(found))]
    assert [value[0] for value in values[:3]] == ["a", "a", "c"]


@pytest.mark.parametrize("method", METHODS)
def test_invalid_sites_are_refused_by_every_question_unless_it_says_otherwise(method: Any) -> None:
    zones = index(array(box(0, 0, 9, 9)), None, method)
    bow = array(Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]))
    for ask in (zones.shares, zones.inside, zones.areas, zones.overlaps, zones.largest):
        with pytest.raises(InputError, match="1 sites are invalid"):
            ask(bow)
    with pytest.warns(ClusterGeoWarning, match="repaired"):
        assert zones.inside(bow, repair=True).tolist() == [2.0]


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("more", [2**8, 2**16, 2**24])
def test_a_ring_that_says_it_has_more_points_than_follow_is_refused(order: int, more: int) -> None:
    binary = bytearray(shapely.to_wkb(box(0, 0, 1, 1), byte_order=order))
    kind = "<u4" if order else ">u4"
    assert np.frombuffer(bytes(binary[9:13]), kind).tolist() == [5]
    binary[9:13] = np.array([5 + more], kind).tobytes()
    with pytest.raises(InputError):
        Polygons.from_wkb(pa.array([bytes(binary)]))


def test_a_ring_without_points_at_the_end_of_its_row_leaves_the_polygon_empty() -> None:
    binary = b"\x01" + np.array([3, 1, 0], "<u4").tobytes()
    given = Polygons.from_wkb(pa.array([binary, shapely.to_wkb(box(0, 0, 1, 1))]))
    assert given.areal.tolist() == [False, True]
    assert given.areas().tolist() == [0.0, 1.0]


@pytest.mark.parametrize("form", [lambda shapes: shapes, Polygons.from_shapely])
def test_invalid_zones_in_either_form_are_repaired_on_request(form: Any) -> None:
    bow = form(array(Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])))
    with pytest.warns(ClusterGeoWarning, match="repaired"):
        zones = ZoneIndex(bow, repair=True, method="plain")
    assert zones.inside(array(box(0, 0, 1, 2), box(0, 0, 2, 2))).tolist() == [1.0, 2.0]


# What rounding may make


def test_what_rounding_may_make_grows_with_the_coordinates_and_the_outline() -> None:
    eps = float(np.finfo(float).eps)
    found = plain.rounding(array(box(0, 0, 2, 1), box(-8, 0, -6, 1), Point(3, 3)))
    assert found.tolist() == [16 * eps * 2 * 6, 16 * eps * 8 * 6, 0.0]
    assert plain.rounding(array()).shape == (0,)


def test_an_overlap_within_the_rounding_is_none_and_one_beyond_it_counts() -> None:
    eps = float(np.finfo(float).eps)
    noise = 16 * eps * 4  # of the site; that of the zone is larger
    for width, counts in ((0.5 * noise, False), (noise, False), (noise + eps, True), (1.5 * noise, True)):
        rows, _, areas = plain.pair_areas(array(box(0, 0, 1, 1)), array(box(1 - width, 0, 2, 1)))
        assert len(rows) == counts
        assert areas.tolist() == [width] * counts
        # whichever of the two it is
        rows, _, areas = plain.pair_areas(array(box(1 - width, 0, 2, 1)), array(box(0, 0, 1, 1)))
        assert areas.tolist() == [width] * counts


def test_a_site_is_whole_within_its_rounding_and_not_beyond() -> None:
    eps = float(np.finfo(float).eps)
    noise = 16 * eps * 4
    sites = array(box(0, 0, 1, 1))
    for width, area in ((1 - noise, 1.0), (1 - noise - eps, 1 - noise - eps)):
        assert plain.pair_areas(sites, array(box(0, 0, width, 1)))[2].tolist() == [area]


def test_parts_of_a_label_make_a_whole_only_within_the_error_that_is_promised() -> None:
    def share(gap: float) -> float:
        zones = Zones(array(box(0, 0, 1, 1 - gap)), np.array([0]), 1, dissolved=True)
        _, _, areas = plain.label_areas(array(box(0, 0, 1, 1)), zones)
        return float(areas[0])

    def halves(gap: float) -> float:
        zones = Zones(array(box(0, 0, 1, 0.5 - gap), box(0, 0.5, 1, 1)), np.array([0, 0]), 1, dissolved=True)
        _, _, areas = plain.label_areas(array(box(0, 0, 1, 1)), zones)
        return float(areas[0])

    eps = float(np.finfo(float).eps)
    for one in (share, halves):
        assert one(2 * eps) == 1.0
        assert one(1e-12) == pytest.approx(1 - 1e-12, abs=1e-15)
        assert one(1e-12) < 1.0


@pytest.mark.parametrize("method", METHODS)
def test_distances_are_negative_inside_and_nought_where_the_border_touches(method: Any) -> None:
    zones = index(array(box(0, 0, 10, 10)), None, method)
    sites = array(
        box(2, 3, 4, 5), box(12, 0, 13, 1), box(8, 8, 12, 12), box(10, 0, 11, 1), Point(13, 14), Point(5, 1), None
    )
    np.testing.assert_array_equal(zones.distance(sites), [-2, 2, 0, 0, 5, -1, np.nan])


# Points


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("cell", [0.5, 1.0, 16.0])
def test_points_at_the_edges_and_corners_of_zones(method: Any, cell: float) -> None:
    zones = index(array(box(0, 0, 2, 2), box(2, 0, 4, 2), box(1, 1, 3, 3)), [2, 1, 0], method, cell=cell)
    points = {
        (0, 0): (2, 1), (2, 0): (1, 2), (2, 2): (0, 3), (1, 1): (0, 2), (3, 3): (0, 1), (1.5, 1.5): (0, 2),
        (0.5, 0.5): (2, 1), (3.5, 1.75): (1, 1), (4, 2): (1, 1), (5, 5): (-1, 0), (-1, 1): (-1, 0), (2, 2.5): (0, 1),
        (4 + 1e-9, 1): (-1, 0), (4 - 1e-9, 1): (1, 1), (2 - 1e-9, 0.5): (2, 1), (0.5, -1e-9): (-1, 0),
        (3.5, 2.5): (-1, 0),
    }  # fmt: skip
    sites = shapely.points(np.array([*points], dtype=float))
    for given in (sites, Polygons.from_shapely(sites)):
        first, number = zones.holders(given)
        assert list(zip(first.tolist(), number.tolist(), strict=True)) == [*points.values()]


def test_the_centroid_of_a_ring_with_a_hole_far_from_the_origin() -> None:
    ring = Polygon([(0, 0), (6, 0), (6, 6), (0, 6)], [[(3, 3), (6, 3), (6, 6), (3, 6)]])
    two = MultiPolygon([box(0, 0, 1, 1), box(3, 0, 6, 1)])
    bow = Polygon([(0, 0), (3, 0), (0, 3)])
    far = array(ring, two, bow, shapely.reverse(ring), shapely.reverse(two))
    wished = np.array([[2.5, 2.5], [3.5, 0.5], [1.0, 1.0], [2.5, 2.5], [3.5, 0.5]])
    for x, y in ((0.0, 0.0), (1e6, 2e6), (0.3, 3e7 + 0.7), (3e7 + 0.7, 0.3)):
        place = np.array([x, y])
        moved = shapely.transform(far, lambda xy, place=place: xy + place)
        np.testing.assert_allclose(shapes.centroids(Polygons.from_shapely(moved)), wished + place, rtol=0, atol=2e-8)


# Either form


def test_shapes_are_taken_as_polygons_from_the_number_on_that_is_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "MANY", 3)
    assert isinstance(choosing.taken(array(*[box(0, 0, 1, 1)] * 3)), Polygons)
    assert not isinstance(choosing.taken(array(*[box(0, 0, 1, 1)] * 2)), Polygons)


@pytest.mark.parametrize("form", [lambda shapes: shapes, Polygons.from_shapely])
def test_what_is_asked_of_either_form(form: Any) -> None:
    given = form(array(box(0, 0, 2, 1), Point(1, 2), None, Point(), Polygon(), LineString([(0, 0), (1, 1)])))
    assert choosing.areal(given).tolist() == [True, *[False] * 5]
    assert choosing.pointed(given).tolist() == [False, True, *[False] * 4]
    np.testing.assert_array_equal(shapes.centroids(given), [[1, 0.5], [1, 2], *[[np.nan] * 2] * 4])
    assert shapes.areas_of(given).tolist() == [2, 0, 0, 0, 0, 0]
    rows, xy = shapes.points_of(given)
    assert (rows.tolist(), xy.tolist()) == ([1], [[1.0, 2.0]])
    assert choosing.rows_of(given, np.arange(6)) is given
    assert shapes.areas_of(choosing.rows_of(given, np.array([1, 0]))).tolist() == [0, 2]
    assert shapes.areas_of(choosing.rows_of(given, np.array([0]))).tolist() == [2]
    back = choosing.rows_of(given, np.array([1, 0, 2, 3, 4, 5]))
    assert shapes.areas_of(back).tolist() == [0, 2, 0, 0, 0, 0]
    likes = choosing.points_like(np.array([[3.0, 4.0], [np.nan, 1.0], [1.0, np.inf]]), given)
    assert choosing.as_array(likes).tolist() == [Point(3, 4), None, None]
    assert shapes.bounds_of(given)[:2].tolist() == [[0, 0, 2, 1], [1, 2, 1, 2]]


def test_places_along_a_curve_interleave_their_bits() -> None:
    top = 2**16 - 1
    places = np.array([[0, 0], [top, 0], [0, top], [top, top], [1, 0], [0, 1], [2, 0], [0, 2], [5, 3]], dtype=float)
    spread = int("01" * 16, 2)
    assert along(places).tolist() == [0, spread, 2 * spread, 3 * spread, 1, 2, 4, 8, 0b011011]
    assert along(places + 7.0).tolist() == along(places).tolist()
    assert along(np.array([[3.0, 4.0], [3.0, 4.0]])).tolist() == [0, 0]
    assert along(np.array([[0.0, 0.0], [2.0, 1.0]])).tolist()[1] == spread + 2 * sum(4**bit for bit in range(15))
    empty = along(np.empty((0, 2)))
    assert (len(empty), empty.dtype) == (0, np.dtype(np.uint64))


# Zones


def test_pickled_zones_have_their_shapes_their_numbers_and_their_labels() -> None:
    zones = Zones(array(box(3, 0, 4, 1), None, box(0, 0, 1, 1), Polygon()), np.array([2, 0, 1, 1]), 4, dissolved=True)
    copy = pickle.loads(pickle.dumps(zones))  # noqa: S301 - its own
    for one in (zones, copy):
        assert (one.numbers.tolist(), one.labels, len(one)) == ([1, 2], 4, 2)
        assert [shape.bounds for shape in one.shapes] == [(0, 0, 1, 1), (3, 0, 4, 1)]
        assert one.by_label().areas().tolist() == [0, 1, 1, 0]
        assert one.roughness == 5.0
        assert (one.together().labels, one.together().numbers.tolist()) == (1, [0, 0])
        assert plain.holders(np.array([[0.5, 0.5], [3.5, 0.5], [2.0, 0.5]]), one)[0].tolist() == [1, 2, -1]


def test_only_zones_of_one_label_that_share_ground_are_made_one() -> None:
    given = array(box(0, 0, 2, 2), box(1, 0, 3, 2), box(3, 0, 4, 2), box(0, 0, 2, 2), box(9, 0, 10, 1))
    parts, numbers = disjoint(given, np.array([0, 0, 0, 1, 1]))
    areas = sorted(zip(numbers.tolist(), shapely.area(parts).tolist(), strict=True))
    assert areas == [(0, 2.0), (0, 6.0), (1, 1.0), (1, 4.0)]
    chain = array(*[box(at, 0, at + 1.5, 1) for at in range(12)], box(20, 0, 21, 1))
    parts, numbers = disjoint(chain, np.zeros(13, dtype=np.int64))
    assert sorted(shapely.area(parts).tolist()) == [1.0, 12.5]
    crowd = array(*[box(at / 10, 0, 5 + at / 10, 1) for at in range(20)], box(20, 0, 21, 1))
    parts, numbers = disjoint(crowd, np.zeros(21, dtype=np.int64))
    assert sorted(shapely.area(parts).tolist()) == pytest.approx([1.0, 6.9])


def test_zones_that_touch_have_no_border_between_them() -> None:
    assert shapely.area(united(array(*[box(at, 0, at + 1, 1) for at in range(9)]))).tolist() == [9.0]
    apart = united(array(box(0, 0, 1, 1), box(2, 0, 3, 1)))
    assert sorted(shapely.area(apart).tolist()) == [1.0, 1.0]
    corner = united(array(box(0, 0, 1, 1), box(1, 1, 2, 2)))
    assert shapely.length(corner).sum() == 8.0


# Borders


@pytest.mark.parametrize("count", [1, 7, 8, 9, 16, 17, 40])
def test_every_segment_of_a_border_is_found(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clustergeo.overlap.border._MANY_POINTS", 0)
    monkeypatch.setattr("clustergeo.overlap.border._HINTS", 64)
    border = Border(array(*[LineString([(10 * at, 0), (10 * at + 4, 3)]) for at in range(count)]))
    starts = np.array([[10.0 * at, 0.0] for at in range(count)])
    points = np.vstack([starts - np.array([0.5, 0.0]), starts + np.array([-1.0, 5.5])])
    lines = shapely.multilinestrings([[(10 * at, 0), (10 * at + 4, 3)] for at in range(count)])
    found = border.nearest(points)
    gaps = np.hypot(*(found - points).T)
    assert gaps.tolist() == pytest.approx(shapely.distance(lines, shapely.points(points)).tolist(), abs=1e-12)
    assert found[0].tolist() == [0.0, 0.0]
    assert len(border.segments) == count


def test_work_is_cut_into_pieces_that_end_where_they_are_full() -> None:
    assert threads.chunks(4, 2) == [slice(0, 2), slice(2, 4)]
    assert threads.chunks(0, 2) == []
    assert [piece.tolist() for piece in threads.pieces(np.array([5, 5, 4, 1]), 5)] == [[0], [1, 2], [3]]
    assert threads.pieces(np.empty(0, dtype=np.int64), 5) == []
    assert threads.in_threads(lambda part: part + 1, [1, 2, 3], 2) == [2, 3, 4]
    assert threads.in_threads(lambda _: threads.processors(), [1, 2], 2) == [1, 1]


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize(
    "shape",
    [box(0, 0, 9, 9).difference(box(1, 1, 2, 2)), MultiPolygon([box(0, 0, 1, 1), box(2, 0, 3, 1)]), Point(1, 2)],
)
def test_binary_that_is_cut_anywhere_is_refused_though_another_row_follows(shape: Any, order: int) -> None:
    whole = shapely.to_wkb(shape, byte_order=order)
    assert Polygons.from_wkb(pa.array([whole, whole])).areas().tolist() == [shape.area] * 2
    for length in range(len(whole)):
        with pytest.raises(InputError, match="Row 0 is not well-known binary"):
            Polygons.from_wkb(pa.array([whole[:length], whole]))


def test_a_ring_of_very_many_points_is_read_whole() -> None:
    at = np.arange(66_000) * 2 * np.pi / 66_000
    shape = Polygon(np.column_stack([np.cos(at), np.sin(at)]))
    found = Polygons.from_wkb(pa.array([shapely.to_wkb(shape, byte_order=1)]))
    assert len(found.xy) == 66_001
    assert (found.xy == shapely.get_coordinates(shape)).all()


def test_a_ring_of_three_points_ends_in_its_last_one_again_and_reads_nothing_of_the_next() -> None:
    ring = np.array([(0, 0), (1, 0), (0, 0)], dtype="<f8").tobytes()
    short = b"\x01\x03\x00\x00\x00\x01\x00\x00\x00\x03\x00\x00\x00" + ring
    found = Polygons.from_wkb(pa.array([short, shapely.to_wkb(box(5, 5, 6, 6))])).to_shapely()
    assert shapely.get_coordinates(found[0]).tolist() == [[0, 0], [1, 0], [0, 0], [0, 0]]
    assert found[1].equals(box(5, 5, 6, 6))


def test_what_is_known_to_be_invalid_stays_so_for_the_entries_that_are_kept() -> None:
    found = Polygons.from_shapely(array(box(0, 0, 1, 1), box(0, 0, 2, 1), box(0, 0, 3, 1)))
    found.remember(np.array([0, 1]))
    kept = found.only(np.array([True, False, True])).invalid
    assert kept is not None
    assert kept.tolist() == [True, False, False]


@pytest.mark.parametrize("size", [1e-6, 0.5, 1.0, 2.0, 1e6])
def test_the_centroid_of_a_site_of_any_size_is_that_of_its_ground(size: float) -> None:
    corner = Polygon([(0, 0), (size, 0), (size, size / 4), (size / 4, size / 4), (size / 4, size), (0, size)])
    found = shapes.centroids(Polygons.from_shapely(array(corner)))
    np.testing.assert_allclose(found / size, shapely.get_coordinates(corner.centroid) / size, rtol=1e-12)
