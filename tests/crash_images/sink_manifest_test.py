#!/usr/bin/env python3
"""What a file sink shows is read by its manifest, and its listing held against that. Of
tests/data/checkpoint/v9/names/sink, whose batches 2 and 3 share a file, and batch 4 has none."""

import os
import pathlib
import shutil
import tempfile
import unittest

import sink_manifest
import word_job_judge

GOLDEN = pathlib.Path(__file__).parents[1] / "data/checkpoint/v9/names/sink"


class OfASink(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.sink = os.path.join(scratch.name, "sink")
        shutil.copytree(GOLDEN, self.sink)

    def path(self, name):
        return os.path.join(self.sink, name)

    def change(self, name, at, byte):
        with open(self.path(name), "r+b") as file:
            file.seek(at, os.SEEK_END if at < 0 else os.SEEK_SET)
            file.write(byte)

    def is_wrong(self, whole=False):
        return word_job_judge.wrong_listing(self.sink, whole=whole) is not None

    def test_each_batch_has_its_rows_wherever_they_stand(self):
        entries = sink_manifest.entries(self.sink)
        self.assertEqual(list(entries), [0, 1, 2, 3, 4])
        for batch in (1, 2, 3, 4):
            rows = b"".join(part.text for part in entries[batch])
            self.assertEqual(rows, b"in the entry,%d\n" % batch * 2)
        self.assertEqual(entries[2][0].name, entries[3][0].name)

    def test_a_listing_is_of_whole_batches_from_the_first_on(self):
        self.assertFalse(self.is_wrong())
        self.assertTrue(self.is_wrong(whole=True), "batch 4 is not listed")
        os.remove(self.path("part-00002-00000.csv"))
        self.assertFalse(self.is_wrong())
        os.remove(self.path("part-00000-00000.csv"))
        self.assertTrue(self.is_wrong())

    def test_nothing_is_listed_twice(self):
        shutil.copy(self.path("part-00002-00000.csv"), self.path("part-00003-00000.csv"))
        self.assertTrue(self.is_wrong())

    def test_nothing_is_listed_that_is_not_committed(self):
        with open(self.path("part-00004-00000.csv"), "wb") as file:
            file.write(b"in the entry,4\n" * 2)
        self.assertFalse(self.is_wrong(whole=True))
        with open(self.path("part-00005-00000.csv"), "wb") as file:
            file.write(b"in the entry,5\n")
        self.assertTrue(self.is_wrong())

    def test_no_batch_is_listed_in_part(self):
        with open(self.path("part-00004-00000.csv"), "wb") as file:
            file.write(b"in the entry,4\n")
        self.assertTrue(self.is_wrong())

    def test_the_end_of_the_log_may_be_torn_and_then_does_not_count(self):
        self.change("_wavetank/log-1", -1, b"\xff")
        self.assertEqual(list(sink_manifest.entries(self.sink)), [0, 1, 2, 3])

    def test_a_file_that_is_damaged_is_said(self):
        [shared] = [name for name in os.listdir(self.path("_wavetank/staged")) if "-00002-" in name]
        self.change(f"_wavetank/staged/{shared}", 0, b"I")
        with self.assertRaises(sink_manifest.Damaged):
            sink_manifest.entries(self.sink)

    def test_before_there_is_a_manifest_nothing_is_committed(self):
        self.assertEqual(sink_manifest.entries(os.path.join(self.sink, "none")), {})


if __name__ == "__main__":
    unittest.main()
