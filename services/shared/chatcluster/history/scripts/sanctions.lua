-- KEYS[1]: a hash of sanctions by id, each as the time of its end (nothing: none), a space, and JSON; `version` is a number that
-- each change makes greater, also when the hash was lost.

local function changed()
  local time = redis.call('TIME')
  local version = tonumber(redis.call('HGET', KEYS[1], 'version') or 0)
  local now = time[1] * 1000000 + time[2]
  redis.call('HSET', KEYS[1], 'version', string.format('%.0f', math.max(version + 1, now)))
end
