#!/usr/bin/env python3
"""The command as a shell sees it: what it refuses and how, what it says while it waits, how it ends.

    command_test.py WAVETANK [CASE]"""

import fcntl
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree

WAVETANK = ""
SECONDS = 60  # a bound; everything here takes a few
FILES = ["--input=in", "--output=out", "--checkpoint=cp"]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


# What a disk that lies breaks.
LYING_DISK = """schema_version: 1
name: "lying"
job { name: "word_count" parameter { name: "partitions" value: "3" } }
input {
  name: "input"
  generator { records: 60 }
  arrival { records_each: 20 first_ms: 500 every_ms: 1000 }
}
fault { kind: "process.crash" target: "app" at_ms: 600 }
fault {
  kind: "disk.lying_sync"
  target: "m1"
  at_step { step: "batch.prepared" attribute { name: "batch" value: 1 } }
  duration_ms: 150
}
expect { guarantee: EXACTLY_ONCE }
"""
# A stream gives its records at least once.
BEYOND_ITS_PROMISE = """schema_version: 1
name: "wrong"
job { name: "word_count_dstream" }
input {
  name: "input"
  generator { records: 20 }
  arrival { records_each: 5 first_ms: 500 every_ms: 500 }
}
expect { guarantee: EXACTLY_ONCE }
"""


class Command(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.here = pathlib.Path(self.folder.name)
        (self.here / "in").mkdir()

    def start(self, *arguments, where="."):
        """A running process, with output and errors in one stream."""
        process = subprocess.Popen([WAVETANK, *arguments], cwd=self.here / where, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        os.set_blocking(process.stdout.fileno(), False)
        process.said = ""
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()

    def wait_for(self, process, pattern):
        """Until the process has written that."""
        until = time.monotonic() + SECONDS
        while not re.search(pattern, process.said):
            left = until - time.monotonic()
            self.assertGreater(left, 0, f"no {pattern} in:\n{process.said}")
            ready, _, _ = select.select([process.stdout], [], [], left)
            read = process.stdout.read() if ready else b""
            process.said += (read or b"").decode(errors="replace")
            ended = ready and not read
            self.assertFalse(ended and not re.search(pattern, process.said),
                             f"it ended, without {pattern}, in:\n{process.said}")

    def status(self, process):
        process.wait(timeout=SECONDS)
        process.said += (process.stdout.read() or b"").decode(errors="replace")
        return process.returncode

    def refused(self, *arguments):
        """What it says, on one line and a hint, when it refuses to begin."""
        done = subprocess.run([WAVETANK, *arguments], cwd=self.here, capture_output=True, text=True,
                              timeout=SECONDS)
        self.assertEqual(done.returncode, 2, f"{arguments}: {done.stdout}{done.stderr}")
        self.assertEqual(done.stdout, "", arguments)
        self.assertEqual(sorted(os.listdir(self.here)), ["in"], f"{arguments} wrote something")
        return done.stderr

    def test_an_unknown_word_is_named_with_the_nearest(self):
        for arguments, says in [
            (["strat"], 'wavetank: there is no subcommand "strat": did you mean "start"?'),
            (["start", "wordcount"],
             'wavetank start: there is no job "wordcount": did you mean "word_count"?'),
            (["start", "word_count", "--imput=in"],
             'wavetank start word_count: there is no option --imput: did you mean "--input"?'),
            (["start", "word_count", *FILES, "-x"], "there is no option -x"),
            (["start", "word_count", *FILES, "more"], '"more" is not an option'),
            (["start", "word_count", "input=in"], '"input=in" is not an option: write --input=in'),
            (["run", "--sed=1", "in"], 'there is no option --sed: did you mean "--seed"?'),
            (["inspect", "--verfy", "in"], 'did you mean "--verify"?'),
            (["bugs", "--jason=x"], 'did you mean "--json"?'),
            (["explore", "word_cuont"],
             'no job and no scenario "word_cuont": did you mean "word_count"?'),
            (["explore", "--seed=1-2"], 'there is no option --seed: did you mean "--seeds"?'),
            (["steps", "batch.prepard"], 'did you mean "batch.prepared"?'),
            (["faults", "process.crush"], 'did you mean "process.crash"?'),
            (["jobs", "word_cuont"], 'did you mean "word_count"?'),
            (["formats", "textt"], 'did you mean "text"?'),
            (["--seed=1", "run", "in"], "--seed stands behind the subcommand: wavetank run --seed"),
            (["start", "word_count", *FILES, "--as=Driver"], 'did you mean "driver"?'),
        ]:
            self.assertIn(says, self.refused(*arguments), arguments)

    def test_what_is_missing_is_named(self):
        for arguments, says in [
            ([], "wavetank: name a subcommand: run, "),
            (["start"], "wavetank start: name a job: "),
            (["start", "word_count", "--input=in"],
             "wavetank start word_count: lacks --output=DIR, --checkpoint=DIR"),
            (["run"], "wavetank run: lacks a scenario"),
            (["shrink"], "wavetank shrink: lacks a scenario"),
            (["explore", "--merge"], "--merge needs the files of summaries"),
            (["inspect"], "wavetank inspect: lacks a DIR"),
            (["rescale", "--partitions=4"], "wavetank rescale: lacks a CHECKPOINT"),
            (["start", "store"], "wavetank start store: lacks --address=HOST:PORT"),
            (["start", "word_count", *FILES, "--as=driver"],
             "--as=driver needs --address=HOST:PORT"),
            (["start", "word_count", *FILES, "--as=worker", "--address=localhost:7000"],
             "--as=worker needs --driver=HOST:PORT"),
        ]:
            self.assertIn(says, self.refused(*arguments), arguments)

    def test_an_empty_value_never_swallows_the_next_flag(self):
        for arguments, says in [
            (["--mode=", *FILES], "--mode is empty"),
            (["--input=", "--output=out", "--checkpoint=cp"], "--input is empty"),
            (["--input", "--output=out", "--checkpoint=cp"], "--input needs a value"),
            (["--input", "", "--output=out", "--checkpoint=cp"], "--input is empty"),
            ([*FILES, "--mode"], "--mode needs a value"),
            ([*FILES, "--input=in"], "--input is given twice"),
            ([*FILES, "--verbose=yes"], "--verbose takes no value"),
        ]:
            self.assertIn(f"wavetank start word_count: {says}",
                          self.refused("start", "word_count", *arguments), arguments)

    def test_values_out_of_bounds_are_refused(self):
        for flag, says in [
            ("--workers=0", "--workers: \"0\" is not a number from 1 to 256"),
            ("--workers=two", "--workers: \"two\" is not a number"),
            ("--partitions=5000", "is not a number from 1 to 1024"),
            ("--interval=1", "is not a duration"),
            ("--interval=-1s", "is not a duration"),
            ("--interval=inf", "is not a duration"),
            ("--interval=9999999h", "is not a duration"),
            ("--stop-timeout=-1s", "is not a duration"),
            ("--retain=1", "is not a number from 2"),
            ("--log-bytes=-5", "is not a number from 1"),
            ("--address=localhost:70", "--address belongs to --as=driver and --as=worker"),
            ("--driver=x:1", "--driver belongs to --as=worker"),
            ("--standby", "--standby belongs to --as=driver"),
            ("--standby-timeout=10ms", "give 100ms or more"),
            ("--speculation-quantile=2", "speculation.quantile is 2: give a number from 0 to 1"),
            ("--speculation-multiplier=much", "speculation.multiplier is nan: give 1 or more"),
            ("--kill-at=nosuch", 'there is no step "nosuch"'),
            ("--kill-at=batch.run:1:bach=2", 'has no attribute "bach": did you mean "batch"?'),
            ("--kill-at=batch.run:1:batch=x", "is not of the form name=number"),
            ("--kill-at=batch.run:1:query=query-2",
             'no query of the job is called "query-2": did you mean "query-1"?'),
            ("--stop-at=sink.published:1:sink=output", 'no sink of the job is called "output"'),
        ]:
            self.assertIn(says, self.refused("start", "word_count", *FILES, flag), flag)
        self.assertIn("give both the same --standby-timeout", self.refused(
            "start", "word_count", *FILES, "--as=driver", f"--address=127.0.0.1:{free_port()}",
            "--standby"))
        self.assertIn("is not a number from 0", self.refused("run", "--seed=-1", "in"))
        for size, says in [("-1", '"-1" is less than nothing'), ("1000TiB", "more than this machine"),
                           ("99999999999999999999", '"99999999999999999999" is'),
                           ("much", "unit not recognized"), ("1KiB", "a store needs at least")]:
            self.assertIn(says, self.refused("start", "store", "--address=127.0.0.1:0",
                                             f"--memory={size}"))
        self.assertIn("--input=/ is the root of the file system", self.refused(
            "start", "word_count", "--input=/", "--output=out", "--checkpoint=cp"))

    def counted(self, job, *paths, words, where="."):
        """A start there that has counted each of these words once, the last as it comes; stopped."""
        process = self.start("start", job, "--interval=100ms", *paths, where=where)
        if job == "word_count_dstream":  # to which what is there before it begins is no input
            self.wait_until(lambda: any(self.here.glob("out/counts-*/attempt-*/_SUCCESS")))
        (self.here / "new").write_text(words[-1] + "\n")
        (self.here / "new").rename(self.here / "in" / words[-1])
        self.wait_until(lambda: self.table(job) == {word: 1 for word in words})
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.status(process), 0, process.said)

    def table(self, job, out="out"):
        """What the output has by word: a query's newest rows, or the sum of a stream's."""
        counts = {}
        for part in sorted(self.here.glob(f"{out}/part-*.csv")) if job == "word_count" else []:
            counts.update(line.rsplit(",", 1) for line in part.read_text().splitlines())
        for batch in self.here.glob(f"{out}/counts-*") if "stream" in job else []:
            # A batch may run again after a crash; each attempt that is complete has all of it.
            for mark in list(batch.glob("attempt-*/_SUCCESS"))[:1]:
                parts = [line for line in mark.read_text().splitlines() if line[:5] == "part-"]
                for part in parts:
                    text = (mark.parent / part).read_text()
                    for word, count in re.findall(r"\((\w+),(\d+)\)", text):
                        counts[word] = counts.get(word, 0) + int(count)
        return {word: int(count) for word, count in counts.items()}

    def test_relative_paths_are_of_the_directory_it_is_started_in(self):
        """Written in every way, and from another directory at the next start of the same job."""
        (self.here / "elsewhere/deep").mkdir(parents=True)
        (self.here / "link").symlink_to("elsewhere/deep")
        for job in ("word_count", "word_count_dstream"):
            self.counted(job, "--input=./in/", "--output=out", "--checkpoint=in/../cp",
                         words=["one"])
            self.counted(job, "--input=../../in", "--output=../.././out", f"--checkpoint={self.here}/cp",
                         words=["one", "two"], where="elsewhere/deep")
            # ".." behind a link is above where it leads.
            self.counted(job, "--input=link/../../in", "--output=link/../../out",
                         "--checkpoint=elsewhere/../cp", words=["one", "two", "three"])
            self.assertEqual(sorted(os.listdir(self.here)), ["cp", "elsewhere", "in", "link", "out"])
            self.assertEqual(os.listdir(self.here / "elsewhere"), ["deep"])
            self.assertEqual(os.listdir(self.here / "link"), [])
            for folder in ("cp", "out", "in"):
                shutil.rmtree(self.here / folder)
            (self.here / "in").mkdir()

    def test_jobs_below_and_beside_each_other_leave_each_other_be(self):
        """Checkpoints in each other, names that begin as others do, outputs of both engines in one
        directory; all are killed at once, and go on."""
        jobs = [("word_count", "c", "o"), ("word_count", "c/a", "o-b"),
                ("word_count_dstream", "c/ab", "o"), ("word_count_dstream", "c/a/b", "o-b")]
        words = {}
        for word in ("one", "two"):
            processes = [self.start("start", job, "--interval=100ms", "--input=in",
                                    f"--checkpoint={checkpoint}", f"--output={output}")
                         for job, checkpoint, output in jobs]
            for _, _, output in jobs[2:]:
                self.wait_until(lambda: any(self.here.glob(f"{output}/counts-*/*/_SUCCESS")))
            (self.here / "new").write_text(word + "\n")
            (self.here / "new").rename(self.here / "in" / word)
            words[word] = 1
            for job, _, output in jobs:
                self.wait_until(lambda: self.table(job, output) == words)
            for process in processes:
                self.assertIsNone(process.poll(), "it ended by itself")
                self.end(process)

    def test_paths_that_lead_nowhere_are_refused(self):
        store = [*FILES[1:], "--as=driver", f"--address=127.0.0.1:{free_port()}",
                 "--store=127.0.0.1:1"]
        for path, says in [("/in", "with a store, paths are relative to its root"),
                           ("../in", "leads out of the store"), ("a/../..", "leads out of the store")]:
            self.assertIn(f"--input={path}", self.refused("start", "word_count", f"--input={path}", *store))
            self.assertIn(says, self.refused("start", "word_count", f"--input={path}", *store))
        gone = self.here / "gone"
        gone.mkdir()
        done = subprocess.run(["sh", "-c", 'rmdir ../gone && exec "$@"', "sh", WAVETANK, "start",
                               "word_count", f"--input={self.here}/in", "--output=out",
                               f"--checkpoint={self.here}/cp"],
                              cwd=gone, capture_output=True, text=True, timeout=SECONDS)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("--output=out is relative to the directory that this was started in, which "
                      "cannot be found", done.stderr)
        self.assertEqual(os.listdir(self.here), ["in"])

    def test_hours_without_a_batch_cost_a_scenario_next_to_nothing(self):
        """Counted in events, of which a machine does a million a second: a poll of the input, which
        goes on where a query has no interval, is some 700,000 an hour."""
        for job, guarantee in [("line_count", "EXACTLY_ONCE"), ("word_count_dstream", "AT_LEAST_ONCE"),
                               ("socket_word_count", "NONE")]:
            events = []
            for hours in (1, 3):
                milliseconds = hours * 3600 * 1000
                (self.here / "in/idle.textproto").write_text(f"""
                    schema_version: 1
                    name: "idle"
                    claim: "Nothing comes for hours."
                    job {{ name: "{job}" parameter {{ name: "interval" value: "{hours}h" }} }}
                    input {{ name: "input" generator {{ records: 20 }} arrival {{ first_ms: 1 }} }}
                    phases {{ chaos_ms: {milliseconds} converge_budget_ms: {milliseconds} }}
                    expect {{ guarantee: {guarantee} }}
                """)
                done = subprocess.run([WAVETANK, "run", "--json=-", "in"], cwd=self.here,
                                      capture_output=True, text=True, timeout=SECONDS)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                run = json.loads(done.stdout)
                self.assertGreater(run["virtual_seconds"], hours * 3600)
                events.append(run["events"])
            self.assertLess(events[1] - events[0], 2 * 100_000, job)

    def test_addresses_that_are_none_are_refused(self):
        for address in ("localhost", "localhost:-1", "localhost:99999", "a b:1"):
            for role in (["store", "--root=in"], ["word_count", *FILES, "--as=driver"]):
                self.assertIn("is not HOST:PORT with a port from 1 to 65535",
                              self.refused("start", *role, f"--address={address}"))
        self.assertIn('there is no directory "none"', self.refused(
            "start", "store", "--address=127.0.0.1:7001", "--root=none"))

    def test_a_result_that_could_not_be_written_is_refused_before_any_run(self):
        scenario = self.here / "in/a.textproto"
        scenario.write_text("no scenario\n")
        for option in ("--json", "--report", "--junit"):
            self.assertIn("cannot be written, there is no directory none",
                          self.refused("run", f"{option}=none/x", "in"))

    def test_inspect_names_what_is_no_checkpoint(self):
        self.assertIn('there is no directory "none"', self.refused("inspect", "none"))
        self.assertIn("wavetank inspect in: ", self.refused("inspect", "in"))
        self.assertIn("give what a job had as --checkpoint, or a structured query had as --output",
                      self.refused("inspect", "in"))

    def test_version_and_help(self):
        for arguments in (["--version"], ["--help"], ["start", "word_count", "--help"]):
            done = subprocess.run([WAVETANK, *arguments], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        version = subprocess.run([WAVETANK, "--version"], capture_output=True, text=True).stdout
        self.assertRegex(version, r"^wavetank \d+\.\d+\.\d+\n$")

    def test_each_progress_line_comes_once(self):
        (self.here / "in/a").write_text("to be or not to be\n")
        process = self.start("start", "word_count", *FILES)
        self.wait_for(process, r"batch 0: files \[0, 1\)")
        process.send_signal(signal.SIGTERM)
        self.status(process)
        self.assertEqual(process.said.count("batch 0: files [0, 1)"), 1, process.said)

    def test_once_reads_all_that_is_there_in_one_batch(self):
        for name in "abc":
            (self.here / "in" / name).write_text("to be or not to be\n")
        said, status = self.done("start", "word_count", *FILES, "--once")
        self.assertEqual(status, 0, said)
        self.assertIn("batch 0: files [0, 3)", said)
        said, status = self.done("start", "word_count", *FILES, "--once", "--available-now")
        self.assertNotEqual(status, 0)
        self.assertIn("Once() and AvailableNow() are both asked for", said)

    def test_lines_of_a_socket_are_written_as_json(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            process = self.start("start", "converted_rows", *FILES, "--from=socket",
                                 f"--read=host=127.0.0.1;port={port}")
            connection, _ = server.accept()
            with connection:
                connection.sendall(b'one\ntwo "and" a half\n')
                self.wait_for(process, r"batch 0: ")
                process.send_signal(signal.SIGTERM)
                self.assertEqual(self.status(process), 0, process.said)
        self.assertIn("cannot be read again", process.said)
        rows = "".join(part.read_text() for part in sorted((self.here / "out").glob("part-*.json")))
        self.assertEqual([json.loads(row) for row in rows.splitlines()],
                         [{"value": "one"}, {"value": 'two "and" a half'}])

    def test_a_query_of_what_is_available_now_ends_by_itself_and_goes_on(self):
        (self.here / "in/a").write_text("to be or not to be\n")
        said, status = self.done("start", "word_count", *FILES, "--available-now")
        self.assertEqual(status, 0, said)
        self.assertIn("batch 0: files [0, 1)", said)
        (self.here / "in/b").write_text("to be\n")
        said, status = self.done("start", "word_count", *FILES, "--available-now")
        self.assertEqual(status, 0, said)
        self.assertIn("batch 1: files [1, 2)", said)
        said, status = self.done("start", "word_count_dstream", *FILES, "--available-now")
        self.assertEqual(status, 2)
        self.assertIn("there is no option --available-now", said)

    def test_a_locked_root_and_an_address_in_use_end_the_store_with_2(self):
        ports = [free_port(), free_port()]
        first = self.start("start", "store", f"--address=127.0.0.1:{ports[0]}", "--root=.")
        self.wait_for(first, "serving the store")
        (self.here / "other").mkdir()
        locked = self.start("start", "store", f"--address=127.0.0.1:{ports[1]}", "--root=.")
        in_use = self.start("start", "store", f"--address=127.0.0.1:{ports[0]}", "--root=other")
        self.assertEqual(self.status(locked), 2, locked.said)
        self.assertRegex(locked.said, "cannot serve the store at .* another holds it, a store that "
                                      "serves this root: stop that one")
        self.assertEqual(self.status(in_use), 2, in_use.said)
        self.assertIn("Address already in use", in_use.said)

    def done(self, *arguments):
        """What it says, and its status."""
        done = subprocess.run([WAVETANK, *arguments], cwd=self.here, capture_output=True, text=True,
                              timeout=SECONDS)
        return done.stdout + done.stderr, done.returncode

    def test_names_are_listed_with_their_meaning_and_unknown_ones_refused(self):
        for verb, name, says in [
            ("steps", "batch.prepared", "attributes  batch, query (text)"),
            ("faults", "disk.torn_write", "0 to 1099511627776 (bytes of it, round and round)"),
            ("jobs", "windowed_count", "size of a window [10s]"),
            ("formats", "text", "how many files a batch reads at most"),
        ]:
            said, status = self.done(verb, name)
            self.assertEqual(status, 0, said)
            self.assertIn(says, said)
            listed, status = self.done(verb)
            self.assertEqual(status, 0)
            self.assertRegex(listed, rf"(?m)^{re.escape(name)} +\S")
            objects = [json.loads(line) for line in self.done(verb, "--json")[0].splitlines()]
            self.assertEqual(len(objects), len(listed.splitlines()))
            self.assertTrue(all(each["name"] and each["meaning"] for each in objects))
        self.assertGreater(len(self.done("steps", "batch.")[0].splitlines()), 3)

    def summary(self, *arguments):
        said, status = self.done("explore", *arguments, "--json=-")
        self.assertEqual(status, 0, said)
        summary = json.loads(said)
        for of_the_host in ("seconds", "worker_seconds"):
            summary.pop(of_the_host)
        summary["virtual_seconds"] = round(summary["virtual_seconds"], 6)
        return summary

    def test_an_exploration_is_the_same_in_shards_and_in_processes(self):
        whole = self.summary("word_count", "--seeds=1-4", "--jobs=1")
        self.assertGreater(whole["runs"], 8)
        self.assertEqual(self.summary("word_count", "--seeds=1-4", "--jobs=3"), whole)
        for part in "12":
            said, status = self.done("explore", "word_count", "--seeds=1-4", "--jobs=1",
                                     f"--shard={part}/2", f"--json={part}.json")
            self.assertEqual(status, 0, said)
        self.assertEqual(self.summary("--merge", "1.json", "2.json"), whole)

    def test_an_exploration_that_misses_what_it_must_reach_says_so(self):
        (self.here / "some").write_text("step batch.prepared\nfault process.crash\n")
        (self.here / "none").write_text("# never\nstep receiver.connected\n")
        self.done("explore", "word_count", "--seeds=1-1", "--jobs=1", "--json=s.json")
        for required, wanted, says in [
            ("none", 5, "never reached: step receiver.connected"),
            ("in", 2, "is a directory"),
        ]:
            said, status = self.done("explore", "--merge", "s.json",
                                     f"--require-coverage={required}")
            self.assertEqual(status, wanted, said)
            self.assertIn(says, said)
        (self.here / "all").write_text("step batch.prepared\n")
        said, status = self.done("explore", "--merge", "s.json", "--require-coverage=all")
        self.assertEqual(status, 0, said)
        (self.here / "odd").write_text("step batch.prepard\n")
        said, status = self.done("explore", "--require-coverage=odd", "--for=1s")
        self.assertEqual(status, 2, said)
        self.assertIn('odd:1: there is no step "batch.prepard": did you mean', said)

    def test_an_exploration_that_is_interrupted_says_how_far_it_came(self):
        exploring = self.start("explore", "word_count", "--for=1h", "--jobs=2", "--json=s.json")
        until = time.monotonic() + SECONDS
        # As soon as it has workers, it can be asked.
        children = pathlib.Path(f"/proc/{exploring.pid}/task/{exploring.pid}/children")
        while not children.read_text() and time.monotonic() < until:
            select.select([], [], [], 0.05)
        exploring.send_signal(signal.SIGINT)
        self.assertEqual(self.status(exploring), 0, exploring.said)
        self.assertRegex(exploring.said, r"\d+ runs in [\d.]+ s")
        self.assertIn("verdicts", json.loads((self.here / "s.json").read_text()))

    def test_what_an_exploration_finds_is_saved_and_fails_again(self):
        (self.here / "wrong.textproto").write_text(BEYOND_ITS_PROMISE)
        said, status = self.done("explore", "wrong.textproto", "--seeds=1-30", "--jobs=1",
                                 "--shrink-for=5s", "--save=found")
        self.assertEqual(status, 1, said)
        again = re.search(r"again +wavetank run (found/\S+)", said)
        self.assertIsNotNone(again, said)
        self.assertIn("FOUND", said)
        said, status = self.done("run", "--quiet", again.group(1))
        self.assertEqual(status, 1, said)
        self.assertIn("VIOLATION", said)

    def test_a_scenario_that_fails_is_made_small(self):
        (self.here / "lying.textproto").write_text(LYING_DISK)
        said, status = self.done("shrink", "lying.textproto", "--budget=20s")
        self.assertEqual(status, 0, said)
        saved = list((self.here / "scenarios/regressions").iterdir())
        self.assertEqual(len(saved), 1, said)
        text = saved[0].read_text()
        self.assertEqual(text.count("fault {"), 1, text)
        self.assertNotIn("at_random", text)
        self.assertRegex(text, r'claim: "word_count answers \d+ records? exactly once although ')
        said, status = self.done("run", "--quiet", str(saved[0]))
        self.assertEqual(status, 1, said)
        self.assertIn("commit_order", said)
        (self.here / "fine.textproto").write_text(
            LYING_DISK.replace("disk.lying_sync", "disk.stalled"))
        said, status = self.done("shrink", "fine.textproto", "--out=x.textproto")
        self.assertEqual(status, 1, said)
        self.assertIn("there is nothing to shrink", said)

    def test_an_address_in_use_ends_driver_and_worker_with_2(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            processes = [self.start("start", "word_count", *FILES, *role,
                                    f"--address=127.0.0.1:{port}")
                         for role in (["--as=driver"],
                                      ["--as=worker", f"--driver=127.0.0.1:{free_port()}"])]
            for process in processes:
                self.assertEqual(self.status(process), 2, process.said)
                self.assertIn("Address already in use", process.said)

    def test_a_worker_that_is_sent_to_a_store_says_so_and_ends_with_2(self):
        store = self.start("start", "store", "--address=127.0.0.1:0", "--root=.")
        self.wait_for(store, r"serving the store .*at \S+:\d+")
        at = re.search(r"serving the store .*at (\S+:\d+)", store.said)[1]
        worker = self.start("start", "word_count", *FILES, "--as=worker",
                            f"--address=127.0.0.1:{free_port()}", f"--driver={at}")
        self.assertEqual(self.status(worker), 2, worker.said)
        self.assertRegex(worker.said, f"no driver is at {at}: .*the store service has no method")

    def test_scenarios_that_are_pipes_have_a_mark_or_come_twice(self):
        scenario = pathlib.Path(__file__).parents[2] / "scenarios/bench/small.textproto"
        folder = self.here / "in"
        (folder / "marked.textproto").write_text("\ufeff" + scenario.read_text())
        done = subprocess.run([WAVETANK, "run", "in/marked.textproto", "in", "./in/"], cwd=self.here,
                              capture_output=True, text=True, timeout=SECONDS)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout.count("PASS"), 1, done.stdout)
        os.mkfifo(folder / "pipe")
        self.assertIn("in/pipe: is a pipe", self.refused("run", "in/pipe"))

    def test_who_waits_says_for_what(self):
        nobody, port = free_port(), free_port()
        (self.here / "in/a").write_text("to be or not to be\n")
        waiting = []
        for arguments, says in [
            (["--as=worker", f"--address=127.0.0.1:{free_port()}", f"--driver=127.0.0.1:{nobody}"],
             rf"waiting for a driver at 127.0.0.1:{nobody} for \ds: .*refused"),
            (["--as=driver", f"--address=127.0.0.1:{free_port()}", f"--store=127.0.0.1:{nobody}"],
             rf"waiting for the store at 127.0.0.1:{nobody} for \ds: .*refused"),
            (["--as=driver", f"--address=127.0.0.1:{port}"],
             rf"waiting for workers at 127.0.0.1:{port} for \ds: 0 of 1 have come"),
        ]:
            waiting.append((self.start("start", "word_count", *FILES, *arguments), says))
        for process, says in waiting:
            self.wait_for(process, says)

    def test_a_missing_input_directory_is_said(self):
        (self.here / "in").rmdir()
        processes = [self.start("start", job, "--input=in", f"--output=out-{job}",
                                f"--checkpoint=cp-{job}", "--interval=100ms")
                     for job in ("word_count", "word_count_dstream")]
        for process in processes:
            self.wait_for(process, rf"waiting for source directory {self.here}/in for \ds: there "
                                   "is none")

    def test_the_first_signal_stops_gracefully_and_a_second_one_at_once(self):
        (self.here / "in/a").write_text("to be or not to be\n")
        for number in (signal.SIGTERM, signal.SIGINT):
            for job in ("word_count", "word_count_dstream"):
                files = ["--input=in", f"--output=out-{job}-{number}",
                         f"--checkpoint=cp-{job}-{number}"]
                process = self.start("start", job, *files, "--interval=100ms")
                self.wait_for(process, "worker-2 .* has registered")
                process.send_signal(number)
                self.assertEqual(self.status(process), 0, process.said)
        # One that cannot finish: the worker that its batch needs does not come.
        process = self.start("start", "word_count", *FILES, "--as=driver",
                             f"--address=127.0.0.1:{free_port()}")
        self.wait_for(process, "waiting for workers")
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        self.assertIn(self.status(process), (128 + signal.SIGTERM, 128 + signal.SIGINT),
                      process.said)

    def signals_are_handled(self, process):
        """Whether SIGTERM is blocked or caught, with how many threads; None: the process is gone."""
        try:
            status = dict(line.split(":", 1)
                          for line in open(f"/proc/{process.pid}/status") if ":" in line)
        except OSError:
            return None
        if "SigBlk" not in status or "Threads" not in status:
            return None
        mask = int(status["SigBlk"], 16) | int(status["SigCgt"], 16)
        return bool(mask >> (signal.SIGTERM - 1) & 1), int(status["Threads"])

    def test_a_signal_before_anything_has_begun_ends_well(self):
        seen_early = 0
        for number in [signal.SIGTERM, signal.SIGINT] * 10:
            process = self.start("start", "word_count", *FILES)
            until = time.monotonic() + SECONDS
            while not (seen := self.signals_are_handled(process) or (True, 0))[0]:
                self.assertLess(time.monotonic(), until)
            # From when it has one thread, which is before it does anything, on: where this test
            # looked in time.
            seen_early += seen == (True, 1)
            process.send_signal(number)
            self.assertEqual(self.status(process), 0, process.said)
        self.assertGreater(seen_early, 0)

    def test_a_write_beyond_the_limit_of_a_files_size_ends_in_a_sentence(self):
        (self.here / "in/a").write_text("".join(f"{i}\n" for i in range(20000)))
        done = subprocess.run(["bash", "-c", 'ulimit -f 1; exec "$@"', "bash", WAVETANK, "start",
                               "word_count", *FILES, "--restarts=1"], cwd=self.here,
                              capture_output=True, text=True, timeout=SECONDS)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("File too large", done.stdout + done.stderr)

    def test_rows_that_are_late_are_said_once_and_nanoseconds_do_not_make_any(self):
        (self.here / "in/a").write_text("1795844823000000000,nano\n1795844823,one\n")
        process = self.start("start", "windowed_count", *FILES, "--interval=100ms")
        self.wait_for(process, r"batch 0: .*1 dropped without a time")
        for name, second in (("b", 1795844900), ("c", 1795844824), ("d", 1795844825)):
            os.rename(self.written(f"{second},more\n"), self.here / "in" / name)
            before = ord(name) - ord("a")
            self.wait_for(process, rf"files \[{before}, {before + 1}\)")
        self.wait_for(process, r"files \[3, 4\).*1 dropped as late")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.status(process), 0, process.said)
        self.assertIn("1 rows came later than the watermark allows, and were dropped", process.said)
        self.assertEqual(process.said.count("came later than the watermark"), 1, process.said)

    def written(self, text):
        """A file beside the input, to be moved there."""
        (self.here / "new").write_text(text)
        return self.here / "new"

    def test_a_report_is_written_where_it_was_asked_for(self):
        scenario = pathlib.Path(__file__).parents[2] / "scenarios/bench/small.textproto"
        done = subprocess.run([WAVETANK, "run", str(scenario), "--report=page"], cwd=self.here,
                              capture_output=True, text=True, timeout=SECONDS)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(sorted(os.listdir(self.here)), ["in", "page"])
        self.assertIn("format", (self.here / "page").read_text())
        done = subprocess.run(
            [WAVETANK, "run", "--quiet", str(scenario), str(scenario.parents[1] / "structured" /
             "torn_log_tail.textproto"), "--report=all.html", "--junit=all.xml"],
            cwd=self.here, capture_output=True, text=True, timeout=SECONDS)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(sorted(os.listdir(self.here / "all_runs")),
                         ["small.html", "torn_log_tail.html"])
        self.assertIn("all_runs/torn_log_tail.html", (self.here / "all.html").read_text())
        suite = xml.etree.ElementTree.parse(self.here / "all.xml").getroot().find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("2", "0"))
        self.assertEqual([case.get("name") for case in suite.iter("testcase")],
                         ["small", "torn_log_tail"])
        said = subprocess.run([WAVETANK, "run", "--help"], capture_output=True, text=True).stdout
        self.assertIn("HTML page with pictures to FILE\n", said)

    def recorded(self, *more, until):
        # A start, until `until` is shown or it has killed itself.
        job = self.start("start", "word_count", *FILES, "--record=seen.json", "--workers=1", *more)
        try:
            self.wait_until(lambda: job.poll() is not None or until())
        finally:
            if job.poll() is None:
                job.send_signal(signal.SIGINT)
            job.communicate(timeout=SECONDS)
        return job.returncode

    def test_a_recorded_run_is_a_scenario(self):
        def shown(rows):
            parts = list((self.here / "out").glob("part-*.csv"))
            return sum(len(part.read_text().splitlines()) for part in parts) >= rows

        (self.here / "in" / "a").write_text("to be or not to be\n")
        (self.here / "in" / "z").symlink_to("nowhere")
        (self.here / "seen.json").write_text('{"is":"start","jo')
        killed = self.recorded("--kill-at", "batch.prepared", until=lambda: False)
        self.assertEqual(killed, -signal.SIGKILL)
        (self.here / "in" / "b").write_text("that is the question\n")
        self.assertEqual(self.recorded(until=lambda: shown(8)), 0)
        # What a kill has cut short is no line.
        with open(self.here / "seen.json", "a") as recording:
            recording.write('{"is":"st')

        def has_begun():
            starts = (self.here / "seen.json").read_text().split('{"is":"start"')
            return len(starts) == 4 and '"is":"step"' in starts[3]

        self.assertEqual(self.recorded(until=has_begun), 0)

        done = subprocess.run([WAVETANK, "recall", "seen.json", "--to=seen.textproto"],
                              cwd=self.here, capture_output=True, text=True, timeout=SECONDS)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        text = (self.here / "seen.textproto").read_text()
        self.assertIn("3 starts of word_count, of which 1 were killed", text)
        self.assertIn('line: "that is the question"', text)
        self.assertIn('step: "batch.prepared"', text)
        done = subprocess.run([WAVETANK, "run", "--json=-", "--quiet", "seen.textproto"],
                              cwd=self.here, capture_output=True, text=True, timeout=SECONDS)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_what_cannot_be_recorded_or_recalled_is_refused(self):
        (self.here / "seen.json").write_text("a\n")
        (self.here / "five.json").write_text('{"is":5}\n')
        for command, why in [
                (["recall", "seen.json"], "is no recording"),
                (["recall", "none.json"], "no such file"),
                (["recall", "five.json"], "is no recording"),
                (["start", "word_count", *FILES, "--record=in/r"], "lies in the input directory"),
                (["start", "word_count", *FILES, "--record=seen.json"], "is no recording"),
                (["start", "word_count", *FILES, "--record=none/seen.json"],
                 "there is no directory none"),
                (["start", "word_count", *FILES, "--record=r", "--as=worker",
                  "--address=localhost:1", "--driver=localhost:2"],
                 "--record belongs to a local run"),
                (["start", "socket_word_count", "--host=localhost", "--port=1", "--output=out",
                  "--checkpoint=cp", "--record=r"], "what comes from a socket is nowhere")]:
            done = subprocess.run([WAVETANK, *command], cwd=self.here, capture_output=True,
                                  text=True, timeout=SECONDS)
            self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
            self.assertIn(why, done.stderr)
        self.assertEqual(sorted(os.listdir(self.here)), ["five.json", "in", "seen.json"])

    def stream(self, *more, output="out", checkpoint="cp", interval="100ms"):
        return self.start("start", "word_count_dstream", "--input=in", f"--output={output}",
                          f"--checkpoint={checkpoint}", f"--interval={interval}", "--workers=1",
                          *more)

    def batches(self):
        return [path for path in (self.here / "out").glob("counts-*/attempt-*/_SUCCESS")]

    def wait_until(self, holds):
        until = time.monotonic() + SECONDS
        while not holds():
            self.assertLess(time.monotonic(), until)
            time.sleep(0.01)

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.status(process), 0, process.said)

    def test_a_stream_does_not_go_on_over_an_output_that_is_anothers_by_now(self):
        first = self.stream(checkpoint="cpA")
        self.wait_until(self.batches)
        self.stop(first)
        owner = self.here / "out/_counts-stream"
        shutil.rmtree(self.here / "out")
        second = self.stream(checkpoint="cpB")
        self.wait_until(self.batches)
        self.stop(second)
        self.assertTrue(owner.read_text().endswith("cpB\n"))
        there = sorted((self.here / "out").iterdir())
        first = self.stream(checkpoint="cpA")
        self.assertEqual(self.status(first), 1, first.said)
        self.assertRegex(first.said, r"belongs to the stream with the checkpoint \S+cpB, says "
                                     r"\S+out/_counts-stream")
        self.assertEqual(sorted((self.here / "out").iterdir()), there)
        # What was removed alone is put there again.
        owner.unlink()
        second = self.stream(checkpoint="cpB")
        self.wait_until(owner.exists)
        self.stop(second)
        self.assertTrue(owner.read_text().endswith("cpB\n"))

    def test_a_stream_that_is_refused_leaves_alone_the_one_that_runs(self):
        healthy = self.stream()
        self.wait_until(self.batches)
        epochs = sorted(path.name for path in (self.here / "cp").glob("epoch-*"))
        other = self.stream(interval="200ms")
        self.assertEqual(self.status(other), 1, other.said)
        self.assertIn("its batch interval was 100ms, and is 200ms", other.said)
        other = self.stream(output="elsewhere")
        self.assertEqual(self.status(other), 1, other.said)
        self.assertIn("or the directories that they read and write", other.said)
        self.assertEqual(sorted(path.name for path in (self.here / "cp").glob("epoch-*")), epochs)
        number = len(self.batches())
        self.wait_until(lambda: len(self.batches()) > number)
        self.stop(healthy)

    def test_a_stream_says_what_is_no_input_and_a_line_a_batch(self):
        (self.here / "in/old").write_text("before\n")
        process = self.stream()
        self.wait_for(process, "1 files were in \\S*in before the stream began and are not input")
        os.rename(self.written("to be or not to be\n"), self.here / "in/new")
        self.wait_for(process, r"stream batch \d+ \(\d+ ms\): 1 files, 19 bytes in, in \S+\n")
        self.stop(process)
        self.assertEqual(process.said.count("stream batch"), 1, process.said)
        again = self.stream()
        self.wait_for(again, "has registered")
        self.stop(again)
        self.assertNotIn("before the stream began", again.said)

    def test_what_a_killed_stream_left_half_written_goes_at_its_next_start(self):
        killed = self.stream("--kill-at=dstream.output_done")
        self.assertEqual(self.status(killed), -signal.SIGKILL, killed.said)
        attempt, = (path.parent for path in self.batches())
        dead, alive, notes = (attempt / f".tmp-{name}"
                              for name in ("00000000000000aa", "00000000000000bb", "notes"))
        for path in (dead, alive, notes):
            path.write_text("half")
        with open(alive) as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            process = self.stream()
            self.wait_until(lambda: len(self.batches()) > 1)
            self.stop(process)
        self.assertEqual([path.exists() for path in (dead, alive, notes)], [False, True, True])

    def cluster(self):
        """A store, a driver and a worker that has counted batch 0."""
        (self.here / "in/a").write_text("to be or not to be\n")
        ports = [free_port(), free_port(), free_port()]
        at = [f"127.0.0.1:{port}" for port in ports]
        job = ["start", "word_count", *FILES, f"--store={at[0]}"]
        store = self.start("start", "store", f"--address={at[0]}", "--root=.")
        driver = self.start(*job, "--as=driver", f"--address={at[1]}")
        worker = self.start(*job, "--as=worker", f"--address={at[2]}", f"--driver={at[1]}")
        self.wait_for(driver, "batch 0: files")
        return store, driver, worker

    def test_a_driver_that_only_waits_for_its_store_stops_at_once(self):
        process = self.start("start", "word_count", *FILES, "--as=driver",
                             f"--address=127.0.0.1:{free_port()}",
                             f"--store=127.0.0.1:{free_port()}")
        self.wait_for(process, "waiting for the store")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.status(process), 0, process.said)
        store, driver, worker = self.cluster()
        self.end(store)
        self.wait_for(driver, "waiting for the store")
        for process in (driver, worker):
            process.send_signal(signal.SIGTERM)
            self.assertEqual(self.status(process), 0, process.said)
            self.assertNotIn("given up", process.said)

    def test_a_stop_that_takes_too_long_leaves_the_rest_to_the_next_start(self):
        (self.here / "in/a").write_text("to be or not to be\n")
        process = self.start("start", "word_count", *FILES, "--as=driver", "--stop-timeout=200ms",
                             f"--address=127.0.0.1:{free_port()}")
        self.wait_for(process, "waiting for workers")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.status(process), 1, process.said)
        self.assertRegex(process.said, "error .*query query-1, batch 0: run the batch: still under "
                         "way 200ms after the query was asked to stop; what it has not finished, "
                         "its next start does")


if __name__ == "__main__":
    WAVETANK = os.path.abspath(sys.argv.pop(1))
    unittest.main()
