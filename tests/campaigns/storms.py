"""A service that accepts R requests a second, one that pauses, one that freezes.

Many small objects go up while all above R requests a second is refused (503, 429): at least 0.9 R of it is
used, at most 0.15 requests are repeated for each that is accepted. The same right after a pause in which
everything was refused. A connection that says nothing any more is given up after the stall time and
replaced within ten seconds.
"""

import time

import harness
import places
from campaign import Campaign, Model, Program, check_summary, require

SECONDS = 12.5  # The least that a storm takes.
GOODPUT_MIN = 0.9
RETRIES_MAX = 0.15
FROZEN_OBJECTS = 40
SPARE_S = 5  # For the other objects, on a busy machine.
BEGIN_S = 3.0  # Until the pace is found; not counted in goodput.
PUTS = {"s3": "s3:PutObject", "gcs": "gcs:objects.insert", "azure": "azure:PutBlob"}
REFUSALS = {"s3": {"status": 503, "code": "SlowDown"}, "gcs": {"status": 429, "code": "rateLimitExceeded"},
            "azure": {"status": 503, "code": "ServerBusy"}}


class Storm:
    def __init__(self, campaign, cloud, kind, name, objects=None):
        self.campaign = campaign
        self.cloud = cloud
        self.kind = kind
        self.rate = campaign.options.rate
        work = campaign.work / f"{kind}-{name}"
        work.mkdir()
        self.program = Program(work, cloud.env())
        self.out = work / "out"
        self.source = places.Folder(work / "source")
        self.target = places.make(kind, cloud, work, f"target-{name}")
        self.tree = {f"{i % 10}/f{i}": b"%d" % i for i in range(objects or int(SECONDS * self.rate))}
        places.fill(self.source, self.tree)

    def throttle(self, **more):
        return {"on": {"service": self.kind}, "do": dict(
            {"fault": "throttle", "requests_per_second": self.rate, "burst": 5}, **REFUSALS[self.kind], **more)}

    def begin(self):
        self.cloud.reset_counters()
        return self.start()

    def start(self, *more):
        """Its lines go to a file, so that nobody has to read them meanwhile."""
        with open(self.out, "wb") as out:
            return self.program.start("sync", "--json", *more, self.source.url, self.target.url, stdout=out)

    def end(self, process):
        _, err = process.communicate(timeout=600)
        run = harness.Run(process.returncode, self.out.read_bytes(), err.decode(errors="replace"))
        check_summary(run)
        require(run.code == 0, run.code, run.out[-2000:], run.err[-2000:])
        self.last_refused, self.all_accepted = self.cloud.fired(), self.accepted()
        self.cloud.call("/faults", [])
        Model({}, self.tree, False).check_final(self.target.read())
        return run

    def accepted(self):
        counters = self.cloud.counters()
        return counters["total"] - sum(n for status, n in counters["statuses"].items()
                                       if int(status) in (429, 503))

    def goodput(self, process, from_s):
        """Accepted requests a second between `from_s` and shortly before the end."""
        begin = time.monotonic()
        time.sleep(from_s)
        samples = [(time.monotonic(), self.accepted())]
        while process.poll() is None and samples[-1][1] < len(self.tree) * 0.95:
            time.sleep(0.1)
            samples.append((time.monotonic(), self.accepted()))
        (t0, n0), (t1, n1) = samples[0], samples[-1]
        require(t1 - t0 > 2, "too short to be measured", time.monotonic() - begin)
        return (n1 - n0) / (t1 - t0)

    def judge(self, label, goodput, run, in_pause=0):
        refused = self.last_refused[0]
        share = refused / self.all_accepted
        print(f"{label}: goodput {goodput / self.rate:.2f} R, {share:.3f} refused a request, "
              f"{run.summary['retries']} retries, {run.summary['elapsed_s']} s", flush=True)
        require(goodput >= GOODPUT_MIN * self.rate, "goodput", goodput, "of", self.rate)
        require(share <= RETRIES_MAX, "refused for each accepted request:", share)
        retries = run.summary["retries"]
        require(retries - in_pause <= RETRIES_MAX * len(self.tree), "retries", retries)
        self.campaign.fired += refused

    def steady(self, far=False):
        """`far`: each answer takes a tenth of a second."""
        slow = [{"on": {"service": self.kind}, "do": {"fault": "stall", "seconds": 0.1}, "times": 0}] if far else []
        self.cloud.faults(self.throttle(), *slow)
        with self.begin() as process:
            goodput = self.goodput(process, BEGIN_S)
            run = self.end(process)
        self.judge(f"{self.kind} {'far' if far else 'steady'}", goodput, run)

    def after_a_pause(self, retry_after):
        """Everything is refused for three seconds; then R requests a second are accepted again."""
        self.cloud.faults(self.throttle())
        with self.begin() as process:
            time.sleep(BEGIN_S)
            before = self.cloud.fired()[0]
            more = {"retry_after": 2} if retry_after else {}
            self.cloud.call("/faults", [{"on": {"service": self.kind}, "times": 0, "do": dict(
                {"fault": "status"}, **REFUSALS[self.kind], **more)}])
            time.sleep(3)
            before += self.cloud.fired()[0]
            self.cloud.call("/faults", [self.throttle()])
            goodput = self.goodput(process, BEGIN_S)
            run = self.end(process)
        self.campaign.note("refused in pauses", before)
        self.judge(f"{self.kind} after a pause{' with Retry-After' if retry_after else ''}", goodput, run, before)

    def frozen(self, where, operation):
        """The stall time is 3 s."""
        self.cloud.faults({"on": {"service": self.kind, "op": operation, "nth": 20}, "times": 1,
                           "do": {"fault": "stall", "seconds": "forever", **where}})
        self.cloud.reset_counters()
        begin = time.monotonic()
        with self.start("--timeout", "3s") as process:
            self.end(process)
        seconds = time.monotonic() - begin
        require(self.last_refused == [1], "it did not freeze")
        print(f"{self.kind} frozen {where}: {seconds:.1f} s", flush=True)
        require(3 <= seconds < 3 + 10 + SPARE_S, "replaced too late:", seconds)
        self.campaign.fired += 1


def add_options(parser):
    parser.add_argument("--rate", type=int, default=40, help="R")
    parser.add_argument("--kinds", default="s3,gcs,azure")


def main():
    campaign = Campaign("storms", 1, __doc__, add_options)
    kinds = campaign.options.kinds.split(",")
    with places.Cloud() as cloud:
        for number in range(campaign.options.count):
            for kind in kinds:
                storms = [("steady", Storm.steady), ("far", lambda s: s.steady(True)), ("pause", lambda s: s.after_a_pause(False)),
                          ("pause with Retry-After", lambda s: s.after_a_pause(True))]
                for name, storm in storms:
                    campaign.attempt(f"{kind} {name}",
                                     lambda: storm(Storm(campaign, cloud, kind, f"{name.replace(' ', '')}{number}")))
                write = PUTS[kind].partition(":")[2]
                for side in ("request", "response"):
                    campaign.attempt(f"{kind} frozen {side}", lambda: Storm(
                        campaign, cloud, kind, f"frozen{side}{number}", FROZEN_OBJECTS).frozen({"side": side}, write))
        campaign.end()


if __name__ == "__main__":
    main()
