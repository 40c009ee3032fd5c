"""The build: the same bytes from the same facts, and refusals where facts and boundary disagree."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from squares import boundary_file

import clustergeo as cg
from clustergeo import _build
from clustergeo._shipped import data_path
from clustergeo.sources import load_sources

RAW = Path(__file__).resolve().parents[1] / "data" / "raw"


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    if not RAW.is_dir():
        pytest.skip("the raw tables are only in a checkout")
    return Path(shutil.copytree(RAW, tmp_path / "raw"))


@pytest.fixture(scope="module")
def localities() -> gpd.GeoDataFrame:
    return gpd.read_parquet(data_path("localities.parquet"))


def edit(raw: Path, table: str, site: str, **cells: str) -> None:
    path = raw / f"{table}.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    row = frame.index[frame["site_id"] == site][0]
    for column, value in cells.items():
        frame.loc[row, column] = value
    frame.to_csv(path, index=False)


@pytest.mark.skipif(not hasattr(shapely, "coverage_clean"), reason="the build needs shapely 2.2 (the extra `build`)")
def test_the_build_gives_the_shipped_bytes_and_a_wrong_fact_stops_it(raw: Path, tmp_path: Path) -> None:
    boundary, out = boundary_file(), tmp_path / "out"
    listing = _build.build(raw, out, boundary=boundary)
    for entry in listing["layers"]:
        built, shipped = (path.read_bytes() for path in (out / entry["file"], data_path(entry["file"])))
        assert hashlib.sha256(built).hexdigest() == entry["sha256"]
        if Path(entry["file"]).suffix != ".parquet":
            assert built == shipped
        else:
            one, other = (gpd.read_parquet(p) for p in (out / entry["file"], data_path(entry["file"])))
            assert one.geometry.geom_equals(other.geometry).all(), entry["file"]
            assert one.drop(columns=one.select_dtypes("geometry").columns).equals(
                other.drop(columns=other.select_dtypes("geometry").columns)
            )


def test_a_boundary_file_of_another_sha256_is_refused_and_nothing_is_written(raw: Path, tmp_path: Path) -> None:
    wrong, out = tmp_path / "wrong.json", tmp_path / "out"
    wrong.write_text("{}", encoding="utf-8")
    with pytest.raises(cg.ClusterGeoError, match=hashlib.sha256(b"{}").hexdigest()):
        _build.build(raw, out, boundary=wrong)
    assert not out.exists()


def test_a_boundary_file_that_is_not_there_is_refused_with_its_path(raw: Path, tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError, match=r"none\.json"):
        _build.build(raw, tmp_path / "out", boundary=tmp_path / "none.json")


def test_the_shipped_addresses_and_positions_agree(raw: Path, localities: gpd.GeoDataFrame) -> None:
    assert len(_build._sites(raw, localities)) == 15


@pytest.mark.parametrize(
    ("table", "cells", "word"),
    [
        ("sites", {"province_code_kostat": "31"}, "disagree with province 31"),
        ("sites", {"lon": "127.0", "lat": "37.5"}, "position lies outside"),
        ("site_localities", {"locality_code_kostat": "1101053"}, "not in the boundary source under that name"),
        ("site_localities", {"locality_code_kostat": "9999999"}, "9999999"),
        ("site_localities", {"name_2018": "성환동"}, "not in the boundary source under that name"),
        ("site_localities", {"site_id": "nowhere"}, "missing"),
    ],
)
def test_an_address_that_the_boundary_contradicts_stops_the_build(
    raw: Path, localities: gpd.GeoDataFrame, table: str, cells: dict[str, str], word: str
) -> None:
    edit(raw, table, "cheonan", **cells)
    with pytest.raises(cg.ClusterGeoError, match=word) as caught:
        _build._sites(raw, localities)
    assert "cheonan" in str(caught.value)


def test_a_fact_that_cites_no_listed_source_stops_the_build(raw: Path, tmp_path: Path) -> None:
    edit(raw, "facts", "cheonan", source="hearsay")
    with pytest.raises(cg.ClusterGeoError, match=r"line \d+.*hearsay"):
        _build.facts.read_facts(raw / "facts.csv", sources=frozenset(load_sources()))


def test_a_locality_of_a_site_that_is_not_in_the_table_of_sites_stops_the_build(
    raw: Path, localities: gpd.GeoDataFrame
) -> None:
    with (raw / "site_localities.csv").open("a", encoding="utf-8") as file:
        file.write("nowhere,3401211,성환읍,성환읍,Seonghwan-eup,,2023-03-15,,x,kostat-2018-localities\n")
    with pytest.raises(cg.ClusterGeoError, match="nowhere"):
        _build._sites(raw, localities)
