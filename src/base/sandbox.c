#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

/* ---- files ---- */

#ifndef LANDLOCK_ACCESS_FS_REFER /* since 5.19 */
#define LANDLOCK_ACCESS_FS_REFER (UINT64_C(1) << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE /* since 6.2 */
#define LANDLOCK_ACCESS_FS_TRUNCATE (UINT64_C(1) << 14)
#endif

static const uint64_t right_of[] = {
	[SANDBOX_REMOVE] = LANDLOCK_ACCESS_FS_REMOVE_FILE,
	[SANDBOX_WRITE] = LANDLOCK_ACCESS_FS_REMOVE_FILE |
			  LANDLOCK_ACCESS_FS_REMOVE_DIR |
			  LANDLOCK_ACCESS_FS_WRITE_FILE |
			  LANDLOCK_ACCESS_FS_MAKE_REG |
			  LANDLOCK_ACCESS_FS_MAKE_DIR |
			  LANDLOCK_ACCESS_FS_REFER |
			  LANDLOCK_ACCESS_FS_TRUNCATE,
	[SANDBOX_CHANGE] = LANDLOCK_ACCESS_FS_WRITE_FILE |
			   LANDLOCK_ACCESS_FS_TRUNCATE,
};

static long
landlock_version(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
}

bool
sandbox_has_landlock(void)
{
	return landlock_version() > 0;
}

/* One that is not there needs no rights. */
static bool
leave(int ruleset, const char *file, enum sandbox_right right, uint64_t handled)
{
	struct landlock_path_beneath_attr rule = { .parent_fd = -1 };
	char path[PATH_MAX];
	bool fine;

	rule.allowed_access = right_of[right] & handled;
	if (!(right == SANDBOX_CHANGE
		    ? text_copy(path, sizeof(path), file)
		    : file_folder(file, path, sizeof(path)))) {
		errno = ENAMETOOLONG;
		return false;
	}
	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0) {
		return errno == ENOENT;
	}
	fine = syscall(SYS_landlock_add_rule, ruleset,
		   LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
	(void)close(rule.parent_fd);
	return fine;
}

static bool
restrict_files(const struct sandbox_place *places, size_t count)
{
	const long version = landlock_version();
	const uint64_t newest = version < 2   ? LANDLOCK_ACCESS_FS_MAKE_SYM
				: version < 3 ? LANDLOCK_ACCESS_FS_REFER
					      : LANDLOCK_ACCESS_FS_TRUNCATE;
	/* All of that version, but those to read. */
	const struct landlock_ruleset_attr attributes = {
		.handled_access_fs = (newest * 2 - 1) &
				     ~(uint64_t)(LANDLOCK_ACCESS_FS_READ_FILE |
						 LANDLOCK_ACCESS_FS_READ_DIR)
	};
	const int ruleset = (int)syscall(
	    SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
	bool fine = ruleset >= 0;

	for (size_t i = 0; i < count && fine; i++) {
		const char *const file = places[i].file;
		const enum sandbox_right right = places[i].right;
		char real[PATH_MAX];

		if (file[0] != '\0') {
			fine = leave(ruleset, file, right,
				   attributes.handled_access_fs) &&
			       (realpath(file, real) == NULL ||
				   leave(ruleset, real, right,
				       attributes.handled_access_fs));
		}
	}
	fine = fine && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	if (ruleset >= 0) {
		(void)close(ruleset);
	}
	return fine;
}

/* What sanitizers find they write into files of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MUST_WRITE_REPORTS true
#else
#define MUST_WRITE_REPORTS false
#endif

void
sandbox_files(const struct sandbox_place *places, size_t count)
{
	if (!sandbox_has_landlock()) {
		log_warn("this kernel has no Landlock: only the modes of files "
			 "say what this process may write");
	} else if (!MUST_WRITE_REPORTS && !restrict_files(places, count)) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): no thread yet */
		log_warn("Landlock: %s: this process may write what its user "
			 "may",
		    strerror(errno));
	}
}

/* ---- calls ---- */

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

#ifdef ARCHITECTURE
static const int refused[] = {
	/* other programs and processes */
	SYS_execve,
	SYS_execveat,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_kcmp,
	SYS_pidfd_getfd,
/* LeakSanitizer looks at its own process so. */
#ifndef __SANITIZE_ADDRESS__
	SYS_ptrace,
#endif
	/* other users */
	SYS_setuid,
	SYS_setgid,
	SYS_setreuid,
	SYS_setregid,
	SYS_setresuid,
	SYS_setresgid,
	SYS_setgroups,
	SYS_setfsuid,
	SYS_setfsgid,
	SYS_capset,
	/* another world */
	SYS_mount,
	SYS_umount2,
	SYS_pivot_root,
	SYS_chroot,
	SYS_open_tree,
	SYS_move_mount,
	SYS_fsopen,
	SYS_fsconfig,
	SYS_fsmount,
	SYS_fspick,
	SYS_mount_setattr,
	SYS_setns,
	SYS_unshare,
	SYS_mknodat,
	SYS_open_by_handle_at,
	SYS_swapon,
	SYS_swapoff,
	SYS_acct,
	SYS_quotactl,
	SYS_sethostname,
	SYS_setdomainname,
	SYS_settimeofday,
	SYS_clock_settime,
	SYS_clock_adjtime,
	SYS_adjtimex,
	SYS_reboot,
	SYS_syslog,
	SYS_personality,
	/* what could be told by no argument here, or is not told to Landlock */
	SYS_openat2,
	SYS_truncate,
	/* the kernel */
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
	SYS_kexec_load,
	SYS_bpf,
	SYS_perf_event_open,
	SYS_userfaultfd,
	SYS_keyctl,
	SYS_add_key,
	SYS_request_key,
	SYS_io_uring_setup,
	SYS_io_uring_enter,
	SYS_io_uring_register,
#ifdef SYS_kexec_file_load
	SYS_kexec_file_load,
#endif
#ifdef __x86_64__
	SYS_iopl,
	SYS_ioperm,
	SYS_mknod,
	SYS_modify_ldt,
#endif
};

enum {
	REFUSED = sizeof(refused) / sizeof(refused[0]),
	X32 = 0x40000000, /* other calls by other numbers */
	FILTER_SIZE = 2 * REFUSED + 24,
#ifdef SYS_open
	OPENS = 3, /* instructions for a call that not all have */
#else
	OPENS = 0,
#endif
	/* Landlock before Linux 6.2 lets a file be emptied that cannot be
	 * written: no service empties one by its name. */
	EMPTYING = MUST_WRITE_REPORTS ? 0 : O_TRUNC
};

static bool
restrict_calls(bool listens)
{
	static const struct sock_filter head[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	};
	/* Of an argument the lower half: all of these are little-endian. */
	const struct sock_filter tail[] = {
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(
		    BPF_JMP | BPF_JSET | BPF_K, EMPTYING, 4 + OPENS, 5 + OPENS),
#ifdef SYS_open
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_open, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, EMPTYING, 4, 5),
#endif
		/* No call has that number. */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
		    listens ? UINT32_MAX : SYS_socket, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_filter filter[FILTER_SIZE];
	struct sock_fprog program = { .filter = filter };

	memcpy(filter, head, sizeof(head));
	program.len = sizeof(head) / sizeof(head[0]);
	for (size_t i = 0; i < REFUSED; i++) {
		filter[program.len++] = (struct sock_filter)BPF_JUMP(
		    BPF_JMP | BPF_JEQ | BPF_K, (unsigned)refused[i], 0, 1);
		filter[program.len++] = (struct sock_filter)BPF_STMT(
		    BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	}
	memcpy(filter + program.len, tail, sizeof(tail));
	program.len = (unsigned short)(program.len +
				       sizeof(tail) / sizeof(tail[0]));
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}
#else
static bool
restrict_calls(bool listens)
{
	(void)listens;
	errno = ENOSYS;
	return false;
}
#endif

void
sandbox_calls(bool listens)
{
	/* NOLINTBEGIN(concurrency-mt-unsafe): before any thread starts */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    !restrict_calls(listens)) {
		log_warn("seccomp: %s: this process keeps calls it does not "
			 "need",
		    strerror(errno));
	}
	/* NOLINTEND(concurrency-mt-unsafe) */
}
