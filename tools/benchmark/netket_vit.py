#!/usr/bin/env python3
"""VMC steps of NetKet's ViT tutorial, timed by phase: J1-J2 model on a periodic square lattice, exchange moves, minSR, float64.

    netket_vit.py --side 10 --weights W.msgpack --export                                           write initial weights
    netket_vit.py --side 10 --weights W.msgpack --samples 256 --settings tutorial --json T.json    time steps from these weights

Lattice, network, sampler and driver are those of the tutorial, one sample per chain as there. Only the number of samples differs, and the learning
rate: it is so small that all steps belong to the same weights, so that their energies can be compared with another program's. The network is written
anew from its formulas, with the tutorial's parameter names.
"""

import argparse
import json
import math
import pathlib
import time
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import netket as nk
import numpy as np

import worker

LAYERS, WIDTH, HEADS, PATCH = 4, 60, 10, 2
COUPLINGS, DIAG_SHIFT = (1.0, 0.5), 1.0e-4
PAULI_TO_SPIN = 0.25  # NetKet's Heisenberg bond is sigma.sigma = 4 S.S


class Settings(NamedTuple):
    packed_kernel: bool  # evaluate only connected configurations that exist, instead of padding every row to the longest
    chunk_size: int  # configurations in one evaluation of the network, for local energies and derivatives
    sampler_chunk_size: int | None  # the same for proposals; None: all chains at once


SETTINGS = {"tutorial": Settings(False, 512, None), "best": Settings(True, 64, 64)}


def dense(features: int, name: str) -> nn.Dense:
    return nn.Dense(features, kernel_init=nn.initializers.xavier_uniform(), param_dtype=jnp.float64, name=name)


def layer_norm(name: str) -> nn.LayerNorm:
    return nn.LayerNorm(param_dtype=jnp.float64, name=name)


class Embed(nn.Module):
    @nn.compact
    def __call__(self, spins: jax.Array) -> jax.Array:
        """spins [B, L L] -> patches, embedded [B, T, d]."""
        blocks = math.isqrt(spins.shape[-1]) // PATCH
        patches = spins.reshape(-1, blocks, PATCH, blocks, PATCH).swapaxes(2, 3).reshape(-1, blocks * blocks, PATCH * PATCH)
        return dense(WIDTH, "embed")(patches)


class FactoredAttention(nn.Module):
    """Each head mixes the patches with weights that depend on their displacement alone: no queries, no keys, no softmax."""

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        rows, patches, _ = x.shape
        alpha = self.param("alpha", nn.initializers.xavier_uniform(), (HEADS, patches), jnp.float64)
        values = dense(WIDTH, "v")(x).reshape(rows, patches, HEADS, -1).swapaxes(1, 2)
        mixed = jnp.matmul(alpha[:, displacements(patches)], values)
        return dense(WIDTH, "W")(mixed.swapaxes(1, 2).reshape(rows, patches, WIDTH))


def displacements(patches: int) -> np.ndarray:
    """[T, T]: number of the displacement q - p on the torus of patches."""
    blocks = math.isqrt(patches)
    x, y = np.divmod(np.arange(patches), blocks)
    return (x[None] - x[:, None]) % blocks * blocks + (y[None] - y[:, None]) % blocks


class FeedForward(nn.Module):
    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        return dense(WIDTH, "layers_2")(nn.gelu(dense(4 * WIDTH, "layers_0")(x)))


class Block(nn.Module):
    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        x = x + FactoredAttention(name="attn")(layer_norm("layer_norm_1")(x))
        return x + FeedForward(name="ff")(layer_norm("layer_norm_2")(x))


class Encoder(nn.Module):
    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        for layer in range(LAYERS):
            x = Block(name=f"layers_{layer}")(x)
        return x


class Head(nn.Module):
    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        z = layer_norm("out_layer_norm")(x.sum(axis=1))
        real = layer_norm("norm2")(dense(WIDTH, "output_layer0")(z))
        imaginary = layer_norm("norm3")(dense(WIDTH, "output_layer1")(z))
        return nk.nn.activation.log_cosh(real + 1j * imaginary).sum(axis=-1)


class ViT(nn.Module):
    @nn.compact
    def __call__(self, spins: jax.Array) -> jax.Array:
        """spins [B, L L] -> log psi [B], complex."""
        x = Encoder(name="Encoder_0")(Embed(name="Embed_0")(jnp.atleast_2d(spins)))
        return Head(name="OuputHead_0")(x)  # the tutorial's spelling


class TimedState(nk.vqs.MCState):
    """Keeps the local energies of the latest step and the seconds that they took."""

    local_energies: jax.Array
    energy_seconds: float

    def local_estimators(self, op: Any, *, chunk_size: int | None = None) -> Any:
        start = time.perf_counter()
        found = jax.block_until_ready(super().local_estimators(op, chunk_size=chunk_size))
        self.energy_seconds = time.perf_counter() - start
        self.local_energies = found.data
        return found


def initial_parameters(side: int, seed: int) -> Any:
    return ViT().init(jax.random.key(seed), jnp.ones((1, side * side)))["params"]


def make_driver(options: argparse.Namespace) -> nk.driver.VMC_SR:
    settings = SETTINGS[options.settings]
    nk.config.netket_experimental_packed_kernel = settings.packed_kernel
    lattice = nk.graph.Hypercube(length=options.side, n_dim=2, pbc=True, max_neighbor_order=2)
    hilbert = nk.hilbert.Spin(s=1 / 2, N=lattice.n_nodes, total_sz=0)
    hamiltonian = nk.operator.Heisenberg(hilbert, lattice, J=list(COUPLINGS), sign_rule=[False, False]).to_jax_operator()
    sampler = nk.sampler.MetropolisExchange(
        hilbert, graph=lattice, d_max=2, n_chains=options.samples, sweep_size=lattice.n_nodes, chunk_size=settings.sampler_chunk_size
    )
    state = TimedState(
        sampler,
        ViT(),
        sampler_seed=options.seed,
        n_samples=options.samples,
        n_discard_per_chain=0,
        variables={"params": worker.load(options.weights, initial_parameters(options.side, 0))},
        chunk_size=settings.chunk_size,
    )
    optimizer = nk.optimizer.Sgd(learning_rate=options.learning_rate)
    return nk.driver.VMC_SR(
        hamiltonian, optimizer, diag_shift=DIAG_SHIFT, variational_state=state, mode="complex", use_ntk=True, on_the_fly=False
    )


def step(driver: nk.driver.VMC_SR) -> dict[str, float]:
    """What one iteration of driver.run does, with a clock. Seconds by phase."""
    start = time.perf_counter()
    driver.reset_step()
    jax.block_until_ready(driver.state.samples)
    sampled = time.perf_counter()
    _, direction = driver.compute_loss_and_update()
    driver.update_parameters(direction)
    jax.block_until_ready(driver.state.parameters)
    return {"sample": sampled - start, "local_energy": driver.state.energy_seconds, "total": time.perf_counter() - start}


def energy(local_energies: jax.Array) -> tuple[float, float]:
    """Mean and error in S.S; one sample of every chain, so that they are independent."""
    values = PAULI_TO_SPIN * np.asarray(local_energies).real.ravel()
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(values.size))


def measure(options: argparse.Namespace) -> dict[str, Any]:
    driver = make_driver(options)
    first = step(driver)["total"]
    for _ in range(options.thermalise):
        driver.state.sample()
    jax.block_until_ready(driver.state.samples)  # JAX only queues those sweeps: the first timed step would wait for them
    steps, energies = [], []
    for _ in range(options.steps):
        steps.append(step(driver))
        energies.append(energy(driver.state.local_energies))
    return worker.report(
        versions=worker.versions("netket", "jax", "flax"),
        parameters=worker.count(driver.state.parameters),
        first_step_seconds=first,
        steps=steps,
        energies=energies,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=10, help="sites along one edge of the lattice")
    parser.add_argument("--samples", type=int, default=256, help="samples of a step, and chains")
    parser.add_argument("--settings", choices=SETTINGS, default="tutorial")
    parser.add_argument("--learning-rate", type=float, default=1.0e-6)
    parser.add_argument("--thermalise", type=int, default=10, help="sweeps thrown away after the first step")
    worker.add_options(parser, steps=2)
    options = parser.parse_args()
    worker.answer(options, lambda: initial_parameters(options.side, options.seed), lambda: measure(options))


if __name__ == "__main__":
    main()
