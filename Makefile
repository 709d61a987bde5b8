# Two commands are all a newcomer needs: `make run` and `make test`. Each sets up what it needs first.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8080
ARGS ?=

.PHONY: help run test check setup setup-test clean bench pictures

help:
	@echo "make run    set up, then the demonstration, played on simulated phones (PORT=, ARGS=--no-browser)"
	@echo "make test   set up everything the tests need, then run them all"
	@echo "make check  formatting, lint, types and walls between packages"
	@echo "make bench  benchmarks"
	@echo "make pictures  the pictures of the README, from the demonstration"

setup:
	@bash deploy/setup.sh run

setup-test:
	@bash deploy/setup.sh test

run: setup
	@$(BIN)/thidua demo --port $(PORT) $(ARGS)

check: setup-test
	@bash deploy/check.sh

test: setup-test check
	@bash deploy/test.sh

bench: setup-test
	@$(BIN)/python -m benchmarks

pictures: setup-test
	@$(BIN)/python deploy/pictures.py

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache build *.egg-info tests/peers/node_modules
