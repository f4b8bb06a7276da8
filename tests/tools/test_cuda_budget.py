#!/usr/bin/env python3
"""tools/cuda_budget: each budget is broken on purpose."""
import os
import shutil
import unittest

from test_tools import TOOLS, Tree, run


class CudaBudget(Tree):
    """tools/cuda_budget in a copy of its folder, around a fake disassembler that knows one kernel."""

    CODE = """\tcode for sm_90
\t\tFunction : _ZN2qs7kernels4cuda6launch5teamsINS1_11MlpResidualIfEEEEvT_
        /*0000*/                   LDC R1, c[0x0][0x28] ;    /* 0x00000a00ff017b82 */
        /*0010*/                   LDS R8, [R2+0x10] ;       /* 0x0000000000027984 */
        /*0020*/                   HMMA.1688.F32.TF32 R4, R8, R10, R4 ;
        /*0030*/              @!P0 BRA 0x10 ;
        /*0040*/                   EXIT ;
        /*0050*/                   NOP ;
"""
    USAGE = " Function _ZN2qs7kernels4cuda6launch5teamsINS1_11MlpResidualIfEEEEvT_:\n  REG:80 STACK:0 SHARED:1024 LOCAL:0 CONSTANT[0]:616\n"

    def setUp(self):
        super().setUp()
        (self.root / "tools").mkdir()
        for name in ("cuda_budget", "cuda_disassembler"):
            shutil.copy2(TOOLS / name, self.root / "tools" / name)
        shutil.copytree(TOOLS / "lib", self.root / "tools" / "lib", ignore=shutil.ignore_patterns("__pycache__"))
        self.put("kernels.o", "")
        self.put("cuda/bin/nvdisasm", "", 0o755)
        self.compile()
        self.assertEqual(self.verdict("--record")[0], 0)

    def compile(self, code=CODE, usage=USAGE):
        self.put("sass", code)
        self.put("usage", usage)
        self.put("cuda/bin/cuobjdump", f'#!/bin/sh\nif [ "$1" = -sass ]; then cat "{self.root}/sass"; else cat "{self.root}/usage"; fi\n', 0o755)

    def verdict(self, *options):
        result = run(self.root / "tools" / "cuda_budget", self.root / "kernels.o", *options, env={**os.environ, "CUDAToolkit_ROOT": f"{self.root}/cuda"})
        return result.returncode, result.stdout + result.stderr

    def budgets(self):
        return (self.root / "tools/cuda_budgets.txt").read_text(encoding="utf-8")

    def test_records_what_a_kernel_costs_and_accepts_it(self):
        # three instructions for 2048 operations in TF32, three of which make one in float32
        self.assertRegex(self.budgets(), r"\nsm_90 +80 +0 +5 +18 teams<MlpResidual<float>>\n")
        self.assertEqual(self.verdict(), (0, "cuda_budget: 1 kernels, 0 beyond the budget\n"))

    def test_a_budget_that_is_exceeded_fails_by_name(self):
        self.put("tools/cuda_budgets.txt", self.budgets().replace("   80 ", "   72 "))
        code, output = self.verdict()
        self.assertEqual(code, 1)
        self.assertIn("sm_90 teams<MlpResidual<float>> takes 80 registers, 72 are recorded", output)
        self.put("tools/cuda_budgets.txt", self.budgets().replace("   72 ", "   73 "))
        self.assertEqual(self.verdict()[0], 0, "within 10 %")

    def test_registers_that_spill_fail(self):
        self.compile(self.CODE.replace("LDC R1, c[0x0][0x28]", "STL.64 [R1], R8"))
        code, output = self.verdict()
        self.assertEqual(code, 1)
        self.assertIn("spills: its instructions move 8 bytes of local memory, 0 are recorded", output)

    def test_slower_loops_on_tensor_cores_fail(self):
        self.compile(self.CODE.replace("HMMA.1688", "HMMA.1684"))
        code, output = self.verdict()
        self.assertEqual(code, 1)
        self.assertIn("takes 36 instructions per 4096 operations on tensor cores, 18 are recorded", output)

    def test_kernels_without_a_budget_and_budgets_without_a_kernel_fail(self):
        self.compile(self.CODE.replace("MlpResidualIf", "MlpResidualId"), self.USAGE.replace("MlpResidualIf", "MlpResidualId"))
        code, output = self.verdict()
        self.assertEqual(code, 1)
        self.assertIn("teams<MlpResidual<double>> has no budget", output)
        self.assertIn("teams<MlpResidual<float>> is recorded and not there", output)
        self.compile("", "")
        self.assertEqual(self.verdict()[0], 1)

    def test_without_a_disassembler_it_is_skipped_by_name(self):
        (self.root / "cuda/bin/cuobjdump").unlink()
        self.put("tools/cuda_disassembler", "#!/bin/sh\nexit 77\n", 0o755)
        self.assertEqual(self.verdict(), (77, "SKIPPED cuda_budget: no cuobjdump and nvdisasm can be had here\n"))


if __name__ == "__main__":
    unittest.main()
