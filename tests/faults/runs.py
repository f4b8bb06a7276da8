"""Small whole runs, disturbed and finished: what test_cases.py and test_whole_runs.py share."""
import json
import os
import shutil
import subprocess
import tempfile

VMC, SHIM, COMPARE = (os.environ[name] for name in ("QSTAGE_VMC", "QSTAGE_SHIM", "QSTAGE_COMPARE"))
DEADLINE = 120  # seconds for any one command

# Four kinds of stages, chains, an optimizer with a history; a checkpoint after every step.
INPUT = """format: 1
seed: 7
output: {directory: run}
checkpoint: {interval: 0s, keep_every: 5}
system:
  lattice: {kind: chain, size: [6], periodic: true}
  sector: {kind: spinless_fermions, particles: 3}
  hamiltonian: {kind: tv, t: 1.0, V: 1.0, delta: 0.1}
wavefunction: {kind: rbm, alpha: 1}
sampler: {kind: metropolis, move: {kind: hop}, chains: 16, samples: 32}
stages:
  - {kind: ed}
  - {kind: pretrain, targets: ed, steps: 4, rows: full, optimizer: {kind: muon, lr: 1.0e-2}}
  - {kind: vmc, steps: 8, optimizer: {kind: minsr, lr: 0.02, momentum: 0.5}}
  - {kind: evaluate, observables: [energy, density]}
"""


class Folder:
    """A directory of its own with input.yaml beside the run directory; removed at the end."""

    def __init__(self, text=INPUT):
        self.path = tempfile.mkdtemp(prefix="qstage_fault_")
        self.put("in.yaml", text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def __call__(self, name):
        return os.path.join(self.path, name)

    def put(self, name, content):
        os.makedirs(os.path.dirname(self(name)), exist_ok=True)
        with open(self(name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())

    def get(self, name):
        with open(self(name), "rb") as file:
            return file.read()

    def json(self, name):
        return json.loads(self.get(name))

    def names(self, name="run"):
        return sorted(os.listdir(self(name))) if os.path.isdir(self(name)) else []

    def start(self, *arguments, before=(), fault=None, home=None, **environment):
        """The program, on its way. `fault`: QSTAGE_FAULT of the shim (fault_shim.cpp), or other variables of it in `environment`."""
        environment = {"QSTAGE_" + name.upper(): value for name, value in environment.items()}
        if fault:
            environment["QSTAGE_FAULT"] = fault
        if environment:
            environment.update(LD_PRELOAD=SHIM, QSTAGE_FAULT_BELOW="run")
        return subprocess.Popen([*before, VMC, *arguments], cwd=self.path, env={**os.environ, **environment, **({"HOME": home} if home else {})}, text=True, errors="replace",
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def vmc(self, *arguments, **options):
        return finished(self.start(*arguments, **options))


def finished(process):
    """(exit code, stdout, stderr); -n: ended by signal n."""
    try:
        out, err = process.communicate(timeout=DEADLINE)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        return "hung", out, err
    return process.returncode, out, err


def same(first, second):
    """"" if two HDF5 files hold the same bits of results or state, else what differs."""
    result = subprocess.run([COMPARE, first, second], capture_output=True, text=True, timeout=DEADLINE, check=False)
    return "" if result.returncode == 0 else result.stderr


def tables(folder):
    return {name: folder.get("run/trace/" + name) for name in sorted(os.listdir(folder("run/trace")))}


def lost(folder, reference):
    """What is missing or other in the finished run of `folder` than in that of `reference`; "" if nothing."""
    if folder.json("run/status.json")["state"] != "finished" or folder.json("run/summary.json")["state"] != "finished":
        return "not called finished"
    if tables(folder) != tables(reference):
        return "another table of a stage"
    left = [name for name in folder.names() if ".tmp." in name]
    if left:
        return f"left behind: {left}"
    return same(reference("run/checkpoint.h5"), folder("run/checkpoint.h5")) or same(reference("run/results.h5"), folder("run/results.h5"))
