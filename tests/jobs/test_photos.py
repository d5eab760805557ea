"""Photos in one call."""

import cv2
import numpy as np
import pytest

import rtstyle
from rtstyle.errors import SinkError, SourceError, UsageError
from rtstyle.jobs.paint_options import PaintOptions
from rtstyle.sources.photo_folder import read_photo


def photo(path, height=31, width=45):
    rng = np.random.default_rng(height * width)
    cv2.imwrite(str(path), rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
    return path


@pytest.mark.parametrize("size", [(16, 16), (17, 31), (333, 250)])
def test_one_photo(tmp_path, invert_model, size):
    """Any size from 16 pixels, odd ones too, keeps its size and is painted all over."""
    source = photo(tmp_path / "a.png", *size)
    rtstyle.stylize_photos(source, tmp_path / "out.png", style=invert_model)
    assert np.array_equal(read_photo(tmp_path / "out.png"), 255 - read_photo(source))


def test_several_photos_go_into_a_folder(tmp_path, invert_model):
    """Each under its own name, in its own size; the folder is made."""
    sources = [photo(tmp_path / "a.png", 20, 30), photo(tmp_path / "b.jpg", 40, 50), photo(tmp_path / "c.bmp")]
    report = rtstyle.stylize_photos(sources, tmp_path / "out", style=invert_model)
    assert report.frames_out == 3
    assert set(report.stages) == {"PhotoFolder", "Stylizer", "PhotoWriter"}  # no Blend, which would change nothing
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "b.jpg", "c.png"]
    assert read_photo(tmp_path / "out" / "b.jpg").shape == (40, 50, 3)


def test_what_is_hidden_in_a_folder_is_no_photo(tmp_path, invert_model):
    """Nor is what macOS leaves beside a photo, or a painting that was never finished."""
    folder = tmp_path / "photos"
    folder.mkdir()
    photo(folder / "a.png")
    for name in ("._a.png", ".a.0123abcd.part.png"):
        (folder / name).write_bytes(b"no photo")
    rtstyle.stylize_photos(folder, tmp_path / "out", style=invert_model)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]


def test_strength_mixes(tmp_path, invert_model):
    """Half of a photo and half of its inverse is grey."""
    half = PaintOptions(strength=0.5)
    rtstyle.stylize_photos(photo(tmp_path / "a.png"), tmp_path / "out.png", style=invert_model, options=half)
    assert np.abs(read_photo(tmp_path / "out.png").astype(int) - 128).max() <= 1


def test_painted_small_delivered_large(tmp_path, invert_model):
    """At half the resolution a photo keeps its size, also one that is hardly larger than the network allows."""
    for size in ((120, 90), (17, 40)):
        out = tmp_path / f"{size}.png"
        source = photo(tmp_path / "a.png", *size)
        report = rtstyle.stylize_photos(source, out, style=invert_model, options=PaintOptions(scale=0.5))
        assert "Guided" in report.stages
        assert read_photo(out).shape == (*size, 3)
    with pytest.raises(UsageError, match="scale: expected more than 0"):
        PaintOptions(scale=0)


def test_a_large_photo_has_strokes_that_can_be_seen():
    """Its short side is painted at 768 px, and smaller photos as they are."""
    sizes = (3000, 4000), (4000, 3000), (400, 1200)
    assert [PaintOptions(scale=None).size(*size) for size in sizes] == [(768, 1024), (1024, 768), (400, 1200)]


def test_own_colours(tmp_path, invert_model):
    """lengstrom#150: the chroma is the photo's, and the light the painting's."""
    cv2.imwrite(str(tmp_path / "red.png"), np.full((32, 48, 3), (60, 60, 160), np.uint8))
    rtstyle.stylize_photos(
        tmp_path / "red.png", tmp_path / "out.png", style=invert_model, options=PaintOptions(keep_colors=True)
    )
    before, after = (
        cv2.cvtColor(read_photo(tmp_path / name), cv2.COLOR_RGB2YCrCb)[5, 5].astype(int)
        for name in ("red.png", "out.png")
    )
    assert np.abs(after[1:] - before[1:]).max() <= 2
    assert abs(after[0] - (255 - before[0])) <= 2


def test_strokes_where_there_is_nothing_to_paint(tmp_path, invert_model):
    """The network paints them, so they come out inverted, and they are broader where it paints small."""
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((240, 320, 3), 100, np.uint8))
    fineness = {}
    for scale in (1, 0.5):
        options = PaintOptions(brushwork=1, scale=scale)
        rtstyle.stylize_photos(tmp_path / "grey.png", tmp_path / f"{scale}.png", style=invert_model, options=options)
        painted = read_photo(tmp_path / f"{scale}.png").astype(float)
        assert abs(painted.mean() - 155) < 8
        assert 10 < painted.std() < 40
        fineness[scale] = np.abs(np.diff(painted, axis=1)).mean() / painted.std()
    assert fineness[1] > 1.5 * fineness[0.5]


def test_several_photos_do_not_fit_one_name(tmp_path, invert_model):
    """That would keep only the last."""
    sources = [photo(tmp_path / "a.png"), photo(tmp_path / "b.png")]
    with pytest.raises(UsageError, match="expected a folder for 2 photos"):
        rtstyle.stylize_photos(sources, tmp_path / "out.png", style=invert_model)


def test_two_photos_of_one_name(tmp_path, invert_model):
    """One would replace the other."""
    (tmp_path / "sub").mkdir()
    sources = [photo(tmp_path / "a.png"), photo(tmp_path / "sub" / "a.png")]
    with pytest.raises(UsageError, match=r"a\.png: expected photos with different names"):
        rtstyle.stylize_photos(sources, tmp_path / "out", style=invert_model)
    assert not (tmp_path / "out").exists()


def test_a_name_that_is_too_long(tmp_path, invert_model):
    """As an output it is a sentence."""
    with pytest.raises(SinkError, match="File name too long"):
        rtstyle.stylize_photos(photo(tmp_path / "a.png"), tmp_path / f"{'long' * 75}.png", style=invert_model)


def test_existing_photos_are_untouched(tmp_path, invert_model):
    """Neither another file nor the photo itself is replaced."""
    source, there = photo(tmp_path / "a.png"), tmp_path / "there.png"
    there.write_bytes(b"precious")
    with pytest.raises(SinkError, match="exists already"):
        rtstyle.stylize_photos(source, there, style=invert_model)
    with pytest.raises(SinkError, match="is the input itself"):
        rtstyle.stylize_photos(source, tmp_path, style=invert_model, overwrite=True)
    assert there.read_bytes() == b"precious"


def test_a_photo_that_is_too_small_is_named(tmp_path, invert_model):
    """The error gives the file, what is needed and what there is."""
    with pytest.raises(SourceError, match=r"tiny\.png: expected at least 16×16 pixels, got 20×15"):
        rtstyle.stylize_photos(photo(tmp_path / "tiny.png", 15, 20), tmp_path / "out.png", style=invert_model)
