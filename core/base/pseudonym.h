/* How a person's number leaves the process: "pn_" and the first 32 hexadecimal digits of HMAC-SHA-256(key, psn_no).
 * The default key is published: pseudonyms made with it hide a number from a reader, not from someone who guesses. */
#ifndef FW_PSEUDONYM_H
#define FW_PSEUDONYM_H

#define PSEUDONYM_DEFAULT_KEY "fundwatch-demo-key"

#endif
