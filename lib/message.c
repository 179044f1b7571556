/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "message.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "size.h"

static const char *const class_names[MESSAGE_CLASSES] = {
	[MESSAGE_BAD_REQUEST] = "bad-request",
	[MESSAGE_UNSUPPORTED] = "unsupported",
	[MESSAGE_FAILED] = "failed",
	[MESSAGE_LOST] = "lost",
	[MESSAGE_PROTOCOL] = "protocol",
	[MESSAGE_TIMEOUT] = "timeout",
	[MESSAGE_BUSY] = "busy",
};

const char *message_class_name(enum message_class c)
{
	return class_names[c];
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

int message_check_hello(const json_t *msg, const char *role, struct err *err)
{
	const char *said = "", *version = "";
	uint64_t protocol = 0;

	if (message_count(msg, "protocol", &protocol, err) ||
	    message_string(msg, "version", &version, err) ||
	    message_string(msg, "role", &said, err)) {
		err_prefix(err, "hello");
		return -EINVAL;
	}
	if (protocol != MESSAGE_PROTOCOL_VERSION || strcmp(version, KDUEL_VERSION))
		return err_config(err, "the %s's agent is kduel-agent %.40s with protocol %"
				  PRIu64 "; this is kduel %s with protocol %d: install the "
				  "agent of this version there", role, version, protocol,
				  KDUEL_VERSION, MESSAGE_PROTOCOL_VERSION);
	if (strcmp(said, role))
		return err_config(err, "the %s was to say hello, but it says that it is a %.40s",
				  role, said);
	return 0;
}

json_t *message_decode(const struct frame *f, struct err *err)
{
	json_error_t je;
	json_t *msg = json_loadb(f->payload, f->len, JSON_REJECT_DUPLICATES, &je);

	if (!msg) {
		err_set(err, EXIT_MACHINE, -EPROTO, "a message that is no JSON: %s",
			je.text);
		return NULL;
	}
	if (!json_is_object(msg)) {
		json_decref(msg);
		err_set(err, EXIT_MACHINE, -EPROTO,
			"a message that is no JSON object");
		return NULL;
	}
	return msg;
}

int message_string(const json_t *obj, const char *key, const char **value,
		   struct err *err)
{
	const json_t *v = json_object_get(obj, key);

	if (!json_is_string(v))
		return err_config(err, "field '%s': %s", key,
				  v ? "not a string" : "missing");
	*value = json_string_value(v);
	return 0;
}

int message_count(const json_t *obj, const char *key, uint64_t *value,
		  struct err *err)
{
	const json_t *v = json_object_get(obj, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return err_config(err, "field '%s': %s", key,
				  v ? "not a count" : "missing");
	*value = json_integer_value(v);
	return 0;
}

int message_count_or(const json_t *obj, const char *key, uint64_t fallback,
		     uint64_t *value, struct err *err)
{
	const json_t *v = json_object_get(obj, key);

	if (!v || json_is_null(v)) {
		*value = fallback;
		return 0;
	}
	return message_count(obj, key, value, err);
}

static int up_to_a_minute(const json_t *obj, const char *key, uint64_t *ns, struct err *err)
{
	if (message_count_or(obj, key, 0, ns, err))
		return err->code;
	if (*ns > 60000000000u)
		return err_config(err, "field '%s': more than a minute", key);
	return 0;
}

int message_align(const json_t *obj, uint64_t *ns, uint64_t *phase, struct err *err)
{
	int ret = up_to_a_minute(obj, "align", ns, err);

	return ret ? ret : up_to_a_minute(obj, "phase", phase, err);
}

int message_size(const json_t *obj, const char *key, uint64_t *value,
		 struct err *err)
{
	const json_t *v = json_object_get(obj, key);
	int ret;

	if (!json_is_string(v))
		return message_count(obj, key, value, err);
	ret = size_parse(json_string_value(v), value, err);
	if (ret)
		err_prefix(err, "field '%s'", key);
	return ret;
}

int message_object_or(const json_t *obj, const char *key, json_t **value,
		      struct err *err)
{
	json_t *v = json_object_get(obj, key);

	*value = NULL;
	if (!v || json_is_null(v))
		return 0;
	if (!json_is_object(v))
		return err_config(err, "field '%s': not an object", key);
	*value = v;
	return 0;
}
