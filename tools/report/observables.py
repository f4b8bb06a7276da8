"""Observables as pictures: along a chain, on the sites and bonds of a lattice, in the Brillouin zone, against the coupling of a family."""

import matplotlib
import matplotlib.collections
import numpy as np

import qstage_io

from . import lattice as lattices
from .panels import Panels, colour, labels_of, line_style, plain, plt, quantity
from .svg import FAINT, INK

STRONGEST = 2  # wave vectors whose weight is followed through a family
SAME_LEVEL = 1e-9  # relative
SCALARS = 4  # an observable of more values is drawn as a picture of its own


class Observable:
    """One observable of one run: mean, error and exact value [problems, values], their labels, and where they belong."""

    def __init__(self, run, stage_name, name):
        self.run, self.stage, self.name = run, run.data["stages"][stage_name], name
        group = self.stage["observables"][name]
        self.path = f"stages/{stage_name}/observables/{name}"
        self.mean = np.atleast_2d(np.asarray(group["mean"], dtype=float))
        self.error = np.asarray(group.get("error", np.zeros_like(self.mean)), dtype=float).reshape(self.mean.shape)
        exact = group.get("exact")
        self.exact = None if exact is None or not np.isfinite(exact).any() else np.asarray(exact, dtype=float).reshape(self.mean.shape)
        self.reliable = np.asarray(group.get("reliable", np.ones_like(self.mean)), dtype=float).reshape(self.mean.shape)
        self.labels = [str(label) for label in np.ravel(group.get("labels", [""] * self.mean.shape[1]))]
        self.q = np.atleast_2d(group["q"]) if "q" in group else None
        self.meaning = run.attribute(f"{self.path}/mean", "long_name")
        self.unit = run.attribute(f"{self.path}/mean", "units")

    def problems(self):
        return qstage_io.coupling_labels(self.stage, len(self.mean))

    def sites(self):
        """The site of every value where the labels are "3", or "0-3" with one first site; else None."""
        found = [lattices.sites_of(label) for label in self.labels]
        if all(len(sites) == 1 for sites in found):
            return np.array([sites[0] for sites in found])
        if all(len(sites) == 2 and sites[0] == found[0][0] for sites in found) and len({sites[1] for sites in found}) == len(found) > 2:
            return np.array([sites[1] for sites in found])
        return None

    def pairs(self):
        found = [lattices.sites_of(label) for label in self.labels]
        return np.array(found) if found and all(len(sites) == 2 for sites in found) else None


def of_run(run):
    """The observables of a run by name; of one that several stages measured, the last."""
    found = {}
    for stage, content in run.stages().items():
        for name in content.get("observables", {}):
            found[name] = Observable(run, stage, name)
    return found


def shared_panels(runs):
    """Curves in which runs lie on one another: along a chain, against |q| or a coupling."""
    panels, several = Panels(), len(runs) > 1
    for run in runs:
        lattice = lattices.Lattice(run)
        add_energy_diagram(panels, run, several)
        for observable in of_run(run).values():
            if observable.mean.shape[1] <= SCALARS:
                add_diagram(panels, observable, range(observable.mean.shape[1]), several)
            elif observable.q is not None:
                add_diagram(panels, observable, strongest(observable), several)
                if not in_plane(observable.q):
                    add_against_momentum(panels, observable, several)
            elif observable.sites() is not None and lattice.one_dimensional():
                add_along(panels, observable, lattice.along()[observable.sites()], several)
            elif not on_lattice(observable, lattice):
                add_by_label(panels, observable, several)
    return panels.filled()


def strongest(observable):
    """The wave vectors of most weight, without those that a conserved number fixes."""
    weight = np.nanmax(np.abs(observable.mean), axis=0)
    weight[(np.nanmax(observable.error, axis=0) == 0) & (np.ptp(observable.mean, axis=0) < 1e-9)] = -1
    return np.argsort(-weight, kind="stable")[:STRONGEST]


def in_plane(q):
    return q.shape[1] == 2 and np.linalg.matrix_rank(q, tol=1e-6) == 2


def on_lattice(observable, lattice):
    """Values that belong to sites or bonds of a lattice that can be drawn."""
    return lattice.drawable() and (observable.sites() is not None or (observable.pairs() is not None and not lattice.one_dimensional()))


def add_energy_diagram(panels, run, several):
    """Energies per site of the last stage that has them, against the one coupling that varies; the exact ones as lines."""
    measured = [(name, stage) for name, stage in run.stages().items() if isinstance(stage.get("energy"), dict)]
    if not measured:
        return
    name, stage = measured[-1]
    mean, error, exact = (np.ravel(stage["energy"].get(key, [])).astype(float) for key in ("mean", "error", "exact"))
    coupling, values = lattices.couplings_of(stage, len(mean))
    if values is None:
        return
    sites = float(run.system().get("sites", 1))
    order, colour_of_run = np.argsort(values), f"C{run.index % 10}"
    panel = panels.of("energy of the family; lines: exact", quantity("energy per site", run.units(name, "energy/mean")), x=coupling)
    panel.points(values[order], mean[order] / sites, error[order] / sites, color=colour_of_run, label=plain(run.name) if several else None)
    if len(exact):
        panel.curve(values[order], exact[order] / sites, color=colour_of_run, linewidth=0.8)


def add_diagram(panels, observable, which, several):
    """Values against the one coupling that varies; the exact ones as lines."""
    coupling, values = lattices.couplings_of(observable.stage, len(observable.mean))
    if values is None:
        return
    panel = panels.of(f"{observable.name} of the family" + ("; lines: exact" if observable.exact is not None else ""),
                      quantity(observable.name, observable.unit), x=coupling)
    order, run = np.argsort(values), observable.run
    for k, column in enumerate(which):
        label = observable.labels[column] if len(observable.labels) > 1 or not several else ""
        words = " ".join(word for word in (run.name if several else "", f"k = {label}" if observable.q is not None else label) if word)
        hue = f"C{(len(which) * run.index + k) % 10}"
        panel.points(values[order], observable.mean[order, column], observable.error[order, column], color=hue, label=plain(words))
        if observable.exact is not None:
            panel.curve(values[order], observable.exact[order, column], color=hue, linewidth=0.8)


def add_curves(panel, observable, x, order, several, line=None):
    """One curve with error bars per Hamiltonian; exact values as crosses. `line`: "none" where neighbours on the axis are none on the lattice."""
    run, count = observable.run, len(observable.mean)
    shown = labels_of(run, observable.stage, count, several)
    for g in range(count):
        style = {"color": colour(g, count, run), "linestyle": line or line_style(run), "fmt": "o", "markersize": 3, "label": shown[g]}
        panel.points(x[order], observable.mean[g][order], observable.error[g][order], **style)
        if observable.exact is not None:
            panel.curve(x[order], observable.exact[g][order], color=colour(g, count, run), linestyle="none", marker="x", markersize=5, linewidth=0)


def _title(observable):
    return observable.name + ("; crosses: exact" if observable.exact is not None else "")


def add_along(panels, observable, x, several):
    """Along a chain; the ordinate is the value, the abscissa the place of the site."""
    panel = panels.of(_title(observable), quantity(observable.name, observable.unit), x="place of the site [length of a primitive vector]")
    add_curves(panel, observable, x, np.argsort(x), several)


def add_against_momentum(panels, observable, several):
    lengths = observable.q[:, np.argmax(np.ptp(observable.q, axis=0))] / np.pi
    panel = panels.of(_title(observable), quantity(observable.name, observable.unit), x="q [pi / length of a primitive vector]")
    add_curves(panel, observable, lengths, np.argsort(lengths, kind="stable"), several)


def add_by_label(panels, observable, several):
    count = observable.mean.shape[1]
    few = count <= 24
    panel = panels.of(_title(observable), quantity(observable.name, observable.unit), x="" if few else "number of the value", places=tuple(observable.labels))
    add_curves(panel, observable, np.arange(count), np.arange(count), several, line="none")
    if few:
        panel.ticks(observable.labels)


def maps(run):
    """[(observable, problem, figure)]: what is drawn in the plane, of each run by itself."""
    lattice, drawn = lattices.Lattice(run), []
    for observable in of_run(run).values():
        if observable.mean.shape[1] <= SCALARS:
            continue
        if observable.q is not None and in_plane(observable.q):
            drawing = zone_map
        elif on_lattice(observable, lattice) and not lattice.one_dimensional():
            drawing = lattice_map
        else:
            continue
        count = len(observable.mean)
        for g in sorted({0, count // 2, count - 1}):  # of a family the first, the middle and the last
            drawn.append((observable, g, drawing(observable, g, lattice)))
    return drawn


def shades(name):
    """A colour map of so few steps that its bar is drawn as lines and not as an image."""
    return plt.get_cmap(name, 48)


def zone_map(observable, g, lattice):
    """Values in the first Brillouin zone: one cell around each wave vector and its images."""
    reciprocal = lattice.reciprocal[:, :2]
    shifts = np.array([[m, n] for m in range(-3, 4) for n in range(-3, 4)]) @ reciprocal
    zone = lattices.cell_about_origin(shifts)
    count = len(np.unique(np.round(observable.q, 6), axis=0))
    q, values = observable.q[:count], observable.mean[g][:count]
    images = (q[:, None, :] + shifts[None, :, :]).reshape(-1, 2)
    tile = lattices.cell_about_origin(images - q[0])
    polygons, heights = [], []
    for place, value in zip(images, np.repeat(values, len(shifts))):
        corners = tile + place
        for shift in shifts:
            if np.linalg.norm(shift) > 1e-9 and len(corners):
                corners = lattices.clip(corners, shift, shift @ shift / 2)
        if len(corners) > 2:
            polygons.append(corners)
            heights.append(value)
    fig, axes = plt.subplots(figsize=(4.2, 3.5), layout="constrained")
    faces = axes.add_collection(matplotlib.collections.PolyCollection(polygons, array=np.array(heights), cmap=shades("viridis"), edgecolors="face", linewidths=0.3))
    axes.plot(*np.vstack([zone, zone[:1]]).T, color=INK, linewidth=1)
    inside = [p for p in images if all(p @ s <= s @ s / 2 + 1e-6 for s in shifts)]
    axes.scatter(*np.array(inside).T, s=5, color=FAINT, zorder=3)
    axes.set_aspect("equal")
    axes.grid(False)
    axes.autoscale_view()
    axes.set_xlabel("qx [1 / length of a primitive vector]")
    axes.set_ylabel("qy")
    fig.colorbar(faces, ax=axes, label=plain(quantity(observable.name, observable.unit)))
    return fig


def lattice_map(observable, g, lattice):
    """Values on the sites of the lattice, or on its bonds."""
    values, sites = observable.mean[g], observable.sites()
    fig, axes = plt.subplots(figsize=(4.6, 3.5), layout="constrained")
    limit = np.nanmax(np.abs(values)) or 1.0
    signed = np.nanmin(values) < 0 < np.nanmax(values)
    scale = matplotlib.colors.Normalize(-limit, limit) if signed else matplotlib.colors.Normalize(np.nanmin(values), np.nanmax(values))
    heights = matplotlib.cm.ScalarMappable(scale, shades("coolwarm" if signed else "viridis"))
    first = next(iter(lattice.bonds.values()), np.zeros((0, 2), dtype=int))
    if sites is not None:
        lattices.draw_bonds(axes, lattice, first, color=FAINT, linewidth=0.8)
        lattices.draw_sites(axes, lattice.positions[sites], c=heights.to_rgba(values), edgecolors=INK)
    else:
        for pair, value in zip(observable.pairs(), values):
            lattices.draw_bonds(axes, lattice, pair.reshape(1, 2), color=heights.to_rgba(value), linewidth=3)
        lattices.draw_sites(axes, lattice.positions, c=FAINT)
    lattices.bare(axes, lattice.positions)
    fig.colorbar(heights, ax=axes, label=plain(quantity(observable.name, observable.unit)))
    return fig


def spectra(runs):
    """Levels of the exact diagonalisation above the lowest one, where a run has several: against the coupling, or side by side."""
    panels = Panels()
    for run in runs:
        for name, stage in qstage_io.stages(run.data, "ed"):
            levels = np.asarray(stage.get("energy", []), dtype=float)
            if levels.ndim != 2 or np.ptp(levels, axis=1).max(initial=0) < SAME_LEVEL * np.abs(levels).max(initial=0):
                continue  # one level only
            coupling, values = lattices.couplings_of(stage, len(levels))
            x = np.arange(len(levels)) if values is None else values
            panel = panels.of("exact levels above the lowest", quantity("E - E0", run.units(name, "energy")), x=coupling)
            for level in (levels - levels[:, :1]).T:
                panel.curve(x, level, color=f"C{run.index % 10}", marker="_", markersize=14, linestyle="none" if values is None else "-", linewidth=0.6,
                            label=plain(run.name) if len(runs) > 1 else None)
            if values is None:
                panel.ticks(qstage_io.coupling_labels(stage, len(levels)))
    return panels.filled()
