/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "backing/device.h"
#include "backing/kvm-stats.h"
#include "clock.h"
#include "count.h"
#include "file.h"
#include "inject.h"
#include "split.h"
#include "vm.h"

#define GUEST_KERNEL "/guest/bzImage"
#define GUEST_INITRD "/guest/initrd"

struct node {
	struct agent *agent;
	struct backing backing;	/* .kind NULL: none prepared */
	struct vm vm;		/* .loop NULL: none started */
	uint64_t low;		/* bytes of the guest's RAM that lie below its 4G */
	struct vcpu_count *count;	/* NULL: nothing is counted */
	struct sample *sample;	/* NULL: nothing is sampled */
	struct split *split;	/* NULL: nobody splits its mappings */
};

int node_new(struct node **n, struct agent *a, struct err *err)
{
	*n = calloc(1, sizeof(**n));
	if (!*n)
		return err_sys(err, ENOMEM, "cannot start the node's role");
	(*n)->agent = a;
	return 0;
}

static void node_end_count(struct node *n)
{
	vcpu_count_free(n->count);
	n->count = NULL;
	sample_free(n->sample);
	n->sample = NULL;
}

static int node_must_run(const struct node *n, struct err *err)
{
	return n->vm.running ? 0 : err_set(err, EXIT_MACHINE, -EPIPE, "no guest is running");
}

static void node_end_split(struct node *n)
{
	split_free(n->split);
	n->split = NULL;
}

void node_free(struct node *n)
{
	if (!n)
		return;
	node_end_count(n);
	node_end_split(n);
	vm_release(&n->vm);
	backing_release(&n->backing);
	free(n);
}

/*
 * A backing on a device overwrites it. In a VM of ours there is nothing else;
 * on any other machine the user says which, and `nvdimm` bytes for a guest's NVDIMM
 * must not take one more.
 */
static int node_check_device(const struct agent *a, const struct backing_kind *kind,
			     const struct view *params, const char *own, uint64_t nvdimm,
			     struct err *err)
{
	const char *device = "";
	char holds[400];

	if (!kind->pmem || a->pid1)
		return 0;
	if (params && view_string_or(params, "device", "", &device, err))
		return err->code;
	if (!*device)
		return err_config(err, "backing %s overwrites a device: name one that holds nothing "
				  "you need, as its parameter 'device' (namespace0.0)", kind->name);
	if (nvdimm && kind->guest_pmem_apart)
		return err_config(err, "backing %s would take another namespace for the guest's NVDIMM, "
				  "beside %.64s", kind->name, device);
	if (device_suits(kind, device, err))
		return err->code;
	if (device_is_granted(device, own))
		return 0;
	device_describe(device, holds, sizeof(holds));
	return device_refuse(kind, device, own, holds, err);
}

/*
 * A machine of ours does not wait whole ticks for each grace period while devices come and
 * go, as it did not either while its kernel booted. Nothing is timed meanwhile.
 */
static void node_hurry(const struct agent *a, bool on)
{
	if (a->pid1)
		file_poke("/sys/kernel/rcu_expedited", on ? "1" : "0", NULL);
}

int node_op_prepare(struct agent *a, int64_t id, const struct view *args,
		    json_t *reply, struct err *err)
{
	struct node *n = a->node;
	const struct backing_kind *kind;
	const struct view *params;
	const char *name, *own;
	uint64_t size, nvdimm;
	json_t *tree;
	int ret;

	(void)id;
	if (n->backing.kind)
		return err_set(err, EXIT_MACHINE, -EBUSY,
			       "backing %s is prepared: release it first",
			       n->backing.kind->name);
	if (view_name(args, "backing", &name, err) ||
	    view_size(args, "size", &size, err) ||
	    view_list_or(args, "params", JSON_OBJECT, &params, err) ||
	    backing_find(name, &kind, err) ||
	    view_string_or(args, "own", "", &own, err) ||
	    view_count_or(args, "guest_pmem", INT64_MAX, 0, &nvdimm, err) ||
	    node_check_device(a, kind, params, own, nvdimm, err))
		return err->code;
	tree = view_json(params);
	node_hurry(a, true);
	ret = backing_prepare(&n->backing, kind, size, tree, err);
	json_decref(tree);
	if (!ret && nvdimm) {
		ret = backing_add_nvdimm(&n->backing, nvdimm, err);
		if (ret)
			backing_release(&n->backing);
	}
	node_hurry(a, false);
	if (ret)
		return ret;
	json_object_set_new(reply, "backing", json_string(name));
	json_object_set_new(reply, "size", json_integer(size));
	json_object_set_new(reply, "path", n->backing.path[0] ?
			    json_string(n->backing.path) : json_null());
	json_object_set(reply, "facts", n->backing.facts);
	json_object_set_new(reply, "proof", backing_file_proof(&n->backing));
	json_object_set(reply, "phases", n->backing.phases);
	return 0;
}

int node_op_release(struct agent *a, int64_t id, const struct view *args,
		    json_t *reply, struct err *err)
{
	struct node *n = a->node;
	const char *name;

	(void)id;
	(void)reply;
	if (view_name(args, "backing", &name, err))
		return err->code;
	if (n->vm.loop)
		return err_set(err, EXIT_MACHINE, -EBUSY,
			       "a guest uses backing %s: stop it first", name);
	if (!n->backing.kind || strcmp(n->backing.kind->name, name))
		return err_config(err, "backing '%s' is not prepared", name);
	backing_release(&n->backing);
	return 0;
}

static void node_on_guest_frame(void *arg, const struct frame *f)
{
	struct node *n = arg;
	struct err err = ERR_INIT;

	if (link_send_payload(&n->agent->link, FRAME_GUEST, f->payload, f->len, &err))
		agent_log(n->agent, "a message of the guest was dropped: %s", err.text);
}

static void node_on_guest_lost(void *arg, const char *class, const char *text)
{
	struct node *n = arg;
	json_t *event = message_event("guest-lost");

	json_object_set_new(event, "class", json_string(class));
	json_object_set_new(event, "text", json_string(text));
	json_object_set_new(event, "console", console_tail(n->vm.console));
	agent_send(n->agent, event);
}

static int node_parse_accel(const struct view *args, enum qemu_accel *accel, struct err *err)
{
	static const char *const known[] = { "kvm", "tcg" };
	const char *name;

	if (view_string_or(args, "accel", "kvm", &name, err))
		return err->code;
	*accel = !strcmp(name, "tcg") ? QEMU_TCG : QEMU_KVM;
	if (strcmp(name, "tcg") && strcmp(name, "kvm"))
		return err_unknown(err, "accel", name, known, 2);
	return 0;
}

static int node_take_disks(const struct view *args, struct qemu_vm *q, struct err *err)
{
	const struct view *list, *one;

	if (view_list_or(args, "disks", JSON_ARRAY, &list, err))
		return err->code;
	view_each(one, list) {
		struct qemu_disk *d = &q->disks[q->n_disks];

		if (q->n_disks++ == QEMU_DISKS_MAX)
			return err_config(err, "disks: a guest has at most %d", QEMU_DISKS_MAX);
		if (view_string(one, "path", &d->path, err) ||
		    view_name(one, "serial", &d->serial, err))
			return err->code;
		if (strlen(d->serial) > QEMU_SERIAL_MAX || strchr(d->serial, ','))
			return err_config(err, "disks: '%.40s' is not a serial number", d->serial);
	}
	return 0;
}

static int node_describe_guest(const struct node *n, const struct view *args,
			       struct qemu_vm *q, bool *monitor, uint64_t *nonce,
			       struct err *err)
{
	struct settings s = { 0 };
	const char *text;
	unsigned device = GUEST_NVDIMM;
	uint64_t cpus;

	*q = (struct qemu_vm){
		.role = QEMU_GUEST,
		.memory = n->backing.size,
		.ram = n->backing.kind->ram,
		.pmem = n->backing.nvdimm.size,
		.pmem_path = n->backing.nvdimm.path[0] ? n->backing.nvdimm.path : NULL,
		.ram_path = n->backing.path[0] ? n->backing.path : NULL,
		.ram_page = n->backing.pmem.align > n->backing.kind->page
			? n->backing.pmem.align : n->backing.kind->page,
	};
	if (view_string_or(args, "kernel", GUEST_KERNEL, &q->kernel, err) ||
	    view_string_or(args, "initrd", GUEST_INITRD, &q->initrd, err) ||
	    view_string_or(args, "cmdline", NULL, &q->append, err) ||
	    view_count(args, "cpus", 1024, &cpus, err) ||
	    view_name(args, "nonce", &text, err) ||
	    settings_set(&s, "nonce", text, err) ||
	    view_bool_or(args, "monitor", false, monitor, err) ||
	    view_count_or(args, "shift", 1 << 30, 0, &q->shift, err) ||
	    (view_get(args, "pmem_device") &&
	     view_choice(args, "pmem_device", guest_pmem_words, &device, err)) ||
	    node_parse_accel(args, &q->accel, err))
		return err->code;
	if (node_take_disks(args, q, err))
		return err->code;
	if (cpus < 1)
		return err_config(err, "cpus: a guest needs at least 1");
	q->cpus = cpus;
	q->pmem_virtio = device == GUEST_VIRTIO_PMEM;
	*nonce = s.nonce;
	return 0;
}

static json_t *node_words(const struct args *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->n; i++)
		json_array_append_new(list, json_string(a->v[i]));
	return list;
}

int node_op_guest_start(struct agent *a, int64_t id, const struct view *args,
			json_t *reply, struct err *err)
{
	struct node *n = a->node;
	struct qemu_vm q;
	uint64_t nonce = 0, align, phase;
	bool monitor = false;
	int ret;

	(void)id;
	if (message_align(args, &align, &phase, err))
		return err->code;
	if (n->vm.loop)
		return err_set(err, EXIT_MACHINE, -EBUSY, "a guest runs already: stop it first");
	if (!n->backing.kind)
		return err_config(err, "no backing is prepared for the guest's memory");
	ret = node_describe_guest(n, args, &q, &monitor, &nonce, err);
	n->low = qemu_low_memory(&q);
	clock_align(align, phase);
	if (!ret)
		ret = vm_start(&n->vm, a->loop, &q, monitor, nonce, node_on_guest_frame,
			       node_on_guest_lost, n, err);
	if (ret)
		return ret;
	json_object_set_new(reply, "pid", json_integer(n->vm.proc.pid));
	json_object_set_new(reply, "args", node_words(&n->vm.args));
	return 0;
}

int node_op_guest_stop(struct agent *a, int64_t id, const struct view *args,
		       json_t *reply, struct err *err)
{
	struct vm *vm = &a->node->vm;

	(void)id;
	(void)args;
	(void)err;
	if (vm->loop) {
		console_drain(vm->console);
		json_object_set_new(reply, "console", console_tail(vm->console));
	}
	node_end_count(a->node);
	node_end_split(a->node);
	vm_release(vm);
	return 0;
}

int node_op_count(struct agent *a, int64_t id, const struct view *args,
		  json_t *reply, struct err *err)
{
	struct node *n = a->node;
	const struct view *events;
	json_t *tree;
	int ret;

	(void)id;
	(void)reply;
	if (node_must_run(n, err))
		return err->code;
	ret = view_list(args, "events", JSON_ARRAY, &events, err);
	if (ret)
		return ret;
	node_end_count(n);
	tree = view_json(events);
	ret = vcpu_count_start(&n->count, n->vm.proc.pid, tree, err);
	json_decref(tree);
	return ret;
}

int node_op_count_stop(struct agent *a, int64_t id, const struct view *args,
		       json_t *reply, struct err *err)
{
	struct node *n = a->node;
	json_t *counted;

	(void)id;
	(void)args;
	if (!n->count)
		return err_config(err, "count-stop: nothing is being counted");
	counted = vcpu_count_stop(n->count);
	if (n->split)
		json_array_append_new(json_object_get(counted, "counters"),
				      json_pack("{s:s, s:s, s:s, s:I}", "name", "split_rounds",
						"native", "kduel:split", "provider", "kduel",
						"value", (json_int_t)split_count(n->split)));
	n->count = NULL;
	json_object_update(reply, counted);
	json_decref(counted);
	return 0;
}

int node_op_sample(struct agent *a, int64_t id, const struct view *args,
		   json_t *reply, struct err *err)
{
	struct node *n = a->node;

	(void)id;
	(void)args;
	(void)reply;
	if (node_must_run(n, err))
		return err->code;
	sample_free(n->sample);
	n->sample = NULL;
	return sample_start(&n->sample, n->vm.proc.pid, err);
}

int node_op_sample_stop(struct agent *a, int64_t id, const struct view *args,
			json_t *reply, struct err *err)
{
	struct sample *s = a->node->sample;

	(void)id;
	(void)args;
	if (!s)
		return err_config(err, "sample-stop: nothing is being sampled");
	a->node->sample = NULL;
	return sample_stop(s, reply, err);
}

/* Reads `on`, for what is switched while a guest runs. */
static int node_read_switch(const struct view *args, bool *on, struct err *err)
{
	if (!view_get(args, "on"))
		return err_config(err, "on: is missing");
	return view_bool_or(args, "on", false, on, err);
}

/* Blocks until KVM logs, or no longer does; nothing is timed meanwhile. */
int node_op_dirty_log(struct agent *a, int64_t id, const struct view *args,
		      json_t *reply, struct err *err)
{
	struct node *n = a->node;
	double begin = loop_now();
	bool on;
	int ret = node_read_switch(args, &on, err);

	(void)id;
	if (!ret)
		ret = node_must_run(n, err);
	if (!ret)
		ret = on ? monitor_log_start(&n->vm.monitor, err)
			 : monitor_log_stop(&n->vm.monitor, err);
	json_object_set_new(reply, "seconds", json_real(loop_now() - begin));
	return ret;
}

int node_op_split(struct agent *a, int64_t id, const struct view *args,
		  json_t *reply, struct err *err)
{
	struct node *n = a->node;
	json_t *told;
	bool on, scratch;
	int ret = node_read_switch(args, &on, err);

	(void)id;
	/* How far the rounds came is told of a guest that has ended as well. */
	if (!ret && (on || !n->split))
		ret = node_must_run(n, err);
	if (ret || view_bool_or(args, "scratch", false, &scratch, err))
		return err->code;
	if (on == !!n->split)
		return err_config(err, "splitting is %s already", on ? "on" : "off");
	if (on)
		return split_start(&n->split, &n->backing, n->vm.proc.pid, scratch, err);
	told = split_stop(n->split, err);
	n->split = NULL;
	if (!told)
		return err->code;
	json_object_update(reply, told);
	json_decref(told);
	return 0;
}

/* Begins at 1M: below it is a hole that is not memory. */
int node_op_pre_fault(struct agent *a, int64_t id, const struct view *args,
		      json_t *reply, struct err *err)
{
	struct node *n = a->node;
	const struct pre_fault_range ranges[] = {
		{ 1 << 20, n->low - (1 << 20) },
		{ 1ULL << 32, n->backing.size - n->low },
	};
	double begin = loop_now();
	int ret;

	(void)id;
	(void)args;
	if (node_must_run(n, err))
		return err->code;
	ret = pre_fault(n->vm.proc.pid, ranges, 2, err);
	json_object_set_new(reply, "seconds", json_real(loop_now() - begin));
	return ret;
}

int node_op_proof(struct agent *a, int64_t id, const struct view *args,
		  json_t *reply, struct err *err)
{
	struct node *n = a->node;
	struct backing of = n->backing;
	bool nvdimm;
	json_t *layers;

	(void)id;
	if (node_must_run(n, err))
		return err->code;
	if (view_bool_or(args, "pmem", false, &nvdimm, err))
		return err->code;
	if (nvdimm && !of.nvdimm.size)
		return err_config(err, "pmem: the guest has no NVDIMM");
	if (nvdimm)
		of = backing_of_nvdimm(&n->backing);
	layers = json_array();
	json_array_append_new(layers, kvm_stats_proof(NULL, n->vm.proc.pid));
	json_array_append_new(layers, backing_mut_proof(&of, n->vm.proc.pid));
	json_array_append_new(layers, backing_file_proof(&of));
	json_object_set_new(reply, "layers", layers);
	return 0;
}

pid_t node_qemu(const struct node *n)
{
	return n->vm.running ? n->vm.proc.pid : 0;
}

/* Answers for a guest that is not there. */
static void node_refuse(struct agent *a, const struct frame *f)
{
	struct message m;
	uint64_t id;

	if (message_take(&m, f, NULL))
		return;
	if (!view_count(m.root, "id", INT64_MAX, &id, NULL))
		link_send(&a->link, FRAME_GUEST,
			  message_failure(id, MESSAGE_LOST, "no guest is running"), NULL);
	message_release(&m);
}

void node_relay(struct agent *a, const struct frame *f)
{
	struct vm *vm = &a->node->vm;
	struct err err = ERR_INIT;

	if (!vm->running)
		node_refuse(a, f);
	else if (link_send_payload(&vm->link, FRAME_GUEST, f->payload, f->len, &err))
		agent_log(a, "a message to the guest was dropped: %s", err.text);
}
