// Every definition of the network primitives that this machine can run, in both precisions, as types for typed tests; and the comparison with
// bounds derived from rounding errors.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "kernels/cuda/network.h"
#include "kernels/dispatch/instruction_set.h"
#include "kernels/dispatch/tables.h"
#include "tests/kernels/host_queue.h"
#include "tests/kernels/lane_array.h"
#include "tests/kernels/staged_device.h"

namespace qs::test {

// cuda_on_host: the bodies of the CUDA kernels, run by the host.
enum class Definition { reference, baseline, avx2, avx512, cuda_on_host, cuda };

template <class RealType, Definition definition>
struct Implementation {
  using Real = RealType;
  static constexpr Definition which = definition;
  static bool available() {
    if (definition == Definition::avx512) return supported_instruction_set() == InstructionSet::avx512;
    if (definition == Definition::avx2) return supported_instruction_set() >= InstructionSet::avx2;
    if (definition == Definition::cuda) return cuda_device_present();
    return true;
  }
  static const kernels::NetworkTable<Real>& table() {
    if constexpr (definition == Definition::avx512) return on_reference<kernels::avx512::install<Real>>();
    if constexpr (definition == Definition::avx2) return on_reference<kernels::avx2::install<Real>>();
    if constexpr (definition == Definition::baseline) return on_reference<kernels::baseline::install<Real>>();
    if constexpr (definition == Definition::cuda) return staged_table<Real>();
    if constexpr (definition == Definition::cuda_on_host) {
      static const kernels::NetworkTable<Real> table = kernels::cuda::Network<Real, HostQueue>::table();
      return table;
    }
    return kernels::network<Real>(Device::reference);
  }

 private:
  template <void (*install)(kernels::RealTables<Real>&)>
  static const kernels::NetworkTable<Real>& on_reference() {
    static const kernels::Tables tables = [] {
      kernels::Tables all{};
      kernels::reference::install(all);
      install(all);
      return all;
    }();
    return tables;
  }
};

using AllImplementations =
    testing::Types<Implementation<float, Definition::reference>, Implementation<double, Definition::reference>,
                   Implementation<float, Definition::baseline>, Implementation<double, Definition::baseline>, Implementation<float, Definition::avx2>,
                   Implementation<double, Definition::avx2>, Implementation<float, Definition::avx512>, Implementation<double, Definition::avx512>,
                   Implementation<float, Definition::cuda_on_host>, Implementation<double, Definition::cuda_on_host>,
                   Implementation<float, Definition::cuda>, Implementation<double, Definition::cuda>>;
using Float64Implementations = testing::Types<Implementation<double, Definition::reference>, Implementation<double, Definition::baseline>,
                                              Implementation<double, Definition::avx2>, Implementation<double, Definition::avx512>,
                                              Implementation<double, Definition::cuda_on_host>, Implementation<double, Definition::cuda>>;

// "Layers/avx2_float32" instead of "Layers/4".
struct ImplementationName {
  template <class Implementation>
  static std::string GetName(int) {
    constexpr std::array<const char*, 6> names = {"reference", "baseline", "avx2", "avx512", "cuda_on_host", "cuda"};
    return std::string(names[static_cast<std::size_t>(Implementation::which)]) +
           (sizeof(typename Implementation::Real) == sizeof(float) ? "_float32" : "_float64");
  }
};

template <class Implementation>
class NetworkTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!Implementation::available()) GTEST_SKIP() << "this machine lacks the instruction set or the GPU";
  }
  const kernels::NetworkTable<typename Implementation::Real>& device() const { return Implementation::table(); }
  // The specification, in float64: also the truth for float32, whose inputs it sees exactly.
  const kernels::NetworkTable<double>& exact() const { return kernels::network<double>(Device::reference); }
  static constexpr double eps = std::numeric_limits<typename Implementation::Real>::epsilon();
};

template <class Real>
LaneArray<double> absolute(const LaneArray<Real>& values) {
  LaneArray<double> result(values.size());
  for (std::int64_t k = 0; k < values.size(); ++k) result[k] = std::abs(static_cast<double>(values[k]));
  return result;
}

// |got[k] - want[k]| <= bound(k), and nothing was written behind the end.
template <class Real, class Bound>
void expect_within(const LaneArray<Real>& got, const LaneArray<double>& want, Bound bound, const std::string& what) {
  ASSERT_EQ(got.size(), want.size());
  EXPECT_TRUE(got.guards_intact()) << what << " was written out of bounds";
  for (std::int64_t k = 0; k < got.size(); ++k) {
    ASSERT_LE(std::abs(static_cast<double>(got[k]) - want[k]), bound(k)) << what << " element " << k << ": " << got[k] << " instead of " << want[k];
  }
}

template <class Real>
bool same_bits(const LaneArray<Real>& a, const LaneArray<Real>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

}  // namespace qs::test
