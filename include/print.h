/* print: everything the engine knows, as sorted text lines (`replay --print`).
 *
 *     lists:   relation TAB window TAB item TAB list JSON
 *     counts:  relation TAB window TAB item TAB other TAB count
 *
 * Items and others as they stand in keys; lines in the order of their bytes,
 * which is that of their fields, for TAB is below every byte of a field. */
#ifndef TERKAIT_PRINT_H
#define TERKAIT_PRINT_H

#include "engine.h"

#include <stdio.h>

void print_lists(struct engine *engine, FILE *out);
void print_counts(struct engine *engine, FILE *out); /* every one above 0 */

#endif
