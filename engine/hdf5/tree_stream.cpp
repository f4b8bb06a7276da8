#include "engine/hdf5/tree_stream.h"

#include <fmt/format.h>

#include "engine/base/error.h"

namespace qs {
namespace {

template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};

class Sender {
 public:
  explicit Sender(const StreamWriter& write) : write_(write) {}

  template <typename T>
  void put(const T& value) {
    if constexpr (std::is_same_v<T, std::string>) {
      put(std::uint64_t{value.size()});
      write_(std::as_bytes(std::span(value)));
    } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      put(std::uint64_t{value.size()});
      for (const std::string& text : value) put(text);
    } else if constexpr (IsVector<T>::value) {
      put(std::uint64_t{value.size()});
      write_(std::as_bytes(std::span(value)));
    } else {
      static_assert(std::is_arithmetic_v<T>);
      write_(std::as_bytes(std::span(&value, 1)));
    }
  }
  template <typename... T>
  void put(const SafelyCopied<T...>& value) {
    put(std::uint64_t{value.index()});
    std::visit([&](const auto& held) { put(held); }, value);
  }
  template <typename T>
  void put(const std::map<std::string, T>& entries) {
    put(std::uint64_t{entries.size()});
    for (const auto& [name, value] : entries) {
      put(name);
      put(value);
    }
  }
  void put(const Dataset& dataset) {
    put(dataset.shape);
    put(dataset.values);
    put(dataset.attributes);
  }

 private:
  const StreamWriter& write_;
};

// The mirror of Sender. Everything is charged before it is allocated.
class Receiver {
 public:
  Receiver(const StreamReader& read, std::size_t limit_bytes) : read_(read), bytes_left_(limit_bytes) {}

  void get(Dataset& dataset) {
    get(dataset.shape);
    get(dataset.values);
    get(dataset.attributes);
  }
  template <typename... T>
  void get(SafelyCopied<T...>& value) {
    const std::uint64_t index = count();
    std::uint64_t candidate = 0;
    const bool known = ((candidate++ == index && (get(value.template emplace<T>()), true)) || ...);
    if (!known) throw FileError(fmt::format("a type numbered {} is not known", index));
  }
  template <typename T>
  void get(std::map<std::string, T>& entries) {
    constexpr std::size_t node = sizeof(std::pair<const std::string, T>) + 4 * sizeof(void*);
    for (std::uint64_t left = count(); left > 0; --left) {
      charge(1, node);
      std::string name;
      get(name);
      get(entries[std::move(name)]);
    }
  }
  template <typename T>
  void get(T& value) {
    if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      value.resize(charge(count(), sizeof(std::string)));
      for (std::string& text : value) get(text);
    } else if constexpr (std::is_same_v<T, std::string> || IsVector<T>::value) {
      value.resize(charge(count(), sizeof(typename T::value_type)));
      read_(std::as_writable_bytes(std::span(value)));
    } else {
      static_assert(std::is_arithmetic_v<T>);
      read_(std::as_writable_bytes(std::span(&value, 1)));
    }
  }

 private:
  std::uint64_t count() {
    std::uint64_t value = 0;
    get(value);
    return value;
  }
  std::size_t charge(std::uint64_t elements, std::size_t element_bytes) {
    if (elements > bytes_left_ / element_bytes) throw FileError("its content takes more memory than a file of this length justifies");
    bytes_left_ -= elements * element_bytes;
    return elements;
  }

  const StreamReader& read_;
  std::size_t bytes_left_;
};

}  // namespace

void send_tree(const DataTree& tree, const StreamWriter& write) {
  Sender sender(write);
  sender.put(tree.datasets);
  sender.put(tree.groups);
}

DataTree receive_tree(const StreamReader& read, std::size_t limit_bytes) {
  Receiver receiver(read, limit_bytes);
  DataTree tree;
  receiver.get(tree.datasets);
  receiver.get(tree.groups);
  return tree;
}

}  // namespace qs
