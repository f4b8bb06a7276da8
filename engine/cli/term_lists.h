// Terms that another code lists place by place, on their way into ours: one per expression, with all its places.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/cli/imported.h"

namespace qs {

class TermLists {
 public:
  // Numbers of one expression on the same sites add up.
  void add(const std::string& expression, const std::vector<int>& sites, double value);
  std::vector<ImportedTerm> take() const;
  // A graph whose bonds are the pairs that some term joins. InputError if none does.
  std::string graph(int sites) const;

 private:
  std::map<std::string, std::map<std::vector<int>, double>> lists_;
  std::set<std::pair<int, int>> pairs_;
};

}  // namespace qs
