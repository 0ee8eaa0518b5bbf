/* source_file: event files, one JSON object a line, as one partition.
 *
 * Several files follow one another; "-" is standard input. A line is a record
 * and its number over all files, from 0, the offset; a blank line (nothing but
 * white space) is counted and handed over as none. A last line without a
 * newline counts. Lines longer than `bytes_max` are handed over with their
 * full length, of which at least the first `bytes_max` bytes are there (the
 * decoder refuses them by length).
 *
 *     | handed over | next line | rest of a line |   free   |
 *     0             start                        end     capacity
 *
 * Records point into the buffer. Before it is filled again the rest moves to
 * its front, so it never holds more than `bytes_max` and a block. */
#ifndef TERKAIT_SOURCE_FILE_H
#define TERKAIT_SOURCE_FILE_H

#include "source.h"

/* Borrows the paths. Records have no stamp; `now_ms` is given to each as what a
 * future event is judged by. -1 with the reason when a file cannot be
 * opened (all are tried at once, before the first record). A poll fails when a
 * file cannot be read to its end. */
int source_file_open(struct source *source, const char *const *paths,
                     size_t count, size_t bytes_max, int64_t now_ms,
                     struct err *err) MUST_CHECK;

/* Bytes read so far, and the size of all regular files together (0 when one
 * is not a regular file): for a progress display. */
void source_file_progress(const struct source *source, uint64_t *bytes_read,
                          uint64_t *bytes_all);

#endif
