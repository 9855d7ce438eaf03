#!/usr/bin/env bash
# The package as somebody else would install it, into a folder of its own: chatcluster and its
# virtual environment stay as they are. PYTHON: one that has chatcluster with its requirements.
set -euo pipefail
cd "$(dirname "$0")"
python=${PYTHON:-$PWD/../../.venv/bin/python}
folder=$(mktemp -d "${TMPDIR:-/tmp}/chatcluster-nats-XXXXXX")
trap 'rm -rf "$folder"' EXIT

# A copy, since building leaves files behind.
cp -R pyproject.toml README.md chatcluster_nats "$folder"
install=("$python" -m pip install -q --disable-pip-version-check --no-deps --target "$folder/site")
"${install[@]}" --require-hashes -r requirements.txt
"${install[@]}" --no-build-isolation "$folder"

export PYTHONPATH=$folder/site PATH=$folder/site/bin:$PATH
# (An editable install of chatcluster is no package for mypy.)
MYPYPATH=$PWD/../../services/shared "$python" -m mypy --cache-dir "$folder/mypy" -p chatcluster_nats
# Hypothesis is not used here; its plug-in would import all of it after the last test, where Python
# 3.11 now and then fails with "SystemError: AST constructor recursion depth mismatch".
"$python" -m pytest -p no:cacheprovider -p no:hypothesispytest "$@"
