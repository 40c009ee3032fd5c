"""Rules held against sites: the right version on a day, three-valued logic, reasons, scenarios."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clustergeo as cg
from clustergeo.policy import conditions, places, programmes
from clustergeo.policy.applying import valid_rules
from clustergeo.policy.conditions import Group, Leaf

if TYPE_CHECKING:
    import geopandas as gpd

LARGE = cg.Applicant(investment_krw=100_000_000_000_000)
BASE = {"2024-01-01": "infra-2023", "2024-06-01": "infra-2024", "2025-05-01": "infra-2025", "2026-03-01": "infra-2025"}


@pytest.fixture(scope="module")
def tagged() -> gpd.GeoDataFrame:
    return cg.tag(cg.load_sites())


def decided(frame: pd.DataFrame, on: str, **options: Any) -> pd.DataFrame:
    return cg.rules_for(frame, on=on, **options).astype(object).set_index(["site_id", "rule_id"])


def plain(**columns: Any) -> pd.DataFrame:
    """Return tagged sites of which nothing is known but the columns given."""
    count = len(next(iter(columns.values())))
    ids = [f"s{number}" for number in range(count)]
    unknown = {"in_capital_region": pd.array([pd.NA] * count, dtype="boolean")}
    return pd.DataFrame({"site_id": ids} | unknown | columns)


def rule(**changes: Any) -> cg.Rule:
    """Return a rule for everybody, with changes."""
    (whole,) = [one for one in cg.load_rules() if one.id == "infra-2025"]
    return replace(whole, **({"id": "mine", "condition": Group("all", ())} | changes))


# The right version.


@pytest.mark.parametrize(("on", "expected"), BASE.items())
def test_the_infrastructure_rule_in_force_is_the_version_of_the_day(
    tagged: gpd.GeoDataFrame, on: str, expected: str
) -> None:
    found = decided(tagged, on, applicant=LARGE)
    base = [name for name in found.loc["yongin"].index if name in set(BASE.values())]
    assert base == [expected]
    assert found.loc[("yongin", expected), "applies"] == "yes"


def test_yongin_and_andong_differ_by_region(tagged: gpd.GeoDataFrame) -> None:
    found = decided(tagged, "2025-01-10", applicant=LARGE)
    pairs = {
        site: (
            found.loc[(site, "infra-2024-capital"), "applies"],
            found.loc[(site, "infra-2024-noncapital"), "applies"],
        )
        for site in ("yongin", "andong")
    }
    assert pairs == {"yongin": ("yes", "no"), "andong": ("no", "yes")}
    assert found.loc[("yongin", "infra-2024-capital"), "ratio_high"] == 0.25
    assert found.loc[("andong", "infra-2024-noncapital"), "ratio_high"] == 0.30


def test_a_complex_that_was_not_designated_yet_gives_nothing(tagged: gpd.GeoDataFrame) -> None:
    """Andong's bio complex is of 2024-06-27, Yongin's of 2023-07-20."""
    before, after = (decided(tagged, on)["applies"] for on in ("2024-06-26", "2024-06-27"))
    assert (before["andong", "infra-2024"], after["andong", "infra-2024"]) == ("no", "yes")
    assert decided(tagged, "2023-07-19").loc[("yongin", "infra-2023"), "applies"] == "no"


@pytest.mark.parametrize("site", ["daejeon", "cheonan", "osong"])
def test_a_site_that_only_shares_a_city_with_a_complex_is_unknown_with_the_reason(
    tagged: gpd.GeoDataFrame, site: str
) -> None:
    row = decided(tagged, "2025-01-10").loc[(site, "infra-2024")]
    assert row["applies"] == "unknown"
    assert "only shares a municipality" in row["reason"]
    assert "boundary" in row["reason"]


def test_none_of_the_15_is_eligible_by_being_one_of_the_15(tagged: gpd.GeoDataFrame) -> None:
    for on in BASE:
        found = decided(tagged, on, applicant=LARGE)
        infra = found[found["programme"] == "specialised-complex-infrastructure"]
        yes = set(infra[infra["applies"] == "yes"].index.get_level_values("site_id"))
        assert yes <= {"yongin", "andong"}
    bare = tagged.drop(columns=["designations", "designations_source"])
    found = decided(bare, "2025-05-01", applicant=LARGE)
    assert not (found[found["programme"] == "specialised-complex-infrastructure"]["applies"] == "yes").any()


def test_only_daejeon_and_gwangju_are_strategic_projects(tagged: gpd.GeoDataFrame) -> None:
    found = decided(tagged, "2025-03-01").xs("rdz-strategic-2025", level="rule_id")["applies"]
    assert set(found[found == "yes"].index) == {"daejeon", "gwangju"}
    assert set(found[found != "yes"]) == {"no"}
    assert "rdz-strategic-2025" not in decided(tagged, "2025-02-24").index.get_level_values("rule_id")


def test_changwon_is_no_strategic_project_while_it_waits_and_open_after_the_last_that_was_heard_of_it(
    tagged: gpd.GeoDataFrame,
) -> None:
    """Sent back on 2025-02-25; on 2025-12-30 it still waited for the new review that it had asked for."""
    leaf = "rdz-strategic-2025"
    for on, expected in (
        ("2025-02-25", "no"),
        ("2025-12-30", "no"),
        ("2025-12-31", "unknown"),
        ("2026-03-01", "unknown"),
    ):
        found = decided(tagged, on).xs(leaf, level="rule_id")
        assert found.loc["changwon", "applies"] == expected
        others = found["applies"].drop("changwon")
        assert set(others[others == "yes"].index) == {"daejeon", "gwangju"}
        assert set(others) == {"yes", "no"}
    assert "still awaited on 2025-12-30" in found.loc["changwon", "reason"]
    drawn = tagged.assign(strategic_project_present=pd.array([False] * len(tagged), dtype="boolean"))
    assert decided(drawn, "2026-03-01").loc[("changwon", leaf), "applies"] == "no"


def test_only_the_rules_valid_that_day_are_returned_and_those_of_an_applicant_are_unknown_without_one(
    tagged: gpd.GeoDataFrame,
) -> None:
    found = decided(tagged, "2025-05-01")
    day = dt.date(2025, 5, 1)
    assert set(found.index.get_level_values("rule_id")) == {
        one.id for one in cg.load_rules() if one.held(day) != -1 and not one.scenario
    }
    held = {one.id: one for one in cg.load_rules()}
    tax = found[found["programme"] == "strategic-technology-credit"]
    assert len(tax)
    assert set(tax["applies"]) == {"unknown"}
    assert all(held[name].needs_applicant for name in tax.index.get_level_values("rule_id"))


# Scenarios.


def test_the_doubling_appears_only_when_its_scenario_is_on_and_is_marked_in_every_output(
    tagged: gpd.GeoDataFrame,
) -> None:
    name = "infra-2026-double"
    assert name not in decided(tagged, "2026-03-01", applicant=LARGE).index.get_level_values("rule_id")
    assert name not in cg.explain_rules(tagged, "andong", on="2026-03-01")
    for lang, mark in (("en", "under review, not a rule"), ("ko", "검토 중이며 규칙이 아님")):
        options: dict[str, Any] = {"applicant": LARGE, "scenarios": ["doubling-2026"], "lang": lang}
        rows = decided(tagged, "2026-03-01", **options).xs(name, level="rule_id")
        assert set(rows["scenario"]) == {"doubling-2026"}
        assert set(rows["state"]) == {"under_review"}
        assert rows["reason"].str.contains(mark).all()
        assert "yes" not in set(rows["applies"])
        told = cg.explain_rules(tagged, "andong", on="2026-03-01", **options)
        assert mark in told
    assert name not in decided(tagged, "2026-02-05", scenarios=["doubling-2026"]).index.get_level_values("rule_id")


def test_a_scenario_that_is_none_is_refused_with_those_there_are(tagged: gpd.GeoDataFrame) -> None:
    with pytest.raises(cg.ClusterGeoError, match=r"'tripling'.*doubling-2026"):
        cg.rules_for(tagged, on="2026-03-01", scenarios=["tripling"])


# Three values.

TRUTHS = st.integers(-1, 1)


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> Any:
    if depth == 0 or draw(st.booleans()):
        return Leaf("status", "any_of", (str(draw(st.integers(0, 4))),))
    parts = tuple(draw(trees(depth - 1)) for _ in range(draw(st.integers(1, 3))))
    op = draw(st.sampled_from(["all", "any", "not"]))
    return Group(op, parts[:1] if op == "not" else parts)


def by_worlds(tree: Any, truth: dict[str, int]) -> int:
    """Return -1, 0 or 1 by Kleene's tables, written out."""
    if isinstance(tree, Leaf):
        return truth[tree.value[0]]
    values = [by_worlds(part, truth) for part in tree.parts]
    if tree.op == "not":
        return -values[0]
    if tree.op == "all":
        return -1 if -1 in values else 0 if 0 in values else 1
    return 1 if 1 in values else 0 if 0 in values else -1


def test_the_tables_of_three_valued_logic() -> None:
    leaves = [Leaf("status", "any_of", ("0",)), Leaf("status", "any_of", ("1",))]
    pairs = list(itertools.product((-1, 0, 1), repeat=2))
    truth = {leaf: np.array([pair[at] for pair in pairs], dtype=np.int8) for at, leaf in enumerate(leaves)}
    both = conditions.kleene(Group("all", tuple(leaves)), truth.__getitem__, 9).tolist()
    either = conditions.kleene(Group("any", tuple(leaves)), truth.__getitem__, 9).tolist()
    #        n,n n,?  n,y ?,n ?,? ?,y y,n y,? y,y
    assert both == [-1, -1, -1, -1, 0, 0, -1, 0, 1]
    assert either == [-1, 0, 1, 0, 0, 1, 1, 1, 1]
    assert conditions.kleene(Group("all", ()), truth.__getitem__, 2).tolist() == [1, 1]


@given(trees(), st.lists(TRUTHS, min_size=5, max_size=5))
def test_one_case_and_many_cases_come_to_the_same_and_an_unknown_never_becomes_a_no(
    tree: Any, values: list[int]
) -> None:
    truth = {str(number): value for number, value in enumerate(values)}
    expected = by_worlds(tree, truth)
    many = conditions.kleene(tree, lambda leaf: np.array([truth[leaf.value[0]]], dtype=np.int8), 1)
    one, found = conditions.decisive(tree, lambda leaf: truth[leaf.value[0]])
    assert int(many[0]) == one == expected
    assert found
    if 0 in values:
        # A verdict that stands with something unknown stands however that turns out.
        for chosen in itertools.product((-1, 1), repeat=values.count(0)):
            rest = iter(chosen)
            settled = {name: value or next(rest) for name, value in truth.items()}
            assert expected in {0, by_worlds(tree, settled)}


@pytest.mark.parametrize("verdict", [True, False, None])
def test_an_unknown_tag_never_becomes_a_no(verdict: bool | None) -> None:
    frame = plain(in_capital_region=pd.array([verdict], dtype="boolean"))
    for wanted in (True, False):
        mine = rule(condition=Group("all", (Leaf("in_capital_region", "is", wanted),)))
        expected = "unknown" if verdict is None else "yes" if verdict is wanted else "no"
        assert decided(frame, "2025-05-01", rules=[mine])["applies"].tolist() == [expected]


def test_a_flag_written_as_text_is_refused_and_not_taken_for_true() -> None:
    with pytest.raises(cg.ClusterGeoError, match=r"in_capital_region holds 'False'.*boolean"):
        cg.rules_for(plain(in_capital_region=["False"]), on="2025-05-01")


# Words.


def one_word(leaf: Leaf, on: str = "2026-03-01", **columns: Any) -> list[str]:
    frame = plain(**columns)
    return decided(frame, on, rules=[rule(condition=Group("all", (leaf,)))])["applies"].tolist()


def test_sectors_several_none_and_unknown() -> None:
    column = np.array([["bio", "rail"], ["food"], None, "bio;food", []], dtype=object)
    assert one_word(Leaf("sector", "any_of", ("bio",)), sectors=column) == ["yes", "no", "unknown", "yes", "unknown"]
    assert one_word(Leaf("sector", "none_of", ("bio",)), sectors=column) == ["no", "yes", "unknown", "no", "unknown"]


def test_a_sector_outside_the_taxonomy_may_be_any_and_a_word_outside_a_closed_list_is_refused() -> None:
    column = np.array([["반도체"], ["rail", "반도체"], ["rail"], " bio; food"], dtype=object)
    assert one_word(Leaf("sector", "any_of", ("bio",)), sectors=column) == ["unknown", "unknown", "no", "yes"]
    for name, word, leaf in (
        ("support_tier", "특별", Leaf("support_tier", "any_of", ("special",))),
        ("subsidy_tier", "Lower", Leaf("subsidy_tier", "any_of", ("lower",))),
        ("capital_zone", "growth", Leaf("capital_zone", "any_of", ("growth_management",))),
    ):
        with pytest.raises(cg.ClusterGeoError, match=f"{name} holds '{word}'; expected one of"):
            one_word(leaf, **{name: [word]})


def test_numbers_that_are_texts_and_sites_without_a_name_are_refused(tagged: gpd.GeoDataFrame) -> None:
    with pytest.raises(cg.ClusterGeoError, match=r"rdz_area_m2 holds something that is no number"):
        one_word(Leaf("rdz_area_m2", "below", 1), rdz_area_m2=["many"])
    with pytest.raises(cg.ClusterGeoError, match=r"1 row\(s\) have no site_id"):
        cg.rules_for(tagged.head(1).assign(site_id=None), on="2025-05-01")


def test_a_no_for_the_sector_of_a_complex_names_that_sector_and_asks_for_no_boundary(tagged: gpd.GeoDataFrame) -> None:
    found = decided(tagged, "2025-05-01", applicant=LARGE)["reason"]
    assert "is of: semiconductor" in found["yongin", "infra-2025-bio-capital"]
    assert "is of: display" in found["cheonan", "infra-2025-bio-noncapital"]
    assert "boundary" not in found["cheonan", "infra-2025-bio-noncapital"]


def test_korean_reasons_have_no_english_codes(tagged: gpd.GeoDataFrame) -> None:
    applicant = cg.Applicant(investment_krw=10**12, size="sme", technology="ai")
    for on in (*BASE, "2021-08-01", "2026-12-01"):
        korean = cg.rules_for(tagged, on=on, applicant=applicant, scenarios=["doubling-2026"], lang="ko")
        for text in korean["reason"].cat.categories:
            plain_text = re.sub(r"doubling-2026|\((?:[a-z0-9_]+|give a column [a-z_]+)\)|[a-z_]+ 열로", "", text)
            assert not re.search(r"[a-z]{4,}", plain_text), text
        english = cg.rules_for(tagged, on=on, applicant=applicant, scenarios=["doubling-2026"])
        assert not any(re.search("[가-힣]", text) for text in english["reason"].cat.categories)


def test_conditions_in_words_keep_together_what_holds_together() -> None:
    bio, small, large = (
        Leaf("sector", "any_of", ("bio",)),
        *(Leaf("size", "any_of", (one,)) for one in ("sme", "large")),
    )
    tree = Group("all", (Group("any", (large, Group("all", (small, bio)))),))
    assert conditions.sentence(tree, "en") == "(size of the firm: large or [size of the firm: SME; sector: bio])"
    assert conditions.sentence(tree, "ko") == "(기업 규모: 대기업 또는 [기업 규모: 중소기업; 업종: 바이오])"


def judged(tmp_path: Any, condition: str, **columns: Any) -> pd.DataFrame:
    """Return what a condition of a file comes to for made-up sites."""
    from test_policy_files import RULE

    path = tmp_path / "own.toml"
    path.write_text(RULE.replace('{ word = "in_capital_region", is = false }', condition), encoding="utf-8")
    return decided(plain(**columns), "2025-05-01", rules=cg.load_rules(path, own_only=True))


def test_two_bounds_stay_together_within_any_and_not(tmp_path: Any) -> None:
    area = {"area_km2": [1e-6, 7e-6, 20e-6, np.nan]}
    between = '{ word = "area_m2", at_least = 5, at_most = 10 }'
    expected = ["no", "yes", "no", "unknown"]
    opposite = ["yes", "no", "yes", "unknown"]
    assert judged(tmp_path, between, **area)["applies"].tolist() == expected
    assert judged(tmp_path, f"{{ any = [{between}] }}", **area)["applies"].tolist() == expected
    assert judged(tmp_path, f"{{ not = {between} }}", **area)["applies"].tolist() == opposite
    assert judged(tmp_path, f"{{ not = {{ not = {between} }} }}", **area)["applies"].tolist() == expected


def test_a_reason_says_what_is_denied(tmp_path: Any) -> None:
    found = judged(tmp_path, '{ not = { word = "area_m2", at_least = 5 } }', area_km2=[1e-6, 7e-6])
    assert found["reason"].tolist() == [
        "met: not (area of the site (m2) at least 5)",
        "not met: not (area of the site (m2) at least 5)",
    ]


def test_a_status_of_the_callers_own_words_may_be_any() -> None:
    leaf = Leaf("status", "any_of", ("designated",))
    assert one_word(leaf, status=["designated", "candidate", "공사중", None]) == ["yes", "no", "unknown", "unknown"]


def test_lists_where_a_text_belongs_and_lists_of_what_is_no_code_are_refused() -> None:
    for column, value in (
        ("sectors", ["bio", None]),
        ("sectors", [1]),
        ("municipality_code_kostat", ["37040"]),
        ("designations", ["specialised_complex:gumi"]),
    ):
        frame = plain(sectors=[None]).assign(**{column: [value]})
        with pytest.raises(cg.ClusterGeoError, match=f"{column} holds "):
            cg.rules_for(frame, on="2026-03-01")


def test_numbers_at_their_bounds() -> None:
    area = [0.3, 0.299, np.nan]
    assert one_word(Leaf("area_m2", "at_least", 300_000), area_km2=area) == ["yes", "no", "unknown"]
    assert one_word(Leaf("area_m2", "below", 300_000), area_km2=area) == ["no", "yes", "unknown"]
    assert one_word(Leaf("area_m2", "at_most", 300_000), area_km2=area) == ["yes", "yes", "unknown"]
    assert one_word(Leaf("area_m2", "above", 300_000), area_km2=area) == ["no", "no", "unknown"]
    assert one_word(Leaf("area_m2", "above", 1), sectors=[None]) == ["unknown"]
    # What km2 come to in m2 is no hair off.
    assert one_word(Leaf("area_m2", "at_least", 2_010_000), area_km2=[2.01]) == ["yes"]
    assert one_word(Leaf("area_m2", "at_most", 1_001_000), area_km2=[1.001]) == ["yes"]


def test_tiers_hold_for_their_year_and_are_unknown_where_no_list_is_at_hand() -> None:
    codes = {"municipality_code_kostat": ["37040", "34011", "31191", None]}
    leaf = Leaf("support_tier", "any_of", ("preferential",))
    assert one_word(leaf, **codes) == ["yes", "no", "unknown", "unknown"]
    assert one_word(leaf, "2025-12-31", **codes) == ["unknown"] * 4
    assert one_word(Leaf("subsidy_tier", "any_of", ("lower",)), **codes) == ["unknown"] * 4
    assert one_word(Leaf("subsidy_tier", "any_of", ("lower",)), subsidy_tier=["lower", "upper", None]) == [
        *("yes", "no", "unknown")
    ]


def test_the_legal_zone_is_known_for_idong_and_namsa_and_outside_the_capital_region(tagged: gpd.GeoDataFrame) -> None:
    found = decided(tagged, "2026-04-01").xs("capital-growth-review", level="rule_id")["applies"]
    assert found["yongin"] == "yes"
    assert set(found.drop("yongin")) == {"no"}
    leaf = Leaf("capital_zone", "any_of", ("nature_conservation",))
    inside = {"in_capital_region": pd.array([True, True], dtype="boolean"), "municipality_code_kostat": ["31191"] * 2}
    assert one_word(leaf, locality=["이동읍", "포곡읍"], **inside) == ["no", "unknown"]
    assert one_word(leaf, locality=["이동읍·포곡읍", None], **inside) == ["unknown", "unknown"]
    assert one_word(leaf, capital_zone=["nature_conservation", None], **inside) == ["yes", "unknown"]


def test_municipalities_by_the_digits_they_begin_with_and_several_possible_ones() -> None:
    columns = {
        "municipality_code_kostat": ["31191", "11010", None, None, None],
        "municipality_alternatives": [None, None, "31191;31192", "31191;11010", None],
    }
    assert one_word(Leaf("municipality", "any_of", ("3119",)), **columns) == ["yes", "no", "yes", "unknown", "unknown"]


def test_a_layer_of_the_complexes_decides_and_the_evidence_of_a_column_does() -> None:
    codes = ["37050", "37050", "37050", "11010"]
    drawn = pd.array([True, False, pd.NA, pd.NA], dtype="boolean")
    leaf = Leaf("specialised_complex", "is", True)
    assert one_word(leaf, municipality_code_kostat=codes, specialised_complex_present=drawn) == [
        *("yes", "no", "unknown", "no")
    ]
    # A layer may know of a place that the table does not have; one of later says nothing of the day before.
    everywhere = pd.array([True, True], dtype="boolean")
    for on, expected in (("2026-03-01", ["yes", "unknown"]), ("2023-07-19", ["no", "unknown"])):
        frame = plain(municipality_code_kostat=codes[::3], specialised_complex_present=everywhere)
        mine = rule(valid_from="", condition=Group("all", (leaf,)))
        assert decided(frame, on, rules=[mine])["applies"].tolist() == expected
    said = ["specialised_complex:gumi", "specialised_complex:none", None, None]
    assert one_word(leaf, municipality_code_kostat=codes, designations=said) == ["yes", "no", "unknown", "no"]
    with pytest.raises(cg.ClusterGeoError, match="'specialised_complex:mars'"):
        one_word(leaf, designations=["specialised_complex:mars"])


def test_the_sector_of_a_complex_that_a_site_may_lie_in() -> None:
    """Pohang has a battery complex and a bio one; Gumi one of semiconductors only."""
    leaf = Leaf("specialised_complex_sector", "any_of", ("bio",))
    assert one_word(leaf, municipality_code_kostat=["37011", "37050", "37040", "11010"]) == [
        *("unknown", "no", "unknown", "no")
    ]


def test_a_threshold_that_no_source_gives_is_unknown_whatever_the_site() -> None:
    for leaf in (
        Leaf("investment_krw", "at_least", "not_stated"),
        Leaf("unstated", "unstated", ("조건", "the terms")),
    ):
        assert one_word(leaf, sectors=[["bio"], None]) == ["unknown", "unknown"]


# Dates.


def dated() -> list[str]:
    """Return the rules that begin on a day."""
    return [one.id for one in cg.load_rules() if len(one.valid_from) == len("2026-02-10")]


@pytest.mark.parametrize("name", dated())
def test_a_day_later_flips_exactly_the_decisions_of_the_shifted_rule(tagged: gpd.GeoDataFrame, name: str) -> None:
    """Its predecessor holds a day longer, and what refines it begins with it; nothing else moves, and only that day."""
    shipped = {one.id: one for one in cg.load_rules()}
    mine = shipped[name]
    day = dt.date.fromisoformat(mine.valid_from)
    later = (day + dt.timedelta(1)).isoformat()
    before = [
        one.id
        for one in shipped.values()
        if (one.programme, one.clause, one.valid_to) == (mine.programme, mine.clause, mine.valid_from)
    ]
    shifted = {**shipped, name: replace(mine, valid_from=later)}
    shifted |= {one: replace(shipped[one], valid_to=later) for one in before}
    scenarios = ["doubling-2026"]
    # A refinement that would hold longer than what it refines does not.
    expected = {name, *[one for one in before if shipped.get(shipped[one].refines, mine).held(day) != -1]}
    expected |= {one.id for one in shipped.values() if one.refines == name and one.held(day) != -1}
    for offset in (-1, 0, 1):
        on = (day + dt.timedelta(offset)).isoformat()
        one, other = (
            decided(tagged, on, rules=rules.values(), scenarios=scenarios)["applies"] for rules in (shipped, shifted)
        )
        gone = {rule for _, rule in set(one.index) ^ set(other.index)}
        assert gone == (expected if offset == 0 else set())
        kept = one.index.intersection(other.index)
        assert one[kept].equals(other[kept])


@given(st.dates(dt.date(2020, 1, 1), dt.date(2031, 1, 1)))
def test_at_most_one_version_of_a_clause_is_surely_valid_on_any_day(day: dt.date) -> None:
    seen = [(one.programme, one.clause) for one in cg.load_rules() if one.held(day) == 1]
    assert len(seen) == len(set(seen))


def test_a_rule_with_a_coarse_date_is_open_within_it_and_says_so() -> None:
    mine = rule(valid_from="2024", valid_to="2025-03")
    frame = plain(sectors=[None])
    for on, expected in (
        ("2023-12-31", []),
        ("2024-06-01", ["unknown"]),
        ("2024-12-31", ["yes"]),
        ("2025-03-01", ["unknown"]),
        ("2025-03-31", []),
    ):
        found = decided(frame, on, rules=[mine])
        assert found["applies"].tolist() == expected, on
        if expected == ["unknown"]:
            assert "its dates are 2024 ~ 2025-03" in found["reason"].iloc[0]


def test_a_rule_whose_beginning_no_source_gives_is_unknown_before_the_day_by_which_it_is_known() -> None:
    mine = rule(valid_from="", known_from="2024-05", valid_to="2025-01-01")
    days = {"1950-01-01": "unknown", "2024-05-30": "unknown", "2024-05-31": "yes", "2024-12-31": "yes"}
    for on, expected in days.items():
        assert decided(plain(sectors=[None]), on, rules=[mine])["applies"].tolist() == [expected]
    assert decided(plain(sectors=[None]), "2025-01-01", rules=[mine]).empty
    (reason,) = decided(plain(sectors=[None]), "1950-01-01", rules=[mine])["reason"]
    assert reason.endswith("its dates are … (since when is not stated; known by 2024-05) ~ 2025-01-01")
    early = decided(plain(sectors=[None], subsidy_tier=["lower"]), "2010-01-01")
    assert early.loc[("s0", "local-subsidy-2025"), "applies"] == "unknown"


def test_after_a_round_whose_result_is_not_known_a_site_elsewhere_may_lie_in_a_complex() -> None:
    """The third round of robots, defence and batteries was due in the second half of 2026."""
    codes = ["38111"]
    leaf = Leaf("specialised_complex", "is", True)
    assert one_word(leaf, "2026-06-30", municipality_code_kostat=codes) == ["no"]
    assert one_word(leaf, "2026-07-01", municipality_code_kostat=codes) == ["unknown"]
    assert one_word(leaf, "2026-07-01", municipality_code_kostat=codes, designations=["specialised_complex:none"]) == [
        "no"
    ]
    for sector, expected in (("defence", "unknown"), ("bio", "no")):
        leaf = Leaf("specialised_complex_sector", "any_of", (sector,))
        assert one_word(leaf, "2026-12-01", municipality_code_kostat=codes) == [expected]
    mine = rule(condition=Group("all", (Leaf("specialised_complex", "is", True),)))
    (reason,) = decided(plain(municipality_code_kostat=codes), "2026-12-01", rules=[mine])["reason"]
    assert "result not found" in reason
    assert one_word(Leaf("parts_complex", "is", True), "2026-05-31", municipality_code_kostat=["11010"]) == ["no"]
    assert one_word(Leaf("parts_complex", "is", True), "2026-06-01", municipality_code_kostat=["11010"]) == ["unknown"]


def test_support_of_small_firms_is_never_promised_for_being_small() -> None:
    found = decided(plain(sectors=[["food"]]), "2025-06-01", applicant=cg.Applicant(size="sme"))
    row = found.loc[("s0", "sme-2025-noncapital")]
    assert row["applies"] == "unknown"
    assert "strategic goods" in row["reason"]


def test_a_refinement_holds_only_while_what_it_refines_does() -> None:
    named = {one.id for one in valid_rules(cg.load_rules(), dt.date(2024, 1, 1))}
    assert "infra-2024-capital" not in named


def test_a_refinement_of_a_refinement_holds_only_while_the_first_does() -> None:
    base = rule(id="a", valid_to="2025-01-01")
    chain = [base, rule(id="b", refines="a"), rule(id="c", refines="b")]
    assert [one.id for one in valid_rules(chain, dt.date(2025, 5, 1))] == []
    chain[0] = rule(id="a", valid_to="2025")
    assert decided(plain(sectors=[None]), "2025-05-01", rules=chain)["applies"].tolist() == ["unknown"] * 3


def test_a_contradicted_rule_is_kept_and_never_applied() -> None:
    mine = rule(confidence="contradicted")
    assert decided(plain(sectors=[None]), "2026-01-01", rules=[mine]).empty


# The frame.


def test_the_table_is_long_with_texts_as_categories_in_the_order_of_the_sites(tagged: gpd.GeoDataFrame) -> None:
    found = cg.rules_for(tagged, on="2025-05-01")
    assert list(found["site_id"].unique()) == list(tagged["site_id"])
    assert set(found["applies"].cat.categories) == {"no", "unknown", "yes"}
    assert found["source"].astype(str).str.contains("http").any()
    assert "legal advice" in found.attrs["notice"]
    assert "법률 자문" in cg.rules_for(tagged, on="2025-05-01", lang="ko").attrs["notice"]


def test_no_sites_and_no_rules_give_an_empty_table_of_the_same_columns(tagged: gpd.GeoDataFrame) -> None:
    whole = cg.rules_for(tagged, on="2025-05-01")
    for empty in (cg.rules_for(tagged.iloc[:0], on="2025-05-01"), cg.rules_for(tagged, on="2025-05-01", rules=[])):
        assert empty.empty
        assert list(empty.columns) == list(whole.columns)


def test_what_is_no_day_no_tagged_frame_or_no_language_is_refused(tagged: gpd.GeoDataFrame) -> None:
    with pytest.raises(cg.ClusterGeoError, match="not one day"):
        cg.rules_for(tagged, on="2025-05")
    with pytest.raises(cg.ClusterGeoError, match="YYYY-MM-DD"):
        cg.rules_for(tagged, on="today")
    with pytest.raises(cg.ClusterGeoError, match="tag"):
        cg.rules_for(cg.load_sites(), on="2025-05-01")
    with pytest.raises(cg.ClusterGeoError, match="lang"):
        cg.rules_for(tagged, on="2025-05-01", lang="fr")
    with pytest.raises(cg.ClusterGeoError, match="floats are inexact"):
        cg.Applicant(investment_krw=1e14)  # type: ignore[arg-type]
    with pytest.raises(cg.ClusterGeoError, match="'tiny'"):
        cg.Applicant(size="tiny")


def test_the_whole_chain_is_explained_in_both_languages(tagged: gpd.GeoDataFrame) -> None:
    english = cg.explain_rules(tagged, "cheonan", on="2025-05-01", applicant=LARGE)
    assert "UNKNOWN infra-2025" in english
    assert "Cheonan-Asan" in english
    assert english.splitlines()[-1] == "Not legal advice: read the statute."
    korean = cg.explain_rules(tagged, "cheonan", on="2025-05-01", applicant=LARGE, lang="ko")
    assert "천안·아산" in korean
    assert "nan" not in korean.replace("infra-2025-noncapital", "")
    with pytest.raises(cg.ClusterGeoError, match="'seoul'"):
        cg.explain_rules(tagged, "seoul", on="2025-05-01")


def test_a_file_of_ones_own_applies(tagged: gpd.GeoDataFrame, tmp_path: Any) -> None:
    from test_policy_files import RULE

    path = tmp_path / "own.toml"
    path.write_text(RULE, encoding="utf-8")
    found = decided(tagged, "2025-05-01", rules=cg.load_rules(path)).xs("mine", level="rule_id")["applies"]
    assert found["yongin"] == "no"
    assert set(found.drop("yongin")) == {"yes"}


def test_programmes_hang_in_a_tree_that_holds_every_rule() -> None:
    tree = programmes.programme_tree()
    assert sorted(name for one in tree for name in one.rules) == sorted(one.id for one in cg.load_rules())
    assert tree[0].depth == 0
    assert max(one.depth for one in tree) >= 2


def test_twelve_complexes_ten_of_materials_fifteen_projects_and_fifteen_sites() -> None:
    counts = cg.load_designations()["kind"].value_counts().to_dict()
    assert counts == {"specialised_complex": 12, "parts_complex": 10, "strategic_project": 15, "national_complex": 15}
    assert set(places.KINDS) == set(counts)


def many(count: int) -> pd.DataFrame:
    """Return made-up tagged sites of every municipality and sector, with much that is unknown."""
    draw = np.random.default_rng(7)
    codes = np.array([*cg.load_regions("municipality")["municipality_code_kostat"], None], dtype=object)
    at = draw.integers(0, len(codes), count)
    sectors = np.empty(6, dtype=object)
    sectors[:] = [["semiconductor"], ["bio"], ["battery", "robot"], ["food"], ["defence"], None]
    flags = np.array([True, False, None], dtype=object)
    return pd.DataFrame(
        {
            "site_id": np.array([f"s{number}" for number in range(count)], dtype=object),
            "municipality_code_kostat": codes[at],
            "municipality_alternatives": np.full(count, None, dtype=object),
            "locality": np.array([f"동{number}" for number in range(3500)], dtype=object)[at * 13 % 3500],
            "in_capital_region": pd.array(flags[draw.integers(0, 3, count)], dtype="boolean"),
            "sectors": sectors[draw.integers(0, 6, count)],
            "rdz_present": pd.array(flags[draw.integers(0, 3, count)], dtype="boolean"),
            "rdz_area_m2": draw.random(count) * 2e6,
            "area_km2": draw.random(count),
        }
    )


def test_many_sites_are_decided_as_each_alone() -> None:
    frame = many(400)
    whole = cg.rules_for(frame, on="2026-03-01", applicant=LARGE)
    for row in (0, 17, 399):
        alone = cg.rules_for(frame.iloc[[row]], on="2026-03-01", applicant=LARGE)
        mine = whole[whole["site_id"] == f"s{row}"]
        for column in ("rule_id", "applies", "reason"):
            assert mine[column].astype(str).tolist() == alone[column].astype(str).tolist()


def test_a_million_sites_take_at_most_five_seconds_of_work() -> None:
    frame = many(1_000_000)
    cg.rules_for(frame.head(10), on="2026-03-01", applicant=LARGE)
    start = time.process_time()
    found = cg.rules_for(frame, on="2026-03-01", applicant=LARGE)
    spent = time.process_time() - start
    assert len(found) == 1_000_000 * found["rule_id"].nunique()
    assert spent < 5


def test_an_applicant_is_exact_and_knows_whether_anything_is_given() -> None:
    assert cg.Applicant().given is False
    assert cg.Applicant(investment_krw="10").investment_krw == 10  # type: ignore[arg-type]
