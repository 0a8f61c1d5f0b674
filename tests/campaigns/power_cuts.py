"""The power goes while objects are downloaded to ext4 and to xfs: the file system stops at once, is mounted
again and looked at, and the same command ends the work. I9, I21.

The file systems live in files, behind a loop device. Where they cannot be mounted, the campaign is a
counted skip.
"""

import fcntl
import os
import random
import shutil
import signal
import struct
import subprocess
import time

import harness
import places
from campaign import Campaign, Model, Program, check_summary, require

SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN, XFS_IOC_SHUTDOWN.
# The file system's own journal is written once more, or not even that.
LOG_FLUSH, NO_LOG_FLUSH = 1, 2
IMAGE_BYTES = {"ext4": 96 << 20, "xfs": 320 << 20}


def command(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    require(done.returncode == 0, words, done.stderr)


class Disk:
    """A file system of its own that can lose its power."""

    def __init__(self, kind, folder):
        self.kind = kind
        self.image = folder / f"{kind}.img"
        self.mount_point = folder / kind
        self.mount_point.mkdir()
        self.mounted = False
        with open(self.image, "wb") as image:
            image.truncate(IMAGE_BYTES[kind])
        command(f"mkfs.{kind}", "-q", str(self.image))

    def mount(self):
        command("mount", "-o", "loop", str(self.image), str(self.mount_point))
        self.mounted = True

    def unmount(self):
        for _ in range(200):
            done = subprocess.run(["umount", self.mount_point], capture_output=True, check=False)
            if done.returncode == 0:
                self.mounted = False
                return
            time.sleep(0.02)
        require(False, "it stays busy", done.stderr)

    def cut(self, flag):
        folder = os.open(self.mount_point, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, SHUTDOWN, struct.pack("I", flag))
        finally:
            os.close(folder)


class House:
    """One disk with the target and the state of a job; the source is a bucket."""

    def __init__(self, campaign, cloud, kind):
        self.campaign = campaign
        self.random = random.Random(campaign.random.randrange(1 << 32))
        work = campaign.work / kind
        work.mkdir()
        self.disk = Disk(kind, work)
        self.disk.mount()
        top = self.disk.mount_point
        self.program = Program(work, cloud.env())
        self.program.state = top / "state"
        self.source = places.Gcs(cloud, f"source-{kind}/")
        self.target = places.Folder(top / "target")
        self.tree = {}
        self.base = {}
        self.seconds = 0.3
        self.cuts = 0

    def sync(self):
        return ["sync", "--json", "--delete", "--max-delete", "all", "--part-size", "256KiB", "--jobs",
                str(self.random.choice((1, 4, 8))), self.source.url, self.target.url]

    def change_source(self):
        for key in [k for k in self.tree if self.random.random() < 0.5]:
            self.source.remove(key)
            del self.tree[key]
        for _ in range(self.random.randrange(5, 25)):
            size = self.random.choice((0, 10, 4000, 4096, 70_000, 300_000, 1_500_000))
            key = f"{self.random.choice('abc')}/{self.random.choice('xyz')}/f{self.random.randrange(9)}"
            self.tree[key] = self.random.randbytes(size)
            self.source.put(key, self.tree[key])

    def lose_power(self):
        """A run that is under way when the power goes."""
        with self.program.start(*self.sync()) as process:
            time.sleep(self.random.uniform(0.01, self.seconds * 1.1))
            self.disk.cut(self.random.choice((LOG_FLUSH, NO_LOG_FLUSH, NO_LOG_FLUSH)))
            during = process.poll() is None
            process.send_signal(signal.SIGKILL)
            out, err = process.communicate()
        ended = harness.Run(process.returncode, out, err.decode(errors="replace"))
        self.disk.unmount()
        self.disk.mount()
        self.campaign.note("cut during the run" if during else "cut after the run")
        return ended

    def trial(self):
        """Some cuts, then a run in peace."""
        self.change_source()
        model = Model(self.base, self.tree, True)
        for _ in range(self.random.randrange(1, 4)):
            ended = self.lose_power()
            self.campaign.fired += 1
            self.campaign.note(f"cuts on {self.disk.kind}")
            seen = self.target.read()
            model.check_visible(seen)
            if ended.code == 0:
                # What was said to be done has to be there.
                model.check_final(seen)
        started = time.monotonic()
        run = self.program.run(*self.sync())
        self.seconds = max(0.05, (self.seconds + time.monotonic() - started) / 2)
        check_summary(run)
        require(run.code == 0, run.code, run.out[-2000:], run.err[-2000:])
        if "set aside" in run.err:
            self.campaign.note("journals set aside")
        model.check_final(self.target.read())
        require(not self.target.litter(), "left behind:", self.target.litter())
        self.base = dict(self.tree)


def can_mount(campaign):
    try:
        if os.geteuid() != 0 or not all(map(shutil.which, ("mkfs.ext4", "mkfs.xfs", "mount"))):
            return False
        folder = campaign.work / "try"
        folder.mkdir()
        disk = Disk("ext4", folder)
        disk.mount()
        disk.unmount()
        return True
    except AssertionError as error:
        print(error)
        return False


def main():
    campaign = Campaign("power_cuts", 50, __doc__)
    if not can_mount(campaign):
        print("skipped: no file system can be mounted here (root, mkfs.ext4, mkfs.xfs and loop devices are needed)")
        campaign.skipped += 1
        campaign.end()
    with places.Cloud() as cloud:
        houses = [House(campaign, cloud, kind) for kind in ("ext4", "xfs")]
        campaign.on_end = lambda: [house.disk.unmount() for house in houses if house.disk.mounted]
        while campaign.more():
            for house in houses:
                campaign.attempt(f"{house.disk.kind}", house.trial)
        campaign.end()


if __name__ == "__main__":
    main()
