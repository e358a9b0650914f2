#include "milter/bucket.h"

#include <string.h>
#include <sys/random.h>

#include "base/proc.h"

uint64_t
bucket_seed(void)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) !=
	    (ssize_t)sizeof(seed)) {
		/* An early boot: a guessable seed only costs speed. */
		seed = (uint64_t)proc_ticks() ^ (uint64_t)(uintptr_t)&seed;
	}
	return seed;
}

/* The finishing steps of splitmix64. */
static uint64_t
mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) + UINT64_C(0x9e3779b97f4a7c15);
	hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
	return hash ^ (hash >> 31);
}

uint64_t
bucket_of_words(uint64_t seed, uint64_t first, uint64_t second)
{
	return mix(mix(seed, first), second);
}

uint64_t
bucket_of_client(uint64_t seed, const struct net *client)
{
	uint64_t word[2];

	memcpy(word, client->addr.byte, sizeof(word));
	return bucket_of_words(seed, word[0], word[1]);
}
