"""An order of places in which neighbours are mostly near each other, so that boxes over a few are small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BITS = 16


def along(places: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Return how far along Morton's curve through all of them each place lies.

    Parameters
    ----------
    places
        Shape (n, 2), finite.

    Examples
    --------
    >>> along(np.array([[0.0, 0.0], [9.0, 9.0], [9.0, 0.0], [0.0, 9.0]])).argsort().tolist()
    [0, 2, 3, 1]
    """
    if not len(places):
        return np.empty(0, dtype=np.uint64)
    low = places.min(axis=0)
    extent = (places.max(axis=0) - low).max() or 1.0
    cells = ((places - low) / extent * (2**_BITS - 1)).astype(np.uint64)
    # between every two bits goes one of the other coordinate
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        cells = (cells | (cells << np.uint64(shift))) & np.uint64(mask)
    return np.asarray(cells[:, 0] | (cells[:, 1] << np.uint64(1)))
