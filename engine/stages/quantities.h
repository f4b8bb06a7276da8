// What the datasets and trace columns of the stages mean: units and long_name by the name of the quantity, in one place.
#pragma once

#include <map>
#include <string>

#include "engine/hdf5/data_tree.h"

namespace qs {

// Attributes of a dataset named `name` ("mean", "rhat", "lr", "overlap_03" ...). Energies get units = convention ("S.S", "Pauli", "t"), convention
// and per = "total"; pure numbers get units "1". InputError for a quantity that has no entry here.
std::map<std::string, Attribute> quantity_attributes(const std::string& name, const std::string& convention = "");

}  // namespace qs
