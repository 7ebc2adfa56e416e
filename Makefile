# Everything a newcomer needs. The environment is made once, in .venv.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
EXTRAS ?= pipeline,quality,notebooks,dev
COMMA := ,
READY := $(VENV)/ready-$(subst $(COMMA),+,$(EXTRAS))
export DAGSTER_HOME ?= $(CURDIR)/.dagster
export DAGSTER_DISABLE_TELEMETRY := 1
.DEFAULT_GOAL := help
.PHONY: help run test lint lab dagster sql bench clean

help:  ## 本页 / this page
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/'

$(READY): pyproject.toml constraints.txt
	@if command -v uv >/dev/null; then uv venv -q --allow-existing -p $(PYTHON) $(VENV) && uv pip install -q --compile-bytecode -p $(BIN)/python -c constraints.txt -e '.[$(EXTRAS)]'; \
	else $(PYTHON) -m venv $(VENV) && $(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'; fi
	@touch $@

run: $(READY)  ## 刷新全部数据并发布 / refresh everything and publish
	@$(BIN)/minzheng run $(ARGS)

test: $(READY)  ## 运行测试 / run the tests
	@$(BIN)/pytest -n 2 $(ARGS)

lint: $(READY)  ## 风格、类型、导入方向 / style, types, import rules
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

lab: $(READY)  ## 打开 JupyterLab / open JupyterLab on the notebooks
	@$(BIN)/jupyter lab --ip 127.0.0.1 --LabApp.news_url=None --LabApp.extension_manager=readonly \
	  --LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate --notebook-dir notebooks 0_welcome.ipynb

dagster: $(READY)  ## 打开 Dagster 界面与守护进程 / Dagster webserver and daemon on loopback
	@mkdir -p $(DAGSTER_HOME) && $(BIN)/dg dev --host 127.0.0.1

sql: $(READY)  ## 只读 SQL 窗口 / read-only SQL shell on the current release
	@$(BIN)/minzheng sql

bench: $(READY)  ## 性能测量 / benchmarks
	@$(BIN)/python -m benchmarks $(ARGS)

clean:  ## 删除环境与缓存，保留发布版本 / remove environment and caches, keep the releases
	rm -rf $(VENV) .dagster data/staging
