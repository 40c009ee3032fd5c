"""The rules of a set of exclusions, and the ground that each of them takes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from clustergeo import crs, schema
from clustergeo._zones import Zones, coverage_shape
from clustergeo.errors import InputError
from clustergeo.layers import EVERYWHERE, Layer, as_layer, digest
from clustergeo.siting._buffers import LARGEST_M, buffered, scale_at
from clustergeo.siting._numbers import is_number
from clustergeo.siting._together import Pieces
from clustergeo.siting.ordinances import By, Ordinances

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_AREAL = 2
# Complements are drawn in a box this much wider than the sites.
_MARGIN = 1_000.0
# Layers are looked for in a neighbourhood this much wider than a buffer: within 100 km the scale of a CRS varies.
_ROOM = 1.05


@dataclass(frozen=True)
class Rule:
    """One layer of a set of exclusions and what it does; see `Exclusions.add`.

    `layer` is there where its shapes are polygons; `told` always is, and says what they rest on.
    """

    name: str
    frame: gpd.GeoDataFrame
    layer: Layer | None
    coverage: Any
    max_share: float | None
    max_area_m2: float | None
    buffer_m: float
    include: bool
    forced: bool
    where: gpd.GeoSeries | None
    told: Layer
    weight: float = 1.0
    by: By | None = None

    @property
    def set_by(self) -> str | None:
        """The option that a table sets by jurisdiction."""
        return None if self.by is None else self.by.option

    @property
    def plain(self) -> bool:
        """Whether the ground is the layer as it was drawn."""
        return not (self.buffer_m or self.include or self.where is not None)

    def exceeded(
        self, share: NDArray[np.float64], area_m2: NDArray[np.float64], limit: NDArray[np.float64] | None = None
    ) -> NDArray[np.bool_]:
        """Say which shares or areas are more than the rule, or else the limit of each site, allows; null is not."""
        if self.max_area_m2 is not None:
            # A site that lies in the ground with an area that is not known exceeds nothing for certain.
            most = self.max_area_m2 if limit is None else limit
            return np.asarray(area_m2 > most * (1 + 1e-9) + 1e-9, dtype=bool)
        return np.asarray(share > ((self.max_share or 0.0) if limit is None else limit) + 1e-9, dtype=bool)


def rule(name: str, layer: Any, coverage: Any, where: Any, *, on: str | None = None, **options: Any) -> Rule:
    """Return a checked rule.

    Raises
    ------
    InputError
        The layer, its geometries or an option cannot be used; the message names the rule.
    """
    schema.check_zone_name(name, what="a rule")
    what = f"the layer of rule {name!r}"
    by = _by(name, options, on)
    for value in [None] if by is None else np.unique(by.table.numbers[np.isfinite(by.table.numbers)]).tolist():
        _check_numbers(name, **(options if by is None or value is None else options | {by.option: value}))
    if by is not None:
        # The largest stands for all where one is enough to know what kind of rule it is.
        options[by.option] = _widths(0.0, by)[1]
    if isinstance(layer, Layer) and coverage is not None:
        msg = f"Rule {name!r} gives a coverage beside a Layer, which has its own. Give it there: Layer(..., coverage=)."
        raise InputError(msg)
    frame = layer.frame if isinstance(layer, Layer) else layer
    schema.check_geo(frame, what=what)
    shapes = np.asarray(frame.geometry.values, dtype=object)
    thin = np.flatnonzero((shapely.get_dimensions(shapes) < _AREAL) & ~shapely.is_missing(shapes))
    least, most = _widths(options["buffer_m"], by)
    kept = None
    if not len(thin):
        given = layer if isinstance(layer, Layer) else Layer(layer, name=name, coverage=coverage)
        told = kept = as_layer(given, name=name)
    elif least < 0 or most <= 0:
        kind = shapes[thin[0]].geom_type
        msg = (
            f"Rule {name!r} has buffer_m={least:g}, but row {thin[0]} of its layer is a {kind}, which "
            "has no area to take or to set back from. Give a positive buffer_m, or polygons."
        )
        raise InputError(msg)
    else:
        schema.check_sound(frame, what=what)
        # The rules of a coverage are those of a layer, whatever the geometries are.
        told = Layer(frame.iloc[:0], name=name, coverage=coverage, sha256=digest(frame))
    place = None if where is None else _place(name, where)
    options.update(include=bool(options["include"]), forced=bool(options["forced"]))
    return Rule(
        name=name, frame=frame.copy(), layer=kept, coverage=told.coverage, where=place, by=by, told=told, **options
    )


def _widths(given: float, by: By | None) -> tuple[float, float]:
    """Return the least and the greatest buffer that a rule can have."""
    if by is None or by.option != "buffer_m":
        return given, given
    return float(np.fmin.reduce(by.table.numbers, initial=0.0)), float(np.fmax.reduce(by.table.numbers, initial=0.0))


def _by(name: str, options: Mapping[str, Any], on: str | None) -> By | None:
    """Return what a table of ordinances sets, if one is given."""
    given = [key for key, value in options.items() if isinstance(value, Ordinances)]
    if len(given) > 1:
        msg = (
            f"Rule {name!r} has two tables by jurisdiction, {' and '.join(given)}. Add the layer twice, with one each."
        )
        raise InputError(msg)
    if bool(given) != (on is not None):
        msg = (
            f"Rule {name!r} has {'a table by jurisdiction but no day' if given else 'a day but no table'}. Give "
            "buffer_m, max_share or max_area_m2 as Ordinances and the day they are asked of: on='2026-01-01'."
        )
        raise InputError(msg)
    if not given or on is None:
        return None
    table = options[given[0]]
    return By(given[0], table, table.on(on))


def _check_numbers(
    name: str,
    *,
    max_share: float | None,
    max_area_m2: float | None,
    buffer_m: float,
    include: bool,
    forced: bool,
    weight: float = 1.0,
) -> None:
    """Refuse options that contradict each other or are out of range."""
    _check_kinds(name, max_share=max_share, max_area_m2=max_area_m2, buffer_m=buffer_m, weight=weight)
    _check_flags(name, include=include, forced=forced)
    problems = []
    if max_share is not None and not 0 <= max_share < 1:
        problems.append(f"max_share is {max_share!r}; expected 0 or more and less than 1")
    if max_area_m2 is not None and not 0 <= max_area_m2 < np.inf:
        problems.append(f"max_area_m2 is {max_area_m2!r}; expected square metres, 0 or more")
    if max_share is not None and max_area_m2 is not None:
        problems.append("max_share and max_area_m2 are both given; give one of them, or add the layer twice")
    if not abs(buffer_m) <= LARGEST_M:
        problems.append(f"buffer_m is {buffer_m!r}; expected metres, at most {LARGEST_M:,.0f}")
    if not 0 < weight <= 1:
        problems.append(f"weight is {weight!r}; expected more than 0 and at most 1, which takes all of the ground")
    if include and forced:
        problems.append("include and forced are both given; include keeps sites in, forced keeps ground eligible")
    if forced and (max_share is not None or max_area_m2 is not None):
        problems.append("a forced layer excludes nothing; leave max_share and max_area_m2 out")
    if forced and weight != 1:
        problems.append("a forced layer takes nothing, so it has no weight; leave it out")
    if problems:
        msg = f"Rule {name!r} cannot be used: {'; '.join(problems)}."
        raise InputError(msg)


def _check_kinds(name: str, **options: Any) -> None:
    """Refuse options that are no numbers; limits may be left out."""
    for key, one in options.items():
        if not is_number(one) and (one is not None or not key.startswith("max_")):
            msg = f"Rule {name!r} cannot be used: {key} is {one!r}; expected a number."
            raise InputError(msg)


def _check_flags(name: str, **flags: Any) -> None:
    """Refuse what is neither true nor false: a text such as "no" would count as true."""
    for key, one in flags.items():
        if not isinstance(one, bool | np.bool_):
            msg = f"Rule {name!r} cannot be used: {key} is {one!r}; expected True or False."
            raise InputError(msg)


def _place(name: str, where: Any) -> gpd.GeoSeries:
    """Return the polygons in which a conditional rule holds."""
    where = where.frame if isinstance(where, Layer) else where
    if isinstance(where, shapely.Polygon | shapely.MultiPolygon):
        where = gpd.GeoDataFrame(geometry=[where], crs=crs.LONLAT)
    if isinstance(where, gpd.GeoSeries):
        where = gpd.GeoDataFrame(geometry=where.values, crs=where.crs)
    schema.check_polygons(where, what=f"`where` of rule {name!r}")
    return where.geometry.copy()


def check_set(rules: Sequence[Rule]) -> None:
    """Refuse rules whose ground cannot be told because it is not known where a layer is complete.

    Raises
    ------
    InputError
        With the first of them.
    """
    forced = any(one.forced for one in rules)
    for one in rules:
        if one.coverage is None and not one.forced and (one.include or one.where is not None or forced):
            why = (
                "it is an include layer" if one.include else "it holds only somewhere" if one.where is not None else ""
            )
            msg = (
                f"The coverage of rule {one.name!r} is not known, and {why or 'another rule forces ground eligible'}: "
                "then ground that it does not touch cannot be told from ground that was never drawn. Declare where the "
                'layer is complete: coverage="everywhere", codes such as "kostat:31", or a polygon.'
            )
            raise InputError(msg)


class Grounds:
    """What each rule takes, drawn in one CRS round the sites.

    Parameters
    ----------
    rules
        A checked set.
    target
        The CRS, projected, in metres.
    box
        The least and greatest x and y of the sites there.
    """

    def __init__(self, rules: Sequence[Rule], target: Any, box: NDArray[np.float64]) -> None:
        self.rules = [one for one in rules if not one.forced]
        self._target = target
        self._scale = scale_at(box, target)
        self._box = shapely.box(*(box[:2] - _MARGIN), *(box[2:] + _MARGIN))
        forced = [self._of(one) for one in rules if one.forced]
        self._forced = shapely.union_all(np.concatenate(forced)) if forced else None
        self.weights = np.array([one.weight for one in self.rules], dtype=np.float64)
        self.layers = [self._layer(one) for one in self.rules]
        self.zones = [Zones([layer]) for layer in self.layers]
        self._everywhere = forced == [] and all(one.plain and one.layer is not None for one in self.rules)

    def reaches(self, box: NDArray[np.float64]) -> bool:
        """Say whether the grounds are drawn as far as a box of sites; layers as they are given are drawn whole."""
        return self._everywhere or bool(
            self._box.covers(shapely.box(*(box[:2] - _MARGIN / 2), *(box[2:] + _MARGIN / 2)))
        )

    def widened(self, box: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a box about what is drawn and another box, with room: batches that walk on must not draw all anew."""
        held = np.array(self._box.bounds)
        low, high = np.minimum(box[:2], held[:2]), np.maximum(box[2:], held[2:])
        return np.concatenate([2 * low - high, 2 * high - low])

    @cached_property
    def pieces(self) -> Pieces:
        """The polygons of all grounds, with how much of it each takes."""
        return Pieces([zone.index(self._target).polygons for zone in self.zones], self.weights)

    def _layer(self, one: Rule) -> Layer:
        """Return the ground of a rule as a layer; where the layer of the caller does, that one."""
        if one.plain and self._forced is None and one.layer is not None:
            return one.layer
        shapes, coverage = self._of(one), one.coverage
        if self._forced is not None:
            shapes = _areal(shapely.difference(shapes, self._forced))
        if isinstance(coverage, tuple) or shapely.is_geometry(coverage):
            coverage = self._complete(one)
        ground = gpd.GeoDataFrame(geometry=shapes, crs=self._target)
        return Layer(ground, name=one.name, coverage=coverage)

    def _of(self, one: Rule) -> NDArray[np.object_]:
        """Return the ground of a rule before forced ground is taken from it."""
        shapes = self._drawn(one.frame.geometry)
        near = self._box.buffer(abs(one.buffer_m) * self._scale * _ROOM)
        shapes = shapes[shapely.intersects(shapes, near)]
        # A table may set 0 m about points and lines, which have no ground then.
        areal = shapely.get_dimensions(shapes) == _AREAL
        shapes = buffered(shapes, self._target, one.buffer_m) if one.buffer_m else shapes[areal]
        if one.include:
            whole = self._covered(one)
            shapes = _areal(np.array([shapely.difference(whole, shapely.union_all(shapes))], dtype=object))
        if one.where is not None:
            shapes = _areal(shapely.intersection(shapes, shapely.union_all(self._drawn(one.where))))
        sound = shapely.is_valid(shapes)
        out: NDArray[np.object_] = np.concatenate([shapes[sound], _areal(shapely.make_valid(shapes[~sound]))])
        return out

    def _drawn(self, given: gpd.GeoSeries) -> NDArray[np.object_]:
        """Return geometries in the CRS, those that it can show."""
        shapes = crs.carried(np.asarray(given.values, dtype=object), given.crs, self._target)
        shown: NDArray[np.bool_] = np.isfinite(shapely.bounds(shapes).reshape(-1, 4)).all(axis=1)
        return shapes[shown]

    def _covered(self, one: Rule) -> Any:
        """Return where a layer is complete, near the sites."""
        if one.coverage == EVERYWHERE or one.coverage is None:
            return self._box
        named = Layer(gpd.GeoDataFrame(geometry=[], crs=crs.LONLAT), name=one.name, coverage=one.coverage)
        shape = crs.carried(np.array([coverage_shape(named)], dtype=object), crs.LONLAT, self._target)[0]
        # Near the edge of what is known a buffer may reach in from beyond, and a setback may end there.
        narrower = abs(one.buffer_m) * max(1.002, self._scale * 1.001)
        shape = shape if not one.buffer_m else shapely.buffer(shape, -narrower)
        return shapely.intersection(shape, self._box)

    def _complete(self, one: Rule) -> Any:
        """Return where it is known whether ground is taken, in EPSG:4326."""
        shape = self._covered(one)
        if one.where is not None:
            elsewhere = shapely.difference(self._box, shapely.union_all(self._drawn(one.where)))
            shape = shapely.union(shape, elsewhere)
        if self._forced is not None:
            shape = shapely.union(shape, self._forced)
        kept = shapely.union_all(_areal(np.array([shape], dtype=object)))
        if kept.is_empty:
            # Known nowhere near: a corner of the box, where no site lies, stands for it.
            left, bottom = self._box.bounds[:2]
            kept = shapely.box(left, bottom, left + 1.0, bottom + 1.0)
        moved = crs.transform(np.array([kept], dtype=object), self._target, crs.LONLAT)
        # Parts that almost touch may cross where coordinates are rounded anew.
        return moved[0] if moved[0].is_valid else shapely.union_all(_areal(shapely.make_valid(moved)))


def _areal(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the polygons of what a set operation left."""
    parts: NDArray[np.object_] = shapely.get_parts(shapes)
    areal: NDArray[np.object_] = parts[shapely.get_dimensions(parts) == _AREAL]
    return areal
