"""Peaked random networks whose chains are slow: every run whose energy or observables lie off must say so.

python3 test_slow_chains.py QSTAGE [SEEDS]: evaluates each ../shared/cases/physics/*_s.yaml by sampling with seeds 1 to SEEDS (default 3), and once by
the exact sum over the same network. A value that is trusted and further from the exact one than chance allows is a failure.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "oracles"))
from packages import SKIPPED, need  # noqa: E402

CONVERTER = HERE.parents[1] / "tools" / "qstage_io.py"
# Trusted values are judged like honest ones: Student's t of 64 chains exceeds 3 errors in 0.4 % of all cases, 5 errors in 5e-6.
SHARE_BEYOND_3, NEVER_BEYOND = 0.015, 5.0


def converted(case, folder):
    """The text of the case, whose weights (name.npz beside it) have become a safetensors file in the folder."""
    text = case.read_text()
    weights = re.search(r"weights: (\w+)\.npz", text).group(1)
    subprocess.run([sys.executable, CONVERTER, case.parent / f"{weights}.npz", folder / f"{weights}.safetensors"], check=True)
    return text.replace(f"{weights}.npz", f"{weights}.safetensors")


def run(program, text, folder, *options):
    source = folder / "case.yaml"
    source.write_text(text)
    subprocess.run([program, "run", str(source), *options], check=True, cwd=folder, stdout=subprocess.DEVNULL)


def results(folder):
    """(quantity, label) -> (mean, error, reliable), of the one problem of the case."""
    summary = json.loads((folder / "summary.json").read_text())
    entry = summary["stages"][-1]["results"][0]
    values = {("energy", ""): (entry["energy"], entry["error"], entry["reliable"])}
    for name, observable in entry["observables"].items():
        for row in zip(observable["labels"], observable["mean"], observable["error"], observable["reliable"]):
            values[name, row[0]] = row[1:]
    return values


def judge(program, case, seeds, folder):
    text = converted(case, folder)
    exact_text = re.sub(r"^sampler:.*$", "sampler: {kind: exact_sum}", text, flags=re.MULTILINE)
    run(program, exact_text, folder, "--set", "output.directory=exact")
    exact = results(folder / "exact")
    count = trusted = off = missed = 0
    worst, energies = 0.0, []
    for seed in range(1, seeds + 1):
        run(program, text, folder, "--set", f"output.directory=seed{seed}", "--set", f"seed={seed}")
        for key, (mean, error, reliable) in results(folder / f"seed{seed}").items():
            distance = abs(mean - exact[key][0])
            if distance <= 1e-9 * max(1.0, abs(mean)):
                continue
            sigma = distance / error if error else float("inf")
            count, trusted, off = count + 1, trusted + reliable, off + (sigma > 3)
            if key[0] == "energy":
                energies.append(f"{sigma:.1f}{'' if reliable else '?'}")
            if reliable:
                missed += sigma > 3
                worst = max(worst, sigma)
    print(f"{case.stem}: {count} values of {seeds} runs, {trusted} trusted; {off} beyond 3 errors, {missed} of them trusted, worst {worst:.1f}")
    print("  energies off by " + " ".join(energies) + " errors (?: said to be unreliable)", flush=True)
    return missed <= max(1, SHARE_BEYOND_3 * trusted) and worst < NEVER_BEYOND


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    cases = sorted((pathlib.Path(os.environ.get("QSTAGE_SHARED", "../shared")) / "cases" / "physics").resolve().glob("*_s.yaml"))
    if not cases:
        print("skipped: no cases/physics/*_s.yaml in QSTAGE_SHARED")
        return SKIPPED
    need("h5py", "numpy")
    good = True
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            good = judge(program, case, seeds, pathlib.Path(folder)) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
