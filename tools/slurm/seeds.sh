#!/bin/bash
# One job per seed, each with its own directory: sbatch seeds.sh INPUT.yaml
#SBATCH --nodes=1 --ntasks=8 --cpus-per-task=1 --array=1-10
#SBATCH --time=12:00:00 --requeue --open-mode=append
#SBATCH --signal=B:USR2@180
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
got=
trap 'got=1; kill -USR2 "$pid"' USR2
seed=$SLURM_ARRAY_TASK_ID
mpirun -n "$SLURM_NTASKS" qstage-vmc run "${1:?input file}" --set "seed=$seed" --set "output.directory=runs/seed_$seed" --continue &
pid=$!
wait "$pid"
rc=$?
if [ -n "$got" ]; then # the trap interrupted the first wait
  wait "$pid"
  rc=$?
fi
if { [ "$rc" -eq 75 ] || [ "$rc" -eq 71 ]; } && [ "${SLURM_RESTART_COUNT:-0}" -lt 20 ]; then scontrol requeue "$SLURM_JOB_ID"; fi
exit "$rc"
