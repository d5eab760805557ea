"""The page, in a real Chromium: what it paints, what it asks for, and what it says when something is missing."""

import json
import shutil
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch

import rtstyle
from rtstyle.errors import SourceError, UsageError
from rtstyle.export.order import Size
from rtstyle.export.run import export_style
from rtstyle.export.web_runtime import write_runtime
from rtstyle.frames import Batch
from rtstyle.stages.brushwork import Brushwork
from tests.export.browser import (
    chromium,
    on_canvas,
    opened,
    painted_by,
    picture_in,
    playwright,
    psnr_db,
    saved,
    served,
    wait_until_painted,
)
from tests.models import make_model
from tests.screen import wait_for
from training.weights import read_network

EXPORTED = Path(__file__).parents[2] / "exported"
WIDTH, HEIGHT = 426, 240
NARROW = {"width": 455, "height": 1000}  # so the painting is shown pixel for pixel
METER = (slice(0, 48), slice(0, 200))  # it lies over the painting

# Collects what the page makes of files.
WATCH = """() => {
    const { createObjectURL, revokeObjectURL } = URL, createElement = document.createElement.bind(document);
    Object.assign(globalThis, { urls: new Set(), videos: [] });
    URL.createObjectURL = (file) => {
        const url = createObjectURL(file);
        urls.add(url);
        return url;
    };
    URL.revokeObjectURL = (url) => {
        urls.delete(url);
        revokeObjectURL(url);
    };
    document.createElement = (name) => {
        const element = createElement(name);
        if (name === "video") videos.push(element);
        return element;
    };
}"""
# Lets no camera be opened beside another, and has no full screen.
PHONE = """
    const { mediaDevices } = navigator, ask = mediaDevices.getUserMedia.bind(mediaDevices);
    globalThis.tracks = [];
    globalThis.allowed = null; // until it is fulfilled, the user is asked
    mediaDevices.getUserMedia = async (wanted) => {
        if (tracks.some((track) => track.readyState === "live")) throw new DOMException("", "NotReadableError");
        await allowed;
        const stream = await ask(wanted);
        tracks.push(...stream.getTracks());
        return stream;
    };
    Object.defineProperty(document, "fullscreenEnabled", { value: false });
"""
# Opens the next photo once it is told so.
LATE = """() => {
    const { decode } = HTMLImageElement.prototype, told = new Promise((resolve) => (globalThis.letGo = resolve));
    HTMLImageElement.prototype.decode = async function () {
        HTMLImageElement.prototype.decode = decode;
        await told;
        return decode.call(this);
    };
}"""
# Paints no faster than a phone, and collects the pictures.
SLOW = """async () => {
    const { Painter } = await import(new URL("painter.js", location.href)), { paint } = Painter.prototype;
    globalThis.given = [];
    Painter.prototype.paint = async function (...request) {
        const answer = await paint.apply(this, request);
        given.push(answer.image, answer.painted);
        await new Promise((resolve) => setTimeout(resolve, 1000));
        return answer;
    };
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two bundled styles, a network of two styles and 255 - x, as a page."""
    try:
        write_runtime(tmp_path_factory.mktemp("runtime"))
    except SourceError as error:
        pytest.skip(str(error))
    models = tmp_path_factory.mktemp("models")
    mix = make_model(models / "mix.onnx", kind="mix", styles='["dawn", "dusk"]')
    invert = make_model(models / "in vert?.onnx")
    output = tmp_path_factory.mktemp("site") / "page"
    export_style(["wave", "starry-night", mix, invert], output, to="web", photos=_small_photo(models))
    return output


def _small_photo(folder):
    photos = folder / "photos"
    photos.mkdir()
    cv2.imwrite(str(photos / "noise.png"), np.random.default_rng(0).integers(0, 256, (32, 40, 3), dtype=np.uint8))
    return photos


@pytest.fixture(scope="module")
def page_at(folder):
    with served(folder) as url:
        yield url


@pytest.fixture(scope="module")
def footage(real_clip, tmp_path_factory):
    """Five frames of a real clip as a camera gives them, yuv420p, and the file that Chromium's fake camera plays."""
    path = tmp_path_factory.mktemp("camera") / "clip.y4m"
    frames = []
    with av.open(real_clip) as clip, av.open(path, "w", format="yuv4mpegpipe") as file:
        stream = file.add_stream("wrapped_avframe", rate=5)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index, frame in enumerate(clip.decode(video=0)):
            if index % 8 == 4:
                frames.append(frame.reformat(WIDTH, HEIGHT, "yuv420p", dst_colorspace="ITU601", dst_color_range="MPEG"))
                file.mux(stream.encode(frames[-1]))
            if len(frames) == 5:
                break
    return path, [frame.to_ndarray(format="rgb24") for frame in frames]


@pytest.fixture(scope="module")
def player():
    with playwright() as player:
        yield player


@pytest.fixture(scope="module")
def browser(player, footage):
    """Its camera shows the footage, and nobody has to allow it."""
    fake = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={footage[0]}")
    with chromium(player, *fake, "--use-fake-ui-for-media-stream") as browser:
        yield browser


def noise(*shape):
    """Smooth and rough at once, (N, H, W, 3) uint8."""
    count, height, width = shape
    rng = np.random.default_rng(0)
    rough = rng.integers(0, 256, (count, height, width, 3), dtype=np.uint8)
    smooth = np.stack([cv2.resize(one, (width, height)) for one in rng.integers(0, 256, (count, 4, 5, 3), np.uint8)])
    return np.where(rng.random((count, height, width, 1)) < 0.1, rough, smooth).astype(np.uint8)


def test_the_browser_paints_what_pytorch_paints(browser, page_at):
    """On WebAssembly, at three sizes and of one and three frames, not more than one grey level apart."""
    network = read_network(EXPORTED / "wave-lite.onnx")
    with opened(browser, page_at) as page:
        wait_until_painted(page)
        for shape in (
            (1, 16, 16),
            (1, 17, 31),
            (3, 17, 31),
            (1, 117, 131),
            (3, 117, 131),
            (1, 240, 320),
            (3, 240, 320),
        ):
            frames = noise(*shape)
            with torch.inference_mode():
                expected = network.quantised(torch.from_numpy(frames)).numpy()
            got = painted_by(page, "models/1-wave.onnx", frames)
            assert np.abs(got.astype(int) - expected).max() <= 1, shape


def test_webgpu_paints_the_same(player, page_at):
    """Not more than one grey level from WebAssembly, on Chromium's GPU in software, which is slow: small pictures."""
    flags = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader")
    with chromium(player, *flags) as browser, opened(browser, f"{page_at}styles.json", expected="404") as page:
        if not page.evaluate("navigator.gpu?.requestAdapter().then(Boolean)"):
            pytest.skip("no such hardware: not even a GPU in software")
        for shape in ((1, 24, 32), (3, 17, 31)):
            given = (page, "models/1-wave.onnx", noise(*shape))
            on_gpu, on_cpu = painted_by(*given, "webgpu"), painted_by(*given, "wasm")
            assert np.abs(on_gpu.astype(int) - on_cpu).max() <= 1, shape


def test_the_camera_is_painted(browser, page_at, footage, tmp_path):
    """What is seen on the screen, and what is saved, is what Python paints of the same frame: at least 30 dB."""
    stylizer = rtstyle.Stylizer("starry-night", device="cpu")
    frames = np.stack(footage[1])
    expected = stylizer(Brushwork(0.5)(Batch(frames, frames, [Fraction(0)] * len(frames)))).images
    with opened(browser, page_at, viewport=NARROW) as page:
        wait_until_painted(page)
        page.keyboard.press("2")
        page.select_option("#detail", "240")
        page.click("#camera")
        wait_until_painted(page, "fps · 426×240")
        assert page.get_attribute("#mirror", "aria-pressed") == "true"
        page.click("#mirror")
        picture = saved(page)
        screen = picture_in(page.screenshot(path=tmp_path / "screen.png", clip=page.locator("#canvas").bounding_box()))
        assert page.text_content("#notice") == ""
    assert max(psnr_db(picture, one) for one in expected) >= 30
    screen = cv2.resize(screen, (WIDTH, HEIGHT))
    screen[METER] = 0
    expected[(slice(None), *METER)] = 0
    assert max(psnr_db(screen, one) for one in expected) >= 30


def test_nothing_is_asked_from_elsewhere(browser, page_at):
    """Every request goes to where the page came from, and neither it nor its worker could make another one."""
    probe = """() => new Promise((resolve) => {
        addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
        fetch("http://127.0.0.2:9/").catch(() => setTimeout(resolve, 5000, "nothing refused it"));
    })"""
    with opened(browser, page_at, expected="violates") as page:
        asked = []
        page.context.on("request", lambda request: asked.append(request.url))
        wait_until_painted(page)
        page.reload()
        wait_until_painted(page)
        assert len(asked) > 15
        assert {url for url in asked if not url.startswith((page_at, f"blob:{page_at}"))} == set()
        (worker,) = (worker for worker in page.workers if worker.url.endswith("/worker.js"))
        for thread in (page, worker):
            assert thread.evaluate(probe) == "connect-src"


def test_the_page_has_threads_behind_a_plain_server(browser, page_at):
    """The service worker isolates it; where there can be none, it paints with one thread."""
    with opened(browser, page_at) as page:
        wait_until_painted(page)
        assert page.evaluate("crossOriginIsolated")
    with opened(browser, page_at, service_workers="block") as page:
        wait_until_painted(page)
        assert not page.evaluate("crossOriginIsolated")
        assert "WebAssembly, 1 thread." in page.text_content("#engine")


def test_the_controls_do_what_they_say(browser, page_at, tmp_path):
    """Style, strength, side by side and mirror, by mouse and keys, seen in the saved picture of a photo."""
    photo = noise(1, 90, 120)[0]
    cv2.imwrite(str(tmp_path / "photo.png"), photo[:, :, ::-1])
    with opened(browser, page_at) as page:
        page.wait_for_selector(".card")
        names = page.locator(".card .name").all_text_contents()
        assert names == ["wave", "starry-night", "dawn", "dusk", "in vert?"]
        assert "Great Wave" in page.text_content("#artwork")
        page.keyboard.press("5")
        page.set_input_files("#file", tmp_path / "photo.png")
        wait_until_painted(page, "120×90")
        page.fill("#brushwork", "0")
        wait_for(lambda: np.array_equal(on_canvas(page), 255 - photo))
        page.keyboard.press("b")
        page.fill("#divider", "25")
        np.testing.assert_array_equal(saved(page), np.hstack([photo[:, :30], 255 - photo[:, 30:]]))
        page.keyboard.press("m")
        np.testing.assert_array_equal(saved(page)[:, 30:], 255 - photo[:, :90][:, ::-1])
        page.fill("#strength", "0")
        np.testing.assert_array_equal(saved(page), photo[:, ::-1])


def test_a_transparent_photo_covers_the_one_before(browser, page_at, tmp_path):
    """Neither what is painted of it nor, at strength 0, what is seen of it has anything of the last photo."""
    first, second = noise(2, 90, 120)
    clear = np.zeros((90, 120), bool)
    clear[:, 60:] = True
    seen = np.where(clear[..., None], 0, second)
    cv2.imwrite(str(tmp_path / "first.png"), first[:, :, ::-1])
    cv2.imwrite(str(tmp_path / "second.png"), np.dstack([second[:, :, ::-1], np.where(clear, 0, 255).astype(np.uint8)]))
    with opened(browser, page_at) as page:
        wait_until_painted(page)
        page.keyboard.press("5")
        page.fill("#brushwork", "0")
        page.set_input_files("#file", tmp_path / "first.png")
        wait_for(lambda: np.array_equal(on_canvas(page), 255 - first))
        page.set_input_files("#file", tmp_path / "second.png")
        wait_for(lambda: np.array_equal(on_canvas(page), 255 - seen))
        page.fill("#strength", "0")
        np.testing.assert_array_equal(on_canvas(page), seen)


def test_brushwork_is_that_of_the_program(browser, page_at, tmp_path):
    """By slider and key, under the painting alone, and what Python lays up to three grey levels, at an odd size too."""
    photo = cv2.GaussianBlur(noise(1, 227, 301)[0], (0, 0), 6)
    photo[100:140, 100:200] = noise(1, 40, 100)[0]  # where strokes give way
    cv2.imwrite(str(tmp_path / "photo.png"), photo[:, :, ::-1])

    def with_strokes(amount):
        return Brushwork(amount)(Batch(photo[None], photo[None], [Fraction(0)])).images[0].astype(int)

    def lies_under_it(amount):
        return np.abs(on_canvas(page) - (255 - with_strokes(amount))).max() <= 3

    with opened(browser, page_at) as page:
        wait_until_painted(page)
        page.keyboard.press("5")
        page.set_input_files("#file", tmp_path / "photo.png")
        wait_until_painted(page, "301×227")
        for amount, key in ((0.5, "w"), (1, "w"), (0, "w"), (0.5, None)):
            wait_for(lambda amount=amount: lies_under_it(amount))
            if key:
                page.keyboard.press(key)
        page.fill("#brushwork", "25")
        wait_for(lambda: lies_under_it(0.25))
        page.fill("#strength", "0")
        np.testing.assert_array_equal(on_canvas(page), photo)


def test_a_network_of_several_styles_has_a_card_for_each(browser, page_at, folder):
    """Every card sets the network's weights to its own style."""
    cards = {card["name"]: card for card in json.loads((folder / "styles.json").read_text(encoding="utf-8"))}
    assert [cards[name]["weights"] for name in ("wave", "dawn", "dusk")] == [None, [1, 0], [0, 1]]
    with opened(browser, page_at) as page:
        wait_until_painted(page)
        pictures = [on_canvas(page)]
        for key in "34":
            page.keyboard.press(key)
            wait_for(lambda: not np.array_equal(on_canvas(page), pictures[-1]))
            wait_until_painted(page)
            pictures.append(on_canvas(page))
    assert not np.array_equal(*pictures[1:])


def test_a_film_plays_and_a_text_file_does_not(browser, page_at, real_clip, tmp_path):
    """A WebM film is painted as it plays; a sentence says what else a file has to be. Of neither anything is kept."""
    film = tmp_path / "film.webm"
    with av.open(real_clip) as clip, av.open(film, "w") as file:
        stream = file.add_stream("libvpx", rate=10, options={"deadline": "realtime", "cpu-used": "8"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for _, frame in zip(range(20), clip.decode(video=0), strict=False):
            file.mux(stream.encode(frame.reformat(320, 180, "yuv420p")))
        file.mux(stream.encode())
    (tmp_path / "letter.txt").write_text("Dear friend,")
    cv2.imwrite(str(tmp_path / "photo.png"), noise(1, 90, 120)[0])
    with opened(browser, page_at) as page:
        wait_until_painted(page)
        page.evaluate(WATCH)
        page.set_input_files("#file", film)
        wait_until_painted(page, "fps")
        assert page.is_visible("#play")
        page.set_input_files("#file", tmp_path / "letter.txt")
        page.locator("#notice", has_text="letter.txt: this browser cannot show it").wait_for()
        assert page.evaluate("videos.map((video) => video.hasAttribute('src'))") == [True, False]
        page.set_input_files("#file", tmp_path / "photo.png")
        wait_until_painted(page, "120×90")
        assert page.evaluate("urls.size") == 0
        assert page.evaluate("videos.map((video) => video.hasAttribute('src'))") == [False, False]


def test_a_phone_opens_its_one_camera_again(browser, page_at):
    """Which is not open twice at any moment; and there is no button for the full screen that it does not have."""
    with opened(browser, page_at) as page:
        wait_until_painted(page)
        assert page.is_visible("#whole")
        page.add_init_script(PHONE)
        page.reload()
        for count in (1, 2):
            page.click("#camera")
            wait_for(lambda count=count: page.evaluate("tracks.length") == count)
            wait_for(lambda: page.text_content("#notice") == "")
            wait_until_painted(page, "fps")
        assert page.evaluate("tracks.map((track) => track.readyState)") == ["ended", "live"]
        assert not page.is_visible("#whole")


def test_the_page_waits_for_the_camera(browser, page_at):
    """And says so as long as the user is asked, though the pictures of the one before are still being painted."""
    with opened(browser, page_at) as page:
        wait_until_painted(page)  # before that it loads itself once more
        page.add_init_script(PHONE)
        page.reload()
        wait_until_painted(page)
        page.click("#camera")
        wait_until_painted(page, "fps")
        page.evaluate("() => { allowed = new Promise((resolve) => (globalThis.allow = resolve)); }")
        page.click("#camera")
        wait_for(lambda: page.text_content("#notice") == "Waiting for the camera …")
        page.wait_for_timeout(500)
        assert page.text_content("#notice") == "Waiting for the camera …"
        page.evaluate("allow()")
        wait_for(lambda: page.text_content("#notice") == "")


def test_a_photo_in_place_of_one_that_is_being_painted(browser, page_at, tmp_path):
    """The first one is never shown, and not kept. What is not painted yet is not saved, nor what the browser cannot."""
    first, second = noise(2, 90, 120)
    cv2.imwrite(str(tmp_path / "first.png"), first)
    cv2.imwrite(str(tmp_path / "second.png"), second[:, :100])
    with opened(browser, page_at) as page:
        page.wait_for_selector(".card:nth-child(5) .painted")
        page.evaluate(SLOW)
        page.set_input_files("#file", tmp_path / "first.png")
        page.locator("#frame[data-state=painting]").wait_for()
        page.click("#save")
        page.locator("#notice", has_text="Not painted yet").wait_for()
        page.set_input_files("#file", tmp_path / "second.png")
        wait_until_painted(page, "100×90")
        assert page.evaluate("given.filter(({ width }) => width).length") == 2
        assert page.evaluate("given.length") == 4
        page.evaluate("() => { HTMLCanvasElement.prototype.toBlob = (done) => done(null); }")
        page.click("#save")
        page.locator("#notice", has_text="could not be saved (no picture)").wait_for()


@pytest.mark.parametrize("late", ["first.png", "letter.txt"])
def test_what_was_chosen_last_stays(browser, page_at, tmp_path, late):
    """Also where what was chosen before it takes longer to open, or turns out to be no picture."""
    first, second = noise(2, 90, 120)
    cv2.imwrite(str(tmp_path / "first.png"), first)
    cv2.imwrite(str(tmp_path / "second.png"), second[:, :100])
    (tmp_path / "letter.txt").write_text("Dear friend,")
    with opened(browser, page_at) as page:
        wait_until_painted(page)
        page.evaluate(LATE)
        page.set_input_files("#file", tmp_path / late)
        page.set_input_files("#file", tmp_path / "second.png")
        wait_until_painted(page, "100×90")
        page.evaluate("letGo()")
        page.wait_for_timeout(500)
        assert page.text_content("#notice") == ""
        wait_until_painted(page, "100×90")


def test_two_pages_of_one_host_have_threads(browser, folder, tmp_path):
    """Each has a service worker of its own, for which it is loaded again, in one tab too."""
    for name in "ab":
        (tmp_path / name).symlink_to(folder)
    with served(tmp_path) as url, opened(browser, f"{url}a/") as page:
        wait_until_painted(page)
        assert page.evaluate("crossOriginIsolated")
        page.goto(f"{url}b/", wait_until="commit")
        wait_until_painted(page)
        assert page.evaluate("crossOriginIsolated")


def test_a_style_that_does_not_load_is_said_and_others_go_on(browser, folder, footage, tmp_path):
    """It is not called too large; whoever chooses another style is painted, a camera too."""
    copy = tmp_path / "page"
    shutil.copytree(folder, copy)
    (copy / "models" / "2-starry-night.onnx").unlink()
    with served(copy) as url, opened(browser, url, expected="404") as page:
        wait_until_painted(page)
        page.wait_for_selector(".card:nth-child(5) .painted")
        page.click("#camera")
        wait_until_painted(page, "fps")
        page.keyboard.press("2")
        page.locator("#notice", has_text="models/2-starry-night.onnx does not load").wait_for()
        page.keyboard.press("5")
        page.fill("#brushwork", "0")
        page.click("#mirror")
        wait_for(lambda: max(psnr_db(on_canvas(page), 255 - one) for one in footage[1]) > 25)
        assert page.text_content("#notice") == ""


@pytest.mark.parametrize(
    ("flags", "words"),
    [((), "There is no camera"), (("--use-fake-device-for-media-stream",), "The camera is not allowed")],
)
def test_a_camera_that_cannot_be_had_is_said_kindly(player, page_at, flags, words):
    """What happened and what to do, in place of an error's name."""
    with chromium(player, *flags) as browser, opened(browser, page_at) as page:
        page.click("#camera")
        page.locator("#notice", has_text=words).wait_for()
        assert page.is_enabled("#open")


def test_one_size_is_no_page(tmp_path):
    """--size is refused with a sentence: the page's size follows the device."""
    with pytest.raises(UsageError, match="the page paints at any size"):
        export_style("wave", tmp_path / "page", to="web", size=Size(64, 48))
    assert not list(tmp_path.iterdir())
