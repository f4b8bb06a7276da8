#!/usr/bin/env python3
"""Plot one or several runs: energy with error and exact line, variance, R-hat and acceptance, learning rate and shift, time by phase.

    tools/plot_run.py runs/a [runs/b ...] [-o run.pdf]

Runs are directories or results.h5 files; several overlay, each with its own line style. Colours are the Hamiltonians of a family. The format follows
from the output name (pdf, png, svg). Needs numpy, h5py and matplotlib; no display.
"""

import argparse
import os
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend has to be chosen first)
import numpy as np  # noqa: E402

import qstage_io  # noqa: E402

LINE_STYLES = ["-", "--", ":", "-."]


class Run:
    """One results file and how its curves are drawn."""

    def __init__(self, path, index):
        self.data = qstage_io.load(path)
        self.attributes = qstage_io.attributes(path)
        self.name = os.path.basename(os.path.normpath(path))
        self.style = LINE_STYLES[index % len(LINE_STYLES)]
        self.vmc = self._concatenated_vmc()

    def _concatenated_vmc(self):
        """Traces of all vmc stages one after the other; a new family starts new curves."""
        pieces, offset = [], 0
        for name, stage in qstage_io.stages(self.data, "vmc"):
            trace = stage.get("trace", {})
            if "step" not in trace or len(trace["step"]) == 0:
                continue
            steps = np.asarray(trace["step"], dtype=float) + offset
            pieces.append((name, stage, steps))
            offset = steps[-1]
        return pieces

    def unit(self, name):
        return self.attributes.get(f"stages/{name}/trace/energy/mean", {}).get("convention", "")

    def exact(self, labels):
        """{label: exact total energy} from the evaluate stages, else from an ed stage with the same number of Hamiltonians."""
        found = {}
        for _, stage in qstage_io.stages(self.data, "evaluate"):
            exact = np.ravel(stage.get("energy", {}).get("exact", []))
            found.update({label: e for label, e in zip(qstage_io.coupling_labels(stage, len(exact)), exact) if np.isfinite(e)})
        for _, stage in qstage_io.stages(self.data, "ed"):
            levels = np.asarray(stage.get("energy", []), dtype=float)
            if levels.ndim == 2 and len(levels) == len(labels) and not found:
                found = dict(zip(labels, levels.min(axis=1)))
        return found


def column(trace, path):
    """A trace entry as [steps, problems], or None."""
    for part in path.split("/"):
        trace = trace.get(part) if isinstance(trace, dict) else None
        if trace is None:
            return None
    values = np.asarray(trace, dtype=float)
    return values.reshape(len(values), -1) if values.size else None


def colour(g):
    return f"C{g % 10}"


def draw(axes, run, steps, values, label=None, **style):
    """One curve per Hamiltonian; gaps where a value is not available."""
    if values is None:
        return
    for g in range(values.shape[1]):
        axes.plot(steps, values[:, g], run.style, color=colour(g), label=label[g] if label else None, linewidth=1, **style)


def curve_labels(run, stage, count, several):
    prefix = run.name if several else ""
    return [" ".join(part for part in (prefix, label) if part) or None for label in qstage_io.coupling_labels(stage, count)]


def plot_energy(axes, run, several):
    for name, stage, steps in run.vmc:
        mean, error = column(stage["trace"], "energy/mean"), column(stage["trace"], "energy/error")
        if mean is None:
            continue
        labels = qstage_io.coupling_labels(stage, mean.shape[1])
        draw(axes, run, steps, mean, curve_labels(run, stage, mean.shape[1], several))
        exact = run.exact(labels)
        for g, label in enumerate(labels):
            if error is not None:
                axes.fill_between(steps, mean[:, g] - error[:, g], mean[:, g] + error[:, g], color=colour(g), alpha=0.25, linewidth=0)
            if label in exact:
                axes.axhline(exact[label], color=colour(g), linewidth=0.7, alpha=0.7)
        axes.set_ylabel(f"energy ({run.unit(name)}, total)" if run.unit(name) else "energy (total)")
    axes.set_title("energy; thin lines: exact")


def plot_variance(axes, run):
    for _, stage, steps in run.vmc:
        draw(axes, run, steps, column(stage["trace"], "energy/variance"))
    axes.set_yscale("log")
    axes.set_title("variance of the local energy")


def plot_chains(axes, twin, run):
    for _, stage, steps in run.vmc:
        draw(axes, run, steps, column(stage["trace"], "accept"))
        draw(twin, run, steps, column(stage["trace"], "energy/rhat"), alpha=0.5)
    axes.set_ylabel("acceptance")
    axes.set_ylim(0, 1)
    twin.set_ylabel("split R-hat (faint)")
    axes.set_title("acceptance and split R-hat")


def plot_schedule(axes, run):
    for _, stage, steps in run.vmc:
        for path, shade in (("lr", "C0"), ("diag_shift", "C3")):
            values = column(stage["trace"], path)
            if values is not None:
                axes.plot(steps, values[:, 0], run.style, color=shade, linewidth=1, label=path)
    axes.set_yscale("log")
    axes.set_title("learning rate and diagonal shift")


def plot_pretraining(axes, run, several):
    for name, stage in qstage_io.stages(run.data, "pretrain"):
        trace = stage.get("trace", {})
        loss = column(trace, "loss")
        if loss is not None and "step" in trace:
            axes.plot(np.asarray(trace["step"]), loss[:, 0], run.style, color="C4", linewidth=1, label=run.name if several else name)
    axes.set_yscale("log")
    axes.set_title("pretraining loss, 1 - mean squared overlap")


def plot_times(axes, runs):
    """Stacked bars: one bar per stage and run, one colour per phase."""
    timings = [(run.name, stage, phases) for run in runs for stage, phases in sorted(run.data.get("timing", {}).items())]
    bars = [(f"{name}\n{stage}" if len(runs) > 1 else stage, phases) for name, stage, phases in timings]
    bars = [(label, phases if isinstance(phases, dict) else {"all": phases}) for label, phases in bars]
    names = sorted({phase for _, phases in bars for phase in phases})
    bottom = np.zeros(len(bars))
    for index, phase in enumerate(names):
        heights = np.array([float(phases.get(phase, 0.0)) for _, phases in bars])
        axes.bar(range(len(bars)), heights, bottom=bottom, color=colour(index), label=phase)
        bottom += heights
    axes.set_xticks(range(len(bars)))
    axes.set_xticklabels([label for label, _ in bars], rotation=30, ha="right", fontsize=7)
    axes.set_ylabel("seconds")
    axes.set_title("time by phase")


def figure_of(runs):
    figure, grid = plt.subplots(3, 2, figsize=(11, 11))
    energy, variance, chains, schedule, loss, times = grid.ravel()
    twin = chains.twinx()
    several = len(runs) > 1
    for run in runs:
        plot_energy(energy, run, several)
        plot_variance(variance, run)
        plot_chains(chains, twin, run)
        plot_schedule(schedule, run)
        plot_pretraining(loss, run, several)
    plot_times(times, runs)
    for axes in (energy, schedule, loss, times):
        handles, labels = axes.get_legend_handles_labels()
        unique = dict(zip(labels, handles))
        if unique:
            axes.legend(unique.values(), unique.keys(), fontsize=7)
    for axes in (energy, variance, chains, schedule, loss):
        axes.set_xlabel("step")
        if not axes.lines:
            axes.set_yscale("linear")
            axes.text(0.5, 0.5, "not in this run", transform=axes.transAxes, ha="center", color="grey")
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
