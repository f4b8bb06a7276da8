"""`qstage-vmc report` on small runs, a large family and broken files. QSTAGE_VMC is the executable. Exit 77 (skipped) without h5py or matplotlib."""

import html.parser
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "oracles"))
from packages import need  # noqa: E402

need("h5py", "matplotlib", "numpy")
import h5py  # noqa: E402
import numpy as np  # noqa: E402

sys.path.insert(0, os.path.join(HERE, "..", "..", "tools"))
import qstage_io  # noqa: E402
from report import lattice, page, reading, tables  # noqa: E402

PROGRAM = os.environ.get("QSTAGE_VMC", os.path.join(HERE, "..", "..", "build", "ci", "qstage-vmc"))
MOST_BYTES, MOST_SECONDS = 1.5e6, 5.0
HOSTILE = "<script>alert(1)</script> & 'ring' $x^2$ ]]> --> \"q\""

RING = f"""
format: 1
title: {json.dumps(HOSTILE)}
output: {{directory: unused}}
system:
  lattice: {{kind: chain, size: [6], periodic: true}}
  sector: {{kind: spinless_fermions, particles: 3}}
  hamiltonian: {{kind: tv, t: 1.0, delta: 0.1}}
  family: {{V: [0.0, 1.0, 2.0]}}
wavefunction: {{kind: qstage, depth: 1, d_model: 4, heads: 1, mlp: 4, tail: [V]}}
sampler: {{kind: metropolis, move: {{kind: hop}}, chains: 32, samples: 256}}
stages:
  - {{kind: ed, states: 3}}
  - {{kind: vmc, steps: 4, optimizer: {{kind: minsr, lr: 0.02}}}}
  - {{kind: evaluate, compare: ed, observables: [energy, density, density_density, structure_factor, staggered_moment]}}
"""
TORUS = """
format: 1
title: triangular lattice
output: {directory: unused}
system:
  lattice: {kind: triangular, size: [3, 2]}
  sector: {kind: spin_half, total_sz: 0}
  hamiltonian: {kind: heisenberg, J1: 1.0}
wavefunction: {kind: rbm, alpha: 1}
sampler: {kind: exact_sum}
stages:
  - {kind: vmc, steps: 3, optimizer: {kind: sr, lr: 0.05}}
  - {kind: evaluate, observables: [energy, spin_spin, bond_spin, structure_factor]}
"""

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(html.parser.HTMLParser):
    """What a browser would find: tags, attributes, the text, tables as lists of rows of cells."""

    def __init__(self, document):
        super().__init__()
        self.open, self.tags, self.values, self.words, self.tables, self.problems = [], [], [], [], [], []
        self.feed(document)
        self.close()
        self.problems += [f"{tag} is never closed" for tag in self.open]
        self.text = "".join(self.words)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.values += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.values += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> at {self.getpos()} closes something else")

    def handle_data(self, data):
        self.words.append(data)
        if "td" in self.open or "th" in self.open:
            self.tables[-1][-1][-1] += data

    def table(self, caption):
        """The rows of the first table whose heading holds these words, without the head."""
        for rows in self.tables:
            if rows and any(caption in cell for cell in rows[0]):
                return rows[1:]
        raise AssertionError(f"no table has a column {caption}")


def report(*words, environment=None):
    return subprocess.run([PROGRAM, "report", *words], capture_output=True, text=True, check=False, env={**os.environ, **(environment or {})})


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def shown(cell):
    """Value, error (0 without one), and half a unit of the last digit, of "-1.234(56)"."""
    match = re.match(r"(-?[\d.]+(?:e[-+]?\d+)?)(?:\((\d+(?:\.\d+)?)\))?", cell)
    digits = len(match[1].partition(".")[2].partition("e")[0])
    exponent = int(match[1].partition("e")[2] or 0)
    unit = 10.0 ** (exponent - digits)
    error = 0.0 if match[2] is None else float(match[2]) * (1 if "." in match[2] else unit)
    return float(match[1]), error, unit / 2


class Reports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.runs = {}
        for name, text, seed in (("ring", RING, 1), ("again", RING, 2), ("torus", TORUS, 1)):
            cls.runs[name] = os.path.join(cls.scratch.name, name)
            given = os.path.join(cls.scratch.name, name + ".yaml")
            with open(given, "w", encoding="utf-8") as file:
                file.write(text)
            subprocess.run([PROGRAM, given, "--set", f"output.directory={cls.runs[name]}", "--set", f"seed={seed}"], check=True, capture_output=True)

    def page_of(self, *names):
        """The parsed report of some runs, after the checks that hold for all of them."""
        output = os.path.join(self.scratch.name, "-".join(names) + ".html")
        if os.path.exists(output):
            return Page(read(output))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = report(*(self.runs[name] for name in names), "-o", output)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.assertEqual((result.returncode, result.stderr, result.stdout), (0, "", output + "\n"))
        self.assertLess(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, MOST_SECONDS)
        return self.checked(read(output))

    def checked(self, document):
        self.assertLess(len(document.encode()), MOST_BYTES)
        found = Page(document)
        self.assertEqual(found.problems, [])
        self.assertFalse({"script", "link", "img", "iframe", "image", "object"} & set(found.tags))
        for tag, name, value in found.values:
            if name in ("href", "src", "xlink:href", "action"):
                self.assertTrue(value.startswith("#"), (tag, name, value))
            self.assertFalse(name.startswith("on"), (tag, name))
        self.assertEqual([address for address in re.findall(r"url\(([^)]*)\)|@import", document) if not address.startswith("#")], [])
        names = [value for _, name, value in found.values if name == "id"]
        self.assertEqual(len(names), len(set(names)), "every name is defined once")
        for target in re.findall(r'(?:href="|url\()#([^")]+)', document):
            self.assertIn(target, names)
        return found

    def assert_shows(self, cell, mean, error=0.0):
        value, bar, half = shown(cell)
        self.assertLessEqual(abs(value - mean), half * 1.001, (cell, mean))
        self.assertLessEqual(abs(bar - error), half * 1.001, (cell, error))

    def test_the_numbers_are_those_of_the_results(self):
        found, data = self.page_of("ring"), qstage_io.load(self.runs["ring"])
        energy = data["stages"]["02_evaluate"]["energy"]
        rows = found.table("total energy [t]")
        self.assertEqual([row[0] for row in rows], ["V = 0", "V = 1", "V = 2"])
        for g, row in enumerate(rows):
            self.assert_shows(row[1], energy["mean"][g], energy["error"][g])
            for cell, key in zip(row[2:6], ("exact", "relative_error", "variance", "vscore")):
                self.assertAlmostEqual(float(cell) / energy[key][g], 1, delta=6e-3, msg=key)
            self.assert_shows(row[2], energy["exact"][g])
        levels = found.table("levels [t]")
        for g, row in enumerate(levels):
            np.testing.assert_allclose([float(e) for e in row[1].split(",")], data["stages"]["00_ed"]["energy"][g], atol=1e-10)
        moment = data["stages"]["02_evaluate"]["observables"]["staggered_moment"]
        for g, row in enumerate(found.table("mean")):
            self.assert_shows(row[1], moment["mean"][g, 0], moment["error"][g, 0])

    def test_one_run_has_all_sections(self):
        found = self.page_of("ring")
        for words in ("tv", "3 spinless fermions on 6 sites", "chain 6, periodic", "V = 0, 1, 2", "V, t (6 bonds)", "330 parameters", "exact levels above the lowest",
                      "distance from the exact energy", "structure_factor; crosses: exact", "energy of the family; lines: exact", "time by phase", "@misc{qstage-vmc",
                      "kind: qstage", "total energy [t]", "structure_factor of the family"):
            self.assertIn(words, found.text, words)
        self.assertIn("prefers-color-scheme: dark", found.text)
        self.assertGreaterEqual(found.tags.count("svg"), 12)
        made = qstage_io.attributes(self.runs["ring"])["provenance"]
        for words in (made["command_line"], made["run_id"], "-t sum_nn (c+_i c_j + h.c.)"):
            self.assertIn(words, found.text)

    def test_the_plane_is_drawn(self):
        found = self.page_of("torus")
        for words in ("J1 (", "qx [1 / length of a primitive vector]", "bond_spin: <S_i.S_j> of every bond", "spin_spin"):
            self.assertIn(words, found.text, words)

    def test_warnings_stand_at_the_top(self):
        summary = json.loads(read(os.path.join(self.runs["ring"], "summary.json")))
        self.assertTrue(summary["warnings"], "four steps do not converge")
        found = self.page_of("ring")
        for warning in summary["warnings"]:
            self.assertIn(warning["text"], found.text)
            self.assertLess(found.text.index(warning["text"]), found.text.index("What was computed"))

    def test_a_run_that_has_not_ended_says_so(self):
        folder = shutil.copytree(self.runs["torus"], os.path.join(self.scratch.name, "stopped"))
        summary = json.loads(read(os.path.join(folder, "summary.json")))
        summary.update(state="stopped", nonfinite_events=2, warnings=[{"text": "<b>bold</b> claim", "count": 3}])
        with open(os.path.join(folder, "summary.json"), "w", encoding="utf-8") as file:
            json.dump(summary, file)
        self.assertEqual(report(folder).stdout, os.path.join(folder, "report.html") + "\n")
        text = self.checked(read(os.path.join(folder, "report.html"))).text
        for words in ("the run is not complete: stopped", "2 step(s) met a number that is not finite", "<b>bold</b> claim (3 times)"):
            self.assertIn(words, text)
        os.remove(os.path.join(folder, "summary.json"))
        self.assertEqual(page.warnings_of(reading.Run(folder)), ["there is no summary.json beside the results: warnings of the run are not known"])

    def test_an_error_that_is_not_reliable_is_marked(self):
        folder = shutil.copytree(self.runs["ring"], os.path.join(self.scratch.name, "doubtful"))
        with h5py.File(os.path.join(folder, "results.h5"), "a") as file:
            file["stages/02_evaluate/energy/reliable"][1] = 0
        report(folder)
        rows = Page(read(os.path.join(folder, "report.html"))).table("total energy [t]")
        self.assertEqual([row[1].endswith("?") for row in rows], [False, True, False])

    def test_hostile_words_stay_words(self):
        found = self.page_of("ring")
        self.assertIn(HOSTILE, found.text)
        folder = os.path.join(self.scratch.name, "$a_<b>&\"'")
        shutil.copytree(self.runs["torus"], folder)
        with h5py.File(os.path.join(folder, "results.h5"), "a") as file:
            file["system"].attrs["sector"] = "</style><script>x</script>\x1b[31m"
        output = os.path.join(self.scratch.name, "hostile.html")
        result = report(folder, self.runs["ring"], "-o", output)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        found = self.checked(read(output))
        self.assertIn("</style><script>x</script>\\x1b[31m", found.text)
        self.assertIn("$a_<b>&\"'", found.text)

    def test_two_runs_stand_side_by_side(self):
        found = self.page_of("ring", "again")
        rows = [row for row in found.table("again") if "V = " in row[0]]
        self.assertEqual(len(rows), 3)
        for k, name in enumerate(("ring", "again")):
            energy = qstage_io.load(self.runs[name])["stages"]["02_evaluate"]["energy"]
            for g, row in enumerate(rows):
                self.assert_shows(row[1 + k], energy["mean"][g], energy["error"][g])
                self.assertIn(f"exact {energy['exact'][g]:.9g}", row[1 + k])
        for words in ("ring V = 1", "again V = 1", "Comparison of ring, again"):
            self.assertIn(words, found.text)

    def test_unlike_systems_share_no_row(self):
        rows = self.page_of("ring", "torus").table("torus")
        self.assertEqual([sum(cell != "" for cell in row[1:]) for row in rows], [1, 1, 1, 1])

    def test_a_large_family_stays_small(self):
        folder, steps, family = os.path.join(self.scratch.name, "large"), 2000, 63
        shutil.copytree(self.runs["ring"], folder)
        wave = np.random.default_rng(1).normal(size=(steps, family))
        with h5py.File(os.path.join(folder, "results.h5"), "a") as file:
            del file["stages/01_vmc"]
            stage = file.create_group("stages/01_vmc")
            stage["couplings/V"] = np.arange(family)
            stage["trace/step"] = np.arange(steps)
            for name in ("energy/mean", "energy/error", "energy/variance", "energy/rhat", "energy/tau", "accept"):
                stage["trace/" + name] = np.abs(wave) + 1
        self.runs["large"] = folder
        self.assertIn("every 32th step is drawn", self.page_of("large").text)

    def test_refusals_are_one_line(self):
        def refusal(code, words, *given, environment=None):
            result = report(*given, environment=environment)
            self.assertEqual(result.returncode, code, result.stderr)
            self.assertIn(words, result.stderr)
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)

        scratch = self.scratch.name
        refusal(3, "does not exist", os.path.join(scratch, "absent"))
        os.makedirs(os.path.join(scratch, "empty"), exist_ok=True)
        refusal(3, "holds no results.h5", os.path.join(scratch, "empty"))
        with open(os.path.join(self.runs["torus"], "results.h5"), "rb") as file:
            whole = file.read()
        for name, content in (("cut", whole[:len(whole) // 2]), ("noise", os.urandom(2000)), ("nothing", b"")):
            with open(os.path.join(scratch, name + ".h5"), "wb") as file:
                file.write(content)
            refusal(3, name + ".h5", os.path.join(scratch, name + ".h5"))
        with h5py.File(os.path.join(scratch, "foreign.h5"), "w") as file:
            file["x"] = 1
        refusal(3, "no results file of qstage-vmc", os.path.join(scratch, "foreign.h5"))
        with h5py.File(os.path.join(scratch, "odd.h5"), "w") as file:
            file.attrs["layout"] = "qstage-results"
            file["stages/00_evaluate/energy/mean"] = [1.0, 2.0]
            file["stages/00_evaluate/energy/error"] = [1.0]
        refusal(3, "odd.h5: results that cannot be drawn", os.path.join(scratch, "odd.h5"), "-o", os.path.join(scratch, "odd.html"))
        refusal(3, "absent", self.runs["torus"], "-o", os.path.join(scratch, "absent", "report.html"))
        own = os.path.join(scratch, "own.html")
        with open(own, "w", encoding="utf-8") as file:
            file.write("mine")
        refusal(3, "is no report", self.runs["torus"], "-o", own)
        self.assertEqual(read(own), "mine")
        refusal(2, "--help", "-o", "x.html")
        refusal(3, r"\x1b[31m", os.path.join(scratch, "\x1b[31m"))

    def test_what_is_missing_is_named_with_its_package(self):
        folder = os.path.join(self.scratch.name, "bin")
        os.makedirs(folder)
        none = report(self.runs["torus"], environment={"PATH": folder})
        with open(os.path.join(folder, "python3"), "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\nexec /usr/bin/python3 -S "$@"\n')  # without site, Debian's packages are not there
        os.chmod(os.path.join(folder, "python3"), 0o755)
        bare = report(self.runs["torus"], environment={"PATH": folder})
        for result, words in ((none, "cannot start python3"), (bare, "has no ")):
            self.assertEqual((result.returncode, result.stderr.count("\n")), (2, 1), result.stderr)
            self.assertIn(words, result.stderr)
            self.assertIn("apt-get install python3-numpy python3-h5py python3-matplotlib", result.stderr)


class Parts(unittest.TestCase):
    def test_values_with_errors(self):
        for mean, error, words in ((-4.38034751, 0.0012, "-4.3803(12)"), (1.0, 0.00995, "1.000(10)"), (-0.5, 0.099, "-0.500(99)"), (12.3, 4.56, "12.3(4.6)"),
                                   (0.125, 0.0, "0.125"), (float("nan"), 0.1, "-")):
            self.assertEqual(tables.with_error(mean, error), words)

    def test_cells_of_wave_vectors_have_the_area_of_their_lattice(self):
        for a, b in (((1, 0), (0, 1)), ((1, 0), (0.5, 3**0.5 / 2)), ((1, 0.2), (-0.3, 1.4)), ((2, 0), (0, 0.5))):
            vectors = np.array([a, b], dtype=float)
            around = np.array([[m, n] for m in range(-6, 7) for n in range(-6, 7)]) @ vectors
            x, y = lattice.cell_about_origin(around).T
            area = abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
            self.assertAlmostEqual(area, abs(np.linalg.det(vectors)), places=9)

    def test_sublattices_are_the_two_sides_of_a_bipartite_graph(self):
        ring = [(i, (i + 1) % 6) for i in range(6)]
        self.assertEqual(list(lattice._two_sides(6, ring)), [0, 1, 0, 1, 0, 1])
        self.assertEqual(list(lattice._two_sides(5, [(i, (i + 1) % 5) for i in range(5)])), [0] * 5)

    def test_labels_name_sites(self):
        self.assertEqual([lattice.sites_of(label) for label in ("3", "0-12", "0-1 2-3", "up 0,1", "pi", "")], [[3], [0, 12], [0, 1, 2, 3], [], [], []])

    def test_sections_and_terms_of_an_input(self):
        text = 'system:\n  hamiltonian: {kind: terms, terms: [{expression: "X X", coupling: K, place: {cos: [1, 2]}}, {expression: Z}], bonds: {}}\nnetwork:\n  a: 1\n  b:\n    c: 2\nend: 0\n'
        self.assertEqual(page.terms_of(text), ['"X X", coupling: K, place: {cos: [1, 2]}', "Z"])
        self.assertEqual(reading.section(text, "network"), [("a", "1"), ("b", "c: 2")])
        self.assertEqual(page.terms_of("nothing"), [])


if __name__ == "__main__":
    unittest.main()
