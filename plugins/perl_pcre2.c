/* SPDX-License-Identifier: MIT
 *
 * The plugin dig-perl.so: PCRE2 behind the table of repo/grep_plugin.h.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#include "repo/grep_plugin.h"

/* Steps of the interpreter and of the compiled code, and KiB of its heap. */
#define MATCH_LIMIT 10000000
#define HEAP_LIMIT_KIB 65536
#define JIT_STACK_BYTES ((size_t)1 << 20)

__attribute__((visibility("default"))) const struct dig_perl_plugin *
dig_perl_plugin(void);

struct code {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
};

static void
explain(int number, char *why, size_t why_size)
{
	PCRE2_UCHAR text[200];

	if (pcre2_get_error_message(number, text, sizeof(text)) < 0)
		snprintf((char *)text, sizeof(text), "error %d", number);
	snprintf(why, why_size, "%s", (const char *)text);
}

static void
code_free(void *arg)
{
	struct code *code = arg;

	if (code == NULL)
		return;
	pcre2_code_free(code->code);
	pcre2_match_data_free(code->data);
	pcre2_match_context_free(code->context);
	pcre2_jit_stack_free(code->stack);
	free(code);
}

static void *
compile(const char *pattern, size_t len, bool ignore_case, bool utf8, char *why,
    size_t why_size)
{
	uint32_t flags = PCRE2_MULTILINE | (ignore_case ? PCRE2_CASELESS : 0) |
			 (utf8 ? PCRE2_UTF | PCRE2_MATCH_INVALID_UTF : 0);
	struct code *code = calloc(1, sizeof(*code));
	PCRE2_SIZE at;
	int number;

	if (code == NULL) {
		explain(PCRE2_ERROR_NOMEMORY, why, why_size);
		return NULL;
	}
	code->code =
	    pcre2_compile((PCRE2_SPTR)pattern, len, flags, &number, &at, NULL);
	if (code->code == NULL) {
		explain(number, why, why_size);
		code_free(code);
		return NULL;
	}
	code->data = pcre2_match_data_create_from_pattern(code->code, NULL);
	code->context = pcre2_match_context_create(NULL);
	if (code->data == NULL || code->context == NULL) {
		explain(PCRE2_ERROR_NOMEMORY, why, why_size);
		code_free(code);
		return NULL;
	}
	pcre2_set_match_limit(code->context, MATCH_LIMIT);
	pcre2_set_heap_limit(code->context, HEAP_LIMIT_KIB);
	/* Where it cannot be compiled to machine code it is interpreted. */
	if (pcre2_jit_compile(code->code, PCRE2_JIT_COMPLETE) == 0) {
		code->stack =
		    pcre2_jit_stack_create(32768, JIT_STACK_BYTES, NULL);
		pcre2_jit_stack_assign(code->context, NULL, code->stack);
	}
	return code;
}

static int
match(void *arg, const char *text, size_t len, bool not_bol, size_t *from,
    size_t *to, char *why, size_t why_size)
{
	struct code *code = arg;
	PCRE2_SIZE *at;
	int n = pcre2_match(code->code, (PCRE2_SPTR)text, len, 0,
	    not_bol ? PCRE2_NOTBOL : 0, code->data, code->context);

	if (n == PCRE2_ERROR_NOMATCH)
		return 0;
	if (n < 0) {
		explain(n, why, why_size);
		return -1;
	}
	at = pcre2_get_ovector_pointer(code->data);
	*from = at[0];
	/* \K may put the start behind the end. */
	*to = at[1] < at[0] ? at[0] : at[1];
	return 1;
}

static const struct dig_perl_plugin plugin = {
	DIG_VERSION,
	compile,
	match,
	code_free,
};

const struct dig_perl_plugin *
dig_perl_plugin(void)
{
	return &plugin;
}
