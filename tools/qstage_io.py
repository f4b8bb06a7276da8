"""Read what qstage-vmc writes, as plain dicts of numpy arrays. One file, needs numpy and h5py.

    import qstage_io
    run = qstage_io.load("runs/qstage_ring12")          # or a results.h5, checkpoint.h5 or weight file
    run["stages"]["03_evaluate"]["energy"]["mean"]      # one value per Hamiltonian of the family
    qstage_io.attributes("runs/qstage_ring12")["stages/03_evaluate/energy/mean"]["convention"]

Groups become dicts, datasets arrays (scalars numbers or str). Values that the engine marked as missing (a mask `<name>_valid` beside
`<name>`) become NaN, and the masks themselves are left out.
"""

import os

import h5py
import numpy as np

RESULTS_NAME = "results.h5"


def path_of(run):
    """A run directory stands for the results.h5 in it."""
    return os.path.join(run, RESULTS_NAME) if os.path.isdir(run) else run


def load(run):
    """The whole file as nested dicts."""
    with h5py.File(path_of(run), "r") as file:
        return _group(file)


def attributes(run):
    """{path: {name: value}} of every group and dataset that has attributes; "" is the root."""
    found = {}

    def visit(path, item):
        if len(item.attrs):
            found[path] = {name: _plain(value) for name, value in item.attrs.items()}

    with h5py.File(path_of(run), "r") as file:
        visit("", file)
        file.visititems(visit)
    return found


def weights(path):
    """{"Encoder_0/layers_0/attn/v/kernel": array, ...} from a weight file, results or checkpoint."""
    with h5py.File(path_of(path), "r") as file:
        if "parameters" not in file:
            raise KeyError(f"{path}: no parameters in this file")
        found = {}
        file["parameters"].visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
        return found


def stages(data, kind):
    """The stages of one kind ("ed", "pretrain", "vmc", "evaluate") in their order, as (name, dict) pairs."""
    return [(name, stage) for name, stage in sorted(data.get("stages", {}).items()) if name.split("_", 1)[-1] == kind]


def coupling_labels(stage, count):
    """One label per Hamiltonian of a stage: "V = 1, delta = 0.1", or "" for a family of one without varied couplings."""
    couplings = stage.get("couplings", {})
    if not couplings:
        return [""] * count
    return [", ".join(f"{name} = {np.ravel(values)[g]:g}" for name, values in sorted(couplings.items())) for g in range(count)]


def _plain(value):
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, np.ndarray) and value.dtype.kind in "SO":
        return [_plain(item) for item in value.ravel().tolist()]
    return value.item() if isinstance(value, np.generic) else value


def _group(group):
    names = set(group)
    masks = {name for name in names if name.endswith("_valid") and name[: -len("_valid")] in names}
    result = {}
    for name in sorted(names - masks):
        item = group[name]
        if isinstance(item, h5py.Group):
            result[name] = _group(item)
            continue
        value = item[()]
        if name + "_valid" in masks:
            value = np.where(np.asarray(group[name + "_valid"]) != 0, value, np.nan)
        result[name] = _plain(value)
    return result
