/* SPDX-License-Identifier: MIT
 *
 * ssh-keygen as a child: what is signed goes to its standard input, and a
 * signature that is checked is a file without a name, its descriptor 3.
 *
 * The namespace is "dig": a signature that was made for git or a file does not
 * count for a commit, nor the other way round.
 */
#include "cmd/ssh_keygen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "objects/base/io.h"

#define NAMESPACE "dig"
#define SIGNATURE_FD 3
#define SIGNATURE_PATH "/proc/self/fd/3"
#define OUTPUT_MAX ((size_t)64 << 10)

/* ---- The child -------------------------------------------------------- */

struct child {
	const char *const *argv;
	const void *input;
	size_t input_len;
	int signature_fd; /* -1: none */
	bool quiet;       /* what it says is not for the user */
};

static void
become(const struct child *child, int in, int out)
{
	union {
		const char *const *in;
		char *const *out;
	} words = { child->argv };
	int null = child->quiet ? open("/dev/null", O_WRONLY) : -1;

	/* Above the places that they are put to. */
	in = fcntl(in, F_DUPFD, 10);
	out = fcntl(out, F_DUPFD, 10);
	if (in >= 0 && out >= 0 && dup2(in, STDIN_FILENO) >= 0 &&
	    dup2(out, STDOUT_FILENO) >= 0 &&
	    (null < 0 || dup2(null, STDERR_FILENO) >= 0) &&
	    (child->signature_fd < 0 ||
		dup2(child->signature_fd, SIGNATURE_FD) >= 0)) {
		close(in);
		close(out);
		execvp(child->argv[0], words.out);
	}
	_exit(127);
}

/* Run it to its end; its output into out (reset). It reads all of its input
 * before it answers. */
static enum dig_status
run(const struct child *child, struct dig_buf *out, int *code,
    struct dig_error *err)
{
	int in[2] = { -1, -1 }, back[2] = { -1, -1 };
	int status = 0;
	int64_t n = 0;
	pid_t pid = -1;

	dig_buf_reset(out);
	dig_buf_reserve(out, OUTPUT_MAX);
	out->data[0] = '\0';
	if (pipe(in) == 0 && pipe(back) == 0)
		pid = fork();
	if (pid == 0) {
		close(in[1]);
		close(back[0]);
		become(child, in[0], back[1]);
	}
	dig_close(in[0]);
	dig_close(back[1]);
	if (pid > 0) {
		/* It may have seen enough before it has all. */
		n = dig_write_full(in[1], child->input, child->input_len);
		if (n != 0 && n != EPIPE)
			dig_log("ssh-keygen: %s", strerror((int)n));
		dig_close(in[1]);
		n = dig_read_full(back[0], out->data, OUTPUT_MAX);
		out->len = n > 0 ? (size_t)n : 0;
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	} else {
		dig_close(in[1]);
	}
	dig_close(back[0]);
	*code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
	if (pid > 0 && *code != 127)
		return DIG_OK;
	dig_ignore(dig_raise(err, DIG_EFILE, "ssh-keygen cannot be started"));
	dig_hint(err, "it is part of OpenSSH: 'apt-get install "
		      "openssh-client'");
	return DIG_EFILE;
}

/* ---- Settings --------------------------------------------------------- */

/* A file that a setting names, "~/" expanded, caller frees; NULL: it names
 * none. */
static char *
file_of(const struct dig_config *config, const char *key)
{
	const char *home = getenv("HOME");
	struct dig_buf path = DIG_BUF_INIT;
	struct dig_error ignored;
	const char *text;

	if (dig_config_get_string(config, key, &text, NULL, &ignored) !=
		DIG_OK ||
	    *text == '\0')
		return NULL;
	if (strncmp(text, "~/", 2) == 0 && home != NULL)
		dig_buf_puts(&path, home);
	dig_buf_puts(&path, text + (path.len > 0));
	return dig_buf_detach(&path);
}

/* ---- Signing ---------------------------------------------------------- */

enum dig_status
dig_ssh_sign(void *arg, const void *data, size_t len, struct dig_buf *out,
    struct dig_error *err)
{
	static const char begin[] = "-----BEGIN SSH SIGNATURE-----\n";
	char *key = file_of(dig_cli_config(arg), "user.signingKey");
	const char *argv[] = { "ssh-keygen", "-Y", "sign", "-q", "-n",
		NAMESPACE, "-f", key, NULL };
	struct child child = { argv, data, len, -1, false };
	enum dig_status st;
	int code = 0;

	if (key == NULL) {
		st = dig_raise(err, DIG_EINVALID, "no key to sign with");
		dig_hint(err, "dig config --global user.signingKey "
			      "~/.ssh/id_ed25519");
		return st;
	}
	st = run(&child, out, &code, err);
	if (st == DIG_OK &&
	    (code != 0 || out->len > DIG_SIGNATURE_MAX ||
		strncmp((const char *)out->data, begin, strlen(begin)) != 0)) {
		st = dig_raise(err, DIG_EFILE,
		    "ssh-keygen could not sign with '%.200s'", key);
		dig_hint(err, "user.signingKey names a private key, or a "
			      "public one whose private key an agent has");
	}
	free(key);
	return st;
}

/* ---- Checking --------------------------------------------------------- */

void
dig_verified_clear(struct dig_verified *verified)
{
	dig_buf_clear(&verified->signer);
	dig_buf_clear(&verified->key);
}

struct check {
	const struct dig_signed *what;
	int fd; /* the signature */
	char *allowed;
	char *revoked;
	char when[64]; /* -Overify-time=... */
	struct dig_buf text;
};

static enum dig_status
ask(struct check *check, const char *const *argv, bool *yes,
    struct dig_error *err)
{
	struct child child = { argv, check->what->payload.data,
		check->what->payload.len, check->fd, true };
	int code = 0;
	enum dig_status st = run(&child, &check->text, &code, err);

	*yes = st == DIG_OK && code == 0;
	return st;
}

/* The key: what follows "with" in 'Good "dig" signature with ED25519 key ...'.
 */
static void
take_key(const struct dig_buf *text, struct dig_buf *key)
{
	const char *with = strstr((const char *)text->data, " with ");
	size_t len = with != NULL ? strcspn(with + 6, "\n") : 0;

	if (len > 0 && len < 256)
		dig_buf_put(key, with + 6, len);
}

/* It is of these bytes; who made it, and may they? */
static enum dig_status
check_signer(
    struct check *check, struct dig_verified *out, struct dig_error *err)
{
	const char *find[] = { "ssh-keygen", "-Y", "find-principals",
		check->when, "-s", SIGNATURE_PATH, "-f", check->allowed, NULL };
	const char *verify[] = { "ssh-keygen", "-Y", "verify", check->when,
		"-n", NAMESPACE, "-s", SIGNATURE_PATH, "-f", check->allowed,
		"-I", NULL, NULL, NULL, NULL };
	enum dig_status st;
	bool yes;

	out->verdict = DIG_VERDICT_UNKNOWN;
	if (check->allowed == NULL)
		return DIG_OK;
	st = ask(check, find, &yes, err);
	if (st != DIG_OK || !yes)
		return st;
	dig_buf_put(&out->signer, check->text.data,
	    strcspn((const char *)check->text.data, "\n"));
	verify[11] = (const char *)out->signer.data;
	if (out->signer.len == 0)
		return DIG_OK;
	st = ask(check, verify, &yes, err);
	if (st != DIG_OK || !yes)
		return st;
	out->verdict = DIG_VERDICT_GOOD;
	if (check->revoked == NULL)
		return DIG_OK;
	verify[12] = "-r";
	verify[13] = check->revoked;
	st = ask(check, verify, &yes, err);
	if (st == DIG_OK && !yes)
		out->verdict = DIG_VERDICT_REVOKED;
	return st;
}

/* A file without a name that holds the signature. */
static enum dig_status
hold(const struct dig_buf *signature, FILE **out, struct dig_error *err)
{
	FILE *file = tmpfile();

	if (file != NULL &&
	    fwrite(signature->data, 1, signature->len, file) ==
		signature->len &&
	    fflush(file) == 0) {
		*out = file;
		return DIG_OK;
	}
	if (file != NULL)
		fclose(file);
	return dig_raise_os(err, DIG_EFILE, errno, "writing a temporary file");
}

static void
set_time(int64_t seconds, char out[64])
{
	time_t when = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL || tm.tm_year < 0 ||
	    tm.tm_year > 8099 ||
	    strftime(out, 64, "-Overify-time=%Y%m%d%H%M%SZ", &tm) == 0)
		snprintf(out, 64, "-Overify-time=19700101000000Z");
}

enum dig_status
dig_ssh_verify(const struct dig_config *config, const struct dig_signed *what,
    struct dig_verified *out, struct dig_error *err)
{
	const char *valid[] = { "ssh-keygen", "-Y", "check-novalidate", "-n",
		NAMESPACE, "-s", SIGNATURE_PATH, NULL };
	struct check check = { .what = what };
	FILE *file = NULL;
	enum dig_status st;
	bool yes;

	out->verdict = what->has_other ? DIG_VERDICT_OTHER : DIG_VERDICT_NONE;
	if (what->signature.len == 0)
		return DIG_OK;
	st = hold(&what->signature, &file, err);
	if (st != DIG_OK)
		return st;
	check.fd = fileno(file);
	check.allowed = file_of(config, "gpg.ssh.allowedSignersFile");
	check.revoked = file_of(config, "gpg.ssh.revocationFile");
	set_time(what->seconds, check.when);
	st = ask(&check, valid, &yes, err);
	if (st == DIG_OK && !yes) {
		out->verdict = DIG_VERDICT_BAD;
	} else if (st == DIG_OK) {
		take_key(&check.text, &out->key);
		st = check_signer(&check, out, err);
	}
	fclose(file);
	free(check.allowed);
	free(check.revoked);
	dig_buf_clear(&check.text);
	return st;
}

void
dig_verified_line(const struct dig_verified *verified, struct dig_buf *out)
{
	const char *key =
	    verified->key.len > 0 ? (const char *)verified->key.data : "a key";
	const char *signer =
	    verified->signer.len > 0 ? (const char *)verified->signer.data : "";

	switch (verified->verdict) {
	case DIG_VERDICT_NONE:
		dig_buf_puts(out, "No signature");
		break;
	case DIG_VERDICT_GOOD:
		dig_buf_printf(
		    out, "Good signature of %s with %s", signer, key);
		break;
	case DIG_VERDICT_BAD:
		dig_buf_puts(out, "Bad signature");
		break;
	case DIG_VERDICT_UNKNOWN:
		dig_buf_printf(
		    out, "Right signature of somebody unknown with %s", key);
		break;
	case DIG_VERDICT_REVOKED:
		dig_buf_printf(out, "Right signature of %s with the revoked %s",
		    signer, key);
		break;
	case DIG_VERDICT_OTHER:
		dig_buf_puts(out, "A signature that dig cannot check");
		break;
	}
}
