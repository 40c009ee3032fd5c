"""Layer: what it takes, what it refuses, and the codes of its coverage."""

from __future__ import annotations

import dataclasses
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely import LineString, Point, Polygon, box
from squares import LONLAT, PLANE, layer, sites, square

import clustergeo as cg
from clustergeo.layers import as_layer

ZONE = [square(0, 0, 100)]
# One spot in each province that the ambiguous codes name: Gyeonggi, Ulsan, Busan, Sejong, Gwangju, Jeonnam.
SPOTS = {
    "Gyeonggi": (127.20, 37.20),
    "Ulsan": (129.24, 35.55),
    "Busan": (129.06, 35.18),
    "Sejong": (127.26, 36.56),
    "Gwangju": (126.80, 35.14),
    "Jeonnam": (126.95, 34.85),
}
FAR = [box(127.9, 37.9, 127.91, 37.91)]


def covered(coverage: Any, **options: Any) -> list[str]:
    """Return the provinces in which a layer of that coverage answers."""
    frame = sites([Point(spot).buffer(0.002) for spot in SPOTS.values()], LONLAT)
    zone = layer(FAR, LONLAT, coverage=coverage, **options)
    with pytest.warns(cg.ClusterGeoWarning, match="outside its coverage"):
        tagged = cg.tag(frame, zones={"rdz": zone})
    known = tagged["rdz_basis"] == "measured"
    assert tagged.loc[known, "rdz_share"].eq(0).all()
    assert tagged.loc[~known, "rdz_share"].isna().all()
    return [name for name, yes in zip(SPOTS, known, strict=True) if yes]


@pytest.mark.parametrize(
    ("coverage", "expected"),
    [
        ("kostat:31", ["Gyeonggi"]),
        ("mois:31", ["Ulsan"]),
        ("mois:26", ["Busan"]),
        ("kostat:26", ["Ulsan"]),
        ("mois:29", ["Gwangju"]),
        ("kostat:29", ["Sejong"]),
        ("41", ["Gyeonggi"]),
        (["kostat:36", "mois:36"], ["Sejong", "Jeonnam"]),
        ("kostat:31191", ["Gyeonggi"]),
        ("kostat:31012", []),
    ],
)
def test_a_coverage_code_means_the_province_of_its_scheme(coverage: Any, expected: list[str]) -> None:
    assert covered(coverage) == expected


@pytest.mark.parametrize("code", ["31", "26", "29", "36"])
def test_a_bare_code_that_means_two_provinces_is_refused_with_both_spellings(code: str) -> None:
    with pytest.raises(cg.ClusterGeoError, match=rf"kostat:{code}.*mois:{code}"):
        cg.tag(sites([square(0, 0, 10)]), zones={"rdz": layer(ZONE, coverage=code)})


@pytest.mark.parametrize("code", ["99", "kostat:99", "mois:11010", "mois:12", "kostat:99999"])
def test_a_code_that_is_none_is_refused(code: str) -> None:
    with pytest.raises(cg.ClusterGeoError, match="coverage"):
        cg.tag(sites([square(0, 0, 10)]), zones={"rdz": layer(ZONE, coverage=code)})


@pytest.mark.parametrize("coverage", [31, "Gyeonggi", [], ["kostat:31", 41], "kostat:311", Point(127, 37), {"a": 1}])
def test_a_coverage_of_another_kind_is_refused_with_the_kinds_that_do(coverage: Any) -> None:
    with pytest.raises(cg.ClusterGeoError, match="everywhere"):
        layer(ZONE, coverage=coverage)


@pytest.mark.parametrize(
    "coverage", [Polygon([(127, 37), (127.3, 37.3), (127.3, 37), (127, 37.3)]), Polygon()], ids=["bow tie", "empty"]
)
def test_a_coverage_polygon_that_is_invalid_or_empty_is_refused(coverage: Any) -> None:
    with pytest.raises(cg.ClusterGeoError, match="coverage"):
        layer(ZONE, coverage=coverage)


def test_a_coverage_polygon_in_plane_coordinates_is_refused() -> None:
    """The coverage is in EPSG:4326; metres given as such would silently cover nothing."""
    with pytest.raises(cg.ClusterGeoError, match="coverage"):
        layer(ZONE, coverage=square(0, 0, 1000))


def test_a_coverage_frame_in_another_system_is_carried_over_and_one_without_is_refused() -> None:
    area = gpd.GeoSeries([square(-100, -100, 500)], crs=PLANE)
    held = layer(ZONE, coverage=area.to_crs("EPSG:5174"))
    assert held.coverage.bounds == pytest.approx(area.to_crs(LONLAT).total_bounds, abs=1e-5)
    with pytest.raises(cg.ClusterGeoError, match="CRS"):
        layer(ZONE, coverage=gpd.GeoSeries([square(0, 0, 10)]))


def test_a_layer_keeps_a_copy_of_the_callers_frame() -> None:
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=ZONE, crs=PLANE)
    held = cg.Layer(frame, name="rdz")
    frame["a"] = [2]
    frame.loc[0, "geometry"] = square(5, 5, 1)
    assert held.frame["a"].tolist() == [1]
    assert held.frame.geometry.iloc[0].equals(ZONE[0])


def test_a_layer_cannot_be_changed_and_has_a_sha256_of_its_shapes() -> None:
    one, same, other = layer(ZONE), layer(ZONE), layer([square(0, 0, 101)])
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.name = "x"  # type: ignore[misc]
    assert one.sha256 == same.sha256 != other.sha256
    assert layer(ZONE, crs="EPSG:5179").sha256 != one.sha256
    assert layer(ZONE, sha256="abc").sha256 == "abc"


@pytest.mark.parametrize(
    "name", ["capital", "Region", "region", "a b", "1a", "", "any", "class", "rdz_reported", "개발", None]
)
def test_a_name_that_would_make_a_bad_column_is_refused(name: Any) -> None:
    with pytest.raises(cg.ClusterGeoError, match="cannot name a zone layer"):
        layer(ZONE, name=name)


@pytest.mark.parametrize(
    ("shape", "word"),
    [
        (Point(0, 0), "Point"),
        (LineString([(0, 0), (1, 1)]), "LineString"),
        (Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), "Self-intersection"),
    ],
)
def test_what_is_no_valid_polygon_is_refused_by_row_and_reason(shape: Any, word: str) -> None:
    with pytest.raises(cg.ClusterGeoError, match=rf"row 1.*{word}"):
        layer([*ZONE, shape])


def test_no_crs_and_no_frame_are_refused() -> None:
    with pytest.raises(cg.ClusterGeoError, match="CRS"):
        cg.Layer(gpd.GeoDataFrame(geometry=ZONE), name="rdz")
    with pytest.raises(cg.ClusterGeoError, match="read_layer"):
        cg.tag(sites(ZONE), zones={"rdz": pd.DataFrame({"a": [1]})})


def test_a_zone_takes_the_name_it_is_given_in_the_call_and_keeps_the_rest() -> None:
    held = as_layer(layer(ZONE, name="a", as_of="2024", source="s", licence="l", report=("r",)), name="b")
    assert (held.name, held.as_of, held.source, held.licence, held.report) == ("b", "2024", "s", "l", ("r",))
    assert held.coverage == "everywhere"


def test_a_layer_shows_itself_and_escapes_what_it_shows() -> None:
    held = layer(ZONE, as_of="2025-01-01", source="<script>alert(1)</script>", coverage=["mois:41", "kostat:11"])
    assert repr(held) == "<Layer rdz: 1 polygons, EPSG:5186, as of 2025-01-01, coverage kostat:11, mois:41>"
    assert "<script>" not in held._repr_html_()
    assert "&lt;script&gt;" in held._repr_html_()
    assert len(held) == 1
