"""A proxy between kaisar and the network that does one bad thing to every exchange when it comes for the first time, and
carries it faithfully from then on: whoever keeps trying gets through, and meets the fault at every step of the way."""
import re
import socket
import struct
import threading
import time


def read_message(source):
    """One HTTP message as bytes: the header and as much body as Content-Length says; empty when the other side has closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = source.recv(65536)
        if not chunk:
            return data
        data += chunk
    header, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in header.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        chunk = source.recv(65536)
        if not chunk:
            break
        body += chunk
    return header + b"\r\n\r\n" + body


def reset(connection):
    """Closes so that the other side sees a reset instead of an end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


# What can happen to an exchange: each takes (client's connection, forward: () -> the true answer).
def refuse(client, forward):
    reset(client)


def lose_reply(client, forward):
    """The network has acted on the request, but nobody hears so."""
    forward()
    reset(client)


def close_inside_headers(client, forward):
    client.sendall(forward()[:40])


def cut_body(client, forward):
    answer = forward()
    client.sendall(answer[:max(answer.index(b"\r\n\r\n") + 4, len(answer) - 20)])


def flip_bit(client, forward):
    answer = bytearray(forward())
    place = answer.index(b"\r\n\r\n") + 4
    if place < len(answer):
        answer[place + (len(answer) - place) // 2] ^= 1
    client.sendall(answer)


def say_garbage(client, forward):
    client.sendall(b"\x00\xff\x16\x03garbage" * 50)


def say_html(client, forward):
    page = b"<html><h1>Welcome to the airport's wireless network</h1></html>"
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(page), page))


def say_empty(client, forward):
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def send_elsewhere(client, forward):
    client.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")


def be_unavailable(client, forward):
    client.sendall(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")


def never_end(client, forward):
    """An answer without end: the client must stop at its limit."""
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    try:
        while True:
            client.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")
    except OSError:
        pass


def drip(client, forward):
    """A byte every 50 ms: the client must give up at its time limit."""
    try:
        for byte in forward():
            client.sendall(bytes([byte]))
            time.sleep(0.05)
    except OSError:
        pass


def say_nothing(client, forward):
    client.settimeout(120)
    try:
        client.recv(1)
    except OSError:
        pass


FAULTS = [refuse, lose_reply, close_inside_headers, cut_body, flip_bit, say_garbage, say_html, say_empty, send_elsewhere,
          be_unavailable, never_end]
SLOW_FAULTS = [drip, say_nothing]


def kind_of(request):
    """The request's first line without the ids in it, so that a step counts as the same one in the next attempt."""
    return re.sub(r"[0-9a-f]{16,}|\d+", "*", request.split(b"\r\n")[0].decode(errors="replace"))


class Proxy:
    """Carries exchanges to a network, which names this proxy as its own address, and lets them meet a fault."""

    def __init__(self):
        self.network, self.lock = None, threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.meet(None)
        threading.Thread(target=self.accept, daemon=True).start()

    def meet(self, fault, always=False):
        """From now on every exchange meets this fault when it comes for the first time, or `always`."""
        with self.lock:
            self.fault, self.always, self.struck = fault, always, set()

    def strikes(self, request):
        kind = kind_of(request)
        with self.lock:
            first = kind not in self.struck
            self.struck.add(kind)
            return self.fault if first or self.always else None

    def accept(self):
        while True:
            threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()

    def forward(self, request):
        with socket.create_connection(("127.0.0.1", self.network.port), 60) as upstream:
            upstream.sendall(request)
            return read_message(upstream)

    def serve(self, client):
        with client:
            try:
                while request := read_message(client):
                    fault = self.strikes(request)
                    if fault:
                        fault(client, lambda: self.forward(request))
                        return
                    client.sendall(self.forward(request))
            except OSError:
                pass
