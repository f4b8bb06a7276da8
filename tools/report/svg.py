"""Figures as SVG inside a page: text stays text, and colours follow the page, light or dark."""

import io
import re

import matplotlib

from .panels import plt

# Drawn in these colours, shown in what the style sheet says for them (style.css).
INK, FAINT, PAPER = "#010101", "#a1a1a1", "#fefefe"
PALETTE = ["#1f77b4", "#d95f02", "#1b9e77", "#c2378c", "#7f6fd1", "#8c6d31", "#e31a1c", "#17a2b8", "#66a61e", "#636363"]
VARIABLES = {INK: "var(--ink)", FAINT: "var(--faint)", PAPER: "var(--paper)", **{colour: f"var(--c{i})" for i, colour in enumerate(PALETTE)}}

STYLE = {
    "svg.fonttype": "none", "font.size": 9, "axes.prop_cycle": matplotlib.cycler(color=PALETTE), "axes.titlesize": 10, "axes.spines.top": False,
    "axes.spines.right": False, "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK, "axes.titlecolor": INK,
    "axes.facecolor": "none", "figure.facecolor": "none", "savefig.facecolor": "none", "axes.grid": True, "grid.color": FAINT, "grid.linewidth": 0.3,
    "grid.alpha": 0.6, "axes.axisbelow": True, "legend.frameon": False, "axes.formatter.useoffset": False, "axes.formatter.limits": (-4, 5),
    "path.simplify_threshold": 0.5}
WIDTH, HEIGHT = 5.0, 3.3  # inches; the page scales them


def style():
    """The settings under which every figure of a page is drawn."""
    return matplotlib.rc_context(STYLE)


def of_panel(panel, name):
    figure, axes = plt.subplots(figsize=(WIDTH, HEIGHT), layout="constrained")
    panel.draw(axes)
    return of_figure(figure, name, f"{panel.title}: {panel.unit} against {panel.x or 'the runs'}")


def of_figure(figure, name, description):
    """The element of a figure, which is closed. `name` is a prefix for what the element defines, and tells it from its neighbours."""
    stream = io.StringIO()
    matplotlib.rcParams["svg.hashsalt"] = name
    figure.savefig(stream, format="svg", metadata={"Creator": None, "Date": None, "Format": None, "Type": None})
    plt.close(figure)
    return _inline(stream.getvalue(), name, description)


def _inline(text, name, description):
    text = text[text.index("<svg"):]
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.S)
    used = set(re.findall(r'url\(#([^)]+)\)|xlink:href="#([^"]+)"', text))
    used = {a or b for a, b in used}
    text = re.sub(r' id="([^"]*)"', lambda match: f' id="{name}-{match[1]}"' if match[1] in used else "", text)
    text = re.sub(r'url\(#|xlink:href="#', lambda match: match[0] + name + "-", text)
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", text)  # the family is that of the page
    text = re.sub(r"(?<=[ML \n\"])(-?\d+\.\d{2})\d+", r"\1", text)  # a hundredth of a point is enough
    text = re.sub("|".join(VARIABLES), lambda match: VARIABLES[match[0]], text)
    box = re.search(r'viewBox="([^"]*)"', text)[1]
    label = re.sub(r'[<>&"]', " ", description)
    return re.sub(r"<svg[^>]*>", f'<svg viewBox="{box}" role="img" aria-label="{label}" xmlns:xlink="http://www.w3.org/1999/xlink">', text, count=1).strip()
