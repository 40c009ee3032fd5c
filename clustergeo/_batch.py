"""One batch of a file of sites: checked, tagged, and put together with the caller's columns."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from clustergeo import _ids, overlap, schema
from clustergeo.errors import InputError
from clustergeo.overlap import Polygons
from clustergeo.reading._axes import odd_rows, total
from clustergeo.reading.binary import UNPARSED, parsed_in_part
from clustergeo.reading.opening import shown
from clustergeo.reading.projection import check_bounds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyproj
    from numpy.typing import NDArray

    from clustergeo.layers import Layer
    from clustergeo.overlap import Shapes
    from clustergeo.reading.batches import Batches
    from clustergeo.tags import Added

SITE_ID = "site_id"
_LISTS = pa.list_(pa.string())
_TYPES = {"boolean": pa.bool_(), "float64": pa.float64()}


@dataclass
class Piece:
    """What became of a batch: its rows tagged, or what is wrong with them."""

    first: int
    rows: int
    batch: pa.RecordBatch | None = None
    bounds: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 4)))
    problems: list[str] = field(default_factory=list)
    keys: NDArray[np.uint64] | None = None
    silent: dict[str, int] = field(default_factory=dict)
    refuted: list[str] = field(default_factory=list)
    repaired: int = 0
    unplaced: int = 0


class Adder(Protocol):
    """What adds columns to sites: a `Tagger`, or a set of exclusions."""

    @property
    def names(self) -> tuple[str, ...]:
        """The layers that may say nothing about some sites."""

    @property
    def rests_on(self) -> list[Layer]:
        """The layers that the answers rest on."""

    @property
    def as_of(self) -> str | None:
        """The day that is meant, if one is."""

    def checked(self, sites: Any, *, what: str = ...) -> gpd.GeoDataFrame:
        """Return a checked copy of a frame whose columns leave room for what is added."""

    def added(self, evidence: pd.DataFrame, drawn: Shapes, source: pyproj.CRS) -> Added:
        """Return the columns for sites."""

    def whole(self, sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return a frame with its columns added."""

    def warn(self, silent: Mapping[str, int], refuted: Sequence[str], count: int) -> None:
        """Say once what the answers could not take into account."""


class Worker:
    """Tags the batches of one file; threads may share it.

    Parameters
    ----------
    batches
        The file.
    adder
        What adds columns to the sites.
    repair
        Whether invalid geometries are repaired instead of refused.
    before, total
        Where the file is one of several that are tagged as one: how many rows stand before it, and all have together.
    """

    def __init__(
        self, batches: Batches, adder: Adder, *, repair: bool, before: int = 0, total: int | None = None
    ) -> None:
        names = [name for name in batches.schema.names if name != batches.geometry]
        self._file, self._adder, self._repair, self._before = batches, adder, repair, before
        rows = batches.rows if total is None else total
        self._small = rows is not None and rows < overlap.MANY
        self._evidence = schema.evidence_columns(names)
        self.has_ids = SITE_ID in names
        self.what = f"the file {shown(batches.path)}"
        # The checks of columns need no rows.
        empty = gpd.GeoDataFrame({name: [] for name in names}, geometry=gpd.GeoSeries([], crs=batches.crs))
        adder.checked(empty, what=self.what)

    def __call__(self, first: int, batch: pa.RecordBatch, *, check: bool = False) -> Piece:
        """Return a batch tagged; only checked where something was wrong before.

        Parameters
        ----------
        first
            The number of its first row in the file.
        batch
            The rows.
        check
            Whether the tags are wanted no more.
        """
        piece = Piece(first, len(batch))
        column = batch.column(self._file.geometry)
        try:
            shapes = self._shapes(column)
        except (InputError, *UNPARSED):
            piece.problems = _malformed(first, column)
            return piece
        ids = _ids.texts(batch.column(SITE_ID)) if self.has_ids else _ids.numbered(self._before + first, len(batch))
        piece.problems = self._problems(first, shapes)
        if self.has_ids:
            piece.problems += [f"row {first + row}: site_id is empty" for row in _ids.blank(ids)]
            piece.keys = _ids.keys(ids)
        piece.bounds = overlap.bounds_of(shapes)
        zero = overlap.pointed(shapes) & (piece.bounds == 0).all(axis=1)
        if zero.any():
            # How a position that is not known is written: read as none, as `read_sites` does.
            shapes = overlap.only(shapes, ~zero)
            column = pc.if_else(pa.array(zero), pa.scalar(None, column.type), column)
            piece.bounds = overlap.bounds_of(shapes)
        piece.unplaced = int((~np.isfinite(piece.bounds).all(axis=1)).sum())
        whole = total(piece.bounds)
        odd = odd_rows(piece.bounds, whole, self._file.crs, swap_xy=self._file.swap_xy)
        piece.problems += [f"row {first + row}: {what}" for row, what in odd]
        if piece.problems:
            return piece
        check_bounds(self._file.crs, whole, path=self._file.path)
        bad = overlap.invalid_rows(shapes)
        if len(bad) and self._repair:
            shapes, column, piece.repaired = overlap.repaired(shapes, bad), _mended(shapes, column, bad), len(bad)
        elif len(bad):
            piece.problems += _reasons(first, shapes, bad)
        if check or piece.problems:
            return piece
        evidence = self._said(batch, shapes, ids)
        piece.problems = [_counted(one, first) for one in schema.evidence_problems(evidence)] if self._evidence else []
        if piece.problems:
            return piece
        evidence = schema.typed(evidence) if self._evidence else evidence
        added = self._adder.added(evidence, shapes, self._file.crs)
        piece.silent, refuted = added.silent, added.refuted
        piece.refuted = ids.take(pa.array(refuted)).to_pylist()
        piece.batch = self._put_together(batch, column, ids, added.columns)
        if piece.repaired:
            piece.bounds = overlap.bounds_of(shapes)
        return piece

    def _shapes(self, column: pa.Array) -> Shapes:
        """Return the geometries of a column in the form that suits the size of the file."""
        if not self._small:
            return Polygons.from_wkb(column, threads=1)
        shapes = shapely.from_wkb(np.array(column.to_pylist(), dtype=object))
        if _astray(shapes).any():
            msg = "coordinates are not finite"
            raise InputError(msg)
        flat: Shapes = shapely.force_2d(overlap.only(shapes, ~shapely.is_empty(shapes)))
        return flat

    def _problems(self, first: int, shapes: Shapes) -> list[str]:
        """Return which rows are neither polygons nor points."""
        if isinstance(shapes, Polygons):
            return [f"row {first + row}: {_OTHER}" for row in np.flatnonzero(shapes.kinds == overlap.OTHER)]
        known = overlap.areal(shapes) | overlap.pointed(shapes) | shapely.is_missing(shapes)
        return [f"row {first + row}: {_OTHER}" for row in np.flatnonzero(~known)]

    def _said(self, batch: pa.RecordBatch, shapes: Shapes, ids: pa.Array) -> pd.DataFrame:
        """Return the columns that say something of the sites; none at all in most files."""
        if not self._evidence:
            return pd.DataFrame(index=range(len(batch)))
        said = batch.select(self._evidence).to_pandas()
        said.insert(0, SITE_ID, ids.to_pandas())
        return gpd.GeoDataFrame(said, geometry=gpd.GeoSeries(overlap.as_array(shapes), crs=self._file.crs))

    def _put_together(
        self, batch: pa.RecordBatch, column: pa.Array, ids: pa.Array, tags: pd.DataFrame
    ) -> pa.RecordBatch:
        """Return the caller's columns in their order, the tags, and the geometry last."""
        geometry = self._file.geometry
        columns = {} if self.has_ids else {SITE_ID: ids}
        columns |= {name: batch.column(name) for name in batch.schema.names if name != geometry}
        made = {SITE_ID: ids, **{str(name): as_arrow(tags[name]) for name in tags.columns}}
        columns |= made
        columns[geometry] = column
        # What a field says of itself, such as that it is a further geometry, stays with it.
        fields = [
            pa.field(name, values.type) if name in made else batch.schema.field(name)
            for name, values in columns.items()
        ]
        return pa.RecordBatch.from_arrays(list(columns.values()), schema=pa.schema(fields))


_OTHER = "a geometry that is neither polygon nor point; a site is one of them"


def _counted(problem: str, first: int) -> str:
    """Return a problem with its row counted from the start of the file."""
    return re.sub(r"^row (\d+)", lambda found: f"row {first + int(found[1])}", problem)


def as_arrow(column: pd.Series) -> pa.Array:
    """Return a column of tags in the type that it has in every batch."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy().astype(np.int32)
        texts = pa.array(column.cat.categories.to_numpy(dtype=object), pa.string())
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), texts)
    if str(column.dtype) in _TYPES:
        return pa.array(column, _TYPES[str(column.dtype)], from_pandas=True)
    return pa.array(column, _LISTS if column.name == "sectors" else pa.string(), from_pandas=True)


def _reasons(first: int, shapes: Shapes, rows: NDArray[np.intp]) -> list[str]:
    """Return why geometries are invalid."""
    reasons = shapely.is_valid_reason(overlap.as_array(overlap.rows_of(shapes, rows)))
    return [f"row {first + row}: invalid geometry, {reason}" for row, reason in zip(rows, reasons, strict=True)]


def _mended(shapes: Shapes, column: pa.Array, rows: NDArray[np.intp]) -> pa.Array:
    """Return a column with repaired geometries in the place of invalid ones."""
    few = overlap.rows_of(shapes, rows)
    mended = overlap.repaired(few, np.arange(len(rows)))
    values = overlap.as_array(mended)
    mask = np.zeros(len(column), dtype=bool)
    mask[rows] = True
    return pc.replace_with_mask(column, pa.array(mask), pa.array(shapely.to_wkb(values), type=column.type))


def _astray(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Say which geometries have a coordinate that is not finite."""
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    return np.asarray(there & ~np.isfinite(shapely.bounds(shapes)).all(axis=1), dtype=bool)


def _malformed(first: int, column: pa.Array) -> list[str]:
    """Return what is wrong with a column that cannot be read: rows that are no geometry, or have no place."""
    shapes, lost = parsed_in_part(np.array(column.to_pylist(), dtype=object))
    told = [f"row {first + one.row}: its geometry cannot be read: {one.said}" for one in lost]
    told += [f"row {first + row}: coordinates are not finite" for row in np.flatnonzero(_astray(shapes))]
    return told or [f"rows {first} to {first + len(column) - 1}: the geometry column cannot be read"]
