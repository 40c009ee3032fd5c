"""What the folder of a result holds: sites, reasons, stability, tables, maps and pictures, in Korean and English."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustergeo import _cells, crs, figures, labels, maps
from clustergeo._contents import page, suffix
from clustergeo._formats import cell, csv_rows
from clustergeo._table import Column, Table
from clustergeo.errors import warn
from clustergeo.exporting import frame_bytes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from clustergeo.siting.exclusions import Exclusions

_MAPS = ("eligible", "reasons", "score", "stability")
_PICTURES = ("png", "svg")
_TABLES = ("html", "md", "csv")
# More polygons than this make a page that no browser opens gladly.
_DRAWN = 50_000
# Sites that spread over fewer degrees are drawn by themselves.
_CORNER = 1.5
_SHOWN = (
    "standing",
    "reason",
    "score",
    "rank",
    "rank_best",
    "rank_worst",
    "top_probability",
    "excluded_share",
    "eligible_area_m2",
)
_NO_RULE = ("제외한 규칙 없음", "no rule")
_SHORTLIST = (
    "최종 후보: 알 수 없는 값이 무엇이든 {top}위 안에 드는 부지({first}곳). 동점이면 같은 순위이다.",
    "Shortlist: the sites ({first}) among the first {top} whatever unknown values turn out to be. Ties share a place.",
)
_DASH = (
    "–: 알 수 없음. 제외된 부지는 점수와 순위를 매기지 않음.",
    "–: unknown. What is excluded has neither score nor rank.",
)
_NO_SHORTLIST = (
    "최종 후보 없음: 제외되지 않은 부지 가운데 알 수 없는 값이 무엇이든 {top}위 안에 드는 부지가 없다.",
    "No site is on the shortlist: of those not excluded none is among the first {top} whatever unknown values are.",
)
_TITLES = {
    "eligible": ("적격지: {}", "Eligible land: {}"),
    "reasons": ("제외한 규칙: {}", "What excludes: {}"),
    "score": ("점수: {}", "Score: {}"),
    "stability": ("상위 {top}위 안에 들 확률: {}", "Probability of a place among the first {top}: {}"),
    "table": ("후보지 판정: {}", "Where to go: {}"),
}


def names() -> list[str]:
    """Return every name that a result folder may hold."""
    ends = [suffix(lang) for lang in labels.LANGS]
    return [
        *("sites.geojson", "sites.csv", "eligible.geojson", "reasons.csv", "rules.csv"),
        *("weights.csv", "stability.csv", "swaps.csv"),
        *(f"tables/sites{end}.{kind}" for end in ends for kind in _TABLES),
        *(f"maps/{name}{end}.html" for end in ends for name in _MAPS),
        *(f"picture{end}.{kind}" for end in ends for kind in _PICTURES),
        "scenario.toml",
        "manifest.json",
    ]


def files(
    result: gpd.GeoDataFrame,
    exclusions: Exclusions | None,
    tables: Mapping[str, pd.DataFrame | None],
    *,
    top: int,
    title: str,
    given: Collection[str],
    drawn: bool,
) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of each file of a result.

    Parameters
    ----------
    result
        The sites with all columns, and `eligible` polygons where something was excluded.
    exclusions
        What excluded them.
    tables
        `weights`, `stability` and `swaps` of the sites that were ranked.
    top
        How many places make the shortlist.
    title
        What the scenario is called.
    given
        The columns of the sites as they came, which maps show beside the verdicts.
    drawn
        Whether maps and pictures are wanted.
    """
    plain = result if exclusions is None else result.drop(columns="eligible")
    yield "sites.geojson", frame_bytes(plain, "geojson")
    yield "sites.csv", frame_bytes(plain, "csv")
    land = None if exclusions is None else _land(result)
    if land is not None:
        yield "eligible.geojson", frame_bytes(land, "geojson")
    reasons: dict[str, list[str]] = {}
    if exclusions is not None:
        reasons = {lang: exclusions.reasons(result, lang=lang) for lang in labels.LANGS}
        yield "reasons.csv", csv_rows(("site_id", *reasons), zip(result["site_id"], *reasons.values(), strict=True))
        yield "rules.csv", _rows(exclusions.table())
    for name, table in tables.items():
        if table is not None:
            yield f"{name}.csv", _rows(table)
    for lang in labels.LANGS:
        shown = _shown(plain, reasons.get(lang), tables.get("stability"), top=top, lang=lang, given=given)
        made = _table(shown, title, lang, top)
        for kind, data in (("html", _page(made, lang)), ("md", made.markdown().encode()), ("csv", made.csv())):
            yield f"tables/sites{suffix(lang)}.{kind}", data
        if not drawn:
            continue
        yield from _pages(shown, land, title, top, lang)
        figure = figures.plot(
            shown, lang=lang, colour_by="standing", title=_titled("table", title, top, lang), extent=_extent(result)
        )
        for kind in _PICTURES:
            yield f"picture{suffix(lang)}.{kind}", figures.figure_bytes(figure, kind)


def _rows(table: pd.DataFrame) -> bytes:
    """Return a table as CSV, empty where nothing is known."""
    cells = table.astype(object).where(table.notna(), None)
    return csv_rows(list(cells.columns), cells.itertuples(index=False))


def _land(result: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    """Return what is left of each site, those of which nothing is left out."""
    shapes = np.asarray(result["eligible"].values, dtype=object)
    left = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    columns = result.loc[left, ["site_id", "eligible_area_m2", "eligible_largest_m2"]]
    return gpd.GeoDataFrame(columns, geometry=shapes[left], crs=result.crs) if left.any() else None


def _shown(
    result: gpd.GeoDataFrame,
    reasons: list[str] | None,
    stability: pd.DataFrame | None,
    *,
    top: int,
    lang: str,
    given: Collection[str],
) -> gpd.GeoDataFrame:
    """Return what maps, tables and pictures show of the sites: the verdicts first, then the caller's columns."""
    made = set(result.columns) - set(given)
    kept = result["kept"] if "kept" in made else pd.Series(data=True, index=result.index, dtype="boolean")
    standing = np.where(kept.isna(), "undecided", np.where(kept.fillna(value=True), "kept", "excluded")).astype(object)
    if "rank_worst" in made:
        # On the shortlist is what has its place there for certain, whichever it is.
        first = (result["rank_worst"] <= top).fillna(value=False).to_numpy(dtype=bool)
        standing[first] = np.where(kept[first].isna(), "shortlist_undecided", "shortlist")
    order = pd.CategoricalDtype(list(labels.STANDING_COLOURS), ordered=True)
    added: dict[str, Any] = {"site_id": result["site_id"], "standing": pd.Categorical(standing, dtype=order)}
    if reasons is not None:
        added["reason"] = reasons
        # What is not decidable may yet be excluded.
        open_ = labels.value("standing", "undecided", lang)
        unnamed = np.where(kept.isna(), open_, _NO_RULE[labels.LANGS.index(lang)])
        added["excluded_by"] = [
            ", ".join(labels.zone_name(one, lang) for one in names.split(";")) if names else left
            for names, left in zip(result["excluded_by"].astype(str), unnamed, strict=True)
        ]
    if stability is not None:
        added["top_probability"] = stability.set_index("site_id")["top_probability"].reindex(result["site_id"]).array
    added |= {name: result[name] for name in _SHOWN if name in made}
    # What the caller calls by the name of a verdict would be read as one.
    own = [name for name in given if name not in added and name not in _cells.JUDGED]
    return gpd.GeoDataFrame(pd.DataFrame(added, index=result.index).join(pd.DataFrame(result[own]))).set_geometry(
        result.geometry.name, crs=result.crs
    )


def _extent(sites: gpd.GeoDataFrame) -> Literal["korea", "sites"]:
    """Return what the picture shows: sites of one corner of the country would be a speck on all of it."""
    west, south, east, north = crs.to_lonlat(sites.geometry).total_bounds
    return "sites" if max(east - west, north - south) < _CORNER else "korea"


def _titled(what: str, title: str, top: int, lang: str) -> str:
    """Return the heading of a map, a table or a picture."""
    return _TITLES[what][labels.LANGS.index(lang)].format(title, top=top)


def _pages(
    shown: gpd.GeoDataFrame, land: gpd.GeoDataFrame | None, title: str, top: int, lang: str
) -> Iterator[tuple[str, bytes]]:
    """Yield the maps that the result has something for."""
    wanted = {"eligible": "standing", "reasons": "excluded_by", "score": "score", "stability": "top_probability"}
    if land is None:
        del wanted["eligible"]
    elif len(land) > _DRAWN:
        warn(f"The eligible land of {len(land):,} sites is in eligible.geojson and not on the map, which holds fewer.")
        land = None
    # What was excluded has no score, which is not to say that it is unknown.
    out = (shown["standing"] == "excluded").to_numpy()
    gone = {labels.column("excluded_sites", lang): gpd.GeoDataFrame(geometry=shown.geometry[out])}
    for name, column in wanted.items():
        if column in shown.columns and (column != "score" or shown[column].notna().any()):
            ranked = name in ("score", "stability")
            layers = {labels.column("eligible", lang): land} if name == "eligible" and land is not None else None
            layers = gone if ranked and 0 < out.sum() <= _DRAWN else layers
            sites = shown[~out] if ranked else shown
            heading = _titled(name, title, top, lang)
            made = maps.map_html(maps.explore(sites, lang=lang, colour_by=column, layers=layers, title=heading))
            yield f"maps/{name}{suffix(lang)}.html", made.encode("utf-8", errors="replace")


def _page(made: Table, lang: str) -> bytes:
    """Return the table as a page; sentences have room in it."""
    reason = labels.column("reason", lang)
    wide = [at for at, column in enumerate(made.columns, 1) if column.header == reason]
    style = "table{font-size:.86rem}td:first-child{white-space:nowrap}caption{position:sticky;left:0;max-width:85vw}"
    style += "".join(f"td:nth-child({at}){{min-width:22rem}}" for at in wide)
    return page(made.html(), lang, style=style, title=made.title)


def _table(shown: gpd.GeoDataFrame, title: str, lang: str, top: int) -> Table:
    """Return the table of the sites, the best first."""
    ordered = shown
    if "rank_best" in shown.columns:
        ordered = shown.sort_values(["rank_best", "rank_worst"], kind="stable", na_position="last")
    other = "en" if lang == "ko" else "ko"
    name = next((one for one in (f"name_{lang}", "name", f"name_{other}") if one in ordered.columns), None)
    kinds: dict[str, Any] = {one: kind for one, kind in _cells.JUDGED.items() if kind in ("share", "count")}
    columns, cells = [], []
    for column in ("site_id", *([name] if name else []), *_SHOWN):
        if column in ordered.columns:
            values = [cell(one) for one in ordered[column]]
            if column == "standing":
                values = [labels.value(column, one, lang) for one in values]
            if column == "score":
                values = [None if one is None or math.isnan(one) else f"{one:.3f}" for one in values]
            columns.append(Column(labels.column(column, lang), kinds.get(column, "text")))
            cells.append(values)
    notes = []
    if "rank_worst" in shown.columns:
        first = int(shown["standing"].isin(["shortlist", "shortlist_undecided"]).sum())
        told = (_SHORTLIST if first else _NO_SHORTLIST)[labels.LANGS.index(lang)]
        notes.append(told.format(top=top, first=first))
    notes.append(_DASH[labels.LANGS.index(lang)])
    return Table.of(columns, zip(*cells, strict=True), title=_titled("table", title, 0, lang), notes=notes, lang=lang)
