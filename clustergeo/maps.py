"""The interactive map of a tagged frame: one page that opens without a network."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

import shapely

from clustergeo import _files, _key, _lettering, _page, _scene, crs, labels
from clustergeo._cards import evidence_of, says_rdz, word
from clustergeo._land import land
from clustergeo.datasets import load_sources
from clustergeo.errors import InputError, PageError
from clustergeo.facts import latest_date

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import folium
    import geopandas as gpd

    from clustergeo._land import Land
    from clustergeo.layers import Layer

PANES = ("cgGround", "cgCapital", "cgRegions", "cgZones", "cgWithin", "cgFootprints", "cgDots", "cgLabels")

_NAMES = {
    "land": ("시도", "Provinces"),
    "capital": ("수도권", "Capital region"),
    "within": ("부지가 들어 있는 범위", "Areas that contain the sites"),
    "disc": ("면적 표시 원", "Drawn discs"),
    "measured": ("측정된 경계", "Measured boundaries"),
    "dots": ("부지", "Sites"),
    "labels": ("이름", "Names"),
    "zone": ("구역: {}", "Zone: {}"),
}
_BOUNDARY_SOURCE = "kostat-2018-localities"
_GENERALISED = ("이 지도에서는 250 m 이내", "within 250 m on this map")
# A zone of many thousand vertices is drawn within about 20 m; its figures come from `tag`, not from the picture.
_ZONE_DETAIL = 0.0002

Entry = tuple[str, str, tuple[dict[str, Any], ...]]


def explore(
    tagged: gpd.GeoDataFrame,
    *,
    lang: str = "en",
    colour_by: str | None = "sectors",
    zones: Mapping[str, Layer] | None = None,
    tiles: str | folium.TileLayer | None = None,
    title: str | None = None,
) -> folium.Map:
    """Draw sites on an interactive map.

    Parameters
    ----------
    tagged
        Sites with a CRS, as `tag` returns them; every column but the geometry is optional. Sites without a position are
        counted in the legend.
    lang
        `"ko"` or `"en"`.
    colour_by
        `"sectors"` (the first one colours), any other column of codes or flags, or None for one colour.
    zones
        Layers by name, each a layer of the map that can be toggled.
    tiles
        A background that the map fetches, by folium's name or as a `folium.TileLayer`; such a map needs a network.
    title
        The heading; by default the number of sites.

    Returns
    -------
    folium.Map
        It shows itself in a notebook; `save_map` writes it as one file.

    Raises
    ------
    InputError
        The frame has no geometry or no CRS, or there is no such language or column.

    Examples
    --------
    >>> import geopandas as gpd
    >>> sites = gpd.GeoDataFrame({"name": ["A"]}, geometry=[shapely.Point(127.1, 36.9)], crs="EPSG:4326")
    >>> explore(sites).page_title
    '1 site'
    """
    # folium takes a second to import, which `import clustergeo` must not.
    from clustergeo import _leaflet  # noqa: PLC0415

    place = labels.check_lang(lang)
    scene = _scene.scene_of(tagged, lang=lang, colour_by=colour_by)
    ground = land()
    bounds = _scene.bounds_of(scene, ground)
    keys = _zone_keys(zones or {})
    heading = (
        title if title is not None else word("count" if len(tagged) != 1 else "count_one", lang, f"{len(tagged):,}")
    )
    facts = latest_date(tagged)
    made = _leaflet.SiteMap(
        title=heading if facts is None else f"{heading} · {word('facts', lang, facts)}",
        lang=lang,
        finish=notebook_page,
        # The page fits the bounds to its own window; this is only where folium starts.
        location=[(bounds[1] + bounds[3]) / 2, (bounds[0] + bounds[2]) / 2],
        zoom_start=7,
    )
    if tiles is not None:
        _leaflet.add_tiles(made, tiles)
    colours, _, style = _scene.classes_of(scene)
    sites, levels = _scene.site_data(scene, lang=lang, bounds=bounds, keep_clear=ground.islands)
    entries = list(_entries(scene, ground, keys, zones or {}))
    panel = _key.panel(
        lang,
        title=heading,
        facts=facts,
        colours=(labels.column(colour_by or "", lang), [(colours[colour], words) for words, colour in scene.colours]),
        shapes=[name for name, _, _ in entries],
        evidence=[evidence_of(one.row) for one in scene.sites if says_rdz(one.row)],
        zones=keys,
        unplaced=scene.unplaced,
        clickable=bool(scene.sites),
    )
    data = {
        "panes": PANES,
        "bounds": [[bounds[1], bounds[0]], [bounds[3], bounds[2]]],
        "notices": _notices(keys, place),
        "levels": levels,
        "sites": sites,
        "regions": _scene.region_data(scene, sites, ground, lang=lang, levels=levels),
    }
    fonts = f":root {{ --cg-font: {_page.FONT_STACK}; }}\n"
    made.add_child(_leaflet.Ground(panel=panel, style=fonts + style, data=data))
    names: list[str] = []
    for name, method, arguments in entries:
        shown = _NAMES[name][place] if name in _NAMES else _NAMES["zone"][place].format(name.removeprefix("zone "))
        # The control of folium holds one layer a name.
        names.append(shown if shown not in names else f"{shown} ({names.count(shown) + 1})")
        made.add_child(_leaflet.Drawn(names[-1], method, *arguments))
    made.add_child(_leaflet.control())
    return made


def save_map(m: folium.Map, path: str | os.PathLike[str], *, offline: bool = True) -> Path:
    """Write a map as one HTML file, whole or not at all.

    Parameters
    ----------
    m
        A map of `explore`, or any folium map whose parts are at hand.
    path
        The file; its folder is made.
    offline
        Put everything into the file, so that it opens with no network; False links to the scripts folium names.

    Returns
    -------
    pathlib.Path
        The path of the file.

    Raises
    ------
    PageError
        The map asks for something that cannot be put into the file.
    InputError
        The file cannot be written.

    Examples
    --------
    >>> import tempfile, folium, geopandas as gpd
    >>> m = explore(gpd.GeoDataFrame(geometry=[shapely.Point(127.1, 36.9)], crs="EPSG:4326"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_map(m, f"{folder}/map.html").name
    'map.html'
    """
    # A lone surrogate in a name cannot be written as UTF-8; one sign is lost, not the map.
    return _files.write_whole(path, map_html(m, offline=offline).encode("utf-8", errors="replace"))


def map_html(m: folium.Map, *, offline: bool = True) -> str:
    r"""Return a map as one page; the same map gives the same text.

    Parameters
    ----------
    m
        A map of `explore`, or any folium map.
    offline
        Put everything into the page; False links to the scripts folium names.

    Raises
    ------
    PageError
        `offline` was asked of a map that fetches tiles, or of one with parts that have no local copy.

    Examples
    --------
    >>> import geopandas as gpd
    >>> m = explore(gpd.GeoDataFrame(geometry=[shapely.Point(127.1, 36.9)], crs="EPSG:4326"), lang="ko")
    >>> map_html(m).startswith('<!DOCTYPE html>\n<html lang="ko">')
    True
    """
    from clustergeo import _leaflet  # noqa: PLC0415 - loads folium

    if not _leaflet.is_map(m):
        msg = f"A map is needed here, not {type(m).__name__}. Pass what explore returns."
        raise InputError(msg)
    urls = _leaflet.tile_urls(m)
    if offline and urls:
        msg = (
            f"The map fetches tiles from {', '.join(urls)}, so it cannot open without a network. "
            "Draw it without tiles, or save it with offline=False."
        )
        raise PageError(msg)
    return _whole(m, links=not offline)


def notebook_page(m: folium.Map) -> str:
    """Return the page that a notebook shows: its scripts inside, its tiles fetched if it has any."""
    return _whole(m, links=False)


def _whole(m: folium.Map, *, links: bool) -> str:
    """Return the finished page of a map."""
    from clustergeo import _leaflet  # noqa: PLC0415 - loads folium

    page = _page.stable_ids(*_leaflet.rendered(m))
    return _page.inline(page, title=getattr(m, "page_title", None), lang=getattr(m, "page_lang", None), links=links)


def _entries(scene: _scene.Scene, ground: Land, keys: list[_key.Zone], zones: Mapping[str, Layer]) -> Iterator[Entry]:
    """Yield each layer of the map from the lowest up: its name, the function that draws it, and what that takes."""
    look: dict[str, Any] = {"color": _key.LAND_EDGE, "weight": 0.8, "fillColor": _key.LAND_FILL, "fillOpacity": 1}
    shapes = _scene.collection(ground.provinces, repeat(None, len(ground.provinces)))
    yield "land", "land", (shapes, {"pane": "cgGround", "interactive": False, "style": look})
    look = {"color": _key.CAPITAL_EDGE, "weight": 1.5, "fillColor": _key.CAPITAL_FILL, "fillOpacity": 0.75}
    shapes = _scene.collection([ground.capital], [None])
    yield "capital", "shapes", (shapes, {"pane": "cgCapital", "interactive": False, "style": look})
    for key, layer in zip(keys, zones.values(), strict=True):
        look = {"color": key.colour, "weight": 1.5, "fillColor": key.colour, "fillOpacity": 0.3, "dashArray": "8 2 2 2"}
        polygons = crs.to_lonlat(layer.frame, what=f"layer {key.name!r}").geometry
        union = shapely.simplify(shapely.union_all(polygons.array), _ZONE_DETAIL)
        options = {"pane": "cgZones", "interactive": True, "style": look, "title": key.name}
        yield f"zone {key.name}", "shapes", (_scene.collection([union], [None]), options)
    held = [(number, one.within) for number, one in enumerate(scene.sites) if one.within is not None]
    if held:
        yield "within", "shapes", _sites_drawn(held, "cgWithin", _key.WITHIN)
    for basis, look in (("disc", _key.DISC), ("measured", _key.MEASURED)):
        held = [(number, one.footprint) for number, one in enumerate(scene.sites) if one.basis == basis]
        if held:
            yield basis, "shapes", _sites_drawn(held, "cgFootprints", look)
    yield "dots", "dots", ()
    if scene.sites and len(scene.sites) <= _lettering.MAX_LABELS:
        yield "labels", "labels", ()


def _sites_drawn(held: list[tuple[int, Any]], pane: str, look: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Return what draws shapes that belong to sites, in the colours of the sites."""
    shapes = _scene.collection([shape for _, shape in held], [number for number, _ in held])
    return shapes, {"pane": pane, "interactive": True, "style": look}


def _zone_keys(zones: Mapping[str, Layer]) -> list[_key.Zone]:
    """Return the zone layers as the legend names them."""
    keys = []
    for at, (name, layer) in enumerate(zones.items()):
        terms = " · ".join(str(part) for part in (layer.as_of, layer.source, layer.licence) if part)
        keys.append(_key.Zone(str(name), _key.ZONE_COLOURS[at % len(_key.ZONE_COLOURS)], terms))
    return keys


def _notices(keys: list[_key.Zone], place: int) -> list[str]:
    """Return the attributions as HTML: the shipped boundaries in the words of their source, then the zones."""
    boundaries = str(load_sources()[_BOUNDARY_SOURCE][f"attribution_{labels.LANGS[place]}"])
    return _key.notices(
        [f"{boundaries} ({_GENERALISED[place]})", *(f"{key.name}: {key.terms}" for key in keys if key.terms)]
    )
