// Signals as counters. Handlers count and do nothing else; Requests (requests.h) turns counts into decisions of all ranks.
#pragma once

namespace qs {

// How often each wish has been signalled since the process began to listen.
struct SignalCounts {
  int checkpoint = 0;  // SIGUSR1, SIGCONT (mpirun's first notice of its end)
  int stop = 0;        // SIGUSR2, SIGTERM, SIGINT
  int insistent = 0;   // SIGTERM and SIGINT alone: the second asks to leave without a checkpoint, the third leaves at once with 128 + n
  int last_checkpoint = 0, last_stop = 0;  // numbers of the last signals that asked for it, 0 if none
};

// The process listens while at least one of these is alive, then gets back the handlers it had; all of them see the same counts. SIGPIPE and
// SIGXFSZ are ignored meanwhile: the write that failed reports instead.
class SignalListener {
 public:
  SignalListener();
  ~SignalListener();
  SignalListener(const SignalListener&) = delete;
  SignalListener& operator=(const SignalListener&) = delete;
  SignalCounts counts() const;
};

// From the first line of main to the end of the process: a command that runs stages hears every signal, whatever it is busy with. What arrives before
// deliver() waits, also while the program starts itself anew (prefer_wide_blas_kernels); what arrives later is counted until Requests asks. Other
// commands keep the handlers they have.
class EarlySignals {
 public:
  EarlySignals(int argc, const char* const* argv);
  void deliver() const;

 private:
  bool listens_ = false;
};

}  // namespace qs
