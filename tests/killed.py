"""What a process does that is to be killed in the middle of it."""

import time

import onnx  # noqa: F401 - loaded once, in the server that the processes are forked from
import openvino  # noqa: F401 - as onnx

from rtstyle.jobs.film.options import FilmOptions
from rtstyle.jobs.film.transcode import transcode
from rtstyle.stylizer import Stylizer

MOST = 15  # frames


def paint_slowly(source, target, style, log, segment):
    """Go on painting, 50 frames a second and ``MOST`` at most, with a byte in ``log`` for every one that is painted."""
    paint = Stylizer.__call__
    with log.open("ab", buffering=0) as painted:

        def counted(self, batch):
            painted.write(b"x" * len(batch))
            return paint(self, batch)

        def wait(_):
            written.append(None)
            time.sleep(0.02 if len(written) < MOST else 60)

        Stylizer.__call__, written = counted, []
        options = FilmOptions(resume=True, segment=segment)
        transcode(source, target, style=style, options=options, progress=wait)
