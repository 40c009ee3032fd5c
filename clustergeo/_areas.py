"""What the static map draws beneath its symbols: land, zones, what contains the sites, and their footprints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from clustergeo import _key, _legend, _sheet, crs, datasets, labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from clustergeo.layers import Layer

# Detail finer than this many points is not drawn: nobody sees it, and a picture of vectors would be ten times as large.
_DETAIL = 0.2


class Zone(NamedTuple):
    """A zone layer as the map draws it: its shapes and their CRS, its look, its name in words, and what it is from."""

    shapes: NDArray[np.object_]
    crs: Any
    look: dict[str, Any]
    words: str
    terms: str


def zones_of(layers: Mapping[str, Layer], lang: str) -> list[Zone]:
    """Return zone layers as the map draws them, in the colours of the interactive map."""
    return [
        Zone(
            np.asarray(layer.frame.geometry.values, dtype=object),
            layer.frame.crs,
            _legend.zone(_key.ZONE_COLOURS[at % len(_key.ZONE_COLOURS)]),
            labels.zone_name(name, lang),
            _key.terms_of(layer),
        )
        for at, (name, layer) in enumerate(layers.items())
    ]


def within(frame: gpd.GeoDataFrame, target: Any) -> NDArray[np.object_]:
    """Return what contains each site, in a CRS; None where nothing is known to."""
    if "within" not in frame.columns:
        return np.full(len(frame), None, dtype=object)
    # A frame that went through a file without a second geometry column holds text or nothing there.
    held = [cell if isinstance(cell, shapely.Geometry) else None for cell in frame["within"]]
    source = getattr(frame["within"], "crs", None) or frame.crs
    moved: NDArray[np.object_] = crs.transform(np.array([*held, None], dtype=object)[:-1], source, target)
    return moved


def missing(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return which shapes are null or empty."""
    return np.asarray(shapely.is_missing(shapes) | shapely.is_empty(shapes), dtype=bool)


def draw_land(axes: Axes, view: _sheet.View) -> bool:
    """Draw the provinces and the capital region where they reach into the view; return whether any does."""
    provinces, capital = datasets.load_regions("province").geometry, datasets.load_capital_region().geometry
    for shapes, face, edge, width in (
        (provinces, _legend.LAND, _legend.LAND_EDGE, 0.5),
        (capital, _legend.CAPITAL, _legend.CAPITAL_EDGE, 1.1),
    ):
        there = _in_view(np.asarray(shapes.to_crs(view.plane).values, dtype=object), view)
        _add(axes, there, facecolors=face, edgecolors=edge, linewidths=width)
    return bool(axes.collections and axes.collections[0].get_paths())


def shows_capital(axes: Axes) -> bool:
    """Return whether the capital region reaches into a view whose land was drawn first."""
    return len(axes.collections) > 1 and bool(axes.collections[1].get_paths())


def draw_zone(axes: Axes, view: _sheet.View, zone: Zone) -> None:
    """Draw a zone layer, its polygons as one area."""
    there = shapely.union_all(_in_view(crs.transform(zone.shapes, zone.crs, view.plane), view))
    _add(axes, np.array([there], dtype=object), **zone.look, zorder=2)


def draw_sites(
    axes: Axes,
    view: _sheet.View,
    containers: NDArray[np.object_],
    footprints: NDArray[np.object_],
    *,
    colours: Sequence[str],
    dashed: NDArray[np.bool_],
) -> None:
    """Draw what contains each site, and the footprints that are large enough to be seen."""
    _add(axes, _in_view(containers, view), **_legend.WITHIN, zorder=3)
    for drawn in (False, True):
        for colour in sorted(set(colours)):
            alike = np.array([one == colour for one in colours], dtype=bool) & (dashed == drawn)
            _add(axes, _in_view(footprints[alike], view), **_legend.footprint(colour, dashed=drawn), zorder=4)


def _add(axes: Axes, shapes: NDArray[np.object_], **look: Any) -> None:
    """Add shapes to a picture as one collection."""
    from matplotlib.collections import PathCollection  # noqa: PLC0415 - slow to import

    axes.add_collection(PathCollection(_sheet.paths(shapes), **look))


def _in_view(shapes: NDArray[np.object_], view: _sheet.View) -> NDArray[np.object_]:
    """Return the shapes that reach into a view, without detail that is too fine to see."""
    west, south, east, north = np.nan_to_num(shapely.bounds(shapes), nan=np.inf).T
    # A shape on the other side of the globe has no place in the plane: infinite coordinates compare as outside.
    there = (west < view.box[2]) & (south < view.box[3]) & (east > view.box[0]) & (north > view.box[1])
    kept: NDArray[np.object_] = shapely.simplify(shapes[there & np.isfinite(east + north)], _DETAIL / view.scale)
    return kept
