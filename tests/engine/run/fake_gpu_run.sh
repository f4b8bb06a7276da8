#!/bin/sh
# fake_gpu_run.sh QSTAGE_VMC_ON_A_FAKE_GPU INPUT DIRECTORY: the whole program with 'device: cuda' ends with the energies of 'device: cpu', and more
# ranks than GPUs are refused.
set -eu
rm -rf "$3"
mkdir -p "$3"
for device in cpu cuda; do
  "$1" run "$2" --set device="$device" --set precision.network=float64 --set output.directory="$3/$device" >"$3/$device.txt" 2>&1 || {
    cat "$3/$device.txt"
    exit 1
  }
done
grep -q 'fake GPU 0' "$3/cuda/run.log"
python3 - "$3/cpu/trace.csv" "$3/cuda/trace.csv" <<'PYTHON'
import csv, sys

def energies(name):
    """(stage, step, column) -> energy; every stage brings its own header."""
    values, header = {}, []
    for row in csv.reader(line for line in open(name) if not line.startswith("#")):
        if row[0] == "stage":
            header = row
        else:
            values.update({(row[0], row[1], key): float(x) for key, x in zip(header, row) if key.startswith("energy")})
    return values

cpu, cuda = (energies(name) for name in sys.argv[1:])
assert len(cpu) > 10 and cpu.keys() == cuda.keys(), (len(cpu), len(cuda))
worst = max(abs(cpu[at] - cuda[at]) for at in cpu)
print("largest difference of an energy:", worst)
sys.exit(worst > 1e-6)  # float64: training amplifies differences of rounding a millionfold, so float32 runs part within 25 steps
PYTHON

code=0
text=$(mpirun -n 3 "$1" run "$2" --set device=cuda --set output.directory="$3/many" 2>&1) || code=$?
echo "$text"
[ "$code" -eq 7 ]
case $text in *"start 2 ranks per machine"*) ;; *) exit 1 ;; esac
