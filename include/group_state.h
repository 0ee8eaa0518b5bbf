/* group_state: the rows of one group as packed bytes, and back.
 *
 *     base   every row of the group
 *     delta  every row that the cut holds: changed since the checkpoint that
 *            the delta builds on; each as it is now, an emptied one as empty
 *
 * Both have the same form: a version, a dictionary of all ids named in it
 * (sorted, front-coded), then rows: the item, its category, until when it is
 * cut, and its cells by other and slot. A row in a later part replaces the
 * whole row of an earlier one. The bytes are a function of the rows and stream
 * time alone: numbers of items, and the order of counting, are not in them. */
#ifndef TERKAIT_GROUP_STATE_H
#define TERKAIT_GROUP_STATE_H

#include "err.h"
#include "groups.h"
#include "strbuf.h"

#include <stdint.h>

void group_state_pack_base(struct strbuf *out, struct groups *groups,
                           uint32_t group);
void group_state_pack_cut(struct strbuf *out, struct groups *groups,
                          uint32_t group);

/* Puts packed rows into the group; stream time is set already. -1 when the
 * bytes are not ours (a version not known, or damaged). */
int group_state_unpack(struct groups *groups, uint32_t group, const void *bytes,
                       size_t length, struct err *err) MUST_CHECK;

#endif
