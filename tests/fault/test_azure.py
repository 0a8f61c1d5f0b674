"""What goes wrong on the way to and from Azure: nothing wrong is published, nothing is done twice,
nothing is deleted after a listing that cannot be believed (I1, I11, I14, I16, I17, I24)."""

import os

from harness import Case, Fakecloud, main, read_tree

SMALL = 200_000
LARGE = 20 << 20  # Three blocks of 8 MiB.
PLACES = ("first", "middle", "last")


class Azure(Case):
    @classmethod
    def setUpClass(cls):
        cls.cloud = Fakecloud("--azure-container", "lake", bucket=None)
        cls.data = {"small": os.urandom(SMALL), "large": os.urandom(LARGE)}

    @classmethod
    def tearDownClass(cls):
        cls.cloud.__exit__()

    def setUp(self):
        super().setUp()
        self.cloud.call("/reset", {})

    def azure(self, operation):
        return self.cloud.requests("azure:" + operation)

    def fault(self, operation, times=1, nth=1, key="*", **what):
        self.cloud.faults({"on": {"service": "azure", "op": operation, "key": key, "nth": nth},
                           "do": what, "times": times})

    def upload(self, files, **options):
        return self.sync("--part-size", "8MiB", self.tree(files, "-".join(files)), "az://lake/p", server=self.cloud,
                         **options)

    def stored(self, name="back"):
        """What a second, undisturbed run reads."""
        self.cloud.faults()
        target = self.work / name
        self.sync("az://lake/p", target, server=self.cloud)
        return {path.decode(): (target / path.decode()).read_bytes() for path in read_tree(target)}

    def test_put_whose_answer_is_lost_is_recognised_I17(self):
        self.fault("PutBlob", fault="lose_answer")
        run = self.upload({"small": self.data["small"]})
        self.assertEqual(self.cloud.fired(), [1])
        self.assertEqual(self.azure("PutBlob"), 1)
        self.assertEqual(run.summary["objects"]["copied"], 1)
        self.assertEqual(self.stored(), {"small": self.data["small"]})

    def test_commit_whose_answer_is_lost_is_recognised_I17(self):
        self.fault("PutBlockList", fault="lose_answer")
        run = self.upload({"large": self.data["large"]})
        self.assertEqual(self.cloud.fired(), [1])
        self.assertEqual(self.azure("PutBlockList"), 1)
        self.assertEqual(self.azure("PutBlock"), 3)
        self.assertEqual(run.summary["objects"]["copied"], 1)
        self.assertEqual(self.stored(), {"large": self.data["large"]})

    def test_block_whose_answer_is_lost_is_found_in_the_services_list_I17(self):
        self.fault("PutBlock", nth=2, fault="lose_answer")
        self.upload({"large": self.data["large"]})
        self.assertEqual(self.cloud.fired(), [1])
        self.assertEqual(self.azure("PutBlock"), 3)
        self.assertEqual(self.stored(), {"large": self.data["large"]})

    def test_damaged_upload_is_refused_by_the_service_and_repaired_I14(self):
        for name, operation in (("small", "PutBlob"), ("large", "PutBlock")):
            for place in PLACES:
                with self.subTest(name=name, place=place):
                    self.cloud.call("/reset", {})
                    self.fault(operation, fault="corrupt", how="flip", offset=place, side="request")
                    run = self.upload({name: self.data[name]}, env={
                        "XDG_STATE_HOME": str(self.work / f"{name}-{place}")})
                    self.assertEqual(self.cloud.fired(), [1])
                    self.assertGreaterEqual(run.summary["retries"], 1)
                    proof = {"small": "crc64nvme", "large": "block-crc64"}[name]
                    self.assertEqual([a["verified"] for a in run.actions(status="done")], [proof])
                    self.assertEqual(self.stored(f"up-{name}-{place}")[name], self.data[name])

    def test_damaged_or_cut_download_is_repaired_I11_I14(self):
        self.upload({"small": self.data["small"]})
        for number, what in enumerate((
                {"fault": "corrupt", "how": "flip", "offset": "middle", "side": "response"},
                {"fault": "cut_body", "after": 1000})):
            self.fault("GetBlob", **what)
            target = self.work / f"repaired-{number}"
            run = self.sync("az://lake/p", target, server=self.cloud)
            self.assertEqual(self.cloud.fired(), [1])
            self.assertGreaterEqual(run.summary["retries"], 1)
            self.assertEqual((target / "small").read_bytes(), self.data["small"])

    def test_download_that_stays_damaged_is_exit_5_and_never_published_I14(self):
        self.upload({"small": self.data["small"]})
        self.fault("GetBlob", times=0, fault="corrupt", how="flip", offset="last", side="response")
        target = self.work / "damaged"
        self.sync("--retries", "1", "az://lake/p", target, code=5, server=self.cloud)
        self.assertGreater(self.cloud.fired()[0], 0)
        self.assertEqual(read_tree(target) if target.exists() else {}, {})

    def test_listing_that_cannot_be_believed_deletes_nothing_I1_I24(self):
        self.upload({f"f{i}": b"x" for i in range(6)})
        target = self.tree({"extra": b"keep me"}, "target")
        for what in ({"fault": "listing", "how": "unordered"},
                     {"fault": "listing", "how": "missing_end"},
                     {"fault": "cut_body", "after": 300},
                     {"fault": "replace_body", "preset": "captive_portal"},
                     {"fault": "replace_body", "preset": "wrong_root"},
                     {"fault": "status", "status": 403}):
            with self.subTest(what=what):
                self.fault("ListBlobs", times=0, **what)
                self.sync("--delete", "--retries", "1", "az://lake/p", target,
                          code=3 if what.get("status") == 403 else 7, server=self.cloud)
                self.assertGreater(self.cloud.fired()[0], 0)
                self.assertEqual((target / "extra").read_bytes(), b"keep me")

    def test_portal_in_place_of_a_write_is_no_success_I16(self):
        self.fault("PutBlob", times=0, fault="replace_body", preset="captive_portal")
        self.upload({"small": self.data["small"]}, code=5)
        self.assertGreater(self.cloud.fired()[0], 0)
        self.assertEqual(self.stored(), {})

    def test_busy_service_is_asked_again_after_its_pause(self):
        self.fault("PutBlob", times=2, fault="status", status=503, code="ServerBusy", retry_after=1)
        run = self.upload({"small": self.data["small"]})
        self.assertEqual(self.cloud.fired(), [2])
        self.assertEqual(run.summary["retries"], 2)
        self.assertGreaterEqual(run.summary["elapsed_s"], 2)


if __name__ == "__main__":
    main()
