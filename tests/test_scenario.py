"""Scenarios: one file in, one folder out, the same bytes twice; what is wrong is told with file, line and cure."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from household import command, contents
from squares import PLANE, square

import clustergeo as cg
from clustergeo._cards import table_of
from clustergeo.siting import _folder

if TYPE_CHECKING:
    from pathlib import Path

WORST_AND_BEST = {"rank_best", "rank_worst", "Best possible rank", "Worst possible rank"} | {
    "가능한 최고 순위",
    "가능한 최저 순위",
}
TEXT = """\
[sites]
file = "sites.gpkg"

[layers.wet]
file = "wet.gpkg"
coverage = "everywhere"

[layers.stations]
file = "stations.csv"
coverage = "everywhere"

[[exclusions]]
layer = "wet"
max_share = 0.4

[[exclusions]]
name = "rail"
layer = "stations"
buffer_m = 10

[[criteria]]
name = "near"
measure = "distance"
layer = "stations"
value = { kind = "linear", worst = 100_000, best = 0, unit = "m" }
weight = 2

[[criteria]]
name = "price"
measure = "attribute"
value = { kind = "linear", worst = 100, best = 0 }
weight = 1

[ranking]
draws = 200
top = 2
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shapes = [square(0, 0, 100), square(1000, 0, 100), square(5000, 0, 100)]
    mine = gpd.GeoDataFrame({"site_id": ["a", "b", "c"], "price": [10.0, 20.0, 90.0]}, geometry=shapes, crs=PLANE)
    mine.to_file(tmp_path / "sites.gpkg")
    gpd.GeoDataFrame(geometry=[square(0, 0, 50, 100)], crs=PLANE).to_file(tmp_path / "wet.gpkg")
    (tmp_path / "stations.csv").write_text("lon,lat\n127.2,37.0\n")
    (tmp_path / "s.toml").write_text(TEXT)
    return tmp_path


def changed(folder: Path, old: str, new: str) -> Path:
    if old not in TEXT:
        raise AssertionError(old)
    path = folder / "s.toml"
    path.write_text(TEXT.replace(old, new, 1))
    return path


def test_a_scenario_excludes_then_ranks_what_is_left(folder: Path) -> None:
    result = cg.read_scenario(folder / "s.toml").result()
    assert result["kept"].tolist() == [False, True, True]
    assert result["rank"].isna().tolist() == [True, False, False]
    assert result["rank"].dropna().tolist() == [1, 2]


def test_the_folder_holds_sites_reasons_stability_and_hashes(folder: Path) -> None:
    written = cg.read_scenario(folder / "s.toml").run(folder / "out")
    names = [path.relative_to(folder / "out").as_posix() for path in written]
    both = [f"{stem}{end}" for end in (".ko", "") for stem in ("tables/sites", "maps/score", "picture")]
    assert {name.rpartition(".")[0] for name in names} >= set(both)
    assert set(names) >= {"sites.geojson", "sites.csv", "eligible.geojson", "reasons.csv", "rules.csv", "swaps.csv"}
    assert names[-2:] == ["scenario.toml", "manifest.json"]
    reasons = pd.read_csv(folder / "out" / "reasons.csv")
    assert reasons["en"].iloc[0] == "Site a is excluded: wet takes 50.0 % of it (at most 40.0 % is allowed)."
    assert reasons["ko"].iloc[0].startswith("부지 a은(는) 제외됩니다: wet 저촉 비율 50.0 %")
    assert pd.read_csv(folder / "out" / "stability.csv")["site_id"].tolist() == ["b", "c"]
    manifest = json.loads((folder / "out" / "manifest.json").read_text())
    assert manifest["inputs"] == {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("sites.gpkg", "wet.gpkg", "stations.csv")
    }
    for name, digest in manifest["outputs"].items():
        assert hashlib.sha256((folder / "out" / name).read_bytes()).hexdigest() == digest


def test_maps_of_scores_draw_what_was_scored_and_call_no_excluded_site_unknown(folder: Path) -> None:
    cg.read_scenario(folder / "s.toml").run(folder / "out")
    for name in ("score", "stability"):
        page = (folder / "out" / "maps" / f"{name}.html").read_text(encoding="utf-8")
        assert "Excluded sites" in page
        assert ">unknown<" not in page
        assert "제외된 부지" in (folder / "out" / "maps" / f"{name}.ko.html").read_text(encoding="utf-8")


def test_a_site_that_is_among_the_first_in_any_case_is_on_the_shortlist_and_places_are_whole(folder: Path) -> None:
    (folder / "stations.csv").write_text("lon,lat\n126.9,37.0\n")
    sites = gpd.read_file(folder / "sites.gpkg")
    # Of three sites that are ranked, c is last for certain; which of a and b is first, the unknown price leaves open.
    sites.assign(price=[None, 50.0, 99.0]).astype({"price": "float64"}).to_file(folder / "sites.gpkg")
    gpd.GeoDataFrame(geometry=[square(9000, 0, 50, 100)], crs=PLANE).to_file(folder / "wet.gpkg")
    cg.read_scenario(folder / "s.toml").run(folder / "out", maps=False)
    made = pd.read_csv(folder / "out" / "tables" / "sites.csv").set_index("Site ID")
    assert made["Standing"].to_dict() == {"a": "shortlist", "b": "shortlist", "c": "kept"}
    assert made["Rank"].isna().to_dict() == {"a": True, "b": True, "c": False}
    gpd.GeoDataFrame(geometry=[square(5000, 0, 50, 100)], crs=PLANE).to_file(folder / "wet.gpkg")
    cg.read_scenario(folder / "s.toml").run(folder / "out", maps=False)
    for name in ("tables/sites.csv", "tables/sites.ko.csv", "sites.csv"):
        text = pd.read_csv(folder / "out" / name, dtype="str", keep_default_na=False)
        best, worst = (text[one].tolist() for one in text.columns if one in WORST_AND_BEST)
        assert sorted([*best, *worst]) == ["", "", "1", "1", "2", "2"]


def test_the_card_of_a_site_says_its_standing_its_reason_and_its_place(folder: Path) -> None:
    scenario = cg.read_scenario(folder / "s.toml")
    result = scenario.result()
    reasons, given = scenario.exclusions.reasons(result, lang="ko"), list(scenario.sites.columns)
    shown = _folder._shown(result, reasons, None, top=2, lang="ko", given=given)
    card = table_of(shown, names=["a", "b", "c"], basis=None, lang="ko")
    terms = [row["term"] for row in card["rows"]]
    assert terms[:2] == ["판정", "이유"]
    assert {"점수", "순위", "제외 비율", "적격 면적(m²)", "price"} <= set(terms)
    assert card["columns"]["standing"]["words"] == ["제외", "최종 후보"]
    assert card["columns"]["excluded_share"]["words"][0] == "50.0 %"


def test_what_is_not_decidable_is_not_called_free_of_rules(folder: Path) -> None:
    sites = gpd.read_file(folder / "sites.gpkg")
    basis, error = ["disc", "measured", "measured"], [500.0, None, None]
    sites.assign(footprint_basis=basis, position_error_m=error).to_file(folder / "sites.gpkg")
    scenario = cg.read_scenario(folder / "s.toml")
    result = scenario.result()
    assert result["kept"].isna().tolist() == [True, False, False]
    reasons, given = scenario.exclusions.reasons(result, lang="en"), list(scenario.sites.columns)
    shown = _folder._shown(result, reasons, None, top=1, lang="en", given=given)
    assert shown["excluded_by"].tolist() == ["not decidable", "no rule", "no rule"]


def test_a_place_on_the_shortlist_that_is_not_decidable_says_so(folder: Path) -> None:
    path = changed(folder, 'file = "wet.gpkg"\ncoverage = "everywhere"', 'file = "wet.gpkg"\ncoverage = "kostat:39"')
    with pytest.warns(cg.ClusterGeoWarning, match="says nothing about"):
        cg.read_scenario(path).run(folder / "out", maps=False)
    table = pd.read_csv(folder / "out" / "tables" / "sites.csv")
    assert "shortlist (exclusion not decidable)" in set(table["Standing"])


def test_a_stranger_with_the_inputs_reruns_the_result_to_the_same_bytes(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1760000000")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    cg.read_scenario(folder / "s.toml").run(folder / "one")
    for name in ("sites.gpkg", "wet.gpkg", "stations.csv"):
        shutil.copy(folder / name, elsewhere / name)
    shutil.copy(folder / "one" / "scenario.toml", elsewhere / "s.toml")
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1760000000"}
    subprocess.run(command("site", "s.toml", "-o", "out"), check=True, env=environment, cwd=elsewhere)
    first = contents(folder / "one")
    assert len(first) > 20
    assert first == contents(elsewhere / "out")


def test_every_part_of_a_shapefile_is_an_input(folder: Path) -> None:
    (folder / "deep").mkdir()
    gpd.read_file(folder / "wet.gpkg").assign(name="늪").to_file(folder / "deep" / "wet.shp", encoding="utf-8")
    read = cg.read_scenario(changed(folder, 'file = "wet.gpkg"', 'file = "deep/wet.shp"'))
    parts = [f"deep/wet.{ending}" for ending in ("cpg", "dbf", "prj", "shp", "shx")]
    assert [name for name in read.inputs if name.startswith("deep")] == parts
    assert read.inputs["deep/wet.dbf"] == hashlib.sha256((folder / "deep" / "wet.dbf").read_bytes()).hexdigest()


def test_files_of_an_earlier_result_go_and_a_strangers_stay(folder: Path) -> None:
    cg.read_scenario(folder / "s.toml").run(folder / "out", maps=False)
    (folder / "out" / "maps").mkdir()
    (folder / "out" / "maps" / "score.html").write_text("old")
    (folder / "out" / "note.txt").write_text("mine")
    without = "[sites]" + TEXT.partition("[sites]")[2].partition("[[criteria]]")[0]
    (folder / "s.toml").write_text(without)
    cg.read_scenario(folder / "s.toml").run(folder / "out", maps=False)
    left = set(contents(folder / "out"))
    assert "note.txt" in left
    assert "eligible.geojson" in left
    assert not left & {"stability.csv", "swaps.csv", "maps/score.html", "maps/stability.html"}


def test_tables_are_in_words_and_the_best_come_first(folder: Path) -> None:
    cg.read_scenario(folder / "s.toml").run(folder / "out", maps=False)
    table = pd.read_csv(folder / "out" / "tables" / "sites.csv")
    assert table["Site ID"].tolist() == ["b", "c", "a"]
    assert table["Standing"].tolist() == ["shortlist", "shortlist", "excluded"]
    korean = pd.read_csv(folder / "out" / "tables" / "sites.ko.csv")
    assert korean["판정"].tolist() == ["최종 후보", "최종 후보", "제외"]
    assert korean["이유"].iloc[2].startswith("부지 a은(는) 제외됩니다: wet 저촉 비율 50.0 %")


def test_a_table_of_ordinances_is_named_by_its_file_and_hashed(folder: Path) -> None:
    rows = "jurisdiction,value,law,article,since\n*,0.6,법,제1조,2020-01-01\n"
    (folder / "shares.csv").write_text(rows, encoding="utf-8")
    path = changed(folder, "max_share = 0.4", 'max_share = "shares.csv"\non = "2026-01-01"')
    read = cg.read_scenario(path)
    assert read.result()["kept"].tolist() == [True, True, True]
    assert "shares.csv" in read.inputs
    path.write_text(path.read_text().replace('\non = "2026-01-01"', ""))
    with pytest.raises(cg.ClusterGeoError, match=r"s\.toml', line 14: .*no day"):
        cg.read_scenario(path)


def test_a_layer_carries_what_is_said_of_it_into_the_table_of_rules(folder: Path) -> None:
    path = changed(folder, 'file = "wet.gpkg"', 'file = "wet.gpkg"\nas_of = "2025-01-01"\nsource = "survey"')
    cg.read_scenario(path).run(folder / "out", maps=False)
    rules = pd.read_csv(folder / "out" / "rules.csv")
    assert rules.loc[0, ["rule", "as_of", "source"]].tolist() == ["wet", "2025-01-01", "survey"]


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ('layer = "wet"', 'layer = "wett"', 13, r"no layer 'wett'; the layers are wet, stations. Add a table"),
        ("weight = 2", "weight = 0", 26, None),
        ("[sites]", "title = 5\n[sites]", 1, "title is 5; expected a text"),
        ("worst = 100_000, best = 0,", "worst = 5, best = 5,", 25, "its ends are equal"),
        ("buffer_m = 10", "buffer_m = -10", 19, r"is a Point.*Give a positive buffer_m"),
        ("max_share = 0.4", "max_shar = 0.4", 14, "no setting 'max_shar'"),
        ("max_share = 0.4", 'max_share = "much.csv"', 14, "much.csv' cannot be read"),
        ("max_share = 0.4", "max_share = [1]", 14, r"max_share is .1.; expected a number or a text"),
        ("max_share = 0.4", 'include = "yes"', 14, "include is 'yes'; expected true or false"),
        ("max_share = 0.4", "max_share = 1", 14, "max_share is 1; expected 0 or more and less"),
        ("max_share = 0.4", "weight = 0", 14, "weight is 0; expected more than 0"),
        ("max_share = 0.4", 'where = ["wet"]', 14, "where is .*; expected a text"),
        ('coverage = "everywhere"\n\n[layers.st', 'coverage = ["kostat:99"]\n\n[layers.st', 6, "no province code"),
        ("[layers.stations]\n", '[layers]\nstations = "stations.csv"\n[layers.dry]\n', 1, "a table of its own"),
        *(
            ('file = "wet.gpkg"', f'file = "wet.gpkg"\nas_of = {day}', 6, told)
            for day, told in (
                (
                    '"gestern"',
                    r"layer 'wet' \(as_of\) cannot be used: 'gestern' is not a date\. Write it as YYYY-MM-DD",
                ),
                ('"2026-02-30"', "'2026-02-30' is not a date"),
                ('"20260101"', "'20260101' is not a date"),
                ('"2026-01-01 10:00"', "'2026-01-01 10:00' is not a date"),
                ("20260101", "as_of is 20260101; expected a day such as 2026-01-01"),
                ("2026-01-01T10:00:00", "as_of is .*; expected a day such as 2026-01-01"),
                ("10:00:00", "as_of is .*; expected a day such as 2026-01-01"),
            )
        ),
        *(
            ("buffer_m = 10", f'buffer_m = "d.csv"\non = {day}', 20, told)
            for day, told in (
                ('"gestern"', "on='gestern' is no day; expected ISO text such as '2026-01-01'"),
                ('"2026-02-30"', "on='2026-02-30' is no day"),
                ('"2026"', "on='2026' is no day"),
                ('"20260101"', "on='20260101' is no day"),
                ("20260101", "on is 20260101; expected a day such as 2026-01-01"),
                ("2026-01-01T10:00:00", "on is .*; expected a day such as 2026-01-01"),
            )
        ),
        ("[ranking]", "[[ranking]]\n[[ranking]]", 35, r"a second table .ranking."),
        ("best = 0, unit", "unit", 25, "a linear value has worst, best, unit; 'best' is missing"),
        ("worst = 100, best", 'worst = "far", best', 31, "worst is 'far', not a number"),
        ('kind = "linear", worst = 100, best = 0', 'kind = "piecewise", points = [0, 1]', 31, "a list of pairs"),
        ("weight = 1", "weight = -1", 32, "weight is -1; expected a number, 0 or more"),
        ("draws = 200", "draws = 0", 35, "draws is 0; expected a whole number, 1 or more"),
        ("draws = 200", 'draws = "many"', 35, "draws is 'many'"),
        ("draws = 200", "draws = 99999999999999999999", 35, "expected at most 10,000,000"),
        ("[sites]", "title = []\n[sites]", 1, r"title is \[\]; expected a text"),
        ("[sites]", "more = []\n[sites]", 1, "'more' stands outside every table"),
        ("top = 2", "top = 2.5", 36, "top is 2.5"),
        ("top = 2", "seed = -1", 36, "seed is -1"),
        ("top = 2", "concentration = 0", 36, "expected a positive number"),
        ("top = 2", 'comparisons = [["near", "price", 3]]', 36, "others are given too"),
        ('measure = "distance"', 'measure = "smell"', 23, "measure is 'smell'"),
        ("weight = 2\n", "", 21, "'near' has no weight"),
        ('kind = "linear"', 'kind = "curve"', 25, "kind of value is 'curve'"),
        ('file = "wet.gpkg"', 'file = "gone.gpkg"', 5, "gone.gpkg"),
        ("[ranking]", "[rank]", 34, "no table 'rank'"),
        ("draws = 200", 'weights = "best"', 35, "weights is 'best'"),
        ("draws = 200", 'weights = "entropy"', 35, "'near' has a weight of its own too. Keep one"),
        ("draws = 200", "weights = { near = 1, price = 1 }", 35, "'near' has a weight of its own too. Keep one"),
        ("worst = 100_000, best", "worst = -inf, best", 25, "a number is not finite"),
        ('name = "price"', 'name = "가격"\ncolumn = "price"', 29, "'가격' cannot name a criterion"),
        ('name = "rail"', 'name = "철도"', 17, "'철도' cannot name a rule"),
        ('coverage = "everywhere"\n\n[[', "\n[[", 23, "coverage of the layer"),
        ("max_share = 0.4", "include = true", 12, None),
        (
            'measure = "attribute"',
            'measure = "attribute"\ncolumn = "cost"',
            31,
            "column 'cost', which the sites do not",
        ),
    ],
)
def test_a_wrong_scenario_is_refused_with_file_line_and_cure(
    folder: Path, old: str, new: str, line: int, problem: str | None
) -> None:
    (folder / "d.csv").write_text("jurisdiction,value,law,article,since\n*,9,a,1,2020-01-01\n")
    path = changed(folder, old, new)
    if problem is None and new == "include = true":
        path.write_text(path.read_text().replace('coverage = "everywhere"\n', "", 1))
        line, problem = line - 1, r"coverage of rule 'wet' is not known.*Declare where"
    elif problem is None:
        path.write_text(TEXT.replace("weight = 2", "weight = 0").replace("weight = 1", "weight = 0"))
        problem = "sum is 0"
    with pytest.raises(cg.ClusterGeoError, match=rf"s\.toml', line {line}: (.|\n)*{problem}"):
        cg.read_scenario(path)


def test_a_comparison_that_is_given_twice_is_refused(folder: Path) -> None:
    path = changed(folder, "draws = 200", 'comparisons = [["near", "price", 3], ["near", "price", 5]]')
    path.write_text(path.read_text().replace("weight = 2\n", "").replace("weight = 1\n", ""))
    with pytest.raises(cg.ClusterGeoError, match=r"line 33: 'near' is compared with 'price' twice\. Keep one"):
        cg.read_scenario(path)
    path.write_text(path.read_text().replace('["near", "price", 5]', '[["near"], "price", 5]'))
    with pytest.raises(cg.ClusterGeoError, match=r"line 33: expected .* two criteria, and how many times"):
        cg.read_scenario(path)


def test_what_is_said_of_points_and_lines_is_in_the_table_of_rules_too(folder: Path) -> None:
    path = changed(folder, 'file = "stations.csv"', 'file = "stations.csv"\nas_of = "2025-03"\nsource = "timetable"')
    cg.read_scenario(path).run(folder / "out", maps=False)
    rules = pd.read_csv(folder / "out" / "rules.csv").set_index("rule")
    assert rules.loc["rail", ["as_of", "source"]].tolist() == ["2025-03", "timetable"]
    assert len(rules.loc["rail", "sha256"]) == 64


def test_the_page_of_the_table_says_its_encoding_and_fits_a_telephone(folder: Path) -> None:
    cg.read_scenario(folder / "s.toml").run(folder / "out", maps=False)
    page = (folder / "out" / "tables" / "sites.ko.html").read_text(encoding="utf-8")
    assert page.startswith('<!doctype html><html lang="ko"><head><meta charset="utf-8">')
    assert 'name="viewport"' in page
    assert "<title>후보지 판정: s</title>" in page


def test_criteria_alone_make_a_scenario(folder: Path) -> None:
    text = (folder / "s.toml").read_text()
    (folder / "s.toml").write_text(text[: text.index("[[exclusions]]")] + text[text.index("[[criteria]]") :])
    names = {path.name for path in cg.read_scenario(folder / "s.toml").run(folder / "out", maps=False)}
    assert "reasons.csv" not in names
    assert {"sites.html", "weights.csv", "stability.csv", "swaps.csv"} <= names


def test_columns_of_the_callers_with_names_of_verdicts_stay_in_the_files_and_off_the_maps(folder: Path) -> None:
    sites = gpd.read_file(folder / "sites.gpkg")
    sites.assign(served=7, excluded_by="them", eligible="yes", kept="ours").to_file(folder / "sites.gpkg")
    text = (folder / "s.toml").read_text()
    (folder / "s.toml").write_text(text[: text.index("[[exclusions]]")] + text[text.index("[[criteria]]") :])
    names = {path.name for path in cg.read_scenario(folder / "s.toml").run(folder / "out")}
    assert "score.html" in names
    assert {"eligible.html", "reasons.html", "eligible.geojson"}.isdisjoint(names)
    made = pd.read_csv(folder / "out" / "sites.csv")
    assert made.loc[0, ["served", "excluded_by", "eligible", "kept"]].tolist() == [7, "them", "yes", "ours"]
    page = (folder / "out" / "maps" / "score.html").read_text(encoding="utf-8")
    assert "Worst possible rank" in page
    assert "Demand served" not in page


def test_the_table_says_what_the_shortlist_is_and_why_nobody_is_on_it(folder: Path) -> None:
    def foot(end: str) -> str:
        cg.read_scenario(folder / "s.toml").run(folder / "out", maps=False)
        return (folder / "out" / "tables" / f"sites{end}.md").read_text(encoding="utf-8")

    assert "Shortlist: the sites (2) among the first 2 whatever" in foot("")
    assert "최종 후보: 알 수 없는 값이 무엇이든 2위 안에 드는 부지(2곳)." in foot(".ko")
    path = changed(folder, "top = 2", "top = 1")
    sites = gpd.read_file(folder / "sites.gpkg")
    sites.assign(price=pd.Series([None] * len(sites), dtype="float64")).to_file(folder / "sites.gpkg")
    path.write_text(path.read_text().replace("weight = 2", "weight = 0"))
    assert "No site is on the shortlist: of those not excluded none is among the first 1" in foot("")
    assert "최종 후보 없음" in foot(".ko")


def test_a_list_over_several_lines_does_not_shift_the_lines_of_what_follows(folder: Path) -> None:
    points = 'kind = "piecewise", points = [\n  [0, 1],\n  [50, 0.4],\n  [100, 0]\n]'
    path = changed(folder, 'kind = "linear", worst = 100, best = 0', points)
    path.write_text(path.read_text().replace("weight = 1", "weight = -1"))
    with pytest.raises(cg.ClusterGeoError, match=r"s\.toml', line 36: weight is -1"):
        cg.read_scenario(path)


def test_a_scenario_saved_with_a_mark_before_it_is_read(folder: Path) -> None:
    (folder / "s.toml").write_text(TEXT, encoding="utf-8-sig")
    assert cg.read_scenario(folder / "s.toml").settings["ranking"]["top"] == 2


def test_weights_may_follow_from_comparisons_and_the_folder_says_which_were_used(folder: Path) -> None:
    def used(text: str) -> list[list[Any]]:
        (folder / "s.toml").write_text(text)
        cg.read_scenario(folder / "s.toml").run(folder / "out", maps=False)
        table = pd.read_csv(folder / "out" / "weights.csv")
        assert table.columns.tolist() == ["criterion", "weight", "from", "consistency_ratio"]
        return table[["criterion", "weight", "from"]].to_numpy().tolist()

    assert used(TEXT) == [["near", pytest.approx(2 / 3), "given"], ["price", pytest.approx(1 / 3), "given"]]
    bare = TEXT.replace("weight = 2\n", "").replace("weight = 1\n", "")
    compared = used(bare + 'comparisons = [["near", "price", 4]]\n')
    assert compared == [["near", pytest.approx(0.8), "comparisons"], ["price", pytest.approx(0.2), "comparisons"]]
    assert [one[2] for one in used(bare + 'weights = "entropy"\n')] == ["entropy", "entropy"]
    for wrong, problem in (
        ('[["near", "price"]]', "two criteria, and how many times"),
        ('[["near", "cost", 4]]', "cost"),
    ):
        (folder / "s.toml").write_text(bare + f"comparisons = {wrong}\n")
        with pytest.raises(cg.ClusterGeoError, match=rf"s\.toml', line 35: .*{problem}"):
            cg.read_scenario(folder / "s.toml")


def test_what_the_ranking_refuses_while_it_runs_is_told_with_its_line(folder: Path) -> None:
    path = changed(folder, "draws = 200", 'draws = 200\nmethod = "topsis"')
    sites = gpd.read_file(folder / "sites.gpkg")
    sites["price"] = None
    sites["price"] = sites["price"].astype("float64")
    sites.to_file(folder / "sites.gpkg")
    with pytest.raises(cg.ClusterGeoError, match=r"s\.toml', line 34: .*TOPSIS"):
        cg.read_scenario(path).run(folder / "out", maps=False)


@pytest.mark.parametrize("method", ["topsis", "vikor", "edas", "promethee"])
def test_a_method_that_sets_sites_against_each_other_says_what_to_do_with_one_site(folder: Path, method: str) -> None:
    gpd.GeoDataFrame(geometry=[square(0, 0, 2000, 100)], crs=PLANE).to_file(folder / "wet.gpkg")
    path = changed(folder, "draws = 200", f'draws = 200\nmethod = "{method}"')
    told = rf"line 34: {method.upper()} sets sites against .* only 'c' to rank\. .*loosen .* method='sum' or 'product'"
    with pytest.raises(cg.ClusterGeoError, match=told):
        cg.read_scenario(path).run(folder / "out", maps=False)
    assert not (folder / "out").exists()


def test_one_site_that_is_left_is_first_and_entropy_finds_no_weights_in_it(folder: Path) -> None:
    gpd.GeoDataFrame(geometry=[square(0, 0, 2000, 100)], crs=PLANE).to_file(folder / "wet.gpkg")
    cg.read_scenario(folder / "s.toml").run(folder / "out", maps=False)
    made = pd.read_csv(folder / "out" / "sites.csv").set_index("site_id")
    assert made.loc["c", ["rank", "rank_best", "rank_worst"]].tolist() == [1, 1, 1]
    assert pd.read_csv(folder / "out" / "stability.csv")["top_probability"].tolist() == [1.0]
    assert len(pd.read_csv(folder / "out" / "swaps.csv")) == 0
    bare = TEXT.replace("weight = 2\n", "").replace("weight = 1\n", "") + 'weights = "entropy"\n'
    (folder / "s.toml").write_text(bare)
    with pytest.raises(cg.ClusterGeoError, match=r"line 32: .*there are 1.*Give them: a number for each criterion"):
        cg.read_scenario(folder / "s.toml").run(folder / "again", maps=False)
    assert not (folder / "again").exists()


@pytest.mark.parametrize("method", ["sum", "topsis"])
def test_a_scenario_in_which_no_site_is_left_has_a_folder_that_says_why(folder: Path, method: str) -> None:
    gpd.GeoDataFrame(geometry=[square(0, 0, 9000, 100)], crs=PLANE).to_file(folder / "wet.gpkg")
    path = changed(folder, "draws = 200", f'draws = 200\nmethod = "{method}"')
    names = {path.name for path in cg.read_scenario(path).run(folder / "out")}
    assert "stability.csv" not in names
    assert {"reasons.csv", "reasons.html", "picture.png", "sites.ko.html"} <= names
    made = pd.read_csv(folder / "out" / "sites.csv")
    assert made["kept"].tolist() == [False] * 3
    assert made["rank"].isna().all()


def test_a_layer_without_a_crs_is_refused_where_it_is_named(folder: Path) -> None:
    bare = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)])
    with pytest.warns(UserWarning, match="crs"):
        bare.to_file(folder / "bare.gpkg")
    path = changed(folder, 'file = "wet.gpkg"', 'file = "bare.gpkg"')
    with pytest.raises(cg.ClusterGeoError, match=r"s\.toml', line 5: (.|\n)*no coordinate reference system") as told:
        cg.read_scenario(path)
    assert 'a line in this table: crs = "EPSG:...".' in str(told.value)
    path.write_text(path.read_text().replace('file = "bare.gpkg"', 'file = "bare.gpkg"\ncrs = "EPSG:5186"'))
    assert len(cg.read_scenario(path).sites) == 3


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"[sites", "no TOML file"),
        (b"\xff", "no TOML file"),
        (b"x = 1\n", r"line 1: 'x' stands outside"),
        (b"[sites]\nfile = 'a.gpkg'\n", "has .sites. and"),
    ],
)
def test_what_is_no_scenario_is_refused(tmp_path: Path, data: bytes, match: str) -> None:
    (tmp_path / "s.toml").write_bytes(data)
    with pytest.raises(cg.ClusterGeoError, match=match):
        cg.read_scenario(tmp_path / "s.toml")


def test_the_command_writes_the_folder_or_says_why_not(folder: Path) -> None:
    def run(*words: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command("site", *map(str, words)), capture_output=True, text=True, check=False)

    done = run(folder / "s.toml", "-o", folder / "out", "--no-maps")
    assert done.returncode == 0, done.stderr
    assert "manifest.json" in done.stdout
    refused = run(folder / "none.toml", "-o", folder / "out")
    assert refused.returncode == 1
    assert "There is no scenario" in refused.stderr
