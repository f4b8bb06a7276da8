"""The packages of tools/packages.txt belong to Debian's interpreter, which need not be the first one on the PATH."""

import importlib
import os
import sys

SKIPPED = 77
DEBIAN = "/usr/bin/python3"


def need(*packages):
    """Goes on under an interpreter that has all packages: this one or Debian's. Exits with 77 (skipped) without one."""
    try:
        for package in packages:
            importlib.import_module(package)
    except ImportError as missing:
        if os.path.exists(DEBIAN) and not os.path.samefile(sys.executable, DEBIAN):
            os.execv(DEBIAN, [DEBIAN, *sys.argv])
        print(f"skipped: {missing}")
        sys.exit(SKIPPED)
