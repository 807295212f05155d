# canaryd. `make` lists what can be made.

.PHONY: help setup demo image compose lint test instructions soak sim fuzz fuzz-api clean

FUZZ_SECONDS ?= 60

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Checks for what the build needs, and installs missing Debian packages as root
	@.ci/setup

demo: setup ## Builds and plays the main job: a bad release is sent back, a good one brought in and taken back
	cargo build --locked --bin canaryd --bin canaryctl --bin demo
	@cargo run --locked --quiet --bin demo

image: setup ## Builds the image `canaryd` from local files, without a registry; as root on Debian, with debootstrap
	cargo build --release --locked --bin canaryd --bin canaryctl
	@.ci/image canaryd

compose: setup ## Shows that docker-compose.yml does what the README says; as root on Debian, with docker.io
	cargo build --locked --bin canaryd --bin canaryctl
	@.ci/compose

lint: setup ## Format, clippy, documentation, and the licenses and sources of dependencies
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- --deny warnings
	cargo clippy --locked --manifest-path fuzz/Cargo.toml --no-default-features --target-dir target -- --deny warnings
	RUSTDOCFLAGS='--deny warnings' cargo doc --locked --workspace --no-deps --document-private-items
	@if command -v cargo-deny >/dev/null; then \
		echo 'cargo deny --locked check licenses bans sources'; \
		cargo deny --locked check --hide-inclusion-graph licenses bans sources; \
	else \
		echo 'skipped: cargo-deny is not installed'; \
	fi

test: ## Every test, with what the tests need besides
	@.ci/setup test
	@if command -v cargo-nextest >/dev/null; then \
		echo 'cargo nextest run --locked --workspace'; \
		cargo nextest run --locked --workspace; \
	else \
		echo 'cargo test --locked --workspace'; \
		cargo test --locked --workspace; \
	fi
	@$(MAKE) --no-print-directory instructions

instructions: ## Instructions of a request's way against benches/instructions.toml; RECORD=1 writes them down
	@.ci/setup test
	@cargo run --locked --quiet --config benches/optimised.toml --package canary-benches --bin instructions -- \
		$(if $(RECORD),--record)

soak: ## Deployments one after the other on a real Docker Engine, for about an hour; as root
	@.ci/setup test
	cargo nextest run --locked --package canary-controller --profile soak --run-ignored only soaked

sim: setup ## Simulated rollouts against the targets, beside Flagger's and Argo's rules; writes benches/sim.md and the README
	cargo run --locked --profile sim --package canary-benches --bin sim

fuzz: setup ## Arbitrary bytes for the parsers, FUZZ_SECONDS=60 for each; needs rustup, for a nightly toolchain
	@command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz
	@rustup toolchain list | grep -q '^nightly' || rustup toolchain install nightly --profile minimal
	@set -e; for target in $$(cargo +nightly fuzz list); do \
		mkdir -p fuzz/corpus/$$target; \
		echo "cargo +nightly fuzz run --sanitizer none $$target"; \
		cargo +nightly fuzz run --sanitizer none $$target fuzz/corpus/$$target fuzz/seeds/$$target -- \
			-dict=fuzz/$$target.dict -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1; \
	done

fuzz-api: setup ## Asks a real canaryd all that its OpenAPI document allows, and much that it does not
	@.ci/fuzz-api

clean: ## Removes everything that was built
	cargo clean
