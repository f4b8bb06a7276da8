#!/usr/bin/env python3
"""The scripts of tools/: each rule is broken on purpose in a temporary tree; foreign programs are replaced by fakes on the PATH."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools"


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)


class Tree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def put(self, path, text, mode=0o644):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(mode)
        return file


class CheckLayers(Tree):
    def verdict(self):
        result = run(TOOLS / "check_layers", self.root)
        return result.returncode, result.stdout

    def test_accepts_includes_that_point_downwards(self):
        self.put("engine/comm/session.cpp", "#include <mpi.h>\n")
        self.put("engine/stages/vmc.cpp", '#include "engine/energy/e.h"\n#include "engine/base/error.h"\n#include "engine/stages/vmc.h"\n')
        self.put("engine/main.cpp", '#include "engine/cli/cli.h"\n')
        self.assertEqual(self.verdict()[0], 0, self.verdict()[1])

    def test_names_file_and_line_of_each_violation(self):
        planted = {
            "kernels/cpu/a.cpp": ('#include "hamiltonians/lattice.h"', "layer 1"),
            "engine/files/b.cpp": ('#include "engine/plan/plan.h"', "downwards"),
            "engine/input/c.cpp": ('#include "engine/comm/communicator.h"', "downwards"),
            "engine/sampling/d.cpp": ("#include <mpi.h>", "MPI"),
            "engine/run/e.cpp": ("#include <hdf5.h>", "HDF5"),
            "engine/run/f.cpp": ("#  include <H5Fpublic.h>", "HDF5"),
            "engine/cli/g.cpp": ("#include <yaml-cpp/yaml.h>", "yaml-cpp"),
            "kernels/cpu/h.cpp": ("#include <cuda_runtime.h>", "CUDA"),
            "kernels/cuda/i.cu": ("#include <Eigen/Dense>", ".cu"),
            "engine/energy/j.cpp": ('#include "kernels/cpu/simd.h"', "kernels/api"),
            "engine/energy/k.cpp": ("#ifdef QSTAGE_CUDA", "conditional"),
        }
        for path, (line, _) in planted.items():
            self.put(path, f"// first line\n{line}\n")

        code, output = self.verdict()

        self.assertEqual(code, 1)
        rows = output.splitlines()[:-1]
        for path, (_, word) in planted.items():
            mine = [row for row in rows if row.startswith(f"{path}:2: ")]
            self.assertEqual(len(mine), 1, output)
            self.assertIn(word, mine[0])
        self.assertEqual(len(rows), len(planted), output)


class CompareTables(Tree):
    def verdict(self, table, *options):
        rows = [{"particles": n, "V": v, "energy": -n - v / 7, "overlap": 1 - v / 100} for n in (1.0, 2.0) for v in (0.0, 0.5)]
        stages = [{"kind": "ed"}, {"kind": "evaluate", "couplings": ["particles", "V"], "results": rows}]
        self.put("run/summary.json", json.dumps({"stages": stages}))
        result = run(TOOLS / "compare_tables", self.root / "run", self.put("table.csv", table), *options)
        return result.returncode, result.stdout + result.stderr

    def test_rows_match_by_their_couplings_whatever_their_order(self):
        code, output = self.verdict(f"# comment\nV,N,E_published\n0.5,2,{-2 - 0.5 / 7}\n0,1,-1\n")
        self.assertEqual(code, 0, output)
        self.assertIn("2 of 2 rows compared", output)

    def test_a_row_beyond_the_tolerance_is_marked_and_fails(self):
        table = "V,n_p,E_published\n0,1,-1\n0,2,-2.001\n"
        code, output = self.verdict(table)
        self.assertEqual(code, 1, output)
        self.assertEqual([line for line in output.splitlines() if line.endswith(" *")], [line for line in output.splitlines() if "-2.001" in line])
        self.assertIn("1.00e-03", output)
        self.assertEqual(self.verdict(table, "--tolerance", "0.002")[0], 0)
        self.assertEqual(self.verdict(table, "--tolerance", "0.0006", "--relative")[0], 0)

    def test_columns_can_be_chosen_and_rows_may_be_missing(self):
        code, output = self.verdict("particles,V,mine\n1,0.5,0.995\n5,0.5,0.1\n", "--published", "mine", "--computed", "overlap")
        self.assertEqual(code, 0, output)
        self.assertIn("not in the run", output)
        self.assertIn("1 of 2 rows compared", output)

    def test_reads_the_headers_of_the_published_tables(self):
        for header, values in (("N,V/t,E_gs", (-1 - 0.5 / 7, -2)), ("N,V/t,GS Energy", (-1 - 0.5 / 7, -2)), ("N,V/t,Overlap", (0.995, 1))):
            code, output = self.verdict(f"{header}\n1,0.5,{values[0]}\n2,0.0,{values[1]}\n")
            self.assertEqual(code, 0, output)
            self.assertIn("2 of 2 rows compared", output)
        code, output = self.verdict("N,V/t,m2\n1,0.5,0.1\n")
        self.assertEqual(code, 2, output)
        self.assertIn("--computed", output)

    def test_what_cannot_be_compared_is_said(self):
        for table, word in (("V,E_published\n0,1\n", "particles"), ("V,N,E,F\n0,1,-1,1\n", "--published"), ("V,N,E_published\n9,9,1\n", "no row")):
            code, output = self.verdict(table)
            self.assertEqual(code, 2, output)
            self.assertIn(word, output)


class CheckSizes(Tree):
    def verdict(self):
        result = run(TOOLS / "check_sizes", self.root)
        return result.returncode, result.stdout

    def test_finds_a_long_function_whatever_braces_its_text_contains(self):
        body = '  text = "}"; // }\n' * 90
        self.put("engine/long.cpp", f"namespace a {{\nstruct S {{\n  int x{{1}};\n}};\nvoid S::walk(int n) const {{\n{body}}}\nint short_one() {{ return 1; }}\n}}\n")
        code, output = self.verdict()
        self.assertEqual(code, 1)
        self.assertIn("engine/long.cpp:5: S::walk has 92 lines", output)
        self.assertNotIn("short_one", output)

    def test_finds_a_long_file_and_respects_an_excuse(self):
        self.put("engine/long.cpp", "int x;\n" * 501)
        code, output = self.verdict()
        self.assertEqual(code, 1)
        self.assertIn("engine/long.cpp: 501 lines", output)
        for number in range(20):
            self.put(f"engine/small{number}.cpp", "int x;\n")
        self.put("engine/long.cpp", "// size budget: one table\n" + "int x;\n" * 501)
        self.assertEqual(self.verdict()[0], 0, self.verdict()[1])


class CountTests(Tree):
    def count(self, text):
        result = run("python3", TOOLS / "lib" / "count_tests.py", self.put("tests.xml", text))
        return result.returncode, result.stdout.splitlines()[-1]

    def test_counts_every_outcome(self):
        cases = ('<testcase name="a" status="run"/><testcase name="b" status="fail"><failure message=""/></testcase>'
                 '<testcase name="c" status="notrun"><skipped message=""/></testcase>')
        self.assertEqual(self.count(f"<testsuite>{cases}</testsuite>"), (1, "1 passed, 1 failed, 1 skipped"))
        self.assertEqual(self.count('<testsuite><testcase name="a" status="run"/></testsuite>'), (0, "1 passed, 0 failed"))

    def test_an_empty_or_broken_report_is_a_failure(self):
        self.assertEqual(self.count("<testsuite/>"), (1, "0 passed, 0 failed"))
        self.assertEqual(self.count("<testsui"), (1, "0 passed, 1 failed"))


class Scripts(Tree):
    """A copy of tools/, with fakes for apt, dpkg, cmake, ninja, mpirun."""

    def setUp(self):
        super().setUp()
        (self.root / "tools").mkdir()
        for name in ("run", "test", "packages.txt"):
            shutil.copy2(TOOLS / name, self.root / "tools" / name)
        shutil.copytree(TOOLS / "lib", self.root / "tools" / "lib", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("apt-get", "cmake", "ninja"):
            self.fake(name, f'echo "{name} $*" >>"{self.root}/calls"')
        self.fake("dpkg-query", 'echo -n installed')
        self.fake("mpirun", 'echo "mpirun $*"; echo "root=${OMPI_ALLOW_RUN_AS_ROOT:-no} blas=$OPENBLAS_NUM_THREADS"; exit 75')
        self.user(1000)

    def fake(self, name, body):
        self.put(f"fakes/{name}", f"#!/bin/sh\n{body}\n", 0o755)

    def user(self, number):
        self.fake("id", f"echo {number}")

    def script(self, name, *arguments, ranks="3"):
        path = f"{self.root}/fakes:{os.environ['PATH']}"
        return run("sh", self.root / "tools" / name, *arguments, cwd=self.root, env={"PATH": path, "QSTAGE_RANKS": ranks})

    def calls(self):
        file = self.root / "calls"
        return file.read_text(encoding="utf-8") if file.exists() else ""


class Run(Scripts):
    def start(self, *arguments):
        return self.script("run", *arguments)

    def test_passes_arguments_and_the_exit_code_through(self):
        result = self.start("inputs/a b.yaml", "--set", "seed=1")
        self.assertEqual(result.returncode, 75, result.stderr)
        self.assertIn("mpirun -n 3", result.stdout)
        self.assertIn("qstage-vmc run inputs/a b.yaml --set seed=1", result.stdout)
        self.assertIn("root=no blas=1", result.stdout)
        self.assertIn("cmake --preset release", self.calls())
        self.assertNotIn("apt-get", self.calls())

    def test_starts_one_rank_per_core_whatever_a_rank_may_use(self):
        self.fake("lscpu", "printf '0,0\\n1,0\\n2,0\\n3,0\\n4,0\\n'")
        self.fake("nproc", 'echo "${OMP_NUM_THREADS:-5}"')  # as the real one does
        self.assertIn("mpirun -n 5 ", self.script("run", "a.yaml", ranks="").stdout)

    def test_allows_root_only_to_root(self):
        self.user(0)
        self.assertIn("root=1", self.start("a.yaml").stdout)

    def test_tells_users_the_apt_line_and_leaves_with_two(self):
        self.fake("dpkg-query", 'case "$*" in *libfmt-dev*) exit 1 ;; esac; echo -n installed')
        result = self.start("a.yaml")
        self.assertEqual(result.returncode, 2)
        self.assertRegex(result.stderr, r"sudo apt-get update && sudo apt-get install -y .*libfmt-dev$")
        self.assertEqual(self.calls(), "")

    def test_installs_only_what_is_missing_as_root(self):
        self.user(0)
        self.fake("dpkg-query", 'case "$*" in *libfmt-dev*|*libssl-dev*) exit 1 ;; esac; echo -n installed')
        self.assertEqual(self.start("a.yaml").returncode, 75)
        installs = [line for line in self.calls().splitlines() if " install " in line]
        self.assertEqual(len(installs), 1)
        self.assertTrue(installs[0].endswith(" libfmt-dev libssl-dev"), installs[0])

    def test_shows_the_compiler_message_of_a_failed_build(self):
        self.fake("cmake", 'case "$*" in *--build*) echo "a.cpp:1: error: sorry"; exit 1 ;; esac')
        result = self.start("a.yaml")
        self.assertEqual(result.returncode, 1)
        self.assertIn("a.cpp:1: error: sorry", result.stderr)

    def test_explains_itself(self):
        self.assertEqual(self.start("--help").returncode, 0)
        self.assertEqual(self.start().returncode, 2)
        self.assertIn("INPUT.yaml", self.start().stdout)


class Test(Scripts):
    """tools/test around a fake ctest with one passing test and a fake check_cuda with another."""

    REPORT = '<testsuite><testcase name="a" status="run"/></testsuite>'

    def setUp(self):
        super().setUp()
        self.put("tools/check_layers", "#!/bin/sh\n", 0o755)
        self.put("tools/check_sizes", "#!/bin/sh\n", 0o755)
        self.fake("ctest", f"mkdir -p build/ci; echo '{self.REPORT}' >build/ci/tests.xml")

    def verdict(self, check_cuda, *arguments):
        self.put("tools/check_cuda", f"#!/bin/sh\nmkdir -p build/cuda; echo '{self.REPORT}' >build/cuda/tests.xml\n{check_cuda}\n", 0o755)
        result = self.script("test", *arguments)
        return result.returncode, result.stdout.splitlines()[-1], result.stderr

    def test_counts_the_tests_of_the_cuda_build(self):
        self.assertEqual(self.verdict("exit 0")[:2], (0, "2 passed, 0 failed"))

    def test_names_the_cuda_check_where_no_toolkit_can_be_had(self):
        code, last_line, messages = self.verdict("exit 77")
        self.assertEqual((code, last_line), (0, "1 passed, 0 failed"))
        self.assertIn("check_cuda skipped", messages)

    def test_fails_with_the_cuda_build(self):
        code, _, messages = self.verdict("exit 1")
        self.assertEqual(code, 1)
        self.assertIn("check_cuda failed", messages)

    def test_leaves_the_cuda_build_out_of_a_choice_of_tests(self):
        self.assertEqual(self.verdict("exit 1", "-L", "unit")[:2], (0, "1 passed, 0 failed"))


class Cuda(Tree):
    """tools/cuda_toolkit and tools/gpu_check in a copy of their folder, with fakes for nvcc, pip and nvidia-smi."""

    def setUp(self):
        super().setUp()
        (self.root / "tools").mkdir()
        for name in ("cuda_toolkit", "gpu_check", "cuda_packages.txt", "packages.txt"):
            shutil.copy2(TOOLS / name, self.root / "tools" / name)
        shutil.copytree(TOOLS / "lib", self.root / "tools" / "lib", ignore=shutil.ignore_patterns("__pycache__"))
        # pip "installs" a toolkit of version 13 into its --target.
        self.put("fakes/python3", f"""#!/bin/sh
echo "$*" >>"{self.root}/calls"
while [ $# -gt 0 ]; do
  if [ "$1" = --target ]; then
    toolkit=$2/nvidia/cu13
    mkdir -p "$toolkit/bin" "$toolkit/include" "$toolkit/lib"
    touch "$toolkit/include/cusolverDn.h" "$toolkit/lib/libcublas.so.13"
    printf '#!/bin/sh\\necho release 13.5\\n' >"$toolkit/bin/nvcc"
    chmod +x "$toolkit/bin/nvcc"
  fi
  shift
done
""", 0o755)
        self.put("fakes/nvidia-smi", "#!/bin/sh\necho No devices were found\n", 0o755)

    def toolkit(self, version):
        """The root of a fake toolkit."""
        self.put(f"cuda{version}/include/cusolverDn.h", "")
        self.put(f"cuda{version}/bin/nvcc", f"#!/bin/sh\necho Cuda compilation tools, release {version}\n", 0o755)
        return self.root / f"cuda{version}"

    def find(self, first_on_path=None, **environment):
        folders = [f"{first_on_path}/bin"] if first_on_path else []
        path = ":".join([*folders, f"{self.root}/fakes", "/usr/bin", "/bin"])
        return run("sh", self.root / "tools" / "cuda_toolkit", self.root / "prefix", env={"PATH": path, **environment})

    def test_takes_a_toolkit_of_version_13(self):
        root = self.toolkit("13.0")
        self.assertEqual(self.find(root).stdout.strip(), str(root))
        self.assertEqual(self.find(CUDAToolkit_ROOT=str(root)).stdout.strip(), str(root))
        self.assertFalse((self.root / "calls").exists())

    def test_refuses_a_named_toolkit_of_another_version(self):
        result = self.find(CUDAToolkit_ROOT=str(self.toolkit("12.4")))
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("CUDA 13", result.stderr)

    def test_installs_pinned_wheels_once_and_makes_links(self):
        for _ in range(2):
            result = self.find(self.toolkit("12.4"))
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(result.stdout.strip(), str(self.root / "prefix/nvidia/cu13"))
        self.assertTrue((self.root / "prefix/nvidia/cu13/lib64/libcublas.so").is_file())
        installs = [line for line in (self.root / "calls").read_text().splitlines() if " install " in line]
        self.assertEqual(len(installs), 1)
        self.assertIn("--no-deps", installs[0])
        for line in (TOOLS / "cuda_packages.txt").read_text().splitlines():
            self.assertRegex(line, r"^#|^[a-z0-9-]+==[0-9.]+ +# \S")

    def test_where_no_toolkit_can_be_had_it_says_why_and_leaves_with_77(self):
        self.put("fakes/python3", '#!/bin/sh\ncase "$*" in *install*) echo no network >&2; exit 1 ;; esac\n', 0o755)
        result = self.find()
        self.assertEqual((result.returncode, result.stdout), (77, ""))
        self.assertIn("no network", result.stderr)
        self.assertIn("CUDAToolkit_ROOT", result.stderr)
        self.put("fakes/python3", "#!/bin/sh\nexit 1\n", 0o755)  # no pip, and the rights to install nothing
        self.put("fakes/dpkg-query", "#!/bin/sh\nexit 1\n", 0o755)
        self.put("fakes/id", "#!/bin/sh\necho 1000\n", 0o755)
        result = self.find()
        self.assertEqual((result.returncode, result.stdout), (77, ""))
        self.assertRegex(result.stderr, "apt-get install .*python3-pip")

    def test_a_check_without_a_gpu_says_so_and_does_nothing(self):
        result = run("sh", self.root / "tools" / "gpu_check", env={"PATH": f"{self.root}/fakes:/usr/bin:/bin"})
        self.assertEqual(result.returncode, 100)
        self.assertIn("tools/check_cuda", result.stderr)
        self.assertFalse((self.root / "build").exists())


class Convergence(Tree):
    """tools/convergence in a copy of its folder, around a program whose errors depend on the seed: 1e-5 times the seed, which it admits from seed 9 on."""

    PROGRAM = """#!/usr/bin/env python3
import json, os, pathlib, sys
words = sys.argv[1:]
with open(os.environ["CALLS"], "a") as calls:
    calls.write(" ".join(words) + " " + os.environ.get("QSTAGE_ISA", "") + "\\n")
if words[:2] == ["info", "build"]:
    sets = ["baseline", "avx2"]  # of this processor; a higher one becomes the highest
    wanted = os.environ.get("QSTAGE_ISA", "avx2")
    print("instruction set", wanted if wanted in sets else "avx2")
elif words[0] == "new":
    print("# a template of", words[1])
else:
    settings = dict(word.split("=", 1) for word in words if "=" in word)
    seed = int(settings.get("seed", 4))
    folder = pathlib.Path(settings["output.directory"])
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"V": v, "energy": -1 - v, "exact": -1.0 - v, "relative_error": seed * 1e-5 * (1 + v), "overlap": 0.5} for v in (0.0, 1.0)]
    evaluate = {"kind": "evaluate", "group": "00_evaluate", "couplings": ["V"], "results": rows}
    stages = [{"kind": "vmc", "converged": seed < 9}, evaluate]
    (folder / "summary.json").write_text(json.dumps({"stages": stages}))
    sys.exit(4 if seed == 20 else 0)
"""

    def setUp(self):
        super().setUp()
        (self.root / "tools").mkdir()
        shutil.copy2(TOOLS / "convergence", self.root / "tools" / "convergence")
        self.put("program", self.PROGRAM, 0o755)
        self.put("fakes/mpirun", '#!/bin/sh\nshift 2\nexec "$@"\n', 0o755)
        self.put("inputs/quickstart.yaml", "format: 1\n")

    def measure(self, *arguments):
        environment = {**os.environ, "PATH": f"{self.root}/fakes:{os.environ['PATH']}", "CALLS": str(self.root / "calls")}
        result = run(self.root / "tools/convergence", *arguments, "--program", self.root / "program", "--folder", self.root / "runs", env=environment)
        return result.returncode, result.stdout + result.stderr

    def runs_made(self):
        return sum(line.startswith("run ") for line in (self.root / "calls").read_text().splitlines())

    def test_judges_the_worst_member_of_the_family_of_every_seed(self):
        code, output = self.measure("quickstart", "--seeds", "5", "--bound", "1e-4")
        self.assertEqual(code, 0, output)
        self.assertIn("| quickstart | 1e-04 | 5 of 5 | 0 | 6.0e-05 | 1.0e-04 |", output)
        code, output = self.measure("quickstart", "--seeds", "6", "--bound", "1e-4")
        self.assertEqual(code, 1, output)
        self.assertIn("5 of 6 runs good, 1 silent", output)

    def test_a_run_that_admits_its_failure_is_not_silent(self):
        code, output = self.measure("quickstart", "--seeds", "20", "--bound", "1.7e-4", "--share", "0.4")
        self.assertEqual(code, 0, output)
        self.assertIn("8 of 20 runs good, 0 silent", output)
        self.assertEqual(self.measure("quickstart", "--seeds", "20", "--bound", "1.7e-4", "--share", "0.5")[0], 1)

    def test_runs_every_instruction_set_that_is_there_and_no_run_twice(self):
        for _ in range(2):
            code, output = self.measure("quickstart", "--seeds", "3", "--isa", "avx512,avx2,baseline")
            self.assertEqual(code, 0, output)
            self.assertIn("no avx512", output)
            self.assertEqual(self.runs_made(), 6)
        self.put("inputs/quickstart.yaml", "format: 1  # changed\n")
        self.measure("quickstart", "--seeds", "1", "--isa", "avx2")
        self.assertEqual(self.runs_made(), 7)

    def test_writes_one_table_into_the_readmes_that_have_its_place(self):
        marked = "before\n<!-- tools/convergence quickstart -->\nold\n<!-- end -->\nafter\n"
        for name in ("README.md", "inputs/README.md"):
            self.put(name, marked)
        self.put("inputs/foundation/README.md", "of others\n")
        code, output = self.measure("quickstart", "--write")
        self.assertEqual(code, 0, output)
        texts = {(self.root / name).read_text() for name in ("README.md", "inputs/README.md")}
        self.assertEqual(len(texts), 1)
        text = texts.pop()
        self.assertIn("| V | energy | exact | relative error | overlap |", text)
        self.assertIn("| 1 | -2.00000 | -2.00000 | 8.0e-05 | 0.50000 |", text)
        self.assertTrue(text.startswith("before\n<!-- tools/convergence quickstart -->\n") and text.endswith("<!-- end -->\nafter\n"))
        self.assertNotIn("old", text)
        self.assertEqual((self.root / "inputs/foundation/README.md").read_text(), "of others\n")

    def test_the_templates_are_those_of_the_program(self):
        code, output = self.measure("templates", "--only", "xxz,tv", "--seeds", "2")
        self.assertEqual(code, 0, output)
        self.assertIn("| xxz 16 | 1e-04 | 2 of 2 |", output)
        self.assertIn("| tv 4x4 | 1e-03 | 2 of 2 |", output)
        self.assertEqual((self.root / "runs/tv_4x4.yaml").read_text(), "# a template of tv\n")

    def test_the_markers_stand_in_the_readmes(self):
        for name in ("README.md", "inputs/README.md"):
            self.assertIn("<!-- tools/convergence quickstart -->\n", (TOOLS.parent / name).read_text())
        self.assertIn("<!-- tools/convergence templates -->\n", (TOOLS.parent / "inputs/README.md").read_text())


class PackageList(unittest.TestCase):
    def test_gives_a_reason_for_every_package(self):
        lines = (TOOLS / "packages.txt").read_text(encoding="utf-8").splitlines()
        entries = [line for line in lines if line and not line.startswith("#")]
        self.assertGreater(len(entries), 20)
        for line in entries:
            self.assertRegex(line, r"^(run|test|plot|cuda|benchmark) +[a-z0-9.+-]+ *# \S")


if __name__ == "__main__":
    unittest.main()
