// The catalogue of observables. An entry stands in the file that implements it; its name here, twice, is all that others need.
#include "hamiltonians/observable.h"

namespace qs {

ObservableEntry density_entry();
ObservableEntry density_density_entry();
ObservableEntry double_occupancy_entry();
ObservableEntry sz_sz_entry();
ObservableEntry spin_spin_entry();
ObservableEntry structure_factor_entry();
ObservableEntry spin_structure_factor_entry();
ObservableEntry staggered_moment_entry();
ObservableEntry bond_energy_entry();
ObservableEntry bond_hopping_entry();
ObservableEntry bond_spin_entry();
ObservableEntry dimer_dimer_entry();
ObservableEntry density_pairs_entry();
ObservableEntry sz_pairs_entry();
ObservableEntry spin_pairs_entry();
ObservableEntry density_connected_entry();
ObservableEntry sz_sz_connected_entry();
ObservableEntry momentum_distribution_entry();
ObservableEntry pair_s_entry();
ObservableEntry pair_d_entry();
ObservableEntry current_entry();
ObservableEntry spin_current_entry();
ObservableEntry chirality_entry();
ObservableEntry total_spin_entry();
ObservableEntry sz_entry();
ObservableEntry energy_derivative_entry();

std::span<const ObservableEntry> observables() {
  static const std::vector<ObservableEntry> table = {
      density_entry(),
      density_density_entry(),
      double_occupancy_entry(),
      sz_sz_entry(),
      spin_spin_entry(),
      structure_factor_entry(),
      spin_structure_factor_entry(),
      staggered_moment_entry(),
      bond_energy_entry(),
      bond_hopping_entry(),
      bond_spin_entry(),
      dimer_dimer_entry(),
      density_pairs_entry(),
      sz_pairs_entry(),
      spin_pairs_entry(),
      density_connected_entry(),
      sz_sz_connected_entry(),
      momentum_distribution_entry(),
      pair_s_entry(),
      pair_d_entry(),
      current_entry(),
      spin_current_entry(),
      chirality_entry(),
      total_spin_entry(),
      sz_entry(),
      energy_derivative_entry(),
  };
  return table;
}

}  // namespace qs
