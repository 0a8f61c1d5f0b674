"""Every request of a sync of 40 objects meets each kind of fault once; the run must end with 0.

A first run counts the requests by operation; then one run a request and kind of fault, for uploads to
and downloads from each of the three services, and a sync from S3 to each. --count is a sample of all
points; 0 is all of them.
"""

import contextlib
import random
import shutil

import places
from campaign import Campaign, Model, Program, check_summary, require

ANY = {
    "500": {"fault": "status", "status": 500},
    "503": {"fault": "status", "status": 503},
    "reset before": {"fault": "lose_answer", "when": "before"},
    "close before": {"fault": "lose_answer", "when": "before", "by": "close"},
    "lost answer": {"fault": "lose_answer"},
    "500 after": {"fault": "status", "status": 500, "when": "after"},
    "stall": {"fault": "stall", "seconds": 0.2},
    "frozen": {"fault": "stall", "seconds": "forever"},
    "cut": {"fault": "cut_body", "after": 3},
    "cut by reset": {"fault": "cut_body", "after": 3, "by": "rst"},
    "empty answer": {"fault": "replace_body", "preset": "empty"},
    "portal": {"fault": "replace_body", "preset": "captive_portal"},
}
# Listings and answers in XML or JSON carry no digest; only data does.
DATA_READ = ("GetObject", "objects.getMedia", "GetBlob")
DATA_WRITTEN = ("PutObject", "UploadPart", "objects.insert", "resumable.put", "resumable.finish", "xml.part", "PutBlob",
                "PutBlock")
ON_READS = {"damaged": {"fault": "corrupt", "how": "flip", "offset": "middle", "side": "response"},
            "short": {"fault": "corrupt", "how": "length_header", "delta": -1}}
ON_WRITES = {"damaged": {"fault": "corrupt", "how": "flip", "offset": "middle", "side": "request"}}
ERROR_IN_200 = ("CompleteMultipartUpload", "CopyObject", "UploadPartCopy", "DeleteObjects")
# These may take minutes by themselves, so that the stall time does not end them.
SLOW = ("CompleteMultipartUpload", "CopyObject", "UploadPartCopy", "PutBlockList", "CopyBlob", "PutBlockFromURL",
        "resumable.finish", "xml.complete", "objects.rewrite")
ATTEMPTS = 3  # Some requests are made by some runs only.
PAIRS = ["s3-local", "gcs-local", "azure-local", "local-s3", "local-gcs", "local-azure", "s3-s3", "s3-gcs", "s3-azure"]
# The size and number of objects in parts, and the size of these.
LARGE = {"s3": ((5 << 20) + 1000, 2, "5MiB"), "gcs": (700_000, 4, "256KiB"), "azure": (700_000, 4, "256KiB"),
         "local": (700_000, 4, "256KiB")}


def faults_of(operation):
    kinds = dict(ANY)
    if operation in SLOW:
        del kinds["frozen"]
    if operation in DATA_READ:
        kinds.update(ON_READS)
    if operation in DATA_WRITTEN:
        kinds.update(ON_WRITES)
    if operation in ERROR_IN_200:
        kinds["error in 200"] = {"fault": "ok_with_error"}
    return kinds


class Trip:
    """40 objects from one place to another; the target holds old, equal and superfluous ones."""

    def __init__(self, campaign, cloud, source, target):
        self.cloud = cloud
        self.pair = f"{source}-{target}"
        self.work = campaign.work / self.pair
        self.work.mkdir()
        self.program = Program(self.work, cloud.env(), synced=False)
        self.source = places.make(source, cloud, self.work, f"from-{target}")
        self.target = places.make(target, cloud, self.work, f"to-{source}")
        large, number, part = LARGE[target]
        rng = random.Random(11)
        sizes = ([0, 1, 300, 20_000] * 10)[:40 - number] + [large] * number
        tree = {f"{'abcd'[i % 4]}/f{i}": rng.randbytes(size) for i, size in enumerate(sizes)}
        self.old = {key: rng.randbytes(50) for key in list(tree)[::8]}
        self.old.update({key: tree[key] for key in list(tree)[1::8]})
        self.old.update({f"gone/f{i}": b"gone" for i in range(3)})
        places.fill(self.source, tree)
        places.fill(self.target, self.old)
        self.model = Model(places.digests(self.old), places.digests(tree), True)
        self.command = ["sync", "--json", "--delete", "--jobs", "2", "--part-size", part, "--timeout", "1s",
                        self.source.url, self.target.url]

    def begin(self, *script):
        shutil.rmtree(self.program.state, ignore_errors=True)
        self.cloud.call("/restore", {})
        if self.target.kind == "local":
            shutil.rmtree(self.target.root, ignore_errors=True)
            places.fill(self.target, self.old)
        self.cloud.faults(*script)

    def run(self):
        run = self.program.run(*self.command)
        counters = self.cloud.counters()
        self.cloud.faults()
        check_summary(run)
        require(run.code == 0, "exit", run.code, run.out[-2000:], run.err[-2000:])
        self.model.check_final(self.target.digests())
        require(not self.target.litter(), "left behind:", self.target.litter())
        return counters

    def points(self):
        self.begin()
        requests = {name: times for name, times in self.run()["requests"].items() if times}
        print(f"{self.pair}: " + ", ".join(f"{name} {number}" for name, number in requests.items()), flush=True)
        return [(f"{self.pair}/{operation}/{number}/{what}", what, self.pair, operation, number, what)
                for operation, times in requests.items() for number in range(1, times + 1)
                for what in faults_of(operation.partition(":")[2])]

    def meet(self, operation, number, what):
        """One point. False if no run had such a request."""
        service, _, name = operation.partition(":")
        rule = {"on": {"service": service, "op": name, "nth": number}, "do": faults_of(name)[what], "times": 1}
        for _ in range(ATTEMPTS):
            self.begin(rule)
            if self.run()["faults"][0]["fired"]:
                return True
        return False


def add_options(parser):
    places.pairs_option(parser, PAIRS)
    parser.add_argument("--point", help="only this one: SOURCE-TARGET/SERVICE:OPERATION/N/WHAT")


def main():
    campaign = Campaign("request_faults", 120, __doc__, add_options, crew=True)

    @contextlib.contextmanager
    def equip():
        with places.Bench(lambda cloud, *pair: Trip(campaign, cloud, *pair)) as bench:
            yield lambda pair, *point: bench.scenario(pair).meet(*point)

    if campaign.options.point:
        pair, operation, number, what = campaign.options.point.split("/")
        points = [(campaign.options.point, what, pair, operation, int(number), what)]
    else:
        with places.Bench(lambda cloud, *pair: Trip(campaign, cloud, *pair)) as bench:
            points = [point for pair in campaign.options.pairs for point in bench.scenario(pair).points()]
    campaign.each_point(campaign.shuffled(points), equip)
    campaign.end()


if __name__ == "__main__":
    main()
