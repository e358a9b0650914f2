#include "doctor/nets.h"

#include <string.h>

#include "base/text.h"
#include "doctor/list.h"

/* "[2001:db8::]/32" without its brackets. */
static bool
read_net(const char *item, struct net *out)
{
	char plain[NET_TEXT_SIZE];
	struct text text;

	if (item[0] != '[') {
		return net_parse(item, out);
	}
	text_init(&text, plain, sizeof(plain));
	for (item++; *item != '\0'; item++) {
		if (*item != ']') {
			text_add_char(&text, *item);
		}
	}
	return !text.cut && net_parse(plain, out);
}

void
nets_add(struct nets *nets, const struct net *net)
{
	for (size_t i = 0; i < nets->nets; i++) {
		if (net_equal(&nets->net[i], net)) {
			return;
		}
	}
	if (nets->nets == NETS_MAX) {
		nets->cut = true;
		return;
	}
	nets->net[nets->nets++] = *net;
}

void
nets_read(struct nets *nets, const char *setting)
{
	char item[NETS_TABLE_SIZE];

	while (list_next(&setting, item, sizeof(item))) {
		struct net net;

		if (item[0] == '!') {
			continue;
		}
		if (read_net(item, &net)) {
			nets_add(nets, &net);
		} else if ((item[0] == '/' || strchr(item, ':') != NULL) &&
			   strlen(item) + 1 < sizeof(item) &&
			   nets->tables < NETS_TABLES_MAX) {
			(void)text_copy(
			    nets->table[nets->tables++], NETS_TABLE_SIZE, item);
		} else {
			nets->cut = true;
		}
	}
}
