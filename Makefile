# make demo   paint a sample clip: out/demo.mp4 and out/demo.png
# make test   everything that CI checks

PYTHON ?= python3
STYLE ?= wave
BIN := .venv/bin
CLIP := out/bigbuckbunny.mp4

.PHONY: demo test lint types layers pytest system clean

demo: .venv/runtime $(CLIP)
	$(BIN)/rtstyle transcode $(CLIP) -o out/demo.mp4 --style $(STYLE) --overwrite --json > out/demo.json
	$(BIN)/python docs/demo.py $(CLIP) out/demo.mp4 out/demo.png out/demo.json

test: lint types layers pytest

lint: .venv/tools
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: .venv/tools
	$(BIN)/mypy

layers: .venv/tools
	$(BIN)/lint-imports

pytest: .venv/tools system
	$(BIN)/pytest

# Only tests need these, and tests say what they skip without them.
system:
	@if ! command -v ffprobe > /dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y ffmpeg > /dev/null || true; fi
	@command -v ffprobe > /dev/null || echo "no ffmpeg, and it could not be installed: tests that need it are skipped"

$(CLIP): docs/sample_clip.py | .venv/runtime
	$(BIN)/python docs/sample_clip.py $@

.venv/runtime: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable .
	@touch $@

.venv/tools: .venv/runtime
	$(BIN)/pip install --quiet --editable '.[keyframe,train,dev]'
	@touch $@

clean:
	rm -rf .venv out dist
