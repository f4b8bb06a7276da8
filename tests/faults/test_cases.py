#!/usr/bin/env python3
"""Faults that runs once had, each on the whole program: what it is told to do, what it must say, what it must leave alone."""
import glob
import os
import random
import resource
import shutil
import signal
import subprocess
import time
import unittest

from runs import INPUT, SHIM, Folder, finished, lost

SHORT = INPUT.replace("interval: 0s", "interval: 1h")
ESCAPES = ("\x1b", "\x9b", "\u202e", "\u2066", "\x7f")


class Cases(unittest.TestCase):
    def folder(self, text=SHORT):
        folder = Folder(text)
        self.addCleanup(shutil.rmtree, folder.path, ignore_errors=True)
        return folder

    def ended(self, text=SHORT, *settings):
        folder = self.folder(text)
        self.expect(0, *folder.vmc("run", "in.yaml", *settings))
        return folder

    def expect(self, code, found, out, err, *words):
        self.assertEqual(found, code, out + err)
        for word in words:
            self.assertIn(word, out + err)
        if code != 0:
            self.assertLessEqual(err.count("error: "), 1, err)

    def test_a_lock_that_is_a_link(self):
        for name in ("run.lock", "trace", "run.log"):
            folder = self.folder()
            folder.put("precious", "mine")
            os.mkdir(folder("run"))
            os.symlink("../precious", folder("run/" + name))
            # Links beside the lock are outputs of an earlier run, which --overwrite removes: the links, not what they lead to.
            code = 3 if name == "run.lock" else 0
            self.expect(code, *folder.vmc("run", "in.yaml", "--overwrite"))
            self.assertEqual(folder.get("precious"), b"mine", name)

    def test_files_of_the_user(self):
        folder = self.folder()
        os.makedirs(folder("run/old.tmp.7"))
        folder.put("run/notes.tmp.2026", "mine")
        folder.put("run/input.yaml", "# another\n")
        self.expect(2, *folder.vmc("run", "in.yaml"), "no run has written it")
        self.assertEqual(folder.get("run/input.yaml"), b"# another\n")
        os.remove(folder("run/input.yaml"))
        self.expect(0, *folder.vmc("run", "in.yaml"))
        self.assertTrue({"old.tmp.7", "notes.tmp.2026"} <= set(folder.names()))

    def test_folders_of_others(self):
        """Of those only such as a program without the check cannot fill; tests/engine/run asks for the others."""
        folder = self.folder()
        os.mkdir(folder("all"))
        os.chmod(folder("all"), 0o1777)
        for directory in ("/proc", "/sys/kernel", folder.path, folder("all")):
            for how in ((), ("--overwrite",), ("--continue",)):
                found = folder.vmc("run", "in.yaml", "--set", "output.directory=" + directory, *how, home=folder.path)
                self.expect(2, *found, "choose a folder of its own")

    def test_results_after_a_kill(self):
        reference = self.ended()
        renames = self.count(reference, "rename")
        # What follows the last checkpoint: results.h5 and summary.json twice, status.json.
        for k in range(renames - 4, renames + 1):
            folder = self.folder()
            self.expect(-signal.SIGKILL, *folder.vmc("run", "in.yaml", fault=f"rename:{k}:kill"))
            code, out, err = folder.vmc("resume", "run")
            self.expect(0, code, out, err)
            self.assertNotIn("already complete", out)
            self.assertEqual(lost(folder, reference), "", f"killed at rename {k} of {renames}")
        self.expect(0, *folder.vmc("resume", "run"), "already complete")

    def test_a_finished_run_is_left_as_it_is(self):
        def files(folder):
            names = [name for name in folder.names() if name != "trace"] + ["trace/" + name for name in folder.names("run/trace")]
            return {name: (os.stat(folder("run/" + name)).st_mtime_ns, folder.get("run/" + name)) for name in names}

        folder = self.ended()
        before = files(folder)
        self.assertIn("trace/02_vmc.csv", before)
        for command in (("resume", "run"), ("run", "in.yaml", "--continue")):
            self.expect(0, *folder.vmc(*command), "already complete")
        self.assertEqual(before, files(folder))

    def count(self, folder, call):
        with Folder(SHORT) as other:
            self.expect(0, *other.vmc("run", "in.yaml", fault_count=folder("counts")))
        return int(dict(line.split() for line in folder.get("counts").decode().splitlines())[call])

    def test_hostile_checkpoints(self):
        """Damaged payloads whose hash is renewed (the writer is the program's own, through a copy with other bytes): exit 5 or a reading, no crash."""
        try:
            import xxhash  # noqa: F401, PLC0415
        except ImportError:
            self.skipTest("xxhash is not installed; tests/engine/checkpoint covers the same")
        folder, generator = self.ended(), random.Random(20261130)
        sound = folder.get("run/checkpoint.h5")
        for _ in range(40):
            payload = bytearray(sound[512:])
            for _ in range(8):
                payload[generator.randrange(min(len(payload), 4096))] = generator.randrange(256)
            header = bytearray(sound[:504])
            header[32:48] = xxhash.xxh3_128_digest(bytes(payload))
            folder.put("run/checkpoint.h5", bytes(header) + xxhash.xxh3_64_digest(bytes(header)) + payload)
            for command in (("info", "run/checkpoint.h5"), ("resume", "run")):
                code, out, err = folder.vmc(*command)
                self.assertIn(code, (0, 2, 5), out + err)

    def test_an_address_limit(self):
        folder = self.folder()

        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (200_000 << 10, 200_000 << 10))

        process = subprocess.Popen([os.environ["QSTAGE_VMC"], "run", "in.yaml"], cwd=folder.path, preexec_fn=limit, text=True, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.expect(6, *finished(process), "ulimit -v")

    def test_a_first_step_that_never_ends(self):
        folder = self.folder()
        began = time.monotonic()
        code, out, err = folder.vmc("run", "in.yaml", "--set", "limits.watchdog=2s", fault="cholesky:1:hang")
        self.expect(71, code, out, err, "nothing has moved for", "step 1 of 02_vmc", "resume run")
        self.assertLess(time.monotonic() - began, 30)
        self.assertEqual(folder.json("run/status.json")["exit_code"], 71)

    def test_a_damaged_checkpoint(self):
        folder = self.ended(INPUT)
        damaged = bytearray(folder.get("run/checkpoint.h5"))
        damaged[2000] ^= 1
        for command in (("resume", "run"), ("run", "in.yaml", "--continue")):
            folder.put("run/checkpoint.h5", bytes(damaged))
            shutil.copy(folder("run/checkpoint.02_vmc_000005.h5"), folder("run/checkpoint.prev.h5"))
            self.expect(0, *folder.vmc(*command), "checkpoint.h5' is damaged", "checkpoint.bad.h5")
            self.assertEqual(folder.get("run/checkpoint.bad.h5"), bytes(damaged))
            os.remove(folder("run/checkpoint.bad.h5"))
        self.assertIn("is damaged", folder.get("run/run.log").decode())

    def test_a_checkpoint_of_a_newer_format(self):
        folder = self.ended()
        newer = bytearray(folder.get("run/checkpoint.h5"))
        newer[8] = 2
        folder.put("run/checkpoint.h5", bytes(newer))
        before = folder.names()
        for command in (("resume", "run"), ("run", "in.yaml", "--continue")):
            self.expect(5, *folder.vmc(*command), "format version 2 is not known", "use the release that wrote it")
        self.assertEqual(folder.get("run/checkpoint.h5"), bytes(newer))
        self.assertEqual(folder.names(), before)

    def test_escapes_in_the_input(self):
        folder = self.folder()
        for escape in ("\\e[31m", "\\0", "\\x9b31m", "\\u202e", "\\u2066", "\\x7f"):
            for line in (f'title: "a{escape}b"', f'output: {{directory: "r{escape}x"}}', f'"ti{escape}tle": a'):
                folder.put("esc.yaml", line + "\n" + (SHORT.replace("output: {directory: run}\n", "") if line.startswith("output") else SHORT))
                self.silent(*folder.vmc("validate", "esc.yaml"), 2)
        self.assertEqual(sorted(os.listdir(folder.path)), ["esc.yaml", "in.yaml"])

    def test_escapes_in_names(self):
        folder = self.ended()
        for escape in ESCAPES:
            name = f"a{escape}b"
            for command in (("validate", name + ".yaml"), ("info", name + ".h5"), ("check", name), ("status", name), ("resume", name),
                            ("run", "in.yaml", "--set", name + "=1"), ("run", "in.yaml", "--" + name), ("convert", name + ".msgpack", "x.h5"), ("new", name)):
                self.silent(*folder.vmc(*command))
            shutil.copy(folder("in.yaml"), folder(name + ".yaml"))
            shutil.copy(folder("run/results.h5"), folder(name + ".h5"))
            for command in (("validate", name + ".yaml"), ("validate", name + ".yaml", "--json"), ("info", name + ".h5"), ("check", name + ".h5")):
                self.silent(*folder.vmc(*command))
            folder.put(f"{name}/status.json", f'{{"message": "{name}"}}')
            self.silent(*folder.vmc("status", name))

    def silent(self, code, out, err, wanted=None):
        if wanted is not None:
            self.assertEqual(code, wanted, out + err)
        for escape in (*ESCAPES, "\0"):
            self.assertNotIn(escape, out + err)

    def test_a_thread_that_cannot_be_made(self):
        folder = self.folder()

        def limit():
            resource.setrlimit(resource.RLIMIT_NPROC, (20, 20))
            if os.getuid() == 0:  # the limit does not hold for root
                os.chmod(folder.path, 0o777)
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)

        # Threads that end before the next one starts stay below the limit: a run may get through, though not every time.
        for _ in range(20):
            process = subprocess.Popen([os.environ["QSTAGE_VMC"], "run", "in.yaml", "--overwrite", "--set", "threads=64"], cwd=folder.path,
                                       preexec_fn=limit, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       env={**os.environ, "HOME": "/nonexistent"})
            code, *texts = finished(process)
            if code != 0:
                break
        self.expect(6, code, *texts, "cannot start")

    def test_more_steps_for_a_stage_that_is_over(self):
        reference = self.ended(SHORT, "--set", "stages.2.steps=11")
        for command in (("resume", "run"), ("run", "in.yaml", "--continue")):
            folder = self.ended()
            self.expect(0, *folder.vmc(*command, "--set", "stages.2.steps=11"), "02_vmc goes on from its end")
            self.assertEqual(lost(folder, reference), "")

    def test_steps_that_cannot_be_obeyed(self):
        folder = self.ended()
        self.expect(2, *folder.vmc("resume", "run", "--set", "stages.2.steps=5"), "stages.2.steps: 8 -> 5 cannot be obeyed")
        os.remove(folder("run/checkpoint.02_vmc_end.h5"))
        self.expect(2, *folder.vmc("resume", "run", "--set", "stages.2.steps=11"), "stages.2.steps: 8 -> 11 cannot be obeyed", "is not there")
        self.expect(0, *folder.vmc("resume", "run"), "already complete")

    def test_a_kill_while_a_finished_stage_goes_on(self):
        reference = self.ended(SHORT, "--set", "stages.2.steps=11")
        for k in range(1, 6):  # two checkpoints that take the place of the end, then the steps
            folder = self.ended()
            self.expect(-signal.SIGKILL, *folder.vmc("resume", "run", "--set", "stages.2.steps=11", fault=f"rename:{k}:kill"))
            self.expect(0, *folder.vmc("resume", "run", "--set", "stages.2.steps=11"))
            self.assertEqual(lost(folder, reference), "", f"killed at rename {k}")

    def test_an_edited_input(self):
        folder = self.ended()
        original = folder.get("run/input.yaml").decode()
        folder.put("run/input.yaml", "# a comment\n" + original)
        self.expect(0, *folder.vmc("resume", "run"), "already complete")
        folder.put("run/input.yaml", original.replace("steps: 8", "steps: 9").replace("V: 1.0", "V: 2.0"))
        self.expect(2, *folder.vmc("resume", "run"), "stages.2.steps: 8 -> 9", "system.hamiltonian.V: 1 -> 2", "--set KEY=VALUE")

    def test_a_run_that_fails_before_its_first_step(self):
        folder = self.folder()
        every_step = ("--set", "checkpoint.keep_every=1")
        self.expect(-signal.SIGKILL, *folder.vmc("run", "in.yaml", *every_step, fault="rename:30:kill"))
        for name in folder.names("run/trace"):
            folder.put("run/trace/" + name, "")
        self.expect(3, *folder.vmc("resume", "run"), "rows were lost")
        self.assertEqual((folder.json("run/status.json")["state"], folder.json("run/status.json")["exit_code"]), ("failed", 3))

    def test_an_export_through_a_link(self):
        folder = self.folder(SHORT.replace("{kind: ed}", "{kind: ed, export_csv: link}"))
        os.makedirs(folder("outside"))
        os.makedirs(folder("run"))
        os.symlink("../outside", folder("run/link"))
        self.expect(3, *folder.vmc("run", "in.yaml"), "leads out of the output directory")
        self.assertEqual(os.listdir(folder("outside")), [])

    @unittest.skipUnless(shutil.which("mpirun"), "mpirun is absent")
    def test_an_export_after_a_resume(self):
        """Nobody has kept the first state: both ranks diagonalise again, where root alone would wait for the other for ever."""
        text = SHORT.split("stages:")[0].replace("V: 1.0", "V: [1.0, 2.0]").replace("keep_every: 5", "keep_every: 1")
        folder = self.ended(text + "stages: [{kind: ed, export_hdf5: states/exact.h5, export_csv: csv, write_states: never}]\n")
        names = ["run/states/exact.h5", *("run/csv/" + name for name in folder.names("run/csv"))]
        whole = [folder.get(name) for name in names]
        for name in names:
            os.remove(folder(name))
        os.replace(folder("run/checkpoint.00_ed_000001.h5"), folder("run/checkpoint.h5"))
        self.expect(0, *folder.vmc("resume", "run", before=("mpirun", "-n", "2", "--bind-to", "none")))
        self.assertEqual([folder.get(name) for name in names], whole)
        self.assertEqual(len(names), 3)

    def test_a_signal_before_the_first_stage(self):
        """Sent as soon as the first line of main has run, long before MPI and the plan are ready."""
        for number, code in ((signal.SIGUSR1, 0), (signal.SIGTERM, 75), (signal.SIGINT, 75), (signal.SIGUSR2, 75)):
            folder = self.folder()
            run = folder.start("run", "in.yaml")
            while not self.hears(run.pid, number) and run.poll() is None:
                time.sleep(0.001)
            self.assertEqual(folder.names(), [])
            run.send_signal(number)
            found, out, err = finished(run)
            self.expect(code, found, out, err)
            if code:
                self.assertEqual(folder.json("run/status.json")["state"], "stopped")
                self.expect(0, *folder.vmc("resume", "run"))

    def hears(self, pid, number):
        """Whether the process catches or holds back the signal."""
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            masks = [int(line.split()[1], 16) for line in file if line.startswith(("SigBlk", "SigCgt"))]
        return any(mask >> (number - 1) & 1 for mask in masks)


if __name__ == "__main__":
    assert os.path.exists(SHIM)
    unittest.main()
