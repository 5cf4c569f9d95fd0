/* Exact amounts: int64_t fen.  No double touches money. */
#ifndef FW_MONEY_H
#define FW_MONEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MONEY_MAX_FEN INT64_C(9999999999999999)   /* 99,999,999,999,999.99 yuan, contract 1.1 */
#define MONEY_TEXT_SIZE 32

/* -?[0-9]+(\.[0-9]+)? with at most two significant decimals, |value| <= MONEY_MAX_FEN; "-0" is 0. */
bool money_parse(const char *text, size_t length, int64_t *fen);

/* "-1234.50" into MONEY_TEXT_SIZE bytes; gives the buffer back. */
char *money_text(int64_t fen, char buffer[MONEY_TEXT_SIZE]);

/* Decimals with a fixed number of places, e.g. places 6: "0.95" is 950000.  False when more significant decimals
 * are written than there are places, or |value| >= 10^18. */
bool decimal_parse(const char *text, size_t length, int places, int64_t *scaled);

/* numerator / denominator with six decimals, half to even ("0.700000"); denominator > 0.  For output only:
 * verdicts compare exactly. */
char *ratio_text(int64_t numerator, int64_t denominator, char buffer[MONEY_TEXT_SIZE]);

#endif
