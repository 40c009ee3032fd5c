"""Official files of Korea with their classic faults: each is read right, and told, or refused with the cure."""

from __future__ import annotations

import contextlib
import json
import os
import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from koreafiles import BESSEL_TM, ITRF_TM, LONLAT, SEOUL, dbf, packed, parts_of, shapefile, turned_zip, zones
from shapely import Point, Polygon, box

import clustergeo as cg
from clustergeo import crs as crs_room
from clustergeo.reading import projection

SHARED = Path(os.environ.get("CLUSTERGEO_SHARED", "")) / "data" / "kostat2013-seoul-cp949" / "seoul_municipalities.shp"


def read(path: Any, **options: Any) -> cg.Layer:
    return cg.read_layer(path, name="zones", **options)


def names(layer: cg.Layer, column: str = "NAME") -> list[str]:
    return list(layer.frame[column])


def told(layer: cg.Layer, *parts: str) -> bool:
    """Say whether one line of a report holds all of these."""
    return any(all(part in line for part in parts) for line in layer.report)


# Encodings


def test_korean_without_a_cpg_is_no_mojibake_and_the_report_says_what_was_decided(tmp_path: Path) -> None:
    layer = read(shapefile(tmp_path / "s.shp", ["종로구".encode("cp949")], prj=BESSEL_TM))
    assert names(layer) == ["종로구"]
    assert told(layer, "cp949", "no UTF-8")


def test_a_syllable_that_euc_kr_lacks_is_kept_whoever_names_euc_kr(tmp_path: Path) -> None:
    cell = "똠방각하 쀍".encode("cp949")
    assert names(read(shapefile(tmp_path / "a.shp", [cell], prj=BESSEL_TM), encoding="euc-kr")) == ["똠방각하 쀍"]
    assert names(read(shapefile(tmp_path / "b.shp", [cell], prj=BESSEL_TM, cpg="EUC-KR"))) == ["똠방각하 쀍"]


@pytest.mark.parametrize("page", ["949", "ANSI 949", "cp949", "EUC-KR", "ks_c_5601-1987", "UHC"])
def test_every_spelling_of_the_korean_code_page_is_known(tmp_path: Path, page: str) -> None:
    layer = read(shapefile(tmp_path / "s.shp", ["똠".encode("cp949")], prj=ITRF_TM, crs=5179, cpg=page))
    assert names(layer) == ["똠"]
    assert not told(layer, "cp949")


def test_a_cpg_that_the_bytes_contradict_is_overridden_and_told(tmp_path: Path) -> None:
    layer = read(shapefile(tmp_path / "s.shp", ["종로구".encode("cp949")], prj=BESSEL_TM, cpg="UTF-8"))
    assert names(layer) == ["종로구"]
    assert told(layer, ".cpg says UTF-8", "row 0")


@pytest.mark.parametrize("language", [0x4E, 0x79])
def test_the_language_byte_of_korean_goes_before_utf8(tmp_path: Path, language: int) -> None:
    # These bytes are valid in both.
    cell = "짤".encode("cp949") if _both("짤".encode("cp949")) else b"\xc2\xa9"
    path = shapefile(tmp_path / "s.shp", [cell], prj=BESSEL_TM, language=language)
    assert names(read(path)) == [cell.decode("cp949")]
    assert names(read(shapefile(tmp_path / "t.shp", [cell], prj=BESSEL_TM))) == [cell.decode("utf-8")]


def _both(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("language", [0x00, 0x03, 0x57, 0xF0])
def test_a_language_byte_that_programs_write_unasked_does_not_make_korean_western(
    tmp_path: Path, language: int
) -> None:
    for encoding in ("utf-8", "cp949"):
        path = shapefile(tmp_path / f"{encoding}.shp", ["강남구".encode(encoding)], prj=BESSEL_TM, language=language)
        assert names(read(path)) == ["강남구"]


def test_a_western_language_byte_counts_where_nothing_else_fits(tmp_path: Path) -> None:
    layer = read(shapefile(tmp_path / "s.shp", [b"Andr\xe9"], prj=BESSEL_TM, language=0x03))
    assert names(layer) == ["André"]
    assert told(layer, "cp1252", "0x03")


def test_a_western_cpg_of_korean_bytes_is_followed_with_a_hint(tmp_path: Path) -> None:
    layer = read(shapefile(tmp_path / "s.shp", ["강남구".encode("cp949")], prj=BESSEL_TM, cpg="ISO-8859-1"))
    assert told(layer, 'encoding="cp949"')
    assert names(read(tmp_path / "s.shp", encoding="cp949")) == ["강남구"]


def test_texts_in_no_encoding_are_refused_with_the_cell(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "s.shp", [b"plain", b"\xff\xfe\xff"], prj=BESSEL_TM)
    with pytest.raises(cg.ClusterGeoError, match=r"row 1, column NAME.*encoding="):
        read(path)
    with pytest.raises(cg.ClusterGeoError, match=r"row 1, column NAME"):
        read(path, encoding="utf-8")


def test_an_encoding_that_is_none_or_that_a_format_does_not_need_is_refused(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "s.shp", prj=BESSEL_TM)
    with pytest.raises(cg.ClusterGeoError, match=r"klingon.*cp949"):
        read(path, encoding="klingon")
    zones().to_file(tmp_path / "s.gpkg")
    with pytest.raises(cg.ClusterGeoError, match="UTF-8"):
        read(tmp_path / "s.gpkg", encoding="cp949")


@pytest.mark.parametrize("encoding", ["cp949", "utf-8"])
def test_a_text_cut_in_the_middle_of_a_character_keeps_the_rest_and_is_told(tmp_path: Path, encoding: str) -> None:
    width = 7
    cells = ["가나다라".encode(encoding)[:width], "나".encode(encoding)]
    layer = read(shapefile(tmp_path / "s.shp", cells, prj="EPSG:5174", width=width, cpg=encoding))
    assert names(layer) == ["가나다라".encode(encoding)[:width].decode(encoding, "ignore"), "나"]
    assert told(layer, "1 texts", "half")
    with pytest.warns(cg.ClusterGeoWarning, match="half"):
        cg.tag_file(tmp_path / "s.shp", tmp_path / "out.parquet")
    assert gpd.read_parquet(tmp_path / "out.parquet")["NAME"].tolist() == names(layer)


def test_korean_names_of_columns_come_back(tmp_path: Path) -> None:
    layer = read(shapefile(tmp_path / "s.shp", [b"1"], column="시군구명".encode("cp949"), prj=BESSEL_TM))
    assert names(layer, "시군구명") == ["1"]


@pytest.mark.parametrize("ending", [".geojson", ".geojsonl"])
@pytest.mark.parametrize("encoding", ["cp949", "utf-8", "utf-8-sig", "utf-16"])
def test_json_in_an_older_encoding_is_read_and_told(tmp_path: Path, encoding: str, ending: str) -> None:
    path = tmp_path / f"s{ending}"
    feature = {"type": "Feature", "properties": {"NAME": "똠방각하"}, "geometry": shapely.geometry.mapping(SEOUL)}
    whole = feature if ending == ".geojsonl" else {"type": "FeatureCollection", "features": [feature]}
    path.write_bytes(json.dumps(whole, ensure_ascii=False).encode(encoding))
    layer = read(path)
    assert names(layer) == ["똠방각하"]
    assert told(layer, encoding) == (encoding in {"cp949", "utf-16"})


# Systems


def test_the_datum_that_a_bessel_prj_leaves_out_is_brought_back_and_told(tmp_path: Path) -> None:
    layer = read(shapefile(tmp_path / "s.shp", prj=BESSEL_TM))
    assert layer.frame.crs.to_epsg() == 5174
    assert told(layer, "overrode the datum", "EPSG:5174", "m off")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dropped = layer.frame.geometry.set_crs(BESSEL_TM, allow_override=True).to_crs(LONLAT).iloc[0].centroid
    off = crs_room.geodesic_distances_m(*(np.array([v]) for v in (dropped.x, dropped.y, 126.985, 37.555)))[0]
    assert 300 < off < 400
    right = layer.frame.to_crs(LONLAT).geometry.iloc[0].centroid
    assert right.x == pytest.approx(126.985, abs=1e-6)
    assert right.y == pytest.approx(37.555, abs=1e-6)


def test_pcs_itrf2000_tm_is_the_unified_plane_by_its_parameters(tmp_path: Path) -> None:
    layer = read(shapefile(tmp_path / "s.shp", prj=ITRF_TM, crs=5179))
    assert layer.frame.crs.to_epsg() == 5179
    assert told(layer, "PCS_ITRF2000_TM", "EPSG:5179")


def test_a_shift_that_the_file_spells_out_is_kept(tmp_path: Path) -> None:
    shift = 'SPHEROID["Bessel_1841",6377397.155,299.1528128],TOWGS84[-115.8,474.99,674.11,1.16,-2.31,-1.63,6.43]'
    prj = BESSEL_TM.replace('SPHEROID["Bessel_1841",6377397.155,299.1528128]', shift)
    layer = read(shapefile(tmp_path / "s.shp", prj=prj))
    assert layer.frame.crs.is_bound
    assert not told(layer, "EPSG:5174")


def test_a_shift_of_zeros_is_none(tmp_path: Path) -> None:
    zeros = 'SPHEROID["Bessel_1841",6377397.155,299.1528128],TOWGS84[0,0,0,0,0,0,0]'
    prj = BESSEL_TM.replace('SPHEROID["Bessel_1841",6377397.155,299.1528128]', zeros)
    assert read(shapefile(tmp_path / "s.shp", prj=prj)).frame.crs.to_epsg() == 5174


def test_an_ellipsoid_without_a_datum_that_is_no_plane_of_korea_is_refused(tmp_path: Path) -> None:
    prj = BESSEL_TM.replace("127.0028902777778", "126.5")
    with pytest.raises(cg.ClusterGeoError, match=r"without a datum.*crs="):
        read(shapefile(tmp_path / "s.shp", prj=prj))


@pytest.mark.parametrize(("wrong", "metres"), [(5181, 313), (2097, 256), (5186, 99_800)])
def test_another_plane_is_far_off_and_nothing_but_the_name_tells(wrong: int, metres: float) -> None:
    """What the order of decisions guards against: each of these reads without an error."""
    plane = zones().to_crs(5174)
    right, other = (
        plane.set_crs(code, allow_override=True).to_crs(LONLAT).geometry.iloc[0].centroid for code in (5174, wrong)
    )
    off = crs_room.geodesic_distances_m(*(np.array([v]) for v in (right.x, right.y, other.x, other.y)))[0]
    assert off == pytest.approx(metres, rel=0.02)


def test_a_shapefile_without_a_prj_needs_a_name_and_the_candidates_are_told(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "s.shp")
    with pytest.raises(cg.ClusterGeoError, match=r"no coordinate reference system.*EPSG:5186.*EPSG:5174"):
        read(path)
    assert read(path, crs=5174).frame.crs.to_epsg() == 5174


def test_a_prj_that_is_a_code_or_parameters_is_understood(tmp_path: Path) -> None:
    assert read(shapefile(tmp_path / "a.shp", prj="EPSG:5174")).frame.crs.to_epsg() == 5174
    text = "+proj=tmerc +lat_0=38 +lon_0=127 +k=1 +x_0=200000 +y_0=600000 +ellps=GRS80 +units=m +no_defs"
    assert read(shapefile(tmp_path / "b.shp", prj=text, crs=5186)).frame.crs.to_epsg() == 5186
    with pytest.raises(cg.ClusterGeoError, match="crs="):
        read(shapefile(tmp_path / "c.shp", prj="the usual one"))


def test_metres_in_json_are_refused_with_the_planes_that_would_fit(tmp_path: Path) -> None:
    shape = zones(crs=5179).geometry.iloc[0]
    path = tmp_path / "s.geojson"
    path.write_text(json.dumps({"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(shape)}))
    with pytest.raises(cg.ClusterGeoError, match=r'plane coordinates.*crs="EPSG:5179"'):
        read(path)
    assert read(path, crs=5179).frame.to_crs(LONLAT).total_bounds == pytest.approx(SEOUL.bounds, abs=1e-4)


def test_topojson_is_longitude_and_latitude_and_says_so(tmp_path: Path) -> None:
    arcs = [[[126.98, 37.55], [126.99, 37.55], [126.99, 37.56], [126.98, 37.56], [126.98, 37.55]]]
    one = {"type": "Polygon", "arcs": [[0]], "properties": {"NAME": "종로구"}}
    objects = {"구": {"type": "GeometryCollection", "geometries": [one]}}
    path = tmp_path / "s.json"
    path.write_text(json.dumps({"type": "Topology", "arcs": arcs, "objects": objects}, ensure_ascii=False), "utf-8")
    layer = read(path)
    assert (layer.frame.crs, names(layer)) == (LONLAT, ["종로구"])
    assert told(layer, "TopoJSON", "longitude and latitude")
    path.write_text(
        json.dumps({"type": "Topology", "arcs": [[[x * 1e4, y * 1e4] for x, y in arcs[0]]], "objects": objects})
    )
    with pytest.raises(cg.ClusterGeoError, match="plane coordinates"):
        read(path)


@pytest.mark.parametrize("crs", [4326, 5179, 5186])
def test_swapped_axes_are_refused_and_swap_xy_is_the_cure(tmp_path: Path, crs: int) -> None:
    frame = zones(crs=crs)
    frame = frame.set_geometry(shapely.transform(frame.geometry.values, lambda p: p[:, ::-1])).set_crs(crs)
    frame.to_file(tmp_path / "s.gpkg")
    with pytest.raises(cg.ClusterGeoError, match=r"when swapped.*swap_xy=True"):
        read(tmp_path / "s.gpkg")
    layer = read(tmp_path / "s.gpkg", swap_xy=True)
    assert layer.frame.to_crs(LONLAT).geometry.iloc[0].centroid.x == pytest.approx(126.985, abs=1e-6)
    assert told(layer, "swapped, as asked")


def test_a_wind_farm_at_sea_can_be_insisted_on(tmp_path: Path) -> None:
    """Its coordinates swapped would be land: the caller decides."""
    farm = gpd.GeoDataFrame(geometry=[box(129.98, 35.29, 130.0, 35.31)], crs=LONLAT).to_crs(5186)
    farm.to_file(tmp_path / "s.gpkg")
    with pytest.raises(cg.ClusterGeoError, match=r"sea.*swap_xy=False"):
        read(tmp_path / "s.gpkg")
    assert len(read(tmp_path / "s.gpkg", swap_xy=False)) == 1


def test_a_place_outside_korea_that_another_plane_would_bring_inside_is_told(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "s.shp", prj=ITRF_TM, crs=5186)
    assert told(read(path), "outside Korea", "EPSG:5186")


def test_islands_at_the_edge_are_korea(tmp_path: Path) -> None:
    shapes = [Point(131.87, 37.24).buffer(0.01), Point(126.27, 33.11).buffer(0.01), Point(124.66, 37.95).buffer(0.01)]
    gpd.GeoDataFrame(geometry=shapes, crs=LONLAT).to_crs(5179).to_file(tmp_path / "s.gpkg")
    assert read(tmp_path / "s.gpkg").report == ()


def test_official_axes_are_north_first_and_ours_are_not() -> None:
    assert pyproj.CRS(5186).axis_info[0].direction == "north"
    assert crs_room.change(LONLAT, "EPSG:5186")(np.array([[127.0, 38.0]])).round().tolist() == [[200_000, 600_000]]


def test_repair_keeps_the_polygons_and_counts_what_has_no_area(tmp_path: Path) -> None:
    bow = Polygon([(127, 37), (127.1, 37.1), (127.1, 37), (127, 37.1)])
    spike = Polygon([(127.2, 37), (127.3, 37), (127.25, 37), (127.2, 37)])
    gpd.GeoDataFrame(geometry=[bow, spike, SEOUL], crs=LONLAT).to_file(tmp_path / "s.gpkg")
    with pytest.raises(cg.ClusterGeoError, match=r"row 0.*Self-intersection"):
        read(tmp_path / "s.gpkg")
    layer = read(tmp_path / "s.gpkg", repair=True)
    assert told(layer, "2 invalid", "1 of them have no area")
    assert set(layer.frame.geom_type) <= {"Polygon", "MultiPolygon"}
    with pytest.warns(cg.ClusterGeoWarning, match="2 invalid geometries were repaired"):
        cg.read_sites(tmp_path / "s.gpkg", repair=True)


# Parts of a shapefile


def test_a_missing_shx_is_made_in_a_copy_and_told(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "s.shp", [b"a", b"b"], prj="EPSG:5174")
    path.with_suffix(".shx").unlink()
    layer = read(path)
    assert names(layer) == ["a", "b"]
    assert told(layer, ".shx is missing")
    assert not path.with_suffix(".shx").exists()
    with pytest.warns(cg.ClusterGeoWarning, match=r"\.shx is missing"):
        done = cg.tag_file(path, tmp_path / "out.parquet")
    assert done.rows == 2


@pytest.mark.parametrize("given", [None, False, True])
def test_an_option_of_gdal_that_the_caller_has_set_stands_after_reading(tmp_path: Path, *, given: bool | None) -> None:
    path = shapefile(tmp_path / "s.shp", [b"a", b"b"], prj="EPSG:5174")
    path.with_suffix(".shx").unlink()
    name = "SHAPE_RESTORE_SHX"
    pyogrio.set_gdal_config_options({name: given})
    try:
        assert names(read(path)) == ["a", "b"]
        assert pyogrio.get_gdal_config_option(name) is given
    finally:
        pyogrio.set_gdal_config_options({name: None})


def test_a_missing_dbf_leaves_the_shapes_and_is_told(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "s.shp", prj=BESSEL_TM)
    path.with_suffix(".dbf").unlink()
    assert told(read(path), ".dbf", "is missing")


def test_parts_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "s.shp", [b"a", b"b"], prj=BESSEL_TM)
    dbf(path.with_suffix(".dbf"), b"NAME", [b"a"])
    with pytest.raises(cg.ClusterGeoError, match=r"2 shapes.*1 rows"):
        read(path)


def test_capital_endings_are_parts_too(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "s.shp", ["구".encode("cp949")], prj=BESSEL_TM)
    for part in list(tmp_path.iterdir()):
        part.rename(part.with_suffix(part.suffix.upper()))
    assert names(read(path.with_suffix(".SHP"))) == ["구"]


# Sites and outputs


def test_read_sites_warns_of_what_it_decided(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "s.shp", ["종로구".encode("cp949")], prj=BESSEL_TM)
    with pytest.warns(cg.ClusterGeoWarning) as caught:
        cg.read_sites(path)
    said = " ".join(str(one.message) for one in caught)
    assert "cp949" in said
    assert "overrode the datum" in said


def test_what_was_decided_reaches_the_report_and_the_tagged_file(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "LSMD_CONT_UD801_11_202501.shp", ["종로구".encode("cp949")], prj=BESSEL_TM)
    layer = cg.read_layer(path, name="rdz")
    assert (layer.as_of, layer.coverage) == ("2025-01", ("mois:11",))
    zones(crs=5186).drop(columns="SIG_KOR_NM").to_file(tmp_path / "sites.gpkg")
    cg.report(tmp_path / "out", sites=cg.read_sites(tmp_path / "sites.gpkg"), zones={"rdz": layer})
    crate = json.loads((tmp_path / "out" / "ro-crate-metadata.json").read_text("utf-8"))
    (held,) = [one for one in crate["@graph"] if one.get("name") == "rdz"]
    assert held["version"] == "2025-01"
    assert "overrode the datum" in held["decidedWhileReading"]
    assert "from the file's name" in held["decidedWhileReading"]


# The real one


@pytest.mark.skipif(not SHARED.is_file(), reason="set CLUSTERGEO_SHARED to the folder with the shapefile of Seoul")
def test_the_real_seoul_of_2013_is_read_right_and_says_that_it_overrode_the_datum() -> None:
    layer = read(SHARED)
    assert told(layer, "overrode the datum", "EPSG:5174")
    assert told(layer, "cp949")
    assert len(layer) == 25
    assert "강남구" in names(layer, "name")
    assert all("가" <= letter <= "힣" for name in names(layer, "name") for letter in name)
    assert crs_room.areas_m2(layer.frame.geometry).sum() / 1e6 == pytest.approx(607.0, abs=0.05)
    assert _median_distance_m(layer.frame) < 30
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dropped = pyogrio.read_dataframe(SHARED, encoding="cp949")
    assert _median_distance_m(dropped) == pytest.approx(215, abs=25)


def _median_distance_m(frame: gpd.GeoDataFrame) -> float:
    """Return how far vertices of the outline of Seoul lie from the shipped one, the middle of all."""
    shipped = cg.load_regions("province").to_crs(5179).set_index("province").geometry["서울특별시"].boundary
    outline = frame.to_crs(5179).geometry.union_all().boundary
    return float(np.median(shapely.distance(shapely.points(shapely.get_coordinates(outline)), shipped)))


# Zips of Korean names


def test_a_zip_with_korean_names_in_cp949_is_read(tmp_path: Path) -> None:
    inner = shapefile(tmp_path / "s.shp", ["종로구".encode("cp949")], prj=BESSEL_TM)
    for encoding in ("cp949", "utf-8"):
        path = packed(tmp_path / f"{encoding}.zip", *parts_of(inner, "시군구_경계"), encoding=encoding)
        assert names(read(path)) == ["종로구"]


def test_a_zip_of_several_layers_is_not_guessed_and_one_is_named(tmp_path: Path) -> None:
    path = turned_zip(tmp_path, ["시도", "시군구", "읍면동"])
    with pytest.raises(cg.ClusterGeoError, match=r"3 layers: 시도, 시군구, 읍면동.*layer='시도'"):
        read(path)
    layer = read(path, layer="시군구")
    assert len(layer) == 2
    assert told(layer, "시군구.shp inside the zip")
    assert len(read(path / "읍면동.shp")) == 3
    assert layer.sha256 == read(path, layer="시도").sha256
    with pytest.raises(cg.ClusterGeoError, match=r"no layer '동'.*시도, 시군구, 읍면동"):
        read(path, layer="동")
    with pytest.raises(cg.ClusterGeoError, match=r"there is no '동\.shp'"):
        read(path / "동.shp")


@pytest.mark.parametrize("index", ["YES", "NO"])
def test_rows_of_flatgeobuf_without_a_shape_stay_without_one(tmp_path: Path, index: str) -> None:
    """GDAL's fast way to Arrow reads foreign memory for such a row."""
    shapes = [SEOUL, SEOUL] if index == "YES" else [SEOUL, None, SEOUL, None]
    held = gpd.GeoDataFrame({"NAME": range(len(shapes))}, geometry=shapes, crs=LONLAT)
    held.to_file(tmp_path / "s.fgb", SPATIAL_INDEX=index)
    rows = pytest.warns(cg.ClusterGeoWarning, match=r"2 of 4 rows have no geometry \(row 1, 3, counted from 0\)")
    with contextlib.nullcontext() if index == "YES" else rows:
        sites = cg.read_sites(tmp_path / "s.fgb")
    assert sites.geometry.isna().tolist() == [shape is None for shape in shapes]
    assert len(cg.read_layer(tmp_path / "s.fgb", name="zones", repair=True)) == 2


# The command line


def test_the_commands_take_what_a_file_does_not_say(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from clustergeo.cli import cli

    zone = shapefile(tmp_path / "zone.shp", ["구".encode("cp949")])
    turned = zones(crs=5186).drop(columns="SIG_KOR_NM")
    turned = turned.set_geometry(shapely.transform(turned.geometry.values, lambda p: p[:, ::-1])).set_crs(5186)
    turned.to_file(tmp_path / "sites.gpkg")
    command = ["tag", str(tmp_path / "sites.gpkg"), "-o", str(tmp_path / "out.parquet"), "--zones", f"rdz={zone}"]
    refused = CliRunner().invoke(cli, command)
    assert isinstance(refused.exception, cg.ClusterGeoError)
    with pytest.warns(cg.ClusterGeoWarning, match="swapped, as asked"):
        done = CliRunner().invoke(
            cli, [*command, "--swap-xy", "--zone-crs", "rdz=EPSG:5174", "--zone-encoding", "rdz=cp949"]
        )
    assert done.exit_code == 0, done.output
    assert gpd.read_parquet(tmp_path / "out.parquet")["rdz_share"].iloc[0] == pytest.approx(1, abs=0.01)


def test_a_system_of_another_world_is_refused(tmp_path: Path) -> None:
    prj = BESSEL_TM.replace("6377397.155,299.1528128", "3396190.0,169.8944472")
    with pytest.raises(cg.ClusterGeoError, match="crs="):
        read(shapefile(tmp_path / "s.shp", prj=prj))


@pytest.mark.parametrize("page", ["idna", "unicode_escape", "undefined", "punycode"])
def test_a_code_page_that_only_python_knows_is_none(tmp_path: Path, page: str) -> None:
    path = shapefile(tmp_path / "a.shp", ["종로구".encode("cp949")], prj=BESSEL_TM, cpg=page)
    layer = cg.read_layer(path, name="a")
    assert layer.frame["NAME"].tolist() == ["종로구"]
    assert any("is no encoding" in one for one in layer.report)
    with pytest.raises(cg.ClusterGeoError, match="is no encoding of texts"):
        cg.read_layer(path, name="a", encoding=page)


@pytest.mark.parametrize("page", ["ISO-8859-1", "1252"])
def test_a_western_code_page_over_korean_in_utf_8_is_not_believed(tmp_path: Path, page: str) -> None:
    path = shapefile(tmp_path / "a.shp", ["종로구".encode()], prj=BESSEL_TM, cpg=page)
    layer = cg.read_layer(path, name="a")
    assert layer.frame["NAME"].tolist() == ["종로구"]
    assert any("Korean in UTF-8" in one for one in layer.report)


def test_positions_that_a_crs_cannot_show_are_near_no_land() -> None:
    seoul, nowhere = [198_000.0, 551_000.0], [np.nan, np.nan]
    korea = pyproj.CRS("EPSG:5186")
    bounds = (198_000.0, 551_000.0, 198_000.0, 551_000.0)
    assert projection.ashore(korea, np.array([seoul, seoul, nowhere]), bounds)
    assert not projection.ashore(korea, np.array([seoul, nowhere, nowhere]), bounds)
    assert not projection.ashore(korea, np.array([nowhere] * 3), bounds)
