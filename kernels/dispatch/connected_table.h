// What a device offers behind kernels/api/connected.h. Shapes and meaning of the arguments: see there.
#pragma once

#include "kernels/api/connected.h"

namespace qs::kernels {

struct ConnectedTable {
  void (*count)(OperatorTable op, RowBlock rows, std::int64_t* begin);
  void (*fill)(OperatorTable op, RowBlock rows, const std::int64_t* begin, ConnectedRows out);
  void (*add)(RowBlock rows, const std::int64_t* begin, std::int64_t total, ConnectedRows connected, double* re, double* im);
};

namespace reference {  // also of the cpu device
const ConnectedTable& connected_table();
}
namespace cuda {
const ConnectedTable& connected_table();
}

}  // namespace qs::kernels
