#!/usr/bin/env python3
"""Forward passes of the tutorial's ViT (netket_vit.py) on random configurations, by batch size; runs inside the environment.

    netket_network.py --precision float32 --batches 64,512 --json T.json
"""

import argparse
import json
import pathlib
import time

import jax
import numpy as np

import netket_vit

SIDE, SECONDS, ROUNDS = 10, 0.3, 5


def rate(batch: int, dtype: str) -> float:
    """Configurations per second: the best of ROUNDS times SECONDS."""
    parameters = jax.tree.map(lambda leaf: leaf.astype(dtype), netket_vit.initial_parameters(SIDE, 7))
    generator = np.random.default_rng(7)
    spins = jax.numpy.asarray(generator.choice([-1.0, 1.0], size=(batch, SIDE * SIDE)), dtype)
    forward = jax.jit(lambda weights, rows: netket_vit.ViT().apply({"params": weights}, rows))
    jax.block_until_ready(forward(parameters, spins))
    best = 0.0
    for _ in range(ROUNDS):
        start, passes = time.perf_counter(), 0
        while time.perf_counter() - start < SECONDS:
            jax.block_until_ready(forward(parameters, spins))
            passes += 1
        best = max(best, passes * batch / (time.perf_counter() - start))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--precision", choices=("float32", "float64"), required=True)
    parser.add_argument("--batches", default="64", help="comma-separated")
    parser.add_argument("--json", type=pathlib.Path, required=True)
    options = parser.parse_args()
    rates = {batch: rate(int(batch), options.precision) for batch in options.batches.split(",")}
    options.json.write_text(json.dumps({"psi_per_second": rates}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
