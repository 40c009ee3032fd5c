"""Make the picture of the README from the shipped data: `python scripts/build_docs.py`."""

from __future__ import annotations

from pathlib import Path

import clustergeo as cg
from clustergeo.figures import figure_bytes

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"


def main() -> None:
    """Write docs/images/map.png."""
    figure = cg.plot(cg.tag(cg.load_sites()), lang="en", title="The 15 national high-tech complexes of Korea")
    IMAGES.mkdir(parents=True, exist_ok=True)
    (IMAGES / "map.png").write_bytes(figure_bytes(figure, "png"))


if __name__ == "__main__":
    main()
