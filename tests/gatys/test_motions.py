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
    seen = np.ones(SIZE, bool)  # in both frames
    seen[:, : camera + 1] = False
    seen[30:66, 60 : 60 + 36 + thing + camera + 1] = False
    seen[30:66, 60:96][inside] = True
    return found[0], found[1], truth, seen


def test_what_went_astray_on_arches_moves_as_the_camera_does(arcade):
    """A flow that is off by one arch in a part of the wall is put right by what the rest of it does."""
    a, b, truth, _ = frames_of(arcade, 7, 9)
    flow, trust = truth.copy(), np.ones(SIZE, np.float32)
    flow[5:60, 110:150, 0] += 20
    trust[5:60, 110:150] = 0
    gap = np.abs(with_motions(a, b, flow, trust) - truth).max(axis=-1)
    assert (gap[5:60, 110:150] < 0.1).mean() > 0.9


def test_a_thing_moves_as_a_whole(arcade):
    """Half of the disc, of which the flow says that it stays with the wall, follows the other half."""
    a, b, truth, _ = frames_of(arcade, 7, 9)
    flow, trust = truth.copy(), np.ones(SIZE, np.float32)
    disc = truth[..., 0] > 0
    upper = disc & (np.arange(SIZE[0])[:, None] < 48)
    flow[upper], trust[upper] = (-7, 0), 0
    gap = np.abs(with_motions(a, b, flow, trust) - truth).max(axis=-1)
    assert (gap[upper] < 0.1).mean() > 0.9


def test_a_tripod_stands_still(arcade):
    """Not by a hundredth of a pixel does the wall move: nothing is sampled anew there, and nothing blurs."""
    a, b, truth, seen = frames_of(arcade, 0, 9)
    there, _ = both_ways(a, b)
    wall = (truth == 0).all(axis=-1) & seen
    assert (there[wall] == 0).all(axis=-1).mean() > 0.95


def test_what_is_fast_is_found_by_where_it_was_going():
    """Half of its own width a frame is too far for DIS from rest, and not from the flow of the frames before."""
    random = np.random.default_rng(0)

    def texture(height, width):
        blurred = cv2.GaussianBlur(random.uniform(0, 255, (height, width, 3)), (0, 0), 2.5)
        return cv2.normalize(blurred, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)

    wall, thing = texture(120, 240), texture(40, 40)
    frames = [wall.copy() for _ in range(2)]
    for frame, left in zip(frames, (26, 46), strict=True):
        frame[40:80, left : left + 40] = thing
    there, back = (np.zeros((120, 240, 2), np.float32) for _ in range(2))  # of the pair before
    there[40:80, 10:50], back[40:80, 26:66] = (16, 0), (-16, 0)

    def share_found(before):
        flow, _ = both_ways(*frames, before)
        return (np.abs(flow[45:75, 31:61] - (20, 0)).max(axis=-1) < 1).mean()

    assert share_found(None) < 0.1
    assert share_found((there, back)) > 0.9


def test_where_nothing_can_be_trusted_the_flow_stays(arcade):
    """No motion is made up from nothing."""
    a, b, *_ = frames_of(arcade, 3, 3)
    flow = dis_flow(a, b)
    assert np.array_equal(with_motions(a, b, flow, np.zeros(SIZE, np.float32)), flow)
    trust = trusted(flow, dis_flow(b, a))
    assert with_motions(a, b, flow, trust).shape == flow.shape
