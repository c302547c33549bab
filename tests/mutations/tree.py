"""A copy of the tree, built with and without mistakes, and what its programs say."""

import concurrent.futures
import json
import os
import re
import resource
import subprocess
import time

from lists import ROOT

# A copy of the tree, so that a run that is interrupted leaves no mistake in the real one. It is
# built where a checkout is built, and so finds in ccache whatever another build has compiled.
SCRATCH = ROOT / "build/mutants/tree"
BUILD = SCRATCH / "build/release"
LOGS = ROOT / "build/mutants/logs"
COPIED = ["CMakeLists.txt", "CMakePresets.json", "cmake", "platform", "checkpoint", "runtime",
          "simulator", "properties", "scenarios", "examples", "docs", "tests"]
# A mutant may loop for ever and allocate while it does: either is a way to be caught.
# A scenario takes some hundredths of a second, or a second when it restarts over and over.
SCENARIO_SECONDS = 60
TEST_SECONDS = 300
RUN_BYTES = 4 << 30

running = set()  # processes, to be killed when a run is interrupted


def write_if_changed(path, content):
    # An untouched file keeps its time, and ninja builds nothing for it.
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def copy_tree():
    wanted = set()
    for name in COPIED:
        top = ROOT / name
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if not path.is_file() or "__pycache__" in path.parts:
                continue
            relative = path.relative_to(ROOT)
            wanted.add(relative)
            write_if_changed(SCRATCH / relative, path.read_bytes())
            os.chmod(SCRATCH / relative, path.stat().st_mode)
    for path in sorted(SCRATCH.rglob("*")):
        relative = path.relative_to(SCRATCH)
        if path.is_file() and relative.parts[0] != "build" and relative not in wanted:
            path.unlink()


def configure(log):
    command = ["cmake", "--preset", "release", "-DWAVETANK_BUILD_TESTS=ON",
               "-DWAVETANK_BUILD_BENCHMARKS=OFF", "-DWAVETANK_BUILD_ARCHITECTURE_TESTS=OFF"]
    with open(log, "wb") as out:
        return subprocess.run(command, cwd=SCRATCH, stdout=out, stderr=out).returncode == 0


def build(log, targets, jobs):
    """Whether these programs build; what was said is added to the log."""
    command = ["cmake", "--build", str(BUILD), "-j", str(jobs), "--target", *targets]
    with open(log, "ab") as out:
        return subprocess.run(command, stdout=out, stderr=out).returncode == 0


def limits():
    resource.setrlimit(resource.RLIMIT_AS, (RUN_BYTES, RUN_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(command, seconds, environment=None):
    """The exit status, or None without an end in time; what was written to output and to errors."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=SCRATCH,
                               env={**os.environ, **(environment or {})}, preexec_fn=limits)
    running.add(process)
    status = None
    try:
        out, err = process.communicate(timeout=seconds)
        status = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
        running.discard(process)
    return status, out.decode(errors="replace"), err.decode(errors="replace")


def run_scenario(name):
    """How it ended, and why, as one line."""
    status, out, err = run([str(BUILD / "bin/wavetank"), "run", "--json=-",
                            str(SCRATCH / "scenarios" / (name + ".textproto"))], SCENARIO_SECONDS)
    if status is None:
        return "hangs", f"no end within {SCENARIO_SECONDS} s"
    try:
        report = json.loads(out)
    except ValueError:
        return "crashes", f"exit status {status}: {err.strip().split(chr(10))[-1]}"
    return report["verdict"], "; ".join(report.get("reasons", []))


def run_scenarios(names, jobs):
    pool = concurrent.futures.ThreadPoolExecutor(max_workers=jobs)
    try:
        return dict(zip(names, pool.map(run_scenario, names)))
    except KeyboardInterrupt:
        for process in list(running):
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def last_failure(out):
    failed = [line for line in out.split("\n") if "Failure" in line or "[  FAILED  ]" in line]
    return failed[0].strip() if failed else ""


def run_unit(binary, pattern):
    """Whether the tests of this filter pass, and what was seen. No test at all is no pass."""
    status, out, err = run([str(BUILD / "bin" / binary), f"--gtest_filter={pattern}"],
                           TEST_SECONDS, {"RC_PARAMS": "seed=1"})
    if status is None:
        return False, f"no end within {TEST_SECONDS} s"
    if "Running 0 tests" in out:
        return False, f"{binary} has no test {pattern}"
    return status == 0, last_failure(out) or f"exit status {status} {err.strip()[-200:]}"


def run_script(name):
    """Whether the test of that name passes, and what was seen."""
    status, out, _ = run(["ctest", "--test-dir", str(BUILD), "-R", f"^{re.escape(name)}$",
                          "--no-tests=error", "--output-on-failure"], TEST_SECONDS)
    if status is None:
        return False, f"no end within {TEST_SECONDS} s"
    said = [line for line in out.split("\n") if "Error" in line or "tests passed" in line]
    return status == 0, said[0].strip() if said else f"exit status {status}"


def run_search(runs, seconds):
    """Whether that many runs from a fixed seed find nothing, what was seen, and how long it took."""
    started = time.monotonic()
    status, out, err = run(
        [str(BUILD / "bin/wavetank"), "explore", "--seeds=1-1000000", f"--runs={runs}",
         f"--jobs={os.cpu_count()}",
         "--shrink-for=1ms", f"--save={LOGS}/found"], seconds)
    took = time.monotonic() - started
    if status is None:
        return False, f"no end within {seconds:.0f} s", took
    found = [line.strip() for line in (out + err).split("\n") if line.strip().startswith("FOUND")]
    return status == 0, (found or [f"exit status {status}"])[0], took
