PYTHON ?= python3
RUNTIME ?= python3.13
ARCH ?= x86_64
OUTPUT ?= build

VENV := build/venv
BIN := $(VENV)/bin
SOURCES := lambda-common lambda-image-processor lambda-video-processor lambda-sweep scripts tests benchmarks
export PYTHONPATH := scripts:lambda-common

# Not `?=`: some shells export a variable of this name.
ENV = dev
TERRAFORM = $(PYTHON) scripts/terraform.py -chdir=environments/$(ENV)
PLAN = ../../build/$(ENV).tfplan

.PHONY: demo page test check docs build layer plan apply backfill prove bench-images bench-videos format lock clean

demo: $(VENV)/ready ## Apply the module to an AWS on this machine and process MEDIA="a.jpg b.mov".
	@$(BIN)/python -m demo

page: $(VENV)/ready ## Serve the page of the last demo.
	@$(BIN)/python -m demo.page

test: $(VENV)/ready ## Run every test.
	@$(BIN)/pytest --numprocesses 2 --dist loadfile

check: $(VENV)/ready build/checkov/ready ## Check formats, rules, types, workflows and every Terraform root.
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/mypy
	@$(BIN)/python scripts/terraform.py fmt -check -recursive
	@$(BIN)/python scripts/terraform.py validate-all
	@$(BIN)/python scripts/terraform_docs.py check
	@$(BIN)/zizmor --offline --quiet .github
	@$(BIN)/python scripts/checkov_report.py build/checkov/bin/checkov
	@if command -v tflint >/dev/null; then \
		tflint --init --config=$(CURDIR)/.tflint.hcl >/dev/null || exit 1; \
		for folder in . modules/*/ environments/*/ examples/*/; do \
			tflint --chdir=$$folder --config=$(CURDIR)/.tflint.hcl || exit 1; \
		done; \
	else echo "tflint is not on this machine, so its rules were not checked."; fi

docs: $(VENV)/ready ## Write the tables of inputs and outputs into the READMEs.
	@$(BIN)/python scripts/terraform_docs.py write

build: $(VENV)/ready ## Build the zips for RUNTIME and ARCH into OUTPUT; RAW=1 opens camera RAW, CJK=1 draws CJK.
	@$(BIN)/python scripts/build.py --runtime $(RUNTIME) --architecture $(ARCH) \
		$(if $(filter 1,$(RAW)),--raw) $(if $(filter 1,$(CJK)),--cjk) $(if $(DEBS),--debs "$(DEBS)") \
		--output "$(OUTPUT)"

layer: $(VENV)/ready ## Build the zip of FFmpeg's layer alone, for ARCH.
	@$(BIN)/python scripts/build.py ffmpeg-layer --architecture $(ARCH) --output "$(OUTPUT)"

plan: ## Plan environments/ENV by its backend.hcl; the plan is saved as build/ENV.tfplan.
	@test -f environments/$(ENV)/backend.hcl || { \
		echo "environments/$(ENV)/backend.hcl is missing: copy backend.hcl.example there (environments/README.md)." >&2; \
		exit 1; }
	@mkdir -p build
	@$(TERRAFORM) init -input=false -backend-config=backend.hcl
	@$(TERRAFORM) plan -input=false -out=$(PLAN) $(PLAN_OPTIONS)

apply: ## Apply what was planned for ENV, and nothing else.
	@$(TERRAFORM) init -input=false -backend-config=backend.hcl
	@$(TERRAFORM) apply -input=false $(PLAN)

backfill: OUTPUTS ?= media.json
backfill: $(VENV)/ready ## Send what lies in the bucket of OUTPUTS through its queues; OPTIONS=--dry-run or --help.
	@$(BIN)/python scripts/backfill.py "$(OUTPUTS)" $(OPTIONS)

prove: export PYTHONPATH := scripts:tests:lambda-common:lambda-image-processor:lambda-video-processor:lambda-sweep
prove: SCHEDULES ?= 20000
prove: $(VENV)/ready ## Drive the functions through SCHEDULES of faults, kills and races; figures in build/prove.json.
	@$(BIN)/python -m proof --schedules $(SCHEDULES) $(OPTIONS)

bench-images: export PYTHONPATH := lambda-common:lambda-image-processor:tests:benchmarks
bench-images: PHOTO ?= $(wildcard ../shared/media/camera-12mp-4032x3024.jpg)
bench-images: $(VENV)/ready ## Compare what renditions of PHOTO cost here and elsewhere, in ROUNDS.
	@$(BIN)/python -m images $(if $(PHOTO),"$(PHOTO)")

bench-videos: export PYTHONPATH := lambda-common:lambda-video-processor:tests:benchmarks
bench-videos: CLIP ?= $(wildcard ../shared/media/bbb-720p-5s.mp4)
bench-videos: $(VENV)/ready ## Compare what a stream of CLIP costs here and the usual way, in ROUNDS.
	@$(BIN)/python -m videos $(if $(CLIP),"$(CLIP)")

format: $(VENV)/ready ## Put every file into its format.
	@$(BIN)/ruff format $(SOURCES)
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/python scripts/terraform.py fmt -recursive

lock: $(VENV)/ready ## Lock the newest requirements by hash.
	@for file in lambda-image-processor/requirements lambda-image-processor/requirements-raw \
		lambda-video-processor/requirements lambda-sweep/requirements \
		requirements-dev requirements-checkov; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--upgrade --no-header --output-file $$file.txt $$file.in; \
	done

clean: ## Remove everything that was built.
	@rm -rf build

# Written last, so that an interrupted installation is done again.
$(VENV)/ready: requirements-dev.txt scripts/venv.sh
	@sh scripts/venv.sh $(PYTHON) $(VENV)
	@touch $@

build/checkov/ready: requirements-checkov.txt | $(VENV)/ready
	@rm -rf build/checkov
	@$(BIN)/python -m venv --without-pip build/checkov
	@$(BIN)/uv pip install --quiet --python build/checkov/bin/python --require-hashes \
		--requirement requirements-checkov.txt
	@touch $@
