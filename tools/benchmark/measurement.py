"""What one run of one program tells, the statistics of several, and the table. Pure arithmetic: nothing here runs or reads anything."""

import dataclasses
import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

PHASES = ("sample", "local_energy", "update", "total")


class Energy(NamedTuple):
    mean: float
    error: float


class Spread(NamedTuple):
    minimum: float
    median: float
    maximum: float

    def __str__(self) -> str:
        return f"{self.median:.3g} [{self.minimum:.3g} {self.maximum:.3g}]"


@dataclasses.dataclass(frozen=True)
class Measurement:
    """One process of one program. Seconds are per step, mean over its timed steps."""

    seconds: Mapping[str, float]  # by phase; always with "total"
    first_step: float  # seconds of the step before the timed ones: compilation, thermalisation, first use of memory
    peak_memory: int  # bytes, over all ranks
    parameters: int
    versions: Mapping[str, str]
    energies: Sequence[Energy] = ()  # of the timed steps, or
    losses: Sequence[float] = ()


def with_update(sample: float, local_energy: float, total: float) -> dict[str, float]:
    """Update is everything that is neither sampling nor local energies: derivatives, Gram matrix, solve, statistics, waiting for other ranks."""
    return {"sample": sample, "local_energy": local_energy, "update": total - sample - local_energy, "total": total}


def peak_memory(report: Mapping[str, Any]) -> int:
    """Bytes over all ranks, from the JSON of `bench`. Ranks use about the same; the one that needs most is counted for all of them."""
    return report["ranks"] * max(phase["peak_memory_bytes"] for phase in report["step"]["phases"])


def from_bench(report: Mapping[str, Any]) -> Measurement:
    """From the JSON of `qstage-vmc bench`."""
    step = report["step"]
    phases = {phase["name"]: phase["seconds"] for phase in step["phases"]}
    total = step["seconds_per_step"]
    column = {name: [row[k] for row in step["trace"]["rows"]] for k, name in enumerate(step["trace"]["columns"])}
    return Measurement(
        seconds=with_update(phases["sample"], phases["local_energy"], total) if "local_energy" in phases else {"total": total},
        first_step=step["first_step_seconds"],
        peak_memory=peak_memory(report),
        parameters=report["parameters"],
        versions={"qstage-vmc": report["version"], "instructions": report["instruction_set"]},
        energies=[Energy(*pair) for pair in zip(column.get("energy_00", ()), column.get("error_00", ()))],
        losses=column.get("loss", ()),
    )


def from_worker(report: Mapping[str, Any]) -> Measurement:
    """From the JSON of a program that runs in the virtual environment."""
    steps = report["steps"]
    mean = {phase: statistics.fmean(step[phase] for step in steps) for phase in steps[0]}
    return Measurement(
        seconds=with_update(mean["sample"], mean["local_energy"], mean["total"]) if "local_energy" in mean else mean,
        first_step=report["first_step_seconds"],
        peak_memory=report["peak_memory_bytes"],
        parameters=report["parameters"],
        versions=report["versions"],
        energies=[Energy(*pair) for pair in report.get("energies", ())],
        losses=report.get("losses", ()),
    )


def spread(values: Sequence[float]) -> Spread:
    return Spread(min(values), statistics.median(values), max(values))


def seconds(runs: Sequence[Measurement], phase: str) -> Spread:
    return spread([run.seconds[phase] for run in runs])


def ratio(theirs: Sequence[Measurement], ours: Sequence[Measurement], phase: str) -> Spread:
    """How many times faster ours is. Runs are paired by round, so that what slows the machine for a while slows both of a pair."""
    return spread([b.seconds[phase] / a.seconds[phase] for a, b in zip(ours, theirs, strict=True)])


def combined(runs: Sequence[Measurement]) -> Energy:
    """Mean over all timed steps and its error, steps taken as independent."""
    energies = [energy for run in runs for energy in run.energies]
    return Energy(statistics.fmean(e.mean for e in energies), math.hypot(*(e.error for e in energies)) / len(energies))


def z_score(a: Energy, b: Energy) -> float:
    return (a.mean - b.mean) / math.hypot(a.error, b.error)


def differences(a: Sequence[float], b: Sequence[float]) -> list[float]:
    return [abs(x - y) for x, y in zip(a, b, strict=True)]
