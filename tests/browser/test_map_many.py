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


def layer_map(shapes: list[shapely.Geometry], names: list[str]) -> str:
    """Return a map of one site that lies aside, and of one layer."""
    site = gpd.GeoDataFrame({"name": ["A"]}, geometry=[shapely.Point(126.2, 38.2)], crs="EPSG:4326")
    layer = gpd.GeoDataFrame({"name": names}, geometry=shapes, crs="EPSG:4326")
    return maps.map_html(maps.explore(site, layers={"net": layer}))


def pointed(watched: Watched, lonlat: tuple[float, float], aside: float = 0) -> str | None:
    """Return the name that pointing at a place shows, or at some pixels to the right of it; None for none."""
    x, y = at_pixel(watched, lonlat)
    watched.page.mouse.move(x + aside - 2, y)
    watched.page.mouse.move(x + aside, y)
    watched.page.wait_for_timeout(500)  # longer than a tooltip takes to fade
    tip = watched.page.locator(".cg-tip b")
    return tip.inner_text() if tip.count() else None


def test_of_many_lines_the_one_under_the_pointer_answers_and_none_answers_beside_it(
    open_page: Callable[..., Watched],
) -> None:
    # One line across the country, one that crosses its box far from it, and a thousand in a corner.
    long, short = shapely.LineString([(126.6, 34.6), (129.2, 37.6)]), shapely.LineString([(128.8, 34.8), (129.0, 34.9)])
    rest = [shapely.LineString([(126 + at * 1e-5, 33.2), (126 + at * 1e-5, 33.2001)]) for at in range(1000)]
    watched = open_page(layer_map([long, short, *rest], ["long", "short", *["rest"] * 1000]))
    page = watched.page
    page.locator(".cg-ready").wait_for()
    page.evaluate(f"() => {{ {MAP}.setView([36, 127.9], 7, {{animate: false}}); }}")
    assert pointed(watched, (127.9, 36.1)) == "long"
    assert pointed(watched, (127.9, 36.1), aside=4) == "long"
    assert pointed(watched, (128.9, 35.5)) is None
    assert pointed(watched, (128.9, 34.85)) == "short"
    # Lighted as the line that it is: no outline of an area.
    assert page.locator(".leaflet-cgCentres-pane path").last.evaluate("one => one.getTotalLength()") < 60
    page.mouse.click(*at_pixel(watched, (128.9, 35.5)))
    page.wait_for_timeout(200)
    assert page.locator(".cg-card").count() == 0
    page.mouse.click(*at_pixel(watched, (127.9, 36.1)))
    page.locator(".cg-card").wait_for()
    assert page.locator(".cg-card h2").inner_text() == "long"
    watched.assert_quiet()


def test_of_many_points_the_nearest_answers(open_page: Callable[..., Watched]) -> None:
    places = [(126.5 + at % 40 * 0.06, 34.8 + at // 40 * 0.1) for at in range(1200)]
    watched = open_page(layer_map([shapely.Point(place) for place in places], [f"p{at}" for at in range(1200)]))
    page = watched.page
    page.locator(".cg-ready").wait_for()
    page.evaluate(f"() => {{ {MAP}.setView([36, 127.7], 8, {{animate: false}}); }}")
    page.wait_for_timeout(200)
    assert pointed(watched, places[500]) == "p500"
    # The next one lies 11 pixels off.
    assert pointed(watched, places[500], aside=4) == "p500"
    assert pointed(watched, places[500], aside=7) == "p501"
    assert page.locator(".leaflet-cgCentres-pane path").count() >= 1
    page.mouse.click(*at_pixel(watched, places[640]))
    page.locator(".cg-card").wait_for()
    assert page.locator(".cg-card h2").inner_text() == "p640"
    watched.assert_quiet()


def test_a_line_over_an_area_of_one_layer_answers_before_the_area(open_page: Callable[..., Watched]) -> None:
    area, line = shapely.box(127, 35, 129, 37), shapely.LineString([(127.2, 36), (128.8, 36)])
    rest = [shapely.Point(126 + at * 1e-5, 33.2) for at in range(1000)]
    watched = open_page(layer_map([line, area, *rest], ["line", "area", *["rest"] * 1000]))
    watched.page.locator(".cg-ready").wait_for()
    watched.page.evaluate(f"() => {{ {MAP}.setView([36, 128], 8, {{animate: false}}); }}")
    assert pointed(watched, (128.0, 36.0)) == "line"
    assert pointed(watched, (128.0, 36.3)) == "area"
    assert pointed(watched, (129.3, 36.3)) is None
