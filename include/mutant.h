/* mutant: faults to be built in on purpose, one at a time, so that the
 * simulation can prove that it would see them (`make mutants`).
 *
 *     if (is_overtaken && !MUTANT(TOKEN_UNCHECKED)) ...
 *
 * Without -DMUTANT_BUILT=n every MUTANT() is the constant 0. */
#ifndef TERKAIT_MUTANT_H
#define TERKAIT_MUTANT_H

#define MUTANTS(X)                                                             \
    X(TOKEN_UNCHECKED, "a write is not guarded by its token")                  \
    X(ID_UNCHECKED, "a checkpoint is not guarded by the id it builds on")      \
    X(MARKS_APART, "marks are stored by a second command")                     \
    X(SNAPSHOT_EARLY, "a snapshot does not wait for the groups' marks")        \
    X(NO_REREAD, "what was in flight counts as not landed after an error")     \
    X(OLDER_ID, "goes on from an id that was acknowledged earlier")            \
    X(CUT_CLEARED, "a delta is cleared before its acknowledgement")            \
    X(FORGOTTEN_EARLY, "a session is forgotten without the lateness")          \
    X(PARTITION_TIME_LOST, "P is not saved with the sessions")                 \
    X(REPLAY_OFF_BY_ONE, "the replay begins one offset late")                  \
    X(FLOORS_IGNORED, "marks do not skip what was counted")                    \
    X(CHUNKS_UNCHECKED, "a snapshot stands though a chunk is missing")         \
    X(CUT_NOT_WRITTEN_FIRST, "a session changes before the cut has it")        \
    X(TOKENS_NOT_ASKED_AGAIN, "a start goes on without asking for tokens")     \
    X(STREAM_TIME_LOST, "stream time is not restored")                         \
    X(HEIR_DROPPED, "no snapshot is kept for as long as a minute")             \
    X(NO_IDLE_LOOK, "an idle group never learns of a roll-back")               \
    X(SHED_EXACT, "a row that was shed counts as exact")                       \
    X(SHED_FORGOTTEN, "a row that was shed is released, and that with it")

enum mutant {
    MUTANT_NONE,
#define X(name, words) MUTANT_##name,
    MUTANTS(X)
#undef X
        MUTANT_COUNT
};

#ifndef MUTANT_BUILT
#define MUTANT_BUILT 0
#endif

#define MUTANT(name) (MUTANT_BUILT == MUTANT_##name)

#endif
