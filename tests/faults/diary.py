"""Real journal files, written by systemd-journal-remote."""

import subprocess
import uuid

from watchman import message

REMOTE = "/lib/systemd/systemd-journal-remote"
DROPPED = "a596d6fe7bfa4994828e72309e95d61e"
UNIT = "postfix@-.service"
BOOT = uuid.UUID(int=0xb007).hex
SEQUENCE = uuid.UUID(int=0x5e9).hex
MACHINE = uuid.UUID(int=0x3ac).hex


class Diary:
    """Entries get numbers and times one after another."""

    def __init__(self, start=1_795_000_000):
        self.number = 0
        self.start = start

    def entry(self, text, unit=UNIT, tag="postfix/submission/smtpd", **more):
        self.number += 1
        moment = (self.start + self.number) * 1_000_000
        fields = {
            "__CURSOR": (f"s={SEQUENCE};i={self.number:x};b={BOOT};"
                         f"m={self.number * 1_000_000:x};t={moment:x};"
                         f"x={self.number:x}"),
            "__REALTIME_TIMESTAMP": moment,
            "__MONOTONIC_TIMESTAMP": self.number * 1_000_000,
            "_BOOT_ID": BOOT,
            "_MACHINE_ID": MACHINE,
            "_HOSTNAME": "mx",
            "_TRANSPORT": "syslog",
            "PRIORITY": 4,
            "SYSLOG_IDENTIFIER": tag,
            "SYSLOG_PID": 4711,
            "_PID": 4711,
            "_SYSTEMD_UNIT": unit,
            "MESSAGE": text,
            **more}
        return "".join(f"{name}={value}\n"
                       for name, value in fields.items()
                       if value is not None) + "\n"

    def offences(self, numbers, **more):
        return "".join(self.entry(message(number), **more)
                       for number in numbers)

    def suppressed(self, count, unit=UNIT):
        return self.entry(
            f"Suppressed {count} messages from {unit}",
            unit="systemd-journald.service", tag="systemd-journald",
            _TRANSPORT="driver", MESSAGE_ID=DROPPED, N_DROPPED=count)


def write_journal(path, entries):
    """Make a journal file, or append to it."""
    subprocess.run([REMOTE, "-o", path, "-"], check=True, capture_output=True,
                   input=entries.encode(errors="surrogateescape"))
