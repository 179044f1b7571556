/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scans the words and numbers of a claim. */
#include "claim-parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void parse_space(struct claim_parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

int parse_fail(struct claim_parser *p, const char *what)
{
	parse_space(p);
	return err_config(p->err, "%s: column %d: %s\n    %s\n    %*s^", p->where,
			  (int)(p->at - p->text) + 1, what, p->text,
			  (int)(p->at - p->text), "");
}

bool accept(struct claim_parser *p, const char *token)
{
	size_t len = strlen(token);

	parse_space(p);
	if (strncmp(p->at, token, len))
		return false;
	p->at += len;
	return true;
}

bool accept_word(struct claim_parser *p, const char *word)
{
	const char *from = p->at;

	if (!accept(p, word))
		return false;
	if (!isalnum((unsigned char)*p->at) && *p->at != '_' && *p->at != '-')
		return true;
	p->at = from;
	return false;
}

bool accept_words(struct claim_parser *p, const char *const *words)
{
	const char *from = p->at;

	for (; *words; words++)
		if (!accept_word(p, *words)) {
			p->at = from;
			return false;
		}
	return true;
}

int parse_word(struct claim_parser *p, const char *stop, const char *what, char **out)
{
	size_t len;

	parse_space(p);
	len = strcspn(p->at, stop);
	if (!len)
		return parse_fail(p, what);
	*out = strndup(p->at, len);
	if (!*out)
		return err_sys(p->err, ENOMEM, "%s", p->where);
	p->at += len;
	return 0;
}

int parse_number(struct claim_parser *p, double *out)
{
	char *end;

	parse_space(p);
	if (!isdigit((unsigned char)*p->at) && *p->at != '.')
		return parse_fail(p, "a number is expected here, such as 0.95 or 1%");
	*out = strtod(p->at, &end);
	p->at = end;
	if (*p->at == '%') {
		p->at++;
		*out /= 100;
	}
	return 0;
}
