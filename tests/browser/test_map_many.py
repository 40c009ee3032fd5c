"""Many sites on one canvas: drawn, pointed at, opened, filtered; and more than a browser draws, gathered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely

from clustergeo import _groups, maps

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.conftest import Watched

MAP = "Object.values(window).find(found => found instanceof L.Map)"


def parcels(count: int) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(1)
    centres = rng.uniform((126.6, 35.0), (129.0, 37.5), (count, 2))
    shapes = shapely.buffer(shapely.points(centres), 0.002, quad_segs=2)
    columns = {
        "name": [f"필지 {at}" for at in range(count)],
        "sectors": [["bio"] if at % 2 else ["rail"] for at in range(count)],
    }
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs="EPSG:4326")


def painted(watched: Watched) -> int:
    """Return how many pixels of the canvas are painted."""
    return int(
        watched.page.evaluate(
            "(() => { const one = document.querySelector('canvas');"
            " const data = one.getContext('2d').getImageData(0, 0, one.width, one.height).data;"
            " let seen = 0; for (let at = 3; at < data.length; at += 4) { seen += data[at] > 0; } return seen; })()"
        )
    )


def at_pixel(watched: Watched, lonlat: tuple[float, float]) -> tuple[float, float]:
    found = watched.page.evaluate(
        f"(() => {{ const one = {MAP}.latLngToContainerPoint([{lonlat[1]}, {lonlat[0]}]); return [one.x, one.y]; }})()"
    )
    return float(found[0]), float(found[1])


@pytest.fixture(scope="module")
def sites() -> gpd.GeoDataFrame:
    return parcels(12_000)


@pytest.fixture(scope="module")
def html(sites: gpd.GeoDataFrame) -> str:
    return maps.map_html(maps.explore(sites, lang="ko"))


def test_many_sites_are_inflated_painted_pointed_at_and_opened(
    sites: gpd.GeoDataFrame, html: str, open_page: Callable[..., Watched]
) -> None:
    assert '"deflated":' in html
    watched = open_page(html)
    page = watched.page
    page.locator(".cg-ready").wait_for()
    page.wait_for_timeout(300)
    assert page.locator("path.cg-site").count() == 0
    assert painted(watched) > 10_000
    middle = sites.geometry.iloc[7].centroid
    page.evaluate(f"() => {{ {MAP}.setView([{middle.y}, {middle.x}], 15, {{animate: false}}); }}")
    page.wait_for_timeout(200)
    x, y = at_pixel(watched, (middle.x, middle.y))
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y)
    page.locator(".cg-tip").wait_for()
    assert page.locator(".cg-tip b").inner_text() == "필지 7"
    # The dot and the outline of the one that is pointed at.
    assert page.locator(".leaflet-cgCentres-pane path").count() == 2
    page.mouse.click(x, y)
    page.locator(".cg-card").wait_for()
    assert page.locator(".cg-card h2").inner_text() == "필지 7"
    watched.assert_quiet()


def test_sites_are_named_without_overlap_once_few_are_in_view(
    sites: gpd.GeoDataFrame, html: str, open_page: Callable[..., Watched]
) -> None:
    watched = open_page(html)
    page = watched.page
    page.locator(".cg-ready").wait_for()
    assert page.locator(".cg-chip").count() == 0
    page.evaluate(f"() => {{ {MAP}.setView([36.2, 127.8], 13, {{animate: false}}); }}")
    page.wait_for_timeout(300)
    view = page.evaluate(f"{MAP}.getBounds().toBBoxString()").split(",")
    middles = shapely.get_coordinates(shapely.centroid(np.asarray(sites.geometry.array)))
    inside = int(shapely.intersects_xy(shapely.box(*map(float, view)), middles[:, 0], middles[:, 1]).sum())
    boxes = page.locator(".cg-chip").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect()).map(box => [box.left, box.top, box.right, box.bottom])"
    )
    shapes = [shapely.box(*box) for box in boxes]
    assert inside / 2 < len(shapes) <= inside <= 40
    assert not any(one.intersection(other).area > 1 for at, one in enumerate(shapes) for other in shapes[:at])
    page.locator(".leaflet-control-layers-overlays label").last.locator("input").uncheck()
    assert page.locator(".cg-chip").count() == 0


def test_a_browser_that_cannot_inflate_says_so(html: str, open_page: Callable[..., Watched]) -> None:
    # The policy lets no strange script in, so the name is spoilt in the page's own, and the policy is taken out.
    start = html.index('<meta http-equiv="Content-Security-Policy"')
    plain = html[:start] + html[html.index("/>", start) + 2 :]
    watched = open_page(plain.replace("window.DecompressionStream", "window.NoSuchThing"))
    assert watched.page.get_by_role("alert").inner_text() == "이 브라우저는 지도를 열 수 없습니다: DecompressionStream"


def test_a_filter_empties_the_canvas_of_what_it_hides(html: str, open_page: Callable[..., Watched]) -> None:
    watched = open_page(html)
    watched.page.locator(".cg-ready").wait_for()
    watched.page.wait_for_timeout(300)
    before = painted(watched)
    watched.page.locator("#cg-tab-filter").click()
    watched.page.locator(".cg-filters label").first.click()
    watched.page.wait_for_timeout(300)
    assert painted(watched) < before
    assert "6,000" in watched.page.locator(".cg-filters [role=status]").inner_text()
    watched.page.locator(".cg-clear").click()
    watched.page.wait_for_timeout(300)
    assert painted(watched) == before


def test_a_layer_of_many_toggles_and_comes_back_in_its_place(html: str, open_page: Callable[..., Watched]) -> None:
    watched = open_page(html)
    watched.page.locator(".cg-ready").wait_for()
    watched.page.wait_for_timeout(300)
    colours = "document.querySelector('canvas').toDataURL()"
    before = watched.page.evaluate(colours)
    boxes = watched.page.locator(".leaflet-control-layers-overlays label")
    for name in ("측정된 경계", "부지"):
        boxes.filter(has_text=name).last.locator("input").uncheck()
    watched.page.wait_for_timeout(300)
    assert painted(watched) == 0
    for name in ("부지", "측정된 경계"):
        boxes.filter(has_text=name).last.locator("input").check()
    watched.page.wait_for_timeout(300)
    assert watched.page.evaluate(colours) == before


def test_the_search_reaches_one_of_many(html: str, open_page: Callable[..., Watched]) -> None:
    watched = open_page(html)
    watched.page.locator(".cg-search input").fill("필지 11999")
    watched.page.keyboard.press("Enter")
    watched.page.locator(".cg-card").wait_for()
    assert watched.page.locator(".cg-card h2").inner_text() == "필지 11999"
    watched.assert_quiet()


def test_gathered_sites_are_areas_with_counts_and_the_page_says_so(
    open_page: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_groups, "MOST", 100)
    watched = open_page(maps.map_html(maps.explore(parcels(300))))
    page = watched.page
    assert "300 sites are not drawn one by one" in page.locator(".cg-warn").inner_text()
    counts = page.locator(".cg-key").first.locator(".cg-n").all_inner_texts()
    cells = page.evaluate(f"{MAP}.getPane('cgFootprints').querySelectorAll('path').length")
    assert sum(map(int, counts)) == cells
    page.locator(".leaflet-cgFootprints-pane path").first.dispatch_event("click")
    page.locator(".cg-card").wait_for()
    assert "Sites" in page.locator(".cg-card dt").first.inner_text()
    watched.assert_quiet()
