"""A real MapServer behind a small HTTP server of its own process, which can spoil what it says on request.

Arguments: the program and the folder of the map. The first part of the path names the fault; `/none/wfs` has none.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

PLACE = {"program": "mapserv", "folder": "."}


def paged(body: bytes, limit: int, offset: int) -> bytes:
    """Return one page of a whole answer, with the link to the next: MapServer 8.0.0 ignores the offset."""
    held = json.loads(body)
    everything = held["features"]
    held["features"] = everything[offset : offset + limit]
    held["numberMatched"], held["numberReturned"] = len(everything), len(held["features"])
    href = f"/paged/m/ogcapi/collections/zones/items?f=json&limit={limit}&offset={offset + limit}"
    more = offset + limit < len(everything)
    held["links"] = [{"rel": "next", "type": "application/geo+json", "href": href}] if more else []
    return json.dumps(held).encode()


class Runner(BaseHTTPRequestHandler):
    """Answers GET by a run of the program."""

    def do_GET(self) -> None:  # noqa: C901, PLR0912 - a fault a line
        """Answer one request."""
        parts = urlsplit(self.path)
        _, fault, rest = parts.path.split("/", 2)
        query = parts.query
        if fault == "same-page":
            query = re.sub(r"(?i)&?(startIndex|offset)=\d+", "", query)
        if fault == "one-page" and re.search(r"(?i)startIndex=(?!0\b)\d+|offset=[1-9]", query):
            query = re.sub(r"(?i)bbox=[^&]+", "", query) + "&bbox=1,1,2,2,urn:ogc:def:crs:EPSG::4326"
        if fault == "lon-first":
            query = re.sub(r"(?i)bbox=([\d.]+)%2C([\d.]+)%2C([\d.]+)%2C([\d.]+)", r"bbox=\2%2C\1%2C\4%2C\3", query)
        page = dict(re.findall(r"(limit|offset)=(\d+)", query))
        if fault == "paged":
            query = re.sub(r"&?(limit|offset)=\d+", "", query) + "&limit=1000"
        status, kind, body = self.run_program(query, "/" + rest if rest.startswith("m/") else "")
        if fault == "status-200":
            status = 200
        if fault == "paged" and b'"features"' in body:
            body = paged(body, int(page.get("limit", 10)), int(page.get("offset", 0)))
        if fault == "one-page" and "resultType=hits" in query:
            body = re.sub(rb'numberMatched="\d+"', b'numberMatched="7"', body)
        if fault == "no-count":
            body = re.sub(rb'(numberMatched=")\d+"', rb'\1unknown"', re.sub(rb'"numberMatched":\d+,', b"", body))
        if fault == "cut" and b"<wfs:member>" in body:
            body = body.replace(b"</wfs:FeatureCollection>", b"<wfs:truncatedResponse/></wfs:FeatureCollection>")
        if fault == "no-geometry" and b"<wfs:member>" in body:
            body = re.sub(rb"(?s)<gml:boundedBy>.*?</gml:boundedBy>|<ms:msGeometry>.*?</ms:msGeometry>", b"", body)
        if fault == "wrong-schema" and "DescribeFeatureType" in query:
            body = body.replace(b'"zones"', b'"rivers"').replace(b"zonesType", b"riversType")
        if fault == "euc-kr" and b"<?xml" in body[:10]:
            body = re.sub(rb"encoding=\"UTF-8\"", b'encoding="EUC-KR"', body).decode().encode("cp949")
        if fault == "no-schema" and "DescribeFeatureType" in query:
            status, body = 400, b"no"
        if fault == "elsewhere":
            body = body.replace(b"127.0.0.1", b"elsewhere.example")
        if fault == "html":
            kind, body = "text/html", b"<!DOCTYPE html><html><body>login</body></html>"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def run_program(self, query: str, path: str) -> tuple[int, str, bytes]:
        """Return status, content type and body of one run."""
        environment = {
            **os.environ,
            "REQUEST_METHOD": "GET",
            "QUERY_STRING": query,
            "MAPSERVER_CONFIG_FILE": f"{PLACE['folder']}/mapserver.conf",
            "HTTP_ACCEPT": self.headers.get("Accept", "*/*"),
        }
        if path:
            environment["PATH_INFO"] = path
        out = subprocess.run(
            [PLACE["program"]], env=environment, capture_output=True, check=False, cwd=PLACE["folder"]
        ).stdout
        head, _, body = out.replace(b"\r\n\r\n", b"\n\n", 1).partition(b"\n\n")
        fields = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
        return int(fields.get("Status", "200").split()[0]), fields.get("Content-Type", ""), body

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


if __name__ == "__main__":
    PLACE["program"], PLACE["folder"] = sys.argv[1:]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Runner)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
