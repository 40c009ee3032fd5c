"""The data and table files of a report, as bytes: written by `reporting`, made again by `verifying`."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from clustergeo import _extras, facts, labels, tables
from clustergeo.exporting import frame_bytes, geojson_bytes, group_rows, group_slug

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

# Not XLSX: a report must not depend on what is installed beside it.
DATA = ("geojson", "gpkg", "parquet", "csv")
PICTURES = ("png", "svg", "pdf")
# The modules that write them.
OFFICE = {"xlsx": "xlsxwriter", "docx": "docx"}
GROUPED = ("sector", "macro_region")
_PAGES = rf"(index|map)(\.ko)?\.html|map(\.ko)?\.({'|'.join(PICTURES)})|report(\.ko)?\.({'|'.join(OFFICE)})"
_DATA = rf"sites\.({'|'.join(DATA)})|by-({'|'.join(GROUPED)})/[a-z0-9_-]+\.geojson"
_TABLES = r"tables/summary-by-[a-z_]+(\.ko)?\.(csv|html|md)"
_STYLE = (
    "body{font-family:sans-serif;margin:min(2rem,4vw);word-break:keep-all}"
    "caption{text-align:left;font-weight:bold;padding:.4em 0}"
    "table{border-collapse:collapse}th,td{border:1px solid #ccc;padding:.3em .6em}td[style]{white-space:nowrap}"
)
_KNOWN = re.compile(rf"{_PAGES}|{_DATA}|{_TABLES}|ro-crate-metadata\.json")


def is_report_name(name: str) -> bool:
    """Say whether a relative name is one that a report writes."""
    return _KNOWN.fullmatch(name) is not None


def data_files(tagged: gpd.GeoDataFrame) -> dict[str, tuple[bytes, int]]:
    """Return the data files of tagged sites: bytes and number of rows by relative name."""
    files = {f"sites.{ending}": (frame_bytes(tagged, ending), len(tagged)) for ending in DATA}
    for by in GROUPED:
        for code, rows in group_rows(tagged, by).items():
            files[f"by-{by}/{group_slug(code)}.geojson"] = (geojson_bytes(tagged.iloc[rows]), len(rows))
    return files


def table_files(tagged: gpd.GeoDataFrame) -> dict[str, tuple[bytes, int]]:
    """Return the summary tables of tagged sites: bytes and number of rows by relative name."""
    files: dict[str, tuple[bytes, int]] = {}
    latest = facts.latest_date(tagged)
    for key in tables.KEYS:
        summary = tables.summarize(tagged, by=key)
        for lang in labels.LANGS:
            shown, stem = tables.table(summary, lang=lang), f"tables/summary-by-{key}{suffix(lang)}"
            files[f"{stem}.csv"] = (shown.csv(), len(summary))
            day = facts_as_of(latest, lang)
            files[f"{stem}.html"] = (page(f"{shown.html()}<p>{day}</p>\n", lang), len(summary))
            files[f"{stem}.md"] = (f"{shown.markdown()}\n{day}\n".encode(), len(summary))
    return files


def facts_as_of(day: str | None, lang: str) -> str:
    """Say of which day the latest fact is."""
    if lang == "ko":
        return f"{day} 기준 사실" if day else "날짜가 있는 사실 없음"
    return f"Facts as of {day}" if day else "No dated facts"


def worded(stem: str, endings: Iterable[str]) -> list[str]:
    """Return the names of files that a report has in each language.

    Examples
    --------
    >>> worded("map", ["png"])
    ['map.ko.png', 'map.png']
    """
    return [f"{stem}{suffix(lang)}.{ending}" for lang in labels.LANGS for ending in endings]


def office_endings() -> list[str]:
    """Return the endings of the workbooks and documents that can be written here."""
    return [ending for ending, module in OFFICE.items() if _extras.available(module)]


def suffix(lang: str) -> str:
    """Return what a file name has before its ending in a language."""
    return ".ko" if lang == "ko" else ""


def page(table: str, lang: str, *, style: str = "", title: str = "clustergeo") -> bytes:
    """Return a table as a page that a browser reads in the right encoding and a telephone shows in its own width."""
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}{style}</style>"
    )
    return f'<!doctype html><html lang="{lang}"><head>{head}</head><body>\n{table}</body></html>\n'.encode()
