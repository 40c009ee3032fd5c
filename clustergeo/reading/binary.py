"""Well-known binary, and which rows of it are no geometry that can be read, with why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from clustergeo.overlap.threads import chunks
from clustergeo.reading.losses import CURVES, Loss

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNPARSED = (shapely.errors.ShapelyError, NotImplementedError)
"""What shapely raises of a geometry that it cannot read; the second where it has curves."""

_FEW = 2_048
_SHOWN = 12
_KINDS = dict(enumerate(CURVES, start=8)) | {15: "PolyhedralSurface", 16: "TIN", 17: "Triangle"}


def parsed(binary: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the geometries of well-known binary, a few at a time: other threads wait while any are parsed.

    Raises
    ------
    shapely.errors.ShapelyError, NotImplementedError
        One of them is none; see `parsed_in_part`.

    Examples
    --------
    >>> parsed(np.array([shapely.to_wkb(shapely.Point(1, 2)), None], dtype=object)).tolist()
    [<POINT (1 2)>, None]
    """
    found = [shapely.from_wkb(binary[few]) for few in chunks(len(binary), _FEW)]
    return np.concatenate([np.empty(0, dtype=object), *found])


def parsed_in_part(binary: NDArray[np.object_]) -> tuple[NDArray[np.object_], list[Loss]]:
    """Return the geometries of well-known binary, None where one cannot be read, and these rows with why.

    Examples
    --------
    >>> point = shapely.to_wkb(shapely.Point(1, 2))
    >>> parsed_in_part(np.array([point, point[:9]], dtype=object))[1]
    [Loss(row=1, found='WKB 010100000000000000…')]
    """
    shapes = np.full(len(binary), None, dtype=object)
    lost = []
    for few in chunks(len(binary), _FEW):
        try:
            shapes[few] = shapely.from_wkb(binary[few])
        except UNPARSED:
            for row in range(few.start, few.stop):
                try:
                    shapes[row] = shapely.from_wkb(binary[row])
                except UNPARSED as error:
                    lost.append(Loss(row, _reason(bytes(binary[row]), str(error))))
    return shapes, lost


def _reason(data: bytes, said: str) -> str:
    """Return what binary holds that is no geometry that can be read: its kind, or its first bytes."""
    # The third and the fourth dimension are marked by thousands in ISO's form and by the highest bits in the extended.
    kind = (int.from_bytes(data[1:5], "little" if data[:1] == b"\1" else "big") & 0x1FFFFFFF) % 1000
    return _KINDS.get(kind, f"{'open ring' if 'closed' in said else 'WKB'} {data[:_SHOWN].hex()}…")
