"""`python -m charts.generate`: writes what is made from values.yaml and the operator's models; with
`--check` it only tells what differs, and fails then.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from charts.generate.comments import read
from charts.generate.operator_page import operator_page
from charts.generate.readme import readme
from charts.generate.schema import values_schema
from chat_operator import crd

CHART = Path(__file__).parents[1] / "chatcluster"
PAGE = Path(__file__).parents[2] / "docs" / "operator.md"


def made(chart: Path) -> Mapping[Path, str]:
    """The generated files of *chart*, as they should be."""
    values = read((chart / "values.yaml").read_text())
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    schema = json.dumps(values_schema(values), indent=2, ensure_ascii=False)
    return {
        chart / "values.schema.json": schema + "\n",
        chart / "README.md": readme(about, values),
        chart / "crds" / "chatclusters.yaml": crd.as_yaml(),
    }


def main(arguments: list[str]) -> int:
    """The exit code."""
    files = {**made(CHART), PAGE: operator_page(PAGE.read_text())}
    if "--check" not in arguments:
        for path, text in files.items():
            path.write_text(text)
        return 0
    stale = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    for path in stale:
        print(f"{path.relative_to(CHART.parents[1])} is not what `make generate` makes")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
