"""Every request of a sync of 40 objects meets each kind of fault once; the run must end with 0.

A first run counts the requests by operation; then one run a request and kind of fault, for uploads to
and downloads from each of the three services, and a sync from S3 to each. --count is a sample of all
points; 0 is all of them.
"""

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
TRIPS = [(a, b) for a in ("s3", "gcs", "azure") for b in ("local",)] + [
    ("local", b) for b in ("s3", "gcs", "azure")] + [("s3", b) for b in ("s3", "gcs", "azure")]
LARGE = {"s3": (6 << 20, "5MiB"), "gcs": (700_000, "256KiB"), "azure": (700_000, "256KiB"), "local": (700_000, "256KiB")}


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
        self.campaign = campaign
        self.cloud = cloud
        self.label = f"{source} -> {target}"
        self.work = campaign.work / f"{source}-{target}"
        self.work.mkdir()
        self.program = Program(self.work, cloud.env())
        self.source = places.make(source, cloud, self.work, f"from-{target}")
        self.target = places.make(target, cloud, self.work, f"to-{source}")
        large, part = LARGE[target]
        rng = random.Random(11)
        sizes = [0, 1, 300, 20_000] * 9 + [large] * 4
        self.tree = {f"{'abcd'[i % 4]}/f{i}": rng.randbytes(size) for i, size in enumerate(sizes)}
        self.old = {key: rng.randbytes(50) for key in list(self.tree)[::8]}
        self.old.update({f"gone/f{i}": b"gone" for i in range(3)})
        places.fill(self.source, self.tree)
        self.command = ["sync", "--json", "--delete", "--jobs", "2", "--part-size", part, "--timeout", "1s",
                        self.source.url, self.target.url]

    def begin(self):
        self.cloud.faults()
        shutil.rmtree(self.program.state, ignore_errors=True)
        seen = self.target.read()
        for key in seen.keys() - self.old.keys():
            self.target.remove(key)
        for key, data in self.old.items():
            if seen.get(key) != data:
                self.target.put(key, data)
        self.cloud.reset_counters()

    def run(self):
        run = self.program.run(*self.command)
        self.cloud.call("/faults", [])
        return run

    def points(self):
        self.begin()
        run = self.run()
        check_summary(run)
        require(run.code == 0, run.code, run.err)
        requests = self.cloud.counters()["requests"]
        Model(self.old, self.tree, True).check_final(self.target.read())
        print(f"{self.label}: " + ", ".join(f"{name} {number}" for name, number in requests.items() if number))
        return [(self, operation, number, what) for operation, times in requests.items()
                for number in range(1, times + 1) for what in faults_of(operation.partition(":")[2])]

    def meet(self, operation, number, what):
        """One point. False if the run had no such request."""
        self.begin()
        service, _, name = operation.partition(":")
        self.cloud.call("/faults", [{"on": {"service": service, "op": name, "nth": number},
                                     "do": faults_of(name)[what], "times": 1}])
        run = self.program.run(*self.command)
        fired = self.cloud.fired()[0]
        self.cloud.faults()
        check_summary(run)
        require(run.code == 0, "exit", run.code, run.out[-2000:], run.err[-2000:])
        Model(self.old, self.tree, True).check_final(self.target.read())
        require(not self.target.litter(), "left behind:", self.target.litter())
        return fired > 0


def add_options(parser):
    parser.add_argument("--point", help="only this one: SOURCE-TARGET/SERVICE:OPERATION/N/WHAT")


def main():
    campaign = Campaign("request_faults", 120, __doc__, add_options)
    with places.Cloud() as cloud:
        trips = {f"{s}-{t}": Trip(campaign, cloud, s, t) for s, t in TRIPS}
        if campaign.options.point:
            pair, operation, number, what = campaign.options.point.split("/")
            points = [(trips[pair], operation, int(number), what)]
        else:
            points = [point for trip in trips.values() for point in trip.points()]
        # A second try: some requests are made by some runs only.
        campaign.each_point(
            (f"{trip.label} {operation}/{number}/{what}", what,
             lambda trip=trip, operation=operation, number=number, what=what:
                trip.meet(operation, number, what) or trip.meet(operation, number, what))
            for trip, operation, number, what in campaign.shuffled(points))
        campaign.end()


if __name__ == "__main__":
    main()
