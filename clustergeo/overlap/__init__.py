"""The engine: exact areas of overlap, shares and distances. Geometries and numbers only."""

from clustergeo.overlap.index import ZoneIndex as ZoneIndex
from clustergeo.overlap.plain import border_points as border_points
from clustergeo.overlap.plain import dissolve as dissolve
from clustergeo.overlap.plain import only as only
from clustergeo.overlap.plain import pair_areas as pair_areas
from clustergeo.overlap.plain import total_areas as total_areas
from clustergeo.overlap.rings import Polygons as Polygons
