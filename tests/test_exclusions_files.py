"""Exclusions over the batches of a file: the answers of apply(), or the file refused with nothing written."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from squares import PLANE, layer

import clustergeo as cg
from clustergeo import streaming

if TYPE_CHECKING:
    from pathlib import Path

# One of the sites of these tests has no geometry.
pytestmark = pytest.mark.filterwarnings("ignore:.*rows have no geometry")

COUNT = 50


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "BATCH", 7)


@pytest.fixture
def frame() -> gpd.GeoDataFrame:
    """Return parcels that walk to the north-east, so that batch after batch lies beyond the ones before."""
    rng = np.random.default_rng(4)
    x, y = np.linspace(150_000, 300_000, COUNT), np.linspace(450_000, 620_000, COUNT) + rng.uniform(0, 900, COUNT)
    shapes = np.asarray(shapely.box(x, y, x + 900, y + 300), dtype=object)
    shapes[17] = None
    return gpd.GeoDataFrame({"owner": [f"김 {row}" for row in range(COUNT)]}, geometry=shapes, crs=PLANE)


def rules() -> cg.Exclusions:
    """Return stripes that overlap each other, a road with the ground round it and ground that is forced eligible."""
    stripes = [shapely.box(x, 400_000, x + 700, 700_000) for x in range(150_000, 300_000, 2_000)]
    across = [shapely.box(140_000, y, 310_000, y + 900) for y in range(440_000, 640_000, 2_000)]
    road = gpd.GeoDataFrame(geometry=[shapely.LineString([(140_000, 450_000), (310_000, 620_000)])], crs=PLANE)
    port = layer([shapely.box(200_000, 500_000, 230_000, 560_000)], name="port")
    return (
        cg.Exclusions()
        .add("rdz", layer(stripes, name="rdz", source="stripes"), max_share=0.3)
        .add("water", layer(across, name="water"), max_share=0.2)
        .add("road", road, buffer_m=300, coverage="everywhere")
        .add("port", port, forced=True)
    )


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert found.columns.tolist() == expected.columns.tolist()
    for name in expected.columns.drop("geometry"):
        one, other = found[name], expected[name]
        if str(other.dtype) == "float64":
            assert np.allclose(one.astype(float), other, rtol=0, atol=1e-9 * max(other.abs().max(), 1), equal_nan=True)
        else:
            assert one.astype(object).where(one.notna(), None).tolist() == (
                other.astype(object).where(other.notna(), None).tolist()
            ), name


@pytest.mark.parametrize("ending", ["parquet", "gpkg"])
def test_a_file_has_the_answers_of_apply(frame: gpd.GeoDataFrame, tmp_path: Path, ending: str) -> None:
    frame.to_parquet(tmp_path / "sites.parquet")
    done = rules().apply_file(tmp_path / "sites.parquet", tmp_path / f"out.{ending}", progress=False)
    assert done.rows == COUNT
    read: Any = gpd.read_parquet if ending == "parquet" else partial(gpd.read_file, layer="sites")
    expected = rules().apply(frame)
    found = read(tmp_path / f"out.{ending}")
    same(found[expected.columns.tolist()], expected)
    assert expected["kept"].notna().sum() == COUNT - 1
    assert 0 < expected["kept"].sum() < COUNT - 1


def test_the_answers_do_not_depend_on_the_threads(frame: gpd.GeoDataFrame, tmp_path: Path) -> None:
    frame.to_parquet(tmp_path / "sites.parquet")
    for threads in (1, 3):
        rules().apply_file(tmp_path / "sites.parquet", tmp_path / f"{threads}.parquet", threads=threads)
    one, three = (gpd.read_parquet(tmp_path / f"{threads}.parquet") for threads in (1, 3))
    same(one, three)


@pytest.mark.filterwarnings("ignore:.*rows have no geometry")
def test_a_format_that_has_no_batches_is_read_whole(frame: gpd.GeoDataFrame, tmp_path: Path) -> None:
    frame.to_file(tmp_path / "sites.geojson")
    rules().apply_file(tmp_path / "sites.geojson", tmp_path / "out.csv")
    expected = rules().apply(cg.read_sites(tmp_path / "sites.geojson"))
    assert pd.read_csv(tmp_path / "out.csv")["excluded_by"].fillna("").tolist() == expected["excluded_by"].tolist()


def test_the_file_says_which_layers_it_rests_on(frame: gpd.GeoDataFrame, tmp_path: Path) -> None:
    frame.to_parquet(tmp_path / "sites.parquet")
    rules().apply_file(tmp_path / "sites.parquet", tmp_path / "out.parquet")
    told = json.loads(pq.read_metadata(tmp_path / "out.parquet").metadata[b"clustergeo"])
    text = json.dumps(told)
    assert "stripes" in text
    assert "sites and exclusions" in text


def test_where_a_layer_is_not_known_to_be_complete_one_warning_counts_the_sites(
    frame: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    frame.to_parquet(tmp_path / "sites.parquet")
    one = layer([shapely.box(140_000, 440_000, 200_000, 640_000)], name="rdz", coverage=None)
    only = cg.Exclusions().add("rdz", one)
    with pytest.warns(cg.ClusterGeoWarning) as told:
        only.apply_file(tmp_path / "sites.parquet", tmp_path / "out.parquet")
    with pytest.warns(cg.ClusterGeoWarning) as whole:
        only.apply(frame)
    numbers = [re.findall(r"about (\d+) site", " ".join(str(each.message) for each in one)) for one in (told, whole)]
    assert len(numbers[0]) == 1
    assert numbers[0] == numbers[1]


def test_a_wrong_file_is_refused_and_nothing_is_written(frame: gpd.GeoDataFrame, tmp_path: Path) -> None:
    bow = shapely.Polygon([(200_000, 500_000), (200_020, 500_020), (200_020, 500_000), (200_000, 500_020)])
    frame.loc[40, "geometry"] = bow
    frame.to_parquet(tmp_path / "sites.parquet")
    with pytest.raises(cg.ClusterGeoError, match="row 40: invalid geometry"):
        rules().apply_file(tmp_path / "sites.parquet", tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()
    frame.iloc[:40].assign(kept=1).to_parquet(tmp_path / "sites.parquet")
    with pytest.raises(cg.ClusterGeoError, match="'kept' would be overwritten"):
        rules().apply_file(tmp_path / "sites.parquet", tmp_path / "out.parquet")
    with pytest.raises(cg.ClusterGeoError, match="nothing to exclude by"):
        cg.Exclusions().apply_file(tmp_path / "sites.parquet", tmp_path / "out.parquet")


def test_layers_of_the_same_polygons_are_each_answered_like_copies_of_them(frame: gpd.GeoDataFrame) -> None:
    # Polygons that overlap are prepared by GEOS while they are dissolved, which two threads must not do to one.
    rng = np.random.default_rng(7)
    x, y = rng.uniform(150_000, 300_000, 2_000), rng.uniform(450_000, 620_000, 2_000)
    crowd = np.asarray(shapely.buffer(shapely.points(x, y), 4_000, quad_segs=64), dtype=object)
    shared, apart = cg.Exclusions(), cg.Exclusions()
    for name in ("rdz", "water", "road"):
        shared = shared.add(name, layer(crowd, name=name), max_share=0.3)
        apart = apart.add(name, layer(shapely.from_wkb(shapely.to_wkb(crowd)), name=name), max_share=0.3)
    found = shared.apply(frame)
    same(found, apart.apply(frame))
    assert 0 < found["excluded_rdz_share"].iloc[0] <= 1
    assert found["excluded_rdz_share"].equals(found["excluded_road_share"])
