"""The rules of the tree, as a failing test.

Each rule is a function that yields violations as "file:line: what". The directions between folders
are read from CMakeLists.txt, so that they stand in one place.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(sys.argv[1])
CODE_FOLDERS = ("include", "lib", "cli", "fakecloud", "tests", "bench")

# A third-party header may be included only below these folders.
THIRD_PARTY = {
    r"openssl/": ("lib/crypto", "fakecloud", "tests/unit/http"),  # TLS of their own listeners.
    r"curl/": ("lib/http", "tests/fuzz"),
    r"libxml/": ("lib/http",),
    r"nlohmann/": ("lib/http", "cli", "fakecloud"),
    r"xxhash|xxh3": ("lib/checksum",),
    r"sqlite3": ("lib/run",),
    r"CLI/": ("cli", "fakecloud", "tests/sim"),
    r"toml\+\+": ("cli",),
    r"fmt/": ("lib", "cli", "fakecloud", "tests"),
    r"gtest/|gmock/": ("tests",),
    r"benchmark/": ("bench",),
}

# Invariants of the specification that this version holds; each is named by a test.
INVARIANTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 24, 25, 26, 27, 29]

# Those that each service must show for itself: tests that every service's program inherits.
SERVICE_PROOFS = "tests/fault/service_proofs.py"
SERVICES = ("s3", "gcs", "azure")
SERVICE_INVARIANTS = range(11, 18)

FILE_LINES_MAX = 400
HEADER_LINES_MAX = 200
FUNCTION_LINES_MAX = 70
TEST_LINES_MAX = 120  # Of one test case: tables of examples are long and simple.
COLUMNS_MAX = 100


def tracked(*suffixes):
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=TOP, capture_output=True, text=True, check=False,
    ).stdout.split("\n")
    for name in sorted(set(names)):
        if name.endswith(suffixes) and (TOP / name).is_file():
            yield name


def sources():
    for name in tracked(".h", ".cc"):
        if name.split("/")[0] in CODE_FOLDERS:
            yield name, (TOP / name).read_text().split("\n")


def includes(lines):
    for number, line in enumerate(lines, 1):
        match = re.match(r'\s*#\s*include\s+([<"])([^">]+)[">]', line)
        if match:
            yield number, match[1], match[2]


def allowed_folders():
    """lib folder -> the lib folders it may include, itself among them (transitively closed)."""
    direct = {}
    for call in re.findall(r"godwit_library\(([^)]*)\)", (TOP / "CMakeLists.txt").read_text()):
        words = call.split()
        folder, words = words[0], words[1:]
        depends = []
        for word in words[1:]:
            if word == "PRIVATE_DEPENDS":
                break
            depends.append(word)
        direct[folder] = depends
    closed = {}

    def close(folder):
        if folder not in closed:
            closed[folder] = {folder}
            for dependency in direct[folder]:
                closed[folder] |= close(dependency)
        return closed[folder]

    for folder in direct:
        close(folder)
    return closed


def rule_include_direction():
    allowed = allowed_folders()
    for name, lines in sources():
        if not name.startswith("lib/"):
            continue
        folder = name[len("lib/"):name.rindex("/")]
        for number, _, header in includes(lines):
            if header.startswith(("cli/", "tests/", "fakecloud/", "bench/")):
                yield f"{name}:{number}: a library folder must not include {header}"
            if header.startswith("lib/"):
                target = header[len("lib/"):header.rindex("/")]
                if target not in allowed[folder]:
                    yield f"{name}:{number}: lib/{folder} must not include lib/{target}"


def rule_pure_folders_see_no_store():
    for name, lines in sources():
        if name.startswith(("lib/plan/", "lib/policy/", "lib/sync/")):
            for number, _, header in includes(lines):
                if header == "godwit/object_store.h" or header.startswith(("lib/store", "lib/http")):
                    yield f"{name}:{number}: what decides must not include {header}"


def rule_public_headers_show_only_std():
    for name, lines in sources():
        if name.startswith("include/"):
            for number, bracket, header in includes(lines):
                if bracket == '"' and not header.startswith("godwit/"):
                    yield f"{name}:{number}: a public header must not include {header}"
                if bracket == "<" and ("/" in header or header.endswith(".h")):
                    yield f"{name}:{number}: a public header must not include <{header}>"


def rule_third_party_in_one_folder():
    for name, lines in sources():
        for number, bracket, header in includes(lines):
            for pattern, folders in THIRD_PARTY.items():
                if re.match(pattern, header) and not name.startswith(folders):
                    yield f"{name}:{number}: {header} belongs to {', '.join(folders)}"


def rule_sizes():
    for name, lines in sources():
        limit = HEADER_LINES_MAX if name.endswith(".h") else FILE_LINES_MAX
        if name.startswith("tests/"):
            limit *= 2
        if len(lines) - 1 > limit:
            yield f"{name}:1: {len(lines) - 1} lines, at most {limit}"
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS_MAX and "http" not in line and "R\"" not in line:
                yield f"{name}:{number}: {len(line)} columns, at most {COLUMNS_MAX}"


def rule_function_sizes():
    """A function body opens on an unindented line's brace and closes with a brace in column 0."""
    for name, lines in sources():
        start = None
        limit = TEST_LINES_MAX if name.startswith("tests/") else FUNCTION_LINES_MAX
        for number, line in enumerate(lines, 1):
            if re.match(r"^[A-Za-z].*\{$", line) and not re.match(r"^(namespace|extern|class|struct|enum|union)\b", line):
                start = number
            elif re.match(r"^ {4}.*\) .*\{$|^ {4}.*\) \{$", line) and start is None:
                start = number
            elif line.startswith("}"):
                if start and line == "}" and number - start + 1 > limit:
                    yield f"{name}:{start}: a function of {number - start + 1} lines, at most {limit}"
                start = None


def rule_no_marks():
    pattern = re.compile(r"\b(TODO|FIXME|XXX|HACK|GTEST_SKIP|NOLINT)\b")
    for name in tracked(".h", ".cc", ".py", ".sh", ".cmake"):
        if name == "tests/tidy/tidy.py":
            continue
        for number, line in enumerate((TOP / name).read_text().split("\n"), 1):
            if pattern.search(line):
                yield f"{name}:{number}: a mark that promises later work"


def rule_format():
    names = [name for name, _ in sources()]
    out = subprocess.run(
        ["clang-format", "--dry-run", *names], cwd=TOP, capture_output=True, text=True, check=False)
    for line in out.stderr.split("\n"):
        if "clang-format-violations" in line:
            yield line.split(" warning:")[0] + ": not formatted (clang-format -i)"


def rule_options_are_documented():
    manual = (TOP / "docs/manual.md").read_text()
    table = (TOP / "cli/option_table.cc").read_text()
    for option in re.findall(r'OptionSpec\{"([a-z-]+)"', table):
        if f"--{option}" not in manual and f"--no-{option}" not in manual:
            yield f"docs/manual.md:1: --{option} is not documented"
    names = (TOP / "lib/plan/action.cc").read_text().split("ReasonName(", 1)[1].split("\n}\n", 1)[0]
    for reason in re.findall(r'return "([a-z-]+)";', names):
        if f"`{reason}`" not in manual:
            yield f"docs/manual.md:1: `{reason}` is not documented"


def rule_invariants_are_tested():
    text = "".join((TOP / name).read_text() for name in tracked(".cc", ".py")
                   if name.startswith("tests/") and not name.startswith("tests/tidy/"))
    for number in INVARIANTS:
        if not re.search(rf"\bI{number}\b", text):
            yield f"tests:1: no test names I{number}"


def rule_invariants_are_tested_for_each_service():
    text = (TOP / SERVICE_PROOFS).read_text()
    for number in SERVICE_INVARIANTS:
        if not re.search(rf"\n    def test_\w+_I{number}(_\w+)?\(self\)", text):
            yield f"{SERVICE_PROOFS}:1: no test of every service names I{number}"
    for service in SERVICES:
        program = TOP / f"tests/fault/test_proofs_{service}.py"
        if not program.is_file() or not re.search(
                rf"\nclass \w+\(Proofs, Case\):\n    service = \"{service}\"\n", program.read_text()):
            yield f"{program.relative_to(TOP)}:1: {service} does not run the tests of {SERVICE_PROOFS}"


def main():
    rules = [value for name, value in sorted(globals().items()) if name.startswith("rule_")]
    failed = 0
    for rule in rules:
        violations = list(rule())
        failed += bool(violations)
        print(f"{'FAIL' if violations else 'ok':4} {rule.__name__[5:].replace('_', ' ')}")
        for violation in violations[:40]:
            print("     " + violation)
    results = os.environ.get("GODWIT_RESULTS")
    if results:
        folder = pathlib.Path(results)
        folder.mkdir(parents=True, exist_ok=True)
        counts = {"passed": len(rules) - failed, "failed": failed, "skipped": 0}
        (folder / "tidy.json").write_text(json.dumps(counts))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
