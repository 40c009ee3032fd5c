"""Where the shipped data lies."""

from __future__ import annotations

from pathlib import Path

from clustergeo.errors import DataError


def data_path(name: str) -> Path:
    """Return the path of a shipped data file.

    Raises
    ------
    DataError
        The file is not there: the installation is broken.
    """
    here = Path(__file__).resolve().parent
    # A wheel holds the data inside the package; a checkout holds it where the build wrote it.
    for folder in (here / "_data", here.parent / "data" / "processed"):
        if (folder / name).is_file():
            return folder / name
    msg = f"The shipped data file {name!r} is missing. Reinstall clustergeo, or rebuild it (see docs/data.md)."
    raise DataError(msg)
