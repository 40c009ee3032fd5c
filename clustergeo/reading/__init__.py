"""Any layer read rightly or refused with the cure."""

from clustergeo.reading.files import read_layer as read_layer
from clustergeo.reading.files import read_shapes as read_shapes
from clustergeo.reading.files import read_sites as read_sites
