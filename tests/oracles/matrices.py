"""Matrices of lattice models straight from their definitions: Kronecker products, Jordan-Wigner strings, nothing of the engine.

Index 1 of a mode is spin up or occupied. A string is {mode: 2x2 matrix}; `times` multiplies strings, `Matrix` sums them in a sector.
"""

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import eigsh

RAISE = np.array([[0, 0], [1, 0]], complex)
LOWER = RAISE.T.copy()
SX = (RAISE + LOWER) / 2
SY = (RAISE - LOWER) / 2j
SZ = np.diag([-0.5, 0.5]).astype(complex)
OCCUPIED = np.diag([0, 1]).astype(complex)
STRING = np.diag([1, -1]).astype(complex)


def times(*strings):
    """The product of strings, the last acts first."""
    result = {}
    for string in strings:
        for mode, matrix in string.items():
            result[mode] = result[mode] @ matrix if mode in result else matrix
    return result


def create(mode):
    return {**{below: STRING for below in range(mode)}, mode: RAISE}


def annihilate(mode):
    return {**{below: STRING for below in range(mode)}, mode: LOWER}


class Matrix:
    """A sum of strings on `modes` modes, restricted to states with `ones` of them up or occupied (None: all states)."""

    def __init__(self, modes, ones=None):
        self.modes = modes
        states = np.arange(1 << modes)
        count = sum((states >> mode) & 1 for mode in range(modes))
        self.kept = states if ones is None else states[count == ones]
        self.dimension = len(self.kept)
        self.sum = sparse.csr_matrix((self.dimension, self.dimension), dtype=complex)

    def add(self, coefficient, string):
        matrix = sparse.identity(1, dtype=complex, format="csr")
        idle = 0  # modes without a factor, multiplied in together
        for mode in reversed(range(self.modes)):  # mode 0 is the lowest bit: the last factor
            if mode not in string:
                idle += 1
                continue
            matrix = sparse.kron(sparse.kron(matrix, sparse.identity(1 << idle), "csr"), sparse.csr_matrix(string[mode]), "csr")
            idle = 0
        matrix = sparse.kron(matrix, sparse.identity(1 << idle), "csr")
        self.sum = self.sum + coefficient * (matrix if self.dimension == 1 << self.modes else matrix[self.kept][:, self.kept])
        return self

    def exchange(self, coefficient, i, j, anisotropy=(1, 1, 1)):
        """coefficient (a Sx Sx + b Sy Sy + c Sz Sz) on sites i and j."""
        for factor, spin in zip(anisotropy, (SX, SY, SZ)):
            if factor:
                self.add(coefficient * factor, {i: spin, j: spin})
        return self

    def hop(self, coefficient, i, j):
        """coefficient c+_i c_j + its adjoint."""
        self.add(coefficient, times(create(i), annihilate(j)))
        return self.add(np.conj(coefficient), times(create(j), annihilate(i)))

    def repel(self, coefficient, i, j):
        return self.add(coefficient, {i: OCCUPIED, j: OCCUPIED})

    def level(self, coefficient, i):
        return self.add(coefficient, {i: OCCUPIED})


def hubbard(sites, up, down, hops, onsite, pairs=()):
    """Fermions with spin: hops and pairs are (number, i, j), pairs of all densities, onsite the repulsion. One block per species."""
    blocks = [Matrix(sites, ones) for ones in (down, up)]
    for block in blocks:
        for value, i, j in hops:
            block.hop(value, i, j)
        for value, i, j in pairs:  # within one species
            block.repel(value, i, j)
    one = [sparse.identity(block.dimension, format="csr") for block in blocks]
    total = sparse.kron(blocks[0].sum, one[1], "csr") + sparse.kron(one[0], blocks[1].sum, "csr")
    density = [[Matrix(sites, ones).level(1, i).sum for i in range(sites)] for ones in (down, up)]
    between = [(onsite, i, i) for i in range(sites)] + [(value, a, b) for value, i, j in pairs for a, b in ((i, j), (j, i))]
    for value, i, j in between:
        total = total + value * sparse.kron(density[0][i], density[1][j], "csr")
    return total


def lowest(matrix):
    """The lowest eigenvalue of a sparse hermitian matrix, to 12 digits or so."""
    adjoint = matrix.conj().T
    assert abs(matrix - adjoint).max() < 1e-12, "the oracle's matrix is not hermitian"
    if abs(matrix.imag).max() < 1e-14:
        matrix = matrix.real
    if matrix.shape[0] <= 1000:
        return float(np.linalg.eigvalsh(matrix.toarray())[0])
    start = np.random.default_rng(1).normal(size=matrix.shape[0])
    return float(eigsh(matrix.tocsr(), k=1, which="SA", tol=0, ncv=40, v0=start)[0][0])
