#!/usr/bin/env python3
"""The numbers of random fields in results.h5 are the ones that were used: a Hamiltonian rebuilt from them has the same energy.

    test_random_fields.py PROGRAM

Rebuilt twice: by matrices from Kronecker and Jordan-Wigner products (tests/oracles), and as an input whose terms list sites and values.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "oracles"))
from packages import need  # noqa: E402

need("h5py", "scipy")
import h5py  # noqa: E402
from matrices import OCCUPIED, SZ, Matrix, lowest  # noqa: E402

PROGRAM = sys.argv.pop(1)
ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}

# Fields of open and of given seed, on sites and on bonds, with a coupling and without; a stage with samples of its own.
SPINS = """
system:
  lattice: {kind: chain, size: [8]}
  sector: {kind: spin_half, total_sz: 0}
  hamiltonian:
    kind: terms
    couplings: {J: 1.3, W: 2.0}
    terms:
      - {expression: S.S, shell: 1, coupling: J}
      - {expression: Sz, sites: all, coupling: W, random: {width: 0.7}, name: h}
      - {expression: 1/2 Sz Sz, shell: 2, random: {distribution: normal, width: 0.4, seed: 5}}
  family: {disorder: [3, 4], W: [0.5, 2.0]}
"""
FERMIONS = """
system:
  lattice: {kind: square, size: [3, 2], periodic: false}
  sector: {kind: spinless_fermions, particles: 3}
  hamiltonian:
    kind: terms
    terms:
      - {expression: -c+ c + h.c., shell: 1, random: {width: 1.0}, name: t}
      - {expression: n n, shell: 1, random: {distribution: binary, width: 0.8}}
      - {expression: n, sites: [4, 1], random: {seed: 2}}
  family: {disorder: [1, 7, 11]}
"""


def spins(g, random):
    matrix = Matrix(8, 4)
    for i in range(8):
        matrix.exchange(1.3, i, (i + 1) % 8)
    for (i,), value in random["1"]:
        matrix.add(g["W"] * value, {i: SZ})
    for (i, j), value in random["2"]:
        matrix.add(0.5 * value, {i: SZ, j: SZ})
    return matrix.sum


def fermions(_, random):
    matrix = Matrix(6, 3)
    for (i, j), value in random["0"]:
        matrix.hop(-value, i, j)
    for (i, j), value in random["1"]:
        matrix.repel(value, i, j)
    for (i,), value in random["2"]:
        matrix.add(value, {i: OCCUPIED})
    return matrix.sum


def listed(random, number, expression, coupling):
    sites = ", ".join(str([int(i) for i in place]) for place, _ in random[number])
    values = ", ".join(repr(float(value)) for _, value in random[number])
    return f"      - {{expression: {expression}, tuples: [{sites}], values: [{values}]{coupling}}}\n"


def spins_text(g, random):
    head = SPINS[:SPINS.index("      - {expression: Sz,")].replace("W: 2.0", f"W: {g['W']}")
    return head + listed(random, "1", "Sz", ", coupling: W") + listed(random, "2", "1/2 Sz Sz", "")


def fermions_text(_, random):
    head = FERMIONS[:FERMIONS.index("      - ")]
    return head + listed(random, "0", "-c+ c + h.c.", "") + listed(random, "1", "n n", "") + listed(random, "2", "n", "")


class RandomFields(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def run_stages(self, text, stages):
        (self.folder / "in.yaml").write_text(f"format: 1\noutput: {{directory: run}}\n{text}stages: [{stages}]\n", encoding="utf-8")
        done = subprocess.run([PROGRAM, "run", "in.yaml", "--overwrite"], capture_output=True, text=True, cwd=self.folder, env=ENVIRONMENT, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads((self.folder / "run/summary.json").read_text())["stages"]

    def fields(self, group):
        """Of every problem: {term: [(sites, number)]}."""
        with h5py.File(self.folder / "run/results.h5") as f:
            stage = f["stages"][group]
            problems = next(iter(stage["random"].values()))["values"].shape[0]
            return [{term: list(zip(data["sites"][:], data["values"][g])) for term, data in stage["random"].items()} for g in range(problems)]

    def check(self, text, matrix, rebuilt, stages):
        for stage in self.run_stages(text, stages):
            random = self.fields(stage["group"])
            self.assertEqual(len(random), len(stage["results"]))
            for g, result in enumerate(stage["results"]):
                self.assertAlmostEqual(lowest(matrix(result, random[g])), result["energy"], delta=1e-10)
        last = stage["results"]
        for g, result in enumerate(last):
            again = self.run_stages(rebuilt(result, random[g]), "{kind: ed}")[0]["results"][0]["energy"]
            self.assertAlmostEqual(again, result["energy"], delta=1e-10)

    def test_of_spins_on_sites_and_bonds(self):
        self.check(SPINS, spins, spins_text, "{kind: ed}, {kind: ed, family: {disorder: [9], W: [1.0]}}")

    def test_of_fermions_on_an_open_lattice(self):
        self.check(FERMIONS, fermions, fermions_text, "{kind: ed}")

    def test_two_fields_of_one_name_are_refused(self):
        (self.folder / "in.yaml").write_text("format: 1\noutput: {directory: run}\n" + FERMIONS.replace("name: t", "name: n n") + "stages: [{kind: ed}]\n")
        done = subprocess.run([PROGRAM, "validate", "in.yaml"], capture_output=True, text=True, cwd=self.folder, env=ENVIRONMENT, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("two random fields are called 'n n'", done.stderr)
        self.assertIn("in.yaml:10", done.stderr)


if __name__ == "__main__":
    unittest.main()
