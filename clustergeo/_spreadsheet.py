"""A report as an XLSX workbook: a sheet a table, the evidence, every column, and the sources."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from clustergeo import labels, sources
from clustergeo._brief import LAYER_COLUMNS, words_of
from clustergeo._formats import attributes, cell
from clustergeo._workbook import Sheet, kind_of, workbook_bytes
from clustergeo.policy import places

if TYPE_CHECKING:
    import geopandas as gpd

    from clustergeo._brief import Brief


def report_workbook(said: Brief, tagged: gpd.GeoDataFrame) -> bytes:
    """Return a report as an XLSX workbook: a sheet a table, the evidence, every column, and the sources.

    Parameters
    ----------
    said
        What the report says.
    tagged
        The tagged sites, for the sheet of every column.
    """
    words = words_of(said.lang)
    answers = [(words["answer"], text) for text in said.headline]
    overview = [
        *answers,
        *((word, _as_number(number)) for number, word in said.key),
        (words["date"], said.as_of),
    ]
    layers = [dict(zip(LAYER_COLUMNS, row, strict=True)) for row in said.layers]
    kinds = {"vintage": "date", "source": "link"}
    sheets = [
        Sheet(
            words["overview"],
            [(words["figure"], "text"), (said.title, "text")],
            overview,
            [said.note.replace(words["dash"], words["empty"]), said.made],
        ),
        replace(said.sites.sheet, name=words["sites_sheet"]),
        *(replace(shown.sheet, name=words[f"by_{key}"]) for key, shown in said.summaries),
        Sheet(
            words["evidence"],
            [(words["name"], "text"), (words["sentence"], "text")],
            [(name, sentence) for name, sentences in said.evidence for sentence in sentences],
            [said.too_many] if said.too_many else [],
        ),
        _every_column(tagged, words["all_columns"], said.lang),
        Sheet(
            words["layers"],
            [(head, kinds.get(name, "text")) for name, head in zip(LAYER_COLUMNS, said.layer_heads, strict=True)],
            [[row[name] for name in LAYER_COLUMNS] for row in layers],
            [f"{said.decided_head}: {line}" for line in said.decided],
        ),
        Sheet(
            words["sources"],
            [(words["name"], "text"), (words["about"], "text"), (words["date"], "date"), (words["address"], "link")],
            said.sources,
        ),
    ]
    return workbook_bytes(sheets, title=said.title, run_at=said.run_at)


def _as_number(shown: str) -> float | str | None:
    """Return a key figure as a number; text where it is smaller than can be shown, None for a dash.

    Examples
    --------
    >>> _as_number("1,234.5"), _as_number("<0.000001"), _as_number("–")
    (1234.5, '<0.000001', None)
    """
    if shown.startswith("<"):
        return shown
    return None if shown == "–" else float(shown.replace(",", ""))


def _every_column(tagged: gpd.GeoDataFrame, name: str, lang: str) -> Sheet:
    """Return the sheet of every column: codes in words, numbers and days typed, of two languages the one asked for."""
    table = attributes(tagged)
    other = "_en" if lang == "ko" else "_ko"
    hidden = {column for column in table.columns if str(column).endswith(other)}
    if lang == "en":
        hidden |= {column for column in ("province", "city", "municipality", "locality") if f"{column}_en" in table}
    shown = [column for column in table.columns if column not in hidden]
    heads = [labels.column(str(column), lang) for column in shown]
    # A table of the caller's may call a column as we call ours: 업종 is the header of both.
    columns = [
        (f"{head} ({column})" if heads.count(head) > 1 and head != column else head, kind_of(str(column)))
        for head, column in zip(heads, shown, strict=True)
    ]
    cells = [[_worded(str(column), cell(one), lang) for one in table[column]] for column in shown]
    rows = list(zip(*cells, strict=True)) if cells else []
    return Sheet(name, columns, rows, frozen=2)


def _worded(column: str, value: Any, lang: str) -> Any:
    """Return a cell as a spreadsheet shows it: a code or a flag in words, a list joined."""
    coded = column in ("sectors", "macro_region", "status", "address_status") or column.endswith(("_basis", "_scope"))
    if value not in (None, []) and (coded or isinstance(value, bool)):
        return labels.value(column, value, lang)
    if isinstance(value, str) and column == "designations":
        return "; ".join(places.named(one, lang) for one in value.split(";"))
    if isinstance(value, str) and column.endswith("_source"):
        return sources.source_words(value, lang)
    if isinstance(value, list | dict):
        return ";".join(map(str, value)) if isinstance(value, list) else str(value)
    return value
