"""Axes to be: what is drawn on them, their unit, and the colours and line styles that all pictures share."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # the backend has to be chosen first
import matplotlib.ticker
import numpy as np

import qstage_io

LINE_STYLES = ["-", "--", ":", "-."]
MOST_IN_LEGEND = 14


class Panel:
    """One set of axes to be: what is drawn on it, and the unit of all of it."""

    def __init__(self, title, unit="", scale="linear", x="step"):
        self.title, self.unit, self.scale, self.x = title, unit, scale, x
        self.drawings, self.notes, self.most_points, self.legend_place = [], [], None, {}

    def curve(self, x, y, **style):
        """A line where y is finite (and, on a logarithmic axis, positive); nothing else counts as content."""
        x, y = self._thinned(np.asarray(x), np.asarray(y, dtype=float))
        shown = np.isfinite(y) & ((y > 0) | (self.scale == "linear"))
        if shown.any():
            self.drawings.append(lambda axes: axes.plot(x, np.where(shown, y, np.nan), **style))

    def band(self, x, low, high, **style):
        x, low, high = self._thinned(np.asarray(x), np.asarray(low), np.asarray(high))
        self.drawings.append(lambda axes: axes.fill_between(x, low, high, **style))

    def level(self, y, **style):
        self.drawings.append(lambda axes: axes.axhline(y, **style))

    def points(self, x, y, error, **style):
        """Values with error bars."""
        y = np.asarray(y, dtype=float)
        if np.isfinite(y).any():
            self.drawings.append(lambda axes: axes.errorbar(x, y, yerr=np.nan_to_num(error), **{"fmt": "o", "markersize": 4, "linewidth": 0.8, **style}))

    def ticks(self, labels):
        self.drawings.append(lambda axes: axes.set_xticks(range(len(labels)), [plain(label) for label in labels], rotation=30, ha="right", fontsize=7))

    def draw(self, axes):
        for drawing in self.drawings:
            drawing(axes)
        axes.set_title(plain(self.title), fontsize=10)
        axes.set_yscale(self.scale)
        if self.scale == "log":
            logarithmic_ticks(axes)
        axes.set_xlabel(plain(self.x))
        if self.x == "step":
            axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True))
        axes.set_ylabel(plain(self.unit))
        legend(axes, **self.legend_place)

    def _thinned(self, x, *columns):
        """Every k-th point, so that a page stays small; said below the picture."""
        step = -(-len(x) // self.most_points) if self.most_points else 1
        if step > 1:
            note = f"every {step}th step is drawn"
            self.notes += [note] if note not in self.notes else []
        return (x[::step], *(column[::step] for column in columns))


class Panels:
    """The panels of a figure by title and unit, in the order in which they were first asked for."""

    def __init__(self, most_points=None):
        self.by_key, self.most_points = {}, most_points

    def of(self, title, unit="", scale="linear", x="step", places=()):
        """places: what stands along the x axis, where that is not steps."""
        panel = self.by_key.setdefault((title, unit, places), Panel(title, unit, scale, x))
        panel.most_points = self.most_points
        return panel

    def filled(self):
        return [panel for panel in self.by_key.values() if panel.drawings]


def logarithmic_ticks(axes):
    """Plain numbers, and at least two of them however little the axis spans."""
    low, high = axes.get_ylim()
    if high < 3 * low:
        axes.yaxis.set_major_locator(matplotlib.ticker.MaxNLocator(5))
    elif high < 30 * low:
        axes.yaxis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda y, _: f"{y:.4g}"))
    axes.yaxis.set_minor_formatter(matplotlib.ticker.NullFormatter())


def plain(text):
    """Names of users are no formulas: a dollar is a dollar."""
    return str(text).replace("$", r"\$")


def legend(axes, **place):
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles))
    if len(unique) > MOST_IN_LEGEND:
        axes.text(0.99, 0.98, f"{len(unique)} curves, blue to yellow in the order of the family", transform=axes.transAxes, ha="right", va="top", fontsize=7)
    elif unique:
        axes.legend(unique.values(), unique.keys(), fontsize=7, **place)


def quantity(name, unit):
    """The label of an axis; a Hamiltonian that names no unit is written as "-"."""
    return name if unit in ("", "1") or unit.startswith("-") else f"{name} [{unit}]"


def line_style(run):
    return LINE_STYLES[run.index % len(LINE_STYLES)]


def colour(g, count, run=None):
    """Of a Hamiltonian in its family; runs of one Hamiltonian each are told apart by colour too."""
    if count == 1 and run is not None:
        g = run.index
    return f"C{g % 10}" if count <= 10 else plt.get_cmap("viridis")(0.12 + 0.83 * g / (count - 1))


def labels_of(run, stage, count, several):
    """What a legend calls the Hamiltonians of a stage: the run where there are several, the couplings where they vary."""
    prefix = run.name if several else ""
    return [plain(" ".join(part for part in (prefix, label) if part)) or None for label in qstage_io.coupling_labels(stage, count)]
