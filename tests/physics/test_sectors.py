#!/usr/bin/env python3
"""Symmetry sectors of whole runs, against matrices and translations that are written out here.

    test_sectors.py PROGRAM spectra     all levels of all irreps of the full group; their dimensions add up to the sector
    test_sectors.py PROGRAM networks    small networks, by exact sums, reach the lowest level of their irrep; a stage takes over from another
    test_sectors.py PROGRAM sampling [SEEDS]    chains of the projected state and of the network before it, pooled over seeds

spectra: for every wave vector and both parities of spin inversion, the levels of the irreps at that wave vector, those of E twice, are the
eigenvalues of the block that numpy finds from translations and spin inversion alone.
"""

import itertools
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "oracles"))
from packages import need  # noqa: E402

need("h5py", "numpy")
import h5py  # noqa: E402
import numpy  # noqa: E402

PROGRAM, MODE = str(pathlib.Path(sys.argv[1]).resolve()), sys.argv[2]
SEEDS = int(sys.argv[3]) if len(sys.argv) > 3 else 20
del sys.argv[1:]
ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


class Cluster:
    """Cells (x, y), sites (x Ly + y) basis + b; `steps`: for each basis site, its neighbours as (dx, dy, b), each bond once."""

    def __init__(self, kind, size, steps):
        self.kind, self.size = kind, size
        lx, ly = (size + [1])[:2]
        basis = len(steps)
        self.sites = lx * ly * basis
        site = lambda x, y, b: (x % lx * ly + y % ly) * basis + b
        cells = list(itertools.product(range(lx), range(ly)))
        self.bonds = [(site(x, y, b), site(x + dx, y + dy, c)) for x, y in cells for b in range(basis) for dx, dy, c in steps[b]]
        self.shifts = {(rx, ry): [site(x + rx, y + ry, b) for x, y in cells for b in range(basis)] for rx, ry in cells}
        self.momenta = cells
        self.states = numpy.array([s for s in range(1 << self.sites) if bin(s).count("1") == self.sites // 2])

    def moved(self, image, states):
        out = numpy.zeros_like(states)
        for i, j in enumerate(image):
            out |= (states >> i & 1) << j
        return out

    def hamiltonian(self, vectors):
        """H on columns: S.S on every bond."""
        out = numpy.zeros_like(vectors)
        for i, j in self.bonds:
            unequal = (self.states >> i & 1) != (self.states >> j & 1)
            partner = numpy.searchsorted(self.states, numpy.where(unequal, self.states ^ (1 << i | 1 << j), self.states))
            out += numpy.where(unequal, -0.25, 0.25)[:, None] * vectors + 0.5 * unequal[:, None] * vectors[partner]
        return out

    def block(self, momentum, parity):
        """Eigenvalues with T_R = exp(-i k.R) and spin inversion = parity."""
        lx, ly = (self.size + [1])[:2]
        group = []
        for (rx, ry), image in self.shifts.items():
            phase = numpy.exp(-2j * math.pi * (momentum[0] * rx / lx + momentum[1] * ry / ly))
            there = self.moved(image, self.states)
            group += [(phase, there), (parity * phase, there ^ ((1 << self.sites) - 1))]
        images = numpy.array([there for _, there in group])
        columns = []
        for k in numpy.flatnonzero(images.min(axis=0) == self.states):
            column = numpy.zeros(len(self.states), complex)
            numpy.add.at(column, numpy.searchsorted(self.states, images[:, k]), [phase.conjugate() for phase, _ in group])
            if numpy.linalg.norm(column) > 1e-9:
                columns.append(column / numpy.linalg.norm(column))
        basis = numpy.array(columns).T.copy()
        return numpy.linalg.eigvalsh(basis.conj().T @ self.hamiltonian(basis))


CLUSTERS = {
    "square 4x4": Cluster("square", [4, 4], [[(1, 0, 0), (0, 1, 0)]]),
    "triangular 3x4": Cluster("triangular", [3, 4], [[(1, 0, 0), (0, 1, 0), (1, -1, 0)]]),
    "honeycomb 2x3": Cluster("honeycomb", [2, 3], [[(0, 0, 1), (-1, 0, 1), (0, -1, 1)], []]),
    "ring 12": Cluster("chain", [12], [[(1, 0, 0)]]),
}


def run(text, *arguments):
    """(exit code, output, folder of the run)."""
    folder = tempfile.mkdtemp()
    file = pathlib.Path(folder, "input.yaml")
    file.write_text("format: 1\noutput: {directory: out}\n" + text)
    done = subprocess.run([PROGRAM, "run", str(file), *arguments], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr, pathlib.Path(folder, "out")


def finished(text):
    code, output, folder = run(text)
    if code != 0:
        raise AssertionError(output)
    with h5py.File(folder / "results.h5") as file:
        return {name: {key: group[key][()] for key in keys(group)} for name, group in file["stages"].items()}, output


def keys(group):
    found = []
    group.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
    return found


def system(cluster):
    return f"""
system:
  lattice: {{kind: {cluster.kind}, size: {cluster.size}}}
  sector: {{kind: spin_half, total_sz: 0}}
  hamiltonian: {{kind: heisenberg, J1: 1.0}}
"""


def ed_stages(chosen):
    return "stages:\n" + "".join(f"  - {{kind: ed, symmetry: {text}, states: {states}, write_states: never}}\n" for text, states in chosen)


class Spectra(unittest.TestCase):
    def irreps(self, cluster, momentum):
        _, output, _ = run(system(cluster) + f"symmetry: {{momentum: {momentum}, point: none}}\nstages: [{{kind: ed}}]\n", "--dry-run")
        return re.search(r"it has (.*)", output).group(1).split(", ")

    def sectors(self, cluster):
        """(momentum, parity, irrep, its section, dimension of a row); without those that no state of the sector has, which are refused."""
        all_of_them = []
        for momentum in cluster.momenta:
            vector = list(momentum[: len(cluster.size)])
            for irrep, parity in itertools.product(self.irreps(cluster, vector), (1, -1)):
                all_of_them.append((momentum, parity, irrep, f'{{momentum: {vector}, point: "{irrep}", spin_inversion: {parity}}}'))
        head = system(cluster)
        text = head + ed_stages([(section, 1) for *_, section in all_of_them])
        _, output, _ = run(text, "--dry-run")
        first = ("format: 1\noutput: {directory: out}\n" + head).count("\n") + 2
        refused = {int(line) - first for line in re.findall(r"input.yaml:(\d+):\d+: error: no state of the sector", output)}
        there = [sector for k, sector in enumerate(all_of_them) if k not in refused]
        code, output, _ = run(head + ed_stages([(section, 1) for *_, section in there]), "--dry-run")
        self.assertEqual(code, 0, output)
        dimensions = [int(number) for number in re.findall(r"^  dimension (\d+)$", output, re.M)]
        self.assertEqual(len(dimensions), len(there))
        return [(*sector, dimension) for sector, dimension in zip(there, dimensions)]

    def check(self, name, most_levels, compared=lambda momentum: True):
        cluster = CLUSTERS[name]
        sectors = self.sectors(cluster)
        rows = lambda irrep: 2 if irrep.startswith("E") and irrep[-1] not in "+-" else 1  # of the irrep; exact states have one of them
        self.assertEqual(sum(rows(irrep) * dimension for *_, irrep, _, dimension in sectors), len(cluster.states))
        wanted = [min(dimension, most_levels) for *_, dimension in sectors]
        stages, _ = finished(system(cluster) + ed_stages([(section, states) for (*_, section, _), states in zip(sectors, wanted)]))
        found = {}
        for stage, (momentum, parity, irrep, _, dimension) in zip(sorted(stages), sectors):
            levels = stages[stage]["energy"][0]
            found.setdefault((momentum, parity), []).append((rows(irrep), len(levels) < dimension, levels))
        for (momentum, parity), blocks in found.items():
            if not compared(momentum):
                continue
            exact = cluster.block(momentum, parity)
            # Below the highest level that every block knows, the union is the spectrum.
            top = min([levels[-1] for _, cut, levels in blocks if cut], default=math.inf) - 1e-6
            union = sorted(itertools.chain.from_iterable(list(levels[levels < top]) * times for times, _, levels in blocks))
            exact = exact[exact < top]
            self.assertEqual(len(union), len(exact), (name, momentum, parity))
            self.assertLess(max(abs(union - exact)), 1e-8, (name, momentum, parity))

    def test_square(self):
        # All states of 12870 would not fit; one wave vector of each star, for its block takes numpy ten seconds.
        self.check("square 4x4", 6, lambda momentum: momentum[1] <= momentum[0] <= 2)

    def test_triangular(self):
        self.check("triangular 3x4", 1000)

    def test_honeycomb(self):
        self.check("honeycomb 2x3", 1000)

    def test_ring(self):
        self.check("ring 12", 1000)


def network(lattice, sector, kind, symmetry, stages):
    return f"""
system:
  lattice: {lattice}
  sector: {sector}
  hamiltonian: {{kind: heisenberg, J1: 1.0}}
symmetry: {symmetry}
wavefunction: {kind}
sampler: {{kind: exact_sum}}
stages:
{stages}  - {{kind: evaluate, compare: ed}}
"""


def training(steps, more=""):
    return f"  - {{kind: vmc, steps: {steps}, {more} optimizer: {{kind: sr, lr: 0.1, diag_shift: {{from: 1.0e-2, to: 1.0e-4, steps: {steps}}}}}}}\n"


RBM = "{kind: rbm, alpha: 2, dtype: complex}"
ZERO = "{kind: spin_half, total_sz: 0}"


class Networks(unittest.TestCase):
    def converges(self, lattice, sector, kind, symmetry, steps=150):
        stages, output = finished(network(lattice, sector, kind, symmetry, training(steps)))
        last = stages[sorted(stages)[-1]]
        self.assertLess(last["energy/relative_error"][0], 1e-3, output)
        return last

    def test_ground_state_of_the_triangular_lattice(self):
        energy = self.converges("{kind: triangular, size: [3, 4]}", ZERO, RBM, "{momentum: [0, 2], point: B, spin_inversion: 1}")
        self.assertAlmostEqual(energy["energy/exact"][0], -6.9308123629, 8)

    def test_complex_momentum(self):
        energy = self.converges("{kind: triangular, size: [3, 4]}", ZERO, RBM, "{momentum: [1, 0], spin_inversion: 1}")
        self.assertAlmostEqual(energy["energy/exact"][0], -6.1344098746, 8)

    def test_two_dimensional_irrep(self):
        self.converges("{kind: square, torus: [[2, 2], [-2, 2]]}", ZERO, RBM, "{momentum: [0, 0], point: E}")

    def test_odd_irrep_of_the_ring(self):
        energy = self.converges("{kind: chain, size: [12]}", ZERO, RBM, "{momentum: [6], point: \"A''\", spin_inversion: 1}")
        self.assertAlmostEqual(energy["energy/exact"][0], -4.7773893337, 8)

    def test_honeycomb(self):
        energy = self.converges("{kind: honeycomb, size: [2, 3]}", ZERO, RBM, "{momentum: [0, 1]}")
        self.assertAlmostEqual(energy["energy/exact"][0], -5.1441390964, 8)

    def test_stages_take_over(self):
        """Momentum, then the point group and spin inversion: ED follows the stage, and the energy at its start is that of the projection."""
        sector = "{momentum: [0, 2], point: B, spin_inversion: 1}"
        text = network("{kind: triangular, size: [3, 4]}", ZERO, RBM, "{momentum: [0, 2]}",
                       training(40) + "  - {kind: evaluate, compare: ed}\n" + f"  - {{kind: evaluate, symmetry: {sector}, compare: ed}}\n" + training(60))
        stages, output = finished(text)
        first, second, last = (stages[name] for name in sorted(stages) if name.endswith("evaluate"))
        start = re.search(r"starts at E = (-\d+\.\d+)", output[output.index("03_vmc"):])
        self.assertAlmostEqual(float(start.group(1)), second["energy/mean"][0], 3)
        self.assertLess(last["energy/relative_error"][0], 1e-3, output)
        self.assertTrue(0 < second["sector/weight"][0] < first["sector/weight"][0] <= 1 + 1e-12, output)


    def test_rounding_that_is_not_small_is_refused(self):
        """A random network is nearly the same on all images, so little of an odd sector is left of its sums."""
        text = network("{kind: chain, size: [12]}", ZERO, "{kind: rbm, alpha: 1, dtype: complex}",
                       "{momentum: [0], point: \"A''\", spin_inversion: -1}", training(1))
        code, output, _ = run("precision: {network: float32}\n" + text)
        self.assertNotEqual(code, 0)
        self.assertIn("write precision: {network: float64, sampler: network}", output)
        code, output, _ = run(text)
        self.assertEqual(code, 0, output)
        self.assertLess(float(re.search(r"; (\S+) of the sum is left on average", output).group(1)), 1e-3)


class Sampling(unittest.TestCase):
    """Of a network at the start of a run: the energy of its projection, by an exact sum, by chains of either kind."""

    def energies(self, seed, symmetry):
        stages = "".join(f"  - {{kind: evaluate, sampler: {sampler}}}\n" for sampler in (
            "{kind: exact_sum}",
            "{kind: metropolis, move: {kind: exchange, d_max: 2}, chains: 64, samples: 2048}",
            "{kind: metropolis, move: {kind: exchange, d_max: 2}, chains: 64, samples: 2048, follow: bare}"))
        text = network("{kind: triangular, size: [3, 4]}", ZERO, RBM, symmetry, "  - {kind: vmc, steps: 15, optimizer: {kind: sr, lr: 0.1}}\n" + stages)
        results, _ = finished(f"seed: {seed}\n" + text)
        return [(results[name]["energy/mean"][0], results[name]["energy/error"][0], results[name]["sector/weight"][0]) for name in sorted(results)[1:4]]

    def check(self, symmetry):
        pooled = {"projected": [], "bare": [], "weight": []}
        for seed in range(1, SEEDS + 1):
            (exact, _, weight), (projected, error, _), (bare, bare_error, bare_weight) = self.energies(seed, symmetry)
            pooled["projected"].append((projected - exact) / error)
            pooled["bare"].append((bare - exact) / bare_error)
            pooled["weight"].append((bare_weight - weight) / weight)
        for name in ("projected", "bare"):
            z = numpy.array(pooled[name])
            print(f"{symmetry} {name}: mean z {z.mean():.2f}, chi-square {(z**2).sum():.1f} of {SEEDS}, largest {abs(z).max():.1f}")
            self.assertLess(abs(z.mean()) * math.sqrt(SEEDS), 4)
            self.assertLess((z**2).sum(), SEEDS + 5 * math.sqrt(2 * SEEDS))
        weight = numpy.array(pooled["weight"])
        t = weight.mean() / (weight.std(ddof=1) / math.sqrt(SEEDS))
        print(f"{symmetry} weight of the sector: mean relative deviation {weight.mean():.4f}, t {t:.1f}")
        self.assertLess(abs(t), 4 if SEEDS >= 10 else 10)  # Student's distribution: 1 of 500 runs with four seeds, 1 of 1000 with twenty

    def test_one_dimension(self):
        self.check("{momentum: [0, 2], point: B, spin_inversion: 1}")

    def test_complex(self):
        self.check("{momentum: [1, 0]}")


if __name__ == "__main__":
    suites = {"spectra": Spectra, "networks": Networks, "sampling": Sampling}
    program = unittest.TestProgram(exit=False, defaultTest=suites[MODE].__name__)
    sys.exit(0 if program.result.wasSuccessful() else 1)
