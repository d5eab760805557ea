"""Which way up a photo hangs."""

import struct

import cv2
import numpy as np
import pytest

import rtstyle
from rtstyle.sinks.photo_extras import read_extras
from rtstyle.sources.photo_folder import read_photo
from rtstyle.upright import UPRIGHT, orientation_of_avif, set_upright, turned
from tests.tagged import exif

MIRRORED = {5, 7}  # along a diagonal: turn, mirror and transparency are more boxes than OpenCV 5.0 has room for


def avif(orientation):
    """Boxes as libavif writes them for an EXIF orientation, of which EXIF itself then says nothing; red is top left."""
    image = np.zeros((40, 64, 4), np.uint8)
    image[..., 3] = 255
    image[:20, :32] = (0, 0, 255, 99)
    image = image[..., :3] if orientation in MIRRORED else image
    kinds, blocks = [cv2.IMAGE_METADATA_EXIF], [np.frombuffer(exif(orientation), np.uint8)]
    done, data = cv2.imencodeWithMetadata(".avif", image, kinds, blocks)
    assert done
    assert exif(orientation) in data.tobytes()
    return data.tobytes().replace(exif(orientation), exif(UPRIGHT))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_avif_is_turned_as_its_boxes_say(tmp_path, orientation):
    """ISO/IEC 23008-12's turn and mirror, as libavif writes them, are EXIF's orientation; transparency goes along."""
    path = tmp_path / "a.avif"
    path.write_bytes(avif(orientation))
    red = np.zeros((40, 64), np.uint8)
    red[:20, :32] = 1
    seen = turned(red, orientation)
    assert np.count_nonzero((read_photo(path)[..., 0] > 128) != seen) <= 100
    if orientation not in MIRRORED:
        assert np.count_nonzero((read_extras(path).alpha < 180) != seen) <= 100


@pytest.mark.parametrize("cut", [0, 8, 40, 200, 300])
def test_boxes_that_are_cut_off(cut):
    """They turn nothing."""
    assert orientation_of_avif(avif(6)[:cut]) is None


def test_boxes_of_any_order_and_width():
    """A picture names its turns in their order, in wide numbers or narrow ones, and may not be the first item."""

    def box(kind, *parts):
        payload = b"".join(parts)
        return struct.pack(">I4s", 8 + len(payload), kind) + payload

    mirror, turn = box(b"imir", b"\1"), box(b"irot", b"\1")
    named = (
        struct.pack(">II", 0x01000001, 2) + struct.pack(">IBH", 1, 1, 2) + struct.pack(">IBHH", 7, 2, 0x8002, 0x8001)
    )
    properties = box(b"iprp", box(b"ipco", mirror, turn), box(b"ipma", named))
    meta = box(b"meta", bytes(4), box(b"pitm", b"\1\0\0\0", struct.pack(">I", 7)), properties)
    # A quarter to the left, and then left to right: what lies at the top right comes to the top left, and so on.
    assert orientation_of_avif(box(b"ftyp", b"avif") + meta) == 7


def test_a_painting_of_an_avif_is_upright(tmp_path, invert_model):
    """And its EXIF says so."""
    (tmp_path / "a.avif").write_bytes(avif(6))
    rtstyle.stylize_photos(tmp_path / "a.avif", tmp_path / "out.jpg", style=invert_model)
    assert read_photo(tmp_path / "out.jpg").shape == (64, 40, 3)
    assert set_upright(read_extras(tmp_path / "out.jpg").exif)[0] == UPRIGHT
