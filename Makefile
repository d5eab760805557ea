# make demo   paint a sample clip: out/demo.mp4 and out/demo.png
# make test   everything that CI checks
# make style NAME=mine ART=mine.jpg DATA=photos [CLIPS=clips] [NETWORK=lite] [TRAIN="--steps 600"]
#             [MACHINE="--device cuda"] [TITLE=… ARTIST=… YEAR=…]
#             trains (or goes on), measures, exports into exported/, writes its row there

PYTHON ?= python3
STYLE ?= wave
BIN := .venv/bin
CLIP := out/bigbuckbunny.mp4
PROGRAMS := chromium ffprobe Xvfb xdotool openbox gst-launch-1.0
PACKAGES := chromium ffmpeg xvfb xdotool openbox gstreamer1.0-tools gir1.2-gst-rtsp-server-1.0 python3-gi \
	gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly
MISSING = $(strip $(foreach program,$(PROGRAMS),$(if $(shell command -v $(program)),,$(program))))

.PHONY: style demo test lint types layers pytest system clean

demo: .venv/runtime $(CLIP)
	$(BIN)/rtstyle transcode $(CLIP) -o out/demo.mp4 --style $(STYLE) --brushwork 0.5 --overwrite --json > out/demo.json
	$(BIN)/python docs/demo.py $(CLIP) out/demo.mp4 out/demo.png out/demo.json

NETWORK ?= lite
WORK ?= out/training
CKPT = $(WORK)/$(NAME)-$(NETWORK).ckpt

# What users say reaches the shell in variables, so that nothing in it means anything to make or to the shell.
$(foreach said,ART DATA CLIPS TITLE ARTIST YEAR LICENCE,$(eval style: export override $(said) := $$(value $(said))))

style: .venv/tools
	@mkdir -p $(WORK)
	$(BIN)/python -m training train -o $(CKPT) $(if $(wildcard $(CKPT)),--resume) $(MACHINE) \
		--network $(NETWORK) --data "$$DATA" --style-image "$$ART" --init-from exported/wave-$(NETWORK).onnx $(TRAIN)
	$(BIN)/python -m training evaluate $(CKPT) --photos "$$DATA" --style-image "$$ART" $${CLIPS:+--clips "$$CLIPS"} \
		$(EVALUATE) -o $(CKPT:.ckpt=.png) --json-out $(CKPT:.ckpt=.json) --overwrite > /dev/null
	$(BIN)/python -m training export $(CKPT) -o exported/$(NAME)-$(NETWORK).onnx --overwrite --name $(NAME) \
		--evaluation $(CKPT:.ckpt=.json) $${TITLE:+--title "$$TITLE"} $${ARTIST:+--artist "$$ARTIST"} \
		$${YEAR:+--year "$$YEAR"} $${LICENCE:+--licence "$$LICENCE"}
	$(BIN)/python -m training catalogue exported --photos "$$DATA"

test: lint types layers pytest

lint: .venv/tools
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: .venv/tools
	$(BIN)/mypy

layers: .venv/tools
	$(BIN)/lint-imports

# Two at a time, since much of a test is waiting; more than one thread of PyTorch each would wait for one another.
pytest: .venv/tools system
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal

# Only tests need these, and tests say what they skip without them.
system:
	@if [ -n "$(MISSING)" ] && [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y $(PACKAGES) > /dev/null || true; fi
	@for program in $(PROGRAMS); do command -v $$program > /dev/null || \
		echo "no $$program, and it could not be installed: tests that need it are skipped"; done

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
