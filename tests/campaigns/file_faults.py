"""Every open, read, write, fsync, rename, unlink, mkdir, ... of a sync of 40 objects fails in turn.

A first run counts the operations on the source, the target and the state; then one run a point and kind
of failure. After each: the exit code of docs/manual.md and a message that names the failure; the target
shows old or new contents; a plain run then ends with 0 and the right tree, and leaves nothing behind.
--count is a sample of all points; 0 is all of them.
"""

import contextlib
import random
import shutil

import places
from campaign import SHIM_NAMES, Campaign, Model, Program, ShimLog, check_summary, require

ERRORS = {
    "open": ("EIO", "ENOSPC", "EMFILE", "EDQUOT", "EACCES"),
    "read": ("EIO", "short"),
    "write": ("EIO", "ENOSPC", "EDQUOT", "short"),
    "fsync": ("EIO", "ENOSPC", "EDQUOT"),
    "rename": ("EIO", "ENOSPC", "EDQUOT", "EACCES"),
    "unlink": ("EIO", "EACCES"),
    "mkdir": ("EIO", "ENOSPC", "EDQUOT", "EACCES"),
    "allocate": ("EIO", "ENOSPC", "EDQUOT"),
    "truncate": ("EIO", "ENOSPC"),
    "times": ("EIO",),
    "link": ("EIO", "ENOSPC"),
}
WORDS = {"EIO": "input/output error", "ENOSPC": "no space left", "EMFILE": "too many open files",
         "EDQUOT": "disk quota exceeded", "EACCES": "permission denied"}
# 0: it was not needed, or done otherwise. 1: objects failed. 2: the state folder cannot be used. 7: a
# listing failed. 8: disk full, quota, unwritable.
CODES = {"EIO": (0, 1, 2, 7, 8), "EMFILE": (0, 1, 2, 7, 8), "EACCES": (0, 1, 2, 7, 8), "ENOSPC": (0, 1, 2, 7, 8),
         "EDQUOT": (0, 1, 2, 7, 8), "short": (0,)}
COUNTING_RUNS = 5
ATTEMPTS = 10  # At a point that a run did not have.
PAIRS = ["local-s3", "s3-local", "local-local"]


class Scenario:
    """40 objects, some of them in parts; some at the target are old, equal, or too many."""

    def __init__(self, campaign, cloud, source, target):
        self.campaign = campaign
        self.cloud = cloud
        self.pair = f"{source}-{target}"
        self.work = campaign.work / self.pair
        self.work.mkdir()
        self.program = Program(self.work, cloud.env(), synced=False)
        self.shim = ShimLog(self.work)
        self.source = places.make(source, cloud, self.work, f"source-{target}")
        self.target = places.make(target, cloud, self.work, f"target-{source}")
        part, large, number = ("5MiB", (5 << 20) + 1000, 2) if target == "s3" else ("256KiB", 1_300_000, 4)
        rng = random.Random(7)
        sizes = ([0, 1, 300, 40_000] * 10)[:40 - number] + [large] * number
        tree = {f"{'abcd'[i % 4]}/s{i % 3}/f{i}": rng.randbytes(size) for i, size in enumerate(sizes)}
        self.old = {key: rng.randbytes(50) for key in list(tree)[::8]}
        self.old.update({key: tree[key] for key in list(tree)[1::8]})
        self.old.update({f"gone/f{i}": b"gone" for i in range(3)})
        places.fill(self.source, tree)
        places.fill(self.target, self.old)
        self.model = Model(places.digests(self.old), places.digests(tree), True)
        self.command = ["sync", "--json", "--delete", "--jobs", str(campaign.options.jobs), "--part-size", part, "--retries", "2",
                        self.source.url, self.target.url]
        self.under = [self.program.state] + [place.root for place in (self.source, self.target)
                                             if place.kind == "local"]

    def begin(self):
        """The target before any run, and no state."""
        shutil.rmtree(self.program.state, ignore_errors=True)
        self.cloud.call("/restore", {})
        if self.target.kind == "local":
            shutil.rmtree(self.target.root, ignore_errors=True)
            places.fill(self.target, self.old)

    def count(self):
        """How often each operation happens in a run without a fault."""
        self.begin()
        run = self.program.run(*self.command, env=self.shim.env(self.under))
        check_summary(run)
        require(run.code == 0, run.code, run.err)
        self.model.check_final(self.target.digests())
        return self.shim.counts()

    def points(self):
        """All operations that every run makes, but for the last few: how many records the journal makes durable at once,
        by a write for each page and one fsync, is a matter of time. Where no run out of ATTEMPTS has so many operations
        of a kind as the counted ones had, a point cannot fire."""
        runs = [self.count() for _ in range(COUNTING_RUNS)]
        counts = {name: min(run[name] for run in runs) for name in SHIM_NAMES}
        more = {name: max(run[name] for run in runs) - counts[name] for name in SHIM_NAMES}
        self.campaign.note("operations that only some runs make", sum(more.values()))
        print(f"{self.pair}: " + ", ".join(f"{name} {number}" for name, number in counts.items() if number), flush=True)
        return [(f"{self.pair}:{name}:{number}:{what}", f"{name} {what}", self.pair, name, number, what)
                for name in SHIM_NAMES for number in range(1, counts[name] + 1) for what in ERRORS[name]]

    def meet(self, name, number, what):
        """One point. False if no run got there."""
        for _ in range(ATTEMPTS):
            self.begin()
            env = self.shim.env(self.under, f"{name}:{number}:{what}")
            run = self.program.run(*self.command, env=env)
            fired = self.shim.fired()
            require(fired or self.shim.counts()[name] < number, "the operation was there, and nothing fired")
            self.judge(run, what if fired else "short")
            if fired:
                self.rerun()
                return True
        return False

    def judge(self, run, what):
        check_summary(run)
        seen = self.target.digests()
        self.model.check_visible(seen)
        require(run.code in CODES[what], "exit", run.code, run.out[-2000:], run.err[-2000:])
        if run.code == 0:
            self.model.check_final(seen)
            return
        self.campaign.note(f"exit {run.code} after {what}")
        text = (run.err + run.out.decode(errors="replace")).lower()
        require(WORDS[what] in text, "the message does not tell the cause", what, run.err)

    def rerun(self):
        run = self.program.run(*self.command)
        check_summary(run)
        require(run.code == 0, "rerun: exit", run.code, run.out[-2000:], run.err[-2000:])
        self.model.check_final(self.target.digests())
        require(not self.target.litter(), "left behind:", self.target.litter())


def add_options(parser):
    places.pairs_option(parser, PAIRS)
    parser.add_argument("--jobs", type=int, default=1, help="more than 1: the number of operations differs from run to run")
    parser.add_argument("--point", help="only this one: SOURCE-TARGET:OPERATION:N:WHAT")


def main():
    campaign = Campaign("file_faults", 150, __doc__, add_options, crew=True)

    @contextlib.contextmanager
    def equip():
        with places.Bench(lambda cloud, *pair: Scenario(campaign, cloud, *pair)) as bench:
            yield lambda pair, *point: bench.scenario(pair).meet(*point)

    if campaign.options.point:
        pair, name, number, what = campaign.options.point.split(":")
        points = [(campaign.options.point, f"{name} {what}", pair, name, int(number), what)]
    else:
        with places.Bench(lambda cloud, *pair: Scenario(campaign, cloud, *pair)) as bench:
            points = [point for pair in campaign.options.pairs for point in bench.scenario(pair).points()]
    campaign.each_point(campaign.shuffled(points), equip, 0.005 if campaign.options.jobs == 1 else 0.02)
    campaign.end()


if __name__ == "__main__":
    main()
