#!lua name=amana_v1
-- The one way in which a service of Amana changes its data: all of a commit or nothing, on one shard.
-- The 1 in the names is this contract's version: whoever changes what the arguments mean, counts up.
--
-- Keys of shard N of a service ("referral:{s007}:…"); the part in braces is the same for all keys of a
-- call. Everything but names, scores and versions is sealed before it gets here.
--
--   …r:<kind>:<id>      string  version (8 bytes, big-endian) ‖ sealed row     until a commit deletes it
--   …i:<index>          zset    members by score                               until taken out
--   …t                  zset    timers by due time, microseconds since 1970    until disarmed
--   …o                  stream  0-<sequence> → b: sealed outbox body           until trimmed by cursor
--   …h:<subject>        list    sealed events about a subject                  for ever
--   …q:<caller>:<id>    string  request digest (32 bytes) ‖ sealed reply       reply lifetime (PX)
--
-- The outbox numbers itself: `0-*` gives the next whole number after the last one ever given, which the
-- stream keeps also when it is trimmed to nothing.
--
-- FCALL amana_commit_v1 <number of keys>
--   KEYS  outbox, [reply], one a check, one a write, one an edit, one a record's history
--   ARGV  1 reply lifetime in milliseconds; 0: no reply key
--         2 number of checks   3 of writes   4 of edits (index and timer)   5 of records
--         then, in the order of their keys:
--         [reply to record]
--         a check:  expected version (8 bytes, or empty for none)
--         a write:  expected version, new content (empty: delete)
--         an edit:  score (empty: take out), member
--         a record: outbox body, history entry
--
-- Returns 1 once all is done; 0 if a version differs, nothing is done; the recorded reply (a string) if
-- the request was recorded before, nothing is done.
--
-- Nothing may fail after the first write, for Redis does not undo. So arguments are checked first,
-- names keep the types apart, and Redis itself refuses for lack of memory, disk or rights only before
-- a function's first write.

local MALFORMED = 'AMANA malformed commit'

local function is_version(v)
  return #v == 0 or #v == 8
end

local function commit(keys, args)
  local call = redis.call
  local lifetime = tonumber(args[1])
  local checks, writes = tonumber(args[2]), tonumber(args[3])
  local edits, records = tonumber(args[4]), tonumber(args[5])
  if not (lifetime and checks and writes and edits and records) then
    return redis.error_reply(MALFORMED)
  end
  local replies = lifetime > 0 and 1 or 0
  if records < 1 or #keys ~= 1 + replies + checks + writes + edits + records or
      #args ~= 5 + replies + checks + 2 * (writes + edits + records) then
    return redis.error_reply(MALFORMED)
  end

  -- Where each part begins, less one.
  local check_key, check_arg = 1 + replies, 5 + replies
  local write_key, write_arg = check_key + checks, check_arg + checks
  local edit_key, edit_arg = write_key + writes, write_arg + 2 * writes
  local record_key, record_arg = edit_key + edits, edit_arg + 2 * edits

  for i = 1, checks do
    if not is_version(args[check_arg + i]) then return redis.error_reply(MALFORMED) end
  end
  for i = 1, writes do
    local content = args[write_arg + 2 * i]
    if not is_version(args[write_arg + 2 * i - 1]) or (#content > 0 and #content < 8) then
      return redis.error_reply(MALFORMED)
    end
  end
  for i = 1, edits do
    local score = args[edit_arg + 2 * i - 1]
    if #score > 0 then
      score = tonumber(score)
      if not score or score ~= score then return redis.error_reply(MALFORMED) end
    end
  end

  if replies == 1 then
    local recorded = call('GET', keys[2])
    if recorded then return recorded end
  end
  for i = 1, checks do
    if call('GETRANGE', keys[check_key + i], 0, 7) ~= args[check_arg + i] then return 0 end
  end
  for i = 1, writes do
    if call('GETRANGE', keys[write_key + i], 0, 7) ~= args[write_arg + 2 * i - 1] then return 0 end
  end

  for i = 1, records do
    call('XADD', keys[1], '0-*', 'b', args[record_arg + 2 * i - 1])
    call('RPUSH', keys[record_key + i], args[record_arg + 2 * i])
  end
  for i = 1, writes do
    local content = args[write_arg + 2 * i]
    if #content > 0 then
      call('SET', keys[write_key + i], content)
    else
      call('DEL', keys[write_key + i])
    end
  end
  for i = 1, edits do
    local score, member = args[edit_arg + 2 * i - 1], args[edit_arg + 2 * i]
    if #score > 0 then
      call('ZADD', keys[edit_key + i], score, member)
    else
      call('ZREM', keys[edit_key + i], member)
    end
  end
  if replies == 1 then call('SET', keys[2], args[6], 'PX', args[1]) end
  return 1
end

redis.register_function('amana_commit_v1', commit)
