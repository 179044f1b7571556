/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's interface for execution plugins, version 1 (QEMU 4.2 to 8.2), as far
 * as it is used here: declared from QEMU's documentation, since distributions
 * package no header. QEMU itself exports these functions to what it loads; a
 * handle (tb, insn) is valid only during the callback that it was given to.
 */
#ifndef KDUEL_PLUGIN_QEMU_API_H
#define KDUEL_PLUGIN_QEMU_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QEMU_API_VERSION 1

typedef uint64_t qemu_plugin_id_t;

struct qemu_plugin_tb;
struct qemu_plugin_insn;

typedef struct {
	const char *target_name;	/* "x86_64" */
	struct {
		int min, cur;
	} version;
	bool system_emulation;
	struct {
		int smp_vcpus, max_vcpus;
	} system;
} qemu_info_t;

enum qemu_plugin_op { QEMU_PLUGIN_ADD_U64 };
enum qemu_plugin_cb_flags { QEMU_PLUGIN_NO_REGS };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_READS = 1, QEMU_PLUGIN_WRITES, QEMU_PLUGIN_BOTH };

typedef void (*qemu_plugin_simple_cb)(qemu_plugin_id_t id);
typedef void (*qemu_plugin_tb_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*qemu_plugin_exec_cb)(unsigned vcpu, void *arg);
typedef void (*qemu_plugin_mem_cb)(unsigned vcpu, uint32_t what, uint64_t vaddr,
				   void *arg);

/* What the plugin exports. */
extern int qemu_plugin_version;
int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
			char **argv);

/* What QEMU exports. */
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_tb_cb cb);

/*
 * Forgets all callbacks and, from a virtual processor's thread, all translated
 * code; then calls `cb`, which registers again. That may be after the call has returned.
 */
void qemu_plugin_reset(qemu_plugin_id_t id, qemu_plugin_simple_cb cb);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb,
						 size_t i);

const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);

/* Before the instruction; a callback comes before an addition. */
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    qemu_plugin_exec_cb cb,
					    enum qemu_plugin_cb_flags flags, void *arg);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
						enum qemu_plugin_op op, void *at,
						uint64_t add);

/* After each access that succeeded. */
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qemu_plugin_mem_cb cb,
				      enum qemu_plugin_cb_flags flags,
				      enum qemu_plugin_mem_rw rw, void *arg);
void qemu_plugin_register_vcpu_mem_inline(struct qemu_plugin_insn *insn,
					  enum qemu_plugin_mem_rw rw, enum qemu_plugin_op op,
					  void *at, uint64_t add);
/* Where an access went, during its callback: NULL if unknown. */
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t what, uint64_t vaddr);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *at);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *at);

unsigned qemu_plugin_mem_size_shift(uint32_t what);

#endif
