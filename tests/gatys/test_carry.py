from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
import torch

from rtstyle.gatys.carry import Carrier
from rtstyle.gatys.colors import match_covariance
from rtstyle.gatys.descent import Descent
from rtstyle.gatys.flow import Track, dis_flow, trusted
from rtstyle.gatys.painter import Artwork, Painter
from rtstyle.gatys.pictures import to_image, to_tensor
from rtstyle.gatys.recipe import Recipe
from rtstyle.gatys.targets import style_grams
from rtstyle.gatys.views import View

CPU = torch.device("cpu")
SIZE = (72, 112)
STEP = 3  # px a frame, to the left
RECIPE = Recipe(
    style_layers=(("relu1_1", 1.0), ("relu2_1", 1.0)),
    content_layers=(("relu2_2", 1.0),),
    iterations=12,
    multiscale=False,
)


@pytest.fixture(scope="module")
def wall():
    """Something to pan over: smooth blobs, (72, 300, 3) uint8."""
    noise = np.random.default_rng(3).integers(0, 256, (18, 75, 3), dtype=np.uint8)
    return cv2.resize(noise, (300, SIZE[0]), interpolation=cv2.INTER_CUBIC)


def pan(wall, frames):
    return [np.ascontiguousarray(wall[:, 20 + STEP * n : 20 + STEP * n + SIZE[1]]) for n in range(frames)]


def test_flow_follows_a_pan(wall):
    """DIS finds it to a fraction of a pixel, and what leaves the picture is not trusted."""
    a, b = pan(wall, 2)
    flow, back = dis_flow(a, b), dis_flow(b, a)
    inner = flow[10:-10, 20:-20]
    assert np.abs(inner - (-STEP, 0)).mean() < 0.3
    trust = trusted(flow, back)
    assert trust[10:-10, 20:-20].mean() > 0.95
    assert trust[:, :2].mean() < 0.1


def test_a_track_samples_its_keyframe_once(wall):
    """Over eight frames the picture arrives as it was, shifted and not blurred."""
    frames = pan(wall, 9)
    track = Track.at(frames[0])
    flow, back = np.zeros((*SIZE, 2), np.float32), np.zeros((*SIZE, 2), np.float32)
    flow[..., 0], back[..., 0] = STEP, -STEP  # from a frame to the one before, and from there back
    for _ in range(8):
        track = track.extended(flow, back)
    picture = track.carried(frames[0])
    known = track.trust > 0
    assert known[:, : -8 * STEP - 1].all()
    assert not known[:, -8 * STEP :].any()
    assert np.abs(picture[known].astype(int) - frames[8][known]).max() <= 1


@pytest.fixture
def carrier(weights, artwork):
    painter = Painter([Artwork(artwork)], RECIPE, weights)
    return Carrier(painter, CPU)


def test_frames_between_two_keyframes_belong_together(wall, carrier):
    """Along the exact motion the painting hardly changes, and it is a painting."""
    frames = pan(wall, 6)
    paintings = [carrier.first(frames[0])]
    paintings += list(carrier.segment(frames, paintings[0]))
    assert len(paintings) == len(frames)
    errors = [
        np.mean((b[4:-4, 4 : -STEP - 8].astype(float) - a[4:-4, 4 + STEP : -8]) ** 2) / 255**2
        for a, b in pairwise(paintings)
    ]
    assert max(errors) < 2e-3
    difference = [np.abs(p.astype(int) - f).mean() for p, f in zip(paintings, frames, strict=True)]
    assert min(difference) > 5


def test_a_hole_is_painted_and_nothing_else_changes(weights, artwork, wall):
    """What no keyframe shows is filled by a short optimisation of its own."""
    painter = Painter([Artwork(artwork)], replace(RECIPE, iterations=5), weights)
    carrier = Carrier(painter, CPU)
    frame = pan(wall, 1)[0]
    picture = 255 - frame
    hole = np.zeros(SIZE, bool)
    hole[20:40, 30:60] = True
    still = np.zeros((*SIZE, 2), np.float32)
    far = np.full((*SIZE, 2), 500, np.float32)  # the frame before does not know it either
    filled = carrier._filled(frame, picture, hole, picture, (far, far), palette=to_tensor(frame, CPU))
    assert carrier.hole_pixels == hole.sum()
    assert np.array_equal(filled[~hole], picture[~hole])
    assert (filled[hole] != picture[hole]).any()
    known = carrier._filled(frame, picture, hole, frame, (still, still), palette=to_tensor(frame, CPU))
    assert np.abs(known[hole].astype(int) - frame[hole]).max() <= 1  # the frame before, carried here


def test_what_a_keyframe_sees_first_is_painted(weights, artwork, wall, monkeypatch):
    """By itself, from the photo on; what the keyframe before has seen stays for the painter."""
    painted = []
    painter = Painter([Artwork(artwork)], RECIPE, weights)
    carrier = Carrier(
        painter, CPU, paint=lambda _, content, start, memory: painted.append(to_image(start())) or painted[-1]
    )
    frame, before = pan(wall, 1)[0], 255 - pan(wall, 1)[0]
    trust = np.ones(SIZE, np.float16)
    trust[20:50, 30:70] = 0
    carrier._next_key(frame, View(before, trust), 6)
    (start,) = painted
    new = trust == 0
    assert np.abs(start.astype(int) - frame)[new].mean() > 3
    seen = ~cv2.dilate(new.astype(np.uint8), np.ones((15, 15))).astype(bool)  # away from the feathered edge
    assert np.abs(start.astype(int) - before)[seen].max() <= 1


def test_a_hole_is_not_filled_with_dots(weights, artwork, wall, monkeypatch):
    """Which fit the Gram matrices of so few pixels best: what it varies by is less than half of that."""
    far = np.full((*SIZE, 2), 500, np.float32)
    frame, hole = pan(wall, 1)[0], np.zeros(SIZE, bool)
    hole[20:40, 30:60] = True

    def roughness():
        carrier = Carrier(Painter([Artwork(artwork)], RECIPE, weights), CPU)
        filled = carrier._filled(frame, frame, hole, frame, (far, far), palette=to_tensor(frame, CPU))
        return np.abs(cv2.Laplacian(filled.astype(np.float32), cv2.CV_32F))[hole].mean()

    smooth = roughness()
    monkeypatch.setattr("rtstyle.gatys.painter._SMOOTH", 0.0)
    assert smooth < 0.5 * roughness()


def test_a_hole_keeps_the_photos_colours(weights, artwork, wall):
    """With ``luminance``, as the whole picture does: the same is added to R, G and B of the frame."""
    painter = Painter([Artwork(artwork)], replace(RECIPE, colors="luminance"), weights)
    carrier = Carrier(painter, CPU)
    frame = pan(wall, 1)[0]
    hole = np.zeros(SIZE, bool)
    hole[20:40, 30:60] = True
    far = np.full((*SIZE, 2), 500, np.float32)
    filled = carrier._filled(frame, 255 - frame, hole, frame, (far, far), palette=to_tensor(frame, CPU))
    inner = hole & ((filled > 0) & (filled < 255)).all(axis=-1)  # what is clipped has lost some colour
    assert inner.sum() > 0.5 * hole.sum()
    assert np.ptp(filled.astype(int) - frame, axis=-1)[inner].max() <= 2


def test_holes_have_the_colours_of_the_whole_keyframe(weights, artwork, wall, monkeypatch):
    """With ``covariance`` the artwork is recoloured, and looked at, once for all holes after a keyframe."""
    looked_at = []

    def watched(vgg, image, layers):
        looked_at.append(image)
        return style_grams(vgg, image, layers)

    monkeypatch.setattr("rtstyle.gatys.painter.style_grams", watched)
    carrier = Carrier(Painter([Artwork(artwork)], replace(RECIPE, colors="covariance"), weights), CPU)
    frames, far = pan(wall, 2), np.full((*SIZE, 2), 500, np.float32)
    palette = to_tensor(frames[0], CPU)
    hole = np.zeros(SIZE, bool)
    hole[20:40, 30:60] = True
    for frame in frames:
        carrier._filled(frame, frame, hole, frame, (far, far), palette=palette)
    (seen,) = looked_at
    assert torch.allclose(seen.mean((2, 3)), match_covariance(artwork, palette).mean((2, 3)), atol=0.01)


def test_light_alone_is_carried_as_light_alone(weights, artwork, wall, monkeypatch):
    """With ``luminance`` neither what a keyframe is held to nor a hole and its surroundings have any colour."""
    held, begun = [], []

    class Watched(Descent):
        def __init__(self, objective, start, recipe, **more):
            begun.append(start)
            super().__init__(objective, start, recipe, **more)

    def paint(number, content, start, memory):
        held.append(memory)
        return to_image(start())

    monkeypatch.setattr("rtstyle.gatys.carry.Descent", Watched)
    painter = Painter([Artwork(artwork)], replace(RECIPE, colors="luminance"), weights)
    carrier, frames = Carrier(painter, CPU, paint), pan(wall, 2)
    assert len(list(carrier.segment(frames, 255 - frames[0]))) == 1
    hole = np.zeros(SIZE, bool)
    hole[20:40, 30:60] = True
    carrier._painted_hole(frames[0], frames[0], hole, start=frames[0], palette=to_tensor(frames[0], CPU), steps=1)
    for picture in (held[0].picture, begun[0]):
        assert torch.equal(picture, picture[:, :1].expand_as(picture))


def test_a_hole_outside_all_masks_is_only_closed(weights, artwork, wall):
    """Where content does not count either there is nothing to paint it by."""
    mask = torch.zeros(1, 1, *SIZE)
    mask[..., :8] = 1
    recipe = replace(RECIPE, content_weight=0.0)
    carrier = Carrier(Painter([Artwork(artwork, 1.0, mask)], recipe, weights), CPU)
    frame, hole = pan(wall, 1)[0], np.zeros(SIZE, bool)
    hole[30:50, 70:90] = True
    left = carrier._painted_hole(frame, 255 - frame, hole, start=frame, palette=to_tensor(frame, CPU), steps=1)
    assert np.array_equal(left, 255 - frame)
