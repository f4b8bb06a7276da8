// A valid input that uses most of the language; tests change it by one edit.
#pragma once

#include <string>

namespace example {

inline const char* const quick_start = R"(format: 1
title: Q-stage quick start, t-V ring of 12 sites
seed: 20251211
device: auto                        # auto | cuda | cpu | reference
output: {directory: runs/qstage_ring12}
system:
  lattice: {kind: chain, size: [12], periodic: true}
  sector: {kind: spinless_fermions, particles: 6}
  hamiltonian: {kind: tv, t: 1.0, delta: 0.1}
  family: {V: [0.0, 1.0, 2.0, 4.0]} # trained together
wavefunction:
  kind: qstage
  depth: 2
  d_model: 60
  heads: 10
  mlp: 60
  tail: [t, V, N]                   # 111122 parameters
sampler: {kind: metropolis, move: {kind: hop}, chains: 256, samples: 1024}
stages:
  - kind: ed                        # exact ground states of the family
  - kind: pretrain
    targets: ed                     # or {files: [../ED_data/a.csv, ../ED_data/b.csv]}
    steps: 300
    optimizer: {kind: minsr, lr: 0.05}   # natural gradient; the published recipe is
    stop: {overlap: 0.9999}              # {kind: adamw, lr: 1.0e-3, betas: [0.9, 0.95], weight_decay: 3.0e-4}
  - kind: vmc
    family: {V: [0.0, 1.0, 2.0, 3.0, 4.0]}
    steps: 300
    optimizer: {kind: minsr, lr: 0.02, diag_shift: {from: 1.0e-2, to: 1.0e-4, steps: 100}}
  - kind: evaluate
    family: {V: [0.0, 1.0, 2.0, 3.0, 4.0]}   # V = 3 was not in the pretraining
    sampler: {samples: 65536}
    observables: [energy, density, density_density, overlap]
    compare: ed                     # exact values for every family member
)";

inline const char* const square = R"(format: 1
title: J1-J2 square lattice 10x10, factored ViT
seed: 7
precision: {network: float64}       # energies, statistics, solver: always float64
output: {directory: runs/j1j2_10x10}
limits: {walltime: 11h30min}
checkpoint: {interval: 10min, keep_every: 100}
system:
  lattice: {kind: square, size: [10, 10], periodic: true}
  sector: {kind: spin_half, total_sz: 0}
  hamiltonian: {kind: heisenberg, J1: 1.0, J2: 0.5, marshall_sign: false}
wavefunction: {kind: vit, patch: [2, 2], layers: 4, d_model: 60, heads: 10, attention: factored}
sampler:
  kind: metropolis
  move: {kind: exchange, shells: [1, 2], d_max: 2}   # 1200 pairs, unequal spins only
  chains: 4096
  samples: 4096
  sweep_size: 100                   # proposals per chain and sample
stages:
  - kind: vmc
    steps: 800
    optimizer: {kind: minsr, lr: 0.0075, diag_shift: 1.0e-4}
  - kind: evaluate
    sampler: {samples: 65536, discard: 20}
    observables: [energy, structure_factor]
)";

}  // namespace example
