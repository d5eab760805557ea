"""The whole of an export: what is written, what is measured, what is refused, and that nothing is left by halves."""

import errno
import os
import shutil
import sys
from fractions import Fraction

import cv2
import numpy as np
import onnxruntime
import pytest

from rtstyle.errors import ModelError, SinkError, SourceError, UsageError
from rtstyle.export.order import Made, Size
from rtstyle.export.pictures import read_photos
from rtstyle.export.run import export_style
from rtstyle.frames import Batch
from rtstyle.stylizer import Stylizer
from tests.models import make_model
from tests.pictures import psnr_db


@pytest.fixture
def blur(tmp_path):
    """A small network of the contract."""
    return make_model(tmp_path / "blur.onnx", kind="blur")


@pytest.fixture
def pictures(tmp_path):
    """A folder of twelve small photos."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(12):
        clouds = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{seed}.png"), cv2.resize(clouds, (48, 40), interpolation=cv2.INTER_CUBIC))
    return folder


def noise(count, height, width):
    return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def run(path, feed):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (frames,) = session.get_inputs()
    return session.run(None, {frames.name: feed})[0]


@pytest.mark.parametrize("size", [None, Size(48, 40, 2)])
def test_float_planes_paint_the_same(blur, pictures, tmp_path, size):
    """float32 (N, 3, H, W) of whole numbers, and not one level from what the contract's network paints."""
    sheet = export_style(blur, tmp_path / "planes.onnx", to="float", size=size, photos=pictures)
    frames = noise(2, 40, 48)
    planes = run(tmp_path / "planes.onnx", frames.transpose(0, 3, 1, 2).astype(np.float32))
    assert planes.dtype == np.float32
    np.testing.assert_array_equal(planes.transpose(0, 2, 3, 1), run(blur, frames))
    assert sheet.worst_db == 99
    with Stylizer(tmp_path / "planes.onnx") as stylizer:  # which the contract does not cover any more
        again = stylizer(Batch(frames, frames, [Fraction(0), Fraction(1)])).images
    assert psnr_db(again, run(blur, frames)) > 40
    assert "10 photos" in (tmp_path / "planes.sheet.md").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are UTF-8 elsewhere")
def test_names_that_are_not_utf8(blur, tmp_path):
    """As they come from old disks: such a file is exported, and to such a name."""
    old = blur.rename(tmp_path / os.fsdecode(b"caf\xe9.onnx"))
    out = tmp_path / os.fsdecode(b"th\xe9.onnx")
    export_style(old, out, to="static", size=Size(48, 40))
    export_style(out, tmp_path / "models", to="triton")
    assert "th?" in (tmp_path / "models" / "sheet.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["none", "a" * 300])
def test_photos_that_are_not_there(name, tmp_path):
    """One sentence, however long the name."""
    with pytest.raises(SourceError, match="there is no such folder"):
        read_photos(tmp_path / name)


@pytest.mark.parametrize(("there", "calibrated"), [(1, 1), (10, 10), (12, 12), (20, 16), (26, 16), (40, 16)])
def test_few_photos_serve_for_both(tmp_path, there, calibrated):
    """Sixteen calibrate if there are as many; those that are not measured with come first."""
    for number in range(there):
        cv2.imwrite(str(tmp_path / f"{number:02}.png"), np.full((16, 16, 3), number, np.uint8))
    measured, others = ([image[0, 0, 0] for image in images] for images in read_photos(tmp_path))
    assert (len(set(measured)), len(set(others))) == (min(10, there), calibrated)
    alone = min(calibrated, there - len(measured))
    assert not set(others[:alone]) & set(measured)


class Dark:
    """A target that gets everything wrong."""

    SUFFIX, SEVERAL = ".onnx", False

    @staticmethod
    def make(order, folder):
        (folder / order.name).write_bytes(b"dark")
        return Made((lambda frames: frames // 4,))


@pytest.fixture
def dark(monkeypatch):
    monkeypatch.setattr("rtstyle.export.run.find_target", lambda name: Dark)


def test_what_is_far_from_the_original_is_refused(blur, pictures, tmp_path, dark):
    """Below 35 dB nothing is written, and the sentence says how far it was; --force writes it."""
    before = set(tmp_path.iterdir())
    with pytest.raises(ModelError, match=r"expected at least 35 dB.*got \d+\.\d dB; --force"):
        export_style(blur, tmp_path / "dark.onnx", to="dark", photos=pictures)
    assert set(tmp_path.iterdir()) == before
    export_style(blur, tmp_path / "dark.onnx", to="dark", photos=pictures, force=True)
    assert (tmp_path / "dark.onnx").read_bytes() == b"dark"


def test_nothing_is_overwritten_unasked(blur, pictures, tmp_path, dark):
    """Neither another file nor, whatever is asked, the model itself."""
    (tmp_path / "mine.onnx").write_bytes(b"mine")
    with pytest.raises(SinkError, match="exists already"):
        export_style(blur, tmp_path / "mine.onnx", to="dark", photos=pictures, force=True)
    assert (tmp_path / "mine.onnx").read_bytes() == b"mine"
    with pytest.raises(SinkError, match="is the input itself"):
        export_style(blur, blur, to="dark", photos=pictures, force=True, overwrite=True)
    export_style(blur, tmp_path / "mine.onnx", to="dark", photos=pictures, force=True, overwrite=True)
    assert (tmp_path / "mine.onnx").read_bytes() == b"dark"


def test_a_sheet_that_cannot_be_written_leaves_no_model(blur, pictures, tmp_path, dark):
    """What belongs together appears together."""
    (tmp_path / "dark.sheet.md").mkdir()
    with pytest.raises(SinkError, match="got a folder"):
        export_style(blur, tmp_path / "dark.onnx", to="dark", photos=pictures, force=True)
    assert not (tmp_path / "dark.onnx").exists()
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("there", ["x.sheet.md", "x.bin"])
def test_files_beside_the_output_are_claimed_before_the_work(blur, tmp_path, monkeypatch, there):
    """What may not be replaced is told before minutes of work, not after them."""
    worked = []
    monkeypatch.setattr("rtstyle.export.openvino.make", lambda *_: worked.append(there))
    (tmp_path / there).write_bytes(b"mine")
    with pytest.raises(SinkError, match=f"{there}: exists already; pass --overwrite"):
        export_style(blur, tmp_path / "x.xml", to="openvino")
    assert worked == []


def test_a_full_disk_while_a_folder_is_copied(blur, tmp_path, monkeypatch):
    """What many files failed of is told as of one."""
    source = tmp_path / "many"
    source.mkdir()
    (source / "a").touch()

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "a")

    def make(_, folder):
        shutil.copytree(source, folder / "many", copy_function=full)

    monkeypatch.setattr(Dark, "SUFFIX", "")
    monkeypatch.setattr(Dark, "make", make)
    monkeypatch.setattr("rtstyle.export.run.find_target", lambda name: Dark)
    with pytest.raises(SinkError, match="site: cannot be written: No space left on device; make room there"):
        export_style(blur, tmp_path / "site", to="dark")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["blur.onnx", "many"]


def test_a_folder_replaces_a_folder(blur, pictures, tmp_path, monkeypatch):
    """A target of many files appears as one folder, and with --overwrite in place of the old one, whole."""
    monkeypatch.setattr(Dark, "SUFFIX", "")
    monkeypatch.setattr("rtstyle.export.run.find_target", lambda name: Dark)
    out = tmp_path / "site"
    for overwrite in (False, True):
        export_style(blur, out, to="dark", photos=pictures, force=True, overwrite=overwrite)
        assert sorted(path.name for path in out.iterdir()) == ["sheet.md", "site"]
        (out / "site").write_bytes(b"old")
    with pytest.raises(SinkError, match="exists already"):
        export_style(blur, out, to="dark", photos=pictures, force=True)
    assert (out / "site").read_bytes() == b"old"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("path", ["CNAME", ".git/config", "models/mine.onnx"])
def test_a_folder_with_other_files_is_not_replaced(blur, pictures, tmp_path, monkeypatch, path):
    """Neither an export's, to which something was added, nor one that is none, nor the network itself in it."""
    monkeypatch.setattr(Dark, "SUFFIX", "")
    monkeypatch.setattr("rtstyle.export.run.find_target", lambda name: Dark)
    out = tmp_path / "site"
    export_style(blur, out, to="dark", photos=pictures, force=True)
    (out / path).parent.mkdir(exist_ok=True)
    (out / path).write_text("mine")
    with pytest.raises(SinkError, match=f"{path}: would be lost"):
        export_style(blur, out, to="dark", photos=pictures, force=True, overwrite=True)
    (out / "sheet.md").unlink()
    with pytest.raises(SinkError, match="would be lost"):
        export_style(blur, out, to="dark", photos=pictures, force=True, overwrite=True)
    assert (out / path).read_text() == "mine"
    with pytest.raises(SinkError, match=f"{blur.name}: is the input itself"):
        export_style(blur, blur.parent, to="dark", photos=pictures, force=True, overwrite=True)


@pytest.mark.parametrize(
    ("output", "to", "said"),
    [
        ("x.onnx", "pdf", "pdf: no such target; expected one of: "),
        ("x.bin", "float", "expected a name that ends in .onnx"),
        ("x.onnx", "float", "expected one style, got 2"),
    ],
)
def test_questions_without_sense(blur, tmp_path, output, to, said):
    """An unknown target, a name of another kind, too many styles."""
    with pytest.raises(UsageError, match=said):
        export_style([blur] * (2 if "style" in said else 1), tmp_path / output, to=to)
