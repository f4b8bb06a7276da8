// Connected configurations of the CUDA device, on a Queue (see network.h).
#pragma once

#include "kernels/cuda/bodies/connected.h"

namespace qs::kernels::cuda {

template <class Queue>
struct ConnectedConfigurations {
  static void count(OperatorTable op, RowBlock rows, std::int64_t* begin) {
    Queue queue;
    queue.for_each(rows.count + 1, CountConnected{op, rows, begin});
    queue.running_sums(rows.count + 1, begin);
  }

  static void fill(OperatorTable op, RowBlock rows, const std::int64_t* begin, ConnectedRows out) {
    Queue().for_each(rows.count, FillConnected{op, rows, begin, out});
  }

  static void add(RowBlock rows, const std::int64_t* begin, std::int64_t total, ConnectedRows connected, double* re, double* im) {
    Queue queue;
    queue.for_each(total, ConnectedTerm{rows, connected});
    queue.for_each(rows.count, SumConnected{begin, connected, re, im});
  }

  static ConnectedTable table() { return {count, fill, add}; }
};

}  // namespace qs::kernels::cuda
