"""Zones with all that is built for them, asked by the method that suits the form of the sites."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from clustergeo.overlap import plain
from clustergeo.overlap.rings import Polygons
from clustergeo.overlap.shapes import points_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustergeo.overlap.border import Border
    from clustergeo.overlap.grid import Grid
    from clustergeo.overlap.rings import Shapes
    from clustergeo.overlap.zones import Zones


class Overlaps(NamedTuple):
    """Overlaps of sites and labels, sorted by row and label: the number of each, and the area they share."""

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    areas: NDArray[np.float64]

    def largest(self, whole: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
        """Return the label that has most of each site, or -1, its share of the site, and how many labels overlap it.

        Parameters
        ----------
        whole
            Shape (n,), the area of each site, 0 where it is no polygon.

        Examples
        --------
        >>> Overlaps(np.array([0, 0]), np.array([3, 5]), np.array([1.0, 2.0])).largest(np.array([4.0, 0.0]))
        (array([ 5, -1]), array([0.5, nan]), array([2, 0]))
        """
        rows, labels, areas = self
        count = np.bincount(rows, minlength=len(whole))
        best = np.full(len(whole), -1, dtype=np.int64)
        share = np.where(whole > 0, 0.0, np.nan)
        # of each row's run of overlaps, the first of the largest ones
        alone = count[rows] == 1
        best[rows[alone]], share[rows[alone]] = labels[alone], areas[alone]
        several = np.flatnonzero(~alone)
        order = several[np.lexsort((labels[several], -areas[several], rows[several]))]
        first = order[np.flatnonzero(np.diff(rows[order], prepend=-1))]
        best[rows[first]], share[rows[first]] = labels[first], areas[first]
        share[count > 0] /= whole[count > 0]
        return best, share, count


class Prepared:
    """Zones, their grid and their border; each is built when it is first needed, and pickled once it is built.

    Polygons are answered by the grid, arrays of shapely geometries by shapely.

    Parameters
    ----------
    zones
        Zones with labels.
    cell
        How wide the cells of the grid are; by default from the zones.
    """

    def __init__(self, zones: Zones, cell: float | None) -> None:
        self.zones, self.cell = zones, cell

    @cached_property
    def grid(self) -> Grid:
        """The zones cut into cells."""
        from clustergeo.overlap.grid import build  # noqa: PLC0415 - compiles

        return build(self.zones.by_label(), self.cell)

    @cached_property
    def border(self) -> Border:
        """The outline of all zones together."""
        return self.zones.outline()

    def overlaps(self, shapes: Shapes, threads: int | None) -> Overlaps:
        """Return the area of each overlap of a site and a label."""
        if isinstance(shapes, Polygons):
            from clustergeo.overlap.summing import overlaps  # noqa: PLC0415 - compiles

            return Overlaps(*overlaps(shapes, self.grid, threads))
        return Overlaps(*plain.label_areas(shapes, self.zones))

    def holders(self, shapes: Shapes, threads: int | None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the first label that holds each point, or -1, and how many do; none holds what is no point."""
        first, count = np.full(len(shapes), -1, dtype=np.int64), np.zeros(len(shapes), dtype=np.int64)
        rows, points = points_of(shapes)
        if not len(rows):
            return first, count
        if not isinstance(shapes, Polygons):
            first[rows], count[rows] = plain.holders(points, self.zones)
            return first, count
        from clustergeo.overlap.summing import holders  # noqa: PLC0415 - compiles

        found, number, doubtful = holders(points, self.grid, threads)
        found[doubtful], number[doubtful] = plain.holders(points[doubtful], self.zones)
        first[rows], count[rows] = found, number
        return first, count

    def distances(self, shapes: Shapes, threads: int | None) -> NDArray[np.float64]:
        """Return the distance of each site to the border of zones with one label.

        It is negative inside, 0 where the border touches or crosses the site.
        """
        if isinstance(shapes, Polygons):
            from clustergeo.overlap.summing import inside  # noqa: PLC0415 - compiles

            out = self.border.distances(shapes, threads)
            apart = np.flatnonzero(out > 0)
            # the border does not cross it: all of a site lies on the side of any one of its vertices
            within = inside(shapes.xy[shapes.rings[shapes.polygons[apart]]], self.grid)
        else:
            out = plain.distances(shapes, self.border.lines)
            apart = np.flatnonzero(out > 0)
            xy, row = shapely.get_coordinates(shapes[apart], return_index=True)
            within = plain.holders(xy[np.flatnonzero(np.diff(row, prepend=-1))], self.zones)[1] > 0
        out[apart[within]] *= -1.0
        return out
