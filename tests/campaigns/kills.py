"""SIGKILL at random instants and at each write of the journal; the same command again until it ends.

Each story is one source and one target of random kinds with one state folder: runs are killed, the source
changes at times between a kill and the next run, and in the end all agrees with a model (a dict). I21.
"""

import contextlib
import itertools
import random
import shutil
import signal
import time

import harness
import places
from campaign import Campaign, Finding, Model, Program, ShimLog, check_summary, require

KINDS = ("local", "s3", "gcs", "azure")
PARTED = {"local": 300_000, "azure": 300_000, "s3": 11 << 20, "gcs": 900_000}  # Several parts of PART_SIZE.
PART_SIZE = {"local": "64KiB", "azure": "64KiB", "s3": "5MiB", "gcs": "256KiB"}
JOURNAL_KINDS = ("kill", "kill-after", "torn")
KILLS_A_STORY = 12
KILLS_A_SOURCE = 5
RUNS_MAX = 100


class Story:
    def __init__(self, campaign, cloud, number, seed):
        self.campaign = campaign
        self.random = random.Random(seed)
        source, target = self.random.choice([(s, t) for s in KINDS for t in KINDS if (s, t) != ("local", "local")])
        self.label = f"story {number}: {source} -> {target}"
        self.work = campaign.work / f"story{number}"
        self.work.mkdir()
        self.program = Program(self.work, cloud.env(), synced=False)
        self.shim = ShimLog(self.work)
        self.source = places.make(source, cloud, self.work, f"source{number}")
        self.target = places.make(target, cloud, self.work, f"target{number}")
        self.beside = places.make(target, cloud, self.work, f"target{number}x")
        self.tree = {}
        self.deletes = self.random.random() < 0.5
        self.command = ["sync", "--json", "--part-size", PART_SIZE[target], "--jobs", str(self.random.choice((1, 4, 8)))]
        if self.deletes:
            self.command += ["--delete", "--max-delete", "all", "--allow-empty-source"]
        self.command += [self.source.url, self.target.url]
        self.seconds = 0.3  # Of a run that is left alone, as far as is known.

    def bytes(self, size):
        return self.random.randbytes(size)

    def change_source(self):
        """Adds, replaces and removes some objects."""
        size_of_large = PARTED[self.target.kind]
        for _ in range(self.random.randrange(1, 12)):
            key = f"{self.random.choice('abc')}/{self.random.choice('de')}/f{self.random.randrange(12)}"
            size = self.random.choice((0, 1, 100, 5000, 70_000))
            self.put(key, self.bytes(size))
        if self.random.random() < 0.6:
            self.put(f"large{self.random.randrange(2)}", self.bytes(size_of_large + self.random.randrange(1000)))
        for key in [k for k in self.tree if self.random.random() < 0.1]:
            self.source.remove(key)
            del self.tree[key]
        self.put("always", self.bytes(10))

    def put(self, key, data):
        self.source.put(key, data)
        self.tree[key] = data

    def run(self):
        """Kills runs until enough of them died; each end state is checked."""
        keep = {"beside": b"not ours", "deep/er": b"neither"}
        places.fill(self.beside, keep)
        base = {}
        kills = 0
        while kills < KILLS_A_STORY and self.campaign.more():
            self.change_source()
            kills += self.until_done(Model(base, self.tree, self.deletes))
            base = self.target.read()
            require(self.beside.read() == keep, "something beside the target was touched")

    def until_done(self, model):
        kills = 0
        for _ in range(RUNS_MAX):
            # Enough kills for one state of the source: let it end.
            killed = kills < KILLS_A_SOURCE and self.random.random() < 0.85 and self.killed_run()
            model.check_visible(self.target.read())
            if killed:
                kills += 1
                if self.random.random() < 0.15:
                    self.campaign.note("source changed after a kill")
                    # What was published meanwhile is there to stay; a request may still be under way.
                    time.sleep(0.03)
                    seen, late = self.target.read(), model.new
                    self.change_source()
                    model = Model(seen, self.tree, self.deletes, late)
                continue
            started = time.monotonic()
            run = self.program.run(*self.command)
            self.seconds = max(0.03, (self.seconds + time.monotonic() - started) / 2)
            check_summary(run)
            require(run.code == 0, run.code, run.out[-3000:], run.err[-2000:])
            model.check_final(self.target.read())
            litter = self.target.litter()
            require(not litter, "left behind:", litter)
            return kills
        require(False, "it never ended")
        return kills

    def killed_run(self):
        """One run that is to be killed. False if it ended before."""
        journal = self.random.random() < 0.5
        return self.kill_at_journal() if journal else self.kill_at_instant()

    def kill_at_journal(self):
        operation = self.random.choice(("write", "write", "fsync"))
        number = int(self.random.expovariate(1 / 6)) + 1
        what = self.random.choice(JOURNAL_KINDS)
        env = self.shim.env([self.program.state], f"{operation}:{number}:{what}")
        run = self.program.run(*self.command, env=env)
        return self.judge(run, f"killed at the journal ({what})", self.shim.fired() > 0)

    def kill_at_instant(self):
        delay = self.random.uniform(0.005, self.seconds * 1.1)
        with self.program.start(*self.command) as process:
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
            out, err = process.communicate()
        run = harness.Run(process.returncode, out, err.decode(errors="replace"))
        return self.judge(run, "killed at an instant", True)

    def judge(self, run, what, fired):
        if run.code == -signal.SIGKILL:
            require(fired, "killed by something else")
            self.campaign.fired += 1
            self.campaign.note(what)
            return True
        check_summary(run)
        require(run.code == 0, run.code, run.out[-3000:], run.err[-2000:])
        return False


def add_options(parser):
    parser.add_argument("--story", type=int, help="only this one of the seed")


def main():
    campaign = Campaign("kills", 300, __doc__, add_options, crew=True)

    @contextlib.contextmanager
    def equip():
        with places.Cloud() as cloud:
            told = itertools.count()

            def tell(trial):
                _, number, seed = trial
                if next(told) % 20 == 0:
                    cloud.call("/reset", {})
                story = Story(campaign, cloud, number, seed)
                campaign.note(f"stories {story.source.kind} -> {story.target.kind}")
                try:
                    story.run()
                except Exception as error:
                    raise Finding(story.label) from error
                shutil.rmtree(story.work)

            yield tell

    stories = ((f"story {number}", number, campaign.random.randrange(1 << 32)) for number in itertools.count())
    only = campaign.options.story
    campaign.side_by_side(stories if only is None else itertools.islice(stories, only, only + 1), equip)
    campaign.end()


if __name__ == "__main__":
    main()
