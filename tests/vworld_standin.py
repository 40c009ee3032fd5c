"""A stand-in for V-World's Data API, in its own process: answers in the documented form, with faults on request.

The first part of the path names the fault; `/none/req/data` has none. `/asked` lists the requests without their keys.
"""

from __future__ import annotations

import copy
import gzip
import json
import math
import sys
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "0C1D2E3F-SECRET+/KEY-4567"
MOST_KM2 = 10.0
ASKED: list[dict[str, str]] = []
TIMES: Counter[str] = Counter()


def zone(number: int, west: float, south: float, side: float = 0.001) -> dict[str, Any]:
    """Return a square zone in the form of the service: small letters, texts, a MultiPolygon."""
    east, north = west + side, south + side
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "Feature",
        "id": f"LT_C_UD801.{number}",
        "geometry": {"type": "MultiPolygon", "coordinates": [[ring]]},
        "properties": {"uname": "개발제한구역", "mnum": f"UDV100{number:06d}", "sido_cd": "04", "remark": None},
    }


# 2,345 zones in a patch of 6 km2, one that lies on four tiles of a larger box, one far away.
ZONES = [zone(n, 126.80 + (n % 50) * 0.0004, 35.10 + (n // 50) * 0.0004, 0.0002) for n in range(2345)]
LARGE = zone(9001, 127.045, 36.045, 0.01)
FAR = zone(9002, 127.0871, 36.0871)
LAYERS = {"LT_C_UD801": ZONES, "LT_C_ADSIDO_INFO": ZONES[:3], "LT_C_UM710": [LARGE, FAR]}


def bounds(feature: dict[str, Any]) -> tuple[float, float, float, float]:
    """Return the bounds of a zone."""
    (ring,) = feature["geometry"]["coordinates"][0]
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    return min(xs), min(ys), max(xs), max(ys)


def envelope(status: str, **parts: Any) -> dict[str, Any]:
    """Return a response of the documented form."""
    service = {"name": "data", "version": "2.0", "operation": "getfeature", "time": "12(ms)"}
    return {"response": {"service": service, "status": status, **parts}}


def error(code: str, text: str) -> dict[str, Any]:
    """Return an error of the documented form."""
    return envelope("ERROR", error={"level": "1", "code": code, "text": text})


def found(query: dict[str, str]) -> dict[str, Any]:
    """Return the answer to a request without faults."""
    west, south, east, north = (float(part) for part in query["geomFilter"][4:-1].split(","))
    high, wide = (north - south) * 111.0, (east - west) * 111.32 * math.cos(math.radians(south))
    if high * wide > MOST_KM2:
        return error("INVALID_RANGE", "geomFilter 파라미터의 유효한 범위는 10㎢ 이하입니다.")
    held = [
        feature
        for feature in LAYERS.get(query["data"], [])
        if (b := bounds(feature))[0] <= east and b[2] >= west and b[1] <= north and b[3] >= south
    ]
    return paged(held, int(query["page"]), min(int(query["size"]), 1000))


def paged(held: list[dict[str, Any]], page: int, size: int) -> dict[str, Any]:
    """Return one page of what was found; counts are texts."""
    part = held[(page - 1) * size : page * size]
    if not part:
        return envelope("NOT_FOUND")
    return envelope(
        "OK",
        record={"total": str(len(held)), "current": str(len(part))},
        page={"total": str(math.ceil(len(held) / size)), "current": str(page), "size": str(size)},
        result={"featureCollection": {"type": "FeatureCollection", "bbox": [], "features": part}},
    )


def faulty(fault: str, query: dict[str, str]) -> dict[str, Any]:  # noqa: C901 - a fault a line
    """Return an answer whose content is wrong."""
    answer, page = copy.deepcopy(found(query)), int(query["page"])
    body = answer["response"]
    if fault.isupper():
        return error(fault, f"요청이 거부되었습니다. key={query['key']}")
    if fault == "same-page":
        return found({**query, "page": "1"})
    if fault == "same-page-numbered" and page > 1:
        body["result"] = found({**query, "page": "1"})["response"]["result"]
    if fault == "short" and page == 3:
        body["result"]["featureCollection"]["features"].pop()
    if fault == "no-counts":
        del body["record"]
    if fault == "swapped":
        for feature in body["result"]["featureCollection"]["features"]:
            (ring,) = feature["geometry"]["coordinates"][0]
            feature["geometry"]["coordinates"] = [[[[y, x] for x, y in ring]]]
    if fault == "points":
        for feature in body["result"]["featureCollection"]["features"]:
            feature["geometry"] = {"type": "Point", "coordinates": [126.801, 35.101]}
    if fault == "placeless":
        body["result"]["featureCollection"]["features"][0]["geometry"] = None
    if fault == "bowtie":
        features = body["result"]["featureCollection"]["features"]
        (ring,) = features[0]["geometry"]["coordinates"][0]
        ring[1], ring[2] = ring[2], ring[1]
    if fault == "changing" and page == 2 and TIMES["changing"] < 2:
        body["record"]["total"] = "2346"
    return answer


class StandIn(BaseHTTPRequestHandler):
    """Answers GET."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer one request."""
        parts = urlsplit(self.path)
        if parts.path == "/asked":
            self.send(json.dumps(ASKED).encode(), "application/json")
            ASKED.clear()
            TIMES.clear()
            return
        fault = parts.path.split("/")[1]
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        ASKED.append({name: value for name, value in query.items() if name != "key"} | {"fault": fault})
        TIMES[f"{fault}-{query['page']}"] += 1
        TIMES[fault] += query["page"] == "2"
        if query.get("key") != KEY and not fault.isupper():
            self.send(json.dumps(error("INVALID_KEY", "등록되지 않은 인증키입니다.")).encode(), "application/json")
        elif not self.broken(fault, query):
            self.send(json.dumps(faulty(fault, query), ensure_ascii=False).encode(), "application/json;charset=UTF-8")

    def broken(self, fault: str, query: dict[str, str]) -> bool:  # noqa: C901, PLR0912 - a fault a line
        """Send what is no answer of the service, if the fault is such; say whether it was."""
        page, times = int(query["page"]), TIMES[f"{fault}-{query['page']}"]
        whole = json.dumps(found(query)).encode()
        if (fault == "twice" and page == 2 and times <= 2) or (fault == "never" and page == 3):
            self.send(b"Bad Gateway", "text/plain", status=502)
        elif fault == "wait" and times == 1:
            self.send(b"", "text/plain", status=429, headers={"Retry-After": "7"})
        elif fault == "wait-long":
            self.send(b"", "text/plain", status=503, headers={"Retry-After": "86400"})
        elif fault == "truncated" or (fault == "truncated-once" and times == 1):
            self.send(whole[: len(whole) // 2], "application/json", length=len(whole))
        elif fault == "packed":
            answer = json.dumps(faulty(fault, query), ensure_ascii=False).encode()
            self.send(gzip.compress(answer), "application/json", headers={"Content-Encoding": "gzip"})
        elif fault == "half-json":
            self.send(whole[: len(whole) // 2], "application/json")
        elif fault in ("slow", "drip"):
            self.drip(whole, silent=fault == "slow")
        elif fault == "html":
            self.send(b"<!DOCTYPE html><html><body>%s</body></html>" % query["key"].encode(), "text/html")
        elif fault == "html-once" and times == 1:
            self.send(b"<html>busy</html>", "application/json")
        elif fault == "xml":
            self.send(b"<?xml version='1.0'?><ServiceException/>", "text/xml")
        elif fault == "empty":
            self.send(b"", "application/json")
        elif fault == "other-json":
            self.send(b'[{"a": 1}]', "application/json")
        elif fault == "forbidden":
            self.send(b"no", "text/plain", status=403)
        elif fault == "moved":
            self.send(b"", "text/plain", status=302, headers={"Location": f"http://127.0.0.1:9/?key={query['key']}"})
        elif fault == "hang-up":
            self.close_connection = True
        else:
            return False
        return True

    def drip(self, whole: bytes, *, silent: bool) -> None:
        """Send the head, then nothing for long, or a byte at a time."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(whole)))
        self.end_headers()
        for byte in whole[:100]:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(3 if silent else 0.1)

    def send(
        self, body: bytes, kind: str, *, status: int = 200, length: int | None = None, headers: Any = None
    ) -> None:
        """Send a response; a length that is not the body's cuts the connection."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.close_connection or length is not None

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
    server.daemon_threads = True
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
