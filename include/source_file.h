/* source_file: event files, one JSON object a line, as one partition.
 *
 * Several files follow one another; "-" is standard input. A line is a record
 * and its number over all files the offset; a blank line is none. A last line
 * without a newline counts. Lines longer than `bytes_max` are handed over with
 * their full length but need not be kept whole (the decoder refuses them by
 * length). */
#ifndef TERKAIT_SOURCE_FILE_H
#define TERKAIT_SOURCE_FILE_H

#include "source.h"

/* Borrows the paths. `stamp_ms` is given to every record: what "now" is for
 * the judgement of future events. -1 with the reason when a file cannot be
 * opened (all are tried at once, before the first record). */
int source_file_open(struct source *source, const char *const *paths,
                     size_t count, size_t bytes_max, int64_t stamp_ms,
                     struct err *err) MUST_CHECK;

/* Bytes read so far, and the size of all regular files together (0 when one
 * is not a regular file): for a progress display. */
void source_file_progress(const struct source *source, uint64_t *bytes_read,
                          uint64_t *bytes_all);

#endif
