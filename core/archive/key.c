/* Keys of an archive: read from files, told apart by an id, derived for each segment. */
#include "core/archive/segment.h"

#include "core/archive/bytes.h"
#include "core/base/digest.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#define KEY_FILE_MAX 4096

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* 64 hexadecimal digits and nothing but white space behind them. */
static bool
key_from_hex(const uint8_t *text, size_t length, uint8_t key[ARCHIVE_KEY_BYTES])
{
	while (length && isspace(text[length - 1]))
		length--;
	if (length != 2 * ARCHIVE_KEY_BYTES)
		return false;
	for (size_t i = 0; i < ARCHIVE_KEY_BYTES; i++) {
		int high = hex_digit((char)text[2 * i]), low = hex_digit((char)text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		key[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool
archive_key_read(const char *path, uint8_t key[ARCHIVE_KEY_BYTES], struct diags *diags)
{
	uint8_t text[KEY_FILE_MAX];
	FILE *file = fopen(path, "rbe");
	if (!file) {
		tell_errno(diags, path, "读不了密钥文件", "cannot read the file of the key", errno);
		return false;
	}
	size_t length = fread(text, 1, sizeof text, file);
	int error = ferror(file) ? errno : 0;
	fclose(file);
	if (error) {
		tell_errno(diags, path, "读不了密钥文件", "cannot read the file of the key", error);
		return false;
	}
	if (key_from_hex(text, length, key))
		return true;
	if (length < ARCHIVE_KEY_BYTES) {
		tell(diags, path, "密钥文件要有至少 32 个字节，或 64 个十六进制数字", "the file of a key has at least 32 bytes, or 64 hexadecimal digits");
		return false;
	}
	memcpy(key, text, ARCHIVE_KEY_BYTES);
	return true;
}

void
key_id(const uint8_t key[ARCHIVE_KEY_BYTES], uint8_t id[KEY_ID_BYTES])
{
	uint8_t digest[DIGEST_BYTES];
	sha256(key, ARCHIVE_KEY_BYTES, digest);
	memcpy(id, digest, KEY_ID_BYTES);
}

const uint8_t *
chain_key(const struct archive_options *options)
{
	static const uint8_t published[ARCHIVE_KEY_BYTES + 1] = "fundwatch archive, published key";
	return options && options->has_chain_key ? options->chain_key : published;
}

const char *
cipher_name(enum archive_cipher cipher)
{
	return cipher == CIPHER_AES_256_GCM ? "AES-256-GCM" : cipher == CIPHER_SM4_GCM ? "SM4-GCM" : NULL;
}

bool
archive_cipher_is_known(enum archive_cipher cipher)
{
	return cipher == CIPHER_NONE || (cipher_name(cipher) && cipher_is_known(cipher_name(cipher)));
}

struct cipher *
segment_cipher(const struct archive_options *options, const struct segment_head *head, const char *file, enum archive_failure *failure,
    struct diags *diags)
{
	uint8_t id[KEY_ID_BYTES] = {0}, key[CIPHER_KEY_BYTES], label[16 + SALT_BYTES] = "fundwatch segm.";
	*failure = ARCHIVE_FINE;
	if (head->cipher == CIPHER_NONE)
		return NULL;
	*failure = ARCHIVE_KEY;
	if (options)
		key_id(options->cipher_key, id);
	if (!options || memcmp(id, head->cipher_key_id, KEY_ID_BYTES) != 0) {
		tell(diags, file, "加密档案的密钥不对或没有给出", "the archive is encrypted and the key is missing or another one");
		return NULL;
	}
	memcpy(label + 16, head->salt, SALT_BYTES);
	hmac_sha256(options->cipher_key, ARCHIVE_KEY_BYTES, label, sizeof label, key);
	struct cipher *cipher = cipher_open(cipher_name(head->cipher), key);
	if (cipher)
		*failure = ARCHIVE_FINE;
	else
		tell(diags, file, say(diags, "本机的 OpenSSL 没有 %s", cipher_name(head->cipher)),
		    say(diags, "this OpenSSL has no %s", cipher_name(head->cipher)));
	return cipher;
}

void
frame_nonce(const struct frame *frame, uint8_t nonce[CIPHER_NONCE_BYTES])
{
	put64(nonce, frame->session);
	put32(nonce + 8, frame->number);
}
