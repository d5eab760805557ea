import cv2
import numpy as np
import pytest

from rtstyle.gatys.flow import both_ways, dis_flow, trusted
from rtstyle.gatys.motions import with_motions

SIZE = (96, 160)


@pytest.fixture
def arcade():
    """A wall of equal arches with a little grain, (96, 320, 3) uint8."""
    rows, columns = np.mgrid[:96, :320]
    arches = ((columns % 20) < 12) & (rows % 32 > 12)
    grain = np.random.default_rng(1).integers(-20, 20, (96, 320, 1))
    return np.repeat(np.clip(160 - 90 * arches[..., None] + grain, 0, 255), 3, axis=2).astype(np.uint8)


def frames_of(arcade, camera, thing):
    """Two frames: the wall moves by ``camera`` px to the left, a textured disc by ``thing`` px to the right."""
    disc = np.random.default_rng(2).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    disc = cv2.resize(disc, (36, 36), interpolation=cv2.INTER_CUBIC)
    rows, columns = np.mgrid[:36, :36]
    inside = (rows - 18) ** 2 + (columns - 18) ** 2 < 300
    found = []
    for number in range(2):
        frame = arcade[:, 40 + camera * number : 40 + camera * number + SIZE[1]].copy()
        left = 60 + thing * number
        frame[30:66, left : left + 36][inside] = disc[inside]
        found.append(frame)
    truth = np.full((*SIZE, 2), (-camera, 0), np.float32)
    truth[30:66, 60:96][inside] = (thing, 0)
    return found[0], found[1], truth


def test_what_repeats_moves_as_the_camera_does(arcade):
    """On arcades behind something fast, DIS alone is wrong at twice as many pixels and more."""
    a, b, truth = frames_of(arcade, 7, 9)
    alone, (there, _) = dis_flow(a, b), both_ways(a, b)
    wrong = [np.mean(np.linalg.norm(flow - truth, axis=-1) > 1) for flow in (alone, there)]
    assert wrong[1] < 0.06
    assert wrong[1] < 0.5 * wrong[0]


def test_a_tripod_stands_still(arcade):
    """Not by a hundredth of a pixel does the wall move: nothing is sampled anew there, and nothing blurs."""
    a, b, truth = frames_of(arcade, 0, 9)
    there, _ = both_ways(a, b)
    wall = (truth == 0).all(axis=-1)
    assert (there[wall] == 0).all(axis=-1).mean() > 0.95


def test_where_nothing_can_be_trusted_the_flow_stays(arcade):
    """No motion is made up from nothing."""
    a, b, _ = frames_of(arcade, 3, 3)
    flow = dis_flow(a, b)
    assert np.array_equal(with_motions(a, b, flow, np.zeros(SIZE, np.float32)), flow)
    trust = trusted(flow, dis_flow(b, a))
    assert with_motions(a, b, flow, trust).shape == flow.shape
