"""The build of `data/processed` from `data/raw` and the boundary source.

python -m clustergeo._build data/raw data/processed --boundary FILE
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustergeo import crs, facts
from clustergeo.datasets import BOUNDARY_VINTAGE, CAPITAL_PROVINCES
from clustergeo.errors import DataError
from clustergeo.policy import programmes, rulefiles
from clustergeo.sources import BOUNDARY_SOURCE

TOLERANCE_M = 25.0
DECIMALS = 5

# The evidence of the rules was seen up to about this month.
RULES_VINTAGE = "2026-03"

_KINDS = {"읍": "eup", "면": "myeon", "동": "dong"}
_COUNTRY, _SITES_ONLY = "South Korea", "the 15 sites"

_COPIED = (
    "facts.csv",
    "sectors.csv",
    "provinces.csv",
    "municipalities.csv",
    "municipality_moves.csv",
    "municipality_not_included.csv",
    "macro_regions.csv",
    "sources.toml",
    "rules.toml",
    *(f"{name}.csv" for name in programmes.TABLES),
)


def build(raw: Path, out: Path, *, boundary: Path | None = None) -> dict[str, Any]:
    """Build the shipped data.

    Parameters
    ----------
    raw
        The folder of the facts as collected.
    out
        The folder to write; made if it is missing.
    boundary
        The boundary file; downloaded with pooch and checked against its sha256 if it is not given.

    Returns
    -------
    dict
        The catalogue that was written.

    Raises
    ------
    DataError
        The boundary file is not the one named in `sources.toml`, or the facts contradict it.
    """
    sources = tomllib.loads((raw / "sources.toml").read_text(encoding="utf-8"))
    source = sources[BOUNDARY_SOURCE]
    held = rulefiles.read_rules(raw / "rules.toml", sources=frozenset(sources))
    programmes.check_tables(raw, held, sources=frozenset(sources))
    localities = _localities(_boundary(boundary, source))
    municipalities = _dissolve(localities, "municipality_code_kostat", 5)
    provinces = _dissolve(localities, "province_code_kostat", 2)
    capital = _capital_region(provinces)
    facts.read_facts(raw / "facts.csv", sources=frozenset(sources))
    sites = _sites(raw, localities)
    out.mkdir(parents=True, exist_ok=True)
    layers = {
        "localities": localities,
        "municipalities": municipalities,
        "provinces": provinces,
        "capital_region": capital,
        "sites": sites,
    }
    for name, frame in layers.items():
        frame.to_parquet(out / f"{name}.parquet", compression="zstd", compression_level=19, schema_version="1.1.0")
    for name in _COPIED:
        (out / name).write_bytes((raw / name).read_bytes())
    listing = _catalogue(out, source)
    (out / "catalogue.json").write_text(json.dumps(listing, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return listing


def _boundary(path: Path | None, source: dict[str, Any]) -> Path:
    """Return the boundary file, its sha256 checked."""
    if path is None:
        import pooch  # noqa: PLC0415  (an extra that only a rebuild without a local file needs)

        return Path(pooch.retrieve(source["url"], known_hash=f"sha256:{source['sha256']}"))
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        msg = f"The boundary file {path} cannot be read: {error.strerror}. Name the copy of {source['url']}."
        raise DataError(msg) from error
    if found != source["sha256"]:
        msg = f"{path} has the sha256 {found}, not {source['sha256']} of the boundary source {source['url']}."
        raise DataError(msg)
    return path


def _localities(path: Path) -> gpd.GeoDataFrame:
    """Return the localities, repaired and generalised as one coverage, in longitude and latitude."""
    # The format has no CRS of its own and readers give none: by definition it holds longitude and latitude.
    frame = gpd.read_file(path).set_crs(crs.LONLAT, allow_override=True).sort_values("code", ignore_index=True)
    plane = np.asarray(frame.to_crs(crs.KOREA_PLANE).geometry.values, dtype=object)
    repaired = np.array([_polygons_only(shape) for shape in shapely.make_valid(plane)], dtype=object)
    coverage = shapely.coverage_simplify(shapely.coverage_clean(repaired), TOLERANCE_M)
    lonlat = crs.transform(coverage, crs.KOREA_PLANE, crs.LONLAT)
    # Rounding every vertex alike keeps shared borders shared; cleaning drops the few islets of under a metre that
    # collapse.
    rounded = shapely.coverage_clean(shapely.transform(lonlat, lambda points: np.round(points, DECIMALS)))
    rounded = shapely.transform(rounded, lambda points: np.round(points, DECIMALS))
    if not (shapely.is_valid(rounded).all() and shapely.coverage_is_valid(rounded)):
        msg = "The generalised localities are not a valid coverage."
        raise DataError(msg)
    return gpd.GeoDataFrame(
        {
            "locality_code_kostat": frame["code"].astype(str),
            "locality": frame["name"].astype(str),
            "locality_en": [_hyphened(*names) for names in zip(frame["name"], frame["name_eng"], strict=True)],
        },
        geometry=rounded,
        crs=crs.LONLAT,
    )


def _hyphened(name: str, name_en: str) -> str:
    """Return the English name of a locality with the hyphen that the romanisation puts before its kind.

    Examples
    --------
    >>> _hyphened("향남읍", "Hyangnameup"), _hyphened("수성1가동", "Suseong1Gadong")
    ('Hyangnam-eup', 'Suseong1ga-dong')
    >>> _hyphened("영해면", "Yeonghae-myeo")
    'Yeonghae-myeon'
    """
    kind = _KINDS.get(name[-1:])
    if kind is None:
        return name_en
    # One name of the source lacks its last letter.
    stem = re.sub(rf"-?{kind[:-1]}(?:{kind[-1]})?$", "", name_en)
    return re.sub(r"(?<=\d)Ga$", "ga", stem) + f"-{kind}"


def _polygons_only(shape: Any) -> Any:
    """Return the polygons of a repaired geometry; lines and points left over from the repair have no area."""
    parts = [part for part in shapely.get_parts(shape) if shapely.get_type_id(part) == shapely.GeometryType.POLYGON]
    parts += [
        inner
        for part in shapely.get_parts(shape)
        if shapely.get_type_id(part) == shapely.GeometryType.MULTIPOLYGON
        for inner in shapely.get_parts(part)
    ]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _dissolve(localities: gpd.GeoDataFrame, column: str, digits: int) -> gpd.GeoDataFrame:
    """Return the localities dissolved by the first digits of their code."""
    groups = localities.geometry.groupby(localities["locality_code_kostat"].str[:digits])
    merged = {str(code): shapely.coverage_union_all(np.asarray(shapes.values, dtype=object)) for code, shapes in groups}
    return gpd.GeoDataFrame({column: list(merged)}, geometry=list(merged.values()), crs=crs.LONLAT)


def _capital_region(provinces: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the capital region with its interior holes filled: land reclaimed since, not enclaves of a neighbour."""
    chosen = provinces[provinces["province_code_kostat"].isin(CAPITAL_PROVINCES)]
    merged = shapely.coverage_union_all(np.asarray(chosen.geometry.values, dtype=object))
    filled = shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(merged)])
    others = provinces[~provinces["province_code_kostat"].isin(CAPITAL_PROVINCES)]
    if shapely.area(shapely.intersection(filled, np.asarray(others.geometry.values, dtype=object))).max() > 0:
        msg = "A hole of the capital region holds land of another province; it cannot be filled."
        raise DataError(msg)
    return gpd.GeoDataFrame(
        {"name_ko": ["수도권"], "name_en": ["Capital region (Seoul Metropolitan Area)"]},
        geometry=[filled],
        crs=crs.LONLAT,
    )


def _sites(raw: Path, localities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the identity, position and `within` of each site; the address must agree with the position, by code."""
    table = pd.read_csv(raw / "sites.csv", dtype=str, keep_default_na=False)
    named = pd.read_csv(raw / "site_localities.csv", dtype=str, keep_default_na=False)
    shapes = localities.set_index("locality_code_kostat")["geometry"]
    shown = localities.set_index("locality_code_kostat")["locality"]
    municipalities, names, names_en, areas = [], [], [], []
    strange = sorted(set(named["site_id"]) - set(table["site_id"]))
    problems = [f"site_localities.csv names {site!r}, which is no site of sites.csv." for site in strange]
    for row in table.itertuples(index=False):
        rows = named[named["site_id"] == row.site_id]
        codes = list(rows["locality_code_kostat"])
        wrong = [
            code
            for code in codes
            if code not in shapes.index or shown[code] != rows.set_index("locality_code_kostat")["name_2018"][code]
        ]
        if not codes or wrong:
            problems.append(
                f"{row.site_id}: localities {wrong or 'missing'} are not in the boundary source under that name."
            )
            continue
        area = shapely.coverage_union_all(np.asarray(shapes[codes].values, dtype=object))
        if {code[:2] for code in codes} != {row.province_code_kostat} or len({code[:5] for code in codes}) != 1:
            problems.append(f"{row.site_id}: the localities {codes} disagree with province {row.province_code_kostat}.")
        if not shapely.intersects_xy(area, float(row.lon), float(row.lat)):
            problems.append(f"{row.site_id}: the position lies outside the localities of the address.")
        municipalities.append(codes[0][:5])
        names.append("·".join(rows["name_ko"]))
        names_en.append(", ".join(rows["name_en"]))
        areas.append(area)
    if problems:
        raise DataError("\n".join(problems))
    keep = ["site_id", "name_ko", "name_en", "address_ko", "address_en", "macro_region", "sectors", "position_source"]
    frame = table[keep].assign(
        municipality_code_kostat=municipalities,
        locality=names,
        locality_en=names_en,
        position_error_m=table["position_error_m"].astype(float),
        within=gpd.GeoSeries(areas, crs=crs.LONLAT),
    )
    points = gpd.points_from_xy(table["lon"].astype(float), table["lat"].astype(float))
    return gpd.GeoDataFrame(frame, geometry=points, crs=crs.LONLAT)


def _catalogue(out: Path, source: dict[str, Any]) -> dict[str, Any]:
    """Return the listing of the shipped files."""
    facts_only = "CC0-1.0 for the compilation; each row cites its source"
    boundary = (source["licence"], source["attribution_en"], source["url"], BOUNDARY_VINTAGE)
    compiled = (facts_only, "clustergeo developers; the sources named in each row", "data/raw in the repository")
    held = pd.read_csv(out / "facts.csv", dtype=str, keep_default_na=False)
    facts_vintage = max(held["as_of"], key=facts.last_day)
    mixed = (
        f"{facts_only}; the areas `within`: {source['licence']}",
        f"clustergeo developers; {source['attribution_en']}",
    )
    entries = [
        ("localities-2018", "layer", "localities.parquet", *boundary),
        ("municipalities-2018", "layer", "municipalities.parquet", *boundary),
        ("provinces-2018", "layer", "provinces.parquet", *boundary),
        ("capital-region-2018", "layer", "capital_region.parquet", *boundary),
        (
            "sites-2023",
            "layer",
            "sites.parquet",
            *mixed,
            f"data/raw in the repository; {source['url']}",
            facts.ANNOUNCED,
        ),
        ("facts", "table", "facts.csv", *compiled, facts_vintage),
        ("sectors", "table", "sectors.csv", *compiled, facts.ANNOUNCED),
        ("province-names", "table", "provinces.csv", *compiled, "2026-07-01"),
        ("municipality-names-2018", "table", "municipalities.csv", *boundary),
        ("municipality-moves", "table", "municipality_moves.csv", *compiled, "2023-07-01"),
        ("municipality-changes-not-included", "table", "municipality_not_included.csv", *compiled, "2026"),
        ("macro-regions", "table", "macro_regions.csv", *compiled, "2025-09-30"),
        ("sources", "table", "sources.toml", *compiled, facts_vintage),
        ("rules", "policy", "rules.toml", *compiled, RULES_VINTAGE),
        *((name.replace("_", "-"), "policy", f"{name}.csv", *compiled, RULES_VINTAGE) for name in programmes.TABLES),
    ]
    layers = []
    for name, kind, file, licence, attribution, origin, vintage in entries:
        path = out / file
        rows = _rows(path)
        layers.append(
            {
                "layer": name,
                "kind": kind,
                "rows": rows,
                "vintage": vintage,
                "coverage": _SITES_ONLY if name in {"sites-2023", "facts"} else _COUNTRY,
                "licence": licence,
                "attribution": attribution,
                "source": origin,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "file": file,
            }
        )
    return {"layers": layers}


def _rows(path: Path) -> int:
    """Return the number of rows of a shipped file; of sources.toml the number of sources, of rules.toml of rules."""
    if path.suffix == ".parquet":
        return len(gpd.read_parquet(path))
    if path.suffix == ".toml":
        held = tomllib.loads(path.read_text(encoding="utf-8"))
        return len(held["rule"] if path.name == "rules.toml" else held)
    return len(pd.read_csv(path, dtype=str))


def main(arguments: list[str] | None = None) -> int:
    """Run the build from the command line."""
    parser = argparse.ArgumentParser(description="Build data/processed from data/raw and the boundary source.")
    parser.add_argument("raw", type=Path, nargs="?", default=Path("data/raw"))
    parser.add_argument("out", type=Path, nargs="?", default=Path("data/processed"))
    parser.add_argument("--boundary", type=Path, help="the boundary file; downloaded if it is not given")
    options = parser.parse_args(arguments)
    listing = build(options.raw, options.out, boundary=options.boundary)
    for layer in listing["layers"]:
        sys.stdout.write(f"{layer['layer']:36} {layer['rows']:6} rows\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
