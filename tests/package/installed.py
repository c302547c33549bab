"""An installed Wavetank in a folder of its own, and programs built from it."""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WAVETANK_BUILD", ROOT / "build/release"))
CLANG = "clang++-19"
DEBIANS = "g++"


def run(command, **options):
    """What it writes; fails with that unless it succeeds."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", **options)
    assert done.returncode == 0, f"{command} gave {done.returncode}:\n{done.stdout}"
    return done.stdout


def install(name):
    """A fresh folder `name` below the build, with the prefix in it."""
    folder = BUILD / "package" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    run(["cmake", "--install", BUILD, "--prefix", folder / "prefix"])
    return folder


def configure(source, build, compiler, prefix, *more):
    run(["cmake", "-S", source, "-B", build, "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={compiler}",
         f"-DCMAKE_PREFIX_PATH={prefix}", *more])


def build(folder):
    run(["cmake", "--build", folder])


def main(unittest):
    # ctest gives the case that it runs.
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
