"""What a page carries is small, and read back it is what went in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from clustergeo import _pack

HOLED = shapely.Polygon(
    [(127, 37), (127.5, 37), (127.5, 37.5), (127, 37.5)], [[(127.1, 37.1), (127.2, 37.1), (127.2, 37.2)]]
)
SHAPES = [
    shapely.Point(-179.999999, -89.999999),
    HOLED,
    shapely.LineString([(0, 0), (1, 1)]),
    None,
    shapely.MultiPolygon([HOLED, shapely.box(10, 10, 11, 11)]),
    shapely.MultiPoint([(1, 2), (3, 4)]),
    shapely.Polygon(),
]


def there_and_back(shapes: list[Any], quantum: float) -> list[tuple[int, list[Any]]]:
    return _pack.shapes_of(_pack.shape_bytes(np.array(shapes, dtype=object), quantum), quantum)


@pytest.mark.parametrize("quantum", [_pack.FINE, _pack.COARSE])
def test_every_kind_of_shape_comes_back_within_half_a_quantum(quantum: float) -> None:
    found = there_and_back(SHAPES, quantum)
    assert [kind for kind, _ in found] == [0, 2, 1, 0, 2, 0, 0]
    assert [len(pieces) for _, pieces in found] == [1, 2, 1, 0, 3, 2, 0]
    for shape, (kind, pieces) in zip(SHAPES, found, strict=True):
        if shape is None or shape.is_empty:
            continue
        parts = shapely.get_rings(shapely.get_parts(shape)) if kind == 2 else shapely.get_parts(shape)
        for part, piece in zip(parts, pieces, strict=True):
            before = shapely.get_coordinates(part)[:-1] if kind == 2 else shapely.get_coordinates(part)
            assert before.shape == piece.shape
            assert np.abs(before - piece).max() <= quantum / 2 * (1 + 1e-6)


def test_of_a_collection_the_areas_are_kept() -> None:
    mixed = shapely.GeometryCollection([shapely.Point(1, 1), HOLED, shapely.LineString([(0, 0), (1, 1)])])
    ((kind, pieces),) = there_and_back([mixed], _pack.COARSE)
    assert kind == 2
    assert len(pieces) == 2


def test_no_shapes_are_no_bytes_worth_mentioning() -> None:
    assert there_and_back([], _pack.FINE) == []
    assert len(_pack.shape_bytes(np.zeros(0, dtype=object), _pack.FINE)) == 2


@given(st.lists(st.integers(0, 2**62), max_size=30))
def test_numbers_come_back_whole(values: list[int]) -> None:
    data = _pack.varints(np.array(values, dtype=np.int64))
    assert _pack.numbers_of(data).tolist() == values


@given(st.lists(st.integers(-(2**61), 2**61), max_size=30))
def test_the_sign_of_a_number_costs_one_bit(values: list[int]) -> None:
    found = _pack.zigzag(np.array(values, dtype=np.int64))
    assert found.min(initial=0) >= 0
    assert ((found >> 1) ^ -(found & 1)).tolist() == values


@pytest.mark.parametrize("rows", [3, 60_000])
def test_a_payload_comes_back_open_or_deflated(rows: int) -> None:
    head = {"names": ["한글 <b>", *("site" + str(row) for row in range(rows))]}
    blobs = [b"", b"abc", bytes(range(256)) * 3]
    found = _pack.payload(head, blobs)
    assert ("deflated" in found) == (rows > 10_000)
    assert _pack.unpacked(found) == (head, blobs)


def test_deflating_halves_a_large_payload_at_least() -> None:
    names = [f"부지 {row}" for row in range(50_000)]
    assert len(_pack.payload({"names": names}, [])["deflated"]) < len("".join(names).encode()) / 2


def test_an_outline_of_neighbouring_vertices_takes_few_bytes_a_vertex() -> None:
    ring = shapely.Point(127, 37).buffer(0.002, quad_segs=64)
    assert len(_pack.shape_bytes(np.array([ring]), _pack.FINE)) < 2.6 * shapely.get_num_coordinates(ring)


def test_texts_and_numbers_keep_their_nulls() -> None:
    assert _pack.words(["x", None, "x"]) == {"words": ["x"], "codes": [0, -1, 0]}
    assert _pack.numbers([None, 2, 0.5, float("inf")], 2) == {"numbers": [None, 2, 0.5, None]}
