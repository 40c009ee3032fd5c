"""The page for the analyst says what is true: its examples run, its table names the datasets that are known."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import shapely
from processes import served
from test_ogc import mapserver, write_service
from vworld_standin import KEY

from clustergeo.reading._vworld_datasets import DATASETS

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "official-data.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.fixture
def vworld(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with served(HERE / "vworld_standin.py") as port:
        monkeypatch.setenv("VWORLD_API_KEY", KEY)
        monkeypatch.setenv("VWORLD_URL", f"http://127.0.0.1:{port}/none/req/data")
        yield


def run(blocks: list[str], names: dict[str, Any]) -> None:
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), names, PAGE.name, str(PAGE), 0)
    result = doctest.DocTestRunner().run(test)
    assert result.attempted >= 3
    assert result.failed == 0


def test_the_examples_of_files_and_the_data_api_print_what_they_say(
    vworld: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    zones = gpd.GeoDataFrame({"MNUM": ["UDV100"]}, geometry=[shapely.box(126.8, 35.1, 126.9, 35.2)], crs=4326)
    zones.to_crs(5186).to_file(tmp_path / "LSMD_CONT_UD801_29_202501.shz", driver="ESRI Shapefile")
    (tmp_path / "LSMD_CONT_UD801_29_202501.shz").rename("LSMD_CONT_UD801_29_202501.zip")
    run([block for block in BLOCKS if "url" not in block], {})


def test_the_example_of_a_standard_service_prints_what_it_says(tmp_path: Path) -> None:
    import clustergeo as cg

    write_service(tmp_path)
    with served(HERE / "mapserver_runner.py", mapserver(), str(tmp_path)) as port:
        url = f"http://127.0.0.1:{port}/none/wfs?map=m"
        (block,) = [block for block in BLOCKS if "url" in block]
        test = doctest.DocTestParser().get_doctest(block, {"cg": cg, "url": url}, PAGE.name, str(PAGE), 0)
        assert doctest.DocTestRunner().run(test).failed == 0


def test_the_table_names_every_dataset_that_is_known_and_no_other() -> None:
    table = PAGE.read_text(encoding="utf-8").split("## Which dataset")[1].split("`PP` is")[0]
    named = re.findall(r"\| `(L[A-Z]_[A-Z0-9_]+)` \|", table)
    assert sorted(named) == sorted(dataset.name for dataset in DATASETS)
    for dataset in DATASETS:
        assert dataset.title_ko in table
        assert (dataset.licence is not None) == any(
            dataset.name in line and "attribution" in line for line in table.splitlines()
        )
