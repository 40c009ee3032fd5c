"""V-World is read whole, or the error says what is missing; the key is told to the service and to nobody else."""

from __future__ import annotations

import json
import random
import re
import traceback
import urllib.request
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import shapely
from processes import served
from vworld_standin import KEY, ZONES, paged

import clustergeo as cg
from clustergeo.errors import InputError, ServiceError
from clustergeo.reading import _features
from clustergeo.reading._fetching import Again, Answer, Secret
from clustergeo.reading._vworld_answers import TooLargeError, page_of
from clustergeo.reading._vworld_datasets import DATASETS

if TYPE_CHECKING:
    from collections.abc import Iterator

PATCH = (126.79, 35.09, 126.815, 35.115)  # 6.3 km2, holds a part of the zones
WHOLE = (126.7999, 35.0999, 126.8201, 35.1195)  # 3.9 km2, holds all of them
ODD = ["x", None, -1, float("inf"), float("nan"), [], {}, [[]], "Point", "9", "ERROR", 127, True]
EMPTY = (127.2, 36.2, 127.21, 36.21)
LARGE = (127.0, 36.0, 127.1, 36.1)  # 99 km2
TEXTS = Path(__file__).parent


@pytest.fixture(scope="session")
def service() -> Iterator[str]:
    with served(TEXTS / "vworld_standin.py") as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VWORLD_API_KEY", KEY)
    monkeypatch.setenv("VWORLD_DOMAIN", "https://example.org")
    monkeypatch.setenv("CLUSTERGEO_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("VWORLD_URL", raising=False)


def read(service: str, fault: str = "none", dataset: str = "LT_C_UD801", **options: Any) -> cg.Layer:
    given = {"bbox": WHOLE, "name": "zone", "timeout_s": 5, "pause_s": 0, "sleep": lambda _: None, **options}
    return cg.read_vworld(dataset, url=f"{service}/{fault}/req/data", **given)


def asked(service: str) -> list[dict[str, str]]:
    with urllib.request.urlopen(f"{service}/asked") as response:  # noqa: S310 - the stand-in
        return json.loads(response.read())


def test_three_pages_with_counts_as_texts_are_read_whole(service: str) -> None:
    asked(service)
    layer = read(service)
    assert len(layer) == 2345
    assert [request["page"] for request in asked(service)] == ["1", "2", "3"]
    assert layer.frame["mnum"].tolist() == [zone["properties"]["mnum"] for zone in ZONES]
    assert layer.frame["uname"].unique().tolist() == ["개발제한구역"]
    assert layer.frame["sido_cd"].unique().tolist() == ["04"]
    assert layer.frame.crs.to_epsg() == 4326
    assert layer.frame.geometry.iloc[0].equals(shapely.box(126.80, 35.10, 126.8002, 35.1002))


def test_the_request_is_the_documented_one(service: str) -> None:
    asked(service)
    read(service)
    first = asked(service)[0]
    assert first["geomFilter"] == "BOX(126.7999,35.0999,126.8201,35.1195)"
    expected = {
        "service": "data",
        "request": "GetFeature",
        "data": "LT_C_UD801",
        "crs": "EPSG:4326",
        "size": "1000",
        "domain": "https://example.org",
    }
    assert expected.items() <= first.items()


def test_the_layer_says_where_it_is_complete_and_what_it_rests_on(service: str) -> None:
    layer = read(service)
    assert layer.coverage.equals(shapely.box(*WHOLE))
    assert layer.as_of is None
    assert re.search(r"LT_C_UD801 \(개발제한구역\), http.*, read \d{4}-\d\d-\d\d$", str(layer.source))
    said = " | ".join(layer.report)
    assert "2345 records, all pages read" in said
    assert "read on 20" in said
    assert "as_of is not known" in said
    assert "licence of this dataset is not known" in said


def test_nothing_found_is_a_covered_zero(service: str) -> None:
    layer = read(service, bbox=EMPTY, name="rdz")
    assert len(layer) == 0
    inside, beside = shapely.box(127.202, 36.202, 127.203, 36.203), shapely.box(127.3, 36.3, 127.31, 36.31)
    sites = gpd.GeoDataFrame(geometry=[inside, beside], crs=4326)
    with pytest.warns(cg.ClusterGeoWarning, match="1 site"):
        tagged = cg.tag(sites, zones={"rdz": layer})
    assert tagged["rdz_share"].iloc[0] == 0
    assert tagged["rdz_basis"].tolist() == ["measured", "unknown"]
    assert tagged["rdz_present"].isna().tolist() == [False, True]


def test_a_report_draws_a_layer_in_which_nothing_was_found(service: str, tmp_path: Path) -> None:
    layer = read(service, bbox=EMPTY, name="rdz")
    sites = gpd.GeoDataFrame(geometry=[shapely.box(127.202, 36.202, 127.203, 36.203)], crs=4326)
    cg.save_map(cg.explore(cg.tag(sites, zones={"rdz": layer}), zones={"rdz": layer}), tmp_path / "map.html")
    assert (tmp_path / "map.html").stat().st_size > 1000


def test_a_large_box_is_read_in_tiles_and_each_feature_is_taken_once(service: str) -> None:
    asked(service)
    layer = read(service, dataset="LT_C_UM710", bbox=LARGE)
    assert len(layer) == 2
    assert len(asked(service)) == 1 + 12
    assert layer.coverage.equals(shapely.box(*LARGE))
    assert "2 records, all pages read of 12 tiles" in layer.report
    assert any("copies of features on the edges of tiles left out" in line for line in layer.report)


def test_a_box_of_too_many_tiles_is_refused_before_they_are_asked_for(service: str) -> None:
    asked(service)
    with pytest.raises(InputError, match=r"needs at least 14[0-9] requests.*bulk download.*most_requests="):
        read(service, bbox=(127.0, 36.0, 127.35, 36.35), most_requests=100)
    assert len(asked(service)) == 1


def test_a_service_that_takes_no_box_at_all_is_not_asked_for_ever(service: str) -> None:
    asked(service)
    with pytest.raises(ServiceError, match="takes no box, however small: INVALID_RANGE"):
        read(service, "INVALID_RANGE")
    assert len(asked(service)) < 20


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("INVALID_KEY", "not registered. Check VWORLD_API_KEY"),
        ("INCORRECT_KEY", "another domain. Set VWORLD_DOMAIN"),
        ("UNAVAILABLE_KEY", "cannot be used at present"),
        ("OVER_REQUEST_LIMIT", "used up. Go on tomorrow"),
        ("OVER_LIMIT", "used up. Go on tomorrow"),
        ("PARAM_REQUIRED", "answered PARAM_REQUIRED"),
        ("INVALID_TYPE", "answered INVALID_TYPE"),
        ("SYSTEM_ERROR", r"no whole answer \(5 tries\): the service answered SYSTEM_ERROR"),
        ("UNKNOWN_ERROR", r"no whole answer \(5 tries\): the service answered UNKNOWN_ERROR"),
    ],
)
def test_an_error_of_each_kind_is_said_in_plain_words(service: str, code: str, words: str) -> None:
    with pytest.raises(ServiceError, match=words) as caught:
        read(service, code)
    assert_silent(caught.value)


def test_only_errors_that_pass_are_asked_again(service: str) -> None:
    asked(service)
    for code, times in (("INVALID_KEY", 1), ("OVER_REQUEST_LIMIT", 1), ("SYSTEM_ERROR", 5)):
        with pytest.raises(ServiceError):
            read(service, code)
        assert len(asked(service)) == times


def test_a_page_that_fails_twice_is_asked_again_ever_later(service: str) -> None:
    asked(service)
    waits: list[float] = []
    assert len(read(service, "twice", sleep=waits.append)) == 2345
    first, second = waits
    assert 0.5 <= first <= 1.0
    assert 1.0 <= second <= 2.0


def test_a_page_that_never_comes_is_named_with_what_came(service: str) -> None:
    with pytest.raises(ServiceError, match=r"HTTP 502. Page 3 of 3 is missing: 2,000 of 2,345 records came"):
        read(service, "never", tries=2)


def test_the_service_is_given_the_time_it_asks_for(service: str) -> None:
    asked(service)
    waits: list[float] = []
    assert len(read(service, "wait", sleep=waits.append)) == 2345
    assert waits == [7.0, 7.0, 7.0]


def test_nobody_waits_for_a_day(service: str) -> None:
    waits: list[float] = []
    with pytest.raises(ServiceError, match="asks to wait 86,400 s; try then"):
        read(service, "wait-long", sleep=waits.append)
    assert waits == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("truncated", r"cut short \([\d,]+ of [\d,]+ bytes\)"),
        ("half-json", "no JSON instead of JSON|no JSON"),
        ("html", "an HTML page instead of JSON"),
        ("xml", "XML instead of JSON"),
        ("empty", "empty instead of JSON"),
        ("other-json", "not in the form of the Data API"),
        ("no-counts", "counts or features are missing"),
        ("hang-up", "RemoteDisconnected"),
        ("forbidden", r"HTTP 403\). The service may be closed to this network"),
        ("moved", "sends to another address"),
    ],
)
def test_what_is_no_answer_is_refused_and_says_what_came(service: str, fault: str, words: str) -> None:
    with pytest.raises(ServiceError, match=words) as caught:
        read(service, fault, tries=2)
    assert_silent(caught.value)


@pytest.mark.parametrize("fault", ["truncated-once", "html-once"])
def test_a_broken_answer_is_asked_for_again(service: str, fault: str) -> None:
    asked(service)
    assert len(read(service, fault)) == 2345


@pytest.mark.parametrize("fault", ["slow", "drip"])
def test_a_body_that_does_not_end_is_not_waited_for(service: str, fault: str) -> None:
    with pytest.raises(ServiceError, match=r"within 0.5 s") as caught:
        read(service, fault, timeout_s=0.5, tries=1)
    assert_silent(caught.value)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("same-page", "page 2 was asked for and page 1 came, twice"),
        ("same-page-numbered", "page 2 of 3 repeats page 1, twice"),
        ("short", "2,345 records were told on 3 pages, and 2,344 came, twice"),
    ],
)
def test_pages_that_do_not_add_up_are_refused(service: str, fault: str, words: str) -> None:
    with pytest.raises(ServiceError, match=words):
        read(service, fault)


def test_answers_that_come_packed_unasked_are_unpacked(service: str) -> None:
    assert len(read(service, "packed")) == 2345


def test_pages_that_change_while_they_are_read_are_read_again(service: str) -> None:
    asked(service)
    assert len(read(service, "changing")) == 2345


def test_features_outside_the_box_are_refused(service: str) -> None:
    with pytest.raises(ServiceError, match="only with their axes swapped"):
        read(service, "swapped")


def test_points_are_refused(service: str) -> None:
    with pytest.raises(InputError, match=r"holds Point \(2,345 features\)"):
        read(service, "points")


def test_invalid_polygons_are_refused_or_repaired_and_counted(service: str) -> None:
    with pytest.raises(
        InputError, match=r"(?s)0 features without a geometry and 3 invalid polygons.*row 0: Self-inter.*repair=True"
    ):
        read(service, "bowtie")
    with pytest.warns(cg.ClusterGeoWarning, match="3 invalid polygons repaired, as asked"):
        layer = read(service, "bowtie", repair=True)
    assert "0 features without a geometry left out, 3 invalid polygons repaired, as asked" in layer.report


def test_features_without_a_geometry_are_no_zero(service: str) -> None:
    with pytest.raises(InputError, match=r"(?s)3 features without a geometry and 0 invalid.*row 0: no geometry"):
        read(service, "placeless")
    with pytest.warns(cg.ClusterGeoWarning, match="3 features without a geometry left out"):
        assert len(read(service, "placeless", repair=True)) == 2342


def test_without_a_key_the_cure_is_said(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VWORLD_API_KEY")
    with pytest.raises(InputError, match="set VWORLD_API_KEY in the environment"):
        read(service)


def test_a_wrong_key_is_the_services_to_refuse(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VWORLD_API_KEY", "other")
    with pytest.raises(ServiceError, match="INVALID_KEY"):
        read(service)


def test_a_key_goes_to_another_machine_encrypted_only() -> None:
    with pytest.raises(InputError, match=r"unencrypted. Use the https"):
        cg.read_vworld("LT_C_UD801", bbox=WHOLE, name="rdz", url="http://api.example.org/req/data")


def test_the_address_may_come_from_the_environment(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VWORLD_URL", f"{service}/none/req/data")
    assert len(cg.read_vworld("LT_C_ADSIDO_INFO", bbox=WHOLE, name="province", pause_s=0)) == 3


@pytest.mark.parametrize(
    ("bbox", "words"),
    [
        ((35.09, 126.79, 35.1, 126.8), "latitudes first"),
        ((126.8, 35.1, 126.7, 35.2), "no box of longitudes and latitudes"),
        ((126.8, 35.1, 126.9), "no box of four numbers"),
        ("seoul", "no box of four numbers"),
        ((126.8, 35.1, float("nan"), 35.2), "no box of longitudes"),
    ],
)
def test_what_is_no_box_is_refused(bbox: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        cg.read_vworld("LT_C_UD801", bbox=bbox, name="rdz")


def test_a_layer_that_is_taken_for_the_rdz_is_told_apart(service: str) -> None:
    with pytest.warns(cg.ClusterGeoWarning, match="개발행위허가제한지역.*not the restricted development zone"):
        read(service, dataset="LT_C_UPISUQ171", name="rdz")


def test_nothing_found_in_a_dataset_that_nobody_knows_is_doubted(service: str) -> None:
    with pytest.warns(cg.ClusterGeoWarning, match="LT_C_UD810 found nothing .* check its name"):
        read(service, dataset="LT_C_UD810")


def test_an_answer_is_kept_where_the_terms_allow_it_and_read_again_when_it_is_old(service: str) -> None:
    asked(service)
    first = read(service, dataset="LT_C_ADSIDO_INFO")
    again = read(service, dataset="LT_C_ADSIDO_INFO")
    assert len(asked(service)) == 1
    assert "3 records, from the cache of this machine" in again.report
    assert again.sha256 == first.sha256
    assert again.frame.equals(first.frame)
    read(service, dataset="LT_C_ADSIDO_INFO", max_age_days=0)
    read(service, dataset="LT_C_ADSIDO_INFO", cache=False)
    assert len(asked(service)) == 2


def test_an_answer_is_not_kept_where_the_terms_are_not_known(service: str, tmp_path: Path) -> None:
    read(service)
    assert not (tmp_path / "cache").exists()
    read(service, cache=True)
    assert len(list((tmp_path / "cache").rglob("*.gz"))) == 1


def test_a_damaged_kept_answer_is_read_again(service: str, tmp_path: Path) -> None:
    read(service, dataset="LT_C_ADSIDO_INFO")
    (file,) = (tmp_path / "cache").rglob("*.gz")
    file.write_bytes(file.read_bytes()[:50])
    asked(service)
    assert len(read(service, dataset="LT_C_ADSIDO_INFO")) == 3
    assert len(asked(service)) == 1


def test_a_failed_reading_keeps_nothing(service: str, tmp_path: Path) -> None:
    with pytest.raises(ServiceError):
        read(service, "never", cache=True, tries=1)
    assert not (tmp_path / "cache").exists()


def test_the_key_stands_in_nothing_that_is_written_or_said(
    service: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    layer = read(service, cache=True, progress=True)
    said = [repr(layer), layer._repr_html_(), str(layer.provenance), *layer.report, *capfd.readouterr(), caplog.text]
    for path in (tmp_path / "cache").rglob("*"):
        said.append(path.name)
        if path.is_file():
            import gzip

            said.append(gzip.decompress(path.read_bytes()).decode())
    assert len(said) > 8
    for text in said:
        assert not leaks(text)


def leaks(text: str) -> bool:
    quoted = urllib.request.quote(KEY, safe="")
    return KEY in text or quoted in text or "SECRET" in text


def assert_silent(error: BaseException) -> None:
    """The key is in no message, cause, context, note or local variable's text of an error."""
    assert not leaks("".join(traceback.TracebackException.from_exception(error, capture_locals=True).format()))
    seen: BaseException | None = error
    while seen is not None:
        assert not leaks(f"{seen!r} {seen.args} {vars(seen)}")
        seen = seen.__cause__ or seen.__context__


def test_a_secret_shows_its_names_only() -> None:
    secret = Secret({"key": KEY})
    assert repr(secret) == "Secret(key)"
    assert Secret({"auth": "1"}).blotted("127.1") == "127.1"
    assert secret.blotted(f"a {KEY} b {urllib.request.quote(KEY, safe='')}") == "a *** b ***"


def test_no_warning_is_given_where_all_went_well(service: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(service, dataset="LT_C_ADSIDO_INFO")


def test_no_answer_however_odd_ends_in_anything_but_a_refusal() -> None:
    chance, outcomes = random.Random(5), set()  # noqa: S311 - the same cases each time
    whole = json.dumps(paged(ZONES[:5], 1, 1000), ensure_ascii=False)
    for _ in range(1000):
        answer = Answer(200, "application/json", mutated(whole, chance).encode("utf-8", "replace"))
        try:
            page = page_of(answer, dataset="LT_C_UD801", clean=str)
            gathered = _features.Gathered()
            gathered.add(page.features)
            frame = _features.frame_of(gathered.features, crs="EPSG:4326", what="it")
            _features.check_place(frame, WHOLE, what="it", cure="")
            _features.layer_of(
                frame,
                name="zone",
                repair=False,
                what="it",
                report=[],
                coverage=None,
                as_of=None,
                source="",
                licence=None,
            )
            outcomes.add("layer")
        except (Again, TooLargeError, cg.ClusterGeoError) as refusal:
            outcomes.add(type(refusal).__name__)
    assert {"layer", "Again", "ServiceError", "InputError"} <= outcomes


def mutated(text: str, chance: random.Random) -> str:
    """Return a JSON text in which one value is another, or of which the end is missing."""
    held = json.loads(text)
    node, key = {"whole": held}, "whole"
    if chance.random() < 0.7:
        node, key = held["response"]["result"]["featureCollection"]["features"], 2
    while isinstance(node[key], dict | list) and node[key] and chance.random() > 0.1:
        node = node[key]
        key = chance.choice(list(node) if isinstance(node, dict) else range(len(node)))
    node[key] = chance.choice(ODD)
    said = json.dumps(held)
    return said if chance.random() > 0.05 else said[: chance.randrange(len(said))]


def test_every_dataset_says_on_what_its_terms_rest() -> None:
    for dataset in DATASETS:
        assert dataset.terms
        assert dataset.storing is None or dataset.licence
