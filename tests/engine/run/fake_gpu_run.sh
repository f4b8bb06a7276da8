#!/bin/sh
# fake_gpu_run.sh QSTAGE_VMC_ON_A_FAKE_GPU INPUT DIRECTORY [--set KEY=VALUE ...]: the whole program with 'device: cuda' ends with the energies of
# 'device: cpu', and more ranks than GPUs are refused.
set -eu
program=$1 input=$2 directory=$3
shift 3
rm -rf "$directory"
mkdir -p "$directory"
for device in cpu cuda; do
  "$program" run "$input" "$@" --set device="$device" --set precision.network=float64 --set output.directory="$directory/$device" \
    >"$directory/$device.txt" 2>&1 || {
    cat "$directory/$device.txt"
    exit 1
  }
done
grep -q 'fake GPU 0' "$directory/cuda/run.log"
python3 - "$directory/cpu/trace" "$directory/cuda/trace" <<'PYTHON'
import csv, pathlib, sys

def energies(folder):
    """(stage, step, column) -> energy, from the table of every stage."""
    return {(table.name, row["step"], key): float(x) for table in pathlib.Path(folder).glob("*.csv") for row in csv.DictReader(table.open())
            for key, x in row.items() if key.startswith("energy")}

cpu, cuda = (energies(name) for name in sys.argv[1:])
assert len(cpu) > 10 and cpu.keys() == cuda.keys(), (len(cpu), len(cuda))
worst = max(abs(cpu[at] - cuda[at]) for at in cpu)
print("largest difference of an energy:", worst)
sys.exit(worst > 1e-6)  # float64: training amplifies differences of rounding a millionfold, so float32 runs part within 25 steps
PYTHON

# Two ranks, two GPUs: rows and tiles travel, the bits do not depend on it.
mpirun -n 2 "$program" run "$input" "$@" --set device=cuda --set precision.network=float64 --set output.directory="$directory/two" \
  >"$directory/two.txt" 2>&1 || {
  cat "$directory/two.txt"
  exit 1
}
grep -q 'MPI is not CUDA-aware' "$directory/two/run.log"
diff -r "$directory/cuda/trace" "$directory/two/trace"

code=0
text=$(mpirun -n 3 "$program" run "$input" "$@" --set device=cuda --set output.directory="$directory/many" 2>&1) || code=$?
echo "$text"
[ "$code" -eq 7 ]
case $text in *"start 2 ranks per machine"*) ;; *) exit 1 ;; esac
