# Understudy. `make help` lists what there is; `make demo` and `make test` install what is missing by themselves.
SHELL := /bin/bash
.DEFAULT_GOAL := help

SEED ?= 7
SWIFT ?= swift
BUILD := .build/release
PYTHON := .deps/venv/bin/python
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# Debian's packages by name. Builds need the -dev ones, `deps` the venv, `bench` the last line; with the cross compiler
# and qemu `make test` runs the arm64 kernels too.
APT := libserialport-dev libopenblas-dev libzstd-dev pkg-config make python3-venv gcc-aarch64-linux-gnu qemu-user
APT_BENCH := rt-tests stress-ng
APT_BROWSER := chromium chromium-driver
# LeRobot needs Python 3.12 or newer; Debian 12 has 3.11. `make peers PYTHON312=/path/to/python3.12` names one.
PYTHON312 ?= python3.12

.PHONY: help deps build demo test test-browser study transfer bench peers servo-peers fuzz proofs soak format lint clean browser test-live envelope bench-loop

help: ## this table
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: .deps/ready ## install Debian's packages and a venv with MuJoCo, DuckDB and the judges of make test into .deps
.deps/ready: Makefile
	@missing=""; for p in $(APT); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then echo "installing$$missing"; \
	  $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; fi
	@command -v $(SWIFT) >/dev/null || { echo "Swift 6.3 is missing: install it from swift.org, then run make again."; exit 69; }
	@mkdir -p .deps/lib .deps/include
	@[ -x $(PYTHON) ] || /usr/bin/python3 -m venv .deps/venv
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps mujoco-core==4.0.0 duckdb-cli==1.5.6
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check mcap==1.6.0 mcap-ros2-support==0.6.0 \
	  feetech-servo-sdk==1.0.0 rustypot==1.13.1
	@site=$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
	cp -r $$site/mujoco/include/. .deps/include/ && cp $$site/mujoco/libmujoco.so.4.0.0 .deps/lib/ && \
	ln -sf libmujoco.so.4.0.0 .deps/lib/libmujoco.so
	@touch $@

build: deps ## build everything in release mode
	$(SWIFT) build -c release

test: deps ## every test; under 15 minutes on 2 cores
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests
	$(SWIFT) build -c release --build-tests
	$(SWIFT) test -c release --skip-build

demo: deps ## the whole loop on the twin: demonstrate, train, run, correct, run again (SEED=n for other numbers)
	$(SWIFT) build -c release
	@SEED=$(SEED) $(BUILD)/understudy-twin demo --seed $(SEED) --dir .demo

bench: build ## measure loop, policy and bus on this machine, beside cyclictest, OpenBLAS and (after make peers) PyTorch; two minutes
	@missing=""; for p in $(APT_BENCH); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then echo "installing$$missing"; \
	  $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; fi
	$(BUILD)/understudy bench policy $(if $(wildcard .deps/peers/ready),--peers)
	$(BUILD)/understudy bench train $(if $(wildcard .deps/peers/ready),--peers)
	$(BUILD)/understudy bench loop --rate 200 --seconds 10
	$(BUILD)/understudy bench bus $(if $(wildcard .deps/lerobot/ready),--peers)

bench-loop: build ## the loop alone, long enough to quote: 200 Hz and 1000 Hz idle, then under stress-ng; 13 minutes, on a quiet machine
	@missing=""; for p in $(APT_BENCH); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then $(SUDO) apt-get update -qq && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; fi
	$(BUILD)/understudy bench loop --rate 200 --seconds 60
	$(BUILD)/understudy bench loop --rate 1000 --seconds 30
	$(BUILD)/understudy bench loop --rate 200 --seconds 60 --stress
	$(BUILD)/understudy bench loop --rate 1000 --seconds 30 --stress

browser:
	@missing=""; for p in $(APT_BROWSER); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then echo "installing$$missing"; $(SUDO) apt-get update -qq && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; fi

test-browser: deps browser ## the live page in headless Chromium, over sessions with the twin; installs Chromium (SCREENSHOT=FILE keeps one)
	$(SWIFT) build -c release --build-tests
	UNDERSTUDY_BROWSER=1 $(if $(SCREENSHOT),UNDERSTUDY_SCREENSHOT=$(abspath $(SCREENSHOT))) \
	  $(SWIFT) test -c release --skip-build --filter BrowserTests

test-live: deps ## minutes of correction sessions in real time: killed and gone on with, compared, beside virtual time
	$(SWIFT) build -c release --build-tests
	UNDERSTUDY_LIVE=1 $(SWIFT) test -c release --skip-build --filter SessionLiveTests

servo-peers: build ## the part of `peers` that judges servos and bus: Feetech's SDK, rustypot, an emulator on the SDK, LeRobot
	@failed=0; for judge in servos host; do \
	  echo "$$judge"; $(PYTHON) Tests/Peers/$$judge.py || failed=1; done; \
	if $(PYTHON312) -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then \
	  $(MAKE) --no-print-directory .deps/lerobot/ready && \
	  for judge in lerobot_bus lerobot_robots lerobot_setup; do \
	    echo "$$judge"; .deps/lerobot/bin/python Tests/Peers/$$judge.py || failed=1; done; \
	else echo "lerobot_bus, lerobot_robots, lerobot_setup"; \
	  echo "  not run  LeRobot's motor bus, SO-101 arms and set-up: no Python 3.12 ($(PYTHON312)); name one with PYTHON312="; fi; \
	exit $$failed

peers: servo-peers .deps/peers/ready ## let programs that nobody here wrote judge ours: servo-peers, mcap, rosbags, PyTorch, LeRobot, imitation
	@failed=0; for judge in logs policies; do \
	  echo "$$judge"; .deps/peers/bin/python Tests/Peers/$$judge.py || failed=1; done; \
	if $(PYTHON312) -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then \
	  echo lerobot_data; $(MAKE) --no-print-directory .deps/lerobot-data/ready && \
	  .deps/lerobot-data/bin/python Tests/Peers/lerobot_data.py || failed=1; \
	else echo "  not run  LeRobot's datasets and training: no Python 3.12 ($(PYTHON312)); name one with PYTHON312="; fi; \
	echo rewards; if $(MAKE) --no-print-directory .deps/learning/ready; then \
	  .deps/learning/bin/python Tests/Peers/rewards.py || failed=1; \
	else echo "  not run  imitation: it could not be installed (it brings PyTorch, 6 GB)"; fi; \
	exit $$failed
	UNDERSTUDY_PYTHON=$(CURDIR)/.deps/peers/bin/python $(SWIFT) test -c release --filter 'NumpyTests|TorchTests'

# Suites with loops over seeded randomness; each takes `effort` from Tests/Support.
FUZZED := FuzzTests|RecoveryTests|KillTests|ReplyParserTests|EnvelopeTests|ToolLimitsTests|AdversaryTests|SafeTensorsTests|TorchExchangeTests|FixedMathTests|ArmScaleTests|\.KinematicsTests|HandoverPropertyTests

# 100: each reader of files sees 10⁹ bytes.
FUZZ ?= 100
fuzz: deps ## the randomised tests, FUZZ=100 times longer than in make test
	$(SWIFT) build -c release --build-tests
	UNDERSTUDY_FUZZ=$(FUZZ) $(SWIFT) test -c release --skip-build --filter '$(FUZZED)'

envelope: deps ## the envelope under 172 million ticks of every wish, reading and lateness; says how many it counted
	$(SWIFT) build -c release --build-tests
	UNDERSTUDY_FUZZ=100 $(SWIFT) test -c release --skip-build --filter 'EnvelopeTests|ToolLimitsTests|AdversaryTests'

proofs: build ## what the tick asks of the kernel (strace, page faults), and a live session under ThreadSanitizer (builds anew)
	@command -v strace >/dev/null || $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq strace >/dev/null
	/usr/bin/python3 Tests/Proofs/futex.py $(BUILD)/understudy
	/usr/bin/python3 Tests/Proofs/faults.py $(BUILD)/understudy
	$(SWIFT) build -c release --sanitize=thread --scratch-path .build/tsan --product understudy
	Tests/Proofs/threads.sh .build/tsan/release/understudy $(BUILD)/understudy $(BUILD)/understudy-twin

HOURS ?= 24
soak: build ## hours of sessions on virtual time with a fault every ten seconds (HOURS=24: about ten minutes)
	$(BUILD)/understudy-twin soak --hours $(HOURS) --seed $(SEED) --cores $$(nproc)

study: build ## what a person's frames are worth, by how they are spent; goes on where it was, ends in the README (QUICK=1: a small one, beside)
	$(BUILD)/understudy-twin study --cores $$(nproc) $(if $(QUICK),--quick --dir .study-quick,--dir .study) \
	  $(if $(QUICK)$(PUBLISH),$(if $(PUBLISH),$(PUBLISHED)),$(PUBLISHED))

PUBLISHED := --publish README.md --pictures Sources/understudy/Documentation.docc

transfer: build ## planning on a recovered reward beside copying, after the dynamics change: an hour; goes on where it was (QUICK=1: less)
	$(BUILD)/understudy-twin transfer $(if $(QUICK),--quick --dir .transfer-quick,--dir .transfer)

.deps/peers/ready: Tests/Peers/requirements.txt
	@rm -rf .deps/peers && /usr/bin/python3 -m venv .deps/peers
	@.deps/peers/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.deps/lerobot/ready: Tests/Peers/requirements-lerobot.txt
	@rm -rf .deps/lerobot && $(PYTHON312) -m venv .deps/lerobot
	@.deps/lerobot/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@.deps/lerobot/bin/python -m pip install --quiet --disable-pip-version-check --no-deps lerobot==0.6.1
	@touch $@

# All of LeRobot with PyTorch: some gigabytes, once. torchcodec comes along and finds no FFmpeg: nobody here decodes video.
.deps/lerobot-data/ready: Tests/Peers/requirements-lerobot-data.txt
	@rm -rf .deps/lerobot-data && $(PYTHON312) -m venv .deps/lerobot-data
	@.deps/lerobot-data/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@.deps/lerobot-data/bin/python -m pip uninstall --quiet --yes torchcodec
	@touch $@

.deps/learning/ready: Tests/Peers/requirements-learning.txt
	@rm -rf .deps/learning && /usr/bin/python3 -m venv .deps/learning
	@.deps/learning/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

lint: ## the formatter's rules, strictly
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests

format: ## lay the sources out as the formatter wants them
	$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests

clean: ## remove what was built, and the demo's files; .deps stays
	rm -rf .build .demo .twin
