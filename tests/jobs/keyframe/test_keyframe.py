"""Photos by optimisation, from file to file."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="keyframes need torch: pip install -e .[keyframe]")

import torch

from rtstyle.errors import DeviceError, PaintError, SinkError, SourceError, UsageError
from rtstyle.gatys.objective import Objective
from rtstyle.jobs.keyframe.studio import Materials, Studio, StyleImage, find_device
from rtstyle.sinks.photo_extras import read_extras
from tests.painting import TINY, paint
from tests.tagged import exif, icc, save
from tests.vgg import photo_and_artwork


def test_a_photo_becomes_a_painting(files):
    """In the size asked for, with a loss lower than the photo's; the file says the same, to rounding."""
    steps = []
    report = paint(files, progress=steps.append)
    picture = cv2.imread(str(files / "out.png"))
    assert picture.shape == (32, 43, 3) == (report.height, report.width, 3)
    assert report.loss < 0.5 * report.start_loss
    assert [step.iteration for step in steps] == list(range(1, 13))
    assert steps[-1].eta_s == 0
    studio = Studio.open(Materials(styles=[StyleImage(path=files / "art.png")], recipe=TINY))
    scene = studio.scene(cv2.imread(str(files / "photo.png"))[..., ::-1])
    saved = torch.from_numpy(picture[..., ::-1].copy()).permute(2, 0, 1)[None].float() / 255
    assert studio.painter.objective(scene.content).losses(saved).total == pytest.approx(report.loss, rel=0.1)


@pytest.mark.parametrize(
    "changes",
    [
        {"init": "noise"},
        {"init": "style"},
        {"colors": "luminance"},
        {"colors": "covariance"},
        {"colors": "histogram"},
        {"style_size": 40, "pooling": "average"},
        {"iterations": None, "style_weight": 1e-3},
    ],
    ids=str,
)
def test_every_setting_gives_a_lower_loss(files, changes):
    """Starts, colours, sizes and an open end."""
    report = paint(files, recipe=replace(TINY, **changes))
    assert report.loss < report.start_loss


def test_noise_is_the_same_for_the_same_seed(files):
    """A run can be repeated, and another seed is another start."""
    for name, seed in (("a.png", 1), ("b.png", 1), ("c.png", 2)):
        paint(files, name, recipe=replace(TINY, init="noise", iterations=2, seed=seed))
    a, b, c = (cv2.imread(str(files / name)).astype(int) for name in ("a.png", "b.png", "c.png"))
    assert np.abs(a - b).max() <= 1
    assert np.abs(a - c).mean() > 5


def test_what_a_photo_has_besides_its_colours_is_kept(files):
    """Transparency in the painting's size, EXIF and the profile, as with ``rtstyle image``."""
    photo = np.dstack([photo_and_artwork()[0], np.full((48, 64), 255, np.uint8)])
    photo[:, :32, 3] = 0
    save(files / "photo.png", photo)
    paint(files, recipe=replace(TINY, iterations=1))
    kept = read_extras(files / "out.png")
    assert kept.alpha.shape == (32, 43)
    assert (kept.alpha[:, :21].max(), kept.alpha[:, 22:].min()) == (0, 255)
    assert (kept.exif.removeprefix(b"Exif\0\0"), kept.icc) == (exif(1), icc())


def test_what_cannot_be_saved_leaves_its_best_and_an_error(files, monkeypatch):
    """A run that gets nowhere is exit code 1 with a picture, never a grey one in silence."""

    def uphill(self, image):
        losses, gradient = gradient_of(self, image)
        return losses, -gradient

    gradient_of = Objective.gradient
    monkeypatch.setattr(Objective, "gradient", uphill)
    with pytest.raises(PaintError, match=r"the loss stayed at .* the best picture was saved"):
        paint(files)
    assert cv2.imread(str(files / "out.png")).std() > 20


def test_nothing_is_touched_by_what_is_wrong(files):
    """An output that exists, the input itself, a missing artwork, a layer that is none, a device that is not there."""
    (files / "there.png").write_bytes(b"precious")
    with pytest.raises(SinkError, match="exists already"):
        paint(files, "there.png")
    with pytest.raises(SinkError, match="is the input itself"):
        paint(files, "art.png", overwrite=True)
    with pytest.raises(SourceError, match="cannot be opened"):
        paint(files, style_images=[files / "none.png"])
    with pytest.raises(UsageError, match=r"relu4_9.*conv1_1 … conv5_3"):
        paint(files, recipe=replace(TINY, content_layers=(("relu4_9", 1.0),)))
    with pytest.raises(UsageError, match="auto, cpu or cuda"):
        find_device("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(DeviceError, match="no CUDA device"):
            find_device("cuda")
    assert (files / "there.png").read_bytes() == b"precious"
    assert not (files / "out.png").exists()
