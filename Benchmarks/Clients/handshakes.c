// Makes mutual-TLS handshakes, one after the other, and nothing else: no request is sent.
//
//     handshakes PORT COUNT CERTIFICATE KEY             full ones: no session is kept
//     handshakes PORT COUNT CERTIFICATE KEY resumed     each resumes the session of the one before; one full one first
//
// After the handshake it sends close_notify and reads until the server has closed, so that the server has certainly
// verified the client's certificate (in TLS 1.3 the client is done before that).
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int dial(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct timeval deadline = {.tv_sec = 10};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    perror("connect");
    exit(1);
}

static SSL_SESSION *latest;

static int keep(SSL *ssl, SSL_SESSION *session) {
    (void)ssl;
    SSL_SESSION_free(latest);
    latest = session;
    return 1;
}

static int handshake(SSL_CTX *context, int port, int resumed) {
    int fd = dial(port);
    SSL *ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    SSL_set_tlsext_host_name(ssl, "localhost");
    if (resumed && (latest == NULL || SSL_set_session(ssl, latest) != 1)) return 0;
    int good = SSL_connect(ssl) == 1 && SSL_version(ssl) == TLS1_3_VERSION && SSL_session_reused(ssl) == resumed;
    char rest[256];
    if (good) {
        SSL_shutdown(ssl);
        int n;
        while ((n = SSL_read(ssl, rest, sizeof rest)) > 0) {}
        // A clean end, or a server that closes the socket without a close_notify. An alert is a refusal.
        int error = SSL_get_error(ssl, n);
        good = error != SSL_ERROR_SSL || ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    }
    if (!good) ERR_print_errors_fp(stderr);
    ERR_clear_error();
    SSL_free(ssl);
    close(fd);
    return good;
}

int main(int count, char **arguments) {
    if (count < 5 || count > 6) return 64;
    int resumed = count == 6;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    const unsigned char http1[] = "\x08http/1.1";
    SSL_CTX_set_alpn_protos(context, http1, sizeof http1 - 1);
    if (SSL_CTX_use_certificate_chain_file(context, arguments[3]) != 1) return 1;
    if (SSL_CTX_use_PrivateKey_file(context, arguments[4], SSL_FILETYPE_PEM) != 1) return 1;
    int wanted = atoi(arguments[2]), good = 0;
    if (resumed) {
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(context, keep);
        if (!handshake(context, atoi(arguments[1]), 0)) return 1;
    }
    for (int i = 0; i < wanted; i++) good += handshake(context, atoi(arguments[1]), resumed);
    printf("%d\n", good);
    return good == wanted ? 0 : 1;
}
