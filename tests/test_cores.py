"""How many cores the codecs take for themselves."""

import os

import pytest

from rtstyle.cores import codec_threads, color_threads


@pytest.mark.parametrize(("cores", "codec", "color"), [(1, 1, 1), (2, 1, 1), (4, 0, 2)])
def test_on_few_cores_the_network_goes_first(cores, codec, color, monkeypatch):
    """One thread each on two cores or one; else what FFmpeg chooses, and two for colours."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(cores)), raising=False)
    assert (codec_threads(), color_threads()) == (codec, color)
