"""What a painting keeps of its photo."""

import struct

import cv2
import numpy as np
import pytest

import rtstyle
from rtstyle.sinks.photo_extras import Extras, encode, read_extras
from rtstyle.sources.photo_folder import read_photo
from rtstyle.upright import set_upright
from tests.tagged import exif, icc, save


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_exif_and_profile_are_kept(tmp_path, invert_model, suffix):
    """Byte for byte, but that the picture now stands upright."""
    photo = save(tmp_path / f"a{suffix}", np.full((20, 40, 3), 200, np.uint8), orientation=6)
    target = tmp_path / f"out{suffix}"
    rtstyle.stylize_photos(photo, target, style=invert_model)
    kept = read_extras(target)
    assert set_upright(kept.exif)[0] == 1
    assert kept.exif.removeprefix(b"Exif\0\0") == exif(1)
    assert kept.icc == icc()
    assert read_photo(target).shape == (40, 20, 3)  # not turned twice


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".png", ".webp"])
def test_a_large_profile_is_kept(tmp_path, invert_model, suffix):
    """In a JPEG in several pieces, beside its EXIF."""
    large = (150_000).to_bytes(4) + icc()[4:].ljust(149_996, b"\1")
    kinds, blocks = [cv2.IMAGE_METADATA_EXIF, cv2.IMAGE_METADATA_ICCP], [exif(1), large]
    image, arrays = np.full((20, 40, 3), 200, np.uint8), [np.frombuffer(block, np.uint8) for block in blocks]
    (tmp_path / "a.png").write_bytes(cv2.imencodeWithMetadata(".png", image, kinds, arrays)[1].tobytes())
    target = tmp_path / f"out{suffix}"
    rtstyle.stylize_photos(tmp_path / "a.png", target, style=invert_model)
    kept = read_extras(target)
    assert (kept.exif.removeprefix(b"Exif\0\0"), kept.icc) == (exif(1), large)


def test_exif_that_no_jpeg_holds(tmp_path, caplog):
    """One line says so, and the profile is kept."""
    extras = Extras(exif=b"II*\0" + bytes(65_524), icc=icc())
    done, data = encode(np.zeros((20, 20, 3), np.uint8), ".jpg", extras, [])
    assert done
    (tmp_path / "a.jpg").write_bytes(data.tobytes())
    assert (read_extras(tmp_path / "a.jpg").exif, read_extras(tmp_path / "a.jpg").icc) == (b"", icc())
    assert caplog.messages == ["EXIF is left out: JPEG holds 65527 bytes of it, and these are 65528; use .png"]


@pytest.mark.parametrize("space", ["GRAY", "CMYK"])
def test_a_profile_for_other_colours_is_left_out(tmp_path, invert_model, caplog, space):
    """The painting is RGB, and one line says that the profile is not."""
    grey = icc()[:16] + space.encode() + icc()[20:]
    done, data = cv2.imencodeWithMetadata(
        ".jpg", np.full((20, 20), 128, np.uint8), [cv2.IMAGE_METADATA_ICCP], [np.frombuffer(grey, np.uint8)]
    )
    assert done
    (tmp_path / "a.jpg").write_bytes(data.tobytes())
    rtstyle.stylize_photos(tmp_path / "a.jpg", tmp_path / "out.jpg", style=invert_model)
    assert read_extras(tmp_path / "out.jpg").icc == b""
    line = f"{tmp_path / 'a.jpg'}: its colour profile is for {space} and is left out: the painting is RGB"
    assert caplog.messages == [line]


def test_an_avif_keeps_its_profile(tmp_path, invert_model):
    """OpenCV does not give it."""
    rtstyle.stylize_photos(
        save(tmp_path / "a.avif", np.full((20, 40, 3), 200, np.uint8)), tmp_path / "out.png", style=invert_model
    )
    assert read_extras(tmp_path / "out.png").icc == icc()


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiff_keeps_its_profile_and_tells_of_exif(tmp_path, invert_model, caplog, order):
    """Its EXIF lies scattered in the file, and one line says that it is left out."""
    pixels, path = bytes(20 * 20 * 3), tmp_path / "a.tif"
    start, entries = 8 + len(pixels), []
    for tag, kind, count, value in (
        *((256, 4, 1, 20), (257, 4, 1, 20), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 1, 8)),
        *((277, 3, 1, 3), (278, 4, 1, 20), (279, 4, 1, len(pixels)), (34665, 4, 1, start + 150)),
        (34675, 7, len(icc()), start + 156),
    ):
        packed = struct.pack(f"{order}HH", value, 0) if kind == 3 else struct.pack(f"{order}I", value)
        entries.append(struct.pack(f"{order}HHI", tag, kind, count) + packed)
    folder = struct.pack(f"{order}H", len(entries)) + b"".join(entries) + bytes(4)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", start)
    path.write_bytes(head + pixels + folder.ljust(156, b"\0") + icc())
    rtstyle.stylize_photos(path, tmp_path / "out.png", style=invert_model)
    assert read_extras(tmp_path / "out.png").icc == icc()
    assert caplog.messages == [f"{path}: EXIF is left out: it is not read from TIFF; a .jpg or .png keeps it"]


@pytest.mark.parametrize("suffix", [".png", ".webp"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_transparency_is_kept_and_turned_with_the_picture(tmp_path, invert_model, suffix, orientation):
    """The transparent corner is where the picture's own red corner is."""
    image = np.zeros((40, 64, 4), np.uint8)
    image[..., 3] = 255
    image[:16, :16] = (0, 0, 255, 99)
    photo = save(tmp_path / f"a{suffix}", image, orientation)
    target = tmp_path / "out.png"
    rtstyle.stylize_photos(photo, target, style=invert_model)
    painted = cv2.imread(str(target), cv2.IMREAD_UNCHANGED)
    red = read_photo(photo)[..., 0] > 128
    assert painted.shape == (*red.shape, 4)
    assert np.count_nonzero((painted[..., 3] == 99) != red) <= 40 * (suffix == ".webp")


def test_jpeg_has_no_transparency(tmp_path, invert_model, caplog):
    """The colours are painted all the same, and one line says what is left out."""
    photo = save(tmp_path / "a.png", np.full((20, 20, 4), 128, np.uint8))
    rtstyle.stylize_photos(photo, tmp_path / "out.jpg", style=invert_model)
    assert cv2.imread(str(tmp_path / "out.jpg"), cv2.IMREAD_UNCHANGED).shape == (20, 20, 3)
    said = [record.message for record in caplog.records]
    assert said == [f"{tmp_path / 'out.jpg'}: transparency is left out: JPEG has none; .png and .webp keep it"]


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_only_the_first_picture_of_an_animation_is_painted(tmp_path, invert_model, caplog, suffix):
    """One line says so, and what paints all."""
    photo, made = tmp_path / f"in{suffix}", cv2.Animation()
    made.frames, made.durations = [np.full((48, 64, 3), 40 * n, np.uint8) for n in range(3)], [40, 40, 40]
    assert cv2.imwriteanimation(str(photo), made)
    rtstyle.stylize_photos(photo, tmp_path / "out.png", style=invert_model)
    said = [record.message for record in caplog.records]
    assert said == [f"{photo}: holds 3 pictures, and only the first is painted; rtstyle transcode paints all"]


def test_only_the_first_page_is_painted(tmp_path, invert_model, caplog):
    """Pages are no film."""
    photo = tmp_path / "in.tif"
    assert cv2.imwritemulti(str(photo), [np.full((48, 64, 3), 40 * n, np.uint8) for n in range(3)])
    rtstyle.stylize_photos(photo, tmp_path / "out.png", style=invert_model)
    assert [record.message for record in caplog.records] == [
        f"{photo}: holds 3 pictures, and only the first is painted"
    ]


@pytest.mark.parametrize("block", [b"", b"II*\0\x08", b"nonsense" * 5, exif(6)[:20]])
def test_damaged_exif_is_no_obstacle(block):
    """It counts as upright."""
    assert set_upright(block)[0] == 1


def test_exif_that_is_cut_off_behind_its_orientation():
    """It still tells how the picture lies, and is not kept."""
    block = exif(6)
    third_entry_missing = block[:8] + struct.pack("<H", 3) + block[10:]
    assert set_upright(third_entry_missing) == (6, b"")


def test_exif_of_either_byte_order():
    """Motorola's as well as Intel's."""
    assert set_upright(exif(8, ">")) == (8, exif(1, ">"))
    assert set_upright(b"Exif\0\0" + exif(3)) == (3, b"Exif\0\0" + exif(1))


@pytest.mark.parametrize("orientation", [6, None])
def test_the_thumbnail_is_not_kept(tmp_path, invert_model, orientation):
    """It shows the photo unpainted, and file managers would show that, turned the wrong way in addition."""
    block = exif(orientation or 1)
    if orientation is None:  # a camera that knows no orientation
        block = block.replace(struct.pack("<HH", 0x0112, 3), struct.pack("<HH", 0x0128, 3))
    thumbnail = struct.pack("<HHHIIHHIII", 2, 0x0201, 4, 1, len(block) + 30, 0x0202, 4, 1, 9, 0) + b"thumbnail"
    block = block[:-4] + struct.pack("<I", len(block)) + thumbnail
    image = np.full((20, 40, 3), 200, np.uint8)
    done, data = cv2.imencodeWithMetadata(".jpg", image, [cv2.IMAGE_METADATA_EXIF], [np.frombuffer(block, np.uint8)])
    assert done
    (tmp_path / "a.jpg").write_bytes(data.tobytes())
    assert _directories(tmp_path / "a.jpg") == 2
    rtstyle.stylize_photos(tmp_path / "a.jpg", tmp_path / "out.jpg", style=invert_model)
    assert _directories(tmp_path / "out.jpg") == 1


def _directories(photo):
    """How many a photo's EXIF block has; the second is the thumbnail's."""
    data = photo.read_bytes()
    block = data[data.index(b"Exif\0\0") + 6 :]
    count = struct.unpack_from("<H", block, 8)[0]
    return 1 + bool(struct.unpack_from("<I", block, 10 + 12 * count)[0])
