"""Sites too many to be drawn one by one, gathered by municipality or by the cells of a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import shapely

from clustergeo import _cells, _pack, crs, datasets, labels
from clustergeo._land import TOLERANCE_M
from clustergeo._words import word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustergeo._scene import Scene

# The most that a browser draws and answers for without a pause.
MOST = 50_000
_CELLS = 40
_CODE = "municipality_code_kostat"


class Groups(NamedTuple):
    """Groups of sites: a name, a shape, how many sites and what area each has, and what the reader must be told."""

    names: list[str]
    shapes: NDArray[np.object_]
    counts: NDArray[np.int64]
    areas: NDArray[np.float64] | None
    known: NDArray[np.int64]
    told: list[str]


def groups_of(scene: Scene, lang: str) -> Groups:
    """Return the sites gathered: by municipality where the frame is tagged with it, else by a grid over them.

    Parameters
    ----------
    scene
        The sites.
    lang
        `"ko"` or `"en"`.
    """
    if _CODE in scene.frame.columns and scene.drawn[_CODE].notna().any():
        return _municipalities(scene, lang)
    return _grid(scene, lang)


def table_of(groups: Groups, lang: str) -> dict[str, Any]:
    """Return the groups as a table of the page: what a card and the list say of each."""
    columns: dict[str, Any] = {"sites": _pack.numbers(groups.counts, 0)}
    rows = [{"kind": "column", "term": word("sites", lang), "column": "sites"}]
    if groups.areas is not None:
        columns["area"] = _pack.areas(groups.areas)
        rows.append({"kind": "column", "term": word("area_sum", lang), "column": "area"})
        if (groups.known < groups.counts).any():
            # A sum says of how many it is, where it is not of all.
            columns["known"] = _pack.numbers(groups.known, 0)
            rows.append({"kind": "column", "term": word("area_known", lang), "column": "known"})
    return {"n": len(groups.names), "names": groups.names, "columns": columns, "rows": rows, "filters": []}


def _municipalities(scene: Scene, lang: str) -> Groups:
    """Return one group a municipality that holds a site."""
    regions = datasets.load_regions("municipality")
    codes = pd.Index(_cells.texts(regions, _CODE))
    rows = codes.get_indexer(pd.Index(_cells.texts(scene.drawn, _CODE)))
    counts, areas, known = _sums(scene, rows, len(codes))
    held = np.flatnonzero(counts)
    # Simplified together, so that neighbours keep one border.
    whole = crs.transform(np.asarray(regions.geometry.array, dtype=object), crs.LONLAT, crs.KOREA_PLANE)
    simple = crs.transform(shapely.coverage_simplify(whole, TOLERANCE_M), crs.KOREA_PLANE, crs.LONLAT)
    names = [
        " ".join(dict.fromkeys((labels.value("province", province, lang), labels.value("municipality", name, lang))))
        for province, name in zip(regions["province"].iloc[held], regions["municipality"].iloc[held], strict=True)
    ]
    told = [word("gathered_municipality", lang, f"{int(counts.sum()):,}", f"{len(held):,}")]
    missing = int((rows < 0).sum())
    if missing:
        told.append(word("left_out", lang, f"{missing:,}"))
    held_areas = None if areas is None else areas[held]
    return Groups(names, np.asarray(simple)[held], counts[held], held_areas, known[held], told)


def _grid(scene: Scene, lang: str) -> Groups:
    """Return one group a cell of a grid that holds a site."""
    low, high = scene.at.min(axis=0), scene.at.max(axis=0)
    side = max(float((high - low).max()) / _CELLS, 1e-4)
    cell = np.floor((scene.at - low) / side).astype(np.int64)
    keys, rows = np.unique(cell[:, 1] * (_CELLS + 1) + cell[:, 0], return_inverse=True)
    counts, areas, known = _sums(scene, rows, len(keys))
    west, south = low[0] + keys % (_CELLS + 1) * side, low[1] + keys // (_CELLS + 1) * side
    shapes = shapely.box(west, south, west + side, south + side)
    names = [word("cell", lang, f"{x:.2f}", f"{y:.2f}") for x, y in zip(west + side / 2, south + side / 2, strict=True)]
    told = [word("gathered_grid", lang, f"{len(rows):,}", f"{len(keys):,}")]
    return Groups(names, shapes, counts, areas, known, told)


def _sums(
    scene: Scene, rows: NDArray[np.intp], size: int
) -> tuple[NDArray[np.int64], NDArray[np.float64] | None, NDArray[np.int64]]:
    """Return the sites of each group, their known areas in km2 as a sum (NaN for none), and how many are known."""
    counts = np.bincount(rows[rows >= 0], minlength=size).astype(np.int64)
    if "area_km2" not in scene.frame.columns:
        return counts, None, np.zeros(size, dtype=np.int64)
    areas = scene.drawn["area_km2"].to_numpy(dtype=np.float64, na_value=np.nan)
    held = (rows >= 0) & np.isfinite(areas)
    known = np.bincount(rows[held], minlength=size).astype(np.int64)
    sums = np.bincount(rows[held], weights=areas[held], minlength=size)
    return counts, np.where(known > 0, sums, np.nan), known
