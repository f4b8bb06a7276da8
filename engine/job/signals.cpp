#include "engine/job/signals.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <iterator>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/error.h"

namespace qs {

namespace {

// Handlers belong to the process and reach nothing but globals; these are the only mutable ones of the program. Lock-free atomics are
// async-signal-safe
// ([support.signal]) and, other than volatile sig_atomic_t, also right when the signal arrives on another thread. They only count up, so a
// reader never resets them and loses nothing.
struct Signalled {
  std::atomic<int> checkpoint, stop, insistent, last_checkpoint, last_stop;
};
Signalled signalled;
static_assert(std::atomic<int>::is_always_lock_free);

void on_signal(int signal) {
  if (signal == SIGUSR1 || signal == SIGCONT) {
    signalled.last_checkpoint = signal;
    ++signalled.checkpoint;
    return;
  }
  signalled.last_stop = signal;
  ++signalled.stop;
  constexpr int patience = 2;
  if ((signal == SIGTERM || signal == SIGINT) && ++signalled.insistent > patience) ::_exit(128 + signal);
}

constexpr int ignored[] = {SIGPIPE, SIGXFSZ};
constexpr int listened[] = {SIGUSR1, SIGUSR2, SIGCONT, SIGTERM, SIGINT};

// The handlers that stood before, while somebody listens. Ranks may be threads of one process, each with its own listener.
class Installation {
 public:
  void enter() {
    const std::lock_guard lock(mutex_);
    if (listeners_++ > 0) return;
    for (std::atomic<int>* count : {&signalled.checkpoint, &signalled.stop, &signalled.insistent, &signalled.last_checkpoint, &signalled.last_stop}) {
      *count = 0;
    }
    for (const int signal : listened) install(signal, on_signal);
    for (const int signal : ignored) install(signal, SIG_IGN);
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    if (--listeners_ > 0) return;
    for (const auto& [signal, action] : before_) ::sigaction(signal, &action, nullptr);
    before_.clear();
  }

 private:
  void install(int signal, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    struct sigaction found {};
    QS_ASSERT(::sigaction(signal, &action, &found) == 0);
    before_.emplace_back(signal, found);
  }

  std::mutex mutex_;
  int listeners_ = 0;
  std::vector<std::pair<int, struct sigaction>> before_;
};

Installation& installation() {
  static Installation the_process;
  return the_process;
}

}  // namespace

namespace {

// Of this thread, hence of the process while it has no other.
void hold_back(int how) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : listened) sigaddset(&signals, signal);
  QS_ASSERT(::sigprocmask(how, &signals, nullptr) == 0);
}

bool runs_stages(int argc, const char* const* argv) {
  constexpr std::string_view commands[] = {"run", "resume"};
  return argc > 1 && std::find(std::begin(commands), std::end(commands), argv[1]) != std::end(commands);
}

}  // namespace

EarlySignals::EarlySignals(int argc, const char* const* argv) {
  if (!runs_stages(argc, argv)) return;
  hold_back(SIG_BLOCK);    // exec keeps a signal that waits, and forgets a handler
  installation().enter();  // and never leaves: a signal while libraries end must not make a complete run look killed
  listens_ = true;
}

void EarlySignals::deliver() const {
  if (listens_) hold_back(SIG_UNBLOCK);
}

SignalListener::SignalListener() { installation().enter(); }

SignalListener::~SignalListener() { installation().leave(); }

SignalCounts SignalListener::counts() const {
  return {.checkpoint = signalled.checkpoint,
          .stop = signalled.stop,
          .insistent = signalled.insistent,
          .last_checkpoint = signalled.last_checkpoint,
          .last_stop = signalled.last_stop};
}

}  // namespace qs
