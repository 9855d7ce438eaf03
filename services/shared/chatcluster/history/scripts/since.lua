-- The first messages after a position, or the newest ones if there is a gap before them.
-- KEYS: meta, stream, redacted. ARGV: epoch (if the room has none), idle ms, length, age ms, epoch and offset of the position, limit.

local epoch, head = room(ARGV[1], ARGV[2])
local oldest = math.max(1, head - tonumber(ARGV[3]) + 1)
local horizon = now() - tonumber(ARGV[4])
local after = tonumber(ARGV[6])
local limit = tonumber(ARGV[7])

if ARGV[5] == epoch and after + 1 >= oldest then
  if after == head then
    return slice(epoch, head, true, {}, 1, 0, 1)
  end
  local wanted = math.max(1, limit)
  local entries = redis.call('XRANGE', KEYS[2], after + 1, '+', 'COUNT', wanted)
  entries = with_redacted(entries, epoch, after + 1, head, wanted, older)
  if entries[1] and offset_of(entries[1]) == after + 1 and not over_age(entries[1], horizon) then
    return slice(epoch, head, true, entries, 1, math.min(limit, #entries), 1)
  end
end
local entries = newest(epoch, head + 1, oldest, limit, horizon)
return slice(epoch, head, false, entries, #entries, #entries, -1)
