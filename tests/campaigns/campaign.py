"""What the campaigns share: their options, the program under test, the checker, the closing line.

A campaign prints its seed first and counts the faults that fired; none fired, or a finding, is exit 1.
GODWIT_RESULTS names a folder for the counts that tests/run.sh adds up.
"""

import argparse
import atexit
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback

import harness
from crew import Crew

SHIM = pathlib.Path(os.environ.get("GODWIT_SHIM", harness.BIN / "fault_shim.so"))
SHIM_NAMES = ("open", "read", "write", "fsync", "rename", "unlink", "mkdir", "allocate", "truncate",
              "times", "link")

MISSED = "points that did not fire"


class Finding(AssertionError):
    """Something that must not happen did."""


def require(condition, *what):
    if not condition:
        raise Finding(" ".join(str(part) for part in what))


def memory_folder():
    """A folder without a disk, if it has room enough."""
    folder = pathlib.Path("/dev/shm")
    roomy = os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > 1 << 30
    return folder if roomy else None


class Campaign:
    """One run of a campaign: numbered trials, each with a seed of its own.

    `crew` says that it carries its trials out side by side, in --workers processes, and that its files are small and
    need no disk: where there is room they are kept in memory.
    """

    def __init__(self, name, count, description, options=None, crew=False):
        parser = argparse.ArgumentParser(description=description)
        parser.add_argument("--count", type=int, default=count, help="faults to be met")
        parser.add_argument("--seed", type=int, default=None)
        parser.add_argument("--minutes", type=float, default=None, help="stop earlier than by --count")
        if crew:
            parser.add_argument("--workers", type=int, default=4 * (os.cpu_count() or 1),
                                help="processes side by side; most of their time they wait")
        parser.add_argument("--keep-going", action="store_true", help="go on after a finding")
        if options:
            options(parser)
        self.options = parser.parse_args()
        self.name = name
        self.seed = self.options.seed if self.options.seed is not None else random.SystemRandom().randrange(1 << 32)
        self.random = random.Random(self.seed)
        self.fired = 0
        self.findings = 0
        self.skipped = 0
        self.notes = {}
        self.on_end = lambda: None  # Before the work folder goes.
        self.started = self.spoke = time.monotonic()
        # Below a folder that is short and that no other campaign has.
        self.work = pathlib.Path(tempfile.mkdtemp(prefix=f"godwit-{name}-", dir=memory_folder() if crew else None))
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # So that what follows happens then, too.
        atexit.register(shutil.rmtree, self.work, ignore_errors=True)
        print(f"{name}: --seed {self.seed} --count {self.options.count}", flush=True)

    def note(self, what, number=1):
        """Counts something for the closing lines."""
        self.notes[what] = self.notes.get(what, 0) + number

    def more(self):
        late = self.options.minutes and time.monotonic() - self.started > self.options.minutes * 60
        return self.fired < self.options.count and not late

    def attempt(self, label, action):
        """Runs one trial; a finding is printed and counted. True if there was none."""
        self.speak()
        try:
            action()
            return True
        except Exception:  # pylint: disable=broad-except
            self.found(label, traceback.format_exc())
            if not self.options.keep_going:
                self.end()
            return False

    def found(self, label, text):
        self.findings += 1
        print(f"{self.name}: FINDING in {label} (seed {self.seed}, {self.fired} fired)\n{text}", flush=True)

    def speak(self):
        """A line a minute, so that nobody takes a long campaign for a frozen one."""
        if time.monotonic() - self.spoke > 60:
            self.spoke = time.monotonic()
            print(f"{self.name}: {self.fired} fired, {self.findings} findings so far", flush=True)

    def side_by_side(self, trials, equip):
        """Carries out trials in --workers processes until the count is reached; see Crew for `equip`. The first part
        of a trial is its label."""
        trials = iter(trials)
        under_way = 0
        stop = False
        with Crew(self, equip, self.options.workers) as workers:
            while True:
                while under_way < workers.size and not stop:
                    trial = next(trials, None) if self.more() else None
                    stop = trial is None
                    if not stop:
                        workers.give(trial)
                        under_way += 1
                if under_way == 0:
                    return
                trial, notes, fired, failure = workers.outcome()
                under_way -= 1
                self.fired += fired
                for what, number in notes.items():
                    self.note(what, number)
                if failure:
                    self.found(trial[0], failure)
                    stop = stop or not self.options.keep_going
                self.speak()

    def shuffled(self, points):
        """The points in a random order, counted; a count of 0 means all of them."""
        self.options.count = self.options.count or 1 << 30
        self.random.shuffle(points)
        self.note("points in all", len(points))
        return points

    def each_point(self, points, equip, missed_max=0):
        """Tries points, each (label, what to count it as, ...), up to the count. `equip` is that of Crew, its function
        takes what follows in a point and tells whether the fault fired. More that did not fire than this share
        are a finding."""

        @contextlib.contextmanager
        def counting():
            with equip() as meet:
                def trial(point):
                    fired = meet(*point[2:])
                    self.fired += fired
                    self.note(point[1] if fired else MISSED)
                    if not fired:
                        print(f"{self.name}: did not fire: {point[0]}", flush=True)
                yield trial

        self.side_by_side(points, counting)
        self.findings += self.notes.get(MISSED, 0) > self.fired * missed_max

    def end(self):
        """Prints the counts and ends the program."""
        self.on_end()
        failed = self.findings + (self.fired == 0 and self.skipped == 0)
        for what, number in sorted(self.notes.items()):
            print(f"{self.name}: {what}: {number}")
        seconds = time.monotonic() - self.started
        print(f"{self.name}: {self.fired} faults fired, {self.findings} findings, {self.skipped} skipped, "
              f"{seconds:.0f} s, seed {self.seed}", flush=True)
        folder = os.environ.get("GODWIT_RESULTS")
        if folder:
            pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
            counts = {"passed": self.fired, "failed": failed, "skipped": self.skipped}
            (pathlib.Path(folder) / f"campaign_{self.name}.json").write_text(json.dumps(counts))
        raise SystemExit(1 if failed else 0)


class Program:
    """godwit with a state folder of its own.

    Without `synced` nothing below its work folder is made durable: where no power is cut that changes nothing
    but the time, nearly all of which would be that of the disk.
    """

    def __init__(self, work, server_env=None, synced=True):
        self.work = work
        self.unsynced = {} if synced else shim_env([work])
        self.home = work / "home"
        self.home.mkdir(parents=True, exist_ok=True)
        self.state = self.home / "state"
        self.server_env = server_env or {}

    def env(self, extra=None):
        env = dict(harness.CLEAN, HOME=str(self.home), XDG_STATE_HOME=str(self.state), **self.server_env,
                   **self.unsynced)
        env.update(extra or {})
        return env

    def start(self, *arguments, env=None, preexec=None, stdout=subprocess.PIPE):
        return subprocess.Popen([harness.GODWIT, *map(os.fspath, arguments)], env=self.env(env),
                                stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE,
                                cwd=self.work, preexec_fn=preexec)

    def run(self, *arguments, env=None, timeout=300, preexec=None):
        with self.start(*arguments, env=env, preexec=preexec) as process:
            try:
                out, err = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                out, err = process.communicate()
                raise Finding("it hangs:", arguments, out[-2000:], err[-2000:])
        return harness.Run(process.returncode, out, err.decode(errors="replace"))


def check_summary(run):
    """The closing line agrees with the exit code; no sanitizer spoke."""
    require("Sanitizer" not in run.err and "runtime error" not in run.err, run.err[-4000:])
    require(run.code >= 0, "it died by signal", -run.code, run.err[-2000:])
    if run.code != 2:
        require(run.summary["exit_code"] == run.code, run.summary, run.code)


def shown(content):
    """A content in a message: digests as they are, of bytes only how many."""
    return content if isinstance(content, str) else f"{len(content)} bytes"


class Model:
    """What the target may show: between two syncs the old or the new content of each key.

    Contents are bytes, or all of them digests.
    """

    def __init__(self, old, new, deletes, late=()):
        self.old = dict(old)
        self.new = dict(new)
        self.deletes = deletes
        self.late = dict(late)  # May still arrive, sent before its sender died.

    def final(self):
        return dict(self.new) if self.deletes else {**self.old, **self.new}

    def check_visible(self, seen):
        """Nothing wrong, nothing short, nothing lost: at any instant."""
        for key, data in seen.items():
            allowed = [tree[key] for tree in (self.old, self.new, self.late) if key in tree]
            require(data in allowed, "wrong content under", key, shown(data), "allowed:", *map(shown, allowed))
        for key in self.old:
            require(key in seen or (self.deletes and key not in self.new), "lost:", key)

    def check_final(self, seen):
        final = self.final()
        require(sorted(seen) == sorted(final), "missing", sorted(set(final) - set(seen)), "too many",
                sorted(set(seen) - set(final)))
        for key, data in final.items():
            require(seen[key] == data, "wrong content under", key, shown(seen[key]), shown(data))


def shim_env(under):
    return {"LD_PRELOAD": str(SHIM), "GODWIT_SHIM_UNDER": ":".join(map(str, under)), "GODWIT_SHIM_SYNC": "skip",
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}


class ShimLog:
    """The counts that the shim keeps in a file."""

    def __init__(self, folder):
        self.path = folder / "shim-log"

    def env(self, under, at=None):
        self.path.write_bytes(bytes(4 * (len(SHIM_NAMES) + 1)))
        env = dict(shim_env(under), GODWIT_SHIM_LOG=str(self.path))
        if at:
            env["GODWIT_SHIM_AT"] = at
        return env

    def counts(self):
        *calls, _ = struct.unpack(f"{len(SHIM_NAMES) + 1}I", self.path.read_bytes())
        return dict(zip(SHIM_NAMES, calls))

    def fired(self):
        return struct.unpack(f"{len(SHIM_NAMES) + 1}I", self.path.read_bytes())[-1]
