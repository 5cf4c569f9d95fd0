/* The only file that includes OpenSSL's digests.  Its calls fail for want of memory alone: then the process ends. */
#include "core/base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>

static void
must(int done)
{
	if (!done) {
		fprintf(stderr, "fundwatch: libcrypto cannot compute SHA-256\n");
		abort();
	}
}

static EVP_MD_CTX *
context_new(void)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	must(context != NULL);
	return context;
}

struct digest *
digest_open(void)
{
	EVP_MD_CTX *context = context_new();
	must(EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
	return (struct digest *)context;
}

void
digest_add(struct digest *digest, const void *data, size_t length)
{
	must(EVP_DigestUpdate((EVP_MD_CTX *)digest, data, length) == 1);
}

void
digest_value(const struct digest *digest, uint8_t out[DIGEST_BYTES])
{
	EVP_MD_CTX *copy = context_new();
	must(EVP_MD_CTX_copy_ex(copy, (const EVP_MD_CTX *)digest) == 1);
	must(EVP_DigestFinal_ex(copy, out, NULL) == 1);
	EVP_MD_CTX_free(copy);
}

void
digest_close(struct digest *digest)
{
	EVP_MD_CTX_free((EVP_MD_CTX *)digest);
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
