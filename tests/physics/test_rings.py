"""One network for rings of several lengths: learns two of them together, and is asked for a third.

python3 test_rings.py QSTAGE: exact energies of every length equal those of the Bethe ansatz, the trained lengths are learned, and the length that no
training has seen is answered within the bound, better than by a network that has learned one length.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from oracles.packages import need  # noqa: E402

need("numpy")
from oracles.bethe import tv  # noqa: E402

REPULSIONS = [0.5, 2.0, 3.0]
TRAINED, UNSEEN = (8, 10), 12
WITHIN, ZERO_SHOT = 1e-3, 1e-2


def ring(sites):
    boundary = "antiperiodic" if sites // 2 % 2 == 0 else "periodic"  # a closed shell
    return f"{{lattice: {{size: [{sites}], boundary: {boundary}}}, sector: {{particles: {sites // 2}}}}}"


def text(trained):
    return f"""format: 1
output: {{directory: run}}
system:
  lattice: {{kind: chain, size: [8]}}
  sector: {{kind: spinless_fermions, particles: 4}}
  hamiltonian: {{kind: tv, t: 1.0}}
  family: {{V: {REPULSIONS}}}
systems: [{", ".join(ring(sites) for sites in trained)}]
wavefunction: {{kind: foundation, layers: 1, d_model: 8, heads: 2, mlp: 8, amplitude: real}}
sampler: {{kind: exact_sum}}
stages:
  - {{kind: ed}}
  - kind: pretrain
    steps: 40
    rows: full
    optimizer: {{kind: sr, lr: 0.2, diag_shift: 3.0e-4, damping: scaled}}
    stop: {{overlap: 0.9999}}
  - {{kind: evaluate, observables: [energy], compare: ed, systems: [{ring(8)}, {ring(10)}, {ring(12)}]}}
"""


def run(program, trained):
    """Relative errors by size, the worst repulsion of each; exact energies are compared on the way."""
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "input.yaml").write_text(text(trained), encoding="utf-8")
        subprocess.run([program, "run", "input.yaml"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        stages = json.loads((pathlib.Path(folder) / "run/summary.json").read_text())["stages"]
    errors = {}
    for stage in stages:
        if stage["kind"] != "evaluate":
            continue
        sites = int(stage["group"].split("_")[-1])
        for repulsion, result in zip(REPULSIONS, stage["results"], strict=True):
            difference = abs(result["exact"] - tv(sites, repulsion))
            assert difference < 1e-9, f"{sites} sites, V = {repulsion}: exact energy {result['exact']} is {difference:.1e} off the Bethe ansatz"
        errors[sites] = max(result["relative_error"] for result in stage["results"])
    return errors


def main():
    both, one = run(sys.argv[1], TRAINED), run(sys.argv[1], TRAINED[:1])
    print("trained on both:", both, "on one:", one)
    assert max(both[sites] for sites in TRAINED) < WITHIN, both
    assert both[UNSEEN] < ZERO_SHOT and both[UNSEEN] < one[UNSEEN], (both, one)


if __name__ == "__main__":
    main()
