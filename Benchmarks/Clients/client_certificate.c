// h2load cannot present a client certificate. Loaded before libssl (LD_PRELOAD), this gives one to every context:
// the files named by CLIENT_CERTIFICATE and CLIENT_KEY.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

SSL_CTX *SSL_CTX_new(const SSL_METHOD *method) {
    SSL_CTX *(*original)(const SSL_METHOD *) = (SSL_CTX * (*)(const SSL_METHOD *)) dlsym(RTLD_NEXT, "SSL_CTX_new");
    SSL_CTX *context = original(method);
    if (SSL_CTX_use_certificate_chain_file(context, getenv("CLIENT_CERTIFICATE")) == 1 &&
        SSL_CTX_use_PrivateKey_file(context, getenv("CLIENT_KEY"), SSL_FILETYPE_PEM) == 1)
        return context;
    fprintf(stderr, "cannot read CLIENT_CERTIFICATE or CLIENT_KEY\n");
    exit(1);
}
