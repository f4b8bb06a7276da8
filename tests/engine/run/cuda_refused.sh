#!/bin/sh
# cuda_refused.sh QSTAGE_VMC INPUT DIRECTORY: 'device: cuda' without a GPU, or in a build without CUDA, ends with exit code 7, one line that names
# the way out, and no run directory. Exit 77 (skipped) where there is a GPU.
set -eu
if command -v nvidia-smi >/dev/null && nvidia-smi -L 2>/dev/null | grep -q '^GPU'; then exit 77; fi

rm -rf "$3"
code=0
text=$("$1" run "$2" --set device=cuda --set output.directory="$3" 2>&1) || code=$?
echo "exit code $code: $text"
[ "$code" -eq 7 ]
[ "$(echo "$text" | wc -l)" -eq 1 ]
case $text in *"device: cpu"*) ;; *) exit 1 ;; esac
[ ! -e "$3" ]
"$1" run "$2" --set device=cuda --dry-run >/dev/null # a login node may plan what it cannot run
