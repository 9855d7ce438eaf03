-- Gives a room another epoch: its messages stay, and what is said of them by position goes along.
-- KEYS: meta, stream, redacted, then idempotency keys of the room. ARGV: the epoch. Returns 1, or 0 if there is no such room.

local former = redis.call('HGET', KEYS[1], 'epoch')
if not former then
  return 0
end

-- What `position` is from now on; nil if it was of an earlier epoch already.
local function renewed(position)
  if string.sub(position, 1, #former + 1) == former .. '-' then
    return ARGV[1] .. string.sub(position, #former + 1)
  end
end

-- A hash that is empty for a moment would lose the time at which it expires.
local fields = redis.call('HGETALL', KEYS[3])
for i = 1, #fields, 2 do
  local field = renewed(fields[i])
  if field then
    redis.call('HSET', KEYS[3], field, fields[i + 1])
  end
  redis.call('HDEL', KEYS[3], fields[i])
end
for i = 4, #KEYS do
  local position = renewed(redis.call('GET', KEYS[i]) or '')
  if position then
    redis.call('SET', KEYS[i], position, 'KEEPTTL')
  end
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1])
return 1
