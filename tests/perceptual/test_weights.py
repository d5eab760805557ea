from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the perceptual loss needs torch: pip install -e .[keyframe]")

from torchvision.models import vgg16, vgg19  # noqa: E402 - behind the skip

from rtstyle.errors import ModelError  # noqa: E402
from rtstyle.perceptual import find_vgg16, find_vgg19  # noqa: E402


def test_weights_that_are_none_are_refused(tmp_path, monkeypatch) -> None:
    """A file that holds no VGG-16 is one sentence, by path and by environment variable."""
    path = tmp_path / "vgg.pth"
    torch.save({"0.weight": torch.zeros(1)}, path)
    with pytest.raises(ModelError, match="26 tensors"):
        find_vgg16(path)
    monkeypatch.setenv("RTSTYLE_VGG16", str(path.with_name("missing.pth")))
    with pytest.raises(ModelError, match="cannot be read"):
        find_vgg16()
    torch.save({f"features.{k}": v for k, v in vgg16(init_weights=False).features.state_dict().items()}, path)
    assert find_vgg16(path).source == "file vgg.pth"


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


def test_without_vgg19_the_error_names_the_ways(monkeypatch) -> None:
    """No network: what to do is said."""
    from torchvision.models import VGG19_Weights

    def refuse(*_, **__):
        raise OSError("no route to host")

    monkeypatch.delenv("RTSTYLE_VGG19", raising=False)
    monkeypatch.setattr(VGG19_Weights, "get_state_dict", refuse)
    with pytest.raises(ModelError, match=r"no route to host.*--vgg or \$RTSTYLE_VGG19"):
        find_vgg19()
