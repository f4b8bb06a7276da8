#include "engine/cli/escaped_streams.h"

#include <iostream>
#include <streambuf>
#include <string>

#include "engine/base/text.h"

namespace qs {
namespace {

// Keeps what was written until a line ends or somebody flushes, so that no character is seen in two halves.
class EscapingBuffer final : public std::streambuf {
 public:
  explicit EscapingBuffer(std::ostream& stream) : stream_(stream), target_(stream.rdbuf(this)) {}
  ~EscapingBuffer() override {
    sync();
    stream_.rdbuf(target_);
  }
  std::streambuf* target() const { return target_; }

 protected:
  int_type overflow(int_type character) override {
    if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(character);
    pending_ += traits_type::to_char_type(character);
    if (pending_.back() == '\n') pass_on();
    return character;
  }
  std::streamsize xsputn(const char* text, std::streamsize count) override {
    pending_.append(text, static_cast<std::size_t>(count));
    if (pending_.find('\n') != std::string::npos) pass_on();
    return count;
  }
  int sync() override {
    pass_on();
    return target_->pubsync();
  }

 private:
  void pass_on() {
    const std::string text = printable(pending_);
    pending_.clear();
    target_->sputn(text.data(), static_cast<std::streamsize>(text.size()));
  }

  std::ostream& stream_;
  std::streambuf* target_;
  std::string pending_;
};

}  // namespace

struct EscapedStreams::Buffers {
  EscapingBuffer out{std::cout}, errors{std::cerr};
  std::ostream screen{out.target()};
};

EscapedStreams::EscapedStreams() : buffers_(std::make_unique<Buffers>()) {}

EscapedStreams::~EscapedStreams() = default;

std::ostream* EscapedStreams::screen() const { return &buffers_->screen; }

}  // namespace qs
