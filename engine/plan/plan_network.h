// The wavefunction of an input: its options, the features it sees, the weights it starts from.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/plan/plan.h"

namespace qs {

// Sizes that the input leaves open are read from wavefunction.weights, sizes that it gives are checked. InputError for options that contradict
// each other or the system, FileError and CheckpointError for weights that cannot be read or do not fit. `origin`: of the system.
NetworkPlan network_plan(const input::Document& document, const ProblemFamily& family, const SystemOptions& system, Origin origin);

// Parameters of this network from a weight file, of another run perhaps. FileError for a file that cannot be read, CheckpointError for one that holds
// another network, or a state of another system or irrep. `origin`: of the run.
std::vector<double> stored_parameters(const NetworkPlan& network, const std::string& file, const Origin& origin);

// The wavefunction of the plan for the problems of a stage: on their lattices, projected on their irrep, if there is one, with a twin for its chains
// if they follow another precision. Without parameters. SymmetryError if the projection vanishes, whatever the parameters are; InputError if the
// network counts sites and a lattice is not its own.
std::unique_ptr<Wavefunction> make_network(const NetworkPlan& plan, const Problems& problems, Device device);
// On the lattice of `system`, not projected.
std::unique_ptr<Wavefunction> make_network(const NetworkPlan& plan, Device device);

}  // namespace qs
