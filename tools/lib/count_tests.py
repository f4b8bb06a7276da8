#!/usr/bin/env python3
"""Prints "N passed, N failed[, N skipped]" from the JUnit files of ctest; exit 1 if anything failed or nothing ran."""
import sys
import xml.etree.ElementTree as ElementTree


def main(paths):
    try:
        suites = [ElementTree.parse(path).getroot() for path in paths]
    except (OSError, ElementTree.ParseError) as error:
        print(f"no test report: {error}")
        print("0 passed, 1 failed")
        return 1
    counts = {name: 0 for name in ("passed", "failed", "skipped")}
    for case in (case for suite in suites for case in suite.iter("testcase")):
        if case.find("failure") is not None or case.get("status") == "fail":
            counts["failed"] += 1
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            counts["skipped"] += 1
        else:
            counts["passed"] += 1
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"{counts['passed']} passed, {counts['failed']} failed{skipped}")
    return 0 if counts["failed"] == 0 and counts["passed"] > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
