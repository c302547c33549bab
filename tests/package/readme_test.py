#!/usr/bin/env python3
"""The root README: its programs build from an installed prefix, its commands give what it shows, and
what it says is there of Spark is there."""

import os
import re
import shutil
import signal
import subprocess
import unittest

import installed
import readme

TEXT = readme.README.read_text()
# What takes minutes, or another build: a lane of .ci/run compares its output (`readme.py COMMAND`).
IN_LANES = {"make demo", "make bugs"}
# What needs a host: the rest of such a line is checked by the other tests.
NOT_RUN = re.compile(r"git clone |cmake --install |nc -lk ")
API = {"DStream": ["runtime/dstream/dstream.h", "runtime/dstream/stream_outputs.h",
                   "runtime/dstream/streaming_context.h"],
       "DataFrame": ["runtime/structured/data_frame.h", "runtime/plan/expression.h"],
       "structured": ["runtime/structured/data_frame.h"]}


def stopped_after_output(command, folder):
    """Runs a job until it has written a line, then stops it as Ctrl-C does."""
    process = subprocess.Popen("exec " + command, shell=True, cwd=folder, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        first = process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, first + out + errors


class Readme(unittest.TestCase):
    def test_its_programs_are_the_examples_and_build_from_an_installed_prefix(self):
        folder = installed.install("readme")
        examples = {path.name: path.read_text().split("\n")
                    for path in (installed.ROOT / "examples").glob("*.cc")}
        cmake = ["cmake_minimum_required(VERSION 3.25)", "project(mine LANGUAGES CXX)"]
        shown = []
        for language, lines in readme.programs(TEXT):
            if language == "cmake":
                cmake += lines
                continue
            of = [name for name, source in examples.items()
                  if any([line.strip() for line in source[i:i + len(lines)]] ==
                         [line.strip() for line in lines] for i in range(len(source)))]
            self.assertEqual(len(of), 1, f"in one file of examples/, line by line: {lines[0]}")
            shown += of
        self.assertEqual(len(set(shown)), 2, "a program for each engine")
        for name in shown:
            self.assertIn(name, "\n".join(cmake), "the CMake file that is shown builds it")
            shutil.copy(installed.ROOT / "examples" / name, folder)
        (folder / "CMakeLists.txt").write_text("\n".join(cmake) + "\n")
        installed.configure(folder, folder / "build", installed.DEBIANS, folder / "prefix")
        installed.build(folder / "build")

    def test_its_commands_give_what_it_shows(self):
        folder = installed.BUILD / "package" / "commands"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("scenarios", "examples"):
            (folder / name).symlink_to(installed.ROOT / name)
        (folder / "build").mkdir()
        (folder / "build/release").symlink_to(installed.BUILD)
        for command, shown in readme.commands(TEXT):
            with self.subTest(command=command):
                if command in IN_LANES or NOT_RUN.match(command):
                    continue
                if " start " in command and "--help" not in command:
                    status, output = stopped_after_output(command, folder)
                else:
                    done = subprocess.run(command, shell=True, cwd=folder, text=True, timeout=300,
                                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                    status, output = done.returncode, done.stdout
                self.assertEqual(status, 0, output)
                self.assertIsNone(readme.first_missing(shown, output), output)

    def test_what_is_there_of_spark_is_there_and_what_is_not_is_not(self):
        rows = re.findall(r"^\| (DStream|DataFrame|structured)[^|]*\|([^|]*)\|([^|]*)\|$", TEXT,
                          re.MULTILINE)
        self.assertGreaterEqual(len(rows), 4)
        for of, here, missing in rows:
            code = "".join((installed.ROOT / path).read_text() for path in API[of])
            for cell, wanted in ((here, True), (missing, False)):
                for name in re.findall(r"`(\w+)`", cell):
                    method = name[0].upper() + name[1:]
                    with self.subTest(name=name):
                        self.assertEqual(bool(re.search(rf"\b{method}\(", code)), wanted)

    def test_a_line_that_a_command_does_not_give_is_seen(self):
        output = "a  1\nb 22 c\nd\n"
        self.assertIsNone(readme.first_missing(["a 1", "…", "b … c", "d"], output))
        self.assertEqual(readme.first_missing(["b … c", "a 1"], output), "a 1")
        self.assertEqual(readme.first_missing(["a 2"], output), "a 2")


if __name__ == "__main__":
    installed.main(unittest)
