"""What test_terms.py writes wrong on purpose, as a user might: the text of a term, and what the refusal must say."""

from typing import NamedTuple


class Case(NamedTuple):
    text: str  # the term; @ marks the place that the message must name (it is taken out)
    words: tuple
    lattice: str = "chain, size: [6]"
    sector: str = "spin_half, total_sz: 0"
    extra: str = ""  # a line of the Hamiltonian
    network: str = ""


SPINLESS, SPINFUL = "spinless_fermions, particles: 3", "spinful_fermions, up: 3, down: 3"
REAL_RBM = "wavefunction: {kind: rbm, dtype: real}\nsampler: {kind: exact_sum}\n"
REFUSALS = [
    Case("expression: @S+ S-, shell: 1", ("'S+ S-' is not hermitian", "add '+ h.c.'")),
    Case("expression: @i Sz Sz, shell: 1", ("not hermitian",)),
    Case("expression: @X, sites: all", ("'X' changes the total Sz", "remove total_sz")),
    Case('expression: @"c+ c+ + h.c.", shell: 1', ("changes the number of particles", "as many c+ as c"), sector=SPINLESS),
    Case('expression: @"c+_up c_dn + h.c.", shell: 1', ("changes the numbers of up and down particles", "as many c+_up as c_up"), sector=SPINFUL),
    Case("expression: @S.S + Sq Sz, shell: 1", ("column 7", "unknown operator 'Sq'", "known on spins: Sz")),
    Case('expression: @"c+ c", shell: 1', ("acts on fermions without spin, but the sector holds spins",)),
    Case("expression: @Sz, shell: 1", ("column 1", "name the sites")),
    Case("expression: @S.S, pattern: [[0, 0], [1, 1]]", ("basis site 1 does not exist", "has 1 per cell")),
    Case("expression: @S.S, pattern: [[0, 0], [6, 0]]", ("the lattice is too small",)),
    Case("expression: @S.S, pattern: [[0, 0, 0], [1, 0, 0]]", ("3 numbers", "1 step of cells and the site of the cell")),
    Case("expression: @S.S, bonds: rung", ("bonds 'rung' are not known", "system.hamiltonian.bonds")),
    Case("expression: @S.S, tuples: [[0, 6]]", ("site 6 does not exist (sites are 0 to 5)",)),
    Case("expression: @S.S, tuples: [[0, 1], [1, 2, 3]]", ("one term for each length",)),
    Case("expression: @S.S, shell: 1, values: [1.0, 2.0]", ("2 values for 6 places",)),
    Case("expression: @S.S, shell: 1, sites: all", ("says twice where it acts",)),
    Case("expression: @S.S, shell: 1, random: {width: 2.0}", ("has no seed", "system.family.disorder")),
    Case("expression: @S.S, shell: 1", ("joined both inside and across the twisted seam", "longer axis"), "chain, size: [2]", extra="twist: [0.3]"),
    Case('expression: @"c+ c + h.c.", shell: 1', ("joined both inside and across the twisted seam",), "square, size: [2, 4]", SPINLESS,
         "twist: [0.3, 0.0]"),
    Case('expression: @"[0, 0, 1].(S x S)", shell: 3', ("sites 0 and 3 are joined from both sides", "pattern")),
    Case("expression: S.S, shell: 1", ("hamiltonian.twist has 2 angles", "1 axis"), extra="twist: @[0.3, 0.2]"),
    Case("expression: S.S, shell: 1", ("axis 1 is open",), "chain, size: [6], periodic: false", extra="twist: @[0.3]"),
    Case('expression: "[0, 0, 1].(S x S)", shell: 1', ("term '[0, 0, 1].(S x S)' makes the Hamiltonian complex", "dtype complex"),
         network=REAL_RBM.replace("{kind", "@{kind", 1)),
]


def input_of(case):
    """(text, line, column) of the place marked @."""
    text = f"""format: 1
output: {{directory: run}}
system:
  lattice: {{kind: {case.lattice}}}
  sector: {{kind: {case.sector}}}
  hamiltonian:
    kind: terms
    couplings: {{J: 1.0}}
{f"    {case.extra}" if case.extra else "    # nothing else"}
    terms:
      - {{{case.text}, coupling: J}}
{case.network}stages: [{{kind: ed}}]
"""
    before = text[: text.index("@")]
    return text.replace("@", ""), before.count("\n") + 1, len(before) - before.rfind("\n")
