"""How each layer of the interactive map looks, and the legend that goes with it, as data for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from clustergeo import labels
from clustergeo._words import word

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from clustergeo._classes import Classes
    from clustergeo.layers import Layer

LAND = {"color": "#b4b0a3", "weight": 0.8, "fillColor": "#fbfaf6", "fillOpacity": 1}
CAPITAL = {"color": "#b86e00", "weight": 1.5, "fillColor": "#fbe2ba", "fillOpacity": 0.75}
WITHIN = {"weight": 1, "fillOpacity": 0.13, "opacity": 0.75}
DISC = {"weight": 2, "dashArray": "6 4", "fillOpacity": 0.08}
MEASURED = {"weight": 2, "fillOpacity": 0.35}
GROUPS = {"color": "#ffffff", "weight": 0.8, "fillOpacity": 0.9}
ZONE_COLOURS = ("#3f7d3a", "#7a5c1e", "#1f6f8b", "#7b4b94", "#a03a4a")
LAYER_COLOURS = ("#555e66", "#8a3b6b", "#2e6b5e", "#6b5a1e", "#3d5a99")
# A layer of the caller's is told from a zone by its dashes, and from another by colour and name.
_SAMPLE = "#4477aa"


class Zone(NamedTuple):
    """What the legend says of a zone layer."""

    name: str
    colour: str
    terms: str

    @property
    def look(self) -> dict[str, Any]:
        """Return how the zone is drawn."""
        return {
            "color": self.colour,
            "weight": 1.5,
            "fillColor": self.colour,
            "fillOpacity": 0.3,
            "dashArray": "8 2 2 2",
        }


class Beside(NamedTuple):
    """A zone or a further layer of the map, for pictures of it."""

    name: str
    look: dict[str, Any]
    shapes: NDArray[np.object_]


def terms_of(layer: Layer) -> str:
    """Return what the legend and the notices say of a layer: its day, source and licence, as far as known."""
    return " · ".join(str(part) for part in (layer.as_of, layer.source, layer.licence) if part)


def layer_look(place: int) -> dict[str, Any]:
    """Return how a further layer of the caller's is drawn."""
    colour = LAYER_COLOURS[place % len(LAYER_COLOURS)]
    return {"color": colour, "weight": 1.8, "fillColor": colour, "fillOpacity": 0.18, "dashArray": "2 3"}


def box(look: dict[str, Any], words: str, *, terms: str = "", count: int | None = None) -> dict[str, Any]:
    """Return one line of a legend: a small picture of an area, its words, its terms and how many there are."""
    shown = {"color": _SAMPLE, "fillColor": _SAMPLE} | look
    item: dict[str, Any] = {"box": shown, "words": words}
    return item | ({"terms": terms} if terms else {}) | ({} if count is None else {"count": count})


def section(heading: str, items: Sequence[dict[str, Any]], *, note: str = "", columns: bool = False) -> dict[str, Any]:
    """Return one part of a legend."""
    return {"heading": heading, "items": list(items), "note": note, "columns": columns}


def classes(found: Classes, lang: str, *, area: bool = False, several: bool = True) -> list[dict[str, Any]]:
    """Return the legend of the colours, with the number of sites of each; nothing for one colour or for no site."""
    if not found.title or not found.entries:
        return []
    items = [
        {"area" if area else "dot": one.colour, "size": one.size, "words": one.words, "count": one.number}
        for one in found.entries
    ]
    note = word("first", lang) if several and found.title == labels.column("sectors", lang) else ""
    if any(" – " in one.words for one in found.entries) and found.graduated:
        note = word("edges", lang)
    return [section(found.title, items, note=note, columns=len(items) > 3 and not found.graduated)]  # noqa: PLR2004


def evidence(rdz: dict[str, Any] | None, lang: str) -> list[dict[str, Any]]:
    """Return the legend of the evidence that occurs: badge, ring and how many sites."""
    if rdz is None or not rdz["ways"]:
        return []
    items = [{"ring": way, "words": way["words"], "count": way["count"]} for way in rdz["ways"]]
    return [section(word("evidence", lang), items, note=word("filled", lang))]


def centres(question: str, counts: dict[int, int], lang: str) -> list[dict[str, Any]]:
    """Return the legend of the centres of the dots: which question they answer, and how many sites have each answer.

    Examples
    --------
    >>> centres("RDZ", {1: 2, -1: 1}, "en")[0]["items"][0]
    {'centre': 'yes', 'words': 'dark: yes', 'count': 2}
    """
    keys = {1: "yes", 0: "no", -1: "open"}
    items = [
        {"centre": key, "words": word(f"answer_{key}", lang), "count": counts[answer]}
        for answer, key in keys.items()
        if counts.get(answer)
    ]
    return [section(word("answer", lang, question), items)] if items else []
