"""The same jobs again and again while the source changes: nothing grows, and every tree is right.

Each round adds, replaces and removes objects of a folder and syncs it to S3, from there to Cloud Storage, to Azure
and to another folder, all with --delete and one state folder. The program ends after each sync: what could grow is
the state folder, and with it memory and descriptors of later runs. Judged is the slope over the rounds after the
first fifth. Then, with --many, one sync of so many tiny objects each way: its memory hangs little on their number.
"""

import contextlib
import os
import pathlib
import subprocess
import sys
import threading
import time

import harness
import places
from campaign import Campaign, Model, Program, check_summary, require

KINDS = ("s3", "gcs", "azure", "local")
OBJECTS = 120
SIZES = (0, 1, 100, 3000, 40_000)
SAMPLE_S = 0.004
KIB, MIB = 1 << 10, 1 << 20
NOISE = 0.15  # Of the mean: growth that is none.
MORE_MEMORY = 64 * MIB  # May ten times as many objects take; see --many.


def size_of(folder):
    """Bytes and number of the files below."""
    sizes = [path.stat().st_size for path in pathlib.Path(folder).rglob("*") if path.is_file()]
    return sum(sizes), len(sizes)


def slope(values):
    """By least squares, a step; and how far chance may have moved it."""
    middle = (len(values) - 1) / 2
    mean = sum(values) / len(values)
    spread = sum((i - middle) ** 2 for i in range(len(values)))
    slope_ = sum((i - middle) * (value - mean) for i, value in enumerate(values)) / spread
    rest = sum((value - mean - slope_ * (i - middle)) ** 2 for i, value in enumerate(values))
    return slope_, 4 * (rest / max(1, len(values) - 2) / spread) ** 0.5


# A process has at least the peak of the one that made it, so that a small one has to.
LAUNCHER = """
import os, sys
out, err = (os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600) for name in sys.argv[1:3])
pid = os.posix_spawn(sys.argv[3], sys.argv[3:], os.environ,
                     file_actions=[(os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, err, 2)])
print(pid, flush=True)
_, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss, flush=True)
"""


class Measured:
    """One run: peak of resident memory in bytes, most descriptors seen open."""

    def __init__(self, program, *arguments):
        out, err = program.work / "out", program.work / "err"
        command = [sys.executable, "-S", "-E", "-c", LAUNCHER, out, err, harness.GODWIT, *arguments]
        with subprocess.Popen(command, env=program.env(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as launcher:
            self.descriptors = 0
            watcher = threading.Thread(target=self.watch, args=(int(launcher.stdout.readline()),))
            watcher.start()
            code, peak = map(int, launcher.stdout.readline().split())
            watcher.join()
        self.peak = peak * KIB
        self.run = harness.Run(code, out.read_bytes(), err.read_text(errors="replace"))
        check_summary(self.run)
        require(code == 0, code, self.run.out[-2000:], self.run.err[-2000:])

    def watch(self, pid):
        with contextlib.suppress(OSError):  # It ends.
            while found := len(os.listdir(f"/proc/{pid}/fd")):
                self.descriptors = max(self.descriptors, found)
                time.sleep(SAMPLE_S)


class Soak:
    def __init__(self, campaign, cloud):
        self.campaign = campaign
        self.random = campaign.random
        self.work = campaign.work
        self.program = Program(self.work, cloud.env())
        self.source = places.Folder(self.work / "source")
        self.targets = [places.make(kind, cloud, self.work, f"to-{kind}") for kind in KINDS]
        self.tree = {}
        self.seen = {}  # What is measured: its values by round.
        self.names = 0
        for _ in range(OBJECTS):
            self.add()

    def put(self, key):
        # Another size than it had: times of whole seconds tell nothing here.
        size = self.random.choice(SIZES) + self.random.randrange(1000)
        size += size == len(self.tree.get(key, b""))
        self.tree[key] = self.random.randbytes(size)
        self.source.put(key, self.tree[key])

    def add(self):
        self.names += 1  # Names never come again: what is remembered of old ones would pile up.
        self.put(f"{self.random.choice('abcd')}/{self.random.choice('xyz')}/n{self.names}")

    def change(self):
        for key in self.random.sample(sorted(self.tree), self.random.randrange(1, 20)):
            self.source.remove(key)
            del self.tree[key]
        while len(self.tree) < OBJECTS:
            self.add()
        for key in self.random.sample(sorted(self.tree), 8):
            self.put(key)

    def remember(self, what, value):
        self.seen.setdefault(what, []).append(value)

    def round(self):
        self.change()
        source = self.source
        for target in self.targets:
            measured = Measured(self.program, "sync", "--json", "--delete", source.url, target.url)
            Model({}, self.tree, True).check_final(target.read())
            require(not target.litter(), "left behind:", target.litter())
            self.remember(f"peak memory to {target.kind} (KiB)", measured.peak / KIB)
            self.remember(f"descriptors to {target.kind}", measured.descriptors)
            source = target
        size, files = size_of(self.program.state)
        self.remember("state folder (KiB)", size / KIB)
        self.remember("state files", files)
        self.campaign.fired += 1

    def judge(self):
        """Nothing that was measured grows by more than chance from the first fifth to the end."""
        for what, values in sorted(self.seen.items()):
            steady = values[len(values) // 5:]
            mean = sum(steady) / len(steady)
            grown, chance = (step * len(steady) for step in slope(steady))
            print(f"soak: {what}: mean {mean:.0f}, most {max(steady):.0f}, in {len(steady)} rounds {grown:+.1f}", flush=True)
            require(grown - chance <= max(NOISE * mean, 3), what, "grows:", grown, "of", mean, "in", len(steady), "rounds")


def many(campaign, cloud, objects):
    """Uploads, copies and downloads of a tenth of the objects, then of all; the second needs little more."""
    peaks = {}
    for number in (objects // 10, objects):
        work = campaign.work / f"many{number}"
        work.mkdir()
        source = places.Folder(work / "source")
        for i in range(number):
            source.put(f"{i % 211}/{i // 211 % 17}/f{i}", b"%d" % i)
        program = Program(work, cloud.env())
        urls = [source.url, f"s3://{places.BUCKET}/many{number}", f"gs://{places.BUCKET}/many{number}", str(work / "back")]
        for origin, goal in zip(urls, urls[1:]):
            for pass_ in ("first", "second"):
                measured = Measured(program, "sync", "--json", origin, goal)
                counts = measured.run.summary["objects"]
                require(counts["copied" if pass_ == "first" else "unchanged"] == number, counts)
                way = f"{pass_} sync to {goal.partition(':')[0] if ':' in goal else 'local'}"
                print(f"soak: {number} objects, {way}: {measured.run.summary['elapsed_s']} s, peak "
                      f"{measured.peak / MIB:.1f} MiB, {measured.descriptors} descriptors", flush=True)
                peaks.setdefault(way, []).append(measured.peak)
        require(places.Folder(work / "back").read() == source.read(), "the tree is another one")
        cloud.call("/reset", {})
    for way, (few, all_) in peaks.items():
        require(all_ - few <= MORE_MEMORY, way, "takes", (all_ - few) / MIB, "MiB more for ten times as many objects")


def add_options(parser):
    parser.add_argument("--many", type=int, default=0, help="objects of one long sync each way")


def main():
    campaign = Campaign("soak", 1 << 30, __doc__, add_options)
    campaign.options.minutes = campaign.options.minutes or 3
    with places.Cloud() as cloud:
        soak = Soak(campaign, cloud)
        while campaign.more():
            campaign.attempt(f"round {campaign.fired}", soak.round)
        campaign.attempt("the measures", soak.judge)
        if campaign.options.many:
            cloud.call("/reset", {})
            campaign.attempt("many objects", lambda: many(campaign, cloud, campaign.options.many))
        campaign.end()


if __name__ == "__main__":
    main()
