#!/usr/bin/env python3
"""One epoch of supervised Q-stage training in flax and optax: AdamW on all amplitudes of four exact states of the 12-site ring.

    flax_qstage.py --weights W.msgpack --export                      write initial weights
    flax_qstage.py --weights W.msgpack --steps 20 --json OUT.json    time epochs from these weights

The network and the loss are written from their formulas (arXiv:2512.11962): tokens and positions embedded, two pre-normalised encoder blocks, after
the second one cross-attention to a parameter token, one tail token, a two-layer pool that gives Re and Im of psi. Everything is float32. The step is
one compiled function (forward, backward, AdamW, overlaps), the whole basis of all Hamiltonians in one batch: the form that suits JAX best.
"""

import argparse
import csv
import pathlib
import time
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

import worker

SITES, PARTICLES, COUPLINGS = 12, 6, (0.0, 1.0, 2.0, 4.0)
LEARNING_RATE, BETAS, WEIGHT_DECAY = 1.0e-3, (0.9, 0.95), 3.0e-4
STATES = pathlib.Path(__file__).resolve().parents[2] / "ED_data"
NORM_GUARD = 1e-12  # added to both norms of an overlap

Parameters = Any


class Encoder(nn.Module):
    """x += SelfAttention(LN x); x += Dense(gelu(Dense(LN x)))."""

    width: int
    heads: int
    hidden: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        x = x + nn.MultiHeadDotProductAttention(self.heads, name="SelfAttention_0")(nn.LayerNorm(name="LayerNorm_0")(x))
        y = nn.gelu(nn.Dense(self.hidden, name="Dense_0")(nn.LayerNorm(name="LayerNorm_1")(x)))
        return x + nn.Dense(self.width, name="Dense_1")(y)


class CrossAttention(nn.Module):
    """What every site reads from the one parameter token."""

    heads: int

    @nn.compact
    def __call__(self, x: jax.Array, token: jax.Array) -> jax.Array:
        return nn.MultiHeadDotProductAttention(self.heads, name="MultiHeadDotProductAttention_0")(x, token)


class QStage(nn.Module):
    width: int = 80
    heads: int = 4
    hidden: int = 80
    depth: int = 2

    @nn.compact
    def __call__(self, occupations: jax.Array, couplings: jax.Array) -> jax.Array:
        """occupations [B, L] in {0, 1}, couplings [B, 3] = (t, V, particles) -> Re and Im of psi [B, 2]."""
        rows, sites = occupations.shape
        x = nn.Embed(2, self.width, name="Embed_0")(occupations)
        x = x + self.param("pos_emb", nn.initializers.normal(0.02), (1, sites, self.width))
        for block in range(self.depth):
            x = Encoder(self.width, self.heads, self.hidden, name=f"ResidualSelfAttention_{block}")(x)
            if block == 1:
                token = nn.Dense(self.width, name="Dense_0")(couplings)[:, None, :]
                x = x + CrossAttention(self.heads, name="CrossAttentionParams_0")(x, token)
        tail = nn.Dense(self.width, name="Dense_1")(couplings)
        pooled = nn.gelu(nn.Dense(self.hidden, name="Dense_2")(jnp.concatenate([x.reshape(rows, -1), tail], axis=1)))
        return nn.Dense(2, name="Dense_4")(nn.LayerNorm(name="LayerNorm_0")(nn.Dense(self.width, name="Dense_3")(pooled)))


def read_state(path: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:
    """Bit masks [K], ascending, and their amplitudes [K]: a header, then delta, energies, K amplitudes and K masks in one line."""
    csv.field_size_limit(1 << 24)
    with open(path, newline="", encoding="utf-8") as file:
        _, row = csv.reader(file)
    count = (len(row) - 2) // 2
    amplitudes = np.array([complex(cell) for cell in row[2 : 2 + count]])
    masks = np.array([int(cell) for cell in row[2 + count :]])
    order = np.argsort(masks)
    return masks[order], amplitudes[order]


def training_set(folder: pathlib.Path) -> tuple[jax.Array, jax.Array, jax.Array]:
    """occupations [G K, L], couplings [G K, 3], target amplitudes [G, K]. Token s of a basis state is bit L-1-s of its mask."""
    masks, targets = zip(*(read_state(folder / f"gsWaveFn_Ns{SITES}_Np{PARTICLES}_Vnn{coupling}.csv") for coupling in COUPLINGS))
    occupations = np.concatenate(masks)[:, None] >> np.arange(SITES - 1, -1, -1) & 1
    couplings = np.repeat([[1.0, coupling, PARTICLES] for coupling in COUPLINGS], len(masks[0]), axis=0)
    return jnp.asarray(occupations, jnp.int32), jnp.asarray(couplings, jnp.float32), jnp.asarray(np.array(targets), jnp.complex64)


def overlap_loss(parameters: Parameters, occupations: jax.Array, couplings: jax.Array, targets: jax.Array) -> tuple[jax.Array, jax.Array]:
    """1 - mean_g |z_g|^2 and mean_g |z_g|, z_g = <psi_g|phi_g> / (|psi_g| |phi_g|)."""
    output = QStage().apply({"params": parameters}, occupations, couplings)
    psi = (output[:, 0] + 1j * output[:, 1]).reshape(targets.shape)
    product = jnp.sum(jnp.conj(psi) * targets, axis=1)
    norms = (jnp.sum(jnp.abs(psi) ** 2, axis=1) + NORM_GUARD) * (jnp.sum(jnp.abs(targets) ** 2, axis=1) + NORM_GUARD)
    squares = jnp.abs(product) ** 2 / norms
    return 1 - jnp.mean(squares), jnp.mean(jnp.sqrt(squares))


def initial_parameters(seed: int) -> Parameters:
    return QStage().init(jax.random.key(seed), jnp.zeros((1, SITES), jnp.int32), jnp.zeros((1, 3)))["params"]


def measure(weights: pathlib.Path, folder: pathlib.Path, steps: int) -> dict[str, Any]:
    data = training_set(folder)
    parameters = worker.load(weights, initial_parameters(0))
    optimizer = optax.adamw(LEARNING_RATE, b1=BETAS[0], b2=BETAS[1], weight_decay=WEIGHT_DECAY)

    @jax.jit
    def epoch(parameters: Parameters, moments: Any, data: tuple[jax.Array, ...]) -> tuple[Parameters, Any, jax.Array, jax.Array]:
        (loss, overlap), gradient = jax.value_and_grad(overlap_loss, has_aux=True)(parameters, *data)
        updates, moments = optimizer.update(gradient, moments, parameters)
        return optax.apply_updates(parameters, updates), moments, loss, overlap

    moments, seconds, losses = optimizer.init(parameters), [], []
    for _ in range(steps + 1):
        start = time.perf_counter()
        parameters, moments, loss, _ = jax.block_until_ready(epoch(parameters, moments, data))
        seconds.append(time.perf_counter() - start)
        losses.append(float(loss))
    return worker.report(
        versions=worker.versions("jax", "flax", "optax"),
        parameters=worker.count(parameters),
        first_step_seconds=seconds[0],
        steps=[{"total": value} for value in seconds[1:]],
        losses=losses[1:],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--states", type=pathlib.Path, default=STATES, help="folder of the exact states")
    worker.add_options(parser, steps=20)
    options = parser.parse_args()
    worker.answer(options, lambda: initial_parameters(options.seed), lambda: measure(options.weights, options.states, options.steps))


if __name__ == "__main__":
    main()
