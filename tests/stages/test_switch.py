"""Styles change while frames go on."""

import threading
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from rtstyle.errors import ModelError
from rtstyle.frames import Batch
from rtstyle.stages.notice import Notice
from rtstyle.stages.switch import Switch
from tests.ending import stopwatch
from tests.screen import wait_for


class Painter:
    """All of one grey."""

    def __init__(self, level):
        self.level, self.closed, self.resets = level, False, 0

    def __call__(self, batch, /):
        assert not self.closed
        return replace(batch, images=np.full_like(batch.images, self.level))

    def reset(self):
        self.resets += 1

    def close(self):
        assert not self.closed, "closed twice"
        self.closed = True


@pytest.fixture
def switches():
    """Makes switches, and closes them."""
    made = []

    def make(build, **options):
        made.append(Switch(build, **options))
        return made[-1]

    yield make
    for switch in made:
        switch.close()


def level(switch, time_=Fraction(0)):
    """What a black frame becomes."""
    content = np.zeros((1, 16, 16, 3), np.uint8)
    return int(switch(Batch(content, content, [time_])).images[0, 0, 0, 0])


def test_what_a_runtime_throws_is_said_and_another_style_may_follow(switches, caplog):
    """It is no error of ours, and does not end the thread that builds."""

    def build(wish):
        if wish == 20:
            raise RuntimeError("out of handles")
        return Painter(wish)

    switch = switches(build, fade_s=Fraction(0))
    for wish, seen in (
        (10, lambda: level(switch) == 10),
        (20, lambda: caplog.records),
        (30, lambda: level(switch) == 30),
    ):
        switch.want(wish)
        wait_for(seen)
    assert [record.message for record in caplog.records] == ["RuntimeError: out of handles"]


def test_frames_pass_until_the_first_is_ready_and_never_wait(switches):
    """However long a painter takes to build, frames go on as they are, then in the old style."""
    built, may = [], {10: threading.Event(), 20: threading.Event()}

    def build(wish):
        may[wish].wait(5)
        built.append(wish)
        return Painter(wish)

    switch = switches(build)
    switch.want(10)
    assert level(switch) == 0
    may[10].set()
    wait_for(lambda: level(switch) == 10)
    switch.want(20)
    assert switch.busy
    with stopwatch() as watch:
        for _ in range(20):
            assert level(switch) == 10
    assert watch.seconds < 1
    may[20].set()
    wait_for(lambda: level(switch, Fraction(10)) > 10 or switch.current == 20)


def test_the_change_is_a_fade_of_half_a_second(switches):
    """By the frames' own times; without ``fade`` it is at once."""
    switch = switches(Painter)
    switch.want(0)
    wait_for(lambda: level(switch) == 0 and switch.current == 0)
    switch.want(200)
    wait_for(lambda: level(switch, Fraction(1)) == 0 and switch.current == 200)
    assert [level(switch, 1 + Fraction(n, 8)) for n in range(6)] == [0, 50, 100, 150, 200, 200]
    assert not switch.busy
    switch.want(100, fade=False)
    wait_for(lambda: level(switch, Fraction(2)) == 100)


def test_only_the_latest_wish_counts(switches):
    """Who presses a key ten times does not wait for ten styles."""
    gate, built = threading.Event(), []

    def build(wish):
        built.append(wish)
        gate.wait(5)
        return Painter(wish)

    switch = switches(build)
    for wish in range(1, 11):
        switch.want(wish, fade=False)
        wait_for(lambda: built)
    gate.set()
    wait_for(lambda: level(switch) == 10)
    assert built == [1, 10]


def test_going_back_costs_nothing_and_memory_is_bounded(switches):
    """The last few painters stay ready; older ones are closed."""
    made = []

    def build(wish):
        made.append(Painter(wish))
        return made[-1]

    switch = switches(build)
    for wish in (1, 2, 1, 2, 3, 4, 5, 6, 7):
        switch.want(wish, fade=False)
        wait_for(lambda wish=wish: level(switch) == wish)
    assert [painter.level for painter in made] == [1, 2, 3, 4, 5, 6, 7]
    assert sum(not painter.closed for painter in made) == 4
    switch.close()
    assert all(painter.closed for painter in made)


def test_a_wish_repeated_while_it_waits_is_built_once(switches):
    """As by a key pressed twice during a fade: nothing is built that nobody closes."""
    made = []

    def build(wish):
        made.append(Painter(wish))
        return made[-1]

    switch = switches(build)
    for fade in (True, False):
        switch.want(200, fade=fade)
        switch.wait()
        wait_for(lambda: switch._wish is None)
    assert level(switch) == 200  # at once, as was wished last
    switch.close()
    assert [painter.closed for painter in made] == [True]


def test_a_style_that_cannot_be_had(switches, caplog):
    """The first is an error; a later one a warning, and the old style goes on."""

    def build(wish):
        if wish == 13:
            raise ModelError("13: no such style")
        return Painter(wish)

    switch = switches(build)
    switch.want(5)
    wait_for(lambda: level(switch) == 5)
    switch.want(13)
    wait_for(lambda: "13: no such style" in caplog.text)
    assert level(switch) == 5
    first = switches(build)
    first.want(13)
    with pytest.raises(ModelError, match="13: no such style"):
        first.wait()
    with pytest.raises(ModelError, match="13: no such style"):
        level(first)


def test_a_notice_is_in_the_picture_only_while_there_is_one():
    """And never in the array of the stage before."""
    text = "reconnecting"
    notice = Notice(lambda: text)
    images = np.full((1, 90, 160, 3), 200, np.uint8)
    out = notice(Batch(images, images, [0])).images
    assert (out != images).any()
    assert (images == 200).all()
    text = ""
    assert notice(Batch(images, images, [0])).images is images
