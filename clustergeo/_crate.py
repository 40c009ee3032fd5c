"""What a folder of outputs rests on, as RO-Crate 1.1 metadata: files, layers, software and the time of the run."""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.metadata
import json
import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from clustergeo._files import shown
from clustergeo._formats import json_bytes
from clustergeo.errors import InputError
from clustergeo.layers import Layer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

CRATE_NAME = "ro-crate-metadata.json"
DECIDED = "decidedWhileReading"

_TYPES = {
    ".csv": "text/csv",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".geojson": "application/geo+json",
    ".gpkg": "application/geopackage+sqlite3",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".tex": "application/x-tex",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def run_time() -> str:
    """Return the time of the run: UTC, ISO text to the second.

    Returns
    -------
    str
        The time of `SOURCE_DATE_EPOCH` (seconds since 1970) where that variable is set, so that a run can be repeated
        to the byte; otherwise now.

    Raises
    ------
    InputError
        If `SOURCE_DATE_EPOCH` is not a whole number of seconds that a calendar can hold.

    Examples
    --------
    >>> len(run_time()), run_time()[-1]
    (20, 'Z')
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    try:
        utc = dt.UTC
        moment = dt.datetime.fromtimestamp(int(epoch), utc) if epoch else dt.datetime.now(utc)
    except (ValueError, OverflowError, OSError) as error:
        msg = (
            f"SOURCE_DATE_EPOCH={epoch!r} is not a time; expected whole seconds since 1970, such as 1760000000. "
            "Correct the environment variable or unset it."
        )
        raise InputError(msg) from error
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def ro_crate(
    files: Mapping[str, bytes | tuple[bytes, int | None]],
    layers: Iterable[Layer | Mapping[str, Any]],
    *,
    facts_as_of: str | None,
    run_at: str,
    name: str = "clustergeo: where the sites lie",
    as_of: str | None = None,
    own_facts: bool = False,
    decided: Iterable[str] = (),
    description: str = "Sites tagged by region, sector and restriction zones, and what each tag rests on.",
) -> bytes:
    """Return the metadata of a folder of outputs, as RO-Crate 1.1.

    Parameters
    ----------
    files
        Bytes of each file by its relative name (with `/`), or a pair of the bytes and the number of rows.
    layers
        The layers used: `Layer`, or mappings with the keys of the catalogue (`layer` or `name`, `vintage`, `coverage`,
        `licence`, `attribution`, `source`, `sha256`, and `decided`, what was decided while reading).
    facts_as_of
        The date of the latest fact used, ISO text; None if no fact is dated.
    run_at
        The time of the run, ISO text; see `run_time`.
    as_of
        The day that was asked for, ISO text; None if none was.
    own_facts
        Whether facts of the caller's were added to the shipped ones.
    decided
        What was decided while the file of the sites was read, one sentence each.
    name, description
        Of the whole folder.

    Returns
    -------
    bytes
        JSON-LD in UTF-8. The same input gives the same bytes.

    Examples
    --------
    >>> import json
    >>> crate = ro_crate({"sites.csv": (b"a", 1)}, [], facts_as_of="2025-12-24", run_at="2026-01-01T00:00:00Z")
    >>> [entity["@id"] for entity in json.loads(crate)["@graph"]][:3]
    ['ro-crate-metadata.json', './', 'sites.csv']
    """
    parts = [_file(path, content) for path, content in files.items()]
    used = [_layer(layer) for layer in layers]
    licences = {licence["@id"]: licence for _, licence in used if licence}
    software = {
        "@id": "#clustergeo",
        "@type": "SoftwareApplication",
        "name": "clustergeo",
        "version": software_version(),
        "softwareVersion": software_version(),
    }
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "name": name,
        "description": description,
        "datePublished": run_at,
        "hasPart": [{"@id": part["@id"]} for part in parts],
        "isBasedOn": [{"@id": layer["@id"]} for layer, _ in used],
        # A folder has no licence of its own: the terms are those of the layers in it.
        "license": [{"@id": one} for one in licences]
        or "No layer with a licence was used; the sites are their owner's.",
        "mentions": [{"@id": "#run"}],
    }
    root |= {term: day for term, day in (("factsAsOf", facts_as_of), ("asOf", as_of)) if day}
    root |= {"ownFacts": True} if own_facts else {}
    root |= {DECIDED: list(decided)} if decided else {}
    run = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": "The run that made these files",
        "endTime": run_at,
        "instrument": {"@id": "#clustergeo"},
        "object": [{"@id": layer["@id"]} for layer, _ in used],
        "result": [{"@id": part["@id"]} for part in parts],
    }
    descriptor = {
        "@id": CRATE_NAME,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }
    graph = [descriptor, root, *parts, *(layer for layer, _ in used), *licences.values(), software, run]
    # Words that RO-Crate does not define are defined here, so that a JSON-LD reader keeps them.
    own = {
        term: f"https://w3id.org/ro/terms/clustergeo#{term}"
        for term in ("asOf", "coverage", DECIDED, "factsAsOf", "ownFacts", "rows")
    }
    own["sha256"] = "https://schema.org/sha256"
    context = ["https://w3id.org/ro/crate/1.1/context", own]
    return json_bytes({"@context": context, "@graph": graph})


def _file(path: str, content: bytes | tuple[bytes, int | None]) -> dict[str, Any]:
    """Return the entity of a file."""
    data, rows = content if isinstance(content, tuple) else (content, None)
    ending = re.sub(r".*(?=\.)", "", path.rpartition("/")[2])
    entity: dict[str, Any] = {
        "@id": quote(path),
        "@type": "File",
        "name": path.rpartition("/")[2],
        "contentSize": str(len(data)),
        "encodingFormat": _TYPES.get(ending, "application/octet-stream"),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    return entity if rows is None else {**entity, "rows": rows}


def _layer(layer: Layer | Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the entities of a layer and of its licence."""
    told: Mapping[str, Any] = layer.provenance if isinstance(layer, Layer) else layer
    name = _text(told, "name") or _text(told, "layer")
    if name is None:
        msg = f"A layer without a name was given ({dict(told)!r}); expected a Layer or a row of catalogue(). Name it."
        raise InputError(msg)
    entity: dict[str, Any] = {"@id": f"#layer-{_slug(name)}", "@type": "Dataset", "name": name}
    licence_text = _text(told, "licence")
    licence = None
    if licence_text:
        licence = {"@id": f"#licence-{_slug(licence_text)}", "@type": "CreativeWork", "name": licence_text}
        entity["license"] = {"@id": licence["@id"]}
    terms = {
        "vintage": "version",
        "coverage": "coverage",
        "attribution": "creditText",
        "sha256": "sha256",
        "decided": DECIDED,
    }
    entity |= {term: text for key, term in terms.items() if (text := _text(told, key))}
    source = _text(told, "source")
    if source:
        # A layer made here names what it was made from, which is no address.
        entity["url" if source.startswith(("https://", "http://")) else "description"] = source
    if isinstance(told.get("rows"), int):
        entity["rows"] = told["rows"]
    return entity, licence


def _text(told: Mapping[str, Any], key: str) -> str | None:
    """Return a text of a layer, None where it is not known."""
    value = told.get(key)
    return None if value is None or value != value or value == "" else str(value)  # noqa: PLR0124 - NaN


def _slug(text: str) -> str:
    """Return a text as part of an identifier: readable, and its own even where the words are Korean."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower()[:40].rstrip("-")
    return f"{words}-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}".lstrip("-")


def software_version() -> str:
    """Return the version of clustergeo; a source tree that was not installed has none."""
    try:
        return importlib.metadata.version("clustergeo")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def entities(folder: Path) -> list[dict[str, Any]]:
    """Return the entities of the manifest of a folder.

    Raises
    ------
    OSError
        There is none, or it cannot be read.
    ValueError
        It is no manifest.
    """
    content = json.loads((folder / CRATE_NAME).read_bytes())
    graph = content.get("@graph") if isinstance(content, dict) else None
    if not isinstance(graph, list):
        msg = f"{CRATE_NAME} has no @graph"
        raise ValueError(msg)  # noqa: TRY004 - of a file, not of an argument
    return [one for one in graph if isinstance(one, dict)]


def earlier_files(folder: Path, *, what: str, known: Callable[[str], bool]) -> list[str]:
    """Return the files that an earlier run wrote into a folder, as its manifest lists them.

    Parameters
    ----------
    folder
        It need not exist.
    what
        Who wrote it, such as "report".
    known
        Whether a name is one that it may have written.

    Raises
    ------
    InputError
        A manifest of that name stands there which it did not write, and which would be lost.
    """
    try:
        names = [str(one["@id"]) for one in entities(folder) if one.get("@type") == "File"]
    except OSError:
        # None there, or none that can be read: what stands in the way of writing is told when it is written.
        return []
    except (ValueError, KeyError):
        names = [""]
    strange = [name for name in names if not known(name)]
    if strange:
        listed = f" (it lists {strange[0]!r})" if strange[0] else ""
        msg = (
            f"The folder {shown(folder)} holds a {CRATE_NAME} that no {what} wrote{listed}; it would be lost. "
            "Choose another folder."
        )
        raise InputError(msg)
    return names
