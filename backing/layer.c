/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layer.h"

json_t *layer_new(const char *layer, const struct page_bytes *p)
{
	return json_pack("{s:s, s:{s:I, s:I, s:I}, s:s}", "layer", layer, "bytes",
			 "4k", (json_int_t)p->b4k, "2m", (json_int_t)p->b2m,
			 "1g", (json_int_t)p->b1g, "method", p->method);
}

json_t *layer_unavailable(const char *layer, const char *reason)
{
	return json_pack("{s:s, s:s}", "layer", layer, "unavailable", reason);
}
