import numpy as np
import pytest

from rtstyle.gatys.tiles import margin_for, stride_of, tiles


@pytest.mark.parametrize("size", [(200, 300), (129, 513), (64, 2000), (100, 100)])
def test_every_cell_belongs_to_one_tile(size):
    """At every stride of the network, and within what its tile sees."""
    for stride in (1, 2, 4, 8, 16):
        seen = np.zeros((size[0] // stride, size[1] // stride), int)
        for tile in tiles(size, 128, 48):
            seen[tile.cells(stride, size)] += 1
            rows, columns = tile.own_cells(stride, size)
            top, bottom, left, right = tile.outer
            assert 0 <= rows.start <= rows.stop <= (bottom - top) // stride
            assert 0 <= columns.start <= columns.stop <= (right - left) // stride
        assert (seen == 1).all()


def test_margins_and_strides_follow_the_network():
    """Deeper layers look further, 58 px at relu5_1 in VGG-16, 70 in VGG-19; a multiple of 96 px."""
    assert [stride_of(name, "vgg16") for name in ("relu1_1", "conv2_1", "relu3_3", "relu4_2", "relu5_1")] == [
        1,
        2,
        4,
        8,
        16,
    ]
    assert [margin_for([name], "vgg16") for name in ("relu1_1", "relu5_1", "relu5_3")] == [96, 96, 96]
    assert [margin_for([name], "vgg19") for name in ("relu5_1", "relu5_2", "relu5_3")] == [96, 96, 192]
