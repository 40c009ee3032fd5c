"""Where a file may come from: zips, their members, addresses, open files; and what would fill the memory."""

from __future__ import annotations

import io
import json
import socket
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import shapely
from koreafiles import LONLAT, SEOUL, parts_of, zones

import clustergeo as cg

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENDINGS = [".gpkg", ".fgb", ".geojson", ".parquet", ".zip"]


def written(path: Path) -> Path:
    held = zones(crs=5186)
    if path.suffix == ".parquet":
        held.to_parquet(path)
    elif path.suffix == ".geojson":
        held.to_crs(LONLAT).to_file(path, driver="GeoJSON")
    elif path.suffix == ".zip":
        held.to_file(path.with_suffix(".shp"), encoding="utf-8")
        with zipfile.ZipFile(path, "w") as archive:
            for part, name in parts_of(path.with_suffix(".shp"), "구역"):
                archive.write(part, name)
    else:
        held.to_file(path)
    return path


def names(path: Any, **options: Any) -> list[str]:
    return sorted(cg.read_layer(path, name="zones", **options).frame["SIG_KOR_NM"])


NAMES = ["똠방각하", "종로구"]


# Open files


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_open_file_is_read_with_and_without_a_name(tmp_path: Path, ending: str) -> None:
    path = written(tmp_path / f"s{ending}")
    with path.open("rb") as stream:
        assert names(stream) == NAMES
    assert names(io.BytesIO(path.read_bytes())) == NAMES


def test_an_open_file_of_text_of_rubbish_or_of_nothing_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "s.geojson")
    with path.open("r", encoding="utf-8") as stream, pytest.raises(cg.ClusterGeoError, match="binary mode"):
        names(stream)
    with pytest.raises(cg.ClusterGeoError, match="unknown format"):
        names(io.BytesIO(b"rubbish" * 99))
    with pytest.raises(cg.ClusterGeoError, match="empty"):
        names(io.BytesIO())
    zones().to_file(tmp_path / "s.shp")
    with pytest.raises(cg.ClusterGeoError, match=r"shapefile.*zip"):
        names(io.BytesIO((tmp_path / "s.shp").read_bytes()))


# Addresses


# Serves a folder, and some answers that go wrong.
SERVER = """
import gzip, http.server, pathlib, sys
asked = set()
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if "html" in self.path: self.answer(b"<!DOCTYPE html><html>log in first</html>")
        elif "short" in self.path: self.answer(b"SQLite format 3\\0", 1_000_000)
        elif "huge" in self.path: self.answer(b"x", 1 << 40)
        elif "packed" in self.path: self.answer(gzip.compress(self.held()), coding="gzip")
        elif "torn" in self.path: self.answer(gzip.compress(self.held())[:-20], coding="gzip")
        elif "busy" in self.path and self.path not in asked:
            asked.add(self.path)
            self.send_error(503)
        elif "busy" in self.path: self.answer(self.held())
        elif "moved" in self.path: self.moved("/packed.geojson")
        elif "away" in self.path: self.moved("ftp://127.0.0.1/packed.geojson")
        elif "round" in self.path: self.moved(self.path)
        elif "strange" in self.path: self.answer(b"x", coding="br")
        else: super().do_GET()
    def moved(self, where):
        self.send_response(302)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def held(self):
        return pathlib.Path(sys.argv[1], "구역.geojson").read_bytes()
    def answer(self, body, length=None, coding=None):
        self.send_response(200)
        if coding: self.send_header("Content-Encoding", coding)
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *a: Handler(*a, directory=sys.argv[1]))
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server in its own process: GDAL holds the lock of ours while it reads."""
    folder = tmp_path_factory.mktemp("served")
    for ending in (".gpkg", ".zip", ".geojson"):
        written(folder / f"구역{ending}")
    with subprocess.Popen([sys.executable, "-c", SERVER, str(folder)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.terminate()


@pytest.mark.parametrize("name", ["구역.gpkg", "구역.zip", "구역.geojson"])
def test_an_address_is_fetched_and_named_as_the_source_without_its_key(site: str, name: str) -> None:
    from urllib.parse import quote

    layer = cg.read_layer(f"{site}/{quote(name)}?key=SECRET", name="zones")
    assert sorted(layer.frame["SIG_KOR_NM"]) == NAMES
    assert str(layer.source).startswith("http://127.0.0.1")
    assert "SECRET" not in repr((layer.source, layer.report, layer.provenance))


def test_an_answer_that_comes_packed_unasked_is_unpacked(site: str) -> None:
    assert names(f"{site}/packed.geojson") == NAMES


def test_a_server_that_is_busy_is_asked_again_and_one_that_sends_elsewhere_is_followed(site: str) -> None:
    assert names(f"{site}/busy.geojson") == NAMES
    assert names(f"{site}/moved.geojson") == NAMES
    with pytest.raises(cg.ClusterGeoError, match=r"sends to another address \(HTTP 302\)"):
        names(f"{site}/away.geojson")
    with pytest.raises(cg.ClusterGeoError, match=r"address to address without an end \(HTTP 302\); give the one that"):
        names(f"{site}/round.geojson")


def test_an_address_may_come_as_a_path_as_from_the_command_line(site: str, tmp_path: Path) -> None:
    from pathlib import Path
    from urllib.parse import quote

    address = Path(f"{site}/{quote('구역.gpkg')}")
    assert "://" not in str(address)
    assert names(address) == NAMES
    assert cg.tag_file(address, tmp_path / "out.parquet").rows == len(NAMES)


@pytest.mark.parametrize(
    ("path", "match"),
    [
        ("none.gpkg", "404"),
        ("html.gpkg", "web page"),
        ("short.gpkg", "cut short .16 of 1,000,000 bytes.*download it"),
        ("huge.gpkg", "larger than 4,096 MB"),
        ("torn.geojson", "cannot be unpacked"),
        ("strange.geojson", "packed in a way that was not asked for"),
    ],
)
def test_an_address_that_answers_wrongly_is_refused_without_its_key(site: str, path: str, match: str) -> None:
    with pytest.raises(cg.ClusterGeoError, match=match) as refusal:
        names(f"{site}/{path}?key=SECRET")
    assert "SECRET" not in str(refusal.value)


def test_a_server_that_is_not_there_and_a_scheme_that_is_not_fetched_are_refused() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        with pytest.raises(cg.ClusterGeoError, match=r"gave no whole answer \(3 tries\).*refused.*Check the address"):
            names(f"http://127.0.0.1:{held.getsockname()[1]}/a.gpkg")
    for address in ("ftp://example.org/a.gpkg", "s3://bucket/a.gpkg", "file:///etc/passwd"):
        with pytest.raises(cg.ClusterGeoError, match=r"http and https.*Download"):
            names(address)


# Zips


@pytest.mark.parametrize("inner", [".gpkg", ".fgb", ".geojson", ".parquet", ".csv"])
def test_a_zip_may_hold_any_format(tmp_path: Path, inner: str) -> None:
    if inner == ".csv":
        (tmp_path / "s.csv").write_text("site_id,lon,lat\na,127,37\n", encoding="utf-8")
    else:
        written(tmp_path / f"s{inner}")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / f"s{inner}", f"자료/s{inner}")
    assert len(cg.read_sites(tmp_path / "a.zip")) >= 1
    assert len(cg.read_sites(tmp_path / "a.zip" / "자료" / f"s{inner}")) >= 1
    assert cg.tag_file(tmp_path / "a.zip", tmp_path / "out.parquet").rows >= 1


def test_a_layer_of_a_package_inside_a_zip_is_chosen(tmp_path: Path) -> None:
    zones().to_file(tmp_path / "s.gpkg", layer="하나")
    zones(["셋"]).to_file(tmp_path / "s.gpkg", layer="둘")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "s.gpkg", "s.gpkg")
    assert names(tmp_path / "a.zip", layer="둘") == ["셋"]
    with pytest.raises(cg.ClusterGeoError, match=r"2 layers: 하나, 둘"):
        names(tmp_path / "a.zip")


def test_what_macos_adds_to_a_zip_is_no_layer(tmp_path: Path) -> None:
    path = written(tmp_path / "s.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("__MACOSX/._구역.shp", b"rubbish")
        archive.writestr("._구역.shp", b"rubbish")
    assert names(path) == NAMES


def test_a_member_of_a_zip_that_has_no_name_is_none(tmp_path: Path) -> None:
    path = written(tmp_path / "s.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("nameless", b"rubbish")
    path.write_bytes(path.read_bytes().replace(b"nameless", b"\0ameless"))
    assert names(path) == NAMES


def test_a_zip_is_read_without_writing_beside_it_or_outside_a_folder_of_its_own(tmp_path: Path) -> None:
    held = tmp_path / "held"
    held.mkdir()
    zones().to_file(tmp_path / "s.gpkg")
    with zipfile.ZipFile(held / "a.zip", "w") as archive:
        archive.write(tmp_path / "s.gpkg", "../../evil.gpkg")
    assert names(held / "a.zip") == NAMES
    assert [one.name for one in held.iterdir()] == ["a.zip"]
    assert not (tmp_path / "evil.gpkg").exists()


def test_zips_of_nothing_of_zips_and_of_secrets_are_refused(tmp_path: Path) -> None:
    for name, match in (("readme.txt", r"holds readme\.txt"), ("inner.zip", r"Unpack it once")):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr(name, b"x")
        with pytest.raises(cg.ClusterGeoError, match=match):
            names(tmp_path / "a.zip")
    path = written(tmp_path / "s.zip")
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 8] |= 1
        at = data.find(b"PK\x01\x02", at + 1)
    path.write_bytes(data)
    with pytest.raises(cg.ClusterGeoError, match="password"):
        names(path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    archive = zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED)
    with archive, archive.open("s.geojson", "w", force_zip64=True) as out:
        for _ in range(300):
            out.write(bytes(1 << 20))
    assert (tmp_path / "a.zip").stat().st_size < 1 << 20
    tracemalloc.start()
    with pytest.raises(cg.ClusterGeoError, match="would unpack"):
        names(tmp_path / "a.zip")
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_a_zip_that_lies_about_its_sizes_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("s.geojson", bytes(1 << 20))
    data = (tmp_path / "a.zip").read_bytes().replace(struct.pack("<L", 1 << 20), struct.pack("<L", 100))
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(cg.ClusterGeoError):
        names(tmp_path / "a.zip")


def test_a_zip_whose_list_of_names_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "s.zip")
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x05\x06")
    data[at + 12 : at + 16] = struct.pack("<L", 1 << 30)
    path.write_bytes(data)
    with pytest.raises(cg.ClusterGeoError, match="too many files"):
        names(path)


# Shapes without end


def test_json_nested_without_end_is_refused(tmp_path: Path) -> None:
    for text in ("[" * 100_000, '{"a":' * 100_000, '{"type":"Feature","geometry":' * 10_000):
        (tmp_path / "s.geojson").write_text(text, encoding="utf-8")
        with pytest.raises(cg.ClusterGeoError, match="cannot be read"):
            names(tmp_path / "s.geojson")


def test_collections_nested_without_end_are_refused(tmp_path: Path) -> None:
    shape = struct.pack("<BI", 1, 7) + struct.pack("<I", 1)
    deep = shape * 50_000 + struct.pack("<BI", 1, 1) + struct.pack("<dd", 127, 37)
    held = gpd.GeoDataFrame(geometry=[SEOUL], crs=LONLAT)
    held.to_parquet(tmp_path / "s.parquet")
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(tmp_path / "s.parquet")
    pq.write_table(table.set_column(0, "geometry", pa.array([deep])), tmp_path / "s.parquet")
    with pytest.raises(cg.ClusterGeoError):
        cg.read_sites(tmp_path / "s.parquet")


def test_a_polygon_of_very_many_rings_is_read_in_the_memory_that_it_takes(tmp_path: Path) -> None:
    side = 300
    holes = [
        shapely.box(
            126.98 + (x + 0.2) * 1e-5, 37.55 + (y + 0.2) * 1e-5, 126.98 + (x + 0.6) * 1e-5, 37.55 + (y + 0.6) * 1e-5
        )
        for x in range(side)
        for y in range(side)
    ]
    shape = shapely.Polygon(SEOUL.exterior, [hole.exterior for hole in holes])
    gpd.GeoDataFrame(geometry=[shape], crs=LONLAT).to_file(tmp_path / "s.gpkg")
    read = cg.read_layer(tmp_path / "s.gpkg", name="zones")
    assert len(read.frame.geometry.iloc[0].interiors) == side * side


def test_lines_of_json_are_features(tmp_path: Path) -> None:
    feature = {"type": "Feature", "properties": {"SIG_KOR_NM": "구"}, "geometry": shapely.geometry.mapping(SEOUL)}
    for ending, before, after in (
        (".geojsonl", "", "\n"),
        (".ndjson", "", "\r\n"),
        (".geojsons", "\x1e", "\n"),
        (".json", "", "\n"),
    ):
        path = tmp_path / f"s{ending}"
        path.write_text(f"{before}{json.dumps(feature, ensure_ascii=False)}{after}" * 3, encoding="utf-8", newline="")
        assert names(path) == ["구"] * 3


def official(folder: Path, packed: str, inner: str) -> Path:
    gpd.GeoDataFrame(geometry=[shapely.box(126.8, 35.1, 126.9, 35.2)], crs="EPSG:4326").to_file(folder / inner)
    with zipfile.ZipFile(folder / packed, "w") as archive:
        archive.write(folder / inner, inner)
    return folder / packed


def test_the_province_and_month_may_stand_in_the_name_of_the_file_inside_only(tmp_path: Path) -> None:
    layer = cg.read_layer(official(tmp_path, "LSMD_CONT_UD801_광주.zip", "LSMD_CONT_UD801_29_202606.gpkg"), name="rdz")
    assert layer.coverage == ("mois:29",)
    assert layer.as_of == "2026-06"


def test_names_that_contradict_each_other_are_refused_unless_the_caller_decides(tmp_path: Path) -> None:
    path = official(tmp_path, "LSMD_CONT_UD801_11.zip", "LSMD_CONT_UD801_29_202606.gpkg")
    with pytest.raises(cg.ClusterGeoError, match=r'province 11 but holds .*29.* coverage="mois:29"'):
        cg.read_layer(path, name="rdz")
    assert cg.read_layer(path, name="rdz", coverage="mois:29").coverage == ("mois:29",)


@pytest.mark.parametrize("ending", [".ndjson", ".geojsonl", ".json"])
def test_a_file_of_a_feature_a_line_that_is_cut_short_is_refused(tmp_path: Path, ending: str) -> None:
    frame = gpd.GeoDataFrame(geometry=[shapely.box(127, 37, 127.1, 37.1)] * 3, crs="EPSG:4326")
    lines = [json.dumps(one) for one in json.loads(frame.to_json())["features"]]
    path = tmp_path / f"a{ending}"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert len(cg.read_layer(path, name="a")) == 3
    path.write_text("\n".join(lines)[:-30], encoding="utf-8")
    with pytest.raises(cg.ClusterGeoError, match=r"3 features.*2 can be read.*cut short"):
        cg.read_layer(path, name="a")


@pytest.mark.parametrize("name", ["LSMD_CONT_UD801_202501.gpkg", "LSMD_CONT_UD801_99_202501.gpkg"])
def test_two_digits_that_are_no_province_are_no_coverage(tmp_path: Path, name: str) -> None:
    official(tmp_path, "x.zip", name)
    layer = cg.read_layer(tmp_path / name, name="rdz")
    assert layer.coverage is None


def test_a_name_of_another_province_than_the_polygons_gives_no_coverage_and_is_told(tmp_path: Path) -> None:
    official(tmp_path, "x.zip", "LSMD_CONT_UD801_11_202501.gpkg")
    layer = cg.read_layer(tmp_path / "LSMD_CONT_UD801_11_202501.gpkg", name="rdz")
    assert layer.coverage is None
    assert any("where none of its polygons lies" in one for one in layer.report)


def test_rows_without_a_geometry_are_refused_for_they_would_be_free_ground(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"a": [1, 2]}, geometry=[shapely.box(127, 37, 127.1, 37.1), None], crs="EPSG:4326")
    frame.to_file(tmp_path / "a.gpkg")
    with pytest.raises(cg.ClusterGeoError, match=r"1 rows without a geometry \(row 1, counted from 0\).*repair=True"):
        cg.read_layer(tmp_path / "a.gpkg", name="a")
    layer = cg.read_layer(tmp_path / "a.gpkg", name="a", repair=True)
    assert len(layer) == 1
    assert any("left out, as asked" in one for one in layer.report)


def test_one_of_several_files_of_an_official_zip_is_no_whole_province(tmp_path: Path) -> None:
    path = official(tmp_path, "LSMD_CONT_UD801_29.zip", "북구.gpkg")
    with zipfile.ZipFile(path, "a") as archive:
        archive.write(tmp_path / "북구.gpkg", "광산구.gpkg")
    assert cg.read_layer(path, name="rdz", layer="북구").coverage is None
    folder = tmp_path / "LSMD_CONT_UD801_29_202501"
    folder.mkdir()
    (tmp_path / "북구.gpkg").rename(folder / "mine.gpkg")
    assert cg.read_layer(folder / "mine.gpkg", name="rdz").coverage is None


@pytest.mark.parametrize("path", ["no such file.zip", "없는 구역.zip", "a\x01b.zip"])
def test_a_key_in_an_address_is_said_nowhere_whatever_is_wrong_with_it(site: str, path: str) -> None:
    import traceback

    key = "".join(["SECRET"] * 2)
    with pytest.raises(cg.ClusterGeoError) as refused:
        cg.read_layer(f"{site}/{path}?key={key}", name="a")
    assert key not in "".join(traceback.format_exception(refused.value))
