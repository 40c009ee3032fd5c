"""A `dask_geopandas` frame, tagged partition by partition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clustergeo._batch import SITE_ID
from clustergeo.errors import InputError
from clustergeo.tags import Tagger

if TYPE_CHECKING:
    from collections.abc import Mapping


def tag_frame(frame: Any, *, zones: Mapping[str, Any] | None = None, as_of: str | None = None) -> Any:
    """Tag the sites of a `dask_geopandas` frame, partition by partition, when it is computed.

    Parameters
    ----------
    frame
        A `dask_geopandas.GeoDataFrame` of polygons or points with a CRS. Where it has no `site_id`, the rows of its
        partitions are counted now, and sites are named by their row numbers as `tag` names them.
    zones, as_of
        As for `tag`.

    Returns
    -------
    dask_geopandas.GeoDataFrame
        Lazy, with the columns and types of `tag`, in the same partitions. What a zone says nothing about is told where
        a partition is computed.

    Raises
    ------
    InputError
        The frame cannot be used. What is wrong with single rows, or ids that stand twice in a partition, is refused
        when the partition is computed; ids of different partitions are not held against each other.

    Examples
    --------
    >>> import dask_geopandas, geopandas, shapely
    >>> boxes = [shapely.box(127.2, y, 127.21, y + 0.01) for y in (37.14, 36.14)]
    >>> frame = dask_geopandas.from_geopandas(geopandas.GeoDataFrame(geometry=boxes, crs="EPSG:4326"), npartitions=2)
    >>> tag_frame(frame)["province"].compute().tolist()
    ['경기도', '충청남도']
    """
    import dask  # noqa: PLC0415 - an extra
    import dask_geopandas  # noqa: PLC0415 - files need only the scheduler

    if not isinstance(frame, dask_geopandas.GeoDataFrame):
        msg = f"The sites are a {type(frame).__name__}, not a dask_geopandas.GeoDataFrame. Use tag for a GeoDataFrame."
        raise InputError(msg)
    tagger = Tagger(zones, as_of=as_of)
    starts = None
    if SITE_ID not in frame.columns:
        counts = frame.map_partitions(len).compute()
        starts = tuple(np.concatenate([[0], np.cumsum(counts)]).tolist())
    meta = _tagged(frame._meta, tagger, 0)  # noqa: SLF001 - dask's own name for it
    meta[SITE_ID] = meta[SITE_ID].astype(pd.Series([""]).dtype)
    # Delayed, it stands in the graph once, and whoever loses it can have it again.
    shipped = dask.delayed(tagger, pure=False)
    tagged = frame.map_partitions(_tagged_partition, shipped, starts, dict(meta.dtypes), meta=meta)
    tagged.spatial_partitions = frame.spatial_partitions
    return tagged


def _tagged_partition(
    part: Any,
    tagger: Tagger,
    starts: tuple[int, ...] | None,
    kinds: Mapping[str, Any],
    partition_info: Mapping[str, Any],
) -> Any:
    """Return a partition with its tags, in the types of every partition."""
    number = partition_info["number"]
    tagged = _tagged(part, tagger, 0 if starts is None else starts[number], f"partition {number} of the sites")
    other = {name: kind for name, kind in kinds.items() if tagged[name].dtype != kind}
    return tagged.astype(other) if other else tagged


def _tagged(sites: Any, tagger: Tagger, start: int, what: str = "the sites") -> Any:
    """Return sites with their tags; those without an id are named by their row numbers, from the one after `start`."""
    if SITE_ID not in sites.columns:
        ids = [str(number) for number in range(start + 1, start + len(sites) + 1)]
        sites = sites.copy()
        sites.insert(0, SITE_ID, ids)
    return tagger.whole(sites, what=what)
