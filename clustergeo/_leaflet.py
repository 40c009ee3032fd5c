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

from clustergeo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The start of a tag of a template; in JSON made here it can only stand in a text.
_TAG = re.compile(r"\{(?=[{%#])")

# Everything else that folium links to by default serves marker icons that this map does not use.
_JS = ("leaflet", "jquery")
_CSS = ("leaflet_css",)

_STYLES = ("map.css", "panel.css", "card.css")
# One script: each file adds its functions to those before it.
_SCRIPTS = (
    "decode.js",
    "instead.js",
    "words.js",
    "cards.js",
    "draw.js",
    "many.js",
    "names.js",
    "legend.js",
    "panel.js",
    "start.js",
)


class SiteMap(folium.Map):
    """A folium map that knows its title and language and shows itself in a notebook without a network."""

    def __init__(
        self, *, title: str, lang: str, nameless: str, finish: Callable[[folium.Map], str], **options: Any
    ) -> None:
        self._control: str | None = None
        self._nameless = nameless
        super().__init__(tiles=None, zoom_control="bottomright", zoom_snap=0.5, **options)
        # The lists of the class are shared by every map of the process, so this map gets its own.
        self.default_js = [pair for pair in folium.Map.default_js if pair[0] in _JS]
        self.default_css = [pair for pair in folium.Map.default_css if pair[0] in _CSS]
        self.page_title = title
        self.page_lang = lang
        # What the page's script will show, for the font: the data may be deflated.
        self.page_text = ""
        self._finish = finish

    def __repr__(self) -> str:
        """Return the title and what the map can show."""
        names = [str(one.layer_name) for one in self._children.values() if isinstance(one, FoliumLayer) and one.control]
        return f"<clustergeo map: {self.page_title}; layers {', '.join(names)}>"

    def _repr_html_(self, **_kwargs: Any) -> str:
        """Return the whole page in a frame of its own, for a notebook."""
        page = escape(self._finish(self))
        return (
            f'<iframe srcdoc="{page}" title="{escape(self.page_title)}" width="100%" height="600" '
            'sandbox="allow-scripts allow-popups allow-popups-to-escape-sandbox" style="border:0"></iframe>'
        )

    def add_child(self, child: Element, name: str | None = None, index: int | None = None) -> Element:
        """Add an element; the list of layers stays the last, so that it lists what a caller adds later too."""
        if isinstance(child, folium.LayerControl) and self._control is not None:
            # One list of the layers is enough: the caller's own takes the place of ours.
            self._children.pop(self._control, None)
        if isinstance(child, FoliumLayer) and child.control:
            self._call(child)
        super().add_child(child, name=name, index=index)
        if isinstance(child, folium.LayerControl):
            self._control = str(child.get_name())
        if self._control is not None and self._control in self._children:
            self._children.move_to_end(self._control)
        return self

    def _call(self, layer: FoliumLayer) -> None:
        """Give a layer a name of its own in the list of layers, which holds one a name."""
        # folium calls a layer that nobody named by the random id of its element.
        name = self._nameless if str(layer.layer_name).endswith(str(layer._id)) else str(layer.layer_name)  # noqa: SLF001
        taken = {
            str(one.layer_name) for one in self._children.values() if isinstance(one, FoliumLayer) and one is not layer
        }
        found, at = name, 2
        while found in taken:
            found, at = f"{name} ({at})", at + 1
        layer.layer_name = found


class Ground(MacroElement):
    """The page's style and script, the data that the layers share, and what shows where scripts are off."""

    _template = Template(
        """
        {% macro header(this, kwargs) %}
        <style>{{ this.style }}</style>
        <script>{{ this.program }}</script>
        {% endmacro %}
        {% macro html(this, kwargs) %}
        <noscript class="cg-instead" data-unloaded="{{ this.unloaded }}">{{ this.still }}</noscript>
        <script type="application/json" id="{{ this.get_name() }}">{{ this.data }}</script>
        {% endmacro %}
        {% macro script(this, kwargs) %}
        clustergeo.setup({{ this._parent.get_name() }}, "{{ this.get_name() }}", {{ this.failed }});
        {% endmacro %}
        """
    )

    def __init__(self, *, still: str, unloaded: str, style: str, data: dict[str, Any], failed: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Ground"
        self.still = literal(still)
        self.unloaded = literal(escape(unloaded))
        self.style = style + "".join(asset(name) for name in _STYLES)
        self.program = "".join(asset(name) for name in _SCRIPTS)
        self.data = as_json(data)
        # The words of the page are in the data, which may be what cannot be read.
        self.failed = as_json(failed)


class Drawn(FoliumLayer):
    """One layer of the map, drawn by the page's script."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = clustergeo.layer({{ this._parent.get_name() }}, {{ this.place }});
        {% endmacro %}
        """
    )

    def __init__(self, name: str, place: int, *, show: bool = True) -> None:
        # Leaflet's layer control takes names as HTML.
        super().__init__(name=literal(escape(name)), overlay=True, control=True, show=show)
        self._name = "Drawn"
        self.place = place


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
    try:
        layer = tiles if isinstance(tiles, folium.TileLayer) else folium.TileLayer(tiles)
    except (ValueError, TypeError, AttributeError) as error:
        msg = (
            f"tiles={tiles!r} is no background: {error} Name one that folium knows, such as 'OpenStreetMap', or give "
            'folium.TileLayer(address, attr="whom it is owed to").'
        )
        raise InputError(msg) from error
    layer.add_to(made)


def is_map(found: object) -> bool:
    """Return whether something is a folium map."""
    return isinstance(found, folium.Map)


def fetched(made: folium.Map) -> list[str]:
    """Return every address that a map would fetch pictures from: tiles, services and overlays."""
    elements = list(_elements(made))
    tiles = [str(one.tiles) for one in elements if isinstance(one, folium.TileLayer)]
    others = [getattr(one, name, None) for one in elements for name in ("url", "video_url")]
    return tiles + [one for one in others if isinstance(one, str) and one.startswith(("http:", "https:", "//"))]


def rendered(made: folium.Map) -> tuple[str, set[str]]:
    """Return the page of a map as folium renders it, and the random ids of its elements."""
    root = made.get_root()
    if isinstance(made, SiteMap) and any(isinstance(one, folium.Icon) for one in _elements(made)):
        # These symbols need what this map leaves out.
        made.default_js, made.default_css = list(folium.Map.default_js), list(folium.Map.default_css)
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
