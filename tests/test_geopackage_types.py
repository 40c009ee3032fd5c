"""Columns of a GeoPackage of types that GeoPackage does not know, as other programs write them: read and told."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely

import clustergeo as cg

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PNU = 4_146_110_100_100_010_001


def squares() -> gpd.GeoDataFrame:
    x = 200_000 + 20 * np.arange(3)
    return gpd.GeoDataFrame({"floors": [1, 2, 3]}, geometry=shapely.box(x, 550_000, x + 10, 550_010), crs=5186)


def edited(file: Path, change: str, values: tuple[object, ...] = ()) -> None:
    with contextlib.closing(sqlite3.connect(file)) as held, held:
        held.execute(change, values)


def with_column(folder: Path, kind: str, cells: list[object], name: str = "q") -> Path:
    """Write three squares with a column of a type that GDAL may not know."""
    file = folder / "zones.gpkg"
    squares().to_file(file, SPATIAL_INDEX="NO", layer="zones")
    edited(file, f'alter table zones add column "{name}" {kind}')
    for row, cell in enumerate(cells):
        edited(file, f'update zones set "{name}" = ? where fid = {row + 1}', (cell,))  # noqa: S608 - our own names
    return file


@pytest.mark.parametrize(
    ("kind", "cells", "words"),
    [
        ("VARCHAR(20)", ["가", None, ""], "text"),
        ("DECIMAL(19,0)", [PNU, None, 3], "whole numbers"),
        ("BIGINT", [PNU, 2, 3], "whole numbers"),
        ("DOUBLE PRECISION", [1.5, None, 2.0], "numbers"),
        ("NUM", [1.5, 2, 3], "numbers"),
        ("TIMESTAMP", ["2026-01-02 03:04:05", "", None], "text"),
        ("STRING", [None, None, None], "text"),
    ],
)
def test_a_column_of_a_type_that_gdal_leaves_out_is_read_and_told(
    tmp_path: Path, kind: str, cells: list[object], words: str
) -> None:
    file = with_column(tmp_path, kind, cells)
    told = f"its column 'q' of type {kind}, which no GeoPackage has, is read as {words}"
    # GDAL's own words reach nobody: they would be errors here.
    with pytest.warns(cg.ClusterGeoWarning, match=re.escape(told)):
        sites = cg.read_sites(file)
    with pytest.warns(cg.ClusterGeoWarning, match=re.escape(told)):
        cg.tag_file(file, tmp_path / "out.parquet")
    layer = cg.read_layer(file, name="zone")
    assert told in layer.report
    for frame in (sites, layer.frame):
        assert [None if pd.isna(one) else one for one in frame["q"]] == cells
        assert frame.geometry.notna().all()
    assert pq.read_table(tmp_path / "out.parquet").column("q").to_pylist() == cells
    assert not len(cg.check(file))


@pytest.mark.parametrize(
    ("kind", "cells", "said"),
    [
        ("DECIMAL", [1.5, "n/a", None], "is of type 'DECIMAL', which no GeoPackage has, and holds real and text"),
        ("NUM", [PNU, 1.5, None], "is of type 'NUM', .*holds long whole numbers beside broken ones"),
        ("NUMERIC", [1, "n/a", None], "'q': 'n/a' stands where a number"),
        ("NUMERIC", [PNU, 2, None], f"'q': {PNU} stands where a number of at most 15 digits"),
        ("INT8", [1, "three", None], "row 1, column 'q': 'three' stands where a whole number"),
    ],
)
def test_a_column_of_cells_of_several_kinds_is_refused(
    tmp_path: Path, kind: str, cells: list[object], said: str
) -> None:
    file = with_column(tmp_path, kind, cells)
    for reads in (cg.read_sites, cg.check, lambda one: cg.tag_file(one, tmp_path / "out.parquet")):
        with pytest.raises(cg.ClusterGeoError, match=said):
            reads(file)


def test_bytes_in_a_column_of_a_type_that_gdal_leaves_out_are_left_out_and_told(tmp_path: Path) -> None:
    with pytest.warns(cg.ClusterGeoWarning, match="its column 'q' of type POINT holds bytes and is left out"):
        assert "q" not in cg.read_sites(with_column(tmp_path, "POINT", [b"x", None, None])).columns


@pytest.mark.filterwarnings("ignore:.*which no GeoPackage has")
def test_cells_that_gdal_leaves_out_stay_with_their_rows(tmp_path: Path) -> None:
    file = with_column(tmp_path, "VARCHAR", ["c", "b", "a"])
    edited(file, "create index of_q on zones(q)")
    edited(file, "alter table zones add column rowid TEXT")
    edited(file, "update zones set rowid = 9 - fid")
    edited(file, "update zones set q = cast(? as text) where fid = 3", ("똠".encode("cp949"),))
    for reads in (cg.read_sites, lambda one: cg.tag_file(one, tmp_path / "out.parquet")):
        with pytest.raises(cg.ClusterGeoError, match=r"not UTF-8.*: row 2, column 'q'"):
            reads(file)
    edited(file, "update zones set q = 'a' where fid = 3")
    cg.tag_file(file, tmp_path / "out.parquet")
    for frame in (cg.read_sites(file), gpd.read_parquet(tmp_path / "out.parquet")):
        assert dict(zip(frame["q"], frame.geometry.bounds["minx"], strict=True)) == {
            "c": 200_000,
            "b": 200_020,
            "a": 200_040,
        }


@pytest.mark.filterwarnings("ignore:.*which no GeoPackage has")
def test_names_of_sites_are_kept_in_a_varchar_and_as_the_number_of_a_row(tmp_path: Path) -> None:
    file = with_column(tmp_path, "VARCHAR(9)", ["x", "y", "z"], name="site_id")
    cg.tag_file(file, tmp_path / "out.parquet")
    for frame in (cg.read_sites(file), gpd.read_parquet(tmp_path / "out.parquet")):
        assert frame["site_id"].tolist() == ["x", "y", "z"]
    file = tmp_path / "counted.gpkg"
    squares().to_file(file, FID="site_id", SPATIAL_INDEX="NO", layer="zones")
    edited(file, "update zones set site_id = site_id * 10")
    cg.tag_file(file, tmp_path / "out.parquet")
    for frame in (cg.read_sites(file), gpd.read_parquet(tmp_path / "out.parquet")):
        assert dict(zip(frame["site_id"], frame.geometry.bounds["minx"], strict=True)) == {
            "10": 200_000,
            "20": 200_020,
            "30": 200_040,
        }


def test_a_column_called_geometry_that_gdal_leaves_out_has_another_name(tmp_path: Path) -> None:
    file = with_column(tmp_path, "VARCHAR", ["x", "y", "z"], name="geometry")
    with (
        pytest.warns(cg.ClusterGeoWarning, match="its column 'geometry' of type VARCHAR"),
        pytest.warns(cg.ClusterGeoWarning, match="its column 'geometry' was read as 'geometry_attribute'"),
    ):
        assert cg.read_sites(file)["geometry_attribute"].tolist() == ["x", "y", "z"]
    with pytest.warns(cg.ClusterGeoWarning, match="its column 'geometry' of type VARCHAR"):
        cg.tag_file(file, tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").column("geometry").to_pylist() == ["x", "y", "z"]


WRITER = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1])
held.execute("pragma journal_mode=wal")
held.execute(sys.argv[2])
held.commit()
print("written", flush=True)
sys.stdin.readline()
"""


@contextlib.contextmanager
def opened_elsewhere(file: Path, change: str) -> Iterator[None]:
    """Change a file in another program that keeps it open, as QGIS does: the change stands in a journal beside it."""
    command = [sys.executable, "-c", WRITER, str(file), change]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "written\n"
        assert file.with_name(f"{file.name}-wal").stat().st_size
        yield
        process.communicate("\n")


@pytest.mark.filterwarnings("ignore:.*which no GeoPackage has")
def test_what_another_program_has_written_and_not_yet_put_in_is_read_with_its_rows(tmp_path: Path) -> None:
    file = with_column(tmp_path, "VARCHAR", ["a", "b", "c"])
    with opened_elsewhere(file, "insert into zones(geom, floors, q) select geom, 4, 'd' from zones where fid = 1"):
        cg.tag_file(file, tmp_path / "out.parquet")
        for frame in (cg.read_sites(file), gpd.read_parquet(tmp_path / "out.parquet")):
            assert frame["q"].tolist() == ["a", "b", "c", "d"]


@pytest.mark.filterwarnings("ignore:.*which no GeoPackage has")
def test_a_text_among_numbers_that_another_program_has_not_yet_put_in_is_refused(tmp_path: Path) -> None:
    file = with_column(tmp_path, "VARCHAR", ["a", "b", "c"])
    with opened_elsewhere(file, "update zones set floors = 'two' where fid = 2"):
        for reads in (cg.read_sites, lambda one: cg.tag_file(one, tmp_path / "out.parquet")):
            with pytest.raises(cg.ClusterGeoError, match="row 1, column 'floors': 'two' stands where a whole number"):
                reads(file)


@pytest.mark.filterwarnings("ignore:.*which no GeoPackage has")
def test_a_damaged_page_of_cells_that_gdal_leaves_out_is_refused(tmp_path: Path) -> None:
    file = with_column(tmp_path, "VARCHAR", ["a", "b" * 60_000, "c"])
    data = file.read_bytes()
    # The first of the pages that a long text goes on in names the next one, far behind the end of the file.
    at = data.index(b"b" * 4_000) - 4
    file.write_bytes(data[:at] + b"\x7f\xff\xff\xff" + data[at + 4 :])
    for reads in (cg.read_sites, lambda one: cg.tag_file(one, tmp_path / "out.parquet")):
        with pytest.raises(cg.ClusterGeoError, match="cannot be read: database disk image is malformed"):
            reads(file)
