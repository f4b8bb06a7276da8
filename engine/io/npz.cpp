#include "engine/io/npz.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/base/error.h"
#include "engine/io/npy.h"
#include "engine/io/zip.h"

namespace qs {
namespace {

constexpr std::string_view kExtension = ".npy";
constexpr std::size_t kPackingAllowance = std::size_t{32} << 20;

// Elements of `width` bytes from column-major into row-major (C) order.
std::vector<std::byte> row_major(std::span<const std::byte> columns, std::span<const std::int64_t> shape, std::size_t width) {
  std::vector<std::size_t> stride(shape.size(), width), index(shape.size(), 0);
  for (std::size_t axis = 1; axis < shape.size(); ++axis) stride[axis] = stride[axis - 1] * static_cast<std::size_t>(shape[axis - 1]);
  std::vector<std::byte> rows(columns.size());
  std::size_t from = 0;
  for (std::size_t to = 0; to < rows.size(); to += width) {
    std::memcpy(rows.data() + to, columns.data() + from, width);
    for (std::size_t axis = shape.size(); axis-- > 0;) {  // the next index in C order
      from += stride[axis];
      if (++index[axis] < static_cast<std::size_t>(shape[axis])) break;
      from -= stride[axis] * index[axis];
      index[axis] = 0;
    }
  }
  return rows;
}

class Reader {
 public:
  Reader(std::span<const std::byte> archive, const std::string& file)
      : archive_(archive), file_(file), bytes_left_(archive.size() + kPackingAllowance) {}

  TensorFile read() {
    try {
      TensorFile result;
      for (const ZipEntry& entry : zip_entries(archive_, tensor_limit)) result.tensors.push_back(tensor_of(entry));
      check_names(result, file_);
      return result;
    } catch (const ZipError& error) {
      throw CheckpointError(fmt::format("'{}': {}; it is no intact .npz file", file_, error.what()));
    }
  }

 private:
  void charge(std::size_t bytes) {
    if (bytes > bytes_left_) throw ZipError("unpacked it takes more memory than a file of this length justifies; save it uncompressed (numpy.savez)");
    bytes_left_ -= bytes;
  }

  NamedTensor tensor_of(const ZipEntry& entry) {
    if (!entry.name.ends_with(kExtension)) throw ZipError(fmt::format("the entry '{}' is no array (.npy)", escaped(entry.name)));
    charge(entry.size);
    std::vector<std::byte> content = unpacked(entry);
    try {
      const NpyHeader header = parse_npy_header(content);
      const auto bytes = byte_count(header.type, header.shape);
      if (!bytes || *bytes != content.size() - header.bytes)
        throw NpyError(fmt::format("has a length that does not fit its shape {}", shape_of(header)));
      content.erase(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(header.bytes));
      if (header.column_major && header.shape.size() > 1) {
        charge(content.size());  // both orders exist for a moment
        content = row_major(content, header.shape, properties(header.type).bytes);
        bytes_left_ += content.size();
      }
      return {entry.name.substr(0, entry.name.size() - kExtension.size()), header.type, header.shape, std::move(content)};
    } catch (const NpyError& error) {
      throw ZipError(fmt::format("the entry '{}' {}", escaped(entry.name), error.what()));
    }
  }

  static std::string shape_of(const NpyHeader& header) { return fmt::format("[{}]", fmt::join(header.shape, ", ")); }

  std::span<const std::byte> archive_;
  const std::string& file_;
  std::size_t bytes_left_;
};

}  // namespace

TensorFile from_npz(std::span<const std::byte> bytes, const std::string& file) { return Reader(bytes, file).read(); }

std::vector<std::byte> to_npz(const TensorFile& tensors, const std::string& file) {
  check_names(tensors, file);
  try {
    ZipWriter archive;
    for (const NamedTensor& tensor : tensors.tensors) {
      const std::string header = npy_header(tensor.type, tensor.shape);
      const std::array<std::span<const std::byte>, 2> pieces = {std::as_bytes(std::span(header)), tensor.bytes};
      archive.add(tensor.name + std::string(kExtension), pieces);
    }
    return archive.finish();
  } catch (const ZipError& error) {
    throw CheckpointError(fmt::format("'{}': {}", file, error.what()));
  }
}

}  // namespace qs
