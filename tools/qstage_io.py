"""Read what qstage-vmc writes, as plain dicts of numpy arrays. One file, needs numpy and h5py.

    import qstage_io
    run = qstage_io.load("runs/qstage_ring12")          # or a results.h5, checkpoint.h5 or weight file
    run["stages"]["03_evaluate"]["energy"]["mean"]      # one value per Hamiltonian of the family
    qstage_io.attributes("runs/qstage_ring12")["stages/03_evaluate/energy/mean"]["convention"]

Groups become dicts, datasets arrays (scalars numbers or str). Values that the engine marked as missing (a mask `<name>_valid` beside
`<name>`) become NaN, and the masks themselves are left out.

    python3 tools/qstage_io.py weights.npz weights.safetensors      # and back: numpy's archives, which the program itself does not read
"""

import json
import math
import os
import sys

import h5py
import numpy as np

RESULTS_NAME = "results.h5"


def path_of(run):
    """A run directory stands for the results.h5 in it."""
    return os.path.join(run, RESULTS_NAME) if os.path.isdir(run) else run


def load(run, skip=()):
    """The whole file as nested dicts, without the groups and datasets of the names in `skip`."""
    with h5py.File(path_of(run), "r") as file:
        return _group(file, set(skip))


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


SAFETENSORS_TYPES = {"F16": "<f2", "BF16": "|V2", "F32": "<f4", "F64": "<f8", "I8": "|i1", "I16": "<i2", "I32": "<i4", "I64": "<i8",
                     "U8": "|u1", "U16": "<u2", "U32": "<u4", "U64": "<u8"}  # numpy has no bfloat16 and stores it as V2


def read_safetensors(path):
    """{name: array} of a safetensors file; `name.re` and `name.im` become one complex array, as qstage-vmc writes them."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header, data = json.loads(file.read(length)), file.read()
    arrays = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            arrays[name] = np.frombuffer(data[begin:end], SAFETENSORS_TYPES[entry["dtype"]]).reshape(entry["shape"])
    for name in [name[:-3] for name in arrays if name.endswith(".re") and name[:-3] + ".im" in arrays]:
        real, imaginary = arrays.pop(name + ".re"), arrays.pop(name + ".im")
        arrays[name] = np.empty(real.shape, np.complex64 if real.dtype.itemsize == 4 else np.complex128)
        arrays[name].real, arrays[name].imag = real, imaginary
    return arrays


def write_safetensors(path, arrays):
    """The other way; a type that the format has not is a TypeError."""
    names = {np.dtype(numpy): name for name, numpy in SAFETENSORS_TYPES.items()}
    header, pieces, position = {}, [], 0
    for name, array in arrays.items():
        parts = {name + ".re": array.real, name + ".im": array.imag} if array.dtype.kind == "c" else {name: array}
        for part, values in parts.items():
            values = values.astype(values.dtype.newbyteorder("<")) if values.dtype.byteorder == ">" else values
            if values.dtype not in names:
                raise TypeError(f"{name}: safetensors has no type {values.dtype}")
            size = math.prod(values.shape) * values.dtype.itemsize
            header[part] = {"dtype": names[values.dtype], "shape": list(values.shape), "data_offsets": [position, position + size]}
            pieces.append(np.ascontiguousarray(values).tobytes())
            position += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + b"".join(pieces))


def stages(data, kind):
    """The stages of one kind ("ed", "vmc", "evaluate", ...) in their order, as (name, dict) pairs."""
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


def _group(group, skip):
    names = set(group) - skip
    masks = {name for name in names if name.endswith("_valid") and name[: -len("_valid")] in names}
    result = {}
    for name in sorted(names - masks):
        item = group[name]
        if isinstance(item, h5py.Group):
            result[name] = _group(item, skip)
            continue
        value = item[()]
        if name + "_valid" in masks:
            value = np.where(np.asarray(group[name + "_valid"]) != 0, value, np.nan)
        result[name] = _plain(value)
    return result


def main(arguments):
    kinds = [os.path.splitext(name)[1] for name in arguments]
    if kinds == [".npz", ".safetensors"]:
        with np.load(arguments[0], allow_pickle=False) as archive:
            write_safetensors(arguments[1], {name: archive[name] for name in archive.files})
    elif kinds == [".safetensors", ".npz"]:
        np.savez(arguments[1], **read_safetensors(arguments[0]))
    else:
        sys.exit("usage: qstage_io.py IN.npz OUT.safetensors, or IN.safetensors OUT.npz")


if __name__ == "__main__":
    main(sys.argv[1:])
