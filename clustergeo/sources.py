"""The sources of the shipped facts and layers: whom each is owed to, and where it is to be read."""

from __future__ import annotations

import functools
import tomllib
from typing import Any

from clustergeo._shipped import data_path

BOUNDARY_SOURCE = "kostat-2018-localities"


@functools.cache
def load_sources() -> dict[str, dict[str, Any]]:
    """Return the sources of the shipped facts by id: publisher, what each is cited for, URL, date and licence."""
    return tomllib.loads(data_path("sources.toml").read_text(encoding="utf-8"))


def boundary_attribution(lang: str) -> str:
    """Return whom the administrative areas are owed to, in Korean (`ko`) or English (`en`)."""
    return str(load_sources()[BOUNDARY_SOURCE][f"attribution_{lang}"])


def source_urls(ids: Any) -> str | None:
    """Return the URLs of sources named by id, joined by a space; what has no URL stays as it is."""
    if not isinstance(ids, str) or not ids:
        return None
    sources = load_sources()
    return " ".join(str(sources.get(name, {}).get("url") or name) for name in ids.split())


def source_words(text: str, lang: str) -> str:
    """Return sources as a reader takes them: addresses as they are, a shipped source without one by what it tells.

    Examples
    --------
    >>> source_words("https://e.org/a complex-layer-202512", "en")
    'https://e.org/a an interior point of the Yongin complex (code 141060) [complex-layer-202512]'
    """
    told = {name: load_sources().get(name, {}).get(f"describes_{lang}") for name in text.split(" ")}
    return " ".join(f"{told[name]} [{name}]" if told[name] else name for name in text.split(" "))
