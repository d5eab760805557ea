import pytest

from rtstyle.errors import UsageError
from rtstyle.sizes import parse_size


def test_a_size_is_width_by_height():
    """With the letter, or the sign that we print ourselves."""
    assert parse_size("1280x720") == parse_size("1280×720") == (1280, 720)


@pytest.mark.parametrize("text", ["", "720", "x720", "-1x2", "1280x720x1", f"{'9' * 5000}x1"])
def test_what_is_no_size_is_refused(text):
    """In a sentence with an example."""
    with pytest.raises(UsageError, match="expected a size such as 1280x720"):
        parse_size(text)
