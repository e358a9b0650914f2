"""What misbehaving clients do."""

from concurrent.futures import ThreadPoolExecutor

from dovecot import imap_logins
from mail import GOOD, SPAM, VIRUS
from smtp import Session, deliver


def guess(port, address, times):
    """Try unknown recipients in one session; Postfix refuses each, and hangs
    up after the twentieth."""
    with Session(port, address) as session:
        session.mail()
        return [session.rcpt(f"nobody{number}@example.test")
                for number in range(times)]


def dictionary_attack(port, address):
    """Twenty unknown recipients over two sessions, as Postfix ends the
    twentieth error of one session itself."""
    refused = guess(port, address, 15) + guess(port, address, 5)
    assert {str(reply)[:9] for reply in refused} == {"550 5.1.1"}


def accepted_recipients(port, address, times):
    """Deliver one message to so many recipients."""
    with Session(port, address) as session:
        session.mail()
        for number in range(times):
            assert session.rcpt(f"user{number}@example.test").code == 250
        assert session.data(GOOD).code == 250


def given_up_recipients(port, address, recipients):
    """Offer mail to existing recipients and give it up."""
    with Session(port, address) as session:
        session.mail()
        for recipient in recipients:
            assert session.rcpt(recipient).code == 250


def spam(port, address, times):
    """Mail that SpamAssassin knows; all of it is accepted."""
    for _ in range(times):
        assert deliver(port, address, SPAM).code == 250


def virus(port, address):
    """A message that ClamAV knows; it is accepted."""
    assert deliver(port, address, VIRUS).code == 250


def side_by_side(attempt, users):
    """Three tries a connection, and all connections at once: servers let a
    wrong password wait."""
    groups = [users[first:first + 3] for first in range(0, len(users), 3)]
    with ThreadPoolExecutor(len(groups)) as pool:
        list(pool.map(attempt, groups))


def submit_wrong(world, address, users, port=None):
    """Wrong passwords on submission, or at another port."""
    def attempt(group):
        with Session(port or world.submission, address) as session:
            for user in group:
                assert session.auth(user, "12345").code == 535
    side_by_side(attempt, users)


def imap_wrong(world, address, users):
    """Wrong passwords on IMAP."""
    def attempt(group):
        answers = imap_logins(
            world.imap, address, *((user, "12345") for user in group))
        assert all(answer.startswith("NO ") for answer in answers), answers
    side_by_side(attempt, users)
