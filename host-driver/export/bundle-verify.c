/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "file.h"
#include "report/plot.h"
#include "report/report.h"
#include "safe.h"
#include "store/store.h"

#define REPORT_BYTES_MAX (256u << 20)
#define SAID_MAX 100		/* lines about differences */

/* --- unpacking ------------------------------------------------------------------ */

static int verify_trouble(struct archive *a, struct err *err)
{
	const char *text = archive_error_string(a);

	return err_config(err, "not an archive that can be read (kduel bundle FOLDER writes one): %s",
			  text ? text : "damaged");
}

/* "folder/file" or deeper, each part plain. */
static bool verify_is_good_name(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > BUNDLE_NAME_MAX || name[0] == '/' || name[len - 1] == '/' ||
	    !strchr(name, '/') || !safe_is_plain(name))
		return false;
	for (const char *part = name; part; part = strchr(part, '/')) {
		part += part != name;
		if (*part == '.' || *part == '/')	/* "..", ".", hidden files, "a//b" */
			return false;
	}
	return true;
}

static int verify_check_entry(struct archive_entry *e, const char *root, struct err *err)
{
	const char *name = archive_entry_pathname(e);

	if (!name || !verify_is_good_name(name))
		return err_config(err, "'%.200s' is not a valid name in a bundle", name ? name : "");
	if (archive_entry_filetype(e) != AE_IFREG || archive_entry_hardlink(e) ||
	    archive_entry_symlink(e))
		return err_config(err, "%s: is not a regular file", name);
	if (archive_entry_sparse_count(e) || !archive_entry_size_is_set(e) || archive_entry_size(e) < 0)
		return err_config(err, "%s: is sparse, or has no valid size", name);
	if (root && (strncmp(name, root, strlen(root)) || name[strlen(root)] != '/'))
		return err_config(err, "%s: is not below %s", name, root);
	return 0;
}

/* Before anything is written: is there room for the size that the header claims? */
static int verify_check_room(const char *into, uint64_t bytes, struct err *err)
{
	struct statvfs fs;

	if (bytes > BUNDLE_BYTES_MAX)
		return err_config(err, "has more than %llu GiB unpacked", BUNDLE_BYTES_MAX >> 30);
	if (!statvfs(into, &fs) && (uint64_t)fs.f_bavail * fs.f_frsize < bytes)
		return err_machine(err, "there is not enough space for it in %s; set TMPDIR to another folder", into);
	return 0;
}

/* Counts the bytes that arrive: sizes in headers are not trusted. */
static int verify_copy(struct archive *a, const char *path, uint64_t *bytes, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600), ret = 0;
	char buf[65536];
	la_ssize_t n;

	if (fd < 0)
		return errno == EEXIST ? err_config(err, "%s: is in the archive twice", path) :
			err_sys(err, errno, "cannot unpack %s", path);
	while (!ret && (n = archive_read_data(a, buf, sizeof(buf))) != 0) {
		if (n < 0)
			ret = verify_trouble(a, err);
		else if ((*bytes += (uint64_t)n) > BUNDLE_BYTES_MAX)
			ret = err_config(err, "has more than %llu GiB unpacked", BUNDLE_BYTES_MAX >> 30);
		else if (write(fd, buf, (size_t)n) != n)
			ret = err_sys(err, errno ? errno : ENOSPC, "cannot unpack %s", path);
	}
	close(fd);
	return ret;
}

static int verify_unpack_entry(struct archive *a, struct archive_entry *e, const char *into,
			       char **root, uint64_t *bytes, struct err *err)
{
	const char *name = archive_entry_pathname(e);
	int ret = verify_check_entry(e, *root, err);
	char *path, *folder;

	if (!ret)
		ret = verify_check_room(into, *bytes + (uint64_t)archive_entry_size(e), err);
	if (ret)
		return ret;
	if (!*root)
		*root = text_format("%.*s", (int)strcspn(name, "/"), name);
	path = text_format("%s/%s", into, name);
	folder = text_format("%.*s", (int)(strrchr(path, '/') - path), path);
	ret = file_mkdirs(folder, err);
	if (!ret)
		ret = verify_copy(a, path, bytes, err);
	free(folder);
	free(path);
	return ret;
}

/*
 * Unpacks `path` into the new folder `into`, below the archive's only folder, whose name
 * becomes *name; the caller frees it.
 */
static int verify_unpack(const char *path, const char *into, char **name, struct err *err)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	uint64_t bytes = 0;
	size_t files = 0;
	int ret = 0, got;

	*name = NULL;
	if (!a)
		return err_sys(err, ENOMEM, "cannot read %s", path);
	archive_read_support_format_tar(a);
	archive_read_support_filter_zstd(a);
	if (archive_read_open_filename(a, path, 65536) != ARCHIVE_OK)
		ret = verify_trouble(a, err);
	while (!ret && (got = archive_read_next_header(a, &e)) != ARCHIVE_EOF) {
		if (got != ARCHIVE_OK)
			ret = verify_trouble(a, err);
		else if (++files > BUNDLE_FILES_MAX)
			ret = err_config(err, "has more than %d files", BUNDLE_FILES_MAX);
		else
			ret = verify_unpack_entry(a, e, into, name, &bytes, err);
	}
	archive_read_free(a);
	if (!ret && !files)
		ret = err_config(err, "is empty");
	if (ret) {
		err_prefix(err, "%s", path);
		free(*name);
		*name = NULL;
	}
	return ret;
}

/* --- checksums -------------------------------------------------------------------- */

struct bundle_check {
	char *folder;
	char *sums;		/* the text of SHA256SUMS */
	FILE *to;
	struct bundle_proof *proof;
};

static void verify_unequal(struct bundle_check *k, const char *what, const char *packed,
			   const char *now)
{
	if (k->proof->unequal++ < SAID_MAX) {
		fputs("not equal: ", k->to);
		text_put(k->to, what);
		fputs(": ", k->to);
		text_put(k->to, packed);
		fputs(" in the bundle, ", k->to);
		text_put(k->to, now);
		fputs(" from the journal\n", k->to);
	} else if (k->proof->unequal == SAID_MAX + 1) {
		fputs("and more\n", k->to);
	}
}

static void verify_bad_file(struct bundle_check *k, const char *name, const char *why)
{
	k->proof->unequal++;
	fputs("not equal: ", k->to);
	text_put(k->to, name);
	fprintf(k->to, ": %s\n", why);
}

/* Every file listed in SHA256SUMS must exist and match. */
static int verify_check_sums(struct bundle_check *k, struct err *err)
{
	char *path = text_format("%s/SHA256SUMS", k->folder), *text, *save = NULL;
	int ret = file_read(path, &text, NULL, NULL);

	free(path);
	if (ret)
		return err_config(err, "has no SHA256SUMS, so it is not a bundle");
	k->sums = text_format("%s", text);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		size_t hash = strspn(line, "0123456789abcdef");
		char have[FILE_HASH_MAX], *name = line + FILE_HASH_MAX + 1, *under;

		if (hash != FILE_HASH_MAX - 1 || strncmp(line + hash, "  ", 2)) {
			verify_bad_file(k, "SHA256SUMS", "a line is malformed");
			continue;
		}
		under = text_format("x/%s", name);
		path = text_format("%s/%s", k->folder, name);
		if (!verify_is_good_name(under) || access(path, R_OK))
			verify_bad_file(k, name, "is in SHA256SUMS but not in the bundle");
		else if (file_hash(path, have, NULL) || strncmp(have, line, FILE_HASH_MAX - 1))
			verify_bad_file(k, name, "its checksum differs from SHA256SUMS");
		k->proof->files++;
		free(under);
		free(path);
	}
	free(text);
	return 0;
}

/* Every file but SHA256SUMS itself must be listed in it. */
static void verify_check_listed(struct bundle_check *k, const char *below)
{
	char *here = text_format("%s/%s", k->folder, below);
	struct dirent **list;
	int n = scandir(here, &list, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char *name = text_format("%s%s%s", below, *below ? "/" : "", list[i]->d_name);
		char *line = text_format("  %s\n", name);
		char *path = text_format("%s/%s", k->folder, name);
		struct stat st;

		if (list[i]->d_name[0] == '.')
			;
		else if (!lstat(path, &st) && S_ISDIR(st.st_mode))
			verify_check_listed(k, name);
		else if (strcmp(name, "SHA256SUMS") && !strstr(k->sums, line))
			verify_bad_file(k, name, "is not in SHA256SUMS");
		free(path);
		free(line);
		free(name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	free(here);
}

/* --- the report ----------------------------------------------------------------------- */

static char *verify_shown(const json_t *json)
{
	char *text = json ? json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII)
			  : text_format("nothing");

	must_have(text);
	if (strlen(text) > 80)
		strcpy(text + 77, "...");
	return text;
}

/* What depends on gnuplot, and what the folder was called when its report was written. */
static bool verify_is_compared(const char *where)
{
	return strcmp(where, "plots") && strcmp(where, "limits") && strcmp(where, "campaign.folder");
}

static void verify_compare(struct bundle_check *k, const char *where, const json_t *packed,
			   const json_t *now);

static void verify_compare_objects(struct bundle_check *k, const char *where,
				   const json_t *packed, const json_t *now)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)now, key, v) {
		char *at = text_format("%s%s%s", where, *where ? "." : "", key);

		if (verify_is_compared(at))
			verify_compare(k, at, json_object_get(packed, key), v);
		free(at);
	}
	json_object_foreach((json_t *)packed, key, v)
		if (!json_object_get(now, key)) {
			char *at = text_format("%s%s%s", where, *where ? "." : "", key);

			verify_compare(k, at, v, NULL);
			free(at);
		}
}

static void verify_compare(struct bundle_check *k, const char *where, const json_t *packed,
			   const json_t *now)
{
	if (json_is_object(packed) && json_is_object(now)) {
		verify_compare_objects(k, where, packed, now);
		return;
	}
	if (json_is_array(packed) && json_is_array(now) &&
	    json_array_size(packed) == json_array_size(now)) {
		for (size_t i = 0; i < json_array_size(now); i++) {
			char *at = text_format("%s[%zu]", where, i);

			verify_compare(k, at, json_array_get(packed, i), json_array_get(now, i));
			free(at);
		}
		return;
	}
	if (json_is_number(now))
		k->proof->numbers++;
	else
		k->proof->texts++;
	if (json_equal(packed, now) || (json_is_number(packed) && json_is_number(now) &&
					json_number_value(packed) == json_number_value(now)))
		return;
	char *was = verify_shown(packed), *is = verify_shown(now);

	verify_unequal(k, where, was, is);
	free(was);
	free(is);
}

/* The figures' data are computed again, and must be identical. */
static void verify_compare_data(struct bundle_check *k, const struct report *r)
{
	for (size_t i = 0; i < r->n_figures; i++) {
		char *name = text_format("data/%s.dat", r->figures[i].name);
		char *path = text_format("%s/%s", k->folder, name), *packed = NULL, *now = NULL;
		size_t len = 0, n;
		FILE *to = text_open(&now, &n);

		figure_write_data(&r->figures[i], to);
		text_close(to);
		if (file_read(path, &packed, &len, NULL))
			verify_bad_file(k, name, "is not in the bundle");
		else if (len != n || memcmp(packed, now, n))
			verify_bad_file(k, name, "differs from the data computed from the journal");
		free(packed);
		free(now);
		free(path);
		free(name);
	}
}

/* Computes the report again, with the margin and baseline that it records. */
static int verify_check_report(struct bundle_check *k, const json_t *packed, struct err *err)
{
	const json_t *campaign = json_object_get(packed, "campaign");
	const char *declared = json_string_value(json_object_get(campaign, "declared_baseline"));
	struct compare_options o = {
		.margin = json_number_value(json_object_get(campaign, "margin")),
		.allow_differences = json_is_null(json_object_get(packed, "refused")),
		.baseline = declared ? json_string_value(json_object_get(campaign, "baseline")) : NULL,
	};
	struct comparison c;
	struct report r;
	struct store *s;
	int ret = store_open(&s, k->folder, STORE_READ, err);

	if (ret)
		return ret;
	ret = compare_run(s, &o, &c, err);
	if (ret)
		goto close;
	ret = report_gather(&r, s, &c, NULL, err);
	if (!ret) {
		json_t *now = report_json(&r);

		verify_compare(k, "", packed, now);
		verify_compare_data(k, &r);
		json_decref(now);
		report_release(&r);
	}
	comparison_release(&c);
close:
	store_close(s);
	return ret;
}

static int verify_check_folder(struct bundle_check *k, struct err *err)
{
	char *path = text_format("%s/report.json", k->folder), *text = NULL;
	json_t *packed = NULL;
	size_t len = 0;
	int ret = verify_check_sums(k, err);

	if (!ret)
		verify_check_listed(k, "");
	if (!ret)
		ret = file_read(path, &text, &len, err);
	if (!ret && len > REPORT_BYTES_MAX)
		ret = err_config(err, "report.json: has more than %u MiB", REPORT_BYTES_MAX >> 20);
	if (!ret) {
		packed = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
		ret = packed ? verify_check_report(k, packed, err) :
			err_config(err, "report.json: is not valid JSON");
	}
	json_decref(packed);
	free(text);
	free(path);
	return ret;
}

int bundle_verify(const char *path, FILE *to, struct bundle_proof *proof, struct err *err)
{
	char *into = text_format("%s/kduel-bundle-XXXXXX", scratch_place()), *name = NULL;
	struct bundle_check k = { .to = to, .proof = proof };
	int held = scratch_make(into, err), ret;

	*proof = (struct bundle_proof){ .files = 0 };
	if (held < 0) {
		err_prefix(err, "cannot make a folder to unpack in; set TMPDIR");
		free(into);
		return held;
	}
	ret = verify_unpack(path, into, &name, err);
	if (!ret) {
		k.folder = text_format("%s/%s", into, name);
		ret = verify_check_folder(&k, err);
		if (ret && proof->unequal) {
			/* The damage is reported already; this error only follows from it. */
			verify_bad_file(&k, "report.json", "cannot be computed again from damaged files");
			ret = 0;
		} else if (ret) {
			err_prefix(err, "%s", path);
		}
	}
	scratch_remove(into, held);
	free(k.folder);
	free(k.sums);
	free(name);
	free(into);
	return ret;
}
