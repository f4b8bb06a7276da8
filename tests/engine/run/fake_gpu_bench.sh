#!/bin/sh
# fake_gpu_bench.sh QSTAGE_VMC_ON_A_FAKE_GPU INPUT JSON: 'bench' with 'device: cuda' measures operations and a step in memory that the host cannot touch.
set -eu
text=$("$1" bench "$2" --set device=cuda --set sampler.sweep_size=2 --set sampler.thermalise=2 --steps 1 --json "$3")
echo "$text"
case $text in *"fake GPU 0"*"operations on one GPU"*"a large matrix product"*) ;; *) exit 1 ;; esac
python3 - "$3" <<'PYTHON'
import json, sys

report = json.load(open(sys.argv[1]))
assert report["gpu"] == "fake GPU 0", report["gpu"]
assert [o["name"] for o in report["operations"]] == ["log_psi", "vjp", "jacobian", "gram", "gemm", "cholesky"]
assert all(o["gflops"] > 0 and o["peak_gflops"] > 0 for o in report["operations"])
assert report["step"]["seconds_per_step"] > 0
PYTHON
