"""A headless Chromium, spoken to by the DevTools protocol over two pipes: no
driver, no port, nothing but Debian's package `chromium`."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ("chromium", "google-chrome")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
         "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync",
         "--disable-extensions", "--hide-scrollbars", "--mute-audio",
         "--disable-dev-shm-usage", "--force-color-profile=srgb",
         "--lang=en-GB", "--remote-debugging-pipe"]
WAIT_S = 20


class BrowserError(Exception):
    """Chromium refused, threw or did not answer."""


def program():
    """The path of a Chromium, or None; a snap cannot be driven."""
    paths = filter(None, map(shutil.which, NAMES))
    return next((path for path in paths if os.path.basename(
        os.path.realpath(path)) != "snap"), None)


def high_pipe():
    """A pipe whose ends stay clear of the numbers 3 and 4."""
    return [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in os.pipe()]


class Browser:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        reads, self.to = high_pipe()
        self.back, writes = high_pipe()

        def take_pipes():
            os.dup2(reads, 3)
            os.dup2(writes, 4)

        # With a folder of fonts and settings of its own it looks the same for
        # whoever runs it.
        self.process = subprocess.Popen(
            [program(), *FLAGS, "--user-data-dir=" + self.folder.name,
             "about:blank"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=take_pipes, pass_fds=(3, 4),
            env={**os.environ, "HOME": self.folder.name})
        os.close(reads)
        os.close(writes)
        self.text, self.number, self.events = b"", 0, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.to)
        os.close(self.back)
        self.folder.cleanup()

    def read(self, until):
        """The next message; None when there is none in time."""
        while b"\0" not in self.text:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.back], [], [], left)[0]:
                return None
            more = os.read(self.back, 1 << 20)
            if not more:
                raise BrowserError("Chromium ended")
            self.text += more
        message, _, self.text = self.text.partition(b"\0")
        return json.loads(message)

    def call(self, method, session=None, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        until = time.monotonic() + WAIT_S
        while True:
            answer = self.read(until)
            if answer is None:
                raise BrowserError("no answer to " + method)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise BrowserError("%s: %s" % (method, answer["error"]))
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)

    def tab(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        return Tab(self, target, self.call(
            "Target.attachToTarget", flatten=True,
            targetId=target)["sessionId"])


KEYS = {"Enter": ("Enter", 13, "\r"), "Tab": ("Tab", 9, ""),
        "Escape": ("Escape", 27, ""), "Space": (" ", 32, " "),
        "ArrowUp": ("ArrowUp", 38, ""), "ArrowDown": ("ArrowDown", 40, ""),
        "ArrowLeft": ("ArrowLeft", 37, ""),
        "ArrowRight": ("ArrowRight", 39, ""), "Slash": ("/", 191, "/")}


class Tab:
    """One page. What went wrong in it is kept: see troubles()."""

    def __init__(self, browser, target, session):
        self.browser, self.target, self.session = browser, target, session
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
        self.browser.events = [event for event in self.browser.events
                               if event.get("sessionId") != self.session]

    def happened(self, *methods):
        """What the page was told since it is there, oldest first."""
        self.evaluate("0")
        return [event["params"] for event in self.browser.events
                if event.get("sessionId") == self.session
                and event["method"] in methods]

    def open(self, url):
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'")

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression,
                           returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise BrowserError("%s: %s" % (expression, json.dumps(
                answer["exceptionDetails"])[:600]))
        return answer["result"].get("value")

    def wait(self, expression, seconds=WAIT_S):
        """Until the expression is true."""
        until = time.monotonic() + seconds
        while True:
            if self.evaluate("!!(%s)" % expression):
                return
            if time.monotonic() > until:
                raise BrowserError("never true: " + expression)
            time.sleep(0.05)

    def press(self, name, shift=False):
        key, code, text = KEYS[name]
        common = {"key": key, "code": name, "windowsVirtualKeyCode": code,
                  "modifiers": 8 if shift else 0}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text
                  else "rawKeyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def resize(self, width, height, scale=1):
        self.call("Emulation.setDeviceMetricsOverride", width=width,
                  height=height, deviceScaleFactor=scale,
                  mobile=width < 640)

    def media(self, **features):
        """media(prefers_color_scheme="dark")"""
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": name.replace("_", "-"), "value": value}
            for name, value in features.items()])

    def picture(self, path, whole=False):
        data = self.call("Page.captureScreenshot", format="png",
                         captureBeyondViewport=whole)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def troubles(self):
        """Exceptions, console errors and what the browser logged as such."""
        found = [json.dumps(event["exceptionDetails"])[:400] for event in
                 self.happened("Runtime.exceptionThrown")]
        found += [json.dumps(event["args"])[:400] for event in
                  self.happened("Runtime.consoleAPICalled")
                  if event["type"] in ("error", "assert", "warning")]
        return found + ["%s %s" % (event["entry"]["text"],
                                   event["entry"].get("url", ""))
                        for event in self.happened("Log.entryAdded")
                        if event["entry"]["level"] in ("error", "warning")]

    def requests(self):
        return [event["request"]["url"] for event in
                self.happened("Network.requestWillBeSent")]
