"""The same as pictures, for docs/performance.md."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "chatcluster"  # the same numbers make the same file

from matplotlib import pyplot as plt  # noqa: E402 - after the choice of what it draws with
from matplotlib.figure import Figure  # noqa: E402

from benchmarks.page import DOCS  # noqa: E402
from benchmarks.scaling import Gained  # noqa: E402
from benchmarks.workloads import NODE, Found, ratio  # noqa: E402

WIDTH = 9.0  # inches


def draw_workloads(found: Found) -> str:
    """CPU per delivery beside Node's, under each load; returns the Markdown that shows it."""
    figure, axes = plt.subplots(1, len(found), figsize=(WIDTH, 3.2), sharey=True, squeeze=False)
    for place, (title, costs) in zip(axes[0], found.items(), strict=True):
        names = [name for name in costs if NODE in costs]
        place.barh(
            names, [ratio(costs[name], costs[NODE]) for name in names], color=_colours(names)
        )
        place.axvline(1, color="black", linewidth=0.8)
        place.set_title(title.replace(", ", ",\n"), fontsize=8)
        place.tick_params(labelsize=7)
    axes[0][0].invert_yaxis()
    figure.supxlabel("CPU per delivery, as a ratio to Node's in the same run", fontsize=8)
    return _save(figure, "cost-of-a-delivery.svg", "CPU per delivery, as a ratio to Node's")


def draw_gateways(found: Gained) -> str:
    """What a message costs a gateway that has no clients for it; returns as the other does."""
    figure, place = plt.subplots(figsize=(WIDTH / 2, 3))
    for name, costs in found.items():
        counts = [count for count in costs if count > 2]
        place.plot(counts, [costs[count].others for count in counts], marker="o", label=name)
    place.set_xlabel("gateways, two of which have clients", fontsize=8)
    place.set_ylabel("CPU per message of each other, µs", fontsize=8)
    place.set_ylim(bottom=0)
    place.tick_params(labelsize=7)
    place.legend(fontsize=7)
    return _save(figure, "cost-of-a-gateway.svg", "CPU per message of each other gateway")


def _colours(names: Sequence[str]) -> list[str]:
    return ["tab:gray" if name == NODE else "tab:blue" for name in names]


def _save(figure: Figure, name: str, words: str) -> str:
    figure.tight_layout()
    figure.savefig(DOCS / "images" / name, metadata={"Date": None})
    plt.close(figure)
    return f"![{words}](images/{name})"
