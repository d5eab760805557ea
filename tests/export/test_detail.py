"""The page's size follows the device as that of ``rtstyle live`` does: run in Chromium, without a network to paint."""

from pathlib import Path

import pytest

from tests.export.browser import chromium, playwright, served

PAGE = Path(__file__).parents[2] / "rtstyle" / "export" / "page"
PLAY = """async (phases) => {
    const { Detail } = await import("./detail.js");
    const detail = new Detail(), changes = [];
    let now = 0;
    for (const [ms, seconds, restarts] of phases) { // of a frame of 180 lines
        if (restarts) detail.restart();
        const begin = now, before = changes.length;
        while (now < begin + 1000 * seconds) {
            const took = ms * (detail.lines / 180) ** 2, lines = detail.lines;
            now += Math.max(took, 1000 / 30);
            detail.update(took, now);
            if (detail.lines !== lines) changes.push([Math.round(now - begin) / 1000, detail.lines]);
        }
    }
    return changes;
}"""


@pytest.fixture(scope="module")
def play():
    """The sizes for frames that take so many milliseconds at 180 lines, for so many seconds; (second, lines)."""
    with served(PAGE) as url, playwright() as player, chromium(player) as browser:
        page = browser.new_page()
        page.goto(f"{url}detail.js")
        yield lambda *phases: page.evaluate(PLAY, phases)


def test_a_moment_of_something_else_costs_ten_seconds(play):
    """However long it is too much even at the smallest size: ten seconds after the last change it grows again."""
    changes = play((10, 5, False), (200, 5, False), (10, 12, False))
    assert [lines for _, lines in changes] == [360, 180, 360]
    assert changes[-1][0] < 10


def test_a_lighter_style_grows_at_once(play):
    """What a heavy one was too much for says nothing of it."""
    changes = play((200, 60, False), (10, 2, True))
    assert [lines for _, lines in changes] == [180, 360]


def test_a_device_of_one_frame_a_second_is_relieved_within_seconds(play):
    """What is too much is so by the clock, not by a number of frames."""
    ((at, lines),) = play((600, 20, False))
    assert lines == 180
    assert at < 5
