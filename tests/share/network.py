"""A network of the tests' own: namespaces on one switch, for root.

Each namespace has a loopback and one address of a documentation network; no
way leads out.  It lasts as long as the process that holds it.
"""

import ctypes
import os
import subprocess
import threading

from process import Process, wait_for

CLONE_NEWNET = 0x40000000
NETWORKS = ("198.51.100.0/24", "203.0.113.0/24")


def possible():
    """Whether this machine lets us make namespaces."""
    return subprocess.run(["unshare", "-n", "ip", "link", "add", "one", "type",
                           "bridge"], check=False, capture_output=True
                          ).returncode == 0


class Namespace:
    def __init__(self, log):
        self.holder = Process(["unshare", "-n", "sleep", "infinity"], log)
        wait_for(self.apart, 10, "a namespace of its own")
        self.ip("link", "set", "lo", "up")

    def apart(self):
        own = os.readlink("/proc/self/ns/net")
        return os.readlink(f"/proc/{self.holder.pid}/ns/net") != own

    @property
    def enter(self):
        """What to write before a command."""
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "--"]

    def ip(self, *words):
        subprocess.run([*self.enter, "ip", *words], check=True,
                       capture_output=True, text=True)

    def call(self, function, *arguments):
        """What a function gives back that ran in there; sockets it opens
        stay there."""
        answer = []

        def work():
            with open(f"/proc/{self.holder.pid}/ns/net", "rb") as file:
                if ctypes.CDLL(None).setns(file.fileno(), CLONE_NEWNET) != 0:
                    answer.append(OSError("setns"))
                    return
            try:
                answer.append(function(*arguments))
            except Exception as failure:  # for who called
                answer.append(failure)
        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
        if isinstance(answer[0], Exception):
            raise answer[0]
        return answer[0]

    def cut(self, address):
        """What it sends to that address is lost, and nobody is told."""
        self.ip("route", "add", "blackhole", f"{address}/32")

    def mend(self, address):
        self.ip("route", "delete", "blackhole", f"{address}/32")

    def close(self):
        self.holder.kill()


class Network:
    """A switch; join() gives a host on it."""

    def __init__(self, folder, stack):
        self.log = f"{folder}/network.log"
        self.stack = stack
        self.switch = Namespace(self.log)
        stack.add(self.switch.close)
        self.switch.ip("link", "add", "switch", "type", "bridge")
        self.switch.ip("link", "set", "switch", "up")
        self.ports = 0

    def join(self, address):
        host = Namespace(self.log)
        self.stack.add(host.close)
        self.ports += 1
        port = f"port{self.ports}"
        self.switch.ip("link", "add", port, "type", "veth", "peer", "name",
                       "eth0", "netns", str(host.holder.pid))
        self.switch.ip("link", "set", port, "master", "switch", "up")
        host.ip("address", "add", f"{address}/32", "dev", "eth0")
        host.ip("link", "set", "eth0", "up")
        for network in NETWORKS:
            host.ip("route", "add", network, "dev", "eth0", "src", address)
        return host
