"""The region of each site and its place to the capital region."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from clustergeo import crs, datasets, footprints, overlap, schema
from clustergeo._coded import coded, plain
from clustergeo.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

BOUNDARY_ERROR_M = 200.0
HALF = 0.5
_SAME = 1e-9
# Within Korea a length on the plane is within this part of the geodesic one.
_STRETCH = 1.05
_NAMES = ("province_code_mois", "province_code_kostat", "province", "city", "municipality")


class _Localities(NamedTuple):
    """The localities on the Korean plane; the municipality and the name of each, by its number."""

    areas: overlap.ZoneIndex
    municipality: NDArray[np.int64]
    name: NDArray[np.object_]
    codes: NDArray[np.object_]


@functools.cache
def _localities() -> _Localities:
    localities = datasets.load_regions("locality").sort_values("locality_code_kostat")
    shapes = crs.carried(np.asarray(localities.geometry.values, dtype=object), crs.LONLAT, crs.KOREA_PLANE)
    numbers, codes = pd.factorize(localities["locality_code_kostat"].str[:5], sort=True)
    # Codes of localities begin with those of their municipality: in sorted order each municipality is one run.
    index = overlap.ZoneIndex(shapes, np.arange(len(shapes)), checked=True, dissolved=True)
    names = localities["locality"].to_numpy(dtype=object)
    return _Localities(index, numbers.astype(np.int64), names, np.asarray(codes, dtype=object))


class _Near(NamedTuple):
    """The municipalities with the ground within the boundary's own error of each, on the plane: parts and whose."""

    areas: overlap.ZoneIndex
    parts: shapely.STRtree
    owner: NDArray[np.intp]
    codes: NDArray[np.object_]


@functools.cache
def _near_municipalities() -> _Near:
    table = datasets.load_regions("municipality")
    shapes = crs.carried(np.asarray(table.geometry.values, dtype=object), crs.LONLAT, crs.KOREA_PLANE)
    parts, owner = shapely.get_parts(shapely.buffer(shapes, BOUNDARY_ERROR_M), return_index=True)
    index = overlap.ZoneIndex(parts, owner, checked=True, dissolved=True)
    return _Near(index, shapely.STRtree(parts), owner, table["municipality_code_kostat"].to_numpy(dtype=object))


class _Capital(NamedTuple):
    """The capital region, all land, the outline of the region and its border shared with a neighbour, on the plane."""

    region: overlap.ZoneIndex
    land: overlap.ZoneIndex
    outline: overlap.Border
    shared: overlap.Border


@functools.cache
def _capital() -> _Capital:
    capital = np.asarray(datasets.load_capital_region().geometry.values, dtype=object)
    provinces = np.asarray(datasets.load_regions("province").geometry.values, dtype=object)
    region = overlap.dissolve(crs.carried(capital, crs.LONLAT, crs.KOREA_PLANE))
    land = crs.carried(provinces, crs.LONLAT, crs.KOREA_PLANE)
    merged = shapely.MultiPolygon(list(region))
    neighbours = land[shapely.area(shapely.intersection(land, merged)) < HALF * shapely.area(land)]
    # Neighbours of one coverage share their vertices; a millimetre absorbs what filling the holes adds.
    shared = shapely.intersection(shapely.boundary(merged), shapely.buffer(shapely.union_all(neighbours), 1e-3))
    return _Capital(
        overlap.ZoneIndex(region, checked=True, dissolved=True),
        overlap.ZoneIndex(np.concatenate([land, region]), checked=True),
        overlap.Border(shapely.get_parts(shapely.boundary(merged))),
        overlap.Border(shapely.get_parts(shared)),
    )


class _Held(NamedTuple):
    """Overlaps of sites with areas, sorted by row and area: their numbers, and the square units they share."""

    row: NDArray[np.int64]
    area_of: NDArray[np.int64]
    size: NDArray[np.float64]

    def summed(self, larger: NDArray[np.int64]) -> _Held:
        """Return the overlaps with the larger areas that these areas belong to; each of them is one run of areas."""
        owner = larger[self.area_of]
        first = np.flatnonzero((np.diff(self.row, prepend=-1) != 0) | (np.diff(owner, prepend=-1) != 0))
        sums = np.add.reduceat(self.size, first) if len(first) else self.size
        return _Held(self.row[first], owner[first], sums)

    def best(self, count: int) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
        """Return for each site the area with most of it (the first of equals), that size, and how many areas it has."""
        number = np.bincount(self.row, minlength=count)
        best, size = np.full(count, -1, dtype=np.int64), np.full(count, np.nan)
        alone = number[self.row] == 1
        best[self.row[alone]], size[self.row[alone]] = self.area_of[alone], self.size[alone]
        several = np.flatnonzero(~alone)
        order = several[np.lexsort((self.area_of[several], -self.size[several], self.row[several]))]
        first = order[np.flatnonzero(np.diff(self.row[order], prepend=-1))]
        best[self.row[first]], size[self.row[first]] = self.area_of[first], self.size[first]
        return best, size, number


def region_tags(evidence: pd.DataFrame, prints: footprints.Footprints, as_of: str | None) -> pd.DataFrame:
    """Return the region tags of each site; null for sites elsewhere than in or near Korea.

    A measured footprint belongs to the municipality and the locality that hold most of it, a point to those that
    contain it, any other site to those that hold all of what contains it; otherwise the tag is null and the
    alternatives are listed.
    """
    count, known = len(prints), _localities()
    held = _held(prints, known.areas)
    municipal = held.summed(known.municipality)
    best, size, number = municipal.best(count)
    decided = (number == 1) | prints.measured | prints.bare
    code = np.where(decided, best, -1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = size / prints.whole
        share = np.where(decided & (prints.whole > 0), np.where(np.abs(share - 1) <= _SAME, 1.0, share), np.nan)
        # Only a container that lies wholly in one municipality proves the share of a site that is not measured.
        share[~prints.measured & (share < 1)] = np.nan
    named = datasets.municipalities_on(as_of).loc[known.codes]
    names = {name: coded(named[name], code) for name in _NAMES}
    place, _, alternatives = held.best(count)
    place = np.where((code >= 0) & (prints.measured | (alternatives == 1)), place, -1)
    columns = {
        **{name: names[name] for name in _NAMES[:4]},
        "municipality_code_kostat": coded(known.codes, code),
        "municipality": names["municipality"],
        "municipality_alternatives": coded([None], np.full(count, -1)),
        "region_share": share,
        "locality": coded(known.name, place),
    }
    if "macro_region" not in evidence.columns:
        columns["macro_region"] = coded(datasets.macro_region_codes(pd.Series(known.codes).str[:2]), code)
    out = pd.DataFrame(columns)
    open_rows = np.flatnonzero((number > 0) & ~decided)
    if len(open_rows):
        out = _with_alternatives(out, open_rows, municipal, named)
    return _with_evidence(evidence, out)


def municipalities_near(prints: footprints.Footprints) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Return every municipality in which a part of each site may lie: rows of sites, sorted, and codes.

    All that are nearer to a site, or to what contains it, than the boundary's own error; none elsewhere than in Korea.
    """
    if prints.plane != crs.KOREA_PLANE:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=object)
    near = _near_municipalities()
    rows, areas, _ = near.areas.overlaps(prints.containers, checked=True)
    bare = np.flatnonzero(prints.bare)
    if len(bare):
        points, parts = near.parts.query(overlap.as_array(overlap.rows_of(prints.shapes, bare)), "intersects")
        rows, areas = np.append(rows, bare[points]), np.append(areas, near.owner[parts])
    order = np.lexsort((areas, rows))
    return rows[order], near.codes[areas[order]]


def _held(prints: footprints.Footprints, index: overlap.ZoneIndex) -> _Held:
    """Return the overlap of every container with the areas; a bare point has the first one that contains it, size 0."""
    if prints.plane != crs.KOREA_PLANE:
        nothing = np.empty(0, dtype=np.int64)
        return _Held(nothing, nothing, np.empty(0))
    rows, areas, sizes = index.overlaps(prints.containers, checked=True)
    # A container that is one of the areas shares its border with the next ones up to rounding.
    ground = prints.measured[rows] | (sizes > _SAME * prints.whole[rows])
    if not ground.all():
        rows, areas, sizes = rows[ground], areas[ground], sizes[ground]
    if not prints.bare.any():
        return _Held(rows, areas, sizes)
    first, _ = index.holders(overlap.only(prints.shapes, prints.bare))
    at = np.flatnonzero(first >= 0)
    rows, areas, sizes = np.append(rows, at), np.append(areas, first[at]), np.append(sizes, np.zeros(len(at)))
    order = np.argsort(rows, kind="stable")
    return _Held(rows[order], areas[order], sizes[order])


def _with_alternatives(
    tags: pd.DataFrame, rows: NDArray[np.intp], held: _Held, municipalities: pd.DataFrame
) -> pd.DataFrame:
    """Fill in the alternatives of undecided sites, and the province where all of them lie in one."""
    tags = plain(tags)
    columns = ["province_code_mois", "province_code_kostat", "province"]
    starts, ends = np.searchsorted(held.row, rows), np.searchsorted(held.row, rows, side="right")
    provinces, _ = pd.factorize(municipalities["province"])
    codes = municipalities.index.to_numpy(dtype=object)
    texts, one, first = [], np.zeros(len(rows), dtype=bool), held.area_of[starts]
    for at, (start, end) in enumerate(zip(starts, ends, strict=True)):
        options = held.area_of[start:end]
        texts.append(";".join(codes[options]))
        one[at] = len(set(provinces[options])) == 1
    tags.loc[rows, "municipality_alternatives"] = np.array(texts, dtype=object)
    values = municipalities[columns].astype(object)
    values = values.where(values.notna(), None).to_numpy(dtype=object)
    tags.loc[rows[one], columns] = values[first[one]]
    return tags


def _with_evidence(evidence: pd.DataFrame, tags: pd.DataFrame) -> pd.DataFrame:
    """Let reported region names stand where the frame holds them, and refuse names that the geometry contradicts."""
    if not schema.has_evidence(evidence):
        return tags
    tags = plain(tags)
    problems: list[str] = []
    ids = evidence["site_id"].to_numpy(dtype=object)
    for column in schema.REGION_EVIDENCE:
        if column in evidence.columns:
            reported = evidence[column].to_numpy(dtype=object)
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


def capital_tags(prints: footprints.Footprints) -> pd.DataFrame:
    """Return the tags of the capital region: bounds, verdict and distance to the border; null for sites elsewhere."""
    if prints.plane != crs.KOREA_PLANE:
        nothing, never = np.full(len(prints), np.nan), np.zeros(len(prints), dtype=bool)
        return _capital_columns(never, never, (nothing, nothing, nothing), nothing)
    capital, areal, whole = _capital(), prints.containers, prints.whole
    inside = capital.region.inside(areal, checked=True)
    on_land = capital.land.inside(areal, checked=True)
    with np.errstate(invalid="ignore"):
        off = np.maximum(whole - np.maximum(on_land, inside), 0.0)
        off[off <= _SAME * whole] = 0.0
        away = np.isnan(whole) | (off >= whole * (1 - _SAME))
    low, high = footprints.bounds(inside, np.zeros_like(off), whole, prints.sizes)
    _, high_at_sea = footprints.bounds(inside, off, whole, prints.sizes)
    low, high = np.where(away, np.nan, low), np.where(away, np.nan, high)
    signed, near = _border(prints, capital)
    verdict = low > HALF
    decided = (verdict | (high_at_sea < HALF)) & ~away & ~near
    if prints.bare.any():
        points = overlap.only(prints.shapes, prints.bare)
        within, on_ground = (index.holders(points)[1] > 0 for index in (capital.region, capital.land))
        verdict = np.where(prints.bare, within, verdict)
        decided = np.where(prints.bare, on_ground & ~near, decided)
    share = np.where((low == high) & ~(prints.sizes == 0), low, np.nan)
    return _capital_columns(verdict, decided, (share, low, high), signed / 1000)


def _capital_columns(
    verdict: NDArray[np.bool_],
    decided: NDArray[np.bool_],
    shares: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    border_km: NDArray[np.float64],
) -> pd.DataFrame:
    """Return the columns of the capital region."""
    values = (pd.arrays.BooleanArray(verdict & decided, ~decided), *shares, border_km)
    return pd.DataFrame(dict(zip(schema.CAPITAL_TAGS, values, strict=True)))


def _border(prints: footprints.Footprints, capital: _Capital) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the distance to the capital region's border in metres, negative inside, and who is too near a neighbour.

    The shore is a border of the region but not one beyond which another province begins, so only the shared part can
    make a verdict doubtful.
    """
    nearest = capital.outline.nearest(prints.centres)
    distance, doubt = _geodesic(prints, nearest), BOUNDARY_ERROR_M + prints.errors
    # The shared part is no nearer than the whole outline: only who is near that has to be asked of it.
    near = np.flatnonzero(np.hypot(*(nearest - prints.centres).T) <= _STRETCH * doubt)
    beside = np.full((len(prints), 2), np.nan)
    beside[near] = capital.shared.nearest(prints.centres[near])
    doubtful = _geodesic(prints, beside) <= doubt
    centres = overlap.points_like(prints.centres, prints.shapes)
    _, number = capital.region.holders(centres)
    return np.where(number > 0, -distance, distance), doubtful


def _geodesic(prints: footprints.Footprints, nearest: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the geodesic distance of each centroid to a point of the plane; metres, NaN where there is none."""
    out = np.full(len(nearest), np.nan)
    known = np.isfinite(nearest).all(axis=1)
    there = crs.lonlat_of(nearest[known], prints.plane)
    out[known] = crs.geodesic_distances_m(*prints.lonlat[known].T, *there.T)
    return out
