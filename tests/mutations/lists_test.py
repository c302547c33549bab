#!/usr/bin/env python3
"""The format of the lists, and what is drawn from them."""

import pathlib
import tempfile
import unittest

import lists

HEAD = "mutant a\nfile platform/random.cc\nbreaks Something.\n- old\n+ new\n"


def read(text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "made_up.txt"
        path.write_text(text)
        return lists.read_mutants(path)


def mutants(count, how="found search"):
    return read("".join(HEAD.replace("mutant a", f"mutant m{i}") + how + "\n"
                        for i in range(count)))


class Format(unittest.TestCase):
    def test_what_finds_a_mutant_is_read(self):
        [mutant] = read(HEAD + "found unit platform_test RandomTest.*\nfound search 50\n"
                               "found scenario structured/torn_log_tail\nfound script A.b\n")
        self.assertEqual(mutant.scripts, ["A.b"])
        self.assertEqual(mutant.units, [("platform_test", "RandomTest.*")])
        self.assertEqual(mutant.search_runs, 50)
        self.assertEqual(mutant.expected, {"structured/torn_log_tail": None})
        self.assertEqual(mutant.apply("x\n  old\ny"), "x\n  new\ny")

    def test_equivalent_and_missed_ones_are_not_judged(self):
        for line in ("equivalent No reader looks there.", "found equivalent No reader looks there.",
                     "missed Nothing looks at this time."):
            [mutant] = read(HEAD + line + "\n")
            self.assertFalse(mutant.is_found)

    def test_what_is_not_of_the_format_is_refused(self):
        for line in ("", "found\n", "found unit platform_test\n", "found search many\n",
                     "found by luck\n", "found scenario no/such\n", "equivalent\n",
                     "found search\nequivalent It is not.\n"):
            with self.assertRaises(lists.BadList, msg=line):
                read(HEAD + line)

    def test_a_filter_must_name_a_test_of_the_tree(self):
        tests = {"Disk.Reads", "Log.Appends"}
        for pattern in ("Disk.Reads", "Disk.*", "Both/Disk.Reads/1", "Disk/0.Reads", "No.One:Log.*"):
            self.assertTrue(lists.names_a_test(pattern, tests), pattern)
        for pattern in ("Disk.Writes", "Disks.*", "Both/Disc.Reads/1"):
            self.assertFalse(lists.names_a_test(pattern, tests), pattern)


    def test_a_script_must_be_one_of_the_tree(self):
        cmake = "foreach(case\n  waits\n  ends)\nadd_test(NAME Tool.runs COMMAND x)"
        self.assertTrue(lists.names_a_script("Tool.waits", cmake))
        self.assertTrue(lists.names_a_script("Tool.runs", cmake))
        self.assertFalse(lists.names_a_script("Tool.wait", cmake))


class Sample(unittest.TestCase):
    def test_it_rests_on_the_seed_alone(self):
        names = [m.name for m in lists.sample(mutants(40), 5, "abc")]
        reordered = mutants(40)[::-1]
        self.assertEqual(sorted(m.name for m in lists.sample(reordered, 5, "abc")), sorted(names))
        self.assertNotEqual([m.name for m in lists.sample(mutants(40), 5, "abd")], names)

    def test_what_cannot_be_judged_is_not_drawn(self):
        self.assertEqual(lists.sample(mutants(9, "equivalent So."), 5, "abc"), [])


class Summary(unittest.TestCase):
    def test_it_tells_found_and_equivalent_apart(self):
        text = "".join(HEAD.replace("mutant a", f"mutant m{i}") + line + "\n" for i, line in
                       enumerate(["found search", "found unit a_test A.B", "equivalent So.",
                                  "missed So."]))
        all_of_them = read(text)
        [line] = lists.summary(all_of_them, all_of_them[:1])
        self.assertIn("4 mutants, 1 found (33 % of those not equivalent", line)
        self.assertIn("1 argued equivalent (25 % of all), 2 not found", line)


if __name__ == "__main__":
    unittest.main()
