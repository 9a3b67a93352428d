"""The committed figures as pictures.

    python -m benchmarks.plots

Reads benchmarks/results/*.json and draws benchmarks/pictures/{growth,load,peers}.png; needs the extra `plots`.
"""

import json
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_HERE = Path(__file__).parent
_COLOURS = ("#9b2226", "#005f73", "#ca6702", "#6c757d")
_TIMES = {
    "a question": "ask_p50_ms",
    "BM25 of eight terms": "lexical_p50_ms",
    "nearest ten vectors": "dense_p50_ms",
    "exact search": "exact_p50_ms",
}
_RATES = {"stored": ("store_s",), "indexed and merged": ("index_s", "merge_s")}
_ROWS = {"success@1": "success@1", "questions/s": "questions a second", "start s": "start, s", "peak MB": "memory, MB"}


def _read(name: str) -> Any:
    return json.loads((_HERE / "results" / f"{name}.json").read_text("utf-8"))


def _saved(figure: Figure, name: str) -> None:
    figure.tight_layout()
    figure.savefig(_HERE / "pictures" / f"{name}.png", dpi=110)
    plt.close(figure)


def _titled(axes: Axes, title: str, x: str = "") -> None:
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlabel(x)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def growth() -> None:
    """Times and rates by the number of passages, both as logarithms."""
    sizes = _read("scale")["sizes"]
    passages = [held["passages"] for held in sizes]
    figure, (times, rates) = plt.subplots(1, 2, figsize=(9, 3.6))
    for (name, key), colour in zip(_TIMES.items(), _COLOURS, strict=True):
        times.loglog(passages, [held[key] for held in sizes], "o-", label=name, color=colour)
    for (name, keys), colour in zip(_RATES.items(), _COLOURS, strict=False):
        taken = [held["passages"] / sum(held[key] for key in keys) for held in sizes]
        rates.semilogx(passages, taken, "o-", label=name, color=colour)
    rates.set_ylim(bottom=0)
    _titled(times, "p50, ms", "passages")
    _titled(rates, "passages a second", "passages")
    for axes in (times, rates):
        axes.legend(frameon=False, fontsize=8)
    _saved(figure, "growth")


def load() -> None:
    """Answers a second and how long they take, by connections."""
    figure, (rates, times) = plt.subplots(1, 2, figsize=(9, 3.2))
    for (name, file), colour in zip({"one process": "load", "two": "load-2-workers"}.items(), _COLOURS, strict=False):
        held = _read(file)["at once"]
        connections = [int(count) for count in held]
        rates.plot(connections, [one["answers a second"] for one in held.values()], "o-", label=name, color=colour)
        times.plot(connections, [one["p50"] for one in held.values()], "o-", label=f"{name}, p50", color=colour)
        times.plot(connections, [one["p99"] for one in held.values()], "o:", label=f"{name}, p99", color=colour)
    for axes in (rates, times):
        axes.set_xscale("log", base=4)
        axes.set_xticks(connections, map(str, connections))
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False, fontsize=8)
    _titled(rates, "answers a second", "connections")
    _titled(times, "ms", "connections")
    _saved(figure, "load")


def peers() -> None:
    """The same passages and questions, here and elsewhere."""
    read = _read("peers")
    held = {name: {**speed, **read["quality"].get(name, {})} for name, speed in read["speed"].items()}
    names = [name for name in held if "," not in name]
    figure, places = plt.subplots(1, len(_ROWS), figsize=(9, 2.4), sharey=True)
    for axes, (key, title) in zip(places, _ROWS.items(), strict=True):
        values = [held[name][key] for name in names]
        bars = axes.barh(names, values, color=[_COLOURS[0], *[_COLOURS[3]] * (len(names) - 1)])
        axes.bar_label(
            bars, [f"{value:,.0f}" if value > 10 else f"{value:.2g}" for value in values], padding=3, fontsize=8
        )
        axes.margins(x=0.3)
        _titled(axes, title)
    places[0].invert_yaxis()
    _saved(figure, "peers")


if __name__ == "__main__":
    for draw in (growth, load, peers):
        draw()
