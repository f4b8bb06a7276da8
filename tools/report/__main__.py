"""Draw a run, or several side by side, into one HTML file: warnings, what was computed, energies, curves, observables, how to reproduce and to cite.

    qstage-vmc report runs/a [runs/b ...] [-o report.html]

Runs are run directories or results.h5 files. One run's report goes into its directory, that of several into this one. The file needs no network and no
script. Exit code 0; 2 for a package that is missing or wrong usage; 3 for a file that cannot be read or written.
"""

import argparse
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

USAGE, FILE = 2, 3
DEBIAN = "/usr/bin/python3"  # its packages are those of tools/packages.txt; another interpreter may stand first on the PATH


def complain(problem, code):
    line = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in " ".join(str(problem).split()))
    print(f"qstage-vmc report: error: {line}", file=sys.stderr)
    return code


def write(output, document, generator):
    """All of it or nothing; what somebody else wrote is left alone."""
    if os.path.exists(output):
        with open(output, "rb") as old:
            if generator.encode() not in old.read(4096):
                raise OSError(f"{output} exists and is no report; choose another name with -o")
    folder = os.path.dirname(output) or "."
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=folder, prefix=".report.", delete=False) as file:
        try:
            file.write(document)
            file.flush()
            os.chmod(file.name, 0o644)
            os.replace(file.name, output)
        except OSError:
            os.unlink(file.name)
            raise


def arguments():
    parser = argparse.ArgumentParser(prog="qstage-vmc report", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="DIR", help="run directory or results.h5")
    parser.add_argument("-o", "--output", help="file to write")
    return parser.parse_args()


def make(paths, output):
    """Imports stand here and not at the top: what is missing is told, and a wrong path at once."""
    for path in paths:
        if not os.path.exists(path):
            raise OSError(f"{path} does not exist")
        if os.path.isdir(path) and not os.path.exists(os.path.join(path, "results.h5")):
            raise OSError(f"{path} holds no results.h5 (not a run directory, or no stage has ended yet)")
    from report import reading
    runs = reading.runs_of(paths)
    from report import page
    write(output, page.page(runs), page.GENERATOR)


def main():
    options = arguments()
    only = options.runs[0] if len(options.runs) == 1 and os.path.isdir(options.runs[0]) else "."
    output = options.output or os.path.join(only, "report.html")
    try:
        make(options.runs, output)
    except ModuleNotFoundError as missing:
        if missing.name not in ("numpy", "h5py", "matplotlib"):
            raise
        if os.path.exists(DEBIAN) and not os.path.samefile(sys.executable, DEBIAN):
            os.execv(DEBIAN, [DEBIAN, *sys.argv])
        return complain(f"{sys.executable} has no {missing.name}; on Debian: apt-get install python3-numpy python3-h5py python3-matplotlib", USAGE)
    except OSError as problem:
        return complain(problem, FILE)
    except (KeyError, ValueError, IndexError, TypeError, AttributeError) as problem:
        return complain(f"{', '.join(options.runs)}: results that cannot be drawn ({type(problem).__name__}: {problem})", FILE)
    print(output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
