"""The photos of COCO (Lin et al. 2014)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rtstyle.errors import SinkError
from rtstyle.output_file import unwritable
from training.download.progress import Listener
from training.download.transfer import fetch
from training.download.unpack import is_complete, unpack
from training.photos import find_photos

ADDRESS = "http://images.cocodataset.org/zips"  # cocodataset.org/#download


class Split(StrEnum):
    """Train holds 82,783 photos (2014) or 118,287 (2017), 13 to 18 GB; val 40,504 or 5,000, 6 or 1 GB."""

    TRAIN2014 = "train2014"
    VAL2014 = "val2014"
    TRAIN2017 = "train2017"
    VAL2017 = "val2017"


@dataclass(frozen=True, slots=True)
class Downloaded:
    """Where the photos are."""

    folder: Path
    photos: int


def download(
    split: Split, to: Path, *, keep: bool = False, address: str = ADDRESS, listener: Listener = lambda _: None
) -> Downloaded:
    """Leave the split's photos in ``to``/SPLIT; fetch nothing where they already are.

    The archive is checked by its length and its own CRCs: COCO publishes no checksum. It is removed unless
    ``keep``. If interrupted, the next call continues. Raises SourceError, SinkError.
    """
    folder, archive = to / split.value, to / f"{split.value}.zip"
    if not is_complete(folder):
        if folder.exists():
            raise SinkError(f"{folder}: exists, and did not come from here; move it away, or choose another --to")
        try:
            to.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(to, error) from error
        if not archive.exists():
            fetch(f"{address.rstrip('/')}/{split.value}.zip", archive, listener=listener)
        unpack(archive, folder, listener=listener)
    if not keep:
        archive.unlink(missing_ok=True)  # also where an earlier run was killed before this
    return Downloaded(folder, len(find_photos(folder)))
