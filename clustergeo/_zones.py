"""The share of each site in a zone layer, with bounds, coverage and evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from clustergeo import crs, datasets, footprints, overlap
from clustergeo.errors import InputError, warn
from clustergeo.layers import EVERYWHERE, Layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

_SAME = 1e-9
_NOTHING: NDArray[np.object_] = np.empty(0, dtype=object)


def common_crs(frame: gpd.GeoDataFrame, layer: Layer, plane: str) -> Any:
    """Return where to intersect: the projected CRS that sites and zones share, otherwise the equal-area plane."""
    mine = pyproj.CRS(frame.crs)
    return mine if mine.is_projected and mine == pyproj.CRS(layer.frame.crs) else plane


def covered_areas(
    layer: Layer,
    prints: footprints.Footprints,
    shapes: NDArray[np.object_],
    inside: NDArray[np.float64],
    *,
    drawn: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return how much of each shape lies where the layer is complete; square units of the plane.

    Where the coverage is not known, a zone that overlaps a footprint (`drawn`) shows that the layer was drawn there;
    one that overlaps what contains a site shows that for no more ground than its own.
    """
    whole = np.nan_to_num(np.asarray(shapely.area(shapes), dtype=np.float64))
    if layer.coverage == EVERYWHERE:
        return whole
    if layer.coverage is None:
        return np.where(drawn & (inside > 0), whole, inside)
    ground = overlap.dissolve(crs.transform(np.array([coverage_shape(layer)], dtype=object), crs.LONLAT, prints.plane))
    return np.maximum(overlap.total_areas(shapes, ground), inside)


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


def inside_areas(
    frame: gpd.GeoDataFrame,
    layers: Sequence[Layer],
    prints: footprints.Footprints,
    shapes: NDArray[np.object_],
) -> NDArray[np.float64]:
    """Return how much of each shape lies in any of the layers; square units of the plane.

    A line that is straight in longitude and latitude bends in the plane. So where sites and layers share such a CRS,
    whether a measured footprint lies beside the zones or wholly inside them is decided there, and only a part of it in
    the plane.
    """
    zones = overlap.dissolve(np.concatenate([_shapes(layer, prints.plane) for layer in layers] or [_NOTHING]))
    areas = overlap.total_areas(shapes, zones)
    mine = pyproj.CRS(frame.crs)
    if not layers or mine.is_projected or any(mine != pyproj.CRS(layer.frame.crs) for layer in layers):
        return areas
    whole = np.asarray(shapely.area(shapes), dtype=np.float64)
    partly = np.flatnonzero(prints.measured & (areas > 0) & (areas < whole))
    if len(partly):
        straight = overlap.dissolve(np.concatenate([_shapes(layer, mine) for layer in layers]))
        drawn = np.asarray(frame.geometry.values, dtype=object)[partly]
        parts = overlap.total_areas(drawn, straight)
        areas[partly[parts == 0]] = 0.0
        full = partly[parts >= shapely.area(drawn)]
        areas[full] = whole[full]
    return areas


def _shapes(layer: Layer, target: Any) -> NDArray[np.object_]:
    """Return the polygons of a layer in a CRS; those that it cannot show are on the other side of the earth."""
    shapes = crs.transform(np.asarray(layer.frame.geometry.values, dtype=object), layer.frame.crs, target)
    return overlap.only(shapes, np.isfinite(shapely.bounds(shapes).reshape(-1, 4)).all(axis=1))


def zone_tags(
    frame: gpd.GeoDataFrame, layer: Layer | None, name: str, prints: footprints.Footprints
) -> tuple[pd.DataFrame, int]:
    """Return the tags of one zone layer, and the number of sites about which it says nothing.

    The evidence of the frame stands where there is no layer or it says nothing.
    """
    if layer is None:
        return _with_evidence(frame, _unknown(frame, name), name), 0
    shared = common_crs(frame, layer, prints.plane)
    if shared == prints.plane:
        tags, silent = _answers(frame, layer, prints)
        return _with_evidence(frame, tags, name), silent
    # Only a measured footprint is drawn in the shared CRS; bounds need true areas.
    rows = (np.flatnonzero(prints.measured), np.flatnonzero(~prints.measured))
    halves = [
        _answers(frame.iloc[some], layer, footprints.of(frame.iloc[some], plane))
        for some, plane in zip(rows, (shared, prints.plane), strict=True)
    ]
    stacked = pd.concat([tags for tags, _ in halves]).iloc[np.argsort(np.concatenate(rows))]
    return _with_evidence(frame, stacked.set_axis(frame.index), name), sum(count for _, count in halves)


def _unknown(frame: gpd.GeoDataFrame, name: str) -> pd.DataFrame:
    """Return the tags of a zone of which nothing is known."""
    count = len(frame)
    nothing = np.full(count, np.nan)
    return pd.DataFrame(
        {
            f"{name}_present": pd.array([None] * count, dtype="boolean"),
            f"{name}_share": nothing,
            f"{name}_share_low": nothing,
            f"{name}_share_high": nothing,
            f"{name}_area_m2": nothing,
            f"{name}_basis": np.full(count, "unknown", dtype=object),
            f"{name}_as_of": np.full(count, None, dtype=object),
            f"{name}_source": np.full(count, None, dtype=object),
        },
        index=frame.index,
    )


def _answers(frame: gpd.GeoDataFrame, layer: Layer, prints: footprints.Footprints) -> tuple[pd.DataFrame, int]:
    """Return what a layer says of each site, and of how many it says nothing."""
    areal = prints.containers
    whole = np.asarray(shapely.area(areal), dtype=np.float64)
    inside = inside_areas(frame, [layer], prints, areal)
    covered = covered_areas(layer, prints, areal, inside, drawn=prints.measured)
    unknown = np.maximum(whole - covered, 0.0)
    unknown[unknown <= _SAME * whole] = 0.0
    low, high = footprints.bounds(inside, unknown, whole, prints.sizes)
    drawn = np.asarray(prints.basis == "disc", dtype=bool)
    share = np.where(low == high, low, np.nan)
    # Only discs and bare points need the polygons themselves; dissolving them again is what a large layer costs.
    needed = (drawn | prints.bare).any()
    zones = overlap.dissolve(_shapes(layer, prints.plane)) if needed else _NOTHING
    estimate, disc_known = _estimate(layer, prints, zones)
    share = np.where(
        drawn, np.where(disc_known, np.clip(estimate, np.nan_to_num(low), np.nan_to_num(high, nan=1.0)), np.nan), share
    )
    present = footprints.flags(low, high)
    point = np.asarray(prints.basis == "point", dtype=bool)
    share[point] = np.nan
    # A layer answers where it is complete over some of what can hold the site, and what it says narrows the question.
    answered = (covered > 0) & ((low > 0) | (high < 1) | ~np.isnan(share))
    answered |= drawn & disc_known
    bare = prints.bare
    inside_now, complete = _at_points(layer, prints, zones, bare)
    flag = np.where(bare, overlap.only(inside_now, complete), np.asarray(present, dtype=object))
    answered = np.where(bare, complete, answered)
    silent = int((~answered & ~shapely.is_missing(prints.shapes)).sum())
    true_area = crs.areas_m2(frame.geometry)
    if "area_km2" in frame.columns:
        true_area = np.where(drawn, prints_area(frame, true_area), true_area)
    tags = _unknown(frame, layer.name)
    name, known = layer.name, answered
    tags[f"{name}_present"] = pd.array(overlap.only(flag, known), dtype="boolean")
    for column, values in (("share", share), ("share_low", low), ("share_high", high), ("area_m2", share * true_area)):
        tags[f"{name}_{column}"] = np.where(known, values, np.nan)
    tags[f"{name}_basis"] = np.where(known, np.where(prints.measured | bare, "measured", "estimated"), "unknown")
    tags[f"{name}_as_of"] = overlap.only(layer.as_of, known)
    tags[f"{name}_source"] = overlap.only(layer.source or f"layer {name!r} (source not given)", known)
    return tags, silent


def prints_area(frame: gpd.GeoDataFrame, areas: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the reported area in square metres where there is one, otherwise that of the geometry."""
    given = frame["area_km2"].to_numpy(dtype=np.float64, na_value=np.nan) * 1e6
    return np.where(given > 0, given, areas)


def _estimate(
    layer: Layer, prints: footprints.Footprints, zones: NDArray[np.object_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the share of each drawn disc, and whether the layer is complete over the whole disc."""
    discs = overlap.only(prints.shapes, prints.basis == "disc")
    whole = np.asarray(shapely.area(discs), dtype=np.float64)
    inside = overlap.total_areas(discs, zones)
    covered = covered_areas(layer, prints, discs, inside, drawn=inside > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return inside / whole, np.asarray(covered >= whole * (1 - _SAME), dtype=bool)


def _at_points(
    layer: Layer, prints: footprints.Footprints, zones: NDArray[np.object_], bare: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which bare points lie in a zone, and where the layer is known to say so."""
    rows, _ = shapely.STRtree(zones).query(overlap.only(prints.shapes, bare), predicate="intersects")
    inside = np.zeros(len(bare), dtype=bool)
    inside[rows] = True
    complete = inside.copy()
    if layer.coverage == EVERYWHERE:
        complete |= bare
    elif layer.coverage is not None and bare.any():
        lonlat = crs.transform(prints.shapes[bare], prints.plane, crs.LONLAT)
        complete[bare] |= shapely.intersects(coverage_shape(layer), lonlat)
    return inside, complete


def warn_silent(layer: Layer, count: int) -> None:
    """Say once for a layer how to declare its coverage."""
    if count:
        why = (
            "its coverage is not known and no zone touches them"
            if layer.coverage is None
            else "they lie outside its coverage"
        )
        msg = (
            f"Layer {layer.name!r} says nothing about {count} site(s): {why}. They are unknown, not 0. If the layer "
            'is complete there, declare it: Layer(..., coverage="everywhere"), codes such as "kostat:31", or a polygon '
            f"(--coverage {layer.name}=everywhere on the command line)."
        )
        warn(msg)


def _with_evidence(frame: gpd.GeoDataFrame, tags: pd.DataFrame, name: str) -> pd.DataFrame:
    """Fill the tags from `NAME_reported_*` where no layer decided anything."""
    basis = frame.get(f"{name}_reported_basis")
    if basis is None:
        return tags
    free = (tags[f"{name}_basis"] == "unknown").to_numpy() & basis.isin(["reported", "inferred"]).to_numpy()
    for column in ("present", "share", "area_m2", "basis", "as_of", "source"):
        reported = frame.get(f"{name}_reported_{column}")
        if reported is not None:
            kind = tags[f"{name}_{column}"].dtype
            tags[f"{name}_{column}"] = tags[f"{name}_{column}"].where(~free, reported).astype(kind)
    return tags
