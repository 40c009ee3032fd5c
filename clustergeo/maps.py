"""The interactive map of a tagged frame: one page that opens without a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from clustergeo import _cards, _files, _groups, _key, _lettering, _pack, _page, _scene, _still, labels
from clustergeo._drawing import Drawing, Labels, regions
from clustergeo._land import land
from clustergeo._words import all_words, word
from clustergeo.errors import InputError, PageError
from clustergeo.facts import latest_date
from clustergeo.layers import named_layers
from clustergeo.sources import boundary_attribution

if TYPE_CHECKING:
    import os
    from pathlib import Path

    import folium
    import geopandas as gpd
    import pandas as pd

    from clustergeo.layers import Layer

PANES = (
    "cgGround",
    "cgCapital",
    "cgRegions",
    "cgZones",
    "cgWithin",
    "cgFootprints",
    "cgLayers",
    "cgDots",
    "cgCentres",
    "cgLabels",
)

_GENERALISED = ("이 지도에서는 250 m 이내", "within 250 m on this map")


def explore(
    tagged: gpd.GeoDataFrame,
    *,
    lang: str = "en",
    colour_by: str | None = "sectors",
    zones: Mapping[str, Layer | gpd.GeoDataFrame] | None = None,
    layers: Mapping[str, Layer | gpd.GeoDataFrame] | None = None,
    tiles: str | folium.TileLayer | None = None,
    title: str | None = None,
    history: pd.DataFrame | None = None,
) -> folium.Map:
    """Draw sites on an interactive map.

    Parameters
    ----------
    tagged
        Sites with a CRS, as `tag` returns them; every column but the geometry is optional. Sites without a position are
        counted in the panel. More than 50,000 are gathered by municipality, or by a grid where they are not tagged, and
        the panel says so; `save_pmtiles` writes each of them.
    lang
        `"ko"` or `"en"`.
    colour_by
        `"sectors"` (the first one colours), any other column of codes, flags or numbers, or None for one colour. A
        number of many values is cut into steps that hold about as many sites each.
    zones
        Layers by name, each a layer of the map that can be toggled.
    layers
        Further points, lines or polygons by name, with cards of their own columns.
    tiles
        A background that the map fetches, by folium's name or as a `folium.TileLayer`; such a map needs a network.
    title
        The heading; by default the number of sites.
    history
        Dated facts of the sites by `site_id`, as `load_facts` (of the 15) and `read_facts` (your own) return them: each
        card gets its timeline.

    Returns
    -------
    folium.Map
        It shows itself in a notebook; `save_map` writes it as one file. Anything of folium can be added to it, also by
        `GeoDataFrame.explore(m=...)`.

    Raises
    ------
    InputError
        The frame has no geometry or no CRS, or there is no such language or column.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> sites = gpd.GeoDataFrame({"name": ["A"]}, geometry=[shapely.Point(127.1, 36.9)], crs="EPSG:4326")
    >>> explore(sites)
    <clustergeo map: 1 site; layers Provinces, Capital region, Sites, Names>
    """
    # folium takes a second to import, which `import clustergeo` must not.
    from clustergeo import _leaflet  # noqa: PLC0415

    place = labels.check_lang(lang)
    scene = _scene.scene_of(tagged, sized=True)
    ground = land()
    bounds = _scene.bounds_of(scene, ground)
    given = named_layers(zones)
    keys = _zone_keys(given, lang)
    heading = (
        title if title is not None else word("count" if len(tagged) != 1 else "count_one", lang, f"{len(tagged):,}")
    )
    facts = latest_date(tagged)
    drawing = Drawing(lang, history=history)
    drawing.land(ground, bare=tiles is not None)
    for key, layer in zip(keys, given.values(), strict=True):
        drawing.zone(key, layer)
    told = [word("unplaced", lang, f"{scene.unplaced:,}")] if scene.unplaced else []
    gathered = np.zeros(0, dtype=object)
    if len(scene.at) > _groups.MOST:
        groups = _groups.groups_of(scene, lang)
        told += groups.told
        if colour_by not in (None, "sectors"):
            told.append(word("not_coloured", lang, labels.column(str(colour_by), lang)))
        drawing.groups(groups)
        gathered = groups.shapes
        held = Labels(np.zeros((0, 2)), [], [], _lettering.levels_for(bounds))
    else:
        held = drawing.sites(scene, colour_by, bounds, ground)
    for at, (name, extra) in enumerate(_mapping(layers, "layers").items()):
        drawing.further(str(name), extra, at)
    data = {
        "lang": lang,
        "title": heading,
        "facts": "" if facts is None else word("facts", lang, facts),
        "told": told,
        "panes": PANES,
        "bounds": [[bounds[1], bounds[0]], [bounds[3], bounds[2]]],
        "near": _scene.near(scene, bounds),
        "notices": _notices(keys, drawing.terms, place),
        "levels": held.levels,
        "words": all_words(lang),
        "regions": regions(ground, held, lang),
        "tables": drawing.tables,
        "layers": drawing.layers,
    }
    made = _leaflet.SiteMap(
        title=heading if facts is None else f"{heading} · {word('facts', lang, facts)}",
        lang=lang,
        nameless=word("nameless", lang),
        finish=notebook_page,
        # The page fits the bounds to its own window; this is only where folium starts.
        location=[(bounds[1] + bounds[3]) / 2, (bounds[0] + bounds[2]) / 2],
        zoom_start=7,
    )
    if tiles is not None:
        _leaflet.add_tiles(made, tiles)
    made.page_text = drawing.text()
    still = _still.page(data, scene, gathered, ground, bounds, beside=drawing.beside, lang=lang)
    fonts = f":root {{ --cg-font: {_page.FONT_STACK}; }}\n"
    made.add_child(
        _leaflet.Ground(
            still=still,
            unloaded=word("not_loaded", lang),
            style=fonts,
            data=_pack.payload(data, drawing.blobs),
            failed=word("failed", lang, "{}"),
        )
    )
    for at, spec in enumerate(drawing.layers):
        made.add_child(_leaflet.Drawn(spec["name"], at))
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
    >>> import tempfile, geopandas as gpd, shapely
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
    >>> import geopandas as gpd, shapely
    >>> m = explore(gpd.GeoDataFrame(geometry=[shapely.Point(127.1, 36.9)], crs="EPSG:4326"), lang="ko")
    >>> map_html(m).startswith('<!DOCTYPE html>\n<html lang="ko">')
    True
    """
    from clustergeo import _leaflet  # noqa: PLC0415 - loads folium

    if not _leaflet.is_map(m):
        msg = f"A map is needed here, not {type(m).__name__}. Pass what explore returns."
        raise InputError(msg)
    urls = _leaflet.fetched(m)
    if offline and urls:
        msg = (
            f"The map fetches tiles or pictures from {', '.join(urls)}, so it cannot open without a network. "
            "Draw it without them, or save it with offline=False."
        )
        raise PageError(msg)
    return _whole(m, links=not offline)


def notebook_page(m: folium.Map) -> str:
    """Return the page that a notebook shows: its scripts inside; tiles, and what has no local copy, are fetched."""
    return _whole(m, links=False, foreign=True)


def _whole(m: folium.Map, *, links: bool, foreign: bool = False) -> str:
    """Return the finished page of a map."""
    from clustergeo import _leaflet  # noqa: PLC0415 - loads folium

    return _page.inline(
        _page.stable_ids(*_leaflet.rendered(m)),
        foreign=foreign,
        title=getattr(m, "page_title", None),
        lang=getattr(m, "page_lang", None),
        links=links,
        text=getattr(m, "page_text", ""),
        fetched=_leaflet.fetched(m),
    )


def _mapping(given: Any, what: str) -> Mapping[Any, Any]:
    """Return layers by name, or refuse what has no names."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        msg = f'{what}= is a {type(given).__name__}. Give layers by name: {what}={{"rdz": layer}}.'
        raise InputError(msg)
    return given


def _zone_keys(zones: Mapping[str, Layer], lang: str) -> list[_key.Zone]:
    """Return the zone layers as the legend names them."""
    return [
        _key.Zone(_cards.zone_term(name, lang), _key.ZONE_COLOURS[at % len(_key.ZONE_COLOURS)], _key.terms_of(layer))
        for at, (name, layer) in enumerate(zones.items())
    ]


def _notices(keys: list[_key.Zone], terms: list[str], place: int) -> list[str]:
    """Return the attributions: the shipped boundaries in the words of their source, then zones and layers."""
    boundaries = boundary_attribution(labels.LANGS[place])
    return [f"{boundaries} ({_GENERALISED[place]})", *(f"{key.name}: {key.terms}" for key in keys if key.terms), *terms]
