#!/usr/bin/env python3
"""What a power loss leaves, and that the simulator's disk could leave the same.

    power_loss_test.py SIMULATED_DISK"""

import copy
import random
import sys
import unittest

import disk
import operations
import power_loss
import simulated
import written

SIMULATED_DISK = ""
NOTHING, EVERYTHING, NAMES_ALONE, PREFIX, EACH = (
    power_loss.NOTHING, power_loss.EVERYTHING, power_loss.NAMES_ALONE, power_loss.PREFIX,
    power_loss.EACH)
NEW = '1 openat(AT_FDCWD</>, "~/a", O_RDWR|O_CREAT, 0644) = 3<~/a>\n'
ROOT = '1 openat(AT_FDCWD</>, "~", O_RDONLY|O_DIRECTORY) = 9<~>\n'
WRITTEN = NEW + '1 write(3<~/a>, "xy", 2) = 2\n'


class Losses(unittest.TestCase):
    def leaves(self, text, expected, before=None, manner=NOTHING, instant=None):
        self.assertEqual(written.image(written.history(text, before), instant, manner), expected)

    def may_leave(self, text, expected, before=None, instant=None):
        """Exactly these, when each thing is decided by itself."""
        drawn = written.images(written.history(text, before), instant)
        self.assertCountEqual(drawn, expected)

    def test_nothing_that_is_not_synced_need_survive(self):
        self.leaves(WRITTEN, {})
        self.leaves(WRITTEN, {"a": b"xy"}, manner=EVERYTHING)

    def test_a_synced_file_has_no_name_before_its_directory_is_synced(self):
        self.leaves(WRITTEN + "1 fsync(3<~/a>) = 0", {})

    def test_a_name_is_nothing_without_the_sync_of_its_content(self):
        self.leaves(WRITTEN + ROOT + "1 fsync(9<~>) = 0", {"a": b""})
        self.leaves(WRITTEN, {"a": b""}, manner=NAMES_ALONE)

    def test_both_together(self):
        self.leaves(WRITTEN + "1 fdatasync(3<~/a>) = 0\n" + ROOT + "1 fsync(9<~>) = 0",
                    {"a": b"xy"})

    def test_a_directory_is_a_name_in_the_one_above(self):
        self.leaves("""
            1 mkdir("~/d", 0777) = 0
            1 openat(AT_FDCWD</>, "~/d/a", O_RDWR|O_CREAT, 0644) = 3<~/d/a>
            1 openat(AT_FDCWD</>, "~/d", O_RDONLY|O_DIRECTORY) = 4<~/d>
            1 fsync(4<~/d>) = 0""", {})

    def test_syncs_of_everything(self):
        self.leaves(WRITTEN + "1 sync() = 0", {"a": b"xy"})
        self.leaves(WRITTEN + "1 syncfs(3<~/a>) = 0", {"a": b"xy"})

    def test_a_rename_is_one_change(self):
        self.may_leave('1 rename("~/new", "~/a") = 0',
                       [{"new": b"2", "a": b"1"}, {"a": b"2"}], {"a": b"1", "new": b"2"})

    def test_a_second_name_survives_the_first(self):
        self.may_leave('1 link("~/a", "~/b") = 0\n1 unlink("~/a") = 0',
                       [{"a": b"1"}, {"b": b"1"}, {"a": b"1", "b": b"1"}, {}], {"a": b"1"})

    def test_what_settles_a_name_settles_what_came_before_it(self):
        self.leaves('1 rename("~/a", "~/d/b") = 0\n1 rename("~/x", "~/a") = 0\n' + ROOT +
                    "1 fsync(9<~>) = 0", {"a": b"2", "d": None, "d/b": b"1"},
                    {"a": b"1", "d/": None, "x": b"2"})

    def test_a_removal_may_be_undone(self):
        self.may_leave('1 unlink("~/a") = 0', [{"a": b"1"}, {}], {"a": b"1"})

    def test_a_sync_covers_what_had_ended_when_it_began(self):
        text = """
            1 openat(AT_FDCWD</>, "~/a", O_RDWR) = 3<~/a>
            1 write(3<~/a>, "1", 1 <unfinished ...>
            2 fsync(3<~/a> <unfinished ...>
            1 <... write resumed>) = 1
            2 <... fsync resumed>) = 0"""
        text = "1 clone(flags=CLONE_VM|CLONE_FILES) = 2\n" + text
        self.leaves(text, {"a": b"0"}, {"a": b"0"})
        self.leaves(text.replace("2 fsync(3<~/a> <unfinished ...>\n", "")
                    .replace("2 <... fsync resumed>)", "2 fsync(3<~/a>)"), {"a": b"1"}, {"a": b"0"})

    def test_a_sync_has_no_effect_before_it_ends(self):
        of = written.history("1 openat(AT_FDCWD</>, \"~/a\", O_RDWR) = 3<~/a>\n"
                             '1 write(3<~/a>, "1", 1) = 1\n1 fsync(3<~/a>) = 0', {"a": b"0"})
        left = [written.image(of, instant)["a"] for instant in range(len(of.events) + 1)]
        self.assertEqual(left, [b"0", b"0", b"0", b"0", b"1"])

    def test_what_is_under_way_may_have_happened(self):
        of = written.history('1 mkdir("~/a", 0777) = 0\n1 mkdir("~/a/b", 0777) = 0')
        self.assertEqual(len(of.events), 4)
        drawn = written.images(of, 1)
        self.assertEqual(sorted(drawn, key=repr), [{"a": None}, {}])
        drawn = written.images(of, 3)
        self.assertIn({"a": None, "a/b": None}, drawn)
        self.assertIn({"a": None}, drawn)

    def test_a_report_counts_from_its_end(self):
        of = written.history('1 write(1</out>, "one", 3) = 3\n1 write(1</out>, "two", 3) = 3')
        reported = [of.image_at(instant, "1", NOTHING, random.Random(1)).reported
                    for instant in range(5)]
        self.assertEqual(reported, [b"", b"", b"one", b"one", b"onetwo"])

    def test_sectors_are_torn_by_themselves(self):
        size = 3 * disk.SECTOR
        text = (f'1 openat(AT_FDCWD</>, "~/a", O_RDWR) = 3<~/a>\n'
                f'1 write(3<~/a>, "{"n" * size}", {size}) = {size}')
        of = written.history(text, {"a": b"o" * size})
        patterns = {bytes(image["a"][::disk.SECTOR]) for image in written.images(of)}
        self.assertEqual(len(patterns), 8)
        for image in written.images(of):
            for start in range(0, size, disk.SECTOR):
                self.assertEqual(len(set(image["a"][start:start + disk.SECTOR])), 1)

    def test_appended_space_may_hold_nothing_or_something_else(self):
        size = 2 * disk.SECTOR
        of = written.history(NEW + f'1 write(3<~/a>, "{"n" * size}", {size}) = {size}\n' + ROOT +
                             "1 fsync(9<~>) = 0")
        contents = [image["a"] for image in written.images(of)]
        self.assertIn(bytes(size), contents)
        self.assertIn(b"n" * size, contents)
        self.assertTrue(any(0 < len(each) < size for each in contents))
        self.assertTrue(any(set(each) - set(b"n\0") for each in contents))

    def test_a_prefix_is_a_time(self):
        of = written.history("".join(f'1 mkdir("~/{name}", 0777) = 0\n' for name in "abcd"))
        for seed in range(50):
            left = "".join(written.image(of, manner=PREFIX, seed=seed))
            self.assertTrue("abcd".startswith(left), left)

    def test_a_kind_of_sync_that_is_dropped_makes_nothing_durable(self):
        text = WRITTEN + "1 fsync(3<~/a>) = 0\n" + ROOT + "1 fsync(9<~>) = 0\n"
        for kind, left in (("directory", {}), ("after-write", {"a": b""}), ("file", {"a": b""}),
                           ("everything", {"a": b"xy"})):
            self.assertEqual(written.image(written.history(text, dropped=[kind])), left)

    def test_a_seed_gives_the_same_image(self):
        of = written.history(WRITTEN + '1 link("~/a", "~/b") = 0')
        first, second = of.image("7"), of.image("7")
        self.assertEqual((first.instant, first.manner, first.names_done, list(first.entries)),
                         (second.instant, second.manner, second.names_done, list(second.entries)))
        self.assertGreater(len({of.image(str(seed)).instant for seed in range(50)}), 3)


def drawn_history(draw):
    """Calls at random, on few names, so that they meet."""
    start = written.durable({"a": b"1" * 700, "d/": None, "d/b": b"2"})
    model = copy.deepcopy(start)
    found = []
    syncs = []  # that have begun
    for line in range(draw.randrange(5, 60)):
        operation = _drawn_operation(draw, model)
        if operation is None:
            continue
        begin, end = 2 * line, 2 * line
        if operation[0] == "sync":
            end += draw.randrange(0, 12)
            syncs.append(operation)
        else:
            getattr(model, operation[0])(*operation[1])
        found.append(operations.Operation(operation[0], operation[1], begin, end, 0.0, "file"))
    return power_loss.History(sorted(found, key=lambda one: one.end), start)


def _drawn_operation(draw, model):
    seen = model.seen()
    directories = [0] + [inode.number for inode in seen.values() if inode.kind == disk.DIRECTORY]
    files = [inode.number for inode in model.inodes.values() if inode.kind == disk.FILE]
    directory, name = draw.choice(directories), draw.choice([b"a", b"b", b"c", b"d"])
    entries = model.inodes[directory].entries
    call = draw.choice(["make", "link", "rename", "remove", "write", "write", "truncate", "sync",
                        "sync"])
    if call == "write":
        return call, (draw.choice(files), draw.randrange(1500), draw.randbytes(draw.randrange(900)))
    if call == "truncate":
        return call, (draw.choice(files), draw.randrange(1500))
    if call == "sync":
        return call, (draw.choice(directories + files + [None]),)
    if call == "make" and name not in entries:
        kind = draw.choice([disk.FILE, disk.FILE, disk.DIRECTORY])
        return call, (model.next_number(), kind, directory, name)
    linked = [inode.number for inode in seen.values() if inode.kind == disk.FILE]
    if call == "link" and name not in entries and linked:
        return call, (draw.choice(linked), directory, name)
    there = entries.get(name)
    if call == "remove" and there and not there.entries:
        return call, (directory, name)
    target, new = draw.choice(directories), draw.choice([b"a", b"b", b"c", b"d"])
    over = model.inodes[target].entries.get(new)
    if call == "rename" and there and there.kind == disk.FILE and (
            over is None or over.kind == disk.FILE):
        return call, (directory, name, target, new)
    return None


class Simulated(unittest.TestCase):
    """Two models of a disk, of which neither knows the other."""

    def setUp(self):
        self.simulated = simulated.SimulatedDisk(SIMULATED_DISK)

    def test_it_could_leave_each_image_of_any_history(self):
        for seed in range(80):
            of = drawn_history(random.Random(seed))
            for image in (of.image(f"{seed}.{number}") for number in range(3)):
                with self.subTest(str(image)):
                    self.assertIsNone(self.simulated.cannot_leave(image, of.before))

    def image(self):
        of = written.history(WRITTEN + "1 fsync(3<~/a>) = 0\n" + ROOT + """
            1 fsync(9<~>) = 0
            1 pwrite64(3<~/a>, "Z", 1, 0) = 1
            1 link("~/a", "~/b") = 0""")
        return of, of.image_at(len(of.events), "1", NOTHING, random.Random(1))

    def refused(self, of, image, why):
        self.assertRegex(self.simulated.cannot_leave(image, of.before) or "", why)

    def test_it_could_leave_this_one(self):
        of, image = self.image()
        self.assertIsNone(self.simulated.cannot_leave(image, of.before))

    def test_other_bytes_are_seen(self):
        of, image = self.image()
        for content in (b"xZ", b"Zx", b"x", b"xy\0", b""):
            image.entries[b"a"] = (image.entries[b"a"][0], content)
            self.refused(of, image, "a would have other bytes")
        image.entries[b"a"] = (image.entries[b"a"][0], b"Zy")
        self.assertIsNone(self.simulated.cannot_leave(image, of.before))

    def test_a_name_that_is_not_there_or_too_much_is_seen(self):
        of, image = self.image()
        image.entries[b"b"] = image.entries[b"a"]
        self.refused(of, image, "b would not be there")
        del image.entries[b"a"], image.entries[b"b"]
        self.refused(of, image, "a would be there")

    def test_another_file_of_that_name_is_seen(self):
        of = written.history(WRITTEN + ROOT + """
            1 openat(AT_FDCWD</>, "~/b", O_RDWR|O_CREAT, 0644) = 4<~/b>
            1 sync() = 0""")
        image = of.image_at(len(of.events), "1", NOTHING, random.Random(1))
        image.entries[b"b"], image.entries[b"a"] = image.entries[b"a"], image.entries[b"b"]
        self.refused(of, image, "would be something else")

    def test_what_a_dropped_sync_loses_it_would_not(self):
        """The controls draw what no disk may leave."""
        text = WRITTEN + "1 fsync(3<~/a>) = 0\n" + ROOT + "1 fsync(9<~>) = 0\n"
        whole, dropping = written.history(text), written.history(text, dropped=["directory"])
        of_whole = whole.image_at(len(whole.events), "1", NOTHING, random.Random(1))
        of_whole.entries = written.entries(dropping)
        self.refused(whole, of_whole, "a would be there")


if __name__ == "__main__":
    SIMULATED_DISK = sys.argv.pop(1)
    unittest.main()
