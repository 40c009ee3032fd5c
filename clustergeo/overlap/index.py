"""Zones prepared once, and asked as often as one likes how they lie under sites."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import shapely

from clustergeo.errors import InputError
from clustergeo.overlap.kinds import POINT
from clustergeo.overlap.plain import dissolve, pair_areas
from clustergeo.overlap.preparing import (
    areas_of,
    as_polygons,
    as_shapes,
    by_label,
    dissolved,
    length,
    numbered,
    refuse,
)
from clustergeo.overlap.rings import Polygons

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustergeo.overlap.border import Border
    from clustergeo.overlap.grid import Grid

Method = Literal["auto", "grid", "plain"]

# Plain shapely takes about a microsecond for a hundred vertices of the zones under a site: below this, it is done
# before the kernels are loaded.
_MANY_SITES = 20_000
_MUCH_WORK = 20_000_000


class Overlaps(NamedTuple):
    """Overlaps of sites and labels, sorted by row and label: the number of each, and the area they share."""

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    areas: NDArray[np.float64]


class ZoneIndex:
    """Zones prepared once for exact areas of overlap, shares and distances.

    Zones of one label are dissolved: where two of them overlap they count once. Zones of different labels may overlap
    each other, and then each label has its own area. Sites and zones lie in one plane; the index knows numbers only.

    Parameters
    ----------
    zones
        Valid polygons: an array of shapely geometries, a GeoSeries, GeoDataFrame or Layer, `Polygons`, or Arrow binary
        in well-known binary. Null and empty ones are left out.
    labels
        One for each zone; by default all zones have one.
    cell
        How wide the cells of the grid are, rounded down to a power of two; by default from the zones.
    method
        `"grid"` and `"plain"` give the same answers; `"auto"` takes plain shapely for small jobs, the grid for others.
    checked
        Whether the caller knows that the zones are valid; else they are checked.

    Raises
    ------
    InputError
        A zone is invalid or no polygon; the labels are not one for each zone; a label is null.

    Notes
    -----
    Whether *sites* are valid is the caller's to check (`clustergeo.schema` does): an invalid one has no area that
    could be right. What the kernels rely on is checked: finite coordinates and closed rings.

    The method and its rounding are explained in `docs/method.md`.

    Examples
    --------
    >>> index = ZoneIndex(np.array([shapely.box(0, 0, 2, 2), shapely.box(1, 0, 4, 2)]))
    >>> index.shares(np.array([shapely.box(3, 0, 5, 2), shapely.box(0, 0, 3, 1), shapely.box(4, 0, 5, 1), None]))
    array([0.5, 1. , 0. , nan])
    """

    def __init__(
        self,
        zones: Any,
        labels: Any = None,
        *,
        cell: float | None = None,
        method: Method = "auto",
        checked: bool = False,
    ) -> None:
        zones = getattr(zones, "frame", zones)
        self.crs = getattr(zones, "crs", None)
        shapes = as_shapes(zones)
        numbers, self.labels = numbered(labels, len(shapes))
        if method not in ("auto", "grid", "plain"):
            msg = f"method is {method!r}; expected 'auto', 'grid' or 'plain'."
            raise InputError(msg)
        if cell is not None and not (np.isfinite(cell) and cell > 0):
            msg = f"cell is {cell!r}; expected a positive number in units of the plane."
            raise InputError(msg)
        refuse(shapes, validity=not checked)
        self.method, self.cell = method, cell
        self._zones, self._numbers = dissolved(shapes, numbers)

    def __repr__(self) -> str:
        """Return how many polygons and labels there are."""
        return f"ZoneIndex({len(self._zones)} polygons, {len(self.labels)} labels)"

    def shares(self, sites: Any, *, threads: int | None = None) -> NDArray[np.float64]:
        """Return the share of each site that lies in any zone, whatever its label.

        Parameters
        ----------
        sites
            Polygons in any of the forms that zones may have.
        threads
            How many threads work; by default one a processor. The answers are the same to the bit.

        Returns
        -------
        numpy.ndarray
            Shape (n,), 0 to 1: exactly 0 for a site that only touches zones and 1 for one inside them; not-a-number
            where the site is no polygon.

        Examples
        --------
        >>> ZoneIndex(np.array([shapely.box(0, 0, 1, 1)])).shares(np.array([shapely.box(0, 0, 4, 1)]))
        array([0.25])
        """
        shapes = self._taken(sites, threads)
        found = self.union._overlaps(shapes, threads)  # noqa: SLF001 - its own kind
        whole = areas_of(shapes)
        out = np.where(whole > 0, 0.0, np.nan)
        out[found.rows] = found.areas / whole[found.rows]
        return out

    def areas(self, sites: Any, *, threads: int | None = None) -> pd.DataFrame:
        """Return the area of each overlap of a site and a label.

        Parameters
        ----------
        sites, threads
            As in `shares`.

        Returns
        -------
        pandas.DataFrame
            Columns `row` (the site's position), `label` and `area` (square units), sorted by row and label.

        Examples
        --------
        >>> index = ZoneIndex(np.array([shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 2)]), ["west", "east"])
        >>> index.areas(np.array([shapely.box(1, 0, 4, 1)]))
           row label  area
        0    0  east   2.0
        1    0  west   1.0
        """
        found = self._overlaps(self._taken(sites, threads), threads)
        return pd.DataFrame({"row": found.rows, "label": self.labels.take(found.labels), "area": found.areas})

    def largest(self, sites: Any, *, threads: int | None = None) -> pd.DataFrame:
        """Return the label that has most of each site.

        Parameters
        ----------
        sites, threads
            As in `shares`.

        Returns
        -------
        pandas.DataFrame
            One row a site: `label` (null where none), `share` of the site in it and `labels`, the number of labels that
            overlap it. Of two equal shares the first label in sorted order counts. A point has the first label that
            holds it, and no share.

        Examples
        --------
        >>> index = ZoneIndex(np.array([shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 2)]), ["west", "east"])
        >>> index.largest(np.array([shapely.box(1, 0, 4, 3), shapely.box(8, 8, 9, 9)]))
          label     share  labels
        0  east  0.444444       2
        1   NaN  0.000000       0
        """
        shapes = self._taken(sites, threads)
        rows, labels, areas = self._overlaps(shapes, threads)
        whole = areas_of(shapes)
        count = np.bincount(rows, minlength=len(shapes))
        best = np.full(len(shapes), -1, dtype=np.int64)
        share = np.where(whole > 0, 0.0, np.nan)
        # of each row's run of overlaps, the first of the largest ones
        alone = count[rows] == 1
        best[rows[alone]], share[rows[alone]] = labels[alone], areas[alone]
        several = np.flatnonzero(~alone)
        order = several[np.lexsort((labels[several], -areas[several], rows[several]))]
        first = order[np.flatnonzero(np.diff(rows[order], prepend=-1))]
        best[rows[first]], share[rows[first]] = labels[first], areas[first]
        share[count > 0] /= whole[count > 0]
        self._add_points(shapes, best, count)
        named = pd.api.extensions.take(self.labels.array, best, allow_fill=True)
        return pd.DataFrame({"label": named, "share": share, "labels": count})

    def distance(self, sites: Any, *, threads: int | None = None) -> NDArray[np.float64]:
        """Return the distance of each site to the border of the union of all zones.

        Parameters
        ----------
        sites
            Polygons or points.
        threads
            As in `shares`.

        Returns
        -------
        numpy.ndarray
            Shape (n,), in units of the plane: negative for a site inside the zones, 0 for one that the border
            touches or crosses, infinite where there are no zones, not-a-number for a site that is missing, empty
            or of another type.

        Examples
        --------
        >>> index = ZoneIndex(np.array([shapely.box(0, 0, 10, 10)]))
        >>> index.distance(np.array([shapely.box(4, 4, 5, 5), shapely.Point(13, 14), shapely.box(9, 9, 11, 11)]))
        array([-4.,  5.,  0.])
        """
        return self.union._distances(self._taken(sites, threads), threads)  # noqa: SLF001 - its own kind

    @cached_property
    def union(self) -> ZoneIndex:
        """The same zones without labels."""
        if len(self.labels) <= 1:
            return self
        return ZoneIndex(self._zones, cell=self.cell, method=self.method, checked=True)

    @cached_property
    def _grid(self) -> Grid:
        from clustergeo.overlap.grid import build  # noqa: PLC0415 - compiles

        return build(by_label(self._zones, self._numbers, len(self.labels)), self.cell)

    @cached_property
    def _merged(self) -> NDArray[np.object_]:
        """The zones with no border left between them."""
        return self._zones if len(self._zones) == 1 else dissolve(self._zones)

    @cached_property
    def _border(self) -> Border:
        from clustergeo.overlap.border import build  # noqa: PLC0415 - compiles

        return build(Polygons.from_shapely(self._merged))

    def _taken(self, sites: Any, threads: int | None) -> Polygons | NDArray[np.object_]:
        """Return sites as the method that suits their number takes them; refuse those of another plane."""
        sites = getattr(sites, "frame", sites)
        plane = getattr(sites, "crs", None)
        if plane is not None and self.crs is not None and plane != self.crs:
            msg = (
                f"The sites are in {plane.name}, the zones in {self.crs.name}. Reproject one: sites.to_crs(index.crs)."
            )
            raise InputError(msg)
        if self._many(length(sites)):
            return as_polygons(sites, threads)
        return as_shapes(sites)

    def _many(self, sites: int) -> bool:
        if self.method != "auto":
            return self.method == "grid"
        vertices = int(shapely.get_num_coordinates(self._zones).sum()) / max(len(self._zones), 1)
        return sites >= _MANY_SITES or sites * vertices >= _MUCH_WORK

    def _overlaps(self, shapes: Polygons | NDArray[np.object_], threads: int | None) -> Overlaps:
        if isinstance(shapes, Polygons):
            from clustergeo.overlap.summing import overlaps  # noqa: PLC0415 - compiles

            return Overlaps(*overlaps(shapes, self._grid, threads))
        rows, columns, areas = pair_areas(shapes, self._zones)
        keys, inverse = np.unique(rows * max(len(self.labels), 1) + self._numbers[columns], return_inverse=True)
        rows, labels = np.divmod(keys, max(len(self.labels), 1))
        sums = np.bincount(inverse, weights=areas, minlength=len(keys))
        whole = areas_of(shapes)[rows]
        # parts of one label are disjoint: together they have the whole site, or what rounding leaves of it
        near = sums >= whole * (1.0 - len(self._zones) * np.finfo(float).eps)
        return Overlaps(rows, labels, np.where(near, whole, sums))

    def _distances(self, shapes: Polygons | NDArray[np.object_], threads: int | None) -> NDArray[np.float64]:
        if isinstance(shapes, Polygons):
            from clustergeo.overlap.border import distances  # noqa: PLC0415 - compiles

            return distances(shapes, self._border, self._grid, threads)
        dimension = shapely.get_dimensions(shapes)
        kept = (dimension == 2) | (shapely.get_type_id(shapes) == shapely.GeometryType.POINT)  # noqa: PLR2004
        kept &= ~shapely.is_empty(shapes)
        if not len(self._merged):
            return np.where(kept, np.inf, np.nan)
        lines = shapely.multilinestrings(shapely.get_parts(shapely.boundary(self._merged)))
        shapely.prepare(lines)
        out = np.where(kept, shapely.distance(shapes, lines), np.nan)
        tree = shapely.STRtree(self._merged)
        inside = np.unique(tree.query(shapely.force_2d(shapes), predicate="within")[0])
        out[inside] = -out[inside]
        return out + 0.0

    def _add_points(
        self, shapes: Polygons | NDArray[np.object_], best: NDArray[np.int64], count: NDArray[np.int64]
    ) -> None:
        """Write the first label that holds each point, and how many do."""
        if isinstance(shapes, Polygons):
            rows = np.flatnonzero(shapes.kinds == POINT)
            points = shapely.points(shapes.xy[shapes.rings[shapes.polygons[rows]]])
        else:
            rows = np.flatnonzero(
                (shapely.get_type_id(shapes) == shapely.GeometryType.POINT) & ~shapely.is_empty(shapes)
            )
            points = shapes[rows]
        if not len(rows) or not len(self._zones):
            return
        at, columns = shapely.STRtree(self._zones).query(points, predicate="intersects")
        held = pd.DataFrame({"row": rows[at], "label": self._numbers[columns]}).drop_duplicates()
        grouped = held.groupby("row")["label"]
        best[grouped.min().index], count[grouped.size().index] = grouped.min(), grouped.size()
