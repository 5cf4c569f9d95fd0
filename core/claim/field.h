/* The field table: every fact about a field of a record is said once, in fields.def, and from there come the
 * decoder, the names a rule may use, docs/fields.md and the JSON Schemas. */
#ifndef FW_FIELD_H
#define FW_FIELD_H

#include "core/base/slice.h"

#include <stdint.h>

enum field_type {
	TYPE_ID,        /* exact identifier, at most 64 bytes; string, or an integer taken by its digits */
	TYPE_CODE,      /* code, at most 16 bytes, string or integer; kept without leading zeros ("0" stays "0") */
	TYPE_AMOUNT,    /* fen */
	TYPE_DATE,      /* day */
	TYPE_TIME,      /* Beijing seconds */
	TYPE_DECIMAL,   /* fixed point, four places (age, pool_prop_selfpay, cnt) */
	TYPE_TEXT,      /* string or anything else: read over, checked as JSON and UTF-8, never kept */
	TYPE_NESTED     /* array or object: read over */
};

enum sensitivity {
	OPEN,           /* may be shown */
	PSEUDONYM,      /* leaves the process only as a keyed pseudonym (psn_no) */
	SECRET          /* never enters state, logs, metrics, file names (names, ID numbers, telephones) */
};

enum settlement_field {
#define FIELD(name, type, required, sensitivity, unit, zh, en) FIELD_##name,
#include "core/claim/settlement.def"
#undef FIELD
	SETTLEMENT_FIELDS
};

enum enrolment_field {
#define FIELD(name, type, required, sensitivity, unit, zh, en) ENROLMENT_##name,
#include "core/claim/enrolment.def"
#undef FIELD
	ENROLMENT_FIELDS
};

struct field {
	const char *name;
	enum field_type type;
	bool required;
	enum sensitivity sensitivity;
	const char *unit;               /* "fen", "day", "s", "" */
	const char *zh, *en;            /* meaning */
};

struct field_alias {
	const char *alias;              /* lower case */
	const char *name;               /* the field it stands for */
};

extern const struct field settlement_fields[SETTLEMENT_FIELDS];
extern const struct field enrolment_fields[ENROLMENT_FIELDS];
extern const struct field_alias settlement_aliases[], enrolment_aliases[];
extern const size_t settlement_alias_count, enrolment_alias_count;

/* Index of the settlement field of that exact lower-case name or alias, -1: none. */
int settlement_field_find(struct slice name);

#endif
