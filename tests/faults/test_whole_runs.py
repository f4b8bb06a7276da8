#!/usr/bin/env python3
"""Faults on whole runs. However a run ends, it ends with a documented exit code or by the signal it got, and `run --continue` brings it to the bits of
an undisturbed run: nothing lost, nothing called complete without its results.

A few of each kind with every change, many with QSTAGE_FAULTS=many (tools/test -C Nightly); QSTAGE_FAULTS_SEED chooses others. Prints the counts that
tests/README.md quotes.
"""
import collections
import concurrent.futures
import errno
import os
import random
import resource
import shutil
import signal
import sys
import time
import unittest

import power_loss
from runs import Folder, finished, lost

MANY = os.environ.get("QSTAGE_FAULTS") == "many"
SEED = int(os.environ.get("QSTAGE_FAULTS_SEED", "1"))
CALLS = ("open", "write", "fsync", "rename", "link", "unlink", "close")
ERRORS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EACCES)
STOPPED = 75


def count(few, many):
    return many if MANY else few


def lines(err):
    """Errors that it tells, and signs of an end that nobody planned."""
    return err.count("qstage-vmc: error: "), any(word in err for word in ("terminate called", "internal error", "Assertion"))


class Outcomes:
    """Runs trials two at a time; a trial returns (what happened, "" or what is wrong)."""

    def __init__(self, name):
        self.name, self.seen, self.wrong = name, collections.Counter(), []

    def run(self, trial, cases):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for case, (outcome, problem) in zip(cases, pool.map(lambda case: trial(*case), cases)):
                self.seen[outcome] += 1
                if problem:
                    self.wrong.append((case, outcome, problem))
        print(f"{self.name}: {sum(self.seen.values())} runs, {len(self.wrong)} wrong; " +
              ", ".join(f"{outcome} {number}" for outcome, number in sorted(self.seen.items(), key=str)), flush=True)


class WholeRuns(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.reference = Folder()
        began = time.monotonic()
        code, out, err = cls.reference.vmc("run", "in.yaml", fault_count=cls.reference("counts"), fault_log=cls.reference("log"))
        cls.seconds = time.monotonic() - began
        assert code == 0, out + err
        cls.calls = {name: int(number) for name, number in (line.split() for line in cls.reference.get("counts").decode().splitlines())}
        assert all(cls.calls[name] > 0 for name in (*CALLS, "new", "cholesky")), cls.calls

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.reference.path, ignore_errors=True)

    def setUp(self):
        self.random = random.Random(f"{SEED} {self.id()}")

    def end(self, folder):
        """Goes on undisturbed to the end; "" if that is the end of the undisturbed run."""
        code, _, err = folder.vmc("run", "in.yaml", "--continue")
        return f"--continue ends with {code}: {err}" if code != 0 else lost(folder, self.reference)

    def check(self, name, trial, cases):
        outcomes = Outcomes(name)
        outcomes.run(trial, cases)
        self.assertEqual(outcomes.wrong, [])

    def places(self, number, kinds=CALLS):
        """(call, position) pairs spread over all kinds of calls."""
        return [(kind, self.random.randint(1, self.calls[kind])) for kind in (kinds * (number // len(kinds) + 1))[:number]]

    def disturbed(self, fault, allowed):
        with Folder() as folder:
            code, _, err = folder.vmc("run", "in.yaml", fault=fault)
            if code not in allowed:
                return code, f"{fault}: {err}"
            if lines(err) != (code not in (0, -signal.SIGKILL), False):
                return code, f"{fault}: not one sentence but {err!r}"
            return code, self.end(folder)

    def test_a_call_that_fails(self):
        faults = [(f"{call}:{k}{self.random.choice(['', '+'])}:{self.random.choice(ERRORS)}",) for call, k in self.places(count(7, 500))]
        faults += [(f"write:{self.random.randint(1, self.calls['write'])}:short",) for _ in range(count(1, 10))]
        self.check("failing calls", lambda fault: self.disturbed(fault, (0, 3)), faults)

    def test_a_kill_at_a_call(self):
        faults = [(f"{call}:{k}:kill",) for call, k in self.places(count(7, 300))]
        self.check("SIGKILL at a call", lambda fault: self.disturbed(fault, (-signal.SIGKILL,)), faults)

    def test_an_allocation_that_fails(self):
        faults = [(f"{call}:{k}:0",) for call, k in self.places(count(4, 400), ("new",))]
        self.check("failing allocations", lambda fault: self.disturbed(fault, (6,)), faults)

    def test_a_limit_on_memory(self):
        """From a random moment of the run on it gets so many more addresses, which OpenBLAS, HDF5 and threads are asked for, too."""

        def trial(delay, more):
            with Folder() as folder:
                run = folder.start("run", "in.yaml")
                while "run.lock" not in folder.names() and run.poll() is None:  # MPI has started, which has limits of its own
                    time.sleep(0.001)
                time.sleep(delay)
                try:
                    with open(f"/proc/{run.pid}/statm", encoding="utf-8") as file:
                        limit = int(file.read().split()[0]) * os.sysconf("SC_PAGESIZE") + more
                    resource.prlimit(run.pid, resource.RLIMIT_AS, (limit, limit))
                except (ProcessLookupError, ValueError):
                    pass  # it has ended
                code, _, err = finished(run)
                problem = "" if code in (0, 3, 6) and lines(err) == (code != 0, False) else f"{code}: {err}"
                return code, problem or self.end(folder)

        self.check("limits on memory", trial, [(self.random.uniform(0, 0.3 * self.seconds), self.random.choice([0, 1, 4, 16, 64]) << 20) for _ in range(count(4, 200))])

    def test_a_kill_at_a_random_time(self):
        def trial(*delays):
            with Folder() as folder:
                for delay in delays:  # the second kill meets a resumed run
                    run = folder.start("run", "in.yaml", "--continue")
                    time.sleep(delay)
                    run.kill()
                    finished(run)
                return "killed" if len(delays) == 1 else "killed twice", self.end(folder)

        self.check("SIGKILL at a random time", trial,
                   [[self.random.uniform(0, 1.2 * self.seconds) for _ in range(self.random.randint(1, 2))] for _ in range(count(4, 200))])

    def test_a_signal_at_a_random_time(self):
        def trial(number, delay):
            with Folder() as folder:
                run = folder.start("run", "in.yaml")
                time.sleep(delay)
                run.send_signal(number)
                code, _, err = finished(run)
                if code == -number and not folder.names():  # the loader had not come to main, nothing has begun
                    return f"{number.name} before main", self.end(folder)
                asks_to_go_on = number in (signal.SIGUSR1, signal.SIGCONT)
                problem = "" if code in ((0,) if asks_to_go_on else (0, STOPPED)) else f"{code}: {err}"
                return f"{number.name}: {code}", problem or self.end(folder)

        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCONT)
        self.check("signals", trial, [(numbers[k % len(numbers)], self.random.uniform(0, 1.2 * self.seconds)) for k in range(count(5, 200))])

    def test_a_loss_of_power(self):
        log = power_loss.operations(self.reference("log"))

        def trial(end, seed):
            with Folder() as folder:
                for name, content in power_loss.Disk(log[:end]).crash(random.Random(seed)).items():
                    folder.put(name, content)
                problem = self.end(folder)
                return "lost" if problem else "found again", problem and f"after {end} of {len(log)} operations, seed {seed}: {problem}"

        self.check("losses of power", trial, [(self.random.randint(0, len(log)), self.random.random()) for _ in range(count(8, 400))])


@unittest.skipUnless(shutil.which("mpirun"), "mpirun is absent")
class SeveralRanks(WholeRuns):
    """Two ranks; the launcher ends the job in its own ways."""

    MPIRUN = ("mpirun", "-n", "2", "--bind-to", "none")

    def rank(self, folder, number):
        """The process of that rank, None before it has begun or after it has ended."""
        for entry in os.listdir("/proc"):
            try:
                if entry.isdigit() and os.readlink(f"/proc/{entry}/cwd") == folder.path:
                    with open(f"/proc/{entry}/environ", "rb") as file:
                        if f"OMPI_COMM_WORLD_RANK={number}".encode() in file.read().split(b"\0"):
                            return int(entry)
            except OSError:
                continue
        return None

    def job(self, folder):
        run = folder.start("run", "in.yaml", "--set", "stages.2.steps=100000", before=self.MPIRUN)
        while "checkpoint.h5" not in folder.names():
            time.sleep(0.05)
            self.assertIsNone(run.poll())
        time.sleep(self.random.uniform(0, 0.5))
        return run

    def goes_on(self, folder):
        code, out, err = folder.vmc("resume", "run", "--set", "stages.2.steps=1")
        return "" if code == 0 and "already complete" not in out else f"resume ends with {code}: {out}{err}"

    def test_a_rank_that_is_killed(self):
        def trial(number):
            with Folder() as folder:
                run = self.job(folder)
                os.kill(self.rank(folder, number), signal.SIGKILL)
                began = time.monotonic()
                code = finished(run)[0]
                problem = "" if code == 128 + signal.SIGKILL and time.monotonic() - began < 5 + DELAY else f"{code} after {time.monotonic() - began:.1f} s"
                return f"{code}", problem or self.goes_on(folder)

        self.check("SIGKILL of one rank of two", trial, [(k % 2,) for k in range(count(1, 20))])

    def test_the_end_of_the_launcher(self):
        def trial(number):
            with Folder() as folder:
                run = self.job(folder)
                run.send_signal(number)
                code = finished(run)[0]
                return f"{number.name}: {code}", self.goes_on(folder) if code != 0 else "ends with 0"

        self.check("signals to mpirun", trial, [(number,) for number in (signal.SIGTERM, signal.SIGINT)] * count(1, 10))


DELAY = 5  # seconds that a loaded machine may add


def load_tests(loader, _, __):
    """Not those that SeveralRanks inherits, which have run."""
    several = [name for name in loader.getTestCaseNames(SeveralRanks) if name in vars(SeveralRanks)]
    return unittest.TestSuite([*loader.loadTestsFromTestCase(WholeRuns), *map(SeveralRanks, several)])


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
