"""What the programs that run inside the virtual environment share: weight files and the form of their answer."""

import argparse
import importlib.metadata
import json
import pathlib
import resource
from collections.abc import Callable
from typing import Any

import jax
from flax import serialization

Tree = Any


def load(path: pathlib.Path, like: Tree) -> Tree:
    """Parameters from a flax msgpack file; `like` tells names and shapes, and a file that differs from it is an error."""
    stored = serialization.from_bytes({"params": like}, path.read_bytes())["params"]
    for (name, expected), found in zip(jax.tree_util.tree_leaves_with_path(like), jax.tree.leaves(stored), strict=True):
        if expected.shape != found.shape:
            raise ValueError(f"{path}: {jax.tree_util.keystr(name)} has the shape {found.shape}, not {expected.shape}")
    return jax.tree.map(lambda expected, found: jax.numpy.asarray(found, expected.dtype), like, stored)


def save(path: pathlib.Path, parameters: Tree) -> None:
    path.write_bytes(serialization.to_bytes({"params": parameters}))


def count(parameters: Tree) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(parameters))


def versions(*packages: str) -> dict[str, str]:
    return {package: importlib.metadata.version(package) for package in packages}


def report(**entries: Any) -> dict[str, Any]:
    """Times in seconds; `steps` holds one dictionary for each timed step, with its phases and their `total`."""
    return entries | {"peak_memory_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}


def add_options(parser: argparse.ArgumentParser, steps: int) -> None:
    parser.add_argument("--weights", type=pathlib.Path, required=True, help="flax msgpack file")
    parser.add_argument("--export", action="store_true", help="write initial weights to that file and stop")
    parser.add_argument("--seed", type=int, default=7, help="of the initial weights, and of chains")
    parser.add_argument("--steps", type=int, default=steps, help=f"steps to time after a first one (default {steps})")
    parser.add_argument("--json", type=pathlib.Path, help="where the times go; without it they are printed")


def answer(options: argparse.Namespace, initial_parameters: Callable[[], Tree], measure: Callable[[], dict[str, Any]]) -> None:
    """Does what the options ask for."""
    if options.export:
        save(options.weights, initial_parameters())
        return
    text = json.dumps(measure(), indent=1)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)
