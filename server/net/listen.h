/* listen.h - listening sockets: TCP (IPv4, IPv6) and Unix; non-blocking, closed on exec. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct err;

/* address: "127.0.0.1", "::1", "[::1]", a name, or "unix:/path" (mode 0600; a stale socket is
 * replaced, a live one is an error). *port: 0 becomes the one that was found. -1 on error. */
int listen_open(const char *address, int *port, struct err *e);
/* "127.0.0.1:8001", "[::1]:8001", "name:0" or "unix:/path" (port 0) into what listen_open takes,
 * the brackets cut; "localhost" is 127.0.0.1. False (ERR_ARGS): it is none of these, or the address
 * needs `size` bytes or more. */
bool listen_split(const char *listen, char *address, size_t size, int *port, struct err *e);
/* Only this machine can reach it: a loopback address, or a Unix socket. */
bool listen_is_local(const char *address);
/* The next connection, or -1 with errno; peer is "127.0.0.1:40000", "[::1]:40000" or "unix". */
int listen_accept(int fd, char *peer, size_t size);

enum { LISTEN_SOURCE = 56 };
/* Who a peer counts as where everybody has a share: its IPv4 address, the /64 of its IPv6 address,
 * or "unix". */
void listen_source(const char *peer, char out[LISTEN_SOURCE]);
