"""The facts as collected: the raw tables hold together."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

RAW = Path(__file__).resolve().parents[1] / "data" / "raw"
ANNOUNCED = "2023-03-15"
SOURCE_COLUMNS = {
    "sites": "sources",
    "site_localities": "sources",
    "facts": "source",
    "provinces": "source",
    "municipality_moves": "source",
    "municipality_not_included": "source",
    "macro_regions": "source",
    "designations": "source",
    "capital_zones": "source",
    "support_tiers": "source",
    "programmes": "source",
    "budgets": "source",
    "benchmarks": "source",
    "complex_counts": "source",
    "contradictions": "source",
}


def table(name: str) -> pd.DataFrame:
    return pd.read_csv(RAW / f"{name}.csv", dtype=str, keep_default_na=False)


def sources() -> dict[str, dict[str, Any]]:
    return tomllib.loads((RAW / "sources.toml").read_text(encoding="utf-8"))


def last_day(text: str) -> dt.date:
    """The last day that a year, a month or a day may mean, in a second writing: the package has its own."""
    start = pd.Timestamp(text)
    end = {4: start + pd.offsets.YearEnd(0), 7: start + pd.offsets.MonthEnd(0), 10: start}[len(text)]
    return end.date()


def area_on(site: str, day: str) -> float:
    facts = table("facts")
    rows = facts[
        (facts["site_id"] == site)
        & (facts["attribute"] == "area_km2")
        & facts["scope"].isin(["whole", "withdrawn_plan"])
        & (facts["confidence"] != "contradicted")
    ]
    rows = rows.assign(day=[last_day(text) for text in rows["as_of"]])
    return float(rows[rows["day"] <= last_day(day)].sort_values("day")["value"].iloc[-1])


def latest(site: str, attribute: str) -> pd.Series:
    facts = table("facts")
    rows = facts[(facts["site_id"] == site) & (facts["attribute"] == attribute) & (facts["scope"] == "whole")]
    return rows.assign(day=[last_day(text) for text in rows["as_of"]]).sort_values("day").iloc[-1]


@pytest.mark.parametrize(("name", "column"), SOURCE_COLUMNS.items())
def test_every_row_names_sources_that_exist(name: str, column: str) -> None:
    cited = table(name)[column]
    assert (cited != "").all()
    assert set(" ".join(cited).split()) <= set(sources())


def test_every_source_is_cited_by_some_row() -> None:
    cited = {source for name, column in SOURCE_COLUMNS.items() for source in " ".join(table(name)[column]).split()}
    rules = tomllib.loads((RAW / "rules.toml").read_text(encoding="utf-8"))["rule"]
    cited |= {source for rule in rules for source in rule["source"].split()}
    assert set(sources()) <= cited


@pytest.mark.parametrize("word", ["publisher", "describes_ko", "describes_en", "licence"])
def test_every_source_says_who_what_and_under_which_licence(word: str) -> None:
    wrong = [name for name, source in sources().items() if source.get(word, "").strip() in {"", "NA", "N/A", "unknown"}]
    assert wrong == []


def test_a_source_has_an_address_or_says_why_not() -> None:
    for name, source in sources().items():
        kept = source.get("url", "").startswith(("http://", "https://"))
        assert kept or re.search("not kept|definition", source["note"]), name


def test_the_dates_of_sources_are_days() -> None:
    dates = [source["date"] for source in sources().values() if "date" in source]
    assert dates
    assert [dt.date.fromisoformat(date).isoformat() for date in dates] == dates


def test_no_two_sources_share_an_address() -> None:
    urls = [source["url"] for source in sources().values() if "url" in source]
    assert len(urls) == len(set(urls))


def test_the_boundary_source_is_pinned_by_hash_size_and_rows() -> None:
    boundary = sources()["kostat-2018-localities"]
    assert re.fullmatch(r"[0-9a-f]{64}", boundary["sha256"])
    assert boundary["rows"] == 3504
    assert boundary["bytes"] == 4_092_821
    assert re.search(r"/[0-9a-f]{40}/", boundary["url"])
    assert boundary["attribution_ko"]
    assert boundary["attribution_en"]


@pytest.mark.parametrize("path", sorted(RAW.glob("*.csv")), ids=lambda path: path.name)
def test_tables_are_utf8_with_lf_and_rows_as_long_as_the_header(path: Path) -> None:
    data = path.read_bytes()
    assert b"\r" not in data
    assert not data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b"\n")
    lines = pd.read_csv(path, dtype=str, keep_default_na=False, header=None)
    assert lines.notna().all(axis=None)


def test_fifteen_sites_in_the_order_of_the_announcement() -> None:
    first = ["yongin", "daejeon", "cheonan", "osong", "hongseong", "gwangju", "goheung", "iksan", "wanju"]
    rest = ["changwon", "daegu", "andong", "gyeongju", "uljin", "gangneung"]
    assert list(table("sites")["site_id"]) == first + rest


def test_sites_of_each_macro_region_count_1_4_4_1_4_1() -> None:
    counts = table("sites")["macro_region"].value_counts()
    regions = ["gyeonggi", "chungcheong", "honam", "gyeongnam", "daegyeong", "gangwon"]
    assert [int(counts[region]) for region in regions] == [1, 4, 4, 1, 4, 1]


def test_a_site_lies_in_a_province_of_its_macro_region() -> None:
    schemes = table("macro_regions")
    mine = schemes[schemes["scheme"] == "announcement-2023"].set_index("code")["provinces_kostat"]
    for site in table("sites").itertuples():
        assert site.province_code_kostat in mine[site.macro_region].split(), site.site_id


def test_the_announcement_names_no_province_without_a_site() -> None:
    schemes = table("macro_regions")
    named = " ".join(schemes.loc[schemes["scheme"] == "announcement-2023", "provinces_kostat"]).split()
    assert sorted(named) == sorted(set(table("sites")["province_code_kostat"]))


def test_the_poles_and_specials_take_each_province_once() -> None:
    schemes = table("macro_regions")
    named = " ".join(schemes.loc[schemes["scheme"] == "5극3특-2025", "provinces_kostat"]).split()
    assert (schemes["scheme"] == "5극3특-2025").sum() == 8
    assert sorted(named) == sorted(set(table("provinces")["code_kostat"]) - {""})


def test_positions_lie_in_korea_and_say_how_good_they_are() -> None:
    sites = table("sites")
    assert sites["lon"].astype(float).between(126, 130).all()
    assert sites["lat"].astype(float).between(34, 38).all()
    assert sites["position_error_m"].astype(float).between(500, 2000).all()
    assert (sites[["position_basis_ko", "position_basis_en", "position_source"]] != "").all(axis=None)


def test_a_site_names_sectors_of_the_taxonomy() -> None:
    named = ";".join(table("sites")["sectors"]).split(";")
    assert set(named) <= set(table("sectors")["code"])


def test_sector_codes_and_colours_are_the_agreed_ones() -> None:
    sectors = table("sectors")
    assert dict(zip(sectors["code"], sectors["colour"], strict=True)) == {
        "semiconductor": "#4477AA",
        "display": "#66CCEE",
        "battery": "#228833",
        "bio": "#CC3311",
        "future_mobility": "#EE7733",
        "robot": "#AA3377",
        "defence": "#555555",
        "hydrogen": "#009988",
        "nuclear": "#DDAA33",
        "rail": "#885522",
        "food": "#99BB55",
        "aerospace": "#332288",
    }
    assert sectors["ksic_divisions"].str.fullmatch(r"(\d\d( \d\d)*)?").all()
    assert sectors["ksic_note"].str.contains("not an official").all()


def test_every_site_has_localities_of_one_municipality_in_its_province() -> None:
    localities = table("site_localities").groupby("site_id")["locality_code_kostat"].apply(list)
    for site in table("sites").itertuples():
        codes = localities[site.site_id]
        assert all(re.fullmatch(r"\d{7}", code) for code in codes)
        assert len({code[:5] for code in codes}) == 1
        assert {code[:2] for code in codes} == {site.province_code_kostat}
    known = set(table("municipalities")["code_kostat"])
    assert {code[:5] for codes in localities for code in codes} <= known


@pytest.mark.parametrize(
    ("site", "names"),
    [
        ("yongin", {"이동읍", "남사읍"}),
        ("changwon", {"북면", "동읍"}),
        ("daegu", {"화원읍", "옥포읍"}),
        ("gyeongju", {"문무대왕면"}),
        ("daejeon", {"진잠동"}),
        ("gwangju", {"삼도동"}),
    ],
)
def test_every_locality_named_in_the_address_counts(site: str, names: set[str]) -> None:
    rows = table("site_localities")
    assert set(rows.loc[rows["site_id"] == site, "name_ko"]) == names


def test_every_eup_and_myeon_of_an_address_is_among_the_localities() -> None:
    rows = table("site_localities").groupby("site_id")["name_ko"].apply(set)
    without = set()
    for site in table("sites").itertuples():
        named = set(re.findall(r"(?:(?<=\s)|(?<=·))[가-힣]+[읍면](?=[\s·])", site.address_ko))
        assert named <= rows[site.site_id], site.site_id
        if not named:
            without.add(site.site_id)
    # These two are named by a legal dong; the dong that serves it is in the table.
    assert without == {"daejeon", "gwangju"}


def test_the_vocabularies_of_facts_are_closed() -> None:
    facts = table("facts")
    words = {
        "site_id": set(table("sites")["site_id"]),
        "attribute": {"area_km2", "status", "rdz_present", "rdz_share", "rdz_area_km2", "event", "designation"},
        "scope": {"whole", "withdrawn_plan", "phase", "part", "proposal", "alternative"},
        "basis": {"reported", "inferred", "derived"},
        "confidence": {"stated", "uncertain", "contradicted"},
    }
    for column, allowed in words.items():
        assert set(facts[column]) <= allowed, column


def test_the_values_of_facts_fit_their_attribute() -> None:
    facts = table("facts")
    patterns = {
        "area_km2": r"\d+\.\d+",
        "rdz_area_km2": r"\d+\.\d+",
        "rdz_share": r"0\.\d+",
        "rdz_present": r"true|false",
        "event": r"[a-z][a-z_]+",
        "status": r"candidate|candidate_pf_withdrawn|pf_applied|pf_exempt|pf_passed|plan_applied|designated",
    }
    for attribute, pattern in patterns.items():
        values = facts.loc[facts["attribute"] == attribute, "value"]
        assert len(values), attribute
        assert values.str.fullmatch(pattern).all(), attribute


def test_facts_are_dated_explained_in_both_languages_and_stand_once() -> None:
    facts = table("facts")
    assert facts["as_of"].str.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?").all()
    assert all(last_day(text) <= dt.date(2026, 11, 22) for text in facts["as_of"])
    assert (facts[["note_ko", "note_en"]] != "").all(axis=None)
    assert not facts.duplicated(["site_id", "attribute", "as_of", "scope", "value"]).any()


def test_no_two_whole_figures_of_a_day_contend() -> None:
    facts = table("facts")
    whole = facts[facts["scope"].isin(["whole", "withdrawn_plan"]) & (facts["attribute"] != "event")]
    assert not whole.duplicated(["site_id", "attribute", "as_of"]).any()


def test_an_alternative_stands_beside_a_figure_of_its_site() -> None:
    facts = table("facts")
    whole = facts[facts["scope"] != "alternative"].groupby("attribute")["site_id"].apply(set)
    for row in facts[facts["scope"] == "alternative"].itertuples():
        assert row.site_id in whole[row.attribute]


def test_announced_areas_sum_to_40_76() -> None:
    assert round(sum(area_on(site, ANNOUNCED) for site in table("sites")["site_id"]), 2) == 40.76


@pytest.mark.parametrize(
    ("site", "day", "area"),
    [
        ("yongin", "2024-04-23", 7.10),
        ("yongin", "2026-11-22", 7.28),
        ("daejeon", "2025-08-10", 5.30),
        ("daejeon", "2026-11-22", 3.90),
        ("cheonan", "2026-11-22", 4.17),
        ("hongseong", "2026-11-22", 2.36),
        ("gwangju", "2026-11-22", 3.38),
        ("goheung", "2026-11-22", 1.53),
        ("iksan", "2026-11-22", 2.07),
        ("wanju", "2026-11-22", 0.636),
        ("changwon", "2026-11-22", 3.39),
        ("daegu", "2023-11-23", 3.042),
        ("daegu", "2026-11-22", 2.55),
        ("andong", "2024-07-04", 1.00),
        ("andong", "2026-11-22", 1.05),
        ("gyeongju", "2026-11-22", 1.135),
        ("uljin", "2024-06-29", 1.58),
        ("uljin", "2024-06-30", 1.52),
        ("uljin", "2026-11-22", 1.449),
        ("gangneung", "2026-11-22", 0.93),
    ],
)
def test_the_area_of_a_day_is_the_latest_whole_figure_known_by_then(site: str, day: str, area: float) -> None:
    assert area_on(site, day) == area


@pytest.mark.parametrize(
    ("site", "status", "as_of"),
    [
        ("yongin", "designated", "2024-12-26"),
        ("daejeon", "candidate_pf_withdrawn", "2025-08"),
        ("cheonan", "candidate", ANNOUNCED),
        ("goheung", "pf_exempt", "2024-06-28"),
        ("wanju", "pf_passed", "2025-12-24"),
        ("daegu", "pf_passed", "2025-07-29"),
        ("uljin", "plan_applied", "2025-11-28"),
        ("changwon", "candidate", "2025-09-25"),
    ],
)
def test_the_latest_status_is_the_known_one(site: str, status: str, as_of: str) -> None:
    row = latest(site, "status")
    assert (row["value"], row["as_of"]) == (status, as_of)


def test_exactly_four_sites_have_rdz_and_every_none_is_inferred() -> None:
    rows = pd.DataFrame([latest(site, "rdz_present") for site in table("sites")["site_id"]])
    assert set(rows.loc[rows["value"] == "true", "site_id"]) == {"daejeon", "gwangju", "changwon", "daegu"}
    assert set(rows.loc[rows["value"] == "false", "basis"]) == {"inferred"}
    assert set(rows.loc[rows["value"] == "true", "basis"]) == {"reported"}


def test_only_gwangju_has_a_reported_share() -> None:
    facts = table("facts")
    shares = facts[facts["attribute"] == "rdz_share"]
    assert set(shares["site_id"]) == {"gwangju"}
    assert set(shares["basis"]) == {"reported"}
    assert dict(zip(shares["as_of"], shares["value"], strict=True)) == {
        "2024-09-05": "0.96",
        "2024-09-23": "0.95",
        "2025-02-25": "0.956",
    }


def test_a_figure_of_rdz_stands_beside_a_statement_of_its_day() -> None:
    facts = table("facts")
    said = facts[facts["attribute"] == "rdz_present"]
    days = set(zip(said["site_id"], said["as_of"], strict=True))
    figures = facts[facts["attribute"].isin(["rdz_share", "rdz_area_km2"])]
    assert set(zip(figures["site_id"], figures["as_of"], strict=True)) <= days
    assert not (figures["site_id"] == "changwon").any()


def test_a_reported_area_and_share_of_a_day_agree_with_the_area_of_the_site() -> None:
    facts = table("facts").set_index(["site_id", "attribute", "as_of", "scope"])["value"]
    of_site = float(facts["gwangju", "area_km2", "2025-02-25", "alternative"])
    inside = float(facts["gwangju", "rdz_area_km2", "2025-02-25", "whole"])
    assert inside / of_site == pytest.approx(float(facts["gwangju", "rdz_share", "2025-02-25", "whole"]), abs=5e-4)


def test_daegu_parts_give_the_derived_area() -> None:
    facts = table("facts").set_index(["site_id", "attribute", "as_of", "scope"])["value"]
    derived = float(facts["daegu", "area_km2", ANNOUNCED, "alternative"]) - 1.185
    derived += float(facts["daegu", "rdz_area_km2", "2023-11-23", "part"])
    assert derived == pytest.approx(float(facts["daegu", "area_km2", "2023-11-23", "alternative"]))


def test_a_site_lists_every_source_of_its_facts() -> None:
    listed = table("sites").set_index("site_id")["sources"].str.split()
    for row in table("facts").itertuples():
        assert set(row.source.split()) <= set(listed[row.site_id]), row.site_id


def test_the_periods_of_a_province_are_half_open_and_do_not_overlap() -> None:
    provinces = table("provinces")
    for code, rows in provinces[provinces["code_kostat"] != ""].groupby("code_kostat"):
        periods = sorted(zip(rows["valid_from"], rows["valid_to"], strict=True))
        for (_, end), (start, _) in itertools.pairwise(periods):
            assert end == start, code
        assert periods[0][0] == "", code
    days = pd.concat([provinces["valid_from"], provinces["valid_to"]])
    assert all(dt.date.fromisoformat(day) for day in days if day)


@pytest.mark.parametrize(
    ("day", "count", "codes"),
    [
        ("2023-06-10", 17, {"강원도": "42", "전라북도": "45", "광주광역시": "29"}),
        ("2023-06-11", 17, {"강원특별자치도": "51", "전라북도": "45"}),
        ("2024-01-18", 17, {"강원특별자치도": "51", "전북특별자치도": "52"}),
        ("2026-06-30", 17, {"광주광역시": "29", "전라남도": "46"}),
        ("2026-07-01", 16, {"전남광주통합특별시": ""}),
    ],
)
def test_provinces_of_a_day_cover_the_2018_provinces_once(day: str, count: int, codes: dict[str, str]) -> None:
    rows = table("provinces")
    rows = rows[(rows["valid_from"] <= day) & ((rows["valid_to"] == "") | (rows["valid_to"] > day))]
    assert len(rows) == count
    held = " ".join(rows["members"].where(rows["members"] != "", rows["code_kostat"])).split()
    assert sorted(held) == sorted(set(table("provinces")["code_kostat"]) - {""})
    named = dict(zip(rows["name_ko"], rows["code_mois"], strict=True))
    assert codes.items() <= named.items()


def test_mois_codes_of_a_day_are_unique() -> None:
    rows = table("provinces")
    for day in ("2018-12-24", "2023-06-11", "2024-01-18", "2026-07-01"):
        held = rows[(rows["valid_from"] <= day) & ((rows["valid_to"] == "") | (rows["valid_to"] > day))]
        codes = held.loc[held["code_mois"] != "", "code_mois"]
        assert codes.is_unique


def test_gunwi_moves_from_gyeongbuk_to_daegu() -> None:
    moves = table("municipality_moves")
    assert list(moves.iloc[0])[:5] == ["37310", "군위군", "37", "22", "2023-07-01"]
    names = table("municipalities").set_index("code_kostat")["name_ko"]
    assert names[moves["municipality_code_kostat"]].tolist() == moves["name"].tolist()


def test_the_changes_left_out_are_dated_and_name_municipalities_of_2018() -> None:
    changes = table("municipality_not_included")
    assert list(changes["date"]) == ["2018-07-01", "2024-01-01", "2026-02-01", "2026-07-01"]
    assert set(" ".join(changes["municipality_codes_kostat"]).split()) <= set(table("municipalities")["code_kostat"])
