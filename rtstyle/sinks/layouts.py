"""Which channels a sound track has, and what an encoder may be offered in their place."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

from av.audio.layout import AudioLayout

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext

_BESIDE_OR_BEHIND = (("quad", "quad(side)"), ("5.0", "5.0(side)"), ("5.1", "5.1(side)"), ("6.1(back)", "6.1"))
_SAME = {name: other for pair in _BESIDE_OR_BEHIND for name, other in (pair, pair[::-1])}
_MIXES = ("7.1", "6.1", "5.1", "5.0", "quad", "3.0", "stereo", "mono")


def layout_of(context: AudioCodecContext) -> AudioLayout:
    """Which channel is which."""
    layout = context.layout
    if has_own_order(layout):  # PyAV 18 shares the names of the channels, and would free them with it and with context
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(layout))
    return layout


def has_own_order(layout: AudioLayout) -> bool:
    """Whether the channels are in another order than FFmpeg's, as in one of QuickTime's 7.1; PyAV 18 decodes none."""
    return " channels (" in layout.name


def usual_layout(context: AudioCodecContext) -> AudioLayout:
    """Which channel is which; where only their number is known, what that number usually means."""
    layout = layout_of(context)
    usual = {1: "mono", 2: "stereo", 3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
    unknown = layout.name.endswith("channels") and layout.nb_channels in usual
    return AudioLayout(usual[layout.nb_channels]) if unknown else layout


def same_layouts(context: AudioCodecContext) -> list[str]:
    """The names of what sounds the same: AC-3 has the rear speakers at the sides, most others behind."""
    name = usual_layout(context).name
    return [name, _SAME[name]] if name in _SAME else [name]


def mixes(context: AudioCodecContext) -> list[str]:
    """The names of what the sound can be mixed to, without more channels than it has, the most first."""
    return [name for name in _MIXES if AudioLayout(name).nb_channels <= context.layout.nb_channels]
