/* The door to OpenSSL's CMS.  See seal.h. */
#include "daemon/seal.h"

#include <openssl/cms.h>
#include <openssl/pem.h>
#include <stdlib.h>

struct seal {
	STACK_OF(X509) *certificates;
};

struct seal *
seal_open(const char *certificate_file)
{
	FILE *file = fopen(certificate_file, "rbe");
	X509 *certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
	if (file)
		fclose(file);
	struct seal *seal = certificate ? malloc(sizeof *seal) : NULL;
	if (!seal) {
		X509_free(certificate);
		return NULL;
	}
	seal->certificates = sk_X509_new_null();
	sk_X509_push(seal->certificates, certificate);
	return seal;
}

bool
seal_bytes(struct seal *seal, struct slice bytes, struct buffer *out)
{
	bool done = false;
	out->length = 0;
	BIO *in = BIO_new_mem_buf(bytes.data, (int)bytes.length);
	CMS_ContentInfo *sealed = in ? CMS_encrypt(seal->certificates, in, EVP_aes_256_cbc(), CMS_BINARY) : NULL;
	unsigned char *der = NULL;
	int length = sealed ? i2d_CMS_ContentInfo(sealed, &der) : -1;
	if (length > 0) {
		buffer_add(out, der, (size_t)length);
		done = true;
	}
	OPENSSL_free(der);
	CMS_ContentInfo_free(sealed);
	BIO_free(in);
	return done;
}

void
seal_close(struct seal *seal)
{
	sk_X509_pop_free(seal->certificates, X509_free);
	free(seal);
}
