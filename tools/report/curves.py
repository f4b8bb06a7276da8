"""The panels of a training and of its results: energies, distances from exact ones, what the traces hold, extrapolations, times."""

import numpy as np

import qstage_io

from .panels import Panels, colour, labels_of, line_style, plain, quantity


def column(trace, path):
    """A trace entry as [steps, problems], or None."""
    for part in path.split("/"):
        trace = trace.get(part) if isinstance(trace, dict) else None
        if trace is None:
            return None
    values = np.asarray(trace, dtype=float)
    return values.reshape(len(values), -1) if values.size else None


def add_energies(panels, run, several):
    for name, stage, steps in run.vmc:
        mean, error = column(stage["trace"], "energy/mean"), column(stage["trace"], "energy/error")
        if mean is None:
            continue
        count, unit = mean.shape[1], run.units(name, "trace/energy/mean")
        energy = panels.of("energy; thin lines: exact", quantity("total energy", unit))
        relative = panels.of("distance from the exact energy", "|E - E_exact| / |E_exact|", "log")
        shown = labels_of(run, stage, count, several)
        for g, label in enumerate(qstage_io.coupling_labels(stage, count)):
            style = {"color": colour(g, count, run), "linestyle": line_style(run), "linewidth": 1, "label": shown[g]}
            energy.curve(steps, mean[:, g], **style)
            if error is not None and np.any(error[:, g] > 0):
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
        for path, title, what, scale in entries:
            values = column(stage["trace"], path)
            if values is None:
                continue
            panel = panels.of(title, quantity(what, run.units(name, f"trace/{path}")), scale)
            count = values.shape[1]
            shown = labels_of(run, stage, count, several) if count > 1 else [plain(run.name) if several else None]
            for g in range(count):
                panel.curve(steps, values[:, g], color=colour(g, count, run), linestyle=line_style(run), linewidth=1, label=shown[g])


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
    if alone and not several:
        return  # one number is no picture
    panel = panels.of("evaluated energies", "|E - E_exact| / |E_exact|", "log", x="", places=() if alone else tuple(labels))
    places = np.array([run.index]) if alone else np.arange(len(mean))
    style = {"marker": "o", "markersize": 4, "linestyle": "none" if alone else line_style(run), "linewidth": 0.5, "color": colour_of_run}
    panel.curve(places, distance, label=plain(run.name) if several and not alone else None, **style)
    limits = [np.minimum(bar, 0.9 * distance), bar]
    panel.drawings.append(lambda axes: axes.errorbar(places, distance, yerr=limits, fmt="none", ecolor=colour_of_run, elinewidth=0.8))
    if alone:
        name = plain(run.name)
        panel.drawings.append(lambda axes: (axes.set_xticks([]), axes.margins(x=0.3)))
        panel.drawings.append(lambda axes: axes.annotate(name, (run.index, distance[0]), xytext=(6, 0), textcoords="offset points", fontsize=7))
    elif len(mean) <= 24:
        panel.ticks(labels)


def add_extrapolations(panels, run, several):
    """Energies against variances, with the line and the parabola through them down to variance zero."""
    for name, stage in qstage_io.stages(run.data, "extrapolate"):
        points = {key: np.atleast_2d(np.asarray(stage["points"][key], dtype=float)) for key in ("mean", "error", "variance", "variance_error")}
        count = len(points["mean"])
        panel = panels.of("energy against variance", quantity("total energy", run.units(name, "points/mean")), x="variance of the energy")
        shown = labels_of(run, stage, count, several)
        exact = np.ravel(stage.get("exact", [])).astype(float)
        for g in range(count):
            mean, error, variance, variance_error = (points[key][g] for key in ("mean", "error", "variance", "variance_error"))
            panel.points(variance, mean, error, xerr=variance_error, color=colour(g, count, run), label=shown[g])
            v = np.linspace(0, np.nanmax(variance), 101)
            for fit, line in (("linear", "-"), ("quadratic", ":")):
                energy, slope, curvature = (np.ravel(stage[fit][key]).astype(float)[g] for key in ("mean", "slope", "curvature"))
                panel.curve(v, energy + slope * v + curvature * v**2, color=colour(g, count, run), linestyle=line, linewidth=0.8)
            if g < len(exact) and np.isfinite(exact[g]):
                panel.level(exact[g], color=colour(g, count, run), linewidth=0.7, alpha=0.7)


OTHERS, MOST_PHASES = "others", 8


def _phases(bars):
    """The phases that take longest, longest first; what is left is one more."""
    total = {}
    for _, phases in bars:
        for phase, seconds in phases.items():
            total[phase] = total.get(phase, 0.0) + float(seconds)
    names = sorted(total, key=lambda phase: -total[phase])
    return names if len(names) <= MOST_PHASES else [*names[:MOST_PHASES - 1], OTHERS]


def _seconds(phases, phase, names):
    """Of one phase in one bar; OTHERS are all that have no name of their own."""
    return sum(float(seconds) for name, seconds in phases.items() if name == phase or (phase == OTHERS and name not in names))


def add_times(panels, runs):
    """Stacked bars: one bar per stage and run, one colour per phase."""
    timings = [(run.name, stage, phases) for run in runs for stage, phases in sorted(run.data.get("timing", {}).items())]
    bars = [(f"{name}\n{stage}" if len(runs) > 1 else stage, phases if isinstance(phases, dict) else {"all": phases}) for name, stage, phases in timings]
    names = _phases(bars)
    panel = panels.of("time by phase", "seconds", x="")
    panel.legend_place = {"loc": "center left", "bbox_to_anchor": (1, 0.5)}
    bottom = np.zeros(len(bars))
    for index, phase in enumerate(names):
        heights = np.array([_seconds(phases, phase, names) for _, phases in bars])
        style = {"bottom": bottom.copy(), "color": colour(index, len(names)), "label": plain(phase)}
        panel.drawings.append(lambda axes, heights=heights, style=style: axes.bar(range(len(bars)), heights, **style))
        bottom += heights
    if bars:
        panel.ticks([label for label, _ in bars])


def of_training(runs, most_points=None):
    """The panels of the optimisation, pretraining last."""
    panels, several = Panels(most_points), len(runs) > 1
    for run in runs:
        add_energies(panels, run, several)
    for run in runs:
        add_entries(panels, run, several, run.vmc, VMC_ENTRIES)
        add_entries(panels, run, several, run.pretraining, PRETRAINING_ENTRIES)
    return panels.filled()


def of_results(runs):
    panels, several = Panels(), len(runs) > 1
    for run in runs:
        add_results(panels, run, several)
        add_extrapolations(panels, run, several)
    return panels.filled()


def of_times(runs):
    panels = Panels()
    add_times(panels, runs)
    return panels.filled()
