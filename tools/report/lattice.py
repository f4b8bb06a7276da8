"""Lattices as results.h5 stores them: positions, bonds of each coupling, the cell, wave vectors; drawn in the plane."""

import itertools
import re

import numpy as np

from .panels import plain, plt
from .svg import INK, PAPER

MOST_NUMBERED = 40  # sites whose numbers are readable
SUBLATTICE_COLOURS = ["C0", "C1", "C2", "C3", "C4", "C5"]


class Lattice:
    """places [N, 2 or 3] or None, positions [N, 2] on the page; bonds {coupling: [n, 2]}; sublattice [N]."""

    def __init__(self, run):
        system = run.data.get("system", {})
        self.places = np.atleast_2d(np.asarray(system["positions"], dtype=float)) if "positions" in system else None
        self.positions = on_page(self.places) if self.drawable() else None
        self.cell = np.atleast_2d(system.get("primitive_vectors", np.zeros((0, 2))))
        self.reciprocal = np.atleast_2d(system.get("reciprocal_vectors", np.zeros((0, 2))))
        self.periods = _periods(run, self.cell)
        self.bonds = {name: np.asarray(pairs, dtype=int).reshape(-1, 2) for name, pairs in system.get("bonds", {}).items()}
        self.sublattice = self._sublattices()

    def drawable(self):
        return self.places is not None

    def one_dimensional(self):
        return self.drawable() and np.linalg.matrix_rank(self.positions - self.positions[0], tol=1e-6) <= 1

    def along(self):
        """Where each site stands on the line of a one-dimensional lattice."""
        offset = self.positions - self.positions[0]
        return offset @ offset[np.argmax(np.linalg.norm(offset, axis=1))] / max(np.linalg.norm(offset, axis=1).max(), 1e-12)

    def nearest(self, i, j):
        """From site i to the nearest image of site j, and whether that is j itself."""
        step = self.places[j] - self.places[i]
        shifts = np.array(list(itertools.product((-1, 0, 1), repeat=len(self.periods)))) @ self.periods
        images = step + shifts if len(self.periods) else step[None]
        lengths = np.linalg.norm(images, axis=1)
        best = np.argmin(np.where(lengths > 1e-6, lengths, np.inf))
        return images[best], lengths[best] > np.linalg.norm(step) - 1e-6

    def _sublattices(self):
        """Sites that lattice translations join are one sublattice; of one site per cell, the two sides of a bipartite first coupling."""
        if not self.drawable():
            return None
        count = len(self.places)
        if len(self.cell) and len(self.cell) == np.linalg.matrix_rank(self.cell):
            places = (self.places @ np.linalg.pinv(self.cell)) % 1.0
            places[np.abs(places - 1) < 1e-4] = 0
            kinds = np.unique(np.round(places, 3), axis=0, return_inverse=True)[1].reshape(-1)
            if kinds.max() > 0:
                return kinds
        return _two_sides(count, next(iter(self.bonds.values()), np.zeros((0, 2), dtype=int)))


def on_page(vectors):
    """Vectors in the plane of the page; three dimensions are seen from aside."""
    return vectors[..., :2] if vectors.shape[-1] == 2 else vectors[..., :2] + vectors[..., 2:] * [0.35, 0.25]


def _two_sides(count, bonds):
    side = np.full(count, -1)
    neighbours = [[] for _ in range(count)]
    for i, j in bonds:
        neighbours[i].append(j)
        neighbours[j].append(i)
    for start in range(count):
        stack = [start] if side[start] < 0 else []
        side[start] = max(side[start], 0)
        while stack:
            i = stack.pop()
            for j in neighbours[i]:
                if side[j] < 0:
                    side[j] = 1 - side[i]
                    stack.append(j)
    frustrated = any(side[i] == side[j] for i, j in bonds)
    return np.zeros(count, dtype=int) if frustrated else side


def figure(run):
    """Bonds by coupling, sites by sublattice; None without positions."""
    lattice = Lattice(run)
    if not lattice.drawable():
        return None
    fig, axes = plt.subplots(figsize=_size(lattice.positions), layout="constrained")
    for k, (names, pairs) in enumerate(_bond_sets(lattice)):
        draw_bonds(axes, lattice, pairs, color=INK if k == 0 else f"C{(5 + k) % 10}", linewidth=1.4, linestyle=("-", "--", ":", "-.")[k % 4],
                   label=plain(f"{names} ({len(pairs)} bonds)"))
    colours = [SUBLATTICE_COLOURS[s % 6] for s in lattice.sublattice]
    draw_sites(axes, lattice.positions, c=colours, edgecolors=PAPER)
    if len(lattice.positions) <= MOST_NUMBERED:
        for site, (x, y) in enumerate(lattice.positions):
            axes.annotate(str(site), (x, y), ha="center", va="center", fontsize=5.5, color=PAPER)
    bare(axes, lattice.positions)
    if lattice.bonds:
        axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, 0), ncol=min(3, len(lattice.bonds)))
    return fig


def _bond_sets(lattice):
    """[(couplings, pairs)]: couplings that join the same pairs of sites are one drawing."""
    sets = {}
    for name, pairs in lattice.bonds.items():
        sets.setdefault(tuple(map(tuple, pairs.tolist())), []).append(name)
    return [(", ".join(names), np.array(pairs, dtype=int).reshape(-1, 2)) for pairs, names in sets.items()]


def draw_bonds(axes, lattice, pairs, label=None, **style):
    """Lines between sites; a bond around the seam is a stub at both of its ends."""
    for i, j in pairs:
        step, direct = lattice.nearest(i, j)
        ends = [(i, on_page(step), 1.0)] if direct else [(i, on_page(step), 0.42), (j, -on_page(step), 0.42)]
        for site, way, share in ends:
            line = np.array([lattice.positions[site], lattice.positions[site] + share * way])
            axes.plot(*line.T, label=label, **(style if direct else {**style, "alpha": 0.4}))
            label = None


def _periods(run, cell):
    """Vectors after which the lattice repeats: "...; periods 4,0 0,4" in cells, without the axes that are open."""
    found = re.search(r"periods ([-\d, ]+)", run.system().get("geometry", ""))
    if not found or not len(cell):
        return np.zeros((0, 2))
    boundary = re.search(r"boundary: \[([^\]]*)\]", run.input())
    words = boundary[1].split(", ") if boundary else []
    cells = [[int(n) for n in period.split(",")] for period in found[1].split()]
    closed = [axis for axis in range(len(cells)) if axis >= len(words) or words[axis] != "open"]
    return np.array([np.array(cells[axis]) @ cell for axis in closed])


def draw_sites(axes, positions, **style):
    size = 130 if len(positions) <= MOST_NUMBERED else max(12, 4000 / len(positions))
    return axes.scatter(*positions.T, s=size, zorder=3, linewidths=0.6, **style)


def bare(axes, positions):
    """A drawing, not a diagram."""
    axes.set_aspect("equal")
    axes.grid(False)
    axes.set_axis_off()
    low, high = positions.min(axis=0), positions.max(axis=0)
    axes.set_xlim(low[0] - 0.6, high[0] + 0.6)
    axes.set_ylim(low[1] - 0.6, high[1] + 0.6)


def _size(positions):
    spread = np.ptp(positions, axis=0) + 1.2
    width = 4.2
    return width, float(np.clip(width * spread[1] / spread[0], 0.7, 4.0)) + 0.35


def cell_about_origin(vectors, start=50.0):
    """Corners of the points nearer to the origin than to any of `vectors` (a Wigner-Seitz cell): a square cut by bisectors."""
    corners = np.array([[-start, -start], [start, -start], [start, start], [-start, start]], dtype=float)
    for v in vectors:
        if np.linalg.norm(v) > 1e-9:
            corners = clip(corners, v, v @ v / 2)
    return corners


def clip(corners, normal, offset):
    """The part of a convex polygon where normal.r <= offset."""
    kept = []
    for a, b in zip(corners, np.roll(corners, -1, axis=0)):
        inside_a, inside_b = normal @ a <= offset + 1e-9, normal @ b <= offset + 1e-9
        if inside_a:
            kept.append(a)
        if inside_a != inside_b:
            kept.append(a + (offset - normal @ a) / (normal @ (b - a)) * (b - a))
    return np.array(kept).reshape(-1, 2)


def sites_of(label):
    """The site numbers in a label of results.h5: "3", "0-3", "0-1 2-3"; [] if it has other words."""
    parts = str(label).replace("-", " ").split()
    return [int(part) for part in parts] if parts and all(part.isdigit() for part in parts) else []


def couplings_of(stage, count):
    """Name and values of the one coupling that varies; ("", None) for another family."""
    couplings = stage.get("couplings", {})
    moving = [(name, np.ravel(values)) for name, values in couplings.items() if len(np.unique(np.ravel(values))) > 1]
    return moving[0] if len(moving) == 1 and len(moving[0][1]) == count else ("", None)
