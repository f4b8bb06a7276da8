#!/bin/sh
# watchdog.sh QSTAGE_VMC INPUT DIRECTORY: a rank that is stopped (SIGSTOP) ends the job of both with exit code 71, within 10 s for a patience of 5 s;
# the line on stderr names it, status.json says so, and the run goes on from there. Once for the root, once for the other rank.
set -eu
program=$1 input=$2 directory=$3
rm -rf "$directory"
mkdir -p "$directory"

# The process of rank $1 of the run in $2; Open MPI and MPICH tell a process its rank.
process_of_rank() {
  for process in /proc/[0-9]*; do
    if grep -qaz -- "output.directory=$2" "$process/cmdline" 2>/dev/null && grep -Eqaz "^(OMPI_COMM_WORLD_RANK|PMI_RANK)=$1\$" "$process/environ" 2>/dev/null; then
      echo "${process#/proc/}"
    fi
  done
}

# Not where the process has ended and only waits for its parent to take note (state Z).
is_alive() { grep -q '^State:[[:space:]]*[^Z[:space:]]' "/proc/$1/status" 2>/dev/null; }

for frozen in 1 0; do
  run=$directory/rank$frozen
  mpirun -n 2 "$program" run "$input" --set limits.watchdog=5s --set checkpoint.interval=1s --set stages.2.steps=100000 \
    --set output.directory="$run" >"$run.out" 2>"$run.err" &
  job=$!
  until [ -e "$run/checkpoint.h5" ]; do
    kill -0 "$job" || { cat "$run.out" "$run.err"; exit 1; }
    sleep 0.2
  done
  sleep 2
  victim=$(process_of_rank "$frozen" "$run")
  other=$(process_of_rank $((1 - frozen)) "$run")
  [ -n "$victim" ] && [ -n "$other" ] || { echo "ranks not found among the processes"; exit 1; }

  started=$(date +%s)
  kill -STOP "$victim"
  code=0
  wait "$job" || code=$?
  seconds=$(($(date +%s) - started))
  echo "rank $frozen stopped: exit code $code after $seconds s"
  cat "$run.err"
  [ "$code" -eq 71 ]
  [ "$seconds" -le 10 ]
  grep -q "the job hangs: rank $frozen has been stopped for" "$run.err"
  grep -q "resume $run" "$run.err"
  grep -q '"exit_code": 71' "$run/status.json"
  grep -q '"state": "failed"' "$run/status.json"
  for process in "$victim" "$other"; do
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      is_alive "$process" || continue 2
      sleep 0.3
    done
    echo "process $process is left over"
    exit 1
  done
  mpirun -n 2 "$program" resume "$run" --set stages.2.steps=1 >"$run.resumed" 2>&1 || { cat "$run.resumed"; exit 1; }
done
