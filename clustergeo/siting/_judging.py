"""A set of rules prepared once, for one frame of sites or for any number of batches of them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from clustergeo import crs, footprints, overlap, schema
from clustergeo._coded import coded, plain
from clustergeo._regions import region_tags
from clustergeo._zones import BUILDING, build, warn_silent
from clustergeo.errors import InputError, warn
from clustergeo.siting import _grounds, _verdicts
from clustergeo.siting.ordinances import rows_of
from clustergeo.tags import Added, drawn_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyproj
    from numpy.typing import NDArray

    from clustergeo.overlap import Shapes
    from clustergeo.siting._grounds import Rule

_MEASURES = ("share", "share_low", "share_high", "area_m2", "own_share")


class Judge:
    """Says of sites what each rule takes of them and whether they are kept; see `Exclusions.apply`.

    Parameters
    ----------
    rules
        A set that is not empty.
    own, remainder
        As for `Exclusions.apply`.

    Raises
    ------
    InputError
        There is no rule that excludes, or a coverage must be known.
    """

    def __init__(self, rules: Sequence[Rule], *, own: bool, remainder: bool = False) -> None:
        self.counted = [one for one in rules if not one.forced]
        if not self.counted:
            msg = "There is nothing to exclude by. Add a rule first: Exclusions().add('rdz', layer, max_share=0.3)."
            raise InputError(msg)
        _grounds.check_set(rules)
        self._named = tuple(one.name for one in self.counted)
        self.names = (*self._named, *(_unset(one) for one in self.counted if one.by))
        self.as_of: str | None = None
        self.rests_on = [one.layer for one in rules if one.layer is not None]
        self._rules, self._own, self._remainder = rules, own, remainder
        self._grounds: dict[str, _grounds.Grounds] = {}

    def checked(self, sites: Any, *, what: str = "the sites") -> gpd.GeoDataFrame:
        """Return a checked copy of a frame of sites whose columns leave room for the answers."""
        own = [f"excluded_{name}_{measure}" for name in self._named for measure in _MEASURES]
        together = ["kept", "excluded_by", "undecided_by", *(f"excluded_share{end}" for end in ("", "_low", "_high"))]
        added = [*together, "eligible_area_m2", "eligible_largest_m2", "eligible", *own]
        added += [f"excluded_{one.name}_{what}" for one in self.counted if one.by for what in ("value", "rule")]
        return schema.site_frame(sites, added=added, what=what)

    def whole(self, sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return the sites of a frame with the answers, as `Exclusions.apply` does."""
        frame = self.checked(sites)
        added = self.added(frame, *drawn_of(frame))
        self.warn(added.silent)
        columns = plain(added.columns).set_axis(frame.index).astype({"excluded_by": "str", "undecided_by": "str"})
        if self._remainder:
            columns["eligible"] = gpd.GeoSeries(columns["eligible"].to_numpy(), index=frame.index, crs=frame.crs)
        active = frame.geometry.name
        whole = pd.concat([frame.drop(columns=active), columns, frame[[active]]], axis=1)
        return gpd.GeoDataFrame(whole, geometry=active, crs=frame.crs)

    def added(self, evidence: pd.DataFrame, drawn: Shapes, source: pyproj.CRS) -> Added:
        """Return the answers about sites; `evidence` and the rest as for `Tagger.added`."""
        found, rows = self._figures(evidence, drawn, source)
        silent = {one.name: int(row.sum()) for one, row in zip(self.counted, found.silent, strict=True)}
        silent |= {_unset(one): int((row < 0).sum()) for one, row in zip(self.counted, rows, strict=True) if one.by}
        return Added(self.columns(found, rows), silent, np.empty(0, dtype=np.intp))

    def _figures(
        self, evidence: pd.DataFrame, drawn: Shapes, source: pyproj.CRS
    ) -> tuple[_verdicts.Figures, NDArray[np.int64]]:
        """Return the shares of sites, and which row of the table of each rule by jurisdiction holds for them."""
        bounds = overlap.bounds_of(drawn)
        out = _verdicts.Figures.nothing(len(self.counted), len(bounds))
        held = np.full((len(self.counted), len(bounds)), -1, dtype=np.int64)
        for rows, plane in crs.planes_at(crs.lonlat_of((bounds[:, :2] + bounds[:, 2:]) / 2, source)):
            some = evidence.iloc[rows] if len(rows) < len(bounds) else evidence
            part = drawn if len(rows) == len(bounds) else overlap.rows_of(drawn, rows)
            prints = footprints.of(some, part, source, plane)
            if any(one.by for one in self.counted):
                codes = plain(region_tags(some, prints, None))["municipality_code_kostat"].to_numpy(dtype=object)
                for number, one in enumerate(self.counted):
                    held[number, rows] = -1 if one.by is None else rows_of(codes, dict(one.by.rows))
            out.put(rows, self._by_value(prints, held[:, rows]))
        return out, held

    def _by_value(self, prints: footprints.Footprints, rows: NDArray[np.int64]) -> _verdicts.Figures:
        """Return the shares of sites that share a plane, those with the same widths of all rules together."""
        widths = [at for at, one in enumerate(self.counted) if one.by is not None and one.by.option == "buffer_m"]
        if not widths:
            near = partial(self._near, "", tuple(self._rules))
            return _verdicts.figures(prints, self._rules, near, own=self._own, remainder=self._remainder)
        out = _verdicts.Figures.nothing(len(self.counted), len(prints))
        # Not-a-number: no such rule there; infinite: it is not known which.
        values = np.stack([_value(self.counted[at], rows[at]) for at in widths])
        patterns, group = np.unique(values, axis=1, return_inverse=True)
        for number, pattern in enumerate(patterns.T):
            mine = np.flatnonzero(group.ravel() == number)
            width = dict(zip(widths, pattern.tolist(), strict=True))
            kept = [at for at in range(len(self.counted)) if np.isfinite(width.get(at, 0.0))]
            rules = [
                replace(one, buffer_m=width.get(at, one.buffer_m)) for at, one in enumerate(self.counted) if at in kept
            ] + [one for one in self._rules if one.forced]
            only = prints.only(group.ravel() == number)
            near = partial(self._near, str(pattern.tolist()), tuple(rules))
            found = _verdicts.figures(only, rules, near, own=self._own, remainder=self._remainder)
            free = [at for at, one in width.items() if np.isnan(one)]
            out.put(mine, found.of(mine).among(kept, free, len(self.counted)))
        return out

    def warn(self, silent: Mapping[str, int], refuted: Sequence[str] = (), count: int = 0) -> None:
        """Say once how to declare the coverage of layers that say nothing about some sites."""
        del refuted, count  # what is said to contain a site and is smaller than it proves nothing: its shares are open
        for one in self.counted:
            warn_silent(one, silent[one.name])
            if one.by is not None and silent[_unset(one)]:
                warn(
                    f"The table of rule {one.name!r} says nothing about {silent[_unset(one)]} site(s): their "
                    "municipality is not decided, or no row holds there on the day. What the rule takes of them is "
                    "unknown. Add a row for it (a blank value says that no such rule holds), or one for '*'."
                )

    def columns(self, found: _verdicts.Figures, rows: NDArray[np.int64]) -> pd.DataFrame:
        """Return the answers as columns; names of rules are coded."""
        low, high = found.low, found.high
        share = np.where(low == high, low, np.nan)
        removes, passes = np.empty(found.silent.shape, dtype=bool), np.empty(found.silent.shape, dtype=bool)
        # What a site of unknown area loses may be any area, unless it loses nothing.
        most = np.where(high == 0, 0.0, np.where(np.isnan(found.areas), np.inf, high * found.areas))
        for number, one in enumerate(self.counted):
            limit, unknown = None, np.zeros(len(found.areas), dtype=bool)
            if one.by is not None and one.by.option != "buffer_m":
                limit = _value(one, rows[number])
                limit, unknown = np.where(np.isnan(limit), np.inf, limit), rows[number] < 0
            removes[number] = one.exceeded(low[number], low[number] * found.areas, limit)
            passes[number] = ~one.exceeded(high[number], most[number], limit) & (~unknown | (high[number] == 0))
        out, kept = removes.any(axis=0), passes.all(axis=0)
        added: dict[str, Any] = {
            "kept": pd.arrays.BooleanArray(kept, ~(out | kept)),
            "excluded_by": _joined(self._named, removes),
            "undecided_by": _joined(self._named, ~removes & ~passes),
            "excluded_share": share[-1],
            "excluded_share_low": low[-1],
            "excluded_share_high": high[-1],
            "eligible_area_m2": (1 - share[-1]) * found.areas,
        }
        for number, name in enumerate(self._named):
            values = (share[number], low[number], high[number], share[number] * found.areas, found.own[number])
            told = zip(_MEASURES, values, strict=True)
            added |= {f"excluded_{name}_{what}": value for what, value in told if self._own or what != "own_share"}
            by = self.counted[number].by
            if by is not None:
                value = _value(self.counted[number], rows[number])
                added[f"excluded_{name}_value"] = np.where(np.isinf(value), np.nan, value)
                cited = [by.table.citation(row) for row in range(len(by.table))]
                added[f"excluded_{name}_rule"] = coded(cited, rows[number])
        if self._remainder:
            added["eligible_largest_m2"] = found.largest
            added["eligible"] = found.left
        return pd.DataFrame(added)

    def _near(self, key: str, rules: Sequence[Rule], target: Any, box: NDArray[np.float64]) -> _grounds.Grounds:
        """Return the grounds in a CRS, drawn at least as far as a box; batches of one file share them."""
        key = f"{key} {target}"
        with BUILDING:
            held = self._grounds.get(key)
            if held is None or not held.reaches(box):
                wide = box if held is None else held.widened(box)
                held = self._grounds[key] = _grounds.Grounds(rules, target, wide)
                build(held.zones, target)
            return held


def _unset(one: Rule) -> str:
    """Return the name under which sites are counted for which no value of a rule is known."""
    return f"{one.name}: value"


def _value(one: Rule, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the value of each site: not-a-number where no such rule holds, infinite where that is not known."""
    values = np.empty(0) if one.by is None else one.by.table.numbers
    return np.append(values, np.inf)[rows]


def _joined(names: Sequence[str], chosen: NDArray[np.bool_]) -> pd.Categorical:
    """Return for each column of flags the names of its rows, joined by `;`."""
    patterns, codes = np.unique(chosen, axis=1, return_inverse=True)
    texts = [";".join(np.array(names, dtype=object)[one]) for one in patterns.T]
    return coded(texts, codes.ravel().astype(np.int64))
