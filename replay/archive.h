/* PRIVATE to replay/archive*.c and replay/past.c: what every command on an archive needs. */
#ifndef FW_REPLAY_ARCHIVE_H
#define FW_REPLAY_ARCHIVE_H

#include "core/archive/archive.h"
#include "replay/options.h"

struct archive_place {                  /* where it is and what opens it */
	const char *dir, *chain_key, *cipher_key;
};

/* Rows of the options that fill it; the command's struct has it as its member `place`. */
#define ARCHIVE_PLACE_ROWS(type) \
	{"archive", OPTION_TEXT, offsetof(type, place.dir), "DIR", {"档案目录", "folder of the archive"}, 0, 0, NULL}, \
	{"chain-key", OPTION_TEXT, offsetof(type, place.chain_key), "FILE", {"哈希链的密钥文件", "file that holds the key of the hash chain"}, \
	    0, 0, NULL}, \
	{"cipher-key", OPTION_TEXT, offsetof(type, place.cipher_key), "FILE", {"加密档案的密钥文件", \
	    "file that holds the key of an encrypted archive"}, 0, 0, NULL}

/* Reads the keys.  OPTIONS_GO_ON, or after telling why: 64 no --archive, 78 a key that cannot be used. */
int archive_place_keys(const struct archive_place *, const char *command, enum language, struct archive_options *);

/* Its segments; caller frees.  OPTIONS_GO_ON, or after telling why: 66 there is none, 65, 78. */
int archive_place_segments(const struct archive_place *, enum language, struct archive_segment **, size_t *count);

/* Tells a failure with what diags say; gives the exit code.  Frees diags. */
int archive_failed(const struct archive_place *, enum language, enum archive_failure, struct diags *);

extern const char *const archive_cipher_words[];        /* by enum archive_cipher, NULL at the end */

/* ---- the commands below `archive`; archive.c finds them ---- */

int archive_list_command(int argc, char **argv);
int archive_verify_command(int argc, char **argv);
int archive_import_command(int argc, char **argv);
int archive_export_command(int argc, char **argv);
int archive_prune_command(int argc, char **argv);

#endif
