"""What `chatcluster doctor` says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import orjson
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from chat_local.doctor.checks import all_findings
from chat_local.doctor.examining import examine
from chat_local.doctor.facts import Cluster
from chat_local.doctor.findings import Finding, Severity
from chat_local.log_line import printable
from chat_local.places import Where

SICK = 1  # the exit code when there is a problem
_STYLES = {Severity.PROBLEM: "bold red", Severity.ADVICE: "bold yellow"}


async def diagnose(where: Where, *, as_json: bool) -> int:
    """Look once, and say what was found: the exit code. Raises StartError."""
    cluster = await examine(where)
    findings = all_findings(cluster)
    if as_json:
        print(orjson.dumps([asdict(one) for one in findings], option=orjson.OPT_INDENT_2).decode())
    else:
        show(Console(highlight=False), cluster, findings)
    return SICK if any(one.severity is Severity.PROBLEM for one in findings) else 0


def show(console: Console, cluster: Cluster, findings: Sequence[Finding]) -> None:
    """For people."""
    for finding in findings:
        style = _STYLES[finding.severity]
        console.print(
            Text.assemble((f"{finding.severity}: ", style), printable(finding.what)),
        )
        console.print(Padding(Text(printable(finding.do), "dim"), (0, 0, 0, 2), expand=False))
    console.print(Text(summary(cluster, findings)))


def summary(cluster: Cluster, findings: Sequence[Finding]) -> str:
    """The last line."""
    problems = sum(one.severity is Severity.PROBLEM for one in findings)
    counts = (_count(problems, "problem"), _count(len(findings) - problems, "piece of advice"))
    pairs = sum(len(one.others) for one in cluster.examined)
    looked = f"{_count(len(cluster.gateways), 'gateway')}, {_count(pairs, 'round trip')}"
    if not findings:
        return f"All is well: {looked}."
    return f"{counts[0]}, {counts[1]}; looked at {looked}."


def _count(number: int, noun: str) -> str:
    if number != 1:
        noun = noun.replace("piece", "pieces") if noun.startswith("piece") else f"{noun}s"
    return f"{number} {noun}"
