"""What several grounds take of a site together, and what each of them alone does, where they overlap."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from clustergeo import overlap
from clustergeo.overlap.threads import chunks, in_threads, pieces

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Cut = Callable[[NDArray[np.object_], NDArray[np.object_]], NDArray[np.object_]]

# A polygon of more vertices than this is cut in two until no part has more: a site then meets few of them.
_MOST = 256
_AREAL = 2
_SAME = 1e-12
_CHUNK = 4_096
# Of so many grounds with a part of a site inclusion and exclusion is faster than the faces they make.
_FEW = 6
_VERTICES = 100_000


def joint(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what several that each take a share of the same take of it together; the shares of one in a column.

    Examples
    --------
    >>> joint(np.array([[0.5, 1.0], [0.5, 0.2]])).tolist()
    [0.75, 1.0]
    """
    return np.asarray(1.0 - np.prod(1.0 - shares, axis=0))


class _Held(NamedTuple):
    """The pieces, a tree over them and the number of the ground of each."""

    tree: shapely.STRtree
    shapes: NDArray[np.object_]
    owners: NDArray[np.intp]


class Pieces:
    """The polygons of several grounds, cut small, in one tree.

    Parameters
    ----------
    grounds
        The polygons of each ground; those of one overlap nowhere.
    weights
        Shape (m,), how much of what it meets each takes, more than 0 and at most 1; what is left of a spot that several
        meet is multiplied.

    Examples
    --------
    >>> grounds = [shapely.box([0.0], 0, [2], 1), shapely.box([1.0], 0, [3], 1)]
    >>> held = Pieces(grounds, np.ones(2))
    >>> inside = np.array([[2.0], [2.0]])
    >>> together, own = held.areas(np.array([shapely.box(0, 0, 4, 1)]), inside, np.array([4.0]), own=True)
    >>> together.tolist(), own.tolist()
    ([3.0], [[1.0], [1.0]])
    """

    def __init__(self, grounds: list[NDArray[np.object_]], weights: NDArray[np.float64]) -> None:
        self._grounds, self._weights, self._making = grounds, weights, threading.Lock()
        self._held: _Held | None = None

    def _pieces(self) -> _Held:
        """Return the pieces, made when the first site needs them, which many never do, and by one thread only."""
        with self._making:
            if self._held is None:
                cut = in_threads(_small, self._grounds, None)
                shapes = np.concatenate([np.empty(0, dtype=object), *cut])
                owners = np.repeat(np.arange(len(cut)), [len(part) for part in cut])
                self._held = _Held(shapely.STRtree(shapes), shapes, owners)
            return self._held

    def areas(
        self, sites: overlap.Shapes, inside: NDArray[np.float64], whole: NDArray[np.float64], *, own: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what all grounds take of each site, and what each of them alone does.

        Parameters
        ----------
        sites
            n polygons; others are left out.
        inside
            Shape (m, n), the area of each site in each ground, whatever its weight.
        whole
            Shape (n,), the area of each site.
        own
            Whether it is asked what each ground alone takes; else that is not-a-number.

        Returns
        -------
        together, own
            Shape (n,) and (m, n), square units.

        Notes
        -----
        Where at most one ground meets a site, or one has all of it and at most one other any, the areas follow from
        `inside`, and by weights where at most one has a part of it only; elsewhere the site's parts in the grounds are
        united, and where a ground has a weight, counted by inclusion and exclusion, or face by face where many meet.
        """
        light = (self._weights < 1)[:, None]
        met, full = inside > 0, (inside >= whole) & (whole > 0) & ~light
        number, filled = met.sum(axis=0), full.sum(axis=0)
        mixed = (met & light).any(axis=0) & (number > 1)
        inside = inside * self._weights[:, None]
        total = inside.sum(axis=0)
        together = np.where(filled > 0, whole, total)
        alone = np.full(inside.shape, np.nan)
        if own:
            # What the others take is all of the site beside a ground that has all of it, and else what one other has.
            beside = filled - full > 0
            alone = np.where(beside, 0.0, together - np.where(number > 1, total - inside, 0.0))
            alone = np.where(met, alone, 0.0)
        hard = (number > 1) & (filled == 0)
        if own:
            hard |= (number > 2) & (filled == 1)  # noqa: PLR2004
        some = met & ~((inside >= whole * self._weights[:, None]) & (whole > 0))
        easy = np.flatnonzero(mixed & (some.sum(axis=0) <= 1))
        together[easy], each = self._layered(inside[:, easy], some[:, easy], met[:, easy], whole[easy])
        alone[:, easy] = each if own else np.nan
        rows = np.flatnonzero(mixed & (some.sum(axis=0) > 1))
        if len(rows):
            both, each = _in_parts(self._weighed, overlap.rows_of(sites, rows), some[:, rows])
            both, each = self._factored(both, each, met[:, rows] & ~some[:, rows], whole[rows])
            together[rows] = np.minimum(np.clip(both, inside[:, rows].max(axis=0), total[rows]), whole[rows])
            alone[:, rows] = np.where(met[:, rows], each, 0.0) if own else np.nan
        rows = np.flatnonzero(hard & ~mixed)
        if len(rows):
            both, others = _in_parts(partial(self._united, own=own), overlap.rows_of(sites, rows), met[:, rows])
            # Rounding must not take what all grounds have below what one has, or above what they have one by one.
            both = np.where(filled[rows] > 0, whole[rows], np.clip(both, inside[:, rows].max(axis=0), total[rows]))
            together[rows] = np.minimum(both, whole[rows])
            if own:
                alone[:, rows] = np.where(met[:, rows] & ~beside[:, rows], together[rows] - others, 0.0)
        return together, alone

    def _layered(
        self,
        inside: NDArray[np.float64],
        some: NDArray[np.bool_],
        met: NDArray[np.bool_],
        whole: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the same of sites of which all grounds that meet them have all, but for at most one that has some."""
        part = np.where(some, inside, 0.0).sum(axis=0)
        return self._factored(part, np.where(some, part, 0.0), met & ~some, whole)

    def _factored(
        self,
        together: NDArray[np.float64],
        alone: NDArray[np.float64],
        full: NDArray[np.bool_],
        whole: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what grounds take with those that have all of a site, which leave the same part of every spot."""
        left = np.where(full, 1.0 - self._weights[:, None], 1.0)
        rest = np.prod(left, axis=0)
        alone = alone * rest
        for number in range(len(full)):
            without = np.prod(np.delete(left, number, axis=0), axis=0)
            alone[number] += (without - rest) * (whole - together)
        return whole * (1.0 - rest) + together * rest, alone

    def left_of(self, sites: NDArray[np.object_]) -> NDArray[np.object_]:
        """Return what the grounds leave of each polygon, in part or whole; an empty polygon where nothing is left."""
        out = sites.copy()
        rows, columns = self._met(sites)
        heavy = self._weights[self._pieces().owners[columns]] == 1
        rows, columns = rows[heavy], columns[heavy]
        for part, near in zip(*_runs(rows, self._pieces().shapes[columns]), strict=True):
            left = shapely.get_parts(shapely.difference(sites[part], shapely.union_all(near)))
            left = left[shapely.get_dimensions(left) == _AREAL]
            out[part] = left[0] if len(left) == 1 else shapely.multipolygons(left) if len(left) else shapely.Polygon()
        return out

    def _met(self, sites: NDArray[np.object_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return which sites meet which pieces, by site."""
        rows, columns = self._pieces().tree.query(sites, predicate="intersects")
        order = np.lexsort((columns, rows))
        return rows[order], columns[order]

    def _united(
        self, sites: NDArray[np.object_], met: NDArray[np.bool_], *, own: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the area of the union of all parts of each site, and of the parts in all grounds but each."""
        rows, columns = self._met(sites)
        held = self._pieces()
        clips = shapely.intersection(sites[rows], held.shapes[columns])
        kept = shapely.get_dimensions(clips) == _AREAL
        rows, clips, owners = rows[kept], clips[kept], held.owners[columns[kept]]
        first = np.searchsorted(rows, np.arange(len(sites)))
        place = np.arange(len(rows)) - first[rows]
        # A row for each site, so that the union of each is one call for all.
        drawn = np.full((len(sites), int(place.max(initial=-1)) + 1), None, dtype=object)
        whose = np.full(drawn.shape, -1)
        drawn[rows, place], whose[rows, place] = clips, owners
        together = shapely.area(shapely.union_all(drawn, axis=1))
        others = np.zeros(met.shape)
        if own:
            for number in range(len(met)):
                asked = np.flatnonzero(met[number])
                rest = np.where(whose[asked] == number, np.array(None, dtype=object), drawn[asked])
                others[number, asked] = shapely.area(shapely.union_all(rest, axis=1))
        return together, others

    def _weighed(
        self, sites: NDArray[np.object_], met: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what grounds take of each site by their weights, and what each of them alone does; of those asked."""
        together, alone = np.zeros(len(sites)), np.zeros(met.shape)
        few = met.sum(axis=0) <= _FEW
        for rows, way in ((np.flatnonzero(few), self._excluded), (np.flatnonzero(~few), self._faced)):
            if len(rows):
                together[rows], alone[:, rows] = way(sites[rows], met[:, rows])
        return together, alone

    def _excluded(
        self, sites: NDArray[np.object_], met: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the same by inclusion and exclusion, whose terms double with each ground.

        What lies in several grounds counts with the product of their weights, added where their number is odd and taken
        off where it is even; pieces of one ground overlap nowhere, so areas add up.
        """
        rows, columns = self._met(sites)
        held = self._pieces()
        clips, index = _areal(shapely.intersection(sites[rows], held.shapes[columns]))
        rows, owners = rows[index], held.owners[columns[index]]
        asked = met[owners, rows]
        clips, rows, owners = clips[asked], rows[asked], owners[asked]
        first, last = (np.searchsorted(rows, np.arange(len(sites)), side=side) for side in ("left", "right"))
        together, alone = np.zeros(len(sites)), np.zeros(met.shape)
        shapes, whose, latest = clips, rows, owners
        factor, inside = self._weights[owners], owners[:, None] == np.arange(len(met))
        while len(shapes):
            taken = shapely.area(shapes) * factor
            together += np.bincount(whose, weights=taken, minlength=len(sites))
            for number in range(len(met)):
                mine = inside[:, number]
                alone[number] += np.bincount(whose[mine], weights=taken[mine], minlength=len(sites))
            # Each meets the clips of its site in the grounds that come later.
            counts = last[whose] - first[whose]
            one = np.repeat(np.arange(len(shapes)), counts)
            other = np.arange(len(one)) + np.repeat(first[whose] - np.cumsum(counts) + counts, counts)
            later = owners[other] > latest[one]
            one, other = one[later], other[later]
            shapes, index = _areal(shapely.intersection(shapes[one], clips[other]))
            one, other = one[index], other[index]
            whose, latest = whose[one], owners[other]
            factor = -factor[one] * self._weights[latest]
            inside = inside[one] | (latest[:, None] == np.arange(len(met)))
        return together, alone

    def _faced(
        self, sites: NDArray[np.object_], met: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the same by the faces into which the grounds part a site."""
        rows, columns = self._met(sites)
        held = self._pieces()
        # Faces: parts of sites, whose each is, and in which grounds it lies.
        faces, whose = sites, np.arange(len(sites))
        inside = np.zeros((len(sites), len(met)), dtype=bool)
        for number in range(len(met)):
            mine = held.owners[columns] == number
            near, grounds = _runs(rows[mine], held.shapes[columns[mine]])
            ground = np.full(len(sites), None, dtype=object)
            ground[near] = [shapely.union_all(one) for one in grounds]
            asked = met[number, whose] & ~shapely.is_missing(ground[whose])
            cut = ground[whose[asked]]
            here, beside = shapely.intersection(faces[asked], cut), shapely.difference(faces[asked], cut)
            order = np.concatenate([np.flatnonzero(~asked), np.flatnonzero(asked), np.flatnonzero(asked)])
            faces, index = _areal(np.concatenate([faces[~asked], here, beside]))
            whose, inside = whose[order[index]], inside[order[index]]
            inside[:, number] |= (index >= (~asked).sum()) & (index < len(order) - asked.sum())
        sizes, taken = shapely.area(faces), np.where(inside, self._weights, 0.0).T
        lost = joint(taken)
        together = np.bincount(whose, weights=sizes * lost, minlength=len(sites)).astype(np.float64)
        alone = np.zeros(met.shape)
        for number in range(len(met)):
            without = joint(np.delete(taken, number, axis=0))
            alone[number] = np.bincount(whose, weights=sizes * (lost - without), minlength=len(sites))
        return together, alone


def _in_parts(
    way: Callable[[NDArray[np.object_], NDArray[np.bool_]], tuple[NDArray[np.float64], NDArray[np.float64]]],
    sites: overlap.Shapes,
    asked: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what a way gives of sites and of the grounds that are asked of each, parts of them beside each other."""
    shapes = overlap.as_array(sites)
    found = in_threads(lambda part: way(shapes[part], asked[:, part]), chunks(len(shapes), _CHUNK), None)
    together, each = (np.concatenate([one[at] for one in found], axis=-1) for at in (0, 1))
    return together, each


def _areal(shapes: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.intp]]:
    """Return the polygons of what a set operation left, and whose each is."""
    parts, index = shapely.get_parts(shapes, return_index=True)
    areal = shapely.get_dimensions(parts) == _AREAL
    return parts[areal], index[areal]


def _runs(rows: NDArray[np.intp], values: NDArray[np.object_]) -> tuple[NDArray[np.intp], list[NDArray[np.object_]]]:
    """Return the rows that occur and the values of each."""
    if not len(rows):
        return rows, []
    met, starts = np.unique(rows, return_index=True)
    return met, np.split(values, starts[1:])


def _small(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return polygons cut until none has many vertices."""
    parts, owners = _cut(shapes, _clipped)
    # Clipping is ten times as fast as an intersection, and may leave what is no polygon where edges lie on the cut.
    areas, sums = shapely.area(shapes), np.bincount(owners, weights=shapely.area(parts), minlength=len(shapes))
    wrong = np.abs(sums - areas) > _SAME * areas
    wrong[owners[~shapely.is_valid(parts)]] = True
    if not wrong.any():
        return parts
    return np.concatenate([parts[~wrong[owners]], _cut(shapes[wrong], shapely.intersection)[0]])


def _cut(shapes: NDArray[np.object_], cut: Cut) -> tuple[NDArray[np.object_], NDArray[np.intp]]:
    """Return the parts of polygons and whose each is, cut in two until none has many vertices."""
    done, whose = [np.empty(0, dtype=object)], [np.empty(0, dtype=np.intp)]
    rest, owners = shapes, np.arange(len(shapes))
    while len(rest):
        sizes = shapely.get_num_coordinates(rest)
        small = sizes <= _MOST
        done.append(rest[small])
        whose.append(owners[small])
        rest, owners, sizes = rest[~small], owners[~small], sizes[~small]
        runs = pieces(sizes, _VERTICES)
        halves = in_threads(partial(_halved, cut), [rest[run] for run in runs], None)
        owners = np.concatenate(
            [np.empty(0, dtype=np.intp)] + [owners[run][index] for run, (_, index) in zip(runs, halves, strict=True)]
        )
        rest = np.concatenate([np.empty(0, dtype=object), *(parts for parts, _ in halves)])
    return np.concatenate(done), np.concatenate(whose)


def _halved(cut: Cut, shapes: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.intp]]:
    """Return the parts of polygons on both sides of the middle of their longer side, and whose each is."""
    left, bottom, right, top = shapely.bounds(shapes).T
    wide = right - left >= top - bottom
    x, y = (left + right) / 2, (bottom + top) / 2
    first = shapely.box(left, bottom, np.where(wide, x, right), np.where(wide, top, y))
    second = shapely.box(np.where(wide, x, left), np.where(wide, bottom, y), right, top)
    cuts = cut(np.concatenate([shapes, shapes]), np.concatenate([first, second]))
    parts, index = _areal(cuts)
    return parts, index % len(shapes)


def _clipped(shapes: NDArray[np.object_], boxes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return each polygon clipped to its own box."""
    bounds = shapely.bounds(boxes)
    made = [shapely.clip_by_rect(one, *box) for one, box in zip(shapes, bounds.tolist(), strict=True)]
    return np.array([*made, None], dtype=object)[:-1]
