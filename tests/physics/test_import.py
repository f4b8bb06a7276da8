#!/usr/bin/env python3
"""Models of HPhi, mVMC and QuSpin-like lists, written after the manuals of those codes: 'qstage-vmc import' against the same model in our own words.

    test_import.py PROGRAM
"""

import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "oracles"))
from packages import need  # noqa: E402

need("numpy", "scipy")
from matrices import Matrix, annihilate, create, lowest, times  # noqa: E402

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


def expert_files(spins, mode):
    """A ring of four sites: Hubbard with U = 4, or Heisenberg as each code writes it (Hund, Exchange, CoulombInter)."""
    ring = [(i, (i + 1) % 4) for i in range(4)]
    files = {"locspn.def": rows("NlocalSpin", [f"{i} {int(spins)}" for i in range(4)]),
             "modpara.def": "Nsite 4\n2Sz 0\n" + ("Ncond 4\n" if mode is not None else "Nelectron 2\n")}
    if spins:  # S.S = (S+S- + S-S+)/2 + SzSz, SzSz = (n_up n_up + n_dn n_dn)/2 - n n/4
        files["hund.def"] = rows("NHund", [f"{i} {j} -0.5" for i, j in ring])
        files["exchange.def"] = rows("NExchange", [f"{i} {j} {0.5 if mode is not None else -0.5}" for i, j in ring])
        files["inter.def"] = rows("NCoulombInter", [f"{i} {j} -0.25" for i, j in ring])
        names = {"Hund": "hund.def", "Exchange": "exchange.def", "CoulombInter": "inter.def"}
    else:
        both = ring + [(j, i) for i, j in ring]
        files["trans.def"] = rows("NTransfer", [f"{i} {s} {j} {s} 1.0 0.0" for i, j in both for s in (0, 1)])
        files["intra.def"] = rows("NCoulombIntra", [f"{i} 4.0" for i in range(4)])
        names = {"Trans": "trans.def", "CoulombIntra": "intra.def"}
    return {**files, **listed(mode, names)}


def listed(mode, names):
    """The list of files; HPhi's has a CalcMod with CalcModel = mode, mVMC's (None) has not."""
    names = {"ModPara": "modpara.def", "LocSpin": "locspn.def", **names, **({} if mode is None else {"CalcMod": "calcmod.def"})}
    return {"calcmod.def": f"CalcType 0\nCalcModel {mode}\n", "namelist.def": "".join(f"{word} {name}\n" for word, name in names.items())}


def random_terms(sites, spins, conserve, generator):
    """Rows of every kind of file, Hermitian together: {word: [(sites and spins ..., numbers ...)]}."""
    one, two = [], []
    while len(one) < 8:
        i, s, j, z = generator.randrange(sites), generator.randrange(2), generator.randrange(sites), generator.randrange(2)
        if (not conserve or s == z) and (not spins or i == j):
            re, im = generator.uniform(-1, 1), generator.uniform(-1, 1)
            one += [(i, s, j, z, re, im), (j, z, i, s, re, -im)]
    while len(two) < 40:
        a, b, c, d = [(generator.randrange(sites), generator.randrange(2)) for _ in range(4)]
        if spins:  # both orders of the second pair: on sites that hold one electron they mean different products
            b, d = ((a[0], b[1]), (c[0], d[1])) if generator.random() < 0.5 else ((c[0], b[1]), (a[0], d[1]))
        if not conserve or a[1] + c[1] == b[1] + d[1]:
            re, im = generator.uniform(-1, 1), generator.uniform(-1, 1)
            two += [(*a, *b, *c, *d, re, im), (*d, *c, *b, *a, re, -im)]
    words = {"Trans": one, "InterAll": two}
    for word in ("CoulombInter", "Hund", "Exchange", "PairHop", "Ising") + (() if conserve else ("PairLift",)):
        words[word] = [(i, j, generator.uniform(-1, 1)) for i in range(sites) for j in range(i) if generator.random() < 0.7]
    words["CoulombIntra"] = [(i, generator.uniform(-1, 1)) for i in range(sites)]
    return words


def dense(sites, words, kept, exchange):
    """The sum of all rows as operators of electrons, on the states of `kept`; mode of (site, spin): site + sites * spin."""
    matrix = Matrix(2 * sites)

    def add(value, *letters):  # c+ c c+ c ... of (site, spin)
        matrix.add(value, times(*[(annihilate if k % 2 else create)(i + sites * s) for k, (i, s) in enumerate(letters)]))

    for i, s, j, z, re, im in words["Trans"]:
        add(-(re + 1j * im), (i, s), (j, z))
    for i, s, j, z, k, u, m, v, re, im in words["InterAll"]:
        add(re + 1j * im, (i, s), (j, z), (k, u), (m, v))
    for i, value in words["CoulombIntra"]:
        add(value, (i, 0), (i, 0), (i, 1), (i, 1))
    for s in (0, 1):
        z = 1 - s
        for word in ("CoulombInter", "Hund", "Ising"):
            for i, j, value in words[word]:
                same, other = {"CoulombInter": (1, 1), "Hund": (-1, 0), "Ising": (0.25, -0.25)}[word]
                add(value * same, (i, s), (i, s), (j, s), (j, s))
                add(value * other, (i, s), (i, s), (j, z), (j, z))
        for i, j, value in words["Exchange"]:
            add(exchange * value, (i, s), (j, s), (j, z), (i, z))
        for i, j, value in words["PairHop"]:
            add(value, *(((i, 0), (j, 0), (i, 1), (j, 1)) if s == 0 else ((j, 1), (i, 1), (j, 0), (i, 0))))
        for i, j, value in words.get("PairLift", []):
            add(value, (i, s), (i, z), (j, s), (j, z))
    states = [state for state in range(4**sites) if kept([(state >> i & 1, state >> (sites + i) & 1) for i in range(sites)])]
    return matrix.sum[states][:, states]


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

    def write(self, files):
        for name, text in files.items():
            (self.folder / name).write_text(text, encoding="utf-8")

    def test_expert_mode(self):
        ring = "{kind: chain, size: [4]}"
        for spins, mode, sector, hamiltonian in ((True, 1, "{kind: spin_half, total_sz: 0}", "{kind: heisenberg}"),
                                                 (True, None, "{kind: spin_half, total_sz: 0}", "{kind: heisenberg}"),
                                                 (False, 0, "{kind: spinful_fermions, up: 2, down: 2}", "{kind: hubbard, U: 4.0}"),
                                                 (False, None, "{kind: spinful_fermions, up: 2, down: 2}", "{kind: hubbard, U: 4.0}")):
            with self.subTest(spins=spins, mode=mode):
                self.write(expert_files(spins, mode))
                self.assertAlmostEqual(self.imported("namelist.def"), self.energy(system(ring, sector, hamiltonian)), delta=1e-9)

    def test_every_kind_of_term_against_matrices_of_electrons(self):
        """HPhi: Spin, SpinGC, Hubbard (CalcModel 1, 4, 0); mVMC: spins and electrons. Exchange of HPhi's spins is S+S- + S-S+."""
        sites = 4
        for seed, (spins, mode, conserve) in enumerate(((True, 1, True), (True, 4, False), (False, 0, True), (True, None, True), (False, None, True))):
            with self.subTest(spins=spins, mode=mode):
                words = random_terms(sites, spins, conserve, random.Random(seed))
                files = {"locspn.def": rows("NlocalSpin", [f"{i} {int(spins)}" for i in range(sites)]),
                         "modpara.def": f"Nsite {sites}\nNcond 3\n2Sz {0 if spins else -1}\n"}
                for word, lines in words.items():
                    files[word.lower() + ".def"] = rows("N" + word, [" ".join(map(repr, line)) for line in lines])
                self.write({**files, **listed(mode, {word: word.lower() + ".def" for word in words})})

                def kept(state):
                    ups, downs = sum(up for up, _ in state), sum(down for _, down in state)
                    if spins:
                        return all(up + down == 1 for up, down in state) and (not conserve or ups == downs)
                    return (ups, downs) == (1, 2)

                exact = lowest(dense(sites, words, kept, exchange=-1 if spins and mode is not None else 1))
                self.assertAlmostEqual(self.imported("namelist.def"), exact, delta=1e-9)

    def test_mistakes_in_expert_mode_are_refused_with_file_and_line(self):
        inter = "0 0 0 0 1 0 1 0 1.0 0.0"
        for word, lines, said in (("InterAll", [inter, "0 0 0 1 1 0 1 0 1.0 0.0"], "interall.def:7: error: the term changes 2Sz"),
                                  ("InterAll", [inter, "0 0 1 0 2 0 3 0 1.0 0.0"], "interall.def:7: error: the term moves an electron"),
                                  ("InterAll", ["0 0 0 0 1 0 1 0 1.0"], "interall.def:6: error: 9 numbers in a row, not 10"),
                                  ("InterAll", ["0 0 0 0 4 0 1 0 1.0 0.0"], "interall.def:6: error: 4 is no site (0 to 3)"),
                                  ("InterAll", ["0 0 0 0 1 0 1 2 1.0 0.0"], "interall.def:6: error: 2 is no spin (0 to 1)"),
                                  ("InterAll", ["0 0 0 0 1 0 1 0 nan 0.0"], "interall.def:6: error: 'nan' is not a finite number"),
                                  ("InterAll", ["0 0 0 0 1 0 1 0 1e400 0.0"], "interall.def:6: error: '1e400' is not a finite number"),
                                  ("PairLift", ["0 1 1.0"], "pairlift.def:6: error: the term changes 2Sz"),
                                  ("Trans", ["0 0 1 0 1.0 0.0"], "trans.def:6: error: the term moves an electron"),
                                  ("Ising", ["1 1 1.0"], "ising.def:6: error: a pair needs two different sites"),
                                  ("Boost", [], "'boost' is not imported")):
            with self.subTest(said):
                files = expert_files(True, 1)
                files[word.lower() + ".def"] = rows("N" + word, lines)
                files["namelist.def"] += f"{word} {word.lower()}.def\n"
                self.write(files)
                done = self.call("import", "namelist.def")
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertIn(said, done.stderr)

    def test_damaged_files_of_expert_mode_are_refused(self):
        whole = expert_files(False, 0)
        for name, text, said in (("trans.def", whole["trans.def"][:-20], "numbers in a row"),
                                 ("trans.def", "\n".join(whole["trans.def"].split("\n")[:9]), "announces 16 rows, but 4 follow"),
                                 ("trans.def", "", "ends within its head"), ("trans.def", "====\nNTransfer\n", "trans.def:2"),
                                 ("locspn.def", "====\nNlocalSpin 0\n====\n====\n====\n", "no sites"),
                                 ("locspn.def", rows("NlocalSpin", ["0 0", "1 1", "2 0", "3 0"]), "locspn.def:7"),
                                 ("locspn.def", rows("NlocalSpin", ["0 0", "1 0"]), "Nsite = 4"),
                                 ("locspn.def", rows("NlocalSpin", ["0 0", "1 0", "1 0", "3 0"]), "locspn.def:8: error: site 1 is there twice"),
                                 ("trans.def", "===\nN -1\n===\n===\n===\n", "trans.def:2"),
                                 ("namelist.def", "# a model\n" + whole["namelist.def"] + "InterAll\n", "namelist.def:7: error: a line of the list"),
                                 ("namelist.def", whole["namelist.def"] + "trans trans.def\n", "namelist.def:6: error: 'trans' stands twice"),
                                 ("namelist.def", whole["namelist.def"].replace("trans.def", "/dev/zero"), "not a regular file"),
                                 ("modpara.def", "Nsite 4\nNcond 4\n", "2Sz is missing"), ("modpara.def", "Nsite 4\n2Sz 0\n", "Ncond is missing"),
                                 ("modpara.def", "Nsite 4\nNcond 4\n2Sz 1\n", "parity"), ("calcmod.def", "CalcModel 3\n", "CalcModel = 3"),
                                 ("namelist.def", "ModPara modpara.def\n", "LocSpin is missing"),
                                 ("namelist.def", whole["namelist.def"].replace("trans.def", "none.def"), "none.def")):
            with self.subTest(name=name, said=said):
                self.write({**whole, name: text})
                done = self.call("import", "namelist.def")
                self.assertIn(done.returncode, (2, 3), done.stdout)
                self.assertIn(said, done.stderr)

    def test_operator_lists(self):
        bonds = [(i, (i + 1) % 6) for i in range(6)]
        pauli = {"sites": 6, "kind": "spin", "pauli": True, "static": [["zz", [[-1.0, i, j] for i, j in bonds]], ["x", [[-1.0, i] for i in range(6)]]]}
        hops = [["+-", [[-1.0, i, j] for i, j in bonds + [(j, i) for i, j in bonds]]], ["nn", [[2.0, i, j] for i, j in bonds]]]
        for model, sector, hamiltonian in ((pauli, "{kind: spin_half}", "{kind: tfim}"),
                                           ({"sites": 6, "kind": "fermion", "particles": 3, "static": hops},
                                            "{kind: spinless_fermions, particles: 3}", "{kind: tv, V: 2.0}")):
            (self.folder / "list.json").write_text(json.dumps(model), encoding="utf-8")
            self.assertAlmostEqual(self.imported("list.json"), self.energy(system("{kind: chain, size: [6]}", sector, hamiltonian)), delta=1e-9)

    def test_wrong_operator_lists_are_refused(self):
        for change, said in (({"sites": -6}, "sites = -6 is not positive"), ({"static": [["zz", [[1.0, 0, 9]]]]}, "9 is no site (0 to 5)"),
                             ({"static": [["zz", [[1.0, 0, 1.5]]]]}, "1.5 is no site"), ({"static": [["zz", [[1.0, 0, 1e300]]]]}, "1e+300 is no site"),
                             ({"static": [["z|", [[1.0, 0, 1]]]]}, "operator '|' is not imported"), ({"static": [["zz", [[1.0, 0]]]]}, "2 sites"),
                             ({"static": 3}, "expected sites, kind, static"), ({"kind": "boson"}, "kind 'boson'")):
            with self.subTest(said):
                (self.folder / "list.json").write_text(json.dumps({"sites": 6, "static": [["zz", [[1.0, 0, 1]]]], **change}), encoding="utf-8")
                done = self.call("import", "list.json")
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertIn(said, done.stderr)
        for name in ("/dev/zero", str(self.folder)):
            done = self.call("import", name)
            self.assertEqual(done.returncode, 3, done.stdout)
            self.assertIn("not a regular file", done.stderr)

    def test_what_cannot_be_said_is_refused_by_name(self):
        spin = 'L = 4\nmodel = "Spin"\nlattice = "chain"\nJ = 1.0\n'
        for text, word in ((spin + "2S = 2\n", "def:5: error: 2S"), (spin + "D = 1.0\n", "def:5: error: D"), (spin + "K = 1.0\n", "def:5: error: K"),
                           (spin.replace("Spin", "Kondo"), "def:2: error: model = Kondo"), (spin + "J' = nan\n", "def:5: error: J' = nan"),
                           (spin.replace("chain", "pyrochlore"), "def:3: error: lattice 'pyrochlore'"), (spin + "J = 2.0\n", "twice"),
                           (spin + "J' = 1.0,0.5\n", "def:5: error: J'"),
                           (spin.replace("lattice", "lettice"), "lattice is missing"),
                           ('L = 4\nmodel = "Hubbard"\nlattice = "chain"\nt = 1\n', "nelec")):
            (self.folder / "StdFace.def").write_text(text, encoding="utf-8")
            done = self.call("import", "StdFace.def")
            self.assertEqual(done.returncode, 2, text)
            self.assertIn(word, done.stderr)


if __name__ == "__main__":
    unittest.main()
