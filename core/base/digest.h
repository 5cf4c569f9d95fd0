/* The door to OpenSSL's libcrypto: SHA-256 for digests and ids, HMAC-SHA-256 for pseudonyms. */
#ifndef FW_DIGEST_H
#define FW_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_BYTES 32
#define DIGEST_TEXT_SIZE (2 * DIGEST_BYTES + 1)

struct digest;                                  /* a running SHA-256 */
struct digest *digest_open(void);
void digest_add(struct digest *, const void *data, size_t length);
/* The value so far; the digest goes on. */
void digest_value(const struct digest *, uint8_t out[DIGEST_BYTES]);
void digest_close(struct digest *);

/* The running digest as bytes, the same on every machine, and on from there.  NULL: no digest has such a state. */
#define DIGEST_STATE_BYTES 104
void digest_save(const struct digest *, uint8_t state[DIGEST_STATE_BYTES]);
struct digest *digest_load(const uint8_t state[DIGEST_STATE_BYTES]);

void sha256(const void *data, size_t length, uint8_t out[DIGEST_BYTES]);
void hmac_sha256(const void *key, size_t key_length, const void *data, size_t length, uint8_t out[DIGEST_BYTES]);

/* Lower-case hexadecimal of count bytes, NUL at the end; text has 2 * count + 1 bytes. */
char *hex_text(const uint8_t *bytes, size_t count, char *text);

#endif
