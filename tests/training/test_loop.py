from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count, islice
from math import nan
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from rtstyle.errors import ModelError, RtstyleError, SinkError, SourceError, UsageError
from rtstyle.perceptual import VggWeights
from training.checkpoint import Checkpoint
from training.data import batches
from training.loop import Progress, film_seed, photos_of, train
from training.machine import Machine
from training.objective import Objective
from training.photos import find_photos
from training.preview import write_preview
from training.recipe import Recipe, usual_weights
from training.trainer import PATIENCE, Trainer, schedule
from training.weights import read_weights


@pytest.fixture
def recipe(photos: Path) -> Recipe:
    return Recipe(
        network="lite",
        style_images=(str(find_photos(photos)[1]),),
        data=str(photos),
        hold_out=4,
        steps=6,
        batch=2,
        size=64,
        style_size=64,
        content_layers={"relu1_2": 1.0},
        style_layers={"relu1_2": 1.0, "relu2_2": 1.0},
    )


ALONE = Machine(workers=0)


def with_steps(recipe: Recipe, steps: int) -> Recipe:
    return replace(recipe, steps=steps)


def test_training_lowers_the_loss(recipe: Recipe, random_vgg: VggWeights, tmp_path: Path) -> None:
    """A few dozen real steps bring the style loss well down, and leave a checkpoint and a preview."""
    seen: list[Progress] = []
    out = tmp_path / "net.ckpt"
    train(with_steps(recipe, 40), out, vgg=random_vgg, machine=ALONE, progress=seen.append)
    assert [p.step for p in seen] == list(range(1, 41))
    assert Checkpoint.load(out).losses["style"] < 0.7 * seen[0].losses["style"]
    preview = cv2.imread(str(tmp_path / "net.000040.png"))
    assert preview is not None
    assert preview.shape[0] == 512


def test_a_resumed_run_ends_where_an_unbroken_one_does(recipe: Recipe, random_vgg: VggWeights, tmp_path: Path) -> None:
    """Interrupted after three steps and resumed, six steps give the same weights bit for bit."""

    def stop_at_three(progress: Progress) -> None:
        if progress.step == 3:
            raise KeyboardInterrupt

    whole, broken = tmp_path / "whole.ckpt", tmp_path / "broken.ckpt"
    train(recipe, whole, vgg=random_vgg, machine=ALONE)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, broken, vgg=random_vgg, machine=ALONE, progress=stop_at_three)
    half_way = Checkpoint.load(broken)
    assert half_way.step == 3
    half_way = replace(half_way, skipped=2)
    train(recipe, broken, vgg=random_vgg, machine=ALONE, start=half_way)
    expected, got = Checkpoint.load(whole), Checkpoint.load(broken)
    assert got.step == expected.step == 6
    assert got.norm == expected.norm
    assert got.losses == expected.losses
    assert (got.skipped, expected.skipped) == (2, 0)
    for ours, theirs in ((got.network, expected.network), (got.averaged, expected.averaged)):
        assert all(torch.equal(ours[name], weight) for name, weight in theirs.items())


@pytest.mark.parametrize("change", ["photos", "artwork", "VGG-16"])
def test_a_resumed_run_learns_from_what_it_was_begun_with(
    recipe: Recipe, random_vgg: VggWeights, tmp_path: Path, change: str
) -> None:
    """One photo more would move photos that were held out into training; what an older run noted is nothing."""
    folder, art, out = tmp_path / "photos", tmp_path / "art.png", tmp_path / "net.ckpt"
    shutil.copytree(recipe.data, folder)
    shutil.copy(recipe.style_images[0], art)
    recipe = replace(recipe, data=str(folder), style_images=(str(art),), steps=2)

    def stop(_: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(recipe, out, vgg=random_vgg, machine=ALONE, progress=stop)
    start = Checkpoint.load(out)
    if change == "photos":
        shutil.copy(art, folder / "0.png")
    elif change == "artwork":
        shutil.copy(find_photos(folder)[0], art)
    else:
        random_vgg = replace(random_vgg, state={name: weight + 1 for name, weight in random_vgg.state.items()})
    what = {"photos": f"the list of photos in {folder}", "artwork": f"{art}"}.get(change, change)
    named = r"0\.png has come; " if change == "photos" else ""
    words = rf"^{what}: has changed since {out} was begun; {named}restore what was there, or begin"
    with pytest.raises(SourceError, match=words):
        train(recipe, out, vgg=random_vgg, machine=ALONE, start=start)
    new = {"inputs", "photos", "window", "skipped", "verdicts"}
    torch.save({name: value for name, value in torch.load(out).items() if name not in new}, out)
    train(recipe, out, vgg=random_vgg, machine=ALONE, start=Checkpoint.load(out))


def test_photos_that_can_no_longer_be_read_cost_no_step(
    recipe: Recipe, random_vgg: VggWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was learnt by then is saved, long before it is due, and gone on with."""
    whole = batches

    def broken(*arguments: object, **options: object) -> Iterator[torch.Tensor]:
        yield from islice(whole(*arguments, **options), 2)  # type: ignore[arg-type]
        raise SourceError("a worker that reads photos has failed")

    monkeypatch.setattr("training.loop.batches", broken)
    out = tmp_path / "net.ckpt"
    with pytest.raises(SourceError, match="has failed"):
        train(recipe, out, vgg=random_vgg, machine=ALONE)
    monkeypatch.undo()
    start = Checkpoint.load(out)
    assert start.step == 2
    train(recipe, out, vgg=random_vgg, machine=ALONE, start=start)


def test_previews_are_never_photos(recipe: Recipe, random_vgg: VggWeights, tmp_path: Path) -> None:
    """A checkpoint below the photos is refused before anything is written there, unless its previews match no glob."""
    shutil.copytree(recipe.data, tmp_path / "photos")
    out = tmp_path / "photos" / "set0" / "net.ckpt"
    inside = replace(recipe, data=str(tmp_path / "photos"), steps=1)
    before = sorted(Path(inside.data).rglob("*"))
    with pytest.raises(UsageError, match=r"net\.ckpt: its previews would lie among the photos in .*outside of --data"):
        train(inside, out, vgg=random_vgg, machine=ALONE)
    assert sorted(Path(inside.data).rglob("*")) == before
    train(replace(inside, include=("?.png",)), out, vgg=random_vgg, machine=ALONE)
    train(replace(inside, include=("?.png",)), out, vgg=random_vgg, machine=ALONE, start=Checkpoint.load(out))


def test_artworks_of_one_name_are_refused(recipe: Recipe, random_vgg: VggWeights, tmp_path: Path) -> None:
    """A model knows them by name, and an evaluation would measure both against one; the same one twice is no doubt."""
    two = replace(recipe, steps=1, style_images=("a/style.jpg", "b/style.jpg"))
    with pytest.raises(UsageError, match=r"^a/style\.jpg and b/style\.jpg: expected artworks of different file names"):
        train(two, tmp_path / "net.ckpt", vgg=random_vgg, machine=ALONE)
    twice = replace(recipe, steps=1, style_images=recipe.style_images * 2)
    train(twice, tmp_path / "net.ckpt", vgg=random_vgg, machine=ALONE)
    assert Checkpoint.load(tmp_path / "net.ckpt").step == 1


def test_what_was_skipped_outlives_an_interruption(recipe: Recipe, random_vgg: VggWeights, tmp_path: Path) -> None:
    """Grey photos stay counted; what could not be read is looked at anew, since its disk may be back."""
    shutil.copytree(recipe.data, tmp_path / "photos")
    for name in ("grey.png", "bad.png"):
        cv2.imwrite(str(tmp_path / "photos" / name), np.full((80, 80), 90, np.uint8))
    recipe = replace(recipe, data=str(tmp_path / "photos"), hold_out=0)
    bad = tmp_path / "photos" / "bad.png"
    bad.write_bytes(b"no picture")
    out, seen = tmp_path / "net.ckpt", list[Progress]()

    def stop_when_both_were_met(progress: Progress) -> None:
        seen.append(progress)
        if progress.skipped_photos.endswith("1 unreadable, 1 grey"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(with_steps(recipe, 90), out, vgg=random_vgg, machine=ALONE, progress=stop_when_both_were_met)
    start = replace(Checkpoint.load(out), recipe=with_steps(recipe, seen[-1].step + 1))
    train(start.recipe, out, vgg=random_vgg, machine=ALONE, start=start, progress=seen.append)
    assert seen[-1].skipped_photos == "1 of 7 photos skipped: 1 grey"


def test_a_seed_gives_films_of_its_own() -> None:
    """PyTorch's generator keeps 32 bits of a seed: they differ in those. The seed 0 gives what it always gave."""
    assert [film_seed(0, k) for k in (0, 1, 7)] == [0, 1, 7]
    drawn = [torch.rand(1, generator=torch.Generator().manual_seed(film_seed(seed, 5))).item() for seed in range(4)]
    assert len(set(drawn)) == 4
    assert film_seed(3, 5) == film_seed(3, 5) < 1 << 32


def test_a_preview_that_cannot_be_made_ends_no_run(
    recipe: Recipe, random_vgg: VggWeights, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One warning for all that come, be it of a photo that has vanished or of a name that is taken."""
    shutil.copytree(recipe.data, tmp_path / "photos")
    recipe = replace(recipe, data=str(tmp_path / "photos"))
    held_out = photos_of(recipe)[1]
    out = tmp_path / "net.ckpt"

    def vanish(progress: Progress) -> None:
        if progress.step == 2:
            held_out[0].unlink()

    often = Machine(workers=0, save_every=1)
    (tmp_path / "net.000001.png").mkdir()
    train(with_steps(recipe, 3), out, vgg=random_vgg, machine=often, progress=vanish)
    assert Checkpoint.load(out).step == 3
    assert [message.partition(":")[0] for message in caplog.messages] == ["no preview of step 1"]


def test_a_checkpoint_that_cannot_be_written_leaves_the_old_one(
    recipe: Recipe, random_vgg: VggWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk at checkpoint time is a SinkError; the checkpoint of before is still whole."""
    out = tmp_path / "net.ckpt"
    train(with_steps(recipe, 1), out, vgg=random_vgg, machine=ALONE)

    def full_disk(path: Path, content: bytes) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(SinkError, match="No space left"):
        Checkpoint.load(out).save(out)
    assert Checkpoint.load(out).step == 1
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize("saved", [True, False])
def test_a_full_disk_says_what_is_left(
    recipe: Recipe, small_disk: Callable[[int], Path], random_vgg: VggWeights, *, saved: bool
) -> None:
    """The step that a resumed run goes on from, if there is any, and nothing of PyTorch's insides."""
    state = trainer_of(recipe, random_vgg).checkpoint({})
    disk = small_disk(4000)
    if saved:
        replace(state, step=3).save(disk / "net.ckpt")
    with suppress(OSError), (disk / "rest").open("wb") as rest:
        while True:
            rest.write(bytes(1 << 12))
    left = "continue from step 3 with --resume" if saved else "nothing is saved yet"
    with pytest.raises(SinkError) as caught:
        replace(state, step=9).save(disk / "net.ckpt")
    reason = "cannot be written: No space left on device; make room there, or choose another disk"
    assert str(caught.value) == f"{disk / 'net.ckpt'}: {reason}; {left}"


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    """A text file, a missing file and a folder are each one sentence, without Python's names of what went wrong."""
    text = tmp_path / "text.ckpt"
    text.write_text("hello")
    with pytest.raises(ModelError, match=r"expected a checkpoint of .*, got a file of another kind"):
        Checkpoint.load(text)
    with pytest.raises(SourceError, match="there is no such file; check the spelling"):
        Checkpoint.load(tmp_path / "missing.ckpt")
    with pytest.raises(SourceError, match="cannot be opened: Is a directory"):
        Checkpoint.load(tmp_path)


def test_another_networks_checkpoint_is_refused(recipe: Recipe, random_vgg: VggWeights, tmp_path: Path) -> None:
    """Weights of `lite` do not go into `full`, nor four blocks into two: the message names the file and all options."""
    out = tmp_path / "net.ckpt"
    train(with_steps(recipe, 1), out, vgg=random_vgg, machine=ALONE)
    usual, two = "full of --width 32 and the usual --blocks", "lite of --width 32 and --blocks 2"
    for change, options in (({"network": "full"}, usual), ({"blocks": 2}, two)):
        other = replace(recipe, init_from="a.ckpt", **change)
        with pytest.raises(ModelError, match=rf"a\.ckpt: expected the weights of a {options}, for one style"):
            train(other, tmp_path / "x.ckpt", vgg=random_vgg, machine=ALONE, init=read_weights(out))


def test_a_network_of_other_styles_is_refused(recipe: Recipe, random_vgg: VggWeights) -> None:
    """No option makes eight styles one, or two."""
    eight = replace(recipe, style_images=recipe.style_images * 8).make_network().state_dict()
    for styles in (1, 2):
        run = replace(recipe, style_images=recipe.style_images * styles, init_from="gallery.onnx")
        with pytest.raises(ModelError, match=rf"^gallery\.onnx: holds 8 styles, this run {styles}; begin with a"):
            Trainer(run, random_vgg, machine=ALONE, device="cpu", start=None, init=eight)


@pytest.mark.slow
def test_who_cannot_compile_is_told(
    recipe: Recipe, random_vgg: VggWeights, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a C++ compiler `--compile` is one sentence."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("torch._inductor.config.cpp.cxx", ("no-such-compiler",))
    trainer = Trainer(
        recipe, random_vgg, machine=Machine(workers=0, compiled=True), device="cpu", start=None, init=None
    )
    with pytest.raises(UsageError, match=r"^compile: cannot be done here \(.*\); install a C\+\+ compiler"):
        trainer.learn(torch.zeros(2, 64, 64, 3, dtype=torch.uint8), [0, 1])


def test_nothing_to_learn_from_is_one_sentence(recipe: Recipe, random_vgg: VggWeights, tmp_path: Path) -> None:
    """A folder without photos stops the run before it starts."""
    with pytest.raises(SourceError, match="found none"):
        train(replace(recipe, data=str(tmp_path)), tmp_path / "net.ckpt", vgg=random_vgg, machine=ALONE)
    assert issubclass(SourceError, RtstyleError)


def test_no_photo_left_is_told_with_the_number(recipe: Recipe, photos: Path) -> None:
    """Five photos, each of which is held out, are not called the only one."""
    with pytest.raises(SourceError, match=r"--hold-out 1 keeps all its photos \(5\) out of training; use --hold-out 0"):
        photos_of(replace(recipe, hold_out=1))
    assert len(photos_of(recipe)[0]) == 3


def test_a_file_in_the_logs_place_is_one_sentence(recipe: Recipe, random_vgg: VggWeights, tmp_path: Path) -> None:
    """As where what a run prints is kept in NAME.log: it stays, and it is said what to do."""
    kept, hook = tmp_path / "net.log", threading.excepthook
    kept.write_text("step 1")
    with pytest.raises(SinkError, match=r"net.log: expected a folder for TensorBoard's log.*move what is there"):
        train(recipe, tmp_path / "net.ckpt", vgg=random_vgg, machine=ALONE)
    assert kept.read_text() == "step 1"
    assert threading.excepthook is hook


def test_a_log_that_cannot_be_kept_does_not_end_a_run(
    recipe: Recipe,
    random_vgg: VggWeights,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """TensorBoard's writer tells of a full disk when it is next written to; one warning, and a checkpoint."""

    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    for name in ("add_scalar", "add_image"):
        monkeypatch.setattr(f"training.record.SummaryWriter.{name}", full_disk)
    out = tmp_path / "net.ckpt"
    train(with_steps(recipe, 10), out, vgg=random_vgg, machine=ALONE)
    assert Checkpoint.load(out).step == 10
    assert caplog.text.count("TensorBoard's log ends here: No space left on device") == 1


def test_a_log_whose_thread_fails_is_one_warning(
    recipe: Recipe,
    random_vgg: VggWeights,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """TensorBoard writes from a thread, whose failure is told without a traceback; other threads' go where they did."""

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    def fill_the_disk(_: Progress) -> None:
        monkeypatch.setattr("tensorboard.summary.writer.record_writer.RecordWriter.write", full_disk)

    before = threading.excepthook
    train(with_steps(recipe, 1), tmp_path / "net.ckpt", vgg=random_vgg, machine=ALONE, progress=fill_the_disk)
    assert Checkpoint.load(tmp_path / "net.ckpt").step == 1
    assert caplog.messages == ["TensorBoard's log ends here: No space left on device"]
    assert threading.excepthook is before


def test_a_preview_that_cannot_be_written_is_a_sink_error(tmp_path: Path) -> None:
    """What OpenCV would have passed over in silence is told."""
    (tmp_path / "net.png").mkdir()
    with pytest.raises(SinkError, match="expected the name of a file"):
        write_preview(np.zeros((8, 8, 3), np.uint8), tmp_path / "net.png")


def test_the_learning_rate_warms_up_and_ends_at_nothing() -> None:
    """It climbs over the first twentieth, then falls without a step back."""
    rates = [schedule(i / 200) for i in range(200)]
    assert rates[0] == pytest.approx(0.05)
    assert max(rates) == rates[10] == pytest.approx(1)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 1e-3


def test_a_gradient_that_is_not_finite_is_skipped(
    recipe: Recipe, random_vgg: VggWeights, caplog: pytest.LogCaptureFixture
) -> None:
    """The weights stay as they were, it is said, and training goes on; five in a row end it with one sentence."""
    trainer = trainer_of(recipe, random_vgg)
    photos = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8)
    trainer.learn(photos, [0, 1])
    before = {name: weight.clone() for name, weight in trainer.network.state_dict().items()}
    trainer.objective.weights = {**recipe.weights, "style": float("nan")}
    trainer.learn(photos, [0, 1])
    assert all(torch.equal(weight, before[name]) for name, weight in trainer.network.state_dict().items())
    assert (trainer.skipped, trainer.step) == (1, 2)
    assert "not finite; skipped" in caplog.text
    trainer.objective.weights = recipe.weights
    trainer.learn(photos, [0, 1])
    assert not all(torch.equal(weight, before[name]) for name, weight in trainer.network.state_dict().items())
    trainer.objective.weights = {**recipe.weights, "style": float("nan")}
    for _ in range(PATIENCE - 1):
        trainer.learn(photos, [0, 1])
    with pytest.raises(ModelError, match=r"no finite gradient in 5 steps.*lower --learning-rate"):
        trainer.learn(photos, [0, 1])


def test_failing_steps_leave_the_checkpoint_of_before(
    recipe: Recipe, random_vgg: VggWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that ends for want of finite gradients goes on from where it last had one, whenever saves are due."""
    total, calls = Objective.total, count()
    monkeypatch.setattr(Objective, "total", lambda self, terms: total(self, terms) * (1 if next(calls) < 2 else nan))
    out = tmp_path / "net.ckpt"
    with pytest.raises(ModelError, match=r"no finite gradient in 5 steps up to step 7.*last checkpoint is unchanged"):
        train(with_steps(recipe, 20), out, vgg=random_vgg, machine=Machine(workers=0, save_every=1))
    assert Checkpoint.load(out).step == 2


def test_a_skipped_step_is_not_in_the_means(
    recipe: Recipe, random_vgg: VggWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is reported and saved is the mean of the finite losses; one that never was finite is left out."""
    learn, seen = Trainer.learn, []

    def learn_badly(trainer: Trainer, photos: torch.Tensor, seeds: Sequence[int]) -> dict[str, float]:
        losses = learn(trainer, photos, seeds)
        if trainer.step == 2:
            return dict.fromkeys(losses, float("nan"))
        seen.append(losses)
        return {**losses, "tone": float("inf")}

    monkeypatch.setattr(Trainer, "learn", learn_badly)
    train(with_steps(recipe, 3), tmp_path / "net.ckpt", vgg=random_vgg, machine=ALONE)
    expected = {name: (seen[0][name] + seen[1][name]) / 2 for name in seen[0] if name != "tone"}
    assert Checkpoint.load(tmp_path / "net.ckpt").losses == pytest.approx(expected)


def test_a_sudden_gradient_is_clipped(recipe: Recipe, random_vgg: VggWeights) -> None:
    """A loss that grows a millionfold for one step moves the running norm by no more than the clip allows."""
    trainer = trainer_of(recipe, random_vgg)
    photos = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8)
    trainer.learn(photos, [0, 1])
    usual = trainer.norm
    trainer.objective.weights = {name: 1e6 * weight for name, weight in recipe.weights.items()}
    trainer.learn(photos, [0, 1])
    applied = torch.stack([p.grad.norm() for p in trainer.network.parameters() if p.grad is not None]).norm()
    assert applied.item() == pytest.approx(recipe.clip * usual, rel=1e-3)
    assert trainer.norm < 1.2 * usual


def test_fp16_learns_content_by_absolute_differences(recipe: Recipe, random_vgg: VggWeights) -> None:
    """Its gradient is that of f32, though a value of VGG's features gets less than fp16 can say."""
    faint = replace(recipe, distance="l1", weights={"content": 0.01})  # 2e-8 of 524,288 values each
    photos = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    gradients = []
    for precision in ("f32", "fp16"):
        machine = Machine(workers=0, precision=precision)
        trainer = Trainer(faint, random_vgg, machine=machine, device="cpu", start=None, init=None)
        trainer.learn(photos, [0, 1])
        gradients.append(torch.cat([p.grad.flatten() for p in trainer.network.parameters() if p.grad is not None]))
    exact, got = gradients
    assert (got - exact).norm() < 0.05 * exact.norm()


def test_what_is_exported_is_the_average(recipe: Recipe, random_vgg: VggWeights, tmp_path: Path) -> None:
    """With a decay of 0 the average is the last weights; otherwise it lags behind them."""
    train(replace(recipe, ema=0), tmp_path / "last.ckpt", vgg=random_vgg, machine=ALONE)
    train(recipe, tmp_path / "mean.ckpt", vgg=random_vgg, machine=ALONE)
    last, mean = (Checkpoint.load(tmp_path / f"{name}.ckpt") for name in ("last", "mean"))
    assert all(torch.equal(last.network[name], weight) for name, weight in mean.network.items())
    assert all(torch.equal(last.averaged[name], weight) for name, weight in last.network.items())
    assert not any(torch.equal(mean.averaged[name], weight) for name, weight in mean.network.items())


def test_several_styles_are_learnt_in_turn(recipe: Recipe, random_vgg: VggWeights, tmp_path: Path) -> None:
    """A network of two styles has a scale for each, both learn, and the preview has a row for each."""
    art = find_photos(Path(recipe.data))
    two = replace(recipe, style_images=(str(art[0]), str(art[1])))
    out = tmp_path / "two.ckpt"
    train(two, out, vgg=random_vgg, machine=ALONE)
    scales = Checkpoint.load(out).network["stem_norm.weight"]
    assert scales.shape == (2, 32)
    assert all((scale != 1).any() for scale in scales)
    assert not torch.equal(scales[0], scales[1])
    one = trainer_of(recipe, random_vgg).network.state_dict()
    both = Trainer(two, random_vgg, machine=ALONE, device="cpu", start=None, init=one).network.state_dict()
    assert torch.equal(both["stem_norm.weight"], one["stem_norm.weight"].expand(2, -1))
    preview = cv2.imread(str(tmp_path / "two.000006.png"))
    assert preview is not None
    assert preview.shape[0] == 3 * 256


def test_a_pupil_imitates_its_teachers_alone(recipe: Recipe, random_vgg: VggWeights, tmp_path: Path) -> None:
    """Teachers take all other losses' place, a few dozen steps come nearer to the paintings of each."""
    teachers = (str(tmp_path / "a.ckpt"), str(tmp_path / "b.ckpt"))
    for seed, teacher in enumerate(teachers):
        train(replace(recipe, seed=seed, steps=1), Path(teacher), vgg=random_vgg, machine=ALONE)
    two = replace(
        recipe, style_images=2 * recipe.style_images, teachers=teachers, weights=dict(usual_weights(teachers))
    )
    assert "--teacher a.ckpt --teacher b.ckpt" in two.command
    pupil = trainer_of(replace(two, seed=3, steps=40), random_vgg)
    photos = torch.rand(2, 8, 8, 3).repeat_interleave(8, 1).repeat_interleave(8, 2).mul(255).byte()
    losses = [pupil.learn(photos, [0, 1]) for _ in range(40)]
    assert set(losses[0]) == {"teacher", "total"}
    assert all(losses[38 + style]["teacher"] < 0.8 * losses[style]["teacher"] for style in (0, 1))
    with pytest.raises(UsageError, match="2 teachers for 1 artworks"):
        replace(recipe, teachers=teachers)


def test_temporal_weight_nothing_paints_one_frame_only(recipe: Recipe, random_vgg: VggWeights) -> None:
    """Without the temporal losses they are not computed, and the others are what they were with them."""
    photos = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8)
    without = replace(recipe, weights={**recipe.weights, "temporal": 0.0, "features": 0.0})
    with_them, control = (trainer_of(r, random_vgg).learn(photos, [0, 1]) for r in (recipe, without))
    assert with_them["temporal"] > 0
    assert with_them["features"] > 0
    assert "temporal" not in control
    assert control["style"] == with_them["style"]


def test_the_log_is_for_tensorboard(recipe: Recipe, random_vgg: VggWeights, tmp_path: Path) -> None:
    """Losses, learning rate, photos a second and the previews can be read back from the events file."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    train(with_steps(recipe, 10), tmp_path / "net.ckpt", vgg=random_vgg, machine=ALONE)
    log = accumulator.EventAccumulator(str(tmp_path / "net.log")).Reload()
    assert {"loss/total", "loss/style", "loss/temporal", "learning rate", "photos per second"} <= set(
        log.Tags()["scalars"]
    )
    assert log.Tags()["images"] == ["preview"]
    assert log.Scalars("photos per second")[0].value > 0


def trainer_of(recipe: Recipe, vgg: VggWeights) -> Trainer:
    return Trainer(recipe, vgg, machine=ALONE, device="cpu", start=None, init=None)
