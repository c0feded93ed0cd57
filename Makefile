# Drumbeat's gates and helpers. `make` alone prints them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO ?= go
LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
FUZZTIME ?= 30s
# SQLite's C in Go is not watched for races, which would take a third of the gate's time: the memory of that C is its
# makers' business, and the mutexes through which it is called still order what ours do around it. Nor is the reader of
# YAML, which computes and shares nothing.
UNWATCHED := -gcflags=modernc.org/...=-race=false -gcflags=github.com/goccy/go-yaml/...=-race=false
# At its end a program under the race detector sleeps a second for others to run into a race, which the tests that call
# the binary pay hundreds of times.
RACE_ENV := GORACE=atexit_sleep_ms=20
# go test begins with the packages that are named first.
LONGEST := ./cmd/drumbeat ./internal/worker
DRUMBEAT_CASES ?= 100000
DRUMBEAT_KILLS ?= 200

# What a build says of its source: the tag if there is one, the commit always.
TAG = $(shell git describe --tags --dirty 2>/dev/null)
COMMIT = $(shell git describe --always --abbrev=40 --exclude='*' --dirty=' (with changes)')
RELEASE = drumbeat-$(or $(TAG),$(shell git describe --always --abbrev=12 --exclude='*' --dirty))
PLATFORMS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 freebsd/amd64

.PHONY: help demo test lint fuzz soak bench golden reference dist image tools

help: ## print these targets
	@sed -nE 's/^([a-z]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 10

demo: ## write the sample's weekly digests under drumbeat-demo/
	@$(GO) run ./cmd/drumbeat demo

test: tools ## the whole gate: vet, gofmt, and every test under the race detector
	@$(GO) vet ./...
	@dirty=$$(gofmt -l cmd config docs internal templates); [ -z "$$dirty" ] || { echo "not gofmt-clean:"; echo "$$dirty"; exit 1; }
	@$(RACE_ENV) $(GO) test -race $(UNWATCHED) -p 3 -timeout 40m $(LONGEST) ./... # many tests wait: for a process to end, a minute to come

lint: ## golangci-lint (its first run builds it, which takes minutes)
	@$(GO) run $(LINT) run ./...

# Inputs that reach new code are not made smaller: that would take most of the time.
fuzz: ## every fuzz target for FUZZTIME (30s) each; one that fails stops none of the others
	@failed=""; for pkg in $$($(GO) list ./...); do \
	  names=$$($(GO) test -list '^Fuzz' "$$pkg") || { echo "$$names"; failed="$$failed $$pkg"; }; \
	  for name in $$(grep '^Fuzz' <<<"$$names" || true); do \
	    echo "$$pkg $$name"; \
	    $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x "$$pkg" || failed="$$failed $$pkg:$$name"; \
	  done; done; [ -z "$$failed" ] || { echo "failed:$$failed"; exit 1; }

soak: ## DRUMBEAT_KILLS (200) kills of workers, every time zone, DRUMBEAT_CASES (100,000) pipelines against the slow twin
	@DRUMBEAT_KILLS=$(DRUMBEAT_KILLS) $(GO) test -count=1 -timeout 2h -v -run TestNothingIsLost ./cmd/drumbeat
	@$(GO) test -count=1 -timeout 2h -v -run 'ZoneTicks|EachWallPeriod' ./internal/schedule -full
	@DRUMBEAT_CASES=$(DRUMBEAT_CASES) $(GO) test -count=1 -timeout 2h -v -run TestTheSlowTwinAgrees ./internal/health/twin

bench: ## every benchmark, with allocations
	@$(GO) test -run '^$$' -bench . -benchmem -timeout 2h ./...

golden: reference ## rewrite the golden files after a wanted change; look at the diff before you commit
	@grep -rl --include='*_test.go' 'flag.Bool("update"' internal cmd | xargs -r -n1 dirname | sort -u | \
	  while read -r dir; do $(GO) test "./$$dir" -update; done

reference: ## write docs/commands.md from the commands' help
	@$(GO) test -count=1 -run TestTheCommandReference ./cmd/drumbeat -reference

# The binaries are static; the rest of an archive is the commit's, with its time, so that the same commit gives the same bytes.
dist: ## an archive for each of PLATFORMS under dist/, and SHA256SUMS
	@rm -rf dist && mkdir dist
	@for platform in $(PLATFORMS); do \
	  os=$${platform%/*} arch=$${platform#*/} binary=drumbeat form=tar.gz; \
	  [ $$os != windows ] || { binary=drumbeat.exe form=zip; }; \
	  echo "dist/$(RELEASE)-$$os-$$arch.$$form"; \
	  CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch $(GO) build -trimpath -buildvcs=false \
	    -ldflags "-s -w -X main.version=$(TAG) -X 'main.revision=$(COMMIT)'" -o dist/$$binary ./cmd/drumbeat; \
	  TZ=UTC git -c tar.umask=0022 archive --prefix=$(RELEASE)-$$os-$$arch/ --add-file=dist/$$binary \
	    -o "dist/$(RELEASE)-$$os-$$arch.$$form" HEAD README.md CHANGELOG.md config docs; \
	  rm dist/$$binary; \
	done
	@cd dist && if command -v sha256sum >/dev/null; then sha256sum drumbeat-*; else shasum -a 256 drumbeat-*; fi >SHA256SUMS

image: ## the container image drumbeat, with the commit in it
	@docker build -t drumbeat --build-arg VERSION="$(TAG)" --build-arg REVISION="$(COMMIT)" .

# What the tests need beside Go: a C compiler for the race detector, PostgreSQL of any version (the tests start
# their own throw-away cluster), Chromium to look at the mails, and Node for the judges from npm.
tools:
	@need=""; \
	command -v gcc >/dev/null || need="$$need gcc libc6-dev"; \
	command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need="$$need postgresql"; \
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || need="$$need chromium"; \
	command -v node >/dev/null || need="$$need nodejs"; \
	command -v npm >/dev/null || need="$$need npm"; \
	[ -n "$$need" ] || exit 0; \
	command -v apt-get >/dev/null || { echo "the tests need:$$need; install them and call make again"; exit 1; }; \
	as=""; [ "$$(id -u)" = 0 ] || as="sudo"; \
	[ -z "$$as" ] || command -v sudo >/dev/null || { echo "the tests need:$$need; install them as root and call make again"; exit 1; }; \
	echo "installing$$need"; \
	log=$$(mktemp); \
	{ $$as apt-get update -q && \
	  $$as env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$need; } >"$$log" 2>&1 || \
	  { tail -n 20 "$$log"; echo "installing$$need failed; install them by hand and call make again"; exit 1; }; \
	rm -f "$$log"
	@cd internal/web/testdata/judges; [ node_modules/.package-lock.json -nt package-lock.json ] || \
	  npm ci --silent --no-audit --no-fund --ignore-scripts || echo "axe-core cannot be had from npm now: the tests will say that it did not look at the pages"
