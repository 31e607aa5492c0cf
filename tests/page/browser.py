"""Chromium without a window, spoken to over two pipes (DevTools protocol, messages ended by a zero byte)."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe"]


def find_chromium():
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    """One page, with all that it asked for and all that its console said."""

    def __init__(self, limit_s=60):
        self.deadline = time.monotonic() + limit_s
        self.profile = tempfile.mkdtemp(prefix="kaisar-browser-")
        to_read, self.to_write = os.pipe()
        self.to_hear, to_say = os.pipe()

        def take_pipes():
            # The browser reads descriptor 3 and writes 4; ours may have these numbers already.
            spare_read, spare_say = os.dup(to_read), os.dup(to_say)
            os.dup2(spare_read, 3)
            os.dup2(spare_say, 4)

        self.process = subprocess.Popen([find_chromium(), *FLAGS, f"--user-data-dir={self.profile}"], preexec_fn=take_pipes,
                                        close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(to_read)
        os.close(to_say)
        self.heard, self.next_id, self.events = b"", 1, []
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        self.session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.call(domain + ".enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self.process.pid, 9)
        except ProcessLookupError:
            pass
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self):
        while b"\0" not in self.heard:
            ready, _, _ = select.select([self.to_hear], [], [], max(0.0, self.deadline - time.monotonic()))
            if not ready:
                raise TimeoutError("the browser was silent")
            part = os.read(self.to_hear, 1 << 20)
            if not part:
                raise RuntimeError("the browser ended")
            self.heard += part
        text, _, self.heard = self.heard.partition(b"\0")
        return json.loads(text)

    def call(self, method, parameters=None):
        number, self.next_id = self.next_id, self.next_id + 1
        request = {"id": number, "method": method, "params": parameters or {}}
        if hasattr(self, "session"):
            request["sessionId"] = self.session
        os.write(self.to_write, json.dumps(request).encode() + b"\0")
        while True:
            message = self.message()
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def wait_for(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.message())

    def open(self, path, width, height, scheme="light"):
        self.events = []
        self.call("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self.call("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        self.call("Page.navigate", {"url": f"file://{path}"})
        self.wait_for("Page.loadEventFired")

    def evaluate(self, script):
        answer = self.call("Runtime.evaluate", {"expression": script, "returnByValue": True})
        return answer["result"].get("value")

    def screenshot(self, file):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        shot = self.call("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True,
                                                    "clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}})
        data = base64.b64decode(shot["data"])
        with open(file, "wb") as out:
            out.write(data)
        return data

    def requests(self):
        return [event["params"]["request"]["url"] for event in self.events if event.get("method") == "Network.requestWillBeSent"]

    def complaints(self):
        said = []
        for event in self.events:
            if event.get("method") == "Log.entryAdded":
                said.append(event["params"]["entry"]["text"])
            elif event.get("method") == "Runtime.exceptionThrown":
                said.append(event["params"]["exceptionDetails"]["text"])
            elif event.get("method") == "Runtime.consoleAPICalled":
                said.append(str(event["params"]["args"]))
        return said
