"""Zones as the index holds them: those of one label overlap nowhere."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from clustergeo.overlap.border import Border
from clustergeo.overlap.dissolving import disjoint, united
from clustergeo.overlap.ragged import of_shapes
from clustergeo.overlap.rings import Polygons

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Zones:
    """Polygons, sorted by label, and the number of each label; pickled as well-known binary.

    Parameters
    ----------
    shapes
        Valid polygons; null and empty ones are left out.
    numbers
        The number of each one's label.
    labels
        How many labels there are.
    dissolved
        Whether the caller knows that those of one label overlap nowhere.

    Examples
    --------
    >>> boxes = shapely.box([0, 1, 9], 0, [2, 3, 10], 1)
    >>> shapely.area(Zones(boxes, np.array([0, 0, 0]), 1, dissolved=False).shapes).tolist()
    [1.0, 3.0]
    """

    def __init__(
        self, shapes: NDArray[np.object_], numbers: NDArray[np.int64], labels: int, *, dissolved: bool
    ) -> None:
        present = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        shapes, numbers = shapes[present], numbers[present]
        if shapely.has_z(shapes).any():
            shapes = shapely.force_2d(shapes)
        if not dissolved:
            shapes, numbers = disjoint(shapes, numbers)
        order = np.argsort(numbers, kind="stable")
        self.shapes, self.numbers, self.labels = shapes[order], numbers[order], labels
        self._binary: Any = None

    def __len__(self) -> int:
        """Return the number of polygons."""
        return len(self.numbers)

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled."""
        read = "shapes" in self.__dict__
        binary = shapely.to_wkb(self.shapes) if read else self._binary
        return {"_binary": binary, "numbers": self.numbers, "labels": self.labels}

    @cached_property
    def shapes(self) -> NDArray[np.object_]:
        """The polygons; once pickled they are read when they are first needed, which a prepared index seldom does."""
        return np.asarray(shapely.from_wkb(self._binary), dtype=object)

    @cached_property
    def roughness(self) -> float:
        """How many vertices a polygon has on average."""
        return float(shapely.get_num_coordinates(self.shapes).sum()) / max(len(self), 1)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """A tree over the polygons."""
        return shapely.STRtree(self.shapes)

    def by_label(self) -> Polygons:
        """Return the polygons with one entry a label."""
        return Polygons.from_shapely(self.shapes).grouped(np.searchsorted(self.numbers, np.arange(self.labels + 1)))

    def together(self) -> Zones:
        """Return the same zones with one label."""
        return Zones(self.shapes, np.zeros(len(self), dtype=np.int64), 1, dissolved=False)

    def outline(self) -> Border:
        """Return the boundaries of the zones, with no border left between two of them."""
        rings = of_shapes(self.shapes if len(self) == 1 else united(self.shapes))
        return Border.of_rings(rings.xy, rings.rings)
