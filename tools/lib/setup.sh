# shellcheck shell=sh
# Shared by tools/run and tools/test: system packages, configure, build. Sourced, with `set -eu` and the repository root as working directory.

say() { printf '%s\n' "$*" >&2; }

# wanted_packages SETUP...: the packages of these set-ups, from tools/packages.txt
wanted_packages() {
  for setup in "$@"; do
    awk -v setup="$setup" '$1 == setup { print $2 }' tools/packages.txt
  done | sort -u
}

# missing_packages SETUP...: those among them that are not installed
missing_packages() {
  wanted_packages "$@" | while read -r package; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || printf '%s\n' "$package"
  done
}

# install_packages SETUP...: with apt when root; otherwise says what to type and leaves with 2
install_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say "no dpkg here: assuming that the libraries of tools/packages.txt are installed"
    return 0
  fi
  missing=$(missing_packages "$@" | tr '\n' ' ')
  missing=${missing% }
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    say "these system packages are missing (building needs them); install them and start again:"
    say "  sudo apt-get update && sudo apt-get install -y --no-install-recommends $missing"
    exit 2
  fi
  say "installing: $missing"
  apt-get update -qq >&2
  # shellcheck disable=SC2086  # one word per package
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
}

# nproc takes OMP_NUM_THREADS, which mpi_environment sets for each rank, for the number of processors.
cores() { env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc 2>/dev/null || echo 1; }

# ranks: one per physical core that this process may use (a second thread of a core gains nothing), at most the 64 blocks of work
ranks() {
  physical=$(lscpu -p=CORE,SOCKET 2>/dev/null | grep -v '^#' | sort -u | wc -l)
  for limit in "$(cores)" 64; do
    if [ "$physical" -eq 0 ] || [ "$physical" -gt "$limit" ]; then physical=$limit; fi
  done
  echo "$physical"
}

# configure_and_build PRESET [TARGET...]: silent unless something fails; incremental
configure_and_build() {
  preset=$1
  folder=build/$preset
  shift
  mkdir -p "$folder"
  if [ ! -f "$folder/build.ninja" ]; then
    say "configuring $folder"
    cmake --preset "$preset" >"$folder/configure.log" 2>&1 || {
      cat "$folder/configure.log" >&2
      say "configuring failed (its output stands above)"
      exit 1
    }
  fi
  if ! ninja -C "$folder" -n 2>/dev/null | grep -q 'no work to do'; then say "building $folder with $(cores) jobs"; fi
  cmake --build --preset "$preset" -j "$(cores)" ${1:+--target "$@"} >"$folder/build.log" 2>&1 || {
    tail -n 60 "$folder/build.log" >&2
    say "the build failed; all of its output is in $folder/build.log"
    exit 1
  }
}

# One thread per rank: BLAS threads change the bits, and ranks already use all cores. No binding: two jobs at a time would be bound to the
# same cores. Open MPI refuses root unless told twice.
mpi_environment() {
  export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" OMPI_MCA_hwloc_base_binding_policy=none
  if [ "$(id -u)" -eq 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
}
