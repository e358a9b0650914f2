"""Six questions, answered at a glance on a phone (ten_seconds.py)."""

import json

import pytest

from ten_seconds import SCREENS, answers, languages
from website import Website

HOST = "postmaster.example.fr"
CONTACT = "postmaster@example.fr"


@pytest.fixture(scope="module", params=["franceserv", "laposte"])
def blocked(request, tmp_path_factory):
    """A site whose refusals are final, and one where they are temporary."""
    site = Website(tmp_path_factory.mktemp(request.param),
                   more='trusted-proxies = {"127.0.0.0/8"}')
    with open(site.conf, "a", encoding="utf-8") as conf:
        conf.write(f'policy = "{request.param}"\n')
    for ip in "192.0.2.14", "192.0.2.15":
        for reason, time in {"spam": "2h", "virus": "5h",
                             "auth": "3h", "error": "26h"}.items():
            site.videur("ban", ip, time, "--reason", reason)
    site.videur("ban", "192.0.2.11", "2d")
    site.videur("ban", "2001:db8:1234:5678:9abc:def0:1234:5678", "2d")
    for offence in ("spam 192.0.2.12", "auth 192.0.2.13",
                    "spam 2001:db8:1234:5679:9abc:def0:1234:5678"):
        for _ in range(30):
            site.videur("report", *offence.split())
    yield site.start()
    assert site.stop() == 0
    site.close()


def facts_of(site, ip, reason):
    """What is true of the block of that reason, and its reference."""
    ban = next(ban for ban in json.loads(site.videur("list", "--json"))
               if ban["client"] in (ip, ip.rsplit(":", 4)[0] + "::/64") and
               ban["reason"] == reason)
    return {"ip": ip, "ends": ban["ends"], "host": HOST, "contact": CONTACT,
            "temporary": ban["reply"].startswith("4"),
            "login": False}, ban["ref"]


CASES = {
    "by-hand": ("192.0.2.11", "error"),
    "spam": ("192.0.2.12", "spam"),
    "logins": ("192.0.2.13", "auth"),
    "four-first": ("192.0.2.14", "spam"),
    "four-last": ("192.0.2.15", "error"),
    "four-middle": ("192.0.2.14", "auth"),
    "ipv6": ("2001:db8:1234:5679:9abc:def0:1234:5678", "spam"),
}


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("case", CASES)
def test_a_blocked_sender_finds_six_answers(blocked, browser, case, language):
    ip, reason = CASES[case]
    if (case, reason) == ("logins", "auth") and "laposte" in blocked.folder:
        pytest.skip("this policy has no rule for logins")
    facts, ref = facts_of(blocked, ip, reason)
    facts["login"] = case == "logins"
    facts["longer"] = case in ("four-first", "four-middle")
    for own in False, True:
        # Who follows the link of the refusal, and the client itself on the
        # front page, where the block that ends last is meant.
        if own and case.startswith("four") and case != "four-last":
            continue
        answer = browser.look(
            f"{blocked.where}{'' if own else f'?ip={ip}&ref={ref}'}"
            f"{'?' if own else '&'}lang={language}",
            headers={"X-Forwarded-For": ip if own else "198.51.100.77"},
            picture=f"ten-seconds-{case}-{'own-' if own else ''}{language}",
            **SCREENS)
        assert f'<html lang="{language}"' in answer["html"]
        assert answers(answer, language, facts) == [], (
            own, "\n".join(answer["visible"]))
