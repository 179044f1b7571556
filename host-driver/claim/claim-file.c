/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claim.h"

#include <errno.h>
#include <stdio.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "file.h"

struct yaml_claim {
	char *says, *claim;
};

struct yaml_file {
	char *campaign, *source;
	struct yaml_claim *claims;
	unsigned n_claims;
};

static const struct conf_field claim_fields[] = {
	{ "says", CONF_AT(CONF_TEXT, struct yaml_claim, says) },
	{ "claim", CONF_AT(CONF_TEXT, struct yaml_claim, claim), .required = true },
	{ 0 }
};
static const struct conf_field file_fields[] = {
	{ "campaign", CONF_AT(CONF_TEXT, struct yaml_file, campaign) },
	{ "source", CONF_AT(CONF_TEXT, struct yaml_file, source) },
	{ "claims", CONF_AT(CONF_LIST, struct yaml_file, claims),
	  .count = offsetof(struct yaml_file, n_claims), .required = true,
	  .of = claim_fields, .size = sizeof(struct yaml_claim), .lone = "claim" },
	{ 0 }
};

bool claims_file_is(const char *path)
{
	char *text;
	bool is;

	if (file_read(path, &text, NULL, NULL))
		return false;
	is = !strncmp(text, "claims:", 7) || strstr(text, "\nclaims:");
	free(text);
	return is;
}

/* A relative path is relative to the folder of the file that contains it. */
static char *claim_file_campaign_path(const char *path, const char *campaign)
{
	char *copy, *out = NULL;

	if (!campaign)
		return strdup("");
	if (*campaign == '/')
		return strdup(campaign);
	copy = strdup(path);
	if (!copy || asprintf(&out, "%s/%s", dirname(copy), campaign) < 0)
		out = NULL;
	free(copy);
	return out;
}

static int take_claim(struct conf *c, const char *path, unsigned i,
		      const struct yaml_claim *from, struct claims_entry *to,
		      struct err *err)
{
	struct claim *claim;
	char field[40];
	int rc;

	snprintf(field, sizeof(field), "claims[%u].claim", i);
	if (asprintf(&to->where, "%s:%u", path, conf_line(c, field)) < 0)
		to->where = NULL;
	to->says = strdup(from->says ? from->says : "");
	to->text = strdup(from->claim);
	if (!to->where || !to->says || !to->text)
		return err_sys(err, ENOMEM, "%s", path);
	rc = claim_parse(to->text, to->where, &claim, err);
	claim_free(claim);
	return rc;
}

static int claim_file_take(struct conf *c, const char *path, const struct yaml_file *y,
			   struct claims_file *f, struct err *err)
{
	int rc = y->n_claims ? 0 : conf_error(c, "claims", err, "the list is empty");

	if (rc)
		return rc;
	f->campaign = claim_file_campaign_path(path, y->campaign);
	if (asprintf(&f->campaign_where, "%s:%u", path, conf_line(c, "campaign")) < 0)
		f->campaign_where = NULL;
	f->source = strdup(y->source ? y->source : "");
	f->entry = calloc(y->n_claims, sizeof(*f->entry));
	if (!f->campaign || !f->campaign_where || !f->source || !f->entry)
		return err_sys(err, ENOMEM, "%s", path);
	for (; !rc && f->n < y->n_claims; f->n++)
		rc = take_claim(c, path, (unsigned)f->n, &y->claims[f->n],
				&f->entry[f->n], err);
	return rc;
}

int claims_file_load(const char *path, struct claims_file *f, struct err *err)
{
	struct yaml_file y = { 0 };
	struct conf *c;
	int rc = conf_open(path, &c, err);

	*f = (struct claims_file){ .n = 0 };
	if (rc)
		return rc;
	rc = conf_load(c, file_fields, &y, err);
	if (!rc)
		rc = claim_file_take(c, path, &y, f, err);
	conf_close(c);
	if (rc)
		claims_file_release(f);
	return rc;
}

void claims_file_release(struct claims_file *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->entry[i].says);
		free(f->entry[i].text);
		free(f->entry[i].where);
	}
	free(f->entry);
	free(f->campaign);
	free(f->campaign_where);
	free(f->source);
	*f = (struct claims_file){ .n = 0 };
}
