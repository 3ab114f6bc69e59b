//! What Redis does in one step.

/// The time of Redis, in milliseconds; and how somebody is noted to be looked at: no sooner than a second
/// after others were last told of them.
const BEGIN: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local prefix = ARGV[1]
local function key(person) return prefix .. ':presence:' .. person end
local leases, changed = prefix .. ':presence-leases', prefix .. ':presence-changed'
local telling = prefix .. ':presence-telling'
local function note(person)
  local told_at = tonumber(redis.call('HGET', key(person), 'told_at') or '0')
  redis.call('ZADD', changed, 'NX', math.max(now, told_at + 1000), person)
end
";

/// Seconds for which it is remembered of who is not there what they chose, and when they were last seen.
const REMEMBERED: u32 = 90 * 24 * 3_600;

fn script(body: &str) -> String {
    format!("{BEGIN}{body}")
}

/// `prefix lease (person link state)…`
pub(super) fn hold() -> String {
    script(
        "
local counts = {}
for i = 3, #ARGV, 3 do
  local person, link, state = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  redis.call('HSET', key(person), 'link:' .. link, state)
  if string.sub(state, 1, 6) == 'active' then redis.call('HSET', key(person), 'seen', now) end
  redis.call('PERSIST', key(person))
  redis.call('ZADD', leases, now + ARGV[2], person .. ':' .. link)
  note(person)
  local count, record = 0, redis.call('HGETALL', key(person))
  for j = 1, #record, 2 do
    if string.sub(record[j], 1, 5) == 'link:' and not string.find(record[j + 1], 'ending') then
      local until_ = redis.call('ZSCORE', leases, person .. ':' .. string.sub(record[j], 6))
      -- Whoever lives renews in the first third of a lease.
      if until_ and tonumber(until_) >= now + ARGV[2] / 2 then count = count + 1 end
    end
  end
  counts[#counts + 1] = count
end
return counts",
    )
}

/// `prefix lease (person link)…`
pub(super) fn renew() -> String {
    script(
        "
local forgotten = {}
for i = 3, #ARGV, 2 do
  local name = ARGV[i] .. ':' .. ARGV[i + 1]
  if redis.call('ZSCORE', leases, name) then
    redis.call('ZADD', leases, now + ARGV[2], name)
  else
    forgotten[#forgotten + 1] = (i - 3) / 2
  end
end
return forgotten",
    )
}

/// `prefix grace (person link)…`
pub(super) fn release() -> String {
    script(
        "
for i = 3, #ARGV, 2 do
  local person, link = ARGV[i], ARGV[i + 1]
  local state = redis.call('HGET', key(person), 'link:' .. link)
  if state then
    redis.call('HSET', key(person), 'link:' .. link, state .. ' ending', 'seen', now)
    redis.call('ZADD', leases, now + ARGV[2], person .. ':' .. link)
  end
end",
    )
}

/// `prefix most looked_within grace`
pub(super) fn forget_ended() -> String {
    script(
        "
local looked, grace = prefix .. ':presence-looked', prefix .. ':presence-grace'
local looked_at = tonumber(redis.call('GET', looked))
redis.call('SET', looked, now)
if looked_at and now - looked_at >= tonumber(ARGV[3]) then
  redis.call('SET', grace, now, 'PX', ARGV[4])
end
if redis.call('EXISTS', grace) == 1 then return 0 end
local ended = redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, ARGV[2])
for _, name in ipairs(ended) do
  local person, link = string.match(name, '^(%d+:%d+):(.+)$')
  redis.call('ZREM', leases, name)
  if person then
    redis.call('HDEL', key(person), 'link:' .. link)
    note(person)
  end
end
return #ended",
    )
}

/// `prefix person (field value)…`
pub(super) fn choose() -> String {
    script(
        "
for i = 3, #ARGV, 2 do redis.call('HSET', key(ARGV[2]), ARGV[i], ARGV[i + 1]) end
note(ARGV[2])",
    )
}

/// `prefix most again`: who is taken is again one of the changed after `again`, unless it is noted that others were
/// told.
pub(super) fn take_changed() -> String {
    script(&format!(
        "
local taken = {{}}
for _, person in ipairs(redis.call('ZRANGEBYSCORE', telling, '-inf', now, 'LIMIT', 0, ARGV[2])) do
  redis.call('ZREM', telling, person)
  redis.call('ZADD', changed, 'NX', now, person)
end
for _, person in ipairs(redis.call('ZRANGEBYSCORE', changed, '-inf', now, 'LIMIT', 0, ARGV[2])) do
  redis.call('ZREM', changed, person)
  if redis.call('EXISTS', key(person)) == 1 then
    redis.call('HINCRBY', key(person), 'claim', 1)
    redis.call('HSET', key(person), 'told_at', now)
    local record, has_link = redis.call('HGETALL', key(person)), false
    for j = 1, #record, 2 do
      if string.sub(record[j], 1, 5) == 'link:' then has_link = true end
    end
    redis.call('ZADD', telling, now + ARGV[3], person)
    if not has_link then redis.call('EXPIRE', key(person), {REMEMBERED}) end
    taken[#taken + 1] = {{person, record}}
  end
end
return taken"
    ))
}

/// `prefix (person claim told)…`: nothing was told where that is empty.
pub(super) fn note_told() -> String {
    script(
        "
for i = 2, #ARGV, 3 do
  local person, claim, told = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if redis.call('HGET', key(person), 'claim') == claim then
    redis.call('ZREM', telling, person)
    if told ~= '' then redis.call('HSET', key(person), 'told', told) end
  elseif told ~= '' then
    -- Neither this nor what somebody else tells meanwhile is sure to be what was heard last.
    redis.call('HINCRBY', key(person), 'claim', 1)
    redis.call('HSET', key(person), 'told', string.match(told, '^%S*') .. '?', 'told_at', now)
    redis.call('ZREM', telling, person)
    note(person)
  end
end",
    )
}

/// `key user millis`
pub(super) fn type_for() -> String {
    script(
        "
redis.call('ZADD', ARGV[1], now + ARGV[3], ARGV[2])
redis.call('PEXPIRE', ARGV[1], ARGV[3])",
    )
}

/// `key`
pub(super) fn list_typing() -> String {
    script(
        "
redis.call('ZREMRANGEBYSCORE', ARGV[1], '-inf', now)
return redis.call('ZRANGE', ARGV[1], 0, -1)",
    )
}
