"""The folder beside an output in which a film grows: segments, and a manifest that says what they are."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from hashlib import sha256
from itertools import takewhile
from pathlib import Path
from typing import Any

from rtstyle.errors import SinkError
from rtstyle.fingerprint import begins_as, fingerprint
from rtstyle.output_file import OutputFile, unwritable
from rtstyle.resumption import ANEW, changed, check_options, unfinished
from rtstyle.sinks.segment_writer import Segment

_log = logging.getLogger("rtstyle")

_MANIFEST = "manifest.json"
_STRAY = re.compile(r"\d{6}(\.part)?\.mp4|joined\..+|\.manifest\.[0-9a-f]{8}\.part\.json")  # unless the manifest has it
_OURS = re.compile(rf"{_STRAY.pattern}|manifest\.json|lock")
_VERSION = 1
_LONGEST = 255  # bytes of a name
_OF_INPUT = ("input_bytes", "input_changed")  # in a plan

Plan = Mapping[str, str | int | float | None]  # everything that a frame of the output depends on


class WorkFolder:
    """``OUTPUT.rtstyle/``, made when the first segment comes; one run at a time has it.

    ``plan`` must be the same from run to run, but that the input may have grown. Raises SinkError
    where an unfinished run lies there already and neither ``resume`` nor ``overwrite`` is said, or where
    the run to resume was another one, SourceError where it was of another input. ``look``: check, and change nothing.
    """

    def __init__(self, output: Path, plan: Plan, *, resume: bool, overwrite: bool, look: bool = False) -> None:
        self.path = folder_of(output)
        self._suffix = output.suffix  # not of what a link leads to
        self.plan = dict(plan)
        self._input = ""  # the fingerprint of what is read
        self.segments: list[Segment] = []
        self.complete = False  # whether all frames of the input are in them
        self._delivered: int | None = None  # bytes of the joined film, once it is right
        self._lock: int | None = None
        self._ours = False  # not another run's
        try:
            if self.path.is_dir():
                self._check(resume=resume, overwrite=overwrite)
                self._take(output, resume=resume, look=look)
        except OSError as error:
            self._let_go()
            raise unwritable(self.path, error) from error
        except BaseException:
            self._let_go()
            raise

    @property
    def frames(self) -> int:
        """How many frames are in whole segments."""
        return sum(segment.frames for segment in self.segments)

    @property
    def joined(self) -> Path:
        """Where the whole film is put together, before it gets its name."""
        return self.path / f"joined{self._suffix}"

    def create(self) -> None:
        """Make the folder and its manifest. Raises SinkError."""
        try:
            self.path.mkdir(exist_ok=True)
            self._acquire()
            self._ours = True
        except OSError as error:
            raise unwritable(self.path, error) from error
        self._input = fingerprint(str(self.plan.get("input", "")))
        self.save()

    def add(self, segment: Segment) -> None:
        """Remember a segment for good. Raises SinkError."""
        self.segments.append(segment)
        self.save()

    def deliver(self) -> None:
        """Remember that the joined film is right, and is about to get its name. Raises SinkError."""
        self._delivered = self.joined.stat().st_size
        self.save()

    def save(self) -> None:
        """Replace the manifest in one step, on the disk. Raises SinkError."""
        fields = {
            "version": _VERSION,
            "plan": self.plan,
            "input": self._input,
            "complete": self.complete,
            "delivered": self._delivered,
            "segments": [asdict(segment) for segment in self.segments],
        }
        with OutputFile(self.path / _MANIFEST, overwrite=True).written() as temporary:
            temporary.write_text(json.dumps(fields), encoding="utf-8")

    def release(self) -> None:
        """Let another run have it; without any segment it goes, but never another run's."""
        if self._ours and not self.segments:
            self.remove()
        self._let_go()

    def remove(self) -> None:
        """Remove the folder with everything of ours in it."""
        _remove(self.path)
        self._let_go()  # not before, or the files of a run that begins then go too
        with suppress(OSError):  # network shares keep a file that is open
            self.path.rmdir()

    def _let_go(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _check(self, *, resume: bool, overwrite: bool) -> None:
        foreign = next((path.name for path in self.path.iterdir() if not _OURS.fullmatch(path.name)), None)
        if foreign is not None:
            raise SinkError(
                f"{self.path}: expected only files from an earlier run, found {foreign}; move it away first"
            )
        if not (resume or overwrite) and _read_manifest(self.path).get("segments"):
            raise unfinished(self.path)

    def _take(self, output: Path, *, resume: bool, look: bool) -> None:
        self._acquire(make=not look)
        if resume:
            self._read(output)
        if look:
            self._let_go()
            return
        self._ours = True
        kept = {segment.file for segment in self.segments}
        for path in self.path.iterdir():
            if _STRAY.fullmatch(path.name) and path.name not in kept:
                path.unlink()

    def _read(self, output: Path) -> None:
        manifest = _read_manifest(self.path)
        if not manifest:
            return
        try:
            then, segments = manifest["plan"], [Segment(**fields) for fields in manifest["segments"]]
            self.complete = bool(manifest["complete"])
        except (KeyError, TypeError) as error:
            raise SinkError(f"{self.path / _MANIFEST}: is damaged ({error}); {ANEW}") from error
        self._compare(output, then, str(manifest.get("input", "")))
        if then != self.plan:  # the input has grown
            self.complete = False
        if not self.complete and segments and segments[-1].frames != self.plan["segment"]:
            segments.pop()  # it ended where the input did then
        self.segments = list(takewhile(self._is_whole, segments))
        if len(self.segments) < len(segments):
            self.complete = False

    def _is_whole(self, segment: Segment) -> bool:
        path = self.path / segment.file
        return path.is_file() and path.stat().st_size == segment.bytes

    def _compare(self, output: Path, then: Mapping[str, object], begun: str) -> None:
        """The same question, of the same input or one that has grown; ``begun``: the fingerprint that it had."""
        now = json.loads(json.dumps(self.plan))
        sizes = now.get("input_bytes"), then.get("input_bytes")
        grown = all(isinstance(size, int) for size in sizes) and sizes[0] > sizes[1]
        untouched = all(now.get(key) == then.get(key) for key in _OF_INPUT)
        same = begins_as(str(now.get("input", "")), begun) or (untouched and not begun)  # older runs noted none
        if now.get("input") == then.get("input") and not (same and (untouched or grown)):
            raise changed(output, now.get("input"))
        check_options(output, then, now, but=_OF_INPUT)

    def _acquire(self, *, make: bool = True) -> None:
        """Hold the folder as long as this process lives, where system and disk can; ``make`` a lock that is missing."""
        path = self.path / "lock"
        if self._ours or not (make or path.exists()):
            return
        with suppress(ImportError):  # Windows has none
            import fcntl

            lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError) as error:
                os.close(lock)
                raise SinkError(f"{self.path}: another run is working there; wait for it, or stop it") from error
            except OSError:  # a file system without locks, as some network shares
                os.close(lock)
            else:
                self._lock = lock


def frames_delivered(output: Path) -> int:
    """Frames of a whole film, if a run was killed between giving it its name and removing its work folder; else 0."""
    folder = folder_of(output)
    try:
        manifest = _read_manifest(folder)
        joined = folder / f"joined{output.suffix}"  # which has both names for a moment
        same = not joined.exists() or joined.samefile(output)
        whole = same and manifest.get("delivered") == output.stat().st_size
        return sum(segment["frames"] for segment in manifest["segments"]) if whole else 0
    except (OSError, SinkError, KeyError, TypeError):
        return 0


def tidy(output: Path) -> None:
    """Remove what a run left of a film that is whole; of one that is not, tell that it is there."""
    folder = folder_of(output)
    if frames_delivered(output):
        _log.warning("%s: is already complete; its leftover work folder is removed", output)
        _remove(folder)
    elif os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
        what = "%s: already exists, and %s holds an unfinished run to replace it; --resume --overwrite continues it"
        _log.warning(what, output, folder)


def _remove(folder: Path) -> None:
    """Nothing but our own files, and the folder if it is empty then; the manifest last, which says what they are."""
    with suppress(OSError):
        for path in sorted(folder.iterdir(), key=lambda path: path.name == _MANIFEST):
            if _OURS.fullmatch(path.name):
                path.unlink()
        folder.rmdir()


def folder_of(output: Path) -> Path:
    """Where the film grows: ``OUTPUT.rtstyle``, or a shorter name that is as much its own."""
    target = output.resolve()
    name = f"{target.name}.rtstyle"
    if len(os.fsencode(name)) > _LONGEST:  # the output's own may be as long
        name = f"{target.stem[:50]}.{sha256(os.fsencode(target.name)).hexdigest()[:16]}.rtstyle"
    return target.with_name(name)


def _read_manifest(folder: Path) -> dict[str, Any]:
    """What the manifest says; nothing where there is none. Raises SinkError for a damaged one."""
    path = folder / _MANIFEST
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError) as error:
        raise SinkError(f"{path}: is damaged ({error}); {ANEW}") from error
