"""The kernels are loaded for large jobs only, and run where no cache can be written."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import warnings
from typing import Any

import numpy as np
import pytest
import shapely

from clustergeo.overlap import ZoneIndex
from clustergeo.overlap.threads import in_threads, pool

SMALL = """
import pickle, sys
import numpy, shapely
from clustergeo import overlap
from clustergeo.overlap import Border, ZoneIndex
index = ZoneIndex(numpy.array([shapely.box(0, 0, 2, 2), shapely.box(1, 1, 4, 4)]), ["a", "b"])
sites = numpy.array([shapely.box(1, 0, 3, 2), shapely.Point(1, 1), shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])])
overlap.areas_of(sites), overlap.bounds_of(sites), overlap.centroids(sites)
sites = overlap.repaired(sites, overlap.invalid_rows(sites))
for ask in (index.shares, index.areas, index.largest, index.distance, index.inside, index.overlaps, index.holders):
    ask(sites)
index.border.nearest(numpy.array([[1.0, 2.0]]))
Border(shapely.boundary(sites[:1])).nearest(numpy.array([[1.0, 2.0]]))
pickle.loads(pickle.dumps(index)).shares(sites)
print("numba" in sys.modules)
"""
UNCOMPILED = """
import numpy, shapely
from clustergeo.overlap import Polygons, ZoneIndex, centroids, invalid_rows, validity
validity._FEW = validity._MUCH = 0
index = ZoneIndex(shapely.box([0, 1], [0, 1], [2, 4], [2, 4]), ["a", "b"], method="grid", cell=1.0)
sites = Polygons.from_shapely(numpy.array([shapely.box(1, 0, 3, 2), shapely.Point(1, 1), shapely.box(9, 9, 10, 11)]))
print(index.inside(sites).tolist(), index.overlaps(sites).areas.tolist(), index.distance(sites).tolist())
print(index.holders(sites)[1].tolist(), centroids(sites).tolist(), invalid_rows(sites).tolist())
"""
UNCACHED = """
import numba
from clustergeo.overlap import jit

class Nowhere:
    @staticmethod
    def from_function(function, file):
        return None

numba.core.caching.CodeLibraryCacheImpl._locator_classes = [Nowhere]
from numba import types
add = jit.compiled(types.float64, types.float64)(lambda a, b: a + b)
print(add(1.0, 2.0))
"""


def run(script: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_a_small_job_does_not_wait_for_the_compiler() -> None:
    assert run(SMALL) == "False"


def test_kernels_run_as_python_where_compilation_is_switched_off() -> None:
    wished = """[3.0, 0.0, 0.0] [2.0, 2.0] [0.0, -1.0, 7.0710678118654755]
[0, 2, 0] [[2.0, 1.0], [1.0, 1.0], [9.5, 10.0]] []"""
    assert run(UNCOMPILED, NUMBA_DISABLE_JIT="1") == run(UNCOMPILED) == wished


def test_kernels_run_where_no_cache_can_be_written() -> None:
    assert run(UNCACHED, HOME="/nonexistent") == "3.0"


def test_the_size_of_a_job_chooses_the_method() -> None:
    index = ZoneIndex(np.array([shapely.box(0, 0, 1, 1)]))
    assert not index._many(1000)
    assert index._many(20_000)
    rough = shapely.Point(0, 0).buffer(1, quad_segs=20_000)
    assert ZoneIndex(np.array([rough]))._many(1000)
    assert ZoneIndex(np.array([rough]), method="grid")._many(1)
    assert not ZoneIndex(np.array([rough]), method="plain")._many(10**6)


def test_an_error_in_a_thread_reaches_the_caller() -> None:
    def work(number: int) -> Any:
        if number == 3:
            msg = "three"
            raise ValueError(msg)
        return number

    assert in_threads(work, range(3), 2) == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        in_threads(work, range(5), 2)


def test_what_is_warned_of_is_the_same_after_threads_that_silence_warnings_in_turn() -> None:
    # as `shapely.is_valid` does, in the worst order: the second begins while the first is silent, and ends after it
    begun, ended = threading.Event(), threading.Event()

    def first() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            begun.set()
            assert second_in.wait(10)
        ended.set()

    def second() -> None:
        assert begun.wait(10)
        with warnings.catch_warnings():
            second_in.set()
            assert ended.wait(10)

    second_in = threading.Event()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        in_threads(lambda work: work(), [first, second], 2)
        with pytest.raises(UserWarning, match="heard"):
            warnings.warn("heard", stacklevel=1)


def test_what_was_asked_of_threads_is_done_at_the_end_though_nobody_has_waited_for_it() -> None:
    with pool(1) as workers:
        asked = [workers.submit(time.sleep, 0.02) for _ in range(5)]
    assert [one.result() for one in asked] == [None] * 5
