"""Outlines as rough as real ones: fractal lines that never cross themselves, and polygons of a noise field."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import contourpy
import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]
    Shapes = NDArray[np.object_]

# Each of the four pieces of a segment stays in a rhombus of this base angle inside the rhombus of the segment, for any
# bend up to 60 degrees. So a line never crosses itself, and neither do lines whose rhombi are apart.
RHOMBUS = np.radians(30)
_BENDS = (np.radians(15), np.radians(50))


class Extent(NamedTuple):
    """A rectangle of the plane in metres."""

    left: float
    bottom: float
    width: float
    height: float


def rough_line(rng: np.random.Generator, *, longest: float = 0.0, levels: int = 12) -> Floats:
    """Return a fractal line from (0, 0) to (1, 0) that never crosses itself.

    Each segment longer than `longest` is replaced by four of equal length that bend to a random side by a random
    angle, as in the curve of von Koch, level by level.

    Parameters
    ----------
    rng
        Source of the random bends.
    longest
        Segments up to this length are left alone.
    levels
        The most replacements of one segment.

    Returns
    -------
    numpy.ndarray
        Shape (n, 2). It lies in the rhombus over the segment whose base angle is `RHOMBUS`.
    """
    line = np.array([[0.0, 0.0], [1.0, 0.0]])
    for _ in range(levels):
        step = np.diff(line, axis=0)
        long = np.flatnonzero(np.hypot(step[:, 0], step[:, 1]) > longest)
        if len(long) == 0:
            break
        start, step = line[long], step[long]
        bend = rng.uniform(*_BENDS, len(long))
        part = (1 / (2 + 2 * np.cos(bend)))[:, None]
        rise = (np.sin(bend) * rng.choice([-1.0, 1.0], len(long)))[:, None]
        across = np.stack([-step[:, 1], step[:, 0]], axis=1)
        middle = start + step / 2 + across * part * rise
        between = np.stack([start + step * part, middle, start + step * (1 - part)], axis=1)
        line = np.insert(line, np.repeat(long + 1, 3), between.reshape(-1, 2), axis=0)
    return line


def laid(line: Floats, start: Floats, end: Floats, *, flat: float = 1.0) -> Floats:
    """Return a line of the unit segment laid from one point to another, its height times `flat`."""
    along = end - start
    across = np.array([-along[1], along[0]]) * flat
    points: Floats = start + line[:, :1] * along + line[:, 1:] * across
    points[0], points[-1] = start, end
    return points


def rough_ring(centre: Floats, radius: float, vertices: int, rng: np.random.Generator) -> Floats:
    """Return a closed fractal ring round a centre with at least so many vertices (at most a third more)."""
    fewest = 12
    levels = max(0, int(np.log(vertices / fewest) / np.log(4)))
    corners = int(np.ceil(vertices / 4**levels))
    turns = 2 * np.pi * (np.arange(corners + 1) % corners) / corners
    ends = centre + radius * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    pieces = [laid(rough_line(rng, levels=levels), start, end)[:-1] for start, end in itertools.pairwise(ends)]
    return np.round(np.concatenate([*pieces, ends[:1]]), 3)


def noise(rows: int, columns: int, rng: np.random.Generator, *, octaves: int = 8, decay: float = 0.72) -> Floats:
    """Return a random field whose roughness is the same at every scale between 1 and 2**octaves cells.

    A coarse random grid is doubled by quadratic B-spline subdivision again and again, each time with new noise that
    is `decay` times as strong.

    Returns
    -------
    numpy.ndarray
        Shape (rows, columns), 32-bit floats.
    """
    coarse = [int(np.ceil(size / 2**octaves)) + 3 for size in (rows, columns)]
    field = rng.standard_normal(coarse, dtype=np.float32)
    for octave in range(1, octaves + 1):
        field = _doubled(_doubled(field).T).T
        field += np.float32(decay**octave) * rng.standard_normal(field.shape, dtype=np.float32)
    return np.ascontiguousarray(field[:rows, :columns])


def _doubled(field: Floats) -> Floats:
    """Return a field with twice the rows: quadratic B-spline subdivision, after Chaikin."""
    near, far = np.float32(0.75), np.float32(0.25)
    out = np.empty((2 * len(field) - 2, field.shape[1]), field.dtype)
    out[0::2] = near * field[:-1] + far * field[1:]
    out[1::2] = far * field[:-1] + near * field[1:]
    return out


def blobs(extent: Extent, share: float, most: int, rng: np.random.Generator, *, cell: float) -> Shapes:
    """Return the largest polygons in which a noise field is high, with their holes.

    Parameters
    ----------
    extent
        Where they lie.
    share
        The share of the extent in which the field counts as high, 0 to 1.
    most
        How many polygons at most.
    rng
        Source of the field.
    cell
        Width of a cell of the field in metres, about the length of an edge.

    Returns
    -------
    numpy.ndarray
        Shape (n,), valid polygons that do not overlap one another, largest first.
    """
    fewest = 12  # vertices of a hole that is kept
    columns, rows = int(extent.width / cell), int(extent.height / cell)
    field = noise(rows, columns, rng)
    level = float(np.quantile(field[::5, ::5], 1 - share))
    # The field is low all round, so that every polygon closes.
    field[[0, -1], :] = field[:, [0, -1]] = level - 1
    x = extent.left + cell * (np.arange(columns) + 0.5)
    y = extent.bottom + cell * (np.arange(rows) + 0.5)
    lines: Any = contourpy.contour_generator(x, y, field, fill_type="OuterOffset")
    outlines, offsets = lines.filled(level, np.inf)
    shapes = []
    for points, ends in zip(outlines, offsets, strict=True):
        rings = [np.round(points[a:b], 3) for a, b in itertools.pairwise(ends)]
        shapes.append(shapely.Polygon(rings[0], [ring for ring in rings[1:] if len(ring) > fewest]))
    found = np.array(shapes, dtype=object)
    found = found[np.argsort(-shapely.area(found), kind="stable")][: 2 * most]
    kept: Shapes = found[shapely.is_valid(found)][:most]
    return kept
