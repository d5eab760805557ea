"""What ``--style`` and ``--mix`` mean together."""

import pytest

from rtstyle.amounts import read_amounts
from rtstyle.cli.options import required, with_convention, with_mix
from rtstyle.errors import UsageError


@pytest.mark.parametrize(
    ("styles", "mix", "meant"),
    [
        (["wave"], None, ["wave"]),
        (["wave@0", "udnie@12"], None, ["wave@0", "udnie@12"]),
        ([], "wave=0.7,udnie=0.3", ["wave=0.7,udnie=0.3"]),
        (["both.onnx"], "dawn=1,dusk=1", ["both.onnx:dawn=1,dusk=1"]),
    ],
)
def test_a_mix_is_a_style(styles, mix, meant):
    """Of the bundled network that holds its styles, or of the one that --style names."""
    assert required(styles, mix) == meant


def test_what_means_nothing_is_a_sentence():
    """Two networks cannot be mixed, and a film needs a style; live takes all there are."""
    with pytest.raises(UsageError, match="at most one --style"):
        with_mix(["a.onnx", "b.onnx"], "dawn=1")
    with pytest.raises(UsageError, match="--style: expected a style, got none"):
        required([], None)
    with pytest.raises(UsageError, match="STYLE: expected a style, got none"):
        required([], None, what="STYLE")
    with pytest.raises(UsageError, match=r"--mix: expected --style without a time, got both\.onnx@1:30"):
        with_mix(["both.onnx@1:30"], "dawn=1")
    for mix, spelt in (("wave,udnie", "wave=1,udnie=1"), ("wave", "wave=1"), ("wave=2,udnie", "wave=2,udnie=1")):
        with pytest.raises(UsageError, match=f"^--mix {mix}: expected an amount for every style, as in {spelt}$"):
            with_mix([], mix)
    assert with_mix(["we@2x.onnx"], "dawn=1") == ["we@2x.onnx:dawn=1"]
    assert with_mix([], None) == []


def test_what_a_network_of_others_wants_goes_to_files_only():
    """Bundled styles beside it are left alone, and a time stays at the end."""
    said = with_convention(["theirs.onnx@5", "wave@0"], "0..1", None, "bgr")
    assert said == ["theirs.onnx?range=0..1&channels=bgr@5", "wave@0"]
    assert with_convention(["theirs.onnx"], None, r"\9", None) == [r"theirs.onnx?layout=\9"]
    assert with_convention(["wave"], None, None, None) == ["wave"]
    with pytest.raises(UsageError, match=r"--channels: expected a foreign network, such as their"):
        with_convention(["wave"], "0..1", None, None)


def test_a_mix_is_of_a_network_of_our_own():
    """What a network of others wants is no part of one; the options are named, not what they were made into."""
    with pytest.raises(UsageError, match=r"^--mix: expected a network made by rtstyle, got --input-range, --layout"):
        with_mix(with_convention(["theirs.onnx"], "0..1", None, None), "dawn=1")


@pytest.mark.parametrize("texts", [["wave=0.7,wave=0.3"], ["wave=0.7", " wave = 0.3"], ["wave,wave"]])
def test_a_name_has_one_amount(texts):
    """Neither of two is dropped in silence."""
    with pytest.raises(UsageError, match=r"^--weight wave.*: expected every name once, got wave again"):
        read_amounts("--weight", texts)
