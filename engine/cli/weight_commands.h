// What `info` says about a weight file, results or checkpoint.
#pragma once

#include <string>

namespace qs {

// Attributes of the file, tensors with shapes and types, the count of parameters, and the options of the network they look like.
std::string describe_weights(const std::string& file);

}  // namespace qs
