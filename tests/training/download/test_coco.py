from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from rtstyle.errors import SinkError, SourceError
from tests.training.download.web_server import WebServer, serving
from training.cli.app import app
from training.download.coco import Split, download
from training.download.unpack import is_complete, unpack

NAMES = tuple(f"val2017/{number:012}.png" for number in range(5))


def zipped(names: tuple[str, ...] = NAMES, links: tuple[str, ...] = ()) -> bytes:
    """A zip of small pictures, stored, as COCO's are."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number, name in enumerate(names):
            picture = np.random.default_rng(number).integers(0, 256, (20, 30, 3), dtype=np.uint8)
            archive.writestr(name, cv2.imencode(".png", picture)[1].tobytes())
        for name in links:
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o120777 << 16
            archive.writestr(info, "/etc/passwd")
    return file.getvalue()


def damaged(content: bytes, name: str) -> bytes:
    """One byte of a picture turned over."""
    place = content.index(name.encode()) + len(name) + 30
    return content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :]


@pytest.fixture
def server() -> Iterator[WebServer]:
    with serving() as server:
        server.files["/val2017.zip"] = zipped()
        yield server


def run(server: WebServer, to: Path, *more: str, split: str = "val2017") -> Result:
    words = ["download", "--split", split, "--to", str(to), "--mirror", server.address, *more]
    return CliRunner().invoke(app, words, env={"COLUMNS": "160"})


def test_the_photos_are_there_and_the_zip_is_gone(server: WebServer, tmp_path: Path) -> None:
    """One command; a second one finds that there is nothing to do; --keep leaves the zip."""
    done = run(server, tmp_path / "coco")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "5 photos in" in done.stderr
    assert [path.name for path in (tmp_path / "coco").iterdir()] == ["val2017"]
    assert run(server, tmp_path / "coco").exit_code == 0
    assert len(server.asked) == 1
    assert run(server, tmp_path / "kept", "--keep").exit_code == 0
    assert (tmp_path / "kept" / "val2017.zip").read_bytes() == server.files["/val2017.zip"]


def test_a_zip_that_a_killed_run_left_is_removed(server: WebServer, tmp_path: Path) -> None:
    """It had unpacked everything; the next one fetches nothing and makes room."""
    (tmp_path / "val2017.zip").write_bytes(zipped())
    unpack(tmp_path / "val2017.zip", tmp_path / "val2017")
    assert run(server, tmp_path, "--keep").exit_code == 0
    assert (tmp_path / "val2017.zip").exists()
    assert run(server, tmp_path).exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["val2017"]
    assert server.asked == []


@pytest.mark.parametrize(
    ("split", "words"), [("train2014", "404 Not Found"), ("test2017", "'train2014', 'val2014', 'train2017', 'val2017'")]
)
def test_what_is_not_there_is_one_sentence(server: WebServer, tmp_path: Path, split: str, words: str) -> None:
    """A split that the server or COCO does not have."""
    done = run(server, tmp_path, split=split)
    assert done.exit_code in {1, 2}
    assert words in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_others_is_left_alone(server: WebServer, tmp_path: Path) -> None:
    """A folder of that name that did not come from here is neither taken for whole nor written to."""
    (tmp_path / "val2017").mkdir()
    with pytest.raises(SinkError, match="did not come from here"):
        download(Split.VAL2017, tmp_path, address=server.address)
    assert list((tmp_path / "val2017").iterdir()) == []


def test_a_damaged_photo_is_named(server: WebServer, tmp_path: Path) -> None:
    """A wrong CRC names the file; there is no folder; with a good zip the next run unpacks only what lacks."""
    server.files["/val2017.zip"] = damaged(zipped(), NAMES[3])
    with pytest.raises(SourceError, match=f"{NAMES[3]} is damaged .*remove the zip"):
        download(Split.VAL2017, tmp_path, address=server.address)
    assert not (tmp_path / "val2017").exists()
    (tmp_path / "val2017.zip").unlink()
    server.files["/val2017.zip"] = zipped()
    seen = []
    assert download(Split.VAL2017, tmp_path, address=server.address, listener=seen.append).photos == 5
    first = next(progress for progress in seen if progress.what.startswith("unpacking"))
    assert first.done > 3 / 5 * first.total


def test_a_zip_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    """And not the folder that it was to go to."""
    (tmp_path / "a.zip").mkdir()
    with pytest.raises(SourceError, match=r"a\.zip: cannot be opened: Is a directory"):
        unpack(tmp_path / "a.zip", tmp_path / "a")


def test_a_cut_zip_is_no_zip(tmp_path: Path) -> None:
    """Half an archive is told as such."""
    archive = tmp_path / "val2017.zip"
    archive.write_bytes(zipped()[:900])
    with pytest.raises(SourceError, match="is no whole zip"):
        unpack(archive, tmp_path / "val2017")


@pytest.mark.parametrize(
    "name", ["../evil.png", "/evil.png", "val2017/../../evil.png", "val2017\\..\\evil.png", "other/a.png", "C:/a.png"]
)
def test_nothing_is_written_elsewhere(tmp_path: Path, name: str) -> None:
    """A name that leads out of the folder is refused before anything is unpacked."""
    (tmp_path / "deep").mkdir()
    archive = tmp_path / "deep" / "val2017.zip"
    archive.write_bytes(zipped((*NAMES, name)))
    with pytest.raises(SourceError, match="nothing was unpacked"):
        unpack(archive, tmp_path / "deep" / "val2017")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["deep", "val2017.zip"]


def test_links_are_refused(tmp_path: Path) -> None:
    """A symbolic link in an archive may point anywhere."""
    archive = tmp_path / "val2017.zip"
    archive.write_bytes(zipped(links=("val2017/link.png",)))
    with pytest.raises(SourceError, match=r"link\.png.*nothing was unpacked"):
        unpack(archive, tmp_path / "val2017")


def test_an_interrupted_unpacking_goes_on(tmp_path: Path) -> None:
    """Ctrl-C leaves no folder; the next run keeps what is whole, and replaces what a power cut has hollowed out."""
    archive, folder = tmp_path / "val2017.zip", tmp_path / "val2017"
    archive.write_bytes(zipped())

    def stop(progress: object) -> None:
        if progress.done > progress.total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        unpack(archive, folder, listener=stop)
    assert not folder.exists()
    hollow = tmp_path / ".val2017.part" / Path(NAMES[0]).name
    hollow.write_bytes(bytes(hollow.stat().st_size))
    seen = []
    assert unpack(archive, folder, listener=seen.append) == 5
    assert seen[0].done < seen[-1].done == seen[-1].total
    assert is_complete(folder)
    with zipfile.ZipFile(archive) as contents:
        assert all((tmp_path / name).read_bytes() == contents.read(name) for name in NAMES)
    assert not list(folder.glob("*.part"))
