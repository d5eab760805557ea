"""Photos by optimisation, from file to file."""

import errno
import os
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="keyframes need torch: pip install -e .[keyframe]")

import torch

from rtstyle.errors import DeviceError, PaintError, SinkError, SourceError, UsageError
from rtstyle.gatys.recipe import Recipe
from rtstyle.gatys.sheet import sheet
from rtstyle.jobs.keyframe.estimate import estimate
from rtstyle.jobs.keyframe.keyframe import Extras, paint_keyframe
from rtstyle.jobs.keyframe.sheets import parse_axis, reconstruct, sweep
from rtstyle.jobs.keyframe.studio import (
    Materials,
    Studio,
    StyleImage,
    check,
    find_device,
    find_weights,
)
from rtstyle.sinks.photo_extras import read_extras
from rtstyle.sinks.photo_writer import PhotoWriter
from tests.sinks.test_photo_extras import exif, icc, save
from tests.vgg import photo_and_artwork, random_vgg

TINY = Recipe(
    style_layers=(("relu1_1", 1.0), ("relu2_1", 1.0)), content_layers=(("relu2_2", 1.0),), iterations=12, size="32"
)


@pytest.fixture
def files(tmp_path, monkeypatch, vgg_file):
    """photo.png, art.png and a network, in a folder."""
    photo, artwork = photo_and_artwork()
    cv2.imwrite(str(tmp_path / "photo.png"), photo)
    cv2.imwrite(str(tmp_path / "art.png"), artwork)
    monkeypatch.setenv("RTSTYLE_VGG16", str(vgg_file))
    return tmp_path


def paint(files, name="out.png", recipe=TINY, **more):
    more = {"style_images": [files / "art.png"], **more}
    return paint_keyframe(files / "photo.png", files / name, recipe=recipe, **more)


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


def test_two_styles_and_a_mask(files):
    """One where the mask is white, the other elsewhere: the halves differ in what they came to be."""
    red = np.zeros((48, 64, 3), np.uint8)
    red[..., 2] = 255
    red[::4] = (0, 0, 120)
    mask = np.zeros((48, 64), np.uint8)
    mask[:, :32] = 255
    cv2.imwrite(str(files / "red.png"), red)
    cv2.imwrite(str(files / "mask.png"), mask)
    styles = [StyleImage(path=files / "red.png", mask=files / "mask.png"), StyleImage(path=files / "art.png")]
    paint(files, style_images=styles, recipe=replace(TINY, style_weight=1e4, iterations=30))
    picture = cv2.imread(str(files / "out.png")).astype(int)
    photo = cv2.resize(cv2.imread(str(files / "photo.png")), (43, 32)).astype(int)
    redder = (picture - photo)[..., 2] - (picture - photo)[..., 0]
    assert redder[:, :18].mean() > redder[:, 25:].mean() + 20
    three = [*styles, StyleImage(path=files / "photo.png")]
    with pytest.raises(UsageError, match=r"at most one, got none for art\.png, photo\.png"):
        paint(files, "no.png", style_images=three)


def test_a_mask_of_which_nothing_is_left_is_refused(files):
    """A dot that vanishes in the size to paint would give the photo back."""
    mask = np.zeros((480, 640), np.uint8)
    mask[100:102, 100:102] = 255
    cv2.imwrite(str(files / "dot.png"), mask)
    styles = [StyleImage(path=files / "art.png", mask=files / "dot.png")]
    expected = r"dot\.png: expected white where the style applies, got black everywhere at 43×32"
    with pytest.raises(UsageError, match=expected):
        paint(files, style_images=styles)
    with pytest.raises(UsageError, match=expected):
        check(Materials(styles=styles, recipe=TINY), [TINY], (48, 64))


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


def test_a_mask_is_white_only_where_it_is_opaque(files):
    """What editors hide under transparency is often white."""
    mask = np.full((48, 64, 4), 255, np.uint8)
    mask[:, :32, 3] = 0
    cv2.imwrite(str(files / "mask.png"), mask)
    style = StyleImage(path=files / "art.png", mask=files / "mask.png")
    (artwork,) = Studio.open(Materials(styles=[style], recipe=TINY)).painter.artworks
    assert (artwork.mask[..., :32].max(), artwork.mask[..., 32:].min()) == (0, 1)


def test_ctrl_c_keeps_the_best_and_resume_goes_on(files):
    """The picture is there, and the rest of the iterations follow; other settings are refused."""

    def stop(step):
        if step.iteration == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        paint(files, progress=stop)
    first = cv2.imread(str(files / "out.png"))
    assert first.shape == (32, 43, 3)
    assert (files / "out.png.keyframe").exists()
    resume = Extras(resume=True)
    with pytest.raises(SinkError, match=r"style weight was 100.0 and is 7.0"):
        paint(files, recipe=replace(TINY, style_weight=7.0), extras=resume)
    steps = []
    report = paint(files, extras=resume, progress=steps.append)
    assert [step.iteration for step in steps] == list(range(6, 13))
    assert report.loss < report.start_loss
    assert not (files / "out.png.keyframe").exists()
    with pytest.raises(SourceError, match="nothing to resume"):
        paint(files, extras=resume)


@pytest.mark.parametrize("name", ["photo.png", "art.png", "VGG"])
def test_a_run_goes_on_with_the_files_that_it_was_begun_with(files, tmp_path, monkeypatch, name):
    """Another photo, artwork or network under the same name is refused; put back, the run goes on."""

    def stop(_):
        raise KeyboardInterrupt

    vgg = tmp_path / "vgg.pth"
    torch.save(random_vgg().state, vgg)
    monkeypatch.setenv("RTSTYLE_VGG16", str(vgg))
    with pytest.raises(KeyboardInterrupt):
        paint(files, progress=stop)
    path = vgg if name == "VGG" else files / name
    before = path.read_bytes()
    if name == "VGG":
        torch.save({key: value + 1e-3 for key, value in random_vgg().state.items()}, vgg)
    else:
        cv2.imwrite(str(path), 255 - cv2.imread(str(path)))
    resume = Extras(resume=True)
    with pytest.raises(SourceError, match=rf"{name}: has changed since .*out\.png\.keyframe was begun; start again"):
        paint(files, extras=resume)
    path.write_bytes(before)
    paint(files, extras=resume)


def test_a_kill_costs_half_a_minute(files, monkeypatch):
    """The place is on the disk while it paints; a disk that refuses it is a warning, and the painting continues."""
    from rtstyle.jobs.keyframe import checkpoint

    monkeypatch.setattr(checkpoint, "_EVERY_S", 0.0)

    def die(step):
        if step.iteration == 7:
            raise MemoryError  # nothing that we catch, as a kill

    with pytest.raises(MemoryError):
        paint(files, progress=die)
    assert not (files / "out.png").exists()
    steps = []
    paint(files, extras=Extras(resume=True), progress=steps.append)
    assert [step.iteration for step in steps] == list(range(8, 13))


def test_a_disk_that_refuses_the_checkpoint_does_not_stop_the_painting(files, monkeypatch, caplog):
    """It is said, and the picture comes out."""
    from rtstyle.jobs.keyframe import checkpoint

    def refuse(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checkpoint, "_EVERY_S", 0.0)
    monkeypatch.setattr(checkpoint, "save_file", refuse)
    paint(files)
    assert "No space left on device; make room there, or choose another disk; painting continues" in caplog.text
    assert {path.name for path in files.iterdir()} == {"photo.png", "art.png", "out.png"}


def test_a_painting_that_cannot_be_written_is_kept(files, monkeypatch, caplog):
    """A save along the way that fails is a warning; of the painting the place is there, and a run goes on with it."""
    written = PhotoWriter.write

    def refuse(writer, item):
        raise SinkError("out.png: cannot be written: No space left on device; make room there")

    monkeypatch.setattr(PhotoWriter, "write", refuse)
    with pytest.raises(SinkError, match=r"then continue with --resume: .* kept in .*out\.png\.keyframe"):
        paint(files, extras=Extras(save_every=6))
    assert [message.endswith("make room there; painting continues") for message in caplog.messages] == [True, True]
    monkeypatch.setattr(PhotoWriter, "write", written)
    steps = []
    report = paint(files, extras=Extras(resume=True), progress=steps.append)
    assert not steps
    assert report.loss < 0.5 * report.start_loss
    assert cv2.imread(str(files / "out.png")).shape == (32, 43, 3)
    assert not (files / "out.png.keyframe").exists()


def test_pictures_along_the_way(files):
    """A labelled strip, a film of as many frames, and saves by iteration."""
    from tests.clips import frame_times

    paint(files, extras=Extras(process=4, save_every=6))
    assert cv2.imread(str(files / "out-process.png")).shape[1] >= 4 * 43
    assert len(frame_times(files / "out-process.mp4")) == 4
    assert {p.name for p in files.glob("out.*.png")} == {"out.000006.png", "out.000012.png"}


def test_the_process_goes_on_where_it_was_stopped(files):
    """After Ctrl-C the strip and the film have what there was, and after --resume all of it, each once."""
    from tests.clips import frame_times

    def stop(step):
        if step.iteration == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        paint(files, extras=Extras(process=6), progress=stop)
    stopped = cv2.imread(str(files / "out-process.png"))
    assert len(frame_times(files / "out-process.mp4")) == 4
    paint(files, extras=Extras(process=6, resume=True))
    whole = cv2.imread(str(files / "out-process.png"))
    assert len(frame_times(files / "out-process.mp4")) == 6
    np.testing.assert_array_equal(whole[:, : 3 * 43], stopped[:, : 3 * 43])


def test_what_lies_along_the_way_is_not_replaced(files):
    """Neither strip nor saves of another run, unless asked; it is said before anything is painted."""
    paint(files, extras=Extras(process=2, save_every=6))
    (files / "out.png").unlink()
    before = {path: path.read_bytes() for path in files.iterdir()}
    for extras, name in ((Extras(process=2), "out-process.png"), (Extras(save_every=6), r"out\.000006\.png")):
        with pytest.raises(SinkError, match=f"{name}: exists already"):
            paint(files, extras=extras)
    assert {path: path.read_bytes() for path in files.iterdir()} == before
    paint(files, extras=Extras(process=2, save_every=6), overwrite=True)
    begin = replace(TINY, init=str(files / "out.000006.png"))
    with pytest.raises(SinkError, match="is the input itself"):
        paint(files, recipe=begin, extras=Extras(save_every=6), overwrite=True)


def test_a_process_that_ends_early_shows_its_end(files):
    """Until it no longer improves: nobody knows beforehand how long that is."""
    report = paint(files, recipe=replace(TINY, iterations=None, style_weight=1e-3), extras=Extras(process=3))
    assert report.evaluations < 2000
    film = cv2.VideoCapture(str(files / "out-process.mp4"))
    shown = [picture for _ in range(9) for there, picture in [film.read()] if there]
    assert shown
    assert np.abs(shown[-1][:32, :42].astype(int) - cv2.imread(str(files / "out.png"))[:, :42]).mean() < 20


@pytest.mark.parametrize("count", [1, 5])
def test_a_process_without_a_foreseen_end_has_as_many_pictures(files, monkeypatch, count):
    """At about even distances, the last one at the end."""
    from rtstyle.jobs.keyframe import along

    steps, shown = [], [0]

    def labelled(pictures, labels):
        shown.extend(map(int, labels[0]))
        return sheet(pictures, labels)

    monkeypatch.setattr(along, "sheet", labelled)
    paint(files, recipe=replace(TINY, iterations=None), extras=Extras(process=count), progress=steps.append)
    gaps = [b - a for a, b in pairwise(shown)]
    assert len(gaps) == count
    assert shown[-1] == steps[-1].iteration > 8 * count
    assert max(gaps) < 3 * min(gaps)


def test_an_unfinished_run_is_not_begun_anew_in_silence(files, monkeypatch):
    """What a kill left is worth hours: it is gone on with, or given up in so many words."""
    from rtstyle.jobs.keyframe import checkpoint

    monkeypatch.setattr(checkpoint, "_EVERY_S", 0.0)

    def die(step):
        if step.iteration == 7:
            raise MemoryError  # nothing that we catch, as a kill

    with pytest.raises(MemoryError):
        paint(files, progress=die)
    left = (files / "out.png.keyframe").read_bytes()
    with pytest.raises(SinkError, match=r"out\.png\.keyframe: an unfinished run is there; --resume continues it"):
        paint(files)
    assert (files / "out.png.keyframe").read_bytes() == left
    paint(files, overwrite=True)
    assert not (files / "out.png.keyframe").exists()


def test_tiles_are_for_pictures_that_do_not_fit(monkeypatch):
    """Held against what is free, which leaves out what the process has already."""
    from rtstyle.gatys import memory

    needed = memory.peak_bytes((512, 512), TINY, None) - memory._resident_bytes()
    monkeypatch.setattr(memory, "free_bytes", lambda: round(1.05 * needed / 0.7))
    assert memory.tile_for((512, 512), TINY) is None
    monkeypatch.setattr(memory, "free_bytes", lambda: round(0.95 * needed / 0.7))
    assert memory.tile_for((512, 512), TINY) in {128, 256}


def test_what_cannot_be_saved_leaves_its_best_and_an_error(files, monkeypatch):
    """A run that gets nowhere is exit code 1 with a picture, never a grey one in silence."""
    from rtstyle.gatys.objective import Objective

    def uphill(self, image):
        losses, gradient = gradient_of(self, image)
        return losses, -gradient

    gradient_of = Objective.gradient
    monkeypatch.setattr(Objective, "gradient", uphill)
    with pytest.raises(PaintError, match=r"the loss stayed at .* the best picture is there"):
        paint(files)
    assert cv2.imread(str(files / "out.png")).std() > 20


def test_a_cell_of_a_sweep_that_fails_is_a_finding(files, caplog):
    """It is named in a warning, and the sheet has all cells; a reconstruction that fails is an error."""
    materials = Materials(styles=[StyleImage(path=files / "art.png")], recipe=replace(TINY, iterations=2))
    sweep(files / "photo.png", files / "sweep.png", materials, axes=["style-weight=1,1e39"])
    assert cv2.imread(str(files / "sweep.png")).shape[1] == 2 * (43 + 6)
    (warning,) = (message for message in caplog.messages if "the loss stayed" in message)
    assert warning.startswith("style-weight 1e39: the loss stayed at inf")
    beyond = replace(materials, recipe=replace(TINY, tv_weight=1e39))
    with pytest.raises(PaintError, match="relu1_1: the loss stayed at inf"):
        reconstruct(files / "photo.png", files / "layers.png", beyond, what="content")
    assert not (files / "layers.png").exists()


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


@pytest.fixture
def no_vgg19(monkeypatch):
    """A machine that VGG-19's weights cannot be fetched to; the list grows when somebody tries."""
    from torchvision.models import VGG19_Weights

    asked = []

    def refuse(*_, **__):
        asked.append("VGG-19")
        raise OSError("no route to host")

    monkeypatch.delenv("RTSTYLE_VGG19", raising=False)
    monkeypatch.setattr(VGG19_Weights, "get_state_dict", refuse)
    return asked


def test_layers_that_are_counted_through_stay_the_same_in_vgg16(files, no_vgg19):
    """The seventh convolution after the first three blocks has another number there; one that it lacks is named."""
    counted = replace(TINY, network="vgg19", style_layers=(("relu_9", 2.0), ("r21", 1.0)))
    assert Studio.open(Materials(recipe=counted)).recipe.style_layers == (("relu4_1", 2.0), ("relu2_1", 1.0))
    eighth = replace(TINY, network="vgg19", content_layers=(("conv_8", 1.0),))
    lacking = "layer conv_8: is conv3_4 of VGG-19, which VGG-16, found in its place, does not have; name another"
    with pytest.raises(UsageError, match=lacking):
        paint(files, recipe=eighth)
    with pytest.raises(UsageError, match=lacking):
        check(Materials(recipe=eighth), [eighth], (48, 64))


def test_a_sheet_looks_for_weights_once(files, no_vgg19):
    """However many cells it has; and what one of them lacks is said before the first is painted."""
    materials = Materials(styles=[StyleImage(path=files / "art.png")], recipe=replace(TINY, network="vgg19"))
    quick = replace(materials, recipe=replace(materials.recipe, iterations=1))
    sweep(files / "photo.png", files / "sweep.png", quick, axes=["style-weight=1,2,3"])
    assert len(no_vgg19) == 1
    steps = []
    with pytest.raises(UsageError, match="layer conv_8: is conv3_4"):
        sweep(files / "photo.png", files / "x.png", quick, axes=["content-layers=r22,conv_8"], progress=steps.append)
    assert not steps


def test_vgg16_stands_in_for_vgg19(files, no_vgg19, caplog):
    """Where VGG-19's weights cannot be had it is said; a file of the user's is taken at its word."""
    assert find_weights("vgg19", None).network == "vgg16"
    assert "VGG-16 paints in place of VGG-19" in caplog.text
    torch.save(random_vgg("vgg19").state, files / "vgg19.pth")
    assert find_weights("vgg19", files / "vgg19.pth").network == "vgg19"


def test_sheets(files):
    """Reconstructions of two layers, and a sweep of two settings, each a grid of labelled pictures."""
    quick = Recipe(style_layers=TINY.style_layers, iterations=2, size="32")
    materials = Materials(styles=[StyleImage(path=files / "art.png")], recipe=quick)
    reconstruct(files / "photo.png", files / "content.png", materials, what="content")
    reconstruct(files / "art.png", files / "style.png", materials, what="style")
    axes = ["style-weight=1,100", "style-layers=1,1-2"]
    sweep(files / "photo.png", files / "sweep.png", materials, axes=axes)
    sizes = {name: cv2.imread(str(files / f"{name}.png")).shape[:2] for name in ("content", "style", "sweep")}
    height, width = 32 + 34, 43 + 6
    assert sizes == {"content": (height, 3 * width), "style": (height, 3 * width), "sweep": (2 * height, 2 * width)}
    with pytest.raises(UsageError, match=r"style-weight, .*got 'weight=1'"):
        parse_axis("weight=1")
    axis = parse_axis("multiscale=yes,No,true,0")
    assert [setting["multiscale"] for setting in axis.values()] == [True, False, True, False]
    with pytest.raises(UsageError, match="multiscale: expected yes or no, got 'maybe'"):
        parse_axis("multiscale=yes,maybe")
    with pytest.raises(UsageError, match="expected content or style"):
        reconstruct(files / "photo.png", files / "x.png", materials, what="both")


def test_a_dry_run_knows_sizes_and_iterations(files):
    """And states the memory, which grows with the picture, and not so much with tiles."""
    small = estimate(files / "photo.png", TINY)
    assert (small.sizes, small.iterations) == (["43x32"], 12)
    large = estimate(files / "photo.png", replace(TINY, size="2048", tile=0))
    tiled = estimate(files / "photo.png", replace(TINY, size="2048", tile=256))
    assert large.memory - small.memory > 2 << 30
    assert tiled.memory < large.memory - (1 << 30)
    styled = estimate(files / "photo.png", replace(TINY, style_size=1024), [files / "art.png"])
    assert styled.memory > small.memory + (512 << 20)
