"""Rasters: the value of the cell at a site, bounds where the site may lie in several, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from squares import PLANE

import clustergeo as cg
from clustergeo.siting import _rasters

rasterio = pytest.importorskip("rasterio", reason="rasterio is not installed")

if TYPE_CHECKING:
    from pathlib import Path

LEFT, TOP = 200_000.0, 500_400.0
# Four rows of four cells of 100 m; -1 is no data.
CELLS = np.array([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, -1], [13, 14, 15, 16]], dtype="float32")
UP = cg.Value.linear(worst=0, best=20, unit="deg")


def written(path: Path, *, crs: Any = PLANE) -> Path:
    profile = {"driver": "GTiff", "width": 4, "height": 4, "count": 2, "dtype": "float32", "nodata": -1}
    transform = rasterio.transform.from_origin(LEFT, TOP, 100, 100)
    with rasterio.open(path, "w", crs=crs, transform=transform, **profile) as out:
        out.write(CELLS, 1)
        out.write(CELLS * 2, 2)
    return path


def square(column: int, row: int, size: float = 20) -> Any:
    x, y = LEFT + 100 * column + 50, TOP - 100 * row - 50
    return shapely.box(x - size / 2, y - size / 2, x + size / 2, y + size / 2)


def measured(path: Path, *shapes: Any, band: int = 1, at: Any = "centroid", **columns: Any) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(columns, geometry=list(shapes), crs=PLANE)
    return cg.Criteria().raster("slope", path, value=UP, band=band, at=at).measure(frame)


def test_the_cell_at_the_centroid_is_the_value(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif")
    out = measured(path, square(0, 0), square(3, 0), square(2, 3), shapely.Point(LEFT + 150, TOP - 150))
    assert out["criterion_slope_deg"].tolist() == [1, 4, 15, 6]
    assert out["value_slope"].tolist() == pytest.approx([0.05, 0.2, 0.75, 0.3])
    assert measured(path, square(1, 1), band=2)["criterion_slope_deg"].tolist() == [12]


# A quarter of the cell of 1, half of those of 2 and 5, and the whole of 6; then one cell; then one without data.
WIDE = shapely.box(LEFT + 50, TOP - 200, LEFT + 200, TOP - 50)


@pytest.mark.parametrize(("at", "expected"), [("mean", (0.25 + 1 + 2.5 + 6) / 2.25), ("min", 1.0), ("max", 6.0)])
def test_a_footprint_has_the_mean_the_least_or_the_greatest_of_its_cells(
    tmp_path: Path, at: str, expected: float
) -> None:
    path = written(tmp_path / "a.tif")
    shapes = [
        WIDE,
        square(2, 3),
        square(3, 2),
        square(2, 2, 120),
        square(3, 0, 200),
        shapely.Point(LEFT + 150, TOP - 150),
    ]
    found = measured(path, *shapes, at=at)
    # The third and the fourth meet the cell without data, the fifth reaches beyond the raster.
    assert found["criterion_slope_deg"].tolist() == pytest.approx(
        [expected, 15, np.nan, np.nan, np.nan, 6], nan_ok=True
    )
    assert found["value_slope_low"].tolist()[2:5] == [0, 0, 0]
    assert found["value_slope_high"].tolist()[2:5] == [1, 1, 1]
    assert measured(path, WIDE, at=at, band=2)["criterion_slope_deg"].tolist() == pytest.approx([2 * expected])
    # Where the site may lie, any of its cells may make the figure.
    held = measured(path, square(0, 0), at=at, footprint_basis=["disc"], area_km2=[1e-4], within=[WIDE])
    assert held["value_slope_low"].tolist() == pytest.approx([0.05])
    assert held["value_slope_high"].tolist() == pytest.approx([0.3])


def test_a_mean_over_cells_in_degrees_counts_their_true_area(tmp_path: Path) -> None:
    profile = {"driver": "GTiff", "width": 1, "height": 2, "count": 1, "dtype": "float64", "crs": "EPSG:4326"}
    with rasterio.open(
        tmp_path / "a.tif", "w", transform=rasterio.transform.from_origin(127, 38.5, 1, 1.5), **profile
    ) as out:
        out.write(np.array([[0.0], [1.0]]), 1)
    sites = gpd.GeoDataFrame(geometry=[shapely.box(127.2, 35.5, 127.8, 38.5)], crs="EPSG:4326")
    found = cg.Criteria().raster("slope", tmp_path / "a.tif", value=UP, at="mean").measure(sites)
    geod = pyproj.Geod(ellps="GRS80")
    south, north = (
        geod.geometry_area_perimeter(shapely.box(127.2, low, 127.8, high))[0] for low, high in ((35.5, 37), (37, 38.5))
    )
    assert found["criterion_slope_deg"].tolist() == pytest.approx([south / (south + north)], rel=1e-3)
    assert found["criterion_slope_deg"].iloc[0] > 0.5045


def test_scale_and_offset_of_a_band_are_applied_wherever_it_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif")
    with rasterio.open(path, "r+") as data:
        data.scales, data.offsets = (0.5, 1.0), (3.0, 0.0)
    for at in ("centroid", "mean", "min", "max"):
        assert measured(path, square(1, 1), at=at)["criterion_slope_deg"].tolist() == [6.0]
    held = measured(path, square(0, 0), footprint_basis=["disc"], area_km2=[1e-4], within=[WIDE])
    assert held["value_slope_high"].tolist() == pytest.approx([0.3])


def test_a_raster_that_is_turned_is_read_at_the_centroid_alone(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif")
    with rasterio.open(path, "r+") as data:
        data.transform = data.transform @ rasterio.Affine.rotation(5)
    assert measured(path, square(1, 1))["criterion_slope_deg"].notna().all()
    with pytest.raises(cg.ClusterGeoError, match=r"Rotated rasters are not supported\. Warp it first"):
        measured(path, square(1, 1), at="mean")
    with pytest.raises(cg.ClusterGeoError, match="at is 'middle'; expected one of 'centroid', 'mean', 'min', 'max'"):
        measured(path, square(1, 1), at="middle")


def test_rows_that_are_read_in_blocks_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_rasters, "_HELD", 4)
    shapes = [square(column, row) for row in range(4) for column in range(4)]
    found = measured(written(tmp_path / "a.tif"), *shapes)["criterion_slope_deg"]
    assert found.fillna(-1).tolist() == CELLS.ravel().tolist()


def test_no_data_and_the_ground_beyond_are_unknown(tmp_path: Path) -> None:
    out = measured(written(tmp_path / "a.tif"), square(3, 2), square(9, 0))
    assert out["criterion_slope_deg"].isna().all()
    assert out[["value_slope_low", "value_slope_high"]].to_numpy().tolist() == [[0, 1], [0, 1]]


def test_a_position_error_widens_the_value_to_the_cells_that_may_hold_the_site(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif")
    spots = [shapely.Point(LEFT + 200, TOP - 150), shapely.Point(LEFT + 350, TOP - 150), shapely.Point(LEFT, TOP)]
    out = measured(path, *spots, position_error_m=[30.0, 80.0, 30.0], area_km2=[0.0001] * 3)
    assert out["criterion_slope_deg"].isna().all()
    # Two cells beside each other; one beside a cell without data; one that reaches beyond.
    assert out["value_slope_low"].tolist() == pytest.approx([0.3, 0, 0])
    assert out["value_slope_high"].tolist() == pytest.approx([0.35, 1, 1])


def test_a_raster_in_another_crs_is_met_where_it_lies(tmp_path: Path) -> None:
    west, north = 127.0, 37.6
    profile = {"driver": "GTiff", "width": 2, "height": 1, "count": 1, "dtype": "int16"}
    transform = rasterio.transform.from_origin(west, north, 0.1, 0.1)
    with rasterio.open(tmp_path / "b.tif", "w", crs="EPSG:4326", transform=transform, **profile) as out:
        out.write(np.array([[3, 7]], dtype="int16"), 1)
    frame = gpd.GeoDataFrame(geometry=gpd.points_from_xy([127.05, 127.15], [37.55, 37.55]), crs=4326).to_crs(PLANE)
    found = cg.Criteria().raster("slope", tmp_path / "b.tif", value=UP).measure(frame)
    assert found["criterion_slope_deg"].tolist() == [3, 7]


def test_what_is_no_raster_is_refused_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError, match="cannot be read as a raster"):
        cg.Criteria().raster("slope", tmp_path / "gone.tif", value=UP)
    with pytest.raises(cg.ClusterGeoError, match=r"has no coordinate reference system.*rio edit-info"):
        cg.Criteria().raster("slope", written(tmp_path / "bare.tif", crs=None), value=UP)
    with pytest.raises(cg.ClusterGeoError, match="there is no band 3"):
        cg.Criteria().raster("slope", written(tmp_path / "a.tif"), value=UP, band=3)


def test_a_scenario_names_a_raster_and_hashes_it(tmp_path: Path) -> None:
    written(tmp_path / "a.tif")
    gpd.GeoDataFrame(geometry=[square(0, 0), square(3, 3)], crs=PLANE).to_file(tmp_path / "sites.gpkg")
    text = """
[sites]
file = "sites.gpkg"

[[criteria]]
name = "slope"
measure = "raster"
file = "a.tif"
value = { kind = "linear", worst = 20, best = 0, unit = "deg" }
weight = 1
"""
    (tmp_path / "s.toml").write_text(text)
    read = cg.read_scenario(tmp_path / "s.toml")
    assert read.result()["rank"].tolist() == [1, 2]
    assert set(read.inputs) == {"a.tif", "sites.gpkg"}
    (tmp_path / "s.toml").write_text(text.replace("a.tif", "gone.tif"))
    with pytest.raises(cg.ClusterGeoError, match=r"s\.toml', line 8: .*cannot be read as a raster"):
        cg.read_scenario(tmp_path / "s.toml")
