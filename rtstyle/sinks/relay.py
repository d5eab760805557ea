"""Passes a film from stdin on to an address, in a process of its own.

PyAV connects while holding Python's lock and has no timeout there: a server that accepts and then stays silent would
hang the whole program for ever. Here it hangs only this process, which is ended after ten seconds.
"""

from __future__ import annotations

import faulthandler
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import av
import av.error

from rtstyle import own_process
from rtstyle.errors import SinkError, reason_of

SILENCE_S = 10  # of a server, after which this process ends
_AT_ONCE = {"analyzeduration": "0", "probesize": "32"}  # all there is to know is in the header


def start(address: str, muxer: str, options: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
    """Give the process, started, and what takes the film, as NUT. It ends with that, or with a sentence on stderr.

    When it has had the first frame and is connected, it writes a line on stdout.
    """
    settings = address, muxer, json.dumps(options), str(SILENCE_S)
    process = own_process.start(__name__, *settings, stdin=subprocess.PIPE, buffer=0)
    return process, cast("IO[bytes]", process.stdin)


def relay(source: IO[bytes], address: str, muxer: str, options: Mapping[str, str], *, silence_s: int) -> None:
    """Copy packets until there are no more. Raises SinkError."""
    with av.open(source, "r", format="nut", options=_AT_ONCE) as film:
        with _limited(silence_s, f"{address}: cannot be opened"):
            target = av.open(address, "w", format=muxer, options=dict(options))
            stream = target.add_stream_from_template(film.streams.video[0])
            target.start_encoding()
        sys.stdout.write("connected\n")
        sys.stdout.flush()
        for packet in film.demux(video=0):
            if packet.pts is not None:
                packet.dts = packet.pts  # the encoder holds nothing back, and the first would have none
                packet.stream = stream
                with _limited(silence_s, f"{address}: breaks off"):
                    target.mux(packet)
        with _limited(silence_s, f"{address}: breaks off"):
            target.close()


@contextmanager
def _limited(silence_s: int, failure: str) -> Iterator[None]:
    """End this process if the block does not."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        # A watchdog that needs no Python, and that Windows has as well; a signal's alarm it has not.
        faulthandler.dump_traceback_later(silence_s, file=nowhere, exit=True)
        try:
            yield
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise SinkError(f"{failure}: {reason_of(error)}") from error
        finally:
            faulthandler.cancel_dump_traceback_later()


def main() -> int:
    """``python -m rtstyle.sinks.relay ADDRESS MUXER OPTIONS SECONDS``; the exit code."""
    address, muxer, options, silence_s = sys.argv[1:]
    try:
        with open(0, "rb", buffering=0, closefd=False) as film:  # a buffer would wait until it is full
            relay(film, address, muxer, json.loads(options), silence_s=int(silence_s))
    except SinkError as error:
        sys.stderr.write(str(error))
        return 1
    except (av.error.FFmpegError, OSError):  # whoever sends is gone in the middle of it
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
