"""kaisar-network as a server: limits, slow clients, held requests, TLS, stopping. Real sockets, the real program."""
import email.utils
import http.client
import json
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from processes import Network, environment
from tap import case, main



class House:
    """A network of its own for a case."""

    def __init__(self, *options, params="devnet"):
        self.folder = tempfile.TemporaryDirectory(prefix="kaisar-network-")
        self.network = Network(self.folder.name, *options, params=params)

    def __enter__(self):
        return self.network

    def __exit__(self, *_):
        self.network.stop()
        self.folder.cleanup()


def request(network, method, target, body=None, headers=None, limit_s=40):
    connection = http.client.HTTPConnection("127.0.0.1", network.port, timeout=limit_s)
    try:
        connection.request(method, target, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer
    finally:
        connection.close()


def code_of(body):
    return json.loads(body)["error"]["code"]


def serve(*options):
    """Runs serve expecting it to end at once; returns the finished process."""
    with tempfile.TemporaryDirectory(prefix="kaisar-network-") as home:
        return serve_in(home, *options)


def serve_in(home, *options):
    command = ["kaisar-network", "serve", "--data-dir", f"{home}/network", "--json", *options]
    return subprocess.run(command, capture_output=True, text=True, env=environment(pathlib.Path(home)), timeout=20)


@case("is ready in well under a second, says so in one line, and ends with 0 on SIGTERM")
def _():
    started = time.monotonic()
    with House() as network:
        ready_after = time.monotonic() - started
        assert ready_after < 1, f"ready after {ready_after:.2f} s"
        status, body, answer = request(network, "GET", "/v1/health")
        assert status == 200 and json.loads(body)["status"] == "ok", body
        dated = email.utils.parsedate_to_datetime(answer.getheader("Date"))
        assert abs(dated.timestamp() - time.time()) < 2, answer.getheader("Date")
        assert abs(json.loads(body)["now_us"] / 1e6 - time.time()) < 2
        profile = json.loads(network.profile.read_text())
        assert profile["portal_url"] == network.url and profile["params_name"] == "devnet", profile
        network.process.send_signal(signal.SIGTERM)
        rest, _ = network.process.communicate(timeout=10)
        assert network.process.returncode == 0 and rest == "", (network.process.returncode, rest)


@case("answers what is in flight before it ends: a held request is told to come back")
def _():
    with House(params="default") as network:
        epoch, slot = divmod(int(time.time()), 86400)[0], (int(time.time()) % 86400) // 300
        slot += 1 if time.time() % 300 < 240 else 2
        target = f"/popw/v1/beacon/{epoch + slot // 288}/{slot % 288}/A"
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(request(network, "GET", target)))
        waiting.start()
        time.sleep(0.5)
        assert not answers, "the beacon was not held"
        started = time.monotonic()
        assert network.stop() == 0
        waiting.join(5)
        assert time.monotonic() - started < 3, "a held request delayed the end"
        assert answers and answers[0][0] == 503 and answers[0][2].getheader("Retry-After"), answers


@case("a beacon that is asked for early comes at its moment")
def _():
    with House() as network:
        now = time.time()
        slot_number = int(now // 20) + 1
        epoch, slot = divmod(slot_number, 15)
        t0 = slot_number * 20 + 2
        status, body, _ = request(network, "GET", f"/popw/v1/beacon/{epoch}/{slot}/A")
        late = time.time() - t0
        assert status == 200 and len(body) == 240, (status, len(body))
        assert 0 <= late < 0.5, f"came {late:.3f} s after T0"


@case("headers, JSON bodies and PoPW bodies over their limits are refused with their codes")
def _():
    with House() as network:
        for method, target, size, headers, expected in (
                ("POST", "/v1/workers", (1 << 20) + 1, {}, 413), ("POST", "/popw/v1/mark", 262_145, {}, 413),
                ("GET", "/v1/health", 0, {"X-Long": "a" * 9000}, 431)):
            status, body, _ = request(network, method, target, b"x" * size if size else None, headers)
            assert status == expected and code_of(body) == "too-large", (target, status, body)
        status, body, _ = request(network, "POST", "/popw/v1/mark", b"x" * 262_144)
        assert status == 400 and code_of(body) == "malformed", (status, body)
        status, body, _ = request(network, "POST", "/v1/workers", b"x" * (1 << 20))
        assert status == 401, (status, body)


@case("a body of unknown length is cut off at the limit")
def _():
    with House() as network:
        client = socket.create_connection(("127.0.0.1", network.port), timeout=10)
        client.sendall(b"POST /popw/v1/proof HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        sent = 0
        try:
            for _ in range(64):
                client.sendall(b"4000\r\n" + b"z" * 0x4000 + b"\r\n")
                sent += 0x4000
        except OSError:
            pass
        answer = client.recv(4096)
        assert b" 413 " in answer.split(b"\r\n")[0], answer
        client.close()


@case("what is not HTTP gets 400, and half a request gets nothing")
def _():
    with House() as network:
        for garbage in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"GET\r\n\r\n", b"\0" * 100 + b"\r\n\r\n"):
            client = socket.create_connection(("127.0.0.1", network.port), timeout=10)
            client.sendall(garbage)
            answer = client.recv(4096)
            assert answer.startswith(b"HTTP/1.1 400 "), (garbage, answer)
            client.close()
        client = socket.create_connection(("127.0.0.1", network.port), timeout=10)
        client.sendall(b"GET /v1/health HT")
        client.shutdown(socket.SHUT_WR)
        assert client.recv(4096) == b""
        assert request(network, "GET", "/v1/health")[0] == 200


@case("one connection serves many requests, in order, also when they come together")
def _():
    with House() as network:
        client = socket.create_connection(("127.0.0.1", network.port), timeout=10)
        client.sendall(b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n"
                       b"GET /v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := client.recv(65536):
            answer += piece
        lines = [line for line in answer.split(b"\r\n") if b"HTTP/1.1" in line]
        assert [line[line.index(b"HTTP/1.1"):][9:12] for line in lines] == [b"200", b"404", b"200"], answer


@case("hundreds of clients that drip bytes do not delay the others")
def _():
    with House("--rate", "0") as network:
        slow = []
        for _ in range(600):
            client = socket.create_connection(("127.0.0.1", network.port), timeout=10)
            client.sendall(b"POST /v1/workers HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{")
            slow.append(client)
        times = []
        for turn in range(200):
            slow[turn].sendall(b" ")
            started = time.monotonic()
            assert request(network, "GET", "/v1/health")[0] == 200
            times.append(time.monotonic() - started)
        times.sort()
        assert times[len(times) // 2] < 0.05 and times[-2] < 0.5, f"median {times[len(times) // 2]:.3f} s, worst {times[-1]:.3f} s"
        for client in slow:
            client.close()


@case("one address cannot hold all connections")
def _():
    with House("--rate", "0") as network:
        clients = [socket.create_connection(("127.0.0.1", network.port), timeout=10) for _ in range(1100)]
        time.sleep(0.5)
        closed = 0
        for client in clients:
            client.setblocking(False)
            try:
                closed += client.recv(1) == b""
            except BlockingIOError:
                pass
            except ConnectionResetError:
                closed += 1
        assert closed == 1100 - 1024, f"{closed} connections were closed"
        for client in clients:
            client.close()
        time.sleep(0.2)
        assert request(network, "GET", "/v1/health")[0] == 200


@case("an address over its rate is told when to come back")
def _():
    with House("--rate", "5") as network:
        answers = [request(network, "GET", "/v1/health") for _ in range(70)]
        refused = [answer for answer in answers if answer[0] == 429]
        assert len(refused) >= 10, f"{len(refused)} refused"
        assert code_of(refused[0][1]) == "rate-limited" and refused[0][2].getheader("Retry-After") == "1"
        time.sleep(1.1)
        assert request(network, "GET", "/v1/health")[0] == 200


@case("HEAD has the length and no body")
def _():
    with House() as network:
        status, body, answer = request(network, "HEAD", "/v1/nothing")
        assert status == 404 and body == b"" and int(answer.getheader("Content-Length")) > 0


@case("plain HTTP is for loopback: elsewhere a certificate is required, and with it TLS is spoken")
def _():
    done = serve("--listen", "0.0.0.0:0")
    assert done.returncode == 2 and "--tls-cert" in done.stderr, done
    with tempfile.TemporaryDirectory(prefix="kaisar-network-") as home:
        certificate, key = f"{home}/cert.pem", f"{home}/key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        done = serve_in(home, "--listen", "127.0.0.1:0", "--tls-cert", certificate)
        assert done.returncode == 2 and "--tls-key" in done.stderr, done
        done = serve_in(home, "--listen", "127.0.0.1:0", "--tls-cert", certificate, "--tls-key", certificate)
        assert done.returncode == 3 and "--tls-key" in done.stderr, done
        network = Network(home, "--tls-cert", certificate, "--tls-key", key)
        try:
            assert network.url.startswith("https://"), network.url
            trust = ssl.create_default_context(cafile=certificate)
            for _ in range(2):
                connection = http.client.HTTPSConnection("127.0.0.1", network.port, timeout=10, context=trust)
                connection.request("GET", "/v1/health")
                assert connection.getresponse().status == 200
                connection.close()
            plain = socket.create_connection(("127.0.0.1", network.port), timeout=10)
            plain.sendall(b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
            try:
                assert not plain.recv(4096).startswith(b"HTTP/"), "plain HTTP was answered on the TLS port"
            except ConnectionResetError:
                pass
            plain.close()
        finally:
            assert network.stop() == 0


@case("what cannot be served is refused with its exit code, naming the option")
def _():
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    for options, code, word in ((["--listen", f"127.0.0.1:{port}"], 3, "--listen"), (["--listen", "nonsense"], 2, "--listen"),
                                (["--listen", "127.0.0.1:99999"], 2, "--listen"), (["--store", "postgres://x"], 2, "--store"),
                                (["--chain", "nonsense"], 2, "--chain"), (["--chain", "evm:http://x"], 2, "--account"), (["--params", "nonsense"], 2, "--params"),
                                (["--points", "nonsense"], 2, "--points"), (["--role", "checker"], 2, "--role"),
                                (["--checkers", "0"], 2, "--checkers"), (["--checkers", "65"], 2, "--checkers"),
                                (["--checkers", "3", "--committee", "4"], 2, "--committee"), (["--planted", "101"], 2, "--planted"),
                                (["--public-url", "ftp://x"], 2, "--public-url"),
                                (["--nonsense"], 2, "--nonsense")):
        done = serve(*options)
        assert done.returncode == code and word in done.stderr, (options, done)
        failure = json.loads(done.stdout)
        assert failure["schema"] == "kaisar.error/1" and failure["error"]["code"] == code, failure
    taken.close()


@case("one data directory has one server, and keeps the constants that it was begun with")
def _():
    with House() as network:
        home = str(network.folder)
        done = serve_in(home, "--listen", "127.0.0.1:0")
        assert done.returncode == 3 and "another kaisar-network" in done.stderr, done
        network.stop()
        done = serve_in(home, "--listen", "127.0.0.1:0", "--params", "default")
        assert done.returncode == 2 and "begun with devnet" in done.stderr, done
        network.command = [word for word in network.command if word not in ("--params", "devnet")]
        network.start()
        assert json.loads(network.profile.read_text())["params_name"] == "devnet"


@case("keys that others may read are not used")
def _():
    with House() as network:
        network.stop()
        keys = network.folder / "network" / "network.keys"
        assert keys.stat().st_mode & 0o077 == 0
        keys.chmod(0o644)
        done = serve_in(str(network.folder), "--listen", "127.0.0.1:0")
        assert done.returncode == 3 and "chmod" in done.stderr, done
        keys.chmod(0o600)
        network.start()


main()
