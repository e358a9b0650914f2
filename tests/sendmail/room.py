"""A network, a host name and a /etc of their own for the tests that follow.

The clients have addresses that are nobody's: every one of the networks below
is reached, and can be come from, over loopback, and none of them is an
address of the host's own, which would never be banned.  All of it is gone
with the process; nothing outside is touched.
"""

import ctypes
import os
import shutil
import socket
import subprocess
import threading

import nameserver

NETWORKS = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",
            "2001:db8::/32")
NAME = "mx.example.test"
NODES = ("null", "zero", "full", "random", "urandom", "tty")

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWNET = 0x20000, 0x4000000, 0x40000000
MS_REC, MS_PRIVATE, MS_MOVE = 0x4000, 0x40000, 0x2000


def enter(zone):
    """Move this process there, and serve names as nameserver.py does."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")
    nameserver.mount("none", "/", "", MS_REC | MS_PRIVATE)
    socket.sethostname(NAME)
    nameserver.raise_loopback()
    for network in NETWORKS:
        subprocess.run(
            ["/usr/sbin/ip", "-6" if ":" in network else "-4", "route", "add",
             "local", network, "dev", "lo"], check=True)
    own_folders()
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    threading.Thread(target=nameserver.serve, args=(server, zone),
                     daemon=True).start()


def own_folders():
    """In memory: /etc as a copy, /dev with the least that is needed, and what
    a mail server writes to empty."""
    for folder in ("/etc", "/dev"):
        new = "/mnt"
        nameserver.mount("none", new, "tmpfs", 0)
        os.chmod(new, 0o755)
        if folder == "/etc":
            shutil.copytree(folder, new, symlinks=True, dirs_exist_ok=True,
                            copy_function=copy)
        else:
            subprocess.run(
                ["/bin/cp", "-a", *(f"/dev/{name}" for name in NODES), new],
                check=True)
            os.symlink("/proc/self/fd", f"{new}/fd")
        nameserver.mount(new, folder, "", MS_MOVE)
    for folder in ("/run", "/var/spool/mqueue", "/var/spool/mail"):
        status = os.stat(folder)
        nameserver.mount("none", folder, "tmpfs", 0)
        os.chown(folder, status.st_uid, status.st_gid)
        os.chmod(folder, status.st_mode & 0o7777)
    for path, text in (("/etc/resolv.conf", "nameserver 127.0.0.1\n"
         "options timeout:1 attempts:1\n"),
                       ("/etc/hosts", f"127.0.0.1 {NAME} mx localhost\n"
                                      "::1 localhost\n")):
        if os.path.lexists(path):
            os.remove(path)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)


def copy(source, target):
    shutil.copy2(source, target)
    status = os.stat(source)
    os.chown(target, status.st_uid, status.st_gid)
