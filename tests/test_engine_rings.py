"""Polygons out of shapely and out of well-known binary."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from shapely import GeometryCollection, LineString, MultiPoint, MultiPolygon, Point, Polygon, box

from clustergeo.errors import InputError
from clustergeo.overlap import Polygons
from clustergeo.overlap.kinds import EMPTY, MISSING, OTHER, POINT, POLYGON

RING = Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(3, 3), (6, 3), (6, 6), (3, 6)]])
SHAPES = [
    RING,
    None,
    MultiPolygon([box(0, 0, 1, 1), RING.reverse()]),
    Polygon(),
    Point(3, 4),
    MultiPolygon(),
    LineString([(0, 0), (1, 1)]),
    Point(),
    GeometryCollection([box(0, 0, 1, 1)]),
    MultiPoint([(0, 0)]),
    Point(5, 6),
    box(7, 7, 8, 9),
]
KINDS = [POLYGON, MISSING, POLYGON, EMPTY, POINT, EMPTY, OTHER, EMPTY, OTHER, OTHER, POINT, POLYGON]
AREAS = [72, 0, 73, 0, 0, 0, 0, 0, 0, 0, 0, 2]


def array(*shapes: Any) -> Any:
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out


def same(one: Polygons, other: Polygons) -> None:
    for name in ("xy", "rings", "polygons", "holes", "kinds", "turns"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    np.testing.assert_array_equal(one.areas(), other.areas())
    np.testing.assert_array_equal(one.bounds(), other.bounds())


def test_kinds_areas_and_bounds() -> None:
    polygons = Polygons.from_shapely(array(*SHAPES))
    assert polygons.kinds.tolist() == KINDS
    assert polygons.areas().tolist() == AREAS
    known = np.isin(KINDS, [POLYGON, POINT])
    np.testing.assert_array_equal(polygons.bounds()[known], shapely.bounds(array(*SHAPES))[known])
    assert np.isnan(polygons.bounds()[~known]).all()
    assert len(polygons) == len(SHAPES)


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("flavor", ["iso", "extended"])
@pytest.mark.parametrize("dimension", [2, 3])
def test_well_known_binary_of_every_kind(order: int, flavor: str, dimension: int) -> None:
    shapes = array(*SHAPES)
    if dimension == 3:
        shapes = shapely.force_3d(shapes, 7.0)
    if flavor == "extended":
        shapes = shapely.set_srid(shapes, 5186)
    binary = shapely.to_wkb(
        shapes, byte_order=order, flavor=flavor, output_dimension=dimension, include_srid=flavor == "extended"
    )
    for kind in (pa.binary(), pa.large_binary()):
        same(Polygons.from_wkb(pa.array(binary.tolist(), type=kind)), Polygons.from_shapely(array(*SHAPES)))


def test_m_is_left_out() -> None:
    coordinates = [(0, 0), (2, 0), (2, 3), (0, 0)]
    for code, extra in ((2003, 1), (3003, 2), (0x40000003, 1), (0xC0000003, 2)):
        points = b"".join(struct.pack("<dd" + "d" * extra, x, y, *[9.0] * extra) for x, y in coordinates)
        binary = struct.pack("<BIII", 1, code, 1, 4) + points
        assert Polygons.from_wkb(pa.array([binary])).areas().tolist() == [3.0]


def test_sliced_and_chunked_columns() -> None:
    binary = pa.array(shapely.to_wkb(array(*SHAPES)).tolist())
    whole = Polygons.from_wkb(binary)
    same(Polygons.from_wkb(pa.chunked_array([binary[:5], binary[5:5], binary[5:]])), whole)
    same(Polygons.from_wkb(pa.chunked_array([], type=pa.binary())), Polygons.from_shapely(array()))
    assert Polygons.from_wkb(binary[2:5]).areas().tolist() == AREAS[2:5]
    assert whole[2:5].areas().tolist() == AREAS[2:5]
    assert Polygons.from_wkb(pa.array([None, None], type=pa.binary())).kinds.tolist() == [MISSING, MISSING]


def test_many_chunks_in_threads_give_the_same_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = array(*(SHAPES * 20))
    whole = Polygons.from_shapely(shapes)
    monkeypatch.setattr("clustergeo.overlap.rings.CHUNK", 7)
    same(Polygons.from_wkb(pa.array(shapely.to_wkb(shapes).tolist()), threads=3), whole)
    same(Polygons.from_shapely(shapes, threads=2), whole)


def test_there_and_back_again() -> None:
    back = Polygons.from_shapely(array(*SHAPES)).to_shapely()
    for kind, shape, found in zip(KINDS, SHAPES, back, strict=True):
        assert found == shape if kind in (POLYGON, POINT) else found is None


def test_turns_say_where_the_inside_lies() -> None:
    polygons = Polygons.from_shapely(array(shapely.orient_polygons(RING, exterior_cw=True), box(0, 0, 1, 1)))
    assert polygons.turns.tolist() == [1, 1, -1]
    assert polygons.holes.tolist() == [False, True, False]


@pytest.mark.parametrize("end", range(1, 93))
def test_binary_that_ends_early_is_refused(end: int) -> None:
    good = shapely.to_wkb(box(0, 0, 1, 1))
    with pytest.raises(InputError, match="Row 1 is not well-known binary"):
        Polygons.from_wkb(pa.array([good, good[:end]]))


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"\x02" + shapely.to_wkb(box(0, 0, 1, 1))[1:],
        shapely.to_wkb(box(0, 0, 1, 1)) + b"\x00",
        struct.pack("<BII", 1, 6, 1) + shapely.to_wkb(Point(1, 1)),
        struct.pack("<BII", 1, 6, 1) + shapely.to_wkb(MultiPolygon([box(0, 0, 1, 1)])),
        struct.pack("<BII", 1, 3, 2**32 - 1),
        struct.pack("<BIII", 1, 3, 1, 2**32 - 1),
    ],
)
def test_malformed_binary_is_refused(bad: bytes) -> None:
    with pytest.raises(InputError, match="Row 0 is not well-known binary"):
        Polygons.from_wkb(pa.array([bad]))


def test_open_rings_and_numbers_that_are_not_finite_are_refused() -> None:
    def binary(*points: tuple[float, float]) -> bytes:
        return struct.pack("<BIII", 1, 3, 1, len(points)) + b"".join(struct.pack("<dd", *p) for p in points)

    good = shapely.to_wkb(box(0, 0, 1, 1))
    with pytest.raises(InputError, match="Row 1 has a ring that is not closed"):
        Polygons.from_wkb(pa.array([good, binary((0, 0), (1, 0), (1, 1), (0, 1))]))
    for number in (np.nan, np.inf, -np.inf):
        for place in range(3):
            points = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)]
            points[place] = (number, 1.0)
            if place == 0:
                points[3] = points[0]
            with pytest.raises(InputError, match="Row 1 has a coordinate that is not finite"):
                Polygons.from_wkb(pa.array([good, binary(*points)]))


def test_columns_of_another_type_are_refused() -> None:
    with pytest.raises(InputError, match="not string"):
        Polygons.from_wkb(pa.array(["POINT (1 1)"]))


def test_only_consecutive_entries_can_be_taken() -> None:
    with pytest.raises(InputError, match="consecutive"):
        Polygons.from_shapely(array(RING, RING))[::2]
