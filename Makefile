# Every target makes the checkout ready first; a second run starts in seconds.
PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest
MINUTES ?= 5
RESET ?=
ROW ?=

.PHONY: help setup demo check format test-fast test test-hw bench soak fleet compare pictures tour lock

help:       ## What can be made
	@grep -E '^[a-z-]+: .*##|^[a-z-]+:  *##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

setup:      ## Virtual environment, wheels, Debian packages
	@.ci/setup

demo: setup ## The main job on this machine: kiosk, platform, doors, lockers (RESET=1 starts anew)
	@$(PYTHON) -m edge demo $(if $(RESET),--reset)

check: setup ## Format, lint, strict types, import contracts, documents
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	$(PYTEST) tests/docs

format: setup ## Put the code into shape
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

test-fast: setup ## What needs no whole processes (at most 90 s)
	$(PYTEST) -n 2 -m "not slow"

test: setup ## Everything (at most 25 min)
	$(PYTEST) -n 2 --dist loadgroup

test-hw: setup ## The relay guard on a real gpiochip in a guest machine (qemu), with many kills in mid-pulse
	@.ci/setup-hw
	EDGE_HW_KILLS=30 $(PYTEST) -rs -s tests/hardware

bench: setup ## All benchmarks with their floors; table and plots in bench/out/
	$(PYTHON) -m edge bench --out bench/out

soak: setup ## Long runs of the proofs: make soak MINUTES=60 (ROW=name for one of them, JOBS=8 trials at a time)
	$(PYTHON) -m tests.soak --minutes $(MINUTES) $(if $(ROW),--row $(ROW)) $(if $(JOBS),--jobs $(JOBS))

compare: setup ## Home Assistant beside gate-command, thingsboard-gateway beside uplink (docs/comparison.md)
	$(PYTHON) -m tests.bench.compare_home_assistant --folder bench/home-assistant
	$(PYTHON) -m tests.bench.compare_thingsboard_gateway --folder bench/thingsboard-gateway

fleet: setup ## 10 to 2,000 simulated sites through reconnect storms, against PostgreSQL (docs/fleet.md)
	$(PYTHON) -m tests.bench.fleet

pictures: setup ## Pictures of the documents, from the story played in Chromium
	EDGE_PICTURES=docs/pictures $(PYTEST) tests/browser/test_demo_in_chromium.py

tour: setup ## The stage's tour played in Chromium, recorded for the README in both languages
	$(PYTHON) -m tests.browser.tour_recording docs/pictures

lock: setup ## Renew the locked versions
	.venv/bin/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header -q -o .ci/requirements.lock
