// The words of a mean-field start, for whoever asks for one: which orbitals, and which seed of the self-consistency.
#pragma once

#include <string>

#include "engine/base/options.h"

namespace qs {

// random: from no mean field. free: the orbitals of the hops and fields. hartree_fock: self-consistent ones.
enum class OrbitalStart { random, free, hartree_fock };

// The field that a self-consistency begins with: none; +-0.5 on the sublattices; +-0.3 on the sublattices and opposite for the spins; rows that
// alternate along one axis (every axis is tried), +-0.5 without spin, +-0.3 and opposite for the spins with it. In units of the largest hop.
enum class MeanFieldSeed { lowest, uniform, cdw, neel, stripe };

struct StartOrbitals {
  OrbitalStart start = OrbitalStart::random;
  MeanFieldSeed seed = MeanFieldSeed::lowest;
  int columns = 0;  // orbitals that the network has
};

const Words<OrbitalStart>& orbital_start_words();
const Words<MeanFieldSeed>& mean_field_seed_words();
// "free", "hartree_fock from cdw"; "" of random.
std::string describe(const StartOrbitals& start);

}  // namespace qs
