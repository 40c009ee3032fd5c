"""The benchmarks: their loads are what they say, and every tool gives the same answers. No time is asserted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from clustergeo import overlap

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import answers, checking, loads, splitting, tables  # noqa: E402
from benchmarks.forms import Form  # noqa: E402
from benchmarks.running import Entry  # noqa: E402
from benchmarks.tools import FLOOR, OURS  # noqa: E402

if TYPE_CHECKING:
    from benchmarks.checking import Verdict

SITES = 2_000


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("loads")


def ran(cache: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments, "--sites", str(SITES), "--cache", str(cache)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)


def row(text: str, tool: str, form: str = "") -> list[str]:
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return next(line for line in cells if line[:2] == [tool, form])


@pytest.fixture(scope="module", params=loads.KINDS)
def results(request: pytest.FixtureRequest, cache: Path) -> str:
    file = cache / f"{request.param}.md"
    options = ("--load", request.param, "--peers", "geopandas", "--repeat", "1", "--sample", "500", "--out", str(file))
    done = ran(cache, "overlap", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert file.read_text(encoding="utf-8") == done.stdout
    return done.stdout


def test_geopandas_agrees_with_plain_shapely_on_every_load_and_form(results: str) -> None:
    forms = ("as given", "in pieces", "in pieces, tuned")
    assert [row(results, "geopandas", form)[-1] for form in forms] == ["yes", "yes", "yes"]


def test_the_engine_agrees_with_plain_shapely_and_geopandas_on_every_load(results: str) -> None:
    if not hasattr(overlap, "ZoneIndex"):
        pytest.skip("clustergeo.overlap has no ZoneIndex yet")
    assert [row(results, OURS, form)[-1] for form in ("as given", "dissolved before")] == ["yes", "yes"]
    assert "times ours with zones as given" in results


def test_the_floor_reads_and_writes_and_asks_nothing(cache: Path) -> None:
    done = ran(cache, "floor", "--repeat", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert row(done.stdout, FLOOR)[-1] == ""
    assert "geopandas" not in done.stdout


def test_the_same_seed_makes_the_same_load_and_another_seed_another(tmp_path: Path) -> None:
    first, again, other = (
        loads.prepared(tmp_path / name, "plain", 300, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    for file in ("sites.parquet", "zones-given.parquet", "municipalities-given.parquet"):
        assert (first.folder / file).read_bytes() == (again.folder / file).read_bytes()
        assert (first.folder / file).read_bytes() != (other.folder / file).read_bytes()


def frame(file: Path) -> Any:
    return gpd.read_parquet(file)


def test_parcels_are_valid_and_of_the_sizes_they_should_be(cache: Path) -> None:
    sites = frame(loads.prepared(cache, "plain", SITES).site_file)
    corners = sites.count_coordinates() - 1
    assert sites.is_valid.all()
    assert sites.crs.to_epsg() == 5179
    assert sites["site_id"].is_unique
    assert 499 < sites.area.min() < 600
    assert 40_000 < sites.area.max() < 50_001
    assert (corners.min(), corners.max()) == (4, 12)


def test_municipalities_are_a_coverage_and_zones_overlap(cache: Path) -> None:
    load = loads.prepared(cache, "plain", SITES)
    units, zones = frame(load.municipality_file(Form.GIVEN)), frame(load.zone_file(Form.GIVEN))
    assert shapely.coverage_is_valid(units.geometry.to_numpy())
    assert zones.is_valid.all()
    assert zones.union_all().area < 0.999 * zones.area.sum()


def test_on_the_border_load_every_parcel_lies_partly_in_a_zone(cache: Path) -> None:
    load = loads.prepared(cache, "borders", SITES)
    zones = frame(load.zone_file(Form.GIVEN)).union_all()
    inside = frame(load.site_file).intersection(zones).area / frame(load.site_file).area
    assert ((inside > 0) & (inside < 1)).all()


def test_pieces_are_small_and_cover_what_they_are_cut_from() -> None:
    ring = shapely.Point(0, 0).buffer(10, quad_segs=500).difference(shapely.box(-2, -2, 2, 2))
    rows, parts = splitting.pieces(np.array([ring, shapely.box(20, 0, 21, 1)], dtype=object), most=32)
    assert rows.tolist() == sorted(rows.tolist())
    assert shapely.get_num_coordinates(parts).max() <= 32
    assert shapely.area(parts[rows == 0]).sum() == pytest.approx(ring.area)
    assert shapely.area(parts[rows == 1]).tolist() == [1]


def compared(tmp_path: Path, mine: tuple[Any, ...], other: tuple[Any, ...]) -> Verdict:
    found = []
    for name, (shares, codes, code_shares) in (("mine", mine), ("other", other)):
        entry = Entry(name, form=Form.GIVEN, answer=tmp_path / f"{name}.parquet")
        columns = (np.array(shares), np.array(codes), np.array(code_shares))
        answers.write(entry.answer, np.arange(len(shares)), *columns)
        found.append(entry)
    return checking.against(*found, np.full(len(mine[0]), 1e-9))


def test_a_share_that_is_off_by_more_than_allowed_disagrees(tmp_path: Path) -> None:
    assert compared(tmp_path, ([0.5], [1], [1.0]), ([0.5 + 5e-10], [1], [1.0])).agrees
    assert not compared(tmp_path, ([0.5], [1], [1.0]), ([0.5 + 5e-9], [1], [1.0])).agrees
    assert not compared(tmp_path, ([0.5], [1], [1.0]), ([np.nan], [1], [1.0])).agrees


def test_another_municipality_disagrees_unless_it_is_a_tie(tmp_path: Path) -> None:
    assert compared(tmp_path, ([0.0], [1], [0.5]), ([0.0], [2], [0.5])).agrees
    assert not compared(tmp_path, ([0.0], [1], [0.9]), ([0.0], [2], [0.9])).agrees
    assert not compared(tmp_path, ([0.0], [1], [0.9]), ([0.0], [-1], [0.0])).agrees


def test_pairs_add_up_to_shares_and_the_lowest_code_wins_a_tie(tmp_path: Path) -> None:
    answers.write_pairs(
        tmp_path / "a.parquet",
        np.array([2.0, 4.0, 1.0]),
        (np.array([0, 0]), np.array([0.5, 0.5])),
        (np.array([1, 0, 1, 1, 2]), np.array([7, 3, 5, 7, 3]), np.array([1.0, 2.0, 2.0, 1.0, 0.0])),
    )
    shares, codes, code_shares = answers.read(tmp_path / "a.parquet")
    assert shares.tolist() == [0.5, 0, 0]
    assert codes.tolist() == [3, 5, answers.NOWHERE]
    assert code_shares.tolist() == [1, 0.5, 0]


def test_results_are_added_to_the_end_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "performance.md"
    file.write_text("# Performance\n", encoding="utf-8")
    tables.append(file, "### Today\n")
    assert file.read_text(encoding="utf-8") == "# Performance\n\n### Today\n"


def test_the_map_benchmark_puts_both_pages_in_one_table() -> None:
    command = [sys.executable, "-m", "benchmarks", "map", "--sizes", "40", "--repeat", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.split("|")[1:-1] for line in done.stdout.splitlines() if line.startswith("| 40 ")]
    assert [row[1].strip() for row in rows] == ["clustergeo", "geopandas"]
    assert all(float(row[3]) > 0.01 for row in rows)


def test_the_read_benchmark_puts_both_readers_of_each_format_in_one_table() -> None:
    command = [sys.executable, "-m", "benchmarks", "read", "--sites", "300", "--repeat", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines() if line[:1] == "|"]
    assert [row[0] for row in rows[2:]] == ["gpkg", "gpkg", "gpkg", "fgb", "fgb", "shp", "shp"]
    assert all(float(row[2]) > 0 for row in rows[2:])


def test_the_rules_benchmark_decides_every_rule_of_a_day_for_every_site() -> None:
    command = [sys.executable, "-m", "benchmarks", "rules", "--sites", "300", "--repeat", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines() if line[:1] == "|"]
    days = {row[0]: (int(row[1]), int(row[2].replace(",", ""))) for row in rows[2:]}
    assert all(decisions == 300 * count for count, decisions in days.values())
    assert days["2024-01-01"][0] < days["2026-03-01"][0]


def test_the_siting_benchmark_holds_its_answers_against_shapely(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", "siting", "--sites", "400", "--vertices", "4000", "--ranked", "200"]
    command += ["--draws", "20", "--atlite", sys.executable, "--cache", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines() if line.startswith("|")
    ]
    assert [row[1].partition(" ")[0] for row in rows[2:]] == ["clustergeo", "clustergeo", "atlite", "clustergeo"]
    assert all(float(row[5].partition(" on ")[0].split(",")[1]) < 1e-9 for row in rows[2:4])
