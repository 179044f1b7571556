/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile agent: one campaign whose boots each misbehave in another way, at
 * every step of the protocol, each followed by a boot without a fault. Every
 * misdeed costs its own boot or cell and nothing else; then every verb reads
 * the journal, and nothing that an agent wrote acts on a terminal.
 */
#include "script-machine.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <sys/wait.h>

#include "lib/file.h"
#include "lib/proc.h"

#define CONFIG									\
	"name: hostile\nblocks: 200\nmachine: { kind: fake }\n"			\
	"guest: { kernel: k1 }\n"						\
	"arms:\n  - { kernel: k1, baseline: true }\n  - { kernel: k2 }\n"	\
	"cells: { backing: memfd, source: anon-4k, workload: \"null\" }\n"
#include "results.h"

/* How a boot of the plan ends: its class, or a cell that is not good. */
#define CELL_FAILED "ok, cell failed"
#define HARMLESS "ok"

struct misdeed {
	const char *op, *say;
	int does;
	const char *end;	/* as above */
	const char *text;	/* in what is told of it */
};

#define ESC "\\u001b[2J"
#define OK "\"re\":%d,\"ok\":true"
#define GUEST_HELLO "\n1 " HELLO("guest")
#define NODE(fields) "0 {" OK "," fields "}"
#define READY(proof) "1 {\"event\":\"ready\",\"re\":%d,\"proof\":" proof "}"
#define LAYER(l, bytes) "{\"layer\":\"" l "\",\"bytes\":" bytes "}"
#define BYTES "{\"4k\":4096,\"2m\":0,\"1g\":0}"
#define GO "1 {" OK "}\n1 {\"re\":%r,\"ok\":true,\"result\":"
#define AFTER "\"proof\":{\"after\":" LAYER("guest", BYTES) "}"
#define RESULT(metrics) GO "{\"metrics\":" metrics "," AFTER "}}"
#define SERIES(name, point, unit, kind, better, values, more)			\
	"{\"metric\":" name ",\"point\":" point ",\"unit\":" unit ",\"better\":"	\
	better ",\"kind\":" kind ",\"values\":" values ",\"rejected\":[],"	\
	"\"steady\":true" more "}"
#define VALUES(values) RESULT("[" SERIES("\"ns\"", "{}", "\"ns\"", "\"time\"",	\
					 "\"lower\"", values, "") "]")
#define NAMED(name) RESULT("[" SERIES(name, "{}", "\"ns\"", "\"time\"",		\
				      "\"lower\"", "[1]", "") "]")
#define GOOD SERIES("\"ns\"", "{}", "\"ns\"", "\"time\"", "\"lower\"", "[1]", "")
#define COUNTED(seconds, counters) NODE("\"seconds\":" seconds ",\"counters\":" counters)

static const struct misdeed misdeeds[] = {
	/* hello */
	{ "hello", "0 {\"event\":\"hello\",\"protocol\":9,\"version\":\"" KDUEL_VERSION
	  "\",\"role\":\"node\"}", GO_ON, "protocol", "protocol 9" },
	{ "hello", "0 {\"event\":\"hello\",\"protocol\":1,\"version\":\"0.1" ESC
	  "\",\"role\":\"node\"}", GO_ON, "protocol", "version" },
	{ "hello", "0 {\"event\":\"hello\"}", GO_ON, "protocol", "protocol: is missing" },
	{ "hello", "0 " HELLO("guest"), GO_ON, "protocol", "it is a guest" },
	{ "hello", "0 " HELLO("node") "\n0 " HELLO("node"), GO_ON, "protocol", "second hello" },
	{ "hello", "1 " HELLO("guest"), GO_ON, "protocol", "not started" },
	{ "hello", "0 {\"re\":1,\"ok\":true}", GO_ON, "protocol", "before hello" },
	{ "hello", "0 {\"event\":\"dance\"}", GO_ON, "protocol", "unknown" },
	{ "hello", "0 {\"event\":7}", GO_ON, "protocol", "unknown" },
	{ "hello", "0 this is no JSON", GO_ON, "protocol", "not valid JSON" },
	{ "hello", "0 [1,2,3]", GO_ON, "protocol", "an object" },
	{ "hello", "0 {\"event\":\"hello\",\"event\":\"hello\"}", GO_ON, "protocol", "" },
	{ "hello", "0 {\"event\":\"\xff\xfe\"}", GO_ON, "protocol", "" },
	{ "hello", "0 {\"event\":\"hel\\u0000lo\"}", GO_ON, "protocol", "" },
	{ "hello", "0 " HELLO("node"), SKIP_SEQ, "protocol", "" },
	{ "hello", "0 " HELLO("node"), BAD_NONCE, "protocol", "" },
	{ "hello", "", PANIC, "panic", "no root" },
	{ "hello", "", EXIT_1, "lost", "exit 1" },
	/* prepare */
	{ "prepare", "", GARBAGE, "protocol", "" },
	{ "prepare", "", FLOOD, "protocol", "floods" },
	{ "prepare", "0 {\"re\":77,\"ok\":true}", GO_ON, "protocol", "unknown request" },
	{ "prepare", "1 {" OK "}", GO_ON, "protocol", "before hello" },
	{ "prepare", "0 {" OK "}\n0 {" OK "}", GO_ON, "protocol", "unknown request" },
	{ "prepare", "0 {\"re\":%d}", GO_ON, "protocol", "ok: is missing" },
	{ "prepare", "0 {\"re\":%d,\"ok\":\"yes\"}", GO_ON, "protocol", "ok: is a text" },
	{ "prepare", "0 {\"re\":\"%d\",\"ok\":true}", GO_ON, "protocol", "unknown request" },
	{ "prepare", "0 {\"re\":%d,\"ok\":false}", GO_ON, "protocol", "class" },
	{ "prepare", "0 {\"re\":%d,\"ok\":false,\"class\":\"sad\",\"text\":\"\"}", GO_ON,
	  "protocol", "class" },
	{ "prepare", "0 {\"re\":%d,\"ok\":false,\"class\":\"failed\"}", GO_ON, "protocol",
	  "text" },
	{ "prepare", "0 {\"re\":%d,\"ok\":false,\"class\":\"failed\",\"text\":\"" ESC
	  "\\u202ex\"}", GO_ON, "failed", "\\x1b[2J\\u{202e}" },
	{ "prepare", NODE("\"phases\":[1]"), GO_ON, "protocol", "phases" },
	{ "prepare", NODE("\"phases\":{\"mkfs\":\"long\"}"), GO_ON, "protocol", "mkfs" },
	{ "prepare", NODE("\"phases\":{\"mkfs\":1e308}"), GO_ON, "protocol", "mkfs" },
	{ "prepare", NODE("\"phases\":{\"mkfs\":-1}"), GO_ON, "protocol", "mkfs" },
	{ "prepare", NODE("\"phases\":{\"" ESC "\":1}"), GO_ON, "protocol", "phase" },
	{ "prepare", NODE("\"proof\":\"trust me\""), GO_ON, "protocol", "a proof" },
	{ "prepare", NODE("\"proof\":{\"layer\":\"roof\"}"), GO_ON, "protocol", "layer" },
	/* guest-start and env */
	{ "guest-start", "0 {" OK "}\n1 {\"event\":\"hello\",\"protocol\":9,\"version\":\"x\","
	  "\"role\":\"guest\"}", GO_ON, "protocol", "protocol 9" },
	{ "guest-start", "0 {" OK "}" GUEST_HELLO GUEST_HELLO, GO_ON, "protocol", "second hello" },
	{ "guest-start", "0 {" OK "}\n1 " HELLO("node"), GO_ON, "protocol", "it is a node" },
	{ "guest-start", "0 {" OK "}\n0 {\"event\":\"guest-lost\",\"class\":\"bored\","
	  "\"text\":\"\"}", GO_ON, "protocol", "unknown class" },
	{ "guest-start", "0 {" OK "}\n0 {\"event\":\"guest-lost\",\"class\":\"lost\","
	  "\"text\":\"" ESC "\",\"console\":[\"" ESC "\",7,null,{}]}", GO_ON, "lost",
	  "\\x1b[2J" },
	{ "guest-start", "0 {" OK "}\n1 {\"event\":\"guest-lost\",\"class\":\"lost\","
	  "\"text\":\"\"}", GO_ON, "protocol", "unknown" },
	{ "env", "* {" OK "}", GO_ON, "protocol", "facts" },
	{ "env", "* {" OK ",\"facts\":[]}", GO_ON, "protocol", "facts" },
	{ "env", "* {" OK ",\"facts\":{\"cpu\":[],\"kernel\":7,\"cmdline\":{},\"thp\":null,"
	  "\"kvm\":\"" ESC "\",\"hwloc\":1e308,\"mitigations\":[{}],\"dmesg\":[]}}", GO_ON,
	  HARMLESS, "" },
	/* run, up to ready */
	{ "run", READY(LAYER("guest", BYTES)) "\n" READY(LAYER("guest", BYTES)), GO_ON,
	  "protocol", "ready" },
	{ "run", "1 {\"event\":\"ready\",\"re\":4711}", GO_ON, "protocol", "ready" },
	{ "run", "0 {\"event\":\"ready\",\"re\":%d}", GO_ON, "protocol", "ready" },
	{ "run", "1 {" OK ",\"result\":{}}", GO_ON, "protocol", "before go" },
	{ "run", READY(LAYER("guest", BYTES)) "\n1 {" OK ",\"result\":{\"metrics\":[" GOOD
	  "]," AFTER "}}", GO_ON, "protocol", "before go" },
	{ "run", READY("7"), GO_ON, "protocol", "a proof" },
	{ "run", READY(LAYER("guest", "{\"4k\":-1,\"2m\":0,\"1g\":0}")), GO_ON, "protocol",
	  "4k" },
	{ "run", READY(LAYER("guest", "{\"4k\":1e31,\"2m\":0,\"1g\":0}")), GO_ON, "protocol",
	  "4k" },
	{ "run", READY("{\"layer\":\"guest\",\"unavailable\":7}"), GO_ON, "protocol",
	  "unavailable" },
	{ "run", "1 {\"re\":%d,\"ok\":false,\"class\":\"unsupported\",\"text\":\"" ESC
	  "\\u0085no\"}", GO_ON, CELL_FAILED, "\\x1b[2J" },
	{ "run", "1 {\"re\":%d,\"ok\":false,\"class\":\"busy\",\"text\":\"so am I\"}", GO_ON,
	  "failed", "so am I" },
	{ "run", "1 {\"re\":%d,\"ok\":false,\"class\":\"lost\",\"text\":\"gone\"}", GO_ON, "lost",
	  "gone" },
	{ "run", "1 {\"event\":\"progress\",\"text\":\"" ESC "\"}\n0 {\"event\":\"log\","
	  "\"text\":\"" ESC "\"}\n" READY(LAYER("guest", BYTES)), GO_ON, HARMLESS, "" },
	{ "run", "", PANIC, "panic", "no root" },
	/* proof and count */
	{ "proof", "0 {" OK "}", GO_ON, "protocol", "layers" },
	{ "proof", NODE("\"layers\":{}"), GO_ON, "protocol", "layers" },
	{ "proof", NODE("\"layers\":[7]"), GO_ON, "protocol", "a proof" },
	{ "proof", NODE("\"layers\":[{\"layer\":\"mut\"}]"), GO_ON, "protocol", "bytes" },
	/* Members that are the driver's to write, and space that a record has no room for. */
	{ "proof", NODE("\"layers\":[{\"t\":\"boot-end\",\"at\":[],\"boot\":7,\"cell\":7,\"when\":7,"
	  "\"layer\":\"mut\",\"bytes\":\r \t" BYTES "}]"), GO_ON, HARMLESS, "" },
	{ "proof", NODE("\"layers\":[{\"layer\":\"mut\",\"bytes\":" BYTES
			",\"faults\":1e308}]"), GO_ON, "protocol", "faults" },
	{ "count", "0 {\"re\":%d,\"ok\":false,\"class\":\"failed\",\"text\":\"cannot\"}", GO_ON,
	  "failed", "cannot" },
	{ "count-stop", "0 {" OK "}", GO_ON, "protocol", "seconds" },
	{ "count-stop", COUNTED("1e308", "[]"), GO_ON, "protocol", "seconds" },
	{ "count-stop", COUNTED("-1", "[]"), GO_ON, "protocol", "seconds" },
	{ "count-stop", COUNTED("1", "\"none\""), GO_ON, "protocol", "counters" },
	{ "count-stop", COUNTED("1", "[{\"name\":\"x\"}]"), GO_ON, "protocol", "counters" },
	{ "count-stop", COUNTED("1", "[{\"name\":\"" ESC "\",\"value\":1}]"), GO_ON,
	  "protocol", "counters" },
	/* go and the result */
	{ "go", "1 {\"re\":%d,\"ok\":false,\"class\":\"failed\",\"text\":\"no\"}", GO_ON,
	  "failed", "no" },
	{ "go", "", EXIT_0, "lost", "exit 0" },
	{ "go", "1 {" OK "}\n1 {\"re\":%r,\"ok\":true}", GO_ON, "protocol", "a result" },
	{ "go", GO "\"fast\"}", GO_ON, "protocol", "a result" },
	{ "go", GO "{}}", GO_ON, "protocol", "metrics" },
	{ "go", RESULT("{}"), GO_ON, "protocol", "metrics" },
	{ "go", RESULT("[]"), GO_ON, "protocol", "empty" },
	{ "go", RESULT("[7]"), GO_ON, "protocol", "an object" },
	{ "go", RESULT("[" GOOD "," GOOD "]"), GO_ON, "protocol", "twice" },
	{ "go", VALUES("[]"), GO_ON, "protocol", "values" },
	{ "go", VALUES("[\"1\"]"), GO_ON, "protocol", "values" },
	{ "go", VALUES("[-1]"), GO_ON, "protocol", "negative" },
	{ "go", VALUES("[1e31]"), GO_ON, "protocol", "1e+31" },
	{ "go", VALUES("[1e308]"), GO_ON, "protocol", "1e+308" },
	{ "go", VALUES("[1e999]"), GO_ON, "protocol", "" },
	{ "go", VALUES("[NaN]"), GO_ON, "protocol", "" },
	{ "go", NAMED("7"), GO_ON, "protocol", "metric" },
	{ "go", NAMED("\"\""), GO_ON, "protocol", "metric" },
	{ "go", NAMED("\"" ESC "\""), GO_ON, "protocol", "metric" },
	{ "go", NAMED("\"a\\u202eb\""), GO_ON, "protocol", "metric" },
	{ "go", NAMED("\"a\\u0085b\""), GO_ON, "protocol", "metric" },
	{ "go", NAMED("\"go_to_result\""), GO_ON, "protocol", "reserved for the driver" },
	{ "go", RESULT("[" SERIES("\"ns\"", "{\"" ESC "\":1}", "\"ns\"", "\"time\"", "\"lower\"",
				  "[1]", "") "]"), GO_ON, "protocol", "point" },
	{ "go", RESULT("[" SERIES("\"ns\"", "{\"p\":{\"q\":1}}", "\"ns\"", "\"time\"",
				  "\"lower\"", "[1]", "") "]"), GO_ON, "protocol", "point" },
	{ "go", RESULT("[" SERIES("\"ns\"", "{}", "\"" ESC "\"", "\"time\"", "\"lower\"", "[1]",
				  "") "]"), GO_ON, "protocol", "unit" },
	{ "go", RESULT("[" SERIES("\"ns\"", "{}", "\"ns\"", "\"speed\"", "\"lower\"", "[1]", "")
		       "]"), GO_ON, "protocol", "kind" },
	{ "go", RESULT("[" SERIES("\"ns\"", "{}", "\"ns\"", "\"time\"", "\"maybe\"", "[1]", "")
		       "]"), GO_ON, "protocol", "better" },
	{ "go", RESULT("[" SERIES("\"ns\"", "{}", "\"ns\"", "\"time\"", "\"lower\"", "[1]",
				  ",\"counters\":[{\"name\":\"c\",\"value\":1},"
				  "{\"name\":\"c\",\"value\":2}]") "]"), GO_ON, "protocol", "twice" },
	{ "go", GO "{\"metrics\":[" GOOD "],\"labels\":[\"" ESC "\"]," AFTER "}}", GO_ON,
	  "protocol", "labels" },
	{ "go", GO "{\"metrics\":[" GOOD "],\"proof\":{\"after\":7}}}", GO_ON, "protocol",
	  "a proof" },
	{ "go", RESULT("[" GOOD "]"), SKIP_SEQ, "protocol", "" },
	/* the end */
	{ "guest-stop", "0 {\"re\":%d,\"ok\":false,\"class\":\"failed\",\"text\":\"" ESC "\"}",
	  GO_ON, "failed", "\\x1b[2J" },
	{ "release", "", GARBAGE, "protocol", "" },
	{ "release", "", EXIT_1, "lost", "exit 1" },
};
#define MISDEEDS (sizeof(misdeeds) / sizeof(*misdeeds))

/* Those that are too long to be written down: `unit` again and again. */
static const struct {
	const char *op, *before, *unit;
	unsigned times;
	const char *after, *end, *text;
} long_ones[] = {
	{ "hello", "0 {\"event\":", "[", 200000, "", "protocol", "" },
	{ "hello", "0 {\"event\":\"hello\",\"version\":\"", "v", 100000, "\"}", "protocol", "" },
	{ "prepare", "0 {\"re\":%d,\"ok\":false,\"class\":\"failed\",\"text\":\"", "blah ", 780000,
	  "\"}", "failed", "blah" },
	{ "prepare", "0 {" OK ",\"phases\":{\"a\":0", ",\"b\":1", 2, "}}", "protocol", "" },
	{ "guest-start", "0 {" OK "}\n0 {\"event\":\"guest-lost\",\"class\":\"lost\",\"text\":\"x\","
	  "\"console\":[\"first\"", ",\"last words\"", 200000, "]}", "lost", "x" },
	{ "env", "* {" OK ",\"facts\":{\"a\":", "{\"a\":", 2000, "1", "protocol", "" },
	{ "env", "* {" OK ",\"facts\":{\"dmesg\":\"", "blah ", 780000, "\"}}", "protocol", "facts" },
	{ "run", "1 {\"event\":\"progress\",\"text\":\"x\"}", "\n1 {\"event\":\"progress\"}", 21000,
	  "", "protocol", "events" },
	{ "run", "1 {\"re\":%d,\"ok\":false,\"class\":\"failed\",\"text\":\"", "blah ", 780000,
	  "\"}", CELL_FAILED, "blah" },
	{ "proof", "0 {" OK ",\"layers\":[{\"layer\":\"mut\",\"bytes\":" BYTES ",\"method\":\"", "m",
	  70000, "\"}]}", "protocol", "method" },
	{ "go", GO "{\"metrics\":[" GOOD "],\"derived\":", "[", 500, "", "protocol", "" },
	{ "go", GO "{\"metrics\":[" GOOD "],\"derived\":{\"a\":\"", "blah ", 300000, "\"}," AFTER "}}",
	  "protocol", "derived" },
	{ "go", GO "{\"metrics\":[{\"metric\":\"", "m", 300, "\"}]}}", "protocol", "metric" },
	{ "go", GO "{\"metrics\":[" GOOD "],\"labels\":[\"l\"", ",\"l\"", 70, "]," AFTER "}}",
	  "protocol", "labels" },
	/* More than a record could hold, were each number written with 17 digits. */
	{ "go", GO "{\"metrics\":[{\"metric\":\"ns\",\"point\":{},\"unit\":\"ns\",\"kind\":\"time\","
	  "\"better\":\"lower\",\"values\":[", "0.1,", 1040000, "0.1]}]," AFTER "}}",
	  "protocol", "at most 131072" },
	{ "go", GO "{\"metrics\":[{\"metric\":\"ns\",\"point\":{},\"unit\":\"ns\",\"kind\":\"time\","
	  "\"better\":\"lower\",\"values\":[", "0.1,", 131071, "0.1]}]," AFTER "}}", "ok", "" },
	{ "go", GO "{\"metrics\":[" GOOD "],\"derived\":[", "0.1,", 260000, "0.1]," AFTER "}}",
	  "protocol", "derived" },
	{ "go", GO "{\"metrics\":[{\"metric\":\"ns\",\"point\":{},\"unit\":\"", "u", 3900000,
	  "\"}]}}", "protocol", "unit" },
};
#define LONG_ONES (sizeof(long_ones) / sizeof(*long_ones))
#define BOOTS (MISDEEDS + LONG_ONES)

static char *repeat(unsigned i)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	fputs(long_ones[i].before, f);
	for (unsigned k = 0; k < long_ones[i].times; k++)
		fputs(long_ones[i].unit, f);
	fputs(long_ones[i].after, f);
	fclose(f);
	return text;
}

/* --- the campaign ------------------------------------------------------------- */

static char folder[80], kduel[PATH_MAX];
static struct store *store;
static json_t *last_cell;	/* of the boot */

static int on_record(void *arg, const char *text, size_t len, struct err *err)
{
	static const char end[] = "{\"t\":\"cell-end\"";

	(void)arg;
	if (!strncmp(text, end, sizeof(end) - 1)) {
		json_decref(last_cell);
		last_cell = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(last_cell);
	}
	return store_append_text(store, text, len, err);
}

/* As -v shows it: nothing in it acts on a terminal. */
static void on_log(void *arg, const char *text)
{
	(void)arg;
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ')
			fail_msg("byte %02x in: %.400s", *c, text);
	assert_true(strlen(text) < 4096);
}

static void on_phase(void *arg, const char *phase, const char *cell)
{
	(void)phase;
	on_log(arg, cell ? cell : "");
}

static struct session_result boot_once(unsigned boot, const struct step *s)
{
	struct session_result r;
	struct err err = ERR_INIT;
	struct machine m = { .ops = &script_kind, .plan = plan, .proc = PROC_INIT,
			     .link_in = -1, .link_out = -1, .console = -1 };
	struct session_options o = {
		.plan = plan, .boot = &plan->boots[boot], .attempt = 1, .release = "",
		.machine = &m,
		.limits = { 20, 20, 20, 20, 20, 20, 20 },
		.calls = { .record = on_record, .log = on_log, .phase = on_phase },
	};

	script = s;
	json_decref(last_cell);
	last_cell = NULL;
	assert_int_equal(loop_new(&m.loop, NULL), 0);
	if (session_run(&o, &r, &err))
		fail_msg("boot %u ended the campaign: %s", boot + 1, err.text);
	loop_free(m.loop);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	return r;
}

/* 0, or 1 for one that did not end as it should. */
static int misbehave_once(unsigned boot, const struct misdeed *d)
{
	const struct step s[] = { { d->op, d->say, d->does }, { NULL, NULL, GO_ON } };
	struct session_result r = boot_once(boot, s);
	bool cell_failed = !strcmp(d->end, CELL_FAILED);
	const char *text = cell_failed && last_cell
				   ? json_string_value(json_object_get(last_cell, "text")) : r.text;

	if (strcmp(r.class, cell_failed ? "ok" : d->end) || !strstr(text, d->text) ||
	    r.cells_failed != cell_failed) {
		print_message("boot %u, %.300s: ended as %s (%u cells failed): %s\n", boot + 1,
			      d->say, r.class, r.cells_failed, text);
		return 1;
	}
	on_log(NULL, text);
	return 0;
}

static void each_misdeed_costs_its_own_boot(void **state)
{
	struct session_result r;
	int wrong = 0;

	(void)state;
	assert_true(MISDEEDS >= 60);
	for (unsigned i = 0; i < BOOTS; i++) {
		struct misdeed d = { .does = GO_ON };
		char *made = NULL;

		if (i < MISDEEDS) {
			d = misdeeds[i];
		} else {
			unsigned k = i - MISDEEDS;

			d.op = long_ones[k].op;
			d.say = made = repeat(k);
			d.end = long_ones[k].end;
			d.text = long_ones[k].text;
		}
		wrong += misbehave_once(2 * i, &d);
		free(made);
		r = boot_once(2 * i + 1, NULL);
		if (strcmp(r.class, "ok") || r.cells_ok != 1)
			fail_msg("the boot after number %u: %s: %s", i, r.class, r.text);
	}
	/* Something to compare. */
	for (unsigned i = 2 * BOOTS; i < 2 * BOOTS + 6; i++)
		assert_string_equal(boot_once(i, NULL).class, "ok");
	assert_int_equal(wrong, 0);
	store_close(store);
	store = NULL;
	print_message("%zu misdeeds\n", MISDEEDS);
}

/* --- and then ------------------------------------------------------------------- */

static void looks_harmless(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = text[i];

		if ((c < ' ' && c != '\r' && c != '\n' && c != '\t') || c == 0x7f)
			fail_msg("byte %02x in: %.80s", c, text + (i > 40 ? i - 40 : 0));
	}
	assert_null(memmem(text, n, "\u202e", 3));
	assert_null(memmem(text, n, "\xc2\x85", 2));
}

#define CLAIMS "claims: [ \"null.go_to_result(k2) > 0\" ]\n"

static void every_verb_reads_the_journal(void **state)
{
	char claims[PATH_MAX + 16], config[PATH_MAX + 16], merged[PATH_MAX + 16];
	const char *const verbs[][8] = {
		/* One boot lied about its environment: it is left out, the others are judged. */
		{ kduel, "compare", folder }, { kduel, "compare", "--json", folder },
		{ kduel, "report", folder }, { kduel, "report", "--format=text", folder },
		{ kduel, "report", "--format=html", folder }, { kduel, "report", "--format=md", folder },
		{ kduel, "verify", "--from", folder, claims },
		{ kduel, "power", "--effect=1%", "--from", folder, config },
		{ kduel, "merge", "--dir", merged, folder }, { kduel, "compare", merged },
		{ kduel, "export", "--format=json", folder },
		{ kduel, "export", "--format=csv", folder },
		{ kduel, "history", folder }, { kduel, "trend", folder },
		{ kduel, "export", "--format=csv", "--table=boots", folder },
	};

	(void)state;
	snprintf(claims, sizeof(claims), "%s/claims.yaml", base);
	snprintf(config, sizeof(config), "%s/hostile.yaml", base);
	snprintf(merged, sizeof(merged), "%s/merged", base);
	assert_int_equal(file_publish(claims, CLAIMS, sizeof(CLAIMS) - 1, NULL), 0);
	assert_int_equal(file_publish(config, CONFIG, sizeof(CONFIG) - 1, NULL), 0);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		char *out = NULL;
		size_t n = 0;
		struct err err = ERR_INIT;
		struct proc_options o = { .argv = verbs[i] };

		if (proc_capture(&o, 60, &out, &n, &err) &&
		    !strstr(err.text, "exit 1") && !strstr(err.text, "exit 4"))
			fail_msg("%s %s: %s", verbs[i][1], verbs[i][2], err.text);
		if (out)
			looks_harmless(out, n);
		free(out);
	}
}

static int set_up(void **state)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0 || make_folder(state))
		return -1;
	self[n] = '\0';
	snprintf(kduel, sizeof(kduel), "%s/../../kduel", dirname(self));
	snprintf(folder, sizeof(folder), "%s/hostile", base);
	if (store_create(&store, folder, plan, "hardware", NULL))
		return -1;
	return access(kduel, X_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_misdeed_costs_its_own_boot),
		cmocka_unit_test(every_verb_reads_the_journal),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, set_up, remove_folder);
}
