"""The named workloads: what both programs compute, and how each is told to."""

import dataclasses
import os
import pathlib
from collections.abc import Mapping, Sequence

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# Both programs: steps so short that all timed steps belong to the same weights, and their energies can be compared.
LEARNING_RATE = 1.0e-6
THERMALISE = 10  # sweeps of both, never timed
# --set of ours for each precision that it is measured in; mixed: Markov chains follow the float32 twin of a float64 network.
PRECISIONS = {
    "float64": ["precision.network=float64"],
    "mixed": ["precision.network=float64", "precision.sampler=float32"],
    "float32": ["precision.network=float32"],
}


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    title: str
    input: pathlib.Path  # of ours
    settings: Sequence[str]  # --set of ours
    worker: pathlib.Path  # theirs
    worker_options: Sequence[str]
    ours: Sequence[str]  # of PRECISIONS, those that it makes sense to compare
    theirs: Mapping[str, Sequence[str]]  # name of a setting: options of the worker
    steps: int  # timed ones in one process
    published_weights: str = ""  # below the folder of reference data

    def weights(self, given: pathlib.Path | None) -> pathlib.Path | None:
        """A weight file that exists already; None: the worker has to write one."""
        if given:
            return given.resolve()
        folder = os.environ.get("QSTAGE_SHARED")
        published = pathlib.Path(folder) / "reference" / self.published_weights if folder and self.published_weights else None
        return published.resolve() if published and published.is_file() else None


def vit(side: int, samples: int, published_weights: str = "") -> Workload:
    """One minSR step of the ViT tutorial's network (4 layers, d = 60, 10 heads, patches 2x2), one sample per chain."""
    settings = {
        "device": "cpu",
        "system.lattice.size": f"[{side}, {side}]",
        "sampler.chains": samples,
        "sampler.samples": samples,
        "sampler.sweep_size": side * side,
        "sampler.thermalise": THERMALISE,
        "stages.0.optimizer.lr": LEARNING_RATE,
    }
    return Workload(
        name=f"vit{side}x{side}_{samples}",
        title=f"VMC step, J1-J2 {side}x{side} (J2 = 0.5), factored ViT, {samples} samples, {side * side} proposals each",
        input=ROOT / "inputs/j1j2_10x10_vit.yaml",
        settings=[f"{key}={value}" for key, value in settings.items()],
        worker=HERE / "netket_vit.py",
        worker_options=[
            *("--side", str(side), "--samples", str(samples)),
            *("--learning-rate", str(LEARNING_RATE), "--thermalise", str(THERMALISE)),
        ],
        ours=("float64", "mixed", "float32"),
        theirs={setting: ["--settings", setting] for setting in ("tutorial", "best")},
        steps=2,
        published_weights=published_weights,
    )


QSTAGE_EPOCH = Workload(
    name="qstage_epoch",
    title="AdamW epoch on four exact states of the 12-site ring, Q-stage network (D = 80), 3696 amplitudes",
    input=ROOT / "inputs/qstage_paper/train_ring12_adamw.yaml",
    settings=["device=cpu"],
    worker=HERE / "flax_qstage.py",
    worker_options=[],
    ours=("float32",),
    theirs={"flax": []},
    steps=20,
)

WORKLOADS = {
    workload.name: workload
    for workload in (
        vit(10, 256, "netket/vit_10x10.msgpack"),
        vit(10, 1024, "netket/vit_10x10.msgpack"),
        vit(6, 512),
        QSTAGE_EPOCH,
    )
}
