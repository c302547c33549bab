#!/usr/bin/env python3
"""The pages of reports in a headless Chromium: what they show is what the run's JSON and timeline
say, and what is clicked, turned and typed does what docs/reading_a_report.md says.

    page_test.py WAVETANK LEDGER [CASE]

With PICTURES=DIR the pages' pictures are kept there, to be looked at."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from chromium import Chromium

WAVETANK = LEDGER = ""
ROOT = pathlib.Path(__file__).resolve().parents[2]
SCENARIOS = {
    "query": "scenarios/structured/driver_power_loss_at_sink_committed.textproto",
    "stream": "scenarios/dstream/driver_crash_at_output_done.textproto",
    "cluster": "scenarios/cluster/partition_of_driver_and_worker_around_commit.textproto",
    "lying": "scenarios/controls/lying_disk_under_words.textproto",
}
LINE = re.compile(r"^[ !] +(\d+)\.(\d{6}) s  (\S+) +(\S+) +(.*)$")


def lines_of(output):
    """The timeline of `run --verbose`: microseconds, who, kind, text."""
    found = [LINE.match(line) for line in output.split("\n")]
    return [(int(m[1]) * 1000000 + int(m[2]), m[3], m[4], m[5]) for m in found if m]


class Run:
    def __init__(self, folder, scenario):
        self.page = folder / "page.html"
        done = subprocess.run(
            [WAVETANK, "run", "--verbose", scenario, f"--report={self.page}",
             f"--json={folder / 'run.json'}"], cwd=ROOT, capture_output=True, text=True,
            errors="replace", timeout=120)
        assert done.returncode in (0, 1), done.stdout[-2000:] + done.stderr
        self.timeline = lines_of(done.stdout)
        self.json = json.loads((folder / "run.json").read_text())


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.runs = {}
        for name, scenario in SCENARIOS.items():
            folder = pathlib.Path(cls.folder.name) / name
            folder.mkdir()
            cls.runs[name] = Run(folder, scenario)
        cls.chromium = Chromium().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.chromium.__exit__()
        cls.folder.cleanup()

    def open(self, name, fragment="", width=1400, height=900, scheme="light"):
        self.chromium.size(width, height)
        self.chromium.colours(scheme)
        self.assertEqual(self.chromium.open(self.runs[name].page, fragment), [])
        return self.runs[name]

    def js(self, script):
        return self.chromium.run(script)

    def text(self, selector):
        return self.js(f"document.querySelector({json.dumps(selector)}).innerText")

    def place(self, event):
        """Where an event stands on the screen, brought into view."""
        return self.js(f"""(() => {{
          const {{timeline, model}} = window.wavetank;
          const lane = model.lanes[model.laneIndex[{event}]];
          timeline.scroll.scrollTop = Math.max(0, lane.y - 40);
          const canvas = timeline.canvas.getBoundingClientRect();
          return [canvas.left + timeline.x(model.events.time[{event}]),
            canvas.top + timeline.y({{lane, row: model.rowIndex[{event}]}})];
        }})()""")

    def zoom_to(self, event, span_ns):
        self.js(f"""(() => {{
          const {{timeline, model}} = window.wavetank;
          const time = model.events.time[{event}];
          timeline.view(time - {span_ns} / 2, time + {span_ns} / 2);
        }})()""")
        self.chromium.frame()

    def test_every_event_of_the_timeline_is_there(self):
        for name in self.runs:
            run = self.open(name)
            shown = self.js("""(() => {
              const {events} = window.wavetank.model;
              const all = [];
              for (let i = 0; i < events.count; ++i) {
                const kind = events.kindName(i);
                all.push([Math.floor(events.time[i] / 1000), events.whoName(i),
                  kind === 'sync' ? 'disk' : kind, events.text(i)]);
              }
              return all;
            })()""")
            self.assertGreater(len(shown), 200, name)
            self.assertEqual(len(shown), len(run.timeline), name)
            for (time, who, kind, text), (us, said_who, said_kind, said) in zip(shown,
                                                                                run.timeline):
                self.assertLessEqual(abs(time - us), 1)
                self.assertEqual(kind, "process" if said_kind == "machine" else said_kind)
                self.assertEqual((who, text.rstrip()), (said_who, said.rstrip()))

    def test_the_head_says_what_the_json_says(self):
        for name in self.runs:
            run = self.open(name)
            self.assertEqual(self.text("#verdict").lower(), run.json["verdict"])
            facts = self.text("#facts")
            self.assertIn(f"seed {run.json['seed']}", facts)
            self.assertIn(f"{run.json['events']} events", facts)
            self.assertIn(run.json["trace_hash"], facts)
            for kind, count in run.json["records"].items():
                self.assertIn(f"{count} {kind}", facts)
            boxes = self.js("[...document.querySelectorAll('.violation-box')].map("
                            "box => box.innerText)")
            self.assertEqual(len(boxes), len(run.json["violations"]))
            for box, violation in zip(boxes, run.json["violations"]):
                self.assertIn(violation["kind"], box)
                self.assertIn(f"{violation['when']:.6f} s", box)
                self.assertIn(" ".join(violation["what"].split()), " ".join(box.split()))

    def test_the_chips_count_the_kinds_and_take_them_away(self):
        run = self.open("query")
        counts = dict(re.findall(r"([a-z]+) (\d+)", self.text("#kinds").replace("\n", " ")))
        syncs = sum(text.startswith(("sync", "unheard: sync")) for _, _, kind, text in run.timeline
                    if kind == "disk")
        disk = sum(kind == "disk" for _, _, kind, _ in run.timeline)
        self.assertEqual((int(counts["sync"]), int(counts["disk"])), (syncs, disk - syncs))
        for kind in ("step", "message", "log", "fault"):
            self.assertEqual(int(counts[kind]), sum(each == kind for _, _, each, _ in run.timeline))
        before = self.js("window.wavetank.timeline.drawn")
        self.js("document.querySelector('[data-kind=step]').click()")
        self.chromium.frame()
        self.assertEqual(self.js("window.wavetank.timeline.drawn"), before - int(counts["step"]))

    def test_a_violation_stands_at_its_instant(self):
        run = self.open("lying")
        self.assertTrue(run.json["violations"])
        for violation in run.json["violations"]:
            pixel = self.js(f"""(() => {{
              const {{timeline, model}} = window.wavetank;
              timeline.fit();
              return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {{
                const x = Math.round(timeline.x({violation['when'] * 1e9}));
                const pen = timeline.canvas.getContext('2d');
                done([...pen.getImageData(x, 3, 1, 1).data].slice(0, 3));
              }})));
            }})()""")
            for shown, wanted in zip(pixel, (0xb0, 0x18, 0x9e)):  # --violation, in light
                self.assertLess(abs(shown - wanted), 16, pixel)
        self.js("document.querySelector('.violation-box .jump').click()")
        self.chromium.frame()
        details = self.text("#details")
        self.assertIn(run.json["violations"][0]["kind"], details)
        for name in run.json["violations"][0]["records"][:20]:
            self.assertIn(name, details)
        middle = self.js(
            "(window.wavetank.timeline.begin + window.wavetank.timeline.end) / 2 / 1e9")
        self.assertAlmostEqual(middle, run.json["violations"][0]["when"], delta=.3)

    def test_what_is_clicked_is_told(self):
        run = self.open("query")
        for wanted in ("step", "message", "world"):
            # The only one of its instant: else it is the neighbour's place too.
            event = next(i for i, line in enumerate(run.timeline)
                         if line[2] == wanted and line[0] > 400000 and
                         sum(each[0] == line[0] for each in run.timeline) == 1)
            self.zoom_to(event, 40_000)
            self.chromium.click(*self.place(event))
            self.assertIn(run.timeline[event][3], self.text("#details"), wanted)
            self.assertIn(f"{run.timeline[event][0] / 1e6:.6f}"[:-1], self.text("#details"))

    def test_a_message_leads_from_sender_to_receiver(self):
        self.open("cluster")
        ends = self.js("""(() => {
          const {model} = window.wavetank;
          const ends = [];
          for (let i = 0; i < model.events.count; ++i) {
            if (!model.fromPlace[i]) continue;
            ends.push([model.fromPlace[i].lane.name, model.lanes[model.laneIndex[i]].name,
              model.events.text(i), model.events.time[i] - model.events.began[i]]);
          }
          return ends;
        })()""")
        self.assertGreater(len(ends), 50)
        lanes = self.js("window.wavetank.timeline.shownLanes.map(lane => lane.name)")
        for sender, receiver, text, took in ends:
            self.assertIn(sender, lanes)
            self.assertIn(receiver, lanes)
            self.assertGreater(took, 0, text)
            process = re.search(r" for (\S+)#", text)
            self.assertTrue(process and receiver.startswith(process[1]), (receiver, text))
        self.assertGreater(self.js("window.wavetank.timeline.arrows"), 20)

    def test_wheel_drag_keys_and_buttons_move_the_view(self):
        self.open("query")
        x, y = self.js("(() => { const box = document.querySelector('#lanes')"
                       ".getBoundingClientRect(); return [box.left + 500, box.top + 60]; })()")

        def view():
            return self.js("[window.wavetank.timeline.begin, window.wavetank.timeline.end]")

        begin, end = view()
        at = self.js("window.wavetank.timeline.timeAt(500)")
        self.chromium.wheel(x, y, -300)
        closer = view()
        self.assertLess(closer[1] - closer[0], (end - begin) * .8)
        self.assertAlmostEqual(self.js("window.wavetank.timeline.timeAt(500)"), at, delta=2e7)
        self.chromium.drag(x, y, -200)
        self.assertGreater(view()[0], closer[0])
        self.assertAlmostEqual(view()[1] - view()[0], closer[1] - closer[0], delta=10)
        for key, action in (("w", "zoom-in"), ("s", "zoom-out"), ("a", "pan-left"),
                            ("d", "pan-right")):
            before = view()
            self.chromium.key(key)
            by_key = view()
            self.assertNotEqual(before, by_key, key)
            self.js(f"document.getElementById('{action}').click()")
            self.chromium.frame()
            self.assertNotEqual(by_key, view(), action)
        self.chromium.key("f")
        self.assertEqual(view(), [begin, end])

    def test_the_search_finds_what_the_timeline_has(self):
        run = self.open("query")
        wanted = [line for line in run.timeline if "state_store.written" in line[3]]
        self.chromium.type("#search", "state_store.written")
        self.js("new Promise(done => setTimeout(done, 300))")
        self.assertEqual(self.text("#found"), f"{len(wanted)} found")
        rows = self.js("[...document.querySelectorAll('#event-table tbody tr')].map("
                       "row => row.lastChild.innerText)")
        self.assertEqual(rows, [line[3] for line in wanted])
        self.js("document.querySelector('#next').click()")
        self.assertIn(wanted[0][3], self.text("#details"))
        self.js("document.querySelector('#next').click()")
        self.assertIn(wanted[1][3], self.text("#details"))

    def test_a_node_that_is_unticked_goes(self):
        self.open("query")
        self.js("document.querySelector('#nodes input[value=\"app/worker-1\"]').click()")
        self.chromium.frame()
        lanes = self.js("window.wavetank.timeline.shownLanes.map(lane => lane.key)")
        self.assertNotIn("app/worker-1", lanes)
        self.assertIn("app/worker-2", lanes)

    def test_batches_tell_definition_attempts_commits_and_deliveries(self):
        for name in ("query", "stream"):
            self.open(name)
            self.js("document.querySelector('[data-tab=batches]').click()")
            rows = self.js("[...document.querySelectorAll('#batch-table tbody tr')].map("
                           "row => [...row.children].map(cell => cell.innerText))")
            batches = self.js("window.wavetank.model.batches")
            self.assertEqual(len(rows), min(200, len(batches)))
            self.assertGreater(len(rows), 2)
            for row, batch in zip(rows, batches):
                self.assertIn(batch["title"], row[0])
                self.assertIn(batch["definition"], row[1])
                self.assertEqual(row[2], str(len(batch["input"])))
                for time in batch["committed_ns"]:
                    self.assertIn(f"{time / 1e9:.6f} s", row[5])
        twice = [batch for batch in batches if len(batch["attempts"]) > 1]
        self.assertTrue(twice, "the crash makes a batch run again")

    def test_a_record_is_followed_from_its_line_to_its_row(self):
        run = self.open("query")
        names = self.js("window.wavetank.ways.names()")
        self.assertEqual(len(names), sum(run.json["records"][kind]
                                         for kind in ("once", "duplicated", "lost")))
        for name in names:
            way = self.js(f"(() => {{ const way = window.wavetank.ways.of('{name}'); return "
                          "[way.given.length, way.takenIn.length, way.states.length, "
                          "way.rows.map(row => row.row)]; })()")
            self.assertEqual(way, [1, 1, 1, [f"{name},1"]], name)
        self.js("document.querySelector('[data-tab=records]').click()")
        self.js("document.querySelector('#record-table .jump').click()")
        details = self.text("#details")
        self.assertIn(f"The way of {names[0]}", details)
        self.assertIn("given 1×, in 1 batch, delivered in 1 row", details)

    def test_incarnations_and_bands_stand_where_they_were(self):
        run = self.open("query")
        lives = self.js("window.wavetank.model.lives.map(l => [l.label, l.begin_ns, l.end_ns])")
        self.assertEqual([label for label, _, _ in lives], ["app#1", "app#2"])
        starts = [line[0] for line in run.timeline if line[3] == "app#2 starts"]
        self.assertEqual(round(lives[1][1] / 1000), starts[0])
        off, on = (next(line[0] for line in run.timeline if line[3] == text)
                   for text in ("loses power", "powers on"))
        band = self.js("window.wavetank.model.bands[0]")
        self.assertEqual((band["kind"], round(band["span"]["begin_ns"] / 1000),
                          round(band["span"]["end_ns"] / 1000)), ("no power", off, on))
        self.open("cluster")
        kinds = self.js("window.wavetank.model.bands.map(band => band.kind)")
        self.assertTrue(any(kind.startswith("network.partition") for kind in kinds), kinds)

    def test_an_address_leads_back_to_what_was_seen(self):
        self.open("query", "#t=500000000-600000000&e=40&q=sync")
        self.assertEqual(self.js("[window.wavetank.timeline.begin, window.wavetank.timeline.end]"),
                         [500000000, 600000000])
        self.assertIn(self.runs["query"].timeline[40][3], self.text("#details"))
        self.assertRegex(self.text("#found"), r"^\d+ found$")

    def test_light_and_dark_are_the_systems_and_the_readers(self):
        def ground():
            return self.js("getComputedStyle(document.body).backgroundColor")
        self.open("query", scheme="light")
        light = ground()
        self.open("query", scheme="dark")
        dark = ground()
        self.assertNotEqual(light, dark)
        self.js("document.querySelector('#theme').click()")
        self.assertEqual(ground(), light)
        self.js("localStorage.removeItem('wavetank-theme')")

    def test_narrow_and_wide_nothing_stands_beside_the_page(self):
        for width in (360, 768, 1400, 2200):
            self.open("cluster", width=width)
            self.assertLessEqual(self.js("document.documentElement.scrollWidth"), width)
            self.assertEqual(self.js("window.wavetank.timeline.width"),
                             self.js("document.querySelector('#scroll').clientWidth"))

    def test_the_page_of_a_kit_shows_the_broken_promise(self):
        page = pathlib.Path(self.folder.name) / "ledger.html"
        done = subprocess.run([LEDGER, "--page"], capture_output=True, timeout=120)
        page.write_bytes(done.stdout)
        self.chromium.size(1400, 900)
        self.assertEqual(self.chromium.open(page), [])
        self.assertEqual(self.text("#verdict").lower(), "violation")
        self.assertIn("each acknowledged transfer is in the ledger once",
                      self.text(".violation-box"))
        lanes = self.js("window.wavetank.timeline.shownLanes.map(lane => lane.name)")
        self.assertIn("ledger", lanes)

    def test_the_index_of_many_runs_leads_to_their_pages(self):
        index = pathlib.Path(self.folder.name) / "all.html"
        names = [ROOT / path for path in SCENARIOS.values()]
        done = subprocess.run([WAVETANK, "run", "--quiet", *names, f"--report={index}"],
                              capture_output=True, text=True, timeout=240)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.chromium.size(1400, 900)
        self.assertEqual(self.chromium.open(index), [])
        self.assertIn(f"{len(names)} runs", self.text("#totals"))
        links = self.js("[...document.querySelectorAll('#runs a')].map("
                        "link => link.getAttribute('href'))")
        self.assertEqual(len(links), len(names))
        for link in links:
            self.assertEqual(self.chromium.open(index.parent / link), [], link)
            self.assertIn(self.text("#name"), link)

    def test_pictures(self):
        directory = pathlib.Path(os.environ.get("PICTURES") or self.folder.name)
        directory.mkdir(exist_ok=True)
        for name in self.runs:
            for width, scheme in ((1400, "light"), (1400, "dark"), (390, "light"), (390, "dark")):
                self.open(name, width=width, height=900, scheme=scheme)
                file = directory / f"{name}_{width}_{scheme}.png"
                self.chromium.screenshot(file)
                self.assertGreater(file.stat().st_size, 10000)


if __name__ == "__main__":
    WAVETANK, LEDGER = map(os.path.abspath, sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *(f"Page.{case}" for case in sys.argv[3:])])
