"""Large FlatGeobuf files are read in a process of its own; what that cannot read rightly, GDAL's plain way reads."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

import clustergeo as cg
from clustergeo.reading import fence

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fence, "LARGE", 0)


def frame(rows: int = 300) -> gpd.GeoDataFrame:
    columns = {
        "site_id": [f"p{at}" for at in range(rows)],
        "이름": ["똠방각하" if at % 3 else None for at in range(rows)],
        "floors": range(rows),
        "area": [at / 3 for at in range(rows)],
        "planned": [at % 2 == 0 for at in range(rows)],
    }
    shapes = [shapely.box(200_000 + 20 * at, 550_000, 200_010 + 20 * at, 550_010) for at in range(rows)]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:5186")


def read_fast(file: Path) -> gpd.GeoDataFrame | None:
    found = fence.fast_frame(file, str(file), file.stem)
    return None if found is None else found.frame


def test_it_reads_what_the_plain_way_reads(tmp_path: Path) -> None:
    file = tmp_path / "parcels.fgb"
    frame().to_file(file)
    found = read_fast(file)
    assert found is not None
    assert_geodataframe_equal(found, gpd.read_file(file, use_arrow=True), check_dtype=True)
    assert_geodataframe_equal(found.sort_values("floors", ignore_index=True), frame(), check_dtype=False)


def test_read_sites_takes_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "parcels.fgb"
    frame(5).to_file(file)
    monkeypatch.setattr("pyogrio.read_dataframe", lambda *_, **__: pytest.fail("the plain way was asked"))
    assert sorted(cg.read_sites(file)["site_id"]) == ["p0", "p1", "p2", "p3", "p4"]


@pytest.mark.parametrize("case", ["a row without a geometry", "a column of days", "no rows"])
def test_the_plain_way_reads_what_the_fast_one_may_get_wrong(tmp_path: Path, case: str) -> None:
    shapes = frame(4)
    if case == "a row without a geometry":
        shapes.loc[2, "geometry"] = None
    elif case == "a column of days":
        shapes["day"] = "2026-01-02"
        shapes["day"] = shapes["day"].astype("datetime64[ms]")
    else:
        shapes = shapes[:0]
    file = tmp_path / "parcels.fgb"
    shapes.to_file(file, SPATIAL_INDEX="NO")
    assert read_fast(file) is None


def test_a_child_that_dies_on_the_way_ends_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "parcels.fgb"
    frame().to_file(file)
    sound = subprocess.run([sys.executable, "-P", fence._CHILD, file, file.stem], capture_output=True, check=True)
    part = tmp_path / "part"
    part.write_bytes(sound.stdout[: len(sound.stdout) // 2])
    dying = tmp_path / "dying.py"
    dying.write_text(
        "import os, shutil, sys\n"
        f"shutil.copyfileobj(open({str(part)!r}, 'rb'), sys.stdout.buffer)\n"
        "sys.stdout.flush()\nos.abort()\n"
    )
    monkeypatch.setattr(fence, "_CHILD", dying)
    assert read_fast(file) is None
    assert len(cg.read_sites(file)) == 300


def test_a_child_that_sends_all_and_then_dies_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "parcels.fgb"
    frame().to_file(file)
    whole = tmp_path / "whole"
    whole.write_bytes(
        subprocess.run([sys.executable, "-P", fence._CHILD, file, file.stem], capture_output=True, check=True).stdout
    )
    dying = tmp_path / "dying.py"
    dying.write_text(
        f"import os, shutil, sys\nshutil.copyfileobj(open({str(whole)!r}, 'rb'), sys.stdout.buffer)\n"
        "sys.stdout.flush()\nos._exit(3)\n"
    )
    monkeypatch.setattr(fence, "_CHILD", dying)
    assert read_fast(file) is None


def test_small_files_and_other_formats_start_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: pytest.fail("a process was started"))
    small, other = tmp_path / "small.fgb", tmp_path / "parcels.gpkg"
    frame(2).to_file(small)
    frame(2).to_file(other)
    assert read_fast(other) is None
    monkeypatch.setattr(fence, "LARGE", small.stat().st_size + 1)
    assert read_fast(small) is None
