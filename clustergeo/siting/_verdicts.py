"""How much of each site the grounds of a set of rules take, with bounds, and what follows for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from clustergeo import crs, footprints, overlap
from clustergeo._zones import at_points
from clustergeo.siting._together import joint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from clustergeo.siting._grounds import Grounds, Rule

    Near = Callable[[Any, NDArray[np.float64]], Grounds]

_SAME = 1e-9


@dataclass
class Figures:
    """Shares of n sites that each of m rules, and all of them together (the last row), take.

    Attributes
    ----------
    low, high
        Shape (m + 1, n), proved bounds of the share.
    own
        Shape (m, n), what the rule alone takes; not-a-number where that is not known.
    silent
        Shape (m, n), where the rule's layer is not known to be complete over the site.
    areas
        Shape (n,), of the sites in square metres; not-a-number where it is not known.
    left
        Shape (n,), the eligible polygons in the CRS of the sites, or None; null where they are not known.
    largest
        Shape (n,), square metres of their largest part.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    own: NDArray[np.float64]
    silent: NDArray[np.bool_]
    areas: NDArray[np.float64]
    left: NDArray[np.object_]
    largest: NDArray[np.float64]

    @classmethod
    def nothing(cls, rules: int, count: int) -> Figures:
        """Return figures of which nothing is known."""
        shape = (rules + 1, count)
        return cls(
            low=np.zeros(shape),
            high=np.ones(shape),
            own=np.full((rules, count), np.nan),
            silent=np.zeros((rules, count), dtype=bool),
            areas=np.full(count, np.nan),
            left=np.full(count, None, dtype=object),
            largest=np.full(count, np.nan),
        )

    def put(self, rows: Any, other: Figures) -> None:
        """Write the figures of some sites."""
        for name in ("low", "high", "own", "silent"):
            getattr(self, name)[:, rows] = getattr(other, name)
        for name in ("areas", "left", "largest"):
            getattr(self, name)[rows] = getattr(other, name)

    def of(self, rows: NDArray[np.intp]) -> Figures:
        """Return the figures of some sites."""
        return Figures(
            low=self.low[:, rows],
            high=self.high[:, rows],
            own=self.own[:, rows],
            silent=self.silent[:, rows],
            areas=self.areas[rows],
            left=self.left[rows],
            largest=self.largest[rows],
        )

    def widen(self, rows: NDArray[np.intp], other: Figures) -> None:
        """Let the bounds of some sites reach to those of other figures of them; what differs is not known."""
        same = (self.low[:, rows] == other.low) & (self.high[:, rows] == other.high)
        self.low[:, rows] = np.minimum(self.low[:, rows], other.low)
        self.high[:, rows] = np.maximum(self.high[:, rows], other.high)
        self.silent[:, rows] |= other.silent
        open_rows = rows[~same.all(axis=0)]
        self.own[:, open_rows] = np.nan
        self.left[open_rows], self.largest[open_rows] = None, np.nan

    def among(self, kept: Sequence[int], free: Sequence[int], count: int) -> Figures:
        """Return the figures of some rules as those of more: a free one takes nothing, the others are not known."""
        out = Figures.nothing(count, self.low.shape[1])
        out.areas, out.left, out.largest = self.areas, self.left, self.largest
        out.low[[*kept, -1]], out.high[[*kept, -1]] = self.low, self.high
        out.own[kept], out.silent[kept] = self.own, self.silent
        out.high[list(free)], out.own[list(free)] = 0.0, 0.0
        if len(kept) + len(free) < count:
            # Ground that a rule may take is eligible for certain no more, and nothing is its alone.
            out.high[-1], out.own[:], out.largest = 1.0, np.nan, np.full(self.areas.shape, np.nan)
            out.left = np.full(self.left.shape, None, dtype=object)
        return out


def figures(prints: footprints.Footprints, rules: Sequence[Rule], near: Near, *, own: bool, remainder: bool) -> Figures:
    """Return what the rules take of sites that share a plane; `near` gives their grounds in a CRS and a box."""
    frames = [place.crs for one in rules for place in (one.frame, one.where) if place is not None]
    metric = prints.crs.is_projected and prints.crs.axis_info[0].unit_name == "metre"
    if not (metric and all(crs.same(prints.crs, other) for other in frames)):
        return _on(prints, rules, prints.plane, near, own=own, remainder=remainder)
    out = Figures.nothing(sum(not one.forced for one in rules), len(prints))
    if prints.measured.any():
        # Only a measured footprint is drawn in the shared CRS; bounds need true areas.
        rows = np.flatnonzero(prints.measured)
        found = _on(prints.as_drawn, rules, prints.crs, near, own=own, remainder=remainder)
        out.put(rows, found.of(rows))
    if not prints.measured.all():
        rows = np.flatnonzero(~prints.measured)
        found = _on(prints.only(~prints.measured), rules, prints.plane, near, own=False, remainder=False)
        out.put(rows, found.of(rows))
    return out


def _on(
    prints: footprints.Footprints, rules: Sequence[Rule], target: Any, near: Near, *, own: bool, remainder: bool
) -> Figures:
    """Return what the rules take, measured in one CRS."""
    places = np.vstack([overlap.bounds_of(prints.shapes), overlap.bounds_of(prints.containers)])
    places = places[np.isfinite(places).all(axis=1)]
    out = Figures.nothing(sum(not one.forced for one in rules), len(prints))
    out.areas[:] = np.where(prints.disc & (prints.sizes > 0), prints.sizes, prints.true_areas)
    if not len(places):
        return out
    if not out.silent.shape[0]:
        out.high[:] = 0.0
        if remainder:
            rows = np.flatnonzero(prints.measured)
            out.left[rows] = overlap.as_array(overlap.rows_of(prints.drawn, rows))
            out.largest[rows] = _largest(out.left[rows]) / shapely.area(out.left[rows]) * prints.true_areas[rows]
        return out
    grounds = near(target, np.concatenate([places[:, :2].min(axis=0), places[:, 2:].max(axis=0)]))
    weights = grounds.weights[:, None]
    whole = np.where(prints.contained, prints.whole, 0.0)
    inside, unknown = np.zeros((len(grounds.zones), len(prints))), np.zeros((len(grounds.zones), len(prints)))
    for number, zone in enumerate(grounds.zones):
        inside[number] = zone.inside(prints, prints.containers)
        covered = zone.covered(prints, prints.containers, inside[number], drawn=prints.measured)
        unknown[number] = np.maximum(whole - covered, 0.0)
        unknown[number][unknown[number] <= _SAME * whole] = 0.0
        low, high = footprints.bounds(inside[number], unknown[number], prints.whole, prints.sizes)
        _put(out, number, low * weights[number], high * weights[number])
        if prints.bare.any():
            held, complete = at_points(zone, prints)
            out.low[number, prints.bare] = held[prints.bare] * weights[number]
            out.high[number, prints.bare] = (held | ~complete)[prints.bare] * weights[number]
    out.silent[:] = (unknown > 0) | (prints.bare & (out.low[:-1] < out.high[:-1]))
    together, alone = grounds.pieces.areas(prints.containers, inside, whole, own=own)
    # No spot loses more than what all rules that may meet the site take of one together.
    most = joint(np.where((inside > 0) | (unknown > 0), weights, 0.0))
    rest = np.minimum((unknown * weights).sum(axis=0), np.maximum(most * whole - together, 0.0))
    weight = np.where(most > 0, most, 1.0)
    low, high = footprints.bounds(together / weight, rest / weight, prints.whole, prints.sizes)
    _put(out, -1, low * weight, high * weight)
    for ends in (out.low, out.high):
        ends[-1, prints.bare] = joint(ends[:-1, prints.bare])
    known = prints.measured & (unknown == 0).all(axis=0)
    if own:
        # Less than this is rounding; what is drawn apart takes nothing of the other's.
        share = np.divide(np.maximum(alone, 0.0), whole, out=np.zeros(alone.shape), where=whole > 0)
        out.own[:] = np.where(known, np.where(share < _SAME, 0.0, share), np.nan)
    if remainder:
        _remainder(out, prints, grounds, together, known)
    return out


def _put(out: Figures, number: int, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
    """Write the proved bounds of a share; 0 and 1 where nothing is known."""
    out.low[number], out.high[number] = np.nan_to_num(low, nan=0.0), np.nan_to_num(high, nan=1.0)


def _remainder(
    out: Figures,
    prints: footprints.Footprints,
    grounds: Grounds,
    together: NDArray[np.float64],
    known: NDArray[np.bool_],
) -> None:
    """Write the eligible polygons of measured sites, those of which anything is left, and their largest part's area."""
    rows = np.flatnonzero(known)
    drawn = overlap.as_array(overlap.rows_of(prints.drawn, rows))
    out.left[rows] = drawn
    out.largest[rows] = _largest(drawn) / shapely.area(drawn)
    partly = np.flatnonzero(known & (together > 0))
    sites = overlap.as_array(overlap.rows_of(prints.containers, partly))
    left = grounds.pieces.left_of(sites)
    out.largest[partly] = _largest(left) / prints.whole[partly]
    out.largest *= prints.true_areas
    taken = together[partly] >= prints.whole[partly]
    left[taken] = shapely.Polygon()
    out.largest[partly[taken]] = 0.0
    out.left[partly] = crs.transform(left, prints.plane, prints.crs)


def _largest(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return the area of the largest part of each shape."""
    return np.array([shapely.area(shapely.get_parts(one)).max(initial=0.0) for one in shapes], dtype=np.float64)
