/* A crowd of made-up persons and their settlements, made fast enough to fill the state of a large city: whole messages of
 * about 1.8 kB with every field that a platform sends, a pure function of their number.  Nobody in it exists.
 *
 * Every person comes once before anybody comes again; psn_no has 18 to 25 characters; one settlement in twenty is
 * inpatient; settlements come in order of time from 2022-06-01 on, the first of everybody in so many days, later
 * ones a hundred times as close together, or as the crowd says. */
#ifndef FW_BENCH_CROWD_H
#define FW_BENCH_CROWD_H

#include <stddef.h>
#include <stdint.h>

#define CROWD_MESSAGE_MAX 2560

struct crowd {
	uint64_t persons;
	int32_t days;                   /* in which each person comes once */
	uint32_t slower;                /* how much less time passes between two settlements once everybody came; 0: 100 */
};

/* The settlement of that number; gives its length.  out has CROWD_MESSAGE_MAX bytes. */
size_t crowd_settlement(const struct crowd *, uint64_t number, char *out);

/* The enrolment of that person in a year, every tenth of a poor class. */
size_t crowd_enrolment(uint64_t person, int year, char *out);

#endif
