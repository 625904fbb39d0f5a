# One command each; `make` alone lists them. What it needs: make, Node.js 20 or newer with npm, and for a control plane of
# its own either the network or a Go toolchain. Everything else, Node 24 included, comes with `npm ci`.

BIN := node_modules/.bin
INSTALLED := node_modules/.installed
RESULTS := .test-results
CHECKS := lint types unit generated

# The Node of the devDependencies, also for what scripts start themselves.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help check test demo bench property build crds control-plane $(CHECKS) e2e
.DELETE_ON_ERROR:

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## a real control plane, the operator, a policy: watch it work (KEEP=1 leaves it running)
	@KEEP=$(KEEP) $(BIN)/node e2e/demo.ts

test: $(INSTALLED) ## everything: check, build, and the tests against real control planes
	@rm -rf $(RESULTS) && mkdir $(RESULTS)
	@for step in $(CHECKS) build e2e property; do \
	  $(MAKE) --no-print-directory $$step || echo $$step >> $(RESULTS)/failed-steps; \
	done; $(BIN)/node e2e/summary.ts $(RESULTS)

check: $(CHECKS) ## what needs no cluster: format, lint, types, unit tests, generated files

lint: $(INSTALLED) ## format and lint
	@$(BIN)/biome check .

types: $(INSTALLED) ## the TypeScript compiler, strict
	@$(BIN)/tsc -p tsconfig.json --noEmit

unit: $(INSTALLED) ## unit tests
	@$(call vitest,unit)

generated: $(INSTALLED) ## are the generated files fresh?
	@$(BIN)/node e2e/generate-crds.ts --check

e2e: $(INSTALLED) ## tests against real control planes
	@$(call vitest,e2e)

property: $(INSTALLED) ## random sequences of operations against a control plane (SEQUENCES=200)
	@PERENNIAL_PROPERTY_SEQUENCES=$(or $(SEQUENCES),200) $(call vitest,property)

build: $(INSTALLED) ## bundle src/ into dist/main.js
	@rm -rf dist && $(BIN)/rolldown -c && chmod +x dist/main.js

crds: $(INSTALLED) ## write crds/ from the schemas in src/policy
	@$(BIN)/node e2e/generate-crds.ts

control-plane: $(INSTALLED) ## only a control plane to play with, until Ctrl-C
	@$(BIN)/node e2e/control-plane/main.ts run

bench: build ## side by side with a raw writer (minutes)
	@$(BIN)/node bench/run.ts

vitest = $(BIN)/vitest run --project $(1) --reporter=default --reporter=json --outputFile.json=$(RESULTS)/$(1).json

$(INSTALLED): package-lock.json
	npm ci --loglevel=error --no-audit --no-fund
	@touch $@
