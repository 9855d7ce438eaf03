"""Programs can be ended while they still import what they need."""

from __future__ import annotations

import ast
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SLOW = """
from chatcluster.early import leave_when_asked
leave_when_asked()
print("importing", flush=True)
import time
time.sleep(60)
"""


def test_a_program_that_is_asked_to_end_during_its_imports_does():
    """By a handler: the first process of a container ignores what has none, which is code -15."""
    program = subprocess.Popen([sys.executable, "-c", SLOW], stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    assert program.stdout.readline() == "importing\n"
    program.send_signal(signal.SIGTERM)
    assert program.wait(10) == 143
    program.stdout.close()


@pytest.mark.parametrize(
    "package",
    [
        "services/gateway/chat_gateway",
        "services/hub/chat_hub",
        "services/worker/chat_worker",
        "operator/chat_operator",
    ],
)
def test_every_program_begins_with_it(package):
    path = ROOT / package / "__main__.py"
    module = ast.parse(path.read_text())
    imported = [
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in module.body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert imported == ["sys", "chatcluster.early"]
    (main,) = (node for node in module.body if isinstance(node, ast.FunctionDef))
    assert ast.unparse(main.body[1]) == "leave_when_asked()"
