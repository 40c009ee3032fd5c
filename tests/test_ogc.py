"""Standard services are read whole and in the right place; the server is a real MapServer in its own process."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from processes import served

import clustergeo as cg
from clustergeo.errors import InputError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
CODES = ["01", "02", "03", "04", "05", "06", "07"]
# Squares of 2 km near 127 E, 36.5 N, so that north and east in EPSG:5186 lie in Korea either way round.
SQUARES = [shapely.box(127.0 + i * 0.05, 36.5, 127.02 + i * 0.05, 36.52) for i in range(7)]
BOX = (126.95, 36.45, 127.125, 36.55)  # holds the first three
EMPTY = (128.0, 37.0, 128.1, 37.1)
KOREA = (124.5, 33.5, 131.5, 38.5)

MAP = """MAP
  NAME "test"
  EXTENT 124 33 132 39
  PROJECTION "init=epsg:4326" END
  WEB METADATA
    "ows_title" "test"
    "ows_enable_request" "*"
    "ows_srs" "EPSG:4326 EPSG:5179 EPSG:5186"
    "wfs_maxfeatures" "3"
    "ows_onlineresource" "http://127.0.0.1/"
    "oga_onlineresource" "http://127.0.0.1/none/m/ogcapi"
    "wfs_getfeature_formatlist" "geojson"
  END END
  OUTPUTFORMAT
    NAME "geojson"
    DRIVER "OGR/GEOJSON"
    MIMETYPE "application/json; subtype=geojson"
    FORMATOPTION "STORAGE=memory"
    FORMATOPTION "FORM=simple"
  END
  LAYER
    NAME "zones"
    TYPE POLYGON
    STATUS ON
    CONNECTIONTYPE OGR
    CONNECTION "zones.gpkg"
    DATA "zones"
    PROJECTION "init=epsg:4326" END
    TEMPLATE "unused"
    METADATA
      "ows_title" "구역"
      "gml_include_items" "all"
      "ows_include_items" "all"
      "gml_types" "auto"
      "gml_featureid" "fid_text"
    END
  END
END
"""


def mapserver() -> str:
    """Return MapServer's program; without it skip the test, but not where CI has installed it."""
    found = shutil.which("mapserv") or shutil.which("mapserv", path="/usr/lib/cgi-bin")
    if found is None:
        reason = "MapServer (mapserv) is not installed"
        if os.environ.get("CI") and not os.environ.get("CLUSTERGEO_WITHOUT_MAPSERVER"):
            pytest.fail(f"{reason}; CI must have it")
        pytest.skip(reason)
    return found


def write_service(folder: Path) -> None:
    """Write the data, the map and the configuration of the service."""
    frame = gpd.GeoDataFrame(
        {"fid_text": CODES, "code": CODES, "이름": [f"구역 {code}" for code in CODES], "number": range(7)},
        geometry=SQUARES,
        crs=4326,
    )
    frame.to_file(folder / "zones.gpkg", layer="zones", driver="GPKG")
    (folder / "test.map").write_text(MAP, encoding="utf-8")
    (folder / "mapserver.conf").write_text(
        f'CONFIG\n  ENV\n  END\n  MAPS\n    m "{folder}/test.map"\n  END\nEND\n', encoding="utf-8"
    )


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program, folder = mapserver(), tmp_path_factory.mktemp("mapserver")
    write_service(folder)
    with served(HERE / "mapserver_runner.py", program, str(folder)) as port:
        yield f"http://127.0.0.1:{port}"


def wfs(service: str, fault: str = "none", **options: Any) -> cg.Layer:
    given = {"layer": "zones", "name": "zone", "pause_s": 0, "tries": 2, "sleep": lambda _: None, **options}
    return cg.read_wfs(f"{service}/{fault}/wfs?map=m", **given)


def api(service: str, fault: str = "none", **options: Any) -> cg.Layer:
    given = {"collection": "zones", "name": "zone", "pause_s": 0, "tries": 2, "sleep": lambda _: None, **options}
    return cg.read_ogcapi(f"{service}/{fault}/m/ogcapi", **given)


def assert_in_place(layer: cg.Layer, codes: list[str], *, off_m: float = 0.01) -> None:
    """Hold each feature against its square, in metres."""
    metric = layer.frame.to_crs(5186).set_index("code")
    expected = gpd.GeoSeries(SQUARES, index=CODES, crs=4326).to_crs(5186)
    assert sorted(metric.index) == codes
    for code in codes:
        assert shapely.hausdorff_distance(metric.geometry[code], expected[code]) < off_m


@pytest.mark.parametrize("version", ["2.0.0", "1.1.0"])
@pytest.mark.parametrize(
    ("crs", "bbox"),
    [("EPSG:4326", BOX), ("EPSG:5179", BOX), ("EPSG:5186", KOREA), ("EPSG:4326", None), ("EPSG:5186", None)],
)
def test_both_axis_orders_of_every_version_and_crs_are_read_in_place(
    service: str, version: str, crs: str, bbox: Any
) -> None:
    layer = wfs(service, version=version, crs=crs, bbox=bbox)
    assert layer.frame.crs.to_epsg() == pyproj.CRS(crs).to_epsg()
    assert_in_place(layer, CODES[:3] if bbox == BOX else CODES, off_m=0.2)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:5179", "EPSG:5186"])
def test_geojson_without_a_crs_is_in_the_one_asked_for(service: str, crs: str) -> None:
    layer = wfs(service, output_format="geojson", crs=crs, bbox=BOX)
    assert layer.frame.crs.to_epsg() == pyproj.CRS(crs).to_epsg()
    assert_in_place(layer, CODES[:3], off_m=0.2)
    assert any("names no CRS" in line for line in layer.report)


def test_a_service_that_writes_latitude_first_under_a_short_name_is_put_right_and_told(service: str) -> None:
    layer = wfs(service, version="1.1.0", crs="EPSG:4326", bbox=BOX)
    assert "the answer has its axes against its own label; they were swapped" in layer.report
    assert not any("swapped" in line for line in wfs(service, crs="EPSG:4326", bbox=BOX).report)


def test_a_service_that_takes_longitude_first_is_asked_so_and_told(service: str) -> None:
    layer = wfs(service, "lon-first", bbox=BOX)
    assert_in_place(layer, CODES[:3])
    assert any("takes the box with longitude first" in line for line in layer.report)


def test_all_pages_are_read_though_the_service_sends_three_at_a_time(service: str) -> None:
    layer = wfs(service)
    assert len(layer) == 7
    assert_in_place(layer, CODES)
    assert len(wfs(service, page_size=2)) == 7


def test_codes_and_korean_stay_what_they_are(service: str) -> None:
    frame = wfs(service, bbox=BOX).frame.sort_values("code")
    assert frame["code"].tolist() == ["01", "02", "03"]
    assert frame["이름"].tolist() == ["구역 01", "구역 02", "구역 03"]
    assert frame["number"].tolist() == [0, 1, 2]
    assert "gml_id" not in frame.columns


def test_without_a_schema_every_attribute_stays_text(service: str) -> None:
    frame = wfs(service, "no-schema", bbox=BOX).frame.sort_values("code")
    assert frame["code"].tolist() == ["01", "02", "03"]
    assert frame["number"].tolist() == ["0", "1", "2"]


def test_xml_in_a_korean_encoding_is_read(service: str) -> None:
    assert sorted(wfs(service, "euc-kr", bbox=BOX).frame["이름"]) == ["구역 01", "구역 02", "구역 03"]


def test_a_box_with_nothing_in_it_is_a_covered_zero(service: str) -> None:
    for layer in (wfs(service, bbox=EMPTY), api(service, bbox=EMPTY)):
        assert len(layer) == 0
        site = gpd.GeoDataFrame(geometry=[shapely.box(128.02, 37.02, 128.03, 37.03)], crs=4326)
        assert cg.tag(site, zones={"zone": layer})["zone_share"].tolist() == [0.0]


def test_the_layer_is_complete_in_the_box_and_says_what_it_rests_on(service: str) -> None:
    layer = wfs(service, bbox=BOX, licence="KOGL Type 1", as_of="2026-01-01")
    assert layer.coverage.equals(shapely.box(*BOX))
    assert (layer.licence, layer.as_of) == ("KOGL Type 1", "2026-01-01")
    assert re.search(r"/none/wfs zones, read \d{4}-\d\d-\d\d$", str(layer.source))
    assert "3 features, as many as the service told of" in layer.report
    assert wfs(service).coverage is None
    assert wfs(service, coverage="kostat:31").coverage == ("kostat:31",)
    with pytest.raises(InputError, match="coverage= was given beside bbox="):
        wfs(service, bbox=BOX, coverage="everywhere")


@pytest.mark.parametrize("read", [wfs, api])
def test_a_service_that_sends_the_same_page_again_is_noticed(service: str, read: Any) -> None:
    with pytest.raises(ServiceError, match=r"does not page"):
        read(service, "same-page", bbox=KOREA, page_size=3)


def test_pages_that_end_too_early_are_refused_with_what_is_missing(service: str) -> None:
    with pytest.raises(ServiceError, match=r"not complete: it told of 7 features, and 3 came"):
        wfs(service, "one-page", bbox=KOREA)


def test_a_service_that_cannot_page_is_read_where_its_quarters_hold_no_more(service: str) -> None:
    assert_in_place(wfs(service, "same-page", bbox=(126.95, 36.45, 127.075, 36.55)), CODES[:2])
    assert_in_place(wfs(service, "same-page", bbox=BOX), CODES[:3])
    with pytest.raises(ServiceError, match="it sends 3 features each time and may have more"):
        wfs(service, "same-page", bbox=KOREA)


def test_without_a_count_a_service_is_read_to_an_empty_page(service: str) -> None:
    layer = wfs(service, "no-count", bbox=KOREA)
    assert len(layer) == 7
    assert any("did not tell how many" in line for line in layer.report)
    assert any("did not tell how many" in line for line in api(service, "no-count").report)


@pytest.mark.parametrize("fault", ["none", "status-200"])
def test_an_exception_is_said_in_its_own_words_whatever_its_status(service: str, fault: str) -> None:
    with pytest.raises(
        ServiceError, match=r"reports an exception: InvalidParameterValue .*not a permitted output format"
    ):
        wfs(service, fault, output_format="application/nonsense")


def test_a_service_that_cuts_its_own_answer_short_is_not_believed(service: str) -> None:
    with pytest.raises(ServiceError, match="it cut its answer short"):
        wfs(service, "cut", bbox=BOX)


def test_features_that_cannot_be_decoded_are_no_zero(service: str) -> None:
    with pytest.raises(InputError, match="3 features without a geometry"):
        wfs(service, "no-geometry", bbox=BOX)


def test_a_schema_of_another_layer_is_left_out(service: str) -> None:
    assert wfs(service, "wrong-schema", bbox=BOX).frame["code"].tolist() == ["01", "02", "03"]


def test_html_is_refused(service: str) -> None:
    for read in (wfs, api):
        with pytest.raises(ServiceError, match=r"2 tries\): the answer is an HTML page instead of"):
            read(service, "html")


def test_a_layer_or_crs_that_is_not_there_is_refused_with_what_is(service: str) -> None:
    with pytest.raises(InputError, match=r"no one layer 'rivers'. It offers 1: ms:zones"):
        wfs(service, layer="rivers")
    with pytest.raises(InputError, match=r"does not come in Korean 1985.*It comes in .*5186"):
        wfs(service, crs="EPSG:5174")
    with pytest.raises(ServiceError, match=r"refused the request \(HTTP 404\)"):
        api(service, collection="rivers")


def test_a_key_in_the_address_is_said_nowhere(service: str) -> None:
    url = f"{service}/none/wfs?map=m&apiKey=SECRET-1234"
    layer = cg.read_wfs(url, layer="zones", name="zone", bbox=BOX, pause_s=0)
    assert "SECRET" not in f"{layer.provenance} {layer.report}"
    with pytest.raises(InputError) as caught:
        cg.read_wfs(url, layer="nope", name="zone", pause_s=0)
    assert "SECRET" not in str(caught.value)


def test_ogc_api_features_are_read_by_their_links(service: str) -> None:
    layer = api(service, "paged", page_size=2)
    assert_in_place(layer, CODES)
    assert "7 features, as many as the service told of" in layer.report
    assert_in_place(api(service, bbox=BOX), CODES[:3])


def test_a_service_that_ignores_the_offset_is_noticed_and_read_at_once(service: str) -> None:
    # MapServer 8.0.0 does (its issue 6613).
    with pytest.raises(ServiceError, match="page 2 repeats page 1"):
        api(service, "same-page", page_size=2)
    assert_in_place(api(service, "same-page"), CODES)


def test_a_link_to_another_machine_is_not_followed(service: str) -> None:
    with pytest.raises(ServiceError, match="another machine"):
        api(service, "elsewhere", page_size=2)


def test_the_shares_of_a_site_are_those_of_the_file(service: str) -> None:
    site = gpd.GeoDataFrame(geometry=[shapely.box(127.01, 36.5, 127.03, 36.52)], crs=4326)
    for layer in (wfs(service, bbox=BOX, crs="EPSG:4326"), api(service, bbox=BOX)):
        assert np.isclose(cg.tag(site, zones={"zone": layer})["zone_share"].iloc[0], 0.5, atol=1e-3)
