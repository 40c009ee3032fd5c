"""The engine on real boundaries: 3,504 localities in full resolution against municipalities, held against shapely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from squares import boundary_file

from clustergeo import crs, overlap

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

EPS = np.finfo(float).eps


def on_plane(file: Path) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return the areas of a boundary file on the Korean plane in full resolution, repaired, and their codes."""
    frame = gpd.read_file(file).set_crs(crs.LONLAT, allow_override=True)
    shapes = crs.transform(np.asarray(frame.geometry.values, dtype=object), crs.LONLAT, crs.KOREA_PLANE)
    return overlap.repaired(shapes, overlap.invalid_rows(shapes)), frame["code"].to_numpy(dtype=object)


@pytest.fixture(scope="module")
def localities() -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    return on_plane(boundary_file())


@pytest.fixture(scope="module")
def municipalities() -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return the other boundary file: the same borders, drawn by another hand."""
    return on_plane(boundary_file().with_name("skorea-municipalities-2018-topo.json"))


@pytest.fixture(scope="module")
def coverage(localities: Any) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return the localities without the gaps and overlaps of their file, and the codes of their municipalities."""
    if not hasattr(shapely, "coverage_clean"):
        pytest.skip("cleaning a coverage needs shapely 2.2")
    shapes, codes = localities
    return shapely.coverage_clean(shapes), np.array([code[:5] for code in codes], dtype=object)


def allowed(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return the error of a share that is promised: the larger of 1e-9 and eps x coordinate x perimeter / area."""
    reach = np.abs(shapely.bounds(shapes)).max(axis=1)
    return np.maximum(1e-9, EPS * reach * shapely.length(shapes) / shapely.area(shapes))


def by_shapely(sites: NDArray[np.object_], zones: NDArray[np.object_]) -> dict[tuple[int, int], float]:
    """Return the area of every pair that shapely finds, full geometry against full geometry."""
    rows, columns = shapely.STRtree(zones).query(sites, predicate="intersects")
    areas = shapely.area(shapely.intersection(sites[rows], zones[columns]))
    return dict(zip(zip(rows.tolist(), columns.tolist(), strict=True), areas.tolist(), strict=True))


@pytest.mark.parametrize("method", ["grid", "plain"])
def test_every_locality_has_the_share_in_every_municipality_that_shapely_finds(
    localities: Any, municipalities: Any, method: Any
) -> None:
    sites, _ = localities
    zones, _ = municipalities
    index = overlap.ZoneIndex(zones, np.arange(len(zones)), method=method, checked=True, dissolved=True)
    found = index.overlaps(sites, checked=True)
    expected, whole, most = by_shapely(sites, zones), shapely.area(sites), allowed(sites)
    ours = dict(zip(zip(found.rows.tolist(), found.labels.tolist(), strict=True), found.areas.tolist(), strict=True))
    assert len(ours) > len(sites)
    for row, label in expected.keys() | ours.keys():
        gap = abs(ours.get((row, label), 0.0) - expected.get((row, label), 0.0)) / whole[row]
        assert gap <= most[row], (row, label, gap)


@pytest.mark.parametrize("method", ["grid", "plain"])
def test_shares_of_a_locality_in_the_municipalities_made_of_localities_add_up_to_one(
    coverage: Any, method: Any
) -> None:
    shapes, codes = coverage
    index = overlap.ZoneIndex(shapes, codes, method=method, checked=True)
    found = index.overlaps(shapes, checked=True)
    sums = np.bincount(found.rows, found.areas, len(shapes)) / shapely.area(shapes)
    assert np.abs(sums - 1.0).max() <= 1e-9
    best = index.largest(shapes, checked=True)
    assert best["label"].tolist() == codes.tolist()
    assert best["share"].min() > 0.999


def test_a_locality_asked_of_itself_is_wholly_in_itself(localities: Any) -> None:
    shapes, _ = localities
    index = overlap.ZoneIndex(shapes, np.arange(len(shapes)), method="grid", checked=True, dissolved=True)
    best = index.largest(shapes, checked=True)
    assert best["label"].tolist() == list(range(len(shapes)))
    assert best["share"].tolist() == [1.0] * len(shapes)


def test_distances_to_the_border_of_a_province_are_shapelys(localities: Any) -> None:
    shapes, codes = localities
    assert len(shapes) == 3_504
    gyeonggi = np.array([code.startswith("31") for code in codes])
    index = overlap.ZoneIndex(shapes[gyeonggi], method="grid", checked=True)
    far = np.flatnonzero(~gyeonggi)[::40]
    border = shapely.boundary(shapely.union_all(shapes[gyeonggi]))
    assert index.distance(shapes[far], checked=True) == pytest.approx(shapely.distance(shapes[far], border), abs=1e-6)
