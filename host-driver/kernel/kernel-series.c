/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-patch.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char no_diff[] = "it contains no unified diff";

const char *kernel_piece_text(const struct kernel_piece *p, char *buf,
			      size_t size)
{
	int n = snprintf(buf, size, "%s", p->patch->path);

	if (p->mail && n >= 0 && (size_t)n < size)
		snprintf(buf + n, size - n, ", mail %u", p->mail);
	return buf;
}

static int series_wrong(const struct kernel_piece *p, const char *why,
			struct err *err)
{
	char name[4200];

	return err_config(err, "%s: %s", kernel_piece_text(p, name, sizeof(name)),
			  why);
}

/* --- one diff -------------------------------------------------------------- */

/* Turns every CR LF into LF. */
static void series_drop_cr(struct kernel_bytes *b)
{
	size_t to = 0;

	for (size_t i = 0; i < b->len; i++) {
		bool drop = b->data[i] == '\r' &&
			    (i + 1 == b->len || b->data[i + 1] == '\n');

		if (!drop)
			b->data[to++] = b->data[i];
	}
	b->len = to;
	b->data[to] = '\0';
}

/* Checks the diff. *any: does the text contain one? */
static int series_check(struct kernel_piece *p, bool *any, struct err *err)
{
	struct kernel_diff d;
	char name[4200];

	kernel_diff_scan(p->diff.data, p->diff.len, &d);
	if (d.wrong)
		return err_config(err, "%s:%u: %s",
				  kernel_piece_text(p, name, sizeof(name)),
				  d.line, d.wrong);
	if (d.cr_headers && d.cr_headers < d.headers)
		return series_wrong(p, "some of its lines end in CR LF and some in LF; convert them all to one",
				    err);
	if (d.cr_headers)
		series_drop_cr(&p->diff);
	*any = d.headers > 0;
	return 0;
}

/* Appends the paths of `git apply --numstat -z`: "3\t1\tpath\0" each. */
static int series_add_paths(struct kernel_piece *p,
			    const struct kernel_bytes *numstat)
{
	const char *at = numstat->data, *end = at + numstat->len;
	char *more = realloc(p->paths.data, p->paths.len + numstat->len + 1);

	if (!more)
		return -ENOMEM;
	p->paths.data = more;
	while (at < end) {
		const char *path = strchr(at, '\t');
		size_t n = strlen(at) + 1;

		path = path ? strchr(path + 1, '\t') : NULL;
		if (path) {
			size_t len = strlen(path + 1) + 1;

			memcpy(p->paths.data + p->paths.len, path + 1, len);
			p->paths.len += len;
		}
		at += n;
	}
	return 0;
}

/* Asks for the paths before the diff or, with "-R" as `reverse`, after it. */
static int series_ask_paths(struct kernel_piece *p, const char *reverse,
			    struct err *err)
{
	const char *const argv[] = { "git", "apply", "-p1", "--numstat", "-z",
				     reverse, NULL };
	struct kernel_bytes said;
	struct err cause = ERR_INIT;
	struct kernel_git g;
	int ret;

	kernel_git_init(&g, NULL, NULL, NULL);
	ret = kernel_git_run(&g, argv, &p->diff, &said, &cause);
	if (ret && strstr(cause.text, "No valid patches in input"))
		return 0;
	if (ret)
		return series_wrong(p, cause.text, err);
	ret = series_add_paths(p, &said);
	free(said.data);
	return ret ? err_sys(err, ENOMEM, "%s", p->patch->path) : 0;
}

static void series_release_piece(struct kernel_piece *p)
{
	free(p->diff.data);
	free(p->paths.data);
}

/* Adds `p` to the series, which then owns it, if it contains a diff. */
static int series_add(struct kernel_series *s, struct kernel_piece *p,
		      struct err *err)
{
	struct kernel_piece *more;
	bool any = false;
	int ret = series_check(p, &any, err);

	if (!ret && any)
		ret = series_ask_paths(p, NULL, err);
	if (!ret && p->paths.len)
		ret = series_ask_paths(p, "-R", err);
	if (!ret && !p->paths.len && !p->mail)
		ret = series_wrong(p, no_diff, err);
	if (ret || !p->paths.len) {
		series_release_piece(p);
		return ret;
	}
	more = realloc(s->v, (s->n + 1) * sizeof(*more));
	if (!more) {
		series_release_piece(p);
		return err_sys(err, ENOMEM, "%s", p->patch->path);
	}
	s->v = more;
	s->v[s->n++] = *p;
	return 0;
}

/* --- mails ------------------------------------------------------------------ */

/* As git am decides: "From ", or nothing but header lines up to an empty one. */
static bool series_is_mail(const char *p)
{
	unsigned n = 0;

	p += strspn(p, "\r\n");
	if (!strncmp(p, "From ", 5) || !strncmp(p, "From: ", 6))
		return true;
	for (; *p && *p != '\n' && *p != '\r'; n++) {
		const char *c = p;

		while (isgraph((unsigned char)*c) && *c != ':')
			c++;
		if ((*p != ' ' && *p != '\t' && (c == p || *c != ':')) ||
		    (!n && c == p))
			return false;
		p += strcspn(p, "\n");
		p += *p == '\n';
	}
	return n && *p;
}

/* Reads what git wrote into the anonymous file `fd`. */
static int series_read_back(int fd, struct kernel_bytes *b)
{
	struct stat st;
	size_t done = 0;

	if (fstat(fd, &st))
		return -errno;
	b->data = calloc(1, (size_t)st.st_size + 1);
	if (!b->data)
		return -ENOMEM;
	b->len = (size_t)st.st_size;
	while (done < b->len) {
		ssize_t n = pread(fd, b->data + done, b->len - done, (off_t)done);

		if (n <= 0 && errno != EINTR)
			return -EIO;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Which mail of how many: "[PATCH v3 2/7]". */
struct series_number {
	unsigned n, of;
};

/* What the subject in `said`, git mailinfo's answer, says; of = 0: nothing. */
static struct series_number series_number_of(const char *said)
{
	const char *at = strstr(said, "Subject: "), *slash, *digit;
	struct series_number none = { 0, 0 }, number;

	at = at ? at + strlen("Subject: ") : NULL;
	if (!at || *at != '[' || !memmem(at, strcspn(at, "]\n"), "PATCH", 5))
		return none;	/* "Re: [PATCH 2/7]" is an answer */
	slash = memchr(at, '/', strcspn(at, "]\n"));
	for (digit = slash; digit && isdigit((unsigned char)digit[-1]);)
		digit--;
	if (!slash || sscanf(digit, "%4u/%4u", &number.n, &number.of) != 2)
		return none;
	return number;
}

static bool series_has_number(const struct series_number *v, size_t n,
			      struct series_number wanted)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].n == wanted.n && v[i].of == wanted.of)
			return true;
	return false;
}

/* A mailbox with several mails of a series must have them all. */
static int series_check_numbers(const struct series_number *v, size_t n, const char *path,
				struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct series_number w = { 1, v[i].of };

		while (w.n <= w.of && series_has_number(v, n, w))
			w.n++;
		for (size_t k = 0; w.n <= w.of && k < n; k++)
			if (k != i && v[k].of == w.of)
				return err_config(err, "%s: mail %u/%u of its series is missing; to leave it out on purpose, give each mail as a file of its own",
						  path, w.n, w.of);
	}
	return 0;
}

/* Undoes the encoding of `mail`; its diff goes into `p`. */
static int series_open_mail(const struct kernel_bytes *mail, struct kernel_piece *p,
			    struct series_number *number, struct err *err)
{
	int fd = memfd_create("diff", 0), keep[] = { fd, -1 }, ret;
	char diff[32];
	const char *const argv[] = { "git", "mailinfo", "-n", "-k", "--no-scissors",
				     "/dev/null", diff, NULL };
	struct err cause = ERR_INIT;
	struct kernel_bytes said = { NULL, 0 };
	struct kernel_git g;

	if (fd < 0)
		return err_sys(err, errno, "%s", p->patch->path);
	snprintf(diff, sizeof(diff), "/proc/self/fd/%d", fd);
	kernel_git_init(&g, NULL, NULL, NULL);
	g.keep = keep;
	ret = kernel_git_run(&g, argv, mail, &said, &cause);
	if (!ret)
		*number = series_number_of(said.data);
	free(said.data);
	if (ret)
		ret = series_wrong(p, cause.text, err);
	else if ((ret = series_read_back(fd, &p->diff)))
		err_sys(err, -ret, "%s", p->patch->path);
	close(fd);
	return ret;
}

/* "From " with a time and a year at the end: the first line of a mail in a mailbox. */
static bool series_begins_mail(const char *line, size_t len)
{
	const char *colon = memrchr(line, ':', len);
	int minute, second, year;

	if (len < 20 || strncmp(line, "From ", 5) || !colon || colon - line < 9)
		return false;
	return sscanf(colon - 2, "%2d:%2d %d", &minute, &second, &year) == 3 && year > 90;
}

static size_t series_line(const char *p, const char *stop)
{
	const char *end = memchr(p, '\n', (size_t)(stop - p));

	return end ? (size_t)(end - p) + 1 : (size_t)(stop - p);
}

/* Where the mail at `p` ends and the next begins; a text without "From " is one mail. */
static const char *series_mail_end(const char *p, const char *stop)
{
	bool lone = !series_begins_mail(p, series_line(p, stop));

	for (p += series_line(p, stop); p < stop; p += series_line(p, stop))
		if (!lone && series_begins_mail(p, series_line(p, stop)))
			break;
	return p;
}

/* `box` is a mailbox of one or more mails. */
static int series_add_mails(struct kernel_series *s, const struct kernel_text *patch,
			    const struct kernel_bytes *box, struct err *err)
{
	const char *at = box->data + strspn(box->data, " \t\r\n"), *end;
	const char *stop = box->data + box->len;
	struct series_number *numbers = NULL, *more;
	size_t before = s->n, n = 0;
	int ret = 0;

	for (unsigned i = 1; !ret && at < stop; i++, at = end) {
		struct kernel_piece p = { .patch = patch, .mail = i };
		struct kernel_bytes mail = { (char *)at, 0 };

		end = series_mail_end(at, stop);
		mail.len = (size_t)(end - at);
		more = realloc(numbers, i * sizeof(*more));
		ret = more ? 0 : err_sys(err, ENOMEM, "%s", patch->path);
		numbers = more ? more : numbers;
		if (!ret)
			ret = series_open_mail(&mail, &p, &numbers[n], err);
		if (!ret)
			ret = series_add(s, &p, err);
		n = i;
	}
	if (!ret)
		ret = series_check_numbers(numbers, n, patch->path, err);
	free(numbers);
	if (!ret && s->n == before)
		ret = err_config(err, "%s: %s", patch->path, no_diff);
	return ret;
}

static int series_add_mailbox(struct kernel_series *s, struct kernel_piece *p,
			      struct err *err)
{
	struct kernel_bytes *box = &p->diff;
	int ret;

	if (box->data[strcspn(box->data, "\n")] &&
	    box->data[strcspn(box->data, "\r\n")] == '\r')
		series_drop_cr(box);
	ret = series_add_mails(s, p->patch, box, err);
	series_release_piece(p);
	return ret;
}

/* --- what is no text ------------------------------------------------------------- */

/* What `b` is instead of a text, and what makes it one; NULL: it may be a text. */
static const char *series_other_format(const struct kernel_bytes *b)
{
	static const struct {
		const char *magic;
		size_t len;
		const char *told;
	} formats[] = {
		{ "\x1f\x8b", 2, "it is compressed; unpack it first: zcat FILE" },
		{ "\xfd" "7zXZ", 5, "it is compressed; unpack it first: xzcat FILE" },
		{ "\x28\xb5\x2f\xfd", 4, "it is compressed; unpack it first: zstdcat FILE" },
		{ "BZh", 3, "it is compressed; unpack it first: bzcat FILE" },
		{ "\xff\xfe", 2, "it is UTF-16; convert it: iconv -f UTF-16 -t UTF-8 FILE" },
		{ "\xfe\xff", 2, "it is UTF-16; convert it: iconv -f UTF-16 -t UTF-8 FILE" },
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (b->len >= formats[i].len &&
		    !memcmp(b->data, formats[i].magic, formats[i].len))
			return formats[i].told;
	return NULL;
}

/* --- all ---------------------------------------------------------------------- */

static int series_add_file(struct kernel_series *s,
			   const struct kernel_text *patch, struct err *err)
{
	struct kernel_piece p = { .patch = patch };
	const char *other;
	size_t mark = patch->len >= 3 &&
		      !memcmp(patch->text, "\xef\xbb\xbf", 3) ? 3 : 0;

	p.diff.len = patch->len - mark;
	p.diff.data = malloc(p.diff.len + 1);
	if (!p.diff.data)
		return err_sys(err, ENOMEM, "%s", patch->path);
	memcpy(p.diff.data, patch->text + mark, p.diff.len + 1);
	other = series_other_format(&p.diff);
	if (other) {
		series_release_piece(&p);
		return err_config(err, "%s: %s", patch->path, other);
	}
	if (series_is_mail(p.diff.data))
		return series_add_mailbox(s, &p, err);
	return series_add(s, &p, err);
}

int kernel_series_read(const struct kernel_text *patches, size_t n,
		       struct kernel_series *s, struct err *err)
{
	int ret = 0;

	*s = (struct kernel_series){ NULL, 0 };
	for (size_t i = 0; i < n && !ret; i++)
		ret = series_add_file(s, &patches[i], err);
	if (ret)
		kernel_series_release(s);
	return ret;
}

void kernel_series_release(struct kernel_series *s)
{
	for (size_t i = 0; i < s->n; i++)
		series_release_piece(&s->v[i]);
	free(s->v);
	*s = (struct kernel_series){ NULL, 0 };
}
