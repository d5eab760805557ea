from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from rtstyle.errors import SourceError
from tests.clips import make_clip
from training.evaluation.clips import find_clips, read_clip
from training.evaluation.flow import Motion, estimated, read_exact
from training.evaluation.warping import warping_error

SHARED = Path(__file__).parents[4] / "shared"
STILL = Motion(np.zeros((90, 120, 2), np.float32), np.ones((90, 120), np.bool_))


def texture(seed: int = 0, size: tuple[int, int] = (160, 120)) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (size[1] // 6, size[0] // 6, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def panned(count: int, step: tuple[int, int]) -> list[np.ndarray]:
    """A camera that moves by ``step`` (right, down) px a frame over a still world, 120×90."""
    world = texture(size=(180, 150))
    return [world[20 + n * step[1] : 110 + n * step[1], 20 + n * step[0] : 140 + n * step[0]] for n in range(count)]


def test_a_moving_camera_is_no_flicker() -> None:
    """Frames that only move, by a known flow, have no warping error; taken for still, they have a large one."""
    frames = panned(4, (3, 2))
    flow = np.broadcast_to(np.float32((3, 2)), (90, 120, 2))
    inside = np.zeros((90, 120), np.bool_)
    inside[:-2, :-3] = True
    assert warping_error(frames, [Motion(flow, inside)] * 3) < 1e-10
    assert warping_error(frames, [STILL] * 3) > 1e-3


def test_flicker_is_its_variance() -> None:
    """Independent noise of deviation s on every frame of a still picture gives 2 s²: that of two frames' difference."""
    rng = np.random.default_rng(0)
    frames = [np.rint(128 + rng.normal(0, 12, (90, 120, 3))).astype(np.uint8) for _ in range(8)]
    assert warping_error(frames, [STILL] * 7) == pytest.approx(2 * (12 / 255) ** 2, rel=0.03)


def test_what_is_hidden_does_not_count() -> None:
    """Flicker where the flow is not visible costs nothing."""
    visible = np.ones((90, 120), np.bool_)
    visible[:, :60] = False
    dark, light = np.zeros((90, 120, 3), np.uint8), np.zeros((90, 120, 3), np.uint8)
    light[:, :60] = 255
    assert warping_error([dark, light], [Motion(STILL.flow, visible)]) == 0
    assert warping_error([dark, light], [STILL]) == pytest.approx(0.5)


def test_flow_is_estimated_and_checked() -> None:
    """DIS finds a pan to a fraction of a pixel; what comes in at the border and behind an object is not visible."""
    before, now = (frame.copy() for frame in panned(2, (3, 2)))
    motion = estimated(before, now)
    error = np.linalg.norm(motion.flow - (3, 2), axis=2)[motion.visible]
    assert np.median(error) < 0.3
    assert motion.visible.mean() > 0.7
    assert not motion.visible[:, -1].any()
    assert warping_error([before, now], [motion]) < warping_error([before, now], [STILL]) / 10


def test_exact_flow_is_read_as_kitti_writes_it(tmp_path: Path) -> None:
    """A 16-bit PNG with u, v and validity, and a mask that is white where it is invalid."""
    pixels = np.zeros((40, 60, 3), np.uint16)
    pixels[..., 2], pixels[..., 1], pixels[..., 0] = 32768 + 64 * 3, 32768 - 32, 1  # BGR: u = 3, v = -0.5
    pixels[0, 0, 0] = 0
    mask = np.zeros((40, 60), np.uint8)
    mask[20] = 255
    cv2.imwrite(str(tmp_path / "flow.png"), pixels)
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    motion = read_exact(tmp_path / "flow.png", tmp_path / "mask.png")
    assert np.array_equal(motion.flow[5, 5], (3, -0.5))
    assert motion.visible[10, 10]
    assert not any(motion.visible[place] for place in ((0, 0), (20, 10), (10, 59)))
    with pytest.raises(SourceError, match="16-bit flow"):
        read_exact(tmp_path / "mask.png", tmp_path / "mask.png")


def test_exact_sequences_explain_their_frames() -> None:
    """On a sequence made with a known flow, warping leaves next to nothing; DIS comes near it."""
    folder = SHARED / "flow" / "synthetic_layers"
    if not folder.exists():
        pytest.skip(f"not beside the checkout: {folder}")
    clip = read_clip(find_clips([folder / "girl_zoom"])[0], frames=4, side=360)
    still = [Motion(np.zeros_like(motion.flow), motion.visible) for motion in clip.motions]
    exact = warping_error(clip.frames, clip.motions)
    assert exact < warping_error(clip.frames, still) / 10
    found = [estimated(before, now) for before, now in zip(clip.frames[:-1], clip.frames[1:], strict=True)]
    assert warping_error(clip.frames, found) < 3 * exact


def test_videos_are_read_small_and_short(tmp_path: Path) -> None:
    """A video comes down to the side asked for, never up, and gives so many frames and one motion less."""
    path = make_clip(tmp_path / "clip.mp4", frames=12, sound=False)
    clip = read_clip(path, frames=5, side=36)
    assert ([frame.shape for frame in clip.frames], len(clip.motions)) == ([(36, 48, 3)] * 5, 4)
    assert read_clip(path, frames=50, side=360).frames[11].shape == (48, 64, 3)
    with pytest.raises(SourceError, match="expected at least 2 frames, got 1"):
        read_clip(path, frames=1, side=36)
    assert find_clips([tmp_path]) == [path]
    with pytest.raises(SourceError, match="expected clips with different names, got 2 called this"):
        find_clips([tmp_path, path])
    (tmp_path / "empty").mkdir()
    for place, words in ((tmp_path / "nowhere", "no such clip"), (tmp_path / "empty", "found none")):
        with pytest.raises(SourceError, match=words):
            find_clips([place])
