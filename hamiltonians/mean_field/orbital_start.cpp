#include "hamiltonians/mean_field/orbital_start.h"

namespace qs {

const Words<OrbitalStart>& orbital_start_words() {
  static const Words<OrbitalStart> words = {
      {"random", OrbitalStart::random}, {"free", OrbitalStart::free}, {"hartree_fock", OrbitalStart::hartree_fock}};
  return words;
}

const Words<MeanFieldSeed>& mean_field_seed_words() {
  static const Words<MeanFieldSeed> words = {{"lowest", MeanFieldSeed::lowest},
                                             {"uniform", MeanFieldSeed::uniform},
                                             {"cdw", MeanFieldSeed::cdw},
                                             {"neel", MeanFieldSeed::neel},
                                             {"stripe", MeanFieldSeed::stripe}};
  return words;
}

std::string describe(const StartOrbitals& start) {
  if (start.start == OrbitalStart::random) return "";
  const std::string& word = word_of(orbital_start_words(), start.start);
  return start.start == OrbitalStart::free ? word : word + " from " + word_of(mean_field_seed_words(), start.seed);
}

}  // namespace qs
