#!/usr/bin/env bash
# invariance.sh ranks|resume EXECUTABLE COMPARE INPUT WORK: the promises "same bits on any number of ranks and threads" and
# "k steps + kill + resume + the rest = all steps", for one input.
set -euo pipefail
mode=$1 executable=$2 compare=$3 input=$4 work=$5
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 OPENBLAS_NUM_THREADS=1
rm -rf "$work" && mkdir -p "$work" && cd "$work"

launch() {  # launch RANKS THREADS ARGUMENTS...
  local ranks=$1 threads=$2
  shift 2
  OMP_NUM_THREADS=$threads mpirun -n "$ranks" --bind-to none "$executable" "$@" > "$work/output.txt" 2>&1 || { local code=$?; cat "$work/output.txt"; return "$code"; }
}

same() {  # same A B: parameters, chains, outputs (checkpoint) and traces
  "$compare" "$1/checkpoint.h5" "$2/checkpoint.h5"
  diff -r "$1/trace" "$2/trace"
}

# With keep_every 7 the states after 7 and 14 steps of each stage are kept too, chains included.
launch 1 1 run "$input" --set output.directory=r1 --set checkpoint.keep_every=7
if [ "$mode" = ranks ]; then
  for ranks in 2 3 4; do
    launch "$ranks" 1 run "$input" --set "output.directory=r$ranks" --set checkpoint.keep_every=7
    same r1 "r$ranks"
    for kept in r1/checkpoint.[0-9]*.h5; do "$compare" "$kept" "r$ranks/$(basename "$kept")"; done
  done
  launch 1 2 run "$input" --set output.directory=t2 --set checkpoint.keep_every=7
  same r1 t2
  exit 0
fi

# A run that is killed after its checkpoint at step 7 goes on to the same end: on the same ranks, and from 2 ranks to 3.
for ranks in "1 1" "2 3"; do
  read -r before after <<< "$ranks"
  directory=killed_$before
  OMP_NUM_THREADS=1 mpirun -n "$before" --bind-to none "$executable" run "$input" --set "output.directory=$directory" --set checkpoint.keep_every=7 > kill.txt 2>&1 &
  launcher=$!
  for _ in $(seq 3000); do  # up to 30 s
    compgen -G "$directory/checkpoint.*_vmc_000007.h5" > /dev/null && break
    sleep 0.01
  done
  pkill -KILL -P "$launcher" || true  # the ranks are its children; a pattern would meet the runs of another checkout
  wait "$launcher" || true
  compgen -G "$directory/checkpoint.*_vmc_000007.h5" > /dev/null || { echo "no checkpoint at step 7"; cat kill.txt; exit 1; }
  if grep -q '"state": *"finished"' "$directory/status.json"; then echo "the run ended before it could be killed"; exit 1; fi
  launch "$after" 1 resume "$directory"
  same r1 "$directory"
  launch 1 1 resume "$directory"   # already complete: does nothing
  same r1 "$directory"
done
