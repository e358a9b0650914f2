/*
 * Whatever comes as an answer of the DNS, it is read without a fault, and what
 * is told of it is whole.
 */
#include <stdlib.h>
#include <string.h>

#include "dns/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	enum dns_type type;
	size_t records;
};

static bool
check_record(void *to, const struct dns_record *record)
{
	struct seen *seen = to;

	if (memchr(record->name, '\0', sizeof(record->name)) == NULL ||
	    memchr(record->text, '\0', sizeof(record->text)) == NULL ||
	    (seen->type == DNS_A && !addr_is_v4(&record->address))) {
		abort();
	}
	return ++seen->records < 8;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (enum dns_type type = DNS_A; type <= DNS_TXT; type++) {
		struct seen seen = { .type = type };

		(void)dns_read(data, size, type, check_record, &seen);
		if (seen.records > 8) {
			abort();
		}
	}
	return 0;
}
