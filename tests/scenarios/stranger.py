#!/usr/bin/env python3
"""stranger.py WAVETANK: a cluster of real processes with a secret, and one who has found its ports.

Speaks the protocol by platform/WIRE.md alone: so with the secret it is answered, and without it gets
nothing from the store, the driver or a worker, whatever it sends.
"""
import concurrent.futures
import hashlib
import hmac
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

WAVETANK = os.path.realpath(sys.argv[1])
BOUND_S = 60
HELLO, HEARTBEAT, MESSAGE, CREDIT, END = 0x4B4E5457, 1, 2, 3, 4
CLIENT_HELLO, SERVER_HELLO, PROOF, WELCOME, REFUSAL = 1, 2, 3, 4, 5
SECRET = b"known to the processes of this test's cluster"

CRC_TABLE = []
for byte in range(256):
    for _ in range(8):
        byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
    CRC_TABLE.append(byte)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def frame(kind, body=b"", claimed=None):
    head = struct.pack("<IIII", kind, len(body) if claimed is None else claimed, 0, crc32c(body))
    return head + struct.pack("<I", crc32c(head)) + body


def hello(nonce, node=b"m/stranger/n", authentication=1, features=(), versions=(2, 2)):
    body = b"WTNK" + struct.pack("<BHHB", CLIENT_HELLO, *versions, authentication) + nonce
    body += struct.pack("<QH", 7, len(node)) + node + struct.pack("<H", len(features))
    for name, required in features:
        body += struct.pack("<BH", required, len(name)) + name
    return body


def request(number, method, body):
    return struct.pack("<BBBBQIQQQI", 1, 0, 0, 0, number, 5000, 99, len(body), 0,
                       len(method)) + method + body


def field(number, data):  # of a protobuf message, shorter than 128 bytes
    return bytes([number << 3 | 2, len(data)]) + data


CREATE = request(1, b"store.create", field(1, b"planted") + field(
    2, field(1, b"evil") + bytes([2 << 3 | 5]) + struct.pack("<I", crc32c(b"evil"))))
REMOVE = request(2, b"store.remove", field(1, b"kept"))


class Stranger:
    """One connection. Closed: the peer has had enough."""

    def __init__(self, port, version=b"2"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=BOUND_S)
        self.buffer = b""
        self.said = []
        self.raw(frame(HELLO, version) + frame(CREDIT, struct.pack("<Q", 1 << 20)))

    def raw(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass  # closed meanwhile, which hear() finds

    def say(self, body):
        self.said.append(body)
        self.raw(frame(MESSAGE, body))

    def hear(self, heartbeats=True):
        """The next message, or None at the end."""
        end = time.monotonic() + BOUND_S
        while time.monotonic() < end:
            while len(self.buffer) >= 20:
                kind, size = struct.unpack_from("<II", self.buffer)
                if len(self.buffer) < 20 + size:
                    break
                body, self.buffer = self.buffer[20:20 + size], self.buffer[20 + size:]
                if kind == MESSAGE:
                    return body
                if kind == END:
                    return None
            self.socket.settimeout(0.3)
            try:
                data = self.socket.recv(1 << 16)
            except socket.timeout:
                if heartbeats:
                    self.raw(frame(HEARTBEAT))
                continue
            except OSError:
                return None
            if not data:
                return None
            self.buffer += data
        sys.exit("FAILED: neither answered nor cut off in %d s" % BOUND_S)

    def shake(self, secret, **claims):
        """The handshake; what the server said last."""
        own = hello(os.urandom(32), authentication=1 if secret else 0, **claims)
        self.say(own)
        answer = self.hear()
        if answer is None or answer[4] != SERVER_HELLO:
            return answer
        covered = b""
        for message in (own, answer):
            covered += struct.pack("<I", len(message)) + message
        proof = hmac.new(secret, b"wavetank client" + covered, hashlib.sha256).digest()
        self.say(b"WTNK" + bytes([PROOF]) + (proof if secret else b""))
        welcome = self.hear()
        if welcome is not None and welcome[4] == WELCOME:
            check(welcome[5:] == hmac.new(secret, b"wavetank server" + covered,
                                          hashlib.sha256).digest(), "the server proves itself too")
        return welcome


def check(holds, what):
    if not holds:
        sys.exit("FAILED: " + what)


def refused(answer, *words):
    check(answer is not None and answer[4] == REFUSAL, "a refusal, not %r" % answer)
    for word in words:
        check(word in answer, "%r in the refusal %r" % (word, answer))


class Cluster:
    def __init__(self):
        self.folder = tempfile.mkdtemp()
        os.makedirs(self.folder + "/root/in")
        with open(self.folder + "/root/kept", "w") as kept:
            kept.write("kept")
        self.secret_file = self.folder + "/secret"
        with open(os.open(self.secret_file, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as secret:
            secret.write(SECRET + b"\n")
        self.processes = []
        self.ports = {}
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
        for name, taken in zip(("store", "driver", "worker"), sockets):
            self.ports[name] = taken.getsockname()[1]
            taken.close()
        at = {name: "127.0.0.1:%d" % port for name, port in self.ports.items()}
        job = ["word_count", "--input=in", "--output=out", "--checkpoint=ck", "--store=" + at["store"]]
        self.start("store", ["store", "--root=" + self.folder + "/root", "--memory=64MiB"])
        self.start("driver", job + ["--as=driver"])
        self.start("worker", job + ["--as=worker", "--driver=" + at["driver"]])

    def start(self, name, arguments):
        log = open(self.folder + "/" + name + ".log", "wb")
        self.processes.append(subprocess.Popen(
            [WAVETANK, "start"] + arguments + ["--address=127.0.0.1:%d" % self.ports[name],
                                               "--secret-file=" + self.secret_file],
            stdout=log, stderr=log))

    def await_counted(self, word):
        end = time.monotonic() + BOUND_S
        while time.monotonic() < end:
            for part in os.listdir(self.folder + "/root/out") if os.path.isdir(
                    self.folder + "/root/out") else []:
                if part.startswith("part-"):
                    with open(self.folder + "/root/out/" + part) as rows:
                        if word in rows.read():
                            return
            time.sleep(0.05)
        sys.exit("FAILED: the cluster does not count: " + self.logs())

    def logs(self):
        text = ""
        for name in self.ports:
            with open(self.folder + "/" + name + ".log") as log:
                text += "== " + name + "\n" + log.read()[-2000:]
        return text

    def peak_bytes(self):
        with open("/proc/%d/status" % self.processes[0].pid) as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024

    def stop(self):
        for process in self.processes:
            process.send_signal(signal.SIGKILL)
            process.wait()
        shutil.rmtree(self.folder)


def give(cluster, name, text):
    with open(cluster.folder + "/root/in/.new", "w") as new:
        new.write(text)
    os.rename(cluster.folder + "/root/in/.new", cluster.folder + "/root/in/" + name)


def knock(cluster, name):
    """Everything that a stranger may try at one port."""
    port = cluster.ports[name]
    # Straight to the point.
    stranger = Stranger(port)
    stranger.say(CREATE)
    stranger.say(REMOVE)
    while True:  # a refusal, and the end
        answer = stranger.hear()
        if answer is None:
            break
        refused(answer)
    # Without a secret, with another, and with what a server might believe.
    refused(Stranger(port).shake(b""), b"has no secret", b"the same secret file")
    refused(Stranger(port).shake(b"another secret of some length"), b"does not know")
    refused(Stranger(port).shake(SECRET, features=[(b"teleport", 1)]), b'"teleport"')
    refused(Stranger(port).shake(SECRET, versions=(3, 9)), b"versions 3 to 9")
    # With what another said.
    known = Stranger(port)
    check(known.shake(SECRET, features=[(b"hover", 0)])[4] == WELCOME, "who knows is welcome")
    again = Stranger(port)
    for body in known.said:
        again.say(body)
    check(again.hear()[4] == SERVER_HELLO, "a hello may be said again")
    refused(again.hear(), b"does not know")
    # With what the server itself said.
    mirror = Stranger(port)
    mirror.say(hello(os.urandom(32)))
    echo = bytearray(mirror.hear())
    echo[4] = CLIENT_HELLO
    refused_mirror = Stranger(port)
    refused_mirror.say(bytes(echo))
    refused(refused_mirror.hear(), b"mirrors")
    # Cut short, too long, damaged, too large, of the release before.
    whole = hello(os.urandom(32))
    for body in (whole[:4], whole[:20], whole[:-1], whole + bytes(5000), b""):
        bad = Stranger(port)
        bad.say(body)
        answer = bad.hear()
        check(answer is None or answer[4] == REFUSAL, "no beginning of a hello is one")
    damaged = Stranger(port)
    damaged.raw(frame(MESSAGE, whole)[:-1] + b"?")
    check(damaged.hear() is None, "damaged frames end a connection")
    large = Stranger(port)
    large.raw(frame(MESSAGE, b"", claimed=200 << 20) + bytes(100000))
    check(large.hear() is None, "frames beyond the limit end a connection")
    older = Stranger(port, version=b"1")
    older.say(CREATE)
    check(older.hear() is None, "the release before is refused")
    # Not at all: alive, and silent.
    began = time.monotonic()
    check(Stranger(port).hear() is None, "silence ends a connection")
    check(time.monotonic() - began < 30, "in time")


def main():
    cluster = Cluster()
    try:
        give(cluster, "a", "before\n")
        cluster.await_counted("before")
        with concurrent.futures.ThreadPoolExecutor(len(cluster.ports)) as strangers:
            # Also raises what a thread has.
            list(strangers.map(lambda name: knock(cluster, name), cluster.ports))
        give(cluster, "b", "after\n")
        cluster.await_counted("after")
        check(os.path.exists(cluster.folder + "/root/kept"), "nothing was removed")
        check(not os.path.exists(cluster.folder + "/root/planted"), "nothing was made")

        friend = Stranger(cluster.ports["store"])
        check(friend.shake(SECRET)[4] == WELCOME, "who knows is welcome")
        friend.say(CREATE)
        friend.hear()
        check(os.path.exists(cluster.folder + "/root/planted"), "and served")

        peak = cluster.peak_bytes()
        check(peak <= 64 * 1024 * 1024 * 1.1, "%d bytes at most in memory" % peak)
    finally:
        logs = cluster.logs()
        cluster.stop()
        if sys.exc_info()[0] is not None:
            print(logs)

    for role in (["store", "--address=0.0.0.0:0"],
                 ["word_count", "--input=i", "--output=o", "--checkpoint=c", "--as=driver",
                  "--address=127.0.0.1:1", "--store=192.0.2.1:7"]):
        beyond = subprocess.run([WAVETANK, "start"] + role, capture_output=True, timeout=BOUND_S,
                                cwd=tempfile.gettempdir(), check=False)
        check(beyond.returncode == 2, "refused with 2, not %d" % beyond.returncode)
        check(b"--secret-file" in beyond.stderr, "%r says what to do" % beyond.stderr)
    print("nothing for strangers, %d KiB at most in the store's memory" % (peak >> 10))


main()
