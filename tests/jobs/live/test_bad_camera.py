"""A camera that does everything wrong, from its driver to the recording."""

import threading
import time

import av
import cv2
import numpy as np
import pytest

from rtstyle.jobs.live.look import Look
from rtstyle.jobs.live.show import Show
from rtstyle.sinks.recorder import Recorder
from rtstyle.sources import live_source
from rtstyle.sources.camera import Camera
from rtstyle.sources.live_source import LiveSource
from rtstyle.styles import find_style

HEIGHT, WIDTH = 121, 161  # odd, both


class Driver:
    """What OpenCV would give: colour, grey, garbage, another size, silence; and then it is unplugged."""

    def __init__(self):
        self.opened, self.count, self.plugged_in = 0, 0, True
        self.answer, self.shown = threading.Event(), threading.Event()

    def __call__(self, _address):
        self.opened, self.count = self.opened + 1, 0
        return self

    def isOpened(self):  # noqa: N802 - OpenCV's name
        return self.plugged_in

    def get(self, _property):
        return 30.0

    def set(self, _property, _value):
        return False  # it will not be told

    def release(self):
        pass

    def read(self):
        time.sleep(1 / 30)
        self.shown.wait(1)  # one picture after the other, as long as there are pictures
        self.shown.clear()
        self.count += 1
        if self.opened > 2:  # the third time it has no faults any more
            return True, even(200)
        part, number = divmod(self.count, 12)
        if part == 1:
            return True, np.full((HEIGHT, WIDTH), 60, np.uint8)
        if part == 2:  # damaged MJPEG: OpenCV says no, gives nothing, or fails
            if number % 3 == 0:
                raise cv2.error("imdecode: damaged")
            return number % 3 == 1, None
        if part == 3:
            return True, even(100, (60, 200))
        if part == 4 and self.opened == 1:
            self.answer.wait(20)
        return part < 5, even(30)


def even(level, size=(HEIGHT, WIDTH)):
    return np.full((*size, 3), level, np.uint8)


def test_every_fault_one_after_the_other(tmp_path, invert_model, monkeypatch, caplog):
    """The picture goes on through all of them, at the first size, and says so while the camera is away."""
    monkeypatch.setattr(live_source, "_BACK_OFF_S", (0.2,))
    driver, path = Driver(), tmp_path / "a.mp4"
    source = LiveSource(lambda: Camera(0, capture=driver), name="camera 0", timeout_s=3)
    show = Show(source, [find_style(invert_model)], Look(brushwork=0), size=None, device="cpu", seconds=None)
    show.outputs.attach("recording", Recorder(path), queue=60, patience_s=10)
    written = []

    def progress(now):
        written.append(now.frames)
        driver.shown.set()
        if driver.opened == 3 and driver.count > 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        show.run(progress)
    driver.answer.set()
    assert [record.message for record in caplog.records] == [
        "camera 0: no more pictures; reconnecting",
        "camera 0: is back",
    ] * 2
    with av.open(path) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(pictures) > 0.8 * len(written)
    assert {picture.shape for picture in pictures} == {(HEIGHT - 1, WIDTH - 1, 3)}  # H.264 wants even sizes
    middles = np.array([int(picture[30, 20, 1]) for picture in pictures])  # beside the word in the middle
    for level in (30, 60, 200):  # painted, which is inverted: colour, grey, and the camera that is back
        assert (np.abs(middles - (255 - level)) < 12).any(), level
    bars = [picture for picture in pictures if picture[5, 80, 0] > 240 and abs(int(picture[60, 80, 0]) - 155) < 12]
    assert bars, "the other size was not fitted in"
