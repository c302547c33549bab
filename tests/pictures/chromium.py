"""A headless Chromium, spoken to in its DevTools protocol over a pipe: nothing but Debian's browser
and Python's own library is needed, and no port is opened."""

import base64
import fcntl
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

SECONDS = 120  # for any one answer


def browser():
    for name in ("chromium-headless-shell", "chromium"):
        found = shutil.which(name)
        if found:
            return [found] if name != "chromium" else [found, "--headless"]
    raise SystemExit("there is no Chromium: cmake/install_packages.sh pictures")


class Chromium:
    """One browser with one page. Use it in a `with`."""

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="wavetank-pictures-")
        child_in, self.to = os.pipe()
        self.back, child_out = os.pipe()

        def ends():
            # Away from 3 and 4 first, lest one covers the other.
            low = fcntl.fcntl(child_in, fcntl.F_DUPFD, 20)
            high = fcntl.fcntl(child_out, fcntl.F_DUPFD, 20)
            os.dup2(low, 3)
            os.dup2(high, 4)

        self.process = subprocess.Popen(
            [*browser(), "--no-sandbox", "--remote-debugging-pipe", "--disable-gpu",
             "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
             f"--user-data-dir={self.directory}", "about:blank"],
            preexec_fn=ends, pass_fds=(3, 4), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(child_in)
        os.close(child_out)
        self.buffer = b""
        self.number = 0
        self.session = None
        self.events = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target,
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Performance.enable", timeDomain="threadTicks")
        return self

    def __exit__(self, *_):
        os.close(self.to)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.back)
        shutil.rmtree(self.directory, ignore_errors=True)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        number = self.number
        return self.wait_for(lambda answer: answer.get("id") == number, method).get("result", {})

    def wait_for(self, wanted, what):
        until = time.monotonic() + SECONDS
        while True:
            while b"\0" not in self.buffer:
                ready, _, _ = select.select([self.back], [], [], until - time.monotonic())
                if not ready:
                    raise TimeoutError(f"the browser did not answer {what} in {SECONDS} s")
                more = os.read(self.back, 1 << 20)
                if not more:
                    raise EOFError(f"the browser ended before it answered {what}")
                self.buffer += more
            line, self.buffer = self.buffer.split(b"\0", 1)
            answer = json.loads(line)
            if "method" in answer:
                self.events.append(answer)
            if "error" in answer:
                raise RuntimeError(f"{what}: {answer['error']}")
            if wanted(answer):
                return answer

    def size(self, width, height, touch=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=touch)

    def colours(self, scheme):
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, page, fragment=""):
        """Loads a file, and gives what went wrong in it and what it asked the network for."""
        self.call("Page.navigate", url="about:blank")
        self.events.clear()
        url = pathlib.Path(page).resolve().as_uri()
        self.call("Page.navigate", url=url + fragment)
        self.wait_for(lambda answer: answer.get("method") == "Page.loadEventFired", "load")
        until = time.monotonic() + SECONDS
        while not self.run("document.readyState === 'complete' && "
                           "(!document.getElementById('lanes') || !!window.wavetank)"):
            if time.monotonic() > until or self.wrong(url):
                return [*self.wrong(url), "the page is not ready"]
            self.frame()
        self.frame()
        return self.wrong(url)

    def wrong(self, url):
        wrong = []
        for event in self.events:
            parameters = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                details = parameters["exceptionDetails"]
                wrong.append(details.get("exception", {}).get("description", details["text"]))
            if event["method"] == "Log.entryAdded" and parameters["entry"]["level"] == "error":
                wrong.append(parameters["entry"]["text"])
            if event["method"] == "Network.requestWillBeSent":
                asked = parameters["request"]["url"]
                if asked.split("#")[0] != url and not asked.startswith("data:"):
                    wrong.append("asks for " + asked)
        return wrong

    def run(self, script):
        """The value of an expression in the page; promises are waited for."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description"))
        return answer["result"].get("value")

    def cpu_ms(self):
        """What the page's own thread has computed since the page was opened."""
        metrics = self.call("Performance.getMetrics")["metrics"]
        return 1000 * next(each["value"] for each in metrics if each["name"] == "TaskDuration")

    def frame(self):
        """Waits until what was asked for is drawn."""
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x, y):
        self.mouse("mouseMoved", x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button="left", clickCount=1)
        self.frame()

    def wheel(self, x, y, by):
        self.mouse("mouseWheel", x, y, deltaX=0, deltaY=by)
        self.frame()

    def drag(self, x, y, by):
        self.mouse("mouseMoved", x, y)
        self.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
        for part in (1, 2, 3, 4):
            self.mouse("mouseMoved", x + by * part / 4, y, button="left", buttons=1)
        self.mouse("mouseReleased", x + by, y, button="left", clickCount=1)
        self.frame()

    def key(self, key):
        text = key if len(key) == 1 else ""
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)
        self.frame()

    def type(self, selector, text):
        self.run(f"document.querySelector({json.dumps(selector)}).focus()")
        self.call("Input.insertText", text=text)
        self.frame()

    def screenshot(self, file, whole=False):
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        pathlib.Path(file).write_bytes(base64.b64decode(picture["data"]))
