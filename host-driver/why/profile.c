/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "safe.h"

#define KERNEL_SPACE 0xffff800000000000ULL
#define FIRST_NODE 3	/* 1 and 2 are the roots */

struct profile_reader {
	struct profile *p;
	const char *path;
	unsigned line;
	size_t n_segments, segment_room, region_room;
	size_t *written, n_written, written_room;	/* which segment each line `m` or `g` is */
	size_t n_stacks, stack_room, node_room;
	size_t n_functions, function_room, first_function;
	const char *event;
	size_t first, first_stack;	/* of the open region */
	uint64_t kernel[2], stacked[2];	/* its instructions: in kernels; of these, in stacks */
	bool open, header;
	uint64_t here;
	const char *cell;	/* of the last run */
	unsigned process;
	uint64_t sum;
	struct err *err;
};

static int profile_bad(const struct profile_reader *r, const char *what)
{
	return err_config(r->err, "%s: line %u: %s", r->path, r->line, what);
}

/* What is shown as it stands, and comes with results that may be somebody else's. */
static bool profile_is_name(const char *text)
{
	return *text && safe_is_plain(text);
}

static int profile_grow(void **v, size_t n, size_t *room, size_t size)
{
	void *bigger;

	if (n < *room)
		return 0;
	*room = *room ? 2 * *room : 64;
	bigger = realloc(*v, *room * size);
	if (!bigger)
		return -ENOMEM;
	*v = bigger;
	return 0;
}

/* Reads a number in `base`, and the blank or end after it. */
static bool profile_number(char **at, int base, uint64_t *out)
{
	char *end;

	if (!strchr("0123456789abcdef", **at) || !**at)
		return false;
	errno = 0;
	*out = strtoull(*at, &end, base);
	if (errno || end == *at || (*end && *end != ' '))
		return false;
	*at = *end ? end + 1 : end;
	return true;
}

/* Adds to a sum, which no count that a plugin made is too large for. */
static int profile_add(const struct profile_reader *r, uint64_t *sum, uint64_t n)
{
	return __builtin_add_overflow(*sum, n, sum) ? profile_bad(r, "more than can be counted") : 0;
}

static int profile_add_segment(struct profile_reader *r, const struct profile_segment *s)
{
	struct profile *p = r->p;
	uint64_t all;

	if (profile_grow((void **)&p->segments, r->n_segments, &r->segment_room,
			 sizeof(*p->segments)))
		return err_sys(r->err, ENOMEM, "%s", r->path);
	p->segments[r->n_segments++] = *s;
	if (s->what != PROFILE_RUN)
		return 0;
	if (__builtin_mul_overflow(s->insns, s->times, &all))
		return profile_bad(r, "more than can be counted");
	if (s->vaddr >= KERNEL_SPACE)
		r->kernel[s->guest] += all;	/* no more than the sum */
	return profile_add(r, &r->sum, all);
}

static int profile_segment(struct profile_reader *r, char *line)
{
	uint64_t vaddr, insns, times, hash, sizes = 0;
	char *at = line + 2;

	if (!r->open)
		return profile_bad(r, "a segment outside a region");
	if (!profile_number(&at, 16, &vaddr) || !profile_number(&at, 10, &insns) ||
	    !profile_number(&at, 10, &times) || !profile_number(&at, 16, &hash) ||
	    (*at && !profile_number(&at, 16, &sizes)) || *at ||
	    insns > UINT32_MAX || hash > UINT32_MAX || (sizes && insns > PROFILE_SIZES))
		return profile_bad(r, "malformed segment: must be VADDR INSNS TIMES HASH SIZES");
	if (profile_grow((void **)&r->written, r->n_written, &r->written_room, sizeof(*r->written)))
		return err_sys(r->err, ENOMEM, "%s", r->path);
	r->written[r->n_written++] = r->n_segments;
	return profile_add_segment(r, &(struct profile_segment){
		.vaddr = vaddr, .times = times, .insns = insns, .hash = hash, .sizes = sizes,
		.guest = *line == 'g',
	});
}

/* "x LINE TIMES" */
static int profile_again(struct profile_reader *r, char *line)
{
	struct profile_segment again;
	uint64_t which, times;
	char *at = line + 2;

	if (!r->open || !profile_number(&at, 10, &which) || !profile_number(&at, 10, &times) ||
	    *at || which >= r->n_written)
		return profile_bad(r, "malformed repetition: must be LINE TIMES of an earlier segment, in a region");
	again = r->p->segments[r->written[which]];
	again.times = times;
	return profile_add_segment(r, &again);
}

static int profile_memory(struct profile_reader *r, char *line)
{
	uint64_t vaddr, times;
	char *at = line + 4;

	if (!r->open || (line[2] != 'm' && line[2] != 'g') || line[3] != ' ' ||
	    !profile_number(&at, 16, &vaddr) || !profile_number(&at, 10, &times) || *at)
		return profile_bad(r, "malformed memory accesses: must be m|g VADDR N, in a region");
	r->p->regions[r->p->n_regions].memory = true;
	return profile_add_segment(r, &(struct profile_segment){
		.what = *line == 'l' ? PROFILE_LOADS : PROFILE_STORES,
		.vaddr = vaddr, .times = times, .insns = 1, .guest = line[2] == 'g',
	});
}

static int profile_touched(struct profile_reader *r, char *line)
{
	char *at = line + strlen("memory m ");
	uint64_t bytes, pages;

	if (!r->open || (line[7] != 'm' && line[7] != 'g') || line[8] != ' ' ||
	    !profile_number(&at, 10, &bytes) || !profile_number(&at, 10, &pages) || *at)
		return profile_bad(r, "malformed memory: must be m|g BYTES PAGES, in a region");
	r->p->regions[r->p->n_regions].bytes[line[7] == 'g'] = bytes;
	r->p->regions[r->p->n_regions].pages[line[7] == 'g'] = pages;
	return 0;
}

static int profile_node(struct profile_reader *r, char *line)
{
	struct profile *p = r->p;
	uint64_t number, parent, addr;
	char *at = line + strlen("node ");
	bool guest;

	if (!profile_number(&at, 10, &number) || !profile_number(&at, 10, &parent) ||
	    (*at != 'm' && *at != 'g') || at[1] != ' ')
		return profile_bad(r, "malformed node: must be NODE PARENT m|g ADDR");
	guest = *at == 'g';
	at += 2;
	if (!profile_number(&at, 16, &addr) || *at || number != p->n_nodes + FIRST_NODE ||
	    !parent || parent >= number ||
	    (parent < FIRST_NODE ? parent - 1 : p->nodes[parent - FIRST_NODE].guest) != guest)
		return profile_bad(r, "a node is out of order");
	if (profile_grow((void **)&p->nodes, p->n_nodes, &r->node_room, sizeof(*p->nodes)))
		return err_sys(r->err, ENOMEM, "%s", r->path);
	p->nodes[p->n_nodes++] = (struct profile_node){
		.addr = addr, .guest = guest,
		.parent = parent < FIRST_NODE ? PROFILE_ROOT : parent - FIRST_NODE,
	};
	return 0;
}

static int profile_stack(struct profile_reader *r, char *line)
{
	struct profile *p = r->p;
	uint64_t node, insns;
	char *at = line + 2;

	if (!r->open || !profile_number(&at, 10, &node) || !profile_number(&at, 10, &insns) ||
	    *at || node < FIRST_NODE || node - FIRST_NODE >= p->n_nodes)
		return profile_bad(r, "malformed stack: must be NODE INSTRUCTIONS, in a region");
	if (profile_grow((void **)&p->stacks, r->n_stacks, &r->stack_room, sizeof(*p->stacks)))
		return err_sys(r->err, ENOMEM, "%s", r->path);
	p->stacks[r->n_stacks++] = (struct profile_stack){ node - FIRST_NODE, insns };
	return profile_add(r, &r->stacked[p->nodes[node - FIRST_NODE].guest], insns);
}

static int profile_rest(struct profile_reader *r, char *line)
{
	char *at = line + strlen("rest m ");
	uint64_t insns;

	if (!r->open || (line[5] != 'm' && line[5] != 'g') || line[6] != ' ' ||
	    !profile_number(&at, 10, &insns) || *at)
		return profile_bad(r, "malformed rest: must be m|g INSTRUCTIONS, in a region");
	return profile_add(r, &r->p->regions[r->p->n_regions].rest[line[5] == 'g'], insns);
}

static int profile_take_begin(struct profile_reader *r, char *line)
{
	struct profile_region region = { 0 };
	struct profile *p = r->p;
	uint64_t tag = 0, seq;
	char *at = strchr(line, ' ') + 1;

	if (*line == 'p') {
		region.phase = at;
		at += strcspn(at, " ");
		if (*at)
			*at++ = '\0';
	} else if (!profile_number(&at, 16, &tag)) {
		return profile_bad(r, "a region without its tag");
	}
	if (r->open)
		return profile_bad(r, "a region begins within another");
	if (!profile_number(&at, 10, &seq) || !profile_number(&at, 10, &region.entries) || *at ||
	    (region.phase && !profile_is_name(region.phase)))
		return profile_bad(r, "malformed region: must be TAG SEQ ENTRIES");
	if (seq != p->n_regions)
		return profile_bad(r, "regions are missing: their numbers are not consecutive");
	region.cell = r->cell;
	region.here = r->here;
	region.event = r->event;
	r->first_function = r->n_functions;
	region.process = r->process;
	region.series = tag >> 16;
	region.sample = tag & 0xffff;
	if (profile_grow((void **)&p->regions, p->n_regions, &r->region_room,
			 sizeof(*p->regions)))
		return err_sys(r->err, ENOMEM, "%s", r->path);
	p->regions[p->n_regions] = region;
	r->first = r->n_segments;
	r->first_stack = r->n_stacks;
	memset(r->kernel, 0, sizeof(r->kernel));
	memset(r->stacked, 0, sizeof(r->stacked));
	r->open = true;
	r->sum = 0;
	return 0;
}

static int profile_end(struct profile_reader *r, char *line)
{
	struct profile_region *region = &r->p->regions[r->p->n_regions];
	char *at = line + strlen("end ");

	if (!r->open)
		return profile_bad(r, "an end without a region");
	if (!profile_number(&at, 10, &region->total) || *at)
		return profile_bad(r, "an end without its sum");
	if (region->total != r->sum)
		return profile_bad(r, "the region's lines do not add up to its end");
	region->n = r->n_segments - r->first;
	region->n_stacks = r->n_stacks - r->first_stack;
	region->n_functions = r->n_functions - r->first_function;
	for (int guest = 0; guest < 2; guest++)
		if (region->rest[guest] > r->stacked[guest] ||
		    (region->n_stacks && r->stacked[guest] - region->rest[guest] != r->kernel[guest]))
			return profile_bad(r, "the region's call stacks do not add up to its kernels' instructions");
	r->p->n_regions++;
	r->open = false;
	return 0;
}

static int profile_things(struct profile_reader *r, char *line)
{
	char *at = line + strlen("things ");
	uint64_t things;

	if (r->open || !r->p->n_regions || !profile_number(&at, 10, &things) || *at)
		return profile_bad(r, "no region did these things");
	r->p->regions[r->p->n_regions - 1].things = things;
	return 0;
}

/* "f m|g k|p SAMPLES NAME" */
static int profile_function(struct profile_reader *r, char *line)
{
	struct profile *p = r->p;
	uint64_t samples;
	char *at = line + 6;

	if (!r->open || !r->event || (line[2] != 'm' && line[2] != 'g') || line[3] != ' ' ||
	    (line[4] != 'k' && line[4] != 'p') || line[5] != ' ' ||
	    !profile_number(&at, 10, &samples) || !profile_is_name(at))
		return profile_bad(r, "malformed function: must be m|g k|p SAMPLES NAME, in a region");
	if (profile_grow((void **)&p->functions, r->n_functions, &r->function_room,
			 sizeof(*p->functions)))
		return err_sys(r->err, ENOMEM, "%s", r->path);
	p->functions[r->n_functions++] = (struct profile_function){
		.guest = line[2] == 'g', .kernel = line[4] == 'k', .samples = samples, .name = at,
	};
	return profile_add(r, &r->sum, samples);
}

static int profile_here(struct profile_reader *r, char *line)
{
	char *at = line + strlen("here ");

	if (!profile_number(&at, 16, &r->here) || *at)
		return profile_bad(r, "no address of the program");
	return 0;
}

static int profile_clock(struct profile_reader *r, char *line)
{
	char *at = line + strlen("clock ");
	uint64_t clock;

	if (r->open || !r->p->n_regions || !profile_number(&at, 10, &clock) || *at)
		return profile_bad(r, "no region took this long");
	r->p->regions[r->p->n_regions - 1].clock = clock;
	return 0;
}

static int profile_sampled_by(struct profile_reader *r, char *line)
{
	r->event = line + strlen("sampled ");
	return profile_is_name(r->event) ? 0 : profile_bad(r, "malformed event: must be EVENT HZ");
}

/* "kernel m SHA256 PATH" or "program g SHA256 PATH". */
static int profile_kernel(struct profile_reader *r, char *line, struct profile_kernel *k)
{
	char *at = strchr(line + 9 + (*line == 'p'), ' ');

	line += 9 + (*line == 'p');
	if (!at || at - line != FILE_HASH_MAX - 1)
		return profile_bad(r, "malformed kernel or program: must be SHA-256 PATH");
	*at = '\0';
	k->sha256 = line;
	k->path = at + 1;
	return 0;
}

static int profile_process(struct profile_reader *r, char *line)
{
	char *at = line + strlen("run ");
	uint64_t process;

	if (r->open || !profile_number(&at, 10, &process) || !profile_is_name(at))
		return profile_bad(r, "malformed run: must be PROCESS CELL");
	r->process = process;
	r->here = 0;
	r->cell = at;
	return 0;
}

static int profile_header(struct profile_reader *r, const char *line)
{
	unsigned version;

	if (sscanf(line, "kduel-why %u vcpus %u", &version, &r->p->vcpus) != 2)
		return profile_bad(r, "this is nothing that the plugin wrote");
	if (version < PROFILE_OLDEST || version > PROFILE_VERSION)
		return err_config(r->err, "%s was written by version %u of the plugin; this kduel reads version %d",
				  r->path, version, PROFILE_VERSION);
	r->header = true;
	return 0;
}

/* Nearly all lines are of one letter: what was counted. */
static int profile_counted(struct profile_reader *r, char *line)
{
	switch (*line) {
	case 'm':
	case 'g':
		return profile_segment(r, line);
	case 'x':
		return profile_again(r, line);
	case 'l':
	case 'w':
		return profile_memory(r, line);
	case 's':
		return profile_stack(r, line);
	case 'f':
		return profile_function(r, line);
	}
	return profile_bad(r, "unknown kind of line");
}

static int profile_line(struct profile_reader *r, char *line)
{
	if (r->header && *line && line[1] == ' ')
		return profile_counted(r, line);
	if (!strncmp(line, "kernel m ", 9))
		return profile_kernel(r, line, &r->p->mut);
	if (!strncmp(line, "kernel g ", 9))
		return profile_kernel(r, line, &r->p->guest);
	if (!strncmp(line, "program g ", 10))
		return profile_kernel(r, line, &r->p->program);
	if (!strcmp(line, "start"))
		return 0;
	if (!r->header)
		return profile_header(r, line);
	if (!strncmp(line, "run ", 4))
		return profile_process(r, line);
	if (!strncmp(line, "memory ", 7))
		return profile_touched(r, line);
	if (!strncmp(line, "node ", 5))
		return profile_node(r, line);
	if (!strncmp(line, "rest ", 5))
		return profile_rest(r, line);
	if (!strncmp(line, "region ", 7) || !strncmp(line, "phase ", 6))
		return profile_take_begin(r, line);
	if (!strncmp(line, "end ", 4))
		return profile_end(r, line);
	if (!strncmp(line, "things ", 7))
		return profile_things(r, line);
	if (!strncmp(line, "clock ", 6))
		return profile_clock(r, line);
	if (!strncmp(line, "sampled ", 8))
		return profile_sampled_by(r, line);
	if (!strncmp(line, "here ", 5))
		return profile_here(r, line);
	if (!strcmp(line, "counting") || !strcmp(line, "started"))
		return 0;
	return profile_bad(r, "unknown kind of line");
}

static void profile_point(struct profile *p)
{
	size_t first = 0, first_stack = 0, first_function = 0;

	for (size_t i = 0; i < p->n_regions; i++) {
		p->regions[i].segments = p->segments + first;
		first += p->regions[i].n;
		p->regions[i].stacks = p->stacks + first_stack;
		p->regions[i].nodes = p->nodes;
		first_stack += p->regions[i].n_stacks;
		p->regions[i].functions = p->functions + first_function;
		first_function += p->regions[i].n_functions;
	}
}

int profile_read(struct profile *p, const char *path, struct err *err)
{
	struct profile_reader r = { .p = p, .path = path, .err = err, .cell = "" };
	char *line, *end;
	size_t len;
	int ret;

	*p = (struct profile){ 0 };
	ret = file_read(path, &p->text, &len, err);
	if (!ret && strlen(p->text) != len)
		ret = profile_bad(&r, "this is no text: it holds a byte of 0");
	/* An incomplete last line was being written when QEMU ended. */
	for (line = p->text; !ret && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		r.line++;
		ret = profile_line(&r, line);
	}
	free(r.written);
	if (!ret && !r.header)
		ret = profile_bad(&r, "this is nothing that the plugin wrote");
	if (ret)
		profile_release(p);
	else
		profile_point(p);
	return ret;
}

void profile_release(struct profile *p)
{
	free(p->regions);
	free(p->segments);
	free(p->stacks);
	free(p->nodes);
	free(p->functions);
	free(p->text);
	*p = (struct profile){ 0 };
}
