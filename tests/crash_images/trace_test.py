#!/usr/bin/env python3
"""How a trace is read, and what its calls do to a tree."""

import unittest

import disk
import operations
import trace
import written

NEW = '1 openat(AT_FDCWD</>, "~/a", O_RDWR|O_CREAT, 0644) = 3<~/a>\n'


class Lines(unittest.TestCase):
    def test_a_call_on_one_line_begins_and_ends_there(self):
        [call] = written.calls(r'7 pwrite64(3<~/a>, "x, (y\x00", 7, 512) = 7')
        self.assertEqual((call.task, call.name, call.begin, call.end, call.result),
                         (7, "pwrite64", 0, 0, 7))
        self.assertEqual(trace.descriptor(call.arguments[0]), (3, b"/tree/a"))
        self.assertEqual(trace.text(call.arguments[1]), b"x, (y\0")
        self.assertEqual(trace.number(call.arguments[3]), 512)

    def test_a_call_that_others_interrupt_stands_on_two_lines(self):
        found = written.calls("1 fsync(3<~/a> <unfinished ...>\n"
                              "2 fdatasync(4<~/b>)         = 0\n"
                              "1 <... fsync resumed>) = 0")
        self.assertEqual([(call.name, call.task, call.begin, call.end) for call in found],
                         [("fsync", 1, 0, 2), ("fdatasync", 2, 1, 1)])

    def test_arguments_may_come_with_the_end(self):
        [call] = written.calls("1 clone(child_stack=NULL <unfinished ...>\n"
                               "1 <... clone resumed>, flags=CLONE_VM|CLONE_FILES) = 9")
        self.assertEqual(call.arguments, [b"child_stack=NULL", b"flags=CLONE_VM|CLONE_FILES"])
        self.assertEqual(call.result, 9)

    def test_an_error_is_a_result_below_0(self):
        [call] = written.calls('1 mkdir("~/a", 0777) = -1 EEXIST (File exists)')
        self.assertEqual(call.result, -1)

    def test_a_string_that_was_cut_is_refused(self):
        [call] = written.calls('1 write(3<~/a>, "abc"..., 5) = 5')
        with self.assertRaisesRegex(trace.BadTrace, "not a whole string"):
            trace.text(call.arguments[1])

    def test_a_change_without_an_end_is_refused(self):
        with self.assertRaisesRegex(trace.BadTrace, "write of 1 in line 0 has no end"):
            written.calls('1 write(3<~/a>, "abc", 3 <unfinished ...>')

    def test_what_only_waits_needs_no_end(self):
        self.assertEqual(written.calls("1 read(3<~/a>,  <unfinished ...>"), [])


class Calls(unittest.TestCase):
    def sees(self, text, expected, before=None):
        self.assertEqual(written.seen(written.history(text, before)), expected)

    def test_writes_go_where_the_position_is(self):
        self.sees(NEW + r"""
            1 write(3<~/a>, "abcdef", 6) = 6
            1 lseek(3<~/a>, 1, SEEK_SET) = 1
            1 read(3<~/a>, "b", 1) = 1
            1 writev(3<~/a>, [{iov_base="C", iov_len=1}, {iov_base="D", iov_len=1}], 2) = 2
            1 pwrite64(3<~/a>, "A", 1, 0) = 1
            1 write(3<~/a>, "E", 1) = 1""", {"a": b"AbCDEf"})

    def test_a_write_that_was_done_in_part(self):
        self.sees(NEW + '1 write(3<~/a>, "abcdef", 6) = 2\n1 write(3<~/a>, "x", 1) = 1',
                  {"a": b"abx"})

    def test_a_gap_is_zeros(self):
        self.sees(NEW + '1 pwrite64(3<~/a>, "x", 1, 3) = 1', {"a": b"\0\0\0x"})

    def test_appending(self):
        self.sees("""
            1 open("~/a", O_WRONLY|O_APPEND) = 3<~/a>
            1 write(3<~/a>, "c", 1) = 1
            1 write(3<~/a>, "d", 1) = 1""", {"a": b"abcd"}, {"a": b"ab"})

    def test_sizes(self):
        self.sees("""
            1 openat(AT_FDCWD</>, "~/a", O_RDWR) = 3<~/a>
            1 ftruncate(3<~/a>, 2) = 0
            1 ftruncate(3<~/a>, 3) = 0
            1 fallocate(3<~/a>, 0, 0, 5) = 0
            1 fallocate(3<~/a>, FALLOC_FL_KEEP_SIZE, 0, 50) = 0
            1 fallocate(3<~/a>, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 0, 1) = 0
            1 truncate("~/b", 1) = 0
            1 open("~/c", O_WRONLY|O_TRUNC) = 4<~/c>
            1 creat("~/d", 0644) = 5<~/d>
            1 openat2(AT_FDCWD</>, "~/e", {flags=O_RDWR|O_CREAT, mode=0644}, 24) = 6<~/e>""",
                  {"a": b"\0b\0\0\0", "b": b"x", "c": b"", "d": b"", "e": b""},
                  {"a": b"abcd", "b": b"xyz", "c": b"1", "d": b"2"})

    def test_names(self):
        self.sees(NEW + """
            1 write(3<~/a>, "x", 1) = 1
            1 mkdir("~/d", 0777) = 0
            1 link("~/a", "~/d/b") = 0
            1 rename("~/a", "~/c") = 0
            1 mkdirat(AT_FDCWD</tree>, "e", 0777) = 0
            1 openat(AT_FDCWD</>, "~/d", O_RDONLY|O_DIRECTORY) = 4<~/d>
            1 linkat(4<~/d>, "b", 4<~/d>, "f", 0) = 0
            1 unlinkat(4<~/d>, "b", 0) = 0
            1 rmdir("~/e") = 0
            1 renameat(4<~/d>, "f", AT_FDCWD</>, "~/g") = 0""",
                  {"c": b"x", "d": None, "g": b"x"})

    def test_a_directory_that_is_renamed_keeps_what_is_in_it(self):
        self.sees('1 rename("~/d", "~/e") = 0\n1 unlink("~/e/x") = 0', {"e": None, "e/y": b"2"},
                  {"d/": None, "d/x": b"1", "d/y": b"2"})

    def test_a_descriptor_stands_for_the_file_whatever_its_name(self):
        self.sees(NEW + """
            1 rename("~/a", "~/b") = 0
            1 openat(AT_FDCWD</>, "~/a", O_RDWR|O_CREAT, 0644) = 4<~/a>
            1 write(3<~/b>, "x", 1) = 1
            1 unlink("~/a") = 0
            1 write(4<~/a>(deleted), "y", 1) = 1""", {"b": b"x"})

    def test_a_copied_descriptor_has_the_same_position(self):
        self.sees(NEW + """
            1 dup(3<~/a>) = 4<~/a>
            1 fcntl(3<~/a>, F_DUPFD_CLOEXEC, 10) = 10<~/a>
            1 write(3<~/a>, "a", 1) = 1
            1 close(3<~/a>) = 0
            1 write(4<~/a>, "b", 1) = 1
            1 write(10<~/a>, "c", 1) = 1""", {"a": b"abc"})

    def test_a_child_shares_what_was_open_and_closes_it_by_itself(self):
        self.sees(NEW + """
            1 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 2
            2 write(3<~/a>, "a", 1) = 1
            2 close(3<~/a>) = 0
            1 write(3<~/a>, "b", 1) = 1""", {"a": b"ab"})

    def test_a_child_may_be_seen_before_the_call_that_made_it_ends(self):
        self.sees(NEW + """
            1 vfork( <unfinished ...>
            2 write(3<~/a>, "a", 1) = 1
            2 execve("/bin/x", ["x"], 0x7ff /* 1 var */) = 0
            1 <... vfork resumed>) = 2
            2 write(3<~/a>, "b", 1) = 1""", {"a": b"ab"})

    def test_threads_have_one_table_of_descriptors(self):
        self.sees(NEW + """
            1 clone3({flags=CLONE_VM|CLONE_FS|CLONE_FILES, exit_signal=0}, 88) = 2
            2 openat(AT_FDCWD</>, "~/b", O_RDWR|O_CREAT, 0644) = 4<~/b>
            1 write(4<~/b>, "b", 1) = 1""", {"a": b"", "b": b"b"})

    def test_what_closes_on_exec_is_not_mistaken_for_what_has_its_number_then(self):
        text = """
            1 openat(AT_FDCWD</>, "~/a", O_RDWR|O_CREAT|O_CLOEXEC, 0644) = 3<~/a>
            1 execve("/bin/x", ["x"], 0x7ff /* 1 var */) = 0
            1 write(3<~/a>, "b", 1) = 1"""
        with self.assertRaisesRegex(trace.BadTrace, "descriptor 3 .* was opened before"):
            written.history(text)

    def test_a_number_may_be_used_again_before_the_close_that_freed_it_is_seen_to_end(self):
        self.sees(NEW + """
            1 clone3({flags=CLONE_VM|CLONE_FS|CLONE_FILES, exit_signal=0}, 88) = 2
            1 close(3<~/a> <unfinished ...>
            2 openat(AT_FDCWD</>, "~/b", O_RDWR|O_CREAT, 0644) = 3<~/b>
            1 <... close resumed>) = 0
            2 write(3<~/b>, "x", 1) = 1""", {"a": b"", "b": b"x"})

    def test_effects_side_by_side_may_come_in_another_order_than_the_ends(self):
        self.sees(NEW + """
            1 write(3<~/a>, "x", 1) = 1
            1 link("~/a", "~/b" <unfinished ...>
            2 open("~/b", O_WRONLY) = 3<~/b>
            2 write(3<~/b>, "y", 1) = 1
            1 <... link resumed>) = 0
            1 unlink("~/a") = 0""", {"b": b"y"})

    def test_a_file_may_be_opened_beside_its_removal_and_before(self):
        text = """
            1 clone3({flags=CLONE_VM|CLONE_FS|CLONE_FILES, exit_signal=0}, 88) = 2
            1 unlink("~/a" <unfinished ...>
            2 openat(AT_FDCWD</>, "~/a", O_RDWR|O_CREAT, 0644 <unfinished ...>
            1 <... unlink resumed>) = 0
            2 <... openat resumed>) = 3<~/a>"""
        self.sees(text, {"a": b""}, {"a": b"1"})
        self.sees(text + "(deleted)", {}, {"a": b"1"})

    def test_a_name_may_be_used_beside_the_call_that_takes_it_away_and_before(self):
        def beside(call, end):
            return f"""
                1 clone3({{flags=CLONE_VM|CLONE_FS|CLONE_FILES, exit_signal=0}}, 88) = 2
                2 {call} <unfinished ...>
                1 rename("~/a", "~/b") = 0
                2 <... {call.partition("(")[0]} resumed>) = {end}"""

        before = {"a": b"1"}
        opened = beside('open("~/a", O_WRONLY', "3<~/b>") + '\n2 write(3<~/b>, "2", 1) = 1'
        self.sees(opened, {"b": b"2"}, before)
        self.sees(beside('truncate("~/a", 0', "0"), {"b": b""}, before)
        self.sees(beside('link("~/a", "~/c"', "0"), {"b": b"1", "c": b"1"}, before)

    def test_several_processes_write_one_tree(self):
        self.sees("""
            1 clone(child_stack=NULL, flags=SIGCHLD) = 2
            2 openat(AT_FDCWD</>, "~/a", O_WRONLY|O_CREAT|O_APPEND, 0644) = 3<~/a>
            1 openat(AT_FDCWD</>, "~/a", O_WRONLY|O_APPEND) = 3<~/a>
            1 write(3<~/a>, "1", 1) = 1
            2 write(3<~/a>, "2", 1) = 1
            1 write(3<~/a>, "3", 1) = 1""", {"a": b"123"})

    def test_what_is_elsewhere_is_left_out(self):
        self.sees("""
            1 chdir("/other") = 0
            1 mkdir("d", 0777) = 0
            1 openat(AT_FDCWD</other>, "f", O_RDWR|O_CREAT, 0644) = 3</other/f>
            1 write(3</other/f>, "x", 1) = 1
            1 chdir("/tree") = 0
            1 mkdir("d", 0777) = 0""", {"d": None})

    def test_a_copy_within_the_tree(self):
        self.sees("""
            1 open("~/a", O_RDONLY) = 3<~/a>
            1 open("~/b", O_WRONLY|O_CREAT, 0644) = 4<~/b>
            1 copy_file_range(3<~/a>, NULL, 4<~/b>, NULL, 100, 0) = 3
            1 write(4<~/b>, "!", 1) = 1""", {"a": b"abc", "b": b"abc!"}, {"a": b"abc"})

    def test_what_cannot_be_followed_is_refused_by_name(self):
        for text, why in (
                ("1 mmap(NULL, 9, PROT_READ|PROT_WRITE, MAP_SHARED, 3<~/a>, 0) = 0x7f00", "mmap"),
                ("1 io_uring_setup(8, {flags=0}) = 4", "io_uring"),
                ('1 rename("/other/x", "~/x") = 0', "comes in from outside"),
                ('1 rename("~/a", "/other/x") = 0', "leaves the tree"),
                ("1 sendfile(3<~/a>, 5</other/x>, NULL, 9) = 9", "the trace does not show"),
                ('1 open("~/none", O_RDONLY) = 5<~/none>', "something else has changed the tree")):
            with self.subTest(why), self.assertRaisesRegex(trace.BadTrace, why):
                written.history(NEW + text)

    def test_syncs_have_kinds(self):
        found = written.history(NEW + """
            1 write(3<~/a>, "x", 1) = 1
            1 fdatasync(3<~/a>) = 0
            1 fsync(3<~/a>) = 0
            1 openat(AT_FDCWD</>, "~", O_RDONLY|O_DIRECTORY) = 4<~>
            1 fsync(4<~>) = 0
            1 sync() = 0
            1 openat(AT_FDCWD</>, "~/b", O_RDWR|O_CREAT|O_DSYNC, 0644) = 5<~/b>
            1 write(5<~/b>, "x", 1) = 1""").operations
        kinds = [one.sync_kind for one in found if one.call == "sync"]
        self.assertEqual(kinds, ["after-write", "file", "directory", "everything", "after-write"])
        self.assertLessEqual(set(kinds), set(operations.SYNC_KINDS))

    def test_reports_are_what_the_program_writes_to_its_output(self):
        found = written.history('1 write(1</out>, "done\\x0a", 5) = 5').operations
        self.assertEqual([(one.call, one.arguments) for one in found], [("report", (b"done\n",))])

    def test_a_symbolic_link_is_a_name(self):
        of = written.history('1 symlink("x/y", "~/s") = 0\n1 sync() = 0')
        inode, _ = written.entries(of)[b"s"]
        self.assertEqual((inode.kind, inode.target), (disk.SYMLINK, b"x/y"))


if __name__ == "__main__":
    unittest.main()
