/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run leaves for the next. data/known.json, the head, has a size that does not
 * grow with the history. data/known.tsv has a line for each campaign, oldest first:
 *
 *	key <tab> begun <tab> id <tab> digest, as JSON
 *
 * A campaign more is a line more, appended before the head is written; the head says how
 * many bytes and lines count, and the last line's key, so that a run that was killed between
 * the two is noticed.
 */
#include "site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "report/report.h"
#include "safe.h"

#define KNOWN_KEY 16

const char *site_digest_key(const json_t *digest)
{
	const char *key = json_string_value(json_object_get(digest, "key"));

	return key ? key : "";
}

json_t *site_digest(const json_t *summary)
{
	static const char *const keys[] = { "key", "id", "folder", "begun", "domain", "machine",
					    "alpha", "control" };
	json_t *j = json_object();

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_object_set(j, keys[i], json_object_get(summary, keys[i]));
	return j;
}

char *site_campaign_path(const char *out, const char *key)
{
	return text_format("%s/data/c/%s.js", out, key);
}

/* Reads the file's second line. */
json_t *site_summary(const char *out, const char *key)
{
	char *path = site_campaign_path(out, key), *text, *from, *to;
	json_t *j = NULL;
	size_t len;
	int rc = file_read(path, &text, &len, NULL);

	free(path);
	if (rc)
		return NULL;
	from = strchr(text, '\n');
	to = from ? strchr(from + 1, '\n') : NULL;
	if (to && to[-1] == ',')
		j = json_loadb(from + 1, (size_t)(to - from) - 2, 0, NULL);
	free(text);
	return j;
}

/* --- reading --------------------------------------------------------------------------- */

/* The line's fields, with NUL behind the first three. False: not such a line. */
static bool known_line(char *text, struct site_line *l)
{
	char *begun, *id, *digest;

	begun = strchr(text, '\t');
	id = begun ? strchr(begun + 1, '\t') : NULL;
	digest = id ? strchr(id + 1, '\t') : NULL;
	if (!digest || begun - text != KNOWN_KEY)
		return false;
	*begun = *id = *digest = '\0';
	*l = (struct site_line){ .key = text, .begun = strtod(begun + 1, NULL), .id = id + 1,
				 .digest = digest + 1 };
	return true;
}

static size_t known_slot(const struct site_known *k, const char *key)
{
	size_t at = strtoull(key, NULL, KNOWN_KEY) % k->n_slots;

	while (k->slot[at] && strcmp(k->line[k->slot[at] - 1].key, key))
		at = (at + 1) % k->n_slots;
	return at;
}

static void known_index(struct site_known *k)
{
	k->n_slots = 2 * k->n + 1;
	k->slot = calloc(k->n_slots, sizeof(*k->slot));
	must_have(k->slot);
	for (size_t i = 0; i < k->n; i++)
		k->slot[known_slot(k, k->line[i].key)] = i + 1;
}

/* Takes the `n` lines of known.tsv that the head vouches for. */
static bool known_lines(struct site_known *k, const char *path, size_t n, size_t bytes,
			const char *last)
{
	size_t len;
	char *end;

	if (!n || file_read(path, &k->text, &len, NULL))
		return false;
	if (len < bytes || !bytes || n > bytes || k->text[bytes - 1] != '\n')
		return false;
	k->bytes = bytes;
	k->line = calloc(n, sizeof(*k->line));
	must_have(k->line);
	for (char *at = k->text; at < k->text + bytes; at = end + 1) {
		end = memchr(at, '\n', (size_t)(k->text + bytes - at));
		*end = '\0';
		if (k->n == n || !known_line(at, &k->line[k->n]))
			return false;
		k->n++;
	}
	return k->n == n && !strcmp(k->line[n - 1].key, last);
}

void site_known_load(struct site_known *k, const char *out)
{
	char *path = text_format("%s/data/known.json", out);
	json_t *head = json_load_file(path, 0, NULL);
	const char *last = json_string_value(json_object_get(head, "last"));
	json_int_t n = json_integer_value(json_object_get(head, "campaigns"));
	json_int_t bytes = json_integer_value(json_object_get(head, "bytes"));

	*k = (struct site_known){ .head = head };
	free(path);
	path = text_format("%s/data/known.tsv", out);
	if (!last || n <= 0 || bytes <= 0 || !json_is_array(json_object_get(head, "trends")) ||
	    json_integer_value(json_object_get(head, "format")) != SITE_FORMAT ||
	    !known_lines(k, path, (size_t)n, (size_t)bytes, last))
		site_known_release(k);
	else
		known_index(k);
	free(path);
}

void site_known_release(struct site_known *k)
{
	for (size_t i = 0; i < k->n; i++)
		json_decref(k->line[i].parsed);
	json_decref(k->head);
	free(k->line);
	free(k->slot);
	free(k->text);
	*k = (struct site_known){ .n = 0 };
}

struct site_line *site_known_find(const struct site_known *k, const char *key)
{
	size_t at = k->n ? k->slot[known_slot(k, key)] : 0;

	return at ? &k->line[at - 1] : NULL;
}

/* An empty object if the line was damaged. */
const json_t *site_line_digest(struct site_line *l)
{
	if (!l->parsed)
		l->parsed = json_loads(l->digest, 0, NULL);
	if (!l->parsed)
		l->parsed = json_object();
	return l->parsed;
}

/* --- writing ----------------------------------------------------------------------------- */

/* Writes the lines of `fresh`; returns their bytes. */
static size_t known_write(FILE *to, const json_t *fresh)
{
	const json_t *d;
	size_t bytes = 0, i;

	json_array_foreach(fresh, i, d) {
		char *digest = json_dumps(d, SITE_JSON);
		const char *id = json_string_value(json_object_get(d, "id"));
		int n = fprintf(to, "%s\t%.17g\t%s\t%s\n", site_digest_key(d),
				json_number_value(json_object_get(d, "begun")), id ? id : "",
				digest ? digest : "{}");

		bytes += n > 0 ? (size_t)n : 0;
		free(digest);
	}
	return bytes;
}

/* Behind what the head vouches for; what a killed run has left there goes. */
static int known_append(const char *path, size_t *bytes, const json_t *fresh, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	FILE *to = fd >= 0 ? fdopen(fd, "w") : NULL;
	bool bad = !to || ftruncate(fd, (off_t)*bytes) || lseek(fd, 0, SEEK_END) < 0;

	if (!bad) {
		*bytes += known_write(to, fresh);
		bad = ferror(to) || fflush(to) || fdatasync(fd);
	}
	if (to)
		bad |= fclose(to) != 0;
	else if (fd >= 0)
		close(fd);
	return bad ? err_sys(err, errno, "cannot write %s", path) : 0;
}

static int known_replace(const char *path, size_t *bytes, const json_t *fresh, struct err *err)
{
	struct file_out out;
	int rc = file_begin(&out, path, err);

	if (rc)
		return rc;
	*bytes = known_write(out.to, fresh);
	return file_commit(&out, err);
}

int site_known_keep(const struct site_list *l, const struct site_options *o, json_t *head,
		    struct err *err)
{
	char *path = text_format("%s/data/known.tsv", o->out);
	size_t n = site_list_size(l), bytes = l->kept ? l->known->bytes : 0;
	struct file_out out;
	int rc = l->kept ? known_append(path, &bytes, l->fresh, err) :
			   known_replace(path, &bytes, l->fresh, err);

	free(path);
	json_put(head, "format", json_integer(SITE_FORMAT));
	json_put(head, "version", json_string(KDUEL_VERSION));
	json_put(head, "min_segment", json_integer((json_int_t)o->min_segment));
	json_put(head, "campaigns", json_integer((json_int_t)n));
	json_put(head, "bytes", json_integer((json_int_t)bytes));
	json_put(head, "last", json_string(n ? site_digest_key(site_list_at(l, n - 1)) : ""));
	path = text_format("%s/data/known.json", o->out);
	if (!rc)
		rc = file_begin(&out, path, err);
	if (!rc) {
		json_dumpf(head, out.to, SITE_JSON);
		rc = file_commit(&out, err);
	}
	free(path);
	return rc;
}

/* --- the campaigns of the page ------------------------------------------------------------ */

size_t site_list_size(const struct site_list *l)
{
	return l->kept + json_array_size(l->fresh);
}

const json_t *site_list_at(const struct site_list *l, size_t place)
{
	return place < l->kept ? site_line_digest(&l->known->line[place]) :
				 json_array_get(l->fresh, place - l->kept);
}
