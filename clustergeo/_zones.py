"""The share of each site in a zone layer, with bounds, coverage and evidence."""

from __future__ import annotations

import threading
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
import shapely

from clustergeo import crs, datasets, footprints, overlap, schema
from clustergeo._coded import coded, constant, plain
from clustergeo.errors import InputError, warn
from clustergeo.layers import EVERYWHERE, Layer
from clustergeo.overlap.threads import in_threads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from clustergeo.overlap import Shapes

_SAME = 1e-9

# Batches on several threads share zones, and two must not dissolve the same polygons at once: GEOS prepares them.
BUILDING = threading.RLock()


class Zones:
    """One layer, or several taken together, prepared once in each CRS that sites come in."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = tuple(layers)
        self._indexes: dict[str, overlap.ZoneIndex] = {}
        self._grounds: dict[str, overlap.ZoneIndex] = {}

    @property
    def layer(self) -> Layer:
        """The only layer."""
        (one,) = self.layers
        return one

    def index(self, target: Any) -> overlap.ZoneIndex:
        """Return the layers' polygons in a CRS."""
        key = str(target)
        with BUILDING:
            if key not in self._indexes:
                self.hold(target, overlap.ZoneIndex(self.drawn(target), checked=True))
            return self._indexes[key]

    def holds(self, target: Any) -> bool:
        """Say whether the layers' polygons are prepared in a CRS."""
        return str(target) in self._indexes

    def hold(self, target: Any, index: overlap.ZoneIndex) -> None:
        """Take the layers' polygons in a CRS, prepared."""
        self._indexes[str(target)] = index

    def drawn(self, target: Any) -> NDArray[np.object_]:
        """Return the layers' polygons in a CRS as they were drawn."""
        return np.concatenate([np.empty(0, dtype=object), *(_shapes(layer, target) for layer in self.layers)])

    def ground(self, target: Any) -> overlap.ZoneIndex:
        """Return where the only layer is known to be complete, in a CRS."""
        key = str(target)
        with BUILDING:
            if key not in self._grounds:
                shape = crs.carried(np.array([coverage_shape(self.layer)], dtype=object), crs.LONLAT, target)
                self._grounds[key] = overlap.ZoneIndex(shape, checked=True)
            return self._grounds[key]

    def share(self, source: Any) -> bool:
        """Say whether every layer has this CRS."""
        return all(crs.same(source, layer.frame.crs) for layer in self.layers)

    def inside(self, prints: footprints.Footprints, shapes: Shapes) -> NDArray[np.float64]:
        """Return how much of each shape lies in any of the layers; square units of the plane.

        A line that is straight in longitude and latitude bends in the plane. So where sites and layers share such a
        CRS, whether a measured footprint lies beside the zones or wholly inside them is decided there, and only a part
        of it in the plane.
        """
        areas = self.index(prints.plane).inside(shapes, checked=True)
        if not self.layers or prints.crs.is_projected or not self.share(prints.crs):
            return areas
        whole = overlap.areas_of(shapes)
        partly = prints.measured & (areas > 0) & (areas < whole)
        if partly.any():
            drawn = overlap.only(prints.drawn, partly)
            parts = self.index(prints.crs).inside(drawn, checked=True)
            areas = np.where(partly & (parts == 0), 0.0, areas)
            areas = np.where(partly & (parts >= overlap.areas_of(drawn)), whole, areas)
        return areas

    def covered(
        self,
        prints: footprints.Footprints,
        shapes: Shapes,
        inside: NDArray[np.float64],
        *,
        drawn: NDArray[np.bool_],
    ) -> NDArray[np.float64]:
        """Return how much of each shape lies where the only layer is complete; square units of the plane.

        Where the coverage is not known, a zone that overlaps a footprint (`drawn`) shows that the layer was drawn
        there; one that overlaps what contains a site shows that for no more ground than its own.
        """
        whole = overlap.areas_of(shapes)
        if self.layer.coverage == EVERYWHERE:
            return whole
        if self.layer.coverage is None:
            return np.where(drawn & (inside > 0), whole, inside)
        return np.maximum(self.ground(prints.plane).inside(shapes, checked=True), inside)


def build(zones: Sequence[Zones], target: Any) -> None:
    """Prepare several zones in a CRS at once, a thread each where no two of them hold the same polygons."""
    with BUILDING:
        new = [zone for zone in zones if not zone.holds(target)]
        drawn = [zone.drawn(target) for zone in new]
        held = {id(shape) for shapes in drawn for shape in shapes}
        threads = None if len(held) == sum(map(len, drawn)) else 1
        made = in_threads(lambda shapes: overlap.ZoneIndex(shapes, checked=True), drawn, threads)
        for zone, index in zip(new, made, strict=True):
            zone.hold(target, index)


def meeting(prints: footprints.Footprints, zones: Sequence[Zones]) -> footprints.Footprints:
    """Return footprints where they are intersected with zones: in the projected CRS they share, else in the plane."""
    shared = prints.crs.is_projected and all(zone.share(prints.crs) for zone in zones)
    return prints.as_drawn if shared else prints


def _shapes(layer: Layer, target: Any) -> NDArray[np.object_]:
    """Return the polygons of a layer in a CRS; those that it cannot show are on the other side of the earth."""
    drawn = np.asarray(layer.frame.geometry.values, dtype=object)
    shapes = crs.carried(drawn, layer.frame.crs, target)
    return overlap.only(shapes, np.isfinite(shapely.bounds(shapes).reshape(-1, 4)).all(axis=1))


def coverage_shape(layer: Layer) -> Any:
    """Return the coverage of a layer as one geometry in EPSG:4326.

    Raises
    ------
    InputError
        A code is not known, or means different provinces in the two schemes.
    """
    if not isinstance(layer.coverage, tuple):
        return layer.coverage
    codes = {kostat for code in layer.coverage for kostat in _kostat(code, layer.name)}
    regions = datasets.load_regions("municipality")
    # A layer without a date is complete only where the code has always meant.
    days = (layer.as_of,) if layer.as_of else (datasets.BOUNDARY_VINTAGE, None)
    owners = [datasets.municipality_owners(day) for day in days]
    chosen = [
        code in codes or all(owner[code] in codes for owner in owners) for code in regions["municipality_code_kostat"]
    ]
    return shapely.coverage_union_all(np.asarray(regions.geometry[chosen].values, dtype=object))


def _kostat(code: str, name: str) -> tuple[str, ...]:
    """Return the 2018 KOSTAT codes that a coverage code means."""
    scheme, _, bare = code.rpartition(":")
    kostat = {member for members in datasets.province_members().values() for member in members}
    mois = datasets.province_members(scheme="mois")
    if len(bare) == 5:  # noqa: PLR2004
        if scheme != "mois" and bare in datasets.municipalities_on().index:
            return (bare,)
        msg = (
            f"The coverage of layer {name!r} names {code!r}, which is no KOSTAT municipality code of 2018. "
            "Give a province code, a polygon, or a KOSTAT code such as 'kostat:31191'."
        )
        raise InputError(msg)
    by_kostat = (bare,) if scheme != "mois" and bare in kostat else ()
    by_mois = mois.get(bare, ()) if scheme != "kostat" else ()
    if by_kostat and by_mois and by_kostat != by_mois:
        msg = (
            f"The coverage of layer {name!r} names {code!r}, which means different provinces in the two schemes. "
            f"Write 'kostat:{bare}' or 'mois:{bare}'."
        )
        raise InputError(msg)
    if not (by_kostat or by_mois):
        msg = (
            f"The coverage of layer {name!r} names {code!r}, which is no province code. "
            "Write for example 'kostat:31' or 'mois:41'."
        )
        raise InputError(msg)
    return by_kostat or by_mois


@dataclass(frozen=True)
class _Answers:
    """What a layer says of each site; NaN and False where it says nothing."""

    known: NDArray[np.bool_]
    present: NDArray[np.bool_]
    absent: NDArray[np.bool_]
    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    open: NDArray[np.bool_]
    """Complete wherever the site can lie, and yet the site may lie in a zone or not."""

    def where(self, mine: NDArray[np.bool_], other: _Answers) -> _Answers:
        """Return these answers where they count, and the others elsewhere."""
        names = [part.name for part in fields(self)]
        return _Answers(*(np.where(mine, getattr(self, name), getattr(other, name)) for name in names))


def zone_tags(
    evidence: pd.DataFrame, zones: Zones | None, name: str, prints: footprints.Footprints
) -> tuple[pd.DataFrame, int]:
    """Return the tags of one zone layer, and the number of sites about which it says nothing.

    The evidence of the frame stands where there is no layer or it says nothing.
    """
    if zones is None:
        nothing, none = np.full(len(prints), np.nan), np.zeros(len(prints), dtype=bool)
        unknown = _Answers(none, none, none, nothing, nothing, nothing, none)
        return _with_evidence(evidence, _named(name, unknown, prints, None), name), 0
    meet = meeting(prints, [zones])
    answers = _answers(zones, meet)
    if meet is not prints and (prints.disc | prints.point | (~prints.measured & ~np.isnan(prints.whole))).any():
        # Only a measured footprint is drawn in the shared CRS; bounds need true areas.
        answers = answers.where(prints.measured, _answers(zones, prints.only(~prints.measured)))
    silent = int((~answers.known & ~answers.open & (prints.measured | prints.disc | prints.point)).sum())
    tags = _with_evidence(evidence, _named(name, answers, prints, zones.layer), name)
    return _left_open(tags, answers.open, zones.layer, name), silent


def _left_open(tags: pd.DataFrame, still: NDArray[np.bool_], layer: Layer, name: str) -> pd.DataFrame:
    """Say where the layer was asked and leaves the answer open, and nothing else is known."""
    if not still.any():
        return tags
    tags = plain(tags)
    rows = still & (tags[f"{name}_basis"] == "unknown").to_numpy()
    told = {"share_low": 0.0, "share_high": 1.0, "basis": "estimated", "as_of": layer.as_of, "source": _source(layer)}
    for column, value in told.items():
        kind = tags[f"{name}_{column}"].dtype
        tags[f"{name}_{column}"] = tags[f"{name}_{column}"].where(~rows, value).astype(kind)
    return tags


def _source(layer: Layer) -> str:
    """Return where a layer comes from."""
    return layer.source or f"layer {layer.name!r} (source not given)"


def _named(name: str, answers: _Answers, prints: footprints.Footprints, layer: Layer | None) -> pd.DataFrame:
    """Return the columns of a zone."""
    known = answers.known
    direct = known & (prints.measured | prints.bare)
    basis = np.where(known, np.where(direct, 0, 1), 2)
    present = pd.arrays.BooleanArray(answers.present & known, ~(known & (answers.present | answers.absent)))
    share = np.where(known, answers.share, np.nan)
    told = (None, None) if layer is None else (layer.as_of, _source(layer))
    values = (
        present,
        share,
        np.where(known, answers.low, np.nan),
        np.where(known, answers.high, np.nan),
        share * _areas(prints),
        coded(["measured", "estimated", "unknown"], basis),
        *(constant(text, known) for text in told),
    )
    return pd.DataFrame({f"{name}_{tag}": value for tag, value in zip(schema.ZONE_TAGS, values, strict=True)})


def _areas(prints: footprints.Footprints) -> NDArray[np.float64]:
    """Return the area in square metres that a share is of: the reported one of a disc, else that of the geometry."""
    return np.where(prints.disc & (prints.sizes > 0), prints.sizes, prints.true_areas)


def _answers(zones: Zones, prints: footprints.Footprints) -> _Answers:
    """Return what a layer says of each site."""
    areal, whole = prints.containers, prints.whole
    inside = zones.inside(prints, areal)
    covered = zones.covered(prints, areal, inside, drawn=prints.measured)
    with np.errstate(invalid="ignore"):
        unknown = np.maximum(whole - covered, 0.0)
        unknown[unknown <= _SAME * whole] = 0.0
    low, high = footprints.bounds(inside, unknown, whole, prints.sizes)
    share = np.where((low == high) & ~prints.point, low, np.nan)
    # A layer answers where it is complete over some of what can hold the site, and what it says narrows the question.
    known = (covered > 0) & ((low > 0) | (high < 1) | ~np.isnan(share))
    asked = (covered > 0) & (unknown == 0)
    present, absent = low > 0, high == 0
    if prints.disc.any():
        estimate, complete = _estimate(zones, prints)
        clipped = np.clip(estimate, np.nan_to_num(low), np.nan_to_num(high, nan=1.0))
        share = np.where(prints.disc, np.where(complete, clipped, np.nan), share)
        known |= prints.disc & complete
    if prints.bare.any():
        held, complete = at_points(zones, prints)
        known, present, absent = (
            np.where(prints.bare, mine, other)
            for mine, other in ((complete, known), (held, present), (complete & ~held, absent))
        )
    return _Answers(known, present, absent, share, low, high, asked & ~known)


def _estimate(zones: Zones, prints: footprints.Footprints) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the share of each drawn disc, and whether the layer is complete over the whole disc."""
    discs = overlap.only(prints.shapes, prints.disc)
    whole = overlap.areas_of(discs)
    inside = zones.index(prints.plane).inside(discs, checked=True)
    covered = zones.covered(prints, discs, inside, drawn=inside > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return inside / whole, prints.disc & (covered >= whole * (1 - _SAME))


def at_points(zones: Zones, prints: footprints.Footprints) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which bare points lie in a zone, and where the layer is known to say so."""
    # Where points and zones share a CRS, a point on a zone's edge is on it there: rounding in the plane moves it off.
    shared = zones.share(prints.crs)
    points = overlap.only(prints.drawn if shared else prints.shapes, prints.bare)
    _, number = zones.index(prints.crs if shared else prints.plane).holders(points)
    inside = number > 0
    complete, layer = inside.copy(), zones.layer
    if layer.coverage == EVERYWHERE:
        complete |= prints.bare
    elif layer.coverage is not None:
        ground = coverage_shape(layer)
        shapely.prepare(ground)
        complete[prints.bare] |= shapely.intersects_xy(ground, *prints.lonlat[prints.bare].T)
    return inside, complete


class Covered(Protocol):
    """What has a name and a coverage: a layer, or a rule over one."""

    @property
    def name(self) -> str:
        """The name in column names."""

    @property
    def coverage(self) -> Any:
        """Where it is complete, as a `Layer` keeps it."""


def warn_silent(layer: Covered, count: int) -> None:
    """Say once for a layer how to declare its coverage."""
    if count and layer.coverage != EVERYWHERE:
        why = (
            "its coverage is not known and no zone touches them"
            if layer.coverage is None
            else "they lie outside its coverage"
        )
        msg = (
            f"Layer {layer.name!r} says nothing about {count} site(s): {why}. They are unknown, not 0. If the layer "
            'is complete there, declare it: Layer(..., coverage="everywhere"), codes such as "kostat:31", or a polygon '
            f'(--coverage {layer.name}=everywhere on the command line, coverage = "everywhere" in a scenario).'
        )
        warn(msg)


def _with_evidence(evidence: pd.DataFrame, tags: pd.DataFrame, name: str) -> pd.DataFrame:
    """Fill the tags from `NAME_reported_*` where no layer decided anything."""
    basis = evidence.get(f"{name}_reported_basis")
    if basis is None:
        return tags
    tags = plain(tags)
    free = (tags[f"{name}_basis"] == "unknown").to_numpy() & basis.isin(["reported", "inferred"]).to_numpy()
    for column in ("present", "share", "area_m2", "basis", "as_of", "source"):
        reported = evidence.get(f"{name}_reported_{column}")
        if reported is not None:
            kind = tags[f"{name}_{column}"].dtype
            filled = tags[f"{name}_{column}"].where(~free, reported.set_axis(tags.index))
            tags[f"{name}_{column}"] = filled.astype(kind)
    return tags
