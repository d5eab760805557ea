"""What libraries raise, in one line."""

import pytest

from rtstyle.errors import first_line, last_line


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("no such node\n  at graph.cpp:12\n", "no such node", "at graph.cpp:12"),
        ("\n  one line ", "one line", "one line"),
        ("", "RuntimeError", "RuntimeError"),
    ],
)
def test_there_is_always_a_line(words, first, last):
    """Without line breaks, and the class where there are no words."""
    assert (first_line(RuntimeError(words)), last_line(RuntimeError(words))) == (first, last)
