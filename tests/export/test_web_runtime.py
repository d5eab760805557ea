"""Where onnxruntime-web comes from: what is not exactly it is never used."""

import re

import pytest

from rtstyle.errors import SourceError, UsageError
from rtstyle.export import web_runtime
from rtstyle.export.web_runtime import INTEGRITY, VARIABLE, VERSION, write_runtime
from tests.export.browser import served


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A user's home with nothing in it."""
    for name in ("NPM_CONFIG_REGISTRY", "npm_config_registry", VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NPM_CONFIG_USERCONFIG", str(tmp_path / "npmrc"))
    return tmp_path


def test_another_package_is_refused(home, monkeypatch):
    """By its hash; the sentence says how to get the right one."""
    other = home / "other.tgz"
    other.write_bytes(b"another package")
    monkeypatch.setenv(VARIABLE, str(other))
    with pytest.raises(SourceError, match=r"other\.tgz: expected onnxruntime-web .*, got sha512-.*; `npm pack"):
        write_runtime(home)


def test_a_damaged_cache_is_fetched_again(home, monkeypatch):
    """As after a power cut."""
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "file:///etc")
    cached = home / "cache" / "rtstyle" / f"onnxruntime-web-{VERSION}.tgz"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"half of it")
    with pytest.raises(UsageError, match="expected an address with http or https"):
        write_runtime(home)


@pytest.mark.parametrize("how", ["environment", "npmrc"])
def test_a_mirror_is_asked_where_npm_is_told_of_one(home, monkeypatch, how):
    """And what it gives is verified, and not kept where it is wrong."""
    mirror = home / "mirror" / "npm" / "onnxruntime-web" / "-"
    mirror.mkdir(parents=True)
    (mirror / f"onnxruntime-web-{VERSION}.tgz").write_bytes(b"not what was published")
    with served(home / "mirror") as url:
        if how == "environment":
            monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"{url}npm/")
        else:
            (home / "npmrc").write_text(f"fund=false\nregistry={url}npm/\n")
        with pytest.raises(SourceError, match=rf"{url}npm/onnxruntime-web/-/.*: expected .*{re.escape(INTEGRITY)}"):
            write_runtime(home)
        monkeypatch.setattr(web_runtime, "VERSION", "0.0.0")
        with pytest.raises(SourceError, match=r"cannot be fetched: .*404"):
            write_runtime(home)
    assert not (home / "cache").exists()


def test_a_registry_is_a_web_address(home, monkeypatch):
    """A file's address in npm's configuration is refused: nothing is read from the disk that way."""
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "file:///etc")
    with pytest.raises(UsageError, match="expected an address with http or https"):
        write_runtime(home)


def test_a_home_that_one_may_not_look_into(home, monkeypatch):
    """Nothing is kept there, and the registry is asked."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / ("a" * 300)))
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "file:///etc")
    with pytest.raises(UsageError, match="expected an address with http or https"):
        write_runtime(home)
