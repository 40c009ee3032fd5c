"""Exclusions: which sites fall out, by which layer, by how much, and what stays eligible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from clustergeo import crs, footprints, overlap, schema
from clustergeo._zones import warn_silent
from clustergeo.errors import InputError
from clustergeo.siting import _grounds, _reasons, _verdicts
from clustergeo.tags import drawn_of

if TYPE_CHECKING:
    from clustergeo.siting._grounds import Rule

_MEASURES = ("share", "share_low", "share_high", "area_m2", "own_share")


@dataclass(frozen=True, repr=False)
class Exclusions:
    """Layers that take ground from sites, each with what it may take before the site falls out.

    An immutable value: `add` returns a new set, so that chains are safe in notebooks.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from clustergeo import Layer
    >>> plane = "EPSG:5186"
    >>> water = gpd.GeoDataFrame(geometry=[shapely.box(200000, 500000, 200300, 501000)], crs=plane)
    >>> sites = gpd.GeoDataFrame(geometry=[shapely.box(200000, 500000, 201000, 501000)], crs=plane)
    >>> wet = Layer(water, name="water", coverage="everywhere")
    >>> out = Exclusions().add("water", wet, max_share=0.2).apply(sites)
    >>> out[["kept", "excluded_by", "excluded_share"]].values.tolist()
    [[False, 'water', 0.3]]
    """

    rules: tuple[Rule, ...] = ()

    def add(
        self,
        name: str,
        layer: Any,
        *,
        max_share: float | None = None,
        max_area_m2: float | None = None,
        buffer_m: float = 0.0,
        include: bool = False,
        forced: bool = False,
        where: Any = None,
        coverage: Any = None,
    ) -> Exclusions:
        """Return these exclusions and one more rule.

        Parameters
        ----------
        name
            An identifier such as `rdz`; the result's columns are named by it.
        layer
            A `Layer`, or a GeoDataFrame of polygons; with a positive `buffer_m` also of lines and points.
        max_share, max_area_m2
            How much of a site the rule may take before the site falls out, as a share (0 to less than 1) or in square
            metres; a share of 0 by default. More than that excludes, exactly that does not.
        buffer_m
            The rule takes the ground within this true distance of the layer too, round; if negative, only the ground
            further than that inside the border of the dissolved layer. At most 100 km, true to 1e-3.
        include
            Only ground in the layer is eligible: the rule takes the ground outside it.
        forced
            Ground in the layer is eligible whatever the other rules say, in whatever order they were added.
        where
            The rule takes ground only here: polygons as a Layer, GeoDataFrame or GeoSeries, or one in EPSG:4326.
        coverage
            Where a GeoDataFrame is complete, as for `Layer`. With `include`, with `where` and beside forced ground it
            must be known.

        Raises
        ------
        InputError
            The name is taken or no identifier, the layer has no CRS or geometries that cannot be used, a setback or no
            buffer is asked of lines or points, or options contradict each other.

        Examples
        --------
        >>> import geopandas as gpd, shapely
        >>> road = gpd.GeoDataFrame(geometry=[shapely.LineString([(127, 37), (127.1, 37)])], crs="EPSG:4326")
        >>> Exclusions().add("road", road, buffer_m=50, coverage="everywhere")
        <Exclusions: road (50 m around; max_share 0)>
        """
        if name in [one.name for one in self.rules]:
            msg = f"There is a rule {name!r} already. Give this one another name; each has columns of its own."
            raise InputError(msg)
        options = {"max_share": max_share, "max_area_m2": max_area_m2, "buffer_m": float(buffer_m)}
        options |= {"include": include, "forced": forced}
        return Exclusions((*self.rules, _grounds.rule(name, layer, coverage, where, **options)))

    def apply(self, sites: gpd.GeoDataFrame, *, remainder: bool = False, own: bool = True) -> gpd.GeoDataFrame:
        """Return the sites with what each rule takes of them and whether they are kept.

        Parameters
        ----------
        sites
            Polygons or points with a CRS, as for `tag`; only the geometry is needed. What is said to contain a site
            (`within`, `position_error_m`) bounds the shares of one whose footprint is not measured.
        remainder
            Whether to add the eligible polygons and the area of the largest contiguous part of each.
        own
            Whether to add what each rule alone takes; where many sites meet three rules or more, most of the time goes
            there.

        Returns
        -------
        geopandas.GeoDataFrame
            The same index, order and length, with these columns added. `kept`: true, false, or null where the evidence
            does not decide; `excluded_by` and `undecided_by`: names of rules, joined by `;`; `excluded_share` with
            proved bounds `_low` and `_high`: of all rules together; `eligible_area_m2`. For each rule NAME that is not
            forced `excluded_NAME_share`, its bounds, `excluded_NAME_area_m2`, and `excluded_NAME_own_share`, what this
            rule alone takes. With `remainder` also `eligible_largest_m2` and the geometries `eligible`, an empty
            polygon where nothing is left. Null is unknown: outside a layer's coverage, or with a footprint that is not
            measured.

        Raises
        ------
        InputError
            There is no rule, the frame cannot be used, or a coverage must be known.

        Notes
        -----
        Areas are exact and measured as `tag` does. A rule removes a site where the lower bound is more than it allows,
        and lets it pass where the upper bound is not; a site is kept if all let it pass. The shares add up: together
        they are the sum of all rules less what is counted twice.

        Examples
        --------
        >>> import geopandas as gpd, shapely
        >>> plane = "EPSG:5186"
        >>> def boxes(*xs):
        ...     shapes = [shapely.box(200000 + x, 500000, 200000 + x + 100, 500100) for x in xs]
        ...     return gpd.GeoDataFrame(geometry=shapes, crs=plane)
        >>> rules = Exclusions().add("wet", boxes(50), coverage="everywhere")
        >>> out = rules.apply(boxes(0, 500), remainder=True)
        >>> out[["kept", "eligible_area_m2"]].round(0).values.tolist()
        [[False, 5000.0], [True, 10000.0]]
        """
        counted = [one for one in self.rules if not one.forced]
        if not counted:
            msg = "There is nothing to exclude by. Add a rule first: Exclusions().add('rdz', layer, max_share=0.3)."
            raise InputError(msg)
        _grounds.check_set(self.rules)
        frame = schema.site_frame(sites, added=_columns([one.name for one in counted]))
        drawn, source = drawn_of(frame)
        found = _verdicts.Figures.nothing(len(counted), len(frame))
        for rows, plane in crs.planes(frame.geometry):
            prints = footprints.of(frame.iloc[rows], overlap.rows_of(drawn, rows), source, plane)
            found.put(rows, _verdicts.figures(prints, self.rules, own=own, remainder=remainder))
        for one, silent in zip(counted, found.silent, strict=True):
            warn_silent(one, int(silent.sum()))
        return _whole(frame, counted, found, own=own, remainder=remainder)

    def explain(self, applied: gpd.GeoDataFrame, site_id: str, *, lang: str = "en") -> str:
        """Return in one sentence why a site is kept, excluded or undecided.

        Parameters
        ----------
        applied
            A frame from `apply` of these exclusions.
        site_id
            The site.
        lang
            `"ko"` or `"en"`.

        Raises
        ------
        InputError
            No such site, a frame that these exclusions were not applied to, or an unknown language.

        Examples
        --------
        >>> import geopandas as gpd, shapely
        >>> box = gpd.GeoDataFrame(geometry=[shapely.box(200000, 500000, 201000, 501000)], crs="EPSG:5186")
        >>> rules = Exclusions().add("water", box, coverage="everywhere")
        >>> rules.explain(rules.apply(box), "1")
        'Site 1 is excluded: water takes 100.0 % of it (none is allowed).'
        """
        return _reasons.sentence(self.rules, applied, site_id, lang)

    def table(self) -> pd.DataFrame:
        """Return the rules, a row each, with what their layers rest on.

        Examples
        --------
        >>> Exclusions().table().columns.tolist()[:4]
        ['rule', 'kind', 'max_share', 'max_area_m2']
        """
        names = ("rule", "kind", "max_share", "max_area_m2", "buffer_m", "conditional", "as_of", "source", "sha256")
        rows = []
        for one in self.rules:
            kind = "forced" if one.forced else "include" if one.include else "exclude"
            told = one.layer.provenance if one.layer is not None else {}
            limit = 0.0 if one.max_share is None and one.max_area_m2 is None and not one.forced else one.max_share
            last = (told.get("vintage"), told.get("source"), told.get("sha256"))
            rows.append((one.name, kind, limit, one.max_area_m2, one.buffer_m, one.where is not None, *last))
        return pd.DataFrame(rows, columns=list(names))

    def __len__(self) -> int:
        """Return the number of rules."""
        return len(self.rules)

    def __repr__(self) -> str:
        """Return one line."""
        return f"<Exclusions: {'; '.join(_reasons.rule_text(one) for one in self.rules) or 'no rules'}>"

    def _repr_html_(self) -> str:
        """Return the rules as a table for notebooks."""
        return str(self.table().to_html(index=False))


def _columns(names: list[str]) -> list[str]:
    """Return the columns that are added."""
    own = [f"excluded_{name}_{measure}" for name in names for measure in _MEASURES]
    together = ["kept", "excluded_by", "undecided_by", "excluded_share", "excluded_share_low", "excluded_share_high"]
    return [*together, "eligible_area_m2", "eligible_largest_m2", "eligible", *own]


def _whole(
    frame: gpd.GeoDataFrame, rules: list[Rule], found: _verdicts.Figures, *, own: bool, remainder: bool
) -> gpd.GeoDataFrame:
    """Return the caller's columns, then the added ones, the active geometry last."""
    low, high = found.low, found.high
    share = np.where(low == high, low, np.nan)
    removes, passes = np.empty(found.silent.shape, dtype=bool), np.empty(found.silent.shape, dtype=bool)
    # What a site of unknown area loses may be any area, unless it loses nothing.
    most = np.where(high == 0, 0.0, np.where(np.isnan(found.areas), np.inf, high * found.areas))
    for number, one in enumerate(rules):
        removes[number] = one.exceeded(low[number], low[number] * found.areas)
        passes[number] = ~one.exceeded(high[number], most[number])
    out, kept = removes.any(axis=0), passes.all(axis=0)
    names = np.array([one.name for one in rules], dtype=object)
    added: dict[str, Any] = {
        "kept": pd.arrays.BooleanArray(kept, ~(out | kept)),
        "excluded_by": [";".join(names[column]) for column in removes.T],
        "undecided_by": [";".join(names[column]) for column in (~removes & ~passes).T],
        "excluded_share": share[-1],
        "excluded_share_low": low[-1],
        "excluded_share_high": high[-1],
        "eligible_area_m2": (1 - share[-1]) * found.areas,
    }
    for number, name in enumerate(names):
        values = (share[number], low[number], high[number], share[number] * found.areas, found.own[number])
        told = zip(_MEASURES, values, strict=True)
        added |= {f"excluded_{name}_{what}": value for what, value in told if own or what != "own_share"}
    if remainder:
        added["eligible_largest_m2"] = found.largest
        added["eligible"] = gpd.GeoSeries(found.left, index=frame.index, crs=frame.crs)
    active = frame.geometry.name
    columns = [frame.drop(columns=active), pd.DataFrame(added, index=frame.index), frame[[active]]]
    return gpd.GeoDataFrame(pd.concat(columns, axis=1), geometry=active, crs=frame.crs)
