#include "milter/trouble.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "base/proc.h"

void
trouble_init(struct trouble *trouble)
{
	*trouble = (struct trouble){ .told = false };
	(void)pthread_mutex_init(&trouble->mutex, NULL);
}

void
trouble_clear(struct trouble *trouble)
{
	(void)pthread_mutex_destroy(&trouble->mutex);
}

void
trouble_say(struct trouble *trouble, const char *format, ...)
{
	char what[640];
	va_list ap;
	int64_t held;

	va_start(ap, format);
	if (vsnprintf(what, sizeof(what), format, ap) < 0) {
		what[0] = '\0';
	}
	va_end(ap);

	(void)pthread_mutex_lock(&trouble->mutex);
	trouble->lately = true;
	if (log_gate_open(&trouble->gate, proc_ticks() / 1000, &held)) {
		trouble->told = true;
		if (held > 0) {
			log_warn("%s (and %lld more like this)", what,
			    (long long)held);
		} else {
			log_warn("%s", what);
		}
	}
	(void)pthread_mutex_unlock(&trouble->mutex);
}

void
trouble_end_round(struct trouble *trouble)
{
	(void)pthread_mutex_lock(&trouble->mutex);
	if (trouble->told && !trouble->lately) {
		trouble->told = false;
		log_info("the database works again");
	}
	trouble->lately = false;
	(void)pthread_mutex_unlock(&trouble->mutex);
}
