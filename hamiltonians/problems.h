// Problems on one lattice or on several, as one list that one network serves: family after family, a family to each lattice.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "hamiltonians/problem.h"

namespace qs {

// A view: the families must outlive it.
class Problems {
 public:
  Problems(const ProblemFamily& family) : Problems(std::vector{&family}) {}
  explicit Problems(std::vector<const ProblemFamily*> families) : families_(std::move(families)) {
    for (std::size_t k = 0; k < families_.size(); ++k) {
      first_.push_back(size());
      lattice_of_.insert(lattice_of_.end(), families_[k]->size(), static_cast<int>(k));
    }
  }

  int size() const { return static_cast<int>(lattice_of_.size()); }
  const Problem& operator[](int g) const { return family_of(g).problems[place_of(g)]; }

  const std::vector<const ProblemFamily*>& families() const& { return families_; }
  const std::vector<const ProblemFamily*>& families() const&& = delete;  // a loop over them would outlive the view
  bool on_one_lattice() const { return families_.size() == 1; }
  // [problems]: position of its family, and thereby of its lattice.
  const std::vector<int>& lattice_of() const { return lattice_of_; }
  const ProblemFamily& family_of(int g) const { return *families_[lattice_of_[g]]; }
  // Of problem g in its family.
  int place_of(int g) const { return g - first_[lattice_of_[g]]; }

  // Bits of a configuration: as many as the largest lattice needs.
  int modes() const {
    int most = 0;
    for (const ProblemFamily* family : families_) most = std::max(most, family->modes());
    return most;
  }
  int most_sites() const {
    int most = 0;
    for (const ProblemFamily* family : families_) most = std::max(most, family->lattice.sites());
    return most;
  }
  // Over the problems.
  double mean_sites() const {
    double sum = 0;
    for (const ProblemFamily* family : families_) sum += static_cast<double>(family->lattice.sites()) * family->size();
    return sum / size();
  }
  // Energies are compared per site, else the largest lattice would own the gradient; in units of a mean lattice, so that one lattice is as it was.
  double energy_weight(int g) const { return on_one_lattice() ? 1.0 : mean_sites() / family_of(g).lattice.sites(); }
  std::string prefix(int g) const {
    const std::string& label = (*this)[g].label;
    return label.empty() ? "" : label + ": ";
  }

 private:
  std::vector<const ProblemFamily*> families_;
  std::vector<int> first_;       // [families]: number of its first problem
  std::vector<int> lattice_of_;  // [problems]
};

inline Problems problems_of(const ProblemFamily& family, const std::vector<ProblemFamily>& beside) {
  std::vector<const ProblemFamily*> families{&family};
  for (const ProblemFamily& other : beside) families.push_back(&other);
  return Problems(std::move(families));
}

}  // namespace qs
