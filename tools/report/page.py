"""The page: its sections from top to bottom, put into page.html."""

import os
import string

import numpy as np

from . import curves, lattice, observables, svg
from .tables import comparison, energies, network, number, pairs, table, text, with_error

FOLDER = os.path.dirname(os.path.abspath(__file__))
GENERATOR = '<meta name="generator" content="qstage-vmc report">'
MOST_POINTS_IN_PANEL = 4000  # of all curves together


class Figures:
    """Turns figures into elements and counts them, so that each has a prefix of its own."""

    def __init__(self):
        self.count = 0

    def element(self, figure, description, caption=""):
        self.count += 1
        return self._framed(svg.of_figure(figure, f"f{self.count}", description), caption)

    def panel(self, panel):
        self.count += 1
        return self._framed(svg.of_panel(panel, f"f{self.count}"), "; ".join(panel.notes))

    @staticmethod
    def _framed(element, caption):
        return f"<figure>{element}" + (f"<figcaption>{text(caption)}</figcaption>" if caption else "") + "</figure>"


def page(runs):
    """The whole document as text."""
    figures = Figures()
    with svg.style():
        sections = [
            ("What was computed", "computed", computed(runs, figures)),
            ("Energies", "energies", energy_section(runs, figures)),
            ("Training and sampling", "training", panels(curves.of_training(runs, points_per_curve(runs)), figures)),
            ("Observables", "observables", observable_section(runs, figures)),
            ("Time", "time", panels(curves.of_times(runs), figures)),
            ("How to reproduce", "reproduce", "".join(reproduce(run, len(runs) > 1) for run in runs)),
            ("How to cite", "cite", cite(runs)),
        ]
    sections = [(title, anchor, body) for title, anchor, body in sections if body]
    with open(os.path.join(FOLDER, "page.html"), encoding="utf-8") as template, open(os.path.join(FOLDER, "style.css"), encoding="utf-8") as style:
        return string.Template(template.read()).substitute(
            title=text(runs[0].title() if len(runs) == 1 else "Comparison of " + ", ".join(run.name for run in runs)), style=style.read(),
            summary="".join(summary(run, len(runs) > 1) for run in runs), warnings=warnings(runs),
            contents="".join(f'<a href="#{anchor}">{title}</a>' for title, anchor, _ in sections),
            sections="".join(f'<section id="{anchor}"><h2>{title}</h2>{body}</section>\n' for title, anchor, body in sections))


def points_per_curve(runs):
    """So that the curves of a large family do not make the page heavy."""
    widest = max((column.shape[1] for run in runs for _, stage, _ in run.vmc if (column := curves.column(stage["trace"], "energy/mean")) is not None), default=1)
    return max(40, MOST_POINTS_IN_PANEL // (widest * len(runs)))


def summary(run, several):
    """One line: how the run ended, when, where, how long."""
    found, made = run.summary(), run.attributes.get("provenance", {})
    words = [found.get("state", ""), f"{found['parameters']} parameters" if found.get("parameters") else "", f"created {made.get('created', '')}",
             f"version {made.get('version', '')} ({made.get('git', '')})", f"{made.get('ranks', '')} rank(s) on {made.get('device', '')}",
             f"{float(found['wall_seconds']):.0f} s" if found.get("wall_seconds") else ""]
    return f"<p>{'<b>' + text(run.name) + '</b>: ' if several else ''}{text(', '.join(str(word) for word in words if word))}</p>"


def warnings(runs):
    """All that speaks against a result, before any of them is shown."""
    items = []
    for run in runs:
        prefix = f"{run.name}: " if len(runs) > 1 else ""
        items += [prefix + warning for warning in warnings_of(run)]
    if not items:
        return '<p class="sound">No warnings.</p>'
    return '<div class="warnings" role="alert"><b>Warnings</b><ul>' + "".join(f"<li>{text(item)}</li>" for item in items) + "</ul></div>"


def warnings_of(run):
    found = run.summary()
    if not found:
        return ["there is no summary.json beside the results: warnings of the run are not known"]
    items = [f"the run is not complete: {found.get('state')}"] if found.get("state") != "finished" else []
    for warning in found.get("warnings", []):
        items.append(str(warning["text"]) + (f" ({warning['count']} times)" if warning.get("count", 1) > 1 else ""))
    if found.get("nonfinite_events"):
        items.append(f"{found['nonfinite_events']} step(s) met a number that is not finite")
    if not any("not converged" in item for item in items):
        items += [f"{stage['group']} has not converged" for stage in found.get("stages", []) if stage.get("converged") is False]
    return items


def computed(runs, figures):
    cards = []
    for run in runs:
        system = run.system()
        drawing = lattice.figure(run)
        rows = [("lattice", system.get("lattice", "")), ("sector", system.get("sector", "")), ("couplings", system.get("couplings", "")), ("varied", varied(run)),
                ("energies in", system.get("units", "")), ("amplitudes", system.get("amplitudes", "")), ("symmetry", symmetry(run))]
        picture = figures.element(drawing, f"lattice: {system.get('lattice', '')}", "colours: sublattices; stubs: bonds around the boundary") if drawing else ""
        heading = f"<h3>{text(run.name)}: {text(run.title())}</h3>" if len(runs) > 1 else ""
        cards.append(f'{heading}<p class="formula">{text(formula(run))}</p><div class="cards"><div>{pairs(rows)}</div>{picture}<div>{network(run)}</div></div>')
    return "".join(cards)


def formula(run):
    """The model in words; of a Hamiltonian of terms, its terms as they were written."""
    system = run.system()
    if system.get("hamiltonian") != "terms":
        return system.get("formula") or system.get("hamiltonian", "")
    return "\n".join(["sum of", *(f"  {term}" for term in terms_of(run.input()))])


def terms_of(text):
    """What stands between the braces of `terms: [{...}, {...}]`, one entry a term."""
    start = text.find("terms: [")
    terms, depth, begin = [], 0, 0
    for place in range(start, len(text)) if start >= 0 else ():
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(text[place], 0)
        if text[place] == "{" and depth == 2:
            begin = place + 1
        elif text[place] == "}" and depth == 1:
            terms.append(text[begin:place].removeprefix("expression: "))
        elif text[place] == "]" and depth == 0:
            break
    return terms


def varied(run):
    """The couplings that vary, with the values that they take in all stages."""
    values = {}
    for stage in run.stages().values():
        for name, column in stage.get("couplings", {}).items():
            values.setdefault(name, set()).update(float(value) for value in np.ravel(column))
    return "; ".join(f"{name} = {', '.join(f'{value:g}' for value in sorted(column))}" for name, column in sorted(values.items()))


def symmetry(run):
    """The sectors that the stages projected on, and what is left of the network there."""
    words = {}
    for name, stage in run.stages().items():
        if "sector" in stage:
            sector = run.attribute(f"stages/{name}/sector/weight", "sector")
            weight = np.ravel(stage["sector"].get("weight", []))
            words[sector] = sector + (f" (weight in the network {weight[0]:.3g})" if len(weight) and weight[0] > 0 else "")
    return "; ".join(words.values())


def panels(filled, figures):
    return f'<div class="figures">{"".join(figures.panel(panel) for panel in filled)}</div>' if filled else ""


def energy_section(runs, figures):
    numbers = []
    for run in runs:
        body = energies(run)
        if body and len(runs) > 1:
            body = f"<details><summary>all energies of {text(run.name)}</summary>{body}</details>"
        numbers.append(body)
    side_by_side = comparison(runs) if len(runs) > 1 else ""
    return side_by_side + "".join(numbers) + panels([*curves.of_results(runs), *observables.spectra(runs)], figures)


def observable_section(runs, figures):
    parts = [figures.panel(panel) for panel in observables.shared_panels(runs)]
    for run in runs:
        for observable, g, drawing in observables.maps(run):
            label = observable.problems()[g]
            words = ", ".join(part for part in (run.name if len(runs) > 1 else "", observable.name, label) if part)
            parts.append(figures.element(drawing, words, f"{words}: {observable.meaning}"))
    pictures = f'<div class="figures">{"".join(parts)}</div>' if parts else ""
    return pictures + "".join(observable_values(run, len(runs) > 1) for run in runs)


def observable_values(run, several):
    """Those of a few values as numbers, and where the others are."""
    rows, elsewhere = [], []
    for name, o in observables.of_run(run).items():
        if o.mean.shape[1] > observables.SCALARS:
            elsewhere.append(f"{name} ({o.mean.shape[1]} values)")
            continue
        for g, problem in enumerate(o.problems()):
            for k, label in enumerate(o.labels):
                what = ", ".join(dict.fromkeys(part for part in (name, label, problem) if part))
                doubt = "" if o.reliable[g, k] == 1 else ' <b class="doubt" title="the error is not reliable">?</b>'
                rows.append([text(what), with_error(o.mean[g, k], o.error[g, k]) + doubt, number(o.exact[g, k], ".9g") if o.exact is not None else "-"])
    parts = [f"<h3>{text(run.name)}</h3>" if several and (rows or elsewhere) else "", table(["", "mean", "exact"], rows) if rows else ""]
    if elsewhere:
        parts.append(f"<p>Numbers of {text(', '.join(elsewhere))}: stages/*/observables in results.h5.</p>")
    return "".join(parts)


def reproduce(run, several):
    made = run.attributes.get("provenance", {})
    seeds = ", ".join(str(seed) for seed in np.ravel(run.data.get("provenance", {}).get("seeds", [])))
    rows = [("command", made.get("command_line", "")), ("seed", seeds), *((name, made.get(name, "")) for name in (
        "version", "git", "compiler", "flags", "device", "gpu", "instruction_set", "ranks", "threads", "hosts", "mpi", "blas", "hdf5", "run_id", "created"))]
    heading = f"<h3>{text(run.name)}</h3>" if several else ""
    again = "<p>Save this input as input.yaml; <code>qstage-vmc input.yaml</code> computes the same numbers on any number of ranks.</p>"
    return f"{heading}{pairs(rows)}{again}<details{'' if several else ' open'}><summary>input as it was understood</summary><pre>{text(run.input())}</pre></details>"


def cite(runs):
    """BibTeX that the runs carry, each entry once."""
    entries = dict.fromkeys(entry.strip() for run in runs for entry in run.citations().split("\n\n") if entry.strip())
    if not entries:
        return "<p>These results carry no references; <code>qstage-vmc cite input.yaml</code> prints them.</p>"
    return f"<pre>{text(chr(10).join(f'{entry}{chr(10)}' for entry in entries))}</pre>"
