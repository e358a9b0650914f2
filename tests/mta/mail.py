"""The messages the scenarios send.

The two standard test patterns are put together here at run time: a file that
held them would itself be taken for spam or a virus.
"""

GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*" + \
    "GTUBE-STANDARD-" + "ANTI-UBE-TEST-EMAIL*C.34X"
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + \
    "EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!$H+H*"


def message(subject, body):
    return "\n".join([
        "From: Someone <someone@sender.example>",
        "To: User One <user1@example.test>",
        f"Subject: {subject}",
        "Date: Tue, 17 Nov 2026 09:00:00 +0000",
        f"Message-ID: <{abs(hash((subject, body)))}@sender.example>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        body,
        ""])


GOOD = message("Tuesday's meeting",
               "Shall we say ten o'clock, in the usual room?\n\nSomeone")
SPAM = message("Buy now", GTUBE)
# What the rspamd of these scenarios looks for.
WORD_TO_TAG = "WORD_TO_TAG"
WORD_TO_REFUSE = "WORD_TO_REFUSE"
TAGGED = message("Buy now", WORD_TO_TAG)
REFUSED = message("Buy now", WORD_TO_REFUSE)
VIRUS = message("Your invoice", EICAR)
