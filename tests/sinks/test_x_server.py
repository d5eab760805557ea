"""Whether an X server would let us in."""

import os
import select
import shutil
import subprocess
import sys
from struct import pack

import pytest

from rtstyle.sinks.x_server import greet
from tests.screen import PATIENCE_S

COOKIE = bytes(range(16))


def authority(display, cookie=COOKIE):
    """A file of keys with one for the display, as xauth writes it."""
    fields = (b"localhost", str(display).encode(), b"MIT-MAGIC-COOKIE-1", cookie)
    return pack(">H", 256) + b"".join(pack(">H", len(field)) + field for field in fields)


@pytest.fixture
def locked(tmp_path):
    """The number of a display of 1000×700 for which one needs ``COOKIE``."""
    if shutil.which("Xvfb") is None:
        pytest.skip("no Xvfb on this machine; `make system` installs it where it may")
    (tmp_path / "server").write_bytes(authority(""))
    read, write = os.pipe()
    # Without -noreset it begins anew after each client, and resets a connection meanwhile.
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1000x700x24", "-nolisten", "tcp", "-noreset"]
    command += ["-auth", tmp_path / "server"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as pipe:
        if not select.select([pipe], [], [], 30)[0]:
            server.kill()  # it neither starts nor ends
        yield int(pipe.readline())
    server.terminate()
    server.wait()


def test_only_with_its_key(locked, tmp_path, monkeypatch):
    """The one of its own number; not another display's, nor a wrong one, nor none. It tells how large its screen is."""
    keys = tmp_path / "keys"
    monkeypatch.setenv("XAUTHORITY", str(keys))
    for refused in (None, authority(locked + 1), authority(locked, bytes(16))):
        if refused:
            keys.write_bytes(refused)
        with pytest.raises(PermissionError):
            greet("", locked)
    for accepted in (authority(locked + 1) + authority(locked), authority("")):
        keys.write_bytes(accepted)
        assert greet("", locked) == (1000, 700)
    with pytest.raises(OSError, match=r"No such file|refused"):
        greet("", 4321)


def test_refused_is_one_sentence(locked, invert_model, tmp_path):
    """Before a camera is switched on; Qt would end the process."""
    command = [sys.executable, "-m", "rtstyle", "live", "test", "--style", invert_model]
    environment = {**os.environ, "DISPLAY": f":{locked}", "XAUTHORITY": str(tmp_path / "none")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"rtstyle: no window: the display :{locked} refuses this user;")
    assert len(done.stderr.splitlines()) == 1
