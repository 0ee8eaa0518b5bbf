#include "checkpoint.h"

#include "err.h"
#include "mutant.h"

void checkpoint_begin(struct checkpoint *checkpoint, struct store_id stands)
{
    /* Nothing was sent: not even the id that an emptied group has. */
    *checkpoint =
        (struct checkpoint){.stands = stands, .sent = stands, .former = stands};
}

void checkpoint_send(struct checkpoint *checkpoint, struct store_id id)
{
    ASSERT(checkpoint->phase == CHECKPOINT_STANDING);
    checkpoint->phase = CHECKPOINT_IN_FLIGHT;
    checkpoint->sent = id;
}

static enum checkpoint_verdict landed(struct checkpoint *checkpoint)
{
    checkpoint->phase = CHECKPOINT_STANDING;
    checkpoint->former = checkpoint->stands;
    checkpoint->stands = checkpoint->sent;
    checkpoint->needs_base = 0;
    return CHECKPOINT_LANDED;
}

enum checkpoint_verdict checkpoint_answer(struct checkpoint *checkpoint,
                                          enum store_outcome outcome)
{
    ASSERT(checkpoint->phase == CHECKPOINT_IN_FLIGHT);
    if (outcome == STORE_DONE)
        return landed(checkpoint);
    checkpoint->phase = CHECKPOINT_IN_DOUBT;
    return CHECKPOINT_UNKNOWN;
}

void checkpoint_doubt(struct checkpoint *checkpoint)
{
    if (checkpoint->phase == CHECKPOINT_STANDING)
        checkpoint->phase = CHECKPOINT_IN_DOUBT;
}

enum checkpoint_verdict checkpoint_judge(struct checkpoint *checkpoint,
                                         const struct store_answer *answer)
{
    struct store_id found = answer->head.id;

    ASSERT(checkpoint->phase == CHECKPOINT_IN_DOUBT);
    if (answer->outcome == STORE_REFUSED)
        return CHECKPOINT_OVERTAKEN;
    if (answer->outcome != STORE_DONE)
        return CHECKPOINT_UNKNOWN;
    checkpoint->phase = CHECKPOINT_STANDING;
    if (MUTANT(NO_REREAD) || store_id_equal(found, checkpoint->stands))
        return CHECKPOINT_LOST;
    if (store_id_equal(found, checkpoint->sent))
        return landed(checkpoint);
    checkpoint->stands = found;
    if (MUTANT(OLDER_ID) && store_id_equal(found, checkpoint->former))
        return CHECKPOINT_LOST;
    checkpoint->needs_base = 1;
    return CHECKPOINT_ROLLED_BACK;
}
