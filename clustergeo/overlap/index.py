"""Zones prepared once, and asked as often as one likes how they lie under sites."""

from __future__ import annotations

import html
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from clustergeo.errors import InputError
from clustergeo.overlap.choosing import MANY
from clustergeo.overlap.forms import as_polygons, as_shapes, as_zones, length, measured, numbered
from clustergeo.overlap.prepared import Overlaps, Prepared
from clustergeo.overlap.rings import Polygons
from clustergeo.overlap.shapes import areas_of
from clustergeo.overlap.validity import sound
from clustergeo.overlap.zones import Zones

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustergeo.overlap.border import Border
    from clustergeo.overlap.rings import Shapes

Method = Literal["auto", "grid", "plain"]

# Plain shapely takes about a microsecond for a hundred vertices of the zones under a site: below this, it is done
# before the kernels are loaded.
_MUCH_WORK = 20_000_000

_SHOWN_LABELS = 5


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
    repair
        Whether invalid zones are repaired, and counted in a warning; else they are refused.
    dissolved
        Whether the caller knows that zones of one label do not overlap, as in a coverage; else they are dissolved.

    Raises
    ------
    InputError
        A zone is invalid or no polygon; the labels are not one for each zone; a label is null.

    Notes
    -----
    An index that was pickled answers to the bit as the original does, and builds nothing again that was built before;
    see `prepare`.

    The method and its rounding are explained in `docs/method.md`.

    Examples
    --------
    >>> import shapely
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
        repair: bool = False,
        dissolved: bool = False,
    ) -> None:
        zones = getattr(zones, "frame", zones)
        self.crs = getattr(zones, "crs", None)
        numbers, self.labels = numbered(labels, length(zones))
        if method not in ("auto", "grid", "plain"):
            msg = f"method is {method!r}; expected 'auto', 'grid' or 'plain'."
            raise InputError(msg)
        if cell is not None and not (np.isfinite(cell) and cell > 0):
            msg = f"cell is {cell!r}; expected a positive number in units of the plane."
            raise InputError(msg)
        shapes = as_zones(zones, checked=checked, repair=repair)
        self.method, self.cell = method, cell
        self._prepared = Prepared(Zones(shapes, numbers, len(self.labels), dissolved=dissolved), cell)

    def __repr__(self) -> str:
        """Return how many polygons and labels there are."""
        return f"ZoneIndex({len(self._prepared.zones)} polygons, {len(self.labels)} labels)"

    def _repr_html_(self) -> str:
        """Return a small table for notebooks."""
        named = ", ".join(map(str, list(self.labels)[:_SHOWN_LABELS])) + " …" * (len(self.labels) > _SHOWN_LABELS)
        told = {
            "polygons": f"{len(self._prepared.zones):,}",
            "labels": f"{len(self.labels):,} ({named})",
            "CRS": getattr(self.crs, "name", None) or "not known: coordinates are taken as they are",
            "method": self.method,
        }
        rows = "".join(f"<tr><th>{html.escape(k)}</th><td>{html.escape(v)}</td></tr>" for k, v in told.items())
        return f"<table>{rows}</table>"

    def shares(
        self, sites: Any, *, threads: int | None = None, repair: bool = False, checked: bool = False
    ) -> NDArray[np.float64]:
        """Return the share of each site that lies in any zone, whatever its label.

        Parameters
        ----------
        sites
            Polygons in any of the forms that zones may have.
        threads
            How many threads work; by default one a processor. The answers are the same to the bit.
        repair
            Whether invalid sites are repaired, and counted in a warning; else they are refused.
        checked
            Whether the caller knows that the sites are valid; else they are checked.

        Returns
        -------
        numpy.ndarray
            Shape (n,), 0 to 1: exactly 0 for a site that only touches zones and 1 for one inside them; not-a-number
            where the site is no polygon.

        Raises
        ------
        InputError
            A site is invalid, or in another plane.

        Examples
        --------
        >>> import shapely
        >>> ZoneIndex(np.array([shapely.box(0, 0, 1, 1)])).shares(np.array([shapely.box(0, 0, 4, 1)]))
        array([0.25])
        """
        shapes = self._taken(sites, threads, repair=repair, checked=checked)
        whole, inside = areas_of(shapes), self.inside(shapes, threads=threads, checked=True)
        return np.asarray(np.divide(inside, whole, out=np.full(len(whole), np.nan), where=whole > 0))

    def inside(
        self, sites: Any, *, threads: int | None = None, repair: bool = False, checked: bool = False
    ) -> NDArray[np.float64]:
        """Return the area of each site that lies in any zone, whatever its label.

        Parameters
        ----------
        sites, threads, repair, checked
            As in `shares`.

        Returns
        -------
        numpy.ndarray
            Shape (n,), square units: exactly 0 for a site that only touches zones or is no polygon, and exactly the
            site's own area for one inside them.

        Examples
        --------
        >>> import shapely
        >>> ZoneIndex(np.array([shapely.box(0, 0, 1, 1)])).inside(np.array([shapely.box(0, 0, 4, 1), None]))
        array([1., 0.])
        """
        shapes = self._taken(sites, threads, repair=repair, checked=checked)
        found = self.union.overlaps(shapes, threads=threads, checked=True)
        out = np.zeros(len(shapes))
        out[found.rows] = found.areas
        return out

    def areas(
        self, sites: Any, *, threads: int | None = None, repair: bool = False, checked: bool = False
    ) -> pd.DataFrame:
        """Return the area of each overlap of a site and a label.

        Parameters
        ----------
        sites, threads, repair, checked
            As in `shares`.

        Returns
        -------
        pandas.DataFrame
            Columns `row` (the site's position), `label` and `area` (square units), sorted by row and label.

        Examples
        --------
        >>> import shapely
        >>> index = ZoneIndex(np.array([shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 2)]), ["west", "east"])
        >>> index.areas(np.array([shapely.box(1, 0, 4, 1)]))
           row label  area
        0    0  east   2.0
        1    0  west   1.0
        """
        found = self.overlaps(sites, threads=threads, repair=repair, checked=checked)
        return pd.DataFrame({"row": found.rows, "label": self.labels.take(found.labels), "area": found.areas})

    def overlaps(
        self, sites: Any, *, threads: int | None = None, repair: bool = False, checked: bool = False
    ) -> Overlaps:
        """Return the area of each overlap of a site and a label, as arrays.

        Parameters
        ----------
        sites, threads, repair, checked
            As in `shares`.

        Returns
        -------
        Overlaps
            `rows` (the site's position), `labels` (numbers into `index.labels`) and `areas` (square units), sorted by
            row and label.

        Examples
        --------
        >>> import shapely
        >>> index = ZoneIndex(np.array([shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 2)]), ["west", "east"])
        >>> index.overlaps(np.array([shapely.box(1, 0, 4, 1)])).areas
        array([2., 1.])
        """
        return self._prepared.overlaps(self._taken(sites, threads, repair=repair, checked=checked), threads)

    def largest(
        self, sites: Any, *, threads: int | None = None, repair: bool = False, checked: bool = False
    ) -> pd.DataFrame:
        """Return the label that has most of each site.

        Parameters
        ----------
        sites, threads, repair, checked
            As in `shares`.

        Returns
        -------
        pandas.DataFrame
            One row a site: `label` (null where none), `share` of the site in it and `labels`, the number of labels that
            overlap it. Of two equal shares the first label in sorted order counts. A point has the first label that
            holds it, and no share.

        Examples
        --------
        >>> import shapely
        >>> index = ZoneIndex(np.array([shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 2)]), ["west", "east"])
        >>> index.largest(np.array([shapely.box(1, 0, 4, 3), shapely.box(8, 8, 9, 9)]))
          label     share  labels
        0  east  0.444444       2
        1   NaN  0.000000       0
        """
        shapes = self._taken(sites, threads, repair=repair, checked=checked)
        found = self._prepared.overlaps(shapes, threads)
        best, share, count = found.largest(areas_of(shapes))
        holding, number = self._prepared.holders(shapes, threads)
        best, count = np.where(number > 0, holding, best), np.where(number > 0, number, count)
        named = pd.api.extensions.take(self.labels.array, best, allow_fill=True)
        return pd.DataFrame({"label": named, "share": share, "labels": count})

    def holders(self, points: Any, *, threads: int | None = None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the first label whose zones hold each point, boundary included, and how many labels do.

        Parameters
        ----------
        points
            Points in any of the forms that zones may have.
        threads
            As in `shares`.

        Returns
        -------
        labels, counts
            Shape (n,): the number of the label in `index.labels`, -1 where none holds the point, and how many do. What
            is no point is held by none.

        Examples
        --------
        >>> import shapely
        >>> index = ZoneIndex(np.array([shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 2)]), ["west", "east"])
        >>> index.holders(np.array([shapely.Point(1, 1), shapely.Point(2, 1), shapely.Point(9, 9)]))
        (array([ 1,  0, -1]), array([1, 2, 0]))
        """
        return self._prepared.holders(self._placed(points, threads), threads)

    def distance(
        self, sites: Any, *, threads: int | None = None, repair: bool = False, checked: bool = False
    ) -> NDArray[np.float64]:
        """Return the distance of each site to the border of the union of all zones.

        Parameters
        ----------
        sites
            Polygons or points.
        threads, repair, checked
            As in `shares`.

        Returns
        -------
        numpy.ndarray
            Shape (n,), in units of the plane: negative for a site inside the zones, 0 for one that the border
            touches or crosses, infinite where there are no zones, not-a-number for a site that is missing, empty
            or of another type.

        Examples
        --------
        >>> import shapely
        >>> index = ZoneIndex(np.array([shapely.box(0, 0, 10, 10)]))
        >>> index.distance(np.array([shapely.box(4, 4, 5, 5), shapely.Point(13, 14), shapely.box(9, 9, 11, 11)]))
        array([-4.,  5.,  0.])
        """
        shapes = self._taken(sites, threads, repair=repair, checked=checked)
        return self.union._prepared.distances(shapes, threads)  # noqa: SLF001 - its own kind

    @cached_property
    def union(self) -> ZoneIndex:
        """The same zones without labels."""
        if len(self.labels) <= 1:
            return self
        return ZoneIndex(self._prepared.zones.shapes, cell=self.cell, method=self.method, checked=True)

    @property
    def polygons(self) -> NDArray[np.object_]:
        """The zones as they are held: those of one label overlap nowhere, and are sorted by it."""
        return self._prepared.zones.shapes

    @property
    def border(self) -> Border:
        """The outline of the union of all zones."""
        return self.union._prepared.border  # noqa: SLF001 - its own kind

    def prepare(self) -> ZoneIndex:
        """Build now what is else built when it is first needed, so that it is pickled with the index.

        Returns
        -------
        ZoneIndex
            The index itself.

        Examples
        --------
        >>> import shapely
        >>> ZoneIndex(np.array([shapely.box(0, 0, 10, 10)])).prepare()
        ZoneIndex(1 polygons, 1 labels)
        """
        for index in (self, self.union):
            index._prepared.grid  # noqa: B018, SLF001 - built and kept
        self.border.prepare()
        return self

    def _taken(self, sites: Any, threads: int | None, *, repair: bool, checked: bool) -> Shapes:
        """Return sites that are valid, in the form that suits their number."""
        shapes = self._placed(sites, threads)
        if checked:
            return shapes
        return measured(sound(shapes, "sites", repair=repair, threads=threads), "sites")

    def _placed(self, sites: Any, threads: int | None) -> Shapes:
        """Return sites in the form that suits their number; refuse those of another plane."""
        sites = getattr(sites, "frame", sites)
        plane = getattr(sites, "crs", None)
        if plane is not None and self.crs is not None and plane != self.crs:
            msg = (
                f"The sites are in {plane.name}, the zones in {self.crs.name}. Reproject one: sites.to_crs(index.crs)."
            )
            raise InputError(msg)
        ready = isinstance(sites, Polygons) and self.method != "plain"
        return as_polygons(sites, threads) if ready or self._many(length(sites)) else as_shapes(sites)

    def _many(self, sites: int) -> bool:
        if self.method != "auto":
            return self.method == "grid"
        return sites >= MANY or sites * self._prepared.zones.roughness >= _MUCH_WORK
