"""The channel between two threads."""

import threading
import time

import pytest

from rtstyle.channel import Cancelled, Channel
from tests.screen import PATIENCE_S, wait_for


def test_items_come_out_in_order_and_then_it_ends():
    """What was put in comes out, once and in order, before the end is told."""
    channel = Channel(3)
    for item in "abc":
        channel.put(item)
    channel.close()
    assert list(channel) == ["a", "b", "c"]


def test_the_error_comes_after_the_items():
    """The producer's exception is raised at the consumer, and nothing that came before it is lost."""
    channel = Channel(3)
    with channel.feeding():
        channel.put(1)
        raise OSError("broke")
    assert next(channel) == 1
    with pytest.raises(OSError, match="broke"):
        next(channel)


def test_a_full_channel_waits():
    """No more than its capacity is ever inside."""
    channel = Channel(2)
    passed = []

    def produce():
        with channel.feeding():
            for number in range(20):
                channel.put(number)
                passed.append(number)

    thread = threading.Thread(target=produce)
    thread.start()
    wait_for(lambda: len(passed) == 2)
    time.sleep(0.05)  # in which a third could slip in
    assert passed == [0, 1]
    assert list(channel) == list(range(20))
    thread.join()


def test_a_consumer_that_leaves_wakes_the_producer(monkeypatch):
    """Cancelling ends a waiting producer, which need not wake up by itself for that."""
    monkeypatch.setattr("rtstyle.channel._WAKE_S", None)
    channel = Channel(1)
    outcome = []

    def produce():
        try:
            channel.put(1)
            channel.put(2)
        except Cancelled:
            outcome.append("cancelled")

    thread = threading.Thread(target=produce)
    thread.start()
    time.sleep(0.05)
    channel.cancel()
    thread.join(PATIENCE_S)
    assert outcome == ["cancelled"]


def test_the_latest_wins_but_only_among_what_may_be_dropped():
    """A full live channel lets its oldest frame go, and never a packet."""
    channel = Channel(3, droppable=lambda item: isinstance(item, int))
    for item in ("sound", 1, 2, 3, 4):
        channel.put(item)
    channel.close()
    assert list(channel) == ["sound", 3, 4]
    assert channel.dropped == 2
