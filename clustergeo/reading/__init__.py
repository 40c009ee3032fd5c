"""Any layer read rightly or refused with the cure."""

from clustergeo.reading.addresses import match_addresses as match_addresses
from clustergeo.reading.checks import check as check
from clustergeo.reading.files import read_layer as read_layer
from clustergeo.reading.files import read_sites as read_sites
from clustergeo.reading.vocabulary import decode_pnu as decode_pnu
