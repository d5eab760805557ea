"""A real browser without a window, and the plain file server that people use: ``python -m http.server``."""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
from contextlib import contextmanager

import cv2
import numpy as np
import pytest

# Nothing of its own is asked from the network.
QUIET = (
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 60_000  # of a machine that does other things too


@contextmanager
def playwright():
    """What drives browsers."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        yield player


@contextmanager
def chromium(player, *flags):
    """A Chromium of the system's; skips where there is none."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no chromium on this machine; `make system` installs it where it may")
    sandbox = ("--no-sandbox",)  # as root, and in containers, Chromium does not start with it
    browser = player.chromium.launch(executable_path=program, args=[*QUIET, *sandbox, *flags])
    yield browser
    browser.close()


@contextmanager
def served(folder):
    """Serve a folder on loopback; gives its address."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        said = server.stdout.readline()  # Serving HTTP on 127.0.0.1 port 40123 (http://127.0.0.1:40123/) ...
        try:
            yield said.split("(")[1].split(")")[0]
        finally:
            server.terminate()


@contextmanager
def opened(browser, url, *, expected="", **options):
    """The page at ``url`` in a profile of its own; what it logs as errors, but the ``expected``, fails the test."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: said.type == "error" and errors.append(said.text))
    page.goto(url)
    yield page
    context.close()
    unexpected = [error for error in errors if not expected or expected not in error]
    assert not unexpected, unexpected


def wait_until_painted(page, text=""):
    """Wait for a painting; ``text``: what the meter says then, such as the size."""
    page.locator("#frame[data-state=shown] #meter", has_text=text).wait_for()


def saved(page):
    """(H, W, 3) uint8 RGB: the file that "Save the picture" gives."""
    with page.expect_download() as download:
        page.click("#save")
    return picture_in(download.value.path().read_bytes())


def on_canvas(page):
    """(H, W, 3) uint8 RGB: what is seen, without a file, for browsers refuse to save many in a row."""
    url = page.evaluate("document.getElementById('canvas').toDataURL()")
    return picture_in(base64.b64decode(url.partition(",")[2]))


def picture_in(png):
    """(H, W, 3) uint8 RGB of a PNG file."""
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def painted_by(page, url, frames, kind="wasm"):
    """What the page's own engine makes of ``frames``, (N, H, W, 3) uint8 RGB, with the network at ``url``."""
    script = """async ({ url, kind, shape, frames }) => {
        const { openEngine } = await import(new URL("engine.js", location.origin));
        const network = await (await openEngine({ url }, kind)).load(url);
        const painted = await network.run(Uint8Array.from(atob(frames), (c) => c.charCodeAt(0)), shape);
        let text = "";
        for (const value of painted) text += String.fromCharCode(value);
        return btoa(text);
    }"""
    given = {"url": url, "kind": kind, "shape": frames.shape, "frames": base64.b64encode(frames.tobytes()).decode()}
    return np.frombuffer(base64.b64decode(page.evaluate(script, given)), np.uint8).reshape(frames.shape)


def psnr_db(a, b):
    """Of two pictures of one shape."""
    return -10 * np.log10(np.mean((a.astype(float) - b) ** 2) / 255**2)
