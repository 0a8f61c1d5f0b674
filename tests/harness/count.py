"""Adds up what the test programs of one run reported, and prints the closing line.

Every program leaves a JSON file with its cases: GoogleTest's own format, or
{"passed": N, "failed": N, "skipped": N}. A program that CTest saw fail without one (a crash, a
time-out) counts as one failure, so that nothing is lost.
"""

import argparse
import json
import os
import pathlib
import sys
import xml.etree.ElementTree


def count_file(path):
    data = json.loads(path.read_text())
    if "testsuites" not in data:
        return data["passed"], data["failed"], data["skipped"]
    skipped = sum(
        case.get("result") == "SKIPPED" or case.get("status") == "NOTRUN"
        for suite in data["testsuites"]
        for case in suite["testsuite"]
    )
    failed = data["failures"] + data["errors"]
    return data["tests"] - failed - skipped, failed, skipped


def failed_programs(results):
    """CTest's failures, as (layer folder, name)."""
    for report in results.glob("*.xml"):
        for case in xml.etree.ElementTree.parse(report).iter("testcase"):
            if case.get("status") not in ("run", "disabled"):
                yield report.stem, case.get("name")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--build-failed", type=int, default=0)
    parser.add_argument("--server-failures", type=int, default=0)
    options = parser.parse_args()
    passed = failed = skipped = 0
    reported_failures = set()
    for path in sorted(options.results.glob("*/*.json")):
        counts = count_file(path)
        passed, failed, skipped = (a + b for a, b in zip((passed, failed, skipped), counts))
        if counts[1]:
            reported_failures.add((path.parent.name, path.stem))
    for layer, name in failed_programs(options.results):
        print(f"failed: {layer}: {name}")
        if (layer, name) not in reported_failures:
            failed += 1
    failed += options.build_failed
    if os.environ.get("CI") == "true":
        failed += options.server_failures
    else:
        skipped += options.server_failures
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
