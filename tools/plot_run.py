#!/usr/bin/env python3
"""Plot one or several runs: energy with error and exact line, relative error, variance, acceptance, R-hat, rates, pretraining, results, energy against
variance, time by phase.

    tools/plot_run.py runs/a [runs/b ...] [-o run.pdf]

Runs are directories or results.h5 files; several overlay, each with its own line style, and share an axis only where their units are the same. Colours
are the Hamiltonians of a family. What a run does not have gets no panel. The format follows from the output name (pdf, png, svg). Needs numpy, h5py and
matplotlib; no display.
"""

import argparse
import os
import sys

try:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt  # the backend has to be chosen first
    import matplotlib.ticker
    import numpy as np

    import qstage_io
except ModuleNotFoundError as missing:
    sys.exit(f"plot_run.py: error: {missing} for {sys.executable}; on Debian: apt-get install python3-numpy python3-h5py python3-matplotlib")

LINE_STYLES = ["-", "--", ":", "-."]
MOST_IN_LEGEND = 14


class Run:
    """One results file and how its curves are drawn."""

    def __init__(self, path, index):
        self.data = qstage_io.load(path)
        self.attributes = qstage_io.attributes(path)
        self.name = os.path.basename(os.path.normpath(path))
        self.index = index
        self.style = LINE_STYLES[index % len(LINE_STYLES)]
        self.vmc = self._concatenated("vmc")
        self.pretraining = self._concatenated("pretrain")
        self.exact = self._exact()

    def _concatenated(self, kind):
        """[(name, stage, steps)]: the stages of a kind one after the other on one axis of steps."""
        pieces, offset = [], 0
        for name, stage in qstage_io.stages(self.data, kind):
            steps = np.ravel(stage.get("trace", {}).get("step", []))
            if len(steps):
                pieces.append((name, stage, steps + offset))
                offset += steps[-1] + 1
        return pieces

    def _exact(self):
        """{label of a Hamiltonian: exact total energy}, from whatever stage has it."""
        found = {}
        for _, stage in qstage_io.stages(self.data, "ed"):
            levels = np.asarray(stage.get("energy", []), dtype=float)
            if levels.ndim == 2:
                found.update(zip(qstage_io.coupling_labels(stage, len(levels)), levels.min(axis=1)))
        for _, stage in qstage_io.stages(self.data, "evaluate"):
            exact = np.ravel(stage.get("energy", {}).get("exact", []))
            found.update({label: e for label, e in zip(qstage_io.coupling_labels(stage, len(exact)), exact) if np.isfinite(e)})
        return found

    def units(self, name, path):
        return self.attributes.get(f"stages/{name}/{path}", {}).get("units", "")


class Panel:
    """One set of axes to be: what is drawn on it, and the unit of all of it."""

    def __init__(self, title, unit="", scale="linear", x="step"):
        self.title, self.unit, self.scale, self.x = title, unit, scale, x
        self.drawings, self.lowest = [], np.inf

    def curve(self, x, y, **style):
        """A line where y is finite (and, on a logarithmic axis, positive); nothing else counts as content."""
        y = np.asarray(y, dtype=float)
        shown = np.isfinite(y) & ((y > 0) | (self.scale == "linear"))
        if shown.any():
            self.drawings.append(lambda axes: axes.plot(x, np.where(shown, y, np.nan), **style))

    def band(self, x, low, high, **style):
        self.drawings.append(lambda axes: axes.fill_between(x, low, high, **style))

    def level(self, y, **style):
        self.drawings.append(lambda axes: axes.axhline(y, **style))

    def draw(self, axes):
        for drawing in self.drawings:
            drawing(axes)
        axes.set_title(self.title, fontsize=10)
        axes.set_yscale(self.scale)
        axes.set_xlabel(self.x)
        if self.x == "step":
            axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True))
        axes.set_ylabel(self.unit)
        legend(axes)


class Panels:
    """The panels of a figure by title and unit, in the order in which they were first asked for."""

    def __init__(self):
        self.by_key = {}

    def of(self, title, unit="", scale="linear", x="step", places=()):
        """places: what stands along the x axis, where that is not steps."""
        return self.by_key.setdefault((title, unit, places), Panel(title, unit, scale, x))

    def filled(self):
        return [panel for panel in self.by_key.values() if panel.drawings]


def legend(axes):
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles))
    if len(unique) > MOST_IN_LEGEND:
        axes.text(0.99, 0.98, f"{len(unique)} curves, blue to yellow in the order of the family", transform=axes.transAxes, ha="right", va="top", fontsize=7)
    elif unique:
        axes.legend(unique.values(), unique.keys(), fontsize=7)


def column(trace, path):
    """A trace entry as [steps, problems], or None."""
    for part in path.split("/"):
        trace = trace.get(part) if isinstance(trace, dict) else None
        if trace is None:
            return None
    values = np.asarray(trace, dtype=float)
    return values.reshape(len(values), -1) if values.size else None


def colour(g, count, run=None):
    """Of a Hamiltonian in its family; runs of one Hamiltonian each are told apart by colour too."""
    if count == 1 and run is not None:
        g = run.index
    return f"C{g % 10}" if count <= 10 else plt.get_cmap("viridis")(g / (count - 1))


def labels_of(run, stage, count, several):
    """What a legend calls the Hamiltonians of a stage: the run where there are several, the couplings where they vary."""
    prefix = run.name if several else ""
    return [" ".join(part for part in (prefix, label) if part) or None for label in qstage_io.coupling_labels(stage, count)]


def add_energies(panels, run, several):
    for name, stage, steps in run.vmc:
        mean, error = column(stage["trace"], "energy/mean"), column(stage["trace"], "energy/error")
        if mean is None:
            continue
        count, unit = mean.shape[1], run.units(name, "trace/energy/mean")
        energy = panels.of("energy; thin lines: exact", f"total energy [{unit}]")
        relative = panels.of("distance from the exact energy", "|E - E_exact| / |E_exact|", "log")
        shown = labels_of(run, stage, count, several)
        for g, label in enumerate(qstage_io.coupling_labels(stage, count)):
            style = {"color": colour(g, count, run), "linestyle": run.style, "linewidth": 1, "label": shown[g]}
            energy.curve(steps, mean[:, g], **style)
            if error is not None:
                energy.band(steps, mean[:, g] - error[:, g], mean[:, g] + error[:, g], color=colour(g, count, run), alpha=0.25, linewidth=0)
            if label in run.exact:
                energy.level(run.exact[label], color=colour(g, count, run), linewidth=0.7, alpha=0.7)
                if run.exact[label] != 0:
                    relative.curve(steps, np.abs(mean[:, g] / run.exact[label] - 1), **style)


# What else the traces hold: (entry, title, what it is, scale of the axis). Entries that a run does not have draw nothing.
VMC_ENTRIES = [
    ("energy/variance", "variance of the local energy", "variance", "log"),
    ("accept", "acceptance", "accepted / proposed", "linear"),
    ("energy/rhat", "split R-hat of the energy", "R-hat", "linear"),
    ("energy/tau", "autocorrelation time", "samples", "linear"),
    ("lr", "learning rate", "learning rate", "log"),
    ("diag_shift", "diagonal shift", "shift", "log"),
]
PRETRAINING_ENTRIES = [("loss", "pretraining", "1 - mean squared overlap", "log")]


def add_entries(panels, run, several, pieces, entries):
    for name, stage, steps in pieces:
        for path, title, quantity, scale in entries:
            values = column(stage["trace"], path)
            if values is None:
                continue
            unit = run.units(name, f"trace/{path}")
            panel = panels.of(title, quantity if unit in ("", "1") else f"{quantity} [{unit}]", scale)
            count = values.shape[1]
            shown = labels_of(run, stage, count, several) if count > 1 or several else [None]
            for g in range(count):
                label = shown[g] if count > 1 else (run.name if several else None)
                panel.curve(steps, values[:, g], color=colour(g, count, run), linestyle=run.style, linewidth=1, label=label)


def add_results(panels, run, several):
    """The last evaluation: how far each Hamiltonian is from its exact energy, with the error bar that it claims."""
    found = qstage_io.stages(run.data, "evaluate")
    if not found:
        return
    stage = found[-1][1]
    energy = stage.get("energy", {})
    mean, exact, error = (np.ravel(energy.get(key, [])).astype(float) for key in ("mean", "exact", "error"))
    if not len(exact) or not np.any(np.isfinite(exact) & (exact != 0)):
        return
    with np.errstate(divide="ignore"):
        distance, bar = np.abs(mean / exact - 1), np.nan_to_num(error / np.abs(exact))
    labels, colour_of_run = qstage_io.coupling_labels(stage, len(mean)), f"C{run.index % 10}"
    alone = len(mean) == 1  # then the runs stand side by side
    panel = panels.of("evaluated energies", "|E - E_exact| / |E_exact|", "log", x="", places=() if alone else tuple(labels))
    places = np.array([run.index]) if alone else np.arange(len(mean))
    style = {"marker": "o", "markersize": 4, "linestyle": "none" if alone else run.style, "linewidth": 0.5, "color": colour_of_run}
    panel.curve(places, distance, label=run.name if several and not alone else None, **style)
    limits = [np.minimum(bar, 0.9 * distance), bar]
    panel.drawings.append(lambda axes: axes.errorbar(places, distance, yerr=limits, fmt="none", ecolor=colour_of_run, elinewidth=0.8))
    if alone:
        panel.drawings.append(lambda axes: (axes.set_xticks([]), axes.margins(x=0.3)))
        panel.drawings.append(lambda axes: axes.annotate(run.name, (run.index, distance[0]), xytext=(6, 0), textcoords="offset points", fontsize=7))
    elif len(mean) <= 24:
        panel.drawings.append(lambda axes: axes.set_xticks(range(len(labels)), labels, rotation=30, ha="right", fontsize=7))


def add_extrapolations(panels, run, several):
    """Energies against variances, with the line and the parabola through them down to variance zero."""
    for name, stage in qstage_io.stages(run.data, "extrapolate"):
        points = {key: np.atleast_2d(np.asarray(stage["points"][key], dtype=float)) for key in ("mean", "error", "variance", "variance_error")}
        count = len(points["mean"])
        panel = panels.of("energy against variance", f"total energy [{run.units(name, 'points/mean')}]", x="variance of the energy")
        shown = labels_of(run, stage, count, several)
        exact = np.ravel(stage.get("exact", [])).astype(float)
        for g in range(count):
            mean, error, variance, variance_error = (points[key][g] for key in ("mean", "error", "variance", "variance_error"))
            style = {"color": colour(g, count, run), "fmt": "o", "markersize": 4, "linewidth": 0.8, "label": shown[g]}
            panel.drawings.append(lambda axes, x=variance, y=mean, dx=variance_error, dy=error, style=style: axes.errorbar(x, y, xerr=dx, yerr=dy, **style))
            v = np.linspace(0, np.nanmax(variance), 101)
            for fit, line in (("linear", "-"), ("quadratic", ":")):
                energy, slope, curvature = (np.ravel(stage[fit][key]).astype(float)[g] for key in ("mean", "slope", "curvature"))
                panel.curve(v, energy + slope * v + curvature * v**2, color=colour(g, count, run), linestyle=line, linewidth=0.8)
            if g < len(exact) and np.isfinite(exact[g]):
                panel.level(exact[g], color=colour(g, count, run), linewidth=0.7, alpha=0.7)


def add_times(panels, runs):
    """Stacked bars: one bar per stage and run, one colour per phase."""
    timings = [(run.name, stage, phases) for run in runs for stage, phases in sorted(run.data.get("timing", {}).items())]
    bars = [(f"{name}\n{stage}" if len(runs) > 1 else stage, phases if isinstance(phases, dict) else {"all": phases}) for name, stage, phases in timings]
    names = sorted({phase for _, phases in bars for phase in phases})
    panel = panels.of("time by phase", "seconds", x="")
    bottom = np.zeros(len(bars))
    for index, phase in enumerate(names):
        heights = np.array([float(phases.get(phase, 0.0)) for _, phases in bars])
        style = {"bottom": bottom.copy(), "color": colour(index, len(names)), "label": phase}
        panel.drawings.append(lambda axes, heights=heights, style=style: axes.bar(range(len(bars)), heights, **style))
        bottom += heights
    if bars:
        panel.drawings.append(lambda axes: axes.set_xticks(range(len(bars)), [label for label, _ in bars], rotation=30, ha="right", fontsize=7))


def figure_of(runs):
    panels, several = Panels(), len(runs) > 1
    for run in runs:
        add_energies(panels, run, several)
    for run in runs:
        add_results(panels, run, several)
        add_extrapolations(panels, run, several)
        add_entries(panels, run, several, run.vmc, VMC_ENTRIES)
        add_entries(panels, run, several, run.pretraining, PRETRAINING_ENTRIES)
    add_times(panels, runs)
    filled = panels.filled()
    if not filled:
        raise ValueError("nothing to plot: no finished step of a stage in these runs")
    columns = min(2, len(filled))
    rows = -(-len(filled) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(5.5 * columns, 3.6 * rows), squeeze=False)
    for axes, panel in zip(grid.ravel(), filled):
        panel.draw(axes)
    for axes in grid.ravel()[len(filled):]:
        axes.remove()
    figure.tight_layout()
    return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="RUN", help="run directory or results.h5")
    parser.add_argument("-o", "--output", default="run.pdf", help="file to write (default run.pdf)")
    options = parser.parse_args()
    try:
        runs = [Run(path, index) for index, path in enumerate(options.runs)]
        figure_of(runs).savefig(options.output)
    except (OSError, KeyError, ValueError) as problem:
        print(f"plot_run.py: error: {problem}", file=sys.stderr)
        return 2
    print(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
