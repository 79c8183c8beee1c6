/*
 * libuv's floor: the echo and the constant answer to GET / over libuv, as a C programmer would write them. What it spends
 * beyond the plain C floor is what libuv's loop costs.
 *
 * What the kernel does not take at once is copied and queued, and while anything is queued the connection is not read.
 *
 * usage: uv echo|http HOST:PORT      prints "listening on HOST:PORT" with the port the kernel gave
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>

enum { READ_SIZE = 64 * 1024, OUT_SIZE = 2 * 1024 * 1024 };

struct conn {
	uv_tcp_t tcp;
	int matched; /* bytes of the empty line that ends a head */
	bool last;
};

struct rest {
	uv_write_t req;
	char bytes[];
};

static char buffer[READ_SIZE], out[OUT_SIZE], hello[256];
static size_t hello_len;
static time_t dated;
static bool http;

static void check(int err, const char *what)
{
	if (err < 0) {
		fprintf(stderr, "uv: %s: %s\n", what, uv_strerror(err));
		exit(1);
	}
}

static void lend(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	(void)h, (void)suggested;
	*buf = uv_buf_init(buffer, sizeof buffer);
}

static void freed(uv_handle_t *h) { free(h->data); }

static void end(struct conn *c)
{
	if (!uv_is_closing((uv_handle_t *)&c->tcp))
		uv_close((uv_handle_t *)&c->tcp, freed);
}

static void arrived(uv_stream_t *s, ssize_t n, const uv_buf_t *buf);

static void written(uv_write_t *req, int err)
{
	struct conn *c = req->handle->data;
	free(req);
	if (err < 0 || c->last)
		end(c);
	else
		uv_read_start((uv_stream_t *)&c->tcp, lend, arrived);
}

static void put(struct conn *c, char *p, size_t n)
{
	uv_stream_t *s = (uv_stream_t *)&c->tcp;
	uv_buf_t b = uv_buf_init(p, (unsigned)n);
	int sent = n > 0 ? uv_try_write(s, &b, 1) : 0;
	if (sent < 0 && sent != UV_EAGAIN) {
		end(c);
		return;
	}
	if (sent < 0)
		sent = 0;
	if ((size_t)sent == n) {
		if (c->last)
			end(c);
		return;
	}
	struct rest *r = malloc(sizeof *r + n - (size_t)sent);
	if (!r)
		check(UV_ENOMEM, "malloc");
	memcpy(r->bytes, p + sent, n - (size_t)sent);
	b = uv_buf_init(r->bytes, (unsigned)(n - (size_t)sent));
	uv_read_stop(s);
	if (uv_write(&r->req, s, &b, 1, written) < 0) {
		free(r);
		end(c);
	}
}

static void the_date(void)
{
	time_t now = time(NULL);
	if (now == dated)
		return;
	dated = now;
	struct tm tm;
	char date[64];
	gmtime_r(&now, &tm);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	hello_len = (size_t)snprintf(hello, sizeof hello,
		"HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!", date);
}

/* answers counts the ends of heads, wherever the reads have cut them, and answers each. */
static void answers(struct conn *c, const char *p, size_t n)
{
	size_t len = 0;
	the_date();
	c->last = c->last || memmem(p, n, "Connection: close", 17);
	for (size_t i = 0; i < n; i++) {
		if (p[i] == "\r\n\r\n"[c->matched])
			c->matched++;
		else
			c->matched = p[i] == '\r';
		if (c->matched < 4)
			continue;
		c->matched = 0;
		if (hello_len > sizeof out - len)
			break;
		memcpy(out + len, hello, hello_len);
		len += hello_len;
	}
	if (len > 0)
		put(c, out, len);
}

static void arrived(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	struct conn *c = s->data;
	if (n < 0)
		end(c);
	else if (n > 0 && http)
		answers(c, buf->base, (size_t)n);
	else if (n > 0)
		put(c, buf->base, (size_t)n);
}

static void connected(uv_stream_t *listener, int err)
{
	if (err < 0)
		return;
	struct conn *c = calloc(1, sizeof *c);
	if (!c)
		check(UV_ENOMEM, "calloc");
	check(uv_tcp_init(listener->loop, &c->tcp), "init");
	c->tcp.data = c;
	if (uv_accept(listener, (uv_stream_t *)&c->tcp) < 0) {
		end(c);
		return;
	}
	uv_tcp_nodelay(&c->tcp, 1);
	uv_read_start((uv_stream_t *)&c->tcp, lend, arrived);
}

int main(int argc, char **argv)
{
	char *colon = argc == 3 ? strrchr(argv[2], ':') : NULL;
	if (!colon) {
		fprintf(stderr, "usage: uv echo|http HOST:PORT\n");
		return 1;
	}
	http = strcmp(argv[1], "http") == 0;
	*colon = 0;
	uv_loop_t *loop = uv_default_loop();
	uv_tcp_t listener;
	struct sockaddr_in addr;
	int len = sizeof addr;
	check(uv_ip4_addr(argv[2], atoi(colon + 1), &addr), "address");
	check(uv_tcp_init(loop, &listener), "init");
	check(uv_tcp_bind(&listener, (struct sockaddr *)&addr, 0), "bind");
	check(uv_listen((uv_stream_t *)&listener, 4096, connected), "listen");
	check(uv_tcp_getsockname(&listener, (struct sockaddr *)&addr, &len), "getsockname");
	printf("listening on %s:%d\n", argv[2], ntohs(addr.sin_port));
	fflush(stdout);
	return uv_run(loop, UV_RUN_DEFAULT);
}
