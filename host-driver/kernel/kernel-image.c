/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-image.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

/* Offsets of the x86 boot protocol (Documentation/x86/boot.rst). */
#define MAGIC_AT 0x202		/* "HdrS" */
#define VERSION_AT 0x20e	/* u16: version text, less 0x200 */
#define VERSION_FROM 0x200
#define VERSION_MAX 256

static int release_in(const uint8_t *image, size_t len, char **release)
{
	size_t at;
	const char *text;

	if (len < VERSION_AT + 2 || memcmp(image + MAGIC_AT, "HdrS", 4))
		return -EINVAL;
	at = image[VERSION_AT] | image[VERSION_AT + 1] << 8;
	text = "";
	if (at && at + VERSION_FROM + VERSION_MAX <= len)
		text = (const char *)image + at + VERSION_FROM;
	/* "6.1.192 (user@host) #1 SMP ..."; the release ends at the blank. */
	*release = strndup(text, strnlen(text, VERSION_MAX));
	if (!*release)
		return -ENOMEM;
	(*release)[strcspn(*release, " ")] = '\0';
	return 0;
}

int kernel_image_release(const char *path, char **release, struct err *err)
{
	size_t len;
	char *data;
	int ret;

	*release = NULL;
	ret = file_read(path, &data, &len, err);
	if (ret)
		return ret;
	ret = release_in((const uint8_t *)data, len, release);
	free(data);
	if (ret == -EINVAL)
		return err_config(err, "%s is not a Linux bzImage", path);
	return ret ? err_sys(err, -ret, "%s", path) : 0;
}
