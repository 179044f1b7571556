/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

struct profile_reader {
	struct profile *p;
	const char *path;
	unsigned line;
	size_t n_segments, segment_room, region_room;
	size_t first;		/* segment of the open region */
	bool open, header;
	const char *cell;	/* of the last run */
	unsigned process;
	uint64_t sum;
	struct err *err;
};

static int profile_bad(const struct profile_reader *r, const char *what)
{
	return err_config(r->err, "%s: line %u: %s", r->path, r->line, what);
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

/* A number in `base` and the blank or end after it. */
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

static int profile_segment(struct profile_reader *r, char *line)
{
	struct profile *p = r->p;
	uint64_t vaddr, insns, times, hash;
	char *at = line + 2;

	if (!r->open)
		return profile_bad(r, "a segment outside a region");
	if (!profile_number(&at, 16, &vaddr) || !profile_number(&at, 10, &insns) ||
	    !profile_number(&at, 10, &times) || !profile_number(&at, 16, &hash) || *at ||
	    insns > UINT32_MAX || hash > UINT32_MAX)
		return profile_bad(r, "no segment: VADDR INSNS TIMES HASH are wanted");
	if (profile_grow((void **)&p->segments, r->n_segments, &r->segment_room,
			 sizeof(*p->segments)))
		return err_sys(r->err, ENOMEM, "%s", r->path);
	p->segments[r->n_segments++] = (struct profile_segment){
		.vaddr = vaddr, .times = times, .insns = insns, .hash = hash,
		.guest = *line == 'g',
	};
	r->sum += insns * times;
	return 0;
}

static int profile_begin(struct profile_reader *r, char *line)
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
	if (!profile_number(&at, 10, &seq) || !profile_number(&at, 10, &region.entries) || *at)
		return profile_bad(r, "no region: TAG SEQ ENTRIES are wanted");
	if (seq != p->n_regions)
		return profile_bad(r, "regions are missing: the numbers do not follow each other");
	region.cell = r->cell;
	region.process = r->process;
	region.series = tag >> 16;
	region.sample = tag & 0xffff;
	if (profile_grow((void **)&p->regions, p->n_regions, &r->region_room,
			 sizeof(*p->regions)))
		return err_sys(r->err, ENOMEM, "%s", r->path);
	p->regions[p->n_regions] = region;
	r->first = r->n_segments;
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
		return profile_bad(r, "the region's lines do not sum up to its end");
	region->n = r->n_segments - r->first;
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

static int profile_clock(struct profile_reader *r, char *line)
{
	char *at = line + strlen("clock ");
	uint64_t clock;

	if (r->open || !r->p->n_regions || !profile_number(&at, 10, &clock) || *at)
		return profile_bad(r, "no region took this long");
	r->p->regions[r->p->n_regions - 1].clock = clock;
	return 0;
}

static int profile_kernel(struct profile_reader *r, char *line)
{
	struct profile_kernel *k = line[7] == 'm' ? &r->p->mut : &r->p->guest;
	char *at = strchr(line + 9, ' ');

	if (!at || at - (line + 9) != FILE_HASH_MAX - 1)
		return profile_bad(r, "no kernel: its SHA-256 and path are wanted");
	*at = '\0';
	k->sha256 = line + 9;
	k->path = at + 1;
	return 0;
}

static int profile_process(struct profile_reader *r, char *line)
{
	char *at = line + strlen("run ");
	uint64_t process;

	if (r->open || !profile_number(&at, 10, &process) || !*at)
		return profile_bad(r, "no run: PROCESS CELL are wanted");
	r->process = process;
	r->cell = at;
	return 0;
}

static int profile_header(struct profile_reader *r, const char *line)
{
	unsigned version;

	if (sscanf(line, "kduel-why %u vcpus %u", &version, &r->p->vcpus) != 2)
		return profile_bad(r, "this is nothing that the plugin wrote");
	if (version != PROFILE_VERSION)
		return err_config(r->err, "%s was written by version %u of the plugin; this kduel reads version %d",
				  r->path, version, PROFILE_VERSION);
	r->header = true;
	return 0;
}

static int profile_line(struct profile_reader *r, char *line)
{
	if (!strncmp(line, "kernel m ", 9) || !strncmp(line, "kernel g ", 9))
		return profile_kernel(r, line);
	if (!strcmp(line, "start"))
		return 0;
	if (!r->header)
		return profile_header(r, line);
	if (!strncmp(line, "run ", 4))
		return profile_process(r, line);
	if (!strncmp(line, "m ", 2) || !strncmp(line, "g ", 2))
		return profile_segment(r, line);
	if (!strncmp(line, "region ", 7) || !strncmp(line, "phase ", 6))
		return profile_begin(r, line);
	if (!strncmp(line, "end ", 4))
		return profile_end(r, line);
	if (!strncmp(line, "things ", 7))
		return profile_things(r, line);
	if (!strncmp(line, "clock ", 6))
		return profile_clock(r, line);
	if (!strcmp(line, "counting"))
		return 0;
	return profile_bad(r, "a line of no known kind");
}

static void profile_point(struct profile *p)
{
	size_t first = 0;

	for (size_t i = 0; i < p->n_regions; i++) {
		p->regions[i].segments = p->segments + first;
		first += p->regions[i].n;
	}
}

int profile_read(struct profile *p, const char *path, struct err *err)
{
	struct profile_reader r = { .p = p, .path = path, .err = err, .cell = "" };
	char *line, *end;
	int ret;

	*p = (struct profile){ 0 };
	ret = file_read(path, &p->text, NULL, err);
	/* A line that is not whole was being written when QEMU was ended. */
	for (line = p->text; !ret && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		r.line++;
		ret = profile_line(&r, line);
	}
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
	free(p->text);
	*p = (struct profile){ 0 };
}
