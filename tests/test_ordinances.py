"""Rules by jurisdiction: each site takes the value of its municipality on a day, with what sets it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from squares import PLANE, layer

import clustergeo as cg

if TYPE_CHECKING:
    from pathlib import Path

HEAD = ["jurisdiction", "value", "law", "article", "since"]
# 100 m squares in Cheongju Heungdeok-gu, in Chungju, in Daejeon and at sea, each with a house 150 m east of it.
SPOTS = {"cheongju": (127.40, 36.63), "chungju": (127.93, 36.97), "daejeon": (127.38, 36.35), "sea": (125.0, 35.0)}
DISTANCES = [
    ("충청북도 청주시", 300, "청주시 도시계획 조례", "제20조", "2019-01-01"),
    ("충청북도", 100, "충청북도 조례", "제3조", "2015-01-01"),
    ("25", None, "대전광역시 조례", "제9조", "2018-01-01"),
]


def sites() -> gpd.GeoDataFrame:
    at = gpd.GeoSeries(gpd.points_from_xy(*zip(*SPOTS.values(), strict=True)), crs="EPSG:4326").to_crs(PLANE)
    return gpd.GeoDataFrame(
        {"site_id": list(SPOTS)}, geometry=[shapely.box(p.x, p.y, p.x + 100, p.y + 100) for p in at], crs=PLANE
    )


def houses() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=sites().geometry.centroid.translate(200, 0), crs=PLANE)


def table(rows: Any = DISTANCES) -> cg.Ordinances:
    return cg.Ordinances(pd.DataFrame(rows, columns=HEAD))


def rules(on: str = "2020-01-01", **options: Any) -> cg.Exclusions:
    return cg.Exclusions().add("houses", houses(), buffer_m=table(), on=on, coverage="everywhere", **options)


def test_each_site_takes_the_distance_of_its_municipality() -> None:
    with pytest.warns(cg.ClusterGeoWarning, match=r"'houses' says nothing about 1 site.*Add a row"):
        out = rules().apply(sites()).set_index("site_id")
    # 300 m reach the whole site in Cheongju, 100 m none of that in Chungju; Daejeon has no such rule; the sea has none.
    assert out["kept"].astype(object).where(out["kept"].notna(), None).tolist() == [False, True, True, None]
    assert out["excluded_houses_value"].tolist()[:2] == [300, 100]
    assert out["excluded_houses_value"].isna().tolist() == [False, False, True, True]
    assert out["excluded_houses_rule"].iloc[0] == "청주시 도시계획 조례 제20조 (2019-01-01~)"
    assert out.loc["daejeon", ["excluded_houses_share", "excluded_share"]].tolist() == [0.0, 0.0]
    assert out.loc["sea", ["excluded_houses_share_low", "excluded_houses_share_high"]].tolist() == [0.0, 1.0]


def test_no_distance_about_points_excludes_nothing() -> None:
    limits = table([("33", 0, "법", "제1조", "2000-01-01"), ("*", 300, "법", "제2조", "2000-01-01")])
    held = cg.Exclusions().add("houses", houses(), buffer_m=limits, on="2020-01-01", coverage="everywhere")
    with pytest.warns(cg.ClusterGeoWarning, match="'houses' says nothing about 1 site"):
        kept = held.apply(sites().iloc[[0, 1, 2, 3]]).set_index("site_id")["kept"]
    assert kept[["cheongju", "chungju", "daejeon"]].tolist() == [True, True, False]


@pytest.mark.filterwarnings("ignore:The table of rule")
def test_the_day_decides_which_row_holds() -> None:
    before = rules(on="2018-06-01").apply(sites()).set_index("site_id")
    assert before.loc["cheongju", "excluded_houses_value"] == 100
    assert before.loc["cheongju", "kept"]


@pytest.mark.filterwarnings("ignore:The table of rule")
def test_the_shares_are_those_of_the_same_rule_with_that_distance() -> None:
    wet = layer([site.buffer(-20, join_style="mitre") for site in sites().geometry], name="wet")
    both = rules().add("wet", wet, max_share=0.5).apply(sites(), remainder=True).set_index("site_id")
    for name, distance in (("cheongju", 300), ("chungju", 100)):
        plain = cg.Exclusions().add("houses", houses(), buffer_m=distance, coverage="everywhere")
        one = plain.add("wet", wet, max_share=0.5).apply(sites(), remainder=True).set_index("site_id")
        columns = [column for column in one.columns if str(one[column].dtype) == "float64"]
        assert both.loc[name, columns].astype(float).tolist() == pytest.approx(
            one.loc[name, columns].astype(float).tolist(), abs=1e-9, nan_ok=True
        )
    assert both.loc["daejeon", "excluded_wet_own_share"] == both.loc["daejeon", "excluded_share"]
    assert both.loc["daejeon", "eligible"].area == pytest.approx(10_000 - 3_600)
    assert both.loc["sea", "excluded_share_low"] == pytest.approx(0.36)
    assert both.loc["sea", "excluded_share_high"] == 1.0


@pytest.mark.filterwarnings("ignore:The table of rule")
def test_a_limit_may_be_set_by_jurisdiction() -> None:
    wet = layer([site.buffer(-20, join_style="mitre") for site in sites().geometry], name="wet")
    limits = table([("33", 0.5, "법", "제1조", "2000-01-01")])
    out = cg.Exclusions().add("wet", wet, max_share=limits, on="2020-01-01").apply(sites()).set_index("site_id")
    assert out["kept"].astype(object).where(out["kept"].notna(), None).tolist() == [True, True, None, None]
    strict = table([("33", 0.3, "법", "제1조", "2000-01-01"), ("*", None, "법", "제2조", "2000-01-01")])
    out = cg.Exclusions().add("wet", wet, max_share=strict, on="2020-01-01").apply(sites()).set_index("site_id")
    assert out["kept"].astype(object).where(out["kept"].notna(), None).tolist() == [False, False, True, None]


@pytest.mark.filterwarnings("ignore:The table of rule")
def test_the_reason_names_law_and_article_in_both_languages() -> None:
    made = rules()
    out = made.apply(sites())
    english, korean = made.explain(out, "cheongju"), made.explain(out, "cheongju", lang="ko")
    assert english == (
        "Site cheongju is excluded: houses (with 300 m around, by 청주시 도시계획 조례 제20조 (2019-01-01~)) "
        "takes 100.0 % of it (none is allowed)."
    )
    # The law sets the distance; what is allowed is the caller's.
    assert "houses (주변 300 m 포함, 근거: 청주시 도시계획 조례 제20조 (2019-01-01~)) 저촉 비율 100.0 %" in korean
    assert "its value there is not known" in made.explain(out, "sea")
    assert "알 수 없음" in made.explain(out, "sea", lang="ko")
    assert repr(made) == "<Exclusions: houses (buffer_m by jurisdiction; max_share 0)>"


def test_a_distance_of_nothing_is_told_as_such() -> None:
    zero = [("33", 0, "조례", "제1조", "2015-01-01"), ("*", 50, "법", "제2조", "2015-01-01")]
    made = cg.Exclusions().add(
        "houses",
        layer([shape.buffer(9) for shape in sites().geometry.centroid]),
        buffer_m=table(zero),
        on="2020-01-01",
    )
    with pytest.warns(cg.ClusterGeoWarning, match="says nothing about 1 site"):
        out = made.apply(sites())
    assert "houses (with 0 m around, by 조례 제1조 (2015-01-01~)) takes" in made.explain(out, "cheongju")


def test_a_narrower_jurisdiction_goes_before_a_wider_and_an_ended_row_holds_no_more() -> None:
    rows = [
        ("*", 1, "a", "1", "2000-01-01", None),
        ("33", 2, "a", "2", "2000-01-01", "2010-01-01"),
        ("충청북도 청주시 흥덕구", 3, "a", "3", "2005-01-01", None),
        ("충청북도 청주시 흥덕구", 4, "a", "4", "2008-01-01", None),
    ]
    held = cg.Ordinances(pd.DataFrame(rows, columns=[*HEAD, "until"]))
    places = {name: held.on(day).get("33043") for name, day in (("early", "2004-01-01"), ("mid", "2006-01-01"))}
    assert places == {"early": 1, "mid": 2}
    assert held.on("2009-01-01")["33043"] == 3
    assert held.on("2009-12-31")["33020"] == 1
    assert held.on("2010-01-01")["33020"] == 0
    assert held.on("1999-01-01") == {}


def on_the_border() -> tuple[gpd.GeoDataFrame, Any]:
    """Return squares west of, on, and east of the border of Chungbuk and Sejong, far enough apart, and that border."""
    regions = cg.load_regions("municipality").to_crs(PLANE).set_index("municipality_code_kostat").geometry
    border = shapely.line_merge(shapely.intersection(regions["29010"], regions["33043"]))
    line = max(shapely.get_parts(border), key=shapely.length)
    middle = line.interpolate(0.5, normalized=True)
    shapes = [shapely.box(middle.x + x - 50, middle.y - 50, middle.x + x + 50, middle.y + 50) for x in (-3000, 0, 3000)]
    return gpd.GeoDataFrame({"site_id": ["west", "on", "east"]}, geometry=shapes, crs=PLANE), middle


def test_a_site_that_may_lie_in_two_municipalities_has_the_bounds_of_both() -> None:
    spots, middle = on_the_border()
    houses = gpd.GeoDataFrame(geometry=[shapely.Point(middle.x + 150, middle.y)], crs=PLANE)
    both = [("29", 120, "세종 조례", "제1조", "2020-01-01"), ("33", 300, "충북 조례", "제2조", "2020-01-01")]
    rules = cg.Exclusions().add("houses", houses, buffer_m=table(both), on="2026-01-01", coverage="everywhere")
    out = rules.add("none", layer([shapely.box(0, 0, 1, 1)], name="none")).apply(spots, remainder=True)
    out = out.set_index("site_id")
    narrow, wide = (
        cg.Exclusions().add("houses", houses, buffer_m=width, coverage="everywhere").apply(spots).set_index("site_id")
        for width in (120, 300)
    )
    for column in ("excluded_houses_share", "excluded_share"):
        assert out.loc["on", f"{column}_low"] == narrow.loc["on", column]
        assert out.loc["on", f"{column}_high"] == wide.loc["on", column] == 1.0
    assert 0 < narrow.loc["on", "excluded_share"] < 0.2
    assert out.loc["on", ["excluded_houses_value", "excluded_share", "eligible_largest_m2"]].isna().all()
    assert out.loc["on", "eligible"] is None
    assert out.loc["on", "excluded_houses_rule"] == (
        "세종 조례 제1조 (2020-01-01~): 120 / 충북 조례 제2조 (2020-01-01~): 300"
    )
    assert sorted(out.loc[["west", "east"], "excluded_houses_value"]) == [120, 300]
    assert (
        "with 120 m around by 세종 조례 제1조 (2020-01-01~) or with 300 m around by 충북 조례 제2조 (2020-01-01~), "
        "whichever holds where it lies"
    ) in rules.explain(out.reset_index(), "on")
    assert (
        "주변 120 m 포함(근거: 세종 조례 제1조 (2020-01-01~)) 또는 주변 300 m 포함"
        "(근거: 충북 조례 제2조 (2020-01-01~)) 가운데 그 땅에 적용되는 것"
    ) in rules.explain(out.reset_index(), "on", lang="ko")
    # One value on both sides leaves nothing open, and a place without a row leaves all open.
    same = [(code, 120, law, article, since) for code, _, law, article, since in both]
    rules = cg.Exclusions().add("houses", houses, buffer_m=table(same), on="2026-01-01", coverage="everywhere")
    assert rules.apply(spots)["excluded_houses_value"].tolist() == [120, 120, 120]
    rules = cg.Exclusions().add("houses", houses, buffer_m=table(both[1:]), on="2026-01-01", coverage="everywhere")
    with pytest.warns(cg.ClusterGeoWarning, match="says nothing about 2 site"):
        out = rules.apply(spots)
    assert out["excluded_houses_rule"].isna().sum() == 2


def test_of_two_limits_the_laxer_excludes_and_the_stricter_lets_pass() -> None:
    spots, middle = on_the_border()
    wet = layer([shapely.box(middle.x - 9000, middle.y - 9000, middle.x + 9000, middle.y - 10)], name="wet")
    kept, told = {}, {}
    for limits in ((0.2, 0.3), (0.2, 0.5), (0.5, 0.6)):
        rows = [(code, limit, "a", "1", "2020-01-01") for code, limit in zip(("29", "33"), limits, strict=True)]
        rules = cg.Exclusions().add("wet", wet, max_share=table(rows), on="2026-01-01")
        out = rules.apply(spots)
        kept[limits] = out.set_index("site_id").loc["on", "kept"]
        told[limits] = [rules.explain(out, "on", lang=lang) for lang in ("en", "ko")]
    assert kept[0.2, 0.3] is False or not kept[0.2, 0.3]
    assert pd.isna(kept[0.2, 0.5])
    assert kept[0.5, 0.6]
    english, korean = told[0.2, 0.5]
    assert "at most 20.0 % is allowed by a 1 (2020-01-01~) or at most 50.0 % is allowed by a 1 (2020-01-01~)" in english
    assert "허용 20.0 % 이하(근거: a 1 (2020-01-01~)) 또는 허용 50.0 % 이하(근거: a 1 (2020-01-01~))" in korean


def test_a_law_of_which_it_is_open_whether_it_holds_is_told_beside_the_one_that_sets_a_value() -> None:
    spots, middle = on_the_border()
    houses = gpd.GeoDataFrame(geometry=[shapely.Point(middle.x + 150, middle.y)], crs=PLANE)
    rows = [("29", None, "세종 조례", "제1조", "2020-01-01"), ("33", 300, "충북 조례", "제2조", "2020-01-01")]
    rules = cg.Exclusions().add("houses", houses, buffer_m=table(rows), on="2026-01-01", coverage="everywhere")
    out = rules.apply(spots)
    assert "no such rule by 세종 조례 제1조 (2020-01-01~) or with 300 m around by 충북" in rules.explain(out, "on")
    assert "규칙 없음(근거: 세종 조례 제1조 (2020-01-01~)) 또는 주변 300 m" in rules.explain(out, "on", lang="ko")
    assert out.set_index("site_id").loc["on", "excluded_houses_rule"].startswith("세종 조례 제1조 (2020-01-01~): - / ")


@pytest.mark.parametrize("day", ["gestern", "2026-02-30", "20260101", "2026", "2026-01-01T10:00", 20260101, 2026.0])
def test_what_is_no_day_is_refused_of_a_rule_a_row_and_a_layer(day: Any) -> None:
    with pytest.raises(cg.ClusterGeoError, match=r"is no day; expected ISO text such as"):
        rules(on=day)
    with pytest.raises(cg.ClusterGeoError, match=r"row 0, since: .* is no day; write it as 2026-01-01"):
        table([("*", 1, "a", "1", day)])
    if day not in ("2026", 2026.0):
        with pytest.raises(cg.ClusterGeoError, match=r"date of the content of layer 'wet' .*Write it as YYYY-MM-DD"):
            layer([shapely.box(0, 0, 1, 1)], name="wet", as_of=day)


@pytest.mark.parametrize("day", [dt.date(2026, 1, 1), pd.Timestamp("2026-01-01"), np.datetime64("2026-01-01")])
def test_a_day_of_any_library_is_that_day_of_a_rule_a_row_and_a_layer(day: Any) -> None:
    assert repr(rules(on=day)) == repr(rules(on="2026-01-01"))
    assert table([("*", 1, "a", "1", day)]).frame["since"].tolist() == ["2026-01-01"]
    wet = layer([shapely.box(0, 0, 1, 1)], name="wet", as_of=day)
    assert wet.as_of == "2026-01-01"


def test_a_province_has_the_municipalities_of_the_day() -> None:
    rows = [("대구광역시", 1, "a", "1", "2000-01-01"), ("경상북도", 2, "a", "2", "2000-01-01")]
    assert (table(rows).on("2023-06-30")["37310"], table(rows).on("2023-07-01")["37310"]) == (1, 0)
    codes = [("22", 1, "a", "1", "2000-01-01"), ("37", 2, "a", "2", "2000-01-01")]
    assert (table(codes).on("2023-06-30")["37310"], table(codes).on("2023-07-01")["37310"]) == (1, 0)
    # A province that has another name since is still meant.
    assert table([("강원도", 1, "a", "1", "2000-01-01")]).on("2026-01-01")["32010"] == 0


def test_a_file_of_either_kind_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\ufeff" + ",".join(HEAD) + "\n33,,조례,제3조,2020-01-01\n", encoding="utf-8")
    text = '[[ordinances]]\njurisdiction = "33"\nvalue = 5\nlaw = "조례"\narticle = "제3조"\nsince = 2020-01-01\n'
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    assert repr(cg.read_ordinances(tmp_path / "a.csv")) == "<Ordinances: 1 rows, no rule, since 2020-01-01>"
    assert repr(cg.read_ordinances(tmp_path / "a.toml")) == "<Ordinances: 1 rows, 5, since 2020-01-01>"
    with pytest.raises(cg.ClusterGeoError, match="cannot be read as CSV or TOML"):
        cg.read_ordinances(tmp_path / "gone.csv")


def test_every_wrong_row_is_named_with_its_cure() -> None:
    rows = [
        ("없는시", 1, "a", "1", "2000-01-01"),
        ("33", "far", "a", "1", "2000-01-01"),
        ("33", 1, "", "1", "2000"),
        ("34", 1, "a", "1", "2000-01-01"),
        ("34", 2, "a", "2", "2000-01-01"),
    ]
    with pytest.raises(cg.ClusterGeoError) as told:
        table(rows)
    for part in (
        "row 0, jurisdiction: '없는시' is no municipality",
        "row 1, value: 'far' is no number",
        "row 2, law: is blank",
        "row 2, since: '2000' is no day",
        "row 4: '34' has two rows since 2000-01-01",
    ):
        assert part in str(told.value)
    with pytest.raises(cg.ClusterGeoError, match="has no column 'law'"):
        cg.Ordinances(pd.DataFrame({"jurisdiction": ["33"], "value": [1], "article": ["1"], "since": ["2000-01-01"]}))


def test_a_rule_with_a_table_needs_a_day_and_values_that_a_rule_may_have() -> None:
    with pytest.raises(cg.ClusterGeoError, match="a table by jurisdiction but no day"):
        cg.Exclusions().add("houses", houses(), buffer_m=table(), coverage="everywhere")
    with pytest.raises(cg.ClusterGeoError, match="a day but no table"):
        cg.Exclusions().add("houses", houses(), buffer_m=5, on="2020-01-01", coverage="everywhere")
    with pytest.raises(cg.ClusterGeoError, match="is no day"):
        rules(on="soon")
    with pytest.raises(cg.ClusterGeoError, match="max_share is 100"):
        cg.Exclusions().add("houses", layer([shapely.box(0, 0, 1, 1)]), max_share=table(), on="2020-01-01")
    setback = [("33", 100, "조례", "제1조", "2015-01-01"), ("25", -50, "조례", "제2조", "2015-01-01")]
    with pytest.raises(cg.ClusterGeoError, match="buffer_m=-50, but row 0 of its layer is a Point"):
        cg.Exclusions().add("houses", houses(), buffer_m=table(setback), on="2020-01-01", coverage="everywhere")
    with pytest.raises(cg.ClusterGeoError, match="two tables by jurisdiction"):
        cg.Exclusions().add("a", layer([shapely.box(0, 0, 1, 1)]), max_share=table(), buffer_m=table(), on="2020-01-01")


@pytest.mark.filterwarnings("ignore:The table of rule")
def test_a_file_has_the_answers_of_apply(tmp_path: Path) -> None:
    sites().to_parquet(tmp_path / "sites.parquet")
    rules().apply_file(tmp_path / "sites.parquet", tmp_path / "out.parquet")
    found, expected = gpd.read_parquet(tmp_path / "out.parquet"), rules().apply(sites())
    assert found["excluded_by"].tolist() == expected["excluded_by"].tolist()
    told, wanted = (list(one["excluded_houses_rule"].astype(object).fillna("")) for one in (found, expected))
    assert told == wanted
