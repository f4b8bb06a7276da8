"""tools/qstage_io.py, compare.py and plot_run.py on results files made here. Exit 77 (skipped) without h5py or matplotlib."""

import os
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

TOOLS = os.path.join(HERE, "..", "..", "tools")
sys.path.insert(0, TOOLS)
import plot_run  # noqa: E402
import qstage_io  # noqa: E402


def write_results(folder, shift=0.0, error=1e-3, unit="t"):
    """The published layout: a family of two, pretraining, vmc, evaluation."""
    os.makedirs(folder)
    steps = np.arange(1, 21)
    with h5py.File(os.path.join(folder, "results.h5"), "w") as f:
        f.attrs["layout"] = "qstage-results"
        f["stages/00_ed/energy"] = [[-5.0, -4.0], [-3.0, -2.0]]
        f["stages/00_ed/couplings/V"] = [0.0, 1.0]
        f["stages/01_pretrain/trace/step"] = steps
        f["stages/01_pretrain/trace/loss"] = 1.0 / steps
        vmc = f.create_group("stages/02_vmc")
        vmc["couplings/V"] = [0.0, 1.0]
        vmc["trace/step"] = steps
        vmc["trace/energy/mean"] = np.stack([-5 + 1.0 / steps, -3 + 1.0 / steps], axis=1)
        vmc["trace/energy/mean"].attrs["units"] = unit
        vmc["trace/energy/error"] = np.full((20, 2), 0.05)
        vmc["trace/energy/variance"] = np.stack([1.0 / steps, 2.0 / steps], axis=1)
        vmc["trace/energy/variance"].attrs["units"] = f"{unit}^2"
        vmc["trace/energy/rhat"] = np.zeros((20, 2))
        vmc["trace/energy/rhat_valid"] = np.zeros((20, 2))
        vmc["trace/accept"] = np.full((20, 2), 0.4)
        vmc["trace/lr"] = np.full(20, 0.02)
        vmc["trace/diag_shift"] = np.geomspace(1e-2, 1e-4, 20)
        evaluate = f.create_group("stages/03_evaluate")
        evaluate["couplings/V"] = [0.0, 1.0]
        evaluate["energy/mean"] = [-4.999 + shift, -2.999]
        evaluate["energy/error"] = [error, error]
        evaluate["energy/exact"] = [-5.0, -3.0]
        evaluate["observables/density/mean"] = [[0.5, 0.5], [0.25, 0.75]]
        evaluate["observables/density/error"] = [[0.01, 0.01], [0.01, 0.01]]
        f["timing/02_vmc/sample"] = 3.0
        f["timing/02_vmc/solve"] = 1.0
        f["parameters/layer/kernel"] = np.ones((2, 3))
        f["provenance/input_original"] = np.array(b"format: 1", dtype="S9")
    return folder


def tool(name, *arguments):
    return subprocess.run([sys.executable, os.path.join(TOOLS, name), *arguments], capture_output=True, text=True, check=False)


class Tools(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.a = write_results(os.path.join(self.scratch.name, "a"))

    def test_load_gives_dicts_and_turns_masked_values_into_nan(self):
        data = qstage_io.load(self.a)
        trace = data["stages"]["02_vmc"]["trace"]
        self.assertEqual(data["provenance"]["input_original"], "format: 1")
        self.assertTrue(np.isnan(trace["energy"]["rhat"]).all())
        self.assertNotIn("rhat_valid", trace["energy"])
        self.assertEqual(qstage_io.attributes(self.a)["stages/02_vmc/trace/energy/mean"], {"units": "t"})
        self.assertEqual(qstage_io.weights(self.a)["layer/kernel"].shape, (2, 3))
        self.assertEqual(qstage_io.coupling_labels(data["stages"]["02_vmc"], 2), ["V = 0", "V = 1"])

    def test_archives_of_numpy_go_to_safetensors_and_back(self):
        bits = np.random.default_rng(1).integers(0, 256, 240, dtype=np.uint8)
        arrays = {f"layer/{kind}": bits.view(kind).reshape(-1, 5) for kind in ("f2", "f4", "f8", "i1", "i8", "u4", "c8", "V2")}
        arrays |= {"scalar": np.array(1.5), "empty": np.zeros((0, 3), np.float32), "columns": np.asfortranarray(bits.reshape(4, 60)),
                   "complex": bits.view("c16"), "big": np.arange(3, dtype=">f8")}
        there, back, tool = os.path.join(self.scratch.name, "w.safetensors"), os.path.join(self.scratch.name, "w.npz"), os.path.join(TOOLS, "qstage_io.py")
        for save in (np.savez, np.savez_compressed):
            save(back, **arrays)
            subprocess.run([sys.executable, tool, back, there], check=True)
            subprocess.run([sys.executable, tool, there, back], check=True)
            with np.load(back) as ours:
                self.assertEqual(sorted(ours.files), sorted(arrays))
                for name, value in arrays.items():
                    expected = value.astype(value.dtype.newbyteorder("<"))
                    self.assertEqual((ours[name].dtype, ours[name].shape, ours[name].tobytes()), (expected.dtype, expected.shape, expected.tobytes()), name)
        np.savez(back, a=np.array([None], dtype=object))
        self.assertNotEqual(subprocess.run([sys.executable, tool, back, there], check=False, capture_output=True).returncode, 0)

    def test_compare_accepts_equal_runs_and_finds_a_shifted_one(self):
        same = write_results(os.path.join(self.scratch.name, "same"), shift=1e-3)
        other = write_results(os.path.join(self.scratch.name, "other"), shift=1e-2)
        agreement, difference = tool("compare.py", self.a, same), tool("compare.py", self.a, other)
        self.assertEqual(agreement.returncode, 0, agreement.stderr)
        self.assertIn("largest |z| = 0.71", agreement.stdout)
        self.assertEqual(difference.returncode, 1)
        self.assertIn("largest |z| = 7.07", difference.stdout)

    def test_compare_refuses_runs_of_different_systems(self):
        described = {"lattice": "chain 8, periodic", "hamiltonian": "tv", "units": "t", "couplings": "delta = 0.1, t = 1, pinning = odd"}

        def described_run(name, sector="4 spinless fermions on 8 sites", **changed):
            folder = write_results(os.path.join(self.scratch.name, name))
            with h5py.File(os.path.join(folder, "results.h5"), "a") as f:
                f.create_group("system").attrs.update({**described, **changed})
                f["stages/03_evaluate/energy/mean"].attrs["sector"] = sector
            return folder

        first = described_run("first")
        self.assertEqual(tool("compare.py", first, described_run("same")).returncode, 0)
        self.assertEqual(tool("compare.py", first, self.a).returncode, 0)  # an older file does not say
        # V varies row by row, whatever the input says beside its family.
        self.assertEqual(tool("compare.py", first, described_run("v", couplings="V = 2, delta = 0.1, t = 1, pinning = odd")).returncode, 0)
        for name, changed, said in (("lattice", {"lattice": "chain 8, open"}, "lattice: chain 8, periodic / chain 8, open"),
                                    ("t", {"couplings": "delta = 0.1, t = 2, pinning = odd"}, "t: 1 / 2"),
                                    ("pinning", {"couplings": "delta = 0.1, t = 1, pinning = staggered"}, "pinning: odd / staggered"),
                                    ("sector", {"sector": "3 spinless fermions on 8 sites"}, "sector: 4 spinless fermions on 8 sites / 3")):
            result = tool("compare.py", first, described_run(name, **changed))
            self.assertEqual(result.returncode, 2, name)
            self.assertIn(said, result.stderr)

    def test_compare_refuses_runs_without_an_evaluation(self):
        with h5py.File(os.path.join(self.a, "results.h5"), "a") as f:
            del f["stages/03_evaluate"]
        result = tool("compare.py", self.a, self.a)
        self.assertEqual(result.returncode, 2)
        self.assertIn("no evaluate stage", result.stderr)

    def test_plot_writes_one_figure_for_one_or_several_runs(self):
        other = write_results(os.path.join(self.scratch.name, "b"), shift=0.1)
        for runs, name, magic in (([self.a], "one.pdf", b"%PDF"), ([self.a, other], "two.png", b"\x89PNG")):
            output = os.path.join(self.scratch.name, name)
            result = tool("plot_run.py", *runs, "-o", output)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(result.stderr, "")
            with open(output, "rb") as figure:
                self.assertTrue(figure.read(4) == magic)

    def panels(self, *runs):
        figure = plot_run.figure_of([plot_run.Run(path, index) for index, path in enumerate(runs)])
        self.addCleanup(plot_run.plt.close, figure)
        return {(axes.get_title(), axes.get_ylabel()): axes for axes in figure.axes}

    def test_plot_has_no_empty_panel(self):
        with h5py.File(os.path.join(self.a, "results.h5"), "a") as f:
            del f["stages/01_pretrain"]
        panels = self.panels(self.a)
        for key, axes in panels.items():
            drawn = [line for line in axes.lines if np.isfinite(np.asarray(line.get_ydata(), dtype=float)).any()] + list(axes.patches)
            self.assertTrue(drawn, key)
        titles = {title for title, _ in panels}
        self.assertNotIn("split R-hat of the energy", titles, "it is not known in any step")
        self.assertNotIn("pretraining", titles)
        self.assertIn("acceptance", titles)

    def test_plot_shows_the_distance_from_the_exact_energy_on_a_logarithmic_axis(self):
        axes = self.panels(self.a)["distance from the exact energy", "|E - E_exact| / |E_exact|"]
        self.assertEqual(axes.get_yscale(), "log")
        first, second = (np.asarray(line.get_ydata(), dtype=float) for line in axes.lines)
        np.testing.assert_allclose(first, 1 / (5 * np.arange(1, 21)))
        np.testing.assert_allclose(second, 1 / (3 * np.arange(1, 21)))

    def test_plot_draws_extrapolations_down_to_variance_zero(self):
        with h5py.File(os.path.join(self.a, "results.h5"), "a") as f:
            stage = f.create_group("stages/04_extrapolate")
            stage["couplings/V"] = [0.0, 1.0]
            stage["exact"] = [-5.0, -3.0]
            for fit, energy, curvature in (("linear", -5.0, 0.0), ("quadratic", -5.1, 0.25)):
                stage[f"{fit}/mean"], stage[f"{fit}/slope"], stage[f"{fit}/curvature"] = [energy, energy + 2], [0.5, 0.25], [curvature, curvature]
            for name, values in (("variance", [0.4, 0.2, 0.1]), ("mean", [-4.8, -4.9, -4.95]), ("error", [0.01] * 3), ("variance_error", [0.02] * 3)):
                stage[f"points/{name}"] = [values, values]
            stage["points/mean"].attrs["units"] = "t"
        axes = self.panels(self.a)["energy against variance", "total energy [t]"]
        curves = {line.get_linestyle(): np.asarray(line.get_xydata()) for line in axes.lines if len(line.get_xdata()) > 3}
        np.testing.assert_allclose(curves["-"][[0, -1]], [[0, -3], [0.4, -2.9]])
        np.testing.assert_allclose(curves[":"][[0, -1]], [[0, -3.1], [0.4, -3.1 + 0.25 * 0.4 + 0.25 * 0.16]])
        self.assertEqual(len(axes.containers), 2, "points of both Hamiltonians, with error bars")

    def test_plot_never_puts_two_unit_systems_on_one_axis(self):
        other = write_results(os.path.join(self.scratch.name, "spins"), unit="S.S")
        labels = [label for title, label in self.panels(self.a, other) if title.startswith(("energy", "variance"))]
        self.assertEqual(sorted(labels), ["total energy [S.S]", "total energy [t]", "variance [S.S^2]", "variance [t^2]"])
        self.assertEqual(len(self.panels(self.a, self.a)), len(self.panels(self.a)))

    def test_plot_names_a_missing_file(self):
        result = tool("plot_run.py", os.path.join(self.scratch.name, "absent"), "-o", os.path.join(self.scratch.name, "x.pdf"))
        self.assertEqual(result.returncode, 2)
        self.assertIn("absent", result.stderr)


if __name__ == "__main__":
    unittest.main()
