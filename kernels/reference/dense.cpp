#include "kernels/reference/install.h"

namespace qs::kernels::reference {
namespace {

// y[t][o][b] (+)= sum_i x[t][i][b] w[i][o] + bias[o]
template <class Real>
void dense(DenseShape s, const Real* x, const Real* w, const Real* bias, Real* y, Write write) {
  for (int t = 0; t < s.tokens; ++t) {
    for (int o = 0; o < s.out; ++o) {
      for (int b = 0; b < s.rows; ++b) {
        Real sum = bias ? bias[o] : Real(0);
        for (int i = 0; i < s.in; ++i) sum += x[at(t, i, b, s.in, s.rows)] * w[static_cast<std::int64_t>(i) * s.out + o];
        Real& result = y[at(t, o, b, s.out, s.rows)];
        result = write == Write::accumulate ? result + sum : sum;
      }
    }
  }
}

// Value k of row b < valid: added to one sum, or stored in the row of the sample.
template <class Real>
void deliver(GradientTarget<Real> target, std::int64_t k, int b, Real value) {
  if (target.row_stride == 0) {
    target.base[k] += value;
  } else {
    target.base[b * target.row_stride + k] = value;
  }
}

// dw[i][o] = sum_t x[t][i][b] dy[t][o][b], dbias[o] = sum_t dy[t][o][b]
template <class Real>
void dense_weight_gradient(DenseShape s, const Real* x, const Real* dy, GradientTarget<Real> dw, GradientTarget<Real> dbias) {
  for (int b = 0; b < dw.valid; ++b) {
    for (int i = 0; i < s.in; ++i) {
      for (int o = 0; o < s.out; ++o) {
        Real sum = 0;
        for (int t = 0; t < s.tokens; ++t) sum += x[at(t, i, b, s.in, s.rows)] * dy[at(t, o, b, s.out, s.rows)];
        deliver(dw, static_cast<std::int64_t>(i) * s.out + o, b, sum);
      }
    }
  }
  for (int b = 0; dbias.base != nullptr && b < dbias.valid; ++b) {
    for (int o = 0; o < s.out; ++o) {
      Real sum = 0;
      for (int t = 0; t < s.tokens; ++t) sum += dy[at(t, o, b, s.out, s.rows)];
      deliver(dbias, o, b, sum);
    }
  }
}

// target[k] += sum_b g[k][b], or target[b][k] = g[k][b]
template <class Real>
void emit_gradient(int n, int rows, const Real* g, GradientTarget<Real> target) {
  for (int b = 0; b < target.valid; ++b) {
    for (int k = 0; k < n; ++k) deliver(target, k, b, g[static_cast<std::int64_t>(k) * rows + b]);
  }
}

}  // namespace

template <class Real>
void install_dense(NetworkTable<Real>& table) {
  table.dense = dense<Real>;
  table.dense_weight_gradient = dense_weight_gradient<Real>;
  table.emit_gradient = emit_gradient<Real>;
}
template void install_dense(NetworkTable<float>&);
template void install_dense(NetworkTable<double>&);

}  // namespace qs::kernels::reference
