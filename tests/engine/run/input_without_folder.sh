#!/bin/sh
# input_without_folder.sh QSTAGE_VMC: an input of the working directory, named without a folder, runs, leaves checkpoints and goes on.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > input.yaml << 'YAML'
format: 1
output: {directory: out}
system:
  lattice: {kind: chain, size: [6]}
  sector: {kind: spinless_fermions, particles: 3}
  hamiltonian: {kind: tv}
stages:
  - {kind: ed}
YAML
"$1" input.yaml
test -f out/checkpoint.h5
"$1" check out/checkpoint.h5
"$1" run input.yaml --continue | grep 'already complete'
