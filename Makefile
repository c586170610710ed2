# The commands of the project. Each does its own set-up; see README.md.
.DEFAULT_GOAL := build
.PHONY: setup contracts build demo test test-cpp test-asan test-contracts test-real test-real-short invariants mutants mutate \
	bench gas fuzz format tidy clean

# What two cores and a few gigabytes hold; override with `make JOBS=8`.
JOBS ?= $(shell nproc)
PRESET ?= release
BUTTER := build/$(PRESET)/cmd/butter/butter
FORGE := node_modules/.bin/forge

setup:
	@tools/setup

contracts: setup
	@$(FORGE) build --quiet --skip test

build: contracts
	@[ -f build/$(PRESET)/build.ninja ] || cmake --preset $(PRESET) >/dev/null
	@cmake --build build/$(PRESET) -j $(JOBS)

demo: contracts
	@[ -f build/$(PRESET)/build.ninja ] || cmake --preset $(PRESET) >/dev/null
	@cmake --build build/$(PRESET) -j $(JOBS) --target butter
	@$(BUTTER) devnet --demo

test: build tidy test-contracts test-cpp test-real-short

# Layering and format; docs/threats.md against the tests; storage layouts against test/storage.
tidy: setup
	@tools/tidy.py
	@tools/threats.py
	@tools/storage_layout.py

test-cpp: build
	@ctest --test-dir build/$(PRESET) -j $(JOBS) --output-on-failure --no-tests=error

# The libraries' tests with ASan and UBSan.
test-asan: contracts
	@[ -f build/asan/build.ninja ] || cmake --preset asan >/dev/null
	@cmake --build build/asan -j $(JOBS) --target unit_tests
	@ctest --test-dir build/asan -j $(JOBS) -L unit --output-on-failure --no-tests=error

test-contracts: contracts
	@FORGE_SNAPSHOT_CHECK=true $(FORGE) test

# Over other people's nodes (docs/real-nodes.md): all of it takes under an hour, the short form a minute or two.
test-real: build
	@test/real/run --butter $(BUTTER)

test-real-short: build
	@test/real/run --butter $(BUTTER) short

# Long runs of what `make test` does briefly: any sequence of actions on three chains.
invariants: contracts
	@FOUNDRY_PROFILE=invariants $(FORGE) test --match-path 'contracts/test/invariants/*'

# Each known failure of docs/threats.md put into the contracts, which its test must notice (minutes).
mutants: setup
	@tools/mutate --threats

# Every comparison inverted, every check removed, one at a time (an hour or two); docs/mutation.md has what survives.
MUTATE ?= contracts chains
mutate: setup
	@tools/mutate $(MUTATE)

# What transactions cost, from the snapshots that test-contracts holds against the code.
gas:
	@tools/gas

# How long each kind of fuzzing searches, and where it starts; a run is repeated with the seed it printed.
FUZZ_SECONDS ?= 60
FUZZ_SEED ?= $(shell date +%s)

fuzz: contracts
	@tools/fuzz $(FUZZ_SECONDS) $(FUZZ_SEED) $(JOBS)

bench:
	@$(MAKE) --no-print-directory setup
	@[ -f build/release/build.ninja ] || cmake --preset release >/dev/null
	@cmake --build build/release -j $(JOBS) --target bench
	@tools/bench build/release

format:
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format-19 -i

clean:
	@rm -rf build out cache
