"""A screen, grabbed in a process of its own.

PyAV and OpenCV each bring X libraries of their own, and whichever comes second takes the process down when it uses them
(PyAV, issue 1050): the window has OpenCV's, so that PyAV's, which grab, need another process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from typing import IO, TYPE_CHECKING, cast

import av
import av.error

from rtstyle import own_process
from rtstyle.errors import SourceError, reason_of
from rtstyle.sources.stream import Stream

if TYPE_CHECKING:
    from rtstyle.frames import Image

_FAREWELL_S = 2.0


class Screen:
    """What FFmpeg's ``grabber`` sees at ``address``, as it comes. Raises SourceError when it cannot, and at its end."""

    def __init__(self, address: str, grabber: str, rate: Fraction, options: Mapping[str, str]) -> None:
        self.rate: Fraction | None = rate
        settings = json.dumps({"framerate": str(rate), **options})
        self._process = own_process.start(__name__, address, grabber, settings)  # ends when nobody reads any more
        try:
            self._stream = Stream("screen", film=self._process.stdout)
        except SourceError as error:
            raise self._failure(error) from error
        except BaseException:
            self._end()
            raise

    def read(self) -> Image:
        try:
            return self._stream.read()
        except SourceError as error:
            raise self._failure(error) from error

    def close(self) -> None:
        self._stream.close()
        self._end()

    def _failure(self, error: SourceError) -> SourceError:
        """What the other process has to say."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_FAREWELL_S)
        return SourceError(self._end() or str(error))

    def _end(self) -> str:
        self._process.terminate()
        try:
            _, said = self._process.communicate(timeout=_FAREWELL_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            _, said = self._process.communicate()
        return said.decode(errors="replace").strip()


def grab(address: str, grabber: str, options: Mapping[str, str], target: IO[bytes]) -> None:
    """Write every picture, as it is, to ``target`` as NUT. Raises FFmpeg's errors."""
    with av.open(address, format=grabber, options=dict(options)) as screen:
        film = av.open(target, "w", format="nut", options={"flush_packets": "1"})
        stream = film.add_stream_from_template(screen.streams.video[0])
        for packet in screen.demux(video=0):
            if packet.size:
                packet.stream = stream
                film.mux(packet)


def main() -> int:
    """``python -m rtstyle.sources.screen ADDRESS GRABBER OPTIONS``; the exit code."""
    address, grabber, options = sys.argv[1:]
    try:
        with open(1, "wb", buffering=0, closefd=False) as target:
            grab(address, grabber, json.loads(options), cast("IO[bytes]", target))
    except BrokenPipeError:  # nobody reads any more
        return 0
    except (av.error.FFmpegError, OSError) as error:
        asked = json.loads(options).get("video_size")
        question = f"; is it as large as {asked}?" if asked else ""
        sys.stderr.write(f"screen: {address} cannot be grabbed: {reason_of(error)}{question}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
