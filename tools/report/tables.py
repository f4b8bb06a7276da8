"""Numbers as text and as HTML. Everything that comes from a file goes through `text`."""

import html
import math

import numpy as np

import qstage_io

from .panels import quantity
from .reading import section


def text(value):
    """Safe inside an element and inside a quoted attribute; control characters are shown as what they are."""
    shown = "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in str(value))
    return html.escape(shown, quote=True)


def with_error(mean, error):
    """-4.3803(12): the error in units of the last digits, two of them; nine digits where there is no error."""
    mean, error = float(mean), float(error)
    if not math.isfinite(mean):
        return "-"
    if not (math.isfinite(error) and error > 0):
        return f"{mean:.9g}"
    digits = max(0, 1 - math.floor(math.log10(error)))
    scaled = round(error * 10**digits)
    if scaled >= 100:
        digits, scaled = max(0, digits - 1), round(error * 10 ** max(0, digits - 1))
    return f"{mean:.{digits}f}({scaled})" if error < 1 else f"{mean:.1f}({error:.1f})"


def number(value, form=".3g"):
    return format(float(value), form) if math.isfinite(float(value)) else "-"


def table(head, rows, caption=""):
    """Cells are HTML already. A column in which nothing is known is left out."""
    keep = [c for c in range(len(head)) if c == 0 or any(row[c] not in ("", "-") for row in rows)]
    cells = "".join(f"<th>{head[c]}</th>" for c in keep)
    body = "".join("<tr>" + "".join(f"<td>{row[c]}</td>" for c in keep) + "</tr>" for row in rows)
    title = f"<caption>{caption}</caption>" if caption else ""
    return f'<div class="wide"><table>{title}<thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>'


def pairs(rows):
    """Names and values, one below the other."""
    return '<table class="pairs">' + "".join(f"<tr><th>{text(name)}</th><td>{text(value)}</td></tr>" for name, value in rows if str(value)) + "</table>"


# Columns beside the energy: heading, dataset, form.
BESIDE = [("exact", "exact", ".9g"), ("relative error", "relative_error", ".2e"), ("variance", "variance", ".3g"), ("V-score", "vscore", ".2e"),
          ("overlap", "overlap", ".6f"), ("R-hat", "rhat", ".3f"), ("tau", "tau", ".2f"), ("acceptance", "accept", ".3f"), ("samples", "samples", ".0f")]


def energy_groups(run):
    """[(stage, group, {name: values})]: whatever has energies with errors, in the order of the stages."""
    found = []
    for name, stage in run.stages().items():
        for group in ("energy", "step", "linear", "quadratic"):
            content = stage.get(group)
            if isinstance(content, dict) and "mean" in content and "error" in content:
                found.append((name, group, {key: np.ravel(value).astype(float) for key, value in content.items()}))
    return found


MEANINGS = {"energy": "", "step": ": after the Lanczos step", "linear": ": linear in the variance, at variance zero", "quadratic": ": quadratic, at variance zero"}


def energies(run):
    """One table per group of energies: total energies with errors beside the exact ones."""
    parts = []
    for name, group, content in energy_groups(run):
        stage = run.data["stages"][name]
        labels = qstage_io.coupling_labels(stage, len(content["mean"]))
        exact = content.get("exact", np.ravel(stage["exact"]).astype(float) if "exact" in stage else None)
        rows = []
        for g, label in enumerate(labels):
            doubt = "" if content.get("reliable", np.ones(g + 1))[g] == 1 else ' <b class="doubt" title="the error is not reliable">?</b>'
            beside = {**content, "exact": exact if exact is not None else np.full(len(labels), np.nan)}
            row = [text(label or run.system().get("hamiltonian", "E")), with_error(content["mean"][g], content["error"][g]) + doubt]
            for _, key, form in BESIDE:
                values = beside.get(key)
                missing = values is None or (key == "overlap" and not np.any(values))
                row.append("-" if missing else number(values[g], form))
            rows.append(row)
        unit = run.units(name, f"{group}/mean")
        head = ["", text(quantity("total energy", unit)), *[title for title, _, _ in BESIDE]]
        parts.append(table(head, rows, text(name + MEANINGS[group])))
    return "".join(parts + levels(run))


def levels(run):
    """The lowest levels of the exact diagonalisation."""
    parts = []
    for name, stage in qstage_io.stages(run.data, "ed"):
        energy = np.asarray(stage.get("energy", []), dtype=float)
        if energy.ndim != 2:
            continue
        labels = qstage_io.coupling_labels(stage, len(energy))
        rest = {key: np.ravel(stage[key]).astype(float) if key in stage else np.full(len(labels), np.nan) for key in ("degeneracy", "gap")}
        rows = [[text(label or run.system().get("hamiltonian", "E")), ", ".join(number(e, ".12g") for e in row),
                 number(rest["degeneracy"][g], ".0f"), number(rest["gap"][g], ".6g")] for g, (label, row) in enumerate(zip(labels, energy))]
        parts.append(table(["", text(quantity("levels", run.units(name, "energy"))), "degeneracy", "gap"], rows, text(f"{name}: exact diagonalisation")))
    return parts


def comparison(runs):
    """Runs side by side: the last energies of each, by Hamiltonian. Energies of unlike systems share no row."""
    rows, head = {}, ["", *[text(run.name) for run in runs]]
    for k, run in enumerate(runs):
        groups = energy_groups(run)
        if not groups:
            continue
        name, group, content = groups[-1]
        system, unit = run.system(), run.units(name, f"{group}/mean")
        for g, label in enumerate(qstage_io.coupling_labels(run.data["stages"][name], len(content["mean"]))):
            words = [system.get("hamiltonian"), system.get("couplings"), label, system.get("lattice"), system.get("sector"), f"[{unit}]"]
            key = ", ".join(word for word in words if word)
            cell = with_error(content["mean"][g], content["error"][g])
            known = run.exact.get(label, math.nan)
            if math.isfinite(known) and known != 0:
                cell += f"<br><small>exact {known:.9g}, relative {abs(content['mean'][g] / known - 1):.1e}</small>"
            rows.setdefault(key, [""] * len(runs))[k] = cell
    return table(head, [[text(key), *cells] for key, cells in rows.items()], "total energies, last result of each run") if rows else ""


def network(run):
    """What the input says of the network, and where its parameters are."""
    rows = section(run.input(), "wavefunction")
    blocks = {}
    for name, shape in run.tensors().items():
        block = name.split("/")[0] if "/" in name else name
        entry = blocks.setdefault(block, [0, 0])
        entry[0] += math.prod(shape)
        entry[1] += 1
    total = sum(count for count, _ in blocks.values())
    if not total:
        return pairs(rows)
    bars = [[text(block), str(tensors), str(count), f'<span class="bar" style="width:{max(1, round(120 * count / total))}px"></span>']
            for block, (count, tensors) in blocks.items()]
    return pairs(rows) + table(["part", "tensors", "parameters", ""], bars, f"{total} parameters")
