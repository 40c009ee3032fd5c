"""The layers of the interactive map as the page's script draws them: shapes as bytes, looks, legends and tables."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustergeo import _cards, _cells, _classes, _groups, _key, _lettering, _pack, _scene, crs, labels
from clustergeo._words import word
from clustergeo.errors import InputError
from clustergeo.layers import Layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from clustergeo._land import Land

_NAMES = {
    "land": ("시도", "Provinces"),
    "capital": ("수도권", "Capital region"),
    "within": ("부지가 들어 있는 범위", "Areas that contain the sites"),
    "disc": ("면적 표시 원", "Drawn discs"),
    "measured": ("측정된 경계", "Measured boundaries"),
    "dots": ("부지", "Sites"),
    "groups": ("부지 수", "Number of sites"),
    "labels": ("이름", "Names"),
    "zone": ("구역: {}", "Zone: {}"),
}
# A zone of many thousand vertices is drawn within about 20 m; its figures come from `tag`, not from the picture.
_ZONE_DETAIL = 0.0002
# The land is generalised within 250 m, so steps of ten metres do not show.
_LAND_QUANTUM = 1e-4


class Labels(NamedTuple):
    """The dots, the labels of the sites and where they stand at each zoom; empty where the sites are too many."""

    points: NDArray[np.float64]
    chips: list[_lettering.Chip]
    spots: list[list[_lettering.Spot | None]]
    levels: list[float]


class Drawing:
    """Collects what the page draws, from the lowest layer up."""

    def __init__(self, lang: str, *, history: pd.DataFrame | None = None) -> None:
        self.lang = lang
        self.history = history
        self.layers: list[dict[str, Any]] = []
        self.tables: list[dict[str, Any]] = []
        self.blobs: list[bytes] = []
        self.terms: list[str] = []
        # What the picture for pages without scripts shows beside the sites.
        self.beside: list[_key.Beside] = []
        self._place = labels.check_lang(lang)

    def land(self, ground: Land, *, bare: bool = False) -> None:
        """Add the provinces and the capital region; as outlines where a background is to be seen through them."""
        land, capital = ({**look, "fillOpacity": 0.0} if bare else look for look in (_key.LAND, _key.CAPITAL))
        self._add("land", ground.provinces, pane="cgGround", look=land, kind="land", quantum=_LAND_QUANTUM)
        item = _key.box(capital, word("capital_key", self.lang))
        legend = [_key.section("", [item])]
        self._add("capital", [ground.capital], pane="cgCapital", look=capital, legend=legend, quantum=_LAND_QUANTUM)

    def zone(self, zone: _key.Zone, layer: Layer) -> None:
        """Add a zone layer, its polygons as one area."""
        polygons = crs.to_lonlat(layer.frame, what=f"layer {zone.name!r}").geometry
        union = shapely.simplify(shapely.union_all(polygons.array), _ZONE_DETAIL)
        self.beside.append(_key.Beside(zone.name, zone.look, np.array([union], dtype=object)))
        legend = [_key.section("", [_key.box(zone.look, zone.name, terms=zone.terms)])]
        shown = _NAMES["zone"][self._place].format(zone.name)
        self._add("", [union], shown=shown, pane="cgZones", look=zone.look, title=zone.name, legend=legend)

    def sites(self, scene: _scene.Scene, colour_by: str | None, bounds: _scene.Bounds, ground: Land) -> Labels:
        """Add the sites: what contains them, their footprints, their dots, and their names while they are few."""
        names = _scene.names_of(scene.frame, self.lang)
        table = _cards.table_of(
            scene.frame, names=names, basis=scene.basis, sized=scene.sized, lang=self.lang, history=self.history
        )
        table |= _placed(scene)
        found = _classes.classes_of(scene.frame, colour_by, lang=self.lang)
        question, centres = _centres(scene.frame, table, colour_by, self.lang)
        table |= {"classes": _classes_data(found), "centres": centres}
        table["list"] = _list(table, self.lang)
        self.tables.append(table)
        held = np.flatnonzero(~shapely.is_missing(scene.within))
        if len(held):
            self._owned("within", scene.within, held, "cgWithin", _key.WITHIN)
        for basis, look in (("disc", _key.DISC), ("measured", _key.MEASURED)):
            held = np.flatnonzero(scene.basis == basis)
            if len(held):
                self._owned(basis, scene.shapes, held, "cgFootprints", look)
        sectors = table["columns"].get("sectors", {})
        legend = [
            *_key.classes(found, self.lang, several=any(len(one) > 1 for one in sectors.get("lists", ()))),
            *_key.evidence(table.get("rdz"), self.lang),
            *_key.centres(question, Counter(centres or ()), self.lang),
        ]
        self._add("dots", shapely.points(scene.at), pane="cgDots", look={}, kind="dots", table=0, legend=legend)
        levels = _lettering.levels_for(bounds)
        if not 0 < len(scene.at) <= _lettering.MAX_LABELS:
            return Labels(np.zeros((0, 2)), [], [], levels)
        chips = [
            _lettering.chip_of(name, place)
            for name, place in zip(names[: len(scene.at)], _cards.places(scene.drawn, self.lang), strict=True)
        ]
        spots = _lettering.spots_of(scene.at, chips, levels=levels, bounds=bounds, keep_clear=ground.islands)
        table["labels"] = [
            {"lines": chip.lines, "where": chip.where, "size": chip.size, "spots": spot}
            for chip, spot in zip(chips, spots, strict=True)
        ]
        self._add("labels", [], pane="cgLabels", look={}, kind="names", table=0)
        return Labels(scene.at, chips, spots, levels)

    def groups(self, groups: _groups.Groups) -> None:
        """Add sites that were gathered, shaded by how many each group has."""
        found = _classes.graduated(groups.counts.astype(np.float64), word("sites", self.lang), self.lang)
        table = _groups.table_of(groups, self.lang) | {"classes": _classes_data(found)}
        table["list"] = [
            {"term": row["term"], "kind": "area" if row["column"] == "area" else "number", "column": row["column"]}
            for row in table["rows"]
        ]
        self.tables.append(table)
        legend = _key.classes(found, self.lang, area=True)
        self._add("groups", groups.shapes, pane="cgFootprints", look=_key.GROUPS, table=0, filled=True, legend=legend)

    def further(self, name: str, given: Layer | gpd.GeoDataFrame, at: int) -> None:
        """Add a further layer of the caller's, with cards of its columns."""
        frame = given.frame if isinstance(given, Layer) else given
        if not isinstance(frame, gpd.GeoDataFrame) or frame.active_geometry_name is None:
            msg = (
                f"Layer {name!r} is a {type(given).__name__}. Give a Layer or a GeoDataFrame (read_layer reads a file)."
            )
            raise InputError(msg)
        scene = _scene.scene_of(frame, what=f"Layer {name!r}")
        look = _key.layer_look(at)
        table = _cards.table_of(scene.frame, names=_scene.names_of(scene.frame, self.lang), basis=None, lang=self.lang)
        self.tables.append(table | _placed(scene))
        terms = _key.terms_of(given) if isinstance(given, Layer) else ""
        self.terms += [f"{name}: {terms}"] if terms else []
        shapes, owners = _scene.uniform(scene.shapes)
        self.beside.append(_key.Beside(name, look, shapes))
        item = _key.box(look, name, terms=terms, count=len(scene.shapes)) | {"form": _scene.form_of(shapes)}
        table_at, held = len(self.tables) - 1, None if len(shapes) == len(scene.shapes) else owners.tolist()
        legend = [_key.section("", [item])]
        self._add("", shapes, shown=name, pane="cgLayers", look=look, table=table_at, owners=held, legend=legend)

    def text(self) -> str:
        """Return what the tables say, for the font."""
        return json.dumps(self.tables, ensure_ascii=False)

    def _owned(
        self, name: str, shapes: NDArray[np.object_], rows: NDArray[np.intp], pane: str, look: dict[str, Any]
    ) -> None:
        """Add shapes that belong to sites, in the colours of the sites."""
        key = {"within": "within", "disc": "disc_key", "measured": "measured_key"}[name]
        legend = [_key.section("", [_key.box(look, word(key, self.lang), count=len(rows))])]
        owners = None if len(rows) == len(shapes) else rows.tolist()
        self._add(name, shapes[rows], pane=pane, look=look, table=0, owners=owners, legend=legend)

    def _add(
        self,
        key: str,
        shapes: Sequence[Any] | NDArray[np.object_],
        *,
        shown: str | None = None,
        pane: str,
        look: dict[str, Any],
        kind: str = "shapes",
        quantum: float | None = None,
        **rest: Any,
    ) -> None:
        """Add one layer, one of ours by its key or a caller's under its name; what it has nothing for is left out."""
        held = np.array([*shapes, None], dtype=object)[:-1]
        step = quantum or _pack.quantum_for(held)
        spec: dict[str, Any] = {
            "key": key,
            "name": _NAMES[key][self._place] if shown is None else shown,
            "kind": kind,
            "pane": pane,
            "look": look,
        }
        spec |= {"blob": len(self.blobs), "quantum": step, "count": len(held)}
        self.layers.append(spec | {part: value for part, value in rest.items() if value is not None and value != []})
        self.blobs.append(_pack.shape_bytes(held, step))


def regions(ground: Land, held: Labels, lang: str) -> list[dict[str, Any]]:
    """Return the names of the provinces as the page's script takes them, clear of every dot and label."""
    names = [_lettering.region_name(one) for one in (ground.names_ko if lang == "ko" else ground.names_en)]
    # The largest part carries the name: the middle of all islands may lie in the sea.
    parts = [max(shapely.get_parts(one), key=shapely.area) for one in ground.provinces]
    middles = np.array([[one.x, one.y] for one in (shapely.point_on_surface(part) for part in parts)])
    boxes = _lettering.taken_boxes(held.points, held.chips, held.spots, held.levels)
    spots = _lettering.region_spots(middles, names, boxes=boxes, levels=held.levels)
    return [
        {"at": [round(float(middle[1]), 4), round(float(middle[0]), 4)], "name": name, "spots": spot}
        for middle, name, spot in zip(middles, names, spots, strict=True)
    ]


def _placed(scene: _scene.Scene) -> dict[str, Any]:
    """Return how many rows of a table have a position, where not all have; they are the first."""
    return {"placed": len(scene.at)} if scene.unplaced else {}


def _classes_data(found: _classes.Classes) -> dict[str, Any]:
    """Return classes as the page's script takes them."""
    return {
        "title": found.title,
        "words": [one.words for one in found.entries],
        "colours": [one.colour for one in found.entries],
        "sizes": [one.size for one in found.entries],
        "codes": found.codes.tolist(),
    }


def _centres(
    frame: pd.DataFrame, table: dict[str, Any], colour_by: str | None, lang: str
) -> tuple[str, list[int] | None]:
    """Return what the centre of each dot answers, and the answers (1 yes, 0 no, -1 open).

    It is the flag that colours, so that its answer is not told by colour alone, else whether the site has RDZ.
    """
    if colour_by is not None and colour_by in frame.columns and pd.api.types.is_bool_dtype(frame[colour_by]):
        return labels.column(colour_by, lang), _cells.flags(frame, colour_by).tolist()
    if "rdz" not in table:
        return "", None
    values = [{"yes": 1, "no": 0, "open": -1}[way["answer"]] for way in table["rdz"]["ways"]]
    return word("rdz", lang), [values[code] for code in table["rdz"]["codes"]]


def _list(table: dict[str, Any], lang: str) -> list[dict[str, Any]]:
    """Return the columns of the list beside the map."""
    found: list[dict[str, Any]] = []
    if "in_capital_region" in table["columns"]:
        found.append({"term": word("capital_head", lang), "kind": "capital", "column": "in_capital_region"})
    if "rdz" in table:
        found.append({"term": word("rdz_head", lang), "kind": "rdz"})
    if "area_km2" in table["columns"]:
        found.append({"term": "km²", "kind": "area", "column": "area_km2"})
    return found
