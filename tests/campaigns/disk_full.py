"""Too little of everything: disk for the target, disk for the state, file descriptors, address space.

A small tmpfs fills up at many sizes (where it cannot be mounted, a shim that answers ENOSPC from the n-th
write on takes its place). Each run ends by itself with a clear message and the exit code of the manual, the
target as before or complete; with enough of it the same command ends with 0.
"""

import random
import resource
import subprocess

import places
from campaign import Campaign, Model, Program, ShimLog, check_summary, require

KIB = 1 << 10
MIB = 1 << 20
TARGET_SIZES = (64 * KIB, 256 * KIB, 512 * KIB, MIB, 2 * MIB, 4 * MIB, 6 * MIB, 8 * MIB)
STATE_SIZES = (4 * KIB, 16 * KIB, 32 * KIB, 64 * KIB, 96 * KIB, 128 * KIB, 192 * KIB, 256 * KIB)
ENOUGH = 64 * MIB


class TinyDisk:
    """A tmpfs that can grow."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()

    def mount(self, size):
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", self.folder], check=True)

    def grow(self):
        subprocess.run(["mount", "-o", f"remount,size={ENOUGH}", self.folder], check=True)

    def unmount(self):
        subprocess.run(["umount", self.folder], check=True)


class Job:
    def __init__(self, campaign, cloud):
        self.campaign = campaign
        self.cloud = cloud
        rng = random.Random(5)
        sizes = [0, 100, 5000, 90_000] * 8 + [1_300_000] * 4
        self.tree = {f"{'abcd'[i % 4]}/f{i}": rng.randbytes(size) for i, size in enumerate(sizes)}
        self.old = {key: rng.randbytes(50) for key in list(self.tree)[::8]}
        self.source = places.Gcs(cloud, "full/")
        places.fill(self.source, self.tree)
        self.number = 0

    def fresh(self):
        """A folder for one trial and godwit in it."""
        self.number += 1
        work = self.campaign.work / f"trial{self.number}"
        work.mkdir()
        return work, Program(work, self.cloud.env())

    def command(self, target, *more):
        return ["sync", "--json", "--retries", "2", "--part-size", "256KiB", *more, self.source.url, target.url]

    def judge(self, run, target, codes, words):
        """A run that lacked something."""
        check_summary(run)
        model = Model(self.old, self.tree, False)
        model.check_visible(target.read())
        require(run.code in codes, "exit", run.code, run.out[-2000:], run.err[-2000:])
        if run.code == 0:
            model.check_final(target.read())
            return
        text = (run.err + run.out.decode(errors="replace")).lower()
        require(any(word in text for word in words), "the message does not tell the cause", run.err[-2000:])
        self.campaign.fired += 1
        self.campaign.note(f"exit {run.code} for want of {words[0]}")

    def ends_well(self, program, target, *more):
        run = program.run(*self.command(target, *more))
        check_summary(run)
        require(run.code == 0, "rerun: exit", run.code, run.out[-2000:], run.err[-2000:])
        Model(self.old, self.tree, False).check_final(target.read())
        require(not target.litter(), "left behind:", target.litter())

    def small_target(self, size):
        work, program = self.fresh()
        disk = TinyDisk(work / "disk")
        disk.mount(size)
        try:
            target = places.Folder(disk.folder / "target")
            places.fill(target, self.old)
            run = program.run(*self.command(target))
            self.judge(run, target, (0, 8), ("no space left",))
            require(run.code == 8 or size >= 6 * MIB, "it fits?", size)
            disk.grow()
            self.ends_well(program, target)
        finally:
            disk.unmount()

    def small_state(self, size):
        work, program = self.fresh()
        disk = TinyDisk(work / "disk")
        disk.mount(size)
        try:
            program.state = disk.folder
            target = places.Folder(work / "target")
            places.fill(target, self.old)
            run = program.run(*self.command(target))
            self.judge(run, target, (0, 2, 8), ("no space left", "full"))
            disk.grow()
            self.ends_well(program, target)
        finally:
            disk.unmount()

    def full_from(self, part, number):
        """The disk is full from the n-th write on."""
        work, program = self.fresh()
        shim = ShimLog(work)
        target = places.Folder(work / "target")
        places.fill(target, self.old)
        under = {"target": target.root, "state": program.state}[part]
        run = program.run(*self.command(target), env=shim.env([under], f"write:{number}+:ENOSPC"))
        fired = shim.fired()
        self.judge(run, target, (0, 2, 8), ("no space left", "full"))
        require(fired == 0 or run.code in (2, 8), "a full disk and exit", run.code)
        self.ends_well(program, target)

    def few_descriptors(self):
        """64 descriptors do for every kind of transfer."""
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

        for jobs in ("1", "auto", "64"):
            _, program = self.fresh()
            for kind in ("local", "s3", "azure"):
                target = places.make(kind, self.cloud, program.work, f"few-{jobs}")
                places.fill(target, self.old)
                more = ["--jobs", jobs] + (["--part-size", "5MiB"] if kind == "s3" else [])
                run = program.run(*self.command(target, *more), preexec=limit)
                require(run.code == 0, "64 descriptors: exit", run.code, run.out[-2000:], run.err[-2000:])
                Model(self.old, self.tree, False).check_final(target.read())
                self.campaign.fired += 1
                self.campaign.note("runs with 64 descriptors")

    def little_memory(self):
        """300 MiB of address space, of which 64 MiB are for data."""
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (300 * MIB, 300 * MIB))

        for kind in ("local", "s3", "azure"):
            _, program = self.fresh()
            target = places.make(kind, self.cloud, program.work, "little")
            places.fill(target, self.old)
            more = ["--memory", "64MiB"] + (["--part-size", "5MiB"] if kind == "s3" else [])
            run = program.run(*self.command(target, *more), preexec=limit)
            require(run.code == 0, "300 MiB: exit", run.code, run.out[-2000:], run.err[-2000:])
            Model(self.old, self.tree, False).check_final(target.read())
            self.campaign.fired += 1
            self.campaign.note("runs in 300 MiB")


def can_mount(campaign):
    try:
        disk = TinyDisk(campaign.work / "try")
        disk.mount(MIB)
        disk.unmount()
        return True
    except (subprocess.CalledProcessError, OSError) as error:
        print("no tmpfs can be mounted here:", error)
        return False


def add_options(parser):
    parser.add_argument("--no-address-space", action="store_true",
                        help="leave out the limit of address space, which a sanitizer needs for itself")


def main():
    campaign = Campaign("disk_full", 40, __doc__, add_options)
    mountable = can_mount(campaign)
    campaign.skipped += not mountable
    with places.Cloud() as cloud:
        job = Job(campaign, cloud)
        trials = [("64 descriptors", job.few_descriptors)]
        if campaign.options.no_address_space:
            print("disk_full: the limit of address space is left out: a sanitizer needs more by itself")
        else:
            trials.append(("300 MiB of address space", job.little_memory))
        if mountable:
            trials += [(f"target of {size}", lambda size=size: job.small_target(size)) for size in TARGET_SIZES]
            trials += [(f"state of {size}", lambda size=size: job.small_state(size)) for size in STATE_SIZES]
        for label, trial in trials:
            campaign.attempt(label, trial)
        while campaign.more():
            part = campaign.random.choice(("target", "state"))
            number = int(campaign.random.expovariate(1 / 30)) + 1
            campaign.attempt(f"{part} full from write {number} on", lambda: job.full_from(part, number))
        campaign.end()


if __name__ == "__main__":
    main()
