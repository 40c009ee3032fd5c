"""The table of a shapefile: cut short, with deleted rows, with numbers that are none, with names in cp949."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely

import clustergeo as cg

if TYPE_CHECKING:
    from pathlib import Path


def shapefile(folder: Path, *, missing: int | None = None, **columns: list[object]) -> Path:
    """Write five squares in cp949, of which one may have no shape."""
    x = 200_000 + 20 * np.arange(5)
    shapes = shapely.box(x, 550_000, x + 10, 550_010)
    if missing is not None:
        shapes[missing] = None
    frame = gpd.GeoDataFrame(columns or {"floors": range(5)}, geometry=shapes, crs=5186)
    file = folder / "zones.shp"
    frame.to_file(file, encoding="cp949")
    return file


def parts(file: Path) -> tuple[bytearray, int, int]:
    """Return the bytes of the table, where its rows begin and how wide they are."""
    data = bytearray(file.with_suffix(".dbf").read_bytes())
    return data, int.from_bytes(data[8:10], "little"), int.from_bytes(data[10:12], "little")


def with_cell(file: Path, row: int, text: bytes) -> Path:
    """Write a text into the only column of a row."""
    data, start, width = parts(file)
    at = start + row * width
    data[at + 1 : at + width] = text.rjust(width - 1)[: width - 1]
    file.with_suffix(".dbf").write_bytes(data)
    return file


def with_deleted(file: Path, row: int) -> Path:
    """Mark a row as deleted."""
    data, start, width = parts(file)
    data[start + row * width] = ord("*")
    file.with_suffix(".dbf").write_bytes(data)
    return file


def test_a_table_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    file = shapefile(tmp_path)
    data, start, width = parts(file)
    file.with_suffix(".dbf").write_bytes(data[: start + 3 * width])
    for reads in (cg.read_sites, lambda one: cg.tag_file(one, tmp_path / "out.parquet")):
        with pytest.raises(cg.ClusterGeoError, match="dbf is cut short: it says that it has 5 rows, but has 3"):
            reads(file)


def test_letters_in_a_column_of_numbers_are_refused_by_row_and_column_for_they_would_be_0(tmp_path: Path) -> None:
    file = with_cell(shapefile(tmp_path), 1, b"n/a")
    for reads in (cg.read_sites, lambda one: cg.tag_file(one, tmp_path / "out.parquet")):
        with pytest.raises(cg.ClusterGeoError, match=r"row 1, column 'floors': b'n/a' stands where a number is"):
            reads(file)


@pytest.mark.parametrize("text", [b"1.5e3", b"-7", b"", b"nan", b"1,5"])
def test_other_forms_of_numbers_are_none_of_that(tmp_path: Path, text: bytes) -> None:
    assert len(cg.read_sites(with_cell(shapefile(tmp_path), 1, text))) == 5


def test_numbers_that_did_not_fit_their_column_are_unknown_and_told(tmp_path: Path) -> None:
    file = with_cell(shapefile(tmp_path), 1, b"*" * 30)
    with pytest.warns(cg.ClusterGeoWarning, match=r"stars, so they are unknown: 1 of column 'floors'"):
        sites = cg.read_sites(file)
    assert sites["floors"].isna().tolist() == [False, True, False, False, False]


def test_rows_marked_as_deleted_are_left_out_and_told(tmp_path: Path) -> None:
    file = with_deleted(shapefile(tmp_path), 1)
    with pytest.warns(cg.ClusterGeoWarning, match="1 rows are marked as deleted in its .dbf and were left out"):
        assert cg.read_sites(file)["floors"].tolist() == [0, 2, 3, 4]
    with pytest.warns(cg.ClusterGeoWarning, match="1 rows are marked as deleted"):
        assert cg.tag_file(file, tmp_path / "out.parquet").rows == 4


def test_a_row_without_a_shape_after_a_deleted_one_is_no_loss(tmp_path: Path) -> None:
    file = with_deleted(shapefile(tmp_path, missing=3), 1)
    with pytest.warns(cg.ClusterGeoWarning) as told:
        assert cg.read_sites(file).geometry.isna().tolist() == [False, False, True, False]
    assert any("1 of 4 rows have no geometry (row 2, counted from 0)" in str(one.message) for one in told)


def test_an_index_that_points_beyond_the_shapes_is_a_loss(tmp_path: Path) -> None:
    file = shapefile(tmp_path)
    index = bytearray(file.with_suffix(".shx").read_bytes())
    index[100:104] = (10**6).to_bytes(4, "big")
    file.with_suffix(".shx").write_bytes(index)
    with pytest.raises(cg.ClusterGeoError, match=r"row 0: its \.shx points to byte 2,000,000, where no shape begins"):
        cg.read_sites(file)


@pytest.mark.filterwarnings("ignore:.*texts read as cp949", r"ignore:.*its \.cpg says UTF-8")
@pytest.mark.parametrize("numbers", [False, True], ids=["of a column of texts", "of a column of numbers"])
def test_names_of_columns_in_cp949_are_read_though_the_cpg_says_utf8(tmp_path: Path, numbers: bool) -> None:
    file = shapefile(tmp_path, **{"층수" if numbers else "이름": [1, 2, 3, 4, 5] if numbers else list("abcde")})
    file.with_suffix(".cpg").write_text("UTF-8")
    with pytest.warns(cg.ClusterGeoWarning, match=r"its \.cpg says UTF-8, .*the name of column 1"):
        sites = cg.read_sites(file)
    assert ("층수" if numbers else "이름") in sites.columns
    with pytest.warns(cg.ClusterGeoWarning, match="texts read as cp949"):
        assert cg.tag_file(file, tmp_path / "out.parquet").rows == 5
