#include "bounce/bounce_table.h"

enum {
	TWO_HOURS = 2 * 3600, /* in seconds */
	FRANCESERV = 1U << BOUNCE_FRANCESERV,
	FREE = 1U << BOUNCE_FREE,
	SFR = 1U << BOUNCE_SFR,
	LAPOSTE = 1U << BOUNCE_LAPOSTE,
	ORANGE = 1U << BOUNCE_ORANGE,
	VIDEUR = 1U << BOUNCE_VIDEUR,
	NUMBERED = LAPOSTE | ORANGE /* one numbering */
};

/* ---- said by more than one row ---- */

static const char ask_desk[] =
    "find out what was sent from the address and stop it; then write to the "
    "provider's postmaster with date and time, sending IP, host name and "
    "domain, and this whole reply";
static const char slow_down[] =
    "send more slowly and over fewer connections; the mail server tries again "
    "by itself";
static const char wait_clean[] =
    "the mail server tries again by itself; meanwhile stop unwanted mail, "
    "write to nobody who did not ask for it, and publish SPF, DKIM and DMARC";
static const char mend_sender
    [] = "send from a domain that has an MX or A record, and check the address "
	 "for mistakes";
static const char mend_spf[] =
    "add the sending server to the SPF record of the sender's domain, or send "
    "through the servers that the record names";
static const char check_recipient
    [] = "check the address for mistakes and take it off every list";
static const char mail_recipient
    [] = "tell the recipient by another way; nothing can be done from outside";
static const char wait_sfr
    [] = "mend the cause; every block of SFR ends after 2 h by itself, and the "
	 "sender cannot have it removed earlier";
static const char by_count[] =
    "FranceServ: 2 h, 4 h, 8 h, 16 h, then 24 h, longer each time; at Free "
    "old deeds weigh little after 24 to 48 h";

/* Of rows for the same key, the first that fits the provider stands. */
static const struct bounce_meaning meanings[] = {
	/* The numbering of laposte.net and Orange. */
	{ NUMBERED, "100", BOUNCE_UNSAID,
	    "the sending IP is on a blocklist of Abusix", NULL, 0,
	    "look the address up at Abusix, stop the cause and have it taken "
	    "off there",
	    false },
	{ NUMBERED, "101", BOUNCE_UNSAID,
	    "the sending IP is on a blocklist of Spamhaus", NULL, 0,
	    "look the address up at Spamhaus, stop the cause and have it taken "
	    "off there",
	    false },
	{ ORANGE, "102", BOUNCE_FINAL,
	    "the sending IP is blocked for spam: Cloudmark lists it", NULL, 0,
	    "look the address up at Cloudmark, stop the spam and have it taken "
	    "off there",
	    false },
	{ LAPOSTE, "102", BOUNCE_UNSAID,
	    "the sending IP has a bad reputation at SenderScore", NULL, 0,
	    "look the address up at SenderScore (Validity); the score mends "
	    "with weeks of wanted mail and few complaints",
	    false },
	{ NUMBERED, "103", BOUNCE_UNSAID,
	    "the sending IP is on the provider's own blocklist", NULL, 0,
	    ask_desk, false },
	{ LAPOSTE, "104", BOUNCE_TEMPORARY,
	    "too many connections at once from the sending IP (2 are allowed)",
	    NULL, 0, slow_down, false },
	{ ORANGE, "104", BOUNCE_TEMPORARY,
	    "too many connections from the sending IP for its reputation", NULL,
	    0, slow_down, false },
	{ NUMBERED, "105", BOUNCE_TEMPORARY,
	    "refused for now, for the reputation of the sending IP", NULL, 0,
	    wait_clean, false },
	{ NUMBERED, "107", BOUNCE_UNSAID,
	    "the sending IP has no name in the DNS (PTR record)", NULL, 0,
	    "have the owner of the address enter a PTR record whose name leads "
	    "back to the address",
	    false },
	{ NUMBERED, "108", BOUNCE_UNSAID, "refused by the provider's policy",
	    NULL, 0, ask_desk, false },
	{ NUMBERED, "109", BOUNCE_TEMPORARY,
	    "too many messages in one connection (100 are allowed)", NULL, 0,
	    "end a connection after fewer messages; the mail server tries "
	    "again by itself",
	    false },
	{ NUMBERED, "20x", BOUNCE_UNSAID,
	    "the name that the sending server gives at HELO or EHLO is invalid",
	    NULL, 0,
	    "let the server introduce itself with its full name in the DNS "
	    "(Postfix: myhostname)",
	    false },
	{ NUMBERED, "305", BOUNCE_UNSAID, "the login failed", NULL, 0,
	    "check name and password of the mail program", false },
	{ NUMBERED, "39x", BOUNCE_UNSAID,
	    "the SPF record of the sender's domain is faulty", NULL, 0,
	    "mend the record: one only, valid, with at most 10 look-ups",
	    false },
	{ NUMBERED, "401", BOUNCE_UNSAID,
	    "SPF: the sending server may not send for the sender's domain",
	    NULL, 0, mend_spf, false },
	{ NUMBERED, "402", BOUNCE_UNSAID, "a login is required", NULL, 0,
	    "let the mail program log in to its outgoing server", false },
	{ NUMBERED, "403", BOUNCE_UNSAID, "the sender's address is invalid",
	    NULL, 0, mend_sender, false },
	{ NUMBERED, "405", BOUNCE_TEMPORARY,
	    "the sender's domain cannot receive mail: it has no MX and no A "
	    "record",
	    NULL, 0, mend_sender, false },
	{ NUMBERED, "415", BOUNCE_UNSAID, "the sender's address is invalid",
	    NULL, 0, mend_sender, false },
	{ NUMBERED, "416", BOUNCE_FINAL, "the recipient does not exist", NULL,
	    0, check_recipient, false },
	{ NUMBERED, "417", BOUNCE_UNSAID, "the recipient's mailbox is full",
	    NULL, 0, mail_recipient, false },
	{ NUMBERED, "418", BOUNCE_UNSAID, "the recipient's address is invalid",
	    NULL, 0, check_recipient, true },
	{ NUMBERED, "420", BOUNCE_UNSAID,
	    "the recipient's mailbox is archived: nobody reads it any more",
	    NULL, 0, check_recipient, false },
	{ NUMBERED, "421", BOUNCE_UNSAID,
	    "the sender's address does not belong to the user who logged in",
	    NULL, 0,
	    "send from an address of the account, or log in to the account of "
	    "the address",
	    false },
	{ NUMBERED, "423", BOUNCE_TEMPORARY, "refused, try later", NULL, 0,
	    wait_clean, false },
	{ NUMBERED, "424", BOUNCE_TEMPORARY, "refused, try later", NULL, 0,
	    wait_clean, false },
	{ NUMBERED, "425", BOUNCE_UNSAID,
	    "the sender's domain is on a blocklist of Abusix or Spamhaus", NULL,
	    0,
	    "look the domain up at both, stop the cause and have it taken off "
	    "there",
	    false },
	{ NUMBERED, "426", BOUNCE_UNSAID, "the recipient's account is blocked",
	    NULL, 0, mail_recipient, false },
	{ LAPOSTE, "503", BOUNCE_TEMPORARY,
	    "the sending IP is throttled for its reputation", "a few hours", 0,
	    wait_clean, false },
	{ ORANGE, "503", BOUNCE_TEMPORARY,
	    "the sending IP is throttled for its reputation", NULL, 0,
	    wait_clean, false },
	{ NUMBERED, "505", BOUNCE_TEMPORARY,
	    "refused for now, once the message was passed on (after DATA)",
	    NULL, 0, wait_clean, false },
	{ NUMBERED, "506", BOUNCE_UNSAID, "the message is taken for spam", NULL,
	    0,
	    "look at its content, links and attachments; if it is no spam, "
	    "write to the provider's postmaster with this whole reply",
	    false },
	{ NUMBERED, "510", BOUNCE_TEMPORARY,
	    "refused for the message's content or the sender's reputation",
	    NULL, 0, wait_clean, false },
	{ NUMBERED, "513", BOUNCE_UNSAID,
	    "the message was rejected (Orange UK)", NULL, 0, ask_desk, false },
	{ NUMBERED, "514", BOUNCE_UNSAID, "the message is too big", NULL, 0,
	    "send it smaller, or a link to the attachment", false },
	{ NUMBERED, "515", BOUNCE_FINAL,
	    "DMARC: the sender's domain asks to reject this message", NULL, 0,
	    "sign with DKIM for the domain in From:, or pass SPF for it",
	    false },
	{ NUMBERED, "517", BOUNCE_FINAL,
	    "DMARC: the sender's domain asks to reject this message", NULL, 0,
	    "sign with DKIM for the domain in From:, or pass SPF for it",
	    false },
	{ NUMBERED, "519", BOUNCE_UNSAID,
	    "SPF: the sending IP may not send for the sender's domain", NULL, 0,
	    mend_spf, false },
	{ NUMBERED, "630", BOUNCE_UNSAID, "the sending host is rejected", NULL,
	    0, ask_desk, false },
	{ NUMBERED, "99x", BOUNCE_TEMPORARY,
	    "the sending IP is suspended because of what an earlier reply said",
	    "2 h", TWO_HOURS,
	    "look for that earlier reply in the log and mend what it names; "
	    "the mail server tries again by itself",
	    false },

	/* The same two say so without a code. */
	{ NUMBERED, "refused", BOUNCE_TEMPORARY,
	    "refused for now; which code stood there would tell why", NULL, 0,
	    wait_clean, false },
	{ ORANGE, "spf-dns", BOUNCE_TEMPORARY,
	    "the sender's domain fails SPF or is not set up in the DNS", NULL,
	    0, mend_spf, false },
	{ LAPOSTE, "inactive", BOUNCE_TEMPORARY,
	    "the recipient's mailbox is inactive and has been disabled", NULL,
	    0, check_recipient, false },

	/* SFR: its first digit is internal. */
	{ SFR, "x01", BOUNCE_TEMPORARY,
	    "the sending IP is blocked: too many spam messages", "2 h",
	    TWO_HOURS, wait_sfr, false },
	{ SFR, "x02", BOUNCE_TEMPORARY,
	    "the sending IP is blocked: it sent a virus", "2 h", TWO_HOURS,
	    wait_sfr, false },
	{ SFR, "x03", BOUNCE_TEMPORARY,
	    "the sending IP is blocked: too many SMTP errors", "2 h", TWO_HOURS,
	    wait_sfr, false },
	{ SFR, "x04", BOUNCE_TEMPORARY,
	    "the sending IP is blocked: too many unknown users", "2 h",
	    TWO_HOURS, wait_sfr, false },
	{ SFR, "x05", BOUNCE_TEMPORARY,
	    "the sending IP is blocked: too many messages sent for its "
	    "reputation",
	    "2 h", TWO_HOURS, wait_sfr, false },
	{ SFR, "behavior", BOUNCE_TEMPORARY,
	    "the sending IP is blocked for what it did; the SFR_IN code behind "
	    "it would tell why",
	    "2 h", TWO_HOURS, wait_sfr, false },
	{ SFR, "errors", BOUNCE_TEMPORARY,
	    "too many errors in one session, which ends it; any Postfix says "
	    "so, and at SFR the sending IP is blocked besides",
	    "SFR: 2 h", 0,
	    "look in the log for the errors before it; the mail server tries "
	    "again by itself",
	    false },
	{ SFR, "spam", BOUNCE_FINAL, "the message is taken for spam", NULL, 0,
	    "look at its content, links and attachments; if it is no spam, "
	    "write to the provider's postmaster with this whole reply",
	    false },
	{ SFR | FRANCESERV, "unknown", BOUNCE_FINAL,
	    "the recipient does not exist; any Postfix says so", NULL, 0,
	    check_recipient, false },
	{ SFR | LAPOSTE, "quota", BOUNCE_FINAL,
	    "the recipient's mailbox is full", NULL, 0, mail_recipient, false },

	/* FranceServ and Free. */
	{ FRANCESERV | FREE, "spam", BOUNCE_FINAL,
	    "the sending IP is blocked: too much spam, or a virus, came from "
	    "it",
	    "FranceServ: 3 h, 6 h, 12 h, then 24 h for spam, longer each "
	    "time, and 24 h for a virus; at Free old deeds weigh little after "
	    "24 to 48 h",
	    0,
	    "filter spam and viruses on the own server and do not forward "
	    "spam; the block ends by itself, and to ask for an earlier end is "
	    "pointless",
	    false },
	{ FRANCESERV | FREE, "logins", BOUNCE_FINAL,
	    "the sending IP is blocked: too many failed logins came from it",
	    by_count, 0,
	    "check name and password of every mail program behind the "
	    "connection; the block ends by itself",
	    false },
	{ FRANCESERV | FREE, "errors", BOUNCE_FINAL,
	    "the sending IP is blocked: too many errors came from it", by_count,
	    0,
	    "make sure the server is no open relay, stop sender-verify, refuse "
	    "spam early instead of sending notices about it, and do not try "
	    "addresses out; the block ends by itself",
	    false },

	/* Any host that runs videur. */
	{ VIDEUR, "manual", BOUNCE_FINAL,
	    "the host's administrator blocked the sending IP by hand", NULL, 0,
	    "write to the host's postmaster, which takes mail all the same, "
	    "with this whole reply",
	    false },
	{ VIDEUR, "blocked", BOUNCE_UNSAID,
	    "the host blocked the sending IP for what it did", NULL, 0,
	    "read the page the reply names, or write to the host's postmaster, "
	    "which takes mail all the same, with this whole reply",
	    false },
};

/* Of those that fit at one place the longest is taken. */
static const struct bounce_phrase phrases[] = {
	{ "Too many spams/virus from your IP", FRANCESERV | FREE, "spam" },
	{ "Too many authentication errors from your IP", FRANCESERV | FREE,
	    "logins" },
	{ "Too many errors from your IP", FRANCESERV | FREE, "errors" },
	{ "Error: too many errors", SFR, "errors" },
	{ "Too many errors", SFR, "errors" },
	{ "Service refused due to bad behavior", SFR, "behavior" },
	{ "Service refused due to bad behavior - Too many spam messages", SFR,
	    "101" },
	{ "Service refused due to bad behavior - Virus detected", SFR, "102" },
	{ "Service refused due to bad behavior - Too many SMTP errors", SFR,
	    "103" },
	{ "Service refused due to bad behavior - Too many unknown users", SFR,
	    "104" },
	{ "Service refused due to bad behavior - Too many messages sent", SFR,
	    "105" },
	{ "Email rejected per SPAM policy", SFR, "spam" },
	{ "Recipient address rejected: User unknown", SFR | FRANCESERV,
	    "unknown" },
	{ "User unknown in virtual mailbox table", SFR | FRANCESERV,
	    "unknown" },
	{ "Over quota", SFR | LAPOSTE, "quota" },
	{ "this mailbox is inactive and has been disabled", LAPOSTE,
	    "inactive" },
	{ "Service refuse. Veuillez essayer plus tard", NUMBERED, "refused" },
	{ "Service refused, please try later", NUMBERED, "refused" },
	{ "Emetteur invalide", NUMBERED, "403" },
	{ "Emetteur invalide. Invalid Sender", LAPOSTE, "405" },
	{ "Emetteur invalide, Veuillez verifier la configuration SPF/DNS",
	    ORANGE, "spf-dns" },
	{ "SPF check failed, please verify the SPF/DNS configuration", ORANGE,
	    "spf-dns" },
	{ "Adresse destinataire invalide", LAPOSTE, "416" },
	{ "Emetteur refuse conformement a la politique DMARC", LAPOSTE, "517" },
	{ "Email rejected per DMARC policy", LAPOSTE, "517" },
	{ "Adresse IP source bloquee pour incident de spam", ORANGE, "102" },
	{ "Client host blocked for spamming issues", ORANGE, "102" },
	{ "Trop de connexions, veuillez verifier votre configuration", ORANGE,
	    "104" },
	{ "Too many connections, slow down", ORANGE, "104" },
	{ "Blocked by the administrator", VIDEUR, "manual" },
};

const struct bounce_phrase *
bounce_phrase(size_t i)
{
	return i < sizeof(phrases) / sizeof(phrases[0]) ? &phrases[i] : NULL;
}

/* Whether `key` is what a row is for; 'x' there stands for any digit. */
static bool
fits(const char *row, const char *key)
{
	for (; *row != '\0' && *key != '\0'; row++, key++) {
		bool digit = *key >= '0' && *key <= '9';

		if (*row != *key && !(*row == 'x' && digit)) {
			return false;
		}
	}
	return *row == *key;
}

const struct bounce_meaning *
bounce_meaning(uint32_t providers, const char *key)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if ((meanings[i].providers & providers) != 0 &&
		    fits(meanings[i].key, key)) {
			return &meanings[i];
		}
	}
	return NULL;
}
