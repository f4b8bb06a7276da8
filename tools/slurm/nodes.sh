#!/bin/bash
# Several nodes: sbatch nodes.sh INPUT.yaml
#SBATCH --nodes=4 --ntasks-per-node=16 --cpus-per-task=1
#SBATCH --time=12:00:00 --requeue --open-mode=append
#SBATCH --signal=USR2@180
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
# A rank that ends with an error ends the job: the others would wait for it.
srun --mpi=pmix --kill-on-bad-exit=1 qstage-vmc run "${1:?input file}" --continue
rc=$?
if { [ "$rc" -eq 75 ] || [ "$rc" -eq 71 ]; } && [ "${SLURM_RESTART_COUNT:-0}" -lt 20 ]; then scontrol requeue "$SLURM_JOB_ID"; fi
exit "$rc"
