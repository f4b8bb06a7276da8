#!/bin/sh
# mismatches.sh QSTAGE_VMC WORK: the whole program on a degenerate ground level, and with weights of another system. Two free fermions on six sites
# have two ground states, of energy -3; an RBM of six sites fits any lattice of six.
set -eu
program=$1 work=$2
rm -rf "$work" && mkdir -p "$work" && cd "$work"

fail() { echo "$1"; cat output.txt; exit 1; }
said() { grep -q -e "$1" output.txt || fail "not said: $1"; }

cat > ring.yaml << 'EOF'
format: 1
output: {directory: ring}
system:
  lattice: {kind: chain, size: [6]}
  sector: {kind: spinless_fermions, particles: 2}
  hamiltonian: {kind: tv}
wavefunction: {kind: rbm, alpha: 1}
sampler: {kind: exact_sum}
stages:
  - {kind: ed}
  - {kind: pretrain, steps: 2, optimizer: {kind: minsr}}
  - {kind: evaluate, observables: [energy, overlap, density], compare: ed}
EOF
"$program" run ring.yaml > output.txt 2>&1 || fail "the run ended with $?"
said 'degeneracy 2, gap 1,'
said 'the exact ground level has 2 states, and the network learns an arbitrary one'
said 'the exact ground level has 2 states; overlaps are with the level'
grep -q '"degeneracy": 2' ring/summary.json || fail "no degeneracy in the summary"
grep -q '"gap": \(1\.0\|0\.9999999999\)' ring/summary.json || fail "no gap in the summary"
grep -q 'learns an arbitrary one' ring/summary.json || fail "no warning in the summary"

# results.h5 and checkpoint.h5 know their lattice, and so does what they are converted to.
"$program" convert ring/results.h5 kept.safetensors > output.txt 2>&1 || fail "not converted"
"$program" convert ring/results.h5 bare.msgpack > output.txt 2>&1 || fail "not converted"
said 'no place for the description'
for weights in ring/results.h5 ring/checkpoint.h5 kept.safetensors; do
  code=0
  "$program" run ring.yaml --set output.directory=other --set system.lattice.kind=square --set 'system.lattice.size=[2, 3]' \
    --set "wavefunction.weights=$weights" > output.txt 2>&1 || code=$?
  [ "$code" = 5 ] || fail "exit code $code of weights $weights on another lattice"
  said "lattice 'chain 6' there, 'square 2x3' here"
  [ ! -e other ] || fail "a refused run has left something"
done
"$program" validate ring.yaml --set wavefunction.weights=bare.msgpack > output.txt 2>&1 || fail "bare weights are refused"

# Another sector may be meant: it is said, and goes on.
"$program" validate ring.yaml --set system.sector.particles=3 --set wavefunction.weights=ring/results.h5 > output.txt 2>&1 || fail "ended with $?"
said "warning: weights 'ring/results.h5' were made for the sector '2 spinless fermions on 6 sites', not '3 spinless fermions on 6 sites'"
said 'ring.yaml: valid'
