import pytest

from rtstyle.times import spoken_time


@pytest.mark.parametrize(
    ("seconds", "spoken"),
    [
        (0, "0 s"),
        (40.4, "40 s"),
        (89.9, "90 s"),
        (90, "2 min"),
        (3569, "59 min"),
        (3570, "1 h 00 min"),
        (9000, "2 h 30 min"),
    ],
)
def test_time_left_is_told_in_the_largest_unit_that_fits(seconds, spoken):
    """Seconds up to a minute and a half, then whole minutes, and from an hour on both."""
    assert spoken_time(seconds) == spoken
