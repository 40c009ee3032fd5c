"""A report held against its own figures: what was changed is named, with file and figure; what was not is not."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
from household import MANIFEST, run, shipped_report

import clustergeo as cg

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shipped_report(tmp_path_factory)


@pytest.fixture
def copy(shipped: Path, tmp_path: Path) -> Path:
    return shutil.copytree(shipped, tmp_path / "out")


def replace(path: Path, old: str, new: str) -> None:
    """Replace a text that a file holds, once."""
    text = path.read_bytes().decode("utf-8")
    assert old in text, f"{path.name} does not hold {old!r}"
    path.write_bytes(text.replace(old, new, 1).encode("utf-8"))


def edit_manifest(folder: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """Change the entities of the manifest."""
    crate = json.loads((folder / MANIFEST).read_bytes())
    change(crate["@graph"])
    (folder / MANIFEST).write_text(json.dumps(crate, ensure_ascii=False), encoding="utf-8")


def fix_hash(folder: Path, name: str) -> None:
    """Do what somebody does who wants a change to go unnoticed."""

    def change(entities: list[dict[str, Any]]) -> None:
        for one in entities:
            if one["@id"] == name:
                one["sha256"] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
                one["contentSize"] = (folder / name).stat().st_size

    edit_manifest(folder, change)


def in_package(folder: Path, statement: str) -> None:
    """Run a statement on the GeoPackage, as somebody with a database browser does."""
    base = sqlite3.connect(folder / "sites.gpkg")
    base.create_function("ST_IsEmpty", 1, lambda _shape: 0)
    for name in ("ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
        base.create_function(name, 1, lambda _shape: 0.0)
    assert base.execute(statement).rowcount == 1
    base.commit()
    base.close()


def words_of(findings: pd.DataFrame, file: str) -> str:
    """Return all that the findings say of a file."""
    rows = findings[findings["file"] == file]
    return "\n".join(" | ".join(map(str, row)) for row in rows.itertuples(index=False))


def test_nothing_is_found_on_a_fresh_report(copy: Path) -> None:
    found = cg.verify(copy)
    assert found.empty, found.to_string()
    assert {"file", "where", "found", "expected", "problem"} <= set(found.columns)


def test_the_command_says_so_with_exit_code_0_and_no_word_on_stderr(copy: Path) -> None:
    done = run("verify", "out", cwd=copy.parent)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    assert done.stderr == b""
    assert b"out" in done.stdout


def test_verifying_changes_nothing(copy: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in copy.rglob("*")}
    cg.verify(copy)
    assert {path: path.stat().st_mtime_ns for path in copy.rglob("*")} == before


@pytest.mark.parametrize("name", ["map.png", "map.ko.svg", "map.html", "index.ko.html", "sites.parquet"])
def test_one_changed_byte_of_a_file_is_found(copy: Path, name: str) -> None:
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(bytes(data))
    found = cg.verify(copy)
    assert set(found["file"]) == {name}
    assert "sha256" in words_of(found, name)


def test_a_changed_figure_of_a_csv_table_is_named_with_its_row_and_column(copy: Path) -> None:
    name = "tables/summary-by-sector.csv"
    replace(copy / name, "semiconductor,3,15.35,", "semiconductor,3,15.36,")
    found = cg.verify(copy)
    assert set(found["file"]) == {name}
    rows = found[found["where"] != ""]
    assert rows["where"].tolist() == ["semiconductor, Area (km²)"]
    assert rows[["found", "expected"]].to_numpy().tolist() == [["15.36", "15.35"]]


def test_a_changed_property_of_the_geojson_is_named_with_its_site(copy: Path) -> None:
    replace(copy / "sites.geojson", '"area_km2":7.28', '"area_km2":7.82')
    found = cg.verify(copy)
    assert set(found["file"]) == {"sites.geojson"}
    assert "yongin, area_km2" in words_of(found, "sites.geojson")
    assert "7.82" in words_of(found, "sites.geojson")


def test_a_moved_outline_in_the_geojson_is_named_with_its_site(copy: Path) -> None:
    content = json.loads((copy / "sites.geojson").read_bytes())
    content["features"][3]["geometry"]["coordinates"][0][1][0] += 0.01
    (copy / "sites.geojson").write_text(json.dumps(content), encoding="utf-8")
    fix_hash(copy, "sites.geojson")
    said = words_of(cg.verify(copy), "sites.geojson")
    assert "geometry" in said
    assert content["features"][3]["properties"]["site_id"] in said


def test_a_changed_figure_in_the_geopackage_is_named_with_its_site(copy: Path) -> None:
    in_package(copy, "UPDATE sites SET area_km2 = 9.9 WHERE site_id = 'yongin'")
    found = cg.verify(copy)
    assert set(found["file"]) == {"sites.gpkg"}
    assert "yongin, area_km2" in words_of(found, "sites.gpkg")
    assert "9.9" in words_of(found, "sites.gpkg")


def test_a_row_that_left_the_geopackage_is_named(copy: Path) -> None:
    in_package(copy, "DELETE FROM sites WHERE site_id = 'wanju'")
    assert "wanju" in words_of(cg.verify(copy), "sites.gpkg")


@pytest.mark.parametrize(
    "name", ["index.html", "by-sector/bio.geojson", "sites.parquet", "tables/summary-by-status.ko.md"]
)
def test_a_deleted_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    found = cg.verify(copy)
    assert set(found["file"]) == {name}
    assert "missing" in words_of(found, name)


# Somebody who also mends the hash.


@pytest.mark.parametrize(
    ("name", "old", "new", "where"),
    [
        ("tables/summary-by-macro_region.csv", "Honam,4,", "Honam,5,", "Honam, Sites"),
        ("tables/summary-by-sector.ko.csv", "반도체,3,", "반도체,4,", "반도체, 부지 수"),
        ("tables/summary-by-status.html", ">7.28<", ">7.29<", "7.29"),
        ("tables/summary-by-in_capital_region.md", "29.54", "29.45", "29.45"),
        ("by-macro_region/gyeonggi.geojson", '"area_km2":7.28', '"area_km2":7.0', "yongin, area_km2"),
        ("sites.geojson", '"rdz_share":0.956', '"rdz_share":0.956001', "gwangju, rdz_share"),
        ("sites.csv", ",0.956,", ",0.965,", "gwangju, rdz_"),
        ("index.html", "<b>36.82</b>", "<b>63.82</b>", "63.82"),
        ("index.ko.html", ">0.636<", ">0.663<", "0.663"),
        ("map.html", "7.28", "7.82", "7.82"),
    ],
)
def test_a_changed_figure_is_named_even_if_the_manifest_was_mended(
    copy: Path, name: str, old: str, new: str, where: str
) -> None:
    replace(copy / name, old, new)
    fix_hash(copy, name)
    found = cg.verify(copy)
    assert set(found["file"]) == {name}
    assert where in words_of(found, name)


@pytest.mark.parametrize(
    ("site", "column", "value"),
    [
        ("cheonan", "in_capital_region", True),
        ("osong", "municipality_code_kostat", "31191"),
        ("wanju", "area_km2", 6.36),
    ],
)
def test_a_figure_changed_in_the_file_that_the_others_are_made_from_is_named(
    copy: Path, site: str, column: str, value: object
) -> None:
    frame = gpd.read_parquet(copy / "sites.parquet")
    frame.loc[frame["site_id"] == site, column] = value
    frame.to_parquet(copy / "sites.parquet", index=False)
    fix_hash(copy, "sites.parquet")
    found = cg.verify(copy)
    said = "\n".join(words_of(found, name) for name in set(found["file"]))
    assert f"{site}, {column}" in said


def test_a_table_that_was_changed_and_taken_off_the_manifest_is_found(copy: Path) -> None:
    name = "tables/summary-by-macro_region.csv"
    replace(copy / name, "Honam,4,", "Honam,5,")
    edit_manifest(copy, lambda entities: entities.remove(next(one for one in entities if one["@id"] == name)))
    assert name in set(cg.verify(copy)["file"])


def test_a_changed_hash_in_the_manifest_is_found(copy: Path) -> None:
    def change(entities: list[dict[str, Any]]) -> None:
        next(one for one in entities if one["@id"] == "map.png")["sha256"] = "0" * 64

    edit_manifest(copy, change)
    assert set(cg.verify(copy)["file"]) == {"map.png"}


def test_several_changes_are_each_named(copy: Path) -> None:
    (copy / "map.svg").unlink()
    replace(copy / "sites.csv", ",7.28,", ",7.29,")
    replace(copy / "tables/summary-by-province.csv", ",1,7.28,", ",2,7.28,")
    found = cg.verify(copy)
    assert set(found["file"]) == {"map.svg", "sites.csv", "tables/summary-by-province.csv"}


def test_the_command_names_the_file_and_the_figure_with_exit_code_1(copy: Path) -> None:
    replace(copy / "tables/summary-by-sector.csv", "semiconductor,3,", "semiconductor,30,")
    done = run("verify", "out", cwd=copy.parent)
    assert done.returncode == 1
    said = done.stdout.decode("utf-8")
    assert "tables/summary-by-sector.csv" in said
    assert "semiconductor, Sites" in said
    assert "'30'" in said
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"@graph": 3}', b"\xff\xfe"])
def test_a_folder_without_a_readable_manifest_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(cg.ClusterGeoError, match="report"):
        cg.verify(tmp_path)


def test_a_report_whose_manifest_was_emptied_does_not_pass(copy: Path) -> None:
    edit_manifest(copy, lambda entities: entities.clear())
    assert not cg.verify(copy).empty


def test_a_file_outside_the_folder_is_not_read_for_a_manifest_that_names_one(copy: Path) -> None:
    outside = copy.parent / "secret.txt"
    outside.write_bytes(b"secret")

    def change(entities: list[dict[str, Any]]) -> None:
        entities.append({"@id": "../secret.txt", "@type": "File", "sha256": hashlib.sha256(b"secret").hexdigest()})

    edit_manifest(copy, change)
    assert "../secret.txt" in set(cg.verify(copy)["file"])
