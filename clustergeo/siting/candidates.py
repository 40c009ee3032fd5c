"""Candidates made: a grid over a region, or parcels put together until they are large enough."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustergeo import crs, schema
from clustergeo.errors import InputError, warn
from clustergeo.layers import Layer
from clustergeo.siting._numbers import is_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST = 5_000_000
_SAME = 1e-9
# Files round their coordinates: parcels so near to each other are neighbours.
_GAP_M = 0.01
_DEGREE_M = 111_000.0
_STRAIGHT_M = 100.0


def grid(region: Any, *, size_m: float, shape: Literal["square", "hexagon"] = "square") -> gpd.GeoDataFrame:
    """Return the cells of a regular grid that lie in a region, whole or in part, as candidate sites.

    Parameters
    ----------
    region
        Polygons: a Layer, a GeoDataFrame, or one polygon in EPSG:4326; what `Exclusions.apply` left serves as well.
    size_m
        The side of a square, or the distance between two opposite sides of a hexagon, in metres.
    shape
        `"square"` or `"hexagon"`.

    Returns
    -------
    geopandas.GeoDataFrame
        In the CRS of the region: `site_id` (row and column of the grid, which do not depend on the region),
        `area_m2` of the whole cell, `inside_share` (0 to 1) of it in the region, and the whole cell as geometry. Filter
        by `inside_share` for cells that lie wholly inside.

    Raises
    ------
    InputError
        The region cannot be used, or there would be more than 5 million cells.

    Notes
    -----
    The grid lies on the equal-area plane, so every cell has the same true area.

    Examples
    --------
    >>> region = gpd.GeoDataFrame(geometry=[shapely.box(127.0, 37.0, 127.1, 37.1)], crs="EPSG:4326")
    >>> cells = grid(region, size_m=1000)
    >>> float(cells["area_m2"].iloc[0]), round(float((cells["area_m2"] * cells["inside_share"]).sum()) / 1e6, 2)
    (1000000.0, 98.72)
    """
    if not (is_number(size_m) and 0 < size_m < np.inf):
        msg = f"size_m is {size_m!r}; expected metres, more than 0."
        raise InputError(msg)
    if shape not in ("square", "hexagon"):
        msg = f"shape is {shape!r}; expected 'square' or 'hexagon'."
        raise InputError(msg)
    frame = _polygons(region)
    plane = crs.plane_for(crs.to_lonlat(frame.geometry).total_bounds)
    drawn = crs.carried(np.asarray(frame.geometry.values, dtype=object), frame.crs, plane)
    whole = shapely.union_all(drawn)
    rows, columns, cells = _cells(whole, size_m, shape)
    shapely.prepare(whole)
    met = shapely.intersects(whole, cells)
    rows, columns, cells = rows[met], columns[met], cells[met]
    share = np.ones(len(cells))
    partly = ~shapely.contains_properly(whole, cells)
    share[partly] = shapely.area(shapely.intersection(cells[partly], whole)) / shapely.area(cells[partly])
    kept = share > _SAME
    made = {
        "site_id": [f"r{row}c{column}" for row, column in zip(rows[kept], columns[kept], strict=True)],
        "area_m2": np.full(int(kept.sum()), size_m**2 * (1.0 if shape == "square" else np.sqrt(3) / 2)),
        "inside_share": np.minimum(share[kept], 1.0),
    }
    moved = crs.transform(cells[kept], plane, frame.crs)
    return gpd.GeoDataFrame(made, geometry=moved, crs=frame.crs).astype({"site_id": "str"})


def _cells(whole: Any, size: float, shape: str) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.object_]]:
    """Return row, column and polygon of the cells about a region; row and column count from the plane's centre."""
    left, bottom, right, top = shapely.bounds(whole)
    if not np.isfinite([left, bottom, right, top]).all():
        msg = "The region reaches round the earth, which no one plane shows. Lay a grid over each of its parts."
        raise InputError(msg)
    # Rows of hexagons lie three quarters of their height apart, every other one half a width aside.
    height = size if shape == "square" else size * np.sqrt(3) / 2
    first, last = int(np.floor(left / size)) - 1, int(np.ceil(right / size)) + 1
    low, high = int(np.floor(bottom / height)) - 1, int(np.ceil(top / height)) + 1
    count = (last - first + 1) * (high - low + 1)
    if count > _MOST:
        msg = f"A grid of {size:g} m over this region has {count:,} cells, more than {_MOST:,}. Take a larger size_m."
        raise InputError(msg)
    columns, rows = (axis.ravel() for axis in np.meshgrid(np.arange(first, last + 1), np.arange(low, high + 1)))
    if shape == "square":
        return rows, columns, shapely.box(columns * size, rows * size, (columns + 1) * size, (rows + 1) * size)
    centres = np.column_stack([(columns + 0.5 * (rows % 2)) * size, rows * height])
    angles = np.radians(30 + 60 * np.arange(6))
    corners = size / np.sqrt(3) * np.column_stack([np.cos(angles), np.sin(angles)])
    return rows, columns, shapely.polygons(centres[:, None, :] + corners)


def assemblies(parcels: gpd.GeoDataFrame, *, min_area_m2: float, max_area_m2: float | None = None) -> gpd.GeoDataFrame:
    """Return parcels put together into contiguous candidate sites of at least an area.

    Parameters
    ----------
    parcels
        Polygons with a CRS, for instance those that exclusions kept; `site_id` where they have one.
    min_area_m2
        The least area of an assembly, square metres.
    max_area_m2
        The largest; by default there is none. A single parcel larger than that is left out.

    Returns
    -------
    geopandas.GeoDataFrame
        `site_id` (that of its first parcel and how many more), `parcels` (their ids joined by `;`), `parcel_count`,
        `area_m2` and the united polygon. No parcel is in two assemblies. What could not be put together is left out
        and counted in a warning.

    Raises
    ------
    InputError
        The frame cannot be used, or an area is not positive or larger than the largest.

    Notes
    -----
    Parcels are contiguous where they share a border, not a corner; a gap of less than a centimetre is none, because
    files round their coordinates. Ground in which parcels overlap counts once. An assembly starts at the first parcel
    that is free and takes the neighbour with which it shares the longest border, until it is large enough: a plain rule
    that gives compact sites, and not the only way to put parcels together.

    Examples
    --------
    >>> boxes = [shapely.box(200000 + x, 500000, 200010 + x, 500010) for x in (0, 10, 20, 30)]
    >>> parcels = gpd.GeoDataFrame(geometry=boxes, crs="EPSG:5186")
    >>> assemblies(parcels, min_area_m2=190)[["site_id", "parcels"]].values.tolist()
    [['1+1', '1;2'], ['3+1', '3;4']]
    """
    most = np.inf if max_area_m2 is None else max_area_m2
    if not (is_number(min_area_m2) and is_number(most) and 0 < min_area_m2 <= most):
        msg = (
            f"min_area_m2 is {min_area_m2!r} and max_area_m2 {max_area_m2!r}; expected 0 < min_area_m2 <= max_area_m2."
        )
        raise InputError(msg)
    frame = schema.site_frame(parcels, added=(), what="the parcels")
    schema.check_polygons(frame, what="the parcels")
    shapes = np.asarray(frame.geometry.values, dtype=object)
    areas = np.nan_to_num(crs.areas_m2(frame.geometry))
    held = _Parcels(shapes, frame.crs, areas)
    groups = _grown(held, min_area_m2, most)
    ids = frame["site_id"].to_numpy()
    left = len(frame) - sum(map(len, groups))
    if left:
        warn(
            f"{left} of {len(frame)} parcels are in no assembly: with their free neighbours they do not reach "
            f"{min_area_m2:,.0f} m² or exceed the largest area. Lower min_area_m2, or give more parcels."
        )
    whole = [held.united(group) for group in groups]
    sizes = np.array([areas[group].sum() for group in groups], dtype=np.float64)
    twice = [at for at, group in enumerate(groups) if held.overlap(group)]
    sizes[twice] = crs.areas_m2(gpd.GeoSeries([whole[at] for at in twice], crs=frame.crs))
    made = {
        "site_id": [f"{ids[group[0]]}+{len(group) - 1}" for group in groups],
        "parcels": [";".join(ids[group]) for group in groups],
        "parcel_count": [len(group) for group in groups],
        "area_m2": sizes,
    }
    out = gpd.GeoDataFrame(pd.DataFrame(made), geometry=whole, crs=frame.crs)
    return out.astype({"site_id": "str", "parcels": "str", "parcel_count": "int64", "area_m2": "float64"})


class _Parcels:
    """Parcels, what each shares with its neighbours, and what it adds to some of them.

    Attributes
    ----------
    borders
        For each parcel its neighbours and the length of the border that they share, in metres.
    overlapping
        For each parcel those that it overlaps.
    """

    def __init__(self, shapes: NDArray[np.object_], source: Any, areas: NDArray[np.float64]) -> None:
        self.shapes, self.areas = shapes, areas
        self._gap = _GAP_M
        self.borders: list[dict[int, float]] = [{} for _ in shapes]
        self.overlapping: list[set[int]] = [set() for _ in shapes]
        placed = shapes
        if not source.is_projected:
            # A degree of longitude is shorter, and an edge along a parallel is bent on the plane: corners on it stay.
            north = np.abs(shapely.bounds(shapes)[:, 3]).max(initial=0.0)
            self._gap = _GAP_M / _DEGREE_M / float(np.cos(np.deg2rad(north)))
            fine = shapely.segmentize(shapes, _STRAIGHT_M / _DEGREE_M)
            placed = crs.transform(fine, source, _plane(shapes, source))
        rows, columns = shapely.STRtree(placed).query(placed, predicate="dwithin", distance=_GAP_M)
        rows, columns = (side[rows < columns] for side in (rows, columns))
        lengths, laps = _shared(placed[rows], placed[columns])
        doubled = laps > _SAME * np.minimum(*(shapely.area(placed[side]) for side in (rows, columns)))
        for row, column, length, twice in zip(
            *(one.tolist() for one in (rows, columns, lengths, doubled)), strict=True
        ):
            if length > _SAME:
                self.borders[row][column] = self.borders[column][row] = length
            if twice:
                self.overlapping[row].add(column)
                self.overlapping[column].add(row)

    def adds(self, row: int, members: set[int]) -> float:
        """Return the area that a parcel adds to others: ground in two of them counts once."""
        twice = sorted(self.overlapping[row] & members)
        if not twice:
            return float(self.areas[row])
        left = shapely.difference(self.shapes[row], shapely.union_all(self.shapes[twice]))
        return float(self.areas[row] * left.area / self.shapes[row].area)

    def overlap(self, group: list[int]) -> bool:
        """Say whether any of some parcels overlap."""
        return any(not self.overlapping[row].isdisjoint(group) for row in group if self.overlapping[row])

    def united(self, group: list[int]) -> Any:
        """Return the ground of neighbours as one polygon, gaps that part it closed."""
        whole = shapely.union_all(self.shapes[group])
        if whole.geom_type == "Polygon":
            return whole
        parts = list(shapely.get_parts(whole))
        near = shapely.STRtree(parts).query(parts, predicate="dwithin", distance=2 * self._gap)
        for one, other in zip(*near, strict=True):
            if one < other:
                parts[other] = shapely.snap(parts[other], shapely.snap(parts[one], parts[other], self._gap), self._gap)
                parts[one] = shapely.snap(parts[one], parts[other], self._gap)
        whole = shapely.union_all(parts)
        if whole.geom_type == "Polygon":
            return whole
        whole, *rest = shapely.get_parts(whole)
        while rest:
            near = min(range(len(rest)), key=lambda at: float(shapely.distance(whole, rest[at])))
            part = rest.pop(near)
            snapped = shapely.snap(part, shapely.snap(whole, part, self._gap), self._gap)
            whole = shapely.union(shapely.snap(whole, snapped, self._gap), snapped)
        return whole


def _plane(shapes: NDArray[np.object_], source: Any) -> str:
    """Return the equal-area plane of shapes."""
    return crs.plane_for(crs.to_lonlat(gpd.GeoSeries(shapes, crs=source)).total_bounds)


def _shared(one: NDArray[np.object_], other: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the length of the border that the polygons of each pair share, and the area in which they overlap."""
    met = shapely.intersection(one, other)
    laps = shapely.area(met)
    # Where they overlap, what they share goes round the lap: there and back.
    lengths = shapely.length(met) / np.where(laps > 0, 2, 1)
    # Where a corner of one lies on an edge of the other, rounding moves it off: the border is found by snapping.
    apart = np.flatnonzero(lengths <= _GAP_M)
    first, second = (shapely.boundary(side[apart]) for side in (one, other))
    first = shapely.snap(first, second, _GAP_M)
    second = shapely.snap(second, first, _GAP_M)
    near = shapely.length(shapely.intersection(first, second))
    lengths[apart] = np.where(near > _GAP_M, near, lengths[apart])
    return lengths, laps


def _grown(parcels: _Parcels, least: float, most: float) -> list[list[int]]:
    """Return groups of parcels, each grown from its first along the longest shared borders."""
    free = parcels.areas > 0
    groups = []
    for seed, area in enumerate(parcels.areas.tolist()):
        if not free[seed] or area > most:
            continue
        group, total, shared = [seed], area, dict(parcels.borders[seed])
        heap = [(-length, other) for other, length in shared.items()]
        heapq.heapify(heap)
        members = {seed}
        while total < least and heap:
            length, other = heapq.heappop(heap)
            # An entry is stale where the border has become longer since.
            if other in members or not free[other] or -length < shared[other]:
                continue
            more = parcels.adds(other, members)
            if total + more > most:
                continue
            group.append(other)
            members.add(other)
            total += more
            for near, border in parcels.borders[other].items():
                shared[near] = shared.get(near, 0.0) + border
                heapq.heappush(heap, (-shared[near], near))
        if total >= least * (1 - _SAME):
            free[group] = False
            groups.append(sorted(group))
    return groups


def _polygons(region: Any) -> gpd.GeoDataFrame:
    """Return a region as a checked frame of polygons."""
    if isinstance(region, shapely.Polygon | shapely.MultiPolygon):
        region = gpd.GeoDataFrame(geometry=[region], crs=crs.LONLAT)
    frame = region.frame if isinstance(region, Layer) else region
    schema.check_polygons(frame, what="the region")
    if frame.geometry.is_empty.all() or frame.geometry.isna().all():
        msg = "The region has no polygons, so there is nothing to lay a grid over."
        raise InputError(msg)
    return frame
