#include "rules_fixture.h"

#include "base/text.h"

/* ---- what each rule makes of a line ---- */

#define AT "Nov 21 23:44:51 mx "

struct row {
	const char *sentence;
	const char *line; /* behind AT, or whole where it begins with a digit */
	const char *rule; /* NULL: the line means nothing */
	const char *address;
	int events;
	const char *user;
	const char *queue;
};

static const struct row postfix_rows[] = {
	{ "a wrong password, Postfix 3.7 and later",
	    "postfix/submission/smtpd[9]: warning: h.test[203.0.113.5]: SASL "
	    "PLAIN authentication failed: (reason unavailable), "
	    "sasl_username=joe@example.test",
	    "postfix-sasl", "203.0.113.5", 1, "joe@example.test", "" },
	{ "a wrong password with Cyrus, without a name",
	    "postfix/smtpd[9]: warning: unknown[2001:db8:bad::5]: SASL LOGIN "
	    "authentication failed: authentication failure",
	    "postfix-sasl", "2001:db8:bad::5", 1, "", "" },
	{ "a wrong password, the reason in base64",
	    "mx-in/smtpd[9]: warning: unknown[203.0.113.5]: SASL LOGIN "
	    "authentication failed: UGFzc3dvcmQ6, sasl_username=a b, c",
	    "postfix-sasl", "203.0.113.5", 1, "a b, c", "" },
	{ "a mechanism nobody offers",
	    "postfix/smtps/smtpd[9]: warning: h.test[203.0.113.5]: SASL "
	    "SCRAM-SHA-256 authentication failed: Invalid authentication "
	    "mechanism, sasl_username=(unavailable)",
	    "postfix-sasl", "203.0.113.5", 1, "", "" },
	{ "no reason at all",
	    "postfix/smtpd[9]: warning: h.test[203.0.113.5]: SASL PLAIN "
	    "authentication failed:",
	    "postfix-sasl", "203.0.113.5", 1, "", "" },
	{ "a login broken off",
	    "postfix/smtpd[9]: warning: h.test[203.0.113.5]: SASL LOGIN "
	    "authentication aborted",
	    "postfix-sasl", "203.0.113.5", 1, "", "" },
	{ "a line that rsyslog folded",
	    "postfix/smtpd[9]: message repeated 4 times: [ warning: "
	    "unknown[203.0.113.5]: SASL LOGIN authentication failed: x]",
	    "postfix-sasl", "203.0.113.5", 4, "", "" },
	{ "the password server is down",
	    "postfix/smtpd[9]: warning: h.test[203.0.113.5]: SASL PLAIN "
	    "authentication failed: Connection lost to authentication server, "
	    "sasl_username=joe",
	    NULL, NULL, 0, NULL, NULL },
	{ "saslauthd is down",
	    "postfix/smtpd[9]: warning: h.test[203.0.113.5]: SASL PLAIN "
	    "authentication failed: generic failure",
	    NULL, NULL, 0, NULL, NULL },
	{ "SASL's own warning",
	    "postfix/smtpd[9]: warning: SASL authentication failure: cannot "
	    "connect to saslauthd server: No such file or directory",
	    NULL, NULL, 0, NULL, NULL },
	{ "whose message it is",
	    "postfix/smtpd[9]: 219E1A763EE: client=h.test[192.0.2.9]",
	    "postfix-client", "192.0.2.9", 1, "", "219E1A763EE" },
	{ "whose message it is, with a long queue id",
	    "postfix/smtpd[9]: 4bRt8x2WzVz1l3q: client=h.test[192.0.2.9]",
	    "postfix-client", "192.0.2.9", 1, "", "4bRt8x2WzVz1l3q" },
	{ "whose message it is, after a login",
	    "postfix/submission/smtpd[9]: 219E1A763EE: client=h.test"
	    "[2001:db8:a::9], sasl_method=PLAIN, sasl_username=joe",
	    "postfix-client", "2001:db8:a::9", 1, "joe", "219E1A763EE" },
	{ "whose message it is, from a proxy",
	    "postfix/smtpd[9]: 219E1A763EE: client=h.test[192.0.2.9], "
	    "sasl_method=PLAIN, sasl_username=joe, sasl_sender=j@x.test",
	    "postfix-client", "192.0.2.9", 1, "joe", "219E1A763EE" },
	{ "a message without a queue id is nobody's",
	    "postfix/smtpd[9]: NOQUEUE: client=h.test[192.0.2.9]", NULL, NULL,
	    0, NULL, NULL },
	{ "a login ahead of a proxy",
	    "postfix/smtpd[9]: NOQUEUE: client=h.test[192.0.2.9], "
	    "sasl_method=PLAIN, sasl_username=joe",
	    "postfix-login", "192.0.2.9", 1, "joe", "" },
	{ "a recipient nobody knows",
	    "postfix/smtpd[9]: NOQUEUE: reject: RCPT from h.test[203.0.113.5]: "
	    "550 5.1.1 <u@example.test>: Recipient address rejected: User "
	    "unknown in virtual mailbox table; from=<a@b.test> "
	    "to=<u@example.test> proto=ESMTP helo=<h.test>",
	    "postfix-recipient", "203.0.113.5", 1, "", "" },
	{ "a recipient nobody knows, in a message's second RCPT",
	    "postfix/smtpd[9]: 219E1A763EE: reject: RCPT from "
	    "h.test[203.0.113.5]: 550 5.1.1 <u@example.test>: Recipient "
	    "address rejected: undeliverable address: unknown user; "
	    "from=<a@b.test> to=<u@example.test> proto=ESMTP helo=<h.test>",
	    "postfix-recipient", "203.0.113.5", 1, "", "219E1A763EE" },
	{ "a recipient who may be there tomorrow",
	    "postfix/smtpd[9]: NOQUEUE: reject: RCPT from h.test[192.0.2.5]: "
	    "450 4.1.1 <u@example.test>: Recipient address rejected: User "
	    "unknown in local recipient table; from=<a@b.test> "
	    "to=<u@example.test> proto=ESMTP helo=<h.test>",
	    NULL, NULL, 0, NULL, NULL },
	{ "a full mailbox",
	    "postfix/smtpd[9]: NOQUEUE: reject: RCPT from h.test[192.0.2.5]: "
	    "552 5.2.2 <u@example.test>: Recipient address rejected: Mailbox "
	    "full; from=<a@b.test> to=<u@example.test> proto=ESMTP helo=<h>",
	    NULL, NULL, 0, NULL, NULL },
	{ "a warning only",
	    "postfix/smtpd[9]: NOQUEUE: reject_warning: RCPT from "
	    "h.test[192.0.2.5]: 550 5.1.1 <u@example.test>: Recipient address "
	    "rejected: User unknown; from=<a@b.test> to=<u@example.test> "
	    "proto=ESMTP helo=<h>",
	    NULL, NULL, 0, NULL, NULL },
	{ "relaying",
	    "postfix/smtpd[9]: NOQUEUE: reject: RCPT from h.test[203.0.113.5]: "
	    "554 5.7.1 <u@far.test>: Relay access denied; from=<a@b.test> "
	    "to=<u@far.test> proto=ESMTP helo=<h.test>",
	    "postfix-relay", "203.0.113.5", 1, "", "" },
	{ "relaying, refused as Postfix does by itself",
	    "postfix/smtpd[9]: NOQUEUE: reject: RCPT from h.test[203.0.113.5]: "
	    "454 4.7.1 <u@far.test>: Relay access denied; from=<a@b.test> "
	    "to=<u@far.test> proto=ESMTP helo=<h.test>",
	    "postfix-relay", "203.0.113.5", 1, "", "" },
	{ "a HELO name without a dot, refused at once",
	    "postfix/smtpd[9]: NOQUEUE: reject: EHLO from h.test[203.0.113.5]: "
	    "504 5.5.2 <User>: Helo command rejected: need fully-qualified "
	    "hostname; proto=SMTP helo=<User>",
	    "postfix-helo", "203.0.113.5", 1, "", "" },
	{ "a HELO name that is nowhere",
	    "postfix/smtpd[9]: NOQUEUE: reject: RCPT from h.test[203.0.113.5]: "
	    "450 4.7.1 <no.test>: Helo command rejected: Host not found; "
	    "from=<a@b.test> to=<u@example.test> proto=ESMTP helo=<no.test>",
	    "postfix-helo", "203.0.113.5", 1, "", "" },
	{ "a HELO name the site does not want",
	    "postfix/smtpd[9]: NOQUEUE: reject: RCPT from h.test[192.0.2.5]: "
	    "554 5.7.1 <no.test>: Helo command rejected: go away; "
	    "from=<a@b.test> to=<u@example.test> proto=ESMTP helo=<no.test>",
	    NULL, NULL, 0, NULL, NULL },
	{ "a sender's domain that is nowhere",
	    "postfix/smtpd[9]: NOQUEUE: reject: RCPT from h.test[203.0.113.5]: "
	    "450 4.1.8 <a@no.test>: Sender address rejected: Domain not found; "
	    "from=<a@no.test> to=<u@example.test> proto=ESMTP helo=<h.test>",
	    "postfix-sender", "203.0.113.5", 1, "", "" },
	{ "a sender's domain that takes no mail",
	    "postfix/smtpd[9]: NOQUEUE: reject: RCPT from h.test[203.0.113.5]: "
	    "550 5.7.27 <a@no.test>: Sender address rejected: Domain no.test "
	    "does not accept mail (nullMX); from=<a@no.test> "
	    "to=<u@example.test> proto=ESMTP helo=<h.test>",
	    "postfix-sender", "203.0.113.5", 1, "", "" },
	{ "a sender that cannot be looked up just now",
	    "postfix/smtpd[9]: NOQUEUE: reject: RCPT from h.test[192.0.2.5]: "
	    "451 4.3.0 <a@b.test>: Sender address rejected: Temporary lookup "
	    "failure; from=<a@b.test> to=<u@example.test> proto=ESMTP helo=<h>",
	    NULL, NULL, 0, NULL, NULL },
	{ "a sender the site does not want",
	    "postfix/smtpd[9]: NOQUEUE: reject: RCPT from h.test[192.0.2.5]: "
	    "554 5.7.1 <a@b.test>: Sender address rejected: Access denied; "
	    "from=<a@b.test> to=<u@example.test> proto=ESMTP helo=<h>",
	    NULL, NULL, 0, NULL, NULL },
	{ "a greylist",
	    "postfix/smtpd[9]: NOQUEUE: reject: RCPT from h.test[192.0.2.5]: "
	    "450 4.2.0 <u@example.test>: Recipient address rejected: "
	    "Greylisted; from=<a@b.test> to=<u@example.test> proto=ESMTP "
	    "helo=<h.test>",
	    NULL, NULL, 0, NULL, NULL },
	{ "a mistake in the host's own configuration",
	    "postfix/smtpd[9]: NOQUEUE: reject: RCPT from h.test[192.0.2.5]: "
	    "451 4.3.5 <u@example.test>: Recipient address rejected: Server "
	    "configuration error; from=<a@b.test> to=<u@example.test> "
	    "proto=ESMTP helo=<h.test>",
	    NULL, NULL, 0, NULL, NULL },
	{ "a list the client stands on",
	    "postfix/smtpd[9]: NOQUEUE: reject: RCPT from h.test[192.0.2.5]: "
	    "554 5.7.1 Service unavailable; Client host [192.0.2.5] blocked "
	    "using list.test; from=<a@b.test> to=<u@example.test> proto=ESMTP "
	    "helo=<h.test>",
	    NULL, NULL, 0, NULL, NULL },
	{ "a milter that is down",
	    "postfix/smtpd[9]: NOQUEUE: milter-reject: RCPT from "
	    "h.test[192.0.2.5]: 451 4.7.1 Service unavailable - try again "
	    "later; from=<a@b.test> to=<u@example.test> proto=ESMTP helo=<h>",
	    NULL, NULL, 0, NULL, NULL },
	{ "HTTP",
	    "postfix/smtpd[9]: warning: non-SMTP command from "
	    "h.test[203.0.113.5]: GET / HTTP/1.1",
	    "postfix-command", "203.0.113.5", 1, "", "" },
	{ "all commands at once",
	    "postfix/smtpd[9]: improper command pipelining after EHLO from "
	    "h.test[203.0.113.5]: MAIL FROM:<a@b.test>\\r\\n",
	    "postfix-command", "203.0.113.5", 1, "", "" },
	{ "all commands at once, as older versions say it",
	    "postfix/smtpd[9]: improper command pipelining after RSET from "
	    "h.test[203.0.113.5]",
	    "postfix-command", "203.0.113.5", 1, "", "" },
	{ "what pipelining led to was counted",
	    "postfix/smtpd[9]: 219E1A763EE: reject: DATA from "
	    "h.test[203.0.113.5]: 503 5.5.0 <DATA>: Data command rejected: "
	    "Improper use of SMTP command pipelining; from=<a@b.test> "
	    "to=<u@example.test> proto=ESMTP helo=<h.test>",
	    NULL, NULL, 0, NULL, NULL },
	{ "too many errors",
	    "postfix/smtpd[9]: too many errors after AUTH from "
	    "h.test[203.0.113.5]",
	    "postfix-errors", "203.0.113.5", 1, "", "" },
	{ "too many errors, in data",
	    "postfix/smtpd[9]: too many errors after DATA (0 bytes) from "
	    "h.test[203.0.113.5]",
	    "postfix-errors", "203.0.113.5", 1, "", "" },
	{ "too many unknown commands",
	    "postfix/smtpd[9]: too many errors after UNKNOWN from "
	    "h.test[203.0.113.5]",
	    "postfix-errors-seen", "203.0.113.5", 1, "", "" },
	{ "gone in the middle of a message",
	    "postfix/smtpd[9]: lost connection after DATA (14 bytes) from "
	    "h.test[203.0.113.5]",
	    "postfix-disconnect", "203.0.113.5", 1, "", "" },
	{ "asleep in the middle of a message, under another name",
	    "mx-in/smtpd[9]: timeout after BDAT from h.test[203.0.113.5]",
	    "postfix-disconnect", "203.0.113.5", 1, "", "" },
	{ "people lose their connection",
	    "postfix/submission/smtpd[9]: lost connection after DATA (14 "
	    "bytes) from h.test[192.0.2.5]",
	    NULL, NULL, 0, NULL, NULL },
	{ "people lose their connection on port 465",
	    "postfix-smtps/smtpd[9]: timeout after DATA (14 bytes) from "
	    "h.test[192.0.2.5]",
	    NULL, NULL, 0, NULL, NULL },
	{ "gone, but not in a message",
	    "postfix/smtpd[9]: lost connection after RCPT from "
	    "h.test[192.0.2.5]",
	    NULL, NULL, 0, NULL, NULL },
	{ "gone after a message",
	    "postfix/smtpd[9]: lost connection after END-OF-MESSAGE from "
	    "h.test[192.0.2.5]",
	    NULL, NULL, 0, NULL, NULL },
	{ "TLS trouble",
	    "postfix/smtpd[9]: SSL_accept error from h.test[192.0.2.5]: -1",
	    NULL, NULL, 0, NULL, NULL },
	{ "OpenSMTPD's smtpd is another program",
	    "smtpd[9]: warning: non-SMTP command from h.test[192.0.2.5]: GET",
	    NULL, NULL, 0, NULL, NULL },
};

static const struct row postscreen_rows[] = {
	{ "spoke before the greeting",
	    "postfix/postscreen[9]: PREGREET 12 after 0.08 from "
	    "[2001:db8:bad::5]:2625: EHLO x\\r\\n",
	    "postscreen-command", "2001:db8:bad::5", 1, "", "" },
	{ "all commands at once",
	    "postfix/postscreen[9]: COMMAND PIPELINING from "
	    "[203.0.113.5]:2625 after EHLO: MAIL FROM:<a@b.test>\\r\\n",
	    "postscreen-command", "203.0.113.5", 1, "", "" },
	{ "HTTP",
	    "postfix/postscreen[9]: NON-SMTP COMMAND from [203.0.113.5]:2625 "
	    "after CONNECT: GET / HTTP/1.1",
	    "postscreen-command", "203.0.113.5", 1, "", "" },
	{ "a line without its end",
	    "postfix/postscreen[9]: BARE NEWLINE from [203.0.113.5]:2625 "
	    "after EHLO",
	    "postscreen-command", "203.0.113.5", 1, "", "" },
	{ "too many commands",
	    "postfix/postscreen[9]: COMMAND COUNT LIMIT from "
	    "[203.0.113.5]:2625 after NOOP",
	    "postscreen-command", "203.0.113.5", 1, "", "" },
	{ "a slow client",
	    "postfix/postscreen[9]: COMMAND TIME LIMIT from [192.0.2.5]:2625 "
	    "after CONNECT",
	    NULL, NULL, 0, NULL, NULL },
	{ "a list it stands on",
	    "postfix/postscreen[9]: DNSBL rank 6 for [192.0.2.5]:2625", NULL,
	    NULL, 0, NULL, NULL },
	{ "the site's own list",
	    "postfix/postscreen[9]: BLACKLISTED [192.0.2.5]:2625", NULL, NULL,
	    0, NULL, NULL },
	{ "hung up",
	    "postfix/postscreen[9]: HANGUP after 1.5 from [192.0.2.5]:2625 in "
	    "tests after SMTP handshake",
	    NULL, NULL, 0, NULL, NULL },
	{ "come again",
	    "postfix/postscreen[9]: NOQUEUE: reject: RCPT from "
	    "[192.0.2.5]:2625: 450 4.3.2 Service currently unavailable; "
	    "from=<a@b.test>, to=<u@example.test>, proto=ESMTP, helo=<h>",
	    NULL, NULL, 0, NULL, NULL },
	{ "what speaking early led to was counted",
	    "postfix/postscreen[9]: NOQUEUE: reject: RCPT from "
	    "[203.0.113.5]:2625: 550 5.5.1 Protocol error; from=<a@b.test>, "
	    "to=<u@example.test>, proto=ESMTP, helo=<h>",
	    NULL, NULL, 0, NULL, NULL },
};

#define EOM "postfix/cleanup[9]: 219E1A763EE: milter-reject: END-OF-MESSAGE "
#define FROM_TO                                                                \
	"; from=<a@b.test> to=<u@example.test> proto=ESMTP helo=<h.test>"

static const struct row scanner_rows[] = {
	{ "SpamAssassin's milter",
	    EOM
	    "from h.test[203.0.113.5]: 5.7.1 Blocked by SpamAssassin" FROM_TO,
	    "spamass-milter", "203.0.113.5", 1, "", "219E1A763EE" },
	{ "ClamAV's milter",
	    EOM "from h.test[203.0.113.5]: 5.7.1 Blocked: infected with "
		"Eicar-Test-Signature" FROM_TO,
	    "clamav-milter", "203.0.113.5", 1, "", "219E1A763EE" },
	{ "Rspamd's milter",
	    EOM "from h.test[203.0.113.5]: 5.7.1 Spam message rejected" FROM_TO,
	    "rspamd-reject", "203.0.113.5", 1, "", "219E1A763EE" },
	{ "Rspamd's milter, with a scanner for viruses",
	    EOM "from h.test[203.0.113.5]: 5.7.1 clamav: virus found: "
		"\"Eicar\"" FROM_TO,
	    "rspamd-virus", "203.0.113.5", 1, "", "219E1A763EE" },
	{ "Amavis's milter",
	    EOM "from h.test[203.0.113.5]: 5.7.0 Reject, id=09290-03 - "
		"spam" FROM_TO,
	    "milter-spam", "203.0.113.5", 1, "", "219E1A763EE" },
	{ "Amavis's milter, a virus",
	    EOM "from h.test[203.0.113.5]: 5.7.0 Reject, id=09290-03 - "
		"INFECTED: Eicar" FROM_TO,
	    "milter-virus", "203.0.113.5", 1, "", "219E1A763EE" },
	{ "Rspamd greylists",
	    EOM "from h.test[192.0.2.5]: 4.7.1 Try again later" FROM_TO, NULL,
	    NULL, 0, NULL, NULL },
	{ "a milter that is down",
	    EOM "from h.test[192.0.2.5]: 4.7.1 Service unavailable - try again "
		"later" FROM_TO,
	    NULL, NULL, 0, NULL, NULL },
	{ "a milter's text that nobody knows",
	    EOM "from h.test[192.0.2.5]: 5.7.1 Command rejected" FROM_TO, NULL,
	    NULL, 0, NULL, NULL },
	{ "a site's header_checks",
	    "postfix/cleanup[9]: 219E1A763EE: reject: header Subject: Blocked "
	    "by SpamAssassin from h.test[192.0.2.5]; from=<a@b.test> "
	    "to=<u@example.test> proto=ESMTP helo=<h.test>",
	    NULL, NULL, 0, NULL, NULL },
	{ "Amavis blocked spam",
	    "amavis[9]: (00009-02) Blocked SPAM {RejectedInbound}, "
	    "[203.0.113.5]:30554 [203.0.113.5] <a@b.test> -> "
	    "<u@example.test>,<v@example.test>, Queue-ID: 219E1A763EE, "
	    "Message-ID: <x@b.test>, mail_id: 2XA5, Hits: 10.4, size: 404",
	    "amavis-spam", "203.0.113.5", 1, "", "219E1A763EE" },
	{ "Amavis kept spam",
	    "amavis[9]: (00009-02-3) Blocked SPAM {DiscardedInbound,"
	    "Quarantined}, [2001:db8:bad::5]:30554 [10.0.0.1] <a@b.test> -> "
	    "<u@example.test>, quarantine: spam-2XA5.gz, Queue-ID: "
	    "219E1A763EE, Message-ID: <x@b.test>, mail_id: 2XA5, Hits: 10.4",
	    "amavis-spam", "2001:db8:bad::5", 1, "", "219E1A763EE" },
	{ "Amavis passed spam with a mark",
	    "amavis[9]: (00009-02) Passed SPAMMY {RelayedTaggedInbound}, "
	    "[203.0.113.5]:30554 [203.0.113.5] <> -> <u@example.test>, "
	    "Queue-ID: 219E1A763EE, Message-ID: <x@b.test>, Hits: 6.4",
	    "amavis-spam", "203.0.113.5", 1, "", "219E1A763EE" },
	{ "an older Amavis",
	    "amavis[9]: (00009-02) Blocked SPAM, [203.0.113.5] [203.0.113.5] "
	    "<a@b.test> -> <u@example.test>, quarantine: s/spam-x.gz, "
	    "Message-ID: <x@b.test>, mail_id: 2XA5, Hits: 10.4, size: 404",
	    "amavis-spam", "203.0.113.5", 1, "", "" },
	{ "Amavis blocked a virus with two names",
	    "amavis[9]: (00009-02) Blocked INFECTED (Eicar, Win.Test.A) "
	    "{DiscardedInbound,Quarantined}, [203.0.113.5]:5345 [203.0.113.5] "
	    "<a@b.test> -> <u@example.test>, Queue-ID: 219E1A763EE, "
	    "Message-ID: <x@b.test>, mail_id: 2XA5, Hits: -, size: 404",
	    "amavis-virus", "203.0.113.5", 1, "", "219E1A763EE" },
	{ "a policy bank that is not the site's people",
	    "amavis[9]: (00009-02) Blocked SPAM {RejectedInbound}, AM.PDP-SOCK "
	    "[203.0.113.5]:30554 [203.0.113.5] <a@b.test> -> <u@example.test>",
	    "amavis-spam", "203.0.113.5", 1, "", "" },
	{ "the site's own people",
	    "amavis[9]: (00009-02) Blocked SPAM {RejectedInbound}, MYNETS "
	    "[192.0.2.5]:30554 [192.0.2.5] <a@b.test> -> <u@example.test>",
	    NULL, NULL, 0, NULL, NULL },
	{ "the site's own people, two names of it",
	    "amavis[9]: (00009-02) Blocked SPAM {RejectedInbound}, "
	    "AM.PDP-SOCK/MYNETS LOCAL [192.0.2.5]:30554 [192.0.2.5] <a@b.test>",
	    NULL, NULL, 0, NULL, NULL },
	{ "people who had logged in",
	    "amavis[9]: (00009-02) Blocked INFECTED (Eicar) {RejectedInbound}, "
	    "ORIGINATING/MYNETS [192.0.2.5]:30554 [192.0.2.5] <a@b.test>",
	    NULL, NULL, 0, NULL, NULL },
	{ "mail that goes out",
	    "amavis[9]: (00009-02) Blocked SPAM {RejectedOutbound}, "
	    "[192.0.2.5]:30554 [192.0.2.5] <a@b.test> -> <u@far.test>",
	    NULL, NULL, 0, NULL, NULL },
	{ "mail that stays inside",
	    "amavis[9]: (00009-02) Blocked SPAM {DiscardedInternal,"
	    "Quarantined}, [192.0.2.5]:30554 [192.0.2.5] <a@b.test> -> <u@b>",
	    NULL, NULL, 0, NULL, NULL },
	{ "clean mail",
	    "amavis[9]: (00009-02) Passed CLEAN {RelayedInbound}, "
	    "[192.0.2.5]:30554 [192.0.2.5] <a@b.test> -> <u@example.test>",
	    NULL, NULL, 0, NULL, NULL },
	{ "an attachment the site forbids",
	    "amavis[9]: (00009-02) Blocked BANNED (.exe,x.exe) "
	    "{RejectedInbound}, [192.0.2.5]:30554 [192.0.2.5] <a@b.test> -> <>",
	    NULL, NULL, 0, NULL, NULL },
	{ "Rspamd marked a message",
	    "rspamd[9]: <a1b2c3>; task; rspamd_task_write_log: id: "
	    "<x@b.test>, qid: <219E1A763EE>, ip: 203.0.113.5, from: "
	    "<a@b.test>, (default: T (add header): [9.1/15.0] [A(1.00){}]), "
	    "len: 1200, time: 12.0ms",
	    "rspamd-marked", "203.0.113.5", 1, "", "219E1A763EE" },
	{ "Rspamd's own file",
	    "2026-11-21 23:44:51 #812(rspamd_proxy) <a1b2c3>; proxy; "
	    "rspamd_task_write_log: id: <undef>, ip: 2001:db8:bad::5, from: "
	    "<>, (default: T (rewrite subject): [9.1/15.0] [A(1.00){}]), len: 1",
	    "rspamd-marked", "2001:db8:bad::5", 1, "", "" },
	{ "Rspamd rejected: the MTA's line counts",
	    "rspamd[9]: <a1b2c3>; task; rspamd_task_write_log: id: <x@b.test>, "
	    "qid: <219E1A763EE>, ip: 203.0.113.5, from: <a@b.test>, (default: "
	    "T (reject): [19.1/15.0] [A(1.00){}]), len: 1200",
	    NULL, NULL, 0, NULL, NULL },
	{ "Rspamd found nothing",
	    "rspamd[9]: <a1b2c3>; task; rspamd_task_write_log: id: <x@b.test>, "
	    "qid: <219E1A763EE>, ip: 192.0.2.5, from: <a@b.test>, (default: F "
	    "(no action): [1.1/15.0] [A(1.00){}]), len: 1200",
	    NULL, NULL, 0, NULL, NULL },
	{ "Rspamd marked mail of somebody who had logged in",
	    "rspamd[9]: <a1b2c3>; task; rspamd_task_write_log: id: <x@b.test>, "
	    "qid: <219E1A763EE>, ip: 192.0.2.5, user: joe, from: <a@b.test>, "
	    "(default: T (add header): [9.1/15.0] [A(1.00){}]), len: 1200",
	    NULL, NULL, 0, NULL, NULL },
	{ "spamd names its own client",
	    "spamd[9]: spamd: result: Y 1002 - GTUBE scantime=0.1,size=488,"
	    "raddr=127.0.0.1,rport=41710,mid=<x@b.test>",
	    NULL, NULL, 0, NULL, NULL },
};

static const struct row dovecot_rows[] = {
	{ "three wrong passwords in one session, Dovecot 2.3",
	    "dovecot: imap-login: Disconnected: Aborted login by logging out "
	    "(auth failed, 3 attempts in 18 secs): user=<joe>, method=PLAIN, "
	    "rip=203.0.113.5, lip=192.0.2.25, session=<8tMR>",
	    "dovecot-login-failed", "203.0.113.5", 3, "joe", "" },
	{ "Dovecot 2.2",
	    "dovecot[44]: pop3-login: Aborted login (auth failed, 1 attempts "
	    "in 17 secs): user=<joe>, method=PLAIN, rip=203.0.113.5, "
	    "lip=192.0.2.25, TLS, session=<8tMR>",
	    "dovecot-login-failed", "203.0.113.5", 1, "joe", "" },
	{ "Dovecot 2.4",
	    "dovecot: submission-login: Login aborted: Connection closed (auth "
	    "failed, 2 attempts in 9 secs) (auth_failed): user=<joe>, "
	    "method=PLAIN, rip=2001:db8:bad::5, lip=2001:db8::25, TLS",
	    "dovecot-login-failed", "2001:db8:bad::5", 2, "joe", "" },
	{ "an older one, without a name",
	    "dovecot: imap-login: Disconnected (auth failed, 1 attempts): "
	    "method=PLAIN, rip=203.0.113.5, lip=192.0.2.25, TLS: Disconnected",
	    "dovecot-login-failed", "203.0.113.5", 1, "", "" },
	{ "a reason with brackets of its own",
	    "dovecot: managesieve-login: Disconnected: Connection closed: "
	    "read(size=1008) failed: Connection reset by peer (auth failed, 1 "
	    "attempts in 4 secs): user=<>, method=PLAIN, rip=203.0.113.5, "
	    "lip=192.0.2.25, session=<8tMR>",
	    "dovecot-login-failed", "203.0.113.5", 1, "", "" },
	{ "Dovecot's own file",
	    "imap-login: Info: Disconnected: Inactivity (auth failed, 2 "
	    "attempts in 180 secs): user=<joe>, method=LOGIN, rip=203.0.113.5, "
	    "lip=192.0.2.25, session=<8tMR>",
	    "dovecot-login-failed", "203.0.113.5", 2, "joe", "" },
	{ "more attempts than there can be",
	    "dovecot: imap-login: Disconnected (auth failed, 2000000000 "
	    "attempts in 2 secs): user=<joe>, method=PLAIN, rip=203.0.113.5, "
	    "lip=192.0.2.25",
	    "dovecot-login-failed", "203.0.113.5", 1000, "joe", "" },
	{ "many attempts, and the line again and again",
	    "dovecot: message repeated 900 times: [ imap-login: Disconnected "
	    "(auth failed, 9 attempts in 2 secs): user=<joe>, method=PLAIN, "
	    "rip=203.0.113.5, lip=192.0.2.25]",
	    "dovecot-login-failed", "203.0.113.5", 1000, "joe", "" },
	{ "no attempt",
	    "dovecot: imap-login: Disconnected: Connection closed (no auth "
	    "attempts in 0 secs): user=<>, rip=192.0.2.5, lip=192.0.2.25",
	    NULL, NULL, 0, NULL, NULL },
	{ "no attempts failed",
	    "dovecot: imap-login: Disconnected (auth failed, 0 attempts in 0 "
	    "secs): user=<>, rip=192.0.2.5, lip=192.0.2.25",
	    NULL, NULL, 0, NULL, NULL },
	{ "the password server is down",
	    "dovecot: imap-login: Disconnected: Connection closed (auth "
	    "service reported temporary failure): user=<joe>, method=PLAIN, "
	    "rip=192.0.2.5, lip=192.0.2.25, session=<8tMR>",
	    NULL, NULL, 0, NULL, NULL },
	{ "a password that may not be sent in the clear",
	    "dovecot: pop3-login: Aborted login (tried to use disallowed "
	    "plaintext auth): user=<>, rip=192.0.2.5, lip=192.0.2.25",
	    NULL, NULL, 0, NULL, NULL },
	{ "the same attempt, told by auth",
	    "dovecot: auth: passwd-file(joe,203.0.113.5,<8tMR>): Password "
	    "mismatch",
	    NULL, NULL, 0, NULL, NULL },
	{ "a good login",
	    "dovecot: imap-login: Login: user=<joe>, method=PLAIN, "
	    "rip=192.0.2.9, lip=192.0.2.25, mpid=7, TLS, session=<8tMR>",
	    "dovecot-login", "192.0.2.9", 1, "joe", "" },
	{ "a good login, Dovecot 2.4",
	    "dovecot: imap-login: Logged in: user=<joe>, method=PLAIN, "
	    "rip=192.0.2.9, lip=192.0.2.25, TLS, session=<8tMR>",
	    "dovecot-login", "192.0.2.9", 1, "joe", "" },
	{ "a session after its login",
	    "dovecot: imap(joe)<7><8tMR>: Disconnected: Logged out in=8 "
	    "out=468",
	    NULL, NULL, 0, NULL, NULL },
};

#define EXIM "2026-11-21 23:44:51 "
#define QF   "5ALNipX1000812"

static const struct row other_rows[] = {
	{ "a login to Exim failed",
	    EXIM "plain_server authenticator failed for h.test (helo) "
		 "[203.0.113.5]:4411 I=[192.0.2.25]:465: 535 Incorrect "
		 "authentication data (set_id=joe)",
	    "exim-auth", "203.0.113.5", 1, "joe", "" },
	{ "a login to Exim failed, through syslog",
	    "exim[9]: 2026-11-21 23:44:51 login authenticator failed for "
	    "([192.0.2.77]) [2001:db8:bad::5]: 535 Incorrect authentication "
	    "data",
	    "exim-auth", "2001:db8:bad::5", 1, "", "" },
	{ "Exim cannot ask for the password",
	    EXIM "plain_server authenticator failed for (helo) [192.0.2.5]: "
		 "435 Unable to authenticate at present (set_id=joe): x",
	    NULL, NULL, 0, NULL, NULL },
	{ "whose message it is, after a login",
	    EXIM "1vMaBc-0001Ab-2C <= joe@example.test H=h.test (pc) "
		 "[192.0.2.9]:4411 I=[192.0.2.25]:587 P=esmtpsa "
		 "X=TLS1.3:x:256 CV=no A=plain_server:joe S=1200 id=x@y",
	    "exim-client", "192.0.2.9", 1, "joe", "1vMaBc-0001Ab-2C" },
	{ "whose message it is, with a long id and no login",
	    EXIM "[812] 1vMaBc-00000000Ab1-2CdE <= <> H=h.test [192.0.2.9] "
		 "P=esmtp S=1200",
	    "exim-client", "192.0.2.9", 1, "", "1vMaBc-00000000Ab1-2CdE" },
	{ "a recipient Exim does not know",
	    EXIM "[812] H=h.test (helo) [203.0.113.5]:25 I=[192.0.2.25]:25 "
		 "X=TLS1.3 CV=no F=<a@b.test> rejected RCPT <u@example.test>: "
		 "Unrouteable address",
	    "exim-recipient", "203.0.113.5", 1, "", "" },
	{ "a recipient, refused for today",
	    EXIM "H=h.test [192.0.2.5] F=<a@b.test> temporarily rejected RCPT "
		 "<u@example.test>: Unknown user",
	    NULL, NULL, 0, NULL, NULL },
	{ "a recipient of somebody who had logged in",
	    EXIM "H=h.test [192.0.2.5]:25 A=plain_server:joe F=<a@b.test> "
		 "rejected RCPT <u@example.test>: Unknown user",
	    NULL, NULL, 0, NULL, NULL },
	{ "relaying through Exim",
	    EXIM "H=(helo) [203.0.113.5] F=<a@b.test> rejected RCPT "
		 "<u@far.test>: relay not permitted",
	    "exim-relay", "203.0.113.5", 1, "", "" },
	{ "a sender Exim cannot answer",
	    EXIM "H=(helo) [203.0.113.5] F=<a@no.test> rejected RCPT "
		 "<u@example.test>: Sender verify failed",
	    "exim-sender", "203.0.113.5", 1, "", "" },
	{ "a HELO name Exim cannot read",
	    EXIM "rejected EHLO from [203.0.113.5]: syntactically invalid "
		 "argument(s): x_y[198.51.100.99]",
	    "exim-helo", "203.0.113.5", 1, "", "" },
	{ "too many errors for Exim",
	    EXIM "SMTP call from (helo) [203.0.113.5]:25 dropped: too many "
		 "syntax or protocol errors (last command was \"X\")",
	    "exim-command", "203.0.113.5", 1, "", "" },
	{ "spoke before Exim's greeting",
	    EXIM "SMTP protocol synchronization error (input sent without "
		 "waiting for greeting): rejected connection from "
		 "H=[203.0.113.5]:25 I=[192.0.2.25]:25 input=\"GET /\"",
	    "exim-command", "203.0.113.5", 1, "", "" },
	{ "AUTH where there is none",
	    EXIM "SMTP protocol error in \"AUTH LOGIN x\" H=(helo) "
		 "[203.0.113.5]:25 I=[192.0.2.25]:25 AUTH command used when "
		 "not advertised",
	    "exim-command", "203.0.113.5", 1, "", "" },
	{ "asleep in the middle of a message to Exim",
	    EXIM "SMTP data timeout (message abandoned) on connection from "
		 "(helo) [203.0.113.5] F=<a@b.test>",
	    "exim-disconnect", "203.0.113.5", 1, "", "" },
	{ "a virus for Exim",
	    EXIM "1vMaBc-0001Ab-2C H=(helo) [203.0.113.5] F=<a@b.test> "
		 "rejected after DATA: This message was detected as possible "
		 "malware (Eicar).",
	    "exim-virus", "203.0.113.5", 1, "", "1vMaBc-0001Ab-2C" },
	{ "spam for Exim",
	    EXIM "1vMaBc-0001Ab-2C H=(helo) [203.0.113.5] F=<a@b.test> "
		 "rejected after DATA: This message scored 12.1 spam points.",
	    "exim-spam", "203.0.113.5", 1, "", "1vMaBc-0001Ab-2C" },
	{ "a login to Sendmail failed",
	    "sendmail[9]: " QF ": AUTH failure (LOGIN): authentication failure "
	    "(-13) SASL(-13): authentication failure: checkpass failed, "
	    "user=joe, relay=h.test [203.0.113.5] (may be forged)",
	    "sendmail-auth", "203.0.113.5", 1, "joe", QF },
	{ "a login to an older Sendmail failed",
	    "sm-mta[9]: " QF ": AUTH failure (PLAIN): user not found (-20) "
	    "SASL(-13): user not found: x, relay=[IPv6:2001:db8:bad::5]",
	    "sendmail-auth", "2001:db8:bad::5", 1, "", QF },
	{ "saslauthd is down",
	    "sm-mta[9]: " QF ": AUTH failure (PLAIN): generic failure (-1) "
	    "SASL(-1): x, relay=h.test [192.0.2.5]",
	    NULL, NULL, 0, NULL, NULL },
	{ "a good login to Sendmail",
	    "sm-mta[9]: AUTH=server, relay=h.test [192.0.2.9], authid=joe, "
	    "mech=PLAIN, bits=0",
	    "sendmail-login", "192.0.2.9", 1, "joe", "" },
	{ "a recipient a ruleset does not know",
	    "sm-mta[9]: " QF ": ruleset=check_rcpt, arg1=<u@example.test>, "
	    "relay=[203.0.113.5], reject=550 5.1.1 <u@example.test>... User "
	    "unknown",
	    "sendmail-recipient", "203.0.113.5", 1, "", QF },
	{ "relaying through Sendmail",
	    "sm-mta[9]: " QF ": ruleset=check_rcpt, arg1=<u@far.test>, "
	    "relay=h.test [203.0.113.5] (may be forged), reject=550 5.7.1 "
	    "<u@far.test>... Relaying denied. IP name possibly forged",
	    "sendmail-relay", "203.0.113.5", 1, "", QF },
	{ "a sender's domain that is nowhere",
	    "sm-mta[9]: " QF ": ruleset=check_mail, arg1=<a@no.test>, "
	    "relay=h.test [203.0.113.5], reject=553 5.1.8 <a@no.test>... "
	    "Domain of sender address a@no.test does not exist",
	    "sendmail-sender", "203.0.113.5", 1, "", QF },
	{ "a sender that cannot be looked up just now",
	    "sm-mta[9]: " QF ": ruleset=check_mail, arg1=<a@no.test>, "
	    "relay=h.test [192.0.2.5], reject=451 4.1.8 Domain of sender "
	    "address a@no.test does not resolve",
	    NULL, NULL, 0, NULL, NULL },
	{ "spoke before Sendmail's greeting",
	    "sm-mta[9]: " QF ": rejecting commands from  [203.0.113.5] due to "
	    "pre-greeting traffic after 0 seconds",
	    "sendmail-command", "203.0.113.5", 1, "", QF },
	{ "one command again and again",
	    "sm-mta[9]: " QF ": h.test [203.0.113.5]: possible SMTP attack: "
	    "command=AUTH, count=5",
	    "sendmail-command", "203.0.113.5", 1, "", QF },
	{ "gone in the middle of a message to Sendmail",
	    "sm-mta[9]: " QF ": lost input channel from h.test [203.0.113.5] "
	    "to MTA after data",
	    "sendmail-disconnect", "203.0.113.5", 1, "", QF },
	{ "the journal dropped messages",
	    "systemd-journald[9]: Suppressed 1234 messages from "
	    "postfix@-.service",
	    "journald-suppressed", "::", 1234, "", "" },
};

/* A daemon's own file begins with its own time, or has no host. */
static const char *
beginning(const char *line)
{
	if (line[0] >= '0' && line[0] <= '9') {
		return "";
	}
	return strncmp(line, "imap-login: ", 12) == 0 ? "Nov 21 23:44:51 " : AT;
}

static void
check_row(struct tried *tried, const struct row *row)
{
	char line[1024];
	char address[ADDR_TEXT_SIZE];
	struct finding finding;

	(void)snprintf(
	    line, sizeof(line), "%s%s", beginning(row->line), row->line);
	check_int(row->sentence, tried_match(tried, line, &finding),
	    row->rule != NULL);
	if (row->rule == NULL) {
		return;
	}
	check_text(row->sentence, finding.rule, row->rule);
	check_text(row->sentence, addr_format(&finding.address, address),
	    row->address);
	check_int(row->sentence, finding.events, row->events);
	check_text(row->sentence, finding.user, row->user);
	check_text(row->sentence, finding.queue, row->queue);
	check_int(row->sentence, finding.at, TRIED_AT);
}

#define TABLE_TEST(name)                                                       \
	static void name##_lines(void **state)                                 \
	{                                                                      \
		for (size_t i = 0; i < COUNT(name##_rows); i++) {              \
			check_row(*state, &name##_rows[i]);                    \
		}                                                              \
	}

TABLE_TEST(postfix)
TABLE_TEST(postscreen)
TABLE_TEST(scanner)
TABLE_TEST(dovecot)
TABLE_TEST(other)

/* ---- what was accepted ---- */

static void
sessions_are_read_with_what_they_accepted(void **state)
{
	static const struct {
		const char *sentence;
		const char *counts;
		int64_t recipients;
		int64_t messages;
	} rows[] = {
		{ "one message",
		    " ehlo=2 starttls=1 mail=1 rcpt=1 data=1 "
		    "quit=1 commands=7",
		    1, 1 },
		{ "some recipients were refused",
		    " ehlo=1 mail=1/2 rcpt=3/10 data=1 quit=1 commands=7/14", 3,
		    1 },
		{ "none were accepted",
		    " ehlo=1 mail=1 rcpt=0/20 commands=3/24", 0, 0 },
		{ "in chunks: one message, whatever bdat says",
		    " ehlo=1 mail=1 rcpt=2 bdat=7 quit=1 commands=12", 2, 1 },
		{ "nothing but hello", " ehlo=1 quit=1 commands=2", 0, 0 },
		{ "a failed login and then a message",
		    " ehlo=1 auth=0/1 mail=1 rcpt=1 data=1 quit=1 commands=4/5",
		    1, 1 },
		{ "who had logged in says nothing",
		    " ehlo=1 auth=1 mail=1 rcpt=1 data=1 quit=1 commands=6", 0,
		    0 },
		{ "who had logged in at the second try says nothing",
		    " ehlo=1 auth=1/2 mail=1 rcpt=1 data=1 quit=1 commands=6/7",
		    0, 0 },
		{ "an old Postfix counts nothing", "", 0, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char line[256];
		struct finding finding;

		(void)snprintf(line, sizeof(line),
		    AT "postfix/smtpd[9]: disconnect from h.test[192.0.2.9]%s",
		    rows[i].counts);
		check_int(rows[i].sentence, tried_match(*state, line, &finding),
		    true);
		check_int(rows[i].sentence, finding.what, FINDING_SESSION);
		check_int(
		    rows[i].sentence, finding.recipients, rows[i].recipients);
		check_int(rows[i].sentence, finding.messages, rows[i].messages);
	}
}

static void
findings_say_who_counts_and_where_from(void **state)
{
	static const struct {
		const char *sentence;
		const char *line;
		enum finding_what what;
		enum kind kind;
		const char *source;
		bool milter_saw;
	} rows[] = {
		{ "the watcher's",
		    AT "postfix/smtpd[9]: too many errors after AUTH from "
		       "h.test[203.0.113.5]",
		    FINDING_OFFENCE, KIND_COMMAND, "postfix", false },
		{ "the milter's",
		    AT "postfix/smtpd[9]: too many errors after RCPT from "
		       "h.test[203.0.113.5]",
		    FINDING_OFFENCE, KIND_COMMAND, "postfix", true },
		{ "Amavis",
		    AT
		    "amavis[9]: (1-2) Blocked INFECTED (E) {RejectedInbound}, "
		    "[203.0.113.5]:5345 [203.0.113.5] <a@b.test> -> <>",
		    FINDING_OFFENCE, KIND_VIRUS, "amavis", false },
		{ "the journal's own",
		    AT "systemd-journald[9]: Suppressed 2 messages from x",
		    FINDING_SUPPRESSED, KIND_COUNT, "journald", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct finding finding;

		check_int(rows[i].sentence,
		    tried_match(*state, rows[i].line, &finding), true);
		check_int(rows[i].sentence, finding.what, rows[i].what);
		check_int(rows[i].sentence, finding.kind, rows[i].kind);
		check_text(rows[i].sentence, finding.source, rows[i].source);
		check_int(
		    rows[i].sentence, finding.milter_saw, rows[i].milter_saw);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(postfix_lines),
		cmocka_unit_test(postscreen_lines),
		cmocka_unit_test(scanner_lines),
		cmocka_unit_test(dovecot_lines),
		cmocka_unit_test(other_lines),
		cmocka_unit_test(sessions_are_read_with_what_they_accepted),
		cmocka_unit_test(findings_say_who_counts_and_where_from),
	};

	return cmocka_run_group_tests_name(
	    "rules", tests, tried_up, tried_down);
}
