"""Where labels go on a static map: beside their anchors, never over one another; numbers only, in one length unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ANGLES = np.deg2rad(np.arange(0.0, 360.0, 15.0))
_WAYS = np.column_stack([np.cos(_ANGLES), np.sin(_ANGLES)])
_REACHES = (2.5, 7.0, 16.0, 26.0, 38.0, 52.0, 68.0, 86.0, 106.0, 130.0, 160.0)
_ROUNDS = 12
_PUSHES = 200

# A clash is never worth any distance; a leader that crosses another one or a marker is worth a long way round.
_CLASH = 1e6
_CROSSING = 400.0
_STRUCK = 120.0
_AMBIGUOUS = 70.0


@dataclass(frozen=True)
class Placement:
    """One placed label: the centre of its box, and the end of its leader line (None when it touches its anchor)."""

    x: float
    y: float
    leader: tuple[float, float] | None


def spread(anchors: Floats, radius: float) -> Floats:
    """Return positions moved apart until no two symbols of a radius cover each other; most stay where they are.

    Examples
    --------
    >>> moved = spread(np.array([[10.0, 10.0], [12.0, 10.0], [50.0, 10.0]]), 3.0)
    >>> moved.round().tolist()
    [[8.0, 10.0], [14.0, 10.0], [50.0, 10.0]]
    """
    # A start that differs by a hair from one to the next lets symbols at one and the same place part in all directions.
    turns = 2.4 * np.arange(len(anchors))
    moved = anchors + 1e-3 * np.sqrt(1 + np.arange(len(anchors)))[:, None] * np.column_stack(
        [np.cos(turns), np.sin(turns)]
    )
    for _ in range(_PUSHES):
        still = True
        for one in range(len(moved)):
            for other in range(one):
                way = moved[one] - moved[other]
                apart = float(np.hypot(*way))
                if apart >= 2 * radius - 1e-6:
                    continue
                still = False
                push = way / apart * (2 * radius - apart) / 2
                moved[one] += push
                moved[other] -= push
        if still:
            break
    return np.asarray(moved, dtype=np.float64)


def place(
    anchors: Floats,
    sizes: Floats,
    *,
    frame: tuple[float, float, float, float],
    marker: float,
    blocked: Floats,
    furthest: float = np.inf,
) -> list[Placement | None]:
    """Return one placement for each label, or None where every position would cover something.

    Candidates lie in 24 directions at growing distance; labels are placed one after another, and then moved again, each
    to its best position given the others, until none moves. The same input gives the same answer.

    Parameters
    ----------
    anchors
        Shape (n, 2), the positions that are labelled, in points.
    sizes
        Shape (n, 2), width and height of each label.
    frame
        Left, bottom, right and top; no label leaves it.
    marker
        The radius of the symbol at each anchor.
    blocked
        Shape (m, 4), boxes (left, bottom, right, top) that no label may cover.
    furthest
        The longest leader.

    Examples
    --------
    >>> alone = place(np.array([[50.0, 50.0]]), np.array([[20.0, 8.0]]), frame=(0, 0, 100, 100), marker=3,
    ...               blocked=np.empty((0, 4)))
    >>> alone[0].leader is None
    True
    """
    count = len(anchors)
    options = [_candidates(anchors[row], sizes[row], marker) for row in range(count)]
    own = [_own_costs(options[row], row, anchors, marker) for row in range(count)]
    far = [np.hypot(*(options[row][1] - anchors[row]).T) > furthest for row in range(count)]
    fixed = [own[row] + _CLASH * (_covering(options[row][0], frame, blocked) | far[row]) for row in range(count)]
    chosen = np.full(count, -1)
    # The most crowded go first, because they have the least choice.
    crowd = [float(np.sum(1.0 / (1.0 + np.hypot(*(anchors - anchor).T)))) for anchor in anchors]
    order = sorted(range(count), key=lambda row: (-crowd[row], row))

    def settle(*, everywhere: bool) -> None:
        """Move each label to its best position until none moves; one that clashes wherever it is stands or goes."""
        for _ in range(_ROUNDS):
            before = chosen.copy()
            for row in order:
                others = np.flatnonzero((chosen >= 0) & (np.arange(count) != row))
                standing = _standing(options, chosen, others)
                costs = fixed[row] + _beside(options[row], anchors[row], *standing, anchors[others])
                best = int(np.argmin(costs))
                chosen[row] = best if everywhere or costs[best] < _CLASH else -1
            if np.array_equal(before, chosen):
                break

    settle(everywhere=True)
    found = _results(options, fixed, anchors, chosen, order)
    if any(one is None for one in found):
        # What cannot stand anywhere took the room of others: they are settled once more without it.
        chosen[[row for row, one in enumerate(found) if one is None]] = -1
        settle(everywhere=False)
        found = _results(options, fixed, anchors, chosen, order)
    return found


def _candidates(anchor: Floats, size: Floats, marker: float) -> tuple[Floats, Floats]:
    """Return candidate boxes, shape (k, 4), and the end of each leader, shape (k, 2)."""
    half = size / 2
    # Each box is pushed out along its ray until it clears the marker by `reach`.
    cleared = anchor + _WAYS * (marker + np.array(_REACHES))[:, None, None]
    middle = (cleared + np.clip(_WAYS * 2.0, -1, 1) * half).reshape(-1, 2)
    boxes = np.hstack([middle - half, middle + half])
    ends = np.clip(anchor, boxes[:, :2], boxes[:, 2:])
    return boxes, ends


def _own_costs(option: tuple[Floats, Floats], row: int, anchors: Floats, marker: float) -> Floats:
    """Return what each candidate costs by its length, and by the symbols it covers or its leader runs through."""
    boxes, ends = option
    reach = np.hypot(*(ends - anchors[row]).T)
    covered = _meet(boxes[:, None], np.hstack([anchors - marker, anchors + marker])).sum(axis=1)
    others = np.delete(anchors, row, axis=0)
    struck = (_distances(others, anchors[row], ends[:, None]) < marker).sum(axis=1)
    # A name that stands as near to another symbol as to its own is read as the other one's.
    gap = np.linalg.norm(np.clip(others, boxes[:, None, :2], boxes[:, None, 2:]) - others, axis=-1)
    near = (gap < reach[:, None] + marker).sum(axis=1)
    # To the right is where a reader looks first.
    costs = reach - 2.0 * (boxes[:, 0] >= anchors[row][0])
    return np.asarray(costs + _CLASH * covered + _STRUCK * struck + _AMBIGUOUS * near, dtype=np.float64)


def _covering(boxes: Floats, frame: tuple[float, float, float, float], blocked: Floats) -> NDArray[np.bool_]:
    """Return which candidates leave the frame or cover what is blocked."""
    found = (boxes[:, 0] < frame[0]) | (boxes[:, 1] < frame[1]) | (boxes[:, 2] > frame[2]) | (boxes[:, 3] > frame[3])
    for box in blocked:
        found |= _meet(boxes, box)
    return np.asarray(found, dtype=bool)


def _standing(
    options: list[tuple[Floats, Floats]], chosen: NDArray[np.int_], rows: NDArray[np.int_]
) -> tuple[Floats, Floats]:
    """Return the boxes, shape (m, 4), and the ends of leaders, shape (m, 2), of labels where they stand."""
    boxes = [options[row][0][chosen[row]] for row in rows]
    ends = [options[row][1][chosen[row]] for row in rows]
    return np.reshape(boxes, (-1, 4)), np.reshape(ends, (-1, 2))


def _beside(
    mine: tuple[Floats, Floats], anchor: Floats, their_boxes: Floats, their_ends: Floats, their_anchors: Floats
) -> Floats:
    """Return what each of my candidates costs beside other labels that stand where they stand."""
    boxes, ends = mine[0][:, None], mine[1][:, None]
    clashes = (
        _meet(boxes, their_boxes).sum(axis=1)
        + _strikes(anchor, ends, their_boxes).sum(axis=1)
        + _strikes(their_anchors, their_ends, boxes).sum(axis=1)
    )
    crossings = _cross(anchor, ends, their_anchors, their_ends).sum(axis=1)
    return np.asarray(_CLASH * clashes + _CROSSING * crossings, dtype=np.float64)


def _meet(boxes: Floats, box: Floats) -> NDArray[np.bool_]:
    """Return which boxes share more than an edge with a box; either may be many, and the last axis has four edges."""
    found = (boxes[..., :2] < box[..., 2:]) & (box[..., :2] < boxes[..., 2:])
    return np.asarray(found.all(axis=-1), dtype=bool)


def _side(start: Floats, end: Floats, point: Floats) -> Floats:
    """Return on which side of a line points lie, by sign."""
    way, to = end - start, point - start
    return np.asarray(way[..., 0] * to[..., 1] - way[..., 1] * to[..., 0], dtype=np.float64)


def _cross(anchor: Floats, ends: Floats, other: Floats, other_end: Floats) -> NDArray[np.bool_]:
    """Return which lines from one anchor cross one line from another."""
    first = _side(other, other_end, anchor) * _side(other, other_end, ends) < 0
    return np.asarray(first & (_side(anchor, ends, other) * _side(anchor, ends, other_end) < 0), dtype=bool)


def _strikes(anchor: Floats, ends: Floats, box: Floats) -> NDArray[np.bool_]:
    """Return which lines from an anchor run through a box; all may be many, with two or four numbers each."""
    way = ends - anchor
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = (box[..., :2] - anchor) / way, (box[..., 2:] - anchor) / way
    # A line along an axis divides by zero: infinities of opposite sign mean inside the slab, of the same sign outside.
    near, away = np.minimum(low, high), np.maximum(low, high)
    enter, leave = np.fmax(near[..., 0], near[..., 1]), np.fmin(away[..., 0], away[..., 1])
    return np.asarray((np.maximum(enter, 0.0) < np.minimum(leave, 1.0)), dtype=bool)


def _distances(points: Floats, anchor: Floats, ends: Floats) -> Floats:
    """Return the distance of points from each line between an anchor and an end; the last axis has two numbers."""
    way = ends - anchor
    length = np.maximum((way**2).sum(axis=-1), 1e-12)
    along = np.clip(((points - anchor) * way).sum(axis=-1) / length, 0.0, 1.0)
    return np.asarray(np.linalg.norm(anchor + along[..., None] * way - points, axis=-1), dtype=np.float64)


def _results(
    options: list[tuple[Floats, Floats]],
    fixed: list[Floats],
    anchors: Floats,
    chosen: NDArray[np.int_],
    order: list[int],
) -> list[Placement | None]:
    """Return placements; of labels that still clash the later ones go."""
    placed: list[Placement | None] = [None] * len(options)
    kept: list[int] = []
    for row in order:
        pick = int(chosen[row])
        if pick < 0:
            continue
        box, end = options[row][0][pick], options[row][1][pick]
        others = np.array(kept, dtype=np.intp)
        beside = _beside((box[None], end[None]), anchors[row], *_standing(options, chosen, others), anchors[others])
        if fixed[row][pick] + beside[0] >= _CLASH:
            continue
        kept.append(row)
        # The first ring of candidates lies so near that a line would only be clutter.
        leader = None if pick < len(_ANGLES) else (float(end[0]), float(end[1]))
        placed[row] = Placement(float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2, leader)
    return placed
