"""What a report knows of a run: results.h5, and the summary.json beside it."""

import json
import os

import h5py
import numpy as np

import qstage_io

# Not needed for any picture, and as large as the exact states are.
HEAVY = ("parameters", "states", "basis")


class Run:
    """One results file, read once. `index` is its place among the runs of a page: it gives the run its colour and line style."""

    def __init__(self, path, index=0, name=None):
        self.path = qstage_io.path_of(path)
        try:
            self.data, self.attributes = qstage_io.load(path, skip=HEAVY), qstage_io.attributes(path)
        except OSError as problem:  # HDF5 does not always say which file
            raise OSError(f"{self.path}: {problem}") from problem
        self.name = name or os.path.basename(os.path.normpath(path))
        self.index = index
        self.vmc = self._concatenated("vmc")
        self.pretraining = self._concatenated("pretrain")
        self.exact = self._exact()

    def _concatenated(self, kind):
        """[(name, stage, steps)]: the stages of a kind one after the other on one axis of steps."""
        pieces, offset = [], 0
        for name, stage in qstage_io.stages(self.data, kind):
            steps = np.ravel(stage.get("trace", {}).get("step", []))
            if len(steps):
                pieces.append((name, stage, steps + offset))
                offset += steps[-1] + 1
        return pieces

    def _exact(self):
        """{label of a Hamiltonian: exact total energy}, from whatever stage has it."""
        found = {}
        for _, stage in qstage_io.stages(self.data, "ed"):
            levels = np.asarray(stage.get("energy", []), dtype=float)
            if levels.ndim == 2:
                found.update(zip(qstage_io.coupling_labels(stage, len(levels)), levels.min(axis=1)))
        for stage in self.stages().values():
            energy = stage.get("energy", {})
            exact = np.ravel(energy.get("exact", [])) if isinstance(energy, dict) else []
            found.update({label: e for label, e in zip(qstage_io.coupling_labels(stage, len(exact)), exact) if np.isfinite(e)})
        return found

    def stages(self):
        return dict(sorted(self.data.get("stages", {}).items()))

    def units(self, name, path):
        return self.attribute(f"stages/{name}/{path}", "units")

    def attribute(self, path, name):
        return str(self.attributes.get(path, {}).get(name, ""))

    def system(self):
        """Lattice, sector, Hamiltonian and couplings in words; positions and bonds are in data["system"]."""
        return {name: str(value) for name, value in self.attributes.get("system", {}).items()}

    def input(self):
        """The input as it was understood, in YAML."""
        return str(self.data.get("provenance", {}).get("input_resolved", ""))

    def citations(self):
        return str(self.data.get("provenance", {}).get("citations", ""))

    def summary(self):
        """summary.json, or {} where there is none."""
        file = os.path.join(os.path.dirname(self.path), "summary.json")
        if not os.path.exists(file):
            return {}
        with open(file, encoding="utf-8") as stream:
            content = json.load(stream)
        if not isinstance(content, dict):
            raise ValueError(f"{file} holds no summary")
        return content

    def title(self):
        return str(self.summary().get("title") or self.name)

    def tensors(self):
        """{name: shape} of the parameters."""
        shapes = {}
        with h5py.File(self.path, "r") as file:
            if "parameters" in file:
                file["parameters"].visititems(lambda name, item: shapes.update({name: item.shape}) if isinstance(item, h5py.Dataset) else None)
        return shapes


def runs_of(paths):
    """The runs of a page, named by their folders, or by their paths where two folders have one name."""
    short = [os.path.basename(os.path.normpath(path)) for path in paths]
    names = [name if short.count(name) == 1 else path for name, path in zip(short, paths)]
    runs = [Run(path, index, name) for index, (path, name) in enumerate(zip(paths, names))]
    for run in runs:
        if run.attribute("", "layout") != "qstage-results":
            raise OSError(f"{run.path} is no results file of qstage-vmc")
    return runs


def section(text, key):
    """[(key, value)] below a top-level key of the resolved input, one level deep; what is deeper stays text."""
    rows, inside = [], False
    for line in text.splitlines():
        if line and not line.startswith(" "):
            inside = line.split(":")[0] == key
        elif inside and line.startswith("  ") and not line.startswith("   ") and ":" in line:
            name, value = line.strip().split(":", 1)
            rows.append((name, value.strip()))
        elif inside and rows:
            rows[-1] = (rows[-1][0], f"{rows[-1][1]} {line.strip()}".strip())
    return rows
