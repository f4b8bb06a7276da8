"""Sweeps over a coupling: energies against exact ones, the fidelity susceptibility of the transverse-field Ising ring against its closed formula.

python3 test_sweep.py QSTAGE [SEEDS]: one network learns the exact states of a ring of ten spins at eleven fields; then 41 points by exact sums, and by
samples of a few of them, with as many seeds as asked for (default 3), pooled.

chi(Gamma) = 1/4 sum over 0 < k < pi of sin^2 k / (1 + Gamma^2 - 2 Gamma cos k)^2, k = pi (2 m + 1) / N (Damski, Phys. Rev. E 87, 052131 (2013)).
"""

import json
import math
import pathlib
import subprocess
import sys
import tempfile

SITES, POINTS = 10, 41
GRID = [0.5 + k / (POINTS - 1) for k in range(POINTS)]


def susceptibility(field):
    momenta = [math.pi * (2 * m + 1) / SITES for m in range(SITES // 2)]
    return sum(math.sin(k) ** 2 / (1 + field**2 - 2 * field * math.cos(k)) ** 2 for k in momenta) / 4


def energy(field):
    return -sum(2 * math.sqrt(1 + field**2 - 2 * field * math.cos(math.pi * (2 * m + 1) / SITES)) for m in range(SITES // 2))


TRAINING = f"""format: 1
seed: 3
precision: {{network: float64}}
output: {{directory: trained}}
system:
  lattice: {{kind: chain, size: [{SITES}]}}
  sector: {{kind: spin_half}}
  hamiltonian: {{kind: tfim, J: 1.0}}
  family: {{Gamma: {[0.45 + 0.11 * k for k in range(11)]}}}
wavefunction: {{kind: foundation, layers: 1, d_model: 8, heads: 2, mlp: 12, amplitude: real WEIGHTS}}
sampler: {{kind: exact_sum}}
stages:
"""
PRETRAIN = """  - {kind: ed}
  - kind: pretrain
    steps: 60
    rows: full
    optimizer: {kind: sr, lr: 0.2, diag_shift: {from: 1.0e-3, to: 1.0e-5, steps: 30}, damping: scaled}
    stop: {overlap: 0.99999}
"""
SAMPLED = "{kind: metropolis, move: {kind: flip}, chains: 128, samples: 4096}"


def run(program, folder, name, seed, stages, weights=""):
    text = TRAINING.replace("seed: 3", f"seed: {seed}").replace("directory: trained", f"directory: {name}")
    text = text.replace(" WEIGHTS", f", weights: {weights}" if weights else "")
    (folder / f"{name}.yaml").write_text(text + stages, encoding="utf-8")
    subprocess.run([program, "run", f"{name}.yaml"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return json.loads((folder / name / "summary.json").read_text())["stages"][-1]


def sweep(sampler):
    return f"  - {{kind: sweep, family: {{Gamma: {GRID}}}, sampler: {sampler}}}\n"


def check_exact(points):
    worst_energy = max(abs(point["energy"] - energy(g)) / abs(energy(g)) for g, point in zip(GRID, points, strict=True))
    worst_chi = max(abs(point["susceptibility"] / susceptibility(g) - 1) for g, point in zip(GRID, points, strict=True))
    peak = max(range(POINTS), key=lambda k: points[k]["susceptibility"])
    exact_peak = max(range(POINTS), key=lambda k: susceptibility(GRID[k]))
    print(f"exact sums: energies within {worst_energy:.1e}, chi within {worst_chi:.1%}, peak at {GRID[peak]:.3f} ({GRID[exact_peak]:.3f})")
    assert worst_energy < 1e-4 and worst_chi < 0.1 and abs(peak - exact_peak) <= 1
    height = points[peak]["susceptibility"] / susceptibility(GRID[exact_peak])
    assert abs(height - 1) < 0.05, height
    # -ln F^2 = chi d^2 to lowest order, of the same network
    step = GRID[1] - GRID[0]
    for k in range(POINTS - 1):
        middle = (points[k]["susceptibility"] + points[k + 1]["susceptibility"]) / 2
        assert abs(-math.log(points[k]["fidelity"]) / step**2 / middle - 1) < 0.02, k


def check_sampled(exact, runs):
    """z of points that are anchors are independent of each other; those of neighbours are not, so anchors are pooled and the others bounded."""
    for quantity, error in (("energy", "error"), ("susceptibility", "susceptibility_error"), ("fidelity", "fidelity_error")):
        pooled, count, largest = 0.0, 0, 0.0
        for points in runs:
            for k, point in enumerate(points):
                if point[error] == 0:  # the last point has no next one
                    continue
                z = (point[quantity] - exact[k][quantity]) / point[error]
                largest = max(largest, abs(z))
                if point["anchor"] == k:
                    pooled, count = pooled + z * z, count + 1
        print(f"samples: {quantity}: chi-square {pooled:.1f} of {count} anchors, largest |z| of {len(runs) * POINTS} points {largest:.1f}")
        assert pooled < count + 3.7 * math.sqrt(2 * count) and largest < 6, quantity
    anchors = [len({point["anchor"] for point in points}) for points in runs]
    print("anchors:", anchors, "least share that counts:", min(point["effective"] for points in runs for point in points))
    assert max(anchors) <= 8


def main():
    program, seeds = str(pathlib.Path(sys.argv[1]).resolve()), int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        exact = run(program, folder, "trained", 3, PRETRAIN + sweep("{kind: exact_sum}"))["results"]
        check_exact(exact)
        weights = "trained/results.h5"
        runs = [run(program, folder, f"sampled_{seed}", seed, sweep(SAMPLED), weights)["results"] for seed in range(1, seeds + 1)]
        check_sampled(exact, runs)


if __name__ == "__main__":
    main()
