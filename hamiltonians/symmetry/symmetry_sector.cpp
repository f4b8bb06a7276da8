#include "hamiltonians/symmetry/symmetry_sector.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace qs {

SymmetrySector::SymmetrySector(std::vector<Element> elements, int dimension, std::string words, std::optional<StateMap> conjugator)
    : elements_(std::move(elements)), dimension_(dimension), words_(std::move(words)) {
  for (const Element& element : elements_) fast_.emplace_back(element.map);
  if (conjugator) conjugator_.emplace(*conjugator);
  real_ = std::all_of(elements_.begin(), elements_.end(), [](const Element& element) { return element.character.imag() == 0; });
}

namespace {

// Whether h sigma = sigma up to its sign. Most elements are told apart by their first few modes, without the large tables of FastMap.
bool fixes(const StateMap& map, const Word* sigma) {
  const bool turned = map.bits == Bits::complemented;
  for (int m = 0; m < map.modes(); ++m)
    if (test_bit(sigma, map.image[m]) != (test_bit(sigma, m) != turned)) return false;
  return true;
}

}  // namespace

double SymmetrySector::stabiliser(const Word* sigma) const {
  std::vector<Word> image(words_for(elements_.front().map.modes()));
  double sum = 0;  // the imaginary part cancels between h and h^-1
  for (std::int64_t h = 0; h < order(); ++h) {
    if (fixes(elements_[h].map, sigma)) sum += apply(h, sigma, image.data()) * elements_[h].character.real();
  }
  return std::abs(sum) < 1e-9 * double(order()) ? 0 : sum;
}

std::int64_t SymmetrySector::states(const Sector& sector) const {
  double sum = 0;
  for (const Element& element : elements_) {
    if (element.character.real() != 0) sum += element.character.real() * trace(element.map, sector);
  }
  return std::llround(dimension_ * sum / double(order()));
}

}  // namespace qs
