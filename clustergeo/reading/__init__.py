"""Any layer read rightly or refused with the cure."""

from clustergeo.reading.addresses import match_addresses as match_addresses
from clustergeo.reading.checks import check as check
from clustergeo.reading.files import read_layer as read_layer
from clustergeo.reading.files import read_shapes as read_shapes
from clustergeo.reading.files import read_sites as read_sites
from clustergeo.reading.ogc import read_ogcapi as read_ogcapi
from clustergeo.reading.ogc import read_wfs as read_wfs
from clustergeo.reading.vocabulary import decode_pnu as decode_pnu
from clustergeo.reading.vworld import read_vworld as read_vworld
