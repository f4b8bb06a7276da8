#!/usr/bin/env python3
"""Damaged weight and data files on the command line: one line on stderr, exit code 5 for weights and 3 for data, never a crash.

QSTAGE_VMC is the executable. Readers are tested in depth below tests/engine/hdf5 and tests/engine/weights; here the way from there to the exit code, with and without MPI.
"""
import json
import math
import os
import random
import shutil
import struct
import subprocess
import tempfile
import unittest

VMC = os.environ["QSTAGE_VMC"]
INPUT = """format: 1
output: {directory: OUT}
system:
  lattice: {kind: chain, size: [4], periodic: true}
  sector: {kind: spinless_fermions, particles: 2}
  hamiltonian: {kind: tv, t: 1.0, V: 1.0}
wavefunction: {kind: rbm, alpha: 2}
sampler: {kind: exact_sum}
stages:
  - {kind: evaluate, observables: [energy]}
"""
FROM_FILES = "  - {kind: pretrain, steps: 1, targets: {files: [ed_Ns4_Np2.csv]}, optimizer: {kind: adamw}}\n"


def weights():
    """A safetensors file of ones."""
    header, data = {}, b""
    for name, shape in {"Dense/kernel": [4, 8], "Dense/bias": [8], "visible_bias": [4]}.items():
        ones = struct.pack("<d", 1.0) * math.prod(shape)
        header[name] = {"dtype": "F64", "shape": shape, "data_offsets": [len(data), len(data) + len(ones)]}
        data += ones
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def damaged(content, generator):
    """Cut, or a few bytes changed."""
    if generator.random() < 0.3:
        return content[: generator.randrange(len(content))]
    content = bytearray(content)
    for _ in range(generator.randint(1, 8)):
        content[generator.randrange(len(content))] = generator.choice([0, 255, generator.randrange(256)])
    return bytes(content)


class HostileFiles(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.put("w.safetensors", weights())
        for extension in ("h5", "msgpack"):
            self.assertEqual(self.vmc("convert", "w.safetensors", "w." + extension).returncode, 0)

    def put(self, name, content):
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(content)

    def get(self, name):
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()

    def vmc(self, *arguments, ranks=()):
        return subprocess.run([*ranks, VMC, *arguments], cwd=self.folder, capture_output=True, text=True, errors="replace", timeout=60, check=False)

    def assert_refused(self, result, code):
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(result.stderr.count("qstage-vmc: error:"), 1, result.stderr)

    def test_weights_of_every_format(self):
        generator = random.Random(20251211)
        for extension in ("h5", "msgpack", "safetensors"):
            refused = 0
            for _ in range(25):
                self.put("bad." + extension, damaged(self.get("w." + extension), generator))
                result = self.vmc("info", "bad." + extension)
                self.assertIn(result.returncode, (0, 5), result.stderr)
                self.assertEqual(result.stderr.count("\n"), 1 if result.returncode else 0, result.stderr)
                refused += result.returncode == 5
            self.assertGreater(refused, 5, extension)

    def test_weights_of_a_run(self):
        self.put("in.yaml", INPUT.encode())
        plan = ("run", "in.yaml", "--dry-run", "--set", "wavefunction.weights=w.h5")
        self.assertEqual(self.vmc(*plan).returncode, 0)
        self.put("w.h5", self.get("w.h5")[:1500])
        self.assert_refused(self.vmc(*plan), 5)
        if shutil.which("mpirun"):
            self.assert_refused(self.vmc(*plan, ranks=("mpirun", "-n", "2")), 5)

    def test_configurations(self):
        self.put("in.yaml", INPUT.encode())
        for content in (self.get("w.h5"), self.get("w.h5")[:1500], b"", b"\x89HDF\r\n\x1a\n" + bytes(4000)):
            self.put("c.h5", content)
            self.assert_refused(self.vmc("evaluate", "in.yaml", "--weights", "w.h5", "--configurations", "c.h5", "--output", "o.h5"), 3)

    def test_exact_states(self):
        self.put("in.yaml", (INPUT + FROM_FILES).encode())
        for content in (b"", b"x", b"[1],1j\n1,2\n", b"\x00" * 5000):
            self.put("ed_Ns4_Np2.csv", content)
            self.assert_refused(self.vmc("run", "in.yaml", "--dry-run"), 3)

    def test_exact_states_from_one_run_to_the_next(self):
        """`ed` first, pretraining in a run of its own; then with damaged files, and with states of another repulsion."""
        self.put("ed.yaml", (INPUT.split("wavefunction")[0].replace("OUT", "exact") + "stages: [{kind: ed, export_hdf5: states/all.h5}]\n").encode())
        self.put("in.yaml", (INPUT + FROM_FILES.replace("ed_Ns4_Np2.csv", "exact/states/all.h5")).encode())
        self.assertIn("exact states are in exact/states/all.h5", self.vmc("run", "ed.yaml").stdout)
        self.assertEqual(self.vmc("run", "in.yaml").returncode, 0)
        again = ("run", "in.yaml", "--dry-run")
        other = self.vmc(*again, "--set", "system.hamiltonian.V=2.0")
        self.assertEqual(other.returncode, 2, other.stderr)
        self.assertIn("have no ground state of problem 0 (V = 2, delta = 0, t = 1, 2 spinless", other.stderr)
        self.assertIn("has V = 1, delta = 0, t = 1 of 2 spinless", other.stderr)
        whole = self.get("exact/states/all.h5")
        generator, refused = random.Random(20261130), 0
        for _ in range(15):
            self.put("exact/states/all.h5", damaged(whole, generator))
            result = self.vmc(*again)
            self.assertIn(result.returncode, (0, 2, 3), result.stderr)
            refused += result.returncode != 0
        self.assertGreater(refused, 5)
        self.put("exact/states/all.h5", whole[:1500])
        self.assert_refused(self.vmc(*again), 3)
        if shutil.which("mpirun"):
            self.assert_refused(self.vmc(*again, ranks=("mpirun", "-n", "2")), 3)


if __name__ == "__main__":
    unittest.main()
