"""Every open, read, write, fsync, rename, unlink, mkdir, ... of a sync of 40 objects fails in turn.

A first run counts the operations on the source, the target and the state; then one run a point and kind
of failure. After each: the exit code of docs/manual.md and a message that names the failure; the target
shows old or new contents; a plain run then ends with 0 and the right tree, and leaves nothing behind.
--count is a sample of all points; 0 is all of them.
"""

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
# A file that SQLite cannot open for writing it opens once more, only to read, and forgets the cause.
READ_ONLY = ("readonly database", "unable to open database file")
# 0: it was not needed, or done otherwise. 1: objects failed. 2: the state folder cannot be used. 7: a
# listing failed. 8: disk full, quota, unwritable.
CODES = {"EIO": (0, 1, 2, 7, 8), "EMFILE": (0, 1, 2, 7, 8), "EACCES": (0, 1, 2, 7, 8), "ENOSPC": (0, 1, 2, 7, 8),
         "EDQUOT": (0, 1, 2, 7, 8), "short": (0,)}
ATTEMPTS = 6  # At a point that only some runs have: records of the journal are grouped by time.
PAIRS = (("local", "s3"), ("s3", "local"), ("local", "local"))


class Scenario:
    """40 objects, eight of them in parts; some at the target are old, equal, or too many."""

    def __init__(self, campaign, cloud, source, target):
        self.campaign = campaign
        self.label = f"{source} -> {target}"
        self.work = campaign.work / f"{source}-{target}"
        self.work.mkdir()
        self.program = Program(self.work, cloud.env())
        self.shim = ShimLog(self.work)
        self.source = places.make(source, cloud, self.work, f"source-{target}")
        self.target = places.make(target, cloud, self.work, f"target-{source}")
        part, large = ("5MiB", 6 << 20) if target == "s3" else ("256KiB", 1_300_000)
        rng = random.Random(7)
        sizes = [0, 1, 300, 40_000] * 9 + [large] * 4
        self.tree = {f"{'abcd'[i % 4]}/s{i % 3}/f{i}": rng.randbytes(size) for i, size in enumerate(sizes)}
        self.old = {key: rng.randbytes(50) for key in list(self.tree)[::8]}
        self.old.update({f"gone/f{i}": b"gone" for i in range(3)})
        places.fill(self.source, self.tree)
        self.command = ["sync", "--json", "--delete", "--jobs", "2", "--part-size", part, "--retries", "2",
                        self.source.url, self.target.url]
        self.under = [self.program.state] + [place.root for place in (self.source, self.target)
                                             if place.kind == "local"]

    def begin(self):
        """The target before any run, and no state."""
        shutil.rmtree(self.program.state, ignore_errors=True)
        if self.target.kind == "local":
            shutil.rmtree(self.target.root, ignore_errors=True)
            places.fill(self.target, self.old)
            return
        seen = self.target.read()
        for key in seen.keys() - self.old.keys():
            self.target.remove(key)
        for key, data in self.old.items():
            if seen.get(key) != data:
                self.target.put(key, data)

    def count(self):
        """How often each operation happens in a run without a fault."""
        self.begin()
        run = self.program.run(*self.command, env=self.shim.env(self.under))
        check_summary(run)
        require(run.code == 0, run.code, run.err)
        Model(self.old, self.tree, True).check_final(self.target.read())
        return self.shim.counts()

    def points(self):
        counts = self.count()
        print(f"{self.label}: " + ", ".join(f"{name} {number}" for name, number in counts.items() if number))
        return [(self, name, number, what) for name in SHIM_NAMES for number in range(1, counts[name] + 1)
                for what in ERRORS[name]]

    def meet(self, name, number, what):
        """One point. False if no run got there."""
        for _ in range(ATTEMPTS):
            self.begin()
            env = self.shim.env(self.under, f"{name}:{number}:{what}")
            run = self.program.run(*self.command, env=env)
            self.judge(run, what)
            if self.shim.fired():
                self.rerun()
                return True
        return False

    def judge(self, run, what):
        check_summary(run)
        model = Model(self.old, self.tree, True)
        seen = self.target.read()
        model.check_visible(seen)
        if not self.shim.fired():
            what = "short"
        require(run.code in CODES[what], "exit", run.code, run.out[-2000:], run.err[-2000:])
        if run.code == 0:
            model.check_final(seen)
            return
        self.campaign.note(f"exit {run.code} after {what}")
        text = (run.err + run.out.decode(errors="replace")).lower()
        told = WORDS[what] in text or any(words in text for words in READ_ONLY)
        require(told, "the message does not tell the cause", what, run.err)

    def rerun(self):
        run = self.program.run(*self.command)
        check_summary(run)
        require(run.code == 0, "rerun: exit", run.code, run.out[-2000:], run.err[-2000:])
        Model(self.old, self.tree, True).check_final(self.target.read())
        require(not self.target.litter(), "left behind:", self.target.litter())


def add_options(parser):
    parser.add_argument("--point", help="only this one: SOURCE-TARGET:OPERATION:N:WHAT")


def main():
    campaign = Campaign("file_faults", 150, __doc__, add_options)
    with places.Cloud() as cloud:
        scenarios = {f"{s}-{t}": Scenario(campaign, cloud, s, t) for s, t in PAIRS}
        if campaign.options.point:
            pair, name, number, what = campaign.options.point.split(":")
            points = [(scenarios[pair], name, int(number), what)]
        else:
            points = [point for scenario in scenarios.values() for point in scenario.points()]
        campaign.each_point(
            (f"{scenario.label} {name}:{number}:{what}", f"{name} {what}",
             lambda scenario=scenario, name=name, number=number, what=what: scenario.meet(name, number, what))
            for scenario, name, number, what in campaign.shuffled(points))
        campaign.end()


if __name__ == "__main__":
    main()
