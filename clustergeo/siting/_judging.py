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
from clustergeo._regions import municipalities_near
from clustergeo._zones import BUILDING, build, warn_silent
from clustergeo.errors import InputError, warn
from clustergeo.siting import _grounds, _verdicts
from clustergeo.siting.ordinances import Holding, holding
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
        self.rests_on = [one.told for one in rules]
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
        found, held = self._figures(evidence, drawn, source)
        silent = {one.name: int(row.sum()) for one, row in zip(self.counted, found.silent, strict=True)}
        silent |= {_unset(self.counted[at]): int((one.least < 0).sum()) for at, one in held.items()}
        return Added(self.columns(found, held), silent, np.empty(0, dtype=np.intp))

    def _figures(
        self, evidence: pd.DataFrame, drawn: Shapes, source: pyproj.CRS
    ) -> tuple[_verdicts.Figures, dict[int, Holding]]:
        """Return the shares of sites, and what the table of each rule by jurisdiction, by its number, says of them."""
        bounds = overlap.bounds_of(drawn)
        out = _verdicts.Figures.nothing(len(self.counted), len(bounds))
        parts: list[tuple[NDArray[np.intp], footprints.Footprints]] = []
        for rows, plane in crs.planes_at(crs.lonlat_of((bounds[:, :2] + bounds[:, 2:]) / 2, source)):
            some = evidence.iloc[rows] if len(rows) < len(bounds) else evidence
            part = drawn if len(rows) == len(bounds) else overlap.rows_of(drawn, rows)
            parts.append((rows, footprints.of(some, part, source, plane)))
        held = self._held(parts, len(bounds))
        widths = [at for at in held if self.counted[at].set_by == "buffer_m"]
        ends = [
            np.array([_value(self.counted[at], rows[at]) for at in widths]).reshape(len(widths), len(bounds))
            for rows in ({at: one.least for at, one in held.items()}, {at: one.most for at, one in held.items()})
        ]
        for rows, prints in parts:
            least, most = (end[:, rows] for end in ends)
            found = self._by_value(prints, widths, least)
            # Parts of such a site may lie in places of different widths: what falls out lies between the two.
            between = ~((least == most) | (np.isnan(least) & np.isnan(most))).all(axis=0)
            if between.any():
                wider = self._by_value(prints.only(between), widths, most)
                found.widen(np.flatnonzero(between), wider.of(np.flatnonzero(between)))
            out.put(rows, found)
        return out, held

    def _held(self, parts: Sequence[tuple[NDArray[np.intp], footprints.Footprints]], count: int) -> dict[int, Holding]:
        """Return what the table of each rule by jurisdiction, by its number, says of sites."""
        out: dict[int, Holding] = {}
        rules = [(at, one, one.by) for at, one in enumerate(self.counted) if one.by is not None]
        near = [(rows, *municipalities_near(prints)) for rows, prints in parts] if rules else []
        sites = np.concatenate([np.empty(0, dtype=np.int64), *(rows[sites] for rows, sites, _ in near)])
        codes = np.concatenate([np.empty(0, dtype=object), *(codes for *_, codes in near)])
        for at, one, by in rules:
            # A wider buffer takes more, and less of the ground outside an include layer; a lower limit lets less pass.
            strict = by.table.numbers if by.option == "buffer_m" and not one.include else -by.table.numbers
            out[at] = holding(by, np.nan_to_num(strict, nan=-np.inf), count, (sites, codes))
        return out

    def _by_value(
        self, prints: footprints.Footprints, widths: Sequence[int], values: NDArray[np.float64]
    ) -> _verdicts.Figures:
        """Return the shares of sites that share a plane, those with the same widths of some rules together.

        A width is not-a-number where there is no such rule, and infinite where it is not known which holds.
        """
        if not len(widths):
            near = partial(self._near, "", tuple(self._rules))
            return _verdicts.figures(prints, self._rules, near, own=self._own, remainder=self._remainder)
        out = _verdicts.Figures.nothing(len(self.counted), len(prints))
        group, first = _alike(values)
        for number, pattern in enumerate(values[:, first].T):
            mine = np.flatnonzero(group == number)
            width = dict(zip(widths, pattern.tolist(), strict=True))
            kept = [at for at in range(len(self.counted)) if np.isfinite(width.get(at, 0.0))]
            rules = [
                replace(one, buffer_m=width.get(at, one.buffer_m)) for at, one in enumerate(self.counted) if at in kept
            ] + [one for one in self._rules if one.forced]
            only = prints.only(group == number)
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
                    f"The table of rule {one.name!r} says nothing about {silent[_unset(one)]} site(s): they lie "
                    "outside Korea, or a part of them may lie where no row holds on the day. What "
                    "the rule takes of them is unknown. Add a row for it (a blank value says that no such rule holds), "
                    "or one for '*'."
                )

    def columns(self, found: _verdicts.Figures, held: Mapping[int, Holding]) -> pd.DataFrame:
        """Return the answers as columns; names of rules are coded."""
        low, high = found.low, found.high
        share = np.where(low == high, low, np.nan)
        removes, passes = np.empty(found.silent.shape, dtype=bool), np.empty(found.silent.shape, dtype=bool)
        # What a site of unknown area loses may be any area, unless it loses nothing.
        most = np.where(high == 0, 0.0, np.where(np.isnan(found.areas), np.inf, high * found.areas))
        for number, one in enumerate(self.counted):
            lax, strict, unknown = None, None, np.zeros(len(found.areas), dtype=bool)
            if one.set_by in ("max_share", "max_area_m2"):
                ends = [_value(one, rows) for rows in (held[number].least, held[number].most)]
                lax, strict = (np.where(np.isnan(end), np.inf, end) for end in ends)
                unknown = held[number].least < 0
            removes[number] = one.exceeded(low[number], low[number] * found.areas, lax)
            passes[number] = ~one.exceeded(high[number], most[number], strict) & (~unknown | (high[number] == 0))
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
            if number in held:
                first, last = (_value(self.counted[number], rows) for rows in (held[number].least, held[number].most))
                added[f"excluded_{name}_value"] = np.where(np.isfinite(first) & (first == last), first, np.nan)
                added[f"excluded_{name}_rule"] = coded(held[number].texts, held[number].cited)
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
    codes, first = _alike(chosen)
    texts = [";".join(np.array(names, dtype=object)[one]) for one in chosen[:, first].T]
    return coded(texts, codes)


def _alike(table: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Return the number of the pattern of each column, in the order they come, and where each pattern comes first."""
    codes = np.zeros(table.shape[1], dtype=np.int64)
    for row in table:
        # Numbered anew after each, so that any number of rows fits; to sort whole columns takes half of a batch's time.
        kinds = pd.factorize(row, use_na_sentinel=False)[0]
        codes = pd.factorize(codes * (kinds.max(initial=0) + 1) + kinds)[0]
    return codes, np.unique(codes, return_index=True)[1]
