#!/usr/bin/env python3
"""Plot one or several runs: energy with error and exact line, relative error, variance, acceptance, R-hat, rates, pretraining, results, energy against
variance, time by phase.

    tools/plot_run.py runs/a [runs/b ...] [-o run.pdf]

Runs are directories or results.h5 files; several overlay, each with its own line style, and share an axis only where their units are the same. Colours
are the Hamiltonians of a family. What a run does not have gets no panel. The format follows from the output name (pdf, png, svg). Needs numpy, h5py and
matplotlib; no display. `qstage-vmc report` makes a page of the same curves, with tables and observables.
"""

import argparse
import sys

try:
    from report import curves
    from report.panels import plt
    from report.reading import Run
except ModuleNotFoundError as missing:
    sys.exit(f"plot_run.py: error: {missing} for {sys.executable}; on Debian: apt-get install python3-numpy python3-h5py python3-matplotlib")


def figure_of(runs):
    filled = [*curves.of_training(runs), *curves.of_results(runs), *curves.of_times(runs)]
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
