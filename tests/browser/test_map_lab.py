"""JupyterLab shows the map of a notebook with no network but itself."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import nbformat.sign
import pytest

from clustergeo import datasets, maps
from clustergeo.tags import tag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TITLES = ("부지 15곳", "15 sites")
PATIENCE = 180
"""The seconds within which the server answers, on a slow machine that does much else."""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve a folder with a notebook whose cell has been run and which is trusted."""
    for name in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    cells = []
    for lang in ("ko", "en"):
        made = maps.explore(tag(datasets.load_sites()), lang=lang)
        output = nbformat.v4.new_output("display_data", {"text/html": made._repr_html_(), "text/plain": repr(made)})
        cells.append(nbformat.v4.new_code_cell("m", outputs=[output]))
    notebook = nbformat.v4.new_notebook(cells=cells)
    folder = tmp_path / "work"
    folder.mkdir()
    nbformat.write(notebook, folder / "map.ipynb")
    nbformat.sign.NotebookNotary().sign(nbformat.read(folder / "map.ipynb", as_version=4))
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    options = [f"--ServerApp.root_dir={folder}", f"--ServerApp.port={port}", "--ServerApp.ip=127.0.0.1", "--allow-root"]
    options += ["--no-browser", "--IdentityProvider.token=", "--LabApp.news_url=None"]
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options],
        env={**os.environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(2 * PATIENCE):
            assert server.poll() is None, "JupyterLab ended before it answered"
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            time.sleep(0.5)
        else:
            pytest.fail(f"JupyterLab did not answer within {PATIENCE} s")
        yield address
    finally:
        server.terminate()
        server.wait(20)


def test_jupyterlab_shows_the_map_and_asks_nobody_else(lab: str, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    asked: list[str] = []

    def only_itself(route: Any) -> None:
        if route.request.url.startswith((lab, "data:", "blob:")):
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    context.route("**/*", only_itself)
    page = context.new_page()
    page.goto(f"{lab}/lab/tree/map.ipynb")
    for title in TITLES:
        frame = page.frame_locator(f"iframe[title^='{title}']")
        frame.locator("path.cg-site").first.wait_for(timeout=120_000)
        assert frame.locator("path.cg-site").count() == 15
        frame.locator("path.cg-site").nth(3).dispatch_event("click")
        frame.locator(".cg-card h2").wait_for()
    assert asked == []
    context.close()
