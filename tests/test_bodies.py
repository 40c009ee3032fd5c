"""Bodies of answers over HTTP: whole, in bounded memory, unpacked."""

from __future__ import annotations

import gzip
import io
import time
import zlib
from typing import Any

import pytest

from clustergeo.reading import _bodies

TEXT = "구역 ".encode() * 100_000


class Response:
    """An answer as urllib gives it, of so many bytes at a time."""

    def __init__(self, body: bytes, coding: str | None = None, length: int | None = None, at_once: int = 1000) -> None:
        self.headers = {"Content-Length": str(len(body) if length is None else length)}
        self.headers |= {"Content-Encoding": coding} if coding else {}
        self._body, self._at_once = io.BytesIO(body), at_once

    def read1(self, count: int) -> bytes:
        return self._body.read(min(count, self._at_once))


def poured(response: Response, most: int = 1 << 30, seconds: float = 60) -> tuple[_bodies.Body, bytes]:
    out = io.BytesIO()
    return _bodies.pour(response, out, most=most, until=time.monotonic() + seconds), out.getvalue()


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (TEXT, None),
        (TEXT, "identity"),
        (gzip.compress(TEXT), "gzip"),
        (gzip.compress(TEXT), " X-GZIP "),
        (gzip.compress(TEXT[:30]) + gzip.compress(TEXT[30:]), "gzip"),
        (zlib.compress(TEXT), "deflate"),
    ],
)
@pytest.mark.parametrize("at_once", [7, 1000, 1 << 20])
def test_a_body_is_what_was_packed(body: bytes, coding: str | None, at_once: int) -> None:
    found, held = poured(Response(body, coding, at_once=at_once))
    assert held == TEXT
    assert found == _bodies.Body(len(body), len(body), len(TEXT), None)


@pytest.mark.parametrize(
    ("response", "fault"),
    [
        (lambda: Response(TEXT[:-1], length=len(TEXT)), _bodies.SHORT),
        (lambda: Response(gzip.compress(TEXT)[:-1], "gzip"), _bodies.DAMAGED),
        (lambda: Response(TEXT, "gzip"), _bodies.DAMAGED),
        (lambda: Response(b"", "gzip"), _bodies.DAMAGED),
        (lambda: Response(TEXT, "br"), _bodies.STRANGE),
        (lambda: Response(b"x", length=1 << 40), _bodies.LONG),
    ],
)
def test_a_body_that_is_not_whole_is_said_to_be_so(response: Any, fault: str) -> None:
    assert poured(response())[0].fault == fault


def test_a_body_packed_a_thousandfold_is_given_up_at_the_limit() -> None:
    found, held = poured(Response(gzip.compress(bytes(1 << 28)), "gzip"), most=1 << 20)
    assert found.fault == _bodies.LONG
    assert len(held) < 1 << 23


def test_a_body_that_drips_is_given_up() -> None:
    assert poured(Response(TEXT), seconds=-1)[0].fault == _bodies.LATE
