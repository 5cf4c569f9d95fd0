/* Bytes of a refused record, encrypted for the holder of a certificate (CMS, AES-256-CBC, DER): the daemon itself
 * cannot read them back.  `openssl cms -decrypt -inform DER -inkey key.pem` can. */
#ifndef FW_SEAL_H
#define FW_SEAL_H

#include "core/base/buffer.h"

struct seal;
struct seal *seal_open(const char *certificate_file);  /* NULL: cannot be read */

/* Replaces what the buffer held.  False: it could not be encrypted, nothing may be sent of it. */
bool seal_bytes(struct seal *, struct slice bytes, struct buffer *out);
void seal_close(struct seal *);

#endif
