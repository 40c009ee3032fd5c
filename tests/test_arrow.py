"""A GeoPackage is parsed and checked batch by batch while GDAL reads on, and gives what the plain way gives."""

from __future__ import annotations

import contextlib
import sqlite3
import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

import clustergeo as cg
from clustergeo.reading import _arrow

if TYPE_CHECKING:
    from pathlib import Path

BOW = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
# More than two batches of GDAL.
MANY = 140_000


def frame(rows: int = 50) -> gpd.GeoDataFrame:
    columns = {
        "이름": ["똠방각하" if at % 3 else None for at in range(rows)],
        "floors": range(rows),
        "area": [at / 3 for at in range(rows)],
        "planned": [at % 2 == 0 for at in range(rows)],
    }
    x = [200_000 + 20 * at for at in range(rows)]
    return gpd.GeoDataFrame(columns, geometry=shapely.box(x, 550_000, [one + 10 for one in x], 550_010), crs=5186)


def written(shapes: gpd.GeoDataFrame, folder: Path) -> Path:
    file = folder / "parcels.gpkg"
    shapes.to_file(file)
    return file


@pytest.mark.parametrize("rows", [1, 50, MANY])
def test_it_reads_what_the_plain_way_reads_in_its_order(tmp_path: Path, rows: int) -> None:
    file = written(frame(rows), tmp_path)
    found = _arrow.opened_frame(str(file), "parcels")
    assert found is not None
    assert found.sound
    assert_geodataframe_equal(found.frame, pyogrio.read_dataframe(file, use_arrow=True))
    assert found.frame["floors"].tolist() == list(range(rows))


@pytest.mark.parametrize(
    "shape",
    [None, BOW, shapely.Point(200_000, 550_000), shapely.Polygon(), shapely.LineString([(0, 0), (1, 1)])],
    ids=["none", "invalid", "a point", "empty", "a line"],
)
def test_one_row_that_is_no_valid_polygon_leaves_the_file_to_be_checked(tmp_path: Path, shape: Any) -> None:
    shapes = frame()
    shapes.loc[31, "geometry"] = shape
    file = written(shapes, tmp_path)
    found = _arrow.opened_frame(str(file), "parcels")
    assert found is not None
    assert not found.sound
    assert_geodataframe_equal(found.frame, pyogrio.read_dataframe(file, use_arrow=True))


def test_no_rows_are_for_the_plain_way(tmp_path: Path) -> None:
    assert _arrow.opened_frame(str(written(frame()[:0], tmp_path)), "parcels") is None


def test_a_layer_of_days_is_opened_by_the_plain_way_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(frame().assign(day=pd.Timestamp("2026-01-02")), tmp_path)
    monkeypatch.setattr(_arrow, "gathered", lambda *_, **__: pytest.fail("it was opened by Arrow first"))
    monkeypatch.setattr(_arrow, "open_arrow", lambda *_, **__: pytest.fail("it was opened by Arrow first"))
    assert str(cg.read_sites(file)["day"].iloc[0]).startswith("2026-01-02")


def test_json_is_for_the_plain_way_which_gives_what_it_holds(tmp_path: Path) -> None:
    file = written(frame().assign(uses='["공장", 3]'), tmp_path)
    with contextlib.closing(sqlite3.connect(file)) as held, held:
        held.execute(
            "create table gpkg_data_columns (table_name text not null, column_name text not null, name text, "
            "title text, description text, mime_type text, constraint_name text)"
        )
        row = ("parcels", "uses", None, None, None, "application/json", None)
        held.execute("insert into gpkg_data_columns values (?, ?, ?, ?, ?, ?, ?)", row)
        row = ("parcels", "uses", "gpkg_schema", "https://www.geopackage.org/spec/", "read-write")
        held.execute("insert into gpkg_extensions values (?, ?, ?, ?, ?)", row)
    assert not _arrow.is_plain(pyogrio.read_info(file))
    assert cg.read_sites(file)["uses"].iloc[0] == ["공장", 3]


def test_columns_of_one_name_are_for_the_plain_way() -> None:
    rows = [pa.array([shapely.to_wkb(shapely.box(0, 0, 1, 1))]), pa.array(["a"]), pa.array(["b"])]
    batch = pa.RecordBatch.from_arrays(rows, names=["geom", "", ""])
    assert _arrow.gathered(pa.RecordBatchReader.from_batches(batch.schema, [batch]), name="geom", crs=None) is None


def test_an_invalid_polygon_is_refused_by_its_row_or_repaired(tmp_path: Path) -> None:
    shapes = frame()
    shapes.loc[31, "geometry"] = shapely.transform(BOW, lambda xy: xy + np.array([200_000, 550_000]))
    file = written(shapes, tmp_path)
    with pytest.raises(cg.ClusterGeoError, match="row 31: Self-intersection"):
        cg.read_layer(file, name="parcels")
    with pytest.raises(cg.ClusterGeoError, match="row 31: invalid geometry, Self-intersection"):
        cg.read_sites(file)
    repaired = cg.read_layer(file, name="parcels", repair=True)
    assert "1 invalid geometries were repaired, as asked" in repaired.report
    assert repaired.frame.geometry.is_valid.all()


def test_points_at_zero_are_still_no_position(tmp_path: Path) -> None:
    shapes = gpd.GeoDataFrame({"site_id": ["a", "b"]}, geometry=gpd.points_from_xy([0, 127], [0, 37]), crs=4326)
    file = written(shapes, tmp_path)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert cg.read_sites(file).geometry.isna().tolist() == [True, False]
    assert any("row 0 (counted from 0) lies at 0, 0" in str(one.message) for one in told)


def test_a_layer_that_is_called_checked_is_not_looked_at_again() -> None:
    bows = gpd.GeoDataFrame(geometry=[BOW], crs="EPSG:5186")
    with pytest.raises(cg.ClusterGeoError, match="Self-intersection"):
        cg.Layer(bows, name="zone")
    assert len(cg.Layer(bows, name="zone", checked=True)) == 1
