# One door to everything: `make` lists what there is, CI runs `make ci`.
# Every variable below may be set on the command line: make fuzz FUZZTIME=1m

GO ?= go

# Time budgets. A step that passes its budget is ended and has failed: a hang is a bug like any other. They are several
# times what the step takes on two cores with empty caches.
BUILD_BUDGET    ?= 3m
TEST_BUDGET     ?= 6m
RACE_BUDGET     ?= 6m
LINT_BUDGET     ?= 6m
FUZZ_BUDGET     ?= 10m
SIM_BUDGET      ?= 5m
SOAK_BUDGET     ?= 15m
MUTANTS_BUDGET  ?= 30m
BENCH_BUDGET    ?= 10m
BENCHCMP_BUDGET ?= 60m
CROSS_BUDGET    ?= 3m
# What one package's tests may take (go test -timeout); it prints all goroutines, where a budget just ends.
TEST_TIMEOUT ?= 4m

# How long each fuzz target runs.
FUZZTIME ?= 10s
# The simulation: connection lives and HTTP exchanges, exchanges in worlds with everything in them, and the seed of the first.
# SIM_SEED repeats a failure.
SIM_LIVES     ?= 200000
SIM_EXCHANGES ?= $(SIM_LIVES)
SIM_SEED      ?= 1
# The tests read these, and make would tell them in every step what is meant for sim alone.
unexport SIM_LIVES SIM_EXCHANGES SIM_SEED
# How long the soak lasts, and its seed; 0 picks one.
SOAKTIME  ?= 10m
SOAK_SEED ?= 0
# Arguments of go run ./internal/mutants.
MUTANTS ?=
# Arguments of bench; quick is the short comparison.
BENCH ?= quick
# bench-shot: the result file to make pictures of; the newest of those kept.
BENCH_RESULT ?= $(lastword $(sort $(wildcard bench/results/*.json)))
# benchcmp: the commit to compare with, the benchmarks, samples of each side, and the loss in per cent that fails.
BASE        ?= HEAD
BENCHMARKS  ?= .
BENCH_COUNT ?= 10
BENCH_LIMIT ?= 5
# A file of tests that may skip; with it, any other skip fails test and race. CI sets .ci/skips.txt.
SKIPS ?=

# What CI does besides test, in order, and its shorter versions of the long steps. All of ci stays under 15 minutes on two
# cores with empty caches.
CI_REST      ?= build lint race cross sim soak fuzz mutants
CI_SOAKTIME  ?= 25s
CI_FUZZTIME  ?= 3s
CI_SIM_LIVES ?= 30000
CI_SIM_EXCHANGES ?= 100000
CI_MUTANTS   ?= -quick

# The systems we vet for, tests included, one of them with weirdebug too: what that tag adds is the same on all. Of FLOORS_ONLY it is
# what knows the system, and the floors right above: the rest is one program on all systems, which internal/tidy keeps, and net/http
# would have to be compiled for it. Vet compiles what is imported; one program is linked besides. Those of COMPILE_ONLY are only
# built: a second processor of a system, and one where weir says that it can't run.
SYSTEMS      := darwin/arm64 freebsd/amd64 openbsd/amd64 netbsd/amd64 linux/386
FLOORS_ONLY  := openbsd/amd64 netbsd/amd64
DEBUG_VET    := freebsd/amd64
COMPILE_ONLY := darwin/amd64 linux/arm64 windows/amd64
FLOORS       := ./reactor/... ./loop/... ./stream/...
# What staticcheck reads the code as, system/tags: darwin is the kqueue half of reactor, and what weirdebug adds is the same there.
LINT_BUILDS  := linux linux/weirdebug darwin

# Modules of this repository, and those of them with code.
MODULES      := . $(patsubst %/go.mod,%,$(wildcard */go.mod))
CODE_MODULES := $(filter-out tools,$(MODULES))

# Without a timeout command (macOS has it as gtimeout) there are no budgets. At a terminal, ^C must reach the step.
TIMEOUT := $(shell command -v timeout || command -v gtimeout)
within   = $(if $(TIMEOUT),$(TIMEOUT) -k 10s $(if $(shell test -t 0 && echo tty),--foreground )$(1))
gotest   = $(GO) run ./internal/gotest $(if $(SKIPS),-skips $(SKIPS))
tool     = $(GO) tool -modfile=$(CURDIR)/tools/go.mod

.DEFAULT_GOAL := help
.PHONY: help build test race lint fmt fuzz fuzz-long sim soak mutants bench bench-shot demo-slow benchcmp cross ci ci-rest

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: ## compile all packages of all modules, in both builds
	$(call within,$(BUILD_BUDGET)) $(GO) build ./...
	$(call within,$(BUILD_BUDGET)) $(GO) build -tags weirdebug ./...
	@set -e; for m in $(filter-out .,$(CODE_MODULES)); do echo "$(GO) -C $$m build ./..."; \
	  $(call within,$(BUILD_BUDGET)) $(GO) -C $$m build -o /dev/null ./...; done

test: ## run the tests, in both builds: as shipped, and with the checks of weirdebug
	$(call within,$(TEST_BUDGET)) $(gotest) -- -shuffle=on -timeout=$(TEST_TIMEOUT) ./...
	$(call within,$(TEST_BUDGET)) $(gotest) -- -shuffle=on -timeout=$(TEST_TIMEOUT) -tags weirdebug ./...
	@set -e; for m in $(filter-out .,$(CODE_MODULES)); do echo "$(gotest) -dir $$m -- ./..."; \
	  $(call within,$(TEST_BUDGET)) $(gotest) -dir $$m -- -shuffle=on -timeout=$(TEST_TIMEOUT) ./...; done

race: ## run the tests under the race detector
	$(call within,$(RACE_BUDGET)) $(gotest) -- -race -shuffle=on -timeout=$(TEST_TIMEOUT) ./...

lint: ## vet, staticcheck, formatting, tidy go.mod files
	@set -e; for m in $(CODE_MODULES); do for tags in "" weirdebug; do \
	  echo "vet $$m $$tags"; (cd $$m && $(call within,$(LINT_BUDGET)) $(GO) vet -tags "$$tags" ./...); done; done
	@set -e; for b in $(LINT_BUILDS); do \
	  echo "staticcheck . $$b"; $(call within,$(LINT_BUDGET)) tools/staticcheck $$(echo "$$b/" | tr / ' '); done
	@set -e; for m in $(filter-out .,$(CODE_MODULES)); do \
	  echo "staticcheck $$m"; (cd $$m && $(call within,$(LINT_BUDGET)) $(tool) staticcheck ./...); done
	@echo "gofumpt"; out=$$($(call within,$(LINT_BUDGET)) $(tool) gofumpt -l .) || exit 1; \
	  if [ -n "$$out" ]; then echo "not formatted, run make fmt:"; echo "$$out"; exit 1; fi
	@set -e; for m in $(MODULES); do echo "go mod tidy -diff in $$m"; $(call within,$(LINT_BUDGET)) $(GO) -C $$m mod tidy -diff; done

fmt: ## format all Go files and tidy the go.mod files
	$(tool) gofumpt -w .
	@set -e; for m in $(MODULES); do echo "go mod tidy in $$m"; $(GO) -C $$m mod tidy; done

fuzz: ## run each fuzz target for FUZZTIME
	$(call within,$(FUZZ_BUDGET)) tools/fuzz $(FUZZTIME)

fuzz-long: ## run each fuzz target for ten minutes
	$(MAKE) --no-print-directory fuzz FUZZTIME=10m FUZZ_BUDGET=3h

sim: ## live SIM_LIVES simulated lives of connections, as many HTTP exchanges, and SIM_EXCHANGES in whole worlds, from SIM_SEED on
	SIM_LIVES=$(SIM_LIVES) SIM_EXCHANGES=$(SIM_EXCHANGES) SIM_SEED=$(SIM_SEED) $(call within,$(SIM_BUDGET)) \
	  $(gotest) -- -run Sim -count=1 -timeout=$(SIM_BUDGET) ./internal/simkernel/... ./httpcore ./internal/wholesim

soak: ## mixed traffic on the real kernel for SOAKTIME, with kills, stops and resets (Linux)
	$(call within,$(SOAK_BUDGET)) $(GO) run ./internal/soak -time $(SOAKTIME) -seed $(SOAK_SEED)

mutants: ## plant one-line bugs one by one; the tests must find each
	$(call within,$(MUTANTS_BUDGET)) $(GO) run ./internal/mutants $(MUTANTS)

bench: ## compare with rivals, side by side in one run
	$(call within,$(BENCH_BUDGET)) $(GO) -C bench run . $(BENCH)

bench-shot: ## make the pictures of a bench report in docs/img from BENCH_RESULT
	$(call within,$(BENCH_BUDGET)) tools/bench-shot "$(BENCH_RESULT)" docs/img

demo-slow: ## watch two proxies with slow clients, one with backpressure and one without
	$(GO) run ./examples/demo-slow

benchcmp: ## compare the Go benchmarks with those of the commit BASE
	$(call within,$(BENCHCMP_BUDGET)) tools/benchcmp "$(BASE)" "$(BENCHMARKS)" "$(BENCH_COUNT)" "$(BENCH_LIMIT)"

BUILDS := $(addprefix cross/,$(SYSTEMS) $(COMPILE_ONLY))
.PHONY: $(BUILDS)
cross: $(BUILDS) ## build and vet for every other system

$(BUILDS): cross/%:
	@echo "cross $*"
	@CGO_ENABLED=0 GOOS=$(word 1,$(subst /, ,$*)) GOARCH=$(word 2,$(subst /, ,$*)) $(call within,$(CROSS_BUDGET)) $(GO) build -o /dev/null ./cmd/echo
	@$(if $(filter $*,$(SYSTEMS)),for tags in "" $(if $(filter $*,$(DEBUG_VET)),weirdebug); do \
	  CGO_ENABLED=0 GOOS=$(word 1,$(subst /, ,$*)) GOARCH=$(word 2,$(subst /, ,$*)) \
	  $(call within,$(CROSS_BUDGET)) $(GO) vet -tags "$$tags" $(if $(filter $*,$(FLOORS_ONLY)),$(FLOORS),./...) || exit 1; done,\
	  CGO_ENABLED=0 GOOS=$(word 1,$(subst /, ,$*)) GOARCH=$(word 2,$(subst /, ,$*)) \
	  $(call within,$(CROSS_BUDGET)) $(GO) build $(FLOORS) ./httpcore ./httpcore/static)

ci: ## all that CI runs
	@$(MAKE) --no-print-directory ci-rest CI_REST="test $(CI_REST)"

ci-rest: ## all that CI runs but test
	@begin=$$(date +%s); for step in $(CI_REST); do \
	  start=$$(date +%s); echo; echo "== make $$step"; \
	  $(MAKE) --no-print-directory $$step FUZZTIME=$(CI_FUZZTIME) SOAKTIME=$(CI_SOAKTIME) SIM_LIVES=$(CI_SIM_LIVES) \
	    SIM_EXCHANGES=$(CI_SIM_EXCHANGES) MUTANTS="$(CI_MUTANTS)" || \
	    { echo "== make $$step failed after $$(($$(date +%s) - start)) s"; exit 1; }; \
	  echo "== make $$step took $$(($$(date +%s) - start)) s"; \
	done; echo; echo "== $(CI_REST): all passed in $$(($$(date +%s) - begin)) s"
