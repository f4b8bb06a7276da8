// Words -> values. Strict: what another reader of the same file might understand differently is refused with the way to write it.
#pragma once

#include <cstdint>
#include <string>

#include "engine/input/raw.h"
#include "engine/input/schema.h"

namespace qs::input {

template <class T>
struct Scalar {
  bool ok = false;
  T value{};
  std::string problem;  // "is not an integer (write 1000)"
};

Scalar<std::int64_t> parse_integer(const Raw& raw, const Range& range);
Scalar<double> parse_number(const Raw& raw, const Range& range);
Scalar<bool> parse_flag(const Raw& raw);
Scalar<std::int64_t> parse_duration(const Raw& raw);  // seconds
Scalar<std::int64_t> parse_size(const Raw& raw);      // bytes

// "must be >= 1", "must be between 0 (excluded) and 1"; "" if anything goes.
std::string describe(const Range& range);

// Used by the JSON schema as well, so that both agree.
constexpr const char* duration_pattern = "^(?=[0-9])([0-9]{1,6}d)?([0-9]{1,6}h)?([0-9]{1,6}min)?([0-9]{1,9}s)?$";
constexpr const char* size_pattern = "^[0-9]{1,9}(B|KiB|MiB|GiB|TiB)$";

}  // namespace qs::input
