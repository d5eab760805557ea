"""NVDEC without a GPU: the CPU decodes, and frames come as the chip would give them, but for those that it loses."""

from __future__ import annotations

from collections.abc import Collection
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from rtstyle.sources import decoding, streams, video_reader

if TYPE_CHECKING:
    import pytest

_LAYOUTS = {"yuv420p": "nv12", "yuv420p10le": "p010le"}


class FakeNvdec:
    """Decodes every video that is opened with it; ``lost``: which frames it does not, counted as they are shown."""

    def __init__(self, *, lost: Collection[int] = (), built_in: bool = True, takes: bool = True) -> None:
        self.lost = lost
        self.built_in = built_in
        self.takes = takes  # the pixel format, or else FFmpeg falls back to the CPU
        self.opened: list[Any] = []  # containers
        self.threads: list[int] = []

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("rtstyle.engines.nvidia.count_gpus", lambda: 1)
        monkeypatch.setattr(decoding, "open_input", self._open)
        for module in (decoding, video_reader):
            monkeypatch.setattr(module, "video_stream", self._video_stream)

    def _open(self, path: str, rate: Any = None, hwaccel: Any = None) -> Any:
        container = streams.open_input(path, rate)
        if hwaccel is not None:
            self.opened.append(container)
        return container

    def _video_stream(self, container: Any, path: str) -> Any:
        stream = streams.video_stream(container, path)
        return FakeStream(self, stream) if container in self.opened else stream


class FakeStream:
    """A stream of PyAV's, but for its decoder."""

    def __init__(self, chip: FakeNvdec, stream: Any) -> None:
        self._chip, self._stream, self._shown = chip, stream, 0
        self.codec_context = SimpleNamespace(
            name=stream.codec_context.name,
            is_hwaccel=chip.built_in,
            pix_fmt="cuda" if chip.takes else "yuv420p",
            sample_aspect_ratio=stream.codec_context.sample_aspect_ratio,
            thread_count=0,
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def decode(self, packet: Any) -> list[Any]:
        self._chip.threads.append(self.codec_context.thread_count)
        given = []
        for frame in self._stream.decode(packet):
            if self._shown not in self._chip.lost:
                layout = _LAYOUTS[frame.format.name] if self._chip.takes else frame.format.name
                given.append(frame.reformat(format=layout))
            self._shown += 1
        return given
