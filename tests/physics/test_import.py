#!/usr/bin/env python3
"""Models of HPhi, mVMC and QuSpin-like lists, written after the manuals of those codes: 'qstage-vmc import' against the same model in our own words.

    test_import.py PROGRAM
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop(1)
ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
HOP = "c+_up c_up + c+_dn c_dn + h.c."


def system(lattice, sector, hamiltonian):
    return f"format: 1\noutput: {{directory: run}}\nsystem:\n  lattice: {lattice}\n  sector: {sector}\n  hamiltonian: {hamiltonian}\nstages: [{{kind: ed}}]\n"


def terms(couplings, *rows, more=""):
    return f"{{kind: terms, couplings: {{{couplings}}}, {more} terms: [{', '.join('{' + row + '}' for row in rows)}]}}"


# name: (file of the other code, our input)
STANDARD = {
    "J1-J2 on 4x4": (
        'L = 4\nW = 4\nmodel = "Spin"\nmethod = "Lanczos"\nlattice = "square lattice"\nJ = 1.0\nJ\' = 0.5\n2Sz = 0\n',
        system("{kind: square, size: [4, 4]}", "{kind: spin_half, total_sz: 0}", "{kind: heisenberg, J1: 1.0, J2: 0.5}")),
    "chain in a field": (
        'L = 10\nmodel = "Spin"\nlattice = "chain"\nJ = 1.0\nh = 0.7\n2Sz = 2\n',
        system("{kind: chain, size: [10]}", "{kind: spin_half, total_sz: 1}",
               terms("J: 1.0, h: 0.7", "expression: S.S, shell: 1, coupling: J", "expression: Sz, sites: all, coupling: h, value: -1.0"))),
    "transverse field": (
        'L = 8\nmodel = "SpinGC"\nlattice = "chain"\nJz = -4.0\nGamma = 2.0\n',
        system("{kind: chain, size: [8]}", "{kind: spin_half}", "{kind: tfim, J: 1.0, Gamma: 1.0}")),
    "XYZ chain": (
        'L = 8\nmodel = "SpinGC"\nlattice = "chain lattice"\nJx = 1.0\nJy = 0.5\nJz = 0.2\n',
        system("{kind: chain, size: [8]}", "{kind: spin_half}",
               terms("x: 1.0, y: 0.5, z: 0.2", *[f"expression: S{a} S{a}, shell: 1, coupling: {a}" for a in "xyz"]))),
    "Kitaev on honeycomb": (
        'L = 2\nW = 2\nmodel = "SpinGC"\nlattice = "honeycomb"\nJ0x = -1.0\nJ1y = -1.0\nJ2z = -1.0\n',
        system("{kind: honeycomb, size: [2, 2], bonds: {x: [[0, 0, 0, 1]], y: [[0, 1, 1, 0]], z: [[1, 0, 1, 0]]}}", "{kind: spin_half}",
               terms("K: -1.0", *[f"expression: S{a} S{a}, bonds: {a}, coupling: K" for a in "xyz"]))),
    "three-leg ladder": (
        'L = 4\nW = 3\nmodel = "Spin"\nlattice = "ladder"\nJ0 = 1.0\nJ1 = 0.5\n2Sz = 0\n',
        system("{kind: ladder, size: [4, 3]}", "{kind: spin_half, total_sz: 0}",
               terms("J: 1.0, R: 0.5", "expression: S.S, bonds: leg, coupling: J", "expression: S.S, bonds: rung, coupling: R"))),
    "tilted cluster": (
        'a0W = 3\na0L = 1\na1W = -1\na1L = 3\nmodel = "Spin"\nlattice = "tetragonal"\nJ = 1.0\n2Sz = 0\n',
        system("{kind: square, torus: [[3, 1], [-1, 3]]}", "{kind: spin_half, total_sz: 0}", "{kind: heisenberg, J1: 1.0}")),
    "Hubbard ring": (
        'L = 6\nmodel = "Fermion Hubbard"\nlattice = "chain"\nt = 1.0\nU = 4.0\nnelec = 6\n2Sz = 0\nexct = 2\n',
        system("{kind: chain, size: [6]}", "{kind: spinful_fermions, up: 3, down: 3}", "{kind: hubbard, t: 1.0, U: 4.0}")),
    "extended t-t' Hubbard with a phase": (
        'L = 6\nmodel = "Hubbard"\nlattice = "chain"\nt = 1.0\nt\' = 0.3\nU = 4.0\nV = 1.0\nmu = 0.5\nnelec = 4\n2Sz = 0\nphase0 = 90.0\n',
        system("{kind: chain, size: [6]}", "{kind: spinful_fermions, up: 2, down: 2}",
               terms("t: 1.0, p: 0.3, U: 4.0, V: 1.0, m: 0.5", f'expression: "{HOP}", shell: 1, coupling: t, value: -1.0',
                     f'expression: "{HOP}", shell: 2, coupling: p, value: -1.0', "expression: n_up n_dn, sites: all, coupling: U",
                     "expression: n n, shell: 1, coupling: V", "expression: n, sites: all, coupling: m, value: -1.0",
                     more="twist: [1.5707963267948966],"))),
    "triangular": (
        'L = 4\nW = 3\nmodel = "Spin"\nlattice = "triangular"\nJ = 1.0\n2Sz = 0\n',
        system("{kind: triangular, size: [3, 4]}", "{kind: spin_half, total_sz: 0}", "{kind: heisenberg, J1: 1.0}")),
}


def rows(name, lines):
    return f"====\n{name} {len(lines)}\n====\n====\n====\n" + "".join(line + "\n" for line in lines)


def expert_files(spins):
    """A ring of four sites: Hubbard with U = 4, or Heisenberg as HPhi writes it (Hund, Exchange, CoulombInter)."""
    ring = [(i, (i + 1) % 4) for i in range(4)]
    files = {"locspn.def": rows("NlocalSpin", [f"{i} {int(spins)}" for i in range(4)]), "modpara.def": "Nsite 4\nNcond 4\n2Sz 0\n"}
    if spins:  # S.S = (S+S- + S-S+)/2 + SzSz, SzSz = (n_up n_up + n_dn n_dn)/2 - n n/4
        files["hund.def"] = rows("NHund", [f"{i} {j} -0.5" for i, j in ring])
        files["exchange.def"] = rows("NExchange", [f"{i} {j} 0.5" for i, j in ring])
        files["inter.def"] = rows("NCoulombInter", [f"{i} {j} -0.25" for i, j in ring])
        names = {"Hund": "hund.def", "Exchange": "exchange.def", "CoulombInter": "inter.def"}
    else:
        both = ring + [(j, i) for i, j in ring]
        files["trans.def"] = rows("NTransfer", [f"{i} {s} {j} {s} 1.0 0.0" for i, j in both for s in (0, 1)])
        files["intra.def"] = rows("NCoulombIntra", [f"{i} 4.0" for i in range(4)])
        names = {"Trans": "trans.def", "CoulombIntra": "intra.def"}
    names = {"ModPara": "modpara.def", "LocSpin": "locspn.def", **names}
    files["namelist.def"] = "".join(f"{word} {name}\n" for word, name in names.items())
    return files


class Import(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.scratch.name)

    def tearDown(self):
        self.scratch.cleanup()

    def call(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, cwd=self.folder, env=ENVIRONMENT, check=False)

    def energy(self, text):
        (self.folder / "in.yaml").write_text(text, encoding="utf-8")
        done = self.call("run", "in.yaml", "--overwrite", "--set", "output.directory=run")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads((self.folder / "run/summary.json").read_text())["stages"][0]["results"][0]["energy"]

    def imported(self, name):
        done = self.call("import", name)
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.energy(done.stdout)

    def test_standard_mode(self):
        for name, (theirs, ours) in STANDARD.items():
            with self.subTest(name):
                (self.folder / "StdFace.def").write_text(theirs, encoding="utf-8")
                self.assertAlmostEqual(self.imported("StdFace.def"), self.energy(ours), delta=1e-9)

    def test_expert_mode(self):
        ring = "{kind: chain, size: [4]}"
        for spins, sector, hamiltonian in ((True, "{kind: spin_half, total_sz: 0}", "{kind: heisenberg}"),
                                           (False, "{kind: spinful_fermions, up: 2, down: 2}", "{kind: hubbard, U: 4.0}")):
            for name, text in expert_files(spins).items():
                (self.folder / name).write_text(text, encoding="utf-8")
            self.assertAlmostEqual(self.imported("namelist.def"), self.energy(system(ring, sector, hamiltonian)), delta=1e-9)

    def test_operator_lists(self):
        bonds = [(i, (i + 1) % 6) for i in range(6)]
        pauli = {"sites": 6, "kind": "spin", "pauli": True, "static": [["zz", [[-1.0, i, j] for i, j in bonds]], ["x", [[-1.0, i] for i in range(6)]]]}
        hops = [["+-", [[-1.0, i, j] for i, j in bonds + [(j, i) for i, j in bonds]]], ["nn", [[2.0, i, j] for i, j in bonds]]]
        for model, sector, hamiltonian in ((pauli, "{kind: spin_half}", "{kind: tfim}"),
                                           ({"sites": 6, "kind": "fermion", "particles": 3, "static": hops},
                                            "{kind: spinless_fermions, particles: 3}", "{kind: tv, V: 2.0}")):
            (self.folder / "list.json").write_text(json.dumps(model), encoding="utf-8")
            self.assertAlmostEqual(self.imported("list.json"), self.energy(system("{kind: chain, size: [6]}", sector, hamiltonian)), delta=1e-9)

    def test_what_cannot_be_said_is_refused_by_name(self):
        spin = 'L = 4\nmodel = "Spin"\nlattice = "chain"\nJ = 1.0\n'
        for text, word in ((spin + "2S = 2\n", "2S"), (spin + "D = 1.0\n", "D"), (spin + "K = 1.0\n", "K"), (spin.replace("Spin", "Kondo"), "Kondo"),
                           (spin.replace("chain", "pyrochlore"), "pyrochlore"), (spin + "J = 2.0\n", "twice"), (spin + "J' = 1.0,0.5\n", "J'"),
                           ('L = 4\nmodel = "Hubbard"\nlattice = "chain"\nt = 1\n', "nelec")):
            (self.folder / "StdFace.def").write_text(text, encoding="utf-8")
            done = self.call("import", "StdFace.def")
            self.assertEqual(done.returncode, 2, text)
            self.assertIn(word, done.stderr)


if __name__ == "__main__":
    unittest.main()
