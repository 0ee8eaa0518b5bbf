#include "store_scripts.h"

#include "err.h"

const char *const store_head_names[STORE_HEAD_STORED] = {
    "v",    "token",       "who",  "id",    "marks",
    "time", "fingerprint", "base", "deltas"};

/* What stands in front of every script, after a list of the names above.
 * KEYS[1] is the head of a group, or the token of a partition, which is a head
 * with less in it. */
static const char common[] =
    "local VERSION = '1'\n"
    "local NONE = string.rep('0', 40)\n"
    "local function odds_of(head)\n"
    "  local base, deltas = head[8] or '', head[9] or '0'\n"
    "  if head[10] ~= (base == '' and '' or VERSION .. base) then\n"
    "    return 'the base that stands there is not the one of its head'\n"
    "  end\n"
    "  if head[11] ~= tonumber(deltas) then\n"
    "    return 'its log has ' .. head[11] .. ' deltas, its head says ' ..\n"
    "      deltas\n"
    "  end\n"
    "  return false\n"
    "end\n"
    "local function read_head()\n"
    "  local head = redis.call('HMGET', KEYS[1], unpack(FIELDS))\n"
    "  for i = 10, 12 do head[i] = false end\n"
    "  return head\n"
    "end\n"
    "local function read_group()\n"
    "  local head = read_head()\n"
    "  head[10] = redis.call('GETRANGE', KEYS[2], 0, 40)\n"
    "  head[11] = redis.call('LLEN', KEYS[3])\n"
    "  head[12] = odds_of(head)\n"
    "  return head\n"
    "end\n"
    "local function other_version(head)\n"
    "  if head[1] == VERSION or not (head[1] or head[2]) then\n"
    "    return nil\n"
    "  end\n"
    "  return {'version', KEYS[1], head[1]}\n"
    "end\n"
    "local function other_token(head)\n"
    "  if head[2] == ARGV[1] then return nil end\n"
    "  return {'token', head[2], head[3]}\n"
    "end\n"
    "local function now_ms()\n"
    "  local now = redis.call('TIME')\n"
    "  return now[1] * 1000 + math.floor(now[2] / 1000)\n"
    "end\n"
    "local function names_key(offset)\n"
    "  return string.sub(KEYS[1], 1, -6) .. 'names:' .. offset\n"
    "end\n"
    /* Offsets of the manifests, newest first, and what each says. */
    "local function read_manifests()\n"
    "  local found = redis.call('HGETALL', KEYS[2])\n"
    "  local order, standing = {}, {}\n"
    "  for i = 1, #found, 2 do\n"
    "    local offset, text = found[i], found[i + 1]\n"
    "    local time, count = string.match(text, '^1 (%d+) (%d+)\\n')\n"
    "    if not time then\n"
    "      return nil, {'version', KEYS[2], string.sub(text, 1, 1)}\n"
    "    end\n"
    "    order[#order + 1] = offset\n"
    "    standing[offset] = {text = text, time = tonumber(time), is_named =\n"
    "      redis.call('SCARD', names_key(offset)) == tonumber(count)}\n"
    "  end\n"
    "  table.sort(order, function(a, b) return a > b end)\n"
    "  return order, standing\n"
    "end\n"
    /* The first of these keys that is not there. */
    "local function first_missing(keys, from)\n"
    "  for i = from, #keys, 500 do\n"
    "    local last = math.min(i + 499, #keys)\n"
    "    if redis.call('EXISTS', unpack(keys, i, last)) < last - i + 1 then\n"
    "      for j = i, last do\n"
    "        if redis.call('EXISTS', keys[j]) == 0 then return keys[j] end\n"
    "      end\n"
    "    end\n"
    "  end\n"
    "  return false\n"
    "end\n"
    "local function missing_of(offset, manifest)\n"
    "  if not manifest.is_named then return names_key(offset) end\n"
    "  return first_missing(redis.call('SMEMBERS', names_key(offset)), 1)\n"
    "end\n";

/* KEYS: head [base log]. */
static const char look[] =
    "local head = #KEYS == 3 and read_group() or read_head()\n"
    "return other_version(head) or {'done', head}\n";

/* KEYS: head [base log]. ARGV: token, who. */
static const char take[] =
    "local head = #KEYS == 3 and read_group() or read_head()\n"
    "local wrong = other_version(head)\n"
    "if wrong then return wrong end\n"
    "if head[2] and head[2] > ARGV[1] then return {'token', head} end\n"
    "if head[2] ~= ARGV[1] then\n"
    "  redis.call('HSET', KEYS[1], 'v', VERSION, 'token', ARGV[1],\n"
    "    'who', ARGV[2])\n"
    "  head[1], head[2], head[3] = VERSION, ARGV[1], ARGV[2]\n"
    "end\n"
    "return {'done', head}\n";

/* KEYS: head base log. ARGV: token, builds on, id, marks, time, fingerprint,
 * is it a base, value (of a delta: what follows the marks it begins at). */
static const char checkpoint[] =
    "local head = read_group()\n"
    "local wrong = other_version(head) or other_token(head)\n"
    "if wrong then return wrong end\n"
    "if (head[4] or NONE) ~= ARGV[2] then\n"
    "  return {'id', head[4] or NONE}\n"
    "end\n"
    "local base, deltas = ARGV[3], 0\n"
    "if ARGV[7] == '1' then\n"
    "  redis.call('SET', KEYS[2], ARGV[8])\n"
    "  redis.call('DEL', KEYS[3])\n"
    "else\n"
    "  if head[12] then return {'odds', head[12]} end\n"
    "  local begins = head[5] or ''\n"
    "  redis.call('RPUSH', KEYS[3], VERSION .. ARGV[3] .. ARGV[2] ..\n"
    "    string.format('%08d', #begins) .. begins .. ARGV[8])\n"
    "  base, deltas = head[8] or '', head[11] + 1\n"
    "end\n"
    "redis.call('HSET', KEYS[1], 'id', ARGV[3], 'marks', ARGV[4],\n"
    "  'time', ARGV[5], 'fingerprint', ARGV[6], 'base', base,\n"
    "  'deltas', deltas)\n"
    "return {'done'}\n";

/* KEYS: token snapshots. As a rule nothing is missing, and then each chunk is
 * looked for once, however many name it. */
static const char manifests[] =
    "local head = read_head()\n"
    "local order, standing = read_manifests()\n"
    "local wrong = other_version(head) or not order and standing\n"
    "if wrong then return wrong end\n"
    "local keys, is_any_missing = {}, false\n"
    "for i, offset in ipairs(order) do keys[i] = names_key(offset) end\n"
    "if #keys > 0 then\n"
    "  is_any_missing = first_missing(redis.call('SUNION', unpack(keys)), 1)\n"
    "end\n"
    "local result = {'done', string.format('%016d', now_ms())}\n"
    "for i, offset in ipairs(order) do\n"
    "  local manifest = standing[offset]\n"
    "  result[i + 2] = {offset, manifest.text,\n"
    "    (is_any_missing or not manifest.is_named) and\n"
    "      missing_of(offset, manifest)}\n"
    "end\n"
    "return result\n";

/* KEYS: token chunks chunk. ARGV: token, name, content. */
static const char stage[] =
    "local head = read_head()\n"
    "local wrong = other_version(head) or other_token(head)\n"
    "if wrong then return wrong end\n"
    "redis.call('SCARD', KEYS[2])\n" /* its type is looked at, too */
    "local found = redis.call('GET', KEYS[3])\n"
    "if found and found ~= ARGV[3] then return {'name', ARGV[2]} end\n"
    "redis.call('SET', KEYS[3], ARGV[3])\n"
    "redis.call('SADD', KEYS[2], KEYS[3])\n"
    "return {'done'}\n";

/* KEYS: token snapshots chunks, then each chunk that it names. ARGV: token,
 * offset, choice, is it the only one, fingerprint, the rest. Which chunks no
 * manifest names Redis finds by itself, from sets of keys: in Lua it took
 * longer than all the rest. For the same reason only so many are deleted at a
 * time. The keys of these sets and chunks are of the same hash tag, though not
 * among KEYS. */
static const char snapshot[] =
    "if redis.replicate_commands then redis.replicate_commands() end\n"
    "local head = read_head()\n"
    "local order, standing = read_manifests()\n"
    "local wrong = other_version(head) or not order and standing or\n"
    "  other_token(head)\n"
    "if wrong then return wrong end\n"
    "local offset, only = ARGV[2], ARGV[4] == '1'\n"
    "if standing[offset] and not only and\n"
    "    not missing_of(offset, standing[offset]) then\n"
    "  return {'done'}\n"
    "end\n"
    "local missing = first_missing(KEYS, 4)\n"
    "if missing then return {'missing', missing} end\n"
    "redis.call('SCARD', KEYS[3])\n" /* its type is looked at, too */
    "local now = now_ms()\n"
    "redis.call('HSET', KEYS[2], offset,\n"
    "  string.format('1 %016d %d\\n', now, #KEYS - 3) .. ARGV[6])\n"
    "redis.call('HSET', KEYS[1], 'fingerprint', ARGV[5])\n"
    "redis.call('DEL', names_key(offset))\n"
    "for i = 4, #KEYS, 500 do\n"
    "  redis.call('SADD', names_key(offset),\n"
    "    unpack(KEYS, i, math.min(i + 499, #KEYS)))\n"
    "end\n"
    "if not standing[offset] then\n"
    "  order[#order + 1] = offset\n"
    "  table.sort(order, function(a, b) return a > b end)\n"
    "end\n"
    /* The oldest that is not a minute old will be: without it none ever is. */
    "local function age(at)\n"
    "  return at == offset and 0 or now - standing[at].time\n"
    "end\n"
    "local kept, old, chosen, heir = {}, false, false, false\n"
    "for _, at in ipairs(order) do\n"
    "  if age(at) < 60000 then heir = at end\n"
    "end\n"
    "for i, at in ipairs(order) do\n"
    "  local is_old = not old and age(at) >= 60000\n"
    "  local is_chosen = not chosen and at <= ARGV[3]\n"
    "  if at == offset or not only and\n"
    "      (i <= 3 or is_old or is_chosen or at == heir) then\n"
    "    kept[#kept + 1] = names_key(at)\n"
    "  else\n"
    "    redis.call('HDEL', KEYS[2], at)\n"
    "    redis.call('DEL', names_key(at))\n"
    "  end\n"
    "  old, chosen = old or is_old, chosen or is_chosen\n"
    "end\n"
    "local loose = string.sub(KEYS[1], 1, -6) .. 'loose'\n"
    "if redis.call('SDIFFSTORE', loose, KEYS[3], unpack(kept)) > 0 then\n"
    "  local gone = redis.call('SPOP', loose, 250)\n"
    "  redis.call('DEL', loose, unpack(gone))\n"
    "  redis.call('SREM', KEYS[3], unpack(gone))\n"
    "end\n"
    "return {'done'}\n";

static const struct {
    const char *name;
    const char *source;
} calls[STORE_CALLS] = {
    [STORE_CALL_LOOK] = {"look", look},
    [STORE_CALL_TAKE] = {"take", take},
    [STORE_CALL_CHECKPOINT] = {"checkpoint", checkpoint},
    [STORE_CALL_MANIFESTS] = {"manifests", manifests},
    [STORE_CALL_STAGE] = {"stage", stage},
    [STORE_CALL_SNAPSHOT] = {"snapshot", snapshot},
    [STORE_CALL_LOAD] = {"load", NULL},
    [STORE_CALL_CHUNKS] = {"chunks", NULL},
};

const char *store_call_name(enum store_call call)
{
    ASSERT(call < STORE_CALLS);
    return calls[call].name;
}

void store_script_add(struct strbuf *out, enum store_call script)
{
    ASSERT(script < STORE_SCRIPTS);
    strbuf_add_text(out, "local FIELDS = {");
    for (int i = 0; i < STORE_HEAD_STORED; i++)
        strbuf_add_format(out, "'%s', ", store_head_names[i]);
    strbuf_add_text(out, "}\n");
    strbuf_add_text(out, common);
    strbuf_add_text(out, calls[script].source);
}
