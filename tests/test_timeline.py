"""The dated facts of a site, and what changed between two days."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import clustergeo as cg
from clustergeo import facts
from clustergeo.policy.conditions import Group, Leaf
from clustergeo.timeline import dated

if TYPE_CHECKING:
    from pathlib import Path

OWN = "site_id,attribute,value,as_of,scope,basis,source,confidence,note_ko,note_en\n"


def test_a_history_is_by_date_with_every_fact_and_its_source() -> None:
    told = cg.history("goheung")
    days = [facts.last_day(text) for text in told["as_of"]]
    assert days == sorted(days)
    assert told["source"].str.startswith("http").all()
    areas = told[told["attribute"] == "area_km2"].set_index("value")["confidence"]
    assert areas["15.20"] == "contradicted"
    assert areas["1.53"] == "stated"


def test_a_site_without_facts_is_refused_with_those_that_have_some() -> None:
    with pytest.raises(cg.ClusterGeoError, match=r"'seoul'.*yongin"):
        cg.history("seoul")


def test_a_callers_fact_joins_the_history(tmp_path: object) -> None:
    path = f"{tmp_path}/own.csv"
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(OWN + "yongin,area_km2,7.78,2026-03-15,whole,reported,https://example.org,stated,,\n")
    told = cg.history("yongin", own_facts=cg.read_facts(path))
    assert "7.78" in set(told[told["as_of"] == "2026-03-15"]["value"])


def test_nothing_changes_within_a_day() -> None:
    assert cg.changes(of="sites", since="2025-12-24", until="2025-12-24").empty
    assert cg.changes(of="rules", since="2025-12-24", until="2025-12-24").empty


def test_areas_status_zones_and_events_between_two_days() -> None:
    found = cg.changes(of="sites", since="2025-02-24", until="2025-02-25")
    rows = {(row.site_id, row.attribute): (row.before, row.after) for row in found.itertuples()}
    assert rows["gwangju", "rdz_share"] == ("0.95", "0.956")
    assert rows["daejeon", "rdz_present"] == (None, "true")
    assert rows["daegu", "event"] == (None, "not_among_strategic_projects")
    assert found["source"].notna().all()
    assert set(found["as_of"]) == {"2025-02-25"}


def test_a_change_names_the_fact_that_made_it_and_no_proposal_or_part_of_later() -> None:
    """Yongin's 7.28 km2 are of April 2024; the 7.78 of December are a proposal."""
    found = cg.changes(of="sites", since="2023-03-15", until="2026-12-01")
    of_yongin = found[found["site_id"] == "yongin"].drop_duplicates("attribute").set_index("attribute")
    area = of_yongin.loc["area_km2"]
    assert (area["before"], area["after"], area["as_of"]) == ("7.1", "7.28", "2024-04-24")
    assert area["source"] == "https://fnnews.com/news/202404241907487140"
    designated = of_yongin.loc["designation"]
    assert designated["as_of"] == "2025-02-25"
    assert "science.ytn.co.kr" in designated["source"]
    assert "kukinews.com" in designated["source"]


def test_before_the_first_fact_everything_was_unknown() -> None:
    found = cg.changes(of="sites", since="2020-01-01", until="2023-03-15")
    assert found[found["attribute"] == "area_km2"]["before"].isna().all()
    assert len(found[found["attribute"] == "area_km2"]) == 15


def test_what_changed_in_the_rules_for_each_site() -> None:
    applicant = cg.Applicant(investment_krw=10**14)
    found = cg.changes(of="rules", since="2025-04-14", until="2025-04-15", applicant=applicant)
    of_yongin = found[found["site_id"] == "yongin"].set_index("rule_id")
    assert of_yongin.loc["infra-2024", ["before", "after"]].tolist() == ["yes", None]
    assert of_yongin.loc["infra-2025", ["before", "after"]].tolist() == [None, "yes"]
    assert "rdz-strategic-2025" not in of_yongin.index


def test_a_scenario_in_the_changes_is_marked() -> None:
    found = cg.changes(of="rules", since="2026-02-05", until="2026-02-06", scenarios=["doubling-2026"])
    assert set(found["rule_id"]) == {"infra-2026-double"}
    assert set(found["scenario"]) == {"doubling-2026"}


def test_days_in_the_wrong_order_and_other_words_are_refused() -> None:
    with pytest.raises(cg.ClusterGeoError, match="Exchange"):
        cg.changes(of="sites", since="2025-01-02", until="2025-01-01")
    with pytest.raises(cg.ClusterGeoError, match="'firms'"):
        cg.changes(of="firms", since="2025-01-01", until="2025-01-02")  # type: ignore[arg-type]


def test_the_sites_of_a_day_have_only_the_designations_known_by_it() -> None:
    sites = cg.load_sites(as_of="2023-03-15").set_index("site_id")
    assert sites["designations"]["yongin"] == "national_complex:yongin"
    assert pd.isna(cg.load_sites(as_of="2023-03-14")["designations"]).all()


def lines(site: str, **options: str) -> list[str]:
    return [" ".join(line) for line in dated(cg.load_facts(), [site], **options).get(site, ())]


def test_the_lines_of_a_page_are_in_both_languages_and_stop_at_a_day() -> None:
    english, korean = (lines("goheung", lang=lang) for lang in ("en", "ko"))
    assert len(english) == len(korean) == len(cg.history("goheung"))
    assert any(line.startswith("2024-06-18 Area (km²): 1.53. Area at the cabinet's decision") for line in english)
    assert any("(같은 날의 다른 출처, 따르지 않음)" in line for line in korean)
    assert lines("goheung", as_of="2023-03-14") == [line for line in english if line.startswith("2014")]
    assert all("http" in line for line in english)
    assert any(
        "Designations: specialised complex Gyeongbuk (Andong, Pohang) (uncertain)." in one for one in lines("andong")
    )


def test_zones_and_shares_are_told_in_plain_words_and_a_source_without_an_address_by_its_publisher() -> None:
    gwangju = lines("gwangju")
    assert any(line.startswith("2025-02-25 RDZ: present. The city: 3.234 of 3.384 km2.") for line in gwangju)
    assert any("RDZ: share: 95.6 %." in line for line in gwangju)
    assert any(line.endswith(" sejongnews.net") for line in gwangju)
    assert not any("sejongnews-2025" in line for line in gwangju)
    assert any("개발제한구역: 없음 (불확실)." in line for line in lines("yongin", lang="ko"))
    assert any("(uncertain)." in line and "re-review" in line.lower() for line in lines("changwon"))


def test_a_site_of_ones_own_has_a_timeline_of_ones_own_facts(tmp_path: object) -> None:
    path = f"{tmp_path}/own.csv"
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(OWN + "mine,status,candidate,2025-02,whole,reported,county notice 12,stated,,\n")
        file.write("mine,event,opened,2024-05-06,whole,reported,https://example.org/n,stated,,the office opened\n")
    own = cg.read_facts(path)
    assert [line.day for line in dated(own, ["mine", "yongin"])["mine"]] == ["2024-05-06", "2025-02"]
    assert dated(own, ["mine"])["mine"][0] == ("2024-05-06", "The office opened.", "https://example.org/n", "")
    assert dated(own, ["mine"])["mine"][1] == ("2025-02", "Status: candidate.", "", "county notice 12")
    assert "yongin" not in dated(own, ["mine", "yongin"])
    assert len(cg.history("mine", own_facts=own)) == 2


def test_sites_of_one_id_are_each_compared_with_themselves() -> None:
    """Of two sites called a, only that in Gumi may lie in a complex once Gumi's was designated."""
    (held,) = [one for one in cg.load_rules() if one.id == "infra-2025"]
    mine = replace(held, valid_from="", condition=Group("all", (Leaf("specialised_complex", "is", True),)))
    frame = pd.DataFrame(
        {
            "site_id": ["a", "a"],
            "in_capital_region": pd.array([False, True], dtype="boolean"),
            "municipality_code_kostat": ["37050", "11010"],
        }
    )
    found = cg.changes(of="rules", since="2023-07-19", until="2023-07-20", tagged=frame, rules=[mine])
    assert found[["site_id", "before", "after"]].to_numpy().tolist() == [["a", "no", "unknown"]]


def test_what_belongs_to_the_other_kind_of_changes_is_refused_and_own_facts_count_for_both(tmp_path: Path) -> None:
    days: dict[str, Any] = {"since": "2025-02-24", "until": "2025-02-25"}
    with pytest.raises(cg.ClusterGeoError, match="for of='rules'"):
        cg.changes(of="sites", scenarios=["doubling-2026"], **days)
    with pytest.raises(cg.ClusterGeoError, match="'fr'"):
        cg.changes(of="sites", lang="fr", **days)
    own = tmp_path / "own.csv"
    own.write_text(
        OWN + "iksan,designation,strategic_project:damyang-2,2025-02-25,whole,reported,https://example.org,stated,,\n",
        encoding="utf-8",
    )
    mine = cg.read_facts(own)
    found = cg.changes(of="rules", own_facts=mine, **days)
    row = found[(found["site_id"] == "iksan") & (found["rule_id"] == "rdz-strategic-2025")]
    assert row[["before", "after"]].to_numpy().tolist() == [[None, "yes"]]
    with pytest.raises(cg.ClusterGeoError, match="own_facts are about the 15 sites"):
        cg.changes(of="rules", own_facts=mine, tagged=cg.tag(cg.load_sites()), **days)
