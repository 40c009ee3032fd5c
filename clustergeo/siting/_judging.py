"""A set of rules prepared once, for one frame of sites or for any number of batches of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from clustergeo import crs, footprints, overlap, schema
from clustergeo._coded import coded, plain
from clustergeo._zones import BUILDING, warn_silent
from clustergeo.errors import InputError
from clustergeo.siting import _grounds, _verdicts
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
        self.names = tuple(one.name for one in self.counted)
        self.as_of: str | None = None
        self.rests_on = [one.layer for one in rules if one.layer is not None]
        self._rules, self._own, self._remainder = rules, own, remainder
        self._grounds: dict[str, _grounds.Grounds] = {}

    def checked(self, sites: Any, *, what: str = "the sites") -> gpd.GeoDataFrame:
        """Return a checked copy of a frame of sites whose columns leave room for the answers."""
        own = [f"excluded_{name}_{measure}" for name in self.names for measure in _MEASURES]
        together = ["kept", "excluded_by", "undecided_by", *(f"excluded_share{end}" for end in ("", "_low", "_high"))]
        added = [*together, "eligible_area_m2", "eligible_largest_m2", "eligible", *own]
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
        found = self.figures(evidence, drawn, source)
        silent = {one.name: int(row.sum()) for one, row in zip(self.counted, found.silent, strict=True)}
        return Added(self.columns(found), silent, np.empty(0, dtype=np.intp))

    def figures(self, evidence: pd.DataFrame, drawn: Shapes, source: pyproj.CRS) -> _verdicts.Figures:
        """Return the shares of sites."""
        bounds = overlap.bounds_of(drawn)
        out = _verdicts.Figures.nothing(len(self.counted), len(bounds))
        for rows, plane in crs.planes_at(crs.lonlat_of((bounds[:, :2] + bounds[:, 2:]) / 2, source)):
            some = evidence.iloc[rows] if len(rows) < len(bounds) else evidence
            part = drawn if len(rows) == len(bounds) else overlap.rows_of(drawn, rows)
            prints = footprints.of(some, part, source, plane)
            found = _verdicts.figures(prints, self._rules, self._near, own=self._own, remainder=self._remainder)
            out.put(rows, found)
        return out

    def warn(self, silent: Mapping[str, int], refuted: Sequence[str] = (), count: int = 0) -> None:
        """Say once how to declare the coverage of layers that say nothing about some sites."""
        del refuted, count  # what is said to contain a site and is smaller than it proves nothing: its shares are open
        for one in self.counted:
            warn_silent(one, silent[one.name])

    def columns(self, found: _verdicts.Figures) -> pd.DataFrame:
        """Return the answers as columns; names of rules are coded."""
        low, high = found.low, found.high
        share = np.where(low == high, low, np.nan)
        removes, passes = np.empty(found.silent.shape, dtype=bool), np.empty(found.silent.shape, dtype=bool)
        # What a site of unknown area loses may be any area, unless it loses nothing.
        most = np.where(high == 0, 0.0, np.where(np.isnan(found.areas), np.inf, high * found.areas))
        for number, one in enumerate(self.counted):
            removes[number] = one.exceeded(low[number], low[number] * found.areas)
            passes[number] = ~one.exceeded(high[number], most[number])
        out, kept = removes.any(axis=0), passes.all(axis=0)
        added: dict[str, Any] = {
            "kept": pd.arrays.BooleanArray(kept, ~(out | kept)),
            "excluded_by": _joined(self.names, removes),
            "undecided_by": _joined(self.names, ~removes & ~passes),
            "excluded_share": share[-1],
            "excluded_share_low": low[-1],
            "excluded_share_high": high[-1],
            "eligible_area_m2": (1 - share[-1]) * found.areas,
        }
        for number, name in enumerate(self.names):
            values = (share[number], low[number], high[number], share[number] * found.areas, found.own[number])
            told = zip(_MEASURES, values, strict=True)
            added |= {f"excluded_{name}_{what}": value for what, value in told if self._own or what != "own_share"}
        if self._remainder:
            added["eligible_largest_m2"] = found.largest
            added["eligible"] = found.left
        return pd.DataFrame(added)

    def _near(self, target: Any, box: NDArray[np.float64]) -> _grounds.Grounds:
        """Return the grounds in a CRS, drawn at least as far as a box; batches of one file share them."""
        key = str(target)
        with BUILDING:
            held = self._grounds.get(key)
            if held is None or not held.reaches(box):
                wide = box if held is None else held.widened(box)
                held = self._grounds[key] = _grounds.Grounds(self._rules, target, wide)
                for zone in held.zones:
                    zone.index(target)
            return held


def _joined(names: Sequence[str], chosen: NDArray[np.bool_]) -> pd.Categorical:
    """Return for each column of flags the names of its rows, joined by `;`."""
    patterns, codes = np.unique(chosen, axis=1, return_inverse=True)
    texts = [";".join(np.array(names, dtype=object)[one]) for one in patterns.T]
    return coded(texts, codes.ravel().astype(np.int64))
