"""A border, and how near it runs: a tree of boxes over its segments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from clustergeo.errors import InputError
from clustergeo.overlap.curve import along
from clustergeo.overlap.ragged import ranges
from clustergeo.overlap.threads import CHUNK, chunks, in_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustergeo.overlap.rings import Polygons

_HINTS = 2**14
_DEPTH = 128
_LINES = [
    shapely.GeometryType.MISSING,
    shapely.GeometryType.LINESTRING,
    shapely.GeometryType.LINEARRING,
    shapely.GeometryType.MULTILINESTRING,
]

# Prepared shapely takes a few microseconds a point, once it has seen every segment: below this, it is done before the
# kernels are loaded.
_MANY_POINTS = 20_000


@dataclass(frozen=True, eq=False)
class Tree:
    """The boxes of a tree over segments, and a near segment for each cell of a coarse grid."""

    boxes: NDArray[np.float64]
    hints: NDArray[np.int64]
    hinted: NDArray[np.float64]


class Border:
    """Lines, prepared once to find the nearest of their points.

    Parameters
    ----------
    lines
        An array of shapely LineStrings and MultiLineStrings, for example the boundaries of polygons. Null and empty
        ones are left out.

    Raises
    ------
    InputError
        One is no line, or has a coordinate that is not finite.

    Examples
    --------
    >>> border = Border(shapely.boundary(np.array([shapely.box(0, 0, 10, 10)])))
    >>> border.nearest(np.array([[3.0, 4.0], [13.0, 14.0]])).tolist()
    [[0.0, 4.0], [10.0, 10.0]]
    """

    def __init__(self, lines: Any) -> None:
        lines = np.asarray(lines, dtype=object).reshape(-1)
        kinds = shapely.get_type_id(lines)
        if not np.isin(kinds, _LINES).all():
            row = int(np.flatnonzero(~np.isin(kinds, _LINES))[0])
            msg = f"Row {row} is a {lines[row].geom_type}; expected lines. Take shapely.boundary of polygons."
            raise InputError(msg)
        xy, part = shapely.get_coordinates(shapely.get_parts(lines), return_index=True)
        if not np.isfinite(xy).all():
            msg = f"{int((~np.isfinite(xy)).any(axis=1).sum())} vertices of the border are not finite. Leave them out."
            raise InputError(msg)
        starts = np.flatnonzero(np.diff(part, prepend=-1))
        self.segments = _sorted_along(xy, np.append(starts, len(xy)))

    @classmethod
    def of_rings(cls, xy: NDArray[np.float64], starts: NDArray[np.int64]) -> Border:
        """Return a border that is made of rings, the first of which begins and the last ends at these vertices."""
        border = cls.__new__(cls)
        border.segments = _sorted_along(xy, starts)
        return border

    def __repr__(self) -> str:
        """Return how many segments there are."""
        return f"Border({len(self.segments)} segments)"

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: the segments and the tree, but no geometries, which are made of the segments."""
        return {name: value for name, value in self.__dict__.items() if name != "lines"}

    def nearest(self, points: Any, *, threads: int | None = None) -> NDArray[np.float64]:
        """Return the point of the border that is nearest to each point.

        Parameters
        ----------
        points
            Shape (n, 2).
        threads
            How many threads work; by default one a processor. The answers are the same to the bit.

        Returns
        -------
        numpy.ndarray
            Shape (n, 2); not-a-number where the point is, or where there is no border. Of several that are equally
            near it is any one.
        """
        points = np.asarray(points, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] != 2:  # noqa: PLR2004
            msg = f"points have the shape {points.shape}; expected x and y of each, shape (n, 2)."
            raise InputError(msg)
        out = np.full(points.shape, np.nan)
        known = np.flatnonzero(np.isfinite(points).all(axis=1))
        if not len(self.segments) or not len(known):
            return out
        points = points[known]
        if len(points) < _MANY_POINTS:
            ways = shapely.shortest_line(self.lines, shapely.points(points))
            out[known] = shapely.get_coordinates(ways)[::2]
        else:
            numbers = np.arange(len(points) + 1)
            found = np.empty(len(points), dtype=np.int64)

            def one(rows: slice) -> None:
                entries = numbers[rows.start : rows.stop + 1]
                boxes = np.hstack([points[rows], points[rows]])
                self._search((points, numbers, entries, boxes), np.empty(len(boxes)), found[rows])

            self.prepare()
            in_threads(one, chunks(len(points), CHUNK), threads)
            out[known] = _foot(points, self.segments[found])
        return out

    def prepare(self) -> Border:
        """Build the tree now, so that it is pickled with the border; returns the border itself."""
        self.tree  # noqa: B018 - built and kept
        return self

    def distances(self, sites: Polygons, threads: int | None) -> NDArray[np.float64]:
        """Return the distance of each site to the border, 0 where the border touches it, crosses it or lies inside it.

        Without a border it is infinite; for a site that has no place it is not-a-number.
        """
        if not len(self.segments):
            return np.where(sites.polygons[:-1] < sites.polygons[1:], np.inf, np.nan)
        out = np.empty(len(sites))

        def one(rows: slice) -> None:
            part = sites[rows]
            self._search((part.xy, part.rings, part.polygons, part.bounds()), out[rows], np.empty(len(part), np.int64))

        self.prepare()
        in_threads(one, chunks(len(sites), CHUNK), threads)
        return out

    @cached_property
    def lines(self) -> shapely.MultiLineString:
        """The border as one prepared geometry."""
        if not len(self.segments):
            return shapely.MultiLineString()
        # made of the segments in their order, so that a copy in another process answers to the bit
        begins = np.ones(len(self.segments), dtype=bool)
        begins[1:] = (self.segments[1:, :2] != self.segments[:-1, 2:]).any(axis=1)
        starts = np.flatnonzero(begins)
        ends = np.append(starts[1:], len(self.segments))
        xy = np.insert(self.segments[:, :2], ends, self.segments[ends - 1, 2:], axis=0)
        line = np.repeat(np.arange(len(starts)), ends - starts + 1)
        lines = shapely.multilinestrings(shapely.linestrings(xy, indices=line))
        shapely.prepare(lines)
        # GEOS makes its tree when it is first asked, and threads must find it made
        shapely.distance(lines, shapely.Point(0, 0))
        return lines

    @cached_property
    def tree(self) -> Tree:
        """The tree over the segments."""
        from clustergeo.overlap.nearest import LEAF  # noqa: PLC0415 - compiles

        segments, leaves = self.segments, 1
        while leaves * LEAF < len(segments):
            leaves *= 2
        boxes = np.full((2 * leaves, 4), np.inf)
        boxes[:, 2:] = -np.inf
        at = np.arange(0, len(segments), LEAF)
        if len(segments):
            lows, highs = np.minimum(segments[:, :2], segments[:, 2:]), np.maximum(segments[:, :2], segments[:, 2:])
            boxes[leaves : leaves + len(at), :2] = np.minimum.reduceat(lows, at)
            boxes[leaves : leaves + len(at), 2:] = np.maximum.reduceat(highs, at)
        level = leaves
        while level > 1:
            below = boxes[level : 2 * level]
            level //= 2
            boxes[level : 2 * level, :2] = np.minimum(below[::2, :2], below[1::2, :2])
            boxes[level : 2 * level, 2:] = np.maximum(below[::2, 2:], below[1::2, 2:])
        return self._with_hints(Tree(boxes, np.zeros(1, dtype=np.int64), np.array([0.0, 0.0, 1.0, 1.0, 1.0])))

    def _search(
        self,
        shapes: tuple[NDArray[Any], ...],
        out: NDArray[np.float64],
        found: NDArray[np.int64],
        tree: Tree | None = None,
    ) -> None:
        """Search for coordinates, where rings and entries begin, and bounds."""
        from clustergeo.overlap.nearest import nearest  # noqa: PLC0415 - compiles

        tree = tree or self.tree
        stack, gaps = np.empty(_DEPTH, dtype=np.int64), np.empty(_DEPTH)
        leaves = len(tree.boxes) // 2
        nearest(*shapes, self.segments, tree.boxes, leaves, tree.hints, tree.hinted, stack, gaps, out, found)

    def _with_hints(self, first: Tree) -> Tree:
        """Return the tree with a near segment for the centre of each cell of a coarse grid."""
        if not len(self.segments):
            return first
        left, bottom, right, top = first.boxes[1]
        # sites lie round the border too: the grid reaches as far beyond it as it is wide
        beyond = max(right - left, top - bottom)
        left, bottom, right, top = left - beyond, bottom - beyond, right + beyond, top + beyond
        wide, high = right - left, top - bottom
        most = min(_HINTS, 4 * len(self.segments))
        width = max(np.sqrt(wide / most) * np.sqrt(high), max(wide, high) / most) or 1.0
        columns, lines = int(wide / width) + 1, int(high / width) + 1
        x, y = np.meshgrid(left + (np.arange(columns) + 0.5) * width, bottom + (np.arange(lines) + 0.5) * width)
        points = np.column_stack([x.ravel(), y.ravel()])
        numbers = np.arange(len(points) + 1)
        hints = np.empty(len(points), dtype=np.int64)
        self._search((points, numbers, numbers, np.hstack([points, points])), np.empty(len(points)), hints, first)
        return Tree(first.boxes, hints, np.array([left, bottom, width, columns, lines]))


def _sorted_along(xy: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the segments of lines, which begin at these vertices: lines near each other one after the other."""
    if len(starts) == 1:
        return np.empty((0, 4))
    order = np.argsort(along(xy[starts[:-1]]), kind="stable")
    at = ranges(starts[:-1][order], starts[1:][order] - 1)
    return np.hstack([xy[at], xy[at + 1]])


def _foot(points: NDArray[np.float64], segments: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the point of each segment that is nearest to each point.

    Examples
    --------
    >>> _foot(np.array([[3.0, 4.0]]), np.array([[0.0, 0.0, 10.0, 0.0]])).tolist()
    [[3.0, 0.0]]
    """
    start, end = segments[:, :2], segments[:, 2:]
    way = end - start
    length = (way * way).sum(axis=1)
    share = ((points - start) * way).sum(axis=1) / np.where(length > 0.0, length, 1.0)
    on = start + share[:, None] * way
    on[share <= 0.0], on[share >= 1.0] = start[share <= 0.0], end[share >= 1.0]
    return np.asarray(on)
