// A tree of named arrays and attributes in memory: the one shape in which results, checkpoints and weights meet HDF5.
#pragma once

#include <complex>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace qs {

// A variant whose copy leaves nothing behind when memory is refused. That of libstdc++ 12 destroys an alternative that was never made, which jumps
// anywhere: it takes itself for whole where no alternative's move can throw (_M_valid and _Copy_ctor_base in <variant>). So copy first, then move.
template <class... Alternatives>
struct SafelyCopied : std::variant<Alternatives...> {
  using Base = std::variant<Alternatives...>;
  using Base::Base;
  SafelyCopied() = default;
  SafelyCopied(const SafelyCopied& other) : Base(copy_of(other)) {}
  SafelyCopied(SafelyCopied&&) noexcept = default;
  SafelyCopied& operator=(const SafelyCopied& other) {
    Base::operator=(copy_of(other));
    return *this;
  }
  SafelyCopied& operator=(SafelyCopied&&) noexcept = default;
  ~SafelyCopied() = default;

 private:
  static Base copy_of(const SafelyCopied& other) {
    return std::visit(
        [](const auto& value) {
          auto copy = value;
          return Base(std::move(copy));
        },
        static_cast<const Base&>(other));
  }
};

using Attribute = SafelyCopied<std::int64_t, double, std::string, std::vector<double>, std::vector<std::int64_t>, std::vector<std::string>>;

struct Dataset {
  std::vector<std::int64_t> shape;  // C order; {} = scalar
  SafelyCopied<std::vector<double>, std::vector<float>, std::vector<std::complex<double>>, std::vector<std::int64_t>, std::vector<std::uint64_t>,
               std::vector<std::int8_t>, std::vector<std::int32_t>, std::vector<std::string>, std::vector<std::uint16_t>>
      values;
  std::map<std::string, Attribute> attributes;  // "units", "long_name", "per", "convention", ...

  bool operator==(const Dataset&) const = default;
};

struct DataTree {
  std::map<std::string, Dataset> datasets;                         // key "stages/00_ed/energy"
  std::map<std::string, std::map<std::string, Attribute>> groups;  // attributes of groups; "" is the root

  void set(const std::string& path, Dataset dataset) { datasets[path] = std::move(dataset); }
  bool has(const std::string& path) const { return datasets.count(path) > 0; }
  // Throw CheckpointError naming the path if absent or of another type.
  const Dataset& at(const std::string& path) const;
  const std::vector<double>& doubles(const std::string& path) const;
  const std::vector<std::int64_t>& integers(const std::string& path) const;
  const std::vector<std::uint64_t>& words(const std::string& path) const;
  std::string text(const std::string& path) const;

  bool operator==(const DataTree&) const = default;
};

Dataset scalar(double value);
Dataset scalar(std::int64_t value);
Dataset scalar(std::string value);
// shape {} = {size}
Dataset array(std::vector<double> values, std::vector<std::int64_t> shape = {});
Dataset array(std::vector<std::complex<double>> values, std::vector<std::int64_t> shape = {});
Dataset array(std::vector<std::int64_t> values, std::vector<std::int64_t> shape = {});
Dataset array(std::vector<std::uint64_t> values, std::vector<std::int64_t> shape = {});
Dataset array(std::vector<std::string> values);
Dataset with(Dataset dataset, std::map<std::string, Attribute> attributes);  // adds or replaces attributes

std::string type_name(const Dataset& dataset);                       // "float64", "complex128", "string", ...
std::string shape_text(const std::vector<std::int64_t>& shape);      // "[4, 60]", "scalar"
std::int64_t element_count(const std::vector<std::int64_t>& shape);  // product; 1 for a scalar

}  // namespace qs
