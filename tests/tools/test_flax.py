#!/usr/bin/env python3
"""Weight files between qstage-vmc and the programs that define the formats: flax (msgpack) and safetensors.

QSTAGE_VMC is the executable, QSTAGE_PYTHON an interpreter whose environment has flax and safetensors, if this one has not. Exit 77 (skipped) without them.
"""
import os
import subprocess
import sys
import tempfile
import unittest

PYTHON = os.environ.get("QSTAGE_PYTHON", sys.executable)
if os.path.abspath(PYTHON) != os.path.abspath(sys.executable):
    sys.exit(subprocess.run([PYTHON, os.path.abspath(__file__), *sys.argv[1:]], env={**os.environ, "QSTAGE_PYTHON": PYTHON}, check=False).returncode)

try:
    import ml_dtypes
    import numpy as np
    import safetensors.numpy
    from flax import serialization
except ImportError as missing:
    print(f"skipped: {missing} (set QSTAGE_PYTHON to an interpreter with flax and safetensors)")
    sys.exit(77)

VMC = os.environ["QSTAGE_VMC"]
TYPES = [np.float16, ml_dtypes.bfloat16, np.float32, np.float64, np.complex64, np.complex128, np.int8, np.int16, np.int32, np.int64,
         np.uint8, np.uint16, np.uint32, np.uint64]


def random_array(dtype, shape, seed):
    """Random bits, NaNs among them: an array is bytes here."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8).view(dtype).reshape(shape)


def sample_tree():
    """Nested maps with every type, a scalar and an empty array, in an order that is not alphabetical."""
    tree = {np.dtype(dtype).name: random_array(dtype, (3, 5), seed) for seed, dtype in enumerate(TYPES)}
    return {"params": {"zeta": tree, "alpha": {"scalar": np.array(1.5), "empty": np.zeros((0, 3), np.float32)}}}


def convert(source, target):
    result = subprocess.run([VMC, "convert", source, target], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


class Flax(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def put(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def get(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def around(self):
        convert(self.path("in.msgpack"), self.path("a.h5"))
        convert(self.path("a.h5"), self.path("b.safetensors"))
        convert(self.path("b.safetensors"), self.path("out.msgpack"))

    def assert_same(self, ours, theirs):
        self.assertEqual(list(ours), list(theirs))
        for key, value in theirs.items():
            if isinstance(value, dict):
                self.assert_same(ours[key], value)
            else:
                self.assertEqual((ours[key].dtype, ours[key].shape, ours[key].tobytes()), (value.dtype, value.shape, value.tobytes()), key)

    def test_reads_what_we_wrote(self):
        tree = sample_tree()
        self.put("in.msgpack", serialization.to_bytes(tree))
        self.around()
        self.assert_same(serialization.msgpack_restore(self.get("out.msgpack")), tree)

    def test_writes_the_bytes_we_write(self):
        self.put("in.msgpack", serialization.to_bytes(sample_tree()))
        self.around()
        self.assertEqual(self.get("out.msgpack"), self.get("in.msgpack"))

    def test_chunks_and_scalars_are_read(self):
        limit, serialization.MAX_CHUNK_SIZE = serialization.MAX_CHUNK_SIZE, 64
        self.addCleanup(setattr, serialization, "MAX_CHUNK_SIZE", limit)
        array = random_array(np.float64, (7, 9), 1)
        self.put("in.msgpack", serialization.msgpack_serialize({"a": array, "c": 1 - 2j, "s": np.float32(3)}))
        self.around()
        ours = serialization.msgpack_restore(self.get("out.msgpack"))
        self.assertEqual(ours["a"].tobytes(), array.tobytes())
        self.assertEqual((ours["c"].item(), ours["s"].item()), (1 - 2j, 3.0))

    def test_safetensors_reads_what_we_wrote(self):
        tree = sample_tree()["params"]["zeta"]
        self.put("in.msgpack", serialization.to_bytes(tree))
        self.around()
        ours = safetensors.numpy.load_file(self.path("b.safetensors"))
        for name, value in tree.items():
            parts = {name + ".re": value.real, name + ".im": value.imag} if value.dtype.kind == "c" else {name: value}
            for part, expected in parts.items():
                self.assertEqual((ours[part].shape, ours[part].tobytes()), (expected.shape, expected.tobytes()), part)

    def test_reads_what_safetensors_wrote(self):
        arrays = {"x": random_array(np.float32, (4, 2), 1), "y": random_array(np.float16, (3,), 2)}
        safetensors.numpy.save_file(arrays, self.path("in.safetensors"))
        convert(self.path("in.safetensors"), self.path("out.msgpack"))
        ours = serialization.msgpack_restore(self.get("out.msgpack"))
        self.assertEqual({name: value.tobytes() for name, value in ours.items()}, {name: value.tobytes() for name, value in arrays.items()})


if __name__ == "__main__":
    unittest.main()
