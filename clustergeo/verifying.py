"""A report held against its own figures: each file by its hash, each figure by making it again."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd
import pyogrio

from clustergeo import datasets, labels, schema
from clustergeo._contents import OFFICE, PICTURES, data_files, is_report_name, suffix, table_files, worded
from clustergeo._crate import CRATE_NAME, DECIDED, entities, software_version
from clustergeo._files import native, shown
from clustergeo._formats import geojson_bytes
from clustergeo.errors import ClusterGeoError, InputError
from clustergeo.reporting import history_of, page_files, shipped_layers
from clustergeo.tags import tag

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

COLUMNS = ("file", "where", "found", "expected", "problem")
_EXACT = 1e-9
_LONG, _AROUND = 200, 24
# A picture or a font inside a page is no figure.
_DATA_URI = re.compile(r"data:[a-z]+/[a-z0-9.+-]+[^\"') ]*")
# The parts of an office file that hold texts and figures.
_PARTS = re.compile(r"xl/(worksheets/sheet[0-9]+|sharedStrings)\.xml|word/(document|footnotes)\.xml")
_CELL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
Cells = dict[tuple[str, str], str]
Finding = tuple[str, str, str, str, str]


def verify(folder: str | os.PathLike[str]) -> pd.DataFrame:
    """Hold a report against its manifest and its own figures.

    Parameters
    ----------
    folder
        A folder that `report` wrote.

    Returns
    -------
    pandas.DataFrame
        One row a difference: `file`, `where` (site and column, row and column, or line), `found`, `expected`,
        `problem`; empty when nothing was changed. Hashes are compared; data files, tables, pages, workbooks and
        documents are made again from the sites that the report holds, and regions and the capital region are measured
        again. Pictures, and pages that were drawn with a caller's zone layers or by another version, are held by their
        hash only.

    Raises
    ------
    InputError
        The folder holds no report.

    Examples
    --------
    >>> import tempfile
    >>> from clustergeo import report
    >>> with tempfile.TemporaryDirectory() as place:
    ...     len(verify(report(place + "/out")))
    0
    """
    place = native(folder)
    entities = _manifest(place)
    listed = {unquote(str(one["@id"])): one for one in entities if one.get("@type") == "File" and "@id" in one}
    content: dict[str, bytes] = {}
    findings: list[Finding] = []
    for name, entity in listed.items():
        if not is_report_name(name):
            findings.append((name, "", "", "", "the manifest names a file that no report writes"))
            continue
        try:
            content[name] = (place / name).read_bytes()
        except OSError:
            findings.append((name, "", "", "", "the file is missing"))
            continue
        digest = hashlib.sha256(content[name]).hexdigest()
        if digest != entity.get("sha256"):
            findings.append((name, "", digest, str(entity.get("sha256")), "the file was changed (its sha256 differs)"))
    changed = {name for name, *_ in findings}
    if "sites.parquet" not in listed:
        findings.append((CRATE_NAME, "", "", "", "sites.parquet, from which the rest is made, is not listed"))
    elif "sites.parquet" in changed:
        findings += _against_geojson(content, changed)
    else:
        reference = _typed(gpd.read_parquet(io.BytesIO(content["sites.parquet"])))
        findings += _figures(place, content, _made_again(content, reference, entities))
        findings += _tags(reference, entities)
    return pd.DataFrame(findings, columns=list(COLUMNS))


def _manifest(place: Path) -> list[dict[str, Any]]:
    """Return the entities of the manifest."""
    try:
        return entities(place)
    except (OSError, ValueError) as error:
        msg = f"{shown(place)} holds no report: {CRATE_NAME} cannot be read. Write one with `clustergeo report`."
        raise InputError(msg) from error


def _against_geojson(content: Mapping[str, bytes], changed: set[str]) -> Iterator[Finding]:
    """Yield what differs in a changed sites.parquet from a sites.geojson that is as it was written."""
    if "sites.parquet" in content and "sites.geojson" in content and "sites.geojson" not in changed:
        expected = _cells("sites.geojson", content["sites.geojson"])
        yield from _differences("sites.parquet", content["sites.parquet"], expected)


def _made_again(
    content: Mapping[str, bytes], reference: gpd.GeoDataFrame, entities: list[dict[str, Any]]
) -> dict[str, bytes]:
    """Return the files that the sites of a report give again: data and tables, and pages where nothing else is in them.

    A page drawn with a caller's zone layers or facts, or written by another version, cannot be made again from the
    sites alone; nor can a workbook or a document where the package that writes it is absent. Their hashes hold them.
    """
    files = {
        name: made for files in (data_files(reference), table_files(reference)) for name, (made, _) in files.items()
    }
    root = next((one for one in entities if one.get("@id") == "./"), {})
    versions = {one.get("version") for one in entities if one.get("@id") == "#clustergeo"}
    used = {str(one.get("name")) for one in entities if str(one.get("@id")).startswith("#layer-")}
    shipped = "sites-2023" in used
    layers = shipped_layers(shipped=shipped)
    pictures = {lang: content.get(f"map{suffix(lang)}.png", b"") for lang in labels.LANGS}
    listed = {unquote(str(one.get("@id"))) for one in entities if one.get("@type") == "File"}
    again = versions == {software_version()} and not root.get("ownFacts")
    if again and used == {str(layer["layer"]) for layer in layers}:
        names = [*files, *worded("map", PICTURES)]
        pages = page_files(
            reference,
            {},
            layers,
            pictures,
            names=names,
            office=[name for name in worded("report", OFFICE) if name in listed],
            as_of=root.get("asOf"),
            shipped=shipped,
            run_at=str(root.get("datePublished")),
            history=history_of(None, shipped=shipped),
            decided=tuple(map(str, root.get(DECIDED, ()))),
        )
        files |= dict(pages)
    return files


def _typed(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a frame with lists as lists and flags as flags, as `tag` makes them."""
    out = frame.copy()
    if "sectors" in out.columns:
        out["sectors"] = pd.Series(
            [schema.sector_list(value) for value in out["sectors"]], index=out.index, dtype=object
        )
    for column in out.columns:
        if str(column).endswith("_present") or column == "in_capital_region":
            out[column] = out[column].astype("boolean")
    return out


def _figures(place: Path, content: Mapping[str, bytes], again: Mapping[str, bytes]) -> Iterator[Finding]:
    """Yield each figure of a file that differs from the one made again from the sites."""
    for name, made in again.items():
        found = content.get(name)
        if found is None and (place / name).is_file():
            yield name, "", "", "", "the manifest does not list the file"
            found = (place / name).read_bytes()
        if found is not None and found != made:
            yield from _differences(name, found, _cells(name, made))


def _differences(name: str, found: bytes, mine: Cells) -> Iterator[Finding]:
    """Yield the cells of a file that are not the expected ones."""
    try:
        theirs = _cells(name, found)
    except Exception as error:  # noqa: BLE001  (a damaged file fails in as many ways as there are readers)
        yield (
            name,
            "",
            "",
            "",
            f"it cannot be read: {str(error).splitlines()[0] if str(error) else type(error).__name__}",
        )
        return
    for key in [*mine, *(key for key in theirs if key not in mine)]:
        here, there = theirs.get(key, "(missing)"), mine.get(key, "(missing)")
        if here != there and not _same_number(here, there):
            here, there = _apart(here, there)
            yield name, ", ".join(part for part in key if part), here, there, f"found {here!r}, expected {there!r}"


def _apart(one: str, other: str) -> tuple[str, str]:
    """Return where two long texts differ, with a little of what stands around it."""
    if max(len(one), len(other)) <= _LONG:
        return one, other
    start = _shared(one, other)
    end = _shared(one[start:][::-1], other[start:][::-1])
    head = max(0, start - _AROUND)
    return one[head : len(one) - end + _AROUND][:_LONG], other[head : len(other) - end + _AROUND][:_LONG]


def _shared(one: str, other: str) -> int:
    """Return the length of the common start of two texts."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _same_number(one: str, other: str) -> bool:
    """Say whether two texts are the same number to 1e-9, as another version may write it."""
    try:
        a, b = float(one), float(other)
    except ValueError:
        return False
    return abs(a - b) <= _EXACT * max(1.0, abs(a), abs(b))


def _cells(name: str, content: bytes) -> Cells:
    """Return the cells of a file, by site and column, row and column, or line."""
    if name.endswith(".parquet"):
        return _cells("sites.geojson", geojson_bytes(_typed(gpd.read_parquet(io.BytesIO(content)))))
    if name.endswith(".geojson"):
        features = json.loads(content)["features"]
        return {
            (str(feature["properties"].get("site_id")), key): json.dumps(value, ensure_ascii=False)
            for feature in features
            for key, value in {**feature["properties"], "geometry": feature["geometry"]}.items()
        }
    if name.endswith(".gpkg"):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, "sites.gpkg")
            copy.write_bytes(content)
            frame = pyogrio.read_dataframe(copy, layer="sites", datetime_as_string=True)
        return _cells("sites.geojson", geojson_bytes(_typed(frame)))
    if name.endswith((".xlsx", ".docx")):
        return _office_cells(content)
    if name.endswith(".csv"):
        header, *rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
        return {
            (str(row[0]) if row else f"row {number}", column): value
            for number, row in enumerate(rows, start=1)
            for column, value in zip(header, row, strict=False)
        }
    text = _DATA_URI.sub("data:", content.decode("utf-8", "replace"))
    return {(f"line {number}", ""): line for number, line in enumerate(text.splitlines(), start=1)}


def _office_cells(content: bytes) -> Cells:
    """Return the cells of a workbook by sheet and place, and the paragraphs and footnotes of a document by number.

    What a program adds of its own when it saves (styles, widths, the order of its parts) is no figure.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: _tree(archive.read(name)) for name in archive.namelist() if _PARTS.fullmatch(name)}
    shared = [_text(one) for one in parts.pop("xl/sharedStrings.xml", ET.Element("none"))]
    found: Cells = {}
    for part, tree in sorted(parts.items()):
        for number, one in enumerate(tree.iter(f"{_WORD}p"), start=1):
            found[part.rpartition("/")[2].removesuffix(".xml"), f"paragraph {number}"] = _text(one)
        for one in tree.iter(f"{_CELL}c"):
            value = _text(one)
            text = shared[int(value)] if one.get("t") == "s" else value
            if text:
                found[part.rpartition("/")[2].removesuffix(".xml"), str(one.get("r"))] = text
    return found


def _tree(part: bytes) -> Element:
    """Return a part of an office file; one with a document type, which none of ours has, is refused."""
    if b"<!DOCTYPE" in part:
        msg = "a part of it declares a document type"
        raise ValueError(msg)
    return ET.fromstring(part)  # noqa: S314 - without a document type there are no entities to expand


def _text(element: Element) -> str:
    """Return the text in an element."""
    return "".join(element.itertext())


def _tags(reference: gpd.GeoDataFrame, entities: list[dict[str, Any]]) -> Iterator[Finding]:
    """Yield each region or capital-region tag that the shipped layers of this version do not give again."""
    shipped = {row["layer"]: row["sha256"] for row in datasets.catalogue().to_dict("records")}
    used = {str(one.get("name")): one.get("sha256") for one in entities if one.get("@type") == "Dataset"}
    if any(shipped[name] != used[name] for name in shipped if name in used and name.endswith("-2018")):
        return
    made = {*schema.REGION_TAGS, *schema.CAPITAL_TAGS, "sectors"} - {"sectors"}
    zones = {str(name)[: -len("_share_low")] for name in reference.columns if str(name).endswith("_share_low")} - {
        "capital"
    }
    made |= {f"{zone}_{part}" for zone in zones for part in schema.ZONE_TAGS}
    if not schema.has_evidence(reference):
        made |= {*schema.REGION_EVIDENCE}
    try:
        again = tag(reference.drop(columns=[name for name in made if name in reference.columns]))
    except ClusterGeoError as error:
        yield "sites.parquet", "", "", "", f"its sites cannot be tagged again: {error}"
        return
    for column in ("municipality_code_kostat", "region_share", *schema.CAPITAL_TAGS):
        if column not in reference.columns:
            yield "sites.parquet", column, "(missing)", "", f"the column {column} is missing"
            continue
        for site, here, there in zip(reference["site_id"], reference[column], again[column], strict=True):
            a, b = ("" if pd.isna(value) else str(value) for value in (here, there))
            if a != b and not _same_number(a, b):
                yield "sites.parquet", f"{site}, {column}", a, b, f"found {a or 'null'}, measured again {b or 'null'}"
