"""The grid: exact cells, bounded memory, whatever the zones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from shapely import Polygon, box

from clustergeo.overlap import Polygons, ZoneIndex
from clustergeo.overlap.grid import NOTHING, PIECES, Grid, build

RING = Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(3, 3), (6, 3), (6, 6), (3, 6)]])


def array(*shapes: Any) -> Any:
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out


def area_held(grid: Grid) -> float:
    """The area of the zones as the cells hold it."""
    x1, y1, x2, y2 = grid.held.pieces.T
    return float((grid.held.weights * (x2 - x1) * (y1 + y2) / 2).sum())


@pytest.mark.parametrize("cell", [0.25, 1.0, 3.0, 16.0, None])
def test_cells_together_hold_the_area_of_the_zones(cell: float | None) -> None:
    rng = np.random.default_rng(2)
    angles = np.sort(rng.uniform(0, 2 * np.pi, 50))
    star = Polygon(np.column_stack([20 + 8 * np.cos(angles), 8 * np.sin(3 * angles) / 3 + 8 * np.sin(angles)]))
    zones = Polygons.from_shapely(array(RING, star if star.is_valid else star.convex_hull, box(-3, -3, -1, -1)))
    grid = build(zones, cell)
    assert area_held(grid) == pytest.approx(zones.areas().sum(), rel=1e-13)
    assert (grid.held.pieces >= 0).all()
    assert (grid.held.pieces <= grid.side).all()
    assert (grid.held.pieces[:, 0] <= grid.held.pieces[:, 2]).all()


def test_a_cell_is_a_power_of_two_and_a_uniform_one_has_its_label() -> None:
    grid = build(Polygons.from_shapely(array(box(0.5, 0.5, 9.5, 9.5), box(20.5, 0.5, 22.5, 2.5))), 1.9)
    assert grid.side == 1.0
    cells = grid.cover.reshape(grid.window[3], grid.window[2])
    assert cells[5, 5] == 0
    assert cells[1, 21] == 1
    assert cells[5, 15] == NOTHING
    assert cells[0, 0] == PIECES


@pytest.mark.parametrize(
    "zones",
    [
        array(box(0, 0, 1e9, 1e-3)),
        array(box(0, 0, 1e-6, 1e-6), box(1e9, 1e9, 1e9 + 1, 1e9 + 1)),
        array(Polygon([(0, 0), (1e12, 1), (1e12, 2)])),
        array(*(box(0, y, 1e6, y + 0.5) for y in range(1000))),
        array(*(box(x, x, x + 1e-9, x + 1e-9) for x in range(100))),
        array(box(1e15, 1e15, 1e15 + 8, 1e15 + 8)),
        array(box(1e-300, 1e-300, 3e-300, 3e-300)),
    ],
)
def test_no_layer_makes_the_grid_explode(zones: Any) -> None:
    for labels in (1, len(zones)):
        parts = Polygons.from_shapely(zones)
        entries = parts if labels > 1 else parts.grouped(np.array([0, len(zones)]))
        for cell in (None, 1e-3):
            grid = build(entries, cell)
            assert len(grid.cover) <= 2**22 + 4096
            assert len(grid.held.pieces) <= 2**18


def test_a_hundred_thousand_zones_with_a_label_each() -> None:
    x, y = (side.ravel().astype(float) for side in np.meshgrid(np.arange(400), np.arange(250)))
    zones = shapely.box(x, y, x + 1, y + 1)
    index = ZoneIndex(zones, np.arange(len(zones)), method="grid", checked=True)
    found = index.areas(array(box(10.5, 10.5, 12.5, 11.5), box(0, 0, 1, 1), box(-5, -5, -1, -1)))
    assert found["label"].tolist() == [4010, 4011, 4012, 4410, 4411, 4412, 0]
    assert found["area"].tolist() == [0.25, 0.5, 0.25, 0.25, 0.5, 0.25, 1.0]
    everything = index.areas(array(box(0, 0, 400, 250)))
    assert len(everything) == len(zones)
    assert (everything["area"] == 1.0).all()
