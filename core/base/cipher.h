/* The door to OpenSSL's authenticated encryption: bytes that nobody reads or changes without the key.  One thread each. */
#ifndef FW_CIPHER_H
#define FW_CIPHER_H

#include "core/base/slice.h"

#include <stdint.h>

#define CIPHER_KEY_BYTES 32
#define CIPHER_NONCE_BYTES 12
#define CIPHER_TAG_BYTES 16

struct cipher;

/* By OpenSSL's name, "AES-256-GCM" or "SM4-GCM" (OpenSSL 3.1; takes the first 16 bytes of the key). */
bool cipher_is_known(const char *name);

/* NULL: this OpenSSL does not know it. */
struct cipher *cipher_open(const char *name, const uint8_t key[CIPHER_KEY_BYTES]);

/* out has length + CIPHER_TAG_BYTES bytes and may be plain.  The same nonce must never seal two different texts under one
 * key.  beside is not hidden but must be the same when it is opened. */
void cipher_seal(struct cipher *, const uint8_t nonce[CIPHER_NONCE_BYTES], struct slice beside, const void *plain, size_t length, void *out);

/* length counts the tag; out has length - CIPHER_TAG_BYTES bytes and may be sealed.  False: wrong key, or changed bytes. */
bool cipher_unseal(struct cipher *, const uint8_t nonce[CIPHER_NONCE_BYTES], struct slice beside, const void *sealed, size_t length, void *out);
void cipher_close(struct cipher *);

/* Bytes that nobody can guess, for nonces and salts: the only chance in the core, and no verdict sees it. */
void cipher_random(void *bytes, size_t length);

#endif
