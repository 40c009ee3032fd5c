"""Exclusions: which sites fall out, by which layer, by how much, and what stays eligible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from clustergeo import schema
from clustergeo.errors import InputError
from clustergeo.siting import _grounds, _judging, _reasons
from clustergeo.streaming import stream_file

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Unpack

    import geopandas as gpd

    from clustergeo.siting._grounds import Rule
    from clustergeo.siting.ordinances import Ordinances
    from clustergeo.streaming import Streamed, StreamOptions


_OPTIONS = ("max_share", "max_area_m2", "buffer_m")


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
        max_share: float | Ordinances | None = None,
        max_area_m2: float | Ordinances | None = None,
        buffer_m: float | Ordinances = 0.0,
        include: bool = False,
        forced: bool = False,
        where: Any = None,
        coverage: Any = None,
        weight: float = 1.0,
        on: str | None = None,
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
        weight
            How much of the ground that it meets the rule takes: all of it by default; of 0.3 three tenths, and the rest
            stays eligible. What several rules leave of one spot is multiplied.
        on
            The day, where one of `max_share`, `max_area_m2` and `buffer_m` is an `Ordinances`: each site takes the
            value of its municipality on that day, that of the one which holds most of it.

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
        options = {"max_share": max_share, "max_area_m2": max_area_m2, "buffer_m": buffer_m}
        options |= {"include": include, "forced": forced, "weight": weight}
        return Exclusions((*self.rules, _grounds.rule(name, layer, coverage, where, on=on, **options)))

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
            rule alone takes; where a table sets a value by jurisdiction, `excluded_NAME_value` and `excluded_NAME_rule`
            say which value the site has and what sets it. With `remainder` also `eligible_largest_m2` and the
            geometries `eligible`, an empty polygon where nothing is left. Null is unknown: outside a layer's coverage,
            or with a footprint that is not measured.

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
        return _judging.Judge(self.rules, own=own, remainder=remainder).whole(sites)

    def apply_file(
        self, source: str | Path, target: str | Path, *, own: bool = True, **options: Unpack[StreamOptions]
    ) -> Streamed:
        """Write the sites of a file, with what each rule takes of them, to another: in batches and bounded memory.

        Parameters
        ----------
        source, target
            Files as for `tag_file`.
        own
            As for `apply`.
        options
            `crs`, `layer`, `encoding`, `swap_xy`, `repair`, `threads` and `progress`, as for `tag_file`.

        Returns
        -------
        Streamed
            The path, the number of sites and of repaired geometries. The file holds what `apply` returns, without the
            remainder.

        Raises
        ------
        InputError
            As for `apply` and `tag_file`; nothing is written then.

        Examples
        --------
        >>> import tempfile, pathlib, geopandas as gpd, shapely
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> boxes = gpd.GeoDataFrame(geometry=[shapely.box(200000, 500000, 200100, 500100)], crs="EPSG:5186")
        >>> boxes.to_parquet(folder / "sites.parquet")
        >>> rules = Exclusions().add("wet", boxes, coverage="everywhere")
        >>> rules.apply_file(folder / "sites.parquet", folder / "out.parquet").rows
        1
        >>> gpd.read_parquet(folder / "out.parquet")["excluded_by"].tolist()
        ['wet']
        """
        judge = _judging.Judge(self.rules, own=own)
        return stream_file(source, target, judge, name="clustergeo: sites and exclusions", **options)

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
        rows = schema.one_site(applied, site_id) if "site_id" in getattr(applied, "columns", ()) else applied
        return self.reasons(rows, lang=lang)[0]

    def reasons(self, applied: gpd.GeoDataFrame, *, lang: str = "en") -> list[str]:
        """Return the sentence of `explain` for every site of a frame, in its order.

        Parameters
        ----------
        applied, lang
            As for `explain`.

        Raises
        ------
        InputError
            As for `explain`.

        Examples
        --------
        >>> import geopandas as gpd, shapely
        >>> box = gpd.GeoDataFrame(geometry=[shapely.box(200000, 500000, 201000, 501000)], crs="EPSG:5186")
        >>> rules = Exclusions().add("water", box, coverage="everywhere", max_share=0.5)
        >>> rules.reasons(rules.apply(box), lang="ko")
        ['부지 1은(는) 제외됩니다: water 저촉 비율 100.0 %(허용 50.0 % 이하).']
        """
        return _reasons.sentences(self.rules, applied, lang)

    def table(self) -> pd.DataFrame:
        """Return the rules, a row each, with what their layers rest on.

        Examples
        --------
        >>> Exclusions().table().columns.tolist()[:4]
        ['rule', 'kind', 'max_share', 'max_area_m2']
        """
        names = ["rule", "kind", *_OPTIONS, "weight", "by_jurisdiction", "conditional", "as_of", "source", "sha256"]
        rows = []
        for one in self.rules:
            kind = "forced" if one.forced else "include" if one.include else "exclude"
            told = one.told.provenance
            free = one.max_share is None and one.max_area_m2 is None and not one.forced
            options = {"max_share": 0.0 if free else one.max_share, "max_area_m2": one.max_area_m2}
            options |= {"buffer_m": one.buffer_m}
            by = None if one.by is None else one.by.option
            # What a table sets has no one value.
            held = [None if name == by else value for name, value in options.items()]
            last = (told.get("vintage"), told.get("source"), told.get("sha256"))
            weight = None if one.forced else one.weight
            rows.append((one.name, kind, *held, weight, by, one.where is not None, *last))
        return pd.DataFrame(rows, columns=names)

    def __len__(self) -> int:
        """Return the number of rules."""
        return len(self.rules)

    def __repr__(self) -> str:
        """Return one line."""
        return f"<Exclusions: {'; '.join(_reasons.rule_text(one) for one in self.rules) or 'no rules'}>"

    def _repr_html_(self) -> str:
        """Return the rules as a table for notebooks."""
        return str(self.table().to_html(index=False))
