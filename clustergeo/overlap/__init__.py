"""The engine: exact areas of overlap, shares and distances. Geometries and numbers only."""

from clustergeo.overlap.border import Border as Border
from clustergeo.overlap.choosing import MANY as MANY
from clustergeo.overlap.choosing import areal as areal
from clustergeo.overlap.choosing import as_array as as_array
from clustergeo.overlap.choosing import pointed as pointed
from clustergeo.overlap.choosing import points_like as points_like
from clustergeo.overlap.choosing import rows_of as rows_of
from clustergeo.overlap.choosing import taken as taken
from clustergeo.overlap.index import ZoneIndex as ZoneIndex
from clustergeo.overlap.kinds import OTHER as OTHER
from clustergeo.overlap.plain import dissolve as dissolve
from clustergeo.overlap.plain import pair_areas as pair_areas
from clustergeo.overlap.prepared import Overlaps as Overlaps
from clustergeo.overlap.rings import Polygons as Polygons
from clustergeo.overlap.rings import Shapes as Shapes
from clustergeo.overlap.rings import joined as joined
from clustergeo.overlap.shapes import areas_of as areas_of
from clustergeo.overlap.shapes import bounds_of as bounds_of
from clustergeo.overlap.shapes import centroids as centroids
from clustergeo.overlap.shapes import only as only
from clustergeo.overlap.threads import processors as processors
from clustergeo.overlap.validity import invalid_rows as invalid_rows
from clustergeo.overlap.validity import repaired as repaired
