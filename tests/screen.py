"""A screen that nobody sees: Xvfb, with eyes (FFmpeg's x11grab) and hands (xdotool)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import cv2
import pytest

PROGRAMS = ("Xvfb", "xdotool", "openbox")
OPENBOX = """<?xml version="1.0"?>
<openbox_config xmlns="http://openbox.org/3.4/rc"><applications><application class="*">
<decor>no</decor><focus>yes</focus><position force="yes"><x>0</x><y>0</y></position>
</application></applications>
<keyboard><keybind key="A-F4"><action name="Close"/></keybind></keyboard></openbox_config>
"""  # every window without a frame, in the upper left corner, focused; Alt+F4 is its close button
PATIENCE_S = 120  # of a machine that does other things too


class Screen:
    """An X server of 1400×900; a program that is started on it has one window."""

    def __init__(self):
        for program in PROGRAMS:
            if shutil.which(program) is None:
                pytest.skip(f"no {program} on this machine; `make system` installs it where it may")
        read, write = os.pipe()
        command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp"]
        self.server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as pipe:
            self.name = f":{int(pipe.readline())}"

        # Without a window manager Qt now and then never paints its window, and nobody gives it focus or full screen.
        self._folder = tempfile.TemporaryDirectory()
        config = Path(self._folder.name) / "rc.xml"
        config.write_text(OPENBOX)
        environment = {**os.environ, "DISPLAY": self.name}
        command = ["openbox", "--sm-disable", "--config-file", config]
        self._manager = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)

    def close(self):
        self._manager.terminate()
        self._manager.wait()
        self._folder.cleanup()
        self.server.terminate()
        self.server.wait()

    def start(self, *arguments, **options):
        """Start ``rtstyle`` on it."""
        command = [sys.executable, "-m", "rtstyle", *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self._program = subprocess.Popen(command, env={**os.environ, "DISPLAY": self.name}, **pipes, **options)
        return self._program

    def window(self, process):
        """Wait for the window, and give its number."""

        def search():
            assert process.poll() is None, process.communicate()
            return self._xdotool("search", "--onlyvisible", "--name", "^rtstyle$").split()

        window = wait_for(search)[0]
        self._xdotool("windowfocus", "--sync", window)  # the manager's own focus may come later than the first key
        return window

    def size(self, window):
        """(width, height) of a window."""
        said = self._xdotool("getwindowgeometry", "--shell", window)
        fields = dict(line.split("=") for line in said.split())
        return int(fields["WIDTH"]), int(fields["HEIGHT"])

    def press(self, *keys):
        """Press keys, by their names in X, each once the one before has changed the picture or ended the program."""
        for key in keys:
            before = self._grab()
            self._xdotool("key", key)
            wait_for(lambda before=before: self._program.poll() is not None or differ(self._grab(), before))

    def drag(self, window, start, end):
        """Drag the mouse in the window."""
        self._xdotool("mousemove", "--window", window, *map(str, start), "mousedown", "1")
        time.sleep(0.2)
        self._xdotool("mousemove", "--window", window, *map(str, end))
        time.sleep(0.2)
        self._xdotool("mouseup", "1")

    def picture(self):
        """All that is on it, (900, 1400, 3) uint8 RGB, as long as the program runs."""
        assert self._program.poll() is None, self._program.communicate()
        return self._grab()

    def _grab(self):
        with av.open(self.name, format="x11grab", options={"video_size": "1400x900", "draw_mouse": "0"}) as container:
            return next(container.decode(video=0)).to_ndarray(format="rgb24")

    def _xdotool(self, *arguments):
        environment = {**os.environ, "DISPLAY": self.name}
        done = subprocess.run(["xdotool", *arguments], env=environment, capture_output=True, text=True, check=False)
        return done.stdout


def differ(picture, other):
    """By more than a clip's own noise."""
    return cv2.absdiff(picture, other).max() > 12


def wait_for(condition, seconds=PATIENCE_S):
    """What ``condition()`` gives as soon as that is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.05)
    raise TimeoutError(f"not within {seconds} s: {condition}")
