"""How both programs are started: one process (of all ranks) for each measurement, in an environment that the caller's shell cannot spoil."""

import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from measurement import Measurement, from_bench, from_worker
from workloads import PRECISIONS, ROOT, Workload

# Whatever would hold the other side back, or change what it computes.
UNWANTED = ("JAX_", "XLA_", "NETKET_", "TF_", "OMP_", "OPENBLAS_", "MKL_", "PYTHON")


class Failed(Exception):
    """A program that was started did not succeed; its output is part of the text."""


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(UNWANTED)}


def start(command: Sequence[object], log: pathlib.Path, environment: Mapping[str, str]) -> None:
    """Runs in the root of the repository; what it prints goes to `log`."""
    with open(log, "w", encoding="utf-8") as output:
        result = subprocess.run([str(word) for word in command], cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False)
    if result.returncode != 0:
        last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
        raise Failed(f"{' '.join(map(str, command))}\nended with {result.returncode}; the end of {log}:\n{last}")


def shell(script: str, *words: object) -> list[object]:
    """A command that runs with the functions of tools/lib/setup.sh."""
    return ["sh", "-euc", f". tools/lib/setup.sh; {script}", "sh", *words]


def build() -> pathlib.Path:
    """Our program, built if it is not up to date."""
    subprocess.run([str(word) for word in shell("install_packages run benchmark; configure_and_build release")], cwd=ROOT, check=True)
    return ROOT / "build/release/qstage-vmc"


def ranks() -> int:
    """As many as tools/run starts: one for each physical core that this process may use."""
    return int(subprocess.run([str(word) for word in shell("ranks")], cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def environment_of(folder: pathlib.Path) -> pathlib.Path:
    """Python of a virtual environment that holds the pinned packages; made, or completed, when it does not."""
    requirements = ROOT / "tools/benchmark/requirements.txt"
    python, installed = folder / "bin/python", folder / "installed.txt"
    if installed.is_file() and installed.read_text(encoding="utf-8") == requirements.read_text(encoding="utf-8"):
        return python
    print(f"installing the packages of {requirements.name} into {folder}", file=sys.stderr)
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", str(requirements)], check=True)
    installed.write_text(requirements.read_text(encoding="utf-8"), encoding="utf-8")
    return python


class Ours:
    def __init__(self, program: pathlib.Path, folder: pathlib.Path) -> None:
        self.program, self.folder, self.ranks = program.resolve(), folder, ranks()

    def bench(self, workload: Workload, precision: str, weights: pathlib.Path | None, steps: int) -> dict[str, Any]:
        """The JSON of `qstage-vmc bench`; `weights` None: a random network."""
        answer = self.folder / f"{workload.name}_ours_{precision}.json"
        settings = [*workload.settings, *PRECISIONS[precision], *([f"wavefunction.weights={weights}"] if weights else [])]
        options = [word for setting in settings for word in ("--set", setting)]
        command = ["mpirun", "-n", self.ranks, self.program, "bench", workload.input, "--steps", steps, "--json", answer, *options]
        start(shell('mpi_environment; exec "$@"', *command), answer.with_suffix(".log"), clean_environment())
        return json.loads(answer.read_text(encoding="utf-8"))

    def run(self, workload: Workload, precision: str, weights: pathlib.Path, steps: int) -> Measurement:
        return from_bench(self.bench(workload, precision, weights, steps))


class Theirs:
    def __init__(self, python: pathlib.Path, folder: pathlib.Path) -> None:
        self.python, self.folder = python, folder

    def export(self, workload: Workload, weights: pathlib.Path) -> None:
        self._start(workload, ["--weights", weights, "--export"], weights.with_suffix(".log"))

    def run(self, workload: Workload, setting: str, weights: pathlib.Path, steps: int) -> Measurement:
        answer = self.folder / f"{workload.name}_theirs_{setting}.json"
        options = [*workload.theirs[setting], "--weights", weights, "--steps", steps, "--json", answer]
        self._start(workload, options, answer.with_suffix(".log"))
        return from_worker(json.loads(answer.read_text(encoding="utf-8")))

    def _start(self, workload: Workload, options: Sequence[object], log: pathlib.Path) -> None:
        start([self.python, workload.worker, *workload.worker_options, *options], log, clean_environment() | {"JAX_PLATFORMS": "cpu"})
