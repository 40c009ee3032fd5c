"""The region of each site and its place to the capital region."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from clustergeo import crs, datasets, footprints, overlap, schema
from clustergeo.errors import InputError

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

BOUNDARY_ERROR_M = 200.0
HALF = 0.5
_SAME = 1e-9


def region_tags(frame: gpd.GeoDataFrame, prints: footprints.Footprints, as_of: str | None) -> pd.DataFrame:
    """Return the region tags of each site, aligned with the frame; null for sites elsewhere than in or near Korea.

    A measured footprint belongs to the municipality and the locality that hold most of it, a point to those that
    contain it, any other site to those that hold all of what contains it; otherwise the tag is null and the
    alternatives are listed.
    """
    localities, zones = _localities_on_plane()
    if prints.plane != crs.KOREA_PLANE:
        localities, zones = localities.iloc[:0], zones[:0]
    pairs = _pairs(prints, zones)
    pairs["municipality"] = localities["locality_code_kostat"].str[:5].to_numpy()[pairs["zone"]]
    municipalities = datasets.municipalities_on(as_of)
    whole = np.asarray(shapely.area(prints.containers), dtype=np.float64)
    held = pairs.groupby(["row", "municipality"], sort=True)["area"].sum().reset_index()
    count = len(frame)
    best = held.loc[held.groupby("row")["area"].idxmax()] if len(held) else held
    options = held.groupby("row")["municipality"].agg(list)
    decided = np.zeros(count, dtype=bool)
    decided[options.index[options.str.len() == 1]] = True
    decided |= prints.measured | prints.bare
    code, share = np.full(count, None, dtype=object), np.full(count, np.nan)
    code[best["row"]] = best["municipality"]
    with np.errstate(invalid="ignore", divide="ignore"):
        share[best["row"]] = best["area"].to_numpy() / whole[best["row"]]
    code[~decided] = None
    share = np.where(decided & (whole > 0), np.where(np.abs(share - 1) <= _SAME, 1.0, share), np.nan)
    # Only a container that lies wholly in one municipality proves the share of a site that is not measured.
    share[~prints.measured & (share < 1)] = np.nan
    out = _named(code, municipalities)
    out["region_share"] = share
    for row, codes in options.items():
        if not decided[row]:
            out.loc[row, "municipality_alternatives"] = ";".join(codes)
            _province_if_one(out, int(row), codes, municipalities)
    out["locality"] = _localities(prints, pairs, localities, decided)
    if "macro_region" not in frame.columns:
        out["macro_region"] = datasets.macro_region_codes(out["municipality_code_kostat"].str[:2])
    out.index = frame.index
    return _with_evidence(frame, out)


@functools.cache
def _localities_on_plane() -> tuple[pd.DataFrame, NDArray[np.object_]]:
    """Return codes and names of the localities, and their polygons on the Korean plane."""
    localities = datasets.load_regions("locality")
    shapes = crs.transform(np.asarray(localities.geometry.values, dtype=object), crs.LONLAT, crs.KOREA_PLANE)
    return localities[["locality_code_kostat", "locality"]], shapes


@functools.cache
def _capital_on_plane() -> tuple[NDArray[np.object_], NDArray[np.object_], shapely.Geometry]:
    """Return the capital region, all land (both disjoint) and the border shared with a neighbour, on the plane."""
    capital = np.asarray(datasets.load_capital_region().geometry.values, dtype=object)
    provinces = np.asarray(datasets.load_regions("province").geometry.values, dtype=object)
    region = overlap.dissolve(crs.transform(capital, crs.LONLAT, crs.KOREA_PLANE))
    land = crs.transform(provinces, crs.LONLAT, crs.KOREA_PLANE)
    merged = shapely.MultiPolygon(list(region))
    neighbours = land[shapely.area(shapely.intersection(land, merged)) < HALF * shapely.area(land)]
    # Neighbours of one coverage share their vertices; a millimetre absorbs what filling the holes adds.
    shared = shapely.intersection(shapely.boundary(merged), shapely.buffer(shapely.union_all(neighbours), 1e-3))
    return region, overlap.dissolve(np.concatenate([land, region])), shared


def _pairs(prints: footprints.Footprints, zones: NDArray[np.object_]) -> pd.DataFrame:
    """Return row, zone and area of every overlap; for bare points the zone that contains them, with area 0."""
    rows, columns, areas = overlap.pair_areas(prints.containers, zones)
    points = overlap.only(prints.shapes, prints.bare)
    at, inside = shapely.STRtree(zones).query(points, predicate="intersects")
    # A point on a shared border is in the first of its zones, so that the answer does not depend on the order of a
    # tree.
    first = pd.DataFrame({"row": at, "zone": inside}).groupby("row", sort=True)["zone"].min().reset_index()
    return pd.concat(
        [pd.DataFrame({"row": rows, "zone": columns, "area": areas}), first.assign(area=0.0)], ignore_index=True
    ).astype({"row": "int64", "zone": "int64", "area": "float64"})


def _named(codes: NDArray[np.object_], municipalities: pd.DataFrame) -> pd.DataFrame:
    """Return the names and codes that follow from municipality codes."""
    wanted = ["province_code_mois", "province_code_kostat", "province", "city", "municipality"]
    rows = municipalities[wanted].reindex(pd.Index(codes, dtype=object)).reset_index(drop=True).astype(object)
    rows = rows.where(rows.notna(), None)
    rows.insert(4, "municipality_code_kostat", codes)
    rows["municipality_alternatives"] = None
    return rows


def _province_if_one(out: pd.DataFrame, row: int, codes: list[str], municipalities: pd.DataFrame) -> None:
    """Fill the province of an undecided site whose alternatives all lie in one."""
    columns = ["province_code_mois", "province_code_kostat", "province"]
    possible = municipalities.loc[codes, columns]
    if len(set(possible["province"])) == 1:
        out.loc[row, columns] = possible.iloc[0].to_numpy(dtype=object)


def _localities(
    prints: footprints.Footprints, pairs: pd.DataFrame, localities: gpd.GeoDataFrame, decided: NDArray[np.bool_]
) -> NDArray[np.object_]:
    """Return the locality with most of a measured footprint, or the only one that a site can lie in."""
    out = np.full(len(decided), None, dtype=object)
    if pairs.empty:
        return out
    best = pairs.loc[pairs.groupby("row")["area"].idxmax()]
    alone = pairs.groupby("row")["zone"].transform("size").loc[best.index].to_numpy() == 1
    row = best["row"].to_numpy()
    kept = prints.measured[row] | alone
    out[row[kept]] = localities["locality"].to_numpy()[best["zone"].to_numpy()[kept]]
    return out


def _with_evidence(frame: gpd.GeoDataFrame, tags: pd.DataFrame) -> pd.DataFrame:
    """Let reported region names stand where the frame holds them, and refuse names that the geometry contradicts."""
    if not schema.has_evidence(frame):
        return tags
    problems: list[str] = []
    ids = frame["site_id"].to_numpy(dtype=object)
    for column in schema.REGION_EVIDENCE:
        if column in frame.columns:
            reported = frame[column].to_numpy(dtype=object)
            said = np.array([isinstance(text, str) and bool(text.strip()) for text in reported], dtype=bool)
            problems += [
                f"site {ids[row]!r}: {column} is {reported[row]!r}, but it lies in {' or '.join(names)}"
                for row in np.flatnonzero(said)
                if (names := _names(column, tags.iloc[row])) and _plain(reported[row]) not in map(_plain, names)
            ]
            tags[column] = np.where(said, reported, tags[column].to_numpy(dtype=object))
    if problems:
        msg = "The reported region and the geometry disagree:\n- " + "\n- ".join(problems[: schema.SHOWN])
        msg += "\nMend the address, the position or `within`."
        raise InputError(msg)
    return tags


def _names(column: str, tags: pd.Series) -> list[str]:
    """Return every name that a reported region may have, given where the site can lie; none where that is not known.

    A province may have any name it ever had, a gu stand with its city or alone. Localities are not compared: the legal
    and the administrative ones of a place have different names.
    """
    codes = tags["municipality_code_kostat"] or tags["municipality_alternatives"]
    if not isinstance(codes, str) or column == "locality":
        return []
    if column == "province":
        owners, ever = datasets.municipality_owners(), datasets.province_names()
        return sorted({name for code in codes.split(";") for owner in (code[:2], owners[code]) for name in ever[owner]})
    held = datasets.municipalities_on().loc[codes.split(";")]
    names = [*held["city"], *([] if column == "city" else held["municipality"])]
    return list(dict.fromkeys([*names, *(name.rpartition(" ")[2] for name in names)]))


def _plain(name: str) -> str:
    """Return a name without spaces."""
    return "".join(str(name).split())


def capital_tags(frame: gpd.GeoDataFrame, prints: footprints.Footprints) -> pd.DataFrame:
    """Return the tags of the capital region: bounds, verdict and distance to the border; null for sites elsewhere."""
    if prints.plane != crs.KOREA_PLANE:
        nothing = np.full(len(frame), np.nan)
        return _capital_columns(frame, overlap.only(None, nothing > 0), (nothing, nothing, nothing), nothing)
    region, land, shared = _capital_on_plane()
    areal = prints.containers
    inside, on_land = overlap.total_areas(areal, region), overlap.total_areas(areal, land)
    whole = np.asarray(shapely.area(areal), dtype=np.float64)
    off = np.maximum(whole - np.maximum(on_land, inside), 0.0)
    off[off <= _SAME * whole] = 0.0
    low, high = footprints.bounds(inside, np.zeros_like(off), whole, prints.sizes)
    _, high_at_sea = footprints.bounds(inside, off, whole, prints.sizes)
    away = shapely.is_missing(areal) | (off >= whole * (1 - _SAME))
    low, high = np.where(away, np.nan, low), np.where(away, np.nan, high)
    signed, beside = _border(prints, region, shared)
    near = beside <= BOUNDARY_ERROR_M + prints.errors
    decided = ((low > HALF) | (high_at_sea < HALF)) & ~away & ~near
    decided[prints.bare] = (_contains(prints.shapes, land) & ~near)[prints.bare]
    verdict = overlap.only(np.where(prints.bare, _contains(prints.shapes, region), low > HALF), decided)
    share = np.where((low == high) & ~(prints.sizes == 0), low, np.nan)
    return _capital_columns(frame, verdict, (share, low, high), signed / 1000)


def _capital_columns(
    frame: gpd.GeoDataFrame,
    verdict: NDArray[np.object_],
    shares: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    border_km: NDArray[np.float64],
) -> pd.DataFrame:
    """Return the columns of the capital region."""
    values = (pd.array(verdict, dtype="boolean"), *shares, border_km)
    return pd.DataFrame(dict(zip(schema.CAPITAL_TAGS, values, strict=True)), index=frame.index)


def _contains(points: NDArray[np.object_], zones: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Say which geometries meet a zone; used for points."""
    rows, _ = shapely.STRtree(zones).query(points, predicate="intersects")
    out = np.zeros(len(points), dtype=bool)
    out[rows] = True
    return out


def _border(
    prints: footprints.Footprints, region: NDArray[np.object_], shared: shapely.Geometry
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the distance to the capital region's border, negative inside, and to the part with a neighbour; metres.

    The shore is a border of the region but not one beyond which another province begins, so only the shared part can
    make a verdict doubtful.
    """
    centroids = prints.centroids
    outline = shapely.boundary(shapely.MultiPolygon(list(region)))
    distance = _geodesic(prints, overlap.border_points(centroids, outline))
    beside = _geodesic(prints, overlap.border_points(centroids, shared))
    return np.where(_contains(centroids, region), -distance, distance), beside


def _geodesic(prints: footprints.Footprints, nearest: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return the geodesic distance of each centroid to a point of the plane; metres."""
    there = crs.transform(nearest, prints.plane, crs.LONLAT)
    out = np.full(len(nearest), np.nan)
    known = ~shapely.is_missing(there)
    out[known] = crs.geodesic_distances_m(
        prints.longitudes[known], prints.latitudes[known], shapely.get_x(there[known]), shapely.get_y(there[known])
    )
    return out
