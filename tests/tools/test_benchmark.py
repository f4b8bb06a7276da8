#!/usr/bin/env python3
"""tools/benchmark without the programs that it compares with: the arithmetic of its tables, its options, and a whole comparison of two fakes."""
import dataclasses
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

BENCHMARK = pathlib.Path(__file__).resolve().parents[2] / "tools" / "benchmark"
sys.path.insert(0, str(BENCHMARK))

import measurement  # noqa: E402
import report  # noqa: E402
import workloads  # noqa: E402
from measurement import Energy, Measurement, Spread  # noqa: E402

BENCH_OF_VMC = {
    "version": "1.2.3",
    "instruction_set": "avx512",
    "parameters": 155620,
    "ranks": 2,
    "step": {
        "first_step_seconds": 9.0,
        "seconds_per_step": 4.0,
        "phases": [
            {"name": "sample", "seconds": 0.5, "peak_memory_bytes": 100},
            {"name": "local_energy", "seconds": 1.0, "peak_memory_bytes": 400},
            {"name": "gram", "seconds": 2.0, "peak_memory_bytes": 300},
            {"name": "wait", "seconds": 0.25, "peak_memory_bytes": 300},
        ],
        "trace": {"columns": ["step", "energy_00", "error_00"], "rows": [[1, -40.0, 0.3], [2, -41.0, 0.4]]},
    },
}
WORKER = {
    "versions": {"netket": "3.23.0"},
    "parameters": 155620,
    "first_step_seconds": 60.0,
    "peak_memory_bytes": 1600,
    "steps": [{"sample": 1.0, "local_energy": 8.0, "total": 20.0}, {"sample": 3.0, "local_energy": 8.0, "total": 22.0}],
    "energies": [[-40.4, 0.6], [-40.2, 0.8]],
}
FAKE = """#!{python}
import json, os, sys
answer = json.loads(os.environ["FAKE_{name}"])
with open(os.environ["FAKE_LOG"], "a") as log:
    log.write("{name} " + " ".join(sys.argv[1:]) + " NETKET=" + os.environ.get("NETKET_DEBUG", "") + "\\n")
if "--export" in sys.argv:
    open(sys.argv[sys.argv.index("--weights") + 1], "w").close()
    sys.exit(0)
if answer is None:
    sys.exit("out of luck")
with open(sys.argv[sys.argv.index("--json") + 1], "w") as file:
    json.dump(answer, file)
"""


def run_of(total):
    return Measurement(seconds={"total": total}, first_step=1, peak_memory=1, parameters=1, versions={})


class Arithmetic(unittest.TestCase):
    def test_our_update_is_all_that_is_neither_sampling_nor_local_energies(self):
        ours = measurement.from_bench(BENCH_OF_VMC)

        self.assertEqual(ours.seconds, {"sample": 0.5, "local_energy": 1.0, "update": 2.5, "total": 4.0})
        self.assertEqual(ours.first_step, 9.0)
        self.assertEqual(ours.energies, [Energy(-40.0, 0.3), Energy(-41.0, 0.4)])

    def test_our_memory_is_that_of_the_hungriest_rank_for_every_rank(self):
        self.assertEqual(measurement.from_bench(BENCH_OF_VMC).peak_memory, 2 * 400)

    def test_their_steps_are_averaged_and_the_first_one_is_not_among_them(self):
        theirs = measurement.from_worker(WORKER)

        self.assertEqual(theirs.seconds, {"sample": 2.0, "local_energy": 8.0, "update": 11.0, "total": 21.0})
        self.assertEqual(theirs.first_step, 60.0)

    def test_training_has_one_phase_and_losses(self):
        step = {**BENCH_OF_VMC["step"], "phases": [{"name": "update", "seconds": 3.0, "peak_memory_bytes": 7}]}
        step["trace"] = {"columns": ["step", "loss"], "rows": [[1, 0.9], [2, 0.8]]}

        ours = measurement.from_bench({**BENCH_OF_VMC, "step": step})

        self.assertEqual(ours.seconds, {"total": 4.0})
        self.assertEqual(ours.losses, [0.9, 0.8])

    def test_ratios_pair_the_runs_of_one_round(self):
        # The machine was twice as slow in the second round; each round says 4, the medians of the columns would say 3.
        ours, theirs = [run_of(1.0), run_of(2.0), run_of(1.0)], [run_of(4.0), run_of(8.0), run_of(3.0)]

        self.assertEqual(measurement.ratio(theirs, ours, "total"), Spread(3.0, 4.0, 4.0))
        self.assertEqual(measurement.seconds(ours, "total"), Spread(1.0, 1.0, 2.0))

    def test_ratios_refuse_runs_without_a_partner(self):
        with self.assertRaises(ValueError):
            measurement.ratio([run_of(1.0)], [run_of(1.0), run_of(1.0)], "total")

    def test_energies_combine_with_the_error_of_their_mean(self):
        combined = measurement.combined([measurement.from_bench(BENCH_OF_VMC)])

        self.assertAlmostEqual(combined.mean, -40.5)
        self.assertAlmostEqual(combined.error, math.sqrt(0.3**2 + 0.4**2) / 2)
        self.assertAlmostEqual(measurement.z_score(Energy(1.0, 0.3), Energy(2.0, 0.4)), -2.0)


class Report(unittest.TestCase):
    def comparison(self):
        ours, theirs = measurement.from_bench(BENCH_OF_VMC), measurement.from_worker(WORKER)
        return report.Comparison("vit", "a title", 2, {"float64": [ours]}, {"tutorial": [theirs], "best": [theirs]})

    def test_the_table_has_every_ratio(self):
        rows = [line.split() for line in report.table(self.comparison()).splitlines()]

        for theirs in ("tutorial", "best"):
            self.assertIn(["float64", "/", theirs, "4", "[4", "4]", "8", "[8", "8]", "4.4", "[4.4", "4.4]", "5.25", "[5.25", "5.25]"], rows)

    def test_the_table_ends_with_the_energies(self):
        self.assertRegex(report.table(self.comparison()), r"\n  ours float64 +energy -40\.5, error 0\.25, z -0\.35\d*\n")

    def test_energies_are_compared_with_the_first_of_theirs(self):
        rows = report.agreement(self.comparison())

        ours, theirs = measurement.combined([measurement.from_bench(BENCH_OF_VMC)]), measurement.combined([measurement.from_worker(WORKER)])
        self.assertAlmostEqual(rows["ours float64"]["z"], (ours.mean - theirs.mean) / math.hypot(ours.error, theirs.error))
        self.assertEqual(rows["theirs tutorial"]["z"], 0)

    def test_losses_are_compared_epoch_by_epoch(self):
        ours, theirs = (dataclasses.replace(run_of(1.0), losses=losses) for losses in ([0.9, 0.7], [0.9001, 0.72]))

        row = report.agreement(report.Comparison("epoch", "", 2, {"float32": [ours]}, {"flax": [theirs]}))["ours float32"]

        self.assertEqual(row["first_loss"], 0.9)
        self.assertAlmostEqual(row["first_difference"], 0.0001)
        self.assertAlmostEqual(row["largest_difference"], 0.02)

    def test_the_json_is_plain(self):
        document = json.loads(json.dumps(report.as_json(self.comparison())))

        self.assertEqual(document["times_faster"]["float64 / best"]["local_energy"], {"minimum": 8.0, "median": 8.0, "maximum": 8.0})
        self.assertEqual(document["runs"]["ours float64"][0]["seconds"]["total"], 4.0)


class Workloads(unittest.TestCase):
    def test_inputs_and_workers_exist(self):
        for workload in workloads.WORKLOADS.values():
            self.assertTrue(workload.input.is_file(), workload.input)
            self.assertTrue(workload.worker.is_file(), workload.worker)

    def test_both_sides_are_told_the_same_sizes(self):
        workload = workloads.WORKLOADS["vit6x6_512"]
        theirs = dict(zip(workload.worker_options[::2], workload.worker_options[1::2]))

        self.assertIn("sampler.samples=512", workload.settings)
        self.assertIn("sampler.chains=512", workload.settings)
        self.assertIn("system.lattice.size=[6, 6]", workload.settings)
        self.assertIn(f"stages.0.optimizer.lr={theirs['--learning-rate']}", workload.settings)
        self.assertIn(f"sampler.thermalise={theirs['--thermalise']}", workload.settings)
        self.assertEqual((theirs["--side"], theirs["--samples"]), ("6", "512"))


class Command(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.log = self.root / "calls"
        self.put_fake("bin/mpirun", "OURS")
        self.put_fake("venv/bin/python", "THEIRS")
        (self.root / "venv/installed.txt").write_text((BENCHMARK / "requirements.txt").read_text())

    def put_fake(self, path, name):
        file = self.root / path
        file.parent.mkdir(parents=True)
        file.write_text(FAKE.format(python=sys.executable, name=name))
        file.chmod(0o755)

    def benchmark(self, *options, ours=None, theirs=None):
        environment = {
            **os.environ,
            "PATH": f"{self.root}/bin:{os.environ['PATH']}",
            "FAKE_OURS": json.dumps(ours),
            "FAKE_THEIRS": json.dumps(theirs),
            "FAKE_LOG": str(self.log),
            "NETKET_DEBUG": "1",
        }
        environment.pop("QSTAGE_SHARED", None)
        command = [sys.executable, BENCHMARK / "run", "--program", "ours", "--venv", self.root / "venv", "--output", self.root / "out", *options]
        return subprocess.run([str(word) for word in command], env=environment, capture_output=True, text=True, check=False)

    def calls(self):
        return self.log.read_text().splitlines() if self.log.exists() else []

    def scaling(self, *options, ours):
        environment = {**os.environ, "PATH": f"{self.root}/bin:{os.environ['PATH']}", "FAKE_OURS": json.dumps(ours), "FAKE_LOG": str(self.log)}
        command = [sys.executable, BENCHMARK / "scaling", "--program", "ours", "--output", self.root / "out", *options]
        return subprocess.run([str(word) for word in command], env=environment, capture_output=True, text=True, check=False)

    def test_scaling_divides_growth_by_what_is_expected(self):
        # The fake takes the same time for every size: twice the samples at the price of one, four times the products.
        result = self.scaling("--samples", "256,512", "--sides", "4", ours={**BENCH_OF_VMC, "flops_per_log_psi": 1e6})

        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("| 6x6, 512 samples, 155620 parameters | 0.5 (0.50) | 1 (0.50) | 2 (0.25) | 4 | 8e-07 GB |", result.stdout)
        self.assertIn("system.lattice.size=[4, 4]", self.calls()[2])
        self.assertNotIn("wavefunction.weights", self.log.read_text())

    def network(self, *options, ours, theirs):
        environment = {**os.environ, "FAKE_OURS": json.dumps(ours), "FAKE_THEIRS": json.dumps(theirs), "FAKE_LOG": str(self.log)}
        command = [sys.executable, BENCHMARK / "network", "--program", self.root / "bin/mpirun", "--venv", self.root / "venv"]
        command += ["--output", self.root / "out", *options]
        return subprocess.run([str(word) for word in command], env=environment, capture_output=True, text=True, check=False)

    def test_network_takes_their_fastest_batch(self):
        ours = {"operations": [{"name": "vjp", "psi_per_second": 1.0}, {"name": "log_psi", "psi_per_second": 9000.0}]}
        result = self.network("--repeats", "2", "--batches", "16,64", ours=ours, theirs={"psi_per_second": {"16": 3000.0, "64": 4500.0}})

        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("float32: ours 9 [9 9], NetKet 4.5 [4.5 4.5] (batch 64), 2 [2 2] times faster", result.stdout)
        self.assertEqual([call.split()[0] for call in self.calls()], ["OURS", "THEIRS"] * 4)

    def test_network_tells_that_a_program_failed(self):
        result = self.network("--repeats", "1", ours=None, theirs=None)

        self.assertEqual(result.returncode, 1)
        self.assertIn("network: error:", result.stderr)

    def test_scaling_tells_that_the_program_failed(self):
        result = self.scaling("--samples", "256", "--sides", "4", ours=None)

        self.assertEqual(result.returncode, 1)
        self.assertIn("scaling: error:", result.stderr)
        self.assertIn("out of luck", result.stderr)

    def test_help_names_the_workloads(self):
        result = self.benchmark("--help")

        self.assertEqual(result.returncode, 0)
        for name in workloads.WORKLOADS:
            self.assertIn(name, result.stdout)

    def test_wrong_options_are_refused_before_anything_runs(self):
        for options, word in (
            (["--workload", "vit9x9"], "vit9x9"),
            (["--theirs", "fastest"], "fastest"),
            (["--repeats", "0"], "positive"),
            (["--ours", "float64"], "qstage_epoch"),  # which has float32 only
        ):
            result = self.benchmark(*options)
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn(word, result.stderr)
        self.assertEqual(self.calls(), [])

    def test_programs_take_turns_and_start_from_the_same_weights(self):
        answer = self.root / "times.json"

        result = self.benchmark("--workload", "vit6x6_512", "--repeats", "2", "--ours", "float64", "--json", answer, ours=BENCH_OF_VMC, theirs=WORKER)

        self.assertEqual(result.returncode, 0, result.stderr)
        calls = self.calls()
        self.assertEqual([call.split()[0] for call in calls], ["THEIRS", "OURS", "THEIRS", "THEIRS", "OURS", "THEIRS", "THEIRS"])  # exports first
        weights = str(self.root / "out/vit6x6_512.msgpack")
        for call in calls:
            self.assertIn(weights, call)
            self.assertTrue(call.endswith("NETKET="), "the caller's settings of NetKet do not reach the programs")
        self.assertIn("precision.network=float64", calls[1])
        self.assertIn("--settings best", calls[3])
        self.assertIn("5.25 [5.25 5.25]", result.stdout)
        document = json.loads(answer.read_text())
        self.assertEqual(len(document["workloads"][0]["runs"]["ours float64"]), 2)
        self.assertEqual(document["versions"], {"qstage-vmc": "1.2.3", "instructions": "avx512", "netket": "3.23.0"})

    def test_given_weights_are_used(self):
        weights = self.root / "mine.msgpack"
        weights.write_text("")

        result = self.benchmark("--workload", "vit6x6_512", "--repeats", "1", "--weights", weights, ours=BENCH_OF_VMC, theirs=WORKER)

        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue(all(str(weights) in call for call in self.calls()))
        self.assertFalse(any("--export" in call for call in self.calls()))

    def test_a_program_that_fails_ends_it_with_its_last_words(self):
        result = self.benchmark("--workload", "vit6x6_512", ours=BENCH_OF_VMC, theirs=None)

        self.assertEqual(result.returncode, 1)
        self.assertIn("out of luck", result.stderr)


if __name__ == "__main__":
    unittest.main()
