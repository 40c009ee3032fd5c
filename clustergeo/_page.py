"""One HTML file with everything inside: what a rendered folium page would load is put into it."""

from __future__ import annotations

import base64
import functools
import hashlib
import html
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from clustergeo import _fonts
from clustergeo.errors import PageError

if TYPE_CHECKING:
    from collections.abc import Iterable

# A reader's own Korean font comes first; the embedded one serves machines that have none.
FONT_STACK = (
    'system-ui, -apple-system, "Segoe UI", Roboto, "Apple SD Gothic Neo", "Malgun Gothic", "Noto Sans KR", '
    f'"Noto Sans CJK KR", NanumGothic, "{_fonts.FAMILY}", sans-serif'
)

_HEX_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_CSS_URL = re.compile(r"""url\(\s*["']?([^"')]+)["']?\s*\)""")
_CSS_IMPORT = re.compile(r"@import[^;]*;?", re.IGNORECASE)
_HOST = re.compile(r"https?://[^/?#\s;,'\"]+", re.IGNORECASE)
_PROGRAM_TYPES = ("text/javascript", "application/javascript", "module", "importmap")
# What the HTML of a popup, or the icon of a marker, would fetch; our own data has no `<` at all.
_PICTURES = re.compile(
    r"""<(?:img|iframe|source|video|audio|embed)\b[^>]*?\ssrc\s*=\s*\\?["']?(https?://[^"'\\\s>]+)"""
    r"""|"(?:iconUrl|shadowUrl)"\s*:\s*"(https?://[^"]+)\"""",
    re.IGNORECASE,
)
_SOURCE_MAP = re.compile(r"//[#@]\s*sourceMappingURL=\S*|/\*[#@]\s*sourceMappingURL=.*?\*/")
# What a page must not fetch: every attribute that makes a browser load something, by tag.
_LOADING = {
    "img": ("src", "srcset"),
    "iframe": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "video": ("src", "poster"),
    "audio": ("src",),
    "source": ("src", "srcset"),
    "track": ("src",),
    "input": ("src",),
    "frame": ("src",),
    "use": ("href", "xlink:href"),
    "image": ("href", "xlink:href"),
}
_HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7A3))
_UNICODE_RANGE = ", ".join(f"U+{first:04X}-{last:04X}" for first, last in _HANGUL)


class _Asset(NamedTuple):
    """A local copy of a file that folium links to."""

    package: str
    file: str
    notice: str


_LEAFLET = "Leaflet 1.9.3, (c) 2010-2022 Volodymyr Agafonkin, (c) 2010-2011 CloudMade; licence BSD-2-Clause"
_ASSETS = {
    "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.js": _Asset("leaflet", "leaflet.js", _LEAFLET),
    "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.css": _Asset("leaflet", "leaflet.css", _LEAFLET),
    "https://code.jquery.com/jquery-3.7.1.min.js": _Asset(
        "jquery", "jquery.min.js", "jQuery 3.7.1, (c) OpenJS Foundation and other contributors; licence MIT"
    ),
}


def inline(
    page: str,
    *,
    title: str | None = None,
    lang: str | None = None,
    fonts: bool = True,
    links: bool = False,
    foreign: bool = False,
    text: str = "",
    fetched: Iterable[str] = (),
) -> str:
    """Put everything a page would load into it.

    Scripts and stylesheets that folium links to come from local packages of the same versions; the page gets its title,
    language, viewport and the Hangul that it shows as a font, and a policy under which a browser runs the scripts that
    are in it, by their hashes, and nothing else, and fetches nothing but what it links to.

    Parameters
    ----------
    page
        A rendered page, as `folium.Map.get_root().render()` returns it.
    title
        The title, as plain text; None keeps what the page has.
    lang
        The language tag of the page, such as `"ko"`; None keeps what the page has.
    fonts
        Whether to embed the Hangul of the page; a page without Hangul gets no font.
    links
        Leave scripts and stylesheets as links: the page then needs a network.
    foreign
        Leave what has no local copy as a link, instead of refusing it.
    text
        What a script of the page will show that cannot be read in it, for the font.
    fetched
        Addresses of pictures that the page may fetch, such as tiles; no other is.

    Returns
    -------
    str
        The page.

    Raises
    ------
    PageError
        The page would load something that is not at hand; the message names every such URL.

    Examples
    --------
    >>> whole = inline('<html><head><script src="https://code.jquery.com/jquery-3.7.1.min.js"></script></head></html>')
    >>> "src=" in whole.split("<script>")[0], len(whole) > 80_000
    (False, True)
    """
    rewriter = _Rewriter(links=links, foreign=foreign, title=title, lang=lang)
    rewriter.feed(page)
    rewriter.close()
    if rewriter.refused:
        listed = ", ".join(dict.fromkeys(rewriter.refused))
        msg = (
            f"The page would load {listed}, which clustergeo has no local copy of: it would not open offline. "
            "Leave out the plugin, tiles or image that asks for it, or save the map with offline=False."
        )
        raise PageError(msg)
    head = [
        '<meta charset="utf-8" />',
        rewriter.policy(fetched),
        '<meta name="viewport" content="width=device-width, initial-scale=1" />',
    ]
    if title is not None:
        head.append(f"<title>{html.escape(title)}</title>")
    if fonts:
        head.extend(_font_style("".join([*rewriter.parts, title or "", text])))
    rewriter.parts.insert(rewriter.head, "\n    " + "\n    ".join(head))
    return "".join(rewriter.parts)


def stable_ids(page: str, ids: set[str]) -> str:
    """Replace random ids by numbers in the order of appearance, so that the same map gives the same bytes.

    Parameters
    ----------
    page
        A rendered page.
    ids
        The ids of its elements, 32 hexadecimal digits each; no other text is touched.

    Examples
    --------
    >>> stable_ids(f"map_{'ab' * 16} x_{'cd' * 16} map_{'ab' * 16}", {"ab" * 16, "cd" * 16})
    'map_1 x_2 map_1'
    """
    numbers: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        text = found.group()
        return numbers.setdefault(text, str(len(numbers) + 1)) if text in ids else text

    return _HEX_ID.sub(number, page)


def data_uri(data: bytes, kind: str) -> str:
    """Return bytes as a `data:` URI.

    Examples
    --------
    >>> data_uri(b"a", "image/png")
    'data:image/png;base64,YQ=='
    """
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


class _Rewriter(HTMLParser):
    """Copies a page as it is, except for what loads something."""

    def __init__(self, *, links: bool, foreign: bool, title: str | None, lang: str | None) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self.refused: list[str] = []
        # Where the page's own head begins, among the parts.
        self.head = 0
        self._links = links
        self._foreign = foreign
        self._drop_title = title is not None
        self._in_title = False
        self._lang = lang
        self._closing_script = False
        self._in_style = False
        # The text of the script that is being copied, and what the policy of the page allows.
        self._program: list[str] | None = None
        self._allowed: dict[str, dict[str, None]] = {"script-src": {}, "style-src": {"'unsafe-inline'": None}}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._start(tag, dict(attrs))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._start(tag, dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_style and tag != "style"
        if tag == "script" and self._program is not None:
            program = "".join(self._program)
            for found in _PICTURES.finditer(program):
                self._refuse(found[1] or found[2])
            self._allow_program(program)
            self._program = None
        if tag == "title" and self._in_title:
            self._in_title = False
            return
        if tag == "script" and self._closing_script:
            self._closing_script = False
            return
        self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self._program is not None:
            self._program.append(data)
        if self._in_style:
            self._style(data)
        if not self._in_title:
            self.parts.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self.parts.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.parts.append(f"<!{decl}>")

    def _start(self, tag: str, attrs: dict[str, str | None]) -> None:
        """Copy one tag, put something in its place, or drop it."""
        raw = self.get_starttag_text() or ""
        if tag == "title" and self._drop_title:
            self._in_title = True
            return
        if tag == "html" and self._lang is not None:
            raw = f'<html lang="{html.escape(self._lang)}">'
        if tag == "script" and attrs.get("src"):
            self._script(attrs["src"] or "", raw)
            return
        if tag == "link":
            self._link(attrs, raw)
            return
        # Charset and viewport are written anew; a refresh or a base would send the page somewhere.
        if tag in ("meta", "base"):
            return
        self._loading(tag, attrs)
        if tag == "script" and (attrs.get("type") or _PROGRAM_TYPES[0]).lower() in _PROGRAM_TYPES:
            self._program = []
        self._in_style = tag == "style"
        if attrs.get("style"):
            self._style(attrs["style"] or "")
        self.parts.append(raw)
        if tag == "head":
            self.head = len(self.parts)

    def _loading(self, tag: str, attrs: dict[str, str | None]) -> None:
        """Refuse what an element would load."""
        for name in _LOADING.get(tag, ()):
            url = attrs.get(name)
            if url and not url.startswith(("data:", "#")):
                self._refuse(url)
                self._allow("img-src", url)

    def _script(self, url: str, raw: str) -> None:
        """Put a script into the page."""
        if self._kept(url):
            self._allow("script-src", url)
            self.parts.append(raw)
            return
        self._closing_script = True
        if url in _ASSETS:
            self._allow_program(_asset(url))
            self.parts.append(f"<!-- {_ASSETS[url].notice} -->\n<script>{_asset(url)}</script>")
        else:
            self._refuse(url)

    def _link(self, attrs: dict[str, str | None], raw: str) -> None:
        """Put a stylesheet into the page; other links (icons, preloads, prefetches) are dropped."""
        url = attrs.get("href") or ""
        if "stylesheet" not in (attrs.get("rel") or "").lower().split():
            return
        if self._kept(url):
            for directive in ("style-src", "img-src", "font-src"):
                self._allow(directive, url)
            self.parts.append(raw)
        elif url in _ASSETS:
            self.parts.append(f"<!-- {_ASSETS[url].notice} -->\n<style>{_asset(url)}</style>")
        else:
            self._refuse(url)

    def _style(self, text: str) -> None:
        """Refuse what a stylesheet of the page's own would load."""
        for url in [*_CSS_URL.findall(text), *_CSS_IMPORT.findall(text)]:
            if not url.startswith(("data:", "#")):
                self._refuse(url)

    def policy(self, fetched: Iterable[str]) -> str:
        """Return the element that says what the page may run and load."""
        for url in fetched:
            self._allow("img-src", url)
        sources = {"default-src": {"'none'": None}, "img-src": {}, "font-src": {}} | self._allowed
        for directive in ("img-src", "font-src"):
            sources[directive] = {"data:": None} | sources[directive]
        if not sources["script-src"]:
            sources["script-src"] = {"'none'": None}
        rules = [f"{directive} {' '.join(allowed)}" for directive, allowed in sources.items()]
        rules += ["base-uri 'none'", "form-action 'none'"]
        content = html.escape("; ".join(rules), quote=True).replace("&#x27;", "'")
        return f'<meta http-equiv="Content-Security-Policy" content="{content}" />'

    def _allow(self, directive: str, url: str) -> None:
        """Allow the host of a URL, and no other."""
        found = _HOST.match(url)
        if found is not None:
            # Tiles name a server by a letter: `{s}.tile.example.org`.
            host = re.sub(r"\{[^}]*\}|%7[Bb][^%]*%7[Dd]", "*", found.group())
            self._allowed.setdefault(directive, {})[host] = None

    def _allow_program(self, text: str) -> None:
        """Allow a script of the page by its hash."""
        digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
        self._allowed["script-src"][f"'sha256-{base64.b64encode(digest).decode('ascii')}'"] = None

    def _kept(self, url: str) -> bool:
        """Return whether a script or stylesheet stays a link."""
        return self._links or (self._foreign and url not in _ASSETS)

    def _refuse(self, url: str) -> None:
        """Note a URL that has no local copy; a page that keeps its links may load it."""
        if not self._links and not self._foreign:
            self.refused.append(url)


@functools.cache
def _asset(url: str) -> str:
    """Return the text of a local copy, fit to stand in a page."""
    asset = _ASSETS[url]
    folder = _folder(asset.package)
    text = _SOURCE_MAP.sub("", (folder / asset.file).read_text(encoding="utf-8")).strip()
    if asset.file.endswith(".css"):
        return _CSS_URL.sub(lambda found: _picture(folder, found.group(1)), text)
    if asset.file == "leaflet.js":
        text += _marker(folder)
    # `<\/` means the same inside a JavaScript string, and does not end the element.
    return re.sub(r"</(script)", r"<\\/\1", text, flags=re.IGNORECASE)


def _marker(folder: Path) -> str:
    """Return the script that gives Leaflet its own marker as pictures that are in the page."""
    # Left alone it looks for the folder of its stylesheet, which an inlined one does not have (Leaflet #4968).
    files = {"iconUrl": "marker-icon.png", "iconRetinaUrl": "marker-icon-2x.png", "shadowUrl": "marker-shadow.png"}
    named = ",".join(
        f'{option}:"{data_uri((folder / "images" / file).read_bytes(), "image/png")}"' for option, file in files.items()
    )
    return f";delete L.Icon.Default.prototype._getIconUrl;L.Icon.Default.mergeOptions({{{named}}});"


def _picture(folder: Path, name: str) -> str:
    """Return a picture that a stylesheet names as a `data:` URI; other references stay."""
    if not name.startswith("images/"):
        return f"url({name})"
    return f"url({data_uri((folder / name).read_bytes(), 'image/png')})"


def _folder(package: str) -> Path:
    """Return the folder of an asset package."""
    import xstatic.pkg.jquery  # noqa: PLC0415 - only a page needs them
    import xstatic.pkg.leaflet  # noqa: PLC0415

    module = {"leaflet": xstatic.pkg.leaflet, "jquery": xstatic.pkg.jquery}[package]
    return Path(str(module.BASE_DIR))


def _font_style(text: str) -> list[str]:
    """Return the style element of the Hangul in a text; nothing where there is none."""
    # Data in scripts may hold its text as \uXXXX escapes.
    shown = text + "".join(chr(int(code, 16)) for code in _ESCAPED.findall(text))
    used = {one for one in set(shown) if any(first <= ord(one) <= last for first, last in _HANGUL)}
    if not used:
        return []
    font = data_uri(_fonts.subset_woff("".join(sorted(used))), "font/woff")
    source = f'src: url({font}) format("woff"); unicode-range: {_UNICODE_RANGE};'
    rule = f'@font-face {{ font-family: "{_fonts.FAMILY}"; {source} }}'
    return [f"<!-- {_fonts.FAMILY}: a modified NanumGothic; licence SIL OFL 1.1 -->", f"<style>{rule}</style>"]
