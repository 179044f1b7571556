/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "message.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "safe.h"

static const char *const class_names[MESSAGE_CLASSES + 1] = {
	[MESSAGE_BAD_REQUEST] = "bad-request",
	[MESSAGE_UNSUPPORTED] = "unsupported",
	[MESSAGE_FAILED] = "failed",
	[MESSAGE_LOST] = "lost",
	[MESSAGE_PROTOCOL] = "protocol",
	[MESSAGE_TIMEOUT] = "timeout",
	[MESSAGE_BUSY] = "busy",
	[MESSAGE_CORRUPT] = "corrupt",
	[MESSAGE_EXIT_STATUS] = "exit-status",
	[MESSAGE_SIGNAL] = "signal",
	[MESSAGE_TIME_LIMIT] = "time-limit",
	[MESSAGE_NO_METRIC] = "no-metric",
	[MESSAGE_OUTPUT] = "too-much-output",
};

const char *message_class_name(enum message_class c)
{
	return class_names[c];
}

int message_read_class(const struct view *msg, enum message_class *c, struct err *err)
{
	unsigned i = 0;
	int ret = view_choice(msg, "class", class_names, &i, err);

	*c = i;
	return ret;
}

enum message_class message_class_of(const struct err *err)
{
	switch (err->code) {
	case -EINVAL:
		return MESSAGE_BAD_REQUEST;
	case -ENOTSUP:
		return MESSAGE_UNSUPPORTED;
	case -EPIPE:
	case -ECONNRESET:
		return MESSAGE_LOST;
	case -EPROTO:
		return MESSAGE_PROTOCOL;
	case -ETIMEDOUT:
		return MESSAGE_TIMEOUT;
	case -EBUSY:
		return MESSAGE_BUSY;
	/* No system call of ours fails with these; see bench/harness.h and bench/exec.h. */
	case -EBADSLT:
		return MESSAGE_CORRUPT;
	case -EBADE:
		return MESSAGE_EXIT_STATUS;
	case -EOWNERDEAD:
		return MESSAGE_SIGNAL;
	case -EDOTDOT:
		return MESSAGE_TIME_LIMIT;
	case -EL2NSYNC:
		return MESSAGE_NO_METRIC;
	case -EXFULL:
		return MESSAGE_OUTPUT;
	default:
		return MESSAGE_FAILED;
	}
}

json_t *message_request(const char *op, int64_t id)
{
	return json_pack("{s:s, s:I}", "op", op, "id", (json_int_t)id);
}

json_t *message_ok(int64_t id)
{
	return json_pack("{s:I, s:b}", "re", (json_int_t)id, "ok", 1);
}

json_t *message_failure(int64_t id, enum message_class c, const char *text)
{
	return json_pack("{s:I, s:b, s:s, s:s}", "re", (json_int_t)id, "ok", 0,
			 "class", message_class_name(c), "text", text);
}

json_t *message_event(const char *name)
{
	return json_pack("{s:s}", "event", name);
}

json_t *message_hello(const char *role)
{
	return json_pack("{s:s, s:i, s:s, s:s}", "event", "hello", "protocol",
			 MESSAGE_PROTOCOL_VERSION, "version", KDUEL_VERSION,
			 "role", role);
}

int message_check_hello(const struct view *msg, const char *role, struct err *err)
{
	const char *said = "", *version = "";
	uint64_t protocol = 0;

	if (view_count(msg, "protocol", INT64_MAX, &protocol, err) ||
	    view_name(msg, "version", &version, err) ||
	    view_name(msg, "role", &said, err)) {
		err_prefix(err, "hello");
		return -EINVAL;
	}
	if (protocol != MESSAGE_PROTOCOL_VERSION || strcmp(version, KDUEL_VERSION))
		return err_config(err, "the %s's agent is kduel-agent %.40s with protocol %"
				  PRIu64 "; this is kduel %s with protocol %d: install the "
				  "agent of this version there", role, version, protocol,
				  KDUEL_VERSION, MESSAGE_PROTOCOL_VERSION);
	if (strcmp(said, role))
		return err_config(err, "expected the %s to say hello, but the agent says it is "
				  "a %.40s",
				  role, said);
	return 0;
}

int message_take(struct message *m, const struct frame *f, struct err *err)
{
	int ret;

	*m = (struct message){ .text = malloc(f->len + 1), .doc = VIEW_DOC_INIT };
	if (!m->text)
		return err_sys(err, ENOMEM, "cannot keep a message");
	memcpy(m->text, f->payload, f->len);
	m->text[f->len] = '\0';
	ret = view_parse(&m->doc, m->text, f->len, &m->root, err);
	if (!ret && m->root->type != JSON_OBJECT)
		ret = err_config(err, "is %s; it must be an object",
				 view_type_text(m->root));
	if (!ret)
		return 0;
	message_release(m);
	err_prefix(err, "a message");
	if (ret != -ENOMEM)
		ret = -EPROTO;
	if (err)
		err->code = ret;
	return ret;
}

void message_release(struct message *m)
{
	view_release(&m->doc);
	free(m->text);
	*m = (struct message)MESSAGE_INIT;
}

/* Copies as many whole characters of `text` as fit. */
static void message_cut(char *buf, size_t size, const char *text)
{
	size_t n = text_cut(text, size - 1);

	memcpy(buf, text, n);
	buf[n] = '\0';
}

const char *message_safe(const char *text, char *buf, size_t size)
{
	char *safe;

	/* Escapes make it longer, never shorter: more than `size` is not needed. */
	message_cut(buf, size, text);
	safe = safe_text(buf);
	message_cut(buf, size, safe);
	free(safe);
	return buf;
}

const char *message_text(const struct view *v, char *buf, size_t size)
{
	return message_safe(v && v->type == JSON_STRING ? v->text : "", buf, size);
}

#define MINUTE_NS 60000000000u

int message_align(const struct view *o, uint64_t *ns, uint64_t *phase, struct err *err)
{
	int ret = view_count_or(o, "align", MINUTE_NS, 0, ns, err);

	return ret ? ret : view_count_or(o, "phase", MINUTE_NS, 0, phase, err);
}

static const char digits[] = "0123456789abcdef";

void hex_write(const void *bytes, size_t n, char *hex)
{
	const unsigned char *b = bytes;

	for (size_t i = 0; i < n; i++) {
		hex[2 * i] = digits[b[i] >> 4];
		hex[2 * i + 1] = digits[b[i] & 15];
	}
	hex[2 * n] = '\0';
}

ssize_t hex_read(const char *hex, void *bytes, size_t max)
{
	size_t n = strlen(hex);
	unsigned char *to = bytes;

	if (n % 2 || n / 2 > max)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *d = strchr(digits, hex[i]);

		if (!d)
			return -1;
		to[i / 2] = i % 2 ? to[i / 2] << 4 | (d - digits) : d - digits;
	}
	return n / 2;
}
