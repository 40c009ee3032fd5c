"""Official bulk files: which province and month their names tell, held against each other and against the polygons."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from clustergeo import crs as crs_room
from clustergeo import datasets
from clustergeo.errors import InputError
from clustergeo.reading.opening import shown

if TYPE_CHECKING:
    import geopandas as gpd

# Bulk downloads of official zones carry the MOIS code of their province, and often year and month, in the name.
_NAME = re.compile(r"LSMD_CONT_[A-Z]+\d+_(\d{2})(?:_((?:19|20)\d{2}(?:0[1-9]|1[0-2])))?(?!\d)", re.IGNORECASE)
_SAMPLE = 200
# In degrees, far more than the boundary's own error: zones may reach a little over the border of their province.
_ROOM = 0.05


class Told(NamedTuple):
    """What names say: the province in which the layer is complete, and its month; None where they do not."""

    coverage: str | None
    as_of: str | None


def told_by(names: tuple[str, str], *, asked: Any) -> Told:
    """Return what the name of a file, and that of the file inside a zip, say.

    Parameters
    ----------
    names
        Of the file and of the one inside; an empty text where there is none.
    asked
        The coverage that the caller names; None where the names decide.

    Raises
    ------
    InputError
        They name different provinces, and the caller named none.

    Examples
    --------
    >>> told_by(("LSMD_CONT_UD801_29_202501.zip", ""), asked=None)
    Told(coverage='mois:29', as_of='2025-01')
    >>> told_by(("LSMD_CONT_UD801_202501.zip", ""), asked=None)
    Told(coverage=None, as_of=None)
    """
    known = datasets.province_members(scheme="mois")
    official = [one for one in map(_NAME.search, names) if one and one[1] in known]
    provinces = list(dict.fromkeys(one[1] for one in official))
    if len(provinces) > 1 and asked is None:
        msg = (
            f"{shown(names[0])} is named for the province {provinces[0]} but holds {shown(names[1])}, of "
            f'{provinces[1]}. Say where the layer is complete: coverage="mois:{provinces[1]}".'
        )
        raise InputError(msg)
    month = next((one[2] for one in reversed(official) if one[2]), None)
    return Told(f"mois:{provinces[0]}" if provinces else None, f"{month[:4]}-{month[4:]}" if month else None)


def lies_in(frame: gpd.GeoDataFrame, coverage: str) -> bool:
    """Say whether any of the first polygons lies in the province of a code, such as `mois:29`.

    Examples
    --------
    >>> import geopandas
    >>> seoul = geopandas.GeoDataFrame(geometry=[shapely.box(126.97, 37.55, 126.98, 37.56)], crs="EPSG:4326")
    >>> lies_in(seoul, "mois:11"), lies_in(seoul, "mois:29")
    (True, False)
    """
    shapes = np.asarray(frame.geometry.values, dtype=object)
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))][:_SAMPLE]
    corners = shapely.bounds(shapes).reshape(-1, 4)
    middles = crs_room.lonlat_of((corners[:, :2] + corners[:, 2:]) / 2, frame.crs)
    members = datasets.province_members(scheme="mois")[coverage.removeprefix("mois:")]
    regions = datasets.load_regions("municipality")
    held = regions["municipality_code_kostat"].str[:2].isin(members)
    ground = np.asarray(regions.geometry[held].array, dtype=object)
    known = middles[np.isfinite(middles).all(axis=1)]
    near = shapely.STRtree(ground).query(shapely.points(known), predicate="dwithin", distance=_ROOM)
    return bool(near.size) or not len(known)
