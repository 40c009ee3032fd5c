"""The folium elements of a site map; importing this module loads folium."""

from __future__ import annotations

import importlib.resources
import json
import re
from html import escape
from typing import TYPE_CHECKING, Any

import folium
from branca.element import Element, Figure, MacroElement
from folium.map import Layer as FoliumLayer
from folium.template import Template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The start of a tag of a template; in JSON made here it can only stand in a text.
_TAG = re.compile(r"\{(?=[{%#])")

# Everything else that folium links to by default serves marker icons that this map does not use.
_JS = ("leaflet", "jquery")
_CSS = ("leaflet_css",)


class SiteMap(folium.Map):
    """A folium map that knows its title and language and shows itself in a notebook without a network."""

    def __init__(self, *, title: str, lang: str, finish: Callable[[folium.Map], str], **options: Any) -> None:
        super().__init__(tiles=None, zoom_control="bottomright", zoom_snap=0.5, **options)
        # The lists of the class are shared by every map of the process, so this map gets its own.
        self.default_js = [pair for pair in folium.Map.default_js if pair[0] in _JS]
        self.default_css = [pair for pair in folium.Map.default_css if pair[0] in _CSS]
        self.page_title = title
        self.page_lang = lang
        self._finish = finish

    def _repr_html_(self, **_kwargs: Any) -> str:
        """Return the whole page in a frame of its own, for a notebook."""
        page = escape(self._finish(self))
        return (
            f'<iframe srcdoc="{page}" title="{escape(self.page_title)}" width="100%" height="600" '
            'sandbox="allow-scripts allow-popups allow-popups-to-escape-sandbox" style="border:0"></iframe>'
        )


class Ground(MacroElement):
    """The page's style and script, its panel, and the data that the layers share."""

    _template = Template(
        """
        {% macro header(this, kwargs) %}
        <style>{{ this.style }}</style>
        <script>{{ this.program }}</script>
        {% endmacro %}
        {% macro html(this, kwargs) %}{{ this.panel }}{% endmacro %}
        {% macro script(this, kwargs) %}
        clustergeo.setup({{ this._parent.get_name() }}, {{ this.data }});
        {% endmacro %}
        """
    )

    def __init__(self, *, panel: str, style: str, data: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Ground"
        self.panel = literal(panel)
        self.style = style + asset("map.css")
        self.program = asset("map.js")
        self.data = as_json(data)


class Drawn(FoliumLayer):
    """One layer of the map, drawn by a function of the page's script."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = clustergeo.{{ this.method }}({{ this._parent.get_name() }}{{ this.arguments }});
        {% endmacro %}
        """
    )

    def __init__(self, name: str, method: str, *arguments: dict[str, Any], show: bool = True) -> None:
        # Leaflet's layer control takes names as HTML.
        super().__init__(name=literal(escape(name)), overlay=True, control=True, show=show)
        self._name = "Drawn"
        self.method = method
        self.arguments = "".join(f", {as_json(argument)}" for argument in arguments)


def as_json(data: Any) -> str:
    r"""Return data as JSON that can stand in a script element.

    Examples
    --------
    >>> as_json({"name": "</script>"})
    '{"name":"\\u003c/script>"}'
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # No `<` at all: neither the end of the element nor the start of a comment can come from data.
    text = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return _TAG.sub("\\\\u007b", text)


def literal(text: str) -> str:
    """Return HTML whose text folium does not run: it takes what it has rendered for a template once more.

    Examples
    --------
    >>> literal("{{7*7}}")
    '&#123;{7*7}}'
    """
    return _TAG.sub("&#123;", text)


def asset(name: str) -> str:
    """Return the text of a file of the page's own style or script."""
    return (importlib.resources.files("clustergeo") / "_mapdata" / name).read_text(encoding="utf-8")


def control() -> folium.LayerControl:
    """Return the control that toggles the layers, open."""
    return folium.LayerControl(collapsed=False)


def add_tiles(made: folium.Map, tiles: str | folium.TileLayer) -> None:
    """Add a background to a map."""
    layer = tiles if isinstance(tiles, folium.TileLayer) else folium.TileLayer(tiles)
    layer.add_to(made)


def is_map(found: object) -> bool:
    """Return whether something is a folium map."""
    return isinstance(found, folium.Map)


def tile_urls(made: folium.Map) -> list[str]:
    """Return the addresses that a map would fetch tiles from."""
    return [str(one.tiles) for one in _elements(made) if isinstance(one, folium.TileLayer)]


def rendered(made: folium.Map) -> tuple[str, set[str]]:
    """Return the page of a map as folium renders it, and the random ids of its elements."""
    root = made.get_root()
    parts = _parts(root)
    before = [part._children.copy() for part in parts]  # noqa: SLF001 - folium has no other name for it
    page = str(root.render())
    ids = {str(one._id) for one in _elements(root)}  # noqa: SLF001
    # Rendering leaves elements behind, and a second one would add them to the page twice.
    for part, children in zip(parts, before, strict=True):
        part._children = children  # noqa: SLF001
    return page, ids


def _parts(root: Element) -> list[Element]:
    """Return the parts of a page that are not children of its root."""
    return [root.header, root.html, root.script] if isinstance(root, Figure) else []


def _elements(root: Element) -> Iterator[Element]:
    """Yield an element and everything below it."""
    yield root
    for child in [*_parts(root), *root._children.values()]:  # noqa: SLF001
        yield from _elements(child)
