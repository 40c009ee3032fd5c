"""A page carries everything it would load, or is refused with the names of what it cannot carry."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from clustergeo import _page
from clustergeo._fonts import FAMILY
from clustergeo.errors import PageError

if TYPE_CHECKING:
    from pathlib import Path

LEAFLET_JS = "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.js"
LEAFLET_CSS = "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.css"
JQUERY = "https://code.jquery.com/jquery-3.7.1.min.js"


def page(head: str = "", body: str = "") -> str:
    return f"<!DOCTYPE html>\n<html>\n<head>{head}</head>\n<body>{body}</body>\n</html>\n"


def test_scripts_and_stylesheets_of_folium_come_into_the_page() -> None:
    whole = _page.inline(
        page(
            f'<script src="{LEAFLET_JS}"></script><script src="{JQUERY}"></script>'
            f'<link rel="stylesheet" href="{LEAFLET_CSS}"/>'
        )
    )
    assert not re.search(r"<script[^>]*\ssrc=|<link[^>]*\shref=", whole)
    assert 't.version="1.9.3"' in whole
    assert "jQuery v3.7.1" in whole
    assert ".leaflet-pane" in whole


def test_folium_names_the_very_versions_that_are_at_hand() -> None:
    folium = pytest.importorskip("folium.folium")
    linked = dict(folium._default_js) | dict(folium._default_css)
    assert {linked["leaflet"], linked["jquery"], linked["leaflet_css"]} == set(_page._ASSETS)


def test_pictures_of_a_stylesheet_become_data_and_nothing_else_is_fetched() -> None:
    whole = _page.inline(page(f'<link rel="stylesheet" href="{LEAFLET_CSS}"/>'))
    urls = re.findall(r"url\(([^)]*)\)", whole)
    assert len([url for url in urls if url.startswith("data:image/png;base64,")]) == 3
    assert not [url for url in urls if not url.startswith(("data:", "#"))]


def test_source_maps_are_dropped_and_licences_are_kept() -> None:
    whole = _page.inline(page(f'<script src="{LEAFLET_JS}"></script><script src="{JQUERY}"></script>'))
    assert "sourceMappingURL" not in whole
    assert "@preserve" in whole
    assert "BSD-2-Clause" in whole
    assert "licence MIT" in whole


def test_an_inlined_script_cannot_end_its_own_element() -> None:
    whole = _page.inline(page(f'<script src="{JQUERY}"></script><script src="{LEAFLET_JS}"></script>'))
    assert len(re.findall(r"</script", whole, flags=re.IGNORECASE)) == 2


def test_an_end_tag_inside_an_asset_is_escaped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "jquery.min.js").write_text('x = "</script><b>";', encoding="utf-8")
    monkeypatch.setattr(_page, "_folder", lambda _package: tmp_path)
    _page._asset.cache_clear()
    try:
        whole = _page.inline(page(f'<script src="{JQUERY}"></script>'))
    finally:
        _page._asset.cache_clear()
    assert r'<script>x = "<\/script><b>";</script>' in whole


@pytest.mark.parametrize(
    "asks",
    [
        '<script src="https://example.org/a.js"></script>',
        '<link rel="stylesheet" href="https://example.org/a.js">',
        '<img src="https://example.org/a.js">',
        '<iframe src="https://example.org/a.js"></iframe>',
        "<style>@import 'https://example.org/a.js';</style>",
        "<style>p { background: url(https://example.org/a.js) }</style>",
        '<p style="background: url(https://example.org/a.js)">x</p>',
        '<video poster="https://example.org/a.js"></video>',
    ],
)
def test_whatever_would_be_fetched_and_is_not_at_hand_is_refused_by_its_address(asks: str) -> None:
    with pytest.raises(PageError, match=r"https://example\.org/a\.js.*offline=False"):
        _page.inline(page(asks))


def test_every_missing_part_is_named_in_one_refusal() -> None:
    asks = '<script src="https://example.org/a.js"></script><link rel="stylesheet" href="https://example.org/b.css">'
    with pytest.raises(PageError, match=r"a\.js, https://example\.org/b\.css"):
        _page.inline(page(asks))


def test_a_linked_page_keeps_its_links() -> None:
    asks = f'<script src="{LEAFLET_JS}"></script><link rel="stylesheet" href="https://example.org/b.css">'
    whole = _page.inline(page(asks), links=True)
    assert f'<script src="{LEAFLET_JS}"></script>' in whole
    assert 'href="https://example.org/b.css"' in whole


def test_what_sends_a_page_elsewhere_or_loads_ahead_is_stripped() -> None:
    head = (
        '<meta http-equiv="refresh" content="0; url=https://example.org/"><base href="https://example.org/">'
        '<link rel="preload" href="https://example.org/x"><link rel="icon" href="https://example.org/i">'
    )
    assert "example.org" not in _page.inline(page(head))


def test_the_page_gets_title_language_and_a_viewport_that_may_be_zoomed() -> None:
    head = '<title>old</title><meta name="viewport" content="width=device-width, user-scalable=no">'
    whole = _page.inline(page(head), title="Sites <now> & then", lang="ko")
    assert whole.startswith('<!DOCTYPE html>\n<html lang="ko">')
    assert "<title>Sites &lt;now&gt; &amp; then</title>" in whole
    assert "old" not in whole
    assert whole.count("<title>") == whole.count("viewport") == 1
    assert "user-scalable" not in whole


def test_a_title_inside_a_script_is_not_taken_for_the_title() -> None:
    script = '<script>x = "<title>kept</title><head><html>";</script>'
    whole = _page.inline(page(body=script), title="new", lang="en")
    assert script in whole
    assert whole.count("<title>new</title>") == 1


def test_text_scripts_comments_and_entities_pass_unchanged() -> None:
    body = '<!-- note --><p class="a">1 &lt; 2 &#38; 3</p><script>if (1 < 2 && "<p>") { x = "</b>"; }</script>'
    assert f"<body>{body}</body>" in _page.inline(page(body=body))


def test_only_a_page_with_hangul_carries_a_font() -> None:
    assert FAMILY not in _page.inline(page(body="plain"))
    assert FAMILY not in _page.inline(page(body="한글"), fonts=False)
    few, more = _page.inline(page(body="한글")), _page.inline(page(body="한글과 다른 글자들이 더 있음"))
    assert f'font-family: "{FAMILY}"' in few
    assert "data:font/woff;base64," in few
    assert len(more) > len(few) > 1000


def test_hangul_escaped_in_a_script_is_in_the_font_too() -> None:
    plain, escaped = page(body="한글"), page(body=r'<script>x = "\ud55c\uae00";</script>')
    font = re.compile(r"data:font/woff;base64,([^)]*)")
    assert font.findall(_page.inline(plain)) == font.findall(_page.inline(escaped))


def test_random_ids_are_numbered_and_other_hexadecimal_text_is_left() -> None:
    one, two, stranger = "ab" * 16, "cd" * 16, "ef" * 16
    text = f"map_{two}; layer_{one}; map_{two}; {stranger}; {one}{two}"
    assert _page.stable_ids(text, {one, two}) == f"map_1; layer_2; map_1; {stranger}; {one}{two}"
