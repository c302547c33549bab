#!/usr/bin/env python3
"""measure.py PAGE...: what a page costs in a headless Chromium: its size, the time from the start
of its loading to the first paint and to the whole picture, and of each frame of zooming and panning.
In brackets what the page's thread computed for it: a busy machine makes the others longer.

    build/release/bin/sample_report 10 100000 >/tmp/page.html
    tests/pictures/measure.py /tmp/page.html

Figures are of the machine, and no test rests on them."""

import os
import sys

from chromium import Chromium

# The time of each frame, from the call to what stands on the canvas.
FRAMES = """
(async () => {
  const timeline = window.wavetank.timeline;
  const times = [];
  const whole = () => new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)));
  const measure = async move => {
    const started = performance.now();
    move();
    await whole();
    times.push(performance.now() - started);
  };
  for (let i = 0; i < 14; ++i) await measure(() => timeline.zoom(.6));
  for (let i = 0; i < 14; ++i) await measure(() => timeline.zoom(1 / .6));
  timeline.fit();
  for (let i = 0; i < 6; ++i) await measure(() => timeline.zoom(.8));
  for (let i = 0; i < 20; ++i) await measure(() => timeline.pan(i < 10 ? .05 : -.05));
  return times;
})()
"""


def main():
    with Chromium() as chromium:
        chromium.size(1400, 900)
        for page in sys.argv[1:]:
            wrong = chromium.open(page)
            if wrong:
                sys.exit(f"{page}: {wrong}")
            paint = chromium.run("performance.getEntriesByType('paint').map(e => e.startTime)")
            whole = chromium.run("window.wavetank.readyMs")
            loading = chromium.cpu_ms()
            times = sorted(chromium.run(FRAMES))
            drawing = (chromium.cpu_ms() - loading) / len(times)
            shown = chromium.run("window.wavetank.model.events.count")
            print(f"{page}: {os.path.getsize(page) / 1e6:.2f} MB, {shown} events, "
                  f"first paint {max(paint):.0f} ms, picture {whole:.0f} ms ({loading:.0f} ms); "
                  f"{len(times)} frames: median {times[len(times) // 2]:.0f} ms, "
                  f"slowest {times[-1]:.0f} ms (mean {drawing:.0f} ms)")


if __name__ == "__main__":
    main()
