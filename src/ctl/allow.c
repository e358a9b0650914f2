#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "core/standing.h"
#include "ctl/commands.h"
#include "dns/spf.h"
#include "engine/engine.h"

enum {
	LOOK_UP_MS = 10000 /* a person waits */
};

/* What --name or --spf says, and what DNS says of it.  Too large for a
 * stack. */
static struct allow_name named;
static struct spf_nets found;

/* ---- list ---- */

static const struct layout networks = {
	.column = {
	    { "network", OF(allow, net), "NETWORK", 0 },
	    { "until", OF(allow, until), "UNTIL", COLUMN_TIME },
	    { "note", OF(allow, note), "NOTE", COLUMN_WRAP },
	    { "named", OF(allow, named), NULL, 0 },
	},
};

struct name_row {
	struct allow_name name;
	const char *how;
	const char *state;
};

static const struct layout names = {
	.column = {
	    { "how", OF(name_row, how), "BY", 0 },
	    { "name", OF(name_row, name.name), "NAME", 0 },
	    { "networks", OF(name_row, name.networks), "NETWORKS", COLUMN_RIGHT },
	    { "until", OF(name_row, name.until), NULL, COLUMN_TIME },
	    { "asked", OF(name_row, name.asked), NULL, COLUMN_TIME },
	    { "answered", OF(name_row, name.answered), NULL, COLUMN_TIME },
	    { "error", OF(name_row, name.error), NULL, COLUMN_OPTIONAL },
	    { "note", OF(name_row, name.note), NULL, 0 },
	    { "state", OF(name_row, state), "ANSWERED", COLUMN_PEOPLE | COLUMN_WRAP },
	},
};

static void
put_name(void *to, const struct allow_name *name)
{
	const struct ctl *ctl = to;
	const struct name_row row = { .name = *name,
		.how = words_at(&allow_how_words, name->how),
		.state = piece("%s%s%s%s",
		    name->answered == 0
			? "never"
			: piece(
			      "%s ago", piece_short(ctl->now - name->answered)),
		    name->error[0] != '\0' ? "; not now: " : "", name->error,
		    name->note[0] != '\0' ? piece("; %s", name->note) : "") };

	output_record(&row);
}

enum exit_status
allow_names(struct ctl *ctl)
{
	int64_t rows;

	output_table(NULL, &names);
	store_names_each(ctl->store, put_name, ctl);
	rows = output_end();
	output_say("%s", rows == 0 ? "no name is on the allow list"
				   : piece_count(rows, "name", "names"));
	return rows > 0 ? EXIT_FINE : EXIT_NO;
}

struct allow_list {
	bool all;
	int64_t hidden;
};

static void
put_allow(void *to, const struct allow *allow)
{
	struct allow_list *list = to;

	if (allow->named && !list->all) {
		list->hidden++;
	} else {
		output_record(allow);
	}
}

/* People see a name once, not each of its addresses. */
enum exit_status
allow_list(struct ctl *ctl)
{
	const char *const *value = ctl->args->value;
	struct allow_list list = { .all = value[OPTION_LONG] != NULL ||
					  value[OPTION_JSON] != NULL ||
					  value[OPTION_CSV] != NULL };
	struct layout people = names;
	int64_t rows;
	int64_t of_names;

	people.people = true;
	output_table(NULL, &networks);
	store_allow_each(ctl->store, ctl->now, put_allow, &list);
	rows = output_end();
	if (rows > 0) {
		output_say("%s", piece_count(rows, "network", "networks"));
	}
	output_table("names", &people);
	store_names_each(ctl->store, put_name, ctl);
	of_names = output_end();
	if (rows + of_names == 0) {
		output_say("nothing is allowed");
	} else if (list.hidden > 0) {
		output_say("%s of names: \"videur allow -l\" shows them",
		    piece_count(list.hidden, "network", "networks"));
	}
	return rows + of_names > 0 ? EXIT_FINE : EXIT_NO;
}

/* ---- add ---- */

/* The name that is meant, in small letters; false where none is. */
static bool
read_name(const struct args *args)
{
	const bool spf = args->value[OPTION_SPF] != NULL;
	const char *word = args->value[spf ? OPTION_SPF : OPTION_NAME];

	named = (struct allow_name){ .how = spf ? ALLOW_SPF : ALLOW_HOST };
	if (word == NULL) {
		return false;
	}
	(void)text_copy(named.name, sizeof(named.name), word);
	for (char *at = named.name; *at != '\0'; at++) {
		*at = (char)tolower((unsigned char)*at);
	}
	return true;
}

static bool
is_one(const struct args *args)
{
	const int given = (args->targets > 0) +
			  (args->value[OPTION_NAME] != NULL) +
			  (args->value[OPTION_SPF] != NULL);

	if (given != 1) {
		output_complain(
		    "%s", given == 0 ? "IP or NET, --name HOST or --spf "
				       "DOMAIN is missing"
				     : "one of IP or NET, --name and --spf "
				       "is enough");
		command_usage(command_find(args->word, args->words));
	}
	return given == 1;
}

/* Before the database is locked: DNS may take its time. */
static enum exit_status
look_up(const struct ctl *ctl)
{
	struct dns *dns = dns_open(ctl->conf->nameserver, LOOK_UP_MS);
	bool fine;

	if (dns == NULL) {
		output_complain("the resolver cannot be used");
		return EXIT_NO;
	}
	fine = named.how == ALLOW_SPF ? spf_domain(dns, named.name, &found)
				      : spf_host(dns, named.name, &found);
	dns_close(dns);
	if (!fine) {
		output_complain("%s", found.error);
	}
	return fine || ctl->args->value[OPTION_FORCE] != NULL ? EXIT_FINE
							      : EXIT_NO;
}

enum exit_status
allow_check(struct ctl *ctl)
{
	const struct args *args = ctl->args;
	const struct net *who = &args->target[0].who;

	if (!is_one(args)) {
		return EXIT_USAGE;
	}
	if (read_name(args)) {
		return look_up(ctl);
	}
	if (args->value[OPTION_FORCE] == NULL &&
	    net_is_wider(who, BAN_WIDEST_V4, BAN_WIDEST_V6)) {
		output_complain("%s is wider than /%d: nobody in it would be "
				"refused; --force allows it all the same",
		    piece_net(who),
		    net_is_v4(who) ? BAN_WIDEST_V4 : BAN_WIDEST_V6);
		return EXIT_USAGE;
	}
	return EXIT_FINE;
}

static const char *
name_subject(void)
{
	return piece(
	    "%s %s", words_at(&allow_how_words, named.how), named.name);
}

static void
put_found(int64_t lifted)
{
	output_object(NULL, NULL);
	output_string("how", words_at(&allow_how_words, named.how));
	output_string("name", named.name);
	output_time("until", named.until);
	output_string("error", named.error[0] != '\0' ? named.error : NULL);
	output_string(
	    "left_out", found.left_out[0] != '\0' ? found.left_out : NULL);
	output_list("networks");
	for (size_t i = 0; i < found.nets; i++) {
		output_string(NULL, piece_net(&found.net[i]));
		output_say("  %s", piece_net(&found.net[i]));
	}
	output_end();
	output_int("lifted", lifted);
	output_end();
}

static enum exit_status
add_name(struct ctl *ctl)
{
	int64_t lifted = 0;

	named.until = ctl->args->duration != 0 ? ctl->now + ctl->args->duration
					       : 0;
	(void)text_copy(
	    named.note, sizeof(named.note), ctl->note != NULL ? ctl->note : "");
	if (found.error[0] != '\0') {
		engine_name_failed(ctl->store, &named, found.error, ctl->now);
		output_say("%s is on the allow list, and nothing of it is "
			   "allowed before DNS answers; videur-watch goes on "
			   "asking",
		    named.name);
	} else {
		lifted = engine_allow_name(ctl->store, ctl->conf, &named,
		    found.net, found.nets, ctl->now);
		output_say("allowed %s%s%s: %s; lifted %s",
		    named.how == ALLOW_SPF ? "by the SPF record of " : "",
		    named.name, piece_when(" until ", named.until),
		    piece_count((int64_t)found.nets, "network", "networks"),
		    piece_count(lifted, "ban", "bans"));
	}
	ctl_audit(ctl, "allow add", name_subject());
	put_found(lifted);
	if (found.left_out[0] != '\0') {
		output_say("left out, as nothing can be listed of it: %s",
		    found.left_out);
	}
	return EXIT_FINE;
}

enum exit_status
allow_add(struct ctl *ctl)
{
	const struct args *args = ctl->args;
	struct allow allow = {
		.net = args->target[0].who,
		.until = args->duration != 0 ? ctl->now + args->duration : 0,
	};
	int64_t lifted;

	if (args->targets == 0) {
		return add_name(ctl);
	}
	(void)text_copy(
	    allow.note, sizeof(allow.note), ctl->note != NULL ? ctl->note : "");
	lifted = engine_allow(ctl->store, ctl->conf, &allow, ctl->now);
	ctl_audit(ctl, "allow add", piece_net(&allow.net));
	output_say("allowed %s%s; lifted %s", piece_net(&allow.net),
	    piece_when(" until ", allow.until),
	    piece_count(lifted, "ban", "bans"));
	output_object(NULL, &networks);
	output_fields(&allow);
	output_int("lifted", lifted);
	output_end();
	return EXIT_FINE;
}

/* ---- remove ---- */

enum exit_status
allow_remove_check(struct ctl *ctl)
{
	return is_one(ctl->args) ? EXIT_FINE : EXIT_USAGE;
}

static enum exit_status
put_removed(const char *key, const char *what, bool there)
{
	output_say("%s is %s", what,
	    there ? "no longer allowed" : "not on the allow list");
	output_object(NULL, NULL);
	output_string(key, what);
	output_bool("removed", there);
	output_end();
	return there ? EXIT_FINE : EXIT_NO;
}

static enum exit_status
remove_name(struct ctl *ctl)
{
	const bool there = store_name_find(ctl->store, &named);

	if (there) {
		store_name_remove(ctl->store, named.id, ctl->now);
		store_names_apply(ctl->store, ctl->now);
		ctl_audit(ctl, "allow remove", name_subject());
	}
	return put_removed("name", named.name, there);
}

enum exit_status
allow_remove(struct ctl *ctl)
{
	const struct net *who = &ctl->args->target[0].who;
	const char *net = piece_net(who);
	struct allow allow;
	bool there;

	if (read_name(ctl->args)) {
		return remove_name(ctl);
	}
	there = store_allow_remove(ctl->store, who, ctl->now);
	if (there) {
		store_names_apply(ctl->store, ctl->now);
		ctl_audit(ctl, "allow remove", net);
	}
	if (store_allow_find(ctl->store, &who->addr, ctl->now, &allow) &&
	    allow.named && net_contains(&allow.net, who)) {
		output_complain("%s stays allowed by a name (%s): see \"videur "
				"allow remove --name\" or \"--spf\"",
		    net, allow.note);
	}
	return put_removed("network", net, there);
}
