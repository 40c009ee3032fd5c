"""Zones dissolved, and cut into small pieces as an expert does by hand before a slow join."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.shapes import Shapes

PIECE_VERTICES = 128
_AREAL = 2


def dissolved(zones: Shapes) -> Shapes:
    """Return polygons that cover what the zones cover and overlap nowhere."""
    return np.asarray(shapely.get_parts(shapely.disjoint_subset_union_all(zones)), dtype=object)


def pieces(shapes: Shapes, *, most: int = PIECE_VERTICES) -> tuple[NDArray[np.intp], Shapes]:
    """Return polygons cut into pieces of at most `most` vertices, halving the longer side of their box.

    Returns
    -------
    rows, pieces
        The position of the polygon each piece is of, and the piece.
    """
    done_rows, done = [], []
    rows, todo = np.arange(len(shapes)), shapes
    while len(todo):
        small = shapely.get_num_coordinates(todo) <= most
        done_rows.append(rows[small])
        done.append(todo[small])
        rows, todo = _halved(rows[~small], todo[~small])
    order = np.argsort(np.concatenate(done_rows), kind="stable")
    return np.concatenate(done_rows)[order], np.concatenate(done)[order]


def _halved(rows: NDArray[np.intp], shapes: Shapes) -> tuple[NDArray[np.intp], Shapes]:
    """Return the two halves of each polygon."""
    new_rows, new = [], []
    for row, shape in zip(rows, shapes, strict=True):
        left, bottom, right, top = shape.bounds
        x, y = (left + right) / 2, (bottom + top) / 2
        boxes = (
            [(left, bottom, x, top), (x, bottom, right, top)]
            if right - left > top - bottom
            else [(left, bottom, right, y), (left, y, right, top)]
        )
        for box in boxes:
            part = shapely.clip_by_rect(shape, *box)
            if not part.is_valid:
                # Clipping alone may leave an edge run over twice; the overlay never does, but takes its time.
                part = shapely.intersection(shape, shapely.box(*box))
            parts = shapely.get_parts(part)
            parts = parts[(shapely.get_dimensions(parts) == _AREAL) & (shapely.area(parts) > 0)]
            new_rows.append(np.full(len(parts), row))
            new.append(parts)
    if not new:
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=object)
    return np.concatenate(new_rows), np.concatenate(new)
