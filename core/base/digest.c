/* The only file that includes OpenSSL's digests.  Its calls fail for want of memory alone: then the process ends. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "core/base/digest.h"

#include "core/base/memory.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
must(int done)
{
	if (!done) {
		fprintf(stderr, "fundwatch: libcrypto cannot compute SHA-256\n");
		abort();
	}
}

/* The low-level calls, old as they are, are the only ones that give the state of a running digest. */
struct digest {
	SHA256_CTX context;
};

struct digest *
digest_open(void)
{
	struct digest *digest = memory_resize(NULL, sizeof *digest);
	must(SHA256_Init(&digest->context) == 1);
	return digest;
}

void
digest_add(struct digest *digest, const void *data, size_t length)
{
	must(SHA256_Update(&digest->context, data, length) == 1);
}

void
digest_value(const struct digest *digest, uint8_t out[DIGEST_BYTES])
{
	SHA256_CTX copy = digest->context;
	must(SHA256_Final(out, &copy) == 1);
}

void
digest_close(struct digest *digest)
{
	free(digest);
}

#define DIGEST_BLOCK 64

static void
big_endian_put(uint8_t *out, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t
big_endian_get(const uint8_t *in)
{
	return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

/* Eight words of the hash, bits so far, then the bytes of the block that is not full, the rest zero. */
void
digest_save(const struct digest *digest, uint8_t state[DIGEST_STATE_BYTES])
{
	const SHA256_CTX *context = &digest->context;
	memset(state, 0, DIGEST_STATE_BYTES);
	for (int i = 0; i < 8; i++)
		big_endian_put(state + 4 * i, context->h[i]);
	big_endian_put(state + 32, context->Nh);
	big_endian_put(state + 36, context->Nl);
	memcpy(state + 40, context->data, context->num);
}

struct digest *
digest_load(const uint8_t state[DIGEST_STATE_BYTES])
{
	uint32_t low = big_endian_get(state + 36);
	unsigned waiting = low / 8 % DIGEST_BLOCK;
	bool good = low % 8 == 0;
	for (unsigned i = waiting; i < DIGEST_BLOCK; i++)
		good = good && state[40 + i] == 0;
	if (!good)
		return NULL;
	struct digest *digest = digest_open();
	for (int i = 0; i < 8; i++)
		digest->context.h[i] = big_endian_get(state + 4 * i);
	digest->context.Nh = big_endian_get(state + 32);
	digest->context.Nl = low;
	memcpy(digest->context.data, state + 40, waiting);
	digest->context.num = waiting;
	return digest;
}

void
sha256(const void *data, size_t length, uint8_t out[DIGEST_BYTES])
{
	must(EVP_Digest(data, length, out, NULL, EVP_sha256(), NULL) == 1);
}

void
hmac_sha256(const void *key, size_t key_length, const void *data, size_t length, uint8_t out[DIGEST_BYTES])
{
	/* libcrypto takes a null key for "the same as before". */
	unsigned int bytes = DIGEST_BYTES;
	must(HMAC(EVP_sha256(), key_length ? key : "", (int)key_length, data, length, out, &bytes) != NULL);
}

char *
hex_text(const uint8_t *bytes, size_t count, char *text)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < count; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * count] = '\0';
	return text;
}
