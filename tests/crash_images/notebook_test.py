#!/usr/bin/env python3
"""run.py from end to end, with strace, over a program that is right and one that is not, as
docs/crash_images.md shows it."""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
NOTEBOOK = [sys.executable, "-S", str(HERE / "notebook.py")]


class Notebook(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tree = pathlib.Path(folder.name) / "tree"
        self.tree.mkdir()
        self.kept = pathlib.Path(folder.name) / "kept"

    def run_it(self, *options, program=(), images=24):
        """The exit status, how many images were wrong, and all that was said."""
        done = subprocess.run(
            [sys.executable, HERE / "run.py", f"--tree={self.tree}", f"--images={images}",
             f"--judge={' '.join(NOTEBOOK)} --judge", *options, "--", *NOTEBOOK, *program],
            capture_output=True, text=True, timeout=300, check=False)
        said = done.stdout + done.stderr
        counted = re.search(rf"{images} images, (\d+) wrong", said)
        return done.returncode, int(counted[1]) if counted else None, said

    def test_what_syncs_comes_out_right_and_leaves_the_tree_as_it_was(self):
        (self.tree / "other").write_text("mine")
        status, wrong, said = self.run_it()
        self.assertEqual((status, wrong), (0, 0), said)
        self.assertEqual([path.name for path in self.tree.iterdir()], ["other"])
        self.assertEqual((self.tree / "other").read_text(), "mine")

    def test_what_does_not_sync_is_found(self):
        status, wrong, said = self.run_it(program=["--careless"])
        self.assertEqual(status, 1, said)
        self.assertGreater(wrong, 12, said)
        self.assertIn("safe, and had to be written again", said)

    def test_each_sync_is_needed(self):
        for kind in ("directory", "file"):
            status, wrong, said = self.run_it(f"--drop={kind}", f"--recording={self.kept}")
            self.assertEqual(status, 1, said)
            self.assertGreater(wrong, 12, said)

    def test_a_recording_gives_the_same_images_again(self):
        self.run_it(f"--recording={self.kept}", images=6)
        _, _, first = self.run_it(f"--recording={self.kept}", images=6)
        _, _, second = self.run_it(f"--recording={self.kept}", images=6)
        self.assertEqual(re.findall(r"image \d+ \([^)]*\)", first),
                         re.findall(r"image \d+ \([^)]*\)", second))

    def test_a_run_that_fails_is_not_judged(self):
        status, wrong, said = self.run_it(program=["--unknown"])
        self.assertEqual((status, wrong), (2, None), said)
        self.assertIn("the run to be recorded ended with status 2", said)


if __name__ == "__main__":
    unittest.main()
