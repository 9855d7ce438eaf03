-- Stores the next message of a room.
-- KEYS: meta, stream, and the idempotency key if the message has one.
-- ARGV: epoch (if the room has none), idle ms, length, age ms, key age ms, body.
-- Returns {epoch, offset, 1 if it was stored before}.
local function append()
  local epoch, offset, marked, mark = room(ARGV[1], ARGV[2])
  local age = tonumber(ARGV[4])

  if KEYS[3] then
    local stored = redis.call('GET', KEYS[3])
    -- A position of an earlier epoch: that message is lost, so this is no repetition.
    if stored and string.sub(stored, 1, #epoch + 1) == epoch .. '-' then
      return { epoch, tonumber(string.sub(stored, #epoch + 2)), 1 }
    end
  end

  offset = offset + 1
  local id = string.format('%.0f', offset)
  local time = now()
  -- `~` removes whole nodes of the stream, which is much cheaper; readers leave out what is over the length.
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], id .. '-0', 't', time, 'b', ARGV[6])
  redis.call('HINCRBY', KEYS[1], 'offset', 1)
  if KEYS[3] then
    redis.call('SET', KEYS[3], epoch .. '-' .. id, 'PX', ARGV[5])
  end

  -- Once in an age: what was there at the last mark is over age by now. Nothing has to be searched, and a message is in
  -- memory for two ages at most. The meta lives longer than the stream, or offsets would be given out again.
  if not marked or time - marked >= age then
    if mark then
      redis.call('XTRIM', KEYS[2], 'MINID', mark + 1)
    end
    redis.call('HSET', KEYS[1], 'marked', time, 'mark', offset)
    redis.call('PEXPIRE', KEYS[2], 2 * age)
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
  end
  return { epoch, offset, 0 }
end
