"""Geodesic distances from positions to shapes, and how many shapes lie within one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from clustergeo import crs

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Scales of the plane differ by less than this between directions, so the nearest shape on the ground is among those
# that are at most so much farther in the plane.
_SLACK = 6e-3


class Nearness:
    """Shapes prepared for geodesic distances from positions in one plane.

    Parameters
    ----------
    shapes
        Shape (n,), points, lines and polygons.
    source, plane
        Their CRS, and the equal-area plane of the positions.

    Notes
    -----
    The plane finds the candidates and the nearest spot of each; the geodesic (Karney) measures to it. A spot that is
    off by the plane's distortion lies across the way, so that it changes the distance by less than 1e-5 of it. That
    holds within some 1,000 km of the plane's centre; farther away the nearest shape may be another.

    Examples
    --------
    >>> near = Nearness(np.array([shapely.Point(127, 38)]), crs.LONLAT, crs.KOREA_PLANE)
    >>> spot = crs.change(crs.LONLAT, crs.KOREA_PLANE)(np.array([[127.0, 37.0]]))
    >>> near.distances(spot).round().tolist(), near.counts(spot, np.array([111_000.0])).tolist()
    ([110987.0], [1])
    """

    def __init__(self, shapes: NDArray[np.object_], source: Any, plane: Any) -> None:
        kept = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
        moved = crs.carried(shapely.force_2d(kept), source, plane)
        self._shapes = moved[np.isfinite(shapely.bounds(moved).reshape(-1, 4)).all(axis=1)]
        self._tree, self._plane = shapely.STRtree(self._shapes), plane

    def distances(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the distance in metres from each position, shape (n, 2), to the nearest shape: 0 inside a polygon.

        Infinite where there are no shapes; not-a-number for a position that is not known.
        """
        out = np.where(np.isnan(places).any(axis=1), np.nan, np.inf)
        rows = np.flatnonzero(np.isinf(out))
        if not len(rows) or not len(self._shapes):
            return out
        points = shapely.points(places[rows])
        (_, _), least = self._tree.query_nearest(points, all_matches=False, return_distance=True)
        near, columns = self._tree.query(points, predicate="dwithin", distance=least * (1 + _SLACK) + 1e-6)
        np.minimum.at(out, rows[near], self._measured(points[near], columns))
        return out

    def counts(self, places: NDArray[np.float64], reach: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return how many shapes lie within a distance of each position; none where either is not known."""
        out = np.zeros(len(places), dtype=np.int64)
        rows = np.flatnonzero(np.isfinite(places).all(axis=1) & (reach >= 0))
        points = shapely.points(places[rows])
        near, columns = self._tree.query(points, predicate="dwithin", distance=reach[rows] * (1 + _SLACK) + 1e-6)
        held = self._measured(points[near], columns) <= reach[rows[near]]
        np.add.at(out, rows[near[held]], 1)
        return out

    def _measured(self, points: NDArray[np.object_], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the geodesic distance of each pair."""
        ways = shapely.shortest_line(points, self._shapes[columns])
        ends = crs.lonlat_of(shapely.get_coordinates(ways), self._plane).reshape(-1, 4)
        return crs.geodesic_distances_m(*ends.T)
