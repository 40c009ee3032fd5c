"""Polygons that overlap made into one, in threads; those that overlap none stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from clustergeo.overlap.curve import along
from clustergeo.overlap.threads import in_threads, pieces

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# Vertices that are worked on at once: enough for GEOS to be worth a thread, and few enough to keep all threads busy.
_VERTICES = 100_000
# With more pairs than this to each polygon, uniting all of them is faster than looking at each pair.
_CROWD = 8
# So many that are next to each other may be a coverage.
_COVERAGE = 8
# What two polygons may have in common: some of their insides, or as little as a point.
_INSIDES, _ANYTHING = "T********", ""


def disjoint(shapes: NDArray[np.object_], numbers: NDArray[np.int64]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Return polygons of which those with one number overlap nowhere, though they may touch, and the number of each.

    Parameters
    ----------
    shapes
        Shape (n,), valid polygons.
    numbers
        Shape (n,), the number of each one's label.

    Examples
    --------
    >>> boxes = shapely.box([0, 1, 3], 0, [2, 3, 4], 1)
    >>> shapely.area(disjoint(boxes, np.array([0, 0, 0]))[0]).tolist()
    [1.0, 3.0]
    """
    one, other = _near(shapes, numbers)
    if len(one) <= _CROWD * len(shapes):
        one, other = _meeting(shapes, one, other, _INSIDES)
    alone = np.ones(len(shapes), dtype=bool)
    alone[one] = alone[other] = False
    rest = np.flatnonzero(~alone)
    parts, index = shapely.get_parts(shapes[alone], return_index=True)
    merged, first = _united(shapes[rest], _components(len(shapes), one, other)[rest], apart=False)
    return np.concatenate([parts, merged]), np.concatenate([numbers[alone][index], numbers[first]])


def united(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return polygons that cover the same ground and have no edge in common.

    Parameters
    ----------
    shapes
        Shape (n,), valid polygons.

    Examples
    --------
    >>> shapely.area(united(shapely.box([0, 1], 0, [1, 2], 1))).tolist()
    [2.0]
    """
    one, other = shapely.STRtree(shapes).query(shapes)
    pair = one < other
    one, other = _meeting(shapes, one[pair], other[pair], _ANYTHING)
    return _united(shapes, _components(len(shapes), one, other), apart=True)[0]


def _near(shapes: NDArray[np.object_], numbers: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the pairs with one number whose boxes overlap."""
    one, other = shapely.STRtree(shapes).query(shapes)
    pair = (one < other) & (numbers[one] == numbers[other])
    one, other = one[pair], other[pair]
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    low, high = np.maximum(bounds[one, :2], bounds[other, :2]), np.minimum(bounds[one, 2:], bounds[other, 2:])
    met = (low < high).all(axis=1)
    return one[met], other[met]


def _meeting(
    shapes: NDArray[np.object_], one: NDArray[np.intp], other: NDArray[np.intp], common: str
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return those of the pairs that have this in common."""
    # a prepared polygon must be asked by one thread only, so all of its pairs are in one piece
    order = np.argsort(one, kind="stable")
    one, other = one[order], other[order]
    runs = np.split(np.arange(len(one)), np.flatnonzero(np.diff(one)) + 1) if len(one) else []
    sizes = shapely.get_num_coordinates(shapes)
    work = np.array([sizes[one[run[0]]] + sizes[other[run]].sum() for run in runs], dtype=np.int64)

    def meets(part: NDArray[np.intp]) -> NDArray[np.bool_]:
        rows = np.concatenate([runs[number] for number in part])
        shapely.prepare(shapes[one[rows]])
        pair = shapes[one[rows]], shapes[other[rows]]
        found = shapely.relate_pattern(*pair, common) if common else shapely.intersects(*pair)
        shapely.destroy_prepared(shapes[one[rows]])
        return np.asarray(found)

    met = np.concatenate([np.empty(0, dtype=bool), *in_threads(meets, pieces(work, _VERTICES), None)])
    return one[met], other[met]


def _components(number: int, one: NDArray[np.intp], other: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return for each of the numbers the least one that pairs lead to.

    Examples
    --------
    >>> _components(5, np.array([1, 3]), np.array([3, 4])).tolist()
    [0, 1, 2, 1, 1]
    """
    root = np.arange(number)
    while True:
        low, high = np.minimum(root[one], root[other]), np.maximum(root[one], root[other])
        if (low == high).all():
            return root
        np.minimum.at(root, high, low)
        while (root != root[root]).any():
            root = root[root]


def _united(
    shapes: NDArray[np.object_], groups: NDArray[np.intp], *, apart: bool
) -> tuple[NDArray[np.object_], NDArray[np.intp]]:
    """Return the parts of the union of each group, and the group of each; `apart` where none overlap."""
    if not len(shapes):
        return shapes, groups
    bounds = shapely.bounds(shapes)
    order = np.lexsort((along(0.5 * (bounds[:, :2] + bounds[:, 2:])), groups))
    shapes, groups = shapes[order], groups[order]
    # large groups are united piece by piece, then the pieces
    ends = np.cumsum(shapely.get_num_coordinates(shapes))
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    within = ends - np.repeat(np.append(0, ends[starts[1:] - 1]), np.diff(np.append(starts, len(groups))))
    shapes, groups = _joined(shapes, groups, within // _VERTICES, _union if not apart else _union_of_neighbours)
    shapes, groups = _joined(shapes, groups, np.zeros(len(groups), dtype=np.int64), _union)
    parts, index = shapely.get_parts(shapes, return_index=True)
    areal = shapely.get_dimensions(parts) == 2  # noqa: PLR2004
    return parts[areal], groups[index][areal]


def _union(shapes: NDArray[np.object_]) -> Any:
    return shapely.union_all(shapes)


def _union_of_neighbours(shapes: NDArray[np.object_]) -> Any:
    """Return the union of polygons that overlap nowhere: of a coverage, whose neighbours share vertices, it is easy."""
    if len(shapes) >= _COVERAGE and shapely.coverage_is_valid(shapes):
        return shapely.coverage_union_all(shapes)
    return shapely.union_all(shapes)


def _joined(
    shapes: NDArray[np.object_],
    groups: NDArray[np.intp],
    parts: NDArray[np.int64],
    union: Callable[[NDArray[np.object_]], Any],
) -> tuple[NDArray[np.object_], NDArray[np.intp]]:
    """Return the union of each run of shapes that have the same group and part, and its group."""
    starts = np.flatnonzero((np.diff(groups, prepend=-1) != 0) | (np.diff(parts, prepend=-1) != 0))
    ends = np.append(starts[1:], len(shapes))
    out = shapes[starts]
    several = np.flatnonzero(ends > starts + 1)

    def join(part: NDArray[np.intp]) -> None:
        for run in several[part]:
            out[run] = union(shapes[starts[run] : ends[run]])

    sizes = np.add.reduceat(shapely.get_num_coordinates(shapes), starts)[several]
    in_threads(join, pieces(sizes, _VERTICES), None)
    return out, groups[starts]
