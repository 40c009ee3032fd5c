"""What the interactive map shows of a frame: which sites have a position, their names and their shapes."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustergeo import _cells, crs, footprints
from clustergeo.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustergeo._land import Land

Bounds = tuple[float, float, float, float]

_SMALLEST_SPAN = 0.05
_COUNTRY_SPAN = 1.5
_COARSE = 0.01
_ROOM = 0.1
# They turn the letters behind them round: `\u202egnp.exe` would be read as exe.png.
_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
_POLYGON, _MULTIPOLYGON, _COLLECTION = 3, 6, 7


class Scene(NamedTuple):
    """The sites, those with a position first, else in the order of the frame.

    `frame` holds every column but the geometries, `basis` what each footprint is (`measured`, `disc`, `point`,
    `area_only` of a site without one, `nowhere` of one without a position), and `sized` whose area is that of the
    footprint, because none was given. The other arrays are of the first sites, which are drawn: `at` longitude and
    latitude of the dots, `within` the area that contains each, None where none is known.
    """

    frame: pd.DataFrame
    at: NDArray[np.float64]
    shapes: NDArray[np.object_]
    basis: NDArray[np.object_]
    within: NDArray[np.object_]
    sized: NDArray[np.bool_]

    @property
    def drawn(self) -> pd.DataFrame:
        """Return the columns of the sites that have a position."""
        return self.frame.iloc[: len(self.at)]

    @property
    def unplaced(self) -> int:
        """Return how many sites have no position."""
        return len(self.frame) - len(self.at)


def scene_of(tagged: gpd.GeoDataFrame, *, what: str = "The frame of sites", sized: bool = False) -> Scene:
    """Return what the map shows of a frame; the frame is not changed.

    Parameters
    ----------
    tagged
        Sites with a CRS.
    what
        How to name the frame in a refusal.
    sized
        Whether a measured polygon without an `area_km2` has its own.

    Raises
    ------
    InputError
        It is not a GeoDataFrame with a geometry and a CRS.

    Examples
    --------
    >>> scene_of(gpd.GeoDataFrame(geometry=[shapely.Point(127, 37), None], crs="EPSG:4326")).unplaced
    1
    """
    if not isinstance(tagged, gpd.GeoDataFrame) or tagged.active_geometry_name is None:
        msg = (
            f"A map needs a GeoDataFrame with a geometry column, not {type(tagged).__name__}"
            f"{' without one' if isinstance(tagged, gpd.GeoDataFrame) else ''}. "
            "Read the sites with read_sites, or name the column with frame.set_geometry(...)."
        )
        raise InputError(msg)
    crs.require_crs(tagged, what=what)
    shapes = lonlat_shapes(tagged.geometry, what=what)
    within = _within(tagged)
    # A site that is known by its area alone has its dot there, and the card says that this is no position.
    at, placed = positions(np.where(shapely.is_missing(shapes) | shapely.is_empty(shapes), within, shapes))
    plain = [not isinstance(kind, gpd.array.GeometryDtype) for kind in tagged.dtypes]
    order = np.argsort(~placed, kind="stable")
    frame = pd.DataFrame(tagged).loc[:, plain].iloc[order]
    frame.columns = [str(name) for name in frame.columns]
    # Of columns of one name the first speaks.
    frame = frame.loc[:, ~frame.columns.duplicated()]
    measured = np.zeros(len(frame), dtype=bool)
    if sized:
        areas = _cells.figures(frame, "area_km2").copy()
        measured = np.isnan(areas)
        # The first ones are drawn, so they can be measured.
        areas[: int(placed.sum())] = footprints.areas_km2(tagged[placed])
        measured &= ~np.isnan(areas)
        frame = frame.assign(area_km2=areas) if measured.any() else frame
    basis = _basis(frame, shapes[order])
    basis[int(placed.sum()) :] = "nowhere"
    return Scene(frame, at[placed], shapes[placed], basis, within[placed], measured)


def names_of(frame: pd.DataFrame, lang: str) -> list[str]:
    """Return the name of each site in a language, else in the other one, else its id or its place in the index.

    Examples
    --------
    >>> names_of(pd.DataFrame({"name_en": ["Alpha", None], "site_id": ["a", "b"]}), "en")
    ['Alpha', 'b']
    """
    other = "en" if lang == "ko" else "ko"
    found = np.array([str(label) for label in frame.index], dtype=object)
    for column in ("site_id", f"name_{other}", "name", f"name_{lang}"):
        if column in frame.columns:
            found = np.array(
                [mine or theirs for mine, theirs in zip(_cells.texts(frame, column), found, strict=True)], dtype=object
            )
    # Decomposed Hangul (file names of macOS) would be searched for in vain, and a name turned round reads as another.
    return [_OVERRIDES.sub("", unicodedata.normalize("NFC", name)) for name in found]


def lonlat_shapes(series: gpd.GeoSeries, *, what: str) -> NDArray[np.object_]:
    """Return the geometries of a series in longitude and latitude, flat."""
    flat = shapely.force_2d(np.asarray(crs.to_lonlat(series, what=what).array, dtype=object))
    # A copy: what is drawn may be changed, what the caller gave may not.
    return np.array(flat, dtype=object)


def positions(shapes: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return where the dot of each shape goes, shape (n, 2), and which shapes have such a place.

    It is the centre where that lies inside, else a point that does.

    Examples
    --------
    >>> positions(np.array([shapely.box(0, 0, 2, 2), None], dtype=object))[0].tolist()
    [[1.0, 1.0], [nan, nan]]
    """
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    bad = ~np.isfinite(shapely.bounds(shapes)).all(axis=1)
    sound = shapes.copy()
    sound[empty | bad] = None
    middle = shapely.centroid(sound)
    at = np.column_stack([shapely.get_x(middle), shapely.get_y(middle)])
    areas = np.isin(shapely.get_type_id(sound), (_POLYGON, _MULTIPOLYGON))
    outside = np.flatnonzero(areas)
    outside = outside[~shapely.intersects_xy(sound[outside], at[outside, 0], at[outside, 1])]
    if len(outside):
        inner = shapely.point_on_surface(sound[outside])
        at[outside] = np.column_stack([shapely.get_x(inner), shapely.get_y(inner)])
    with np.errstate(invalid="ignore"):
        placed = (np.abs(at[:, 0]) <= 180) & (np.abs(at[:, 1]) <= 90)  # noqa: PLR2004 - degrees of the globe
    return at, placed


def uniform(shapes: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.intp]]:
    """Return shapes of one kind each, a collection as its points, its lines and its areas, and whose each one is.

    Examples
    --------
    >>> both = shapely.GeometryCollection([shapely.Point(0, 0), shapely.box(1, 1, 2, 2)])
    >>> [str(one.geom_type) for one in uniform(np.array([both]))[0]]
    ['Point', 'Polygon']
    """
    if not (shapely.get_type_id(shapes) == _COLLECTION).any():
        return shapes, np.arange(len(shapes))
    found: list[Any] = []
    owners: list[int] = []
    for row, shape in enumerate(shapes):
        parts = np.array([shape], dtype=object)
        while (mixed := shapely.get_type_id(parts) == _COLLECTION).any():
            parts = np.concatenate([parts[~mixed], shapely.get_parts(parts[mixed])])
        for kind in np.unique(shapely.get_dimensions(parts)):
            alike = shapely.get_parts(parts[shapely.get_dimensions(parts) == kind])
            found.append(alike[0] if len(alike) == 1 else shapely.union_all(alike))
            owners.append(row)
    return np.array([*found, None], dtype=object)[:-1], np.array(owners, dtype=np.intp)


def form_of(shapes: NDArray[np.object_]) -> str:
    """Return what shapes are, for their sign in the legend: `point` or `line` where all are, else `area`.

    Examples
    --------
    >>> form_of(np.array([shapely.Point(0, 0)], dtype=object))
    'point'
    """
    kinds = set(shapely.get_dimensions(shapes[~shapely.is_missing(shapes)]).tolist())
    return {(0,): "point", (1,): "line"}.get(tuple(kinds), "area")


def bounds_of(scene: Scene, land: Land) -> Bounds:
    """Return the bounds of the first view: the country for sites across it or for none, else the sites themselves."""
    if not len(scene.at):
        return land.bounds
    both = np.concatenate([scene.shapes, scene.within])
    west, south, east, north = (float(one) for one in shapely.total_bounds(both))
    # The land is drawn coarser than the areas of its islands: Dokdo's own reach a little farther.
    outer = shapely.box(*land.bounds).buffer(_COARSE, join_style="mitre")
    inside = shapely.box(west, south, east, north).within(outer)
    if inside and max(east - west, north - south) > _COUNTRY_SPAN:
        return land.bounds
    # A single point would be shown at the closest zoom, with nothing around it.
    across, up = max(_SMALLEST_SPAN - (east - west), 0) / 2, max(_SMALLEST_SPAN - (north - south), 0) / 2
    return west - across, south - up, east + across, north + up


def near(scene: Scene, bounds: Bounds) -> list[list[float]]:
    """Return the first view of a narrow window, south-west and north-east: the sites with some land round them."""
    if not len(scene.at):
        return [[bounds[1], bounds[0]], [bounds[3], bounds[2]]]
    (west, south), (east, north) = scene.at.min(axis=0).tolist(), scene.at.max(axis=0).tolist()
    room = max(east - west, north - south, _SMALLEST_SPAN) * _ROOM
    found = [[south - room, west - room], [north + room, east + room]]
    return [[round(one, 4) for one in corner] for corner in found]


def _within(tagged: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return the areas that contain the sites, None where there is none."""
    held = tagged["within"] if "within" in tagged.columns else None
    if not isinstance(held, gpd.GeoSeries):
        return np.full(len(tagged), None, dtype=object)
    shapes = lonlat_shapes(held if held.crs is not None else held.set_crs(tagged.crs), what="The frame of sites")
    areas = np.isin(shapely.get_type_id(shapes), (_POLYGON, _MULTIPOLYGON)) & ~shapely.is_empty(shapes)
    shapes[~areas] = None
    return shapes


def _basis(frame: pd.DataFrame, shapes: NDArray[Any]) -> NDArray[np.object_]:
    """Return what each footprint is; a frame that does not say has measured polygons, and points."""
    told = _cells.texts(frame, "footprint_basis")
    areas = np.isin(shapely.get_type_id(shapes), (_POLYGON, _MULTIPOLYGON))
    found: NDArray[np.object_] = np.where(~areas, "point", np.where(told == "disc", "disc", "measured")).astype(object)
    found[shapely.is_missing(shapes) | shapely.is_empty(shapes)] = "area_only"
    return found
