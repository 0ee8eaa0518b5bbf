#include "store.h"

int store_token_compare(struct store_token left, struct store_token right)
{
    if (left.epoch != right.epoch)
        return left.epoch < right.epoch ? -1 : 1;
    if (left.owner != right.owner)
        return left.owner < right.owner ? -1 : 1;
    return 0;
}

int store_id_equal(struct store_id left, struct store_id right)
{
    return left.owner == right.owner && left.sequence == right.sequence;
}
