"""compare: which sites moved in or out, how places and scores differ, and which settings do."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
from household import command
from squares import PLANE, square

import clustergeo as cg

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
title = "strict"

[sites]
file = "sites.gpkg"

[layers.wet]
file = "wet.gpkg"
coverage = "everywhere"

[[exclusions]]
layer = "wet"
max_share = 0.1

[[criteria]]
name = "price"
measure = "attribute"
value = { kind = "linear", worst = 100, best = 0 }
weight = 3

[[criteria]]
name = "flat"
measure = "attribute"
value = { kind = "linear", worst = 0, best = 1 }
weight = 1

[ranking]
draws = 20
top = 1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return two scenarios: `a` and `b` are dry, `c` is wet by a fifth; the second lets more pass and likes it flat."""
    shapes = [square(0, 0, 100), square(1000, 0, 100), square(5000, 0, 100)]
    columns: dict[str, Any] = {"site_id": ["a", "b", "c"], "price": [10.0, 90.0, 50.0], "flat": [0.0, 1.0, 0.5]}
    gpd.GeoDataFrame(columns, geometry=shapes, crs=PLANE).to_file(tmp_path / "sites.gpkg")
    gpd.GeoDataFrame(geometry=[square(5000, 0, 20, 100)], crs=PLANE).to_file(tmp_path / "wet.gpkg")
    (tmp_path / "strict.toml").write_text(TEXT)
    second = TEXT.replace('"strict"', '"loose"').replace("max_share = 0.1", "max_share = 0.5")
    (tmp_path / "loose.toml").write_text(second.replace("weight = 1", "weight = 9"))
    return tmp_path


def test_sites_that_move_and_places_that_change_are_told(folder: Path) -> None:
    found = cg.compare(folder / "strict.toml", folder / "loose.toml")
    assert found.sites[["site_id", "moved"]].to_numpy().tolist() == [["a", "stays"], ["b", "stays"], ["c", "in"]]
    assert found.sites["excluded_by_first"].tolist() == ["", "", "wet"]
    assert found.sites["rank_first"].tolist()[:2] == [1, 2]
    assert found.sites["rank_second"].tolist() == [3, 1, 2]
    assert found.sites["rank_change"].tolist()[:2] == [2, -1]
    assert pd.isna(found.sites["rank_change"].iloc[2])
    # strict: 3/4 of 0.9; loose: 3/12 of 0.9
    assert found.sites["score_change"].iloc[0] == pytest.approx(0.225 - 0.675)
    assert repr(found) == "<Comparison of strict and loose: 1 moved in, 0 moved out; 3 settings differ>"


def test_only_the_settings_that_differ_are_listed(folder: Path) -> None:
    found = cg.compare(folder / "strict.toml", folder / "loose.toml")
    assert found.settings.to_numpy().tolist() == [
        ["title", "strict", "loose"],
        ["exclusions.wet.max_share", "0.1", "0.5"],
        ["criteria.flat.weight", "1", "9"],
    ]


def test_a_scenario_is_equal_to_itself_and_a_changed_input_is_not(folder: Path) -> None:
    before = cg.read_scenario(folder / "strict.toml")
    assert cg.compare(before, before).settings.empty
    gpd.GeoDataFrame(geometry=[square(0, 0, 20, 100)], crs=PLANE).to_file(folder / "wet.gpkg")
    found = cg.compare(before, folder / "strict.toml")
    assert found.settings["setting"].tolist() == ["sha256 of wet.gpkg"]
    assert found.sites["moved"].tolist() == ["out", "stays", "in"]


def test_folders_of_results_say_the_same_as_their_scenarios(folder: Path) -> None:
    for name in ("strict", "loose"):
        cg.read_scenario(folder / f"{name}.toml").run(folder / name, maps=False)
    read, run = (cg.compare(folder / f"strict{end}", folder / f"loose{end}") for end in ("", ".toml"))
    pd.testing.assert_frame_equal(read.sites, run.sites)
    pd.testing.assert_frame_equal(read.settings, run.settings)


def test_a_site_of_one_scenario_only_is_told(folder: Path) -> None:
    few = gpd.read_file(folder / "sites.gpkg").iloc[[0]]
    few.to_file(folder / "few.gpkg")
    (folder / "few.toml").write_text(TEXT.replace("sites.gpkg", "few.gpkg"))
    found = cg.compare(folder / "strict.toml", folder / "few.toml")
    assert found.sites["moved"].tolist() == ["stays", "only_first", "only_first"]
    assert found.names == ("strict (1)", "strict (2)")


def test_the_tables_are_in_both_languages(folder: Path) -> None:
    found = cg.compare(folder / "strict.toml", folder / "loose.toml")
    english, korean = found.table("en").markdown(), found.table("ko").markdown()
    assert "moved in" in english.splitlines()[4]
    assert "Rank (change)" in english
    assert "들어옴" in korean
    assert "순위(차이)" in korean
    assert "criteria.flat.weight" in found.settings_table("ko").csv().decode("utf-8-sig")


def test_the_command_prints_both_tables_or_says_why_not(folder: Path) -> None:
    def run(*words: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command("compare", *map(str, words)), capture_output=True, text=True, check=False)

    done = run(folder / "strict.toml", folder / "loose.toml", "--lang", "ko")
    assert done.returncode == 0, done.stderr
    assert "들어옴" in done.stdout
    assert "exclusions.wet.max_share" in done.stdout.replace("\\", "")
    (folder / "empty").mkdir()
    refused = run(folder / "strict.toml", folder / "empty")
    assert refused.returncode == 1
    assert "holds no result of a scenario" in refused.stderr


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("manifest.json", "{"),
        ("manifest.json", "{}"),
        ("sites.csv", ""),
        ("sites.csv", "a,b\n1,2\n"),
        ("scenario.toml", "[["),
        ("sites.csv", "site_id,kept,excluded_by,score,rank\nx,true,,0.5,1\nx,true,,0.5,1\n"),
        ("sites.csv", "site_id,kept,excluded_by,score,rank\nx,perhaps,,0.5,1\n"),
        ("sites.csv", "site_id,kept,excluded_by,score,rank\nx,true,,good,1\n"),
        ("sites.csv", "site_id,kept,excluded_by,score,rank\nx,true,,0.5,first\n"),
    ],
)
def test_a_result_that_was_damaged_is_refused(folder: Path, name: str, text: str) -> None:
    cg.read_scenario(folder / "strict.toml").run(folder / "out", maps=False)
    (folder / "out" / name).write_text(text)
    with pytest.raises(cg.ClusterGeoError, match=r"changed or damaged .*Run its scenario again"):
        cg.compare(folder / "out", folder / "strict.toml")


def test_ids_that_a_spreadsheet_would_run_or_count_are_the_same_in_a_folder(folder: Path) -> None:
    sites = gpd.read_file(folder / "sites.gpkg")
    sites.assign(site_id=["=1+1", "-x", "001"]).to_file(folder / "sites.gpkg")
    cg.read_scenario(folder / "strict.toml").run(folder / "out", maps=False)
    found = cg.compare(folder / "out", folder / "strict.toml").sites
    assert found["site_id"].tolist() == ["=1+1", "-x", "001"]
    assert found["moved"].tolist() == ["stays", "stays", "stays_out"]


def test_a_site_that_one_result_leaves_undecided_is_told_from_folders_too(folder: Path) -> None:
    sites = gpd.read_file(folder / "sites.gpkg")
    open_ = sites.assign(footprint_basis=["measured", "measured", "disc"], position_error_m=[None, None, 500.0])
    open_.to_file(folder / "sites.gpkg")
    for name in ("strict", "loose"):
        cg.read_scenario(folder / f"{name}.toml").run(folder / name, maps=False)
    found = cg.compare(folder / "strict", folder / "loose").sites
    assert found["kept_first"].isna().tolist() == [False, False, True]
    assert found["moved"].tolist()[2] == "undecided"
    pd.testing.assert_frame_equal(found, cg.compare(folder / "strict.toml", folder / "loose.toml").sites)


def test_a_column_of_the_callers_is_not_taken_for_the_result(folder: Path) -> None:
    sites = gpd.read_file(folder / "sites.gpkg")
    sites.assign(score=["good", "bad", "fair"], rank=["x", "y", "z"]).to_file(folder / "sites.gpkg")
    for name in ("strict", "loose"):
        text = (folder / f"{name}.toml").read_text()
        (folder / f"{name}.toml").write_text(text[: text.index("[[criteria]]")])
        cg.read_scenario(folder / f"{name}.toml").run(folder / name, maps=False)
    for pair in (("strict", "loose"), ("strict.toml", "loose.toml")):
        found = cg.compare(*(folder / one for one in pair)).sites
        figures = [f"{name}_{end}" for name in ("kept", "excluded_by") for end in ("first", "second")]
        assert found.columns.tolist() == ["site_id", "moved", *figures]


def test_a_kept_column_of_the_callers_excludes_nothing_where_no_rule_does(folder: Path) -> None:
    sites = gpd.read_file(folder / "sites.gpkg")
    sites.assign(kept=[True, False, True]).to_file(folder / "sites.gpkg")
    text = (folder / "strict.toml").read_text()
    bare = text[: text.index("[layers")] + text[text.index("[[criteria]]") :]
    (folder / "strict.toml").write_text(bare)
    cg.read_scenario(folder / "strict.toml").run(folder / "out", maps=False)
    made = pd.read_csv(folder / "out" / "tables" / "sites.csv")
    assert made["Rank"].tolist() == [1, 2, 3]
    assert "excluded" not in made["Standing"].tolist()
