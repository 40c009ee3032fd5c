"""The front door: every name opens, whatever is asked first, and nothing heavy is carried in."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from household import environment

import clustergeo as cg

if TYPE_CHECKING:
    from pathlib import Path

PUBLIC = {
    "ClusterGeoError",
    "Layer",
    "catalogue",
    "explain",
    "explore",
    "export",
    "load_capital_region",
    "load_regions",
    "load_sites",
    "overlaps",
    "plot",
    "read_layer",
    "read_sites",
    "report",
    "save_map",
    "summarize",
    "table",
    "tag",
    "verify",
}

# Each room is the first one of a process once. A fork shares the libraries, which take seconds to load.
EACH_ROOM = """
import importlib, json, os, pkgutil, sys
import folium, geopandas, matplotlib.figure, pyarrow, pyogrio, jinja2, click
import importlib.util
place = importlib.util.find_spec("clustergeo").submodule_search_locations
rooms = [one.name for one in pkgutil.walk_packages(place, "clustergeo.") if "_data" not in one.name]
for name in [name for name in sys.modules if name.partition(".")[0] == "clustergeo"]:
    del sys.modules[name]
failed = []
for room in rooms:
    child = os.fork()
    if child == 0:
        try:
            importlib.import_module(room)
        except BaseException as error:
            print(room, repr(error), file=sys.stderr)
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        failed.append(room)
print(json.dumps([len(rooms), failed]))
"""


def in_new_process(script: str, *, cwd: Path, strict: bool = False) -> Any:
    """Run a script in a process of its own and return what it printed as JSON."""
    options = ["-W", "error"] if strict else []
    done = subprocess.run(
        [sys.executable, *options, "-c", script], cwd=cwd, env=environment(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout.decode().splitlines()[-1])


def test_importing_the_package_loads_no_heavy_library(tmp_path: Path) -> None:
    script = "import json, sys, clustergeo; dir(clustergeo); print(json.dumps(sorted(sys.modules)))"
    loaded = set(in_new_process(script, cwd=tmp_path))
    assert "clustergeo" in loaded
    assert not loaded & {
        "folium",
        "branca",
        "matplotlib",
        "geopandas",
        "pandas",
        "numpy",
        "shapely",
        "pyproj",
        "pyogrio",
    }


def test_loading_and_tagging_draws_nothing_and_so_loads_no_drawing_library(tmp_path: Path) -> None:
    script = (
        "import json, sys, clustergeo as cg; cg.summarize(cg.tag(cg.load_sites()), by='status')\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    assert not set(in_new_process(script, cwd=tmp_path)) & {"folium", "matplotlib.pyplot", "matplotlib.figure"}


def test_report_works_as_the_first_call_of_a_process(tmp_path: Path) -> None:
    script = (
        "import clustergeo as cg\n"
        "place = cg.report('out', as_of='2023-03-15')\n"
        "import json; print(json.dumps([str(place), len(cg.verify(place))]))"
    )
    assert in_new_process(script, cwd=tmp_path) == ["out", 0]
    assert (tmp_path / "out" / "index.html").is_file()


def test_tagging_raises_no_warning_as_the_first_call_of_a_process(tmp_path: Path) -> None:
    script = "import clustergeo as cg; cg.tag(cg.load_sites()); cg.explore; cg.plot; print('[]')"
    assert in_new_process(script, cwd=tmp_path, strict=True) == []


def test_verify_works_as_the_first_call_of_a_process_and_refuses_an_empty_folder(tmp_path: Path) -> None:
    script = (
        "import clustergeo as cg, json\n"
        "try:\n    cg.verify('.')\nexcept cg.ClusterGeoError as error:\n    print(json.dumps(str(error)))"
    )
    assert "no report" in in_new_process(script, cwd=tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_each_room_can_be_the_first_that_is_entered(tmp_path: Path) -> None:
    number, failed = in_new_process(EACH_ROOM, cwd=tmp_path)
    assert number > 20
    assert failed == []


def test_every_promised_name_is_public_and_every_public_name_resolves() -> None:
    assert set(cg.__all__) >= PUBLIC
    for name in cg.__all__:
        assert getattr(cg, name) is not None, name
    assert set(dir(cg)) >= set(cg.__all__)


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_a_public_name_is_documented(name: str) -> None:
    assert (getattr(cg, name).__doc__ or "").strip()


def test_a_star_import_brings_the_public_names() -> None:
    names: dict[str, Any] = {}
    exec("from clustergeo import *", names)  # noqa: S102 - what a notebook may do
    assert set(names) >= PUBLIC


def test_a_wrong_name_is_an_attribute_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match="repport"):
        _ = cg.repport
