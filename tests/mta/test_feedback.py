"""Postfix hands reports of feedback loops to videur-feedback."""

import os
import subprocess
from email.utils import formatdate

import pytest

from house import build
from postfix import postconf
from process import own, wait_for, write
from smtp import deliver

REPORT = """From: fbl@provider.example
To: {to}
Date: {now}
Message-ID: <{address}@provider.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

A complaint.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Provider/1.0
Version: 1
Source-IP: {address}
Arrival-Date: {now}
--b
Content-Type: message/rfc822

Subject: news

text
--b--
"""
COMMAND = "user4711@example.test"  # by pipe(8)
ALIAS = "user4712@example.test"    # by local(8), which puts "From " before it


@pytest.fixture
def mail(light):
    """Gives a report to Postfix, for one of the two."""
    etc = light.postfix.etc
    program = f"{build()}/videur-feedback"
    write(f"{etc}/transport", f"{COMMAND} feedback:\n{ALIAS} local:\n")
    write(f"{etc}/aliases",
          f'user4712 "|{program} -c {light.house.conf}"\n')
    postconf(etc, "-M", "feedback/unix=feedback unix - n n - 1 pipe flags=R"
             f" user=nobody argv={program} -c {light.house.conf}")
    postconf(etc, "-M", "local/unix=local unix - n n - - local")
    postconf(etc, "-e", f"transport_maps = texthash:{etc}/transport",
             f"alias_maps = texthash:{etc}/aliases")
    light.postfix.reload()

    def send(to, address):
        assert deliver(light.mx, "198.51.100.77", REPORT.format(
            to=to, address=address, now=formatdate()),
            recipient=to).code == 250
    return send


def told(light, to, what):
    def lines():
        return [line for line in light.postfix.lines()
                if f"to=<{to}>" in line and what in line]
    return wait_for(lines, 30, f"{to}: {what}")


@pytest.mark.parametrize("to", [COMMAND, ALIAS], ids=["pipe", "alias"])
def test_a_report_is_counted_and_kept_while_it_cannot_be(
        light, mail, fresh, to):
    first, second = fresh(), fresh()
    mail(to, first)
    told(light, to, "status=sent")
    light.house.expect(first, {"complaint": 1})
    kept = f"{light.house.database}.kept"
    for end in ("", "-wal", "-shm"):
        if os.path.exists(light.house.database + end):
            os.rename(light.house.database + end, kept + end)
    write(light.house.database, "no database" * 1000)
    own(light.house.database, "nobody")
    mail(to, second)
    line = told(light, to, "status=deferred")[-1]
    assert "what was not counted can be read again" in line
    for end in ("", "-wal", "-shm"):
        if os.path.exists(kept + end):
            os.rename(kept + end, light.house.database + end)
    subprocess.run(["/usr/sbin/postqueue", "-c", light.postfix.etc, "-f"],
                   check=True, timeout=60)
    light.house.expect(second, {"complaint": 1})
    light.house.expect(first, {"complaint": 1})


def test_what_is_no_report_is_not_returned(light, mail):
    """Nothing goes back to a sender that may be forged."""
    assert deliver(light.mx, "198.51.100.77", "Subject: hello\n\nhello\n",
                   recipient=COMMAND).code == 250
    told(light, COMMAND, "status=sent")
    assert not any("status=bounced" in line and COMMAND in line
                   for line in light.postfix.lines())
    mail(COMMAND, "no address")
    told(light, COMMAND, "status=sent")
