"""A room of its own for one command: no network but loopback, no parents, and
a small name server that answers it.

Started by room() below as `unshare ... nameserver.py FILE COMMAND...`, in new
network, mount and process namespaces; FILE holds what room() was told, as
JSON.  Nothing outside is touched, and all of it is gone with the command.
"""

import ctypes
import fcntl
import ipaddress
import json
import os
import socket
import struct
import subprocess
import sys
import threading

A, PTR, MX, TXT, AAAA = 1, 12, 15, 16, 28
SERVFAIL, NXDOMAIN = 2, 3
MS_BIND = 0x1000
IFF_UP, SIOCSIFFLAGS, SIOCSIFADDR = 1, 0x8914, 0x8916


def room(folder, zone, command, hidden=(), **how):
    """Run a command there.  `zone` maps a name to its records: a list of
    addresses and of "MX host", "PTR host" and "TXT text"; the word "garbage"
    stands for an answer that is none, "silence" for no answer, "servfail" for
    the server's failure; an address that the zone has for "own"
    is the room's besides loopback's.  `hidden` folders are empty there."""
    plan = f"{folder}/room.json"
    with open(plan, "w", encoding="utf-8") as file:
        json.dump({"zone": zone, "hidden": list(hidden),
                   "resolv": f"{folder}/resolv.conf"}, file)
    with open(f"{folder}/resolv.conf", "w", encoding="utf-8") as file:
        file.write("nameserver 127.0.0.1\n")
    return subprocess.run(
        ["/usr/bin/unshare", "-n", "-m", "-p", "--fork", "--mount-proc",
         "--kill-child", "--propagation", "private", "/usr/bin/python3", "-B",
         os.path.abspath(__file__), plan, *command],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        timeout=90, **how)


# ---- in the room ----

def mount(what, where, kind, flags):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(what.encode(), where.encode(), kind.encode(), flags, None):
        raise OSError(ctypes.get_errno(), f"mount {where}")


def raise_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS,
                    struct.pack("16sh", b"lo", IFF_UP))


def add_address(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFADDR, struct.pack(
            "16sHH4s8x", b"lo:1", socket.AF_INET, 0,
            socket.inet_aton(address)))


def encode(name):
    return b"".join(bytes([len(label)]) + label.encode()
                    for label in name.rstrip(".").split(".") if label) + b"\0"


def question(query):
    """Name and type that are asked for, and where the question ends."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    return ".".join(labels).lower(), struct.unpack(
        ">H", query[at + 1:at + 3])[0], at + 5


def data(record):
    """Type and bytes of a record as the zone writes it."""
    if record.startswith("MX "):
        return MX, struct.pack(">H", 10) + encode(record[3:])
    if record.startswith("PTR "):
        return PTR, encode(record[4:])
    if record.startswith("TXT "):
        text = record[4:].encode()
        return TXT, b"".join(
            bytes([len(text[at:at + 255])]) + text[at:at + 255]
            for at in range(0, len(text), 255))
    address = ipaddress.ip_address(record)
    return (A if address.version == 4 else AAAA), address.packed


def answer(zone, query):
    name, kind, end = question(query)
    records = zone.get(name)
    if records == "silence":
        return None
    if records == "garbage":
        # It promises an answer whose name points at itself.
        return (query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:end]
                + bytes([0xc0, end, 0, kind, 0, 1]))
    found = [] if records == "servfail" else [
        data(record) for record in records or ()]
    found = [payload for its_kind, payload in found if its_kind == kind]
    code = {None: NXDOMAIN, "servfail": SERVFAIL}.get(
        records if not isinstance(records, list) else "", 0)
    head = query[:2] + struct.pack(
        ">HHHHH", 0x8180 | code, 1, len(found), 0, 0)
    return head + query[12:end] + b"".join(
        b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(payload)) + payload
        for payload in found)


def serve(server, zone):
    while True:
        query, client = server.recvfrom(4096)
        reply = answer(zone, query)
        if reply is not None:
            server.sendto(reply, client)


def start(zone):
    """Serve `zone`, which may change, from a port of loopback until the
    process ends; gives back the port."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(server, zone), daemon=True).start()
    return server.getsockname()[1]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        plan = json.load(file)
    raise_loopback()
    for address in plan["zone"].get("own", ()):
        add_address(address)
    mount(plan["resolv"], os.path.realpath("/etc/resolv.conf"), "", MS_BIND)
    for folder in plan["hidden"]:
        mount("none", folder, "tmpfs", 0)
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    threading.Thread(target=serve, args=(server, plan["zone"]),
                     daemon=True).start()
    sys.exit(subprocess.run(sys.argv[2:], check=False).returncode)


if __name__ == "__main__":
    main()
