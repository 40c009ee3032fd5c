"""Tables of facts: what is refused, with the line; what holds on a day."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import clustergeo as cg
from clustergeo import facts

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "site_id,attribute,value,as_of,scope,basis,source,confidence,note_ko,note_en"
GOOD = "a,area_km2,1.5,2024-02-01,whole,reported,src,stated,,"


def read(tmp_path: Path, *rows: str, header: str = HEADER, encoding: str = "utf-8") -> pd.DataFrame:
    path = tmp_path / "facts.csv"
    path.write_bytes(("\n".join([header, *rows]) + "\n").encode(encoding))
    return cg.read_facts(path)


def day(tmp_path: Path, when: str | None, *rows: str) -> pd.Series:
    return facts.on_day(read(tmp_path, *rows), when).loc["a"]


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (",area_km2,1,2024,whole,reported,s,,,", "site_id is empty"),
        ("a,area_km2,1,2024,whole,reported,,,,", "source is empty"),
        ("a,size,1,2024,whole,reported,s,,,", "attribute is 'size'"),
        ("a,area_km2,wide,2024,whole,reported,s,,,", "'wide'"),
        ("a,area_km2,0,2024,whole,reported,s,,,", "area_km2"),
        ("a,area_km2,-1,2024,whole,reported,s,,,", "area_km2"),
        ("a,area_km2,nan,2024,whole,reported,s,,,", "area_km2"),
        ("a,area_km2,inf,2024,whole,reported,s,,,", "area_km2"),
        ("a,rdz_share,95.6,2024,whole,reported,s,,,", "between 0 and 1"),
        ("a,rdz_present,yes,2024,whole,reported,s,,,", "true or false"),
        ("a,status,done,2024,whole,reported,s,,,", "'done'"),
        ("a,area_km2,1,2024-13,whole,reported,s,,,", "2024-13"),
        ("a,area_km2,1,2023-02-29,whole,reported,s,,,", "2023-02-29"),
        ("a,area_km2,1,24-01-01,whole,reported,s,,,", "24-01-01"),
        ("a,area_km2,1,2024,all,reported,s,,,", "scope is 'all'"),
        ("a,area_km2,1,2024,whole,guess,s,,,", "basis is 'guess'"),
        ("a,area_km2,1,2024,whole,reported,s,sure,,", "confidence is 'sure'"),
    ],
)
def test_a_bad_cell_is_refused_with_its_line(tmp_path: Path, row: str, word: str) -> None:
    with pytest.raises(cg.ClusterGeoError) as caught:
        read(tmp_path, GOOD, row)
    assert "line 3" in str(caught.value)
    assert word in str(caught.value)


def test_every_problem_stands_in_one_error(tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError) as caught:
        read(tmp_path, "a,area_km2,x,2024,whole,reported,s,,,", GOOD, "b,status,x,never,whole,reported,s,,,")
    message = str(caught.value)
    assert "3 problem(s)" in message
    assert "line 2" in message
    assert "line 4" in message


def test_a_row_with_more_cells_than_the_header_is_refused(tmp_path: Path) -> None:
    """A comma in a note without quotes: the rest of the note must not vanish."""
    with pytest.raises(cg.ClusterGeoError, match="line 2"):
        read(tmp_path, "a,area_km2,1.5,2024,whole,reported,s,stated,ko,one, two")


def test_the_same_fact_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError, match="twice"):
        read(tmp_path, GOOD, GOOD)


@pytest.mark.parametrize(("attribute", "values"), [("area_km2", ("1.5", "2.5")), ("rdz_present", ("true", "false"))])
def test_two_values_for_the_whole_site_on_one_day_are_refused(
    tmp_path: Path, attribute: str, values: tuple[str, str]
) -> None:
    """One of them would win in silence; the second belongs under `alternative`."""
    with pytest.raises(cg.ClusterGeoError, match=attribute):
        read(tmp_path, *[f"a,{attribute},{value},2024-02-01,whole,reported,s,,," for value in values])


@pytest.mark.parametrize("header", ["site_id,value", HEADER + ",extra", HEADER.replace("as_of", "date")])
def test_missing_and_strange_columns_are_named(tmp_path: Path, header: str) -> None:
    with pytest.raises(cg.ClusterGeoError, match=r"line 1.*columns"):
        read(tmp_path, header=header)


def test_no_such_file_and_another_encoding_are_refused_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError, match="cannot be read"):
        cg.read_facts(tmp_path / "none.csv")
    with pytest.raises(cg.ClusterGeoError, match="UTF-8"):
        read(tmp_path, "a,event,x,2024,whole,reported,출처,,,", encoding="cp949")


def test_excel_bytes_spaces_and_missing_notes_are_read(tmp_path: Path) -> None:
    short = HEADER.rsplit(",", 3)[0]
    held = read(tmp_path, " a , area_km2, 1.5 ,2024,whole,reported,s", header=short, encoding="utf-8-sig")
    assert held.loc[0, ["site_id", "value", "confidence", "note_en"]].tolist() == ["a", "1.5", "stated", ""]


def test_an_empty_table_is_a_table(tmp_path: Path) -> None:
    assert len(read(tmp_path)) == 0
    assert len(facts.on_day(read(tmp_path), None)) == 0


def test_an_unknown_source_is_refused_where_the_sources_are_known(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(f"{HEADER}\na,area_km2,1,2024,whole,reported,s t,,,\n", encoding="utf-8")
    with pytest.raises(cg.ClusterGeoError, match="'t'"):
        facts.read_facts(path, sources=frozenset({"s"}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2024-02", (2024, 2, 29)), ("2023-02", (2023, 2, 28)), ("2002", (2002, 12, 31)), ("2025-02-25", (2025, 2, 25))],
)
def test_the_last_day_a_date_may_mean(text: str, expected: tuple[int, int, int]) -> None:
    assert facts.last_day(text) == dt.date(*expected)


@pytest.mark.parametrize(
    "text", ["", "2024-00", "2024-02-30", "20240201", "2024-2-1", "２０２４", "0000", "2024-02-01 "]
)
def test_a_date_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(cg.ClusterGeoError, match="YYYY-MM-DD"):
        facts.last_day(text)


PARTIAL = (
    "a,area_km2,1,2023,whole,reported,s,,,",
    "a,area_km2,2,2024-02,whole,reported,s,,,",
    "a,area_km2,3,2024-03-05,whole,reported,s,,,",
)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2023-12-31", 1.0),
        ("2024-02-28", 1.0),
        ("2024-02-29", 2.0),
        ("2024-02", 2.0),
        ("2024-03-04", 2.0),
        ("2024-03", 3.0),
        (None, 3.0),
    ],
)
def test_a_partial_date_is_known_from_its_last_day(tmp_path: Path, when: str | None, expected: float) -> None:
    assert day(tmp_path, when, *PARTIAL)["area_km2"] == expected


def test_nothing_is_known_before_the_first_fact(tmp_path: Path) -> None:
    assert len(facts.on_day(read(tmp_path, *PARTIAL), "2023-12-30")) == 0


def test_phases_parts_proposals_alternatives_and_contradicted_figures_are_not_the_area(tmp_path: Path) -> None:
    rows = [GOOD] + [
        f"a,area_km2,9,2025,{scope},reported,s,,," for scope in ("phase", "part", "proposal", "alternative")
    ]
    row = day(tmp_path, None, *rows, "a,area_km2,8,2026,whole,reported,s,contradicted,,")
    assert row[["area_km2", "area_as_of"]].tolist() == [1.5, "2024-02-01"]


def test_a_figure_of_another_day_does_not_stand_beside_the_latest_statement(tmp_path: Path) -> None:
    row = day(
        tmp_path,
        None,
        "a,rdz_present,true,2024-01-01,whole,reported,old,,,",
        "a,rdz_share,0.9,2024-01-01,whole,reported,old,,,",
        "a,rdz_present,true,2025-01-01,whole,reported,new,,,",
        "a,rdz_area_km2,2.5,2025-01-01,whole,reported,new two,,,",
    )
    assert pd.isna(row["rdz_reported_share"])
    assert row["rdz_reported_area_m2"] == 2.5e6
    assert row["rdz_reported_source"] == "new two"


def test_a_callers_fact_replaces_only_the_same_site_attribute_day_and_scope(tmp_path: Path) -> None:
    shipped = read(tmp_path, GOOD, GOOD.replace("a,", "b,", 1))
    mine = read(tmp_path, GOOD.replace("1.5", "4"), GOOD.replace("2024-02-01", "2023-02-01").replace("1.5", "5"))
    merged = facts.merge(shipped, mine)
    assert sorted(zip(merged["site_id"], merged["value"], strict=True)) == [("a", "4"), ("a", "5"), ("b", "1.5")]
    assert facts.on_day(merged, None)["area_km2"].to_dict() == {"a": 4.0, "b": 1.5}
    assert len(shipped) == 2


def test_the_latest_date_of_a_frame_is_by_the_last_day_it_may_mean() -> None:
    frame = pd.DataFrame({"a_as_of": ["2024-03-05", "2024"], "b_as_of": [None, "2024-06"], "c": ["2030", "2031"]})
    assert facts.latest_date(frame) == "2024"
    assert facts.latest_date(pd.DataFrame({"c": ["2030"]})) is None
