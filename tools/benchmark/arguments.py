"""Options that the commands of this folder share."""

import argparse
import pathlib

from workloads import ROOT


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not positive")
    return value


def add_environment(parser: argparse.ArgumentParser) -> None:
    """Where the packages that ours is compared with are installed."""
    parser.add_argument("--venv", type=pathlib.Path, default=ROOT / "build/benchmark-venv", help="virtual environment (default build/benchmark-venv)")


def parser(command: str, description: str | None) -> argparse.ArgumentParser:
    """For tools/benchmark/`command`, with the options that say which program is timed and where its answers go."""
    made = argparse.ArgumentParser(prog=f"tools/benchmark/{command}", description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--program", type=pathlib.Path, help="our program, built already (default: build it in build/release)")
    made.add_argument("--output", type=pathlib.Path, default=ROOT / "build/benchmark", help="logs, weights, answers (default build/benchmark)")
    return made
