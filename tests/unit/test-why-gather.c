/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a results folder with profiles to functions, and what is no profile. */
#include "store-fixture.h"

#include <errno.h>
#include <limits.h>
#include <math.h>

#include "kallsyms-blob.h"
#include "report/report-parts.h"
#include "why/gather.h"
#include "why/profile.h"
#include "safe.h"

static char image[80];

/* A bzImage whose kernel is not packed, and holds only its symbols. */
static void make_image(uint64_t salt)
{
	static struct blob k;
	uint32_t at = 0x400;

	k = (struct blob){ .n = 0x600 };
	memcpy(k.b + 0x202, "HdrS", 4);
	k.b[0x1f1] = 0;		/* setup sectors beyond the first */
	at -= 512;
	memcpy(k.b + 0x248, &at, 4);
	put_u64(&k, salt);
	put_names(&k);
	put_tokens(&k);
	put_offsets(&k, false);
	put_u64(&k, 0);
	at = k.n - 0x400;
	memcpy(k.b + 0x24c, &at, 4);
	assert_int_equal(file_publish(image, k.b, k.n, NULL), 0);
}

/* This program stands for the one that runs workloads. */
void bench_begin(void);

enum { WARM_LINE = __LINE__ + 2 };

static __attribute__((noinline)) int warm(int v)
{
	return v ? 3 * v : (int)folder[v];
}

static const char *metric = "ns_per_page", *unit = "ns";
static bool in_program;		/* the next results have instructions in it */
static bool by_chance;		/* and the arms differ in one block only */
static const char *foreign;	/* lines at the end of each profile */

static void write_program(FILE *f, unsigned times)
{
	fprintf(f, "g %llx 1 %u 1 1\n", (unsigned long long)(uintptr_t)warm, times);
}

/* What driver and plugin write in a boot: `extra` instructions a page in f7. */
static void write_profile(const char *path, unsigned extra)
{
	struct err err = ERR_INIT;
	char self[PATH_MAX];
	FILE *f;

	assert_non_null(realpath("/proc/self/exe", self));
	if (profile_begin(path, image, image, self, &err))
		fail_msg("%s", err.text);
	f = fopen(path, "a");
	fprintf(f, "kduel-why 2 vcpus 1\nphase kernel 0 0\nm %llx 2 %u 1\nend %u\n",
		BASE + 7 * 16, 500 + extra, 1000 + 2 * extra);
	fclose(f);
	assert_int_equal(profile_run(path, 1, CELL, &err), 0);
	f = fopen(path, "a");
	if (in_program)
		fprintf(f, "here %llx\n", (unsigned long long)(uintptr_t)bench_begin);
	for (int sample = 0; sample < 2; sample++) {
		fprintf(f, "region %x %d 3\nm %llx 1 %u 1 3\ng %llx 5 100 1 43211\n",
			sample, sample + 1, BASE + 7 * 16 + 4, 1000 + 100 * extra, BASE + 9 * 16);
		if (in_program)
			write_program(f, 400 + 300 * extra);
		fprintf(f, "end %u\nthings 100\n",
			1500 + 100 * extra + (in_program ? 400 + 300 * extra : 0));
	}
	fputs(foreign ? foreign : "", f);
	fclose(f);
}

static void add_boot(struct store *s, unsigned boot)
{
	char name[32], path[128], hash[FILE_HASH_MAX];
	bool other = !plan->arms[plan->boots[boot - 1].arm].baseline;

	snprintf(name, sizeof(name), "why/boot-%u.1", boot);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	write_profile(path, other && !(by_chance && plan->boots[boot - 1].block > 1) ? 39 : 0);
	assert_int_equal(file_hash(path, hash, NULL), 0);
	append(s, boot_record(boot, 1));
	append(s, with(with(sample(boot, 1, 1, 2, 3), "metric", json_string(metric)), "unit",
		       json_string(unit)));
	append(s, with(boot_end(boot, "ok"), "profile",
		       json_pack("{s:s, s:s}", "file", name, "sha256", hash)));
}

static void make_results(void)
{
	struct store *s = create();

	make_image(1);
	for (unsigned boot = 1; boot <= plan->n_boots; boot++)
		add_boot(s, boot);
	store_close(s);
}

static int gather(const struct why_request *rq, struct why_groups *g, struct err *err)
{
	struct store *s = open_read();
	int ret = why_gather(s, rq, g, err);

	store_close(s);
	return ret;
}

static void finds_the_function(void **state)
{
	struct why_request rq = { .cell = NULL };
	struct err err = ERR_INIT;
	struct why_groups g;

	(void)state;
	make_results();
	if (gather(&rq, &g, &err))
		fail_msg("%s", err.text);
	assert_int_equal(g.n, 1);
	assert_string_equal(g.v[0].what, CELL);
	assert_string_equal(g.v[0].metric, "ns_per_page pages=64");
	assert_string_equal(g.v[0].thing, "page");
	assert_int_equal(g.v[0].error.code, 0);
	assert_int_equal(g.v[0].why.n, 2);
	assert_string_equal(g.v[0].why.v[0].name, "f7");
	assert_int_equal(g.v[0].why.v[0].side, WHY_MUT_KERNEL);
	assert_true(g.v[0].why.v[0].diff == 39);
	assert_true(g.v[0].why.v[0].lo == 39 && g.v[0].why.v[0].share == 1);
	assert_string_equal(g.v[0].why.v[1].name, "f9");
	assert_int_equal(g.v[0].why.v[1].side, WHY_GUEST_KERNEL);
	assert_true(g.v[0].why.whole.mean[WHY_BASE] == 15);
	why_groups_release(&g);

	rq.boot = true;
	assert_int_equal(gather(&rq, &g, &err), 0);
	assert_int_equal(g.n, 1);
	assert_string_equal(g.v[0].metric, "kernel");
	assert_true(g.v[0].why.whole.diff == 78);
	why_groups_release(&g);
}

static void a_metric_per_nothing_is_per_thing(void **state)
{
	struct why_request rq = { .cell = NULL };
	struct err err = ERR_INIT;
	struct why_groups g;

	(void)state;
	metric = "ns_per_";
	make_results();
	metric = "ns_per_page";
	if (gather(&rq, &g, &err))
		fail_msg("%s", err.text);
	assert_string_equal(g.v[0].metric, "ns_per_ pages=64");
	assert_string_equal(g.v[0].thing, "thing");
	why_groups_release(&g);
}

static void a_rate_of_bytes_is_per_byte(void **state)
{
	struct why_request rq = { .cell = NULL };
	struct err err = ERR_INIT;
	struct why_groups g;

	(void)state;
	metric = "copy";
	unit = "GB/s";
	make_results();
	metric = "ns_per_page";
	unit = "ns";
	if (gather(&rq, &g, &err))
		fail_msg("%s", err.text);
	assert_string_equal(g.v[0].thing, "byte");
	why_groups_release(&g);
}

static void refused(const struct why_request *rq, const char *text)
{
	struct err err = ERR_INIT;
	struct why_groups g;

	assert_true(gather(rq, &g, &err) < 0);
	if (!strstr(err.text, text))
		fail_msg("'%s' is not in: %s", text, err.text);
}

static char *printed(const struct why *w)
{
	struct why_words words = { { "old", "new" }, "page", 20 };
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	why_print(w, f, &words);
	fclose(f);
	return text;
}

static __attribute__((noinline)) bool names_warm(const char *text)
{
	static const char file[] = "  test-why-gather.c:";
	const char *at = strstr(text, file);

	/* Unless this program was built without it. */
	if (strstr(text, "no debug information of the guest's programs"))
		return true;
	return at && (unsigned)(atoi(at + strlen(file)) - WARM_LINE) <= 2;
}

/* A line of the program by its debug information, and places in a kernel without any. */
static void finds_the_lines(void **state)
{
	struct why_request rq = { .lines = 3 };
	struct err err = ERR_INIT;
	struct why_groups g;
	char *text;

	(void)state;
	in_program = true;
	make_results();
	in_program = false;
	if (gather(&rq, &g, &err))
		fail_msg("%s", err.text);
	assert_string_equal(g.v[0].why.v[0].name, "warm");
	assert_int_equal(g.v[0].why.v[0].side, WHY_GUEST_PROGRAMS);
	assert_true(g.v[0].why.v[0].diff == 117);
	text = printed(&g.v[0].why);
	why_groups_release(&g);
	assert_non_null(strstr(text, "The hottest lines of the first 3 functions"));
	if (!names_warm(text))
		fail_msg("warm() is not in:\n%s", text);
	assert_non_null(strstr(text, "no debug information of the machine's kernel of old; --vmlinux old=FILE"));
	assert_non_null(strstr(text, "            10            49            39    25.0%  +0x4\n"));
	/* Five instructions that were executed equally often. */
	assert_non_null(strstr(text, "             5             5             0     0.0%  +0x0-0x7\n"));
	free(text);
}

/* A misspelt name would change nothing, without a word. */
static void maps_what_was_executed(void **state)
{
	static const struct {
		const char *map, *says;
	} table[] = {
		{ "f77=f7", "--map f77=f7: k1 executed no function 'f77' here" },
		{ "f7=f77", "--map f7=f77: no arm compared with k1 executed a function 'f77' here" },
	};
	const char *map = "f7=f9";
	struct why_request rq = { .maps = &map, .n_maps = 1 };
	struct err err = ERR_INIT;
	struct why_groups g;

	(void)state;
	make_results();
	if (gather(&rq, &g, &err))
		fail_msg("%s", err.text);
	why_groups_release(&g);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		map = table[i].map;
		refused(&rq, table[i].says);
	}
}

static void refuses_another_kernel_s_debug_information(void **state)
{
	char other[100], named[120];
	const char *const vmlinux[] = { named };
	struct why_request rq = { .lines = 1, .vmlinux = vmlinux, .n_vmlinux = 1 };
	static struct blob k;
	struct err err = ERR_INIT;
	struct why_groups g;

	(void)state;
	make_results();
	snprintf(other, sizeof(other), "%s/vmlinux", base);
	snprintf(named, sizeof(named), "guest=%s", other);
	refused(&rq, "vmlinux");
	k.n = 0;
	put_u64(&k, 7);
	put_names(&k);
	put_tokens(&k);
	put_offsets(&k, false);
	put_u64(&k, 0);
	assert_int_equal(file_publish(other, k.b, k.n, NULL), 0);
	assert_int_equal(gather(&rq, &g, &err), 0);
	why_groups_release(&g);
	assert_int_equal(file_publish(other, "no kernel", 9, NULL), 0);
	refused(&rq, "vmlinux: ");
	snprintf(named, sizeof(named), "%s", other);
	refused(&rq, "ARM=FILE or guest=FILE is wanted");
	snprintf(named, sizeof(named), "nobody=%s", other);
	refused(&rq, "of an arm that was booted");
}

/* What the report says of it, in words and with a drawing. */
static void reports_it(void **state)
{
	struct plan profiled = *plan;
	struct report r = { .plan = &profiled };
	struct doc *d = doc_new();
	struct store *s;
	char *text = NULL, *path, *drawn;
	size_t len;
	FILE *f;

	(void)state;
	profiled.profile = PROFILE_FUNCTIONS;
	make_results();
	s = open_read();
	report_gather_why(&r, s);
	report_explain_why(&r);
	store_close(s);
	report_why(d, &r);
	f = open_memstream(&text, &len);
	doc_print_text(d, f, false);
	fclose(f);
	assert_non_null(strstr(text, "Where the instructions are"));
	assert_null(strstr(text, "No table"));
	assert_non_null(strstr(text, "more instructions per page than"));
	assert_non_null(strstr(text, "f7"));
	assert_non_null(strstr(text, "plots/why-1.svg"));
	assert_null(strstr(text, "<svg"));
	free(text);
	f = open_memstream(&text, &len);
	doc_print_html(d, "why", f);
	fclose(f);
	assert_non_null(strstr(text, "<svg"));
	/* On a phone the first column gives way, or the numbers are out of sight. */
	assert_non_null(strstr(text, "<td>entries into the guest</td>"));
	assert_non_null(strstr(text, "<title>f7: 10 and 49 instructions per page, +39</title>"));
	free(text);
	doc_free(d);
	assert_true(asprintf(&path, "%s/plots", folder) > 0);
	assert_int_equal(file_mkdirs(path, NULL), 0);
	assert_int_equal(report_draw_why(&r, folder, NULL), 0);
	free(path);
	assert_true(asprintf(&path, "%s/plots/why-1.svg", folder) > 0);
	assert_int_equal(file_read(path, &drawn, NULL, NULL), 0);
	assert_non_null(strstr(drawn, "</svg>"));
	free(drawn);
	free(path);
	report_release_why(&r);
}

/* A difference that may be chance has no shares, here as in the table of kduel why. */
static void reports_chance_without_shares(void **state)
{
	struct plan profiled = *plan;
	struct report r = { .plan = &profiled };
	struct doc *d = doc_new();
	struct store *s;
	json_t *json, *first;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	profiled.profile = PROFILE_FUNCTIONS;
	by_chance = true;
	make_results();
	by_chance = false;
	s = open_read();
	report_gather_why(&r, s);
	report_explain_why(&r);
	store_close(s);
	report_why(d, &r);
	doc_print_text(d, f, false);
	fclose(f);
	assert_non_null(strstr(text, "which may be chance"));
	assert_null(strchr(strstr(text, "f7"), '%'));
	json = report_why_json(&r);
	first = json_array_get(json_object_get(json_array_get(json, 0), "functions"), 0);
	assert_string_equal(json_string_value(json_object_get(first, "function")), "f7");
	assert_true(json_is_null(json_object_get(first, "share")));
	json_decref(json);
	free(text);
	doc_free(d);
	report_release_why(&r);
}

/* A kernel that is gone takes the tables with it, and not the report. */
static void reports_why_not(void **state)
{
	struct plan profiled = *plan;
	struct report r = { .plan = &profiled };
	struct doc *d = doc_new();
	struct store *s;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	profiled.profile = PROFILE_FUNCTIONS;
	make_results();
	unlink(image);
	s = open_read();
	report_gather_why(&r, s);
	report_explain_why(&r);
	store_close(s);
	report_why(d, &r);
	doc_print_text(d, f, false);
	fclose(f);
	assert_non_null(strstr(text, "No table: "));
	free(text);
	doc_free(d);
	report_release_why(&r);
}

static void gives_no_table_of_what_is_not_vouched_for(void **state)
{
	struct why_request rq = { .cell = "other/*" }, all = { .cell = NULL };
	char path[128];
	FILE *f;

	(void)state;
	make_results();
	refused(&rq, "no marked region was executed in the cells asked for");
	make_image(2);
	refused(&all, "the image was replaced since");
	unlink(image);
	refused(&all, image);
	make_results();
	snprintf(path, sizeof(path), "%s/why/boot-1.1", folder);
	f = fopen(path, "a");
	fputs("region 0 3 0\nend 0\nthings 100\n", f);
	fclose(f);
	refused(&all, "was changed: its SHA-256 is not the one in the journal");
}

/* Each would be a table: a profile of somebody else's could fill memory with them. */
static void has_no_more_than_a_campaign_has(void **state)
{
	struct why_request rq = { .cell = NULL };

	(void)state;
	foreign = "run 1 memfd/none\nregion 0 3 0\nend 0\nthings 1\n";
	make_results();
	refused(&rq, "boot 1: its file has regions of memfd/none, which is no cell of the plan");
	foreign = "region 10000000 3 0\nend 0\nthings 1\n";
	make_results();
	refused(&rq, "boot 1: its file has a region of series 4096");
	foreign = NULL;
}

static void says_what_was_not_profiled(void **state)
{
	struct why_request rq = { .cell = NULL };
	struct store *s = create();

	(void)state;
	run_boot(s, 1, "ok");
	store_close(s);
	refused(&rq, "none of its 1 boots was profiled; run the campaign with kduel run --why");
}

static void a_record_names_a_file_of_its_folder(void **state)
{
	static const char *const bad[] = { "/etc/passwd", "why/../../x", "journal.kdj" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct err err = ERR_INIT;
		struct store *s = create();

		append(s, boot_record(1, 1));
		assert_true(store_append(s, with(boot_end(1, "ok"), "profile",
						 json_pack("{s:s, s:s}", "file", bad[i],
							   "sha256", "00")), &err) < 0);
		assert_non_null(strstr(err.text, "it must be below why/"));
		store_close(s);
	}
}

static int begin(void **state)
{
	int ret = make_paths(state);

	snprintf(image, sizeof(image), "%s/bzImage", base);
	return ret;
}

/* The largest parts first, without what may be chance; two tables need no such list. */
static void lists_what_differs_of_many(void **state)
{
	struct why_group v[] = {
		{ .what = "a", .metric = "m", .arm = 1, .why.whole = { .mean = { 100, 101 }, .diff = 1 } },
		{ .what = "b", .metric = "m", .arm = 1, .why = { .doubt = WHY_HOLDS_0,
		  .whole = { .mean = { 100, 900 }, .diff = 800 } } },
		{ .what = "c", .metric = "m", .arm = 1, .why.whole = { .mean = { 100, 50 }, .diff = -50 } },
		{ .what = "d", .metric = "m", .arm = 1, .error.code = -EINVAL },
	};
	struct why_groups all = { .v = v, .n = 4 }, two = { .v = v, .n = 2 };
	char *text = NULL, *name = text_format("%s\n", plan->arms[1].name), *wanted;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	why_print_overview(&two, plan, f);
	why_print_overview(&all, plan, f);
	fclose(f);
	wanted = text_format("2 of 4 tables have a difference that is none of chance, as far as each tells alone:\n"
			     "        -50%%  c  m  %s         +1%%  a  m  %s\n", name, name);
	assert_string_equal(text, wanted);
	free(text);
	free(name);
	free(wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_function),
		cmocka_unit_test(a_metric_per_nothing_is_per_thing),
		cmocka_unit_test(a_rate_of_bytes_is_per_byte),
		cmocka_unit_test(finds_the_lines),
		cmocka_unit_test(maps_what_was_executed),
		cmocka_unit_test(refuses_another_kernel_s_debug_information),
		cmocka_unit_test(reports_it),
		cmocka_unit_test(reports_chance_without_shares),
		cmocka_unit_test(reports_why_not),
		cmocka_unit_test(gives_no_table_of_what_is_not_vouched_for),
		cmocka_unit_test(has_no_more_than_a_campaign_has),
		cmocka_unit_test(lists_what_differs_of_many),
		cmocka_unit_test(says_what_was_not_profiled),
		cmocka_unit_test(a_record_names_a_file_of_its_folder),
	};

	return cmocka_run_group_tests(tests, begin, remove_folder);
}
