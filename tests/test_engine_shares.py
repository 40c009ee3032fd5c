"""What a share is: at a touch, inside, over holes, under zones that overlap, on grid lines, far away."""

from __future__ import annotations

import pickle
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from shapely import MultiPolygon, Point, Polygon, affinity, box

from clustergeo.errors import InputError
from clustergeo.overlap import Polygons, ZoneIndex

RING = Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(3, 3), (6, 3), (6, 6), (3, 6)]])
METHODS = pytest.mark.parametrize("method", ["grid", "plain"])


def array(*shapes: Any) -> Any:
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out


def scattered(number: int, seed: int = 1, size: float = 3.0, extent: float = 100.0) -> Any:
    """Rotated rectangles at random."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, extent, (2, number))
    wide, high = rng.uniform(0.1, size, (2, number))
    boxes = shapely.box(x, y, x + wide, y + high)
    return array(*(affinity.rotate(b, a) for b, a in zip(boxes, rng.uniform(0, 90, number), strict=True)))


@METHODS
@pytest.mark.parametrize("cell", [None, 1.0, 3.0, 0.25])
def test_a_touch_is_no_overlap(method: Any, cell: Any) -> None:
    index = ZoneIndex(array(RING, Polygon([(20, 0), (30, 7), (20, 7)])), method=method, cell=cell)
    touching = array(
        box(9, 0, 12, 9),
        box(9, 9, 10, 10),
        box(3, 3, 6, 6),
        box(4, 3, 5, 4),
        box(0, -3, 9, 0),
        Polygon([(20, 0), (30, 7), (30, 0)]),
        Polygon([(6, 6), (5, 5), (4, 6)]),
        box(30, 7, 31, 8),
    )
    assert index.shares(touching).tolist() == [0.0] * len(touching)
    assert len(index.areas(touching)) == 0


@METHODS
@pytest.mark.parametrize("cell", [None, 1.0, 3.0])
def test_a_site_inside_a_zone_or_equal_to_it_has_all_of_it(method: Any, cell: Any) -> None:
    triangle = Polygon([(20, 0), (30, 7), (20, 7)])
    index = ZoneIndex(array(RING, triangle), method=method, cell=cell)
    inside = array(RING, RING.reverse(), triangle, box(0, 0, 9, 3), box(0, 0, 3, 3), box(1, 1, 2, 2), box(6, 3, 9, 6))
    assert index.shares(inside).tolist() == [1.0] * len(inside)


@METHODS
def test_zones_that_overlap_count_once(method: Any) -> None:
    index = ZoneIndex(array(box(0, 0, 6, 6), box(2, 2, 9, 9), box(1, 1, 3, 3)), method=method)
    assert index.shares(array(box(2, 2, 5, 5), box(0, 0, 9, 9))).tolist() == pytest.approx([1.0, 69 / 81])


@METHODS
def test_labels_that_overlap_have_each_their_own_area(method: Any) -> None:
    zones = array(box(0, 0, 6, 6), box(3, 0, 9, 6), box(4, 0, 5, 9))
    index = ZoneIndex(zones, ["water", "forest", "water"], method=method)
    sites = array(box(4, 1, 5, 2), box(0, 0, 9, 9), box(4, 7, 6, 8))
    found = index.areas(sites)
    assert found.to_dict("list") == {
        "row": [0, 0, 1, 1, 2],
        "label": ["forest", "water", "forest", "water", "water"],
        "area": pytest.approx([1.0, 1.0, 36.0, 39.0, 1.0]),
    }
    assert index.shares(sites).tolist() == pytest.approx([1.0, 57 / 81, 0.5])


@METHODS
def test_the_largest_label_and_the_number_of_labels(method: Any) -> None:
    index = ZoneIndex(array(box(0, 0, 2, 2), box(2, 0, 4, 2), box(2, 2, 4, 4)), [30, 10, 20], method=method)
    found = index.largest(array(box(1, 0, 4, 2), box(1, 1, 3, 2), box(8, 8, 9, 9), None, Point(1, 1), box(0, 0, 2, 1)))
    assert found["label"].fillna(-1).tolist() == [10, 10, -1, -1, 30, 30]
    assert found["labels"].tolist() == [2, 2, 0, 0, 1, 1]
    assert found["share"].tolist() == pytest.approx([2 / 3, 0.5, 0.0, np.nan, np.nan, 1.0], nan_ok=True)


@METHODS
def test_what_is_no_polygon_has_no_share(method: Any) -> None:
    index = ZoneIndex(array(RING), method=method)
    line = shapely.LineString([(0, 0), (1, 1)])
    assert np.isnan(index.shares(array(None, Polygon(), MultiPolygon(), Point(1, 1), line))).all()


@METHODS
def test_no_zones_give_nothing(method: Any) -> None:
    for index in (ZoneIndex(array(), method=method), ZoneIndex(array(None, Polygon()), ["a", "b"], method=method)):
        assert index.shares(array(box(0, 0, 1, 1), None)).tolist() == pytest.approx([0.0, np.nan], nan_ok=True)
        assert len(index.areas(array(box(0, 0, 1, 1)))) == 0
        assert index.largest(array(box(0, 0, 1, 1)))["label"].isna().all()
        assert index.distance(array(box(0, 0, 1, 1))).tolist() == [np.inf]
    assert ZoneIndex(array(RING), method=method).shares(array()).shape == (0,)


def test_both_methods_give_the_same_answers() -> None:
    zones, sites = scattered(300, 1, 12), scattered(1500, 2, 9, 120)
    labels = np.arange(300) % 7
    by_grid, by_shapely = (ZoneIndex(zones, labels, method=method) for method in ("grid", "plain"))
    assert np.abs(by_grid.shares(sites) - by_shapely.shares(sites)).max() < 1e-12
    for one, other in (
        (by_grid.areas(sites), by_shapely.areas(sites)),
        (by_grid.largest(sites), by_shapely.largest(sites)),
    ):
        pd.testing.assert_frame_equal(one, other, rtol=1e-9)


def test_every_form_of_sites_and_zones_gives_the_same_answers() -> None:
    zones, sites = scattered(50, 1, 12), scattered(200, 2)
    wished = ZoneIndex(zones, method="grid").shares(sites)
    binary = pa.array(shapely.to_wkb(sites))
    forms = [gpd.GeoSeries(sites), gpd.GeoDataFrame(geometry=sites), Polygons.from_shapely(sites), binary]
    forms += [pa.chunked_array([binary[:70], binary[70:]]), list(sites), binary.cast(pa.large_binary())]
    for form in forms:
        assert (ZoneIndex(zones, method="grid").shares(form) == wished).all()
        assert np.abs(ZoneIndex(zones, method="plain").shares(form) - wished).max() < 1e-12
    for form in (gpd.GeoDataFrame(geometry=zones), Polygons.from_shapely(zones), pa.array(shapely.to_wkb(zones))):
        assert (ZoneIndex(form, method="grid").shares(sites) == wished).all()


def test_permuted_rows_give_permuted_answers_to_the_bit() -> None:
    zones, sites = scattered(200, 1, 12), scattered(1000, 2, 9)
    index = ZoneIndex(zones, method="grid")
    order = np.random.default_rng(5).permutation(len(sites))
    assert (index.shares(sites)[order] == index.shares(sites[order])).all()
    assert (index.distance(sites)[order] == index.distance(sites[order])).all()
    assert (index.shares(sites) == index.shares(np.repeat(sites, 2)).reshape(-1, 2).T).all()


def test_any_number_of_threads_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    zones, sites = scattered(200, 1, 12), scattered(3000, 2, 9)
    index = ZoneIndex(zones, np.arange(200) % 5, method="grid")
    whole = index.areas(sites, threads=1), index.distance(sites, threads=1), index.largest(sites, threads=1)
    for room in ("summing", "border", "rings"):
        monkeypatch.setattr(f"clustergeo.overlap.{room}.CHUNK", 256)
    for threads in (1, 3):
        for one, other in zip(
            whole,
            (
                index.areas(sites, threads=threads),
                index.distance(sites, threads=threads),
                index.largest(sites, threads=threads),
            ),
            strict=True,
        ):
            np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def test_orientation_does_not_matter() -> None:
    zones, sites = scattered(60, 1, 12), array(*scattered(200, 2, 9), RING, affinity.translate(RING, 20, 20))
    index = ZoneIndex(zones, method="grid")
    turned = shapely.reverse(sites)
    holes_turned = array(*sites[:-2], *(Polygon(s.exterior, [h.reverse() for h in s.interiors]) for s in sites[-2:]))
    assert np.abs(index.shares(sites) - index.shares(turned)).max() < 1e-13
    assert np.abs(index.shares(sites) - index.shares(holes_turned)).max() < 1e-13
    assert np.abs(ZoneIndex(shapely.reverse(zones), method="grid").shares(sites) - index.shares(sites)).max() < 1e-13


def test_z_is_left_out() -> None:
    zones, sites = scattered(40, 1, 12), scattered(100, 2)
    flat = ZoneIndex(zones, method="grid").shares(sites)
    assert (ZoneIndex(shapely.force_3d(zones, 5.0), method="grid").shares(shapely.force_3d(sites, 9.0)) == flat).all()


@METHODS
def test_far_away_there_is_nothing(method: Any) -> None:
    index = ZoneIndex(array(RING), method=method)
    far = [affinity.translate(box(0, 0, 1, 1), x, y) for x in (-1e12, 0, 1e12) for y in (-1e12, 1e12)]
    assert (index.shares(array(*far)) == 0).all()


def test_a_site_far_larger_than_all_zones() -> None:
    site = box(-1e7, -1e7, 1e7, 1e7)
    assert ZoneIndex(array(RING), method="grid").areas(array(site))["area"].tolist() == pytest.approx([72.0])
    partly = box(-1e7, 4.5, 1e7, 1e7)
    assert ZoneIndex(array(RING), method="grid").areas(array(partly))["area"].tolist() == pytest.approx([36.0])


def test_a_large_site_with_many_corners_is_cut_into_the_cells() -> None:
    zones = scattered(2000, 1, 3)
    angles = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)
    radius = 40 + 5 * np.sin(37 * angles)
    site = Polygon(np.column_stack([50 + radius * np.cos(angles), 50 + radius * np.sin(angles)]))
    wished = site.intersection(shapely.union_all(zones)).area / site.area
    assert ZoneIndex(zones, method="grid").shares(array(site))[0] == pytest.approx(wished, abs=1e-12)


@pytest.mark.parametrize("place", [0.0, -1e-300, 1e-30, -5e-17, 2.0**-1074])
def test_vertices_a_hair_from_a_grid_line(place: float) -> None:
    zone = Polygon([(-4, place), (0, -3), (4, place), (0, 3)])
    site = Polygon([(-3, -3), (3, -3), (3, place), (-3, place)])
    wished = site.intersection(zone).area / site.area
    for cell in (1.0, 4.0, 0.5):
        assert ZoneIndex(array(zone), method="grid", cell=cell).shares(array(site))[0] == pytest.approx(
            wished, abs=1e-9
        )


@pytest.mark.parametrize("cell", [None, 1.0, 5.0, 10.0])
def test_a_site_that_enters_across_a_level_border_on_a_grid_line(cell: float | None) -> None:
    index = ZoneIndex(array(box(0, 0, 10, 10)), method="grid", cell=cell)
    sites = array(box(4, -3, 5, 3), box(4, 7, 5, 13), box(-3, 4, 3, 5), box(7, 4, 13, 5), box(4, -1, 5, 11))
    assert index.shares(sites).tolist() == pytest.approx([0.5, 0.5, 0.5, 0.5, 10 / 12])


def test_nearly_level_edges_across_grid_lines() -> None:
    for slope in (1e-3, 1e-7, 1e-12, 1e-15):
        zone = Polygon([(0, 0), (100, 0), (100, 4 + slope), (0, 4 - slope)])
        sites = array(*(box(x, 3.5, x + 7, 4.5) for x in np.arange(0, 93, 3.0)))
        wished = shapely.area(shapely.intersection(sites, zone)) / shapely.area(sites)
        assert np.abs(ZoneIndex(array(zone), method="grid", cell=1.0).shares(sites) - wished).max() < 1e-12


def test_invalid_zones_are_refused_with_count_and_reason() -> None:
    bow = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    with pytest.raises(InputError, match=r"2 zones are invalid \(row 1: Self-intersection.*make_valid"):
        ZoneIndex(array(RING, bow, bow))
    with pytest.raises(InputError, match="1 zones are no polygons but Point"):
        ZoneIndex(array(RING, Point(1, 1)))


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(InputError, match="2 zones and 1 labels"):
        ZoneIndex(array(RING, RING), ["a"])
    with pytest.raises(InputError, match="1 labels are null"):
        ZoneIndex(array(RING, RING), ["a", None])
    with pytest.raises(InputError, match="expected 'auto', 'grid' or 'plain'"):
        ZoneIndex(array(RING), method="fast")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="positive number"):
        ZoneIndex(array(RING), cell=0.0)
    with pytest.raises(InputError, match="one-dimensional geometries"):
        ZoneIndex(np.array([[1.0, 2.0]]))


def test_an_index_survives_pickling() -> None:
    zones, sites = scattered(40, 1, 12), scattered(100, 2)
    index = ZoneIndex(zones, method="grid")
    shares = index.shares(sites)
    assert (pickle.loads(pickle.dumps(index)).shares(sites) == shares).all()  # noqa: S301 - its own bytes


def test_the_callers_arrays_are_not_changed() -> None:
    zones, sites = scattered(40, 1, 12), scattered(100, 2)
    before = shapely.to_wkb(zones).tolist(), shapely.to_wkb(sites).tolist()
    ZoneIndex(zones, method="grid").shares(sites)
    assert (shapely.to_wkb(zones).tolist(), shapely.to_wkb(sites).tolist()) == before
