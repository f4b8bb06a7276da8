"""The result of all rounds of one workload, as a table and as JSON."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import measurement
from measurement import Measurement

GIGABYTE = 1e9
LABEL = 26  # characters of the first column
COLUMN = 22


@dataclasses.dataclass(frozen=True)
class Comparison:
    name: str
    title: str
    steps: int  # timed in each run
    ours: Mapping[str, Sequence[Measurement]]  # by precision, one run for each round
    theirs: Mapping[str, Sequence[Measurement]]  # by setting

    @property
    def everyone(self) -> dict[str, Sequence[Measurement]]:
        return {f"ours {name}": runs for name, runs in self.ours.items()} | {f"theirs {name}": runs for name, runs in self.theirs.items()}

    @property
    def phases(self) -> list[str]:
        return [phase for phase in measurement.PHASES if all(phase in runs[0].seconds for runs in self.everyone.values())]


def line(label: str, cells: Sequence[object]) -> str:
    return (label.ljust(LABEL) + "".join(str(cell).rjust(COLUMN) for cell in cells)).rstrip()


def times(comparison: Comparison) -> list[str]:
    lines = [line("seconds per step", [*comparison.phases, "first step", "peak memory"])]
    for label, runs in comparison.everyone.items():
        memory = max(run.peak_memory for run in runs) / GIGABYTE
        cells = [measurement.seconds(runs, phase) for phase in comparison.phases]
        lines.append(line("  " + label, [*cells, measurement.spread([run.first_step for run in runs]), f"{memory:.2f} GB"]))
    return lines


def ratios(comparison: Comparison) -> list[str]:
    lines = [line("times faster", comparison.phases)]
    for ours, our_runs in comparison.ours.items():
        for theirs, their_runs in comparison.theirs.items():
            cells = [measurement.ratio(their_runs, our_runs, phase) for phase in comparison.phases]
            lines.append(line(f"  {ours} / {theirs}", cells))
    return lines


def agreement(comparison: Comparison) -> dict[str, dict[str, float]]:
    """By contender: energies in S.S at the same weights with z-score, or differences of the losses, against the first one of theirs."""
    reference = next(iter(comparison.theirs.values()))
    rows: dict[str, dict[str, float]] = {}
    for label, runs in comparison.everyone.items():
        if runs[0].energies:
            energy = measurement.combined(runs)
            z = 0.0 if runs is reference else measurement.z_score(energy, measurement.combined(reference))
            rows[label] = {"energy": energy.mean, "error": energy.error, "z": z}
        elif runs[0].losses:
            difference = measurement.differences(runs[0].losses, reference[0].losses)
            rows[label] = {"first_loss": runs[0].losses[0], "first_difference": difference[0], "largest_difference": max(difference)}
    return rows


def table(comparison: Comparison) -> str:
    rounds = len(next(iter(comparison.everyone.values())))
    parameters = next(iter(comparison.ours.values()))[0].parameters
    lines = [
        f"{comparison.name}: {comparison.title}, {parameters} parameters",
        f"{rounds} {'round' if rounds == 1 else 'rounds'} of {comparison.steps} timed steps; median [least greatest] over rounds",
        *times(comparison),
        *ratios(comparison),
        "agreement at the same weights",
    ]
    for label, row in agreement(comparison).items():
        lines.append(f"  {label}".ljust(LABEL) + ", ".join(f"{key.replace('_', ' ')} {value:.6g}" for key, value in row.items()))
    return "\n".join(lines) + "\n"


def as_json(comparison: Comparison) -> dict[str, Any]:
    return {
        "name": comparison.name,
        "title": comparison.title,
        "steps": comparison.steps,
        "runs": {label: [dataclasses.asdict(run) for run in runs] for label, runs in comparison.everyone.items()},
        "seconds": {
            label: {phase: measurement.seconds(runs, phase)._asdict() for phase in comparison.phases} for label, runs in comparison.everyone.items()
        },
        "times_faster": {
            f"{ours} / {theirs}": {phase: measurement.ratio(their_runs, our_runs, phase)._asdict() for phase in comparison.phases}
            for ours, our_runs in comparison.ours.items()
            for theirs, their_runs in comparison.theirs.items()
        },
        "agreement": agreement(comparison),
    }
