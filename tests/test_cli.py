"""The commands as a user types them: quick help, exit codes, and wrong input refused with its cure."""

from __future__ import annotations

import io
import subprocess
import sys
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from household import KOREAN_FOLDER, NO_NETWORK, contents, environment, run

from clustergeo import cli

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COMMANDS = {"report", "tag", "map", "table", "export", "explain", "verify", "layers", "rules"}
HEAVY = {"geopandas", "pandas", "numpy", "shapely", "pyproj", "pyogrio", "pyarrow", "folium", "branca", "matplotlib"}


@dataclass(frozen=True)
class Said:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Said]:
    """Return the command's main function, run in this process: as a user's run, without the start of Python."""
    monkeypatch.chdir(tmp_path)

    def called(*arguments: str | Path) -> Said:
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        code = 0
        with monkeypatch.context() as patch, warnings.catch_warnings():
            # The command shows its warnings; that they are errors in the tests is not its affair.
            warnings.simplefilter("default")
            patch.setattr(warnings, "showwarning", warnings.showwarning)
            patch.setattr(sys, "argv", ["clustergeo", *map(str, arguments)])
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            try:
                cli.main()
            except SystemExit as left:
                code = left.code if isinstance(left.code, int) else int(left.code is not None)
        texts = [stream.buffer.getvalue().decode("utf-8") for stream in (out, err)]  # type: ignore[attr-defined]
        return Said(code, *texts)

    return called


def sites(**columns: list[object]) -> gpd.GeoDataFrame:
    """Return two small squares in Chuncheon and Jeju with some columns."""
    squares = [shapely.box(lon, lat, lon + 0.01, lat + 0.01) for lon, lat in ((127.73, 37.87), (126.54, 33.37))]
    return gpd.GeoDataFrame({"site_id": ["a", "b"]} | columns, geometry=squares, crs="EPSG:4326")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.geojson"
    sites(sectors=["bio", "food;bio"]).to_file(path)
    return path


# Help.


def loaded_by(*arguments: str, cwd: Path) -> set[str]:
    """Return the top-level modules that a run imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments], cwd=cwd, env=environment(), capture_output=True, check=True
    )
    lines = [line for line in done.stderr.decode().splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def test_help_loads_no_heavy_library(tmp_path: Path) -> None:
    loaded = loaded_by("-m", "clustergeo", "--help", cwd=tmp_path)
    assert "click" in loaded
    assert not loaded & HEAVY


def test_the_help_of_a_command_and_the_version_load_no_heavy_library(tmp_path: Path) -> None:
    assert not loaded_by("-m", "clustergeo", "report", "--help", cwd=tmp_path) & HEAVY
    assert not loaded_by("-m", "clustergeo", "--version", cwd=tmp_path) & HEAVY


def test_a_wrong_command_line_is_told_before_a_heavy_library_is_loaded(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "clustergeo", "report"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert b"geopandas" not in done.stderr


def test_help_names_every_command(call: Callable[..., Said]) -> None:
    said = call("--help")
    assert said.code == 0
    assert [name for name in COMMANDS if f"\n  {name} " not in said.out] == []
    assert said.err == ""


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_command_has_help_that_says_what_it_does(call: Callable[..., Said], name: str) -> None:
    said = call(name, "--help")
    assert said.code == 0
    assert f"clustergeo {name}" in said.out
    assert len(said.out.splitlines()) >= 5


def test_the_version_is_that_of_the_package(call: Callable[..., Said]) -> None:
    import clustergeo

    assert clustergeo.__version__ in call("--version").out


# Exit code 2: the command line was wrong.


@pytest.mark.parametrize(
    "arguments",
    [
        ["reprot", "out"],
        ["report"],
        ["report", "out", "--colour", "red"],
        ["report", "out", "more"],
        ["report", "out", "--zones", "no-equals-sign"],
        ["report", "out", "--zones", "=file.gpkg"],
        ["report", "out", "--coverage", "rdz"],
        ["tag", "good.geojson"],
        ["table", "good.geojson", "--format", "pdf"],
        ["table", "good.geojson", "--lang", "fr"],
        ["explain"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_exit_code_2_with_a_hint(
    call: Callable[..., Said], good: Path, arguments: list[str]
) -> None:
    said = call(*arguments)
    assert said.code == 2
    assert said.out == ""
    assert "Usage:" in said.err
    assert "Error:" in said.err
    assert list(good.parent.iterdir()) == [good]


# Exit code 1: the input was refused, with the cure, and nothing was written.


def not_there(folder: Path) -> Path:
    return folder / "nothing.gpkg"


def no_bytes(folder: Path) -> Path:
    path = folder / "empty.geojson"
    path.write_bytes(b"")
    return path


def no_rows(folder: Path) -> Path:
    path = folder / "rowless.gpkg"
    sites().iloc[:0].to_file(path)
    return path


def header_only(folder: Path) -> Path:
    path = folder / "header.csv"
    path.write_text("site_id,lon,lat\n", encoding="utf-8")
    return path


def no_geometry(folder: Path) -> Path:
    path = folder / "names.csv"
    path.write_text("site_id,name\na,one\n", encoding="utf-8")
    return path


def null_geometry(folder: Path) -> Path:
    path = folder / "null.parquet"
    sites().set_geometry([None, None], crs="EPSG:4326").to_parquet(path)
    return path


def plain_parquet(folder: Path) -> Path:
    path = folder / "plain.parquet"
    pd.DataFrame({"site_id": ["a"]}).to_parquet(path)
    return path


def no_crs(folder: Path) -> Path:
    path = folder / "lost.parquet"
    sites().set_crs(None, allow_override=True).to_parquet(path)
    return path


def shapefile_without_prj(folder: Path) -> Path:
    path = folder / "lost.shp"
    sites().to_file(path)
    path.with_suffix(".prj").unlink()
    return path


def duplicate_ids(folder: Path) -> Path:
    path = folder / "twice.geojson"
    sites(site_id=["same", "same"]).to_file(path)
    return path


def overwritten(column: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / "taken.gpkg"
        sites(**{column: ["x", "y"]}).to_file(path)
        return path

    return write


def not_a_map(folder: Path) -> Path:
    path = folder / "broken.gpkg"
    path.write_bytes(b"this is no GeoPackage" * 99)
    return path


def metres_as_degrees(folder: Path) -> Path:
    path = folder / "metres.geojson"
    path.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},'
        '"geometry":{"type":"Point","coordinates":[953901.0,1952032.0]}}]}',
        encoding="utf-8",
    )
    return path


def swapped(folder: Path) -> Path:
    path = folder / "swapped.csv"
    path.write_text("site_id,lon,lat\na,37.5,127.0\n", encoding="utf-8")
    return path


def spreadsheet(folder: Path) -> Path:
    path = folder / "sites.docx"
    path.write_bytes(b"PK")
    return path


WRONG = [
    (not_there, ["nothing.gpkg", "Check the path"]),
    (no_bytes, ["empty.geojson", "empty"]),
    (no_rows, ["rowless.gpkg", "no rows"]),
    (header_only, ["header.csv", "no rows"]),
    (no_geometry, ["names.csv", "no geometry", "lon"]),
    (null_geometry, ["null.parquet", "no geometry"]),
    (plain_parquet, ["plain.parquet", "geometry"]),
    (no_crs, ["lost.parquet", "CRS", "crs"]),
    (shapefile_without_prj, ["lost.shp", "CRS", "crs"]),
    (duplicate_ids, ["twice.geojson", "site_id", "'same'"]),
    (overwritten("in_capital_region"), ["in_capital_region", "rename or drop"]),
    (overwritten("rdz_share"), ["rdz_share", "rename or drop"]),
    (overwritten("province"), ["province", "rename or drop"]),
    (not_a_map, ["broken.gpkg", "cannot be read"]),
    (metres_as_degrees, ["metres.geojson", "crs"]),
    (swapped, ["swapped.csv", "wap"]),
    (spreadsheet, ["sites.docx", ".gpkg"]),
]


def expect_refusal(said: Said, words: list[str]) -> None:
    """Expect exit code 1 and one message on stderr that holds some words and no Python."""
    assert said.code == 1, said.err
    assert said.out == ""
    assert said.err.startswith("clustergeo: ")
    assert said.err.count("clustergeo: ") == 1
    assert "Traceback" not in said.err
    assert "/vsimem" not in said.err
    assert [word for word in words if word not in said.err] == []


@pytest.mark.parametrize(("make", "words"), WRONG, ids=[f"{make.__name__}-{words[0]}" for make, words in WRONG])
def test_report_refuses_wrong_sites_with_the_cure_and_writes_nothing(
    call: Callable[..., Said], tmp_path: Path, make: Callable[[Path], Path], words: list[str]
) -> None:
    file = make(tmp_path)
    before = contents(tmp_path)
    expect_refusal(call("report", "out", "--sites", file), words)
    assert contents(tmp_path) == before
    assert not (tmp_path / "out").exists()


OTHERS = [
    (["table", "good.geojson", "--by", "colour"], ["colour", "macro_region"]),
    (["table", "good.geojson", "--by", "sector,province,status"], ["by", "two"]),
    (["export", "good.geojson", "out", "--by", "colour"], ["colour", "sector"]),
    (["export", "good.geojson", "out", "--format", "dwg"], ["dwg", "geojson"]),
    (["tag", "good.geojson", "-o", "out.dwg"], ["dwg", "geojson"]),
    (["tag", "good.geojson", "-o", "good.geojson/out.csv"], ["good.geojson"]),
    (["report", "good.geojson"], ["good.geojson", "folder"]),
    (["report", "out", "--as-of", "yesterday"], ["yesterday", "YYYY-MM-DD"]),
    (["report", "out", "--as-of", "2023-02-30"], ["2023-02-30", "YYYY-MM-DD"]),
    (["report", "out", "--sites", "good.geojson", "--crs", "EPSG:nothing"], ["EPSG:nothing"]),
    (["report", "out", "--zones", "rdz=nothing.gpkg"], ["nothing.gpkg", "Check the path"]),
    (["report", "out", "--zones", "no name=good.geojson"], ["no name", "identifier"]),
    (["report", "out", "--zones", "capital=good.geojson"], ["capital"]),
    (["report", "out", "--zones", "rdz=good.geojson", "--coverage", "rdz=Narnia"], ["Narnia"]),
    (["report", "out", "--coverage", "rdz=everywhere"], ["rdz", "--zones"]),
    (["report", "out", "--facts", "nothing.csv"], ["nothing.csv", "Check the path"]),
    (["report", "out", "--facts", "good.geojson"], ["good.geojson", "columns"]),
    (["explain", "atlantis"], ["atlantis", "yongin"]),
    (["verify", "."], ["no report", "clustergeo report"]),
    (["verify", "nothing"], ["nothing", "no report"]),
    (["map", "nothing.csv", "-o", "map.html"], ["nothing.csv", "Check the path"]),
]


@pytest.mark.parametrize(("arguments", "words"), OTHERS, ids=[" ".join(arguments) for arguments, _ in OTHERS])
def test_other_wrong_input_is_refused_with_the_cure_and_writes_nothing(
    call: Callable[..., Said], good: Path, arguments: list[str], words: list[str]
) -> None:
    before = contents(good.parent)
    expect_refusal(call(*arguments), words)
    assert contents(good.parent) == before
    assert list(good.parent.iterdir()) == [good]


def test_all_problems_of_a_file_are_told_at_once(call: Callable[..., Said], tmp_path: Path) -> None:
    sites(site_id=["same", "same"], rdz_share=[0.1, 0.2], capital_share=[1.0, 1.0]).to_file(tmp_path / "bad.gpkg")
    expect_refusal(call("report", "out", "--sites", "bad.gpkg"), ["'same'", "rdz_share", "capital_share"])


def test_a_refusal_in_a_process_of_its_own_is_one_message_with_exit_code_1(tmp_path: Path) -> None:
    done = run(
        "report", "out", "--sites", "없는 파일.gpkg".encode(), cwd=tmp_path, env=environment(LC_ALL="C", PYTHONUTF8="0")
    )
    assert done.returncode == 1
    assert done.stdout == b""
    assert "없는 파일.gpkg" in done.stderr.decode("utf-8")
    assert b"Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


# Exit code 0: done.


def test_layers_lists_each_shipped_layer_with_licence_and_hash(call: Callable[..., Said]) -> None:
    said = call("layers")
    rows = [line.split("\t") for line in said.out.splitlines()]
    assert said.code == 0
    assert {"localities-2018", "capital-region-2018", "sites-2023"} <= {row[0] for row in rows}
    assert all(len(row) == 7 and all(row) and row[3] not in {"NA", "-"} and len(row[6]) == 64 for row in rows)


def test_tag_writes_the_tagged_sites_of_a_file(call: Callable[..., Said], good: Path) -> None:
    said = call("tag", good, "-o", "deep/tagged.csv")
    assert (said.code, said.err) == (0, "")
    table = pd.read_csv(good.parent / "deep" / "tagged.csv", encoding="utf-8-sig")
    assert table["municipality"].tolist() == ["춘천시", "제주시"]
    assert table["in_capital_region"].tolist() == [False, False]


def test_table_prints_a_summary_in_either_language(call: Callable[..., Said], good: Path) -> None:
    english, korean = (call("table", good, "--by", "sector", "--lang", lang) for lang in ("en", "ko"))
    assert (english.code, korean.code) == (0, 0)
    assert "| bio | 2 |" in english.out
    assert "| 바이오 | 2 |" in korean.out


@pytest.mark.parametrize("kind", ["markdown", "html", "csv", "latex"])
def test_table_prints_each_format(call: Callable[..., Said], good: Path, kind: str) -> None:
    said = call("table", good, "--by", "in_capital_region", "--format", kind)
    assert said.code == 0
    assert "outside" in said.out
    assert said.out.endswith("\n")


def test_export_names_each_file_it_wrote(call: Callable[..., Said], good: Path) -> None:
    said = call("export", good, "out", "--by", "sector", "--format", "csv")
    assert said.code == 0
    assert sorted(contents(good.parent / "out")) == [
        "by-sector/bio.csv",
        "by-sector/food.csv",
        "ro-crate-metadata.json",
        "sites.csv",
    ]
    assert len(said.out.splitlines()) == 4


def test_explain_says_why_in_either_language(call: Callable[..., Said]) -> None:
    assert "capital region: yes" in call("explain", "yongin").out
    assert "수도권" in call("explain", "yongin", "--lang", "ko").out


def test_facts_about_a_site_that_is_not_on_the_map_are_refused_as_in_a_report(
    call: Callable[..., Said], good: Path, tmp_path: Path
) -> None:
    head = "site_id,attribute,value,as_of,scope,basis,source,confidence,note_ko,note_en\n"
    (tmp_path / "own.csv").write_text(
        head + "nowhere,area_km2,1.5,2026-03-15,whole,reported,https://example.org,stated,,\n", encoding="utf-8"
    )
    said = call("map", good, "-o", "m.html", "--facts", "own.csv")
    assert said.code == 1
    assert "not among the sites given: 'nowhere'" in said.err
    assert not (tmp_path / "m.html").exists()


def test_map_writes_one_page(call: Callable[..., Said], good: Path) -> None:
    said = call("map", good, "-o", "map.html", "--lang", "ko")
    assert said.code == 0, said.err
    page = (good.parent / "map.html").read_text(encoding="utf-8")
    assert page.lstrip().lower().startswith("<!doctype html>")


def test_a_warning_is_one_line_and_no_python(call: Callable[..., Said], good: Path) -> None:
    gpd.GeoDataFrame(geometry=[shapely.box(129.0, 35.0, 129.1, 35.1)], crs="EPSG:4326").to_file(
        good.parent / "zone.geojson"
    )
    said = call("tag", good, "-o", "tagged.csv", "--zones", "water=zone.geojson")
    assert said.code == 0
    assert said.err.startswith("warning: ")
    assert "coverage" in said.err
    assert len(said.err.splitlines()) == 1
    assert ".py" not in said.err


def test_a_declared_coverage_turns_the_unknown_into_a_zero(call: Callable[..., Said], good: Path) -> None:
    gpd.GeoDataFrame(geometry=[shapely.box(129.0, 35.0, 129.1, 35.1)], crs="EPSG:4326").to_file(
        good.parent / "zone.geojson"
    )
    said = call(
        "tag", good, "-o", "tagged.csv", "--zones", "water=zone.geojson", "--coverage", "water=kostat:32,kostat:39"
    )
    assert (said.code, said.err) == (0, "")
    assert pd.read_csv(good.parent / "tagged.csv", encoding="utf-8-sig")["water_share"].tolist() == [0.0, 0.0]


def test_korean_goes_through_a_c_locale_and_a_pipe(good: Path) -> None:
    env = environment(LC_ALL="C", PYTHONUTF8="0")
    done = run("tag", "good.geojson", "-o", f"{KOREAN_FOLDER}/부지.gpkg".encode(), cwd=good.parent, env=env)
    assert done.returncode == 0, done.stderr.decode()
    assert f"{KOREAN_FOLDER}/부지.gpkg" in done.stdout.decode("utf-8")
    back = run("table", f"{KOREAN_FOLDER}/부지.gpkg".encode(), "--lang", "ko", cwd=good.parent, env=env)
    # A tagged file is refused as input, because its tags would be overwritten; the refusal is Korean-safe too.
    assert back.returncode == 1
    assert "부지.gpkg" in back.stderr.decode("utf-8")
    assert b"Traceback" not in back.stderr


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: S602 - a pipe is what is tested
        f"'{sys.executable}' -m clustergeo layers | head -c 1",
        shell=True,
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        check=False,
    )
    assert done.stderr == b""


def test_the_wall_of_these_tests_stops_every_connection(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(NO_NETWORK, encoding="utf-8")
    log = tmp_path / "log"
    done = subprocess.run(
        [sys.executable, "-c", "import socket; socket.create_connection(('127.0.0.1', 9))"],
        env=environment(PYTHONPATH=str(tmp_path), NETWORK_ATTEMPTS=str(log)),
        capture_output=True,
        check=False,
    )
    assert b"this test has no network" in done.stderr
    assert "127.0.0.1" in log.read_text(encoding="utf-8")


# Rules.


def test_rules_are_listed_held_against_the_15_on_a_day_and_explained(call: Callable[..., Said], tmp_path: Path) -> None:
    listed = call("rules")
    assert listed.code == 0
    assert "infra-2023" in listed.out
    applied = call("rules", "--on", "2024-06-01")
    assert applied.code == 0
    table = pd.read_csv(io.StringIO(applied.out)).set_index(["site_id", "rule_id"])["applies"]
    assert table["yongin", "infra-2024"] == "yes"
    assert table["cheonan", "infra-2024"] == "unknown"
    assert "Not legal advice" in applied.err
    told = call("rules", "--on", "2026-03-01", "--explain", "andong", "--scenario", "doubling-2026", "--lang", "ko")
    assert "검토 중이며 규칙이 아님" in told.out
    assert "법률 자문이 아님" in told.out
    kept = call("rules", "--on", "2026-03-01", "--explain", "andong", "-o", "andong.txt")
    assert kept.code == 0
    assert (tmp_path / "andong.txt").read_text(encoding="utf-8").startswith("UNKNOWN infra-2025: ")
    written = call("rules", "--on", "2024-06-01", "-o", "규칙.csv")
    assert written.code == 0
    assert (tmp_path / "규칙.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_rules_of_ones_own_apply_to_ones_own_sites_or_are_refused_with_the_line(
    call: Callable[..., Said], good: Path, tmp_path: Path
) -> None:
    from test_policy_files import RULE

    own = tmp_path / "own.toml"
    own.write_text(RULE, encoding="utf-8")
    found = call("rules", good, "--on", "2025-05-01", "--rules", own)
    assert found.code == 0
    table = pd.read_csv(io.StringIO(found.out)).set_index(["site_id", "rule_id"])["applies"]
    assert (table["a", "mine"], table["b", "mine"]) == ("yes", "yes")
    own.write_text(RULE.replace("in_force", "valid"), encoding="utf-8")
    wrong = call("rules", good, "--on", "2025-05-01", "--rules", own)
    assert wrong.code == 1
    assert "own.toml, line 10" in wrong.err


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("--explain", "yongin"), 2, "--on"),
        (("--scenario", "doubling-2026"), 2, "--on"),
        (("--size", "sme"), 2, "--on"),
        (("--investment", "0"), 2, "--on"),
        (("--on", "2025-05"), 1, "YYYY-MM-DD"),
        (("--on", "2026-03-01", "--scenario", "tripling"), 1, "doubling-2026"),
        (("--on", "2026-03-01", "--technology", "alchemy"), 1, "semiconductor"),
        (("--rules", "none.toml"), 1, "none.toml"),
    ],
)
def test_wrong_options_of_rules_are_refused(
    call: Callable[..., Said], arguments: tuple[str, ...], code: int, word: str
) -> None:
    said = call("rules", *arguments)
    assert said.code == code
    assert word in said.err
