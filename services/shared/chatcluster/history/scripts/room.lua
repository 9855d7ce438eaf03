-- A room is two keys. KEYS[1], the meta: a hash of the `epoch`, the `offset` of the last message, and a mark (where the
-- `mark`ed offset stood at the time `marked`). KEYS[2], the stream: ids `<offset>-0`, fields `t` (when the message came,
-- milliseconds since 1970) and `b` (its body), in this order. What was redacted is no more in the stream but in a third key,
-- a hash: `<epoch>-<offset>` holds when the message came, a space, and the body that it has now.

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- The room's epoch, offset, marked, mark. A room that has no meta begins here: under `epoch`, for `idle` milliseconds.
local function room(epoch, idle)
  local meta = redis.call('HMGET', KEYS[1], 'epoch', 'offset', 'marked', 'mark')
  if meta[1] then
    return meta[1], tonumber(meta[2]), tonumber(meta[3]), tonumber(meta[4])
  end
  -- A stream whose meta was evicted: the new epoch would count over its offsets again.
  redis.call('UNLINK', KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'offset', 0)
  redis.call('PEXPIRE', KEYS[1], idle)
  return epoch, 0, nil, nil
end
