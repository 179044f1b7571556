/* SPDX-License-Identifier: GPL-2.0-or-later */
/* perf_event_open(2), with libpfm4 to turn names into its attributes. */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <perfmon/pfmlib.h>
#include <perfmon/pfmlib_perf_event.h>

#include "counters-provider.h"
#include "counters.h"

struct reading {
	uint64_t value, enabled, running;
};

struct perf_group {
	size_t n;
	int fd[COUNTERS_MOST];
	bool multiplex;
	bool inherit;		/* then `base`: what ended children had counted before */
	struct reading base[COUNTERS_MOST];
};

static int sys_perf_event_open(struct perf_event_attr *attr, pid_t tid, int group)
{
	return syscall(SYS_perf_event_open, attr, tid, -1, group, PERF_FLAG_FD_CLOEXEC);
}

/* Does the kernel open such an event of this thread? 0, or the errno. */
static int counters_perf_try(uint32_t type, uint64_t config)
{
	struct perf_event_attr attr = {
		.type = type, .size = sizeof(attr), .config = config, .exclude_kernel = 1,
		.disabled = 1,
	};
	int fd = sys_perf_event_open(&attr, 0, -1);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

bool counters_pmu_missing(char why[static WHY_MAX])
{
	static int error = -1;

	if (error < 0)
		error = counters_perf_try(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES);
	if (error != ENOENT && error != EOPNOTSUPP && error != ENODEV)
		return false;
	snprintf(why, WHY_MAX, "no PMU here (perf_event_open: %s)", strerror(error));
	return true;
}

static int counters_perf_init(char why[static WHY_MAX])
{
	int error = counters_perf_try(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN);

	if (!error)
		return 0;
	snprintf(why, WHY_MAX, "perf_event_open: %s%s", strerror(error),
		 error == ENOSYS ? " (CONFIG_PERF_EVENTS)" :
		 error == EACCES || error == EPERM
			? " (/proc/sys/kernel/perf_event_paranoid)" : "");
	return -1;
}

static int counters_perf_name_failed(int pfm, char why[static WHY_MAX])
{
	snprintf(why, WHY_MAX, "libpfm4: %s", pfm_strerror(pfm));
	return -1;
}

/* libpfm4 is started for the first name: its start takes long in a guest. */
static int counters_perf_encode(const struct counter_event *ev, struct perf_event_attr *attr,
				char why[static WHY_MAX])
{
	pfm_perf_encode_arg_t arg = { .attr = attr, .size = sizeof(arg) };
	static bool started;
	int ret = PFM_SUCCESS;

	memset(attr, 0, sizeof(*attr));
	attr->size = sizeof(*attr);
	if (!ev->hardware) {
		attr->type = PERF_TYPE_SOFTWARE;
		attr->config = ev->software;
		return 0;
	}
	if (counters_pmu_missing(why))
		return -1;
	/*
	 * libpfm4 lags behind processors. A caller who names the unit of an
	 * older sibling ("spr::...") knows that the codes are the same.
	 */
	setenv("LIBPFM_ENCODE_INACTIVE", "1", 0);
	if (!started)
		ret = pfm_initialize();
	if (ret != PFM_SUCCESS)
		return counters_perf_name_failed(ret, why);
	started = true;
	ret = pfm_get_os_event_encoding(ev->native, PFM_PLM0 | PFM_PLM3,
					PFM_OS_PERF_EVENT_EXT, &arg);
	return ret == PFM_SUCCESS ? 0 : counters_perf_name_failed(ret, why);
}

/* In a guest of a hypervisor without a virtual PMU the kernel has none. */
static const char *counters_perf_hint(int error)
{
	if (error == ENOENT || error == EOPNOTSUPP)
		return " (no PMU for it here)";
	if (error == EACCES || error == EPERM)
		return " (/proc/sys/kernel/perf_event_paranoid)";
	return "";
}

static int counters_perf_open_one(struct perf_group *g, const struct group_request *rq,
				  const struct counter_event *ev, char why[static WHY_MAX])
{
	struct perf_event_attr attr;
	bool leads = !g->n || rq->multiplex;
	int fd;

	if (counters_perf_encode(ev, &attr, why))
		return -1;
	if (rq->guest_only && attr.type == PERF_TYPE_SOFTWARE) {
		snprintf(why, WHY_MAX, "a software event cannot be filtered to the guest");
		return -1;
	}
	attr.disabled = leads;
	attr.exclude_host = rq->guest_only;
	attr.exclude_guest = 0;
	attr.inherit = rq->inherit;
	attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
	/* All of a group at once or not at all, never rotated with others. */
	attr.pinned = leads && !rq->multiplex;
	fd = sys_perf_event_open(&attr, rq->tid, leads ? -1 : g->fd[0]);
	if (fd < 0 && (errno == EACCES || errno == EPERM)) {
		attr.exclude_kernel = 1;
		fd = sys_perf_event_open(&attr, rq->tid, leads ? -1 : g->fd[0]);
	}
	if (fd < 0) {
		snprintf(why, WHY_MAX, "perf_event_open: %s%s", strerror(errno),
			 counters_perf_hint(errno));
		return -1;
	}
	g->fd[g->n++] = fd;
	return 0;
}

static void counters_perf_each(struct perf_group *g, unsigned long request)
{
	for (size_t i = 0; i < (g->multiplex ? g->n : 1); i++)
		ioctl(g->fd[i], request, PERF_IOC_FLAG_GROUP);
}

static void counters_perf_start(void *group)
{
	struct perf_group *g = group;

	counters_perf_each(g, PERF_EVENT_IOC_RESET);
	/* A reset clears what this thread counted, but not what its children did. */
	for (size_t i = 0; g->inherit && i < g->n; i++)
		if (read(g->fd[i], &g->base[i], sizeof(g->base[i])) != sizeof(g->base[i]))
			g->base[i] = (struct reading){ 0 };
	counters_perf_each(g, PERF_EVENT_IOC_ENABLE);
}

/*
 * False if an event was enabled but never counted: that is no count, not a
 * count of 0. A thread that did not run at all (a vCPU that slept) does have
 * one, of 0.
 */
static bool counters_perf_read_all(struct perf_group *g, uint64_t *values, bool *scaled)
{
	bool ran = true;

	for (size_t i = 0; i < g->n; i++) {
		struct reading r = { 0 };
		bool there = read(g->fd[i], &r, sizeof(r)) == sizeof(r);

		r.value -= g->base[i].value;
		r.enabled -= g->base[i].enabled;
		r.running -= g->base[i].running;
		if (!there || (r.enabled && !r.running)) {
			values[i] = 0;
			ran = false;
			continue;
		}
		*scaled |= r.running < r.enabled;
		values[i] = r.running < r.enabled
			? (uint64_t)((double)r.value * r.enabled / r.running) : r.value;
	}
	return ran;
}

static int counters_perf_stop(void *group, uint64_t *values)
{
	bool scaled = false;

	counters_perf_each(group, PERF_EVENT_IOC_DISABLE);
	return counters_perf_read_all(group, values, &scaled) ? scaled : -1;
}

static void counters_perf_close_group(void *group)
{
	struct perf_group *g = group;

	while (g->n)
		close(g->fd[--g->n]);
	free(g);
}

/* For a thread that sleeps (a vCPU) no event runs: then opening is proof enough. */
static int counters_perf_prove(struct perf_group *g, const struct group_request *rq,
			       char why[static WHY_MAX])
{
	uint64_t values[COUNTERS_MOST];
	bool scaled = false, ran;

	counters_perf_start(g);
	for (volatile int i = 0; i < 1000; i++)
		;
	counters_perf_each(g, PERF_EVENT_IOC_DISABLE);
	ran = counters_perf_read_all(g, values, &scaled);
	if (ran || rq->tid || rq->multiplex)
		return 0;
	snprintf(why, WHY_MAX, "opened, but never counts: others hold the processor's counters");
	return -1;
}

static void *counters_perf_open_group(const struct group_request *rq, char why[static WHY_MAX])
{
	struct perf_group *g = calloc(1, sizeof(*g));

	if (!g) {
		snprintf(why, WHY_MAX, "out of memory");
		return NULL;
	}
	g->multiplex = rq->multiplex;
	g->inherit = rq->inherit;
	for (size_t i = 0; i < rq->n; i++)
		if (counters_perf_open_one(g, rq, rq->events[i], why)) {
			counters_perf_close_group(g);
			return NULL;
		}
	if (counters_perf_prove(g, rq, why)) {
		counters_perf_close_group(g);
		return NULL;
	}
	return g;
}

const struct provider provider_perf = {
	"perf",
	false,
	false,
	counters_perf_init,
	counters_perf_open_group,
	counters_perf_start,
	counters_perf_stop,
	counters_perf_close_group,
};

/* The events that need no processor's table. */

const struct counter_event counters_software[] = {
	{ "minor_faults", "perf::MINOR-FAULTS", false, PERF_COUNT_SW_PAGE_FAULTS_MIN },
	{ "major_faults", "perf::MAJOR-FAULTS", false, PERF_COUNT_SW_PAGE_FAULTS_MAJ },
	{ "context_switches", "perf::CONTEXT-SWITCHES", false, PERF_COUNT_SW_CONTEXT_SWITCHES },
	{ "cpu_migrations", "perf::CPU-MIGRATIONS", false, PERF_COUNT_SW_CPU_MIGRATIONS },
};
const size_t counters_software_n = sizeof(counters_software) / sizeof(counters_software[0]);

const struct counter_event counters_generic[] = {
	{ "cycles", "perf::CYCLES", true, 0 },
	{ "instructions", "perf::INSTRUCTIONS", true, 0 },
	{ "dtlb_load_misses", "perf::DTLB-LOAD-MISSES", true, 0 },
	{ "dtlb_store_misses", "perf::DTLB-STORE-MISSES", true, 0 },
};
const size_t counters_generic_n = sizeof(counters_generic) / sizeof(counters_generic[0]);
