/* The only file that includes OpenSSL's ciphers.  Sealing fails for want of memory alone: then the process ends. */
#include "core/base/cipher.h"

#include "core/base/memory.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

struct cipher {
	EVP_CIPHER *kind;
	EVP_CIPHER_CTX *seal, *open;    /* keyed once: a key schedule for every frame would cost more than its bytes */
};

static void
must(bool done)
{
	if (!done) {
		fprintf(stderr, "fundwatch: libcrypto cannot encrypt\n");
		abort();
	}
}

bool
cipher_is_known(const char *name)
{
	EVP_CIPHER *kind = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_free(kind);
	return kind != NULL;
}

struct cipher *
cipher_open(const char *name, const uint8_t key[CIPHER_KEY_BYTES])
{
	EVP_CIPHER *kind = EVP_CIPHER_fetch(NULL, name, NULL);
	if (!kind)
		return NULL;
	struct cipher *cipher = memory_resize(NULL, sizeof *cipher);
	*cipher = (struct cipher){kind, EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_new()};
	must(cipher->seal && cipher->open && EVP_CIPHER_get_iv_length(kind) == CIPHER_NONCE_BYTES);
	must(EVP_EncryptInit_ex2(cipher->seal, kind, key, NULL, NULL) == 1);
	must(EVP_DecryptInit_ex2(cipher->open, kind, key, NULL, NULL) == 1);
	return cipher;
}

void
cipher_seal(struct cipher *cipher, const uint8_t nonce[CIPHER_NONCE_BYTES], struct slice beside, const void *plain, size_t length, void *out)
{
	int bytes = 0;
	unsigned char *end = (unsigned char *)out + length;
	must(length <= INT_MAX && beside.length <= INT_MAX);
	must(EVP_EncryptInit_ex2(cipher->seal, NULL, NULL, nonce, NULL) == 1);
	must(EVP_EncryptUpdate(cipher->seal, NULL, &bytes, (const unsigned char *)beside.data, (int)beside.length) == 1);
	must(EVP_EncryptUpdate(cipher->seal, out, &bytes, plain, (int)length) == 1);
	must(EVP_EncryptFinal_ex(cipher->seal, end, &bytes) == 1);
	must(EVP_CIPHER_CTX_ctrl(cipher->seal, EVP_CTRL_AEAD_GET_TAG, CIPHER_TAG_BYTES, end) == 1);
}

bool
cipher_unseal(struct cipher *cipher, const uint8_t nonce[CIPHER_NONCE_BYTES], struct slice beside, const void *sealed, size_t length, void *out)
{
	int bytes = 0;
	if (length < CIPHER_TAG_BYTES || length > INT_MAX)
		return false;
	size_t plain = length - CIPHER_TAG_BYTES;
	uint8_t tag[CIPHER_TAG_BYTES];
	memcpy(tag, (const uint8_t *)sealed + plain, sizeof tag);
	must(EVP_DecryptInit_ex2(cipher->open, NULL, NULL, nonce, NULL) == 1);
	return EVP_DecryptUpdate(cipher->open, NULL, &bytes, (const unsigned char *)beside.data, (int)beside.length) == 1
	    && EVP_DecryptUpdate(cipher->open, out, &bytes, sealed, (int)plain) == 1
	    && EVP_CIPHER_CTX_ctrl(cipher->open, EVP_CTRL_AEAD_SET_TAG, sizeof tag, tag) == 1
	    && EVP_DecryptFinal_ex(cipher->open, (unsigned char *)out + plain, &bytes) == 1;
}

void
cipher_close(struct cipher *cipher)
{
	if (!cipher)
		return;
	EVP_CIPHER_CTX_free(cipher->seal);
	EVP_CIPHER_CTX_free(cipher->open);
	EVP_CIPHER_free(cipher->kind);
	free(cipher);
}

void
cipher_random(void *bytes, size_t length)
{
	must(length <= INT_MAX && RAND_bytes(bytes, (int)length) == 1);
}
