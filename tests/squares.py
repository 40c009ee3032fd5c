"""Hand-made shapes for the tests of the overlay, on a spot in Gyeonggi, and where the full boundary file lies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
from shapely import affinity, box

import clustergeo as cg

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PLANE = "EPSG:5186"
LONLAT = "EPSG:4326"
# 127 E, about 37.1 N: Gyeonggi, 15 km from the nearest other province.
EAST, NORTH = 200_000.0, 500_000.0


def square(x: float, y: float, width: float, height: float | None = None) -> Any:
    """Return a rectangle with its corner x, y metres from the spot."""
    return affinity.translate(box(x, y, x + width, y + (width if height is None else height)), EAST, NORTH)


def sites(shapes: Sequence[Any], crs: Any = PLANE, **columns: Any) -> gpd.GeoDataFrame:
    """Return a frame of shapes with the given columns."""
    return gpd.GeoDataFrame(columns or None, geometry=list(shapes), crs=crs)


def layer(shapes: Iterable[Any], crs: Any = PLANE, *, name: str = "rdz", **options: Any) -> cg.Layer:
    """Return a layer of shapes, complete everywhere unless the options say otherwise."""
    options.setdefault("coverage", "everywhere")
    return cg.Layer(gpd.GeoDataFrame(geometry=list(shapes), crs=crs), name=name, **options)


def boundary_file() -> Path:
    """Return the localities of 2018 in full resolution, or skip the test where they are not at hand."""
    named = os.environ.get("CLUSTERGEO_SHARED")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    file = folder / "data" / "kostat2018" / "skorea-submunicipalities-2018-topo.json"
    if not file.is_file():
        pytest.skip(
            "the boundary source in full resolution is not here: set CLUSTERGEO_SHARED to the folder that holds it"
        )
    return file
