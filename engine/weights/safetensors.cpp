#include "engine/weights/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace qs {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kHeaderLimit = std::size_t{16} << 20;
constexpr int kJsonDepth = 8;
constexpr const char* kMetadata = "__metadata__";
const std::string kReal = ".re";
const std::string kImaginary = ".im";

struct Entry {
  std::string name;
  TensorType type = TensorType::float64;
  std::vector<std::int64_t> shape;
  std::size_t begin = 0;
  std::size_t end = 0;
};

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  TensorFile read() {
    const std::size_t header_bytes = header_length();
    data_ = bytes_.subspan(kLengthBytes + header_bytes);
    read_header(bytes_.subspan(kLengthBytes, header_bytes));
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const Entry& a, const Entry& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
    check_cover();
    collect();
    return std::move(result_);
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw CheckpointError(fmt::format("'{}': {}; it is no intact safetensors file", file_, problem));
  }

  std::size_t header_length() const {
    if (bytes_.size() < kLengthBytes) fail("the length of the header is cut off");
    std::uint64_t length = 0;
    std::memcpy(&length, bytes_.data(), kLengthBytes);
    if (length > kHeaderLimit) fail(fmt::format("a header of {} bytes is announced (the limit is {})", length, kHeaderLimit));
    if (length > bytes_.size() - kLengthBytes)
      fail(fmt::format("a header of {} bytes is announced where {} are left", length, bytes_.size() - kLengthBytes));
    return static_cast<std::size_t>(length);
  }

  // The parser reports each structure as it comes, so depth, repeated keys and the number of values are bounded before the document grows.
  void read_header(std::span<const std::byte> header) {
    constexpr std::size_t value_limit = 24 * tensor_limit;  // a tensor of four axes takes 18
    const auto* text = reinterpret_cast<const char*>(header.data());
    std::vector<std::set<std::string>> keys;
    std::size_t values = 0;
    const auto guard = [&](int depth, Json::parse_event_t event, Json& value) {
      if (++values > value_limit) fail("the header holds too many values");
      if (depth >= kJsonDepth) fail(fmt::format("the header is nested deeper than {}", kJsonDepth));
      if (event == Json::parse_event_t::object_start) keys.emplace_back();
      if (event == Json::parse_event_t::object_end) keys.pop_back();
      if (event != Json::parse_event_t::key) return true;
      const auto& key = value.get_ref<const std::string&>();
      if (key.size() > tensor_name_limit) fail(fmt::format("the header has a name longer than {} bytes", tensor_name_limit));
      if (!keys.back().insert(key).second) fail(fmt::format("the header names '{}' twice", escaped(key)));
      return true;
    };
    Json document;
    try {
      document = Json::parse(text, text + header.size(), guard);
    } catch (const Json::exception&) {
      fail("the header is not JSON");
    }
    if (!document.is_object()) fail("the header is not a JSON object");
    if (document.size() > tensor_limit) fail(fmt::format("the header names {} tensors (the limit is {})", document.size(), tensor_limit));
    for (const auto& [name, value] : document.items()) {
      if (name == kMetadata) {
        read_metadata(value);
      } else {
        read_entry(name, value);
      }
    }
  }

  void read_metadata(const Json& metadata) {
    if (!metadata.is_object()) fail("the metadata is not a JSON object");
    for (const auto& [key, value] : metadata.items()) {
      if (!value.is_string()) fail(fmt::format("the metadata '{}' is not a text", escaped(key)));
      result_.metadata[key] = value.get<std::string>();
    }
  }

  std::int64_t size_in(const Json& value, const std::string& name) const {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() >> 62 != 0) fail(fmt::format("tensor '{}' has a size that is none", escaped(name)));
    return value.get<std::int64_t>();
  }

  void read_entry(const std::string& name, const Json& value) {
    const bool complete =
        value.is_object() && value.size() == 3 && value.contains("dtype") && value.contains("shape") && value.contains("data_offsets");
    if (!complete || !value["dtype"].is_string() || !value["shape"].is_array() || !value["data_offsets"].is_array() ||
        value["data_offsets"].size() != 2) {
      fail(fmt::format("tensor '{}' is not described by dtype, shape and two data_offsets", escaped(name)));
    }
    Entry entry;
    entry.name = name;
    entry.type = type_of(value["dtype"].get<std::string>(), name);
    for (const Json& extent : value["shape"]) entry.shape.push_back(size_in(extent, name));
    entry.begin = static_cast<std::size_t>(size_in(value["data_offsets"][0], name));
    entry.end = static_cast<std::size_t>(size_in(value["data_offsets"][1], name));
    if (entry.begin > entry.end || entry.end > data_.size()) {
      fail(fmt::format("tensor '{}' claims bytes {} to {} of {}", escaped(name), entry.begin, entry.end, data_.size()));
    }
    if (byte_count(entry.type, entry.shape) != entry.end - entry.begin) {
      fail(fmt::format("tensor '{}': {} bytes do not fill shape [{}] of {}", escaped(name), entry.end - entry.begin, fmt::join(entry.shape, ", "),
                       properties(entry.type).name));
    }
    entries_.push_back(std::move(entry));
  }

  TensorType type_of(const std::string& dtype, const std::string& name) const {
    for (const TensorTypeEntry& known : tensor_types()) {
      if (dtype == known.safetensors && !is_complex(known.type)) return known.type;
    }
    fail(fmt::format("tensor '{}' has dtype '{}', which is not supported", escaped(name), escaped(dtype)));
  }

  void check_cover() const {
    std::size_t covered = 0;
    for (const Entry& entry : entries_) {
      if (entry.begin != covered) {
        fail(fmt::format("tensor '{}' begins at byte {} of the data where {} is expected (a gap or an overlap)", escaped(entry.name), entry.begin,
                         covered));
      }
      covered = entry.end;
    }
    if (covered != data_.size()) fail(fmt::format("{} bytes of data belong to no tensor", data_.size() - covered));
  }

  // The imaginary part that belongs to an entry, or nullptr.
  const Entry* imaginary_part(const Entry& real, const std::unordered_map<std::string, const Entry*>& by_name) const {
    if (!real.name.ends_with(kReal) || (real.type != TensorType::float32 && real.type != TensorType::float64)) return nullptr;
    const auto found = by_name.find(real.name.substr(0, real.name.size() - kReal.size()) + kImaginary);
    if (found == by_name.end() || found->second->type != real.type || found->second->shape != real.shape) return nullptr;
    return found->second;
  }

  void collect() {
    std::unordered_map<std::string, const Entry*> by_name;
    for (const Entry& entry : entries_) by_name.emplace(entry.name, &entry);
    std::set<const Entry*> joined;
    for (const Entry& entry : entries_) {
      if (const Entry* imaginary = imaginary_part(entry, by_name)) joined.insert(imaginary);
    }
    for (const Entry& entry : entries_) {
      if (joined.count(&entry) > 0) continue;
      const auto bytes = data_.subspan(entry.begin, entry.end - entry.begin);
      const Entry* imaginary = imaginary_part(entry, by_name);
      if (imaginary == nullptr) {
        result_.tensors.push_back({entry.name, entry.type, entry.shape, {bytes.begin(), bytes.end()}});
      } else {
        add_complex(entry, bytes, data_.subspan(imaginary->begin, bytes.size()));
      }
    }
  }

  void add_complex(const Entry& real, std::span<const std::byte> re, std::span<const std::byte> im) {
    const std::size_t width = properties(real.type).bytes;
    NamedTensor tensor{real.name.substr(0, real.name.size() - kReal.size()),
                       real.type == TensorType::float32 ? TensorType::complex64 : TensorType::complex128,
                       real.shape,
                       {}};
    tensor.bytes.resize(2 * re.size());
    for (std::size_t i = 0; i < re.size(); i += width) {
      std::memcpy(tensor.bytes.data() + 2 * i, re.data() + i, width);
      std::memcpy(tensor.bytes.data() + 2 * i + width, im.data() + i, width);
    }
    result_.tensors.push_back(std::move(tensor));
  }

  std::span<const std::byte> bytes_;
  std::string file_;
  std::span<const std::byte> data_;
  std::vector<Entry> entries_;
  TensorFile result_;
};

// The real (part 0) or imaginary (part 1) halves of a complex tensor's elements.
void append_part(std::vector<std::byte>& out, const NamedTensor& tensor, std::size_t part) {
  const std::size_t width = properties(tensor.type).bytes / 2;
  for (std::size_t i = part * width; i < tensor.bytes.size(); i += 2 * width) {
    out.insert(out.end(), tensor.bytes.begin() + static_cast<std::ptrdiff_t>(i), tensor.bytes.begin() + static_cast<std::ptrdiff_t>(i + width));
  }
}

// Names whose reading would give something else than what was written.
void refuse_ambiguous_names(const TensorFile& tensors, const std::string& file) {
  std::set<std::string> written = {kMetadata};
  for (const NamedTensor& tensor : tensors.tensors) {
    const bool split = is_complex(tensor.type);
    for (const std::string& suffix : split ? std::vector<std::string>{kReal, kImaginary} : std::vector<std::string>{""}) {
      if (!written.insert(tensor.name + suffix).second) {
        throw CheckpointError(fmt::format("'{}': safetensors has no room for a tensor '{}' (the name has a meaning of its own); rename it", file,
                                          escaped(tensor.name + suffix)));
      }
    }
  }
  for (const NamedTensor& tensor : tensors.tensors) {
    if (is_complex(tensor.type) || !tensor.name.ends_with(kReal)) continue;
    const std::string partner = tensor.name.substr(0, tensor.name.size() - kReal.size()) + kImaginary;
    if (written.count(partner) > 0) {
      throw CheckpointError(fmt::format("'{}': the real tensors '{}' and '{}' would be read back as a complex one; rename them", file,
                                        escaped(tensor.name), escaped(partner)));
    }
  }
}

}  // namespace

TensorFile from_safetensors(std::span<const std::byte> bytes, const std::string& file) {
  TensorFile tensors = Reader(bytes, file).read();
  check_names(tensors, file);
  return tensors;
}

std::vector<std::byte> to_safetensors(const TensorFile& tensors, const std::string& file) {
  check_names(tensors, file);
  refuse_ambiguous_names(tensors, file);
  Json header = Json::object();
  if (!tensors.metadata.empty()) header[kMetadata] = tensors.metadata;
  std::size_t offset = 0;
  const auto describe = [&](const std::string& name, const NamedTensor& tensor, std::size_t bytes) {
    Json entry;
    entry["dtype"] = properties(tensor.type).safetensors;
    entry["shape"] = tensor.shape;
    entry["data_offsets"] = {offset, offset + bytes};
    header[name] = std::move(entry);
    offset += bytes;
  };
  for (const NamedTensor& tensor : tensors.tensors) {
    if (is_complex(tensor.type)) {
      describe(tensor.name + kReal, tensor, tensor.bytes.size() / 2);
      describe(tensor.name + kImaginary, tensor, tensor.bytes.size() / 2);
    } else {
      describe(tensor.name, tensor, tensor.bytes.size());
    }
  }
  std::string text = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes, ' ');  // data starts aligned

  const std::uint64_t length = text.size();
  std::vector<std::byte> bytes(kLengthBytes);
  std::memcpy(bytes.data(), &length, kLengthBytes);
  bytes.reserve(kLengthBytes + text.size() + offset);
  const auto header_bytes = std::as_bytes(std::span(text));
  bytes.insert(bytes.end(), header_bytes.begin(), header_bytes.end());
  for (const NamedTensor& tensor : tensors.tensors) {
    if (is_complex(tensor.type)) {
      append_part(bytes, tensor, 0);
      append_part(bytes, tensor, 1);
    } else {
      bytes.insert(bytes.end(), tensor.bytes.begin(), tensor.bytes.end());
    }
  }
  return bytes;
}

}  // namespace qs
