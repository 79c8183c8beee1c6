/*
 * The floor: a plain TCP echo server over level-triggered epoll, one thread, no tricks. What it spends on a message is
 * what the kernel's own calls cost here, and every other subject is measured against it.
 *
 * One epoll_wait, then for each ready connection one recv into a buffer that all share and one send. What the kernel does
 * not take at once is kept with its connection, and while anything is kept the connection is not read: a client that does
 * not read stops being read.
 *
 * usage: echo HOST:PORT      prints "listening on HOST:PORT" with the port the kernel gave
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	READ_SIZE = 64 * 1024,  /* the shared read buffer, as large as weir's and gnet's */
	EVENTS_PER_WAIT = 512,
	ACCEPTS_PER_EVENT = 64, /* so that a burst of connects cannot hold up the others */
};

struct conn {
	int fd;
	char *rest; /* bytes read but not yet taken by the kernel; NULL when there are none */
	size_t rest_off, rest_len;
};

static int epfd, listener;
static bool accepting; /* false while the process is out of descriptors */
static char buffer[READ_SIZE];

static void die(const char *what)
{
	fprintf(stderr, "echo: %s: %s\n", what, strerror(errno));
	exit(1);
}

static bool would_block(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* watch sets what epoll reports for an fd that is registered already, or registers it. */
static void watch(int op, int fd, uint32_t events, void *owner)
{
	struct epoll_event ev = {.events = events, .data.ptr = owner};
	if (epoll_ctl(epfd, op, fd, &ev) < 0)
		die("epoll_ctl");
}

/* accept_again lets the listener be reported: at the start, and when a descriptor has come free. */
static void accept_again(void)
{
	if (!accepting)
		watch(EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
	accepting = true;
}

static void accept_stop(void)
{
	watch(EPOLL_CTL_DEL, listener, 0, NULL);
	accepting = false;
}

static void close_conn(struct conn *c)
{
	close(c->fd);
	free(c->rest);
	free(c);
	accept_again();
}

static void accept_ready(void)
{
	for (int i = 0; i < ACCEPTS_PER_EVENT; i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE)
				accept_stop();
			else if (!would_block() && errno != ECONNABORTED)
				die("accept4");
			return;
		}
		int on = 1;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		struct conn *c = calloc(1, sizeof *c);
		if (!c)
			die("calloc");
		c->fd = fd;
		watch(EPOLL_CTL_ADD, fd, EPOLLIN, c);
	}
}

/* keep stores what send left over and turns the connection from reading to writing. */
static void keep(struct conn *c, const char *p, size_t n)
{
	c->rest = malloc(n);
	if (!c->rest)
		die("malloc");
	memcpy(c->rest, p, n);
	c->rest_off = 0;
	c->rest_len = n;
	watch(EPOLL_CTL_MOD, c->fd, EPOLLOUT, c);
}

static void read_ready(struct conn *c)
{
	ssize_t n = recv(c->fd, buffer, sizeof buffer, 0);
	if (n < 0 && would_block())
		return;
	if (n <= 0) {
		close_conn(c);
		return;
	}
	ssize_t sent = send(c->fd, buffer, n, MSG_NOSIGNAL);
	if (sent < 0 && !would_block()) {
		close_conn(c);
		return;
	}
	if (sent < 0)
		sent = 0;
	if (sent < n)
		keep(c, buffer + sent, n - sent);
}

static void write_ready(struct conn *c)
{
	ssize_t sent = send(c->fd, c->rest + c->rest_off, c->rest_len - c->rest_off, MSG_NOSIGNAL);
	if (sent < 0) {
		if (!would_block())
			close_conn(c);
		return;
	}
	c->rest_off += sent;
	if (c->rest_off < c->rest_len)
		return;
	free(c->rest);
	c->rest = NULL;
	watch(EPOLL_CTL_MOD, c->fd, EPOLLIN, c);
}

/* conn_ready: an error or a hang-up is learnt from the call that was wanted anyway. */
static void conn_ready(struct conn *c)
{
	if (c->rest)
		write_ready(c);
	else
		read_ready(c);
}

static struct sockaddr_in parse_address(const char *text)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	char host[INET_ADDRSTRLEN];
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : sizeof host;
	if (len < sizeof host) {
		memcpy(host, text, len);
		host[len] = 0;
		addr.sin_port = htons((uint16_t)atoi(colon + 1));
		if (inet_pton(AF_INET, host, &addr.sin_addr) == 1)
			return addr;
	}
	fprintf(stderr, "echo: bad address %s, want HOST:PORT with an IPv4 host\n", text);
	exit(1);
}

static void listen_on(const char *text)
{
	struct sockaddr_in addr = parse_address(text);
	socklen_t len = sizeof addr;
	int on = 1;
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener < 0)
		die("socket");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(listener, (struct sockaddr *)&addr, len) < 0)
		die("bind");
	if (listen(listener, SOMAXCONN) < 0)
		die("listen");
	if (getsockname(listener, (struct sockaddr *)&addr, &len) < 0)
		die("getsockname");
	char host[INET_ADDRSTRLEN];
	inet_ntop(AF_INET, &addr.sin_addr, host, sizeof host);
	printf("listening on %s:%d\n", host, ntohs(addr.sin_port));
	fflush(stdout);
}

/* raise_fd_limit does what the Go runtime does for the other subjects. */
static void raise_fd_limit(void)
{
	struct rlimit r;
	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: echo HOST:PORT\n");
		return 1;
	}
	raise_fd_limit();
	epfd = epoll_create1(EPOLL_CLOEXEC);
	if (epfd < 0)
		die("epoll_create1");
	listen_on(argv[1]);
	accept_again();
	for (;;) {
		static struct epoll_event events[EVENTS_PER_WAIT];
		int n = epoll_wait(epfd, events, EVENTS_PER_WAIT, -1);
		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr)
				conn_ready(events[i].data.ptr);
			else
				accept_ready();
		}
	}
}
