/* What the preloaded library is told and what it tells back: one file, mapped by every process under test and by the
 * test itself (control.py has the same layout), so that a change is seen at the next call.
 *
 * Environment: FUNDWATCH_FAULTS_CONTROL the file; FUNDWATCH_FAULTS_BELOW the folder that file faults and the journal are
 * about; FUNDWATCH_FAULTS_JOURNAL the journal (see journal.c), may be missing. */
#ifndef FW_FAULTS_CONTROL_H
#define FW_FAULTS_CONTROL_H

#include <stdatomic.h>
#include <stdint.h>

#define FAULT_STEPS 40
#define FAULT_NAME 32

enum fault_action {
	FAULT_NONE,
	FAULT_KILL,                     /* SIGKILL to the process that passes the step */
	FAULT_KILL_GROUP,               /* and to all of its group: the snapshot process or the daemon beside it */
	FAULT_STOP,                     /* SIGSTOP to the process; somebody else continues it */
	FAULT_SLEEP                     /* sleep_us at every pass from the armed one on */
};

struct fault_step {
	char name[FAULT_NAME];          /* empty: the end of the list */
	_Atomic uint64_t passes;
};

struct fault_control {
	/* steps */
	char step[FAULT_NAME];
	_Atomic uint32_t action;        /* enum fault_action; written last */
	_Atomic uint32_t acted;         /* how often an action was done */
	_Atomic int64_t countdown;      /* acts when a pass brings it to 0 */
	_Atomic uint64_t sleep_us;
	/* files below the folder whose path has this text in it; empty: all of them */
	char path[64];
	_Atomic int32_t write_error;    /* errno of every write, 0: none */
	_Atomic int32_t partial;        /* this many failing writes take half of their bytes first */
	_Atomic int32_t open_error;     /* errno of what makes, opens for writing, renames, cuts or removes */
	_Atomic int32_t sync_error;     /* errno of syncs */
	_Atomic int32_t sync_after;     /* so many syncs succeed before the first that fails */
	_Atomic int32_t sync_count;     /* so many fail */
	_Atomic uint64_t failed;        /* calls that were made to fail */
	_Atomic uint64_t writes, syncs; /* calls that were seen, while any file fault or the journal was on */
	_Atomic uint32_t journal;       /* 1: what is done to files is written down */
	uint32_t unused;
	_Atomic int64_t clock_ns;       /* added to the wall clock that the program itself reads */
	struct fault_step seen[FAULT_STEPS];
};

/* The control, or NULL where no file was named. */
struct fault_control *fault_control(void);

/* Whether the path is below the folder; and has the text of the control in it. */
int fault_is_below(const char *path);
int fault_is_meant(const char *path);

/* ---- journal.c ---- */

enum journal_kind {
	JOURNAL_WRITE = 1, JOURNAL_TRUNCATE, JOURNAL_SYNC, JOURNAL_SYNC_FAILED, JOURNAL_CREATE, JOURNAL_RENAME, JOURNAL_UNLINK,
	JOURNAL_MKDIR, JOURNAL_SYNC_FOLDER
};

/* Writes one event down, in one write of its own.  path and other may be NULL. */
void journal_add(enum journal_kind, uint64_t inode, int64_t offset, const char *path, const char *other, const void *data, uint32_t length);

#endif
