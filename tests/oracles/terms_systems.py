"""The systems of tests/physics/terms and of six shipped inputs, each from its definition: bonds are written out here, not taken from the program.

SYSTEMS: name -> function from the couplings of one member of the family (a mapping) to the sparse matrix of its sector.
"""

import cmath
import math

from matrices import OCCUPIED, SX, SY, SZ, Matrix, hubbard


def ring(length):
    return [(x, (x + 1) % length) for x in range(length)]


def square(size, steps):
    """Bonds of the periodic square of size * size sites x * size + y; both ways round a period of two are the same bond."""
    pairs = {tuple(sorted((x * size + y, (x + dx) % size * size + (y + dy) % size))) for x in range(size) for y in range(size) for dx, dy in steps}
    return sorted(pairs)


NEAREST, DIAGONAL, STRAIGHT = [(1, 0), (0, 1)], [(1, 1), (1, -1)], [(2, 0), (0, 2)]


def tilted(sites):
    """Nearest neighbours of the clusters [[3, 1], [-1, 3]], [[3, 3], [-3, 3]], [[4, 2], [-2, 4]]: labels that the periods leave alone."""
    label = {10: lambda x, y: (x + 7 * y) % 10, 18: lambda x, y: x % 3 * 6 + (x - y) % 6, 20: lambda x, y: x % 2 * 10 + (x + 3 * y) % 10}[sites]
    corners = {label(x, y): (x, y) for x in range(20) for y in range(20)}
    pairs = {tuple(sorted((here, label(x + dx, y + dy)))) for here, (x, y) in corners.items() for dx, dy in NEAREST}
    assert len(corners) == sites and len(pairs) == 2 * sites
    return sorted(pairs)


def heisenberg(sites, bonds, ones=None):
    matrix = Matrix(sites, sites // 2 if ones is None else ones)
    for i, j in bonds:
        matrix.exchange(1, i, j)
    return matrix


def tv(sites, particles, bonds, t, v):
    matrix = Matrix(sites, particles)
    for i, j in bonds:
        matrix.hop(-t, i, j).repel(v, i, j)
    return matrix


def tprime(g):
    """Antiperiodic in x: hops from the last column to the first change sign. No bond is there twice on 4x4."""
    hops = []
    for x in range(4):
        for y in range(4):
            for coupling, steps in (("t", NEAREST), ("tp", DIAGONAL)):
                hops += [(-g[coupling] * (-1 if x + dx == 4 else 1), 4 * x + y, (x + dx) % 4 * 4 + (y + dy) % 4) for dx, dy in steps]
    return hubbard(16, 2, 2, hops, g["U"])


def extended_hubbard(g):
    return hubbard(6, 3, 3, [(-g["t"], i, j) for i, j in ring(6)], g["U"], [(g["V"], i, j) for i, j in ring(6)])


def kitaev(width, height):
    """Site A of cell (x, y) has its B neighbours in the cells (x, y), (x - 1, y), (x, y - 1)."""

    def build(g):
        matrix = Matrix(2 * width * height)
        for x in range(width):
            for y in range(height):
                for coupling, spin, (i, j) in (("Kx", SX, (x, y)), ("Ky", SY, (x - 1, y)), ("Kz", SZ, (x, y - 1))):
                    b = 2 * (i % width * height + j % height) + 1
                    matrix.add(-g[coupling], {2 * (x * height + y): 2 * spin, b: 2 * spin})
        return matrix.sum

    return build


def xyz(g):
    matrix = Matrix(10)
    for i, j in ring(10):
        matrix.exchange(1, i, j, (g["Jx"], g["Jy"], g["Jz"]))
    for i in range(10):
        matrix.add(g["hx"], {i: SX}).add(g["hz"], {i: SZ})
    return matrix.sum


def dzyaloshinskii_moriya(g):
    matrix = Matrix(8)
    for i, j in ring(8):
        matrix.exchange(g["J"], i, j)
        matrix.add(0.6 * g["D"], {i: SY, j: SZ}).add(-0.6 * g["D"], {i: SZ, j: SY})  # x component of S_i x S_j
        matrix.add(0.8 * g["D"], {i: SX, j: SY}).add(-0.8 * g["D"], {i: SY, j: SX})  # z component
    for i in range(8):
        matrix.add(g["h"], {i: SZ})
    return matrix.sum


def ring_exchange(g):
    matrix = Matrix(16, 8)
    for coupling, steps in (("J1", NEAREST), ("J2", DIAGONAL), ("J3", STRAIGHT)):
        for i, j in square(4, steps):
            matrix.exchange(g[coupling], i, j)
    spins = (SX, SY, SZ)
    for x in range(4):
        for y in range(4):
            a, b, c, d = (x * 4 + y, (x + 1) % 4 * 4 + y, (x + 1) % 4 * 4 + (y + 1) % 4, x * 4 + (y + 1) % 4)
            for sign, (p, q), (r, s) in ((1, (a, b), (c, d)), (1, (a, d), (b, c)), (-1, (a, c), (b, d))):
                for first in spins:
                    for second in spins:
                        matrix.add(sign * g["K"], {p: first, q: first, r: second, s: second})
    return matrix.sum


def random_field(g):
    matrix = heisenberg(12, ring(12))
    for i in range(12):
        matrix.add(g[f"W*h@{i}"], {i: SZ})  # as the results print it
    return matrix.sum


def aubry_andre(g):
    matrix = Matrix(12, 4)
    for x in range(11):
        matrix.hop(-g["t"], x, x + 1).repel(g["V"], x, x + 1)
    for x in range(12):
        matrix.add(g["lambda"] * math.cos(2 * math.pi * (math.sqrt(5) - 1) / 2 * x + 0.4), {x: OCCUPIED})
    return matrix.sum


def flux_ring(g, twist=0.7):
    """The flux spread evenly over the bonds: another gauge than that of the program, which puts all of it on the seam."""
    matrix = Matrix(8, 4)
    for i, j in ring(8):
        matrix.hop(-g["t"] * cmath.exp(1j * twist / 8), i, j).repel(g["V"], i, j)
    return matrix.sum


def hofstadter(g):
    """Hops along y turn by a quarter turn per column: a quarter of a flux quantum through every plaquette, those at the seam included."""
    matrix = Matrix(16, 3)
    for x in range(4):
        for y in range(4):
            here, right, above = 4 * x + y, (x + 1) % 4 * 4 + y, 4 * x + (y + 1) % 4
            matrix.hop(-g["t"], here, right).hop(-g["t"] * 1j**x, here, above)
            matrix.repel(g["V"], here, right).repel(g["V"], here, above)
    return matrix.sum


def cubic(g):
    sites = [(x, y, z) for x in range(2) for y in range(2) for z in range(3)]
    number = {site: k for k, site in enumerate(sites)}
    bonds = [(number[0, y, z], number[1, y, z]) for y in range(2) for z in range(3)]
    bonds += [(number[x, 0, z], number[x, 1, z]) for x in range(2) for z in range(3)]
    bonds += [(number[x, y, z], number[x, y, (z + 1) % 3]) for x in range(2) for y in range(2) for z in range(3)]
    return g["J"] * heisenberg(12, bonds).sum


def ladder(g):
    matrix = Matrix(12, 6)
    for x in range(4):
        for leg in range(3):
            matrix.exchange(g["J"], 3 * x + leg, 3 * ((x + 1) % 4) + leg)
            if leg < 2:
                matrix.exchange(g["Jr"], 3 * x + leg, 3 * x + leg + 1)
    return matrix.sum


SYSTEMS = {
    "hubbard_tprime_4x4": tprime,
    "extended_hubbard": extended_hubbard,
    "kitaev_2x2": kitaev(2, 2),
    "kitaev_honeycomb_2x3": kitaev(2, 3),
    "xyz_chain": xyz,
    "dm_chain": dzyaloshinskii_moriya,
    "ring_exchange": ring_exchange,
    "random_field_chain": random_field,
    "aubry_andre": aubry_andre,
    "flux_ring": flux_ring,
    "hofstadter_4x4": hofstadter,
    "tv_tilted_10": lambda g: tv(10, 5, tilted(10), g["t"], g["V"]).sum,
    "tv_tilted_18": lambda g: tv(18, 5, tilted(18), g["t"], g["V"]).sum,
    "tv_tilted_20": lambda g: tv(20, 5, tilted(20), g["t"], g["V"]).sum,
    "heisenberg_tilted_10": lambda g: g["J"] * heisenberg(10, tilted(10)).sum,
    "heisenberg_tilted_18": lambda g: g["J"] * heisenberg(18, tilted(18)).sum,
    "heisenberg_tilted_20": lambda g: g["J"] * heisenberg(20, tilted(20)).sum,
    "cubic": cubic,
    "ladder": ladder,
}
