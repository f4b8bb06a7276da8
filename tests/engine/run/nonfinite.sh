#!/bin/sh
# nonfinite.sh QSTAGE_VMC DIRECTORY: a run whose energies stop being finite ends with exit code 4 and leaves the parameters and configurations of that
# step in a file, which `evaluate` takes for both and where it meets the same trouble.
set -eu
program=$1 directory=$2
rm -rf "$directory"
mkdir -p "$directory"
cd "$directory"
cat >input.yaml <<'YAML'
format: 1
seed: 3
on_nonfinite: stop
output: {directory: run}
system:
  lattice: {kind: chain, size: [8]}
  sector: {kind: spin_half, total_sz: 0}
  hamiltonian: {kind: heisenberg, J1: 1.0}
wavefunction: {kind: rbm, alpha: 1}
sampler: {kind: metropolis, move: {kind: exchange}, chains: 16, samples: 32}
stages:
  - {kind: vmc, steps: 50, optimizer: {kind: adamw, lr: 1.0e+307, control: fixed}}
YAML
code=0
"$program" run input.yaml >output.txt 2>&1 || code=$?
cat output.txt
[ "$code" -eq 4 ]
set -- run/nonfinite.00_vmc_*.h5
[ -e "$1" ]
grep -q "$1" output.txt
"$program" info "$1" | grep -q "layout: qstage-nonfinite"

code=0
"$program" evaluate input.yaml --weights "$1" --configurations "$1" --output evaluation.h5 >evaluate.txt 2>&1 || code=$?
cat evaluate.txt
[ "$code" -eq 4 ]
grep -q "log psi of row [0-9]* is" evaluate.txt
