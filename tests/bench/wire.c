#include "wire.h"

#include <arpa/inet.h>
#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Default macros of Postfix 3.7 by stage (SMFIM_CONNECT ...), used where the
 * filter does not ask for others. */
static const char *const default_macros[WIRE_STAGES] = {
	"j {daemon_name} {daemon_addr} v",
	"{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}",
	"i {auth_type} {auth_authen} {mail_addr} {mail_host} {mail_mailer}",
	"i {rcpt_addr} {rcpt_host} {rcpt_mailer}",
	"i",
	"i",
	"i",
};

struct macro {
	const char *name;
	const char *value;
};

/* Those that have a value in an ordinary session; Postfix leaves out the
 * others. */
static const struct macro ordinary[] = {
	{ "j", "mx.example.test" },
	{ "{daemon_name}", "mx.example.test" },
	{ "{daemon_addr}", "192.0.2.1" },
	{ "{daemon_port}", "25" },
	{ "v", "Postfix 3.7.11" },
	{ "{mail_addr}", "sender@client.test" },
	{ "{mail_host}", "client.test" },
	{ "{mail_mailer}", "smtp" },
	{ "{rcpt_addr}", "user1@example.test" },
	{ "{rcpt_host}", "example.test" },
	{ "{rcpt_mailer}", "local" },
	{ NULL, NULL },
};

/* What takes their place at a recipient that does not exist. */
static const struct macro rejected[] = {
	{ "{rcpt_mailer}", "error" },
	{ "{rcpt_host}", "5.1.1" },
	{ "{rcpt_addr}",
	    "Recipient address rejected: User unknown in local recipient table" },
	{ NULL, NULL },
};

enum {
	NO_STAGE = -1
};

/* What follows the connect packet, in this order.  `size` counts the NUL
 * bytes between and behind the arguments. */
static const struct event {
	unsigned char command;
	int stage;     /* whose macros go before it */
	uint32_t skip; /* the flag by which a filter declines it */
	const char *data;
	size_t size;
	bool answered;
} events[] = {
#define TEXT(text) text, sizeof(text)
	{ SMFIC_HELO, SMFIM_HELO, SMFIP_NOHELO, TEXT("client.test"), true },
	{ SMFIC_MAIL, SMFIM_ENVFROM, SMFIP_NOMAIL,
	    TEXT("<sender@client.test>\0SIZE=1500"), true },
	{ SMFIC_RCPT, SMFIM_ENVRCPT, SMFIP_NORCPT, TEXT("<user1@example.test>"),
	    true },
	{ SMFIC_DATA, SMFIM_DATA, SMFIP_NODATA, "", 0, true },
	{ SMFIC_HEADER, NO_STAGE, SMFIP_NOHDRS,
	    TEXT("Received\0from client.test (client.test [192.0.2.9])\n\tby "
		 "relay.test with ESMTPS id 4C1D2E3F\n\tfor "
		 "<user1@example.test>; Sat, 21 Nov 2026 18:05:42 +0000"),
	    true },
	{ SMFIC_HEADER, NO_STAGE, SMFIP_NOHDRS,
	    TEXT("Date\0Sat, 21 Nov 2026 18:05:41 +0000"), true },
	{ SMFIC_HEADER, NO_STAGE, SMFIP_NOHDRS,
	    TEXT("From\0A Sender <sender@client.test>"), true },
	{ SMFIC_HEADER, NO_STAGE, SMFIP_NOHDRS, TEXT("To\0user1@example.test"),
	    true },
	{ SMFIC_HEADER, NO_STAGE, SMFIP_NOHDRS,
	    TEXT("Subject\0The minutes of Thursday's meeting"), true },
	{ SMFIC_HEADER, NO_STAGE, SMFIP_NOHDRS,
	    TEXT("Message-ID\0<20261121180541.4711@client.test>"), true },
	{ SMFIC_HEADER, NO_STAGE, SMFIP_NOHDRS, TEXT("MIME-Version\0001.0"),
	    true },
	{ SMFIC_HEADER, NO_STAGE, SMFIP_NOHDRS,
	    TEXT("Content-Type\0text/plain; charset=utf-8"), true },
	{ SMFIC_EOH, SMFIM_EOH, SMFIP_NOEOH, "", 0, true },
	{ SMFIC_BODY, NO_STAGE, SMFIP_NOBODY,
	    TEXT("Dear all,\r\n\r\nas agreed on Thursday.\r\n"), true },
	{ SMFIC_BODYEOB, SMFIM_EOM, 0, "", 0, true },
	{ SMFIC_QUIT, NO_STAGE, 0, "", 0, false },
#undef TEXT
};

static void
add_bytes(struct wire_session *session, const void *bytes, size_t len)
{
	if (len > sizeof(session->bytes) - session->len)
		abort();
	if (len > 0)
		memcpy(session->bytes + session->len, bytes, len);
	session->len += len;
}

static void
add_number(struct wire_session *session, uint32_t number)
{
	uint32_t wire = htonl(number);

	add_bytes(session, &wire, sizeof(wire));
}

static void
add_packet(struct wire_session *session, unsigned char command,
    const void *data, size_t size)
{
	add_number(session, (uint32_t)size + 1);
	add_bytes(session, &command, 1);
	add_bytes(session, data, size);
}

static void
end_step(struct wire_session *session, bool answered)
{
	if (session->steps == WIRE_STEPS)
		abort();
	session->step[session->steps].end = session->len;
	session->step[session->steps].answered = answered;
	session->steps++;
}

static const char *
macro_value(const struct macro *macro, const char *name, size_t len)
{
	for (; macro->name != NULL; macro++)
		if (strlen(macro->name) == len &&
		    memcmp(macro->name, name, len) == 0)
			return macro->value;
	return NULL;
}

/* The macros of a stage, as one packet; none where none has a value. */
static void
add_macros(struct wire_session *session, const char *names,
    const struct macro *values, unsigned char command)
{
	unsigned char data[1024];
	size_t size = 0;

	data[size++] = command;
	for (const char *name = names; *name != '\0';) {
		size_t len = strcspn(name, " ");
		const char *value = macro_value(values, name, len);

		if (value != NULL) {
			size_t value_size = strlen(value) + 1;

			if (size + len + 1 + value_size > sizeof(data))
				abort();
			memcpy(data + size, name, len);
			size += len;
			data[size++] = '\0';
			memcpy(data + size, value, value_size);
			size += value_size;
		}
		name += len;
		name += strspn(name, " ");
	}
	if (size > 1)
		add_packet(session, SMFIC_MACRO, data, size);
}

void
wire_offer(struct wire_session *session)
{
	session->len = 0;
	session->steps = 0;
	add_number(session, 13);
	add_bytes(session, "O", 1);
	add_number(session, 6);
	add_number(session, 0x1ff);
	add_number(session, 0x1fffff);
	end_step(session, true);
}

static uint32_t
number_at(const unsigned char *bytes)
{
	uint32_t wire;

	memcpy(&wire, bytes, sizeof(wire));
	return ntohl(wire);
}

bool
wire_agree(struct wire_terms *terms, const unsigned char *answer, size_t len)
{
	size_t at = 13; /* command, version, actions, steps */

	if (len < at || answer[0] != SMFIC_OPTNEG)
		return false;
	for (size_t i = 0; i < WIRE_STAGES; i++)
		text_copy(terms->macros[i], WIRE_NAMES, default_macros[i]);
	terms->skipped = number_at(answer + 9);
	/* Then, as often as the filter likes: stage, names, NUL. */
	while (at + 5 <= len) {
		uint32_t stage = number_at(answer + at);
		const char *names = (const char *)answer + at + 4;
		size_t size = strnlen(names, len - at - 4);

		if (stage >= WIRE_STAGES || size >= WIRE_NAMES ||
		    at + 4 + size == len)
			return false;
		memcpy(terms->macros[stage], names, size + 1);
		at += 4 + size + 1;
	}
	return true;
}

static void
add_connect(struct wire_session *session, const struct wire_terms *terms,
    uint32_t address)
{
	struct in_addr in = { .s_addr = htonl(address) };
	char text[INET_ADDRSTRLEN];
	char data[128];
	size_t name_size;
	uint16_t port = htons(40000);

	if (terms->skipped & SMFIP_NOCONNECT)
		return;
	inet_ntop(AF_INET, &in, text, sizeof(text));
	name_size = (size_t)snprintf(data, sizeof(data), "[%s]", text) + 1;
	data[name_size] = SMFIA_INET;
	memcpy(data + name_size + 1, &port, sizeof(port));
	memcpy(data + name_size + 3, text, strlen(text) + 1);
	add_macros(
	    session, terms->macros[SMFIM_CONNECT], ordinary, SMFIC_CONNECT);
	add_packet(
	    session, SMFIC_CONNECT, data, name_size + 3 + strlen(text) + 1);
	end_step(session, true);
}

static void
add_event(struct wire_session *session, const struct wire_terms *terms,
    const struct event *event)
{
	if (event->stage != NO_STAGE)
		add_macros(session, terms->macros[event->stage], ordinary,
		    event->command);
	add_packet(session, event->command, event->data, event->size);
	end_step(session, event->answered);
}

static void
add_guesses(struct wire_session *session, const struct wire_terms *terms,
    int64_t recipients)
{
	char path[32];

	for (int64_t i = 0; i < recipients; i++) {
		size_t size = (size_t)snprintf(path, sizeof(path),
				  "<user%lld@example.test>", (long long)i) +
			      1;

		add_macros(session, terms->macros[SMFIM_ENVRCPT], rejected,
		    SMFIC_RCPT);
		add_packet(session, SMFIC_RCPT, path, size);
		end_step(session, true);
	}
}

/* The command after which a guest has gone. */
static unsigned char
last_command(enum wire_guest guest)
{
	return guest == WIRE_BANNED    ? SMFIC_MAIL
	       : guest == WIRE_GUESSER ? SMFIC_RCPT
				       : SMFIC_QUIT;
}

void
wire_write(struct wire_session *session, const struct wire_terms *terms,
    uint32_t address, enum wire_guest guest, int64_t recipients)
{
	unsigned char last = last_command(guest);

	session->len = 0;
	session->steps = 0;
	add_connect(session, terms, address);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (events[i].command == SMFIC_RCPT && guest == WIRE_GUESSER)
			add_guesses(session, terms, recipients);
		else if ((events[i].skip & terms->skipped) == 0)
			add_event(session, terms, &events[i]);
		if (events[i].command == last)
			break;
	}
	if (last != SMFIC_QUIT) {
		add_packet(session, SMFIC_ABORT, "", 0);
		add_packet(session, SMFIC_QUIT, "", 0);
		end_step(session, false);
	}
}
