// Picks the device's table and forwards.
#include "kernels/api/connected.h"

#include "engine/base/error.h"
#include "kernels/dispatch/connected_table.h"

namespace qs::kernels {
namespace {

const ConnectedTable& on(Device device) {
  switch (device) {
    case Device::reference:
    case Device::cpu:
      return reference::connected_table();
    case Device::cuda:
      return cuda::connected_table();
  }
  throw NotBuilt("the requested device");
}

}  // namespace

void count_connected(Device device, const OperatorTable& op, const RowBlock& rows, std::int64_t* begin) { on(device).count(op, rows, begin); }

void fill_connected(Device device, const OperatorTable& op, const RowBlock& rows, const std::int64_t* begin, const ConnectedRows& out) {
  on(device).fill(op, rows, begin, out);
}

void add_connected(Device device, const RowBlock& rows, const std::int64_t* begin, std::int64_t total, const ConnectedRows& connected, double* re,
                   double* im) {
  on(device).add(rows, begin, total, connected, re, im);
}

}  // namespace qs::kernels
