"""A picture that changes its shape in mid-film."""

from fractions import Fraction

import pytest

from tests.clips import make_clip
from tests.reading import frames_of, read


@pytest.mark.parametrize(
    ("size", "aspect", "told"),
    [((48, 64), Fraction(1), True), ((64, 48), Fraction(4, 3), True), ((130, 98), Fraction(1), False)],
)
def test_another_shape_is_said(tmp_path, caplog, size, aspect, told):
    """What is turned or made wide in mid-film is stretched to what it began with, and one line says from where."""
    first, then = make_clip(tmp_path / "a.ts", sound=False), make_clip(tmp_path / "b.ts", size=size, aspect=aspect)
    path = tmp_path / "in.ts"
    path.write_bytes(first.read_bytes() + then.read_bytes() + first.read_bytes())
    format, items = read(path)
    assert {frame.image.shape for frame in frames_of(items)} == {(format.height, format.width, 3)} == {(48, 64, 3)}
    told_of = [text for text in caplog.messages if "another shape" in text]
    assert len(told_of) == told
    assert all("in.ts: from 1.2" in text for text in told_of)
    assert all(text.endswith("; rtstyle transcode --start paints that part by itself") for text in told_of)
