"""What senders are told of complaints: `export fbl`, read again."""

import csv
import getpass
import io
import json
import mailbox
import subprocess
from email import message_from_string
from email.utils import parsedate_to_datetime

import pytest
from conftest import DAY, HOUR, PROGRAM, House, at, now


def day(ago):
    return subprocess.run(
        ["date", "-u", "-d", f"@{now() - ago}", "+%Y-%m-%d"], check=True,
        capture_output=True, text=True).stdout.strip()


# Never at a change of days: an hour around it would make two of one.
OLD = 2 * DAY
BASE = now() % DAY - 12 * HOUR


@pytest.fixture
def filled(house):
    """Noon of the day before yesterday, and of four days before that."""
    for kind, address, ago, times in (
            ("complaint", "203.0.113.7", OLD, 3), ("spam", "203.0.113.7", OLD, 2),
            ("complaint", "203.0.113.7", OLD + 4 * DAY, 1),
            ("spam", "2001:db8:0:7::9", OLD, 1), ("helo", "203.0.113.8", OLD, 4),
            ("spam", "203.0.113.9", 9 * DAY, 1)):
        for number in range(times):
            house.do("report", kind, address, "--at", at(ago + BASE + number))
    return house


def table(house, *words):
    return list(csv.DictReader(io.StringIO(house.do("export", "fbl", *words))))


def shown(rows):
    return [(row["day"], row["ip"], int(row["complaints"]), int(row["spam"]))
            for row in rows]


def test_a_row_for_each_address_and_day(filled):
    rows = [(day(OLD + 4 * DAY), "203.0.113.7", 1, 0),
            (day(OLD), "2001:db8:0:7::9", 0, 1),
            (day(OLD), "203.0.113.7", 3, 2)]
    assert shown(table(filled)) == rows
    assert shown(json.loads(filled.do(
        "export", "fbl", "--format", "json"))) == rows
    assert shown(table(filled, "--days", "3")) == rows[1:]
    assert shown(table(filled, "203.0.113.0/29")) == [rows[0], rows[2]]
    assert shown(table(filled, "2001:db8:0:7::1")) == [rows[1]]
    assert ("203.0.113.9", 0, 1) in [
        row[1:] for row in shown(table(filled, "--days", "999999999"))]
    assert table(filled, "198.51.100.0/24") == []


def mails(house, folder, *words):
    file = folder / "mbox"
    file.write_text(house.do("export", "fbl", "--format", "arf", *words))
    return [message_from_string(mail.as_string()) for mail in
            mailbox.mbox(file)]


def test_a_mail_for_each_row(filled, tmp_path):
    filled.configure('contact = "abuse@example.org"')
    mail, = mails(filled, tmp_path, "203.0.113.7", "--days", "3")
    assert mail["From"] == "<abuse@example.org>"
    assert mail.get_content_type() == "multipart/report"
    assert mail.get_param("report-type") == "feedback-report"
    human, report, original = mail.get_payload()
    assert "as none is kept" in human.get_payload()
    assert report.get_content_type() == "message/feedback-report"
    fields = report.get_payload()[0]
    assert (fields["Feedback-Type"], fields["Version"], fields["Source-IP"],
            fields["Incidents"]) == ("abuse", "1", "203.0.113.7", "5")
    assert fields["User-Agent"].startswith("videur/")
    assert fields["Reporting-MTA"].startswith("dns; ")
    arrival = parsedate_to_datetime(fields["Arrival-Date"]).timestamp()
    assert abs(arrival - (now() - OLD - BASE)) < 600
    assert original.get_content_type() == "text/rfc822-headers"
    assert mail["Message-ID"] == mails(
        filled, tmp_path, "203.0.113.7", "--days", "3")[0]["Message-ID"]


def feedback(house, *words, given=""):
    house.configure(f'user = "{getpass.getuser()}"')
    return subprocess.run(
        [f"{PROGRAM}-feedback", "-c", str(house.conf), *words], input=given,
        text=True, capture_output=True, check=True, timeout=60).stderr


@pytest.fixture
def other(tmp_path):
    (tmp_path / "other").mkdir()
    return House(tmp_path / "other")


def test_what_goes_out_is_understood(filled, other, tmp_path):
    for mail in mails(filled, tmp_path):
        assert ": counted" in feedback(other, given=mail.as_string())
    assert shown(table(other)) == [
        (day, ip, complaints + spam, 0)
        for day, ip, complaints, spam in shown(table(filled))]
    for mail in mails(filled, tmp_path):
        assert ": counted before" in feedback(other, given=mail.as_string())


def test_the_table_is_understood(filled, other):
    said = feedback(other, "--csv", "-", given=filled.do("export", "fbl"))
    assert "4 counted" in said
    assert [(row[1], row[2]) for row in shown(table(other))] == [
        ("203.0.113.7", 1), ("203.0.113.7", 3)]


@pytest.mark.parametrize("words", [
    ["nonsense"], ["--days", "0"], ["--format", "xml"], ["--json"]])
def test_usage(house, words):
    assert house.run("export", "fbl", *words).returncode == 2
