from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from rtstyle.perceptual import VggWeights
from rtstyle.style import read_style
from tests.screen import PATIENCE_S, wait_for
from training.checkpoint import Checkpoint
from training.cli.app import app
from training.machine import Machine
from training.recipe import PRESETS, WEIGHTS, Recipe
from training.trainer import Trainer

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(photos: Path, random_vgg: VggWeights, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a user works: photos, an artwork and VGG-16 weights lie here."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "photos").symlink_to(photos)
    cv2.imwrite(str(folder / "art.png"), np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    cv2.imwrite(str(folder / "tiny.png"), np.full((20, 20, 3), 90, np.uint8))
    torch.save(random_vgg.state, folder / "vgg.pth")
    return folder


def command(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "training", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "RTSTYLE_VGG16": str(folder / "vgg.pth"), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    process = command(folder, *arguments)
    _, stderr = process.communicate(timeout=PATIENCE_S)
    return process.returncode, stderr


NEW = ("train", "--data", "photos", "--style-image", "art.png", "--size", "64", "--style-size", "64", "--batch", "1")


@pytest.mark.slow
def test_from_photos_and_an_artwork_to_a_model(folder: Path) -> None:
    """Two commands, as the README has them, make a model that rtstyle accepts and that names its command."""
    code, stderr = run(folder, *NEW, "--steps", "2", "--workers", "1", "-o", "art.ckpt")
    assert (code, "step 2/2" in stderr, "photos skipped" in stderr) == (0, True, True), stderr
    code, stderr = run(folder, "export", "art.ckpt", "-o", "art-lite.onnx", "--artist", "Chance")
    assert (code, "differs from PyTorch by at most" in stderr) == (0, True), stderr
    style = read_style(folder / "art-lite.onnx")
    assert (style.name, style.title, style.artist, style.network) == ("art", "Art", "Chance", "lite")
    assert "--steps 2" in style.metadata["command"]
    before = (folder / "art-lite.onnx").read_bytes()
    code, stderr = run(folder, "export", "art.ckpt", "-o", "art-lite.onnx")
    assert (code, "--overwrite" in stderr) == (1, True), stderr
    assert (folder / "art-lite.onnx").read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_training_can_be_resumed(folder: Path, number: signal.Signals) -> None:
    """Ctrl-C and `kill`, sent to all its processes, save what was trained, say how to go on, and --resume does."""
    out = folder / f"{number.name}.ckpt"
    process = command(folder, *NEW, "--steps", "100000", "--save-every", "1", "--workers", "1", "-o", out.name)
    wait_for(out.exists)
    os.killpg(process.pid, number)
    _, stderr = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    reached = Checkpoint.load(out).step
    assert reached >= 1
    assert f"{out.name} has {reached} steps; continue with --resume" in stderr
    again = command(folder, "train", "--resume", "--save-every", "1", "--workers", "0", "-o", out.name)
    try:
        wait_for(lambda: Checkpoint.load(out).step > reached)
    finally:
        again.kill()
        again.communicate()


@pytest.fixture
def recipe_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Recipe]:
    """The recipe that a command makes; nothing is trained."""
    recipes: list[Recipe] = []
    monkeypatch.setattr("training.cli.train.loop.train", lambda recipe, *_, **__: recipes.append(recipe))
    monkeypatch.setattr("training.cli.train.loop.check", lambda *_, **__: None)
    monkeypatch.chdir(folder)

    def ask(*command: str) -> Recipe:
        done = CliRunner().invoke(app, [*command, "-o", "x.ckpt"], env={"RTSTYLE_VGG16": "vgg.pth"})
        assert done.exit_code == 0, done.output
        return recipes[-1]

    return ask


@pytest.fixture
def asked(recipe_of: Callable[..., Recipe]) -> Callable[..., Recipe]:
    """The recipe that options make."""
    return partial(recipe_of, *NEW)


def test_what_is_named_goes_before_the_preset(asked: Callable[..., Recipe]) -> None:
    """Options win over ``quick``, which wins over what is usual."""
    recipe = asked("--preset", "quick", "--steps", "7", "--weight", "style=2e6", "--temporal-weight", "0")
    assert (recipe.steps, recipe.size, recipe.zoom) == (7, 64, 1.3)
    assert recipe.weights == {**WEIGHTS, "style": 2e6, "temporal": 0.0}


@pytest.mark.parametrize(
    "options",
    [
        *(f"--preset {name}" for name in PRESETS if name not in {"calm", "refine"}),
        "--preset calm --init-from begun.ckpt",
        "--preset refine --init-from begun.ckpt",
        "--size 256 --batch 4 --zoom 1 --style-size 512 --learning-rate 0.0015",
        "--weight style=1234567.8,tone=0 --style-layers relu1_1=0.3,relu3_1 --content-layers conv4_2=0.123456789",
        "--style 'two words.png' --style \"Mrs. O'Keeffe, 2.png\" --include 'a b*' --include *.png --width 8",
        "--style tiny.png --teacher a.ckpt --teacher b.ckpt --weight temporal=5e6,style=1e-7",
        "--network full --learning-rate 0.0015",
        "--network full --blocks 2 --hold-out 0 --distance l1 --gram plain --ema 0.5 --clip 0 --seed 7",
    ],
)
def test_the_command_says_the_whole_recipe(recipe_of: Callable[..., Recipe], begun: Path, options: str) -> None:
    """What a model's metadata print trains the very same network again, whatever preset it was made with."""
    Path("begun.ckpt").write_bytes(begun.read_bytes())
    Path("holiday").mkdir(exist_ok=True)
    recipe = recipe_of("train", "--data", "holiday", "--style-image", "art.png", *shlex.split(options))
    *_, o, name = words = shlex.split(recipe.command)
    assert (words[:3], o, name) == (["python", "-m", "training"], "-o", "NAME.ckpt")
    assert recipe_of(*words[3:-2]) == recipe


def test_the_large_network_has_losses_and_a_rate_of_its_own(asked: Callable[..., Recipe]) -> None:
    """Whatever the preset, unless told otherwise."""
    full, lite = asked("--network", "full"), asked("--network", "lite")
    assert (full.content_layers, full.gram) == ({"relu2_2": 0.2, "relu3_3": 3.0}, "relative")
    assert (lite.content_layers, lite.gram) == ({"relu2_2": 1.0}, "overall")
    assert asked("--network", "full", "--style-layers", "relu1_2").style_layers == {"relu1_2": 1.0}
    options = (), ("--preset", "best"), ("--learning-rate", "2e-4")
    assert [asked("--network", "full", *more).learning_rate for more in options] == [4e-4, 4e-4, 2e-4]
    assert lite.learning_rate == 1.5e-3


def test_calm_imitates_what_it_began_with(asked: Callable[..., Recipe], begun: Path) -> None:
    """By that preset a network is its own teacher, unless another is named, and no other loss is asked."""
    recipe = asked("--preset", "calm", "--init-from", str(begun))
    assert recipe.teachers == (str(begun),)
    assert {name for name, weight in recipe.weights.items() if weight} == {"teacher", "temporal"}
    other = begun.parent / "other.ckpt"
    assert asked("--preset", "calm", "--init-from", str(begun), "--teacher", str(other)).teachers == (str(other),)


def test_refine_is_for_a_large_network(asked: Callable[..., Recipe], begun: Path) -> None:
    """Its losses go before those that large networks usually have; what is named goes before both."""
    recipe = asked("--preset", "refine", "--init-from", str(begun))
    assert (recipe.network, recipe.content_layers, recipe.gram) == ("full", {"relu2_2": 1.0}, "overall")
    assert (recipe.learning_rate, recipe.weights["style"], recipe.weights["tone"]) == (2e-4, 3e6, 0.0)
    named = asked("--preset", "refine", "--init-from", str(begun), "--gram", "plain", "--learning-rate", "1e-4")
    assert (named.gram, named.learning_rate) == ("plain", 1e-4)


@pytest.mark.parametrize(("preset", "aim"), [("calm", "make calmer"), ("refine", "refine")])
def test_what_continues_wants_a_network_to_begin_with(folder: Path, preset: str, aim: str) -> None:
    """One sentence, and nothing is written."""
    code, stderr = run(folder, *NEW, "--preset", preset, "-o", "none.ckpt")
    assert code == 2, stderr
    assert f"--preset {preset}: expected --init-from with the network to {aim}, got none" in stderr
    assert not (folder / "none.ckpt").exists()


@pytest.fixture
def begun(folder: Path, tmp_path: Path, random_vgg: VggWeights) -> Path:
    """The checkpoint of a run of one step, which is finished."""
    art = str(folder / "art.png")
    recipe = Recipe(
        network="lite", style_images=(art,), data=str((folder / "photos").resolve()), steps=1, size=64, style_size=64
    )
    trainer = Trainer(recipe, random_vgg, machine=Machine(workers=0), device="cpu", start=None, init=None)
    trainer.step = 1
    trainer.checkpoint({}).save(tmp_path / "begun.ckpt")
    return tmp_path / "begun.ckpt"


@pytest.mark.parametrize(
    "option", ["--steps 9", "--hold-out 0", "--style-weight 1", "--include *.png", "--preset quick", "--network lite"]
)
def test_a_resumed_run_takes_no_other_recipe(begun: Path, option: str) -> None:
    """An option that would change what was begun is refused by name, be it what it was; the run stays as it is."""
    before = begun.read_bytes()
    done = CliRunner().invoke(app, ["train", "--resume", *option.split(), "-o", str(begun)])
    assert done.exit_code == 2, done.output
    assert f"{option.split(maxsplit=1)[0]}: --resume keeps the original options" in done.stderr
    assert begun.read_bytes() == before


def resumed(begun: Path, folder: Path, *more: str) -> Result:
    """All options again with which the fixture was begun."""
    files = ["--data", str(folder / "photos"), "--style-image", str(folder / "art.png")]
    numbers = ["--size", "64", "--style-size", "64", "--batch", "4", "--zoom", "1"]
    return CliRunner().invoke(
        app, ["train", "--resume", *files, *numbers, "--network", "lite", "-o", str(begun), *more]
    )


def test_the_same_command_goes_on(begun: Path, folder: Path) -> None:
    """With --resume and all that it was begun with, as `make style` gives it again; a changed option is refused."""
    done = resumed(begun, folder, "--steps", "1")
    assert done.exit_code == 0, done.output
    assert "1 steps, already finished" in " ".join(done.stderr.split())
    done = resumed(begun, folder, "--steps", "2")
    assert done.exit_code == 2, done.output
    assert "--steps: --resume keeps the original options" in done.stderr


def test_what_it_began_with_is_not_needed_again(
    begun: Path, folder: Path, random_vgg: VggWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same command goes on without the file that --init-from names, which is the same from any folder."""
    gone, run = begun.parent / "gone.ckpt", begun.parent / "run.ckpt"
    recipe = replace(Checkpoint.load(begun).recipe, steps=2, init_from=str(gone))
    trainer = Trainer(recipe, random_vgg, machine=Machine(workers=0), device="cpu", start=None, init=None)
    trainer.step = 1
    trainer.checkpoint({}).save(run)
    monkeypatch.chdir(begun.parent)
    vgg = str(folder / "vgg.pth")
    done = resumed(run, folder, "--steps", "2", "--init-from", gone.name, "--vgg", vgg, "--workers", "0")
    assert done.exit_code == 0, done.output
    assert Checkpoint.load(run).step == 2


def test_who_imitates_wants_no_vgg(begun: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only content and style are VGG's to judge."""
    monkeypatch.setattr("training.cli.train.find_vgg16", lambda _: pytest.fail("VGG was asked for"))
    given = ["--data", str(folder / "photos"), "--style-image", str(folder / "art.png"), "--init-from", str(begun)]
    small = ["--steps", "1", "--batch", "1", "--size", "64", "--workers", "0"]
    out = begun.with_name("calm.ckpt")
    done = CliRunner().invoke(app, ["train", "--preset", "calm", *given, *small, "-o", str(out)])
    assert done.exit_code == 0, done.output
    assert Checkpoint.load(out).vgg == ""


@pytest.mark.parametrize(
    ("mistyped", "sentence"),
    [
        (("--data", "fotos"), "fotos: expected a folder of photos, got nothing"),
        (("--style-image", "arts.png"), "arts.png: cannot be opened"),
        (("--network", "lit"), "unknown network 'lit': expected lite or full"),
        (("--precision", "half"), "unknown precision 'half'"),
    ],
)
def test_a_typing_mistake_downloads_nothing(
    folder: Path, mistyped: tuple[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told before VGG is asked for."""
    monkeypatch.setattr("training.cli.train.find_vgg16", lambda _: pytest.fail("VGG was asked for"))
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(app, [*NEW, *mistyped, "-o", "x.ckpt"])
    assert done.exit_code in {1, 2}
    assert sentence in " ".join(done.stderr.split())


@pytest.mark.parametrize(("name", "sentence"), [("run.1", "ends in .ckpt"), ("run.onnx", "ends in .ckpt")])
def test_a_checkpoint_is_called_so(folder: Path, name: str, sentence: str) -> None:
    """What comes after would take another name for that of a model."""
    code, stderr = run(folder, *NEW, "-o", name)
    assert (code, sentence in stderr) == (2, True), stderr


def test_a_finished_run_says_so(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Resumed, it is a success that wants no VGG and says what comes next."""
    monkeypatch.setattr("training.cli.train.find_vgg16", lambda _: pytest.fail("VGG was asked for"))
    done = CliRunner().invoke(app, ["train", "--resume", "-o", str(begun)])
    assert done.exit_code == 0, done.output
    assert "1 steps, already finished; next: python -m training export" in " ".join(done.stderr.split())


def test_the_next_command_can_be_copied(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line at any width, quoted, with brackets that are no markup."""
    out = begun.rename(begun.with_name("my [red] style.ckpt"))
    monkeypatch.setattr("training.cli.console.console._width", 40)
    done = CliRunner().invoke(app, ["train", "--resume", "-o", str(out)])
    assert f"next: python -m training export '{out}' -o NAME-lite.onnx\n" in done.stderr


def test_photos_that_were_moved_are_asked_for(begun: Path, tmp_path: Path) -> None:
    """An export checks on photos, and these can be named."""
    state = Checkpoint.load(begun)
    replace(state, recipe=replace(state.recipe, data=str(tmp_path / "gone"))).save(begun)
    done = CliRunner().invoke(app, ["export", str(begun), "-o", str(tmp_path / "x.onnx")])
    assert done.exit_code == 1, done.output
    assert "gone: expected a folder of photos, got nothing; if they were moved, name their folder with --photos" in (
        done.stderr
    )


def test_one_core_has_one_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """More would be warned of by PyTorch."""
    monkeypatch.setattr("training.machine.usable_cores", lambda: 1)
    assert Machine().workers == 1
    monkeypatch.setattr("training.machine.usable_cores", lambda: 8)
    assert Machine().workers == 2


@pytest.mark.skipif(shutil.which("make") is None, reason="no such program: make")
def test_make_style_takes_any_title(tmp_path: Path) -> None:
    """Quotes, backticks and $( ) mean nothing to make or to the shell; what is not given is no option."""
    python = tmp_path / "python"
    python.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[3:]), file=sys.stderr)\n")
    python.chmod(0o755)
    title = '"It\'s" `touch bad` $(touch bad) $(shell touch bad) 5 $'
    said = ["NAME=mine", f"TITLE={title}", "ART=my art.jpg", "DATA=photos [2024]", "CLIPS=two words.mp4"]
    command = ["make", "-f", str(ROOT / "Makefile"), "-s", "-o", ".venv/tools", "style", f"BIN={tmp_path}", *said]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    train, evaluate, export, _ = map(json.loads, done.stderr.splitlines())
    assert [train[train.index(option) + 1] for option in ("--data", "--style-image")] == ["photos [2024]", "my art.jpg"]
    assert evaluate[evaluate.index("--clips") + 1] == "two words.mp4"
    assert export[export.index("--title") + 1] == title
    assert "--artist" not in export
    assert not (tmp_path / "bad").exists()


def test_ctrl_c_promises_no_checkpoint_that_is_not_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped while VGG is downloaded, nothing was trained, and nothing else is said."""

    def stopped(_: Path | None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("training.cli.train.find_vgg16", stopped)
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(app, [*NEW, "-o", "x.ckpt"])
    assert done.exit_code == 130, done.output
    assert "stopped; nothing has been trained yet" in done.stderr


def test_what_is_not_installed_is_one_sentence() -> None:
    """A plain installation of rtstyle has no PyTorch: it says how to get it."""
    code = "import sys; sys.modules['torch'] = None; from training.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "training: there is no module torch; install what training needs: pip install -e '.[train]'\n"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("train", "-o", "x.ckpt"), 2, "--data FOLDER and --style-image ART"),
        (("train", "--resume", "-o", "none.ckpt"), 1, "there is no such file"),
        ((*NEW, "--network", "huge", "-o", "x.ckpt"), 2, "lite or full"),
        ((*NEW, "--include", ".", "-o", "x.ckpt"), 2, "--include: expected a glob"),
        ((*NEW, "--device", "meta", "-o", "x.ckpt"), 2, "expected cpu"),
        (
            (*NEW, "--weight", ",".join(f"{name}=0" for name in WEIGHTS if name != "teacher"), "-o", "x.ckpt"),
            2,
            "more than 0",
        ),
        ((*NEW, "--zoom", "inf", "-o", "x.ckpt"), 2, "--zoom: expected a finite number, got inf"),
        ((*NEW, "--learning-rate", "inf", "-o", "x.ckpt"), 2, "--learning-rate: expected a finite number"),
        ((*NEW, "--style-weight", "inf", "-o", "x.ckpt"), 2, "--style-weight: expected a finite number"),
        ((*NEW, "--data", "nowhere", "-o", "x.ckpt"), 1, "expected a folder of photos"),
        ((*NEW, "-o", "nowhere/x.ckpt"), 1, "there is no folder"),
        ((*NEW, "--style", "vgg.pth", "-o", "x.ckpt"), 1, "vgg.pth"),
        ((*NEW, "--style", "nowhere.jpg", "-o", "x.ckpt"), 1, "nowhere.jpg"),
        ((*NEW, "--device", "toaster", "-o", "x.ckpt"), 2, "expected cpu"),
        ((*NEW, "--precision", "f8", "-o", "x.ckpt"), 2, "expected auto, f32"),
        ((*NEW, "--preset", "lavish", "-o", "x.ckpt"), 2, "smoke, quick, best"),
        ((*NEW, "--weight", "beauty=3", "-o", "x.ckpt"), 2, "unknown loss 'beauty'"),
        ((*NEW, "--weight", "tone=1,palette", "-o", "x.ckpt"), 2, "--weight palette: expected NAME=NUMBER"),
        ((*NEW, "--weight", "style=much", "-o", "x.ckpt"), 2, "expected NAME=NUMBER"),
        ((*NEW, "--style-layers", "relu9_9", "-o", "x.ckpt"), 2, "relu9_9"),
        ((*NEW, "--distance", "miles", "-o", "x.ckpt"), 2, "expected mse or l1"),
        ((*NEW, "--gram", "matrix", "-o", "x.ckpt"), 2, "expected one of relative, overall, plain"),
        ((*NEW, "--style-image", "tiny.png", "-o", "x.ckpt"), 1, "20×20 px are too small to show a style"),
        ((*NEW, "--init-from", "art.png", "-o", "x.ckpt"), 1, "expected a checkpoint"),
        (("export", "art.png", "-o", "x.onnx"), 1, "expected a checkpoint"),
        (("export", "art.png", "-o", "x.txt"), 2, "x.txt: expected a name that ends in .onnx"),
        (("catalogue", "photos"), 1, "found no .onnx"),
    ],
)
def test_bad_input_is_one_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, words: str
) -> None:
    """What a user can get wrong ends with one sentence and leaves no file."""
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(app, arguments, env={"RTSTYLE_VGG16": "vgg.pth", "COLUMNS": "200"})
    assert done.exit_code == code, done.output
    assert words in done.stderr
    assert isinstance(done.exception, SystemExit), done.exception  # no traceback
    assert not list(folder.glob("x.*"))
