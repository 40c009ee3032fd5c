"""Bodies of HTTP answers: whole or not at all, in bounded memory, unpacked where they come packed, asked for or not."""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADERS = {"User-Agent": "clustergeo", "Accept-Encoding": "identity"}
LATE, LONG, SHORT, DAMAGED, STRANGE = "late", "long", "short", "damaged", "strange"

_PIECE = 64 * 1024
_UNPACKED = 1 << 20
# How zlib names the forms that servers pack bodies in.
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class Body(NamedTuple):
    """What came of a body.

    Attributes
    ----------
    came
        How many bytes came over the network.
    told
        How many were announced, None where that was not said.
    size
        How many bytes they make, unpacked.
    fault
        Why it is not whole: `LATE`, `LONG`, `SHORT`, `DAMAGED` (it cannot be unpacked) or `STRANGE` (it is packed in
        a way that is not known); None where it is.
    """

    came: int
    told: int | None
    size: int
    fault: str | None


def pour(response: Any, out: BinaryIO, *, most: int, until: float) -> Body:
    """Write the body of a response to a file, and say what came of it.

    Parameters
    ----------
    response
        Of urllib.
    out
        Takes the bytes.
    most
        The most bytes that are taken, unpacked.
    until
        The moment of `time.monotonic` at which it is given up.

    Raises
    ------
    OSError, http.client.HTTPException
        The network failed.
    """
    length = response.headers.get("Content-Length")
    told = int(length) if length is not None and length.isdigit() else None
    coding = str(response.headers.get("Content-Encoding") or "identity").strip().lower()
    known = coding == "identity" or coding in _WINDOWS
    if not known or (told is not None and told > most):
        return Body(0, told, 0, LONG if known else STRANGE)
    unpacking = _Unpacking(coding) if coding in _WINDOWS else None
    came = size = 0
    fault = None
    while fault is None and (piece := response.read1(_PIECE)):
        came += len(piece)
        try:
            for part in unpacking.parts(piece) if unpacking else (piece,):
                out.write(part)
                size += len(part)
                if size > most:
                    break
        except zlib.error:
            fault = DAMAGED
        fault = LONG if size > most else LATE if time.monotonic() > until else fault
    if fault is None and told is not None and came != told:
        fault = SHORT
    if fault is None and unpacking is not None and not unpacking.whole:
        fault = DAMAGED
    return Body(came, told, size, fault)


class _Unpacking:
    """Unpacks a body piece by piece: what is packed a thousandfold never stands in memory at once."""

    def __init__(self, coding: str) -> None:
        self._window = _WINDOWS[coding]
        self._packed = zlib.decompressobj(self._window)

    @property
    def whole(self) -> bool:
        """Whether the end was reached."""
        return self._packed.eof

    def parts(self, piece: bytes) -> Iterator[bytes]:
        """Yield what a piece makes; a further member of a gzip begins where one has ended."""
        while piece:
            if self._packed.eof:
                self._packed = zlib.decompressobj(self._window)
            yield self._packed.decompress(piece, _UNPACKED)
            piece = self._packed.unused_data if self._packed.eof else self._packed.unconsumed_tail
