"""Ground-state energies of t-V rings at half filling in closed shells, by the Bethe ansatz; python3 bethe.py L V [V ...] prints them.

With periodic ends for an odd number of particles and antiperiodic ones for an even number, the Jordan-Wigner transformation makes the ring of L sites a
periodic XXZ chain: E = 2 t E_XXZ(V / 2t) + V L / 4, H_XXZ = sum SxSx + SySy + Delta SzSz (Yang and Yang, Phys. Rev. 150, 321 (1966)).
"""

import sys

import numpy as np


def scattering_phases(k, delta):
    left, right = k[:, None], k[None, :]
    return 2 * np.arctan2(delta * np.sin((left - right) / 2), np.cos((left + right) / 2) - delta * np.cos((left - right) / 2))


def xxz(sites, delta):
    """Total energy at Sz = 0. The quantum numbers of the ground state do not change with Delta, so that momenta follow it from free ones."""
    flipped = sites // 2
    numbers = np.arange(flipped) - (flipped - 1) / 2

    def defect(k, delta):
        return sites * k - 2 * np.pi * numbers + scattering_phases(k, delta).sum(1)

    k = 2 * np.pi * numbers / sites
    for part in np.linspace(0, -delta, 41)[1:]:  # every second spin turned about z: couplings of xy become negative
        for _ in range(60):
            step = 1e-6
            slope = np.array([(defect(k + step * e, part) - defect(k - step * e, part)) / (2 * step) for e in np.eye(flipped)]).T
            change = np.linalg.solve(slope, defect(k, part))
            k = k - change
            if abs(change).max() < 1e-13:
                break
    return delta * sites / 4 - np.sum(delta + np.cos(k))


def tv(sites, repulsion):
    return 2 * xxz(sites, repulsion / 2) + repulsion * sites / 4


if __name__ == "__main__":
    for value in sys.argv[2:]:
        print(f"V = {value}: {tv(int(sys.argv[1]), float(value)):.10f}")
