"""Names on a map never cover one another, a symbol or what is blocked, and never leave the map."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustergeo._placing import place, spread

FRAME = (0.0, 0.0, 400.0, 300.0)
MARKER = 4.0
NOTHING = np.empty((0, 4))
position = st.tuples(st.floats(5, 395), st.floats(5, 295))


def boxes_of(anchors: np.ndarray, sizes: np.ndarray, blocked: np.ndarray = NOTHING) -> list[np.ndarray]:
    found = place(anchors, sizes, frame=FRAME, marker=MARKER, blocked=blocked)
    pairs = zip(found, sizes, strict=True)
    return [np.array([p.x - w / 2, p.y - h / 2, p.x + w / 2, p.y + h / 2]) for p, (w, h) in pairs if p is not None]


def overlap(one: np.ndarray, other: np.ndarray) -> bool:
    slack = 1e-9
    return bool(
        one[0] < other[2] - slack
        and other[0] < one[2] - slack
        and one[1] < other[3] - slack
        and other[1] < one[3] - slack
    )


@settings(deadline=None, max_examples=60)
@given(st.lists(position, min_size=1, max_size=12))
def test_no_name_covers_another_one_a_symbol_or_the_edge(positions: list[tuple[float, float]]) -> None:
    anchors = np.array(positions)
    sizes = np.tile([60.0, 10.0], (len(anchors), 1))
    blocked = np.array([[0.0, 0.0, 80.0, 40.0]])
    boxes = boxes_of(anchors, sizes, blocked)
    symbols = [np.array([x - MARKER, y - MARKER, x + MARKER, y + MARKER]) for x, y in anchors]
    for row, box in enumerate(boxes):
        assert not any(overlap(box, other) for other in [*boxes[:row], *symbols, blocked[0]])
        assert box[0] >= FRAME[0]
        assert box[1] >= FRAME[1]
        assert box[2] <= FRAME[2]
        assert box[3] <= FRAME[3]


def test_a_lone_name_stands_beside_its_symbol_without_a_line() -> None:
    (found,) = place(np.array([[200.0, 150.0]]), np.array([[60.0, 10.0]]), frame=FRAME, marker=MARKER, blocked=NOTHING)
    assert found is not None
    assert found.leader is None
    assert found.x > 200.0


def test_a_crowd_gets_lines_and_every_name_finds_room() -> None:
    anchors = spread(np.full((12, 2), 150.0), MARKER)
    sizes = np.tile([70.0, 10.0], (12, 1))
    found = place(anchors, sizes, frame=FRAME, marker=MARKER, blocked=NOTHING)
    assert all(one is not None for one in found)
    assert any(one.leader is not None for one in found if one is not None)


def test_a_name_that_fits_nowhere_is_left_out() -> None:
    assert place(np.array([[50.0, 50.0]]), np.array([[500.0, 10.0]]), frame=FRAME, marker=4, blocked=NOTHING) == [None]


def test_no_names_need_no_places() -> None:
    assert place(np.empty((0, 2)), np.empty((0, 2)), frame=FRAME, marker=4, blocked=NOTHING) == []
    assert spread(np.empty((0, 2)), 4.0).shape == (0, 2)


@pytest.mark.parametrize("count", [2, 12])
def test_symbols_at_one_place_are_moved_apart_and_the_input_is_kept(count: int) -> None:
    anchors = np.full((count, 2), 150.0)
    moved = spread(anchors, 5.0)
    apart = [np.hypot(*(moved[one] - moved[other])) for one in range(count) for other in range(one)]
    assert min(apart) > 9.9
    assert (anchors == 150.0).all()


def test_symbols_with_room_stay() -> None:
    anchors = np.array([[10.0, 10.0], [30.0, 10.0]])
    assert np.allclose(spread(anchors, 5.0), anchors, atol=0.01)
