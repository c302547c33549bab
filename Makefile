# The verbs of this project; `make help` explains them. CMake does the work (CMakePresets.json).
MAKEFLAGS += --no-print-directory --no-builtin-rules
SHELL := /bin/bash
JOBS ?= $(shell nproc)

.DEFAULT_GOAL := release
.PHONY: help release debug asan tsan test demo bench storm search determinism model crashes \
  exhaust week bugs mutants pictures crash-images format lint packages check-packages

## make            build the product: build/release/bin
release: build/release/configured
	@cmake --build build/release --target product -j $(JOBS)

## make test       build everything, run every test
test: build/release/configured
	@cmake --build build/release -j $(JOBS)
	@ctest --preset release -j $(JOBS)

## make demo       the main job on real input, killed again and again (DEMO_DIR=DIR keeps its files)
demo: release
	@examples/demo/run.sh build/release/bin/wavetank

## make debug      build everything without optimisation: build/debug/bin
debug: build/debug/configured
	@cmake --build build/debug -j $(JOBS)

## make asan       build everything with ASan and UBSan, run every test
asan: build/asan/configured
	@cmake --build build/asan -j $(JOBS)
	@ctest --preset asan -j $(JOBS)

## make tsan       build what runs real threads with ThreadSanitizer, run its tests
tsan: build/tsan/configured
	@cmake --build build/tsan -j $(JOBS) --target platform_real_test conformance_test \
	  streaming_test wavetank network_word_count
	@tests/tsan/run.sh build/tsan/bin

## make search     look for scenarios that fail, RUNS of them from SEED on (minutes)
RUNS ?= 5000
SEED ?= 1
search: build/release/configured
	@cmake --build build/release --target wavetank -j $(JOBS)
	@build/release/bin/wavetank explore --seeds=$(SEED)-1000000000 --runs=$(RUNS) --jobs=$(JOBS) \
	  --save=build/found

## make determinism  SEEDS seeds do the same in release, pattern, zero and ASan builds (hours)
SEEDS ?= 10000
determinism: build/release/configured build/pattern/configured build/zero/configured \
    build/asan/configured
	@for preset in release pattern zero asan; do \
	  cmake --build build/$$preset --target wavetank -j $(JOBS) || exit 1; done
	@for preset in pattern zero asan; do echo "release and $$preset"; \
	  tests/scenarios/same_explorations.py build/release/bin/wavetank build/$$preset/bin/wavetank \
	    --seeds=1-$(SEEDS) --jobs=$(JOBS) || exit 1; done

## make model      the protocol of a fenced log in every interleaving within its bounds
model: build/release/configured
	@cmake --build build/release --target model_test -j $(JOBS)
	@MODEL_DEPTH=full build/release/bin/model_test --gtest_filter='*Holds*'

## make crashes    every crash of scripts of three operations on logs, store and state
crashes: build/release/configured
	@cmake --build build/release --target checkpoint_exhaustive_test -j $(JOBS)
	@EXHAUST_OPERATIONS=3 GTEST_BRIEF=1 build/release/bin/checkpoint_exhaustive_test \
	  --gtest_filter='*Exhaustive*'

## make exhaust    every crash of longer scripts on logs, store and state; a larger model (minutes)
exhaust: build/release/configured
	@cmake --build build/release --target checkpoint_exhaustive_test model_test -j $(JOBS)
	@EXHAUST_OPERATIONS=4 build/release/bin/checkpoint_exhaustive_test
	@MODEL_DEPTH=deep build/release/bin/model_test --gtest_filter='*Holds*'

## make week       a week of virtual time of a stream that loses drivers and workers (minutes)
week: build/release/configured
	@cmake --build build/release --target week_test -j $(JOBS)
	@WAVETANK_WEEK=1 GTEST_BRIEF=1 build/release/bin/week_test --gtest_filter='AWeekOfBatches.*'

## make bugs       plant each known bug, show what finds it
bugs: build/planted/configured
	@cmake --build build/planted --target wavetank -j $(JOBS)
	@build/planted/bin/wavetank bugs

## make pictures   the pages of reports in a headless Chromium, against what the runs say
pictures: release
	@cmake/install_packages.sh pictures
	@python3 tests/pictures/page_test.py build/release/bin/wavetank build/release/bin/ledger

## make crash-images  lose the power of real runs, IMAGES times, from SEED on (ten minutes)
crash-images: IMAGES ?= 1000
crash-images: build/release/configured
	@cmake/install_packages.sh images
	@cmake --build build/release --target wavetank simulated_disk -j $(JOBS)
	@python3 tests/crash_images/notebook_test.py
	@python3 tests/crash_images/jobs.py --images=$(IMAGES) --seed=$(SEED) --jobs=$(JOBS) \
	  build/release/bin/wavetank build/release/bin/simulated_disk

## make mutants    plant each listed mistake, show what notices it (hours; SAMPLE=N for N of them)
mutants: check-packages
	@python3 tests/mutations/run.py $(if $(SAMPLE),--sample $(SAMPLE) --seed $$(git rev-parse HEAD))

## make bench      run the benchmarks, print their ratios (ten minutes, 8 GB)
bench: build/release/configured
	@cmake --build build/release --target aggregate_bench columnar_bench log_bench rpc_bench \
	  scenario_bench simulator_dispatch_bench state_bench stateful_bench -j $(JOBS)
	@benchmarks/ratios.sh build/release/bin

## make storm      a store under more than it has memory for (minutes, 3 GB of disk)
storm: build/release/configured
	@cmake --build build/release --target store_process_test -j $(JOBS)
	@STORE_FULL_SIZE=1 TEST_TMPDIR=$(CURDIR)/build build/release/bin/store_process_test --gtest_brief=1

## make format     format the sources in place
format: check-packages
	@git ls-files '*.h' '*.cc' '*.proto' | xargs clang-format-19 -i

## make lint       check the formatting, then run clang-tidy
lint: check-packages release
	@git ls-files '*.h' '*.cc' '*.proto' | xargs clang-format-19 --dry-run --Werror
	@cmake/lint.sh

## make help       this list; each verb first installs the Debian packages it lacks
help:
	@echo "Usage: make [VERB] [JOBS=N]"
	@sed -n 's/^## /  /p' Makefile
	@echo "Others: cmake --list-presets; ctest --preset release -R FencedLog; .ci/run"

packages:
	@cmake/install_packages.sh build
check-packages:
	@cmake/install_packages.sh build check

# After the first time ninja itself notices changes of CMakeLists.txt, but not of the presets.
build/%/configured: CMakePresets.json | packages
	@cmake --preset $*
	@touch $@
