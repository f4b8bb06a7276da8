"""Rates and shifts that must make training diverge: no run may end well with energies above those that it started from.

python3 test_forced_divergence.py QSTAGE [SEEDS]: pretrains a small network roughly, then lowers its energy with every optimizer, with exact sums and
with samples, at 30 and 1000 times a good rate, and at a thousandth of a good shift, with seeds 1 to SEEDS (default 1). Exact sums judge the
parameters that a later stage would start from, before and after. A run that exits with 0, leaves them worse and says nothing is a failure, and so is one that ends
with another code than 4 (numerical trouble, the best parameters are kept).
"""

import collections
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

RATES = {"sr": 0.03, "minsr": 0.03, "natural": 0.03, "adamw": 1e-3, "muon": 1e-2, "sgd": 1e-2}
SHIFT = 1e-3
FORCINGS = {"lr x 30": (30, 1), "lr x 1000": (1000, 1), "shift / 1000": (1, 1e-3)}
SAMPLERS = {"exact_sum": "{kind: exact_sum}", "metropolis": "{kind: metropolis, move: {kind: hop}, chains: 128, samples: 512}"}
# A sampled stage tells energies apart by five errors of their difference; float32 sums by less than this, relative to the energy.
ERRORS, ROUNDING = 5, 1e-6
EVALUATE = "{kind: evaluate, sampler: {kind: exact_sum}, observables: [energy], compare: ed}"


def text(kind, sampler, rate, shift, seed):
    diag_shift = f", diag_shift: {shift}" if kind in ("sr", "minsr", "natural") else ""
    return f"""format: 1
title: forced divergence
seed: {seed}
output: {{directory: run}}
system:
  lattice: {{kind: chain, size: [8], periodic: true}}
  sector: {{kind: spinless_fermions, particles: 4}}
  hamiltonian: {{kind: tv, t: 1.0, delta: 0.1}}
  family: {{V: [1.0, 3.0]}}
wavefunction: {{kind: qstage, depth: 1, d_model: 8, heads: 2, mlp: 12, tail: [t, V, N]}}
sampler: {SAMPLERS[sampler]}
stages:
  - {{kind: ed}}
  - {{kind: pretrain, targets: ed, steps: 12, rows: full, optimizer: {{kind: minsr, lr: 0.15}}}}
  - {EVALUATE}
  - {{kind: vmc, steps: 40, optimizer: {{kind: {kind}, lr: {rate}{diag_shift}}}}}
  - {EVALUATE}
"""


def energy(stage):
    return sum(result["energy"] for result in stage["results"]) / len(stage["results"])


def error_of_difference(trace):
    """Of the mean energies of the first and of the last step, which is what the stage compares."""
    with open(trace, encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    errors = [float(value) for row in (rows[0], rows[-1]) for name, value in row.items() if name.startswith("error_")]
    return sum(error**2 for error in errors) ** 0.5 / (len(errors) / 2)


def outcome(program, folder, kind, sampler, forcing, seed):
    """What became of one run: (verdict, exit code, gain of energy)."""
    factor, share = FORCINGS[forcing]
    source = folder / "input.yaml"
    source.write_text(text(kind, sampler, RATES[kind] * factor, SHIFT * share, seed))
    code = subprocess.run([program, "run", str(source), "--overwrite"], cwd=folder, capture_output=True, check=False).returncode
    if code != 0:
        return f"exit {code}", code, 0.0
    summary = json.loads((folder / "run" / "summary.json").read_text())
    before, training, after = summary["stages"][2:5]
    gain = energy(before) - energy(after)
    if gain >= -ROUNDING * abs(energy(before)):
        return "lower", code, gain
    if gain >= -ERRORS * error_of_difference(folder / "run" / "trace" / "03_vmc.csv"):
        return "equal within errors", code, gain
    return "SILENT" if training["converged"] else "higher, said", code, gain


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    silent = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for sampler in SAMPLERS:
            for kind in RATES:
                for forcing in FORCINGS:
                    if forcing.startswith("shift") and kind in ("adamw", "muon", "sgd"):
                        continue
                    found = [outcome(program, folder, kind, sampler, forcing, seed) for seed in range(1, seeds + 1)]
                    counts = collections.Counter(verdict for verdict, _, _ in found)
                    gains = [gain for _, code, gain in found if code == 0]
                    spread = f"E falls by {min(gains):.1e} to {max(gains):.1e}" if gains else ""
                    print(f"{sampler:<11}{kind:<8} {forcing:<13} " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items()), spread,
                          sep="  ", flush=True)
                    silent += sum(verdict == "SILENT" or code not in (0, 4) for verdict, code, _ in found)
    print(f"{silent} silent or broken")
    return 1 if silent else 0


if __name__ == "__main__":
    os.environ.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OPENBLAS_NUM_THREADS="1")
    sys.exit(main())
