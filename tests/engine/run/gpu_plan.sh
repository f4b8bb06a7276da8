#!/bin/sh
# gpu_plan.sh QSTAGE_VMC INPUT: the memory plan that --dry-run prints for a GPU is that of the samples it says to fit, and one sample per chain more
# does not fit. INPUT: a sampled stage 0.
set -eu
plan() { "$1" run "$2" --set device=cuda --dry-run --set stages.0.sampler.samples="$3"; }
together() { plan "$@" | sed -n 's/^ *at most together.* \([0-9.]*\) MiB$/\1/p'; }

plan "$1" "$2" 4096 | sed -n '/memory of the GPU/,/samples that fit/p'
chains=$(plan "$1" "$2" 4096 | sed -n 's/^ *chains: \([0-9]*\).*/\1/p' | head -n 1)
for gib in 24 80; do
  samples=$(plan "$1" "$2" 4096 | sed -n "s/^ *sampler.samples that fit.* \([0-9]*\) in $gib GiB.*/\1/p")
  echo "$samples samples in $gib GiB: $(together "$1" "$2" "$samples") MiB"
  [ "$samples" -gt 4096 ]
  together "$1" "$2" "$samples" | awk -v most="$gib" '{ exit !($1 <= most * 1024 && $1 > most * 700) }'
  together "$1" "$2" $((samples + chains)) | awk -v most="$gib" '{ exit !($1 > most * 1024) }'
done
