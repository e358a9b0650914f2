#include <ctype.h>

#include "engine/engine.h"

char *
engine_hash(const unsigned char secret[static STORE_SECRET_SIZE],
    const char *name, char key[static HASH_TEXT_SIZE])
{
	unsigned char folded[ENGINE_KEYED_MAX];
	size_t len = 0;

	for (; len < sizeof(folded) && name[len] != '\0'; len++) {
		folded[len] = (unsigned char)tolower((unsigned char)name[len]);
	}
	return hash_text(secret, folded, len, key);
}

enum store_result
engine_key(
    struct store *store, const char *name, char key[static HASH_TEXT_SIZE])
{
	unsigned char secret[STORE_SECRET_SIZE];
	enum store_result result;

	key[0] = '\0';
	if (name[0] == '\0') {
		return STORE_OK;
	}
	result = store_secret(store, secret);
	if (result == STORE_OK) {
		(void)engine_hash(secret, name, key);
	}
	return result;
}
