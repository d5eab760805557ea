"""Two lanes to a GPU that only pretends to be one."""

import threading
import time

import numpy as np
import pytest

from rtstyle.engines import open_engine
from rtstyle.errors import DeviceError
from tests.engines.fake_runtime import FakeRuntime
from tests.models import make_model

CUDA = "CUDAExecutionProvider"


@pytest.fixture
def model(tmp_path):
    return make_model(tmp_path / "invert.onnx")


@pytest.fixture
def opened(model, monkeypatch):
    """Opens the engine on a runtime with these traits; at the end nothing of it is left on the GPU."""
    engines, runtimes = [], []

    def open(*, batch, graphs=False, **traits):
        runtimes.append(FakeRuntime([CUDA], **traits))
        runtimes[-1].install(monkeypatch, gpus=1)
        engines.append(open_engine(model, "cuda", batch=batch, graphs=graphs))
        return engines[-1], runtimes[-1]

    yield open
    for engine in engines:
        engine.close()
    for runtime in runtimes:
        assert not runtime.driver.in_use


def noise(count, height=16, width=24):
    return np.random.default_rng(count).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def test_a_gpu_always_gets_full_batches(opened):
    """7 frames in batches of 4, half of one in each lane: the last is padded on its way in and cut on its way out."""
    engine, runtime = opened(batch=4)
    engine.prepare(16, 24)
    frames = noise(7)
    np.testing.assert_array_equal(engine(frames), 255 - frames)
    assert runtime.shapes == [(2, 16, 24, 3)] * 5  # one of them was prepare's
    assert len(runtime.bindings) <= 2


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 9])
def test_every_frame_comes_back_in_its_place(opened, count):
    """However many there are, and again with others: what was bound once is not what was painted once."""
    engine, _ = opened(batch=4)
    for frames in (noise(count), noise(count)[::-1], noise(count)[:, :, ::-1]):
        np.testing.assert_array_equal(engine(frames), 255 - frames)


def test_what_comes_back_is_the_callers(opened):
    """No later call writes into it."""
    engine, _ = opened(batch=2)
    first = engine(noise(2))
    kept = first.copy()
    engine(noise(2)[::-1])
    np.testing.assert_array_equal(first, kept)


def test_nothing_but_bytes_crosses_the_bus(opened):
    """A chunk goes up and comes down as uint8, once each, from pinned memory."""
    engine, runtime = opened(batch=4)
    engine(noise(8))
    chunk = 2 * 16 * 24 * 3
    assert [size for _, _, size in runtime.driver.copies] == [chunk] * 8
    assert sorted(way for way, _, _ in runtime.driver.copies) == ["down"] * 4 + ["up"] * 4
    assert list(runtime.driver.locked.values()) == [chunk] * 4


def test_frames_travel_while_others_are_painted(opened):
    """The second chunk is on the GPU before the first is painted, and the third before the second is."""
    engine, runtime = opened(batch=4)
    session, up = engine._session, []
    painting, arrived = session.run_with_iobinding, threading.Event()
    copy_up = runtime.driver.cuMemcpyHtoDAsync_v2

    def copy(*arguments):
        code = copy_up(*arguments)
        up.append(len(runtime.shapes))
        if len(up) > 1:
            arrived.set()
        return code

    def paint(*arguments):
        assert arrived.wait(10), "nothing came up while the first chunk was painted"
        painting(*arguments)

    runtime.driver.cuMemcpyHtoDAsync_v2, session.run_with_iobinding = copy, paint
    engine(noise(4))
    assert up == [0, 0]


def test_one_thread_runs_the_session(opened):
    """CUDA graphs allow no other, and two chunks at once would need twice the memory."""
    engine, runtime = opened(batch=4)
    run = engine._session.run_with_iobinding
    engine._session.run_with_iobinding = lambda *arguments: time.sleep(0.02) or run(*arguments)
    for _ in range(3):
        engine(noise(8))
    assert len(runtime.threads) == 1
    assert threading.get_ident() not in runtime.threads


def test_graphs_know_their_own_memory(opened):
    """Each lane has a graph, a lane for another size a new one: what was captured is never run with others' frames.

    Nobody copies while one is captured, which the driver would not stand.
    """
    engine, runtime = opened(batch=4, graphs=True)
    assert runtime.settings[0] == {"cudnn_conv_algo_search": "HEURISTIC", "enable_cuda_graph": "1"}
    for size in ((16, 24), (32, 16), (16, 24)):
        for count in (7, 8):
            frames = noise(count, *size)
            np.testing.assert_array_equal(engine(frames), 255 - frames)
    assert list(runtime.graphs) == ["1", "2", "3", "4", "5", "6"]


def test_no_graphs_by_default(opened):
    """They are for models of fixed size, and were never run."""
    engine, runtime = opened(batch=4)
    engine(noise(8))
    assert not runtime.graphs


def test_lanes_change_with_the_frames(opened):
    """Another size binds other memory, and strides do not matter."""
    engine, runtime = opened(batch=4)
    for size in ((16, 24), (32, 16), (16, 24)):
        frames = noise(5, *size)[:, :, ::-1]
        np.testing.assert_array_equal(engine(frames), 255 - frames)
        assert len(runtime.driver.memory) == len(runtime.driver.locked) == 4


@pytest.mark.parametrize("lanes", [2, 1])
def test_a_gpu_that_is_too_small_for_the_batch(opened, caplog, lanes):
    """The batch is halved until it fits, once for the whole run, with one line each time; nothing is lost."""
    engine, runtime = opened(batch=16, room=3)
    frames = np.arange(10, dtype=np.uint8)[:: 3 - lanes, None, None, None] + np.zeros((1, 16, 16, 3), np.uint8)
    for _ in range(2):
        assert np.array_equal(engine(frames), 255 - frames)
    said = [record.message for record in caplog.records]
    assert said == [
        "out of memory with 8 frames at a time; continuing with 4 frames at a time",
        "out of memory with 4 frames at a time; continuing with 2 frames at a time",
    ]
    assert {shape[0] for shape in runtime.shapes} == {2}


def test_a_gpu_that_has_no_room_for_the_frames_themselves(opened, caplog):
    """That the driver's memory runs out, and not onnxruntime's, makes no difference."""
    engine, runtime = opened(batch=8)
    runtime.driver.room = 4 * 2 * 16 * 24 * 3
    frames = noise(8)
    np.testing.assert_array_equal(engine(frames), 255 - frames)
    assert "out of memory with 4 frames at a time; continuing with 2 frames at a time" in caplog.text


def test_a_gpu_that_is_too_small_for_one_frame(opened):
    """Then there is nothing to halve, and the sentence says what to try."""
    engine, _ = opened(batch=2, room=0)
    with pytest.raises(DeviceError, match=r"Failed to allocate memory .*; try another --device or style"):
        engine(np.zeros((2, 16, 16, 3), np.uint8))


@pytest.mark.parametrize("fault", ["cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2", "cuStreamSynchronize"])
def test_a_driver_that_fails(opened, fault):
    """It is told in its own words, not as onnxruntime's; and when it works again, so do the lanes."""
    engine, runtime = opened(batch=4)
    runtime.driver.fault = fault
    with pytest.raises(DeviceError, match=r"^NVIDIA's driver says: unspecified launch failure \(719\); try another"):
        engine(noise(8))
    runtime.driver.fault = ""
    frames = noise(8)
    np.testing.assert_array_equal(engine(frames), 255 - frames)
