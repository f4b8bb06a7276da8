"""Hamiltonians that the input writes term by term: exact energies against independent matrices, and networks that reach them.

python3 test_terms.py QSTAGE exact|vmc|flux|refusals [--seeds K] [NAME ...]: every system of tests/oracles/terms_systems.py (default: all), whose
input stands in tests/physics/terms or, if a user may want it, in inputs.
exact: the ed stage against the oracle (tests/oracles), within 1e-10. vmc: the whole input with seeds 1 to K, the energies of its evaluation
within 1e-3 of the exact ones.
flux: the energy of a ring against its twist has period 2 pi. refusals: what is wrong with a term is said with its place and what to do.
Exit 77 (skipped) without numpy, scipy and h5py.
"""

import argparse
import json
import math
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "oracles"))
from packages import need  # noqa: E402

need("h5py", "scipy")
import h5py  # noqa: E402
from matrices import lowest  # noqa: E402
from terms_systems import SYSTEMS, flux_ring  # noqa: E402
from terms_refusals import REFUSALS, input_of  # noqa: E402

EXACT, VARIATIONAL = 1e-10, 1e-3


def input_file(name):
    here = HERE / "terms" / f"{name}.yaml"
    return here if here.exists() else HERE.parent.parent / "inputs" / f"{name}.yaml"


def run(program, source, folder, *options):
    """The summary of a run of `source` in `folder`."""
    command = [program, "run", str(source), "--overwrite", "--set", f"output.directory={folder}/run", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{source} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return json.loads((folder / "run" / "summary.json").read_text())


def exact_part(source, folder):
    """The input without its network, ending after the ed stage."""
    text = source.read_text(encoding="utf-8")
    head = re.split(r"^(?:precision|wavefunction|sampler|stages):", text, maxsplit=1, flags=re.MULTILINE)[0]
    short = folder / source.name
    short.write_text(head + "stages:\n  - {kind: ed}\n", encoding="utf-8")
    return short


def couplings_of(folder):
    """The couplings of every member of the family, as the results describe them: 'terms; ...; J=1; W*h@0=-0.7'."""
    members = []
    with h5py.File(folder / "run" / "results.h5") as file:
        for state in file["stages/00_ed/states"].values():
            words = state.attrs["problem"].decode()
            members.append({name: float(value) for name, value in re.findall(r"; ([\w*@]+)=([^;=]+)", words)})
    return members


def check_exact(program, name, folder):
    summary = run(program, exact_part(input_file(name), folder), folder)
    worst, dimension = 0.0, 0
    for member, found in zip(couplings_of(folder), summary["stages"][0]["results"], strict=True):
        matrix = SYSTEMS[name](member)
        dimension = matrix.shape[0]
        worst = max(worst, abs(found["energy"] - lowest(matrix)))
    verdict = worst <= EXACT
    members = len(summary["stages"][0]["results"])
    print(f"{name:<22} {members:>2} x {dimension:>6} states   error {worst:.1e}   {'ok' if verdict else 'WRONG'}", flush=True)
    return verdict


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def check_vmc(program, name, seeds, folder):
    errors, begin = [], cpu_seconds()
    for seed in range(1, seeds + 1):
        summary = run(program, input_file(name), folder, "--set", f"seed={seed}")
        exact = [result["energy"] for result in summary["stages"][0]["results"]]
        reached = [result["energy"] for result in summary["stages"][-1]["results"]]
        errors.append(max(abs(energy / level - 1) for energy, level in zip(reached, exact, strict=True)))
    verdict = max(errors) <= VARIATIONAL
    print(f"{name:<22} {summary['parameters']:>6} parameters   " + " ".join(f"{error:.1e}" for error in errors) +
          f"   {(cpu_seconds() - begin) / seeds:5.1f} s each   {'ok' if verdict else 'FAR OFF'}", flush=True)
    return verdict


def check_flux(program, folder):
    """Energies at twists a period apart are the same, those within a period follow the oracle; the exact energy curve is even."""
    good = True
    source = exact_part(input_file("flux_ring"), folder)
    for twist in (0.0, 0.4, 1.3, math.pi, 4.1):
        energies = []
        for angle in (twist, twist + 2 * math.pi, -twist):
            summary = run(program, source, folder, "--set", f"system.hamiltonian.twist=[{angle!r}]")
            energies.append(summary["stages"][0]["results"][0]["energy"])
        expected = lowest(flux_ring({"t": 1.0, "V": 1.5}, twist))
        worst = max(abs(energy - expected) for energy in energies)
        good = good and worst <= EXACT
        print(f"twist {twist:.4f}: energy {expected:.10f}, the program's at twist, twist + 2 pi, -twist off by {worst:.1e} at most", flush=True)
    return good


def check_refusal(program, case, folder):
    """`case` must end with 2 and a message at the line and column of the mark @, holding all its words."""
    text, line, column = input_of(case)
    (folder / "bad.yaml").write_text(text, encoding="utf-8")
    done = subprocess.run([program, "run", "bad.yaml", "--dry-run"], cwd=folder, capture_output=True, text=True, check=False)
    place = f"bad.yaml:{line}:{column}: "
    missing = [words for words in [place, *case.words] if words not in done.stderr]
    if done.returncode == 2 and not missing:
        return True
    print(f"{case.text}: exit {done.returncode}, without {missing}:\n{done.stderr}")
    return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("part", choices=["exact", "vmc", "flux", "refusals"])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seeds", type=int, default=1)
    wanted = parser.parse_intermixed_args()
    program = str(pathlib.Path(wanted.program).resolve())
    names = wanted.names or list(SYSTEMS)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if wanted.part == "exact":
            verdicts = [check_exact(program, system, folder) for system in names]
        elif wanted.part == "vmc":
            verdicts = [check_vmc(program, system, wanted.seeds, folder) for system in names]
        elif wanted.part == "flux":
            verdicts = [check_flux(program, folder)]
        else:
            verdicts = [check_refusal(program, case, folder) for case in REFUSALS]
    print(f"{sum(verdicts)} of {len(verdicts)} as they should be")
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    os.environ.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    sys.exit(main())
