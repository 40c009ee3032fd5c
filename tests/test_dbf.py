"""The table of a shapefile: cut short, with deleted rows, with numbers that are none, with names in cp949."""

from __future__ import annotations

import datetime as dt
import re
import struct
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
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


def with_table(file: Path, kind: bytes, width: int, cells: list[bytes], decimals: int = 0) -> Path:
    """Give a shapefile a table of one column, byte by byte."""
    head = struct.pack("<BBBBIHH20x", 3, 126, 11, 29, len(cells), 65, width + 1)
    field = struct.pack("<11sc4xBB14x", b"COLUMN", kind, width, decimals)
    rows = b"".join(b" " + cell.ljust(width)[:width] for cell in cells)
    file.with_suffix(".dbf").write_bytes(head + field + b"\r" + rows + b"\x1a")
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
        with pytest.raises(cg.ClusterGeoError, match=r"row 1, column 'floors': b'n/a' would be read as another number"):
            reads(file)


@pytest.mark.parametrize("text", [b"1,5", b"1.5", b"1.5e3", b"nan", b"2026-01-02", b"5 3", b"-", b"12***", b"1_000"])
def test_what_is_no_whole_number_is_refused_in_a_column_of_them(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(cg.ClusterGeoError, match=r"row 1, column 'floors': b'.*' would be read as another number"):
        cg.read_sites(with_cell(shapefile(tmp_path), 1, text))


@pytest.mark.parametrize(("text", "number"), [(b"-7", -7), (b"+5", 5), (b"7.0", 7), (b"", None), (b"*" * 30, None)])
def test_other_forms_of_whole_numbers_are_read_and_stars_are_no_value(
    tmp_path: Path, text: bytes, number: int | None
) -> None:
    found = cg.read_sites(with_cell(shapefile(tmp_path), 1, text))["floors"][1]
    assert (None if np.isnan(found) else found) == number


@pytest.mark.parametrize(
    ("text", "number"), [(b"1.5e3", 1500), (b".5", 0.5), (b"5.", 5), (b"-inf", -np.inf), (b"1.#QNAN", np.nan)]
)
def test_forms_of_numbers_with_decimals_are_read(tmp_path: Path, text: bytes, number: float) -> None:
    file = with_cell(shapefile(tmp_path, share=[0.5, 1.5, 2.5, 3.5, 4.5]), 1, text)
    assert cg.read_sites(file)["share"][1] == pytest.approx(number, nan_ok=True)


@pytest.mark.parametrize("text", [b"3,5", b"1,234.5", b"1.2.3", b"1.0D+05", b"1.5 2"])
def test_what_is_no_number_with_decimals_is_refused(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(cg.ClusterGeoError, match=r"row 1, column 'share': b'.*' would be read as another number"):
        cg.read_sites(with_cell(shapefile(tmp_path, share=[0.5, 1.5, 2.5, 3.5, 4.5]), 1, text))


def test_a_missing_number_that_geopandas_wrote_is_told_of_by_nobody(tmp_path: Path) -> None:
    # GDAL writes stars for it, as others do for a number that did not fit: unknown in both.
    assert cg.read_sites(shapefile(tmp_path, share=[0.5, None, 2.5, 3.5, 4.5]))["share"].isna().sum() == 1


PNU = [b"4146110100100010001", b"", b"4146110100100010003", b"*" * 19, b"007"]


def test_a_parcel_number_that_gdal_would_round_is_read_as_the_text_that_stands_there_and_told(tmp_path: Path) -> None:
    file = with_table(shapefile(tmp_path), b"N", 19, PNU)
    texts = [PNU[0].decode(), None, PNU[2].decode(), None, "007"]
    with pytest.warns(cg.ClusterGeoWarning, match="column 'COLUMN' has numbers too long to be exact and is read as te"):
        sites = cg.read_sites(file)
    layer = cg.read_layer(file, name="zone")
    assert "its column 'COLUMN' has numbers too long to be exact and is read as text" in layer.report
    with pytest.warns(cg.ClusterGeoWarning, match="is read as text"):
        cg.tag_file(file, tmp_path / "out.parquet")
    for held in (sites, layer.frame, gpd.read_parquet(tmp_path / "out.parquet")):
        assert [None if pd.isna(one) else one for one in held["COLUMN"]] == texts


def test_long_whole_numbers_among_decimals_are_read_as_text_too(tmp_path: Path) -> None:
    cells = [PNU[0], PNU[2] + b".00", b"-12345678901234567.0", b"1.5", b""]
    file = with_table(shapefile(tmp_path), b"N", 24, cells, decimals=3)
    assert cg.read_layer(file, name="zone").frame["COLUMN"].fillna("").tolist() == [one.decode() for one in cells]
    file = with_table(
        file, b"N", 24, [b"1.5", b"9007199254740992.000", b"4.1461101001000100e+18", b"", b""], decimals=3
    )
    assert cg.read_sites(file)["COLUMN"].fillna(0).tolist() == [1.5, 2**53, 4.1461101001000100e18, 0, 0]


def test_a_number_behind_a_byte_of_zero_is_refused_for_a_text_ends_there(tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError, match=r"row 1, column 'COLUMN'.* would be read as another number"):
        cg.read_sites(with_table(shapefile(tmp_path), b"N", 5, [b"1", b"\0" + b"9", b"2\0\0", b"", b"\0" * 5]))


def test_wide_numbers_that_are_exact_stay_numbers(tmp_path: Path) -> None:
    file = with_table(shapefile(tmp_path), b"N", 20, [b"1", b"", b"9007199254740992", b"10000000000000000000", b"5e3"])
    assert cg.read_sites(file)["COLUMN"].fillna(-1).tolist() == [1, -1, 2**53, 1e19, 5000]


def test_letters_beside_a_parcel_number_are_refused(tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError, match="row 1, column 'COLUMN': b'n/a' would be read as another number"):
        cg.read_sites(with_table(shapefile(tmp_path), b"N", 19, [PNU[0], b"n/a", b"", b"", b""]))


def test_days_are_read_and_empty_ones_are_null(tmp_path: Path) -> None:
    days = [b"20260102", b"", b"00000000", b"\0" * 8, b"20240229"]
    file = with_table(shapefile(tmp_path), b"D", 8, days)
    known = [dt.date(2026, 1, 2), None, None, None, dt.date(2024, 2, 29)]
    cg.tag_file(file, tmp_path / "out.parquet")
    for held in (cg.read_sites(file)["COLUMN"], gpd.read_parquet(tmp_path / "out.parquet")["COLUMN"]):
        assert [None if pd.isna(one) else one for one in held] == known


@pytest.mark.parametrize(
    "day",
    [b"20261399", b"20250229", b"20260100", b"n/a", b"2026-1-3", b"202601", b"********", b"00000101", b"2026 102"],
)
def test_a_day_that_is_none_is_refused_by_row_for_it_would_be_another(tmp_path: Path, day: bytes) -> None:
    file = with_table(shapefile(tmp_path), b"D", 8, [b"20260102", b"", day, b"", day])
    for reads in (cg.read_sites, cg.check, lambda one: cg.tag_file(one, tmp_path / "out.parquet")):
        with pytest.raises(
            cg.ClusterGeoError, match=rf"row 2, column 'COLUMN': b'{re.escape(day.decode())}' would be r"
        ):
            reads(file)
    assert not (tmp_path / "out.parquet").exists()


def test_a_day_of_a_deleted_row_is_not_looked_at(tmp_path: Path) -> None:
    file = with_deleted(with_table(shapefile(tmp_path), b"D", 8, [b"20260102", b"soon", b"", b"", b""]), 1)
    with pytest.warns(cg.ClusterGeoWarning, match="1 rows are marked as deleted"):
        assert len(cg.read_sites(file)) == 4


def test_a_flag_that_is_blank_is_not_known_and_not_false(tmp_path: Path) -> None:
    file = with_table(shapefile(tmp_path), b"L", 1, [b"T", b" ", b"n", b"?", b"\0"])
    cg.tag_file(file, tmp_path / "out.parquet")
    for held in (cg.read_sites(file)["COLUMN"], gpd.read_parquet(tmp_path / "out.parquet")["COLUMN"]):
        assert [None if pd.isna(one) else bool(one) for one in held] == [True, None, False, None, None]


def test_a_flag_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError, match="row 1, column 'COLUMN': b'1' would be read as false"):
        cg.read_sites(with_table(shapefile(tmp_path), b"L", 1, [b"T", b"1", b"T", b"T", b"T"]))


@pytest.mark.parametrize(("kind", "width"), [(b"I", 4), (b"B", 8), (b"@", 8), (b"+", 4)])
def test_a_column_of_binary_numbers_is_refused_for_its_bytes_would_be_read_as_text(
    tmp_path: Path, kind: bytes, width: int
) -> None:
    file = with_table(shapefile(tmp_path), kind, width, [b"\0" * width] * 5)
    with pytest.raises(cg.ClusterGeoError, match=rf"row 0, column 'COLUMN'.* its type '{re.escape(kind.decode())}'"):
        cg.read_sites(file)


def test_a_memo_is_refused_where_it_points_to_another_file(tmp_path: Path) -> None:
    memos = [b"", b"5", b"", b"", b""]
    with pytest.raises(cg.ClusterGeoError, match=r"row 1, column 'COLUMN'.* its type 'M'"):
        cg.read_sites(with_table(shapefile(tmp_path), b"M", 10, memos))
    assert cg.read_sites(with_table(shapefile(tmp_path), b"M", 10, [b""] * 5))["COLUMN"].isna().all()


def test_a_byte_that_a_text_column_leaves_idle_shifts_no_other_column(tmp_path: Path) -> None:
    file = shapefile(tmp_path, name=list("abcde"), floors=range(5))
    data, _, _ = parts(file)
    data[32 + 17] = 1
    file.with_suffix(".dbf").write_bytes(data)
    assert cg.read_sites(file)["floors"].tolist() == [0, 1, 2, 3, 4]


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    file = shapefile(tmp_path, floors=range(5), height=range(5))
    data, _, _ = parts(file)
    data[64:75] = data[32:43]
    file.with_suffix(".dbf").write_bytes(data)
    # the second is what the oldest pyarrow says of it
    with pytest.raises(cg.ClusterGeoError, match=r"column 'floors' stands 2 times|non-unique column"):
        cg.read_sites(file)
    with pytest.raises(cg.ClusterGeoError, match=r"two columns named 'floors'.*Rename one"):
        cg.tag_file(file, tmp_path / "out.parquet")


def test_half_a_character_at_the_end_of_a_name_in_cp949_is_cut(tmp_path: Path) -> None:
    file = shapefile(tmp_path, floors=range(5))
    data, _, _ = parts(file)
    data[32:43] = "A면적제곱미터".encode("cp949")[:10].ljust(11, b"\0")
    file.with_suffix(".dbf").write_bytes(data)
    file.with_suffix(".cpg").unlink()
    assert "A면적제곱" in " ".join(cg.read_sites(file, encoding="cp949").columns)


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
