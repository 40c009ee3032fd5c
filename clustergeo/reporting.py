"""The main job: one folder that says where the sites lie and what each answer rests on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clustergeo import datasets, facts, labels, schema
from clustergeo._contents import (
    OFFICE,
    PICTURES,
    data_files,
    is_report_name,
    office_endings,
    suffix,
    table_files,
    worded,
)
from clustergeo._crate import CRATE_NAME, earlier_files, ro_crate, run_time
from clustergeo._files import native, staged
from clustergeo.errors import InputError
from clustergeo.layers import Layer, as_layer
from clustergeo.reading import read_layer, read_sites
from clustergeo.tags import tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import geopandas as gpd
    import pandas as pd


def report(
    folder: str | os.PathLike[str],
    *,
    sites: gpd.GeoDataFrame | str | os.PathLike[str] | None = None,
    zones: Mapping[str, Layer | gpd.GeoDataFrame | str | os.PathLike[str]] | None = None,
    as_of: str | None = None,
    own_facts: pd.DataFrame | str | os.PathLike[str] | None = None,
) -> Path:
    """Write the report of the 15 complexes, or of any sites, into a folder: every file or none.

    Parameters
    ----------
    folder
        Made if it does not exist; the files of an earlier report in it are replaced.
    sites
        A GeoDataFrame or a file for `read_sites`; the 15 shipped complexes by default.
    zones
        Zone layers by name: `Layer`s, GeoDataFrames or files for `read_layer`.
    as_of
        Only facts known by this day, and the province names of that day.
    own_facts
        Facts to add or correct with: a CSV file or the result of `read_facts`.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    InputError
        An input cannot be used or the folder cannot be written to; nothing is written then.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     out = report(place + "/out", as_of="2023-03-15")
    ...     (out / "index.html").exists(), len(list(out.glob("by-macro_region/*.geojson")))
    (True, 6)
    """
    layers = {name: _layer(zone, name) for name, zone in (zones or {}).items()}
    corrections = facts.read_facts(Path(own_facts)) if isinstance(own_facts, str | os.PathLike) else own_facts
    frame, shipped = _sites(sites, as_of, corrections)
    decided = tuple(map(str, frame.attrs.get(schema.DECIDED, ())))
    tagged = tag(frame, zones=layers, as_of=as_of)
    used: list[Any] = [*layers.values(), *shipped_layers(shipped=shipped)]
    run_at = run_time()
    written: dict[str, tuple[bytes, int | None]] = {}
    place = native(folder)
    earlier = earlier_files(place, what="report", known=is_report_name)
    with staged(folder, known=is_report_name, stale=earlier) as stage:
        for name, content, rows in _figures(tagged, layers):
            _spare(place, name, earlier)
            stage.write(name, content)
            written[name] = (content, rows)
        pictures = {lang: written[f"map{suffix(lang)}.png"][0] for lang in labels.LANGS}
        pages = page_files(
            tagged,
            layers,
            used,
            pictures,
            names=list(written),
            office=worded("report", office_endings()),
            as_of=as_of,
            shipped=shipped,
            run_at=run_at,
            history=history_of(corrections, shipped=shipped),
            decided=decided,
        )
        for name, content in pages:
            _spare(place, name, earlier)
            stage.write(name, content)
            written[name] = (content, None)
        latest = facts.latest_date(tagged)
        crate = ro_crate(
            written,
            used,
            facts_as_of=latest,
            run_at=run_at,
            as_of=as_of,
            own_facts=corrections is not None,
            decided=decided,
        )
        stage.write(CRATE_NAME, crate)
    return place


def _spare(folder: Path, name: str, earlier: list[str]) -> None:
    """Refuse to replace a file that no earlier report wrote."""
    if name not in earlier and (folder / name).exists():
        msg = (
            f"The folder holds {name!r}, which no report wrote and which would be lost. "
            "Choose another folder, or move the file."
        )
        raise InputError(msg)


def _layer(zone: Any, name: str) -> Layer:
    """Return a zone argument as a Layer; a path is read."""
    return read_layer(Path(zone), name=name) if isinstance(zone, str | os.PathLike) else as_layer(zone, name=name)


def _sites(sites: Any, as_of: str | None, corrections: pd.DataFrame | None) -> tuple[gpd.GeoDataFrame, bool]:
    """Return the sites to report on, and whether they are the shipped ones."""
    if sites is None:
        return datasets.load_sites(as_of=as_of, own_facts=corrections), True
    frame = read_sites(Path(sites)) if isinstance(sites, str | os.PathLike) else sites
    return (frame if corrections is None else datasets.with_facts(frame, corrections, as_of=as_of)), False


def history_of(corrections: pd.DataFrame | None, *, shipped: bool) -> pd.DataFrame | None:
    """Return the facts of the sites: the shipped ones are of the 15 only, a caller's site of the same id is another."""
    if not shipped:
        return corrections
    held = datasets.load_facts()
    return held if corrections is None else facts.merge(held, corrections)


def shipped_layers(*, shipped: bool) -> list[dict[str, Any]]:
    """Return the catalogue rows of the shipped layers that the tags of the 15, or of other sites, rest on."""
    rows = datasets.catalogue().to_dict("records")
    evidence = {"sites-2023", "facts"}
    return [row for row in rows if row["kind"] != "policy" and (shipped or row["layer"] not in evidence)]


def _figures(tagged: gpd.GeoDataFrame, layers: Mapping[str, Layer]) -> Iterator[tuple[str, bytes, int | None]]:
    """Yield the name, bytes and number of rows of each data file, table and picture."""
    # The drawing libraries take seconds to import, and refused input should be told before.
    from clustergeo import figures  # noqa: PLC0415

    for files in (data_files(tagged), table_files(tagged)):
        for name, (content, rows) in files.items():
            yield name, content, rows
    for lang in labels.LANGS:
        figure = figures.plot(tagged, lang=lang, zones=layers)
        for ending in PICTURES:
            yield f"map{suffix(lang)}.{ending}", figures.figure_bytes(figure, ending), None


def page_files(
    tagged: gpd.GeoDataFrame,
    layers: Mapping[str, Layer],
    used: list[Any],
    pictures: Mapping[str, bytes],
    *,
    names: list[str],
    office: list[str],
    as_of: str | None,
    shipped: bool,
    run_at: str,
    history: pd.DataFrame | None,
    decided: tuple[str, ...] = (),
) -> Iterator[tuple[str, bytes]]:
    """Yield the name and bytes of the workbooks, the documents, the interactive maps and the front pages.

    A workbook is made where XlsxWriter is installed, a document where python-docx is (`clustergeo[documents]`).

    Parameters
    ----------
    tagged
        The tagged sites.
    layers
        The caller's zone layers by name.
    used
        Every layer that the tags rest on.
    pictures
        The static map of each language, PNG.
    names
        The files of the report that the front page links to.
    office
        The workbooks and documents of the report, which the front page links to as well.
    as_of, shipped, run_at
        The day asked for, whether the sites are the shipped ones, and the time of the run.
    history
        The dated facts of the sites, for their timelines; None where there are none.
    decided
        What was decided while the file of the sites was read, one sentence each.
    """
    from clustergeo import _brief, _document, _front, _spreadsheet, maps  # noqa: PLC0415

    told = _brief.Told(as_of=as_of, shipped=shipped, run_at=run_at, history=history, decided=decided)
    listed, here = [*names, *office], office_endings()
    past = history if history is None or as_of is None else facts.known_by(history, as_of)
    for lang in labels.LANGS:
        said = _brief.brief(tagged, used, lang=lang, told=told)
        book, document = (f"report{suffix(lang)}.{ending}" for ending in OFFICE)
        if book in office and "xlsx" in here:
            yield book, _spreadsheet.report_workbook(said, tagged)
        if document in office and "docx" in here:
            yield document, _document.document_bytes(said, picture=pictures[lang])
        page = maps.map_html(maps.explore(tagged, lang=lang, zones=layers, history=past))
        yield f"map{suffix(lang)}.html", page.encode("utf-8", "replace")
        front = _front.front_page(said, picture=pictures[lang], names=listed)
        yield f"index{suffix(lang)}.html", front.encode("utf-8", "replace")
