#!/usr/bin/env python3
"""Compare the final energies and observables of two runs: z = (a - b) / sqrt(error_a^2 + error_b^2).

    tools/compare.py runs/a runs/b [--limit 4]

A and B are run directories or results.h5 files. Values of the last evaluate stage are compared, Hamiltonian by Hamiltonian (matched by their
couplings). Exit code 0 if every |z| is at most the limit, 1 if one is larger, 2 if there is nothing to compare: no evaluation, no Hamiltonian in
common, or runs of different systems (lattice, sector, Hamiltonian, units, couplings that do not vary).
"""

import argparse
import sys

import numpy as np

import qstage_io


def last_evaluation(run):
    """Name and content of the last evaluate stage."""
    found = qstage_io.stages(qstage_io.load(run), "evaluate")
    if not found:
        raise ValueError(f"{run}: no evaluate stage in this run (traces are not compared: their rows belong to different parameters)")
    return found[-1]


def system_of(run, name, varied):
    """{property: text} of the system that the evaluation `name` measured: what the couplings of its rows leave open. Older files say less."""
    attributes = qstage_io.attributes(run)
    stored = attributes.get("system", {})
    system = {key: stored[key] for key in ("lattice", "hamiltonian", "units") if key in stored}
    sector = attributes.get(f"stages/{name}/energy/mean", {}).get("sector")
    if sector and "particles" not in varied:
        system["sector"] = sector
    for coupling in filter(None, stored.get("couplings", "").split(", ")):
        name, value = coupling.split(" = ")
        if name not in varied:
            system[name] = value
    return system


def differences(first, second):
    """["lattice: chain 8, periodic / chain 8, open", ...] of what both say."""
    return [f"{key}: {first[key]} / {second[key]}" for key in first if key in second and first[key] != second[key]]


def measurements(stage):
    """{(quantity, coupling label, component): (mean, error)} of an evaluate stage."""
    groups = {"energy": stage["energy"], **stage.get("observables", {})}
    table = {}
    for quantity, group in groups.items():
        mean = np.atleast_1d(np.real(group["mean"]))
        error = np.atleast_1d(group["error"])
        mean, error = mean.reshape(len(mean), -1), error.reshape(len(mean), -1)
        for g, label in enumerate(qstage_io.coupling_labels(stage, len(mean))):
            for component in range(mean.shape[1]):
                table[(quantity, label, component)] = (float(mean[g, component]), float(error[g, component]))
    return table


def z_score(first, second):
    """Two exact values (errors 0) agree if they differ by rounding only."""
    difference = first[0] - second[0]
    error = np.hypot(first[1], second[1])
    if error > 0:
        return difference / error
    return 0.0 if abs(difference) <= 1e-10 * max(1.0, abs(first[0])) else float(np.copysign(np.inf, difference))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("a")
    parser.add_argument("b")
    parser.add_argument("--limit", type=float, default=4.0, help="largest |z| that still counts as agreement (default 4)")
    options = parser.parse_args()
    try:
        (name_a, a), (name_b, b) = last_evaluation(options.a), last_evaluation(options.b)
        varied = {*a.get("couplings", {}), *b.get("couplings", {})}
        different = differences(system_of(options.a, name_a, varied), system_of(options.b, name_b, varied))
        if different:
            raise ValueError("the runs are of different systems; " + "; ".join(different))
        first, second = measurements(a), measurements(b)
    except (OSError, KeyError, ValueError) as problem:
        print(f"compare.py: error: {problem}", file=sys.stderr)
        return 2
    common = [key for key in first if key in second]
    if not common:
        print("compare.py: error: the runs have no Hamiltonian and quantity in common", file=sys.stderr)
        return 2

    print(f"{'quantity':<20} {'couplings':<24} {'a':>16} {'b':>16} {'z':>8}")
    worst = 0.0
    for key in common:
        quantity, label, component = key
        z = z_score(first[key], second[key])
        worst = max(worst, abs(z)) if np.isfinite(z) else np.inf
        name = quantity if first.get((quantity, label, 1)) is None else f"{quantity}[{component}]"
        print(f"{name:<20} {label:<24} {first[key][0]:>16.9g} {second[key][0]:>16.9g} {z:>8.2f}")
    only = len(set(first) ^ set(second))
    print(f"{len(common)} compared, {only} in one run only, largest |z| = {worst:.2f} (limit {options.limit:g})")
    return 0 if worst <= options.limit else 1


if __name__ == "__main__":
    sys.exit(main())
