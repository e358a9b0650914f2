#include "base/hash.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

/* Eight bytes, the lowest first. */
static uint64_t
word(const unsigned char *bytes, size_t len)
{
	uint64_t word = 0;

	for (size_t i = 0; i < len; i++) {
		word |= (uint64_t)bytes[i] << (8 * i);
	}
	return word;
}

static void
rounds(struct sip *s, int count)
{
	while (count-- > 0) {
		s->v0 += s->v1;
		s->v1 = rotate(s->v1, 13) ^ s->v0;
		s->v0 = rotate(s->v0, 32);
		s->v2 += s->v3;
		s->v3 = rotate(s->v3, 16) ^ s->v2;
		s->v0 += s->v3;
		s->v3 = rotate(s->v3, 21) ^ s->v0;
		s->v2 += s->v1;
		s->v1 = rotate(s->v1, 17) ^ s->v2;
		s->v2 = rotate(s->v2, 32);
	}
}

static void
take(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	rounds(s, 2);
	s->v0 ^= word;
}

uint64_t
hash_bytes(const unsigned char key[static HASH_KEY_SIZE], const void *bytes,
    size_t len)
{
	const unsigned char *at = bytes;
	uint64_t k0 = word(key, 8);
	uint64_t k1 = word(key + 8, 8);
	struct sip s = { k0 ^ UINT64_C(0x736f6d6570736575),
		k1 ^ UINT64_C(0x646f72616e646f6d),
		k0 ^ UINT64_C(0x6c7967656e657261),
		k1 ^ UINT64_C(0x7465646279746573) };
	uint64_t last = (uint64_t)len << 56;

	for (; len >= 8; len -= 8, at += 8) {
		take(&s, word(at, 8));
	}
	take(&s, last | word(at, len));
	s.v2 ^= 0xff;
	rounds(&s, 4);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

char *
hash_text(const unsigned char key[static HASH_KEY_SIZE], const void *bytes,
    size_t len, char text[static HASH_TEXT_SIZE])
{
	struct text out;

	text_init(&out, text, HASH_TEXT_SIZE);
	text_addf(&out, "%016" PRIx64, hash_bytes(key, bytes, len));
	return text;
}
