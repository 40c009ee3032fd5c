"""What the interactive map shows of a frame: positions, shapes, colours, cards and words, ready to be drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from clustergeo import _cards, _lettering, _marks, crs, labels
from clustergeo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from clustergeo._land import Land

Bounds = tuple[float, float, float, float]

# Five decimals are about a metre, the most that the closest zoom shows.
_DECIMALS = 5
_SMALLEST_SPAN = 0.05
_COUNTRY_SPAN = 1.5
_POLYGONS = ("Polygon", "MultiPolygon")


class Site(NamedTuple):
    """One drawn site."""

    row: dict[str, Any]
    mark: _marks.Mark
    at: tuple[float, float]
    basis: str
    footprint: Any
    within: Any


class Scene(NamedTuple):
    """The drawn sites, how many have no position, and the legend of the colours as pairs of words and colour."""

    sites: list[Site]
    unplaced: int
    colours: list[tuple[str, str]]


def scene_of(tagged: gpd.GeoDataFrame, *, lang: str, colour_by: str | None) -> Scene:
    """Return what the map shows of a frame; the frame is not changed.

    Parameters
    ----------
    tagged
        Sites with a CRS.
    lang
        `"ko"` or `"en"`.
    colour_by
        A column, or None for one colour.

    Raises
    ------
    InputError
        It is not a GeoDataFrame with a geometry and a CRS, or there is no column `colour_by`.

    Examples
    --------
    >>> frame = gpd.GeoDataFrame(geometry=[shapely.Point(127, 37), None], crs="EPSG:4326")
    >>> scene_of(frame, lang="en", colour_by=None).unplaced
    1
    """
    if not isinstance(tagged, gpd.GeoDataFrame) or tagged.active_geometry_name is None:
        msg = (
            f"A map needs a GeoDataFrame with a geometry column, not {type(tagged).__name__}"
            f"{' without one' if isinstance(tagged, gpd.GeoDataFrame) else ''}. "
            "Read the sites with read_sites, or name the column with frame.set_geometry(...)."
        )
        raise InputError(msg)
    crs.require_crs(tagged, what="The frame of sites")
    marks, colours = _marks.marks(tagged, lang=lang, colour_by=colour_by)
    shapes = _shapes(tagged.geometry)
    within = _within(tagged)
    text = tagged.drop(columns=[str(name) for name in tagged.columns if isinstance(tagged[name], gpd.GeoSeries)])
    rows = text.to_dict("records") if len(text.columns) else [{} for _ in range(len(text))]
    sites = []
    for row, mark, shape, area in zip(rows, marks, shapes, within, strict=True):
        at = _position(shape)
        if at is not None:
            sites.append(
                Site({str(name): cell for name, cell in row.items()}, mark, at, _basis(row, shape), shape, area)
            )
    return Scene(sites, len(rows) - len(sites), colours)


def bounds_of(scene: Scene, land: Land) -> Bounds:
    """Return the bounds of the first view: the country for sites across it or for none, else the sites themselves."""
    if not scene.sites:
        return land.bounds
    shapes = [one.footprint for one in scene.sites] + [one.within for one in scene.sites if one.within is not None]
    west, south, east, north = (float(one) for one in shapely.total_bounds(shapes))
    inside = land.bounds[0] <= west and land.bounds[1] <= south and east <= land.bounds[2] and north <= land.bounds[3]
    if inside and max(east - west, north - south) > _COUNTRY_SPAN:
        return land.bounds
    # A single point would be shown at the closest zoom, with nothing around it.
    across, up = max(_SMALLEST_SPAN - (east - west), 0) / 2, max(_SMALLEST_SPAN - (north - south), 0) / 2
    return west - across, south - up, east + across, north + up


def classes_of(scene: Scene) -> tuple[dict[str, int], dict[str, int], str]:
    """Return the number of the colour class of each colour and of each sector code, and the style that defines them."""
    codes = dict.fromkeys(code for one in scene.sites for code in _marks.codes(one.row.get("sectors")))
    shades = [
        labels.UNKNOWN_COLOUR,
        *(colour for _, colour in scene.colours),
        *(one.mark.colours[0] for one in scene.sites),
    ]
    colours = {
        colour: number for number, colour in enumerate(dict.fromkeys([*shades, *map(labels.sector_colour, codes)]))
    }
    style = "".join(f".cg-c{number} {{ --c: {colour}; }}\n" for colour, number in colours.items())
    return colours, {code: colours[labels.sector_colour(code)] for code in codes}, style


def site_data(
    scene: Scene, *, lang: str, bounds: Bounds, keep_clear: NDArray[np.float64]
) -> tuple[list[dict[str, Any]], list[float]]:
    """Return the drawn sites as the page's script takes them, and the zooms that their labels are placed for."""
    place = labels.check_lang(lang)
    colours, codes, _ = classes_of(scene)
    levels = _lettering.levels_for(bounds)
    data = []
    for one in scene.sites:
        key, answer = _cards.evidence_of(one.row)
        found = _cards.EVIDENCE[key]
        data.append(
            {
                "at": [one.at[1], one.at[0]],
                "name": one.mark.name,
                "colour": one.mark.colours[0],
                "classes": colours[one.mark.colours[0]],
                "ring": [found.weight, found.dashes],
                "badge": [found.letters[place], _cards.ANSWERS[answer]] if _cards.says_rdz(one.row) else None,
                "card": _cards.card(one.row, lang, name=one.mark.name, classes=codes, basis=one.basis),
            }
        )
    if len(data) <= _lettering.MAX_LABELS:
        chips = chips_of(scene, lang)
        spots = _lettering.spots_of(points_of(scene), chips, levels=levels, bounds=bounds, keep_clear=keep_clear)
        for entry, chip, spot in zip(data, chips, spots, strict=True):
            entry |= {"lines": chip.lines, "where": chip.where, "size": chip.size, "spots": spot}
    return data, levels


def region_data(
    scene: Scene, data: list[dict[str, Any]], land: Land, *, lang: str, levels: Sequence[float]
) -> list[dict[str, Any]]:
    """Return the names of the provinces as the page's script takes them, clear of every dot and label."""
    names = land.names_ko if lang == "ko" else land.names_en
    # The largest part carries the name: the middle of all islands may lie in the sea.
    parts = [max(shapely.get_parts(one), key=shapely.area) for one in land.provinces]
    middles = np.array([[one.x, one.y] for one in (shapely.point_on_surface(part) for part in parts)])
    labelled = len(data) <= _lettering.MAX_LABELS
    chips = chips_of(scene, lang) if labelled else []
    boxes = _lettering.taken_boxes(points_of(scene), chips, [entry.get("spots", []) for entry in data], levels)
    spots = _lettering.region_spots(middles, names, boxes=boxes, levels=levels)
    return [
        {"at": [round(float(middle[1]), 4), round(float(middle[0]), 4)], "name": name, "spots": spot}
        for middle, name, spot in zip(middles, names, spots, strict=True)
    ]


def collection(shapes: Iterable[Any], numbers: Iterable[int | None]) -> dict[str, Any]:
    """Return shapes as GeoJSON; the only property is the number of the site that a shape belongs to.

    Examples
    --------
    >>> collection([shapely.Point(127, 37)], [0])["features"][0]["properties"]
    {'site': 0}
    """
    features = []
    for shape, number in zip(shapes, numbers, strict=True):
        rounded = shapely.transform(shapely.force_2d(shape), lambda xy: np.round(xy, _DECIMALS))
        properties = {} if number is None else {"site": number}
        features.append({"type": "Feature", "properties": properties, "geometry": shapely.geometry.mapping(rounded)})
    return {"type": "FeatureCollection", "features": features}


def points_of(scene: Scene) -> NDArray[np.float64]:
    """Return longitude and latitude of the drawn sites, shape (n, 2)."""
    return np.array([one.at for one in scene.sites], dtype=np.float64).reshape(-1, 2)


def chips_of(scene: Scene, lang: str) -> list[_lettering.Chip]:
    """Return the label of each drawn site."""
    return [_lettering.chip_of(one.mark.name, _cards.place_of(one.row, lang)) for one in scene.sites]


def _shapes(series: gpd.GeoSeries) -> list[Any]:
    """Return the geometries of a series in longitude and latitude."""
    return list(crs.to_lonlat(series, what="The frame of sites").array)


def _within(tagged: gpd.GeoDataFrame) -> list[Any]:
    """Return the areas that contain the sites, None where there is none."""
    held = tagged["within"] if "within" in tagged.columns else None
    if not isinstance(held, gpd.GeoSeries):
        return [None] * len(tagged)
    held = held if held.crs is not None else held.set_crs(tagged.crs)
    return [
        shape if shape is not None and shape.geom_type in _POLYGONS and not shape.is_empty else None
        for shape in _shapes(held)
    ]


def _position(shape: Any) -> tuple[float, float] | None:
    """Return where the dot of a site goes: its centre where that lies inside, else a point that does."""
    if shape is None or shape.is_empty or not np.isfinite(shapely.get_coordinates(shape)).all():
        return None
    middle = shape.centroid
    if shape.geom_type in _POLYGONS and not shapely.intersects_xy(shape, middle.x, middle.y):
        middle = shapely.point_on_surface(shape)
    furthest_lon, furthest_lat = 180.0, 90.0
    if abs(middle.x) > furthest_lon or abs(middle.y) > furthest_lat:
        return None
    return round(float(middle.x), _DECIMALS), round(float(middle.y), _DECIMALS)


def _basis(row: dict[str, Any], shape: Any) -> str:
    """Return what a footprint is; a frame that does not say has measured polygons, and points."""
    told = _cards.known(row, "footprint_basis")
    if shape.geom_type not in _POLYGONS:
        return "point"
    return str(told) if told in ("measured", "disc") else "measured"
