"""The shipped sites, regions and facts, and their catalogue."""

from __future__ import annotations

import functools
import json
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustergeo import crs, facts, sources
from clustergeo._shipped import data_path
from clustergeo.errors import InputError

LEVELS = ("province", "municipality", "locality")
CAPITAL_PROVINCES = ("11", "23", "31")
ANNOUNCEMENT = "announcement-2023"
BOUNDARY_VINTAGE = "2018"

_SITE_COLUMNS = (
    "site_id",
    "name_ko",
    "name_en",
    "province",
    "province_en",
    "city",
    "city_en",
    "municipality",
    "municipality_en",
    "locality",
    "locality_en",
    "address_ko",
    "address_en",
    "macro_region",
    "sectors",
    "area_km2",
    "area_as_of",
    "area_scope",
    "area_source",
    "announced_area_km2",
    "status",
    "status_as_of",
    "status_source",
    "designations",
    "designations_source",
    "footprint_basis",
    "position_error_m",
    "position_source",
    "rdz_reported_present",
    "rdz_reported_share",
    "rdz_reported_area_m2",
    "rdz_reported_basis",
    "rdz_reported_as_of",
    "rdz_reported_source",
    "rdz_reported_note_ko",
    "rdz_reported_note_en",
    "within",
    "geometry",
)


@functools.cache
def _table(name: str) -> pd.DataFrame:
    """Return a shipped table as text; callers copy before they change anything."""
    return pd.read_csv(data_path(name), dtype=str, keep_default_na=False)


@functools.cache
def _layer(name: str) -> gpd.GeoDataFrame:
    """Return a shipped layer; callers copy before they change anything."""
    return gpd.read_parquet(data_path(name))


def load_sectors() -> pd.DataFrame:
    """Return the sector taxonomy: `code, name_ko, name_en, colour, ksic_divisions, ksic_note`, one row a sector."""
    return _table("sectors.csv").copy()


def load_macro_regions() -> pd.DataFrame:
    """Return the macro-regions of every scheme: `scheme, code, name_ko, name_en, provinces_kostat, source, note`."""
    return _table("macro_regions.csv").copy()


def load_table(name: str) -> pd.DataFrame:
    """Return another shipped table as text, by its file name without the ending, such as `designations`."""
    return _table(f"{name}.csv").copy()


def load_facts() -> pd.DataFrame:
    """Return the shipped facts: one dated, cited statement a row, sources as ids of `load_sources`."""
    return _table("facts.csv").copy()


def catalogue() -> pd.DataFrame:
    """Return the shipped layers and tables.

    Returns
    -------
    pandas.DataFrame
        One row each: `layer, kind, rows, vintage, coverage, licence, attribution, source` (URL or what it is made
        from), `sha256` (of the shipped file), `file`.

    Examples
    --------
    >>> int(catalogue().set_index("layer").loc["localities-2018", "rows"])
    3504
    """
    return pd.DataFrame(json.loads(data_path("catalogue.json").read_text(encoding="utf-8"))["layers"])


def _day(as_of: str | None) -> str:
    """Return a day in ISO text, the end of time for None."""
    return "9999-12-31" if as_of is None else facts.last_day(as_of).isoformat()


def provinces_on(as_of: str | None = None) -> pd.DataFrame:
    """Return the provinces of a day: names, codes of both schemes, and the 2018 provinces each consists of.

    Returns
    -------
    pandas.DataFrame
        `province_code_kostat, province_code_mois, province, province_en, members` (a tuple of 2018 KOSTAT codes); a
        code that is not known is null.
    """
    day, table = _day(as_of), _table("provinces.csv")
    held = table[
        ((table["valid_from"] == "") | (table["valid_from"] <= day))
        & ((table["valid_to"] == "") | (table["valid_to"] > day))
    ]
    return pd.DataFrame(
        {
            "province_code_kostat": [code or None for code in held["code_kostat"]],
            "province_code_mois": [code or None for code in held["code_mois"]],
            "province": held["name_ko"].to_numpy(),
            "province_en": held["name_en"].to_numpy(),
            "members": [
                tuple((members or code).split())
                for members, code in zip(held["members"], held["code_kostat"], strict=True)
            ],
        }
    )


def province_names() -> dict[str, frozenset[str]]:
    """Return every name that the province of each 2018 KOSTAT code has had."""
    table = _table("provinces.csv")
    names: dict[str, set[str]] = {}
    for row in table.itertuples(index=False):
        for code in (row.members or row.code_kostat).split():
            names.setdefault(code, set()).update({row.name_ko, row.name_en})
    return {code: frozenset(found) for code, found in names.items()}


def province_translations() -> dict[str, str]:
    """Return the English name of every Korean name that a province has had."""
    table = _table("provinces.csv")
    return dict(zip(table["name_ko"], table["name_en"], strict=True))


def locality_translations() -> dict[str, str]:
    """Return the English name of every locality's Korean name that has only one."""
    table = pd.read_parquet(data_path("localities.parquet"), columns=["locality", "locality_en"]).drop_duplicates()
    single = table[~table["locality"].duplicated(keep=False)]
    return dict(zip(single["locality"].astype(str), single["locality_en"].astype(str), strict=True))


def province_members(*, scheme: str = "kostat") -> dict[str, tuple[str, ...]]:
    """Return the 2018 KOSTAT codes of the provinces that each code of a scheme, `kostat` or `mois`, has ever meant."""
    table = _table("provinces.csv")
    return {
        code: tuple((members or kostat).split())
        for code, kostat, members in zip(table[f"code_{scheme}"], table["code_kostat"], table["members"], strict=True)
        if code
    }


def municipality_owners(as_of: str | None = None) -> dict[str, str]:
    """Return the 2018 KOSTAT code of the province that each municipality of 2018 belonged to on a day."""
    codes, moves = _table("municipalities.csv")["code_kostat"], _table("municipality_moves.csv")
    moved = moves[moves["date"] <= _day(as_of)].sort_values("date")
    owners = dict(zip(codes, codes.str[:2], strict=True))
    return owners | dict(zip(moved["municipality_code_kostat"], moved["to_province_kostat"], strict=True))


def later_changes() -> pd.DataFrame:
    """Return the changes of municipalities since 2018 that the shipped ones do not show, one row each."""
    return _table("municipality_not_included.csv").copy()


def municipalities_on(as_of: str | None = None) -> pd.DataFrame:
    """Return the 250 municipalities of 2018 with the province of a day, indexed by `municipality_code_kostat`."""
    table, owner = _table("municipalities.csv"), municipality_owners(as_of)
    provinces = provinces_on(as_of)
    of_member = {member: row for row in provinces.index for member in provinces.loc[row, "members"]}
    rows = provinces.loc[[of_member[owner[code]] for code in table["code_kostat"]]].reset_index(drop=True)
    named = pd.DataFrame(
        {
            "municipality_code_kostat": table["code_kostat"],
            "municipality": table["name_ko"],
            "municipality_en": table["name_en"],
            "city": table["city_ko"],
            "city_en": table["city_en"],
        }
    )
    return pd.concat([named, rows.drop(columns="members")], axis=1).set_index("municipality_code_kostat")


def load_regions(level: str, *, as_of: str | None = None) -> gpd.GeoDataFrame:
    """Return the administrative areas of a level.

    Parameters
    ----------
    level
        `"province"`, `"municipality"` or `"locality"`.
    as_of
        The day whose province names, codes and membership are meant; the latest by default. Municipalities and
        localities are those of 2018; later changes that they do not include are listed in the docs.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4326, one coverage: neighbours share their borders exactly. 16 or 17 provinces, 250 municipalities or 3,504
        localities, with the names in Korean and English and the codes of the levels above; codes are null where no
        source gives one.

    Raises
    ------
    InputError
        No such level, or `as_of` is no date.

    Examples
    --------
    >>> len(load_regions("province")), len(load_regions("province", as_of="2023-03-15"))
    (16, 17)
    """
    if level not in LEVELS:
        msg = f"There is no level {level!r}. The levels are {', '.join(LEVELS)}."
        raise InputError(msg)
    municipalities = municipalities_on(as_of)
    if level == "province":
        return _provinces(municipalities, as_of)
    if level == "municipality":
        shapes = _layer("municipalities.parquet").set_index("municipality_code_kostat")["geometry"]
        frame = municipalities.join(shapes, how="left").reset_index()
    else:
        localities = _layer("localities.parquet")
        codes = localities["locality_code_kostat"].str[:5].rename("municipality_code_kostat")
        frame = pd.concat([localities.drop(columns="geometry"), codes], axis=1)
        frame = frame.join(municipalities, on="municipality_code_kostat").assign(geometry=localities.geometry)
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=crs.LONLAT)


def _provinces(municipalities: pd.DataFrame, as_of: str | None) -> gpd.GeoDataFrame:
    """Return the provinces of a day, dissolved anew where their municipalities differ from those of 2018."""
    shipped = _layer("provinces.parquet").set_index("province_code_kostat")["geometry"]
    shapes = _layer("municipalities.parquet").set_index("municipality_code_kostat")["geometry"]
    provinces = provinces_on(as_of)
    geometries = []
    for row in provinces.itertuples(index=False):
        codes = list(municipalities.index[municipalities["province"] == row.province])
        same = {code for code in shapes.index if code[:2] in row.members} == set(codes)
        if same and len(row.members) == 1:
            geometries.append(shipped[row.members[0]])
        else:
            geometries.append(shapely.coverage_union_all(np.asarray(shapes[codes].values, dtype=object)))
    return gpd.GeoDataFrame(provinces.drop(columns="members"), geometry=geometries, crs=crs.LONLAT)


def load_capital_region() -> gpd.GeoDataFrame:
    """Return the capital region: Seoul, Incheon and Gyeonggi, interior holes filled.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4326, one row: `name_ko, name_en, geometry`. None of the changes of provinces since 2018 touches it.
    """
    return _layer("capital_region.parquet").copy()


def load_sites(*, as_of: str | None = None, own_facts: pd.DataFrame | None = None) -> gpd.GeoDataFrame:
    """Return the 15 national high-tech complexes announced on 2023-03-15, with what is known of them.

    Parameters
    ----------
    as_of
        Only facts known by this day, and the province names of that day; by default all.
    own_facts
        Facts to add or to correct with, as `facts.read_facts` returns them.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4326, 15 rows, the columns of docs/architecture.md. The footprint is a disc of the area round the reported
        position, a drawing aid; `within`, the localities that the address names, is what certainly contains the site.

    Raises
    ------
    InputError
        `as_of` is no date.

    Examples
    --------
    >>> sites = load_sites(as_of="2023-03-15")
    >>> len(sites), round(float(sites["area_km2"].sum()), 2)
    (15, 40.76)
    """
    base = _layer("sites.parquet")
    held = load_facts()
    if own_facts is not None:
        check_known(own_facts, base["site_id"])
        held = facts.merge(held, own_facts)
    wide = facts.on_day(held, as_of).reindex(base["site_id"]).reset_index(drop=True)
    for column in [name for name in wide.columns if name.endswith("_source")]:
        wide[column] = [sources.source_urls(text) for text in wide[column]]
    municipalities = municipalities_on(as_of).loc[base["municipality_code_kostat"]].reset_index(drop=True)
    regions = municipalities[["province", "province_en", "city", "city_en", "municipality", "municipality_en"]]
    frame = pd.concat([base.drop(columns=["geometry", "within"]), wide, regions], axis=1)
    frame["sectors"] = [text.split(";") for text in base["sectors"]]
    frame["position_source"] = [sources.source_urls(text) for text in base["position_source"]]
    frame["footprint_basis"] = "disc"
    frame["within"] = gpd.GeoSeries(base["within"].values, crs=crs.LONLAT)
    frame["geometry"] = crs.discs(base.geometry, wide["area_km2"].to_numpy(dtype=np.float64) * 1e6)
    return gpd.GeoDataFrame(frame[list(_SITE_COLUMNS)], geometry="geometry", crs=crs.LONLAT)


def with_facts(frame: gpd.GeoDataFrame, own_facts: pd.DataFrame, *, as_of: str | None = None) -> gpd.GeoDataFrame:
    """Return a caller's sites with what a table of facts says of them on a day; a fact replaces what the frame says.

    Raises
    ------
    InputError
        The frame has no `site_id`, or a fact is about none of its sites.
    """
    if "site_id" not in frame.columns:
        msg = "Facts are joined by site_id, and the sites have none. Add a site_id column."
        raise InputError(msg)
    wide = facts.on_day(own_facts, as_of)
    check_known(own_facts, frame["site_id"])
    out = frame.copy()
    rows = wide.reindex(out["site_id"].astype(str)).set_axis(out.index)
    for prefix in ("area_", "announced_area", "status", "designations", "rdz_reported_"):
        group = [name for name in rows.columns if name.startswith(prefix)]
        # What a new statement does not say is not known of its day, so the old figures go with the old statement.
        said = rows[group].notna().any(axis=1)
        for column in group:
            if column in out.columns:
                out[column] = rows[column].where(said, out[column])
            elif said.any():
                out[column] = rows[column]
    return out


def check_known(own_facts: pd.DataFrame, site_ids: Any) -> None:
    """Refuse facts about sites that are not there.

    Raises
    ------
    InputError
        A fact is about a site that is not among `site_ids`.
    """
    strange = sorted(set(own_facts["site_id"]) - {str(name) for name in site_ids})
    if strange:
        msg = f"The facts are about sites that are not among the sites given: {', '.join(map(repr, strange[:5]))}."
        raise InputError(msg)


def macro_region_codes(provinces: pd.Series, *, scheme: str = ANNOUNCEMENT) -> pd.Series:
    """Return the macro-region of each 2018 KOSTAT province code under a scheme; null where it has none."""
    table = load_macro_regions()
    held = table[table["scheme"] == scheme]
    places = {code: row.code for row in held.itertuples(index=False) for code in row.provinces_kostat.split()}
    return pd.Series([places.get(code) for code in provinces], index=provinces.index, dtype=object)
