"""What the clients of each shipped policy hear, through a real Postfix.

Every line is compared byte for byte with what the provider is known to say,
and with what videur adds to it: who is blocked, until when, where to read
more.
"""

import time

import pytest

from mail import GOOD
from offences import guess
from process import wait_for
from smtp import Closed, Session, deliver
from truth import HOUR, assert_clear, seconds

# Enough of any kind for any policy.
PLENTY = 60

SFR = "450 4.7.1 Service refused due to bad behavior - "
LAPOSTE = ("450 4.7.1 Client host rejected: Service refuse. Veuillez essayer "
           "plus tard. service refused, please try later.")
ORANGE = ("421 Service refuse. Veuillez essayer plus tard. Service refused, "
          "please try later.")
ORANGE_SPAM = ("550 Adresse IP source bloquee pour incident de spam. Client "
               "host blocked for spamming issues.")
ORANGE_SENDER = ("421 Emetteur invalide, Veuillez verifier la configuration "
                 "SPF/DNS de votre nom de domaine. Invalid Sender. SPF check "
                 "failed, please verify the SPF/DNS configuration for your "
                 "domain name.")
LOGINS = "530 5.7.0 Too many authentication errors from your IP"

# Policy, kind, what its first ban says, the policy's own code, the reason,
# and hours of the first, second and fourth ban.
BANS = [
    ("franceserv", "spam", "500 5.7.1 Too many spams/virus from your IP", "",
     "spam", (3, 6, 24)),
    ("franceserv", "virus", "500 5.7.1 Too many spams/virus from your IP", "",
     "virus", (24, 24, 24)),
    ("franceserv", "auth", LOGINS, "", "auth", (2, 4, 16)),
    ("franceserv", "command", "550 5.7.1 Too many errors from your IP", "",
     "error", (2, 4, 16)),
    ("franceserv", "recipient", "550 5.7.1 Too many errors from your IP", "",
     "error", (2, 4, 16)),
    ("sfr", "spam", SFR + "Too many spam messages", "SFR_IN_101", "spam",
     (2, 2, 2)),
    ("sfr", "complaint", SFR + "Too many spam messages", "SFR_IN_101", "spam",
     (2, 2, 2)),
    ("sfr", "virus", SFR + "Virus detected", "SFR_IN_102", "virus",
     (2, 2, 2)),
    ("sfr", "command", SFR + "Too many SMTP errors", "SFR_IN_103", "error",
     (2, 2, 2)),
    ("sfr", "relay", SFR + "Too many SMTP errors", "SFR_IN_103", "error",
     (2, 2, 2)),
    ("sfr", "recipient", SFR + "Too many unknown users", "SFR_IN_104",
     "recipient", (2, 2, 2)),
    ("sfr", "volume", SFR + "Too many messages sent", "SFR_IN_105", "volume",
     (2, 2, 2)),
    ("sfr", "auth", LOGINS, "", "auth", (2, 4, 16)),
    ("laposte", "spam", "450 4.7.0 Service refuse. Veuillez essayer plus "
     "tard. service refused, please try later.", "LPN007_510", "spam",
     (3, 3, 3)),
    ("laposte", "sender", "450 4.1.8 Emetteur invalide. Invalid Sender.",
     "LPN007_405", "error", (3, 3, 3)),
    ("laposte", "virus", LAPOSTE, "LPN027_503", "virus", (3, 3, 3)),
    ("laposte", "recipient", LAPOSTE, "LPN027_503", "recipient", (3, 3, 3)),
    ("laposte", "command", LAPOSTE, "LPN027_503", "error", (3, 3, 3)),
    ("laposte", "volume", LAPOSTE, "LPN027_503", "volume", (3, 3, 3)),
    ("laposte", "auth", LOGINS, "", "auth", (2, 4, 16)),
    ("orange", "spam", ORANGE_SPAM, "OFR006_102", "spam", (2, 4, 8)),
    ("orange", "virus", ORANGE_SPAM, "OFR006_102", "virus", (2, 4, 8)),
    ("orange", "sender", ORANGE_SENDER, "", "error", (2, 2, 2)),
    ("orange", "recipient", ORANGE, "OFR004_105 [105]", "recipient",
     (2, 4, 8)),
    ("orange", "command", ORANGE, "OFR004_105 [105]", "error", (2, 4, 8)),
    ("orange", "volume", ORANGE, "OFR004_105 [105]", "volume", (2, 4, 8)),
    ("orange", "auth", LOGINS, "", "auth", (2, 4, 16)),
]


@pytest.fixture(name="town", scope="module")
def town_fixture(street, request):
    """A function that gives a running house with a policy; it is taken over
    from one scenario to the next as long as the policy is the same."""
    state = {"policy": None}

    def live_under(policy, text=None):
        if text is None and state["policy"] == policy:
            return street
        state["policy"] = policy if text is None else None
        state["count"] = state.get("count", 0) + 1
        street.move_in(f"town{state['count']}-{policy}")
        if text is not None:
            street.house.own_policy(policy, text)
        # The scenarios write a scanner's headers themselves.
        street.house.scanners = ("spamassassin",)
        street.house.configure(policy=policy, brake=5)
        street.house.start()
        return street

    return live_under


def heard(port, address):
    """What stops a mail, and the session that heard it."""
    session = Session(port, address)
    reply = session.greeting
    for step in (session.mail, session.rcpt):
        reply = step()
        if reply.code != 250:
            return str(reply), session
    raise AssertionError(session.transcript)


def refusal(port, address):
    """What stops a mail."""
    line, session = heard(port, address)
    session.close()
    return line


def refusal_by_new(world, address):
    """The same by a milter that has just started: where the machine is too
    slow for it to ask in time a mail passes, and it says so."""
    def refused():
        try:
            return refusal(world.mx, address)
        except AssertionError:
            with open(f"{world.house.folder}/milter.log",
                      encoding="utf-8") as log:
                if "pass unchecked" not in log.read():
                    raise
            return None

    return wait_for(refused, 10, "a refusal")


def whole(house, address, ban, words, own):
    """The line as it has to be."""
    line = (f"{words} [{address}], blocked until {ban['ends']}. "
            f"See {house.url}?ip={address}&ref={ban['ref']}")
    return f"{line} {own}" if own else line


def port_of(world, reason):
    return world.submission if reason == "auth" else world.mx


@pytest.mark.parametrize(
    "policy, kind, words, own, reason, hours", BANS,
    ids=[f"{row[0]}-{row[1]}" for row in BANS])
def test_a_ban_says_what_the_provider_says(
        town, fresh, policy, kind, words, own, reason, hours):
    world, address = town(policy), fresh()
    house = world.house
    house.report(kind, address, PLENTY)
    (ban,) = house.bans(address)
    assert (ban["reason"], ban["step"]) == (reason, 1)
    assert seconds(ban["ends"]) - seconds(ban["begins"]) == hours[0] * HOUR
    assert refusal(port_of(world, reason), address) == whole(
        house, address, ban, words, own)


@pytest.mark.parametrize(
    "policy, kind, words, own, reason, hours", BANS,
    ids=[f"{row[0]}-{row[1]}" for row in BANS])
def test_later_bans_last_as_the_provider_says(
        town, fresh, policy, kind, words, own, reason, hours):
    house, address, now = town(policy).house, fresh(), time.time()
    for past in range(4):
        house.report(kind, address, PLENTY, now - (400 - 50 * past) * HOUR)
    bans = house.bans(address)
    lasted = [(seconds(ban["ends"]) - seconds(ban["begins"])) // HOUR
              for ban in bans]
    assert [ban["step"] for ban in bans] == [1, 2, 3, 4]
    assert (lasted[0], lasted[1], lasted[3]) == hours


# ---- sfr ----

def test_sfr_bans_for_five_reasons_at_once(town, fresh):
    house, address = town("sfr").house, fresh()
    for kind in ("spam", "virus", "command", "recipient", "volume"):
        house.report(kind, address, PLENTY)
    bans = house.api(address)["bans"]
    assert {ban["reply"].split()[-1] for ban in bans} == {
        "SFR_IN_101", "SFR_IN_102", "SFR_IN_103", "SFR_IN_104", "SFR_IN_105"}


def test_sfr_one_virus_is_enough(town, fresh):
    house, address = town("sfr").house, fresh()
    house.report("virus", address, 1)
    assert len(house.bans(address)) == 1


def test_sfr_too_many_errors_of_postfix_are_a_ban(town, fresh):
    """Postfix hangs up on its own; who comes back meets the ban."""
    world, address = town("sfr"), fresh()
    with Session(world.mx, address) as session:
        for _ in range(20):
            assert session.command("NONSENSE").code == 500
        last = session.read()
    assert str(last) == "421 4.7.0 mx.example.test Error: too many errors"
    line = refusal(world.mx, address)
    assert line.startswith(SFR + "Too many SMTP errors [")
    assert line.endswith(" SFR_IN_103")


def test_sfr_unknown_users_stay_postfixs_until_the_ban(town, fresh):
    world, address = town("sfr"), fresh()
    replies = guess(world.mx, address, 15) + guess(world.mx, address, 5)
    assert str(replies[0]) == (
        "550 5.1.1 <nobody0@example.test>: Recipient address rejected: User "
        "unknown in local recipient table")
    assert refusal(world.mx, address).endswith(" SFR_IN_104")


# ---- orange ----

def test_orange_says_999_from_the_second_refused_session_on(town, fresh):
    world, address = town("orange"), fresh()
    house = world.house
    house.report("spam", address, PLENTY)
    (ban,) = house.bans(address)
    first = refusal(world.mx, address)
    again = whole(house, address, ban, ORANGE, "OFR_999 [999]")
    assert first == whole(house, address, ban, ORANGE_SPAM, "OFR006_102")
    assert [refusal(world.mx, address) for _ in range(3)] == [again] * 3
    assert house.api(address, ban["ref"])["bans"][0]["reply"] == again
    assert house.bans(address)[0]["ends"] == ban["ends"], \
        "attempts never lengthen a ban"


def test_orange_a_session_hears_one_reply_to_its_end(town, fresh):
    world, address = town("orange"), fresh()
    world.house.report("spam", address, PLENTY)
    with Session(world.mx, address) as session:
        replies = []
        for number in range(4):
            session.mail()
            replies.append(str(session.rcpt(f"user{number}@example.test")))
            session.rset()
    assert len(set(replies)) == 1 and "OFR006_102" in replies[0]


def test_orange_421_hangs_up(town, fresh):
    world, address = town("orange"), fresh()
    world.house.report("recipient", address, PLENTY)
    line, session = heard(world.mx, address)
    assert line.startswith("421 ") and line.endswith("OFR004_105 [105]")
    with pytest.raises(Closed):
        session.command("NOOP")
    session.close()


# ---- changing the policy ----

def test_a_ban_outlives_the_policy_that_gave_it(town, fresh):
    world, address = town("sfr"), fresh()
    house = world.house
    house.report("recipient", address, PLENTY)
    (before,) = house.bans(address)
    house.stop("milter")
    house.configure(policy="franceserv")
    house.start_milter()
    try:
        assert refusal_by_new(world, address).endswith(" SFR_IN_104")
        (after,) = house.bans(address)
        assert after["ends"] == before["ends"]
        assert after["ref"] in house.videur("explain", address)
    finally:
        house.stop("milter")
        house.configure(policy="sfr")
        house.start_milter()


def test_steps_stay_when_the_policy_changes(town, fresh):
    world, address = town("sfr"), fresh()
    house = world.house
    house.report("spam", address, PLENTY, time.time() - 48 * HOUR)
    house.configure(policy="franceserv")
    try:
        house.report("spam", address, PLENTY)
        first, second = house.bans(address)
        assert (first["step"], second["step"]) == (1, 2)
        assert seconds(second["ends"]) - seconds(second["begins"]) == 6 * HOUR
        assert second["reply"].startswith(
            "500 5.7.1 Too many spams/virus from your IP [")
    finally:
        house.configure(policy="sfr")


# ---- fairness ----

SOFT = """
rule "errors" {
  events = {recipient}  limit = 5  within = 1h  reason = error  service = mx
  soft = 2  ban = {1h, 2h, 4h}
  reply = "550 5.7.1 Too many errors from your IP"
}
"""


def test_soft_steps_are_temporary_and_later_ones_for_good(town, fresh):
    world, now = town("soft", SOFT), time.time()
    for past, words in ((0, "450 4.7.1"), (1, "450 4.7.1"), (2, "550 5.7.1")):
        address = fresh()
        for step in range(past):
            world.house.report("recipient", address, 5,
                               now - (100 - 10 * step) * HOUR)
        guess(world.mx, address, 5)
        line = refusal(world.mx, address)
        assert line.startswith(f"{words} Too many errors from your IP ["), line
        ref = world.house.bans(address)[-1]["ref"]
        assert world.house.api(address, ref)["bans"][0]["reply"] == line


WEIGHT = """
rule "spam" {
  events = {spam}  limit = 2  within = 1h  reason = spam  service = mx
  weight = 0.25  ban = {1h}
  reply = "550 5.7.1 Too many spams"
}
"""
TAGGED = "X-Spam-Flag: YES\n" + GOOD


def test_a_forwarders_spam_counts_a_part(town, fresh):
    forwarder, other = fresh(), fresh()
    world = town("weight", WEIGHT)
    house = world.house
    with open(house.conf, "a", encoding="utf-8") as conf:
        conf.write(f'forwarders = {{"{forwarder}"}}\n')
    house.stop("milter")
    house.start_milter()
    for address in (forwarder, other):
        for _ in range(2):
            assert deliver(world.mx, address, TAGGED).code == 250
    assert refusal(world.mx, other).startswith("550 5.7.1 Too many spams [")
    assert_clear(world, forwarder)
    for _ in range(6):
        assert deliver(world.mx, forwarder, TAGGED).code == 250
    house.expect(forwarder, {"spam": 8})
    assert refusal(world.mx, forwarder).startswith(
        "550 5.7.1 Too many spams [")


DISTINCT = """
rule "dictionary" {
  events = {recipient}  limit = 4  within = 1h  reason = error  service = mx
  same-recipient = 1  ban = {1h}
  reply = "550 5.7.1 Too many errors from your IP"
}
"""


def test_one_dead_recipient_tried_often_is_one(town, fresh):
    world, address = town("distinct", DISTINCT), fresh()
    for _ in range(2):
        with Session(world.mx, address) as session:
            for _ in range(5):
                session.mail()
                assert session.rcpt("Gone@example.test").code == 550
                session.rset()
    world.house.expect(address, {"recipient": 10})
    assert_clear(world, address)
    guess(world.mx, address, 3)
    assert refusal(world.mx, address).startswith("550 5.7.1 Too many errors")


CREDIT = """
rule "dictionary" {
  events = {recipient}  limit = 3  within = 1h  reason = error  service = mx
  credit = 5  ban = {1h}
  reply = "550 5.7.1 Too many errors from your IP"
}
"""


def test_accepted_mail_is_to_a_clients_credit(town, fresh):
    world, address = town("credit", CREDIT), fresh()
    for _ in range(10):
        assert deliver(world.mx, address, GOOD).code == 250
    guess(world.mx, address, 4)
    assert_clear(world, address)
    guess(world.mx, address, 2)
    assert refusal(world.mx, address).startswith("550 5.7.1 Too many errors")


# ---- the brake ----

def good_then_spam(world, address, good):
    if good > 0:
        world.house.history(address, days=(2, 6, 13), messages=good)
        assert deliver(world.mx, address, GOOD).code == 250
    for _ in range(2):
        assert deliver(world.mx, address, TAGGED).code == 250


BRAKE = """
rule "spam" {
  events = {spam}  limit = 2  within = 1h  reason = spam  service = mx
  ban = {1h}
  reply = "550 5.7.1 Too many spams"
}
"""


def test_the_brake_spares_whom_everybody_trusted(town, fresh):
    """A scanner gone mad tags everybody's mail; five honest clients are
    enough to see it, and a botnet cannot use it."""
    world = town("brake", BRAKE)
    house = world.house
    strangers, honest = [fresh() for _ in range(6)], [
        fresh() for _ in range(6)]
    for address in strangers:
        good_then_spam(world, address, 0)
    assert house.run("brake").returncode == 0
    for address in honest:
        good_then_spam(world, address, 3)
    assert house.run("brake").returncode == 1
    assert house.videur("status").startswith("BRAKE ON ")
    with open(f"{house.folder}/milter.log", encoding="utf-8") as log:
        assert log.read().count("BRAKE ON") == 1
    for address in strangers:
        assert refusal(world.mx, address).startswith("550 5.7.1 Too many")
    for address in honest[:4]:
        assert refusal(world.mx, address).startswith("450 4.7.1 Too many")
    for address in honest[4:]:
        assert_clear(world, address)
        (ban,) = house.bans(address)
        assert ban["observed"] is True
    good_then_spam(world, honest[5], 0)
    assert len(house.bans(honest[5])) == 1, "observed once, not at each event"
    newcomer = fresh()
    good_then_spam(world, newcomer, 0)
    assert refusal(world.mx, newcomer).startswith("550 5.7.1 Too many")
    house.videur("brake", "release", "--note", "the scanner is fixed")
    assert house.run("brake").returncode == 0
    # What an honest client did up to this second does not count.
    released = time.time()
    wait_for(lambda: int(time.time()) > int(released), 5, "it is over")
    late = fresh()
    good_then_spam(world, late, 3)
    assert refusal(world.mx, late).startswith("450 4.7.1 Too many")
