"""What the last day brought, to be read and as a mail."""

import email
import email.policy
import email.utils
import time

import pytest
from conftest import flat, now


@pytest.fixture(name="lived")
def a_day(house):
    """One suspect, one refused client, one ban by hand."""
    hour = now() // 3600 * 3600 - 3600
    house.do("report", "-", given="virus 203.0.113.7\n" * 30)
    house.do("ban", "198.51.100.9", "2h", "--note", "by héhé hand")
    house.sql("INSERT INTO tally (client, hour, sessions, messages, accepted)"
              f" VALUES ('203.0.113.7', {hour}, 9, 9, 9) ON CONFLICT DO"
              " UPDATE SET accepted = 9")
    house.sql("UPDATE ban SET hits = 12, told = ? WHERE rule = 'virus'",
              now())
    house.sql("REPLACE INTO state VALUES ('milter', '0.1.0', ?)", now())
    return house


@pytest.fixture(name="sent")
def a_sendmail(house, tmp_path, monkeypatch):
    """A sendmail that keeps what it is given."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "sendmail").write_text(
        f'#!/bin/sh\necho "$@" >{tmp_path}/argv\ncat >{tmp_path}/mail\n')
    (folder / "sendmail").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def sent():
        if not (tmp_path / "mail").exists():
            return None
        return ((tmp_path / "argv").read_text().split(),
                email.message_from_bytes((tmp_path / "mail").read_bytes(),
                                         policy=email.policy.default))
    return sent


def test_what_there_is_stands_in_it(lived):
    said = lived.do("digest")
    for text in ("manual 1 0", "virus 1 0", "203.0.113.7 virus 12",
                 "203.0.113.7 9 virus", "milter last sign of life",
                 "brake off", "ban 198.51.100.9 by héhé hand"):
        assert text in flat(said), text
    assert max(len(line) for line in said.splitlines()) <= 80
    digest = lived.json("digest")
    assert {row["reason"]: row["bans"] for row in digest["bans"]} == {
        "manual": 1, "virus": 1}
    assert digest["refused"][0]["hits"] == 12
    assert digest["suspects"][0]["accepted"] == 9
    assert digest["services"]["watch"] is None and digest["brake"] is False
    assert digest["changes"][0]["subject"] == "198.51.100.9"


def test_nothing_happened(house):
    house.do("report", "spam", "203.0.113.7")
    house.sql("DELETE FROM audit")
    said = house.do("digest")
    assert said.count("\nnone\n") == 1 and "nobody was refused" in said
    assert said.count("\nnothing\n") == 1 and said.count("\nnobody\n") == 1


def test_only_what_came_since(lived):
    lived.sql("UPDATE ban SET begins = begins - 90000, told = told - 90000")
    lived.sql("UPDATE audit SET at = at - 90000")
    digest = lived.json("digest")
    assert (digest["bans"], digest["refused"], digest["changes"]) == (
        [], [], [])
    digest = lived.json("digest", "--since", "2d")
    assert len(digest["bans"]) == 2 and len(digest["changes"]) == 2


def test_it_is_mailed(lived, sent):
    lived.configure('contact = "abuse@example.org"')
    assert "for postmaster@example.org" in lived.do(
        "digest", "--mail", "postmaster@example.org", "--since", "2d")
    argv, mail = sent()
    assert argv == ["-i", "--", "postmaster@example.org"]
    assert mail["To"] == "postmaster@example.org" and mail["Subject"]
    assert mail["From"] == "videur <abuse@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    date = email.utils.parsedate_to_datetime(mail["Date"])
    assert abs(date.timestamp() - time.time()) < 300
    body = mail.get_content()
    assert body.startswith("videur on ") and "by héhé hand" in body
    assert mail.defects == []


def test_it_is_sent_where_an_address_is_configured(lived, sent):
    assert "no address" in lived.do("digest", "send")
    assert sent() is None
    lived.configure('digest = "anna@example.org"')
    assert lived.json("digest", "send") == {"mailed_to": "anna@example.org"}
    argv, mail = sent()
    assert argv[-1] == "anna@example.org"
    assert mail["From"].startswith("videur <videur@")


@pytest.mark.parametrize("address", ["", "anna", "@example.org", "a b@c.d",
                                     "a@b\nBcc: c@d", "a@b, c@d", "<a@b>"])
def test_what_is_no_address_is_refused(house, sent, address):
    done = house.run("digest", "--mail", address)
    assert done.returncode == 2 and "is not a mail address" in done.stderr
    assert sent() is None


def test_a_sendmail_that_fails_or_is_not_there(lived, sent, tmp_path):
    (tmp_path / "bin" / "sendmail").write_text("#!/bin/sh\nexit 75\n")
    done = lived.run("digest", "--mail", "a@example.org")
    assert done.returncode == 1 and "did not end well" in done.stderr
    (tmp_path / "bin" / "sendmail").unlink()
    done = lived.run("digest", "--mail", "a@example.org")
    assert done.returncode == 1 and "No such file" in done.stderr
    assert sent() is None


def test_without_a_database_nothing_is_mailed(house, sent):
    assert house.run("digest", "--mail", "a@example.org").returncode == 3
    assert sent() is None
